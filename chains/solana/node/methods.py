"""All methods of the HTTP interface by their names."""

from chains.solana.node import methods_accounts, methods_chain, methods_transactions
from chains.solana.node.dispatch import Call, UnknownMethod
from chains.solana.node.landed import Json
from chains.solana.node.ledger import Ledger

METHODS = {**methods_chain.METHODS, **methods_accounts.METHODS, **methods_transactions.METHODS}


def over(ledger: Ledger) -> Call:
    """The methods, bound to a ledger."""

    def call(name: str, params: Json) -> Json:
        method = METHODS.get(name)
        if method is None:
            raise UnknownMethod(name)
        return method(ledger, params)

    return call

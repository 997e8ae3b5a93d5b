"""The documented result of a simulation, also in the error of a failed preflight."""

from dataclasses import dataclass

from chains.solana.node import transaction_json
from chains.solana.node.landed import Json, Outcome


@dataclass(frozen=True, slots=True)
class Simulation:
    """`error`: the JSON form of a TransactionError or null. `outcome` is None if nothing was run; if it was run but
    would have been refused, it counts for the balances before only."""

    error: Json
    outcome: Outcome | None
    ran: bool

    def result(self, inner: bool) -> dict[str, Json]:
        """`inner`: whether to tell what programs called."""
        outcome, plain = self.outcome, self._plain()
        if outcome is None:
            return plain
        if self.error == "SignatureFailure":
            return {**plain, "loadedAddresses": transaction_json.loaded_addresses(outcome)}
        after, tokens_after = outcome.after, outcome.tokens_after
        if not self.ran:
            after, tokens_after = outcome.before, outcome.tokens_before
        return {
            **plain,
            "innerInstructions": transaction_json.inner_instructions(outcome) if inner and self.ran else None,
            "loadedAddresses": transaction_json.loaded_addresses(outcome),
            "postBalances": list(after),
            "postTokenBalances": transaction_json.token_balances(tokens_after),
            "preBalances": list(outcome.before),
            "preTokenBalances": transaction_json.token_balances(outcome.tokens_before),
        }

    def failed_preflight(self) -> dict[str, Json]:
        """Without balances and addresses, as validators give it."""
        return self._plain()

    def _plain(self) -> dict[str, Json]:
        outcome = self.outcome if self.ran else None
        charged = outcome is not None and outcome.charged
        return {
            "accounts": None,
            "err": self.error,
            "fee": outcome.fee if outcome is not None and charged else None,
            "innerInstructions": None,
            "loadedAccountsDataSize": outcome.loaded_size if outcome is not None else 0,
            "loadedAddresses": None,
            "logs": list(outcome.logs) if outcome is not None else [],
            "postBalances": None,
            "postTokenBalances": None,
            "preBalances": None,
            "preTokenBalances": None,
            "replacementBlockhash": None,
            "returnData": transaction_json.return_data(outcome) if outcome is not None else None,
            "unitsConsumed": outcome.units if outcome is not None else 0,
        }


def simulated(outcome: Outcome) -> Simulation:
    """Of a transaction that was run on trial."""
    return Simulation(outcome.error, outcome, True)


def refused(error: str, outcome: Outcome | None = None) -> Simulation:
    """Of a transaction that a bank would not run; `outcome` tells its accounts."""
    return Simulation(error, outcome, False)

"""Subscriptions over websockets: https://solana.com/docs/rpc/websocket.

A session is one connection. It is asked for news after every slot, and after each of its own requests.
"""

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Protocol

from solders.account import Account
from solders.pubkey import Pubkey
from solders.signature import Signature

from chains.solana.node import params
from chains.solana.node.blocks import Block, Commitment
from chains.solana.node.dispatch import UnknownMethod
from chains.solana.node.encoding import Form, form
from chains.solana.node.errors import INTERNAL_ERROR, RpcError, invalid_params
from chains.solana.node.landed import Json
from chains.solana.node.ledger import Ledger
from chains.solana.node.method import Method
from chains.solana.node.methods_accounts import shown
from chains.solana.node.vm import SYSTEM

MOST_SUBSCRIPTIONS = 1000
"""Of one session."""

_GONE = Account(0, b"", SYSTEM)


class Subscription(Protocol):
    """`kind` is "account", "signature", "slot" or "root"; `done`: there will be no more news."""

    kind: str
    done: bool

    def news(self, ledger: Ledger) -> Iterator[Json]:
        """The results to be told since it was asked last."""
        ...


class AccountSubscription:
    """Tells the account whenever it differs from what it was before."""

    kind, done = "account", False

    def __init__(self, ledger: Ledger, address: Pubkey, wanted: Form, commitment: Commitment) -> None:
        self._address, self._wanted, self._commitment = address, wanted, commitment
        self._known = ledger.account(address, ledger.blocks.at(commitment))

    def news(self, ledger: Ledger) -> Iterator[Json]:
        block = ledger.blocks.at(self._commitment)
        account = ledger.account(self._address, block)
        if account != self._known:
            self._known = account
            yield _with_slot(block, shown(ledger, account or _GONE, self._wanted, block))


class SignatureSubscription:
    """Tells once how the transaction ended."""

    kind = "signature"

    def __init__(self, signature: Signature, commitment: Commitment) -> None:
        self._signature, self._commitment, self.done = signature, commitment, False

    def news(self, ledger: Ledger) -> Iterator[Json]:
        block = ledger.blocks.at(self._commitment)
        landed = ledger.landed(self._signature, block.slot)
        if landed is not None:
            self.done = True
            yield _with_slot(block, {"err": landed.outcome.error})


class SlotSubscription:
    """Tells every slot that gets a block."""

    kind, done = "slot", False

    def __init__(self, ledger: Ledger) -> None:
        self._known = ledger.blocks.newest.slot

    def news(self, ledger: Ledger) -> Iterator[Json]:
        root, newest = ledger.blocks.at("finalized").slot, ledger.blocks.newest.slot
        for block in ledger.blocks.between(self._known + 1, newest):
            yield {"slot": block.slot, "parent": block.parent, "root": root}
        self._known = newest


class RootSubscription:
    """Tells every slot that becomes final."""

    kind, done = "root", False

    def __init__(self, ledger: Ledger) -> None:
        self._known = ledger.blocks.at("finalized").slot

    def news(self, ledger: Ledger) -> Iterator[Json]:
        final = ledger.blocks.at("finalized").slot
        for block in ledger.blocks.between(self._known + 1, final):
            yield block.slot
        self._known = final


class Session:
    """One connection: `send` takes the text of a notification. `numbers` gives subscriptions their ids."""

    def __init__(self, ledger: Ledger, send: Callable[[str], None], numbers: Iterator[int]) -> None:
        self._ledger, self._send, self._numbers = ledger, send, numbers
        self._subscriptions: dict[int, Subscription] = {}
        self._methods = {
            "accountSubscribe": Method(self._account, 1, 1),
            "signatureSubscribe": Method(self._signature, 1, 1),
            "slotSubscribe": Method(self._slot),
            "rootSubscribe": Method(self._root),
            # As with validators, each of them ends any subscription of the session.
            **{f"{kind}Unsubscribe": Method(self._unsubscribe, 1) for kind in ("account", "signature", "slot", "root")},
        }

    def call(self, name: str, given: Json) -> Json:
        """A method of the websocket interface. Raises `RpcError`, `UnknownMethod`."""
        method = self._methods.get(name)
        if method is None:
            raise UnknownMethod(name)
        return method(self._ledger, given)

    def poll(self) -> None:
        """Sends what is new."""
        for number, subscription in list(self._subscriptions.items()):
            for result in subscription.news(self._ledger):
                told = {"result": result, "subscription": number}
                method = f"{subscription.kind}Notification"
                self._send(json.dumps({"jsonrpc": "2.0", "method": method, "params": told}, separators=(",", ":")))
            if subscription.done:
                del self._subscriptions[number]

    def _account(self, ledger: Ledger, given: list[Json]) -> Json:
        address, config = params.pubkey(given[0]), params.config(given[1])
        return self._add(AccountSubscription(ledger, address, form(config), config.commitment()))

    def _signature(self, _: Ledger, given: list[Json]) -> Json:
        signature, config = params.signature(given[0]), params.config(given[1])
        config.flag("enableReceivedNotification")
        return self._add(SignatureSubscription(signature, config.commitment()))

    def _slot(self, ledger: Ledger, _: list[Json]) -> Json:
        return self._add(SlotSubscription(ledger))

    def _root(self, ledger: Ledger, _: list[Json]) -> Json:
        return self._add(RootSubscription(ledger))

    def _add(self, subscription: Subscription) -> int:
        if len(self._subscriptions) >= MOST_SUBSCRIPTIONS:
            raise RpcError(INTERNAL_ERROR, "Internal Error: Subscription refused. Node subscription limit reached")
        number = next(self._numbers)
        self._subscriptions[number] = subscription
        return number

    def _unsubscribe(self, _: Ledger, given: list[Json]) -> Json:
        if self._subscriptions.pop(params.unsigned(given[0]), None) is None:
            raise invalid_params("Invalid subscription id.")
        return True


def numbers() -> Iterator[int]:
    """Ids of subscriptions."""
    return itertools.count()


def _with_slot(block: Block, value: Json) -> Json:
    return {"context": {"slot": block.slot}, "value": value}

"""The requests that a local node and a real validator must answer alike, and what "alike" means.

Alike: the same members, of the same types, and the same error codes with data of the same shape. Values differ.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from solders.hash import Hash
from solders.transaction import VersionedTransaction

from tests.chains.solana.node.node_support import CONFIRMED, SOL, Failure, Rpc, Signing, encoded

Settled = Callable[[str, Hash], Awaitable[bool]]
"""Whether the transaction of that signature, on that blockhash, is confirmed, and all that is told about confirmed ones
is told about it. Returns False once no block can take it any more."""

Prepare = Callable[[VersionedTransaction], Awaitable[None]]
Made = Callable[[Hash], Any]
"""A parameter, made for a recent blockhash."""

Replies = dict[str, Any]
EMPTY: list[str] = []
"""The shape of an empty list, which is like that of any."""


def shape(value: Any) -> Any:
    """The types in a reply. Lists are alike if the sets of their elements' shapes are; empty ones are like any.
    A string that begins with "code" stands for itself."""
    match value:
        case Failure():
            return ("error", value.code, shape(value.data))
        case dict():
            return {name: shape(member) for name, member in sorted(value.items())}
        case list():
            return sorted({repr(shape(each)) for each in value})
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "float"
        case str() if value.startswith("code "):
            return value
        case _:
            return "string"


class Script:
    """Asks, and keeps the replies by a label that says what was asked. However long a step takes, what is kept is never
    a reply that came too late."""

    def __init__(self, rpc: Rpc, settled: Settled) -> None:
        self.rpc, self.settled = rpc, settled
        self.replies: Replies = {}

    async def ask(self, label: str, method: str, *params: Any) -> Any:
        reply = await self.rpc.call(method, *params)
        self.keep(f"{method} {label}", reply)
        return reply

    async def ask_at(self, label: str, method: str, made: Made, *params: Any) -> Any:
        """Asks with a first parameter that names a recent blockhash, which still is one afterwards."""
        while True:
            blockhash = await self.rpc.blockhash("confirmed")
            reply = await self.rpc.call(method, made(blockhash), *params)
            if await self._valid(blockhash):
                self.keep(f"{method} {label}", reply)
                return reply

    def keep(self, key: str, reply: Any) -> None:
        assert key not in self.replies, key
        self.replies[key] = reply

    async def fund(self, address: str) -> None:
        """1000 SOL."""
        while True:
            blockhash = await self.rpc.blockhash("confirmed")
            sent = await self.rpc.call("requestAirdrop", address, 1000 * SOL, {"recentBlockhash": str(blockhash)})
            if isinstance(sent, str) and await self.settled(sent, blockhash):
                return

    async def send(
        self, label: str, made: Signing, before: Prepare | None = None, **config: Any
    ) -> VersionedTransaction:
        """Signs and sends until a block took it; `before` is done between the two."""
        options = {"encoding": "base64", "preflightCommitment": "confirmed", **config}
        while True:
            blockhash = await self.rpc.blockhash("confirmed")
            transaction = made(blockhash)
            if before is not None:
                await before(transaction)
            sent = await self.rpc.call("sendTransaction", encoded(transaction), options)
            if isinstance(sent, str) and await self.settled(sent, blockhash):
                self.keep(f"sendTransaction {label}", sent)
                return transaction
            assert not await self._valid(blockhash), sent

    async def _valid(self, blockhash: Hash) -> bool:
        valid: bool = await self.rpc.value("isBlockhashValid", str(blockhash), CONFIRMED)
        return valid

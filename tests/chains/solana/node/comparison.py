"""The requests that a local node and a real validator must answer alike, and what "alike" means.

Alike: the same members, of the same types, and the same error codes with data of the same shape. Values differ.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.transaction import VersionedTransaction

from tests.chains.solana.node.node_support import (
    ALICE,
    Failure,
    Rpc,
    encoded,
    signed,
)

Settle = Callable[[str], Awaitable[None]]
"""Returns once the transaction of that signature is confirmed."""

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
    """Asks, and keeps the replies by a label that says what was asked."""

    def __init__(self, rpc: Rpc, settle: Settle) -> None:
        self.rpc, self.settle = rpc, settle
        self.replies: Replies = {}

    async def ask(self, label: str, method: str, *params: Any) -> Any:
        reply = await self.rpc.call(method, *params)
        self.keep(f"{method} {label}", reply)
        return reply

    def keep(self, key: str, reply: Any) -> None:
        assert key not in self.replies, key
        self.replies[key] = reply

    async def send(self, label: str, instructions: list[Instruction], *others: Keypair) -> str:
        transaction = signed(instructions, await self.rpc.blockhash("confirmed"), ALICE, *others)
        return await self.sent(label, transaction)

    async def sent(self, label: str, transaction: VersionedTransaction, **config: Any) -> str:
        options = {"encoding": "base64", "preflightCommitment": "confirmed", **config}
        sent = await self.ask(label, "sendTransaction", encoded(transaction), options)
        assert isinstance(sent, str), sent
        await self.settle(sent)
        return sent

"""What a holder does with a wrapped token through one node of the own choice: mint and redeem at its gate.

A family whose gates can be used this way has, beside what `chains.types.Family` asks for, a method `user(chain, url,
secret)`; `user(namespace)` below finds it. There is no quorum: who sends a transaction risks only that transaction.
Amounts are integers in base units of the deployment's token. Everything raises `ChainError`.
"""

from typing import Any, Protocol

from pydantic import SecretStr

from chains.caip import ChainId
from chains.registry import UnknownFamily, family
from chains.types import Deployment, GateState, Receipt


class User(Protocol):
    """One account at one node."""

    async def state(self, deployment: Deployment) -> GateState:
        """The deployment at the newest block, which may not be final."""
        ...

    async def mint_refusal(self, deployment: Deployment, to: str, amount: int, submission: bytes | None) -> str:
        """The gate's error if this mint were sent now; "" if it would be taken. Sends nothing."""
        ...

    async def mint(self, deployment: Deployment, to: str, amount: int, submission: bytes | None) -> Receipt:
        """Mints, bringing the statement of `submission` (leaf | branch | certificate) along if there is one. Sent
        whatever will become of it: a refusal is executed too, and is the receipt's `error`."""
        ...

    async def allow(self, deployment: Deployment, amount: int) -> Receipt | None:
        """Lets the gate take `amount` of the account's tokens, as a redemption needs it; None where it may already."""
        ...

    async def redeem_refusal(self, deployment: Deployment, amount: int) -> str:
        """As `mint_refusal`."""
        ...

    async def redeem(self, deployment: Deployment, amount: int) -> Receipt:
        """Burns `amount` of the account's tokens through the gate, which lowers its cap."""
        ...

    async def close(self) -> None: ...


class HasUser(Protocol):
    """A family whose gates a holder can use."""

    def user(self, chain: ChainId, url: SecretStr, secret: bytes) -> User:
        """`url` of the node may carry a key; `secret`: the account's 32 bytes. Connects lazily. Raises `Refused` for
        bytes that are no secret of an account."""
        ...


def user(namespace: str) -> HasUser:
    """The family of `namespace`. Raises `UnknownFamily` for one without users."""
    found: Any = family(namespace)
    if not hasattr(found, "user"):
        raise UnknownFamily(f"the chain family {namespace!r} offers nothing to holders of tokens")
    brings: HasUser = found
    return brings

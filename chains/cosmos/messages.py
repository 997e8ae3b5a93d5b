"""The contract's messages in JSON (docs/cosmos-contract.md, "Messages").

Every builder returns one JSON object; `encoded` gives its bytes. `route` is the route id, 32 bytes; addresses are texts
in Bech32; statements (leaf | branch | certificate) are carried as they are: judging them is the contract's part. Raises
`EncodingError` for numbers and byte strings that their field cannot hold.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from chains.cosmos.state import Kind
from chains.wire import EncodingError

Message = dict[str, Any]
"""A JSON object with one member, the message's name."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting with its new values, as in storage; what the kind does not use is 0 or empty."""

    kind: Kind
    account: str = ""
    a: int = 0
    b: int = 0

    def json(self) -> Message:
        """SETTING, as messages and answers have it."""
        if self.kind is Kind.RATE_LIMIT:
            return {"rate_limit": {"capacity": _uint(self.a, 128), "refill_per_second": _uint(self.b, 128)}}
        if self.kind is Kind.MINTER:
            return {"minter": {"account": self.account, "allowed": bool(self.a)}}
        if self.kind is Kind.GUARDIAN:
            return {"guardian": {"account": self.account}}
        return {self.kind.name.lower(): {"seconds": _number(self.a, 32)}}


@dataclass(frozen=True, slots=True)
class Token:
    """What a route mints: a `cw20` contract, a `denom`, or (in `register`) a `new_denom` that the contract makes."""

    kind: str
    name: str

    def json(self) -> Message:
        if self.kind not in ("cw20", "denom", "new_denom"):
            raise EncodingError(f"{self.kind!r} is no kind of token")
        return {self.kind: self.name}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a route begins with. `route` is the Keccak-256 of its name; times in seconds, amounts in base units."""

    route: bytes
    token: Token
    owner: str
    guardian: str
    max_lease: int
    loosen_delay: int
    capacity: int
    refill_per_second: int
    minters: Sequence[str] = field(default=())


def rate_limit(capacity: int, refill_per_second: int) -> Setting:
    """At most `capacity` base units at once, and `refill_per_second` more each second."""
    return Setting(Kind.RATE_LIMIT, a=capacity, b=refill_per_second)


def max_lease(seconds: int) -> Setting:
    """No statement may live longer than this."""
    return Setting(Kind.MAX_LEASE, a=seconds)


def loosen_delay(seconds: int) -> Setting:
    """How long a loosening waits."""
    return Setting(Kind.LOOSEN_DELAY, a=seconds)


def minter(account: str, allowed: bool) -> Setting:
    """Who may mint."""
    return Setting(Kind.MINTER, account, int(allowed))


def guardian(account: str) -> Setting:
    """Who may pause, and cancel loosenings."""
    return Setting(Kind.GUARDIAN, account)


def instantiate(epoch: int, px: bytes, parity: int, registrar: str, token_factory: str | None = None) -> Message:
    """The message that makes a contract. It is an object of its fields, without a name. `px`: 32 bytes."""
    first = {"epoch": _uint(epoch, 64), "px": _b32(px), "parity": _number(parity, 8), "registrar": registrar}
    return first | {"token_factory": token_factory}


def reserve(route: bytes, registrant: str | None) -> Message:
    """None takes a reservation back."""
    return {"reserve": {"route": _b32(route), "registrant": registrant}}


def register(terms: Terms) -> Message:
    fields: Message = {"route": _b32(terms.route), "token": terms.token.json()}
    fields |= {"owner": terms.owner, "guardian": terms.guardian, "minters": list(terms.minters)}
    fields |= {"max_lease": _number(terms.max_lease, 32), "loosen_delay": _number(terms.loosen_delay, 32)}
    fields |= {"capacity": _uint(terms.capacity, 128), "refill_per_second": _uint(terms.refill_per_second, 128)}
    return {"register": fields}


def submit(route: bytes, statement: bytes) -> Message:
    return {"submit": {"route": _b32(route), "statement": _binary(statement)}}


def mint(route: bytes, to: str, amount: int, statement: bytes | None = None) -> Message:
    fields = {"route": _b32(route), "to": to, "amount": _uint(amount, 128)}
    return {"mint": fields | {"statement": None if statement is None else _binary(statement)}}


def redeem(route: bytes, amount: int) -> Message:
    """A denom is sent along; a cw20 has been allowed before."""
    return {"redeem": {"route": _b32(route), "amount": _uint(amount, 128)}}


def redeem_hook() -> Message:
    """What goes with a cw20's `send` to the contract."""
    return {"redeem": {}}


def handover(statement: bytes, proof: bytes) -> Message:
    """`statement`: handover leaf | branch | certificate; `proof`: the new key's own signature, R 33 | z 32."""
    return {"handover": {"statement": _binary(statement), "proof": _binary(proof)}}


def pause(route: bytes) -> Message:
    return {"pause": {"route": _b32(route)}}


def unpause(route: bytes) -> Message:
    return {"unpause": {"route": _b32(route)}}


def change(route: bytes, setting: Setting) -> Message:
    """`set`: tightens at once, or queues a loosening."""
    return {"set": {"route": _b32(route), "setting": setting.json()}}


def execute(route: bytes, setting: Setting) -> Message:
    """Puts a loosening that has waited into effect."""
    return {"execute": {"route": _b32(route), "setting": setting.json()}}


def cancel(route: bytes, setting: Setting) -> Message:
    """Drops a loosening that waits."""
    return {"cancel": {"route": _b32(route), "setting": setting.json()}}


def transfer_ownership(route: bytes, to: str | None) -> Message:
    """None takes an offer back."""
    return {"transfer_ownership": {"route": _b32(route), "to": to}}


def accept_ownership(route: bytes) -> Message:
    return {"accept_ownership": {"route": _b32(route)}}


def query(name: str, route: bytes | None = None) -> Message:
    """`contract` and `committee`; with a route `state`, `headroom`, `route`, `rate_limit`, `queue`, `reservation`."""
    return {name: {} if route is None else {"route": _b32(route)}}


def route_of(token: Token) -> Message:
    """The query for the route of a token."""
    return {"route_of": {"token": token.json()}}


def encoded(message: Message) -> bytes:
    """The JSON text, without spaces."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def _number(value: int, bits: int) -> int:
    if not 0 <= value < 1 << bits:
        raise EncodingError(f"{value} does not fit {bits} bits")
    return value


def _uint(value: int, bits: int) -> str:
    return str(_number(value, bits))


def _b32(value: bytes) -> str:
    if len(value) != 32:
        raise EncodingError(f"{len(value)} bytes, expected 32")
    return value.hex()


def _binary(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")

"""The contract's events (docs/cosmos-contract.md, "Events"), read out of a transaction's events.

Only what stands in a transaction that succeeded counts; one that failed keeps no events of contracts. Amounts are in
base units of the token, `collateral` and `supply` in route units, times in Unix seconds.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, get_args

from chains.cosmos.messages import Setting
from chains.cosmos.state import Kind
from chains.events import EventError

Attributes = Sequence[tuple[str, str]]

_PREFIX = "wasm-"
_CONTRACT = "_contract_address"
_ADDED = (_CONTRACT, "msg_index")


@dataclass(frozen=True, slots=True)
class StatementAccepted:
    route: bytes
    round: int
    cap: int
    collateral: int
    supply: int
    observed_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Minted:
    route: bytes
    minter: str
    to: str
    amount: int


@dataclass(frozen=True, slots=True)
class Redeemed:
    """`cap`: what is left of it."""

    route: bytes
    holder: str
    amount: int
    cap: int


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Also what instantiating emits, with since_round 0."""

    epoch: int
    px: bytes
    parity: int
    since_round: int


@dataclass(frozen=True, slots=True)
class Paused:
    route: bytes
    by: str


@dataclass(frozen=True, slots=True)
class Unpaused:
    route: bytes
    by: str


@dataclass(frozen=True, slots=True)
class SettingChanged:
    route: bytes
    setting: Setting


@dataclass(frozen=True, slots=True)
class LooseningQueued:
    route: bytes
    setting: Setting
    ready_at: int


@dataclass(frozen=True, slots=True)
class LooseningCancelled:
    route: bytes
    setting: Setting


@dataclass(frozen=True, slots=True)
class Reserved:
    """`registrant` is None where a reservation was taken back."""

    route: bytes
    registrant: str | None


@dataclass(frozen=True, slots=True)
class Registered:
    """`token_kind`: 0 cw20, 1 denomination."""

    route: bytes
    token_kind: int
    token: str
    owner: str
    guardian: str


@dataclass(frozen=True, slots=True)
class OwnershipTransferred:
    route: bytes
    previous: str
    owner: str


Event = (
    StatementAccepted
    | Minted
    | Redeemed
    | HandedOver
    | Paused
    | Unpaused
    | SettingChanged
    | LooseningQueued
    | LooseningCancelled
    | Reserved
    | Registered
    | OwnershipTransferred
)

_EVENTS: dict[str, Callable[..., Event]] = {made.__name__: made for made in get_args(Event)}
_NAMES = {
    (Redeemed, "holder"): "from",
    (OwnershipTransferred, "previous"): "from",
    (OwnershipTransferred, "owner"): "to",
}
"""What Python's fields are called on the chain, where it is not the same."""

_B32 = ("route", "px")
_TEXTS = ("minter", "to", "holder", "by", "registrant", "token", "owner", "guardian", "previous")


def events(told: Iterable[tuple[str, Attributes]], contract: str) -> tuple[Event, ...]:
    """The events that `contract` itself emitted, in order, passing over what others did. `told`: type and attributes of
    every event of a transaction. Raises `EventError`."""
    return tuple(
        decode(kind.removeprefix(_PREFIX), attributes)
        for kind, attributes in told
        if kind.startswith(_PREFIX) and (_CONTRACT, contract) in attributes
    )


def decode(name: str, attributes: Attributes) -> Event:
    """The event of this name. Raises `EventError`."""
    if name not in _EVENTS:
        raise EventError(f"no event of the contract: {name!r} is not known")
    made = _EVENTS[name]
    left = [(key, value) for key, value in attributes if key not in _ADDED]
    given = dict(left)
    if len(given) != len(left):
        raise EventError(f"no event of the contract: {name} with an attribute twice")
    values = {field.name: _value(made, name, field.name, given) for field in fields(made)}  # type: ignore[arg-type]
    if given:
        raise EventError(f"no event of the contract: {name} with {', '.join(sorted(given))}")
    return made(**values)


def _value(made: Any, name: str, wanted: str, given: dict[str, str]) -> Any:
    if wanted == "setting":
        return _setting(name, given)
    key = _NAMES.get((made, wanted), wanted)
    if key == "registrant" and key not in given:
        return None
    if key not in given:
        raise EventError(f"no event of the contract: {name} without {key}")
    text = given.pop(key)
    if wanted in _TEXTS:
        return text
    return _b32(name, text) if wanted in _B32 else _number(name, text)


def _setting(name: str, given: dict[str, str]) -> Setting:
    missing = [key for key in ("setting", "a", "b") if key not in given]
    if missing:
        raise EventError(f"no event of the contract: {name} without {', '.join(missing)}")
    number = _number(name, given.pop("setting"))
    if number not in list(Kind):
        raise EventError(f"no event of the contract: {name} with the setting {number}")
    a, b = _number(name, given.pop("a")), _number(name, given.pop("b"))
    return Setting(Kind(number), given.pop("account", ""), a, b)


def _b32(name: str, text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 32 or found.hex() != text:
        raise EventError(f"no event of the contract: {name} with {text[:80]!r} for 32 bytes")
    return found


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 39) or str(int(text)) != text:
        raise EventError(f"no event of the contract: {name} with {text[:80]!r} for a number")
    return int(text)

"""The program's events (docs/solana-program.md, "Events"), read out of a transaction's log.

Events count only if their transaction succeeded; that is for the caller to see to. Amounts are in base units of the
token, `collateral` and `supply` in route units, times in Unix seconds.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

from chains.events import EventError
from chains.solana.program_logs import LogError, data_of
from chains.solana.program_settings import Setting
from chains.solana.program_wire import LittleReader
from chains.wire import EncodingError


@dataclass(frozen=True, slots=True)
class StatementAccepted:
    gate: str
    round: int
    cap: int
    collateral: int
    supply: int
    observed_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Minted:
    gate: str
    minter: str
    destination: str
    amount: int


@dataclass(frozen=True, slots=True)
class Redeemed:
    gate: str
    holder: str
    amount: int
    cap_left: int


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Also what `initialize` logs, with round 0."""

    committee: str
    epoch: int
    px: bytes
    parity: int
    round: int


@dataclass(frozen=True, slots=True)
class Paused:
    gate: str
    by: str


@dataclass(frozen=True, slots=True)
class Unpaused:
    gate: str
    by: str


@dataclass(frozen=True, slots=True)
class SettingChanged:
    gate: str
    setting: Setting


@dataclass(frozen=True, slots=True)
class LooseningQueued:
    gate: str
    setting: Setting
    ready_at: int


@dataclass(frozen=True, slots=True)
class LooseningCancelled:
    gate: str
    setting: Setting


@dataclass(frozen=True, slots=True)
class Registered:
    gate: str
    mint: str
    route: bytes
    owner: str
    guardian: str


@dataclass(frozen=True, slots=True)
class OwnershipTransferred:
    gate: str
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
    | Registered
    | OwnershipTransferred
)

_Field = Callable[[LittleReader, str], object]


def _setting(r: LittleReader, name: str) -> Setting:
    setting = Setting.read(r)
    setting.check()
    return setting


_ADDRESS: _Field = LittleReader.address
_B32: _Field = LittleReader.b32
_U8: _Field = LittleReader.u8
_U64: _Field = LittleReader.u64
_U128: _Field = LittleReader.u128

_EVENTS: dict[int, tuple[Callable[..., Event], tuple[_Field, ...]]] = {
    1: (StatementAccepted, (_ADDRESS, _U64, _U64, _U128, _U128, _U64, _U64)),
    2: (Minted, (_ADDRESS, _ADDRESS, _ADDRESS, _U64)),
    3: (Redeemed, (_ADDRESS, _ADDRESS, _U64, _U64)),
    4: (HandedOver, (_ADDRESS, _U64, _B32, _U8, _U64)),
    5: (Paused, (_ADDRESS, _ADDRESS)),
    6: (Unpaused, (_ADDRESS, _ADDRESS)),
    7: (SettingChanged, (_ADDRESS, _setting)),
    8: (LooseningQueued, (_ADDRESS, _setting, _U64)),
    9: (LooseningCancelled, (_ADDRESS, _setting)),
    10: (Registered, (_ADDRESS, _ADDRESS, _B32, _ADDRESS, _ADDRESS)),
    11: (OwnershipTransferred, (_ADDRESS, _ADDRESS, _ADDRESS)),
}


def events(logs: Sequence[str], program: str) -> tuple[Event, ...]:
    """The events that `program` itself logged, in order, passing over what others log. Raises `EventError`."""
    try:
        return tuple(decode(_raw(text)) for text in data_of(logs, program))
    except LogError as error:
        raise EventError(str(error)) from None


def decode(data: bytes) -> Event:
    """The event that `data` encodes. Raises `EventError`."""
    r = LittleReader(data)
    try:
        number = r.u8("event")
        if number not in _EVENTS:
            raise EncodingError(f"event {number} is not known")
        make, reads = _EVENTS[number]
        names = [field.name for field in fields(make)]  # type: ignore[arg-type]
        event = make(*[read(r, name) for read, name in zip(reads, names, strict=True)])
        r.end()
    except EncodingError as error:
        raise EventError(f"no event of the program: {error}") from None
    return event


def _raw(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise EventError(f"event data that is no base64: {text[:80]!r}") from None

"""The types of settings: each says what it takes, so that a message can say what is wrong. All are integers or ASCII
texts; no setting of committee.toml is a fraction, since its digest must be the same on every machine."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints
from pydantic.fields import FieldInfo

from chains.caip import AccountId, AssetId, CaipError

U64 = 2**64 - 1
U256 = 2**256 - 1

_DIGITS = re.compile(r"[0-9]+(_[0-9]+)*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_IDENTITY = re.compile(r"[0-9a-fA-F]{64}")


def doc(meaning: str, *, unit: str = "", rule: str = "") -> FieldInfo:
    """What docs/configuration.md and the JSON schema say about a setting: meaning, unit, and the constraint beyond the
    type's own."""
    extra = {key: text for key, text in (("unit", unit), ("constraint", rule)) if text}
    info: FieldInfo = Field(description=meaning, json_schema_extra=dict(extra) if extra else None)
    return info


def _amount(value: object) -> object:
    if isinstance(value, str):
        if not _DIGITS.fullmatch(value) or len(value) > 120:
            raise ValueError(
                f'an amount is a whole number of the smallest unit, as in 1000000 or "1_000_000", not {value[:40]!r}'
            )
        return int(value)
    if isinstance(value, float):
        raise ValueError(f"an amount is a whole number of the smallest unit, not {value}")
    return value


def _name(value: object) -> object:
    if isinstance(value, str) and not _NAME.fullmatch(value):
        raise ValueError("must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or digit")
    return value


def _identity(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not _IDENTITY.fullmatch(value):
        given = "it is empty" if not value else f"not {len(value)} characters"
        raise ValueError(f"must be an Ed25519 public key as 64 hex digits ({given}); `ballast keys identity` makes one")
    if int(value, 16) in (0, 1):
        raise ValueError("is no Ed25519 public key that anybody may use")
    return value.lower()


def _account(value: object) -> object:
    if isinstance(value, str):
        try:
            return str(AccountId.parse(value))
        except CaipError as error:
            raise ValueError(str(error)) from None
    return value


def _asset(value: object) -> object:
    if isinstance(value, str):
        try:
            return str(AssetId.parse(value))
        except CaipError as error:
            raise ValueError(str(error)) from None
    return value


Seconds = Annotated[int, Field(ge=0, le=2**32 - 1)]
Span = Annotated[int, Field(ge=1, le=2**32 - 1)]
Time = Annotated[int, Field(ge=1, le=2**40)]
Counter = Annotated[int, Field(ge=0, le=U64)]
Amount = Annotated[int, BeforeValidator(_amount), Field(ge=0, le=U256)]
Bps = Annotated[int, Field(ge=0, le=10_000)]
Decimals = Annotated[int, Field(ge=0, le=36)]
Name = Annotated[str, BeforeValidator(_name)]
Identity = Annotated[str, BeforeValidator(_identity)]
Account = Annotated[str, BeforeValidator(_account)]
Asset = Annotated[str, BeforeValidator(_asset)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4096)]

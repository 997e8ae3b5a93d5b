"""The types of settings: each says what it takes, so that a message can say what is wrong. All are integers or ASCII
texts; no setting of committee.toml is a fraction, since its digest must be the same on every machine."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema
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


def check_name(name: str) -> str:
    """Why `name` can name neither a member nor a route nor a committee; empty where it can."""
    good = _NAME.fullmatch(name)
    return "" if good else "must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or digit"


def _name(value: object) -> object:
    if isinstance(value, str) and (wrong := check_name(value)):
        raise ValueError(wrong)
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


def _file(value: object) -> object:
    if isinstance(value, str):
        if not value or "\0" in value:
            raise ValueError("must be the path of a file")
        return Path(value)
    return value


def _files(value: object) -> object:
    return tuple(_file(item) for item in value) if isinstance(value, list) else value


def _texts(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _passphrase(value: object) -> object:
    if isinstance(value, str):
        scheme, _, rest = value.partition(":")
        good = value == "prompt" or (scheme == "file" and rest) or (scheme == "fd" and rest.isdecimal())
        if not good:
            # The value is not repeated: it may be the passphrase itself.
            raise ValueError('must be "file:PATH", "fd:NUMBER" or "prompt"; a passphrase itself never stands here')
    return value


def _listen(value: object) -> object:
    if isinstance(value, str):
        host, _, port = value.rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65535:
            raise ValueError("must be HOST:PORT, as in 127.0.0.1:9360 (port 0: any free one)")
    return value


def _nats(value: object) -> object:
    if isinstance(value, str):
        try:
            parts = urlsplit(value)
            good = parts.scheme in ("nats", "tls") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            good = False
        if not good or parts.username or parts.password:
            raise ValueError("must be nats://HOST:PORT or tls://HOST:PORT, without user or password in it")
    return value


def _json(kind: str, pattern: str = "", **more: object) -> WithJsonSchema:
    """What the JSON schema says of a type whose check is a function here."""
    return WithJsonSchema({"type": kind, **({"pattern": f"^({pattern})$"} if pattern else {}), **more})


Seconds = Annotated[int, Field(ge=0, le=2**32 - 1)]
Span = Annotated[int, Field(ge=1, le=2**32 - 1)]
Threshold = Annotated[int, Field(ge=2, le=65_535)]
Time = Annotated[int, Field(ge=1, le=2**40)]
Counter = Annotated[int, Field(ge=0, le=U64)]
Amount = Annotated[
    int,
    BeforeValidator(_amount),
    Field(ge=0, le=U256),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": f"^{_DIGITS.pattern}$"}]}
    ),
]
Epoch = Annotated[int, Field(ge=1, le=U64)]
Bps = Annotated[int, Field(ge=0, le=10_000)]
Share = Annotated[int, Field(ge=0, lt=10_000)]
Change = Annotated[int, Field(ge=1, le=10_000)]
Decimals = Annotated[int, Field(ge=0, le=36)]
Name = Annotated[str, BeforeValidator(_name), _json("string", _NAME.pattern)]
Identity = Annotated[str, BeforeValidator(_identity), _json("string", _IDENTITY.pattern)]
Account = Annotated[str, BeforeValidator(_account), _json("string")]
Asset = Annotated[str, BeforeValidator(_asset), _json("string")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
File = Annotated[Path, BeforeValidator(_file), _json("string", format="path")]
Files = Annotated[tuple[Path, ...], BeforeValidator(_files), _json("array", items={"type": "string", "format": "path"})]
Passphrase = Annotated[str, BeforeValidator(_passphrase), _json("string", "file:.+|fd:[0-9]+|prompt")]
Listen = Annotated[str, BeforeValidator(_listen), _json("string", ".+:[0-9]{1,5}")]
NatsUrls = Annotated[
    tuple[Annotated[str, BeforeValidator(_nats)], ...],
    BeforeValidator(_texts),
    _json("array", items={"type": "string", "pattern": "^(nats|tls)://"}),
]

"""The filters of getProgramAccounts: dataSize, memcmp, tokenAccountState; an account must pass all."""

from collections.abc import Sequence
from dataclasses import dataclass

from solders.account import Account

from chains.solana.node import tokens
from chains.solana.node.errors import invalid_params
from chains.solana.node.landed import Json
from chains.solana.node.params import from_base58, from_base64, kind, unsigned

_MOST_FILTERS = 4
_MOST_BYTES = 128
_NAMES = ("dataSize", "memcmp", "tokenAccountState")
_ENCODINGS = ("base58", "base64", "bytes")


@dataclass(frozen=True, slots=True)
class Filter:
    """What is None or false is not asked for; `data` must stand at `offset`."""

    size: int | None = None
    offset: int = 0
    data: bytes | None = None
    tokens_only: bool = False


def accepts(wanted: Sequence[Filter], account: Account) -> bool:
    """Whether the account passes every filter."""
    return all(_passes(each, account) for each in wanted)


def filters(value: Json) -> list[Filter]:
    """Of at most four objects, each with one key."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise invalid_params(f"Invalid params: invalid type: {kind(value)}, expected a sequence.")
    if len(value) > _MOST_FILTERS:
        raise invalid_params(f"Too many filters provided; max {_MOST_FILTERS}")
    return [_filter(each) for each in value]


def _passes(wanted: Filter, account: Account) -> bool:
    if wanted.size is not None and len(account.data) != wanted.size:
        return False
    if wanted.data is not None and account.data[wanted.offset : wanted.offset + len(wanted.data)] != wanted.data:
        return False
    return not wanted.tokens_only or tokens.token_account(account) is not None


def _filter(value: Json) -> Filter:
    if value == "tokenAccountState":
        return Filter(tokens_only=True)
    if not isinstance(value, dict) or len(value) != 1:
        raise invalid_params(f"Invalid params: invalid value: {kind(value)}, expected map with a single key.")
    ((name, what),) = value.items()
    match name:
        case "dataSize":
            return Filter(size=unsigned(what))
        case "memcmp":
            return _memcmp(what)
        case "tokenAccountState" if what is None:
            return Filter(tokens_only=True)
        case _:
            names = ", ".join(f"`{known}`" for known in _NAMES)
            raise invalid_params(f"Invalid params: unknown variant `{name[:40]}`, expected one of {names}.")


def _memcmp(value: Json) -> Filter:
    if not isinstance(value, dict):
        raise invalid_params(f"Invalid params: invalid type: {kind(value)}, expected struct Memcmp.")
    for name in ("offset", "bytes"):
        if name not in value:
            raise invalid_params(f"Invalid params: missing field `{name}`.")
    return Filter(offset=unsigned(value["offset"]), data=_bytes(value["bytes"], value.get("encoding")))


def _bytes(value: Json, encoding: Json) -> bytes:
    if encoding is not None and encoding not in _ENCODINGS:
        names = ", ".join(f"`{known}`" for known in _ENCODINGS)
        raise invalid_params(f"Invalid params: unknown variant `{str(encoding)[:40]}`, expected one of {names}.")
    if isinstance(value, list):
        if not all(isinstance(each, int) and not isinstance(each, bool) and 0 <= each <= 255 for each in value):
            raise invalid_params("Invalid params: invalid value in `bytes`, expected u8.")
        data = bytes(value)
    elif isinstance(value, str):
        if len(value) > 2 * _MOST_BYTES:
            raise invalid_params("Invalid param: DataTooLarge")
        try:
            data = from_base64(value) if encoding == "base64" else from_base58(value)
        except ValueError as error:
            raise invalid_params(f"Invalid param: {error}") from None
    else:
        raise invalid_params(f"Invalid params: invalid type: {kind(value)}, expected a string or a sequence.")
    if len(data) > _MOST_BYTES:
        raise invalid_params("Invalid param: DataTooLarge")
    return data

"""Accounts as JSON: encodings, slices, the documented objects."""

import base64
from dataclasses import dataclass

from solders.account import Account
from solders.pubkey import Pubkey

from chains.solana.node import sysvars
from chains.solana.node.blocks import Block
from chains.solana.node.errors import INVALID_REQUEST, RpcError, invalid_params
from chains.solana.node.landed import Json
from chains.solana.node.params import Config, kind, to_base58, unsigned
from chains.solana.node.parsed import parsed
from chains.solana.node.settings import RENT_FREE
from chains.solana.node.version import VERSION

ENCODINGS = ("binary", "base58", "base64", "jsonParsed", "base64+zstd")
MOST_BASE58 = 128
"""Bytes of data that are encoded in base58 at most: it takes quadratic time."""

_ZSTD_BLOCK = 128 * 1024
_NATIVE_LOADER = Pubkey.from_string("NativeLoader1111111111111111111111111111111")


@dataclass(frozen=True, slots=True)
class Slice:
    """Which bytes of an account's data are asked for."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Form:
    """How accounts are to be written."""

    encoding: str
    part: Slice | None


def form(config: Config, default: str = "binary") -> Form:
    """From the members `encoding` and `dataSlice`."""
    encoding = config.choice("encoding", ENCODINGS) or default
    return Form(encoding, data_slice(config.get("dataSlice")))


def data_slice(value: Json) -> Slice | None:
    """An object with `offset` and `length`, or null."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise invalid_params(f"Invalid params: invalid type: {kind(value)}, expected struct UiDataSliceConfig.")
    for name in ("offset", "length"):
        if name not in value:
            raise invalid_params(f"Invalid params: missing field `{name}`.")
    return Slice(unsigned(value["offset"]), unsigned(value["length"]))


def with_context(block: Block, value: Json) -> Json:
    """The documented wrapper: the slot that the value is true of."""
    return {"context": {"apiVersion": VERSION, "slot": block.slot}, "value": value}


def account_json(account: Account, wanted: Form, decimals: int | None = None) -> Json:
    """`decimals`: those of the account's mint, if it is a token account. Raises `RpcError` for what base58 cannot
    hold."""
    # LiteSVM does not keep the rent epoch, and has zero where a validator has "never pays".
    special = account.owner in (_NATIVE_LOADER, sysvars.OWNER)
    return {
        "data": _data(account, wanted, decimals),
        "executable": account.executable,
        "lamports": account.lamports,
        "owner": str(account.owner),
        "rentEpoch": 0 if special else RENT_FREE,
        "space": len(account.data),
    }


def _data(account: Account, wanted: Form, decimals: int | None) -> Json:
    if wanted.encoding == "jsonParsed" and (found := parsed(account, decimals)) is not None:
        return found
    data = account.data
    if wanted.part is not None:
        data = data[wanted.part.offset : wanted.part.offset + wanted.part.length]
    if wanted.encoding in ("base64", "jsonParsed"):
        return [base64.b64encode(data).decode(), "base64"]
    if wanted.encoding == "base64+zstd":
        return [base64.b64encode(zstd_frame(data)).decode(), "base64+zstd"]
    if len(data) > MOST_BASE58:
        raise RpcError(
            INVALID_REQUEST,
            f"Encoded binary (base 58) data should be less than {MOST_BASE58} bytes, please use Base64 encoding.",
        )
    return to_base58(data) if wanted.encoding == "binary" else [to_base58(data), "base58"]


def zstd_frame(data: bytes) -> bytes:
    """A zstd frame that holds `data` uncompressed (RFC 8878, 3.1.1: a single segment of raw blocks). Any decoder reads
    it, and no library is needed to write it."""
    frame = bytearray(b"\x28\xb5\x2f\xfd\xa0" + len(data).to_bytes(4, "little"))
    for start in range(0, max(len(data), 1), _ZSTD_BLOCK):
        block = data[start : start + _ZSTD_BLOCK]
        last = start + _ZSTD_BLOCK >= len(data)
        frame += (len(block) << 3 | last).to_bytes(3, "little") + block
    return bytes(frame)

"""Reading the parameters of a request. What is not of its documented form is answered with -32602."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from solders.hash import Hash
from solders.pubkey import Pubkey
from solders.signature import Signature

from chains.solana.node.blocks import Block, Commitment
from chains.solana.node.errors import invalid_params, min_context_slot
from chains.solana.node.landed import Json
from chains.solana.node.ledger import Ledger

U64 = 2**64 - 1
COMMITMENTS = ("processed", "confirmed", "finalized")

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS = {letter: digit for digit, letter in enumerate(_ALPHABET)}


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration object that ends most parameter lists. Unknown members are ignored, as validators do."""

    members: Mapping[str, Json]

    def get(self, name: str) -> Json:
        """A member, null if it is absent."""
        return self.members.get(name)

    def flag(self, name: str) -> bool:
        """A boolean, false if it is absent."""
        value = self.get(name)
        if value is not None and not isinstance(value, bool):
            raise invalid_params(f"Invalid params: invalid type: {kind(value)}, expected a boolean.")
        return bool(value)

    def number(self, name: str) -> int | None:
        """An unsigned number."""
        value = self.get(name)
        return None if value is None else unsigned(value)

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        """One of some words."""
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise invalid_params(f"Invalid params: invalid type: {kind(value)}, expected string or map.")
        if value not in choices:
            names = ", ".join(f"`{choice}`" for choice in choices)
            raise invalid_params(f"Invalid params: unknown variant `{value[:40]}`, expected one of {names}.")
        return value

    def commitment(self) -> Commitment:
        """The member `commitment`. Anything unknown counts as absent, and absent is finalized, as with validators."""
        value = self.get("commitment")
        return cast(Commitment, value) if value in COMMITMENTS else "finalized"

    def block(self, ledger: Ledger) -> Block:
        """The block to answer from: the newest of the commitment, if it has reached `minContextSlot`."""
        block, least = ledger.blocks.at(self.commitment()), self.number("minContextSlot")
        if least is not None and block.slot < least:
            raise min_context_slot(block.slot)
        return block


def config(value: Json) -> Config:
    """A configuration object or null."""
    if value is None:
        return Config({})
    if not isinstance(value, dict):
        raise invalid_params(f"Invalid params: invalid type: {kind(value)}, expected a configuration object.")
    return Config(value)


def unsigned(value: Json) -> int:
    """A whole number from 0 to 2**64 - 1."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid_params(f"Invalid params: invalid type: {kind(value)}, expected u64.")
    if not 0 <= value <= U64:
        raise invalid_params(f"Invalid params: invalid value: integer `{shown(value)}`, expected u64.")
    return value


def text(value: Json) -> str:
    """A string."""
    if not isinstance(value, str):
        raise invalid_params(f"Invalid params: invalid type: {kind(value)}, expected a string.")
    return value


def texts(value: Json, most: int) -> list[str]:
    """A list of at most `most` strings."""
    if not isinstance(value, list):
        raise invalid_params(f"Invalid params: invalid type: {kind(value)}, expected a sequence.")
    found = [text(each) for each in value]
    if len(found) > most:
        raise invalid_params(f"Too many inputs provided; max {most}")
    return found


def pubkey(value: Json) -> Pubkey:
    """An address: base58 of 32 bytes."""
    return Pubkey.from_bytes(_sized(text(value), 32))


def blockhash(value: Json) -> bytes:
    """A blockhash: base58 of 32 bytes."""
    return bytes(Hash.from_bytes(_sized(text(value), 32)))


def signature(value: Json) -> Signature:
    """A signature: base58 of 64 bytes."""
    return Signature.from_bytes(_sized(text(value), 64))


def _sized(value: str, size: int) -> bytes:
    if len(value) > 2 * size:
        raise invalid_params("Invalid param: WrongSize")
    try:
        raw = from_base58(value)
    except ValueError:
        raise invalid_params("Invalid param: Invalid") from None
    if len(raw) != size:
        raise invalid_params("Invalid param: WrongSize")
    return raw


def from_base58(value: str) -> bytes:
    """Raises `ValueError` for a character that is none of base58's. Takes quadratic time: limit the size before."""
    number = 0
    for index, letter in enumerate(value):
        if letter not in _DIGITS:
            raise ValueError(f"invalid base58 encoding: character {letter!r} at {index}")
        number = number * 58 + _DIGITS[letter]
    zeros = len(value) - len(value.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def to_base58(raw: bytes) -> str:
    """Any number of bytes in base58. Takes quadratic time: limit the size before."""
    number, letters = int.from_bytes(raw, "big"), list[str]()
    while number:
        number, digit = divmod(number, 58)
        letters.append(_ALPHABET[digit])
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + "".join(reversed(letters))


def from_base64(value: str) -> bytes:
    """Base64 with its padding, in its one spelling. Raises `ValueError`."""
    try:
        raw = base64.b64decode(value, validate=True)
    except ValueError as error:
        raise ValueError(f"invalid base64 encoding: {error}") from None
    # The library lets stray padding and loose bits at the end through.
    if base64.b64encode(raw).decode() != value:
        raise ValueError("invalid base64 encoding: wrong padding or loose bits at the end")
    return raw


def kind(value: Json) -> str:
    """What a value of JSON is, for an error."""
    match value:
        case None:
            return "null"
        case bool():
            return f"boolean `{str(value).lower()}`"
        case int():
            return f"integer `{shown(value)}`"
        case float():
            return f"floating point `{value}`"
        case str():
            return f'string "{value[:40]}"'
        case list():
            return "sequence"
        case _:
            return "map"


def shown(value: int) -> str:
    """A number for an error; one of hundreds of digits is not written out."""
    return str(value) if abs(value) <= 2**128 else "out of range"

"""Bech32 (BIP-173), in which the Cosmos SDK writes addresses: a prefix that names the chain, "1", and the bytes.

Only what is needed of it: whole bytes, in lower case. Bech32m (BIP-350) has another checksum constant and is refused.
"""

from collections.abc import Iterable

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_LETTERS = 6
_LONGEST = 90


class Bech32Error(ValueError):
    """A text that is no Bech32, or bytes that cannot be written in it."""


def encode(prefix: str, data: bytes) -> str:
    """`data` in Bech32 under the human-readable `prefix`. Raises `Bech32Error` for a prefix that is none, and where the
    text would be longer than 90 characters."""
    _check_prefix(prefix)
    words = _regroup(data, 8, 5, pad=True)
    checksum = _polymod(_expanded(prefix) + words + [0] * _CHECKSUM_LETTERS) ^ 1
    words += [checksum >> 5 * (_CHECKSUM_LETTERS - 1 - i) & 31 for i in range(_CHECKSUM_LETTERS)]
    text = prefix + "1" + "".join(_ALPHABET[word] for word in words)
    if len(text) > _LONGEST:
        raise Bech32Error(f"{len(data)} bytes under {prefix!r} are too long for Bech32")
    return text


def decode(text: str) -> tuple[str, bytes]:
    """The prefix and the bytes of a lower-case `text`. Raises `Bech32Error`, which says what is wrong with it."""
    shown = repr(text if len(text) <= _LONGEST else text[:_LONGEST] + "...")
    if len(text) > _LONGEST:
        raise Bech32Error(f"{shown}: {len(text)} characters, Bech32 has at most {_LONGEST}")
    prefix, separator, tail = text.rpartition("1")
    if not separator or len(tail) < _CHECKSUM_LETTERS:
        raise Bech32Error(f"{shown}: no separator 1 followed by data and checksum")
    _check_prefix(prefix)
    if wrong := next((letter for letter in tail if letter not in _VALUES), ""):
        raise Bech32Error(f"{shown}: {wrong!r} is no letter of Bech32 in lower case")
    words = [_VALUES[letter] for letter in tail]
    if _polymod(_expanded(prefix) + words) != 1:
        raise Bech32Error(f"{shown}: the checksum is not that of Bech32; was it mistyped?")
    return prefix, bytes(_regroup(words[:-_CHECKSUM_LETTERS], 5, 8, pad=False))


def _check_prefix(prefix: str) -> None:
    if not prefix or any(not "!" <= letter <= "~" or "A" <= letter <= "Z" for letter in prefix):
        raise Bech32Error(f"{prefix[:_LONGEST]!r} is no prefix: printable ASCII in lower case")


def _regroup(values: Iterable[int], width: int, into: int, *, pad: bool) -> list[int]:
    held, bits, groups = 0, 0, list[int]()
    for value in values:
        held, bits = held << width | value, bits + width
        while bits >= into:
            bits -= into
            groups.append(held >> bits)
            held &= (1 << bits) - 1
    if pad and bits:
        groups.append(held << into - bits)
    elif not pad and (bits >= width or held):
        raise Bech32Error("the letters of this Bech32 text are no whole bytes")
    return groups


def _expanded(prefix: str) -> list[int]:
    return [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]


def _polymod(words: list[int]) -> int:
    checksum = 1
    for word in words:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ word
        for i, term in enumerate(_GENERATOR):
            checksum ^= term if top >> i & 1 else 0
    return checksum

"""The extensions of Token-2022 mints and token accounts: a list of type u16 | length u16 | value, little-endian.

Source: `ExtensionType` and the layouts of each extension in the documentation of spl-token-2022-interface. The list is
walked as the token program walks it: it ends at the first type 0, or where fewer than two bytes are left.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from chains.solana.program_wire import LittleReader
from chains.wire import EncodingError

_MINT = "mint"
_ACCOUNT = "token account"

# Number: name, what it belongs to, and the size of its value (None: it varies).
_KNOWN: dict[int, tuple[str, str, int | None]] = {
    1: ("TransferFeeConfig", _MINT, 108),
    2: ("TransferFeeAmount", _ACCOUNT, 8),
    3: ("MintCloseAuthority", _MINT, 32),
    4: ("ConfidentialTransferMint", _MINT, 65),
    5: ("ConfidentialTransferAccount", _ACCOUNT, 295),
    6: ("DefaultAccountState", _MINT, 1),
    7: ("ImmutableOwner", _ACCOUNT, 0),
    8: ("MemoTransfer", _ACCOUNT, 1),
    9: ("NonTransferable", _MINT, 0),
    10: ("InterestBearingConfig", _MINT, 52),
    11: ("CpiGuard", _ACCOUNT, 1),
    12: ("PermanentDelegate", _MINT, 32),
    13: ("NonTransferableAccount", _ACCOUNT, 0),
    14: ("TransferHook", _MINT, 64),
    15: ("TransferHookAccount", _ACCOUNT, 1),
    16: ("ConfidentialTransferFeeConfig", _MINT, 129),
    17: ("ConfidentialTransferFeeAmount", _ACCOUNT, 64),
    18: ("MetadataPointer", _MINT, 64),
    19: ("TokenMetadata", _MINT, None),
    20: ("GroupPointer", _MINT, 64),
    21: ("TokenGroup", _MINT, 80),
    22: ("GroupMemberPointer", _MINT, 64),
    23: ("TokenGroupMember", _MINT, 72),
    24: ("ConfidentialMintBurn", _MINT, 196),
    25: ("ScaledUiAmount", _MINT, 56),
    26: ("Pausable", _MINT, 33),
    27: ("PausableAccount", _ACCOUNT, 0),
    28: ("PermissionedBurn", _MINT, 32),
}

HARMLESS = frozenset({1, 6, 9, 10, 18, 19, 20, 21, 22, 23, 25})
"""Mint extensions that a gate puts up with (docs/solana-program.md, `register`); it refuses all others."""


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension by its number; `value` is its own layout, which nothing here looks into."""

    number: int
    value: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """As the token program calls it; "unknown N" for a number that it has not."""
        return _KNOWN[self.number][0] if self.number in _KNOWN else f"unknown {self.number}"


def refused(extensions: Iterable[Extension]) -> tuple[str, ...]:
    """The names of those with which no gate takes a mint."""
    return tuple(extension.name for extension in extensions if extension.number not in HARMLESS)


def read_extensions(r: LittleReader, kind: str) -> tuple[Extension, ...]:
    """The extensions of a "mint" or a "token account", in their order. Raises `EncodingError` for a list that is cut
    off, one extension twice, one of another kind of account, or a value of another size than its extension has."""
    found = dict[int, Extension]()
    while r.rest >= 2 and (number := r.u16("extension type")):
        value = r.fixed("extension value", r.u16("extension length"))
        extension = Extension(number, value)
        _check(extension, kind)
        if number in found:
            raise EncodingError(f"extension {extension.name}: there twice")
        found[number] = extension
    r.fixed("unused", r.rest)
    return tuple(found.values())


def _check(extension: Extension, kind: str) -> None:
    if extension.number not in _KNOWN:
        return
    name, belongs_to, size = _KNOWN[extension.number]
    if belongs_to != kind:
        raise EncodingError(f"extension {name}: of a {belongs_to}, found in a {kind}")
    if size is not None and len(extension.value) != size:
        raise EncodingError(f"extension {name}: {len(extension.value)} bytes, expected {size}")

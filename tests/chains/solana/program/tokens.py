"""Mints with chosen Token-2022 extensions, made by the token program's own instructions.

Numbers and layouts: `spl-token-2022-interface` (`instruction.rs`, `extension/*/instruction.rs`), and the interfaces of
token metadata and token groups. Everything is little-endian.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, create_account
from spl.token.constants import TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID

MINT_SIZE = 82
EXTENDED_BASE = 166
"""A mint with extensions is padded to the size of a token account and one byte says which of them it is."""
TLV_HEADER = 4
ELGAMAL_KEY = bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76")
"""The Ristretto base point (RFC 9496, appendix A.1), which is an encryption key like any other."""

Data = Callable[[Pubkey, Pubkey], bytes]


@dataclass(frozen=True, slots=True)
class Extension:
    """What a mint can be made with: its type number, the bytes it takes, the instruction's data that sets it up.

    `data(mint, authority)` runs before the mint is initialised.
    """

    number: int
    size: int
    data: Data


def _authority(*prefix: int) -> Data:
    return lambda mint, authority: bytes(prefix) + bytes(authority)


def _pointer(number: int) -> Data:
    """A pointer to the mint itself."""
    return lambda mint, authority: bytes([number, 0]) + bytes(authority) + bytes(mint)


EXTENSIONS = {
    "TransferFeeConfig": Extension(
        1,
        108,
        lambda mint, authority: struct.pack("<BBB32sB32sHQ", 26, 0, 1, bytes(authority), 1, bytes(authority), 100, 9),
    ),
    "MintCloseAuthority": Extension(3, 32, _authority(25, 1)),
    "ConfidentialTransferMint": Extension(
        4, 65, lambda mint, authority: bytes([27, 0]) + bytes(authority) + b"\1" + bytes(32)
    ),
    "DefaultAccountState": Extension(6, 1, lambda mint, authority: bytes([28, 0, 2])),
    "NonTransferable": Extension(9, 0, lambda mint, authority: bytes([32])),
    "InterestBearingConfig": Extension(10, 52, lambda mint, authority: bytes([33, 0, *bytes(authority), 5, 0])),
    "PermanentDelegate": Extension(12, 32, _authority(35)),
    "TransferHook": Extension(14, 64, lambda mint, authority: bytes([36, 0]) + bytes(authority) + bytes(authority)),
    "ConfidentialTransferFeeConfig": Extension(
        16, 129, lambda mint, authority: bytes([37, 0]) + bytes(authority) + ELGAMAL_KEY
    ),
    "MetadataPointer": Extension(18, 64, _pointer(39)),
    "GroupPointer": Extension(20, 64, _pointer(40)),
    "GroupMemberPointer": Extension(22, 64, _pointer(41)),
    "ConfidentialMintBurn": Extension(24, 196, lambda mint, authority: bytes([42, 0]) + ELGAMAL_KEY + bytes(36)),
    "ScaledUiAmount": Extension(
        25, 56, lambda mint, authority: bytes([43, 0, *bytes(authority)]) + struct.pack("<d", 2)
    ),
    "Pausable": Extension(26, 33, _authority(44, 0)),
    "PermissionedBurn": Extension(28, 32, _authority(46, 0)),
}
"""By the name that the token program's sources give; those that a mint is created with."""

NEEDS = {
    "ConfidentialTransferFeeConfig": ("TransferFeeConfig", "ConfidentialTransferMint"),
    "ConfidentialMintBurn": ("ConfidentialTransferMint",),
}
"""The token program refuses the one without the others."""


@dataclass(frozen=True, slots=True)
class NewMint:
    """A mint that is to be made. `size` reserves rent for what is added to the mint afterwards."""

    address: Pubkey
    authority: Pubkey
    token_program: Pubkey = TOKEN_PROGRAM_ID
    freeze_authority: Pubkey | None = None
    extensions: tuple[str, ...] = ()
    decimals: int = 6

    def instructions(self, payer: Pubkey, lamports: int) -> list[Instruction]:
        """Creates and initialises it; the payer and the mint's own key sign."""
        found = [EXTENSIONS[name] for name in self.extensions]
        size = EXTENDED_BASE + sum(TLV_HEADER + e.size for e in found) if found else MINT_SIZE
        created = create_account(
            CreateAccountParams(
                from_pubkey=payer, to_pubkey=self.address, lamports=lamports, space=size, owner=self.token_program
            )
        )
        made = [self._on_mint(e.data(self.address, self.authority)) for e in found]
        freeze = b"\1" + bytes(self.freeze_authority) if self.freeze_authority else b"\0"
        initialized = bytes([20, self.decimals]) + bytes(self.authority) + freeze
        return [created, *made, self._on_mint(initialized)]

    def _on_mint(self, data: bytes) -> Instruction:
        return Instruction(self.token_program, data, [AccountMeta(self.address, False, True)])


def _interface(name: str) -> bytes:
    """What an interface's instruction begins with: the first 8 bytes of a hash of its name."""
    return sha256(name.encode()).digest()[:8]


def add_metadata(mint: Pubkey, authority: Pubkey) -> Instruction:
    """TokenMetadata inside a mint that points to itself."""
    texts = b"".join(struct.pack("<I", len(t)) + t for t in (b"Wrapped", b"WRP", b"https://example.org/w.json"))
    metas = [
        AccountMeta(mint, False, True),
        AccountMeta(authority, False, False),
        AccountMeta(mint, False, False),
        AccountMeta(authority, True, False),
    ]
    data = _interface("spl_token_metadata_interface:initialize_account") + texts
    return Instruction(TOKEN_2022_PROGRAM_ID, data, metas)


def add_group(mint: Pubkey, authority: Pubkey) -> Instruction:
    """TokenGroup inside a mint that points to itself."""
    data = _interface("spl_token_group_interface:initialize_token_group") + bytes(authority) + struct.pack("<Q", 3)
    metas = [AccountMeta(mint, False, True), AccountMeta(mint, False, False), AccountMeta(authority, True, False)]
    return Instruction(TOKEN_2022_PROGRAM_ID, data, metas)


def add_member(mint: Pubkey, group: Pubkey, authority: Pubkey) -> Instruction:
    """TokenGroupMember inside a mint that points to itself, of a group whose authority is the same."""
    metas = [
        AccountMeta(mint, False, True),
        AccountMeta(mint, False, False),
        AccountMeta(authority, True, False),
        AccountMeta(group, False, True),
        AccountMeta(authority, True, False),
    ]
    return Instruction(TOKEN_2022_PROGRAM_ID, _interface("spl_token_group_interface:initialize_member"), metas)


def add_cpi_guard(account: Pubkey, holder: Pubkey) -> Instruction:
    """Makes room for the guard in a token account of Token-2022; the holder pays."""
    metas = [
        AccountMeta(account, False, True),
        AccountMeta(holder, True, True),
        AccountMeta(Pubkey.default(), False, False),
        AccountMeta(holder, True, False),
    ]
    return Instruction(TOKEN_2022_PROGRAM_ID, struct.pack("<BH", 29, 11), metas)


def set_cpi_guard(account: Pubkey, holder: Pubkey, on: bool) -> Instruction:
    """Switches the guard."""
    metas = [AccountMeta(account, False, True), AccountMeta(holder, True, False)]
    return Instruction(TOKEN_2022_PROGRAM_ID, bytes([34, 0 if on else 1]), metas)


def with_unknown_extension(mint: bytes, number: int, content: bytes = b"") -> bytes:
    """The data of a mint, plain or extended, with one more extension at its end."""
    base = mint if len(mint) > MINT_SIZE else mint + bytes(EXTENDED_BASE - 1 - MINT_SIZE) + b"\1"
    return base + struct.pack("<HH", number, len(content)) + content

"""Accounts as the chain holds them, for tests that need states which no virtual machine would make."""

import struct

from chains.solana.addresses import TOKEN_2022_PROGRAM, TOKEN_PROGRAM, UPGRADEABLE_LOADER, to_bytes
from chains.solana.rpc import Account
from chains.solana.tokens import Mint, TokenAccount

SYSVARS = "Sysvar1111111111111111111111111111111111111"
RENT = 2_039_280
"""Lamports that a token account of 165 bytes needs."""

MINT_KIND, ACCOUNT_KIND = 1, 2


def option(key: str | None) -> bytes:
    return b"\1\0\0\0" + to_bytes(key) if key else bytes(36)


def extended(base: bytes, kind: int, extensions: dict[int, bytes]) -> bytes:
    """Base layout, padding, kind, and the list of extensions by number (Token-2022)."""
    if not extensions:
        return base
    tlv = b"".join(struct.pack("<HH", number, len(value)) + value for number, value in extensions.items())
    return base + bytes(165 - len(base)) + bytes([kind]) + tlv


def mint(made: Mint, extensions: dict[int, bytes] | None = None) -> Account:
    head = option(made.authority) + struct.pack("<QBB", made.supply, made.decimals, 1)
    data = extended(head + option(made.freeze_authority), MINT_KIND, extensions or {})
    return Account(RENT, TOKEN_PROGRAM if extensions is None else TOKEN_2022_PROGRAM, data, False)


def token_account(made: TokenAccount, extensions: dict[int, bytes] | None = None) -> Account:
    native = made.rent_reserve is not None
    data = (
        to_bytes(made.mint) + to_bytes(made.owner) + struct.pack("<Q", made.amount) + option(made.delegate)
        + bytes([2 if made.frozen else 1]) + struct.pack("<IQ", native, made.rent_reserve or 0)
        + struct.pack("<Q", made.delegated_amount) + option(made.close_authority)
    )  # fmt: skip
    owner = TOKEN_PROGRAM if extensions is None else TOKEN_2022_PROGRAM
    return Account(RENT, owner, extended(data, ACCOUNT_KIND, extensions or {}), False)


def program(data_address: str) -> Account:
    return Account(RENT, UPGRADEABLE_LOADER, struct.pack("<I", 2) + to_bytes(data_address), True)


def program_data(slot: int, authority: str | None, code: bytes) -> Account:
    held = bytes(33) if authority is None else b"\1" + to_bytes(authority)
    return Account(RENT, UPGRADEABLE_LOADER, struct.pack("<IQ", 3, slot) + held + code, False)


def clock(slot: int, time: int) -> Account:
    return Account(1, SYSVARS, struct.pack("<QqQQq", slot, 0, 0, 0, time), False)

"""Token accounts and mints, as far as a node shows them: SPL Token's layout, which Token-2022 begins with.

Account: mint 0..32, owner 32..64, amount 64..72, state at 108. Mint: supply 36..44, decimals 44, initialised 45. With
Token-2022's extensions the kind of the account stands in byte 165.
"""

from dataclasses import dataclass

from solders.account import Account
from solders.pubkey import Pubkey

from chains.solana import addresses
from chains.solana.node.landed import Json

PROGRAMS = tuple(Pubkey.from_string(program) for program in addresses.TOKEN_PROGRAMS)

ACCOUNT_SIZE = 165
MINT_SIZE = 82
_MULTISIG_SIZE = 355
_KIND = 165
_IS_MINT = 1
_IS_ACCOUNT = 2


@dataclass(frozen=True, slots=True)
class TokenAccount:
    mint: Pubkey
    owner: Pubkey
    amount: int


@dataclass(frozen=True, slots=True)
class Mint:
    supply: int
    decimals: int


def token_account(account: Account) -> TokenAccount | None:
    """None if it is no initialised account of a token program."""
    data = account.data
    if account.owner not in PROGRAMS or not _is(data, ACCOUNT_SIZE, _IS_ACCOUNT) or data[108] == 0:
        return None
    return TokenAccount(
        Pubkey.from_bytes(data[:32]), Pubkey.from_bytes(data[32:64]), int.from_bytes(data[64:72], "little")
    )


def mint(account: Account) -> Mint | None:
    """None if it is no initialised mint of a token program."""
    data = account.data
    if account.owner not in PROGRAMS or not _is(data, MINT_SIZE, _IS_MINT) or data[45] == 0:
        return None
    return Mint(int.from_bytes(data[36:44], "little"), data[44])


def ui_amount(amount: int, decimals: int) -> Json:
    """The documented form of an amount: base units as text, and the same in whole tokens."""
    whole, rest = divmod(amount, 10**decimals)
    fraction = str(rest).zfill(decimals).rstrip("0") if decimals else ""
    text = f"{whole}.{fraction}" if fraction else str(whole)
    return {"amount": str(amount), "decimals": decimals, "uiAmount": float(text), "uiAmountString": text}


def _is(data: bytes, size: int, kind: int) -> bool:
    if len(data) == size:
        return True
    return len(data) > _KIND and len(data) != _MULTISIG_SIZE and data[_KIND] == kind

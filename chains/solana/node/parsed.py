"""The encoding `jsonParsed` for the accounts that wallets ask for with it: tokens, mints and the clock.

Everything else, and accounts of Token-2022 with extensions, is answered in base64, as the documentation allows.
"""

import struct

from solders.account import Account
from solders.pubkey import Pubkey

from chains.solana import addresses
from chains.solana.node import sysvars, tokens
from chains.solana.node.landed import Json

_STATES = {1: "initialized", 2: "frozen"}
_NAMES = {
    Pubkey.from_string(addresses.TOKEN_PROGRAM): "spl-token",
    Pubkey.from_string(addresses.TOKEN_2022_PROGRAM): "spl-token-2022",
}
_CLOCK_SIZE = 40


def parsed(account: Account, decimals: int | None) -> Json:
    """The documented object, or None. A token account can be shown only if its mint's `decimals` are known."""
    program = _NAMES.get(account.owner)
    if program is not None:
        return _token(account, program, decimals)
    if account.owner == sysvars.OWNER and len(account.data) == _CLOCK_SIZE:
        slot, start, epoch, leader_epoch, now = struct.unpack("<QqQQq", account.data)
        return _object(
            "sysvar",
            "clock",
            {
                "slot": slot,
                "epoch": epoch,
                "epochStartTimestamp": start,
                "leaderScheduleEpoch": leader_epoch,
                "unixTimestamp": now,
            },
            account,
        )
    return None


def _token(account: Account, program: str, decimals: int | None) -> Json:
    data = account.data
    held = tokens.token_account(account)
    if held is not None and decimals is not None and len(data) == tokens.ACCOUNT_SIZE and data[108] in _STATES:
        info: dict[str, Json] = {
            "isNative": _option(data[109:113]),
            "mint": str(held.mint),
            "owner": str(held.owner),
            "state": _STATES[data[108]],
            "tokenAmount": tokens.ui_amount(held.amount, decimals),
        }
        if _option(data[72:76]):
            info["delegate"] = str(Pubkey.from_bytes(data[76:108]))
            info["delegatedAmount"] = tokens.ui_amount(int.from_bytes(data[121:129], "little"), decimals)
        if _option(data[109:113]):
            info["rentExemptReserve"] = tokens.ui_amount(int.from_bytes(data[113:121], "little"), decimals)
        if _option(data[129:133]):
            info["closeAuthority"] = str(Pubkey.from_bytes(data[133:165]))
        return _object(program, "account", info, account)
    mint = tokens.mint(account)
    if mint is not None and len(data) == tokens.MINT_SIZE:
        info = {
            "decimals": mint.decimals,
            "freezeAuthority": str(Pubkey.from_bytes(data[50:82])) if _option(data[46:50]) else None,
            "isInitialized": True,
            "mintAuthority": str(Pubkey.from_bytes(data[4:36])) if _option(data[:4]) else None,
            "supply": str(mint.supply),
        }
        return _object(program, "mint", info, account)
    return None


def _option(tag: bytes) -> bool:
    return tag == b"\x01\0\0\0"


def _object(program: str, kind: str, info: Json, account: Account) -> Json:
    return {"parsed": {"info": info, "type": kind}, "program": program, "space": len(account.data)}

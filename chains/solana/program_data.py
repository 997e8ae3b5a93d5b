"""How the upgradeable loader keeps a program: its account, and the account with code and upgrade authority.

Source: the loader's `UpgradeableLoaderState` in the Solana documentation ("Programs", loader v3).
"""

import hashlib
from dataclasses import dataclass, field

from chains.solana.program_wire import LittleReader
from chains.wire import EncodingError

_PROGRAM = 2
_PROGRAM_DATA = 3
_PROGRAM_SIZE = 36
_CODE_AT = 45


class ProgramError(ValueError):
    """Bytes that are no account of the upgradeable loader of the kind expected."""


@dataclass(frozen=True, slots=True)
class ProgramData:
    """`slot` of the last deployment, who may upgrade (None: nobody ever), and the code as it was deployed."""

    slot: int
    upgrade_authority: str | None
    code: bytes = field(repr=False)


def decode_program(data: bytes) -> str:
    """The address of the program's data account. Raises `ProgramError`."""
    r = LittleReader(data)
    try:
        if r.rest != _PROGRAM_SIZE or r.u32("state") != _PROGRAM:
            raise EncodingError("not deployed by the upgradeable loader")
        return r.address("program data")
    except EncodingError as error:
        raise ProgramError(f"no program account: {error}") from None


def decode_program_data(data: bytes) -> ProgramData:
    """What the data account of a program says. Raises `ProgramError`."""
    r = LittleReader(data)
    try:
        if r.rest < _CODE_AT or r.u32("state") != _PROGRAM_DATA:
            raise EncodingError("not deployed by the upgradeable loader")
        slot = r.u64("slot")
        upgradeable = r.within("upgrade authority", r.u8("upgrade authority"), 0, 1)
        # The loader leaves the old key's bytes in place when an authority is given up.
        authority = r.address("upgrade authority")
        return ProgramData(slot, authority if upgradeable else None, r.fixed("code", r.rest))
    except EncodingError as error:
        raise ProgramError(f"no program data account: {error}") from None


def code_hash(code: bytes) -> str:
    """SHA-256 in hex of the code without the zeros at its end, which the loader's account may hold more of: what the
    configuration pins, and what `solana-verify get-program-hash` prints."""
    return hashlib.sha256(code.rstrip(b"\0")).hexdigest()

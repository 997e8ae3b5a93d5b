"""The Clock sysvar: what the program itself takes for the time.

Source: the Solana documentation ("Sysvar cluster data", Clock), little-endian.
"""

from dataclasses import dataclass

from chains.solana.program_wire import LittleReader
from chains.solana.rpc import Account
from chains.values import BadValue
from chains.wire import EncodingError

CLOCK_SIZE = 40
_SYSVARS = "Sysvar1111111111111111111111111111111111111"


@dataclass(frozen=True, slots=True)
class Clock:
    """`time` in Unix seconds."""

    slot: int
    time: int


def read_clock(account: Account | None) -> Clock:
    """Raises `BadValue` for what is not the sysvar."""
    if account is None or account.owner != _SYSVARS:
        raise BadValue("no Clock sysvar")
    r = LittleReader(account.data)
    try:
        slot = r.u64("slot")
        r.fixed("epoch", 24)
        clock = Clock(slot, r.within("unix_timestamp", r.u64("unix_timestamp"), 0, (1 << 63) - 1))
        r.end()
    except EncodingError as error:
        raise BadValue(f"no Clock sysvar: {error}") from None
    return clock

"""The newest checkpoint of a chain, remembered in its journal, and how old it may be.

stored    height u64 | block_hash 32 | time u64
"""

from chains.errors import Unreadable
from chains.halts import CHECKPOINT_KEY
from chains.types import Checkpoint, Journal
from chains.wire import Reader, Writer


def remembered(chain: str, journal: Journal) -> Checkpoint | None:
    """The newest checkpoint ever returned, also by an earlier process."""
    stored = journal.get(CHECKPOINT_KEY)
    if stored is None:
        return None
    r = Reader(stored)
    checkpoint = Checkpoint(chain, r.u64("height"), r.b32("block_hash"), r.u64("time"))
    r.end()
    return checkpoint


def remember(checkpoint: Checkpoint, journal: Journal) -> None:
    """Durable when it returns."""
    w = Writer().u64("height", checkpoint.height).b32("block_hash", checkpoint.block_hash)
    journal.put(CHECKPOINT_KEY, bytes(w.u64("time", checkpoint.time)))


def fresh(checkpoint: Checkpoint, now: float, longest: int, what: str) -> Checkpoint:
    """`checkpoint`, unless it is more than `longest` seconds older than `now` (Unix seconds): then finality stalls, and
    it raises `Unreadable`. `what` is the chain's word for a block."""
    age = now - checkpoint.time
    if age > longest:
        raise Unreadable(
            f"{checkpoint.chain}: finality stalls: the newest final {what}, {checkpoint.height}, is {age:.0f} s old, "
            f"at most {longest} s are allowed"
        )
    return checkpoint

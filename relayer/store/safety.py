"""`SafetyStore`: all that a member remembers. Every method is one transaction, durable when it returns.

Synchronous: call it from a thread, or directly where a few milliseconds do not matter. All methods raise `StoreFailed`
where the database fails, and from then on always; `Conflict` where what is to be recorded contradicts what is.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import delete, insert, select

from chains.hashing import keccak256
from relayer.store import blobs, history, lifecycle, rounds, schema
from relayer.store.blobs import Certified, Dispute
from relayer.store.database import Database
from relayer.store.errors import Conflict, StoreFailed
from relayer.store.history import Point, Reading
from relayer.store.lifecycle import Amnesia, Binding


class SafetyStore:
    """Use `create`, `open` or `recover`. `url`: SQLAlchemy's form, sqlite:///PATH or postgresql://...; `files`: for the
    latter, the base name of the local lock and witness files."""

    def __init__(self, opened: lifecycle.Opened) -> None:
        self._db: Database = opened.database
        self._lock = opened.lock

    @classmethod
    def create(cls, url: str, binding: Binding, *, files: Path | None = None) -> Self:
        """For a new member. Raises `StoreExists`, `StoreLocked`, `StoreMissing` (no such directory)."""
        return cls(lifecycle.create(lifecycle.place(url, files), binding))

    @classmethod
    def open(cls, url: str, binding: Binding, *, files: Path | None = None) -> Self:
        """Raises the `StoreRefused` that fits."""
        return cls(lifecycle.open_existing(lifecycle.place(url, files), binding))

    @classmethod
    def recover(cls, url: str, binding: Binding, lost_at: int, reason: str, *, files: Path | None = None) -> Self:
        """A new store in amnesia after a loss; `lost_at`: Unix seconds, no earlier than the moment of the loss. What is
        left of the old one is moved aside. The promise starts at 0: the caller raises it."""
        opened, _ = lifecycle.recover(lifecycle.place(url, files), binding, Amnesia(lost_at, reason))
        return cls(opened)

    def close(self) -> None:
        self._db.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def failure(self) -> str | None:
        """Why nothing can be recorded any more, or None."""
        return self._db.failure

    # What binds the member.

    def promise(self) -> int:
        """Nothing is signed for a round below it."""
        with self._db.transaction() as c:
            return rounds.promise(c)

    def raise_promise(self, round: int) -> None:  # noqa: A002 - the protocol's term, here and below
        """Never lowers it; where it stands there already or higher, nothing happens."""
        if not 0 <= round < blobs.ROUNDS:
            raise Conflict(f"round {round}: not a round number")
        if round > self.promise():
            with self._db.binding() as c:
                rounds.raise_promise(c, round)

    def observation(self, round: int) -> bytes | None:  # noqa: A002
        with self._db.transaction() as c:
            return rounds.raw(c, schema.observations, round)

    def record_observation(self, round: int, raw: bytes) -> None:  # noqa: A002
        """Also enters the round. Raises `Conflict` below the promise, or where another one is recorded."""
        with self._db.binding() as c:
            rounds.record_once(c, schema.observations, round, raw)

    def proposal(self, round: int) -> bytes | None:  # noqa: A002
        with self._db.transaction() as c:
            return rounds.raw(c, schema.proposals, round)

    def record_proposal(self, round: int, raw: bytes) -> None:  # noqa: A002
        """As `record_observation`, for a leader's own proposal."""
        with self._db.binding() as c:
            rounds.record_once(c, schema.proposals, round, raw)

    def signed(self, round: int) -> bytes | None:  # noqa: A002
        """The message signed for a round, 32 bytes."""
        with self._db.transaction() as c:
            return rounds.signed(c, round)

    def signed_above(self, round: int) -> list[tuple[int, bytes, bytes]]:  # noqa: A002
        """(round, message, proposal) of every round above, ascending."""
        with self._db.transaction() as c:
            return rounds.signed_above(c, round)

    def record_signature(
        self,
        round: int,  # noqa: A002
        message: bytes,
        proposal: bytes,
        commitment: bytes,
        closure: Mapping[bytes, bytes],
    ) -> None:
        """To be called before the share leaves. `message` 32 bytes; `commitment` names the nonce pair that the share
        uses up; `closure`: blobs by digest. The same message again takes another commitment. Raises `Conflict` below
        the promise, for another message of that round, for a used commitment, for a blob that is not its digest's."""
        if len(message) != 32:
            raise Conflict(f"round {round}: a message of {len(message)} bytes, expected 32")
        with self._db.binding() as c:
            rounds.record_signature(c, round, message, proposal, commitment, closure)

    def prune_rounds(self, below: int) -> None:
        """Forgets observations, proposals and signatures (with their commitments) of rounds below `below`. Raises
        `Conflict` unless promise and highest certificate have reached it."""
        with self._db.transaction() as c:
            rounds.prune(c, below)

    def amnesia(self) -> Amnesia | None:
        with self._db.transaction() as c:
            row = c.execute(select(schema.amnesia.c.lost_at, schema.amnesia.c.reason)).first()
        return None if row is None else Amnesia(int(row[0]), str(row[1]))

    # What it keeps for others.

    def put_blobs(self, values: Mapping[bytes, bytes]) -> None:
        with self._db.transaction() as c:
            blobs.put_blobs(c, values)

    def blob(self, digest: bytes) -> bytes | None:
        """Raises `StoreFailed` where what is stored does not hash to `digest` any more."""
        with self._db.transaction() as c:
            raw = blobs.blob(c, digest)
        if raw is not None and keccak256(raw) != digest:
            raise self._db.damaged(f"blob {digest.hex()} does not hash to its digest")
        return raw

    def prune(self, keep: Iterable[bytes]) -> int:
        """Deletes every blob but those; how many."""
        with self._db.transaction() as c:
            return blobs.prune_blobs(c, keep)

    def record_certificate(self, round: int, digest: bytes, raw: bytes) -> None:  # noqa: A002
        """The first of a round stays. Raises `Conflict` where one for another digest is recorded."""
        with self._db.transaction() as c:
            blobs.record_certificate(c, round, digest, raw)

    def certificate(self, round: int) -> bytes | None:  # noqa: A002
        with self._db.transaction() as c:
            return blobs.certificate(c, round)

    def certificates(self, limit: int, before: int | None = None) -> list[Certified]:
        """Newest first, of rounds below `before`."""
        with self._db.transaction() as c:
            return blobs.certificates(c, limit, before)

    def highest_certificate(self) -> tuple[int, bytes] | None:
        """(round, raw)."""
        newest = self.certificates(1)
        return (newest[0].round, newest[0].raw) if newest else None

    def record_dispute(self, kind: str, round: int, culprit: int, raw: bytes) -> None:  # noqa: A002
        """The same evidence is kept once, and of one kind no more than a few pieces against a member."""
        with self._db.transaction() as c:
            blobs.record_dispute(c, kind, round, culprit, raw)

    def disputes(self) -> list[Dispute]:
        with self._db.transaction() as c:
            return blobs.disputes(c)

    # What it has read.

    def checkpoint(self, chain: str) -> Point | None:
        with self._db.transaction() as c:
            return history.checkpoint(c, chain)

    def record_checkpoint(self, chain: str, height: int, hash: bytes, time: int) -> None:  # noqa: A002
        """Raises `Conflict` for a lower height, or for anything else at the same height."""
        with self._db.transaction() as c:
            history.record_checkpoint(c, chain, Point(height, hash, time))

    def record_reading(self, position: bytes, time: int, amount: int) -> None:
        """`position` 32 bytes, `time` the checkpoint's, `amount` in base units. Two of one second: the smaller one."""
        with self._db.transaction() as c:
            history.record_reading(c, position, time, amount)

    def readings(self, position: bytes, since: int) -> list[Reading]:
        """From the last one at or before `since` on, oldest first. Where the first is later than `since`, the history
        does not reach back that far."""
        with self._db.transaction() as c:
            return history.readings(c, position, since)

    def prune_readings(self, before: int) -> None:
        """Forgets what no `readings(position, since)` with `since >= before` returns."""
        with self._db.transaction() as c:
            history.prune_readings(c, before)

    def journal(self, chain: str) -> "ChainJournal":
        """The durable memory of a chain family for `chain` (`chains.types.Journal`)."""
        return ChainJournal(self._db, chain)

    # Anything else.

    def note(self, key: str) -> bytes | None:
        """A free value by name."""
        with self._db.transaction() as c:
            query = select(schema.meta.c.value).where(schema.meta.c.key == _note(key))
            return c.execute(query).scalar_one_or_none()

    def record_note(self, key: str, value: bytes) -> None:
        with self._db.transaction() as c:
            c.execute(delete(schema.meta).where(schema.meta.c.key == _note(key)))
            c.execute(insert(schema.meta).values(key=_note(key), value=value))


def _note(key: str) -> str:
    """Apart from the store's own entries."""
    return f"note:{key}"


class ChainJournal:
    """`chains.types.Journal` over the store."""

    def __init__(self, database: Database, chain: str) -> None:
        self._db = database
        self._chain = chain

    def get(self, key: str) -> bytes | None:
        with self._db.transaction() as c:
            return history.journal_get(c, self._chain, key)

    def put(self, key: str, value: bytes) -> None:
        with self._db.transaction() as c:
            history.journal_put(c, self._chain, key, value)

    def delete(self, key: str) -> None:
        with self._db.transaction() as c:
            history.journal_delete(c, self._chain, key)

    def items(self, prefix: str) -> list[tuple[str, bytes]]:
        with self._db.transaction() as c:
            return history.journal_items(c, self._chain, prefix)


__all__ = [
    "Amnesia",
    "Binding",
    "Certified",
    "ChainJournal",
    "Dispute",
    "Point",
    "Reading",
    "SafetyStore",
    "StoreFailed",
]

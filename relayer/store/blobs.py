"""Bodies by digest, certificates, and disputes: what a member keeps for others. Functions within a transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from chains.hashing import keccak256
from relayer.store import schema
from relayer.store.errors import Conflict

_BATCH = 500
KEPT_DISPUTES = 16
ROUNDS = 1 << 63  # what the tables' 64-bit columns hold; a round from outside may be any u64


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate as it was recorded. `digest`: 32 bytes, what its signature is about."""

    round: int
    digest: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Dispute:
    """Signed evidence against member `culprit`."""

    kind: str
    round: int
    culprit: int
    raw: bytes


def put_blobs(connection: Connection, blobs: Mapping[bytes, bytes]) -> None:
    """Raises `Conflict` where a blob does not hash to its digest."""
    for digest, raw in blobs.items():
        if keccak256(raw) != digest:
            raise Conflict(f"a blob offered as {digest.hex()} does not hash to it")
        known = connection.execute(select(schema.blobs.c.digest).where(schema.blobs.c.digest == digest)).first()
        if known is None:
            connection.execute(insert(schema.blobs).values(digest=digest, raw=raw))


def blob(connection: Connection, digest: bytes) -> bytes | None:
    query = select(schema.blobs.c.raw).where(schema.blobs.c.digest == digest)
    return connection.execute(query).scalar_one_or_none()


def prune_blobs(connection: Connection, keep: Iterable[bytes]) -> int:
    """Deletes every blob that is not in `keep`; how many."""
    stored = set(connection.execute(select(schema.blobs.c.digest)).scalars())
    gone = sorted(stored - set(keep))
    for at in range(0, len(gone), _BATCH):
        connection.execute(delete(schema.blobs).where(schema.blobs.c.digest.in_(gone[at : at + _BATCH])))
    return len(gone)


def record_certificate(connection: Connection, round_: int, digest: bytes, raw: bytes) -> None:
    """The first one of a round stays; one for another digest is a `Conflict`, and a breach of the committee."""
    table = schema.certificates
    known = connection.execute(select(table.c.digest).where(table.c.round == round_)).scalar_one_or_none()
    if known is None:
        connection.execute(insert(table).values(round=round_, digest=digest, raw=raw))
    elif known != digest:
        raise Conflict(f"round {round_}: a certificate for another digest is recorded; two must not exist")


def certificate(connection: Connection, round_: int) -> bytes | None:
    if not 0 <= round_ < ROUNDS:
        return None
    table = schema.certificates
    return connection.execute(select(table.c.raw).where(table.c.round == round_)).scalar_one_or_none()


def certificates(connection: Connection, limit: int, before: int | None) -> list[Certified]:
    """The newest first; `before`: only rounds below it."""
    table = schema.certificates
    query = select(table.c.round, table.c.digest, table.c.raw).order_by(table.c.round.desc()).limit(limit)
    if before is not None:
        query = query.where(table.c.round < min(before, ROUNDS - 1))
    return [Certified(int(r), d, raw) for r, d, raw in connection.execute(query)]


def record_dispute(connection: Connection, kind: str, round_: int, culprit: int, raw: bytes) -> None:
    """The same evidence again is kept once; of one kind the first `KEPT_DISPUTES` against a member, so that nobody
    fills the disk by misbehaving. A round that no column holds stands as the greatest one."""
    table = schema.disputes
    digest = keccak256(raw)
    if connection.execute(select(table.c.id).where(table.c.digest == digest)).first() is not None:
        return
    alike = select(func.count()).where(table.c.kind == kind, table.c.culprit == culprit)
    if connection.execute(alike).scalar_one() < KEPT_DISPUTES:
        values = {"kind": kind, "round": min(round_, ROUNDS - 1), "culprit": culprit, "raw": raw}
        connection.execute(insert(table).values(digest=digest, **values))


def disputes(connection: Connection) -> list[Dispute]:
    """In the order in which they were recorded."""
    table = schema.disputes
    query = select(table.c.kind, table.c.round, table.c.culprit, table.c.raw).order_by(table.c.id)
    return [Dispute(kind, int(r), int(culprit), raw) for kind, r, culprit, raw in connection.execute(query)]

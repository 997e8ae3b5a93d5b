"""What binds the member, round by round: promise, observation, proposal, signature. Functions within a transaction."""

from collections.abc import Mapping

from sqlalchemy import Connection, Table, delete, insert, select, update

from relayer.store import schema
from relayer.store.blobs import ROUNDS, put_blobs
from relayer.store.checks import check
from relayer.store.errors import Conflict


def promise(connection: Connection) -> int:
    return int(connection.execute(select(schema.promise.c.round)).scalar_one())


def raise_promise(connection: Connection, round_: int) -> None:
    """To `round_`, or not at all where it is there already or higher."""
    if round_ > promise(connection):
        generation = connection.execute(select(schema.promise.c.generation)).scalar_one()
        _write(connection, round_, int(generation))


def count(connection: Connection) -> int:
    """Raises the generation by one; the new one."""
    row = connection.execute(select(schema.promise.c.round, schema.promise.c.generation)).one()
    generation = int(row.generation) + 1
    _write(connection, int(row.round), generation)
    return generation


def _write(connection: Connection, round_: int, generation: int) -> None:
    seal = check("promise", round_, generation)
    connection.execute(update(schema.promise).values(round=round_, generation=generation, check=seal))


def _enter(connection: Connection, round_: int) -> None:
    """Refuses what the promise excludes; else makes it the promise."""
    if not 0 <= round_ < ROUNDS:
        raise Conflict(f"round {round_}: not a round number")
    promised = promise(connection)
    if round_ < promised:
        raise Conflict(f"round {round_}: this member promised to sign nothing below round {promised}")
    raise_promise(connection, round_)


def raw(connection: Connection, table: Table, round_: int) -> bytes | None:
    """What `observations` or `proposals` hold for a round."""
    return connection.execute(select(table.c.raw).where(table.c.round == round_)).scalar_one_or_none()


def record_once(connection: Connection, table: Table, round_: int, value: bytes) -> None:
    """One observation, and one proposal, per round: the same again is fine, another one a `Conflict`."""
    _enter(connection, round_)
    known = raw(connection, table, round_)
    if known is None:
        connection.execute(insert(table).values(round=round_, raw=value, check=check(table.name, round_, value)))
    elif known != value:
        raise Conflict(f"round {round_}: {table.name} holds another one, which may have been sent")


def signed(connection: Connection, round_: int) -> bytes | None:
    table = schema.signatures
    return connection.execute(select(table.c.message).where(table.c.round == round_)).scalar_one_or_none()


def signed_above(connection: Connection, round_: int) -> list[tuple[int, bytes, bytes]]:
    table = schema.signatures
    query = select(table.c.round, table.c.message, table.c.proposal).where(table.c.round > round_)
    return [(int(r), m, p) for r, m, p in connection.execute(query.order_by(table.c.round))]


def record_signature(
    connection: Connection,
    round_: int,
    message: bytes,
    proposal: bytes,
    commitment: bytes,
    closure: Mapping[bytes, bytes],
) -> None:
    """One message per round, each commitment once, and the closure beside them."""
    _enter(connection, round_)
    used = schema.commitments
    if connection.execute(select(used.c.round).where(used.c.id == commitment)).first() is not None:
        raise Conflict(f"round {round_}: this nonce commitment was used before")
    known = signed(connection, round_)
    if known is None:
        seal = check("signatures", round_, message, proposal)
        row = {"round": round_, "message": message, "proposal": proposal, "check": seal}
        connection.execute(insert(schema.signatures).values(row))
    elif known != message:
        raise Conflict(f"round {round_}: another message was signed for it")
    connection.execute(insert(used).values(id=commitment, round=round_))
    put_blobs(connection, closure)


def prune(connection: Connection, below: int) -> None:
    """Forgets rounds below `below`, which must be excluded by the promise and superseded by a certificate."""
    certified = connection.execute(
        select(schema.certificates.c.round).order_by(schema.certificates.c.round.desc()).limit(1)
    ).scalar_one_or_none()
    if below > promise(connection) or certified is None or below > certified:
        raise Conflict(f"rounds below {below} still bind this member: no promise and certificate above them")
    for table in (schema.observations, schema.proposals, schema.signatures):
        connection.execute(delete(table).where(table.c.round < below))

"""Checkpoints and readings over time, and the families' journals. Functions within a transaction."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from relayer.store import schema
from relayer.store.errors import Conflict


@dataclass(frozen=True, slots=True)
class Point:
    """A chain's checkpoint as recorded: height or slot, block hash (32 bytes), time in the chain's Unix seconds."""

    height: int
    hash: bytes
    time: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a collateral position held at a checkpoint of that time; base units."""

    time: int
    amount: int


def checkpoint(connection: Connection, chain: str) -> Point | None:
    table = schema.checkpoints
    query = select(table.c.height, table.c.hash, table.c.time).where(table.c.chain == chain)
    row = connection.execute(query).first()
    return None if row is None else Point(int(row[0]), row[1], int(row[2]))


def record_checkpoint(connection: Connection, chain: str, point: Point) -> None:
    """Never goes back: a lower height, or another hash at the same height, is a `Conflict`."""
    table = schema.checkpoints
    known = checkpoint(connection, chain)
    values = {"height": point.height, "hash": point.hash, "time": point.time}
    if known is None:
        connection.execute(insert(table).values(chain=chain, **values))
    elif point.height > known.height:
        connection.execute(update(table).where(table.c.chain == chain).values(**values))
    elif point != known:
        raise Conflict(
            f"{chain}: checkpoint {point.height} ({point.hash.hex()}) after {known.height} ({known.hash.hex()}): "
            "a member's checkpoints never go back"
        )


def record_reading(connection: Connection, position: bytes, time: int, amount: int) -> None:
    """Of two readings of one second the smaller one stays: readings bound the collateral from below."""
    table = schema.readings
    here = (table.c.position == position) & (table.c.time == time)
    known = connection.execute(select(table.c.amount).where(here)).scalar_one_or_none()
    packed = amount.to_bytes(32, "big")
    if known is None:
        connection.execute(insert(table).values(position=position, time=time, amount=packed))
    elif packed < known:
        connection.execute(update(table).where(here).values(amount=packed))


def readings(connection: Connection, position: bytes, since: int) -> list[Reading]:
    """From the last one at or before `since` on (where there is one), oldest first."""
    table = schema.readings
    first = select(func.max(table.c.time)).where(table.c.position == position, table.c.time <= since)
    start = connection.execute(first).scalar_one()
    query = select(table.c.time, table.c.amount).where(
        table.c.position == position, table.c.time >= (since if start is None else start)
    )
    return [Reading(int(t), int.from_bytes(a, "big")) for t, a in connection.execute(query.order_by(table.c.time))]


def prune_readings(connection: Connection, before: int) -> None:
    """Forgets, per position, what `readings(position, before)` would not return."""
    table = schema.readings
    last = select(table.c.position, func.max(table.c.time)).where(table.c.time <= before).group_by(table.c.position)
    for position, time in connection.execute(last).all():
        connection.execute(delete(table).where(table.c.position == position, table.c.time < time))


def journal_get(connection: Connection, chain: str, key: str) -> bytes | None:
    table = schema.journal
    query = select(table.c.value).where(table.c.chain == chain, table.c.key == key)
    return connection.execute(query).scalar_one_or_none()


def journal_put(connection: Connection, chain: str, key: str, value: bytes) -> None:
    table = schema.journal
    here = (table.c.chain == chain) & (table.c.key == key)
    if connection.execute(update(table).where(here).values(value=value)).rowcount == 0:
        connection.execute(insert(table).values(chain=chain, key=key, value=value))


def journal_delete(connection: Connection, chain: str, key: str) -> None:
    table = schema.journal
    connection.execute(delete(table).where(table.c.chain == chain, table.c.key == key))


def journal_items(connection: Connection, chain: str, prefix: str) -> list[tuple[str, bytes]]:
    """In the order of the keys' code points."""
    table = schema.journal
    query = select(table.c.key, table.c.value).where(table.c.chain == chain)
    found = [(key, value) for key, value in connection.execute(query) if key.startswith(prefix)]
    return sorted(found)

"""A check value beside every row that binds the member: SQLite finds a broken page, but no flipped byte in a value."""

from sqlalchemy import Connection, select

from chains.hashing import keccak256
from chains.wire import Writer
from relayer.store import schema
from relayer.store.errors import StoreCorrupt


def check(table: str, *fields: int | bytes) -> bytes:
    """First 16 bytes of Keccak-256(table | fields); integers as u64, bytes with their length."""
    writer = Writer().text("table", table)
    for field in fields:
        if isinstance(field, int):
            writer.u64("field", field)
        else:
            writer.blob("field", field)
    return keccak256(bytes(writer))[:16]


def verify(connection: Connection) -> None:
    """Every binding row. Raises `StoreCorrupt`, naming the row."""
    promise = connection.execute(select(schema.promise)).all()
    if len(promise) != 1:
        raise StoreCorrupt(f"{len(promise)} promises recorded, expected one")
    row = promise[0]
    _compare(row.check, check("promise", row.round, row.generation), "the promise")
    for table in (schema.observations, schema.proposals):
        for row in connection.execute(select(table)):
            _compare(row.check, check(table.name, row.round, row.raw), f"{table.name}, round {row.round}")
    for row in connection.execute(select(schema.signatures)):
        expected = check("signatures", row.round, row.message, row.proposal)
        _compare(row.check, expected, f"signatures, round {row.round}")


def _compare(found: bytes, expected: bytes, what: str) -> None:
    if found != expected:
        raise StoreCorrupt(f"{what}: not what was written")

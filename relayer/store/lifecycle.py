"""Making, opening and recovering a store: every way in which it can be unfit is told apart, in one line each."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, insert, inspect, select
from sqlalchemy.engine import URL

from chains.wire import Writer
from relayer.store import schema
from relayer.store.checks import check, verify
from relayer.store.database import SQLITE, Database, engine, parse
from relayer.store.errors import (
    StoreCorrupt,
    StoreExists,
    StoreForeign,
    StoreMissing,
    StoreRefused,
    StoreStale,
    StoreVersion,
)
from relayer.store.files import ProcessLock, Witness, create_private, require_private, set_aside

RECOVER = "recover the store with `ballast store recover` (the member then signs only what the amnesia rule allows)"


@dataclass(frozen=True, slots=True)
class Binding:
    """Whose store it is: `group` 32 bytes, `member` index, `identity` the 32-byte public identity key."""

    group: bytes
    member: int
    identity: bytes

    def __bytes__(self) -> bytes:
        return bytes(Writer().b32("group", self.group).u16("member", self.member).b32("identity", self.identity))


@dataclass(frozen=True, slots=True)
class Amnesia:
    """The member lost what it had signed before `lost_at` (Unix seconds)."""

    lost_at: int
    reason: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What the three ways in have in common."""

    database: Database
    lock: ProcessLock


@dataclass(frozen=True, slots=True)
class Place:
    """The files of a store. `anchor` is the database file (SQLite) or the base name given for the files beside it."""

    url: URL
    anchor: Path

    @property
    def sqlite(self) -> bool:
        return self.url.get_backend_name() == SQLITE

    @property
    def witness(self) -> Path:
        return self.beside("witness")

    @property
    def lock(self) -> Path:
        return self.beside("lock")

    @property
    def name(self) -> str:
        return str(self.anchor)

    def beside(self, what: str) -> Path:
        return self.anchor.with_name(f"{self.anchor.name}.{what}")

    @property
    def data(self) -> list[Path]:
        """What is moved aside together."""
        logs = [self.anchor.with_name(f"{self.anchor.name}-{x}") for x in ("wal", "shm", "journal")]
        return [self.anchor, *logs, self.witness] if self.sqlite else [self.witness]


def place(url: str, files: Path | None) -> Place:
    """`files`: base name of lock and witness where the database is no file. Raises `StoreRefused`."""
    parsed = parse(url)
    if parsed.get_backend_name() == SQLITE:
        anchor = Path(str(parsed.database))
    elif files is None:
        raise StoreRefused("store: a database server needs a local path for the store's lock and witness files")
    else:
        anchor = files
    if not anchor.parent.is_dir():
        raise StoreMissing(f"{anchor.parent} is no directory: create it first")
    return Place(parsed, anchor)


def create(at: Place, binding: Binding, amnesia: Amnesia | None = None) -> Opened:
    """A new store. Raises `StoreExists`, `StoreLocked`, `StoreFailed`."""
    lock = ProcessLock(at.lock)
    try:
        return Opened(_create(at, binding, amnesia), lock)
    except BaseException:
        lock.close()
        raise


def _create(at: Place, binding: Binding, amnesia: Amnesia | None) -> Database:
    for path in at.data:
        if path.exists():
            raise StoreExists(f"{path} exists already: open the store, or move it away if it is not needed")
    if amnesia is None and (aside := sorted(at.anchor.parent.glob(f"{at.anchor.name}*.damaged-*"))):
        raise StoreExists(f"{aside[0]} shows that this member is not new: {RECOVER}")
    if at.sqlite:
        create_private(at.anchor)
    database = Database(engine(at.url), Witness.create(at.witness))
    try:
        with database.transaction() as connection:
            if not at.sqlite and inspect(connection).get_table_names():
                raise StoreExists(f"the database of {at.name} is not empty: open the store, or give it another one")
            schema.metadata.create_all(connection)
            connection.execute(insert(schema.promise).values(id=1, round=0, generation=0, check=check("promise", 0, 0)))
            rows = [("schema", schema.VERSION.to_bytes(4, "big")), ("binding", bytes(binding))]
            connection.execute(insert(schema.meta), [{"key": key, "value": value} for key, value in rows])
            if amnesia is not None:
                row = {"id": 1, "lost_at": amnesia.lost_at, "reason": amnesia.reason}
                connection.execute(insert(schema.amnesia).values(**row))
    except BaseException:
        database.close()
        raise
    return database


def open_existing(at: Place, binding: Binding) -> Opened:
    """Raises the `StoreRefused` that fits."""
    if at.sqlite and not at.anchor.exists():
        raise StoreMissing(f"{at.anchor} does not exist: a new member makes it with ballast store init; else {RECOVER}")
    lock = ProcessLock(at.lock)
    try:
        return Opened(_open(at, binding), lock)
    except BaseException:
        lock.close()
        raise


def _open(at: Place, binding: Binding) -> Database:
    if at.sqlite:
        for path in at.data:
            if path.exists():
                require_private(path)
        _require_sqlite(at.anchor)
    witness = Witness.open(at.witness)
    database = Database(engine(at.url), witness)
    try:
        with database.transaction() as connection:
            _check(connection, at, binding)
            generation = int(connection.execute(select(schema.promise.c.generation)).scalar_one())
        seen = witness.read()
        if generation < seen:
            raise StoreStale(
                f"{at.name} holds {generation} of the {seen} transactions that this member made: it was restored from "
                f"a copy or cut off; {RECOVER}"
            )
        with database.binding():
            pass  # shows that it can be written, before anything depends on it
    except Exception as error:
        database.close()
        raise _refusal(at, error) from error
    return database


def _refusal(at: Place, error: Exception) -> StoreRefused:
    """What kept the store from being opened. A full or failing disk is no reason to give the store up."""
    if isinstance(error, StoreRefused):
        return error
    cause = getattr(error.__cause__, "orig", None) or error.__cause__ or error
    if isinstance(cause, (sqlite3.OperationalError, OSError)):
        return StoreRefused(
            f"{at.name} cannot be read and written ({cause}): free or repair its disk, then start again"
        )
    return StoreCorrupt(f"{at.name} is damaged ({type(cause).__name__}: {cause}): {RECOVER}")


def _require_sqlite(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            raise StoreCorrupt(f"{path} is damaged or no store at all: {RECOVER}")


def _check(connection: Connection, at: Place, binding: Binding) -> None:
    if at.sqlite:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if found != "ok":
            raise StoreCorrupt(f"{at.name} is damaged ({' '.join(str(found).split())}): {RECOVER}")
    tables = set(inspect(connection).get_table_names())
    if schema.meta.name not in tables:
        raise StoreCorrupt(f"{at.name} is no safety store: check the path, or {RECOVER}")
    rows = {row.key: row.value for row in connection.execute(select(schema.meta))}
    version = int.from_bytes(rows.get("schema", b""), "big")
    if version != schema.VERSION:
        made = "an older" if version < schema.VERSION else "a newer"
        raise StoreVersion(
            f"{at.name} was made by {made} version (schema {version}, this one reads {schema.VERSION}): "
            "run the version that made it"
        )
    if missing := sorted(set(schema.metadata.tables) - tables):
        raise StoreCorrupt(f"{at.name} lacks {', '.join(missing)}: {RECOVER}")
    if rows.get("binding") != bytes(binding):
        raise StoreForeign(f"{at.name} belongs to another member or committee: check the store's path and the keystore")
    try:
        verify(connection)
    except StoreCorrupt as error:
        raise StoreCorrupt(f"{at.name} is damaged ({error}): {RECOVER}") from None


def recover(at: Place, binding: Binding, amnesia: Amnesia) -> tuple[Opened, list[Path]]:
    """A new store that knows of its amnesia, and where the old files are now. Deletes nothing."""
    lock = ProcessLock(at.lock)
    try:
        moved = set_aside(at.data, f"damaged-{amnesia.lost_at}")
        return Opened(_create(at, binding, amnesia), lock), moved
    except BaseException:
        lock.close()
        raise

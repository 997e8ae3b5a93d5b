"""The connection: one at a time, every transaction durable when it returns, and none at all after the first failure."""

import contextlib
import threading
from collections.abc import Iterator

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from relayer.store.errors import StoreError, StoreFailed, StoreRefused
from relayer.store.files import Witness
from relayer.store.rounds import count

SQLITE = "sqlite"
POSTGRESQL = "postgresql"


def parse(url: str) -> URL:
    """Raises `StoreRefused`; never shows the URL, which may carry a password."""
    try:
        parsed = make_url(url)
    except SQLAlchemyError:
        raise StoreRefused("store: not a database URL; expected sqlite:///PATH or postgresql://...") from None
    backend = parsed.get_backend_name()
    if backend not in (SQLITE, POSTGRESQL):
        raise StoreRefused(f"store: {backend} is not supported; expected sqlite:///PATH or postgresql://...")
    if backend == SQLITE and parsed.database in (None, "", ":memory:"):
        raise StoreRefused("store: an in-memory database forgets what was signed; expected sqlite:///PATH")
    return parsed


def engine(url: URL) -> Engine:
    """SQLite: WAL, full synchronization, foreign keys, BEGIN IMMEDIATE. PostgreSQL: serializable."""
    if url.get_backend_name() == POSTGRESQL:
        return create_engine(url, isolation_level="SERIALIZABLE", pool_size=1, max_overflow=0)
    made = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False, "timeout": 5})

    @event.listens_for(made, "connect")
    def configure(connection: object, _: object) -> None:
        # sqlite3's own transaction control is switched off, so that BEGIN below is the only one.
        # (SQLAlchemy declares the driver's connection as an object.)
        connection.isolation_level = None  # type: ignore[attr-defined]
        cursor = connection.cursor()  # type: ignore[attr-defined]
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "fullfsync = ON",
            "checkpoint_fullfsync = ON",
            "foreign_keys = ON",
            "trusted_schema = OFF",
            "cell_size_check = ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(made, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return made


class Database:
    """Transactions over one engine, one at a time over all threads.

    What the database or the witness cannot do is `StoreFailed`, and then every later call is too: whether a failed
    commit took effect is known only after opening the store anew.
    """

    def __init__(self, made: Engine, witness: Witness) -> None:
        self._engine = made
        self._witness = witness
        self._lock = threading.RLock()
        self._failure: str | None = None

    @property
    def failure(self) -> str | None:
        """Why the store takes nothing any more, or None."""
        return self._failure

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Committed and durable when it is left without an exception; rolled back, with nothing changed, otherwise."""
        with self._lock:
            if self._failure is not None:
                raise StoreFailed(self._failure)
            try:
                with self._engine.begin() as connection:
                    yield connection
            except (SQLAlchemyError, OSError) as error:
                raise self._failed(error) from error
            except StoreError:
                raise
            except BaseException as error:
                # A bug above, or an interruption that may have met the commit: nobody knows what is recorded.
                self._failed(error)
                raise

    @contextlib.contextmanager
    def binding(self) -> Iterator[Connection]:
        """A transaction that binds the member: counted in the store, then in the witness, before it returns."""
        with self._lock:
            with self.transaction() as connection:
                yield connection
                generation = count(connection)
            try:
                self._witness.follow(generation)
            except OSError as error:
                raise self._failed(error) from error

    def _failed(self, error: BaseException) -> StoreFailed:
        cause = getattr(error, "orig", None) or error
        self._failure = (
            f"the safety store failed ({type(cause).__name__}: {cause}): nothing is signed until that is repaired and "
            "the member restarted"
        )
        return StoreFailed(self._failure)

    def damaged(self, what: str) -> StoreFailed:
        """To be raised where what was read cannot be what was written."""
        return self._failed(OSError(what))

    def close(self) -> None:
        with self._lock:
            self._failure = self._failure or "the safety store is closed"
            self._engine.dispose()
            self._witness.close()

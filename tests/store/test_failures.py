"""Fault D1: a disk that is full or fails. The write is refused, nothing is recorded by halves, and nothing is recorded
after it."""

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chains.hashing import keccak256
from relayer.store.errors import StoreFailed
from relayer.store.lifecycle import Binding
from relayer.store.safety import SafetyStore

BINDING = Binding(keccak256(b"group"), 2, keccak256(b"identity"))
M1, M2 = keccak256(b"message 1"), keccak256(b"message 2")
BIG = os.urandom(1 << 20)


def created(path: Path) -> str:
    url = f"sqlite:///{path}"
    with SafetyStore.create(url, BINDING) as store:
        store.record_signature(1, M1, b"p", b"c1", {})
    return url


WRITES: list[Callable[[SafetyStore], None]] = [
    lambda s: s.raise_promise(9),
    lambda s: s.record_observation(9, b"o"),
    lambda s: s.record_proposal(9, b"p"),
    lambda s: s.record_signature(9, M1, b"p", b"c9", {}),
    lambda s: s.put_blobs({keccak256(b"x"): b"x"}),
    lambda s: s.record_certificate(9, M1, b"c"),
    lambda s: s.record_checkpoint("eip155:1", 1, M1, 1),
    lambda s: s.record_reading(M1, 1, 1),
    lambda s: s.record_dispute("k", 1, 1, b"r"),
    lambda s: s.journal("eip155:1").put("k", b"v"),
    lambda s: s.record_note("k", b"v"),
]


def unusable(store: SafetyStore) -> None:
    assert store.failure is not None
    for write in WRITES:
        with pytest.raises(StoreFailed, match="nothing is signed"):
            write(store)


def unchanged(url: str) -> None:
    with SafetyStore.open(url, BINDING) as store:
        assert store.signed_above(0) == [(1, M1, b"p")]
        assert store.promise() == 1
        store.record_signature(2, M2, b"p", b"c2", {keccak256(BIG): BIG})


def test_database_full(tmp_path: Path) -> None:
    url = created(tmp_path / "s.db")
    with SafetyStore.open(url, BINDING) as store:
        with store._db.transaction() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 5}")
        with pytest.raises(StoreFailed, match="full"):
            store.record_signature(2, M2, b"p", b"c2", {keccak256(BIG): BIG})
        unusable(store)
    unchanged(url)


def test_the_kernel_refuses_to_write(tmp_path: Path) -> None:
    """RLIMIT_FSIZE makes the write-ahead log stop growing in the middle of a transaction (EFBIG)."""
    url = created(tmp_path / "s.db")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with SafetyStore.open(url, BINDING) as store:
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
            with pytest.raises(StoreFailed):
                store.record_signature(2, M2, b"p", b"c2", {keccak256(BIG): BIG})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            signal.signal(signal.SIGXFSZ, previous)
        unusable(store)
    unchanged(url)


def test_locked_by_a_stranger(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    url = created(path)
    with SafetyStore.open(url, BINDING) as store:
        with store._db.transaction() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")
        stranger = sqlite3.connect(path, isolation_level=None)
        stranger.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreFailed, match="locked"):
            store.raise_promise(2)
        stranger.execute("ROLLBACK")
        stranger.close()
        unusable(store)
    unchanged(url)


def test_the_witness_cannot_be_written(tmp_path: Path) -> None:
    """The database has it already, nobody was told: the caller must not go on, and the next run finds it."""
    url = created(tmp_path / "s.db")
    with SafetyStore.open(url, BINDING) as store:
        os.close(store._db._witness._fd)
        store._db._witness._fd = os.open("/dev/full", os.O_RDWR)
        with pytest.raises(StoreFailed, match="No space left"):
            store.record_signature(2, M2, b"p", b"c2", {})
        unusable(store)
    with SafetyStore.open(url, BINDING) as store:
        assert store.signed(2) == M2


FAILING_FSYNC = r"""
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
static int refuse(void) { const char *f = getenv("FAIL_FSYNC"); return f && access(f, F_OK) == 0; }
int fsync(int fd) { (void)fd; if (refuse()) { errno = EIO; return -1; } return 0; }
int fdatasync(int fd) { return fsync(fd); }
"""

CHILD = """
import sys
from pathlib import Path
from relayer.store.errors import StoreFailed
from tests.store.test_failures import BINDING, M2, SafetyStore
store = SafetyStore.open(sys.argv[1], BINDING)
Path(sys.argv[2]).touch()
for attempt in range(2):
    try:
        store.record_signature(2, M2, b"p", b"c2", {})
        print("signed")
    except StoreFailed as error:
        print("failed")
    Path(sys.argv[2]).unlink(missing_ok=True)
"""


def test_a_failed_fsync_is_a_failed_write(tmp_path: Path) -> None:
    """The disk answers EIO to fsync, once; what was written before may be lost, so the store must not go on."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    assert compiler, "a C compiler is needed, as for the project itself"
    source, library, switch = (tmp_path / name for name in ("failing.c", "failing.so", "switch"))
    source.write_text(FAILING_FSYNC)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    url = created(tmp_path / "s.db")
    environment = {**os.environ, "LD_PRELOAD": str(library), "FAIL_FSYNC": str(switch), "PYTHONPATH": str(Path.cwd())}
    child = subprocess.run(
        [sys.executable, "-c", CHILD, url, str(switch)], env=environment, capture_output=True, text=True, check=True
    )
    assert child.stdout.split() == ["failed", "failed"]


def test_a_blob_that_rotted_is_not_handed_out(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    url = created(path)
    with SafetyStore.open(url, BINDING) as store:
        store.put_blobs({keccak256(b"x"): b"x"})
    connection = sqlite3.connect(path)
    connection.execute("update blobs set raw = x'00'")
    connection.commit()
    connection.close()
    with SafetyStore.open(url, BINDING) as store:
        with pytest.raises(StoreFailed, match="does not hash"):
            store.blob(keccak256(b"x"))
        unusable(store)


def test_a_bug_in_the_middle_of_a_transaction_closes_the_store_too(tmp_path: Path) -> None:
    url = created(tmp_path / "s.db")
    with SafetyStore.open(url, BINDING) as store:
        with pytest.raises(OverflowError):
            store.record_reading(M1, 1, -1)
        unusable(store)
    unchanged(url)

"""Creating, opening, recovering: each unfit store is refused with one line that says what to do."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chains.hashing import keccak256
from relayer.store.errors import (
    StoreCorrupt,
    StoreExists,
    StoreExposed,
    StoreForeign,
    StoreLocked,
    StoreMissing,
    StoreRefused,
    StoreStale,
    StoreVersion,
)
from relayer.store.lifecycle import Binding
from relayer.store.safety import SafetyStore

BINDING = Binding(keccak256(b"group"), 2, keccak256(b"identity"))
M1, M2 = keccak256(b"message 1"), keccak256(b"message 2")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "safety.db"


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def fill(path: Path) -> None:
    with SafetyStore.create(url(path), BINDING) as store:
        for round_ in range(1, 6):
            store.record_observation(round_, b"o" * 300)
            store.record_signature(round_, M1, b"p" * 300, b"c%d" % round_, {})


def refused(path: Path, kind: type[StoreRefused], binding: Binding = BINDING) -> str:
    with pytest.raises(StoreRefused) as caught:
        SafetyStore.open(url(path), binding)
    assert type(caught.value) is kind
    message = str(caught.value)
    assert "\n" not in message
    return message


def edit(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_missing(path: Path) -> None:
    assert "ballast store init" in refused(path, StoreMissing)
    assert not path.exists()
    refused(path.parent / "nowhere" / "safety.db", StoreMissing)


def test_an_existing_store_is_never_overwritten(path: Path) -> None:
    fill(path)
    before = path.read_bytes()
    with pytest.raises(StoreExists):
        SafetyStore.create(url(path), BINDING)
    assert path.read_bytes() == before
    with SafetyStore.open(url(path), BINDING) as store:
        assert store.promise() == 5


@pytest.mark.parametrize(
    "bad", ["nonsense", "mysql://h/d", "sqlite://", "sqlite:///:memory:", "postgresql://u:secret@h/d"]
)
def test_unusable_urls_are_refused_without_showing_them(bad: str) -> None:
    for way in (SafetyStore.create, SafetyStore.open):
        with pytest.raises(StoreRefused) as caught:
            way(bad, BINDING)
        assert "secret" not in str(caught.value)


def test_files_are_private(path: Path) -> None:
    previous = os.umask(0)
    try:
        with SafetyStore.create(url(path), BINDING) as store:
            store.raise_promise(1)
            files = sorted(path.parent.iterdir())
            assert {f.name for f in files} >= {"safety.db", "safety.db-wal", "safety.db.witness", "safety.db.lock"}
            assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}
    finally:
        os.umask(previous)
    for name in ("safety.db", "safety.db.witness"):
        path.with_name(name).chmod(0o640)
        assert "chmod 600" in refused(path, StoreExposed)
        path.with_name(name).chmod(0o600)
    SafetyStore.open(url(path), BINDING).close()


def test_a_second_store_in_one_process_is_refused(path: Path) -> None:
    fill(path)
    with SafetyStore.open(url(path), BINDING):
        refused(path, StoreLocked)
        with pytest.raises(StoreLocked):
            SafetyStore.recover(url(path), BINDING, 1, "x")
        with pytest.raises(StoreLocked):
            SafetyStore.create(url(path), BINDING)
    SafetyStore.open(url(path), BINDING).close()


HOLD = """
import sys
from relayer.store.safety import Binding, SafetyStore
store = SafetyStore.open(sys.argv[1], Binding(bytes.fromhex(sys.argv[2]), 2, bytes.fromhex(sys.argv[3])))
print("open", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_refused_until_the_first_is_gone(path: Path) -> None:
    fill(path)
    arguments = [sys.executable, "-c", HOLD, url(path), BINDING.group.hex(), BINDING.identity.hex()]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"open\n"
        assert "another process" in refused(path, StoreLocked)
        child.kill()
    SafetyStore.open(url(path), BINDING).close()


@pytest.mark.parametrize(
    "other",
    [
        Binding(keccak256(b"other"), 2, BINDING.identity),
        Binding(BINDING.group, 3, BINDING.identity),
        Binding(BINDING.group, 2, keccak256(b"other")),
    ],
)
def test_a_store_of_another_member_or_committee(path: Path, other: Binding) -> None:
    fill(path)
    refused(path, StoreForeign, other)
    SafetyStore.open(url(path), BINDING).close()


@pytest.mark.parametrize(("version", "word"), [(0, "older"), (2, "newer")])
def test_another_schema_version(path: Path, version: int, word: str) -> None:
    fill(path)
    edit(path, f"update meta set value = x'{version:08x}' where key = 'schema'")
    assert word in refused(path, StoreVersion)


@pytest.mark.parametrize(
    "damage",
    [
        "drop table observations",
        "drop table promise",
        "drop table meta",
        "delete from promise",
        "delete from meta where key = 'schema'",
        "update promise set round = 1",
        "update promise set generation = 10000",
        "update observations set raw = x'00' where round = 2",
        "update signatures set message = x'00' where round = 2",
        "update signatures set round = 100 where round = 5",
        "update signatures set proposal = 'text' where round = 2",
        "update meta set value = 'text' where key = 'schema'",
    ],
)
def test_contents_that_were_not_written_so(path: Path, damage: str) -> None:
    fill(path)
    edit(path, damage)
    with pytest.raises((StoreCorrupt, StoreVersion)) as caught:
        SafetyStore.open(url(path), BINDING)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\0", b"SQLite format 3\0", b"not a database" * 1000])
def test_something_else_in_its_place(path: Path, content: bytes) -> None:
    fill(path)
    path.write_bytes(content)
    assert "recover" in refused(path, StoreCorrupt)


def test_another_sqlite_database_in_its_place(path: Path) -> None:
    fill(path)
    path.unlink()
    edit(path, "create table shopping (item)")
    path.chmod(0o600)
    assert "no safety store" in refused(path, StoreCorrupt)


def everything(store: SafetyStore) -> tuple[object, ...]:
    return store.promise(), store.signed_above(0), [store.observation(i) for i in range(7)]


def test_cut_anywhere_it_is_refused(path: Path) -> None:
    fill(path)
    whole = path.read_bytes()
    for size in range(0, len(whole), 1021):
        path.write_bytes(whole[:size])
        with pytest.raises((StoreCorrupt, StoreStale)):
            SafetyStore.open(url(path), BINDING)


def test_a_flipped_byte_is_found_or_changes_nothing_that_binds(path: Path) -> None:
    fill(path)
    with SafetyStore.open(url(path), BINDING) as store:
        truth = everything(store)
    files = [path, path.with_name("safety.db.witness")]
    originals = [f.read_bytes() for f in files]
    found = 0
    for file, original in zip(files, originals, strict=True):
        step = 1 if len(original) < 100 else 373
        for at in [*range(min(len(original), 100)), *range(100, len(original), step)]:
            for other, content in zip(files, originals, strict=True):
                other.write_bytes(content)
            file.write_bytes(original[:at] + bytes([original[at] ^ 0x5A]) + original[at + 1 :])
            try:
                with SafetyStore.open(url(path), BINDING) as store:
                    assert everything(store) == truth
            except StoreRefused:
                found += 1
    assert found > 10


def test_restored_from_a_copy_it_is_refused(path: Path) -> None:
    """Fault M3: the copy lacks what was signed since."""
    fill(path)
    copy = path.read_bytes()
    with SafetyStore.open(url(path), BINDING) as store:
        store.record_signature(6, M1, b"p", b"c6", {})
    path.write_bytes(copy)
    assert "restored from a copy" in refused(path, StoreStale)


def test_a_cut_log_is_refused(path: Path, tmp_path: Path) -> None:
    """SQLite takes a torn write-ahead log for the end of it, and silently goes back in time."""
    elsewhere = tmp_path / "crashed"
    elsewhere.mkdir()
    with SafetyStore.create(url(path), BINDING) as store:
        for round_ in range(1, 4):
            store.record_signature(round_, M1, b"p", b"c%d" % round_, {})
        for name in ("safety.db", "safety.db-wal", "safety.db.witness"):  # as after a power cut: the log is not merged
            shutil.copy2(path.with_name(name), elsewhere / name)
    log = (elsewhere / "safety.db-wal").read_bytes()
    pages = {name: (elsewhere / name).read_bytes() for name in ("safety.db", "safety.db.witness")}
    refusals = 0
    for size in [*range(0, len(log), 4099), len(log)]:
        for leftover in elsewhere.iterdir():
            leftover.unlink()
        for name, content in [*pages.items(), ("safety.db-wal", log[:size])]:
            (elsewhere / name).write_bytes(content)
            (elsewhere / name).chmod(0o600)
        try:
            with SafetyStore.open(url(elsewhere / "safety.db"), BINDING) as store:
                assert [r for r, _, _ in store.signed_above(0)] == [1, 2, 3]
        except (StoreStale, StoreCorrupt):
            refusals += 1
    assert refusals >= 5


def test_without_its_witness_it_is_refused(path: Path) -> None:
    fill(path)
    path.with_name("safety.db.witness").unlink()
    assert "witness" in refused(path, StoreStale)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "deleted": lambda path: path.unlink(),
    "damaged": lambda path: path.write_bytes(b"rubbish"),
    "whole": lambda path: None,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_recovery_starts_in_amnesia_and_deletes_nothing(path: Path, damage: str) -> None:
    fill(path)
    DAMAGES[damage](path)
    left = path.read_bytes() if path.exists() else None
    for attempt in range(2):
        with SafetyStore.recover(url(path), BINDING, 1_700_000_000, f"attempt {attempt}") as store:
            assert store.amnesia() is not None
            assert store.promise() == 0
    aside = path.with_name("safety.db.damaged-1700000000")
    assert (aside.read_bytes() if aside.exists() else None) == left
    assert path.with_name("safety.db.damaged-1700000000-1").exists()
    with SafetyStore.open(url(path), BINDING) as store:
        assert store.amnesia() is not None


def test_who_lost_a_store_is_no_new_member(path: Path) -> None:
    """Between moving aside and creating anew a recovery may be cut off: `create` must not forget the loss."""
    fill(path)
    SafetyStore.recover(url(path), BINDING, 1, "x").close()
    for file in (path, path.with_name("safety.db.witness")):
        file.unlink()
    with pytest.raises(StoreExists, match="not new"):
        SafetyStore.create(url(path), BINDING)


def test_durability_settings_are_in_force(path: Path) -> None:
    fill(path)
    with SafetyStore.open(url(path), BINDING) as store, store._db.transaction() as connection:
        asked = {
            p: connection.exec_driver_sql(f"PRAGMA {p}").scalar_one()
            for p in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}

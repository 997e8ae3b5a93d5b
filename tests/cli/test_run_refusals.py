"""What keeps a member from starting, each shown by the program itself as a process: one clear message, an exit code
other than 0, no traceback, and nothing lost."""

import json
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from relayer.store.lifecycle import Binding
from relayer.store.safety import SafetyStore
from tests.cli.member_folder import SITE, Ended, MemberFolder, make
from tests.cli.served import nobody
from tests.verify.round_builder import Rounds, committee_raw, identity


@pytest.fixture
def member(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemberFolder]:
    """A folder with a store that has promised something."""
    from chains.registry import family

    monkeypatch.syspath_prepend(str(SITE))
    family.cache_clear()
    folder = make(tmp_path)
    with SafetyStore.create(f"sqlite:///{folder.store}", binding()) as store:
        store.raise_promise(7)
    yield folder
    family.cache_clear()


def binding(index: int = 1) -> Binding:
    return Binding(Rounds().params.group, index, bytes(identity(index).verify_key))


def refused(ended: Ended) -> str:
    """The one message; nothing else is said but log lines."""
    assert ended.code in (1, 2), ended
    assert "Traceback" not in ended.err
    assert ended.out == ""
    told = [line for line in ended.err.splitlines() if not line.startswith("{")]
    assert len(told) == 1, told
    return told[0]


def _wrong_passphrase(m: MemberFolder) -> None:
    (m.path / "pass").write_text("wrong horse\n")


def _passphrase_for_all(m: MemberFolder) -> None:
    (m.path / "pass").chmod(0o644)


def _truncated_keystore(m: MemberFolder) -> None:
    m.keystore.write_bytes(m.keystore.read_bytes()[:-40])


def _keystore_for_all(m: MemberFolder) -> None:
    m.keystore.chmod(0o644)


def _no_keystore(m: MemberFolder) -> None:
    m.keystore.unlink()


def _no_group(m: MemberFolder) -> None:
    (m.path / "group.json").unlink()


def _keystore_of_another(m: MemberFolder) -> None:
    m.edit(member="m3")


def _no_store(m: MemberFolder) -> None:
    for file in m.path.glob("store.db*"):
        file.unlink()


def _corrupt_store(m: MemberFolder) -> None:
    m.store.write_bytes(b"\0" * 5000)


def _store_for_all(m: MemberFolder) -> None:
    m.store.chmod(0o644)


def _older_store(m: MemberFolder) -> None:
    """A copy from before the last promise is put back; the file that witnesses it stays."""
    copy = m.path / "copy"
    shutil.copy2(m.store, copy)
    with SafetyStore.open(f"sqlite:///{m.store}", binding()) as store:
        store.raise_promise(8)
        store.raise_promise(9)
    for file in (m.path / "store.db-wal", m.path / "store.db-shm"):
        file.unlink(missing_ok=True)
    shutil.copy2(copy, m.store)


def _store_of_another(m: MemberFolder) -> None:
    _no_store(m)
    SafetyStore.create(f"sqlite:///{m.store}", binding(2)).close()


BAD: list[tuple[Callable[[MemberFolder], None], list[str]]] = [
    (_wrong_passphrase, ["keystore", "passphrase"]),
    (_passphrase_for_all, ["pass: others than its owner have access", "chmod 600"]),
    (_truncated_keystore, ["keystore"]),
    (_keystore_for_all, ["keystore: others than its owner have access", "chmod 600"]),
    (_no_keystore, ["keystore: cannot read the keystore"]),
    (_no_group, ["group.json", "No such file"]),
    (_keystore_of_another, ["this is another member's keystore"]),
    (_no_store, ["store.db does not exist"]),
    (_corrupt_store, ["store.db", "recover"]),
    (_store_for_all, ["store.db can be read or written by others", "chmod 600"]),
    (_older_store, ["restored from a copy or cut off", "recover"]),
    (_store_of_another, ["belongs to another member"]),
]


@pytest.mark.parametrize(("spoil", "says"), BAD, ids=[spoil.__name__[1:] for spoil, _ in BAD])
def test_bad_input_is_refused_at_start(
    member: MemberFolder, spoil: Callable[[MemberFolder], None], says: list[str]
) -> None:
    spoil(member)
    before = {file.name: file.read_bytes() for file in member.path.iterdir() if file.suffix in ("", ".toml", ".json")}
    message = refused(member.ballast("run", "--config", member.config))
    for part in says:
        assert part in message
    for name, content in before.items():
        assert (member.path / name).read_bytes() == content


def test_an_error_as_json(member: MemberFolder) -> None:
    _wrong_passphrase(member)
    ended = member.ballast("run", "--config", member.config, "--json")
    assert ended.code == 1
    assert json.loads(ended.out)["error"]["kind"] == "WrongPassphrase"
    assert ended.err == ""


def test_a_store_in_use(member: MemberFolder) -> None:
    with SafetyStore.open(f"sqlite:///{member.store}", binding()) as store:
        assert "another process uses this store" in refused(member.ballast("run", "--config", member.config))
        assert store.promise() == 7


def _taken() -> tuple[socket.socket, int]:
    """A port of 127.0.0.1 that somebody else listens on."""
    listener = socket.create_server(("127.0.0.1", 0))
    return listener, listener.getsockname()[1]


def test_nats_is_down(member: MemberFolder) -> None:
    with nobody() as port:
        member.edit(bus={"urls": [f"nats://127.0.0.1:{port}"]})
        message = refused(member.ballast("run", "--config", member.config))
    assert f"127.0.0.1:{port}" in message
    assert "NATS" in message


def test_the_port_of_the_http_service_is_taken(member: MemberFolder) -> None:
    listener, port = _taken()
    with listener:
        member.edit(http={"listen": f"127.0.0.1:{port}"})
        message = refused(member.ballast("run", "--config", member.config))
    assert f"cannot listen on 127.0.0.1:{port}" in message
    assert "[http] listen" in message


def test_the_port_of_the_embedded_nats_server_is_taken(member: MemberFolder) -> None:
    listener, port = _taken()
    with listener:
        member.edit(bus={"embedded": {"port": port}})
        message = refused(member.ballast("run", "--config", member.config))
    assert str(port) in message


def test_a_configuration_that_is_none(member: MemberFolder) -> None:
    from tests.config.toml_text import write_toml

    write_toml(member.path / "committee.toml", committee_raw(threshold=2, faulty=2))
    ended = member.ballast("run", "--config", member.config)
    assert ended.code == 2
    assert "Traceback" not in ended.err
    assert all("committee.toml: " in line for line in ended.err.splitlines())
    assert "n >= 3f + 1" in ended.err

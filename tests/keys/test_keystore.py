"""Keystore files: what goes in comes out, and nothing else opens."""

import copy
import hashlib
import json
import os
import pickle
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relayer.keystore import (
    INTERACTIVE,
    MODERATE,
    Kdf,
    KeystoreContents,
    KeystoreDamaged,
    KeystoreError,
    KeystoreExists,
    KeystoreExposed,
    KeystoreUnreadable,
    NoSuchKey,
    NotAKeystore,
    PassphraseError,
    Secret32,
    UnknownVersion,
    UnsafeKdf,
    WrongPassphrase,
    read_keystore,
    write_keystore,
)
from tests.keys.dealt_committee import dealt_contents

PASSPHRASE = b"correct horse battery staple"


@pytest.fixture(scope="module")
def contents() -> KeystoreContents:
    return dealt_contents(accounts=("eip155", "eip155:31337", "solana"))[1][1]


@pytest.fixture(scope="module")
def written(contents: KeystoreContents, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a good file; deriving its key takes a moment, so once for all tests."""
    path = tmp_path_factory.mktemp("good") / "keystore.json"
    write_keystore(path, contents, PASSPHRASE, INTERACTIVE)
    return path.read_bytes()


def _placed(tmp_path: Path, data: bytes, mode: int = 0o600) -> Path:
    path = tmp_path / "keystore.json"
    path.write_bytes(data)
    path.chmod(mode)
    return path


def _altered(written: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The file with one thing changed and its checksum made good again."""
    fields = json.loads(written)
    change(fields)
    rest = {name: value for name, value in fields.items() if name != "checksum"}
    canonical = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    fields["checksum"] = hashlib.sha256(canonical.encode()).hexdigest()
    return json.dumps(fields).encode()


def _secrets(contents: KeystoreContents) -> dict[str, object]:
    return {
        "member": contents.member,
        "identity": contents.identity.reveal(),
        "shares": {e: (k.identifier, k.share.reveal(), k.public) for e, k in contents.shares.items()},
        "accounts": {chain: secret.reveal() for chain, secret in contents.accounts.items()},
    }


def test_round_trip(contents: KeystoreContents, tmp_path: Path) -> None:
    path = tmp_path / "keystore.json"
    write_keystore(path, contents, PASSPHRASE, INTERACTIVE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert _secrets(read_keystore(path, PASSPHRASE)) == _secrets(contents)
    assert [p.name for p in tmp_path.iterdir()] == ["keystore.json"]


def test_round_trip_without_shares_and_accounts(tmp_path: Path) -> None:
    fresh = KeystoreContents("new", Secret32(bytes(range(32))))
    path = tmp_path / "keystore.json"
    write_keystore(path, fresh, PASSPHRASE, INTERACTIVE)
    assert _secrets(read_keystore(path, PASSPHRASE)) == _secrets(fresh)


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o277])
def test_mode_does_not_depend_on_the_umask(contents: KeystoreContents, tmp_path: Path, umask: int) -> None:
    path = tmp_path / "keystore.json"
    before = os.umask(umask)
    try:
        write_keystore(path, contents, PASSPHRASE, INTERACTIVE)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_secret_is_in_the_clear(contents: KeystoreContents, written: bytes) -> None:
    for secret in (
        contents.identity.reveal(),
        contents.share(1).share.reveal(),
        *(s.reveal() for s in contents.accounts.values()),
        PASSPHRASE,
    ):
        assert secret not in written
        assert secret.hex().encode() not in written


def test_each_file_has_its_own_salt_and_nonce(contents: KeystoreContents, written: bytes, tmp_path: Path) -> None:
    write_keystore(tmp_path / "again", contents, PASSPHRASE, INTERACTIVE)
    one, two = json.loads(written), json.loads((tmp_path / "again").read_bytes())
    assert one["kdf"]["salt"] != two["kdf"]["salt"]
    assert one["cipher"]["nonce"] != two["cipher"]["nonce"]


def test_the_default_cost_is_moderate(contents: KeystoreContents, tmp_path: Path) -> None:
    path = tmp_path / "keystore.json"
    write_keystore(path, contents, PASSPHRASE)
    kdf = json.loads(path.read_bytes())["kdf"]
    assert (kdf["opslimit"], kdf["memlimit"]) == (MODERATE.opslimit, MODERATE.memlimit) == (3, 256 << 20)


@pytest.mark.parametrize("passphrase", [b"wrong", b"", PASSPHRASE + b" ", PASSPHRASE[:-1]])
def test_wrong_passphrase(written: bytes, tmp_path: Path, passphrase: bytes) -> None:
    with pytest.raises(WrongPassphrase, match=r"keystore\.json"):
        read_keystore(_placed(tmp_path, written), passphrase)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o606, 0o610, 0o601, 0o777])
def test_a_file_others_have_access_to(written: bytes, tmp_path: Path, mode: int) -> None:
    with pytest.raises(KeystoreExposed, match="chmod 600"):
        read_keystore(_placed(tmp_path, written, mode), PASSPHRASE)


def test_a_stricter_mode_is_fine(written: bytes, tmp_path: Path) -> None:
    assert read_keystore(_placed(tmp_path, written, 0o400), PASSPHRASE).member == "m2"


@pytest.mark.parametrize("part", [0.0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.999])
def test_truncated(written: bytes, tmp_path: Path, part: float) -> None:
    with pytest.raises(KeystoreDamaged, match="cut off or altered"):
        read_keystore(_placed(tmp_path, written[: int(part * (len(written) - 1))]), PASSPHRASE)


def test_every_flipped_byte_is_noticed(written: bytes, tmp_path: Path) -> None:
    for at in range(0, len(written) - 1, 37):
        changed = written[:at] + bytes([written[at] ^ 1]) + written[at + 1 :]
        with pytest.raises((KeystoreDamaged, NotAKeystore, UnknownVersion)):
            read_keystore(_placed(tmp_path, changed), PASSPHRASE)


def test_altered_ciphertext_does_not_open_even_with_a_good_checksum(written: bytes, tmp_path: Path) -> None:
    def change(fields: dict[str, Any]) -> None:
        last = int(fields["ciphertext"][-1], 16) ^ 1
        fields["ciphertext"] = fields["ciphertext"][:-1] + f"{last:x}"

    with pytest.raises(WrongPassphrase):
        read_keystore(_placed(tmp_path, _altered(written, change)), PASSPHRASE)


@pytest.mark.parametrize("data", [b"hello", b"[]", b"1", b'{"a": 1}', b"\x00\x01", b"[" * 100_000, b"-----BEGIN"])
def test_not_a_keystore(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(NotAKeystore):
        read_keystore(_placed(tmp_path, data), PASSPHRASE)


@pytest.mark.parametrize("version", [0, 2, "1", None, 10**30])
def test_unknown_version(written: bytes, tmp_path: Path, version: object) -> None:
    changed = _altered(written, lambda fields: fields.update(version=version))
    with pytest.raises(UnknownVersion):
        read_keystore(_placed(tmp_path, changed), PASSPHRASE)


@pytest.mark.parametrize(
    ("opslimit", "memlimit"),
    [(1, 256 << 20), (0, 256 << 20), (17, 256 << 20), (3, 1 << 20), (3, 2 << 30), (2**31, 2**40), (-1, -1)],
)
def test_absurd_kdf_parameters_are_refused_before_they_are_used(
    written: bytes, tmp_path: Path, opslimit: int, memlimit: int
) -> None:
    changed = _altered(written, lambda fields: fields["kdf"].update(opslimit=opslimit, memlimit=memlimit))
    with pytest.raises(UnsafeKdf, match=r"keystore\.json"):
        read_keystore(_placed(tmp_path, changed), PASSPHRASE)
    with pytest.raises(UnsafeKdf):
        Kdf(opslimit, memlimit)


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.pop("cipher"),
        lambda f: f.update(extra=1),
        lambda f: f["kdf"].update(name="pbkdf2"),
        lambda f: f["kdf"].update(salt="00"),
        lambda f: f["kdf"].update(opslimit="3"),
        lambda f: f["cipher"].update(nonce="zz" * 24),
        lambda f: f.update(ciphertext=""),
        lambda f: f.update(ciphertext="abc"),
    ],
)
def test_malformed_fields(written: bytes, tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    with pytest.raises(KeystoreDamaged):
        read_keystore(_placed(tmp_path, _altered(written, change)), PASSPHRASE)


def test_not_there_or_no_file(tmp_path: Path) -> None:
    with pytest.raises(KeystoreUnreadable, match="absent"):
        read_keystore(tmp_path / "absent", PASSPHRASE)
    with pytest.raises(KeystoreUnreadable):
        read_keystore(tmp_path, PASSPHRASE)
    with pytest.raises(NotAKeystore, match="regular"):
        read_keystore(Path("/dev/null"), PASSPHRASE)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = _placed(tmp_path, b"")
    os.truncate(path, 1 << 30)
    with pytest.raises(NotAKeystore, match="larger"):
        read_keystore(path, PASSPHRASE)


def test_an_existing_file_is_kept(contents: KeystoreContents, tmp_path: Path) -> None:
    path = _placed(tmp_path, b"precious")
    with pytest.raises(KeystoreExists):
        write_keystore(path, contents, PASSPHRASE, INTERACTIVE)
    assert path.read_bytes() == b"precious"
    write_keystore(path, contents, PASSPHRASE, INTERACTIVE, overwrite=True)
    assert read_keystore(path, PASSPHRASE).member == contents.member
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("step", ["fsync", "link", "rename"])
def test_a_failed_write_leaves_the_old_file(
    contents: KeystoreContents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, overwrite: bool
) -> None:
    path = tmp_path / "keystore.json"
    if overwrite:
        path.write_bytes(b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    if step == "rename":
        monkeypatch.setattr(Path, "replace", fail)
    else:
        monkeypatch.setattr(os, step, fail)
    fails = step == "fsync" or (step == "rename") is overwrite
    if fails:
        with pytest.raises(KeystoreUnreadable, match="No space left"):
            write_keystore(path, contents, PASSPHRASE, INTERACTIVE, overwrite=overwrite)
        assert [p.read_bytes() for p in tmp_path.iterdir()] == ([b"old"] if overwrite else [])
    else:
        write_keystore(path, contents, PASSPHRASE, INTERACTIVE, overwrite=overwrite)


def test_file_and_folder_are_synced_in_order(
    contents: KeystoreContents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events, sync, move = [], os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        events.append("sync folder" if folder else "sync file")
        sync(descriptor)

    def rename(self: Path, target: Path) -> Path:
        events.append("rename")
        return move(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", rename)
    write_keystore(tmp_path / "keystore.json", contents, PASSPHRASE, INTERACTIVE, overwrite=True)
    assert events == ["sync file", "rename", "sync folder"]


def test_no_folder_to_write_to(contents: KeystoreContents, tmp_path: Path) -> None:
    with pytest.raises(KeystoreUnreadable, match="cannot write"):
        write_keystore(tmp_path / "absent" / "keystore.json", contents, PASSPHRASE, INTERACTIVE)


def test_an_empty_passphrase_seals_nothing(contents: KeystoreContents, tmp_path: Path) -> None:
    with pytest.raises(PassphraseError):
        write_keystore(tmp_path / "keystore.json", contents, b"", INTERACTIVE)
    assert not list(tmp_path.iterdir())


def test_shares_and_accounts_are_looked_up(contents: KeystoreContents) -> None:
    assert contents.share(1).identifier == 2
    with pytest.raises(NoSuchKey, match="epoch 2"):
        contents.share(2)
    assert contents.account("eip155:31337").reveal() == contents.accounts["eip155:31337"].reveal()
    assert contents.account("eip155:1").reveal() == contents.accounts["eip155"].reveal()
    with pytest.raises(NoSuchKey, match="cosmos:hub"):
        contents.account("cosmos:hub")


def test_a_share_is_added_but_never_replaced(contents: KeystoreContents) -> None:
    other = dealt_contents(epoch=2)[1][1].share(2)
    both = contents.with_share(2, other)
    assert sorted(both.shares) == [1, 2]
    assert sorted(contents.shares) == [1]
    with pytest.raises(KeystoreExists):
        both.with_share(1, other)
    assert both.with_account("cosmos:hub", Secret32(bytes(32))).account("cosmos:hub").reveal() == bytes(32)


def test_two_epochs_round_trip(contents: KeystoreContents, tmp_path: Path) -> None:
    both = contents.with_share(2, dealt_contents(epoch=2)[1][1].share(2))
    write_keystore(tmp_path / "k", both, PASSPHRASE, INTERACTIVE)
    assert _secrets(read_keystore(tmp_path / "k", PASSPHRASE)) == _secrets(both)


def test_a_malformed_account_name_does_not_come_back(contents: KeystoreContents, tmp_path: Path) -> None:
    wrong = replace(contents, accounts={"EIP155": Secret32(bytes(32))})
    write_keystore(tmp_path / "k", wrong, PASSPHRASE, INTERACTIVE)
    with pytest.raises(KeystoreDamaged, match="not in order") as caught:
        read_keystore(tmp_path / "k", PASSPHRASE)
    assert wrong.identity.reveal().hex() not in str(caught.value)


def test_the_identity_signs(contents: KeystoreContents) -> None:
    signed = contents.signing_key.sign(b"hello")
    assert contents.signing_key.verify_key.verify(signed) == b"hello"
    assert bytes(contents.signing_key.verify_key) == contents.verify_key


def test_secrets_are_not_shown_copied_or_pickled(contents: KeystoreContents) -> None:
    shown = f"{contents!r} {contents} {contents.identity!r} {contents.accounts}"
    hidden = [contents.identity.reveal(), contents.share(1).share.reveal()]
    hidden += [s.reveal() for s in contents.accounts.values()]
    for secret in hidden:
        assert secret.hex() not in shown
        assert repr(secret) not in shown
    for copying in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            copying(contents.identity)
    for copying in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            copying(contents)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_secrets_have_32_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="32"):
        Secret32(bytes(size))


def test_every_error_is_a_keystore_error() -> None:
    kinds = (KeystoreDamaged, KeystoreExists, KeystoreExposed, KeystoreUnreadable, NoSuchKey, NotAKeystore)
    for kind in (*kinds, PassphraseError, UnknownVersion, UnsafeKdf, WrongPassphrase):
        assert issubclass(kind, KeystoreError)

"""`ballast keys identity`, `account`, `deal` and `show`."""

import stat
import tomllib
from pathlib import Path

import pytest

from relayer.group import decode_group
from relayer.keystore import INTERACTIVE, KeystoreContents, Secret32, read_keystore, write_keystore
from tests.cli.conftest import Ballast
from tests.config.config_samples import Raw, committee_raw, edited
from tests.config.toml_text import write_toml

PASSPHRASE = b"correct horse"


@pytest.fixture
def source(folder: Path) -> str:
    return f"file:{folder / 'pass'}"


@pytest.fixture
def roster(folder: Path) -> Path:
    """A devnet's committee.toml before there are keys, chains and routes."""
    return write_toml(folder / "roster.toml", roster_raw())


def roster_raw() -> Raw:
    members = [{"name": name} for name in "abcd"]
    return {"network": "devnet", "epoch": 1, "faulty": 1, "threshold": 3, "members": members}


def test_deal_makes_all_keys_of_a_devnet(ballast: Ballast, folder: Path, roster: Path, source: str) -> None:
    out = folder / "keys"
    command = ("keys", "deal", "--committee", roster, "--out", out, "--passphrase", source)
    result = ballast(*command, "--account", "toy", "--json")
    assert (result.code, result.err) == (0, "")
    data = result.data
    group = decode_group((out / "group.json").read_text())
    package = group.package
    assert (group.epoch, package.threshold, package.size) == (1, 3, 4)
    assert (data["epoch"], data["group_key"]) == (1, package.group.point33.hex())
    assert (data["px"], data["parity"]) == (package.group.px.hex(), package.group.parity)
    assert sorted(file.name for file in out.iterdir()) == [*(f"{name}.keystore" for name in "abcd"), "group.json"]
    for i, (name, shown) in enumerate(zip("abcd", data["members"], strict=True), start=1):
        file = out / f"{name}.keystore"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        contents = read_keystore(file, PASSPHRASE)
        assert (contents.member, contents.share(1).identifier, contents.share(1).public) == (name, i, package)
        assert shown["identity"] == contents.verify_key.hex()
        assert shown["keystore"] == str(file)
        assert set(shown["accounts"]) == {"toy"}
        assert contents.identity.reveal().hex() not in result.out
        assert contents.share(1).share.reveal().hex() not in result.out


def test_what_deal_prints_completes_the_committee_file(
    ballast: Ballast, folder: Path, roster: Path, source: str
) -> None:
    out = folder / "keys"
    result = ballast("keys", "deal", "--committee", roster, "--out", out, "--passphrase", source)
    assert result.code == 0
    members = tomllib.loads(result.out)["members"]
    complete = write_toml(folder / "complete.toml", edited(committee_raw(), "members", members))
    assert ballast("config", "check", complete).code == 0
    shown = ballast("keys", "show", out / "c.keystore", "--passphrase", source, "--json").data
    assert shown["identity"] == members[2]["identity"]
    assert [share["epoch"] for share in shown["shares"]] == [1]


@pytest.mark.parametrize("network", ["testnet", "mainnet"])
def test_deal_refuses_anything_but_a_devnet(ballast: Ballast, folder: Path, source: str, network: str) -> None:
    file = write_toml(folder / "real.toml", edited(roster_raw(), "network", network))
    result = ballast("keys", "deal", "--committee", file, "--out", folder / "keys", "--passphrase", source)
    assert result.code == 2
    assert f'network "{network}"' in result.err
    assert not (folder / "keys").exists()


def test_deal_refuses_members_that_have_an_identity(ballast: Ballast, folder: Path, source: str) -> None:
    command = ("keys", "deal", "--committee", folder / "committee.toml", "--out", folder / "keys")
    result = ballast(*command, "--passphrase", source)
    assert result.code == 2
    assert [line.split(": ")[1] for line in result.err.splitlines()] == [f"members[{i}].identity" for i in range(4)]
    assert not (folder / "keys").exists()


def test_deal_refuses_a_roster_that_is_not_sound(ballast: Ballast, folder: Path, source: str) -> None:
    file = write_toml(folder / "bad.toml", edited(roster_raw(), "threshold", 4))
    result = ballast("keys", "deal", "--committee", file, "--out", folder / "keys", "--passphrase", source)
    assert result.code == 2
    assert "threshold: t <= n - f must hold" in result.err


@pytest.mark.parametrize("there", ["group.json", "c.keystore"])
def test_deal_overwrites_nothing(ballast: Ballast, folder: Path, roster: Path, source: str, there: str) -> None:
    out = folder / "keys"
    out.mkdir()
    (out / there).write_text("precious")
    result = ballast("keys", "deal", "--committee", roster, "--out", out, "--passphrase", source)
    assert result.code == 1
    assert str(out / there) in result.err
    assert "nothing was written" in result.err
    assert [(file.name, file.read_text()) for file in out.iterdir()] == [(there, "precious")]


def test_each_member_may_have_a_passphrase_of_its_own(ballast: Ballast, folder: Path, roster: Path) -> None:
    for name in "abcd":
        (folder / f"{name}.pass").touch(0o600)
        (folder / f"{name}.pass").write_text(f"of {name}")
    command = ("keys", "deal", "--committee", roster, "--out", folder / "keys", "--passphrase")
    assert ballast(*command, f"file:{folder}/{{member}}.pass").code == 0
    assert read_keystore(folder / "keys" / "c.keystore", b"of c").member == "c"


def test_half_a_committee_is_not_left_behind(ballast: Ballast, folder: Path, roster: Path) -> None:
    for name in "ab":
        (folder / f"{name}.pass").touch(0o600)
        (folder / f"{name}.pass").write_text(f"of {name}")
    command = ("keys", "deal", "--committee", roster, "--out", folder / "keys", "--passphrase")
    result = ballast(*command, f"file:{folder}/{{member}}.pass")
    assert result.code == 1
    assert "c.pass" in result.err
    assert list((folder / "keys").iterdir()) == []


def test_identity_makes_a_keystore_and_prints_its_entry(ballast: Ballast, folder: Path, source: str) -> None:
    file = folder / "zoe.keystore"
    command = ("keys", "identity", "--member", "zoe", "--out", file, "--passphrase", source)
    result = ballast(*command, "--account", "toy:1")
    assert (result.code, result.err) == (0, f"wrote {file}\n")
    contents = read_keystore(file, PASSPHRASE)
    assert tomllib.loads(result.out) == {"members": [{"name": "zoe", "identity": contents.verify_key.hex()}]}
    assert "# pays on toy:1: " in result.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    again = ballast(*command)
    assert again.code == 1
    assert "there already" in again.err
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["--member", "a b", "--out", "x"], 2, "--member: must be 1 to 64"),
        (["--member", "a", "--out", "x", "--account", "new"], 2, "no chain family for 'new'"),
        (["--member", "a", "--out", "x", "--account", ":"], 2, "no CAIP-2 chain id"),
        (["--member", "a", "--out", "no/such/x"], 1, "no/such/x: cannot write the keystore"),
    ],
)
def test_identity_refuses_what_it_cannot_make(
    ballast: Ballast, folder: Path, source: str, arguments: list[str], code: int, part: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(folder)
    result = ballast("keys", "identity", *arguments, "--passphrase", source)
    assert result.code == code
    assert part in result.err
    assert not (folder / "x").exists()


@pytest.fixture
def keystore(folder: Path) -> Path:
    """A keystore of one identity, derived at the least cost."""
    file = folder / "zoe.keystore"
    write_keystore(file, KeystoreContents("zoe", Secret32(b"\x07" * 32)), PASSPHRASE, INTERACTIVE)
    return file


def test_accounts_are_added_or_imported_but_never_replaced(
    ballast: Ballast, folder: Path, keystore: Path, source: str
) -> None:
    secret = "5e" * 32
    (folder / "secret").touch(0o600)
    (folder / "secret").write_text(f"0x{secret}\n")
    command = ("keys", "account", keystore, "--passphrase", source, "--chain")
    made = ballast(*command, "toy")
    imported = ballast(*command, "toy:7", "--import", f"file:{folder / 'secret'}")
    assert (made.code, imported.code) == (0, 0)
    accounts = read_keystore(keystore, PASSPHRASE).accounts
    assert accounts["toy:7"].reveal().hex() == secret
    # The address of the toy family is the secret itself, in hex.
    assert made.out == accounts["toy"].reveal().hex() + "\n"
    again = ballast(*command, "toy", "--json")
    assert again.code == 1
    assert "may hold funds" in again.data["error"]["message"]


def test_show_prints_what_is_public(ballast: Ballast, folder: Path, source: str) -> None:
    file = folder / "x.keystore"
    contents = KeystoreContents("zoe", Secret32(b"\x07" * 32), accounts={"toy": Secret32(b"\x5e" * 32)})
    write_keystore(file, contents, PASSPHRASE, INTERACTIVE)
    shown = ballast("keys", "show", file, "--passphrase", source)
    assert shown.out.splitlines() == [
        "member   zoe",
        f"identity {contents.verify_key.hex()}",
        f"account  toy {'5e' * 32}",
    ]


@pytest.mark.parametrize("text", ["12", "zz" * 32, "5e" * 33, "5e" * 31 + "é"])
def test_an_import_that_is_no_secret_is_refused_without_repeating_it(
    ballast: Ballast, folder: Path, keystore: Path, source: str, text: str
) -> None:
    (folder / "secret").touch(0o600)
    (folder / "secret").write_text(text, "utf-8")
    command = ("keys", "account", keystore, "--passphrase", source, "--chain", "toy")
    before = keystore.read_bytes()
    result = ballast(*command, "--import", f"file:{folder / 'secret'}")
    assert (result.code, result.err) == (2, "error: --import: the source does not hold a secret of 64 hex digits\n")
    assert keystore.read_bytes() == before


def test_a_keystore_that_does_not_open_is_one_message(ballast: Ballast, folder: Path, keystore: Path) -> None:
    (folder / "wrong").touch(0o600)
    (folder / "wrong").write_text("battery staple")

    def error(file: Path, phrase: str) -> dict[str, str]:
        result = ballast("keys", "show", file, "--passphrase", f"file:{folder / phrase}", "--json")
        assert (result.code, result.err) == (1, "")
        found: dict[str, str] = result.data["error"]
        return found

    assert error(keystore, "wrong")["kind"] == "WrongPassphrase"
    assert error(folder / "gone", "pass")["kind"] == "KeystoreUnreadable"
    assert error(keystore, "gone")["kind"] == "PassphraseError"
    keystore.chmod(0o644)
    assert error(keystore, "pass")["kind"] == "KeystoreExposed"
    keystore.chmod(0o600)
    keystore.write_bytes(keystore.read_bytes()[:-40])
    assert error(keystore, "pass")["kind"] == "KeystoreDamaged"


def test_a_passphrase_as_an_argument_is_refused_and_not_repeated(ballast: Ballast, keystore: Path) -> None:
    result = ballast("keys", "show", keystore, "--passphrase", "hunter2")
    assert result.code == 1
    assert "hunter2" not in result.err

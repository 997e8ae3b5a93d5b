"""A member's own file, and the committee files that it names."""

from pathlib import Path
from typing import Any

import pytest

from relayer.agreement.params import Params
from relayer.config.errors import ConfigError
from relayer.config.member import MemberConfig, load_member, normal_url
from tests.config.config_samples import Raw, committee_raw, edited, member_raw
from tests.config.toml_text import write_toml

Files = tuple[Raw, Raw]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_toml(tmp_path / "committee.toml", committee_raw())
    return tmp_path


def load(folder: Path, raw: Raw) -> MemberConfig:
    return load_member(write_toml(folder / "member.toml", raw))


def findings(folder: Path, raw: Raw) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        load(folder, raw)
    except ConfigError as error:
        for finding in error.findings:
            found[finding.path] = found.get(finding.path, "") + finding.message + "\n"
    return found


def test_a_member_knows_its_place_its_files_and_its_committee(folder: Path) -> None:
    config = load(folder, member_raw())
    assert config.index == 1
    assert isinstance(config.committee.params(), Params)
    assert config.member.group == folder / "group.json"
    assert config.member.keystore.path == folder / "b.keystore"
    assert config.member.keystore.passphrase == f"file:{folder / 'b.pass'}"
    assert config.store_url() == f"sqlite:///{folder / 'b.db'}"
    assert config.member.http.listen == "127.0.0.1:9360"
    assert (config.member.log.level, config.member.log.format) == ("info", "json")
    assert config.chain_options("toy:2").model_dump()["endpoints"][0]["patience"] == 1
    assert config.warnings == ()


def test_paths_start_beside_the_file_wherever_the_process_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_toml(folder / "member.toml", member_raw())
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    assert load_member(Path("../member.toml")).member.keystore.path.resolve() == folder.resolve() / "b.keystore"
    absolute = edited(member_raw(), "keystore/path", "/srv/keys/b")
    assert load(folder, absolute).member.keystore.path == Path("/srv/keys/b")


@pytest.mark.parametrize(
    ("edit", "value", "path", "part"),
    [
        ("member", "x", "member", "'x' is no member of 'sample'"),
        ("member", ..., "member", "missing"),
        ("committee", 3, "committee", "not 3"),
        ("committee", "", "committee", "path of a file"),
        ("keystore/passphrase", "hunter2", "keystore.passphrase", "a passphrase itself never stands here"),
        ("keystore/passphrase", "fd:x", "keystore.passphrase", '"fd:NUMBER"'),
        ("keystore/passphrase", "file:", "keystore.passphrase", '"file:PATH"'),
        ("keystore/passphrse", "x", "keystore.passphrse", "did you mean 'passphrase'?"),
        ("store/url", "mysql://x", "store.url", "must begin with sqlite:///"),
        ("store/url", "postgresql://db/x", "store.url", "must begin with sqlite:///"),
        ("store/url", "", "store.url", "env:NAME"),
        ("store", {}, "store.url", "missing"),
        ("bus/urls", ["http://x"], "bus.urls[0]", "must be nats://HOST:PORT"),
        ("bus/urls", ["nats://user:secret@x:1"], "bus.urls[0]", "without user or password"),
        ("bus/urls", "nats://x", "bus.urls", "valid tuple"),
        ("bus/urls", [], "bus.urls", "give either urls or [bus.embedded]"),
        ("bus/embedded", {"port": 4222}, "bus.urls", "give either urls or [bus.embedded]"),
        ("bus/user", "u", "bus.user", "user and password_file belong together"),
        ("bus/tls_key", "k.pem", "bus.tls_cert", "tls_cert and tls_key belong together"),
        ("http", {"listen": "9360"}, "http.listen", "HOST:PORT"),
        ("http", {"listen": "x:99999"}, "http.listen", "HOST:PORT"),
        ("log", {"level": "loud"}, "log.level", "'debug', 'info'"),
        ("log", {"colour": True}, "log.colour", "unknown key"),
        ("chains/toy:3", ..., 'chains."toy:3"', "this member needs endpoints"),
        ("chains/toy:33", {"endpoints": [{"url": "u"}]}, 'chains."toy:33"', "the committee has no such chain"),
        ("chains/toy:3", {"endpoint": []}, 'chains."toy:3".endpoint', "did you mean 'endpoints'?"),
        ("chains/toy:3/endpoints/0/ulr", "x", 'chains."toy:3".endpoints[0].ulr', "did you mean 'url'?"),
        ("chains/toy:3/endpoints/0/patience", 0, 'chains."toy:3".endpoints[0].patience', "equal to 1, not 0"),
        ("chains/toy:3/endpoints", [], 'chains."toy:3".endpoints', "at least 1"),
    ],
)
def test_each_error_is_found_at_its_path(folder: Path, edit: str, value: Any, path: str, part: str) -> None:
    found = findings(folder, edited(member_raw(), edit, value))
    assert path in found
    assert part in found[path]


def test_two_ways_of_access_to_the_bus_are_one_too_many(folder: Path) -> None:
    raw = edited(edited(member_raw(), "bus/credentials", "a.creds"), "bus/token_file", "t")
    assert "one of credentials, user and token_file" in findings(folder, raw)["bus"]


def test_access_to_the_bus_is_what_the_bus_takes(folder: Path) -> None:
    from relayer.bus.access import NatsOptions

    raw = edited(edited(member_raw(), "bus/credentials", "a.creds"), "bus/tls_first", True)
    options = NatsOptions(**load(folder, raw).member.bus.access())
    assert (options.urls, options.credentials, options.tls_first) == (
        ("nats://127.0.0.1:4222",),
        folder / "a.creds",
        True,
    )
    embedded = load(folder, edited(member_raw(), "bus", {"embedded": {}})).member.bus
    assert embedded.embedded is not None
    assert embedded.embedded.port == 4222


def test_all_errors_of_all_files_come_at_once(folder: Path) -> None:
    write_toml(folder / "committee.toml", edited(committee_raw(), "faulty", 2))
    write_toml(folder / "old.toml", edited(committee_raw(), "slot", 0))
    raw = edited(member_raw(), "previous", ["old.toml", "older.toml"])
    raw["log"] = {"format": "xml"}
    raw["chains"]["toy:1"]["endpoints"].append({"uri": "x"})
    with pytest.raises(ConfigError) as caught:
        load(folder, raw)
    assert {(Path(file).name, finding.path) for file, finding in caught.value.all()} == {
        ("member.toml", "log.format"),
        ("member.toml", 'chains."toy:1".endpoints[1].url'),
        ("member.toml", 'chains."toy:1".endpoints[1].uri'),
        ("committee.toml", "faulty"),
        ("committee.toml", "threshold"),
        ("old.toml", "slot"),
        ("older.toml", ""),
    }


def test_duplicate_endpoints_are_found_beside_other_errors(folder: Path) -> None:
    raw = member_raw()
    raw["chains"]["toy:1"]["endpoints"] = [
        {"url": "https://one.example/v1"},
        {"url": "HTTPS://One.Example:443/v1/", "patience": 0},
    ]
    found = findings(folder, raw)
    assert found.keys() == {'chains."toy:1".endpoints[1].patience', 'chains."toy:1".endpoints[1].url'}
    assert "the same endpoint as" in found['chains."toy:1".endpoints[1].url']


def test_urls_are_compared_by_where_they_lead() -> None:
    assert normal_url("http://A.example:80/x/") == normal_url("HTTP://a.example/x")
    assert normal_url("https://a.example") != normal_url("https://a.example:8443")
    assert normal_url("https://a.example/X") != normal_url("https://a.example/x")
    assert normal_url("https://a.example?key=1") != normal_url("https://a.example?key=2")
    assert normal_url("env:A") == "env:A"


def test_previous_configurations_must_lead_here(folder: Path) -> None:
    write_toml(folder / "old.toml", committee_raw())
    raw = edited(member_raw(), "previous", ["old.toml"])
    assert "from_round must be later" in findings(folder, raw)["committee"]
    write_toml(folder / "committee.toml", edited(committee_raw(), "from_round", 1))
    assert [old.from_round for old in load(folder, raw).previous] == [0]


SECRET = "s3cr3t-value"


def test_no_secret_shows_in_a_configuration_or_an_error(folder: Path) -> None:
    raw = edited(member_raw(), "store/url", f"sqlite:///{SECRET}.db")
    endpoint = raw["chains"]["toy:1"]["endpoints"][0]
    endpoint |= {"url": f"https://{SECRET}.example", "headers": {"x-api-key": SECRET}}
    config = load(folder, raw)
    assert config.store_url().count(SECRET) == 1
    assert SECRET not in repr(config) + str(config.member) + config.member.model_dump_json()
    endpoint |= {"patience": 0}
    raw["chains"]["toy:2"]["endpoints"][0]["headers"] = {"x-api-key": 271828182}
    raw["chains"]["toy:3"]["endpoints"] = [SECRET]
    raw["keystore"]["passphrase"] = SECRET
    raw["bus"]["urls"] = [f"nats://u:{SECRET}@x"]
    raw["store"]["url"] = f"oracle://u:{SECRET}@x"
    with pytest.raises(ConfigError) as caught:
        load(folder, raw)
    assert len(caught.value.findings) == 6
    assert SECRET not in str(caught.value)
    assert "271828182" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_secrets_come_from_the_environment_and_from_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BALLAST_TEST_STORE", "sqlite:////var/one.db\n")
    assert (
        load(folder, edited(member_raw(), "store/url", "env:BALLAST_TEST_STORE")).store_url() == "sqlite:////var/one.db"
    )
    monkeypatch.delenv("BALLAST_TEST_STORE")
    config = load(folder, edited(member_raw(), "store/url", "env:BALLAST_TEST_STORE"))
    with pytest.raises(ConfigError, match=r"store\.url: the environment variable BALLAST_TEST_STORE is not set"):
        config.store_url()
    config = load(folder, edited(member_raw(), "store/url", "file:db.url"))
    with pytest.raises(ConfigError, match=r"store\.url: cannot read .*db\.url \(FileNotFoundError\)"):
        config.store_url()
    (folder / "db.url").write_text("")
    with pytest.raises(ConfigError, match=r"db\.url is empty"):
        config.store_url()
    (folder / "db.url").write_text("sqlite:////var/two.db\n")
    assert config.store_url() == "sqlite:////var/two.db"


def test_files_named_in_a_familys_options_start_beside_the_file(folder: Path) -> None:
    raw = edited(member_raw(), "chains/toy:1/endpoints/0/headers", {"authorization": "file:token", "accept": "any"})
    made: Any = load(folder, raw).chain_options("toy:1")
    shown = {key: value.get_secret_value() for key, value in made.endpoints[0].headers.items()}
    assert shown == {"authorization": f"file:{folder / 'token'}", "accept": "any"}


def test_files_that_others_can_read_are_warned_of(folder: Path) -> None:
    file = write_toml(folder / "member.toml", member_raw())
    (folder / "b.pass").write_text("x")
    (folder / "b.pass").chmod(0o640)
    file.chmod(0o604)
    assert [warning.path for warning in load_member(file).warnings] == ["", "keystore.passphrase"]
    file.chmod(0o600)
    (folder / "b.pass").chmod(0o600)
    assert load_member(file).warnings == ()


def test_a_group_of_another_size_or_epoch_is_refused(folder: Path) -> None:
    from relayer.dealing import deal_committee
    from relayer.group import Group, encode_group

    entropy = iter(range(1, 99))
    public, _ = deal_committee("abcd", 3, "devnet", 1, lambda size: next(entropy).to_bytes(size, "big"))
    (folder / "group.json").write_text(encode_group(Group(1, public)))
    assert findings(folder, member_raw()) == {}
    (folder / "group.json").write_text(encode_group(Group(2, public)))
    assert "is for epoch 2 with 3 of 4 members" in findings(folder, member_raw())["group"]
    (folder / "group.json").write_text("{}")
    assert "group.json: group record" in findings(folder, member_raw())["group"]

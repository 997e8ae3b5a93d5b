"""`ballast store`: made once, looked into, replaced only where something is lost."""

import json
from pathlib import Path

import pytest

from relayer.store.lifecycle import Binding
from relayer.store.safety import SafetyStore
from tests.cli.conftest import Ballast
from tests.cli.member_folder import SITE, MemberFolder, make
from tests.verify.round_builder import Rounds, identity


@pytest.fixture
def member(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MemberFolder:
    from chains.registry import family

    monkeypatch.syspath_prepend(str(SITE))
    family.cache_clear()
    return make(tmp_path)


def opened(member: MemberFolder) -> SafetyStore:
    group = Rounds().params.group
    return SafetyStore.open(f"sqlite:///{member.store}", Binding(group, 1, bytes(identity(1).verify_key)))


def test_init_makes_a_store_once(member: MemberFolder, ballast: Ballast) -> None:
    assert ballast("store", "init", "--config", member.config).code == 0
    assert member.store.stat().st_mode & 0o777 == 0o600
    with opened(member) as store:
        store.raise_promise(7)
    again = ballast("store", "init", "--config", member.config)
    assert again.code == 1
    assert "exists already" in again.err
    with opened(member) as store:
        assert store.promise() == 7


def test_check_tells_what_binds_the_member(member: MemberFolder, ballast: Ballast) -> None:
    ballast("store", "init", "--config", member.config)
    with opened(member) as store:
        store.raise_promise(7)
        store.record_dispute("two proposals", 6, 2, b"evidence")
    found = ballast("store", "check", "--config", member.config, "--json").data
    assert found == {
        "version": 1,
        "member": "m1",
        "promise": 7,
        "certificate": None,
        "amnesia": None,
        "disputes": [{"round": 6, "kind": "two proposals", "culprit": 2}],
    }
    text = ballast("store", "check", "--config", member.config).out
    assert "nothing is signed below round 7" in text
    assert "round 6: two proposals by member 2" in text


def test_a_sound_store_is_not_recovered(member: MemberFolder, ballast: Ballast) -> None:
    ballast("store", "init", "--config", member.config)
    with opened(member) as store:
        store.raise_promise(7)
    refused = ballast("store", "recover", "--config", member.config, "--reason", "none")
    assert refused.code == 1
    assert "is sound, and was left alone" in refused.err
    with opened(member) as store:
        assert store.promise() == 7
    assert ballast("store", "recover", "--config", member.config, "--reason", "backup", "--force").code == 0
    with opened(member) as store:
        assert store.amnesia() is not None


def test_a_lost_store_is_recovered_with_a_promise(member: MemberFolder, ballast: Ballast) -> None:
    made = ballast("store", "recover", "--config", member.config, "--reason", "disk died", "--json").data
    params = Rounds().params
    assert made["first_round"] == params.slot_at(made["lost_at"] + params.skew) + 1
    assert made["leases_end"] == made["lost_at"] + params.longest_lease
    with opened(member) as store:
        amnesia = store.amnesia()
        assert amnesia is not None
        assert (amnesia.lost_at, amnesia.reason) == (made["lost_at"], "disk died")
        assert store.promise() == made["first_round"]
    told = ballast("store", "check", "--config", member.config)
    assert "disk died" in told.out


def test_a_damaged_store_is_set_aside(member: MemberFolder, ballast: Ballast) -> None:
    ballast("store", "init", "--config", member.config)
    member.store.write_bytes(b"garbage" * 100)
    assert "damaged" in ballast("store", "check", "--config", member.config).err
    found = ballast("store", "recover", "--config", member.config, "--reason", "torn")
    assert found.code == 0
    assert "stands beside it" in found.out
    assert [p.read_bytes() for p in member.path.glob("store.db.damaged-*")] == [b"garbage" * 100]


def test_recovery_does_not_touch_another_members_store(member: MemberFolder, ballast: Ballast) -> None:
    other = Binding(Rounds().params.group, 2, bytes(identity(2).verify_key))
    SafetyStore.create(f"sqlite:///{member.store}", other).close()
    before = member.store.read_bytes()
    for extra in ([], ["--force"]):
        refused = ballast("store", "recover", "--config", member.config, "--reason", "?", *extra)
        assert refused.code == 1
        assert "belongs to another member" in refused.err
    assert member.store.read_bytes() == before


def test_a_store_in_use_is_left_alone(member: MemberFolder, ballast: Ballast) -> None:
    ballast("store", "init", "--config", member.config)
    with opened(member):
        for command in (["check"], ["recover", "--reason", "?"]):
            refused = ballast("store", *command, "--config", member.config, "--json")
            assert refused.code == 1
            assert json.loads(refused.out)["error"]["kind"] == "StoreLocked"


def test_no_store_is_made_with_another_members_keystore(member: MemberFolder, ballast: Ballast) -> None:
    member.edit(member="m2")
    refused = ballast("store", "init", "--config", member.config)
    assert refused.code == 1
    assert "this is another member's keystore" in refused.err
    assert not member.store.exists()

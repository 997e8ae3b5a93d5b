"""`ballast halts`: what is halted is shown with its evidence, and lifted by name only."""

from pathlib import Path

import pytest

from relayer.store.lifecycle import Binding
from relayer.store.safety import SafetyStore
from tests.cli.conftest import Ballast
from tests.cli.member_folder import SITE, MemberFolder, make
from tests.verify.round_builder import Rounds, identity

CHAIN = "shown:1"


@pytest.fixture
def member(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ballast: Ballast) -> MemberFolder:
    from chains.registry import family

    monkeypatch.syspath_prepend(str(SITE))
    family.cache_clear()
    folder = make(tmp_path)
    assert ballast("store", "init", "--config", folder.config).code == 0
    with opened(folder) as store:
        store.journal(CHAIN).put("halt/chain", b"block 7 was final, and changed")
    return folder


def opened(member: MemberFolder) -> SafetyStore:
    group = Rounds().params.group
    return SafetyStore.open(f"sqlite:///{member.store}", Binding(group, 1, bytes(identity(1).verify_key)))


def test_halts_are_listed_with_their_evidence(member: MemberFolder, ballast: Ballast) -> None:
    found = ballast("halts", "list", "--config", member.config, "--json").data
    row = {"chain": CHAIN, "subject": "chain", "evidence": "block 7 was final, and changed"}
    assert found == {"version": 1, "member": "m1", "halts": [row]}


def test_a_halt_is_lifted_by_name(member: MemberFolder, ballast: Ballast) -> None:
    assert ballast("halts", "resume", CHAIN, "chain", "--config", member.config).code == 0
    assert "nothing is halted" in ballast("halts", "list", "--config", member.config).out


@pytest.mark.parametrize(("chain", "subject"), [("shown:9", "chain"), (CHAIN, "something else")])
def test_nothing_else_is_lifted(member: MemberFolder, ballast: Ballast, chain: str, subject: str) -> None:
    refused = ballast("halts", "resume", chain, subject, "--config", member.config)
    assert refused.code == 1
    assert "Traceback" not in refused.err
    assert len(ballast("halts", "list", "--config", member.config, "--json").data["halts"]) == 1

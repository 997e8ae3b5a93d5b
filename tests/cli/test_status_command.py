"""`ballast status`: the member's own document, as people read it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web

from chains.registry import family
from chains.types import Checkpoint, EndpointHealth, GateState
from relayer.agreement.books import Books, DeploymentRecord, Entry, RouteBooks
from relayer.agreement.bundle import CertifiedRound
from relayer.agreement.observation import ChainReading, GateKey, PositionReading
from relayer.cli.status import shown
from relayer.daemon.reading import OpenChain, Readings
from relayer.daemon.status import status
from relayer.daemon.submitting import Submitter
from tests.cli.conftest import Ballast
from tests.cli.member_folder import SITE
from tests.cli.served import Shown, answering, member, nobody
from tests.verify.round_builder import LOCKED, Rounds

ROUND = 12
UNIT = 10**6


@dataclass
class FakeChain:
    endpoints: tuple[EndpointHealth, ...]

    def health(self) -> tuple[EndpointHealth, ...]:
        return self.endpoints


@dataclass
class FakeReadings:
    latest: dict[str, ChainReading]
    gates: dict[GateKey, tuple[Checkpoint, GateState]]
    troubles: dict[str, str]


@dataclass
class FakeSubmitter:
    newest: dict[bytes, Any]


class Committee:
    """A member's view of the sample committee; its parts can be changed before `document`."""

    def __init__(self) -> None:
        rounds = Rounds()
        self.params = rounds.params
        (self.route,) = self.params.routes
        self.one, self.two = (self.route.gate(d) for d in self.route.deployments)
        self.now = self.params.begins(ROUND) + 3
        at = {self.route.gate(d): Checkpoint(d.chain, 50, bytes(32), self.now - 10) for d in self.route.deployments}
        self.gates = {
            self.one: (at[self.one], GateState(400 * UNIT, 11, 500 * UNIT, self.now + 50)),
            self.two: (at[self.two], GateState(100 * UNIT, 0, 0, 0)),
        }
        (position,) = self.route.positions
        read = PositionReading(position.id, LOCKED, LOCKED, bytes(32))
        self.latest = {"shown:1": ChainReading("shown:1", 50, bytes(32), self.now - 10, (read,), ())}
        self.troubles: dict[str, str] = {}
        self.findings: list[dict[str, Any]] = []
        records = (DeploymentRecord(self.one[0], 400 * UNIT, 450 * UNIT, 0), DeploymentRecord(self.two[0], 0, 0, 0))
        books = Books(
            {},
            {
                self.route.id: RouteBooks(
                    self.route.id, ROUND, 0, 1, 0, 1, tuple(sorted(records, key=lambda r: r.domain))
                )
            },
        )
        self.highest: CertifiedRound | None = CertifiedRound(bytes(32), ROUND, 1, {}, books)
        self._chains = rounds.committee
        self.health = (EndpointHealth("north", "ok", 0, 0, 0, 0), EndpointHealth("south", "lying", 0, 3, 1, 0))

    def document(self) -> dict[str, Any]:
        of_chain, positions = self._chains.deployments(), self._chains.positions()
        chains = [
            OpenChain(name, cast(Any, FakeChain(self.health)), positions[name], of_chain[name])
            for name in sorted(of_chain)
        ]
        return status(
            member="m1",
            params=self.params,
            now=self.now,
            highest=self.highest,
            promise=ROUND,
            readings=cast(Readings, FakeReadings(self.latest, self.gates, self.troubles)),
            chains=chains,
            submitter=cast(Submitter, FakeSubmitter({})),
            findings=self.findings,
            not_ready=[f"{chain} cannot be read: {why}" for chain, why in self.troubles.items()],
        )


@pytest.fixture
def committee(monkeypatch: pytest.MonkeyPatch) -> Iterator[Committee]:
    monkeypatch.syspath_prepend(str(SITE))
    family.cache_clear()
    yield Committee()
    family.cache_clear()


def text(committee: Committee) -> str:
    return "\n".join(shown(json.loads(json.dumps(committee.document()))))


def test_the_figures_of_a_route(committee: Committee) -> None:
    lines = text(committee).splitlines()
    assert lines[0] == "member m1: ready; last certified round 12, begun 3 s ago"
    assert "route wCoin: covered" in lines
    assert "  collateral 1,000   supply 500   ratio 200.00 %" in lines
    one = next(line for line in lines if "gate2" in line).split()
    assert one == ["shown:2", "400", "500", "100", "60", "s", "11", "shown:2:gate2"]
    two = next(line for line in lines if "gate3" in line).split()
    assert two == ["shown:3", "100", "0", "0", "none", "yet", "0", "shown:3:gate3"]
    assert any("north ok, south lying (lying 3, failing 1)" in line for line in lines)


def test_exposure_is_all_that_could_come_to_be_unbacked(committee: Committee) -> None:
    def exposure() -> int:
        found = committee.document()["routes"][0]["exposure"]
        return int(found) // UNIT

    # The live cap of the one, which exceeds its ceiling; the supply of the other, which exceeds its cap.
    assert exposure() == 500 + 100
    # A newer statement that has not landed yet, while its lease runs.
    assert committee.highest is not None
    entry = Entry(committee.two[0], 300 * UNIT, committee.now + 9)
    committee.highest = replace(committee.highest, entries={committee.route.id: (entry,)})
    assert exposure() == 500 + 300
    committee.highest = replace(
        committee.highest, entries={committee.route.id: (replace(entry, expires_at=committee.now - 10),)}
    )
    assert exposure() == 500 + 100
    # An expired lease lets nobody mint: what was recorded as the ceiling counts.
    at, gate = committee.gates[committee.one]
    committee.gates[committee.one] = at, replace(gate, expires_at=at.time)
    assert exposure() == 450 + 100


def test_without_certificate_or_readings_nothing_is_zero(committee: Committee) -> None:
    committee.highest = None
    committee.latest, committee.gates = {}, {}
    committee.troubles = {"shown:1": "no 2 endpoints agree"}
    found = committee.document()["routes"][0]
    assert (found["collateral"], found["supply"], found["exposure"], found["ratio_bps"]) == (None, None, None, None)
    lines = text(committee).splitlines()
    assert lines[0] == "member m1: NOT READY; no certificate yet"
    assert "  not ready: shown:1 cannot be read: no 2 endpoints agree" in lines
    assert "route wCoin: no certificate yet" in lines
    assert "  collateral unknown   supply unknown   ratio unknown" in lines
    one = next(line for line in lines if "gate2" in line).split()
    assert one == ["shown:2", "unknown", "unknown", "unknown", "unknown", "unknown", "shown:2:gate2"]


def test_an_expired_lease_is_said(committee: Committee) -> None:
    at, gate = committee.gates[committee.one]
    committee.gates[committee.one] = at, replace(gate, expires_at=at.time)
    one = next(line for line in text(committee).splitlines() if "gate2" in line).split()
    assert one == ["shown:2", "400", "500", "0", "expired", "11", "shown:2:gate2"]


def test_findings_are_told_and_steer_no_terminal(committee: Committee) -> None:
    committee.findings = [
        {"event": "outlier", "chain": "shown:1", "members": [3]},
        {"event": "\x1b[2Jred", "why": "\n"},
    ]
    found = text(committee)
    assert "findings, the newest last (2 in all)" in found
    assert "  outlier: chain shown:1, members [3]" in found
    assert "\x1b" not in found


def test_the_command_once(committee: Committee, ballast: Ballast) -> None:
    with member(Shown(committee.document())) as url:
        assert ballast("status", "--url", url, "--json").data == committee.document()
        assert "route wCoin: covered" in ballast("status", "--url", url).out


def test_watching_without_a_terminal_prints_pictures(
    committee: Committee, ballast: Ballast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relayer.cli.status.PATIENCE_SECONDS", 1200.0)
    watch = ("status", "--watch", "--times", "2", "--interval", "0.1")
    with member(Shown(committee.document())) as url:
        assert ballast(*watch, "--url", url).out.count("route wCoin: covered") == 2
        lines = ballast(*watch, "--url", url, "--json").out.splitlines()
        assert [json.loads(line)["member"] for line in lines] == ["m1", "m1"]


def test_a_member_that_goes_down_is_part_of_the_picture(ballast: Ballast) -> None:
    with nobody() as port:
        url = f"http://127.0.0.1:{port}"
        watch = ("status", "--watch", "--times", "2", "--interval", "0.1", "--url", url)
        assert ballast(*watch).out.count("cannot be reached") == 2
        assert "cannot be reached" in json.loads(ballast(*watch, "--json").out.splitlines()[0])["error"]["message"]


@pytest.mark.parametrize("answer", [{}, {"version": 2}, {"version": 1}, {"version": 1, "member": []}])
def test_what_is_no_status(ballast: Ballast, answer: dict[str, Any]) -> None:
    with answering(lambda _: web.json_response(answer)) as url:
        found = ballast("status", "--url", url)
    assert found.code == 1
    assert "status" in found.err
    assert "Traceback" not in found.err


def test_the_program_itself(committee: Committee, tmp_path: Path) -> None:
    from tests.cli.member_folder import make

    folder = make(tmp_path)
    with member(Shown(committee.document())) as url:
        ended = folder.ballast("status", "--url", url)
    assert ended.code == 0
    assert "route wCoin: covered" in ended.out

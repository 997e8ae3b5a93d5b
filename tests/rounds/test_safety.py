"""What the member keeps: the certificates that a vote must look for, forks, and who may propose or ask for shares."""

from dataclasses import replace

from chains.encoding import Certificate, Header
from relayer.agreement.books import Books, Entry
from relayer.agreement.bundle import CertifiedRound
from relayer.agreement.observation import Observation
from relayer.agreement.records import Basis, Certified, Proposal
from relayer.rounds import effects as fx
from relayer.rounds.machine import Machine, Restored
from relayer.rounds.messages import Kind, Proposed
from relayer.rounds.safety import Safety

from .committee import Committee
from .world import DESTINATIONS, GATES, LEASE, ROUTE

X, Y = (GATES[chain] for chain in DESTINATIONS)


def safety() -> Safety:
    return Safety(0, Committee(start=False).params, Restored())


def certified(round_: int, *entries: Entry, label: int = 0, horizon: int = 0) -> tuple[Certified, CertifiedRound]:
    header = Header(1, round_, bytes([label]) * 32, bytes(32))
    c = Certified(Certificate(header, bytes(33), bytes(32)), Basis(*[bytes(32)] * 4))
    horizons = dict.fromkeys(DESTINATIONS, horizon)
    return c, CertifiedRound(c.id, round_, 1, {ROUTE: entries} if entries else {}, Books(horizons))


def kept(s: Safety) -> dict[int, list[Entry]]:
    return {c.round: list(c.entries.get(ROUTE, ())) for c in s.memory.certificates}


def test_a_certified_entry_is_looked_for_until_a_later_one_covers_it() -> None:
    s = safety()
    high, lower, both = Entry(X, 10, 100), Entry(X, 5, 200), Entry(X, 10, 200)
    other = Entry(Y, 10, 300)
    s.learn(*certified(1, high))
    s.learn(*certified(2, lower))
    s.learn(*certified(3, other))
    assert kept(s) == {1: [high], 2: [lower], 3: [other]}
    s.learn(*certified(4, both))
    assert kept(s) == {3: [other], 4: [both]}


def test_a_certified_entry_is_looked_for_until_long_after_its_end() -> None:
    s = safety()
    entry = Entry(X, 10, 1_000)
    s.learn(*certified(1, entry))
    s.learn(*certified(2, Entry(Y, 1, 9_000), horizon=1_000 + LEASE))
    assert 1 in kept(s)
    s.learn(*certified(3, Entry(Y, 1, 9_000), horizon=1_001 + LEASE))
    assert 1 not in kept(s)


def test_two_certificates_of_one_round_are_evidence_and_change_nothing() -> None:
    s = safety()
    first, second = certified(5), certified(5, label=1)
    s.learn(*first)
    (dispute,) = s.learn(*second)
    assert dispute == fx.Dispute("two certificates", 5, 1, (first[0].encode(), second[0].encode()))
    assert s.highest == first
    assert s.learn(*first) == []


def test_an_older_certificate_changes_nothing() -> None:
    s = safety()
    s.learn(*certified(5))
    assert s.learn(*certified(4)) == []
    assert s.known == 5


def test_only_the_slots_leader_may_propose() -> None:
    c = Committee()
    c.network = lambda m: () if m.kind == Kind.PROPOSAL else (0.01,)
    c.slots(1.5)
    proposed = Proposed.decode(next(m.body for m in c.sent if m.kind == Kind.PROPOSAL))
    bundle = c.nodes[1].judged(proposed.proposal)
    machine = c.nodes[2].machine
    assert machine is not None
    out = machine.proposed(0, proposed, bundle, {}, c.now)
    assert [e.event for e in out if isinstance(e, fx.Note)] == ["proposal.stranger"]
    assert not [e for e in out if not isinstance(e, fx.Note)]
    assert any(isinstance(e, fx.RecordSignature) for e in machine.proposed(1, proposed, bundle, {}, c.now))


def test_a_bundle_of_another_round_is_not_proposed() -> None:
    c = Committee(heartbeat=30)
    c.network = lambda m: () if m.kind in (Kind.PROPOSAL, Kind.SHARE) else (0.01,)
    c.slots(5.5)
    said = [Observation.decode(m.body) for m in c.sent if m.kind == Kind.OBSERVATION and m.round == 1]
    old = {o.member: o for o in said}
    node = c.nodes[1]
    own = next(m.body for m in c.sent if m.kind == Kind.OBSERVATION and m.source == 1 and m.round == 5)
    restored = Restored(promise=5, observations={5: own})
    machine = Machine(1, c.params, node.key, node.sign, node.entropy, restored)
    now = c.first.begins(5) + 1.0
    machine.tick(now)
    for m in c.sent:
        if m.kind == Kind.OBSERVATION and m.round == 5:
            machine.observed(Observation.decode(m.body), now)
    assert machine.bundle_wanted(now) is not None
    stale = replace(node.judged(_proposal(c, 1)), observations=tuple(old[i] for i in sorted(old)))
    assert not machine.propose(stale, now)


def _proposal(c: Committee, round_: int) -> Proposal:
    return Proposed.decode(next(m.body for m in c.sent if m.kind == Kind.PROPOSAL and m.round == round_)).proposal


def test_a_session_that_is_asked_for_before_the_proposal_comes_is_answered_with_it() -> None:
    """Member 0 is still fetching when the second session calls for it."""
    c = Committee()
    c.network = lambda m: (10.0,) if m.kind == Kind.PROPOSAL and m.target == 0 else (0.01,)
    c.tamper = lambda m: () if m.kind == Kind.SHARE and m.source == 2 else (m,)
    c.slots(2)
    assert c.rounds == [1]
    assert [m.source for m in c.sent if m.kind == Kind.SHARE] == [3, 3, 0]
    c.audit()


def test_every_message_signed_is_remembered_for_its_round() -> None:
    c = Committee(heartbeat=30)
    c.slots(4)
    for node in c.nodes:
        signed = {e.round: e.message for e, _ in node.disk.log if isinstance(e, fx.RecordSignature)}
        assert node.machine is not None
        newest = max(signed)
        assert node.machine.memory.messages[newest] == signed[newest]

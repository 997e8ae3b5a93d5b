"""Members that contradict themselves: the honest refuse, keep the evidence, and go on."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from nacl.signing import VerifyKey

from relayer.agreement.bundle import Invalid
from relayer.agreement.observation import Observation
from relayer.agreement.records import Proposal
from relayer.frost import Commitment, round1
from relayer.rounds import effects as fx
from relayer.rounds.messages import Commitments, Kind, Proposed, Session, Sign

from .adversary import Tamper, false_root, fewer_observers, greedy, proposing, resigned, wrong_books
from .committee import Committee, Message
from .world import SLOT

LEADER = 1
HONEST = (0, 2, 3)


def shares(c: Committee, round_: int) -> list[int]:
    """Who sent a share for the round."""
    return [m.source for m in c.sent if m.kind == Kind.SHARE and m.round == round_]


@pytest.mark.parametrize("forge", [greedy, wrong_books])
def test_signers_recompute_and_refuse_what_the_observations_do_not_come_to(forge: object) -> None:
    c = Committee()
    c.tamper = proposing(c, LEADER, forge, HONEST)  # type: ignore[arg-type]
    c.slots(3)
    assert shares(c, 1) == []
    assert {note["code"] for me, note in c.noted("refuse") if me in HONEST} == {"recomputed"}
    assert c.rounds == [2], "the next leader is honest"
    c.audit(faulty=[LEADER])


def test_a_root_that_the_statements_do_not_lead_to_is_invalid_by_its_signature_alone() -> None:
    c = Committee()
    c.tamper = proposing(c, LEADER, false_root, HONEST)
    c.slots(3)
    assert shares(c, 1) == []
    for me in HONEST:
        assert any(source == LEADER and isinstance(error, Invalid) for source, error in c.nodes[me].faults)
    assert c.rounds == [2]


def test_an_equivocating_leader_gets_no_two_messages_signed_and_is_convicted() -> None:
    c = Committee(heartbeat=30)
    c.tamper = proposing(c, LEADER, fewer_observers, [3])
    c.slots(2)
    c.tamper = lambda m: (m,)
    c.slots(5)
    assert not any(len(found) > 1 for found in c.certificates.values())
    c.audit(faulty=[LEADER])


def convicted(dispute: fx.Dispute, identity: VerifyKey) -> None:
    """The evidence stands by itself: two different proposals of one round under one signature each."""
    one, other = (Proposal.decode(raw) for raw in dispute.evidence)
    assert one.round == other.round == dispute.round
    assert one.id != other.id
    for p in (one, other):
        identity.verify(p.signed_part, p.signature)


def both(c: Committee, leader: int, targets: Iterable[int]) -> Tamper:
    """`leader` sends `targets` its proposal and a second, equally valid one."""
    chosen = frozenset(targets)

    def tamper(m: Message) -> Iterable[Message]:
        if m.kind != Kind.PROPOSAL or m.source != leader or m.target not in chosen:
            return (m,)
        proposed = Proposed.decode(m.body)
        second = Proposed(fewer_observers(c.nodes[leader], proposed.proposal), replace(proposed.session, number=2))
        again = replace(m, body=second.encode())
        return (m, again, again)

    return tamper


def test_a_second_proposal_is_not_signed_and_both_are_kept() -> None:
    c = Committee()
    c.tamper = both(c, LEADER, HONEST)
    c.slots(2)
    found = c.disputes("two proposals")
    assert set(found) == set(HONEST)
    for dispute in found.values():
        assert dispute.culprit == LEADER
        convicted(dispute, c.nodes[LEADER].identity.verify_key)
    assert all(len(node.disk.disputes) == 1 for node in c.nodes if node.me != LEADER), "raised once, not per message"
    c.audit(faulty=[LEADER])


def test_a_second_proposal_with_unused_commitments_gets_no_share_either() -> None:
    """The leader has more commitments of every member, and asks with those."""
    c = Committee()

    def unused(member: int) -> Commitment:
        batches = [m for m in c.sent if m.kind == Kind.COMMITMENTS and (m.source, m.target) == (member, LEADER)]
        return Commitments.decode(batches[-1].body, member + 1).commitments[-1]

    def tamper(m: Message) -> Iterable[Message]:
        if m.kind != Kind.PROPOSAL or m.round != 1:
            return (m,)
        proposed = Proposed.decode(m.body)
        own = next(x for x in proposed.session.commitments if x.identifier == LEADER + 1)
        fresh = Session(2, tuple(own if i == LEADER else unused(i) for i in range(4)))
        second = Proposed(fewer_observers(c.nodes[LEADER], proposed.proposal), fresh)
        return (m, replace(m, body=second.encode()))

    c.tamper = tamper
    c.slots(2)
    assert set(c.disputes("two proposals")) == set(HONEST)
    assert sorted(shares(c, 1)) == [2, 3], "for the first one, by those whom its session names"
    c.audit(faulty=[LEADER])


def test_what_was_signed_before_a_restart_binds_in_the_same_slot_after_it() -> None:
    """Member 2 gave its share for one proposal and restarts; the leader offers it another, with its new commitments."""
    c = Committee()
    c.tamper = lambda m: () if m.kind in (Kind.SHARE, Kind.CERTIFICATE) and m.round == 1 else (m,)
    c.slots(1.1)
    (signed,) = (e for e, _ in c.nodes[2].disk.log if isinstance(e, fx.RecordSignature))
    c.at(SLOT + 4, c.nodes[2].stop)
    c.at(SLOT + 5, c.nodes[2].start)
    c.run(SLOT + 6)
    batches = [m for m in c.sent if m.kind == Kind.COMMITMENTS and (m.source, m.target) == (2, LEADER)]
    fresh = Commitments.decode(batches[-1].body, 3).commitments[0]
    sent = next(m for m in c.sent if m.kind == Kind.PROPOSAL and m.target == 2)
    proposed = Proposed.decode(sent.body)
    session = Session(2, tuple(fresh if x.identifier == 3 else x for x in proposed.session.commitments))
    other = fewer_observers(c.nodes[LEADER], proposed.proposal)
    before = len(c.sent)
    c.deliver(replace(sent, body=Proposed(other, session).encode()), 0.0)
    c.run(SLOT + 7)
    assert signed.message == proposed.proposal.id != other.id
    assert {note["code"] for me, note in c.noted("refuse") if me == 2} == {"double"}
    assert not [m for m in c.sent[before:] if m.source == 2 and m.kind == Kind.SHARE]
    c.audit(faulty=[LEADER])


def test_two_proposals_meet_in_later_observations() -> None:
    """Nobody gets both, and no certificate is passed on; who signed which is reported in the next round, to all."""
    c = Committee()
    c.tamper = _parted_proposals(c)
    c.slots(3)
    assert c.rounds[-1] == 2
    signed = {
        me: {e.message for e, _ in c.nodes[me].disk.log if isinstance(e, fx.RecordSignature) and e.round == 1}
        for me in HONEST
    }
    assert len(set().union(*signed.values())) == 2, "both found signers"
    assert all(len(messages) <= 1 for messages in signed.values())
    found = c.disputes("two proposals")
    assert set(found) >= set(HONEST)
    for dispute in found.values():
        convicted(dispute, c.nodes[LEADER].identity.verify_key)
    c.audit(faulty=[LEADER])


def _parted_proposals(c: Committee) -> Tamper:
    forged = proposing(c, LEADER, fewer_observers, [3])

    def tamper(m: Message) -> Iterable[Message]:
        if m.kind == Kind.CERTIFICATE and m.round == 1:
            return ()
        return forged(m) if m.round == 1 else (m,)

    return tamper


def test_altered_commitments_make_no_signature_and_use_no_nonce_twice() -> None:
    """The leader shows every signer another session; each gives a share for its own, and they do not add up."""
    c = Committee()
    key = c.nodes[LEADER].key

    def tamper(m: Message) -> Iterable[Message]:
        if m.kind != Kind.PROPOSAL or m.round != 1:
            return (m,)
        proposed = Proposed.decode(m.body)
        _, other = round1.commit(key.share, bytes([m.target]) * 64)
        commitments = tuple(other if x.identifier == key.identifier else x for x in proposed.session.commitments)
        return (replace(m, body=replace(proposed, session=Session(1, commitments)).encode()),)

    c.tamper = tamper
    c.slots(3)
    assert c.rounds[0] == 2
    assert 1 not in c.rounds
    c.audit(faulty=[LEADER])


def test_a_session_repeated_with_another_list_gets_no_second_share() -> None:
    """The attack on a nonce: the same commitment of a signer, in two sessions that differ."""
    c = Committee()
    key = c.nodes[LEADER].key
    victim = 2

    def tamper(m: Message) -> Iterable[Message]:
        if m.kind != Kind.PROPOSAL or m.target != victim:
            return (m,)
        proposed = Proposed.decode(m.body)
        _, other = round1.commit(key.share, bytes(64))
        altered = tuple(other if x.identifier == key.identifier else x for x in proposed.session.commitments)
        again = [replace(m, body=replace(proposed, session=Session(number, altered)).encode()) for number in (1, 2)]
        return (m, *again, replace(m, kind=Kind.SIGN, body=Sign(proposed.proposal.id, Session(2, altered)).encode()))

    c.tamper = tamper
    c.slots(2)
    assert shares(c, 1).count(victim) == 1
    c.audit(faulty=[LEADER])


def lying(c: Committee, liar: int, targets: Iterable[int]) -> Tamper:
    """`liar` tells `targets` another observation of the same round."""
    chosen = frozenset(targets)

    def tamper(m: Message) -> Iterable[Message]:
        if m.kind != Kind.OBSERVATION or m.source != liar or m.target not in chosen:
            return (m,)
        o = Observation.decode(m.body)
        other = resigned(c.nodes[liar], replace(o, chains=o.chains[1:]))
        c.nodes[liar].keep(other.encode())
        return (replace(m, body=other.encode()),)

    return tamper


def test_two_observations_of_a_round_are_kept_as_evidence_and_one_certificate_comes() -> None:
    c = Committee()
    c.tamper = lying(c, 3, [0, 2])
    c.slots(2)
    found = c.disputes("two observations")
    assert set(found) == {0, 2}, "they heard one, and the leader's bundle holds the other"
    for dispute in found.values():
        assert (dispute.culprit, dispute.round) == (3, 1)
        one, other = (Observation.decode(raw) for raw in dispute.evidence)
        assert one.body != other.body
        for o in (one, other):
            c.nodes[3].identity.verify_key.verify(o.signed_part, o.signature)
    assert c.rounds == [1]
    assert len(c.certificates[1]) == 1
    c.audit(faulty=[3])


def test_a_member_that_signed_two_proposals_is_convicted_by_its_own_reports_and_no_second_certificate_comes() -> None:
    """The leader parts its two proposals; member 3 signs both, and reports the one here, the other there."""
    c = Committee()
    parted = _parted_proposals(c)
    other: list[Proposal] = []

    def tamper(m: Message) -> Iterable[Message]:
        if m.kind == Kind.CERTIFICATE:
            return ()
        if m.kind == Kind.PROPOSAL and m.round == 1 and m.target == 0:
            other.append(Proposed.decode(m.body).proposal)
        if m.kind == Kind.OBSERVATION and m.source == 3 and m.round == 3 and other:
            o = Observation.decode(m.body)
            told = tuple(other[0] if p.round == 1 else p for p in o.proposals)
            lie = resigned(c.nodes[3], replace(o, proposals=told))
            return (replace(m, body=lie.encode()),)
        return parted(m) if m.round == 1 else (m,)

    c.tamper = tamper
    c.network = lambda m: () if m.round == 2 and m.kind in (Kind.SHARE, Kind.PROPOSAL) else (0.01,)
    c.slots(4)
    found = c.disputes("two signatures")
    assert found
    for dispute in found.values():
        assert (dispute.culprit, dispute.round) == (3, 1)
        told = [next(p.id for p in Observation.decode(raw).proposals if p.round == 1) for raw in dispute.evidence]
        assert told[0] != told[1]
    assert all(len(certificates) == 1 for certificates in c.certificates.values())

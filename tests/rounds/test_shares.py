"""Signing sessions with faulty signers: a bad or missing share costs a session, not the round."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import pytest

from relayer.rounds.leading import Leading, most_sessions
from relayer.rounds.messages import Kind, Proposed, Session, Share, Sign

from .committee import Committee, Message
from .world import GENESIS


def sessions(c: Committee, round_: int) -> list[Session]:
    """The signing sessions of a round, in order."""
    bodies = {m.body: m for m in c.sent if m.round == round_ and m.kind in (Kind.PROPOSAL, Kind.SIGN)}
    opened = [
        Proposed.decode(m.body).session if m.kind == Kind.PROPOSAL else Sign.decode(m.body).session
        for m in bodies.values()
    ]
    return sorted(opened, key=lambda s: s.number)


def signers(session: Session) -> set[int]:
    return {commitment.identifier - 1 for commitment in session.commitments}


def spoil(*members: int) -> Callable[[Message], Iterable[Message]]:
    """`members` send shares that do not verify."""

    def tamper(m: Message) -> Iterable[Message]:
        if m.kind != Kind.SHARE or m.source not in members:
            return (m,)
        share = Share.decode(m.body, m.source + 1)
        return (replace(m, body=replace(share, share=bytes(31) + b"\x05").encode()),)

    return tamper


@pytest.mark.parametrize(("n", "f", "t", "bad"), [(4, 1, 3, (2,)), (4, 1, 3, (3,)), (7, 2, 5, (2, 3))])
def test_a_bad_share_is_named_and_left_out_and_the_round_still_certifies(
    n: int, f: int, t: int, bad: tuple[int, ...]
) -> None:
    c = Committee(n, f, t)
    c.tamper = spoil(*bad)
    c.slots(2)
    assert c.rounds == [1]
    named = [note["members"] for me, note in c.noted("share.invalid") if me == 1]
    held = sessions(c, 1)
    assert len(held) <= most_sessions(c.first)
    assert {m for members in named for m in members} == set(bad) & signers(held[0])
    assert signers(held[-1]).isdisjoint(bad)
    assert len(named) == len(held) - 1
    c.audit()


def test_who_was_bad_once_is_asked_last_by_the_same_leader() -> None:
    c = Committee(heartbeat=30)
    c.tamper = spoil(2)
    c.slots(6)
    assert c.rounds[-1] == 5
    assert len(sessions(c, 1)) == 2
    assert len(sessions(c, 5)) == 1
    assert 2 not in signers(sessions(c, 5)[0])


@pytest.mark.parametrize(("n", "f", "t", "silent"), [(4, 1, 3, (2,)), (7, 2, 5, (2, 3)), (7, 2, 5, (2, 4))])
def test_withheld_shares_cost_a_bounded_number_of_sessions(n: int, f: int, t: int, silent: tuple[int, ...]) -> None:
    c = Committee(n, f, t)
    c.tamper = lambda m: () if m.kind == Kind.SHARE and m.source in silent else (m,)
    c.slots(2)
    assert c.rounds == [1]
    assert len(sessions(c, 1)) <= most_sessions(c.first)
    named = {m for me, note in c.noted("session.silent") if me == 1 for m in note["members"]}
    assert named == set(silent) & signers(sessions(c, 1)[0])
    c.audit()


@pytest.mark.parametrize("silent", [(2, 3), (0, 2, 3)])
def test_with_too_few_signers_the_leader_gives_up_after_at_most_so_many_sessions(silent: tuple[int, ...]) -> None:
    c = Committee()
    c.tamper = lambda m: () if m.kind == Kind.SHARE and m.source in silent else (m,)
    c.slots(2)
    assert c.rounds == []
    assert 1 <= len(sessions(c, 1)) <= most_sessions(c.first)
    assert [me for me, _ in c.noted("round.unsigned")] == [1]


def test_a_signer_answers_no_more_sessions_than_a_round_can_need() -> None:
    c = Committee()
    c.slots(2)
    (first,) = sessions(c, 1)
    asked = next(m for m in c.sent if m.kind == Kind.PROPOSAL and m.target == 2)
    proposal = Proposed.decode(asked.body).proposal
    fresh = Committee()
    fresh.tamper = lambda m: () if m.kind == Kind.CERTIFICATE else (m,)
    fresh.slots(1.5)
    before = len(fresh.sent)
    for number in range(2, 50):
        body = Sign(proposal.id, Session(number, first.commitments)).encode()
        fresh.put(replace(asked, kind=Kind.SIGN, body=body))
    fresh.slots(1.6)
    answers = [m for m in fresh.sent[before:] if m.source == 2]
    assert [m.kind for m in answers] == [Kind.COMMITMENTS, Kind.REFUSAL], "session 2 only: n - t + 1 are two"


def test_crossed_commitments_cost_nothing() -> None:
    """Two members greet each other at once, and the later batch overtakes the earlier one."""
    c = Committee()
    seen: dict[tuple[int, int], int] = {}

    def network(m: Message) -> Sequence[float]:
        order = seen[m.source, m.target] = seen.get((m.source, m.target), 0) + 1
        return (0.5 if order == 1 else 0.01,) if m.kind == Kind.COMMITMENTS else (0.01,)

    c.network = network
    c.slots(2)
    assert c.rounds == [1]
    assert not c.noted("refused")


def test_a_member_that_lost_its_nonces_refuses_and_is_asked_again_in_the_same_round() -> None:
    """Commitments of before its restart are with the leader, and its new ones do not get through at first."""
    c = Committee()
    c.at(10, c.nodes[2].stop)
    c.at(12, c.nodes[2].start)
    c.network = lambda m: () if m.kind == Kind.COMMITMENTS and GENESIS + 10 < c.now < GENESIS + 20 else (0.01,)
    c.at(20, c.nodes[0].stop)
    c.slots(2)
    assert [note["code"] for me, note in c.noted("refused") if me == 1] == ["commitment"]
    assert [signers(session) for session in sessions(c, 1)] == [{1, 2, 3}, {1, 2, 3}]
    assert c.rounds == [1]
    c.audit()


def test_no_commitment_is_used_in_two_sessions() -> None:
    c = Committee(heartbeat=30)
    c.tamper = spoil(2)
    c.slots(12)
    used = [
        (commitment.identifier, commitment.hiding)
        for round_ in range(1, 12)
        for session in sessions(c, round_)
        for commitment in session.commitments
    ]
    assert len(used) == len(set(used))


def test_who_refuses_for_a_commitment_is_asked_once_more_after_all_others_and_then_no_more() -> None:
    c = Committee()
    leading = Leading(1)
    assert leading.candidates(1, {}, c.first) == [1, 2, 3, 0]
    leading.refused(2, again=True)
    assert leading.candidates(1, {}, c.first) == [1, 3, 0, 2]
    leading.refused(2, again=True)
    assert leading.candidates(1, {}, c.first) == [1, 3, 0]
    leading.refused(3, again=False)
    assert leading.candidates(1, {}, c.first) == [1, 0]

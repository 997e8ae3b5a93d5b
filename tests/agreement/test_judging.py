"""Closures: what is missing, what is invalid, and that a verdict depends on nothing but what is judged."""

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from chains.hashing import keccak256
from chains.types import Checkpoint
from relayer.agreement.bundle import Invalid
from relayer.agreement.judging import Checks, Judge, Missing, UnknownConfiguration
from relayer.agreement.observation import ChainReading, Observation, encode_manifest
from relayer.agreement.params import Params
from relayer.agreement.records import Certified, Proposal

from .world import PERMISSIVE, POSITION, Grant, Round, World, WorldJudge, configured

EVERYBODY = (0, 1, 2)


class Told:
    """Three rounds: a certified one, one that only members 0 and 1 signed, and observations above both."""

    def __init__(self) -> None:
        self.w = w = World()
        w.observe(1, *EVERYBODY)
        self.first = self._proposed(1, {"x": 2})
        w.sign(self.first, *EVERYBODY)
        w.learn(self.first, *EVERYBODY)
        w.observe(2, *EVERYBODY)
        self.second = self._proposed(2, {"x": 3})
        w.sign(self.second, 0)
        w.observe(3, *EVERYBODY)
        self.third = self._proposed(3, {"x": 4})
        w.sign(self.third, 0)
        w.observe(4, *EVERYBODY)
        self.top = w.observations[4, 0]

    def _proposed(self, round_: int, caps: dict[str, int]) -> Round:
        found = self.w.propose(round_, EVERYBODY, caps)
        assert found is not None
        return found

    def judge(self, checks: Checks = PERMISSIVE, *configs: Params) -> Judge:
        judge = WorldJudge({c.config_id: c for c in configs or self.w.configs}, self.w.choices)
        judge._checks = checks
        return judge

    def without(self, *digests: bytes) -> Callable[[bytes], bytes | None]:
        return lambda digest: None if digest in digests else self.w.blobs.get(digest)


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_whole_closure_passes_and_comes_into_the_bundle(told: Told) -> None:
    judge = told.judge()
    judge.observation(told.top, told.w.blobs.get)
    bundle = judge.bundle([told.top])
    assert [c.round for c in bundle.certificates] == [1]
    assert [p.round for p in bundle.above] == [2, 3]


def test_each_missing_part_is_named(told: Told) -> None:
    inner = told.w.observations[2, 1]
    bases = [told.first.proposal.basis, told.second.proposal.basis, told.third.proposal.basis]
    wanted = {bases[0].books, bases[0].statements, inner.digest}
    wanted |= {d for b in bases[1:] for d in (b.statements, b.observations)}
    for digest in wanted:
        with pytest.raises(Missing) as found:
            told.judge().observation(told.top, told.without(digest))
        assert digest in found.value.digests
    with pytest.raises(Missing) as all_:
        told.judge().observation(told.top, told.without(bases[1].observations, bases[2].observations))
    assert all_.value.digests == {bases[1].observations, bases[2].observations}


def test_a_blob_that_does_not_hash_to_its_name_is_missing(told: Told) -> None:
    wanted = told.first.proposal.basis.books
    with pytest.raises(Missing):
        told.judge().observation(told.top, lambda d: b"other" if d == wanted else told.w.blobs.get(d))


def test_missing_parts_that_come_later(told: Told) -> None:
    judge = told.judge()
    basis = told.second.proposal.basis
    with pytest.raises(Missing):
        judge.observation(told.top, told.without(basis.observations))
    judge.observation(told.top, told.w.blobs.get)
    assert [p.round for p in judge.bundle([told.top]).above] == [2, 3]


def test_a_configuration_that_is_not_known_is_no_verdict(told: Told) -> None:
    with pytest.raises(UnknownConfiguration, match="previous"):
        told.judge(PERMISSIVE, configured(name="other")).observation(told.top, told.w.blobs.get)


# ---- tampering


def with_certificate(o: Observation, change: Callable[[Certified], Certified]) -> Observation:
    assert o.certificate is not None
    return replace(o, certificate=change(o.certificate))


def with_proposal(o: Observation, change: Callable[[Proposal], Proposal]) -> Observation:
    return replace(o, proposals=(change(o.proposals[0]), *o.proposals[1:]))


def with_chain(o: Observation, name: str, change: Callable[[ChainReading], ChainReading]) -> Observation:
    return replace(o, chains=tuple(change(c) if c.chain == name else c for c in o.chains))


def other_header(field: str) -> Callable[[Proposal], Proposal]:
    value: Any = 7 if field == "epoch" else bytes(32)
    return lambda p: replace(p, header=replace(p.header, **{field: value}))


def other_basis(field: str, value: bytes) -> Callable[[Proposal], Proposal]:
    def change(p: Proposal) -> Proposal:
        basis = replace(p.basis, **{field: value})
        return Proposal(replace(p.header, evidence=basis.evidence()), basis, p.signature)

    return change


def other_certificate(field: str) -> Callable[[Certified], Certified]:
    def change(c: Certified) -> Certified:
        value: Any = 7 if field == "epoch" else bytes(32)
        header = replace(c.header, **{field: value})
        return replace(c, certificate=replace(c.certificate, header=header))

    return change


TAMPERED: dict[str, Callable[[Told], Observation]] = {
    "no such member": lambda t: replace(t.top, member=4),
    "another epoch": lambda t: replace(t.top, epoch=1),
    "certificate of another epoch": lambda t: with_certificate(t.top, other_certificate("epoch")),
    "certificate with another evidence": lambda t: with_certificate(t.top, other_certificate("evidence")),
    "certificate with another root": lambda t: with_certificate(t.top, other_certificate("root")),
    "certificate with other books": lambda t: with_certificate(
        t.top, lambda c: replace(c, basis=replace(c.basis, books=t.second.proposal.basis.books))
    ),
    "certificate with other statements": lambda t: with_certificate(
        t.top, lambda c: replace(c, basis=replace(c.basis, statements=t.second.proposal.basis.statements))
    ),
    "proposal of another epoch": lambda t: with_proposal(t.top, other_header("epoch")),
    "proposal with another evidence": lambda t: with_proposal(t.top, other_header("evidence")),
    "proposal with another root": lambda t: with_proposal(t.top, other_header("root")),
    "proposal with other statements": lambda t: with_proposal(
        t.top, lambda p: replace(p, basis=replace(p.basis, statements=t.third.proposal.basis.statements))
    ),
    "proposal with other books": lambda t: with_proposal(t.top, other_basis("books", t.first.proposal.basis.books)),
    "proposal from observations of another round": lambda t: with_proposal(
        t.top, other_basis("observations", t.third.proposal.basis.observations)
    ),
    "a gate on another chain": lambda t: with_chain(
        t.top, "x", lambda c: replace(c, gates=(replace(c.gates[0], domain=bytes(32)),))
    ),
    "a gate's other route": lambda t: with_chain(
        t.top, "x", lambda c: replace(c, gates=(replace(c.gates[0], route=bytes(32)),))
    ),
    "a position on another chain": lambda t: with_chain(
        t.top, "a", lambda c: replace(c, positions=(replace(c.positions[0], position=POSITION["b"]),))
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampering(told: Told, what: str) -> None:
    judge = told.judge()
    judge._choices = AnyChoice(told)  # type: ignore[attr-defined]
    with pytest.raises(Invalid):
        judge.observation(TAMPERED[what](told), told.w.blobs.get)
    judge.observation(told.top, told.w.blobs.get)


class AnyChoice(dict[bytes, Grant]):
    """For proposals that no leader made: the caps of round 2."""

    def __init__(self, told: Told) -> None:
        super().__init__(told.w.choices)  # type: ignore[arg-type]

    def __missing__(self, key: bytes) -> Grant:
        return Grant({"x": 3})


@pytest.mark.parametrize("members", [(0, 1), (1, 0, 2), (0, 0, 1)], ids=["too few", "out of order", "doubled"])
def test_a_proposal_without_t_distinct_observers(told: Told, members: tuple[int, ...]) -> None:
    manifest = encode_manifest(tuple(told.w.observations[2, i].digest for i in members))
    told.w.blobs[keccak256(manifest)] = manifest
    with pytest.raises(Invalid, match="observers"):
        told.judge().observation(
            with_proposal(told.top, other_basis("observations", keccak256(manifest))), told.w.blobs.get
        )


def refusing(what: str) -> Checks:
    def refuse(*_: object) -> None:
        raise Invalid(what)

    return replace(PERMISSIVE, **{what: refuse})


def test_every_signature_is_checked(told: Told) -> None:
    seen: list[tuple[bytes, bytes]] = []
    certificates: list[int] = []
    checks = Checks(
        lambda key, message, signature: seen.append((key, message)),
        lambda epoch, message, r, z: certificates.append(epoch),
        lambda *_: None,
    )
    told.judge(checks).observation(told.top, told.w.blobs.get)
    signed = {message for _, message in seen}
    inner = [told.w.observations[k, i] for k in (2, 3) for i in EVERYBODY]
    assert signed == {o.signed_part for o in (told.top, *inner)} | {
        p.signed_part for p in (told.second.proposal, told.third.proposal)
    }
    leader = configured().members[configured().leader(2)]
    assert (leader, told.second.proposal.signed_part) in seen
    assert certificates == [0]
    for what in ("member", "certificate"):
        with pytest.raises(Invalid, match=what):
            told.judge(refusing(what)).observation(told.top, told.w.blobs.get)


def test_a_configuration_does_not_hold_before_its_round(told: Told) -> None:
    late = replace(configured(), from_round=3)
    with pytest.raises(Invalid, match="holds from round 3"):
        told.judge(PERMISSIVE, late).observation(told.top, told.w.blobs.get)


# ---- proofs


def test_proofs_are_checked_with_their_checkpoint(told: Told) -> None:
    """A proof that passed for one height and time says nothing of the same block hash with another time."""
    proof = b"proof"
    told.w.blobs[keccak256(proof)] = proof
    times: list[int] = []

    def check(position: bytes, at: Checkpoint, amount: int, raw: bytes) -> None:
        times.append(at.time)
        if at.time != 10:
            raise Invalid("another time")

    def proven(time: int) -> Observation:
        return with_chain(
            told.top,
            "a",
            lambda c: replace(c, time=time, positions=(replace(c.positions[0], proof=keccak256(proof)),)),
        )

    judge = told.judge(replace(PERMISSIVE, proof=check))
    judge.observation(proven(10), told.w.blobs.get)
    with pytest.raises(Invalid, match="another time"):
        judge.observation(proven(11), told.w.blobs.get)
    assert times == [10, 11]


def test_a_position_that_calls_for_a_proof(told: Told) -> None:
    p = configured()
    positions = tuple(replace(q, proven=True) for q in p.routes[0].positions)
    proven = replace(p, routes=(replace(p.routes[0], positions=positions),))
    with pytest.raises(Invalid, match="without the proof"):
        told.judge(PERMISSIVE, proven).observation(told.top, told.w.blobs.get)


def test_a_missing_proof(told: Told) -> None:
    unproven = with_chain(told.top, "a", lambda c: replace(c, positions=(replace(c.positions[0], proof=b"m" * 32),)))
    with pytest.raises(Missing) as found:
        told.judge().observation(unproven, told.w.blobs.get)
    assert found.value.digests == {b"m" * 32}


# ---- a function of the observations alone


def test_verdict_and_bundle_do_not_depend_on_what_was_judged_before(told: Told) -> None:
    w = told.w
    above = [w.observations[4, i] for i in EVERYBODY]
    reference = told.judge()
    for o in above:
        reference.observation(o, w.blobs.get)
    expected = reference.bundle(above)
    every = [*above, *(w.observations[k, i] for k in (1, 2, 3) for i in EVERYBODY)]
    for first in permutations(every, 2):
        judge = told.judge()
        for o in (*first, *above):
            judge.observation(o, w.blobs.get)
        assert judge.bundle(above) == expected
        assert judge.bundle(reversed(above)) == expected


def test_a_forgotten_part_is_missing_and_never_left_out(told: Told) -> None:
    """A judge that has forgotten round 2 must not build a bundle without round 2's proposal."""
    judge = told.judge()
    judge.observation(told.top, told.w.blobs.get)
    expected = judge.bundle([told.top])
    for below in range(1, 6):
        judge.forget(below)
        if below > 1:
            with pytest.raises(Missing) as missing:
                judge.bundle([told.top])
            assert missing.value.digests == {told.top.digest}
        judge.observation(told.top, told.w.blobs.get)
        assert judge.bundle([told.top]) == expected


def test_an_observation_that_was_not_judged_is_missing(told: Told) -> None:
    with pytest.raises(Missing):
        told.judge().bundle([told.top])


def test_a_proposal_below_its_reporters_horizons_is_dropped_without_its_bundle() -> None:
    """Round 2's statements ended at second 12; the certificate of round 1, which its leader did not have, stands at
    46. Who reports both owes nobody the bundle of round 2."""
    w = World(configured(leases={"x": 1, "y": 1, "z": 1}))
    w.wait(40)
    w.observe(1, *EVERYBODY)
    first = w.propose(1, EVERYBODY, {"x": 1})
    assert w.sign(first, *EVERYBODY)
    assert first is not None
    for i in EVERYBODY:
        w.say(2, i, w.truth(11))
    second = w.propose(2, EVERYBODY, {"x": 2})
    assert second is not None
    both = w.say(3, 0, w.truth(w.now), first.certified, (second.proposal,))
    alone = w.say(3, 1, w.truth(w.now), None, (second.proposal,))
    judge = WorldJudge({c.config_id: c for c in w.configs}, w.choices)
    without = {k: v for k, v in w.blobs.items() if k != second.proposal.basis.observations}
    judge.observation(both, without.get)
    assert judge.bundle([both]).above == ()
    with pytest.raises(Missing):
        judge.observation(alone, without.get)
    judge.observation(alone, w.blobs.get)
    assert [p.round for p in judge.bundle([both, alone]).above] == [2]
    assert judge.bundle([both]).above == ()


def test_a_deep_chain_of_uncertified_proposals() -> None:
    """500 rounds, each known only through the next one's observations, judged from the top without deep recursion."""
    w = World()
    w.observe(1, *EVERYBODY)
    below = w.propose(1, EVERYBODY, {"x": 1})
    for k in range(2, 501):
        assert below is not None
        for i in EVERYBODY:
            w.say(k, i, w.truth(w.now), None, (below.proposal,))
        below = w.propose(k, EVERYBODY, {"x": 1})
    assert below is not None
    top = w.say(501, 0, w.truth(w.now), None, (below.proposal,))
    judge = WorldJudge({c.config_id: c for c in w.configs}, w.choices)
    judge.observation(top, w.blobs.get)
    assert [p.round for p in judge.bundle([top]).above] == [500]

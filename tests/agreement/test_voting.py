"""Each reason for which a member does not sign, one by one."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chains.encoding import Header
from chains.hashing import keccak256
from relayer.agreement.books import Books
from relayer.agreement.bundle import Bundle
from relayer.agreement.observation import ChainReading, encode_manifest
from relayer.agreement.params import Params
from relayer.agreement.records import Basis, Proposal, encode_statements
from relayer.agreement.voting import Lost, Memory, OwnReadings, Refusal, propose, vote

from .world import DOMAIN, ROUTE, Round, World, configured

EVERYBODY = (0, 1, 2)


@pytest.fixture
def world() -> World:
    return World()


def second_round(w: World) -> tuple[Round, Round]:
    """A certified round that everybody knows, and a proposal above it that nobody has signed."""
    w.observe(1, *EVERYBODY)
    first = w.propose(1, EVERYBODY, {"x": 4})
    assert first is not None
    w.sign(first, *EVERYBODY)
    w.learn(first, *EVERYBODY)
    w.observe(2, *EVERYBODY)
    second = w.propose(2, EVERYBODY, {"x": 5})
    assert second is not None
    return first, second


def refusal(
    r: Round,
    memory: Memory | None = None,
    *,
    proposal: Proposal | None = None,
    bundle: Bundle | None = None,
    params: Params | None = None,
    own: OwnReadings | None = None,
) -> str:
    """The code of the refusal; "" where the member signs."""
    try:
        vote(proposal or r.proposal, bundle or r.bundle, params or configured(), memory or Memory(), own or {}, r.allot)
    except Refusal as found:
        return found.code if str(found) else "without words"
    return ""


def test_a_member_signs_what_it_computes_itself(world: World) -> None:
    _, second = second_round(world)
    assert refusal(second) == ""
    assert refusal(second, world.members[0].memory, own=world.members[0].own) == ""


def test_promise(world: World) -> None:
    _, second = second_round(world)
    assert refusal(second, Memory(promise=2)) == ""
    assert refusal(second, Memory(promise=3)) == "promise"


def test_one_message_per_round(world: World) -> None:
    _, second = second_round(world)
    assert refusal(second, Memory(messages={2: second.proposal.id})) == ""
    assert refusal(second, Memory(messages={2: bytes(32)})) == "double"
    assert refusal(second, Memory(messages={1: bytes(32), 3: bytes(32)})) == ""


def test_a_member_may_sign_its_own_message_again(world: World) -> None:
    """After a restart the proposal of this very round is among those that it signed."""
    _, second = second_round(world)
    world.sign(second, 0)
    assert [p.round for p in world.members[0].memory.signed] == [2]
    assert refusal(second, world.members[0].memory) == ""


@pytest.mark.parametrize("change", ["config", "epoch"])
def test_configuration(world: World, change: str) -> None:
    _, second = second_round(world)
    p = configured(name="another") if change == "config" else replace(configured(), epoch=1)
    assert refusal(second, params=p) == "configuration"


def test_too_few_or_doubled_observers(world: World) -> None:
    _, second = second_round(world)
    few = replace(second.bundle, observations=second.bundle.observations[:2])
    assert refusal(second, bundle=few) == "observers"
    doubled = replace(second.bundle, observations=second.bundle.observations[:1] * 3)
    assert refusal(second, bundle=doubled) == "observers"


@pytest.mark.parametrize("field", ["round", "epoch", "config_id"])
def test_an_observation_of_something_else(world: World, field: str) -> None:
    _, second = second_round(world)
    first, *rest = second.bundle.observations
    value: Any = bytes(32) if field == "config_id" else 7
    other = replace(first, **{field: value})
    assert refusal(second, bundle=replace(second.bundle, observations=(other, *rest))) == "observers"


def with_header(r: Round, change: Callable[[Header], Header]) -> Proposal:
    return replace(r.proposal, header=change(r.proposal.header))


def test_a_false_root(world: World) -> None:
    _, second = second_round(world)
    assert refusal(second, proposal=with_header(second, lambda h: replace(h, root=bytes(32)))) == "recomputed"


def test_a_false_evidence(world: World) -> None:
    _, second = second_round(world)
    assert refusal(second, proposal=with_header(second, lambda h: replace(h, evidence=bytes(32)))) == "recomputed"


@pytest.mark.parametrize("field", ["books", "observations", "statements"])
def test_a_false_basis(world: World, field: str) -> None:
    _, second = second_round(world)
    basis = replace(second.proposal.basis, **{field: bytes(32)})
    assert refusal(second, proposal=replace(second.proposal, basis=basis)) == "recomputed"


def test_a_trimmed_bundle(world: World) -> None:
    """The same header over other observations."""
    world.observe(1, *EVERYBODY)
    world.lie(1, 3, world.truth(world.now))
    r = world.propose(1, (0, 1, 2, 3), {"x": 1})
    assert r is not None
    fewer = world.judge.bundle(r.bundle.observations[:3])
    assert refusal(r, bundle=fewer) == "recomputed"


def test_books_that_miss_a_known_certificate(world: World) -> None:
    """Members 0 and 1 know it and member 2 does not; a bundle without the two of them has nothing of it."""
    w = World(configured(7, 2, 5))
    w.observe(1, *range(5))
    first = w.propose(1, range(5), {"x": 6})
    w.sign(first, 0, 1, 2)
    w.learn(first, 0)
    for i in (5, 6):
        w.lie(2, i, w.truth(w.now))
    w.observe(2, 2, 3, 4)
    w.members[2].proposals = ()
    w.observations.pop((2, 2))
    w.observe(2, 2)
    second = w.propose(2, (2, 3, 4, 5, 6), {"y": 6})
    assert second is not None
    assert refusal(second, w.members[0].memory, params=configured(7, 2, 5)) == "books"
    assert refusal(second, w.members[1].memory, params=configured(7, 2, 5)) == "books"
    assert refusal(second, Memory(), params=configured(7, 2, 5)) == ""


def test_a_known_certificate_that_has_expired_may_be_missing(world: World) -> None:
    first, _ = second_round(world)
    world.wait(30)
    world.observe(3, *EVERYBODY)
    third = world.propose(3, EVERYBODY, {"y": 6})
    assert third is not None
    assert not third.outcome.books.routes[ROUTE].alternatives(first.number)
    assert refusal(third, world.members[0].memory) == ""


def test_amnesia(world: World) -> None:
    """Horizons stand at 6 (second 10 less W)."""
    _, second = second_round(world)
    assert refusal(second, Memory(lost=Lost(3, 0))) == "amnesia"
    assert refusal(second, Memory(lost=Lost(2, 5))) == ""
    assert refusal(second, Memory(lost=Lost(2, 6))) == "amnesia"


def test_amnesia_waits_for_every_destination(world: World) -> None:
    world.wait(20)
    world.observe(1, *EVERYBODY, at={"z": 15})
    r = world.propose(1, EVERYBODY, {"x": 1})
    assert r is not None
    assert r.outcome.books.horizons["x"] == 26
    assert refusal(r, Memory(lost=Lost(1, 10))) == ""
    assert refusal(r, Memory(lost=Lost(1, 11))) == "amnesia"


def disagreeing(own: OwnReadings, chain: str, change: Callable[[ChainReading], ChainReading]) -> OwnReadings:
    return {key: change(r) if r.chain == chain else r for key, r in own.items()}


def test_own_readings_that_differ_from_more_than_f(world: World) -> None:
    _, second = second_round(world)
    own = world.members[0].own
    assert refusal(second, own=disagreeing(own, "a", lambda r: replace(r, block_hash=b"o" * 32))) == "readings"
    assert refusal(second, own=disagreeing(own, "a", lambda r: replace(r, time=1))) == "readings"
    richer = disagreeing(own, "a", lambda r: replace(r, positions=(replace(r.positions[0], amount=7),)))
    assert refusal(second, own=richer) == "readings"
    minted = disagreeing(own, "x", lambda r: replace(r, gates=(replace(r.gates[0], supply=1),)))
    assert refusal(second, own=minted) == "readings"
    assert refusal(second, own=disagreeing(own, "x", lambda r: replace(r, gates=()))) == ""
    assert refusal(second, own=disagreeing(own, "a", lambda r: replace(r, positions=()))) == ""
    assert refusal(second, own={("a", 12345): replace(world.truth(10)[0], time=1)}) == ""


def test_one_observer_may_differ(world: World) -> None:
    world.observe(1, *EVERYBODY)
    mad = tuple(replace(r, block_hash=b"o" * 32) for r in world.truth(world.now))
    world.lie(1, 3, mad)
    r = world.propose(1, (0, 1, 2, 3), {"x": 1})
    assert r is not None
    assert refusal(r, own=world.members[0].own) == ""


def test_a_tolerance_is_not_a_difference(world: World) -> None:
    _, second = second_round(world)
    own = world.members[0].own
    richer = disagreeing(own, "a", lambda r: replace(r, positions=(replace(r.positions[0], amount=7),)))
    p = configured()
    tolerant = replace(p, routes=(replace(p.routes[0], tolerance=1),))
    assert refusal(second, own=richer, params=tolerant) == ""


def test_a_round_without_statements_is_not_proposed(world: World) -> None:
    for i in EVERYBODY:
        world.observe(1, i, absent=("a",))
    assert world.propose(1, EVERYBODY, {"x": 1}) is None
    bundle = world.judge.bundle([world.observations[1, i] for i in EVERYBODY])
    with pytest.raises(Refusal, match="no route can be given a statement") as found:
        propose(bundle, configured())
    assert found.value.code == "empty"


def test_a_figure_without_an_encoding_is_refused(world: World) -> None:
    _, second = second_round(world)
    p = configured()
    far = tuple(replace(d, lease=1 << 64) for d in p.routes[0].deployments)
    endless = replace(p, routes=(replace(p.routes[0], deployments=far),))
    with pytest.raises(Refusal) as found:
        propose(second.bundle, endless, second.allot)
    assert found.value.code == "encoding"


def test_what_a_proposal_binds(world: World) -> None:
    """Its header hashes to what is signed, its evidence to books, configuration and observations."""
    _, second = second_round(world)
    basis, outcome = second.proposal.basis, second.outcome
    manifest = encode_manifest(tuple(o.digest for o in second.bundle.observations))
    assert basis == Basis(
        configured().config_id, outcome.books.digest, keccak256(manifest), keccak256(encode_statements(outcome.leaves))
    )
    assert second.proposal.header.evidence == basis.evidence()
    assert Books.decode(outcome.books.encoded) == outcome.books
    assert {leaf.key[1] for leaf in outcome.leaves} == {DOMAIN["x"]}

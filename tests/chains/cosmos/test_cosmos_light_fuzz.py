"""The light client against who holds some keys and all the freedom there is: nothing but genuine blocks is believed."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chains.cosmos import bisection, light
from chains.cosmos.headers import BlockId, Header
from chains.cosmos.light import LightBlock, NotEnoughTrust, Trusted
from chains.errors import ProofError
from tests.chains.cosmos.blocks import ABSENT, OPTIONS, SECOND, START, chain, header, signed, validator_set, vote

NOW = START + 60 * SECOND
HONEST = {"a": 10, "b": 10, "c": 10}
THEFT = ("c", "f", "g", "h")
"""Keys in the forger's hands: one third of the honest set, and any number of keys that nobody trusts."""

BLOCKS = chain([HONEST] * 6)
FEW = settings(max_examples=300, deadline=None)

# So small that exactly a third and exactly two thirds are met often.
powers = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 3), min_size=1)


def believed(height: int = 1) -> Trusted:
    return light.anchor(BLOCKS[height], height, BLOCKS[height].header.hash, OPTIONS)


@FEW
@given(st.data(), powers)
def test_two_thirds_and_not_one_more_is_too_little(data: st.DataObject, held: Mapping[str, int]) -> None:
    """Exactly by the rule, for every set and everybody who may have signed; equal shares are met often."""
    who = data.draw(st.sets(st.sampled_from(sorted(held))))
    block = signed(header(1, validator_set(held), validator_set(held)), held, sorted(who))
    enough = 3 * sum(held[name] for name in who) > 2 * sum(held.values())
    assert _anchored(block) == enough


@FEW
@given(st.data(), powers, powers, st.sampled_from([Fraction(1, 3), Fraction(1, 2), Fraction(2, 3), Fraction(1)]))
def test_a_third_of_the_trusted_and_not_one_more_is_too_little(
    data: st.DataObject, old: Mapping[str, int], new: Mapping[str, int], level: Fraction
) -> None:
    who = data.draw(st.sets(st.sampled_from(sorted(new))))
    first = chain([old])[1]
    trusted = light.anchor(first, 1, first.header.hash, OPTIONS)
    block = signed(header(5, validator_set(new), validator_set(new)), new, sorted(who))
    quorum = 3 * sum(new[name] for name in who) > 2 * sum(new.values())
    trust = sum(old.get(name, 0) for name in who) > level * sum(old.values())
    try:
        light.verify(trusted, block, NOW, replace(OPTIONS, level=level))
    except NotEnoughTrust:
        assert quorum
        assert not trust
    except ProofError:
        assert not quorum
    else:
        assert quorum
        assert trust


def _anchored(block: LightBlock) -> bool:
    try:
        light.anchor(block, block.header.height, block.header.hash, OPTIONS)
    except ProofError:
        return False
    return True


hashes = st.sampled_from([bytes(32), b"\1" * 32])
fields: dict[str, st.SearchStrategy[Any]] = {
    "app_hash": hashes,
    "time": st.integers(START, NOW),
    "height": st.integers(1, 6),
    "last_block_id": st.just(BlockId()),
    "next_validators_hash": hashes | st.just(validator_set({"f": 1}).hash),
    "data_hash": hashes,
    "proposer": st.just(bytes(20)),
    "chain_id": st.just("chain-2"),
}
changes = st.sampled_from([(), *((name,) for name in fields), ("app_hash", "height")]).flatmap(
    lambda names: st.fixed_dictionaries({name: fields[name] for name in names})
)
thefts = st.dictionaries(st.sampled_from(THEFT), st.integers(1, 100), min_size=1)


@st.composite
def forged(draw: st.DrawFn) -> LightBlock:
    """Any header over a genuine one's fields, any set, and the votes that a forger has: those that the honest gave for
    other blocks, and whatever the stolen keys sign."""
    genuine = BLOCKS[draw(st.integers(2, 6))]
    held = draw(st.just(HONEST) | thefts | thefts.map(lambda some: HONEST | some))
    validators = validator_set(held)
    named = draw(st.sampled_from([validators.hash, genuine.header.validators_hash]))
    made: Header = replace(genuine.header, validators_hash=named, **draw(changes))
    block_id = replace(genuine.commit.block_id, hash=draw(st.sampled_from([made.hash, genuine.header.hash])))
    commit = replace(genuine.commit, height=made.height, block_id=block_id, signatures=(ABSENT,))
    everything = draw(st.booleans())
    names = {validator_set({name: 1}).validators[0].address: name for name in held}
    votes = []
    for validator in validators.validators:
        own = vote(names[validator.address], commit, made.chain_id, made.time)
        old = [each for block in BLOCKS.values() for each in block.commit.signatures if each.address == own.address]
        stolen = [own] if names[validator.address] in THEFT else []
        of_this = [each for each in genuine.commit.signatures if each.address == own.address]
        best = [*stolen, *of_this, ABSENT][0]
        votes.append(best if everything else draw(st.sampled_from([ABSENT, *old, *stolen])))
    return LightBlock(made, replace(commit, signatures=tuple(votes)), validators)


@settings(max_examples=400, deadline=None)
@given(forged(), st.integers(1, 5) | st.none())
def test_a_third_of_the_power_forges_nothing(block: LightBlock, height: int | None) -> None:
    trusted = believed(height or max(block.header.height - 1, 1))
    try:
        light.verify(trusted, block, NOW, OPTIONS)
    except ProofError:
        return
    # Only what the honest signed themselves.
    assert block.header == BLOCKS[block.header.height].header
    assert block.validators == BLOCKS[block.header.height].validators


def drive(steps: Generator[int, Any, Any], source: Callable[[int], Any]) -> Any:
    wanted = next(steps)
    while True:
        try:
            wanted = steps.send(source(wanted))
        except StopIteration as end:
            return end.value


@settings(max_examples=200, deadline=None)
@given(st.data(), st.integers(2, 6))
def test_no_source_of_blocks_leads_elsewhere(data: st.DataObject, height: int) -> None:
    """The source answers each question with a block of its choice; the way takes a bounded number of questions."""
    asked = list[int]()

    def source(wanted: int) -> LightBlock:
        asked.append(wanted)
        return data.draw(st.sampled_from([BLOCKS[wanted], *BLOCKS.values()]) | forged())

    try:
        found: Sequence[LightBlock] = drive(bisection.forward(believed(), height, NOW, OPTIONS), source)
    except ProofError:
        pass
    else:
        assert found[-1].header == BLOCKS[height].header
        assert all(block.header == BLOCKS[block.header.height].header for block in found)
    assert len(asked) <= bisection.MOST_BLOCKS


@settings(max_examples=200, deadline=None)
@given(st.data(), st.integers(1, 5))
def test_no_source_of_headers_leads_elsewhere(data: st.DataObject, height: int) -> None:
    def source(wanted: int) -> Header:
        altered = changes.map(lambda fields: replace(BLOCKS[wanted].header, **fields))
        return data.draw(st.sampled_from([BLOCKS[wanted].header, BLOCKS[height].header]) | altered)

    try:
        found: Sequence[Header] = drive(bisection.backward(BLOCKS[6].header, height, OPTIONS), source)
    except ProofError:
        return
    assert list(found) == [BLOCKS[at].header for at in range(5, height - 1, -1)]


def _spliced(encoded: bytes) -> st.SearchStrategy[bytes]:
    cuts = st.tuples(st.integers(0, len(encoded)), st.integers(0, len(encoded)), st.binary(max_size=40))
    return cuts.map(lambda cut: encoded[: min(cut[:2])] + cut[2] + encoded[max(cut[:2]) :])


@settings(max_examples=300, deadline=None)
@given(st.integers(2, 6).flatmap(lambda height: _spliced(BLOCKS[height].encode())), st.integers(1, 5))
def test_altered_encodings_are_no_other_block(encoded: bytes, height: int) -> None:
    try:
        block = LightBlock.decode(encoded)
        assert block.encode() == encoded
        light.verify(believed(height), block, NOW, OPTIONS)
    except ProofError:
        return
    assert block.header == BLOCKS[block.header.height].header
    assert block.validators == BLOCKS[block.header.height].validators

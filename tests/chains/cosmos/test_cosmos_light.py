"""The light client: who must have signed what, which sets are believed, and the ways to other heights."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, TypeVar

import pytest

from chains.cosmos import bisection, light
from chains.cosmos.commits import Commit, CommitSig, signers
from chains.cosmos.headers import BlockId
from chains.cosmos.light import LightBlock, LightOptions, NotEnoughTrust, Trusted, TrustExpired
from chains.cosmos.validators import MOST_POWER, Validator, ValidatorSet
from chains.errors import ProofError
from tests.chains.cosmos.blocks import (
    ABSENT,
    CHAIN,
    OPTIONS,
    PERIOD,
    SECOND,
    START,
    chain,
    header,
    key,
    signed,
    validator_set,
    vote,
)

T = TypeVar("T")
R = TypeVar("R")

ABC = {"a": 10, "b": 10, "c": 10}
SETS = [ABC, ABC, {"a": 10, "b": 10, "d": 10}, {"a": 10, "d": 10, "e": 10}, {"d": 10, "e": 10, "f": 10}]
BLOCKS = chain(SETS)
NOW = START + 60 * SECOND


def trusted(height: int = 1) -> Trusted:
    return light.anchor(BLOCKS[height], height, BLOCKS[height].header.hash, OPTIONS)


def drive(steps: Generator[int, T, R], source: Callable[[int], T]) -> tuple[R, list[int]]:
    asked = list[int]()
    try:
        asked.append(next(steps))
        while True:
            asked.append(steps.send(source(asked[-1])))
    except StopIteration as done:
        return done.value, asked


def revote(block: LightBlock, votes: Mapping[int, CommitSig], **changes: Any) -> LightBlock:
    """`block` with other votes at these places."""
    found = tuple(votes.get(place, old) for place, old in enumerate(block.commit.signatures))
    return replace(block, commit=replace(block.commit, signatures=found, **changes))


def named(block: LightBlock) -> list[str]:
    """The validators' names in their order."""
    names = {bytes(key(name).verify_key): name for name in "abcdefgh"}
    return [names[validator.key] for validator in block.validators.validators]


def test_adjacent_blocks_follow_one_another() -> None:
    believed = trusted()
    for height in range(2, 6):
        believed = light.verify(believed, BLOCKS[height], NOW, OPTIONS)
        assert believed == Trusted(BLOCKS[height].header, BLOCKS[height].validators)


def test_skipping_needs_more_than_a_third_of_the_trusted_power() -> None:
    # Of the set abc, ab sign height 3 and only a signs height 4: exactly a third is too little.
    assert light.verify(trusted(), BLOCKS[3], NOW, OPTIONS).header.height == 3
    with pytest.raises(NotEnoughTrust):
        light.verify(trusted(), BLOCKS[4], NOW, OPTIONS)
    with pytest.raises(NotEnoughTrust):
        light.verify(trusted(), BLOCKS[5], NOW, OPTIONS)
    with pytest.raises(NotEnoughTrust):
        light.verify(trusted(), BLOCKS[3], NOW, replace(OPTIONS, level=Fraction(2, 3)))


@pytest.mark.parametrize(
    ("powers", "who", "enough"),
    [
        ({"a": 1, "b": 1, "c": 1}, "ab", False),
        ({"a": 1, "b": 1, "c": 1}, "abc", True),
        ({"a": 199, "b": 1, "c": 100}, "ab", False),
        ({"a": 200, "b": 1, "c": 100}, "ab", True),
        ({"a": 2, "b": 2, "c": 1}, "ab", True),
        ({"a": 2, "b": 2, "c": 2}, "", False),
        ({"a": MOST_POWER - 1, "b": 1}, "a", True),
    ],
)
def test_more_than_two_thirds_must_have_signed(powers: dict[str, int], who: str, enough: bool) -> None:
    block = signed(header(1, validator_set(powers), validator_set(powers)), powers, list(who))
    if enough:
        light.anchor(block, 1, block.header.hash, OPTIONS)
    else:
        with pytest.raises(ProofError, match="is signed by"):
            light.anchor(block, 1, block.header.hash, OPTIONS)


def test_absent_and_nil_votes_do_not_count() -> None:
    block = BLOCKS[2]
    name = named(block)[0]
    for other in (ABSENT, vote(name, block.commit, nil=True)):
        with pytest.raises(ProofError, match="signed by 20 of 30"):
            light.verify(trusted(), revote(block, {0: other}), NOW, OPTIONS)
    # A vote for nil that says it is for the block, and the other way round.
    for false in (
        replace(vote(name, block.commit, nil=True), flag="commit"),
        replace(vote(name, block.commit), flag="nil"),
    ):
        with pytest.raises(ProofError, match="signed by 20 of 30"):
            light.verify(trusted(), revote(block, {0: false}), NOW, OPTIONS)


def test_each_vote_is_checked_over_its_own_time_round_height_chain_and_key() -> None:
    block = BLOCKS[2]
    name, mine = named(block)[0], block.commit.signatures[0]
    assert revote(block, {0: vote(name, block.commit, time=START + 7)}) != block
    light.verify(trusted(), revote(block, {0: vote(name, block.commit, time=START + 7)}), NOW, OPTIONS)
    forged = [
        replace(mine, time=mine.time + 1),
        replace(mine, signature=mine.signature[:-1] + bytes([mine.signature[-1] ^ 1])),
        replace(mine, signature=block.commit.signatures[1].signature),
        vote(name, replace(block.commit, round=1)),
        vote(name, replace(block.commit, height=3)),
        vote(name, block.commit, chain_id="chain-2"),
    ]
    for wrong in forged:
        with pytest.raises(ProofError, match="signed by 20 of 30"):
            light.verify(trusted(), revote(block, {0: wrong}), NOW, OPTIONS)


def test_one_vote_that_does_not_verify_keeps_nobody_from_reading() -> None:
    powers = {"a": 10, "b": 10, "c": 10, "d": 1}
    block = signed(header(1, validator_set(powers), validator_set(powers)), powers)
    spoiled = revote(block, {3: replace(block.commit.signatures[3], signature=bytes(64))})
    assert light.anchor(spoiled, 1, block.header.hash, OPTIONS).header == block.header
    assert [validator.power for validator in signers(CHAIN, spoiled.commit, block.validators)] == [10, 10, 10]


def test_a_commit_belongs_to_its_set_vote_by_vote() -> None:
    block = BLOCKS[2]
    first, second, third = block.commit.signatures
    outsider = vote("f", block.commit)
    for votes in ((second, first, third), (first, first, third), (first, second), (outsider, second, third)):
        wrong = replace(block, commit=replace(block.commit, signatures=votes))
        with pytest.raises(ProofError, match="commit:"):
            light.verify(trusted(), wrong, NOW, OPTIONS)
    # Not even a vote that does not count may be somebody else's.
    nil = replace(vote("f", block.commit, nil=True))
    with pytest.raises(ProofError, match="another validator"):
        light.verify(trusted(), revote(block, {0: nil}), NOW, OPTIONS)


def test_forged_headers_are_refused() -> None:
    block = BLOCKS[2]
    for change in (
        {"app_hash": bytes(32)},
        {"time": block.header.time + 1},
        {"height": 3},
        {"app_version": 1},
        {"last_block_id": BlockId(bytes(32), 1, bytes(32))},
    ):
        forged = replace(block, header=replace(block.header, **change))
        with pytest.raises(ProofError, match="the commit at height"):
            light.verify(trusted(), forged, NOW, OPTIONS)
    # With a commit that names it, the old votes are not for it any more.
    forged = replace(block, header=replace(block.header, app_hash=bytes(32)))
    moved = replace(forged.commit, block_id=replace(forged.commit.block_id, hash=forged.header.hash))
    with pytest.raises(ProofError, match="signed by 0 of 30"):
        light.verify(trusted(), replace(forged, commit=moved), NOW, OPTIONS)


def test_a_set_that_nobody_believes_is_refused() -> None:
    powers = {"f": 10, "g": 10, "h": 10}
    own = signed(header(2, validator_set(powers), validator_set(powers)), powers)
    with pytest.raises(ProofError, match="other validators than the header before"):
        light.verify(trusted(), own, NOW, OPTIONS)
    far = signed(header(4, validator_set(powers), validator_set(powers)), powers)
    with pytest.raises(NotEnoughTrust):
        light.verify(trusted(), far, NOW, OPTIONS)
    with pytest.raises(ProofError, match="are not the header's"):
        light.verify(trusted(), replace(BLOCKS[2], validators=validator_set(powers)), NOW, OPTIONS)
    with pytest.raises(ProofError, match="not its validators"):
        Trusted(BLOCKS[1].header, validator_set(powers))


def test_time_height_chain_and_protocol() -> None:
    believed, block = trusted(), BLOCKS[2]
    expired = believed.header.time + PERIOD
    assert light.verify(believed, block, expired - 1, OPTIONS).header == block.header
    with pytest.raises(TrustExpired):
        light.verify(believed, block, expired, OPTIONS)
    early = block.header.time - OPTIONS.drift
    assert light.verify(believed, block, early + 1, OPTIONS).header == block.header
    with pytest.raises(ProofError, match="future"):
        light.verify(believed, block, early, OPTIONS)
    with pytest.raises(ProofError, match="not above"):
        light.verify(trusted(2), BLOCKS[2], NOW, OPTIONS)
    current = validator_set(ABC)
    for time in (believed.header.time, believed.header.time - 1):
        with pytest.raises(ProofError, match="not later"):
            light.verify(believed, signed(header(2, current, current, time=time), ABC), NOW, OPTIONS)
    for change in ({"chain_id": "chain-2"}, {"block_version": 12}):
        made = header(2, current, current, **change)
        with pytest.raises(ProofError, match=r"header of the chain|block protocol"):
            light.verify(believed, signed(made, ABC), NOW, OPTIONS)
    foreign = Trusted(header(1, current, current, chain_id="chain-2"), current)
    with pytest.raises(ProofError, match="of another chain"):
        light.verify(foreign, block, NOW, OPTIONS)


def test_only_the_configured_block_is_an_anchor() -> None:
    block = BLOCKS[1]
    for height, block_hash in ((2, block.header.hash), (1, BLOCKS[2].header.hash), (1, b"")):
        with pytest.raises(ProofError, match="configured as trusted"):
            light.anchor(block, height, block_hash, OPTIONS)


def test_options_and_sets_that_are_none() -> None:
    for change in ({"period": 0}, {"drift": -1}, {"level": Fraction(33, 100)}, {"level": Fraction(2)}):
        with pytest.raises(ValueError, match=r"period|level"):
            LightOptions(**{"chain_id": CHAIN, "period": PERIOD, **change})  # type: ignore[arg-type]
    one = Validator(bytes(key("a").verify_key), 1)
    many = Validator(bytes(key("b").verify_key), MOST_POWER)
    for validators in ((), (one, one), (one, replace(one, power=2)), (one, many)):
        with pytest.raises(ProofError, match="validators:"):
            ValidatorSet(validators)
    for power in (0, -1, MOST_POWER + 1):
        with pytest.raises(ProofError, match="voting power"):
            Validator(one.key, power)


def test_bisection_asks_for_the_heights_it_needs() -> None:
    found, asked = drive(bisection.forward(trusted(), 5, NOW, OPTIONS), BLOCKS.__getitem__)
    assert asked == [5, 3, 4]
    assert [block.header.height for block in found] == [3, 4, 5]
    found, asked = drive(bisection.forward(trusted(), 3, NOW, OPTIONS), BLOCKS.__getitem__)
    assert asked == [3]
    assert [block.header.height for block in found] == [3]
    found, asked = drive(bisection.forward(trusted(), 2, NOW, OPTIONS), BLOCKS.__getitem__)
    assert asked == [2]
    # Sets that have nothing in common: every height is needed.
    blocks = chain([{name: 1} for name in "abcdefgh"])
    begin = light.anchor(blocks[1], 1, blocks[1].header.hash, OPTIONS)
    found, asked = drive(bisection.forward(begin, 8, NOW, OPTIONS), blocks.__getitem__)
    assert [block.header.height for block in found] == [2, 3, 4, 5, 6, 7, 8]
    assert sorted(asked) == [2, 3, 4, 5, 6, 7, 8]
    with pytest.raises(ProofError, match="more than 6 blocks"):
        drive(bisection.forward(begin, 8, NOW, OPTIONS, most=6), blocks.__getitem__)


def test_bisection_refuses_what_it_did_not_ask_for() -> None:
    with pytest.raises(ProofError, match="was sent for height 5"):
        drive(bisection.forward(trusted(), 5, NOW, OPTIONS), lambda _: BLOCKS[4])
    with pytest.raises(ProofError, match="not above"):
        drive(bisection.forward(trusted(2), 2, NOW, OPTIONS), BLOCKS.__getitem__)
    # A forged end is told at the block below it: the sets do not fit together however many blocks are fetched.
    forged = chain([ABC, ABC, ABC, ABC, {"f": 1}])[5]
    with pytest.raises(ProofError, match=r"other validators|signed by"):
        drive(bisection.forward(trusted(), 5, NOW, OPTIONS), {**BLOCKS, 5: forged}.__getitem__)


def test_backward_follows_the_names_of_earlier_headers() -> None:
    headers = {height: block.header for height, block in BLOCKS.items()}
    found, asked = drive(bisection.backward(headers[5], 2, OPTIONS), headers.__getitem__)
    assert asked == [4, 3, 2]
    assert found == (headers[4], headers[3], headers[2])
    for wrong in (
        replace(headers[4], app_hash=bytes(32)),
        replace(headers[4], height=3),
        replace(headers[4], time=headers[5].time),
        replace(headers[4], chain_id="chain-2"),
        headers[3],
    ):
        with pytest.raises(ProofError):
            light.verify_before(wrong, headers[5], OPTIONS)
    # Named by the one above it, but not earlier.
    late = replace(headers[4], time=headers[5].time)
    naming = replace(headers[5], last_block_id=replace(headers[5].last_block_id, hash=late.hash))
    with pytest.raises(ProofError, match="does not come right before"):
        light.verify_before(late, naming, OPTIONS)
    for height, most in ((5, 9), (6, 9), (1, 3)):
        with pytest.raises(ProofError, match="below"):
            drive(bisection.backward(headers[5], height, OPTIONS, most), headers.__getitem__)


def test_a_commit_is_for_a_block() -> None:
    with pytest.raises(ProofError, match="for no block"):
        Commit(1, 0, BlockId(), (ABSENT,))
    with pytest.raises(ProofError, match="neither complete nor empty"):
        BlockId(bytes(32), 0, b"")

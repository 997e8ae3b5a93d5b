"""The member's light client: from a configured root to what endpoints tell, whatever some of them tell."""

from collections.abc import Mapping
from typing import Any

import pytest

from chains.cosmos.light import LightBlock
from chains.cosmos.light_blocks import LightBlocks
from chains.cosmos.trust import KEY, Kept, Root, RootExpired
from chains.errors import Halted, Unreadable
from chains.halts import CHAIN as WHOLE
from chains.halts import halted, resume
from tests.chains.cosmos import blocks
from tests.chains.cosmos.tellers import FOUR, Blocks, Stage, checkpoint, grown, other

EIGHT = FOUR | {"emil": 10, "fred": 10, "gina": 10, "hans": 10}
NEW = {"emil": 10, "fred": 10, "gina": 10, "hans": 10}
OLD_TO_NEW = [FOUR] * 4 + [EIGHT] * 4 + [NEW] * 4
"""Validators of the heights 1 to 12; the last ones have nobody in common with the first."""


def root_of(told: Blocks, height: int = 1) -> tuple[int, bytes]:
    return height, told[height].header.hash


def same(told: Blocks, count: int = 3) -> list[Blocks]:
    return [told] * count


def kept(stage: Stage) -> int:
    found = Kept.load(stage.journal)
    assert found is not None
    return found.block.header.height


async def test_it_starts_at_the_root_and_keeps_the_newest_block_that_it_verified() -> None:
    told = blocks.chain([FOUR] * 8)
    stage = Stage(same(told), root_of(told, 2))
    assert await stage.finality.finalized() == checkpoint(told[7].header)
    assert Kept.load(stage.journal) == Kept(Root(*stage.root), told[8])
    assert {key for key in stage.journal.stored if key != "checkpoint"} == {KEY}
    # Nobody has the root any more; what is kept is enough.
    longer = grown(told, [FOUR] * 3)
    for teller in stage.tellers:
        teller.blocks, teller.head, teller.lowest = longer, 11, 8
    stage.start()
    assert await stage.finality.finalized() == checkpoint(longer[10].header)
    assert kept(stage) == 11
    asked = {int(params[0]) for t in stage.tellers for method, params in t.asked if method == "validators"}
    assert 2 in asked


async def test_changes_of_the_validators_are_followed() -> None:
    told = blocks.chain(OLD_TO_NEW)
    stage = Stage(same(told), root_of(told))
    assert await stage.finality.finalized() == checkpoint(told[11].header)
    between = {int(params[0]) for method, params in stage.tellers[0].asked if method == "commit"} - {1, 11, 12}
    assert between, "the first validators signed nothing of the last block, so that one between was needed"
    assert stage.liars() == set()
    # All of it is one record.
    assert [key for key in stage.journal.stored if key.startswith(KEY)] == [KEY]
    assert len(stage.journal.stored[KEY]) < 2 * len(told[12].encode())


@pytest.mark.parametrize(("signers", "believed"), [(3, True), (2, False), (0, False)])
async def test_more_than_two_thirds_must_have_signed(signers: int, believed: bool) -> None:
    three = {"anna": 10, "bert": 10, "cleo": 10}
    told = dict(blocks.chain([three] * 6))
    told[6] = blocks.signed(told[6].header, three, list(three)[:signers])
    stage = Stage(same(told, 2), root_of(told))
    if believed:
        assert await stage.finality.finalized() == checkpoint(told[5].header)
        return
    # Exactly two thirds are too few. Both tell a block that is none, and a quorum of liars makes it no better.
    with pytest.raises(Unreadable, match="nothing shows that block 6 is the chain's") as caught:
        await stage.finality.finalized()
    assert f"signed by {10 * signers} of 30 voting power" in str(caught.value)
    assert stage.liars() == {"a", "b"}
    assert (kept(stage), halted(stage.journal)) == (1, {})


async def test_a_quorum_that_tells_a_forged_header_is_accused_and_not_believed() -> None:
    told = dict(blocks.chain([FOUR] * 6))
    lie: dict[int, LightBlock] = {**told, 6: other(told[6], FOUR, ["anna", "bert"])}
    stage = Stage([lie, lie, told], root_of(told))
    with pytest.raises(Unreadable, match="nothing shows that block 6"):
        await stage.finality.finalized()
    assert stage.liars() == {"a", "b"}
    assert kept(stage) == 1
    stage.start()
    stage.teller("b").blocks = told
    assert await stage.finality.finalized() == checkpoint(told[5].header)
    assert stage.liars() == {"a"}


async def test_validators_of_their_own_make_nobody_the_chain() -> None:
    told = dict(blocks.chain([FOUR] * 6))
    mallory = {"mallory": 10}
    header = blocks.header(6, blocks.validator_set(mallory), blocks.validator_set(mallory))
    lie: dict[int, LightBlock] = {**told, 6: blocks.signed(header, mallory)}
    stage = Stage([lie, lie, told], root_of(told))
    with pytest.raises(Unreadable):
        await stage.finality.finalized()
    # Nobody of the trusted ones signed it: blocks between are asked for, until the one right before it shows the lie.
    assert stage.liars() == {"a", "b"}
    assert kept(stage) == 1


async def test_who_lies_about_a_block_between_is_accused_and_the_others_lead_on() -> None:
    told = blocks.chain(OLD_TO_NEW)
    forged: dict[int, LightBlock] = dict(told)
    for height in range(2, 11):
        forged[height] = other(told[height], OLD_TO_NEW[height - 1], [])
    stage = Stage([forged, told, told], root_of(told))
    stage.teller("a").blocks[11], stage.teller("a").blocks[12] = told[11], told[12]
    assert await stage.finality.finalized() == checkpoint(told[11].header)
    assert stage.liars() == {"a"}


async def test_pruned_blocks_between_are_no_lie() -> None:
    told = blocks.chain(OLD_TO_NEW)
    stage = Stage(same(told), root_of(told))
    await stage.trust.base()
    for teller in stage.tellers:
        teller.lowest = 10
    stage.start()
    with pytest.raises(Unreadable, match=r"does not tell block \d+, which is needed between"):
        await stage.finality.finalized()
    assert stage.liars() == set()
    # One that still has them is enough.
    stage.teller("c").lowest = 1
    assert await stage.finality.finalized() == checkpoint(told[11].header)


async def test_a_chain_that_changes_too_much_makes_nobody_a_liar() -> None:
    told = blocks.chain([{f"validator {height}": 10} for height in range(300)])
    stage = Stage(same(told, 2), root_of(told))
    with pytest.raises(Unreadable, match="more than 256 blocks to height 300"):
        await stage.finality.finalized()
    assert stage.liars() == set()


async def test_three_pages_of_validators() -> None:
    many = {f"validator {i}": 1 + i % 3 for i in range(203)}
    told = blocks.chain([many] * 4)
    stage = Stage(same(told, 2), root_of(told))
    assert await stage.finality.finalized() == checkpoint(told[3].header)
    pages = [params for method, params in stage.tellers[0].asked if method == "validators"]
    assert pages == [("1", "1", "100"), ("1", "2", "100"), ("1", "3", "100")], "a known set is not asked for again"
    assert len(Kept.load(stage.journal).block.validators.validators) == 203  # type: ignore[union-attr]


async def test_a_number_of_validators_out_of_the_air_makes_no_other_endpoint_fail() -> None:
    many = {f"validator {i}": 1 + i % 3 for i in range(203)}
    told = blocks.chain([many] * 4)
    stage = Stage(same(told), root_of(told))
    liar = stage.teller("a")
    truth = liar._validators

    def lie(height: str, page: str, per_page: str) -> Any:
        return {**truth(height, "1", per_page), "total": "1000"}

    liar._validators = lie  # type: ignore[method-assign]
    assert await stage.finality.finalized() == checkpoint(told[3].header)
    assert {name: stage.health(name).failing for name in "bc"} == {"b": 0, "c": 0}


async def test_validators_of_endpoints_own_making_push_out_nobody() -> None:
    told = blocks.chain([FOUR] * 6)
    stage = Stage(same(told), root_of(told))
    found = LightBlocks(stage.quorum)
    for i in range(20):
        own = {f"mallory {i}": 10}
        header = blocks.header(6, blocks.validator_set(own), blocks.validator_set(own))
        stage.teller("a").blocks[6] = blocks.signed(header, own)
        assert set(await found.at(6)) == {"a", "b", "c"}
    assert len(found._sets) <= 8


# Time


async def test_a_root_that_has_expired_says_what_to_do() -> None:
    told = blocks.chain([FOUR] * 6)
    stage = Stage(same(told), root_of(told), trust_period=100)
    await stage.finality.finalized()
    last = told[6].header.time / blocks.SECOND
    longer = grown(told, [FOUR] * 3, gap=98)
    for teller in stage.tellers:
        teller.blocks, teller.head = longer, 9
    stage.now = last + 100
    stage.start()
    with pytest.raises(RootExpired) as caught:
        await stage.finality.finalized()
    for part in ("block 6", "trust_period (100 s)", "trust_height and trust_hash in member.toml", 'chains."cosmos:'):
        assert part in str(caught.value)
    assert stage.liars() == set()
    # The same root cannot help, a newer one does.
    stage.root = root_of(longer, 8)
    stage.start()
    assert await stage.finality.finalized() == checkpoint(longer[8].header)
    # And right before it was late it was not too late.
    stage = Stage(same(told), root_of(told), trust_period=100)
    await stage.finality.finalized()
    for teller in stage.tellers:
        teller.blocks, teller.head = longer, 9
    stage.now = last + 99.5
    stage.start()
    assert await stage.finality.finalized() == checkpoint(longer[8].header)


async def test_a_clock_that_is_behind_makes_nobody_a_liar() -> None:
    told = blocks.chain([FOUR] * 40)
    stage = Stage(same(told), root_of(told), max_drift=5)
    stage.now = told[40].header.time / blocks.SECOND - 5
    with pytest.raises(Unreadable, match=r"block 40 is the chain's.*is this machine's clock right"):
        await stage.finality.finalized()
    assert stage.liars() == set()
    stage.now += 0.5
    assert await stage.finality.finalized() == checkpoint(told[39].header)


# The root


async def test_a_root_that_nobody_has_is_named() -> None:
    told = blocks.chain([FOUR] * 8)
    stage = Stage(same(told), root_of(told, 3))
    for teller in stage.tellers:
        teller.lowest = 5
    with pytest.raises(Unreadable, match=r"no endpoint has the root of trust, block 3, .*set trust_height"):
        await stage.finality.finalized()
    assert stage.liars() == set()
    stage.teller("b").lowest = 3
    assert await stage.finality.finalized() == checkpoint(told[7].header)


async def test_endpoints_below_the_root_are_behind() -> None:
    told = blocks.chain([FOUR] * 8)
    stage = Stage(same(told), root_of(told, 8))
    for name in "ab":
        stage.teller(name).head = 6
    with pytest.raises(Unreadable, match="below the root of trust"):
        await stage.finality.finalized()


async def test_an_endpoint_with_another_block_at_the_root_is_refused() -> None:
    told = blocks.chain([FOUR] * 8)
    fork = grown({1: told[1]}, [FOUR] * 7, fork="started anew")
    stage = Stage([told, told, fork], root_of(told, 3))
    assert await stage.finality.finalized() == checkpoint(told[7].header)
    assert stage.health("c").state == "refused"
    (refused,) = stage.log.named("endpoint_refused")
    assert f"trust_hash says {told[3].header.hash.hex().upper()}" in refused["reason"]


async def test_a_root_that_is_not_signed_is_none() -> None:
    told: dict[int, LightBlock] = dict(blocks.chain([FOUR] * 6))
    told[2] = blocks.signed(told[2].header, FOUR, ["anna", "bert"])
    stage = Stage(same(told), root_of(told, 2))
    with pytest.raises(Unreadable, match="no endpoint has the root of trust"):
        await stage.finality.finalized()
    assert stage.liars() == {"a", "b", "c"}


@pytest.mark.parametrize("height", [2, 5, 6, 8])
async def test_a_changed_root_of_the_same_chain_is_taken_up(height: int) -> None:
    told = blocks.chain([FOUR] * 6)
    stage = Stage(same(told), root_of(told))
    await stage.finality.finalized()
    longer = grown(told, [FOUR] * 3)
    for teller in stage.tellers:
        teller.blocks, teller.head = longer, 9
    stage.root = root_of(longer, height)
    stage.start()
    base = await stage.trust.base()
    assert base == longer[max(height, 6)]
    assert Kept.load(stage.journal) == Kept(Root(*stage.root), base)
    assert await stage.finality.finalized() == checkpoint(longer[8].header)
    assert halted(stage.journal) == {}


@pytest.mark.parametrize("height", [4, 6, 7, 9])
async def test_a_changed_root_that_contradicts_what_was_verified_halts_until_resumed(height: int) -> None:
    told = blocks.chain([FOUR] * 6)
    stage = Stage(same(told), root_of(told))
    await stage.finality.finalized()
    mallory: Mapping[str, int] = {"mallory": 10}
    another = blocks.chain([mallory] * 10)
    for teller in stage.tellers:
        teller.blocks, teller.head = dict(another), 10
    stage.root = root_of(another, height)
    stage.start()
    with pytest.raises(Halted) as caught:
        await stage.trust.base()
    for header in (told[6].header, another[height].header):
        assert header.hash.hex().upper() in caught.value.evidence
    assert WHOLE in halted(stage.journal)
    stage.start()
    with pytest.raises(Halted):
        await stage.finality.finalized()
    # Whoever resumes says that the configured root is right; the checkpoint of before is forgotten with it.
    assert resume(stage.journal, WHOLE)
    stage.start()
    assert await stage.finality.finalized() == checkpoint(another[9].header)


async def test_a_newer_root_is_taken_up_where_nobody_can_tell_what_lies_between() -> None:
    told = blocks.chain(OLD_TO_NEW)
    stage = Stage(same(told), root_of(told))
    await stage.trust.base()
    for teller in stage.tellers:
        teller.lowest = 11
    stage.root = root_of(told, 11)
    stage.start()
    assert await stage.finality.finalized() == checkpoint(told[11].header)
    assert stage.log.named("trust_root_taken_up_unchecked")
    assert stage.liars() == set()


# Attacks


@pytest.mark.parametrize("split", ["two of three", "one and one"])
async def test_two_signed_blocks_of_one_height_halt_the_chain(split: str) -> None:
    told = blocks.chain([FOUR] * 6)
    one, two = grown(told, [FOUR] * 2), grown(told, [FOUR] * 2, fork="another")
    stage = Stage([one, two] if split == "one and one" else [one, one, two], root_of(told))
    with pytest.raises(Halted) as caught:
        await stage.finality.finalized()
    for header in (one[8].header, two[8].header):
        assert header.hash.hex().upper() in caught.value.evidence
    assert "of the voting power 40 of the first, 40 signed the second" in caught.value.evidence
    assert WHOLE in halted(stage.journal)
    with pytest.raises(Halted):
        await stage.finality.finalized()


async def test_another_signed_block_at_the_verified_height_halts_too() -> None:
    told = blocks.chain([FOUR] * 6)
    stage = Stage(same(told), root_of(told))
    await stage.finality.finalized()
    stage.teller("c").blocks[6] = other(told[6], FOUR, ["anna", "bert", "cleo"])
    with pytest.raises(Halted, match="30 signed the second"):
        await stage.finality.finalized()
    # What was verified is forgotten with it: it may have been the wrong one of the two.
    stage.teller("c").blocks[6] = told[6]
    assert Kept.load(stage.journal) is None
    assert resume(stage.journal, WHOLE)
    assert await stage.finality.finalized() == checkpoint(told[5].header)
    assert kept(stage) == 6


async def test_another_block_at_the_verified_height_that_too_few_signed_is_a_lie() -> None:
    told = blocks.chain([FOUR] * 6)
    stage = Stage(same(told), root_of(told))
    at = await stage.finality.finalized()
    stage.teller("c").blocks[6] = other(told[6], FOUR, ["anna", "bert"])
    assert await stage.finality.finalized() == at
    assert stage.liars() == {"c"}
    # So is one by validators of whom too few are the chain's.
    phony = {"anna": 10, "mallory": 100}
    header = blocks.header(6, blocks.validator_set(phony), blocks.validator_set(phony))
    stage.teller("c").blocks[6] = blocks.signed(header, phony)
    stage.start()
    assert await stage.finality.finalized() == at
    assert stage.liars() == {"c"}

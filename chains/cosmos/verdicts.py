"""What the light client makes of the blocks that endpoints bring: which of them follow from one that is believed.

Each endpoint's block is followed by what that endpoint itself tells of the blocks between, if there is need for any. So
one that does not hold is that endpoint's lie, and no other's.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from chains.cosmos.bisection import forward
from chains.cosmos.commits import signers
from chains.cosmos.light import LightBlock, LightOptions, NotEnoughTrust, Trusted, TrustExpired, anchor
from chains.cosmos.light_blocks import LightBlocks
from chains.errors import ProofError


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Of blocks at one height. `held`: one of each hash that follows from the believed one. `lies`: by endpoint, what
    was wrong. `open`: by endpoint, why nothing can be said."""

    held: Mapping[bytes, LightBlock]
    lies: Mapping[str, str]
    open: Mapping[str, str]


class _Missing(Exception):
    """The endpoint does not tell a block that is needed."""


async def examine(
    base: LightBlock, blocks: Mapping[str, LightBlock], between: LightBlocks, now: int, options: LightOptions
) -> Verdicts:
    """Which of `blocks` (by endpoint, all of one height, at `base` or above it) follow from the believed `base` at the
    time `now` (nanoseconds). A header that holds is not looked at again. Raises `TrustExpired` for the base."""
    held, fetched = dict[bytes, LightBlock](), dict[int, dict[str, LightBlock]]()
    lies, undecided = dict[str, str](), dict[str, str]()

    async def told(name: str, height: int) -> LightBlock:
        if height not in fetched:
            fetched[height] = await between.at(height)
        if name not in fetched[height]:
            raise _Missing(f"it does not tell block {height}, which is needed between")
        return fetched[height][name]

    for name in sorted(blocks):
        block = blocks[name]
        if block.header.hash in held:
            continue
        try:
            await _led(base, block, partial(told, name), now, options)
            held[block.header.hash] = block
        except (NotEnoughTrust, _Missing) as error:
            undecided[name] = str(error)
        except TrustExpired:
            raise
        except ProofError as error:
            lies[name] = str(error)
    return Verdicts(held, lies, undecided)


async def _led(
    base: LightBlock,
    block: LightBlock,
    told: Callable[[int], Awaitable[LightBlock]],
    now: int,
    options: LightOptions,
) -> None:
    """Returns if `block` follows from `base`; raises `_Missing`, and as `light.verify` does. `told` gives the block of
    a height between them."""
    if block.header.height == base.header.height:
        if block.header.hash != base.header.hash and not double_signed(base, block, options):
            raise ProofError(f"height {base.header.height}: another block than the one that was verified")
        return
    if block.header.time >= now + options.drift:
        raise _Missing(f"height {block.header.height} is from the future: is this machine's clock right?")
    steps = forward(Trusted(base.header, base.validators), block.header.height, now, options)
    next(steps)
    try:
        while True:
            block = await told(steps.send(block))
    except StopIteration:
        return


def double_signed(known: LightBlock, other: LightBlock, options: LightOptions) -> bool:
    """Whether `other` is another block of the height of the believed `known`, and yet is signed as if it were the
    chain's: by more than two thirds of its own validators, and more than a third of the known ones."""
    try:
        anchor(other, known.header.height, other.header.hash, options)
    except ProofError:
        return False
    return 3 * common_power(known, other, options) > known.validators.total and other.header.hash != known.header.hash


def common_power(known: LightBlock, other: LightBlock, options: LightOptions) -> int:
    """The voting power in `known` of its validators who signed `other`."""
    powers = {validator.address: validator.power for validator in known.validators.validators}
    found = signers(options.chain_id, other.commit, other.validators)
    return sum(powers.get(validator.address, 0) for validator in found)

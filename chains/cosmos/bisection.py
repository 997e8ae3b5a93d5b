"""From a trusted block to another height, as generators: they say which height they need, the driver fetches it.

    steps = forward(trusted, height, now, options)
    wanted = next(steps)
    while True:
        wanted = steps.send(block at wanted)      # StopIteration.value is the result

Source: CometBFT's specification, "Light client verification", skipping and backwards verification.
"""

from collections.abc import Generator

from chains.cosmos.headers import Header
from chains.cosmos.light import LightBlock, LightOptions, NotEnoughTrust, Trusted, verify, verify_before
from chains.errors import ProofError

MOST_BLOCKS = 256


def forward(
    trusted: Trusted, height: int, now: int, options: LightOptions, most: int = MOST_BLOCKS
) -> Generator[int, LightBlock, tuple[LightBlock, ...]]:
    """The blocks that lead from `trusted` to the one at `height` above it, which is the last; each is verified by the
    one before it, as `light.verify` does. They are as few as the changes of the validator set allow.

    Yields heights and is sent their blocks. Raises `ProofError` for a block that does not hold, and of another height
    than the one asked for; `NotEnoughTrust` where more than `most` blocks would be needed.
    """
    if height <= trusted.header.height:
        raise ProofError(f"light client: height {height} is not above the trusted {trusted.header.height}")
    verified = list[LightBlock]()
    waiting = [(yield from _fetched(height))]
    fetched, tried = 1, 0
    while waiting:
        block = waiting[tried]
        try:
            trusted = verify(trusted, block, now, options)
        except NotEnoughTrust:
            tried += 1
            if tried < len(waiting):
                continue
            if fetched == most:
                raise NotEnoughTrust(f"light client: more than {most} blocks to height {height}") from None
            middle = (trusted.header.height + block.header.height) // 2
            waiting.append((yield from _fetched(middle)))
            fetched += 1
            continue
        # The highest one is tried first again; what lies below the verified one is not needed any more.
        verified.append(block)
        del waiting[tried:]
        tried = 0
    return tuple(verified)


def backward(
    header: Header, height: int, options: LightOptions, most: int = MOST_BLOCKS
) -> Generator[int, Header, tuple[Header, ...]]:
    """The headers from right below the believed `header` down to `height`, each named by the one above it.

    Yields heights and is sent their headers. Raises `ProofError` as `forward` does.
    """
    if not 0 < header.height - height <= most:
        raise ProofError(f"light client: height {height} is not 1 to {most} below {header.height}")
    found = list[Header]()
    while header.height > height:
        older = yield header.height - 1
        verify_before(older, header, options)
        found.append(older)
        header = older
    return tuple(found)


def _fetched(height: int) -> Generator[int, LightBlock, LightBlock]:
    block = yield height
    if block.header.height != height:
        raise ProofError(f"light client: the block at height {block.header.height} was sent for height {height}")
    return block

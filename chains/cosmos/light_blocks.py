"""Light blocks as endpoints tell them, each consistent in itself; whether it is the chain's, the light client judges.

Validators prove themselves by the hash that a header names for them, so that one honest endpoint is enough; the last
sets are kept, since they change rarely.
"""

from collections.abc import Mapping, Sequence

from chains.cosmos import rpc
from chains.cosmos.commits import Commit
from chains.cosmos.headers import Header
from chains.cosmos.light import LightBlock
from chains.cosmos.validators import Validator, ValidatorSet
from chains.errors import ProofError
from chains.quorum import Quorum

_KEPT_SETS = 8

Signed = tuple[Header, Commit]


class LightBlocks:
    """Fetches from all endpoints; accuses those that contradict themselves."""

    def __init__(self, quorum: Quorum) -> None:
        self._quorum = quorum
        self._sets: dict[bytes, ValidatorSet] = {}

    async def signed(self, heights: Sequence[int]) -> dict[str, dict[int, Signed | None]]:
        """By endpoint and height: header and commit, None where the endpoint has not got them."""
        answers = await self._quorum.collect([rpc.commit(height, absent=True) for height in heights])
        return {name: dict(zip(heights, got, strict=True)) for name, got in answers.items()}

    async def at(self, height: int) -> dict[str, LightBlock]:
        """By endpoint: its block at `height`, from those that have it."""
        found = await self.signed([height])
        return await self.complete(
            height, {name: signed for name, got in found.items() if (signed := got[height]) is not None}
        )

    async def complete(self, height: int, found: Mapping[str, Signed]) -> dict[str, LightBlock]:
        """These blocks of `height` with the validators that their headers name, as far as any endpoint tells them."""
        named = {name: header.validators_hash for name, (header, _) in found.items()}
        if not self._sets.keys() >= set(named.values()):
            await self._learn(height, named)
        return {
            name: LightBlock(header, commit, self._sets[header.validators_hash])
            for name, (header, commit) in found.items()
            if header.validators_hash in self._sets
        }

    async def _learn(self, height: int, named: Mapping[str, bytes]) -> None:
        for name, validators in (await self._told(height)).items():
            try:
                told = ValidatorSet(validators)
            except ProofError as error:
                self._quorum.accuse(name, f"height {height}: {error}")
                continue
            found = told.hash
            if found in named.values():
                self._sets[found] = told
            if name in named and named[name] != found:
                self._quorum.accuse(name, f"its validators at height {height} are not those that its header names")
        # What is asked for now stays, however old: else one endpoint's own inventions would push out the others'.
        others = [known for known in self._sets if known not in named.values()]
        for known in others[: max(0, len(self._sets) - _KEPT_SETS)]:
            del self._sets[known]

    async def _told(self, height: int) -> dict[str, tuple[Validator, ...]]:
        answers = await self._quorum.collect([rpc.validators(height)])
        first = {name: page for name, (page,) in answers.items()}
        told = {name: page.validators for name, page in first.items() if page.total == len(page.validators)}
        for total in sorted({page.total for name, page in first.items() if name not in told}):
            pages = range(2, -(-total // rpc.VALIDATORS_PAGE) + 1)
            # All are asked, also who tells of fewer: what one endpoint makes up must be no failure of another.
            rest = await self._quorum.collect([rpc.validators(height, page, absent=True) for page in pages])
            for name, got in rest.items():
                if name in first and all(page and page.total == total == first[name].total for page in got):
                    told[name] = first[name].validators + tuple(v for page in got for v in page.validators)
        return told

"""The acts of a demo: one story with all families, and before it one with those that are ready, if others are not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from chains.devnet import devnet
from relayer.demo.show import Teller, listed
from relayer.devnet.preparation import Preparation, run


@dataclass(frozen=True, slots=True)
class Act:
    """A whole story, act `number` of `acts`, and the namespaces of the families that it is told with."""

    number: int
    acts: int
    families: tuple[str, ...]
    title: str

    @property
    def last(self) -> bool:
        return self.number == self.acts


def acts_of(namespaces: Sequence[str], needed: Mapping[str, Preparation]) -> tuple[Act, ...]:
    """The acts with families of which some need to be prepared. The last one has them all."""
    ready = tuple(namespace for namespace in namespaces if namespace not in needed)
    every = tuple(namespaces)
    if not needed or not ready:
        return (Act(1, 1, every, _names(every)),)
    meanwhile = listed([one.family for one in needed.values()])
    first = Act(1, 2, ready, f"{_names(ready)}, while what {meanwhile} needs is prepared")
    return first, Act(2, 2, every, _names(every))


async def perform(
    acts: Sequence[Act],
    needed: Mapping[str, Preparation],
    teller: Teller,
    play: Callable[[Act], Awaitable[None]],
) -> None:
    """Plays the acts, and prepares meanwhile what the last one needs. However this is left, no preparation runs any
    more. Raises `DevnetError` for a preparation that fails, once the act is over that is played then, and what `play`
    raises."""
    async with _meanwhile(needed, teller) as prepared:
        for act in acts:
            if act.last:
                await prepared
            if act.acts > 1:
                teller.act(act.number, act.acts, act.title, _each(act.families))
            await play(act)


@asynccontextmanager
async def _meanwhile(needed: Mapping[str, Preparation], teller: Teller) -> AsyncIterator[Awaitable[None]]:
    async def prepare() -> None:
        for one in needed.values():
            with teller.preparing(one.family) as told:
                await run(one, told)

    task = asyncio.create_task(prepare())
    try:
        yield task
    finally:
        task.cancel()
        # An error of its own was raised where it was awaited; if that was never reached, what went wrong there counts.
        await asyncio.gather(task, return_exceptions=True)


def _each(namespaces: Sequence[str]) -> list[str]:
    return [devnet(namespace).name for namespace in namespaces]


def _names(namespaces: Sequence[str]) -> str:
    return listed(_each(namespaces))

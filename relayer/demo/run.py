"""Sets devnets up, tells the story on them, and leaves nothing running."""

from collections.abc import Sequence
from pathlib import Path

from chains.errors import ChainError
from relayer.demo.acts import Act, acts_of, perform
from relayer.demo.show import Emit, Teller
from relayer.demo.stage import Failed, Stage
from relayer.demo.story import figures, opening, story
from relayer.devnet.down import end
from relayer.devnet.plan import Plan, plan_for
from relayer.devnet.preparation import missing
from relayer.devnet.reaper import Reaper
from relayer.devnet.state import DevnetError, State, load
from relayer.devnet.up import check_vacant, prepare, start


async def run(directory: Path, namespaces: Sequence[str], *, keep: bool, emit: Emit | None) -> State | None:
    """Tells the story on chains of these families, and returns the record of the last devnet if it went well, else
    None. If some of the families must be prepared first, it is told with the others meanwhile, and then with all.

    With `keep` the last devnet still runs. However this is left otherwise, nothing runs any more. `directory` is
    absolute. Raises `DevnetError` where there can be no devnet in it, or none of these families."""
    needed = missing(namespaces)
    acts = acts_of(namespaces, needed)
    plans = [plan_for(act.families) for act in acts]
    check_vacant(directory)
    teller = Teller(emit)
    state: State | None = None

    async def play(act: Act) -> None:
        nonlocal state
        state = await _play(directory, plans[act.number - 1], teller, keep=keep and act.last)

    why: str | None = None
    try:
        await perform(acts, needed, teller, play)
    except (Failed, DevnetError, ChainError) as error:
        why = str(error)
    teller.result(why)
    return state if why is None else None


async def _play(directory: Path, plan: Plan, teller: Teller, *, keep: bool) -> State:
    """One act, on a devnet of its own. Raises `Failed`, `DevnetError` and `ChainError`."""
    prepare(directory)
    reaper = Reaper(directory)
    kept = False
    try:
        with teller.step("set-up", opening(plan)) as step:
            state = await start(directory, plan, step.tell)
        async with Stage(state) as stage:
            for scene in story(plan):
                with teller.step(scene.name, scene.title) as step:
                    await scene.play(stage, step)
            found, state = await figures(stage), stage.state
        kept = keep
    finally:
        if kept:
            reaper.keep()
        else:
            running = load(directory)
            if running is not None:
                end(running)
            reaper.release()
    teller.over(found)
    return state

"""Sets a devnet up, tells the story on it, and leaves nothing running."""

from pathlib import Path

from chains.errors import ChainError
from relayer.demo.show import Emit, Teller
from relayer.demo.stage import Failed, Stage
from relayer.demo.story import figures, opening, story
from relayer.devnet.down import end
from relayer.devnet.plan import Plan
from relayer.devnet.reaper import Reaper
from relayer.devnet.state import DevnetError, State, load
from relayer.devnet.up import prepare, up


async def run(directory: Path, plan: Plan, *, keep: bool, emit: Emit | None) -> State | None:
    """Tells the story on the chains of `plan`, and returns the devnet's record if it went well, else None. With `keep`
    the devnet still runs. However this is left otherwise, nothing runs any more. `directory` is absolute. Raises
    `DevnetError` where there can be no devnet in it."""
    teller = Teller(emit)
    prepare(directory)
    reaper = Reaper(directory)
    state: State | None = None
    figures_: dict[str, str] = {}
    why: str | None = "interrupted"
    try:
        try:
            with teller.step("set-up", opening(plan)) as step:
                state = await up(directory, plan, step.tell)
            async with Stage(state) as stage:
                for scene in story(plan):
                    with teller.step(scene.name, scene.title) as step:
                        await scene.play(stage, step)
                figures_ = await figures(stage)
            why = None
        except (Failed, DevnetError, ChainError) as error:
            why = str(error)
    finally:
        if why is not None or not keep:
            running = load(directory)
            if running is not None:
                end(running)
            reaper.release()
        else:
            reaper.keep()
    teller.result(why, figures_)
    return state if why is None else None

"""The story: which steps there are for a devnet's chains and routes, and how things stand at the end."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from relayer.demo import scenes
from relayer.demo.checking import verify
from relayer.demo.show import Step, listed
from relayer.demo.stage import Stage, coins, family_name, told_of
from relayer.devnet import command
from relayer.devnet.plan import Plan


@dataclass(frozen=True, slots=True)
class Scene:
    """One step: `name` for machines, `title` for people."""

    name: str
    title: str
    play: Callable[[Stage, Step], Awaitable[None]]


def opening(plan: Plan) -> str:
    """The title of the set-up, which comes before the story."""
    count, size = _number(len(plan.chains)), _number(plan.members)
    return f"{count.capitalize()} local chains, a bus and a committee of {size} start"


def story(plan: Plan) -> tuple[Scene, ...]:
    """The steps on the devnet that `plan` makes."""
    before = (
        Scene("lock", "1,000 are locked on the source chain", scenes.lock),
        Scene("caps", f"Caps appear on {_all(len(plan.routes[0].destinations))} destinations", scenes.caps_appear),
        Scene("mint", "A mint within the cap succeeds", scenes.mint_within),
        Scene("refused", "A mint above the cap is refused", scenes.mint_above),
        Scene("race", "Mints on all chains at once cannot exceed the collateral", scenes.race),
    )
    after = (
        Scene("lies", "Endpoints lie: outvoted, and named", scenes.lies),
        Scene("killed", "A member is killed: rounds go on, and it comes back", scenes.kill),
        Scene("drained", "The vault is drained: caps go to 0, mints stop, burns go on", scenes.drain),
        Scene("returned", "Collateral returns: caps return", scenes.collateral_returns),
        Scene("verified", "The last round is exported, and verified offline", verify),
    )
    return (*before, *([Scene("further", _further(plan), scenes.further)] if len(plan.routes) > 1 else []), *after)


def _further(plan: Plan) -> str:
    """The title of the scene about the routes after the main one."""

    def names(places: list[int]) -> str:
        return listed(list(dict.fromkeys(family_name(str(plan.chains[place])) for place in places)))

    _, *others = plan.routes
    sources, gates = [route.source for route in others], [place for route in others for place in route.destinations]
    what = "Another route has" if len(others) == 1 else f"{_number(len(others)).capitalize()} more routes have"
    return f"{what} collateral on {names(sources)}, and a token on {names(gates)}"


async def figures(stage: Stage) -> dict[str, str]:
    """How things stand at the end, as `ballast status` tells them."""
    (told,) = await command.run("status", "--url", stage.state.members[0].url)
    found: dict[str, str] = {}
    for name in (route.name for route in stage.routes):
        now = told_of(told, name)
        ratio = "-" if now["ratio_bps"] is None else f"{now['ratio_bps'] / 100:.0f} %"
        found[f"{name} collateral"] = _coins(now["collateral"], name)
        found[f"{name} wrapped"] = _coins(now["supply"], name)
        found[f"{name} ratio"] = ratio
        found |= {f"{name} cap on {d['chain']}": _coins(d["cap"], name) for d in now["deployments"]}
    return found


def _coins(amount: str | None, symbol: str) -> str:
    return "unknown" if amount is None else coins(int(amount), symbol)


def _all(count: int) -> str:
    return "both" if count == 2 else f"all {_number(count)}"


def _number(count: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return words[count] if count < len(words) else str(count)

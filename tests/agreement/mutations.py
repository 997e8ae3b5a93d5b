"""The rules, each broken in one place: what somebody might take for a simplification, and what over-mints.

A mutation replaces one named function of the real code wherever it is bound. Each is caught by a schedule of the same
name (`schedules_*.py`), which ends in an over-mint with it and is refused without it.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from relayer.agreement import caprule, ceilings, claims, horizons, ledger, routing, voting, window
from relayer.agreement.voting import Memory, Refusal

from . import toychains


@dataclass(frozen=True)
class Mutation:
    """`replacement` stands in for the function `name` of `module`; `why` says what somebody might think."""

    module: Any
    name: str
    replacement: Callable[..., Any]
    why: str


@contextmanager
def mutated(name: str | None) -> Iterator[None]:
    """The rules with this one broken, everywhere it is imported; None leaves them whole."""
    if name is None:
        yield
        return
    mutation = MUTATIONS[name]
    original = getattr(mutation.module, mutation.name)
    places = [
        (module, attribute)
        for key, module in list(sys.modules.items())
        if key.startswith(("relayer.agreement.", "tests.agreement.")) and module is not sys.modules[__name__]
        for attribute, value in list(vars(module).items())
        if value is original
    ]
    assert places, f"{mutation.name} is bound nowhere"
    for module, attribute in places:
        setattr(module, attribute, mutation.replacement)
    try:
        yield
    finally:
        for module, attribute in places:
            setattr(module, attribute, original)


# ---- voting


def _one_message_only(round_: int, message: bytes, memory: Memory) -> None:
    if memory.messages.get(round_, message) != message:
        raise Refusal("double", "another message was signed")


def _promise_only(round_: int, message: bytes, memory: Memory) -> None:
    if round_ < memory.promise:
        raise Refusal("promise", "below the promise")


_complete = voting.complete


def _certified_only(books: Any, bundle: Any, params: Any, memory: Memory) -> None:
    _complete(books, bundle, params, replace(memory, signed=()))


def _rounds_only(books: Any, round_: int, params: Any, lost: voting.Lost | None) -> None:
    if lost is not None and round_ < lost.first_round:
        raise Refusal("amnesia", "before the first round")


# ---- horizons and books


def _observed_only(reported: Any, times: Sequence[int], params: Any) -> int:
    return max(0, sorted(times)[int(params.faulty)] - int(params.staleness))


_covers = ledger._covers


def _flattened(entry: Any, round_: int, rounds: ledger.Rounds) -> bool:
    return any(k > round_ and any(_covers(a, entry) for a in alternatives) for k, alternatives in rounds.items())


# ---- ceilings and claims


def _no_clock_of_its_own(domain: bytes, gates: Any, world: Any, params: Any) -> int:
    seen = list(gates)
    fields = ("time", "supply", "round", "cap")
    mixed = {name: claims.high([getattr(g, name) for g in seen], params) for name in fields}
    return _seen_by(ceilings.GateView(**mixed), domain, world)


_seen_by = ceilings.seen_by


def _latest_cap(gate: Any, domain: bytes, world: Any) -> int:
    caps = [e.cap for _, alternative in sorted(world) for e in alternative if e.domain == domain]
    return caps[-1] if caps else int(gate.cap)


def _by_position(route: Any, views: Any, observers: Any, params: Any) -> Any:
    return sum(
        claims.low([views[p.chain].positions[p.id][m].floor for m in observers], params) for p in route.positions
    )


# ---- the cap rule


def _renewal_always(worlds: Any, caps: Any, backing: int) -> bool:
    return all(
        caprule.reserved(world, caps) <= backing or all(cap <= world.get(d, 0) for d, cap in caps.items())
        for world in worlds
    )


def _pairs_only(worlds: Any, caps: Any, backing: int) -> bool:
    return all(
        max(world.get(a, 0), caps.get(a, 0)) + max(world.get(b, 0), caps.get(b, 0)) <= backing
        for world in worlds
        for a, b in combinations(sorted(world.keys() | caps.keys()), 2)
    )


MUTATIONS = {
    "no promise": Mutation(
        voting, "may_sign", _one_message_only, "one message per round is enough; entering a later one binds nobody"
    ),
    "two messages": Mutation(voting, "may_sign", _promise_only, "the promise is enough; a leader proposes only once"),
    "no own check": Mutation(
        voting, "complete", _certified_only, "what a member signed itself is in the books, for it reported it"
    ),
    "amnesia without horizon": Mutation(
        voting, "after_loss", _rounds_only, "after a loss, staying out of old rounds is enough"
    ),
    "no horizon": Mutation(
        horizons, "counts", lambda time, horizon: True, "an old honest reading is still an honest reading"
    ),
    "falling horizon": Mutation(
        horizons, "raised", _observed_only, "the horizon follows from the observed times alone"
    ),
    "fewer than t readings": Mutation(
        horizons, "enough", lambda count, params: count > params.faulty, "f + 1 readings hold an honest one"
    ),
    "entries dropped early": Mutation(
        ledger,
        "expired",
        lambda entry, horizon: entry.expires_at < horizon + 4,
        "what expired before the observed time is over, without W",
    ),
    "flattened supersession": Mutation(
        ledger, "covered", _flattened, "any later statement with no smaller cap and no earlier expiry covers"
    ),
    "one world": Mutation(
        ceilings,
        "worlds",
        lambda rounds: [[(k, alternatives[0]) for k, alternatives in rounds.items()]],
        "of two proposals for a round the first one counts",
    ),
    "clock of another": Mutation(
        ceilings, "ceiling", _no_clock_of_its_own, "supply and clock may each be the order statistic"
    ),
    "supply elsewhere": Mutation(
        ceilings, "seen_by", lambda gate, domain, world: gate.supply, "cap <= locked - supply elsewhere"
    ),
    "latest caps": Mutation(ceilings, "seen_by", _latest_cap, "the sum of the latest caps <= locked"),
    "expired too soon": Mutation(
        ceilings, "in_force", lambda expires_at, time: expires_at > time + 1, "one second more or less"
    ),
    "inclusive expiry": Mutation(
        toychains,
        "live",
        lambda expires_at, time: time <= expires_at,
        "a statement lives to the end of its last second",
    ),
    "collateral per position": Mutation(
        claims, "observed_sum", _by_position, "an order statistic per position is as good as one of the sums"
    ),
    "no window": Mutation(
        window, "floor", lambda history, oldest, staleness: history[-1][1], "a final reading is a final reading"
    ),
    "unreadable is zero": Mutation(
        routing, "unread_ceiling", lambda record, rounds, floor: 0, "what nobody can read nobody can mint on"
    ),
    "deleted deployment": Mutation(
        routing,
        "counted",
        lambda route, old, rounds: {d.domain for d in route.deployments},
        "what the configuration does not name does not count",
    ),
    "renewal always": Mutation(
        caprule, "fits", _renewal_always, "a cap no higher than the ceiling is already reserved, so it is allowed"
    ),
    "pairs only": Mutation(caprule, "fits", _pairs_only, "no two destinations together exceed the collateral"),
}

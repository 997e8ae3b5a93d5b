"""What a new configuration must not do to the ones before it (design, section 4).

A deployment is deleted only after it was retired: its caps, certified or under way, count until they have run out. What
a file cannot show is whether the supply of a retired deployment is 0 at finality; the operator looks before deleting.
"""

from collections.abc import Iterator, Sequence

from relayer.config.committee import Committee, Deployment, Route


def changes(old: Committee, new: Committee) -> list[str]:
    """Why `new` cannot follow `old` directly, one sentence each; empty where it can."""
    return history((old, new))


def history(line: Sequence[Committee]) -> list[str]:
    """Why these configurations, oldest first, cannot follow one another; empty where they can. What was taken out may
    come back otherwise later on, so more shows over the whole line than between two neighbours."""
    found: list[str] = []
    for i in range(1, len(line)):
        old, new = line[i - 1], line[i]
        found += [*_lasting(old, new), *_order(old, new), *_members(old, new), *_deployments(old, new)]
        for earlier in line[:i]:
            found += [*_tokens(earlier, new), *_decimals(earlier, new)]
        found += _moved_vaults(line[: i + 1])
    return list(dict.fromkeys(found))


def _lasting(old: Committee, new: Committee) -> Iterator[str]:
    for setting in ("name", "network", "genesis", "slot"):
        before, after = getattr(old, setting), getattr(new, setting)
        if before != after:
            yield f"{setting} never changes: it was {before!r} and is {after!r}; rounds and books would not carry over"


def _order(old: Committee, new: Committee) -> Iterator[str]:
    if new.from_round <= old.from_round:
        yield (
            f"from_round must be later than before: {new.from_round} <= {old.from_round}; two "
            "configurations cannot hold for one round"
        )
    if new.epoch not in (old.epoch, old.epoch + 1):
        yield f"epoch must stay {old.epoch} or become {old.epoch + 1}, not {new.epoch}: gates take one step"


def _members(old: Committee, new: Committee) -> Iterator[str]:
    if new.epoch != old.epoch:
        return
    for setting in ("faulty", "threshold"):
        if getattr(old, setting) != getattr(new, setting):
            yield f"{setting} changes only with an epoch: the group key stands for the old one"
    if [member.identity for member in old.members] != [member.identity for member in new.members]:
        yield "members (and their order) change only with an epoch: the group key stands for the old ones"


def _deployments(old: Committee, new: Committee) -> Iterator[str]:
    now = {(route.name, deployment.gate) for route, deployment in _all(new)}
    of_token = _routes_of_tokens(new)
    for route, deployment in _all(old):
        moved = of_token.get(deployment.token, route.name) != route.name  # `_tokens` says so
        if (route.name, deployment.gate) not in now and not moved and not deployment.retired:
            yield (
                f"route {route.name!r}: deployment {deployment.gate} was deleted; set retired = true and delete it "
                "once its supply is 0 at finality and its leases have run out"
            )


def _tokens(old: Committee, new: Committee) -> Iterator[str]:
    """The books keep a deployment's figures by route and gate, also while no configuration names it."""
    now = {(route.name, deployment.gate): deployment for route, deployment in _all(new)}
    of_token = _routes_of_tokens(new)
    for route, deployment in _all(old):
        whither = of_token.get(deployment.token, route.name)
        after = now.get((route.name, deployment.gate))
        if whither != route.name:
            yield f"token {deployment.token} moved from route {route.name!r} to {whither!r}; it may not"
        elif after is not None and (after.token, after.decimals) != (deployment.token, deployment.decimals):
            yield f"route {route.name!r}: deployment {deployment.gate} changed its token or decimals; it may not"


def _decimals(old: Committee, new: Committee) -> Iterator[str]:
    now = {route.name: route for route in new.routes}
    for route in old.routes:
        after = now.get(route.name)
        if after is not None and after.decimals != route.decimals:
            yield (
                f"route {route.name!r}: decimals never change ({route.decimals} before, {after.decimals} now); "
                "the books are in route units"
            )


def _moved_vaults(line: Sequence[Committee]) -> Iterator[str]:
    """Vaults that the last configuration of `line` gives to another route than the one that had them before, while that
    route may still have live leases."""
    new = line[-1]
    for vault, route in _vaults(new).items():
        last = next((i for i in reversed(range(len(line) - 1)) if vault in _vaults(line[i])), None)
        if last is None:
            continue
        before = _vaults(line[last])[vault]
        if before == route:
            continue
        free = last + 1
        while free > 0 and _closed(line[free - 1], before):
            free -= 1
        gap = (new.from_round - line[free].from_round) * new.slot
        wait = max(_longest_lease(c, before) for c in line[: last + 1]) + max(c.staleness for c in line)
        if gap <= wait:
            yield (
                f"vault {vault} moves from route {before!r} to {route!r} while leases of {before!r} may be alive: take "
                f"it out of {before!r} (or retire its deployments), and let more than {wait} s of rounds pass"
            )


def _vaults(c: Committee) -> dict[str, str]:
    """Every vault ("account asset") with the name of its route."""
    return {f"{p.account} {p.asset}": route.name for route in c.routes for p in route.positions}


def _routes_of_tokens(c: Committee) -> dict[str, str]:
    """The name of each wrapped token's route."""
    return {deployment.token: route.name for route, deployment in _all(c)}


def _closed(c: Committee, route: str) -> bool:
    """Whether the route gets no cap above 0 any more under `c`."""
    return all(deployment.retired for of, deployment in _all(c) if of.name == route)


def _longest_lease(c: Committee, route: str) -> int:
    return max((deployment.lease for of, deployment in _all(c) if of.name == route), default=0)


def _all(c: Committee) -> Iterator[tuple[Route, Deployment]]:
    for route in c.routes:
        for deployment in route.deployments:
            yield route, deployment

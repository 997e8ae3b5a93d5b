"""What must hold between the settings of committee.toml.

Safety of the committee itself is design section 4: n >= 3f + 1, 2t - n > f, t <= n - f. The rest keeps the committee
live, so that a cap never runs out while all is well:

- slot >= 2 * skew + MIN_WORK: the slots of two honest members overlap long enough to agree in.
- finality_lag + slot <= staleness: while all is well no honest reading counts as absent. Honest members read within one
  slot, each no further back than the lag, and the horizon lies W below one of those readings.
- spread + slot + 2 * skew <= staleness, for chains of routes with positions on several chains: a reading that is newer
  than its checkpoint's time, as it may be where a family agrees without block hashes, must not be newer than the window
  reaches back, or coins on the move would count twice.
- heartbeat < lease / 2: a cap is renewed in the first half of its life, so that one missed renewal is survived.
- lease > heartbeat + finality_lag + (f + 2) * slot + 2 * skew: the lease counts from a reading that is a finality lag
  old. A heartbeat is noticed within a slot, certified within f + 1 more, and clocks differ by the skew.
- lease > staleness + (f + 2) * slot + 2 * skew: a reading may be as old as W and still count; a statement made of it
  must be alive when it is certified. It also keeps caps alive while a restarted committee gathers W of history.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from chains.caip import AccountId, AssetId, ChainId
from chains.registry import family
from relayer.agreement.params import violations
from relayer.config.committee import Committee, Deployment, Route
from relayer.config.errors import Finding, Where, path
from relayer.config.sections import Absent

if TYPE_CHECKING:
    from relayer.config.roster import Roster

MIN_WORK = 2
"""Seconds of a slot that two honest members share at least: to call, observe, fetch, propose and sign."""

C = TypeVar("C")
Check = Callable[[Committee], Iterator[Finding]]


def committee_findings(committee: Committee) -> list[Finding]:
    """Everything wrong between the settings of `committee`, which may be partial."""
    return _run(_CHECKS, committee)


def roster_findings(roster: "Roster") -> list[Finding]:
    """The same for the part that keys are made from."""
    return _run((_thresholds, _members), roster)


def _run(checks: Iterable[Callable[[C], Iterator[Finding]]], of: C) -> list[Finding]:
    found: list[Finding] = []
    for check in checks:
        try:
            for finding in check(of):
                found.append(finding)  # noqa: PERF402 - what was found before an Absent stays
        except Absent:
            continue
    return found


def _found(where: Where, message: str) -> Finding:
    return Finding(path(where), message)


def _thresholds(c: "Committee | Roster") -> Iterator[Finding]:
    for sentence in violations(len(c.members), c.faulty, c.threshold):
        yield _found(("faulty" if sentence.startswith("n >= 3f") else "threshold",), sentence)


def _slot(c: Committee) -> Iterator[Finding]:
    least = 2 * c.skew + MIN_WORK
    if c.slot < least:
        yield _found(("slot",), f"slot >= 2 * skew + {MIN_WORK} must hold: {c.slot} < {least}")


def _heartbeat(c: Committee) -> Iterator[Finding]:
    if c.heartbeat < c.slot:
        yield _found(("heartbeat",), f"heartbeat >= slot must hold: {c.heartbeat} < {c.slot}")


def _members(c: "Committee | Roster") -> Iterator[Finding]:
    for attribute in ("name", "identity"):
        values = [(i, getattr(member, attribute, None)) for i, member in enumerate(c.members)]
        yield from _repeated([(("members", i, attribute), value) for i, value in values if value])


def _route_names(c: Committee) -> Iterator[Finding]:
    names = [(i, getattr(route, "name", None)) for i, route in enumerate(c.routes)]
    yield from _repeated([(("routes", i, "name"), name) for i, name in names if name is not None])


def _lags(c: Committee) -> Iterator[Finding]:
    for name, chain in c.chains.items():
        lag = getattr(chain, "finality_lag", None)
        if lag is not None and lag + c.slot > c.staleness:
            yield _found(
                ("chains", name, "finality_lag"),
                f"finality_lag + slot <= staleness must hold, or honest readings count as absent: "
                f"{lag} + {c.slot} > {c.staleness}",
            )


def _spreads(c: Committee) -> Iterator[Finding]:
    several = set[str]()
    for route in c.routes:
        accounts = [getattr(position, "account", None) for position in getattr(route, "positions", ())]
        chains = {str(AccountId.parse(account).chain) for account in accounts if account is not None}
        several |= chains if len(chains) > 1 else set()
    for name in sorted(several & c.chains.keys()):
        options = getattr(c.chains[name], "options", None)
        if options is None:
            continue
        spread = family(ChainId.parse(name).namespace).spread(options)
        if spread and spread + c.slot + 2 * c.skew > c.staleness:
            yield _found(
                ("chains", name),
                f"spread + slot + 2 * skew <= staleness must hold on a chain of a route with positions on several "
                f"chains, or coins on the move could count twice: {spread} + {c.slot} + {2 * c.skew} > {c.staleness} "
                "(the chain's readings may be that many seconds newer than their checkpoint)",
            )


def _lint(c: Committee) -> Iterator[Finding]:
    for name, chain in c.chains.items():
        options = getattr(chain, "options", None)
        if options is not None:
            chain_id = ChainId.parse(name)
            for sentence in family(chain_id.namespace).lint(chain_id, options):
                yield _found(("chains", name), sentence)


def _used_chains(c: Committee) -> Iterator[Finding]:
    """Every chain named by a route has its table, and every table is for such a chain."""
    used: set[str] = set()
    complete = True
    for where, account in _accounts(c):
        if account is None:
            complete = False
            continue
        chain = str(AccountId.parse(account).chain)
        used.add(chain)
        if chain not in c.chains:
            yield _found(where, f'chain {chain} has no table [chains."{chain}"]')
    if complete:
        for name in c.chains:
            if name not in used:
                yield _found(("chains", name), "no route names this chain; remove the table")


def _accounts(c: Committee) -> Iterator[tuple[Where, str | None]]:
    for i, route in enumerate(c.routes):
        for j, position in enumerate(getattr(route, "positions", ())):
            yield ("routes", i, "positions", j, "account"), getattr(position, "account", None)
        for j, deployment in enumerate(getattr(route, "deployments", ())):
            yield ("routes", i, "deployments", j, "gate"), getattr(deployment, "gate", None)


def _same_chain(c: Committee) -> Iterator[Finding]:
    for i, route in enumerate(c.routes):
        for rows, account, asset in (("positions", "account", "asset"), ("deployments", "gate", "token")):
            for j, row in enumerate(getattr(route, rows, ())):
                holder, held = getattr(row, account, None), getattr(row, asset, None)
                if holder is None or held is None:
                    continue
                here, there = AccountId.parse(holder).chain, AssetId.parse(held).chain
                if here != there:
                    yield _found(("routes", i, rows, j, asset), f"is on {there}, but its {account} is on {here}")


def _vaults(c: Committee) -> Iterator[Finding]:
    """One vault in two routes would back two supplies with one collateral."""
    named: list[tuple[Where, str]] = []
    for i, route in enumerate(c.routes):
        for j, position in enumerate(getattr(route, "positions", ())):
            account, asset = getattr(position, "account", None), getattr(position, "asset", None)
            if account is not None and asset is not None:
                named.append((("routes", i, "positions", j), f"{account} {asset}"))
    yield from _repeated(named, "the same vault (account and asset) as {first}; collateral may back one route, once")


def _gates(c: Committee) -> Iterator[Finding]:
    """A gate may hold several routes, but a route once; a token has one gate and one route."""
    for i, route in enumerate(c.routes):
        yield from _repeated(_named(route, i, "gate"), "the same as {first}; a gate holds a route once")
    yield from _repeated([one for i, route in enumerate(c.routes) for one in _named(route, i, "token")])


def _named(route: Route, i: int, key: str) -> list[tuple[Where, str]]:
    return [
        (("routes", i, "deployments", j, key), value)
        for j, deployment in enumerate(getattr(route, "deployments", ()))
        if (value := getattr(deployment, key, None)) is not None
    ]


def _own_backing(c: Committee) -> Iterator[Finding]:
    """A wrapped token among its own collateral, also by way of other routes, would let a mint back the next mint."""
    wraps = [{getattr(d, "token", None) for d in getattr(route, "deployments", ())} for route in c.routes]
    backs = [{getattr(p, "asset", None) for p in getattr(route, "positions", ())} - {None} for route in c.routes]
    for i, route in enumerate(c.routes):
        # Everything that a mint of this route could end up backing.
        reached, tokens = {i}, set(wraps[i])
        while more := {j for j, assets in enumerate(backs) if j not in reached and assets & tokens}:
            reached |= more
            tokens |= set().union(*(wraps[j] for j in more))
        for j, position in enumerate(getattr(route, "positions", ())):
            asset = getattr(position, "asset", None)
            if asset is not None and asset in tokens:
                by = "" if asset in wraps[i] else ", by way of other routes,"
                yield _found(
                    ("routes", i, "positions", j, "asset"),
                    f"is{by} a wrapped token of this route, which cannot back itself",
                )


def _routes(c: Committee) -> Iterator[Finding]:
    for i, route in enumerate(c.routes):
        for check in (_weights, _grace):
            try:
                yield from check(route, ("routes", i))
            except Absent:
                continue
        for j, deployment in enumerate(getattr(route, "deployments", ())):
            try:
                yield from _lease(c, deployment, ("routes", i, "deployments", j, "lease"))
            except Absent:
                continue


def _weights(route: Route, where: Where) -> Iterator[Finding]:
    live = [deployment.weight for deployment in route.deployments if not deployment.retired]
    if live and sum(live) == 0:
        yield _found((*where, "deployments"), "all weights are 0: no deployment could ever get a cap")


def _grace(route: Route, where: Where) -> Iterator[Finding]:
    shortest = min((deployment.lease for deployment in route.deployments), default=None)
    if shortest is not None and route.grace >= shortest:
        yield _found((*where, "grace"), f"grace < lease must hold, or caps run out before: {route.grace} >= {shortest}")


def _lease(c: Committee, deployment: Deployment, where: Where) -> Iterator[Finding]:
    if deployment.retired:
        return  # its caps are 0: there is nothing to keep alive
    lease = deployment.lease
    if 2 * c.heartbeat >= lease:
        yield _found(where, f"heartbeat < lease / 2 must hold: {c.heartbeat} >= {lease} / 2")
    landing = (c.faulty + 2) * c.slot + 2 * c.skew
    if lease <= c.staleness + landing:
        yield _found(
            where,
            f"lease > staleness + (faulty + 2) * slot + 2 * skew must hold, or a statement could be dead when it is "
            f"certified: {lease} <= {c.staleness + landing}",
        )
    chain = c.chains.get(str(AccountId.parse(deployment.gate).chain))
    if chain is not None and lease <= c.heartbeat + chain.finality_lag + landing:
        yield _found(
            where,
            f"lease > heartbeat + finality_lag + (faulty + 2) * slot + 2 * skew must hold, or caps run out before "
            f"they are renewed: {lease} <= {c.heartbeat + chain.finality_lag + landing}",
        )


def _repeated(
    named: Iterable[tuple[Where, str]], message: str = "the same as {first}; it must be unique"
) -> Iterator[Finding]:
    first: dict[str, Where] = {}
    for where, value in named:
        if value in first:
            yield _found(where, message.format(first=path(first[value])))
        else:
            first[value] = where


_CHECKS: tuple[Check, ...] = (
    _thresholds,
    _slot,
    _heartbeat,
    _members,
    _route_names,
    _lags,
    _spreads,
    _lint,
    _used_chains,
    _same_chain,
    _vaults,
    _gates,
    _own_backing,
    _routes,
)

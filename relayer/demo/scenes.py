"""The story's steps. Every step goes through what is open to anybody: users' transactions, public commands, or what the
members do by themselves; and every step checks what it shows.

They are about the main route, whichever families its destinations are of; `further` is about the others.
"""

import asyncio
from collections.abc import Sequence

from chains.caip import ChainId
from chains.devnet import Table
from chains.types import Receipt
from relayer.demo.show import Step, listed
from relayer.demo.stage import UNIT, Stage, Status, caps, certified, coins, expect, told_of
from relayer.devnet.configuration import Route

LOCKED = 1000 * UNIT
LOCKED_FURTHER = 500 * UNIT
"""In the vault of every other route than the main one."""
FIRST_MINT = 100 * UNIT
REFUSED = "ExceedsCap"


def racing_mint(destinations: int, families: int) -> int:
    """What every gate of the main route takes beside a first mint, however far the others' first mints have moved the
    caps meanwhile: at worst a cap is an even share of what all other families' first mints have left."""
    share = (LOCKED - families * FIRST_MINT) // destinations - FIRST_MINT
    return min(200 * UNIT, share // (10 * UNIT) * 10 * UNIT)


async def lock(stage: Stage, step: Step) -> None:
    amounts = [LOCKED, *(LOCKED_FURTHER for _ in stage.others)]
    await asyncio.gather(*(_lock(stage, *one) for one in zip(stage.routes, amounts, strict=True)))
    for route, amount in zip(stage.routes, amounts, strict=True):
        step.tell(f"the vault on {stage.chain(route.position).chain} holds {coins(amount, route.name)}")
    step.facts["locked"] = str(LOCKED)
    # The members have been starting meanwhile, and what they read first is what was just locked.
    await stage.settle()
    step.tell(f"{listed([member.name for member in stage.state.members])} are running")


async def _lock(stage: Stage, route: Route, amount: int) -> None:
    vault = stage.chain(route.position)
    receipt = await vault.lock(route.position, amount)
    expect(receipt.ok, f"{vault.chain}: the deposit failed: {receipt.error}")
    held = await vault.locked(route.position)
    expect(held == amount, f"the vault on {vault.chain} holds {coins(held, route.name)}")


async def caps_appear(stage: Stage, step: Step) -> None:
    names = [route.name for route in stage.routes]
    seen = await stage.until(
        stage.state.members[0],
        "caps on every destination",
        lambda s: all(cap > 0 for name in names for cap in caps(s, name)),
    )
    for deployment, cap in zip(stage.main.deployments, caps(seen), strict=True):
        told = await stage.chain(deployment).feed(deployment)
        expect(told == LOCKED, f"the reserve feed on {stage.chain(deployment).chain} answers {told}")
        step.tell(f"{stage.chain(deployment).chain}: mint cap {coins(cap)}, the reserve feed answers {coins(LOCKED)}")
    expect(sum(caps(seen)) <= LOCKED, f"the caps add up to {coins(sum(caps(seen)))}")
    step.tell(
        f"round {certified(seen)}: all caps together {coins(sum(caps(seen)))}, never more than is locked",
        round=certified(seen),
        caps=[str(cap) for cap in caps(seen)],
    )


async def mint_within(stage: Stage, step: Step) -> None:
    await asyncio.gather(*(_mint_within(stage, step, one) for one in stage.of_each_family()))
    step.facts["supply"] = str(await stage.supply())


async def _mint_within(stage: Stage, step: Step, deployment: Table) -> None:
    told = await stage.command("mint", deployment, FIRST_MINT, *_statement(stage, deployment))
    where = stage.chain(deployment).chain
    expect(told["ok"], f"{where}: the mint was refused: {told['error']}")
    supply = await stage.chain(deployment).supply(deployment)
    expect(supply == FIRST_MINT, f"{where}: the supply is {coins(supply)}")
    step.tell(f"{where}: minted {coins(FIRST_MINT)} in {told['transaction']}")
    step.facts.setdefault("minted", []).append(told["transaction"])


async def mint_above(stage: Stage, step: Step) -> None:
    before = await stage.supply()
    await asyncio.gather(*(_mint_above(stage, step, one) for one in stage.of_each_family()))
    supply = await stage.supply()
    expect(supply == before, f"the supply is {coins(supply)}")


async def _mint_above(stage: Stage, step: Step, deployment: Table) -> None:
    # Without --force the command would see the refusal coming, and send nothing.
    told = await stage.command("mint", deployment, LOCKED, "--force", *_statement(stage, deployment))
    executed = Receipt(told["transaction"], told["height"], told["ok"], told["error"] or "")
    _refused(step, stage.chain(deployment).chain, executed, f"a mint of {coins(LOCKED)}")


async def race(stage: Stage, step: Step) -> None:
    # Each of the large mints alone would be covered; a gate that compares its own supply with the whole reserve lets
    # all of them through.
    deployments, before = stage.main.deployments, await stage.supply()
    left, small = LOCKED - before, racing_mint(len(deployments), len(stage.of_each_family()))
    sent = [(d, amount, await stage.send_mint(d, amount)) for amount in (left, small) for d in deployments]
    step.tell(f"{len(sent)} mints sent before any receipt is read; {coins(left)} of collateral is still unused")
    for deployment, amount, one in sent:
        receipt = await one.receipt()
        where, what = stage.chain(deployment).chain, coins(amount)
        if amount == left:
            _refused(step, where, receipt, what)
        else:
            expect(receipt.ok, f"{where}: a mint of {what} was refused: {receipt.error}")
            step.tell(f"{where}: {what} minted")
    supply = await stage.supply()
    expect(supply <= LOCKED, f"{coins(supply)} wrapped, {coins(LOCKED)} locked")
    expect(supply == before + small * len(deployments), f"the supply is {coins(supply)}")
    step.tell(f"wrapped on all chains together: {coins(supply)} of {coins(LOCKED)}", supply=str(supply))


async def further(stage: Stage, step: Step) -> None:
    await asyncio.gather(*(_further(stage, step, route) for route in stage.others))


async def _further(stage: Stage, step: Step, route: Route) -> None:
    (deployment,) = route.deployments
    gate, name = stage.chain(deployment), route.name
    seen = await stage.until(stage.state.members[0], f"a cap of {name}", lambda s: all(c > 0 for c in caps(s, name)))
    (cap,) = caps(seen, name)
    expect(cap <= LOCKED_FURTHER, f"the cap is {coins(cap, name)}, {coins(LOCKED_FURTHER, name)} are locked")
    step.tell(f"{name}: collateral on {stage.chain(route.position).chain}, mint cap on {gate.chain} {coins(cap, name)}")
    minted = await (await stage.send_mint(deployment, cap)).receipt()
    expect(minted.ok, f"{gate.chain}: a mint of {coins(cap, name)} was refused: {minted.error}")
    step.tell(f"{gate.chain}: {coins(cap, name)} minted, exactly the cap")
    above = await (await stage.send_mint(deployment, 1)).receipt()
    _refused(step, gate.chain, above, f"{coins(1, name)} more")
    supply = await gate.supply(deployment)
    expect(supply == cap, f"the supply is {coins(supply, name)}")


async def lies(stage: Stage, step: Step) -> None:
    alpha, bravo, _, delta = stage.state.members
    # Where members read the very same blocks a reading that differs is an outlier; elsewhere it is one of several
    # readings, of which the middle ones count.
    exact = [d for d in stage.main.deployments if stage.family(d).historical]
    first, last = [*exact, *stage.main.deployments][0], stage.main.deployments[-1]
    chain = str(stage.chain(first).chain)
    await stage.behave(bravo, first, [0], "lying")
    await stage.behave(delta, first, [0, 1], "lying")
    step.tell(f"{chain}: one endpoint of {bravo.name} lies, and two of {delta.name} tell the same lie")
    try:
        before = await stage.until(alpha, "a certificate", lambda s: certified(s) >= 0)
        await stage.redeem(last, 50 * UNIT)  # so that there is news to hold a round about
        place, supply = stage.state.members.index(delta), await stage.supply()

        def right(status: Status) -> bool:
            return certified(status) > certified(before) and int(told_of(status)["supply"] or 0) == supply

        def named(status: Status) -> bool:
            found = [f for f in status["findings"] if f["event"] == "outlier" and f["chain"] == chain]
            return right(status) and any(f["members"] == [place] for f in found)

        if exact:
            seen = await stage.until(alpha, f"{delta.name} named as an outlier", named)
            step.tell(f"round {certified(seen)} is right all the same: {alpha.name} names {delta.name} as an outlier")
            step.facts["outlier"] = delta.name
        else:
            seen = await stage.until(alpha, "a round that is right", right)
            step.tell(f"round {certified(seen)} is right all the same: {delta.name} is outvoted")
        url = bravo.endpoints[chain][0]
        own = await stage.until(bravo, f"{url} named as lying", lambda s: _lying(s, chain) == [f"{bravo.name}-1"])
        step.tell(f"{bravo.name} reads right all the same, and names its endpoint {', '.join(_lying(own, chain))}")
        step.facts |= {"round": certified(seen), "endpoint": _lying(own, chain)}
    finally:
        await stage.behave(bravo, first, [0], "honest")
        await stage.behave(delta, first, [0, 1], "honest")


async def kill(stage: Stage, step: Step) -> None:
    alpha, _, charlie, _ = stage.state.members
    last = stage.main.deployments[-1]
    before = await stage.until(alpha, "a certificate", lambda s: certified(s) >= 0)
    stage.kill(charlie)
    expect(await stage.status(charlie) is None, f"{charlie.name} still answers")
    step.tell(f"{charlie.name} was killed at round {certified(before)}")
    await stage.redeem(last, 30 * UNIT)
    during = await stage.until(alpha, "a round without it", lambda s: certified(s) > certified(before))
    step.tell(f"round {certified(during)} was certified without it")
    await stage.redeem(last, 20 * UNIT)  # while it is away, so that it has something to catch up with
    await stage.restart(charlie)
    after = await stage.until(charlie, "a later round known", lambda s: s["ready"] and certified(s) > certified(during))
    step.tell(f"{charlie.name} is back with its own store, and knows round {certified(after)}", round=certified(after))


async def drain(stage: Stage, step: Step) -> None:
    alpha, deployments = stage.state.members[0], stage.main.deployments
    vault = stage.chain(stage.main.position)
    receipt = await vault.drain(stage.main.position)
    expect(receipt.ok, f"the vault was not drained: {receipt.error}")
    expect(await vault.locked(stage.main.position) == 0, "the vault is not empty")
    step.tell("the vault is empty: its owner took everything out")
    seen = await stage.until(
        alpha,
        "caps at 0, and no other route touched",
        lambda s: (
            not any(int(d["cap"]) for d in told_of(s)["deployments"])
            and all(cap > 0 for route in stage.others for cap in caps(s, route.name))
        ),
    )
    status = told_of(seen)["status"]
    step.tell(f"round {certified(seen)}: {status}; every cap is 0", status=status)
    for route in stage.others:
        step.tell(f"{route.name} is not touched: its caps are {_listed(caps(seen, route.name), route.name)}")
    sent = [(deployment, await stage.send_mint(deployment, UNIT)) for deployment in deployments]
    for deployment, one in sent:
        _refused(step, stage.chain(deployment).chain, await one.receipt(), f"a mint of {coins(UNIT)}")
    told = await stage.command("redeem", deployments[0], 10 * UNIT)
    expect(told["ok"], f"a burn was refused: {told['error']}")
    where = str(stage.chain(deployments[0]).chain)
    step.tell(f"{where}: {coins(10 * UNIT)} burned, as at all times", burned=told["transaction"])


async def collateral_returns(stage: Stage, step: Step) -> None:
    alpha, first = stage.state.members[0], stage.main.deployments[0]
    receipt = await stage.chain(stage.main.position).lock(stage.main.position, LOCKED)
    expect(receipt.ok, f"the deposit failed: {receipt.error}")
    step.tell(f"{coins(LOCKED)} locked again")
    seen = await stage.until(alpha, "caps on every destination", lambda s: all(c > 0 for c in caps(s)))
    expect(sum(caps(seen)) <= LOCKED, f"the caps add up to {coins(sum(caps(seen)))}")
    step.tell(f"round {certified(seen)}: caps {_listed(caps(seen))}", caps=[str(c) for c in caps(seen)])
    minted = await (await stage.send_mint(first, UNIT)).receipt()
    expect(minted.ok, f"a mint was refused: {minted.error}")
    step.tell(f"{stage.chain(first).chain}: {coins(UNIT)} minted")


def _listed(amounts: Sequence[int], *symbol: str) -> str:
    return ", ".join(coins(amount, *symbol) for amount in amounts)


def _statement(stage: Stage, deployment: Table) -> tuple[str, ...]:
    """Options of `ballast mint`: for whom, and from which member the newest statement comes."""
    return "--to", stage.chain(deployment).user_address(), "--member-url", stage.state.members[0].url


def _refused(step: Step, chain: ChainId, executed: Receipt, what: str) -> None:
    """A mint was sent, stands in a block, and failed there with the gate's own error."""
    expect(not executed.ok, f"{chain}: {what} was minted")
    expect(executed.error == REFUSED, f"{chain}: {what} was refused with {executed.error}, not {REFUSED}")
    step.tell(f"{chain}: {what} refused: {REFUSED} in {executed.transaction}, in block {executed.height:,}")
    found = {"chain": str(chain), "transaction": executed.transaction, "height": executed.height}
    step.facts.setdefault("refused", []).append({**found, "error": executed.error})


def _lying(status: Status, chain: str) -> list[str]:
    (found,) = (c for c in status["chains"] if c["chain"] == chain)
    return [endpoint["name"] for endpoint in found["endpoints"] if endpoint["lying"]]

"""The story, step by step. Every step goes through what is open to anybody: users' transactions, public commands, or
what the members do by themselves; and every step checks what it shows."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from chains.devnet import Table
from relayer.demo.show import Step
from relayer.demo.stage import UNIT, Failed, Stage, Status, caps, certified, coins, expect, route
from relayer.devnet import command

LOCKED = 1000 * UNIT
FIRST_MINT = 100 * UNIT
RACING_MINT = 200 * UNIT
REFUSED = "ExceedsCap"


@dataclass(frozen=True, slots=True)
class Scene:
    """One step: `name` for machines, `title` for people."""

    name: str
    title: str
    play: Callable[[Stage, Step], Awaitable[None]]


async def lock(stage: Stage, step: Step) -> None:
    receipt = await stage.source.lock(stage.position, LOCKED)
    expect(receipt.ok, f"the deposit failed: {receipt.error}")
    held = await stage.source.locked(stage.position)
    expect(held == LOCKED, f"the vault holds {coins(held)}")
    step.tell(f"the vault on {stage.source.chain} holds {coins(held)}", locked=str(held))


async def caps_appear(stage: Stage, step: Step) -> None:
    seen = await stage.until(stage.state.members[0], "caps on every destination", lambda s: all(c > 0 for c in caps(s)))
    for deployment, cap in zip(stage.deployments, caps(seen), strict=True):
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
    first = stage.deployments[0]
    told = await stage.command("mint", first, FIRST_MINT, *_statement(stage, first))
    expect(told["ok"], f"the mint was refused: {told['error']}")
    supply = await stage.chain(first).supply(first)
    expect(supply == FIRST_MINT, f"the supply is {coins(supply)}")
    step.tell(
        f"{stage.chain(first).chain}: minted {coins(FIRST_MINT)} in {told['transaction']}",
        transaction=told["transaction"],
        supply=str(supply),
    )


async def mint_above(stage: Stage, step: Step) -> None:
    first = stage.deployments[0]
    # Without --force the command would see the refusal coming, and send nothing.
    told = await stage.command("mint", first, LOCKED, "--force", *_statement(stage, first))
    _refused(step, told["ok"], told["error"], told["transaction"], f"a mint of {coins(LOCKED)}")
    supply = await stage.supply()
    expect(supply == FIRST_MINT, f"the supply is {coins(supply)}")


async def race(stage: Stage, step: Step) -> None:
    # Each of the two large mints alone would be covered; a gate that compares its own supply with the whole reserve
    # lets both through.
    left = LOCKED - await stage.supply()
    amounts = [left, RACING_MINT]
    sent = [
        (deployment, amount, await stage.send_mint(deployment, amount))
        for amount in amounts
        for deployment in stage.deployments
    ]
    step.tell(f"{len(sent)} mints sent before any receipt is read; {coins(left)} of collateral is still unused")
    for deployment, amount, one in sent:
        receipt = await one.receipt()
        where, what = stage.chain(deployment).chain, coins(amount)
        if amount == left:
            _refused(step, receipt.ok, receipt.error, receipt.transaction, f"{where}: {what}")
        else:
            expect(receipt.ok, f"{where}: a mint of {what} was refused: {receipt.error}")
            step.tell(f"{where}: {what} minted")
    supply = await stage.supply()
    expect(supply <= LOCKED, f"{coins(supply)} wrapped, {coins(LOCKED)} locked")
    expect(supply == FIRST_MINT + RACING_MINT * len(stage.deployments), f"the supply is {coins(supply)}")
    step.tell(f"wrapped on both chains together: {coins(supply)} of {coins(LOCKED)}", supply=str(supply))


async def lies(stage: Stage, step: Step) -> None:
    alpha, bravo, _, delta = stage.state.members
    first, last = stage.deployments[0], stage.deployments[-1]
    chain = str(stage.chain(first).chain)
    await stage.behave(bravo, first, [0], "lying")
    await stage.behave(delta, first, [0, 1], "lying")
    step.tell(f"{chain}: one endpoint of {bravo.name} lies, and two of {delta.name} tell the same lie")
    try:
        before = await stage.until(alpha, "a certificate", lambda s: certified(s) >= 0)
        await stage.redeem(last, 50 * UNIT)  # so that there is news to hold a round about
        place, supply = stage.state.members.index(delta), await stage.supply()

        def named(status: Status) -> bool:
            found = [f for f in status["findings"] if f["event"] == "outlier" and f["chain"] == chain]
            right = certified(status) > certified(before) and int(route(status)["supply"] or 0) == supply
            return right and any(f["members"] == [place] for f in found)

        seen = await stage.until(alpha, f"{delta.name} named as an outlier", named)
        step.tell(f"round {certified(seen)} is right all the same: {alpha.name} names {delta.name} as an outlier")
        url = bravo.endpoints[chain][0]
        own = await stage.until(bravo, f"{url} named as lying", lambda s: _lying(s, chain) == [f"{bravo.name}-1"])
        step.tell(f"{bravo.name} reads right all the same, and names its endpoint {', '.join(_lying(own, chain))}")
        step.facts |= {"round": certified(seen), "outlier": delta.name, "endpoint": _lying(own, chain)}
    finally:
        await stage.behave(bravo, first, [0], "honest")
        await stage.behave(delta, first, [0, 1], "honest")


async def kill(stage: Stage, step: Step) -> None:
    alpha, _, charlie, _ = stage.state.members
    last = stage.deployments[-1]
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
    alpha, first = stage.state.members[0], stage.deployments[0]
    receipt = await stage.source.drain(stage.position)
    expect(receipt.ok, f"the vault was not drained: {receipt.error}")
    expect(await stage.source.locked(stage.position) == 0, "the vault is not empty")
    step.tell("the vault is empty: its owner took everything out")
    seen = await stage.until(alpha, "caps at 0", lambda s: not any(int(d["cap"]) for d in route(s)["deployments"]))
    step.tell(f"round {certified(seen)}: {route(seen)['status']}; every cap is 0", status=route(seen)["status"])
    sent = [(deployment, await stage.send_mint(deployment, UNIT)) for deployment in stage.deployments]
    for deployment, one in sent:
        refused = await one.receipt()
        where = f"{stage.chain(deployment).chain}: a mint of {coins(UNIT)}"
        _refused(step, refused.ok, refused.error, refused.transaction, where)
    told = await stage.command("redeem", first, 10 * UNIT)
    expect(told["ok"], f"a burn was refused: {told['error']}")
    step.tell(f"{stage.chain(first).chain}: {coins(10 * UNIT)} burned, as at all times", burned=told["transaction"])


async def collateral_returns(stage: Stage, step: Step) -> None:
    alpha, first = stage.state.members[0], stage.deployments[0]
    receipt = await stage.source.lock(stage.position, LOCKED)
    expect(receipt.ok, f"the deposit failed: {receipt.error}")
    step.tell(f"{coins(LOCKED)} locked again")
    seen = await stage.until(alpha, "caps on every destination", lambda s: all(c > 0 for c in caps(s)))
    expect(sum(caps(seen)) <= LOCKED, f"the caps add up to {coins(sum(caps(seen)))}")
    step.tell(f"round {certified(seen)}: caps {', '.join(map(coins, caps(seen)))}", caps=[str(c) for c in caps(seen)])
    minted = await (await stage.send_mint(first, UNIT)).receipt()
    expect(minted.ok, f"a mint was refused: {minted.error}")
    step.tell(f"{stage.chain(first).chain}: {coins(UNIT)} minted")


async def verify(stage: Stage, step: Step) -> None:
    file = stage.state.directory / "round.json"
    member = stage.state.members[-1]
    (told,) = await command.run("rounds", "export", "--url", member.url, "--out", str(file))
    step.tell(f"round {told['round']} exported from {member.name}: {told['parts']} parts", round=told["round"])
    committee, group = str(stage.state.committee), f"@{stage.state.group}"
    (found,) = await command.run("verify", str(file), "--committee", committee, "--group-key", group, failing=True)
    wrong = [check["name"] for check in found["checks"] if not check["ok"]]
    expect(found["ok"], f"the round does not hold: {', '.join(wrong)}")
    step.tell(f"it holds: {len(found['checks'])} checks, nothing but the file, committee.toml and the group key")
    forged = stage.state.directory / "round-forged.json"
    forged.write_text(_forged(file.read_text(encoding="utf-8")), encoding="utf-8")
    (told,) = await command.run("verify", str(forged), "--committee", committee, "--group-key", group, failing=True)
    expect(not told.get("ok", False), "a forged round holds")
    step.tell("with one digit altered it does not hold")


STORY = (
    Scene("lock", "1,000 are locked on the source chain", lock),
    Scene("caps", "Caps appear on both destinations", caps_appear),
    Scene("mint", "A mint within the cap succeeds", mint_within),
    Scene("refused", "A mint above the cap is refused", mint_above),
    Scene("race", "Mints on both chains at once cannot exceed the collateral", race),
    Scene("lies", "Endpoints lie: outvoted, and named", lies),
    Scene("killed", "A member is killed: rounds go on, and it comes back", kill),
    Scene("drained", "The vault is drained: caps go to 0, mints stop, burns go on", drain),
    Scene("returned", "Collateral returns: caps return", collateral_returns),
    Scene("verified", "The last round is exported, and verified offline", verify),
)


async def figures(stage: Stage) -> dict[str, str]:
    """How things stand at the end, as `ballast status` tells them."""
    member = stage.state.members[0]
    (told,) = await command.run("status", "--url", member.url)
    now = route(told)
    ratio = "-" if now["ratio_bps"] is None else f"{now['ratio_bps'] / 100:.0f} %"
    found = {"collateral": coins(int(now["collateral"])), "wrapped": coins(int(now["supply"])), "ratio": ratio}
    return found | {f"cap on {d['chain']}": coins(int(d["cap"])) for d in now["deployments"]}


def _statement(stage: Stage, deployment: Table) -> tuple[str, ...]:
    """Options of `ballast mint`: for whom, and from which member the newest statement comes."""
    return "--to", stage.chain(deployment).user_address(), "--member-url", stage.state.members[0].url


def _refused(step: Step, ok: bool, error: str, transaction: str, what: str) -> None:
    expect(not ok, f"{what} was minted")
    expect(error == REFUSED, f"{what} was refused with {error}, not {REFUSED}")
    step.tell(f"{what} refused: {error} in {transaction}")
    step.facts.setdefault("refused", []).append({"transaction": transaction, "error": error})


def _lying(status: Status, chain: str) -> list[str]:
    (found,) = (c for c in status["chains"] if c["chain"] == chain)
    return [endpoint["name"] for endpoint in found["endpoints"] if endpoint["lying"]]


def _forged(text: str) -> str:
    """The exported round with one hex digit of its longest text altered."""
    longest = max(_texts(json.loads(text)), key=len, default="")
    if not longest:
        raise Failed("the exported round holds no text")
    middle = len(longest) // 2
    digit = "1" if longest[middle] != "1" else "2"
    return text.replace(longest, longest[:middle] + digit + longest[middle + 1 :])


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []

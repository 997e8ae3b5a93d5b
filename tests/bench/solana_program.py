"""Compute units at a Solana gate beside a bare MintTo: `python -m tests.bench solana_program`.

Every figure is what a whole transaction consumed in the virtual machine (LiteSVM with mainnet's features) that runs the
committed artifact; of several transactions the dearest counts, since a signature's numbers change the way through the
program. The peer of a mint is the token program's MintTo, signed by a wallet. Fails if a statement costs more than
40,000 with up to 16 leaves, whatever the committee's size.
"""

import json
import statistics
from typing import Any

from tests.chains.solana.program.harness import ARTIFACT, MAX_U64, World
from tests.chains.statements import EPOCH, Committee

LIMIT = 40_000
LEAVES = (1, 2, 4, 8, 16)
COMMITTEES = ((3, 4), (67, 100))
"""Threshold and size."""

SAMPLES = 16
FIRST_ROUND = 59_000_000
AMOUNT = 7_000_000


def figures() -> list[dict[str, Any]]:
    """One item {name, value, unit, peer, ratio} per figure, in compute units and bytes. Raises `AssertionError` if a
    statement costs more than was promised."""
    worlds = [_world(*committee) for committee in COMMITTEES]
    small, large = (_submissions(world) for world in worlds)
    _promised(small, large)
    submit = max(small[16], large[16])
    mint, bare, both = _mints(worlds[0])
    return [
        _row("solana.submit_cu", submit),
        _row("solana.submit_cu.4", small[16]),
        _row("solana.submit_cu.100", large[16], small[16]),
        *(_row(f"solana.submit_cu.leaves_{leaves}", max(small[leaves], large[leaves])) for leaves in LEAVES),
        _row("solana.submit_cu_per_level", _slope(small)),
        _row("solana.mint_cu", mint, bare),
        _row("solana.submit_and_mint_cu", both, submit + mint),
        _row("solana.redeem_cu", worlds[0].redeem(AMOUNT).done().units),
        _row("solana.handover_cu", _handover(worlds[0])),
        _row("solana.program_bytes", ARTIFACT.stat().st_size, unit="bytes"),
    ]


def _world(threshold: int, size: int) -> World:
    group = Committee(f"{threshold} of {size}", threshold, size)
    return World(capacity=MAX_U64, refill=MAX_U64, group=group)


def _submissions(world: World) -> dict[int, int]:
    """The dearest of some statements, by their trees' leaves."""
    found, round_ = {}, FIRST_ROUND
    for leaves in LEAVES:
        spent = []
        for sample in range(SAMPLES):
            round_ += 1
            statement = world.statement(round_, MAX_U64 // 2, leaves=leaves, index=sample % leaves)
            spent.append(world.submit(statement).done().units)
        found[leaves] = max(spent)
    return found


def _mints(world: World) -> tuple[int, int, int]:
    """A mint, the same by a wallet that is the mint's authority, and one that brings its statement along."""
    mint = max(world.mint(AMOUNT).done().units for _ in range(SAMPLES))
    vm = world.vm
    token = vm.mint("bare", world.authority, world.token_program)
    account = vm.token_account(world.holder.pubkey(), token)
    bare = max(vm.mint_beside(token, account, AMOUNT, world.authority).done().units for _ in range(SAMPLES))
    rounds = range(2 * FIRST_ROUND, 2 * FIRST_ROUND + SAMPLES)
    statements = (world.statement(r, MAX_U64 // 2, leaves=16, index=r % 16) for r in rounds)
    return mint, bare, max(world.mint(AMOUNT, statement).done().units for statement in statements)


def _handover(world: World) -> int:
    """The dearest of some handovers that stand alone in their trees."""
    spent, by = [], world.group
    for i in range(SAMPLES):
        to = Committee(f"next {i}")
        statement, proof = world.handing(to, 3 * FIRST_ROUND + i, by=by, epoch=EPOCH + i)
        spent.append(world.hand_over(statement, proof).done().units)
        by = to
    return max(spent)


def _promised(*costs: dict[int, int]) -> None:
    above = [
        f"{threshold} of {size} members, {leaves} leaves: {units:,}"
        for (threshold, size), cost in zip(COMMITTEES, costs, strict=True)
        for leaves, units in cost.items()
        if units > LIMIT
    ]
    assert not above, f"statements that cost more than {LIMIT:,} compute units: {'; '.join(above)}"


def _slope(cost: dict[int, int]) -> float:
    """Compute units per level of the tree."""
    return round(statistics.linear_regression([n.bit_length() - 1 for n in cost], list(cost.values())).slope, 1)


def _row(name: str, value: float, peer: int | None = None, unit: str = "compute units") -> dict[str, Any]:
    ratio = None if peer is None else round(value / peer, 3)
    return {"name": name, "value": value, "unit": unit, "peer": peer, "ratio": ratio}


if __name__ == "__main__":
    for item in figures():
        print(json.dumps(item))

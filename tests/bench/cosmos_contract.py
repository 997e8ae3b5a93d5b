"""Gas at a Cosmos gate beside contracts that do less: `python -m tests.bench cosmos_contract`.

Every figure is what a whole transaction used in a block of a local node that runs the committed artifacts, fees and
all; of several the dearest counts. The peer of a statement is an execution of a contract that reads one entry and does
nothing, that of a mint the token's own `mint`, sent by an account. Fails if a statement costs more than 200,000 with up
to 16 leaves, whatever the committee's size. Where wasmd has not been built there is nothing to measure with, and it
says so.
"""

import json
import statistics
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from chains.cosmos import build_node, cw20
from tests.chains.cosmos.contract import puppet
from tests.chains.cosmos.contract.calls import (
    GATE_CODE,
    Call,
    address_of,
    artifact,
    contract_address,
    execute,
    instantiate,
    store,
)
from tests.chains.cosmos.contract.gate import Gate
from tests.chains.cosmos.contract.ledger import Ledger, running
from tests.chains.statements import EPOCH, Committee, planted

LIMIT = 200_000
LEAVES = (1, 2, 4, 8, 16)
COMMITTEES = ((3, 4), (67, 100))
"""Threshold and size."""

SAMPLES = 8
FIRST_ROUND = 59_000_000
AMOUNT = 7_000_000
CAP = 1 << 100
SKIPPED = "skipped: wasmd has not been built: run python -m chains.cosmos.build_node"


def figures() -> list[dict[str, Any]]:
    """One item {name, value, unit, peer, ratio} per figure, in gas and bytes; none without a wasmd. Raises
    `AssertionError` if a statement costs more than was promised."""
    program = build_node.node()
    if program is None:
        print(SKIPPED, file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as directory, running(program, Path(directory)) as ledger:
        return _measured(ledger)


def _measured(ledger: Ledger) -> list[dict[str, Any]]:
    gates = [Gate(ledger, f"{t} of {n}", Committee(f"{t} of {n}", t, n)) for t, n in COMMITTEES]
    for gate in gates:
        ledger.do(*gate.set_up())
    small, large = (_submissions(gate) for gate in gates)
    _promised(small, large)
    submit, nothing = max(small[16], large[16]), _nothing(ledger)
    mint, bare, both = _mints(gates[0])
    return [
        _row("cosmos.submit_gas", submit, nothing),
        _row("cosmos.submit_gas.4", small[16]),
        _row("cosmos.submit_gas.100", large[16], small[16]),
        *(_row(f"cosmos.submit_gas.leaves_{leaves}", max(small[leaves], large[leaves])) for leaves in LEAVES),
        _row("cosmos.submit_gas_per_level", _slope(small)),
        _row("cosmos.mint_gas", mint, bare),
        _row("cosmos.submit_and_mint_gas", both, submit + mint),
        *_redemptions(gates[0]),
        _row("cosmos.handover_gas", _handover(gates[0])),
        _row("cosmos.wasm_bytes", len(artifact(GATE_CODE)), unit="bytes"),
    ]


def _dearest(ledger: Ledger, *calls: Call) -> int:
    # The first is left out: it writes what the others find, down to the sender's public key.
    return max(outcome.gas for outcome in ledger.do(*calls)[1:])


def _statement(gate: Gate, round_: int, leaves: int) -> bytes:
    return planted(gate.leaf(CAP), leaves, round_ % leaves).certified(gate.group, EPOCH, round_)


def _submissions(gate: Gate) -> dict[int, int]:
    """The dearest of some statements, by their trees' leaves."""
    found, round_ = {}, FIRST_ROUND
    for leaves in LEAVES:
        rounds = range(round_, round_ + SAMPLES + 1)
        found[leaves] = _dearest(gate.ledger, *(gate.submit(_statement(gate, r, leaves)) for r in rounds))
        round_ = rounds[-1] + 1
    return found


def _nothing(ledger: Ledger) -> int:
    """An execution of a contract that reads one entry and does nothing."""
    (stored,) = ledger.do(store("deployer", puppet.wasm()))
    address = contract_address("deployer", b"nothing", puppet.wasm())
    told = instantiate("deployer", stored.code_id, {}, b"nothing") + execute("deployer", address, {"a": puppet.SILENT})
    ledger.do(told)
    return _dearest(ledger, *(execute("stranger", address, {"nothing": {}}) for _ in range(3)))


def _mints(gate: Gate) -> tuple[int, int, int]:
    """A mint, the token's own by an account that is its minter, and one that brings its statement along."""
    mint = _dearest(gate.ledger, *(gate.mint(AMOUNT) for _ in range(SAMPLES)))
    token = replace(gate, label="bare")
    gate.ledger.do(token.token_created())
    told = cw20.mint(address_of("holder"), AMOUNT)
    bare = _dearest(gate.ledger, *(execute("issuer", token.token, told) for _ in range(3)))
    rounds = range(2 * FIRST_ROUND, 2 * FIRST_ROUND + SAMPLES)
    return mint, bare, _dearest(gate.ledger, *(gate.mint(AMOUNT, _statement(gate, r, 16)) for r in rounds))


def _redemptions(gate: Gate) -> list[dict[str, Any]]:
    gate.ledger.do(gate.allow(10**12))
    allowed = _dearest(gate.ledger, *(gate.redeem(1_000) for _ in range(3)))
    sent = _dearest(gate.ledger, *(gate.send(1_000) for _ in range(3)))
    return [_row("cosmos.redeem_gas", allowed), _row("cosmos.redeem_by_send_gas", sent)]


def _handover(gate: Gate) -> int:
    """The dearest of some handovers."""
    calls, by = list[Call](), gate.group
    for i in range(4):
        to = Committee(f"next {i}")
        calls.append(gate.handing(to, 3 * FIRST_ROUND + i, EPOCH + i, by))
        by = to
    return _dearest(gate.ledger, *calls)


def _promised(*costs: dict[int, int]) -> None:
    above = [
        f"{threshold} of {size} members, {leaves} leaves: {used:,}"
        for (threshold, size), cost in zip(COMMITTEES, costs, strict=True)
        for leaves, used in cost.items()
        if used > LIMIT
    ]
    assert not above, f"statements that cost more than {LIMIT:,} gas: {'; '.join(above)}"


def _slope(cost: dict[int, int]) -> float:
    """Gas per level of the tree."""
    return round(statistics.linear_regression([n.bit_length() - 1 for n in cost], list(cost.values())).slope, 1)


def _row(name: str, value: float, peer: int | None = None, unit: str = "gas") -> dict[str, Any]:
    ratio = None if peer is None else round(value / peer, 3)
    return {"name": name, "value": value, "unit": unit, "peer": peer, "ratio": ratio}


if __name__ == "__main__":
    for item in figures():
        print(json.dumps(item))

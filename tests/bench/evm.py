"""Gas at an EVM gate beside gates that check the same statement by ECDSA signatures: `python -m tests.bench evm`.

Every figure is the gas of a whole transaction, from the receipt of a local node that runs the committed artifacts. The
peers (contracts/evm/bench) do the least that a gate for ECDSA signatures must, over the same leaf and branch. Fails if
a second or later statement costs more than 60,000 with up to 16 leaves.
"""

import asyncio
import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import coincurve
from eth_abi.abi import encode

from chains.encoding import domain_id
from chains.evm.abi import Interface
from chains.evm.client import Client
from chains.evm.devnet import Devnet
from chains.hashing import keccak256
from tests.chains.evm.evm_support import CHAIN, ROUTE, UNIT
from tests.chains.evm.gas_support import (
    COMMITTEES,
    LIMIT,
    FrostCommittee,
    MeasuredGate,
    Statement,
    bare_mint,
    clockwork,
    gas_used,
    made_up,
    measured_gate,
)

LEAVES = (1, 2, 4, 8, 16)
PEERS = ((5, 7), (13, 19), (67, 100))
"""Signatures that are checked, of how many members; 13 of 19 is what Wormhole's guardians sign with."""

FIRST_ROUND = 59_000_000
AMOUNT = 7 * UNIT
PEER_GAS = 8_000_000
ARTIFACT = Path(__file__).parents[2] / "contracts" / "evm" / "bench" / "artifacts" / "EcdsaGate.json"


@dataclass(frozen=True, slots=True)
class EcdsaGate:
    """A gate of the comparison, for the same domain and route as a real one."""

    node: Devnet
    client: Client
    address: str
    interface: Interface
    keys: tuple[coincurve.PrivateKey, ...]

    @classmethod
    async def deployed(cls, beside: MeasuredGate, threshold: int, size: int) -> "EcdsaGate":
        artifact = json.loads(ARTIFACT.read_text(encoding="utf-8"))
        keys = tuple(coincurve.PrivateKey(made_up(f"member {i}")) for i in range(size))
        members = ["0x" + keccak256(key.public_key.format(compressed=False)[1:])[12:].hex() for key in keys]
        domain = domain_id(f"{CHAIN}:{beside.gate}")
        arguments = encode(["bytes32", "bytes32", "uint256", "address[]"], [domain, ROUTE, threshold, members])
        code = bytes.fromhex(artifact["bytecode"].removeprefix("0x")) + arguments
        receipt = await beside.client.executed(await beside.client.send(None, code, PEER_GAS))
        assert receipt.ok, receipt.error
        told = await beside.node.call("eth_getTransactionReceipt", receipt.transaction)
        interface = Interface(artifact["abi"])
        return cls(beside.node, beside.client, told["contractAddress"], interface, keys[:threshold])

    async def submitted(self, statement: Statement) -> int:
        """Gas of the transaction that submits the statement with a signature of each of the first members."""
        message = statement.header.message()
        signatures = b"".join(self._signature(i, message) for i in range(len(self.keys)))
        data = statement.leaf + statement.branch.encode() + statement.header.encode() + signatures
        sent = await self.client.send(self.address, self.interface.call("submit", data), PEER_GAS)
        return await gas_used(self.node, await self.client.executed(sent))

    def _signature(self, index: int, message: bytes) -> bytes:
        """index u8 | r 32 | s 32 | v u8, where ecrecover's v is 27 or 28."""
        signed = self.keys[index].sign_recoverable(message, hasher=None)
        return bytes([index]) + signed[:64] + bytes([27 + signed[64]])


def figures() -> list[dict[str, Any]]:
    """One item {name, value, unit, peer, ratio} per figure, all in gas. Raises `AssertionError` if a statement costs
    more than was promised."""
    return asyncio.run(_measured())


async def _measured() -> list[dict[str, Any]]:
    async with clockwork() as (node, client):
        gates = [await measured_gate(node, client, FrostCommittee(*committee)) for committee in COMMITTEES]
        costs = [await _submissions(gate) for gate in gates]
        _promised(gates, costs)
        small, large = (cost[LEAVES[-1]] for cost in costs)
        submit = max(small, large)
        rows = [
            _row("evm.submit_gas", submit),
            _row("evm.submit_gas.4", small),
            _row("evm.submit_gas.100", large, small),
            *(_row(f"evm.submit_gas.leaves_{leaves}", max(cost[leaves] for cost in costs)) for leaves in LEAVES),
            _row("evm.submit_gas_per_level", _slope(costs[0])),
        ]
        for threshold, size in PEERS:
            peer = await EcdsaGate.deployed(gates[0], threshold, size)
            rows.append(_row(f"evm.submit_gas.vs_ecdsa_{threshold}", submit, (await _submissions(peer, gates[0]))[16]))
        return rows + await _mints(gates[0], small)


async def _submissions(gate: MeasuredGate | EcdsaGate, stated: MeasuredGate | None = None) -> dict[int, int]:
    """Gas of a second and later statements, by their trees' leaves."""
    of = stated or cast(MeasuredGate, gate)
    await gate.submitted(of.statement(FIRST_ROUND, LEAVES[-1]))
    return {n: await gate.submitted(of.statement(FIRST_ROUND + 1 + i, n)) for i, n in enumerate(LEAVES)}


async def _mints(gate: MeasuredGate, submit: int) -> list[dict[str, Any]]:
    """The second of each kind: receiver, supply and rate limit have their slots already."""
    await gate.minted(AMOUNT)
    mint, bare = await gate.minted(AMOUNT), await bare_mint(gate, AMOUNT)
    both = await gate.minted(AMOUNT, gate.statement(FIRST_ROUND + 100, LEAVES[-1]))
    return [_row("evm.mint_gas", mint, bare), _row("evm.submit_and_mint_gas", both, submit + mint)]


def _promised(gates: list[MeasuredGate], costs: list[dict[int, int]]) -> None:
    above = [
        f"{gate.committee.threshold} of {gate.committee.size} members, {leaves} leaves: {used:,}"
        for gate, cost in zip(gates, costs, strict=True)
        for leaves, used in cost.items()
        if used > LIMIT
    ]
    assert not above, f"statements that cost more than {LIMIT:,} gas: {'; '.join(above)}"


def _slope(cost: dict[int, int]) -> float:
    """Gas per level of the tree."""
    return round(statistics.linear_regression([n.bit_length() - 1 for n in cost], list(cost.values())).slope, 1)


def _row(name: str, value: float, peer: int | None = None) -> dict[str, Any]:
    ratio = None if peer is None else round(value / peer, 3)
    return {"name": name, "value": value, "unit": "gas", "peer": peer, "ratio": ratio}


if __name__ == "__main__":
    for item in figures():
        print(json.dumps(item))

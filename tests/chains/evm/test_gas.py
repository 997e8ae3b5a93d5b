"""The promise about gas, kept on a node with signatures that committees of both sizes have made. Gas is counted, not
timed: the figures are the same on every machine. Solidity's own test of it is contracts/evm/test/Gas.t.sol."""

import pytest

from tests.chains.evm.gas_support import COMMITTEES, LIMIT, FrostCommittee, clockwork, measured_gate


@pytest.mark.parametrize(("threshold", "size"), COMMITTEES)
async def test_a_later_statement_of_sixteen_costs_at_most_60000(threshold: int, size: int) -> None:
    async with clockwork() as (node, client):
        gate = await measured_gate(node, client, FrostCommittee(threshold, size))
        await gate.submitted(gate.statement(1, 16))
        assert await gate.submitted(gate.statement(2, 16)) <= LIMIT
        assert await gate.submitted(gate.statement(2**48 - 1, 16, largest=True)) <= LIMIT

"""An endpoint is admitted once it has shown the configured chain id and genesis block."""

from typing import Any

from chains.evm import headers
from chains.evm.options import ChainOptions
from chains.evm.values import quantity
from chains.jsonrpc import Call
from chains.quorum import Admission


def admission(reference: str, options: ChainOptions) -> Admission:
    """`reference` is the chain's CAIP-2 reference, the chain id in decimal."""
    expected, genesis = int(reference), bytes.fromhex(options.genesis_hash[2:])

    def refusal(answers: tuple[Any, ...]) -> str:
        chain_id, block = answers
        if chain_id != expected:
            return f"serves chain id {chain_id}, configured is {expected}"
        if block.hash != genesis:
            return f"its genesis block is 0x{block.hash.hex()}, configured is 0x{genesis.hex()}"
        return ""

    calls = (Call("eth_chainId", (), quantity), Call("eth_getBlockByNumber", ("0x0", False), headers.parse))
    return Admission(calls, refusal)

"""An endpoint is admitted once it has shown the configured chain id, and no other block at the root of trust.

A node's own word for the chain id tells networks apart; nothing proves it, and nothing needs to: what is read later is
proven to headers that the light client believes, and every header names the chain. The block at `trust_height` tells
apart what bears the same name, such as a test network that was started anew. Only an endpoint that has that block can
show it. One that has pruned it, or is not there yet, is admitted by its chain id alone, since otherwise a root would
have to be renewed whenever the endpoints prune.
"""

from typing import Any

from chains.cosmos import rpc
from chains.cosmos.options import ChainOptions, MemberOptions
from chains.quorum import Admission


def chain_admission(chain_id: str) -> Admission:
    """By the chain id alone, for who has no root of trust: a user of one node."""

    def refusal(answers: tuple[Any, ...]) -> str:
        (status,) = answers
        return _other_chain(status, chain_id)

    return Admission((rpc.status(),), refusal, rpc.EXPECTED)


def admission(chain_options: ChainOptions, options: MemberOptions) -> Admission:
    """See `chains.quorum.Admission`."""
    height, trusted = options.trust_height, bytes.fromhex(options.trust_hash)

    def refusal(answers: tuple[Any, ...]) -> str:
        status, block = answers
        other = _other_chain(status, chain_options.chain_id)
        if other or block is None:
            return other
        found = block[0].hash
        if found != trusted:
            return f"its block {height} is {found.hex().upper()}, trust_hash says {trusted.hex().upper()}"
        return ""

    return Admission((rpc.status(), rpc.commit(height, absent=True)), refusal, rpc.EXPECTED)


def _other_chain(status: rpc.Status, chain_id: str) -> str:
    return "" if status.chain_id == chain_id else f"serves the chain {status.chain_id!r}, configured is {chain_id!r}"

"""An endpoint is admitted once it has shown the configured genesis hash."""

from typing import Any

from chains.quorum import Admission
from chains.solana import rpc
from chains.solana.options import ChainOptions


def admission(options: ChainOptions) -> Admission:
    """See `chains.quorum.Admission`."""

    def refusal(answers: tuple[Any, ...]) -> str:
        (genesis,) = answers
        if genesis == options.genesis_hash:
            return ""
        return f"serves the cluster with genesis hash {genesis}, configured is {options.genesis_hash}"

    return Admission((rpc.genesis_hash(),), refusal)

"""The family's devnet: local nodes with the gate program from their genesis on, and whose keys are used.

The accounts' secrets are hashes of their names: they belong to everybody. What a local chain is called follows from its
number (`chains.solana.node.genesis`), so that it is known before a node runs.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chains import proxies
from chains.caip import ChainId
from chains.devnet import Program, Table, account_secret
from chains.errors import Refused
from chains.solana.node import genesis
from chains.solana.transactions import Key

if TYPE_CHECKING:
    from chains.solana.demo import SolanaLocalChain

SLOT_MS = 400
"""As on the public clusters."""
FINALITY_SLOTS = 5
"""Two seconds: long enough to be seen, far shorter than the 32 slots of the public clusters."""
ARTIFACT = Path(__file__).parent / "artifacts" / "ballast-v3.so"
MOST_CHAINS = 64


OWNER = Key(account_secret("owner"))
"""Sets everything up, and may upgrade the program."""
PROGRAM = Key(account_secret("solana program")).address


class SolanaDevnet:
    """See `chains.devnet.Devnet`."""

    name = "solana"
    rank = 20
    ports = 2  # websockets are on the next one
    historical = False

    def chain_id(self, number: int) -> ChainId:
        return ChainId(genesis.NAMESPACE, genesis.reference(number))

    def preparation(self) -> Program | None:
        """Everything comes with the installation."""
        return None

    def node(self, chain: ChainId, port: int, directory: Path) -> Program:
        what = ("--rpc-port", str(port), "--number", str(number_of(chain)))
        pace = ("--slot-ms", str(SLOT_MS), "--finality-slots", str(FINALITY_SLOTS))
        gate = ("--upgradeable-program", PROGRAM, str(ARTIFACT), OWNER.address)
        argv = (sys.executable, "-m", "chains.solana.node", *what, *pace, *gate)
        return Program(f"node-{chain.reference}", argv)

    def endpoints(self, upstreams: Mapping[int, int], directory: Path) -> Program:
        return proxies.program(f"endpoints-{genesis.NAMESPACE}", "chains.solana.endpoints", upstreams)

    def local(self, chain: ChainId, port: int, tables: Sequence[Table] = ()) -> "SolanaLocalChain":
        from chains.solana.demo import SolanaLocalChain

        return SolanaLocalChain(chain, f"http://127.0.0.1:{port}", tables)


def number_of(chain: ChainId) -> int:
    """The number of one of the devnet's chains. Raises `Refused` for another chain."""
    for number in range(MOST_CHAINS):
        if genesis.reference(number) == chain.reference:
            return number
    raise Refused(f"{chain} is no chain of the devnet: it has the first {MOST_CHAINS} local chains")

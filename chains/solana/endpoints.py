"""The family's controllable endpoints: `python -m chains.solana.endpoints 4001=8899 ...`. See `chains.proxies`."""

import sys

from chains import proxies
from chains.solana.misbehaviour import SolanaDialect

if __name__ == "__main__":
    proxies.main(sys.argv[1:], SolanaDialect())

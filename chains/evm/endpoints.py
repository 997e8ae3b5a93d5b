"""The family's controllable endpoints: `python -m chains.evm.endpoints 4001=8545 ...`. See `chains.proxies`."""

import sys

from chains import proxies
from chains.evm.misbehaviour import EvmDialect

if __name__ == "__main__":
    proxies.main(sys.argv[1:], EvmDialect())

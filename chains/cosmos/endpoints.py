"""The family's controllable endpoints: `python -m chains.cosmos.endpoints 4001=26657 ...`. See `chains.proxies`."""

import sys

from chains import proxies
from chains.cosmos.misbehaviour import CosmosDialect

if __name__ == "__main__":
    proxies.main(sys.argv[1:], CosmosDialect())

"""Opens a Cosmos chain: puts its parts together."""

import time
from collections.abc import Callable

from chains.cosmos import declared
from chains.cosmos.admission import admission
from chains.cosmos.asking import Asker
from chains.cosmos.check import Checker
from chains.cosmos.finality import Finality
from chains.cosmos.options import ChainOptions, MemberOptions
from chains.cosmos.outbox import Outbox
from chains.cosmos.reader import Reader
from chains.cosmos.rpc import judge
from chains.cosmos.sender import Sender
from chains.cosmos.submit import Submitter
from chains.errors import Refused
from chains.opened import Ground, OpenedChain
from chains.types import ChainSetup


def open_chain(setup: ChainSetup, clock: Callable[[], float] = time.time) -> OpenedChain:
    """See `chains.types.Family.open`. `clock` gives Unix seconds. Raises `Refused` with all findings, one a line, for
    addresses and options that cannot be those of this chain."""
    chain_options, options = setup.chain_options, setup.member_options
    if not isinstance(chain_options, ChainOptions) or not isinstance(options, MemberOptions):
        raise Refused(f"{setup.chain}: options of another family")
    found = declared.findings(setup, chain_options)
    if found:
        raise Refused("\n".join(found))
    ground = Ground.of(setup, options, judge, admission(chain_options, options), clock)
    finality, asker = Finality(ground, chain_options, options), Asker(ground.quorum)
    submitter = None
    if setup.account_secret is not None:
        outbox = Outbox(setup.journal)
        sender = Sender(chain_options, setup.account_secret, ground.quorum, outbox, options, setup.log)
        submitter = Submitter(sender, ground.quorum, finality, options, setup.log)
    reader, checker = Reader(asker, finality, ground.halts), Checker(asker, finality, setup)
    return OpenedChain(ground, finality, reader, checker, submitter)

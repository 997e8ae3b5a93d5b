"""Opens an EVM chain: puts its parts together."""

import time
from collections.abc import Callable

from chains.errors import Refused
from chains.evm.admission import admission
from chains.evm.check import Checker
from chains.evm.finality import Finality
from chains.evm.options import ChainOptions, MemberOptions
from chains.evm.outbox import Outbox
from chains.evm.reader import Reader
from chains.evm.rpc import judge
from chains.evm.sender import Sender
from chains.evm.submit import Submitter
from chains.opened import Ground, OpenedChain
from chains.types import ChainSetup


def open_chain(setup: ChainSetup, clock: Callable[[], float] = time.time) -> OpenedChain:
    """See `chains.types.Family.open`. `clock` gives Unix seconds."""
    chain_options, options = setup.chain_options, setup.member_options
    if not isinstance(chain_options, ChainOptions) or not isinstance(options, MemberOptions):
        raise Refused(f"{setup.chain}: options of another family")
    ground = Ground.of(setup, options, judge, admission(setup.chain.reference, chain_options), clock)
    quorum, log = ground.quorum, ground.log
    finality = Finality(ground, chain_options, options)
    submitter = None
    if setup.account_secret is not None:
        chain_id, outbox = int(setup.chain.reference), Outbox(setup.journal)
        sender = Sender(chain_id, setup.account_secret, quorum, outbox, options, log, clock)
        submitter = Submitter(sender, quorum, finality, options, log)
    reader, checker = Reader(quorum, finality, ground.halts, log), Checker(quorum, finality, setup)
    return OpenedChain(ground, finality, reader, checker, submitter)

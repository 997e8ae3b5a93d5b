"""Opens a Solana chain: puts its parts together."""

import time
from collections.abc import Callable

from chains.errors import Refused
from chains.opened import Ground, OpenedChain
from chains.solana.admission import admission
from chains.solana.check import Checker
from chains.solana.codes import Codes
from chains.solana.finality import Finality
from chains.solana.options import ChainOptions, MemberOptions
from chains.solana.outbox import Outbox
from chains.solana.plan import Plan
from chains.solana.reader import Reader
from chains.solana.rpc import judge
from chains.solana.sender import Sender
from chains.solana.submit import Submitter
from chains.types import ChainSetup


def open_chain(setup: ChainSetup, clock: Callable[[], float] = time.time) -> OpenedChain:
    """See `chains.types.Family.open`. `clock` gives Unix seconds."""
    chain_options, options = setup.chain_options, setup.member_options
    if not isinstance(chain_options, ChainOptions) or not isinstance(options, MemberOptions):
        raise Refused(f"{setup.chain}: options of another family")
    ground = Ground.of(setup, options, judge, admission(chain_options), clock)
    finality = Finality(ground, Plan(setup.positions, setup.deployments), chain_options, options)
    codes = Codes(ground.quorum)
    submitter = None
    if setup.account_secret is not None:
        sender = Sender(setup.account_secret, ground.quorum, Outbox(setup.journal), options, setup.log)
        submitter = Submitter(sender, ground.quorum, options, setup.log)
    reader, checker = Reader(finality, codes, ground.halts), Checker(finality, codes, setup)
    return OpenedChain(ground, finality, reader, checker, submitter)

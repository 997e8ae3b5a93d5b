"""Local chains with the real program, whose slots go by, and whoever sends transactions there: for the tests of rounds.

What is true on a chain is read past the HTTP front, out of the virtual machine, at the newest state.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace

from pydantic import SecretStr
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from spl.token.instructions import close_account, freeze_account, initialize_mint2, thaw_account
from spl.token.models import CloseAccountParams, FreezeAccountParams, InitializeMint2Params, ThawAccountParams

from chains.caip import ChainId
from chains.devnet import Table, account_secret
from chains.solana import demo_tokens
from chains.solana.addresses import TOKEN_PROGRAM
from chains.solana.client import Client
from chains.solana.demo import SolanaLocalChain
from chains.solana.devnet import ARTIFACT, OWNER, PROGRAM
from chains.solana.node import genesis
from chains.solana.node.landed import Landed
from chains.solana.node.node import LocalNode
from chains.solana.node.settings import GenesisProgram, Settings
from chains.solana.transactions import Key
from chains.solana.user import SolanaUser
from chains.types import Deployment, Position, Receipt
from tests.chains.solana.stage import PATIENT
from tests.daemon.clock import Clock

BEAT = 0.1
"""Seconds from one slot of a chain to the next."""

FINALITY_SLOTS, SKIPPED = 3, 5
"""Every fifth slot has no block."""

SUPPLY = 10**9
TOKENS = Pubkey.from_string(TOKEN_PROGRAM)


@dataclass
class Site:
    """One chain: its node, and whoever sends transactions: who sets it up, the `issuer` of its assets, the `keeper` of
    its vaults, the `user`, who may mint.

    The chain's time is `ahead` of the clock (seconds); while it is `still`, there are no slots.
    """

    node: LocalNode
    local: SolanaLocalChain
    issuer: Client
    keeper: Client
    user: SolanaUser
    clock: Clock
    ahead: float = 0.0
    still: bool = False

    def advance(self) -> None:
        """The next slot begins."""
        self.node.advance(now=self.clock() + self.ahead)

    @property
    def chain(self) -> str:
        return str(self.local.chain)

    async def mint(self, deployment: Deployment, amount: int) -> Receipt:
        """The user mints to itself."""
        return await self.user.mint(deployment, self.user.address, amount, None)

    def data(self, address: str) -> bytes:
        """An account's data at the newest state."""
        found = self.node.ledger.account(Pubkey.from_string(address), self.node.ledger.blocks.open)
        assert found is not None, address
        return bytes(found.data)

    def landed(self, address: str) -> list[Landed]:
        """All transactions over an account, oldest first."""
        ledger = self.node.ledger
        return list(ledger.landed_with(Pubkey.from_string(address), ledger.blocks.open.slot))[::-1]


def withdrawing(site: Site, position: Position, amount: int) -> Instruction:
    """The keeper gives collateral back to the user."""
    mint, keeper = position.asset.asset, site.keeper.address
    to = demo_tokens.holding(site.user.address, mint)
    return demo_tokens.transfer(mint, position.account.address, keeper, to, amount, 6)


def closing(site: Site, position: Position, amount: int) -> list[Instruction]:
    """The keeper takes all that is in the vault, and the vault itself, at one stroke."""
    keeper = Pubkey.from_string(site.keeper.address)
    named = CloseAccountParams(program_id=TOKENS, account=_account(position), dest=keeper, owner=keeper)
    return [withdrawing(site, position, amount), close_account(named)]


def freezing(site: Site, position: Position) -> Instruction:
    """The issuer freezes the vault."""
    mint, issuer = Pubkey.from_string(position.asset.asset), Pubkey.from_string(site.issuer.address)
    return freeze_account(
        FreezeAccountParams(program_id=TOKENS, account=_account(position), mint=mint, authority=issuer)
    )


def thawing(site: Site, position: Position) -> Instruction:
    mint, issuer = Pubkey.from_string(position.asset.asset), Pubkey.from_string(site.issuer.address)
    return thaw_account(ThawAccountParams(program_id=TOKENS, account=_account(position), mint=mint, authority=issuer))


def _account(position: Position) -> Pubkey:
    return Pubkey.from_string(position.account.address)


@asynccontextmanager
async def new_site(number: int, clock: Clock) -> AsyncIterator[Site]:
    program = GenesisProgram(Pubkey.from_string(PROGRAM), ARTIFACT.read_bytes(), Pubkey.from_string(OWNER.address))
    pace = Settings(number=number, slot_ms=1, finality_slots=FINALITY_SLOTS, skip_every=SKIPPED)
    settings = replace(pace, programs=(program,))
    chain = ChainId("solana", genesis.reference(number))
    async with AsyncExitStack() as stack:
        node = await stack.enter_async_context(LocalNode(settings))
        local = SolanaLocalChain(chain, node.url)
        stack.push_async_callback(local.close)
        user = SolanaUser(chain, SecretStr(node.url), local.user_secret(), PATIENT)
        stack.push_async_callback(user.close)
        issuer, keeper = (
            Client(chain, node.url, account_secret(name), poll=0.05, limits=PATIENT)
            for name in ("owner", "vault owner")
        )
        stack.push_async_callback(issuer.close)
        stack.push_async_callback(keeper.close)
        site = Site(node, local, issuer, keeper, user, clock)
        await stack.enter_async_context(_beating(site))
        await local.fund([issuer.address, keeper.address, user.address])
        yield site


async def new_vault(site: Site) -> Table:
    """The row of a new vault, of an asset whose issuer can freeze it. The user has `SUPPLY` of the asset."""
    mint, issuer = Key(os.urandom(32)), site.issuer.address
    authority = Pubkey.from_string(issuer)
    begun = InitializeMint2Params(
        decimals=6,
        program_id=TOKENS,
        mint=Pubkey.from_string(mint.address),
        mint_authority=authority,
        freeze_authority=authority,
    )
    made = [
        demo_tokens.new_mint(issuer, mint.address, issuer, 6, 10**7)[0],
        initialize_mint2(begun),
        *(demo_tokens.new_holding(issuer, of, mint.address) for of in (site.keeper.address, site.user.address)),
        demo_tokens.mint_to(mint.address, issuer, site.user.address, SUPPLY),
    ]
    assert (await site.issuer.transact(made, [mint])).ok
    return {
        "account": f"{site.chain}:{demo_tokens.holding(site.keeper.address, mint.address)}",
        "asset": f"{site.chain}/token:{mint.address}",
        "decimals": 6,
        "options": {"owner": site.keeper.address},
    }


@asynccontextmanager
async def _beating(site: Site) -> AsyncIterator[None]:
    """Slots go by, whether or not anybody listens at the node's front."""

    async def beat() -> None:
        while True:
            if not site.still:
                site.advance()
            await asyncio.sleep(BEAT)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

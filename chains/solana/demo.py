"""One local Solana chain with its demo mints, vaults and gates, and their user. See `chains.devnet.LocalChain`.

The gate program is there from genesis on. The committee account is made with the first deployment; each deployment adds
a mint with its gate, each source a mint with its vault: a token account that a key of the vault's own owns.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence

from solders.instruction import Instruction

from chains import proxies
from chains.caip import ChainId
from chains.devnet import Behaviour, Committee, Table, account_secret
from chains.encoding import route_id
from chains.errors import ChainError, Unreadable
from chains.jsonrpc import Call, Limits
from chains.proxy import switch
from chains.solana import demo_tokens, instructions, rpc
from chains.solana.addresses import TOKEN_PROGRAM, committee_address, program_data_address, route_address
from chains.solana.client import Client, Sent
from chains.solana.demo_tokens import holding
from chains.solana.devnet import OWNER, PROGRAM
from chains.solana.instructions import Terms
from chains.solana.misbehaviour import Rule, SolanaDialect
from chains.solana.program_data import code_hash, decode_program_data
from chains.solana.sending import signature_text
from chains.solana.state import Route
from chains.solana.tokens import decode_account, decode_mint
from chains.solana.transactions import Key
from chains.types import Receipt

FUNDS = 1000 * 10**9
"""Lamports for each account: 1000 SOL."""
UNLIMITED = 2**64 - 1
LOOSEN_DELAY = 3600
LIE = 10**15
"""What a lying endpoint adds to every amount that it lies about, in base units."""

_MINT_RENT = 10**7  # lamports: several times what the 82 bytes of a mint ask for
_SUPPLY_AT, _AMOUNT_AT = 36, 64  # in a mint, in a token account
_LAG_SLOTS = 200
_PATIENT = Limits(timeout=60.0, deadline=120.0, batch=1)  # the node shares the machine with all that the devnet runs
_AIRDROP_SECONDS = 180.0
_READY_SECONDS = 5.0
_LOOK_SECONDS = 0.1


class SolanaLocalChain:
    """See `chains.devnet.LocalChain`."""

    def __init__(self, chain: ChainId, url: str, tables: Sequence[Table] = ()) -> None:
        self.chain = chain
        self._owner, self._vaults, self._user = (
            Client(chain, url, account_secret(name), limits=_PATIENT) for name in ("owner", "vault owner", "user")
        )
        self._tables = list(tables)
        self._sent: dict[str, Sent] = {}
        self._newest = 0

    async def close(self) -> None:
        for client in (self._owner, self._vaults, self._user):
            await client.close()

    async def ready(self) -> bool:
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await self._owner.ask(Call("getHealth", (), str))
        except (Unreadable, TimeoutError):
            return False
        return True

    async def final(self) -> bool:
        (slot,) = await self._owner.ask(Call("getSlot", ({"commitment": "finalized"},), rpc.unsigned))
        return int(slot) >= self._newest

    async def committee_table(self) -> Table:
        (genesis,) = await self._owner.ask(rpc.genesis_hash())
        return {"genesis_hash": genesis, "max_finality_lag": 60}

    def member_table(self, endpoints: Mapping[str, str]) -> Table:
        return proxies.settings(endpoints)

    async def fund(self, addresses: Sequence[str]) -> None:
        _, held = await self._funds(addresses)
        for address, lamports in zip(addresses, held, strict=True):
            if lamports < FUNDS // 2:
                await self._owner.ask(Call("requestAirdrop", (address, FUNDS), str))
        try:
            async with asyncio.timeout(_AIRDROP_SECONDS):
                while min(held, default=FUNDS) < FUNDS // 2:
                    await asyncio.sleep(_LOOK_SECONDS)
                    slot, held = await self._funds(addresses)
                    self._newest = max(self._newest, slot)
        except TimeoutError:
            raise Unreadable(f"{self.chain}: no airdrop within {_AIRDROP_SECONDS:.0f} s") from None

    async def deploy_source(self, symbol: str, decimals: int, supply: int) -> Table:
        """A mint of SPL Token has no name, so `symbol` is nowhere on the chain."""
        await self.fund([self._owner.address, self._vaults.address, self._user.address])
        mint, owner, user = Key(secrets.token_bytes(32)), self._owner.address, self._user.address
        vault = holding(self._vaults.address, mint.address)
        await self._set_up(
            demo_tokens.new_mint(owner, mint.address, owner, decimals, _MINT_RENT)
            + [demo_tokens.new_holding(owner, holder, mint.address) for holder in (self._vaults.address, user)]
            + [demo_tokens.mint_to(mint.address, owner, user, supply)],
            mint,
        )
        return self._kept(
            {
                "account": f"{self.chain}:{vault}",
                "asset": f"{self.chain}/token:{mint.address}",
                "decimals": decimals,
                "options": {"owner": self._vaults.address, "token_program": TOKEN_PROGRAM},
            }
        )

    async def deploy_destination(self, route: str, decimals: int, committee: Committee, longest_lease: int) -> Table:
        await self.fund([self._owner.address, self._user.address])
        mint, owner, user = Key(secrets.token_bytes(32)), self._owner.address, self._user.address
        gate = route_address(PROGRAM, mint.address)
        limits = (longest_lease, LOOSEN_DELAY, UNLIMITED, UNLIMITED)
        terms = Terms(route_id(route), owner, owner, *limits, (user,))
        await asyncio.gather(
            self._make_committee(committee),
            self._set_up(
                [
                    *demo_tokens.new_mint(owner, mint.address, owner, decimals, _MINT_RENT),
                    demo_tokens.new_holding(owner, user, mint.address),
                ],
                mint,
            ),
        )
        # An issuer hands the mint over when the gate has taken its first statement, which proves that it can. On a
        # devnet nothing is lost with a gate that never takes one.
        await self._set_up(
            [
                instructions.register(
                    PROGRAM, owner, owner, mint=mint.address, token_program=TOKEN_PROGRAM, terms=terms
                ),
                demo_tokens.hand_over(mint.address, owner, gate),
            ]
        )
        return self._kept(
            {
                "gate": f"{self.chain}:{gate}",
                "token": f"{self.chain}/token:{mint.address}",
                "decimals": decimals,
                "options": {
                    "program": PROGRAM,
                    "program_hash": await self._program_hash(),
                    "upgrade_authority": OWNER.address,
                    "token_program": TOKEN_PROGRAM,
                },
            }
        )

    async def lock(self, position: Table, amount: int) -> Receipt:
        mint, vault = _address(position["asset"]), _address(position["account"])
        source = holding(self._user.address, mint)
        moved = demo_tokens.transfer(mint, source, self._user.address, vault, amount, position["decimals"])
        return self._counted(await self._user.transact([moved]))

    async def drain(self, position: Table) -> Receipt:
        mint, vault = _address(position["asset"]), _address(position["account"])
        destination, held = holding(self._user.address, mint), await self.locked(position)
        moved = demo_tokens.transfer(mint, vault, self._vaults.address, destination, held, position["decimals"])
        return self._counted(await self._vaults.transact([moved]))

    async def locked(self, position: Table) -> int:
        return decode_account(await self._data(_address(position["account"])), TOKEN_PROGRAM).amount

    async def send_mint(self, deployment: Table, amount: int) -> str:
        user, token = self._user.address, _address(deployment["token"])
        minted = instructions.mint(
            PROGRAM,
            _address(deployment["gate"]),
            token=token,
            destination=holding(user, token),
            minter=user,
            token_program=TOKEN_PROGRAM,
            amount=amount,
        )
        sent = await self._user.send([minted], program=PROGRAM)
        name = signature_text(sent.signed.signature)
        self._sent[name] = sent
        return name

    async def receipt(self, transaction: str) -> Receipt:
        return self._counted(await self._user.executed(self._sent.pop(transaction)))

    async def redeem(self, deployment: Table, amount: int) -> Receipt:
        user, token = self._user.address, _address(deployment["token"])
        burned = instructions.redeem(
            PROGRAM,
            _address(deployment["gate"]),
            token=token,
            source=holding(user, token),
            holder=user,
            token_program=TOKEN_PROGRAM,
            amount=amount,
        )
        return self._counted(await self._user.transact([burned], program=PROGRAM))

    async def supply(self, deployment: Table) -> int:
        return decode_mint(await self._data(_address(deployment["token"])), TOKEN_PROGRAM).supply

    async def feed(self, deployment: Table) -> int | None:
        gate = Route.decode(await self._data(_address(deployment["gate"])))
        return gate.collateral if gate.round else None

    def user_secret(self) -> bytes:
        return account_secret("user")

    def user_address(self) -> str:
        return self._user.address

    async def behave(self, endpoint: str, behaviour: Behaviour) -> None:
        rules = tuple(_lie(table) for table in self._tables) if behaviour == "lying" else ()
        await switch(endpoint, SolanaDialect.behaviour(mode=behaviour, rules=rules, behind=_LAG_SLOTS))

    async def _make_committee(self, committee: Committee) -> None:
        (found,) = await self._owner.accounts(committee_address(PROGRAM))
        if found is None:
            owner, key = self._owner.address, committee.group_key
            made = instructions.initialize(
                PROGRAM,
                owner,
                owner,
                epoch=committee.epoch,
                px=key[1:],
                parity=key[0] - 2,
                reference=self.chain.reference,
            )
            await self._set_up([made])

    async def _program_hash(self) -> str:
        return code_hash(decode_program_data(await self._data(program_data_address(PROGRAM))).code)

    async def _set_up(self, made: Sequence[Instruction], *signers: Key) -> None:
        receipt = self._counted(await self._owner.transact(made, signers, PROGRAM))
        if not receipt.ok:
            raise ChainError(f"{self.chain}: setting up the demo failed: {receipt.error}")

    async def _data(self, address: str) -> bytes:
        (found,) = await self._owner.accounts(address)
        if found is None:
            raise ChainError(f"{self.chain}: there is no account {address}")
        return found.data

    async def _funds(self, addresses: Sequence[str]) -> tuple[int, list[int]]:
        """A slot, and what each address held then, in lamports."""
        (found,) = await self._owner.ask(rpc.accounts(addresses, "confirmed"))
        return found.slot, [0 if one is None else one.lamports for one in found.value]

    def _counted(self, receipt: Receipt) -> Receipt:
        self._newest = max(self._newest, receipt.height)
        return receipt

    def _kept(self, table: Table) -> Table:
        self._tables.append(table)
        return table


def _address(name: str) -> str:
    """Of an account (CAIP-10), or of the mint of an asset (CAIP-19)."""
    return name.rpartition(":")[2]


def _lie(table: Table) -> Rule:
    """What a liar tells about a deployment or a position."""
    if "token" in table:
        return Rule(account=_address(table["token"]), offset=_SUPPLY_AT, add=LIE)
    return Rule(account=_address(table["account"]), offset=_AMOUNT_AT, add=LIE)

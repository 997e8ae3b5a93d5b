"""One local Cosmos chain with its demo assets, vault and gates, and their user. See `chains.devnet.LocalChain`.

Collateral is a denomination of the bank, which the chain has had from its genesis on, or a cw20; the vault is an
account of its own for all of them. The first deployment stores the codes and makes the contract, which holds the
committee and the gates of all routes. Each deployment adds a cw20 and a route. What belongs together is one
transaction.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from chains import proxies
from chains.caip import AssetId, ChainId
from chains.cosmos import bech32, cw20, demo_contracts, devnet_node, messages, stores, transactions
from chains.cosmos.addresses import CW20, account_bytes, denomination, denomination_asset
from chains.cosmos.client import Client, Sent
from chains.cosmos.demo_state import DemoState
from chains.cosmos.devnet import DENOMINATIONS, FUNDS, OWNER, PORTS, USER, VAULTS
from chains.cosmos.devnet_node import GAS_PRICE
from chains.cosmos.devnet_node_genesis import FEE_DENOMINATION, PREFIX
from chains.cosmos.messages import Message, Terms, Token
from chains.cosmos.misbehaviour import CosmosDialect, Rule
from chains.cosmos.options import NOBODY
from chains.devnet import Behaviour, Committee, Table, account_secret
from chains.encoding import route_id
from chains.errors import ChainError, Refused
from chains.jsonrpc import Limits
from chains.proxy import switch
from chains.types import Receipt

UNLIMITED = 2**128 - 1
LOOSEN_DELAY = 3600
STRIDE = 4
"""Blocks follow each other twice a second: with each one a checkpoint, members that read at one moment would often read
two different ones."""
PATIENT = Limits(timeout=60.0, deadline=120.0, batch=1)
"""The node shares the machine with all that the devnet runs, and answers nothing while it compiles a contract."""
LIE = 10**15
"""What a lying endpoint adds to every amount that it lies about, in base units."""

_TRUST_SECONDS = 14 * 86_400  # shorter than the 21 days after which local chains give up their validators' stakes
_MOST_BLOCK_SECONDS = 5
_LAG_BLOCKS = 60
_GAS, _STORE_GAS, _SET_UP_GAS, _FUND_GAS = 500_000, 8_000_000, 1_000_000, 60_000
_SALT = b"ballast"
_LONGEST_NAME = 50  # of a cw20-base token
_LOOK_SECONDS = 0.1
_GATE_CODE, _TOKEN_CODE = "ballast.wasm", "cw20_base.wasm"


class CosmosLocalChain:
    """See `chains.devnet.LocalChain`."""

    def __init__(self, chain: ChainId, url: str, tables: Sequence[Table] = ()) -> None:
        self.chain = chain
        self._owner, self._vaults, self._user = (
            Client(chain, url, account_secret(name), PREFIX, poll=_LOOK_SECONDS, limits=PATIENT)
            for name in (OWNER, VAULTS, USER)
        )
        self._state = DemoState(self._owner)
        self._tables = list(tables)
        self._sent: dict[str, Sent] = {}
        self._newest = 0
        first = urlsplit(url).port or 0
        self._ports = devnet_node.Ports(*range(first, first + PORTS))
        self._root: tuple[int, bytes] | None = None

    async def close(self) -> None:
        for client in (self._owner, self._vaults, self._user):
            await client.close()

    async def ready(self) -> bool:
        """Asks once: the client would ask again and again. Raises `ChainError` where another chain answers."""
        if not await devnet_node.ready(self.chain.reference, self._ports):
            return False
        await self._trusted()
        return True

    async def final(self) -> bool:
        status = await self._state.status()
        # A checkpoint has a successor.
        return (status.height - 1) // STRIDE * STRIDE >= self._newest

    async def committee_table(self) -> Table:
        await self._trusted()
        return {
            "chain_id": self.chain.reference,
            "prefix": PREFIX,
            "trust_period": _TRUST_SECONDS,
            "stride": STRIDE,
            "max_block_seconds": _MOST_BLOCK_SECONDS,
            "max_finality_lag": 60,
        }

    def member_table(self, endpoints: Mapping[str, str]) -> Table:
        """The root of trust is the block that was the newest when this object first found the node ready. Raises
        `ChainError` before that."""
        if self._root is None:
            raise ChainError(f"{self.chain}: no root of trust yet: wait until the chain is ready")
        height, hash_ = self._root
        root = {"trust_height": height, "trust_hash": hash_.hex()}
        return {**proxies.settings(endpoints), **root, "gas_price": f"{GAS_PRICE}{FEE_DENOMINATION}"}

    async def fund(self, addresses: Sequence[str]) -> None:
        """Takes addresses of any prefix: the account is the same."""
        local = [bech32.encode(PREFIX, account_bytes(address)) for address in addresses]
        needed = [each for each in local if await self._state.coins(each, FEE_DENOMINATION) < FUNDS // 2]
        if needed:
            coins = {FEE_DENOMINATION: FUNDS}
            sent = [transactions.sending(self._owner.address, address, coins) for address in needed]
            await self._set_up(sent, _FUND_GAS * (1 + len(sent)))

    async def deploy_source(self, symbol: str, decimals: int, supply: int) -> Table:
        """A denomination of the bank has no decimals, so `decimals` is nowhere on the chain. Raises `Refused` for an
        asset that the chain has not got."""
        if symbol not in DENOMINATIONS:
            raise Refused(f"{self.chain} has no asset {symbol!r} in its bank; it has {', '.join(DENOMINATIONS)}")
        given = {DENOMINATIONS[symbol]: supply}
        await self._set_up([transactions.sending(self._owner.address, self._user.address, given)], _GAS)
        asset = denomination_asset(self.chain, DENOMINATIONS[symbol])
        return self._kept(self._position(asset, decimals, {}))

    async def deploy_cw20_source(self, symbol: str, decimals: int, supply: int) -> Table:
        """As `deploy_source`, with a new cw20."""
        code_id = (await self._codes())[_TOKEN_CODE]
        token, made = self._new_token(code_id, symbol, f"Demo {symbol}", decimals, {self._user.address: supply})
        await self._set_up([made], _SET_UP_GAS)
        pins = {"checksum": demo_contracts.code(_TOKEN_CODE).checksum.hex(), "admin": NOBODY}
        return self._kept(self._position(AssetId(self.chain, CW20, token), decimals, pins))

    async def deploy_destination(self, route: str, decimals: int, committee: Committee, longest_lease: int) -> Table:
        codes, owner = await self._codes(), self._owner.address
        checksum = demo_contracts.code(_GATE_CODE).checksum
        gate = demo_contracts.address(checksum, owner, _SALT)
        token, made = self._new_token(codes[_TOKEN_CODE], f"w{route}", f"Wrapped {route}", decimals, {})
        limits = (longest_lease, LOOSEN_DELAY, UNLIMITED, UNLIMITED)
        name = route_id(route)
        terms = Terms(name, Token("cw20", token), owner, owner, *limits, (self._user.address,))
        # An issuer hands the token over when the gate has taken its first statement, which proves that it can. On a
        # devnet nothing is lost with a gate that never takes one.
        said: list[tuple[str, Message]] = [
            (gate, messages.reserve(name, owner)),
            (gate, messages.register(terms)),
            (token, cw20.update_minter(gate)),
        ]
        executed = [transactions.execution(owner, contract, message) for contract, message in said]
        making = await self._making_of_gate(gate, codes[_GATE_CODE], committee)
        await self._set_up([*making, made, *executed], _SET_UP_GAS)
        return self._kept(
            {
                "gate": f"{self.chain}:{gate}",
                "token": f"{self.chain}/{CW20}:{token}",
                "decimals": decimals,
                "options": {
                    "checksum": checksum.hex(),
                    "admin": NOBODY,
                    "token_checksum": demo_contracts.code(_TOKEN_CODE).checksum.hex(),
                    "token_admin": NOBODY,
                },
            }
        )

    async def lock(self, position: Table, amount: int) -> Receipt:
        to = _address(position["account"])
        return self._counted(await self._user.transact([self._moving(self._user, position, to, amount)], _GAS))

    async def drain(self, position: Table) -> Receipt:
        held = await self.locked(position)
        moved = self._moving(self._vaults, position, self._user.address, held)
        return self._counted(await self._vaults.transact([moved], _GAS))

    async def locked(self, position: Table) -> int:
        return await self._state.held(_address(position["account"]), AssetId.parse(position["asset"]))

    async def send_mint(self, deployment: Table, amount: int) -> str:
        gate, route = _address(deployment["gate"]), await self._route(deployment)
        minted = transactions.execution(self._user.address, gate, messages.mint(route, self._user.address, amount))
        sent = await self._user.send([minted], _GAS)
        self._sent[sent.signed.name] = sent
        return sent.signed.name

    async def receipt(self, transaction: str) -> Receipt:
        return self._counted(await self._user.executed(self._sent.pop(transaction)))

    async def redeem(self, deployment: Table, amount: int) -> Receipt:
        gate, token = _address(deployment["gate"]), _address(deployment["token"])
        given = cw20.send(gate, amount, messages.redeem_hook())
        burned = transactions.execution(self._user.address, token, given)
        return self._counted(await self._user.transact([burned], _GAS))

    async def supply(self, deployment: Table) -> int:
        return await self._state.supply(_address(deployment["token"]))

    async def feed(self, deployment: Table) -> int | None:
        """There are no feeds: what the gate itself records."""
        said = await self._state.statement(_address(deployment["gate"]), await self._route(deployment))
        return said.collateral if said.round else None

    def user_secret(self) -> bytes:
        return account_secret(USER)

    def user_address(self) -> str:
        return self._user.address

    async def behave(self, endpoint: str, behaviour: Behaviour) -> None:
        rules = tuple(_lie(table) for table in self._tables) if behaviour == "lying" else ()
        await switch(endpoint, CosmosDialect.behaviour(mode=behaviour, rules=rules, behind=_LAG_BLOCKS))

    # Setting up

    async def _codes(self) -> dict[str, int]:
        """The ids of the contracts' codes, by the artifacts' names; they are stored if they are not there."""
        made = {name: demo_contracts.code(name) for name in (_GATE_CODE, _TOKEN_CODE)}
        (ids,) = await self._owner.ask(demo_contracts.codes())
        missing = [code for code in made.values() if code.checksum not in ids]
        if missing:
            storing = [transactions.storing(self._owner.address, code.compressed) for code in missing]
            await self._set_up(storing, _STORE_GAS)
            (ids,) = await self._owner.ask(demo_contracts.codes())
        return {name: ids[code.checksum] for name, code in made.items()}

    async def _making_of_gate(self, gate: str, code_id: int, committee: Committee) -> list[Any]:
        """What makes the chain's one contract; nothing where it is there already."""
        if await self._state.contract(gate):
            return []
        owner, key = self._owner.address, committee.group_key
        made = messages.instantiate(committee.epoch, key[1:], key[0] - 2, owner)
        return [demo_contracts.instantiation(owner, code_id, "Ballast", made, _SALT)]

    def _new_token(
        self, code_id: int, symbol: str, name: str, decimals: int, held: Mapping[str, int]
    ) -> tuple[str, Any]:
        """A cw20's address and the message that makes it; the owner of everything may mint."""
        owner, salt, name = self._owner.address, secrets.token_bytes(32), name[:_LONGEST_NAME]
        made = cw20.instantiate(name, _ticker(symbol), decimals, owner, held)
        address = demo_contracts.address(demo_contracts.code(_TOKEN_CODE).checksum, owner, salt)
        return address, demo_contracts.instantiation(owner, code_id, name, made, salt)

    def _position(self, asset: AssetId, decimals: int, options: Table) -> Table:
        account = f"{self.chain}:{self._vaults.address}"
        return {"account": account, "asset": str(asset), "decimals": decimals, "options": options}

    async def _set_up(self, made: Sequence[Any], gas: int) -> None:
        receipt = self._counted(await self._owner.transact(made, gas))
        if not receipt.ok:
            raise ChainError(f"{self.chain}: setting up the demo failed: {receipt.error}")

    def _moving(self, sender: Client, position: Table, to: str, amount: int) -> Any:
        asset = AssetId.parse(position["asset"])
        denom = denomination(asset)
        if denom is None:
            return transactions.execution(sender.address, asset.asset, cw20.transfer(to, amount))
        return transactions.sending(sender.address, to, {denom: amount})

    async def _route(self, deployment: Table) -> bytes:
        # Rows do not say it; the gate knows its tokens.
        return await self._state.route_of(_address(deployment["gate"]), _address(deployment["token"]))

    async def _trusted(self) -> None:
        if self._root is None:
            self._root = await self._state.newest()

    def _counted(self, receipt: Receipt) -> Receipt:
        self._newest = max(self._newest, receipt.height)
        return receipt

    def _kept(self, table: Table) -> Table:
        self._tables.append(table)
        return table


def _address(name: str) -> str:
    """Of an account (CAIP-10), or of the contract of an asset (CAIP-19)."""
    return name.rpartition(":")[2]


def _ticker(symbol: str) -> str:
    """What cw20-base takes for a symbol: 3 to 12 letters."""
    return re.sub(r"[^a-zA-Z-]", "", symbol).ljust(3, "-")[:12]


def _lie(table: Table) -> Rule:
    """What a liar tells about a deployment or a position."""
    if "token" in table:
        key = stores.cw20_supply_key(account_bytes(_address(table["token"])))
        return Rule(store=stores.WASM, key=key.hex(), field="total_supply", add=LIE)
    holder, asset = _address(table["account"]), AssetId.parse(table["asset"])
    denom = denomination(asset)
    if denom is None:
        key = stores.cw20_balance_key(account_bytes(asset.asset), holder)
        return Rule(store=stores.WASM, key=key.hex(), add=LIE)
    return Rule(store=stores.BANK, key=stores.balance_key(account_bytes(holder), denom).hex(), add=LIE)

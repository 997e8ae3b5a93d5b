"""The family's devnet: anvil nodes, controllable endpoints, the demo contracts and their user. See `chains.devnet`.

The accounts' secrets are hashes of their names: they belong to everybody. Contracts are deployed by an owner with
nothing else to do, so that all addresses are known beforehand and one block takes them all.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from chains import proxies
from chains.caip import ChainId
from chains.devnet import Behaviour, Committee, Program, Table, account_secret
from chains.encoding import route_id
from chains.errors import ChainError
from chains.evm import rlp, tools
from chains.evm.abi import constructor, erc20, interface
from chains.evm.client import Client, Sent
from chains.evm.misbehaviour import EvmDialect, Rule
from chains.hashing import keccak256
from chains.jsonrpc import Limits
from chains.proxy import switch
from chains.types import Receipt

FIRST_CHAIN_ID = 31337
FUNDS = 10**21
"""Wei for each account: 1000 coins."""
UNLIMITED = 2**128 - 1
LOOSEN_DELAY = 3600
LIE = 10**24
"""What a lying endpoint adds to every amount that it lies about, in base units."""

_DEPLOY_GAS = 5_000_000
_PATIENT = Limits(timeout=60.0, deadline=120.0)  # the node shares the machine with all that the devnet runs
_LAG_BLOCKS = 30
_STRIDE = 2  # with each block a checkpoint, members that read at one moment would often read two different blocks
_FEED_AFTER_GATE = 1  # by the owner's nonces
_BALANCES_SLOT = 0  # of OpenZeppelin's ERC20, which is the first base of DemoCollateral
_TOTAL_SUPPLY, _BALANCE_OF = "0x18160ddd", "0x70a08231"


class EvmDevnet:
    """See `chains.devnet.Devnet`."""

    name = "evm"
    rank = 10
    ports = 1
    historical = True

    def chain_id(self, number: int) -> ChainId:
        return ChainId("eip155", str(FIRST_CHAIN_ID + number))

    def preparation(self) -> Program | None:
        """Everything comes with the installation."""
        return None

    def node(self, chain: ChainId, port: int, directory: Path) -> Program:
        """An anvil with a block each second, whose `finalized` is two blocks behind `latest`."""
        where = ("--chain-id", chain.reference, "--host", "127.0.0.1", "--port", str(port))
        how = ("--block-time", "1", "--slots-in-an-epoch", "1", "--accounts", "1")
        return Program(f"node-{chain.reference}", (str(tools.anvil()), *where, *how))

    def endpoints(self, upstreams: Mapping[int, int], directory: Path) -> Program:
        return proxies.program("endpoints-eip155", "chains.evm.endpoints", upstreams)

    def local(self, chain: ChainId, port: int, tables: Sequence[Table] = ()) -> "EvmLocalChain":
        return EvmLocalChain(chain, f"http://127.0.0.1:{port}", tables)


class EvmLocalChain:
    """See `chains.devnet.LocalChain`."""

    def __init__(self, chain: ChainId, url: str, tables: Sequence[Table] = ()) -> None:
        self.chain, self._url = chain, url
        self._owner = Client(chain, url, account_secret("owner"), limits=_PATIENT)
        self._user = Client(chain, url, account_secret("user"), limits=_PATIENT)
        self._session: aiohttp.ClientSession | None = None
        self._tables = list(tables)
        self._record = next((table["options"]["committee"] for table in tables if "gate" in table), None)
        self._sent: dict[str, Sent] = {}
        self._allowances: list[Sent] = []
        self._newest = 0

    async def close(self) -> None:
        await self._owner.close()
        await self._user.close()
        if self._session is not None:
            await self._session.close()

    async def ready(self) -> bool:
        try:
            return int(await self._rpc("eth_chainId"), 16) == int(self.chain.reference)
        except ChainError:
            return False

    async def final(self) -> bool:
        while self._allowances:
            await self._all_done(self._allowances[0])
            self._allowances.pop(0)
        block = await self._rpc("eth_getBlockByNumber", "finalized", False)
        return int(block["number"], 16) >= self._newest

    async def committee_table(self) -> Table:
        genesis = await self._rpc("eth_getBlockByNumber", "0x0", False)
        return {"genesis_hash": genesis["hash"], "stride": _STRIDE, "max_finality_lag": 60}

    def member_table(self, endpoints: Mapping[str, str]) -> Table:
        return proxies.settings(endpoints)

    async def fund(self, addresses: Sequence[str]) -> None:
        for address in addresses:
            await self._rpc("anvil_setBalance", address, hex(FUNDS))

    async def deploy_source(self, symbol: str, decimals: int, supply: int) -> Table:
        await self.fund([self._owner.address, self._user.address])
        owner, user = self._owner.address, self._user.address
        first = await self._next_nonce()
        asset, vault = _created(owner, first), _created(owner, first + 1)
        await self._all_done(
            await self._deploy("DemoCollateral", f"Demo {symbol}", symbol, decimals, owner),
            await self._deploy("DemoVault", asset, owner),
            await self._transact("DemoCollateral", asset, "mint", user, supply),
        )
        await self._allow(asset, vault)
        options = {
            "transfer": "exact",
            "code_hash": await self._owner.code_hash(asset),
            "vault_code_hash": await self._owner.code_hash(vault),
            "balance_slot": _BALANCES_SLOT,
        }
        return self._kept(
            {
                "account": f"{self.chain}:{vault}",
                "asset": f"{self.chain}/erc20:{asset}",
                "decimals": decimals,
                "options": options,
            }
        )

    async def deploy_destination(self, route: str, decimals: int, committee: Committee, longest_lease: int) -> Table:
        await self.fund([self._owner.address, self._user.address])
        owner, user = self._owner.address, self._user.address
        first = await self._next_nonce()
        making = [] if self._record else [await self._deploy("Committee", *_key(committee))]
        self._record = record = self._record or _created(owner, first)
        token, gate, feed = (_created(owner, first + len(making) + i) for i in range(3))
        limits = (longest_lease, LOOSEN_DELAY, UNLIMITED, UNLIMITED)
        config = (record, route_id(route), owner, owner, *limits, [user])
        role = keccak256(b"MINTER_ROLE")
        await self._all_done(
            *making,
            await self._deploy("DemoToken", f"Wrapped {route}", f"w{route}", decimals, owner),
            await self._deploy("Gate", token, 0, config),
            await self._deploy("ReserveFeed", gate, decimals, f"{route} reserve"),
            await self._transact("DemoToken", token, "grantRole", role, gate),
        )
        await self._allow(token, gate)
        options = {
            "code_hash": await self._owner.code_hash(gate),
            "token_code_hash": await self._owner.code_hash(token),
            "committee": record,
            "committee_code_hash": await self._owner.code_hash(record),
        }
        await self._owner.code_hash(feed)  # raises where there is none
        return self._kept(
            {
                "gate": f"{self.chain}:{gate}",
                "token": f"{self.chain}/erc20:{token}",
                "decimals": decimals,
                "options": options,
            }
        )

    async def lock(self, position: Table, amount: int) -> Receipt:
        return self._counted(await self._user.deposit(_address(position["account"]), amount))

    async def drain(self, position: Table) -> Receipt:
        return self._counted(await self._owner.drain(_address(position["account"]), self._user.address))

    async def locked(self, position: Table) -> int:
        return await self._owner.balance(_token(position["asset"]), _address(position["account"]))

    async def send_mint(self, deployment: Table, amount: int) -> str:
        sent = await self._user.send_mint(_address(deployment["gate"]), self._user.address, amount)
        name = "0x" + sent.hash.hex()
        self._sent[name] = sent
        return name

    async def receipt(self, transaction: str) -> Receipt:
        return self._counted(await self._user.executed(self._sent.pop(transaction)))

    async def redeem(self, deployment: Table, amount: int) -> Receipt:
        return self._counted(await self._user.redeem(_address(deployment["gate"]), amount))

    async def supply(self, deployment: Table) -> int:
        return await self._user.supply(_token(deployment["token"]))

    async def feed(self, deployment: Table) -> int | None:
        gate, owner = _address(deployment["gate"]), self._owner.address
        made = next(nonce for nonce in range(await self._next_nonce()) if _created(owner, nonce) == gate)
        feed = _created(owner, made + _FEED_AFTER_GATE)
        try:
            _, answer, _, _, _ = await self._user.read("ReserveFeed", feed, "latestRoundData")
        except ChainError as error:
            if "No data present" in str(error):
                return None
            raise
        return int(answer)

    def user_secret(self) -> bytes:
        return account_secret("user")

    def user_address(self) -> str:
        return self._user.address

    async def behave(self, endpoint: str, behaviour: Behaviour) -> None:
        rules = tuple(_lie(table) for table in self._tables) if behaviour == "lying" else ()
        await switch(endpoint, EvmDialect.behaviour(mode=behaviour, rules=rules, behind=_LAG_BLOCKS))

    async def _next_nonce(self) -> int:
        return int(await self._rpc("eth_getTransactionCount", self._owner.address, "pending"), 16)

    async def _deploy(self, artifact: str, *args: Any) -> Sent:
        return await self._owner.send(None, constructor(artifact, *args), _DEPLOY_GAS)

    async def _transact(self, artifact: str, to: str, function: str, *args: Any) -> Sent:
        return await self._owner.send(to, interface(artifact).call(function, *args))

    async def _allow(self, token: str, spender: str) -> None:
        """Is not waited for: whatever the user sends later is executed after it."""
        payload = erc20().call("approve", spender, UNLIMITED)
        self._allowances.append(await self._user.send(token, payload))

    async def _all_done(self, *sent: Sent) -> None:
        for receipt in await asyncio.gather(*(self._owner.executed(one) for one in sent)):
            self._counted(receipt)
            if not receipt.ok:
                raise ChainError(f"{self.chain}: setting up the demo contracts failed: {receipt.error}")

    def _counted(self, receipt: Receipt) -> Receipt:
        self._newest = max(self._newest, receipt.height)
        return receipt

    def _kept(self, table: Table) -> Table:
        self._tables.append(table)
        return table

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PATIENT.timeout))
        return self._session

    async def _rpc(self, method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        try:
            async with self._http().post(self._url, json=body) as response:
                answer = await response.json()
        except (aiohttp.ClientError, OSError) as error:
            raise ChainError(f"{self.chain}: the local node does not answer {method}: {type(error).__name__}") from None
        if "error" in answer:
            raise ChainError(f"{method}: {answer['error']}")
        return answer["result"]


def _created(creator: str, nonce: int) -> str:
    """The address of a contract that an account creates (Yellow Paper, section 7)."""
    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    return "0x" + keccak256(rlp.encode([bytes.fromhex(creator[2:]), number]))[12:].hex()


def _key(committee: Committee) -> tuple[int, int, int]:
    """What the constructor of `Committee` takes: epoch, and the key's x and parity of y."""
    return committee.epoch, int.from_bytes(committee.group_key[1:], "big"), committee.group_key[0] - 2


def _address(account: str) -> str:
    return account.rpartition(":")[2]


def _token(asset: str) -> str:
    return asset.rpartition(":")[2]


def _lie(table: Table) -> Rule:
    """What a liar tells about a deployment or a position."""
    if "token" in table:
        return Rule(method="eth_call", to=_token(table["token"]), data=_TOTAL_SUPPLY, add=LIE)
    return Rule(method="eth_call", to=_token(table["asset"]), data=_BALANCE_OF, add=LIE)

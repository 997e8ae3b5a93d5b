"""What there is on a local chain now: read from one node, at its newest state, unproven. Amounts in base units."""

from typing import Any

from chains.caip import AssetId
from chains.cosmos import rpc, state, stores
from chains.cosmos.addresses import account_bytes, denomination
from chains.cosmos.client import Client
from chains.errors import ChainError, Unreadable


class DemoState:
    """The chain behind a client. Raises `ChainError` for what is not there: nothing is never a zero."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def status(self) -> rpc.Status:
        """Raises `Unreadable` before the first block."""
        (found,) = await self._client.ask(rpc.status())
        if found.catching_up or not found.height:
            raise Unreadable("the node has no block yet")
        status: rpc.Status = found
        return status

    async def newest(self) -> tuple[int, bytes]:
        """Height and hash of the newest block."""
        height = (await self.status()).height
        ((header, _),) = await self._client.ask(rpc.commit(height))
        return height, header.hash

    async def coins(self, holder: str, denom: str) -> int:
        """What an account holds of a denomination."""
        held, issued = await self._client.ask(
            _stored(stores.BANK, stores.balance_key(account_bytes(holder), denom)),
            _stored(stores.BANK, stores.supply_key(denom)),
        )
        if not issued:
            raise ChainError(f"there is no denomination {denom}")
        return stores.amount(held, denom) if held else 0

    async def held(self, holder: str, asset: AssetId) -> int:
        """What an account holds of an asset."""
        denom = denomination(asset)
        if denom is not None:
            return await self.coins(holder, denom)
        await self.supply(asset.asset)
        found = await self.entry(stores.cw20_balance_key(account_bytes(asset.asset), holder))
        return stores.uint128(found) if found else 0

    async def supply(self, token: str) -> int:
        """How much there is of a cw20."""
        info = await self.entry(stores.cw20_supply_key(account_bytes(token)))
        return stores.cw20_supply(_there(info, f"cw20 token {token}"))[0]

    async def route_of(self, gate: str, token: str) -> bytes:
        """The route id under which a gate has a cw20."""
        of = state.Token(state.TokenKind.CW20, token).key
        found = await self.entry(state.key(account_bytes(gate), state.ROUTE_OF, of))
        return state.route(_there(found, f"route of {token} in {gate}"))

    async def statement(self, gate: str, route: bytes) -> state.Statement:
        """The newest statement of a route."""
        found = await self.entry(state.key(account_bytes(gate), state.STATEMENT, route))
        return state.statement(_there(found, f"route {route.hex()} in {gate}"))

    async def contract(self, address: str) -> bool:
        """Whether there is a contract."""
        return bool(await self.entry(stores.contract_key(account_bytes(address))))

    async def entry(self, key: bytes) -> bytes:
        """What the wasm store holds under a key; empty where there is nothing."""
        (found,) = await self._client.ask(_stored(stores.WASM, key))
        return bytes(found)


def _stored(store: str, key: bytes) -> Any:
    return rpc.abci_query(f"/store/{store}/key", key, None, lambda found: found.value)


def _there(found: bytes, what: str) -> bytes:
    if not found:
        raise ChainError(f"there is no {what}")
    return found

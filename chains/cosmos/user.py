"""A holder of a wrapped cw20 or denomination at one node. See `chains.user`."""

from typing import Any

from pydantic import SecretStr

from chains.caip import ChainId
from chains.cosmos import addresses, cw20, messages, rpc, sending, stores
from chains.cosmos.client import LIMITS, Client
from chains.cosmos.options import DeploymentOptions
from chains.cosmos.transactions import Key, execution
from chains.errors import ProofError, Refused, Unreadable
from chains.jsonrpc import Limits
from chains.types import Deployment, GateState, Receipt

_ANY_PREFIX = "cosmos"


class CosmosUser:
    """See `chains.user.User`. An account's address begins as the gate's does: what a chain calls its accounts, only its
    own addresses say."""

    def __init__(self, chain: ChainId, url: SecretStr, secret: bytes, limits: Limits = LIMITS) -> None:
        Key(secret, _ANY_PREFIX)
        self._chain, self._url, self._secret, self._limits = chain, url, secret, limits
        self._clients = dict[str, Client]()

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()

    def address_at(self, deployment: Deployment) -> str:
        """The account's address on the deployment's chain."""
        return self._client(deployment).address

    async def state(self, deployment: Deployment) -> GateState:
        client, gate = self._client(deployment), deployment.gate.address
        (recorded,) = await client.ask(sending.statement(gate, deployment.route))
        if (said := recorded.statement) is None:
            raise Unreadable(f"{deployment.gate} has no route {deployment.route.hex()} at the node's newest state")
        supply = await self._supply(client, deployment, recorded.height)
        return GateState(supply, said.round, said.cap, said.expires_at)

    async def mint_refusal(self, deployment: Deployment, to: str, amount: int, submission: bytes | None) -> str:
        client = self._client(deployment)
        return await client.refusal([_minting(client.address, deployment, to, amount, submission)])

    async def mint(self, deployment: Deployment, to: str, amount: int, submission: bytes | None) -> Receipt:
        client = self._client(deployment)
        return await client.transact([_minting(client.address, deployment, to, amount, submission)])

    async def allow(self, deployment: Deployment, amount: int) -> Receipt | None:
        # The holder sends what is to be burned.
        return None

    async def redeem_refusal(self, deployment: Deployment, amount: int) -> str:
        client = self._client(deployment)
        return await client.refusal([_redeeming(client.address, deployment, amount)])

    async def redeem(self, deployment: Deployment, amount: int) -> Receipt:
        client = self._client(deployment)
        return await client.transact([_redeeming(client.address, deployment, amount)])

    def _client(self, deployment: Deployment) -> Client:
        if not isinstance(deployment.options, DeploymentOptions):
            raise Refused(f"{deployment.gate}: options of another family")
        prefix = addresses.prefix(deployment.gate.address)
        if prefix not in self._clients:
            self._clients[prefix] = Client(self._chain, self._url, self._secret, prefix, limits=self._limits)
        return self._clients[prefix]

    async def _supply(self, client: Client, deployment: Deployment, height: int) -> int:
        denomination = addresses.denomination(deployment.token)
        if denomination is None:
            contract = deployment.token.asset
            info = await client.query(contract, cw20.token_info(), height)
            found = info.get("total_supply") if isinstance(info, dict) else None
            if not isinstance(found, str) or not found.isascii() or not found.isdigit():
                raise Unreadable(f"{contract} does not tell its total supply: is it a cw20?")
            return int(found)
        key = stores.supply_key(denomination)
        (value,) = await client.ask(rpc.abci_query(f"/store/{stores.BANK}/key", key, height, lambda told: told.value))
        try:
            return stores.amount(value, denomination) if value else 0
        except ProofError as error:
            raise Unreadable(str(error)) from None


def _minting(sender: str, deployment: Deployment, to: str, amount: int, submission: bytes | None) -> Any:
    gate = deployment.gate.address
    if addresses.prefix(to) != addresses.prefix(gate):
        raise Refused(f"{to} is no address of this chain: the gate's begins with {addresses.prefix(gate)}")
    return execution(sender, gate, messages.mint(deployment.route, to, amount, submission))


def _redeeming(sender: str, deployment: Deployment, amount: int) -> Any:
    gate, denomination = deployment.gate.address, addresses.denomination(deployment.token)
    if denomination is None:
        sent = cw20.send(gate, amount, messages.redeem_hook())
        return execution(sender, deployment.token.asset, sent)
    return execution(sender, gate, messages.redeem(deployment.route, amount), {denomination: amount} if amount else {})

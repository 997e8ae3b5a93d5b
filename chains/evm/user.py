"""A holder of a wrapped ERC-20 at one node. See `chains.user`."""

from pydantic import SecretStr

from chains.caip import ChainId
from chains.errors import ChainError, Refused
from chains.evm.abi import interface
from chains.evm.addresses import canonical
from chains.evm.client import Client, mint_call
from chains.types import Deployment, GateState, Receipt


class EvmUser:
    """See `chains.user.User`."""

    def __init__(self, chain: ChainId, url: SecretStr, secret: bytes) -> None:
        self._client = Client(chain, url, secret)
        try:
            self.address = self._client.address
        except ValueError:
            raise Refused("the account's secret is no secp256k1 private key") from None

    async def close(self) -> None:
        await self._client.close()

    async def state(self, deployment: Deployment) -> GateState:
        return await self._client.gate_state(deployment.gate.address, deployment.token.asset)

    async def mint_refusal(self, deployment: Deployment, to: str, amount: int, submission: bytes | None) -> str:
        return await self._client.refusal(deployment.gate.address, mint_call(canonical(to), amount, submission))

    async def mint(self, deployment: Deployment, to: str, amount: int, submission: bytes | None) -> Receipt:
        return await self._client.mint(deployment.gate.address, canonical(to), amount, submission)

    async def allow(self, deployment: Deployment, amount: int) -> Receipt | None:
        gate, token = deployment.gate.address, deployment.token.asset
        # A token that is its own gate burns its callers' coins itself.
        if gate == token or await self._client.allowance(token, self.address, gate) >= amount:
            return None
        receipt = await self._client.approve(token, gate, amount)
        if not receipt.ok:
            raise ChainError(f"the token refuses the allowance for the gate: {receipt.error} ({receipt.transaction})")
        return receipt

    async def redeem_refusal(self, deployment: Deployment, amount: int) -> str:
        return await self._client.refusal(deployment.gate.address, interface("Gate").call("redeem", amount))

    async def redeem(self, deployment: Deployment, amount: int) -> Receipt:
        return await self._client.redeem(deployment.gate.address, amount)

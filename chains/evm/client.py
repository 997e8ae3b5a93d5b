"""What a user does with one node: deploy, mint, redeem, move tokens, read balances.

No quorum here: a user trusts the node that is asked, and risks only the own transaction. Transactions that change a
token are sent with a fixed gas limit and without a simulation, so that what a gate refuses is refused on the chain, by
a mined transaction that shows the gate's error.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import SecretStr

from chains.caip import ChainId
from chains.errors import ChainError, Refused, Unreadable
from chains.evm import calls, headers
from chains.evm.abi import constructor, erc20, error_name, interface
from chains.evm.addresses import canonical, checksummed
from chains.evm.rpc import Reverted, judge
from chains.evm.sender import parse_receipt
from chains.evm.submit import with_y
from chains.evm.values import data, quantity
from chains.jsonrpc import Call, Fault, Limits
from chains.node import Node
from chains.quorum import Admission
from chains.types import GateState, Receipt
from chains.values import mapping, member

GAS = 600_000
"""Gas limit of a transaction where the caller names none."""

_TIP = 1_000_000_000
_WAIT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction on its way: its hash, and what is needed to find out why it failed."""

    hash: bytes
    request: Mapping[str, str]


class Client:
    """One node and, for transactions, one account. An async context manager."""

    def __init__(
        self,
        chain: ChainId,
        url: SecretStr | str,
        secret: bytes | None = None,
        headers: Mapping[str, SecretStr] | None = None,
        poll: float = 0.2,
        limits: Limits | None = None,
    ) -> None:
        self._node = Node(url, headers, limits or Limits(), judge, _admission(chain))
        self._chain_id, self._secret, self._poll = int(chain.reference), secret, poll
        self._nonces = asyncio.Lock()
        self._next_nonce = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._node.close()

    @property
    def address(self) -> str:
        """The account's address. Raises `Refused` without an account."""
        return str(self._account().address).lower()

    async def deploy(self, artifact: str, *args: Any, gas: int = 8_000_000) -> tuple[str, Receipt]:
        """Deploys one of Ballast's contracts; its address and the receipt. Raises `ChainError` if that fails."""
        sent = await self.send(None, constructor(artifact, *args), gas)
        receipt = await self.executed(sent)
        if not receipt.ok:
            raise ChainError(f"deploying {artifact} failed: {receipt.error}")
        (created,) = await self._node.ask(Call("eth_getTransactionReceipt", ("0x" + sent.hash.hex(),), _created))
        return created, receipt

    async def mint(self, gate: str, to: str, amount: int, submission: bytes | None = None) -> Receipt:
        """Mints through a gate, bringing the statement of a submission (leaf | branch | certificate) along if one is
        given. A refusal is a receipt with the gate's error."""
        return await self.executed(await self.send_mint(gate, to, amount, submission))

    async def send_mint(self, gate: str, to: str, amount: int, submission: bytes | None = None) -> Sent:
        """As `mint`, but does not wait."""
        return await self.send(gate, mint_call(to, amount, submission))

    async def submit(self, gate: str, submission: bytes) -> Receipt:
        """Brings a statement to a gate."""
        return await self.transact("Gate", gate, "submit", with_y(submission)[0])

    async def redeem(self, gate: str, amount: int) -> Receipt:
        """Burns through a gate, which lowers its cap. The gate's allowance must have been given before."""
        return await self.transact("Gate", gate, "redeem", amount)

    async def approve(self, token: str, spender: str, amount: int) -> Receipt:
        return await self.executed(await self.send(token, erc20().call("approve", spender, amount)))

    async def transfer(self, token: str, to: str, amount: int) -> Receipt:
        return await self.executed(await self.send(token, erc20().call("transfer", to, amount)))

    async def deposit(self, vault: str, amount: int) -> Receipt:
        """Locks collateral in a DemoVault. The vault's allowance must have been given before."""
        return await self.transact("DemoVault", vault, "deposit", amount)

    async def drain(self, vault: str, to: str) -> Receipt:
        """Takes everything out of a DemoVault, as its owner may."""
        return await self.transact("DemoVault", vault, "drain", to)

    async def grant_minter(self, token: str, gate: str) -> Receipt:
        """Gives a gate the right to mint a DemoToken."""
        role = (await self.read("DemoToken", token, "MINTER_ROLE"))[0]
        return await self.transact("DemoToken", token, "grantRole", role, gate)

    async def transact(self, artifact: str, to: str, function: str, *args: Any, gas: int = GAS) -> Receipt:
        """Any function of one of Ballast's contracts."""
        return await self.executed(await self.send(to, interface(artifact).call(function, *args), gas))

    async def read(self, artifact: str, to: str, function: str, *args: Any) -> tuple[Any, ...]:
        """Any view of one of Ballast's contracts, at the newest block. Raises `ChainError` if it reverts."""
        return interface(artifact).result(function, await self._view(to, interface(artifact).call(function, *args)))

    async def balance(self, token: str, holder: str) -> int:
        """Base units."""
        return int(erc20().result("balanceOf", await self._view(token, erc20().call("balanceOf", holder)))[0])

    async def supply(self, token: str) -> int:
        """Base units."""
        return int(erc20().result("totalSupply", await self._view(token, erc20().call("totalSupply")))[0])

    async def native_balance(self, holder: str) -> int:
        """Wei."""
        (found,) = await self._node.ask(Call("eth_getBalance", (holder, "latest"), quantity))
        return int(found)

    async def code_hash(self, address: str) -> str:
        """Keccak-256 of the code at an address, as configurations pin it: 0x and 64 hex digits."""
        from chains.hashing import keccak256

        (code,) = await self._node.ask(Call("eth_getCode", (address, "latest"), data))
        if not code:
            raise ChainError(f"there is no code at {address}")
        return "0x" + keccak256(code).hex()

    async def gate_state(self, gate: str, token: str) -> GateState:
        """A deployment at the newest block."""
        round_, cap, _, _, _, expires_at = (await self.read("Gate", gate, "state"))[0]
        return GateState(await self.supply(token), round_, cap, expires_at)

    async def allowance(self, token: str, holder: str, spender: str) -> int:
        """Base units."""
        payload = erc20().call("allowance", holder, spender)
        return int(erc20().result("allowance", await self._view(token, payload))[0])

    async def refusal(self, to: str, payload: bytes, gas: int = GAS) -> str:
        """The error with which a contract would refuse the account's transaction at the newest block; "" where it would
        not. Nothing is sent. Raises `ChainError` where the node cannot say."""
        request = {"from": self.address, "to": canonical(to), "data": "0x" + payload.hex(), "gas": hex(gas)}
        (told,) = await self._node.ask(Call("eth_call", (request, "latest"), data, faults=True))
        if isinstance(told, Reverted):
            return error_name(told.data)
        if isinstance(told, Fault):
            raise ChainError(f"the node cannot simulate the transaction: {told.message}")
        return ""

    async def send(self, to: str | None, payload: bytes, gas: int = GAS, value: int = 0) -> Sent:
        """Signs and sends, not simulating first; `to` None creates a contract. Raises `ChainError` if it is refused."""
        account = self._account()
        async with self._nonces:
            nonce = Call("eth_getTransactionCount", (self.address, "pending"), quantity)
            newest = Call("eth_getBlockByNumber", ("latest", False), headers.parse)
            pending, header = await self._node.ask(nonce, newest)
            number = max(pending, self._next_nonce)
            fields: dict[str, Any] = {
                "type": 2,
                "chainId": self._chain_id,
                "nonce": number,
                "value": value,
                "data": "0x" + payload.hex(),
                "gas": gas,
                "maxFeePerGas": 2 * header.base_fee + _TIP,
                "maxPriorityFeePerGas": _TIP,
                "accessList": [],
            }
            signed = account.sign_transaction(fields | ({"to": checksummed(canonical(to))} if to else {}))
            raw = "0x" + bytes(signed.raw_transaction).hex()
            (told,) = await self._node.ask(Call("eth_sendRawTransaction", (raw,), data, faults=True))
            if isinstance(told, Fault) and not await self._known(bytes(signed.hash)):
                raise ChainError(f"the node refuses the transaction: {told.message}")
            self._next_nonce = number + 1
        request = {"from": self.address, "data": "0x" + payload.hex(), "gas": hex(gas), "value": hex(value)}
        return Sent(bytes(signed.hash), request | ({"to": canonical(to)} if to else {}))

    async def executed(self, sent: Sent, seconds: float = _WAIT_SECONDS) -> Receipt:
        """Waits until the transaction is mined. Raises `Unreadable` if that takes longer than `seconds`."""
        end = time.monotonic() + seconds
        call = Call("eth_getTransactionReceipt", ("0x" + sent.hash.hex(),), parse_receipt, absent=True)
        while (mined := (await self._node.ask(call))[0]) is None:
            if time.monotonic() > end:
                raise Unreadable(f"transaction 0x{sent.hash.hex()} was not mined within {seconds:.0f} s")
            await asyncio.sleep(self._poll)
        error = "" if mined.ok else await self._reason(sent, mined.height)
        return Receipt("0x" + sent.hash.hex(), mined.height, mined.ok, error, mined.gas_used * mined.price)

    async def _known(self, transaction: bytes) -> bool:
        # Sent again since the first answer did not arrive, it is refused as known already, or for a nonce that is used.
        name = "0x" + transaction.hex()
        (found,) = await self._node.ask(Call("eth_getTransactionByHash", (name,), _hash, absent=True))
        return bool(found == transaction)

    async def _reason(self, sent: Sent, height: int) -> str:
        # The block's end state first, then its parent's: see Sender.
        for block in (hex(height), hex(height - 1)):
            (told,) = await self._node.ask(Call("eth_call", (dict(sent.request), block), data, faults=True))
            if isinstance(told, Reverted):
                return error_name(told.data)
        return "reverted"

    async def _view(self, to: str, payload: bytes) -> bytes:
        (answer,) = await self._node.ask(calls.call(canonical(to), payload, "latest"))
        if isinstance(answer, Reverted):
            raise ChainError(f"a view of {to} reverts: {error_name(answer.data)}")
        return bytes(answer)

    def _account(self) -> Any:
        from eth_account import Account

        if self._secret is None:
            raise Refused("no account is configured, so that nothing can be sent")
        return Account.from_key(self._secret)


def mint_call(to: str, amount: int, submission: bytes | None) -> bytes:
    """The call of a gate's mint, with the statement of a submission where one is brought along."""
    if submission is None:
        return interface("Gate").call("mint(address,uint256)", to, amount)
    return interface("Gate").call("mint(address,uint256,bytes)", to, amount, with_y(submission)[0])


def _admission(chain: ChainId) -> Admission:
    def refusal(answers: tuple[Any, ...]) -> str:
        (found,) = answers
        return "" if found == int(chain.reference) else f"serves chain id {found}, not {chain.reference}"

    return Admission((Call("eth_chainId", (), quantity),), refusal)


def _hash(answer: Any) -> bytes:
    return data(member(mapping(answer), "hash"), 32)


def _created(answer: Any) -> str:
    return "0x" + data(answer["contractAddress"], 20).hex()

"""What the node's tests share: raw JSON-RPC over HTTP, and transactions to send."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import CreateAccountParams, TransferParams, create_account, transfer
from solders.transaction import VersionedTransaction

from chains.solana import addresses
from chains.solana.node.node import LocalNode

ALICE = Keypair.from_seed(bytes([1] * 32))
BOB = Keypair.from_seed(bytes([2] * 32))
SYSTEM = addresses.SYSTEM_PROGRAM
CLOCK = addresses.CLOCK_SYSVAR
TOKEN = Pubkey.from_string(addresses.TOKEN_PROGRAM)
TOKEN_2022 = Pubkey.from_string(addresses.TOKEN_2022_PROGRAM)
ASSOCIATED = Pubkey.from_string(addresses.ASSOCIATED_TOKEN_PROGRAM)
MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
SOL = 10**9
NOBODY = str(Pubkey.from_bytes(bytes([7] * 32)))
"""An address that nothing lies at."""

PROCESSED, CONFIRMED, FINALIZED = ({"commitment": name} for name in ("processed", "confirmed", "finalized"))


@dataclass(frozen=True, slots=True)
class Failure:
    """The error object of a reply."""

    code: int
    message: str
    data: Any = None


class Rpc:
    """`call` gives the result, or the failure as a value."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session, self.url = session, url

    async def call(self, method: str, *params: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        async with self.session.post(self.url, json=request) as response:
            assert response.status == 200
            reply = await response.json()
        assert reply["jsonrpc"] == "2.0"
        assert reply["id"] == 1
        if "error" in reply:
            return Failure(reply["error"]["code"], reply["error"]["message"], reply["error"].get("data"))
        return reply["result"]

    async def value(self, method: str, *params: Any) -> Any:
        """The value of a result that has a context."""
        return (await self.call(method, *params))["value"]

    async def code(self, method: str, *params: Any) -> int:
        """The code of a failure that must come."""
        failure = await self.call(method, *params)
        assert isinstance(failure, Failure), failure
        return failure.code

    async def blockhash(self, commitment: str = "processed") -> Hash:
        found = await self.value("getLatestBlockhash", {"commitment": commitment})
        return Hash.from_string(found["blockhash"])

    async def send(self, transaction: VersionedTransaction, **config: Any) -> Any:
        options = {"encoding": "base64", "preflightCommitment": "processed", **config}
        return await self.call("sendTransaction", encoded(transaction), options)


def pay(lamports: int, to: Pubkey | None = None, payer: Keypair = ALICE) -> Instruction:
    receiver = BOB.pubkey() if to is None else to
    return transfer(TransferParams(from_pubkey=payer.pubkey(), to_pubkey=receiver, lamports=lamports))


def signed(
    instructions: list[Instruction], blockhash: Hash, payer: Keypair = ALICE, *others: Keypair
) -> VersionedTransaction:
    message = Message.new_with_blockhash(instructions, payer.pubkey(), blockhash)
    return VersionedTransaction(message, [payer, *others])


def signed_v0(instructions: list[Instruction], blockhash: Hash, payer: Keypair = ALICE) -> VersionedTransaction:
    return VersionedTransaction(MessageV0.try_compile(payer.pubkey(), instructions, [], blockhash), [payer])


def encoded(transaction: VersionedTransaction) -> str:
    return base64.b64encode(bytes(transaction)).decode()


Signing = Callable[[Hash], VersionedTransaction]
"""Makes a transaction that names this blockhash."""


def signing(instructions: list[Instruction], payer: Keypair = ALICE, *others: Keypair) -> Signing:
    return lambda blockhash: signed(instructions, blockhash, payer, *others)


def encoding(made: Signing) -> Callable[[Hash], str]:
    return lambda blockhash: encoded(made(blockhash))


def unsigned(made: Signing) -> Signing:
    """The same without its one signature."""
    return lambda blockhash: VersionedTransaction.populate(made(blockhash).message, [Signature.default()])


def name(transaction: VersionedTransaction) -> str:
    """The signature by which it is known."""
    return str(transaction.signatures[0])


def associated(owner: Pubkey, mint: Pubkey, program: Pubkey = TOKEN) -> Pubkey:
    return Pubkey.find_program_address([bytes(owner), bytes(program), bytes(mint)], ASSOCIATED)[0]


def new_mint(mint: Pubkey, rent: int, program: Pubkey = TOKEN, decimals: int = 6) -> list[Instruction]:
    """A mint of Alice's, her associated account, and 1.2345 tokens in it."""
    alice = ALICE.pubkey()
    held = associated(alice, mint, program)
    made = CreateAccountParams(from_pubkey=alice, to_pubkey=mint, lamports=rent, space=82, owner=program)
    return [
        create_account(made),
        Instruction(program, bytes([20, decimals]) + bytes(alice) + b"\0", [AccountMeta(mint, False, True)]),
        Instruction(
            ASSOCIATED,
            b"\x01",
            [
                AccountMeta(alice, True, True),
                AccountMeta(held, False, True),
                AccountMeta(alice, False, False),
                AccountMeta(mint, False, False),
                AccountMeta(Pubkey.from_string(SYSTEM), False, False),
                AccountMeta(program, False, False),
            ],
        ),
        mint_to(mint, held, 1_234_500, program),
    ]


def mint_to(mint: Pubkey, account: Pubkey, amount: int, program: Pubkey = TOKEN) -> Instruction:
    accounts = [AccountMeta(mint, False, True), AccountMeta(account, False, True)]
    authority = AccountMeta(ALICE.pubkey(), True, False)
    return Instruction(program, b"\x07" + amount.to_bytes(8, "little"), [*accounts, authority])


async def funded(node: LocalNode, rpc: Rpc, *keys: Keypair) -> None:
    """Gives each 1000 SOL, finally."""
    for key in keys:
        await rpc.call("requestAirdrop", str(key.pubkey()), 1000 * SOL)
    node.finalize()

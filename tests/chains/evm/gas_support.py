"""Gas of whole transactions at gates, read from a node's receipts.

Accounts, clock and nonces are fixed, so that every figure is the same each time: only a zero byte of calldata more or
less (12 gas, EIP-2028) tells two committees' signatures apart.
"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from chains.encoding import Branch, Certificate, Header, MintCap, Tree, domain_id, evidence, submission
from chains.evm.client import Client
from chains.evm.devnet import Devnet
from chains.types import Receipt
from relayer.frost import aggregate, deal, round1, round2
from tests.chains.evm.evm_support import CHAIN, ROUTE, UNIT, patient

LIMIT = 60_000
"""What a second or later statement may cost at a gate, with up to 16 leaves in its tree."""

COMMITTEES = ((3, 4), (67, 100))
BEGUN = 1_790_000_000
SUPPLY, COLLATERAL = 987_654_321 * UNIT, 1_234_567_890 * UNIT
UINT128 = 2**128 - 1
EPOCH = 3
HOLDER = "0x" + "ab" * 20


def made_up(label: str) -> bytes:
    """32 bytes that look random and are always the same."""
    return hashlib.sha256(f"gas {label}".encode()).digest()


class FrostCommittee:
    """`threshold` of `size` members with dealt shares, who sign as members do."""

    def __init__(self, threshold: int, size: int) -> None:
        self.threshold, self.size = threshold, size
        self._public, self._keys = deal([made_up(f"coefficient {i}") for i in range(threshold)], size, threshold)

    @property
    def group_key(self) -> bytes:
        """33 bytes, compressed."""
        return self._public.group.point33

    def certify(self, header: Header) -> Certificate:
        """The header, signed by the first `threshold` members."""
        message = header.message()
        made = {
            i: round1.commit(self._keys[i].share, made_up(f"{message.hex()} {i}") + made_up(f"{message.hex()} {i}'"))
            for i in range(1, self.threshold + 1)
        }
        commitments = [commitment for _, commitment in made.values()]
        shares = {i: round2.sign(self._keys[i], nonces, message, commitments) for i, (nonces, _) in made.items()}
        return Certificate(header, *aggregate(self._public, message, commitments, shares))


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement for one gate, in a round's tree."""

    leaf: bytes
    branch: Branch
    header: Header


@dataclass(frozen=True, slots=True)
class MeasuredGate:
    """A gate with its token and committee, and the client of its only minter."""

    node: Devnet
    client: Client
    committee: FrostCommittee
    token: str
    gate: str

    def statement(self, round_: int, leaves: int, largest: bool = False) -> Statement:
        """A statement for this gate in a tree of `leaves` leaves, with figures of a large token of 18 decimals; or with
        the `largest` that the gate can keep."""
        domain, at = domain_id(f"{CHAIN}:{self.gate}"), BEGUN
        figures = (UINT128,) * 3 if largest else (SUPPLY + round_ * UNIT, COLLATERAL + round_, SUPPLY + round_)
        own = MintCap(domain, ROUTE, *figures, at, at + 86_400)
        others = [MintCap(made_up(f"gate {i}"), ROUTE, *figures, at, at + 86_400) for i in range(1, leaves)]
        tree = Tree([own, *others])
        proof = evidence(made_up("config"), made_up(f"books {round_}"), made_up(f"observations {round_}"))
        return Statement(own.encode(), tree.branch(own.encode()), Header(EPOCH, round_, proof, tree.root))

    def submission(self, statement: Statement) -> bytes:
        """The statement with the committee's signature, as gates take it."""
        return submission(statement.leaf, statement.branch, self.committee.certify(statement.header))

    async def submitted(self, statement: Statement) -> int:
        """Gas of the transaction that submits the statement."""
        used = await gas_used(self.node, await self.client.submit(self.gate, self.submission(statement)))
        assert await self.client.read("Gate", self.gate, "lastRound") == (statement.header.round,)
        return used

    async def minted(self, amount: int, statement: Statement | None = None) -> int:
        """Gas of a mint, which brings the statement along if one is given."""
        brought = None if statement is None else self.submission(statement)
        before = await self.client.balance(self.token, HOLDER)
        used = await gas_used(self.node, await self.client.mint(self.gate, HOLDER, amount, brought))
        assert await self.client.balance(self.token, HOLDER) == before + amount
        return used


@asynccontextmanager
async def clockwork() -> AsyncIterator[tuple[Devnet, Client]]:
    """A node that mines each transaction at once, one second after the block before, and the client of an account."""
    async with (
        Devnet(31337, arguments=("--timestamp", str(BEGUN))) as node,
        patient(node) as client,
    ):
        await node.call("anvil_setBlockTimestampInterval", 1)
        await node.call("evm_setAutomine", True)
        yield node, client


async def measured_gate(node: Devnet, client: Client, committee: FrostCommittee) -> MeasuredGate:
    """A gate of this committee, before its first statement. The client's account may also mint the token itself."""
    key, me = committee.group_key, client.address
    record, _ = await client.deploy("Committee", EPOCH, int.from_bytes(key[1:], "big"), key[0] - 2)
    token, _ = await client.deploy("DemoToken", "Wrapped", "wCOL", 18, me)
    config = (record, ROUTE, me, me, 7 * 86_400, 86_400, 2**127, 2**127, [me])
    gate, _ = await client.deploy("Gate", token, 0, config)
    assert (await client.grant_minter(token, gate)).ok
    assert (await client.grant_minter(token, me)).ok
    return MeasuredGate(node, client, committee, token, gate)


async def bare_mint(gate: MeasuredGate, amount: int) -> int:
    """Gas of a mint of the token by its minter, without a gate."""
    receipt = await gate.client.transact("DemoToken", gate.token, "mint", HOLDER, amount)
    return await gas_used(gate.node, receipt)


async def gas_used(node: Devnet, receipt: Receipt) -> int:
    """Gas of the whole transaction, intrinsic gas and calldata included."""
    assert receipt.ok, receipt.error
    told: dict[str, Any] = await node.call("eth_getTransactionReceipt", receipt.transaction)
    return int(told["gasUsed"], 16)

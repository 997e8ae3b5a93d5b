"""Transactions: put together, measured, signed, and told apart by what became of them. Pure.

Legacy messages of one fee payer, who signs first. The first two instructions set the compute limit and price, the
program's own comes last. Sources: the Solana documentation on transactions, fees and the compute budget program; the
JSON form of errors is that of agave's `TransactionError`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import Message
from solders.transaction import VersionedTransaction

from chains.errors import ChainError, Refused
from chains.values import BadValue, items, mapping, shown

MOST_BYTES = 1232
"""Of a transaction with its signatures: what fits one IPv6 packet of the least size that must be carried whole."""

SIGNATURE_FEE = 5_000
"""Lamports for each signature."""

MICROLAMPORTS = 1_000_000

_SIGNATURE_BYTES = 64
_LONGEST_NAME = 64
_BUDGET = 2


class Key:
    """The key pair of an account. Its secret is in no text that this object gives."""

    def __init__(self, secret: bytes) -> None:
        """`secret`: the 32 bytes of an Ed25519 seed (RFC 8032). Raises `Refused` for another number of bytes."""
        try:
            self._pair = Keypair.from_seed(secret)
        except ValueError:
            raise Refused("the account's secret is no Ed25519 seed (32 bytes)") from None
        self.address = str(self._pair.pubkey())

    def __repr__(self) -> str:
        return f"Key({self.address})"

    def message(self, instructions: Sequence[Instruction], limit: int, price: int, blockhash: bytes) -> Message:
        """A message that this account pays for. `limit` in compute units, `price` in micro-lamports per unit."""
        budget = [set_compute_unit_limit(limit), set_compute_unit_price(price)]
        return Message.new_with_blockhash([*budget, *instructions], self._pair.pubkey(), Hash.from_bytes(blockhash))

    def signed(self, message: Message, others: Sequence["Key"] = ()) -> "Signed":
        """The transaction, signed by this account and the `others`. Raises `ChainError` if it is too large, or if the
        message asks for other signers."""
        check_size(message)
        try:
            made = VersionedTransaction(message, [self._pair, *(other._pair for other in others)])
        except Exception as error:  # solders' SignerError is no public type
            raise ChainError(f"the transaction cannot be signed: {type(error).__name__}") from None
        return Signed(bytes(made.signatures[0]), bytes(made))


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed transaction: its first signature (64 bytes), which names it, and all its bytes."""

    signature: bytes
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a transaction failed. `kind` is agave's name of the error; for one of an instruction, `instruction` is its
    place in the message, and `custom` the program's own number where it gave one."""

    kind: str
    instruction: int | None = None
    custom: int | None = None

    def of(self, instruction: int) -> int | None:
        """The program's own number, if the failed instruction is the one in this place."""
        return self.custom if self.instruction == instruction else None

    def __str__(self) -> str:
        if self.instruction is None:
            return self.kind
        number = "" if self.custom is None else f" {self.custom}"
        return f"{self.kind}{number} of instruction {self.instruction}"


def size(message: Message) -> int:
    """Bytes of the transaction with all its signatures."""
    return 1 + _SIGNATURE_BYTES * message.header.num_required_signatures + len(bytes(message))


def check_size(message: Message) -> None:
    """Raises `ChainError` for a transaction that no node would take."""
    if (needed := size(message)) > MOST_BYTES:
        raise ChainError(f"the transaction would be {needed} bytes, and Solana takes at most {MOST_BYTES}")


def fee(limit: int, price: int, signatures: int = 1) -> int:
    """Lamports that a transaction costs, whether it succeeds or not: the whole limit is paid for, used or not."""
    return SIGNATURE_FEE * signatures + -(-limit * price // MICROLAMPORTS)


def failure(value: object) -> Failure | None:
    """The `err` of a status, a simulation or a transaction's meta: null is success. Raises `BadValue`."""
    if value is None:
        return None
    if isinstance(value, str):
        return Failure(_name(value))
    fields = mapping(value)
    if len(fields) != 1:
        raise BadValue(f"not a transaction's error: {shown(value)}")
    ((kind, detail),) = fields.items()
    if kind != "InstructionError":
        return Failure(_name(kind))
    parts = items(detail, 2)
    if len(parts) != 2 or type(parts[0]) is not int or not 0 <= parts[0] < 256:
        raise BadValue(f"not an instruction's error: {shown(detail)}")
    if isinstance(parts[1], str):
        return Failure(_name(parts[1]), parts[0])
    inner = mapping(parts[1])
    if len(inner) != 1:
        raise BadValue(f"not an instruction's error: {shown(detail)}")
    ((name, number),) = inner.items()
    if name != "Custom":
        return Failure(_name(name), parts[0])
    if type(number) is not int or not 0 <= number < 1 << 32:
        raise BadValue(f"not a program's error number: {shown(number)}")
    return Failure("Custom", parts[0], number)


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.isascii() or not value.isalnum() or len(value) > _LONGEST_NAME:
        raise BadValue(f"not the name of an error: {shown(value)}")
    return value

"""Transactions as they arrive: their bytes, accounts, lookups of address tables, compute budget.

Sources: the transaction and address lookup table formats of the Solana documentation; limits of its JSON-RPC.
"""

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass

from solders.account import Account
from solders.hash import Hash
from solders.message import Message, MessageV0, from_bytes_versioned, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

PACKET_SIZE = 1232
"""A transaction must fit one packet."""
COMPUTE_BUDGET = Pubkey.from_string("ComputeBudget111111111111111111111111111111")

_TABLE_META = 56
_TABLE = 1
_SET_PRICE = 3


class BadTransaction(ValueError):
    """The bytes are no transaction, or one that no bank would look at. The text says why."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The accounts of a transaction in their order: its own, then the writable and the readonly ones of its tables."""

    own: tuple[Pubkey, ...]
    writable_lookups: tuple[Pubkey, ...]
    readonly_lookups: tuple[Pubkey, ...]
    writable: frozenset[Pubkey]

    @property
    def all(self) -> tuple[Pubkey, ...]:
        return self.own + self.writable_lookups + self.readonly_lookups


def decode(raw: bytes) -> VersionedTransaction:
    """Raises `BadTransaction` unless `raw` is a well-formed transaction of at most 1232 bytes."""
    if len(raw) > PACKET_SIZE:
        raise BadTransaction(f"decoded transaction too large: {len(raw)} bytes (max: {PACKET_SIZE} bytes)")
    try:
        transaction = VersionedTransaction.from_bytes(raw)
    except ValueError as error:
        raise BadTransaction(f"failed to deserialize transaction: {error}") from None
    try:
        transaction.sanitize()
    except Exception as error:  # solders' SanitizeError cannot be imported by a name that its stubs know
        raise BadTransaction(f"invalid transaction: {error}") from None
    message = transaction.message
    if not isinstance(message, Message | MessageV0):
        raise BadTransaction("invalid transaction: its version is neither legacy nor 0")
    if len(transaction.signatures) != message.header.num_required_signatures:
        raise BadTransaction("invalid transaction: as many signatures are needed as accounts sign")
    return transaction


def decode_message(raw: bytes) -> Message | MessageV0:
    """A message without its signatures. Raises `BadTransaction`."""
    try:
        message = from_bytes_versioned(raw)
    except ValueError as error:
        raise BadTransaction(f"failed to deserialize message: {error}") from None
    if not isinstance(message, Message | MessageV0):
        raise BadTransaction("failed to deserialize message: its version is neither legacy nor 0")
    return message


def message_of(transaction: VersionedTransaction) -> Message | MessageV0:
    """The message; `decode` has let no other kind through."""
    message = transaction.message
    if not isinstance(message, Message | MessageV0):
        raise BadTransaction("invalid transaction: its version is neither legacy nor 0")
    return message


def digest(message: Message | MessageV0) -> bytes:
    """What makes a transaction the same as another, whoever made the signatures (32 bytes)."""
    return hashlib.sha256(to_bytes_versioned(message)).digest()


def signed(transaction: VersionedTransaction) -> bool:
    """Whether every signature is one."""
    return all(transaction.verify_with_results())


def with_blockhash(transaction: VersionedTransaction, blockhash: bytes) -> VersionedTransaction:
    """The same transaction on another blockhash; its signatures no longer hold."""
    message = message_of(transaction)
    new: Message | MessageV0
    if isinstance(message, MessageV0):
        new = MessageV0(
            message.header,
            message.account_keys,
            Hash(blockhash),
            message.instructions,
            message.address_table_lookups,
        )
    else:
        new = Message.new_with_compiled_instructions(
            message.header.num_required_signatures,
            message.header.num_readonly_signed_accounts,
            message.header.num_readonly_unsigned_accounts,
            message.account_keys,
            Hash(blockhash),
            message.instructions,
        )
    return VersionedTransaction.populate(new, transaction.signatures)


def is_writable(message: Message | MessageV0, index: int) -> bool:
    """Whether the header lets the message's own account `index` be written."""
    header, own = message.header, len(message.account_keys)
    if index < header.num_required_signatures:
        return index < header.num_required_signatures - header.num_readonly_signed_accounts
    return index < own - header.num_readonly_unsigned_accounts


def keys(message: Message | MessageV0, account: Callable[[Pubkey], Account | None]) -> Keys:
    """The accounts of `message`, its address tables read through `account`. Raises `BadTransaction`."""
    own = tuple(message.account_keys)
    writable = [key for index, key in enumerate(own) if is_writable(message, index)]
    written: list[Pubkey] = []
    read: list[Pubkey] = []
    if isinstance(message, MessageV0):
        for lookup in message.address_table_lookups:
            addresses = _table(lookup.account_key, account(lookup.account_key))
            for indexes, found in ((lookup.writable_indexes, written), (lookup.readonly_indexes, read)):
                for index in bytes(indexes):
                    if index >= len(addresses):
                        raise BadTransaction("invalid transaction: it looks up an address that its table has not")
                    found.append(addresses[index])
    return Keys(own, tuple(written), tuple(read), frozenset([*writable, *written]))


def _table(address: Pubkey, account: Account | None) -> list[Pubkey]:
    if account is None:
        raise BadTransaction(f"invalid transaction: there is no address lookup table {address}")
    data = account.data
    if len(data) < _TABLE_META or data[:4] != struct.pack("<I", _TABLE) or (len(data) - _TABLE_META) % 32:
        raise BadTransaction(f"invalid transaction: {address} is no address lookup table")
    return [Pubkey.from_bytes(data[at : at + 32]) for at in range(_TABLE_META, len(data), 32)]


def unit_price(message: Message | MessageV0) -> int:
    """The price that the message offers for a compute unit, in micro-lamports."""
    for instruction in message.instructions:
        data = bytes(instruction.data)
        called = message.account_keys[instruction.program_id_index]
        if called == COMPUTE_BUDGET and len(data) == 9 and data[0] == _SET_PRICE:
            return int.from_bytes(data[1:], "little")
    return 0

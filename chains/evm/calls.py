"""The reads that the family makes, each pinned to one block by its hash (EIP-1898).

web3's own calls would turn a block hash into a number; these go out as they are, in one batch per reading.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from chains.errors import ProofError
from chains.evm import proofs
from chains.evm.headers import Header
from chains.evm.proofs import Account
from chains.evm.values import data, quantity
from chains.jsonrpc import Call
from chains.values import BadValue, items, mapping, member

_MOST_NODES = 80
_MOST_NODE_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Proven:
    """An account and some of its storage words, as their proofs show them. The proofs' bytes do not count when two
    answers are compared: only what they prove does."""

    account: Account
    words: tuple[int, ...]
    account_nodes: tuple[bytes, ...] = field(compare=False, repr=False)
    storage_nodes: tuple[tuple[bytes, ...], ...] = field(compare=False, repr=False)


def at_block(header: Header) -> dict[str, Any]:
    """The block parameter: this block, and only while it is canonical."""
    return {"blockHash": "0x" + header.hash.hex(), "requireCanonical": True}


def call(to: str, payload: bytes, at: dict[str, Any] | str) -> Call:
    """eth_call: the returned bytes, or `Reverted`."""
    return Call("eth_call", ({"to": to, "data": "0x" + payload.hex()}, at), data)


def balance(address: str, header: Header) -> Call:
    """eth_getBalance: wei."""
    return Call("eth_getBalance", (address, at_block(header)), quantity)


def proof(address: str, slots: Sequence[bytes], header: Header) -> Call:
    """eth_getProof, verified against the header's state root as it is parsed: `Proven`. A proof that does not hold, or
    an answer that says other than its own proof, marks the endpoint as lying."""
    wanted = tuple(slots)
    keys = ["0x" + slot.hex() for slot in wanted]

    def verify(answer: Any) -> Proven:
        return _verified(answer, bytes.fromhex(address[2:]), wanted, header.state_root)

    return Call("eth_getProof", (address, keys, at_block(header)), verify)


def _verified(answer: Any, address: bytes, slots: tuple[bytes, ...], state_root: bytes) -> Proven:
    fields = mapping(answer)
    account_nodes = _nodes(member(fields, "accountProof"))
    found = proofs.account(state_root, address, account_nodes)
    if data(member(fields, "address"), 20) != address or quantity(member(fields, "balance")) != found.balance:
        raise ProofError("eth_getProof: the answer says other than its proof")
    if found.exists and data(member(fields, "codeHash"), 32) != found.code_hash:
        raise ProofError("eth_getProof: the answer says other than its proof")
    entries = items(member(fields, "storageProof"), len(slots))
    if len(entries) != len(slots):
        raise BadValue(f"{len(entries)} storage proofs, expected {len(slots)}")
    words, storage_nodes = list[int](), list[tuple[bytes, ...]]()
    for slot, entry in zip(slots, map(mapping, entries), strict=True):
        nodes = _nodes(member(entry, "proof"))
        word = proofs.storage(found.storage_root, slot, nodes)
        if _key(member(entry, "key")) != slot or quantity(member(entry, "value")) != word:
            raise ProofError("eth_getProof: the answer says other than its proof")
        words.append(word)
        storage_nodes.append(nodes)
    return Proven(found, tuple(words), account_nodes, tuple(storage_nodes))


def _nodes(value: object) -> tuple[bytes, ...]:
    nodes = tuple(data(node) for node in items(value, _MOST_NODES))
    if any(len(node) > _MOST_NODE_BYTES for node in nodes):
        raise BadValue("a trie node that is too large")
    return nodes


def _key(value: object) -> bytes:
    # Clients give the key back as 32 bytes or as a quantity.
    try:
        return data(value, 32)
    except BadValue:
        return quantity(value).to_bytes(32, "big")

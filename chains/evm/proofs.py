"""Account and storage proofs (EIP-1186) against a header that is hashed here, and the proof that travels in bundles.

    proof blob    rlp([1, header, [account nodes], [storage nodes]])

`header` is the RLP of the block header as one byte string; its Keccak-256 is the checkpoint's block hash. The account
nodes lead from its state root to the account: the token's for an ERC-20 position, the vault's for a native one. The
storage nodes lead from that account's storage root to the balance; there are none for a native position. Pure: no I/O.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chains.errors import ProofError
from chains.evm import rlp, trie
from chains.evm.headers import Header, decode
from chains.evm.options import PositionOptions
from chains.hashing import keccak256
from chains.types import Checkpoint, Position

EMPTY_CODE = bytes.fromhex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")
"""keccak256(""): the code hash of an account without code."""

MOST_PROOF_BYTES = 1 << 17
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Account:
    """An account in the state trie. An absent one has balance 0, no code and no storage."""

    exists: bool
    nonce: int
    balance: int
    storage_root: bytes
    code_hash: bytes


def account(state_root: bytes, address: bytes, nodes: Sequence[bytes]) -> Account:
    """What `nodes` show of `address` (20 bytes). Raises `ProofError`."""
    value = trie.lookup(state_root, address, nodes)
    if value is None:
        return Account(False, 0, 0, trie.EMPTY_ROOT, EMPTY_CODE)
    fields = rlp.decode(value)
    if not isinstance(fields, list) or len(fields) != 4:
        raise ProofError("proof: the state's leaf is no account")
    nonce, balance, storage_root, code_hash = fields
    if not isinstance(storage_root, bytes) or not isinstance(code_hash, bytes):
        raise ProofError("proof: the state's leaf is no account")
    if len(storage_root) != 32 or len(code_hash) != 32:
        raise ProofError("proof: the state's leaf is no account")
    return Account(True, rlp.to_integer(nonce), rlp.to_integer(balance), storage_root, code_hash)


def storage(storage_root: bytes, slot: bytes, nodes: Sequence[bytes]) -> int:
    """The word in `slot` (32 bytes). The EVM keeps no zeros: a slot that is shown to be absent holds 0. That says
    nothing unless the account itself is shown to exist with this storage root. Raises `ProofError`."""
    value = trie.lookup(storage_root, slot, nodes)
    # Anvil does keep zeros in its tries, and a leaf that holds 0 under the state root proves 0 just as well.
    return 0 if value is None else rlp.to_integer(rlp.decode(value))


def balance_slot(holder: bytes, options: PositionOptions) -> bytes:
    """The slot (32 bytes) of `holder`'s entry in the mapping of balances.

    Solidity: keccak256(key | slot) ("Layout of State Variables in Storage", mappings); Vyper: keccak256(slot | key).
    """
    assert options.balance_slot is not None
    key, slot = holder.rjust(32, b"\0"), bytes.fromhex(options.balance_slot[2:])
    return keccak256(key + slot if options.balance_slot_order == "solidity" else slot + key)


def balance_of_word(word: int, options: PositionOptions) -> int:
    """The balance in a slot's word: its low `balance_bits` bits (some tokens keep flags in the high ones)."""
    return word & ((1 << options.balance_bits) - 1)


def wants_proof(position: Position) -> bool:
    """Whether a reading of `position` must carry a proof: native ones always, ERC-20 where the slot is configured."""
    return position.asset.kind == "slip44" or _options(position).balance_slot is not None


def encode(header: Header, account_nodes: Sequence[bytes], storage_nodes: Sequence[bytes]) -> bytes:
    """The proof blob (see above)."""
    return rlp.encode([rlp.integer(_VERSION), header.rlp, list(account_nodes), list(storage_nodes)])


def check(position: Position, at: Checkpoint, amount: int, proof: bytes) -> None:
    """`proof` shows that `position` held `amount` at `at`. Raises `ProofError`.

    A position that declares `paused_call` or `frozen_call` may also be counted as 0, whatever it holds: that it was
    frozen is agreed by the quorum, not proven, and a 0 never lets anybody mint.
    """
    if not wants_proof(position):
        if proof:
            raise ProofError(f"{position.account}: a proof where none is configured")
        return
    if not proof:
        raise ProofError(f"{position.account}: the proof is missing")
    options = _options(position)
    proven = _proven(position, options, at, proof)
    if amount != proven and not (amount == 0 and options.can_freeze):
        raise ProofError(f"{position.account}: {amount} is claimed, but {proven} is proven")


def _proven(position: Position, options: PositionOptions, at: Checkpoint, proof: bytes) -> int:
    if at.chain != position.chain:
        raise ProofError(f"{position.account}: a checkpoint of {at.chain}")
    header, account_nodes, storage_nodes = _decode(proof)
    if (header.hash, header.number, header.time) != (at.block_hash, at.height, at.time):
        raise ProofError(f"{position.account}: the proof's header is not the checkpoint's block")
    vault = bytes.fromhex(position.account.address[2:])
    if position.asset.kind == "slip44":
        if storage_nodes:
            raise ProofError(f"{position.account}: storage nodes in a proof of a native balance")
        return account(header.state_root, vault, account_nodes).balance
    token = account(header.state_root, bytes.fromhex(position.asset.asset[2:]), account_nodes)
    if not token.exists:
        raise ProofError(f"{position.asset}: the proof shows that there is no such token")
    if options.code_hash is None or token.code_hash.hex() != options.code_hash[2:]:
        raise ProofError(f"{position.asset}: the proof shows another code than the pinned one")
    return balance_of_word(storage(token.storage_root, balance_slot(vault, options), storage_nodes), options)


def _decode(proof: bytes) -> tuple[Header, list[bytes], list[bytes]]:
    if len(proof) > MOST_PROOF_BYTES:
        raise ProofError(f"proof: {len(proof)} bytes, at most {MOST_PROOF_BYTES}")
    parts = rlp.decode(proof)
    if not isinstance(parts, list) or len(parts) != 4 or parts[0] != rlp.integer(_VERSION):
        raise ProofError("proof: not of version 1")
    header = parts[1]
    if not isinstance(header, bytes):
        raise ProofError("proof: no header")
    return decode(header), _nodes(parts[2]), _nodes(parts[3])


def _nodes(item: rlp.Item) -> list[bytes]:
    if not isinstance(item, list):
        raise ProofError("proof: no list of nodes")
    nodes = [node for node in item if isinstance(node, bytes)]
    if len(nodes) != len(item):
        raise ProofError("proof: a node that is no byte string")
    return nodes


def _options(position: Position) -> PositionOptions:
    if not isinstance(position.options, PositionOptions):
        raise ProofError(f"{position.account}: options of another family")
    return position.options

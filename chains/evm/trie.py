"""Merkle-Patricia proofs (Yellow Paper, appendix D; EIP-1186), strictly: what is not needed is not allowed.

Every node of a proof is used, in order, and hashes to the reference that led to it, so nothing that an endpoint sends
can be more than what the root commits to. Keys are Keccak-256 hashes, hence always 64 nibbles.
"""

from collections.abc import Sequence

from chains.errors import ProofError
from chains.evm import rlp
from chains.hashing import keccak256

EMPTY_ROOT = bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
"""keccak256(rlp("")): the root of a trie without entries."""

_EMPTY_NODE = b"\x80"
_LARGEST_NODE = 1024


def lookup(root: bytes, key: bytes, proof: Sequence[bytes]) -> bytes | None:
    """The value that `proof` shows under keccak256(key) in the trie with `root` (32 bytes); None if it shows that there
    is none. Raises `ProofError` for a proof that shows neither, or holds a node too many.

    The empty trie is proven by no node, or by the encoding of the empty node (clients differ).
    """
    nodes = list(proof)
    if root == EMPTY_ROOT:
        if nodes not in ([], [_EMPTY_NODE]):
            raise ProofError("proof: nodes of an empty trie")
        return None
    path = _nibbles(keccak256(key))
    reference: rlp.Item = root
    while True:
        node = _resolve(reference, nodes)
        if len(node) == 17:
            if not path:
                raise ProofError("proof: a branch below the key's end")
            if node[16] != b"":
                raise ProofError("proof: a branch with a value, where all keys are equally long")
            reference, path = node[path[0]], path[1:]
            if reference == b"":
                return _done(nodes, None)
            continue
        leaf, partial = _partial(node[0])
        if leaf:
            found = partial == path
            return _done(nodes, _value(node[1]) if found else None)
        if not partial or path[: len(partial)] != partial:
            if not partial:
                raise ProofError("proof: an extension without a path")
            return _done(nodes, None)
        reference, path = node[1], path[len(partial) :]


def _resolve(reference: rlp.Item, nodes: list[bytes]) -> list[rlp.Item]:
    # A child shorter than 32 bytes stands in its parent itself; any other is named by its hash.
    if isinstance(reference, list):
        node: rlp.Item = reference
    else:
        if len(reference) != 32:
            raise ProofError("proof: a reference that is no hash")
        if not nodes:
            raise ProofError("proof: a node is missing")
        encoded = nodes.pop(0)
        if len(encoded) > _LARGEST_NODE or keccak256(encoded) != reference:
            raise ProofError("proof: a node does not hash to its reference")
        node = rlp.decode(encoded)
    if not isinstance(node, list) or len(node) not in (2, 17):
        raise ProofError("proof: a node is neither branch, extension nor leaf")
    return node


def _partial(item: rlp.Item) -> tuple[bool, list[int]]:
    # Hex-prefix encoding (appendix C): flag 2 marks a leaf, flag 1 an odd count; the padding nibble is 0.
    if not isinstance(item, bytes) or not item:
        raise ProofError("proof: a node without a path")
    nibbles = _nibbles(item)
    flag = nibbles[0]
    if flag > 3 or (not flag & 1 and nibbles[1]):
        raise ProofError("proof: a path that is not hex-prefix encoded")
    return bool(flag & 2), nibbles[1:] if flag & 1 else nibbles[2:]


def _value(item: rlp.Item) -> bytes:
    if not isinstance(item, bytes) or not item:
        raise ProofError("proof: a leaf without a value")
    return item


def _done(nodes: list[bytes], value: bytes | None) -> bytes | None:
    if nodes:
        raise ProofError("proof: nodes after the end")
    return value


def _nibbles(data: bytes) -> list[int]:
    return [nibble for byte in data for nibble in (byte >> 4, byte & 15)]

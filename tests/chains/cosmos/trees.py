"""Trees like those of IAVL and of the multistore, and ICS-23 proofs of what is in them, for tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from chains.cosmos import protobuf
from chains.cosmos.ics23 import ExistenceProof, InnerOp, LeafOp, NonExistenceProof
from chains.cosmos.multistore import ProofOp

_VERSION = 7


def encode(proof: ExistenceProof | NonExistenceProof) -> bytes:
    """The message CommitmentProof."""
    if isinstance(proof, ExistenceProof):
        return protobuf.message(1, _existence(proof))
    sides = b"".join(
        protobuf.message(number, _existence(side))
        for number, side in ((2, proof.left), (3, proof.right))
        if side is not None
    )
    return protobuf.message(2, protobuf.data(1, proof.key) + sides)


def _existence(proof: ExistenceProof) -> bytes:
    leaf = proof.leaf
    numbers = (leaf.hash, leaf.prehash_key, leaf.prehash_value, leaf.length)
    encoded = b"".join(protobuf.uint(number, value) for number, value in enumerate(numbers, start=1))
    steps = (protobuf.uint(1, op.hash) + protobuf.data(2, op.prefix) + protobuf.data(3, op.suffix) for op in proof.path)
    return (
        protobuf.data(1, proof.key)
        + protobuf.data(2, proof.value)
        + protobuf.message(3, encoded + protobuf.data(5, leaf.prefix))
        + b"".join(protobuf.message(4, step) for step in steps)
    )


@dataclass(frozen=True)
class Tree:
    """A tree over `items`, which is not empty, in the order of their keys."""

    kind: Literal["iavl", "simple"]
    items: Mapping[bytes, bytes]

    @property
    def keys(self) -> list[bytes]:
        return sorted(self.items)

    @property
    def root(self) -> bytes:
        return self._hash(self.keys)

    def exist(self, key: bytes) -> ExistenceProof:
        prefix = self._head(0, 1) if self.kind == "iavl" else b"\0"
        return ExistenceProof(key, self.items[key], LeafOp(1, 0, 1, 1, prefix), tuple(self._path(self.keys, key)))

    def absent(self, key: bytes) -> NonExistenceProof:
        before, after = [k for k in self.keys if k < key], [k for k in self.keys if k > key]
        left = self.exist(before[-1]) if before else None
        return NonExistenceProof(key, left, self.exist(after[0]) if after else None)

    def _hash(self, keys: list[bytes]) -> bytes:
        if len(keys) == 1:
            value = sha256(self.items[keys[0]]).digest()
            prefix = self._head(0, 1) if self.kind == "iavl" else b"\0"
            return sha256(prefix + protobuf.varint(len(keys[0])) + keys[0] + b"\x20" + value).digest()
        left, right = self._halves(keys)
        mark = b"\x20" if self.kind == "iavl" else b""
        return sha256(self._inner(keys) + mark + self._hash(left) + mark + self._hash(right)).digest()

    def _path(self, keys: list[bytes], key: bytes) -> list[InnerOp]:
        if len(keys) == 1:
            return []
        left, right = self._halves(keys)
        head, mark = self._inner(keys), b"\x20" if self.kind == "iavl" else b""
        if key in left:
            return [*self._path(left, key), InnerOp(1, head + mark, mark + self._hash(right))]
        return [*self._path(right, key), InnerOp(1, head + mark + self._hash(left) + mark, b"")]

    def _halves(self, keys: list[bytes]) -> tuple[list[bytes], list[bytes]]:
        split = 1 << (len(keys) - 1).bit_length() - 1
        return keys[:split], keys[split:]

    def _inner(self, keys: list[bytes]) -> bytes:
        return self._head((len(keys) - 1).bit_length(), len(keys)) if self.kind == "iavl" else b"\1"

    def _head(self, height: int, size: int) -> bytes:
        return b"".join(protobuf.varint(2 * number) for number in (height, size, _VERSION))


def chained(stores: Mapping[str, Tree], store: str, key: bytes) -> tuple[list[ProofOp], bytes]:
    """The ops that a node answers for `key` of `store`, and the app hash."""
    multistore = Tree("simple", {name.encode(): tree.root for name, tree in stores.items()})
    tree = stores[store]
    inner = encode(tree.exist(key) if key in tree.items else tree.absent(key))
    outer = encode(multistore.exist(store.encode()))
    return [ProofOp("ics23:iavl", key, inner), ProofOp("ics23:simple", store.encode(), outer)], multistore.root

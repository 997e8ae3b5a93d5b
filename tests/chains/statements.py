"""Statements for the tests: a committee that signs with FROST, and trees that a leaf stands in.

Everything is derived from labels, so that the same test sees the same bytes.
"""

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import coincurve

from chains.encoding import Branch, Certificate, Handover, Header, Leaf, MintCap, Tree, domain_id, evidence, submission
from chains.hashing import keccak256
from relayer.frost import aggregate, deal, round1, round2
from relayer.frost.ciphersuite import h2
from relayer.frost.curve import ORDER

EPOCH = 7
HANDOVER_TAG = b"ballast/handover/v1"
EVIDENCE = evidence(bytes(32), bytes(32), bytes(32))
LEAVES = 5
"""A tree in which a branch can have a sibling on either side and a level without one."""


def seed(label: str) -> bytes:
    """32 bytes made of a label."""
    return sha256(b"ballast solana tests: " + label.encode()).digest()


class Committee:
    """`size` members, the first `threshold` of whom sign (RFC 9591 through `relayer.frost`). Test keys only."""

    def __init__(self, label: str, threshold: int = 2, size: int = 3) -> None:
        self.label = label
        self._public, keys = deal([seed(f"{label} {i}") for i in range(threshold)], size, threshold)
        self._signers = {i: keys[i] for i in range(1, threshold + 1)}
        self.px, self.parity = self._public.group.px, self._public.group.parity
        self._signed = 0

    def sign(self, message: bytes) -> bytes:
        """R 33 | z 32 over the 32 bytes of `message`."""
        self._signed += 1
        label = f"{self.label} {self._signed} {message.hex()}"
        made = {
            i: round1.commit(key.share, seed(f"{label} {i} d") + seed(f"{label} {i} e"))
            for i, key in self._signers.items()
        }
        commitments = [commitment for _, commitment in made.values()]
        shares = {i: round2.sign(self._signers[i], nonces, message, commitments) for i, (nonces, _) in made.items()}
        r, z = aggregate(self._public, message, commitments, shares)
        return r + z

    def sign_beside(self, message: bytes) -> bytes:
        """R 33 | z 32 where z G - e P is not R but -R, which only who holds the whole key can make: everything fits but
        the parity of R's y."""
        secret, nonce = (int.from_bytes(seed(label), "big") for label in (f"{self.label} 0", f"{self.label} beside"))
        r = coincurve.PrivateKey.from_int(nonce % ORDER).public_key.format()
        negated = bytes([r[0] ^ 1]) + r[1:]
        e = h2(negated + self._public.group.point33 + message)
        return negated + ((nonce + e * secret) % ORDER).to_bytes(32, "big")

    def certificate(self, header: Header) -> Certificate:
        signature = self.sign(header.message())
        return Certificate(header, signature[:33], signature[33:])


@dataclass(frozen=True, slots=True)
class Planted:
    """A leaf at one place of a tree: what a submission of it begins with, and the root it leads to."""

    leaf: bytes
    branch: Branch
    root: bytes

    def certified(self, by: Committee, epoch: int, round_: int, /, **header: Any) -> bytes:
        """leaf | branch | certificate; `header` alters fields of the header before it is signed."""
        signed = replace(Header(epoch, round_, EVIDENCE, self.root), **header)
        return submission(self.leaf, self.branch, by.certificate(signed))


def planted(leaf: Leaf, leaves: int = LEAVES, index: int | None = None) -> Planted:
    """`leaf` among `leaves` in all, at a given place of the sorted tree if `index` says so."""
    encoded = leaf.encode()
    if index is None:
        tree = Tree([leaf, *(_other(i) for i in range(leaves - 1))])
        return Planted(encoded, tree.branch(encoded), tree.root)
    # Where a leaf sorts is not ours to choose, so the tree is made of hashes.
    hashes = [keccak256(b"another leaf %d" % i) for i in range(leaves)]
    return _at(encoded, hashes, index)


def _other(i: int) -> MintCap:
    """Another gate's statement of the same round."""
    return MintCap(domain_id(f"solana:another:{i}"), seed("another route"), i, i, i, i, i)


def _at(leaf: bytes, hashes: list[bytes], index: int) -> Planted:
    """The tree of chains.encoding over leaf hashes, with the leaf's own put at `index`."""
    node, sides, siblings = keccak256(b"\x00" + leaf), 0, list[bytes]()
    level, at = [*hashes[:index], node, *hashes[index + 1 :]], index
    while len(level) > 1:
        if at ^ 1 < len(level):
            sides |= (at & 1) << len(siblings)
            siblings.append(level[at ^ 1])
        pairs = [keccak256(b"\x01" + level[i] + level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level, at = pairs + level[len(level) & ~1 :], at >> 1
    branch = Branch(sides, tuple(siblings))
    assert branch.root(leaf) == level[0]
    return Planted(leaf, branch, level[0])


def proof(leaf: Handover, by: Committee) -> bytes:
    """The new key's own signature over its handover, R 33 | z 32."""
    return by.sign(keccak256(HANDOVER_TAG + leaf.encode()))


def flipped(data: bytes, at: int, mask: int = 1) -> bytes:
    """`data` with the bits of `mask` turned in the byte at `at`."""
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]

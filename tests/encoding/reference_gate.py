"""What a gate checks of the vectors, in the order of contracts/vectors/README.md, written from the byte tables alone.

It shares no decoding with `chains.encoding`, so that the two check each other; curve and signature are
`relayer.frost`'s. Each function returns the code of the first check that fails, or "".
"""

from dataclasses import dataclass

from chains.hashing import keccak256
from relayer.frost import GroupKey, InvalidPoint, InvalidSignature, verify
from relayer.frost.curve import FIELD

LEAF_SIZES = {1: 177, 2: 82}
CERTIFICATE_SIZE = 145
MAX_DEPTH = 32


@dataclass(frozen=True)
class Opened:
    """A submission taken apart."""

    leaf: bytes
    root: bytes
    epoch: int
    round: int
    signed_root: bytes
    message: bytes
    r: bytes
    z: bytes


def key_of(px: bytes, parity: int) -> GroupKey | None:
    try:
        return GroupKey.from_px(px, parity)
    except InvalidPoint:
        return None


def signature(key: GroupKey, message: bytes, r: bytes, z: bytes, y: bytes | None) -> str:
    """`y` is None for a gate that takes none."""
    if y is not None and not _is_y_of(r, y):
        return "bad_point"
    try:
        verify(key, message, r, z)
    except InvalidSignature as error:
        return error.reason
    return ""


def _is_y_of(r: bytes, y: bytes) -> bool:
    x, ordinate = int.from_bytes(r[1:], "big"), int.from_bytes(y, "big")
    on_curve = ordinate**2 % FIELD == (x**3 + 7) % FIELD
    return r[0] == 2 + ordinate % 2 and x < FIELD and ordinate < FIELD and on_curve


def branch_root(leaf: bytes, branch: bytes) -> bytes | str:
    """The root that `branch` leads to from `leaf`, or the code of what is wrong with the branch."""
    if len(branch) < 5:
        return "bad_length"
    depth, sides = branch[0], int.from_bytes(branch[1:5], "big")
    if depth > MAX_DEPTH or sides >> depth:
        return "bad_branch"
    if len(branch) != 5 + 32 * depth:
        return "bad_length"
    node = keccak256(b"\x00" + leaf)
    for level in range(depth):
        sibling = branch[5 + 32 * level : 37 + 32 * level]
        pair = sibling + node if sides >> level & 1 else node + sibling
        node = keccak256(b"\x01" + pair)
    return node


def open_submission(statement: bytes, y: bytes | None, kind: int) -> Opened | str:
    size = LEAF_SIZES[kind]
    if not statement:
        return "bad_length"
    if statement[0] != kind:
        return "bad_kind"
    if len(statement) < size + 5 + CERTIFICATE_SIZE:
        return "bad_length"
    leaf, certificate = statement[:size], statement[-CERTIFICATE_SIZE:]
    root = branch_root(leaf, statement[size:-CERTIFICATE_SIZE])
    if isinstance(root, str):
        return root
    if y is not None and len(y) != 32:
        return "bad_length"
    return Opened(
        leaf,
        root,
        int.from_bytes(certificate[:8], "big"),
        int.from_bytes(certificate[8:16], "big"),
        certificate[48:80],
        keccak256(b"ballast/round/v1" + certificate[:80]),
        certificate[80:113],
        certificate[113:],
    )


def mint_cap(
    key: GroupKey, epoch: int, domain: bytes, route: bytes, statement: bytes, y: bytes | None
) -> tuple[str, Opened | None]:
    opened = open_submission(statement, y, 1)
    if isinstance(opened, str):
        return opened, None
    if opened.leaf[1:33] != domain:
        return "bad_domain", opened
    if opened.leaf[33:65] != route:
        return "bad_route", opened
    return _certified(key, epoch, opened, y), opened


def _certified(key: GroupKey, epoch: int, opened: Opened, y: bytes | None) -> str:
    if opened.epoch != epoch:
        return "bad_epoch"
    if code := signature(key, opened.message, opened.r, opened.z, y):
        return code
    return "" if opened.root == opened.signed_root else "bad_root"


def handover(
    key: GroupKey,
    epoch: int,
    domain: bytes,
    statement: bytes,
    y: bytes | None,
    proof: tuple[bytes, bytes, bytes | None],
) -> tuple[str, Opened | None]:
    opened = open_submission(statement, y, 2)
    if isinstance(opened, str):
        return opened, None
    leaf = opened.leaf
    if leaf[1:33] != domain:
        return "bad_domain", opened
    if code := _certified(key, epoch, opened, y):
        return code, opened
    if int.from_bytes(leaf[33:41], "big") != epoch + 1:
        return "bad_epoch", opened
    new = key_of(leaf[41:73], leaf[73])
    if new is None:
        return "bad_key", opened
    r, z, proof_y = proof
    proven = signature(new, keccak256(b"ballast/handover/v1" + leaf), r, z, proof_y)
    return "bad_proof" if proven else "", opened

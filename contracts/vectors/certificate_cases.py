"""certificates.json: everything that a gate checks of a mint cap, short of clocks and its own state."""

from dataclasses import dataclass, replace

from frost_cases import bad_points, bad_scalars, other_points
from material import EPOCH, EVEN, MINT_CAP, ODD, Case, Committee, Signature, flip, header, hexed, mint_cap, seed

from chains.encoding import Certificate, Header, Leaf, MintCap, Tree, domain_id, route_id, submission

LEAF = {
    "kind": (0, 1),
    "domain": (1, 32),
    "route": (33, 32),
    "mint_cap": (65, 32),
    "collateral": (97, 32),
    "supply": (129, 32),
    "observed_at": (161, 8),
    "expires_at": (169, 8),
}
LEAF_SIZE = 177
OWN_ERROR = {"kind": "bad_kind", "domain": "bad_domain", "route": "bad_route"}


@dataclass(frozen=True)
class Expected:
    """What the gate that judges holds for its own: key, epoch, domain, route."""

    px: bytes
    parity: int
    epoch: int
    domain: bytes
    route: bytes


@dataclass(frozen=True)
class Submitted:
    """A statement as signed: its leaf, its branch and its certificate."""

    leaf: MintCap
    header: Header
    branch: bytes
    signature: Signature
    committee: Committee

    @property
    def expected(self) -> Expected:
        key = self.committee.group
        return Expected(key.px, key.parity, self.header.epoch, self.leaf.domain, self.leaf.route)

    @property
    def statement(self) -> bytes:
        return self.leaf.encode() + self.branch + self.header.encode() + self.signature.r + self.signature.z


def submitted(leaf: MintCap, others: list[Leaf], committee: Committee, parity: int, epoch: int = EPOCH) -> Submitted:
    tree = Tree([leaf, *others])
    branch = tree.branch(leaf.encode())
    signed = header(tree.root, epoch)
    signature = committee.sign(signed.message(), parity)
    made = Submitted(leaf, signed, branch.encode(), signature, committee)
    certificate = Certificate(signed, signature.r, signature.z)
    assert made.statement == submission(leaf.encode(), branch, certificate)
    return made


def _case(
    name: str,
    error: str,
    of: Submitted,
    *,
    statement: bytes | None = None,
    y: bytes | None = None,
    expected: Expected | None = None,
    scope: str = "all",
) -> Case:
    at = expected or of.expected
    return {
        "name": name,
        "valid": not error,
        "error": error,
        "scope": scope,
        "px": hexed(at.px),
        "parity": str(at.parity),
        "epoch": str(at.epoch),
        "domain": hexed(at.domain),
        "route": hexed(at.route),
        "statement": hexed(of.statement if statement is None else statement),
        "y": hexed(of.signature.y if y is None else y),
        "message": hexed(of.header.message()),
        "round": str(of.header.round),
        "mint_cap": str(of.leaf.mint_cap),
        "collateral": str(of.leaf.collateral),
        "supply": str(of.leaf.supply),
        "observed_at": str(of.leaf.observed_at),
        "expires_at": str(of.leaf.expires_at),
    }


def valid(leaf: MintCap) -> list[Case]:
    """Those that a gate of the leaf's domain and route takes."""
    found = []
    for others in (0, 1, 2, 15, 16):
        for key, committee in (("even", EVEN), ("odd", ODD)):
            for parity, word in enumerate(("even", "odd")):
                s = submitted(leaf, [mint_cap(i) for i in range(others)], committee, parity)
                found.append(_case(f"valid_{others + 1}_leaves_{key}_key_{word}_r", "", s))
    zero = replace(leaf, mint_cap=0)
    most = replace(leaf, mint_cap=2**256 - 1, collateral=2**256 - 1, supply=2**256 - 1)
    found.append(_case("valid_cap_zero", "", submitted(zero, [], EVEN, 0)))
    found.append(_case("valid_amounts_most", "", submitted(most, [], EVEN, 0)))
    found.append(_case("valid_epoch_most", "", submitted(leaf, [], EVEN, 0, 2**64 - 1)))
    return found


def _altered_leaf(s: Submitted) -> list[Case]:
    found = []
    for field, (at, size) in LEAF.items():
        error = OWN_ERROR.get(field, "bad_root")
        for bit in (0, 8 * size - 1):
            changed = flip(s.statement, 8 * at + bit)
            found.append(_case(f"leaf_{field}_bit_{bit}_flipped", error, s, statement=changed))
    rest = s.statement[1:]
    kinds = (0, 2, 3, 255)
    return found + [_case(f"leaf_kind_{k}", "bad_kind", s, statement=bytes([k]) + rest) for k in kinds]


def _altered_branch(s: Submitted) -> list[Case]:
    depth, text = s.branch[0], s.statement
    siblings = LEAF_SIZE + 5
    found = [
        _case("branch_depth_33", "bad_branch", s, statement=text[:LEAF_SIZE] + b"\x21" + text[LEAF_SIZE + 1 :]),
        _case("branch_depth_one_more", "bad_length", s, statement=_with_depth(s, depth + 1, s.branch[1:5])),
        _case("branch_depth_one_less", "bad_length", s, statement=_with_depth(s, depth - 1, bytes(4))),
        _case("branch_depth_0", "bad_length", s, statement=_with_depth(s, 0, bytes(4))),
    ]
    sides = int.from_bytes(s.branch[1:5], "big")
    for bit in range(depth):
        changed = _with_depth(s, depth, (sides ^ 1 << bit).to_bytes(4, "big"))
        found.append(_case(f"branch_side_{bit}_flipped", "bad_root", s, statement=changed))
    for bit in (depth, 31):
        changed = _with_depth(s, depth, (sides | 1 << bit).to_bytes(4, "big"))
        found.append(_case(f"branch_unused_side_{bit}_set", "bad_branch", s, statement=changed))
    for level in range(depth):
        for bit in (0, 255):
            changed = flip(text, 8 * (siblings + 32 * level) + bit)
            found.append(_case(f"branch_sibling_{level}_bit_{bit}_flipped", "bad_root", s, statement=changed))
    without = text[:LEAF_SIZE] + bytes(5) + text[siblings + 32 * depth :]
    found.append(_case("branch_left_out", "bad_root", s, statement=without))
    return found


def _with_depth(s: Submitted, depth: int, sides: bytes) -> bytes:
    return s.statement[:LEAF_SIZE] + bytes([depth]) + sides + s.statement[LEAF_SIZE + 5 :]


def _altered_certificate(s: Submitted) -> list[Case]:
    at = len(s.statement) - 145
    found = []
    for field, start, size in (("epoch", 0, 8), ("round", 8, 8), ("evidence", 16, 32), ("root", 48, 32)):
        for bit in (0, 8 * size - 1):
            error = "bad_epoch" if field == "epoch" else "bad_signature"
            changed = flip(s.statement, 8 * (at + start) + bit)
            found.append(_case(f"header_{field}_bit_{bit}_flipped", error, s, statement=changed))
    body = s.statement[:-65]
    for name, error, r, y, scope in bad_points(s.signature):
        found.append(_case(f"r_{name}", error, s, statement=body + r + s.signature.z, y=y, scope=scope))
    for name, error, z in bad_scalars(s.signature, s.committee, s.header.message()):
        found.append(_case(f"z_{name}", error, s, statement=body + s.signature.r + z))
    for name, error, signature, y, scope in other_points(s.committee, s.header.message()):
        found.append(_case(name, error, replace(s, signature=signature), y=y, scope=scope))
    zeros = s.statement[:-145] + bytes(145)
    found.append(_case("certificate_all_zero", "bad_epoch", s, statement=zeros, y=bytes(32)))
    found.append(_case("signature_all_zero", "bad_point", s, statement=body + bytes(65), y=bytes(32)))
    return found


def _lengths(s: Submitted) -> list[Case]:
    text = s.statement
    return [
        _case("empty", "bad_length", s, statement=b"", y=b""),
        _case("kind_only", "bad_length", s, statement=text[:1], y=b""),
        _case("leaf_only", "bad_length", s, statement=text[:LEAF_SIZE], y=b""),
        _case("truncated_by_1", "bad_length", s, statement=text[:-1]),
        _case("truncated_by_32", "bad_length", s, statement=text[:-32]),
        _case("extended_by_1", "bad_length", s, statement=text + b"\x00"),
        _case("extended_by_32", "bad_length", s, statement=text + bytes(32)),
        # The stray byte reads as a depth of 0, and the depth behind it as a side bit that is not used.
        _case(
            "leaf_extended_by_1",
            "bad_branch" if s.branch[0] else "bad_length",
            s,
            statement=text[:LEAF_SIZE] + b"\x00" + text[LEAF_SIZE:],
        ),
        _case("y_missing", "bad_length", s, y=b"", scope="evm"),
        _case("y_truncated_by_1", "bad_length", s, y=s.signature.y[:-1], scope="evm"),
        _case("y_extended_by_1", "bad_length", s, y=s.signature.y + b"\x00", scope="evm"),
    ]


def _other_gates(s: Submitted) -> list[Case]:
    """A good statement at a gate that it is not for: replay across key, epoch, domain and route."""
    own = s.expected
    other = (ODD if s.committee is EVEN else EVEN).group
    at = [
        ("gate_of_previous_epoch", "bad_epoch", replace(own, epoch=own.epoch - 1)),
        ("gate_of_next_epoch", "bad_epoch", replace(own, epoch=own.epoch + 1)),
        ("gate_of_another_domain", "bad_domain", replace(own, domain=domain_id("eip155:1:0x" + "00" * 20))),
        ("gate_of_another_route", "bad_route", replace(own, route=route_id("EURX"))),
        ("gate_with_key_of_other_parity", "bad_signature", replace(own, parity=own.parity ^ 1)),
        ("gate_with_another_key", "bad_signature", replace(own, px=other.px, parity=other.parity)),
    ]
    found = [_case(name, error, s, expected=expected) for name, error, expected in at]
    unsigned = header(seed("another root"))
    wrong = replace(s, header=unsigned, signature=s.committee.sign(unsigned.message(), 0))
    found.append(_case("leaf_of_another_tree", "bad_root", wrong))
    raw = s.committee.sign(s.header.encode()[:32], 0)
    found.append(_case("signature_over_something_else", "bad_signature", replace(s, signature=raw)))
    return found


def refused(leaf: MintCap) -> list[Case]:
    """Those that are not what was signed for `leaf`, or that come to another gate."""
    s = submitted(leaf, [mint_cap(i) for i in range(6)], ODD, 1)
    found = _altered_leaf(s) + _altered_branch(s) + _altered_certificate(s) + _lengths(s) + _other_gates(s)
    plain = submitted(leaf, [], EVEN, 0)
    short = [{**case, "name": f"{case['name']}_alone"} for case in _altered_certificate(plain) + _lengths(plain)]
    return found + short


def cases() -> list[Case]:
    return valid(MINT_CAP) + refused(MINT_CAP)

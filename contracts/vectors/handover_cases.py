"""handover.json: a handover leaf, certified by the old key, with the new key's own signature over the leaf."""

from dataclasses import dataclass, replace

from frost_cases import HIGH_ON_CURVE, OFF_CURVE, bad_points, bad_scalars, other_points
from material import EPOCH, EVEN, HANDOVER, NEXT, ODD, Case, Signature, b32, flip, header, hexed, mint_cap

from chains.encoding import Handover, Header, Leaf, Tree, domain_id
from chains.hashing import keccak256
from relayer.frost.curve import FIELD, ORDER

LEAF_SIZE = 82
OLD = EVEN


def proof_message(leaf: bytes) -> bytes:
    """What the new key signs itself."""
    return keccak256(b"ballast/handover/v1" + leaf)


@dataclass(frozen=True)
class Submitted:
    leaf: Handover
    header: Header
    branch: bytes
    signature: Signature
    proof: Signature

    @property
    def statement(self) -> bytes:
        return self.leaf.encode() + self.branch + self.header.encode() + self.signature.r + self.signature.z


def submitted(leaf: Handover, others: list[Leaf], parity: int = 0) -> Submitted:
    """`leaf` certified by the old key; its proof is by the key NEXT, whatever key the leaf names."""
    tree = Tree([leaf, *others])
    signed = header(tree.root)
    branch = tree.branch(leaf.encode()).encode()
    proof = NEXT.sign(proof_message(leaf.encode()), parity)
    return Submitted(leaf, signed, branch, OLD.sign(signed.message(), parity), proof)


def _case(
    name: str,
    error: str,
    of: Submitted,
    *,
    statement: bytes | None = None,
    proof: Signature | None = None,
    proof_y: bytes | None = None,
    epoch: int = EPOCH,
    domain: bytes | None = None,
    scope: str = "all",
) -> Case:
    by = of.proof if proof is None else proof
    return {
        "name": name,
        "valid": not error,
        "error": error,
        "scope": scope,
        "px": hexed(OLD.group.px),
        "parity": str(OLD.group.parity),
        "epoch": str(epoch),
        "domain": hexed(of.leaf.domain if domain is None else domain),
        "statement": hexed(of.statement if statement is None else statement),
        "y": hexed(of.signature.y),
        "proof_r": hexed(by.r),
        "proof_z": hexed(by.z),
        "proof_y": hexed(by.y if proof_y is None else proof_y),
        "proof_message": hexed(proof_message(of.leaf.encode())),
        "message": hexed(of.header.message()),
        "round": str(of.header.round),
        "new_epoch": str(of.leaf.new_epoch),
        "new_px": hexed(of.leaf.px),
        "new_parity": str(of.leaf.parity),
        "expires_at": str(of.leaf.expires_at),
    }


def _altered(s: Submitted) -> list[Case]:
    found = []
    fields = {"domain": (1, 32), "new_epoch": (33, 8), "px": (41, 32), "parity": (73, 1), "expires_at": (74, 8)}
    for field, (at, size) in fields.items():
        for bit in (0, 8 * size - 1):
            error = "bad_domain" if field == "domain" else "bad_root"
            found.append(_case(f"leaf_{field}_bit_{bit}_flipped", error, s, statement=flip(s.statement, 8 * at + bit)))
    rest = s.statement[1:]
    found += [_case(f"leaf_kind_{k}", "bad_kind", s, statement=bytes([k]) + rest) for k in (0, 1, 3, 255)]
    at = len(s.statement) - 145
    for field, start, error in (
        ("epoch", 7, "bad_epoch"),
        ("round", 15, "bad_signature"),
        ("root", 79, "bad_signature"),
    ):
        changed = flip(s.statement, 8 * (at + start) + 7)
        found.append(_case(f"header_{field}_flipped", error, s, statement=changed))
    found += [
        _case("z_last_bit_flipped", "bad_signature", s, statement=flip(s.statement, 8 * len(s.statement) - 1)),
        _case("z_zero", "bad_scalar", s, statement=s.statement[:-32] + bytes(32)),
        _case("r_all_zero", "bad_point", s, statement=s.statement[:-65] + bytes(33) + s.statement[-32:]),
        _case("empty", "bad_length", s, statement=b""),
        _case("truncated_by_1", "bad_length", s, statement=s.statement[:-1]),
        _case("extended_by_1", "bad_length", s, statement=s.statement + b"\x00"),
        _case("depth_33", "bad_branch", s, statement=s.statement[:LEAF_SIZE] + b"\x21" + s.statement[LEAF_SIZE + 1 :]),
        _case("another_domain", "bad_domain", s, domain=domain_id("eip155:1:0x" + "00" * 20)),
    ]
    return found


def _epochs(s: Submitted) -> list[Case]:
    found = [
        _case("replayed_after_the_handover", "bad_epoch", s, epoch=EPOCH + 1),
        _case("offered_too_early", "bad_epoch", s, epoch=EPOCH - 1),
    ]
    for new_epoch in (0, EPOCH - 1, EPOCH, EPOCH + 2, 2**64 - 1):
        wrong = submitted(replace(s.leaf, new_epoch=new_epoch), [])
        found.append(_case(f"new_epoch_{new_epoch}", "bad_epoch", wrong))
    return found


def _new_keys(leaf: Handover) -> list[Case]:
    """Certified by the old key, and yet keys that no gate could ever verify with."""
    found = []
    for name, px in (
        ("zero", bytes(32)),
        ("equals_n", b32(ORDER)),
        ("not_below_n_on_curve", b32(HIGH_ON_CURVE)),
        ("equals_p", b32(FIELD)),
        ("max", b"\xff" * 32),
        ("off_curve", b32(OFF_CURVE)),
    ):
        found.append(_case(f"new_px_{name}", "bad_key", submitted(replace(leaf, px=px), [])))
    return found


def _proofs(s: Submitted) -> list[Case]:
    leaf = s.leaf.encode()
    message = proof_message(leaf)
    wrong_parity = submitted(replace(s.leaf, parity=s.leaf.parity ^ 1), [])
    found = [
        _case("new_parity_is_not_the_signers", "bad_proof", wrong_parity),
        _case("proof_by_the_old_key", "bad_proof", s, proof=OLD.sign(message, 0)),
        _case("proof_by_another_key", "bad_proof", s, proof=ODD.sign(message, 0)),
        _case("proof_is_the_certificates_signature", "bad_proof", s, proof=s.signature),
        _case("proof_over_the_round", "bad_proof", s, proof=NEXT.sign(s.header.message(), 0)),
        _case("proof_over_the_leaf_hash", "bad_proof", s, proof=NEXT.sign(keccak256(b"\x00" + leaf), 0)),
        _case("proof_over_another_epoch", "bad_proof", s, proof=NEXT.sign(proof_message(flip(leaf, 8 * 41 - 1)), 0)),
    ]
    for name, _, r, y, scope in bad_points(s.proof):
        found.append(_case(f"proof_r_{name}", "bad_proof", s, proof=Signature(r, s.proof.z), proof_y=y, scope=scope))
    for name, _, z in bad_scalars(s.proof, NEXT, message):
        found.append(_case(f"proof_z_{name}", "bad_proof", s, proof=Signature(s.proof.r, z)))
    for name, _, proof, y, scope in other_points(NEXT, message):
        found.append(_case(f"proof_{name}", "bad_proof", s, proof=proof, proof_y=y, scope=scope))
    return found


def valid(leaf: Handover) -> list[Case]:
    """Those that a committee's record of the leaf's domain takes."""
    return [
        _case("valid_alone_even_r", "", submitted(leaf, [], 0)),
        _case("valid_alone_odd_r", "", submitted(leaf, [], 1)),
        _case("valid_5_leaves", "", _among_others(leaf)),
    ]


def refused(leaf: Handover) -> list[Case]:
    """Those that are not what was signed for `leaf`, or that come to another record."""
    s = _among_others(leaf)
    return _altered(s) + _epochs(s) + _new_keys(leaf) + _proofs(s)


def cases() -> list[Case]:
    return valid(HANDOVER) + refused(HANDOVER)


def _among_others(leaf: Handover) -> Submitted:
    return submitted(leaf, [mint_cap(i) for i in range(4)])

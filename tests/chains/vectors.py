"""The shared vectors for gates that number their errors: what each of those says to a case.

What the vectors leave to a gate (clock, lease, rounds, what fits) is judged here by the gates' specifications.
"""

from collections.abc import Iterator

from chains.encoding import Header, MintCap, decode_leaf
from chains.wire import EncodingError, Reader
from tests.encoding import reference_gate
from tests.encoding.vector_files import Case, load, number, raw

NAMES = {
    "": "",
    "bad_kind": "WrongKind",
    "bad_length": "BadLength",
    "bad_branch": "BadBranch",
    "bad_domain": "WrongDomain",
    "bad_route": "WrongRoute",
    "bad_epoch": "WrongEpoch",
    "bad_point": "BadCommitment",
    "bad_scalar": "BadScalar",
    "bad_signature": "BadSignature",
    "bad_root": "WrongRoot",
    "bad_key": "BadKey",
}
FUTURE = 60
"""Seconds that a statement may be observed ahead of the gate's clock."""


def taken(file: str) -> list[Case]:
    """The cases of a file that are not of the EVM alone."""
    return [case for case in load(file) if case["scope"] == "all"]


def own_checks(statement: bytes, now: int, max_lease: int, cap_bits: int = 128) -> Iterator[str]:
    """What a gate that has taken nothing yet finds wrong with a mint cap, beyond the vectors' checks."""
    try:
        leaf, header = decode_leaf(statement[:177]), Header.read(Reader(statement[-145:]))
    except EncodingError:
        return
    if not isinstance(leaf, MintCap):
        return
    if header.round == 0:
        yield "StaleRound"
    if leaf.expires_at <= now:
        yield "StatementExpired"
    if leaf.expires_at > now + max_lease:
        yield "LeaseTooLong"
    if leaf.observed_at > now + FUTURE:
        yield "ObservedInFuture"
    if leaf.mint_cap >= 1 << cap_bits or max(leaf.collateral, leaf.supply) >= 1 << 128:
        yield "DoesNotFit"


def proof_error(case: Case) -> str:
    """What is wrong with the new key's own signature: the vectors have one code for all of it."""
    key = reference_gate.key_of(raw(case, "new_px"), number(case, "new_parity"))
    assert key is not None
    code = reference_gate.signature(key, raw(case, "proof_message"), raw(case, "proof_r"), raw(case, "proof_z"), None)
    return NAMES[code]

"""What the relayer brings to a gate: leaf | branch | certificate (docs/protocol.md)."""

from chains.encoding import MINT_CAP_SIZE, Branch, Certificate, EncodingError, MintCap, decode_leaf
from chains.errors import ChainError
from chains.types import Deployment
from chains.wire import Reader


def certificate(submission: bytes, deployment: Deployment | None = None) -> Certificate:
    """The certificate of a submission. Raises `ChainError` for bytes that are no mint cap with its certificate, or are
    not meant for `deployment`."""
    r = Reader(submission)
    try:
        leaf = decode_leaf(r.fixed("leaf", MINT_CAP_SIZE))
        Branch.read(r)
        found = Certificate.read(r)
        r.end()
    except EncodingError as error:
        raise ChainError(f"the submission does not decode: {error}") from None
    if not isinstance(leaf, MintCap):
        raise ChainError("the submission is no mint cap")
    if deployment is not None and (leaf.domain, leaf.route) != (deployment.domain, deployment.route):
        raise ChainError(f"the submission is not meant for the gate {deployment.gate}")
    return found

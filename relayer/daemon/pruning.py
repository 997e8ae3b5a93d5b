"""Forgetting what nobody can need any more, so that a store stays as large as its last rounds."""

from relayer.agreement.closures import observations_of, parts
from relayer.agreement.records import Certified, Proposal
from relayer.store.safety import SafetyStore

KEPT_ROUNDS = 128
EVERY = 32


def prune(store: SafetyStore) -> int:
    """Keeps the parts of the newest `KEPT_ROUNDS` certified rounds and of every proposal signed above them; forgets the
    other parts, and what was said for rounds below the highest certificate. Returns how many parts were deleted."""
    highest = store.highest_certificate()
    if highest is None:
        return 0
    kept = [Certified.decode(c.raw).basis for c in store.certificates(KEPT_ROUNDS)]
    kept += [Proposal.decode(raw).basis for _, _, raw in store.signed_above(highest[0])]
    keep: set[bytes] = set()
    for basis in kept:
        keep |= parts(basis, observations_of(basis, store.blob) or (), store.blob)
    store.prune_rounds(min(highest[0], store.promise()))
    return store.prune(keep)

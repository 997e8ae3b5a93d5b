"""Forgetting what nobody can need any more, so that a store stays as large as its last rounds."""

from relayer.agreement.closures import parts
from relayer.agreement.observation import Observation, decode_manifest
from relayer.agreement.records import Basis, Certified, Proposal
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
        keep |= _closure(basis, store)
    store.prune_rounds(min(highest[0], store.promise()))
    return store.prune(keep)


def _closure(basis: Basis, store: SafetyStore) -> set[bytes]:
    manifest = store.blob(basis.observations)
    raws = [store.blob(digest) for digest in decode_manifest(manifest)] if manifest is not None else []
    return parts(basis, [Observation.decode(raw) for raw in raws if raw is not None], store.blob)

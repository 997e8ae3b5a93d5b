"""Which blobs a signature stands on: what must be durable before it leaves, and what an exported round carries."""

from collections.abc import Iterable

from chains.wire import ZERO32
from relayer.agreement.judging import Blobs
from relayer.agreement.observation import Observation, decode_manifest
from relayer.agreement.records import Basis


def parts(basis: Basis, observations: Iterable[Observation], blobs: Blobs) -> set[bytes]:
    """The digests of a round's basis and of its observations' closures, down to certificates. A proposal whose
    observations were never fetched, because it had expired altogether, contributes its statements only."""
    found = {basis.books, basis.observations, basis.statements}
    stack = list(observations)
    seen: set[bytes] = set()
    while stack:
        o = stack.pop()
        if o.digest in seen:
            continue
        seen.add(o.digest)
        found |= {o.digest} | {p.proof for _, p in o.proofs() if p.proof != ZERO32}
        if o.certificate:
            found |= {o.certificate.basis.books, o.certificate.basis.statements}
        for p in o.proposals:
            found.add(p.basis.statements)
            manifest = blobs(p.basis.observations)
            if manifest is not None:
                found |= {p.basis.observations, p.basis.books}
                raws = [blobs(digest) for digest in decode_manifest(manifest)]
                stack.extend(Observation.decode(raw) for raw in raws if raw is not None)
    return found

"""Which blobs a signature stands on: what must be durable before it leaves, and what an exported round carries."""

from collections.abc import Callable, Iterable, Mapping

from chains.wire import ZERO32, EncodingError
from relayer.agreement.judging import Blobs, Missing
from relayer.agreement.observation import Observation, decode_manifest
from relayer.agreement.records import Basis, Proposal


def parts(basis: Basis, observations: Iterable[Observation], blobs: Blobs) -> set[bytes]:
    """The digests of a round's basis and of its observations' closures, down to certificates. A proposal whose
    observations were never fetched, because it had expired altogether, contributes its statements only: nobody has
    looked at what it names as its observations, which may be anything."""
    found = {basis.books, basis.observations, basis.statements}
    stack = list(observations)
    seen: set[bytes] = set()
    while stack:
        o = stack.pop()
        if o.digest in seen:
            continue
        seen.add(o.digest)
        found |= _of(o)
        for p in o.proposals:
            inner = observations_of(p.basis, blobs)
            if inner is not None:
                found |= {p.basis.observations, p.basis.books}
                stack.extend(inner)
    return found


def closure(
    observations: Iterable[Observation], blobs: Blobs, dropped: Callable[[Proposal, Observation], bool]
) -> Mapping[bytes, bytes]:
    """The blobs of the closures of judged `observations`, all of them. `dropped(proposal, reporter)`: whether the
    proposal had expired for its reporter, so that its observations are not called for. Raises `Missing`."""
    found: dict[bytes, bytes] = {}
    missing: set[bytes] = set()

    def take(digest: bytes) -> bytes | None:
        blob = found.get(digest) or blobs(digest)
        if blob is None:
            missing.add(digest)
        else:
            found[digest] = blob
        return blob

    stack, seen = list(observations), set[bytes]()
    while stack:
        o = stack.pop()
        if o.digest in seen:
            continue
        seen.add(o.digest)
        found[o.digest] = o.encode()
        for digest in _of(o) - {o.digest}:
            take(digest)
        for p in o.proposals:
            if not dropped(p, o) and (manifest := take(p.basis.observations)) is not None:
                raws = [take(digest) for digest in decode_manifest(manifest)]
                stack.extend(Observation.decode(raw) for raw in raws if raw is not None)
    if missing:
        raise Missing(missing)
    return found


def _of(o: Observation) -> set[bytes]:
    """What the observation itself names: its proofs, its certificate's parts, the statements of its proposals."""
    found = {o.digest} | {p.proof for _, p in o.proofs() if p.proof != ZERO32}
    if o.certificate:
        found |= {o.certificate.basis.books, o.certificate.basis.statements}
    return found | {p.basis.statements for p in o.proposals}


def observations_of(basis: Basis, blobs: Blobs) -> list[Observation] | None:
    """Those of a proposal that are here; None where what it names is not here, or no manifest of observations."""
    manifest = blobs(basis.observations)
    if manifest is None:
        return None
    try:
        raws = [blobs(digest) for digest in decode_manifest(manifest)]
        return [Observation.decode(raw) for raw in raws if raw is not None]
    except EncodingError:
        return None

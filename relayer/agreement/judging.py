"""Judging what members say: an observation counts once its whole closure is there and valid.

The closure of an observation is its certificate with statements and books, and its proposals with their bundles'
closures, down to certificates. Rounds fall strictly on the way, so it ends; each part is judged once, bottom-up, under
the configuration that it names. Signature and proof checks are arguments, so the rules stay pure.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from chains.encoding import Tree
from chains.hashing import keccak256
from chains.types import Checkpoint
from chains.wire import ZERO32, EncodingError
from relayer.agreement.books import Books
from relayer.agreement.bundle import Bundle, CertifiedRound, Entries, Invalid, ProposedRound, entries_of
from relayer.agreement.compute import Allot
from relayer.agreement.ledger import expired
from relayer.agreement.observation import ChainReading, Observation, PositionReading, decode_manifest
from relayer.agreement.params import Params
from relayer.agreement.records import Basis, Certified, Proposal, decode_statements
from relayer.agreement.shareout import share_out
from relayer.agreement.voting import Refusal, propose

Blobs = Callable[[bytes], bytes | None]
MAX_PROVEN = 10_000


class Missing(LookupError):
    """Blobs that the closure names and that are not there yet. Not a verdict: fetch `digests` and judge again."""

    def __init__(self, digests: Iterable[bytes]) -> None:
        self.digests = frozenset(digests)
        super().__init__(f"{len(self.digests)} parts are missing")


class UnknownConfiguration(LookupError):
    """Made under a configuration that this member does not have. Not a verdict."""

    def __init__(self, config_id: bytes) -> None:
        super().__init__(f"configuration {config_id.hex()} is not known here: list its file under `previous`")


class UnknownKey(UnknownConfiguration):
    """Certified by an epoch whose group key this member does not have. Not a verdict."""

    def __init__(self, epoch: int) -> None:
        LookupError.__init__(self, f"the group key of epoch {epoch} is not known here")


@dataclass(frozen=True)
class Checks:
    """The checks that need cryptography. Each raises `Invalid`, `certificate` also `UnknownKey`.

    `member(key32, message, signature64)`: Ed25519. `certificate(epoch, message32, R33, z32)`: the group's signature.
    `proof(position id, checkpoint, amount, proof blob)`: a family's check of a state proof.
    """

    member: Callable[[bytes, bytes, bytes], None]
    certificate: Callable[[int, bytes, bytes, bytes], None]
    proof: Callable[[bytes, Checkpoint, int, bytes], None]


class Judge:
    """Judges each part once and remembers the verdicts that passed."""

    def __init__(self, configs: Mapping[bytes, Params], checks: Checks, allot: Allot = share_out) -> None:
        self._configs = configs
        self._checks = checks
        self._allot = allot
        self._certified: dict[bytes, CertifiedRound] = {}
        self._proposed: dict[bytes, ProposedRound] = {}
        self._valid: dict[bytes, int] = {}  # by encoding or digest: the lowest round that the part refers to
        self._proven: dict[tuple[bytes, Checkpoint, int, bytes], None] = {}

    def forget(self, below: int) -> None:
        """Drops what was judged of rounds below `below`, and what refers to it. Needed again, it is judged again."""
        self._valid = {key: least for key, least in self._valid.items() if least >= below}
        self._certified = {i: c for i, c in self._certified.items() if c.round >= below}
        self._proposed = {i: p for i, p in self._proposed.items() if p.round >= below}
        self._proven = dict(list(self._proven.items())[-MAX_PROVEN:])

    def certified(self, c: Certified, blobs: Blobs) -> CertifiedRound:
        """The certificate's round. Raises `Invalid`, `Missing`, `UnknownConfiguration`."""
        key = c.encode()  # not the id alone: another signature or basis under a known id is another claim
        if key in self._valid:
            return self._certified[c.id]
        params = self._params(c.basis.config_id)
        if c.header.epoch != params.epoch:
            raise Invalid(f"certificate of round {c.round}: its epoch is not its configuration's")
        if c.header.evidence != c.basis.evidence():
            raise Invalid(f"certificate of round {c.round}: books and configuration are not those it was made from")
        self._checks.certificate(c.header.epoch, c.id, c.certificate.r, c.certificate.z)
        books_blob, statements = _all(blobs, (c.basis.books, c.basis.statements))
        try:
            books = Books.decode(books_blob)
        except EncodingError as error:
            raise Invalid(f"certificate of round {c.round}: books: {error}") from error
        entries = _statements(statements, c.header.root, params, f"certificate of round {c.round}")
        self._certified[c.id] = CertifiedRound(c.id, c.round, c.header.epoch, entries, books)
        self._valid[key] = c.round
        return self._certified[c.id]

    def observation(self, o: Observation, blobs: Blobs) -> None:
        """Passes when the observation and its whole closure are valid. Raises as `certified` does; on `Missing` with
        everything that is known to be missing."""
        parts = self._expand(o, blobs)
        for proposal, observations in sorted(parts.values(), key=lambda part: part[0].round):
            for inner in observations:
                self._shallow(inner, blobs)
            self._recompute(proposal, observations)
        self._shallow(o, blobs)

    def bundle(self, observations: Iterable[Observation]) -> Bundle:
        """The bundle of judged observations: a function of them alone, whatever else was judged before. Raises
        `Missing` with the digests of observations that were not judged here, or whose parts were forgotten since:
        a part that is silently left out would be a statement missing from the books."""
        ordered = tuple(sorted(observations, key=lambda o: o.member))
        if unjudged := [o.digest for o in ordered if o.digest not in self._valid]:
            raise Missing(unjudged)
        certified = {o.certificate.id: self._certified[o.certificate.id] for o in ordered if o.certificate}
        proposed = {p.id: self._proposed[p.id] for o in ordered for p in o.proposals if not self._over(p, o)}
        return Bundle(ordered, certified, proposed)

    def proposed(self, p: Proposal, blobs: Blobs) -> ProposedRound:
        """The proposal's round, after checking its leader's signature, what its header binds, and its statements; its
        observations are not looked at. Raises as `certified` does."""
        params = self._params(p.basis.config_id)
        if p.header.epoch != params.epoch or p.header.evidence != p.basis.evidence():
            raise Invalid(f"proposal of round {p.round}: its header does not bind what it names")
        self._checks.member(params.members[params.leader(p.round)], p.signed_part, p.signature)
        (statements,) = _all(blobs, (p.basis.statements,))
        entries = _statements(statements, p.header.root, params, f"proposal of round {p.round}")
        self._proposed[p.id] = ProposedRound(p.id, p.round, p.header.epoch, entries)
        return self._proposed[p.id]

    def basis(self, basis: Basis, round_: int, blobs: Blobs) -> Bundle:
        """The bundle that a round stands on, every observation judged with its closure. Raises as `certified` does; on
        `Missing` with everything that is known to be missing."""
        observations = self._observations(basis, round_, blobs)
        missing: set[bytes] = set()
        for o in observations:
            try:
                self.observation(o, blobs)
            except Missing as error:
                missing |= error.digests
        if missing:
            raise Missing(missing)
        return self.bundle(observations)

    def _params(self, config_id: bytes) -> Params:
        if config_id not in self._configs:
            raise UnknownConfiguration(config_id)
        return self._configs[config_id]

    def _expand(self, o: Observation, blobs: Blobs) -> dict[bytes, tuple[Proposal, tuple[Observation, ...]]]:
        """Every proposal of the closure that is not judged yet, with its observations; top-down, so that a depth of
        many rounds needs no deep recursion."""
        found: dict[bytes, tuple[Proposal, tuple[Observation, ...]]] = {}
        missing: set[bytes] = set()
        stack, visited = [o], set[bytes]()
        while stack:
            outer = stack.pop()
            if outer.digest in self._valid or outer.digest in visited:
                continue
            visited.add(outer.digest)
            try:
                self._signed(outer)
                if outer.certificate:
                    self.certified(outer.certificate, blobs)
            except Missing as error:
                missing |= error.digests
                continue
            for p in outer.proposals:
                try:
                    key = p.encode()
                    if key not in found and key not in self._valid and not self._expired(p, outer, blobs):
                        found[key] = p, self._observations(p.basis, p.round, blobs)
                        stack.extend(found[key][1])
                except Missing as error:
                    missing |= error.digests
        if missing:
            raise Missing(missing)
        return found

    def _signed(self, o: Observation) -> None:
        params = self._params(o.config_id)
        if o.member >= params.n or o.epoch != params.epoch:
            raise Invalid(f"observation of round {o.round}: no such member or epoch in its configuration")
        if o.round < params.from_round:
            raise Invalid(f"observation of round {o.round}: its configuration holds from round {params.from_round} on")
        self._checks.member(params.members[o.member], o.signed_part, o.signature)

    def _expired(self, p: Proposal, reporter: Observation, blobs: Blobs) -> bool:
        """Checks the proposal's own signature and statements, and whether all of them had expired for its reporter."""
        self.proposed(p, blobs)
        return self._over(p, reporter)

    def _over(self, p: Proposal, reporter: Observation) -> bool:
        """Whether every expiry of the proposal lies below the horizons of its reporter's certificate."""
        if reporter.certificate is None:
            return False
        return self.behind(self._proposed[p.id], p.basis.config_id, self._certified[reporter.certificate.id].books)

    def dropped(self, p: Proposal, reporter: Observation) -> bool:
        """Whether a judged proposal had expired altogether for its reporter, so that nobody looked at its
        observations; also where its parts were forgotten since."""
        known = p.id in self._proposed and (not reporter.certificate or reporter.certificate.id in self._certified)
        return not known or self._over(p, reporter)

    def behind(self, known: CertifiedRound | ProposedRound, config_id: bytes, books: Books) -> bool:
        """Whether every statement of the round, made under `config_id`, had expired at the horizons of `books`."""
        chains = {d.domain: d.chain for r in self._params(config_id).routes for d in r.deployments}
        entries = [e for of_route in known.entries.values() for e in of_route]
        return all(expired(e, books.horizon(chains[e.domain])) for e in entries)

    def _observations(self, basis: Basis, round_: int, blobs: Blobs) -> tuple[Observation, ...]:
        (manifest,) = _all(blobs, (basis.observations,))
        try:
            digests = decode_manifest(manifest)
            observations = tuple(Observation.decode(raw) for raw in _all(blobs, digests))
        except EncodingError as error:
            raise Invalid(f"proposal of round {round_}: observations: {error}") from error
        members = [o.member for o in observations]
        if members != sorted(set(members)) or len(members) < self._params(basis.config_id).threshold:
            raise Invalid(f"proposal of round {round_}: fewer than t distinct observers, or out of order")
        if any((o.round, o.config_id) != (round_, basis.config_id) for o in observations):
            raise Invalid(f"proposal of round {round_}: an observation of another round or configuration")
        return observations

    def _shallow(self, o: Observation, blobs: Blobs) -> None:
        """The observation's own readings: nothing that the configuration lacks, and every proof that it calls for."""
        if o.digest in self._valid:
            return
        params = self._params(o.config_id)
        positions = {p.id: p for r in params.routes for p in r.positions}
        _all(blobs, [p.proof for _, p in o.proofs() if p.proof != ZERO32])
        for chain in o.chains:
            if any(params.gates.get(g.key) != chain.chain for g in chain.gates):
                raise Invalid(f"observation of member {o.member}: a gate that is not on {chain.chain}")
            for reading in chain.positions:
                position = positions.get(reading.position)
                if position is None or position.chain != chain.chain:
                    raise Invalid(f"observation of member {o.member}: a position that is not on {chain.chain}")
                if position.proven or reading.proof != ZERO32:
                    self._prove(chain, reading, blobs)
        referred = [o.certificate.round] if o.certificate else [p.round for p in o.proposals]
        self._valid[o.digest] = min([o.round, *referred])

    def _prove(self, chain: ChainReading, reading: PositionReading, blobs: Blobs) -> None:
        at = Checkpoint(chain.chain, chain.height, chain.block_hash, chain.time)
        key = (reading.position, at, reading.amount, reading.proof)
        if key in self._proven:
            return
        if reading.proof == ZERO32:
            raise Invalid("a reading without the proof that its position calls for")
        (proof,) = _all(blobs, (reading.proof,))
        self._checks.proof(reading.position, at, reading.amount, proof)
        self._proven[key] = None

    def _recompute(self, p: Proposal, observations: tuple[Observation, ...]) -> None:
        try:
            _, header, basis = propose(self.bundle(observations), self._params(p.basis.config_id), self._allot)
        except Refusal as refusal:
            raise Invalid(f"proposal of round {p.round}: {refusal}") from refusal
        if header != p.header or basis != p.basis:
            raise Invalid(f"proposal of round {p.round}: its observations come to another round")
        self._valid[p.encode()] = p.round


def _all(blobs: Blobs, digests: Iterable[bytes]) -> list[bytes]:
    """The blobs in order. Raises `Missing` with all that are not there, `Invalid` never: digests are the fetcher's
    to check, and are checked here once more."""
    wanted = list(digests)
    found = [blobs(digest) for digest in wanted]
    if missing := [digest for digest, blob in zip(wanted, found, strict=True) if blob is None]:
        raise Missing(missing)
    present = [blob for blob in found if blob is not None]
    if any(keccak256(blob) != digest for digest, blob in zip(wanted, present, strict=True)):
        raise Missing(wanted)
    return present


def _statements(blob: bytes, root: bytes, params: Params, what: str) -> Entries:
    try:
        leaves = decode_statements(blob)
        if Tree(leaves).root != root:
            raise Invalid(f"{what}: statements do not lead to its root")
    except EncodingError as error:
        raise Invalid(f"{what}: statements: {error}") from error
    return entries_of(leaves, params)

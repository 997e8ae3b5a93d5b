"""Checking an exported round offline: no I/O, and nothing in the file is trusted.

What counts is the committee's configuration and its group key, which the caller brings. Each check stands alone and the
next ones go on after a failure, so that a report says exactly what does not hold. docs/verify.md lists what is checked,
and what no file can show.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chains.encoding import EncodingError, Leaf, MintCap, Tree
from chains.types import Checkpoint
from chains.wire import ZERO32
from relayer.agreement.books import STATUS, Books
from relayer.agreement.bundle import Bundle, CertifiedRound, Invalid, ProposedRound, entries_of
from relayer.agreement.closures import parts
from relayer.agreement.judging import Checks, Judge, Missing, UnknownConfiguration
from relayer.agreement.ledger import expired
from relayer.agreement.observation import ChainReading, Observation, PositionReading, decode_manifest
from relayer.agreement.records import Certified, Proposal, decode_statements
from relayer.agreement.routing import CapRuleBroken
from relayer.agreement.voting import Refusal, propose
from relayer.config.committee import Committee
from relayer.daemon.checks import checks
from relayer.frost import GroupKey
from relayer.roundfile import RoundFileError, load


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `detail` says what was found, or, one sentence each, everything that does not hold."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """All checks in order, and what the round says (nothing, where the file holds no certificate). `statuses`: by the
    route's name, in words."""

    checks: tuple[Check, ...]
    certified: Certified | None = None
    leaves: tuple[MintCap, ...] = ()
    statuses: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return all(check.ok for check in self.checks)


def verify_round(document: Any, committees: Sequence[Committee], groups: Mapping[int, GroupKey]) -> Report:
    """Checks an exported round (`relayer.roundfile`); never raises for what stands in it.

    `committees`: the configuration that the round must have been made under, then those of earlier rounds that it may
    refer to. `groups`: the group key of each epoch.
    """
    try:
        certified, blobs = load(document)
    except RoundFileError as error:
        return Report((Check("format", False, str(error)),))
    return _Round(document, certified, blobs, committees, groups).report()


class _Wrong(Exception):
    """What a check found not to hold."""


_FAULTS = (_Wrong, EncodingError, Invalid, Missing, UnknownConfiguration, Refusal, CapRuleBroken)


class _Round:
    """The checks of one file. Each returns what it found; what later ones need of it is kept."""

    def __init__(
        self,
        document: Mapping[str, Any],
        certified: Certified,
        blobs: Mapping[bytes, bytes],
        committees: Sequence[Committee],
        groups: Mapping[int, GroupKey],
    ) -> None:
        self._document, self._certified, self._blobs = document, certified, blobs
        self._configs = {c.config_id: c.params() for c in committees}
        self._params = self._configs[committees[0].config_id]
        positions = {p.id: p for c in reversed(committees) for of_chain in c.positions().values() for p in of_chain}
        self._positions = {p.id: p for r in self._params.routes for p in r.positions}
        self._crypto = _remembering(checks(groups, positions))
        self._judge = Judge(self._configs, self._crypto)
        self._leaves: tuple[Leaf, ...] = ()
        self._books = Books()
        self._observations: tuple[Observation, ...] = ()
        self._resolved: Bundle | None = None
        self._broken: list[str] = []

    def report(self) -> Report:
        steps: tuple[tuple[str, Callable[[], str]], ...] = (
            ("format", self._format),
            ("configuration", self._configuration),
            ("evidence", self._evidence),
            ("signature", self._signature),
            ("statements", self._statements),
            ("books", self._read_books),
            ("observations", self._observed),
            ("members", self._members),
            ("proofs", self._proofs),
            ("closures", self._closures),
            ("compute", self._compute),
            ("parts", self._parts),
        )
        found = tuple(self._checked(name, step) for name, step in steps)
        caps = tuple(leaf for leaf in self._leaves if isinstance(leaf, MintCap))
        books = self._books.routes
        statuses = {r.name: STATUS[books[r.id].status] for r in self._params.routes if r.id in books}
        return Report(found, self._certified, caps, statuses)

    def _checked(self, name: str, step: Callable[[], str]) -> Check:
        try:
            return Check(name, True, step())
        except (_Wrong, EncodingError, Invalid, Missing, UnknownConfiguration, Refusal, CapRuleBroken) as error:
            self._broken.append(name)
            return Check(name, False, _said(error))

    def _format(self) -> str:
        told = self._document.get("round"), self._document.get("config_id")
        if told != (self._certified.round, self._certified.basis.config_id.hex()):
            raise _Wrong("round or config_id beside the certificate are not the certificate's own")
        return f"round {self._certified.round} in {len(self._blobs)} parts"

    def _configuration(self) -> str:
        basis, header, params = self._certified.basis, self._certified.header, self._params
        wrong = []
        if basis.config_id != params.config_id:
            wrong.append(f"made under config_id {basis.config_id.hex()}; the given one is {params.config_id.hex()}")
        if header.epoch != params.epoch:
            wrong.append(f"made in epoch {header.epoch}; the configuration is of epoch {params.epoch}")
        if header.round < params.from_round:
            wrong.append(f"round {header.round}, but the configuration holds from round {params.from_round} on")
        _none(wrong)
        return f"config_id {params.config_id.hex()}, epoch {params.epoch}"

    def _evidence(self) -> str:
        if self._certified.header.evidence != self._certified.basis.evidence():
            raise _Wrong("the signed header does not bind this configuration, these books and these observations")
        return "the signed header binds configuration, books and observations"

    def _signature(self) -> str:
        c = self._certified
        self._crypto.certificate(c.header.epoch, c.id, c.certificate.r, c.certificate.z)
        return f"the group key of epoch {c.header.epoch} signed the header"

    def _statements(self) -> str:
        leaves = decode_statements(self._part(self._certified.basis.statements, "statements"))
        self._leaves = leaves
        if Tree(leaves).root != self._certified.header.root:
            raise _Wrong("the statements do not lead to the signed root")
        entries_of(leaves, self._params)
        return f"{len(leaves)} statements lead to the signed root"

    def _read_books(self) -> str:
        self._books = Books.decode(self._part(self._certified.basis.books, "books"))
        return f"the books, of {len(self._books.routes)} routes, are those that the evidence binds"

    def _observed(self) -> str:
        digests = decode_manifest(self._part(self._certified.basis.observations, "manifest of observations"))
        wrong, found = [], []
        for i, digest in enumerate(digests):
            try:
                found.append(Observation.decode(self._part(digest, f"observation {i}")))
            except (_Wrong, EncodingError) as error:
                wrong.append(f"observation {i}: {error}" if isinstance(error, EncodingError) else str(error))
        self._observations = tuple(found)
        _none(wrong + self._misfits(found))
        return f"{len(found)} distinct members observed this round; at least {self._params.threshold} must"

    def _misfits(self, observations: Sequence[Observation]) -> list[str]:
        params, members = self._params, [o.member for o in observations]
        wrong = [f"member {m} is not in the configuration" for m in members if m >= params.n]
        if members != sorted(set(members)):
            wrong.append(f"the observers {members} are not distinct and in order")
        if len(set(members)) < params.threshold:
            wrong.append(f"{len(set(members))} distinct observers, but at least {params.threshold} must observe")
        meant = (self._certified.round, params.epoch, params.config_id)
        strays = [o.member for o in observations if (o.round, o.epoch, o.config_id) != meant]
        return wrong + [f"member {m} observed another round, epoch or configuration" for m in strays]

    def _members(self) -> str:
        known = [o for o in self._found() if o.member < self._params.n]
        keys = self._params.members
        _none(
            f"{self._name(o)}: {fault}"
            for o in known
            if (fault := _fault(self._crypto.member, keys[o.member], o.signed_part, o.signature))
        )
        return f"{len(known)} observations are signed by their members' own keys"

    def _proofs(self) -> str:
        gates = self._params.gates
        wrong, proven = [], 0
        for o in self._found():
            strays = [c.chain for c in o.chains if any(gates.get(g.key) != c.chain for g in c.gates)]
            wrong += [f"{self._name(o)}: a gate that the configuration does not have on {chain}" for chain in strays]
            for chain, reading in o.proofs():
                position = self._positions.get(reading.position)
                if position is None or position.chain != chain.chain:
                    wrong.append(f"{self._name(o)}: a position that the configuration does not have on {chain.chain}")
                elif position.proven or reading.proof != ZERO32:
                    proven += 1
                    wrong += [f"{self._name(o)}: {x}" for x in [_fault(self._prove, chain, reading)] if x]
        _none(wrong)
        return f"{proven} state proofs hold" if proven else "no position calls for a state proof"

    def _prove(self, chain: ChainReading, reading: PositionReading) -> None:
        if reading.proof == ZERO32:
            raise Invalid(f"a reading on {chain.chain} without the state proof that its position calls for")
        proof = self._part(reading.proof, f"state proof of a reading on {chain.chain}")
        at = Checkpoint(chain.chain, chain.height, chain.block_hash, chain.time)
        self._crypto.proof(reading.position, at, reading.amount, proof)

    def _closures(self) -> str:
        certified: dict[bytes, CertifiedRound] = {}
        proposed: dict[bytes, ProposedRound] = {}
        wrong: list[str] = []
        for o in self._found():
            wrong += [x for x in [_fault(self._closure, o, certified, proposed)] if x]
        _none(wrong)
        ordered = tuple(sorted(self._observations, key=lambda o: o.member))
        self._resolved = Bundle(ordered, certified, proposed)
        return f"{len(certified)} earlier certificates and {len(proposed)} open proposals hold, with all they stand on"

    def _closure(
        self, o: Observation, certified: dict[bytes, CertifiedRound], proposed: dict[bytes, ProposedRound]
    ) -> None:
        """Resolves what `o` refers to. Raises what the judge raises."""
        below = Books()
        if o.certificate is not None:
            known = self._judge.certified(o.certificate, self._blobs.get)
            certified[known.id], below = known, known.books
        for p in o.proposals:
            judged = self._judge.proposed(p, self._blobs.get)  # again for each reporter: the signature is not in the id
            if not self._over(p, judged, below):
                if p.id not in proposed:
                    self._founded(p)
                proposed[p.id] = judged

    def _over(self, p: Proposal, judged: ProposedRound, below: Books) -> bool:
        """Whether all statements of the proposal had expired for its reporter: then nothing else of it is needed."""
        chains = {d.domain: d.chain for r in self._configs[p.basis.config_id].routes for d in r.deployments}
        entries = [e for of_route in judged.entries.values() for e in of_route]
        return all(expired(e, below.horizon(chains[e.domain])) for e in entries)

    def _founded(self, p: Proposal) -> None:
        bundle = self._judge.basis(p.basis, p.round, self._blobs.get)
        _, header, basis = propose(bundle, self._configs[p.basis.config_id])
        if (header, basis) != (p.header, p.basis):
            raise Invalid(f"proposal of round {p.round}: its observations come to another round")

    def _compute(self) -> str:
        if self._resolved is None or "observations" in self._broken:
            raise _Wrong("cannot be computed: the observations, or what they refer to, do not hold")
        bundle = self._resolved
        if not self._broken:
            # Last, the very judgement that members sign by: should the checks above have missed anything, it is said.
            self._judge.certified(self._certified, self._blobs.get)
            bundle = self._judge.basis(self._certified.basis, self._certified.round, self._blobs.get)
        outcome, header, basis = propose(bundle, self._params)
        meant = self._certified
        wrong = []
        if basis.statements != meant.basis.statements:
            wrong.append(self._differing(outcome.leaves))
        if basis.books != meant.basis.books:
            wrong.append("the observations come to other books")
        if replace(header, evidence=meant.header.evidence) != meant.header:
            wrong.append("the observations come to another root, round or epoch")
        _none(wrong)
        return "the observations come to the same statements, books and root"

    def _differing(self, computed: Sequence[Leaf]) -> str:
        ours, theirs = set(computed), set(self._leaves)
        routes = {r.id: r.name for r in self._params.routes}
        names = {routes.get(x.route, x.route.hex()) for x in ours ^ theirs if isinstance(x, MintCap)}
        return "the observations come to other statements" + (f" for {', '.join(sorted(names))}" if names else "")

    def _parts(self) -> str:
        listed = len(self._document["parts"])
        wrong = [f"{listed - len(self._blobs)} parts stand there twice"] if listed > len(self._blobs) else []
        named = parts(self._certified.basis, self._observations, self._blobs.get)
        if strange := sorted(self._blobs.keys() - named):
            wrong.append(f"parts that nothing in the file names, so altered or of another round: {_listed(strange)}")
        _none(wrong)
        return f"each of the {listed} parts is one that the round stands on"

    def _part(self, digest: bytes, what: str) -> bytes:
        if digest not in self._blobs:
            raise _Wrong(f"{what}: the part with digest {digest.hex()} is not in the file, or was altered")
        return self._blobs[digest]

    def _found(self) -> tuple[Observation, ...]:
        if not self._observations:
            raise _Wrong("there are no observations to check")
        return self._observations

    def _name(self, o: Observation) -> str:
        return f"observation of member {o.member}"


def _remembering(crypto: Checks) -> Checks:
    """`crypto` that checks each state proof once: members that read one block bring the same one."""
    passed: set[tuple[bytes, Checkpoint, int, bytes]] = set()

    def proof(position: bytes, at: Checkpoint, amount: int, blob: bytes) -> None:
        if (position, at, amount, blob) not in passed:
            crypto.proof(position, at, amount, blob)
            passed.add((position, at, amount, blob))

    return replace(crypto, proof=proof)


def _fault(check: Callable[..., None], *args: Any) -> str:
    """What `check` finds wrong with `args`; "" when nothing."""
    try:
        check(*args)
    except _FAULTS as error:
        return _said(error)
    return ""


def _said(error: Exception) -> str:
    if isinstance(error, Missing):
        return f"parts that are not in the file, or were altered: {_listed(sorted(error.digests))}"
    return str(error)


def _listed(digests: Collection[bytes]) -> str:
    shown = [digest.hex() for digest in list(digests)[:3]]
    return ", ".join(shown) + (f" and {len(digests) - len(shown)} more" if len(digests) > len(shown) else "")


def _none(wrong: Any) -> None:
    """Raises `_Wrong` with the sentences of `wrong`, each once, if there is any."""
    if found := list(dict.fromkeys(wrong)):
        raise _Wrong("; ".join(found))

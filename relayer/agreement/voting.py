"""What a member checks before it signs, and what it must remember so that it never signs against itself.

Pure: the memory comes from the safety store, the member's own readings and its clock are arguments.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from chains.encoding import Header, Tree
from chains.hashing import keccak256
from chains.wire import EncodingError
from relayer.agreement.books import Books, Entry
from relayer.agreement.bundle import Bundle, CertifiedRound, ProposedRound
from relayer.agreement.compute import Allot, Outcome, compute
from relayer.agreement.ledger import covered, expired
from relayer.agreement.observation import ChainReading, encode_manifest
from relayer.agreement.params import Params
from relayer.agreement.records import Basis, Proposal, encode_statements
from relayer.agreement.shareout import share_out
from relayer.agreement.units import floored

OwnReadings = Mapping[tuple[str, int], ChainReading]


class Refusal(Exception):
    """The member does not sign. `code` is a stable word for metrics and logs, the text says what was found."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Lost:
    """A store was lost: its member signs no round before `first_round`, and no proposal with a horizon at or before
    `leases_end` (moment of loss + longest lease), on any destination."""

    first_round: int
    leases_end: int


@dataclass(frozen=True)
class Memory:
    """What binds a member: its promise (it signs nothing for a round below), the message it signed for each round, the
    proposals that it signed above its highest certificate, and the certificates that it knows."""

    promise: int = 0
    messages: Mapping[int, bytes] = field(default_factory=dict)
    signed: tuple[ProposedRound, ...] = ()
    certificates: tuple[CertifiedRound, ...] = ()
    lost: Lost | None = None


def propose(bundle: Bundle, params: Params, allot: Allot = share_out) -> tuple[Outcome, Header, Basis]:
    """The round that the bundle comes to: its outcome, header and basis. Raises `Refusal` when every route is left
    out (there is no empty tree), and when a figure does not fit its field."""
    outcome = compute(bundle, params, allot)
    if not outcome.leaves:
        raise Refusal("empty", "no route can be given a statement: " + _reasons(outcome))
    observations = keccak256(encode_manifest(tuple(o.digest for o in bundle.observations)))
    try:
        statements = keccak256(encode_statements(outcome.leaves))
        basis = Basis(params.config_id, outcome.books.digest, observations, statements)
        header = Header(params.epoch, outcome.round, basis.evidence(), Tree(outcome.leaves).root)
    except EncodingError as error:
        raise Refusal("encoding", f"the round has no encoding: {error}") from error
    return outcome, header, basis


def _reasons(outcome: Outcome) -> str:
    found = sorted({result.reason or "no cap may change" for result in outcome.results.values()})
    return "; ".join(found) or "no routes"


def vote(
    proposal: Proposal,
    bundle: Bundle,
    params: Params,
    memory: Memory,
    own: OwnReadings,
    allot: Allot = share_out,
) -> Outcome:
    """The outcome that the member may sign. Raises `Refusal`; the signature must wait until the promise, the message
    and the closure are durable."""
    may_sign(proposal.round, proposal.id, memory)
    well_founded(proposal, bundle, params)
    outcome, header, basis = propose(bundle, params, allot)
    if header != proposal.header or basis != proposal.basis:
        raise Refusal("recomputed", "the observations come to another round than the one proposed")
    complete(outcome.books, bundle, params, memory)
    after_loss(outcome.books, proposal.round, params, memory.lost)
    agreeing(bundle, params, own)
    return outcome


def may_sign(round_: int, message: bytes, memory: Memory) -> None:
    """One message per round, and none for a round below the promise."""
    if round_ < memory.promise:
        raise Refusal("promise", f"round {round_} is below the promise of round {memory.promise}")
    if memory.messages.get(round_, message) != message:
        raise Refusal("double", f"another message was signed for round {round_}")


def well_founded(proposal: Proposal, bundle: Bundle, params: Params) -> None:
    """At least t distinct observers, all of the proposal's round, epoch and configuration."""
    if proposal.basis.config_id != params.config_id or proposal.header.epoch != params.epoch:
        raise Refusal("configuration", f"round {proposal.round} is proposed under another configuration or epoch")
    observers = [o.member for o in bundle.observations]
    if len(observers) < params.threshold or observers != sorted(set(observers)):
        raise Refusal("observers", f"{len(set(observers))} observers, at least {params.threshold} in order are needed")
    for o in bundle.observations:
        if (o.round, o.epoch, o.config_id) != (proposal.round, params.epoch, params.config_id):
            raise Refusal("observers", f"member {o.member} observed another round, epoch or configuration")


def complete(books: Books, bundle: Bundle, params: Params, memory: Memory) -> None:
    """The books miss no unexpired entry that the member knows to be certified, nor one that it signed itself above the
    bundle's highest certificate, unless a later round covers it in every world."""
    round_ = bundle.observations[0].round  # its own message of this very round is `may_sign`'s to judge
    floor = bundle.highest.round if bundle.highest else 0
    reported = {p.id for p in bundle.above}
    for known in memory.certificates:
        if known.round > floor and known.id not in reported:
            _present(known, books, params, only_covered=True)
        elif known.round <= floor:
            _present(known, books, params, only_covered=False)
    for mine in memory.signed:
        if floor < mine.round < round_ and mine.id not in reported:
            _present(mine, books, params, only_covered=True)


def _present(known: CertifiedRound | ProposedRound, books: Books, params: Params, only_covered: bool) -> None:
    for route, entry in _unexpired(known, books, params):
        held = books.route(route)
        there = not only_covered and any(entry in a for a in held.alternatives(known.round))
        if not there and not covered(entry, known.round, dict(held.rounds)):
            raise Refusal("books", f"the books miss a statement of round {known.round} that may still be in force")


def _unexpired(known: CertifiedRound | ProposedRound, books: Books, params: Params) -> Iterable[tuple[bytes, Entry]]:
    for route, entries in known.entries.items():
        configured = params.route(route)
        chains = {d.domain: d.chain for d in configured.deployments} if configured else {}
        for entry in entries:
            chain = chains.get(entry.domain)
            if chain is None or not expired(entry, books.horizon(chain)):
                yield route, entry


def after_loss(books: Books, round_: int, params: Params, lost: Lost | None) -> None:
    """A member whose store was lost waits until no lease that it may have signed can be read any more."""
    if lost is None:
        return
    if round_ < lost.first_round:
        raise Refusal("amnesia", f"the store was lost: nothing is signed before round {lost.first_round}")
    for chain in sorted(params.destination_chains):
        if books.horizon(chain) <= lost.leases_end:
            raise Refusal(
                "amnesia", f"the store was lost: {chain} is at {books.horizon(chain)}, not beyond {lost.leases_end}"
            )


def agreeing(bundle: Bundle, params: Params, own: OwnReadings) -> None:
    """At most f observers differ from the member's own readings of the checkpoints that they name."""
    tolerance = {p.id: floored(r.tolerance, r.decimals, p.decimals) for r in params.routes for p in r.positions}
    differing = [
        o.member
        for o in bundle.observations
        if any((mine := own.get((c.chain, c.height))) and differs(mine, c, tolerance) for c in o.chains)
    ]
    if len(differing) > params.faulty:
        raise Refusal("readings", f"members {differing} read other states than this one at the same checkpoints")


def differs(mine: ChainReading, theirs: ChainReading, tolerance: Mapping[bytes, int]) -> bool:
    """Whether two readings of one height contradict each other. What only one of them holds is not compared."""
    if (mine.block_hash, mine.time) != (theirs.block_hash, theirs.time):
        return True
    amounts = {p.position: p.amount for p in mine.positions}
    gates = {g.key: g for g in mine.gates}
    return any(
        abs(amounts.get(p.position, p.amount) - p.amount) > tolerance.get(p.position, 0) for p in theirs.positions
    ) or any(gates.get(g.key, g) != g for g in theirs.gates)

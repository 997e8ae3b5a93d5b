"""A world to try the agreement in: real rules, real encodings, real judging; only the signatures are permissive.

Two source chains hold one route's collateral, three destination chains have a gate each. Nothing happens by itself: a
schedule (or the random adversary) says who reads what and how late, which observations a leader takes, who hears of
what, and what reaches a gate when. Honest members keep the rules of the design: their checkpoints never go back,
entering a round is a promise, they sign what `vote` lets through. Members from n - f on are the adversary's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from chains.encoding import Certificate, MintCap
from chains.hashing import keccak256
from relayer.agreement import window
from relayer.agreement.books import STATUS
from relayer.agreement.bundle import Bundle, CertifiedRound, ProposedRound, entries_of
from relayer.agreement.compute import Allot, Outcome
from relayer.agreement.judging import Checks, Judge
from relayer.agreement.observation import ChainReading, GateReading, Observation, PositionReading, encode_manifest
from relayer.agreement.params import DeploymentParams, Params, PositionParams, RouteParams
from relayer.agreement.records import Certified, Proposal, decode_statements, encode_statements
from relayer.agreement.routing import CapRuleBroken
from relayer.agreement.shareout import Request
from relayer.agreement.voting import Lost, Memory, Refusal, propose, vote

from .toychains import WRAPPED, Block, Chain, Gate

SOURCES = ("a", "b")
DESTINATIONS = ("x", "y", "z")
COLLATERAL, STALENESS, LEASE, START = 6, 4, 8, 10
ROUTE = WRAPPED
ALONE = 1 << 40  # a height that only a liar names
POSITION = {name: keccak256(f"vault {name}".encode()) for name in SOURCES}
DOMAIN = {name: keccak256(f"gate {name}".encode()) for name in DESTINATIONS}
PERMISSIVE = Checks(lambda *_: None, lambda *_: None, lambda *_: None)


def configured(
    n: int = 4,
    f: int = 1,
    t: int = 3,
    *,
    name: str = "first",
    from_round: int = 0,
    leases: Mapping[str, int] | None = None,
    without: Iterable[str] = (),
    retired: Iterable[str] = (),
) -> Params:
    """A committee's configuration. `leases` by destination, else `LEASE`."""
    lease = {**dict.fromkeys(DESTINATIONS, LEASE), **(leases or {})}
    deployments = tuple(
        DeploymentParams(DOMAIN[d], d, 0, 1, lease[d], 1 << 128, d in set(retired))
        for d in DESTINATIONS
        if d not in set(without)
    )
    positions = tuple(PositionParams(POSITION[s], s, 0) for s in SOURCES)
    route = RouteParams(ROUTE, "wrapped", 0, positions, deployments)
    members = tuple(bytes([i]) * 32 for i in range(n))
    return Params(
        config_id=keccak256(name.encode()),
        group=bytes(32),
        from_round=from_round,
        epoch=0,
        faulty=f,
        threshold=t,
        members=members,
        genesis=0,
        slot=1,
        skew=0,
        staleness=STALENESS,
        heartbeat=1,
        turns=1,
        routes=(route,),
    )


@dataclass(frozen=True)
class Grant:
    """A share-out that wants these caps, by destination, whether the cap rule allows them or not."""

    caps: Mapping[str, int]

    def __call__(self, request: Request) -> Mapping[bytes, int]:
        active = {d.domain for d in request.active}
        return {DOMAIN[d]: cap for d, cap in self.caps.items() if DOMAIN[d] in active}


class WorldJudge(Judge):
    """The real judge, in a world where every proposal may come from a share-out of its own."""

    def __init__(self, configs: Mapping[bytes, Params], choices: Mapping[bytes, Allot]) -> None:
        super().__init__(configs, PERMISSIVE)
        self._choices = choices

    def _recompute(self, p: Proposal, observations: tuple[Observation, ...]) -> None:
        self._allot = self._choices[p.id]
        super()._recompute(p, observations)


@dataclass(eq=False)
class Round:
    """A proposal on its way, with the members that have signed it."""

    proposal: Proposal
    bundle: Bundle
    outcome: Outcome
    allot: Allot
    signers: set[int] = field(default_factory=set)
    certified: Certified | None = None

    @property
    def number(self) -> int:
        return self.proposal.round


@dataclass
class Member:
    """What an honest member remembers. `seen`: its last checkpoint of each chain."""

    memory: Memory = field(default_factory=Memory)
    certificate: Certified | None = None
    proposals: tuple[Proposal, ...] = ()
    seen: dict[str, int] = field(default_factory=dict)
    own: dict[tuple[str, int], ChainReading] = field(default_factory=dict)


class World:
    """`log` tells what came of every proposal; `over_minted` whether supply ever exceeded the collateral."""

    def __init__(self, *configs: Params) -> None:
        self.configs = configs or (configured(),)
        first = self.configs[0]
        self.n, self.f, self.t = first.n, first.faulty, first.threshold
        self.now = 0
        holdings = {"a": COLLATERAL, "b": 0}
        self.chains = {s: Chain(s, Block(0, {POSITION[s]: held})) for s, held in holdings.items()}
        self.chains |= {d: Chain(d, Block(0, {}, {DOMAIN[d]: Gate()})) for d in DESTINATIONS}
        self.members = [Member() for _ in range(self.n)]
        self.liars = range(self.n - self.f, self.n)
        self.blobs: dict[bytes, bytes] = {}
        self.choices: dict[bytes, Allot] = {}
        self.judge = WorldJudge({c.config_id: c for c in self.configs}, self.choices)
        self.observations: dict[tuple[int, int], Observation] = {}
        self.rounds: list[Round] = []
        self.log: list[str] = []
        self.over_minted = False
        self.wait(START)

    def params(self, round_: int) -> Params:
        return [c for c in self.configs if c.from_round <= round_][-1]

    # ---- the chains

    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1
            for chain in self.chains.values():
                chain.tick(self.now)

    def gate(self, destination: str) -> Gate:
        return self.chains[destination].head.gates[DOMAIN[destination]]

    def _set(self, destination: str, gate: Gate) -> bool:
        changed = gate != self.gate(destination)
        if changed:
            self.chains[destination].set(self.now, DOMAIN[destination], gate)
        self.over_minted |= self.supply > COLLATERAL
        return changed

    @property
    def supply(self) -> int:
        return sum(self.gate(d).supply for d in DESTINATIONS)

    def submit(self, certified: Certified, destination: str) -> bool:
        """Brings the round's statement to the gate; False where there is none or the gate refuses it."""
        leaf = self.statements(certified.basis.statements).get(DOMAIN[destination])
        if leaf is not None and self._set(destination, self.gate(destination).took(leaf, certified.round, self.now)):
            return True
        self.log.append(f"the gate of {destination} refuses round {certified.round}")
        return False

    def statements(self, digest: bytes) -> dict[bytes, MintCap]:
        leaves = decode_statements(self.blobs[digest])
        return {leaf.domain: leaf for leaf in leaves if isinstance(leaf, MintCap)}

    def mint(self, destination: str) -> bool:
        return self._set(destination, self.gate(destination).minted(self.now))

    def burn(self, destination: str, amount: int, *, through_gate: bool = False) -> bool:
        gate = self.gate(destination)
        return self._set(destination, gate.redeemed(amount) if through_gate else gate.burned(amount))

    def hold(self, source: str, amount: int) -> None:
        """The vault holds `amount` from now on."""
        self.chains[source].hold(self.now, POSITION[source], amount)

    # ---- reading

    def read(self, member: int, at: Mapping[str, int], absent: Iterable[str] = ()) -> tuple[ChainReading, ...]:
        """What an honest member reads at the times `at` (else now), but never behind its last checkpoint. Chains and
        positions named in `absent` cannot be read."""
        m = self.members[member]
        for name, chain in self.chains.items():
            if name not in absent:
                m.seen[name] = max(m.seen.get(name, chain.at(START)), chain.at(at.get(name, self.now)))
        readable = [name for name in self.chains if name not in absent]
        sources = [self.chains[s].blocks[m.seen[s]].time for s in SOURCES if s in readable]
        readings = []
        for name in readable:
            chain, floors = self.chains[name], dict[bytes, int]()
            for position in chain.head.positions:
                history = [(b.time, b.positions[position]) for b in chain.blocks[: m.seen[name] + 1]]
                if (held := window.floor(history, min(sources), STALENESS)) is not None:
                    floors[position] = held
            readings.append(chain.read(m.seen[name], floors))
        m.own |= {(r.chain, r.height): r for r in readings}
        return tuple(readings)

    def observe(
        self, round_: int, *members: int, lag: int = 0, at: Mapping[str, int] | None = None, absent: Iterable[str] = ()
    ) -> None:
        """Honest members enter the round, read `lag` seconds back (or at the times `at`) and observe."""
        times = dict.fromkeys(self.chains, self.now - lag) | dict(at or {})
        for i in members:
            m = self.members[i]
            known = m.certificate.round if m.certificate else -1
            if (round_, i) not in self.observations and round_ >= m.memory.promise and round_ > known:
                m.memory = replace(m.memory, promise=round_)
                readings = self.configured(round_, self.read(i, times, absent))
                below = {p.round: p for p in m.proposals if p.round < round_}  # at most one of each round
                self.say(round_, i, readings, m.certificate, tuple(below.values()))

    def configured(self, round_: int, readings: tuple[ChainReading, ...]) -> tuple[ChainReading, ...]:
        """Without the gates that the round's configuration does not name."""
        named = {d.domain for r in self.params(round_).routes for d in r.deployments}
        return tuple(replace(r, gates=tuple(g for g in r.gates if g.domain in named)) for r in readings)

    def say(
        self,
        round_: int,
        member: int,
        readings: tuple[ChainReading, ...],
        certificate: Certified | None = None,
        proposals: tuple[Proposal, ...] = (),
    ) -> Observation:
        """Observes with these very words: for liars. What does not pass judgement is not an observation."""
        params = self.params(round_)
        o = Observation(params.config_id, params.epoch, round_, member, certificate, proposals, readings, bytes(64))
        o = Observation.decode(o.encode())
        self.judge.observation(o, self.blobs.get)
        self.blobs[o.digest] = o.encode()
        self.observations[round_, member] = o
        return o

    # ---- lying

    def lie(
        self, round_: int, member: int, readings: tuple[ChainReading, ...], certificate: Round | None = None
    ) -> None:
        """A liar observes: these readings, this certificate, and no proposal."""
        self.say(round_, member, readings, certificate.certified if certificate else None)

    def truth(self, time: int, at: Mapping[str, int] | None = None) -> tuple[ChainReading, ...]:
        """What all chains held at `time` (or at the times `at`), every position at its amount."""
        heights = {name: chain.at((at or {}).get(name, time)) for name, chain in self.chains.items()}
        return tuple(
            chain.read(heights[name], chain.blocks[heights[name]].positions) for name, chain in self.chains.items()
        )

    def empty(self, time: int, round_: int) -> tuple[ChainReading, ...]:
        """Destinations without supply, read at `time` at a height of the liar's own, with `round_` as their last."""
        gates = tuple(GateReading(DOMAIN[d], ROUTE, 0, round_, 0) for d in DESTINATIONS)
        read = {r.chain: r for r in self.truth(self.now)}
        return tuple(
            read[name]
            if name in SOURCES
            else replace(read[name], height=ALONE, time=time, gates=tuple(g for g in gates if g.domain == DOMAIN[name]))
            for name in self.chains
        )

    def rich(self, time: int) -> tuple[ChainReading, ...]:
        """All collateral on each source, read at `time` at a height of the liar's own; the destinations as they are."""
        read = {r.chain: r for r in self.truth(self.now)}
        return tuple(
            replace(
                read[name],
                height=ALONE,
                time=time,
                positions=(PositionReading(POSITION[name], COLLATERAL, COLLATERAL, bytes(32)),),
            )
            if name in SOURCES
            else read[name]
            for name in self.chains
        )

    @staticmethod
    def ordered(*destinations: str) -> list[str]:
        """In the order of their domains, as alternatives stand in the books."""
        return sorted(destinations, key=DOMAIN.__getitem__)

    # ---- rounds

    def propose(self, round_: int, of: Iterable[int], caps: Mapping[str, int] | Allot) -> Round | None:
        """The leader's proposal from the observations of the members `of`; None where there can be none."""
        allot = Grant(caps) if isinstance(caps, Mapping) else caps
        params = self.params(round_)
        bundle = self.judge.bundle([self.observations[round_, i] for i in of])
        try:
            outcome, header, basis = propose(bundle, params, allot)
        except CapRuleBroken:
            self.log.append(f"round {round_}: the cap rule refuses")
            return None
        except Refusal as refusal:
            self.log.append(f"round {round_}: {refusal}")
            return None
        self.log.append(f"round {round_}: {STATUS[outcome.results[ROUTE].books.status]}")
        manifest = encode_manifest(tuple(o.digest for o in bundle.observations))
        for blob in (outcome.books.encoded, encode_statements(outcome.leaves), manifest):
            self.blobs[keccak256(blob)] = blob
        proposal = Proposal(header, basis, bytes(64))
        self.choices[proposal.id] = allot
        same = next((r for r in self.rounds if r.proposal.id == proposal.id), None)
        if same is None:
            same = Round(proposal, bundle, outcome, allot, set(self.liars))
            self.rounds.append(same)
        return same

    def sign(self, round_: Round | None, *members: int) -> bool:
        """Honest members vote; with t signers, liars included, the round is certified. Whether it is."""
        if round_ is None:
            return False
        for i in members:
            self._vote(round_, i)
        if len(round_.signers) >= self.t and round_.certified is None:
            certificate = Certificate(round_.proposal.header, bytes(33), bytes(32))
            round_.certified = Certified(certificate, round_.proposal.basis)
        return round_.certified is not None

    def _vote(self, round_: Round, i: int) -> None:
        m = self.members[i]
        try:
            vote(round_.proposal, round_.bundle, self.params(round_.number), m.memory, m.own, round_.allot)
        except Refusal as refusal:
            self.log.append(f"round {round_.number}: member {i} refuses: {refusal.code}")
            return
        p = round_.proposal
        if p.id not in (s.id for s in m.memory.signed):
            entries = entries_of(round_.outcome.leaves, self.params(p.round))
            signed = ProposedRound(p.id, p.round, p.header.epoch, entries)
            m.memory = replace(
                m.memory,
                promise=max(m.memory.promise, p.round),
                messages={**m.memory.messages, p.round: p.id},
                signed=(*m.memory.signed, signed),
            )
            m.proposals = tuple(sorted((*m.proposals, p), key=lambda q: q.round))
        round_.signers.add(i)

    def learn(self, round_: Round | None, *members: int) -> None:
        """Members hear of a certificate; the highest one ends what they carry below it."""
        if round_ is None or round_.certified is None:
            return
        known: CertifiedRound = self.judge.certified(round_.certified, self.blobs.get)
        for i in members:
            m = self.members[i]
            if m.certificate is None or round_.number > m.certificate.round:
                m.certificate = round_.certified
                m.proposals = tuple(p for p in m.proposals if p.round > round_.number)
                signed = tuple(s for s in m.memory.signed if s.round > round_.number)
                m.memory = replace(m.memory, signed=signed, certificates=(*m.memory.certificates, known))

    def forget(self, member: int, first_round: int) -> None:
        """The member's store is lost; it knows that, and follows the rule for it."""
        longest = max(c.longest_lease for c in self.configs)
        self.members[member] = Member(Memory(promise=first_round, lost=Lost(first_round, self.now + longest)))

    def put(self, round_: Round | None, destination: str) -> bool:
        """A certified round's statement reaches its gate, and as much as it allows is minted at once."""
        if round_ is None or round_.certified is None or not self.submit(round_.certified, destination):
            return False
        return self.mint(destination)

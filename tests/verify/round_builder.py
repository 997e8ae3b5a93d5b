"""Rounds of a committee of four with real keys, made in memory, and the file that one of them is exported to.

Round 10 is certified; round 11 is proposed and signed by nobody; round 12 is computed from observations that hold the
one and report the other, so that its file has every kind of part.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

from chains.encoding import Certificate, Header
from chains.hashing import keccak256
from chains.types import Checkpoint
from relayer.agreement.judging import Judge
from relayer.agreement.observation import ChainReading, GateReading, Observation, PositionReading, encode_manifest
from relayer.agreement.records import Basis, Certified, Proposal, encode_statements
from relayer.agreement.voting import propose
from relayer.config.committee import Committee, parse_committee
from relayer.daemon.checks import checks
from relayer.frost import GroupKey, KeyPackage, aggregate, deal, round1, round2
from relayer.frost.keys import PublicKeyPackage
from relayer.roundfile import export

GENESIS = 1_700_000_000
SLOT = 6
LOCKED = 1_000 * 10**8


def committee_raw(**changes: Any) -> dict[str, Any]:
    """Four members, one route from one chain, whose position is proven, to two others."""
    deployments = [
        {"gate": f"shown:{i}:gate{i}", "token": f"shown:{i}/coin:token{i}", "decimals": 6, "lease": 90} for i in (2, 3)
    ]
    route = {
        "name": "wCoin",
        "decimals": 6,
        "positions": [{"account": "shown:1:vault", "asset": "shown:1/coin:gold", "decimals": 8}],
        "deployments": deployments,
    }
    return {
        "name": "sample",
        "network": "devnet",
        "epoch": 1,
        "genesis": GENESIS,
        "slot": SLOT,
        "skew": 1,
        "staleness": 40,
        "heartbeat": 30,
        "faulty": 1,
        "threshold": 3,
        "members": [{"name": f"m{i}", "identity": identity(i).verify_key.encode().hex()} for i in range(4)],
        "chains": {f"shown:{i}": {"finality_lag": 10} for i in (1, 2, 3)},
        "routes": [route],
    } | changes


def identity(member: int) -> SigningKey:
    return SigningKey(sha256(f"identity {member}".encode()).digest())


@dataclass(frozen=True)
class Group:
    """A dealt group key."""

    public: PublicKeyPackage
    keys: Mapping[int, KeyPackage]

    @classmethod
    def dealt(cls, label: str = "group") -> "Group":
        public, keys = deal([sha256(f"{label} {i}".encode()).digest() for i in range(3)], 4, 3)
        return cls(public, keys)

    @property
    def key(self) -> GroupKey:
        return self.public.group

    def sign(self, message: bytes) -> tuple[bytes, bytes]:
        seeds = {i: sha256(message + bytes([i])).digest() + sha256(bytes([i]) + message).digest() for i in (1, 2, 3)}
        made = {i: round1.commit(self.keys[i].share, seed) for i, seed in seeds.items()}
        commitments = [commitment for _, commitment in made.values()]
        shares = {i: round2.sign(self.keys[i], nonces, message, commitments) for i, (nonces, _) in made.items()}
        return aggregate(self.public, message, commitments, shares)


class Rounds:
    """Makes rounds one after another; `blobs` holds every part by digest."""

    def __init__(self, raw: Mapping[str, Any] | None = None, group: Group | None = None) -> None:
        self.committee: Committee = parse_committee(raw or committee_raw(), Path("committee.toml"))
        self.group = group or Group.dealt()
        self.params = self.committee.params()
        self.blobs: dict[bytes, bytes] = {}
        positions = {p.id: p for of_chain in self.committee.positions().values() for p in of_chain}
        self._judge = Judge({self.params.config_id: self.params}, checks({1: self.group.key}, positions))

    def keep(self, blob: bytes) -> bytes:
        self.blobs[keccak256(blob)] = blob
        return keccak256(blob)

    def observe(
        self,
        round_: int,
        member: int,
        certificate: Certified | None = None,
        proposals: Sequence[Proposal] = (),
        locked: int = LOCKED,
    ) -> Observation:
        proof_of = import_module("shown_family").proof_of
        (route,) = self.params.routes
        readings = []
        for i, chain in enumerate(sorted(self.committee.chains)):
            height, time = 100 + round_, self.params.begins(round_) - 5
            at = Checkpoint(chain, height, keccak256(f"{chain} {height}".encode()), time)
            positions, gates = [], []
            for p in route.positions:
                if p.chain == chain:
                    proof = self.keep(proof_of(p.id, at, locked))
                    positions.append(PositionReading(p.id, locked, locked, proof))
            gates = [GateReading(d.domain, route.id, i * 10**6, 0, 0) for d in route.deployments if d.chain == chain]
            readings.append(ChainReading(chain, at.height, at.block_hash, time, tuple(positions), tuple(gates)))
        params = self.params
        bare = Observation(
            params.config_id, params.epoch, round_, member, certificate, tuple(proposals), tuple(readings), bytes(64)
        )
        return self.sealed(bare)

    def sealed(self, bare: Observation) -> Observation:
        """The observation signed by its member, and kept."""
        signed = replace(bare, signature=identity(bare.member).sign(bare.signed_part).signature)
        self.keep(signed.encode())
        return signed

    def propose(self, observations: Iterable[Observation]) -> Proposal:
        """The leader's signed proposal for what the observations come to."""
        ordered = tuple(observations)
        for o in ordered:
            self._judge.observation(o, self.blobs.get)
        outcome, header, basis = propose(self._judge.bundle(ordered), self.params)
        self.keep(outcome.books.encoded)
        self.keep(encode_statements(outcome.leaves))
        self.keep(encode_manifest(tuple(o.digest for o in ordered)))
        return self.led(header, basis)

    def led(self, header: Header, basis: Basis) -> Proposal:
        """A proposal with its leader's signature."""
        bare = Proposal(header, basis, bytes(64))
        leader = identity(self.params.leader(header.round))
        return replace(bare, signature=leader.sign(bare.signed_part).signature)

    def certify(self, header: Header, basis: Basis) -> Certified:
        r, z = self.group.sign(header.message())
        return Certified(Certificate(header, r, z), basis)


@dataclass(frozen=True)
class Sample:
    """Rounds 10 to 12, and what they are made of."""

    rounds: Rounds
    first: Certified
    open: Proposal
    observations: tuple[Observation, ...]
    last: Certified

    @cached_property
    def document(self) -> dict[str, Any]:
        return export(self.last, self.rounds.blobs.get)


def sample() -> Sample:
    rounds = Rounds()
    tenth = rounds.propose(rounds.observe(10, m) for m in (0, 1, 2))
    first = rounds.certify(tenth.header, tenth.basis)
    eleventh = rounds.propose(rounds.observe(11, m, first) for m in (1, 2, 3))
    observations = tuple(rounds.observe(12, m, first, [eleventh] if m != 3 else []) for m in (0, 1, 3))
    twelfth = rounds.propose(observations)
    return Sample(rounds, first, eleventh, observations, rounds.certify(twelfth.header, twelfth.basis))

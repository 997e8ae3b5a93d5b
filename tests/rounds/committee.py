"""A whole committee in memory, deterministic: real machines, keys, signatures and judges; virtual time; a network whose
every delivery is decided by `network`, a script or a seeded draw; chains whose history is all there.

Nothing happens but through `run`. The same seed and script give the same run, bit for bit. `audit` checks what must
hold of every run, whatever the faults.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import count
from random import Random
from typing import Any

from nacl.signing import SigningKey

from chains.encoding import MintCap
from chains.hashing import keccak256
from relayer.agreement.compute import Allot
from relayer.agreement.params import Params
from relayer.agreement.records import Certified, Proposal, decode_statements
from relayer.agreement.shareout import share_out
from relayer.daemon.checks import checks
from relayer.frost import KeyPackage, deal, verify
from relayer.rounds import effects as fx
from relayer.rounds.machine import SecondSelf
from relayer.rounds.messages import Kind, Share

from .disk import Disk
from .node import Node
from .world import DESTINATIONS, GATES, GENESIS, SLOT, World, configured


@dataclass(frozen=True, slots=True)
class Message:
    """One message on its way to one member; `number` counts all of the run."""

    number: int
    kind: Kind
    round: int
    body: bytes
    source: int
    target: int


Network = Callable[[Message], Sequence[float]]
"""Decides a message's deliveries: the seconds after which it arrives, none to drop it, several to repeat it."""


def prompt(_: Message) -> Sequence[float]:
    """Every message arrives once, a hundredth of a second later."""
    return (0.01,)


def shaky(seed: int, worst: float = 1.0, lost: float = 0.0, doubled: float = 0.2) -> Network:
    """Delays up to `worst` seconds, so that messages overtake each other; some twice, some never."""
    rng = Random(seed)

    def fate(_: Message) -> Sequence[float]:
        copies = 0 if rng.random() < lost else 2 if rng.random() < doubled else 1
        return [rng.uniform(0.01, worst) for _ in range(copies)]

    return fate


def parted(*groups: Iterable[int], under: Network = prompt) -> Network:
    """Only members of one group reach each other."""
    side = {member: i for i, group in enumerate(groups) for member in group}
    return lambda m: under(m) if side.get(m.source, -1) == side.get(m.target, -2) else ()


def without(*members: int, under: Network = prompt) -> Network:
    """`members` are heard by nobody."""
    return lambda m: () if m.source in members else under(m)


class Broken(AssertionError):
    """A run did what no run may do."""


@lru_cache
def dealt(n: int, t: int) -> dict[int, KeyPackage]:
    """Keys of a committee, the same in every run."""
    return deal([sha256(f"coefficient {i}".encode()).digest() for i in range(t)], n, t)[1]


@lru_cache
def identities(n: int) -> tuple[SigningKey, ...]:
    return tuple(SigningKey(sha256(f"identity {i}".encode()).digest()) for i in range(n))


class Committee:
    """Members 0 to n-1, started at `genesis`. `configs` follow each other by `from_round`."""

    fatal = (SecondSelf,)
    reading_time = 0.5

    def __init__(
        self,
        n: int = 4,
        f: int = 1,
        t: int = 3,
        *,
        seed: int = 0,
        network: Network = prompt,
        allot: Allot = share_out,
        start: bool = True,
        **changes: object,
    ) -> None:
        self.seed = seed
        self.now = float(GENESIS)
        self.network = network
        self.allot = allot
        self.world = World()
        members = tuple(bytes(key.verify_key) for key in identities(n))
        self.configs: list[Params] = [configured(members, f, t, **changes)]
        self.sent: list[Message] = []
        self.certificates: dict[int, dict[bytes, Certified]] = defaultdict(dict)
        self.submitting = True
        self.tamper: Callable[[Message], Iterable[Message]] = lambda m: (m,)
        self.on_crash: Callable[[Node], None] = lambda node: None
        self._queue: list[tuple[float, int, Callable[[], object]]] = []
        self._order = count()
        self._alarms: dict[int, float] = {}
        self._retired: list[tuple[int, Disk]] = []
        self._keys = dealt(n, t)
        self._checks = checks({1: self._keys[1].public.group}, {})
        self.nodes = [self.node(i) for i in range(n)]
        if start:
            for node in self.nodes:
                self.later(0.0, node.start)

    def node(self, me: int) -> Node:
        """A process of member `me` with a disk of its own."""
        return Node(me, self, self._keys[me + 1], identities(len(self._keys))[me], self._checks)

    def params(self, round_: int) -> Params | None:
        return next((c for c in reversed(self.configs) if c.from_round <= round_), None)

    @property
    def first(self) -> Params:
        return self.configs[0]

    @staticmethod
    def digest(blob: bytes) -> bytes:
        return keccak256(blob)

    # ---- time

    def later(self, delay: float, act: Callable[[], object]) -> None:
        heapq.heappush(self._queue, (self.now + delay, next(self._order), act))

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        """`act`, `seconds` after genesis."""
        self.later(GENESIS + seconds - self.now, act)

    def alarm_at(self, node: Node, time: float) -> None:
        """Wakes `node` at `time`, and at no earlier one that it asked for before."""
        if not self.now < self._alarms.get(node.me, 0.0) <= time:
            self._alarms[node.me] = time
            self.later(max(0.0, time - self.now), lambda: self._ring(node, time))

    def _ring(self, node: Node, time: float) -> None:
        if self._alarms.get(node.me) == time:
            self._alarms[node.me] = 0.0
        node.alarm()

    def run(self, seconds: float) -> None:
        """Until `seconds` after genesis."""
        end = GENESIS + seconds
        while self._queue and self._queue[0][0] <= end:
            time, _, act = heapq.heappop(self._queue)
            self.now = max(self.now, time)
            act()
        self.now = end

    def slots(self, number: float) -> None:
        """Until `number` slots have passed since genesis, just before the next one begins."""
        self.run(number * SLOT - 0.001)

    # ---- the network

    def send(self, node: Node, effect: fx.Send) -> None:
        targets = range(len(self.nodes)) if effect.to is None else (effect.to,)
        for target in targets:
            if target != node.me:
                self.put(Message(len(self.sent), effect.kind, effect.round, effect.body, node.me, target))

    def put(self, message: Message) -> None:
        """On its way, as the adversary leaves it."""
        for m in self.tamper(message):
            self.sent.append(m)
            for delay in self.network(m):
                self.deliver(m, delay)

    def deliver(self, m: Message, delay: float) -> None:
        """Whatever the network says, `m` arrives after `delay` seconds, if its target is up then."""
        self.later(delay, lambda: self.nodes[m.target].receive(m))

    def fetch(self, source: int, target: int, digest: bytes) -> bytes | None:
        """A blob from another member, where the network lets question and answer through."""
        question = Message(-1, Kind.CALL, 0, digest, source, target)
        answer = Message(-1, Kind.CALL, 0, digest, target, source)
        node = self.nodes[target]
        if not node.up or not self.network(question) or not self.network(answer):
            return None
        return node.blob(digest)

    # ---- chains

    def submitted(self, node: Node, certified: Certified) -> None:
        self.certificates[certified.round][certified.id] = certified
        if not self.submitting:
            return
        blob = node.blob(certified.basis.statements)
        assert blob is not None
        leaves = [leaf for leaf in decode_statements(blob) if isinstance(leaf, MintCap)]
        turn = (node.me - self.first.leader(certified.round)) % self.first.n
        self.later(0.5 + turn, lambda: self._submit(certified.round, leaves))

    def _submit(self, round_: int, leaves: list[MintCap]) -> None:
        for leaf in leaves:
            for chain in DESTINATIONS:
                self.world.submit(self.now, chain, leaf, round_)

    # ---- crashes

    def crashed(self, node: Node) -> None:
        self.on_crash(node)

    def replace_disk(self, node: Node, disk: Disk) -> None:
        """The member goes on with another disk; what the old one held is still audited."""
        self._retired.append((node.me, node.disk))
        node.disk = disk

    # ---- what must hold

    @property
    def rounds(self) -> list[int]:
        """The certified rounds that anybody knows, rising."""
        return sorted(self.certificates)

    def caps(self, round_: int) -> dict[str, int]:
        """The caps of a certified round by destination chain."""
        (certified,) = self.certificates[round_].values()
        blob = next(b for node in self.nodes if (b := node.blob(certified.basis.statements)) is not None)
        found = {leaf.domain: leaf.mint_cap for leaf in decode_statements(blob) if isinstance(leaf, MintCap)}
        return {chain: found[domain] for chain, domain in GATES.items() if domain in found}

    def disputes(self, kind: str) -> dict[int, fx.Dispute]:
        """The first dispute of `kind` that each member raised, by member."""
        found = ((node.me, d) for node in reversed(self.nodes) for d in reversed(node.disk.disputes))
        return {me: d for me, d in found if d.kind == kind}

    def noted(self, event: str) -> list[tuple[int, Mapping[str, Any]]]:
        """Every such note of any member, with the member."""
        return [(node.me, fields) for node in self.nodes for fields in node.noted(event)]

    def audit(self, faulty: Iterable[int] = ()) -> None:
        """Raises `Broken` unless: at most one certificate a round, each signed by the group; no over-mint; and every
        member outside `faulty` recorded and sent at most one message, observation and proposal a round, used no
        commitment twice, promised nothing back, and sent no share that was not durable first."""
        for round_, found in self.certificates.items():
            if len(found) > 1:
                raise Broken(f"two certificates of round {round_}")
            for c in found.values():
                verify(self._keys[1].public.group, c.id, c.certificate.r, c.certificate.z)
        if self.world.over_minted:
            raise Broken("over-mint")
        for node in self.nodes:
            if node.me not in set(faulty):
                audit_disk(node.disk)
                self._audit_sent(node)

    def _audit_sent(self, node: Node) -> None:
        disks = [node.disk, *(disk for me, disk in self._retired if me == node.me)]
        recorded = {e.message for disk in disks for e, _ in disk.log if isinstance(e, fx.RecordSignature)}
        said: dict[tuple[Kind, int], bytes] = {}
        for m in (m for m in self.sent if m.source == node.me):
            if m.kind == Kind.SHARE and Share.decode(m.body, node.me + 1).message not in recorded:
                raise Broken(f"member {node.me}: a share for round {m.round} that its disk does not know")
            if m.kind in (Kind.OBSERVATION, Kind.PROPOSAL):
                word = m.body[: Proposal.SIZE] if m.kind == Kind.PROPOSAL else m.body
                if said.setdefault((m.kind, m.round), word) != word:
                    raise Broken(f"member {node.me}: sent a second {m.kind.name} of round {m.round}")


def audit_disk(disk: Disk) -> None:
    """One member's whole history of writes."""
    promise, once = 0, dict[tuple[str, int], bytes]()
    commitments: set[bytes] = set()

    def only(kind: str, round_: int, value: bytes) -> None:
        if once.setdefault((kind, round_), value) != value:
            raise Broken(f"two {kind}s in round {round_}")

    for effect, _ in disk.log:
        match effect:
            case fx.Promise():
                if effect.round <= promise:
                    raise Broken(f"the promise of round {promise} went back to {effect.round}")
                promise = effect.round
            case fx.RecordObservation():
                if effect.round < promise:
                    raise Broken(f"observed round {effect.round} below the promise of {promise}")
                only("observation", effect.round, effect.raw)
            case fx.RecordProposal():
                only("proposal", effect.round, effect.raw)
            case fx.RecordSignature():
                only("message", effect.round, effect.message)
                if effect.round < promise:
                    raise Broken(f"signed round {effect.round} below the promise of {promise}")
                if effect.commitment in commitments:
                    raise Broken(f"round {effect.round}: a commitment was used twice")
                commitments.add(effect.commitment)

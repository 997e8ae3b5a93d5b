"""Nonces and commitments, exchanged ahead: each pair is made for one leader and used once."""

from collections import deque
from collections.abc import Callable

from relayer.frost import Commitment, KeyPackage, SigningNonces, round1
from relayer.rounds.effects import Send
from relayer.rounds.messages import Commitments, Kind, commitment_id

KEPT = 64
BATCH = 4
Entropy = Callable[[int], bytes]


class OwnNonces:
    """The member's secret nonces, in memory only. `entropy(n)` gives n random bytes.

    Per leader the newest `KEPT` pairs: an earlier batch stays good until it is used up, since the messages that carry
    two batches may arrive in either order.
    """

    def __init__(self, key: KeyPackage, entropy: Entropy) -> None:
        self._key = key
        self._entropy = entropy
        self._by_leader: dict[int, dict[bytes, SigningNonces]] = {}

    def fresh(self, leader: int) -> Commitment:
        """One more pair for `leader`."""
        nonces, commitment = round1.commit(self._key.share, self._entropy(64))
        pool = self._by_leader.setdefault(leader, {})
        pool[commitment_id(commitment)] = nonces
        while len(pool) > KEPT:
            del pool[next(iter(pool))]
        return commitment

    def offer(self, leader: int, wanted: bool) -> Send:
        """A batch of new pairs for `leader`; `wanted` asks for its own in return."""
        batch = tuple(self.fresh(leader) for _ in range(BATCH))
        return Send(Kind.COMMITMENTS, 0, Commitments(wanted, batch).encode(), leader)

    def take(self, leader: int, commitment: Commitment) -> SigningNonces | None:
        """The nonces behind `commitment`, which are forgotten here; None if they are not `leader`'s to use."""
        return self._by_leader.get(leader, {}).pop(commitment_id(commitment), None)


class PeerCommitments:
    """What the other members made for this one to use when it leads. What was used once is not taken in again, however
    often its message is repeated."""

    def __init__(self) -> None:
        self._by_member: dict[int, dict[bytes, Commitment]] = {}
        self._used: dict[int, deque[bytes]] = {}

    def replace(self, member: int, commitments: tuple[Commitment, ...]) -> None:
        self._by_member[member] = {}
        for commitment in commitments:
            self.add(member, commitment)

    def add(self, member: int, commitment: Commitment) -> None:
        pool = self._by_member.setdefault(member, {})
        name = commitment_id(commitment)
        if len(pool) < KEPT and name not in self._used.get(member, ()):
            pool[name] = commitment

    def count(self, member: int) -> int:
        return len(self._by_member.get(member, ()))

    def take(self, member: int) -> Commitment | None:
        pool = self._by_member.get(member)
        if not pool:
            return None
        name = next(iter(pool))
        self._used.setdefault(member, deque(maxlen=4 * KEPT)).append(name)
        return pool.pop(name)

"""Nonces and commitments, exchanged ahead: each pair is made for one leader and used once."""

from collections.abc import Callable

from relayer.frost import Commitment, KeyPackage, SigningNonces, round1
from relayer.rounds.messages import commitment_id

KEPT = 64
Entropy = Callable[[int], bytes]


class OwnNonces:
    """The member's secret nonces, in memory only. `entropy(n)` gives n random bytes."""

    def __init__(self, key: KeyPackage, entropy: Entropy) -> None:
        self._key = key
        self._entropy = entropy
        self._by_leader: dict[int, dict[bytes, SigningNonces]] = {}

    def fresh(self, leader: int) -> Commitment:
        """One more pair for `leader`."""
        nonces, commitment = round1.commit(self._key.share, self._entropy(64))
        self._by_leader.setdefault(leader, {})[commitment_id(commitment)] = nonces
        return commitment

    def batch(self, leader: int, count: int) -> tuple[Commitment, ...]:
        """New pairs for `leader` in place of all that it had."""
        self._by_leader[leader] = {}
        return tuple(self.fresh(leader) for _ in range(count))

    def take(self, leader: int, commitment: Commitment) -> SigningNonces | None:
        """The nonces behind `commitment`, which are forgotten here; None if they are not `leader`'s to use."""
        return self._by_leader.get(leader, {}).pop(commitment_id(commitment), None)


class PeerCommitments:
    """What the other members made for this one to use when it leads."""

    def __init__(self) -> None:
        self._by_member: dict[int, list[Commitment]] = {}

    def replace(self, member: int, commitments: tuple[Commitment, ...]) -> None:
        self._by_member[member] = list(commitments[:KEPT])

    def add(self, member: int, commitment: Commitment) -> None:
        pool = self._by_member.setdefault(member, [])
        if len(pool) < KEPT:
            pool.append(commitment)

    def count(self, member: int) -> int:
        return len(self._by_member.get(member, ()))

    def take(self, member: int) -> Commitment | None:
        pool = self._by_member.get(member)
        return pool.pop(0) if pool else None

"""Nonces and commitments: each pair for one leader, and once."""

from collections.abc import Callable
from hashlib import sha256
from itertools import count

from relayer.frost import Commitment
from relayer.rounds.messages import Commitments
from relayer.rounds.nonces import BATCH, KEPT, OwnNonces, PeerCommitments

from .committee import dealt


def entropy() -> Callable[[int], bytes]:
    numbers = count()
    return lambda size: (sha256(f"{next(numbers)}".encode()).digest() * 3)[:size]


def nonces() -> OwnNonces:
    return OwnNonces(dealt(4, 3)[1], entropy())


def batch(own: OwnNonces, leader: int) -> tuple[Commitment, ...]:
    return Commitments.decode(own.offer(leader, wanted=False).body, 1).commitments


def test_a_pair_is_given_once_and_to_its_leader_only() -> None:
    own = nonces()
    commitment = own.fresh(2)
    assert own.take(1, commitment) is None
    assert own.take(2, commitment) is not None
    assert own.take(2, commitment) is None


def test_pairs_of_an_earlier_batch_stay_good_and_are_bounded() -> None:
    own = nonces()
    first = batch(own, 2)
    second = batch(own, 2)
    assert len(set(first + second)) == 2 * BATCH
    assert own.take(2, first[0]) is not None
    for _ in range(KEPT):
        own.fresh(2)
    assert own.take(2, second[0]) is None


def test_what_was_used_is_not_taken_in_again() -> None:
    own, peers = nonces(), PeerCommitments()
    offered = batch(own, 0)
    peers.replace(1, offered)
    assert peers.take(1) == offered[0]
    peers.add(1, offered[0])
    peers.add(1, offered[1])
    assert peers.count(1) == BATCH - 1
    peers.replace(1, offered)
    assert [peers.take(1) for _ in range(BATCH)] == [*offered[1:], None]


def test_a_flood_of_commitments_is_bounded() -> None:
    own, peers = nonces(), PeerCommitments()
    for _ in range(KEPT + 5):
        peers.add(1, own.fresh(0))
    assert peers.count(1) == KEPT

"""What a member takes up again after a restart, out of its safety store."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from relayer.agreement.bundle import CertifiedRound
from relayer.agreement.judging import Blobs, Judge, Missing, UnknownConfiguration
from relayer.agreement.params import Params
from relayer.agreement.records import Certified, Proposal
from relayer.agreement.voting import Lost
from relayer.rounds.machine import Restored

CERTIFICATES = 1024

Known = Sequence[tuple[Certified, CertifiedRound]]


class Kept(Protocol):
    """A certificate as the store keeps it."""

    @property
    def raw(self) -> bytes: ...


class Memoirs(Protocol):
    """The part of the safety store that is read at start."""

    def promise(self) -> int: ...

    def signed(self, round: int) -> bytes | None: ...  # noqa: A002 - the protocol's term

    def signed_above(self, round: int) -> Sequence[tuple[int, bytes, bytes]]: ...  # noqa: A002

    def observation(self, round: int) -> bytes | None: ...  # noqa: A002

    def proposal(self, round: int) -> bytes | None: ...  # noqa: A002

    def highest_certificate(self) -> tuple[int, bytes] | None: ...

    def certificates(self, limit: int, before: int | None = None) -> Sequence[Kept]: ...


def restored(store: Memoirs, judge: Judge, blobs: Blobs, lost: Lost | None, known: Known) -> Restored:
    """The machine's memory; `known` are the `outstanding` certificates. Raises `Missing` or `UnknownConfiguration`
    where the store does not hold, or the member file no longer names, what its own signatures stand on: then nothing
    may be signed."""
    promise = store.promise()
    highest: tuple[Certified, CertifiedRound] | None = None
    floor = 0
    if (found := store.highest_certificate()) is not None:
        certified = Certified.decode(found[1])
        highest = certified, judge.certified(certified, blobs)
        floor = certified.round
    signed = [Proposal.decode(raw) for _, _, raw in store.signed_above(floor)]
    return Restored(
        promise=promise,
        messages=_only(promise, store.signed),
        observations=_only(promise, store.observation),
        proposed=frozenset([promise] if store.proposal(promise) is not None else []),
        signed=tuple((p, judge.proposed(p, blobs)) for p in signed),
        certified=highest,
        certificates=tuple(round_ for _, round_ in known),
        lost=lost,
    )


def _only(round_: int, look_up: Callable[[int], bytes | None]) -> Mapping[int, bytes]:
    found = look_up(round_)
    return {} if found is None else {round_: found}


def outstanding(store: Memoirs, judge: Judge, blobs: Blobs) -> list[tuple[Certified, CertifiedRound]]:
    """The certificates of which a statement may still be in force, oldest first: newest back to the first whose every
    statement lies behind the highest one's horizons, or whose parts were pruned."""
    rounds: list[tuple[Certified, CertifiedRound]] = []
    for kept in store.certificates(CERTIFICATES):
        certified = Certified.decode(kept.raw)
        try:
            known = judge.certified(certified, blobs)
        except (Missing, UnknownConfiguration):
            break
        rounds.append((certified, known))
        if judge.behind(known, certified.basis.config_id, rounds[0][1].books):
            break
    return rounds[::-1]


def lost_since(lost_at: int, params: Params, configs: Sequence[Params]) -> Lost:
    """The amnesia rule: no round that begins before the loss plus skew, no horizon at or before the end of the longest
    lease that may have been signed."""
    longest = max(p.longest_lease for p in configs)
    return Lost(params.slot_at(lost_at + params.skew) + 1, lost_at + longest)

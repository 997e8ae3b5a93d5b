"""Keeping the books of one route: which entries of earlier rounds are outstanding, and which have ended.

An entry ends by expiry, when its destination's horizon has passed it, or by supersession, when some one later round
grants its destination no less for no shorter a time whichever of that round's alternatives is the certified one.
"""

from collections.abc import Callable, Mapping

from relayer.agreement.books import Alternative, Entry
from relayer.agreement.bundle import Bundle

Rounds = Mapping[int, tuple[Alternative, ...]]


def merged(route: bytes, bundle: Bundle) -> Rounds:
    """The route's outstanding rounds before anything ends: the books of the highest certificate, its own statements,
    and the proposals reported above it, as alternatives of their rounds."""
    rounds: dict[int, set[Alternative]] = {}
    if c := bundle.highest:
        rounds = {k: set(alternatives) for k, alternatives in c.books.route(route).rounds}
        rounds[c.round] = {c.entries.get(route, ())}
    for p in bundle.above:
        rounds.setdefault(p.round, set()).add(p.entries.get(route, ()))
    return _tidy(rounds)


def outstanding(rounds: Rounds, horizon: Callable[[bytes], int | None]) -> Rounds:
    """`rounds` without the entries that have ended. `horizon(domain)` is None where nothing may end by expiry."""

    def live(entry: Entry) -> bool:
        at = horizon(entry.domain)
        return at is None or not expired(entry, at)

    left = _tidy({k: {tuple(filter(live, a)) for a in alternatives} for k, alternatives in rounds.items()})
    if len(left) < 2:
        return left
    return _tidy(
        {k: {tuple(e for e in a if not covered(e, k, left)) for a in alternatives} for k, alternatives in left.items()}
    )


def expired(entry: Entry, horizon: int) -> bool:
    """Whether the entry's life lies behind the horizon. Strictly: at `horizon` itself somebody may still read."""
    return entry.expires_at < horizon


def covered(entry: Entry, round_: int, rounds: Rounds) -> bool:
    """Whether one later round covers the entry in each of its alternatives, judged by round and never in a mixture of
    alternatives: in the world where the other one is certified, nothing would cover it."""
    return any(k > round_ and all(_covers(a, entry) for a in alternatives) for k, alternatives in rounds.items())


def _covers(alternative: Alternative, entry: Entry) -> bool:
    return any(
        e.domain == entry.domain and e.cap >= entry.cap and e.expires_at >= entry.expires_at for e in alternative
    )


def _tidy(rounds: Mapping[int, set[Alternative]]) -> Rounds:
    """In order; without the rounds in which no alternative has an entry any more."""
    return {k: tuple(sorted(rounds[k])) for k in sorted(rounds) if any(rounds[k])}


def domains(rounds: Rounds) -> set[bytes]:
    """Every destination that an entry names."""
    return {e.domain for alternatives in rounds.values() for a in alternatives for e in a}


def largest(rounds: Rounds, domain: bytes, least: int) -> int:
    """The greatest cap for `domain` in any alternative of the rounds from `least` on; 0 where there is none."""
    caps = (
        e.cap for k, alternatives in rounds.items() if k >= least for a in alternatives for e in a if e.domain == domain
    )
    return max(caps, default=0)

"""`compute`: from a bundle of observations and the configuration to statements and books. Nothing else goes in.

Every member computes the same from the same bundle, bit for bit; a signer that gets something else refuses. Normative
text: docs/protocol.md, "Compute".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chains.encoding import Leaf
from relayer.agreement.books import Books
from relayer.agreement.bundle import Bundle
from relayer.agreement.disagreement import Verdict
from relayer.agreement.horizons import view
from relayer.agreement.params import Params
from relayer.agreement.routing import RouteResult, carried_on, compute_route
from relayer.agreement.shareout import Request, share_out
from relayer.agreement.units import floored

Allot = Callable[[Request], Mapping[bytes, int]]


@dataclass(frozen=True)
class Outcome:
    """What a round comes to. `verdicts` names outliers and splits by chain: reported, not signed."""

    round: int
    leaves: tuple[Leaf, ...]
    books: Books
    verdicts: Mapping[str, Verdict]
    results: Mapping[bytes, RouteResult]


def compute(bundle: Bundle, params: Params, allot: Allot = share_out) -> Outcome:
    """The statements and books of the bundle's round. `allot` is the share-out policy; the cap rule judges what it
    answers. Observations must be judged (`judging`), of one round, epoch and configuration, by distinct members."""
    round_ = bundle.observations[0].round
    old = bundle.highest.books if bundle.highest else Books()
    tolerances = _tolerances(params)
    reported = {chain for c in bundle.certificates for chain in c.books.horizons}
    chains = reported | params.destination_chains | {p.chain for r in params.routes for p in r.positions}
    views = {chain: view(chain, bundle, params, lambda p: tolerances.get(p, 0)) for chain in sorted(chains)}
    results = {r.id: compute_route(r, round_, bundle, old.route(r.id), views, params, allot) for r in params.routes}
    books = {route: result.books for route, result in results.items()}
    for route in _retained(bundle, old, params):
        books[route] = carried_on(route, bundle, old.route(route))
    leaves = tuple(leaf for result in results.values() for leaf in result.leaves)
    horizons = {chain: v.horizon for chain, v in views.items() if v.horizon}
    return Outcome(round_, leaves, Books(horizons, books), {c: v.verdict for c, v in views.items()}, results)


def _tolerances(params: Params) -> dict[bytes, int]:
    """By position, in base units of its asset."""
    return {
        p.id: floored(route.tolerance, route.decimals, p.decimals)
        for route in params.routes
        if route.tolerance
        for p in route.positions
    }


def _retained(bundle: Bundle, old: Books, params: Params) -> set[bytes]:
    """Routes that the configuration no longer has, but books or reported proposals do: nothing of them is forgotten."""
    known = set(old.routes) | {route for p in bundle.above for route in p.entries}
    if bundle.highest:
        known |= set(bundle.highest.entries)
    return known - {r.id for r in params.routes}

"""What `compute` gets to see: judged observations with everything that they refer to, resolved."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from chains.encoding import Leaf, MintCap
from relayer.agreement.books import Books, Entry
from relayer.agreement.observation import Observation
from relayer.agreement.params import Params
from relayer.agreement.units import ceiled

Entries = Mapping[bytes, tuple[Entry, ...]]


class Invalid(ValueError):
    """Signed by its author and yet not valid: evidence against the author."""


@dataclass(frozen=True)
class CertifiedRound:
    """A certificate's round: its statements as entries by route, and the books that it was computed from."""

    id: bytes
    round: int
    epoch: int
    entries: Entries
    books: Books


@dataclass(frozen=True)
class ProposedRound:
    """A valid proposal above some certificate; it may or may not have been certified."""

    id: bytes
    round: int
    epoch: int
    entries: Entries


@dataclass(frozen=True)
class Bundle:
    """Observations of distinct members, in the order of the members. `certified` and `proposed` hold, by id, every
    round that they refer to; a referred proposal that is in neither had expired altogether."""

    observations: tuple[Observation, ...]
    certified: Mapping[bytes, CertifiedRound] = field(default_factory=dict)
    proposed: Mapping[bytes, ProposedRound] = field(default_factory=dict)

    @cached_property
    def certificates(self) -> tuple[CertifiedRound, ...]:
        """The reported certificates, rising by round."""
        ids = {o.certificate.id for o in self.observations if o.certificate}
        return tuple(sorted((self.certified[i] for i in ids), key=lambda c: (c.round, c.id)))

    @cached_property
    def highest(self) -> CertifiedRound | None:
        return self.certificates[-1] if self.certificates else None

    @cached_property
    def above(self) -> tuple[ProposedRound, ...]:
        """The reported proposals above the highest certificate; those below it that its books lack are void."""
        floor = self.highest.round if self.highest else 0
        ids = {p.id for o in self.observations for p in o.proposals if p.round > floor}
        found = (self.proposed[i] for i in ids if i in self.proposed)
        return tuple(sorted(found, key=lambda p: (p.round, p.id)))


def entries_of(leaves: Iterable[Leaf], params: Params) -> Entries:
    """The mint caps among `leaves` as entries by route, in route units (ceiled), under the configuration that made
    them. Raises `Invalid` for a route or deployment that the configuration does not have."""
    found: dict[bytes, list[Entry]] = {}
    for leaf in leaves:
        if isinstance(leaf, MintCap):
            route = params.route(leaf.route)
            deployment = next((d for d in route.deployments if d.domain == leaf.domain), None) if route else None
            if route is None or deployment is None:
                raise Invalid("a statement for a deployment that the configuration does not have")
            cap = ceiled(leaf.mint_cap, deployment.decimals, route.decimals)
            found.setdefault(route.id, []).append(Entry(leaf.domain, cap, leaf.expires_at))
    return {route: tuple(sorted(entries)) for route, entries in found.items()}

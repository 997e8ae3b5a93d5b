"""Hypothesis strategies for everything that the agreement encodes."""

from hypothesis import strategies as st

from chains.encoding import Certificate, Header, Leaf, MintCap
from relayer.agreement.books import STATUS, Alternative, Books, DeploymentRecord, Entry, RouteBooks
from relayer.agreement.observation import ChainReading, GateReading, Observation, PositionReading
from relayer.agreement.records import Basis, Certified, Proposal

u16 = st.integers(0, (1 << 16) - 1)
u64 = st.integers(0, (1 << 64) - 1)
u256 = st.one_of(st.integers(0, 1000), st.integers(0, (1 << 256) - 1))
b32 = st.binary(min_size=32, max_size=32)
names = st.text("abcdefgh:-019", min_size=1, max_size=12)

headers = st.builds(Header, u64, u64, b32, b32)
bases = st.builds(Basis, b32, b32, b32, b32)
proposals = st.builds(Proposal, headers, bases, st.binary(min_size=64, max_size=64))
certificates = st.builds(Certificate, headers, st.binary(min_size=33, max_size=33), b32)
certified = st.builds(Certified, certificates, bases)
mint_caps = st.builds(MintCap, b32, b32, u256, u256, u256, u64, u64)


@st.composite
def position_readings(draw: st.DrawFn) -> PositionReading:
    amount = draw(u256)
    return PositionReading(draw(b32), amount, draw(st.integers(0, amount)), draw(b32))


gate_readings = st.builds(GateReading, b32, b32, u256, u64, u256)


@st.composite
def chain_readings(draw: st.DrawFn) -> ChainReading:
    positions = draw(st.lists(position_readings(), max_size=3, unique_by=lambda p: p.position))
    gates = draw(st.lists(gate_readings, max_size=3, unique_by=lambda g: g.key))
    return ChainReading(
        draw(names),
        draw(u64),
        draw(b32),
        draw(u64),
        tuple(sorted(positions, key=lambda p: p.position)),
        tuple(sorted(gates, key=lambda g: g.key)),
    )


def _at(round_: int, header: Header) -> Header:
    return Header(header.epoch, round_, header.evidence, header.root)


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    rounds = sorted(draw(st.sets(st.integers(1, (1 << 64) - 1), min_size=2, max_size=5)))
    first = draw(st.none() | certified)
    if first is not None:
        header = _at(rounds[0], first.header)
        first = Certified(Certificate(header, first.certificate.r, first.certificate.z), first.basis)
    inner = [draw(proposals) for _ in rounds[1:-1]]
    reported = tuple(Proposal(_at(k, p.header), p.basis, p.signature) for k, p in zip(rounds[1:-1], inner, strict=True))
    chains = draw(st.lists(chain_readings(), max_size=3, unique_by=lambda c: c.chain))
    return Observation(
        draw(b32),
        draw(u64),
        rounds[-1],
        draw(u16),
        first,
        reported,
        tuple(sorted(chains, key=lambda c: c.chain.encode())),
        draw(st.binary(min_size=64, max_size=64)),
    )


entries = st.builds(Entry, b32, u256, u64)


@st.composite
def alternatives(draw: st.DrawFn) -> Alternative:
    return tuple(sorted(draw(st.lists(entries, max_size=3, unique_by=lambda e: e.domain))))


@st.composite
def route_books(draw: st.DrawFn) -> RouteBooks:
    rounds = []
    for k in sorted(draw(st.sets(u64, max_size=3))):
        of_round = draw(st.sets(alternatives(), min_size=1, max_size=3).filter(any))
        rounds.append((k, tuple(sorted(of_round))))
    records = draw(
        st.lists(st.builds(DeploymentRecord, b32, u256, u256, u256), max_size=3, unique_by=lambda d: d.domain)
    )
    return RouteBooks(
        draw(b32),
        draw(u64),
        draw(st.integers(0, len(STATUS) - 1)),
        draw(u64),
        draw(u64),
        draw(u256),
        tuple(sorted(records, key=lambda d: d.domain)),
        tuple(rounds),
    )


@st.composite
def books(draw: st.DrawFn) -> Books:
    routes = draw(st.lists(route_books(), max_size=3, unique_by=lambda r: r.route))
    return Books(draw(st.dictionaries(names, u64, max_size=3)), {r.route: r for r in routes})


@st.composite
def statements(draw: st.DrawFn) -> tuple[Leaf, ...]:
    leaves = draw(st.lists(mint_caps, max_size=4, unique_by=lambda leaf: leaf.key))
    return tuple(sorted(leaves, key=lambda leaf: leaf.encode()))

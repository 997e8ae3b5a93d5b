"""What is signed, stored or sent has one encoding, and nothing else decodes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.encoding import Leaf
from chains.wire import EncodingError, Reader, Writer
from relayer.agreement.books import Books, Entry, RouteBooks
from relayer.agreement.observation import (
    ChainReading,
    GateReading,
    Observation,
    PositionReading,
    decode_manifest,
    encode_manifest,
)
from relayer.agreement.records import Certified, Proposal, decode_statements, encode_statements

from . import strategies as ours

quick = settings(deadline=None, max_examples=60)

Decode = Callable[[bytes], Any]
Encode = Callable[[Any], bytes]
CODECS: dict[str, tuple[st.SearchStrategy[Any], Encode, Decode]] = {
    "observation": (ours.observations(), lambda o: o.encode(), Observation.decode),
    "proposal": (ours.proposals, lambda p: p.encode(), Proposal.decode),
    "certified": (ours.certified, lambda c: c.encode(), Certified.decode),
    "books": (ours.books(), lambda b: b.encoded, Books.decode),
    "statements": (ours.statements(), encode_statements, decode_statements),
    "manifest": (st.lists(ours.b32, max_size=8).map(tuple), encode_manifest, decode_manifest),
}
each = pytest.mark.parametrize("name", CODECS)


@each
@quick
@given(data=st.data())
def test_round_trip(name: str, data: st.DataObject) -> None:
    strategy, encode, decode = CODECS[name]
    value = data.draw(strategy)
    assert decode(encode(value)) == value


@each
@quick
@given(raw=st.binary(max_size=400))
def test_arbitrary_bytes(name: str, raw: bytes) -> None:
    _, encode, decode = CODECS[name]
    try:
        value = decode(raw)
    except EncodingError:
        return
    assert encode(value) == raw


@each
@quick
@given(data=st.data())
def test_altered_bytes_are_refused_or_mean_something_else(name: str, data: st.DataObject) -> None:
    strategy, encode, decode = CODECS[name]
    raw = encode(data.draw(strategy))
    at = data.draw(st.integers(0, len(raw) - 1))
    altered = raw[:at] + bytes([raw[at] ^ data.draw(st.integers(1, 255))]) + raw[at + 1 :]
    try:
        value = decode(altered)
    except EncodingError:
        return
    assert encode(value) == altered
    assert value != decode(raw)


@each
@quick
@given(data=st.data())
def test_truncated_or_extended(name: str, data: st.DataObject) -> None:
    strategy, encode, decode = CODECS[name]
    raw = encode(data.draw(strategy))
    with pytest.raises(EncodingError):
        decode(raw[: data.draw(st.integers(0, len(raw) - 1))])
    with pytest.raises(EncodingError):
        decode(raw + b"\x00")


@quick
@given(ours.observations(), ours.b32)
def test_rounds_of_an_observation_rise(o: Observation, other: bytes) -> None:
    if o.proposals:
        with pytest.raises(EncodingError, match="rise"):
            Observation.decode(replace(o, proposals=(*o.proposals, o.proposals[-1])).encode())
    if o.certificate:
        with pytest.raises(EncodingError, match="rise"):
            Observation.decode(replace(o, round=o.certificate.round).encode())
    reading = PositionReading(other, 1, 2, other)
    if o.chains:
        chains = (replace(o.chains[0], positions=(reading,)), *o.chains[1:])
        with pytest.raises(EncodingError, match="floor"):
            Observation.decode(replace(o, chains=chains).encode())


@quick
@given(ours.observations())
def test_the_signature_covers_everything_else(o: Observation) -> None:
    assert o.encode() == o.body + o.signature
    assert o.signed_part.endswith(o.body)
    assert replace(o, signature=bytes(64)).signed_part == o.signed_part


@quick
@given(ours.statements())
def test_statements_in_another_order_are_refused(leaves: tuple[Leaf, ...]) -> None:
    raw = [leaf.encode() for leaf in reversed(leaves)]
    if len(raw) > 1:
        wrong = len(raw).to_bytes(4, "big") + b"".join(len(x).to_bytes(2, "big") + x for x in raw)
        with pytest.raises(EncodingError, match="ascending"):
            decode_statements(wrong)


@pytest.mark.parametrize(
    "rounds",
    [
        ((1, ((),)),),
        ((1, ((Entry(bytes(32), 1, 1),), (Entry(bytes(32), 1, 1),))),),
        ((1, ((Entry(bytes(32), 1, 1),), ())),),
        ((2, ((Entry(bytes(32), 1, 1),),)), (1, ((Entry(bytes(32), 1, 1),),))),
        ((1, ((Entry(bytes(32), 1, 1), Entry(bytes(32), 2, 1)),)),),
    ],
    ids=["no entry", "twice", "alternatives out of order", "rounds out of order", "a destination twice"],
)
def test_books_that_are_not_canonical(rounds: Any) -> None:
    written = Books({}, {bytes(32): RouteBooks(bytes(32), rounds=rounds)}).encoded
    with pytest.raises(EncodingError):
        Books.decode(written)


def test_a_status_that_is_not_known() -> None:
    with pytest.raises(EncodingError, match="status"):
        Books.decode(Books({}, {bytes(32): RouteBooks(bytes(32), status=9)}).encoded)


def test_the_routes_of_one_gate_are_listed_in_order_and_once() -> None:
    def chain(*routes: int) -> bytes:
        gates = tuple(GateReading(bytes(32), bytes([route]) * 32, route, 1, 2) for route in routes)
        w = Writer()
        ChainReading("x", 1, bytes(32), 1, (), gates).encode(w)
        return bytes(w)

    read = ChainReading.read(Reader(chain(1, 2)))
    assert [read.gate((bytes(32), bytes([route]) * 32)) for route in (1, 2)] == list(read.gates)
    assert read.gate((bytes(32), bytes([3]) * 32)) is None
    for routes in ((2, 1), (1, 1)):
        with pytest.raises(EncodingError, match="gates"):
            ChainReading.read(Reader(chain(*routes)))


def test_a_huge_count_is_refused_before_anything_is_read() -> None:
    with pytest.raises(EncodingError, match="do not fit"):
        decode_statements(b"\xff\xff\xff\xff" + bytes(8))

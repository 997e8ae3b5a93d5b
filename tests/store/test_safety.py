"""The safety store's methods: what binds the member never changes, and survives closing and opening."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from chains.hashing import keccak256
from chains.types import Journal
from relayer.store import schema
from relayer.store.errors import Conflict, StoreFailed
from relayer.store.safety import Amnesia, Binding, Certified, Dispute, Point, Reading, SafetyStore

BINDING = Binding(keccak256(b"group"), 2, keccak256(b"identity"))
M1, M2 = keccak256(b"message 1"), keccak256(b"message 2")


def blob_map(*values: bytes) -> dict[bytes, bytes]:
    return {keccak256(value): value for value in values}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'safety.db'}"


@pytest.fixture
def store(url: str) -> Iterator[SafetyStore]:
    with SafetyStore.create(url, BINDING) as made:
        yield made


def test_a_new_store_is_empty(store: SafetyStore) -> None:
    assert store.promise() == 0
    assert (store.observation(0), store.proposal(0), store.signed(0)) == (None, None, None)
    assert store.signed_above(0) == []
    assert store.highest_certificate() is None
    assert store.amnesia() is None
    assert store.failure is None


def test_the_promise_only_rises(store: SafetyStore) -> None:
    for asked, then in [(5, 5), (3, 5), (5, 5), (9, 9), (0, 9)]:
        store.raise_promise(asked)
        assert store.promise() == then
    for bad in (-1, 1 << 63):
        with pytest.raises(Conflict, match="round number"):
            store.raise_promise(bad)


@pytest.mark.parametrize("what", ["observation", "proposal"])
def test_one_per_round_and_none_below_the_promise(store: SafetyStore, what: str) -> None:
    record, read = getattr(store, f"record_{what}"), getattr(store, what)
    record(4, b"first")
    assert store.promise() == 4
    record(4, b"first")
    with pytest.raises(Conflict, match="another one"):
        record(4, b"second")
    store.raise_promise(6)
    for value in (b"first", b"late"):
        with pytest.raises(Conflict, match="below round 6"):
            record(5, value)
    assert (read(4), read(5), read(6)) == (b"first", None, None)
    record(6, b"")
    assert read(6) == b""


def test_one_message_per_round(store: SafetyStore) -> None:
    store.record_signature(3, M1, b"proposal", b"c1", blob_map(b"a", b"b"))
    assert store.promise() == 3
    store.record_signature(3, M1, b"proposal", b"c2", {})  # another session for the same message
    with pytest.raises(Conflict, match="another message"):
        store.record_signature(3, M2, b"proposal", b"c3", {})
    with pytest.raises(Conflict, match="used before"):
        store.record_signature(3, M1, b"proposal", b"c1", {})
    with pytest.raises(Conflict, match="used before"):
        store.record_signature(4, M2, b"proposal", b"c2", {})
    assert store.promise() == 3  # a refused one changes nothing
    store.record_signature(7, M2, b"proposal 2", b"c3", {})
    with pytest.raises(Conflict, match="below round 7"):
        store.record_signature(6, M1, b"proposal", b"c4", {})
    with pytest.raises(Conflict, match="expected 32"):
        store.record_signature(8, b"short", b"proposal", b"c4", {})
    assert store.signed(3) == M1
    assert store.signed_above(2) == [(3, M1, b"proposal"), (7, M2, b"proposal 2")]
    assert store.signed_above(3) == [(7, M2, b"proposal 2")]
    assert store.blob(keccak256(b"a")) == b"a"


def test_a_signature_with_a_false_blob_is_not_recorded_at_all(store: SafetyStore) -> None:
    with pytest.raises(Conflict, match="does not hash"):
        store.record_signature(3, M1, b"p", b"c1", blob_map(b"good") | {keccak256(b"x"): b"y"})
    assert (store.signed(3), store.promise(), store.blob(keccak256(b"good"))) == (None, 0, None)
    store.record_signature(3, M2, b"p", b"c1", {})  # neither message nor commitment was taken


steps = st.lists(
    st.tuples(
        st.sampled_from(["promise", "observation", "proposal", "signature", "reopen"]),
        st.integers(0, 6),
        st.integers(0, 2),
        st.integers(0, 5),
    ),
    max_size=25,
)


@given(steps)
@settings(max_examples=25, deadline=None)
def test_no_sequence_of_calls_makes_it_contradict_itself(
    tmp_path_factory: pytest.TempPathFactory, script: list[tuple[str, int, int, int]]
) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('store') / 'safety.db'}"
    store = SafetyStore.create(url, BINDING)
    released: dict[tuple[str, int], bytes] = {}
    used: set[bytes] = set()
    promised = 0
    for what, round_, variant, nonce in script:
        value = keccak256(bytes([variant]))
        commitment = bytes([nonce])
        try:
            match what:
                case "promise":
                    store.raise_promise(round_)
                case "observation":
                    store.record_observation(round_, value)
                case "proposal":
                    store.record_proposal(round_, value)
                case "signature":
                    store.record_signature(round_, value, b"p", commitment, {})
                case _:
                    store.close()
                    store = SafetyStore.open(url, BINDING)
        except Conflict:
            continue
        if what in ("observation", "proposal", "signature"):
            assert released.setdefault((what, round_), value) == value
            assert round_ >= promised
        if what == "signature":
            assert commitment not in used
            used.add(commitment)
        assert store.promise() >= promised
        promised = store.promise()
    store.close()


def test_everything_is_there_after_opening_anew(url: str) -> None:
    with SafetyStore.create(url, BINDING) as store:
        store.record_observation(5, b"o")
        store.record_proposal(5, b"p")
        store.record_signature(5, M1, b"p", b"c", blob_map(b"blob"))
        store.record_certificate(4, M2, b"certificate")
        store.record_checkpoint("eip155:1", 10, M1, 1000)
        store.record_reading(M1, 1000, 2**256 - 1)
        store.record_dispute("equivocation", 4, 3, b"evidence")
        store.journal("eip155:1").put("key", b"value")
        store.record_note("name", b"free")
    with SafetyStore.open(url, BINDING) as store:
        assert store.promise() == 5
        assert (store.observation(5), store.proposal(5), store.signed(5)) == (b"o", b"p", M1)
        with pytest.raises(Conflict):
            store.record_signature(5, M2, b"p", b"c2", {})
        with pytest.raises(Conflict):
            store.record_signature(5, M1, b"p", b"c", {})
        assert store.blob(keccak256(b"blob")) == b"blob"
        assert store.highest_certificate() == (4, b"certificate")
        assert store.checkpoint("eip155:1") == Point(10, M1, 1000)
        assert store.readings(M1, 0) == [Reading(1000, 2**256 - 1)]
        assert store.disputes() == [Dispute("equivocation", 4, 3, b"evidence")]
        assert store.journal("eip155:1").get("key") == b"value"
        assert store.note("name") == b"free"


def test_rounds_are_pruned_only_where_promise_and_certificate_exclude_them(store: SafetyStore) -> None:
    for round_ in (1, 2, 3):
        store.record_observation(round_, b"o")
        store.record_signature(round_, M1, b"p", b"c%d" % round_, {})
    with pytest.raises(Conflict, match="still bind"):
        store.prune_rounds(2)  # no certificate yet
    store.record_certificate(2, M1, b"c")
    with pytest.raises(Conflict, match="still bind"):
        store.prune_rounds(3)
    store.prune_rounds(2)
    assert store.signed_above(0) == [(2, M1, b"p"), (3, M1, b"p")]
    assert (store.observation(1), store.observation(2)) == (None, b"o")
    with pytest.raises(Conflict, match="below round 3"):
        store.record_signature(1, M2, b"p", b"c9", {})
    store.record_certificate(9, M1, b"c")
    with pytest.raises(Conflict, match="still bind"):
        store.prune_rounds(4)  # not promised


def test_blobs(store: SafetyStore) -> None:
    store.put_blobs(blob_map(b"a", b"b", b"c", b""))
    store.put_blobs(blob_map(b"a"))
    with pytest.raises(Conflict, match="does not hash"):
        store.put_blobs({keccak256(b"d"): b"e"})
    assert store.prune([keccak256(b"a"), keccak256(b"unknown")]) == 3
    assert store.blob(keccak256(b"a")) == b"a"
    assert store.blob(keccak256(b"b")) is None


def test_certificates(store: SafetyStore) -> None:
    for round_ in (3, 1, 7):
        store.record_certificate(round_, M1, b"certificate %d" % round_)
    store.record_certificate(3, M1, b"the same header, signed again")
    with pytest.raises(Conflict, match="two must not exist"):
        store.record_certificate(3, M2, b"other")
    assert store.highest_certificate() == (7, b"certificate 7")
    assert (store.certificate(3), store.certificate(2)) == (b"certificate 3", None)
    assert [c.round for c in store.certificates(2)] == [7, 3]
    assert store.certificates(5, before=3) == [Certified(1, M1, b"certificate 1")]


def test_checkpoints_never_go_back(store: SafetyStore) -> None:
    chain = "eip155:1"
    assert store.checkpoint(chain) is None
    store.record_checkpoint(chain, 10, M1, 100)
    store.record_checkpoint(chain, 10, M1, 100)
    for height, digest, time in [(9, M1, 100), (10, M2, 100), (10, M1, 101)]:
        with pytest.raises(Conflict, match="never go back"):
            store.record_checkpoint(chain, height, digest, time)
    store.record_checkpoint(chain, 11, M2, 112)
    store.record_checkpoint("eip155:2", 1, M1, 1)
    assert store.checkpoint(chain) == Point(11, M2, 112)


def test_readings_reach_back_to_the_last_one_before(store: SafetyStore) -> None:
    for time, amount in [(10, 100), (20, 90), (30, 95), (20, 80), (20, 85)]:
        store.record_reading(M1, time, amount)
    store.record_reading(M2, 15, 7)
    everything = [Reading(10, 100), Reading(20, 80), Reading(30, 95)]
    assert store.readings(M1, 5) == everything
    assert store.readings(M1, 10) == everything
    assert store.readings(M1, 19) == everything
    assert store.readings(M1, 20) == everything[1:]
    assert store.readings(M1, 99) == everything[2:]
    store.prune_readings(25)
    assert store.readings(M1, 0) == everything[1:]
    assert store.readings(M2, 0) == [Reading(15, 7)]


def test_disputes_are_kept_once_in_order(store: SafetyStore) -> None:
    for raw in (b"x", b"y", b"x"):
        store.record_dispute("double share", 4, 1, raw)
    assert [d.raw for d in store.disputes()] == [b"x", b"y"]


def test_the_journal_is_one_per_chain(store: SafetyStore) -> None:
    a: Journal = store.journal("eip155:1")
    b = store.journal("eip155:2")
    a.put("tx/2", b"two")
    a.put("tx/1", b"one")
    a.put("tx_1", b"an underscore is no wildcard")
    a.put("tx/2", b"two again")
    b.put("tx/1", b"other")
    assert a.items("tx/") == [("tx/1", b"one"), ("tx/2", b"two again")]
    a.delete("tx/1")
    a.delete("tx/1")
    assert (a.get("tx/1"), b.get("tx/1"), a.get("tx/2")) == (None, b"other", b"two again")


def test_amnesia_is_remembered(tmp_path: Path, url: str) -> None:
    with SafetyStore.recover(url, BINDING, 1234, "disk lost") as store:
        assert store.amnesia() == Amnesia(1234, "disk lost")
    with SafetyStore.open(url, BINDING) as store:
        assert store.amnesia() == Amnesia(1234, "disk lost")


def test_after_closing_nothing_works(store: SafetyStore) -> None:
    store.close()
    with pytest.raises(StoreFailed, match="closed"):
        store.promise()


def test_the_tables_exist_in_postgresql_too() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in schema.metadata.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=dialect))


def test_a_round_beyond_every_column_does_not_fail_the_store(store: SafetyStore) -> None:
    beyond = 2**64 - 1
    assert store.certificate(beyond) is None
    store.record_certificate(3, M1, b"raw")
    assert [c.round for c in store.certificates(5, before=beyond)] == [3]
    store.record_dispute("invalid", beyond, 1, b"evidence")
    assert [d.raw for d in store.disputes()] == [b"evidence"]
    assert store.failure is None


def test_a_member_cannot_fill_the_store_with_disputes(store: SafetyStore) -> None:
    for i in range(100):
        store.record_dispute("invalid", i, 1, b"%d" % i)
    store.record_dispute("two observations", 7, 1, b"another kind")
    store.record_dispute("invalid", 7, 2, b"another member")
    kept = store.disputes()
    assert [d.raw for d in kept[:-2]] == [b"%d" % i for i in range(16)]
    assert [d.raw for d in kept[-2:]] == [b"another kind", b"another member"]

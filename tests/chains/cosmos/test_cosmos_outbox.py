"""The journal of a Cosmos account: what is written is read back, and nothing else is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.cosmos.outbox import MOST_ATTEMPTS, Attempt, Entry, Outbox
from chains.cosmos.transactions import Signed
from chains.wire import EncodingError
from tests.chains.memory import MemoryJournal

U64, U256 = st.integers(0, 2**64 - 1), st.integers(0, 2**256 - 1)
ATTEMPTS = st.builds(Attempt, st.integers(1, 2**64 - 1), U256, U64, st.binary(max_size=300).map(Signed.of))
ENTRIES = st.builds(
    Entry,
    st.just("r5"),
    st.text("abcdefghijklmnopqrstuvwxyz0123456789", max_size=90),
    st.binary(min_size=32, max_size=32),
    st.binary(max_size=1300),
    st.text("abcdefghijklmnopqrstuvwxyz0123456789", max_size=90),
    U64,
    st.integers(0, 2**16 - 1),
    U256,
    st.lists(ATTEMPTS, min_size=1, max_size=MOST_ATTEMPTS).map(tuple),
)


@given(ENTRIES)
def test_what_is_written_is_read_back_and_has_one_encoding(entry: Entry) -> None:
    encoded = entry.encode()
    assert Entry.decode("r5", encoded) == entry
    for wrong in (encoded[:-1], encoded + b"\0", b""):
        with pytest.raises(EncodingError):
            Entry.decode("r5", wrong)


@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_an_entry_or_refused(encoded: bytes) -> None:
    try:
        found = Entry.decode("r5", encoded)
    except EncodingError:
        return
    assert found.encode() == encoded


def test_an_entry_without_an_attempt_is_refused() -> None:
    attempt = Attempt(1, 1, 1, Signed.of(b""))
    encoded = Entry("r5", "g", bytes(32), b"", "s", 1, 1, 0, (attempt,)).encode()
    with pytest.raises(EncodingError, match="attempts: none"):
        Entry.decode("r5", _without(encoded))


def _without(encoded: bytes) -> bytes:
    # count u8, then gas u64, fee u256, timeout u64, length u32 of no bytes.
    return encoded[:-53] + b"\0"


def test_an_entry_lives_as_long_as_its_longest_attempt() -> None:
    made = tuple(Attempt(10, fee, timeout, Signed.of(b"%d" % fee)) for fee, timeout in ((1, 30), (2, 20)))
    entry = Entry("r5", "g", bytes(32), b"s", "a", 1, 1, 0, made)
    assert (entry.timeout_height, entry.newest.fee) == (30, 2)
    assert "b's'" not in repr(entry)


def test_the_journal_keeps_them_by_key() -> None:
    journal = MemoryJournal()
    outbox, attempt = Outbox(journal), Attempt(1, 2, 3, Signed.of(b"x"))
    for key in ("b", "a"):
        outbox.put(Entry(key, "g", bytes(32), b"", "s", 1, 1, 0, (attempt,)))
    assert [entry.key for entry in Outbox(journal).entries()] == ["a", "b"]
    outbox.delete("a")
    assert outbox.get("a") is None
    assert outbox.get("b") is not None

"""Bids, and the encoding of what is journalled: pure."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.encoding import EncodingError
from chains.evm import fees
from chains.evm.fees import Bid
from chains.evm.options import MemberOptions
from chains.evm.outbox import Attempt, Entry

OPTIONS = MemberOptions.model_validate(
    {
        "endpoints": [{"name": n, "url": f"http://{n}.example"} for n in "ab"],
        "max_fee_per_gas": 10**11,
        "priority_fee_per_gas": 10**9,
    }
)


@settings(deadline=None)
@given(base_fee=st.integers(0, 2 * 10**11))
def test_a_first_bid_covers_the_next_block_within_the_cap(base_fee: int) -> None:
    bid = fees.first(base_fee, OPTIONS)
    if bid is None:
        assert base_fee * 9 // 8 + 1 > OPTIONS.max_fee_per_gas
    else:
        assert base_fee * 9 // 8 < bid.max_fee <= OPTIONS.max_fee_per_gas
        assert 0 <= bid.tip <= bid.max_fee


@settings(deadline=None)
@given(max_fee=st.integers(0, 10**11), tip=st.integers(0, 10**10), base_fee=st.integers(0, 10**12))
def test_a_bump_is_enough_for_nodes_and_within_the_cap(max_fee: int, tip: int, base_fee: int) -> None:
    before = Bid(max(max_fee, tip), tip)
    bid = fees.bumped(before, base_fee, OPTIONS)
    if bid is not None:
        assert bid.max_fee <= OPTIONS.max_fee_per_gas
        assert bid.max_fee * 8 >= before.max_fee * 9
        assert bid.tip * 8 >= before.tip * 9
        assert bid.tip <= bid.max_fee
        assert bid.max_fee > before.max_fee


def test_an_entry_of_the_journal_has_one_encoding() -> None:
    attempt = Attempt(b"\x01" * 32, b"raw", Bid(5, 3), 17)
    entry = Entry("key", 7, 21_000, b"\x02" * 20, b"data", (attempt, attempt))
    assert Entry.decode("key", entry.encode()) == entry
    for broken in (entry.encode()[:-1], entry.encode() + b"\0"):
        with pytest.raises(EncodingError):
            Entry.decode("key", broken)

"""The pure parts of writing: transactions and what is said of them, bids, the journal, endpoints' answers."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from chains.errors import ChainError, Refused
from chains.solana import fees, sending
from chains.solana.outbox import Entry, Outbox
from chains.solana.sending import Blockhash, Details, Simulated, Status
from chains.solana.submit import named, with_margin
from chains.solana.transactions import MOST_BYTES, Failure, Key, Signed, check_size, failure, fee, size
from chains.values import BadValue
from chains.wire import EncodingError
from tests.chains.memory import MemoryJournal
from tests.chains.solana.ledger import options
from tests.chains.statements import seed

ACCOUNT = Key(seed("account"))
OTHER = Key(seed("other"))
HASH = seed("blockhash")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=3),
    max_leaves=10,
)


def instruction(data: bytes, *signers: Key) -> Instruction:
    accounts = [AccountMeta(Pubkey.from_string(key.address), True, False) for key in signers]
    return Instruction(Pubkey(seed("program")), data, accounts)


def test_a_transaction_is_measured_and_signed_by_all_who_must() -> None:
    for signers in ((), (OTHER,)):
        message = ACCOUNT.message([instruction(bytes(100), *signers)], 5, 7, HASH)
        signed = ACCOUNT.signed(message, signers)
        assert len(signed.raw) == size(message)
        made = VersionedTransaction.from_bytes(signed.raw)
        assert bytes(made.signatures[0]) == signed.signature
        assert all(made.verify_with_results())
        assert bytes(made.message.recent_blockhash) == HASH
    with pytest.raises(ChainError, match="cannot be signed"):
        ACCOUNT.signed(message)
    room = MOST_BYTES - size(ACCOUNT.message([instruction(bytes(200))], 5, 7, HASH))
    check_size(ACCOUNT.message([instruction(bytes(200 + room))], 5, 7, HASH))
    with pytest.raises(ChainError, match="1233 bytes"):
        check_size(ACCOUNT.message([instruction(bytes(201 + room))], 5, 7, HASH))


def test_a_key_shows_its_address_only() -> None:
    assert repr(ACCOUNT) == f"Key({ACCOUNT.address})"
    with pytest.raises(Refused, match="32 bytes"):
        Key(bytes(33))


@pytest.mark.parametrize(
    ("limit", "price", "lamports"), [(0, 0, 5_000), (200_000, 0, 5_000), (1, 1, 5_001), (40_000, 1_000, 5_040)]
)
def test_a_fee_is_the_signature_and_the_whole_limit_rounded_up(limit: int, price: int, lamports: int) -> None:
    assert fee(limit, price) == lamports
    assert fee(limit, price, 2) == lamports + 5_000


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, None),
        ("BlockhashNotFound", Failure("BlockhashNotFound")),
        ({"InsufficientFundsForRent": {"account_index": 0}}, Failure("InsufficientFundsForRent")),
        ({"InstructionError": [2, {"Custom": 23}]}, Failure("Custom", 2, 23)),
        ({"InstructionError": [0, "InvalidAccountData"]}, Failure("InvalidAccountData", 0)),
        ({"InstructionError": [0, {"BorshIoError": "Unknown"}]}, Failure("BorshIoError", 0)),
    ],
)
def test_errors_are_read_as_nodes_write_them(value: Any, found: Failure | None) -> None:
    assert failure(value) == found


@pytest.mark.parametrize(
    "value",
    [
        0, False, [], {}, "", "two words", {"a": 1, "b": 2}, {"InstructionError": []}, {"InstructionError": [1]},
        {"InstructionError": ["1", "A"]}, {"InstructionError": [256, "A"]}, {"InstructionError": [True, "A"]},
        {"InstructionError": [1, {"Custom": -1}]}, {"InstructionError": [1, {"Custom": 1 << 32}]},
        {"InstructionError": [1, {"Custom": "1"}]}, {"InstructionError": [1, {}]}, {"InstructionError": [1, None]},
    ],
)  # fmt: skip
def test_what_is_no_error_is_none_and_never_success(value: Any) -> None:
    with pytest.raises(BadValue):
        failure(value)


def test_only_the_number_of_the_gates_own_instruction_is_the_gates_error() -> None:
    assert named(None) == ""
    assert named(Failure("Custom", 2, 45)) == "ExceedsCap"
    assert named(Failure("Custom", 1, 45)) == "Custom 45 of instruction 1"
    assert named(Failure("Custom", 2, 9999)) == "Custom 9999 of instruction 2"
    assert named(Failure("BlockhashNotFound")) == "BlockhashNotFound"


BIDS = st.integers(0, 10**12)


@given(before=BIDS, recent=BIDS, least=st.integers(0, 10**6), room=st.integers(0, 10**6))
def test_bids_stay_within_the_cap_and_rise(before: int, recent: int, least: int, room: int) -> None:
    chosen = options(priority_fee=least, max_priority_fee=least + room)
    assert least <= fees.first(recent, chosen) <= least + room
    again = fees.again(before, recent, chosen)
    assert again <= least + room
    assert again == least + room or 2 * again >= 3 * before
    assert again == least + room or again > before


@given(honest=st.lists(BIDS, min_size=3, max_size=5), liars=st.lists(BIDS, max_size=2))
def test_fewer_liars_than_the_quorum_move_no_bid_beyond_the_honest_ones(honest: list[int], liars: list[int]) -> None:
    found = fees.of_endpoints([*honest, *liars], len(liars) + 1)
    assert min(honest) <= found <= max(honest)


@given(st.lists(BIDS, max_size=150))
def test_the_bid_of_recent_slots_is_their_median(slots: list[int]) -> None:
    found = fees.of_slots(slots)
    assert sum(s <= found for s in slots) * 2 >= len(slots)
    assert sum(s >= found for s in slots) * 2 >= len(slots)


@given(used=st.integers(0, 1_400_000), margin=st.integers(0, 1000), most=st.integers(1_000, 1_400_000))
def test_compute_limits_stay_within_the_configured_most(used: int, margin: int, most: int) -> None:
    found = with_margin(used, options(compute_margin=margin, max_compute_units=most))
    assert found == min(most, found)
    assert found == most or found >= used


ENTRIES = st.builds(
    Entry,
    st.just("key"),
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=32, max_size=32),
    st.binary(max_size=600),
    st.integers(1, 0xFFFF),
    st.integers(0, (1 << 32) - 1),
    st.integers(0, (1 << 64) - 1),
    st.binary(min_size=32, max_size=32),
    st.integers(0, (1 << 64) - 1),
    st.builds(Signed, st.binary(min_size=64, max_size=64), st.binary(max_size=MOST_BYTES)),
)


@given(entry=ENTRIES, cut=st.integers(0, 2000))
def test_an_entry_of_the_journal_has_one_encoding(entry: Entry, cut: int) -> None:
    encoded = entry.encode()
    assert Entry.decode("key", encoded) == entry
    with pytest.raises(EncodingError):
        Entry.decode("key", encoded + b"\0")
    if cut < len(encoded):
        with pytest.raises(EncodingError):
            Entry.decode("key", encoded[:cut])


@given(entry=ENTRIES)
def test_the_outbox_keeps_entries_apart_from_everything_else(entry: Entry) -> None:
    journal = MemoryJournal({"halt/chain": b"evidence"})
    outbox = Outbox(journal)
    outbox.put(entry)
    assert (outbox.get("key"), outbox.get("other"), outbox.entries()) == (entry, None, [entry])
    outbox.delete("key")
    assert journal.stored == {"halt/chain": b"evidence"}


PARSERS = {
    "blockhash": sending.latest_blockhash().parse,
    "valid": sending.blockhash_valid(HASH).parse,
    "height": sending.final_height().parse,
    "balance": sending.balance(ACCOUNT.address).parse,
    "bid": sending.recent_bid([]).parse,
    "simulation": sending.simulation(ACCOUNT.message([], 5, 7, HASH)).parse,
    "status": sending.status(bytes(64)).parse,
    "transmission": sending.transmission(Signed(bytes(64), b"")).parse,
    "details": sending.details(bytes(64)).parse,
}


def at(value: Any) -> Any:
    return {"context": {"slot": 7}, "value": value}


def test_answers_are_read_as_the_documentation_shows_them() -> None:
    text = "EkSnNWid2cvwEVnVx9aBqawnmiCNiDgp3gUdkDPTKN1N"
    found = PARSERS["blockhash"](at({"blockhash": text, "lastValidBlockHeight": 3090}))
    assert isinstance(found, Blockhash)
    assert found.last_valid == 3090
    status = {"slot": 48, "confirmations": None, "err": None, "status": {"Ok": None}, "confirmationStatus": "finalized"}
    assert PARSERS["status"](at([status])) == Status(48, None, 2)
    assert PARSERS["status"](at([None])) is None
    simulated = {"err": {"InstructionError": [2, {"Custom": 45}]}, "unitsConsumed": 2366, "logs": ["a", "b"]}
    assert PARSERS["simulation"](at(simulated)) == Simulated(Failure("Custom", 2, 45), 2366, ("a", "b"))
    assert PARSERS["simulation"](at({"err": "AccountNotFound", "logs": None})) == Simulated(
        Failure("AccountNotFound"), 0, ()
    )
    assert PARSERS["bid"]([{"slot": 1, "prioritizationFee": 5}, {"slot": 2, "prioritizationFee": 9}]) == 9
    assert PARSERS["bid"]([]) == 0
    meta = {"err": None, "fee": 5_000, "logMessages": ["a"]}
    assert PARSERS["details"]({"slot": 9, "meta": meta}) == Details(9, None, 5_000, ("a",))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("blockhash", at({"blockhash": "1" * 31, "lastValidBlockHeight": 1})),
        ("blockhash", at({"blockhash": "1" * 32})),
        ("blockhash", {"value": {"blockhash": "1" * 32, "lastValidBlockHeight": 1}}),
        ("valid", at(None)),
        ("valid", at(1)),
        ("height", -1),
        ("height", 1.0),
        ("balance", at(None)),
        ("balance", at("1")),
        ("bid", [{"slot": 1}]),
        ("bid", [{}] * 1001),
        ("simulation", at({"err": None, "logs": []})),
        ("simulation", at({"logs": [], "unitsConsumed": 1})),
        ("simulation", at({"err": None, "unitsConsumed": 1, "logs": [1]})),
        ("status", at([])),
        ("status", at([None, None])),
        ("status", at([{"slot": 1, "confirmations": 0, "confirmationStatus": "confirmed"}])),
        ("status", at([{"slot": 1, "err": None}])),
        ("status", at([{"slot": 1, "err": None, "confirmationStatus": "rooted"}])),
        ("transmission", ""),
        ("transmission", "1" * 63),
        ("transmission", None),
        ("details", {"slot": 1, "meta": None}),
        ("details", {"slot": 1, "meta": {"err": None}}),
    ],
)
def test_answers_of_another_form_are_refused(name: str, answer: Any) -> None:
    with pytest.raises(BadValue):
        PARSERS[name](answer)


@settings(deadline=None)
@given(name=st.sampled_from(sorted(PARSERS)), answer=JSON | JSON.map(at) | JSON.map(lambda one: at([one])))
def test_hostile_answers_raise_nothing_else(name: str, answer: Any) -> None:
    with contextlib.suppress(BadValue):
        hash(PARSERS[name](answer))

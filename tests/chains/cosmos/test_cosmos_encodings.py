"""Protobuf, Bech32, and the keys and values of stores: exactly one encoding is read, and anything else is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.cosmos import bech32, protobuf, stores
from chains.cosmos.bech32 import Bech32Error
from chains.cosmos.protobuf import Kind
from chains.errors import ProofError
from tests.chains.cosmos import layouts

SCHEMA: dict[int, Kind] = {1: "varint", 2: "bytes", 3: "message", 4: "repeated", 5: "fixed64", 16: "varint"}
CONTRACT = bytes(range(32))


@pytest.mark.parametrize(
    "encoded",
    [
        "08",  # ends within a field
        "0880",  # ends within a varint
        "0800",  # a default
        "088100",  # a padded varint
        "08ffffffffffffffffff02",  # above 64 bits
        "0880808080808080808080" + "01",  # too long
        "08010801",  # twice
        "120161" + "0801",  # out of order
        "1200",  # an empty byte string
        "1205616263",  # ends too early
        "12ffffffffffffffffff01",  # longer than everything
        "1a001a00",  # an embedded message twice
        "3001",  # an unknown field
        "0a0161",  # another wire type
        "29010000000000",  # ends within eight bytes
        "290000000000000000",  # a default
        "00",  # no field has the number 0
        "8800" + "01",  # a padded tag
        "0b0c",  # groups
        "22002200" + "2200" * 2,  # more elements than allowed
    ],
)
def test_only_the_one_encoding_is_read(encoded: str) -> None:
    with pytest.raises(ProofError, match="test"):
        protobuf.decode(bytes.fromhex(encoded), "test", SCHEMA, most=3)


def test_fields_of_a_message() -> None:
    encoded = (
        protobuf.uint(1, -1)
        + protobuf.data(2, "é".encode())
        + protobuf.message(3, b"")
        + protobuf.message(4, b"")
        + protobuf.message(4, b"x")
        + protobuf.sfixed64(5, -2)
        + protobuf.uint(16, 300)
    )
    fields = protobuf.decode(encoded, "test", SCHEMA)
    assert (fields.int64(1), fields.uint(1), fields.int32(1)) == (-1, (1 << 64) - 1, -1)
    assert (fields.text(2), fields.maybe(3), fields.all(4), fields.uint(16)) == ("é", b"", [b"", b"x"], 300)
    assert fields.int64(5) == -2
    nothing = protobuf.decode(b"", "test", SCHEMA)
    assert (nothing.uint(1), nothing.data(2), nothing.maybe(3), nothing.all(4)) == (0, b"", None, [])
    with pytest.raises(ProofError, match="missing"):
        nothing.required(3)
    with pytest.raises(ProofError, match="32 bits"):
        protobuf.decode(protobuf.uint(1, 1 << 31), "test", SCHEMA).int32(1)
    with pytest.raises(ProofError, match="UTF-8"):
        protobuf.decode(protobuf.data(2, b"\xff"), "test", SCHEMA).text(2)
    with pytest.raises(ProofError, match="are read"):
        protobuf.decode(bytes(protobuf.MOST_BYTES + 1), "test", SCHEMA)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_what_is_read_is_what_would_be_written(encoded: bytes) -> None:
    try:
        fields = protobuf.decode(encoded, "test", SCHEMA)
    except ProofError:
        return
    message = [protobuf.message(3, part) for part in fields.all(3)]
    again = (
        protobuf.uint(1, fields.uint(1))
        + protobuf.data(2, fields.data(2))
        + b"".join(message + [protobuf.message(4, part) for part in fields.all(4)])
        + protobuf.sfixed64(5, fields.int64(5))
        + protobuf.uint(16, fields.uint(16))
    )
    assert again == encoded


@settings(max_examples=100, deadline=None)
@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_signed_integers(value: int) -> None:
    fields = protobuf.decode(protobuf.uint(1, value) + protobuf.sfixed64(5, value), "test", SCHEMA)
    assert (fields.int64(1), fields.int64(5)) == (value, value)


@pytest.mark.parametrize(
    ("text", "prefix", "size"),
    [
        # BIP-173, "Test vectors": those of whole bytes.
        ("a12uel5l", "a", 0),
        ("an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs", None, 0),
        ("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "abcdef", 20),
        ("?1ezyfcl", "?", 0),
        ("11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j", "1", 51),
    ],
)
def test_bech32_vectors(text: str, prefix: str | None, size: int) -> None:
    found, data = bech32.decode(text)
    assert found == (prefix or text[: text.rindex("1")])
    assert len(data) == size
    assert bech32.encode(found, data) == text


@pytest.mark.parametrize(
    "text",
    [
        # BIP-173, "Test vectors": invalid ones.
        "\x201nwldj5",
        "\x7f1axkwrx",
        "\x801eym55h",
        "an84characterslonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1569pvx",
        "pzry9x0s0muk",
        "1pzry9x0s0muk",
        "x1b4n0q5v",
        "li1dgmt3",
        "de1lg7wt\xff",
        "A1G7SGD8",
        "10a06t8",
        "1qzzfhee",
        # Upper and mixed case, which BIP-173 allows or not; an address is written in lower case only.
        "A12UEL5L",
        "A12uEL5L",
        # BIP-350: valid Bech32m.
        "a1lqfn3a",
        "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx",
        "split1checkupstagehandshakeupstreamerranterredcaperredlc445v",
        # Letters that are no whole bytes, under a right checksum: a set bit in the padding, and a letter too many.
        "wasm1qpw29m6r",
        "wasm1q27d5pt",
        "wasm1qqq8rnftd",
        "",
        "1",
        "cosmos",
    ],
)
def test_what_is_no_bech32(text: str) -> None:
    with pytest.raises(Bech32Error):
        bech32.decode(text)


def test_bech32_of_what_does_not_fit() -> None:
    for prefix, data in (("", b"x"), ("Wasm", b"x"), ("\u00e9", b"x"), ("wasm", bytes(60))):
        with pytest.raises(Bech32Error):
            bech32.encode(prefix, data)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40), st.sampled_from(["cosmos", "wasm", "w1", "osmo"]))
def test_bech32_both_ways_and_a_mistyped_letter(data: bytes, prefix: str) -> None:
    text = bech32.encode(prefix, data)
    assert bech32.decode(text) == (prefix, data)
    for at in range(len(prefix) + 1, len(text)):
        with pytest.raises(Bech32Error):
            bech32.decode(text[:at] + ("q" if text[at] != "q" else "p") + text[at + 1 :])


def test_keys_of_stores() -> None:
    assert stores.balance_key(b"\x77" * 20, "uatom") == b"\x02\x14" + b"\x77" * 20 + b"uatom"
    assert stores.supply_key("factory/wasm1abc/gold") == b"\x00factory/wasm1abc/gold"
    assert stores.storage_key(CONTRACT, b"k") == b"\x03" + CONTRACT + b"k"
    assert stores.contract_key(CONTRACT) == b"\x02" + CONTRACT
    assert stores.code_key(258) == bytes.fromhex("010000000000000102")
    assert stores.cw20_supply_key(CONTRACT) == b"\x03" + CONTRACT + b"token_info"
    assert stores.cw20_balance_key(CONTRACT, "wasm1x") == b"\x03" + CONTRACT + b"\x00\x07balancewasm1x"
    for denomination in ("", "a", "1abc", "a b", "x" * 129):
        with pytest.raises(ValueError, match="no denomination"):
            stores.supply_key(denomination)
    for address in (b"", bytes(256)):
        with pytest.raises(ValueError, match="an address of"):
            stores.balance_key(address, "uatom")
    with pytest.raises(ValueError, match="32 bytes"):
        stores.storage_key(bytes(20), b"k")


def test_amounts_of_the_bank() -> None:
    assert stores.amount(b"0", "uatom") == 0
    assert stores.amount(b"%d" % ((1 << 256) - 1), "uatom") == (1 << 256) - 1
    coin = protobuf.data(1, b"uatom") + protobuf.data(2, b"17")
    assert stores.amount(coin, "uatom") == 17
    wrong = [b"", b"-1", b"+1", b"01", b"1 ", b"1\n", b"0x1", b"1e3", b"%d" % (1 << 256), b"\xd9\xa1", coin + b"\0"]
    wrong += [protobuf.data(1, b"uatom"), protobuf.data(1, b"uosmo") + protobuf.data(2, b"17"), coin[:-1]]
    for value in wrong:
        with pytest.raises(ProofError):
            stores.amount(value, "uatom")


def test_values_of_contracts() -> None:
    assert stores.uint128(b'"0"') == 0
    assert stores.uint128(b'"%d"' % ((1 << 128) - 1)) == (1 << 128) - 1
    for value in (b"", b"1", b'""', b'"01"', b'"-1"', b' "1"', b'"1"\n', b'"%d"' % (1 << 128), b'"1"x', b"null"):
        with pytest.raises(ProofError):
            stores.uint128(value)
    info = b'{"name":"n","symbol":"s","decimals":6,"total_supply":"12","mint":{"minter":"wasm1m","cap":null}}'
    assert stores.cw20_supply(info) == (12, 6)
    for value in (
        b"",
        b"[]",
        b"{}",
        info[:-1],
        info.replace(b"6", b"-1"),
        info.replace(b"6", b"true"),
        b"[" * 9000,
        info.replace(b'"12"', b"12"),
        info.replace(b'"12"', b'"1_2"'),
        info.replace(b"6", b"256"),
        b"\xff\xfe",
    ):
        with pytest.raises(ProofError):
            stores.cw20_supply(value)


def test_minters_of_cw20() -> None:
    info = b'{"name":"n","symbol":"s","decimals":6,"total_supply":"12","mint":{"minter":"wasm1m","cap":null}}'
    assert stores.cw20_minter(info) == "wasm1m"
    assert stores.cw20_minter(info.replace(b'{"minter":"wasm1m","cap":null}', b"null")) is None
    for value in (
        b"",
        b"[]",
        b"{}",
        info[:-1],
        info.replace(b'"wasm1m"', b'""'),
        info.replace(b'"wasm1m"', b"1"),
        info.replace(b'"wasm1m"', b"null"),
        info.replace(b'{"minter":"wasm1m","cap":null}', b'"wasm1m"'),
        b"\xff\xfe",
    ):
        with pytest.raises(ProofError):
            stores.cw20_minter(value)


def test_what_is_told_of_denominations() -> None:
    told = layouts.denomination_metadata("uatom", "atom", 6)
    assert stores.metadata_key("uatom") == b"\x01uatom"
    assert stores.display_exponent(told) == 6
    assert stores.display_exponent(layouts.denomination_metadata("uatom", "uatom", 0)) is None
    assert stores.display_exponent(protobuf.data(3, b"ibc/1") + protobuf.data(4, b"transfer/channel-0/uatom")) is None
    assert stores.display_exponent(b"") is None
    for value in (told[:-1], told + b"\0", told + protobuf.data(9, b"x"), b"\xff"):
        with pytest.raises(ProofError):
            stores.display_exponent(value)


def test_contracts_and_codes() -> None:
    created = protobuf.message(5, protobuf.uint(1, 9) + protobuf.uint(2, 1))
    plain = protobuf.uint(1, 4) + protobuf.data(2, b"wasm1c") + protobuf.data(3, b"wasm1a") + protobuf.data(4, b"l")
    assert stores.contract_info(plain + created) == stores.Contract(4, "wasm1c", "wasm1a")
    assert stores.contract_info(protobuf.uint(1, 4) + protobuf.data(2, b"wasm1c")).admin == ""
    code = protobuf.data(1, CONTRACT) + protobuf.data(2, b"wasm1c") + protobuf.message(5, protobuf.uint(1, 3))
    assert stores.checksum(code) == CONTRACT
    for value in (b"", plain[2:], plain + b"\0", protobuf.data(1, CONTRACT)):
        with pytest.raises(ProofError):
            stores.contract_info(value)
    for value in (b"", code[1:], protobuf.data(1, CONTRACT[:-1]), code + b"\0"):
        with pytest.raises(ProofError):
            stores.checksum(value)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80))
def test_values_that_are_arbitrary_bytes(value: bytes) -> None:
    readers = (stores.uint128, stores.cw20_supply, stores.cw20_minter, stores.contract_info, stores.checksum)
    for read in (*readers, stores.display_exponent):
        try:
            read(value)
        except ProofError:
            continue
    try:
        assert 0 <= stores.amount(value, "uatom") < 1 << 256
    except ProofError:
        return

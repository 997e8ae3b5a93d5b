"""Addresses in base58, their CAIP names, and what is derived from them."""

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from solders.pubkey import Pubkey
from solders.token.associated import get_associated_token_address

from chains.caip import AccountId, AssetId, CaipError, ChainId
from chains.encoding import domain_id
from chains.solana import addresses

steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

CHAIN = ChainId("solana", "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp")
MINT = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
OTHER = "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@steady
@given(st.binary(min_size=32, max_size=32))
def test_spells_as_solders_does(raw: bytes) -> None:
    text = addresses.to_text(raw)
    assert text == str(Pubkey(raw))
    assert addresses.to_bytes(text) == raw
    assert addresses.canonical(text) == text


@steady
@given(st.integers(0, 32), st.binary(min_size=32, max_size=32))
def test_leading_zeros_are_ones(zeros: int, raw: bytes) -> None:
    address = bytes(zeros) + raw[zeros:]
    assert addresses.to_text(address) == str(Pubkey(address))
    assert addresses.to_bytes(str(Pubkey(address))) == address


@steady
@given(st.text(BASE58 + "0OIl+ é", max_size=60) | st.text(max_size=50))
def test_takes_nothing_else(text: str) -> None:
    """What is taken is spelled the one way; everything else is a `CaipError`."""
    try:
        raw = addresses.to_bytes(text)
    except CaipError:
        return
    assert str(Pubkey(raw)) == text


@steady
@given(st.binary(max_size=64).filter(lambda raw: len(raw) != 32))
def test_other_lengths_have_no_text(raw: bytes) -> None:
    with pytest.raises(CaipError, match="32 bytes"):
        addresses.to_text(raw)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "base58 of 0 bytes"),
        (MINT[:-2], "base58 of 31 bytes"),
        ("1" + MINT, "45 characters|base58 of 33 bytes"),
        ("1" * 31, "base58 of 31 bytes"),
        ("1" * 33, "base58 of 33 bytes"),
        ("z" * 44, "base58 of 33 bytes"),
        (MINT[:-1] + "0", "'0' is no base58 letter"),
        (MINT[:-1] + "l", "'l' is no base58 letter"),
        (" " + MINT[1:], "' ' is no base58 letter"),
        ("A" * 100_000, "100000 characters"),
    ],
)
def test_says_what_is_wrong(text: str, why: str) -> None:
    with pytest.raises(CaipError, match=why) as caught:
        addresses.canonical(text)
    assert len(str(caught.value)) < 200


def test_names_accounts_and_assets() -> None:
    assert str(addresses.canonical_account(AccountId(CHAIN, MINT))) == f"{CHAIN}:{MINT}"
    for asset in (f"{CHAIN}/token:{MINT}", f"{CHAIN}/slip44:501"):
        assert str(addresses.canonical_asset(AssetId.parse(asset))) == asset


@pytest.mark.parametrize(
    "asset", [f"token:{MINT}/1", f"erc20:{MINT}", f"nft:{MINT}", "slip44:60", "slip44:0501", f"token:{MINT[:-2]}"]
)
def test_refuses_other_assets(asset: str) -> None:
    with pytest.raises(CaipError):
        addresses.canonical_asset(AssetId.parse(f"{CHAIN}/{asset}"))


@pytest.mark.parametrize(
    "chain",
    [
        "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvd",
        "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvd0",
        "solana:mainnet",
        "eip155:1",
        "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZK-dp",
    ],
)
def test_refuses_other_chains(chain: str) -> None:
    parsed = ChainId.parse(chain)
    for refuse in (
        lambda: addresses.check_chain(parsed),
        lambda: addresses.canonical_account(AccountId(parsed, MINT)),
        lambda: addresses.canonical_asset(AssetId(parsed, "token", MINT)),
    ):
        with pytest.raises(CaipError, match="first 32 characters of its genesis hash"):
            refuse()


def test_domain_is_of_the_account() -> None:
    assert addresses.domain(CHAIN.reference, MINT) == domain_id(f"solana:{CHAIN.reference}:{MINT}")
    with pytest.raises(CaipError):
        addresses.domain("mainnet", MINT)
    with pytest.raises(CaipError):
        addresses.domain(CHAIN.reference, "0x00")


def test_derives() -> None:
    program = Pubkey.from_string(OTHER)
    mint = Pubkey.from_string(MINT)
    committee, bump = Pubkey.find_program_address([b"committee"], program)
    assert addresses.derived(OTHER, b"committee") == (str(committee), bump)
    assert addresses.committee_address(OTHER) == str(committee)
    route, _ = Pubkey.find_program_address([b"route", bytes(mint)], program)
    assert addresses.route_address(OTHER, MINT) == str(route)
    loader = Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111")
    assert addresses.program_data_address(OTHER) == str(Pubkey.find_program_address([bytes(program)], loader)[0])
    for token_program in addresses.TOKEN_PROGRAMS:
        expected = get_associated_token_address(program, mint, Pubkey.from_string(token_program))
        assert addresses.token_address(OTHER, MINT, token_program) == str(expected)
    with pytest.raises(CaipError, match="neither"):
        addresses.token_address(OTHER, MINT, addresses.SYSTEM_PROGRAM)


def test_what_only_reads_names_imports_no_solders() -> None:
    """Configurations are read, and rounds verified, without paying for the import."""
    modules = "addresses, state, events, errors, tokens, program_data, program_settings"
    code = f"import sys; from chains.solana import {modules}; sys.exit('solders' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

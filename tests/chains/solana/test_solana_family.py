"""What the entry point brings: names in one spelling, cheap to import, conforming to the protocols."""

import pytest
from nacl.signing import SigningKey

from chains.caip import AccountId, AssetId, CaipError, ChainId
from chains.errors import Refused
from chains.solana.addresses import to_text
from chains.solana.family import FAMILY
from chains.solana.options import ChainOptions
from chains.types import ChainSetup
from tests.chains.conforming import conforms, imports_none_of
from tests.chains.memory import MemoryJournal, Recorder
from tests.chains.solana.cluster import CHAIN, DEPLOYMENT, REFERENCE, WALLET, world

MAINNET = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"


async def test_the_family_conforms() -> None:
    async with world() as w, w.opened() as chain:
        conforms(FAMILY, chain)


def test_importing_the_family_imports_no_heavy_library() -> None:
    heavy = ("solana", "solders", "aiohttp", "coincurve", "tenacity", "nacl", "web3")
    imports_none_of("chains.solana.family", heavy)


def test_names_are_canonical_or_refused() -> None:
    account = AccountId.parse(f"solana:{REFERENCE}:{WALLET}")
    assert FAMILY.canonical_account(account) == account
    for name in (f"solana:{REFERENCE}/token:{WALLET}", f"solana:{REFERENCE}/slip44:501"):
        assert str(FAMILY.canonical_asset(AssetId.parse(name))) == name
    for wrong in (f"slip44:60/{WALLET}", f"token:{WALLET[:-4]}", f"spl:{WALLET}", f"token:{WALLET}/1", "slip44:0501"):
        with pytest.raises(CaipError):
            FAMILY.canonical_asset(AssetId.parse(f"solana:{REFERENCE}/{wrong}"))
    for chain in ("solana:mainnet", f"solana:{REFERENCE[:-1]}", "eip155:1"):
        with pytest.raises(CaipError):
            FAMILY.canonical_account(AccountId.parse(f"{chain}:{WALLET}"))


def test_lint_limit_and_account() -> None:
    mainnet = ChainId("solana", "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp")
    assert list(FAMILY.lint(mainnet, ChainOptions(genesis_hash=MAINNET))) == []
    (other,) = FAMILY.lint(CHAIN, ChainOptions(genesis_hash=MAINNET))
    assert "another chain's" in other
    assert list(FAMILY.lint(ChainId("solana", "mainnet"), ChainOptions(genesis_hash=MAINNET)))
    assert FAMILY.cap_limit() == 2**64 - 1
    secret = bytes(range(32))
    assert FAMILY.account_address(secret) == to_text(bytes(SigningKey(secret).verify_key))
    for wrong in (b"", bytes(31), bytes(64)):
        with pytest.raises(Refused, match="an ed25519 seed has 32"):
            FAMILY.account_address(wrong)


async def test_without_an_account_nothing_is_submitted_and_foreign_options_are_refused() -> None:
    async with world() as w:
        async with w.opened() as chain:
            with pytest.raises(Refused, match="no account is configured"):
                await chain.submit(DEPLOYMENT, b"", "key")
            await chain.settle()
        setup = w.setup()
        with pytest.raises(Refused, match="options of another family"):
            FAMILY.open(
                ChainSetup(CHAIN, setup.member_options, setup.member_options, (), (), MemoryJournal(), Recorder())
            )

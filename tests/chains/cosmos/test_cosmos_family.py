"""What the entry point brings: names in one spelling, cheap to import, conforming to the protocols; and what it refuses
to open."""

from dataclasses import replace
from typing import Any

import pytest

from chains.caip import AccountId, AssetId, CaipError, ChainId
from chains.cosmos import bech32
from chains.cosmos.family import FAMILY
from chains.cosmos.options import ChainOptions
from chains.errors import Refused
from chains.types import ChainSetup
from tests.chains.conforming import conforms, imports_none_of
from tests.chains.cosmos import blocks
from tests.chains.cosmos.scene import (
    BANK_POSITION,
    COLLATERAL,
    CW20_POSITION,
    DEPLOYMENT,
    GOLD_DEPLOYMENT,
    ID,
    KEPT_POSITION,
    VAULT,
    account,
    contract,
    with_options,
)
from tests.chains.cosmos.world import world
from tests.chains.memory import MemoryJournal, Recorder


async def test_the_family_conforms() -> None:
    async with world() as w, w.opened() as chain:
        conforms(FAMILY, chain)


def test_importing_the_family_imports_no_heavy_library() -> None:
    heavy = ("cosmpy", "google.protobuf", "grpc", "aiohttp", "coincurve", "Crypto", "tenacity", "nacl", "web3")
    imports_none_of("chains.cosmos.family", heavy)


def test_names_are_canonical_or_refused() -> None:
    own = AccountId(ID, VAULT)
    assert FAMILY.canonical_account(own) == own
    for name in ("native:uatom", f"cw20:{COLLATERAL}", "native:factory%2Fwasm1x%2Fgold"):
        assert str(FAMILY.canonical_asset(AssetId.parse(f"{ID}/{name}"))) == f"{ID}/{name}"
    for wrong in ("slip44:118", "cw20:uatom", "native:u", "ibc:00", f"cw20:{COLLATERAL}/1"):
        with pytest.raises(CaipError):
            FAMILY.canonical_asset(AssetId.parse(f"{ID}/{wrong}"))
    for named in (f"{ID}:{VAULT[:-1]}", f"cosmos:not_a_chain:{VAULT}", f"{ID}:{VAULT.upper()}"):
        with pytest.raises(CaipError):
            FAMILY.canonical_account(AccountId.parse(named))


def test_lint_spread_limit_and_account() -> None:
    chain = ChainOptions(chain_id=blocks.CHAIN, prefix="wasm", trust_period=86_400, max_block_seconds=45)
    assert list(FAMILY.lint(ID, chain)) == []
    (other,) = FAMILY.lint(ChainId("cosmos", "other-1"), chain)
    assert "another chain's" in other
    assert FAMILY.spread(chain) == 45
    assert FAMILY.cap_limit() == 2**128 - 1
    # The key 1, whose hash is that of BIP-173's examples.
    first = bytes.fromhex("751e76e8199196d454941c45d1b3a323f1433bd6")
    assert FAMILY.account_address(bytes(31) + b"\1") == bech32.encode("cosmos", first)
    for wrong in (b"", b"\1", b"\1" * 31, b"\1" * 33, bytes(32), bytes(31) + b"\1\1"):
        with pytest.raises(Refused, match=r"no secp256k1 private key \(32 bytes\)") as caught:
            FAMILY.account_address(wrong)
        assert not wrong or wrong.hex() not in str(caught.value)


async def test_without_an_account_nothing_is_submitted_and_foreign_options_are_refused() -> None:
    async with world() as w:
        async with w.opened() as chain:
            with pytest.raises(Refused, match="no account is configured"):
                await chain.submit(DEPLOYMENT, b"", "key")
            await chain.settle()
        options = w.setup().member_options
        with pytest.raises(Refused, match="options of another family"):
            FAMILY.open(ChainSetup(ID, options, options, (), (), MemoryJournal(), Recorder()))


HERE = "cosmos"
DECLARED: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"positions": (replace(BANK_POSITION, account=AccountId(ID, account("vault", HERE))),)},
        [f"the account {account('vault', HERE)} has the prefix 'cosmos', addresses of this chain have 'wasm'"],
    ),
    (
        {"positions": (replace(CW20_POSITION, asset=AssetId(ID, "cw20", contract("collateral", HERE))),)},
        ["the token cosmos1", "has the prefix 'cosmos'"],
    ),
    (
        {"positions": (replace(CW20_POSITION, asset=AssetId(ID, "cw20", account("collateral"))),)},
        ["is an account of 20 bytes, a contract has 32"],
    ),
    ({"positions": (with_options(CW20_POSITION, checksum=None),)}, ["checksum is missing"]),
    ({"positions": (with_options(CW20_POSITION, admin=None),)}, ["admin is missing"]),
    (
        {"positions": (with_options(CW20_POSITION, admin=account("owner", HERE)),)},
        [f"admin {account('owner', HERE)} has the prefix 'cosmos'"],
    ),
    (
        {"positions": (with_options(BANK_POSITION, checksum="00" * 32, admin="none"),)},
        ["checksum: a denomination of the bank has no contract", "admin: a denomination of the bank has no contract"],
    ),
    ({"positions": (with_options(BANK_POSITION, vault_checksum="00" * 32),)}, ["an account of 20 bytes"]),
    (
        {"deployments": (replace(DEPLOYMENT, gate=AccountId(ID, account("gate"))),)},
        [f"the gate {account('gate')} is an account of 20 bytes, a contract has 32"],
    ),
    (
        {"deployments": (replace(DEPLOYMENT, gate=AccountId(ID, contract("gate", HERE))),)},
        ["the gate cosmos1", "has the prefix 'cosmos'"],
    ),
    (
        {"deployments": (replace(DEPLOYMENT, token=AssetId(ID, "cw20", contract("token", HERE))),)},
        ["the token cosmos1", "has the prefix 'cosmos'"],
    ),
    (
        {"deployments": (with_options(DEPLOYMENT, token_checksum=None, token_admin=None),)},
        ["token_checksum is missing", "token_admin is missing"],
    ),
    (
        {"deployments": (with_options(GOLD_DEPLOYMENT, token_checksum="00" * 32),)},
        ["token_checksum: a denomination of the bank has no contract"],
    ),
    ({"deployments": (with_options(DEPLOYMENT, admin=account("owner", HERE)),)}, ["admin cosmos1"]),
    ({"chain": {"chain_id": "other-1"}}, ["chain_id: 'other-1' is cosmos:other-1, not cosmos:chain-1"]),
    ({"positions": (replace(BANK_POSITION, options=DEPLOYMENT.options),)}, ["options of another family"]),
    ({"deployments": (replace(DEPLOYMENT, options=BANK_POSITION.options),)}, ["options of another family"]),
]


@pytest.mark.parametrize(("changes", "texts"), DECLARED)
async def test_what_cannot_be_is_refused_at_opening(changes: dict[str, Any], texts: list[str]) -> None:
    async with world() as w:
        with pytest.raises(Refused) as caught:
            async with w.opened(**changes):
                pytest.fail("opened")
        for text in texts:
            assert text in str(caught.value)
        assert not w.fronts[0].asked


async def test_all_that_cannot_be_is_told_at_once() -> None:
    async with world() as w:
        wrong = account("vault", HERE)
        w.positions = (
            replace(BANK_POSITION, account=AccountId(ID, wrong)),
            with_options(CW20_POSITION, checksum=None, admin=None),
            KEPT_POSITION,
        )
        w.deployments = (replace(DEPLOYMENT, gate=AccountId(ID, account("gate"))), GOLD_DEPLOYMENT)
        with pytest.raises(Refused) as caught:
            async with w.opened():
                pytest.fail("opened")
        lines = str(caught.value).splitlines()
        assert len(lines) == 4
        assert sum(str(KEPT_POSITION.account) in line or str(GOLD_DEPLOYMENT.token) in line for line in lines) == 0

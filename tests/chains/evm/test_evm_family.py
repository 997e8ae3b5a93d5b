"""What the entry point brings: names in one spelling, cheap to import, conforming to the protocols; local nodes."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains import registry
from chains.caip import AccountId, AssetId, CaipError, ChainId
from chains.errors import ChainError, Refused
from chains.evm import tools
from chains.evm.addresses import canonical, checksummed
from chains.evm.devnet import Devnet
from chains.evm.family import FAMILY
from chains.evm.options import ChainOptions
from chains.evm.transfer_probe import PROBE
from tests.chains.conforming import conforms, imports_none_of
from tests.chains.evm.evm_support import CHAIN, MEMBER, world
from tests.chains.serving import silent

# The examples of EIP-55.
CHECKSUMMED = [
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]


async def test_the_family_is_found_by_its_namespace_and_conforms() -> None:
    found = registry.family("eip155")
    assert found.namespace == "eip155"
    async with world(contracts=False) as w, w.opened() as chain:
        conforms(FAMILY, chain)


def test_importing_the_family_imports_no_heavy_library() -> None:
    heavy = ("web3", "aiohttp", "eth_account", "eth_abi", "coincurve", "tenacity", "trie")
    imports_none_of("chains.evm.family", heavy)


@pytest.mark.parametrize("address", CHECKSUMMED)
def test_addresses_have_one_spelling(address: str) -> None:
    low = address.lower()
    assert checksummed(low) == address
    assert canonical(address) == canonical(low) == canonical("0x" + address[2:].upper()) == low
    flipped = next(i for i in range(2, 42) if address[i].isalpha())
    with pytest.raises(CaipError, match="EIP-55"):
        canonical(address[:flipped] + address[flipped].swapcase() + address[flipped + 1 :])


@settings(deadline=None)
@given(text=st.text(max_size=44).filter(lambda text: re.fullmatch("0x[0-9a-fA-F]{40}", text) is None))
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(CaipError):
        canonical(text)


def test_accounts_and_assets_are_canonical_or_refused() -> None:
    account = AccountId.parse(f"eip155:1:{CHECKSUMMED[0]}")
    assert str(FAMILY.canonical_account(account)) == f"eip155:1:{CHECKSUMMED[0].lower()}"
    asset = AssetId.parse(f"eip155:1/erc20:{CHECKSUMMED[0]}")
    assert str(FAMILY.canonical_asset(asset)) == f"eip155:1/erc20:{CHECKSUMMED[0].lower()}"
    native = AssetId.parse("eip155:137/slip44:966")
    assert FAMILY.canonical_asset(native) == native
    for wrong in (
        "eip155:1/erc721:" + CHECKSUMMED[0],
        "eip155:1/erc20:0x12",
        "eip155:1/slip44:060",
        "eip155:1/slip44:x",
        f"eip155:1/erc20:{CHECKSUMMED[0]}/1",
        f"eip155:01/erc20:{CHECKSUMMED[0]}",
        f"eip155:0/erc20:{CHECKSUMMED[0]}",
    ):
        with pytest.raises(CaipError):
            FAMILY.canonical_asset(AssetId.parse(wrong))
    with pytest.raises(CaipError):
        FAMILY.canonical_account(AccountId.parse(f"eip155:x:{CHECKSUMMED[0]}"))


def test_lint_limit_and_account() -> None:
    good = ChainOptions(genesis_hash="0x" + "12" * 32)
    assert list(FAMILY.lint(CHAIN, good)) == []
    assert list(FAMILY.lint(ChainId("eip155", "mainnet"), good))
    assert FAMILY.cap_limit() == 2**128 - 1
    assert FAMILY.account_address(MEMBER) == "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"
    for wrong in (b"", bytes(32), b"\xff" * 32):
        with pytest.raises(Refused, match="no secp256k1 private key"):
            FAMILY.account_address(wrong)


async def test_a_devnet_stops_and_its_errors_are_told() -> None:
    async with Devnet(31337) as node:
        assert await node.call("eth_chainId") == "0x7a69"
        with pytest.raises(ChainError, match="no_such_method"):
            await node.call("no_such_method")
        with pytest.raises(ChainError, match="anvil did not start"):
            await Devnet(31337, arguments=["--no-such-argument"]).start()
        with pytest.raises(ChainError, match="anvil did not start"):
            await Devnet(31337, port=node.port).start()
    await node.stop()


async def test_a_local_chain_whose_node_does_not_answer_is_not_ready_and_says_so() -> None:
    with silent() as url:
        chain = FAMILY.devnet().local(CHAIN, int(url.rpartition(":")[2]))
        try:
            assert not await chain.ready()
            with pytest.raises(ChainError, match="does not answer anvil_setBalance: ClientConnectorError"):
                await chain.fund(["0x" + "12" * 20])
        finally:
            await chain.close()


def test_anvil_is_looked_for_in_three_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("BALLAST_ANVIL", raising=False)
    with pytest.raises(ChainError, match=r"run contracts/evm/toolchain\.sh"):
        tools.anvil()
    cached = tools._cached()
    assert cached is not None
    for path in (cached, tmp_path / "bin" / "anvil", tmp_path / "own"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        path.chmod(0o755)
        if path.name == "own":
            monkeypatch.setenv("BALLAST_ANVIL", str(path))
        assert tools.anvil() == path
    monkeypatch.setenv("BALLAST_ANVIL", str(tmp_path / "none"))
    with pytest.raises(ChainError, match="BALLAST_ANVIL names"):
        tools.anvil()


def test_the_transfer_probe_jumps_only_to_jump_destinations() -> None:
    at, jumps, marks = 0, list[int](), set[int]()
    while at < len(PROBE):
        code = PROBE[at]
        size = code - 0x5F if 0x60 <= code <= 0x7F else 0
        if code == 0x61:
            jumps.append(int.from_bytes(PROBE[at + 1 : at + 3], "big"))
        if code == 0x5B:
            marks.add(at)
        at += 1 + size
    assert jumps
    assert set(jumps) == marks

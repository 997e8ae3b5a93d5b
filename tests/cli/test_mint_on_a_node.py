"""`ballast mint` and `ballast redeem` as processes against a real node with the real contracts."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chains.caip import AccountId, ChainId
from chains.devnet import Committee
from chains.encoding import Certificate, Header, MintCap, Tree, domain_id, evidence, route_id, submission
from chains.evm.demo import EvmLocalChain
from chains.evm.devnet import Devnet
from chains.evm.family import FAMILY
from relayer.agreement.observation import GateKey
from tests.cli.member_folder import Ended, MemberFolder
from tests.cli.served import Shown, member
from tests.config.toml_text import write_toml
from tests.verify.round_builder import Group, committee_raw

CHAIN = ChainId("eip155", "31337")
UNIT = 10**6


@dataclass
class Stage:
    """One destination with a deployed gate, and a committee.toml that names it."""

    local: EvmLocalChain
    row: dict[str, Any]
    folder: MemberFolder
    url: str
    genesis: int

    @property
    def gate(self) -> str:
        return str(self.row["gate"])

    def statement(self, round_: int, cap: int) -> tuple[GateKey, bytes]:
        """Domain and route, and a submission that the committee signed; its lease begins with the chain."""
        domain = domain_id(self.gate)
        leaf = MintCap(domain, route_id("wCoin"), cap, cap, 0, self.genesis, self.genesis + 3000)
        tree = Tree([leaf])
        header = Header(1, round_, evidence(bytes(32), bytes(32), bytes(32)), tree.root)
        certificate = Certificate(header, *Group.dealt().sign(header.message()))
        return (domain, route_id("wCoin")), submission(leaf.encode(), tree.branch(leaf.encode()), certificate)

    def ballast(self, command: str, amount: str, *more: str) -> Ended:
        to = ["--to", AccountId.parse(self.gate).address] if command == "mint" else []
        return self.folder.ballast(
            *(command, "--committee", self.folder.path / "committee.toml", "--route", "wCoin", "--gate", str(CHAIN)),
            *("--amount", amount, "--key", f"file:{self.folder.path / 'key'}", "--rpc", self.url, "--json"),
            *to,
            *more,
        )


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Devnet(int(CHAIN.reference), block_time=1) as node:
        local = EvmLocalChain(CHAIN, node.url)
        try:
            row = dict(await local.deploy_destination("wCoin", 6, Committee(1, Group.dealt().key.point33), 3600))
            genesis = int((await node.call("eth_getBlockByNumber", "0x0", False))["timestamp"], 16)
            table = dict(await local.committee_table())
            raw = committee_raw(
                chains={
                    str(CHAIN): {"finality_lag": 10, "genesis_hash": table["genesis_hash"]},
                    "eip155:1": {"finality_lag": 10, "genesis_hash": table["genesis_hash"]},
                },
                routes=[
                    {
                        "name": "wCoin",
                        "decimals": 6,
                        "positions": [
                            {
                                "account": f"eip155:1:0x{'11' * 20}",
                                "asset": "eip155:1/slip44:60",
                                "decimals": 18,
                                "options": {"transfer": "exact"},
                            }
                        ],
                        "deployments": [row | {"lease": 90}],
                    }
                ],
            )
            write_toml(tmp_path / "committee.toml", raw)
            (tmp_path / "key").touch(0o600)
            (tmp_path / "key").write_text(local.user_secret().hex())
            yield Stage(local, row, MemberFolder(tmp_path), node.url, genesis)
        finally:
            await local.close()


async def test_the_story_of_a_holder(stage: Stage) -> None:
    # Without any statement the gate mints nothing, and nothing is sent.
    first = stage.ballast("mint", "1")
    assert first.code == 1
    assert "would refuse this mint: NoStatement; nothing was sent" in json.loads(first.out)["error"]["message"]

    gate, raw = stage.statement(5, 100 * UNIT)
    shown = Shown(statements={gate: {"version": 1, "submission": "0x" + raw.hex()}})
    with member(shown) as url:
        # The statement comes along in the very transaction that mints under it.
        minted = stage.ballast("mint", "60", "--member-url", url)
        assert minted.code == 0, minted
        assert json.loads(minted.out)["brought"] == 5
        assert await stage.local.supply(stage.row) == 60 * UNIT

        # Above the cap: told beforehand; forced, it is a mined transaction that shows the gate's error.
        told = stage.ballast("mint", "40.000001", "--member-url", url)
        assert "ExceedsCap; nothing was sent" in json.loads(told.out)["error"]["message"]
        forced = stage.ballast("mint", "40.000001", "--member-url", url, "--force")
        assert forced.code == 1
        found = json.loads(forced.out)
        assert (found["ok"], found["error"], found["brought"]) == (False, "ExceedsCap", None)
        assert found["transaction"].startswith("0x")
        assert found["height"] > 0
        assert await stage.local.supply(stage.row) == 60 * UNIT

        # Exactly the headroom passes.
        assert stage.ballast("mint", "40", "--member-url", url).code == 0
        assert await stage.local.supply(stage.row) == 100 * UNIT


async def test_a_redemption_burns_and_needs_the_tokens(stage: Stage) -> None:
    gate, raw = stage.statement(5, 100 * UNIT)
    shown = Shown(statements={gate: {"version": 1, "submission": "0x" + raw.hex()}})
    with member(shown) as url:
        to = FAMILY.account_address(stage.local.user_secret())
        assert stage.ballast("mint", "60", "--member-url", url, "--to", to).code == 0
    assert stage.ballast("redeem", "60.000001").code == 1
    assert await stage.local.supply(stage.row) == 60 * UNIT
    redeemed = stage.ballast("redeem", "25")
    assert redeemed.code == 0, redeemed
    assert await stage.local.supply(stage.row) == 35 * UNIT


async def test_a_node_of_another_chain(stage: Stage) -> None:
    async with Devnet(31999, block_time=1) as other:
        stage.url = other.url
        ended = stage.ballast("mint", "1")
    assert ended.code == 1
    assert json.loads(ended.out)["error"]["message"] == "the node serves chain id 31999, not 31337"

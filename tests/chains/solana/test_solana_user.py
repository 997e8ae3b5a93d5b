"""A holder at one node: mints, refusals, redemptions; on our node, and on a real validator where one is on PATH."""

from dataclasses import replace

import pytest
from pydantic import SecretStr
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from chains.caip import AccountId, AssetId, CaipError, ChainId
from chains.errors import ChainError, Refused, Unreadable
from chains.misbehaviour import Behaviour
from chains.proxy import Proxy
from chains.solana.addresses import TOKEN_2022_PROGRAM, TOKEN_PROGRAM, derived
from chains.solana.client import Client, name
from chains.solana.demo_tokens import new_holding
from chains.solana.devnet import OWNER
from chains.solana.misbehaviour import Rule, SolanaDialect
from chains.solana.options import DeploymentOptions
from chains.solana.transactions import Failure, Key
from chains.solana.user import SolanaUser
from chains.types import GateState
from tests.chains.solana.stage import PATIENT, Stage
from tests.chains.statements import seed

WALLET = Key(seed("wallet")).address


async def test_a_mint_above_the_cap_fails_on_the_chain_and_a_redemption_lowers_the_cap(anywhere: Stage) -> None:
    s, d = anywhere, anywhere.deployment
    async with s.holder() as user:
        assert (await user.state(d)) == GateState(0, 0, 0, 0)
        assert await user.mint_refusal(d, WALLET, 1, None) == "NoStatement"
        none = await s.going_on(user.mint(d, WALLET, 1, None))
        assert (none.ok, none.error) == (False, "NoStatement")
        before = await s.lamports(user.address)
        statement = await s.statement(5, 1_000)
        above = await s.going_on(user.mint(d, WALLET, 1_001, statement))
        assert (above.ok, above.error) == (False, "ExceedsCap")
        assert before - await s.lamports(user.address) == above.cost >= 5_000
        # All of a transaction or nothing: neither the statement nor the wallet's token account came of it.
        assert (await user.state(d)).round == 0
        assert await s.balance(s.token_account(WALLET)) == 0
        assert await user.mint_refusal(d, WALLET, 1_000, statement) == ""
        exact = await s.going_on(user.mint(d, WALLET, 1_000, statement))
        assert (exact.ok, exact.error) == (True, "")
        assert exact.height > above.height
        state = await user.state(d)
        assert (state.supply, state.round, state.cap) == (1_000, 5, 1_000)
        assert await s.balance(s.token_account(WALLET)) == 1_000
        one_more = await s.going_on(user.mint(d, WALLET, 1, None))
        assert (one_more.ok, one_more.error) == (False, "ExceedsCap")
        assert await user.mint_refusal(d, WALLET, 1, None) == "ExceedsCap"
    async with s.holder(seed("wallet")) as holder:
        await s.going_on(s.local.fund([WALLET]))
        assert await holder.allow(d, 300) is None
        assert await holder.redeem_refusal(d, 300) == ""
        redeemed = await s.going_on(holder.redeem(d, 300))
        assert (redeemed.ok, redeemed.error) == (True, "")
        state = await holder.state(d)
        assert (state.supply, state.cap) == (700, 700)
        refused = await s.going_on(holder.redeem(d, 701))
        assert (refused.ok, refused.error) == (False, "BurnMismatch")
        assert await holder.redeem_refusal(d, 701) == "BurnMismatch"


async def test_tokens_go_to_a_wallet_or_to_a_token_account_of_the_mint_and_nowhere_else(stage: Stage) -> None:
    s, d = stage, stage.deployment
    async with s.holder() as user, Client(s.chain, s.node.url, s.local.user_secret(), limits=PATIENT) as client:
        assert (await s.going_on(user.mint(d, WALLET, 10, await s.statement(5, 1_000)))).ok
        account = s.token_account(WALLET)
        assert (await s.going_on(user.mint(d, account, 10, None))).ok
        assert (await s.going_on(user.mint(d, WALLET, 10, None))).ok
        assert await s.balance(account) == 30
        row = await s.going_on(s.local.deploy_source("OTHER", 6, 5))
        vault, mint = row["account"].rpartition(":")[2], row["asset"].rpartition(":")[2]
        for to, text in (
            (vault, "is a token account of"),
            (mint, "is no token account"),
            (d.token.asset, "is no token account"),
            (d.gate.address, "neither a wallet nor a token account"),
            (s.token_account(OWNER.address), "nobody could move tokens"),
        ):
            with pytest.raises(Refused, match=text):
                await user.mint(d, to, 1, None)
        with pytest.raises(CaipError):
            await user.mint(d, "0x00", 1, None)
        # A wallet that a program signs for: on no curve, but there.
        owned = derived(TOKEN_PROGRAM, b"a wallet")[0]
        sent = TransferParams(
            from_pubkey=Pubkey.from_string(user.address), to_pubkey=Pubkey.from_string(owned), lamports=10**9
        )
        assert (await s.going_on(client.transact([transfer(sent)]))).ok
        assert (await s.going_on(user.mint(d, owned, 1, None))).ok
        assert (await user.state(d)).supply == 31


async def test_who_may_not_mint_is_refused_on_the_chain(stage: Stage) -> None:
    s, d = stage, stage.deployment
    stranger = seed("stranger")
    await s.going_on(s.local.fund([Key(stranger).address]))
    async with s.holder(stranger) as user:
        statement = await s.statement(5, 1_000)
        assert await user.mint_refusal(d, user.address, 1, statement) == "NotMinter"
        receipt = await s.going_on(user.mint(d, user.address, 1, statement))
        assert (receipt.ok, receipt.error) == (False, "NotMinter")


async def test_two_equal_mints_are_two_transactions(stage: Stage) -> None:
    s, d = stage, stage.deployment
    async with s.holder() as user:
        assert (await s.going_on(user.mint(d, WALLET, 10, await s.statement(5, 1_000)))).ok
        first = await s.going_on(user.mint(d, WALLET, 10, None))
        second = await s.going_on(user.mint(d, WALLET, 10, None))
        assert first.transaction != second.transaction
        assert await s.balance(s.token_account(WALLET)) == 30


async def test_a_statement_too_deep_to_come_along_is_refused_with_what_to_do(stage: Stage) -> None:
    s, d = stage, stage.deployment
    raw = await s.statement(5, 1_000)

    def deep(levels: int) -> bytes:
        return raw[:177] + bytes([levels]) + bytes(4) + bytes(32 * levels) + raw[-145:]

    async with s.holder() as user:
        assert await user.mint_refusal(d, WALLET, 1, deep(12)) == "WrongRoot"
        with pytest.raises(ChainError, match=r"1246 bytes.* mint without the statement"):
            await user.mint(d, WALLET, 1, deep(13))


async def test_another_cluster_is_refused(stage: Stage) -> None:
    s = stage
    other = ChainId("solana", "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp")
    async with s.holder(chain=other) as user:
        with pytest.raises(Refused, match=f"the node serves {s.chain}, not {other}"):
            await user.state(s.deployment)
    with pytest.raises(Refused, match="no Ed25519 seed"):
        SolanaUser(s.chain, SecretStr(s.node.url), bytes(31))


async def test_a_state_that_is_not_a_gates_is_an_error_and_never_zero(stage: Stage) -> None:
    s, d = stage, stage.deployment
    assert isinstance(d.options, DeploymentOptions)
    wallet, token = AccountId(s.chain, WALLET), AssetId(s.chain, "token", WALLET)
    elsewhere = d.options.model_copy(update={"token_program": TOKEN_2022_PROGRAM})
    async with s.holder() as user:
        for wrong, error, text in (
            (replace(d, gate=wallet), Unreadable, "does not exist"),
            (replace(d, token=token), Unreadable, "does not exist"),
            (replace(d, gate=AccountId(s.chain, user.address)), Refused, "belongs to"),
            (
                replace(d, options=elsewhere),
                Refused,
                "belongs to",
            ),
        ):
            with pytest.raises(error, match=text):
                await user.state(wrong)


async def test_a_transaction_that_no_block_took_expires_and_nothing_has_happened(stage: Stage) -> None:
    s = stage
    stale = {"context": {"slot": 1}, "value": {"blockhash": WALLET, "lastValidBlockHeight": 3}}
    async with Proxy(s.node.url, SolanaDialect()) as front:
        front.behave(Behaviour(mode="lying", rules=(Rule(method="getLatestBlockhash", result=stale),)))
        async with Client(s.chain, front.url, s.local.user_secret(), limits=PATIENT) as client:
            with pytest.raises(Unreadable, match="expired before it was executed"):
                await s.going_on(client.transact([new_holding(client.address, WALLET, s.deployment.token.asset)]))
        front.behave(Behaviour(mode="failing", how="redirect"))
        async with Client(s.chain, front.url, limits=PATIENT) as client:
            with pytest.raises(Unreadable, match="is it running"):
                await client.lamports(WALLET)


async def test_a_client_without_an_account_only_reads(stage: Stage) -> None:
    async with Client(stage.chain, stage.node.url, limits=PATIENT) as client:
        assert await client.accounts(WALLET) == (None,)
        with pytest.raises(Refused, match="no account"):
            await client.send([Instruction(Pubkey.default(), b"", [])])


def test_whose_error_it_is_the_log_tells() -> None:
    ours, theirs = WALLET, OWNER.address
    failure = Failure("Custom", 2, 14)
    assert name(failure, [f"Program {ours} failed: custom program error: 0xe"], ours) == "RefusedExtension"
    inner = [f"Program {theirs} failed: custom program error: 0xe", f"Program {ours} failed: custom program error: 0xe"]
    assert name(failure, inner, ours) == f"{theirs}: custom program error: 0xe"
    assert name(failure, [], ours) == "Custom 14 of instruction 2"

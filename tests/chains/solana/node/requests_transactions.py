"""Requests that send, simulate and find transactions."""

import base64
from typing import Any

from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from chains.solana.node.params import to_base58
from tests.chains.solana.node.comparison import Script
from tests.chains.solana.node.node_support import (
    ALICE,
    CONFIRMED,
    MEMO,
    NOBODY,
    PROCESSED,
    SOL,
    SYSTEM,
    encoded,
    pay,
    signed,
    signed_v0,
)

FAR = 10**9
"""A slot that no chain here reaches."""


async def sending(script: Script) -> None:
    blockhash = await script.rpc.blockhash("confirmed")
    once = signed([pay(SOL)], blockhash)
    await script.sent("once", once)
    form = {"encoding": "base64", "preflightCommitment": "confirmed"}
    await script.ask("twice", "sendTransaction", encoded(once), form)
    await script.ask("twice without preflight", "sendTransaction", encoded(once), {**form, "skipPreflight": True})
    again = signed([pay(5)], blockhash)
    base58 = to_base58(bytes(again))
    await script.ask("in base58", "sendTransaction", base58, CONFIRMED | {"preflightCommitment": "confirmed"})
    await script.ask("base58 for base64", "sendTransaction", base58, form)
    await script.ask("base64 for base58", "sendTransaction", encoded(again))
    for label, text in (
        *(("empty", ""), ("no base64", "!!"), ("3 bytes", "AAAA"), ("number", 5), ("too long", "A" * 3000)),
        *(("1233 bytes", base64.b64encode(bytes(1233)).decode()), ("zeros", base64.b64encode(bytes(200)).decode())),
    ):
        await script.ask(label, "sendTransaction", text, form)
        await script.ask(label, "simulateTransaction", text, {"encoding": "base64"})
    await script.ask("too long in base58", "sendTransaction", "1" * 2000)
    await script.ask("nothing", "sendTransaction")
    for name, wrong in (
        *(("encoding", "json"), ("encoding", "base64+zstd"), ("maxRetries", -1), ("minContextSlot", FAR)),
        *(("preflightCommitment", "recent"), ("skipPreflight", 5)),
    ):
        await script.ask(f"{name} {wrong}", "sendTransaction", encoded(again), {**form, name: wrong})
    raw = bytes(again)
    for label, spoilt in (
        ("two signatures", b"\x02" + raw[1:65] + raw[1:65] + raw[65:]),
        ("no signature", b"\x00" + raw[65:]),
        ("a bad index", raw[:-15] + b"\x63" + raw[-14:]),
        ("more bytes", raw + b"more"),
    ):
        await script.ask(f"with {label}", "sendTransaction", base64.b64encode(spoilt).decode(), form)
    unsigned = VersionedTransaction.populate(again.message, [Signature.default()])
    await script.ask("unsigned", "sendTransaction", encoded(unsigned), form)
    stranger = Keypair()
    for label, transaction in (
        ("on an unknown blockhash", signed([pay(7)], Hash.from_string(NOBODY))),
        ("of too much", signed([pay(10**15)], blockhash)),
        ("of a stranger", signed([pay(1, payer=stranger)], blockhash, stranger)),
        ("below rent", signed([pay(5, Pubkey.new_unique())], blockhash)),
        ("to no program", signed([Instruction(Pubkey.from_string(NOBODY), b"", [])], blockhash)),
        ("with bad data", signed([Instruction(Pubkey.from_string(SYSTEM), b"\xff" * 4, [])], blockhash)),
    ):
        await script.ask(label, "sendTransaction", encoded(transaction), form)
        await script.ask(label, "simulateTransaction", encoded(transaction), {"encoding": "base64", **CONFIRMED})


async def simulating(script: Script) -> None:
    blockhash = await script.rpc.blockhash("confirmed")
    transaction = signed([pay(9)], blockhash)
    unsigned = VersionedTransaction.populate(transaction.message, [Signature.default()])
    alice, form = str(ALICE.pubkey()), {"encoding": "base64", **CONFIRMED}
    for label, subject, config in (
        *(("plain", transaction, {}), ("unsigned", unsigned, {}), ("verified", transaction, {"sigVerify": True})),
        *(
            ("unsigned verified", unsigned, {"sigVerify": True}),
            ("inner", transaction, {"innerInstructions": True}),
        ),
        ("replaced", unsigned, {"replaceRecentBlockhash": True}),
        ("verified replaced", transaction, {"sigVerify": True, "replaceRecentBlockhash": True}),
        ("far", transaction, {"minContextSlot": FAR}),
        ("accounts", transaction, {"accounts": {"encoding": "base64", "addresses": [alice, SYSTEM, NOBODY]}}),
        ("accounts in default", transaction, {"accounts": {"addresses": [alice]}}),
        ("accounts parsed", transaction, {"accounts": {"encoding": "jsonParsed", "addresses": [alice]}}),
        ("accounts in base58", transaction, {"accounts": {"encoding": "base58", "addresses": [alice]}}),
        ("too many accounts", transaction, {"accounts": {"addresses": [alice] * 4}}),
        ("bad accounts", transaction, {"accounts": {"addresses": ["x"]}}),
        ("no addresses", transaction, {"accounts": {}}),
        ("number for a flag", transaction, {"sigVerify": 1}),
    ):
        await script.ask(label, "simulateTransaction", encoded(subject), {**form, **config})
    failing = signed([pay(10**15)], blockhash)
    asked = {"accounts": {"encoding": "base64", "addresses": [alice]}}
    await script.ask("failing with accounts", "simulateTransaction", encoded(failing), {**form, **asked})
    for label, message in (
        *(("legacy", bytes(transaction.message)), ("cut", bytes(transaction.message)[:-3]), ("empty", b"")),
        ("unknown blockhash", bytes(signed([pay(9)], Hash.from_string(NOBODY)).message)),
    ):
        await script.ask(label, "getFeeForMessage", base64.b64encode(message).decode(), CONFIRMED)
    await script.ask("no base64", "getFeeForMessage", "x")
    await script.ask("far", "getFeeForMessage", encoded(transaction), {"minContextSlot": FAR})


async def history(script: Script) -> None:
    blockhash, limits = (
        await script.rpc.blockhash("confirmed"),
        [set_compute_unit_price(1000), set_compute_unit_limit(20_000)],
    )
    versioned = await script.sent("of version 0", signed_v0([*limits, pay(8)], blockhash))
    failed = await script.sent("that fails", signed([pay(10**15)], blockhash), skipPreflight=True)
    lost = Instruction(Pubkey.from_string(NOBODY), b"", [])
    fee_only = await script.sent("that only pays", signed([lost], blockhash), skipPreflight=True)
    noted = await script.sent("with a memo", signed([Instruction(MEMO, b"hello", [])], blockhash))
    for name, signature in (("version 0", versioned), ("failed", failed), ("fee only", fee_only), ("memo", noted)):
        for encoding in ("json", "jsonParsed", "base64", "base58", "binary"):
            config = {**CONFIRMED, "encoding": encoding, "maxSupportedTransactionVersion": 0}
            await script.ask(f"{name} {encoding}", "getTransaction", signature, config)
        await script.ask(f"{name} plain", "getTransaction", signature, CONFIRMED)
    for label, params in (
        *(("unknown", [str(Signature.default()), CONFIRMED]), ("bad", ["x"]), ("nothing", [])),
        *(("processed", [failed, PROCESSED]), ("bad version", [failed, {"maxSupportedTransactionVersion": 300}])),
        *(("unknown encoding", [failed, {"encoding": "hex"}]), ("number for config", [failed, 5])),
        ("encoding in place of config", [str(Signature.default()), "base64"]),
    ):
        await script.ask(label, "getTransaction", *params)
    searched = {"searchTransactionHistory": True}
    statuses: list[tuple[str, list[Any]]] = [
        *(("some", [[versioned, failed, str(Signature.default())], searched]), ("none", [[]]), ("bad", [["x"]])),
        *(
            ("too many", [[failed] * 257]),
            ("text", ["x"]),
            ("nothing", []),
            ("bad flag", [[], {"searchTransactionHistory": 5}]),
        ),
    ]
    for label, params in statuses:
        await script.ask(label, "getSignatureStatuses", *params)
    alice = str(ALICE.pubkey())
    configs: list[tuple[str, dict[str, Any]]] = [
        *(("plain", {}), ("two", {"limit": 2}), ("none", {"limit": 0}), ("too many", {"limit": 1001})),
        *(("before", {"before": failed}), ("until", {"until": failed}), ("bad before", {"before": "x"})),
        *(("unknown before", {"before": str(Signature.default())}), ("processed", PROCESSED)),
        *(("unknown until", {"until": str(Signature.default())}), ("far", {"minContextSlot": FAR})),
    ]
    for label, config in configs:
        await script.ask(label, "getSignaturesForAddress", alice, {**CONFIRMED, **config})
    await script.ask("bad address", "getSignaturesForAddress", "x")
    await script.ask("nobody", "getSignaturesForAddress", str(Pubkey.new_unique()))
    for label, params in (
        *(("without an amount", [alice]), ("bad address", ["x", 5]), ("negative", [alice, -1])),
        *(("bad blockhash", [alice, SOL, {"recentBlockhash": "x"}]), ("text", [alice, "5"])),
    ):
        await script.ask(label, "requestAirdrop", *params)
    await script.ask("with fees", "getRecentPrioritizationFees", [alice])

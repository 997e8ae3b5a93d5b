"""Requests that send, simulate and find transactions."""

import base64
from collections.abc import Callable
from typing import Any

from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature

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
    Signing,
    encoded,
    encoding,
    name,
    pay,
    signed,
    signed_v0,
    signing,
    unsigned,
)

FAR = 10**9
"""A slot that no chain here reaches."""
UNKNOWN = Hash.from_string(NOBODY)
"""A blockhash of no block."""


async def sending(script: Script) -> None:
    once = await script.send("once", signing([pay(SOL)]))
    form = {"encoding": "base64", "preflightCommitment": "confirmed"}
    await script.ask("twice", "sendTransaction", encoded(once), form)
    await script.ask("twice without preflight", "sendTransaction", encoded(once), {**form, "skipPreflight": True})
    paying, in_base58 = signing([pay(5)]), CONFIRMED | {"preflightCommitment": "confirmed"}
    await script.ask_at("in base58", "sendTransaction", lambda at: to_base58(bytes(paying(at))), in_base58)
    await script.ask_at("base58 for base64", "sendTransaction", lambda at: to_base58(bytes(paying(at))), form)
    await script.ask_at("base64 for base58", "sendTransaction", encoding(paying))
    for label, text in (
        *(("empty", ""), ("no base64", "!!"), ("3 bytes", "AAAA"), ("number", 5), ("too long", "A" * 3000)),
        *(("1233 bytes", base64.b64encode(bytes(1233)).decode()), ("zeros", base64.b64encode(bytes(200)).decode())),
    ):
        await script.ask(label, "sendTransaction", text, form)
        await script.ask(label, "simulateTransaction", text, {"encoding": "base64"})
    await script.ask("too long in base58", "sendTransaction", "1" * 2000)
    await script.ask("nothing", "sendTransaction")
    for field, wrong in (
        *(("encoding", "json"), ("encoding", "base64+zstd"), ("maxRetries", -1), ("minContextSlot", FAR)),
        *(("preflightCommitment", "recent"), ("skipPreflight", 5)),
    ):
        await script.ask_at(f"{field} {wrong}", "sendTransaction", encoding(paying), {**form, field: wrong})
    for label, spoil in SPOILT:
        await script.ask_at(f"with {label}", "sendTransaction", spoilt(paying, spoil), form)
    await script.ask_at("unsigned", "sendTransaction", encoding(unsigned(paying)), form)
    stranger = Keypair()
    for label, made in (
        ("on an unknown blockhash", lambda _: signed([pay(7)], UNKNOWN)),
        ("of too much", signing([pay(10**15)])),
        ("of a stranger", signing([pay(1, payer=stranger)], stranger)),
        ("below rent", signing([pay(5, Pubkey.new_unique())])),
        ("to no program", signing([Instruction(Pubkey.from_string(NOBODY), b"", [])])),
        ("with bad data", signing([Instruction(Pubkey.from_string(SYSTEM), b"\xff" * 4, [])])),
    ):
        await script.ask_at(label, "sendTransaction", encoding(made), form)
        await script.ask_at(label, "simulateTransaction", encoding(made), {"encoding": "base64", **CONFIRMED})


SPOILT: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("two signatures", lambda raw: b"\x02" + raw[1:65] + raw[1:65] + raw[65:]),
    ("no signature", lambda raw: b"\x00" + raw[65:]),
    ("a bad index", lambda raw: raw[:-15] + b"\x63" + raw[-14:]),
    ("more bytes", lambda raw: raw + b"more"),
)


def spoilt(made: Signing, spoil: Callable[[bytes], bytes]) -> Callable[[Hash], str]:
    return lambda blockhash: base64.b64encode(spoil(bytes(made(blockhash)))).decode()


async def simulating(script: Script) -> None:
    paying = signing([pay(9)])
    alice, form = str(ALICE.pubkey()), {"encoding": "base64", **CONFIRMED}
    for label, subject, config in (
        *(("plain", paying, {}), ("unsigned", unsigned(paying), {}), ("verified", paying, {"sigVerify": True})),
        *(
            ("unsigned verified", unsigned(paying), {"sigVerify": True}),
            ("inner", paying, {"innerInstructions": True}),
        ),
        ("replaced", unsigned(paying), {"replaceRecentBlockhash": True}),
        ("verified replaced", paying, {"sigVerify": True, "replaceRecentBlockhash": True}),
        ("far", paying, {"minContextSlot": FAR}),
        ("accounts", paying, {"accounts": {"encoding": "base64", "addresses": [alice, SYSTEM, NOBODY]}}),
        ("accounts in default", paying, {"accounts": {"addresses": [alice]}}),
        ("accounts parsed", paying, {"accounts": {"encoding": "jsonParsed", "addresses": [alice]}}),
        ("accounts in base58", paying, {"accounts": {"encoding": "base58", "addresses": [alice]}}),
        ("too many accounts", paying, {"accounts": {"addresses": [alice] * 4}}),
        ("bad accounts", paying, {"accounts": {"addresses": ["x"]}}),
        ("no addresses", paying, {"accounts": {}}),
        ("number for a flag", paying, {"sigVerify": 1}),
    ):
        await script.ask_at(label, "simulateTransaction", encoding(subject), {**form, **config})
    asked = {"accounts": {"encoding": "base64", "addresses": [alice]}}
    failing = encoding(signing([pay(10**15)]))
    await script.ask_at("failing with accounts", "simulateTransaction", failing, {**form, **asked})
    for label, cut in (("legacy", None), ("cut", -3), ("empty", 0)):
        await script.ask_at(label, "getFeeForMessage", message(paying, cut), CONFIRMED)
    await script.ask_at("unknown blockhash", "getFeeForMessage", message(lambda _: paying(UNKNOWN), None), CONFIRMED)
    await script.ask("no base64", "getFeeForMessage", "x")
    await script.ask_at("far", "getFeeForMessage", encoding(paying), {"minContextSlot": FAR})


def message(made: Signing, cut: int | None) -> Callable[[Hash], str]:
    """The message of a transaction, up to the byte `cut`."""
    return lambda blockhash: base64.b64encode(bytes(made(blockhash).message)[:cut]).decode()


async def history(script: Script) -> None:
    limits = [set_compute_unit_price(1000), set_compute_unit_limit(20_000)]
    lost = Instruction(Pubkey.from_string(NOBODY), b"", [])
    versioned, failed, fee_only, noted = [
        name(await script.send(label, made, skipPreflight=skip))
        for label, made, skip in (
            ("of version 0", lambda at: signed_v0([*limits, pay(8)], at), False),
            ("that fails", signing([pay(10**15)]), True),
            ("that only pays", signing([lost]), True),
            ("with a memo", signing([Instruction(MEMO, b"hello", [])]), False),
        )
    ]
    for kind, signature in (("version 0", versioned), ("failed", failed), ("fee only", fee_only), ("memo", noted)):
        for form in ("json", "jsonParsed", "base64", "base58", "binary"):
            config = {**CONFIRMED, "encoding": form, "maxSupportedTransactionVersion": 0}
            await script.ask(f"{kind} {form}", "getTransaction", signature, config)
        await script.ask(f"{kind} plain", "getTransaction", signature, CONFIRMED)
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

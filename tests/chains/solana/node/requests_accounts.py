"""Requests about accounts, programs' accounts and tokens."""

from solders.keypair import Keypair

from tests.chains.solana.node.comparison import Script
from tests.chains.solana.node.node_support import (
    ALICE,
    CLOCK,
    CONFIRMED,
    NOBODY,
    SYSTEM,
    TOKEN,
    TOKEN_2022,
    associated,
    encoding,
    mint_to,
    name,
    new_mint,
    signing,
)

FAR = 10**9
"""A slot that no chain here reaches."""
SLOT_HASHES = "SysvarS1otHashes111111111111111111111111111"


async def accounts(script: Script) -> None:
    alice = str(ALICE.pubkey())
    for label, address in (
        *(("Alice", alice), ("a program", SYSTEM), ("the clock", CLOCK), ("nobody", NOBODY), ("short", "abc")),
        *(("31 bytes", "1" * 31), ("no base58", "O0Il"), ("empty", ""), ("long", "1" * 50), ("a number", 5)),
        *(("null", None), ("a token program", str(TOKEN))),
    ):
        await script.ask(label, "getAccountInfo", address, CONFIRMED)
        await script.ask(label, "getBalance", address, CONFIRMED)
    for method in ("getAccountInfo", "getBalance", "getMultipleAccounts", "getProgramAccounts"):
        await script.ask("nothing", method)
    await script.ask("far", "getBalance", alice, {"minContextSlot": FAR})
    await script.ask("far", "getAccountInfo", alice, {"minContextSlot": FAR})
    for form in ("base58", "base64", "base64+zstd", "jsonParsed", "binary", "json", None, 5):
        await script.ask(f"clock in {form}", "getAccountInfo", CLOCK, {"encoding": form})
        await script.ask(f"Alice in {form}", "getAccountInfo", alice, {"encoding": form, **CONFIRMED})
        await script.ask(f"in {form}", "getMultipleAccounts", [CLOCK, alice], {"encoding": form, **CONFIRMED})
    await script.ask("large", "getAccountInfo", SLOT_HASHES)
    await script.ask("large in base58", "getAccountInfo", SLOT_HASHES, {"encoding": "base58"})
    for label, part in (
        *(("8 at 0", {"offset": 0, "length": 8}), ("8 far off", {"offset": 30_000, "length": 8})),
        *(("negative", {"offset": -1, "length": 8}), ("no offset", {"length": 8}), ("number", 5), ("empty", {})),
    ):
        await script.ask(f"slice {label}", "getAccountInfo", SLOT_HASHES, {"encoding": "base58", "dataSlice": part})
    for label, addresses in (
        *(("none", []), ("some", [SYSTEM, NOBODY, CLOCK]), ("100", [SYSTEM] * 100), ("101", [SYSTEM] * 101)),
        *(("bad", ["x"]), ("text", SYSTEM), ("numbers", [5]), ("101 bad", ["x"] * 101)),
    ):
        await script.ask(label, "getMultipleAccounts", addresses)
    await script.ask("far", "getMultipleAccounts", [SYSTEM], {"minContextSlot": FAR})


async def programs(script: Script) -> None:
    loader = "BPFLoaderUpgradeab1e11111111111111111111111"
    form = {"encoding": "base64", "dataSlice": {"offset": 0, "length": 4}}
    await script.ask("plain", "getProgramAccounts", NOBODY)
    await script.ask("with context", "getProgramAccounts", NOBODY, {"withContext": True})
    await script.ask("bad context", "getProgramAccounts", NOBODY, {"withContext": 5})
    await script.ask("bad address", "getProgramAccounts", "x")
    await script.ask("far", "getProgramAccounts", loader, {"minContextSlot": FAR})
    await script.ask("large", "getProgramAccounts", loader)
    await script.ask("sliced", "getProgramAccounts", loader, {**form, "withContext": True})
    for label, filters in (
        *(("size", [{"dataSize": 36}]), ("other size", [{"dataSize": 1}]), ("bad size", [{"dataSize": -1}])),
        *(("memcmp", [{"memcmp": {"offset": 0, "bytes": "3"}}]), ("no bytes", [{"memcmp": {"offset": 0}}])),
        ("memcmp base64", [{"memcmp": {"offset": 0, "bytes": "AgAAAA==", "encoding": "base64"}}]),
        ("memcmp list", [{"memcmp": {"offset": 0, "bytes": [2, 0]}}]),
        ("memcmp other", [{"memcmp": {"offset": 0, "bytes": "3", "encoding": "hex"}}]),
        ("memcmp far off", [{"memcmp": {"offset": 10**7, "bytes": "3"}}]),
        ("memcmp long", [{"memcmp": {"offset": 0, "bytes": "4" * 200}}]),
        ("memcmp no base58", [{"memcmp": {"offset": 0, "bytes": "0O"}}]),
        ("memcmp no base64", [{"memcmp": {"offset": 0, "bytes": "!", "encoding": "base64"}}]),
        ("memcmp empty", [{"memcmp": {"offset": 0, "bytes": ""}}]),
        *(("tokens", [{"tokenAccountState": None}]), ("tokens by name", ["tokenAccountState"])),
        *(("unknown", [{"size": 1}]), ("two keys", [{"dataSize": 1, "memcmp": {}}]), ("empty", [{}])),
        *(("five", [{"dataSize": 1}] * 5), ("number", 5)),
    ):
        await script.ask(f"filtered by {label}", "getProgramAccounts", loader, {**form, "filters": filters})


async def token_accounts(script: Script) -> None:
    alice = str(ALICE.pubkey())
    for kind, program in (("token", TOKEN), ("token-2022", TOKEN_2022)):
        key = Keypair()
        mint = key.pubkey()
        rent = await script.rpc.call("getMinimumBalanceForRentExemption", 82)
        held = associated(ALICE.pubkey(), mint, program)
        made = await script.send(f"of a {kind} mint", signing(new_mint(mint, rent, program), ALICE, key))
        for form in ("json", "jsonParsed", "base64"):
            config = {**CONFIRMED, "encoding": form, "maxSupportedTransactionVersion": 0}
            await script.ask(f"{kind} {form}", "getTransaction", name(made), config)
        await script.ask(f"{kind} account", "getTokenAccountBalance", str(held), CONFIRMED)
        await script.ask(f"{kind} mint", "getTokenAccountBalance", str(mint), CONFIRMED)
        await script.ask(f"{kind} account", "getTokenSupply", str(held), CONFIRMED)
        await script.ask(f"{kind} mint", "getTokenSupply", str(mint), CONFIRMED)
        parsed = {**CONFIRMED, "encoding": "jsonParsed"}
        await script.ask(f"{kind} mint parsed", "getAccountInfo", str(mint), parsed)
        if program == TOKEN:
            await script.ask(f"{kind} account parsed", "getAccountInfo", str(held), parsed)
        base64 = {**CONFIRMED, "encoding": "base64"}
        for label, asked in (
            *(
                ("mint", {"mint": str(mint)}),
                ("program", {"programId": str(program)}),
                ("no token", {"mint": alice}),
            ),
            *(("other program", {"programId": SYSTEM}), ("nothing", {}), ("unknown", {"owner": alice})),
            ("no mint", {"mint": NOBODY}),
        ):
            await script.ask(f"{kind} by {label}", "getTokenAccountsByOwner", alice, asked, base64)
        more = encoding(signing([mint_to(mint, held, 5, program)]))
        await script.ask_at(f"of a {kind} mint", "simulateTransaction", more, base64)
    for method in ("getTokenAccountBalance", "getTokenSupply"):
        for label, address in (("Alice", alice), ("nobody", NOBODY), ("bad", "x"), ("a program", str(TOKEN))):
            await script.ask(label, method, address, CONFIRMED)
        await script.ask("nothing", method)

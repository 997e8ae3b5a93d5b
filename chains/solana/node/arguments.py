"""The command line, in the words of solana-test-validator where it has one for the same."""

import argparse
import json
from pathlib import Path

from solders.account import Account
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from chains.caip import CaipError
from chains.solana import addresses
from chains.solana.node import params
from chains.solana.node.errors import RpcError
from chains.solana.node.settings import GenesisAccount, GenesisProgram, Settings

_DEFAULTS = Settings()


class BadArgument(ValueError):
    """An option that cannot be followed; the text says which and why."""


def parser() -> argparse.ArgumentParser:
    """The options of `python -m chains.solana.node`."""
    options = argparse.ArgumentParser(
        prog="python -m chains.solana.node", description="A local Solana node: the real VM behind JSON-RPC."
    )
    add = options.add_argument
    add("--number", type=int, default=_DEFAULTS.number, metavar="N", help="which local chain: its genesis hash follows")
    add("--rpc-port", type=int, default=8899, metavar="PORT", help="JSON-RPC; websockets also on the next; 0: any free")
    add("--bind-address", default="127.0.0.1", metavar="HOST", help="address to listen on")
    for name, what in (
        ("slot-ms", "milliseconds of a slot"),
        ("finality-slots", "slots after which a block is finalized"),
        ("blockhash-slots", "blocks for which a blockhash is valid"),
        ("skip-every", "every slot divisible by it has no block; 0: none is skipped"),
        ("history-slots", "final slots for which blocks and transactions are kept"),
    ):
        default = getattr(_DEFAULTS, name.replace("-", "_"))
        add(f"--{name}", type=int, default=default, metavar="N", help=f"{what} (default {default})")
    add(
        *("--upgradeable-program",),
        nargs=3,
        action="append",
        default=[],
        metavar=("ADDRESS", "FILE", "AUTHORITY"),
        help="a program at genesis and who may change it (none: nobody)",
    )
    add("--bpf-program", nargs=2, action="append", default=[], metavar=("ADDRESS", "FILE"), help="one for good")
    add(
        *("--account",),
        nargs=2,
        action="append",
        default=[],
        metavar=("ADDRESS", "FILE"),
        help="an account at genesis, as `solana account --output json` writes it (-: at the file's address)",
    )
    add("--mint", action="append", default=[], metavar="ADDRESS", help="an account with 500,000,000 SOL at genesis")
    return options


def settings(given: argparse.Namespace) -> Settings:
    """Raises `BadArgument`."""
    programs = [
        GenesisProgram(_address(address), _read(file), None if authority == "none" else _address(authority))
        for address, file, authority in [*given.upgradeable_program, *((*each, "none") for each in given.bpf_program)]
    ]
    try:
        return Settings(
            number=given.number,
            slot_ms=given.slot_ms,
            finality_slots=given.finality_slots,
            blockhash_slots=given.blockhash_slots,
            skip_every=given.skip_every,
            history_slots=given.history_slots,
            programs=tuple(programs),
            accounts=tuple(_account(address, file) for address, file in given.account),
            mints=tuple(_address(address) for address in given.mint),
        )
    except ValueError as error:
        raise BadArgument(str(error)) from None


def _address(text: str) -> Pubkey:
    """An address in base58, or a file with a keypair, whose address is meant."""
    try:
        return Pubkey.from_bytes(addresses.to_bytes(text))
    except CaipError as error:
        if not Path(text).is_file():
            raise BadArgument(str(error)) from None
    try:
        return Keypair.from_json(_read(text).decode()).pubkey()
    except Exception:  # solders has several, and what the file holds must not be shown
        raise BadArgument(f"{text} is no keypair file (64 numbers in JSON)") from None


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise BadArgument(f"cannot read {file}: {error.strerror}") from None


def _account(address: str, file: str) -> GenesisAccount:
    try:
        document = json.loads(_read(file))
        held = document["account"]
        data, encoding = held["data"]
        if encoding != "base64":
            raise BadArgument(f"{file}: the account's data is in {encoding!r}; use base64")
        account = Account(
            held["lamports"],
            params.from_base64(data),
            params.pubkey(held["owner"]),
            held["executable"],
            held["rentEpoch"],
        )
        return GenesisAccount(_address(document["pubkey"] if address == "-" else address), account)
    except (KeyError, TypeError, ValueError, OverflowError, RpcError) as error:
        if isinstance(error, BadArgument):
            raise
        raise BadArgument(f"{file} is no account as `solana account --output json` writes it: {error!r}") from None

"""Transactions in blocks as JSON, in the documented encodings.

`jsonParsed` gives accounts and instructions in its form, each instruction as one of a program that has no parser.
"""

import base64
from dataclasses import dataclass

from solders.message import Message, MessageV0
from solders.pubkey import Pubkey

from chains.solana.node import params, tokens, wire
from chains.solana.node.errors import invalid_params, unsupported_version
from chains.solana.node.landed import Inner, Json, Landed, Outcome, TokenBalance
from chains.solana.node.params import Config, to_base58

ENCODINGS = ("binary", "base64", "base58", "json", "jsonParsed")
DETAILS = ("full", "signatures", "none", "accounts")

_MOST_VERSION = 255


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a transaction is asked for. `version` is the newest that the client understands, None: only legacy ones."""

    config: Config
    encoding: str
    version: int | None


def wanted(value: Json) -> Wanted:
    """From the last parameter: an encoding, or a configuration object, or null."""
    members = params.config({"encoding": value} if isinstance(value, str) else value)
    version = members.number("maxSupportedTransactionVersion")
    if version is not None and version > _MOST_VERSION:
        raise invalid_params(f"Invalid params: invalid value: integer `{version}`, expected u8.")
    return Wanted(members, members.choice("encoding", ENCODINGS) or "json", version)


def full(landed: Landed, asked: Wanted) -> Json:
    """The answer of getTransaction. Raises `RpcError` (-32015)."""
    place = {"blockTime": landed.time, "slot": landed.slot, "transactionIndex": landed.index}
    return {**place, **in_block(landed, asked, "full")}


def in_block(landed: Landed, asked: Wanted, details: str) -> dict[str, Json]:
    """A transaction of getBlock: `details` is "full" or "accounts". Raises `RpcError` (-32015)."""
    message = wire.message_of(landed.transaction)
    shown: dict[str, Json] = {}
    if isinstance(message, MessageV0) and asked.version is None:
        raise unsupported_version(0)
    if asked.version is not None:
        shown["version"] = 0 if isinstance(message, MessageV0) else "legacy"
    if details == "accounts":
        signatures = [str(each) for each in landed.transaction.signatures]
        accounts = {"accountKeys": _account_keys(message, landed.outcome), "signatures": signatures}
        return {**shown, "meta": _balances(landed.outcome), "transaction": accounts}
    return {
        **shown,
        "meta": _meta(landed.outcome, asked.encoding),
        "transaction": _transaction(landed, message, asked.encoding),
    }


def inner_instructions(outcome: Outcome, encoding: str = "json") -> Json:
    """What the programs called, by instruction."""
    return [
        {"index": index, "instructions": [_called(each, outcome, encoding) for each in calls]}
        for index, calls in sorted(outcome.inner.items())
    ]


def token_balances(balances: tuple[TokenBalance, ...]) -> Json:
    """The documented list of token balances."""
    return [
        {
            "accountIndex": each.index,
            "mint": str(each.mint),
            "owner": str(each.owner),
            "programId": str(each.program),
            "uiTokenAmount": tokens.ui_amount(each.amount, each.decimals),
        }
        for each in balances
    ]


def loaded_addresses(outcome: Outcome) -> Json:
    """The accounts that the transaction named by address tables."""
    return {
        "readonly": [str(key) for key in outcome.readonly_lookups],
        "writable": [str(key) for key in outcome.writable_lookups],
    }


def return_data(outcome: Outcome) -> Json:
    """What the last program returned, null for nothing."""
    if outcome.returned is None:
        return None
    program, data = outcome.returned
    return {"programId": str(program), "data": [base64.b64encode(data).decode(), "base64"]}


def _balances(outcome: Outcome) -> dict[str, Json]:
    return {
        "err": outcome.error,
        "fee": outcome.fee,
        "postBalances": list(outcome.after),
        "postTokenBalances": token_balances(outcome.tokens_after),
        "preBalances": list(outcome.before),
        "preTokenBalances": token_balances(outcome.tokens_before),
        "status": {"Ok": None} if outcome.error is None else {"Err": outcome.error},
    }


def _meta(outcome: Outcome, encoding: str) -> Json:
    meta = {
        **_balances(outcome),
        "computeUnitsConsumed": outcome.units,
        "costUnits": outcome.cost,
        "innerInstructions": inner_instructions(outcome, encoding) if outcome.executed else None,
        "logMessages": list(outcome.logs) if outcome.executed else None,
        "rewards": [],
    }
    if encoding != "jsonParsed":
        meta["loadedAddresses"] = loaded_addresses(outcome)
    if outcome.returned is not None:
        meta["returnData"] = return_data(outcome)
    return meta


def _transaction(landed: Landed, message: Message | MessageV0, encoding: str) -> Json:
    if encoding in ("json", "jsonParsed"):
        return {
            "message": _message(message, landed.outcome, encoding),
            "signatures": [str(each) for each in landed.transaction.signatures],
        }
    raw = bytes(landed.transaction)
    if encoding == "base64":
        return [base64.b64encode(raw).decode(), "base64"]
    return to_base58(raw) if encoding == "binary" else [to_base58(raw), "base58"]


def _message(message: Message | MessageV0, outcome: Outcome, encoding: str) -> Json:
    parsed, header = encoding == "jsonParsed", message.header
    instructions = [
        _called(Inner(each.program_id_index, bytes(each.accounts), bytes(each.data), 1), outcome, encoding)
        for each in message.instructions
    ]
    shown: dict[str, Json] = {
        "accountKeys": _account_keys(message, outcome) if parsed else [str(key) for key in message.account_keys],
        "instructions": instructions,
        "recentBlockhash": str(message.recent_blockhash),
    }
    if not parsed:
        shown["header"] = {
            "numReadonlySignedAccounts": header.num_readonly_signed_accounts,
            "numReadonlyUnsignedAccounts": header.num_readonly_unsigned_accounts,
            "numRequiredSignatures": header.num_required_signatures,
        }
    if isinstance(message, MessageV0):
        shown["addressTableLookups"] = [
            {
                "accountKey": str(lookup.account_key),
                "readonlyIndexes": list(bytes(lookup.readonly_indexes)),
                "writableIndexes": list(bytes(lookup.writable_indexes)),
            }
            for lookup in message.address_table_lookups
        ]
    return shown


def _called(call: Inner, outcome: Outcome, encoding: str) -> Json:
    if encoding == "jsonParsed":
        return {
            "accounts": [str(outcome.keys[index]) for index in call.accounts],
            "data": to_base58(call.data),
            "programId": str(outcome.keys[call.program_index]),
            "stackHeight": call.stack_height,
        }
    return {
        "accounts": list(call.accounts),
        "data": to_base58(call.data),
        "programIdIndex": call.program_index,
        "stackHeight": call.stack_height,
    }


def _account_keys(message: Message | MessageV0, outcome: Outcome) -> Json:
    own, signers = len(message.account_keys), message.header.num_required_signatures

    def shown(index: int, key: Pubkey) -> Json:
        return {
            "pubkey": str(key),
            "signer": index < signers,
            "source": "transaction" if index < own else "lookupTable",
            "writable": key in outcome.written,
        }

    return [shown(index, key) for index, key in enumerate(outcome.keys)]

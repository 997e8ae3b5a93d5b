"""How Solana endpoints lie and lag. See `chains.misbehaviour`.

A rule of a liar alters an account wherever `getAccountInfo` or `getMultipleAccounts` shows it, or else the result of a
method:

    {"account": "MINT..", "offset": 36, "add": 1000}             a little-endian u64 in the account's data
    {"account": "VAULT..", "field": "lamports", "add": 1000}     a field beside the data
    {"account": "GATE..", "field": "owner", "result": "1111.."}
    {"account": "GATE..", "result": null}                        the whole account: as if there were none
    {"method": "getGenesisHash", "result": "4uhc.."}
    {"method": "getSlot", "add": 100}

Account data is altered in the encoding base64, the one that the family reads.
"""

import base64
import copy
from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from chains.misbehaviour import Ask, Behaviour, Model
from chains.solana.addresses import CLOCK_SYSVAR
from chains.solana.rpc import BLOCK_NOT_AVAILABLE, MIN_CONTEXT_SLOT_NOT_REACHED

_ACCOUNTS = {"getAccountInfo", "getMultipleAccounts"}
_HEIGHTS = {"getSlot", "getBlockHeight"}
_SLOT_SECONDS = 0.4
_CLOCK_SLOT, _CLOCK_TIME = 0, 32
"""Offsets in the Clock sysvar: slot u64, epoch_start_timestamp i64, epoch u64, leader_schedule_epoch u64,
unix_timestamp i64."""


class Rule(Model):
    """What a liar alters: see the module. Numbers in account data are taken modulo 2**64."""

    account: str | None = None
    offset: int | None = Field(default=None, ge=0)
    field: Literal["lamports", "owner", "executable", "rentEpoch", "space", "data"] | None = None
    method: str | None = None
    result: Any = None
    add: int | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.account is None) == (self.method is None):
            raise ValueError("a rule names either an account or a method")
        if self.account is None and (self.offset is not None or self.field is not None):
            raise ValueError("offset and field belong to a rule about an account")
        if self.offset is not None and (self.field is not None or self.add is None):
            raise ValueError("offset says where to add: it comes with add, and without field")
        if self.account is not None and self.add is not None and self.offset is None and self.field is None:
            raise ValueError("add needs an offset or a field of the account")
        return self


class SolanaDialect:
    """See `chains.misbehaviour.Dialect`."""

    behaviour = Behaviour[Rule]

    def lie(self, call: dict[str, Any], result: Any, rule: Rule) -> Any:
        if rule.method is not None:
            return _replaced(result, rule) if rule.method == call["method"] else result
        return _each_account(call, result, lambda address, one: _told(one, rule) if address == rule.account else one)

    async def lag(self, calls: Sequence[dict[str, Any]], behind: int, ask: Ask) -> list[Any]:
        """Slots are told `behind` slots too low, and the Clock fits them. What accounts hold is newer than that: a node
        keeps no older states that could be asked for."""
        asked = [{"jsonrpc": "2.0", "id": call["id"], **_without_least(call)} for call in calls]
        processed = {"jsonrpc": "2.0", "id": 0, "method": "getSlot", "params": [{"commitment": "processed"}]}
        newest = max(0, (await ask(processed))["result"] - behind)
        answers = await ask(asked)
        return [_older(call, answer, behind, newest) for call, answer in zip(calls, answers, strict=True)]


def _each_account(call: dict[str, Any], result: Any, alter: Any) -> Any:
    """`result` with `alter(address, account)` in the place of each account that it shows."""
    if call["method"] not in _ACCOUNTS or not isinstance(result, dict) or "value" not in result:
        return result
    if call["method"] == "getAccountInfo":
        return {**result, "value": alter(call["params"][0], result["value"])}
    pairs = zip(call["params"][0], result["value"], strict=True)
    return {**result, "value": [alter(address, one) for address, one in pairs]}


def _told(account: Any, rule: Rule) -> Any:
    if rule.offset is None and rule.field is None:
        return rule.result
    if account is None:
        return None
    if rule.field is not None:
        return {**account, rule.field: _replaced(account[rule.field], rule)}
    return _number_added(account, rule.offset or 0, rule.add or 0)


def _replaced(value: Any, rule: Rule) -> Any:
    return rule.result if rule.add is None else value + rule.add


def _number_added(account: dict[str, Any], offset: int, add: int) -> dict[str, Any]:
    """Adds to 8 little-endian bytes of the account's data; an account that ends before them stays as it is."""
    text, encoding = account["data"]
    data = bytearray(base64.b64decode(text))
    if encoding != "base64" or len(data) < offset + 8:
        return account
    number = int.from_bytes(data[offset : offset + 8], "little")
    data[offset : offset + 8] = ((number + add) % 2**64).to_bytes(8, "little")
    return {**account, "data": [base64.b64encode(data).decode(), encoding]}


def _without_least(call: dict[str, Any]) -> dict[str, Any]:
    """The call without its minContextSlot: what is asked for is judged by the slot that will be told."""
    params = [_but(p, "minContextSlot") if isinstance(p, dict) else p for p in call.get("params", [])]
    return {"method": call["method"], "params": params}


def _but(mapping: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name != key}


def _older(call: dict[str, Any], answer: Any, behind: int, newest: int) -> Any:
    """The answer as a node would give it that has not seen the slots above `newest`."""
    if "result" not in answer:
        return answer
    answer = copy.deepcopy(answer)
    result, method = answer["result"], call["method"]
    slot = max(0, result - behind) if method in _HEIGHTS else newest
    if isinstance(result, dict) and "context" in result:
        slot = result["context"]["slot"] = max(0, result["context"]["slot"] - behind)
    least = max((p.get("minContextSlot", 0) for p in call.get("params", []) if isinstance(p, dict)), default=0)
    if slot < least:
        data = {"contextSlot": slot}
        return _error(call, MIN_CONTEXT_SLOT_NOT_REACHED, "Minimum context slot has not been reached", data=data)
    if method == "getBlockTime" and call["params"][0] > slot:
        return _error(call, BLOCK_NOT_AVAILABLE, f"Block not available for slot {call['params'][0]}")
    if method in _HEIGHTS:
        answer["result"] = slot
    elif method == "getSignatureStatuses":
        result["value"] = [one if one is not None and one["slot"] <= slot else None for one in result["value"]]
    elif method == "getTransaction" and result is not None and result["slot"] > slot:
        answer["result"] = None
    else:
        answer["result"] = _each_account(call, result, lambda address, one: _clock(address, one, behind))
    return answer


def _error(call: dict[str, Any], code: int, message: str, **more: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": code, "message": message, **more}}


def _clock(address: str, account: Any, behind: int) -> Any:
    if address != CLOCK_SYSVAR or account is None:
        return account
    return _number_added(_number_added(account, _CLOCK_SLOT, -behind), _CLOCK_TIME, -int(behind * _SLOT_SECONDS))

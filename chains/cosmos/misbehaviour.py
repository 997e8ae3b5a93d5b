"""How Cosmos endpoints lie and lag. See `chains.misbehaviour`.

A rule of a liar alters what a module's store holds under a key, wherever `abci_query` shows it, or else a part of a
method's result:

    {"store": "bank", "key": "0214..", "add": 1000}                            an amount in decimals, also in quotes
    {"store": "wasm", "key": "03..", "field": "total_supply", "add": 1000}     such an amount in a JSON object
    {"store": "wasm", "key": "03..", "offset": 9, "add": 1000}                 a big-endian number of 128 bits
    {"store": "wasm", "key": "03..", "result": "AQAB"}                         the value, in base64; null: there is none
    {"method": "status", "at": ["sync_info", "latest_block_height"], "add": 100}
    {"method": "commit", "at": ["signed_header", "header", "app_hash"], "flip": "hex", "height": 12}
    {"method": "abci_query", "at": ["response", "proofOps", "ops", 0, "data"], "flip": "base64"}

`key` is in hexadecimal. With `height` a rule is about calls that ask for that height alone. `flip` alters one bit of
bytes. Where there is nothing that could be altered like that, the result stays as it is.
"""

import base64
import copy
import json
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from chains.cosmos import lagging
from chains.cosmos.lagging import height_of, parameters
from chains.misbehaviour import Ask, Behaviour, Model

_AMOUNT = re.compile(rb'("?)(0|[1-9][0-9]*)\1')
_NUMBER_BYTES = 16
_NUMBERS = 1 << 128

Place = tuple[str | int, ...]


class Rule(Model):
    """What a liar alters: see the module. Numbers are taken modulo 2**128."""

    store: str | None = None
    key: Annotated[str, StringConstraints(pattern=r"^([0-9a-fA-F]{2})+$", to_lower=True)] | None = None
    field: str | None = None
    offset: int | None = Field(default=None, ge=0)
    method: str | None = None
    at: Place = ()
    height: int | None = Field(default=None, ge=1)
    result: Any = None
    add: int | None = None
    flip: Literal["hex", "base64"] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.store is None) == (self.method is None):
            raise ValueError("a rule names either a store or a method")
        if (self.store is None) != (self.key is None):
            raise ValueError("store and key belong together")
        if self.store is None and (self.field is not None or self.offset is not None):
            raise ValueError("field and offset belong to a rule about a store")
        if self.store is not None and (self.at or self.flip):
            raise ValueError("at and flip belong to a rule about a method")
        if (self.field is not None or self.offset is not None) and self.add is None:
            raise ValueError("field and offset say where to add: they come with add")
        if self.field is not None and self.offset is not None:
            raise ValueError("field and offset are two places")
        if self.add is not None and self.flip is not None:
            raise ValueError("add and flip are two changes")
        return self


class CosmosDialect:
    """See `chains.misbehaviour.Dialect`."""

    behaviour = Behaviour[Rule]

    def lie(self, call: dict[str, Any], result: Any, rule: Rule) -> Any:
        if not _applies(rule, call):
            return result
        told = copy.deepcopy(result)
        if rule.store is not None:
            return _changed(told, ("response", "value"), lambda value: _value(value, rule))
        return _changed(told, rule.at, lambda part: _part(part, rule))

    async def lag(self, calls: Sequence[dict[str, Any]], behind: int, ask: Ask) -> list[Any]:
        return await lagging.answers(calls, behind, ask)


def _applies(rule: Rule, call: dict[str, Any]) -> bool:
    asked = parameters(call)
    if rule.height is not None and height_of(asked) != rule.height:
        return False
    if rule.store is None:
        return bool(call["method"] == rule.method)
    return (
        call["method"] == "abci_query"
        and asked.get("path") == f"/store/{rule.store}/key"
        and str(asked.get("data", "")).lower() == rule.key
    )


def _changed(result: Any, at: Place, change: Callable[[Any], Any]) -> Any:
    """`result` with `change` made in one place, if there is such a place."""
    if not at:
        return change(result)
    inside = result
    for step in at[:-1]:
        if not _has(inside, step):
            return result
        inside = inside[step]
    if _has(inside, at[-1]):
        inside[at[-1]] = change(inside[at[-1]])
    return result


def _has(inside: Any, step: str | int) -> bool:
    if isinstance(inside, dict):
        return step in inside
    return isinstance(inside, list) and isinstance(step, int) and 0 <= step < len(inside)


def _part(part: Any, rule: Rule) -> Any:
    if rule.flip is not None:
        return _flipped(part, rule.flip) if isinstance(part, str) and part else part
    if rule.add is None:
        return rule.result
    # Numbers of 64 bits are texts in CometBFT's answers.
    return str(int(part) + rule.add) if isinstance(part, str) else part + rule.add


def _flipped(text: str, form: Literal["hex", "base64"]) -> str:
    raw = bytearray.fromhex(text) if form == "hex" else bytearray(base64.b64decode(text))
    raw[len(raw) // 2] ^= 1
    return raw.hex().upper() if form == "hex" else base64.b64encode(raw).decode("ascii")


def _value(value: str | None, rule: Rule) -> str | None:
    """A value of a store, in base64."""
    if rule.add is None:
        return None if rule.result is None else str(rule.result)
    if value is None:
        return None
    raw = base64.b64decode(value)
    if rule.offset is not None:
        told = _number_added(raw, rule.offset, rule.add)
    elif rule.field is not None:
        told = _field_added(raw, rule.field, rule.add)
    else:
        told = _amount_added(raw, rule.add)
    return base64.b64encode(told).decode("ascii")


def _number_added(raw: bytes, offset: int, add: int) -> bytes:
    end = offset + _NUMBER_BYTES
    if len(raw) < end:
        return raw
    number = (int.from_bytes(raw[offset:end], "big") + add) % _NUMBERS
    return raw[:offset] + number.to_bytes(_NUMBER_BYTES, "big") + raw[end:]


def _field_added(raw: bytes, field: str, add: int) -> bytes:
    try:
        fields: Any = json.loads(raw)
    except ValueError:
        return raw
    if not isinstance(fields, dict) or not isinstance(fields.get(field), str):
        return raw
    fields[field] = _amount_added(fields[field].encode(), add).decode()
    return json.dumps(fields, separators=(",", ":")).encode()


def _amount_added(raw: bytes, add: int) -> bytes:
    found = _AMOUNT.fullmatch(raw)
    if found is None:
        return raw
    quote = found[1].decode()
    return f"{quote}{(int(found[2]) + add) % _NUMBERS}{quote}".encode()

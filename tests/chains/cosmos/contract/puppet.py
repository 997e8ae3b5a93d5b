"""A contract that says and does whatever it was told last, in place of a token: its WebAssembly, made by hand.

    {"K":ANSWER}   with a letter K: keeps ANSWER (JSON, at least 2 bytes) under that letter
    other messages return what is kept under "a", queries what is kept under the letter that their name begins with

What is kept is what a contract returns to the chain, `{"ok":...}`: of a message a response, of a query its answer in
base64. Sources: WebAssembly core specification 1.0, chapter 5; CosmWasm, packages/std/src/exports.rs and
memory.rs (a region is offset, capacity and length, u32 little-endian each).
"""

import json
from base64 import b64encode
from typing import Any

from chains.cosmos.messages import Message, encoded
from chains.cosmos.protobuf import varint as leb128

_I32, _FUNCTION, _END = b"\x7f", b"\x60", b"\x0b"
_KEY_REGION, _KEY, _OK_REGION, _OK, _HEAP = 16, 32, 64, 80, 1024
_EMPTY: dict[str, Any] = {"ok": {"messages": [], "attributes": [], "events": [], "data": None}}


def answer(told: Any) -> Any:
    """What a query returns."""
    return {"ok": b64encode(json.dumps(told).encode()).decode()}


def response(contract: str, told: Message) -> Any:
    """What a message returns that calls `contract`."""
    execute = {"contract_addr": contract, "msg": b64encode(encoded(told)).decode(), "funds": list[Any]()}
    call = {"id": 0, "msg": {"wasm": {"execute": execute}}, "gas_limit": None, "reply_on": "never"}
    return {"ok": _EMPTY["ok"] | {"messages": [call]}}


SILENT = _EMPTY
"""What a message returns that does nothing."""


def _get(local: int) -> bytes:
    return b"\x20" + leb128(local)


def _set(local: int) -> bytes:
    return b"\x21" + leb128(local)


def _call(function: int) -> bytes:
    return b"\x10" + leb128(function)


def _const(value: int) -> bytes:
    # Signed LEB128; what is below 64 fits one byte, and two bytes hold what is below 8192.
    return b"\x41" + (bytes([value]) if value < 64 else bytes([value & 0x7F | 0x80, value >> 7]))


def _load(offset: int) -> bytes:
    return b"\x28\x02" + leb128(offset)


def _load8(offset: int) -> bytes:
    return b"\x2d\x00" + leb128(offset)


def _store(offset: int) -> bytes:
    return b"\x36\x02" + leb128(offset)


_STORE8, _ADD, _SUB, _AND, _EQ = b"\x3a\x00\x00", b"\x6a", b"\x6b", b"\x71", b"\x46"
_IF_I32, _ELSE = b"\x04\x7f", b"\x05"
_HEAP_GET, _HEAP_SET = b"\x23\x00", b"\x24\x00"
_DB_READ, _DB_WRITE = 0, 1


def _items(parts: list[bytes]) -> bytes:
    return leb128(len(parts)) + b"".join(parts)


def _sized(content: bytes) -> bytes:
    return leb128(len(content)) + content


def _type(parameters: int, results: int) -> bytes:
    return _FUNCTION + _items([_I32] * parameters) + _items([_I32] * results)


def _body(code: bytes, locals_: int = 0) -> bytes:
    return _sized(_items([leb128(locals_) + _I32] if locals_ else []) + code + _END)


def _kept(letter: bytes) -> bytes:
    """What is kept under the letter that the code puts on the stack."""
    return _const(_KEY) + letter + _STORE8 + _const(_KEY_REGION) + _call(_DB_READ)


def _allocate() -> bytes:
    begin = _HEAP_GET + _set(1)
    region = _get(1) + _get(1) + _const(12) + _ADD + _store(0) + _get(1) + _get(0) + _store(4)
    length = _get(1) + _const(0) + _store(8)
    # -8 clears the lowest three bits: the next region is aligned.
    move = _get(1) + _get(0) + _ADD + _const(19) + _ADD + b"\x41\x78" + _AND + _HEAP_SET
    return _body(begin + region + length + move + _get(1), locals_=1)


def _execute() -> bytes:
    # Parameters: environment, sender, message. A message of one letter has its closing quote at 3.
    text = _get(2) + _load(0)
    is_letter = text + _load8(3) + _const(ord('"')) + _EQ
    key = _const(_KEY) + text + _load8(2) + _STORE8
    # The message's region becomes the answer's: without {"K": before and } behind it.
    shorter = _get(2) + _get(2) + _load(8) + _const(6) + _SUB + _store(8)
    later = _get(2) + text + _const(5) + _ADD + _store(0)
    keep = key + shorter + later + _const(_KEY_REGION) + _get(2) + _call(_DB_WRITE) + _const(_OK_REGION)
    return _body(is_letter + _IF_I32 + keep + _ELSE + _kept(_const(ord("a"))) + _END)


def _region(offset: int, size: int) -> bytes:
    return b"".join(value.to_bytes(4, "little") for value in (offset, size, size))


def _name(text: str) -> bytes:
    return _sized(text.encode())


def wasm() -> bytes:
    """The module."""
    one, none, nothing = _type(1, 1), _type(1, 0), _type(0, 0)
    types = [one, none, nothing, _type(3, 1), _type(2, 1), _type(2, 0)]
    imports = [_name("env") + _name(name) + b"\x00" + bytes([of]) for name, of in (("db_read", 0), ("db_write", 5))]
    functions = ["allocate", "deallocate", "interface_version_8", "instantiate", "execute", "query"]
    exports = [_name("memory") + b"\x02\x00"] + [_name(n) + b"\x00" + bytes([i]) for i, n in enumerate(functions, 2)]
    letter = _get(1) + _load(0) + _load8(2)
    bodies = [_allocate(), _body(b""), _body(b""), _body(_const(_OK_REGION)), _execute(), _body(_kept(letter))]
    ok = encoded(_EMPTY)
    data = {_KEY_REGION: _region(_KEY, 1), _OK_REGION: _region(_OK, len(ok)), _OK: ok}
    placed = [b"\x00" + _const(at) + _END + _sized(content) for at, content in data.items()]
    sections = {
        1: _items(types),
        2: _items(imports),
        3: _items([bytes([of]) for of in (0, 1, 2, 3, 3, 4)]),
        5: _items([b"\x00\x04"]),
        6: _items([_I32 + b"\x01" + _const(_HEAP) + _END]),
        7: _items(exports),
        10: _items(bodies),
        11: _items(placed),
    }
    return b"\0asm\x01\0\0\0" + b"".join(bytes([number]) + _sized(content) for number, content in sections.items())

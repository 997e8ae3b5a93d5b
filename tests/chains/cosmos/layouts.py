"""The contract's records and other modules' values as they stand in the stores: what nodes of the tests hold."""

import json
from collections.abc import Sequence

from chains.cosmos import protobuf
from chains.cosmos.state import Committee, Contract, Gate, Loosening, RateLimit, Statement

VERSION = b"\1"


def text(value: str) -> bytes:
    return bytes([len(value)]) + value.encode("ascii")


def committee(c: Committee) -> bytes:
    return VERSION + _u64(c.epoch) + _u64(c.since_round) + c.px + bytes([c.parity])


def statement(s: Statement) -> bytes:
    amounts = b"".join(map(_u128, (s.cap, s.collateral, s.supply)))
    return VERSION + _u64(s.round) + amounts + _u64(s.observed_at) + _u64(s.expires_at)


def gate(g: Gate) -> bytes:
    head = bytes([g.paused, g.token.kind]) + g.max_lease.to_bytes(4, "big") + g.loosen_delay.to_bytes(4, "big")
    return VERSION + head + b"".join(map(text, (g.token.name, g.owner, g.guardian, g.pending_owner or "")))


def rate_limit(b: RateLimit) -> bytes:
    return VERSION + b"".join(map(_u128, (b.capacity, b.refill_per_second, b.level))) + _u64(b.updated_at)


def minters(accounts: Sequence[str]) -> bytes:
    return VERSION + bytes([len(accounts)]) + b"".join(map(text, accounts))


def queue(waiting: Sequence[Loosening]) -> bytes:
    each = (bytes([q.kind]) + text(q.account) + _u128(q.a) + _u128(q.b) + _u64(q.ready_at) for q in waiting)
    return VERSION + bytes([len(waiting)]) + b"".join(each)


def contract(c: Contract) -> bytes:
    return VERSION + text(c.registrar) + text(c.token_factory or "")


def contract_info(code_id: int, admin: str = "", creator: str = "wasm1creator") -> bytes:
    """The wasm module's ContractInfo."""
    fields = protobuf.data(2, creator.encode()) + protobuf.data(3, admin.encode()) + protobuf.data(4, b"a label")
    return protobuf.uint(1, code_id) + fields


def code_info(checksum: bytes) -> bytes:
    """The wasm module's CodeInfo."""
    return protobuf.data(1, checksum) + protobuf.data(2, b"wasm1creator") + protobuf.message(5, protobuf.uint(1, 3))


def token_info(supply: int, decimals: int = 6, minter: str | None = None) -> bytes:
    """cw20-base's token_info."""
    mint = None if minter is None else {"minter": minter, "cap": None}
    info = {"name": "A token", "symbol": "TOK", "decimals": decimals, "total_supply": str(supply), "mint": mint}
    return json.dumps(info, separators=(",", ":")).encode()


def uint128(amount: int) -> bytes:
    return b'"%d"' % amount


def denomination_metadata(base: str, display: str, exponent: int) -> bytes:
    """The bank module's Metadata."""
    units = protobuf.data(1, base.encode()), protobuf.data(1, display.encode()) + protobuf.uint(2, exponent)
    listed = b"".join(protobuf.message(2, unit) for unit in units)
    return protobuf.data(1, b"a coin") + listed + protobuf.data(3, base.encode()) + protobuf.data(4, display.encode())


def _u64(value: int) -> bytes:
    return value.to_bytes(8, "big")


def _u128(value: int) -> bytes:
    return value.to_bytes(16, "big")

"""Block headers: read from an endpoint's answer and hashed by ourselves.

A header's hash is keccak256(rlp(fields)) in the order of the Yellow Paper, section 4.4, followed by the fields that
forks appended, each of which needs all before it: baseFeePerGas (EIP-1559), withdrawalsRoot (EIP-4895), blobGasUsed and
excessBlobGas (EIP-4844), parentBeaconBlockRoot (EIP-4788), requestsHash (EIP-7685). So an endpoint cannot serve a state
root, a time or a height that does not belong to the hash on which a quorum agreed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from chains.errors import ProofError
from chains.evm import rlp
from chains.evm.values import data, quantity
from chains.hashing import keccak256
from chains.values import mapping, member


def _number(value: object) -> bytes:
    return rlp.integer(quantity(value))


def _bytes(size: int | None) -> Callable[[object], bytes]:
    return lambda value: data(value, size)


_FIELDS: tuple[tuple[str, Callable[[object], bytes]], ...] = (
    ("parentHash", _bytes(32)),
    ("sha3Uncles", _bytes(32)),
    ("miner", _bytes(20)),
    ("stateRoot", _bytes(32)),
    ("transactionsRoot", _bytes(32)),
    ("receiptsRoot", _bytes(32)),
    ("logsBloom", _bytes(256)),
    ("difficulty", _number),
    ("number", _number),
    ("gasLimit", _number),
    ("gasUsed", _number),
    ("timestamp", _number),
    ("extraData", _bytes(None)),
    ("mixHash", _bytes(32)),
    ("nonce", _bytes(8)),
)
_FORK_FIELDS: tuple[tuple[str, Callable[[object], bytes]], ...] = (
    ("baseFeePerGas", _number),
    ("withdrawalsRoot", _bytes(32)),
    ("blobGasUsed", _number),
    ("excessBlobGas", _number),
    ("parentBeaconBlockRoot", _bytes(32)),
    ("requestsHash", _bytes(32)),
)
_STATE_ROOT, _NUMBER, _TIME, _BASE_FEE = 3, 8, 11, 15
_MOST_FIELDS = len(_FIELDS) + len(_FORK_FIELDS)


@dataclass(frozen=True, slots=True)
class Header:
    """A block header. `rlp` is its encoding and `hash` the Keccak-256 of that; `base_fee` is wei per gas."""

    hash: bytes
    number: int
    time: int
    state_root: bytes
    base_fee: int
    rlp: bytes


def parse(answer: object) -> Header:
    """The header in the answer of eth_getBlockByNumber or eth_getBlockByHash.

    Raises `BadValue` if a field is missing or malformed, `ProofError` if the fields do not hash to the answer's `hash`.
    """
    block = mapping(answer)
    fields = [read(member(block, name)) for name, read in _FIELDS]
    for name, read in _FORK_FIELDS:
        if block.get(name) is None:
            break
        fields.append(read(block[name]))
    encoded = rlp.encode(fields)
    if keccak256(encoded) != data(member(block, "hash"), 32):
        raise ProofError("the header's fields do not hash to its hash")
    return decode(encoded)


def decode(encoded: bytes) -> Header:
    """The header that `encoded` is the RLP of. Raises `ProofError`."""
    fields = rlp.decode(encoded)
    if not isinstance(fields, list) or not len(_FIELDS) <= len(fields) <= _MOST_FIELDS:
        raise ProofError("header: not a list of a header's fields")
    flat = [field for field in fields if isinstance(field, bytes)]
    if len(flat) != len(fields) or len(flat[_STATE_ROOT]) != 32:
        raise ProofError("header: a field has the wrong shape")
    base_fee = rlp.to_integer(flat[_BASE_FEE]) if len(flat) > _BASE_FEE else 0
    number, time = rlp.to_integer(flat[_NUMBER]), rlp.to_integer(flat[_TIME])
    return Header(keccak256(encoded), number, time, flat[_STATE_ROOT], base_fee, encoded)

"""Keys and values in the stores of the bank and wasm modules, and in those of cw20 contracts.

    bank   0x00 | denomination                                the supply
           0x01 | denomination                                Metadata {denom_units 2, base 3, display 4, ...}
           0x02 | length of the address, u8 | address | denomination   a balance
    wasm   0x01 | code id, u64 big-endian                     CodeInfo {code_hash 1, creator 2, instantiate_config 5}
           0x02 | contract                                    ContractInfo {code_id 1, creator 2, admin 3, label 4, ...}
           0x03 | contract | key                              an entry in the contract's own storage

Amounts in the bank are decimal text (Cosmos SDK from 0.46), or a Coin {denom 1, amount 2} before that. cw-storage-plus
keeps an Item under its name, and an entry of a Map under the name's length (u16 big-endian), the name and the key.
Sources: Cosmos SDK, x/bank/types/keys.go and math.Int; wasmd, x/wasm/types/keys.go; cw-plus, cw20-base, state.rs.

All decoders raise `ProofError`: their input is a value that a proof showed.
"""

import json
import re
from dataclasses import dataclass

from chains.cosmos import protobuf
from chains.cosmos.protobuf import Kind
from chains.errors import ProofError
from chains.nesting import nests_deeper

BANK = "bank"
WASM = "wasm"

CONTRACT_BYTES = 32
CHECKSUM_BYTES = 32
_LONGEST_ADDRESS = 255
_LARGEST_INT = (1 << 256) - 1
_LARGEST_UINT128 = (1 << 128) - 1
_DECIMAL = re.compile(rb"0|[1-9][0-9]{0,77}")
_UINT128 = re.compile(rb'"(0|[1-9][0-9]{0,38})"')
_DENOMINATION = re.compile(r"[a-zA-Z][a-zA-Z0-9/:._-]{2,127}")
_LONGEST_JSON = 1 << 14
_DEEPEST_JSON = 8

_COIN: dict[int, Kind] = {1: "bytes", 2: "bytes"}
_CODE: dict[int, Kind] = {1: "bytes", 2: "bytes", 5: "message"}
# The last two numbers were the other way round in wasmd 0.61.2; both hold bytes.
_CONTRACT: dict[int, Kind] = {1: "varint", 2: "bytes", 3: "bytes", 4: "bytes", 5: "message", 6: "bytes"}
_CONTRACT |= {7: "message", 8: "message"}
_METADATA: dict[int, Kind] = {1: "bytes", 2: "repeated", 3: "bytes", 4: "bytes", 5: "bytes", 6: "bytes"}
_METADATA |= {7: "bytes", 8: "bytes"}
_UNIT: dict[int, Kind] = {1: "bytes", 2: "varint", 3: "repeated"}


@dataclass(frozen=True, slots=True)
class Contract:
    """What the wasm module keeps of a contract; `admin` may be empty: then nobody can migrate it."""

    code_id: int
    creator: str
    admin: str


def balance_key(address: bytes, denomination: str) -> bytes:
    """Where the bank keeps what `address` (1 to 255 bytes) holds. Raises `ValueError`."""
    if not 0 < len(address) <= _LONGEST_ADDRESS:
        raise ValueError(f"an address of {len(address)} bytes")
    return bytes([0x02, len(address)]) + address + _denomination(denomination)


def supply_key(denomination: str) -> bytes:
    """Where the bank keeps how much there is of a denomination. Raises `ValueError`."""
    return b"\x00" + _denomination(denomination)


def amount(value: bytes, denomination: str) -> int:
    """The amount of `denomination` that a value of the bank's store holds, in base units, below 2**256. What is absent
    from the store is 0 (the bank keeps no zeros), and is the caller's to know."""
    text = value
    if value[:1] == b"\x0a":
        coin = protobuf.decode(value, "coin", _COIN)
        if coin.data(1) != denomination.encode():
            raise ProofError(f"bank: the value is of another denomination than {denomination}")
        text = coin.data(2)
    if not _DECIMAL.fullmatch(text) or int(text) > _LARGEST_INT:
        raise ProofError(f"bank: the value under {denomination} is no amount")
    return int(text)


def metadata_key(denomination: str) -> bytes:
    """Where the bank keeps what is told of a denomination, if anything. Raises `ValueError`."""
    return b"\x01" + _denomination(denomination)


def display_exponent(value: bytes) -> int | None:
    """By which power of ten a Metadata's displayed unit is greater than the base; None where it names no other unit, as
    modules do that make a denomination without knowing what it is."""
    fields = protobuf.decode(value, "denomination's metadata", _METADATA)
    units = [protobuf.decode(unit, "denomination's unit", _UNIT) for unit in fields.all(2)]
    if fields.data(4) == fields.data(3):
        return None
    return next((unit.uint(2) for unit in units if unit.data(1) == fields.data(4)), None)


def code_key(code_id: int) -> bytes:
    """Where the wasm module keeps a stored code's checksum."""
    return b"\x01" + code_id.to_bytes(8, "big")


def checksum(value: bytes) -> bytes:
    """The SHA-256 of a stored code (32 bytes), from its CodeInfo."""
    found = protobuf.decode(value, "code info", _CODE).data(1)
    if len(found) != CHECKSUM_BYTES:
        raise ProofError("wasm: a code info without a checksum")
    return found


def contract_key(contract: bytes) -> bytes:
    """Where the wasm module keeps what it knows of a contract. Raises `ValueError`."""
    return b"\x02" + _contract(contract)


def contract_info(value: bytes) -> Contract:
    """The contract that a ContractInfo describes."""
    fields = protobuf.decode(value, "contract info", _CONTRACT)
    if not fields.uint(1):
        raise ProofError("wasm: a contract info without a code id")
    return Contract(fields.uint(1), fields.text(2), fields.text(3))


def storage_key(contract: bytes, key: bytes) -> bytes:
    """Where the wasm module keeps `key` of the storage of `contract` (32 bytes). Raises `ValueError`."""
    return b"\x03" + _contract(contract) + key


def map_key(name: str, key: bytes) -> bytes:
    """The key in a contract's storage of the entry `key` of the Map `name`, where `key` is the last or only part."""
    return len(name.encode()).to_bytes(2, "big") + name.encode() + key


def cw20_balance_key(contract: bytes, holder: str) -> bytes:
    """Where a cw20-base contract's balance of `holder` (its address as text) stands. Raises `ValueError`."""
    return storage_key(contract, map_key("balance", holder.encode("ascii")))


def cw20_supply_key(contract: bytes) -> bytes:
    """Where a cw20-base contract's token_info stands. Raises `ValueError`."""
    return storage_key(contract, b"token_info")


def uint128(value: bytes) -> int:
    """A Uint128 as cosmwasm-std writes it: decimal digits in a JSON string."""
    found = _UINT128.fullmatch(value)
    if found is None or int(found[1]) > _LARGEST_UINT128:
        raise ProofError("wasm: the value is no Uint128")
    return int(found[1])


def cw20_supply(value: bytes) -> tuple[int, int]:
    """The total supply and the decimals in a cw20-base contract's token_info."""
    info = _token_info(value)
    supply, decimals = info.get("total_supply"), info.get("decimals")
    if not isinstance(supply, str) or type(decimals) is not int or not 0 <= decimals < 256:
        raise ProofError("cw20: the token_info has no total_supply and decimals")
    return uint128(json.dumps(supply).encode()), decimals


def cw20_minter(value: bytes) -> str | None:
    """Who may mint, by a cw20-base contract's token_info; None: nobody."""
    mint = _token_info(value).get("mint", "")
    if mint is None:
        return None
    minter = mint.get("minter") if isinstance(mint, dict) else None
    if not isinstance(minter, str) or not minter:
        raise ProofError("cw20: the token_info does not say who mints")
    return minter


def _token_info(value: bytes) -> dict[str, object]:
    if len(value) > _LONGEST_JSON or nests_deeper(value, _DEEPEST_JSON):
        raise ProofError(f"cw20: a token_info of {len(value)} bytes, or nested too deeply")
    try:
        info = json.loads(value.decode("utf-8"))
    except ValueError:
        raise ProofError("cw20: the token_info is not JSON") from None
    return info if isinstance(info, dict) else {}


def _denomination(denomination: str) -> bytes:
    if not _DENOMINATION.fullmatch(denomination):
        raise ValueError(f"{denomination!r} is no denomination")
    return denomination.encode()


def _contract(contract: bytes) -> bytes:
    if len(contract) != CONTRACT_BYTES:
        raise ValueError(f"a contract's address has {CONTRACT_BYTES} bytes, not {len(contract)}")
    return contract

"""CometBFT block headers: their fields, their protobuf encoding and their hash.

    Header        version 1 {block 1, app 2}, chain_id 2, height 3, time 4, last_block_id 5, last_commit_hash 6,
                  data_hash 7, validators_hash 8, next_validators_hash 9, consensus_hash 10, app_hash 11,
                  last_results_hash 12, evidence_hash 13, proposer_address 14
    BlockID       hash 1, part_set_header 2 {total 1, hash 2}
    Timestamp     seconds 1, nanos 2

Sources: CometBFT's specification, "Core data structures"; proto/tendermint/types/types.proto. Times are nanoseconds
since 1970-01-01 UTC; hashes are SHA-256. The header of height h names the app hash of the state after block h - 1.
"""

from dataclasses import dataclass

from chains.cosmos import merkle, protobuf
from chains.cosmos.protobuf import Kind
from chains.errors import ProofError

BLOCK_PROTOCOL = 11
"""The version of CometBFT's block data structures that is read here; another may mean other things by its fields."""

NO_TIME = -62_135_596_800 * 10**9
"""Go's zero time, 0001-01-01: what an absent vote bears."""

HASH_BYTES = 32
ADDRESS_BYTES = 20
LONGEST_CHAIN_ID = 50
HIGHEST = (1 << 63) - 1
_LATEST_TIME = 253_402_300_800 * 10**9  # 10000-01-01, where Timestamp ends
_LONGEST_APP_HASH = 64
_LARGEST_TOTAL = (1 << 32) - 1

_HEADER: dict[int, Kind] = {1: "message", 2: "bytes", 3: "varint", 4: "message", 5: "message"}
_HEADER |= dict.fromkeys(range(6, 15), "bytes")
_VERSION: dict[int, Kind] = {1: "varint", 2: "varint"}
_BLOCK_ID: dict[int, Kind] = {1: "bytes", 2: "message"}
_PARTS: dict[int, Kind] = {1: "varint", 2: "bytes"}
_TIME: dict[int, Kind] = {1: "varint", 2: "varint"}


@dataclass(frozen=True, slots=True)
class BlockId:
    """What votes are for: the header's hash and the root of the block's parts. All empty: no block."""

    hash: bytes = b""
    parts_total: int = 0
    parts_hash: bytes = b""

    def __post_init__(self) -> None:
        complete = len(self.hash) == len(self.parts_hash) == HASH_BYTES and 0 < self.parts_total <= _LARGEST_TOTAL
        if not complete and self:
            raise ProofError("block id: neither complete nor empty")

    def __bool__(self) -> bool:
        return bool(self.hash or self.parts_total or self.parts_hash)

    def encode(self) -> bytes:
        parts = protobuf.uint(1, self.parts_total) + protobuf.data(2, self.parts_hash)
        return protobuf.data(1, self.hash) + protobuf.message(2, parts)

    @classmethod
    def decode(cls, encoded: bytes) -> "BlockId":
        fields = protobuf.decode(encoded, "block id", _BLOCK_ID)
        parts = protobuf.decode(fields.required(2), "part set header", _PARTS)
        return cls(fields.data(1), parts.uint(1), parts.data(2))


@dataclass(frozen=True, slots=True)
class Header:
    """A block's header. Raises `ProofError` for values that no header has."""

    block_version: int
    app_version: int
    chain_id: str
    height: int
    time: int
    last_block_id: BlockId
    last_commit_hash: bytes
    data_hash: bytes
    validators_hash: bytes
    next_validators_hash: bytes
    consensus_hash: bytes
    app_hash: bytes
    last_results_hash: bytes
    evidence_hash: bytes
    proposer: bytes

    def __post_init__(self) -> None:
        if not 0 < len(self.chain_id) <= LONGEST_CHAIN_ID or not self.chain_id.isascii():
            raise ProofError(f"header: a chain id that is not of 1 to {LONGEST_CHAIN_ID} ASCII characters")
        if not 0 < self.height <= HIGHEST:
            raise ProofError(f"header: height {self.height}")
        if not (0 <= self.block_version < 1 << 64 and 0 <= self.app_version < 1 << 64):
            raise ProofError("header: a version that does not fit 64 bits")
        check_time(self.time, "header")
        # The empty ones are missing in the first header, or where there is nothing to be hashed.
        maybe_empty = (self.last_commit_hash, self.data_hash, self.consensus_hash, self.last_results_hash)
        if any(len(value) not in (0, HASH_BYTES) for value in (*maybe_empty, self.evidence_hash)):
            raise ProofError(f"header: a hash that is not of {HASH_BYTES} bytes")
        if len(self.validators_hash) != HASH_BYTES or len(self.next_validators_hash) != HASH_BYTES:
            raise ProofError("header: it names no validator set")
        if len(self.app_hash) > _LONGEST_APP_HASH or len(self.proposer) != ADDRESS_BYTES:
            raise ProofError("header: an app hash or a proposer of another length")

    @property
    def hash(self) -> bytes:
        """The block's hash (32 bytes): the Merkle root of the fourteen encoded fields. Single values are encoded as
        field 1 of a message of their own, and as nothing where they are empty."""
        return merkle.root(
            [
                self._version(),
                protobuf.data(1, self.chain_id.encode()),
                protobuf.uint(1, self.height),
                encode_time(self.time),
                self.last_block_id.encode(),
                *(protobuf.data(1, value) for value in self._hashes()),
            ]
        )

    def encode(self) -> bytes:
        """The message Header."""
        return (
            protobuf.message(1, self._version())
            + protobuf.data(2, self.chain_id.encode())
            + protobuf.uint(3, self.height)
            + protobuf.message(4, encode_time(self.time))
            + protobuf.message(5, self.last_block_id.encode())
            + b"".join(protobuf.data(number, value) for number, value in enumerate(self._hashes(), start=6))
        )

    @classmethod
    def decode(cls, encoded: bytes) -> "Header":
        """The header in a message Header. Raises `ProofError`."""
        fields = protobuf.decode(encoded, "header", _HEADER)
        version = protobuf.decode(fields.required(1), "header version", _VERSION)
        return cls(
            version.uint(1),
            version.uint(2),
            fields.text(2),
            fields.int64(3),
            decode_time(fields.required(4)),
            BlockId.decode(fields.required(5)),
            *(fields.data(number) for number in range(6, 15)),
        )

    def _version(self) -> bytes:
        return protobuf.uint(1, self.block_version) + protobuf.uint(2, self.app_version)

    def _hashes(self) -> tuple[bytes, ...]:
        # The fields 6 to 14, in their order.
        return (
            self.last_commit_hash,
            self.data_hash,
            self.validators_hash,
            self.next_validators_hash,
            self.consensus_hash,
            self.app_hash,
            self.last_results_hash,
            self.evidence_hash,
            self.proposer,
        )


def encode_time(time: int) -> bytes:
    """The message Timestamp of nanoseconds since 1970."""
    seconds, nanos = divmod(time, 10**9)
    return protobuf.uint(1, seconds) + protobuf.uint(2, nanos)


def decode_time(encoded: bytes) -> int:
    """The nanoseconds since 1970 in a message Timestamp. Raises `ProofError`."""
    fields = protobuf.decode(encoded, "timestamp", _TIME)
    seconds, nanos = fields.int64(1), fields.int32(2)
    if not 0 <= nanos < 10**9:
        raise ProofError("timestamp: nanoseconds that are a second or more")
    return check_time(seconds * 10**9 + nanos, "timestamp")


def check_time(time: int, name: str) -> int:
    """`time`, if it lies in the years 1 to 9999. Raises `ProofError`."""
    if not NO_TIME <= time < _LATEST_TIME:
        raise ProofError(f"{name}: a time outside of the years 1 to 9999")
    return time

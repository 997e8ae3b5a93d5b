"""CometBFT commits: the precommits of a block, what each of them signed, and whose of them verify.

    Commit          height 1, round 2, block_id 3, signatures 4
    CommitSig       block_id_flag 1, validator_address 2, timestamp 3, signature 4
    CanonicalVote   type 1, height 2 (sfixed64), round 3 (sfixed64), block_id 4, timestamp 5, chain_id 6

Sources: CometBFT's specification, "Core data structures" and "Encoding"; proto/tendermint/types/canonical.proto.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from chains.cosmos import protobuf
from chains.cosmos.headers import ADDRESS_BYTES, HIGHEST, NO_TIME, BlockId, check_time, decode_time, encode_time
from chains.cosmos.protobuf import Kind
from chains.cosmos.validators import MOST_VALIDATORS, Validator, ValidatorSet
from chains.errors import ProofError

Flag = Literal["absent", "commit", "nil"]

FLAGS: dict[int, Flag] = {1: "absent", 2: "commit", 3: "nil"}
SIGNATURE_BYTES = 64
_NUMBERS = {flag: number for number, flag in FLAGS.items()}
_PRECOMMIT = 2
_COMMIT: dict[int, Kind] = {1: "varint", 2: "varint", 3: "message", 4: "repeated"}
_SIGNATURE: dict[int, Kind] = {1: "varint", 2: "bytes", 3: "message", 4: "bytes"}


@dataclass(frozen=True, slots=True)
class CommitSig:
    """One validator's precommit: for the block, for nil, or absent. `time` is the vote's own (nanoseconds)."""

    flag: Flag
    address: bytes
    time: int
    signature: bytes

    def __post_init__(self) -> None:
        check_time(self.time, "vote")
        if self.flag == "absent":
            if self.address or self.signature or self.time != NO_TIME:
                raise ProofError("vote: an absent one with an address, a time or a signature")
        elif len(self.address) != ADDRESS_BYTES or len(self.signature) != SIGNATURE_BYTES:
            raise ProofError("vote: an address or a signature of another length")

    def encode(self) -> bytes:
        return (
            protobuf.uint(1, _NUMBERS[self.flag])
            + protobuf.data(2, self.address)
            + protobuf.message(3, encode_time(self.time))
            + protobuf.data(4, self.signature)
        )

    @classmethod
    def decode(cls, encoded: bytes) -> "CommitSig":
        fields = protobuf.decode(encoded, "vote", _SIGNATURE)
        flag = FLAGS.get(fields.uint(1))
        if flag is None:
            raise ProofError(f"vote: the flag {fields.uint(1)} is not known")
        return cls(flag, fields.data(2), decode_time(fields.required(3)), fields.data(4))


@dataclass(frozen=True, slots=True)
class Commit:
    """The precommits for one block, one entry for each validator of its set, in the set's order."""

    height: int
    round: int
    block_id: BlockId
    signatures: tuple[CommitSig, ...]

    def __post_init__(self) -> None:
        if not 0 < self.height <= HIGHEST or not 0 <= self.round < 1 << 31:
            raise ProofError(f"commit: height {self.height}, round {self.round}")
        if not self.block_id:
            raise ProofError("commit: for no block")
        if not 0 < len(self.signatures) <= MOST_VALIDATORS:
            raise ProofError(f"commit: {len(self.signatures)} votes, expected 1 to {MOST_VALIDATORS}")

    def encode(self) -> bytes:
        """The message Commit."""
        return (
            protobuf.uint(1, self.height)
            + protobuf.uint(2, self.round)
            + protobuf.message(3, self.block_id.encode())
            + b"".join(protobuf.message(4, vote.encode()) for vote in self.signatures)
        )

    @classmethod
    def decode(cls, encoded: bytes) -> "Commit":
        """The commit in a message Commit. Raises `ProofError`."""
        fields = protobuf.decode(encoded, "commit", _COMMIT, most=MOST_VALIDATORS)
        votes = tuple(CommitSig.decode(vote) for vote in fields.all(4))
        return cls(fields.int64(1), fields.int32(2), BlockId.decode(fields.required(3)), votes)


def sign_bytes(chain_id: str, height: int, round_: int, block_id: BlockId, time: int) -> bytes:
    """What a precommit signs: a CanonicalVote after its own length. One for nil has an empty `block_id`, left out."""
    vote = (
        protobuf.uint(1, _PRECOMMIT)
        + protobuf.sfixed64(2, height)
        + protobuf.sfixed64(3, round_)
        + (protobuf.message(4, block_id.encode()) if block_id else b"")
        + protobuf.message(5, encode_time(time))
        + protobuf.data(6, chain_id.encode())
    )
    return protobuf.varint(len(vote)) + vote


def signers(chain_id: str, commit: Commit, validators: ValidatorSet) -> Iterator[Validator]:
    """Each of `validators` whose vote for the commit's block verifies, in their order.

    Absent votes and votes for nil do not count. Neither does a signature that libsodium refuses: its rules are narrower
    than those of CometBFT's nodes (ZIP-215), so that a commit may well hold one without being forged, and what is not
    counted cannot help a forger. Raises `ProofError` where commit and set do not belong together: another number of
    votes, or the vote of another address than the validator's at its place.
    """
    if len(commit.signatures) != len(validators.validators):
        raise ProofError(f"commit: {len(commit.signatures)} votes of {len(validators.validators)} validators")
    pairs = tuple(zip(commit.signatures, validators.validators, strict=True))
    if any(vote.flag != "absent" and vote.address != validator.address for vote, validator in pairs):
        raise ProofError("commit: a vote of another validator than the one at its place")
    for vote, validator in pairs:
        if vote.flag == "commit":
            message = sign_bytes(chain_id, commit.height, commit.round, commit.block_id, vote.time)
            if _verifies(validator.key, message, vote.signature):
                yield validator


def _verifies(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        VerifyKey(key).verify(message, signature)
    except BadSignatureError:
        return False
    return True

"""The light client's checks (CometBFT's specification, "Light client verification"), pure: time is an argument.

A header is believed when more than two thirds of the voting power of its own set signed it, and when that set is
believed: because the header before it names it, or because more than a third of the power of a set that is believed
signed too, which then holds at least one validator who does not lie. All of that holds as long as the header that is
built upon is younger than the trusting period, which must be shorter than the chain's unbonding time.

    light block   header 1 (Header), commit 2 (Commit), validators 3 (SimpleValidator, repeated)

is this module's own message: the validators are the very leaves of `validators_hash`, so that nothing in it is left
unproven. CometBFT's ValidatorSet also holds priorities, which nothing commits to.
"""

from dataclasses import dataclass
from fractions import Fraction

from chains.cosmos import protobuf
from chains.cosmos.commits import Commit, signers
from chains.cosmos.headers import BLOCK_PROTOCOL, HASH_BYTES, Header
from chains.cosmos.protobuf import Kind
from chains.cosmos.validators import MOST_VALIDATORS, ValidatorSet
from chains.errors import ProofError

_LIGHT_BLOCK: dict[int, Kind] = {1: "message", 2: "message", 3: "repeated"}
_QUORUM = Fraction(2, 3)
_LOWEST_LEVEL = Fraction(1, 3)


class NotEnoughTrust(ProofError):
    """Too few of the trusted validators signed the block: one between it and the trusted one is needed."""


class TrustExpired(ProofError):
    """The trusted header is older than the trusting period: nothing follows from it any more."""


@dataclass(frozen=True, slots=True)
class LightOptions:
    """What blocks are checked by: times in nanoseconds.

    `period`: how long a header is built upon. `drift`: how far a header's time may be ahead of now. `level`: the share
    of the trusted voting power of which more must have signed; at least a third. Raises `ValueError`.
    """

    chain_id: str
    period: int
    drift: int = 10 * 10**9
    level: Fraction = _LOWEST_LEVEL
    block_protocol: int = BLOCK_PROTOCOL

    def __post_init__(self) -> None:
        if self.period <= 0 or self.drift < 0:
            raise ValueError("the trusting period must be positive, and the drift not negative")
        if not _LOWEST_LEVEL <= self.level <= 1:
            raise ValueError(f"the trust level must be from 1/3 to 1, not {self.level}")


@dataclass(frozen=True, slots=True)
class LightBlock:
    """A header with the votes for it and the validators of its height."""

    header: Header
    commit: Commit
    validators: ValidatorSet

    def encode(self) -> bytes:
        """The message above."""
        parts = [protobuf.message(1, self.header.encode()), protobuf.message(2, self.commit.encode())]
        return b"".join(parts + [protobuf.message(3, validator.encode()) for validator in self.validators.validators])

    @classmethod
    def decode(cls, encoded: bytes) -> "LightBlock":
        """The block in the message above. Raises `ProofError`."""
        fields = protobuf.decode(encoded, "light block", _LIGHT_BLOCK, most=MOST_VALIDATORS)
        header, commit = Header.decode(fields.required(1)), Commit.decode(fields.required(2))
        return cls(header, commit, ValidatorSet.decode(fields.all(3)))


@dataclass(frozen=True, slots=True)
class Trusted:
    """A header that is believed, and validators that it names: those of its own height, or of the next one. Raises
    `ProofError` for any others."""

    header: Header
    voters: ValidatorSet

    def __post_init__(self) -> None:
        if self.voters.hash not in (self.header.validators_hash, self.header.next_validators_hash):
            raise ProofError("trusted header: these are not its validators")


def anchor(block: LightBlock, height: int, block_hash: bytes, options: LightOptions) -> Trusted:
    """Belief in the block whose `height` and hash (32 bytes) somebody configured. Raises `ProofError` if `block` is
    another, or was not signed by its validators."""
    if len(block_hash) != HASH_BYTES or (block.header.height, block.header.hash) != (height, block_hash):
        raise ProofError(f"light client: the block at height {height} is not the one that is configured as trusted")
    _check_parts(block, options)
    _check_power(block, None, options)
    return Trusted(block.header, block.validators)


def verify(trusted: Trusted, block: LightBlock, now: int, options: LightOptions) -> Trusted:
    """Belief in `block`, above `trusted`, at the time `now` (nanoseconds since 1970).

    Raises `TrustExpired`, `NotEnoughTrust` where a block between the two may help, and `ProofError` for a block that is
    not what it claims to be: no other block helps then.
    """
    old, new = trusted.header, block.header
    if old.time + options.period <= now:
        raise TrustExpired(f"light client: the trusted header of height {old.height} is older than the trusting period")
    _check_parts(block, options)
    if old.chain_id != options.chain_id:
        raise ProofError(f"light client: the trusted header is of another chain than {options.chain_id}")
    if new.height <= old.height:
        raise ProofError(f"light client: height {new.height} is not above the trusted {old.height}")
    if new.time <= old.time:
        raise ProofError(f"light client: the header of height {new.height} is not later than the trusted one")
    if new.time >= now + options.drift:
        raise ProofError(f"light client: the header of height {new.height} is from the future")
    adjacent = new.height == old.height + 1
    if adjacent and new.validators_hash != old.next_validators_hash:
        raise ProofError(f"light client: height {new.height} has other validators than the header before it names")
    _check_power(block, None if adjacent else trusted.voters, options)
    return Trusted(new, block.validators)


def verify_before(older: Header, newer: Header, options: LightOptions) -> None:
    """`older` is the header right before the believed `newer`, since that names its hash. Raises `ProofError`."""
    _check_kind(older, options)
    if older.height != newer.height - 1 or older.time >= newer.time:
        raise ProofError(f"light client: height {older.height} does not come right before {newer.height}")
    if older.hash != newer.last_block_id.hash:
        raise ProofError(f"light client: the header of height {older.height} is not the one that the next one names")


def _check_kind(header: Header, options: LightOptions) -> None:
    if header.chain_id != options.chain_id:
        raise ProofError(f"light client: a header of the chain {header.chain_id!r}, not {options.chain_id!r}")
    if header.block_version != options.block_protocol:
        raise ProofError(f"light client: block protocol {header.block_version}, not {options.block_protocol}")


def _check_parts(block: LightBlock, options: LightOptions) -> None:
    _check_kind(block.header, options)
    if (block.commit.height, block.commit.block_id.hash) != (block.header.height, block.header.hash):
        raise ProofError(f"light client: the commit at height {block.header.height} is for another block")
    if block.validators.hash != block.header.validators_hash:
        raise ProofError(f"light client: the validators at height {block.header.height} are not the header's")


def _check_power(block: LightBlock, voters: ValidatorSet | None, options: LightOptions) -> None:
    # One pass over the votes for both sums; it ends as soon as they suffice.
    needed = _QUORUM * block.validators.total
    trusted_needed = options.level * voters.total if voters else Fraction(-1)
    powers = {validator.address: validator.power for validator in voters.validators} if voters else {}
    signed = trusted_signed = 0
    for validator in signers(options.chain_id, block.commit, block.validators):
        signed += validator.power
        trusted_signed += powers.get(validator.address, 0)
        if signed > needed and trusted_signed > trusted_needed:
            return
    height = block.header.height
    if signed <= needed:
        raise ProofError(
            f"light client: height {height} is signed by {signed} of {block.validators.total} voting power"
        )
    raise NotEnoughTrust(f"light client: too few of the trusted validators signed height {height}")

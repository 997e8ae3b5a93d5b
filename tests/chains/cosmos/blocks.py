"""Blocks for the tests of the light client: real Ed25519 keys, made from names, sign real headers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256

from nacl.signing import SigningKey

from chains.cosmos.commits import Commit, CommitSig, sign_bytes
from chains.cosmos.headers import BLOCK_PROTOCOL, NO_TIME, BlockId, Header
from chains.cosmos.light import LightBlock, LightOptions
from chains.cosmos.validators import Validator, ValidatorSet

CHAIN = "chain-1"
SECOND = 10**9
START = 1_700_000_000 * SECOND
PERIOD = 14 * 86_400 * SECOND
OPTIONS = LightOptions(CHAIN, PERIOD)
ABSENT = CommitSig("absent", b"", NO_TIME, b"")


@lru_cache(4096)
def key(name: str) -> SigningKey:
    return SigningKey(sha256(name.encode()).digest())


def validator_set(powers: Mapping[str, int]) -> ValidatorSet:
    """The validators of these names and powers, in CometBFT's order: by power downwards, then by address."""
    made = [Validator(bytes(key(name).verify_key), power) for name, power in powers.items()]
    return ValidatorSet(tuple(sorted(made, key=lambda validator: (-validator.power, validator.address))))


def vote(name: str, commit: Commit, chain_id: str = CHAIN, time: int = START, *, nil: bool = False) -> CommitSig:
    """What the validator `name` signed in `commit`: its block, or nil."""
    block_id = BlockId() if nil else commit.block_id
    signature = key(name).sign(sign_bytes(chain_id, commit.height, commit.round, block_id, time)).signature
    address = sha256(bytes(key(name).verify_key)).digest()[:20]
    return CommitSig("nil" if nil else "commit", address, time, signature)


def header(height: int, current: ValidatorSet, following: ValidatorSet, **changes: object) -> Header:
    made = Header(
        block_version=BLOCK_PROTOCOL,
        app_version=0,
        chain_id=CHAIN,
        height=height,
        time=START + height * SECOND,
        last_block_id=BlockId(),
        last_commit_hash=sha256(b"commit").digest(),
        data_hash=b"",
        validators_hash=current.hash,
        next_validators_hash=following.hash,
        consensus_hash=sha256(b"params").digest(),
        app_hash=sha256(f"state {height}".encode()).digest(),
        last_results_hash=b"",
        evidence_hash=b"",
        proposer=current.validators[0].address,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def signed(made: Header, powers: Mapping[str, int], signers: Sequence[str] | None = None) -> LightBlock:
    """A light block of `made` whose validators are `powers`; those in `signers` (all of them by default) signed."""
    validators = validator_set(powers)
    block_id = BlockId(made.hash, 1, sha256(b"parts").digest())
    blank = Commit(made.height, 0, block_id, (ABSENT,))
    names = {sha256(bytes(key(name).verify_key)).digest()[:20]: name for name in powers}
    votes = []
    for validator in validators.validators:
        name = names[validator.address]
        wanted = signers is None or name in signers
        votes.append(vote(name, blank, made.chain_id, made.time) if wanted else ABSENT)
    return LightBlock(made, replace(blank, signatures=tuple(votes)), validators)


def chain(sets: Sequence[Mapping[str, int]]) -> dict[int, LightBlock]:
    """Blocks of the heights 1, 2, ... with these validators; the last set also follows the last block. Each header
    names the one before it."""
    blocks = dict[int, LightBlock]()
    last = BlockId()
    for height, powers in enumerate(sets, start=1):
        following = sets[height] if height < len(sets) else powers
        made = header(height, validator_set(powers), validator_set(following), last_block_id=last)
        blocks[height] = signed(made, powers)
        last = blocks[height].commit.block_id
    return blocks

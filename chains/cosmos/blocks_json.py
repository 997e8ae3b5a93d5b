"""The JSON forms of headers, commits and validators, as CometBFT's RPC answers /commit and /validators with them.

64-bit integers are decimal strings, hashes and addresses hexadecimal in upper case, keys and signatures base64, times
RFC 3339 in UTC. Fields that are not known are left alone: what counts is encoded and hashed here. All functions raise
`BadValue` for what is not of that form. Source: CometBFT's RPC, openapi.yaml; Go's encoding/json of its types.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chains.cosmos.commits import FLAGS, Commit, CommitSig
from chains.cosmos.headers import ADDRESS_BYTES, BlockId, Header
from chains.cosmos.multistore import base64
from chains.cosmos.validators import MOST_VALIDATORS, Validator
from chains.errors import ProofError
from chains.values import BadValue, items, mapping, member, shown

_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,19})")
_HEX = re.compile(r"([0-9A-F]{2}){0,64}")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)
_ED25519 = "tendermint/PubKeyEd25519"
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - both times are UTC, and so is their difference


@dataclass(frozen=True, slots=True)
class ValidatorsPage:
    """A part of the validators of `height`, in order; `total` is how many they are on all pages."""

    height: int
    total: int
    validators: tuple[Validator, ...]


def signed_header(value: object) -> tuple[Header, Commit]:
    """`signed_header` of a /commit answer."""
    fields = mapping(value)
    return header(member(fields, "header")), commit(member(fields, "commit"))


def header(value: object) -> Header:
    """A header, as in `block.header` of a /block answer."""
    fields = mapping(value)
    version = mapping(member(fields, "version"))
    try:
        return Header(
            block_version=integer(member(version, "block")),
            # An app version of 0 is left out by some nodes.
            app_version=integer(version.get("app", "0")),
            chain_id=_text(fields, "chain_id"),
            height=integer(member(fields, "height")),
            time=time(member(fields, "time")),
            last_block_id=_block_id(member(fields, "last_block_id")),
            last_commit_hash=_hex(fields, "last_commit_hash"),
            data_hash=_hex(fields, "data_hash"),
            validators_hash=_hex(fields, "validators_hash"),
            next_validators_hash=_hex(fields, "next_validators_hash"),
            consensus_hash=_hex(fields, "consensus_hash"),
            app_hash=_hex(fields, "app_hash"),
            last_results_hash=_hex(fields, "last_results_hash"),
            evidence_hash=_hex(fields, "evidence_hash"),
            proposer=_hex(fields, "proposer_address"),
        )
    except ProofError as error:
        raise BadValue(str(error)) from None


def commit(value: object) -> Commit:
    """A commit, as in `signed_header.commit`."""
    fields = mapping(value)
    votes = tuple(_vote(vote) for vote in items(member(fields, "signatures"), MOST_VALIDATORS))
    try:
        return Commit(
            height=integer(member(fields, "height")),
            round=_number(fields, "round"),
            block_id=_block_id(member(fields, "block_id")),
            signatures=votes,
        )
    except ProofError as error:
        raise BadValue(str(error)) from None


def validators(value: object) -> ValidatorsPage:
    """The answer of /validators, which comes in pages of at most 100."""
    fields = mapping(value)
    found = tuple(_validator(item) for item in items(member(fields, "validators"), MOST_VALIDATORS))
    return ValidatorsPage(integer(member(fields, "block_height")), integer(member(fields, "total")), found)


def integer(value: object) -> int:
    """A 64-bit integer, which is a decimal string."""
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise BadValue(f"not a decimal integer in a string: {shown(value)}")
    return int(value)


def time(value: object) -> int:
    """Nanoseconds since 1970 of a time in RFC 3339, UTC, with up to nine digits after the second."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise BadValue(f"not a time in UTC: {shown(value)}")
    try:
        since = datetime.strptime(found[1], "%Y-%m-%dT%H:%M:%S") - _EPOCH  # noqa: DTZ007 - as _EPOCH
    except ValueError:
        raise BadValue(f"not a time: {shown(value)}") from None
    return (since.days * 86_400 + since.seconds) * 10**9 + int((found[2] or "").ljust(9, "0"))


def _vote(value: object) -> CommitSig:
    fields = mapping(value)
    flag = FLAGS.get(_number(fields, "block_id_flag"))
    if flag is None:
        raise BadValue("a vote whose block_id_flag is not known")
    try:
        return CommitSig(
            flag,
            _hex(fields, "validator_address"),
            time(member(fields, "timestamp")),
            base64(member(fields, "signature")),
        )
    except ProofError as error:
        raise BadValue(str(error)) from None


def _validator(value: object) -> Validator:
    fields = mapping(value)
    key = mapping(member(fields, "pub_key"))
    if member(key, "type") != _ED25519:
        raise BadValue(f"a validator with a key of type {shown(key['type'])}; only {_ED25519} is supported")
    try:
        validator = Validator(base64(member(key, "value")), integer(member(fields, "voting_power")))
    except ProofError as error:
        raise BadValue(str(error)) from None
    if _hex(fields, "address") != validator.address:
        raise BadValue(f"a validator whose address is not the first {ADDRESS_BYTES} bytes of its key's hash")
    return validator


def _block_id(value: object) -> BlockId:
    fields = mapping(value)
    parts = mapping(member(fields, "parts"))
    return BlockId(_hex(fields, "hash"), _number(parts, "total"), _hex(parts, "hash"))


def _number(fields: Mapping[str, object], name: str) -> int:
    value = member(fields, name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadValue(f"the field {name} is no integer")
    return value


def _text(fields: Mapping[str, object], name: str) -> str:
    value = member(fields, name)
    if not isinstance(value, str):
        raise BadValue(f"the field {name} is no text")
    return value


def _hex(fields: Mapping[str, object], name: str) -> bytes:
    value = _text(fields, name)
    if not _HEX.fullmatch(value):
        raise BadValue(f"the field {name} is not hexadecimal in upper case, or too long")
    return bytes.fromhex(value)

"""The proof that travels with a reading, and its judgement by anybody, with no chain, clock or root of trust at hand.

    proof   version 1 (= 1), header 2 (Header), child 3 (light block), entries 4 (ProofOps, repeated)

The checkpoint's hash, on which the committee agrees, is that of `header`. It names the validators of its successor
`child`, more than two thirds of whose power signed it; so the app hash in `child`, and all that is proven to it, is of
the state after the checkpoint's block. `entries` are those of the position's plan, in its order, each with its key's
own value or absence (`chains.cosmos.plan`). Of the votes only as many are carried as are needed. Pure: no I/O.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from chains.cosmos import collateral, multistore, plan, protobuf
from chains.cosmos.addresses import reference
from chains.cosmos.blocks import Anchored
from chains.cosmos.commits import CommitSig, signers
from chains.cosmos.findings import told
from chains.cosmos.headers import NO_TIME, Header
from chains.cosmos.light import LightBlock
from chains.cosmos.multistore import ProofOp
from chains.cosmos.options import PositionOptions
from chains.cosmos.plan import Facts, Question
from chains.cosmos.protobuf import Kind
from chains.errors import ProofError
from chains.types import Checkpoint, Position

MOST_PROOF_BYTES = 1 << 18
"""Room for the 1024 validators that a set may have, all of whom are needed."""

_MOST_ENTRIES = 16
_VERSION = 1
_PROOF: dict[int, Kind] = {1: "varint", 2: "message", 3: "message", 4: "repeated"}
_ABSENT = CommitSig("absent", b"", NO_TIME, b"")


def anchor(anchored: Anchored) -> bytes:
    """The part of a proof that all positions at a checkpoint have in common."""
    blocks = protobuf.message(2, anchored.header.encode()) + protobuf.message(3, _needed(anchored.child).encode())
    return protobuf.uint(1, _VERSION) + blocks


def encode(anchor: bytes, entries: Sequence[Sequence[ProofOp]]) -> bytes:
    """The proof of a position, whose plan's entries these are, in its order. Raises `ProofError` for one that nobody
    would read: of a chain with more validators and deeper trees than are supported."""
    return _bounded(anchor + b"".join(protobuf.message(4, multistore.encode(ops)) for ops in entries))


def check(position: Position, at: Checkpoint, amount: int, proof: bytes) -> None:
    """`proof` shows that `position` held `amount` at `at`. Raises `ProofError`."""
    options = position.options
    if not isinstance(options, PositionOptions):
        raise ProofError(f"{position.account}: options of another family")
    if not options.proof:
        if proof:
            raise ProofError(f"{position.account}: a proof where none is configured")
        return
    if not proof:
        raise ProofError(f"{position.account}: the proof is missing")
    proven = _proven(position, at, proof)
    if amount != proven:
        raise ProofError(f"{position.account}: {amount} is claimed, but {proven} is proven")


def _proven(position: Position, at: Checkpoint, proof: bytes) -> int:
    if at.chain != position.chain:
        raise ProofError(f"{position.account}: a checkpoint of {at.chain}")
    fields = protobuf.decode(_bounded(proof), "proof", _PROOF, most=_MOST_ENTRIES)
    if fields.uint(1) != _VERSION:
        raise ProofError(f"proof: version {fields.uint(1)}, not {_VERSION}")
    app_hash = _app_hash(at, fields.required(2), fields.required(3))
    entries = [multistore.decode(ops) for ops in fields.all(4)]
    try:
        facts = _facts(position, entries, app_hash)
    except ValueError as error:
        raise ProofError(f"{position.account} {position.asset}: {error}") from None
    amount, found = collateral.held(position, facts)
    if found:
        raise ProofError(f"{position.account}: the proof shows a position that is not to be counted: {told(found)}")
    return amount


# All positions of a checkpoint are proven to the same two blocks; judging them once is the same as judging them each.
@lru_cache(64)
def _app_hash(at: Checkpoint, header: bytes, child: bytes) -> bytes:
    anchored = Anchored(Header.decode(header), LightBlock.decode(child))
    if anchored.checkpoint(at.chain) != at:
        raise ProofError(f"proof: its block, of height {anchored.header.height}, is not the checkpoint's, {at.height}")
    chain_id = anchored.header.chain_id
    if at.chain != f"cosmos:{reference(chain_id)}":
        raise ProofError(f"proof: a block of the chain {chain_id!r}, not of {at.chain}")
    return anchored.app_hash


def _facts(position: Position, entries: Sequence[tuple[ProofOp, ...]], app_hash: bytes) -> Facts:
    facts = dict[Question, bytes | None]()
    while missing := plan.of_position(position, facts)[len(facts) :]:
        for entry in missing:
            if len(facts) == len(entries):
                raise ProofError("proof: an entry that the amount rests on is missing")
            facts[entry] = multistore.prove(entries[len(facts)], app_hash, entry.store, entry.key)
    if len(facts) != len(entries):
        raise ProofError("proof: more entries than the amount rests on")
    return facts


def _needed(child: LightBlock) -> LightBlock:
    # Absent votes have one form, of few bytes.
    kept, power = set[bytes](), 0
    for validator in signers(child.header.chain_id, child.commit, child.validators):
        kept.add(validator.address)
        power += validator.power
        if 3 * power > 2 * child.validators.total:
            break
    votes = tuple(vote if vote.address in kept else _ABSENT for vote in child.commit.signatures)
    return replace(child, commit=replace(child.commit, signatures=votes))


def _bounded(proof: bytes) -> bytes:
    if len(proof) > MOST_PROOF_BYTES:
        raise ProofError(f"proof: {len(proof)} bytes, at most {MOST_PROOF_BYTES}")
    return proof

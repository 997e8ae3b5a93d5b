"""What anybody can check offline of a round over real chains: readings are proven, so a lie is found for sure."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chains.cosmos import evidence, protobuf
from chains.cosmos.commits import CommitSig
from chains.cosmos.headers import NO_TIME, Header
from chains.cosmos.light import LightBlock
from chains.cosmos.multistore import decode
from chains.cosmos.protobuf import Kind
from chains.hashing import keccak256
from chains.types import Position
from chains.wire import ZERO32
from relayer.agreement.observation import (
    ChainReading,
    Observation,
    PositionReading,
    decode_manifest,
    encode_manifest,
)
from relayer.agreement.records import Certified
from relayer.cli.report import FAILED
from relayer.keystore import KeystoreContents
from relayer.roundfile import MissingParts, export, load
from relayer.verify import verify_round
from tests.chains.cosmos.cluster import CosmosGround, cosmos_committee, running, until
from tests.chains.cosmos.nodes import needs_wasmd
from tests.chains.verifying import Verifying
from tests.daemon.rig import Member, Members

pytestmark = needs_wasmd

LOCKED = 700_000
FIELDS: dict[int, Kind] = {1: "varint", 2: "message", 3: "message", 4: "repeated"}

Told = tuple[PositionReading, bytes]
"""What a member says of a position, and its proof; b"" for none."""
Lie = Callable[[Told], Told]


async def test_a_round_is_verified_offline_and_a_forged_reading_is_found_by_its_proof(
    tmp_path: Path, nats: str
) -> None:
    async with cosmos_committee(tmp_path, nats, {"USD": (0,), "TOK": (0,)}, LOCKED, {"TOK": "cw20"}) as c:
        async with running(c) as members:
            await until(lambda: any(exported(c, m) for m in members))
            document = next(found for m in members if (found := exported(c, m)))
        configuration, key, bank = c.world.document, c.public.group, c.world.position("USD")
        token = c.world.position("TOK")
    verifying = Verifying(tmp_path, configuration, key.point33)

    # The chain is gone by now, and all its endpoints: nothing is asked.
    code, text = await verifying.said(document)
    assert code == 0, text
    assert f"{proofs_in(document)} state proofs hold" in text
    assert "of rounds holds" in text

    def wrong(lie: Lie, position: Position, keys: Sequence[KeystoreContents] = ()) -> dict[str, str]:
        report = verify_round(forged(document, position.id, lie, keys), [c.world.committee], {1: key})
        return {check.name: check.detail for check in report.checks if not check.ok}

    # What is computed differs too where the lie is what counts of that checkpoint.
    perhaps = {"compute"}
    for position in (bank, token):
        other = proof_of(document, token if position is bank else bank)
        lies: dict[str, Lie] = {
            f"{2 * LOCKED} is claimed, but {LOCKED} is proven": richer,
            "0 is claimed": poorer,
            "without the state proof that its position calls for": unproven,
            "the state proof does not hold": altered,
            "is signed by 0": signed_by_nobody,
            "the state proof does not hold: ": lambda told, proof=other: (told[0], proof),  # type: ignore[misc]
        }
        for reason, lie in lies.items():
            # Without the member's key its signature does not hold either; with it, the proof alone gives it away, and
            # that the signed header binds other observations.
            assert wrong(lie, position).keys() - perhaps == {"evidence", "members", "proofs"}, reason
            found = wrong(lie, position, c.keys)
            assert found.keys() - perhaps == {"evidence", "proofs"}, reason
            assert reason in found["proofs"]
    code, text = await verifying.said(forged(document, bank.id, richer, c.keys))
    assert code == FAILED
    assert "FAIL proofs" in text


# Lies


def richer(told: Told) -> Told:
    reading, proof = told
    return replace(reading, amount=2 * reading.amount, floor=2 * reading.floor), proof


def poorer(told: Told) -> Told:
    return replace(told[0], amount=0, floor=0), told[1]


def unproven(told: Told) -> Told:
    return richer((told[0], b""))


def altered(told: Told) -> Told:
    """One bit of what stands at the proof's end, in the path to the root."""
    reading, proof = told
    return reading, proof[:-1] + bytes([proof[-1] ^ 1])


def signed_by_nobody(told: Told) -> Told:
    """A header with a state of its own behind it."""
    reading, proof = told
    fields = protobuf.decode(proof, "proof", FIELDS, most=16)
    header, child = Header.decode(fields.required(2)), LightBlock.decode(fields.required(3))
    votes = tuple(CommitSig("absent", b"", NO_TIME, b"") for _ in child.commit.signatures)
    own = replace(child.header, app_hash=bytes(32))
    named = replace(child.commit.block_id, hash=own.hash)
    made = LightBlock(own, replace(child.commit, block_id=named, signatures=votes), child.validators)
    head = protobuf.uint(1, 1) + protobuf.message(2, header.encode()) + protobuf.message(3, made.encode())
    return reading, evidence.encode(head, [decode(each) for each in fields.all(4)])


# The file


def exported(c: Members[CosmosGround], member: Member) -> Any:
    """The newest round that the member can export and in which everything was read; None while there is none."""
    found = member.store.highest_certificate()
    try:
        document = None if found is None else export(Certified.decode(found[1]), member.store.blob)
    except MissingParts:
        return None
    whole = document is not None and all(len(told) == len(c.world.positions) for told in readings(document))
    return document if whole else None


def observations(document: Any) -> list[Observation]:
    certified, blobs = load(document)
    return [Observation.decode(blobs[digest]) for digest in decode_manifest(blobs[certified.basis.observations])]


def readings(document: Any) -> list[list[PositionReading]]:
    """By observation."""
    return [[reading for _, reading in each.proofs()] for each in observations(document)]


def proofs_in(document: Any) -> int:
    return sum(map(len, readings(document)))


def proof_of(document: Any, position: Position) -> bytes:
    """The first observer's."""
    blobs = load(document)[1]
    return next(blobs[each.proof] for each in readings(document)[0] if each.position == position.id)


def forged(document: Any, position: bytes, lie: Lie, keys: Sequence[KeystoreContents]) -> Any:
    """The document with what the first observer says of one position altered, and whatever names it by digest but for
    the signed header. With all members' `keys` the observation is signed anew."""
    original, blobs = load(document)
    parts, basis = dict(blobs), original.basis
    digests = decode_manifest(parts.pop(basis.observations))
    first, *others = (Observation.decode(parts[digest]) for digest in digests)
    del parts[digests[0]]
    told = replace(first, chains=tuple(_altered(chain, position, lie, parts) for chain in first.chains))
    if keys:
        told = replace(told, signature=keys[told.member].signing_key.sign(told.signed_part).signature)
    manifest = encode_manifest((told.digest, *digests[1:]))
    # A proof that nobody names any more is no part of the round.
    used = {reading.proof for each in (told, *others) for _, reading in each.proofs()}
    for digest in {reading.proof for _, reading in first.proofs()} - used:
        del parts[digest]
    altered_round = replace(original, basis=replace(basis, observations=keccak256(manifest)))
    return {
        **document,
        "certified": "0x" + altered_round.encode().hex(),
        "parts": ["0x" + part.hex() for part in (*parts.values(), told.encode(), manifest)],
    }


def _altered(chain: ChainReading, position: bytes, lie: Lie, parts: dict[bytes, bytes]) -> ChainReading:
    found = list[PositionReading]()
    for reading in chain.positions:
        if reading.position != position:
            found.append(reading)
            continue
        told, proof = lie((reading, parts[reading.proof]))
        if proof:
            parts[keccak256(proof)] = proof
        found.append(replace(told, proof=keccak256(proof) if proof else ZERO32))
    return replace(chain, positions=tuple(found))

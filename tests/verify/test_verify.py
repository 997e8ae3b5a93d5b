"""The offline check: a sound round passes, and whatever is wrong with one is said under the check that it breaks."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chains.encoding import Header, Leaf, MintCap, Tree
from chains.hashing import keccak256
from chains.wire import ZERO32
from relayer.agreement.books import Books
from relayer.agreement.observation import VERSION, Observation, encode_manifest
from relayer.agreement.records import Basis, Certified, decode_statements, encode_statements
from relayer.config.committee import Committee, parse_committee
from relayer.frost import GroupKey
from relayer.roundfile import export
from relayer.verify import Report, verify_round

from .round_builder import LOCKED, Group, Rounds, Sample, committee_raw, identity

ORDER = [
    *("format", "configuration", "evidence", "signature", "statements", "books"),
    *("observations", "members", "proofs", "closures", "compute", "parts"),
]


def verified(made: Sample, document: Any, *, committees: list[Committee] | None = None, group: Any = None) -> Report:
    keys: dict[int, GroupKey] = {1: group or made.rounds.group.key}
    return verify_round(document, committees or [made.rounds.committee], keys)


def broken(report: Report) -> dict[str, str]:
    """Detail of each check that does not hold."""
    assert [check.name for check in report.checks] in (ORDER, ["format"])
    assert report.ok == all(check.ok for check in report.checks)
    return {check.name: check.detail for check in report.checks if not check.ok}


def changed(made: Sample, digest: bytes, replacement: bytes | None) -> dict[str, Any]:
    """The document with one part replaced, or dropped."""
    document = copy.deepcopy(made.document)
    at = document["parts"].index("0x" + made.rounds.blobs[digest].hex())
    document["parts"][at : at + 1] = [] if replacement is None else ["0x" + replacement.hex()]
    return document


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_a_sound_round_holds_in_every_check(made: Sample) -> None:
    report = verified(made, made.document)
    assert broken(report) == {}
    assert [check.name for check in report.checks] == ORDER
    assert report.certified == made.last
    assert report.statuses == {"wCoin": "covered"}
    assert sum(leaf.mint_cap for leaf in report.leaves) == 1_000 * 10**6
    details = {check.name: check.detail for check in report.checks}
    assert details["proofs"] == "3 state proofs hold"
    assert details["closures"].startswith("1 earlier certificates and 1 open proposals hold")


def test_a_first_round_without_anything_before_it_holds(made: Sample) -> None:
    assert broken(verified(made, export(made.first, made.rounds.blobs.get))) == {}


@pytest.mark.parametrize(
    ("field", "at", "expected"),
    [
        ("epoch", 7, {"configuration", "signature"}),
        ("round", 15, {"format", "signature", "observations", "compute"}),
        ("evidence", 16, {"evidence", "signature"}),
        ("root", 48, {"signature", "statements", "compute"}),
        ("R", 80 + 20, {"signature"}),
        ("z", 80 + 33 + 31, {"signature"}),
        ("config_id", 145, {"format", "configuration", "evidence"}),
        ("books", 145 + 32, {"evidence", "books", "compute", "parts"}),
        ("observations", 145 + 64, {"evidence", "observations", "members", "proofs", "closures", "compute", "parts"}),
        ("statements", 145 + 96, {"statements", "compute", "parts"}),
    ],
)
def test_each_field_of_the_certificate(made: Sample, field: str, at: int, expected: set[str]) -> None:
    document = copy.deepcopy(made.document)
    document["certified"] = "0x" + flipped(made.last.encode(), at).hex()
    found = broken(verified(made, document))
    assert expected <= found.keys(), field
    for innocent in {"members", "proofs", "books"} - expected:
        assert innocent not in found, field


def test_every_single_byte_of_the_file_counts(made: Sample) -> None:
    """No byte of certificate or parts can be altered without a check that fails."""
    raw = made.last.encode()
    for at in range(len(raw)):
        document = {**made.document, "certified": "0x" + flipped(raw, at).hex()}
        assert broken(verified(made, document)), at
    for digest, blob in made.rounds.blobs.items():
        if "0x" + blob.hex() in made.document["parts"]:
            for at in {0, len(blob) // 2, len(blob) - 1}:
                assert "parts" in broken(verified(made, changed(made, digest, flipped(blob, at))))


def _inner(made: Sample) -> Observation:
    """An observation of the open proposal's bundle."""
    head = bytes([VERSION]) + made.last.basis.config_id
    held = [Observation.decode(b) for b in made.rounds.blobs.values() if b[:33] == head]
    return next(o for o in held if o.round == 11 and o.member == 2)


def _proof(o: Observation) -> bytes:
    return next(p.proof for _, p in o.proofs())


PARTS: dict[str, tuple[Callable[[Sample], bytes], str]] = {
    "statements": (lambda s: s.last.basis.statements, "statements"),
    "books": (lambda s: s.last.basis.books, "books"),
    "manifest": (lambda s: s.last.basis.observations, "observations"),
    "observation": (lambda s: s.observations[1].digest, "observations"),
    "proof": (lambda s: _proof(s.observations[0]), "proofs"),
    "statements of the earlier certificate": (lambda s: s.first.basis.statements, "closures"),
    "books of the earlier certificate": (lambda s: s.first.basis.books, "closures"),
    "statements of the open proposal": (lambda s: s.open.basis.statements, "closures"),
    "manifest of the open proposal": (lambda s: s.open.basis.observations, "closures"),
    "observation of the open proposal": (lambda s: _inner(s).digest, "closures"),
    "proof of the open proposal": (lambda s: _proof(_inner(s)), "closures"),
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("how", ["altered", "dropped"])
def test_each_part_altered_or_dropped(made: Sample, part: str, how: str) -> None:
    find, check = PARTS[part]
    digest = find(made)
    blob = made.rounds.blobs[digest]
    found = broken(verified(made, changed(made, digest, flipped(blob, len(blob) // 2) if how == "altered" else None)))
    assert digest.hex() in found[check]
    assert ("parts" in found) or how == "dropped"
    if check in ("statements", "books", "proofs"):
        assert found.keys() <= {check, "compute", "parts"}
    if check == "closures":
        assert found.keys() <= {"closures", "compute", "parts"}


def test_parts_that_nothing_names_and_parts_twice(made: Sample) -> None:
    document = copy.deepcopy(made.document)
    document["parts"].append("0x00ff")
    assert keccak256(b"\0\xff").hex() in broken(verified(made, document))["parts"]
    document = copy.deepcopy(made.document)
    document["parts"].append(document["parts"][0])
    assert broken(verified(made, document)) == {"parts": "1 parts stand there twice"}


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda d: d | {"format": "other"}, '"format" must be'),
        (lambda d: d | {"version": 2}, "version 2 is not known"),
        (lambda d: d | {"certified": "0x00"}, "certified:"),
        (lambda d: d | {"certified": 7}, "certified: a hex string"),
        (lambda d: d | {"parts": {}}, "parts: a list"),
        (lambda d: d | {"parts": ["0xzz"]}, "parts[0]: not hex"),
        (lambda d: d | {"round": 13}, "are not the certificate's own"),
        (lambda d: d | {"config_id": "00" * 32}, "are not the certificate's own"),
        (lambda d: [d], "no exported round"),
    ],
)
def test_what_is_no_round_file(made: Sample, edit: Callable[[Any], Any], says: str) -> None:
    found = broken(verified(made, edit(made.document)))
    assert found.keys() == {"format"}
    assert says in found["format"]


def test_another_group_key_fails_the_signatures_and_nothing_else(made: Sample) -> None:
    found = broken(verified(made, made.document, group=Group.dealt("other").key))
    assert found.keys() == {"signature", "closures", "compute"}
    assert "the group signature does not hold" in found["signature"]
    assert "the group signature does not hold" in found["closures"]


def test_another_committee_is_said(made: Sample) -> None:
    other = parse_committee(committee_raw(heartbeat=36), Path("committee.toml"))
    found = broken(verified(made, made.document, committees=[other]))
    assert other.config_id.hex() in found["configuration"]
    assert "configuration" in found["closures"]
    assert not {"signature", "evidence", "books", "members", "proofs"} & found.keys()
    # As an earlier configuration it does no harm.
    assert broken(verified(made, made.document, committees=[made.rounds.committee, other])) == {}


def forged(made: Sample, **changes: Any) -> dict[str, Any]:
    """A file whose hashes and group signature are all in order, as t corrupt members could make one: only what
    `changes` says is not what the rules ask for. `leaves`, `books`, `observations`: what takes the true one's place."""
    rounds, basis = made.rounds, made.last.basis
    leaves = changes.get("leaves") or decode_statements(rounds.blobs[basis.statements])
    statements = rounds.keep(encode_statements(tuple(leaves)))
    books = rounds.keep(changes["books"].encoded) if "books" in changes else basis.books
    observed = changes.get("observations", made.observations)
    manifest = rounds.keep(encode_manifest(tuple(o.digest for o in observed)))
    forged_basis = Basis(basis.config_id, books, manifest, statements)
    header = Header(1, 12, forged_basis.evidence(), Tree(list(leaves)).root)
    return export(rounds.certify(header, forged_basis), rounds.blobs.get)


def test_the_forger_of_these_tests_changes_nothing_by_itself(made: Sample) -> None:
    assert broken(verified(made, forged(made))) == {}


def test_a_cap_above_what_the_observations_come_to(made: Sample) -> None:
    caps = list(decode_statements(made.rounds.blobs[made.last.basis.statements]))
    assert isinstance(caps[0], MintCap)
    caps[0] = replace(caps[0], mint_cap=caps[0].mint_cap + 1)
    found = broken(verified(made, forged(made, leaves=caps)))
    assert found.keys() == {"compute"}
    assert "other statements for wCoin" in found["compute"]


def test_a_statement_for_a_gate_that_the_configuration_lacks(made: Sample) -> None:
    caps = list(decode_statements(made.rounds.blobs[made.last.basis.statements]))
    assert isinstance(caps[0], MintCap)
    found = broken(verified(made, forged(made, leaves=[*caps, replace(caps[0], domain=bytes(32))])))
    assert found.keys() == {"statements", "compute"}
    assert "configuration does not have" in found["statements"]


def test_trimmed_books(made: Sample) -> None:
    true = Books.decode(made.rounds.blobs[made.last.basis.books])
    trimmed = {route: replace(books, rounds=books.rounds[1:]) for route, books in true.routes.items()}
    found = broken(verified(made, forged(made, books=Books(true.horizons, trimmed))))
    assert found == {"compute": "the observations come to other books"}


def test_an_observation_that_its_member_did_not_sign(made: Sample) -> None:
    first, *rest = made.observations
    stranger = replace(first, signature=identity(3).sign(first.signed_part).signature)
    made.rounds.keep(stranger.encode())
    found = broken(verified(made, forged(made, observations=[stranger, *rest])))
    assert found.keys() == {"members"}
    assert found["members"].startswith("observation of member 0: not signed by the member")


def test_fewer_observers_than_must_be(made: Sample) -> None:
    found = broken(verified(made, forged(made, observations=made.observations[:2])))
    assert found.keys() == {"observations", "compute"}
    assert "2 distinct observers, but at least 3" in found["observations"]


def test_one_member_twice(made: Sample) -> None:
    first, second, _ = made.observations
    again = made.rounds.observe(12, 1, made.first, [], locked=5)
    found = broken(verified(made, forged(made, observations=[first, second, again])))
    assert "[0, 1, 1] are not distinct" in found["observations"]
    assert "2 distinct observers" in found["observations"]


def test_an_observation_of_another_round(made: Sample) -> None:
    stray = made.rounds.observe(11, 3, made.first)
    found = broken(verified(made, forged(made, observations=[*made.observations[:2], stray])))
    assert found.keys() == {"observations", "compute"}
    assert "member 3 observed another round" in found["observations"]


def _edited(made: Sample, member: int, **changes: Any) -> Observation:
    """A member's true observation with its source reading's position changed, signed by the member."""
    o = next(o for o in made.observations if o.member == member)
    source = o.chains[0]
    position = replace(source.positions[0], **changes)
    return made.rounds.sealed(replace(o, chains=(replace(source, positions=(position,)), *o.chains[1:])))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"amount": 10**30}, "the state proof does not hold"),
        ({"proof": ZERO32}, "without the state proof that its position calls for"),
        ({"position": bytes(32)}, "a position that the configuration does not have on shown:1"),
    ],
)
def test_readings_without_ground(made: Sample, changes: dict[str, Any], says: str) -> None:
    observations = [*made.observations[:2], _edited(made, 3, **changes)]
    found = broken(verified(made, forged(made, observations=observations)))
    assert found["proofs"].startswith("observation of member 3: ")
    assert says in found["proofs"]
    assert found.keys() <= {"proofs", "compute"}


def test_a_gate_on_another_chain(made: Sample) -> None:
    o = made.observations[2]
    wrong = replace(o.chains[0], gates=o.chains[1].gates)
    stray = made.rounds.sealed(replace(o, chains=(wrong, *o.chains[1:])))
    found = broken(verified(made, forged(made, observations=[*made.observations[:2], stray])))
    assert "a gate that the configuration does not have on shown:1" in found["proofs"]


def _reporting(made: Sample, **what: Any) -> list[Observation]:
    """The observations, the last member's reporting something else."""
    stray = made.rounds.sealed(replace(made.observations[2], **what))
    return [*made.observations[:2], stray]


def test_an_open_proposal_that_its_leader_did_not_sign(made: Sample) -> None:
    unsigned = replace(made.open, signature=identity(0).sign(made.open.signed_part).signature)
    found = broken(verified(made, forged(made, observations=_reporting(made, proposals=(unsigned,)))))
    assert found.keys() == {"closures", "compute"}
    assert "not signed by the member" in found["closures"]


def test_an_open_proposal_that_its_own_observations_do_not_come_to(made: Sample) -> None:
    rounds, basis = made.rounds, made.open.basis
    true = decode_statements(rounds.blobs[basis.statements])
    caps: tuple[Leaf, ...] = tuple(replace(leaf, mint_cap=1) for leaf in true if isinstance(leaf, MintCap))
    statements = rounds.keep(encode_statements(caps))
    other = Basis(basis.config_id, basis.books, basis.observations, statements)
    proposal = rounds.led(Header(1, 11, other.evidence(), Tree(caps).root), other)
    found = broken(verified(made, forged(made, observations=_reporting(made, proposals=(proposal,)))))
    assert "proposal of round 11: its observations come to another round" in found["closures"]


def test_an_earlier_certificate_that_the_group_did_not_sign(made: Sample) -> None:
    header = made.first.header
    r, z = Group.dealt("other").sign(header.message())
    stranger = Certified(replace(made.first.certificate, r=r, z=z), made.first.basis)
    found = broken(verified(made, forged(made, observations=_reporting(made, certificate=stranger))))
    assert found.keys() == {"closures", "compute"}
    assert "the group signature does not hold" in found["closures"]


def test_a_certificate_of_an_epoch_whose_key_is_not_given(made: Sample) -> None:
    report = verify_round(made.document, [made.rounds.committee], {2: made.rounds.group.key})
    assert broken(report)["signature"] == "the group key of epoch 1 is not known here"


def test_an_earlier_configuration_must_be_brought_along() -> None:
    old = Rounds()
    tenth = old.propose(old.observe(10, m) for m in (0, 1, 2))
    first = old.certify(tenth.header, tenth.basis)
    new = Rounds(committee_raw(heartbeat=36, from_round=12))
    new.blobs |= old.blobs
    new._judge._configs = {c.params.config_id: c.params for c in (old, new)}
    observations = [new.observe(12, m, first) for m in (0, 1, 2)]
    proposal = new.propose(observations)
    document = export(new.certify(proposal.header, proposal.basis), new.blobs.get)
    keys = {1: new.group.key}
    assert broken(verify_round(document, [new.committee, old.committee], keys)) == {}
    found = broken(verify_round(document, [new.committee], keys))
    assert found.keys() == {"closures", "compute"}
    assert old.committee.config_id.hex() in found["closures"]


AMOUNTS = st.sampled_from([0, 1, 5, 10**30, 2**255, 2**256 - 1])
NUMBERS = st.sampled_from([0, 1, 2**63, 2**64 - 1])


@st.composite
def nonsense(draw: st.DrawFn, o: Observation) -> Observation:
    """An observation that decodes and says what no honest member would."""
    chains = []
    for c in o.chains:
        amount, supply, cap = draw(AMOUNTS), draw(AMOUNTS), draw(AMOUNTS)
        positions = tuple(replace(p, amount=amount, floor=0) for p in c.positions)
        gates = tuple(replace(g, supply=supply, cap=cap, round=draw(NUMBERS)) for g in c.gates)
        chains.append(
            draw(
                st.sampled_from([c, replace(c, positions=positions, gates=gates), replace(c, time=draw(NUMBERS)), None])
            )
        )
    said = tuple(c for c in chains if c is not None)
    return replace(o, chains=said, proposals=draw(st.sampled_from([o.proposals, ()])))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_corrupt_members_sign_is_judged_and_never_raises(made: Sample, data: st.DataObject) -> None:
    observations = [made.rounds.sealed(data.draw(nonsense(o))) for o in made.observations]
    report = verified(made, forged(made, observations=observations))
    true = {o.body for o in made.observations}
    if any(
        p.proof != ZERO32 and o.body not in true and p.amount != LOCKED for o in observations for _, p in o.proofs()
    ):
        assert "proofs" in broken(report)

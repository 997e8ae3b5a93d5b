"""The shared signatures, keys, leaves, headers and branches at contracts on a real node, in simulated transactions.

What they lack to be a submission is that of a good one. Whole trees and evidence are no part of what a gate is told.
"""

from dataclasses import dataclass, replace
from typing import cast

import pytest

from chains.cosmos import messages
from chains.encoding import CERTIFICATE_SIZE, Header, Leaf
from chains.hashing import keccak256
from tests.chains.cosmos.contract.calls import GATE_CODE, Call, address_of, instantiate
from tests.chains.cosmos.contract.cases import MATERIAL, NUMBERS
from tests.chains.cosmos.contract.gate import MAX_LEASE, Gate
from tests.chains.cosmos.contract.ledger import Ledger
from tests.chains.cosmos.nodes import needs_wasmd
from tests.chains.statements import EPOCH, EVIDENCE, planted
from tests.chains.vectors import NAMES, own_checks, taken
from tests.encoding import reference_gate
from tests.encoding.vector_files import Case, load, number, raw

pytestmark = needs_wasmd

FROST = taken("frost.json")
LEAVES = [case for case in load("statements.json") if case["type"] in ("mint_cap", "handover") and "bytes" in case]
LEAVES = [case for case in LEAVES if case["error"] != "out_of_range"]
HEADERS = [case for case in load("statements.json") if case["type"] == "header"]
BRANCHES = [case for case in load("tree.json") if case["type"] == "branch"]
EMPTY_BRANCH = bytes(5)


@dataclass(frozen=True, slots=True)
class Raw:
    """A leaf that no encoder would make."""

    data: bytes

    def encode(self) -> bytes:
        return self.data


@pytest.fixture(scope="module")
def gate(ledger: Ledger) -> Gate:
    """A gate that has taken nothing yet."""
    made = Gate(ledger, "encodings")
    ledger.do(*made.set_up())
    return made


def simulated(gate: Gate, calls: list[tuple[Call, str]], cases: list[Case]) -> None:
    """Each call ends with its error."""
    found = [outcome.error for outcome in gate.ledger.simulate(*(call for call, _ in calls))]
    triples = zip(cases, calls, found, strict=True)
    assert not [(case["name"], error, got) for case, (_, error), got in triples if error != got]


def test_signatures(gate: Gate) -> None:
    """In the place of a certificate's. What is signed there is another message, so the valid ones are not its key's."""
    cases = [case for case in FROST if case["error"] != "bad_key"]
    whole = gate.statement(2, 100)
    forged = [gate.submit(whole[:-65] + raw(case, "r") + raw(case, "z")) for case in cases]
    errors = [NAMES[case["error"]] or "BadSignature" for case in cases]
    simulated(gate, list(zip(forged, errors, strict=True)), cases)
    beside = gate.group.sign_beside(keccak256(b"ballast/round/v1" + whole[-CERTIFICATE_SIZE:-65]))
    right, wrong = gate.ledger.simulate(gate.submit(whole), gate.submit(whole[:-65] + beside))
    assert (right.error, wrong.error) == ("", "BadSignature")


def test_keys(gate: Gate) -> None:
    """A key that is none is refused when it would be put in force, all others are taken."""
    keys = {(raw(case, "px"), number(case, "parity")): case for case in FROST}
    calls = list[tuple[Call, str]]()
    for (px, parity), case in keys.items():
        told = messages.instantiate(EPOCH, px, parity, address_of("registrar"))
        call = instantiate("deployer", GATE_CODE, told, b"a key")
        calls.append((call, "BadKey" if case["error"] == "bad_key" else ""))
    simulated(gate, calls, list(keys.values()))
    assert {error for _, error in calls} == {"", "BadKey"}


def test_leaves_as_they_are(gate: Gate) -> None:
    """Well-formed ones are for another domain; where a leaf ends cannot be seen, so a wrong length may also show as a
    kind or a branch that cannot be."""
    cases = [case for case in LEAVES if case["error"] != "bad_parity"]
    calls = [_brought(gate, case["type"], raw(case, "bytes")) for case in cases]
    allowed = {"": {"WrongDomain"}, "bad_kind": {"WrongKind"}, "bad_length": {"BadLength", "BadBranch", "WrongKind"}}
    for case, outcome in zip(cases, gate.ledger.simulate(*calls), strict=True):
        assert outcome.error in allowed[case["error"]], case["name"]
    assert len(cases) >= 40


def _brought(gate: Gate, kind: str, leaf: bytes) -> Call:
    # A round that is newer, and otherwise a certificate of zeros.
    statement = leaf + EMPTY_BRANCH + bytes(8) + (1).to_bytes(8, "big") + bytes(CERTIFICATE_SIZE - 16)
    if kind == "mint_cap":
        return gate.submit(statement)
    return gate.by("stranger", messages.handover(statement, bytes(65)))


def test_numbers_of_leaves(gate: Gate) -> None:
    """Every mint cap of the vectors, certified for this gate: kept as it is, or refused."""
    cases, calls = list[Case](), list[tuple[Call, str]]()
    for case in LEAVES:
        if case["type"] != "mint_cap" or not case["valid"]:
            continue
        collateral, supply = number(case, "collateral"), number(case, "supply")
        leaf = replace(gate.leaf(number(case, "mint_cap")), collateral=collateral, supply=supply)
        # The usual times are long past; those at the ends of their range are told as they are.
        if number(case, "expires_at") != MATERIAL.EXPIRES_AT:
            leaf = replace(leaf, observed_at=number(case, "observed_at"), expires_at=number(case, "expires_at"))
        statement = gate.certified(leaf, 2)
        error = min(own_checks(statement, gate.ledger.now(), MAX_LEASE), key=NUMBERS.__getitem__, default="")
        cases.append(case)
        calls.append((gate.submit(statement), error))
    simulated(gate, calls, cases)
    assert {error for _, error in calls} == {"", "StatementExpired", "LeaseTooLong", "DoesNotFit"}
    for case, (call, error) in zip(cases, calls, strict=True):
        if not error:
            (said,) = gate.ledger.simulate(call)[0].named("StatementAccepted")
            assert said["cap"] == case["mint_cap"]
            assert (said["collateral"], said["supply"]) == (case["collateral"], case["supply"])


def test_keys_with_another_parity_are_not_handed_over_to(gate: Gate) -> None:
    cases = [case for case in LEAVES if case["error"] == "bad_parity"]
    calls = list[tuple[Call, str]]()
    for case in cases:
        leaf = raw(case, "bytes")
        # kind | domain 32 | new epoch 8 | px 32 | parity | expires at 8
        own = leaf[:1] + gate.domain + (EPOCH + 1).to_bytes(8, "big") + leaf[41:74]
        own += (gate.ledger.now() + 3_600).to_bytes(8, "big")
        statement = planted(cast(Leaf, Raw(own)), 4, 2).certified(gate.group, EPOCH, 2)
        calls.append((gate.by("stranger", messages.handover(statement, bytes(65))), "BadKey"))
    simulated(gate, calls, cases)
    assert len(cases) >= 4


def test_headers(gate: Gate) -> None:
    calls = list[tuple[Call, str]]()
    for case in HEADERS:
        at = Gate(gate.ledger, f"header {case['name']}")
        epoch, round_ = number(case, "epoch"), number(case, "round")
        made = at.created(epoch=epoch) + at.token_created()
        gate.ledger.do(made, at.reserved(), at.registered())
        statement = planted(at.leaf(100), 3, 1).certified(gate.group, epoch, round_, evidence=raw(case, "evidence"))
        calls.append((at.submit(statement), "" if round_ else "StaleRound"))
    simulated(gate, calls, HEADERS)
    assert {error for _, error in calls} == {"", "StaleRound"}


def test_branches(gate: Gate) -> None:
    """The vectors' branches from a leaf of this gate: signed is the root that the branch leads to, or the case's."""
    calls, leaf = list[tuple[Call, str]](), gate.leaf(100).encode()
    for case in BRANCHES:
        branch = raw(case, "branch")
        root = reference_gate.branch_root(leaf, branch) if case["valid"] else raw(case, "root")
        assert isinstance(root, bytes)
        certificate = gate.group.certificate(Header(EPOCH, 2, EVIDENCE, root)).encode()
        calls.append((gate.submit(leaf + branch + certificate), NAMES[case["error"]]))
    simulated(gate, calls, BRANCHES)
    assert len({error for _, error in calls}) == 4

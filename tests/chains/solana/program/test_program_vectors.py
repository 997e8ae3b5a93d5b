"""The shared vectors, executed in the virtual machine: what a gate must take, and what it must refuse.

The state accounts are put there as each case says; no Solana address has their domains, so those stand in the accounts.
What the vectors leave to a gate (clock, lease, rounds, what fits) is judged here by docs/solana-program.md.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from solders.pubkey import Pubkey

from chains.solana.errors import ERRORS
from chains.solana.state import Committee, Route
from tests.chains.solana.program.harness import REFERENCE, ROUTE, World
from tests.chains.solana.program.vm import Outcome
from tests.chains.statements import planted
from tests.chains.vectors import NAMES, own_checks, proof_error, taken
from tests.encoding.vector_files import Case, each, number, raw

NUMBERS = {name: code for code, name in ERRORS.items()}
NOW = 1_790_000_000
LEASE = 3_600


@pytest.fixture(scope="module")
def world() -> World:
    made = World()
    made.vm.warp(NOW)
    return made


@pytest.fixture(scope="module")
def new_world() -> World:
    return World(initialized=False)


def put_committee(world: World, case: Case, epoch: int, domain: bytes) -> None:
    state = Committee(world.committee_state.bump, number(case, "parity"), epoch, 0, raw(case, "px"), REFERENCE, domain)
    program = Pubkey.from_string(world.program)
    world.vm.put(Pubkey.from_string(world.committee), state.encode(), program)


@pytest.fixture
def fresh_route(world: World) -> Route:
    """The route as it is when it has taken no statement."""
    return replace(world.state, max_lease=LEASE, round=0, cap=0, observed_at=0, expires_at=0, collateral=0, supply=0)


def put_route(world: World, route: Route) -> None:
    world.vm.put(Pubkey.from_string(world.gate), route.encode(), Pubkey.from_string(world.program))


def first(errors: Iterator[str]) -> str:
    """The one that the program names: it checks in the order of the numbers."""
    return min((e for e in errors if e), key=NUMBERS.__getitem__, default="")


def unchanged(world: World, before: tuple[object, ...], outcome: Outcome) -> None:
    assert not outcome.ok
    assert world.everything() == before


@each(taken("certificates.json"))
def test_certificates(world: World, fresh_route: Route, case: Case) -> None:
    put_committee(world, case, number(case, "epoch"), b"\0" * 31 + b"\1")
    put_route(world, replace(fresh_route, domain=raw(case, "domain"), route=raw(case, "route")))
    before, statement = world.everything(), raw(case, "statement")
    expected = first(iter([NAMES[case["error"]], *own_checks(statement, NOW, LEASE, cap_bits=64)]))
    if case["valid"]:
        assert expected in ("", "DoesNotFit")
    outcome = world.submit(statement)
    assert outcome.error == expected
    if expected:
        unchanged(world, before, outcome)
        return
    state = world.state
    for name in ("round", "collateral", "supply", "observed_at", "expires_at"):
        assert getattr(state, name) == number(case, name)
    assert state.cap == number(case, "mint_cap")


@each(taken("handover.json"))
def test_handovers(world: World, case: Case) -> None:
    put_committee(world, case, number(case, "epoch"), raw(case, "domain"))
    before, statement = world.everything(), raw(case, "statement")
    proof = raw(case, "proof_r") + raw(case, "proof_z")
    expected = proof_error(case) if case["error"] == "bad_proof" else NAMES[case["error"]]
    outcome = world.hand_over(statement, proof)
    if not case["valid"]:
        unchanged(world, before, outcome)
    if not statement:
        return  # the proof's first byte stands where the kind is: either error is right
    if len(statement) >= 82 and statement[0] == 2:
        expires_at = int.from_bytes(statement[74:82], "big")
        if expires_at <= NOW and NUMBERS.get(expected, 99) > NUMBERS["WrongDomain"]:
            expected = "HandoverExpired"
    assert outcome.error == expected
    if case["valid"]:
        state = world.committee_state
        assert (state.epoch, state.px) == (number(case, "new_epoch"), raw(case, "new_px"))
        assert (state.parity, state.since_round) == (number(case, "new_parity"), number(case, "round"))


FROST = taken("frost.json")


@each([case for case in FROST if case["error"] != "bad_key"])
def test_signatures(world: World, fresh_route: Route, case: Case) -> None:
    """In the place of a certificate's. What is signed there is another message, so the valid ones are not its key's."""
    put_committee(world, case, 7, b"\0" * 31 + b"\1")
    put_route(world, replace(fresh_route, domain=world.domain, route=ROUTE))
    leaf = replace(world.leaf(5), observed_at=NOW - 10, expires_at=NOW + LEASE)
    whole = planted(leaf).certified(world.group, 7, 1)
    before = world.everything()
    outcome = world.submit(whole[:-65] + raw(case, "r") + raw(case, "z"))
    assert outcome.error == (NAMES[case["error"]] or "BadSignature")
    unchanged(world, before, outcome)


@each([case for case in FROST if case["error"] == "bad_key"])
def test_keys(new_world: World, case: Case) -> None:
    """A key that is none is refused when it would be put in force."""
    before = new_world.everything()
    outcome = new_world.initialize(px=raw(case, "px"), parity=number(case, "parity"))
    assert outcome.error == "BadKey"
    unchanged(new_world, before, outcome)

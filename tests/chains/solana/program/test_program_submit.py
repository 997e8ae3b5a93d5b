"""What a gate takes as a statement: each field altered on its own, each with its own error."""

from itertools import combinations
from typing import Any

import pytest
from solders.pubkey import Pubkey

from chains.encoding import Branch, leaf_hash, node_hash, route_id
from chains.hashing import keccak256
from chains.solana.addresses import domain
from chains.solana.events import StatementAccepted
from tests.chains.solana.program.harness import MAX_LEASE, MAX_U64, REFERENCE, ROUTE, World
from tests.chains.statements import EPOCH, EVIDENCE, Committee, Planted, flipped, planted

SKEW = 60
STRANGERS = Committee("strangers")
DEVNET = "EtWTRABZaYq6iMfeYKouRu166VU2xqa1"


def refused(world: World, error: str, round_: int = 1, cap: int = 1_000, **changes: Any) -> None:
    before = world.everything()
    assert world.submit(world.statement(round_, cap, **changes)).error == error
    assert world.everything() == before


def test_takes_a_statement_from_anyone(world: World) -> None:
    leaf = world.leaf(1_000)
    outcome = world.submit(world.statement(1, 1_000)).done()
    told = (1_000, leaf.collateral, leaf.supply, leaf.observed_at, leaf.expires_at)
    assert world.events(outcome) == (StatementAccepted(world.gate, 1, *told),)
    s = world.state
    assert (s.round, s.cap, s.collateral, s.supply, s.observed_at, s.expires_at) == (1, *told)


def test_changes_nothing_but_what_the_statement_says(world: World) -> None:
    before = world.vm.data(Pubkey.from_string(world.gate))
    others = world.vm.contents(Pubkey.from_string(world.committee), world.mint_address)
    world.submit(world.statement(1, 1_000)).done()
    after = world.vm.data(Pubkey.from_string(world.gate))
    assert before[:248] + before[312:] == after[:248] + after[312:]
    assert world.vm.contents(Pubkey.from_string(world.committee), world.mint_address) == others


def test_takes_every_place_in_trees_of_up_to_seventeen(world: World) -> None:
    round_ = 0
    for leaves in range(1, 18):
        for index in range(leaves):
            round_ += 1
            world.submit(world.statement(round_, round_, leaves=leaves, index=index)).done()
            assert world.state.cap == round_


def test_domain_is_the_accounts_name(world: World) -> None:
    name = f"solana:{REFERENCE}:"
    assert world.state.domain == keccak256((name + world.gate).encode())
    assert world.committee_state.domain == keccak256((name + world.committee).encode())
    assert world.state.route == ROUTE
    assert (world.state.mint, world.state.token_program) == (str(world.mint_address), str(world.token_program))


# X1: replay across chain, account, route, epoch, kind


def test_refuses_a_statement_for_another_gate(world: World) -> None:
    other = World(world.vm, "other ")
    refused(world, "WrongDomain", domain=other.domain)
    refused(world, "WrongDomain", domain=domain(REFERENCE, world.committee))
    refused(world, "WrongDomain", domain=domain(REFERENCE, world.program))
    refused(world, "WrongDomain", domain=bytes(32))


def test_refuses_a_statement_for_the_same_address_on_another_cluster(world: World) -> None:
    refused(world, "WrongDomain", domain=domain(DEVNET, world.gate))


def test_refuses_a_statement_for_another_route(world: World) -> None:
    refused(world, "WrongRoute", route=route_id("another route"))
    refused(world, "WrongRoute", route=bytes(32))


def test_two_gates_of_one_committee_do_not_share_statements(world: World) -> None:
    mint = world.vm.mint("second", world.authority)
    world.register(mint=mint).done()
    statement = world.statement(1, 1_000)
    first, world.gate = world.gate, str(Pubkey.find_program_address([b"route", bytes(mint)], _key(world.program))[0])
    assert world.submit(statement).error == "WrongDomain"
    assert world.state.round == 0
    world.gate = first
    world.submit(statement).done()


@pytest.mark.parametrize("epoch", [EPOCH - 1, EPOCH + 1, 0, MAX_U64])
def test_refuses_other_epochs(world: World, epoch: int) -> None:
    refused(world, "WrongEpoch", epoch=epoch)


def test_refuses_other_kinds(world: World) -> None:
    leaf = world.handover_leaf(world.group, domain=world.domain)
    assert world.submit(planted(leaf).certified(world.group, EPOCH, 1)).error == "WrongKind"
    statement = world.statement(1, 1_000)
    for kind in set(range(256)) - {1}:
        assert world.submit(bytes([kind]) + statement[1:]).error == "WrongKind"


# X2: older round, expired, from the future, lease too long


def test_refuses_rounds_that_are_not_newer(world: World) -> None:
    world.submit(world.statement(5, 1_000)).done()
    for round_ in range(6):
        refused(world, "StaleRound", round_, 2_000)
    world.submit(world.statement(6, 2_000)).done()


def test_refuses_round_zero_as_the_first(world: World) -> None:
    refused(world, "StaleRound", 0)


def test_takes_the_last_round_there_is(world: World) -> None:
    world.submit(world.statement(MAX_U64, 1_000)).done()
    assert world.state.round == MAX_U64
    refused(world, "StaleRound", MAX_U64)


def test_refuses_what_has_expired(world: World) -> None:
    for time in (world.vm.now, world.vm.now - 1, 0):
        refused(world, "StatementExpired", expires_at=time)
    world.submit(world.statement(1, 1_000, expires_at=world.vm.now + 1)).done()


def test_refuses_a_lease_that_is_too_long(world: World) -> None:
    latest = world.vm.now + MAX_LEASE
    for time in (latest + 1, 2**63, MAX_U64):
        refused(world, "LeaseTooLong", expires_at=time)
    world.submit(world.statement(1, 1_000, expires_at=latest)).done()


def test_refuses_readings_from_the_future(world: World) -> None:
    latest = world.vm.now + SKEW
    for time in (latest + 1, 2**63, MAX_U64):
        refused(world, "ObservedInFuture", observed_at=time)
    world.submit(world.statement(1, 1_000, observed_at=latest)).done()


# V4: what does not fit is refused, never truncated


@pytest.mark.parametrize("cap", [2**64, 2**64 + 1_000, 2**65, 2**128, 2**192 + 1_000, 2**255, 2**256 - 1])
def test_refuses_caps_above_64_bits(world: World, cap: int) -> None:
    refused(world, "DoesNotFit", cap=1_000, mint_cap=cap)


@pytest.mark.parametrize("field", ["collateral", "supply"])
@pytest.mark.parametrize("total", [2**128, 2**128 + 1, 2**136, 2**192, 2**255, 2**256 - 1])
def test_refuses_totals_above_128_bits(world: World, field: str, total: int) -> None:
    refused(world, "DoesNotFit", **{field: total})


def test_takes_the_largest_numbers_that_fit(world: World) -> None:
    most = 2**128 - 1
    world.submit(world.statement(1, MAX_U64, collateral=most, supply=most)).done()
    s = world.state
    assert (s.cap, s.collateral, s.supply) == (MAX_U64, most, most)


# X6 and the tree


def test_refuses_every_other_length(world: World) -> None:
    statement = world.statement(1, 1_000)
    for length in range(len(statement)):
        assert world.submit(statement[:length]).error == "BadLength"
    for longer in (b"\0", bytes(31), bytes(32), statement):
        assert world.submit(statement + longer).error == "BadLength"
    world.submit(statement).done()


def test_refuses_every_single_byte_flipped(world: World) -> None:
    """No byte of a submission is free: whatever is altered, it is refused and nothing is stored."""
    statement = world.statement(1, 1_000)
    before = world.everything()
    for at in range(len(statement)):
        for mask in (0x01, 0x80):
            assert not world.submit(flipped(statement, at, mask)).ok, f"byte {at}, mask {mask:#x}"
    assert world.everything() == before
    world.submit(statement).done()


def test_refuses_another_root(world: World) -> None:
    place = planted(world.leaf(1_000), leaves=1)
    for root in (bytes(32), flipped(place.root, 31), keccak256(place.leaf)):
        assert world.submit(place.certified(world.group, EPOCH, 1, root=root)).error == "WrongRoot"


def test_refuses_an_inner_node_as_leaf(world: World) -> None:
    """The leaf's bytes are what its parent hashes: 0x01 | left | right would be such a node, were lengths not exact."""
    node = b"\1" + keccak256(b"left") + keccak256(b"right")
    assert world.submit(Planted(node, Branch(0, ()), keccak256(node)).certified(world.group, EPOCH, 1)).error == (
        "BadLength"
    )


def test_refuses_unused_sides_and_deep_branches(world: World) -> None:
    leaf = world.leaf(1_000).encode()
    certificate = planted(world.leaf(1_000), leaves=1).certified(world.group, EPOCH, 1)[len(leaf) + 5 :]
    for bit in range(32):
        assert world.submit(leaf + b"\0" + (1 << bit).to_bytes(4, "big") + certificate).error == "BadBranch"
    for depth in (33, 34, 64, 128, 255):
        submission = leaf + bytes([depth]) + bytes(4) + bytes(32 * depth) + certificate
        assert world.submit(submission).error == "BadBranch"


def test_takes_the_deepest_branch(world: World) -> None:
    """A packet of the network carries branches of up to 20 levels; the program takes every one that the form has."""
    leaf = world.leaf(1_000).encode()
    siblings = tuple(keccak256(b"level %d" % i) for i in range(32))
    sides, node = 0x8000_0005, leaf_hash(leaf)
    for level, sibling in enumerate(siblings):
        node = node_hash(sibling, node) if sides >> level & 1 else node_hash(node, sibling)
    world.submit(Planted(leaf, Branch(sides, siblings), node).certified(world.group, EPOCH, 1)).done()
    assert world.state.round == 1


# Who signed what


def test_refuses_another_keys_signature(world: World) -> None:
    refused(world, "BadSignature", by=STRANGERS)


def test_refuses_the_signature_of_another_round(world: World) -> None:
    one, two = world.statement(1, 1_000), world.statement(2, 1_000)
    assert world.submit(two[:-65] + one[-65:]).error == "BadSignature"
    assert world.submit(one[:-65] + two[-65:]).error == "BadSignature"


def test_refuses_the_other_point_of_the_same_x(world: World) -> None:
    """The whole of R is compared, also the parity of its y."""
    statement = world.statement(1, 1_000)
    beside = world.group.sign_beside(keccak256(b"ballast/round/v1" + statement[-145:-65]))
    assert world.submit(statement[:-65] + beside).error == "BadSignature"
    right = bytes([beside[0] ^ 1]) + beside[1:]  # not a signature either: the prefix is hashed
    assert world.submit(statement[:-65] + right).error == "BadSignature"


def test_binds_the_evidence(world: World) -> None:
    statement = world.statement(1, 1_000)
    at = statement.index(EVIDENCE)
    assert world.submit(flipped(statement, at)).error == "BadSignature"


# The order of the errors


FAULTS: dict[str, dict[str, Any]] = {
    "StaleRound": {"round_": 0},
    "WrongDomain": {"domain": bytes(32)},
    "WrongRoute": {"route": bytes(32)},
    "StatementExpired": {"expires_at": 0},
    "LeaseTooLong": {"expires_at": MAX_U64},
    "ObservedInFuture": {"observed_at": MAX_U64},
    "DoesNotFit": {"mint_cap": 2**64},
    "WrongEpoch": {"epoch": EPOCH + 1},
    "BadSignature": {"by": STRANGERS},
    "WrongRoot": {"header": {"root": bytes(32)}},
}


def test_names_the_first_fault_in_the_documented_order(world: World) -> None:
    for first, second in combinations(FAULTS, 2):
        if FAULTS[first].keys().isdisjoint(FAULTS[second]):  # one field cannot be wrong in two ways
            faults = {"round_": 1} | FAULTS[first] | FAULTS[second]
            refused(world, first, faults.pop("round_"), **faults)


def _key(text: str) -> Pubkey:
    return Pubkey.from_string(text)

"""Who may do what, and what no statement may say, message by message on a real node."""

from typing import Any

from chains.cosmos import messages
from chains.cosmos.errors import ERRORS
from chains.cosmos.messages import Message, max_lease
from tests.chains.cosmos.contract.calls import Call, address_of, clear_admin, execute, sudo, update_admin
from tests.chains.cosmos.contract.gate import LEASE, MAX_LEASE, Gate
from tests.chains.cosmos.contract.ledger import PEOPLE, Ledger
from tests.chains.cosmos.nodes import needs_wasmd
from tests.chains.statements import EPOCH, Committee

pytestmark = needs_wasmd

LATE = 10_000
"""Seconds; longer than anything here takes, and than a statement may be observed ahead of a block."""


def everything(gate: Gate) -> tuple[Any, ...]:
    """What the gate's route and committee are, and what there is of its token."""
    told = gate.ask("state"), gate.ask("route"), gate.ask("rate_limit"), gate.ask("queue")
    return *told, gate.ledger.query(gate.address, messages.query("committee")), gate.supply, gate.balance()


def ends(ledger: Ledger, *expected: tuple[Call, str]) -> None:
    """Each is a transaction in a block, and ends with its error; "" where it succeeds."""
    outcomes = ledger.run(*(call for call, _ in expected))
    assert [outcome.error for outcome in outcomes] == [error for _, error in expected]


# Senders


def test_each_message_is_refused_to_all_but_those_whose_it_is(ledger: Ledger) -> None:
    """Whoever may migrate the contract may do nothing else with it."""
    gate = Gate(ledger, "senders")
    ledger.do(gate.created(admin=address_of("admin")) + gate.token_created(), *gate.set_up()[1:])
    stricter, looser = max_lease(60), max_lease(MAX_LEASE + 1)
    ledger.do(gate.submit(gate.statement(1, 1_000)), gate.mint(10), gate.set(looser))
    ledger.do(gate.by("owner", messages.transfer_ownership(gate.route, address_of("holder"))))
    before = everything(gate)
    receive = {"receive": {"sender": address_of("holder"), "amount": "1", "msg": "eyJyZWRlZW0iOnt9fQ=="}}
    rules: list[tuple[Message, set[str], str]] = [
        (messages.reserve(bytes([2] * 32), None), {"registrar"}, "NotRegistrar"),
        (messages.register(gate.terms(route=bytes([3] * 32))), set(), "NotReserved"),
        (messages.mint(gate.route, address_of("stranger"), 1), {"minter"}, "NotMinter"),
        (receive, set(), "NotToken"),
        (messages.pause(gate.route), {"owner", "guardian"}, "NotGuardian"),
        (messages.unpause(gate.route), {"owner"}, "NotOwner"),
        (messages.change(gate.route, stricter), {"owner"}, "NotOwner"),
        (messages.execute(gate.route, looser), {"owner"}, "NotOwner"),
        (messages.cancel(gate.route, looser), {"owner", "guardian"}, "NotGuardian"),
        (messages.transfer_ownership(gate.route, None), {"owner"}, "NotOwner"),
        (messages.accept_ownership(gate.route), {"holder"}, "NotOwner"),
    ]
    tries = [(told, name, "" if name in may else error) for told, may, error in rules for name in PEOPLE]
    found = [outcome.error for outcome in ledger.simulate(*(gate.by(name, told) for told, name, _ in tries))]
    # A looser setting waits, also for its owner.
    allowed = {"": {"", "TooEarly"}}
    wrong = [(each, got) for each, got in zip(tries, found, strict=True) if got not in allowed.get(each[2], {each[2]})]
    assert not wrong
    # Of each message one is a transaction in a block too.
    in_blocks = {error + str(told): (gate.by("stranger", told), error) for told, _, error in rules}
    ends(ledger, *in_blocks.values())
    assert everything(gate) == before


def test_nobody_calls_what_the_chain_alone_calls(ledger: Ledger) -> None:
    """Replies, migrations and beginnings are no messages; a reply comes to none but who has sent a submessage."""
    gate = Gate(ledger, "entry points")
    ledger.do(gate.created(admin=address_of("admin")) + gate.token_created(), *gate.set_up()[1:])
    ledger.do(gate.submit(gate.statement(1, 100)), gate.mint(60))
    before = everything(gate)
    beginning = messages.instantiate(EPOCH, gate.group.px, gate.group.parity, address_of("stranger"))
    result: dict[str, Any] = {"ok": {"events": [], "data": None, "msg_responses": []}}
    told: list[Message] = [
        {"reply": {"id": 1, "payload": "", "gas_used": 0, "result": result}},
        {"id": 1, "payload": "", "gas_used": 0, "result": result},
        {"migrate": {}},
        {"instantiate": beginning},
        beginning,
        {"sudo": {}},
        {},
    ]
    senders = ("admin", "owner", "registrar", "minter", "stranger")
    tries = [execute(name, gate.address, each) for each in told for name in senders]
    tries += [sudo(name, gate.address, messages.pause(gate.route)) for name in senders]
    tries += [update_admin(name, gate.address, address_of("holder")) for name in senders[1:]]
    tries += [clear_admin(name, gate.address) for name in senders[1:]]
    for outcome in ledger.run(*tries):
        # The chain's own words, or the decoder's: the contract's rules are not even reached.
        assert outcome.error
        assert outcome.error not in ERRORS.values()
    assert everything(gate) == before


# Statements


def test_refuses_statements_that_are_older_expired_from_the_future_or_too_long(ledger: Ledger) -> None:
    gate = Gate(ledger, "times")
    ledger.do(*gate.set_up())
    ledger.do(gate.submit(gate.statement(7, 100)))
    before, now = everything(gate), ledger.now()
    statements = {
        "StaleRound": [gate.statement(7, 200), gate.statement(6, 200), gate.statement(0, 200)],
        "StatementExpired": [gate.statement(8, 200, expires_at=now), gate.statement(8, 200, expires_at=0)],
        "ObservedInFuture": [gate.statement(8, 200, observed_at=now + LATE, expires_at=now + LATE + LEASE)],
        "LeaseTooLong": [
            gate.statement(8, 200, expires_at=now + MAX_LEASE + LATE),
            gate.statement(8, 200, expires_at=(1 << 64) - 1),
        ],
    }
    ends(ledger, *((gate.submit(each), error) for error, listed in statements.items() for each in listed))
    # One that comes along with a mint is no better; an older one is not looked at, and covers nothing.
    minted = [(gate.mint(101, each), error) for error, listed in statements.items() for each in listed]
    ends(ledger, *((call, "ExceedsCap" if error == "StaleRound" else error) for call, error in minted))
    assert everything(gate) == before


def test_refuses_another_epoch_kind_route_contract_and_chain(ledger: Ledger) -> None:
    gate, other = Gate(ledger, "bound"), Gate(ledger, "bound elsewhere")
    ledger.do(*gate.set_up(), *other.set_up())
    handover = gate.handing(Committee("cosmos following"), 2)
    before = everything(gate)
    ends(
        ledger,
        (gate.submit(gate.statement(1, 100, epoch=EPOCH + 1)), "WrongEpoch"),
        (gate.submit(gate.statement(1, 100, epoch=EPOCH - 1)), "WrongEpoch"),
        (gate.submit(gate.statement(1, 100, route=bytes(32))), "WrongRoute"),
        (gate.submit(other.statement(1, 100)), "WrongDomain"),
        (gate.submit(gate.statement(1, 100, domain=bytes(32))), "WrongDomain"),
        (gate.submit(gate.statement(1, 100, Committee("cosmos following"))), "BadSignature"),
        (gate.by("stranger", messages.handover(gate.statement(1, 100), bytes(65))), "WrongKind"),
    )
    assert everything(gate) == before
    # What is certified as a handover is no mint cap.
    assert [outcome.error for outcome in ledger.simulate(handover)] == [""]


def test_refuses_every_single_byte_flipped_and_every_other_length(ledger: Ledger) -> None:
    gate = Gate(ledger, "bytes")
    ledger.do(*gate.set_up())
    statement = gate.statement(1, 100)
    altered = [statement[:i] + bytes([statement[i] ^ 1]) + statement[i + 1 :] for i in range(len(statement))]
    altered += [statement[:length] for length in range(len(statement))]
    altered += [statement + bytes(more) for more in (1, 2, 32, 33, 65)]
    altered += [bytes(1) + statement, statement + statement]
    outcomes = ledger.simulate(*map(gate.submit, altered))
    assert {outcome.error for outcome in outcomes} <= set(ERRORS.values())
    (whole,) = ledger.simulate(gate.submit(statement))
    assert not whole.error


# Caps


def test_cap_below_supply_stops_mints_and_not_burns(ledger: Ledger) -> None:
    gate = Gate(ledger, "cut")
    ledger.do(*gate.set_up(), gate.submit(gate.statement(1, 1_000)), gate.mint(1_000))
    ledger.do(gate.submit(gate.statement(2, 400)))
    assert gate.ask("headroom") == {"headroom": "0"}
    ends(ledger, (gate.mint(1), "ExceedsCap"), (gate.send(100), ""), (gate.mint(1), "ExceedsCap"))
    assert (gate.supply, gate.cap) == (900, 300)


def test_cap_of_zero_is_no_unlimited_cap(ledger: Ledger) -> None:
    gate = Gate(ledger, "zero")
    ledger.do(*gate.set_up())
    nothing = gate.statement(1, 0)
    ends(ledger, (gate.mint(1), "NoStatement"), (gate.submit(nothing), ""), (gate.mint(1), "ExceedsCap"))
    ledger.do(gate.submit(gate.statement(2, 1)), gate.mint(1), gate.send(1))
    # A capacity of zero lets nothing through either.
    ledger.do(gate.submit(gate.statement(3, 1_000)), gate.set(messages.rate_limit(0, 0)))
    ends(ledger, (gate.mint(1), "ExceedsRateLimit"))
    assert gate.supply == 0


def test_redeemed_tokens_are_minted_again_only_under_a_new_statement(ledger: Ledger) -> None:
    gate = Gate(ledger, "again")
    ledger.do(*gate.set_up(), gate.submit(gate.statement(1, 1_000)), gate.mint(1_000), gate.send(400))
    assert gate.cap == 600
    ends(ledger, (gate.mint(1), "ExceedsCap"), (gate.mint(400, gate.statement(1, 1_000)), "ExceedsCap"))
    ledger.do(gate.mint(400, gate.statement(2, 1_000)))
    assert (gate.supply, gate.cap) == (1_000, 1_000)

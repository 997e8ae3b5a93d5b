"""Minting and redeeming on a real node: what is covered, to the unit, in transactions of blocks."""

from chains.cosmos import messages
from chains.cosmos.errors import ERRORS
from chains.cosmos.messages import rate_limit
from tests.chains.cosmos.contract.calls import address_of
from tests.chains.cosmos.contract.gate import MAX_U128, Gate
from tests.chains.cosmos.contract.ledger import Ledger, until
from tests.chains.cosmos.nodes import needs_wasmd

pytestmark = needs_wasmd


def test_mints_exactly_the_headroom_and_not_one_more(ledger: Ledger) -> None:
    gate = Gate(ledger, "headroom")
    ledger.do(*gate.set_up())
    submitted, above, exactly, more = ledger.run(
        gate.submit(gate.statement(1, 1_000)), gate.mint(1_001), gate.mint(1_000), gate.mint(1)
    )
    assert submitted.done().height
    assert (above.error, exactly.error, more.error) == ("ExceedsCap", "", "ExceedsCap")
    minter, holder = address_of("minter"), address_of("holder")
    said = {"route": gate.route.hex(), "minter": minter, "to": holder, "amount": "1000"}
    assert (exactly.named("Minted"), above.named("Minted")) == ([said], [])
    assert (gate.supply, gate.balance(), gate.cap, gate.ask("headroom")) == (1_000, 1_000, 1_000, {"headroom": "0"})


def test_keeps_and_says_what_the_statement_says(ledger: Ledger) -> None:
    gate = Gate(ledger, "statement")
    ledger.do(*gate.set_up())
    leaf = gate.leaf(MAX_U128, collateral=MAX_U128, supply=MAX_U128 - 1)
    (done,) = ledger.do(gate.submit(gate.certified(leaf, 7)))
    told = {"round": 7, "cap": MAX_U128, "collateral": MAX_U128, "supply": MAX_U128 - 1}
    told |= {"observed_at": leaf.observed_at, "expires_at": leaf.expires_at}
    written = {name: str(value) for name, value in told.items()}
    assert done.named("StatementAccepted") == [{"route": gate.route.hex()} | written]
    assert gate.ask("state") == written
    # The greatest cap can be minted, and then nothing more.
    assert [outcome.error for outcome in ledger.run(gate.mint(MAX_U128), gate.mint(1))] == ["", "ExceedsCap"]


def test_refuses_what_nothing_covers(ledger: Ledger) -> None:
    gate = Gate(ledger, "not covered")
    set_up = gate.set_up()
    statement = gate.statement(1, 100)
    # The token's minter is still the issuer, who has not handed it over.
    ledger.do(set_up[0], set_up[1], gate.registered())
    assert [o.error for o in ledger.run(gate.mint(1), gate.handed_over(), gate.mint(1))] == [
        "NotMintAuthority",
        "",
        "NoStatement",
    ]
    ledger.do(gate.submit(statement))
    before = ledger.query(gate.address, messages.query("state", gate.route))
    refused = {
        gate.mint(1, by="owner"): "NotMinter",
        gate.mint(0): "ZeroAmount",
        gate.mint(101): "ExceedsCap",
        gate.mint(MAX_U128): "ExceedsCap",
        gate.submit(statement): "StaleRound",
        gate.by("minter", messages.mint(bytes(32), address_of("holder"), 1)): "UnknownRoute",
        gate.by("minter", messages.mint(gate.route, address_of("holder").upper(), 1)): "BadAddress",
        gate.by("minter", messages.mint(gate.route, "cosmos1qqqq", 1)): "BadAddress",
        gate.by("minter", messages.mint(gate.route, address_of("holder"), 1), coins=1): "WrongFunds",
        # A mint that is refused takes no statement either.
        gate.mint(201, gate.statement(2, 200)): "ExceedsCap",
        gate.mint(1, gate.statement(2, 200), by="stranger"): "NotMinter",
    }
    assert [outcome.error for outcome in ledger.run(*refused)] == list(refused.values())
    assert gate.ask("state") == before
    assert gate.supply == 0


def test_takes_a_statement_that_comes_along(ledger: Ledger) -> None:
    gate = Gate(ledger, "along")
    ledger.do(*gate.set_up())
    first = gate.statement(1, 100)
    done, again = ledger.do(gate.mint(60, first), gate.mint(40, first))
    assert [event["round"] for event in done.named("StatementAccepted")] == ["1"]
    assert not again.named("StatementAccepted")
    assert (gate.supply, gate.cap) == (100, 100)


def test_redeeming_lowers_the_cap_in_both_ways(ledger: Ledger) -> None:
    gate = Gate(ledger, "redeem")
    ledger.do(*gate.set_up(), gate.submit(gate.statement(1, 1_000)), gate.mint(1_000))
    outcomes = ledger.run(
        gate.redeem(300),
        gate.allow(300),
        gate.redeem(301),
        gate.redeem(300),
        gate.send(200),
        gate.mint(1),
        gate.redeem(0),
        gate.send(501),
        gate.redeem(1, by="stranger"),
        gate.send(1, messages.pause(gate.route)),
    )
    found = [outcome.error for outcome in outcomes]
    # What an allowance or a balance does not cover is refused in the token's own words.
    own = [error if error in ("", *ERRORS.values()) else "the token's" for error in found]
    assert own[:5] == ["the token's", "", "the token's", "", ""]
    assert own[5:] == ["ExceedsCap", "ZeroAmount", "the token's", "BurnMismatch", "BadInstruction"]
    said = [event for outcome in outcomes for event in outcome.named("Redeemed")]
    shared = {"route": gate.route.hex(), "from": address_of("holder")}
    assert said == [shared | {"amount": "300", "cap": "700"}, shared | {"amount": "200", "cap": "500"}]
    assert (gate.supply, gate.balance(), gate.cap) == (500, 500, 500)
    assert ledger.query(gate.token, {"balance": {"address": gate.address}}) == {"balance": "0"}
    # Below nothing the cap does not fall, and a burn beside the gate leaves it alone.
    ledger.do(gate.submit(gate.statement(2, 10)), gate.send(400))
    assert (gate.supply, gate.cap) == (100, 0)


def test_only_a_cw20_with_a_route_may_say_that_it_sent(ledger: Ledger) -> None:
    gate, other = Gate(ledger, "with a route"), Gate(ledger, "without")
    ledger.do(*gate.set_up(), other.token_created())
    told = {"receive": {"sender": address_of("holder"), "amount": "1", "msg": "eyJyZWRlZW0iOnt9fQ=="}}
    (refused,) = ledger.run(gate.by("stranger", told))
    assert refused.error == "NotToken"


def test_paused_gates_mint_nothing_and_redeem(ledger: Ledger) -> None:
    gate = Gate(ledger, "pause")
    ledger.do(*gate.set_up(), gate.submit(gate.statement(1, 100)), gate.mint(50))
    pause, unpause = messages.pause(gate.route), messages.unpause(gate.route)
    expected = {
        gate.by("stranger", pause): "NotGuardian",
        gate.by("minter", pause): "NotGuardian",
        gate.by("guardian", pause): "",
        gate.mint(1): "GatePaused",
        gate.mint(1, gate.statement(2, 100)): "GatePaused",
        gate.send(10): "",
        gate.submit(gate.statement(3, 200)): "",
        gate.by("guardian", unpause): "NotOwner",
        gate.by("owner", unpause): "",
        gate.mint(160): "",
    }
    outcomes = ledger.run(*expected)
    assert [outcome.error for outcome in outcomes] == list(expected.values())
    assert outcomes[2].named("Paused") == [{"route": gate.route.hex(), "by": address_of("guardian")}]
    assert outcomes[8].named("Unpaused") == [{"route": gate.route.hex(), "by": address_of("owner")}]
    assert gate.supply == 200


def test_the_rate_limit_bounds_a_huge_cap(ledger: Ledger) -> None:
    gate = Gate(ledger, "rate limit")
    ledger.do(*gate.set_up(capacity=100, refill_per_second=0), gate.submit(gate.statement(1, MAX_U128)))
    expected = {gate.mint(101): "ExceedsRateLimit", gate.mint(60): "", gate.mint(41): "ExceedsRateLimit"}
    expected |= {gate.mint(40): "", gate.mint(1): "ExceedsRateLimit", gate.set(rate_limit(50, 0)): ""}
    assert [outcome.error for outcome in ledger.run(*expected)] == list(expected.values())
    assert gate.ask("rate_limit") == {"capacity": "50", "refill_per_second": "0", "available": "0"}


def test_the_rate_limit_refills_with_the_blocks_time(ledger: Ledger) -> None:
    gate = Gate(ledger, "refill")
    ledger.do(*gate.set_up(capacity=10**9, refill_per_second=3), gate.submit(gate.statement(1, MAX_U128)))
    (minted,) = ledger.do(gate.mint(10**9))
    since = ledger.block_time(minted.height)

    def refilled() -> bool:
        return ledger.now() > since + 1

    until(refilled)
    # Exactly what has flowed in by the time of the mint's own block is let through, and not one more.
    left, minted_any = 0, False
    for amount, outcome in zip(amounts := range(30, 0, -1), ledger.run(*map(gate.mint, amounts)), strict=True):
        now = ledger.block_time(outcome.height)
        covered = amount <= left + 3 * (now - since)
        assert outcome.error == ("" if covered else "ExceedsRateLimit")
        if covered:
            left, since, minted_any = left + 3 * (now - since) - amount, now, True
    assert minted_any


def test_mints_until_the_second_of_expiry(ledger: Ledger) -> None:
    gate = Gate(ledger, "expiry")
    ledger.do(*gate.set_up())
    for lease in (2**i for i in range(1, 12)):  # a slow machine needs a longer one
        expires_at = ledger.now() + lease
        (taken,) = ledger.run(gate.submit(gate.statement(lease, 10**9, expires_at=expires_at)))
        assert taken.error == ("StatementExpired" if ledger.block_time(taken.height) >= expires_at else "")
        if not taken.error:
            break
    while True:
        (outcome,) = ledger.run(gate.mint(1, gate.statement(1, 50)))
        expired = ledger.block_time(outcome.height) >= expires_at
        assert outcome.error == ("CapExpired" if expired else "")
        if expired:
            break
    ledger.do(*([gate.send(1)] if gate.balance() else []))

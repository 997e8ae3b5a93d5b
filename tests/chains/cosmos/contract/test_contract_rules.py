"""Roles, routes, settings, handovers and migration on a real node."""

from typing import Any

from chains.cosmos import messages
from chains.cosmos.messages import Setting, Token, guardian, loosen_delay, max_lease, minter, rate_limit
from chains.encoding import domain_id
from tests.chains.cosmos.contract.calls import CHAIN, GATE_CODE, TOKEN_CODE, Call, address_of, migrate
from tests.chains.cosmos.contract.gate import DELAY, GROUP, MAX_LEASE, ROUTE, Gate
from tests.chains.cosmos.contract.ledger import Ledger
from tests.chains.cosmos.nodes import needs_wasmd
from tests.chains.statements import EPOCH, Committee

pytestmark = needs_wasmd

OTHER = bytes.fromhex("41" * 32)


def check(ledger: Ledger, expected: list[tuple[Call, str]]) -> list[Any]:
    """Runs the transactions one after the other in as few blocks as they fit; each ends with this error."""
    outcomes = ledger.run(*(call for call, _ in expected))
    assert [outcome.error for outcome in outcomes] == [error for _, error in expected]
    return outcomes


def test_a_new_contract_says_who_it_is(ledger: Ledger) -> None:
    gate = Gate(ledger, "new")
    (created,) = ledger.do(gate.created())
    key = {"px": GROUP.px.hex(), "parity": str(GROUP.parity)}
    assert created.named("HandedOver") == [{"epoch": str(EPOCH)} | key | {"since_round": "0"}]
    told = ledger.query(gate.address, messages.query("contract"))
    assert told["domain"] == domain_id(f"cosmos:{CHAIN}:{gate.address}").hex()
    assert (told["registrar"], told["token_factory"]) == (address_of("registrar"), None)
    found = ledger.query(gate.address, messages.query("committee"))
    assert (found["epoch"], found["px"], found["parity"]) == (str(EPOCH), GROUP.px.hex(), GROUP.parity)


def test_routes_are_reserved_and_registered(ledger: Ledger) -> None:
    gate, second, bare = Gate(ledger, "route"), Gate(ledger, "second token", route=OTHER), Gate(ledger, "no code")
    ledger.do(gate.created() + gate.token_created(), second.token_created())
    issuer, stranger = address_of("issuer"), address_of("stranger")
    reserve = messages.reserve

    def register(by: str = "issuer", **changes: Any) -> Call:
        return gate.by(by, messages.register(gate.terms(**changes)))

    outcomes = check(
        ledger,
        [
            (gate.by("issuer", reserve(ROUTE, issuer)), "NotRegistrar"),
            (register(), "NotReserved"),
            (gate.by("registrar", reserve(ROUTE, stranger)), ""),
            (register(), "NotReserved"),
            (register("stranger"), "NotMintAuthority"),
            (gate.by("registrar", reserve(ROUTE, None)), ""),
            (register("stranger"), "NotReserved"),
            (gate.reserved(), ""),
            (gate.by("registrar", reserve(ROUTE, issuer.upper())), "BadAddress"),
            (register(token=Token("cw20", bare.address)), "BadToken"),
            (register(token=Token("cw20", gate.address)), "BadToken"),
            (register(token=Token("denom", "stake")), "BadToken"),
            (register(token=Token("new_denom", "wrapped")), "BadToken"),
            (register(max_lease=0), "BadSetting"),
            (register(loosen_delay=3_599), "BadSetting"),
            (register(minters=[address_of("minter")] * 9), "TooManyMinters"),
            (register(owner="somebody"), "BadAddress"),
            (register(), ""),
            (register(), "AlreadyInitialized"),
            (gate.reserved(), "AlreadyInitialized"),
            (gate.by("registrar", reserve(OTHER, issuer)), ""),
            # The same token under a second route id.
            (register(route=OTHER), "AlreadyInitialized"),
            (register(route=OTHER, token=Token("cw20", second.token)), ""),
        ],
    )
    said = {"route": ROUTE.hex(), "token_kind": "0", "token": gate.token}
    assert outcomes[17].named("Registered") == [
        said | {"owner": address_of("owner"), "guardian": address_of("guardian")}
    ]
    assert outcomes[2].named("Reserved") == [{"route": ROUTE.hex(), "registrant": stranger}]
    assert outcomes[5].named("Reserved") == [{"route": ROUTE.hex()}]
    for route, token in ((ROUTE, gate.token), (OTHER, second.token)):
        assert ledger.query(gate.address, messages.route_of(Token("cw20", token))) == {"route": route.hex()}


def test_settings_tighten_at_once_and_loosen_later(ledger: Ledger) -> None:
    gate = Gate(ledger, "settings")
    ledger.do(*gate.set_up(capacity=1_000, refill_per_second=10))
    stranger = address_of("stranger")
    looser: list[Setting] = [
        rate_limit(1_001, 10),
        max_lease(MAX_LEASE + 1),
        loosen_delay(DELAY - 1),
        minter(stranger, True),
        guardian(stranger),
    ]
    outcomes = check(ledger, [(gate.set(setting), "") for setting in looser])
    queued = [outcome.named("LooseningQueued")[0] for outcome in outcomes]
    for setting, outcome, event in zip(looser, outcomes, queued, strict=True):
        assert (event["setting"], event["a"], event["b"]) == (str(int(setting.kind)), str(setting.a), str(setting.b))
        assert int(event["ready_at"]) == ledger.block_time(outcome.height) + DELAY
    ready = [
        {"setting": each.json(), "ready_at": event["ready_at"]} for each, event in zip(looser, queued, strict=True)
    ]
    assert gate.ask("queue") == {"queue": ready}
    before = gate.ask("route")
    execute = [(gate.by("owner", messages.execute(gate.route, each)), "TooEarly") for each in looser]
    cancel = [(gate.by("guardian", messages.cancel(gate.route, each)), "") for each in looser[:4]]
    check(
        ledger,
        [
            *execute,
            (gate.set(looser[0]), "AlreadyQueued"),
            (gate.by("owner", messages.execute(gate.route, rate_limit(2_000, 10))), "NotQueued"),
            (gate.by("stranger", messages.cancel(gate.route, looser[0])), "NotGuardian"),
            *cancel,
            # Who is to be replaced has no say in it.
            (gate.by("guardian", messages.cancel(gate.route, looser[4])), "NotGuardian"),
            (gate.by("owner", messages.cancel(gate.route, looser[4])), ""),
            (gate.set(max_lease(60), by="guardian"), "NotOwner"),
            (gate.set(max_lease(0)), "BadSetting"),
        ],
    )
    assert (gate.ask("queue"), gate.ask("route")) == ({"queue": []}, before)
    check(
        ledger,
        [
            (gate.set(each), "")
            for each in (max_lease(60), loosen_delay(DELAY + 1), minter(address_of("minter"), False), rate_limit(7, 0))
        ],
    )
    found = gate.ask("route")
    assert (found["max_lease"], found["loosen_delay"], found["minters"]) == (60, DELAY + 1, [])
    late = gate.statement(1, 100)  # lives an hour
    check(ledger, [(gate.submit(late), "LeaseTooLong"), (gate.mint(1), "NotMinter")])


def test_a_queue_holds_eight(ledger: Ledger) -> None:
    gate = Gate(ledger, "queue")
    ledger.do(*gate.set_up())
    check(ledger, [(gate.set(max_lease(MAX_LEASE + i)), "" if i < 9 else "QueueFull") for i in range(1, 10)])


def test_ownership_goes_over_in_two_steps(ledger: Ledger) -> None:
    gate = Gate(ledger, "ownership")
    ledger.do(*gate.set_up())
    stranger, accept = address_of("stranger"), messages.accept_ownership(gate.route)
    outcomes = check(
        ledger,
        [
            (gate.by("guardian", messages.transfer_ownership(gate.route, stranger)), "NotOwner"),
            (gate.by("stranger", accept), "NotOwner"),
            (gate.by("owner", messages.transfer_ownership(gate.route, stranger)), ""),
            (gate.by("stranger", messages.unpause(gate.route)), "NotOwner"),
            (gate.by("stranger", accept), ""),
            (gate.by("owner", messages.unpause(gate.route)), "NotOwner"),
            (gate.by("stranger", messages.unpause(gate.route)), ""),
        ],
    )
    assert outcomes[4].named("OwnershipTransferred") == [
        {"route": gate.route.hex(), "from": address_of("owner"), "to": stranger}
    ]


def test_the_key_goes_over_to_the_next_epoch(ledger: Ledger) -> None:
    gate = Gate(ledger, "handover")
    ledger.do(*gate.set_up(), gate.submit(gate.statement(1, 100)))
    following, third = Committee("cosmos following"), Committee("cosmos third")
    good = gate.handing(following, 5)
    _, done, *_ = check(
        ledger,
        [
            (gate.handing(following, 5, by=following), "BadSignature"),
            (good, ""),
            (good, "WrongEpoch"),
            (gate.handing(third, 6), "WrongEpoch"),
            (gate.handing(third, 6, epoch=EPOCH + 1), "BadSignature"),
            # No certificate of the earlier epoch counts any more, nor one of a round that is not after the handover's.
            (gate.submit(gate.statement(6, 200)), "WrongEpoch"),
            (gate.submit(gate.statement(6, 200, epoch=EPOCH + 1)), "BadSignature"),
            (gate.submit(gate.statement(5, 200, following, EPOCH + 1)), "RoundBeforeEpoch"),
            (gate.submit(gate.statement(6, 200, following, EPOCH + 1)), ""),
            (gate.mint(201), "ExceedsCap"),
            (gate.mint(200), ""),
            (gate.handing(third, 7, epoch=EPOCH + 1, by=following, expires_at=1), "HandoverExpired"),
            (gate.handing(third, 7, epoch=EPOCH + 1, by=following, new_epoch=EPOCH + 3), "WrongEpoch"),
            (gate.handing(third, 7, epoch=EPOCH + 1, by=following), ""),
        ],
    )
    told = {"epoch": str(EPOCH + 1), "px": following.px.hex(), "parity": str(following.parity), "since_round": "5"}
    assert done.named("HandedOver") == [told]
    found = ledger.query(gate.address, messages.query("committee"))
    assert found == {"epoch": str(EPOCH + 2), "px": third.px.hex(), "parity": third.parity, "since_round": "7"}


def test_a_contract_takes_nothing_meant_for_another(ledger: Ledger) -> None:
    """Two contracts of one code, one key, one token's issuer and one route id."""
    one, two = Gate(ledger, "one"), Gate(ledger, "two")
    ledger.do(*one.set_up(), *two.set_up())
    meant = one.statement(1, 100)
    foreign = domain_id(f"cosmos:ballast-local-1:{two.address}")
    check(
        ledger,
        [
            (two.submit(meant), "WrongDomain"),
            (two.mint(1, meant), "WrongDomain"),
            (two.handing(Committee("cosmos following"), 2, domain=one.domain), "WrongDomain"),
            (two.handing(Committee("cosmos following"), 2, domain=foreign), "WrongDomain"),
            (two.submit(two.statement(1, 100, domain=foreign)), "WrongDomain"),
            (two.submit(two.statement(1, 100, route=OTHER)), "WrongRoute"),
            (one.submit(meant), ""),
        ],
    )


def test_migration_is_the_admins_and_takes_newer_code_alone(ledger: Ledger) -> None:
    gate, fixed, other = (Gate(ledger, f"migration {which}") for which in ("by an admin", "by nobody", "of a token"))
    ledger.do(gate.created(admin=address_of("admin")) + gate.token_created(), *gate.set_up()[1:], *fixed.set_up())
    ledger.do(gate.submit(gate.statement(1, 100)), gate.mint(60))
    before = gate.ask("state"), gate.ask("route"), ledger.query(gate.address, messages.query("committee"))
    people = ("deployer", "owner", "guardian", "registrar", "stranger")
    calls = [migrate(name, gate.address, GATE_CODE) for name in people]
    calls += [migrate(name, fixed.address, GATE_CODE) for name in ("admin", *people)]
    for outcome in ledger.run(*calls):
        assert "unauthorized" in outcome.error
    check(ledger, [(migrate("admin", gate.address, GATE_CODE), "BadMigration")])
    # The code of another contract does not know this one's record, nor does this one that contract's.
    (foreign,) = ledger.run(migrate("admin", gate.address, TOKEN_CODE))
    assert foreign.error not in ("", "BadMigration")
    assert "unauthorized" not in foreign.error
    ledger.do(other.token_created(admin=address_of("admin")))
    check(ledger, [(migrate("admin", other.token, GATE_CODE), "BadMigration")])
    after = gate.ask("state"), gate.ask("route"), ledger.query(gate.address, messages.query("committee"))
    assert after == before
    assert gate.supply == 60

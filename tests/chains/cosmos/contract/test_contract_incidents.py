"""Losses of this field, replayed on a real node: those in which it counts who the chain says that somebody is, and what
else reads a message than the contract does. The others are replayed in contracts/cosmos/tests/host/incidents."""

import json

from chains.cosmos import cw20, messages
from chains.cosmos.errors import ERRORS
from chains.cosmos.messages import Token
from tests.chains.cosmos.contract.calls import (
    GATE_CODE,
    TOKEN_CODE,
    Call,
    address_of,
    artifact,
    contract_address,
    execute,
    instantiate,
)
from tests.chains.cosmos.contract.gate import GROUP, MAX_U128, ROUTE, Gate
from tests.chains.cosmos.contract.ledger import Ledger, Outcome
from tests.chains.cosmos.nodes import needs_wasmd
from tests.chains.statements import EPOCH, Committee

pytestmark = needs_wasmd

THIEF = Committee("cosmos thief")


def key(ledger: Ledger, contract: str) -> bytes:
    """The group key that the contract goes by."""
    return bytes.fromhex(ledger.query(contract, messages.query("committee"))["px"])


def refused(outcomes: list[Outcome]) -> list[str]:
    assert all(outcome.error for outcome in outcomes)
    return [outcome.error for outcome in outcomes]


def test_ronin_2024_initialiser_open(ledger: Ledger) -> None:
    """Whoever came first could begin. Here a contract has its key from its first moment: nobody begins at the
    deployer's place before or after it, and no message begins again."""
    salt = b"initialiser"
    place, elsewhere = (contract_address(by, salt, artifact(GATE_CODE)) for by in ("deployer", "stranger"))

    def begin(by: str, group: Committee) -> Call:
        return instantiate(by, GATE_CODE, messages.instantiate(EPOCH, group.px, group.parity, address_of(by)), salt)

    ledger.do(begin("stranger", THIEF))
    ledger.do(begin("deployer", GROUP))
    evil = messages.instantiate(EPOCH, THIEF.px, THIEF.parity, address_of("stranger"))
    again = [begin("deployer", THIEF), begin("stranger", THIEF)]
    again += [execute(by, place, told) for by in ("deployer", "stranger") for told in (evil, {"instantiate": evil})]
    # In the words of the chain, or of the decoder: there is no such thing.
    assert not {*refused(ledger.run(*again))} & {*ERRORS.values()}
    assert (key(ledger, place), key(ledger, elsewhere)) == (GROUP.px, THIEF.px)


def test_wormhole_2022_forged_verifier(ledger: Ledger) -> None:
    """The verifier was one of the attacker's choice. A contract of the same code with the attacker's key is good for
    its own name alone."""
    real, twin = Gate(ledger, "verifier"), Gate(ledger, "verifier's look-alike", group=THIEF)
    ledger.do(*real.set_up(), *twin.set_up())
    there, here = twin.statement(1, MAX_U128), real.statement(1, MAX_U128, by=THIEF)
    ledger.do(twin.submit(there))
    tries = [real.submit(there), real.mint(1, there), real.submit(here), real.mint(1, here)]
    tries += [twin.submit(twin.statement(2, MAX_U128, domain=real.domain)), real.handing(THIEF, 1, by=THIEF)]
    found = refused(ledger.run(*tries))
    assert found == ["WrongDomain"] * 2 + ["BadSignature"] * 2 + ["WrongDomain", "BadSignature"]
    assert (real.ask("state")["round"], real.supply, key(ledger, real.address)) == ("0", 0, GROUP.px)


def test_cashio_2022_look_alike_token(ledger: Ledger) -> None:
    """Accounts that all agreed with each other and with nothing real: a token of the same code and name, whose minter
    is the real contract; and a contract of the same code that would have the real token."""
    real, twin = Gate(ledger, "look-alike"), Gate(ledger, "look-alike's contract", group=THIEF)
    ledger.do(*real.set_up(), twin.created(), real.submit(real.statement(1, 1_000)), real.mint(600))
    told = cw20.instantiate("Wrapped", "WRP", 6, real.address, {address_of("stranger"): 1_000})
    token = contract_address("stranger", b"look-alike", artifact(TOKEN_CODE))
    ledger.do(instantiate("stranger", TOKEN_CODE, told, b"look-alike"))
    ledger.do(twin.by("registrar", messages.reserve(ROUTE, address_of("stranger"))))
    assert ledger.query(token, cw20.token_info())["symbol"] == ledger.query(real.token, cw20.token_info())["symbol"]

    tries = [
        # Worthless tokens, sent as if they were the real ones.
        execute("stranger", token, cw20.send(real.address, 500, messages.redeem_hook())),
        # The look-alike in the place of the real one, in the real contract.
        real.by("stranger", messages.register(real.terms(token=Token("cw20", token)))),
        real.by("issuer", messages.register(real.terms(token=Token("cw20", token), route=bytes([7] * 32)))),
        # The real one in a contract of the thief's.
        twin.by("stranger", messages.register(real.terms())),
    ]
    assert refused(ledger.run(*tries)) == ["NotToken", "AlreadyInitialized", "NotReserved", "NotMintAuthority"]
    assert (real.cap, real.supply) == (1_000, 600)


def test_syscoin_2026_two_parsers(ledger: Ledger) -> None:
    """One message, read in two ways: what one parser checked was not what the other did. All of these are JSON to the
    chain and to Python, which read a mint in them; the contract reads one form and refuses the rest."""
    gate = Gate(ledger, "parsers")
    ledger.do(*gate.set_up(), gate.submit(gate.statement(1, 1_000)))
    route, to = gate.route.hex(), address_of("holder")
    good = f'{{"mint":{{"route":"{route}","to":"{to}","amount":"10"}}}}'
    amount, ours = '"amount":"10"', f'"route":"{route}"'
    others = [
        good.replace(amount, f'{amount},"amount":"1000"'),
        good.replace(amount, f'"amount":"1000",{amount}'),
        good.replace(ours, f'"route":"{bytes(32).hex()}",{ours}'),
        good.replace(amount, f'{amount},"Amount":"1000"'),
        good.replace(amount, '"Amount":"10"'),
        good.replace(amount, f'{amount},"\\u0061mount":"1000"'),
        *(good.replace(amount, f'"amount":{written}') for written in ("10", "10.0", "1e1", "[10]", '{"u128":"10"}')),
        *(good.replace(amount, f'"amount":"{written}"') for written in ("1e1", "0x0a", "10.0", " 10", "1_0", "١٠", "")),
        good.replace(ours, f'"route":"0x{route}"'),
        good.replace(ours, f'"route":[{",".join(map(str, gate.route))}]'),
        good[:-1] + "," + good[1:],
        good[:-1] + f',"redeem":{{"route":"{route}","amount":"10"}}}}',
        f"[{good}]",
    ]
    for text in others:
        json.loads(text)
    found = refused(ledger.run(*(execute("minter", gate.address, text.encode()) for text in others)))
    assert not {*found} & {*ERRORS.values()}
    assert gate.supply == 0
    ledger.do(execute("minter", gate.address, good.encode()))
    assert gate.supply == 10

"""The shared certificates and handovers at contracts on a real node: what must be taken is in blocks, what must be
refused is simulated, and of every kind of refusal one is a transaction in a block too.
"""

from collections.abc import Sequence

import pytest

from chains.cosmos import messages
from chains.cosmos.messages import Token
from tests.chains.cosmos.contract.calls import Call
from tests.chains.cosmos.contract.cases import Committee, Judged, Signed
from tests.chains.cosmos.contract.gate import Gate
from tests.chains.cosmos.contract.ledger import Ledger
from tests.chains.cosmos.nodes import needs_wasmd
from tests.encoding.vector_files import number, raw

pytestmark = needs_wasmd


@pytest.fixture(scope="module")
def token(ledger: Ledger) -> Token:
    """The token of every contract here: each may know it, since none of them is handed the right to mint."""
    return _token(ledger, "the vectors' token")


def _token(ledger: Ledger, label: str) -> Token:
    gate = Gate(ledger, label)
    ledger.do(gate.token_created())
    return Token("cw20", gate.token)


def created(judged: Sequence[Judged]) -> list[Call]:
    """The contracts of these cases."""
    gates = {each.gate.address: (each.gate, Committee.of(each.case)) for each in judged}
    return [gate.created("", of.epoch, of.px, of.parity) for gate, of in gates.values()]


def registered(judged: Sequence[Judged], token: Token) -> list[Call]:
    gates = {each.gate.address: each.gate for each in judged}
    return [call for gate in gates.values() for call in (gate.reserved(), gate.registered(token=token))]


def one_of_each_kind(judged: Sequence[Judged]) -> list[Judged]:
    return list({each.error: each for each in judged}.values())


def submitted(each: Judged) -> Call:
    return each.gate.by("stranger", messages.submit(raw(each.case, "route"), raw(each.case, "statement")))


def handed_over(each: Judged) -> Call:
    proof = raw(each.case, "proof_r") + raw(each.case, "proof_z")
    return each.gate.by("stranger", messages.handover(raw(each.case, "statement"), proof))


def differences(judged: Sequence[Judged], found: Sequence[str]) -> list[tuple[str, str, str]]:
    pairs = zip(judged, found, strict=True)
    return [(each.case["name"], each.error, error) for each, error in pairs if each.error != error]


def test_certificates_that_are_accepted(ledger: Ledger, token: Token) -> None:
    judged = Signed("certificates.json", ledger).valid()
    ledger.do(*created(judged), *registered(judged, token))
    outcomes = ledger.run(*map(submitted, judged))
    assert not differences(judged, [outcome.error for outcome in outcomes])
    for each, outcome in zip(judged, outcomes, strict=True):
        case = each.case
        fields = ("round", "collateral", "supply", "observed_at", "expires_at")
        told = {name: case[name] for name in fields} | {"cap": case["mint_cap"]}
        if not each.error:
            assert each.gate.ask("state") == told
            assert outcome.named("StatementAccepted") == [{"route": each.gate.route.hex()} | told]
    assert sum(not each.error for each in judged) >= 20


def test_certificates_that_are_refused(ledger: Ledger, token: Token) -> None:
    judged = Signed("certificates.json", ledger).refused()
    other = _token(ledger, "the vectors' other token")
    elsewhere = [each for each in judged if raw(each.case, "route") != each.gate.route]
    routes = {(each.gate.address, raw(each.case, "route")): each.gate for each in elsewhere}
    more = [Gate(ledger, gate.label, route=route) for (_, route), gate in routes.items()]
    ledger.do(*created(judged), *registered(judged, token))
    ledger.do(*(call for gate in more for call in (gate.reserved(), gate.registered(token=other))))
    assert not differences(judged, [outcome.error for outcome in ledger.simulate(*map(submitted, judged))])
    some = one_of_each_kind(judged)
    assert not differences(some, [outcome.error for outcome in ledger.run(*map(submitted, some))])
    assert len(some) >= 11
    assert {each.gate.ask("state")["round"] for each in judged[:1]} == {"0"}


def test_handovers_that_are_accepted(ledger: Ledger) -> None:
    judged = Signed("handover.json", ledger).valid()
    ledger.do(*created(judged))
    assert not differences(judged, [outcome.error for outcome in ledger.run(*map(handed_over, judged))])
    for each in judged:
        case, found = each.case, ledger.query(each.gate.address, messages.query("committee"))
        key = {"px": raw(case, "new_px").hex(), "parity": number(case, "new_parity")}
        assert found == {"epoch": case["new_epoch"], "since_round": case["round"]} | key
    assert len(judged) >= 3


def test_handovers_that_are_refused(ledger: Ledger) -> None:
    judged = Signed("handover.json", ledger).refused()
    ledger.do(*created(judged))
    assert not differences(judged, [outcome.error for outcome in ledger.simulate(*map(handed_over, judged))])
    some = one_of_each_kind(judged)
    assert not differences(some, [outcome.error for outcome in ledger.run(*map(handed_over, some))])
    assert len(some) >= 9

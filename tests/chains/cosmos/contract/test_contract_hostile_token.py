"""A token that calls the contract while it waits, or does something else than it was told: all is as before."""

from typing import Any

import pytest

from chains.cosmos import cw20, messages
from chains.cosmos.messages import Message, Token
from tests.chains.cosmos.contract import puppet
from tests.chains.cosmos.contract.calls import Call, address_of, contract_address, execute, instantiate, store
from tests.chains.cosmos.contract.gate import ROUTE, Gate
from tests.chains.cosmos.contract.ledger import Ledger
from tests.chains.cosmos.nodes import needs_wasmd

pytestmark = needs_wasmd

SUPPLY = 500


class Puppet:
    """A gate whose token is a puppet that says: a supply and balances of 500, and the gate is the minter."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.gate = ledger, Gate(ledger, "hostile")
        (stored,) = ledger.do(store("deployer", puppet.wasm()))
        salt = b"puppet"
        self.address = contract_address("deployer", salt, puppet.wasm())
        made = self.gate.created() + instantiate("deployer", stored.code_id, {}, salt)
        ledger.do(made, self.gate.reserved())
        info = {"name": "Hostile", "symbol": "HST", "decimals": 6, "total_supply": str(SUPPLY)}
        told = self.says("t", puppet.answer(info)) + self.says("b", puppet.answer({"balance": str(SUPPLY)}))
        ledger.do(told + self.says("m", puppet.answer({"minter": address_of("issuer"), "cap": None}), "stranger"))
        ledger.do(self.gate.registered(token=Token("cw20", self.address)))
        now_gate = puppet.answer({"minter": self.gate.address, "cap": None})
        ledger.do(self.says("m", now_gate), self.gate.submit(self.gate.statement(1, 10_000)))

    def says(self, letter: str, told: Any, by: str = "stranger") -> Call:
        return execute(by, self.address, {letter: told})

    def calls(self, told: Message, by: str) -> Call:
        """From now on every message to the token ends in this call to the gate."""
        return self.says("a", puppet.response(self.gate.address, told), by)


@pytest.fixture(scope="module")
def hostile(ledger: Ledger) -> Puppet:
    return Puppet(ledger)


def everything(gate: Gate) -> list[Message]:
    """Every message, each as somebody could rightly send it."""
    statement, setting, holder = gate.statement(9, 1_000), messages.max_lease(60), address_of("holder")
    return [
        messages.reserve(bytes([1] * 32), None),
        messages.register(gate.terms()),
        messages.submit(ROUTE, statement),
        messages.mint(ROUTE, holder, 1),
        messages.redeem(ROUTE, 1),
        {"receive": {"sender": holder, "amount": "1", "msg": "eyJyZWRlZW0iOnt9fQ=="}},
        messages.handover(statement, bytes(65)),
        messages.pause(ROUTE),
        messages.unpause(ROUTE),
        messages.change(ROUTE, setting),
        messages.execute(ROUTE, setting),
        messages.cancel(ROUTE, setting),
        messages.transfer_ownership(ROUTE, None),
        messages.accept_ownership(ROUTE),
    ]


def redeemed_by_send(hostile: Puppet, told: Message) -> Call:
    """The token tells the gate, as it should, that it was sent something; told to burn it, it calls again."""
    receive = {"receive": {"sender": address_of("holder"), "amount": "1", "msg": "eyJyZWRlZW0iOnt9fQ=="}}
    return hostile.calls(receive, "holder") + execute("holder", hostile.address, cw20.send(hostile.address, 1, told))


def test_a_token_that_calls_back_undoes_everything(hostile: Puppet) -> None:
    gate, ledger = hostile.gate, hostile.ledger
    before = gate.ask("state"), gate.ask("route"), gate.ask("rate_limit")
    tries = list[Call]()
    for told in everything(gate):
        tries.append(hostile.calls(told, "minter") + gate.mint(5))
        tries.append(hostile.calls(told, "holder") + gate.redeem(5))
    tries.append(redeemed_by_send(hostile, messages.redeem_hook()))
    assert {outcome.error for outcome in ledger.simulate(*tries)} == {"Reentered"}
    # In blocks too: whatever was done before the call back is undone with it.
    assert [outcome.error for outcome in ledger.run(tries[0], tries[1], tries[-1])] == ["Reentered"] * 3
    assert (gate.ask("state"), gate.ask("route"), gate.ask("rate_limit")) == before


def test_a_token_that_does_nothing_mints_and_burns_nothing(hostile: Puppet) -> None:
    gate, ledger = hostile.gate, hostile.ledger
    before = gate.ask("state"), gate.ask("rate_limit")
    idle = [hostile.says("a", puppet.SILENT, by) for by in ("minter", "holder")]
    outcomes = ledger.run(idle[0] + gate.mint(5), idle[1] + gate.redeem(5), idle[1] + gate.redeem(SUPPLY + 1))
    assert [outcome.error for outcome in outcomes] == ["MintMismatch", "BurnMismatch", "BurnMismatch"]
    assert (gate.ask("state"), gate.ask("rate_limit")) == before

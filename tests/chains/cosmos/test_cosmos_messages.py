"""Messages, transactions, errors and events, to the byte: as docs/cosmos-contract.md and the Cosmos SDK have them."""

import json
from base64 import b64decode
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains.cosmos import cw20, events, fees, messages
from chains.cosmos.errors import ERRORS, error_name, gate_error, told
from chains.cosmos.messages import Setting, Terms, Token
from chains.cosmos.state import Kind
from chains.cosmos.transactions import Budget, Key, Place, Signed, execution, instantiation, sending, storing
from chains.errors import Refused
from chains.events import EventError
from chains.wire import EncodingError
from tests.chains.cosmos.member import options
from tests.chains.cosmos.mempool import ADDRESS, GATE, MEMBER, PREFIX, TOKEN, taken_apart
from tests.chains.statements import seed

ROUTE = bytes(range(32))
ROUTE_TEXT = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
R = {"route": ROUTE_TEXT}
HOOK = "eyJyZWRlZW0iOnt9fQ=="
"""Base64 of {"redeem":{}}."""
DELAY = messages.loosen_delay(9)
LIMIT = messages.rate_limit(2**128 - 1, 7)
LIMIT_JSON = {"rate_limit": {"capacity": "340282366920938463463374607431768211455", "refill_per_second": "7"}}
TERMS = Terms(ROUTE, Token("cw20", TOKEN), "o", "g", 86_400, 3_600, 10**20, 5, ("m", "n"))
REGISTER = R | {"token": {"cw20": TOKEN}, "owner": "o", "guardian": "g", "minters": ["m", "n"], "max_lease": 86_400}
REGISTER |= {"loosen_delay": 3_600, "capacity": "100000000000000000000", "refill_per_second": "5"}


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (messages.submit(ROUTE, b"\xff\xfe"), {"submit": R | {"statement": "//4="}}),
        (
            messages.mint(ROUTE, "x", 2**64),
            {"mint": R | {"to": "x", "amount": "18446744073709551616", "statement": None}},
        ),
        (messages.mint(ROUTE, "x", 1, b"a"), {"mint": R | {"to": "x", "amount": "1", "statement": "YQ=="}}),
        (messages.redeem(ROUTE, 5), {"redeem": R | {"amount": "5"}}),
        (messages.redeem_hook(), {"redeem": {}}),
        (messages.handover(b"s", b"p"), {"handover": {"statement": "cw==", "proof": "cA=="}}),
        (messages.reserve(ROUTE, None), {"reserve": R | {"registrant": None}}),
        (messages.register(TERMS), {"register": REGISTER}),
        (messages.pause(ROUTE), {"pause": R}),
        (messages.unpause(ROUTE), {"unpause": R}),
        (messages.change(ROUTE, LIMIT), {"set": R | {"setting": LIMIT_JSON}}),
        (messages.execute(ROUTE, messages.max_lease(9)), {"execute": R | {"setting": {"max_lease": {"seconds": 9}}}}),
        (
            messages.cancel(ROUTE, messages.loosen_delay(9)),
            {"cancel": R | {"setting": {"loosen_delay": {"seconds": 9}}}},
        ),
        (messages.minter("m", True).json(), {"minter": {"account": "m", "allowed": True}}),
        (messages.guardian("m").json(), {"guardian": {"account": "m"}}),
        (messages.transfer_ownership(ROUTE, None), {"transfer_ownership": R | {"to": None}}),
        (messages.accept_ownership(ROUTE), {"accept_ownership": R}),
        (messages.query("contract"), {"contract": {}}),
        (messages.query("rate_limit", ROUTE), {"rate_limit": R}),
        (messages.route_of(Token("denom", "factory/a/b")), {"route_of": {"token": {"denom": "factory/a/b"}}}),
        (
            cw20.send("c", 7, messages.redeem_hook()),
            {"send": {"contract": "c", "amount": "7", "msg": "eyJyZWRlZW0iOnt9fQ=="}},
        ),
        (cw20.transfer("c", 7), {"transfer": {"recipient": "c", "amount": "7"}}),
        (cw20.update_minter("c"), {"update_minter": {"new_minter": "c"}}),
        (cw20.increase_allowance("c", 7), {"increase_allowance": {"spender": "c", "amount": "7", "expires": None}}),
    ],
)
def test_messages_have_exactly_the_fields_that_the_contract_takes(made: Any, expected: Any) -> None:
    assert json.loads(messages.encoded(made)) == expected
    assert b" " not in messages.encoded(made)


def test_instantiate_names_the_first_key() -> None:
    made = messages.instantiate(2**64 - 1, b"\x11" * 32, 1, "r")
    first = {"epoch": "18446744073709551615", "px": "11" * 32, "parity": 1, "registrar": "r", "token_factory": None}
    assert made == first


@pytest.mark.parametrize(
    "making",
    [
        lambda: messages.submit(ROUTE[:31], b""),
        lambda: messages.mint(ROUTE, "x", 2**128),
        lambda: messages.redeem(ROUTE, -1),
        lambda: messages.instantiate(2**64, bytes(32), 0, "r"),
        lambda: messages.instantiate(1, bytes(32), 256, "r"),
        lambda: messages.max_lease(2**32).json(),
        lambda: Token("cw721", "x").json(),
        lambda: cw20.transfer("x", 2**128),
        lambda: cw20.burn(-1),
    ],
)
def test_what_does_not_fit_is_no_message(making: Any) -> None:
    with pytest.raises(EncodingError):
        making()


def test_a_transaction_has_the_bytes_that_cosmpy_makes() -> None:
    from cosmpy.aerial.tx import SigningCfg, Transaction, TxFee
    from cosmpy.crypto.keypairs import PrivateKey

    key, theirs = Key(MEMBER, PREFIX), PrivateKey(MEMBER)
    for made, place, fee, gas, timeout in (
        ([execution(ADDRESS, GATE, messages.submit(ROUTE, b"x" * 300))], Place(9, 4), 3_000, 120_000, 1_020),
        ([sending(ADDRESS, TOKEN, {"ustake": 5, "uatom": 2**70})] * 2, Place(0, 0), 1, 1, 1),
        (
            [instantiation(ADDRESS, 7, "l", {"a": {}}), storing(ADDRESS, b"\0asm")],
            Place(2**63, 2**40),
            2**70,
            2**60,
            2**50,
        ),
    ):
        signed = key.signed(made, "test-chain-1", place, Budget(gas, fee, "ustake", timeout))
        transaction = Transaction()
        for message in made:
            transaction.add_message(message)
        config = SigningCfg.direct(theirs.public_key, place.sequence)
        transaction.seal(config, TxFee(amount=f"{fee}ustake", gas_limit=gas), timeout_height=timeout)
        transaction.sign(theirs, "test-chain-1", place.account, deterministic=True).complete()
        assert signed.raw == transaction.tx.SerializeToString()
        assert Signed.of(signed.raw) == signed


def test_a_signature_is_for_one_chain_account_and_sequence() -> None:
    key = Key(MEMBER, PREFIX)
    message, budget = execution(ADDRESS, GATE, messages.pause(ROUTE)), Budget(1, 1, "ustake", 1)
    signed = key.signed([message], "test-chain-1", Place(9, 4), budget)
    assert taken_apart(signed.raw).signed
    assert not taken_apart(signed.raw, chain_id="test-chain-2").signed
    assert not taken_apart(signed.raw, number=8).signed
    unsigned = taken_apart(key.unsigned([message], Place(9, 4), budget))
    assert (unsigned.signed, unsigned.sequence, len(unsigned.raw)) == (False, 4, len(signed.raw))


@pytest.mark.parametrize("secret", [b"", bytes(32), b"\xff" * 32, bytes(31) + b"", seed("x") + b"\0"])
def test_what_is_no_secret_is_no_account(secret: bytes) -> None:
    with pytest.raises(Refused, match="no secp256k1 private key"):
        Key(secret, PREFIX)


@pytest.mark.parametrize("number", sorted(ERRORS))
def test_the_gates_error_is_found_in_logs_and_simulations(number: int) -> None:
    name = ERRORS[number]
    text = f"ballast error {number} {name}: what it means"
    wrapped = f"failed to execute message; message index: 0: {text}: execute wasm contract failed"
    simulated = f"rpc error: code = Unknown desc = {wrapped} [wasmd@v0.61.14/k.go:4] with gas used: '1': so"
    for log in (text, wrapped, simulated):
        assert gate_error(log) == name
    assert error_name("wasm", 5, wrapped) == name


@pytest.mark.parametrize(
    "log",
    [
        "",
        "ballast error 45 ExceedsCap",
        "ballast error 44 ExceedsCap: x",
        "ballast error 045 ExceedsCa: x",
        "failed to execute message; message index: 0: a token says ballast error 45 ExceedsCap: x",
        "x ballast error 45 ExceedsCap: x",
    ],
)
def test_what_is_no_error_of_the_gates_is_none(log: str) -> None:
    assert gate_error(log) == ""


@given(st.text())
def test_any_log_is_told_in_short(log: str) -> None:
    assert gate_error(log) in ("", *ERRORS.values())
    assert len(told(log)) <= 160
    assert told(log).isprintable()


def test_errors_of_the_chain_have_one_name() -> None:
    assert error_name("sdk", 11, "out of gas in location: x") == "out of gas"
    assert error_name("sdk", 99, "x") == "sdk error 99"
    assert error_name("wasm", 5, "Overflow: Cannot Sub") == "wasm error 5"
    assert error_name("", 0, "anything") == ""


def test_prices_are_exact_and_fees_are_rounded_up() -> None:
    price = fees.price("0.025ustake")
    assert (price.amount, price.denomination) == (Fraction(1, 40), "ustake")
    assert [price.fee(gas) for gas in (1, 40, 41, 120_001)] == [1, 1, 2, 3_001]
    assert fees.price("0.1uatom").fee(10**18 + 1) == 10**17 + 1
    assert fees.price("0.000000000000000001aevmos").fee(10**18) == 1
    for text in ("", "0.025", "uatom", "1uatom,2uosmo", "-1uatom", ".5uatom"):
        with pytest.raises(ValueError, match="no price"):
            fees.price(text)


@given(st.integers(0, 10**12), st.integers(0, 10**6))
def test_a_fee_is_the_least_that_is_enough(millionths: int, gas: int) -> None:
    price = fees.price(f"{millionths // 10**6}.{millionths % 10**6:06}ustake")
    fee = price.fee(gas)
    assert fee - 1 < price.amount * gas <= fee


def test_what_a_node_asks_for_is_read() -> None:
    assert fees.required("insufficient fees; got: 1ustake required: 2500ustake: insufficient fee") == {"ustake": 2_500}
    many = "insufficient fees; got:  required: 5ibc/AB12,7factory/wasm1x/y: insufficient fee"
    assert fees.required(many) == {"ibc/AB12": 5, "factory/wasm1x/y": 7}
    converted = "insufficient fees; got: 1uosmo which converts to 1uosmo. required: 625uosmo: insufficient fee"
    assert fees.required(converted) == {"uosmo": 625}
    assert fees.required("out of cheese") == fees.required("required: nothing") == {}
    wanted = [fees.required(f"required: {n}ustake") for n in (9, 5, 10**30)]
    assert fees.asked_for(wanted, "ustake", 2) == 9
    assert fees.asked_for(wanted, "uatom", 2) is None


def test_the_price_rises_by_half_within_the_most() -> None:
    chosen = options(gas_price="0.02ustake", max_gas_price="0.04")
    assert fees.again(Fraction(1, 50), chosen) == Fraction(3, 100)
    assert fees.again(Fraction(3, 100), chosen) == Fraction(1, 25)
    assert fees.again(Fraction(1, 1000), chosen) == Fraction(1, 50)
    assert fees.again(Fraction(1, 50), options(gas_price="0.02ustake")) == Fraction(1, 50)


def test_a_most_that_is_none_is_refused() -> None:
    for wrong, text in (
        ({"gas_price": None, "max_gas_price": "0.04"}, "without gas_price"),
        ({"gas_price": "0.02ustake", "max_gas_price": "0.019"}, "less than gas_price"),
        ({"gas_price": "10ustake", "max_gas_price": "9.5"}, "less than gas_price"),
    ):
        with pytest.raises(ValueError, match=f"max_gas_price: {text}"):
            options(**wrong)
    assert fees.most(options(gas_price="0.02ibc/AB12", max_gas_price="0.02")) == Fraction(1, 50)


def event(name: str, **attributes: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    given = {"_contract_address": GATE, "route": ROUTE_TEXT, **attributes, "msg_index": "0"}
    return f"wasm-{name}", tuple((key.rstrip("_"), value) for key, value in given.items() if value)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            event("StatementAccepted", round="5", cap="9", collateral="8", supply="0", observed_at="1", expires_at="2"),
            events.StatementAccepted(ROUTE, 5, 9, 8, 0, 1, 2),
        ),
        (event("Minted", minter="m", to="t", amount="7"), events.Minted(ROUTE, "m", "t", 7)),
        (event("Redeemed", from_="f", amount="7", cap="1"), events.Redeemed(ROUTE, "f", 7, 1)),
        (
            event("HandedOver", route="", epoch="2", px="11" * 32, parity="1", since_round="0"),
            events.HandedOver(2, b"\x11" * 32, 1, 0),
        ),
        (event("Paused", by="b"), events.Paused(ROUTE, "b")),
        (event("Unpaused", by="b"), events.Unpaused(ROUTE, "b")),
        (
            event("SettingChanged", setting="0", a="7", b="8"),
            events.SettingChanged(ROUTE, Setting(Kind.RATE_LIMIT, "", 7, 8)),
        ),
        (
            event("LooseningQueued", setting="3", account="m", a="1", b="0", ready_at="99"),
            events.LooseningQueued(ROUTE, messages.minter("m", True), 99),
        ),
        (
            event("LooseningCancelled", setting="4", account="m", a="0", b="0"),
            events.LooseningCancelled(ROUTE, messages.guardian("m")),
        ),
        (event("Reserved"), events.Reserved(ROUTE, None)),
        (event("Reserved", registrant="r"), events.Reserved(ROUTE, "r")),
        (
            event("Registered", token_kind="0", token=TOKEN, owner="o", guardian="g"),
            events.Registered(ROUTE, 0, TOKEN, "o", "g"),
        ),
        (event("OwnershipTransferred", from_="f", to="t"), events.OwnershipTransferred(ROUTE, "f", "t")),
    ],
)
def test_events_are_read_and_those_of_others_passed_over(told: Any, expected: events.Event) -> None:
    others = (told[0], tuple((key, TOKEN if key == "_contract_address" else value) for key, value in told[1]))
    plain = ("wasm", (("_contract_address", GATE), ("action", "mint")))
    assert events.events([others, told, plain, ("tx", (("fee", "1ustake"),))], GATE) == (expected,)
    for at in range(1, len(told[1]) - 1):
        damaged = (told[0], told[1][:at] + told[1][at + 1 :])
        if told[1][at][0] in ("registrant", "account"):
            continue
        with pytest.raises(EventError, match="without"):
            events.events([damaged], GATE)
    with pytest.raises(EventError, match="with extra"):
        events.events([(told[0], (*told[1], ("extra", "1")))], GATE)


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (event("Burned"), "'Burned' is not known"),
        (event("Minted", minter="m", to="t", amount="07"), "'07' for a number"),
        (event("Minted", minter="m", to="t", amount="٧"), "for a number"),
        (event("Minted", minter="m", to="t", amount="-1"), "'-1' for a number"),
        (event("Paused", route=ROUTE_TEXT.upper(), by="b"), "for 32 bytes"),
        (event("Paused", route="00", by="b"), "for 32 bytes"),
        (event("SettingChanged", setting="5", a="7", b="8"), "the setting 5"),
        (("wasm-Paused", (*event("Paused", by="b")[1], ("by", "c"))), "an attribute twice"),
    ],
)
def test_what_is_no_event_of_the_contract_is_refused(told: Any, text: str) -> None:
    with pytest.raises(EventError, match=text):
        events.events([told], GATE)


def test_base64_is_the_standard_one() -> None:
    raw = bytes(range(256))
    assert b64decode(messages.submit(ROUTE, raw)["submit"]["statement"], validate=True) == raw

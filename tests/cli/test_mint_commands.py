"""`ballast mint` and `ballast redeem`: what is sent, what is brought along, and what a refusal looks like."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from chains.caip import ChainId
from chains.encoding import Branch, Certificate, Header, MintCap, Tree, submission
from chains.errors import Unreadable
from chains.registry import family
from chains.types import Deployment, GateState, Receipt
from relayer.agreement.observation import GateKey
from tests.cli.conftest import Ballast
from tests.cli.member_folder import SITE
from tests.cli.served import Shown, member, nobody
from tests.config.toml_text import write_toml
from tests.verify.round_builder import Rounds, committee_raw

SECRET = "11" * 32


@dataclass
class FakeUser:
    """A gate that refuses what is above `cap`, and an account that remembers what it sent."""

    address: str = "me"
    round: int = 5
    cap: int = 10 * 10**6
    sent: list[tuple[Any, ...]] = field(default_factory=list)
    opened: list[tuple[str, str, bytes]] = field(default_factory=list)
    closed: int = 0
    down: bool = False

    def open(self, chain: ChainId, url: SecretStr, secret: bytes) -> "FakeUser":
        self.opened.append((str(chain), url.get_secret_value(), secret))
        return self

    async def state(self, deployment: Deployment) -> GateState:
        if self.down:
            raise Unreadable("the node: no answer")
        return GateState(0, self.round, self.cap, 0)

    async def mint_refusal(self, deployment: Deployment, to: str, amount: int, submission: bytes | None) -> str:
        return "CapExceeded" if amount > self.cap else ""

    async def mint(self, deployment: Deployment, to: str, amount: int, submission: bytes | None) -> Receipt:
        self.sent.append(("mint", str(deployment.gate), to, amount, submission))
        return self._receipt(amount)

    async def allow(self, deployment: Deployment, amount: int) -> Receipt | None:
        self.sent.append(("allow", amount))
        return Receipt("0xallowed", 8, True)

    async def redeem_refusal(self, deployment: Deployment, amount: int) -> str:
        return "BurnMismatch" if amount > self.cap else ""

    async def redeem(self, deployment: Deployment, amount: int) -> Receipt:
        self.sent.append(("redeem", str(deployment.gate), amount))
        return self._receipt(amount)

    def _receipt(self, amount: int) -> Receipt:
        return Receipt("0xabc", 9, amount <= self.cap, "" if amount <= self.cap else "CapExceeded", 21)

    async def close(self) -> None:
        self.closed += 1


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeUser]:
    monkeypatch.syspath_prepend(str(SITE))
    family.cache_clear()
    fake = FakeUser()
    monkeypatch.setattr(import_module("shown_family").FAMILY, "user", fake.open, raising=False)
    write_toml(tmp_path / "committee.toml", committee_raw())
    (tmp_path / "key").touch(0o600)
    (tmp_path / "key").write_text(f"0x{SECRET}\n")
    monkeypatch.chdir(tmp_path)
    yield fake
    family.cache_clear()


def arguments(command: str, **changes: Any) -> list[str]:
    """The command's arguments with some of them changed, or left out for None."""
    given = {
        "committee": "committee.toml",
        "route": "wCoin",
        "gate": "shown:2",
        "to": "bob",
        "amount": "2.5",
        "key": "file:key",
        "rpc": "http://127.0.0.1:1",
    } | changes
    if command == "redeem":
        del given["to"]
    return [command, *(word for key, value in given.items() if value for word in (f"--{key}", str(value)))]


def served(round_: int, **changes: Any) -> tuple[GateKey, bytes]:
    """Domain and route of the gate on shown:2, and a submission for it as a member serves it."""
    (route,) = Rounds().params.routes
    domain = route.deployments[0].domain
    leaf = MintCap(domain, route.id, 7, 8, 9, 10, 11)
    tree = Tree([leaf])
    header = Header(1, round_, bytes(32), changes.get("root", tree.root))
    raw = submission(leaf.encode(), changes.get("branch", Branch(0, ())), Certificate(header, bytes(33), bytes(32)))
    return (domain, route.id), raw


def offering(gate: GateKey, raw: bytes) -> Shown:
    return Shown(statements={gate: {"version": 1, "submission": "0x" + raw.hex()}})


def test_a_mint_without_a_member_brings_nothing(user: FakeUser, ballast: Ballast) -> None:
    found = ballast(*arguments("mint"), "--json")
    assert found.code == 0
    assert found.data == {
        "version": 1,
        "action": "mint",
        "gate": "shown:2:gate2",
        "amount": "2500000",
        "to": "bob",
        "brought": None,
        "ok": True,
        "error": None,
        "transaction": "0xabc",
        "height": 9,
        "cost": "21",
    }
    assert user.sent == [("mint", "shown:2:gate2", "bob", 2_500_000, None)]
    assert user.opened == [("shown:2", "http://127.0.0.1:1", bytes.fromhex(SECRET))]
    assert user.closed == 1


def test_a_statement_newer_than_the_gates_is_brought_along(user: FakeUser, ballast: Ballast) -> None:
    gate, raw = served(6)
    with member(offering(gate, raw)) as url:
        found = ballast(*arguments("mint", **{"member-url": url}), "--json")
        assert found.data["brought"] == 6
        assert "with the statement of round 6" in ballast(*arguments("mint", **{"member-url": url})).out
        user.round = 6
        assert ballast(*arguments("mint", **{"member-url": url}), "--json").data["brought"] is None
    assert [sent[4] for sent in user.sent] == [raw, raw, None]


def test_a_member_without_a_statement_is_no_hindrance(user: FakeUser, ballast: Ballast) -> None:
    with member(Shown()) as url:
        assert ballast(*arguments("mint", **{"member-url": url}), "--json").data["brought"] is None


def _altered(how: str) -> bytes:
    _, raw = served(6)
    (route,) = Rounds().params.routes
    other = MintCap(route.deployments[1].domain, route.id, 7, 8, 9, 10, 11)
    header = Header(1, 6, bytes(32), Tree([other]).root)
    return {
        "root": served(6, root=bytes(32))[1],
        "short": raw[:-1],
        "long": raw + b"\0",
        "empty": b"",
        "huge": bytes(5000),
        "another gate's": submission(other.encode(), Branch(0, ()), Certificate(header, bytes(33), bytes(32))),
    }[how]


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("root", "branch does not lead to the root"),
        ("short", "does not hold"),
        ("long", "does not hold"),
        ("empty", "does not hold"),
        ("huge", "no statement that this version knows"),
        ("another gate's", "for another gate or route"),
    ],
)
def test_statements_that_do_not_hold_are_not_sent(user: FakeUser, ballast: Ballast, how: str, says: str) -> None:
    with member(offering(served(6)[0], _altered(how))) as url:
        found = ballast(*arguments("mint", **{"member-url": url}))
    assert found.code == 1
    assert says in found.err
    assert user.sent == []
    assert user.closed == 1


def test_a_member_that_is_down(user: FakeUser, ballast: Ballast) -> None:
    with nobody() as port:
        url = f"http://127.0.0.1:{port}"
        found = ballast(*arguments("mint", **{"member-url": url}))
        assert found.code == 1
        assert "cannot be reached" in found.err
        assert user.sent == []


def test_what_the_gate_would_refuse_is_not_sent(user: FakeUser, ballast: Ballast) -> None:
    for command, error in (("mint", "CapExceeded"), ("redeem", "BurnMismatch")):
        found = ballast(*arguments(command, amount="11"))
        assert found.code == 1
        assert f"shown:2:gate2 would refuse this {command}: {error}; nothing was sent" in found.err
    assert [sent[0] for sent in user.sent] == ["allow"]


def test_force_sends_it_and_tells_the_gates_error(user: FakeUser, ballast: Ballast) -> None:
    found = ballast(*arguments("mint", amount="11"), "--force")
    assert found.code == 1
    assert "mint of 11 at shown:2:gate2 was refused: CapExceeded (transaction 0xabc, executed in block 9)" in found.err
    told = ballast(*arguments("mint", amount="11"), "--force", "--json")
    assert told.code == 1
    assert (told.data["ok"], told.data["error"], told.data["transaction"]) == (False, "CapExceeded", "0xabc")
    assert len(user.sent) == 2


def test_a_redemption(user: FakeUser, ballast: Ballast) -> None:
    found = ballast(*arguments("redeem"), "--json")
    assert found.code == 0
    assert found.data["allowance"] == "0xallowed"
    assert user.sent == [("allow", 2_500_000), ("redeem", "shown:2:gate2", 2_500_000)]


def test_a_node_that_is_down(user: FakeUser, ballast: Ballast) -> None:
    user.down = True
    gate, raw = served(6)
    with member(offering(gate, raw)) as url:
        found = ballast(*arguments("mint", **{"member-url": url}))
    assert found.code == 1
    assert found.err == "error: the node: no answer\n"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"amount": "0"}, "--amount: must be above 0"),
        ({"amount": "0.000"}, "--amount: must be above 0"),
        ({"amount": "1e3"}, "--amount: a decimal number"),
        ({"amount": "1.0000001"}, "more than the token's 6 decimals"),
        ({"route": "wCon"}, "no route 'wCon'; did you mean 'wCoin'?"),
        ({"gate": "shown:1"}, "its gates are shown:2:gate2, shown:3:gate3"),
        ({"gate": "shown:2:gate9"}, "has no such gate"),
        ({"to": "b b"}, "no CAIP-10 account"),
        ({"rpc": "ws://x"}, "--rpc: an http(s) URL"),
        ({"rpc": "env:BALLAST_NOT_SET"}, "BALLAST_NOT_SET is not set"),
        ({"key": SECRET}, 'expected "file:PATH"'),
        ({"key": "file:nowhere"}, "nowhere"),
        ({"key": "env:BALLAST_NOT_SET"}, "BALLAST_NOT_SET is not set"),
        ({"member-url": "nonsense"}, "--member-url: http://HOST:PORT"),
    ],
)
def test_wrong_usage(user: FakeUser, ballast: Ballast, changes: dict[str, str], says: str) -> None:
    found = ballast(*arguments("mint", **changes))
    assert found.code in (1, 2)
    assert says in found.err
    assert SECRET not in found.err
    assert user.sent == []


@pytest.mark.parametrize("content", ["", "11" * 31, "11" * 33, "zz" * 32, "11 " * 32])
def test_what_is_no_secret_is_not_repeated(user: FakeUser, ballast: Ballast, content: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(content)
    found = ballast(*arguments("mint"))
    assert found.code in (1, 2)
    assert "--key: " in found.err
    assert not content or content not in found.err


def test_a_secret_that_others_can_read(user: FakeUser, ballast: Ballast, tmp_path: Path) -> None:
    (tmp_path / "key").chmod(0o644)
    found = ballast(*arguments("mint"))
    assert found.code == 1
    assert "chmod 600" in found.err


def test_secret_and_node_from_the_environment(
    user: FakeUser, ballast: Ballast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BALLAST_KEY", SECRET)
    monkeypatch.setenv("BALLAST_NODE", "https://node.example/key")
    assert ballast(*arguments("mint", key="env:BALLAST_KEY", rpc="env:BALLAST_NODE")).code == 0
    assert user.opened == [("shown:2", "https://node.example/key", bytes.fromhex(SECRET))]

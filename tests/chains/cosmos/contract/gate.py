"""A contract with one route over a cw20, on the local chain; each method is a transaction that is not sent yet."""

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from chains.cosmos import addresses, cw20, messages
from chains.cosmos.devnet_node_genesis import FEE_DENOMINATION
from chains.cosmos.messages import Message, Setting, Terms, Token
from chains.encoding import Handover, Leaf, MintCap, domain_id
from tests.chains.cosmos.contract import calls as local
from tests.chains.cosmos.contract.calls import CHAIN, GATE_CODE, TOKEN_CODE, Call, address_of
from tests.chains.cosmos.contract.ledger import Ledger
from tests.chains.statements import EPOCH, Committee, planted, proof

ROUTE = bytes.fromhex("40" * 32)
LEASE = 3_600
MAX_LEASE = 86_400
DELAY = 7_200
MAX_U128 = (1 << 128) - 1
GROUP = Committee("cosmos")


@dataclass(frozen=True, slots=True)
class Gate:
    """Contract and token, made by `deployer`; who does what is as in `ledger.PEOPLE`. `label` keeps them apart."""

    ledger: Ledger
    label: str
    group: Committee = GROUP
    route: bytes = ROUTE

    @property
    def address(self) -> str:
        return local.contract_address("deployer", self._salt, local.artifact(GATE_CODE))

    @property
    def token(self) -> str:
        return local.contract_address("deployer", self._salt, local.artifact(TOKEN_CODE))

    @property
    def domain(self) -> bytes:
        return domain_id(f"cosmos:{addresses.reference(CHAIN)}:{self.address}")

    @property
    def _salt(self) -> bytes:
        return sha256(self.label.encode()).digest()

    def created(self, admin: str = "", epoch: int = EPOCH, px: bytes = b"", parity: int = 0) -> Call:
        """The contract; the key is the group's where none is given."""
        key = (px, parity) if px else (self.group.px, self.group.parity)
        told = messages.instantiate(epoch, *key, address_of("registrar"))
        return local.instantiate("deployer", GATE_CODE, told, self._salt, admin)

    def token_created(self, admin: str = "") -> Call:
        """Its minter is the issuer."""
        told = cw20.instantiate("Wrapped", "WRP", 6, address_of("issuer"), {})
        return local.instantiate("deployer", TOKEN_CODE, told, self._salt, admin)

    def terms(self, **changes: Any) -> Terms:
        owner, guardian, minter = (address_of(name) for name in ("owner", "guardian", "minter"))
        token = Token("cw20", self.token)
        return replace(Terms(self.route, token, owner, guardian, MAX_LEASE, DELAY, MAX_U128, 0, (minter,)), **changes)

    def reserved(self) -> Call:
        return self.by("registrar", messages.reserve(self.route, address_of("issuer")))

    def registered(self, **changes: Any) -> Call:
        return self.by("issuer", messages.register(self.terms(**changes)))

    def handed_over(self) -> Call:
        """The token's right to mint goes to the contract."""
        return local.execute("issuer", self.token, cw20.update_minter(self.address))

    def set_up(self, **changes: Any) -> list[Call]:
        """All of this, for `Ledger.do`."""
        made = self.created() + self.token_created()
        return [made, self.reserved(), self.registered(**changes) + self.handed_over()]

    def by(self, sender: str, told: Message, coins: int = 0) -> Call:
        return local.execute(sender, self.address, told, {FEE_DENOMINATION: coins} if coins else None)

    def leaf(self, cap: int, **changes: Any) -> MintCap:
        """Good for an hour of the chain's time."""
        now = self.ledger.now()
        made = MintCap(self.domain, self.route, cap, cap // 2, cap // 3, now - 10, now + LEASE)
        return replace(made, **changes)

    def certified(self, leaf: Leaf, round_: int, by: Committee | None = None, epoch: int = EPOCH) -> bytes:
        """leaf | branch | certificate, in a tree of 16 leaves."""
        return planted(leaf, 16, 11).certified(by or self.group, epoch, round_)

    def statement(
        self, round_: int, cap: int, by: Committee | None = None, epoch: int = EPOCH, **changes: Any
    ) -> bytes:
        return self.certified(self.leaf(cap, **changes), round_, by, epoch)

    def submit(self, statement: bytes, by: str = "stranger") -> Call:
        return self.by(by, messages.submit(self.route, statement))

    def mint(self, amount: int, statement: bytes | None = None, by: str = "minter", to: str = "holder") -> Call:
        return self.by(by, messages.mint(self.route, address_of(to), amount, statement))

    def redeem(self, amount: int, by: str = "holder") -> Call:
        return self.by(by, messages.redeem(self.route, amount))

    def allow(self, amount: int, by: str = "holder") -> Call:
        return local.execute(by, self.token, cw20.increase_allowance(self.address, amount))

    def send(self, amount: int, told: Message | None = None, by: str = "holder") -> Call:
        """Redeems by the cw20's own message."""
        return local.execute(by, self.token, cw20.send(self.address, amount, told or messages.redeem_hook()))

    def handing(
        self, to: Committee, round_: int, epoch: int = EPOCH, by: Committee | None = None, **changes: Any
    ) -> Call:
        """A handover to `to` as the next epoch."""
        leaf = Handover(self.domain, epoch + 1, to.px, to.parity, self.ledger.now() + LEASE)
        leaf = replace(leaf, **changes)
        told = messages.handover(self.certified(leaf, round_, by, epoch), proof(leaf, to))
        return self.by("stranger", told)

    def set(self, setting: Setting, by: str = "owner") -> Call:
        return self.by(by, messages.change(self.route, setting))

    def ask(self, name: str, height: int = 0) -> Any:
        """The answer to a query about the route."""
        return self.ledger.query(self.address, messages.query(name, self.route), height)

    @property
    def cap(self) -> int:
        return int(self.ask("state")["cap"])

    @property
    def supply(self) -> int:
        return int(self.ledger.query(self.token, cw20.token_info())["total_supply"])

    def balance(self, name: str = "holder") -> int:
        return int(self.ledger.query(self.token, cw20.balance(address_of(name)))["balance"])

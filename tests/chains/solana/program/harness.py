"""A world for the program's tests: a virtual machine, a deployment, a gated mint, statements for it, everybody's keys.

Roles: `deployer` may upgrade the program, `authority` made the mint, `issuer` owns the route, `guard` may pause it,
`minter` mints to `holder`. Whatever a call could name otherwise can be named otherwise.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID

from chains.encoding import Handover, MintCap, route_id
from chains.solana import instructions
from chains.solana.addresses import committee_address, domain, route_address
from chains.solana.events import Event, events
from chains.solana.instructions import Terms
from chains.solana.program_settings import Setting
from chains.solana.state import Committee as CommitteeState
from chains.solana.state import Route
from tests.chains.solana.program.vm import Outcome, Vm
from tests.chains.statements import EPOCH, LEAVES, Committee, planted, proof

ARTIFACT = Path(__file__).parents[4] / "chains" / "solana" / "artifacts" / "ballast-v3.so"
REFERENCE = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"
"""Mainnet's, which CAIP-2's namespace document gives as the example."""

ROUTE = route_id("route")
MAX_LEASE = 86_400
DELAY = 2 * 86_400
CAPACITY = 5_000
REFILL = 3
LEASE = 3_600
MAX_U64 = 2**64 - 1


class World:
    """One deployment and one mint. `vm` puts a second one beside another world's; `registered` and `handed` leave out
    the last steps of the set-up; `label` keeps the keys of worlds on one machine apart."""

    def __init__(
        self,
        vm: Vm | None = None,
        label: str = "",
        *,
        token_program: Pubkey = TOKEN_PROGRAM_ID,
        extensions: tuple[str, ...] = (),
        initialized: bool = True,
        registered: bool = True,
        handed: bool = True,
        capacity: int = CAPACITY,
        refill: int = REFILL,
        artifact: Path = ARTIFACT,
        group: Committee | None = None,
    ) -> None:
        self.vm = vm or Vm()
        self.deployer, self.authority, self.issuer, self.guard, self.minter, self.holder, self.stranger = (
            self.vm.key(f"{label}{role}")
            for role in ("deployer", "authority", "issuer", "guard", "minter", "holder", "stranger")
        )
        self.group = group or Committee(f"{label}group")
        self.program = str(self.vm.key(f"{label}program").pubkey())
        self.program_data = self.vm.deploy(
            Pubkey.from_string(self.program), artifact.read_bytes(), self.deployer.pubkey()
        )
        self.token_program = token_program
        self.mint_address = self.vm.mint(label, self.authority, token_program, extensions, self.authority)
        self.terms = Terms(
            ROUTE, str(self.issuer.pubkey()), str(self.guard.pubkey()), MAX_LEASE, DELAY, capacity, refill,
            (str(self.minter.pubkey()),),
        )  # fmt: skip
        self.committee, self.gate = committee_address(self.program), route_address(self.program, str(self.mint_address))
        self.domain = domain(REFERENCE, self.gate)
        if initialized:
            self.initialize().done()
        if initialized and registered:
            self.register().done()
        if initialized and registered and handed:
            self.vm.hand_mint_to(self.mint_address, self.authority, Pubkey.from_string(self.gate))
        self.account = self.vm.token_account(self.holder.pubkey(), self.mint_address)

    # What there is

    @property
    def state(self) -> Route:
        return Route.decode(self.vm.data(Pubkey.from_string(self.gate)))

    @property
    def committee_state(self) -> CommitteeState:
        return CommitteeState.decode(self.vm.data(Pubkey.from_string(self.committee)))

    @property
    def supply(self) -> int:
        return self.vm.supply(self.mint_address)

    @property
    def balance(self) -> int:
        return self.vm.balance(self.account)

    @property
    def available(self) -> int:
        """What the rate limit lets through now."""
        s = self.state
        return min(s.capacity, s.level + s.refill_per_second * (self.vm.now - s.updated_at))

    def everything(self) -> tuple[object, ...]:
        """All that a call of the program could change, but for the fees."""
        addresses = (self.committee, self.gate, str(self.mint_address), str(self.account))
        return self.vm.contents(*(Pubkey.from_string(a) for a in addresses))

    def events(self, outcome: Outcome) -> tuple[Event, ...]:
        return events(outcome.logs, self.program)

    # Statements

    def leaf(self, cap: int, **changes: Any) -> MintCap:
        """A leaf for the gate that is good for an hour."""
        now = self.vm.now
        leaf = MintCap(self.domain, ROUTE, cap, cap // 2 + 7, cap // 3 + 5, now - 10, now + LEASE)
        return replace(leaf, **changes)

    def statement(
        self,
        round_: int,
        cap: int,
        *,
        by: Committee | None = None,
        epoch: int | None = None,
        leaves: int = LEAVES,
        index: int | None = None,
        header: dict[str, Any] | None = None,
        **changes: Any,
    ) -> bytes:
        """What `submit` takes: a leaf with any field altered, at any place of a tree of any size, signed by anybody."""
        place = planted(self.leaf(cap, **changes), leaves, index)
        return place.certified(by or self.group, EPOCH if epoch is None else epoch, round_, **(header or {}))

    def handover_leaf(self, to: Committee, new_epoch: int = EPOCH + 1, **changes: Any) -> Handover:
        leaf = Handover(domain(REFERENCE, self.committee), new_epoch, to.px, to.parity, self.vm.now + LEASE)
        return replace(leaf, **changes)

    def handing(
        self,
        to: Committee,
        round_: int,
        *,
        by: Committee | None = None,
        epoch: int = EPOCH,
        proved_by: Committee | None = None,
        header: dict[str, Any] | None = None,
        **changes: Any,
    ) -> tuple[bytes, bytes]:
        """A handover from `epoch` and the new key's own signature."""
        leaf = self.handover_leaf(to, **{"new_epoch": epoch + 1} | changes)
        statement = planted(leaf).certified(by or self.group, epoch, round_, **(header or {}))
        return statement, proof(leaf, proved_by or to)

    # The thirteen instructions

    def initialize(self, payer: Keypair | None = None, by: Keypair | None = None, **changes: Any) -> Outcome:
        fees, upgrader = payer or self.vm.payer, by or self.deployer
        given: dict[str, Any] = {
            "epoch": EPOCH,
            "px": self.group.px,
            "parity": self.group.parity,
            "reference": REFERENCE,
        } | changes
        made = instructions.initialize(self.program, str(fees.pubkey()), str(upgrader.pubkey()), **given)
        return self.vm.send(made, signers=[fees, upgrader])

    def register(self, by: Keypair | None = None, mint: Pubkey | None = None, **terms: Any) -> Outcome:
        authority, token = by or self.authority, mint or self.mint_address
        made = instructions.register(
            self.program,
            str(self.vm.payer.pubkey()),
            str(authority.pubkey()),
            mint=str(token),
            token_program=str(self.vm.token_program_of(token)),
            terms=replace(self.terms, **terms),
        )
        return self.vm.send(made, signers=[authority])

    def submit(self, statement: bytes) -> Outcome:
        return self.vm.send(instructions.submit(self.program, self.gate, statement))

    def minting(self, amount: int, statement: bytes, by: Keypair, to: Pubkey) -> Instruction:
        return instructions.mint(
            self.program,
            self.gate,
            token=str(self.mint_address),
            destination=str(to),
            minter=str(by.pubkey()),
            token_program=str(self.token_program),
            amount=amount,
            statement=statement,
        )

    def mint(
        self, amount: int, statement: bytes = b"", *, by: Keypair | None = None, to: Pubkey | None = None
    ) -> Outcome:
        minter = by or self.minter
        return self.vm.send(self.minting(amount, statement, minter, to or self.account), signers=[minter])

    def redeem(self, amount: int, *, by: Keypair | None = None, source: Pubkey | None = None) -> Outcome:
        holder = by or self.holder
        made = instructions.redeem(
            self.program,
            self.gate,
            token=str(self.mint_address),
            source=str(source or self.account),
            holder=str(holder.pubkey()),
            token_program=str(self.token_program),
            amount=amount,
        )
        return self.vm.send(made, signers=[holder])

    def hand_over(self, statement: bytes, proof_: bytes) -> Outcome:
        """The proof has the length that the instruction gives it; another makes another length of data."""
        return self.call(instructions.Tag.HANDOVER, statement + proof_, [(self.committee, False, True)])

    def pause(self, by: Keypair | None = None) -> Outcome:
        keeper = by or self.guard
        return self.vm.send(instructions.pause(self.program, self.gate, str(keeper.pubkey())), signers=[keeper])

    def unpause(self, by: Keypair | None = None) -> Outcome:
        owner = by or self.issuer
        return self.vm.send(instructions.unpause(self.program, self.gate, str(owner.pubkey())), signers=[owner])

    def set(self, setting: Setting, by: Keypair | None = None) -> Outcome:
        owner = by or self.issuer
        return self.vm.send(instructions.set_(self.program, self.gate, str(owner.pubkey()), setting), signers=[owner])

    def execute(self, setting: Setting, by: Keypair | None = None) -> Outcome:
        owner = by or self.issuer
        made = instructions.execute(self.program, self.gate, str(owner.pubkey()), setting)
        return self.vm.send(made, signers=[owner])

    def cancel(self, setting: Setting, by: Keypair | None = None) -> Outcome:
        keeper = by or self.issuer
        made = instructions.cancel(self.program, self.gate, str(keeper.pubkey()), setting)
        return self.vm.send(made, signers=[keeper])

    def loosen(self, setting: Setting) -> None:
        """Queues a loosening and executes it as soon as may be."""
        self.set(setting).done()
        self.vm.warp(self.vm.now + self.state.loosen_delay)
        self.execute(setting).done()

    def transfer_ownership(self, to: Pubkey, by: Keypair | None = None) -> Outcome:
        owner = by or self.issuer
        made = instructions.transfer_ownership(self.program, self.gate, str(owner.pubkey()), str(to))
        return self.vm.send(made, signers=[owner])

    def accept_ownership(self, by: Keypair) -> Outcome:
        made = instructions.accept_ownership(self.program, self.gate, str(by.pubkey()))
        return self.vm.send(made, signers=[by])

    def call(
        self, tag: int, data: bytes, accounts: Sequence[tuple[str, bool, bool]], signers: Sequence[Keypair] = ()
    ) -> Outcome:
        """Any instruction with any accounts: (address, signs, writable)."""
        metas = [AccountMeta(Pubkey.from_string(a), signs, writable) for a, signs, writable in accounts]
        made = Instruction(Pubkey.from_string(self.program), bytes([tag]) + data, metas)
        return self.vm.send(made, signers=signers)

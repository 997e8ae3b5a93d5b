"""Every account of every instruction, taken from docs/solana-program.md, and a scene in which the instruction succeeds.

A scene stands in one virtual machine beside a second deployment of the program and a second mint of the first,
so that whatever could be mistaken for the right account is there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from pathlib import Path

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from chains.solana import instructions
from chains.solana.addresses import route_address
from chains.solana.program_settings import minter, rate_limit
from tests.chains.solana.program.harness import CAPACITY, DELAY, REFERENCE, REFILL, World
from tests.chains.solana.program.vm import Vm
from tests.chains.statements import EPOCH, Committee

DOCUMENT = Path(__file__).parents[4] / "docs" / "solana-program.md"
CAP = 1_000
LOOSER = rate_limit(CAPACITY + 1, REFILL)


class Kind(Enum):
    """What an account in some place has to be."""

    PAYER = auto()
    ROLE = auto()
    PROGRAM_DATA = auto()
    NEW_COMMITTEE = auto()
    NEW_ROUTE = auto()
    COMMITTEE = auto()
    ROUTE = auto()
    MINT = auto()
    DESTINATION = auto()
    SOURCE = auto()
    SYSTEM_PROGRAM = auto()
    TOKEN_PROGRAM = auto()


_KINDS = {
    "payer": Kind.PAYER,
    "upgrade authority": Kind.ROLE,
    "mint authority": Kind.ROLE,
    "minter": Kind.ROLE,
    "holder": Kind.ROLE,
    "guardian or owner": Kind.ROLE,
    "owner": Kind.ROLE,
    "pending owner": Kind.ROLE,
    "program data": Kind.PROGRAM_DATA,
    "committee": Kind.COMMITTEE,
    "route": Kind.ROUTE,
    "mint": Kind.MINT,
    "destination": Kind.DESTINATION,
    "source": Kind.SOURCE,
    "system program": Kind.SYSTEM_PROGRAM,
    "token program": Kind.TOKEN_PROGRAM,
}
_NEW = {("initialize", "committee"): Kind.NEW_COMMITTEE, ("register", "route"): Kind.NEW_ROUTE}


@dataclass(frozen=True, slots=True)
class Slot:
    """One place in the list of an instruction's accounts."""

    call: str
    index: int
    name: str
    kind: Kind
    signer: bool
    writable: bool


def _slot(call: str, index: int, text: str) -> Slot:
    name, _, flags = text.rpartition(" ")
    if flags not in ("s", "w", "sw"):
        name, flags = text, ""
    kind = _NEW.get((call, name), _KINDS[name])
    return Slot(call, index, name, kind, "s" in flags, "w" in flags)


def _documented() -> dict[str, tuple[Slot, ...]]:
    section = DOCUMENT.read_text(encoding="utf-8").split("\n## Instructions\n")[1].split("\n## ")[0]
    rows = [line.strip("| \n").split("|") for line in section.splitlines() if line.startswith("|")][2:]
    named = {row[1].strip(" `"): row[3].strip().split(", ") for row in rows}
    return {call: tuple(_slot(call, i, text) for i, text in enumerate(texts)) for call, texts in named.items()}


SLOTS = _documented()
"""By instruction, in the order of its accounts."""


@dataclass(frozen=True)
class Scene:
    """`world` is ready for `instruction`, which `signers` sign. `other` is another deployment with a live gate of its
    own; `second` is another mint of `world`'s deployment, with its gate and others in all roles."""

    world: World
    other: World
    second: Pubkey
    instruction: Instruction
    signers: tuple[Keypair, ...]

    @property
    def second_gate(self) -> str:
        return route_address(self.world.program, str(self.second))

    @property
    def second_account(self) -> Pubkey:
        """The holder's, of the second mint."""
        return self.world.vm.token_account(self.world.holder.pubkey(), self.second)

    @property
    def strangers_account(self) -> Pubkey:
        """Of the world's mint."""
        return self.world.vm.token_account(self.world.stranger.pubkey(), self.world.mint_address)


def live(world: World) -> World:
    world.submit(world.statement(1, CAP)).done()
    return world


def minted(world: World) -> World:
    live(world).mint(100).done()
    return world


def paused(world: World) -> World:
    world.pause().done()
    return world


def queued(world: World) -> World:
    world.set(LOOSER).done()
    return world


def ready(world: World) -> World:
    queued(world).vm.warp(world.vm.now + DELAY)
    return world


def transferred(world: World) -> World:
    world.transfer_ownership(world.stranger.pubkey()).done()
    return world


def unchanged(world: World) -> World:
    return world


def _initialize(world: World) -> Instruction:
    payer, deployer = str(world.vm.key("funder").pubkey()), str(world.deployer.pubkey())
    px, parity = world.group.px, world.group.parity
    return instructions.initialize(
        world.program, payer, deployer, epoch=EPOCH, px=px, parity=parity, reference=REFERENCE
    )


def _register(world: World) -> Instruction:
    return instructions.register(
        world.program,
        str(world.vm.key("funder").pubkey()),
        str(world.authority.pubkey()),
        mint=str(world.mint_address),
        token_program=str(world.token_program),
        terms=world.terms,
    )


def _redeem(world: World) -> Instruction:
    return instructions.redeem(
        world.program,
        world.gate,
        token=str(world.mint_address),
        source=str(world.account),
        holder=str(world.holder.pubkey()),
        token_program=str(world.token_program),
        amount=10,
    )


def _handover(world: World) -> Instruction:
    statement, proof = world.handing(Committee("next"), 5)
    return instructions.handover(world.program, statement, proof[:33], proof[33:])


@dataclass(frozen=True, slots=True)
class Call:
    """How a world is made ready for an instruction, the instruction, and who signs it (attributes of the world)."""

    prepare: Callable[[World], World]
    make: Callable[[World], Instruction]
    signers: tuple[str, ...] = ()


CALLS = {
    "initialize": Call(unchanged, _initialize, ("deployer",)),
    "register": Call(unchanged, _register, ("authority",)),
    "submit": Call(live, lambda w: instructions.submit(w.program, w.gate, w.statement(2, CAP))),
    "mint": Call(live, lambda w: w.minting(10, w.statement(2, CAP), w.minter, w.account), ("minter",)),
    "redeem": Call(minted, _redeem, ("holder",)),
    "handover": Call(live, _handover),
    "pause": Call(live, lambda w: instructions.pause(w.program, w.gate, str(w.guard.pubkey())), ("guard",)),
    "unpause": Call(paused, lambda w: instructions.unpause(w.program, w.gate, str(w.issuer.pubkey())), ("issuer",)),
    "set": Call(
        live,
        lambda w: instructions.set_(w.program, w.gate, str(w.issuer.pubkey()), minter(str(w.minter.pubkey()), False)),
        ("issuer",),
    ),
    "execute": Call(
        ready, lambda w: instructions.execute(w.program, w.gate, str(w.issuer.pubkey()), LOOSER), ("issuer",)
    ),
    "cancel": Call(queued, lambda w: instructions.cancel(w.program, w.gate, str(w.guard.pubkey()), LOOSER), ("guard",)),
    "transfer_ownership": Call(
        live,
        lambda w: instructions.transfer_ownership(w.program, w.gate, str(w.issuer.pubkey()), str(w.stranger.pubkey())),
        ("issuer",),
    ),
    "accept_ownership": Call(
        transferred,
        lambda w: instructions.accept_ownership(w.program, w.gate, str(w.stranger.pubkey())),
        ("stranger",),
    ),
}


def fresh(name: str) -> Scene:
    """A scene of its own."""
    vm, call = Vm(), CALLS[name]
    other = World(vm, "other ")
    world = World(vm, initialized=name != "initialize", registered=name != "register")
    second = vm.mint("second", world.authority)
    if name != "initialize":
        rival = str(vm.key("rival").pubkey())
        world.register(mint=second, owner=rival, guardian=rival, minters=(rival,)).done()
        vm.hand_mint_to(second, world.authority, Pubkey.from_string(route_address(world.program, str(second))))
    call.prepare(world)
    made = call.make(world)
    funder = (vm.key("funder"),) if made.accounts[0].is_signer else ()
    return Scene(world, other, second, made, (*funder, *(getattr(world, role) for role in call.signers)))


scene = cache(fresh)
"""A scene that tests share which leave everything as it was."""

"""What can stand in the place of an account that should not stand there, by what belongs there."""

from collections.abc import Callable

from solders.account import Account
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_2022_PROGRAM_ID

from chains.solana.addresses import ASSOCIATED_TOKEN_PROGRAM, CLOCK_SYSVAR, SYSTEM_PROGRAM
from tests.chains.solana.program.slots import Kind, Scene, Slot
from tests.chains.solana.program.vm import LOADER, Outcome

CLOCK = Pubkey.from_string(CLOCK_SYSVAR)
ASSOCIATED = Pubkey.from_string(ASSOCIATED_TOKEN_PROGRAM)
SYSTEM = Pubkey.from_string(SYSTEM_PROGRAM)
ELSEWHERE = Pubkey(b"elsewhere" + bytes(23))
FAKE_PROGRAM = Pubkey(b"fake program" + bytes(20))


class Stage:
    """One attempt with one account substituted. Accounts that are altered are put back by `restore`."""

    def __init__(self, scene: Scene, slot: Slot) -> None:
        self.scene, self.world, self.vm, self.slot = scene, scene.world, scene.world.vm, slot
        self.metas = list(scene.instruction.accounts)
        self.signers = list(scene.signers)
        self._originals: dict[Pubkey, Account | None] = {}
        self._touched = {meta.pubkey for meta in self.metas}

    @property
    def address(self) -> Pubkey:
        return self.scene.instruction.accounts[self.slot.index].pubkey

    @property
    def content(self) -> bytes:
        return self.vm.data(self.address)

    @property
    def owner(self) -> Pubkey:
        account = self.vm.svm.get_account(self.address)
        assert account is not None
        return account.owner

    @property
    def alters(self) -> bool:
        """Whether it took another account's content or owner, and not just another account's name."""
        return bool(self._originals)

    def use(self, address: Pubkey) -> None:
        """Another account in the place, with the flags that the instruction asks for, as far as it can sign."""
        signs = self.slot.signer and any(key.pubkey() == address for key in self.signers)
        self.metas[self.slot.index] = AccountMeta(address, signs, self.slot.writable)

    def use_signer(self, key: Keypair) -> None:
        self.signers.append(key)
        self.use(key.pubkey())

    def flag(self, *, signer: bool, writable: bool) -> None:
        self.metas[self.slot.index] = AccountMeta(self.address, signer, writable)

    def put(self, data: bytes, owner: Pubkey | None = None, at: Pubkey | None = None) -> None:
        """Other content, or another owner, at the right address or `at` another."""
        address, by = at or self.address, owner or self.owner
        if address not in self._originals:
            self._originals[address] = self.vm.svm.get_account(address)
        self.vm.put(address, data, by)

    def imitate(self, owner: Pubkey) -> None:
        """The right bytes at another address."""
        self.put(self.content, owner, at=ELSEWHERE)
        self.use(ELSEWHERE)

    def send(self) -> tuple[Outcome, bool]:
        """What became of it, and whether all accounts that were named are as before."""
        self._touched |= {meta.pubkey for meta in self.metas}
        watched = sorted(self._touched - {self.vm.payer.pubkey()}, key=bytes)
        before = self.vm.contents(*watched), self.world.everything(), self.scene.other.everything()
        made = Instruction(self.scene.instruction.program_id, self.scene.instruction.data, self.metas)
        wanted = {meta.pubkey for meta in self.metas if meta.is_signer}
        outcome = self.vm.send(made, signers=[key for key in self.signers if key.pubkey() in wanted])
        after = self.vm.contents(*watched), self.world.everything(), self.scene.other.everything()
        return outcome, before == after

    def restore(self) -> None:
        for address, account in self._originals.items():
            self.vm.svm.set_account(address, account or Account(0, b"", SYSTEM))


Substitution = Callable[[Stage], str]
"""Makes the substitution and says which error must come of it."""


def another(address: Callable[[Stage], Pubkey], error: str) -> Substitution:
    """Another account that exists, or does not."""

    def substitute(stage: Stage) -> str:
        stage.use(address(stage))
        return error

    return substitute


def altered(alter: Callable[[bytes], bytes], error: str) -> Substitution:
    """Other bytes at the right address, of the right owner."""

    def substitute(stage: Stage) -> str:
        stage.put(alter(stage.content))
        return error

    return substitute


def owned(by: Callable[[Stage], Pubkey], error: str) -> Substitution:
    """The right bytes at the right address, of another owner."""

    def substitute(stage: Stage) -> str:
        stage.put(stage.content, by(stage))
        return error

    return substitute


def imitated(by: Callable[[Stage], Pubkey], error: str) -> Substitution:
    """The right bytes at another address, of the right or another owner."""

    def substitute(stage: Stage) -> str:
        stage.imitate(by(stage))
        return error

    return substitute


def vanished(stage: Stage) -> str:
    """The account is not there."""
    stage.put(b"", SYSTEM)
    stage.vm.svm.set_account(stage.address, Account(0, b"", SYSTEM))
    return "WrongOwner"


def sysvar(stage: Stage) -> str:
    """The Clock, which the program reads by itself. The runtime lets nobody write to it."""
    stage.use(CLOCK)
    program = stage.slot.kind in (Kind.SYSTEM_PROGRAM, Kind.TOKEN_PROGRAM)
    return "NotWritable" if stage.slot.writable else "WrongProgram" if program else "WrongOwner"


def byte(at: int, value: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:at] + bytes([value]) + data[at + 1 :]


def resized(by: int) -> Callable[[bytes], bytes]:
    return lambda data: data + bytes(by) if by > 0 else data[:by]


def zeroed(data: bytes) -> bytes:
    return bytes(len(data))


def emptied(data: bytes) -> bytes:
    return b""


def ours(stage: Stage) -> Pubkey:
    return stage.scene.instruction.program_id


def deployed(stage: Stage) -> Pubkey:
    return Pubkey.from_string(stage.scene.other.program)


def fake(stage: Stage) -> Pubkey:
    return FAKE_PROGRAM


def loader(stage: Stage) -> Pubkey:
    return LOADER


def nobody(stage: Stage) -> Pubkey:
    return SYSTEM


def right(stage: Stage) -> Pubkey:
    return stage.owner


def wallet(stage: Stage) -> Pubkey:
    return stage.vm.key("passer-by").pubkey()


def nowhere(stage: Stage) -> Pubkey:
    return ELSEWHERE


def named(address: Pubkey) -> Callable[[Stage], Pubkey]:
    return lambda stage: address


FOREIGN: dict[str, Substitution] = {
    "a wallet": another(wallet, "WrongOwner"),
    "an address without account": another(nowhere, "WrongOwner"),
    "a program": another(named(ASSOCIATED), "WrongOwner"),
    "owned by another program": owned(fake, "WrongOwner"),
    "owned by the system program": owned(nobody, "WrongOwner"),
    "look-alike of another program": imitated(fake, "WrongOwner"),
    "vanished": vanished,
    "a sysvar": sysvar,
}
"""For whatever a certain program has to own."""

STATE: dict[str, Substitution] = {
    **FOREIGN,
    "look-alike at another address": imitated(right, "WrongAddress"),
    "empty": altered(emptied, "BadState"),
    "all zero": altered(zeroed, "BadState"),
    "short": altered(resized(-1), "BadState"),
    "long": altered(resized(1), "BadState"),
    "another version": altered(byte(7, ord("2")), "BadState"),
}

PROGRAMS: dict[str, Substitution] = {
    "a wallet": another(wallet, "WrongProgram"),
    "an address without account": another(nowhere, "WrongProgram"),
    "a program that somebody deployed": another(
        lambda stage: Pubkey.from_string(stage.scene.other.program), "WrongProgram"
    ),
    "the program itself": another(ours, "WrongProgram"),
    "the loader": another(named(LOADER), "WrongProgram"),
    "the associated token program": another(named(ASSOCIATED), "WrongProgram"),
    "Token-2022": another(named(TOKEN_2022_PROGRAM_ID), "WrongProgram"),
    "a sysvar": sysvar,
}

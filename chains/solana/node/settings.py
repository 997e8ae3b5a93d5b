"""What a local chain is made of: its identity, its pace and what lies in its genesis."""

from dataclasses import dataclass

from solders.account import Account
from solders.pubkey import Pubkey

from chains.solana.node.genesis import MOST_NUMBER

RENT_FREE = 2**64 - 1
"""The rent epoch of accounts that never pay rent."""

_MOST_SLOTS = 2**32


@dataclass(frozen=True, slots=True)
class GenesisProgram:
    """A program deployed at genesis through the upgradeable loader; without an authority nobody can change it."""

    address: Pubkey
    elf: bytes
    authority: Pubkey | None


@dataclass(frozen=True, slots=True)
class GenesisAccount:
    """An account that exists from the start."""

    address: Pubkey
    account: Account


@dataclass(frozen=True, slots=True)
class Settings:
    """One local chain. Raises `ValueError` with what is wrong.

    `slot_ms`: milliseconds of a slot. `finality_slots`: a block is `finalized` once the newest closed slot is that many
    above it. `blockhash_slots`: a transaction lands in one of that many blocks after the block whose hash it names, or
    never. `skip_every`: every slot divisible by it has no block (0: none is skipped). `history_slots`: blocks older
    than that, counted from the newest final slot, are forgotten with their transactions.
    """

    number: int = 1
    slot_ms: int = 400
    finality_slots: int = 32
    blockhash_slots: int = 150
    skip_every: int = 0
    history_slots: int = 216_000
    programs: tuple[GenesisProgram, ...] = ()
    accounts: tuple[GenesisAccount, ...] = ()
    mints: tuple[Pubkey, ...] = ()

    def __post_init__(self) -> None:
        for name, least, most in (
            ("number", 0, MOST_NUMBER),
            ("slot_ms", 1, 3_600_000),
            ("finality_slots", 1, _MOST_SLOTS),
            ("blockhash_slots", 1, 300),
            ("history_slots", 1, _MOST_SLOTS),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise ValueError(f"{name} is {least} to {most}, not {value}")
        if self.skip_every != 0 and not 2 <= self.skip_every <= _MOST_SLOTS:
            raise ValueError(f"skip_every is 0 (no slot is skipped) or at least 2, not {self.skip_every}")

"""Token-2022: extensions with which the gate could be passed by are refused, the rest are harmless."""

import struct
from typing import Any

import pytest
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_2022_PROGRAM_ID

from tests.chains.solana.program.harness import World
from tests.chains.solana.program.tokens import (
    EXTENDED_BASE,
    EXTENSIONS,
    add_cpi_guard,
    add_group,
    add_member,
    set_cpi_guard,
    with_unknown_extension,
)

REFUSED = (
    "PermanentDelegate",
    "MintCloseAuthority",
    "ConfidentialMintBurn",
    "ConfidentialTransferMint",
    "ConfidentialTransferFeeConfig",
    "TransferHook",
    "Pausable",
    "PermissionedBurn",
)
HARMLESS = (
    "TransferFeeConfig",
    "DefaultAccountState",
    "NonTransferable",
    "InterestBearingConfig",
    "ScaledUiAmount",
    "MetadataPointer",
    "GroupPointer",
    "GroupMemberPointer",
)
TOGETHER = tuple(name for name in HARMLESS if name not in ("DefaultAccountState", "ScaledUiAmount"))
"""The token program has interest or a scale, not both."""


def bare(extensions: tuple[str, ...] = (), **options: Any) -> World:
    """A world with a mint that nobody registered yet, under Token-2022."""
    return World(registered=False, token_program=TOKEN_2022_PROGRAM_ID, extensions=extensions, **options)


def gated(world: World) -> World:
    """Registered and handed over, with a cap of 1,000."""
    world.register().done()
    world.vm.hand_mint_to(world.mint_address, world.authority, _key(world.gate))
    world.submit(world.statement(1, 1_000)).done()
    return world


def mints_and_redeems(world: World) -> None:
    assert world.mint(1_001).error == "ExceedsCap"
    world.mint(1_000).done()
    assert (world.supply, world.balance) == (1_000, 1_000)
    world.redeem(300).done()
    assert (world.supply, world.balance, world.state.cap) == (700, 700, 700)


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_extensions_that_pass_the_gate_by(name: str) -> None:
    world = bare((name,))
    assert world.register().error == "RefusedExtension"
    assert not world.vm.exists(_key(world.gate))


@pytest.mark.parametrize("name", REFUSED)
def test_a_harmless_extension_hides_no_other(name: str) -> None:
    # Those that the token program lets stand beside every one.
    others = tuple(other for other in TOGETHER if other not in ("TransferFeeConfig", "NonTransferable"))
    assert bare((*others, name, "TokenMetadata")).register().error == "RefusedExtension"
    assert bare((name, *others)).register().error == "RefusedExtension"


@pytest.mark.parametrize("name", [*HARMLESS, ""])
def test_harmless_extensions_mint_and_redeem(name: str) -> None:
    world = gated(bare((name,) if name else ()))
    if name == "DefaultAccountState":
        # New accounts are frozen until the freeze authority says otherwise.
        assert world.mint(1).error == "BadTokenAccount"
        world.vm.thaw(world.mint_address, world.account, world.authority)
    mints_and_redeems(world)


def test_everything_harmless_at_once_mints_and_redeems() -> None:
    mints_and_redeems(gated(bare((*TOGETHER, "TokenMetadata"))))


def test_groups_and_their_members_mint_and_redeem() -> None:
    group = bare(("GroupPointer",))
    group.vm.send(add_group(group.mint_address, group.authority.pubkey()), signers=[group.authority]).done()
    member = World(
        group.vm, "member ", registered=False, token_program=TOKEN_2022_PROGRAM_ID, extensions=("GroupMemberPointer",)
    )
    group.vm.hand_mint_to(member.mint_address, member.authority, group.authority.pubkey())
    member.authority = group.authority
    joined = add_member(member.mint_address, group.mint_address, group.authority.pubkey())
    group.vm.send(joined, signers=[group.authority]).done()
    for world in (group, member):
        mints_and_redeems(gated(world))


def test_a_holders_guard_against_calls_stops_redeeming_until_lifted() -> None:
    """CPI Guard is the holder's own choice for one account; a mint to it is not hindered."""
    world = gated(bare())
    world.vm.send(add_cpi_guard(world.account, world.holder.pubkey()), signers=[world.holder]).done()
    world.vm.send(set_cpi_guard(world.account, world.holder.pubkey(), True), signers=[world.holder]).done()
    world.mint(100).done()
    before = world.everything()
    assert not world.redeem(10).ok
    assert world.everything() == before
    world.vm.send(set_cpi_guard(world.account, world.holder.pubkey(), False), signers=[world.holder]).done()
    world.redeem(10).done()
    assert (world.supply, world.state.cap) == (90, 990)


def test_every_known_extension_is_judged() -> None:
    assert set(REFUSED) | set(HARMLESS) == set(EXTENSIONS)


def test_a_transfer_fee_takes_nothing_from_a_mint() -> None:
    world = gated(bare(("TransferFeeConfig",)))
    world.mint(1_000).done()
    assert (world.balance, world.supply) == (1_000, 1_000)


@pytest.mark.parametrize("number", [0, 2, 5, 7, 8, 11, 13, 15, 17, 27, 29, 30, 100, 255, 256 + 6, 2**15, 2**16 - 1])
def test_refuses_extensions_that_are_not_known(number: int) -> None:
    """Also those that belong to token accounts, and what a later token program may bring."""
    world = bare(("InterestBearingConfig",))
    plain = world.vm.data(world.mint_address)
    for content in (b"", b"\1", bytes(32), b"\1" * 40):
        if number == 0 and not any(content):
            continue  # nothing but zeros is the end of the extensions
        world.vm.put(world.mint_address, with_unknown_extension(plain, number, content), TOKEN_2022_PROGRAM_ID)
        assert world.register().error == "RefusedExtension"


def test_refuses_extensions_that_do_not_parse() -> None:
    world = bare(("InterestBearingConfig",))
    plain = world.vm.data(world.mint_address)
    head = plain[:EXTENDED_BASE]
    for broken in (
        head + b"\6",
        head + b"\6\0",
        head + b"\6\0\1",
        head + struct.pack("<HH", 6, 2) + b"\1",
        head + struct.pack("<HH", 6, 2**16 - 1) + b"\1",
        plain + b"\x0c",
        plain + struct.pack("<HH", 12, 32)[:3],
        head + bytes(4) + struct.pack("<HH", 12, 32) + bytes(32),
    ):
        world.vm.put(world.mint_address, broken, TOKEN_2022_PROGRAM_ID)
        assert world.register().error == "RefusedExtension", broken[EXTENDED_BASE:].hex()


def _key(text: str) -> Pubkey:
    return Pubkey.from_string(text)

"""By what belongs in a place: all that is put there instead, and the error that must come of it."""

from collections.abc import Callable, Iterator

from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID

from chains.solana.addresses import committee_address
from tests.chains.solana.program.slots import SLOTS, Kind, Slot
from tests.chains.solana.program.substitutions import (
    FOREIGN,
    PROGRAMS,
    STATE,
    SYSTEM,
    Stage,
    Substitution,
    altered,
    another,
    byte,
    emptied,
    fake,
    imitated,
    loader,
    named,
    nobody,
    nowhere,
    ours,
    owned,
    resized,
    right,
    sysvar,
    vanished,
    wallet,
    zeroed,
)

NOT_OF_A_ROLE = {
    "upgrade authority": "NotUpgradeAuthority",
    "mint authority": "NotMintAuthority",
    "minter": "NotMinter",
    "holder": "BadTokenAccount",
    "guardian or owner": "NotGuardian",
    "owner": "NotOwner",
    "pending owner": "NotOwner",
}
_HAVE_THE_ROLE = {
    "upgrade authority": {"deployer"},
    "mint authority": {"authority"},
    "minter": {"minter"},
    "holder": {"holder"},
    "guardian or owner": {"guard", "issuer"},
    "owner": {"issuer"},
    "pending owner": {"stranger"},
}
NOBODYS, SOMEBODYS = "a mint that nobody may mint", "a mint that somebody else may mint"
ROLES = ("deployer", "authority", "issuer", "guard", "minter", "holder", "stranger")


def key(address: str) -> Pubkey:
    return Pubkey.from_string(address)


def signed_by(role: str, error: str) -> Substitution:
    """Somebody else, who signs as well."""

    def substitute(stage: Stage) -> str:
        stage.use_signer(getattr(stage.world, role))
        return error

    return substitute


def same_role_elsewhere(stage: Stage) -> str:
    """Whoever has the role in another deployment."""
    role = next(iter(_HAVE_THE_ROLE[stage.slot.name]))
    stage.use_signer(getattr(stage.scene.other, role))
    return NOT_OF_A_ROLE[stage.slot.name]


def rival(stage: Stage) -> str:
    """Whoever has the role in another route of this deployment."""
    stage.use_signer(stage.vm.key("rival"))
    return NOT_OF_A_ROLE[stage.slot.name]


def route_of_another_mint(stage: Stage) -> str:
    stage.use(key(stage.scene.second_gate))
    roles = [NOT_OF_A_ROLE[slot.name] for slot in SLOTS[stage.slot.call] if slot.kind is Kind.ROLE]
    return {"submit": "WrongDomain", "mint": "WrongAddress", "redeem": "WrongAddress"}.get(stage.slot.call) or roles[0]


def committee_for_route(stage: Stage) -> str:
    committee = key(stage.world.committee)
    named_already = any(meta.pubkey == committee for meta in stage.metas)
    stage.use(committee)
    return "DuplicateAccount" if named_already else "BadState"


def content_of(address: Callable[[Stage], Pubkey], error: str) -> Substitution:
    """Another account's bytes, at the right address and of the right owner."""

    def substitute(stage: Stage) -> str:
        stage.put(stage.vm.data(address(stage)))
        return error

    return substitute


def another_bump(stage: Stage) -> str:
    stage.put(byte(8, stage.content[8] ^ 1)(stage.content))
    return "WrongAddress"


def level_above_capacity(stage: Stage) -> str:
    capacity = int.from_bytes(stage.content[312:320], "little") + 1
    stage.put(stage.content[:328] + capacity.to_bytes(8, "little") + stage.content[336:])
    return "BadState"


def token_2022_for_spl(stage: Stage) -> str:
    """A token program, but not the mint's: the route says so, at registration only the mint's owner does."""
    stage.use(TOKEN_2022_PROGRAM_ID)
    return "WrongOwner" if stage.slot.call == "register" else "WrongProgram"


def unless_named(address: Pubkey, error: str) -> Substitution:
    def substitute(stage: Stage) -> str:
        there = any(meta.pubkey == address for meta in stage.metas)
        stage.use(address)
        return "DuplicateAccount" if there else error

    return substitute


def delegated(stage: Stage) -> str:
    """Another holder's account, whose delegate the signer is."""
    theirs = stage.vm.data(stage.world.account)
    owner, delegate = bytes(stage.world.stranger.pubkey()), bytes(stage.world.holder.pubkey())
    tag, amount = b"\1\0\0\0", (100).to_bytes(8, "little")
    stage.put(theirs[:32] + owner + theirs[64:72] + tag + delegate + theirs[108:121] + amount + theirs[129:])
    return "BadTokenAccount"


def new_account(size: int, other: Callable[[Stage], str]) -> dict[str, Substitution]:
    """In the place of an account that is to be made."""
    return {
        "a wallet": another(wallet, "WrongAddress"),
        "an address without account": another(nowhere, "WrongAddress"),
        "of another deployment": another(lambda stage: key(other(stage)), "WrongAddress"),
        "a sysvar": sysvar,
        "there already": _placed(size, ours, "AlreadyInitialized"),
        "there already, empty": _placed(0, ours, "AlreadyInitialized"),
        "owned by another program": _placed(size, fake, "WrongOwner"),
        "with data": _placed(size, nobody, f"{SYSTEM}: custom program error: 0x0"),
    }


def _placed(size: int, by: Callable[[Stage], Pubkey], error: str) -> Substitution:
    def substitute(stage: Stage) -> str:
        stage.put(bytes(size), by(stage))
        return error

    return substitute


TABLE: dict[Kind, dict[str, Substitution]] = {
    Kind.PAYER: {},
    Kind.ROLE: {"of another deployment": same_role_elsewhere, "of another route": rival},
    Kind.PROGRAM_DATA: {
        **FOREIGN,
        "the program": another(ours, "WrongAddress"),
        "of another program": another(lambda stage: stage.scene.other.program_data, "WrongAddress"),
        "look-alike at another address": imitated(right, "WrongAddress"),
        "a buffer": altered(byte(0, 1), "BadState"),
        "a program account": altered(byte(0, 2), "BadState"),
        "all zero": altered(zeroed, "BadState"),
        "empty": altered(emptied, "BadState"),
        "cut before the option": altered(lambda data: data[:12], "BadState"),
        "cut in the authority": altered(lambda data: data[:44], "BadState"),
        "another option": altered(byte(12, 2), "BadState"),
        "immutable": altered(byte(12, 0), "NotUpgradeAuthority"),
        "another authority": altered(lambda data: data[:13] + bytes(32) + data[45:], "NotUpgradeAuthority"),
    },
    Kind.NEW_COMMITTEE: new_account(162, lambda stage: stage.scene.other.committee),
    Kind.NEW_ROUTE: new_account(1248, lambda stage: stage.scene.other.gate)
    | {"of another mint": another(lambda stage: key(stage.scene.second_gate), "WrongAddress")},
    Kind.COMMITTEE: {
        **STATE,
        "parity 2": altered(byte(9, 2), "BadState"),
        "another bump": another_bump,
        "a route": another(lambda stage: key(stage.scene.second_gate), "BadState"),
        "of another deployment": another(lambda stage: key(stage.scene.other.committee), "WrongOwner"),
        "not yet made": another(lambda stage: key(committee_address(str(loader(stage)))), "WrongOwner"),
    },
    Kind.ROUTE: {
        **STATE,
        "paused 2": altered(byte(9, 2), "BadState"),
        "nine minters": altered(byte(10, 9), "BadState"),
        "nine loosenings": altered(byte(11, 9), "BadState"),
        "more left than the capacity": level_above_capacity,
        "another bump": another_bump,
        "the committee": committee_for_route,
        "of another deployment": another(lambda stage: key(stage.scene.other.gate), "WrongOwner"),
        "of another mint": route_of_another_mint,
        "bytes of another mint's": content_of(lambda stage: key(stage.scene.second_gate), "WrongAddress"),
    },
    Kind.MINT: {
        "a wallet": another(wallet, "WrongAddress"),
        "an address without account": another(nowhere, "WrongAddress"),
        "another mint of the deployment": another(lambda stage: stage.scene.second, "WrongAddress"),
        "of another deployment": another(lambda stage: stage.scene.other.mint_address, "WrongAddress"),
        "look-alike at another address": imitated(right, "WrongAddress"),
        "look-alike of another program": imitated(fake, "WrongAddress"),
        "a token account": another(lambda stage: stage.scene.other.account, "WrongAddress"),
        "owned by another program": owned(fake, "WrongOwner"),
        "owned by Token-2022": owned(named(TOKEN_2022_PROGRAM_ID), "WrongOwner"),
        "vanished": vanished,
        "empty": altered(emptied, "BadMint"),
        "all zero": altered(zeroed, "BadMint"),
        "short": altered(resized(-1), "BadMint"),
        "long": altered(resized(1), "BadMint"),
        "uninitialised": altered(byte(45, 0), "BadMint"),
        "another flag": altered(byte(45, 2), "BadMint"),
        "bytes of a token account": content_of(lambda stage: stage.world.account, "BadMint"),
        NOBODYS: altered(byte(0, 0), "NotMintAuthority"),
        SOMEBODYS: altered(lambda data: data[:4] + bytes(32) + data[36:], "NotMintAuthority"),
    },
    Kind.SYSTEM_PROGRAM: {**PROGRAMS, "a token program": unless_named(TOKEN_PROGRAM_ID, "WrongProgram")},
    Kind.TOKEN_PROGRAM: {
        **PROGRAMS,
        "the system program": unless_named(SYSTEM, "WrongProgram"),
        "Token-2022": token_2022_for_spl,
    },
}
TABLE[Kind.DESTINATION] = {
    **FOREIGN,
    "owned by Token-2022": owned(named(TOKEN_2022_PROGRAM_ID), "WrongOwner"),
    "of another mint": another(lambda stage: stage.scene.second_account, "BadTokenAccount"),
    "of another deployment": another(lambda stage: stage.scene.other.account, "BadTokenAccount"),
    "another mint": another(lambda stage: stage.scene.second, "BadTokenAccount"),
    "empty": altered(emptied, "BadTokenAccount"),
    "all zero": altered(zeroed, "BadTokenAccount"),
    "short": altered(resized(-1), "BadTokenAccount"),
    "long": altered(resized(1), "BadTokenAccount"),
    "uninitialised": altered(byte(108, 0), "BadTokenAccount"),
    "frozen": altered(byte(108, 2), "BadTokenAccount"),
    "another state": altered(byte(108, 3), "BadTokenAccount"),
    "bytes of a mint": content_of(lambda stage: stage.world.mint_address, "BadTokenAccount"),
    "a multisig": altered(lambda data: data + bytes(355 - len(data)), "BadTokenAccount"),
}
TABLE[Kind.SOURCE] = {
    **TABLE[Kind.DESTINATION],
    "of another holder": another(lambda stage: stage.scene.strangers_account, "BadTokenAccount"),
    "of another holder, delegated": delegated,
}


def substitutions(slot: Slot) -> Iterator[tuple[str, Substitution]]:
    """All that is tried in a place, beside leaving it out, taking its flags and naming another account twice."""
    for name, substitution in TABLE[slot.kind].items():
        # Who may mint does not matter to redeeming.
        if slot.call != "redeem" or name not in (NOBODYS, SOMEBODYS):
            yield name, substitution
    if slot.kind is Kind.ROLE:
        for role in ROLES:
            if role not in _HAVE_THE_ROLE[slot.name]:
                yield f"the {role}", signed_by(role, NOT_OF_A_ROLE[slot.name])

"""Mints and token accounts of SPL Token and of Token-2022.

Decoded exactly: size, initialisation, option tags, the account type and every extension's bounds; what is not a usable
account of its kind raises `TokenError`, which says why. That the account belongs to the token program named is for the
caller to see to. Sources: the documentation of spl-token-interface (`Mint`, `Account`) and spl-token-2022-interface
(`StateWithExtensions`).
"""

from dataclasses import dataclass

from chains.solana.addresses import TOKEN_2022_PROGRAM, TOKEN_PROGRAMS
from chains.solana.program_wire import LittleReader
from chains.solana.tokens_extensions import Extension, read_extensions, refused
from chains.wire import EncodingError

MINT_SIZE = 82
ACCOUNT_SIZE = 165
_MULTISIG_SIZE = 355
_TYPES = {"mint": 1, "token account": 2}


class TokenError(ValueError):
    """Bytes that are no usable mint or token account. Says which was expected and what is wrong."""


@dataclass(frozen=True, slots=True)
class Mint:
    """`supply` in base units; `authority` may mint, `freeze_authority` may freeze accounts: None if nobody ever can."""

    authority: str | None
    supply: int
    decimals: int
    freeze_authority: str | None
    extensions: tuple[Extension, ...]

    @property
    def refused_extensions(self) -> tuple[str, ...]:
        """The names of those with which tokens can be minted, burned or moved beside a gate, or which are not known."""
        return refused(self.extensions)

    @property
    def permanent_delegate(self) -> str | None:
        """Who may move and burn everybody's tokens."""
        return _authority(self.extensions, 12)

    @property
    def close_authority(self) -> str | None:
        """Who may close the mint once its supply is 0."""
        return _authority(self.extensions, 3)


@dataclass(frozen=True, slots=True)
class TokenAccount:
    """`amount` and `delegated_amount` in base units. `delegate` may move up to `delegated_amount`; `rent_reserve` is
    set for wrapped SOL alone: the lamports that the account holds beside its amount."""

    mint: str
    owner: str
    amount: int
    delegate: str | None
    frozen: bool
    rent_reserve: int | None
    delegated_amount: int
    close_authority: str | None
    extensions: tuple[Extension, ...]


def decode_mint(data: bytes, token_program: str) -> Mint:
    """The mint that `data` holds, of the token program given. Raises `TokenError`."""
    r = LittleReader(data)
    try:
        _sized(data, token_program, MINT_SIZE)
        authority, supply, decimals = _option(r, "mint_authority"), r.u64("supply"), r.u8("decimals")
        if not r.within("is_initialized", r.u8("is_initialized"), 0, 1):
            raise EncodingError("uninitialised")
        freeze_authority = _option(r, "freeze_authority")
        return Mint(authority, supply, decimals, freeze_authority, _extensions(r, "mint", ACCOUNT_SIZE - MINT_SIZE))
    except EncodingError as error:
        raise TokenError(f"no mint: {error}") from None


def decode_account(data: bytes, token_program: str) -> TokenAccount:
    """The token account that `data` holds, of the token program given, frozen or not. Raises `TokenError`."""
    r = LittleReader(data)
    try:
        _sized(data, token_program, ACCOUNT_SIZE)
        mint, owner, amount = r.address("mint"), r.address("owner"), r.u64("amount")
        delegate = _option(r, "delegate")
        state = r.within("state", r.u8("state"), 0, 2)
        if state == 0:
            raise EncodingError("uninitialised")
        is_native, reserve, delegated = _tag(r, "is_native"), r.u64("is_native"), r.u64("delegated_amount")
        close_authority = _option(r, "close_authority")
        extensions = _extensions(r, "token account", 0)
    except EncodingError as error:
        raise TokenError(f"no token account: {error}") from None
    rent_reserve = reserve if is_native else None
    return TokenAccount(mint, owner, amount, delegate, state == 2, rent_reserve, delegated, close_authority, extensions)


def _sized(data: bytes, token_program: str, base: int) -> None:
    if token_program not in TOKEN_PROGRAMS:
        raise EncodingError(f"{token_program} is neither SPL Token nor Token-2022")
    extensible = token_program == TOKEN_2022_PROGRAM
    if len(data) == base or (extensible and len(data) > ACCOUNT_SIZE and len(data) != _MULTISIG_SIZE):
        return
    more = f" or more than {ACCOUNT_SIZE}, but not {_MULTISIG_SIZE}" if extensible else ""
    raise EncodingError(f"{len(data)} bytes, expected {base}{more}")


def _extensions(r: LittleReader, kind: str, padding: int) -> tuple[Extension, ...]:
    if not r.rest:
        return ()
    r.zeros("padding", padding)
    if (found := r.u8("account type")) != _TYPES[kind]:
        raise EncodingError(f"account type: {found}, expected {_TYPES[kind]}")
    return read_extensions(r, kind)


def _tag(r: LittleReader, name: str) -> bool:
    return bool(r.within(name, r.u32(name), 0, 1))


def _option(r: LittleReader, name: str) -> str | None:
    # The token programs clear only the tag when a key is taken away; its bytes may stay and mean nothing.
    there = _tag(r, name)
    address = r.address(name)
    return address if there else None


def _authority(extensions: tuple[Extension, ...], number: int) -> str | None:
    for extension in extensions:
        if extension.number == number and any(extension.value):
            return LittleReader(extension.value).address(extension.name)
    return None

"""What a collateral position holds, judged from its accounts. Pure. Nothing here is ever taken for a zero.

Token accounts and mints: what could move, burn or freeze the tokens beside the account's owner is a finding unless the
configuration names it; extensions that are not known are refused.
"""

from collections.abc import Iterator

from chains.solana.addresses import NATIVE_MINT, SIZE, TOKEN_PROGRAMS, to_text
from chains.solana.findings import Finding, foreign, missing, unlike
from chains.solana.options import PositionOptions
from chains.solana.plan import Accounts
from chains.solana.rpc import Account
from chains.solana.tokens import Mint, TokenAccount, TokenError, decode_account, decode_mint
from chains.solana.tokens_extensions import Extension
from chains.types import Position

_ACCOUNT_CONFIDENTIAL = {"ConfidentialTransferAccount", "ConfidentialTransferFeeAmount"}
_ACCOUNT_HARMLESS = {
    "TransferFeeAmount",
    "ImmutableOwner",
    "MemoTransfer",
    "CpiGuard",
    "TransferHookAccount",
    "PausableAccount",
}
_MINT_CONFIDENTIAL = {"ConfidentialTransferMint", "ConfidentialTransferFeeConfig"}
_MINT_HARMLESS = {
    "DefaultAccountState",
    "InterestBearingConfig",
    "MetadataPointer",
    "TokenMetadata",
    "GroupPointer",
    "TokenGroup",
    "GroupMemberPointer",
    "TokenGroupMember",
    "ScaledUiAmount",
}
_HOOK_PROGRAM_AT = 32
_PAUSED_AT = 32


def held(position: Position, accounts: Accounts) -> tuple[int, list[Finding]]:
    """What the position holds, in base units, and all that is wrong. With a finding, the amount means nothing."""
    options = position.options
    assert isinstance(options, PositionOptions)
    account = accounts.get(position.account.address)
    if account is None:
        return 0, [missing("the vault", position.account.address)]
    if position.asset.kind == "slip44":
        return max(0, account.lamports - options.reserve), list(_native(position, account, options))
    found = list(_mint(position, accounts.get(position.asset.asset), options))
    address, program = position.account.address, options.token_program
    if account.owner != program:
        return 0, [*found, foreign("the vault", address, account.owner, program)]
    try:
        token = decode_account(account.data, program)
    except TokenError as error:
        return 0, [*found, Finding(f"the vault {address}: {error}")]
    return token.amount, [*found, *_token(position, token, options)]


def _native(position: Position, account: Account, options: PositionOptions) -> Iterator[Finding]:
    if account.owner != options.program:
        yield foreign("the vault", position.account.address, account.owner, options.program)
    if account.owner in TOKEN_PROGRAMS and account.owner == options.program:
        # What wrapped SOL is worth lies in its token account: as a position of either kind it would count twice.
        yield Finding(
            f"the vault {position.account.address} belongs to a token program; wrapped SOL is token:{NATIVE_MINT}"
        )
    if account.executable:
        yield Finding(f"the vault {position.account.address} is a program")


def _token(position: Position, token: TokenAccount, options: PositionOptions) -> Iterator[Finding]:
    vault = f"the vault {position.account.address}"
    if token.mint != position.asset.asset:
        yield Finding(f"{vault} holds tokens of the mint {token.mint}, not of {position.asset.asset}")
    if options.owner is None:
        yield Finding(f'owner is missing; {vault} has owner = "{token.owner}"')
    else:
        yield from unlike("owner", token.owner, options.owner)
    if token.frozen:
        yield Finding(f"{vault} is frozen")
    if token.delegate not in (None, options.delegate):
        yield Finding(f'{vault} has a delegate, who may take from it: delegate = "{token.delegate}"')
    if token.close_authority not in (None, options.owner, options.close_authority):
        yield Finding(f'{vault} has close_authority = "{token.close_authority}"')
    allowed = _ACCOUNT_HARMLESS | (_ACCOUNT_CONFIDENTIAL if options.confidential else set())
    for extension in token.extensions:
        if extension.name not in allowed:
            yield Finding(f"{vault} has the extension {extension.name}, which is refused")


def _mint(position: Position, account: Account | None, options: PositionOptions) -> Iterator[Finding]:
    address = position.asset.asset
    if account is None:
        yield missing("the mint", address)
        return
    if account.owner != options.token_program:
        yield foreign("the mint", address, account.owner, options.token_program)
        return
    try:
        mint: Mint = decode_mint(account.data, options.token_program)
    except TokenError as error:
        yield Finding(f"the mint {address}: {error}")
        return
    if mint.decimals != position.decimals:
        yield Finding(f"decimals: {position.decimals} is declared, the mint {address} has {mint.decimals}")
    for extension in mint.extensions:
        yield from _mint_extension(address, extension, options)


def _mint_extension(address: str, extension: Extension, options: PositionOptions) -> Iterator[Finding]:
    value, confidential = extension.value, options.confidential
    match extension.name:
        case "PermanentDelegate":
            yield from unlike("permanent_delegate", _holder(extension), options.permanent_delegate)
        case "MintCloseAuthority":
            yield from unlike("mint_close_authority", _holder(extension), options.mint_close_authority)
        case "TransferHook":
            yield from unlike("transfer_hook", _holder(extension, _HOOK_PROGRAM_AT), options.transfer_hook)
        case "Pausable":
            yield from unlike("pause_authority", _holder(extension), options.pause_authority)
            if value[_PAUSED_AT]:
                yield Finding(f"the mint {address} is paused")
        case "TransferFeeConfig":
            if options.transfer != "fee_on_transfer":
                yield Finding(f'the mint {address} takes transfer fees; declare transfer = "fee_on_transfer"')
        case name if name in _MINT_HARMLESS or (confidential and name in _MINT_CONFIDENTIAL):
            pass
        case name:
            hint = ", unless confidential = true" if name in _MINT_CONFIDENTIAL else ""
            yield Finding(f"the mint {address} has the extension {name}, which is refused{hint}")


def _holder(extension: Extension, at: int = 0) -> str | None:
    """The address in an extension's value; zero stands for nobody."""
    found = extension.value[at : at + SIZE]
    return to_text(found) if any(found) else None

"""The token program's instructions that setting up a demo takes. All addresses are base58 texts; amounts base units.

Classic SPL Token. Sources: the documentation of spl-token-interface and of the associated token account program.
"""

from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, create_account
from spl.token import instructions as spl
from spl.token.models import (
    AuthorityType,
    InitializeMint2Params,
    MintToParams,
    SetAuthorityParams,
    TransferCheckedParams,
)

from chains.solana.addresses import TOKEN_PROGRAM, to_bytes, token_address
from chains.solana.tokens import MINT_SIZE


def holding(holder: str, mint: str) -> str:
    """The associated token account of `holder`."""
    return token_address(holder, mint, TOKEN_PROGRAM)


def new_mint(payer: str, mint: str, authority: str, decimals: int, rent: int) -> list[Instruction]:
    """A mint at the new account `mint`, which must sign; nobody can freeze. `rent`: lamports for its 82 bytes."""
    made = CreateAccountParams(
        from_pubkey=_key(payer),
        to_pubkey=_key(mint),
        lamports=rent,
        space=MINT_SIZE,
        owner=_key(TOKEN_PROGRAM),
    )
    begun = InitializeMint2Params(
        decimals=decimals, program_id=_key(TOKEN_PROGRAM), mint=_key(mint), mint_authority=_key(authority)
    )
    return [create_account(made), spl.initialize_mint2(begun)]


def new_holding(payer: str, holder: str, mint: str) -> Instruction:
    """The associated token account of `holder`."""
    return spl.create_associated_token_account(_key(payer), _key(holder), _key(mint))


def mint_to(mint: str, authority: str, holder: str, amount: int) -> Instruction:
    """Past every gate: by the mint's own authority."""
    return spl.mint_to(
        MintToParams(
            program_id=_key(TOKEN_PROGRAM),
            mint=_key(mint),
            dest=_key(holding(holder, mint)),
            mint_authority=_key(authority),
            amount=amount,
        )
    )


def transfer(mint: str, source: str, owner: str, destination: str, amount: int, decimals: int) -> Instruction:
    """Between token accounts; `owner` signs."""
    return spl.transfer_checked(
        TransferCheckedParams(
            program_id=_key(TOKEN_PROGRAM),
            source=_key(source),
            mint=_key(mint),
            dest=_key(destination),
            owner=_key(owner),
            amount=amount,
            decimals=decimals,
        )
    )


def hand_over(mint: str, authority: str, to: str) -> Instruction:
    """Makes `to` the one that may mint."""
    return spl.set_authority(
        SetAuthorityParams(
            program_id=_key(TOKEN_PROGRAM),
            account=_key(mint),
            authority=AuthorityType.MINT_TOKENS,
            current_authority=_key(authority),
            new_authority=_key(to),
        )
    )


def _key(address: str) -> Pubkey:
    return Pubkey(to_bytes(address))

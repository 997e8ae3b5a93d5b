"""Solana addresses: 32 bytes, written in base58 (Bitcoin's alphabet), and the addresses that are derived from others.

Addresses are kept as their base58 text, of which there is exactly one per address. Sources: CAIP-2, CAIP-10 and CAIP-19
as the Chain Agnostic namespace `solana` profiles them; program derived addresses and associated token accounts as the
Solana documentation defines them. Only deriving imports solders.
"""

import re
from functools import lru_cache

from chains.caip import AccountId, AssetId, CaipError, ChainId
from chains.encoding import domain_id

SYSTEM_PROGRAM = "11111111111111111111111111111111"
TOKEN_PROGRAM = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"  # noqa: S105
TOKEN_2022_PROGRAM = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"  # noqa: S105
TOKEN_PROGRAMS = (TOKEN_PROGRAM, TOKEN_2022_PROGRAM)
ASSOCIATED_TOKEN_PROGRAM = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"  # noqa: S105
UPGRADEABLE_LOADER = "BPFLoaderUpgradeab1e11111111111111111111111"
CLOCK_SYSVAR = "SysvarC1ock11111111111111111111111111111111"
NATIVE_MINT = "So11111111111111111111111111111111111111112"

SIZE = 32
NATIVE_ASSET = "501"
NATIVE_DECIMALS = 9
REFERENCE_SIZE = 32

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_LONGEST = 44
_REMEMBERED = 4096  # the same few addresses are written and read again and again
_REFERENCE = re.compile(rf"[{_ALPHABET}]{{{REFERENCE_SIZE}}}")


@lru_cache(_REMEMBERED)
def to_text(address: bytes) -> str:
    """The base58 text of 32 bytes. Raises `CaipError` for any other number of bytes."""
    if len(address) != SIZE:
        raise CaipError(f"{len(address)} bytes are no Solana address (32 bytes)")
    value, letters = int.from_bytes(address, "big"), list[str]()
    while value:
        value, digit = divmod(value, 58)
        letters.append(_ALPHABET[digit])
    zeros = SIZE - len(address.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(letters))


@lru_cache(_REMEMBERED)
def to_bytes(text: str) -> bytes:
    """The 32 bytes that `text` spells in base58. Raises `CaipError`."""
    if len(text) > _LONGEST:
        raise CaipError(f"{text[:_LONGEST]!r}...: {len(text)} characters are no Solana address (base58 of 32 bytes)")
    value = 0
    for letter in text:
        if letter not in _VALUES:
            raise CaipError(f"{text!r} is no Solana address: {letter!r} is no base58 letter (0, O, I and l are not)")
        value = value * 58 + _VALUES[letter]
    zeros = len(text) - len(text.lstrip("1"))
    size = zeros + (value.bit_length() + 7) // 8
    if size != SIZE:
        raise CaipError(f"{text!r} is no Solana address: base58 of {size} bytes, expected {SIZE}")
    return value.to_bytes(SIZE, "big")


def canonical(text: str) -> str:
    """The address as it is, for base58 has one spelling. Raises `CaipError` for what is no address."""
    return to_text(to_bytes(text))


def check_chain(chain: ChainId) -> None:
    """CAIP-2, namespace solana: the reference is the first 32 characters of the genesis hash in base58. Raises
    `CaipError`."""
    if chain.namespace != "solana" or not _REFERENCE.fullmatch(chain.reference):
        raise CaipError(
            f"{chain}: a Solana chain is solana:REFERENCE, the first 32 characters of its genesis hash in base58"
        )


def canonical_account(account: AccountId) -> AccountId:
    """CAIP-10: `solana:REFERENCE:ADDRESS`. Raises `CaipError`."""
    check_chain(account.chain)
    return AccountId(account.chain, canonical(account.address))


def canonical_asset(asset: AssetId) -> AssetId:
    """CAIP-19: `token:MINT`, or `slip44:501` for the native coin. Raises `CaipError`."""
    check_chain(asset.chain)
    if asset.token is not None:
        raise CaipError(f"{asset}: a single token of a collection is no fungible asset")
    if asset.kind == "token":
        return AssetId(asset.chain, asset.kind, canonical(asset.asset))
    if asset.kind == "slip44" and asset.asset == NATIVE_ASSET:
        return asset
    raise CaipError(f"{asset}: Solana assets are token:MINT, or slip44:{NATIVE_ASSET} for the native coin")


def domain(reference: str, address: str) -> bytes:
    """Keccak-256 of `solana:REFERENCE:ADDRESS`: the domain (32 bytes) of a state account. Raises `CaipError`."""
    return domain_id(str(canonical_account(AccountId(ChainId("solana", reference), address))))


def committee_address(program: str) -> str:
    """The account of a program's committee."""
    return derived(program, b"committee")[0]


def route_address(program: str, mint: str) -> str:
    """The gate of `mint`: the state account of its route, which is also the mint's authority."""
    return derived(program, b"route", to_bytes(mint))[0]


def program_data_address(program: str) -> str:
    """Where the upgradeable loader keeps a program's code and upgrade authority."""
    return derived(UPGRADEABLE_LOADER, to_bytes(program))[0]


def token_address(holder: str, mint: str, token_program: str) -> str:
    """The associated token account of `holder` for `mint`. Raises `CaipError` for what is no token program."""
    if token_program not in TOKEN_PROGRAMS:
        raise CaipError(f"{token_program} is neither the SPL Token program nor Token-2022")
    seeds = (to_bytes(holder), to_bytes(token_program), to_bytes(mint))
    return derived(ASSOCIATED_TOKEN_PROGRAM, *seeds)[0]


def derived(program: str, *seeds: bytes) -> tuple[str, int]:
    """The program derived address of `seeds` (at most 15 of at most 32 bytes), with its bump."""
    from solders.pubkey import Pubkey

    address, bump = Pubkey.find_program_address(list(seeds), Pubkey(to_bytes(program)))
    return str(address), bump

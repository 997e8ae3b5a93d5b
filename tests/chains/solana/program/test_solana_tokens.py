"""Mints and token accounts, of both token programs: what is decoded, and all that is refused."""

import contextlib
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from solders.instruction import AccountMeta, Instruction
from solders.message import Message
from solders.pubkey import Pubkey
from solders.token.state import Mint as SoldersMint
from solders.token.state import TokenAccount as SoldersAccount
from solders.token.state import TokenAccountState
from solders.transaction import Transaction

from chains.solana.addresses import SYSTEM_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, TOKEN_PROGRAMS, to_bytes, to_text
from chains.solana.tokens import Mint, TokenAccount, TokenError, decode_account, decode_mint
from chains.solana.tokens_extensions import HARMLESS, Extension, refused
from tests.chains.solana.program.tokens import EXTENSIONS, NEEDS
from tests.chains.solana.program.vm import Vm

steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

PROGRAM_2022 = Pubkey.from_string(TOKEN_2022_PROGRAM)
A, B, C, D = (to_text(bytes([n]) * 32) for n in range(1, 5))
u64s = st.integers(0, 2**64 - 1)
keys = st.binary(min_size=32, max_size=32).map(to_text)


def option(key: str | None) -> bytes:
    return b"\1\0\0\0" + to_bytes(key) if key else bytes(36)


def mint_bytes(mint: Mint) -> bytes:
    head = option(mint.authority) + struct.pack("<QBB", mint.supply, mint.decimals, 1)
    return head + option(mint.freeze_authority)


def account_bytes(account: TokenAccount) -> bytes:
    native = account.rent_reserve is not None
    return (
        to_bytes(account.mint) + to_bytes(account.owner) + struct.pack("<Q", account.amount) + option(account.delegate)
        + bytes([2 if account.frozen else 1]) + struct.pack("<IQ", native, account.rent_reserve or 0)
        + struct.pack("<Q", account.delegated_amount) + option(account.close_authority)
    )  # fmt: skip


def extended(base: bytes, kind: int, *extensions: tuple[int, bytes]) -> bytes:
    tlv = b"".join(struct.pack("<HH", number, len(value)) + value for number, value in extensions)
    return base + bytes(165 - len(base)) + bytes([kind]) + tlv


mints = st.builds(Mint, st.none() | keys, u64s, st.integers(0, 255), st.none() | keys, st.just(()))
accounts = st.builds(
    TokenAccount, keys, keys, u64s, st.none() | keys, st.booleans(), st.none() | u64s, u64s, st.none() | keys,
    st.just(()),
)  # fmt: skip
MINT = Mint(A, 1000, 6, B, ())
ACCOUNT = TokenAccount(A, B, 77, C, False, None, 5, D, ())


@steady
@given(mints, st.sampled_from(TOKEN_PROGRAMS))
def test_mint_round_trip(mint: Mint, program: str) -> None:
    assert decode_mint(mint_bytes(mint), program) == mint


@steady
@given(accounts, st.sampled_from(TOKEN_PROGRAMS))
def test_account_round_trip(account: TokenAccount, program: str) -> None:
    assert decode_account(account_bytes(account), program) == account


def test_reads_what_solders_writes() -> None:
    a, b, c, d = (Pubkey(to_bytes(x)) for x in (A, B, C, D))
    mint = SoldersMint(mint_authority=a, supply=1000, decimals=6, is_initialized=True, freeze_authority=b)
    assert decode_mint(bytes(mint), TOKEN_PROGRAM) == MINT
    account = SoldersAccount(a, b, 77, c, TokenAccountState.Initialized, None, 5, d)
    assert decode_account(bytes(account), TOKEN_PROGRAM) == ACCOUNT
    wrapped = SoldersAccount(a, b, 77, None, TokenAccountState.Frozen, 2039280, 0, None)
    found = decode_account(bytes(wrapped), TOKEN_PROGRAM)
    assert (found.frozen, found.rent_reserve, found.delegate) == (True, 2039280, None)


@steady
@given(st.binary(max_size=400), st.sampled_from(TOKEN_PROGRAMS))
def test_arbitrary_bytes_are_neither(data: bytes, program: str) -> None:
    with pytest.raises(TokenError):
        decode_mint(data, program)
    with pytest.raises(TokenError):
        decode_account(data, program)


@steady
@given(st.sampled_from(TOKEN_PROGRAMS), st.booleans(), st.data())
def test_altered_bytes_raise_nothing_else(program: str, mint: bool, data: st.DataObject) -> None:
    base = mint_bytes(MINT) if mint else account_bytes(ACCOUNT)
    raw = bytearray(extended(base, 1 if mint else 2, (9 if mint else 8, b"" if mint else b"\1"), (200, b"xyz")))
    for at in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=5)):
        raw[at] = data.draw(st.integers(0, 255))
    raw = raw[: data.draw(st.integers(0, len(raw)))]
    for decode in (decode_mint, decode_account):
        with contextlib.suppress(TokenError):
            decode(bytes(raw), program)


@pytest.mark.parametrize("program", TOKEN_PROGRAMS)
def test_every_truncation_is_refused(program: str) -> None:
    for size in range(82):
        with pytest.raises(TokenError, match=f"{size} bytes, expected 82"):
            decode_mint(mint_bytes(MINT)[:size], program)
    for size in range(165):
        with pytest.raises(TokenError, match=f"{size} bytes, expected 165"):
            decode_account(account_bytes(ACCOUNT)[:size], program)


def test_every_truncation_inside_an_extension_is_refused() -> None:
    whole = extended(mint_bytes(MINT), 1, (3, to_bytes(A)), (19, b"abc"))
    first, second = 166 + 36, len(whole)
    # A list may end behind any extension, with one byte to spare.
    ends = {82, 166, 167, first, first + 1, second}
    for size in range(len(whole) + 1):
        if size in ends:
            decode_mint(whole[:size], TOKEN_2022_PROGRAM)
            continue
        with pytest.raises(TokenError):
            decode_mint(whole[:size], TOKEN_2022_PROGRAM)


def test_a_multisig_is_neither() -> None:
    """355 bytes are a multisig's, whatever they hold."""
    for base, kind in ((mint_bytes(MINT), 1), (account_bytes(ACCOUNT), 2)):
        padded = extended(base, kind) + bytes(355 - 166)
        decode = decode_mint if kind == 1 else decode_account
        with pytest.raises(TokenError, match="355 bytes"):
            decode(padded, TOKEN_2022_PROGRAM)
        decode(padded + b"\0", TOKEN_2022_PROGRAM)


def test_spl_token_knows_no_extensions() -> None:
    with pytest.raises(TokenError, match="bytes, expected 82"):
        decode_mint(extended(mint_bytes(MINT), 1), TOKEN_PROGRAM)
    with pytest.raises(TokenError, match="bytes, expected 165"):
        decode_account(extended(account_bytes(ACCOUNT), 2), TOKEN_PROGRAM)


def test_one_kind_is_not_the_other() -> None:
    with pytest.raises(TokenError, match="no mint"):
        decode_mint(extended(account_bytes(ACCOUNT), 2), TOKEN_2022_PROGRAM)
    with pytest.raises(TokenError, match="account type: 1, expected 2"):
        decode_account(extended(account_bytes(ACCOUNT), 1), TOKEN_2022_PROGRAM)
    with pytest.raises(TokenError, match="padding"):
        decode_mint(mint_bytes(MINT) + b"\1" + bytes(82) + b"\1", TOKEN_2022_PROGRAM)
    with pytest.raises(TokenError, match="neither"):
        decode_mint(mint_bytes(MINT), SYSTEM_PROGRAM)


@pytest.mark.parametrize(
    ("at", "value", "why"),
    [(45, 0, "uninitialised"), (45, 2, "is_initialized"), (0, 2, "mint_authority"), (49, 1, "freeze_authority")],
)
def test_mint_fields(at: int, value: int, why: str) -> None:
    data = bytearray(mint_bytes(MINT))
    data[at] = value
    with pytest.raises(TokenError, match=f"no mint: {why}"):
        decode_mint(bytes(data), TOKEN_PROGRAM)


@pytest.mark.parametrize(
    ("at", "value", "why"),
    [
        (108, 0, "uninitialised"),
        (108, 3, "state"),
        (72, 2, "delegate"),
        (109, 2, "is_native"),
        (129, 2, "close_authority"),
    ],
)
def test_account_fields(at: int, value: int, why: str) -> None:
    data = bytearray(account_bytes(ACCOUNT))
    data[at] = value
    with pytest.raises(TokenError, match=f"no token account: {why}"):
        decode_account(bytes(data), TOKEN_PROGRAM)


def test_a_key_that_was_taken_away_may_leave_its_bytes() -> None:
    data = bytearray(mint_bytes(MINT))
    data[0] = 0
    assert decode_mint(bytes(data), TOKEN_PROGRAM).authority is None


@pytest.mark.parametrize(
    ("extensions", "why"),
    [
        ([(9, b""), (9, b"")], "NonTransferable: there twice"),
        ([(300, b""), (300, b"")], "unknown 300: there twice"),
        ([(7, b"")], "ImmutableOwner: of a token account, found in a mint"),
        ([(12, bytes(31))], "PermanentDelegate: 31 bytes, expected 32"),
    ],
)
def test_extensions_that_cannot_be(extensions: list[tuple[int, bytes]], why: str) -> None:
    with pytest.raises(TokenError, match=why):
        decode_mint(extended(mint_bytes(MINT), 1, *extensions), TOKEN_2022_PROGRAM)


def test_unknown_extensions_are_named_and_refused() -> None:
    mint = decode_mint(extended(mint_bytes(MINT), 1, (29, b"x"), (9, b""), (65535, b"")), TOKEN_2022_PROGRAM)
    assert [e.name for e in mint.extensions] == ["unknown 29", "NonTransferable", "unknown 65535"]
    assert mint.refused_extensions == ("unknown 29", "unknown 65535")


def test_the_list_ends_at_the_first_zero() -> None:
    data = extended(mint_bytes(MINT), 1, (9, b""), (0, b""), (12, to_bytes(A)))
    assert [e.number for e in decode_mint(data, TOKEN_2022_PROGRAM).extensions] == [9]


def test_authorities_of_extensions() -> None:
    data = extended(mint_bytes(MINT), 1, (12, to_bytes(A)), (3, to_bytes(B)))
    mint = decode_mint(data, TOKEN_2022_PROGRAM)
    assert (mint.permanent_delegate, mint.close_authority) == (A, B)
    given_up = decode_mint(extended(mint_bytes(MINT), 1, (12, bytes(32)), (3, bytes(32))), TOKEN_2022_PROGRAM)
    assert (given_up.permanent_delegate, given_up.close_authority) == (None, None)


def test_harmless_are_the_documented_ones() -> None:
    names = {Extension(number, b"").name for number in HARMLESS}
    assert names == {
        "TransferFeeConfig", "DefaultAccountState", "NonTransferable", "InterestBearingConfig", "ScaledUiAmount",
        "MetadataPointer", "TokenMetadata", "GroupPointer", "TokenGroup", "GroupMemberPointer", "TokenGroupMember",
    }  # fmt: skip
    assert refused([Extension(n, b"") for n in range(1, 30) if n not in HARMLESS]) == tuple(
        Extension(n, b"").name for n in range(1, 30) if n not in HARMLESS
    )


@pytest.fixture(scope="module")
def vm() -> Vm:
    return Vm()


@pytest.mark.parametrize("name", [*EXTENSIONS, "TokenMetadata"])
def test_mints_of_the_real_token_program(vm: Vm, name: str) -> None:
    """Sizes and numbers are the program's own: each extension is one that Token-2022 itself has written."""
    authority = vm.key("authority")
    extensions = ("MetadataPointer", name) if name == "TokenMetadata" else (name,)
    address = vm.mint(name, authority, PROGRAM_2022, extensions, authority)
    mint = decode_mint(vm.data(address), TOKEN_2022_PROGRAM)
    expected = {name, *NEEDS.get(name, ())} | set(extensions)
    assert {e.name for e in mint.extensions} == expected
    assert mint.authority == str(authority.pubkey())


@pytest.mark.parametrize("number", [2, 5, 7, 8, 11, 13, 15, 17, 27])
def test_sizes_of_account_extensions(vm: Vm, number: int) -> None:
    """GetAccountDataSize (21) tells how long an account with the extension is."""
    mint = vm.mint("sizes", vm.key("authority"), PROGRAM_2022)
    ask = Instruction(PROGRAM_2022, struct.pack("<BH", 21, number), [AccountMeta(mint, False, False)])
    message = Message.new_with_blockhash([ask], vm.payer.pubkey(), vm.svm.latest_blockhash())
    answer = vm.svm.simulate_transaction(Transaction([vm.payer], message, vm.svm.latest_blockhash()))
    size = int.from_bytes(answer.meta().return_data().data, "little") - 166 - 4
    data = extended(account_bytes(ACCOUNT), 2, (number, bytes(size)))
    (extension,) = decode_account(data, TOKEN_2022_PROGRAM).extensions
    assert not extension.name.startswith("unknown")
    with pytest.raises(TokenError, match=f"{size + 1} bytes, expected {size}"):
        decode_account(extended(account_bytes(ACCOUNT), 2, (number, bytes(size + 1))), TOKEN_2022_PROGRAM)


def test_accounts_of_the_real_token_program(vm: Vm) -> None:
    authority, holder = vm.key("authority"), vm.key("holder")
    names = ("TransferFeeConfig", "NonTransferable", "Pausable", "TransferHook")
    mint = vm.mint("accounts", authority, PROGRAM_2022, names)
    account = decode_account(vm.data(vm.token_account(holder.pubkey(), mint)), TOKEN_2022_PROGRAM)
    assert (account.mint, account.owner, account.amount) == (str(mint), str(holder.pubkey()), 0)
    assert {e.name for e in account.extensions} == {
        "TransferFeeAmount", "NonTransferableAccount", "PausableAccount", "TransferHookAccount", "ImmutableOwner",
    }  # fmt: skip

"""The instruction builders, byte for byte, and the loader's accounts."""

import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from chains.caip import CaipError
from chains.solana import instructions as build
from chains.solana.addresses import (
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
    committee_address,
    program_data_address,
    route_address,
    to_bytes,
    to_text,
)
from chains.solana.program_data import ProgramData, ProgramError, decode_program, decode_program_data
from chains.solana.program_settings import guardian, rate_limit
from chains.wire import EncodingError

steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

PROGRAM, PAYER, BY, TOKEN, GATE, OTHER, OWNER = (to_text(bytes([n]) * 32) for n in range(1, 8))
REFERENCE = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"
B32 = b"\x0b" * 32
STATEMENT = b"statement"
TERMS = build.Terms(B32, OWNER, OTHER, 7, 8, 9, 10, (PAYER, BY))
LIMIT = rate_limit(5, 6)
LIMIT_BYTES = bytes([0]) + bytes(32) + struct.pack("<QQ", 5, 6)

EXAMPLES: dict[str, tuple[Instruction, bytes, list[tuple[str, str]]]] = {
    "initialize": (
        build.initialize(PROGRAM, PAYER, BY, epoch=3, px=B32, parity=1, reference=REFERENCE),
        b"\0" + struct.pack("<Q", 3) + B32 + b"\1" + REFERENCE.encode(),
        [
            (PAYER, "sw"),
            (BY, "s"),
            (program_data_address(PROGRAM), ""),
            (committee_address(PROGRAM), "w"),
            (SYSTEM_PROGRAM, ""),
        ],
    ),
    "register": (
        build.register(PROGRAM, PAYER, BY, mint=TOKEN, token_program=TOKEN_PROGRAM, terms=TERMS),
        b"\1" + B32 + to_bytes(OWNER) + to_bytes(OTHER) + struct.pack("<IIQQB", 7, 8, 9, 10, 2)
        + to_bytes(PAYER) + to_bytes(BY),
        [
            (PAYER, "sw"),
            (BY, "s"),
            (committee_address(PROGRAM), ""),
            (TOKEN, ""),
            (route_address(PROGRAM, TOKEN), "w"),
            (TOKEN_PROGRAM, ""),
            (SYSTEM_PROGRAM, ""),
        ],
    ),
    "submit": (
        build.submit(PROGRAM, GATE, STATEMENT),
        b"\2" + STATEMENT,
        [(committee_address(PROGRAM), ""), (GATE, "w")],
    ),
    "mint": (
        build.mint(
            PROGRAM, GATE, token=TOKEN, destination=OTHER, minter=BY, token_program=TOKEN_PROGRAM, amount=11,
            statement=STATEMENT,
        ),
        b"\3" + struct.pack("<Q", 11) + STATEMENT,
        [
            (committee_address(PROGRAM), ""),
            (GATE, "w"),
            (TOKEN, "w"),
            (OTHER, "w"),
            (BY, "s"),
            (TOKEN_PROGRAM, ""),
        ],
    ),
    "redeem": (
        build.redeem(PROGRAM, GATE, token=TOKEN, source=OTHER, holder=BY, token_program=TOKEN_PROGRAM, amount=12),
        b"\4" + struct.pack("<Q", 12),
        [(GATE, "w"), (TOKEN, "w"), (OTHER, "w"), (BY, "s"), (TOKEN_PROGRAM, "")],
    ),
    "handover": (
        build.handover(PROGRAM, STATEMENT, b"\2" + B32, B32),
        b"\5" + STATEMENT + b"\2" + B32 + B32,
        [(committee_address(PROGRAM), "w")],
    ),
    "pause": (build.pause(PROGRAM, GATE, BY), b"\6", [(GATE, "w"), (BY, "s")]),
    "unpause": (build.unpause(PROGRAM, GATE, BY), b"\7", [(GATE, "w"), (BY, "s")]),
    "set": (build.set_(PROGRAM, GATE, BY, LIMIT), b"\x08" + LIMIT_BYTES, [(GATE, "w"), (BY, "s")]),
    "execute": (build.execute(PROGRAM, GATE, BY, LIMIT), b"\x09" + LIMIT_BYTES, [(GATE, "w"), (BY, "s")]),
    "cancel": (
        build.cancel(PROGRAM, GATE, BY, guardian(OTHER)),
        b"\x0a" + b"\4" + to_bytes(OTHER) + bytes(16),
        [(GATE, "w"), (BY, "s")],
    ),
    "transfer_ownership": (
        build.transfer_ownership(PROGRAM, GATE, BY, OTHER),
        b"\x0b" + to_bytes(OTHER),
        [(GATE, "w"), (BY, "s")],
    ),
    "accept_ownership": (build.accept_ownership(PROGRAM, GATE, BY), b"\x0c", [(GATE, "w"), (BY, "s")]),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_layout(name: str) -> None:
    made, data, accounts = EXAMPLES[name]
    assert made.program_id == Pubkey.from_string(PROGRAM)
    assert made.data == data
    flags = [(str(a.pubkey), "s" * a.is_signer + "w" * a.is_writable) for a in made.accounts]
    assert flags == accounts


def test_every_instruction_has_an_example() -> None:
    assert [data[0] for _, data, _ in EXAMPLES.values()] == list(build.Tag)


def test_a_mint_without_a_statement() -> None:
    made = build.mint(
        PROGRAM, GATE, token=TOKEN, destination=OTHER, minter=BY, token_program=TOKEN_PROGRAM, amount=2**64 - 1
    )
    assert made.data == b"\3" + b"\xff" * 8


@pytest.mark.parametrize(
    "make",
    [
        lambda: build.initialize(PROGRAM, PAYER, BY, epoch=2**64, px=B32, parity=1, reference=REFERENCE),
        lambda: build.initialize(PROGRAM, PAYER, BY, epoch=1, px=B32[1:], parity=1, reference=REFERENCE),
        lambda: build.handover(PROGRAM, STATEMENT, B32, B32),
        lambda: build.redeem(PROGRAM, GATE, token=TOKEN, source=OTHER, holder=BY, token_program=OTHER, amount=-1),
        lambda: build.set_(PROGRAM, GATE, BY, rate_limit(2**64, 0)),
    ],
)
def test_what_does_not_fit(make: Callable[[], Any]) -> None:
    with pytest.raises(EncodingError):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: build.pause("x", GATE, BY),
        lambda: build.pause(PROGRAM, GATE[:-2], BY),
        lambda: build.transfer_ownership(PROGRAM, GATE, BY, "0x00"),
        lambda: build.initialize(PROGRAM, PAYER, BY, epoch=1, px=B32, parity=1, reference="é" * 32),
        lambda: guardian("nobody"),
    ],
)
def test_what_is_no_address(make: Callable[[], Any]) -> None:
    with pytest.raises(CaipError):
        make()


def test_program_accounts() -> None:
    assert decode_program(struct.pack("<I", 2) + to_bytes(OTHER)) == OTHER
    head = struct.pack("<IQ", 3, 99)
    assert decode_program_data(head + b"\1" + to_bytes(BY) + b"code") == ProgramData(99, BY, b"code")
    assert decode_program_data(head + b"\0" + to_bytes(BY) + b"code") == ProgramData(99, None, b"code")


@steady
@given(st.binary(max_size=60))
def test_program_accounts_of_other_bytes(data: bytes) -> None:
    """States 0 and 1 are uninitialised and a buffer; what is too short is nothing at all."""
    kind = struct.unpack_from("<I", data)[0] if len(data) >= 4 else None
    if kind != 2 or len(data) != 36:
        with pytest.raises(ProgramError):
            decode_program(data)
    if kind != 3 or len(data) < 45 or data[12] > 1:
        with pytest.raises(ProgramError):
            decode_program_data(data)

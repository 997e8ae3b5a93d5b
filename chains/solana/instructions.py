"""The program's thirteen instructions (docs/solana-program.md, "Instructions").

Every builder takes the program's address first and returns one solders `Instruction`; all addresses are base58 texts.
`gate` is the route account. Raises `EncodingError` for numbers that do not fit, `CaipError` for what is no address.
Statements (leaf | branch | certificate) are carried as they are: judging them is the program's part.
"""

from dataclasses import dataclass
from enum import IntEnum

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from chains.caip import ChainId
from chains.solana.addresses import (
    REFERENCE_SIZE,
    SYSTEM_PROGRAM,
    check_chain,
    committee_address,
    program_data_address,
    route_address,
    to_bytes,
)
from chains.solana.program_settings import Setting
from chains.solana.program_wire import LittleWriter


class Tag(IntEnum):
    """The first byte of an instruction's data."""

    INITIALIZE = 0
    REGISTER = 1
    SUBMIT = 2
    MINT = 3
    REDEEM = 4
    HANDOVER = 5
    PAUSE = 6
    UNPAUSE = 7
    SET = 8
    EXECUTE = 9
    CANCEL = 10
    TRANSFER_OWNERSHIP = 11
    ACCEPT_OWNERSHIP = 12


@dataclass(frozen=True, slots=True)
class Terms:
    """What a route begins with. `route` is the Keccak-256 of its name; times in seconds, amounts in base units."""

    route: bytes
    owner: str
    guardian: str
    max_lease: int
    loosen_delay: int
    capacity: int
    refill_per_second: int
    minters: tuple[str, ...] = ()


def initialize(
    program: str, payer: str, upgrade_authority: str, *, epoch: int, px: bytes, parity: int, reference: str
) -> Instruction:
    """Creates the committee. `px` is the group key's x, 32 bytes big-endian; `parity` 0 for an even y."""
    w = _data(Tag.INITIALIZE)
    w.u64("epoch", epoch).b32("px", px).u8("parity", parity)
    check_chain(ChainId("solana", reference))
    w.fixed("reference", reference.encode("ascii"), REFERENCE_SIZE)
    return _instruction(
        program,
        w,
        _signer(payer, writable=True),
        _signer(upgrade_authority),
        _account(program_data_address(program)),
        _account(committee_address(program), writable=True),
        _account(SYSTEM_PROGRAM),
    )


def register(
    program: str, payer: str, mint_authority: str, *, mint: str, token_program: str, terms: Terms
) -> Instruction:
    """Creates the gate of `mint`."""
    w = _data(Tag.REGISTER)
    w.b32("route", terms.route)
    w.address("owner", terms.owner)
    w.address("guardian", terms.guardian)
    w.u32("max_lease", terms.max_lease).u32("loosen_delay", terms.loosen_delay)
    w.u64("capacity", terms.capacity).u64("refill_per_second", terms.refill_per_second)
    w.u8("count", len(terms.minters))
    for account in terms.minters:
        w.address("minter", account)
    return _instruction(
        program,
        w,
        _signer(payer, writable=True),
        _signer(mint_authority),
        _account(committee_address(program)),
        _account(mint),
        _account(route_address(program, mint), writable=True),
        _account(token_program),
        _account(SYSTEM_PROGRAM),
    )


def submit(program: str, gate: str, statement: bytes) -> Instruction:
    """Brings a gate its statement. Anybody may."""
    w = _data(Tag.SUBMIT)
    w.fixed("statement", statement, len(statement))
    return _instruction(program, w, _account(committee_address(program)), _account(gate, writable=True))


def mint(
    program: str,
    gate: str,
    *,
    token: str,
    destination: str,
    minter: str,
    token_program: str,
    amount: int,
    statement: bytes = b"",
) -> Instruction:
    """Mints `amount` base units of `token` to the token account `destination`, on the statement that the gate has or on
    the one that comes along."""
    w = _data(Tag.MINT)
    w.u64("amount", amount).fixed("statement", statement, len(statement))
    return _instruction(
        program,
        w,
        _account(committee_address(program)),
        _account(gate, writable=True),
        _account(token, writable=True),
        _account(destination, writable=True),
        _signer(minter),
        _account(token_program),
    )


def redeem(
    program: str, gate: str, *, token: str, source: str, holder: str, token_program: str, amount: int
) -> Instruction:
    """Burns `amount` base units of `token` out of `holder`'s token account `source`."""
    w = _data(Tag.REDEEM)
    w.u64("amount", amount)
    return _instruction(
        program,
        w,
        _account(gate, writable=True),
        _account(token, writable=True),
        _account(source, writable=True),
        _signer(holder),
        _account(token_program),
    )


def handover(program: str, statement: bytes, proof_r: bytes, proof_z: bytes) -> Instruction:
    """Puts the next epoch's key in force. `proof_r` (33 bytes) and `proof_z` (32) are its own signature."""
    w = _data(Tag.HANDOVER)
    w.fixed("statement", statement, len(statement)).fixed("R", proof_r, 33).fixed("z", proof_z, 32)
    return _instruction(program, w, _account(committee_address(program), writable=True))


def pause(program: str, gate: str, by: str) -> Instruction:
    """Stops minting; `by` is the guardian or the owner."""
    return _of_route(program, gate, by, _data(Tag.PAUSE))


def unpause(program: str, gate: str, owner: str) -> Instruction:
    return _of_route(program, gate, owner, _data(Tag.UNPAUSE))


def set_(program: str, gate: str, owner: str, setting: Setting) -> Instruction:
    """Changes a setting at once if that tightens, else queues it."""
    return _of_setting(program, gate, owner, Tag.SET, setting)


def execute(program: str, gate: str, owner: str, setting: Setting) -> Instruction:
    """Puts a queued loosening in force once its delay is over."""
    return _of_setting(program, gate, owner, Tag.EXECUTE, setting)


def cancel(program: str, gate: str, by: str, setting: Setting) -> Instruction:
    """Takes a loosening out of the queue; `by` is the guardian or the owner."""
    return _of_setting(program, gate, by, Tag.CANCEL, setting)


def transfer_ownership(program: str, gate: str, owner: str, to: str) -> Instruction:
    """Names the next owner, who has to accept."""
    w = _data(Tag.TRANSFER_OWNERSHIP)
    w.address("account", to)
    return _of_route(program, gate, owner, w)


def accept_ownership(program: str, gate: str, pending_owner: str) -> Instruction:
    return _of_route(program, gate, pending_owner, _data(Tag.ACCEPT_OWNERSHIP))


def _of_setting(program: str, gate: str, by: str, tag: Tag, setting: Setting) -> Instruction:
    w = _data(tag)
    setting.write(w)
    return _of_route(program, gate, by, w)


def _of_route(program: str, gate: str, by: str, w: LittleWriter) -> Instruction:
    return _instruction(program, w, _account(gate, writable=True), _signer(by))


def _data(tag: Tag) -> LittleWriter:
    w = LittleWriter()
    w.u8("instruction", tag)
    return w


def _account(address: str, writable: bool = False) -> AccountMeta:
    return AccountMeta(Pubkey(to_bytes(address)), is_signer=False, is_writable=writable)


def _signer(address: str, writable: bool = False) -> AccountMeta:
    return AccountMeta(Pubkey(to_bytes(address)), is_signer=True, is_writable=writable)


def _instruction(program: str, w: LittleWriter, *accounts: AccountMeta) -> Instruction:
    return Instruction(Pubkey(to_bytes(program)), bytes(w), list(accounts))

"""Arbitrary instruction data, orders of accounts and account contents: a named error each time, and nothing changes.

A named error is one of the program's own, or one that the token program gives to a call of it; so a panic, an access
out of bounds or too much computing shows as well.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from solders.account import Account
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from chains.encoding import MAX_DEPTH
from chains.solana.addresses import TOKEN_PROGRAM
from chains.solana.errors import ERRORS
from chains.solana.instructions import Tag
from chains.solana.program_settings import Setting
from chains.solana.program_wire import LittleReader
from chains.wire import EncodingError
from tests.chains.solana.program.slots import CALLS, SLOTS, Kind, Scene, Slot, scene
from tests.chains.solana.program.substitutions import Stage
from tests.chains.solana.program.vm import Outcome

steady = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

NAMED = set(ERRORS.values())
MINT_CAP, LEAF, BRANCH_HEAD, CERTIFICATE = 1, 177, 5, 145
"""Of a statement: its first byte, and the bytes of its parts but for the 32 of each sibling in the branch."""

MOST = 900
"""Bytes of data that fit into a transaction with the longest list of accounts."""

calls = pytest.mark.parametrize("call", CALLS)


def named(outcome: Outcome) -> bool:
    return outcome.error in NAMED or outcome.error.startswith(f"{TOKEN_PROGRAM}: ")


def tried(made: Scene, data: bytes, metas: list[AccountMeta] | None = None) -> Outcome:
    """Sends the scene's instruction with other data or accounts. All that was named is as before, or put back."""
    vm, accounts = made.world.vm, made.instruction.accounts if metas is None else metas
    addresses = [meta.pubkey for meta in made.instruction.accounts]
    kept = [(address, vm.svm.get_account(address)) for address in addresses]
    before = vm.contents(*addresses), made.world.everything(), made.other.everything()
    outcome = vm.send(Instruction(made.instruction.program_id, data, accounts), signers=made.signers)
    if not outcome.ok:
        assert named(outcome), outcome.logs
        assert (vm.contents(*addresses), made.world.everything(), made.other.everything()) == before
        return outcome
    for address, account in kept:
        vm.svm.set_account(address, account or Account(0, b"", Pubkey.default()))
    return outcome


def may_be_right(made: Scene, data: bytes) -> bool:
    """Whether the instruction could rightly take `data`: generous where many values are good, exact where few are."""
    tag, size = Tag(data[0]), len(data) - 1
    if tag in (Tag.SUBMIT, Tag.HANDOVER):
        return data == made.instruction.data
    if tag is Tag.MINT:
        return size == 8 or data[9:] == made.instruction.data[9:] or is_passed_over(data[9:], made.world.state.round)
    if tag in (Tag.SET, Tag.EXECUTE, Tag.CANCEL):
        return size == 49 and is_setting(data[1:])
    if tag is Tag.REGISTER:
        return size >= 121 and size == 121 + 32 * data[121]
    sizes = {Tag.INITIALIZE: 73, Tag.REDEEM: 8, Tag.TRANSFER_OWNERSHIP: 32}
    return size == sizes.get(tag, 0)


def is_passed_over(data: bytes, last: int) -> bool:
    """Whether a mint ignores this statement: it is well-formed, and not newer than the gate's last."""
    if len(data) < LEAF + BRANCH_HEAD + CERTIFICATE:
        return False
    depth, sides = data[LEAF], int.from_bytes(data[LEAF + 1 : LEAF + BRANCH_HEAD], "big")
    well_formed = data[0] == MINT_CAP and len(data) == LEAF + BRANCH_HEAD + 32 * depth + CERTIFICATE
    header = data[-CERTIFICATE:]
    return well_formed and depth <= MAX_DEPTH and sides >> depth == 0 and int.from_bytes(header[8:16], "big") <= last


def is_setting(data: bytes) -> bool:
    try:
        Setting.read(LittleReader(data)).check()
    except EncodingError:
        return False
    return True


@calls
@steady
@given(st.data())
def test_arbitrary_data(call: str, data: st.DataObject) -> None:
    made = scene(call)
    sizes = st.sampled_from([0, 1, 8, 32, 49, 73, 121, 153, len(made.instruction.data) - 1])
    some = st.binary(max_size=MOST) | sizes.flatmap(lambda size: st.binary(min_size=size, max_size=size))
    raw = made.instruction.data[:1] + data.draw(some)
    outcome = tried(made, raw)
    assert not outcome.ok or may_be_right(made, raw)


@calls
@steady
@given(st.data())
def test_altered_data(call: str, data: st.DataObject) -> None:
    """The right data with a few bytes changed, a piece taken out or one put in."""
    made = scene(call)
    raw = bytearray(made.instruction.data)
    if len(raw) > 1:
        for at in data.draw(st.lists(st.integers(1, len(raw) - 1), max_size=3)):
            raw[at] = data.draw(st.integers(0, 255))
    start, end = sorted(data.draw(st.tuples(st.integers(1, len(raw)), st.integers(1, len(raw)))))
    cut, put = data.draw(st.tuples(st.booleans(), st.binary(max_size=MOST - len(raw))))
    altered = bytes(raw[:start]) + put + bytes(raw[end if cut else start :])
    outcome = tried(made, altered)
    assert not outcome.ok or may_be_right(made, altered)


@calls
def test_every_truncation_and_one_byte_more(call: str) -> None:
    made = scene(call)
    data = made.instruction.data
    for size in range(1, len(data)):
        assert tried(made, data[:size]).ok == (call == "mint" and size == 9)
    assert not tried(made, data + b"\0").ok


@calls
@steady
@given(st.data())
def test_unknown_instructions(call: str, data: st.DataObject) -> None:
    made = scene(call)
    number = data.draw(st.integers(len(Tag), 255))
    assert tried(made, bytes([number]) + made.instruction.data[1:]).error == "BadInstruction"
    assert tried(made, b"").error == "BadInstruction"


@calls
@steady
@given(st.data())
def test_another_instructions_data(call: str, data: st.DataObject) -> None:
    """The accounts of one instruction with the number and data of another. Those of the settings have the same."""
    made = scene(call)
    other = data.draw(st.sampled_from([name for name in CALLS if len(SLOTS[name]) != len(SLOTS[call])]))
    assert tried(made, scene(other).instruction.data).error in ("WrongAccountCount", "NotSigner", "BadInstruction")


@calls
@steady
@given(st.data())
def test_any_other_order_of_accounts(call: str, data: st.DataObject) -> None:
    """With every right that an account can have, in any order but the right one."""
    made = scene(call)
    signs = {key.pubkey() for key in made.signers}
    metas = [AccountMeta(meta.pubkey, meta.pubkey in signs, True) for meta in made.instruction.accounts]
    order = data.draw(st.permutations(metas))
    if [meta.pubkey for meta in order] != [meta.pubkey for meta in metas]:
        assert not tried(made, made.instruction.data, list(order)).ok


def is_mint(data: bytes) -> bool:
    """As the token program sees it, which reads no more of a mint than its size and that it is initialised."""
    return len(data) == 82 and data[45] == 1


CONTENTS = {
    Kind.COMMITTEE: "BLSTCMT1",
    Kind.ROUTE: "BLSTRTE1",
    Kind.PROGRAM_DATA: "\3\0\0\0",
    Kind.MINT: "\1\0\0\0",
    Kind.DESTINATION: "",
    Kind.SOURCE: "",
}
ACCOUNTS = [slot for slots in SLOTS.values() for slot in slots if slot.kind in CONTENTS]
contents = pytest.mark.parametrize("slot", ACCOUNTS, ids=lambda slot: f"{slot.call}-{slot.name}")


@contents
@steady
@given(st.data())
def test_arbitrary_account_contents(slot: Slot, data: st.DataObject) -> None:
    """At the right address and of the right owner; of the right size and with the right tag more often than not."""
    stage = Stage(scene(slot.call), slot)
    size, tag = len(stage.content), CONTENTS[slot.kind].encode("ascii")
    sized = st.binary(min_size=size - len(tag), max_size=size - len(tag)).map(lambda rest: tag + rest)
    raw = data.draw(st.binary(max_size=1300) | sized if size < 2000 else st.binary(max_size=100))
    stage.put(raw)
    try:
        outcome = tried(stage.scene, stage.scene.instruction.data)
    finally:
        stage.restore()
    # Redeeming asks no more of a mint than that the token program has initialised it.
    assert not outcome.ok or (slot.call == "redeem" and slot.kind is Kind.MINT and is_mint(raw))


@contents
@steady
@given(st.data())
def test_altered_account_contents(slot: Slot, data: st.DataObject) -> None:
    """The right content with one bit changed: refused by name, or taken where the bit does not decide."""
    stage = Stage(scene(slot.call), slot)
    raw = bytearray(stage.content)
    bit = data.draw(st.integers(0, 8 * min(len(raw), 1300) - 1))
    raw[bit // 8] ^= 1 << bit % 8
    stage.put(bytes(raw))
    try:
        tried(stage.scene, stage.scene.instruction.data)
    finally:
        stage.restore()

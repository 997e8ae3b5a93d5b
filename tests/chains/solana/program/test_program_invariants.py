"""Every invariant of docs/invariants.md, by its number."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.chains.solana.program.machine import HANDOVER_FAULTS, SUBMIT_FAULTS, Gate

bounded = settings(
    max_examples=80,
    stateful_step_count=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
AT, ABOVE = (1, 0), (3, 0)
"""The edge itself, and one more."""

CALLS = ("submit", "mint", "redeem", "burn", "pause", "set", "execute", "hand_over", "accept_ownership")
REFUSALS = (
    "StaleRound", "WrongDomain", "WrongRoute", "StatementExpired", "LeaseTooLong", "ObservedInFuture", "DoesNotFit",
    "WrongEpoch", "RoundBeforeEpoch", "BadSignature", "WrongRoot", "HandoverExpired", "NotMinter", "ZeroAmount",
    "GatePaused", "NoStatement", "CapExpired", "ExceedsCap", "ExceedsRateLimit", "BurnMismatch", "NotOwner",
    "NotGuardian", "AlreadyQueued", "NotQueued", "TooEarly",
)  # fmt: skip


def test_invariants_i1_to_i12() -> None:
    """One campaign for all: each would see the same calls. The failure names the number and what broke it."""
    Gate.reached.clear()
    run_state_machine_as_test(Gate, settings=bounded)
    assert all(Gate.reached[name] > 0 for name in CALLS), Gate.reached


def test_the_machine_reaches_every_call_and_every_refusal() -> None:
    """It gets somewhere: along one fixed way, what should succeed does and what should be refused is."""
    Gate.reached.clear()
    gate = Gate()
    gate.mint(ABOVE, 0)  # no statement yet
    gate.begin(1, 1_200)
    gate.mint(AT, 0)
    gate.mint(ABOVE, 0)
    gate.mint((2, 0), 9)
    gate.redeem(AT)
    gate.redeem(ABOVE)
    gate.submit(ABOVE, 1, 50_000, 5)
    gate.mint(ABOVE, 0)
    gate.burn_beside(AT)
    gate.mint((6, 0), 0)
    for fault in SUBMIT_FAULTS:
        gate.submit_wrong(AT, fault, 1)
    gate.mint_with_statement(AT, 0, AT, "new")
    gate.pause(True, 2)
    gate.pause(True, 3)
    gate.mint(ABOVE, 0)
    gate.pause(False, 2)
    gate.pause(False, 9)
    for fault in HANDOVER_FAULTS:
        gate.hand_over(fault, 2)
    gate.submit_wrong(AT, "old key", 0)
    for kind in range(5):
        gate.change(kind, ABOVE, (2, 0), 9, True)
        gate.change(kind, (5, 0), (2, 0), 9, True)
    gate.change(1, ABOVE, AT, 9, False)
    gate.change(1, ABOVE, AT, 9, False)
    gate.cancel(0, 1)
    gate.execute_what_does_not_wait(1, ABOVE)
    gate.move_ownership(9, 4)
    gate.move_ownership(6, 1)
    gate.wait(7_200, 5)
    gate.submit(AT, 1, 10, 3)
    gate.wait(0, 0)
    gate.agrees_with_the_model()
    missing = [name for name in (*CALLS, "cancel", *REFUSALS) if not Gate.reached[name]]
    assert not missing, f"never came to {missing}"

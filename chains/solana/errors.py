"""The program's errors by number (docs/solana-program.md, "Errors"), and what went wrong in a transaction."""

from collections.abc import Sequence

from chains.solana.program_logs import failure

ERRORS = {
    1: "BadInstruction",
    2: "WrongAccountCount",
    3: "DuplicateAccount",
    4: "NotSigner",
    5: "NotWritable",
    6: "WrongProgram",
    7: "WrongOwner",
    8: "WrongAddress",
    9: "BadState",
    10: "AlreadyInitialized",
    11: "NotUpgradeAuthority",
    12: "BadMint",
    13: "BadTokenAccount",
    14: "RefusedExtension",
    15: "NotMintAuthority",
    20: "WrongKind",
    21: "BadLength",
    22: "BadBranch",
    23: "StaleRound",
    24: "WrongDomain",
    25: "WrongRoute",
    26: "StatementExpired",
    27: "LeaseTooLong",
    28: "ObservedInFuture",
    29: "DoesNotFit",
    30: "WrongEpoch",
    31: "RoundBeforeEpoch",
    32: "BadCommitment",
    33: "BadScalar",
    34: "BadSignature",
    35: "WrongRoot",
    36: "BadKey",
    37: "HandoverExpired",
    40: "NotMinter",
    41: "ZeroAmount",
    42: "GatePaused",
    43: "NoStatement",
    44: "CapExpired",
    45: "ExceedsCap",
    46: "ExceedsRateLimit",
    47: "MintMismatch",
    48: "BurnMismatch",
    50: "NotOwner",
    51: "NotGuardian",
    52: "BadSetting",
    53: "AlreadyQueued",
    54: "NotQueued",
    55: "TooEarly",
    56: "QueueFull",
    57: "TooManyMinters",
}


def error_name(error: object, logs: Sequence[str], program: str) -> str:
    """What went wrong, in a word: the name of `program`'s own error, "" where `error` is None.

    `error` is a transaction's error as solders has it. The number of a custom error says nothing without the program
    that raised it, and only the log tells that; for another program's error, and without a log, the answer is what the
    runtime says: `PROGRAM: custom program error: 0x1`, `instruction 0: InvalidArgument`, `BlockhashNotFound`.
    """
    if error is None:
        return ""
    found = failure(logs)
    if found is None:
        return _generic(error)
    if found.program == program and found.code in ERRORS:
        return ERRORS[found.code]
    return f"{found.program}: {found.reason}"


def _generic(error: object) -> str:
    from solders.transaction_status import InstructionErrorCustom, TransactionErrorInstructionError

    if not isinstance(error, TransactionErrorInstructionError):
        return str(error).removeprefix("TransactionErrorFieldless.")
    inner = error.err
    if isinstance(inner, InstructionErrorCustom):
        return f"instruction {error.index}: custom program error: 0x{inner.code:x}"
    return f"instruction {error.index}: {inner}".replace("InstructionErrorFieldless.", "")

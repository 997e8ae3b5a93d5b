"""The program's errors by number (docs/solana-program.md, "Errors"), and what went wrong in a transaction."""

from collections.abc import Sequence

from chains.gate_errors import COMMON
from chains.solana.program_logs import failure

ERRORS = COMMON | {
    2: "WrongAccountCount",
    3: "DuplicateAccount",
    4: "NotSigner",
    5: "NotWritable",
    6: "WrongProgram",
    7: "WrongOwner",
    8: "WrongAddress",
    11: "NotUpgradeAuthority",
    12: "BadMint",
    13: "BadTokenAccount",
    14: "RefusedExtension",
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

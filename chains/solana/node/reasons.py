"""Errors of transactions in words, beside their documented JSON forms (solana-transaction-error)."""

import re

from chains.solana.node.landed import Json

_WORDS = {
    "AccountNotFound": "Attempt to debit an account but found no record of a prior credit.",
    "AlreadyProcessed": "This transaction has already been processed",
    "BlockhashNotFound": "Blockhash not found",
    "InsufficientFundsForFee": "Insufficient funds for fee",
    "InvalidAccountForFee": "This account may not be used to pay transaction fees",
    "InvalidProgramForExecution": "This program may not be used for executing instructions",
    "MaxLoadedAccountsDataSizeExceeded": "Transaction exceeded max loaded accounts data size cap",
    "ProgramAccountNotFound": "Attempt to load a program that does not exist",
    "SanitizeFailure": "Transaction failed to sanitize accounts offsets correctly",
    "SignatureFailure": "Transaction did not pass signature verification",
}
_FAILED = re.compile(r"Program [1-9A-HJ-NP-Za-km-z]{32,44} failed: (.+)")


def reason(error: Json, logs: tuple[str, ...]) -> str:
    """What went wrong, in a sentence; the programs' own words are taken from their log."""
    match error:
        case None:
            return ""
        case {"InstructionError": [int(index), what]}:
            return f"Error processing Instruction {index}: {_of_instruction(what, logs)}"
        case {"InsufficientFundsForRent": {"account_index": int(index)}}:
            return f"Transaction results in an account ({index}) with insufficient funds for rent"
        case str(name):
            return _WORDS.get(name, _spaced(name))
        case _:
            return _spaced(next(iter(error), "unknown") if isinstance(error, dict) else "unknown")


def _of_instruction(what: Json, logs: tuple[str, ...]) -> str:
    if isinstance(what, dict) and isinstance(code := what.get("Custom"), int):
        return f"custom program error: {code:#x}"
    for line in reversed(logs):
        if found := _FAILED.fullmatch(line):
            return found[1]
    return _spaced(what) if isinstance(what, str) else "unknown"


def _spaced(name: str) -> str:
    """`UnsupportedProgramId` becomes "unsupported program id"."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()

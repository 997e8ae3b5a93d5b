"""What commands print, and what becomes of their errors. With --json, stdout carries JSON objects and nothing else.

Exit codes: 0; 1 for a failure; 2 for wrong usage or configuration; 130 after an interrupt. An error is one clear
message on stderr, or with --json `{"version": 1, "error": {"kind", "message", ...}}` on stdout, never a traceback. A
command raises; only `failure` knows what its errors mean to the caller.
"""

import json
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

VERSION = 1
"""Of everything that --json prints. Fields may be added under one version; none changes or goes."""

FAILED = 1
WRONG = 2
INTERRUPTED = 130

TRACEBACK = "BALLAST_TRACEBACK"
"""Environment variable: set to 1, an unexpected error also prints its traceback on stderr."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON (version 1) instead of text.")]

EXPECTED: Mapping[str, int] = {
    "relayer.config.errors.ConfigError": WRONG,
    "chains.caip.CaipError": WRONG,
    "chains.registry.UnknownFamily": WRONG,
    "chains.errors.ChainError": FAILED,
    "chains.wire.EncodingError": FAILED,
    "relayer.bus.errors.BusError": FAILED,
    "relayer.frost.errors.FrostError": FAILED,
    "relayer.group.GroupError": FAILED,
    "relayer.keystore.errors.KeystoreError": FAILED,
    "relayer.dealing.DealingRefused": WRONG,
    "relayer.store.errors.StoreError": FAILED,
    "relayer.daemon.keys.MemberError": FAILED,
    "relayer.daemon.http.HttpError": FAILED,
    "relayer.rounds.slot.SecondSelf": FAILED,
    "relayer.roundfile.RoundFileError": FAILED,
}
"""Errors whose text is made for the operator, by qualified name (so that none of their modules need be imported), with
the exit code. Subclasses count as their base."""


class Problem(Exception):
    """A command cannot do what it was asked to. `code` is FAILED or WRONG; the text says what, where and what to do."""

    def __init__(self, text: str, code: int = FAILED) -> None:
        super().__init__(text)
        self.code = code


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether --json stands among the arguments: known even where they make no sense."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options


def text(line: str) -> None:
    """A line for people, on stdout."""
    sys.stdout.write(line + "\n")


def note(line: str) -> None:
    """A line for people that is not the result: warnings, progress. On stderr."""
    sys.stderr.write(line + "\n")


def data(result: Mapping[str, Any]) -> None:
    """One JSON object on a line of stdout, with the version in front."""
    sys.stdout.write(json.dumps({"version": VERSION, **result}) + "\n")
    sys.stdout.flush()


def failure(error: BaseException, *, as_json: bool) -> int:
    """Says what went wrong and returns the exit code."""
    if os.environ.get(TRACEBACK) == "1":
        traceback.print_exception(error)
    code, kind, message, more = _explained(error)
    if as_json:
        data({"error": {"kind": kind, "message": message, **more}})
    else:
        note(f"error: {message}" if "\n" not in message else message)
    return code


def pipe_closed() -> int:
    """Whoever read stdout has gone (as `head` does): end quietly, without Python's own complaint at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED


def _explained(error: BaseException) -> tuple[int, str, str, dict[str, Any]]:
    """Exit code, kind, message and further fields of an error."""
    if isinstance(error, KeyboardInterrupt) or (isinstance(error, typer.Exit) and error.exit_code == INTERRUPTED):
        return INTERRUPTED, "Interrupted", "interrupted", {}
    if isinstance(error, typer.Abort):
        return FAILED, "Aborted", "aborted", {}
    if isinstance(error, typer.TyperException):
        return error.exit_code, "Usage", f"{error.format_message()} (try --help)", {}
    if isinstance(error, Problem):
        return error.code, "Problem", str(error), {}
    for base in type(error).__mro__:
        code = EXPECTED.get(f"{base.__module__}.{base.__qualname__}")
        if code is not None:
            return code, type(error).__name__, str(error), _findings(error)
    if isinstance(error, OSError):
        file = f"{error.filename}: " if error.filename else ""
        return FAILED, type(error).__name__, f"{file}{error.strerror or error}", {}
    # A defect. Its text is not shown: it was not written for this, and could repeat a secret.
    return FAILED, "Defect", f"unexpected {type(error).__name__}{_place(error)}; set {TRACEBACK}=1 to see all of it", {}


def _findings(error: BaseException) -> dict[str, Any]:
    """The single findings of a configuration error."""
    every = getattr(error, "all", None)
    if every is None:
        return {}
    return {"findings": [{"file": file, "path": found.path, "message": found.message} for file, found in every()]}


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f" in {frames[-1].name} ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""

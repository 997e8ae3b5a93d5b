"""Prepares this machine for the nodes of chain families, where that has not been done: see `Devnet.preparation`."""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import IO, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chains.devnet import Program, devnet
from relayer.devnet.guard import BEGIN
from relayer.devnet.state import DevnetError

_SAID_BYTES = 8192
_SHOWN = 200
_DOCUMENTS = 100


@dataclass(frozen=True, slots=True)
class Preparation:
    """What a family still needs; `family` is its everyday name."""

    family: str
    program: Program


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a family's preparation is: what is done now, how much of it, and how much it is at most (0: unknown)."""

    family: str
    what: str
    done: int
    most: int

    def document(self) -> dict[str, Any]:
        """For machines."""
        return {"preparing": self.family, "what": self.what, "done": self.done, "most": self.most}


Told = Callable[[Progress], None]

_Count = Annotated[int, Field(ge=0)]


class _Line(BaseModel):
    """What a preparation says on one line."""

    model_config = ConfigDict(strict=True)

    what: str
    done: _Count
    most: _Count


class Milestones:
    """Chooses what is worth a line: whatever is new, and of one thing each further one of `parts` parts."""

    def __init__(self, parts: int) -> None:
        self._parts = parts
        self._last: tuple[str, int] | None = None

    def reached(self, progress: Progress) -> bool:
        """Whether a part is done that was not when this was last asked."""
        part = progress.done * self._parts // progress.most if progress.most else 0
        before, self._last = self._last, (progress.what, part)
        return before != self._last


def documents(emit: Callable[[Mapping[str, Any]], None]) -> Told:
    """Tells machines, at most so many documents as there are per cents in each thing that is done."""
    milestones = Milestones(_DOCUMENTS)

    def told(now: Progress) -> None:
        if milestones.reached(now):
            emit(now.document())

    return told


def missing(namespaces: Iterable[str]) -> dict[str, Preparation]:
    """What must be run before nodes of these families can be started, by namespace; nothing where all is there."""
    found = {}
    for namespace in dict.fromkeys(namespaces):
        brought = devnet(namespace)
        program = brought.preparation()
        if program is not None:
            found[namespace] = Preparation(brought.name, program)
    return found


async def run(preparation: Preparation, told: Told) -> None:
    """Runs the program to its end. If this is left earlier, in whatever way, the program is ended with all that it has
    started. Raises `DevnetError` with what it said if it fails."""
    with tempfile.TemporaryFile() as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "relayer.devnet.guard", *preparation.program.argv),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(BEGIN)
            while line := await _line(process.stdout):
                told(_progress(preparation, line))
            code = await process.wait()
        finally:
            process.stdin.close()  # by which the guard knows
            await _gone(process)
        if code:
            said = _end(errors) or f"it ended with code {code} and said nothing"
            raise DevnetError(
                f"{preparation.family}: what its nodes need could not be prepared:\n{said}\n"
                "start again once that is corrected, or choose other families"
            )


async def _gone(process: asyncio.subprocess.Process) -> None:
    """Returns when the guard has ended, however often this is cancelled: asyncio would kill it at the loop's end, and
    leave behind what it is just ending."""
    assert process.stdout is not None
    ending = asyncio.gather(process.stdout.read(), process.wait())
    while not ending.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(ending)


async def _line(out: asyncio.StreamReader) -> bytes:
    try:
        return await out.readline()
    except ValueError:  # longer than the reader's limit
        return b"a line without end"


def _progress(preparation: Preparation, line: bytes) -> Progress:
    try:
        found = _Line.model_validate_json(line)
    except ValidationError:
        shown = line[:_SHOWN].decode("utf-8", "replace").strip()
        raise DevnetError(f"{preparation.family}: its preparation told no progress but {shown!r}") from None
    return Progress(preparation.family, found.what, found.done, found.most)


def _end(file: IO[bytes]) -> str:
    """The last of what stands in the file."""
    file.seek(max(0, file.seek(0, 2) - _SAID_BYTES))
    return file.read().decode("utf-8", "replace").strip()

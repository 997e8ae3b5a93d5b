"""A Go that is a script, which builds a wasmd that is a script, before an empty cache."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chains.cosmos import build_node

FakeGo = Callable[..., None]
"""Says how Go answers: `version`, `compiler`, the `status` of a build, `first` what is done before it, `wasmd` the
script that it builds."""

_GO = """\
#!/bin/sh
case "$1 $*" in
  env*) printf '%s\\n' "{version}" linux amd64 "{compiler}" ;;
  list*" -m "*) echo "{root}/engine" ;;
  list*) printf '%s\\n' a b c ;;
  build*)
    {first}
    echo built >> "{root}/builds"
    printf '%s\\n' a b c >&2
    while [ "$1" != -o ]; do shift; done
    cp "{root}/wasmd-that-is-built" "$2"
    exit {status} ;;
esac
"""
_USUAL = {"version": "go1.99.1", "compiler": "sh", "first": ":", "status": 0}


def fake_go_in(directory: Path, patched: pytest.MonkeyPatch) -> FakeGo:
    """A Go on PATH. `directory` gets a file `builds` with a line for each build, and the cache in `cache`."""
    (directory / "bin").mkdir()
    library = directory / "engine" / "internal" / "api" / "libwasmvm.x86_64.so"
    library.parent.mkdir(parents=True)
    library.write_bytes(b"the library")
    patched.setenv("XDG_CACHE_HOME", str(directory / "cache"))
    patched.setenv("PATH", f"{directory / 'bin'}:{os.environ['PATH']}")
    patched.setattr(build_node, "_packaged", lambda: None)

    def answers(wasmd: str = "exit 0", **said: Any) -> None:
        go = _GO.format(**{**_USUAL, **said, "root": directory})
        scripts = {directory / "bin" / "go": go, directory / "wasmd-that-is-built": f"#!/bin/sh\n{wasmd}\n"}
        for path, text in scripts.items():
            path.write_text(text)
            path.chmod(0o755)

    return answers

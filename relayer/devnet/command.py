"""Runs the public `ballast` command, as a user would."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from relayer.devnet.state import DevnetError

PATIENCE_SECONDS = 300.0


def program() -> str:
    """The `ballast` program that belongs to this Python. Raises `DevnetError`."""
    path = Path(sys.executable).parent / "ballast"
    if not path.exists():
        raise DevnetError(f"{path} is missing: install the project into this environment (pip install -e .)")
    return str(path)


async def run(*arguments: str, failing: bool = False) -> list[dict[str, Any]]:
    """The JSON objects that a command prints with --json. Raises `DevnetError` with the command's own message if it
    fails, unless it may (`failing`)."""
    process = await asyncio.create_subprocess_exec(
        program(),
        *arguments,
        "--json",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            out, err = await process.communicate()
    except TimeoutError:
        raise DevnetError(f"ballast {' '.join(arguments)}: no end after {PATIENCE_SECONDS:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        documents = [json.loads(line) for line in out.decode().splitlines() if line.strip()]
    except ValueError:
        raise DevnetError(f"ballast {' '.join(arguments)}: printed no JSON: {out.decode()[:200]!r}") from None
    if process.returncode != 0 and not failing:
        told = documents[-1]["error"]["message"] if documents and "error" in documents[-1] else err.decode().strip()
        raise DevnetError(f"ballast {' '.join(arguments)}: {told or f'exit code {process.returncode}'}")
    return documents

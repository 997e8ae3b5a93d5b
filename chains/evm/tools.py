"""Finds the programs of the EVM toolchain that local nodes need."""

import hashlib
import os
import platform
import shutil
from pathlib import Path

from chains.errors import ChainError

_LOCK = Path(__file__).resolve().parents[2] / "contracts" / "evm" / "package-lock.json"


def anvil() -> Path:
    """The anvil binary: $BALLAST_ANVIL, else from PATH, else from the cache that contracts/evm/toolchain.sh fills.

    Raises `ChainError` that says how to get it.
    """
    named = os.environ.get("BALLAST_ANVIL")
    if named:
        if os.access(named, os.X_OK):
            return Path(named)
        raise ChainError(f"BALLAST_ANVIL names {named}, which is no program; correct it or unset it")
    on_path = shutil.which("anvil")
    if on_path:
        return Path(on_path)
    cached = _cached()
    if cached is not None and os.access(cached, os.X_OK):
        return cached
    raise ChainError("anvil is missing: run contracts/evm/toolchain.sh, or put anvil on PATH or into BALLAST_ANVIL")


def _cached() -> Path | None:
    try:
        lock = hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:12]
    except OSError:
        return None
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ballast"
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    package = f"anvil-{platform.system().lower()}-{arch}"
    return cache / f"npm-{lock}" / "node_modules" / "@foundry-rs" / package / "bin" / "anvil"

"""The files beside the database: the process lock and the witness; modes; moving a damaged store aside."""

import contextlib
import fcntl
import os
import stat
import struct
from pathlib import Path

from chains.hashing import keccak256
from relayer.store.errors import StoreCorrupt, StoreExposed, StoreLocked, StoreStale

_SLOT = struct.Struct(">Q8s")
_WITNESS_TAG = b"ballast/witness/v1"


class ProcessLock:
    """Holds `path` locked (fcntl) until closed or until the process ends. Raises `StoreLocked`."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # flock and not lockf: a POSIX record lock is lost when any descriptor of the file is closed, and two
            # stores within one process would not see each other's.
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._fd)
            raise StoreLocked(f"{path}: another process uses this store: stop it first") from None

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class Witness:
    """A small file that follows the store's generation, so that a store cut off or restored from a copy is noticed.

    Two slots of 16 bytes, written in turns: generation u64 big-endian | first 8 bytes of Keccak-256(tag | generation).
    A write torn by a power cut spoils one slot, the other one still stands. It is written after the database's commit
    and before anything leaves the process, so the database is never behind it unless it lost something.
    """

    def __init__(self, path: Path, fd: int) -> None:
        self._path = path
        self._fd = fd

    @classmethod
    def create(cls, path: Path) -> "Witness":
        witness = cls(path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        witness.follow(0)
        sync_directory(path.parent)
        return witness

    @classmethod
    def open(cls, path: Path) -> "Witness":
        """Raises `StoreStale` where the file is missing."""
        try:
            return cls(path, os.open(path, os.O_RDWR | os.O_CLOEXEC))
        except FileNotFoundError:
            raise StoreStale(
                f"{path} is missing: the store was moved or restored without it, so nothing shows that it is complete. "
                "Bring the file along, or recover the store with `ballast store recover`"
            ) from None

    def read(self) -> int:
        """The generation last witnessed. Raises `StoreCorrupt`."""
        found = []
        for slot in (0, 1):
            raw = os.pread(self._fd, _SLOT.size, slot * _SLOT.size)
            if len(raw) == _SLOT.size:
                generation, check = _SLOT.unpack(raw)
                if check == _check(generation):
                    found.append(int(generation))
        if not found:
            raise StoreCorrupt(f"{self._path} is damaged: recover the store with `ballast store recover`")
        return max(found)

    def follow(self, generation: int) -> None:
        """Durable when it returns. Raises OSError."""
        raw = _SLOT.pack(generation, _check(generation))
        if os.pwrite(self._fd, raw, generation % 2 * _SLOT.size) != len(raw):
            raise OSError(f"{self._path}: short write")
        os.fsync(self._fd)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _check(generation: int) -> bytes:
    return keccak256(_WITNESS_TAG + generation.to_bytes(8, "big"))[:8]


def sync_directory(path: Path) -> None:
    """Makes created and renamed names in `path` durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def require_private(path: Path) -> None:
    """Raises `StoreExposed` unless only the owner may read and write `path`."""
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise StoreExposed(f"{path} can be read or written by others: chmod 600 {path}")


def create_private(path: Path) -> None:
    """An empty file of mode 0600; it must not exist."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    os.close(fd)
    sync_directory(path.parent)


def set_aside(paths: list[Path], label: str) -> list[Path]:
    """Renames those of `paths` that exist to `NAME.LABEL` (a number is added where that exists); deletes nothing."""
    moved = []
    attempt = 0
    while any(_aside(path, label, attempt).exists() for path in paths):
        attempt += 1
    for path in paths:
        target = _aside(path, label, attempt)
        with contextlib.suppress(FileNotFoundError):
            path.rename(target)
            moved.append(target)
    if paths:
        sync_directory(paths[0].parent)
    return moved


def _aside(path: Path, label: str, attempt: int) -> Path:
    return path.with_name(f"{path.name}.{label}" + (f"-{attempt}" if attempt else ""))

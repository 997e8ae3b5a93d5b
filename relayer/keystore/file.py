"""Keystore files: mode 0600, replaced whole.

A file is written beside its place, synced, renamed, and its folder synced: a crash leaves the old file or the new one.
"""

import contextlib
import os
import stat
from pathlib import Path

import nacl.utils

from relayer.keystore.contents import KeystoreContents
from relayer.keystore.errors import (
    KeystoreDamaged,
    KeystoreExists,
    KeystoreExposed,
    KeystoreUnreadable,
    NotAKeystore,
)
from relayer.keystore.sealed import MODERATE, Kdf, decrypt, encrypt

MAX_SIZE = 1 << 20


def read_keystore(path: Path, passphrase: bytes) -> KeystoreContents:
    """The contents of the keystore at `path`. Raises a `KeystoreError` (see errors.py).

    The file is judged through one descriptor, so that it cannot be exchanged between the checks and the reading.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise NotAKeystore(f"{path}: not a regular file")
            if stat.S_IMODE(status.st_mode) & 0o077:
                raise KeystoreExposed(f"{path}: others than its owner have access to the keystore: chmod 600 it")
            data = file.read(MAX_SIZE + 1)
    except OSError as error:
        raise KeystoreUnreadable(f"{path}: cannot read the keystore ({error.strerror})") from None
    if len(data) > MAX_SIZE:
        raise NotAKeystore(f"{path}: not a keystore, larger than {MAX_SIZE} bytes")
    return decrypt(data, passphrase, str(path))


def write_keystore(
    path: Path, contents: KeystoreContents, passphrase: bytes, kdf: Kdf = MODERATE, *, overwrite: bool = False
) -> None:
    """Writes `contents` to `path`, durably and all or nothing.

    What is there is kept (`KeystoreExists`) unless `overwrite`: it may be the only copy of a key.
    """
    data = encrypt(contents, passphrase, kdf)
    if len(data) > MAX_SIZE:
        raise KeystoreDamaged(f"{path}: the keystore would be larger than the {MAX_SIZE} bytes that are read back")
    beside = path.with_name(f".{path.name}.{nacl.utils.random(8).hex()}")
    try:
        _write_new(beside, data)
        if overwrite:
            beside.replace(path)
        else:
            os.link(beside, path)  # unlike a rename, fails where something is there
        _sync_folder(path.parent)
    except FileExistsError:
        raise KeystoreExists(f"{path}: there is a file already, and it may hold the only copy of a key") from None
    except OSError as error:
        raise KeystoreUnreadable(f"{path}: cannot write the keystore ({error.strerror})") from None
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()


def _write_new(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)  # the umask may have taken bits away
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

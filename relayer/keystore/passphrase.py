"""Where a passphrase comes from: a file, a descriptor or a person; never the command line, which others can list."""

import getpass
import os
import stat
import warnings
from collections.abc import Callable
from pathlib import Path

from relayer.keystore.errors import PassphraseError

MAX_SIZE = 1024


def read_passphrase(source: str, *, confirm: bool = False, ask: Callable[[str], str] = getpass.getpass) -> bytes:
    """The passphrase from `file:PATH`, `fd:NUMBER` (read to its end and closed) or `prompt`, 1 to 1024 bytes of UTF-8.

    One line break at the end of a file or descriptor is not part of it. `confirm` asks a person twice, for a keystore
    that is new. Raises `PassphraseError`, which never repeats what it read, nor a source of another form.
    """
    scheme, _, rest = source.partition(":")
    if source == "prompt":
        found = _asked(ask, confirm)
    elif scheme == "file" and rest:
        found = _line(_from_file(Path(rest)))
    elif scheme == "fd" and rest.isascii() and rest.isdecimal() and len(rest) <= 6:
        found = _line(_from_descriptor(int(rest)))
    else:
        raise PassphraseError('passphrase source: expected "file:PATH", "fd:NUMBER" or "prompt", never the passphrase')
    if not 0 < len(found) <= MAX_SIZE:
        raise PassphraseError(f"passphrase: {len(found)} bytes, expected 1 to {MAX_SIZE}")
    return found


def _from_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise PassphraseError(f"{path}: others than its owner have access to the passphrase: chmod 600 it")
            return file.read(MAX_SIZE + 3)
    except OSError as error:
        raise PassphraseError(f"{path}: cannot read the passphrase ({error.strerror})") from None


def _from_descriptor(number: int) -> bytes:
    try:
        with os.fdopen(number, "rb") as file:
            return file.read(MAX_SIZE + 3)
    except OSError as error:
        raise PassphraseError(f"descriptor {number}: cannot read the passphrase ({error.strerror})") from None


def _line(data: bytes) -> bytes:
    return data.removesuffix(b"\n").removesuffix(b"\r")


def _asked(ask: Callable[[str], str], confirm: bool) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            first = ask("Keystore passphrase: ")
            if confirm and ask("Once more: ") != first:
                raise PassphraseError("passphrase: the two entries differ")
        return first.encode()
    except (getpass.GetPassWarning, EOFError, OSError):
        raise PassphraseError("passphrase: there is no terminal to ask on; use file:PATH or fd:NUMBER") from None
    except UnicodeError:
        raise PassphraseError("passphrase: what was entered is no UTF-8") from None

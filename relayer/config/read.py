"""Reads a TOML file into plain values, or says which line is no TOML."""

import re
import tomllib
from pathlib import Path
from typing import Any

from relayer.config.errors import ConfigError, Finding

LIMIT = 8 * 1024 * 1024
_AT = re.compile(r"\(at line (\d+), column (\d+)\)")


def read_toml(file: Path) -> dict[str, Any]:
    """The file's top table. Raises `ConfigError` when it is missing, unreadable, larger than 8 MiB or no TOML."""
    try:
        with file.open("rb") as stream:
            data = stream.read(LIMIT + 1)
    except FileNotFoundError:
        raise _refuse(file, "there is no such file") from None
    except OSError as error:
        raise _refuse(file, f"cannot be read: {error.strerror}") from None
    if len(data) > LIMIT:
        raise _refuse(file, f"larger than {LIMIT} bytes, which no configuration is")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _refuse(file, "is not UTF-8", f"line {line}") from None
    return parse_toml(text, file)


def parse_toml(text: str, file: Path) -> dict[str, Any]:
    """`text` as TOML; `file` only names it in errors."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = _AT.search(message)
        reason = _AT.sub("", message).strip()
        if not found:
            last = text.count("\n") + 1
            reason = reason.replace("(at end of document)", "").strip()
            raise _refuse(file, f"no TOML: {reason}", f"line {last}") from None
        raise _refuse(file, f"no TOML: {reason}", f"line {found[1]}, column {found[2]}") from None
    except RecursionError:
        raise _refuse(file, "no TOML that is meant: nested too deeply") from None
    except ValueError as error:
        # Python's own limit on the digits of an integer, among others.
        raise _refuse(file, f"no TOML: {error}") from None


def _refuse(file: Path, message: str, at: str = "") -> ConfigError:
    return ConfigError(str(file), [Finding(at, message)])

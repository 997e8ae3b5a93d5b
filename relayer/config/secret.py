"""Secrets that a file names instead of holding: "env:NAME" and "file:PATH", read at the moment of use."""

import os
import stat
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, SecretStr

from relayer.config.errors import ConfigError, Finding


def _secret(value: object) -> object:
    if isinstance(value, str):
        if not value or value in ("env:", "file:"):
            raise ValueError('must be a text, "env:NAME" or "file:PATH"')
        return SecretStr(value)
    return value


Secret = Annotated[SecretStr, BeforeValidator(_secret)]


def reveal(secret: SecretStr, file: str, setting: str) -> str:
    """What `secret` is or leads to, without a trailing line break. Raises `ConfigError`, which names the setting and
    the variable or file, never the value."""
    text = secret.get_secret_value()
    if text.startswith("env:"):
        name = text.removeprefix("env:")
        if not os.environ.get(name):
            raise ConfigError(file, [Finding(setting, f"the environment variable {name} is not set")])
        return os.environ[name].strip()
    if text.startswith("file:"):
        source = text.removeprefix("file:")
        try:
            content = Path(source).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(file, [Finding(setting, f"cannot read {source} ({type(error).__name__})")]) from None
        if not content:
            raise ConfigError(file, [Finding(setting, f"{source} is empty")])
        return content
    return text


def anchored(value: Any, base: Path) -> Any:
    """`value` with each path and each "file:PATH" in it taken from the folder `base` on."""
    if isinstance(value, Path):
        return base / value
    if isinstance(value, str):
        return f"file:{base / value.removeprefix('file:')}" if value.startswith("file:") else value
    if isinstance(value, SecretStr):
        return SecretStr(anchored(value.get_secret_value(), base))
    if isinstance(value, dict):
        return {key: anchored(item, base) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(anchored(item, base) for item in value)
    return value


def readable_by_others(file: Path) -> bool:
    """Whether somebody else than the file's owner may read it. A file that is not there is read by nobody."""
    try:
        return bool(stat.S_IMODE(file.stat().st_mode) & 0o044)
    except OSError:
        return False

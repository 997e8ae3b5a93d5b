"""What is wrong with a configuration file: a list of findings, each at its path in the file."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")

Where = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One error (or warning). `path` is written as TOML names it, as in routes[0].positions[1].decimals; empty for
    the file as a whole."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ConfigError(Exception):
    """Everything that is wrong with one file. The text has one line per finding, each with the file's name."""

    def __init__(self, file: str, findings: Sequence[Finding]) -> None:
        self.file = file
        self.findings = tuple(findings)
        super().__init__("\n".join(f"{file}: {finding}" for finding in self.findings))


def path(where: Where) -> str:
    """`("chains", "eip155:1", "finality_lag")` as `chains."eip155:1".finality_lag`."""
    text = ""
    for step in where:
        if isinstance(step, int):
            text += f"[{step}]"
            continue
        key = step if _BARE_KEY.fullmatch(step) else '"' + step.replace("\\", "\\\\").replace('"', '\\"') + '"'
        text += f".{key}" if text else key
    return text


def unknown_key(key: str, known: Iterable[str]) -> str:
    """The message about a key that no setting has, with the nearest known one."""
    names = sorted(known)
    near = difflib.get_close_matches(key, names, n=1)
    if near:
        return f"unknown key; did you mean {near[0]!r}?"
    return f"unknown key; known here: {', '.join(names)}" if names else "unknown key; none is known here"

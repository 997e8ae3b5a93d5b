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
    """Everything that is wrong with one file, and with `others` that it names. The text has one line per finding, each
    with its file's name."""

    def __init__(self, file: str, findings: Sequence[Finding], others: Sequence["ConfigError"] = ()) -> None:
        self.file = file
        self.findings = tuple(findings)
        self.others = tuple(others)
        own = [f"{file}: {finding}" for finding in self.findings]
        super().__init__("\n".join([*own, *(str(other) for other in self.others)]))

    def all(self) -> list[tuple[str, Finding]]:
        """Every finding with its file."""
        own = [(self.file, finding) for finding in self.findings]
        return [*own, *(pair for other in self.others for pair in other.all())]


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
    near = nearest(key, names)
    if near:
        return f"unknown key{near}"
    return f"unknown key; known here: {', '.join(names)}" if names else "unknown key; none is known here"


def nearest(name: str, known: Iterable[str]) -> str:
    """ "; did you mean 'x'?" where a known name is near, else nothing."""
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""

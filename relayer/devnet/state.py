"""What a devnet's directory holds, and the record of what runs.

DIR/devnet.json            this record
DIR/committee.toml         the committee's shared configuration
DIR/group.json             the committee's public key package
DIR/user-NAMESPACE.key     secret of the account that locks, mints and burns on a family's chains
DIR/members/NAME/          member.toml, keystore, passphrase and store of one member
DIR/logs/NAME.log          output of each program
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from relayer.devnet.processes import Process

VERSION = 2


class DevnetError(Exception):
    """A devnet cannot be started, found or ended. Says what, where and what to do."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A local chain and the port of its node."""

    name: str
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True)
class Member:
    """A member: where it serves HTTP, and its endpoints' URLs by chain, in the order of its member.toml."""

    name: str
    port: int
    endpoints: Mapping[str, tuple[str, ...]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True)
class State:
    """What was started. `up` is false while it is being set up, and after a set-up that broke off."""

    directory: Path
    chains: tuple[Chain, ...] = ()
    members: tuple[Member, ...] = ()
    bus_port: int = 0
    processes: tuple[Process, ...] = ()
    up: bool = False
    version: int = field(default=VERSION)

    @property
    def file(self) -> Path:
        return self.directory / "devnet.json"

    @property
    def committee(self) -> Path:
        return self.directory / "committee.toml"

    @property
    def group(self) -> Path:
        return self.directory / "group.json"

    def user_key(self, namespace: str) -> Path:
        """The secret of the user of a family's chains."""
        return self.directory / f"user-{namespace}.key"

    def config(self, member: str) -> Path:
        """The member's member.toml."""
        return self.directory / "members" / member / "member.toml"

    def log(self, program: str) -> Path:
        """Where a program's output goes."""
        return self.directory / "logs" / f"{program}.log"

    def member(self, name: str) -> Member:
        return next(member for member in self.members if member.name == name)

    def process(self, name: str) -> Process | None:
        return next((process for process in self.processes if process.name == name), None)

    def living(self) -> tuple[Process, ...]:
        return tuple(process for process in self.processes if process.alive())

    def with_process(self, process: Process) -> Self:
        """This state with `process` in place of an earlier one of the same name."""
        others = tuple(one for one in self.processes if one.name != process.name)
        return replace(self, processes=(*others, process))

    def save(self) -> Self:
        """Replaces the file in one step."""
        document = {**asdict(self), "directory": str(self.directory)}
        partial = self.file.with_suffix(".partial")
        partial.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        partial.replace(self.file)
        return self


def write_private(file: Path, text: str) -> None:
    """Writes a new file that nobody else may read."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)


def load(directory: Path) -> State | None:
    """The record in `directory`; None where there is none. Raises `DevnetError` for one that cannot be read."""
    file = directory / "devnet.json"
    try:
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DevnetError(f"{file} cannot be read ({error}); end its programs by hand and remove it") from error
    if document.get("version") != VERSION:
        raise DevnetError(f"{file} was written by another version of Ballast; remove {directory}")
    return State(
        directory=directory,
        chains=tuple(Chain(**chain) for chain in document["chains"]),
        members=tuple(
            Member(m["name"], m["port"], {chain: tuple(urls) for chain, urls in m["endpoints"].items()})
            for m in document["members"]
        ),
        bus_port=document["bus_port"],
        processes=tuple(Process(**process) for process in document["processes"]),
        up=document["up"],
    )

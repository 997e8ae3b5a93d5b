"""One member's folder over chains that are out of reach: its configuration, keystore, group record and passphrase; and
the `ballast` program run in it as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relayer.group import Group as GroupRecord
from relayer.group import encode_group
from relayer.keystore import INTERACTIVE, KeystoreContents, Secret32, write_keystore
from tests.config.toml_text import write_toml
from tests.verify.round_builder import Group, committee_raw, identity

SITE = Path(__file__).parents[1] / "verify" / "shown_site"
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """How the program ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class MemberFolder:
    """The folder of member `m<index>`."""

    path: Path
    index: int = 1

    @property
    def config(self) -> Path:
        return self.path / "member.toml"

    @property
    def store(self) -> Path:
        return self.path / "store.db"

    @property
    def keystore(self) -> Path:
        return self.path / "keystore"

    def edit(self, **changes: Any) -> None:
        """Rewrites member.toml with other tables."""
        write_toml(self.config, _member(self.index) | changes)

    def start(self, *arguments: object, stdin: Any = subprocess.DEVNULL) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "tests.cli.program", *map(str, arguments)],
            cwd=ROOT,
            env=environment(),
            text=True,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def ballast(self, *arguments: object) -> Ended:
        """Runs the program to its end, for as long as the test may take."""
        process = self.start(*arguments)
        try:
            out, err = process.communicate()
        finally:
            process.kill()
        return Ended(process.returncode, out, err)


def environment() -> Mapping[str, str]:
    inherited = {key: value for key, value in os.environ.items() if key != "BALLAST_TRACEBACK"}
    return {**inherited, "PYTHONPATH": os.pathsep.join([str(SITE), str(ROOT)])}


def make(path: Path, index: int = 1) -> MemberFolder:
    """A sound folder, still without a store."""
    group, folder = Group.dealt(), MemberFolder(path, index)
    write_toml(path / "committee.toml", committee_raw())
    (path / "group.json").write_text(encode_group(GroupRecord(1, group.public)))
    (path / "pass").touch(0o600)
    (path / "pass").write_text("correct horse\n")
    contents = KeystoreContents(
        member=f"m{index}",
        identity=Secret32(bytes(identity(index))),
        shares={1: group.keys[index + 1]},
    )
    write_keystore(folder.keystore, contents, b"correct horse", INTERACTIVE)
    folder.edit()
    return folder


def _member(index: int) -> dict[str, Any]:
    return {
        "member": f"m{index}",
        "committee": "committee.toml",
        "group": "group.json",
        "keystore": {"path": "keystore", "passphrase": "file:pass"},
        "store": {"url": "sqlite:///store.db"},
        "bus": {"embedded": {"port": 0}},
        "http": {"listen": "127.0.0.1:0"},
        "chains": {f"shown:{i}": {} for i in (1, 2, 3)},
    }

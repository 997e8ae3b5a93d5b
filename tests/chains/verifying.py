"""The command that verifies a round offline, in a process of its own."""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relayer.devnet import toml


@dataclass(frozen=True, slots=True)
class Verifying:
    """`configuration`: the raw values of committee.toml; `group_key`: 33 bytes. Writes its files into `directory`."""

    directory: Path
    configuration: Mapping[str, Any]
    group_key: bytes

    async def said(self, shown: Any) -> tuple[int | None, str]:
        """What the command says of a round's document, after its exit code."""
        file, committee = self.directory / "round.json", self.directory / "committee.toml"
        committee.write_text(toml.dumps(self.configuration))
        file.write_text(json.dumps(shown))
        arguments = (str(file), "--committee", str(committee), "--group-key", self.group_key.hex())
        program = (sys.executable, "-m", "tests.cli.program", "verify", *arguments)
        process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
        return process.returncode, out.decode()

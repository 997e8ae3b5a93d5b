"""`ballast run`: one member of the committee, until it is told to stop."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from relayer.cli import report


def add(app: typer.Typer) -> None:
    @app.command()
    def run(
        config: Annotated[Path, typer.Option("--config", "-c", help="This member's member.toml.")],
        json_: report.Json = False,
    ) -> None:
        """Run a member: observe, agree, sign, submit. Logs go to stderr; stops on SIGTERM or Ctrl-C."""
        from relayer.config.member import load_member
        from relayer.daemon.root import run_member

        loaded = load_member(config)

        def ready(port: int) -> None:
            host = loaded.member.http.listen.rpartition(":")[0]
            url = f"http://{host}:{port}"
            if json_:
                report.data({"event": "up", "member": loaded.member.member, "url": url})
            else:
                report.note(f"{loaded.member.member} is up; status: ballast status --url {url}")

        asyncio.run(run_member(loaded, ready))

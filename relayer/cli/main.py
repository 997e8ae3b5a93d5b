"""`ballast`: finds the module of the command that is called, and runs it.

A command group is one module with a function `add(app: typer.Typer) -> None` and one line in `COMMANDS`. Only the
module of the command that is called is imported, so a command must not pay for the libraries of another; what is heavy
is imported inside the commands' functions.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from typing import cast

import typer

from relayer.cli import report

COMMANDS: Mapping[str, str] = {
    "config": "relayer.cli.config",
    "demo": "relayer.cli.demo",
    "devnet": "relayer.cli.devnet",
    "halts": "relayer.cli.halts",
    "keys": "relayer.cli.keys",
    "mint": "relayer.cli.mint",
    "redeem": "relayer.cli.mint",
    "rounds": "relayer.cli.rounds",
    "run": "relayer.cli.run",
    "status": "relayer.cli.status",
    "store": "relayer.cli.store",
    "verify": "relayer.cli.verify",
}
"""Command -> module that adds it, in the order of the help."""


def application(arguments: Sequence[str]) -> typer.Typer:
    """The app as far as `arguments` need it: one command's module, or all of them for help and unknown commands."""
    app = typer.Typer(
        name="ballast",
        help="Keeps wrapped assets backed: no mint that the locked collateral does not cover.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def root(
        show_version: bool = typer.Option(
            False, "--version", help="Print the version and exit.", callback=_print_version, is_eager=True
        ),
    ) -> None:
        pass

    called = next((argument for argument in arguments if not argument.startswith("-")), None)
    modules = (
        [COMMANDS[called]] if called is not None and called in COMMANDS else list(dict.fromkeys(COMMANDS.values()))
    )
    for module in modules:
        cast(Callable[[typer.Typer], None], import_module(module).add)(app)
    return app


def main(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code: 0, 1 for a failure, 2 for wrong usage or configuration."""
    as_json = report.wants_json(arguments)
    try:
        command = typer.main.get_command(application(arguments))
        code = command.main(args=list(arguments), prog_name="ballast", standalone_mode=False)
    except BrokenPipeError:
        return report.pipe_closed()
    except (Exception, KeyboardInterrupt) as error:  # the one place where errors end
        return report.failure(error, as_json=as_json)
    return code if isinstance(code, int) else 0


def run() -> None:
    """The entry point of the `ballast` program."""
    sys.exit(main(sys.argv[1:]))


def _print_version(wanted: bool) -> None:
    if wanted:
        report.text(f"ballast {version('ballast-relayer')}")
        raise typer.Exit

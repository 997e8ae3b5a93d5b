"""The frame of the command line: usage, exit codes, errors, lazy imports."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from relayer.cli import report
from relayer.cli.main import COMMANDS, application
from tests.cli.conftest import Ballast

ROOT = Path(__file__).resolve().parents[2]


def leaves(command: Any, name: str) -> list[tuple[str, Any]]:
    """Every command below a group, with its full name."""
    inner = getattr(command, "commands", None)
    if inner is None:
        return [(name, command)]
    return [leaf for key, one in inner.items() for leaf in leaves(one, f"{name} {key}")]


def test_every_command_prints_json_on_demand() -> None:
    found = leaves(typer.main.get_command(application([])), "ballast")
    assert len(found) >= len(COMMANDS)
    for name, command in found:
        assert "--json" in [option for parameter in command.params for option in parameter.opts], name
        assert command.help, name


@pytest.mark.parametrize("command", COMMANDS)
def test_each_module_brings_the_command_of_its_line(command: str) -> None:
    assert command in typer.main.get_command(application([command])).commands  # type: ignore[attr-defined]


def test_only_the_module_that_is_called_is_imported() -> None:
    program = (
        "import sys; from relayer.cli.main import main;"
        "code = main(['config', 'id', 'configs/example/committee.toml']);"
        "print(code, [m for m in ('relayer.cli.keys', 'relayer.cli.run', 'relayer.keystore', 'relayer.bus', 'nats',"
        " 'aiohttp', 'sqlalchemy', 'nacl', 'web3', 'coincurve') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "0 []"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["confg"], "No such command 'confg'"),
        (["config", "chek"], "No such command 'chek'"),
        (["config", "check"], "Missing argument 'FILE'"),
        (["config", "check", "f", "--frob"], "No such option: --frob"),
        (["config", "check", "a", "b"], "unexpected extra argument"),
        (["config", "schema", "other"], "'other'"),
        (["keys", "show", "f"], "Missing option '--passphrase'"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(ballast: Ballast, arguments: list[str], part: str) -> None:
    plain = ballast(*arguments)
    assert (plain.code, plain.out) == (2, "")
    assert len(plain.err.splitlines()) == 1
    assert plain.err.startswith("error: ")
    assert part in plain.err
    as_json = ballast(*arguments, "--json")
    assert (as_json.code, as_json.err) == (2, "")
    assert as_json.data["version"] == 1
    assert as_json.data["error"]["kind"] == "Usage"
    assert part in as_json.data["error"]["message"]


def test_help_and_version_succeed(ballast: Ballast) -> None:
    assert ballast("--version").out.startswith("ballast 0.")
    for arguments in (["--help"], ["config", "--help"], ["keys", "deal", "-h"]):
        result = ballast(*arguments)
        assert result.code == 0
        assert "Usage: ballast" in result.out


def test_what_stands_behind_a_double_dash_is_no_option() -> None:
    assert report.wants_json(["a", "--json"])
    assert not report.wants_json(["a", "--", "--json"])


@pytest.mark.parametrize("name", report.EXPECTED)
def test_every_expected_error_exists(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    error = getattr(import_module(module), attribute)
    assert issubclass(error, Exception)
    # It is known by the name of its definition, not by one that it is imported under.
    assert f"{error.__module__}.{error.__qualname__}" == name


class Subclass(import_module("chains.errors").ChainError):  # type: ignore[misc]
    """An error of a family, derived from one that is expected."""


@pytest.mark.parametrize(
    ("error", "code", "kind", "message"),
    [
        (Subclass("chain eip155:1: no"), 1, "Subclass", "chain eip155:1: no"),
        (report.Problem("no"), 1, "Problem", "no"),
        (report.Problem("no", report.WRONG), 2, "Problem", "no"),
        (KeyboardInterrupt(), 130, "Interrupted", "interrupted"),
        (typer.Abort(), 1, "Aborted", "aborted"),
        (FileNotFoundError(2, "No such file or directory", "a.json"), 1, "FileNotFoundError", "a.json: No such file"),
        (PermissionError("plain"), 1, "PermissionError", "plain"),
    ],
)
def test_an_error_becomes_a_message_and_a_code(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, kind: str, message: str
) -> None:
    assert report.failure(error, as_json=False) == code
    plain = capsys.readouterr()
    assert plain.out == ""
    assert plain.err.startswith(f"error: {message}")
    assert report.failure(error, as_json=True) == code
    printed = capsys.readouterr()
    assert printed.err == ""
    shown = json.loads(printed.out)
    assert shown["version"] == 1
    assert shown["error"]["kind"] == kind
    assert shown["error"]["message"].startswith(message)


def broken(secret: str) -> None:
    raise KeyError(secret)


def test_a_defect_says_where_but_repeats_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyError) as caught:
        broken("s3cr3t")
    assert report.failure(caught.value, as_json=False) == 1
    printed = capsys.readouterr()
    assert "unexpected KeyError in broken (test_frame.py:" in printed.err
    assert "s3cr3t" not in printed.err
    assert "Traceback" not in printed.err
    monkeypatch.setenv("BALLAST_TRACEBACK", "1")
    report.failure(caught.value, as_json=False)
    assert "Traceback" in capsys.readouterr().err


def test_a_closed_pipe_ends_quietly() -> None:
    program = "from relayer.cli.main import run; import sys; sys.argv = ['ballast', 'config', 'schema']; run()"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), errors) == (1, b"")

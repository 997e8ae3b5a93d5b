"""The program called as a function, with what it printed; and the toy family of the configuration's tests."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chains.registry import family
from relayer.cli.main import main
from tests.config.config_samples import committee_raw, member_raw
from tests.config.toml_text import write_toml

SITE = Path(__file__).parents[1] / "config" / "toy_site"


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        """The one JSON object that stdout holds."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


Ballast = Callable[..., Result]


@pytest.fixture
def ballast(capsys: pytest.CaptureFixture[str]) -> Ballast:
    """`ballast("config", "check", file)`."""

    def run(*arguments: object) -> Result:
        code = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Result(code, printed.out, printed.err)

    return run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A sound committee.toml and member.toml of toy chains, and a passphrase in `pass`."""
    monkeypatch.syspath_prepend(str(SITE))
    family.cache_clear()
    write_toml(tmp_path / "committee.toml", committee_raw())
    write_toml(tmp_path / "member.toml", member_raw())
    (tmp_path / "pass").touch(0o600)
    (tmp_path / "pass").write_text("correct horse\n")
    yield tmp_path
    family.cache_clear()

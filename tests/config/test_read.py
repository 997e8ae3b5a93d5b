"""Files that are no configuration at all."""

from pathlib import Path

import pytest

from relayer.config.committee import load_committee
from relayer.config.errors import ConfigError, Finding, path, unknown_key
from relayer.config.read import LIMIT, read_toml


def refusal(file: Path, data: bytes) -> str:
    file.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        read_toml(file)
    (finding,) = caught.value.findings
    assert str(caught.value) == f"{file}: {finding}"
    return str(finding)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.toml: there is no such file"):
        load_committee(tmp_path / "gone.toml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_committee(tmp_path)


def test_syntax_errors_say_where(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    assert refusal(file, b'a = 1\nb = "x\n').startswith("line 2, column ")
    assert refusal(file, b"a = 1\n\na = 2\n").startswith("line 3, column ")
    assert refusal(file, b"a = 1\nb = [1,\n").startswith("line 3: no TOML")
    assert refusal(file, b"a = 1\nb = '\xff'\n") == "line 2: is not UTF-8"


@pytest.mark.parametrize("data", [b"a = " + b"1" * 5000, b"a = " + b"[" * 100_000, b"#" * (LIMIT + 1)])
def test_absurd_files_are_refused(tmp_path: Path, data: bytes) -> None:
    assert refusal(tmp_path / "c.toml", data)


def test_paths_are_written_as_toml_names_them() -> None:
    assert path(("chains", "eip155:1", "rpc", 0, "url")) == 'chains."eip155:1".rpc[0].url'
    assert path(('a"b\\c',)) == '"a\\"b\\\\c"'
    assert path(()) == ""


def test_the_text_of_an_error_has_a_line_for_each_finding_of_each_file() -> None:
    other = ConfigError("b.toml", [Finding("", "third")])
    error = ConfigError("a.toml", [Finding("x[0].y", "first"), Finding("z", "second")], [other])
    assert str(error).splitlines() == ["a.toml: x[0].y: first", "a.toml: z: second", "b.toml: third"]
    assert [(file, finding.message) for file, finding in error.all()] == [
        ("a.toml", "first"),
        ("a.toml", "second"),
        ("b.toml", "third"),
    ]


def test_an_unknown_key_names_its_neighbour_or_all_there_are() -> None:
    assert unknown_key("leese", {"lease", "gate"}) == "unknown key; did you mean 'lease'?"
    assert unknown_key("qqq", {"lease", "gate"}) == "unknown key; known here: gate, lease"
    assert unknown_key("qqq", ()) == "unknown key; none is known here"

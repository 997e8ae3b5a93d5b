"""Passphrases come from a file, a descriptor or a person."""

import contextlib
import getpass
import os
import warnings
from pathlib import Path

import pytest

from relayer.keystore import PassphraseError, read_passphrase


def _file(tmp_path: Path, data: bytes, mode: int = 0o600) -> str:
    path = tmp_path / "passphrase"
    path.write_bytes(data)
    path.chmod(mode)
    return f"file:{path}"


def _descriptor(data: bytes) -> str:
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    return f"fd:{reading}"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"secret", b"secret"),
        (b"secret\n", b"secret"),
        (b"secret\r\n", b"secret"),
        (b"secret\n\n", b"secret\n"),
        (b" secret \n", b" secret "),
        ("für".encode(), "für".encode()),
        (b"x" * 1024, b"x" * 1024),
        (b"x" * 1024 + b"\r\n", b"x" * 1024),
    ],
)
def test_file_and_descriptor(tmp_path: Path, data: bytes, expected: bytes) -> None:
    assert read_passphrase(_file(tmp_path, data)) == expected
    assert read_passphrase(_descriptor(data)) == expected


@pytest.mark.parametrize("data", [b"", b"\n", b"\r\n", b"x" * 1025, b"x" * 100_000])
def test_empty_or_too_long(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(PassphraseError, match="expected 1 to 1024"):
        read_passphrase(_file(tmp_path, data))
    if len(data) < 10_000:
        with pytest.raises(PassphraseError, match="expected 1 to 1024"):
            read_passphrase(_descriptor(data))


def test_the_descriptor_is_closed_after_reading() -> None:
    source = _descriptor(b"secret")
    descriptor = int(source.removeprefix("fd:"))
    pipe = os.fstat(descriptor)
    read_passphrase(source)
    with contextlib.suppress(OSError):  # which says that nothing is open there
        assert not os.path.samestat(os.fstat(descriptor), pipe)  # another thread may have opened something meanwhile


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666])
def test_a_file_others_have_access_to(tmp_path: Path, mode: int) -> None:
    with pytest.raises(PassphraseError, match="chmod 600"):
        read_passphrase(_file(tmp_path, b"secret", mode))


@pytest.mark.parametrize("source", ["file:/nowhere/at/all", "file:/", "fd:999999"])
def test_sources_that_cannot_be_read(source: str) -> None:
    with pytest.raises(PassphraseError, match="cannot read the passphrase"):
        read_passphrase(source)


@pytest.mark.parametrize(
    "source", ["hunter2", "", "file:", "fd:", "fd:-1", "fd:x", "fd:9999999", "fd:²", "prompt:", "env:HUNTER2"]
)
def test_other_sources_are_refused_and_not_repeated(source: str) -> None:
    with pytest.raises(PassphraseError) as caught:
        read_passphrase(source)
    assert "hunter2" not in str(caught.value).lower()


def test_prompt() -> None:
    asked = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return "sécret"

    assert read_passphrase("prompt", ask=ask) == "sécret".encode()
    assert len(asked) == 1
    assert read_passphrase("prompt", confirm=True, ask=ask) == "sécret".encode()
    assert len(asked) == 3


def test_prompt_confirmed_differently() -> None:
    answers = iter(["one", "two"])
    with pytest.raises(PassphraseError, match="differ") as caught:
        read_passphrase("prompt", confirm=True, ask=lambda _: next(answers))
    assert "one" not in str(caught.value)


def test_prompt_answered_with_nothing() -> None:
    with pytest.raises(PassphraseError, match="expected 1 to 1024"):
        read_passphrase("prompt", ask=lambda _: "")


@pytest.mark.parametrize("failure", [EOFError(), OSError(6, "No such device"), None])
def test_prompt_without_a_terminal(failure: Exception | None) -> None:
    def ask(prompt: str) -> str:
        if failure is not None:
            raise failure
        warnings.warn("cannot control echo", getpass.GetPassWarning, stacklevel=1)
        return "shown on the screen"

    with pytest.raises(PassphraseError, match="no terminal"):
        read_passphrase("prompt", ask=ask)

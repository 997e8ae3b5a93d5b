"""What a member serves over HTTP, as a client sees it: bounded, with time-outs, and one clear message when it fails."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from relayer.cli.documents import parse_document
from relayer.cli.report import WRONG, Problem

if TYPE_CHECKING:
    import aiohttp

Url = Annotated[
    str | None, typer.Option("--url", metavar="URL", help="A member's HTTP service, as in http://127.0.0.1:9360.")
]
Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", help="member.toml of the member to ask, instead of a URL."),
]

SECONDS = 60.0
"""For one answer, from the connection to its last byte."""
LARGEST = 16 << 20
_CHUNK = 1 << 16


def service(url: str | None, config: Path | None) -> str:
    """The address of the member's service. Raises `Problem`, `ConfigError`."""
    if (url is None) == (config is None):
        raise Problem("give either --url or --config", WRONG)
    if url is not None:
        return checked(url, "--url")
    from relayer.config.member import load_member

    assert config is not None
    host, _, port = load_member(config).member.http.listen.rpartition(":")
    if int(port) == 0:
        raise Problem(f"{config}: http.listen takes any free port; give --url with the one that `ballast run` printed")
    here = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)  # noqa: S104 - a wildcard is not bound here
    return f"http://{here}:{port}"


def checked(url: str, option: str) -> str:
    """`url` without a slash at its end. Raises `Problem` for what is no http(s) URL."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment:
        raise Problem(f"{option}: http://HOST:PORT or https://HOST:PORT expected", WRONG)
    return url.rstrip("/")


class Member:
    """One member's service; an async context manager."""

    def __init__(self, url: str, seconds: float = SECONDS) -> None:
        self.url = url
        self._seconds = seconds
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Member":
        import aiohttp

        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._seconds))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session is not None
        await self._session.close()

    async def get(self, path: str, largest: int = LARGEST) -> dict[str, Any] | None:
        """The JSON object at `path`; None where the member answers that there is none (404). Raises `Problem`."""
        import aiohttp

        assert self._session is not None
        try:
            async with self._session.get(f"{self.url}{path}", allow_redirects=False) as answer:
                body = await self._bounded(answer, path, largest)
                status = answer.status
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            why = f"no answer within {self._seconds:g} s" if isinstance(error, TimeoutError) else _why(error)
            raise Problem(
                f"the member at {self.url} cannot be reached ({why}); is it running, is the URL right?"
            ) from None
        if status == 404 and _told(body):
            return None
        if status != 200:
            raise Problem(f"the member at {self.url} answers {status} to {path}: {_told(body) or 'no reason given'}")
        document = parse_document(body, f"{self.url}{path}")
        if not isinstance(document, dict):
            raise Problem(f"{self.url}{path}: not what a member answers; is the URL right?")
        return document

    async def _bounded(self, answer: "aiohttp.ClientResponse", path: str, largest: int) -> bytes:
        parts, size = [], 0
        async for chunk in answer.content.iter_chunked(_CHUNK):
            size += len(chunk)
            if size > largest:
                raise Problem(f"{self.url}{path}: the answer is larger than {largest} bytes, which none of a member is")
            parts.append(chunk)
        return b"".join(parts)


def _why(error: BaseException) -> str:
    """The reason of a failed connection in few words."""
    inner = getattr(error, "os_error", None) or error
    return getattr(inner, "strerror", None) or str(inner) or type(error).__name__


def _told(body: bytes) -> str:
    """What a member's own error document says; "" where the body is none."""
    try:
        document = parse_document(body, "")
    except Problem:
        return ""
    told = document.get("error") if isinstance(document, dict) else None
    return told[:200] if isinstance(told, str) else ""

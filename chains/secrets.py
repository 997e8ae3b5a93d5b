"""Resolves "env:NAME" and "file:PATH" to the secret that is meant. Errors name the setting, never the value."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from chains.endpoint_options import EndpointOptions, EndpointsOptions, check_url, normal_url
from chains.errors import Refused

_SHORTEST_SECRET = 6


@dataclass(frozen=True, slots=True)
class Target:
    """Where an endpoint is, ready to be connected. Only `name` may be shown."""

    name: str
    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)

    def redact(self, text: str) -> str:
        """`text` without the URL, any longer part of its path or query, or a header's value in it."""
        parts = urlsplit(self.url)
        pieces = re.split(r"[/?&=:@]", f"{parts.netloc}/{parts.path}?{parts.query}")
        secrets = [self.url, *self.headers.values(), *(p for v in self.headers.values() for p in v.split()), *pieces]
        for secret in sorted((s for s in secrets if len(s) >= _SHORTEST_SECRET), key=len, reverse=True):
            text = text.replace(secret, "[redacted]")
        return text


def resolve(value: SecretStr, where: str) -> str:
    """The text that `value` is or leads to; a file's trailing line break is not part of it. Raises `Refused`."""
    text = value.get_secret_value()
    if text.startswith("env:"):
        name = text[len("env:") :]
        if not os.environ.get(name):
            raise Refused(f"{where}: the environment variable {name} is not set; set it or change the setting")
        return os.environ[name].strip()
    if text.startswith("file:"):
        path = Path(text[len("file:") :])
        try:
            content = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"{where}: cannot read the file {path} ({type(error).__name__})") from error
        if not content:
            raise Refused(f"{where}: the file {path} is empty")
        return content
    return text


def target(endpoint: EndpointOptions) -> Target:
    """One endpoint, resolved. Raises `Refused`."""
    where = f"endpoint {endpoint.name}"
    url = resolve(endpoint.url, f"{where}: url")
    try:
        check_url(url)
    except ValueError as error:
        raise Refused(f"{where}: {error}") from None
    headers = {key: resolve(value, f"{where}: header {key}") for key, value in endpoint.headers.items()}
    if any("\n" in text or "\r" in text for text in headers.values()):
        raise Refused(f"{where}: a header's value has a line break in it")
    return Target(endpoint.name, url, headers)


def targets(options: EndpointsOptions) -> tuple[Target, ...]:
    """All endpoints, resolved; two that lead to the same URL are refused, since they are one."""
    found = tuple(target(endpoint) for endpoint in options.endpoints)
    seen: dict[str, str] = {}
    for one in found:
        other = seen.setdefault(normal_url(one.url), one.name)
        if other != one.name:
            raise Refused(f"endpoints {other} and {one.name} lead to the same URL; a quorum needs independent ones")
    return found

"""What a member configures about the endpoints of a chain, the same for every family that reads over JSON-RPC.

Frozen models that refuse unknown keys. A family's `MemberOptions` adds its own fields to `EndpointsOptions`.
"""

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator


class Options(BaseModel):
    """A table of a configuration file."""

    # An input may be a URL with a key in it: no error message may repeat it.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class EndpointOptions(Options):
    """One JSON-RPC endpoint. Every secret may be given as "env:NAME" or "file:PATH"."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,32}$")] = Field(
        description="label; the only thing about an endpoint that is ever logged"
    )
    url: SecretStr = Field(description='http(s) URL, or "env:NAME" or "file:PATH" of one')
    headers: dict[str, SecretStr] = Field(default={}, description="HTTP headers, for example an API key")

    @model_validator(mode="after")
    def _is_http(self) -> Self:
        text = self.url.get_secret_value()
        if not text.startswith(("env:", "file:")):
            check_url(text)
        return self


class EndpointsOptions(Options):
    """This member's own endpoints of a chain, and what is borne of them."""

    endpoints: tuple[EndpointOptions, ...] = Field(min_length=2, description="independent endpoints of the chain")
    quorum: int = Field(
        default=2, ge=2, description="how many endpoints must agree; more than half of them (endpoints)"
    )
    timeout: float = Field(default=5.0, gt=0, le=120, description="of one request (seconds)")
    deadline: float = Field(default=20.0, gt=0, le=600, description="of one reading with all its retries (seconds)")
    max_response: int = Field(default=8_388_608, ge=1024, description="largest response that is read (bytes)")
    max_depth: int = Field(default=16, ge=4, le=64, description="deepest nesting of a response (levels)")
    batch: int = Field(default=100, ge=4, le=1000, description="most calls in one request (calls)")
    set_aside: float = Field(default=60.0, ge=0, description="how long an endpoint that lied is not asked (seconds)")

    @model_validator(mode="after")
    def _independent(self) -> Self:
        count = len(self.endpoints)
        if self.quorum > count or 2 * self.quorum <= count:
            raise ValueError(
                f"quorum: {self.quorum} of {count} endpoints; it must be at most {count} and more than half of them, "
                "or two different answers could both have one"
            )
        _distinct("name", [e.name for e in self.endpoints])
        # The text is compared, not what env: and file: lead to; `open` compares that again once it is resolved.
        _distinct("url", [normal_url(e.url.get_secret_value()) for e in self.endpoints], show=False)
        if self.timeout > self.deadline:
            raise ValueError("timeout: longer than deadline")
        return self


def check_url(text: str) -> None:
    """Raises ValueError, without repeating the text, unless it is an http(s) URL with a host."""
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid:
        raise ValueError("url: not an http(s) URL with a host (give it as such, or as env:NAME or file:PATH)")


def normal_url(text: str) -> str:
    """One spelling of a URL: scheme and host in lower case, the port written out, no last "/"."""
    if text.startswith(("env:", "file:")):
        return text
    parts = urlsplit(text)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}{parts.path.rstrip('/')}{query}"


def _distinct(what: str, values: list[str], show: bool = True) -> None:
    for i, value in enumerate(values):
        if value in values[:i]:
            first = values.index(value)
            name = f" ({value})" if show else ""
            raise ValueError(
                f"endpoints: [{first}] and [{i}] have the same {what}{name}; endpoints must be independent"
            )

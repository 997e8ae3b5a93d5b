"""Where the NATS servers are and how a member proves itself to them. Secrets stay in files until the moment of use."""

import base64
import binascii
import ssl
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nacl.signing import SigningKey
from nats.aio.client import Client

from relayer.bus.errors import BusDown, BusError

_SEED_PREFIX = 18 << 3  # "S", nkeys: a seed
_USER_PREFIX = 20 << 3  # "U", nkeys: of a user


class AccessRefused(BusError):
    """NATS options that cannot be used: says which, and what to do."""


@dataclass(frozen=True, slots=True)
class NatsOptions:
    """`urls`: nats://host:port or tls://host:port, without user or password. At most one of `credentials` (a NATS
    .creds file), `user` with `password_file`, and `token_file`. `tls_*`: PEM files; any of them, or a tls:// address,
    makes TLS a demand. `tls_first`: the handshake comes before anything else (server: handshake_first). Seconds; the
    first connection, and whatever is subscribed, have more of them than later connections, which keep nobody waiting
    while there are other servers."""

    urls: tuple[str, ...]
    credentials: Path | None = None
    user: str | None = None
    password_file: Path | None = None
    token_file: Path | None = None
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_hostname: str | None = None
    tls_first: bool = False
    start_seconds: int = 30
    connect_seconds: int = 5
    first_wait: float = 0.1
    longest_wait: float = 10.0

    def __post_init__(self) -> None:
        if not self.urls:
            raise AccessRefused("NATS: no address given")
        for url in self.urls:
            parts = urlsplit(url)
            if parts.scheme not in ("nats", "tls") or not parts.hostname:
                raise AccessRefused(f"NATS: {parts.hostname or 'an address'}: expected nats://host:port")
            if parts.username or parts.password:
                raise AccessRefused(f"NATS: {parts.hostname}: no user or password in an address; use a file")
        if (self.user is None) != (self.password_file is None):
            raise AccessRefused("NATS: user and password file belong together")
        if sum(x is not None for x in (self.credentials, self.user, self.token_file)) > 1:
            raise AccessRefused("NATS: one of credentials, user or token, not several")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise AccessRefused("NATS: TLS certificate and key belong together")

    @property
    def where(self) -> str:
        """The servers, for messages."""
        return ", ".join(urlsplit(url).netloc for url in self.urls)

    @property
    def tls(self) -> bool:
        given = (self.tls_ca, self.tls_cert, self.tls_hostname)
        return self.tls_first or any(x is not None for x in given) or any(u.startswith("tls://") for u in self.urls)

    def require_tls(self, client: Client) -> None:
        """nats-py upgrades to TLS only where the server says so, and whoever sits between could leave that out."""
        if self.tls and not self.tls_first and not client._server_info.get("tls_required"):
            raise BusDown(f"NATS at {self.where} does not offer TLS, which member.toml demands")

    def arguments(self, client: Client) -> dict[str, Any]:
        """The arguments of nats-py's `connect` for access; secrets as callables that read their file at each use."""
        arguments: dict[str, Any] = {}
        if self.tls:
            arguments |= {"tls": self._context(), "tls_handshake_first": self.tls_first}
            if self.tls_hostname is not None:
                arguments["tls_hostname"] = self.tls_hostname

        def secret(path: Path) -> str:
            self.require_tls(client)  # before the secret is sent, not after
            return _read_secret(path).strip()

        if self.user is not None and (password := self.password_file) is not None:
            _read_secret(password)
            arguments |= {"user": self.user, "password": lambda: secret(password)}
        if (token := self.token_file) is not None:
            _read_secret(token)
            arguments["token"] = lambda: secret(token)
        if (creds := self.credentials) is not None:
            read_credentials(creds)
            client._auth_configured = True
            arguments |= {
                "user_jwt_cb": lambda: bytearray(read_credentials(creds)[0].encode("ascii")),
                "signature_cb": lambda nonce: base64.b64encode(
                    read_credentials(creds)[1].sign(nonce.encode("ascii")).signature
                ),
            }
        return arguments

    def _context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.tls_ca)
            if self.tls_cert is not None:
                context.load_cert_chain(self.tls_cert, self.tls_key)
        except OSError as error:
            raise AccessRefused(f"NATS: TLS files cannot be used: {error}") from error
        return context


def read_credentials(path: Path) -> tuple[str, SigningKey]:
    """User JWT and signing key out of a .creds file (the format that NATS's `nsc` writes). Raises `AccessRefused`."""
    lines = _read_secret(path).splitlines()

    def after(marker: str) -> str:
        for at, line in enumerate(lines[:-1]):
            if f"BEGIN {marker}" in line:
                return lines[at + 1].strip()
        raise AccessRefused(f"NATS: {path}: no {marker} in it, expected a .creds file")

    return after("NATS USER JWT"), _user_key(path, after("USER NKEY SEED"))


def _user_key(path: Path, seed: str) -> SigningKey:
    """nkeys: base32 without padding of prefix (2 bytes: seed and role, packed by 5 bits), 32 bytes of seed, CRC-16."""
    try:
        raw = base64.b32decode(seed + "=" * (-len(seed) % 8))
    except (binascii.Error, ValueError):
        raw = b""
    expected = bytes([_SEED_PREFIX | _USER_PREFIX >> 5, (_USER_PREFIX & 31) << 3])
    if len(raw) != 36 or raw[:2] != expected or binascii.crc_hqx(raw[:34], 0) != int.from_bytes(raw[34:], "little"):
        raise AccessRefused(f"NATS: {path}: the seed in it is not that of a NATS user, or damaged")
    return SigningKey(raw[2:34])


def _read_secret(path: Path) -> str:
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise AccessRefused(f"NATS: {path} can be read by others: chmod 600 {path}")
        return path.read_text("ascii")
    except OSError as error:
        raise AccessRefused(f"NATS: {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise AccessRefused(f"NATS: {path} is not text") from None

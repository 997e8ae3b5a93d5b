"""What only the NATS transport does: reconnecting, refusing once and clearly at start, proving itself, TLS."""

import asyncio
import base64
import binascii
import json
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from chains.hashing import keccak256
from relayer.bus.access import AccessRefused, NatsOptions, read_credentials
from relayer.bus.errors import BusDown, NoAnswer
from relayer.bus.nats import NatsTransport
from relayer.bus.server import CONFIG, NatsServer
from tests.bus import bus_rig
from tests.bus.bus_rig import LOG, PATIENCE, SMALL, fronted, take, until

SLOW = f"timeout: {PATIENCE}"
"""How long the server waits for a proof of identity or a TLS handshake (seconds)."""


def options(server: NatsServer, **more: object) -> NatsOptions:
    return bus_rig.options(server.url, **more)


async def echo(payload: bytes) -> bytes:
    return payload


async def unreachable(options_: NatsOptions) -> str:
    with pytest.raises(BusDown) as caught:
        await NatsTransport.connect(options_, LOG)
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def test_nats_down_at_start_is_one_clear_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        port = taken.getsockname()[1]
        message = await unreachable(bus_rig.options(f"nats://127.0.0.1:{port}"))
    assert f"127.0.0.1:{port}" in message
    assert "running" in message


async def test_something_else_on_the_port_is_one_clear_error() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert "cannot be used" in await unreachable(bus_rig.options(f"nats://127.0.0.1:{port}"))


async def test_a_server_that_takes_too_little_is_refused_at_start() -> None:
    async with NatsServer(config="max_payload: 1024\n") as server:
        assert "max_payload" in await unreachable(options(server))


async def test_no_free_port_and_a_bad_configuration_are_clear_errors() -> None:
    async with NatsServer() as server:
        with pytest.raises(BusDown, match="address already in use"):
            await NatsServer(port=server.port).start()
    with pytest.raises(BusDown, match="did not start"):
        await NatsServer(config="nonsense {").start()


async def test_it_comes_back_with_its_subscriptions() -> None:
    async with fronted(None) as front:
        async with NatsServer() as server:
            front.port = server.port
            a, b = [await NatsTransport.connect(bus_rig.options(front.url), LOG) for _ in range(2)]
            inbox = await b.subscribe("news")
            await b.serve("ask", echo)
            for outage in range(3):
                front.port = None
                await server.stop()
                await until(lambda: not a.connected and not b.connected)
                with pytest.raises(BusDown, match="trying again"):
                    await a.publish("news", b"lost")
                with pytest.raises(BusDown):
                    await a.request("ask", b"?", PATIENCE)
                server.port = 0
                await server.start()
                front.port = server.port
                await until(lambda: a.connected and b.connected)
                await a.publish("news", b"after outage %d" % outage)
                assert await anext(inbox) == b"after outage %d" % outage
                assert await a.request("ask", b"?", PATIENCE) == b"?"
            await a.close()
            await b.close()
        assert [payload async for payload in inbox] == []


async def test_a_member_goes_on_after_an_outage() -> None:
    async with fronted(None) as front, bus_rig.rig("nats") as rig:
        server = rig.network.server  # type: ignore[attr-defined]
        front.port = server.port
        transports = [await NatsTransport.connect(bus_rig.options(front.url), LOG) for _ in range(2)]
        a, b = [await rig.bus(i, transport=t) for i, t in enumerate(transports)]
        front.port = None
        await server.stop()
        await until(lambda: not a.connected and not b.connected)
        await a.send(SMALL, 0, 1, b"into the void")
        assert a.counters[0, "unsent"] == 1
        server.port = 0
        await server.start()
        front.port = server.port
        await until(lambda: a.connected and b.connected)
        await a.send(SMALL, 0, 1, b"again")
        assert [i.body for i in await take(b, 1)] == [b"again"]
        for transport in transports:
            await transport.close()


async def test_a_slow_reader_loses_messages_and_nothing_else() -> None:
    async with NatsServer() as server:
        a = await NatsTransport.connect(options(server), LOG)
        b = await NatsTransport.connect(options(server), LOG, messages=10, size=1000)
        inbox = await b.subscribe("news")
        for i in range(100):
            await a.publish("news", b"%d" % i)
        await until(lambda: b.dropped == 90)
        assert [await anext(inbox) for _ in range(10)] == [b"%d" % i for i in range(10)]
        await a.publish("news", bytes(1001))
        await until(lambda: b.dropped == 91)
        await a.publish("news", b"next")
        assert await anext(inbox) == b"next"
        await a.close()
        await b.close()


async def test_requests_that_nobody_answers() -> None:
    async with NatsServer() as server:
        a = await NatsTransport.connect(options(server), LOG)
        with pytest.raises(NoAnswer, match="nobody"):
            await a.request("nowhere", b"", PATIENCE)
        silent = await NatsTransport.connect(options(server), LOG)
        await silent.subscribe("silent")
        with pytest.raises(NoAnswer, match="nobody"):  # answered behind the subscription, on the same connection
            await silent.request("nowhere", b"", PATIENCE)
        with pytest.raises(NoAnswer, match="within"):
            await a.request("silent", b"", 0.05)
        await a.close()
        await silent.close()


def secret(path: Path, text: str) -> Path:
    path.touch(0o600)
    path.write_text(text)
    return path


async def works(options_: NatsOptions) -> None:
    transport = await NatsTransport.connect(options_, LOG)
    await transport.serve("ask", echo)
    assert await transport.request("ask", b"?", PATIENCE) == b"?"
    await transport.close()


async def test_user_and_password(tmp_path: Path) -> None:
    right, wrong = secret(tmp_path / "right", "s3cret\n"), secret(tmp_path / "wrong", "guess-me\n")
    async with NatsServer(config=CONFIG + f"authorization {{ user: member, password: s3cret, {SLOW} }}\n") as server:
        await works(options(server, user="member", password_file=right))
        for bad in (options(server), options(server, user="member", password_file=wrong)):
            message = await unreachable(bad)
            assert "uthorization" in message
            assert "guess-me" not in message


async def test_token(tmp_path: Path) -> None:
    async with NatsServer(config=CONFIG + f"authorization {{ token: t0ken, {SLOW} }}\n") as server:
        await works(options(server, token_file=secret(tmp_path / "right", "t0ken\n")))
        await unreachable(options(server, token_file=secret(tmp_path / "wrong", "other")))


def nkey(role: int, key: bytes, *, seed: bool = False) -> str:
    """The text form of a NATS key: roles are O, A, U as 14, 0, 20 (nkeys)."""
    prefix = bytes([18 << 3 | role >> 2, (role & 3) << 6]) if seed else bytes([role << 3])
    raw = prefix + key
    return base64.b32encode(raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")).decode().rstrip("=")


def token(signer: SigningKey, issuer: str, subject: str, kind: str) -> str:
    """A NATS JWT (version 2)."""

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    claims: dict[str, object] = {"jti": kind, "iat": 1, "iss": issuer, "sub": subject, "name": kind}
    limits = {"subs": -1, "data": -1, "payload": -1}
    if kind == "account":
        limits |= {"imports": -1, "exports": -1, "wildcards": True, "conn": -1, "leaf": -1}
        claims["nats"] = {"limits": limits, "type": "account", "version": 2}
    else:
        claims["nats"] = {**limits, "type": "user", "version": 2, "pub": {}, "sub": {}}
    signed = f"{part({'typ': 'JWT', 'alg': 'ed25519-nkey'})}.{part(claims)}"
    signature = base64.urlsafe_b64encode(signer.sign(signed.encode()).signature).decode().rstrip("=")
    return f"{signed}.{signature}"


def creds(jwt: str, seed: str) -> str:
    return (
        f"-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )


async def test_credentials_file(tmp_path: Path) -> None:
    operator, account, user = (SigningKey(keccak256(name)) for name in (b"operator", b"account", b"user"))
    o, a, u = (nkey(role, bytes(k.verify_key)) for role, k in ((14, operator), (0, account), (20, user)))
    config = f"{CONFIG}trusted_keys: [{o}]\nresolver: MEMORY\nauthorization {{ {SLOW} }}\n"
    config += f"resolver_preload: {{ {a}: {token(operator, o, a, 'account')} }}\n"
    jwt = token(account, a, u, "user")
    right = secret(tmp_path / "right.creds", creds(jwt, nkey(20, bytes(user), seed=True)))
    stranger = secret(tmp_path / "stranger.creds", creds(jwt, nkey(20, bytes(SigningKey(bytes(32))), seed=True)))
    assert read_credentials(right) == (jwt, user)
    async with NatsServer(config=config) as server:
        await works(options(server, credentials=right))
        await unreachable(options(server, credentials=stranger))


def test_unusable_secret_files_are_refused(tmp_path: Path) -> None:
    seed = nkey(20, bytes(32), seed=True)
    bad = {
        "empty": "",
        "no seed": "-----BEGIN NATS USER JWT-----\nx\n",
        "account seed": creds("x", nkey(0, bytes(32), seed=True)),
        "damaged seed": creds("x", seed[:-1] + ("A" if seed[-1] != "A" else "B")),
        "short seed": creds("x", seed[:-8]),
        "not base32": creds("x", "01" * 29),
    }
    for name, text in bad.items():
        with pytest.raises(AccessRefused) as caught:
            read_credentials(secret(tmp_path / name, text))
        assert seed[4:20] not in str(caught.value)
    shown = secret(tmp_path / "shown", creds("x", seed))
    shown.chmod(0o644)
    with pytest.raises(AccessRefused, match="chmod 600"):
        read_credentials(shown)
    with pytest.raises(AccessRefused, match="cannot be read"):
        read_credentials(tmp_path / "missing")


@pytest.mark.parametrize(
    "arguments",
    [
        {"urls": ()},
        {"urls": ("http://host:1",)},
        {"urls": ("nats://user:hunter2@host:1",)},
        {"urls": ("nats://host:1",), "user": "u"},
        {"urls": ("nats://host:1",), "token_file": Path("t"), "credentials": Path("c")},
        {"urls": ("nats://host:1",), "tls_cert": Path("c")},
    ],
)
def test_contradictory_options_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(AccessRefused) as caught:
        NatsOptions(**arguments)  # type: ignore[arg-type]
    assert "hunter2" not in str(caught.value)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes this test's certificate")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    make = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "30",
    ]
    subprocess.run([*make, "-keyout", key, "-out", cert, *subject], check=True, capture_output=True)
    return cert, key


async def test_tls(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    cert, key = certificate
    config = f'{CONFIG}tls {{ cert_file: "{cert}", key_file: "{key}", {SLOW} }}\n'
    password = secret(tmp_path / "password", "s3cret")
    async with NatsServer(config=config) as server:
        await works(options(server, tls_ca=cert))
        assert "certificate" in await unreachable(bus_rig.options(server.url.replace("nats", "tls", 1)))
    # A server, or somebody between, that does not offer TLS gets no password.
    async with NatsServer(config=CONFIG + f"authorization {{ user: member, password: s3cret, {SLOW} }}\n") as server:
        message = await unreachable(options(server, tls_ca=cert, user="member", password_file=password))
        assert "does not offer TLS" in message

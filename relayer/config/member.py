"""`member.toml`: what one member keeps to itself. Relative paths start from the folder of the file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from annotated_types import MinLen
from pydantic import BaseModel, Field

from chains.caip import CaipError, ChainId
from chains.registry import UnknownFamily, family
from relayer.config.changes import history
from relayer.config.committee import Committee, FamilyOptions, load_committee
from relayer.config.errors import ConfigError, Finding, Where, nearest, path
from relayer.config.fields import File, Files, Listen, Name, NatsUrls, Passphrase, Text, doc
from relayer.config.read import read_toml
from relayer.config.secret import Secret, anchored, readable_by_others, reveal
from relayer.config.sections import Report, Section, build, options


class Keystore(Section):
    path: Annotated[File, doc("the member's keys, encrypted", rule="mode 0600")]
    passphrase: Annotated[
        Passphrase, doc("where the keystore's passphrase comes from", unit='"file:PATH", "fd:NUMBER" or "prompt"')
    ]


class Store(Section):
    url: Annotated[
        Secret,
        doc(
            "the safety store: sqlite:///PATH (from the environment or a file: absolute)",
            unit='a URL, "env:NAME" or "file:PATH"',
            rule="a disk that keeps what it acknowledges",
        ),
    ]

    @classmethod
    def refine(cls, values: dict[str, Any], where: Where, report: Report) -> None:
        if "url" not in values:
            return
        text = values["url"].get_secret_value()
        if text.startswith("sqlite:///"):
            values["url"] = type(values["url"])(f"sqlite:///{report.base / text.removeprefix('sqlite:///')}")
        elif not text.startswith(("env:", "file:")):
            report.add((*where, "url"), "must begin with sqlite:///, env: or file:")


class EmbeddedNats(Section):
    """A nats-server of this member's own, on 127.0.0.1: for one machine, not for a committee."""

    port: Annotated[int, Field(ge=0, le=65535), doc("its port; 0 takes a free one", unit="port")] = 4222


class Bus(Section):
    urls: Annotated[
        NatsUrls,
        doc("NATS servers", unit="nats://HOST:PORT or tls://HOST:PORT", rule="this or `embedded`"),
    ] = ()
    embedded: Annotated[
        EmbeddedNats | None, doc("starts a nats-server of this member's own", rule="this or `urls`")
    ] = None
    credentials: Annotated[File | None, doc("NATS .creds file", rule="mode 0600; one way of access at most")] = None
    user: Annotated[Text | None, doc("NATS user", rule="with `password_file`; one way of access at most")] = None
    password_file: Annotated[File | None, doc("file with the user's password", rule="mode 0600; with `user`")] = None
    token_file: Annotated[File | None, doc("file with a NATS token", rule="mode 0600; one way of access at most")] = (
        None
    )
    tls_ca: Annotated[File | None, doc("PEM file of the authority that the servers are checked against")] = None
    tls_cert: Annotated[File | None, doc("PEM file of this client's certificate", rule="with `tls_key`")] = None
    tls_key: Annotated[File | None, doc("PEM file of this client's key", rule="with `tls_cert`")] = None
    tls_hostname: Annotated[Text | None, doc("name in the servers' certificate, where it is not the address")] = None
    tls_first: Annotated[bool, doc("the TLS handshake comes before anything else")] = False

    def access(self) -> dict[str, Any]:
        """The arguments of `relayer.bus.access.NatsOptions`."""
        return {name: getattr(self, name) for name in type(self).model_fields if name != "embedded"}

    @classmethod
    def refine(cls, values: dict[str, Any], where: Where, report: Report) -> None:
        given = {key for key in values if values[key] not in (None, (), False)}
        if ("urls" in given) == ("embedded" in given) and {"urls", "embedded"} <= values.keys():
            report.add((*where, "urls"), "give either urls or [bus.embedded]")
        for one, other in (("user", "password_file"), ("tls_cert", "tls_key")):
            if (one in given) != (other in given) and {one, other} <= values.keys():
                report.add((*where, one), f"{one} and {other} belong together")
        if len(given & {"credentials", "user", "token_file"}) > 1:
            report.add(where, "one of credentials, user and token_file, not several")


class Http(Section):
    listen: Annotated[Listen, doc("where certificates, health and metrics are served, read-only", unit="HOST:PORT")] = (
        "127.0.0.1:9360"
    )


class Log(Section):
    level: Annotated[Literal["debug", "info", "warning", "error"], doc("least level that is logged")] = "info"
    format: Annotated[Literal["json", "console"], doc("one JSON object a line, or text for people")] = "json"


class MemberChain(Section):
    """How this member reaches one chain of the committee: its family's options."""

    options: FamilyOptions

    @classmethod
    def gather(cls, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"options": dict(raw)}

    @classmethod
    def refine(cls, values: dict[str, Any], where: Where, report: Report) -> None:
        raw = anchored(values.pop("options"), report.base)
        try:
            model = family(ChainId.parse(str(where[-1])).namespace).member_options
        except (CaipError, UnknownFamily) as error:
            report.add(where, str(error))
            return
        made = options(model, raw, where, report)
        if made is not None:
            values["options"] = made
        elif not any(f.path == path((*where, "endpoints")) for f in report.findings):
            # The family's model stops at the first of its checks; which endpoints are one can be seen all the same.
            _repeated_endpoints(raw.get("endpoints"), (*where, "endpoints"), report)


class Member(Section):
    """The whole file. Make one with `load_member`: only that runs every check."""

    member: Annotated[Name, doc("this member's name in the committee file")]
    committee: Annotated[File, doc("the committee's shared configuration")]
    previous: Annotated[
        Files,
        doc("earlier committee files, oldest first, for as long as books of theirs may turn up"),
    ] = ()
    group: Annotated[File, doc("group.json: the committee's public key package")]
    keystore: Annotated[Keystore, doc("the member's keys")]
    store: Annotated[Store, doc("what must survive")]
    bus: Annotated[Bus, doc("how members talk")]
    http: Annotated[Http, doc("what is served")] = Http()
    log: Annotated[Log, doc("what is logged")] = Log()
    chains: Annotated[
        dict[str, MemberChain],
        MinLen(1),
        doc("one table per chain of the committee, by CAIP-2 id", rule="the same chains as in the committee file"),
    ]


@dataclass(frozen=True, slots=True)
class MemberConfig:
    """Everything that a member is configured with. `index` is its place among the leaders; `previous` holds the earlier
    configurations, oldest first; `warnings` are worth a line in the log."""

    file: Path
    member: Member
    committee: Committee
    previous: tuple[Committee, ...]
    index: int
    warnings: tuple[Finding, ...]

    def chain_options(self, chain: str) -> BaseModel:
        """The family's member options of the chain with this CAIP-2 id."""
        return self.member.chains[chain].options

    def store_url(self) -> str:
        """The URL of the safety store, which may hold a password. Raises `ConfigError`."""
        return reveal(self.member.store.url, str(self.file), "store.url")


def load_member(file: Path) -> MemberConfig:
    """The checked configuration in `file` and the committee files that it names. Raises `ConfigError` with every
    finding about any of them."""
    return parse_member(read_toml(file), file)


def parse_member(raw: Mapping[str, Any], file: Path) -> MemberConfig:
    """`raw` (plain TOML values) as a checked configuration; `file` names it in errors, and paths start beside it."""
    report = Report(file.absolute().parent)
    member = build(Member, raw, (), report)
    assert member is not None  # a TOML file is a table
    others: list[ConfigError] = []
    committee = _committee(getattr(member, "committee", None), others)
    previous = [_committee(one, others) for one in getattr(member, "previous", ())]
    index = None
    if committee is not None:
        index = _place(member, committee, report)
        _same_chains(member, committee, report)
        _same_group(getattr(member, "group", None), committee, report)
        line = [one for one in previous if one is not None]
        if len(line) == len(previous):
            report.findings.extend(Finding("committee", sentence) for sentence in history([*line, committee]))
    if others or report.findings or committee is None or index is None:
        raise ConfigError(str(file), report.findings, others)
    return MemberConfig(
        file, member, committee, tuple(one for one in previous if one is not None), index, _warnings(member, file)
    )


def _committee(file: Path | None, errors: list[ConfigError]) -> Committee | None:
    if file is None:
        return None
    try:
        return load_committee(file)
    except ConfigError as error:
        errors.append(error)
        return None


def _place(member: Member, committee: Committee, report: Report) -> int | None:
    name = getattr(member, "member", None)
    if name is None:
        return None
    index = committee.index(name)
    if index is None:
        names = [one.name for one in committee.members]
        report.add(("member",), f"{name!r} is no member of {committee.name!r}{nearest(name, names)}")
    return index


def _same_chains(member: Member, committee: Committee, report: Report) -> None:
    chains = getattr(member, "chains", None)
    if chains is None:
        return
    for name in committee.chains:
        if name not in chains:
            report.add(("chains", name), "missing: the committee reads this chain, so this member needs endpoints")
    for name in chains:
        if name not in committee.chains:
            report.add(("chains", name), f"the committee has no such chain{nearest(name, committee.chains)}")


def _same_group(file: Path | None, committee: Committee, report: Report) -> None:
    """Where the public key package is there already, it is of this epoch and these thresholds."""
    if file is None or not file.exists():
        return
    from relayer.group import GroupError, decode_group

    try:
        group = decode_group(file.read_text("ascii"))
    except (GroupError, OSError, UnicodeDecodeError) as error:
        report.add(("group",), f"{file}: {error}")
        return
    package = group.package
    found = (group.epoch, package.threshold, len(package.verifying_shares))
    meant = (committee.epoch, committee.threshold, len(committee.members))
    if found != meant:
        report.add(
            ("group",),
            f"{file} is for epoch {found[0]} with {found[1]} of {found[2]} members; the committee file says "
            f"epoch {meant[0]} with {meant[1]} of {meant[2]}",
        )


def _repeated_endpoints(endpoints: Any, where: Where, report: Report) -> None:
    first: dict[str, int] = {}
    for i, endpoint in enumerate(endpoints if isinstance(endpoints, list) else []):
        url = endpoint.get("url") if isinstance(endpoint, dict) else None
        if isinstance(url, str):
            earlier = first.setdefault(normal_url(url), i)
            if earlier != i:
                report.add((*where, i, "url"), f"the same endpoint as {path((*where, earlier))}; they must differ")


def normal_url(text: str) -> str:
    """One spelling of an endpoint's URL, for comparison only: scheme and host in lower case, the scheme's own port
    left out, no slash at the end."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return text
    if not parts.hostname:
        return text
    usual = {"http": 80, "https": 443, "ws": 80, "wss": 443}.get(parts.scheme.lower())
    place = parts.hostname.lower() + (f":{port}" if port not in (None, usual) else "")
    return f"{parts.scheme.lower()}://{place}{parts.path.rstrip('/')}?{parts.query}"


def _warnings(member: Member, file: Path) -> tuple[Finding, ...]:
    found = []
    if readable_by_others(file):
        found.append(Finding("", f"can be read by others: chmod 600 {file}"))
    passphrase = member.keystore.passphrase
    if passphrase.startswith("file:") and readable_by_others(Path(passphrase.removeprefix("file:"))):
        found.append(Finding("keystore.passphrase", "the file can be read by others: chmod 600"))
    return tuple(found)

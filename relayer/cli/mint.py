"""`ballast mint` and `ballast redeem`: a holder's two transactions at a gate.

A mint brings the newest statement along that a member serves, where it is newer than the gate's own, so that nobody
need have submitted it before. The member is not trusted: the gate checks what it gets.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import SecretStr

from relayer.cli import report
from relayer.cli.api import Member, checked
from relayer.cli.documents import base_units, human
from relayer.cli.report import FAILED, WRONG, Json, Problem

if TYPE_CHECKING:
    from chains.types import Deployment, Receipt
    from chains.user import User
    from relayer.config.committee import Committee

Committee_ = Annotated[Path, typer.Option("--committee", metavar="FILE", help="committee.toml.")]
Route = Annotated[str, typer.Option("--route", metavar="NAME", help="The route, as the committee file names it.")]
Gate = Annotated[
    str, typer.Option("--gate", metavar="GATE", help="The gate's CAIP-10 name, or its chain where the route has one.")
]
Amount = Annotated[str, typer.Option("--amount", metavar="DECIMAL", help="In whole tokens, as in 1000 or 12.5.")]
Key = Annotated[
    str,
    typer.Option(
        "--key",
        metavar="SOURCE",
        help='The account\'s secret, 64 hex digits, comes from "file:PATH", "fd:NUMBER", "env:NAME" or "prompt".',
    ),
]
Rpc = Annotated[
    str,
    typer.Option("--rpc", metavar="URL", help='The node to use; "env:NAME" or "file:PATH" where the URL holds a key.'),
]
Force = Annotated[
    bool, typer.Option("--force", help="Send the transaction even though the gate would refuse it; that costs its fee.")
]

_LARGEST_SUBMISSION = 4096


@dataclass(frozen=True, slots=True)
class Statement:
    """What a member serves for a gate: checked to be meant for it, not whether the committee signed it."""

    round: int
    raw: bytes


def add(app: typer.Typer) -> None:
    app.command("mint")(mint)
    app.command("redeem")(redeem)


def mint(
    committee: Committee_,
    route: Route,
    gate: Gate,
    to: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="Who gets the tokens.")],
    amount: Amount,
    key: Key,
    rpc: Rpc,
    member_url: Annotated[
        str | None,
        typer.Option("--member-url", metavar="URL", help="A member's HTTP service, for the newest statement."),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Mint through a gate, as one of its minters, bringing the committee's newest statement along."""
    deployment = _deployment(committee, route, gate)
    units = base_units(amount, deployment.decimals, "--amount")
    _address(deployment, to)
    member = None if member_url is None else checked(member_url, "--member-url")

    async def run(user: "User") -> dict[str, Any]:
        statement = None if member is None else await _newest(member, deployment)
        if statement is not None and (await user.state(deployment)).round >= statement.round:
            statement = None
        raw = None if statement is None else statement.raw
        if not force:
            _stop("mint", deployment, await user.mint_refusal(deployment, to, units, raw))
        receipt = await user.mint(deployment, to, units, raw)
        return {"to": to, "brought": None if statement is None else statement.round, **_executed(receipt)}

    _send("mint", deployment, units, key, rpc, as_json, run)


def redeem(
    committee: Committee_,
    route: Route,
    gate: Gate,
    amount: Amount,
    key: Key,
    rpc: Rpc,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Burn tokens through a gate, which lowers its cap; gives the gate the allowance that it needs first."""
    deployment = _deployment(committee, route, gate)
    units = base_units(amount, deployment.decimals, "--amount")

    async def run(user: "User") -> dict[str, Any]:
        allowed = await user.allow(deployment, units)
        if not force:
            _stop("redeem", deployment, await user.redeem_refusal(deployment, units))
        receipt = await user.redeem(deployment, units)
        return {"allowance": None if allowed is None else allowed.transaction, **_executed(receipt)}

    _send("redeem", deployment, units, key, rpc, as_json, run)


def _send(
    what: str,
    deployment: "Deployment",
    units: int,
    key: str,
    rpc: str,
    as_json: bool,
    run: "Callable[[User], Awaitable[dict[str, Any]]]",
) -> None:
    """Opens the account, lets `run` send, and tells what became of it. Exits with 1 where the gate refused."""
    from chains.user import user

    node, secret = _node(rpc), _secret(key)
    opened = user(deployment.gate.chain.namespace).user(deployment.gate.chain, node, secret)

    async def sent() -> dict[str, Any]:
        try:
            return await run(opened)
        finally:
            await opened.close()

    found = asyncio.run(sent())
    amount = human(units, deployment.decimals)
    if as_json:
        report.data({"action": what, "gate": str(deployment.gate), "amount": str(units), **found})
    elif found["ok"]:
        brought = f", with the statement of round {found['brought']}" if found.get("brought") else ""
        report.text(f"{what} of {amount} at {deployment.gate}{brought}: done in transaction {found['transaction']}")
    else:
        report.note(
            f"error: {what} of {amount} at {deployment.gate} was refused: {found['error']} "
            f"(transaction {found['transaction']}, executed in block {found['height']})"
        )
    if not found["ok"]:
        raise typer.Exit(FAILED)


def _stop(what: str, deployment: "Deployment", refusal: str) -> None:
    if refusal:
        raise Problem(f"{deployment.gate} would refuse this {what}: {refusal}; nothing was sent (--force sends it)")


def _executed(receipt: "Receipt") -> dict[str, Any]:
    return {
        "ok": receipt.ok,
        "error": receipt.error or None,
        "transaction": receipt.transaction,
        "height": receipt.height,
        "cost": str(receipt.cost),
    }


async def _newest(url: str, deployment: "Deployment") -> Statement | None:
    """The newest statement that the member has for the gate; None where it has none. Raises `Problem`."""
    async with Member(url) as member:
        document = await member.get(f"/v1/statements/{deployment.domain.hex()}/{deployment.route.hex()}")
    if document is None:
        return None
    text = document.get("submission")
    if not isinstance(text, str) or len(text) > 2 * _LARGEST_SUBMISSION + 2:
        raise Problem(f"the member at {url} serves no statement that this version knows")
    try:
        return _statement(bytes.fromhex(text.removeprefix("0x")), deployment)
    except ValueError as error:
        raise Problem(f"the member at {url} serves a statement that does not hold: {error}") from None


def _statement(raw: bytes, deployment: "Deployment") -> Statement:
    """A submission (leaf | branch | certificate) for this very gate, whose branch leads to its root. Raises
    `ValueError`."""
    from chains.encoding import MINT_CAP_SIZE, Branch, Certificate, MintCap, decode_leaf
    from chains.wire import Reader

    r = Reader(raw)
    encoded = r.fixed("leaf", MINT_CAP_SIZE)
    leaf, branch, certificate = decode_leaf(encoded), Branch.read(r), Certificate.read(r)
    r.end()
    if not isinstance(leaf, MintCap) or (leaf.domain, leaf.route) != (deployment.domain, deployment.route):
        raise ValueError("it is for another gate or route")
    if branch.root(encoded) != certificate.header.root:
        raise ValueError("its branch does not lead to the root of its certificate")
    return Statement(certificate.header.round, raw)


def _deployment(file: Path, route: str, gate: str) -> "Deployment":
    """The deployment that `--route` and `--gate` name."""
    from chains.encoding import route_id
    from relayer.config.committee import load_committee
    from relayer.config.errors import nearest

    committee = load_committee(file)
    names = [r.name for r in committee.routes]
    if route not in names:
        raise Problem(f"--route: {file} has no route {route!r}{nearest(route, names)}", WRONG)
    of_route = [d for d in _all(committee) if d.route == route_id(route)]
    named = _spelled(gate)
    found = [d for d in of_route if named in (str(d.gate), d.chain)]
    if len(found) != 1:
        gates = ", ".join(str(d.gate) for d in of_route)
        why = "has several gates there" if found else "has no such gate"
        raise Problem(f"--gate: the route {route} {why}; its gates are {gates}", WRONG)
    return found[0]


def _spelled(gate: str) -> str:
    """A CAIP-10 name in its family's one spelling; anything else as it is."""
    from chains.caip import AccountId, CaipError
    from chains.registry import UnknownFamily, family

    try:
        name = AccountId.parse(gate)
        return str(family(name.chain.namespace).canonical_account(name))
    except (CaipError, UnknownFamily):
        return gate


def _all(committee: "Committee") -> "list[Deployment]":
    return [d for of_chain in committee.deployments().values() for d in of_chain]


def _address(deployment: "Deployment", address: str) -> None:
    """Raises `CaipError` for what is no address on the deployment's chain."""
    from chains.caip import AccountId
    from chains.registry import family

    chain = deployment.gate.chain
    family(chain.namespace).canonical_account(AccountId.parse(f"{chain}:{address}"))


def _node(source: str) -> SecretStr:
    """The node's URL, which may hold a key: never repeated in an error."""
    from relayer.config.secret import reveal

    url = reveal(SecretStr(source), "command line", "--rpc")
    if not url.startswith(("http://", "https://")):
        raise Problem('--rpc: an http(s) URL, "env:NAME" or "file:PATH" expected', WRONG)
    return SecretStr(url)


def _secret(source: str) -> bytes:
    """The account's secret, 32 bytes. Raises `Problem`, which never repeats what was read."""
    import getpass

    from relayer.config.secret import reveal
    from relayer.keystore import PassphraseError, read_passphrase

    try:
        if source.startswith("env:"):
            text = reveal(SecretStr(source), "command line", "--key").encode("utf-8", "replace")
        else:
            text = read_passphrase(source, ask=lambda _: getpass.getpass("Secret of the account (64 hex digits): "))
    except PassphraseError as error:
        raise Problem(f"--key: {str(error).replace('passphrase', 'secret')}") from None
    digits = text.strip().decode("ascii", "replace").removeprefix("0x")
    try:
        secret = bytes.fromhex(digits)
    except ValueError:
        secret = b""
    if len(secret) != 32 or len(digits) != 64:
        raise Problem(f"--key: what {source.partition(':')[0]} gives is no secret of 64 hex digits", WRONG)
    return secret

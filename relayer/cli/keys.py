"""`ballast keys`: makes, deals and shows a member's keys. Secrets never appear in arguments, output or errors.

How keys come about, in this order, since gates are deployed with the group key:

- A member of a real committee makes its keystore with `keys identity` and publishes the identity that it prints; the
  members then generate their shares together, and no machine ever holds the group key.
- A devnet needs a committee.toml with no more than network, epoch, faulty, threshold and members' names: `keys deal`
  makes every member's keystore and group.json out of one hand, and prints the identities for the rest of the file.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relayer.cli import report
from relayer.cli.report import WRONG, Json, Problem

if TYPE_CHECKING:
    from relayer.config.roster import Roster
    from relayer.frost import PublicKeyPackage
    from relayer.keystore import KeystoreContents

_SOURCE = '"file:PATH", "fd:NUMBER" or "prompt"'

Keystore = Annotated[Path, typer.Argument(metavar="KEYSTORE", help="A member's keystore.")]
Passphrase = Annotated[str, typer.Option("--passphrase", metavar="SOURCE", help=f"Where it comes from: {_SOURCE}.")]
Accounts = Annotated[
    list[str] | None,
    typer.Option("--account", metavar="CHAIN", help="Also make an account that pays on it: eip155, or eip155:1."),
]


def add(app: typer.Typer) -> None:
    group = typer.Typer(help="Make, deal and show the keys of members.", no_args_is_help=True)
    group.command("identity")(identity)
    group.command("account")(account)
    group.command("deal")(deal)
    group.command("show")(show)
    app.add_typer(group, name="keys")


def identity(
    member: Annotated[str, typer.Option("--member", metavar="NAME", help="The member's name in committee.toml.")],
    out: Annotated[Path, typer.Option("--out", metavar="KEYSTORE", help="The keystore to make.")],
    passphrase: Passphrase,
    accounts: Accounts = None,
    as_json: Json = False,
) -> None:
    """Make a member's keystore with a new identity, and print the entry for committee.toml."""
    import os

    from relayer.config.fields import check_name
    from relayer.keystore import KeystoreContents, Secret32, read_passphrase, write_keystore

    wrong = check_name(member)
    if wrong:
        raise Problem(f"--member: {wrong}", WRONG)
    secrets = {chain: _new_account(chain) for chain in accounts or ()}
    _absent(out)
    contents = KeystoreContents(member=member, identity=Secret32(os.urandom(32)), accounts=secrets)
    write_keystore(out, contents, read_passphrase(passphrase, confirm=True))
    facts = {"keystore": str(out), **_public(contents)}
    if as_json:
        report.data(facts)
        return
    report.note(f"wrote {out}")
    _print_entry(facts)


def account(
    keystore: Keystore,
    chain: Annotated[str, typer.Option("--chain", metavar="CHAIN", help="eip155 (all its chains), or eip155:1.")],
    passphrase: Passphrase,
    secret: Annotated[
        str | None,
        typer.Option("--import", metavar="SOURCE", help=f"Take this secret (64 hex digits) instead: {_SOURCE}."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Add an account that pays for the member's transactions on a chain, and print its address."""
    from relayer.keystore import read_keystore, read_passphrase, write_keystore

    made = _new_account(chain) if secret is None else _imported(secret)
    address = _address(chain, made.reveal())
    phrase = read_passphrase(passphrase)
    contents = read_keystore(keystore, phrase)
    if chain in contents.accounts:
        raise Problem(f"{keystore}: there is an account for {chain} already, and it may hold funds")
    write_keystore(keystore, contents.with_account(chain, made), phrase, overwrite=True)
    if as_json:
        report.data({"keystore": str(keystore), "chain": chain, "address": address})
    else:
        report.text(address)


def show(keystore: Keystore, passphrase: Passphrase, as_json: Json = False) -> None:
    """Print what is public about the keys in a keystore."""
    from relayer.keystore import read_keystore, read_passphrase

    facts = _public(read_keystore(keystore, read_passphrase(passphrase)))
    if as_json:
        report.data({"keystore": str(keystore), **facts})
        return
    report.text(f"member   {facts['member']}")
    report.text(f"identity {facts['identity']}")
    for share in facts["shares"]:
        report.text(
            f"share    epoch {share['epoch']}: number {share['identifier']} of {share['members']}, "
            f"t = {share['threshold']}, group key {share['group_key']}"
        )
    for chain, address in facts["accounts"].items():
        report.text(f"account  {chain} {address}")


def deal(
    committee: Annotated[
        Path,
        typer.Option("--committee", metavar="FILE", help="committee.toml of a devnet; routes may still be missing."),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Takes NAME.keystore of each member, group.json.")],
    passphrase: Annotated[
        str,
        typer.Option(
            "--passphrase",
            metavar="SOURCE",
            help=f"Where it comes from: {_SOURCE}. {{member}} in a path stands for each member's name.",
        ),
    ],
    accounts: Accounts = None,
    as_json: Json = False,
) -> None:
    """Deal the keys of a whole devnet committee out of one hand; on any other network that is refused."""
    import os

    from relayer.config.roster import load_roster
    from relayer.dealing import deal_committee

    roster = load_roster(committee)
    names = [member.name for member in roster.members]
    for chain in accounts or ():
        _family(chain)
    public, keystores = deal_committee(
        names, roster.threshold, roster.network, roster.epoch, os.urandom, accounts=accounts or ()
    )
    _without_identities(committee, roster)
    files = [out / f"{name}.keystore" for name in names]
    _write_dealt(out / "group.json", roster.epoch, public, list(zip(files, keystores, strict=True)), passphrase)
    members = [{"keystore": str(file), **_public(contents)} for file, contents in zip(files, keystores, strict=True)]
    if as_json:
        report.data({"group": str(out / "group.json"), "epoch": roster.epoch, **_group_key(public), "members": members})
        return
    report.note(f"wrote {out / 'group.json'} and {len(files)} keystores; for {committee}:")
    for facts in members:
        _print_entry(facts)


def _without_identities(committee: Path, roster: "Roster") -> None:
    """A dealer makes identities; the keystore of one that exists already is not its to write."""
    from relayer.config.errors import ConfigError, Finding

    given = [
        Finding(f"members[{i}].identity", "is given already; leave it out, `keys deal` makes a new one")
        for i, member in enumerate(roster.members)
        if member.identity
    ]
    if given:
        raise ConfigError(str(committee), given)


def _write_dealt(
    group_file: Path,
    epoch: int,
    public: "PublicKeyPackage",
    keystores: "list[tuple[Path, KeystoreContents]]",
    passphrase: str,
) -> None:
    from relayer.group import Group, encode_group
    from relayer.keystore import INTERACTIVE, write_keystore

    _absent(group_file, *(file for file, _ in keystores))
    phrases = _Passphrases(passphrase)
    group_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _all_or_nothing() as written:
        for file, contents in keystores:
            # The cheaper derivation: a devnet's keys protect nothing, and every member pays for it at each start.
            write_keystore(file, contents, phrases.of(contents.member), INTERACTIVE)
            written.append(file)
        with group_file.open("x", encoding="ascii") as stream:
            written.append(group_file)
            stream.write(encode_group(Group(epoch, public)))


@contextmanager
def _all_or_nothing() -> Iterator[list[Path]]:
    """Removes the files that were put on the list where an error follows: half a committee is of no use."""
    written: list[Path] = []
    try:
        yield written
    except BaseException:
        for file in written:
            file.unlink(missing_ok=True)
        raise


class _Passphrases:
    """One source for all members, read once, or one file for each."""

    def __init__(self, source: str) -> None:
        from relayer.keystore import read_passphrase

        self._read = read_passphrase
        self._source = source
        self._shared = None if "{member}" in source else read_passphrase(source, confirm=True)

    def of(self, member: str) -> bytes:
        return self._read(self._source.replace("{member}", member)) if self._shared is None else self._shared


def _absent(*files: Path) -> None:
    there = [str(file) for file in files if file.exists()]
    if there:
        raise Problem(f"{', '.join(there)}: there already, and may hold the only copy of a key; nothing was written")


def _family(chain: str) -> Any:
    """The family of a CAIP-2 chain id or namespace. Raises `UnknownFamily`, `CaipError`."""
    from chains.caip import ChainId
    from chains.registry import family

    return family(ChainId.parse(chain).namespace if ":" in chain else chain)


def _address(chain: str, secret: bytes) -> str:
    address: str = _family(chain).account_address(secret)
    return address


def _new_account(chain: str) -> Any:
    import os

    from relayer.keystore import Secret32

    secret = Secret32(os.urandom(32))
    _address(chain, secret.reveal())  # refused here, before anything is written, where it is no key
    return secret


def _imported(source: str) -> Any:
    from relayer.keystore import Secret32, read_passphrase

    try:
        return Secret32(bytes.fromhex(read_passphrase(source).decode("ascii").strip().removeprefix("0x")))
    except ValueError:
        raise Problem("--import: the source does not hold a secret of 64 hex digits", WRONG) from None


def _public(contents: "KeystoreContents") -> dict[str, Any]:
    shares = [
        {
            "epoch": epoch,
            "identifier": key.identifier,
            "members": len(key.public.verifying_shares),
            "threshold": key.public.threshold,
            **_group_key(key.public),
        }
        for epoch, key in sorted(contents.shares.items())
    ]
    accounts = {chain: _address(chain, secret.reveal()) for chain, secret in sorted(contents.accounts.items())}
    return {"member": contents.member, "identity": contents.verify_key.hex(), "shares": shares, "accounts": accounts}


def _group_key(public: "PublicKeyPackage") -> dict[str, Any]:
    """The group key compressed, and as gates take it: its x-coordinate and the parity of y."""
    group = public.group
    return {"group_key": group.point33.hex(), "px": group.px.hex(), "parity": group.parity}


def _print_entry(facts: dict[str, Any]) -> None:
    """A member's entry of committee.toml, on stdout."""
    report.text(f'[[members]]\nname = "{facts["member"]}"\nidentity = "{facts["identity"]}"')
    for chain, address in facts["accounts"].items():
        report.text(f"# pays on {chain}: {address}")
    report.text("")

"""`committee.toml`: what all members of a committee share, and what their rounds are computed from."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import MinLen
from pydantic import BaseModel, InstanceOf, SerializeAsAny

from chains import types as chain_types
from chains.caip import AccountId, AssetId, CaipError, ChainId
from chains.registry import UnknownFamily, family
from relayer.agreement.params import Params
from relayer.config import views
from relayer.config.canonical import config_id, group_id
from relayer.config.errors import ConfigError, Finding, Where
from relayer.config.fields import (
    Account,
    Amount,
    Asset,
    Bps,
    Change,
    Counter,
    Decimals,
    Epoch,
    Identity,
    Name,
    Seconds,
    Share,
    Span,
    Threshold,
    Time,
    doc,
)
from relayer.config.read import read_toml
from relayer.config.sections import Deferred, NoOptions, Report, Section, build, options

FamilyOptions = Annotated[SerializeAsAny[InstanceOf[BaseModel]], Deferred()]


class Member(Section):
    name: Annotated[Name, doc("what the member is called in logs and metrics", rule="unique")]
    identity: Annotated[
        Identity, doc("Ed25519 public key that signs the member's messages", unit="64 hex digits", rule="unique")
    ]


class Chain(Section):
    """A chain that some route names; the key of the table is its CAIP-2 id, the rest are its family's options."""

    finality_lag: Annotated[
        Span,
        doc(
            "how far a finalized checkpoint may trail the clock while all is well",
            unit="s",
            rule="`finality_lag + slot <= staleness`",
        ),
    ]
    options: FamilyOptions

    @classmethod
    def gather(cls, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        own = {key: value for key, value in raw.items() if key == "finality_lag"}
        return {**own, "options": {key: value for key, value in raw.items() if key not in own}}

    @classmethod
    def refine(cls, values: dict[str, Any], where: Where, report: Report) -> None:
        raw = values.pop("options")
        name = str(where[-1])
        try:
            model = family(ChainId.parse(name).namespace).chain_options
        except (CaipError, UnknownFamily) as error:
            report.add(where, str(error))
            return
        if "finality_lag" in model.model_fields:
            # A family that bounds the age of its own checkpoints need not ask for the figure again. (Where it is
            # missing or wrong, one finding says so already.)
            raw = {**raw, "finality_lag": values.get("finality_lag", 1)}
        made = options(model, raw, where, report, beside=("finality_lag",))
        if made is not None:
            values["options"] = made


class Position(Section):
    account: Annotated[Account, doc("who holds the collateral", unit="CAIP-10", rule="on a chain under `chains`")]
    asset: Annotated[
        Asset,
        doc("what is held", unit="CAIP-19", rule="on the account's chain; one account and asset back one route, once"),
    ]
    decimals: Annotated[Decimals, doc("decimals of the asset", rule="equal to the token's own")]
    options: Annotated[FamilyOptions, doc("what the chain's family needs to know of the position")] = NoOptions()

    @classmethod
    def refine(cls, values: dict[str, Any], where: Where, report: Report) -> None:
        _names(values, "account", "asset", where, report)
        _family_options(values, "account", "position_options", where, report)


class Deployment(Section):
    gate: Annotated[Account, doc("the gate that may mint the token", unit="CAIP-10", rule="once in a route")]
    token: Annotated[
        Asset, doc("the wrapped token", unit="CAIP-19", rule="on the gate's chain; in one deployment only")
    ]
    decimals: Annotated[Decimals, doc("decimals of the token", rule="equal to the token's own")]
    weight: Annotated[
        Counter,
        doc("share of the free room, beside the other deployments of the route", rule="their sum is above 0"),
    ] = 1
    lease: Annotated[
        Span,
        doc(
            "life of a statement, by this chain's clock",
            unit="s",
            rule="`> 2 * heartbeat`; `> staleness + (faulty + 2) * slot + 2 * skew`; "
            "`> heartbeat + finality_lag + (faulty + 2) * slot + 2 * skew`",
        ),
    ]
    retired: Annotated[
        bool,
        doc(
            "no cap above 0 any more (the weight then counts for nothing); counted until its supply is 0",
            rule="retire first, delete once its supply is 0 at finality and no lease is left",
        ),
    ] = False
    options: Annotated[FamilyOptions, doc("what the chain's family needs to know of the gate and token")] = NoOptions()

    @classmethod
    def refine(cls, values: dict[str, Any], where: Where, report: Report) -> None:
        _names(values, "gate", "token", where, report)
        _family_options(values, "gate", "deployment_options", where, report)


class Route(Section):
    """One wrapped asset. Amounts are whole route units: integers, or texts of digits where TOML's integers end."""

    name: Annotated[Name, doc("names the route for good: its id is the Keccak-256 of the name", rule="unique")]
    decimals: Annotated[Decimals, doc("decimals of the route's own units", rule="never changes")]
    margin: Annotated[Amount, doc("collateral that backs nothing", unit="route units")] = 0
    margin_bps: Annotated[Share, doc("share of the collateral that backs nothing, beside `margin`", unit="bps")] = 0
    slack_bps: Annotated[Share, doc("share of the backing that is never handed out as caps", unit="bps")] = 0
    demand_bps: Annotated[
        Bps, doc("share of the free room that follows recent demand; the rest follows the weights", unit="bps")
    ] = 0
    deviation_bps: Annotated[
        Change, doc("a change of collateral, supply or cap beyond this is worth a round", unit="bps")
    ] = 100
    low_water_bps: Annotated[Bps, doc("headroom below this share of the cap is worth a round", unit="bps")] = 1000
    tolerance: Annotated[
        Amount, doc("how far two readings of one checkpoint may differ; 0 where reads are exact", unit="route units")
    ] = 0
    grace: Annotated[
        Seconds,
        doc("how long an apparent deficit holds its zeros back", unit="s", rule="below the shortest lease"),
    ] = 0
    positions: Annotated[tuple[Position, ...], MinLen(1), doc("the collateral")]
    deployments: Annotated[tuple[Deployment, ...], MinLen(1), doc("where the wrapped token lives")]


class Committee(Section):
    """The whole file. Make one with `load_committee`: only that runs every check."""

    name: Annotated[Name, doc("the committee's name, part of its group id", rule="never changes")]
    network: Annotated[
        Literal["devnet", "testnet", "mainnet"],
        doc("what is at stake: `ballast keys deal` works on a devnet only", rule="never changes"),
    ]
    epoch: Annotated[
        Epoch,
        doc("life of one group key, counted from 1", rule="members and thresholds change only with it"),
    ]
    from_round: Annotated[
        Counter, doc("the round from which this configuration holds", rule="later than the previous one's")
    ] = 0
    genesis: Annotated[Time, doc("when round 0 began", unit="Unix s", rule="never changes")]
    slot: Annotated[Span, doc("length of a round", unit="s", rule="`>= 2 * skew + 2`; never changes")]
    skew: Annotated[Seconds, doc("how far the clocks of two honest members may differ", unit="s")]
    staleness: Annotated[
        Span,
        doc(
            "W: age beyond which a reading is absent, and how long new positions are read beforehand",
            unit="s",
            rule="`>= finality_lag + slot` of every chain",
        ),
    ]
    heartbeat: Annotated[
        Span,
        doc("a route is certified at least this often", unit="s", rule="`< lease / 2` of every deployment; `>= slot`"),
    ]
    turns: Annotated[
        Span,
        doc("b: a route that was left out calls for a round only in every b-th turn of the leaders", unit="turns"),
    ] = 1
    faulty: Annotated[Counter, doc("f: how many members may fail in any way", unit="members", rule="`n >= 3f + 1`")]
    threshold: Annotated[
        Threshold,
        doc("t: how many members sign", unit="members", rule="`2t - n > f` and `t <= n - f`"),
    ]
    members: Annotated[tuple[Member, ...], MinLen(1), doc("in order: member `k mod n` leads round k")]
    chains: Annotated[
        dict[str, Chain],
        MinLen(1),
        doc("one table per chain that a route names, by CAIP-2 id", rule="all used, none missing"),
    ]
    routes: Annotated[tuple[Route, ...], MinLen(1), doc("the wrapped assets")]

    def document(self) -> dict[str, Any]:
        """The canonical document (see `relayer.config.canonical`): plain values only."""
        document = self.model_dump(mode="json")
        for route in document["routes"]:
            route["positions"].sort(key=lambda p: (p["account"], p["asset"]))
            route["deployments"].sort(key=lambda d: (d["gate"], d["token"]))
        document["routes"].sort(key=lambda r: r["name"])
        return document

    @cached_property
    def config_id(self) -> bytes:
        return config_id(self.document())

    @cached_property
    def group(self) -> bytes:
        return group_id(self.name, self.genesis)

    def index(self, name: str) -> int | None:
        """The place of the member called `name` in the order of leaders."""
        return next((i for i, member in enumerate(self.members) if member.name == name), None)

    def chain_options(self, chain: str) -> BaseModel:
        """The family's options of the chain with this CAIP-2 id."""
        return self.chains[chain].options

    def positions(self) -> dict[str, tuple[chain_types.Position, ...]]:
        """Every position, by the CAIP-2 id of its chain, in canonical order."""
        return views.positions(self)

    def deployments(self) -> dict[str, tuple[chain_types.Deployment, ...]]:
        """Every deployment, retired ones too, by the CAIP-2 id of its chain, in canonical order."""
        return views.deployments(self)

    def params(self) -> Params:
        """What the rules of the agreement see, in canonical order: equal `config_id`, equal `Params`."""
        return views.params(self)


def load_committee(file: Path) -> Committee:
    """The checked configuration in `file`. Raises `ConfigError` with every finding."""
    return parse_committee(read_toml(file), file)


def parse_committee(raw: Mapping[str, Any], file: Path) -> Committee:
    """`raw` (plain TOML values) as a checked configuration; `file` names it in errors."""
    from relayer.config.checks import committee_findings

    report = Report(file.parent)
    committee = build(Committee, raw, (), report)
    if committee is not None:
        report.findings.extend(committee_findings(committee))
    if committee is None or report.findings:
        raise ConfigError(str(file), report.findings)
    try:
        committee.config_id  # noqa: B018 - computed once here, so that what has no canonical form is refused
    except TypeError as error:
        raise ConfigError(str(file), [Finding("", f"has no canonical form: {error}")]) from None
    return committee


def _names(values: dict[str, Any], account: str, asset: str, where: Where, report: Report) -> None:
    """Puts the two names into their family's one spelling; a name that the family refuses is reported and dropped."""
    for key, parse, spell in (
        (account, AccountId.parse, "canonical_account"),
        (asset, AssetId.parse, "canonical_asset"),
    ):
        if key not in values:
            continue
        try:
            name = parse(values[key])
            values[key] = str(getattr(family(name.chain.namespace), spell)(name))
        except (CaipError, UnknownFamily) as error:
            report.add((*where, key), str(error))
            del values[key]


def _family_options(values: dict[str, Any], account: str, which: str, where: Where, report: Report) -> None:
    raw = values.pop("options", None)
    if raw is None or account not in values:
        return
    model = getattr(family(AccountId.parse(values[account]).chain.namespace), which)
    made = options(model, raw if isinstance(raw, dict) else {}, (*where, "options"), report)
    if made is not None:
        values["options"] = made

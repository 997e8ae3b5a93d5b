"""Writes a devnet's configuration files. They are what a production committee has, with short times.

Times in seconds. A local chain's finality trails by two to three of its one-second blocks; all members share one clock.
"""

import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relayer.devnet import toml
from relayer.devnet.state import Member, State, write_private

DECIMALS = 6
"""Of every route, asset and token."""

SLOT = 3
SKEW = 0
FINALITY_LAG = 8
"""Of a chain whose family says nothing else."""

HEARTBEAT = 24
LEASE = 180
"""Long enough that a machine that stands still for a minute lets no cap run out."""
LONGEST_LEASE = 600
NETWORK = "devnet"
NAME = "devnet"
EPOCH = 1

_HEADING = "Written by `ballast devnet up`; everything in it is real, only small and short-lived."

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Identity:
    """A member's public names: its Ed25519 key (64 hex digits) and its accounts' addresses by chain."""

    name: str
    identity: str
    accounts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Route:
    """A route of committee.toml: the rows of its one position and of its deployments."""

    name: str
    position: Table
    deployments: tuple[Table, ...]

    @property
    def rows(self) -> tuple[Table, ...]:
        return (self.position, *self.deployments)


def chain_of(row: Table) -> str:
    """The CAIP-2 id of the chain that a position's or deployment's row is on."""
    return str(row["gate" if "gate" in row else "account"]).rpartition(":")[0]


def read_routes(state: State) -> tuple[Route, ...]:
    """The routes of a devnet that is up, the main one first."""
    document = tomllib.loads(state.committee.read_text(encoding="utf-8"))
    return tuple(Route(r["name"], r["positions"][0], tuple(r["deployments"])) for r in document["routes"])


def roster(state: State, names: Sequence[str]) -> None:
    """Writes committee.toml as far as keys can be dealt from it."""
    document = {**_group(len(names)), "members": [{"name": name} for name in names]}
    state.committee.write_text(toml.dumps(document, _HEADING), encoding="utf-8")


def committee(
    state: State, identities: Sequence[Identity], chains: Mapping[str, Table], routes: Sequence[Route]
) -> None:
    """Writes committee.toml: `chains` by CAIP-2 id; the rows of `routes` as the families gave them."""
    tables = {name: {"finality_lag": FINALITY_LAG, **table} for name, table in chains.items()}
    document = {
        **_group(len(identities)),
        "genesis": int(time.time()) - 10 * SLOT,
        "slot": SLOT,
        "skew": SKEW,
        # The configuration demands one slot more than the lag; the other is for a machine that is busy.
        "staleness": max(int(table["finality_lag"]) for table in tables.values()) + 2 * SLOT,
        "heartbeat": HEARTBEAT,
        "members": [{"name": one.name, "identity": one.identity} for one in identities],
        "chains": tables,
        "routes": [
            {
                "name": route.name,
                "decimals": DECIMALS,
                "deviation_bps": 100,
                "low_water_bps": 1000,
                "positions": [route.position],
                "deployments": [{**deployment, "lease": LEASE} for deployment in route.deployments],
            }
            for route in routes
        ],
    }
    state.committee.write_text(toml.dumps(document, _HEADING), encoding="utf-8")


def _group(members: int) -> Table:
    faulty = (members - 1) // 3
    threshold = (members + faulty) // 2 + 1  # the least with 2t - n > f
    return {"name": NAME, "network": NETWORK, "epoch": EPOCH, "faulty": faulty, "threshold": threshold}


def member(state: State, member: Member, chains: Mapping[str, Table]) -> None:
    """Writes a member's member.toml: `chains` by CAIP-2 id."""
    document = {
        "member": member.name,
        "committee": "../../committee.toml",
        "group": "../../group.json",
        "keystore": {"path": "keystore", "passphrase": "file:passphrase"},
        "store": {"url": "sqlite:///store.db"},
        "bus": {"urls": [f"nats://127.0.0.1:{state.bus_port}"]},
        "http": {"listen": f"127.0.0.1:{member.port}"},
        "log": {"level": "info", "format": "json"},
        "chains": chains,
    }
    write_private(state.config(member.name), toml.dumps(document, _HEADING))

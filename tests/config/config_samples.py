"""Sound configurations as plain values, and small edits of them."""

import copy
from pathlib import Path
from typing import Any

from relayer.config.committee import Committee, parse_committee
from relayer.config.errors import ConfigError

FILE = Path("committee.toml")

Raw = dict[str, Any]


def committee_raw() -> Raw:
    """Four members, one route from one toy chain to two others. Every constraint holds with a little room."""
    return {
        "name": "sample",
        "network": "devnet",
        "epoch": 1,
        "from_round": 0,
        "genesis": 1_700_000_000,
        "slot": 6,
        "skew": 1,
        "staleness": 40,
        "heartbeat": 30,
        "turns": 2,
        "faulty": 1,
        "threshold": 3,
        "members": [{"name": name, "identity": f"{i + 16:02x}" * 32} for i, name in enumerate("abcd")],
        "chains": {f"toy:{i}": {"finality_lag": 10, "seed": "oak"} for i in (1, 2, 3)},
        "routes": [
            {
                "name": "wCoin",
                "decimals": 6,
                "positions": [{"account": "toy:1:Vault", "asset": "toy:1/coin:gold", "decimals": 8}],
                "deployments": [deployment("toy:2", "a"), deployment("toy:3", "b")],
            }
        ],
    }


def deployment(chain: str, letter: str, **more: Any) -> Raw:
    return {"gate": f"{chain}:gate{letter}", "token": f"{chain}/coin:w{letter}", "decimals": 6, "lease": 90, **more}


def second_route(raw: Raw) -> Raw:
    """Adds a route beside the first, and returns it."""
    route: Raw = {
        "name": "wTin",
        "decimals": 2,
        "positions": [{"account": "toy:1:Safe", "asset": "toy:1/coin:tin", "decimals": 2}],
        "deployments": [deployment("toy:2", "c"), deployment("toy:3", "d")],
    }
    raw["routes"].append(route)
    return route


def member_raw(committee: str = "committee.toml") -> Raw:
    return {
        "member": "b",
        "committee": committee,
        "group": "group.json",
        "keystore": {"path": "b.keystore", "passphrase": "file:b.pass"},
        "store": {"url": "sqlite:///b.db"},
        "bus": {"urls": ["nats://127.0.0.1:4222"]},
        "chains": {f"toy:{i}": {"endpoints": [{"url": f"https://one.example/{i}"}]} for i in (1, 2, 3)},
    }


def edited(raw: Raw, path: str, value: Any) -> Raw:
    """A copy of `raw` with the value at `a.0.b` replaced; `...` deletes it."""
    result = copy.deepcopy(raw)
    here: Any = result
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in steps:
        here = here[step]
    if value is ...:
        del here[last]
    else:
        here[last] = value
    return result


def committee(raw: Raw) -> Committee:
    return parse_committee(raw, FILE)


def findings(raw: Raw) -> dict[str, str]:
    """What is wrong with `raw`, by path; empty when nothing is."""
    found: dict[str, str] = {}
    try:
        committee(raw)
    except ConfigError as error:
        for finding in error.findings:
            found[finding.path] = found.get(finding.path, "") + finding.message + "\n"
    return found

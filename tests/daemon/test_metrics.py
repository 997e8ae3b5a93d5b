"""What /metrics says of what is not known: an unknown figure is no zero."""

from collections.abc import Mapping
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from relayer.daemon.metrics import Metrics


def samples(metrics: Metrics, status: Mapping[str, Any], *, ready: bool = False) -> dict[tuple[str, ...], float]:
    """Every sample by name and label values in their own order, as a Prometheus server would read it."""
    text = metrics.render(status, ready, {(None, "sender"): 2, (1, "accepted"): 5}).decode("utf-8")
    families = text_string_to_metric_families(text)
    return {(s.name, *sorted(s.labels.values())): s.value for family in families for s in family.samples}


def unknown() -> dict[str, Any]:
    """A status of a member that has just started: nothing is known yet."""
    deployment = {"gate": "test:1:gate", "supply": None, "cap": None, "headroom": None, "lease_left": None}
    route = {"name": "USD", "collateral": None, "supply": None, "exposure": None, "deployments": [deployment]}
    return {"certified": None, "chains": [{"chain": "test:1", "height": None, "endpoints": []}], "routes": [route]}


def test_what_is_unknown_is_no_number() -> None:
    told = samples(Metrics(), unknown())
    names = {"ballast_certified_round", "ballast_route", "ballast_gate"}
    shown = {key: value for key, value in told.items() if key[0] in names}
    assert len(shown) == 1 + 3 + 4
    assert all(value != value for value in shown.values())
    assert told[("ballast_ready",)] == 0
    assert not [key for key in told if key[0] == "ballast_chain_height"]


def test_what_is_known_no_longer_stands_there_once_it_is_unknown_again() -> None:
    metrics, status = Metrics(), unknown()
    status["certified"] = {"round": 7}
    status["routes"][0]["collateral"] = "1000"
    told = samples(metrics, status, ready=True)
    assert told[("ballast_certified_round",)] == 7
    assert told[("ballast_route", "USD", "collateral")] == 1000
    assert told[("ballast_ready",)] == 1
    gone = samples(metrics, unknown())
    assert gone[("ballast_route", "USD", "collateral")] != gone[("ballast_route", "USD", "collateral")]


def test_events_submissions_disputes_and_messages_are_counted() -> None:
    metrics = Metrics()
    metrics.event("call")
    metrics.event("call")
    metrics.submission("test:1", "landed")
    metrics.dispute("proposals")
    told = samples(metrics, unknown())
    assert told[("ballast_events_total", "call")] == 2
    assert told[("ballast_submissions_total", "landed", "test:1")] == 1
    assert told[("ballast_disputes_total", "proposals")] == 1
    assert told[("ballast_bus_messages", "sender", "unknown")] == 2
    assert told[("ballast_bus_messages", "1", "accepted")] == 5

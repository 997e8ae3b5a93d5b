"""Prometheus metrics of one member. Names begin with `ballast_`; amounts are route units as floats, for graphs only."""

from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest


class Metrics:
    """One registry per process; `render` gives the text exposition format."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._events = Counter("ballast_events", "What happened in the rounds", ["event"], registry=registry)
        self._disputes = Counter("ballast_disputes", "Signed contradictions kept", ["kind"], registry=registry)
        sent = ["chain", "outcome"]
        self._submissions = Counter("ballast_submissions", "Statements brought to gates", sent, registry=registry)
        fates = ["member", "fate"]
        self._bus = Gauge("ballast_bus_messages", "Messages by sender and fate", fates, registry=registry)
        self._round = Gauge("ballast_certified_round", "Highest certified round known", registry=registry)
        self._ready = Gauge("ballast_ready", "1 when the member is ready, else 0", registry=registry)
        self._height = Gauge("ballast_chain_height", "Finalized checkpoint", ["chain"], registry=registry)
        faults = ["chain", "endpoint", "kind"]
        self._endpoint = Gauge("ballast_endpoint_faults", "Faults of an endpoint by kind", faults, registry=registry)
        self._route = Gauge("ballast_route", "Figures of a route", ["route", "figure"], registry=registry)
        self._gate = Gauge("ballast_gate", "Figures of a gate", ["route", "gate", "figure"], registry=registry)

    def event(self, name: str) -> None:
        self._events.labels(name).inc()

    def dispute(self, kind: str) -> None:
        self._disputes.labels(kind).inc()

    def submission(self, chain: str, outcome: str) -> None:
        self._submissions.labels(chain, outcome).inc()

    def render(self, status: Mapping[str, Any], ready: bool, bus: Mapping[tuple[int | None, str], int]) -> bytes:
        """The text of /metrics, with the gauges set from a `status` document."""
        self._ready.set(int(ready))
        self._set(self._round, status["certified"]["round"] if status["certified"] else None)
        for (member, fate), count in bus.items():
            self._bus.labels("unknown" if member is None else str(member), fate).set(count)
        for chain in status["chains"]:
            if chain["height"] is not None:
                self._height.labels(chain["chain"]).set(chain["height"])
            for endpoint in chain["endpoints"]:
                for kind in ("lagging", "lying", "failing", "limiting"):
                    self._endpoint.labels(chain["chain"], endpoint["name"], kind).set(endpoint[kind])
        for route in status["routes"]:
            for figure in ("collateral", "supply", "exposure"):
                self._set(self._route.labels(route["name"], figure), route[figure])
            for d in route["deployments"]:
                for figure in ("supply", "cap", "headroom", "lease_left"):
                    self._set(self._gate.labels(route["name"], d["gate"], figure), d[figure])
        return generate_latest(self._registry)

    @staticmethod
    def _set(gauge: Gauge, value: str | int | None) -> None:
        gauge.set(float("nan") if value is None else float(value))

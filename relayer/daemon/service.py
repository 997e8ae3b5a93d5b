"""What the HTTP service shows, out of the running parts."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from relayer.agreement.params import Params
from relayer.agreement.records import Certified
from relayer.bus.bus import Bus
from relayer.daemon.blobs import BlobCache
from relayer.daemon.metrics import Metrics
from relayer.daemon.reading import OpenChain, Readings
from relayer.daemon.runtime import Runtime
from relayer.daemon.status import status
from relayer.daemon.submitting import Submitter
from relayer.roundfile import MissingParts, export
from relayer.rounds.machine import Machine
from relayer.store.safety import SafetyStore


class Service:
    """Implements `relayer.daemon.http.Source`."""

    def __init__(
        self,
        member: str,
        params: Callable[[int], Params | None],
        machine: Machine,
        readings: Readings,
        chains: Sequence[OpenChain],
        submitter: Submitter,
        runtime: Runtime,
        bus: Bus,
        store: SafetyStore,
        blobs: BlobCache,
        metrics: Metrics,
    ) -> None:
        self._member = member
        self._params_at = params
        self._machine = machine
        self._readings = readings
        self._chains = chains
        self._submitter = submitter
        self._runtime = runtime
        self._bus = bus
        self._store = store
        self._blobs = blobs
        self._metrics = metrics

    def _params(self) -> Params:
        first = self._params_at(0)
        assert first is not None
        return self._params_at(max(0, first.slot_at(time.time()))) or first

    def status(self) -> dict[str, Any]:
        known = self._machine.highest
        return status(
            member=self._member,
            params=self._params(),
            now=time.time(),
            highest=known[1] if known else None,
            promise=self._machine.memory.promise,
            readings=self._readings,
            chains=self._chains,
            submitter=self._submitter,
            findings=self._runtime.findings.rows,
            not_ready=self.not_ready(),
        )

    def not_ready(self) -> list[str]:
        """Why this member could not do its part now, one sentence each."""
        params, now, reasons = self._params(), time.time(), []
        if not self._bus.connected:
            reasons.append("the bus is not connected")
        reasons += [f"{chain} cannot be read: {why}" for chain, why in sorted(self._readings.troubles.items())]
        known = self._machine.highest
        if known is None:
            reasons.append("no certificate is known yet")
        elif now > params.begins(known[0].round) + 2 * params.heartbeat + params.slot:
            reasons.append(f"no certificate since round {known[0].round}, for more than two heartbeats")
        memory, round_ = self._machine.memory, params.slot_at(now)
        if (lost := memory.lost) is not None:
            horizons = [known[1].books.horizon(c) if known else 0 for c in params.destination_chains]
            if round_ < lost.first_round:
                reasons.append(f"the store was lost: nothing is signed before round {lost.first_round}")
            elif min(horizons, default=0) <= lost.leases_end:
                reasons.append(f"the store was lost: nothing is signed until all horizons are beyond {lost.leases_end}")
        elif memory.promise > round_ + 1:
            reasons.append(f"round {memory.promise} was entered, but the clock stands in {round_}: was it set back?")
        return reasons

    def metrics(self) -> bytes:
        reasons = self.not_ready()
        return self._metrics.render(self.status(), not reasons, self._bus.counters)

    def certificates(self, limit: int, before: int | None) -> list[dict[str, Any]]:
        rows = []
        for kept in self._store.certificates(limit, before):
            certified = Certified.decode(kept.raw)
            rows.append(
                {
                    "round": kept.round,
                    "epoch": certified.header.epoch,
                    "id": certified.id.hex(),
                    "config_id": certified.basis.config_id.hex(),
                    "certificate": "0x" + certified.certificate.encode().hex(),
                }
            )
        return rows

    def round(self, round_: int | None) -> dict[str, Any] | None:
        if round_ is None:
            found = self._store.highest_certificate()
            raw = found[1] if found else None
        else:
            raw = self._store.certificate(round_)
        if raw is None:
            return None
        try:
            return export(Certified.decode(raw), self._blobs)
        except MissingParts:
            return None

    def statement(self, domain: bytes, route: bytes) -> dict[str, Any] | None:
        job = self._submitter.newest.get((domain, route))
        if job is None:
            return None
        return {
            "version": 1,
            "domain": domain.hex(),
            "route": route.hex(),
            "round": job.round,
            "mint_cap": str(job.leaf.mint_cap),
            "collateral": str(job.leaf.collateral),
            "supply": str(job.leaf.supply),
            "observed_at": job.leaf.observed_at,
            "expires_at": job.leaf.expires_at,
            "submission": "0x" + job.raw.hex(),
        }

"""Random adversarial schedules over the real rules.

    python -m tests.agreement.adversary --runs N --seed S [--mutation NAME]

The adversary schedules everything and holds f members, who lie in everything: readings, the certificate and proposals
that they report, several proposals for one round, certificates held back, signatures under anything. It takes any caps
that the cap rule allows, lets honest readers lag, moves the collateral, makes members lose their stores, hides chains
from readers and changes the configuration. It tries to bring more into circulation than the collateral.
"""

import argparse
import random
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from multiprocessing import Pool

from relayer.agreement import caprule
from relayer.agreement.observation import ChainReading, GateReading
from relayer.agreement.params import Params
from relayer.agreement.records import Certified, Proposal
from relayer.agreement.shareout import Request

from .mutations import MUTATIONS, mutated
from .world import ALONE, COLLATERAL, DESTINATIONS, DOMAIN, LEASE, SOURCES, STALENESS, Round, World, configured

STEPS = 400
COMMITTEES = ((4, 1, 3), (7, 2, 5), (5, 1, 4))


@dataclass(frozen=True)
class Greedy:
    """A share-out that takes, in a drawn order, the first of each destination's wishes that the cap rule allows."""

    wishes: tuple[tuple[bytes, tuple[int, ...]], ...]

    def __call__(self, request: Request) -> Mapping[bytes, int]:
        active = {d.domain for d in request.active}
        caps: dict[bytes, int] = {}
        for domain, wishes in self.wishes:
            if domain in active:
                for wish in wishes:
                    if caprule.allowed(request.ceilings, {**caps, domain: wish}, request.allotted):
                        caps[domain] = wish
                        break
        return caps


class Adversary:
    """One run. Everything follows from the seed."""

    def __init__(self, seed: int, n: int, f: int, t: int) -> None:
        self.rng = random.Random(seed)
        self.world = World(*self._configurations(n, f, t))
        self.honest = range(n - f)
        self.round = 1
        self.loser = self.rng.choice(self.honest)
        self.chaos = self.rng.choice((0.1, 0.3, 0.6, 1.0))
        self.lags = self.rng.choice(((5, 15, 30), (1, 2, STALENESS)))
        self.moves = self.rng.random() < 0.5
        self.loses = self.rng.random() < 0.3
        self.hides = self.rng.choice((0.0, 0.0, 0.1))

    def _irregular(self, share: float) -> bool:
        """Whether something goes another way than in a quiet committee; the more chaos, the oftener."""
        return self.rng.random() < share * self.chaos

    def _lag(self) -> int:
        return self.rng.choice(self.lags) if self._irregular(0.6) else 0

    def _configurations(self, n: int, f: int, t: int) -> list[Params]:
        """A first one, and now and then up to two more with other leases, with x retired or z left out."""
        rounds = [0]
        if self.rng.random() < 0.5:
            rounds += sorted(self.rng.sample(range(3, 25), self.rng.choice((1, 2))))
        return [
            configured(
                n,
                f,
                t,
                name=f"from {round_}",
                from_round=round_,
                leases={d: self.rng.choice((1, 2, LEASE, LEASE)) for d in DESTINATIONS},
                without=("z",) if round_ and self.rng.random() < 0.3 else (),
                retired=("x",) if round_ and self.rng.random() < 0.2 else (),
            )
            for round_ in rounds
        ]

    def run(self, steps: int = STEPS) -> bool:
        """Whether the run ends in an over-mint."""
        return any(self._over_minted_after_step() for _ in range(steps))

    def _over_minted_after_step(self) -> bool:
        if self.loses and self.rng.random() < 0.02:
            self.world.forget(self.loser, self._unused_round())
        if self.moves and self.rng.random() < 0.05:
            self._move()
        step = self.rng.random()
        if step < 0.07:
            self.world.wait(self.rng.choice((1, 1, 2, 4)))
        elif step < 0.34:
            self._observe(self.round + self._irregular(0.25))
        elif step < 0.60:
            self._propose_and_sign()
        elif step < 0.72:
            self._submit()
        elif step < 0.94:
            self._use()
        elif self.world.supply and self.rng.random() < 0.5:
            self._burn()
        return self.world.over_minted

    def _unused_round(self) -> int:
        promised = [self.world.members[i].memory.promise for i in self.honest]
        return max([*promised, *(r.number for r in self.world.rounds)]) + 1

    # ---- the chains

    def _move(self) -> None:
        """All collateral moves; sometimes it is on its way for a while, and on neither chain."""
        held = {s: self.world.chains[s].head.positions for s in SOURCES}
        full = next((s for s in SOURCES if sum(held[s].values())), None)
        if full is None:
            self.world.hold(self.rng.choice(SOURCES), COLLATERAL)
            return
        self.world.hold(full, 0)
        if self.rng.random() < 0.7:
            self.world.hold(next(s for s in SOURCES if s != full), COLLATERAL)

    def _submit(self) -> None:
        """One statement that its gate will take, however long it has been held back."""
        destination = self.rng.choice(DESTINATIONS)
        last = self.world.gate(destination).round
        certified = [r.certified for r in self.world.rounds[-20:] if r.certified and r.number > last]
        good = [c for c in certified if self._live(c, destination)]
        if good:
            self.world.submit(self.rng.choice(good), destination)

    def _live(self, certified: Certified, destination: str) -> bool:
        leaf = self.world.statements(certified.basis.statements).get(DOMAIN[destination])
        return leaf is not None and leaf.mint_cap > 0 and leaf.expires_at >= self.world.now

    def _use(self) -> None:
        """Mints now and then, so that readers see gates before and after."""
        self.world.mint(self.rng.choice(DESTINATIONS))

    def _burn(self) -> None:
        destination = self.rng.choice([d for d in DESTINATIONS if self.world.gate(d).supply])
        supply = self.world.gate(destination).supply
        self.world.burn(destination, self.rng.choice((supply, supply, 1)), through_gate=self.rng.random() < 0.6)

    # ---- observing

    def _observe(self, round_: int) -> None:
        for i in self.honest:
            if not self._irregular(0.3):
                known = [r for r in self.world.rounds if r.certified][-3:]
                if known and not self._irregular(0.6):
                    self.world.learn(self.rng.choice(known), i)
                at = {name: self.world.now - self._lag() for name in DESTINATIONS}
                at |= {name: self.world.now - self._lag() for name in SOURCES if self.rng.random() < 0.3}
                absent = [name for name in self.world.chains if self.rng.random() < self.hides]
                self.world.observe(round_, i, at=at, absent=absent)

    def _lie(self, round_: int, member: int) -> None:
        """A new observation of a liar, for the leader that it deceives."""
        known = [r for r in self.world.rounds if r.certified and r.number < round_][-3:]
        certificate = self.rng.choice(known).certified if known and self.rng.random() < 0.6 else None
        floor = certificate.round if certificate else 0
        proposals = dict[int, Proposal]()
        for r in self.world.rounds[-6:]:
            if floor < r.number < round_ and self.rng.random() < 0.4:
                proposals[r.number] = r.proposal
        reported = tuple(p for _, p in sorted(proposals.items()))
        readings = self.world.configured(round_, self._readings(round_))
        self.world.say(round_, member, readings, certificate, reported)

    def _readings(self, round_: int) -> tuple[ChainReading, ...]:
        time = self.world.now - self.rng.choice((0, 0, *self.lags))
        if self.rng.random() < 0.2:
            return self.world.truth(time)
        return tuple(self._false(r, round_) for r in self.world.rich(time))

    def _false(self, reading: ChainReading, round_: int) -> ChainReading:
        """At a height of its own, so that nobody can compare: an empty gate, a clock ahead, or anything."""
        rng, now = self.rng, self.world.now
        kind = rng.random()
        if kind < 0.4:
            time, supply, last = now, 0, round_
        elif kind < 0.7:
            time, supply, last = now + rng.choice((0, 30)), 0, 0
        else:
            time, supply, last = max(0, now - rng.randint(0, 30)), rng.randint(0, COLLATERAL), rng.randint(0, round_)
        gates = tuple(GateReading(g.domain, g.route, supply, last, 0) for g in reading.gates)
        height = reading.height if rng.random() < 0.1 else ALONE + rng.randrange(1 << 20)
        return replace(reading, height=height, time=time, gates=gates)

    # ---- proposing

    def _propose_and_sign(self) -> None:
        fresh = self.rng.random() < 0.7
        if fresh:
            late = self.rng.choice((1, 2)) if self._irregular(0.4) else 0
            round_ = self._propose(max(1, self.round - late))
        else:
            round_ = self.rng.choice(self.world.rounds[-4:]) if self.world.rounds else None
        if round_:
            self.world.sign(round_, *(i for i in self.honest if not self._irregular(0.5)))
        if fresh and self.rng.random() < (0.7 if round_ else 0.25):
            self.round = max(self.round, (round_.number if round_ else self.round) + 1)

    def _propose(self, round_: int) -> Round | None:
        have = [i for i in self.honest if (round_, i) in self.world.observations]
        if len(have) + self.world.f < self.world.t:
            return None
        for liar in self.world.liars:
            self._lie(round_, liar)
        everybody = have + list(self.world.liars)
        of = self.rng.sample(everybody, self.rng.randint(self.world.t, len(everybody)))
        return self.world.propose(round_, of, self._wishes())

    def _wishes(self) -> Greedy:
        most = tuple(range(COLLATERAL, -1, -1))
        return Greedy(
            tuple(
                (DOMAIN[d], self.rng.choice((most, most, (2, 1, 0), (0,))))
                for d in self.rng.sample(DESTINATIONS, len(DESTINATIONS))
                if self.rng.random() < 0.75
            )
        )


@dataclass(frozen=True)
class Result:
    """What came of one run."""

    seed: int
    over_minted: bool
    certificates: int
    refused: int


def one(seed: int, committee: tuple[int, int, int] = COMMITTEES[0], mutation: str | None = None) -> Result:
    """One run, from its seed alone."""
    with mutated(mutation):
        run = Adversary(seed, *committee)
        over_minted = run.run()
    world = run.world
    refused = sum("refuses" in line and "member" in line for line in world.log)
    return Result(seed, over_minted, sum(r.certified is not None for r in world.rounds), refused)


def _one(job: tuple[int, tuple[int, int, int], str | None]) -> Result:
    return one(*job)


def main(arguments: list[str]) -> int:
    """Prints one line per committee; 1 when a run over-minted."""
    parser = argparse.ArgumentParser(prog="python -m tests.agreement.adversary", description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=1000, help="runs per committee")
    parser.add_argument("--seed", type=int, default=0, help="the first run's seed; the others count on")
    parser.add_argument("--mutation", choices=sorted(MUTATIONS), help="break this rule")
    parser.add_argument("--processes", type=int, default=None)
    options = parser.parse_args(arguments)
    found = False
    with Pool(options.processes) as pool:
        for committee in COMMITTEES:
            jobs = [(options.seed + i, committee, options.mutation) for i in range(options.runs)]
            results = pool.map(_one, jobs, chunksize=10)
            bad = [r.seed for r in results if r.over_minted]
            found |= bool(bad)
            certificates = sum(r.certificates for r in results) / len(results)
            refused = sum(r.refused for r in results) / len(results)
            n, f, t = committee
            print(
                f"n={n} f={f} t={t} {options.mutation or 'whole rules'}: {len(bad)} of {len(results)} runs over-minted"
                f" (seeds {bad[:5]}); per run {certificates:.1f} certificates, {refused:.1f} refused signatures"
            )
    return int(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What the invariants' test does in random order: right and wrong calls, by anybody, at any time.

Each call goes to the program in the virtual machine and to the model; they must agree on what happens and why, and what
happened must keep the invariants whatever the model says. Numbers lie mostly near the edges.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from solders.keypair import Keypair

from chains.solana.program_settings import (
    LONGEST_DELAY,
    LONGEST_LEASE,
    OPEN_FOR,
    SHORTEST_DELAY,
    Setting,
    guardian,
    longest_lease,
    loosen_delay,
    minter,
    rate_limit,
)
from tests.chains.solana.program.harness import MAX_U64, World
from tests.chains.solana.program.model import Handing, Model, Offer
from tests.chains.solana.program.vm import Outcome
from tests.chains.solana.program.watch import Call, View, Watch
from tests.chains.statements import Committee, flipped, planted, proof

SUBMIT_FAULTS = (
    "stale", "domain", "route", "expired", "lease", "future", "fit", "epoch", "before", "key", "old key", "root",
)  # fmt: skip
HANDOVER_FAULTS = ("key", "epoch", "next epoch", "proof", "round", "expired", "domain", "", "", "")
BROKEN = {"submit": "I4", "mint": "I1, I3, I7 or I11", "redeem": "I7", "hand_over": "I9", "set": "I8", "execute": "I8"}
"""The invariant that breaks if a call is taken that should be refused, or refused that should be taken."""

edges = st.tuples(st.integers(0, 15), st.integers(0, MAX_U64))
indexes = st.integers(0, 10**6)


def near(edge: tuple[int, int], at: int, most: int = MAX_U64) -> int:
    """Mostly a number around `at`, sometimes a much greater one."""
    how, value = edge
    if how == 0:
        return value % (most + 1)
    found = {1: at, 2: at, 3: at + 1, 4: at + 1, 5: max(0, at - 1)}.get(how, value % (at + 2))
    return min(found, most)


class Gate(RuleBasedStateMachine):
    """Does what anybody may try, in any order."""

    reached: ClassVar[Counter[str]] = Counter()
    """How often each call succeeded, and how often each error was seen."""

    def __init__(self) -> None:
        super().__init__()
        self.world = w = World(capacity=1_500, refill=1)
        self.model = Model(w.vm.now, w.state, w.committee_state, w.group)
        self.watch, self.view = Watch(), View.of(w)
        self.round = 10
        self.keys = 0
        self.old_group = w.group
        self.offers: list[Offer] = []
        self.people = [w.minter, w.issuer, w.guard, w.holder, w.vm.key("newcomer")]

    @initialize(started=st.integers(0, 3), cap=st.integers(0, 4_000))
    def begin(self, started: int, cap: int) -> None:
        """Mostly with a statement."""
        if started:
            self.submitted(self.made(cap, 80_000, self.round))

    def call(self, call: Call, model: Callable[[], None], do: Callable[[], Outcome]) -> Outcome:
        """One transaction, in the model and in the virtual machine."""
        self.model.now = self.world.vm.now
        expected, outcome, before = self.model.attempt(model), do(), self.view
        self.view = View.of(self.world)
        self.watch.check(before, call, outcome, self.view)
        told = "the token program's" if outcome.error.startswith(str(self.world.token_program)) else outcome.error
        number = BROKEN.get(call.name, "I4")
        assert told == expected, f"{number}: {call.name} gave {told or 'no error'!r}, expected {expected or 'none'!r}"
        Gate.reached[call.name] += outcome.ok
        Gate.reached[outcome.error or "done"] += 1
        return outcome

    @invariant()
    def agrees_with_the_model(self) -> None:
        """What is stored is what the rules make of the calls so far (I4, I12)."""
        told, known = self.view.route, self.model.route
        assert _unordered(told) == _unordered(known)
        assert self.view.committee == self.model.committee
        assert (self.view.supply, self.view.balance) == (self.model.supply, self.model.held)

    # Statements

    def made(self, cap: int, lease: int, round_: int, *, leaves: int = 5, fault: str = "", **changes: Any) -> Offer:
        """A right statement, unless `changes` make it another."""
        now, group, epoch = self.world.vm.now, self.model.group, self.model.committee.epoch
        signer, said = changes.pop("by", group), changes.pop("epoch", epoch)
        expires_at = now + 1 + lease % self.model.route.max_lease
        leaf = replace(self.world.leaf(cap, expires_at=expires_at), **changes)
        header = {"root": bytes(32)} if fault == "WrongRoot" else {}
        data = planted(leaf, leaves).certified(signer, said, round_, **header)
        return Offer(data, leaf, said, round_, signer, fault)

    def submitted(self, offer: Offer) -> Outcome:
        call = Call("submit", offer=offer)
        return self.call(call, lambda: self.model.submit(offer), lambda: self.world.submit(offer.data))

    @rule(cap=edges, skip=st.integers(1, 3), lease=indexes, leaves=st.integers(1, 6))
    def submit(self, cap: tuple[int, int], skip: int, lease: int, leaves: int) -> None:
        self.round = max(self.round, self.model.route.round) + skip
        offer = self.made(near(cap, self.model.supply + 2_000), lease, self.round, leaves=leaves)
        self.offers.append(offer)
        assert self.submitted(offer).ok, "I4: a right statement was refused"

    @rule(cap=edges, totals=st.tuples(st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1)))
    def submit_any_totals(self, cap: tuple[int, int], totals: tuple[int, int]) -> None:
        self.round += 1
        self.submitted(self.made(near(cap, self.model.supply), 999, self.round, collateral=totals[0], supply=totals[1]))

    @rule(cap=edges, fault=st.sampled_from(SUBMIT_FAULTS), by=st.integers(0, 3))
    def submit_wrong(self, cap: tuple[int, int], fault: str, by: int) -> None:
        """A statement with one thing wrong must leave everything as it is."""
        offer = self.wrong(near(cap, self.model.supply + 2_000), fault, by)
        assert not self.submitted(offer).ok, f"I4: taken although {fault} is wrong"

    def wrong(self, cap: int, fault: str, by: int) -> Offer:
        now, r, epoch, round_ = self.world.vm.now, self.model.route, self.model.committee.epoch, self.round + 1
        if fault == "stale":
            return self.made(cap, 100, max(0, r.round - by))
        if fault == "before":
            return self.made(cap, 100, self.model.committee.since_round)
        if fault == "root":
            return self.made(cap, 100, round_, fault="WrongRoot")
        old = self.old_group if self.old_group is not self.model.group else Committee("stranger")
        changes: dict[str, dict[str, Any]] = {
            "domain": {"domain": bytes([by]) * 32},
            "route": {"route": bytes([by]) * 32},
            "expired": {"expires_at": now - by},
            "lease": {"expires_at": now + r.max_lease + 1 + by},
            "future": {"observed_at": now + 61 + by},
            "fit": {("mint_cap", "collateral", "supply")[by % 3]: 2**128 + by},
            "epoch": {"epoch": epoch + (1 if by % 2 else -1)},
            "key": {"by": Committee(f"stranger {by}")},
            "old key": {"by": old},
        }
        return self.made(cap, 100, round_, **changes[fault])

    @rule(at=indexes, mask=st.integers(1, 255), tail=st.sampled_from([b"", b"\0", bytes(32)]))
    def submit_altered(self, at: int, mask: int, tail: bytes) -> None:
        whole = self.made(self.model.supply + 500, 100, self.round + 1).data
        altered = whole + tail if tail else flipped(whole, at % len(whole), mask)
        before, outcome = self.view, self.world.submit(altered)
        self.view = View.of(self.world)
        assert not outcome.ok, "I4: an altered statement was taken"
        self.watch.check(before, Call("submit"), outcome, self.view)

    @precondition(lambda self: self.offers)
    @rule(which=indexes)
    def submit_again(self, which: int) -> None:
        """Whatever was ever made, at another time."""
        self.submitted(self.offers[which % len(self.offers)])

    # Minting and burning

    def minted(self, amount: int, who: Keypair, offer: Offer | None = None) -> None:
        key = str(who.pubkey())
        self.call(
            Call("mint", key, amount, offer),
            lambda: self.model.mint(key, amount, offer),
            lambda: self.world.mint(amount, offer.data if offer else b"", by=who),
        )

    def room(self) -> int:
        return max(0, min(self.model.route.cap - self.model.supply, self.model.available))

    @rule(amount=edges, who=st.integers(0, 9))
    def mint(self, amount: tuple[int, int], who: int) -> None:
        self.model.now = self.world.vm.now
        self.minted(near(amount, self.room()), self.people[who % 5 if who > 5 else 0])

    @rule(amount=edges, who=st.integers(0, 9), cap=edges, what=st.sampled_from(["new", "new", "old", "wrong", "any"]))
    def mint_with_statement(self, amount: tuple[int, int], who: int, cap: tuple[int, int], what: str) -> None:
        self.model.now = self.world.vm.now
        limit = near(cap, self.model.supply + 1_000)
        if what == "new":
            self.round = max(self.round, self.model.route.round) + 1
            offer = self.made(limit, 1_000, self.round)
        elif what == "wrong":
            offer = self.wrong(limit, SUBMIT_FAULTS[who], amount[0] % 4)
        elif what == "any" and self.offers:
            offer = self.offers[amount[0] % len(self.offers)]
        else:
            offer = self.made(limit, 1_000, max(0, self.model.route.round - who))
        self.offers.append(offer)
        room = max(0, min((limit if what == "new" else self.model.route.cap) - self.model.supply, self.model.available))
        self.minted(near(amount, room), self.people[who % 5 if who > 5 else 0], offer)

    @rule(amount=edges)
    def redeem(self, amount: tuple[int, int]) -> None:
        held = self.model.held
        burned = near(amount, held)
        outcome = self.call(
            Call("redeem", amount=burned), lambda: self.model.redeem(burned), lambda: self.world.redeem(burned)
        )
        assert outcome.ok == (0 < burned <= held), "I7: a redemption was refused"

    @rule(amount=edges)
    def burn_beside(self, amount: tuple[int, int]) -> None:
        w, burned = self.world, near(amount, self.model.held)
        self.call(
            Call("burn", amount=burned),
            lambda: self.model.burn(burned),
            lambda: w.vm.burn_beside(w.mint_address, w.account, burned, w.holder),
        )

    # Settings

    @rule(on=st.booleans(), who=st.integers(0, 9))
    def pause(self, on: bool, who: int) -> None:
        by = self.owner() if who > 4 else self.people[who]
        key = str(by.pubkey())
        model = self.model.pause if on else self.model.unpause
        self.call(Call("pause", key), lambda: model(key), lambda: (self.world.pause if on else self.world.unpause)(by))

    def some_setting(self, kind: int, edge: tuple[int, int], second: tuple[int, int]) -> Setting:
        r, account = self.model.route, str(self.people[edge[1] % 5].pubkey())
        return [
            rate_limit(near(edge, r.capacity), near(second, r.refill_per_second)),
            longest_lease(min(max(1, near(edge, r.max_lease)), LONGEST_LEASE)),
            loosen_delay(min(max(SHORTEST_DELAY, near(edge, r.loosen_delay)), LONGEST_DELAY)),
            minter(account, second[0] % 2 == 0),
            guardian(account),
        ][kind]

    @rule(kind=st.integers(0, 4), edge=edges, second=edges, who=st.integers(0, 9), then=st.booleans())
    def change(self, kind: int, edge: tuple[int, int], second: tuple[int, int], who: int, then: bool) -> None:
        setting = self.some_setting(kind, edge, second)
        by = self.owner() if who > 2 else self.people[who]
        key = str(by.pubkey())
        outcome = self.call(
            Call("set", key, setting=setting),
            lambda: self.model.set(key, setting),
            lambda: self.world.set(setting, by),
        )
        waiting = [at for at, entry in enumerate(self.model.route.queue) if entry.setting == setting]
        if then and outcome.ok and waiting:
            # Tried a second too early, then in time.
            self.execute(waiting[0], -1, 9)
            self.execute(waiting[0], 0, 9)

    @precondition(lambda self: self.model.route.queue)
    @rule(which=indexes, wait=st.sampled_from([None, -1, 0, 1, OPEN_FOR - 1, OPEN_FOR]), who=st.integers(0, 9))
    def execute_what_waits(self, which: int, wait: int | None, who: int) -> None:
        """At any time, mostly at the edges of when it may be."""
        self.execute(which, wait, who)

    def execute(self, which: int, wait: int | None, who: int) -> None:
        entry = self.model.route.queue[which % len(self.model.route.queue)]
        if wait is not None:
            self.world.vm.warp(max(self.world.vm.now, entry.ready_at + wait))
        by = self.owner() if who else self.people[which % 5]
        key = str(by.pubkey())
        self.call(
            Call("execute", key, setting=entry.setting),
            lambda: self.model.execute(key, entry.setting),
            lambda: self.world.execute(entry.setting, by),
        )

    @rule(kind=st.integers(0, 4), edge=edges)
    def execute_what_does_not_wait(self, kind: int, edge: tuple[int, int]) -> None:
        setting, by = self.some_setting(kind, edge, edge), self.owner()
        key = str(by.pubkey())
        self.call(
            Call("execute", key, setting=setting),
            lambda: self.model.execute(key, setting),
            lambda: self.world.execute(setting, by),
        )

    @precondition(lambda self: self.model.route.queue)
    @rule(which=indexes, who=st.integers(0, 4))
    def cancel(self, which: int, who: int) -> None:
        setting, by = self.model.route.queue[which % len(self.model.route.queue)].setting, self.people[who]
        key = str(by.pubkey())
        self.call(
            Call("cancel", key, setting=setting),
            lambda: self.model.cancel(key, setting),
            lambda: self.world.cancel(setting, by),
        )

    @rule(who=st.integers(0, 9), to=st.integers(0, 4))
    def move_ownership(self, who: int, to: int) -> None:
        by, heir = self.owner() if who > 4 else self.people[who], self.people[to]
        key, other = str(by.pubkey()), str(heir.pubkey())
        self.call(
            Call("transfer_ownership", key),
            lambda: self.model.transfer_ownership(key, other),
            lambda: self.world.transfer_ownership(heir.pubkey(), by),
        )
        taker = self.people[who % 5] if who % 2 else heir
        taken = str(taker.pubkey())
        self.call(
            Call("accept_ownership", taken),
            lambda: self.model.accept_ownership(taken),
            lambda: self.world.accept_ownership(taker),
        )

    def owner(self) -> Keypair:
        return next(key for key in self.people if str(key.pubkey()) == self.model.route.owner)

    # The committee and the clock

    @rule(fault=st.sampled_from(HANDOVER_FAULTS), leaves=st.integers(1, 4))
    def hand_over(self, fault: str, leaves: int) -> None:
        self.keys += 1
        key = Committee(f"next {self.keys}")  # never the same twice: an old key would be a right one
        c, w = self.model.committee, self.world
        self.round += 1
        round_ = c.since_round if fault == "round" else self.round
        signer = (self.old_group if self.old_group is not w.group else key) if fault == "key" else self.model.group
        epoch = c.epoch + 1 if fault == "epoch" else c.epoch
        changes: dict[str, dict[str, Any]] = {"expired": {"expires_at": w.vm.now}, "domain": {"domain": w.domain}}
        leaf = w.handover_leaf(key, c.epoch + (2 if fault == "next epoch" else 1), **changes.get(fault, {}))
        prover = self.model.group if fault == "proof" else key
        data = planted(leaf, leaves).certified(signer, epoch, round_)
        handing = Handing(data, proof(leaf, prover), leaf, epoch, round_, signer, prover, key)
        before = self.model.group
        outcome = self.call(
            Call("hand_over", handing=handing),
            lambda: self.model.hand_over(handing),
            lambda: w.hand_over(handing.data, handing.proof),
        )
        assert outcome.ok == (not fault), f"I9: a handover with {fault or 'nothing'} wrong"
        if outcome.ok:
            self.old_group = before

    @rule(seconds=st.integers(0, 7_200), how=st.integers(0, 5))
    def wait(self, seconds: int, how: int) -> None:
        """Also to the very second of expiry, and to the one before."""
        now, end = self.world.vm.now, self.model.route.expires_at
        self.world.vm.warp(end - how % 2 if how < 4 and end > now else now + seconds)
        self.view = View.of(self.world)
        self.minted(max(1, self.room()) if how else 1, self.world.minter)


def _unordered(route: Any) -> Any:
    """Minters and loosenings stand in no order."""
    return replace(route, minters=tuple(sorted(route.minters)), queue=tuple(sorted(route.queue, key=repr)))

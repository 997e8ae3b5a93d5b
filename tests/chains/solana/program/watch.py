"""The numbered invariants of docs/invariants.md, asserted of what a call did to the accounts."""

from dataclasses import dataclass, field

from chains.solana.program_settings import OPEN_FOR, Setting
from chains.solana.state import Committee as CommitteeState
from chains.solana.state import Route
from tests.chains.solana.program.harness import World
from tests.chains.solana.program.model import Handing, Offer
from tests.chains.solana.program.vm import Outcome


@dataclass(frozen=True, slots=True)
class View:
    """All that there is at one moment; `raw` are the accounts as they are stored."""

    now: int
    route: Route
    committee: CommitteeState
    supply: int
    balance: int
    raw: tuple[object, ...]

    @classmethod
    def of(cls, world: World) -> "View":
        state, committee = world.state, world.committee_state
        return cls(world.vm.now, state, committee, world.supply, world.balance, world.everything())

    @property
    def stated(self) -> tuple[int, ...]:
        r = self.route
        return r.round, r.cap, r.collateral, r.supply, r.observed_at, r.expires_at


@dataclass(frozen=True, slots=True)
class Call:
    """What was tried, by whom, with what."""

    name: str
    who: str = ""
    amount: int = 0
    offer: Offer | None = None
    handing: Handing | None = None
    setting: Setting | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """For the windows of I6: what was minted at a time, and the limits in force just before."""

    time: int
    minted: int
    capacity: int
    refill: int


@dataclass(slots=True)
class Watch:
    """Remembers what the invariants span: limits and mints over time, and when each loosening was queued."""

    queued: dict[Setting, tuple[int, int]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    def check(self, before: View, call: Call, outcome: Outcome, after: View) -> None:
        """Raises `AssertionError` with the number of the invariant that broke."""
        if not outcome.ok:
            assert before.raw == after.raw, "I4: a refused call changed something"
            return
        self._statement(before, call, after)
        self._mint(before, call, after)
        self._redeem(before, call, after)
        self._settings(before, call, after)
        self._committee(before, call, after)

    def _statement(self, before: View, call: Call, after: View) -> None:
        if after.route.round == before.route.round:
            assert after.stated[2:] == before.stated[2:], f"I4: {call.name} moved what the statement says"
            same = after.route.cap == before.route.cap
            assert same or call.name == "redeem", f"I4: {call.name} moved the cap"
            assert call.name != "submit", "I2: a statement was taken that is not newer"
            return
        assert after.route.round > before.route.round, "I2: the last round fell"
        assert call.name in ("submit", "mint"), f"I4: {call.name} brought a statement"
        offer = call.offer
        assert offer is not None, "I4: a statement came from nowhere"
        leaf, now = offer.leaf, after.now
        certified = not offer.fault and (offer.signer.px, offer.signer.parity) == (
            before.committee.px,
            before.committee.parity,
        )
        assert certified, "I4: not certified under the key in force"
        assert (leaf.domain, leaf.route) == (after.route.domain, after.route.route), "I4: another gate's or route's"
        assert now < leaf.expires_at <= now + before.route.max_lease, "I4: expired, or it lives too long"
        assert leaf.observed_at <= now + 60, "I4: observed in the future"
        assert offer.epoch == before.committee.epoch, "I9: a certificate of another epoch"
        assert offer.round > before.committee.since_round, "I9: a round that is not after the handover's"
        told = (offer.round, leaf.mint_cap, leaf.collateral, leaf.supply, leaf.observed_at, leaf.expires_at)
        assert after.stated == told, "I12: something else was stored than was certified"

    def _mint(self, before: View, call: Call, after: View) -> None:
        minted = call.amount if call.name == "mint" else 0
        if call.name == "mint":
            assert after.supply <= after.route.cap, "I1: a mint left supply above the cap"
            assert after.route.round > 0, "I3: minted without a statement"
            assert after.now < after.route.expires_at, "I3: minted on an expired statement"
            assert not before.route.paused, "I7: minted while paused"
            assert after.supply == before.supply + minted, "I10: supply rose by another amount"
            assert after.balance == before.balance + minted, "I10: the receiver got another amount"
            assert minted > 0, "I10: minted nothing"
            assert call.who in before.route.minters, "I11: minted by somebody else"
        elif call.name not in ("redeem", "burn"):
            assert (after.supply, after.balance) == (before.supply, before.balance), f"I10: {call.name} moved tokens"
        r = before.route
        self.entries.append(Entry(after.now, minted, r.capacity, r.refill_per_second))
        total = capacity = refill = 0
        for entry in reversed(self.entries):
            total += entry.minted
            capacity, refill = max(capacity, entry.capacity), max(refill, entry.refill)
            assert total <= capacity + refill * (after.now - entry.time), "I6: more was minted than the rate allows"

    def _redeem(self, before: View, call: Call, after: View) -> None:
        if call.name == "redeem":
            burned = (before.supply - after.supply, before.balance - after.balance)
            assert burned == (call.amount, call.amount), "I5: another amount was burned"
            assert after.route.cap == max(0, before.route.cap - call.amount), "I5: the cap fell by another amount"

    def _settings(self, before: View, call: Call, after: View) -> None:
        b, a, now = before.route, after.route, after.now
        looser = (
            a.capacity > b.capacity
            or a.refill_per_second > b.refill_per_second
            or a.max_lease > b.max_lease
            or a.loosen_delay < b.loosen_delay
            or not set(a.minters) <= set(b.minters)
            or a.guardian != b.guardian
        )
        assert not looser or call.name == "execute", f"I8: {call.name} loosened at once"
        if call.name == "execute":
            assert call.setting in self.queued, "I8: what was not queued was executed"
            asked, delay = self.queued.pop(call.setting)
            assert asked + delay <= now < asked + delay + OPEN_FOR, "I8: a loosening outside its time"
        if call.name == "set" and call.setting:
            if len(a.queue) > len([e for e in b.queue if now < e.ready_at + OPEN_FOR]):
                self.queued[call.setting] = (now, b.loosen_delay)
            else:
                assert applied(a, call.setting), "I8: a tightening did not take effect"
        if call.name == "cancel" and call.setting:
            del self.queued[call.setting]

    def _committee(self, before: View, call: Call, after: View) -> None:
        b, a, handing = before.committee, after.committee, call.handing
        if a == b:
            assert call.name != "hand_over", "I9: a handover that changed nothing"
            return
        assert call.name == "hand_over", f"I9: {call.name} changed the committee"
        assert handing is not None, "I9: a handover from nowhere"
        assert (handing.signer.px, handing.signer.parity) == (b.px, b.parity), "I9: not by the key in force"
        assert handing.prover is handing.key, "I9: the new key did not sign"
        assert (a.px, a.parity) == (handing.key.px, handing.key.parity), "I9: another key than the certified one"
        assert a.epoch == b.epoch + 1, "I9: the epoch did not rise by one"
        assert handing.leaf.domain == b.domain, "I9: for another committee"
        assert a.since_round == handing.round > b.since_round, "I9: the round of the handover"


def applied(r: Route, setting: Setting) -> bool:
    """Whether the setting is what the gate has."""
    return {
        0: (r.capacity, r.refill_per_second) == (setting.a, setting.b),
        1: r.max_lease == setting.a,
        2: r.loosen_delay == setting.a,
        3: (setting.account in r.minters) == bool(setting.a),
        4: r.guardian == setting.account,
    }[setting.kind]

"""The gate's rules in plain Python, as docs/solana-program.md puts them: what a call does, or why it is refused.

It works on the decoded accounts, so that they can be compared as they are. Token accounts are two numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from chains.encoding import Handover, MintCap
from chains.solana.program_settings import OPEN_FOR, Kind, Setting
from chains.solana.state import Committee as CommitteeState
from chains.solana.state import Loosening, Route
from tests.chains.statements import Committee

SKEW = 60
PLACES = 8


class Refused(Exception):
    """Why, by the name of the program's error."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A statement as it was made. `fault` is empty for one that reaches the gate as it was signed."""

    data: bytes
    leaf: MintCap
    epoch: int
    round: int
    signer: Committee
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Handing:
    """A handover as it was made."""

    data: bytes
    proof: bytes
    leaf: Handover
    epoch: int
    round: int
    signer: Committee
    prover: Committee
    key: Committee


def refuse_unless(condition: bool, name: str) -> None:
    if not condition:
        raise Refused(name)


@dataclass(slots=True)
class Model:
    """One gate, its committee, its token. `group` is who holds the key in force."""

    now: int
    route: Route
    committee: CommitteeState
    group: Committee
    supply: int = 0
    held: int = 0

    def attempt(self, call: Callable[[], None]) -> str:
        """What a transaction is: all of it or nothing. The name of the error, or nothing."""
        before = (self.route, self.committee, self.group, self.supply, self.held)
        try:
            call()
        except Refused as why:
            self.route, self.committee, self.group, self.supply, self.held = before
            return str(why)
        return ""

    # Statements

    def submit(self, offer: Offer) -> None:
        self._well_formed(offer)
        refuse_unless(offer.round > self.route.round, "StaleRound")
        self._accept(offer)

    def mint(self, who: str, amount: int, offer: Offer | None = None) -> None:
        if offer:
            self._well_formed(offer)
            if offer.round > self.route.round:
                self._accept(offer)
        r = self.route
        refuse_unless(who in r.minters, "NotMinter")
        refuse_unless(amount > 0, "ZeroAmount")
        refuse_unless(not r.paused, "GatePaused")
        refuse_unless(r.round > 0, "NoStatement")
        refuse_unless(self.now < r.expires_at, "CapExpired")
        refuse_unless(self.supply + amount <= r.cap, "ExceedsCap")
        refuse_unless(amount <= self.available, "ExceedsRateLimit")
        self.route = replace(r, level=self.available - amount, updated_at=self.now)
        self.supply, self.held = self.supply + amount, self.held + amount

    def redeem(self, amount: int) -> None:
        refuse_unless(amount > 0, "ZeroAmount")
        refuse_unless(amount <= self.held, "BurnMismatch")
        self.burn(amount)
        self.route = replace(self.route, cap=max(0, self.route.cap - amount))

    def burn(self, amount: int) -> None:
        refuse_unless(amount <= self.held, "the token program's")
        self.supply, self.held = self.supply - amount, self.held - amount

    @property
    def available(self) -> int:
        r = self.route
        return min(r.capacity, r.level + r.refill_per_second * (self.now - r.updated_at))

    def _well_formed(self, offer: Offer) -> None:
        refuse_unless(not offer.fault.startswith("Bad"), offer.fault)

    def _accept(self, offer: Offer) -> None:
        leaf, r, latest = offer.leaf, self.route, self.now + self.route.max_lease
        refuse_unless(leaf.domain == r.domain, "WrongDomain")
        refuse_unless(leaf.route == r.route, "WrongRoute")
        refuse_unless(leaf.expires_at > self.now, "StatementExpired")
        refuse_unless(leaf.expires_at <= latest, "LeaseTooLong")
        refuse_unless(leaf.observed_at <= self.now + SKEW, "ObservedInFuture")
        fits = leaf.mint_cap < 2**64 and leaf.collateral < 2**128 and leaf.supply < 2**128
        refuse_unless(fits, "DoesNotFit")
        self._certified(offer.epoch, offer.round, offer.signer)
        refuse_unless(offer.fault != "WrongRoot", "WrongRoot")
        said = (leaf.mint_cap, leaf.collateral, leaf.supply, leaf.observed_at, leaf.expires_at)
        cap, collateral, supply, observed_at, expires_at = said
        self.route = replace(
            r, round=offer.round, cap=cap, collateral=collateral, supply=supply, observed_at=observed_at,
            expires_at=expires_at,
        )  # fmt: skip

    # The committee

    def hand_over(self, handing: Handing) -> None:
        leaf, c = handing.leaf, self.committee
        refuse_unless(leaf.domain == c.domain, "WrongDomain")
        refuse_unless(leaf.expires_at > self.now, "HandoverExpired")
        self._certified(handing.epoch, handing.round, handing.signer)
        refuse_unless(leaf.new_epoch == c.epoch + 1, "WrongEpoch")
        refuse_unless(handing.prover is handing.key, "BadSignature")
        self.committee = replace(
            c, epoch=leaf.new_epoch, since_round=handing.round, px=leaf.px, parity=leaf.parity
        )  # fmt: skip
        self.group = handing.key

    def _certified(self, epoch: int, round_: int, signer: Committee) -> None:
        refuse_unless(epoch == self.committee.epoch, "WrongEpoch")
        refuse_unless(round_ > self.committee.since_round, "RoundBeforeEpoch")
        refuse_unless(signer is self.group, "BadSignature")

    # Settings

    def pause(self, who: str) -> None:
        refuse_unless(who in (self.route.guardian, self.route.owner), "NotGuardian")
        self.route = replace(self.route, paused=True)

    def unpause(self, who: str) -> None:
        self._owned(who)
        self.route = replace(self.route, paused=False)

    def set(self, who: str, setting: Setting) -> None:
        self._owned(who)
        if tightens(self.route, setting):
            self._apply(setting)
            return
        waiting = self.waiting
        refuse_unless(all(entry.setting != setting for entry in waiting), "AlreadyQueued")
        refuse_unless(len(waiting) < PLACES, "QueueFull")
        entry = Loosening(setting, self.now + self.route.loosen_delay)
        self.route = replace(self.route, queue=(*waiting, entry))

    def execute(self, who: str, setting: Setting) -> None:
        self._owned(who)
        found = [entry for entry in self.waiting if entry.setting == setting]
        refuse_unless(bool(found), "NotQueued")
        refuse_unless(self.now >= found[0].ready_at, "TooEarly")
        self._drop(setting)
        self._apply(setting)

    def cancel(self, who: str, setting: Setting) -> None:
        keeper = who == self.route.guardian and setting.kind is not Kind.GUARDIAN
        refuse_unless(keeper or who == self.route.owner, "NotGuardian")
        refuse_unless(any(entry.setting == setting for entry in self.route.queue), "NotQueued")
        self._drop(setting)

    def transfer_ownership(self, who: str, to: str) -> None:
        self._owned(who)
        self.route = replace(self.route, pending_owner=to)

    def accept_ownership(self, who: str) -> None:
        refuse_unless(who == self.route.pending_owner, "NotOwner")
        self.route = replace(self.route, owner=who, pending_owner=None)

    @property
    def waiting(self) -> tuple[Loosening, ...]:
        """The loosenings that have not lapsed."""
        return tuple(entry for entry in self.route.queue if self.now < entry.ready_at + OPEN_FOR)

    def _owned(self, who: str) -> None:
        refuse_unless(who == self.route.owner, "NotOwner")

    def _drop(self, setting: Setting) -> None:
        self.route = replace(self.route, queue=tuple(e for e in self.route.queue if e.setting != setting))

    def _apply(self, setting: Setting) -> None:
        r, a, b = self.route, setting.a, setting.b
        if setting.kind is Kind.RATE_LIMIT:
            level = min(a, self.available)
            self.route = replace(r, capacity=a, refill_per_second=b, level=level, updated_at=self.now)
        elif setting.kind is Kind.LONGEST_LEASE:
            self.route = replace(r, max_lease=a)
        elif setting.kind is Kind.LOOSEN_DELAY:
            self.route = replace(r, loosen_delay=a)
        elif setting.kind is Kind.GUARDIAN:
            self.route = replace(r, guardian=setting.account)
        else:
            others = tuple(m for m in r.minters if m != setting.account)
            refuse_unless(not a or len(others) < PLACES, "TooManyMinters")
            self.route = replace(r, minters=(*others, setting.account) if a else others)


def tightens(r: Route, setting: Setting) -> bool:
    """Whether a setting takes effect at once."""
    a, b = setting.a, setting.b
    return {
        Kind.RATE_LIMIT: a <= r.capacity and b <= r.refill_per_second,
        Kind.LONGEST_LEASE: a <= r.max_lease,
        Kind.LOOSEN_DELAY: a >= r.loosen_delay,
        Kind.MINTER: not a,
        Kind.GUARDIAN: False,
    }[setting.kind]

"""What the vectors are made of: keys, signatures, names and bytes, all derived from fixed labels."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import coincurve

from chains.encoding import Handover, Header, MintCap, domain_id, evidence, route_id
from relayer.frost import GroupKey, KeyPackage, PublicKeyPackage, aggregate, deal, round1, round2
from relayer.frost.curve import FIELD, ORDER
from relayer.frost.session import challenge

Case = dict[str, str | bool]

ACCOUNT = "eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3"
ROUTE = "USDX"
COMMITTEE_ACCOUNT = "eip155:31337:0xe7f1725e7734ce288f8367e1bb143e90bb3f0512"
EPOCH = 7
ROUND = 1_234_567
OBSERVED_AT = 1_790_000_000
EXPIRES_AT = OBSERVED_AT + 3_600


def b32(value: int) -> bytes:
    return value.to_bytes(32, "big")


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


def seed(label: str) -> bytes:
    return sha256(b"ballast vectors: " + label.encode()).digest()


def flip(data: bytes, bit: int) -> bytes:
    """`data` with one bit turned; bit 0 is the most significant one of the first byte."""
    at, mask = bit // 8, 0x80 >> bit % 8
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


def root_of_curve(x: int) -> int | None:
    """The even y with y^2 = x^3 + 7 modulo p, if there is one."""
    square = (pow(x, 3, FIELD) + 7) % FIELD
    y = pow(square, (FIELD + 1) // 4, FIELD)
    if y * y % FIELD != square:
        return None
    return y if y % 2 == 0 else FIELD - y


def y_of(r: bytes) -> bytes:
    """The y coordinate, 32 bytes, of a compressed point."""
    even = root_of_curve(int.from_bytes(r[1:], "big"))
    assert even is not None, "not a point"
    return b32(even if r[0] == 2 else FIELD - even)


@dataclass(frozen=True)
class Signature:
    r: bytes
    z: bytes

    @property
    def y(self) -> bytes:
        return y_of(self.r)


class Committee:
    """Four members, three of whom sign; its whole secret is known here."""

    def __init__(self, label: str, parity: int) -> None:
        for attempt in range(64):
            coefficients = [seed(f"{label} {attempt} coefficient {i}") for i in range(3)]
            self.public, self._keys = self._deal(coefficients)
            if self.public.group.parity == parity:
                self.secret = int.from_bytes(coefficients[0], "big")
                return
        raise AssertionError("no key of that parity")

    @staticmethod
    def _deal(coefficients: list[bytes]) -> tuple[PublicKeyPackage, dict[int, KeyPackage]]:
        return deal(coefficients, 4, 3)

    @property
    def group(self) -> GroupKey:
        return self.public.group

    def sign(self, message: bytes, parity: int) -> Signature:
        """A signature over `message` whose R has an even (`parity` 0) or odd y."""
        for signature in self._signatures(message):
            if signature.r[0] == 2 + parity:
                return signature
        raise AssertionError("no R of that parity")

    def sign_for_the_other_point(self, message: bytes, parity: int) -> Signature:
        """Not a signature, made with the whole secret: R has a y of `parity` and is what is hashed, but
        z * G - e * P is -R. Whoever compares x alone, or takes the point's y for the prefix's, accepts it."""
        k = int.from_bytes(seed(f"{message.hex()} the other point"), "big") % ORDER
        point = coincurve.PrivateKey.from_int(k).public_key.format()
        if point[0] == 2 + parity:
            k, point = ORDER - k, bytes([point[0] ^ 1]) + point[1:]
        r = bytes([2 + parity]) + point[1:]
        return Signature(r, b32((k + challenge(self.group, r, message) * self.secret) % ORDER))

    def _signatures(self, message: bytes) -> Iterator[Signature]:
        for attempt in range(64):
            made = {
                i: round1.commit(
                    self._keys[i].share,
                    seed(f"{message.hex()} {attempt} {i} d") + seed(f"{message.hex()} {attempt} {i} e"),
                )
                for i in (1, 2, 4)
            }
            commitments = [c for _, c in made.values()]
            shares = {i: round2.sign(self._keys[i], n, message, commitments) for i, (n, _) in made.items()}
            yield Signature(*aggregate(self.public, message, commitments, shares))


EVEN = Committee("even", 0)
ODD = Committee("odd", 1)
NEXT = Committee("next", 1)

MINT_CAP = MintCap(
    domain_id(ACCOUNT), route_id(ROUTE), 750_000_000, 1_000_000_000, 600_000_000, OBSERVED_AT, EXPIRES_AT
)
HANDOVER = Handover(domain_id(COMMITTEE_ACCOUNT), EPOCH + 1, NEXT.group.px, NEXT.group.parity, EXPIRES_AT)


def mint_cap(i: int) -> MintCap:
    """The i-th of many statements of one round: own domain, same route."""
    domain = domain_id(f"eip155:31337:0x{i + 1:040x}")
    return MintCap(domain, route_id(ROUTE), 1_000 + i, 5_000_000, 4_000_000, OBSERVED_AT - i, EXPIRES_AT - i)


def header(root: bytes, epoch: int = EPOCH, round_: int = ROUND) -> Header:
    return Header(epoch, round_, evidence(seed("config"), seed("books"), seed("observations")), root)

"""A committee's keys out of one hand, for devnets: the trusted dealer of RFC 9591, Appendix C."""

from collections.abc import Callable, Sequence

from relayer.frost import InvalidScalar, PublicKeyPackage, deal
from relayer.frost.curve import decode_scalar
from relayer.keystore import KeystoreContents, Secret32

Entropy = Callable[[int], bytes]
"""So many fresh random bytes, as `os.urandom` gives them."""

_TRIES = 16


class DealingRefused(Exception):
    """Keys that must not, or cannot, be dealt. Says why and what to do instead."""


def deal_committee(
    members: Sequence[str],
    threshold: int,
    network: str,
    epoch: int,
    entropy: Entropy,
    *,
    accounts: Sequence[str] = (),
) -> tuple[PublicKeyPackage, list[KeystoreContents]]:
    """Everything secret of a new committee, in the order of `members`: member i has the FROST identifier i + 1.

    Each gets an identity, its share of the group key of `epoch`, and a secret for each of `accounts` (CAIP-2 chain ids
    or namespaces). Raises `DealingRefused` on any network but a devnet, and where `entropy` repeats itself; and
    `InvalidParameters` of `relayer.frost` for a threshold that no group has.
    """
    if network != "devnet":
        raise DealingRefused(
            f'network "{network}": the machine that deals keys has held the whole group key, and nobody can know that '
            "it was forgotten. Keys are dealt for devnets only; elsewhere use distributed key generation"
        )
    if len(set(members)) != len(members) or not all(members):
        raise DealingRefused("members: each needs a name of its own")
    if epoch < 1:
        raise DealingRefused(f"epoch: {epoch}, expected at least 1")
    draw = _Draw(entropy)
    public, keys = deal([draw.scalar() for _ in range(threshold)], len(members), threshold)
    keystores = [
        KeystoreContents(
            member=name,
            identity=Secret32(draw.scalar()),
            shares={epoch: keys[i]},
            accounts={account: Secret32(draw.scalar()) for account in accounts},
        )
        for i, name in enumerate(members, start=1)
    ]
    return public, keystores


class _Draw:
    """Secrets out of `entropy`, no two of them alike."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._seen = set[bytes]()

    def scalar(self) -> bytes:
        """32 uniform bytes that are also a scalar of secp256k1 (drawn again otherwise, so without bias)."""
        for _ in range(_TRIES):
            drawn = self._entropy(32)
            if drawn in self._seen:
                break
            self._seen.add(drawn)
            try:
                decode_scalar(drawn)
            except InvalidScalar:
                continue
            return drawn
        raise DealingRefused("entropy: it repeats itself or is out of range; no key can come from it")

"""A dealt committee of four, always the same."""

from collections.abc import Callable, Sequence
from hashlib import sha256

from relayer.dealing import deal_committee
from relayer.frost import PublicKeyPackage
from relayer.keystore import KeystoreContents

MEMBERS = ("m1", "m2", "m3", "m4")


def counted(label: str = "") -> Callable[[int], bytes]:
    """An entropy that is different at each call and the same in each run."""
    calls = 0

    def entropy(size: int) -> bytes:
        nonlocal calls
        calls += 1
        assert size == 32
        return sha256(f"{label} {calls}".encode()).digest()

    return entropy


def dealt_contents(epoch: int = 1, accounts: Sequence[str] = ()) -> tuple[PublicKeyPackage, list[KeystoreContents]]:
    return deal_committee(MEMBERS, 3, "devnet", epoch, counted(str(epoch)), accounts=accounts)

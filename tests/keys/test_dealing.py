"""The dealer: right for devnets, refused everywhere else."""

import os
from collections.abc import Callable

import pytest

from relayer.dealing import DealingRefused, deal_committee
from relayer.frost import InvalidParameters, aggregate, round1, round2, verify
from tests.keys.dealt_committee import MEMBERS, counted, dealt_contents


def test_any_three_of_the_dealt_members_sign() -> None:
    public, keystores = dealt_contents(accounts=("eip155",))
    public.check()
    assert [k.member for k in keystores] == list(MEMBERS)
    assert [k.share(1).identifier for k in keystores] == [1, 2, 3, 4]
    for left_out in range(4):
        keys = [k.share(1) for i, k in enumerate(keystores) if i != left_out]
        made = [round1.commit(key.share, os.urandom(64)) for key in keys]
        commitments = [c for _, c in made]
        shares = {
            key.identifier: round2.sign(key, nonces, b"m", commitments)
            for key, (nonces, _) in zip(keys, made, strict=True)
        }
        verify(public.group, b"m", *aggregate(public, b"m", commitments, shares))


def test_all_secrets_differ() -> None:
    _, keystores = dealt_contents(accounts=("eip155", "solana"))
    secrets = [k.identity.reveal() for k in keystores] + [k.share(1).share.reveal() for k in keystores]
    secrets += [s.reveal() for k in keystores for s in k.accounts.values()]
    assert len(set(secrets)) == 16


def test_same_entropy_same_keys() -> None:
    assert dealt_contents()[0] == dealt_contents()[0]
    assert dealt_contents(epoch=1)[0] != dealt_contents(epoch=2)[0]


@pytest.mark.parametrize("network", ["mainnet", "testnet", "", "Devnet", "devnet "])
def test_only_devnets(network: str) -> None:
    def untouched(size: int) -> bytes:
        raise AssertionError("no key may be drawn")

    with pytest.raises(DealingRefused, match=r"held the whole group key.*distributed key generation"):
        deal_committee(MEMBERS, 3, network, 1, untouched)


@pytest.mark.parametrize("members", [("a", "a", "b"), ("a", "", "b")])
def test_members_have_names_of_their_own(members: tuple[str, ...]) -> None:
    with pytest.raises(DealingRefused, match="members"):
        deal_committee(members, 2, "devnet", 1, counted())


@pytest.mark.parametrize("threshold", [-1, 0, 1, 5])
def test_thresholds(threshold: int) -> None:
    with pytest.raises(InvalidParameters):
        deal_committee(MEMBERS, threshold, "devnet", 1, counted())


def test_epochs() -> None:
    with pytest.raises(DealingRefused, match="epoch"):
        deal_committee(MEMBERS, 3, "devnet", 0, counted())


def _cycling() -> Callable[[int], bytes]:
    source, seen = counted(), list[bytes]()

    def entropy(size: int) -> bytes:
        if len(seen) < 5:
            seen.append(source(size))
            return seen[-1]
        return seen[0]

    return entropy


@pytest.mark.parametrize(
    "entropy",
    [lambda _: bytes(32), lambda _: b"\x01" * 32, lambda _: b"\xff" * 32, lambda _: b"\x01" * 31, _cycling()],
    ids=["zero", "constant", "out of range", "short", "cycling"],
)
def test_broken_entropy(entropy: Callable[[int], bytes]) -> None:
    with pytest.raises(DealingRefused, match="entropy"):
        deal_committee(MEMBERS, 3, "devnet", 1, entropy)

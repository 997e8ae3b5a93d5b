"""Whole rounds over real parts: members, bus, stores, the family's adapter over HTTP, the program in a local node."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from chains.hashing import keccak256
from chains.solana.addresses import to_text
from chains.solana.outbox import Entry
from chains.solana.sender import Sender
from chains.submissions import certificate
from chains.types import Deployment, Receipt
from relayer.agreement.observation import ChainReading, Observation, decode_manifest, encode_manifest
from relayer.agreement.records import Certified
from relayer.cli.report import FAILED
from relayer.keystore import KeystoreContents
from relayer.roundfile import MissingParts, export, load
from relayer.verify import verify_round
from tests.chains.polling import until
from tests.chains.rounds import amounts, certified, round_now, running, statements
from tests.chains.solana.rounds import SolanaGround, solana_committee
from tests.chains.solana.sites import Site, withdrawing
from tests.chains.verifying import Verifying
from tests.daemon.rig import Member


async def test_caps_follow_the_collateral_and_no_mint_exceeds_them(tmp_path: Path, nats: str) -> None:
    async with solana_committee(tmp_path, nats, {"usd": (1,)}, 700_000) as c, running(c) as members:
        ground, (gate,), position = c.world, c.world.deployments, c.world.position("usd")
        site = ground.sites[gate.chain]
        first = round_now(members[0])
        await until(lambda: ground.gate(gate).cap == 700_000)
        await refused(site, gate, 700_001)
        assert (await site.mint(gate, 700_000)).ok
        await refused(site, gate, 1)
        assert ground.supply(gate) == 700_000
        await site.local.lock(ground.vaults["usd"], 50_000)
        await until(lambda: ground.gate(gate).cap == 750_000)
        await refused(site, gate, 50_001)
        assert (await site.mint(gate, 50_000)).ok
        assert (await site.user.redeem(gate, 200_000)).ok
        assert (await site.keeper.transact([withdrawing(site, position, 150_000)])).ok
        await until(lambda: ground.gate(gate).cap == 600_000)
        await refused(site, gate, 50_001)
        assert ground.supply(gate) == 550_000
        assert amounts(members, position, first) == {700_000, 750_000, 600_000}
        assert not any(m.store.disputes() for m in members)


async def refused(site: Site, gate: Deployment, amount: int) -> None:
    """A mint above the cap is executed, and fails by the gate's own error."""
    receipt = await site.mint(gate, amount)
    assert (receipt.ok, receipt.error) == (False, "ExceedsCap")
    failed = [str(each.signature) for each in site.landed(gate.gate.address) if each.outcome.error is not None]
    assert receipt.transaction in failed


# Several gates, one collateral


class Held:
    """Keeps transactions for one gate from being sent, but for those of rounds up to `most`."""

    def __init__(self, patched: pytest.MonkeyPatch, gate: Deployment) -> None:
        self.rounds: set[int] = set()
        self.most = 0
        self._changed = asyncio.Event()
        original = Sender.broadcast

        async def broadcast(sender: Sender, entry: Entry) -> None:
            round_ = certificate(entry.statement).header.round
            while to_text(entry.gate) == gate.gate.address and round_ > self.most:
                self.rounds.add(round_)
                await self._changed.wait()
            await original(sender, entry)

        patched.setattr(Sender, "broadcast", broadcast)

    def release(self, most: int) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        self.most = most
        changed.set()


async def test_all_gates_of_one_collateral_together_never_exceed_it(
    tmp_path: Path, nats: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two gates beside the vault, and one on another chain, whose first statement is in flight for long."""
    async with solana_committee(tmp_path, nats, {"usd": (1, 1, 2)}, 900_000) as c:
        ground, vault = c.world, c.world.position("usd")
        near = [d for d in ground.deployments if d.chain == vault.chain]
        (far,) = [d for d in ground.deployments if d.chain != vault.chain]
        held = Held(monkeypatch, far)
        with watched(ground) as states:
            async with running(c) as (member, *_):
                await until(lambda: all(ground.gate(d).cap == 300_000 for d in near) and bool(held.rounds))
                assert all(r.ok for r in await asyncio.gather(*(mint(ground, d, 300_000) for d in near)))
                await until(lambda: any(leaf.supply == 600_000 for leaf in newest(member)))
                reached = certified(member)
                await until(lambda: certified(member) > reached + 1)
                # What is in flight is reserved: nothing more can be minted here, and it can still be used to the full.
                assert [ground.gate(d).cap for d in near] == [300_000] * 2
                oldest = min(held.rounds)
                held.release(oldest)
                await until(lambda: ground.gate(far).round == oldest)
                assert (await mint(ground, far, 300_000)).ok
                held.release(2**64)
                await ground.sites[vault.chain].local.lock(ground.vaults["usd"], 90_000)
                await asyncio.gather(*(mint_on(ground, d) for d in ground.deployments))
        assert max(reachable - locked for reachable, locked in states) == 0
        assert ground.locked(vault) == 990_000


def newest(member: Member) -> Sequence[Any]:
    return next((leaves for _, leaves in statements(member)), ())


async def mint(ground: SolanaGround, gate: Deployment, amount: int) -> Receipt:
    return await ground.sites[gate.chain].mint(gate, amount)


async def mint_on(ground: SolanaGround, gate: Deployment) -> None:
    """Mints all there is, again and again, until hardly any collateral is left unused."""
    while sum(map(ground.supply, ground.deployments)) * 100 < ground.locked(ground.position("usd")) * 99:
        room = ground.gate(gate).cap - ground.supply(gate)
        if room > 0:
            await mint(ground, gate, room)
        await asyncio.sleep(0.01)


@contextmanager
def watched(ground: SolanaGround) -> Iterator[list[tuple[int, int]]]:
    """What all gates together hold or may still mint, and what is locked, after each transaction on any chain."""
    states: list[tuple[int, int]] = []
    vault, gates = ground.position("usd"), ground.deployments

    def watching(submit: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def submitted(transaction: Any) -> Any:
            landed = submit(transaction)
            states.append((sum(max(ground.supply(d), ground.gate(d).cap) for d in gates), ground.locked(vault)))
            return landed

        return submitted

    with ExitStack() as stack:
        for site in ground.sites.values():
            stack.enter_context(patch.object(site.node.ledger, "submit", watching(site.node.ledger.submit)))
        yield states


# What anybody can check offline

Keys = Sequence[KeystoreContents]
PROOF = b"Solana has none"


async def test_a_round_is_verified_offline_and_a_forged_reading_is_found(tmp_path: Path, nats: str) -> None:
    async with solana_committee(tmp_path, nats, {"usd": (1,)}, 700_000) as c:
        async with running(c) as members:
            await until(lambda: any(exported(m) for m in members))
            document = next(found for m in members if (found := exported(m)))
        configuration, key = c.world.document, c.public.group
    verifying = Verifying(tmp_path, configuration, key.point33)

    code, text = await verifying.said(document)
    assert code == 0, text
    assert "no position calls for a state proof" in text
    assert "of rounds holds" in text

    def wrong(change: Callable[[ChainReading], ChainReading], keys: Keys = ()) -> dict[str, str]:
        report = verify_round(forged(document, change, keys), [c.world.committee], {1: key})
        return {check.name: check.detail for check in report.checks if not check.ok}

    # What is computed differs too where only few observers read that checkpoint, which is for their clocks to say.
    perhaps = {"compute"}
    assert wrong(richer).keys() - perhaps == {"evidence", "members"}
    # A member may lie about what it read, but not after the round: the signed header binds all observations.
    assert wrong(richer, c.keys).keys() - perhaps == {"evidence"}
    with_proof = wrong(proven, c.keys)
    assert with_proof.keys() - perhaps == {"evidence", "proofs"}
    assert "Solana has no account proofs" in with_proof["proofs"]
    code, text = await verifying.said(forged(document, richer, ()))
    assert code == FAILED
    assert "FAIL members" in text


def exported(member: Member) -> Any:
    """The newest round that the member can export; None while there is none."""
    found = member.store.highest_certificate()
    try:
        return None if found is None else export(Certified.decode(found[1]), member.store.blob)
    except MissingParts:
        return None


def richer(reading: ChainReading) -> ChainReading:
    more = (replace(p, amount=p.amount * 2, floor=p.floor * 2) for p in reading.positions)
    return replace(reading, positions=tuple(more))


def proven(reading: ChainReading) -> ChainReading:
    return replace(reading, positions=tuple(replace(p, proof=keccak256(PROOF)) for p in reading.positions))


def forged(document: Any, change: Callable[[ChainReading], ChainReading], keys: Keys) -> Any:
    """The document with one observer's reading altered, and whatever names it by digest but for the signed header. With
    all members' `keys` the observation is signed anew."""
    original, blobs = load(document)
    parts, basis = dict(blobs), original.basis
    digests = list(decode_manifest(parts.pop(basis.observations)))
    # Who could not read the chain in that round says nothing that could be altered.
    place, honest = next((i, o) for i, d in enumerate(digests) if (o := Observation.decode(parts[d])).chains)
    del parts[digests[place]]
    lie = replace(honest, chains=tuple(map(change, honest.chains)))
    if keys:
        lie = replace(lie, signature=keys[lie.member].signing_key.sign(lie.signed_part).signature)
    digests[place] = lie.digest
    manifest = encode_manifest(tuple(digests))
    altered = replace(original, basis=replace(basis, observations=keccak256(manifest)))
    named = [PROOF] if change is proven else []
    return {
        **document,
        "certified": "0x" + altered.encode().hex(),
        "parts": ["0x" + part.hex() for part in (*parts.values(), lie.encode(), manifest, *named)],
    }

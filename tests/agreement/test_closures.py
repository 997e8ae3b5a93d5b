"""What a signature stands on: nothing of it may be missing, and nothing that a liar names may get in the way."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chains.hashing import keccak256
from relayer.agreement.closures import closure, parts
from relayer.agreement.judging import Missing
from relayer.agreement.observation import Observation, encode_manifest
from relayer.agreement.records import Proposal

from .test_judging import Told


@pytest.fixture(scope="module")
def told() -> Told:
    return Told()


def judged(told: Told) -> Callable[[Proposal, Observation], bool]:
    judge = told.judge()
    judge.observation(told.top, told.w.blobs.get)
    return judge.dropped


def test_a_closure_is_whole_or_says_what_is_missing(told: Told) -> None:
    dropped = judged(told)
    found = closure([told.top], told.w.blobs.get, dropped)
    assert all(keccak256(blob) == digest for digest, blob in found.items())
    told.judge().observation(told.top, found.get)  # another judge needs nothing else
    for digest in found.keys() - {told.top.digest}:
        with pytest.raises(Missing) as missing:
            closure([told.top], told.without(digest), dropped)
        assert digest in missing.value.digests


def test_what_an_expired_proposal_names_may_be_anything(told: Told) -> None:
    books = told.w.blobs[told.first.proposal.basis.books]
    garbage = encode_manifest((keccak256(books),))
    for blob in (books, garbage):
        blobs = {**told.w.blobs, keccak256(blob): blob}
        basis = replace(told.second.proposal.basis, observations=keccak256(blob))
        liar = replace(told.top, proposals=(replace(told.second.proposal, basis=basis),))
        assert liar.digest in parts(told.third.proposal.basis, [liar], blobs.get)
        assert closure([liar], blobs.get, lambda p, o: True)[liar.digest] == liar.encode()

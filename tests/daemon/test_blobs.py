"""The cache lets go of the oldest, but not of what a round under way stands on."""

from chains.hashing import keccak256
from relayer.daemon.blobs import BlobCache


def test_what_is_fixed_outlives_a_flood() -> None:
    cache = BlobCache(lambda _: None, size=1000)
    first, fixed = cache.put(b"first"), keccak256(b"fixed")
    cache.fix(7, {fixed: b"fixed"})
    for i in range(100):
        cache.put(b"%d" % i * 50)
    assert cache(first) is None
    assert cache(fixed) == b"fixed"
    cache.fix(8, {})
    assert cache.collect([fixed]) == {fixed: b"fixed"}
    cache.fix(9, {})
    assert cache(fixed) is None


def test_behind_it_is_the_store() -> None:
    assert BlobCache({b"d": b"blob"}.get)(b"d") == b"blob"

"""Content-addressed parts: in memory while they are young, in the store once something signed depends on them."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

from chains.hashing import keccak256


class BlobCache:
    """At most `size` bytes of the newest blobs, and what is fixed for the rounds under way, backed by `stored` (the
    safety store's look-up)."""

    def __init__(self, stored: Callable[[bytes], bytes | None], size: int = 256 << 20) -> None:
        self._stored = stored
        self._size = size
        self._held: OrderedDict[bytes, bytes] = OrderedDict()
        self._bytes = 0
        self._fixed: dict[int, dict[bytes, bytes]] = {}

    def __call__(self, digest: bytes) -> bytes | None:
        """The blob with this keccak256 digest, or None."""
        for blobs in (self._held, *self._fixed.values()):
            if (held := blobs.get(digest)) is not None:
                return held
        return self._stored(digest)

    def fix(self, round_: int, blobs: Mapping[bytes, bytes]) -> None:
        """Keeps `blobs`, by digest, until rounds after the next one are fixed: what was judged valid for a round stays
        for it, whatever else is fetched meanwhile."""
        self._fixed = {k: kept for k, kept in self._fixed.items() if k >= round_ - 1}
        self._fixed.setdefault(round_, {}).update(blobs)

    def put(self, blob: bytes) -> bytes:
        """Keeps `blob`; its digest."""
        digest = keccak256(blob)
        if digest not in self._held:
            self._held[digest] = blob
            self._bytes += len(blob)
            while self._bytes > self._size and len(self._held) > 1:
                self._bytes -= len(self._held.popitem(last=False)[1])
        return digest

    def collect(self, digests: Iterable[bytes]) -> Mapping[bytes, bytes]:
        """Those of `digests` that are here."""
        return {digest: blob for digest in digests if (blob := self(digest)) is not None}

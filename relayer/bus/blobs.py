"""Bodies by digest, in chunks: the pure half of the exchange.

    request   tag "ballast/blob/v1" (15) | digest b32 | offset u32 | size u32 (1 to CHUNK)
    answer    found u8 = 1 | total u32 | the bytes from offset on: size, or up to the end
              found u8 = 0                                            (that member does not have it)

Neither is signed: what was fetched counts only if it hashes to the digest that was asked for.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from chains.hashing import keccak256
from chains.wire import EncodingError, Reader, Writer
from relayer.bus.errors import BadBlob

TAG = b"ballast/blob/v1"
CHUNK = 64 * 1024
REQUEST_SIZE = len(TAG) + 32 + 4 + 4
LARGEST_ANSWER = 1 + 4 + CHUNK
UNKNOWN = b"\0"

Ask = Callable[[bytes], Awaitable[bytes]]
Lookup = Callable[[bytes], bytes | None]


@dataclass(frozen=True, slots=True)
class Request:
    digest: bytes
    offset: int
    size: int

    def __bytes__(self) -> bytes:
        writer = Writer().fixed("tag", TAG, len(TAG)).b32("digest", self.digest)
        return bytes(writer.u32("offset", self.offset).u32("size", self.size))


def read_request(raw: bytes) -> Request:
    """Raises `BadBlob`."""
    if len(raw) != REQUEST_SIZE:
        raise BadBlob(f"a request of {len(raw)} bytes, expected {REQUEST_SIZE}")
    reader = Reader(raw)
    if reader.fixed("tag", len(TAG)) != TAG:
        raise BadBlob("not a blob request of this version")
    request = Request(reader.b32("digest"), reader.u32("offset"), reader.u32("size"))
    if not 1 <= request.size <= CHUNK:
        raise BadBlob(f"a chunk of {request.size} bytes asked for, 1 to {CHUNK} are allowed")
    return request


def answer(raw: bytes, lookup: Lookup) -> bytes:
    """The answer to request `raw`. An offset beyond the end gets no bytes. Raises `BadBlob` where `raw` is none."""
    request = read_request(raw)
    blob = lookup(request.digest)
    if blob is None:
        return UNKNOWN
    chunk = blob[request.offset : request.offset + request.size]
    return bytes(Writer().u8("found", 1).u32("total", len(blob))) + chunk


async def download(ask: Ask, digest: bytes, limit: int, length: int | None = None) -> bytes:
    """The blob of `digest`, chunk by chunk. `limit`: the greatest size allowed; `length`: the exact one, if known.

    Never holds more than `limit` bytes plus one chunk. Raises `BadBlob` where the answers are not what was asked for,
    and what `ask` raises.
    """
    total = length
    parts: list[bytes] = []
    have = 0
    while total is None or have < total or not parts:
        size = CHUNK if total is None else max(1, min(CHUNK, total - have))
        claimed, chunk = _read_answer(await ask(bytes(Request(digest, have, size))))
        if claimed > limit:
            raise BadBlob(f"a body of {claimed} bytes offered, {limit} are allowed")
        if total is not None and claimed != total:
            raise BadBlob(f"a body of {claimed} bytes offered, expected {total}")
        total = claimed
        if len(chunk) != min(size, total - have):
            raise BadBlob(f"a chunk of {len(chunk)} bytes, expected {min(size, total - have)}")
        parts.append(chunk)
        have += len(chunk)
    body = b"".join(parts)
    if keccak256(body) != digest:
        raise BadBlob("the body does not hash to its digest")
    return body


def _read_answer(raw: bytes) -> tuple[int, bytes]:
    if raw == UNKNOWN:
        raise BadBlob("unknown there")
    if len(raw) > LARGEST_ANSWER:
        raise BadBlob(f"an answer of {len(raw)} bytes, at most {LARGEST_ANSWER} are allowed")
    reader = Reader(raw)
    try:
        if reader.u8("found") != 1:
            raise BadBlob("neither found nor unknown")
        return reader.u32("total"), reader.fixed("chunk", reader.rest)
    except EncodingError as error:
        raise BadBlob(str(error)) from None

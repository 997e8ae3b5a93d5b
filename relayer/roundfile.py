"""A round as one JSON file that anybody can check offline.

    {"format": "ballast-round", "version": 1, "round": N, "config_id": hex,
     "certified": "0x...", "parts": ["0x...", ...]}

`certified` is the certificate with its basis (273 bytes, docs/protocol.md); `parts` are the blobs that it stands on, in
ascending order of their digests: books, statements, manifest, observations, their proofs and closures. Nothing in the
file is trusted: every part is named by its hash from the certificate down.
"""

from collections.abc import Mapping
from typing import Any

from chains.hashing import keccak256
from chains.wire import EncodingError
from relayer.agreement.closures import parts
from relayer.agreement.judging import Blobs
from relayer.agreement.observation import Observation, decode_manifest
from relayer.agreement.records import Certified

FORMAT = "ballast-round"
VERSION = 1
LARGEST = 512 << 20


class MissingParts(LookupError):
    """The round was certified, but what it stands on is not all kept here."""


class RoundFileError(ValueError):
    """A file that is no exported round."""


def export(certified: Certified, blobs: Blobs) -> dict[str, Any]:
    """The document. Raises `MissingParts`."""
    manifest = blobs(certified.basis.observations)
    raws = [blobs(digest) for digest in decode_manifest(manifest)] if manifest is not None else [None]
    observations = [Observation.decode(raw) for raw in raws if raw is not None]
    digests = sorted(parts(certified.basis, observations, blobs))
    found = {digest: blobs(digest) for digest in digests}
    if (
        len(observations) < len(raws)
        or found[certified.basis.books] is None
        or found[certified.basis.statements] is None
    ):
        raise MissingParts(f"round {certified.round}: not all that it was computed from is kept here")
    return {
        "format": FORMAT,
        "version": VERSION,
        "round": certified.round,
        "config_id": certified.basis.config_id.hex(),
        "certified": "0x" + certified.encode().hex(),
        "parts": ["0x" + blob.hex() for blob in found.values() if blob is not None],
    }


def load(document: Any) -> tuple[Certified, Mapping[bytes, bytes]]:
    """The certificate with its basis, and the parts by digest. Raises `RoundFileError`; nothing is verified."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise RoundFileError(f'no exported round: "format" must be "{FORMAT}"')
    if document.get("version") != VERSION:
        raise RoundFileError(f"version {document.get('version')!r} is not known to this program, which reads {VERSION}")
    try:
        certified = Certified.decode(_bytes(document, "certified"))
    except EncodingError as error:
        raise RoundFileError(f"certified: {error}") from error
    listed = document.get("parts")
    if not isinstance(listed, list):
        raise RoundFileError("parts: a list of hex strings expected")
    blobs = [_hex(text, f"parts[{i}]") for i, text in enumerate(listed)]
    return certified, {keccak256(blob): blob for blob in blobs}


def _bytes(document: dict[str, Any], name: str) -> bytes:
    return _hex(document.get(name), name)


def _hex(text: Any, name: str) -> bytes:
    if not isinstance(text, str) or not text.startswith("0x"):
        raise RoundFileError(f"{name}: a hex string with 0x in front expected")
    try:
        return bytes.fromhex(text[2:])
    except ValueError as error:
        raise RoundFileError(f"{name}: not hex") from error

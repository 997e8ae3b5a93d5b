"""What the machine asks for. The runtime does it in the order given; what comes after a record that could not be made
durable is never done, so nothing leaves the process before what must outlive it is on disk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from relayer.agreement.records import Certified
from relayer.rounds.messages import Kind


@dataclass(frozen=True, slots=True)
class Read:
    """Read every chain at its newest finalized checkpoint for `round`, and report to `Machine.read`."""

    round: int


@dataclass(frozen=True, slots=True)
class Promise:
    """Make the promise durable: nothing is signed for a round below `round`."""

    round: int


@dataclass(frozen=True, slots=True)
class RecordObservation:
    """Make the member's only observation of `round` durable, before it is sent."""

    round: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class RecordProposal:
    """Make the leader's only proposal for `round` durable, with the blobs that it stands on, before it is sent."""

    round: int
    raw: bytes
    blobs: Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True)
class RecordSignature:
    """Make the message of `round`, its proposal with closure and the used commitment durable before the share goes."""

    round: int
    message: bytes
    proposal: bytes
    commitment: bytes


@dataclass(frozen=True, slots=True)
class RecordCertificate:
    """Keep the certificate with statements and books."""

    certified: Certified


@dataclass(frozen=True, slots=True)
class Send:
    """Send `body` to one member, or to all (`to` None)."""

    kind: Kind
    round: int
    body: bytes = field(repr=False)
    to: int | None = None


@dataclass(frozen=True, slots=True)
class Submit:
    """A certificate is there: bring its statements to the gates, in the member's turn."""

    certified: Certified


@dataclass(frozen=True, slots=True)
class Dispute:
    """A member contradicted itself: keep both signed pieces as evidence and raise it."""

    kind: str
    round: int
    culprit: int
    evidence: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """Something for the log and the metrics."""

    level: str
    event: str
    fields: Mapping[str, Any]


Effect = (
    Read
    | Promise
    | RecordObservation
    | RecordProposal
    | RecordSignature
    | RecordCertificate
    | Send
    | Submit
    | Dispute
    | Note
)


def note(event: str, level: str = "info", **fields: Any) -> Note:
    return Note(level, event, fields)

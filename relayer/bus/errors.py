"""Errors of the bus.

BusError
 ├ BadEnvelope     bytes from the bus that are not an envelope for this committee
 ├ Replayed        a proven envelope that was seen before, or lies outside the accepted time
 ├ SecondCopy      another process signs as this member: stop
 ├ BusDown         the transport is not connected (at start: could not be connected)
 ├ NoAnswer        a request got no answer in time, or nobody serves the subject
 ├ BadBlob         a blob request or answer that is malformed, or does not match what was asked for
 └ FetchFailed     no member delivered a body before the deadline
"""

from enum import StrEnum


class Drop(StrEnum):
    """Why something from the bus was dropped; the values are label values of the metrics."""

    SIZE = "size"
    TAG = "tag"
    GROUP = "group"
    KIND = "kind"
    SENDER = "sender"
    RECIPIENT = "recipient"
    LENGTH = "length"
    SIGNATURE = "signature"
    BODY = "body"
    DUPLICATE = "duplicate"
    OLD = "old"
    AHEAD = "ahead"
    QUEUE = "queue"
    BACKLOG = "backlog"
    FETCH = "fetch"


class BusError(Exception):
    """Anything that goes wrong on the bus."""


class BadEnvelope(BusError):
    """Not an envelope for this committee.

    `sender` is the member index once its signature over the header has been checked, else None: before that nobody may
    be blamed. A wrong body under a proven header (`Drop.BODY`) is no fault of the sender either: the bus may have
    altered it.
    """

    def __init__(self, reason: Drop, detail: str, sender: int | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.sender = sender


class Replayed(BusError):
    """A proven envelope that must not count (again)."""

    def __init__(self, reason: Drop, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


class SecondCopy(BusError):
    """Another process holds this member's identity key and signs with it now. This one must stop."""


class BusDown(BusError):
    """The transport is not connected."""


class NoAnswer(BusError):
    """A request was not answered in time, or nobody serves its subject."""


class BadBlob(BusError):
    """A malformed blob request or answer, or bytes that are not what was asked for."""


class FetchFailed(BusError):
    """No member delivered the body before the deadline."""

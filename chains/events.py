"""What a gate emits, whatever the family, as the families' `show_events` print it: one JSON object an event.

Integers are texts of digits, since JSON readers do not keep 64 bits exactly; digests are lower-case hex.
"""

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from enum import IntEnum
from typing import Any

from chains.caip import CaipError
from chains.errors import ChainError

Named = Callable[[IntEnum], str]
"""How a member of an enumeration is told."""


class EventError(ValueError):
    """What a gate is said to have emitted is none of its events, or a log of them is incomplete."""


def show(events: Callable[[], Iterable[Any]], named: Named = str) -> int:
    """Prints what `events` finds, which are dataclasses; the exit code of the command. What keeps them from being found
    is one line of stderr."""
    try:
        for event in events():
            sys.stdout.write(json.dumps(document(event, named)) + "\n")
    except (CaipError, ChainError, EventError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def document(event: Any, named: Named = str) -> dict[str, Any]:
    """An event as JSON has it."""
    told = {name: _plain(value, named) for name, value in asdict(event).items()}
    return {"event": type(event).__name__} | told


def _plain(value: Any, named: Named) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: _plain(inner, named) for name, inner in value.items()}
    if isinstance(value, IntEnum):
        return named(value)
    return str(value) if isinstance(value, int) else value

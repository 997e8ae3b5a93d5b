"""A journal and a log in memory, for the tests of families."""

from typing import Any


class MemoryJournal:
    """A journal whose content survives the chain that uses it, as a store survives a process."""

    def __init__(self, stored: dict[str, bytes] | None = None) -> None:
        self.stored: dict[str, bytes] = {} if stored is None else stored

    def get(self, key: str) -> bytes | None:
        return self.stored.get(key)

    def put(self, key: str, value: bytes) -> None:
        self.stored[key] = value

    def delete(self, key: str) -> None:
        self.stored.pop(key, None)

    def items(self, prefix: str) -> list[tuple[str, bytes]]:
        return sorted((k, v) for k, v in self.stored.items() if k.startswith(prefix))


class Killed(Exception):
    """The process ends."""


class Killing(MemoryJournal):
    """Ends the process when a transaction is on disk, before it is sent."""

    def put(self, key: str, value: bytes) -> None:
        super().put(key, value)
        if key.startswith("tx/"):
            raise Killed


class Recorder:
    """A log that remembers what was logged."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, dict[str, Any]]] = []

    def _add(self, level: str, event: str, fields: dict[str, Any]) -> None:
        self.events.append((level, event, fields))

    def debug(self, event: str, **fields: Any) -> None:
        self._add("debug", event, fields)

    def info(self, event: str, **fields: Any) -> None:
        self._add("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        self._add("warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:
        self._add("error", event, fields)

    def named(self, event: str) -> list[dict[str, Any]]:
        return [fields for _, name, fields in self.events if name == event]

"""Structured logs on stderr: one JSON object a line, or text for people. Secrets never get here: what holds one has no
readable repr, and what the bus or a chain says is data in a field, never part of the event's name."""

import logging
import sys
from typing import Any, Literal

import structlog


def configure(level: str, form: Literal["json", "console"]) -> Any:
    """Sets up structlog for the process and returns the root logger."""
    renderer: Any = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    return structlog.get_logger()

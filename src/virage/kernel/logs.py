"""Logs: one JSON line an event on standard output, with the request id; ids only, never a person's words or name."""

import logging
import sys
from typing import Any

import msgspec
import structlog

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

log: Any = structlog.get_logger()
access = True  # whether each request gets a line; levels above info leave them out


def configure(level: str, process: str) -> None:
    """Send every event of this process from `level` on to standard output; `process` is named in each line."""
    global access  # noqa: PLW0603 - read on each request, set once a process
    access = LEVELS[level] <= logging.INFO
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(serializer=_encode),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)


def _encode(event: Any, **_: Any) -> bytes:
    return msgspec.json.encode(event, enc_hook=str)

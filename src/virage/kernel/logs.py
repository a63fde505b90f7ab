"""Logs: one JSON line an event on standard output, with the request id; ids only, never a person's words or name."""

import logging
import sys
from functools import partial
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, ExcInfo

from virage.kernel.guard import current_visit

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

_chain_of = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
log: Any = structlog.get_logger()
access = True  # whether each request gets a line; levels above info leave them out


def configure(level: str, process: str) -> None:
    """Send every event of this process from `level` on to standard output; `process` is named in each line."""
    global access  # noqa: PLW0603 - read on each request, set once a process
    access = LEVELS[level] <= logging.INFO
    structlog.configure(
        processors=[
            partial(_name, process),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(_failure),
            structlog.processors.JSONRenderer(serializer=_encode),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )


def _name(process: str, _logger: Any, _method: str, event: EventDict) -> EventDict:
    """Say which process tells, and during which request."""
    event["process"] = process
    visit = current_visit.get(None)
    if visit is not None:
        event.setdefault("request_id", visit.request_id)
    return event


def _failure(exc_info: ExcInfo) -> list[dict[str, Any]]:
    """Where something failed and why: no variables, and of PostgreSQL's words the first line, for the rest is a row."""
    chain = _chain_of(exc_info)
    for link in chain:
        link["exc_value"] = link["exc_value"].partition("\n")[0]
    return chain


def _encode(event: Any, **_: Any) -> bytes:
    return msgspec.json.encode(event, enc_hook=str)

"""Logs: one JSON line per event on standard output, with the request id; ids only, no personal data."""

import logging
import sys
from contextvars import ContextVar
from functools import partial
from typing import Any, Final

import msgspec
import structlog
from structlog.typing import EventDict, ExcInfo

UNTIL_CONFIGURED: Final = "info"
LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

_chain_of = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
log: Any = structlog.get_logger()
request_id: ContextVar[str] = ContextVar("request_id")
"""The id of the current request; unset outside of one."""
access = True  # whether each request is logged; not at levels above info


def configure(level: str, process: str) -> None:
    """Log events of this process from `level` on to standard output; `process` is a member of each line.

    What libraries say through the standard library's logging goes the same way, from warnings on.
    """
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
    logging.basicConfig(handlers=[Libraries()], level=max(LEVELS[level], logging.WARNING), force=True)


def of_server(level: str) -> dict[str, Any]:
    """Return the `log_dictconfig` of Granian: the same format in the server and its workers."""
    ours = {"handlers": ["ours"], "level": LEVELS[level], "propagate": False}
    return {
        "formatters": {},
        "handlers": {"ours": {"class": f"{Libraries.__module__}.{Libraries.__qualname__}"}},
        "loggers": {"_granian": dict(ours), "granian.access": dict(ours)},
    }


def first_line(text: object) -> str:
    """Return the first line of an error message; further lines of PostgreSQL contain the row."""
    return str(text).partition("\n")[0]


class Libraries(logging.Handler):
    """Turns log records of libraries into our events."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log the first line of the message, and the trace of an exception."""
        level = min(record.levelno // 10 * 10, logging.CRITICAL)  # a library may use levels between the standard ones
        log.log(level, first_line(record.getMessage()), library=record.name, exc_info=record.exc_info)


def _name(process: str, _logger: Any, _method: str, event: EventDict) -> EventDict:
    """Add the process and the request id to an event."""
    event["process"] = process
    current = request_id.get(None)
    if current is not None:
        event.setdefault("request_id", current)
    return event


def _failure(exc_info: ExcInfo) -> list[dict[str, Any]]:
    """Return a stack trace without variables, and with only the first line of each message."""
    return _trimmed(_chain_of(exc_info))


def _trimmed(chain: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the exception chain with only the first line of each message, also within groups."""
    for link in chain:
        link["exc_value"] = first_line(link["exc_value"])
        link["exc_notes"] = []
        for inner in link.get("exceptions", ()):
            _trimmed(inner)
    return chain


def _encode(event: Any, **_: Any) -> bytes:
    return msgspec.json.encode(event, enc_hook=str)

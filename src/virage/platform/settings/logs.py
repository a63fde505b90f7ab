"""Logs: one JSON line an event on standard output, with the request id; ids only, never a person's words or name."""

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
"""The id of the request that this task answers; unset outside of one."""
access = True  # whether each request gets a line; levels above info leave them out


def configure(level: str, process: str) -> None:
    """Send every event of this process from `level` on to standard output; `process` is named in each line.

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
    """The logging of Granian, as its `log_dictconfig`: the same lines as our own, in the server and its workers."""
    ours = {"handlers": ["ours"], "level": LEVELS[level], "propagate": False}
    return {
        "formatters": {},
        "handlers": {"ours": {"class": f"{Libraries.__module__}.{Libraries.__qualname__}"}},
        "loggers": {"_granian": dict(ours), "granian.access": dict(ours)},
    }


def first_line(text: object) -> str:
    """Return the part of an error's words that may be kept: PostgreSQL's further lines tell the row."""
    return str(text).partition("\n")[0]


class Libraries(logging.Handler):
    """Turns what a library logs into an event like our own."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log the first line, and where the failure came from if there is one."""
        level = min(record.levelno // 10 * 10, logging.CRITICAL)  # a library may have levels of its own between
        log.log(level, first_line(record.getMessage()), library=record.name, exc_info=record.exc_info)


def _name(process: str, _logger: Any, _method: str, event: EventDict) -> EventDict:
    """Say which process tells, and during which request."""
    event["process"] = process
    current = request_id.get(None)
    if current is not None:
        event.setdefault("request_id", current)
    return event


def _failure(exc_info: ExcInfo) -> list[dict[str, Any]]:
    """Where something failed and why: no variables, and of each failure's words the first line."""
    return _trimmed(_chain_of(exc_info))


def _trimmed(chain: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The links with the first line of what they say, and of what the failures in a group say."""
    for link in chain:
        link["exc_value"] = first_line(link["exc_value"])
        link["exc_notes"] = []
        for inner in link.get("exceptions", ()):
            _trimmed(inner)
    return chain


def _encode(event: Any, **_: Any) -> bytes:
    return msgspec.json.encode(event, enc_hook=str)

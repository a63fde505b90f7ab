"""One listener of the stream, and what is written to all of them: bytes that go straight to the server.

A sixtieth of a millisecond a phone is all there is when a goal falls. So nothing of ours wakes up for a phone: the hub
calls the server's `send` for one after the other, which takes the bytes at once, and one piece of bytes serves all who
follow the same (docs/decisions/0036-streams-write-directly-to-the-asgi-server.md).
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any

import msgspec

from virage.platform.data.journal import Key
from virage.platform.settings.logs import log

WAITING_BATCHES_MAX = 256
HEARTBEAT_S = 15.0
LIFETIME_S = 900.0
LIFETIME_BYTES = 1_000_000

Send = Callable[[Any], Awaitable[None]]


class Batch:
    """What is told at once, encoded once: a message a topic, all at one position of the journal.

    Without a position it passes: it is told to whoever listens now, and to nobody again. `rests` are for those who know
    a part of it, by the position up to which they do.
    """

    __slots__ = ("_events", "_id_line", "_key", "_rests", "messages")

    def __init__(
        self, key: Key | None, messages: Mapping[str, bytes], rests: Mapping[Key, Mapping[str, bytes]] | None = None
    ) -> None:
        self.messages = messages
        self._rests = rests or {}
        self._key = key
        self._id_line = b"" if key is None else id_line(str(key))
        self._events: dict[Hashable, dict[str, Any] | None] = {}

    def event_for(self, names: tuple[str, ...], known: Mapping[str, Key]) -> dict[str, Any] | None:
        """Return the ASGI event with what is news to a listener, one object for all alike; None for no news."""
        alike = (names, *known.values()) if known else names
        if alike not in self._events:
            news = [message for name in names if (message := self._news(name, known.get(name))) is not None]
            self._events[alike] = more(with_id(self._id_line, news)) if news else None
        return self._events[alike]

    def is_beyond(self, known: Mapping[str, Key]) -> bool:
        """Whether who has been told this knows more than `known` of each topic."""
        return self._key is not None and all(key < self._key for key in known.values())

    def _news(self, name: str, known: Key | None) -> bytes | None:
        if self._key is not None and known is not None:
            if known >= self._key:
                return None
            if known in self._rests:
                return self._rests[known].get(name)
        return self.messages.get(name)


class Listener:
    """One browser: which topics it follows, what it knows of them, and the way to it.

    `known` is up to where its opening told each topic. Once a batch has told more it is empty: from then on it knows
    what all who follow the same know.

    Until `begin`, what is told waits; from then on it is written at once. No server says how much of it the phone has
    read, so a stream ends after `LIFETIME_BYTES` as it does after `LIFETIME_S`: whoever reads goes on within seconds,
    and whoever does not read never costs more memory than that. The limits are spread, so that a ground which came at
    once does not come back at once.
    """

    __slots__ = (
        "_ends_at",
        "_farewell",
        "_left",
        "_loop",
        "_send",
        "_silence_s",
        "_waiting",
        "_written_at",
        "gone",
        "known",
        "names",
    )

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.known: dict[str, Key] = {}
        self.gone = False
        self._farewell = b""
        self._waiting: list[Batch] = []
        self._send: Send | None = None
        self._loop = asyncio.get_running_loop()
        self._written_at = self._loop.time()
        self._ends_at = self._written_at + LIFETIME_S * _spread()
        self._silence_s = HEARTBEAT_S * _spread()
        self._left = LIFETIME_BYTES * _spread()

    def begin(self, send: Send) -> None:
        """Write what has waited, and from now on at once."""
        self._send = send
        if self.gone:
            self._write(_end(self._farewell))
        for batch in self._waiting:
            self.tell(batch)
        self._waiting.clear()

    def tell(self, batch: Batch) -> bool:
        """Tell what is news; False when this is the last that the stream carries."""
        if self.gone:
            return True
        if self._send is None:
            self._waiting.append(batch)
            return len(self._waiting) <= WAITING_BATCHES_MAX
        event = batch.event_for(self.names, self.known)
        if self.known and batch.is_beyond(self.known):
            self.known = {}
        if event is not None:
            self._left -= len(event["body"])
            self._write(event)
        return self._left > 0

    def beat(self) -> bool:
        """Break a long silence; False when the stream has lasted long enough."""
        now = self._loop.time()
        if self._send is not None and not self.gone and now - self._written_at >= self._silence_s:
            self._write(_HEARTBEAT)
        return now < self._ends_at

    def let_go(self, farewell: bytes = b"") -> None:
        """End the stream, with `farewell` as its last words; the browser comes back by itself and resumes."""
        if self.gone:
            return
        self.gone, self._farewell = True, farewell
        if self._send is not None:
            self._write(_end(farewell))

    def _write(self, event: Mapping[str, Any]) -> None:
        """Write without waiting, as Granian allows; RuntimeError with a server that would have us wait.

        A way that is broken carries nothing more, and is no matter for those who are written to next.
        """
        assert self._send is not None  # noqa: S101 - whoever writes has begun
        self._written_at = self._loop.time()
        try:
            waits = next(self._send(event).__await__(), _SENT) is not _SENT
        except Exception:  # noqa: BLE001 - whatever a server says of one connection
            log.exception("stream_broken")
            self.gone, self._left, self._ends_at = True, 0, self._written_at
            return
        if waits:
            raise RuntimeError("The server has whoever writes to a stream wait.")


def more(body: bytes) -> dict[str, Any]:
    """Return the ASGI event of a part of a stream."""
    return {"type": "http.response.body", "body": body, "more_body": True}


def _end(farewell: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": farewell, "more_body": False}


def with_id(line: bytes, messages: Sequence[bytes]) -> bytes:
    """Return the messages; only the last carries the position, so that who gets half of it asks for all again."""
    return b"".join([*messages[:-1], line, messages[-1]])


def id_line(position: str) -> bytes:
    """Return the line of an event that says its position."""
    return b"id: %b\n" % position.encode()


def encoded(name: str, message: Any) -> bytes:
    """Return a message of a topic as an event."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(message))


def _spread() -> float:
    return random.uniform(0.6, 1.0)  # noqa: S311 - spreads those who came at once


_HEARTBEAT = more(b": \n\n")
_SENT = object()

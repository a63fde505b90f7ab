"""One subscriber, and the batches that are written to all of them, without a task per subscriber.

After a goal there are about 17 microseconds per phone. The hub therefore calls the server's `send` for one subscriber
after the other, which accepts the bytes at once, and all subscribers of the same topics share one bytes object
(docs/decisions/0036-streams-write-directly-to-the-asgi-server.md).
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
    """Messages that are sent together, encoded once: one per topic, all at one journal position.

    Without a position they are not repeated: only current subscribers get them. `rests` are the messages for
    subscribers that already have a part of the batch, by the position up to which they have it.
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
        """Return the ASGI event with the messages new to a subscriber, shared by all alike; None if there are none."""
        alike = (names, *known.values()) if known else names
        if alike not in self._events:
            news = [message for name in names if (message := self._news(name, known.get(name))) is not None]
            self._events[alike] = more(with_id(self._id_line, news)) if news else None
        return self._events[alike]

    def is_beyond(self, known: Mapping[str, Key]) -> bool:
        """Return whether this batch is later than `known` for each topic."""
        return self._key is not None and all(key < self._key for key in known.values())

    def _news(self, name: str, known: Key | None) -> bytes | None:
        if self._key is not None and known is not None:
            if known >= self._key:
                return None
            if known in self._rests:
                return self._rests[known].get(name)
        return self.messages.get(name)


class Listener:
    """One client: the topics it subscribes to, the position it has of each, and its ASGI `send`.

    `known` is the position that the opening of each topic covered. It is emptied by the first later batch: from then
    on all subscribers of the same topics have the same messages.

    Batches wait until `begin`, then they are written at once. No ASGI server reports how much a client has read, so a
    stream ends after `LIFETIME_BYTES` and after `LIFETIME_S`. A client that reads reconnects within seconds; one that
    does not read costs no more memory than that. The limits vary per stream, so that clients that connected together
    do not all reconnect together.
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
        """Write the waiting batches; later ones are written at once."""
        self._send = send
        if self.gone:
            self._write(_end(self._farewell))
        for batch in self._waiting:
            self.deliver(batch)
        self._waiting.clear()

    def deliver(self, batch: Batch) -> bool:
        """Write what is new to this client. Return False when the stream has reached its limit."""
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
        """Write a heartbeat after a silence. Return False when the stream has reached its lifetime."""
        now = self._loop.time()
        if self._send is not None and not self.gone and now - self._written_at >= self._silence_s:
            self._write(_HEARTBEAT)
        return now < self._ends_at

    def let_go(self, farewell: bytes = b"") -> None:
        """End the stream with `farewell` as its last bytes; the browser reconnects by itself and resumes."""
        if self.gone:
            return
        self.gone, self._farewell = True, farewell
        if self._send is not None:
            self._write(_end(farewell))

    def _write(self, event: Mapping[str, Any]) -> None:
        """Write without waiting, which Granian supports; RuntimeError with a server whose `send` would block.

        An error on one connection ends that stream only.
        """
        assert self._send is not None  # noqa: S101 - `begin` has run
        self._written_at = self._loop.time()
        try:
            waits = next(self._send(event).__await__(), _SENT) is not _SENT
        except Exception:  # noqa: BLE001 - any error of one connection
            log.exception("stream_broken")
            self.gone, self._left, self._ends_at = True, 0, self._written_at
            return
        if waits:
            raise RuntimeError("This ASGI server blocks in `send`; streams need one that does not (Granian).")


def more(body: bytes) -> dict[str, Any]:
    """Return the ASGI event for a part of the body."""
    return {"type": "http.response.body", "body": body, "more_body": True}


def _end(farewell: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": farewell, "more_body": False}


def with_id(line: bytes, messages: Sequence[bytes]) -> bytes:
    """Return the messages; only the last has the position, so that a client that got a part asks for all again."""
    return b"".join([*messages[:-1], line, messages[-1]])


def id_line(position: str) -> bytes:
    """Return the `id` line of an event."""
    return b"id: %b\n" % position.encode()


def encoded(name: str, message: Any) -> bytes:
    """Return a message of a topic as an event."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(message))


def _spread() -> float:
    return random.uniform(0.6, 1.0)  # noqa: S311 - not a secret


_HEARTBEAT = more(b": \n\n")
_SENT = object()

"""What happens, as it happens: one stream of server-sent events an app, fed by the journal.

`GET /api/stream?topics=availability:<event_id>,order:<order_id>`. Each message is an event named like its topic
(`availability:<event_id>`), its `id` is a position of the journal; a browser that reconnects names the last one it got
(`Last-Event-ID`, or `since` when it opens the stream for the first time) and gets what it missed. A message is encoded
once for all who listen, nobody holds a database connection, and whoever reads too slowly is let go to come back later.
"""

import asyncio
import random
import weakref
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, Protocol, runtime_checkable

import msgspec
from litestar import Request, get
from litestar.params import Parameter
from litestar.response import Stream
from msgspec import Struct

from virage.kernel.audience import Audience
from virage.kernel.batching import Overloaded
from virage.kernel.database import Database, Unavailable
from virage.kernel.guard import Principal
from virage.kernel.journal import POLL_S, Entry, Key, Tail, as_written, head, position_key
from virage.kernel.logs import log
from virage.kernel.problems import Problem, Refused, granted

TOPICS_MAX = 16
WAITING_BATCHES_MAX = 256
HEARTBEAT_S = 15.0
PULSE_S = 0.5
LIFETIME_S = 900.0
RETRY_MS = (1_000, 4_000)
CROWDED_RETRY_MS = 60_000  # so that the tabs of one browser, if they are too many, do not push each other out all day

_HEARTBEAT = b": \n\n"
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class Opened(Struct, frozen=True):
    """The beginning of a topic for one listener: what to say at once, and the position up to which that is the truth.

    `position` must be the head of the journal, asked before the truth was read.
    """

    position: str
    messages: Sequence[Any] = ()


class Topic(Protocol):
    """Something that can be followed. A domain makes one; `matchday/` gives it to the hub."""

    name: str

    async def open(self, principal: Principal, argument: str, since: str | None) -> Opened | Refused:
        """Begin for one listener. `since` is the last position it has seen, None when it knows nothing."""
        ...

    async def on_entries(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        """Return the message (anything msgspec encodes) for each argument that these entries concern.

        It runs once for all listeners, and they wait for it: whoever must read, reads once. It may raise `Unavailable`,
        and is asked again then. Entries come in the order of writing.
        """
        ...


@runtime_checkable
class Pulsed(Protocol):
    """A topic that also tells what no journal has: what is over in a second, and is not told to who was away."""

    async def on_pulse(self, arguments: Collection[str]) -> Mapping[str, Any]:
        """Return the message for each of these arguments of which there is something new; asked twice a second.

        It runs once for all listeners. May raise `Unavailable`, and is asked again with the next pulse.
        """
        ...


class Listener:
    """One browser: which topics it follows, up to where it knows each, what waits to be sent to it."""

    __slots__ = ("farewell", "gone", "known", "names", "waiting")

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.known: dict[str, Key] = {}
        self.waiting: asyncio.Queue[_Batch | None] = asyncio.Queue(WAITING_BATCHES_MAX)
        self.gone = False
        self.farewell = b""

    def let_go(self, farewell: bytes = b"") -> None:
        """End the stream, with `farewell` as its last words; the browser comes back by itself and resumes."""
        self.gone = True
        self.farewell = farewell
        with suppress(asyncio.QueueFull):
            self.waiting.put_nowait(None)


class _Batch:
    """What one reading of the journal says, encoded once: a message a topic, all at one position."""

    __slots__ = ("id_line", "key", "messages")

    def __init__(self, position: str, messages: Mapping[str, bytes]) -> None:
        self.key = position_key(position)
        self.id_line = _id_line(position)
        self.messages = messages

    def for_listener(self, listener: Listener) -> bytes:
        """Return its part, without what the listener knows already."""
        parts = [
            self.messages[name]
            for name in listener.names
            if name in self.messages and self.key > listener.known.get(name, self.key)
        ]
        return _with_id(self.id_line, parts) if parts else b""


class _Passing(_Batch):
    """What a pulse says: it has no position, and whoever listens gets it."""

    def __init__(self, messages: Mapping[str, bytes]) -> None:
        self.messages = messages

    def for_listener(self, listener: Listener) -> bytes:
        """Return its part."""
        return b"".join([self.messages[name] for name in listener.names if name in self.messages])


class Hub:
    """All listeners of this process, and the topics that they may follow."""

    def __init__(self, db: Database, tail: Tail, topics: Sequence[Topic]) -> None:
        self._db = db
        self._tail = tail
        self._topics = {topic.name: topic for topic in topics}
        self._listeners: dict[str, set[Listener]] = defaultdict(set)
        self._end_tail: Callable[[], None] | None = None
        self._starting = asyncio.Lock()
        self._unread: deque[Sequence[Entry]] = deque()
        self._reader: asyncio.Task[None] | None = None
        self._pulse: asyncio.Task[None] | None = None
        self._audience = Audience[Listener]()
        self.let_go = 0
        self.crowded = 0

    @property
    def listening(self) -> int:
        """How many streams are open."""
        return len(self._audience)

    @property
    def beating(self) -> bool:
        """Whether somebody listens to a topic that has a pulse."""
        return self._pulse is not None

    async def follow(
        self, principal: Principal, names: Sequence[str], since: str | None
    ) -> AsyncGenerator[bytes, None]:
        """Return the stream of these topics, or raise the Problem of the first that is refused.

        A session with too many streams loses its oldest; who finds no room at all gets `Overloaded`.
        """
        if not self._audience.has_room(principal):
            raise Overloaded
        opening = [self._topic(name) for name in names]
        listener = Listener(names)
        try:
            await self._join(listener, principal)
            messages: list[bytes] = []
            for name, (topic, argument) in zip(names, opening, strict=True):
                opened = granted(await topic.open(principal, argument, since))
                listener.known[name] = position_key(opened.position)
                messages += [_encoded(name, message) for message in opened.messages]
        except BaseException:
            self._leave(listener)
            raise
        for former in self._audience.too_many(principal.session_id):
            self.crowded += 1
            former.let_go(b"retry: %d\n\n" % CROWDED_RETRY_MS)
            self._leave(former)
        oldest = str(min(listener.known.values()))
        retry_ms = random.randint(*RETRY_MS)  # noqa: S311 - spreads those who come back
        first = [b"retry: %d\n" % retry_ms, _with_id(_id_line(oldest), messages or [b"\n"])]
        flow = self._stream(listener, b"".join(first))
        # whoever goes away before the first word leaves a generator that nobody starts: its `finally` never runs
        weakref.finalize(flow, self._leave, listener).atexit = False
        return flow

    def close(self) -> None:
        """Let everybody go: the process ends."""
        for listener in {listener for group in self._listeners.values() for listener in group}:
            listener.let_go()
        if self._pulse is not None:
            self._pulse.cancel()
            self._pulse = None

    def _topic(self, name: str) -> tuple[Topic, str]:
        kind, _, argument = name.partition(":")
        topic = self._topics.get(kind)
        if topic is None or not argument:
            raise Problem("not_found", {"topic": name})
        return topic, argument

    async def _join(self, listener: Listener, principal: Principal) -> None:
        """Listen before the truth is read, so that nothing falls in between."""
        self._audience.enter(listener, principal)
        for name in listener.names:
            self._listeners[name].add(listener)
        async with self._starting:
            if self._end_tail is None:
                async with self._db.connection() as conn:
                    position = await head(conn)
                self._end_tail = self._tail.listen(self._on_entries, position)
        if self._pulse is None and self._pulsed():
            self._pulse = asyncio.create_task(self._beat(), name="hub-pulse")

    def _leave(self, listener: Listener) -> None:
        """Forget a listener; once is enough."""
        if listener not in self._audience:
            return
        self._audience.leave(listener)
        for name in listener.names:
            self._listeners[name].discard(listener)
            if not self._listeners[name]:
                del self._listeners[name]
        if not self._listeners and self._end_tail is not None:
            self._end_tail()
            self._end_tail = None

    def _on_entries(self, entries: Sequence[Entry]) -> None:
        self._unread.append(entries)
        if self._reader is None:
            self._reader = asyncio.create_task(self._read(), name="hub")

    async def _read(self) -> None:
        """One batch after the other, so that messages come in the journal's order; a batch is never left out."""
        try:
            while self._unread:
                try:
                    await self._tell(self._unread[0])
                except Unavailable:
                    await asyncio.sleep(POLL_S)
                    continue
                except Exception:  # noqa: BLE001 - whoever misses a message comes back and is told what stands
                    log.exception("topic_failed")
                    self.close()
                self._unread.popleft()
        finally:
            self._reader = None

    async def _tell(self, entries: Sequence[Entry]) -> None:
        ordered = as_written(entries)
        messages = {
            f"{kind}:{argument}": message
            for kind in {name.partition(":")[0] for name in self._listeners}
            for argument, message in (await self._topics[kind].on_entries(ordered)).items()
        }
        wanted = {name: _encoded(name, message) for name, message in messages.items() if name in self._listeners}
        self._give(_Batch(entries[-1].position, wanted))

    def _pulsed(self) -> dict[str, list[str]]:
        """What is followed of topics that have a pulse: arguments by kind."""
        found: dict[str, list[str]] = {}
        for name in self._listeners:
            kind, _, argument = name.partition(":")
            if isinstance(self._topics[kind], Pulsed):
                found.setdefault(kind, []).append(argument)
        return found

    async def _beat(self) -> None:
        """Ask twice a second while somebody listens."""
        try:
            while followed := self._pulsed():
                try:
                    for kind, arguments in followed.items():
                        topic = self._topics[kind]
                        messages = await topic.on_pulse(arguments) if isinstance(topic, Pulsed) else {}
                        names = {f"{kind}:{argument}": message for argument, message in messages.items()}
                        self._give(
                            _Passing(
                                {name: _encoded(name, one) for name, one in names.items() if name in self._listeners}
                            )
                        )
                except Unavailable:
                    pass
                except Exception:  # noqa: BLE001 - one bad pulse must not be the last one
                    log.exception("pulse_failed")
                await asyncio.sleep(PULSE_S)
        finally:
            if self._pulse is asyncio.current_task():
                self._pulse = None

    def _give(self, batch: _Batch) -> None:
        for listener in {listener for name in batch.messages for listener in self._listeners[name]}:
            try:
                listener.waiting.put_nowait(batch)
            except asyncio.QueueFull:
                self.let_go += 1
                listener.let_go()
                self._leave(listener)

    async def _stream(self, listener: Listener, first: bytes) -> AsyncGenerator[bytes, None]:
        try:
            yield first
            with suppress(TimeoutError):
                async with asyncio.timeout(LIFETIME_S):
                    while not listener.gone:
                        message = await _next_part(listener)
                        if message:
                            yield message
            if listener.farewell:
                yield listener.farewell
        finally:
            self._leave(listener)


async def _next_part(listener: Listener) -> bytes:
    """Return what comes next, a heartbeat when nothing happens, nothing for what the listener knows already."""
    try:
        async with asyncio.timeout(HEARTBEAT_S):
            batch = await listener.waiting.get()
    except TimeoutError:
        return _HEARTBEAT
    return b"" if batch is None else batch.for_listener(listener)


def _with_id(id_line: bytes, messages: Sequence[bytes]) -> bytes:
    """Return the messages; only the last carries the position, so that who gets half of it asks for all again."""
    return b"".join([*messages[:-1], id_line, messages[-1]])


def _id_line(position: str) -> bytes:
    return b"id: %b\n" % position.encode()


def _encoded(name: str, message: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(message))


@get("/api/stream", opt={"public": True}, tags=["stream"], media_type="text/event-stream")
async def stream(
    request: Request[Any, Any, Any],
    hub: Hub,
    principal: Principal,
    topics: Annotated[str, Parameter(max_length=1000, description="topic:argument, comma-separated")],
    since: Annotated[str | None, Parameter(max_length=64)] = None,
) -> Stream:
    """Follow topics as server-sent events. Each topic decides for itself who may follow it."""
    names = list(dict.fromkeys(topics.split(",")))
    if len(names) > TOPICS_MAX:
        raise Problem("invalid", {"topics_max": TOPICS_MAX})
    last = request.headers.get("last-event-id") or since
    if last is not None:
        try:
            position_key(last)
        except ValueError:
            raise Problem("invalid", {"errors": [{"key": "since", "message": "is no position"}]}) from None
    messages = await hub.follow(principal, names, last)
    return Stream(messages, media_type="text/event-stream", headers=_HEADERS)

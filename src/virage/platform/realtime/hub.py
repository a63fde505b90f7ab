"""The hub: one stream of server-sent events per open app, fed by the journal.

`GET /api/stream?topics=availability:<event_id>,order:<order_id>`. Each message is an event named like its topic
(`availability:<event_id>`), its `id` is a journal position. A browser that reconnects sends the last position it
received (`Last-Event-ID`, or `since` when it first opens the stream) and gets the messages that it missed. A position
covers everything up to it, in every process (docs/decisions/0038-entries-are-sent-once.md). A message is encoded once
for all subscribers. No stream holds a database connection, and a subscriber that reads too slowly is disconnected and
reconnects later. Values that are not stored come from topics with a pulse; their messages have no `id`.
"""

import asyncio
import random
import weakref
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from msgspec import Struct
from starlette.types import Receive

from virage.platform.data.batching import Overloaded
from virage.platform.data.database import Database, Unavailable
from virage.platform.data.journal import POLL_S, Entry, Key, Tail, as_written, head, position_key
from virage.platform.realtime.audience import Audience
from virage.platform.realtime.listening import Batch, Listener, Send, encoded, id_line, more, with_id
from virage.platform.settings.logs import log
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal
from virage.platform.web.problems import Problem, granted

BEAT_S = 1.0
PULSE_S = 0.5
AT_ONCE = 500  # subscribers written to before other tasks get a turn
RETRY_MS = (1_000, 4_000)
DRAIN_STEP_S = 0.1
AHEAD_MAX = 32  # positions ahead of this process that are tracked; beyond them a few messages are sent twice
CROWDED_RETRY_MS = 60_000  # too many tabs of one browser must not keep disconnecting each other


class Opening(Struct, frozen=True):
    """A new subscription: its principal, the last position it received (None: none), and where the stream begins.

    The opening covers everything before `at`; everything after it arrives as entries.
    """

    principal: Principal
    since: str | None
    at: str


class Opened(Struct, frozen=True):
    """The first messages of a topic for one subscriber, and the position up to which they are complete.

    A topic that sends a state may be ahead of where the stream begins: then `position` is the head of the journal,
    read before the state. A subscriber may get the same state twice, so its messages must be idempotent.
    A topic that sends each entry once sends them up to `Opening.at`, which is its position.
    """

    position: str
    messages: Sequence[Any] = ()


class Topic(Protocol):
    """A subject of subscriptions, made by a domain and registered with the hub by `app/`."""

    name: str

    @property
    def message(self) -> type[Struct]:
        """The type of its messages, for the OpenAPI document."""
        ...

    async def open(self, argument: str, opening: Opening) -> Opened | Refused:
        """Open the topic for one subscriber, or refuse it."""
        ...

    async def on_entries(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        """Return the message for each argument that these entries concern.

        It runs once for all subscribers, so it reads the database at most once. It may raise `Unavailable` and is
        called again then. Entries come in the order in which they were written.
        """
        ...


@runtime_checkable
class Pulsed(Protocol):
    """A topic that also sends values that are not stored, such as live positions; they are not sent again."""

    async def on_pulse(self, arguments: Collection[str]) -> Mapping[str, Any]:
        """Return the message for each of these arguments that has changed; called twice a second.

        It runs once for all subscribers. May raise `Unavailable`; it is called again with the next pulse.
        """
        ...


@runtime_checkable
class Urgent(Protocol):
    """A topic whose messages overtake all others: they are sent before waiting batches, and others pause for them.

    They have no `id`, so each has the whole state, which `open` sends too: a subscriber that missed one gets it again.
    """

    async def on_urgent(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        """Return the message for each argument that these entries concern. May raise `Unavailable`, as `on_entries`."""
        ...


class Hub:
    """All subscribers of this process, and the topics that exist.

    `who_loses_rights` returns the principal whose rights a fact (what, about, data) ends. Their streams end before the
    fact is sent; a client that still has the right to a topic reconnects.
    """

    def __init__(
        self,
        db: Database,
        tail: Tail,
        topics: Sequence[Topic],
        who_loses_rights: Callable[[str, UUID, Mapping[str, Any]], UUID | None] = lambda *_: None,
    ) -> None:
        self._db = db
        self._who_loses_rights = who_loses_rights
        self._tail = tail
        self._topics = {topic.name: topic for topic in topics}
        if len(self._topics) < len(topics):
            raise ValueError(f"Two topics have one name: {', '.join(sorted(topic.name for topic in topics))}.")
        self._listeners: dict[str, set[Listener]] = defaultdict(set)
        self._sent_xid = 0
        self._ahead: set[int] = set()
        self._end_tail: Callable[[], None] | None = None
        self._starting = asyncio.Lock()
        self._unread: deque[Sequence[Entry]] = deque()
        self._reader: asyncio.Task[None] | None = None
        self._urgent_unread: deque[Sequence[Entry]] = deque()
        self._urgent_reader: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self._pulse: asyncio.Task[None] | None = None
        self._audience = Audience[Listener]()
        self._draining = False
        self.let_go = 0
        self.crowded = 0

    @property
    def messages(self) -> Mapping[str, type[Struct]]:
        """The type of the messages of each topic, by its name."""
        return {name: topic.message for name, topic in self._topics.items()}

    @property
    def listening(self) -> int:
        """Number of open streams."""
        return len(self._audience)

    @property
    def has_pulse(self) -> bool:
        """Whether a topic with a pulse has subscribers."""
        return self._pulse is not None

    def following(self, name: str) -> int:
        """Return the number of subscribers of a topic in this process."""
        return len(self._listeners.get(name, ()))

    async def follow(self, principal: Principal, names: Sequence[str], since: str | None) -> "Flow":
        """Return a stream of these topics. Raises the Problem of the first topic that refuses.

        A session with too many streams loses its oldest. Raises `Overloaded` when the process is full or ending.
        """
        if self._draining or not self._audience.has_room(principal):
            raise Overloaded
        topics = [self._topic(name) for name in names]
        listener = Listener(names)
        try:
            await self._join(listener, principal)
            at = await self._begin_at(since)
            messages: list[bytes] = []
            for name, (topic, argument) in zip(names, topics, strict=True):
                opened = granted(await topic.open(argument, Opening(principal, since, at)))
                listener.known[name] = position_key(opened.position)
                messages += [encoded(name, message) for message in opened.messages]
        except BaseException:
            self.leave(listener)
            raise
        for former in self._audience.too_many(principal.session_id):
            self.crowded += 1
            self._end(former, b"retry: %d\n\n" % CROWDED_RETRY_MS)
        retry_ms = random.randint(*RETRY_MS)  # noqa: S311 - spreads those who come back
        first = [b"retry: %d\n" % retry_ms, with_id(id_line(at), messages or [b"\n"])]
        flow = Flow(self, listener, b"".join(first))
        # a client that disconnects before the first byte leaves a stream that never runs
        weakref.finalize(flow, self.leave, listener).atexit = False
        return flow

    def close(self) -> None:
        """End all streams: the process ends, or a topic failed and subscribers must read the state again."""
        for listener in self._everybody():
            listener.let_go()
        for task in (self._beating, self._pulse):
            if task is not None:
                task.cancel()
        self._beating = self._pulse = None

    async def drain(self, seconds: float) -> None:
        """Refuse new streams and end all open ones within so many seconds, spread over the second half.

        The first half gives a load balancer time to take this process out, so that clients reconnect to another.
        """
        self._draining = True
        await asyncio.sleep(seconds / 2)
        steps = max(1, round(seconds / 2 / DRAIN_STEP_S))
        for left in range(steps, 0, -1):
            listeners = list(self._everybody())
            for listener in listeners[: -(-len(listeners) // left)]:
                self._end(listener)
            await asyncio.sleep(seconds / 2 / steps)
        self.close()

    def leave(self, listener: Listener) -> None:
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
                self._sent_xid = max(self._sent_xid, position_key(position).xid_next)
                self._end_tail = self._tail.listen(self._on_entries, position)
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat(), name="hub beat")
        if self._pulse is None and self._pulsed():
            self._pulse = asyncio.create_task(self._ask(), name="hub pulse")

    async def _begin_at(self, since: str | None) -> str:
        """Return where a stream begins: where this process is, or where another process was for this client.

        A position that the journal has not reached comes from another database and is ignored.
        """
        client_xid = 0 if since is None else position_key(since).xid_next
        if client_xid > self._sent_xid:
            async with self._db.connection() as conn:
                reached = position_key(await head(conn)).xid_next
            if self._sent_xid < client_xid <= reached and (client_xid in self._ahead or len(self._ahead) < AHEAD_MAX):
                self._ahead.add(client_xid)
                return str(Key(client_xid, 0))
        return str(Key(self._sent_xid, 0))

    def _everybody(self) -> set[Listener]:
        return {listener for group in self._listeners.values() for listener in group}

    def _end(self, listener: Listener, farewell: bytes = b"") -> None:
        listener.let_go(farewell)
        self.leave(listener)

    def _on_entries(self, entries: Sequence[Entry]) -> None:
        self._urgent_unread.append(entries)
        if self._urgent_reader is None:
            self._urgent_reader = asyncio.create_task(self._read_urgent(), name="hub urgent")
        self._unread.append(entries)
        if self._reader is None:
            self._reader = asyncio.create_task(self._read(), name="hub")

    async def _read(self) -> None:
        """Send batch after batch in the order of the journal; none is skipped."""
        try:
            await self._in_order(self._unread, self._send)
        finally:
            self._reader = None

    async def _read_urgent(self) -> None:
        """Send the messages of urgent topics, ahead of the batches that wait or are being sent."""
        try:
            await self._in_order(self._urgent_unread, self._send_urgent)
        finally:
            self._urgent_reader = None

    async def _in_order(
        self, unread: deque[Sequence[Entry]], send: Callable[[Sequence[Entry]], Awaitable[None]]
    ) -> None:
        while unread:
            try:
                await send(unread[0])
            except Unavailable:
                await asyncio.sleep(POLL_S)
                continue
            except Exception:  # noqa: BLE001 - clients that missed a message reconnect and read the state again
                log.exception("topic_failed")
                self.close()
            unread.popleft()

    async def _send_urgent(self, entries: Sequence[Entry]) -> None:
        ordered = as_written(entries)
        found: dict[str, bytes] = {}
        for kind in {name.partition(":")[0] for name in self._listeners}:
            topic = self._topics[kind]
            if isinstance(topic, Urgent):
                messages = {f"{kind}:{key}": message for key, message in (await topic.on_urgent(ordered)).items()}
                found |= {name: encoded(name, message) for name, message in messages.items() if name in self._listeners}
        if found:
            batch = Batch(None, found)
            listeners = {listener for name in found for listener in self._listeners[name]}
            self.let_go += await self._each(listeners, lambda listener: listener.deliver(batch))

    async def _yield_to_urgent(self) -> None:
        """Give other tasks a turn, and urgent messages all the time that they need."""
        await asyncio.sleep(0)
        if self._urgent_reader is not None:
            await asyncio.wait([self._urgent_reader])

    async def _send(self, entries: Sequence[Entry]) -> None:
        ordered, end = as_written(entries), position_key(entries[-1].position)
        self._end_without_rights(ordered)
        await self._yield_to_urgent()
        self._sent_xid = max(self._sent_xid, end.xid_next)  # the opening of new subscribers covers these entries
        messages = {0: {}, len(ordered): await self._messages(ordered)}
        rests = {}
        for xid in list(self._ahead):
            rest = [entry for entry in ordered if position_key(entry.position).xid >= xid]
            if len(rest) not in messages:
                messages[len(rest)] = await self._messages(rest)
            rests[Key(xid, 0)] = messages[len(rest)]
        self._ahead = {xid for xid in self._ahead if xid > self._sent_xid}
        await self._give(Batch(end, messages[len(ordered)], rests))

    def _end_without_rights(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            loser = self._who_loses_rights(entry.what, entry.about, entry.data)
            if loser is not None:
                for listener in self._audience.of(loser):
                    self._end(listener)

    async def _messages(self, entries: Sequence[Entry]) -> dict[str, bytes]:
        """Return the encoded messages of these entries, by topic with subscribers."""
        found: dict[str, bytes] = {}
        for kind in {name.partition(":")[0] for name in self._listeners}:
            for argument, message in (await self._topics[kind].on_entries(entries)).items():
                name = f"{kind}:{argument}"
                if name in self._listeners:
                    found[name] = encoded(name, message)
        return found

    async def _give(self, batch: Batch) -> None:
        listeners = {listener for name in batch.messages for listener in self._listeners[name]}
        self.let_go += await self._each(listeners, lambda listener: listener.deliver(batch), self._yield_to_urgent)

    def _pulsed(self) -> dict[str, list[str]]:
        """Return the subscribed arguments of topics with a pulse, by topic."""
        found: dict[str, list[str]] = {}
        for name in self._listeners:
            kind, _, argument = name.partition(":")
            if isinstance(self._topics[kind], Pulsed):
                found.setdefault(kind, []).append(argument)
        return found

    async def _ask(self) -> None:
        """Call topics with a pulse for as long as one of them has subscribers."""
        try:
            while followed := self._pulsed():
                for kind, arguments in followed.items():
                    await self._ask_one(kind, arguments)
                await asyncio.sleep(PULSE_S)
        finally:
            if self._pulse is asyncio.current_task():
                self._pulse = None

    async def _ask_one(self, kind: str, arguments: Sequence[str]) -> None:
        topic = self._topics[kind]
        try:
            messages = await topic.on_pulse(arguments) if isinstance(topic, Pulsed) else {}
        except Unavailable:
            return
        except Exception:  # noqa: BLE001 - one bad pulse must not be the last one
            log.exception("pulse_failed")
            return
        names = {f"{kind}:{argument}": message for argument, message in messages.items()}
        wanted = {name: encoded(name, message) for name, message in names.items() if name in self._listeners}
        await self._give(Batch(None, wanted))

    async def _beat(self) -> None:
        """Send heartbeats, and end streams that have reached their lifetime."""
        while self._listeners:
            await asyncio.sleep(BEAT_S)
            await self._each(self._everybody(), Listener.beat)
        self._beating = None

    async def _each(
        self,
        listeners: Iterable[Listener],
        act: Callable[[Listener], bool],
        pause: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(0),
    ) -> int:
        """Apply `act` to each, end the streams for which it returns False, and return how many ended."""
        ended = 0
        for number, listener in enumerate(listeners, 1):
            if not act(listener):
                self._end(listener)
                ended += 1
            if number % AT_ONCE == 0:
                await pause()
        return ended


class Flow:
    """One stream, ready to run."""

    def __init__(self, hub: Hub, listener: Listener, first: bytes) -> None:
        self._hub = hub
        self._listener = listener
        self._first = first

    async def run(self, receive: Receive, send: Send) -> None:
        """Send the first messages, let the hub write, and wait until the client or the hub ends the stream (ASGI)."""
        try:
            await send(more(self._first))
            self._listener.begin(send)
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._listener.gone = True
            self._hub.leave(self._listener)

"""What happens, as it happens: one stream of server-sent events an app, fed by the journal.

`GET /api/stream?topics=availability:<event_id>,order:<order_id>`. Each message is an event named like its topic
(`availability:<event_id>`), its `id` is a position of the journal; a browser that reconnects names the last one it got
(`Last-Event-ID`, or `since` when it opens the stream for the first time) and gets what it missed. A position says all
that a stream was told up to there, whichever process told it (docs/decisions/0038-entries-are-sent-once.md). A message
is encoded once for all who listen, nobody holds a database connection, and whoever reads too slowly is let go to come
back later. What passes, and is in no journal, comes from topics that have a pulse: its messages have no `id`.
"""

import asyncio
import random
import weakref
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
AT_ONCE = 500  # to how many we write before the process looks after others
RETRY_MS = (1_000, 4_000)
DRAIN_STEP_S = 0.1
AHEAD_MAX = 32  # positions of other processes that are told apart; who has one more is told again what they know
CROWDED_RETRY_MS = 60_000  # so that the tabs of one browser, if they are too many, do not push each other out all day


class Opening(Struct, frozen=True):
    """Somebody begins to listen: who, after which position (None: they know nothing), and where the stream begins.

    What lies before `at` is told by the opening, and what follows it comes as entries.
    """

    principal: Principal
    since: str | None
    at: str


class Opened(Struct, frozen=True):
    """The beginning of a topic for one listener: what to say at once, and the position up to which that is the truth.

    A topic that says how things stand may be ahead of where the stream begins: `position` is the head of the journal
    then, asked before the truth was read. Who comes back from before it is told again, so what it says must bear that.
    A topic that tells each thing once tells them up to `Opening.at`, and that is its position.
    """

    position: str
    messages: Sequence[Any] = ()


class Topic(Protocol):
    """Something that can be followed. A domain makes one; `app/` gives it to the hub."""

    name: str

    async def open(self, argument: str, opening: Opening) -> Opened | Refused:
        """Begin for one listener."""
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


class Hub:
    """All listeners of this process, and the topics that they may follow.

    `who_loses_rights` returns whose rights a fact (what, about, data) ends: their streams end before the fact is told.
    Who still may follow a topic comes back and goes on.
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
        self._told = 0
        self._ahead: set[int] = set()
        self._end_tail: Callable[[], None] | None = None
        self._starting = asyncio.Lock()
        self._unread: deque[Sequence[Entry]] = deque()
        self._reader: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self._pulse: asyncio.Task[None] | None = None
        self._audience = Audience[Listener]()
        self._draining = False
        self.let_go = 0
        self.crowded = 0

    @property
    def listening(self) -> int:
        """How many streams are open."""
        return len(self._audience)

    @property
    def has_pulse(self) -> bool:
        """Whether somebody listens to a topic that has a pulse."""
        return self._pulse is not None

    def following(self, name: str) -> int:
        """How many streams of this process follow a topic."""
        return len(self._listeners.get(name, ()))

    async def follow(self, principal: Principal, names: Sequence[str], since: str | None) -> "Flow":
        """Return the stream of these topics, or raise the Problem of the first that is refused.

        A session with too many streams loses its oldest; who finds no room at all, or a process that ends, gets
        `Overloaded`.
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
        # whoever goes away before the first word leaves a flow that nobody runs
        weakref.finalize(flow, self.leave, listener).atexit = False
        return flow

    def close(self) -> None:
        """Let everybody go: the process ends, or does not know what to tell."""
        for listener in self._everybody():
            listener.let_go()
        for task in (self._beating, self._pulse):
            if task is not None:
                task.cancel()
        self._beating = self._pulse = None

    async def drain(self, seconds: float) -> None:
        """Take nobody in from now on, and let everybody go within so many seconds: spread over their second half.

        The first half is for a load balancer to learn that this process ends: who comes back finds another one.
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
                self._told = max(self._told, position_key(position).xid_next)
                self._end_tail = self._tail.listen(self._on_entries, position)
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat(), name="hub beat")
        if self._pulse is None and self._pulsed():
            self._pulse = asyncio.create_task(self._ask(), name="hub pulse")

    async def _begin_at(self, since: str | None) -> str:
        """Where a stream begins: as far as this process has told, or where another one, which was ahead, has told it.

        Of a position that the journal has not reached somebody else's journal is the origin.
        """
        came = 0 if since is None else position_key(since).xid_next
        if came > self._told:
            async with self._db.connection() as conn:
                reached = position_key(await head(conn)).xid_next
            if self._told < came <= reached and (came in self._ahead or len(self._ahead) < AHEAD_MAX):
                self._ahead.add(came)
                return str(Key(came, 0))
        return str(Key(self._told, 0))

    def _everybody(self) -> set[Listener]:
        return {listener for group in self._listeners.values() for listener in group}

    def _end(self, listener: Listener, farewell: bytes = b"") -> None:
        listener.let_go(farewell)
        self.leave(listener)

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
        ordered, end = as_written(entries), position_key(entries[-1].position)
        self._end_without_rights(ordered)
        self._told = max(self._told, end.xid_next)  # whoever comes from here on is told by their opening what these say
        said = {0: {}, len(ordered): await self._messages(ordered)}
        rests = {}
        for xid in list(self._ahead):
            rest = [one for one in ordered if position_key(one.position).xid >= xid]
            if len(rest) not in said:
                said[len(rest)] = await self._messages(rest)
            rests[Key(xid, 0)] = said[len(rest)]
        self._ahead = {xid for xid in self._ahead if xid > self._told}
        await self._give(Batch(end, said[len(ordered)], rests))

    def _end_without_rights(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            loser = self._who_loses_rights(entry.what, entry.about, entry.data)
            if loser is not None:
                for listener in self._audience.of(loser):
                    self._end(listener)

    async def _messages(self, entries: Sequence[Entry]) -> dict[str, bytes]:
        """What these entries say to those who listen, by topic."""
        found: dict[str, bytes] = {}
        for kind in {name.partition(":")[0] for name in self._listeners}:
            for argument, message in (await self._topics[kind].on_entries(entries)).items():
                name = f"{kind}:{argument}"
                if name in self._listeners:
                    found[name] = encoded(name, message)
        return found

    async def _give(self, batch: Batch) -> None:
        listeners = {listener for name in batch.messages for listener in self._listeners[name]}
        self.let_go += await self._each(listeners, lambda listener: listener.tell(batch))

    def _pulsed(self) -> dict[str, list[str]]:
        """What is followed of topics that have a pulse: arguments by kind."""
        found: dict[str, list[str]] = {}
        for name in self._listeners:
            kind, _, argument = name.partition(":")
            if isinstance(self._topics[kind], Pulsed):
                found.setdefault(kind, []).append(argument)
        return found

    async def _ask(self) -> None:
        """Ask topics that have a pulse, while somebody listens to one."""
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
        """Break silences, and end what has lasted long enough."""
        while self._listeners:
            await asyncio.sleep(BEAT_S)
            await self._each(self._everybody(), Listener.beat)
        self._beating = None

    async def _each(self, listeners: Iterable[Listener], act: Callable[[Listener], bool]) -> int:
        """Do it for one after the other, end those for whom it was the last, and return how many these are."""
        ended = 0
        for number, listener in enumerate(listeners, 1):
            if not act(listener):
                self._end(listener)
                ended += 1
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        return ended


class Flow:
    """One stream that is ready to run, from its first words to its end."""

    def __init__(self, hub: Hub, listener: Listener, first: bytes) -> None:
        self._hub = hub
        self._listener = listener
        self._first = first

    async def run(self, receive: Receive, send: Send) -> None:
        """Hand the way to the phone over to the hub, and wait until the phone or the hub has ended it (ASGI)."""
        try:
            await send(more(self._first))
            self._listener.begin(send)
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._listener.gone = True
            self._hub.leave(self._listener)

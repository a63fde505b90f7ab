"""Each entry reaches each phone once and in order, by the stream alone: nothing here drops
duplicates.

Some entries are written by transactions that began long before. Processes lag behind each other.
Phones leave a process in the middle of its messages and reconnect to another with their last
position.
"""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.listening import Subscription, subscribe
from tests.platform.realtime.test_hub import SlowTail, ids
from virage.media.live.acts import publishing
from virage.media.live.reads import Feeds, LiveTopic
from virage.media.live.rules.entries import Announcement, EntryRequest
from virage.platform.data.database import Connection, Database
from virage.platform.data.journal import Fact, Tail, append, head, read_after
from virage.platform.realtime.hub import Hub
from virage.platform.values.ids import new_id
from virage.platform.web.guard import ANONYMOUS

NOW = datetime(2026, 5, 9, 19, tzinfo=UTC)
ENTRIES, PHONES, PROCESSES = 48, 24, 3


async def tell(conn: Connection, event: UUID, entries: int = 1) -> None:
    tellings = [EntryRequest(new_id(), NOW, Announcement({"fr": "Merci", "en": "Thanks"})) for _ in range(entries)]
    await publishing.publish(conn, event, tellings, None, NOW)


async def begin(conn: Connection) -> None:
    """Give a transaction its place in the journal."""
    await append(conn, [Fact("something_else", None, new_id())], NOW)


class Phone:
    """A phone that takes every message: the numbers of each feed as they came, and the last
    position.
    """

    def __init__(self, events: Sequence[UUID]) -> None:
        self._names = [f"live:{event}" for event in events]
        self.since: str | None = None
        self.numbers: dict[str, list[int]] = {name: [] for name in self._names}

    async def connect(self, hub: Hub) -> Subscription:
        return await subscribe(hub, ANONYMOUS, self._names, self.since)

    def take(self, part: bytes) -> None:
        text = part.decode()
        for name, data in re.findall(r"event: (\S+)\ndata: (.*)", text):
            self.numbers[name] += [int(number) for number in re.findall(r'"number":(\d+)', data)]
        for position in ids(text):
            self.since = position

    async def hear_some(self, hub: Hub, parts: int) -> None:
        """Connect, read so many parts or until the stream is closed, and leave."""
        heard = await self.connect(hub)
        try:
            async with asyncio.timeout(0.2):
                for _ in range(parts):
                    self.take(await anext(heard))
        except (TimeoutError, StopAsyncIteration):
            pass
        await heard.aclose()

    def has(self, entries: int) -> bool:
        return all(numbers[-1:] == [entries] for numbers in self.numbers.values())


@pytest.fixture
async def events(db: Database) -> list[UUID]:
    """Two empty feeds."""
    found = [new_id(), new_id()]
    async with db.transaction() as conn:
        for event in found:
            await tell(conn, event, 0)
    return found


@pytest.fixture
async def process(db: Database) -> AsyncIterator[Callable[[], Hub]]:
    """Creates web processes over one database."""
    async with AsyncExitStack() as stack:

        def make() -> Hub:
            tail = Tail(db)
            hub = Hub(db, tail, [LiveTopic(Feeds(db))])
            stack.push_async_callback(tail.close)
            stack.callback(hub.close)
            return hub

        yield make


class Evening:
    """Two desks, web processes, phones, and concurrent writers; all events are random."""

    def __init__(self, db: Database, events: Sequence[UUID], hubs: Sequence[Hub], seed: int) -> None:
        self._db = db
        self._hubs = hubs
        self._chance = chance = random.Random(seed)  # noqa: S311 - the same choices each time
        self.phones = [Phone(chance.choice([events, events[:1], events[::-1]])) for _ in range(PHONES)]
        self._events = events
        self._published = asyncio.Event()

    async def pass_by(self) -> None:
        """Run until each phone has the last entries."""
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for phone in self.phones:
                group.create_task(self._follow(phone))
            others = [group.create_task(self._others()) for _ in range(2)]
            await asyncio.gather(*(self._desk(event, ENTRIES // 3) for event in self._events for _ in range(3)))
            self._published.set()
            await asyncio.gather(*others)

    async def _follow(self, phone: Phone) -> None:
        while not phone.has(ENTRIES):
            await phone.hear_some(self._chance.choice(self._hubs), self._chance.randint(1, 6))

    async def _desk(self, event: UUID, entries: int) -> None:
        """Publish the entries, sometimes late in a transaction that began early, sometimes several
        in one.
        """
        while entries:
            some = self._chance.randint(1, min(3, entries))
            async with self._db.transaction() as conn:
                if self._chance.random() < 0.5:
                    await self._dawdle(conn)
                await tell(conn, event, some)
            entries -= some

    async def _others(self) -> None:
        """Delay the readable head of the journal; sometimes close all streams of a process."""
        while not self._published.is_set():
            async with self._db.transaction() as conn:
                await self._dawdle(conn)
            if self._chance.random() < 0.05:
                self._chance.choice(self._hubs).close()

    async def _dawdle(self, conn: Connection) -> None:
        await begin(conn)
        for _ in range(self._chance.randint(1, 20)):
            await conn.fetchval("select 1")


@pytest.mark.parametrize("seed", range(4))
async def test_phones_that_come_and_go_get_each_entry_once_and_in_order(
    db: Database, events: list[UUID], process: Callable[[], Hub], seed: int
) -> None:
    evening = Evening(db, events, [process() for _ in range(PROCESSES)], seed)
    await evening.pass_by()
    everything = list(range(1, ENTRIES + 1))
    assert [heard for phone in evening.phones for heard in phone.numbers.values() if heard != everything] == []


async def test_a_subscriber_from_a_process_that_is_ahead_gets_only_the_rest(
    db: Database, events: list[UUID], process: Callable[[], Hub]
) -> None:
    tail = SlowTail()
    behind = Hub(db, tail, [LiveTopic(Feeds(db))])  # type: ignore[arg-type]  # the part of a tail that the hub uses
    phone, other = Phone(events[:1]), Phone(events[:1])
    stays = await other.connect(behind)
    other.take(await anext(stays))
    async with db.connection() as conn:
        start = await head(conn)
    async with db.transaction() as conn:
        await tell(conn, events[0], 2)
    await phone.hear_some(process(), 1)
    async with db.transaction() as conn:
        await tell(conn, events[0])
    again = await phone.connect(behind)
    phone.take(await anext(again))
    async with db.connection() as conn:
        tail.tells[0](await read_after(conn, start))
    for one, parts in ((phone, again), (other, stays)):
        one.take(await anext(parts))
        assert list(one.numbers.values()) == [[1, 2, 3]]


async def test_an_entry_that_arrives_early_is_sent_in_order(
    db: Database, events: list[UUID], process: Callable[[], Hub]
) -> None:
    """Another transaction holds the journal back: an opening that sent the entry would repeat it."""
    phone, hub = Phone(events[:1]), process()
    async with db.transaction() as bystander:
        await begin(bystander)
        async with db.transaction() as conn:
            await tell(conn, events[0])
        parts = await phone.connect(hub)
        phone.take(await anext(parts))
        assert list(phone.numbers.values()) == [[]]
    phone.take(await anext(parts))
    assert list(phone.numbers.values()) == [[1]]


async def test_an_entry_whose_transaction_began_first_waits_for_earlier_numbers(
    db: Database, events: list[UUID], process: Callable[[], Hub]
) -> None:
    """It precedes them in the journal, and is read without them while another transaction holds
    them back.
    """
    phone, late, hub = Phone(events[:1]), Phone(events[:1]), process()
    parts = await phone.connect(hub)
    phone.take(await anext(parts))
    async with AsyncExitStack() as ending:
        async with db.transaction() as first:
            await begin(first)
            bystander = await ending.enter_async_context(db.transaction())
            await begin(bystander)
            async with db.transaction() as second:
                await tell(second, events[0])
            await tell(first, events[0])
        async with db.connection() as conn:
            published = [fact.data["number"] for fact in await read_after(conn, "0-0") if fact.what == "live_told"]
        assert published == [2]
        await late.hear_some(process(), 1)
        assert list(late.numbers.values()) == [[]]
    phone.take(await anext(parts))
    await late.hear_some(hub, 2)
    for one in (phone, late):
        assert list(one.numbers.values()) == [[1, 2]]


async def test_a_subscriber_with_the_last_entry_gets_nothing_again(
    db: Database, events: list[UUID], process: Callable[[], Hub]
) -> None:
    phone, hubs = Phone(events), [process(), process()]
    parts = await phone.connect(hubs[0])
    phone.take(await anext(parts))
    async with db.transaction() as conn:
        for event in events:
            await tell(conn, event, 2)
    phone.take(await anext(parts))
    for hub in hubs:
        await phone.hear_some(hub, 1)
    assert list(phone.numbers.values()) == [[1, 2], [1, 2]]


async def test_a_position_of_another_journal_is_ignored(
    db: Database, events: list[UUID], process: Callable[[], Hub]
) -> None:
    """A restored database may be behind the phones that connect to it."""
    phone = Phone(events[:1])
    phone.since = f"{1 << 60}-1"
    parts = await phone.connect(process())
    phone.take(await anext(parts))
    async with db.transaction() as conn:
        await tell(conn, events[0])
    phone.take(await anext(parts))
    assert list(phone.numbers.values()) == [[1]]

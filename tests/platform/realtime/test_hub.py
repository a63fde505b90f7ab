import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec import Struct

from tests.listening import subscribe
from virage.platform.data.batching import Overloaded
from virage.platform.data.database import Database, Unavailable
from virage.platform.data.journal import Entry, Fact, Tail, append, head, position_key, read_after
from virage.platform.realtime import audience, listening
from virage.platform.realtime import hub as hub_module
from virage.platform.realtime.hub import AHEAD_MAX, Hub, Opened, Opening
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import ANONYMOUS, Principal
from virage.platform.web.problems import Problem

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
SEAT, ALARM = UUID(int=7), UUID(int=8)


class Seats:
    """A topic with the numbers noted about a thing; opens with all of them, or those since the last
    position.
    """

    name = "seats"
    message = Struct

    def __init__(self, db: Database) -> None:
        self._db = db

    async def open(self, argument: str, opening: Opening) -> Opened | Refused:
        if argument == "secret":
            return Refused("forbidden")
        async with self._db.connection() as conn:
            position = await head(conn)
            past = await read_after(conn, opening.since or "0-0")
        messages = await self.on_entries(past)
        return Opened(position, [messages[argument]] if argument in messages else [])

    async def on_entries(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        messages: dict[str, Any] = {}
        for entry in entries:
            messages.setdefault(str(entry.about), []).append(entry.data["n"])
        return messages


@pytest.fixture
async def hub(db: Database) -> AsyncIterator[Hub]:
    tail = Tail(db)
    hub = Hub(db, tail, [Seats(db)])
    yield hub
    hub.close()
    await tail.close()


async def note(db: Database, *numbers: int, about: UUID = SEAT) -> None:
    async with db.transaction() as conn:
        await append(conn, [Fact("noted", None, about, {"n": number}) for number in numbers], NOW)


async def next_part(messages: AsyncIterator[bytes]) -> str:
    async with asyncio.timeout(5):
        return (await anext(messages)).decode()


def ids(part: str) -> list[str]:
    return [line[4:] for line in part.splitlines() if line.startswith("id: ")]


def data(part: str) -> list[str]:
    return [line[6:] for line in part.splitlines() if line.startswith("data: ")]


async def test_a_subscriber_gets_the_state_and_later_entries(hub: Hub, db: Database) -> None:
    await note(db, 1)
    messages = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None)
    first = await next_part(messages)
    assert data(first) == ["[1]"]
    assert f"event: seats:{SEAT}" in first
    await note(db, 2, 3)
    assert data(await next_part(messages)) == ["[2,3]"]


async def test_a_reconnecting_subscriber_gets_only_missed_messages(hub: Hub, db: Database) -> None:
    await note(db, 1)
    messages = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None)
    (last,) = ids(await next_part(messages))
    await note(db, 2)
    assert data(await next_part(await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], last))) == ["[2]"]


async def test_nothing_falls_between_the_opening_and_the_tail(hub: Hub, db: Database) -> None:
    async def watch() -> list[int]:
        seen: list[int] = []
        messages = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None)
        while 39 not in seen:
            seen += [int(n) for part in data(await next_part(messages)) for n in part[1:-1].split(",")]
        return seen

    async def write() -> None:
        for number in range(40):
            await note(db, number)

    *seen, _ = await asyncio.gather(watch(), watch(), watch(), write())
    # Numbers written between the head and the state of an opening are in that state, and sent again
    # by the tail.
    assert [list(dict.fromkeys(one)) for one in seen] == [list(range(40))] * 3


class SlowTail:
    """A tail that delivers when the test triggers it."""

    def __init__(self) -> None:
        self.tells: list[Callable[[Sequence[Entry]], None]] = []

    def listen(self, on_entries: Callable[[Sequence[Entry]], None], _since: str) -> Callable[[], None]:
        self.tells.append(on_entries)
        return lambda: self.tells.remove(on_entries)


async def test_entries_covered_by_the_opening_are_not_sent_again(db: Database) -> None:
    tail = SlowTail()
    hub = Hub(db, tail, [Seats(db)])  # type: ignore[arg-type]  # the part of a tail that the hub uses
    await note(db, 1)
    messages = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None)
    assert data(await next_part(messages)) == ["[1]"]
    async with db.connection() as conn:
        known = await read_after(conn, "0-0")
    tail.tells[0](known)
    await note(db, 2)
    async with db.connection() as conn:
        news = await read_after(conn, known[-1].position)
    tail.tells[0](news)
    assert data(await next_part(messages)) == ["[2]"]


async def test_all_subscribers_share_one_tail_that_ends_with_the_last(db: Database) -> None:
    tail = SlowTail()
    hub = Hub(db, tail, [Seats(db)])  # type: ignore[arg-type]  # the part of a tail that the hub uses
    streams = await asyncio.gather(*(subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None) for _ in range(5)))
    assert len(tail.tells) == 1
    for messages in streams:
        await next_part(messages)
        await messages.aclose()
    assert tail.tells == []


async def test_of_two_changes_of_a_seat_the_later_one_is_sent_last(db: Database) -> None:
    tail = SlowTail()
    hub = Hub(db, tail, [Seats(db)])  # type: ignore[arg-type]  # the part of a tail that the hub uses
    messages = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None)
    await next_part(messages)
    far = 1 << 40  # above every transaction of this cluster
    later_began_first = Entry(f"{far}-2", 2, NOW, "noted", None, SEAT, {"n": "last"})
    earlier = Entry(f"{far + 1}-1", 1, NOW, "noted", None, SEAT, {"n": "first"})
    tail.tells[0]([later_began_first, earlier])
    part = await next_part(messages)
    assert data(part) == ['["first","last"]']
    assert ids(part) == [earlier.position]


async def test_only_the_last_message_of_a_reading_carries_its_position(hub: Hub, db: Database) -> None:
    other = uuid4()
    messages = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}", f"seats:{other}"], None)
    await next_part(messages)
    async with db.transaction() as conn:
        await append(conn, [Fact("noted", None, about, {"n": 1}) for about in (SEAT, other)], NOW)
    part = await next_part(messages)
    assert len(data(part)) == 2
    assert len(ids(part)) == 1
    assert part.index("id: ") > part.index("data: ")


async def test_a_refused_topic_refuses_the_whole_stream_and_leaves_no_subscriber(hub: Hub) -> None:
    with pytest.raises(Problem) as refusal:
        await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}", "seats:secret"], None)
    assert refusal.value.code == "forbidden"
    assert hub.listening == 0


async def test_an_unknown_topic_is_not_found(hub: Hub) -> None:
    with pytest.raises(Problem) as refusal:
        await subscribe(hub, ANONYMOUS, ["weather:lyon"], None)
    assert refusal.value.code == "not_found"


class Failing(Seats):
    """Fails once before it responds, as any reader may."""

    def __init__(self, db: Database, failure: Exception) -> None:
        super().__init__(db)
        self._failures = [failure]

    async def on_entries(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        if entries and self._failures:
            raise self._failures.pop()
        return await super().on_entries(entries)


def noted(number: int) -> Entry:
    return Entry(f"{(1 << 40) + number}-{number}", number, NOW, "noted", None, SEAT, {"n": number})


async def test_entries_missed_during_an_outage_are_sent_afterwards_in_order(db: Database) -> None:
    tail = SlowTail()
    hub = Hub(db, tail, [Failing(db, Unavailable())])  # type: ignore[arg-type]  # the part of a tail that the hub uses
    messages = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None)
    await next_part(messages)
    for number in (1, 2):
        tail.tells[0]([noted(number)])
    assert [data(await next_part(messages)) for _ in range(2)] == [["[1]"], ["[2]"]]


async def test_streams_end_when_a_topic_fails_and_work_after_a_reconnect(db: Database) -> None:
    tail = SlowTail()
    hub = Hub(db, tail, [Failing(db, ValueError())])  # type: ignore[arg-type]  # the part of a tail that the hub uses
    first = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None)
    await next_part(first)
    tail.tells[0]([noted(1)])
    assert data(await until_it_ends(first)) == []
    again = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None)
    await next_part(again)
    tail.tells[0]([noted(2)])
    assert data(await next_part(again)) == ["[2]"]


async def test_an_idle_stream_gets_heartbeats(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virage.platform.realtime.hub.BEAT_S", 0.01)
    monkeypatch.setattr(listening, "HEARTBEAT_S", 0.01)
    messages = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None)
    await next_part(messages)
    assert await next_part(messages) == ": \n\n"


async def test_a_disconnected_subscriber_is_removed(hub: Hub) -> None:
    messages = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None)
    await next_part(messages)
    assert hub.listening == 1
    await messages.aclose()
    assert hub.listening == 0


def fan(session: int) -> Principal:
    return Principal("fan", UUID(int=session), UUID(int=session))


async def until_it_ends(messages: AsyncIterator[bytes]) -> str:
    async with asyncio.timeout(5):
        return "".join([part.decode() async for part in messages])


async def test_a_session_with_too_many_streams_loses_only_its_oldest(hub: Hub, db: Database) -> None:
    other = await subscribe(hub, fan(2), [f"seats:{SEAT}"], None)
    first, *rest = [await subscribe(hub, fan(1), [f"seats:{SEAT}"], None) for _ in range(audience.PER_SESSION_MAX + 1)]
    assert hub.listening == 1 + audience.PER_SESSION_MAX
    assert (await until_it_ends(first)).endswith("retry: 60000\n\n")
    for messages in (other, *rest):
        await next_part(messages)
    await note(db, 1)
    for messages in (other, *rest):
        assert data(await next_part(messages)) == ["[1]"]


async def test_a_refused_stream_does_not_end_another_one_of_the_session(hub: Hub) -> None:
    kept = [await subscribe(hub, fan(1), [f"seats:{SEAT}"], None) for _ in range(audience.PER_SESSION_MAX)]
    with pytest.raises(Problem):
        await subscribe(hub, fan(1), ["seats:secret"], None)
    assert hub.crowded == 0
    assert hub.listening == len(kept)


async def test_anonymous_visitors_and_guests_cannot_use_all_streams(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "STRANGERS_MAX", 2)
    monkeypatch.setattr(audience, "WITHOUT_ACCOUNT_MAX", 3)
    monkeypatch.setattr(audience, "LISTENERS_MAX", 4)
    topics = [f"seats:{SEAT}"]
    kept = [await subscribe(hub, ANONYMOUS, topics, None) for _ in range(2)]
    with pytest.raises(Overloaded):
        await subscribe(hub, ANONYMOUS, topics, None)
    kept.append(await subscribe(hub, Principal("guest", None, UUID(int=7)), topics, None))
    with pytest.raises(Overloaded):
        await subscribe(hub, Principal("guest", None, UUID(int=8)), topics, None)
    kept.append(await subscribe(hub, fan(1), topics, None))
    with pytest.raises(Overloaded):
        await subscribe(hub, fan(2), topics, None)
    await next_part(kept[0])
    await kept[0].aclose()
    kept[0] = await subscribe(hub, ANONYMOUS, topics, None)
    assert hub.listening == len(kept)


async def test_an_api_client_has_no_limit_of_streams(hub: Hub) -> None:
    api_client = Principal("api_client", uuid4())
    kept = [await subscribe(hub, api_client, [f"seats:{SEAT}"], None) for _ in range(3 * audience.PER_SESSION_MAX)]
    assert (hub.listening, hub.crowded) == (len(kept), 0)


async def test_a_client_that_disconnects_before_the_first_byte_is_removed(hub: Hub) -> None:
    messages = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None)
    assert hub.listening == 1
    del messages
    assert hub.listening == 0


class Beats:
    """Sends the number of its calls to the current subscribers; some beats fail."""

    name = "beats"
    message = Struct

    def __init__(self, db: Database) -> None:
        self._db = db
        self.asked: list[list[str]] = []

    async def open(self, _argument: str, _opening: Opening) -> Opened | Refused:
        async with self._db.connection() as conn:
            return Opened(await head(conn))

    async def on_entries(self, _entries: Sequence[Entry]) -> Mapping[str, Any]:
        return {}

    async def on_pulse(self, arguments: Collection[str]) -> Mapping[str, Any]:
        self.asked.append(sorted(arguments))
        if len(self.asked) == 2:
            raise Unavailable
        if len(self.asked) == 3:
            raise ValueError("a fault of the topic")
        return {"a": len(self.asked), "unsubscribed": 0}


@pytest.fixture
async def beats(db: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Hub, Beats]]:
    monkeypatch.setattr("virage.platform.realtime.hub.PULSE_S", 0.02)
    tail, topic = Tail(db), Beats(db)
    hub = Hub(db, tail, [Seats(db), topic])
    yield hub, topic
    hub.close()
    await tail.close()


async def test_pulse_messages_have_no_position_and_continue_after_a_failure(
    beats: tuple[Hub, Beats],
) -> None:
    hub, topic = beats
    first, second = [await subscribe(hub, ANONYMOUS, ["beats:a"], None) for _ in range(2)]
    for phone in (first, second):
        assert "id: " in await next_part(phone)
    heard = [await next_part(first) for _ in range(3)]
    assert [part.splitlines()[1] for part in heard] == ["data: 1", "data: 4", "data: 5"]
    assert "id: " not in "".join(heard)
    later = await next_part(second)
    while later != heard[2]:
        later = await next_part(second)
    assert topic.asked[0] == ["a"]


async def test_topics_without_subscribers_are_not_called(beats: tuple[Hub, Beats], db: Database) -> None:
    hub, topic = beats
    seats = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None)
    await next_part(seats)
    await note(db, 1)
    await next_part(seats)
    assert topic.asked == []
    phone = await subscribe(hub, ANONYMOUS, ["beats:a"], None)
    await next_part(phone)
    await next_part(phone)
    await phone.aclose()
    async with asyncio.timeout(5):
        while hub.has_pulse:  # noqa: ASYNC110 - it ends with the next beat
            await asyncio.sleep(0.01)


class Counted(Seats):
    asked = 0  # calls of on_entries

    async def on_entries(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        self.asked += 1
        return await super().on_entries(entries)


@pytest.mark.parametrize(("numbers", "asked_max"), [(100, 1 + AHEAD_MAX), (2, 2)])
async def test_forged_positions_do_not_multiply_calls_of_a_topic(db: Database, numbers: int, asked_max: int) -> None:
    tail = SlowTail()
    hub = Hub(db, tail, [topic := Counted(db)])  # type: ignore[arg-type]  # the part of a tail that the hub uses
    messages = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None)
    await next_part(messages)
    for number in range(numbers):
        await note(db, number)
        for _ in range(100 // numbers):  # transactions without a fact in the journal
            async with db.connection() as conn:
                await conn.execute("select pg_current_xact_id()")
    async with db.connection() as conn:
        entries = await read_after(conn, "0-0")
        reached = position_key(await head(conn)).xid
    began = position_key(entries[0].position).xid
    forged = [await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], f"{xid}-0") for xid in range(began + 1, reached)]
    topic.asked = 0
    tail.tells[0](entries)
    assert data(await next_part(messages)) == [str(list(range(numbers))).replace(" ", "")]
    assert len(forged) >= 100
    assert topic.asked <= asked_max


class Alarms(Seats):
    """An urgent topic: each message has all numbers that were noted as alarms."""

    name = "alarms"

    async def open(self, argument: str, opening: Opening) -> Opened | Refused:
        return Opened(opening.at, [await self._all()] if argument == "all" else [])

    async def on_entries(self, entries: Sequence[Entry]) -> Mapping[str, Any]:  # noqa: ARG002 - urgent
        return {}

    async def on_urgent(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        return {"all": await self._all()} if any(entry.what == "alarm" for entry in entries) else {}

    async def _all(self) -> list[int]:
        async with self._db.connection() as conn:
            return [entry.data["n"] for entry in await read_after(conn, "0-0") if entry.what == "alarm"]


class Waiting(Seats):
    """Seats whose messages are ready when the test says so."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.asked, self.ready = asyncio.Event(), asyncio.Event()

    async def open(self, argument: str, opening: Opening) -> Opened | Refused:  # noqa: ARG002 - of one thing
        return Opened(opening.at)

    async def on_entries(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        self.asked.set()
        await self.ready.wait()
        return await super().on_entries(entries)


async def alarm(db: Database, number: int) -> None:
    async with db.transaction() as conn:
        await append(conn, [Fact("alarm", None, ALARM, {"n": number})], NOW)


def names(part: str) -> list[str]:
    return [line[7:] for line in part.splitlines() if line.startswith("event: ")]


@pytest.fixture
async def tail(db: Database) -> AsyncIterator[Tail]:
    tail = Tail(db)
    yield tail
    await tail.close()


async def test_an_urgent_message_overtakes_a_batch_that_was_written_before_it(db: Database, tail: Tail) -> None:
    seats = Waiting(db)
    hub = Hub(db, tail, [seats, Alarms(db)])
    messages = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}", "alarms:all"], None)
    await next_part(messages)
    await note(db, 1)
    await seats.asked.wait()
    await alarm(db, 2)
    assert data(await next_part(messages)) == ["[2]"]
    seats.ready.set()
    assert names(await next_part(messages)) == [f"seats:{SEAT}"]
    hub.close()


async def test_of_what_is_written_at_once_the_urgent_message_is_sent_first(db: Database, tail: Tail) -> None:
    hub = Hub(db, tail, [Seats(db), Alarms(db)])
    messages = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}", "alarms:all"], None)
    await next_part(messages)
    async with db.transaction() as conn:
        await append(conn, [Fact("noted", None, SEAT, {"n": 1}), Fact("alarm", None, ALARM, {"n": 2})], NOW)
    assert names(await next_part(messages)) == ["alarms:all"]
    assert names(await next_part(messages)) == [f"seats:{SEAT}"]
    hub.close()


async def test_a_batch_that_is_being_sent_pauses_for_an_urgent_message(
    db: Database, tail: Tail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "AT_ONCE", 1)
    hub = Hub(db, tail, [Seats(db), Alarms(db)])
    phones = [await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}", "alarms:all"], None) for _ in range(20)]
    for phone in phones:
        await next_part(phone)
    await alarm(db, 1)
    for phone in phones:
        await next_part(phone)
    async with db.connection() as conn:
        alarms = [entry for entry in await read_after(conn, "0-0") if entry.what == "alarm"]
    begun = asyncio.Event()
    deliver = listening.Listener.deliver

    def first_delivery(listener: listening.Listener, batch: listening.Batch) -> bool:
        if not begun.is_set():
            begun.set()
            hub._on_entries(alarms)  # noqa: SLF001 - as the tail does, in the middle of a batch
        return deliver(listener, batch)

    monkeypatch.setattr(listening.Listener, "deliver", first_delivery)
    await note(db, 7)
    firsts = [names(await next_part(phone)) for phone in phones]
    assert firsts.count([f"seats:{SEAT}"]) == 1, "the phone to which the batch was being written"
    assert firsts.count(["alarms:all"]) == 19
    hub.close()


async def test_a_phone_that_was_away_during_an_urgent_message_gets_it_when_it_returns(db: Database, tail: Tail) -> None:
    hub = Hub(db, tail, [Seats(db), Alarms(db)])
    messages = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}", "alarms:all"], None)
    await next_part(messages)
    await note(db, 1)
    (last,) = ids(await next_part(messages))
    await messages.aclose()
    await alarm(db, 2)
    back = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}", "alarms:all"], last)
    assert data(await next_part(back)) == ["[2]"]
    hub.close()


async def test_a_draining_hub_refuses_new_streams_and_ends_all_open_ones(hub: Hub) -> None:
    streams = [await subscribe(hub, fan(number), [f"seats:{SEAT}"], None) for number in range(5)]
    for messages in streams:
        await next_part(messages)
    draining = asyncio.create_task(hub.drain(0.2))
    async with asyncio.timeout(10):
        assert [data(await until_it_ends(messages)) for messages in streams] == [[]] * 5
    with pytest.raises(Overloaded):
        await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None)
    await draining
    assert hub.listening == 0


def test_two_topics_with_the_same_name_are_an_error(db: Database) -> None:
    with pytest.raises(ValueError, match="Two topics have one name: seats, seats"):
        Hub(db, Tail(db), [Seats(db), Seats(db)])

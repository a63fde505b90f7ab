"""The maximum cost of a stream, and how messages reach all subscribers."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

import pytest

from tests.listening import subscribe
from tests.platform.realtime.test_hub import SEAT, Seats, SlowTail, data, ids, next_part, note, noted, until_it_ends
from virage.platform.data.database import Database
from virage.platform.data.journal import Entry, Tail
from virage.platform.realtime import listening
from virage.platform.realtime.hub import Hub, Opened, Opening
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import ANONYMOUS


@pytest.fixture
async def hub(db: Database) -> AsyncIterator[Hub]:
    tail = Tail(db)
    hub = Hub(db, tail, [Seats(db)])
    yield hub
    hub.close()
    await tail.close()


async def test_a_stream_ends_after_its_byte_limit_and_resumes_at_its_position(
    hub: Hub, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await subscribe(hub, ANONYMOUS, [f"seats:{uuid4()}"], None)
    await next_part(other)
    monkeypatch.setattr(listening, "LIFETIME_BYTES", 1)
    messages = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None)
    await next_part(messages)
    await note(db, 1)
    heard = await until_it_ends(messages)
    assert data(heard) == ["[1]"]
    assert (hub.let_go, hub.listening) == (1, 1), "the other stream continues"
    await note(db, 2)
    again = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], ids(heard)[-1])
    assert data(await next_part(again)) == ["[2]"]


class Gated(Seats):
    """Opens when the test allows it."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.asked, self.may = asyncio.Event(), asyncio.Event()

    async def open(self, argument: str, opening: Opening) -> Opened | Refused:
        opened = await super().open(argument, opening)
        self.asked.set()
        await self.may.wait()
        return opened


async def test_messages_during_the_opening_follow_its_first_messages(db: Database) -> None:
    tail, seats = SlowTail(), Gated(db)
    hub = Hub(db, tail, [seats])  # type: ignore[arg-type]  # the part of a tail that the hub uses
    opening = asyncio.create_task(subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None))
    await seats.asked.wait()
    tail.tells[0]([noted(1)])
    while hub._reader is not None:  # noqa: ASYNC110, SLF001 - it is read while the stream still opens
        await asyncio.sleep(0)
    seats.may.set()
    messages = await opening
    assert data(await next_part(messages)) == []
    assert data(await next_part(messages)) == ["[1]"]


async def test_a_stream_with_too_many_waiting_batches_ends(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "WAITING_BATCHES_MAX", 2)
    tail = SlowTail()
    hub = Hub(db, tail, [Seats(db)])  # type: ignore[arg-type]  # the part of a tail that the hub uses
    slow = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None)
    quick = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None)
    await next_part(quick)
    for number in range(4):
        tail.tells[0]([noted(number)])
        assert data(await next_part(quick)) == [f"[{number}]"]
    assert data(await until_it_ends(slow)) == []
    assert hub.listening == 1


class Drained:
    """A server that applies backpressure to writers."""

    async def send(self, event: Any) -> None:
        if event["body"] == b"first":
            return
        await asyncio.Event().wait()


async def test_a_server_whose_send_blocks_is_refused() -> None:
    listener = listening.Listener([f"seats:{SEAT}"])
    listener.begin(Drained().send)
    with pytest.raises(RuntimeError, match="blocks in `send`"):
        listener.let_go()


class Broken:
    """A connection that fails after the first writes."""

    sent = 0

    async def send(self, event: Any) -> None:
        self.sent += 1
        if self.sent > 1:
            raise OSError(event["type"])

    async def receive(self) -> Any:
        await asyncio.Event().wait()


@pytest.mark.parametrize("heartbeat_s", [0.01, 60], ids=["in a silence", "with news"])
async def test_a_failed_connection_does_not_affect_the_others(
    hub: Hub, db: Database, monkeypatch: pytest.MonkeyPatch, heartbeat_s: float
) -> None:
    monkeypatch.setattr("virage.platform.realtime.hub.BEAT_S", 0.01)
    monkeypatch.setattr(listening, "HEARTBEAT_S", heartbeat_s)
    broken, names = Broken(), [f"seats:{SEAT}"]
    running = asyncio.create_task((await hub.follow(ANONYMOUS, names, None)).run(broken.receive, broken.send))
    monkeypatch.setattr(listening, "HEARTBEAT_S", 60)
    other = await subscribe(hub, ANONYMOUS, names, None)
    await next_part(other)
    async with asyncio.timeout(20):
        while heartbeat_s < 1 < hub.listening:  # noqa: ASYNC110 - the hub sends heartbeats from its own task
            await asyncio.sleep(0.01)
    for number in range(2):
        await note(db, number)
        assert data(await asyncio.wait_for(next_part(other), 20)) == [f"[{number}]"]
    assert (broken.sent, hub.listening) == (2, 1)
    assert hub._beating is not None  # noqa: SLF001 - whether the heartbeat task still runs
    assert not hub._beating.done()  # noqa: SLF001 - the same
    running.cancel()


async def test_a_stream_ends_after_its_lifetime(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virage.platform.realtime.hub.BEAT_S", 0.01)
    monkeypatch.setattr(listening, "LIFETIME_S", 0.05)
    messages = await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None)
    assert "retry: " in await until_it_ends(messages)
    assert hub.listening == 0


class Counted(Seats):
    """Counts the calls of `on_entries`."""

    asked = 0

    async def on_entries(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        self.asked += 1
        return await super().on_entries(entries)


async def test_subscribers_of_a_topic_share_one_read_and_the_same_bytes(db: Database) -> None:
    tail, seats = SlowTail(), Counted(db)
    hub = Hub(db, tail, [seats])  # type: ignore[arg-type]  # the part of a tail that the hub uses
    streams = [await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None) for _ in range(1200)]
    for messages in streams:
        await anext(messages)
    before = seats.asked
    tail.tells[0]([noted(1)])
    parts = [await anext(messages) for messages in streams]
    assert len({id(part) for part in parts}) == 1
    assert seats.asked == before + 1


async def test_streams_hold_no_database_connection(db: Database) -> None:
    small = await Database.open(db.url, connections_max=1)
    tail = Tail(small)
    hub = Hub(small, tail, [Seats(small)])
    streams = [await subscribe(hub, ANONYMOUS, [f"seats:{SEAT}"], None) for _ in range(20)]
    for messages in streams:
        await next_part(messages)
    await note(small, 1)
    assert {tuple(data(await next_part(messages))) for messages in streams} == {("[1]",)}
    hub.close()
    await tail.close()
    await small.close()

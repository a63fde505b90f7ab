"""Several processes and one event: each has its own cache, and the journal keeps the caches equal."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import alive
from tests.sale.ticketing.conftest import BLUE, GOLD_BLOCK, System, a_pricing, block_seats
from virage.platform.data.database import Database
from virage.platform.data.journal import Tail
from virage.platform.realtime.hub import Opening
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal
from virage.platform.web.http import Application
from virage.sale.ticketing.acts.pricing import set_pricing
from virage.sale.ticketing.reads.open_sales import AvailabilityUpdate, OpenSales, update_of
from virage.sale.ticketing.reads.topics import AvailabilityTopic, OrderTopic
from virage.sale.ticketing.rules.places import seat_plan
from virage.site.venue.api import venues

ANONYMOUS = Principal("anonymous")


def coming(who: Principal = ANONYMOUS, since: str | None = None) -> Opening:
    """A new subscriber."""
    return Opening(who, since, "0-0")


class Process:
    """Another process's cache of the events on sale."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self.tail = Tail(db)
        self.sales = OpenSales(db, self.tail, clock)
        self.topic = AvailabilityTopic(self.sales)

    async def free(self, event_id: UUID) -> int:
        sale = await self.sales.get(event_id)
        assert sale is not None
        return sale.inventory.free_count

    async def until(self, event_id: UUID, free: int) -> None:
        async with asyncio.timeout(10):
            while await self.free(event_id) != free:  # noqa: ASYNC110 - the tail has no event for it
                await asyncio.sleep(0.01)


@pytest.fixture
async def other_process(db: Database, clock: Clock) -> AsyncIterator[Process]:
    process = Process(db, clock)
    yield process
    process.sales.close()
    await process.tail.close()


async def test_a_seat_sold_by_one_process_is_taken_in_the_other(system: System, other_process: Process) -> None:
    fan = await system.fan()
    before = await other_process.free(system.event_id)
    order = await fan.best(full=3)
    await other_process.until(system.event_id, before - 3)
    await fan.ask("DELETE", f"/api/orders/{order['id']}")
    await other_process.until(system.event_id, before)


async def test_a_process_knows_the_seats_of_every_venue_before_it_answers(app: Application, db: Database) -> None:
    seat_plan.cache_clear()
    async with alive(app):
        before = seat_plan.cache_info().misses
        async with db.connection() as conn:
            stored = await venues(conn)
        for venue in stored:
            seat_plan(venue)
        assert (len(stored) > 0, seat_plan.cache_info().misses) == (True, before)


async def test_a_process_starts_with_the_places_sold_before(system: System, other_process: Process) -> None:
    await (await system.fan()).best(full=3)
    sale = await other_process.sales.get(system.event_id)
    assert sale is not None
    assert sale.inventory.free_count == sum(len(block_seats(code)) for code in (GOLD_BLOCK, "103")) + 50 - 3


async def test_a_stream_continues_from_the_version_of_a_bitmap(system: System, other_process: Process) -> None:
    fan, before = await system.fan(), await other_process.free(system.event_id)
    found = await other_process.sales.at(system.event_id)
    assert found is not None
    order = await fan.best(full=2)
    await other_process.until(system.event_id, before - 2)
    opened = await other_process.topic.open(str(system.event_id), coming(since=found[1]))
    assert not isinstance(opened, Refused)
    assert list(opened.messages) == [AvailabilityUpdate([line["place"] for line in order["lines"]], [])]
    nothing_new = await other_process.topic.open(str(system.event_id), coming(since=opened.position))
    assert not isinstance(nothing_new, Refused)
    assert list(nothing_new.messages) == []


async def test_a_client_too_far_behind_reloads_the_bitmap(system: System, other_process: Process) -> None:
    opened = await other_process.topic.open(str(system.event_id), coming(since="1-0"))
    assert not isinstance(opened, Refused)
    assert list(opened.messages) == [AvailabilityUpdate(reload=True)]


@pytest.mark.parametrize("argument", [str(new_id()), "no id"], ids=["unknown", "no id"])
async def test_an_unknown_event_has_no_stream(system: System, other_process: Process, argument: str) -> None:
    assert isinstance(await other_process.topic.open(argument, coming()), Refused)


@pytest.mark.parametrize("spelt", ["{}\n", " {}", "{{{}}}", "urn:uuid:{}"])
async def test_an_event_id_in_another_spelling_has_no_stream(
    system: System, other_process: Process, spelt: str
) -> None:
    topic, event_id = other_process.topic, str(system.event_id)
    for argument in (spelt.format(event_id), spelt.format(event_id.removeprefix("0")), event_id.replace("-", "")):
        assert isinstance(await topic.open(argument, coming()), Refused)
    assert not isinstance(await topic.open(event_id.upper(), coming()), Refused)


async def test_each_event_gets_one_delta_with_the_last_state_of_each_place(system: System) -> None:
    event_id = system.event_id
    entries = [_entry("places_taken", event_id, [1, 2]), _entry("places_freed", event_id, [2])]
    assert update_of(entries) == AvailabilityUpdate([1], [2])
    topic = AvailabilityTopic(system.order_service.sales)
    assert await topic.on_entries([*entries, _entry("order_paid", new_id(), [])]) == {
        str(event_id): AvailabilityUpdate([1], [2])
    }
    assert await topic.on_entries([_entry("prices_set", event_id, [])]) == {
        str(event_id): AvailabilityUpdate(reload=True)
    }


async def test_only_the_buyer_can_follow_an_order(system: System) -> None:
    fan = await system.fan()
    order = await fan.best()
    owner = (await system.rows("select owner_id from ticketing.orders"))[0]["owner_id"]
    topic = OrderTopic(system.db)
    mine = await topic.open(order["id"], coming(Principal("fan", owner, new_id())))
    assert not isinstance(mine, Refused)
    assert [message.state for message in mine.messages] == ["held"]
    for stranger in (Principal("fan", new_id(), new_id()), ANONYMOUS, Principal("api_client", owner)):
        assert isinstance(await topic.open(order["id"], coming(stranger)), Refused)
    assert isinstance(await topic.open("no id", coming(Principal("fan", owner))), Refused)


async def test_new_prices_reach_the_other_process(system: System, other_process: Process) -> None:
    before = await other_process.free(system.event_id)
    async with system.db.transaction() as conn:
        await set_pricing(conn, system.event_id, a_pricing(blocks={"103": BLUE}), None, system.clock.now())
    await other_process.until(system.event_id, before - len(block_seats(GOLD_BLOCK)))


def _entry(what: str, about: UUID, places: list[int]) -> Any:
    return type("Entry", (), {"what": what, "about": about, "data": {"places": places}})()

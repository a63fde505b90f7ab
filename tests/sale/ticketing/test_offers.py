"""The cards of all events: the lowest price, and whether any place is free."""

from datetime import timedelta
from typing import Any

from tests.sale.ticketing.conftest import AREA, BLUE, GOLD, GOLD_BLOCK, HOUR, NOW, System, a_pricing, block_seats
from virage.platform.values.ids import new_id
from virage.sale.ticketing.reads import offers
from virage.sale.ticketing.rules.pricing import AreaPricing, Pricing
from virage.sale.ticketing.store import claims as store
from virage.sale.ticketing.store.claims import Claim

GOLD_SEATS, BLUE_SEATS = len(block_seats(GOLD_BLOCK)), len(block_seats("103"))
LATER: dict[str, Any] = {"sale_opens_at": NOW + HOUR}
OVER: dict[str, Any] = {"sale_closes_at": NOW - timedelta(minutes=1)}
NOTHING = Pricing()


async def lines(system: System) -> dict[str, Any]:
    answer = await system.browser().ask("GET", "/api/offers")
    assert answer.headers["cache-control"] == "no-cache"
    return {line.pop("event_id"): line for line in answer.json()}


async def take_places(system: System, places: range) -> None:
    """These places are taken, and the processes are notified."""
    async with system.db.transaction() as conn:
        await store.claim_places(conn, [Claim(system.event_id, place, new_id()) for place in places], {})
    system.forget()


async def test_a_summary_has_the_lowest_price_and_the_free_places(system: System) -> None:
    free = GOLD_SEATS + BLUE_SEATS + 50
    assert await lines(system) == {str(system.event_id): {"from_cents": 3000, "free": free}}
    await (await system.fan()).best(full=2)
    assert (await lines(system))[str(system.event_id)]["free"] == free - 2


async def test_an_upcoming_sale_is_counted_by_the_database(empty_system: System) -> None:
    event_id = str(await empty_system.open(**LATER))
    await take_places(empty_system, block_seats(GOLD_BLOCK)[:5])
    assert await lines(empty_system) == {event_id: {"from_cents": 3000, "free": GOLD_SEATS - 5 + BLUE_SEATS + 50}}


async def test_memory_and_database_count_the_same(system: System, monkeypatch: Any) -> None:
    await take_places(system, range(block_seats("103").start, block_seats("103").start + 7))
    in_memory = await lines(system)
    monkeypatch.setattr(offers, "KEPT_OPEN_MAX", 0)
    assert await lines(system) == in_memory


async def test_a_sold_out_category_does_not_set_the_lowest_price(empty_system: System) -> None:
    system = empty_system
    seats = {"blocks": {GOLD_BLOCK: GOLD, "103": BLUE}, "areas": []}
    for window in ({}, LATER):
        event_id = str(await system.open(a_pricing(**seats), **window))
        await take_places(system, block_seats("103"))
        assert (await lines(system))[event_id] == {"from_cents": 8000, "free": GOLD_SEATS}
        await take_places(system, block_seats(GOLD_BLOCK))
        assert (await lines(system))[event_id] == {"from_cents": None, "free": 0}


async def test_a_closed_or_empty_sale_has_no_summary(empty_system: System) -> None:
    await empty_system.open(**OVER)
    await empty_system.open(NOTHING)
    await empty_system.open(NOTHING, **LATER)
    assert await lines(empty_system) == {}


async def test_summaries_are_ordered_by_start(empty_system: System) -> None:
    standing = a_pricing(blocks={}, areas=[AreaPricing(AREA, BLUE, 10)])
    late = await empty_system.open(standing, starts_at=NOW + 30 * HOUR, ends_at=NOW + 32 * HOUR)
    soon = await empty_system.open(standing)
    assert list(await lines(empty_system)) == [str(soon), str(late)]

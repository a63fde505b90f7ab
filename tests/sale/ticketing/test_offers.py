"""What the cards of all events say: from which price, and whether anything is free."""

from datetime import timedelta
from typing import Any

from tests.sale.ticketing.conftest import AREA, BLUE, GOLD, GOLD_BLOCK, HOUR, NOW, House, a_pricing, block_seats
from virage.platform.values.ids import new_id
from virage.sale.ticketing.reads import offers
from virage.sale.ticketing.rules.pricing import AreaPricing, Pricing
from virage.sale.ticketing.store import claims as store
from virage.sale.ticketing.store.claims import Claim

GOLD_SEATS, BLUE_SEATS = len(block_seats(GOLD_BLOCK)), len(block_seats("103"))
LATER: dict[str, Any] = {"sale_opens_at": NOW + HOUR}
OVER: dict[str, Any] = {"sale_closes_at": NOW - timedelta(minutes=1)}
NOTHING = Pricing()


async def lines(house: House) -> dict[str, Any]:
    answer = await house.browser().ask("GET", "/api/offers")
    assert answer.headers["cache-control"] == "no-cache"
    return {line.pop("event_id"): line for line in answer.json()}


async def taken(house: House, places: range) -> None:
    """Somebody has these places, and the processes hear of it."""
    async with house.db.transaction() as conn:
        await store.claim_places(conn, [Claim(house.event_id, place, new_id()) for place in places])
    house.forget()


async def test_a_summary_has_the_lowest_price_and_the_free_places(house: House) -> None:
    free = GOLD_SEATS + BLUE_SEATS + 50
    assert await lines(house) == {str(house.event_id): {"from_cents": 3000, "free": free}}
    await (await house.fan()).best(full=2)
    assert (await lines(house))[str(house.event_id)]["free"] == free - 2


async def test_an_upcoming_sale_is_counted_by_the_database(empty_house: House) -> None:
    event_id = str(await empty_house.open(**LATER))
    await taken(empty_house, block_seats(GOLD_BLOCK)[:5])
    assert await lines(empty_house) == {event_id: {"from_cents": 3000, "free": GOLD_SEATS - 5 + BLUE_SEATS + 50}}


async def test_memory_and_database_count_the_same(house: House, monkeypatch: Any) -> None:
    await taken(house, range(block_seats("103").start, block_seats("103").start + 7))
    in_memory = await lines(house)
    monkeypatch.setattr(offers, "KEPT_OPEN_MAX", 0)
    assert await lines(house) == in_memory


async def test_a_sold_out_category_does_not_set_the_lowest_price(empty_house: House) -> None:
    house = empty_house
    seats = {"blocks": {GOLD_BLOCK: GOLD, "103": BLUE}, "areas": []}
    for window in ({}, LATER):
        event_id = str(await house.open(a_pricing(**seats), **window))
        await taken(house, block_seats("103"))
        assert (await lines(house))[event_id] == {"from_cents": 8000, "free": GOLD_SEATS}
        await taken(house, block_seats(GOLD_BLOCK))
        assert (await lines(house))[event_id] == {"from_cents": None, "free": 0}


async def test_a_closed_or_empty_sale_has_no_summary(empty_house: House) -> None:
    await empty_house.open(**OVER)
    await empty_house.open(NOTHING)
    await empty_house.open(NOTHING, **LATER)
    assert await lines(empty_house) == {}


async def test_summaries_are_ordered_by_start(empty_house: House) -> None:
    standing = a_pricing(blocks={}, areas=[AreaPricing(AREA, BLUE, 10)])
    late = await empty_house.open(standing, starts_at=NOW + 30 * HOUR, ends_at=NOW + 32 * HOUR)
    soon = await empty_house.open(standing)
    assert list(await lines(empty_house)) == [str(soon), str(late)]

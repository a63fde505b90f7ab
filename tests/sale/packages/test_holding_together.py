"""Packages that several fans ask for at the same moment are held in one transaction."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from msgspec import convert

from tests.sale.packages.conftest import Season
from tests.sale.packages.test_subscribing import free_in_memory
from tests.sale.ticketing.conftest import GOLD, block_seats
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.packages.acts.subscribing import SubscriptionRequest
from virage.sale.packages.routes.package_service import PackageHold, PackageService
from virage.sale.packages.rules.terms import Package, SubscriptionRow


class Crowd:
    """Fans who ask for a package at once."""

    def __init__(self, season: Season, package: Package) -> None:
        self.season, self.package = season, package
        system = season.system
        self.service = PackageService(system.db, system.clock, system.order_service.sales)

    async def persons(self, count: int) -> list[UUID]:
        for number in range(count):
            await self.season.system.fan(f"fan{number}@example.org")
        rows = await self.season.system.rows("select id from people.person where email like 'fan%' order by email")
        return [row["id"] for row in rows]

    def wish(self, person_id: UUID, seats: dict[str, Any] | None = None, id_: UUID | None = None) -> PackageHold:
        best = {"kind": "best", "party": {"full": 2}, "category_id": str(GOLD)}
        request = {"id": str(id_ or new_id()), "seats": seats or best}
        return PackageHold(self.package.id, convert(request, SubscriptionRequest), person_id)

    async def ask(self, *wishes: PackageHold) -> list[SubscriptionRow | str]:
        """What became of each wish: its subscription, or the code of its refusal."""
        held = await asyncio.gather(*(self.service.hold(wish) for wish in wishes))
        return [str(one.reason) if isinstance(one, Refused) else one for one in held]

    async def agrees(self) -> None:
        """The places in memory are those of the database, and each belongs to one order."""
        rows = await self.season.system.rows("select event_id, count(*) as places from ticketing.claim group by 1")
        claimed = {row["event_id"]: row["places"] for row in rows}
        for event_id in self.season.events:
            known = await free_in_memory(self.season, event_id)
            sales = self.season.system.order_service.sales
            sales.forget(event_id)
            assert await free_in_memory(self.season, event_id) == known
            assert claimed.get(event_id, 0) == claimed.get(self.season.events[0], 0)


@pytest.fixture
async def crowd(season: Season) -> Crowd:
    return Crowd(season, await season.package())


async def test_twenty_fans_who_ask_at_once_get_different_seats_in_one_transaction(crowd: Crowd) -> None:
    persons = await crowd.persons(20)
    held = await crowd.ask(*map(crowd.wish, persons))
    assert [one.person_id for one in held if isinstance(one, SubscriptionRow)] == persons
    query = "select count(distinct xid) as transactions from kernel.journal where what = 'package_held'"
    assert (await crowd.season.system.rows(query))[0]["transactions"] == 1
    rows = await crowd.season.system.rows("select count(*) as places from ticketing.claim")
    assert rows[0]["places"] == 20 * 2 * 6
    await crowd.agrees()


async def test_a_fan_over_the_limit_is_refused_and_the_others_are_held(crowd: Crowd) -> None:
    many, *others = await crowd.persons(4)
    for _ in range(4):
        assert isinstance((await crowd.ask(crowd.wish(many)))[0], SubscriptionRow)
    refused, *held = await crowd.ask(crowd.wish(many), *map(crowd.wish, others))
    assert refused == "limit_reached"
    assert [one.person_id for one in held if isinstance(one, SubscriptionRow)] == others
    await crowd.agrees()


async def test_of_two_fans_who_choose_the_same_seat_at_once_one_is_refused(crowd: Crowd) -> None:
    seat = {"kind": "chosen", "places": [{"place": block_seats("113")[7], "tariff": "full"}]}
    first, second, third = await crowd.persons(3)
    held = await crowd.ask(crowd.wish(first, seat), crowd.wish(second, seat), crowd.wish(third))
    assert held[1] == "place_taken"
    assert isinstance(held[0], SubscriptionRow)
    assert isinstance(held[2], SubscriptionRow)
    await crowd.agrees()


async def test_a_request_that_is_sent_twice_at_once_is_one_subscription(crowd: Crowd) -> None:
    first, second = await crowd.persons(2)
    id_ = new_id()
    held = await crowd.ask(crowd.wish(first, id_=id_), crowd.wish(first, id_=id_), crowd.wish(second, id_=id_))
    assert held[0] == held[1]
    assert held[2] == "id_reused"
    rows = await crowd.season.system.rows("select count(*) as places from ticketing.claim")
    assert rows[0]["places"] == 2 * 6
    await crowd.agrees()


async def test_a_seat_that_another_process_sold_is_replaced_for_all_who_ask_at_once(crowd: Crowd) -> None:
    season = crowd.season
    sales = [await season.system.order_service.sales.get(event_id) for event_id in season.events]
    assert all(sales)
    seats = [seat for seat in block_seats("113") if not season.system.is_reserved(seat)]
    async with season.system.db.transaction() as conn:
        await conn.execute(
            "insert into ticketing.claim (event_id, place, order_id) select $1, unnest($2::integer[]), $3",
            season.events[3],
            seats[:-12],
            new_id(),
        )
    persons = await crowd.persons(4)
    held = await crowd.ask(*map(crowd.wish, persons))
    assert [one.person_id for one in held if isinstance(one, SubscriptionRow)] == persons
    rows = await season.system.rows(
        "select count(*) as places from ticketing.claim where event_id = $1", season.events[0]
    )
    assert rows[0]["places"] == 4 * 2

"""Season tickets and packs: held, paid, changed by what happens to their events."""

import asyncio
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from tests.conftest import FakeClock
from tests.sale.packages.conftest import PRICE, Season
from tests.sale.ticketing.conftest import BLUE, BLUE_BLOCK, GOLD, GOLD_BLOCK, System, a_pricing, block_seats
from tests.sale.ticketing.venues import arena, seats_of
from tests.venues import install
from virage.demo.venues.drawing import stadium
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.packages.acts.packages import set_package
from virage.sale.ticketing.rules.plan import WHEELCHAIR


def places(subscription: dict[str, Any]) -> list[list[int]]:
    return [[line["place"] for line in one["order"]["lines"]] for one in subscription["events"]]


async def test_a_pack_of_six_has_the_same_seats_at_every_match_and_costs_a_fifth_less(season: Season) -> None:
    fan = await season.system.fan()
    package = await season.package()
    paid = await season.bought(fan, package)
    assert paid["state"] == "paid"
    assert [one["event_id"] for one in paid["events"]] == [str(id_) for id_ in season.events]
    assert len({tuple(places) for places in places(paid)}) == 1
    assert all(one["same_seats"] for one in paid["events"])
    assert paid["regular_cents"] == 6 * 2 * PRICE
    assert paid["total_cents"] == 6 * 2 * PRICE * 4 // 5
    tickets = (await fan.ask("GET", "/api/me/tickets")).json()
    assert len(tickets) == 12
    rows = await season.system.rows("select kind from people.letter where kind <> 'invitation'")
    assert [row["kind"] for row in rows] == ["bundle_paid"]


async def test_a_repeated_request_is_one_subscription_and_another_buyer_cannot_use_its_id(season: Season) -> None:
    fan, other = await season.system.fan(), await season.system.fan("other@example.org")
    package = await season.package()
    id_ = str(new_id())
    first, second = await season.held(fan, package, id=id_), await season.held(fan, package, id=id_)
    assert first == second
    assert (await season.ask(other, package, id=id_)).json()["code"] == "id_reused"
    assert (await other.ask("GET", f"/api/subscriptions/{id_}")).status_code == 404
    assert (await season.pay(other, first)).status_code == 404
    assert (await other.ask("DELETE", f"/api/subscriptions/{id_}")).status_code == 404


async def test_best_seats_are_searched_where_they_are_free_at_every_match(season: Season) -> None:
    """Half of the block is sold at the last match, and the other half at the first one but for three seats."""
    fan, other = await season.system.fan(), await season.system.fan("other@example.org")
    seats = [seat for seat in block_seats("113") if not season.system.is_reserved(seat)]
    venue = stadium()
    row = [seat for seat in seats if venue.row[seat] == venue.row[seats[0]]]
    free = set(row[:3])
    await taken(season, 5, [seat for seat in seats if seat not in free][: len(seats) // 2])
    await taken(season, 0, [seat for seat in seats if seat not in free][len(seats) // 2 :])
    package = await season.package()
    held = await season.held(fan, package)
    assert all(one["same_seats"] for one in held["events"])
    assert set(places(held)[0]) < free
    assert (await season.ask(other, package)).status_code == 201


async def test_a_seat_that_is_sold_at_one_match_is_replaced_there_by_the_best_one_of_its_block(season: Season) -> None:
    fan = await season.system.fan()
    seat = block_seats("113")[40]
    await taken(season, 2, [seat])
    package = await season.package()
    held = await season.held(fan, package, {"kind": "chosen", "places": [{"place": seat, "tariff": "full"}]})
    assert [one["same_seats"] for one in held["events"]] == [True, True, False, True, True, True]
    (other,) = places(held)[2]
    assert other != seat
    assert held["events"][2]["order"]["lines"][0]["label"]["block"] == "113"


async def test_a_seat_of_a_block_that_is_not_the_best_is_replaced_in_its_block(empty_system: System) -> None:
    season, blocks = Season(empty_system), (GOLD_BLOCK, BLUE_BLOCK)
    await season.open(3, pricing=a_pricing(blocks=dict.fromkeys(blocks, GOLD)))
    fan = await empty_system.fan()
    package = await season.package()
    for block in blocks:
        seat = block_seats(block)[40]
        await taken(season, 2, [seat])
        held = await season.held(fan, package, {"kind": "chosen", "places": [{"place": seat, "tariff": "full"}]})
        assert held["events"][2]["same_seats"] is False
        assert {one["order"]["lines"][0]["label"]["block"] for one in held["events"]} == {block}


async def test_a_wheelchair_space_that_is_sold_at_one_match_is_replaced_by_another_one(season: Season) -> None:
    fan = await season.system.fan()
    features, package = stadium().features, await season.package()
    found = await season.held(fan, package, {"kind": "best", "party": {"access": 1}, "needs": ["wheelchair"]})
    space, companion = places(found)[0]
    answer = await fan.ask("DELETE", f"/api/subscriptions/{found['id']}")
    assert answer.status_code == 204
    await taken(season, 2, [space, companion])
    seats = [{"place": space, "tariff": "access"}, {"place": companion, "tariff": "companion"}]
    held = await season.held(fan, package, {"kind": "chosen", "places": seats})
    assert held["events"][2]["same_seats"] is False
    other, beside = places(held)[2]
    assert features[other] & WHEELCHAIR
    assert beside != companion
    assert [line["tariff"] for line in held["events"][2]["order"]["lines"]] == ["access", "companion"]


async def test_a_match_without_a_seat_for_the_party_refuses_the_pack_and_names_it(season: Season) -> None:
    fan = await season.system.fan()
    await taken(season, 3, list(block_seats("113")))
    package = await season.package()
    answer = await season.ask(fan, package)
    assert (answer.status_code, answer.json()["code"]) == (409, "sold_out")
    assert answer.json()["data"]["event_id"] == str(season.events[3])
    assert await season.system.rows("select from ticketing.orders where bundle_id is not null") == []


async def test_a_wheelchair_user_with_a_companion_has_both_places_at_every_match(season: Season) -> None:
    fan = await season.system.fan()
    package = await season.package()
    seats = {"kind": "best", "party": {"access": 1}, "needs": ["wheelchair"]}
    paid = await season.bought(fan, package, seats)
    features = stadium().features
    for one in paid["events"]:
        assert [line["tariff"] for line in one["order"]["lines"]] == ["access", "companion"]
        assert features[one["order"]["lines"][0]["place"]] & 1
        assert one["order"]["lines"][1]["price_cents"] == 0


async def test_a_standing_place_is_held_at_every_match(season: Season) -> None:
    fan = await season.system.fan()
    package = await season.package()
    paid = await season.bought(fan, package, {"kind": "standing", "area": "PEL", "party": {"full": 1}})
    assert {one["order"]["lines"][0]["label"]["area"] for one in paid["events"]} == {"PEL"}


async def test_a_pack_of_two_venues_has_the_same_seats_at_each_and_its_category_at_the_other(
    empty_system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await install(empty_system.db, monkeypatch, arena())
    season = Season(empty_system)
    other = a_pricing()
    ids = {GOLD: new_id(), BLUE: new_id()}
    other = replace(
        other,
        categories=[replace(one, id=ids[one.id]) for one in other.categories],
        blocks={code: ids[category] for code, category in other.blocks.items()},
        areas=[replace(area, category_id=ids[area.category_id]) for area in other.areas],
    )
    await season.open(2)
    await season.open(2, venue=arena(), pricing=other)
    fan = await empty_system.fan()
    package = await season.package()
    offer = (await fan.ask("POST", f"/api/packages/{package.id}/offer", {})).json()
    assert offer["prices"][0]["regular_from_cents"] == 4 * PRICE
    paid = await season.bought(fan, package)
    by_event = {one["event_id"]: one["order"] for one in paid["events"]}
    seats = [[line["place"] for line in by_event[str(id_)]["lines"]] for id_ in season.events]
    assert seats[0] == seats[1]
    assert seats[2] == seats[3]
    assert set(seats[2]) <= set(seats_of(arena(), GOLD_BLOCK).tolist())
    assert all(one["same_seats"] for one in paid["events"])


async def test_a_family_gets_its_discount_on_top(season: Season) -> None:
    fan, other = await season.system.fan(), await season.system.fan("other@example.org")
    package = await season.package(family_permille=100)
    party = {"kind": "best", "party": {"full": 1, "child": 1}, "category_id": str(GOLD)}
    family = await season.held(fan, package, party)
    assert [line["price_cents"] for line in family["events"][0]["order"]["lines"]] == [5760, 1440]
    alone = await season.held(other, package)
    assert alone["events"][0]["order"]["lines"][0]["price_cents"] == 6400


async def test_a_season_ticket_bought_late_is_for_the_matches_to_come_at_their_price(
    season: Season, clock: FakeClock
) -> None:
    fan = await season.system.fan()
    package, pack = await season.package(kind="season"), await season.package()
    clock.advance(timedelta(days=9))  # two matches are over
    paid = await season.bought(fan, package)
    assert [one["event_id"] for one in paid["events"]] == [str(id_) for id_ in season.events[2:]]
    assert paid["total_cents"] == 4 * 2 * 6400
    seen = (await fan.ask("GET", f"/api/packages/{package.id}")).json()
    assert [one["left_out"] for one in seen["events"]] == ["over", "over", None, None, None, None]
    answer = await season.ask(fan, pack)
    assert (answer.json()["code"], answer.json()["data"]["because"]) == ("package_closed", "over")


async def test_a_choice_is_of_as_many_matches_as_the_package_allows(season: Season) -> None:
    fan = await season.system.fan()
    package = await season.package(kind="choice", choose_min=2, choose_max=3)
    some = [str(id_) for id_ in season.events]
    for wrong in (None, some[:1], some[:4], [*some[:2], str(new_id())]):
        body: dict[str, Any] = {} if wrong is None else {"event_ids": wrong}
        assert (await season.ask(fan, package, **body)).json()["code"] == "wrong_choice"
    paid = await season.bought(fan, package, event_ids=[some[4], some[1]])
    assert [one["event_id"] for one in paid["events"]] == [some[1], some[4]]
    assert (await season.ask(fan, await season.package(), event_ids=some)).json()["code"] == "wrong_choice"


async def test_a_pack_may_be_of_one_match_and_a_season_ticket_may_not(season: Season) -> None:
    fan = await season.system.fan()
    cup = await season.package(event_ids=season.events[2:3])
    paid = await season.bought(fan, cup)
    assert [one["event_id"] for one in paid["events"]] == [str(season.events[2])]
    assert paid["total_cents"] == 2 * PRICE * 4 // 5
    for kind, more in (("season", {}), ("choice", {"choose_min": 2, "choose_max": 2})):
        content = season.content(kind=kind, event_ids=season.events[2:3], **more)
        refused = await season.system.db.transact(
            set_package, new_id(), season.system.organiser_id, content, who=None, now=season.system.clock.now()
        )
        assert isinstance(refused, Refused)
        assert refused.reason == "invalid_input"


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"is_open": False}, "not_open"),
        ({"opens_at": timedelta(hours=1)}, "opens_later"),
        ({"opens_at": -timedelta(hours=2), "closes_at": -timedelta(hours=1)}, "over"),
    ],
)
async def test_a_package_is_sold_only_in_its_time(season: Season, changes: dict[str, Any], because: str) -> None:
    fan = await season.system.fan()
    now = season.system.clock.now()
    times: dict[str, Any] = {
        name: now + value if isinstance(value, timedelta) else value for name, value in changes.items()
    }
    package = await season.package(**times)
    answer = await season.ask(fan, package)
    assert (answer.status_code, answer.json()["code"]) == (409, "package_closed")
    assert answer.json()["data"]["because"] == because
    offer = await fan.ask("POST", f"/api/packages/{package.id}/offer", {})
    assert offer.json()["code"] == "package_closed"


async def test_the_offer_names_the_price_of_each_category_before_and_after_the_discount(season: Season) -> None:
    package = await season.package()
    offer = (await season.system.browser().ask("POST", f"/api/packages/{package.id}/offer", {})).json()
    assert [one["category_id"] for one in offer["prices"]] == [str(GOLD), str(BLUE)]
    gold = offer["prices"][0]
    assert (gold["regular_from_cents"], gold["from_cents"], gold["to_cents"]) == (48_000, 38_400, 38_400)
    assert gold["free"] == len(block_seats("113"))
    assert gold["seated"]
    assert [(one["area"], one["category_id"]) for one in offer["areas"]] == [("PEL", str(BLUE))]
    await taken(season, 1, list(block_seats("113")[:10]))
    again = (await season.system.browser().ask("POST", f"/api/packages/{package.id}/offer", {})).json()
    assert again["prices"][0]["free"] == gold["free"] - 10


async def test_a_cancelled_match_is_refunded_at_its_share_and_left_out_of_later_sales(season: Season) -> None:
    fan, other = await season.system.fan(), await season.system.fan("other@example.org")
    package = await season.package()
    paid = await season.bought(fan, package)
    await season.cancel(season.events[1])
    seen = await season.seen(fan, paid)
    assert seen["state"] == "paid"
    assert [one["order"]["state"] for one in seen["events"]] == ["paid", "refunded", "paid", "paid", "paid", "paid"]
    assert seen["events"][1]["order"]["refunded_cents"] == 2 * 6400
    season.forget()
    later = await season.held(other, package)
    assert len(later["events"]) == 5


@pytest.mark.parametrize("when", ["before it is held", "while it is held", "once it is paid"])
async def test_the_saving_is_that_of_the_events_that_take_place(season: Season, when: str) -> None:
    fan, package = await season.system.fan(), await season.package()
    if when == "before it is held":
        await season.cancel(season.events[1])
        season.forget()
    held = await (season.bought if when == "once it is paid" else season.held)(fan, package)
    if when != "before it is held":
        await season.cancel(season.events[1])
    seen = await season.seen(fan, held)
    assert len(seen["events"]) == (6 if when == "once it is paid" else 5)
    assert seen["regular_cents"] - seen["total_cents"] == 5 * 2 * PRICE // 5


async def test_a_subscription_from_before_shows_no_saving_that_is_not_known(season: Season) -> None:
    fan, package = await season.system.fan(), await season.package()
    held = await season.held(fan, package)
    await season.system.rows("update packages.subscription set regular_by_event = '{}'")
    assert (await season.seen(fan, held))["regular_cents"] == 6 * 2 * PRICE
    await season.cancel(season.events[1])
    seen = await season.seen(fan, held)
    assert seen["regular_cents"] == seen["total_cents"]


async def test_one_match_of_a_subscription_is_sold_on_the_exchange_and_the_seat_of_the_next_stays(
    season: Season,
) -> None:
    holder, buyer = await season.system.fan(), await season.system.fan("other@example.org")
    paid = await season.bought(holder, await season.package())
    first, second = (one["order"] for one in paid["events"][:2])
    office, path = await season.office(), f"/api/office/events/{season.events[0]}/exchange"
    assert (await office.ask("PUT", path, {"open": True})).status_code == 200
    (listed, *_) = first["lines"]
    wish = [{"ticket_id": listed["ticket_id"], "price_cents": listed["price_cents"]}]
    listing = (await holder.ask("POST", "/api/exchange/listings", {"id": str(new_id()), "tickets": wish})).json()
    assert (listing["state"], listing["total_cents"]) == ("listed", 6400)
    basket = {"id": str(new_id()), "listing_ids": [listing["id"]]}
    order = (await buyer.ask("POST", "/api/exchange/orders", basket)).json()
    payment_id = new_id()
    assert (await buyer.pay(order["id"], payment_id)).status_code == 200
    await season.system.news(payment_id)

    mine = {one["id"]: one for one in (await holder.ask("GET", "/api/me/tickets")).json()}
    assert [mine[line["ticket_id"]]["refunded"] for line in first["lines"]] == [True, False]
    assert [line["place"] for line in second["lines"]] == [line["place"] for line in first["lines"]]
    assert not any(mine[line["ticket_id"]]["pass"]["revoked"] for line in second["lines"])
    (bought,) = (await buyer.ask("GET", "/api/me/tickets")).json()
    assert (bought["place"], bought["event"]["id"]) == (listed["place"], str(season.events[0]))
    holders = await season.system.rows(
        "select event_id, order_id from ticketing.claim where place = $1 order by event_id", listed["place"]
    )
    seller_orders = {one["order"]["id"] for one in paid["events"]}
    assert len(holders) == len(season.events)
    assert {str(row["event_id"]) for row in holders if str(row["order_id"]) not in seller_orders} == {
        str(season.events[0])
    }
    (refund,) = await season.system.rows("select payment_id, amount_cents from payments.refund")
    (bundle,) = await season.system.rows(
        "select distinct payment_id from ticketing.orders where bundle_id = $1", UUID(paid["id"])
    )
    assert (refund["payment_id"], refund["amount_cents"]) == (bundle["payment_id"], 6400)


async def test_a_held_package_is_released_with_every_place(season: Season) -> None:
    fan = await season.system.fan()
    package = await season.package()
    held = await season.held(fan, package)
    assert (await fan.ask("DELETE", f"/api/subscriptions/{held['id']}")).status_code == 204
    assert (await season.seen(fan, held))["state"] == "ended"
    assert await season.system.rows("select from ticketing.claim") == []
    answer = await season.pay(fan, held)
    assert (answer.status_code, answer.json()["code"]) == (409, "hold_expired")


async def test_the_limit_of_a_match_counts_the_seats_of_a_package(season: Season) -> None:
    fan = await season.system.fan()
    package = await season.package()
    for _ in range(4):
        await season.held(fan, package)
    answer = await season.ask(fan, package)
    assert (answer.status_code, answer.json()["code"]) == (409, "limit_reached")


async def test_two_buyers_of_the_same_seat_have_it_once(season: Season) -> None:
    """Both choose the last seat at the same moment."""
    fan, other = await season.system.fan(), await season.system.fan("other@example.org")
    package = await season.package()
    seat = {"kind": "chosen", "places": [{"place": block_seats("113")[7], "tariff": "full"}]}
    answers = await asyncio.gather(season.ask(fan, package, seat), season.ask(other, package, seat))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    rows = await season.system.rows("select event_id, count(*) from ticketing.claim group by 1")
    assert [row["count"] for row in rows] == [1] * 6


async def test_a_buyer_who_is_behind_the_database_tries_again_until_all_places_fit(season: Season) -> None:
    """The application does not know yet that other processes sold most of the block at the fourth match."""
    fan = await season.system.fan()
    package = await season.package()
    free = [await free_in_memory(season, event_id) for event_id in season.events]
    first = await season.system.order_service.sales.get(season.events[0])
    assert first is not None
    first.inventory.random = Random(1)  # noqa: S311 - so that its first choice is sold at the fourth match
    seats = [seat for seat in block_seats("113") if not season.system.is_reserved(seat)]
    await taken(season, 3, seats[:-12], forget=False)
    held = await season.held(fan, package)
    assert set(places(held)[3]).isdisjoint(seats[:-12])
    rows = await season.system.rows("select event_id, count(*) from ticketing.claim group by 1")
    assert sorted(row["count"] for row in rows) == [2] * 5 + [len(seats) - 10]
    left = [await free_in_memory(season, event_id) for event_id in season.events]
    assert [before - now for before, now in zip(free, left, strict=True)] == [2, 2, 2, len(seats) - 10, 2, 2]


async def test_an_erased_person_leaves_no_name_on_a_subscription(season: Season, clock: FakeClock) -> None:
    fan = await season.system.fan()
    package = await season.package()
    await season.bought(fan, package)
    exported = (await fan.ask("GET", "/api/me/export")).json()
    assert [one["package"] for one in exported["packages"]] == [str(package.id)]
    clock.advance(timedelta(days=60))  # no ticket is for an event to come
    fan = await season.system.fan()
    answer = await fan.ask("DELETE", "/api/me")
    assert answer.status_code in (200, 202, 204), answer.text
    rows = await season.system.rows("select person_id from packages.subscription")
    assert [row["person_id"] for row in rows] == [None]


async def free_in_memory(season: Season, event_id: UUID) -> int:
    sale = await season.system.order_service.sales.get(event_id)
    assert sale is not None
    return int(sale.inventory.free().sum())


async def taken(season: Season, number: int, seats: list[int], *, forget: bool = True) -> None:
    """Sell seats of a match to other people, as another process."""
    event_id, order_id = season.events[number], new_id()
    async with season.system.db.transaction() as conn:
        await conn.executemany(
            "insert into ticketing.claim (event_id, place, order_id) values ($1, $2, $3)",
            [(event_id, seat, order_id) for seat in sorted(seats)],
        )
    if forget:
        season.forget()

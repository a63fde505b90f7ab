"""The relocation round: holders state wishes, and one after the other gets the first one that can be met."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.sale.packages.conftest import PRICE
from tests.sale.seasons.conftest import Club, places
from tests.sale.ticketing.conftest import BLUE, BLUE_BLOCK, GOLD, GOLD_BLOCK, block_seats
from tests.sale.ticketing.test_rules import GROUND, a_sale
from virage.demo.venues.drawing import stadium
from virage.platform.values.ids import new_id
from virage.sale.seasons.acts import emails, relocating
from virage.sale.seasons.rules.relocation import Outcome, Seeker, in_order, relocate
from virage.sale.ticketing.types import Assigned, OpenSale, SeatWish, Tariff

SEED = bytes(range(32))
BLOCK = GROUND.blocks[GROUND.block_index[GOLD_BLOCK]]
SEATS = range(BLOCK.first_seat, BLOCK.first_seat + BLOCK.seat_count)
TO_BLUE, TO_GOLD = SeatWish(BLUE), SeatWish(GOLD)


def sales_of(free: int = 0, **taken: list[int]) -> list[OpenSale]:
    """Three matches whose places are taken, except the first `free` ordinary ones of the category Gold."""
    sales = [a_sale() for _ in range(3)]
    ordinary = [seat for seat in SEATS if not GROUND.features[seat] & 3][:free]
    for number, sale in enumerate(sales):
        sale.inventory.hold([place for place in SEATS if place not in ordinary])
        sale.inventory.hold(taken.get(f"at_{number}", []))
    return sales


def seated(*seats: int, tariffs: tuple[Tariff, ...] = ()) -> list[list[Assigned]]:
    """The same places at three matches."""
    people = tariffs or (Tariff.FULL,) * len(seats)
    return [[Assigned(seat, tariff) for seat, tariff in zip(seats, people, strict=True)]] * 3


def seeker(number: int, *wishes: SeatWish, years: int = 1, seats: list[list[Assigned]]) -> Seeker:
    return Seeker(UUID(int=number), years, list(wishes), seats)


def blue(count: int, start: int = 0) -> list[int]:
    block = GROUND.blocks[GROUND.block_index[BLUE_BLOCK]]
    return list(range(block.first_seat + start, block.first_seat + start + count))


def by_id(outcomes: list[Outcome]) -> dict[int, Outcome]:
    return {one.id.int: one for one in outcomes}


def test_the_round_is_in_the_order_of_years_held_then_of_the_seed() -> None:
    seekers = [seeker(number, TO_GOLD, years=1 + number % 3, seats=seated(number)) for number in range(30)]
    order = [one.id for one in in_order(seekers, SEED)]
    assert [one.years for one in in_order(seekers, SEED)] == sorted((one.years for one in seekers), reverse=True)
    assert [one.id for one in in_order(seekers[::-1], SEED)] == order
    assert [one.id for one in in_order(seekers, bytes(32))] != order


def test_the_same_seed_gives_the_same_seats() -> None:
    seekers = [seeker(number, TO_GOLD, seats=seated(blue(1, number)[0])) for number in range(20)]
    assert relocate(sales_of(15), seekers, SEED) == relocate(sales_of(15), seekers, SEED)


def test_of_two_members_the_one_with_more_seasons_gets_the_last_seat() -> None:
    old, new = (
        seeker(number, TO_GOLD, years=years, seats=seated(blue(1, number)[0])) for number, years in ((1, 4), (2, 2))
    )
    found = by_id(relocate(sales_of(1), [new, old], SEED))
    assert (found[1].number, found[1].answers) == (1, ["met"])
    assert (found[2].number, found[2].answers, found[2].places) == (2, ["no_seats"], None)


def test_the_seats_that_one_leaves_are_free_for_those_after() -> None:
    (free,) = [seat for seat in SEATS if not GROUND.features[seat] & 3][:1]
    other = next(seat for seat in SEATS if seat > free + 4 and not GROUND.features[seat] & 3)
    first = seeker(1, TO_BLUE, years=3, seats=seated(other))
    second = seeker(2, TO_GOLD, years=2, seats=seated(blue(1)[0]))
    sales = sales_of(0)
    for sale in sales:
        sale.inventory.hold(blue(1))
    found = by_id(relocate(sales, [second, first], SEED))
    assert found[1].answers == ["met"]
    assert [one.place for one in found[2].places or ()] == [other]


def test_a_seat_that_is_free_at_one_match_only_is_not_given() -> None:
    sales = sales_of(1)
    free = int(sales[0].inventory.free()[SEATS.start : SEATS.stop].argmax()) + SEATS.start
    sales[2].inventory.hold([free])
    (found,) = relocate(sales, [seeker(1, TO_GOLD, seats=seated(blue(1)[0]))], SEED)
    assert (found.answers, found.places) == (["no_seats"], None)


def test_the_first_wish_that_can_be_met_counts_and_a_party_stays_together() -> None:
    pair = seeker(1, TO_GOLD, TO_BLUE, TO_GOLD, seats=seated(*blue(2)))
    (found,) = relocate(sales_of(1), [pair], SEED)
    assert found.answers == ["no_seats", "met", "not_needed"]
    seats = sorted(one.place for one in found.places or ())
    assert seats[1] == seats[0] + 1


def test_wheelchair_spaces_go_to_parties_that_need_them_with_a_companion_seat() -> None:
    sales = [a_sale() for _ in range(3)]
    spaces = {seat for seat in SEATS if GROUND.features[seat] & 3}
    for sale in sales:
        sale.inventory.hold([seat for seat in SEATS if seat not in spaces])
    assert spaces
    without = seeker(1, TO_GOLD, years=9, seats=seated(*blue(2)))
    need = next(seat for seat in range(GROUND.seats) if GROUND.features[seat] & 1 and seat not in SEATS)
    chair = seeker(2, TO_GOLD, seats=seated(need, need + 1, tariffs=(Tariff.ACCESS, Tariff.COMPANION)))
    found = by_id(relocate(sales, [without, chair], SEED))
    assert found[1].answers == ["no_seats"]
    assert found[2].answers == ["met"]
    assert {one.place for one in found[2].places or ()} <= spaces


@pytest.mark.parametrize("near", ["front", "aisle"])
def test_seats_near_the_front_or_an_aisle_are_there(near: Any) -> None:
    sales = [a_sale() for _ in range(3)]
    (found,) = relocate(sales, [seeker(1, SeatWish(block=GOLD_BLOCK, near=near), seats=seated(*blue(2)))], SEED)
    plan = sales[0].inventory.plan
    first, second = sorted(one.place for one in found.places or ())
    segment = plan.segment_of[first]
    if near == "front":
        assert plan.row[segment] < -(-len(BLOCK.rows) // 3)
    else:
        end = plan.first[segment] + plan.length[segment] - 1
        assert first == plan.first[segment] or second == end
    at_front = [seat for seat in SEATS if plan.row[plan.segment_of[seat]] < -(-len(BLOCK.rows) // 3)]
    ends = [
        seat
        for seat in SEATS
        if seat - plan.first[plan.segment_of[seat]] in (0, plan.length[plan.segment_of[seat]] - 1)
    ]
    sales = [a_sale() for _ in range(3)]
    sales[0].inventory.hold(at_front if near == "front" else ends)
    (none,) = relocate(sales, [seeker(1, SeatWish(block=GOLD_BLOCK, near=near), seats=seated(*blue(2)))], SEED)
    assert none.answers == ["no_seats"]


async def two_holders(club: Club) -> tuple[Any, Any]:
    """Two holders of a seat each in the category Gold, and one free seat in the category Blue."""
    gold = list(block_seats(GOLD_BLOCK)[40:42])
    first, _ = await club.holder("first@example.org", gold[:1])
    second, _ = await club.holder("second@example.org", gold[1:])
    features = stadium().features
    ordinary = [seat for seat in block_seats(BLUE_BLOCK) if not features[seat] & 3]
    for event_id in club.following.events:
        await club.sold(event_id, *(seat for seat in block_seats(BLUE_BLOCK) if seat != ordinary[0]))
    return first, second


async def test_the_round_moves_seats_at_every_match_to_their_price_and_explains_itself(club: Club) -> None:
    first, second = await two_holders(club)
    office = await club.start()
    blue_wish = {"category_id": str(BLUE)}
    for fan in (first, second):
        assert (await club.wish(fan, blue_wish)).status_code == 200
    before = {fan: await club.renewal(fan) for fan in (first, second)}
    club.clock.advance(timedelta(hours=11))
    preview = (await club.preview(office))["round"]
    assert (preview["renewals"], preview["moved"]) == (2, 1)
    assert await club.system.rows("select from seasons.renewal where number is not null") == []
    club.clock.advance(-timedelta(hours=11))
    await club.relocate()
    after = {fan: await club.renewal(fan) for fan in (first, second)}
    winner, loser = sorted((first, second), key=lambda fan: after[fan]["number"])
    assert (after[winner]["moved"], after[winner]["wishes"][0]["answer"]) == (True, "met")
    assert (after[loser]["moved"], after[loser]["wishes"][0]["answer"]) == (False, "no_seats")
    assert places(after[loser]) == places(before[loser])
    assert len({tuple(one) for one in places(after[winner])}) == 1
    assert set(places(after[winner])[0]) <= set(block_seats(BLUE_BLOCK))
    lines = preview["lines"]
    assert [one["wishes"][0]["answer"] for one in lines] == ["met", "no_seats"]
    assert after[winner]["id"] == lines[0]["renewal_id"]
    assert after[winner]["subscription"]["total_cents"] == 3 * 3000 * 4 // 5
    assert after[winner]["subscription"]["regular_cents"] == 3 * 3000
    assert after[loser]["subscription"]["regular_cents"] == 3 * PRICE
    assert await club.kinds() == ["renewal_due"] * 2 + ["renewal_moved"]
    left = places(before[winner])[0][0]
    assert (
        await club.system.rows(
            "select from ticketing.claim where place = $1 and event_id = any($2)", left, club.following.events
        )
        == []
    )
    table = (await office.ask("GET", f"/api/office/seasons/{club.campaign_id}/round.csv")).text.splitlines()
    assert len(table) == 3
    assert table[1].startswith(f"1,{after[winner]['id']}")
    await club.run()
    assert await club.kinds() == ["renewal_due"] * 2 + ["renewal_moved"]
    payment_id = new_id()
    assert (await club.following.pay(winner, after[winner]["subscription"], payment_id)).status_code == 200
    await club.system.news(payment_id)
    assert (await club.renewal(winner))["state"] == "paid"


async def test_seats_that_are_sold_before_they_are_moved_leave_the_holder_the_old_ones(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await two_holders(club)
    await club.start()
    await club.wish(first, {"category_id": str(BLUE)})
    before = await club.renewal(first)
    stored = relocating.store_round

    async def sold_meanwhile(*args: Any) -> None:
        await stored(*args)
        row = await args[0].fetch("select moves_to from seasons.renewal where moves_to is not null")
        await args[0].execute(
            "insert into ticketing.claim (event_id, place, order_id) values ($1, $2, $3)",
            club.following.events[1],
            row[0]["moves_to"][0],
            new_id(),
        )

    monkeypatch.setattr(relocating, "store_round", sold_meanwhile)
    await club.relocate()
    after = await club.renewal(first)
    assert places(after) == places(before)
    assert (after["state"], after["moved"], after["wishes"][0]["answer"]) == ("open", False, "taken_meanwhile")
    assert (await club.renewal(second))["state"] == "open"


async def test_of_a_holder_who_moves_and_a_buyer_at_the_same_moment_one_gets_the_last_seat(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = await two_holders(club)
    await club.start()
    await club.wish(first, {"category_id": str(BLUE)})
    before = await club.renewal(first)
    buyer = await club.system.fan("buyer@example.org")
    buyer.event_id = club.following.events[0]
    stored, buying = relocating.store_round, list[asyncio.Task[Any]]()

    async def while_another_buys(*args: Any) -> None:
        await stored(*args)
        row = await args[0].fetch("select moves_to from seasons.renewal where moves_to is not null")
        seat = {"place": row[0]["moves_to"][0], "tariff": "full"}
        buying.append(asyncio.create_task(buyer.hold({"kind": "chosen", "places": [seat]})))

    monkeypatch.setattr(relocating, "store_round", while_another_buys)
    await club.relocate()
    sold = (await buying[0]).status_code
    after = await club.renewal(first)
    answer = after["wishes"][0]["answer"]
    assert (sold, answer) in {(201, "taken_meanwhile"), (409, "met")}
    assert (places(after) == places(before)) == (answer == "taken_meanwhile")
    orders = await club.system.rows(
        """
        select event_id, place from ticketing.orders cross join unnest(places) as place
        where state in ('held', 'paying', 'paid') group by event_id, place having count(*) > 1
        """
    )
    assert orders == [], "no place is in two orders"


async def test_a_round_that_is_interrupted_moves_each_renewal_once(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relocating, "MOVED_AT_ONCE", 1)
    fans = [(await club.holder(f"{number}@example.org", full=1))[0] for number in range(3)]
    await club.start()
    for fan in fans:
        await club.wish(fan, {"category_id": str(BLUE)})
    notify, calls = emails.notify, 0

    async def failing(*args: Any, **kwargs: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise RuntimeError
        await notify(*args, **kwargs)

    monkeypatch.setattr(relocating, "notify", failing)
    with pytest.raises(RuntimeError):
        await club.relocate()
    rows = await club.system.rows("select moved_after, relocated_at from seasons.campaign")
    assert tuple(rows[0]) == (1, None)
    await club.run()
    for fan in fans:
        renewal = await club.renewal(fan)
        assert renewal["moved"]
        assert set(places(renewal)[0]) <= set(block_seats(BLUE_BLOCK))
    rows = await club.system.rows("select count(*) from ticketing.claim where event_id = $1", club.following.events[0])
    assert rows[0][0] == 3
    assert await club.kinds() == ["renewal_due"] * 3 + ["renewal_moved"] * 3


async def test_a_renewal_that_is_paid_before_the_round_keeps_its_seats(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org")
    await club.start()
    await club.wish(fan, {"category_id": str(BLUE)})
    before = await club.renewal(fan)
    payment_id = new_id()
    await club.following.pay(fan, before["subscription"], payment_id)
    await club.system.news(payment_id)
    await club.relocate()
    after = await club.renewal(fan)
    assert (after["state"], after["number"], places(after)) == ("paid", None, places(before))


async def test_wishes_are_taken_until_the_deadline_and_from_the_holder_alone(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org")
    other = await club.system.fan("other@example.org")
    await club.start()
    renewal = await club.renewal(fan)
    assert {one["category_id"] for one in renewal["categories"]} == {str(GOLD), str(BLUE)}
    path = f"/api/renewals/{renewal['id']}/wishes"
    body = {"wishes": [{"block": BLUE_BLOCK, "near": "aisle"}]}
    assert (await other.ask("PUT", path, body)).status_code == 404
    assert (await fan.ask("PUT", path, {"wishes": [{"block": "nowhere"}]})).json()["code"] == "block_unknown"
    unknown = {"wishes": [{"category_id": str(new_id())}]}
    assert (await fan.ask("PUT", path, unknown)).json()["code"] == "category_unknown"
    stored = (await fan.ask("PUT", path, body)).json()
    assert stored["wishes"] == [{"wish": {"category_id": None, "block": BLUE_BLOCK, "near": "aisle"}, "answer": None}]
    club.clock.advance(timedelta(hours=10))
    assert (await fan.ask("PUT", path, {"wishes": []})).json()["code"] == "renewal_closed"

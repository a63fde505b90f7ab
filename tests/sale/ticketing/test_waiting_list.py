"""The waiting list: fans of a sold-out event are told of seats in the order in which they joined."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import FakeClock
from tests.sale.ticketing.conftest import (
    BLUE,
    BLUE_BLOCK,
    GOLD,
    GOLD_BLOCK,
    Box,
    System,
    a_pricing,
    block_seats,
)
from tests.sale.ticketing.test_exchange import TERMS, gold, listed
from tests.sale.ticketing.test_tickets import codes
from virage.demo.venues.drawing import stadium
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.sale.ticketing.acts import refunding
from virage.sale.ticketing.jobs import WaitingLists
from virage.sale.ticketing.rules.places import seat_plan
from virage.sale.ticketing.rules.plan import NEED_BITS
from virage.sale.ticketing.rules.terms import SeatNeed
from virage.sale.ticketing.settings import ExchangeSettings


@pytest.fixture
async def full(empty_system: System) -> System:
    """A match whose seats are all sold."""
    await empty_system.open(pricing=a_pricing(areas=[]))
    await claim(empty_system, *block_seats(GOLD_BLOCK), *block_seats(BLUE_BLOCK))
    return empty_system


async def claim(system: System, *places: int) -> None:
    """Sell places to another buyer."""
    async with system.db.transaction() as conn:
        await conn.executemany(
            "insert into ticketing.claim (event_id, place, order_id) values ($1, $2, $3) on conflict do nothing",
            [(system.event_id, place, new_id()) for place in places],
        )
    system.forget()


async def free(system: System, *places: int) -> None:
    """Free places."""
    async with system.db.transaction() as conn:
        await conn.execute(
            "delete from ticketing.claim where event_id = $1 and place = any($2::integer[])", system.event_id, places
        )
    system.forget()


async def ask_to_wait(box: Box, size: int = 2, **wish: Any) -> Any:
    return await box.ask("PUT", f"/api/exchange/waiting/{box.event_id}", {"size": size} | wish)


async def waiting(box: Box, size: int = 2, **wish: Any) -> dict[str, Any]:
    answer = await ask_to_wait(box, size, **wish)
    assert answer.status_code == 200, answer.text
    entry: dict[str, Any] = answer.json()
    return entry


async def entry_of(box: Box) -> dict[str, Any] | None:
    entry: dict[str, Any] | None = (await box.ask("GET", f"/api/exchange/waiting/{box.event_id}")).json()["entry"]
    return entry


async def told(system: System) -> list[str]:
    """Run the job; the names of those who have been told until now, in order."""
    await WaitingLists(system.db, system.clock, ExchangeSettings()).invite()
    rows = await system.rows(
        "select person.email from people.letter join people.person on person.id = letter.person_id"
        " where letter.kind = 'waiting_list' order by letter.id"
    )
    return [row["email"].partition("@")[0] for row in rows]


async def fans(system: System, *names: str) -> list[Box]:
    return [await system.fan(f"{name}@example.org") for name in names]


def pair(code: str, nth: int = 0) -> tuple[int, int]:
    """Two seats side by side that are no wheelchair space or companion seat."""
    plan = seat_plan(stadium())
    seats = [seat for seat in block_seats(code) if not System.is_reserved(seat)]
    pairs = [(a, a + 1) for a in seats if a + 1 in seats and plan.segment_of[a] == plan.segment_of[a + 1]]
    return pairs[nth * 4]


def wheelchair_unit() -> tuple[int, int]:
    """A wheelchair space for sale, and its companion seat."""
    plan = seat_plan(stadium())
    for code in (GOLD_BLOCK, BLUE_BLOCK):
        for unit in plan.units:
            if unit.space in block_seats(code) and unit.companion is not None:
                return unit.space, unit.companion
    raise AssertionError("The test's blocks have no wheelchair space.")


async def test_those_who_wait_are_told_in_the_order_in_which_they_joined_as_many_as_seats_fit(full: System) -> None:
    ann, ben, cem = await fans(full, "ann", "ben", "cem")
    assert [(await waiting(box))["position"] for box in (ann, ben, cem)] == [1, 2, 3]
    assert await told(full) == []
    await free(full, *pair(GOLD_BLOCK), *pair(GOLD_BLOCK, 2))
    assert await told(full) == ["ann", "ben"]
    assert await told(full) == ["ann", "ben"], "seats that were told are not told to a third party"
    assert [one["invited_until"] is not None for one in [await entry_of(ann), await entry_of(cem)] if one] == [
        True,
        False,
    ]


async def test_an_invitation_that_ends_goes_to_the_next_and_three_end_the_entry(full: System, clock: FakeClock) -> None:
    ann, ben = await fans(full, "ann", "ben")
    await waiting(ann)
    await waiting(ben)
    await free(full, *pair(GOLD_BLOCK))
    assert await told(full) == ["ann"]
    clock.advance(timedelta(minutes=119))
    assert await told(full) == ["ann"]
    clock.advance(timedelta(minutes=1))
    assert await told(full) == ["ann", "ben"]
    assert (await entry_of(ann) or {})["position"] == 1, "both have had a turn"
    for _ in range(4):
        clock.advance(timedelta(hours=2))
        last = await told(full)
    assert last == ["ann", "ben"] * 3
    clock.advance(timedelta(hours=2))
    assert await told(full) == last
    assert (await entry_of(ann), await entry_of(ben)) == (None, None)


async def test_joining_is_refused_while_such_seats_are_free(full: System) -> None:
    (ann,) = await fans(full, "ann")
    await free(full, *pair(BLUE_BLOCK))
    assert codes(await ask_to_wait(ann)) == (409, "seats_available")
    assert codes(await ask_to_wait(ann, category_ids=[str(BLUE)])) == (409, "seats_available")
    await waiting(ann, category_ids=[str(GOLD)])
    assert await told(full) == []
    await waiting(ann, 3)
    assert await told(full) == [], "two seats are too few for three people"


async def test_joining_again_changes_the_entry_which_keeps_its_turn(full: System) -> None:
    ann, ben = await fans(full, "ann", "ben")
    await waiting(ann, 4)
    await waiting(ben)
    changed = await waiting(ann, 2, category_ids=[str(GOLD)])
    assert (changed["position"], changed["size"], changed["category_ids"]) == (1, 2, [str(GOLD)])
    assert len(await full.rows("select 1 from ticketing.waiting")) == 2
    await free(full, *pair(GOLD_BLOCK))
    assert await told(full) == ["ann"]


async def test_wheelchair_spaces_are_told_to_those_who_need_them_with_their_consent(full: System) -> None:
    ann, ben = await fans(full, "ann", "ben")
    await waiting(ann)
    assert codes(await ask_to_wait(ben, wheelchairs=1)) == (400, "invalid_input")
    assert codes(await ask_to_wait(ben, wheelchairs=3, consents=True)) == (400, "invalid_input")
    assert (await waiting(ben, wheelchairs=1, consents=True))["position"] == 1, "the first with a wheelchair"
    await free(full, *wheelchair_unit())
    assert await told(full) == ["ben"]


def a_seat_with(need: SeatNeed) -> int:
    """A seat for sale that has a feature, and is no wheelchair space."""
    features = stadium().features
    seats: list[int] = [*block_seats(GOLD_BLOCK), *block_seats(BLUE_BLOCK)]
    return next(seat for seat in seats if features[seat] & NEED_BITS[need] and not System.is_reserved(seat))


async def test_a_seat_with_a_feature_is_told_first_to_those_who_need_it_with_their_consent(full: System) -> None:
    ann, ben, cem = await fans(full, "ann", "ben", "cem")
    refused = await ask_to_wait(ben, 1, needs=["guide_dog"])
    assert codes(refused) == (400, "invalid_input")
    assert (await waiting(ann, 1))["position"] == 1
    entry = await waiting(ben, 1, needs=["guide_dog"], consents=True)
    assert (entry["needs"], entry["position"]) == (["guide_dog"], 1)
    assert (await waiting(cem, 1, needs=["quiet"], consents=True))["position"] == 2
    (plain, _) = pair(GOLD_BLOCK, 3)
    await free(full, a_seat_with("guide_dog"))
    assert await told(full) == ["ben"]
    await free(full, plain)
    assert await told(full) == ["ben", "ann"]


async def test_a_listed_seat_with_a_feature_is_told_to_those_who_need_it(full: System) -> None:
    office = await full.staff(Grant("programme"), Grant("box_office"))
    assert (await office.ask("PUT", f"/api/office/events/{full.event_id}/exchange", TERMS)).status_code == 200
    ann, ben, seller = await fans(full, "ann", "ben", "seller")
    await free(full, a_seat_with("guide_dog"))
    (ticket_id,) = await gold(full, seller, 1)
    full.forget()
    await waiting(ann, 1, needs=["quiet"], consents=True)
    await waiting(ben, 1, needs=["guide_dog"], consents=True)
    await listed(seller, [ticket_id])
    assert await told(full) == ["ben"]


async def test_listed_tickets_are_told_to_a_party_of_their_size_but_not_to_their_seller(full: System) -> None:
    office = await full.staff(Grant("programme"), Grant("box_office"))
    path = f"/api/office/events/{full.event_id}/exchange"
    assert (await office.ask("PUT", path, TERMS)).status_code == 200
    seller, ann, ben = await fans(full, "seller", "ann", "ben")
    await free(full, *pair(GOLD_BLOCK))
    tickets = await gold(full, seller)
    full.forget()
    await waiting(seller)
    await waiting(ann, 1)
    await waiting(ben, category_ids=[str(GOLD)])
    listing = await listed(seller, tickets)
    assert codes(await ask_to_wait(await full.fan("cem@example.org"), 2)) == (409, "seats_available")
    assert await told(full) == ["ben"]
    assert (
        await ben.ask("POST", "/api/exchange/orders", {"id": str(new_id()), "listing_ids": [listing["id"]]})
    ).is_success
    await waiting(await full.fan("cem@example.org"), 2)
    assert await told(full) == ["ben"], "it is in a basket"
    book = (await office.ask("GET", path)).json()["waiting"]
    assert (book["parties"], book["people"], book["invited"]) == (4, 7, 1)
    assert [(one["name"]["en"], one["people"]) for one in book["categories"]] == [("Gold", 7), ("Blue", 5)]


async def test_a_purchase_ends_the_entry(full: System, clock: FakeClock) -> None:
    ann, ben = await fans(full, "ann", "ben")
    await waiting(ann)
    await waiting(ben)
    await free(full, *pair(GOLD_BLOCK))
    assert await told(full) == ["ann"]
    clock.advance(timedelta(minutes=1))
    await full.bought(ann)
    await free(full, *pair(GOLD_BLOCK, 2))
    assert await told(full) == ["ann", "ben"]
    assert await entry_of(ann) is None


async def test_the_list_ends_with_the_sale_and_a_person_may_leave_it(full: System, clock: FakeClock) -> None:
    ann, ben = await fans(full, "ann", "ben")
    await waiting(ann)
    await waiting(ben)
    path = f"/api/exchange/waiting/{full.event_id}"
    assert [(await ben.ask("DELETE", path)).status_code for _ in range(2)] == [204, 204]
    assert await entry_of(ben) is None
    assert await entry_of(ann) is not None
    clock.advance(timedelta(hours=26))
    assert await told(full) == []
    assert await full.rows("select 1 from ticketing.waiting") == []
    assert codes(await ask_to_wait(await full.fan("late@example.org"))) == (409, "sale_closed")


async def test_limits_and_categories_hold_for_those_who_wait(full: System) -> None:
    (ann,) = await fans(full, "ann")
    await free(full, *pair(GOLD_BLOCK))
    await full.bought(ann)
    limit = (await ann.ask("GET", f"/api/events/{full.event_id}/offer")).json()["limit_per_buyer"]
    assert codes(await ask_to_wait(ann, min(9, limit - 1))) == (409, "limit_reached")
    assert codes(await ask_to_wait(ann, category_ids=[str(new_id())])) == (409, "category_unknown")
    assert codes(await ask_to_wait(full.browser())) == (401, "unauthenticated")


async def test_the_data_of_a_person_has_their_entry_and_an_erasure_deletes_it(full: System) -> None:
    (ann,) = await fans(full, "ann")
    await waiting(ann)
    data = (await ann.ask("GET", "/api/me/export")).json()
    assert [one["size"] for one in data["ticketing"]["waiting"]] == [2]
    person_id: UUID = (await full.rows("select person_id from ticketing.waiting"))[0]["person_id"]
    async with full.db.transaction() as conn:
        assert await refunding.erased(conn, person_id, full.clock.now()) is None
    assert await full.rows("select 1 from ticketing.waiting") == []

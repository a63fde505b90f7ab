"""Guests are free to create: all of them together hold only a share of an event, from any address."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import FakeClock
from tests.sale.ticketing.conftest import AREA, BLUE, Box, System, a_pricing
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.security import COOKIE
from virage.sale.ticketing.jobs import TicketingJobs
from virage.sale.ticketing.routes.order_service import HoldCommand, OrderService
from virage.sale.ticketing.rules.pricing import AreaPricing
from virage.sale.ticketing.rules.sale import guests_share
from virage.sale.ticketing.rules.terms import Buyer, HoldRequest, OrderRow, Party, Reason, StandingPlaces

OPEN = 40
SHARE = OPEN // 2
REFUSED = (401, "unauthenticated", {"because": "guests_hold_their_share"})


@pytest.fixture
async def standing_event(empty_system: System) -> System:
    """An event with only forty standing places."""
    await empty_system.open(a_pricing(blocks={}, areas=[AreaPricing(AREA, BLUE, OPEN)]))
    return empty_system


async def hold_standing(box: Box, full: int) -> Any:
    """Request so many standing places: None once they are held, or the refusal."""
    answer = await box.hold({"kind": "standing", "area": AREA, "party": {"full": full}})
    problem = answer.json()
    return None if answer.status_code == 201 else (answer.status_code, problem["code"], problem["data"])


async def expire(system: System) -> None:
    await TicketingJobs(system.db, system.clock).expire()
    system.forget()


@pytest.mark.parametrize(
    ("open_places", "share"), [(59_186, 5_918), (2_000, 200), (400, 200), (OPEN, SHARE), (1, 0), (0, 0)]
)
def test_the_share_is_a_tenth_and_of_a_small_event_never_more_than_half(open_places: int, share: int) -> None:
    assert guests_share(open_places) == share


async def test_guests_without_a_cookie_hold_no_more_than_their_share(standing_event: System) -> None:
    assert [await hold_standing(standing_event.browser(), 9) for _ in range(2)] == [None, None]
    assert await hold_standing(standing_event.browser(), SHARE - 18 + 1) == REFUSED
    assert await hold_standing(standing_event.browser(), SHARE - 18) is None
    assert await hold_standing(standing_event.browser(), 1) == REFUSED
    assert len(await standing_event.rows("select from ticketing.claim")) == SHARE


async def test_a_signed_in_buyer_may_exceed_the_share_of_guests(standing_event: System) -> None:
    assert [await hold_standing(standing_event.browser(), 5) for _ in range(4)] == [None] * 4
    assert await hold_standing(standing_event.browser(), 1) == REFUSED
    assert await hold_standing(await standing_event.fan(), 9) is None


async def test_concurrent_guests_hold_no_more_than_their_share(standing_event: System) -> None:
    reasons = await asyncio.gather(*(hold_standing(standing_event.browser(), 3) for _ in range(12)))
    assert reasons.count(None) == SHARE // 3
    assert reasons.count(REFUSED) == 12 - SHARE // 3


async def test_a_refused_guest_leaves_nothing_behind(standing_event: System) -> None:
    assert [await hold_standing(standing_event.browser(), 5) for _ in range(4)] == [None] * 4
    stranger = standing_event.browser()
    assert await hold_standing(stranger, 1) == REFUSED
    assert stranger.browser.cookies.get(COOKIE) is None
    assert len(await standing_event.rows("select from people.session")) == 4


async def test_places_released_by_guests_are_available_to_other_guests(
    standing_event: System, clock: FakeClock
) -> None:
    guest = standing_event.browser()
    assert await hold_standing(guest, 9) is None
    assert [await hold_standing(standing_event.browser(), 9), await hold_standing(standing_event.browser(), 9)] == [
        None,
        REFUSED,
    ]
    order = (await guest.ask("GET", "/api/me/orders")).json()[0]
    await guest.ask("DELETE", f"/api/orders/{order['id']}")
    assert [await hold_standing(standing_event.browser(), 9), await hold_standing(standing_event.browser(), 9)] == [
        None,
        REFUSED,
    ]
    clock.advance(timedelta(minutes=10))
    await expire(standing_event)
    assert [await hold_standing(standing_event.browser(), 9), await hold_standing(standing_event.browser(), 9)] == [
        None,
        None,
    ]


async def test_places_held_by_fans_reduce_the_share_of_guests(standing_event: System) -> None:
    assert await hold_standing(await standing_event.fan(), 9) is None
    assert await hold_standing(await standing_event.fan("other@example.org"), 9) is None
    assert await hold_standing(standing_event.browser(), 9) is None
    assert await hold_standing(standing_event.browser(), 3) == REFUSED  # 22 places are open, and guests hold 9 of them


async def test_each_process_counts_the_guests_of_all_processes(
    standing_event: System, offices: list[OrderService]
) -> None:
    def ask() -> HoldCommand:
        session_id = new_id()
        request = HoldRequest(new_id(), standing_event.event_id, StandingPlaces(AREA, Party(full=5)))
        return HoldCommand(request, Buyer(session_id), session_id)

    assert [await hold_standing(standing_event.browser(), 5) for _ in range(3)] == [None] * 3
    assert isinstance(await offices[0].hold(ask()), OrderRow)
    for office in offices[1:]:
        refused = await office.hold(ask())
        assert isinstance(refused, Refused)
        assert refused.reason == Reason.SIGN_IN_FIRST


async def test_all_baskets_of_a_session_together_keep_the_limit(system: System) -> None:
    guest = system.browser()
    seats = {"kind": "best", "party": {"full": 3}}
    assert [(await guest.hold(seats)).status_code for _ in range(3)] == [201] * 3
    refused = await guest.hold(seats)
    assert (refused.status_code, refused.json()["code"]) == (409, "limit_reached")
    assert len(await system.rows("select from people.session")) == 1


async def test_guests_never_empty_the_wheelchair_spaces(system: System) -> None:
    wish = {"kind": "best", "party": {"access": 1}, "needs": ["wheelchair"], "together": False}
    while (answer := await system.browser().hold(wish)).status_code == 201:
        pass
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == REFUSED
    assert (await (await system.fan()).hold(wish)).status_code == 201


async def test_a_basket_kept_through_sign_in_counts_once(system: System) -> None:
    guest = system.browser()
    party = {"kind": "best", "party": {"full": 5}}
    assert (await guest.hold(party)).status_code == 201
    session = (await system.rows("select id from people.session where person_id is null"))[0]["id"]
    token = await system.taken_over(session)
    guest.browser.cookies.clear()
    guest.browser.cookies.set(COOKIE, token)
    assert (await guest.hold(party | {"party": {"full": 4}})).status_code == 201
    assert (await guest.hold(party | {"party": {"full": 1}})).json()["data"] == {"limit": 9, "left": 0}

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conftest import FakeClock
from tests.sale.ticketing.conftest import AREA, BLUE, GOLD, GOLD_BLOCK, Box, System, a_pricing, block_seats
from virage.money.payments.rules import PaymentState
from virage.platform.values.ids import new_id
from virage.platform.web.security import COOKIE
from virage.sale.ticketing.jobs import TicketingJobs

TEN_MINUTES = timedelta(minutes=10)


def codes(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def bits(bitmap: bytes) -> set[int]:
    return {place for place in range(8 * len(bitmap)) if bitmap[place >> 3] >> (place & 7) & 1}


async def free_places(box: Box) -> set[int]:
    return bits((await box.ask("GET", f"/api/events/{box.event_id}/availability")).content)


async def state_of(box: Box, order: dict[str, Any]) -> str:
    return str((await box.ask("GET", f"/api/orders/{order['id']}")).json()["state"])


async def expire(system: System) -> None:
    await TicketingJobs(system.db, system.clock).expire()
    system.forget()


async def test_the_offer_has_prices_and_free_places(system: System) -> None:
    offer = (await system.browser().ask("GET", f"/api/events/{system.event_id}/offer")).json()
    assert offer["phase"] == "open"
    assert offer["blocks"] == {GOLD_BLOCK: str(GOLD), "103": str(BLUE)}
    assert [category["prices"]["full"] for category in offer["categories"]] == [8000, 3000]
    assert offer["categories"][0]["free"] == len(block_seats(GOLD_BLOCK))
    assert offer["areas"][0]["capacity"] == 50


async def test_an_unknown_event_has_no_offer(system: System) -> None:
    for what in ("offer", "availability"):
        assert codes(await system.browser().ask("GET", f"/api/events/{new_id()}/{what}")) == (404, "not_found")


async def test_a_guest_holds_seats_and_gets_a_session_for_them(system: System) -> None:
    guest = system.browser()
    order = await guest.best(full=3)
    assert guest.browser.cookies.get(COOKIE)
    assert order["state"] == "held"
    assert {line["label"]["block"] for line in order["lines"]} == {GOLD_BLOCK}
    assert [line["price_cents"] for line in order["lines"]] == [8000] * 3
    assert order["vat"] == [
        {"rate_permille": 55, "gross_cents": 24000, "vat_cents": 1251},
        {"rate_permille": 200, "gross_cents": 450, "vat_cents": 75},
    ]
    assert await state_of(guest, order) == "held"


async def test_held_places_leave_the_availability_at_once(system: System) -> None:
    fan = await system.fan()
    before = await free_places(fan)
    order = await fan.best(full=4)
    assert before - await free_places(fan) == {line["place"] for line in order["lines"]}


async def test_availability_is_answered_with_304_while_nothing_changes(system: System) -> None:
    fan = await system.fan()
    path = f"/api/events/{system.event_id}/availability"
    first = await fan.ask("GET", path)
    assert "-" in first.headers["virage-version"]
    again = await fan.ask("GET", path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await fan.best()
    assert (await fan.ask("GET", path, headers={"if-none-match": first.headers["etag"]})).status_code == 200


async def test_a_repeated_id_is_the_same_order(system: System) -> None:
    fan = await system.fan()
    order_id, seats = new_id(), {"kind": "best", "party": {"full": 2}}
    first, again = await asyncio.gather(fan.hold(seats, order_id), fan.hold(seats, order_id))
    assert first.json() == again.json()
    assert (await fan.hold(seats, order_id)).json() == first.json()
    assert len(await system.rows("select from ticketing.claim")) == 2


async def test_the_id_of_another_buyers_order_is_refused(system: System) -> None:
    order = await (await system.fan()).best()
    other = await system.fan("other@example.org")
    answer = await other.hold({"kind": "best", "party": {"full": 2}}, order["id"])
    assert codes(answer) == (409, "id_reused")


async def test_another_buyers_order_is_not_found(system: System) -> None:
    order = await (await system.fan()).best()
    other = await system.fan("other@example.org")
    path = f"/api/orders/{order['id']}"
    assert codes(await other.ask("GET", path)) == (404, "not_found")
    assert codes(await other.ask("DELETE", path)) == (404, "not_found")
    assert codes(await other.pay(order["id"])) == (404, "not_found")
    assert await state_of(await system.fan(), order) == "held"


async def test_chosen_seats_are_held_or_reported_as_taken(system: System) -> None:
    fan, other = await system.fan(), await system.fan("other@example.org")
    first = block_seats(GOLD_BLOCK)[0]
    wish = {"kind": "chosen", "places": [{"place": first, "tariff": "full"}, {"place": first + 1, "tariff": "child"}]}
    order = (await fan.hold(wish)).json()
    assert [line["price_cents"] for line in order["lines"]] == [8000, 2000]
    refused = await other.hold(wish)
    assert codes(refused) == (409, "place_taken")
    assert refused.json()["data"]["places"] == [first, first + 1]


async def test_a_standing_area_is_sold_by_count(system: System) -> None:
    order = (await (await system.fan()).hold({"kind": "standing", "area": AREA, "party": {"full": 3}})).json()
    assert {line["label"]["area"] for line in order["lines"]} == {AREA}


@pytest.mark.parametrize(
    ("seats", "status", "code"),
    [
        ({"kind": "best", "party": {}}, 409, "party_invalid"),
        ({"kind": "best", "party": {"full": 10}}, 400, "invalid"),
        ({"kind": "best", "party": {"full": 5, "child": 5}}, 409, "party_invalid"),
        ({"kind": "best", "party": {"full": 1}, "block": "999"}, 409, "block_unknown"),
        ({"kind": "standing", "area": "XX", "party": {"full": 1}}, 409, "area_unknown"),
        ({"kind": "chosen", "places": []}, 400, "invalid"),
        ({"kind": "chosen", "places": [{"place": 59000, "tariff": "full"}]}, 409, "not_for_sale"),
        ({"kind": "nonsense"}, 400, "invalid"),
    ],
)
async def test_impossible_requests_are_refused(system: System, seats: dict[str, Any], status: int, code: str) -> None:
    fan = await system.fan()
    assert codes(await fan.hold(seats)) == (status, code)
    assert await system.rows("select from ticketing.orders") == []


async def test_the_limit_holds_across_orders_and_after_signing_in(system: System) -> None:
    fan = await system.fan()
    await fan.best(full=5)
    refused = await fan.hold({"kind": "best", "party": {"full": 5}})
    assert codes(refused) == (409, "limit_reached")
    assert refused.json()["data"] == {"limit": 9, "left": 4}


async def test_the_limit_holds_within_one_batch(system: System) -> None:
    fan = await system.fan()
    answers = await asyncio.gather(*(fan.hold({"kind": "best", "party": {"full": 3}}) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 201, 409, 409]


async def test_nothing_is_sold_before_the_opening_or_after_the_close(empty_system: System, clock: FakeClock) -> None:
    system = empty_system
    await system.open(sale_opens_at=clock.now() + TEN_MINUTES, sale_closes_at=clock.now() + 2 * TEN_MINUTES)
    fan = await system.fan()
    assert codes(await fan.hold({"kind": "best", "party": {"full": 1}})) == (409, "sale_not_open")
    clock.advance(2 * TEN_MINUTES)
    assert codes(await fan.hold({"kind": "best", "party": {"full": 1}})) == (409, "sale_closed")


async def test_released_places_are_available_again(system: System) -> None:
    fan = await system.fan()
    before = await free_places(fan)
    order = await fan.best()
    assert (await fan.ask("DELETE", f"/api/orders/{order['id']}")).status_code == 204
    assert await state_of(fan, order) == "released"
    assert await free_places(fan) == before
    assert (await fan.ask("DELETE", f"/api/orders/{order['id']}")).status_code == 204
    assert codes(await fan.pay(order["id"])) == (409, "order_not_open")


async def test_a_hold_ends_after_ten_minutes(system: System, clock: FakeClock) -> None:
    fan = await system.fan()
    order = await fan.best()
    clock.advance(TEN_MINUTES - timedelta(seconds=1))
    await expire(system)
    assert await state_of(fan, order) == "held"
    clock.advance(timedelta(seconds=1))
    assert codes(await fan.pay(order["id"])) == (409, "hold_expired")
    await expire(system)
    assert await state_of(fan, order) == "expired"
    assert await system.rows("select from ticketing.claim") == []


async def test_a_hold_left_for_days_expires(system: System, clock: FakeClock) -> None:
    fan = await system.fan()
    order = await fan.best()
    clock.advance(timedelta(days=5))
    jobs = TicketingJobs(system.db, system.clock)
    await jobs.expire()
    assert (await system.rows("select state from ticketing.orders"))[0]["state"] == "held"
    await jobs.expire_old()
    assert [row["state"] for row in await system.rows("select state from ticketing.orders")] == ["expired"]
    assert order["state"] == "held"


async def test_an_expired_hold_frees_its_seat_even_without_a_worker(system: System, clock: FakeClock) -> None:
    seat = {"kind": "chosen", "places": [{"place": block_seats(GOLD_BLOCK)[0], "tariff": "full"}]}
    assert (await (await system.fan()).hold(seat)).status_code == 201
    clock.advance(TEN_MINUTES)
    assert (await (await system.fan("other@example.org")).hold(seat)).status_code == 201


async def test_starting_a_payment_needs_a_sign_in(system: System) -> None:
    guest = system.browser()
    order = await guest.best()
    assert codes(await guest.pay(order["id"])) == (401, "unauthenticated")


async def test_a_guests_basket_is_kept_through_sign_in(system: System) -> None:
    guest = system.browser()
    order = await guest.best()
    session = (await system.rows("select id from people.session where person_id is null"))[0]["id"]
    token = await system.taken_over(session)
    guest.browser.cookies.clear()
    guest.browser.cookies.set(COOKIE, token)
    payment_id = new_id()
    assert (await guest.pay(order["id"], payment_id)).status_code == 200
    await system.news(payment_id)
    assert len((await guest.ask("GET", "/api/me/tickets")).json()) == 2
    assert [one["id"] for one in (await guest.ask("GET", "/api/me/orders")).json()] == [order["id"]]


async def test_a_payment_extends_the_hold_once(system: System, clock: FakeClock) -> None:
    fan = await system.fan()
    order = await fan.best()
    clock.advance(timedelta(minutes=9))
    page = (await fan.pay(order["id"])).json()
    assert page["expires_at"] == (clock.now() + TEN_MINUTES).isoformat().replace("+00:00", "Z")
    clock.advance(timedelta(minutes=9))
    assert (await fan.pay(order["id"])).json()["expires_at"] == page["expires_at"]


async def test_a_repeated_payment_is_the_same_page(system: System) -> None:
    fan = await system.fan()
    order, payment_id = await fan.best(), new_id()
    first, again = await fan.pay(order["id"], payment_id), await fan.pay(order["id"], payment_id)
    assert first.json() == again.json()
    await system.news(payment_id)
    paid = (await fan.pay(order["id"], payment_id)).json()
    assert (paid["state"], paid["payment_url"]) == ("paid", None)
    assert codes(await fan.pay(order["id"])) == (409, "order_already_paid")


async def test_a_declined_card_keeps_the_hold_for_another_card(system: System) -> None:
    fan = await system.fan()
    order, payment_id = await fan.best(), new_id()
    await fan.pay(order["id"], payment_id)
    await system.news(payment_id, PaymentState.DECLINED)
    assert await state_of(fan, order) == "held"
    assert codes(await fan.pay(order["id"], payment_id)) == (409, "payment_failed")
    second = new_id()
    await fan.pay(order["id"], second)
    await system.news(second)
    assert await state_of(fan, order) == "paid"


async def test_a_provider_outage_keeps_the_hold(system: System) -> None:
    fan = await system.fan()
    order, payment_id = await fan.best(), new_id()
    system.provider.away = True
    assert codes(await fan.pay(order["id"], payment_id)) == (503, "provider_unavailable")
    system.provider.away = False
    assert (await fan.pay(order["id"], payment_id)).status_code == 200


async def test_who_waits_for_a_busy_provider_keeps_the_seats_for_half_an_hour(system: System, clock: FakeClock) -> None:
    fan = await system.fan()
    order, payment_id = await fan.best(), new_id()
    held_at = clock.now()
    system.provider.busy = True
    answer = await fan.pay(order["id"], payment_id)
    assert codes(answer) == (503, "provider_busy")
    assert (answer.headers["retry-after"], answer.json()["data"]) == ("3", {"retry_after_s": 3})
    ends = []
    while codes(answer) == (503, "provider_busy"):
        clock.advance(timedelta(minutes=4))
        await expire(system)
        answer = await fan.pay(order["id"], new_id())  # another tab: the payment stays the same
        [row] = await system.rows("select expires_at from ticketing.orders")
        ends.append(row["expires_at"] - held_at)
    assert codes(answer) == (409, "hold_expired")
    assert timedelta(minutes=20) < max(ends) <= timedelta(minutes=30)
    assert [row["id"] for row in await system.rows("select id from payments.payment")] == [payment_id]


async def test_a_page_that_opens_late_leaves_the_whole_time_to_pay(system: System, clock: FakeClock) -> None:
    fan = await system.fan()
    order, payment_id = await fan.best(), new_id()
    system.provider.busy = True
    await fan.pay(order["id"], payment_id)
    clock.advance(timedelta(minutes=9))
    await fan.pay(order["id"], payment_id)
    system.provider.busy = False
    answer = await fan.pay(order["id"], payment_id)
    assert answer.status_code == 200
    assert datetime.fromisoformat(answer.json()["expires_at"]) == clock.now() + TEN_MINUTES
    [row] = await system.rows("select expires_at from payments.payment")
    assert row["expires_at"] == clock.now() + TEN_MINUTES


async def test_a_double_payment_buys_once_and_is_returned_once(system: System) -> None:
    fan = await system.fan()
    order, first, second = await fan.best(), new_id(), new_id()
    await fan.pay(order["id"], second)
    await system.news(second, PaymentState.DECLINED)
    await fan.pay(order["id"], first)
    await system.news(first)
    await system.news(second)
    await system.news(second)
    seen = (await fan.ask("GET", f"/api/orders/{order['id']}")).json()
    assert (seen["state"], seen["returned_cents"]) == ("paid", order["total_cents"])
    assert len(await system.rows("select from ticketing.ticket")) == 2
    assert [row["payment_id"] for row in await system.rows("select payment_id from payments.refund")] == [second]


async def test_a_late_payment_gets_the_same_seats_while_they_are_free(system: System, clock: FakeClock) -> None:
    fan = await system.fan()
    order, payment_id = await fan.best(), new_id()
    await fan.pay(order["id"], payment_id)
    clock.advance(TEN_MINUTES)
    await expire(system)
    assert await state_of(fan, order) == "expired"
    await system.news(payment_id)
    assert await state_of(fan, order) == "paid"
    assert len(await system.rows("select from ticketing.claim")) == 2
    assert await system.rows("select from payments.refund") == []


async def test_a_late_payment_is_returned_if_a_seat_is_taken(system: System, clock: FakeClock) -> None:
    fan, other = await system.fan(), await system.fan("other@example.org")
    order, payment_id = await fan.best(), new_id()
    await fan.pay(order["id"], payment_id)
    clock.advance(TEN_MINUTES)
    await expire(system)
    taken = order["lines"][1]["place"]
    assert (await other.hold({"kind": "chosen", "places": [{"place": taken, "tariff": "full"}]})).status_code == 201
    await system.news(payment_id)
    assert await state_of(fan, order) == "expired"
    seen = (await fan.ask("GET", f"/api/orders/{order['id']}")).json()
    assert seen["returned_cents"] == order["total_cents"]
    refund = (await system.rows("select payment_id, amount_cents from payments.refund"))[0]
    assert (refund["payment_id"], refund["amount_cents"]) == (payment_id, order["total_cents"])
    assert len(await system.rows("select from ticketing.claim")) == 1


async def test_a_payment_of_a_released_order_is_returned(system: System) -> None:
    fan = await system.fan()
    order, payment_id = await fan.best(), new_id()
    await fan.pay(order["id"], payment_id)
    await fan.ask("DELETE", f"/api/orders/{order['id']}")
    await system.news(payment_id)
    assert len(await system.rows("select from payments.refund")) == 1
    assert await system.rows("select from ticketing.ticket") == []


async def test_a_free_order_needs_no_provider(empty_system: System) -> None:
    free = [type(c)(c.id, c.name, c.colour, dict.fromkeys(c.prices, 0)) for c in a_pricing().categories]
    await empty_system.open(a_pricing(categories=free))
    fan = await empty_system.fan()
    order, payment_id = await fan.best(), new_id()
    assert order["total_cents"] == 0
    for _ in range(2):
        answer = (await fan.pay(order["id"], payment_id)).json()
        assert (answer["state"], answer["payment_url"]) == ("paid", None)
    assert len((await fan.ask("GET", "/api/me/tickets")).json()) == 2
    assert empty_system.provider.started == {}


async def test_a_paid_order_cannot_be_released(system: System) -> None:
    fan = await system.fan()
    order = await system.bought(fan)
    assert codes(await fan.ask("DELETE", f"/api/orders/{order['id']}")) == (409, "order_already_paid")


async def test_a_request_with_prefer_wait_waits_for_the_payment(system: System) -> None:
    fan = await system.fan()
    order, payment_id = await fan.best(), new_id()
    await fan.pay(order["id"], payment_id)
    waiting = asyncio.create_task(fan.ask("GET", f"/api/orders/{order['id']}", headers={"prefer": "wait=20"}))
    await asyncio.sleep(0)
    await system.news(payment_id)
    assert (await waiting).json()["state"] == "paid"


async def test_a_request_with_prefer_wait_returns_at_once_if_nothing_is_pending(system: System) -> None:
    fan = await system.fan()
    order = await fan.best()
    answer = await fan.ask("GET", f"/api/orders/{order['id']}", headers={"prefer": "wait=20"})
    assert answer.json()["state"] == "held"


async def test_concurrent_payments_keep_the_limit(system: System) -> None:
    """A guest's basket and a fan's own, each within the limit, belong to one buyer once the guest
    has signed in.
    """
    fan = await system.fan()
    own = await fan.best(full=6)
    await fan.pay(own["id"])
    guest = system.browser()
    order = await guest.best(full=6)
    session = (await system.rows("select id from people.session where person_id is null"))[0]["id"]
    guest.browser.cookies.clear()
    guest.browser.cookies.set(COOKIE, await system.taken_over(session))
    assert codes(await guest.pay(order["id"])) == (409, "limit_reached")


async def test_a_cancelled_event_cannot_be_paid(system: System) -> None:
    fan = await system.fan()
    order = await fan.best()
    await system.cancel()
    assert codes(await fan.pay(order["id"])) == (409, "event_cancelled")

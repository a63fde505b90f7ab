"""The exchange: a seat goes from one fan to another at face value at most, with its pass and its money."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.conftest import FakeClock
from tests.sale.ticketing.conftest import Box, System
from tests.sale.ticketing.test_disputes import dispute
from tests.sale.ticketing.test_tickets import a_phone, codes
from tests.sale.ticketing.test_transfers import FRIEND, accepted, enter, ids_of, key_of, letters, offered
from virage.demo.venues.drawing import stadium
from virage.identity.people.rules.people_config import BROWSER_COOKIE
from virage.identity.people.rules.secrets import browser_text, new_browser, people_keys
from virage.money.payments.rules import Outcome, PaymentState
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.platform.web.security import cookie_name
from virage.sale.ticketing.acts import exchange, holding
from virage.sale.ticketing.acts.refunding import EventCancelledJob
from virage.sale.ticketing.jobs import TicketingJobs
from virage.sale.ticketing.reads import books
from virage.sale.ticketing.rules.plan import NEED_BITS

FACE, FEE = 8000, 150  # of a gold seat, and the buyer's fee
TERMS = {"open": True, "price_max_permille": 1000, "fee_permille": 50, "give_back": False}


@pytest.fixture
async def office(system: System) -> Box:
    """A box office that has opened the exchange of the match."""
    staff = await system.staff(Grant("programme"), Grant("box_office"))
    answer = await staff.ask("PUT", f"/api/office/events/{system.event_id}/exchange", TERMS)
    assert (answer.status_code, answer.json()) == (200, TERMS)
    return staff


async def gold(system: System, box: Box, count: int = 2) -> list[str]:
    order = await system.bought(box, full=count)
    return [line["ticket_id"] for line in order["lines"]]


async def listed(box: Box, ticket_ids: list[str], cents: int = FACE) -> dict[str, Any]:
    answer = await ask_to_list(box, ticket_ids, cents)
    assert answer.status_code == 201, answer.text
    listing: dict[str, Any] = answer.json()
    return listing


async def ask_to_list(box: Box, ticket_ids: list[str], cents: int = FACE, listing_id: str | None = None) -> Any:
    tickets = [{"ticket_id": id_, "price_cents": cents} for id_ in ticket_ids]
    return await box.ask("POST", "/api/exchange/listings", {"id": listing_id or str(new_id()), "tickets": tickets})


async def board(box: Box) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await box.ask("GET", f"/api/events/{box.event_id}/exchange")).json()["listings"]
    return found


async def ask_to_hold(box: Box, *listing_ids: str, order_id: str | None = None) -> Any:
    body = {"id": order_id or str(new_id()), "listing_ids": list(listing_ids)}
    return await box.ask("POST", "/api/exchange/orders", body)


async def held(box: Box, *listing_ids: str) -> dict[str, Any]:
    answer = await ask_to_hold(box, *listing_ids)
    assert answer.status_code == 201, answer.text
    order: dict[str, Any] = answer.json()
    return order


async def paying(box: Box, order: dict[str, Any]) -> UUID:
    payment_id = new_id()
    answer = await box.pay(order["id"], payment_id)
    assert answer.status_code == 200, answer.text
    return payment_id


async def sold(system: System, buyer: Box, listing: dict[str, Any]) -> dict[str, Any]:
    order = await held(buyer, listing["id"])
    await system.news(await paying(buyer, order))
    paid: dict[str, Any] = (await buyer.ask("GET", f"/api/orders/{order['id']}")).json()
    return paid


async def state_of(box: Box, order: dict[str, Any]) -> tuple[str, int]:
    found = (await box.ask("GET", f"/api/orders/{order['id']}")).json()
    return found["state"], found["returned_cents"]


async def mine(box: Box) -> list[tuple[str, bool, int]]:
    return [
        (one["state"], one["held"], one["payout_cents"])
        for one in (await box.ask("GET", "/api/exchange/listings")).json()
    ]


async def open_refunds(system: System) -> list[int]:
    rows = await system.rows("select amount_cents from payments.refund order by created_at, id")
    return [row["amount_cents"] for row in rows]


async def claims(system: System) -> set[tuple[int, UUID]]:
    rows = await system.rows("select place, order_id from ticketing.claim where event_id = $1", system.event_id)
    return {(row["place"], row["order_id"]) for row in rows}


async def test_the_board_names_the_access_features_of_each_seat(system: System, office: Box) -> None:
    seller = await system.fan()
    order = await system.bought(seller, full=2, needs=["guide_dog"])
    await listed(seller, [line["ticket_id"] for line in order["lines"]])
    (shown,) = await board(system.browser())
    assert sorted("guide_dog" in features for features in shown["features"]) == [False, True]
    for place, features in zip(shown["places"], shown["features"], strict=True):
        bits = int(stadium().features[place["place"]])
        assert sum(NEED_BITS[need] for need in features) == bits


async def test_a_seat_is_sold_on_with_its_pass_and_its_money(system: System, office: Box) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    first, second = await gold(system, seller)
    phone = a_phone()
    assert (await seller.ask("POST", f"/api/tickets/{first}/pass", {"key": phone})).status_code == 200
    offers = (await seller.ask("GET", "/api/exchange/tickets")).json()
    assert {(one["ticket_id"], one["price_max_cents"], one["fee_permille"]) for one in offers} == {
        (first, FACE, 50),
        (second, FACE, 50),
    }
    listing = await listed(seller, [first])
    assert (listing["state"], listing["total_cents"], listing["payout_cents"]) == ("listed", 8000, 7600)
    (shown,) = await board(system.browser())
    assert (shown["id"], shown["total_cents"], shown["fee_cents"], shown["held"]) == (listing["id"], 8000, 150, False)
    assert sorted(await ids_of(seller)) == sorted([first, second]), "it is the seller's until it is sold"

    order = await sold(system, buyer, listing)
    (line,) = order["lines"]
    assert (order["state"], order["total_cents"], line["label"]) == ("paid", 8150, shown["places"][0]["label"])
    assert line["ticket_id"] != first, "a sale has a ticket of its own"
    states = {
        one["id"]: (one["refunded"], one["pass"]["revoked"])
        for one in (await seller.ask("GET", "/api/me/tickets")).json()
    }
    assert states == {first: (True, True), second: (False, False)}
    assert codes(await seller.ask("POST", f"/api/tickets/{first}/pass", {"key": phone})) == (409, "ticket_refunded")
    (got,) = (await buyer.ask("GET", "/api/me/tickets")).json()
    assert (got["id"], got["pass"]["revoked"], got["received"]) == (line["ticket_id"], False, False)
    assert await open_refunds(system) == [7600]
    assert await mine(seller) == [("sold", False, 7600)]
    assert await board(buyer) == []
    places = await claims(system)
    assert len(places) == 2
    assert (line["place"], UUID(order["id"])) in places
    assert await letters(system) == ["listing_sold"]


async def test_a_sold_seat_counts_once_in_sales_and_books(system: System, office: Box, clock: FakeClock) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    first, _ = await gold(system, seller)
    await sold(system, buyer, await listed(seller, [first], 6000))
    sales = (await office.ask("GET", f"/api/office/events/{system.event_id}/sales")).json()
    # 2 x 80 + 2 x 1.50, then 60 + 1.50 from the buyer, and 60 less 5 % back to the seller
    assert (sales["sold"], sales["refunded"], sales["gross_cents"]) == (2, 1, 16300 + 6150)
    assert (sales["refunded_cents"], sales["revenue_cents"]) == (5700, 16750)
    assert sales["fee_cents"] == 300 + 150 + 300, "the fees of both buyers, and the service fee"
    (category,) = [one for one in sales["by_category"] if one["sold"]]
    assert (category["sold"], category["cents"]) == (2, 16000), "the seat was paid 80, of which 60 came back and in"
    async with system.db.connection() as conn:
        day = timedelta(days=1)
        moved = await books.moved(conn, clock.now() - day, clock.now() + day, ZoneInfo("Europe/Paris"), timedelta())
    by_rate: dict[int, int] = {}
    for one in moved:
        by_rate[one.vat_permille] = by_rate.get(one.vat_permille, 0) + one.cents
    assert by_rate == {55: 16000, 200: 750}


async def test_two_seats_of_an_order_whose_buyers_pay_at_once_go_to_their_buyers(system: System, office: Box) -> None:
    seller, buyers = await system.fan(), [await system.fan(FRIEND), await system.fan("third@example.org")]
    tickets = await gold(system, seller)
    listings = [await listed(seller, [id_], FACE - 100 * number) for number, id_ in enumerate(tickets)]
    orders = [await held(buyer, one["id"]) for buyer, one in zip(buyers, listings, strict=True)]
    payment_ids = [await paying(buyer, order) for buyer, order in zip(buyers, orders, strict=True)]
    news = [Outcome(id_, PaymentState.CAPTURED, system.provider.started[id_].amount_cents) for id_ in payment_ids]
    body = msgspec.json.encode(news)
    assert (await system.browser().browser.post("/api/payments/webhooks/sandbox", content=body)).status_code == 204
    expected = {(one["places"][0]["label"]["seat"], order["id"]) for one, order in zip(listings, orders, strict=True)}
    bought = set()
    for buyer in buyers:
        (ticket,) = (await buyer.ask("GET", "/api/me/tickets")).json()
        bought.add((ticket["label"]["seat"], ticket["order_id"]))
    assert bought == expected
    assert {order_id for _, order_id in await claims(system)} == {UUID(order["id"]) for order in orders}
    assert sorted(await open_refunds(system)) == [7505, 7600]
    (row,) = await system.rows(
        "select state, refunded_cents, withheld_cents from ticketing.orders where id = "
        "(select order_id from ticketing.ticket where id = $1)",
        UUID(tickets[0]),
    )
    assert (row["state"], row["refunded_cents"]) == ("refunded", 7600 + 7505)
    rows = await system.rows(
        "select returned_cents from ticketing.ticket where id = any($1) order by 1", [UUID(id_) for id_ in tickets]
    )
    assert [row["returned_cents"] for row in rows] == [FACE - 100, FACE]


async def test_a_later_refund_of_the_order_leaves_what_the_exchange_kept(system: System, office: Box) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    first, _ = await gold(system, seller)
    await sold(system, buyer, await listed(seller, [first], 5000))
    order_id = (await seller.ask("GET", "/api/me/orders")).json()[0]["id"]
    body = {"refund_id": str(new_id()), "reason": "goodwill"}
    answer = await office.ask("POST", f"/api/office/orders/{order_id}/refund", body)
    assert (answer.status_code, answer.json()["amount_cents"]) == (200, FACE + FEE)
    assert await open_refunds(system) == [4750, FACE + FEE]
    assert (await seller.ask("GET", f"/api/orders/{order_id}")).json()["state"] == "refunded"


async def test_no_one_lists_above_face_value(system: System, office: Box) -> None:
    seller = await system.fan()
    first, _ = await gold(system, seller)
    answer = await ask_to_list(seller, [first], FACE + 1)
    assert codes(answer) == (409, "price_above_maximum")
    assert answer.json()["data"] == {"tickets": [{"ticket_id": first, "max_cents": FACE}]}
    await office.ask("PUT", f"/api/office/events/{system.event_id}/exchange", TERMS | {"price_max_permille": 900})
    assert codes(await ask_to_list(seller, [first], 7201)) == (409, "price_above_maximum")
    assert (await ask_to_list(seller, [first], 7200)).status_code == 201
    for wrong in ({"price_max_permille": 1001}, {"fee_permille": 301}, {"price_max_permille": 0}):
        refused = await office.ask("PUT", f"/api/office/events/{system.event_id}/exchange", TERMS | wrong)
        assert refused.status_code == 400, refused.text


async def test_an_exchange_is_closed_until_the_office_opens_it_and_after_the_sale(
    system: System, clock: FakeClock
) -> None:
    seller = await system.fan()
    first, _ = await gold(system, seller)
    assert codes(await ask_to_list(seller, [first])) == (409, "exchange_closed")
    staff = await system.staff(Grant("programme"))
    await staff.ask("PUT", f"/api/office/events/{system.event_id}/exchange", TERMS)
    listing = await listed(seller, [first])
    clock.advance(timedelta(days=1, hours=2))
    buyer = await system.fan(FRIEND)
    assert codes(await ask_to_hold(buyer, listing["id"])) == (409, "exchange_closed")
    assert await board(buyer) == []
    await TicketingJobs(system.db, clock).end_listings()
    assert await mine(seller) == [("ended", False, 7600)]
    assert await letters(system) == ["listing_ended"]
    assert sorted(await ids_of(seller)), "the ticket is valid again without doing anything"


async def test_what_may_not_be_listed(system: System, office: Box) -> None:
    seller, other = await system.fan(), await system.fan(FRIEND)
    first, second, third, fourth = await gold(system, seller, 4)
    assert codes(await ask_to_list(other, [first])) == (404, "not_found"), "another fan's ticket"
    assert codes(await ask_to_list(seller, [str(new_id())])) == (404, "not_found")
    another, _ = await gold(system, seller)
    assert codes(await ask_to_list(seller, [first, another])) == (404, "not_found"), "of two orders"
    assert (await ask_to_list(seller, [first, first])).json()["code"] == "invalid_input"
    await enter(system, first)
    assert codes(await ask_to_list(seller, [first])) == (409, "pass_already_entered")
    sent = await offered(seller, [second])
    assert codes(await ask_to_list(seller, [second])) == (409, "ticket_offered")
    assert (await accepted(other, sent, key=key_of(sent))).status_code == 200
    assert codes(await ask_to_list(seller, [second])) == (404, "not_found")
    answer = await ask_to_list(other, [second])
    assert (codes(answer), answer.json()["data"]) == ((409, "not_for_exchange"), {"because": "received"})
    answer = await ask_to_list(seller, [third], 0)
    assert (codes(answer), answer.json()["data"]) == ((409, "not_for_exchange"), {"because": "free"})
    await listed(seller, [third])
    assert codes(await ask_to_list(seller, [third, fourth])) == (409, "ticket_listed")
    body = {"id": str(new_id()), "ticket_ids": [third]}
    assert codes(await seller.ask("POST", "/api/transfers", body)) == (409, "ticket_listed")
    offers = {one["ticket_id"] for one in (await seller.ask("GET", "/api/exchange/tickets")).json()}
    assert not offers & {first, second, third}
    assert fourth in offers


async def test_a_companion_is_sold_with_the_wheelchair_space(system: System, office: Box) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    order = await system.bought(seller, full=0, party={"access": 1, "companions": 1})
    by_tariff = {line["tariff"]: line for line in order["lines"]}
    space, companion = by_tariff["access"]["ticket_id"], by_tariff["companion"]["ticket_id"]
    price = by_tariff["access"]["price_cents"]
    assert codes(await ask_to_list(seller, [space], price)) == (409, "companion_needs_access")
    tickets = [{"ticket_id": space, "price_cents": price}, {"ticket_id": companion, "price_cents": 0}]
    answer = await seller.ask("POST", "/api/exchange/listings", {"id": str(new_id()), "tickets": tickets})
    assert answer.status_code == 201, answer.text
    paid = await sold(system, buyer, answer.json())
    assert sorted(line["tariff"] for line in paid["lines"]) == ["access", "companion"]
    assert paid["fee_cents"] == FEE, "a free seat bears no fee"
    assert await open_refunds(system) == [price - price * 50 // 1000]


async def test_a_repeated_request_is_one_listing_and_one_order(system: System, office: Box) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    first, second = await gold(system, seller)
    listing_id, order_id = str(new_id()), str(new_id())
    answers = [await ask_to_list(seller, [first], listing_id=listing_id) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert codes(await ask_to_list(seller, [second], listing_id=listing_id)) == (409, "id_reused")
    orders = [(await ask_to_hold(buyer, listing_id, order_id=order_id)).json() for _ in range(2)]
    assert (orders[0]["id"], orders[0]["expires_at"]) == (orders[1]["id"], orders[1]["expires_at"])
    other = await listed(seller, [second])
    assert codes(await ask_to_hold(buyer, other["id"], order_id=order_id)) == (409, "id_reused")
    stranger = await system.fan("third@example.org")
    assert codes(await ask_to_hold(stranger, listing_id, order_id=order_id)) == (409, "id_reused")


async def test_one_buyer_holds_a_listing_and_the_next_waits_for_the_end(
    system: System, office: Box, clock: FakeClock
) -> None:
    seller, buyer, other = await system.fan(), await system.fan(FRIEND), await system.fan("third@example.org")
    (first, _) = await gold(system, seller)
    listing = await listed(seller, [first])
    order = await held(buyer, listing["id"])
    assert [one["held"] for one in await board(other)] == [True]
    answer = await ask_to_hold(other, listing["id"])
    assert (codes(answer), answer.json()["data"]) == ((409, "listing_unavailable"), {"listing_ids": [listing["id"]]})
    before = await claims(system)
    assert (await buyer.ask("DELETE", f"/api/orders/{order['id']}")).status_code == 204
    assert await claims(system) == before, "the seat stays the seller's"
    again = await held(other, listing["id"])
    clock.advance(timedelta(minutes=11))  # the job that ends holds has not run
    assert [one["held"] for one in await board(buyer)] == [False]
    last = await held(buyer, listing["id"])
    assert await state_of(other, again) == ("expired", 0)
    await system.news(await paying(buyer, last))
    assert await state_of(buyer, last) == ("paid", 0)
    assert await claims(system) != before


async def test_the_seat_of_a_basket_of_the_exchange_is_never_free_in_the_sale(
    system: System, office: Box, clock: FakeClock
) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    first, _ = await gold(system, seller)
    listing = await listed(seller, [first])
    free = (await buyer.ask("GET", f"/api/events/{system.event_id}/availability")).content
    order = await held(buyer, listing["id"])
    await buyer.ask("DELETE", f"/api/orders/{order['id']}")
    await held(buyer, listing["id"])
    clock.advance(timedelta(minutes=11))
    async with system.db.transaction() as conn:
        (ended,) = await holding.expire(conn, clock.now(), 10)
    assert ended.places == []
    assert (await buyer.ask("GET", f"/api/events/{system.event_id}/availability")).content == free
    system.forget()
    assert (await buyer.ask("GET", f"/api/events/{system.event_id}/availability")).content == free
    freed = await system.rows("select from kernel.journal where what = 'places_freed'")
    assert freed == []


async def test_places_of_the_sale_do_not_join_a_basket_of_the_exchange(system: System, office: Box) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    first, _ = await gold(system, seller)
    order = await held(buyer, (await listed(seller, [first]))["id"])
    before = await claims(system)
    body = {"id": str(new_id()), "event_id": str(system.event_id), "joins": order["id"]}
    answer = await buyer.ask("POST", "/api/orders", body | {"seats": {"kind": "best", "party": {"full": 1}}})
    assert codes(answer) == (409, "order_not_open")
    assert await claims(system) == before
    await system.news(await paying(buyer, order))
    assert await state_of(buyer, order) == ("paid", 0)


async def test_of_two_buyers_at_once_one_gets_the_seat(system: System, office: Box) -> None:
    seller = await system.fan()
    buyers = [await system.fan(f"buyer{number}@example.org") for number in range(8)]
    first, _ = await gold(system, seller)
    listing = await listed(seller, [first])
    answers = await asyncio.gather(*(ask_to_hold(buyer, listing["id"]) for buyer in buyers))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


async def test_a_late_payment_of_an_ended_basket_goes_back(system: System, office: Box, clock: FakeClock) -> None:
    seller, buyer, other = await system.fan(), await system.fan(FRIEND), await system.fan("third@example.org")
    first, _ = await gold(system, seller)
    listing = await listed(seller, [first])
    late = await held(buyer, listing["id"])
    payment_id = await paying(buyer, late)
    clock.advance(timedelta(minutes=21))
    quick = await held(other, listing["id"])
    await system.news(payment_id)
    assert await state_of(buyer, late) == ("expired", FACE + FEE)
    assert await open_refunds(system) == [FACE + FEE]
    await system.news(await paying(other, quick))
    assert await state_of(other, quick) == ("paid", 0)


async def test_a_late_payment_buys_no_seat_that_its_seller_gave_back(
    system: System, office: Box, clock: FakeClock
) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    bought = await system.bought(seller)
    first = bought["lines"][0]["ticket_id"]
    listing = await listed(seller, [first], 100)
    late = await held(buyer, listing["id"])
    payment_id = await paying(buyer, late)
    clock.advance(timedelta(minutes=21))
    async with system.db.transaction() as conn:
        await holding.expire(conn, clock.now(), 10)
    staff = await system.staff(Grant("box_office"), email="later@example.org")
    body = {"refund_id": str(new_id()), "reason": "asked", "ticket_ids": [first]}
    assert (await staff.ask("POST", f"/api/office/orders/{bought['id']}/refund", body)).status_code == 200
    assert await mine(seller) == [("ended", False, 95)], "a refund ends the listing at once"
    await system.news(payment_id)
    assert await state_of(buyer, late) == ("expired", 100 + FEE)
    assert len(await claims(system)) == 1, "the place is free, and sold at its own price"


@pytest.mark.parametrize("why", ["entered", "refunded", "disputed", "erased"])
async def test_a_seat_that_is_lost_while_its_buyer_pays_costs_the_buyer_nothing(
    system: System, office: Box, why: str
) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    bought = await system.bought(seller)
    first = bought["lines"][0]["ticket_id"]
    listing = await listed(seller, [first])
    order = await held(buyer, listing["id"])
    payment_id = await paying(buyer, order)
    if why == "entered":
        await enter(system, first)
    elif why == "refunded":
        body = {"refund_id": str(new_id()), "reason": "asked", "ticket_ids": [first]}
        assert (await office.ask("POST", f"/api/office/orders/{bought['id']}/refund", body)).status_code == 200
    elif why == "disputed":
        await dispute(system, bought)
    else:
        assert (await seller.ask("DELETE", "/api/me?give_up_tickets=true")).status_code in (200, 202, 204)
    tickets = await system.rows("select id, refund_id from ticketing.ticket")
    await system.news(payment_id)
    assert await state_of(buyer, order) == ("released", FACE + FEE)
    assert await system.rows("select id, refund_id from ticketing.ticket") == tickets, "a lost sale changes nothing"
    assert await ids_of(buyer) == []
    assert FACE + FEE in await open_refunds(system)
    async with system.db.transaction() as conn:
        await exchange.end_over(conn, system.clock.now())
    states = await system.rows("select state from ticketing.listing")
    assert [row["state"] for row in states] == ["withdrawn" if why == "erased" else "ended"]


async def test_a_seller_may_withdraw_until_a_buyer_pays(system: System, office: Box, clock: FakeClock) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    first, _ = await gold(system, seller)
    listing = await listed(seller, [first])
    path = f"/api/exchange/listings/{listing['id']}/withdraw"
    assert codes(await buyer.ask("POST", path)) == (404, "not_found")
    order = await held(buyer, listing["id"])
    payment_id = await paying(buyer, order)
    assert codes(await seller.ask("POST", path)) == (409, "listing_reserved")
    await system.news(payment_id, PaymentState.DECLINED, 0)
    assert [(await seller.ask("POST", path)).json()["state"] for _ in range(2)] == ["withdrawn"] * 2
    assert (await state_of(buyer, order))[0] == "released"
    assert codes(await buyer.pay(order["id"], new_id())) == (409, "order_not_open")
    again = await listed(seller, [first])
    await sold(system, buyer, again)
    answer = await seller.ask("POST", f"/api/exchange/listings/{again['id']}/withdraw")
    assert (codes(answer), answer.json()["data"]) == ((409, "listing_ended"), {"state": "sold"})


async def test_limits_hold_for_buyers_on_the_exchange(system: System, office: Box) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    first, second = await gold(system, seller)
    listing = await listed(seller, [first, second])
    answer = await ask_to_hold(seller, listing["id"])
    assert codes(answer) == (409, "listing_of_yourself")
    await gold(system, buyer, 9)
    assert codes(await ask_to_hold(buyer, listing["id"])) == (409, "limit_reached")
    assert codes(await ask_to_hold(system.browser(), listing["id"])) == (401, "unauthenticated")


async def test_many_listings_of_a_person_wait_for_a_review(system: System, office: Box) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    one, two, three, four, five = await gold(system, seller, 5)
    await listed(seller, [one, two])
    await listed(seller, [three, four])
    waiting = await listed(seller, [five])
    assert (waiting["state"], waiting["reasons"]) == ("review", ["many_of_event"])
    assert len(await board(buyer)) == 2
    assert codes(await ask_to_hold(buyer, waiting["id"])) == (409, "listing_unavailable")
    path = f"/api/office/events/{system.event_id}/exchange"
    book = (await office.ask("GET", path)).json()
    (review,) = [one for one in book["listings"] if one["state"] == "review"]
    assert (review["seller"], review["reasons"], book["listed"]) == ("fan@example.org", ["many_of_event"], 5)
    assert [(await office.ask("POST", f"{path}/{waiting['id']}", {"allow": True})).status_code for _ in range(2)] == [
        204
    ] * 2
    assert codes(await office.ask("POST", f"{path}/{waiting['id']}", {"allow": False})) == (409, "listing_ended")
    assert len(await board(buyer)) == 3
    assert await letters(system) == ["listing_allowed"]
    other_event = f"/api/office/events/{new_id()}/exchange/{waiting['id']}"
    assert codes(await office.ask("POST", other_event, {"allow": True})) == (404, "not_found")


async def test_many_listings_in_one_browser_wait_for_a_review(
    system: System, office: Box, config: Config, clock: FakeClock
) -> None:
    browser = new_browser()
    sellers = [await system.fan(f"seller{number}@example.org") for number in range(3)]
    for seller in sellers:
        seller.browser.cookies.set(
            cookie_name(BROWSER_COOKIE, secure=config.secure_cookies),
            browser_text(people_keys(config.secret), browser),
            domain="virage.local",
        )
    tickets = [await gold(system, seller, 4) for seller in sellers]
    assert [(await listed(sellers[index], tickets[index]))["state"] for index in (0, 1)] == ["listed", "listed"]
    waiting = await listed(sellers[2], tickets[2][:1])
    assert (waiting["state"], waiting["reasons"]) == ("review", ["many_in_browser"])
    del sellers[2].browser.cookies[cookie_name(BROWSER_COOKIE, secure=config.secure_cookies)]
    assert (await listed(sellers[2], tickets[2][1:2]))["state"] == "listed", "another browser"
    kept = "select distinct browser_key from ticketing.listing where browser_key is not null"
    (row,) = await system.rows(kept)
    assert browser.bytes not in row["browser_key"], "a digest"
    (erased,) = await system.rows("select id from people.person where email = 'seller0@example.org'")
    async with system.db.transaction() as conn:
        await exchange.withdraw_of_person(conn, erased["id"], clock.now())
    assert len(await system.rows("select 1 from ticketing.listing where browser_key is not null")) == 2
    clock.advance(timedelta(hours=26))
    await TicketingJobs(system.db, clock).end_listings()
    assert await system.rows(kept) == [], "forgotten when the sale is over"


async def test_many_listings_paid_with_one_card_wait_for_a_review(
    system: System, office: Box, clock: FakeClock
) -> None:
    sellers = [await system.fan(f"seller{number}@example.org") for number in range(3)]
    tickets = [await gold(system, seller, 4) for seller in sellers]
    system.provider.cards = dict.fromkeys(system.provider.started, "card_of_the_tout")
    assert [(await listed(sellers[index], tickets[index]))["state"] for index in (0, 1)] == ["listed", "listed"]
    waiting = await listed(sellers[2], tickets[2][:1])
    assert (waiting["state"], waiting["reasons"]) == ("review", ["many_with_card"])
    system.provider.cards |= dict.fromkeys(system.provider.started, "another_card")
    assert (await listed(sellers[2], tickets[2][1:2]))["state"] == "listed", "paid with another card"
    system.provider.cards = {}
    assert (await listed(sellers[2], tickets[2][2:3]))["state"] == "listed", "a payment without a card"
    system.provider.away = True
    assert (await listed(sellers[2], tickets[2][3:]))["state"] == "listed", "a missing answer delays no seller"
    kept = await system.rows("select card_key from ticketing.listing where card_key is not null")
    assert len(kept) == 4
    assert not any(b"card" in row["card_key"] for row in kept), "digests"
    (erased,) = await system.rows("select id from people.person where email = 'seller0@example.org'")
    async with system.db.transaction() as conn:
        await exchange.withdraw_of_person(conn, erased["id"], clock.now())
    assert len(await system.rows("select 1 from ticketing.listing where card_key is not null")) == 3
    clock.advance(timedelta(hours=26))
    await TicketingJobs(system.db, clock).end_listings()
    assert await system.rows("select 1 from ticketing.listing where card_key is not null") == []


async def test_the_card_of_tickets_is_asked_for_only_when_their_holder_lists_them(
    system: System, office: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    seller, other = await system.fan(), await system.fan(FRIEND)
    first, _ = await gold(system, seller)
    asked: list[UUID] = []

    async def fetch(references: Any) -> list[Any]:
        asked.extend(one.payment_id for one in references)
        return []

    monkeypatch.setattr(system.provider, "fetch", fetch)
    assert codes(await ask_to_list(other, [first])) == (404, "not_found")
    assert asked == []
    await listed(seller, [first])
    assert len(asked) == 1
    assert codes(await ask_to_list(seller, [first])) == (409, "ticket_listed")
    assert len(asked) == 1, "a listed ticket is not asked about again"


async def test_a_refused_listing_leaves_the_ticket_to_its_holder(system: System, office: Box) -> None:
    seller = await system.fan()
    tickets = await gold(system, seller, 5)
    waiting = await listed(seller, tickets)
    path = f"/api/office/events/{system.event_id}/exchange/{waiting['id']}"
    assert (await office.ask("POST", path, {"allow": False})).status_code == 204
    assert await mine(seller) == [("refused", False, waiting["payout_cents"])]
    assert await letters(system) == ["listing_refused"]
    assert (await offered(seller, tickets))["state"] == "offered"


async def test_a_cancelled_event_refunds_both_sides_once(system: System, office: Box) -> None:
    seller, buyer, late = await system.fan(), await system.fan(FRIEND), await system.fan("third@example.org")
    first, second = await gold(system, seller)
    await sold(system, buyer, await listed(seller, [first], 5000))
    waiting = await listed(seller, [second])
    order = await held(late, waiting["id"])
    payment_id = await paying(late, order)
    await system.cancel()
    await system.news(payment_id)  # before the job that refunds the orders has run
    await TicketingJobs(system.db, system.clock).refund_cancelled(EventCancelledJob(system.event_id))
    assert await state_of(late, order) == ("released", FACE + FEE)
    assert sorted(await open_refunds(system)) == sorted([4750, 5000 + FEE, FACE + FEE, FACE + FEE])
    assert sorted(one[0] for one in await mine(seller)) == ["ended", "sold"]
    assert (await letters(system)).count("listing_stopped") == 1, "the seller learns that the listing has ended"


async def test_a_banned_person_buys_nothing_until_a_supervisor_decides(system: System, office: Box) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    supervisor = await system.staff(Grant("supervisor"), email="supervisor@example.org")
    ban = {"id": str(new_id()), "name": "MARTIN Lea", "email": FRIEND, "expires_at": "2027-05-09T18:00:00Z"}
    assert (await supervisor.ask("POST", "/api/access/bans/national", ban)).status_code == 200
    first, _ = await gold(system, seller)
    listing = await listed(seller, [first])
    for _ in range(2):
        assert codes(await ask_to_hold(buyer, listing["id"])) == (409, "transfer_not_possible")
    assert await mine(seller) == [("listed", False, 7600)], "the seller learns nothing of the ban"
    (found,) = [one["review"] for one in (await supervisor.ask("GET", "/api/access/ban-reviews")).json()]
    path = f"/api/access/ban-reviews/{found['subject']}/{found['person_id']}"
    assert (await supervisor.ask("POST", path, {"allow": True})).status_code == 204
    assert (await sold(system, buyer, listing))["state"] == "paid"


@pytest.mark.parametrize("decided", [False, True])
async def test_a_banned_person_who_renames_the_account_still_buys_nothing(
    system: System, office: Box, *, decided: bool
) -> None:
    seller, buyer = await system.fan(), await system.fan(FRIEND)
    supervisor = await system.staff(Grant("supervisor"), email="supervisor@example.org")
    ban = {"id": str(new_id()), "name": "MARTIN Lea", "expires_at": "2027-05-09T18:00:00Z"}
    assert (await supervisor.ask("POST", "/api/access/bans/national", ban)).status_code == 200
    first, _ = await gold(system, seller)
    listing = await listed(seller, [first])
    assert (await buyer.ask("PATCH", "/api/me", {"name": "Léa Martin"})).status_code == 200
    assert codes(await ask_to_hold(buyer, listing["id"])) == (409, "transfer_not_possible")
    if decided:
        (found,) = [one["review"] for one in (await supervisor.ask("GET", "/api/access/ban-reviews")).json()]
        path = f"/api/access/ban-reviews/{found['subject']}/{found['person_id']}"
        assert (await supervisor.ask("POST", path, {"allow": False})).status_code == 204
    assert (await buyer.ask("PATCH", "/api/me", {"name": "Lea Marie Martin"})).status_code == 200
    assert codes(await ask_to_hold(buyer, listing["id"])) == (409, "transfer_not_possible")
    assert (await supervisor.ask("DELETE", f"/api/access/bans/national/{ban['id']}")).status_code == 204
    assert (await sold(system, buyer, listing))["state"] == "paid"


async def test_the_data_of_a_person_has_their_listings(system: System, office: Box) -> None:
    seller = await system.fan()
    first, _ = await gold(system, seller)
    listing = await listed(seller, [first])
    data = (await seller.ask("GET", "/api/me/export")).json()
    assert [one["id"] for one in data["ticketing"]["listings"]] == [listing["id"]]


async def may_give_back(system: System, office: Box) -> None:
    path = f"/api/office/events/{system.event_id}/exchange"
    assert (await office.ask("PUT", path, TERMS | {"give_back": True})).status_code == 200


async def ask_to_give_back(box: Box, ticket_ids: list[str], release_id: str | None = None) -> Any:
    body = {"id": release_id or str(new_id()), "ticket_ids": ticket_ids}
    return await box.ask("POST", "/api/exchange/releases", body)


async def test_a_seat_is_given_back_without_money_and_is_for_sale_again(
    system: System, office: Box, clock: FakeClock
) -> None:
    await may_give_back(system, office)
    holder, other = await system.fan(), await system.fan(FRIEND)
    order = await system.bought(holder, full=2)
    first, second = (line["ticket_id"] for line in order["lines"])
    place = order["lines"][0]["place"]
    assert (await holder.ask("GET", "/api/exchange/releases")).json() == {
        "possible": sorted([first, second]),
        "released": [],
    }
    release_id = str(new_id())
    assert [(await ask_to_give_back(holder, [first], release_id)).status_code for _ in range(2)] == [204, 204]
    assert codes(await ask_to_give_back(holder, [second], release_id)) == (409, "id_reused")
    assert (await holder.ask("GET", "/api/exchange/releases")).json() == {"possible": [second], "released": [first]}
    states = {
        one["id"]: (one["refunded"], one["pass"]["revoked"])
        for one in (await holder.ask("GET", "/api/me/tickets")).json()
    }
    assert states == {first: (True, True), second: (False, False)}
    assert await open_refunds(system) == []
    system.forget()
    seat = {"kind": "chosen", "places": [{"place": place, "tariff": "full"}]}
    assert (await other.hold(seat)).status_code == 201
    (fact,) = await system.rows("select data from kernel.journal where what = 'places_freed'")
    assert fact["data"]["why"] == "released"
    assert (await office.ask("GET", f"/api/office/events/{system.event_id}/exchange")).json()["released"] == 1

    clock.advance(timedelta(minutes=1))
    async with system.db.connection() as conn:
        money = await books.moved(
            conn, clock.now() - timedelta(days=1), clock.now(), ZoneInfo("Europe/Paris"), timedelta()
        )
    by_rate = {rate: sum(one.cents for one in money if one.vat_permille == rate) for rate in (55, 200)}
    assert by_rate == {55: 2 * FACE, 200: 2 * FEE}, "the operator keeps the money, at its rates"
    await system.cancel()
    await TicketingJobs(system.db, system.clock).refund_cancelled(EventCancelledJob(system.event_id))
    assert await open_refunds(system) == [FACE + FEE], "and what was given up is not paid later"


async def test_what_may_not_be_given_back(system: System, office: Box) -> None:
    holder, other = await system.fan(), await system.fan(FRIEND)
    first, second = await gold(system, holder)
    assert codes(await ask_to_give_back(holder, [first])) == (409, "release_closed")
    await may_give_back(system, office)
    assert codes(await ask_to_give_back(other, [first])) == (404, "not_found")
    await listed(holder, [first])
    assert codes(await ask_to_give_back(holder, [first])) == (409, "ticket_listed")
    offer = await offered(holder, [second])
    assert codes(await ask_to_give_back(holder, [second])) == (409, "ticket_offered")
    assert len(await claims(system)) == 2, "a refusal changes nothing"
    assert (await accepted(other, offer, key=key_of(offer))).status_code == 200
    assert codes(await ask_to_give_back(other, [second])) == (409, "not_for_exchange")
    (third,) = await gold(system, holder, 1)
    await enter(system, third)
    assert codes(await ask_to_give_back(holder, [third])) == (409, "pass_already_entered")

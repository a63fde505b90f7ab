from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.conftest import FakeClock
from tests.sale.ticketing.conftest import BLUE, GOLD, GOLD_BLOCK, Box, System, a_pricing, block_seats, named
from virage.platform.data.queue import Jobs
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.sale.ticketing.acts.refunding import EventCancelledJob
from virage.sale.ticketing.jobs import SeatReturns, TicketingJobs
from virage.sale.ticketing.reads import office as reads
from virage.sale.ticketing.rules.pricing import Pricing


def codes(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def body_of(pricing: Pricing, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.to_builtins(pricing)
    return body | more


async def put(box: Box, system: System, pricing: Pricing, **more: Any) -> Any:
    return await box.ask("PUT", f"/api/office/events/{system.event_id}/pricing", body_of(pricing, **more))


def a_refund(**more: Any) -> dict[str, Any]:
    """A refund request with a new id."""
    return {"refund_id": str(new_id()), "reason": "asked"} | more


async def found_orders(box: Box, wanted: str) -> list[str]:
    """The ids of the orders that a search finds, the latest first."""
    answer = await box.ask("GET", "/api/office/orders", params={"q": wanted})
    assert answer.status_code == 200, answer.text
    return [one["order"]["id"] for one in answer.json()]


def cheaper() -> Pricing:
    """All prices halved."""
    halved = [
        type(c)(c.id, c.name, c.colour, {t: cents // 2 for t, cents in c.prices.items()})
        for c in a_pricing().categories
    ]
    return a_pricing(categories=halved)


async def test_new_prices_apply_at_once(system: System) -> None:
    office = await system.staff(Grant("programme"))
    assert (await put(office, system, cheaper())).status_code == 200
    read = (await office.ask("GET", f"/api/office/events/{system.event_id}/pricing")).json()
    assert read["categories"][0]["prices"]["full"] == 4000
    order = await (await system.fan()).best(full=1)
    assert order["lines"][0]["price_cents"] == 4000


async def test_a_refused_pricing_lists_all_defects(system: System) -> None:
    office = await system.staff(Grant("programme"))
    answer = await put(office, system, a_pricing(blocks={"999": GOLD, GOLD_BLOCK: new_id()}, fee_cents=-1))
    assert codes(answer) == (422, "unprocessable")
    assert {(d["code"], d["at"]) for d in answer.json()["data"]["defects"]} == {
        ("fee_out_of_range", "fee_cents"),
        ("unknown_block", "blocks.999"),
        ("unknown_category", f"blocks.{GOLD_BLOCK}"),
    }


async def test_changing_prices_needs_a_recent_sign_in(system: System, clock: FakeClock) -> None:
    office = await system.staff(Grant("programme"))
    clock.advance(timedelta(minutes=16))
    assert codes(await put(office, system, cheaper())) == (403, "step_up_required")
    read = (await office.ask("GET", f"/api/office/events/{system.event_id}/pricing")).json()
    assert read["categories"][0]["prices"]["full"] == 8000


@pytest.mark.parametrize("name", [{"fr": " ", "en": "Gold"}, {"fr": "Or", "en": "Gold", "\x00": "x" * 9000}])
async def test_a_category_has_a_name_in_each_language_and_no_other(system: System, name: dict[str, str]) -> None:
    office = await system.staff(Grant("programme"))
    first, second = a_pricing().categories
    odd = type(first)(first.id, name, first.colour, first.prices)
    answer = await put(office, system, a_pricing(categories=[odd, second]))
    assert codes(answer) == (422, "unprocessable")
    assert len(answer.json()["data"]["defects"]) == 1


async def test_a_search_with_control_characters_is_refused(system: System) -> None:
    office = await system.staff(Grant("box_office"))
    answer = await office.ask("GET", "/api/office/orders", params={"q": "a\x00b"})
    assert codes(answer) == (400, "invalid")


async def test_sold_places_are_not_repriced_by_accident(system: System) -> None:
    fan, office = await system.fan(), await system.staff(Grant("programme"))
    await fan.best(full=2, category_id=str(GOLD))
    refused = await put(office, system, cheaper())
    assert codes(refused) == (409, "prices_sold_places")
    assert refused.json()["data"] == {"blocks": [GOLD_BLOCK]}
    assert (await put(office, system, cheaper(), accept_sold=True)).status_code == 200


async def test_sales_are_counted_by_category_and_hour(system: System, clock: FakeClock) -> None:
    fan, office = await system.fan(), await system.staff(Grant("finance"))
    await system.bought(fan, full=2, category_id=str(GOLD))
    clock.advance(timedelta(hours=1))
    await system.bought(fan, full=1, category_id=str(BLUE))
    await fan.best(full=3, category_id=str(BLUE))
    sales = (await office.ask("GET", f"/api/office/events/{system.event_id}/sales")).json()
    assert (sales["orders"], sales["sold"], sales["held"]) == (2, 3, 3)
    assert sales["revenue_cents"] == 2 * 8150 + 3150
    assert sales["fee_cents"] == 450
    (line,) = (await office.ask("GET", "/api/office/sales")).json()
    assert line == {name: sales[name] for name in ("event_id", "sold", "held", "free", "revenue_cents")}
    gold, blue = sales["by_category"]
    assert (gold["sold"], gold["cents"], gold["free"]) == (2, 16000, len(block_seats(GOLD_BLOCK)) - 2)
    assert (blue["sold"], blue["held"], blue["cents"]) == (1, 3, 3000)
    assert [(hour["sold"], hour["cents"]) for hour in sales["by_hour"]] == [(2, 16000), (1, 3000)]


async def test_the_money_of_a_sale_adds_up_after_refunds(system: System) -> None:
    fan, office = await system.fan(), await system.staff(Grant("box_office"), Grant("finance"))
    order = await system.bought(fan, full=3, category_id=str(GOLD))
    await system.bought(fan, full=1, category_id=str(BLUE))
    sales_path = f"/api/office/events/{system.event_id}/sales"
    for tickets in ([order["lines"][0]["ticket_id"]], None):
        refund = a_refund(ticket_ids=tickets) if tickets else a_refund()
        await office.ask("POST", f"/api/office/orders/{order['id']}/refund", refund)
        sales = (await office.ask("GET", sales_path)).json()
        assert sales["gross_cents"] - sales["refunded_cents"] == sales["revenue_cents"]
        assert sum(row["cents"] for row in sales["by_category"]) + sales["fee_cents"] == sales["revenue_cents"]
    assert (sales["gross_cents"], sales["revenue_cents"], sales["fee_cents"]) == (3 * 8150 + 3150, 3150, 150)


async def test_people_inside_are_refunded_only_after_a_second_confirmation(system: System, clock: FakeClock) -> None:
    fan, office = await system.fan(), await system.staff(Grant("box_office"))
    order = await system.bought(fan, full=3)
    tickets = [line["ticket_id"] for line in order["lines"]]
    clock.advance(timedelta(hours=23))
    since = clock.now()
    system.gates.inside = {UUID(tickets[0]): since, UUID(tickets[1]): since}
    path = f"/api/office/orders/{order['id']}/refund"
    office = await system.staff(Grant("box_office"))
    refused = await office.ask("POST", path, a_refund())
    assert codes(refused) == (409, "people_inside")
    assert [UUID(one["ticket_id"]) for one in refused.json()["data"]["inside"]] == list(system.gates.inside)
    assert datetime.fromisoformat(refused.json()["data"]["inside"][0]["since"]) == since
    assert await system.rows("select from ticketing.refund") == []
    assert (await office.ask("POST", path, a_refund(ticket_ids=tickets[2:]))).status_code == 200
    done = await office.ask("POST", path, a_refund(despite_inside=True))
    assert done.json()["amount_cents"] == order["total_cents"] - 8150


async def test_the_seat_of_a_refunded_holder_is_sold_again_once_they_have_left(
    system: System, clock: FakeClock
) -> None:
    fan = await system.fan()
    order = await system.bought(fan, full=2)
    stays, leaves = (UUID(line["ticket_id"]) for line in order["lines"])
    clock.advance(timedelta(hours=23))
    system.gates.inside = dict.fromkeys((stays, leaves), clock.now())
    office = await system.staff(Grant("box_office"))
    await office.ask("POST", f"/api/office/orders/{order['id']}/refund", a_refund(despite_inside=True))
    seats = SeatReturns(system.db, clock, system.gates)
    await seats.free()
    assert len(await system.rows("select from ticketing.claim")) == 2
    system.gates.inside = {stays: clock.now()}
    await seats.free()
    assert [row["place"] for row in await system.rows("select place from ticketing.claim")] == [
        order["lines"][0]["place"]
    ]
    [freed] = await system.rows("select data from kernel.journal where what = 'places_freed'")
    assert freed["data"]["places"] == [order["lines"][1]["place"]]
    clock.advance(timedelta(hours=4))
    await seats.free()
    assert await system.rows("select from ticketing.claim") == []
    assert await system.rows("select from ticketing.occupied_place") == []


async def test_presence_is_empty_after_the_event(system: System, clock: FakeClock) -> None:
    order = await system.bought(await system.fan())
    system.gates.inside = {UUID(line["ticket_id"]): clock.now() for line in order["lines"]}
    clock.advance(timedelta(days=2))
    office = await system.staff(Grant("box_office"))
    refund = await office.ask("POST", f"/api/office/orders/{order['id']}/refund", a_refund())
    assert refund.status_code == 200
    assert await system.rows("select from ticketing.claim") == []


async def test_an_order_is_found_by_code_address_and_name(empty_system: System) -> None:
    system = empty_system
    await system.open(rules=named())
    fan, office = await system.fan(), await system.staff(Grant("box_office"))
    order = await system.bought(fan)
    ticket_id = order["lines"][0]["ticket_id"]
    await fan.ask("PATCH", f"/api/tickets/{ticket_id}", {"holder_name": "Other Holder"})
    await fan.ask("PATCH", "/api/me", {"name": "Fan of the Club"})
    label = order["lines"][0]["label"]
    seat = f"Block {label['block']}, row {label['row']}, seat {label['seat']}"
    known = (order["code"], order["code"].lower(), "FAN@example.org", "other holder", "of the club", seat)
    for wanted in known:
        assert await found_orders(office, wanted) == [order["id"]], wanted
    seen = (await office.ask("GET", "/api/office/orders", params={"q": order["code"]})).json()
    assert seen[0]["owner"]["email"] == "fan@example.org"
    for nothing in ("unknown", "  ", "a ", "@example.org", "fan@example.com", "113 1 999", "999 1 1"):
        assert await found_orders(office, nothing) == [], nothing


async def test_a_search_is_limited_to_the_role_before_it_counts(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "FOUND_MAX", 2)
    fan, theirs = await system.fan(), system.event_id
    await fan.ask("PATCH", "/api/me", {"name": "Fan of the Club"})
    order = await fan.best(full=1)
    await system.open()
    fan.event_id = system.event_id
    others = [(await fan.best(full=1))["id"] for _ in range(3)]
    here = await system.staff(Grant("box_office", "event", theirs))
    everywhere = await system.staff(Grant("finance", "organiser", system.organiser_id), email="finance@example.org")
    elsewhere = await system.staff(Grant("box_office", "event", new_id()), email="elsewhere@example.org")
    for wanted in ("fan@example.org", "fan of", "FA"):
        assert await found_orders(here, wanted) == [order["id"]]
        assert len(await found_orders(everywhere, wanted)) == 2
        assert set(await found_orders(everywhere, wanted)) < {order["id"], *others}
        assert await found_orders(elsewhere, wanted) == []


async def test_an_erased_person_is_not_found(system: System, clock: FakeClock) -> None:
    fan, office = await system.fan(), await system.staff(Grant("box_office"))
    await fan.ask("PATCH", "/api/me", {"name": "Fan of the Club"})
    order = await fan.best()
    assert await found_orders(office, "fan of the club") == [order["id"]]
    assert (await fan.ask("DELETE", "/api/me")).status_code == 204
    assert await found_orders(office, "fan of the club") == []
    assert await found_orders(office, "fan@example.org") == []
    assert await found_orders(office, order["code"]) == [order["id"]]


async def test_a_refund_has_a_reason(system: System) -> None:
    fan, office = await system.fan(), await system.staff(Grant("box_office"))
    order = await system.bought(fan)
    path = f"/api/office/orders/{order['id']}"
    for reason in ("because", "event_cancelled", "", None):
        assert codes(await office.ask("POST", f"{path}/refund", a_refund(reason=reason))) == (400, "invalid")
    assert codes(await office.ask("POST", f"{path}/refund", {"refund_id": str(new_id())})) == (400, "invalid")
    assert await system.rows("select from ticketing.refund") == []
    refund = await office.ask("POST", f"{path}/refund", a_refund(reason="seat_fault"))
    assert refund.json()["reason"] == "seat_fault"
    [seen] = (await office.ask("GET", path)).json()["refunds"]
    assert (seen["reason"], seen["failure"]) == ("seat_fault", None)
    [fact] = await system.rows("select data from kernel.journal where what = 'order_refunded'")
    assert fact["data"]["reason"] == "seat_fault"


async def test_a_whole_refund_frees_the_places_and_revokes_the_passes(system: System) -> None:
    fan, office = await system.fan(), await system.staff(Grant("box_office"))
    order = await system.bought(fan)
    refund = await office.ask("POST", f"/api/office/orders/{order['id']}/refund", a_refund())
    assert refund.json()["amount_cents"] == order["total_cents"]
    detail = (await office.ask("GET", f"/api/office/orders/{order['id']}")).json()
    assert (detail["order"]["state"], detail["order"]["refunded_cents"]) == ("refunded", order["total_cents"])
    assert all(line["refunded"] for line in detail["order"]["lines"])
    assert len(detail["refunds"]) == 1
    assert await system.rows("select from ticketing.claim") == []
    assert all(ticket["pass"]["revoked"] for ticket in (await fan.ask("GET", "/api/me/tickets")).json())
    assert [row["amount_cents"] for row in await system.rows("select amount_cents from payments.refund")] == [
        order["total_cents"]
    ]


async def test_single_tickets_are_refunded_once_and_a_repeated_refund_is_the_same(system: System) -> None:
    fan, office = await system.fan(), await system.staff(Grant("box_office"))
    order = await system.bought(fan, full=3)
    tickets = [line["ticket_id"] for line in order["lines"]]
    wish = a_refund(ticket_ids=tickets[:1])
    path = f"/api/office/orders/{order['id']}/refund"
    first, again = await office.ask("POST", path, wish), await office.ask("POST", path, wish)
    assert first.json() == again.json()
    assert first.json()["amount_cents"] == 8150
    other = a_refund(ticket_ids=tickets[:1])
    assert codes(await office.ask("POST", path, other)) == (409, "ticket_refunded")
    assert len(await system.rows("select from ticketing.claim")) == 2
    rest = await office.ask("POST", path, a_refund())
    assert rest.json()["amount_cents"] == order["total_cents"] - 8150
    assert codes(await office.ask("POST", path, a_refund())) == (409, "order_not_paid")


async def test_a_refund_id_of_another_order_is_refused(system: System) -> None:
    office = await system.staff(Grant("box_office"))
    one = await system.bought(await system.fan())
    other = await system.bought(await system.fan("other@example.org"))
    wish = a_refund()
    await office.ask("POST", f"/api/office/orders/{one['id']}/refund", wish)
    assert codes(await office.ask("POST", f"/api/office/orders/{other['id']}/refund", wish)) == (409, "id_reused")
    assert len(await system.rows("select from ticketing.claim")) == 2


async def test_a_held_order_is_not_refunded(system: System) -> None:
    order = await (await system.fan()).best()
    office = await system.staff(Grant("box_office"))
    answer = await office.ask("POST", f"/api/office/orders/{order['id']}/refund", a_refund())
    assert codes(answer) == (409, "order_not_paid")


async def test_a_refund_needs_a_recent_sign_in(system: System, clock: FakeClock) -> None:
    order = await system.bought(await system.fan())
    office = await system.staff(Grant("box_office"))
    clock.advance(timedelta(minutes=16))
    answer = await office.ask("POST", f"/api/office/orders/{order['id']}/refund", a_refund())
    assert codes(answer) == (403, "step_up_required")
    assert len(await system.rows("select from ticketing.claim")) == 2


@pytest.mark.parametrize(
    ("grant", "seen"),
    [("all", 200), ("organiser", 200), ("event", 200), ("another organiser", 404), ("another event", 404)],
)
async def test_a_role_is_limited_to_its_scope(system: System, grant: str, seen: int) -> None:
    order = await system.bought(await system.fan())
    ids = {"organiser": system.organiser_id, "event": system.event_id}
    scope = grant.rpartition(" ")[2]
    scope_id = None if scope == "all" else (new_id() if grant.startswith("another") else ids[scope])
    office = await system.staff(*(Grant(role, scope, scope_id) for role in ("box_office", "programme")))
    event, path = f"/api/office/events/{system.event_id}", f"/api/office/orders/{order['id']}"
    assert (await office.ask("GET", f"{event}/pricing")).status_code == seen
    assert (await office.ask("GET", f"{event}/sales")).status_code == seen
    assert (await put(office, system, a_pricing())).status_code == seen
    assert (await office.ask("GET", path)).status_code == seen
    assert await found_orders(office, order["code"]) == [order["id"]] * (seen == 200)
    assert (await office.ask("POST", f"{path}/refund", a_refund())).status_code == seen


async def test_a_fan_has_no_access_to_the_office(system: System) -> None:
    fan = await system.fan()
    order = await system.bought(fan)
    paths = [
        ("GET", f"/api/office/events/{system.event_id}/pricing"),
        ("GET", f"/api/office/events/{system.event_id}/sales"),
        ("GET", "/api/office/orders?q=abc"),
        ("GET", f"/api/office/orders/{order['id']}"),
        ("POST", f"/api/office/orders/{order['id']}/refund"),
    ]
    for method, path in paths:
        body = a_refund() if method == "POST" else None
        assert codes(await fan.ask(method, path, body)) == (403, "forbidden"), path


async def test_a_cancelled_event_refunds_every_order(system: System) -> None:
    fan, other = await system.fan(), await system.fan("other@example.org")
    order = await system.bought(fan)
    held = await other.best()
    await system.cancel()
    jobs = TicketingJobs(system.db, system.clock)
    await jobs.refund_cancelled(EventCancelledJob(system.event_id))
    assert (await fan.ask("GET", f"/api/orders/{order['id']}")).json()["state"] == "refunded"
    assert (await other.ask("GET", f"/api/orders/{held['id']}")).json()["state"] == "released"
    assert [row["reason"] for row in await system.rows("select reason from ticketing.refund")] == ["event_cancelled"]
    assert await system.rows("select from ticketing.claim") == []
    assert len(await system.rows("select from payments.refund")) == 1
    await jobs.refund_cancelled(EventCancelledJob(system.event_id))
    assert len(await system.rows("select from payments.refund")) == 1


async def test_a_payment_after_the_cancellation_is_returned(system: System) -> None:
    fan = await system.fan()
    order, payment_id = await fan.best(), new_id()
    await fan.pay(order["id"], payment_id)
    await system.cancel()
    await TicketingJobs(system.db, system.clock).refund_cancelled(EventCancelledJob(system.event_id))
    await system.news(payment_id)
    assert await system.rows("select from ticketing.claim") == []
    assert len(await system.rows("select from payments.refund")) == 1


def test_the_worker_registers_all_jobs_of_ticketing(system: System) -> None:
    jobs = Jobs()
    TicketingJobs(system.db, system.clock).register(jobs)
    assert "ticketing_event_cancelled" in jobs.kinds

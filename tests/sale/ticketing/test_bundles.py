"""Bundles: orders of several events that are held, paid, refunded and released together."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import FakeClock
from tests.sale.ticketing.conftest import HOUR, NOW, Box, System, block_seats
from tests.sale.ticketing.test_disputes import dispute
from virage.identity.people import acts as people
from virage.money.payments import api as payments_api
from virage.money.payments.rules import Captured, DisputeState, PaymentState
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.acts import holding, paying, refunding
from virage.sale.ticketing.acts.holding import BundlePlaces, Hold
from virage.sale.ticketing.acts.paying import OrderMoney, PayBundle, Paying
from virage.sale.ticketing.rules.terms import (
    Arrangement,
    Assigned,
    Buyer,
    ChosenSeat,
    ChosenSeats,
    HoldRequest,
    OrderRow,
    Reason,
    Tariff,
)

SEAT = block_seats("113")[20]
PRICE = 6400


class Season:
    """Two matches, of which the second is not on public sale yet, and a fan who buys both."""

    def __init__(self, system: System, box: Box, fan_id: UUID, events: list[UUID]) -> None:
        self.system = system
        self.box = box
        self.fan_id = fan_id
        self.events = events
        self.bundle_id = new_id()
        self.payment_id = new_id()

    async def hold(self, place: int = SEAT, bundle_id: UUID | None = None) -> list[OrderRow]:
        now = self.system.clock.now()
        arrangement = Arrangement(now + HOUR, [PRICE], bundle_id or self.bundle_id)
        holds = []
        for event_id in self.events:
            sale = await self.system.order_service.sales.get(event_id)
            assert sale is not None
            request = HoldRequest(new_id(), event_id, ChosenSeats((ChosenSeat(place, Tariff.FULL),)))
            holds.append(Hold(request, Buyer(None, self.fan_id), self.fan_id, sale, arrangement))
        async with self.system.db.transaction() as conn:
            held = await holding.hold(conn, holds, now)
        assert all(isinstance(one, OrderRow) for one in held), held
        return [one for one in held if isinstance(one, OrderRow)]

    async def pay(self, payment_id: UUID | None = None, fan_id: UUID | None = None) -> Paying | Refused:
        wish = PayBundle(self.bundle_id, payment_id or self.payment_id, fan_id or self.fan_id, "https://virage.local/")
        (answer,) = await self.system.db.transact(paying.pay_bundles, [wish], self.system.clock.now())
        if isinstance(answer, Paying) and answer.start is not None:
            await self.system.provider.create([answer.start])
        return answer

    async def states(self) -> list[str]:
        rows = await self.system.rows(
            "select o.state from ticketing.orders as o join programme.event as e on e.id = o.event_id "
            "where o.bundle_id = $1 order by e.starts_at",
            self.bundle_id,
        )
        return [row["state"] for row in rows]

    async def refunds(self) -> list[int]:
        rows = await self.system.rows(
            "select amount_cents from payments.refund where payment_id = $1 order by 1", self.payment_id
        )
        return [row["amount_cents"] for row in rows]

    async def claims(self) -> int:
        rows = await self.system.rows("select from ticketing.claim where event_id = any($1)", self.events)
        return len(rows)

    async def emails(self) -> list[str]:
        rows = await self.system.rows("select kind from people.letter where person_id = $1 order by id", self.fan_id)
        return [row["kind"] for row in rows]


@pytest.fixture
async def season(system: System) -> Season:
    first = system.event_id
    later = NOW + timedelta(days=8)
    second = await system.open(
        doors_at=later - 2 * HOUR,
        starts_at=later,
        ends_at=later + 2 * HOUR,
        sale_opens_at=NOW + timedelta(days=1),
        sale_closes_at=later,
    )
    box = await system.fan()
    async with system.db.transaction() as conn:
        fan_id = await people.ensure_fan(conn, "fan@example.org", None, NOW)
    return Season(system, box, fan_id, [first, second])


async def test_one_payment_buys_a_ticket_of_each_event_and_sends_one_email(season: Season) -> None:
    await season.hold()
    answer = await season.pay()
    assert isinstance(answer, Paying)
    assert answer.start is not None
    assert answer.start.amount_cents == 2 * PRICE
    await season.system.news(season.payment_id)
    tickets = (await season.box.ask("GET", "/api/me/tickets")).json()
    assert {ticket["event"]["id"] for ticket in tickets} == {str(event_id) for event_id in season.events}
    assert all(ticket["place"] == SEAT for ticket in tickets)
    assert await season.states() == ["paid", "paid"]
    assert await season.emails() == ["bundle_paid"]


async def test_starting_the_payment_again_opens_the_page_of_the_first(season: Season) -> None:
    await season.hold()
    await season.pay()
    again = await season.pay(new_id())
    assert isinstance(again, Paying)
    assert again.start is not None
    assert again.start.payment_id == season.payment_id
    await season.system.news(season.payment_id)
    paid = await season.pay()
    assert isinstance(paid, Paying)
    assert (paid.start, paid.order.state) == (None, "paid")
    assert await season.pay(new_id()) == Refused(Reason.ALREADY_PAID)


async def test_only_its_buyer_pays_a_bundle_and_no_order_of_it_alone(season: Season) -> None:
    (order, _) = await season.hold()
    assert await season.pay(fan_id=new_id()) == Refused(Reason.NOT_FOUND)
    alone = await season.box.pay(str(order.id))
    assert (alone.status_code, alone.json()["code"]) == (409, "order_in_bundle")
    released = await season.box.ask("DELETE", f"/api/orders/{order.id}")
    assert (released.status_code, released.json()["code"]) == (409, "order_in_bundle")
    assert await season.states() == ["held", "held"]


async def test_nothing_joins_an_order_of_a_bundle(season: Season) -> None:
    (order, _) = await season.hold()
    seats = {"kind": "best", "party": {"full": 1}}
    season.box.event_id = season.events[0]
    answer = await season.box.hold(seats, joins=str(order.id))
    assert (answer.status_code, answer.json()["code"]) == (409, "order_not_open")


async def test_a_failed_card_leaves_the_bundle_to_be_paid_by_another(season: Season) -> None:
    await season.hold()
    await season.pay()
    await season.system.news(season.payment_id, PaymentState.DECLINED)
    assert await season.states() == ["held", "held"]
    season.payment_id = new_id()
    await season.pay()
    await season.system.news(season.payment_id)
    assert await season.states() == ["paid", "paid"]


async def test_a_late_payment_buys_the_bundle_if_all_its_places_are_free(season: Season, clock: FakeClock) -> None:
    await season.hold()
    await season.pay()
    clock.advance(2 * HOUR)
    async with season.system.db.transaction() as conn:
        await holding.expire(conn, season.system.clock.now(), 10, everything=True)
    assert await season.states() == ["expired", "expired"]
    await season.system.news(season.payment_id)
    assert await season.states() == ["paid", "paid"]
    assert await season.claims() == 2


async def test_a_late_payment_goes_back_whole_if_one_place_was_sold(season: Season, clock: FakeClock) -> None:
    await season.hold()
    await season.pay()
    clock.advance(2 * HOUR)
    async with season.system.db.transaction() as conn:
        await holding.expire(conn, season.system.clock.now(), 10, everything=True)
    season.system.forget()
    other = await season.system.fan("other@example.org")
    other.event_id = season.events[0]
    season.system.order_service.sales.forget(season.events[0])
    chosen = {"kind": "chosen", "places": [{"place": SEAT, "tariff": "full"}]}
    assert (await other.hold(chosen)).status_code == 201
    await season.system.news(season.payment_id)
    assert await season.states() == ["expired", "expired"]
    assert await season.refunds() == [2 * PRICE]
    assert await season.claims() == 1
    assert await season.emails() == ["late_payment"]


async def test_the_refund_of_one_event_leaves_the_others(season: Season) -> None:
    (order, other) = await season.hold()
    await season.pay()
    await season.system.news(season.payment_id)
    wish = refunding.RefundCommand(order.id, new_id())
    answer = await season.system.db.transact(refunding.refund, wish, season.system.clock.now())
    assert not isinstance(answer, Refused)
    assert await season.refunds() == [PRICE]
    assert sorted(await season.states()) == ["paid", "refunded"]
    shown = (await season.box.ask("GET", f"/api/orders/{order.id}/refunds")).json()
    assert [one["amount_cents"] for one in shown] == [PRICE]
    assert (await season.box.ask("GET", f"/api/orders/{other.id}/refunds")).json() == []


async def test_a_cancelled_event_is_refunded_from_the_payment_of_the_bundle(season: Season) -> None:
    await season.hold()
    await season.pay()
    await season.system.news(season.payment_id)
    await season.system.cancel()
    async with season.system.db.transaction() as conn:
        await refunding.refund_cancelled_orders(conn, season.events[1], season.system.clock.now())
    assert await season.states() == ["paid", "refunded"]
    assert await season.refunds() == [PRICE]


async def test_a_bundle_whose_event_is_cancelled_gets_its_money_back_and_is_paid_without_the_event(
    season: Season,
) -> None:
    await season.hold()
    await season.pay()
    await season.system.cancel()
    assert await season.pay() == Refused(Reason.EVENT_CANCELLED)
    async with season.system.db.transaction() as conn:
        await refunding.refund_cancelled_orders(conn, season.events[1], season.system.clock.now())
    await season.system.news(season.payment_id)
    assert await season.states() == ["held"]
    assert await season.refunds() == [2 * PRICE]
    assert await season.claims() == 1
    season.payment_id = new_id()
    await season.pay()
    await season.system.news(season.payment_id)
    assert await season.states() == ["paid"]
    assert await season.refunds() == []


async def test_a_second_payment_of_a_bundle_goes_back(season: Season) -> None:
    await season.hold()
    await season.pay()
    await season.system.news(season.payment_id, PaymentState.DECLINED)
    first, season.payment_id = season.payment_id, new_id()
    await season.pay()
    await season.system.news(season.payment_id)
    assert await season.refunds() == []
    await season.system.news(first)  # the page of the first payment was paid after all
    season.payment_id = first
    assert await season.refunds() == [2 * PRICE]
    assert await season.states() == ["paid", "paid"]


async def test_of_two_payments_that_arrive_together_one_buys_the_bundle_and_one_goes_back(season: Season) -> None:
    await season.hold()
    await season.pay()
    await season.system.news(season.payment_id, PaymentState.DECLINED)
    first, season.payment_id = season.payment_id, new_id()
    await season.pay()
    came = [Captured(id_, season.bundle_id, 2 * PRICE) for id_ in (first, season.payment_id)]
    async with season.system.db.transaction() as conn:
        await conn.execute(
            "update payments.payment set captured_cents = amount_cents, state = 'captured' where id = any($1)",
            [first, season.payment_id],
        )
        await OrderMoney(25_000).captured(conn, came, season.system.clock.now())
    assert await season.states() == ["paid", "paid"]
    rows = await season.system.rows("select payment_id, amount_cents from payments.refund")
    assert [(row["payment_id"], row["amount_cents"]) for row in rows] == [(season.payment_id, 2 * PRICE)]


async def test_the_payment_of_another_amount_than_the_bundle_costs_now_goes_back(season: Season) -> None:
    orders = await season.hold()
    await season.pay()
    async with season.system.db.transaction() as conn:
        dearer = "update ticketing.orders set prices = $2, total_cents = $3 where id = $1"
        await conn.execute(dearer, orders[0].id, [PRICE + 100], PRICE + 100)
    await season.system.news(season.payment_id)
    assert await season.states() == ["held", "held"]
    assert await season.refunds() == [2 * PRICE]


async def test_a_released_bundle_frees_every_place(season: Season) -> None:
    await season.hold()
    await season.pay()
    now = season.system.clock.now()
    assert await season.system.db.transact(paying.release_bundle, season.bundle_id, new_id(), now) == Refused(
        Reason.NOT_FOUND
    )
    closed = await season.system.db.transact(paying.release_bundle, season.bundle_id, season.fan_id, now)
    assert not isinstance(closed, Refused)
    assert len(closed) == 2
    assert await season.claims() == 0


async def test_releasing_a_bundle_that_was_just_paid_is_refused(
    season: Season, monkeypatch: pytest.MonkeyPatch
) -> None:
    await season.hold()
    await season.pay()

    async def money_comes(*_: Any) -> None:
        await season.system.news(season.payment_id)

    monkeypatch.setattr(payments_api, "abandon", money_comes)
    answer = await season.system.db.transact(
        paying.release_bundle, season.bundle_id, season.fan_id, season.system.clock.now()
    )
    assert answer == Refused(Reason.ALREADY_PAID)
    assert await season.states() == ["paid", "paid"]


async def test_a_bundle_whose_payment_has_begun_keeps_its_seats(season: Season) -> None:
    orders = await season.hold()
    await season.pay()
    wanted = []
    for order in orders:
        sale = await season.system.order_service.sales.get(order.event_id)
        assert sale is not None
        wanted.append(BundlePlaces(order.id, sale, [Assigned(SEAT + 1, Tariff.FULL)], [PRICE]))
    moved = await season.system.db.transact(
        holding.reseat_bundles, {season.bundle_id: wanted}, season.system.clock.now()
    )
    assert moved == set()
    rows = await season.system.rows("select place from ticketing.claim where event_id = any($1)", season.events)
    assert [row["place"] for row in rows] == [SEAT, SEAT]
    await season.system.news(season.payment_id)
    assert await season.states() == ["paid", "paid"]


async def test_a_disputed_payment_suspends_the_tickets_of_every_event(season: Season) -> None:
    await season.hold()
    await season.pay()
    await season.system.news(season.payment_id)
    paid = {"payment_id": str(season.payment_id), "total_cents": 2 * PRICE}
    await dispute(season.system, paid)
    tickets = (await season.box.ask("GET", "/api/me/tickets")).json()
    assert [ticket["pass"]["suspended"] for ticket in tickets] == [True, True]
    await dispute(season.system, paid, DisputeState.WON)
    tickets = (await season.box.ask("GET", "/api/me/tickets")).json()
    assert [ticket["pass"]["suspended"] for ticket in tickets] == [False, False]


async def test_a_free_bundle_is_paid_at_once(season: Season) -> None:
    now = season.system.clock.now()
    arrangement = Arrangement(now + HOUR, [0], season.bundle_id)
    holds = []
    for event_id in season.events:
        sale = await season.system.order_service.sales.get(event_id)
        assert sale is not None
        request = HoldRequest(new_id(), event_id, ChosenSeats((ChosenSeat(SEAT, Tariff.FULL),)))
        holds.append(Hold(request, Buyer(None, season.fan_id), season.fan_id, sale, arrangement))
    async with season.system.db.transaction() as conn:
        await holding.hold(conn, holds, now)
    answer = await season.pay()
    assert isinstance(answer, Paying)
    assert answer.start is None
    assert await season.states() == ["paid", "paid"]

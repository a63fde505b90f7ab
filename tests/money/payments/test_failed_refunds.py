"""Refunds on their way, refunds that a bank returns, and the person who pays them another way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.money.payments.stripe_standin import StripeStandin
from tests.money.payments.test_conformance import inbox, standin
from tests.money.payments.test_stripe import Shop, bank, of_kind, own_shop
from virage.identity.people import acts as people
from virage.money.payments import acts, reads
from virage.money.payments.rules import PaymentIntent, PaymentState, Refund, RefundRequest
from virage.platform.data import journal
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant, Role
from virage.platform.web.security import COOKIE

__all__ = ["bank", "inbox", "own_shop", "standin"]  # fixtures of other files

Start = Callable[..., PaymentIntent]
DOOR = "/api/office/refunds"


class Desk:
    """The application on Stripe with a captured payment, its refund, and a member of staff."""

    def __init__(self, shop: Shop, standin: StripeStandin, asked: PaymentIntent) -> None:
        self.shop, self.standin, self.asked = shop, standin, asked
        self.refund_id = new_id()

    async def ask_refund(self, cents: int = 5000) -> None:
        async with self.shop.db.transaction() as conn:
            request = RefundRequest(self.refund_id, self.asked.payment_id, cents)
            assert await acts.request_refund(conn, [request], self.shop.clock.now()) == [request]
        await self.shop.jobs.send_refunds(self.shop.db)

    async def refund(self) -> Refund:
        async with self.shop.db.connection() as conn:
            found = await reads.refund(conn, self.refund_id)
        assert found is not None
        return found

    async def state(self) -> PaymentState:
        return await self.shop.state(self.asked)

    async def later(self) -> None:
        """The job asks again about what is due."""
        self.shop.clock.advance(timedelta(hours=1))
        await self.shop.jobs.send_refunds(self.shop.db)

    async def told(self) -> None:
        """The webhook about a refund arrives; others before it are taken too."""
        body = b""
        while b'"refund.' not in body:
            headers, body = await self.shop.bank.inbox.next()
            kept = {name: headers[name] for name in ("stripe-signature", "content-type")}
            answer = await self.shop.client.post("/api/payments/webhooks/stripe", content=body, headers=kept)
            assert answer.status_code == 204

    async def signed_in(self, role: Role, *scope: str, ago: timedelta = timedelta(0)) -> UUID:
        async with self.shop.db.transaction() as conn:
            now = self.shop.clock.now()
            who = await people.ensure_staff(conn, f"{role}{len(scope)}@example.org", None, [Grant(role, *scope)], now)
            token = (await people.open_session(conn, who, now - ago)).token
        self.shop.client.cookies.set(COOKIE, token, domain="virage.local")
        return who

    async def post(self, what: str, body: Any = None) -> httpx.Response:
        headers = {"origin": "https://virage.local", "sec-fetch-site": "same-origin"}
        return await self.shop.client.post(f"{DOOR}/{self.refund_id}/{what}", json=body, headers=headers)

    def at_bank(self) -> list[Any]:
        return of_kind(self.standin, "refund")

    async def facts(self) -> list[str]:
        async with self.shop.db.connection() as conn:
            entries = await journal.read_after(conn, "0-0")
        return [entry.what for entry in entries if entry.what.startswith("refund_")]


@pytest.fixture
async def desk(own_shop: Shop, standin: StripeStandin, start: Start) -> Desk:
    asked = start()
    await own_shop.bank.pay(await own_shop.open(asked))
    await own_shop.settle_later()
    return Desk(own_shop, standin, asked)


async def test_a_refund_is_done_once_the_bank_has_it_and_not_before(desk: Desk) -> None:
    desk.standin.refunds_are = "pending"
    await desk.ask_refund()
    waiting = await desk.refund()
    assert waiting.sent_at is not None
    assert (waiting.done_at, waiting.failed_at) == (None, None)
    assert await desk.state() is PaymentState.REFUNDING
    await desk.later()
    assert (await desk.refund()).done_at is None
    desk.standin.move_refund(str(waiting.provider_ref), "succeeded")
    await desk.later()
    assert (await desk.refund()).done_at is not None
    assert await desk.state() is PaymentState.REFUNDED
    assert len(desk.at_bank()) == 1


async def test_a_webhook_says_so_earlier(desk: Desk) -> None:
    desk.standin.refunds_are = "pending"
    await desk.ask_refund()
    desk.standin.move_refund(str((await desk.refund()).provider_ref), "succeeded")
    await desk.told()
    assert await desk.state() is PaymentState.REFUNDED


async def test_a_refund_that_the_bank_returns_days_later_waits_for_a_person_and_the_buyer_is_told_once(
    desk: Desk, shop: Any
) -> None:
    await desk.ask_refund()
    assert await desk.state() is PaymentState.REFUNDED
    desk.shop.clock.advance(timedelta(days=9))
    ref = str((await desk.refund()).provider_ref)
    for _ in range(2):
        desk.standin.move_refund(ref, "failed")
        await desk.told()
    failed = await desk.refund()
    assert (failed.done_at, failed.reason) == (None, "expired_or_canceled_card")
    assert await desk.state() is PaymentState.REFUNDING
    assert [(one.id, one.subject, one.amount_cents) for one in shop.refunds_lost] == [
        (desk.refund_id, desk.asked.subject, 5000)
    ]
    await desk.later()
    assert len(desk.at_bank()) == 1
    assert await desk.facts() == ["refund_requested", "refund_done", "refund_failed"]
    async with desk.shop.db.connection() as conn:
        assert (await reads.overdue(conn, desk.shop.clock.now())).failed_refunds == 1


async def test_who_has_the_finance_role_sees_failed_refunds_and_sends_one_again(desk: Desk) -> None:
    desk.standin.refunds_are = "failed"
    await desk.ask_refund(2000)
    who = await desk.signed_in("finance")
    (listed,) = (await desk.shop.client.get(DOOR)).json()
    assert (listed["id"], listed["amount_cents"], listed["reason"]) == (
        str(desk.refund_id),
        2000,
        "lost_or_stolen_card",
    )
    desk.standin.refunds_are = "succeeded"
    assert (await desk.post("retry")).status_code == 204
    assert (await desk.shop.client.get(DOOR)).json() == []
    await desk.later()
    again = await desk.refund()
    assert again.done_at is not None
    assert again.decided_by == who
    assert [one["status"] for one in desk.at_bank()] == ["failed", "succeeded"]
    assert await desk.state() is PaymentState.PARTLY_REFUNDED


async def test_late_news_about_a_failed_refund_does_not_touch_the_one_that_was_sent_again(desk: Desk) -> None:
    await desk.ask_refund()
    first = str((await desk.refund()).provider_ref)
    desk.standin.move_refund(first, "failed")
    await desk.told()
    await desk.signed_in("finance")
    assert (await desk.post("retry")).status_code == 204
    desk.standin.move_refund(first, "failed")
    await desk.told()
    assert (await desk.refund()).failed_at is None, "the next try has not been made yet"
    desk.standin.refunds_are = "pending"
    await desk.later()
    second = str((await desk.refund()).provider_ref)
    desk.standin.move_refund(first, "failed")
    await desk.told()
    assert (await desk.refund()).failed_at is None
    desk.standin.move_refund(second, "failed")
    await desk.told()
    assert (await desk.refund()).failed_at is not None
    assert len(desk.at_bank()) == 2


async def test_a_failed_refund_that_was_paid_by_bank_transfer_stays_paid_whatever_the_provider_says_later(
    desk: Desk,
) -> None:
    desk.standin.refunds_are = "failed"
    await desk.ask_refund()
    who = await desk.signed_in("finance")
    answer = await desk.post("payment", {"paid_by": "bank_transfer", "reference": "SEPA 2026-05-11 / 4711"})
    assert answer.status_code == 204
    paid = await desk.refund()
    assert (paid.paid_by, paid.paid_reference, paid.decided_by) == ("bank_transfer", "SEPA 2026-05-11 / 4711", who)
    assert await desk.state() is PaymentState.REFUNDED
    desk.standin.move_refund(str(paid.provider_ref), "failed")
    await desk.told()
    assert await desk.state() is PaymentState.REFUNDED
    assert (await desk.facts())[-1] == "refund_paid"


async def test_a_refund_is_decided_once_by_a_freshly_signed_in_member_of_finance(desk: Desk) -> None:
    desk.standin.refunds_are = "failed"
    await desk.ask_refund()
    way = {"paid_by": "cash", "reference": "receipt 12"}
    for others in (("box_office",), ("finance", "outlet", "01"), ("finance", "venue", "stadium")):
        await desk.signed_in(*others)
        assert (await desk.shop.client.get(DOOR)).status_code == 403
        assert [(await desk.post(way_out, way)).status_code for way_out in ("payment", "retry")] == [403, 403]
    await desk.signed_in("finance", ago=timedelta(minutes=16))
    assert (await desk.post("payment", way)).json()["code"] == "step_up_required"
    await desk.signed_in("finance")
    for body in (None, {}, way | {"paid_by": "provider"}, way | {"reference": "  "}, way | {"reference": "x" * 141}):
        assert (await desk.post("payment", body)).status_code == 400
    assert (await desk.post("payment", way)).status_code == 204
    for again in (await desk.post("payment", way), await desk.post("retry")):
        assert (again.status_code, again.json()["code"]) == (409, "refund_not_failed")
    desk.refund_id = new_id()
    assert (await desk.post("retry")).status_code == 404


@pytest.mark.parametrize("reason", ["balance_insufficient", "processing_error"], ids=["final", "not final"])
async def test_a_refund_that_was_refused_reaches_stripe_again(desk: Desk, reason: str) -> None:
    desk.standin.refunds_refused = reason
    await desk.ask_refund()
    desk.standin.refunds_refused = None
    if reason == "balance_insufficient":
        await desk.signed_in("finance")
        assert (await desk.post("retry")).status_code == 204
    await desk.later()
    assert [one["amount"] for one in desk.at_bank()] == [5000]
    assert await desk.state() is PaymentState.REFUNDED


async def test_a_refund_whose_answer_was_lost_after_a_refusal_is_paid_once(desk: Desk) -> None:
    desk.standin.refunds_refused = "balance_insufficient"
    await desk.ask_refund()
    desk.standin.refunds_refused = None
    await desk.signed_in("finance")
    assert (await desk.post("retry")).status_code == 204
    desk.standin.answers_lost = 1
    await desk.later()
    await desk.later()
    assert [one["amount"] for one in desk.at_bank()] == [5000]
    assert await desk.state() is PaymentState.REFUNDED

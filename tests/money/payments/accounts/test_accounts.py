"""Organisers' accounts: who takes the money, and what the provider says of an account."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp
import msgspec
import pytest
import stripe
from msgspec.structs import replace

from tests.money.payments.stripe_connect import requirements
from tests.money.payments.stripe_standin import HEADERS, WEBHOOK_SECRET, Refusal, StripeStandin, signature
from tests.money.payments.test_conformance import Bank, Inbox, due, inbox, of_stripe, standin
from tests.money.payments.test_stripe import EXAMPLES, Shop, of_kind, own_shop, signed
from virage.identity.people import acts as people
from virage.money.payments import acts, reads
from virage.money.payments.accounts import acts as account_acts
from virage.money.payments.accounts import jobs as account_jobs
from virage.money.payments.accounts import reads as account_reads
from virage.money.payments.accounts import store as account_store
from virage.money.payments.accounts.rules import (
    DISCONNECTED,
    Account,
    AccountRefusal,
    AccountStanding,
    DirectCharge,
    FeeRule,
    NewAccount,
)
from virage.money.payments.provider import Unreachable
from virage.money.payments.rules import (
    HostedPage,
    Payment,
    PaymentIntent,
    PaymentState,
    RefundRequest,
)
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant
from virage.platform.web.problems import granted
from virage.platform.web.security import COOKIE
from virage.site.programme import api as programme
from virage.site.programme.types import Organiser

__all__ = ["inbox", "own_shop", "standin"]  # fixtures of other suites

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
Start = Callable[..., PaymentIntent]


@pytest.fixture
async def bank(standin: StripeStandin, inbox: Inbox, buyer: aiohttp.ClientSession) -> AsyncIterator[Bank]:
    provider = of_stripe(standin)
    yield Bank("stripe", provider, inbox, buyer, signed, complete_account=standin.complete_account)
    await provider.close()


async def organiser(db: Database, name: str = "Promoter") -> UUID:
    """A new organiser."""
    made = Organiser(new_id(), name)
    async with db.transaction() as conn:
        await programme.add_organiser(conn, made, None, NOW)
    return made.id


async def connected(shop: Shop, standin: StripeStandin) -> tuple[UUID, str]:
    """An organiser with an account that may charge, at 5 % and 1 euro a payment, and the id of the account."""
    organiser_id, who, ref = await organiser(shop.db), new_id(), standin.connect.connect()
    (report,) = await shop.bank.provider.accounts([ref])
    async with shop.db.transaction() as conn:
        account = await account_acts.begin_account(conn, organiser_id, who, shop.clock.now())
        await account_acts.name_account(conn, account, report, shop.clock.now())
        await account_acts.set_fee(conn, organiser_id, FeeRule(50, 100), who, shop.clock.now())
    return organiser_id, ref


async def begun(shop: Shop, asked: PaymentIntent) -> tuple[PaymentIntent, Payment | Refused]:
    """The stored payment of an intent, and the intent as the provider is asked."""
    async with shop.db.transaction() as conn:
        (payment,) = await acts.begin(conn, [asked], shop.clock.now())
        direct = await account_acts.direct_charges(conn, [asked], [payment])
    return replace(asked, direct=direct.get(asked.payment_id)), payment


async def opened(shop: Shop, asked: PaymentIntent) -> HostedPage:
    """The page of a new payment, stored."""
    start, _ = await begun(shop, asked)
    page = await shop.bank.open(start)
    async with shop.db.transaction() as conn:
        await acts.store_pages(conn, [page])
    return page


async def test_a_payment_keeps_the_account_and_fee_that_it_was_made_with(
    own_shop: Shop, standin: StripeStandin, start: Start
) -> None:
    organiser_id, ref = await connected(own_shop, standin)
    asked = start(organiser_id=organiser_id)
    first, payment = await begun(own_shop, asked)
    assert isinstance(payment, Payment)
    assert (payment.account, payment.fee_cents, payment.returns_fee) == (ref, 350, True)
    assert first.direct == DirectCharge(ref, 350, "Promoter")
    async with own_shop.db.transaction() as conn:
        await account_acts.set_fee(conn, organiser_id, FeeRule(900, 0, False), new_id(), own_shop.clock.now())
    assert await begun(own_shop, asked) == (first, payment)
    _, dearer = await begun(own_shop, start(organiser_id=organiser_id))
    assert isinstance(dearer, Payment)
    assert (dearer.fee_cents, dearer.returns_fee) == (4500, False)


async def test_without_an_account_the_operator_takes_the_money(own_shop: Shop, start: Start) -> None:
    asked = start(organiser_id=await organiser(own_shop.db))
    same, payment = await begun(own_shop, asked)
    assert isinstance(payment, Payment)
    assert (payment.account, payment.fee_cents, same.direct) == (None, 0, None)


async def test_an_account_that_may_not_charge_refuses_the_payment_and_stores_nothing(
    own_shop: Shop, standin: StripeStandin, start: Start
) -> None:
    organiser_id, ref = await connected(own_shop, standin)
    known = start(organiser_id=organiser_id)
    await begun(own_shop, known)
    standin.complete_account(ref, charges_enabled=False, requirements=requirements("external_account"))
    assert await own_shop.deliver() == 204
    asked, free = start(organiser_id=organiser_id), start()
    async with own_shop.db.transaction() as conn:
        answers = await acts.begin(conn, [asked, free, known], own_shop.clock.now())
        stored = await reads.payments(conn, [asked.payment_id, free.payment_id])
    assert answers[0] == Refused(AccountRefusal.SELLER_NOT_READY)
    assert [isinstance(one, Payment) for one in answers] == [False, True, True]
    assert list(stored) == [free.payment_id]


async def test_an_organisers_payment_is_captured_and_refunded_on_its_account_with_its_fee(
    own_shop: Shop, standin: StripeStandin, shop: Any, start: Start
) -> None:
    organiser_id, ref = await connected(own_shop, standin)
    asked = start(organiser_id=organiser_id)
    await own_shop.bank.pay(await opened(own_shop, asked))
    assert await own_shop.deliver() == 204
    assert await own_shop.state(asked) is PaymentState.CAPTURED
    assert [one.payment_id for one in shop.paid] == [asked.payment_id]
    async with own_shop.db.transaction() as conn:
        requests = [RefundRequest(new_id(), asked.payment_id, cents) for cents in (1000, 4000)]
        await acts.request_refund(conn, requests, own_shop.clock.now())
    await own_shop.settle_later()
    assert await own_shop.state(asked) is PaymentState.REFUNDED
    (fee,) = of_kind(standin, "application_fee")
    assert (fee["account"], fee["amount"], fee["amount_refunded"]) == (ref, 350, 350)
    assert {standin.connect.owners[one["id"]] for one in of_kind(standin, "refund")} == {ref}


async def test_a_capture_without_an_event_is_found_on_its_account(
    own_shop: Shop, standin: StripeStandin, start: Start
) -> None:
    organiser_id, _ = await connected(own_shop, standin)
    standin.events_sent = 0
    paid, unpaid = start(organiser_id=organiser_id), start(organiser_id=organiser_id)
    await own_shop.bank.pay(await opened(own_shop, paid))
    await opened(own_shop, unpaid)
    await own_shop.settle_later()
    assert await own_shop.state(paid) is PaymentState.CAPTURED
    await own_shop.settle_later(timedelta(minutes=11))
    assert await own_shop.state(unpaid) is PaymentState.EXPIRED


@pytest.mark.parametrize("victim", ["operator", "another organiser", "itself"])
async def test_an_organiser_cannot_settle_a_payment_by_a_page_of_its_own(
    own_shop: Shop, standin: StripeStandin, shop: Any, start: Start, victim: str
) -> None:
    own, thief = await connected(own_shop, standin)
    other, _ = await connected(own_shop, standin)
    asked = start(organiser_id={"operator": None, "another organiser": other, "itself": own}[victim])
    await opened(own_shop, asked)
    with standin.connect.on(thief):  # the organiser's own key makes a page that names the payment
        forged = standin._made(  # noqa: SLF001 - as the organiser would by the API
            "cs_test",
            "checkout.session",
            mode="payment",
            status="complete",
            payment_status="paid",
            amount_total=asked.amount_cents,
            currency="eur",
            metadata={"payment_id": str(asked.payment_id)},
            payment_intent="pi_forged",
        )
        standin._send("checkout.session.completed", forged)  # noqa: SLF001 - as above
    assert await own_shop.deliver() == 204
    assert await own_shop.state(asked) is PaymentState.PENDING
    assert shop.paid == []


async def test_an_organiser_cannot_end_the_refund_of_another_and_cannot_dispute_its_payment(
    own_shop: Shop, standin: StripeStandin, shop: Any, start: Start
) -> None:
    _, thief = await connected(own_shop, standin)
    asked = start()
    await own_shop.bank.pay(await opened(own_shop, asked))
    assert [await own_shop.deliver() for _ in range(2)] == [204, 204]
    refund = RefundRequest(new_id(), asked.payment_id, 1000)
    async with own_shop.db.transaction() as conn:
        await acts.request_refund(conn, [refund], own_shop.clock.now())
    with standin.connect.on(thief):
        intent = standin._intent(5000, "eur", {"page_of": str(asked.payment_id)})  # noqa: SLF001 - as above
        standin._capture(intent)  # noqa: SLF001 - as above
        forged = standin._made("re", "refund", status="succeeded", metadata={"refund_id": str(refund.refund_id)})  # noqa: SLF001 - as above
        standin._send("refund.updated", forged)  # noqa: SLF001 - as above
        standin._disputed(intent, "needs_response")  # noqa: SLF001 - as above
    assert [await own_shop.deliver() for _ in range(2)] == [204, 204]
    async with own_shop.db.connection() as conn:
        assert (await reads.refunds(conn, [refund.refund_id]))[refund.refund_id].done_at is None
        assert await reads.disputes_of(conn, [asked.payment_id]) == []
    assert shop.disputed_with == []


async def test_an_organiser_cannot_end_a_refund_of_its_own_sale_by_another_one(
    own_shop: Shop, standin: StripeStandin, start: Start
) -> None:
    organiser_id, ref = await connected(own_shop, standin)
    asked = start(organiser_id=organiser_id)
    await own_shop.bank.pay(await opened(own_shop, asked))
    assert await own_shop.deliver() == 204
    refund = RefundRequest(new_id(), asked.payment_id, 1000)
    async with own_shop.db.transaction() as conn:
        await acts.request_refund(conn, [refund], own_shop.clock.now())
    with standin.connect.on(ref):
        forged = standin._made("re", "refund", status="succeeded", metadata={"refund_id": str(refund.refund_id)})  # noqa: SLF001 - as above
        standin._send("refund.updated", forged)  # noqa: SLF001 - as above
    assert await own_shop.deliver() == 204
    async with own_shop.db.connection() as conn:
        assert (await reads.refunds(conn, [refund.refund_id]))[refund.refund_id].done_at is None


async def test_an_event_of_the_other_mode_says_nothing(own_shop: Shop, standin: StripeStandin, start: Start) -> None:
    await own_shop.bank.pay(await opened(own_shop, start()))
    event = next(one for one in of_kind(standin, "event") if one["type"] == "checkout.session.completed")
    for live, news in ((False, 1), (True, 0)):
        body = msgspec.json.encode(event | {"livemode": live})
        headers = {"stripe-signature": signature(body, WEBHOOK_SECRET)}
        said = await own_shop.bank.provider.read_webhook(headers, body)
        assert not isinstance(said, Refused)
        assert len(said) == news


async def test_an_account_that_refuses_a_page_closes_the_sale_of_its_organiser_alone(
    own_shop: Shop, standin: StripeStandin, start: Start
) -> None:
    _, ref = await connected(own_shop, standin)
    standin.connect.disconnected.add(ref)
    direct = DirectCharge(ref, 0, "Promoter")
    for _ in range(3):
        assert await own_shop.bank.provider.create([start(direct=direct)]) == [Refused(AccountRefusal.SELLER_NOT_READY)]
    (page,) = await own_shop.bank.provider.create([start()])
    assert isinstance(page, HostedPage)


async def test_a_permission_that_the_key_lacks_disconnects_no_account(own_shop: Shop, standin: StripeStandin) -> None:
    _, ref = await connected(own_shop, standin)
    standin.not_permitted = frozenset({"balance"})
    with pytest.raises(Unreachable):
        await own_shop.bank.provider.accounts([ref])
    standin.not_permitted = frozenset()
    standin.connect.disconnected.add(ref)
    (report,) = await own_shop.bank.provider.accounts([ref])
    assert report.disabled_reason == DISCONNECTED


async def test_a_refund_that_the_balance_does_not_cover_waits_and_is_done_once_it_does(
    own_shop: Shop, standin: StripeStandin, start: Start
) -> None:
    organiser_id, _ = await connected(own_shop, standin)
    asked = start(organiser_id=organiser_id)
    await own_shop.bank.pay(await opened(own_shop, asked))
    assert await own_shop.deliver() == 204
    standin.refunds_are = "pending"
    async with own_shop.db.transaction() as conn:
        refund = RefundRequest(new_id(), asked.payment_id, 5000)
        await acts.request_refund(conn, [refund], own_shop.clock.now())
    await own_shop.settle_later()
    assert await own_shop.state(asked) is PaymentState.REFUNDING
    (waiting,) = of_kind(standin, "refund")
    standin.move_refund(waiting["id"], "succeeded")
    assert await own_shop.deliver() == 204
    assert await own_shop.state(asked) is PaymentState.REFUNDED


@pytest.mark.parametrize("reason", ["balance_insufficient", DISCONNECTED])
async def test_a_refund_that_stripe_refuses_for_the_account_waits_for_a_person(
    own_shop: Shop, standin: StripeStandin, shop: Any, start: Start, reason: str
) -> None:
    organiser_id, ref = await connected(own_shop, standin)
    asked = start(organiser_id=organiser_id)
    await own_shop.bank.pay(await opened(own_shop, asked))
    assert await own_shop.deliver() == 204
    async with own_shop.db.transaction() as conn:
        refund = RefundRequest(new_id(), asked.payment_id, 5000)
        await acts.request_refund(conn, [refund], own_shop.clock.now())
    if reason == DISCONNECTED:
        standin.connect.disconnected.add(ref)
    else:
        standin.refunds_refused = reason
    await own_shop.settle_later()
    async with own_shop.db.connection() as conn:
        (failed,) = await reads.failed_refunds(conn)
    assert (failed.id, failed.reason) == (refund.refund_id, reason)
    assert [one.payment_id for one in shop.refunds_lost] == [asked.payment_id]


async def test_the_job_lists_a_negative_balance_and_a_lost_connection(own_shop: Shop, standin: StripeStandin) -> None:
    organiser_id, ref = await connected(own_shop, standin)
    job = account_jobs.AccountJob(own_shop.clock, own_shop.bank.provider)
    standin.connect.balances[ref].add("dispute", -2500, fee=2000)
    await job.read(own_shop.db)
    async with own_shop.db.connection() as conn:
        assert (await reads.overdue(conn, own_shop.clock.now())).negative_balances == 1
        (line,) = [one for one in await account_reads.organiser_accounts(conn) if one.organiser_id == organiser_id]
    assert line.account is not None
    assert (line.account.available_cents, line.account.negative_since) == (-4500, own_shop.clock.now())
    standin.connect.balances[ref].add("charge", 9000)
    standin.connect.disconnected.add(standin.connect.connect())
    await job.read(own_shop.db)
    async with own_shop.db.connection() as conn:
        assert (await reads.overdue(conn, own_shop.clock.now())).negative_balances == 0
    standin.connect.disconnected.add(ref)
    await job.read(own_shop.db)
    async with own_shop.db.connection() as conn:
        assert (await account_store.accounts_of(conn, [organiser_id]))[organiser_id].may_charge is False
        assert ref not in await account_reads.connected_refs(conn)


async def test_payments_of_an_account_that_is_disconnected_do_not_hold_up_the_others(
    own_shop: Shop, standin: StripeStandin, start: Start
) -> None:
    organiser_id, ref = await connected(own_shop, standin)
    standin.events_sent = 0
    without_page, with_page = start(organiser_id=organiser_id), start(organiser_id=organiser_id)
    await begun(own_shop, without_page)
    await opened(own_shop, with_page)
    standin.connect.disconnected.add(ref)
    await own_shop.settle_later()
    later = start()
    await own_shop.bank.pay(await opened(own_shop, later))
    await own_shop.settle_later()
    assert await own_shop.state(later) is PaymentState.CAPTURED
    await own_shop.settle_later(timedelta(minutes=11))
    assert await own_shop.state(without_page) is PaymentState.EXPIRED
    assert await own_shop.state(with_page) is PaymentState.EXPIRED


async def test_an_account_whose_answer_was_lost_is_opened_once_even_a_day_later(
    bank: Bank, standin: StripeStandin
) -> None:
    new = NewAccount(new_id(), "Promoter", datetime.now(UTC) - timedelta(days=1))
    before = granted(await bank.provider.open_account(replace(new, begun_at=new.begun_at - timedelta(days=1))))
    standin.answers_lost = 1
    with pytest.raises(Unreachable):
        granted(await bank.provider.open_account(new))
    standin.forget_keys()
    found = granted(await bank.provider.open_account(new))
    assert list(standin.connect.accounts) == [before.ref, found.ref]  # another opening of this organiser is another one


async def test_a_replaced_account_keeps_its_refunds_and_new_sales_are_made_on_the_other_one(
    own_shop: Shop, standin: StripeStandin, shop: Any, start: Start
) -> None:
    organiser_id, ref = await connected(own_shop, standin)
    asked = start(organiser_id=organiser_id)
    await own_shop.bank.pay(await opened(own_shop, asked))
    assert await own_shop.deliver() == 204
    async with own_shop.db.transaction() as conn:
        begun_now = await account_acts.replace_account(conn, organiser_id, ref, new_id(), own_shop.clock.now())
        assert isinstance(begun_now, Account)
        assert await account_acts.replace_account(conn, organiser_id, ref, new_id(), own_shop.clock.now()) == begun_now
    (_, refused) = await begun(own_shop, start(organiser_id=organiser_id))
    assert refused == Refused(AccountRefusal.SELLER_NOT_READY)
    other = standin.connect.connect()
    (report,) = await own_shop.bank.provider.accounts([other])
    async with own_shop.db.transaction() as conn:
        assert await account_acts.name_account(conn, begun_now, report, own_shop.clock.now()) == other
    async with own_shop.db.transaction() as conn:
        await acts.request_refund(conn, [RefundRequest(new_id(), asked.payment_id, 5000)], own_shop.clock.now())
    start_again, payment = await begun(own_shop, start(organiser_id=organiser_id))
    assert isinstance(payment, Payment)
    assert (payment.account, payment.fee_cents) == (other, 350)  # the fee of the organiser stays
    assert start_again.direct is not None
    await own_shop.settle_later()
    assert await own_shop.state(asked) is PaymentState.REFUNDED
    assert {standin.connect.owners[one["id"]] for one in of_kind(standin, "refund")} == {ref}
    standin.dispute(str(asked.payment_id))
    assert await own_shop.deliver() == 204
    assert [one.dispute.payment_id for one in shop.disputed_with] == [asked.payment_id]


async def test_an_answer_about_an_account_that_was_replaced_meanwhile_names_no_other_one(
    own_shop: Shop, standin: StripeStandin
) -> None:
    organiser_id, who = await organiser(own_shop.db), new_id()
    (report,) = await own_shop.bank.provider.accounts([standin.connect.connect()])
    async with own_shop.db.transaction() as conn:
        late = await account_acts.begin_account(conn, organiser_id, who, own_shop.clock.now())
        await account_acts.name_account(conn, late, report, own_shop.clock.now())
        own_shop.clock.advance(timedelta(minutes=1))
        await account_acts.replace_account(conn, organiser_id, report.ref, who, own_shop.clock.now())
        assert await account_acts.name_account(conn, late, report, own_shop.clock.now()) is None


async def test_an_account_is_replaced_only_by_its_own_organiser(own_shop: Shop, standin: StripeStandin) -> None:
    organiser_id, ref = await connected(own_shop, standin)
    other, others = await connected(own_shop, standin)
    async with own_shop.db.transaction() as conn:
        for whose, what in ((organiser_id, others), (other, ref), (organiser_id, "acct_none"), (new_id(), ref)):
            refused = await account_acts.replace_account(conn, whose, what, new_id(), own_shop.clock.now())
            assert refused == Refused(AccountRefusal.NOT_FOUND)
        assert await account_reads.account_refs(conn) == [ref, others]
        await account_acts.replace_account(conn, organiser_id, ref, new_id(), own_shop.clock.now())
        refused = await account_acts.replace_account(conn, other, ref, new_id(), own_shop.clock.now())
        assert refused == Refused(AccountRefusal.NOT_FOUND)


async def test_a_replaced_account_is_listed_until_its_balance_is_settled(
    own_shop: Shop, standin: StripeStandin
) -> None:
    organiser_id, ref = await connected(own_shop, standin)
    job = account_jobs.AccountJob(own_shop.clock, own_shop.bank.provider)
    standin.connect.balances[ref].add("charge", 5000)
    async with own_shop.db.transaction() as conn:
        await account_acts.replace_account(conn, organiser_id, ref, new_id(), own_shop.clock.now())

    async def listed() -> list[tuple[str, AccountStanding, int | None]]:
        await job.read(own_shop.db)
        async with own_shop.db.connection() as conn:
            (line,) = [one for one in await account_reads.organiser_accounts(conn) if one.organiser_id == organiser_id]
        return [(one.ref, one.standing, one.available_cents) for one in line.former]

    assert await listed() == [(ref, AccountStanding.READY, 5000)]
    standin.connect.balances[ref].pay_out()
    assert await listed() == []
    standin.connect.balances[ref].add("dispute", -2000)
    standin.connect.accounts[ref]["payouts_enabled"] = False
    assert await listed() == [(ref, AccountStanding.NO_PAYOUTS, -2000)]
    async with own_shop.db.connection() as conn:
        assert (await reads.overdue(conn, own_shop.clock.now())).negative_balances == 1
        assert await account_reads.sellers(conn, [ref]) != {}
    standin.connect.disconnected.add(ref)
    assert await listed() == [(ref, AccountStanding.DISCONNECTED, -2000)]


async def test_an_account_that_was_refused_reaches_stripe_again_and_is_opened_once(
    own_shop: Shop, standin: StripeStandin
) -> None:
    """The cause is mended in Stripe's dashboard; an answer that is lost then opens no second account."""
    organiser_id = await organiser(own_shop.db)
    own_shop.clock.advance(datetime.now(UTC) - own_shop.clock.now())  # keys of today are known
    async with own_shop.db.transaction() as conn:
        now = own_shop.clock.now()
        who = await people.ensure_staff(conn, "finance@example.org", None, [Grant("finance")], now)
        own_shop.client.cookies.set(COOKIE, (await people.open_session(conn, who, now)).token, domain="virage.local")
    headers = {"origin": "https://virage.local", "sec-fetch-site": "same-origin"}
    path = f"/api/office/payments/accounts/{organiser_id}/onboarding"
    standin.connect.refused = Refusal(400, "invalid_request_error", "platform_profile_incomplete")
    for refused, answers_lost, status in ((True, 0, 409), (False, 1, 503), (False, 0, 200), (False, 0, 200)):
        own_shop.clock.advance(timedelta(seconds=1))
        standin.connect.refused = standin.connect.refused if refused else None
        standin.answers_lost = answers_lost
        assert (await own_shop.client.post(path, headers=headers)).status_code == status
    assert len(standin.connect.accounts) == 1


async def test_the_account_that_is_opened_bears_its_losses_at_stripe(bank: Bank, standin: StripeStandin) -> None:
    granted(await bank.provider.open_account(NewAccount(new_id(), "Promoter", datetime.now(UTC))))
    (made,) = standin.connect.accounts.values()
    assert made["controller"]["losses"] == {"payments": "stripe"}
    assert made["controller"]["fees"] == {"payer": "account"}
    assert made["business_profile"] == {"name": "Promoter"}


async def test_the_page_names_the_organiser(
    bank: Bank, standin: StripeStandin, buyer: aiohttp.ClientSession, start: Start
) -> None:
    ref = standin.connect.connect()
    page = await bank.open(start(direct=DirectCharge(ref, 350, "Promoter")))
    async with buyer.get(page.payment_url) as answer:
        assert "<p>Promoter</p>" in await answer.text()


URL = "https://club.example/api/payments/webhooks/stripe"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: one.endpoints.pop(), "There is no webhook endpoint for connected accounts https://club"),
        (
            lambda one: one.endpoints[1].update(enabled_events=["account.updated"]),
            "The webhook endpoint for connected accounts does not get account.application.deauthorized, charge",
        ),
        (lambda one: setattr(one, "not_permitted", frozenset({"accounts"})), "may not write Connected accounts"),
        (lambda one: setattr(one, "not_permitted", frozenset({"account_links"})), "may not write Account links"),
    ],
)
async def test_each_defect_of_organisers_accounts_is_one_line(
    bank: Bank, standin: StripeStandin, change: Callable[[StripeStandin], Any], said: str
) -> None:
    own = {"id": "we_1", "object": "webhook_endpoint", "url": URL, "status": "enabled", "enabled_events": ["*"]}
    standin.endpoints = [own | {"application": None}, own | {"id": "we_2", "application": "ca_1"}]
    assert await bank.provider.defects(URL, with_accounts=True) == []
    change(standin)
    (line,) = await bank.provider.defects(URL, with_accounts=True)
    assert said in line
    assert await bank.provider.defects(URL) == []  # no organiser has an account


KINDS: dict[str, Any] = {
    "account": stripe.Account,
    "account_link": stripe.AccountLink,
    "application_fee": stripe.ApplicationFee,
    "balance": stripe.Balance,
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "fee_refund": stripe.ApplicationFeeRefund,
}


async def test_the_stand_in_answers_about_accounts_as_stripes_types_and_examples_are(
    bank: Bank, standin: StripeStandin, buyer: aiohttp.ClientSession, start: Start
) -> None:
    account = await bank.account()
    paid = await bank.captured(start(direct=DirectCharge(account, 350, "Promoter")))
    await bank.provider.refund([due(paid, 2000, returns_fee=True)])
    headers = HEADERS | {"stripe-account": account}
    link = {"account": account, "type": "account_onboarding", "return_url": "https://x", "refresh_url": "https://x"}
    async with buyer.post(f"{standin.url}/v1/account_links", data=link, headers=HEADERS) as answer:
        linked = await answer.json()
    async with buyer.get(f"{standin.url}/v1/balance", headers=headers) as answer:
        balance = await answer.json()
    standin.balance.collect()
    shown = [linked, balance, *standin.connect.accounts.values(), *standin.balance.pending]
    shown += [one for one in standin.objects.values() if one["object"] in KINDS]
    examples = json.loads(EXAMPLES.read_bytes())["resources"] if EXAMPLES.exists() else {}
    for one in shown:
        known = {name for base in KINDS[one["object"]].__mro__ for name in vars(base).get("__annotations__", ())}
        assert one.keys() <= known, one["object"]
        for name, value in one.items():
            example = examples.get(one["object"], {}).get(name)
            if value is not None and example is not None and name != "source":  # which is expanded here
                assert type(value) is type(example), (one["object"], name)
    assert {one["object"] for one in shown} == KINDS.keys()

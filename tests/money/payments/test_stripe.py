"""Stripe's faults: lost answers, limits, wrong money, events twice, never, late and of other versions."""

import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import stripe
from msgspec.structs import replace

from tests.conftest import alive
from tests.money.payments import stripe_standin
from tests.money.payments.stripe_standin import StripeStandin
from tests.money.payments.test_conformance import Bank, Delivery, Inbox, due, inbox, of_stripe, standin
from tests.money.payments.test_payment_flow import Till
from tests.ports import free_ports
from virage.app import domains
from virage.app.building import build
from virage.cli import app as cli
from virage.money.payments.handlers import Handlers
from virage.money.payments.provider import Unreachable
from virage.money.payments.rules import (
    Charge,
    HostedPage,
    PaymentIntent,
    PaymentRefusal,
    PaymentState,
    Reference,
    RefundState,
)
from virage.money.payments.settings import PaymentSettings
from virage.money.payments.stripe_provider import CHARGE_EVENT, DEBIT_EVENTS, EVENTS, StripeProvider
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.platform.values.money import Currency
from virage.platform.values.refusals import Refused

__all__ = ["inbox", "standin"]  # fixtures of the conformance suite

Start = Callable[..., PaymentIntent]
PATH = "/api/payments/webhooks/stripe"
EXAMPLES = Path(__file__).parents[4] / "shared" / "data" / "stripe-fixtures3.json"
"""`openapi/fixtures3.json` of Stripe's repository stripe/openapi, beside this checkout."""


def of_kind(standin: StripeStandin, kind: str) -> list[Any]:
    return [one for one in standin.objects.values() if one["object"] == kind]


def signed(body: bytes, at: float) -> dict[str, str]:
    return {"stripe-signature": stripe_standin.signature(body, stripe_standin.WEBHOOK_SECRET, at)}


@pytest.fixture
async def bank(standin: StripeStandin, inbox: Inbox, buyer: aiohttp.ClientSession) -> AsyncIterator[Bank]:
    provider = of_stripe(standin)
    yield Bank("stripe", provider, inbox, buyer, signed)
    await provider.close()


async def test_a_page_whose_answer_was_lost_is_opened_once(bank: Bank, standin: StripeStandin, start: Start) -> None:
    asked = start()
    standin.answers_lost = 1
    with pytest.raises(Unreachable):
        await bank.provider.create([asked])
    page = await bank.open(asked)
    assert [session["id"] for session in of_kind(standin, "checkout.session")] == [page.provider_ref]


async def test_a_charge_whose_answer_was_lost_is_found_and_never_repeated(bank: Bank, standin: StripeStandin) -> None:
    card = await bank.saved()
    charge = Charge(new_id(), card.payment_id, 2500, card.provider_ref)
    standin.answers_lost = 1
    with pytest.raises(Unreachable):
        await bank.provider.charge([charge])
    (outcome,) = await bank.provider.fetch([Reference(charge.payment_id)])
    assert (outcome.state, outcome.amount_cents) == (PaymentState.CAPTURED, 2500)
    standin.forget_keys()  # a day later
    assert await bank.provider.charge([charge]) == [outcome]
    assert len(of_kind(standin, "payment_intent")) == 1


async def test_a_charge_whose_answer_was_lost_is_told_by_its_event_however_late(
    bank: Bank, standin: StripeStandin
) -> None:
    card = await bank.saved()
    charge = Charge(new_id(), card.payment_id, 2500, card.provider_ref)
    standin.answers_lost, standin.search_lags = 1, True
    with pytest.raises(Unreachable):
        await bank.provider.charge([charge])
    (ended,) = await bank.provider.cancel([Reference(charge.payment_id)])
    assert ended.state is PaymentState.EXPIRED, "it is not found"
    told = await bank.news(charge.payment_id)
    assert (told.state, told.amount_cents) == (PaymentState.CAPTURED, 2500)


async def test_a_refund_of_another_amount_with_our_id_does_not_stand_for_ours(
    bank: Bank, standin: StripeStandin, start: Start
) -> None:
    paid = await bank.captured(start())
    refund = due(paid, 2000)
    forged = standin._made("re", "refund", status="succeeded", amount=1, metadata={"refund_id": str(refund.id)})  # noqa: SLF001 - as an organiser would by the API
    forged |= {"payment_intent": paid.provider_ref, "currency": "eur"}
    (answer,) = await bank.provider.refund([due(paid, 2000, id=refund.id, attempts=1)])
    assert answer.state is RefundState.DONE
    assert [one["amount"] for one in of_kind(standin, "refund")] == [1, 2000]


async def test_a_charge_that_stripe_finds_invalid_is_no_declined_card(bank: Bank) -> None:
    card = await bank.saved()
    with pytest.raises(Unreachable, match="InvalidRequestError 400 amount_too_small"):
        await bank.provider.charge([Charge(new_id(), card.payment_id, 1, card.provider_ref)])


async def test_a_refund_whose_answer_was_lost_is_paid_once_even_a_day_later(
    bank: Bank, standin: StripeStandin, start: Start
) -> None:
    paid = await bank.captured(start())
    refund = due(paid, 2000)
    standin.answers_lost = 1
    with pytest.raises(Unreachable):
        await bank.provider.refund([refund])
    standin.forget_keys()
    yesterday = datetime.now(UTC) - timedelta(days=1)
    (answer,) = await bank.provider.refund([due(paid, 2000, id=refund.id, created_at=yesterday)])
    assert answer.state is RefundState.DONE
    assert [one["amount"] for one in of_kind(standin, "refund")] == [2000]


async def test_a_refund_that_failed_at_the_bank_is_tried_again_with_a_new_request(
    bank: Bank, standin: StripeStandin, start: Start
) -> None:
    paid = await bank.captured(start())
    refund = due(paid, 2000)
    standin.refunds_are = "failed"
    (answer,) = await bank.provider.refund([refund])
    assert (answer.state, answer.reason) == (RefundState.FAILED, "lost_or_stolen_card")
    standin.refunds_are = "succeeded"
    (answer,) = await bank.provider.refund([due(paid, 2000, id=refund.id, attempts=1)])
    assert answer.state is RefundState.DONE
    assert [one["status"] for one in of_kind(standin, "refund")] == ["failed", "succeeded"]


async def test_above_the_accounts_rate_some_pages_wait_and_none_is_opened_twice(
    bank: Bank, standin: StripeStandin, start: Start
) -> None:
    asked = [start() for _ in range(20)]
    standin.calls_per_s = 5
    pages = await bank.provider.create(asked)
    waiting = Refused(PaymentRefusal.PROVIDER_UNAVAILABLE)
    assert sum(isinstance(page, HostedPage) for page in pages) == 5
    assert sum(page == waiting for page in pages) == 15
    standin.calls_per_s = None
    again = await bank.provider.create(asked)
    opened = [page.provider_ref for page in again if isinstance(page, HostedPage)]
    assert sorted(map(str, opened)) == sorted(session["id"] for session in of_kind(standin, "checkout.session"))
    assert len(opened) == 20


async def test_a_provider_that_is_away_or_refuses_the_key_is_unreachable(
    bank: Bank, standin: StripeStandin, start: Start
) -> None:
    standin.away = True
    with pytest.raises(Unreachable):
        await bank.provider.create([start()])
    standin.away = False
    stranger = of_stripe(standin, key="sk_test_of_somebody_else")
    with pytest.raises(Unreachable):
        await stranger.create([start()])
    await stranger.close()
    assert of_kind(standin, "checkout.session") == []


async def test_while_a_secret_is_exchanged_both_sign_and_then_only_the_new_one(
    bank: Bank, standin: StripeStandin, start: Start
) -> None:
    new = "whsec_another_secret_of_the_tests_webhooks"
    await bank.pay(await bank.open(start()))
    headers, body = await bank.inbox.next()
    both = of_stripe(standin, webhook_secrets=[new, stripe_standin.WEBHOOK_SECRET])
    only_new = of_stripe(standin, webhook_secrets=[new])
    by_new = {"stripe-signature": stripe_standin.signature(body, new)}
    assert not isinstance(await both.read_webhook(headers, body), Refused)
    assert not isinstance(await both.read_webhook(by_new, body), Refused)
    assert await only_new.read_webhook(headers, body) == Refused(PaymentRefusal.SIGNATURE_INVALID)
    for provider in (both, only_new):
        await provider.close()


URL = "https://club.example/api/payments/webhooks/stripe"


def ready(standin: StripeStandin, url: str = URL) -> None:
    """The account's webhook endpoint is set up."""
    events = [*EVENTS, CHARGE_EVENT, *DEBIT_EVENTS]
    standin.endpoints = [
        {
            "id": "we_1",
            "object": "webhook_endpoint",
            "url": url,
            "status": "enabled",
            "enabled_events": events,
            "application": None,
        }
    ]


async def test_an_account_that_is_ready_has_no_defects_and_nothing_was_created(
    bank: Bank, standin: StripeStandin
) -> None:
    ready(standin)
    assert await bank.provider.defects(URL) == []
    assert standin.objects == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: one.endpoints.clear(), "There is no webhook endpoint https://club.example/api"),
        (lambda one: one.endpoints[0].update(status="disabled"), "The webhook endpoint https://club.example"),
        (lambda one: one.endpoints[0].update(enabled_events=["*"][1:]), "does not get charge.dispute.closed"),
        (lambda one: one.account.update(charges_enabled=False), "The account cannot charge"),
        (lambda one: one.account.update(payouts_enabled=False), "The account cannot pay out"),
        (lambda one: one.account.update(default_currency="usd"), "The account's currency is USD"),
        (lambda one: one.account["capabilities"].update(card_payments="pending"), "does not offer card"),
        (lambda one: one.account["capabilities"].update(sepa_debit_payments="inactive"), "does not offer SEPA debit"),
        (
            lambda one: one.endpoints[0].update(enabled_events=[*EVENTS, CHARGE_EVENT]),
            "does not get checkout.session.async_payment_failed, checkout.session.async_payment_succeeded:",
        ),
        (lambda one: setattr(one, "not_permitted", frozenset({"refunds"})), "may not write Refunds"),
        (lambda one: setattr(one, "not_permitted", frozenset({"account"})), "needs to read the account"),
        (lambda one: setattr(one, "away", True), "Stripe does not answer"),
    ],
)
async def test_each_defect_of_an_account_is_one_line_that_says_what_to_do(
    bank: Bank, standin: StripeStandin, change: Callable[[StripeStandin], Any], said: str
) -> None:
    ready(standin)
    change(standin)
    (line,) = await bank.provider.defects(URL)
    assert said in line


def test_the_command_checks_the_account_of_right_and_of_wrong_keys(
    standin_process: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {
        "VIRAGE_SECRET": "a secret of the tests, long enough",
        "VIRAGE_DEMO": "1",
        "VIRAGE_VAR_DIR": str(tmp_path),
        "VIRAGE_CURRENCY": "EUR",
        "VIRAGE_PUBLIC_URL": "https://club.example",
        "VIRAGE_STRIPE_KEY": stripe_standin.KEY,
        "VIRAGE_STRIPE_WEBHOOK_SECRETS": stripe_standin.WEBHOOK_SECRET,
        "VIRAGE_STRIPE_API_URL": standin_process,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert payments_check() == 0
    assert capsys.readouterr().out == "Payments by stripe are ready.\n"
    monkeypatch.setenv("VIRAGE_STRIPE_KEY", "sk_test_of_somebody_else")
    assert payments_check() == 1
    assert capsys.readouterr().out == "VIRAGE_STRIPE_KEY: Stripe refuses it; copy the secret key of the account again\n"


def payments_check() -> int:
    try:
        cli(["payments", "check"], result_action="return_value")
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture
def standin_process() -> Iterator[str]:
    """The address of a stand-in in a process of its own, with an account that is ready."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", stripe_standin.__name__, str(port), URL]
    root = Path(__file__).parents[3]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as process:  # noqa: S603 - ours
        assert process.stdout is not None
        assert process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
        process.terminate()


KINDS = {
    "checkout.session": stripe.checkout.Session,
    "customer": stripe.Customer,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "refund": stripe.Refund,
    "setup_intent": stripe.SetupIntent,
}


async def test_the_standin_answers_in_the_shapes_of_the_api(bank: Bank, standin: StripeStandin, start: Start) -> None:
    """By the types of the `stripe` package, and by Stripe's published examples where they are at hand."""
    card = await bank.saved()
    await bank.provider.charge([Charge(new_id(), card.payment_id, 100, card.provider_ref)])
    asked = start()
    await bank.provider.refund([due(await bank.captured(asked), 100)])
    standin.dispute(str(asked.payment_id))
    for account in ("pays", "refuses"):
        await bank.debit(await bank.open(start(allows_debit=True)), account)
    standin.end_debits()
    examples = json.loads(EXAMPLES.read_bytes())["resources"] if EXAMPLES.exists() else {}
    seen = set()
    for shown in standin.objects.values():
        if shown["object"] == "private":
            continue
        seen.add(shown["object"])
        typed = KINDS[shown["object"]]
        assert shown.keys() <= {name for one in typed.__mro__ for name in vars(one).get("__annotations__", ())}, shown[
            "object"
        ]
        for name, value in shown.items():
            example = examples.get(shown["object"], {}).get(name)
            if value is not None and example is not None:
                assert type(value) is type(example), (shown["object"], name)
    assert seen == KINDS.keys()


class Shop(Till):
    """The whole application on Stripe: its route for events, and its jobs."""

    def __init__(self, db: Database, clock: Any, bank: Bank, handlers: Handlers, client: httpx.AsyncClient) -> None:
        super().__init__(db, clock, bank.provider, handlers, None)
        self.bank, self.client = bank, client

    async def deliver(self) -> int:
        return await self.take(await self.bank.inbox.next())

    async def take(self, delivery: Delivery) -> int:
        headers, body = delivery
        kept = {name: headers[name] for name in ("stripe-signature", "content-type")}
        return (await self.client.post(PATH, content=body, headers=kept)).status_code


@pytest.fixture
async def own_shop(  # noqa: PLR0917 - the parts of the application
    monkeypatch: pytest.MonkeyPatch, config: Any, db: Database, clock: Any, handlers: Handlers, bank: Bank
) -> AsyncIterator[Shop]:
    provider = bank.provider
    assert isinstance(provider, StripeProvider)
    monkeypatch.setattr(domains, "payment_handlers", lambda _config: handlers)
    settings = PaymentSettings(
        stripe_key=stripe_standin.KEY,
        stripe_webhook_secrets=(stripe_standin.WEBHOOK_SECRET,),
        stripe_api_url=provider._api_url,  # noqa: SLF001 - the stand-in's address
    )
    app = build(config.having(settings), db, clock)
    transport = httpx.ASGITransport(app=app)
    async with alive(app), httpx.AsyncClient(transport=transport, base_url="https://virage.local") as client:
        yield Shop(db, clock, bank, handlers, client)


async def test_events_twice_and_more_of_them_than_needed_buy_the_goods_once(
    own_shop: Shop, standin: StripeStandin, shop: Any, start: Start
) -> None:
    standin.events_sent = 2
    asked = start()
    await own_shop.bank.pay(await own_shop.open(asked))
    assert [await own_shop.deliver() for _ in range(4)] == [204] * 4  # a session and its intent, both twice
    assert await own_shop.state(asked) is PaymentState.CAPTURED
    assert [one.payment_id for one in shop.paid] == [asked.payment_id]


async def test_without_the_setting_no_page_offers_a_debit(standin: StripeStandin, start: Start) -> None:
    provider = of_stripe(standin, sepa_debit=False)
    await provider.create([start(allows_debit=True)])
    (page,) = of_kind(standin, "checkout.session")
    assert page["payment_method_types"] == ["card"]
    await provider.close()


async def test_a_debit_is_refused_in_another_currency_than_euros(config: Any) -> None:
    settings = PaymentSettings(stripe_key="sk_live_1", stripe_webhook_secrets=("whsec_1",), stripe_sepa_debit=True)
    assert settings.contradictions(config) == []
    swiss = replace(config, currency=Currency("CHF", 2))
    (said,) = settings.contradictions(swiss)
    assert said.startswith("VIRAGE_STRIPE_SEPA_DEBIT")


@pytest.mark.parametrize(
    ("account", "state"),
    [(stripe_standin.PAYS, PaymentState.CAPTURED), (stripe_standin.REFUSES, PaymentState.DECLINED)],
)
async def test_events_of_a_debit_twice_reordered_and_of_another_version_settle_it_once(  # noqa: PLR0917 - the parts of the application
    own_shop: Shop, standin: StripeStandin, shop: Any, start: Start, account: str, state: PaymentState
) -> None:
    asked = start(allows_debit=True)
    standin.events_sent = 2
    await own_shop.bank.debit(await own_shop.open(asked), "pays" if account == stripe_standin.PAYS else "refuses")
    authorised = [await own_shop.bank.inbox.next() for _ in range(2)]
    assert await own_shop.take(authorised[0]) == 204
    assert await own_shop.state(asked) is PaymentState.PROCESSING
    standin.api_version = "2020-08-27"
    standin.end_debits()
    for _ in range(4 if state is PaymentState.CAPTURED else 2):  # its intent tells too if it has succeeded
        assert await own_shop.deliver() == 204
    assert await own_shop.take(authorised[1]) == 204
    assert await own_shop.state(asked) is state
    assert [one.payment_id for one in shop.debited] == [asked.payment_id]
    assert [one.payment_id for one in shop.paid + shop.lost] == [asked.payment_id]


async def test_a_forged_event_of_a_debit_settles_nothing(
    own_shop: Shop, standin: StripeStandin, shop: Any, start: Start
) -> None:
    asked = start(allows_debit=True)
    await own_shop.bank.debit(await own_shop.open(asked))
    await own_shop.deliver()
    headers, body = await signed_elsewhere(standin, own_shop)
    assert await own_shop.take((headers, body)) == 401
    assert await own_shop.state(asked) is PaymentState.PROCESSING
    assert shop.paid == []


async def signed_elsewhere(standin: StripeStandin, own_shop: Shop) -> Delivery:
    """The event of a paid debit, signed with another secret."""
    standin.webhook_secret = "whsec_of_somebody_else"
    standin.end_debits()
    while True:
        headers, body = await own_shop.bank.inbox.next()
        if json.loads(body)["type"] == "checkout.session.async_payment_succeeded":
            return headers, body


async def test_a_declined_try_on_the_page_does_not_end_the_payment(own_shop: Shop, shop: Any, start: Start) -> None:
    asked = start()
    page = await own_shop.open(asked)
    for _ in range(2):
        assert await own_shop.bank.pay(page, "declined") == "declined"
    await own_shop.settle_later()
    assert await own_shop.state(asked) is PaymentState.PENDING
    assert shop.lost == []
    assert await own_shop.bank.pay(page) == "captured"
    for _ in range(2):
        assert await own_shop.deliver() == 204
    assert await own_shop.state(asked) is PaymentState.CAPTURED
    assert [one.payment_id for one in shop.paid] == [asked.payment_id]


async def test_a_capture_without_an_event_is_found_and_an_event_of_another_version_is_read(
    own_shop: Shop, standin: StripeStandin, shop: Any, start: Start
) -> None:
    silent, other = start(), start()
    standin.events_sent = 0
    await own_shop.bank.pay(await own_shop.open(silent))
    await own_shop.settle_later()
    assert await own_shop.state(silent) is PaymentState.CAPTURED
    standin.events_sent, standin.api_version = 1, "2020-08-27"
    await own_shop.bank.pay(await own_shop.open(other))
    assert [await own_shop.deliver() for _ in range(2)] == [204, 204]
    assert await own_shop.state(other) is PaymentState.CAPTURED
    assert {one.payment_id for one in shop.paid} == {silent.payment_id, other.payment_id}


async def test_a_paid_page_in_an_event_of_our_version_costs_one_call_in_all(
    own_shop: Shop, standin: StripeStandin, shop: Any, start: Start
) -> None:
    asked = start()
    before = standin.calls
    await own_shop.bank.pay(await own_shop.open(asked))
    for _ in range(2):
        assert await own_shop.deliver() == 204
    assert await own_shop.state(asked) is PaymentState.CAPTURED
    assert [one.amount_cents for one in shop.paid] == [asked.amount_cents]
    assert standin.calls - before == 1


async def test_money_in_another_currency_buys_nothing_and_goes_back_in_full(
    own_shop: Shop, standin: StripeStandin, shop: Any, start: Start
) -> None:
    standin.charged_in = "usd"
    asked = start()
    page = await own_shop.open(asked)
    await own_shop.bank.pay(page)
    (found,) = await own_shop.bank.provider.fetch([Reference(asked.payment_id, page.provider_ref)])
    assert (found.amount_cents, found.is_foreign) == (5000, True)
    await own_shop.deliver()
    assert shop.paid == []
    await own_shop.settle_later()
    assert await own_shop.state(asked) is PaymentState.REFUNDED
    assert [(one["amount"], one["currency"]) for one in of_kind(standin, "refund")] == [(5000, "usd")]


async def test_a_page_ends_with_the_hold_and_money_that_came_before_follows_the_rule(
    own_shop: Shop, standin: StripeStandin, shop: Any, start: Start
) -> None:
    standin.events_sent = 0
    unpaid, raced = start(), start()
    shop.has_goods = False
    page = await own_shop.open(unpaid)
    await own_shop.bank.pay(await own_shop.open(raced))
    await own_shop.settle_later(timedelta(minutes=11))
    assert await own_shop.state(unpaid) is PaymentState.EXPIRED
    assert await own_shop.bank.pay(page) == "expired"
    assert await own_shop.state(raced) is PaymentState.REFUNDED
    assert [one["amount"] for one in of_kind(standin, "refund")] == [5000]


async def test_an_hour_away_loses_no_payment(own_shop: Shop, standin: StripeStandin, shop: Any, start: Start) -> None:
    asked = start(expires_at=start().expires_at + timedelta(hours=2))
    standin.events_sent = 0
    await own_shop.bank.pay(await own_shop.open(asked))
    standin.away = True
    for _ in range(3):
        await own_shop.settle_later(timedelta(minutes=20))
    assert await own_shop.state(asked) is PaymentState.PENDING
    standin.away = False
    await own_shop.settle_later()
    assert await own_shop.state(asked) is PaymentState.CAPTURED
    assert len(shop.paid) == 1


async def test_an_event_is_sent_again_while_its_payment_cannot_be_looked_up(
    own_shop: Shop, standin: StripeStandin, start: Start
) -> None:
    asked = start()
    standin.api_version = "2020-08-27"  # its state is fetched
    await own_shop.bank.pay(await own_shop.open(asked))
    body = b""
    while b'"checkout.session.completed"' not in body:
        headers, body = await own_shop.bank.inbox.next()
    kept = {name: headers[name] for name in ("stripe-signature", "content-type")}
    standin.away = True
    answer = await own_shop.client.post(PATH, content=body, headers=kept)
    assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")
    standin.away = False
    assert (await own_shop.client.post(PATH, content=body, headers=kept)).status_code == 204
    assert await own_shop.state(asked) is PaymentState.CAPTURED


async def test_events_of_others_and_forged_ones_change_nothing(own_shop: Shop, standin: StripeStandin) -> None:
    about = {"id": "cus_1", "object": "customer"}
    event = {"id": "evt_1", "object": "event", "type": "customer.created", "data": {"object": about}}
    body = json.dumps(event).encode()
    before = standin.calls
    answers = [
        await own_shop.client.post(path, content=body, headers=headers)
        for path, headers in (
            (PATH, signed(body, time.time())),
            (PATH, {"stripe-signature": "t=1,v1=00"}),
            (PATH, {}),
            ("/api/payments/webhooks/sandbox", signed(body, time.time())),
        )
    ]
    assert [answer.status_code for answer in answers] == [204, 401, 401, 404]
    assert standin.calls == before


async def test_requests_carry_no_telemetry(standin: StripeStandin) -> None:
    provider = of_stripe(standin)
    for _ in range(2):  # the library sends how long the request before took
        assert await provider.fetch([Reference(new_id(), None)]) == []
    await provider.close()
    assert "X-Stripe-Client-Telemetry" not in standin.headers
    assert "telemetry_id" not in standin.headers["X-Stripe-Client-User-Agent"]

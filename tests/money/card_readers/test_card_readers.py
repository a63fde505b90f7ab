"""Card payments of tills over the whole application, with readers of the stand-in for Stripe."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import httpx
import pytest

from tests.app.conftest import World
from tests.conftest import alive
from tests.money.card_readers.readers import HANDLERS
from tests.money.payments import stripe_standin
from tests.money.payments.stripe_standin import Refusal, StripeStandin
from virage.app.building import build
from virage.money.card_readers import acts
from virage.money.card_readers.jobs import CardReaderJobs
from virage.money.card_readers.rules import Reader
from virage.money.payments.jobs import PaymentJobs
from virage.money.payments.settings import PaymentSettings
from virage.money.payments.stripe_provider import API_VERSION, CHARGE_EVENT, EVENTS, StripeProvider
from virage.money.payments.stripe_readers import READER_EVENTS
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant

MINUTE: Final = timedelta(minutes=1)
OUTLET: Final = "01"


class Bar:
    """A till with a reader, and the jobs of the worker."""

    def __init__(self, world: World, standin: StripeStandin, provider: StripeProvider, jobs: PaymentJobs) -> None:
        self.world = world
        self.provider = provider
        self.standin = standin
        self.jobs = jobs
        self.finance: dict[str, str] = {}
        self.till: dict[str, str] = {}
        self.till_id = ""
        self.reader_id = ""
        self.reader_ref = ""
        self.place = ""

    async def open(self) -> None:
        self.finance = await self.world.signed_in("finance@example.org", Grant("finance", "outlet", OUTLET))
        self.till = await self.world.till(OUTLET)
        self.till_id = self.world.ids["device_id"]
        self.place = self.standin.readers.add_location()["id"]
        made = await self.office("POST", "/api/office/card-readers", self.new_reader())
        assert (made["state"], made["till_id"]) == ("online", None)
        self.reader_id = made["id"]
        self.reader_ref = next(one["id"] for one in self.standin.objects.values() if one["object"] == "terminal.reader")
        await self.office("PUT", f"/api/office/card-readers/{self.reader_id}/till", {"till_id": self.till_id})

    def new_reader(self, **changes: str) -> dict[str, str]:
        """A reader to register."""
        new = {"id": str(new_id()), "code": "simulated-wpe", "label": "Bar", "outlet": OUTLET}
        return new | {"location_id": self.place} | changes

    async def register(self, new: dict[str, str]) -> httpx.Response:
        return await self.world.ask(self.finance, "POST", "/api/office/card-readers", new)

    async def readers(self) -> set[str]:
        """The readers that the office lists, without the one of the till."""
        listed = await self.office("GET", "/api/office/card-readers")
        return {one["id"] for one in listed} - {self.reader_id}

    def at_provider(self) -> set[str]:
        """The ids of the readers at the provider, by our metadata, without the one of the till."""
        readers = [one for one in self.standin.objects.values() if one["object"] == "terminal.reader"]
        return {one["metadata"]["reader_id"] for one in readers} - {self.reader_id}

    async def office(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.world.ask(self.finance, method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def request(self, cents: int = 900, id_: UUID | None = None, record: UUID | None = None) -> Any:
        body = {"id": str(id_ or new_id()), "record_id": str(record or new_id()), "amount_cents": cents}
        return (await self.world.ask(self.till, "POST", "/api/till/card-payments", body)).json()

    async def act(self, payment: Any, what: str = "") -> Any:
        method = "POST" if what else "GET"
        path = f"/api/till/card-payments/{payment['id']}{what and '/'}{what}"
        return (await self.world.ask(self.till, method, path)).json()

    async def later(self, by: timedelta = timedelta(seconds=11)) -> None:
        """The worker looks payments up and sends refunds; no webhook has come."""
        self.world.clock.advance(by)  # type: ignore[attr-defined]  # the tests' clock
        await self.jobs.reconcile(self.world.db)
        at_readers = CardReaderJobs(self.world.clock, self.provider)
        await at_readers.reconcile_readers(self.world.db)
        await at_readers.return_unbooked(self.world.db)
        await self.jobs.send_refunds(self.world.db)

    async def deliver(
        self, *, copies: int = 1, last_first: bool = False, secret: str = stripe_standin.WEBHOOK_SECRET
    ) -> set[int]:
        """Send the events so far; return the statuses of the answers."""
        events = [one for one in self.standin.objects.values() if one["object"] == "event"]
        statuses = set()
        for event in (events[::-1] if last_first else events) * copies:
            body = json.dumps(event).encode()
            headers = {"stripe-signature": stripe_standin.signature(body, secret), "content-type": "application/json"}
            answer = await self.world.ask(headers, "POST", "/api/payments/webhooks/stripe", body)
            statuses.add(answer.status_code)
        return statuses

    async def request_and_hold(self, part: str, held: str) -> tuple[asyncio.Task[Any], UUID]:
        """Request a payment, and hold the provider's call to an address before or after it is executed."""
        id_ = new_id()
        return await self.hold(self.request(id_=id_), part, held), id_

    async def hold(self, request: Coroutine[Any, Any, Any], part: str, held: str) -> asyncio.Task[Any]:
        """Send a request of the till, and hold the provider's call to an address before or after it is executed."""
        self.standin.answers_lost_of, self._held = part, asyncio.Event()
        setattr(self.standin, held, self._held)
        asking = asyncio.create_task(request)
        while not self.standin.waiting:  # noqa: ASYNC110 - it asks the stand-in
            await asyncio.sleep(0)
        setattr(self.standin, held, None)  # only that call
        return asking

    def go_on(self) -> None:
        """Let the held call go on."""
        self._held.set()

    def waits_for_card(self) -> list[str]:
        """The readers that show an amount."""
        readers = [one for one in self.standin.objects.values() if one["object"] == "terminal.reader"]
        return [one["id"] for one in readers if one["action"] and one["action"]["status"] == "in_progress"]

    def intents(self) -> list[dict[str, Any]]:
        return [one for one in self.standin.objects.values() if one["object"] == "payment_intent"]

    def refunded(self) -> list[int]:
        return [one["amount"] for one in self.standin.objects.values() if one["object"] == "refund"]


@pytest.fixture
async def bar(config: Config, db: Database, clock: Any) -> AsyncIterator[Bar]:
    standin = StripeStandin()
    await standin.start()
    settings = PaymentSettings(
        stripe_key=stripe_standin.KEY,
        stripe_webhook_secrets=(stripe_standin.WEBHOOK_SECRET,),
        stripe_api_url=standin.url,
        stripe_calls_per_s=1000,
    )
    provider = StripeProvider(
        stripe_standin.KEY,
        [stripe_standin.WEBHOOK_SECRET],
        currency="EUR",
        merchant="Club",
        methods=["card"],
        api_url=standin.url,
    )
    app = build(config.having(settings), db, clock)
    made = Bar(World(app, db, clock), standin, provider, PaymentJobs(db, clock, provider, HANDLERS))
    async with alive(app):
        await made.open()
        yield made
    await provider.close()
    await standin.stop()


async def test_a_till_takes_a_card_and_learns_the_outcome_without_a_webhook(bar: Bar) -> None:
    payment = await bar.request()
    assert payment["state"] == "waiting"
    assert payment["reference"].startswith("CR-")
    bar.standin.readers.present(bar.reader_ref)
    assert (await bar.act(payment))["state"] == "waiting"
    await bar.later()
    assert (await bar.act(payment))["state"] == "captured"
    (intent,) = bar.intents()
    assert (intent["amount"], intent["payment_method_types"]) == (900, ["card_present"])
    captured_at = bar.world.clock.now()
    await bar.later(4 * MINUTE)
    assert await bar.office("GET", "/api/office/card-readers/unbooked") == [], "its sale may be in progress"
    await bar.later(2 * MINUTE)
    assert await bar.office("GET", "/api/office/card-readers/unbooked") == [
        {
            "id": payment["id"],
            "reference": payment["reference"],
            "till_id": bar.till_id,
            "till_name": "a till",
            "outlet": OUTLET,
            "amount_cents": 900,
            "captured_at": captured_at.isoformat().replace("+00:00", "Z"),
        }
    ]


async def test_a_decline_says_why_and_the_reader_is_free_again(bar: Bar) -> None:
    payment = await bar.request()
    bar.standin.readers.present(bar.reader_ref, "insufficient_funds")
    await bar.later()
    told = await bar.act(payment)
    assert (told["state"], told["reason"]) == ("failed", "insufficient_funds")
    assert (await bar.request())["state"] == "waiting"


async def test_an_amount_below_the_minimum_of_the_provider_is_declined_at_once(bar: Bar) -> None:
    told = await bar.request(49)
    assert (told["state"], told["reason"]) == ("failed", "amount_too_small")
    assert (await bar.request(50))["state"] == "waiting"


async def test_a_cancelled_payment_ends_and_money_that_came_first_stays(bar: Bar) -> None:
    payment = await bar.request()
    assert (await bar.act(payment, "cancel"))["state"] == "failed"
    assert bar.intents()[0]["status"] == "canceled"
    second = await bar.request()
    bar.standin.readers.present(bar.reader_ref)
    assert (await bar.act(second, "cancel"))["state"] == "captured"
    assert (await bar.act(second, "cancel"))["state"] == "captured"


@pytest.mark.parametrize("search_lags", [False, True], ids=["found", "not yet found"])
@pytest.mark.parametrize("held", ["answers_wait", "requests_wait"])
@pytest.mark.parametrize("part", ["/payment_intents", "/process_payment_intent"])
async def test_a_payment_that_is_cancelled_while_the_provider_is_called_is_asked_for_at_no_reader(
    bar: Bar, part: str, held: str, search_lags: bool
) -> None:
    bar.standin.search_lags = search_lags
    asking, id_ = await bar.request_and_hold(part, held)
    assert (await bar.act({"id": str(id_)}, "cancel"))["state"] == "failed"
    bar.go_on()
    assert (await asking)["state"] == "failed"
    had_begun = (part, held) == ("/process_payment_intent", "answers_wait")
    assert (bar.standin.readers.begun, bar.waits_for_card()) == (had_begun, [])
    assert {intent["status"] for intent in bar.intents()} == {"canceled"}
    assert (await bar.request())["state"] == "waiting", "the reader is free"


@pytest.mark.parametrize("part", ["/payment_intents", "/process_payment_intent"])
async def test_a_payment_that_could_not_be_cancelled_is_cancelled_once_the_provider_has_it(bar: Bar, part: str) -> None:
    asking, id_ = await bar.request_and_hold(part, "answers_wait")
    bar.standin.away = True
    assert (await bar.act({"id": str(id_)}, "cancel"))["state"] == "waiting"
    bar.standin.away = False
    bar.go_on()
    assert (await asking)["state"] == "failed"
    assert (bar.waits_for_card(), [intent["status"] for intent in bar.intents()]) == ([], ["canceled"])


async def test_a_request_that_is_repeated_while_the_provider_is_called_cancels_nothing(bar: Bar) -> None:
    id_, record = new_id(), new_id()
    slow = await bar.hold(bar.request(900, id_, record), "/process_payment_intent", "answers_wait")
    assert (await bar.request(900, id_, record))["state"] == "waiting"
    bar.go_on()
    assert (await slow)["state"] == "waiting"
    assert bar.waits_for_card() == [bar.reader_ref]


@pytest.mark.parametrize(
    "refusal", [Refusal(400, "invalid_request_error", "amount_too_large"), Refusal(500, "api_error", None)]
)
async def test_a_payment_that_the_provider_cannot_create_leaves_its_reader_free(bar: Bar, refusal: Refusal) -> None:
    bar.standin.intents_refused = refusal
    payment = await bar.request()
    assert payment["state"] == "waiting"
    await bar.later(3 * MINUTE)
    assert (await bar.act(payment))["state"] == "failed"
    bar.standin.intents_refused = None
    assert (await bar.request())["state"] == "waiting"


async def test_a_tap_that_the_bank_declines_does_not_end_a_payment_while_its_reader_asks_for_the_pin(bar: Bar) -> None:
    payment = await bar.request()
    (intent,) = bar.intents()
    intent |= {"status": "requires_payment_method", "last_payment_error": {"code": "offline_pin_required"}}
    await bar.later()
    assert (await bar.act(payment))["state"] == "waiting"
    intent |= {"last_payment_error": None}
    bar.standin.readers.present(bar.reader_ref)
    await bar.later()
    assert (await bar.act(payment))["state"] == "captured"
    assert bar.refunded() == []


async def test_money_that_comes_after_its_payment_has_failed_goes_back_at_once(bar: Bar) -> None:
    payment = await bar.request()
    assert (await bar.act(payment, "cancel"))["state"] == "failed"
    (intent,) = bar.intents()
    intent |= {"status": "succeeded", "amount_received": 900}
    action = {"process_payment_intent": {"payment_intent": intent["id"]}, "status": "succeeded"}
    reader = bar.standin.objects[bar.reader_ref] | {"action": action}
    bar.standin._send("terminal.reader.action_succeeded", reader)  # noqa: SLF001 - as if the card had been quicker
    assert await bar.deliver(copies=2) == {204}
    assert (await bar.act(payment))["state"] == "returned"
    await bar.later()
    assert bar.refunded() == [900]


@pytest.mark.parametrize("call", ["process_payment_intent", "cancel_action"])
async def test_a_reader_that_does_not_answer_holds_up_no_other_payment(bar: Bar, call: str) -> None:
    """Neither payments in the browser nor at another reader, whatever the silent one is asked for."""
    other = await bar.world.till(OUTLET)
    second = (await bar.register(bar.new_reader(label="Second"))).json()["id"]
    assert (await bar.world.ask(other, "PUT", "/api/till/card-reader", {"reader_id": second})).status_code == 204
    second_ref = next(id_ for id_, one in bar.standin.objects.items() if one.get("label") == "Second")
    path = f"/readers/{bar.reader_ref}/{call}"
    if call == "process_payment_intent":
        silent, id_ = await bar.request_and_hold(path, "requests_wait")
    else:
        id_ = UUID((await bar.request())["id"])
        silent = await bar.hold(bar.act({"id": str(id_)}, "cancel"), path, "requests_wait")
    for cents in (900, 500):
        body = {"id": str(new_id()), "record_id": str(new_id()), "amount_cents": cents}
        payment = (await bar.world.ask(other, "POST", "/api/till/card-payments", body)).json()
        bar.standin.readers.present(second_ref)
        assert await bar.deliver() == {204}
        path = f"/api/till/card-payments/{payment['id']}"
        assert (await bar.world.ask(other, "GET", path)).json()["state"] == "captured"
    fan = await bar.world.signed_in("fan@example.org")
    top_up = {"id": str(new_id()), "payment_id": str(new_id()), "cents": 2_000}
    opened = await bar.world.ask(fan, "POST", "/api/wallet/top-ups", top_up)
    assert opened.json()["payment_url"].startswith(bar.standin.url)
    assert not silent.done()
    bar.go_on()
    assert (await silent)["id"] == str(id_)


async def test_a_payment_that_is_cancelled_again_and_again_is_one_fact(bar: Bar) -> None:
    payment = await bar.request()
    bar.standin.away = True
    for _ in range(3):
        assert (await bar.act(payment, "cancel"))["state"] == "waiting"
    async with bar.world.db.connection() as conn:
        facts = await conn.fetch("select from kernel.journal where what = 'payment_given_up'")
    assert len(facts) == 1


async def test_a_reader_takes_one_payment_at_a_time(bar: Bar) -> None:
    first = await bar.request()
    assert (await bar.request())["code"] == "card_reader_busy"
    again = await bar.request(900, UUID(first["id"]), UUID(first["record_id"]))
    assert (again["id"], again["state"]) == (first["id"], "waiting")
    assert (await bar.request(800, UUID(first["id"])))["code"] == "payment_id_taken"
    assert len(bar.intents()) == 1


@pytest.mark.parametrize("part", ["/payment_intents", "/process_payment_intent"])
async def test_after_a_lost_answer_the_payment_is_found_and_taken_once(bar: Bar, part: str) -> None:
    bar.standin.answers_lost, bar.standin.answers_lost_of = 1, part
    payment = await bar.request()
    assert payment["state"] == "waiting"
    if part == "/process_payment_intent":
        bar.standin.readers.present(bar.reader_ref)
        await bar.later()
        assert (await bar.act(payment))["state"] == "captured"
    else:
        again = await bar.request(900, UUID(payment["id"]), UUID(payment["record_id"]))
        assert again["state"] == "waiting"
        bar.standin.readers.present(bar.reader_ref)
        await bar.later()
        assert (await bar.act(payment))["state"] == "captured"
    assert len(bar.intents()) == 1


async def test_a_reader_that_did_not_answer_in_time_may_still_take_the_card(bar: Bar) -> None:
    bar.standin.readers.times_out = True
    payment = await bar.request()
    assert payment["state"] == "waiting"
    bar.standin.readers.present(bar.reader_ref)
    await bar.later()
    assert (await bar.act(payment))["state"] == "captured"


async def test_a_reader_that_never_answers_again_is_free_once_its_payment_has_expired(bar: Bar) -> None:
    payment = await bar.request()
    bar.standin.readers.times_out = True
    await bar.later(3 * MINUTE)
    assert (await bar.act(payment))["state"] == "failed"
    assert [intent["status"] for intent in bar.intents()] == ["canceled"]


async def test_a_payment_whose_reference_another_one_has_is_refused(bar: Bar) -> None:
    id_ = new_id()
    await bar.act(await bar.request(id_=id_), "cancel")
    assert (await bar.request(id_=UUID(int=id_.int ^ (1 << 70))))["code"] == "payment_id_taken"


async def test_repeated_requests_hand_a_payment_to_its_reader_once(bar: Bar) -> None:
    id_, record = new_id(), new_id()
    await bar.request(id_=id_, record=record)
    calls = bar.standin.calls
    assert {(await bar.request(id_=id_, record=record))["state"] for _ in range(5)} == {"waiting"}
    assert bar.standin.calls == calls


async def test_an_offline_reader_and_an_absent_provider_charge_nothing(bar: Bar) -> None:
    reader = bar.standin.objects[bar.reader_ref]
    reader["status"] = "offline"
    told = await bar.request()
    assert (told["state"], told["reason"]) == ("failed", "card_reader_offline")
    assert [line["state"] for line in await bar.office("GET", "/api/office/card-readers")] == ["offline"]
    reader["status"], bar.standin.away = "online", True
    assert [line["state"] for line in await bar.office("GET", "/api/office/card-readers")] == ["unknown"]
    waiting = await bar.request()
    assert waiting["state"] == "waiting"
    bar.standin.away = False
    await bar.later(3 * MINUTE)
    assert (await bar.act(waiting))["state"] == "failed"
    assert {intent["status"] for intent in bar.intents()} == {"canceled"}


async def test_a_payment_without_a_card_ends_by_itself(bar: Bar) -> None:
    payment = await bar.request()
    bar.standin.readers.give_up(bar.reader_ref)
    await bar.later()
    told = await bar.act(payment)
    assert (told["state"], told["reason"]) == ("failed", "card_read_timed_out")
    forgotten = await bar.request()
    await bar.later(3 * MINUTE)
    assert (await bar.act(forgotten))["state"] == "failed"
    assert {intent["status"] for intent in bar.intents()} == {"canceled"}


async def test_a_payment_without_a_sale_goes_back_by_the_word_of_its_till(bar: Bar) -> None:
    payment = await bar.request()
    bar.standin.readers.present(bar.reader_ref)
    await bar.later()
    assert (await bar.act(payment, "return"))["state"] == "returned"
    await bar.later()
    assert bar.refunded() == [900]
    lost = await bar.request()
    bar.standin.readers.present(bar.reader_ref)
    await bar.later()
    for wait, back in ((MINUTE, [900]), (5 * MINUTE, [900, 900])):
        await bar.later(wait)
        assert (await bar.world.ask(bar.till, "POST", "/api/till/card-payments/none")).status_code == 204
        await bar.later()
        assert bar.refunded() == back
    assert (await bar.act(lost))["state"] == "returned"


async def test_money_that_comes_after_the_till_gave_up_goes_back_at_once(bar: Bar) -> None:
    payment = await bar.request()
    assert (await bar.act(payment, "return"))["state"] == "returned"
    bar.standin.readers.present(bar.reader_ref)
    await bar.later()
    assert bar.refunded() == [900]


async def test_after_a_day_without_a_sale_the_money_goes_back_also_if_the_till_is_gone(bar: Bar) -> None:
    payment = await bar.request()
    bar.standin.readers.present(bar.reader_ref)
    await bar.later()
    await bar.later(timedelta(hours=23))
    assert bar.refunded() == []
    await bar.later(2 * timedelta(hours=1))
    assert bar.refunded() == [900]
    assert (await bar.act(payment))["state"] == "returned"
    bar.finance = await bar.world.signed_in("finance@example.org")  # the session of yesterday has ended
    assert await bar.office("GET", "/api/office/card-readers/unbooked") == []


async def test_another_amount_than_asked_pays_nothing_and_goes_back(bar: Bar) -> None:
    payment = await bar.request()
    bar.intents()[0]["amount"] = 899
    bar.standin.readers.present(bar.reader_ref)
    await bar.later()
    assert (await bar.act(payment))["state"] == "failed"
    assert bar.refunded() == [899]


async def test_a_reader_belongs_to_one_till_of_its_outlet(bar: Bar) -> None:
    first, other = bar.till, await bar.world.till(OUTLET)
    assert (
        await bar.world.ask(
            other,
            "POST",
            "/api/till/card-payments",
            {"id": str(new_id()), "record_id": str(new_id()), "amount_cents": 1},
        )
    ).json()["code"] == "card_reader_missing"
    payment = await bar.request()
    chosen = {"reader_id": bar.reader_id}
    refused = await bar.world.ask(other, "PUT", "/api/till/card-reader", chosen)
    assert refused.json()["code"] == "card_reader_in_use"
    await bar.act(payment, "cancel")
    assert (await bar.world.ask(other, "PUT", "/api/till/card-reader", chosen)).status_code == 204
    assert (await bar.request())["code"] == "card_reader_missing"
    path = f"/api/till/card-payments/{payment['id']}"
    for method, of_other in (("GET", path), ("POST", f"{path}/cancel"), ("POST", f"{path}/return")):
        assert (await bar.world.ask(other, method, of_other)).status_code == 404
    far = await bar.world.till("02")
    refused = await bar.world.ask(far, "PUT", "/api/till/card-reader", chosen)
    assert refused.json()["code"] == "card_reader_not_here"
    assert (await bar.world.ask(far, "GET", "/api/till/card-readers")).json() == []
    assert (await bar.world.ask(first, "PUT", "/api/till/card-reader", {"reader_id": None})).status_code == 204


async def test_a_till_keeps_its_reader_while_that_takes_a_payment(bar: Bar) -> None:
    spare = bar.standin.readers.add()
    async with bar.world.db.transaction() as conn:
        reader = Reader(new_id(), spare["id"], "Spare", OUTLET, None, bar.world.clock.now())
        assert not isinstance(await acts.register(conn, reader, None), Refused)
    payment = await bar.request()
    chosen = {"reader_id": str(reader.id)}
    refused = await bar.world.ask(bar.till, "PUT", "/api/till/card-reader", chosen)
    assert refused.json()["code"] == "card_reader_in_use"
    await bar.act(payment, "cancel")
    assert (await bar.world.ask(bar.till, "PUT", "/api/till/card-reader", chosen)).status_code == 204


async def test_a_removed_reader_is_gone_here_and_at_the_provider(bar: Bar) -> None:
    strangers = await bar.world.signed_in("other@example.org", Grant("finance", "outlet", "02"))
    path = f"/api/office/card-readers/{bar.reader_id}"
    assert (await bar.world.ask(strangers, "DELETE", path)).status_code == 403
    assert (await bar.world.ask(strangers, "PUT", f"{path}/till", {"till_id": None})).status_code == 403
    assert (await bar.world.ask(strangers, "GET", "/api/office/card-readers")).json() == []
    await bar.office("DELETE", path)
    assert await bar.office("GET", "/api/office/card-readers") == []
    assert bar.reader_ref not in bar.standin.objects
    assert (await bar.request())["code"] == "card_reader_missing"


@pytest.mark.parametrize("keys", ["known", "forgotten"])
async def test_a_reader_whose_registration_was_interrupted_is_registered_once(bar: Bar, keys: str) -> None:
    new = bar.new_reader(label="Second")
    bar.standin.answers_lost, bar.standin.answers_lost_of = 1, "/terminal/readers"
    assert (await bar.register(new)).json()["code"] == "provider_unavailable"
    assert (await bar.readers(), bar.at_provider()) == (set(), {new["id"]})
    if keys == "forgotten":  # a day later its code works no more
        bar.standin.forget_keys()
        bar.standin.readers.codes_expired = True
    await bar.later()
    assert await bar.readers() == set(), "the request may still be under way"
    await bar.later(2 * MINUTE)
    assert (await bar.readers(), bar.at_provider()) == ({new["id"]}, {new["id"]})
    again = await bar.register(new)
    assert (again.json()["id"], again.json()["label"]) == (new["id"], "Second")
    calls = bar.standin.calls
    await bar.later(2 * MINUTE)
    assert (bar.standin.calls, len(bar.at_provider())) == (calls, 1), "nothing is left to register"


async def test_a_registration_that_the_provider_refuses_later_is_dropped(bar: Bar) -> None:
    new = bar.new_reader()
    bar.standin.away = True
    assert (await bar.register(bar.new_reader())).json()["code"] == "provider_unavailable"
    bar.standin.away = False
    bar.standin.answers_lost, bar.standin.answers_lost_of = 1, "/terminal/readers"
    bar.standin.readers.codes_expired = True
    assert (await bar.register(new)).json()["code"] == "provider_unavailable"
    assert (await bar.register(new | {"label": "Another"})).json()["code"] == "card_reader_id_taken"
    await bar.later(2 * MINUTE)
    assert (await bar.readers(), bar.at_provider()) == (set(), set())
    bar.standin.readers.codes_expired = False
    calls = bar.standin.calls
    await bar.later(2 * MINUTE)
    assert bar.standin.calls == calls, "nothing is left to register"
    assert (await bar.register(new | {"label": "Another"})).json()["label"] == "Another"


async def test_a_reader_that_was_removed_without_the_provider_is_removed_there_later(bar: Bar) -> None:
    bar.standin.away = True
    await bar.office("DELETE", f"/api/office/card-readers/{bar.reader_id}")
    assert await bar.office("GET", "/api/office/card-readers") == []
    await bar.later()
    assert bar.reader_ref in bar.standin.objects
    bar.standin.away = False
    await bar.later()
    assert bar.reader_ref not in bar.standin.objects
    calls = bar.standin.calls
    await bar.later()
    assert bar.standin.calls == calls, "a removal that is confirmed is not asked for again"


@pytest.mark.parametrize("version", [API_VERSION, "2020-08-27"])
@pytest.mark.parametrize("last_first", [False, True])
async def test_doubled_late_and_reordered_events_count_once(bar: Bar, last_first: bool, version: str) -> None:
    bar.standin.api_version = version
    declined = await bar.request()
    bar.standin.readers.present(bar.reader_ref, "insufficient_funds")
    assert await bar.deliver(last_first=last_first) == {204}
    told = await bar.act(declined)
    assert (told["state"], told["reason"]) == ("failed", "insufficient_funds")
    paid = await bar.request()
    bar.standin.readers.present(bar.reader_ref)
    assert await bar.deliver(copies=2, last_first=last_first) == {204}
    assert (await bar.act(paid))["state"] == "captured"
    assert (await bar.act(declined))["state"] == "failed"
    await bar.later()
    assert bar.refunded() == []


async def test_an_event_that_a_reader_gave_up_ends_its_payment_and_no_other(bar: Bar) -> None:
    first = await bar.request()
    bar.standin.readers.give_up(bar.reader_ref)
    assert await bar.deliver() == {204}
    told = await bar.act(first)
    assert (told["state"], told["reason"]) == ("failed", "card_read_timed_out")
    second = await bar.request()
    assert await bar.deliver() == {204}
    assert (await bar.act(second))["state"] == "waiting"
    bar.standin.readers.present(bar.reader_ref)
    assert await bar.deliver(last_first=True) == {204}
    assert (await bar.act(second))["state"] == "captured"


async def test_a_forged_event_captures_nothing(bar: Bar) -> None:
    payment = await bar.request()
    action = {"process_payment_intent": {"payment_intent": bar.intents()[0]["id"]}, "status": "succeeded"}
    bar.standin.objects["evt_forged"] = {
        "id": "evt_forged",
        "object": "event",
        "type": "terminal.reader.action_succeeded",
        "api_version": API_VERSION,
        "data": {"object": {"id": bar.reader_ref, "object": "terminal.reader", "action": action}},
    }
    assert await bar.deliver(secret="whsec_of_another") == {401}
    assert await bar.deliver() == {204}
    assert (await bar.act(payment))["state"] == "waiting", "the present state decides, not the event"


async def test_an_event_of_an_organisers_account_ends_no_payment_at_a_reader(bar: Bar) -> None:
    payment = await bar.request()
    action = {"process_payment_intent": {"payment_intent": bar.intents()[0]["id"]}, "status": "failed"}
    bar.standin.objects["evt_forged"] = {
        "id": "evt_forged",
        "object": "event",
        "type": "terminal.reader.action_failed",
        "api_version": API_VERSION,
        "account": "acct_promoter",
        "data": {"object": {"id": bar.reader_ref, "object": "terminal.reader", "action": action}},
    }
    assert await bar.deliver() == {204}
    assert (await bar.act(payment))["state"] == "waiting"


async def test_an_hour_without_the_provider_loses_no_payment(bar: Bar) -> None:
    payment = await bar.request()
    bar.standin.readers.present(bar.reader_ref)
    bar.standin.away = True
    for _ in range(3):
        await bar.later(20 * MINUTE)
        assert (await bar.act(payment))["state"] == "waiting"
    bar.standin.away = False
    await bar.later()
    assert (await bar.act(payment))["state"] == "captured"


async def test_the_check_names_what_readers_need_once_there_are_some(bar: Bar) -> None:
    url = "https://club.example/api/payments/webhooks/stripe"
    endpoint = {"id": "we_1", "object": "webhook_endpoint", "url": url, "status": "enabled", "application": None}
    bar.standin.endpoints = [endpoint | {"enabled_events": [*EVENTS, CHARGE_EVENT]}]
    (line,) = await bar.provider.defects(url)
    assert "does not get terminal.reader.action_failed, terminal.reader.action_succeeded:" in line
    bar.standin.endpoints = [endpoint | {"enabled_events": [*EVENTS, CHARGE_EVENT, *READER_EVENTS]}]
    assert await bar.provider.defects(url) == []
    bar.standin.objects_not_written = frozenset({"terminal"})
    (line,) = await bar.provider.defects(url)
    assert line.startswith("VIRAGE_STRIPE_KEY: the restricted key may not write Terminal")
    bar.standin.objects_not_written = frozenset()
    del bar.standin.objects[bar.reader_ref]
    bar.standin.endpoints = [endpoint | {"enabled_events": [*EVENTS, CHARGE_EVENT]}]
    assert await bar.provider.defects(url) == []

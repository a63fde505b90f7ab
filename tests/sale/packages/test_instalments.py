"""Instalments: agreed with the first payment, charged on their dates, declined, paid by page, and what may happen."""

import asyncio
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import httpx
import msgspec
import pytest

from tests.conftest import FakeClock
from tests.sale.cards import CardProvider
from tests.sale.packages.conftest import Season
from tests.sale.ticketing.conftest import HOUR, Box, System
from tests.sale.ticketing.test_accepted_terms import terms
from tests.sale.ticketing.test_selling import codes
from virage.app.domains import payment_handlers
from virage.money.payments import api as payments
from virage.money.payments.acts import record_disputes
from virage.money.payments.jobs import PaymentJobs
from virage.money.payments.methods import SavedCardJobs
from virage.money.payments.rules import DisputeNotice, DisputeState, Outcome, PaymentState
from virage.platform.data.database import Connection
from virage.platform.data.singletons import Fenced
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.sale.packages.acts.instalments import CardToForget
from virage.sale.packages.api import forget_subscriptions
from virage.sale.packages.jobs import InstalmentJobs
from virage.sale.packages.rules.terms import Package
from virage.sale.ticketing.acts.holding import expire
from virage.sale.ticketing.api import refund_erased

DAY = timedelta(days=1)
PART = 2 * 2 * 6400
"""What two of six matches cost two adults, in cents."""


class Club(Season):
    """A season of six matches three weeks apart, the job of instalments, and a provider that saves cards."""

    def __init__(self, system: System, config: Config, clock: FakeClock, provider: CardProvider) -> None:
        super().__init__(system)
        self.clock, self.provider = clock, provider
        self.handlers = handlers = payment_handlers(config)
        self.jobs = InstalmentJobs(system.db, config, clock, provider=cast("Any", provider), handlers=handlers)
        self.payments = PaymentJobs(system.db, clock, cast("Any", provider), handlers)

    async def open(self, count: int = 6, **changes: Any) -> None:
        now = self.clock.now()
        for number in range(count):
            starts = now + DAY + 21 * DAY * number
            times = {"doors_at": starts - 2 * HOUR, "starts_at": starts, "ends_at": starts + 2 * HOUR}
            times |= {"sale_opens_at": now - HOUR, "sale_closes_at": starts + HOUR}
            self.events.append(await self.system.open(**(times | changes)))

    async def sold(self, **changes: Any) -> Package:
        """A package that may be paid in three parts, thirty days apart."""
        return await self.package(**({"instalments_max": 3} | changes))

    async def agree(
        self,
        box: Box,
        held: dict[str, Any],
        parts: int = 3,
        method_id: UUID | None = None,
        *,
        consents: bool = True,
        **changes: Any,
    ) -> httpx.Response:
        agreement = {"parts": parts, "method_id": str(method_id or new_id()), "consents": consents}
        body = {"payment_id": str(new_id()), "agreement": agreement}
        return await box.ask("POST", f"/api/subscriptions/{held['id']}/payment", body | changes)

    async def save_card(self, method_id: UUID, state: PaymentState = PaymentState.CAPTURED) -> None:
        """Let the provider say that the card is saved."""
        body = msgspec.json.encode([Outcome(method_id, state, 0, label="Visa •••• 4242")])
        answer = await self.system.browser().browser.post("/api/payments/webhooks/sandbox", content=body)
        assert answer.status_code == 204, answer.text

    async def begun(self, box: Box, package: Package | None = None, parts: int = 3) -> tuple[dict[str, Any], UUID]:
        """A subscription whose first part is paid, with its saved card."""
        held, method_id = await self.held(box, package or await self.sold()), new_id()
        answer = await self.agree(box, held, parts, method_id)
        assert answer.status_code == 200, answer.text
        await self.save_card(method_id)
        await self.run()
        return held, method_id

    async def run(self) -> None:
        """Let the job take all instalments as far as they can go, with the fenced database that a worker gives it."""
        async with self.system.db.transaction() as conn:
            await conn.execute(
                "insert into kernel.singleton (name, fence) values ('packages.instalments', 1) on conflict do nothing"
            )
        await self.jobs.run(Fenced(self.system.db, "packages.instalments", 1))

    async def after(self, days: float) -> None:
        """Let days pass, and the job run."""
        self.clock.advance(days * DAY)
        async with self.system.db.transaction() as conn:
            await expire(conn, self.clock.now(), 1000, everything=True)
        await self.run()

    async def states(self, box: Box, held: dict[str, Any]) -> list[str]:
        return [part["state"] for part in (await self.seen(box, held))["instalments"]["parts"]]

    async def orders(self, box: Box, held: dict[str, Any]) -> list[str]:
        return [event["order"]["state"] for event in (await self.seen(box, held))["events"]]

    async def emails(self) -> list[str]:
        """The kinds of the emails about instalments and receipts, in order."""
        rows = await self.system.rows("select kind from people.letter order by queued_at, id")
        return [row["kind"] for row in rows if row["kind"].startswith(("instalment", "bundle"))]


@pytest.fixture
def provider() -> CardProvider:
    return CardProvider()


@pytest.fixture
async def club(empty_system: System, config: Config, clock: FakeClock, provider: CardProvider) -> Club:
    club = Club(empty_system, config, clock, provider)
    await club.open()
    return club


async def test_a_season_is_paid_in_three_parts_each_with_its_tickets_and_its_receipt(club: Club) -> None:
    fan = await club.system.fan()
    held = await club.held(fan, await club.sold())
    assert [[part["cents"] for part in choice] for choice in held["choices"]] == [[3 * 12800] * 2, [PART] * 3]
    method_id = new_id()
    answer = await club.agree(fan, held, 3, method_id)
    assert answer.json()["payment_url"] == f"https://card.example/{method_id}"
    await club.run()
    assert await club.states(fan, held) == ["charging", "unpaid", "unpaid"]
    assert club.provider.charged == {}
    await club.save_card(method_id)
    await club.run()
    assert await club.states(fan, held) == ["paid", "planned", "planned"]
    assert await club.orders(fan, held) == ["paid", "paid", "held", "held", "held", "held"]
    await club.after(29)
    assert await club.emails() == ["bundle_paid", "instalment_due"]
    await club.after(1)
    assert await club.states(fan, held) == ["paid", "paid", "planned"]
    await club.after(28)
    await club.after(2)
    assert await club.orders(fan, held) == ["paid"] * 6
    assert sorted(club.provider.charged.values()) == [PART] * 3
    assert len((await fan.ask("GET", "/api/me/tickets")).json()) == 12
    assert await club.emails() == ["bundle_paid", "instalment_due", "bundle_paid", "instalment_due", "bundle_paid"]
    seen = await club.seen(fan, held)
    assert (seen["state"], seen["instalments"]["card"]) == ("paid", "Visa •••• 4242")


async def test_a_card_that_is_declined_twice_is_not_charged_again_and_the_part_is_paid_by_page(club: Club) -> None:
    fan = await club.system.fan()
    held, method_id = await club.begun(fan)
    club.provider.declines[method_id] = "insufficient_funds"
    await club.after(30)
    assert await club.states(fan, held) == ["paid", "planned", "planned"]
    await club.after(2)
    assert (await club.seen(fan, held))["instalments"]["parts"][1]["declined"] == 1
    await club.after(1)
    part = (await club.seen(fan, held))["instalments"]["parts"][1]
    assert (part["state"], part["declined"], part["reason"]) == ("to_pay", 2, "insufficient_funds")
    del club.provider.declines[method_id]
    await club.after(3)
    assert await club.states(fan, held) == ["paid", "to_pay", "planned"]
    assert (await club.emails()).count("instalment_failed") == 2
    payment_id = new_id()
    answer = await fan.ask(
        "POST", f"/api/subscriptions/{held['id']}/payment", {"payment_id": str(payment_id), "instalment": 2}
    )
    assert answer.json()["payment_url"] == f"https://pay.example/{payment_id}"
    started = club.provider.started[payment_id]
    assert (started.amount_cents, started.card is not None) == (PART, True)
    await club.system.news(payment_id)
    await club.run()
    assert await club.states(fan, held) == ["paid", "paid", "planned"]
    await club.after(24)
    assert await club.orders(fan, held) == ["paid"] * 6


async def test_an_unpaid_part_ends_with_its_grace_and_what_is_paid_stays(club: Club) -> None:
    fan = await club.system.fan()
    held, method_id = await club.begun(fan)
    club.provider.declines[method_id] = "card_declined"
    await club.after(30)
    await club.after(6.9)
    assert await club.orders(fan, held) == ["paid", "paid", "held", "held", "held", "held"]
    await club.after(0.1)
    assert await club.orders(fan, held) == ["paid", "paid", "expired", "expired", "held", "held"]
    assert await club.states(fan, held) == ["paid", "ended", "planned"]
    rows = await club.system.rows("select count(*) from ticketing.claim where event_id = any($1)", club.events[2:4])
    assert rows[0]["count"] == 0
    late = await fan.ask(
        "POST", f"/api/subscriptions/{held['id']}/payment", {"payment_id": str(new_id()), "instalment": 2}
    )
    assert late.json()["code"] == "hold_expired"
    del club.provider.declines[method_id]
    await club.after(23)
    assert await club.states(fan, held) == ["paid", "ended", "paid"]


async def test_a_charge_without_an_answer_is_repeated_as_the_same_payment(club: Club) -> None:
    fan = await club.system.fan()
    held, _ = await club.begun(fan)
    club.provider.loses_answers = True
    await club.after(30)
    await club.run()
    assert await club.states(fan, held) == ["paid", "charging", "planned"]
    club.provider.loses_answers = False
    await club.run()
    assert await club.states(fan, held) == ["paid", "paid", "planned"]
    assert len(club.provider.charged) == 2


async def test_a_charge_that_was_cancelled_before_it_was_made_is_begun_anew_and_does_not_count(club: Club) -> None:
    """The provider is away for longer than a payment lives."""
    fan = await club.system.fan()
    held, method_id = await club.begun(fan)
    club.provider.loses_answers = True
    club.provider.declines[method_id] = "never_asked"
    await club.after(30)
    club.clock.advance(timedelta(minutes=31))
    await club.payments.reconcile(club.system.db)
    club.provider.loses_answers = False
    del club.provider.declines[method_id]
    await club.run()
    await club.run()
    part = (await club.seen(fan, held))["instalments"]["parts"][1]
    assert (part["state"], part["declined"]) == ("paid", 0)
    assert "instalment_failed" not in await club.emails()


async def test_all_parts_end_with_the_first_one_if_its_card_is_never_saved(club: Club) -> None:
    fan = await club.system.fan()
    held = await club.held(fan, await club.sold())
    await club.agree(fan, held)
    await club.after(1)
    assert await club.orders(fan, held) == ["expired"] * 6
    assert await club.states(fan, held) == ["ended"] * 3
    assert (await club.seen(fan, held))["state"] == "ended"
    assert await club.system.rows("select from ticketing.claim") == []
    await club.after(40)
    assert club.provider.charged == {}


async def test_a_declined_first_part_is_paid_by_page_or_the_whole_is_paid_at_once(club: Club) -> None:
    fan, other = await club.system.fan(), await club.system.fan("other@example.org")
    package = await club.sold()
    paths = []
    for box in (fan, other):
        held, method_id = await club.held(box, package), new_id()
        club.provider.declines[method_id] = "card_declined"
        await club.agree(box, held, 3, method_id)
        await club.save_card(method_id)
        await club.run()
        assert await club.states(box, held) == ["to_pay", "unpaid", "unpaid"]
        paths.append((held, f"/api/subscriptions/{held['id']}/payment"))
    page, whole = new_id(), new_id()
    answer = await fan.ask("POST", paths[0][1], {"payment_id": str(page), "instalment": 1})
    assert answer.status_code == 200, answer.text
    await club.system.news(page)
    await club.run()
    assert await club.states(fan, paths[0][0]) == ["paid", "planned", "planned"]
    answer = await other.ask("POST", paths[1][1], {"payment_id": str(whole)})
    assert answer.status_code == 200, answer.text
    assert club.provider.started[whole].amount_cents == 3 * PART
    again = await other.ask("POST", paths[1][1], {"payment_id": str(new_id())})
    assert again.json()["payment_url"].endswith(str(whole))
    await club.system.news(whole)
    assert await club.orders(other, paths[1][0]) == ["paid"] * 6
    assert (await club.seen(other, paths[1][0]))["instalments"] is None
    assert await club.emails() == ["bundle_paid", "bundle_paid"]


async def test_another_choice_replaces_the_first_and_its_card_and_a_repeated_one_changes_nothing(club: Club) -> None:
    fan = await club.system.fan()
    held, first, second = await club.held(fan, await club.sold()), new_id(), new_id()
    payment_id = str(new_id())
    await club.agree(fan, held, 3, first, payment_id=payment_id)
    again = await club.agree(fan, held, 3, first, payment_id=payment_id)
    assert again.status_code == 200
    assert len(await club.system.rows("select from payments.payment")) == 1
    assert (await club.agree(fan, held, 2, second)).status_code == 200
    await club.save_card(second)
    await club.run()
    seen = await club.seen(fan, held)
    assert [part["cents"] for part in seen["instalments"]["parts"]] == [38400, 38400]
    assert await club.orders(fan, held) == ["paid"] * 3 + ["held"] * 3
    rows = await club.system.rows("select id, state from payments.method")
    assert {row["id"]: row["state"] for row in rows} == {first: "forgetting", second: "saved"}
    rows = await club.system.rows("select id from payments.payment where expires_at <= $1", club.clock.now())
    assert [str(row["id"]) for row in rows] == [payment_id], "the first choice's payment is abandoned"
    late = await club.agree(fan, held, 3)
    assert (late.status_code, late.json()["code"]) == (409, "order_already_paid")


@pytest.mark.parametrize("chosen", ["whole", "three"])
async def test_the_money_of_an_earlier_choice_goes_back_and_buys_nothing(club: Club, chosen: str) -> None:
    fan = await club.system.fan()
    held, payment_id = await club.held(fan, await club.sold()), new_id()
    if chosen == "whole":
        await club.pay(fan, held, payment_id)
    else:
        await club.agree(fan, held, 3, payment_id=str(payment_id))
    await club.agree(fan, held, 2)
    body = msgspec.json.encode([Outcome(payment_id, PaymentState.CAPTURED, 3 * PART if chosen == "whole" else PART)])
    answer = await club.system.browser().browser.post("/api/payments/webhooks/sandbox", content=body)
    assert answer.status_code == 204
    refunds = await club.system.rows("select payment_id from payments.refund")
    assert [row["payment_id"] for row in refunds] == [payment_id]
    assert await club.system.rows("select from ticketing.ticket") == []
    letters = await club.system.rows("select kind from people.letter where kind = 'late_payment'")
    assert len(letters) == 1


@pytest.mark.parametrize("sold", [False, True])
async def test_a_late_first_payment_buys_all_as_agreed_or_goes_back(club: Club, *, sold: bool) -> None:
    """The card was charged, but its answer was lost until the seats had expired."""
    fan, other = await club.system.fan(), await club.system.fan("other@example.org")
    package = await club.sold()
    held, method_id = await club.held(fan, package), new_id()
    await club.agree(fan, held, 3, method_id)
    await club.save_card(method_id)
    club.provider.loses_answers = True
    await club.run()
    await club.after(0.1)
    assert await club.orders(fan, held) == ["expired"] * 6
    club.forget()
    if sold:  # a seat of the last match is sold to another fan
        place = {"place": held["events"][5]["order"]["lines"][0]["place"], "tariff": "full"}
        body = {"id": str(new_id()), "event_id": str(club.events[5]), "seats": {"kind": "chosen", "places": [place]}}
        assert (await other.ask("POST", "/api/orders", body)).status_code == 201
    club.provider.loses_answers = False
    await club.run()
    (payment_id,) = club.provider.charged
    refunds = await club.system.rows("select payment_id from payments.refund")
    if sold:
        assert [row["payment_id"] for row in refunds] == [payment_id]
        assert await club.orders(fan, held) == ["expired"] * 6
    else:
        assert refunds == []
        assert await club.orders(fan, held) == ["paid", "paid", "held", "held", "held", "held"]
        await club.after(30)
        assert await club.states(fan, held) == ["paid", "paid", "planned"]


async def test_a_cancelled_match_leaves_its_part_which_costs_less(club: Club) -> None:
    fan = await club.system.fan()
    held, _ = await club.begun(fan)
    await club.cancel(club.events[2])
    seen = await club.seen(fan, held)
    assert [part["cents"] for part in seen["instalments"]["parts"]] == [PART, PART // 2, PART]
    await club.after(30)
    assert await club.orders(fan, held) == ["paid", "paid", "released", "paid", "held", "held"]
    await club.cancel(club.events[4])
    await club.cancel(club.events[5])
    await club.after(30)
    assert await club.states(fan, held) == ["paid", "paid", "ended"]
    assert sorted(club.provider.charged.values()) == [PART // 2, PART]


async def test_a_match_that_is_cancelled_while_its_part_is_charged_brings_the_money_back_and_a_smaller_charge(
    club: Club,
) -> None:
    fan = await club.system.fan()
    held, _ = await club.begun(fan)
    club.provider.loses_answers = True
    await club.after(30)
    await club.cancel(club.events[2])
    club.provider.loses_answers = False
    await club.run()
    await club.run()
    assert await club.orders(fan, held) == ["paid", "paid", "released", "paid", "held", "held"]
    refunds = await club.system.rows("select amount_cents from payments.refund")
    assert [row["amount_cents"] for row in refunds] == [PART]
    assert sorted(club.provider.charged.values()) == [PART // 2, PART, PART]


async def test_a_disputed_payment_stops_the_charges_of_the_others(club: Club) -> None:
    fan = await club.system.fan()
    held, _ = await club.begun(fan)
    (payment_id,) = club.provider.charged
    async with club.system.db.transaction() as conn:
        notice = DisputeNotice(
            payment_id, "du_1", PART, "fraudulent", DisputeState.NEEDS_RESPONSE, False, club.clock.now()
        )
        await record_disputes(conn, [notice], club.clock.now(), club.handlers)
    await club.after(30)
    part = (await club.seen(fan, held))["instalments"]["parts"][1]
    assert (part["state"], part["reason"]) == ("to_pay", "disputed")
    assert len(club.provider.charged) == 1


async def test_an_erased_person_is_not_charged_and_leaves_neither_seats_nor_card(club: Club) -> None:
    fan = await club.system.fan()
    _, method_id = await club.begun(fan)
    async with club.system.db.transaction() as conn:
        person = await conn.fetchval("select person_id from packages.subscription")
        assert await refund_erased(conn, person, club.clock.now()) is None
        assert await forget_subscriptions(conn, person, club.clock.now()) is None
    await club.jobs.forget_card(CardToForget(method_id))
    rows = await club.system.rows("select state from ticketing.orders order by state")
    assert [row["state"] for row in rows] == ["paid", "paid", "released", "released", "released", "released"]
    await club.after(30)
    await club.run()
    assert len(club.provider.charged) == 1
    rows = await club.system.rows("select state from payments.method")
    assert [row["state"] for row in rows] == ["forgetting"]


async def ask_for_card(fan: Box, held: dict[str, Any], method_id: UUID) -> httpx.Response:
    return await fan.ask("POST", f"/api/subscriptions/{held['id']}/card", {"method_id": str(method_id)})


async def cards_of(club: Club) -> tuple[UUID, UUID | None]:
    """The card of the only plan, and the one that is to replace it."""
    (row,) = await club.system.rows(
        "select plan.method_id, next_card.method_id from packages.plan left join packages.next_card on plan_id = id"
    )
    return row[0], row[1]


async def test_an_erasure_enqueues_that_each_card_of_the_person_is_forgotten(club: Club) -> None:
    fan = await club.system.fan()
    held, method_id = await club.begun(fan)
    next_id = new_id()
    assert (await ask_for_card(fan, held, next_id)).status_code == 200
    async with club.system.db.transaction() as conn:
        person = await conn.fetchval("select person_id from packages.subscription")
        assert await refund_erased(conn, person, club.clock.now()) is None
        assert await forget_subscriptions(conn, person, club.clock.now()) is None
    jobs = await club.system.rows("select payload from kernel.job where entrypoint = 'packages.forget_card'")
    forgotten = [msgspec.json.decode(job["payload"], type=CardToForget).method_id for job in jobs]
    assert sorted(forgotten) == sorted([method_id, next_id])


async def test_another_card_is_charged_once_it_is_saved_and_the_first_one_is_forgotten(club: Club) -> None:
    fan = await club.system.fan()
    held, first = await club.begun(fan)
    second = new_id()
    answers = [await ask_for_card(fan, held, second) for _ in range(2)]
    assert [answer.json() for answer in answers] == [{"page_url": f"https://card.example/{second}"}] * 2
    assert (await club.seen(fan, held))["instalments"]["is_replaced"]
    await club.after(30)
    assert len(club.provider.charged) == 2, "the first card is charged until the other one is saved"
    club.provider.declines[first] = "expired_card"
    await club.save_card(second)
    await club.run()
    seen = (await club.seen(fan, held))["instalments"]
    assert (seen["card"], seen["is_replaced"]) == ("Visa •••• 4242", False)
    await SavedCardJobs(club.clock, cast("Any", club.provider)).reconcile(club.system.db)
    assert club.provider.forgotten == [first]
    assert (await ask_for_card(fan, held, second)).json() == {"page_url": None}
    await club.after(30)
    assert await club.states(fan, held) == ["paid"] * 3
    assert codes(await ask_for_card(fan, held, new_id())) == (409, "instalments_not_offered"), (
        "nothing is left to charge"
    )


async def test_a_page_for_another_card_that_fails_or_is_replaced_leaves_the_first_one(club: Club) -> None:
    fan = await club.system.fan()
    held, first = await club.begun(fan)
    left, failed = new_id(), new_id()
    for method_id in (left, failed):
        assert (await ask_for_card(fan, held, method_id)).status_code == 200
    await club.save_card(left)
    await club.save_card(failed, PaymentState.CANCELLED)
    await club.run()
    assert await cards_of(club) == (first, None)
    (row,) = await club.system.rows("select state from payments.method where id = $1", left)
    assert row["state"] == "forgetting"
    assert codes(await ask_for_card(fan, held, failed)) == (409, "method_failed")
    await club.after(30)
    assert await club.states(fan, held) == ["paid", "paid", "planned"]


async def test_a_card_is_not_replaced_while_it_is_charged_without_an_answer(club: Club) -> None:
    fan = await club.system.fan()
    held, first = await club.begun(fan)
    club.provider.loses_answers = True
    await club.after(30)
    second = new_id()
    assert (await ask_for_card(fan, held, second)).status_code == 200
    await club.save_card(second)
    await club.run()
    assert await cards_of(club) == (first, second)
    club.provider.loses_answers = False
    await club.run()
    assert await cards_of(club) == (second, None)
    assert len(club.provider.charged) == 2


async def test_only_the_buyer_replaces_the_card_and_only_once_the_first_part_is_paid(club: Club) -> None:
    fan, other = await club.system.fan(), await club.system.fan("other@example.org")
    held = await club.held(fan, await club.sold())
    assert codes(await ask_for_card(fan, held, new_id())) == (404, "not_found")
    method_id = new_id()
    assert (await club.agree(fan, held, 3, method_id)).status_code == 200
    assert codes(await ask_for_card(fan, held, new_id())) == (409, "instalments_not_offered")
    await club.save_card(method_id)
    await club.run()
    assert codes(await ask_for_card(other, held, new_id())) == (404, "not_found")
    assert (await ask_for_card(fan, held, new_id())).status_code == 200


async def test_a_removed_card_lets_its_buyer_pay(club: Club) -> None:
    fan = await club.system.fan()
    held, method_id = await club.begun(fan)
    async with club.system.db.transaction() as conn:
        await payments.forget(conn, [method_id], club.clock.now())
    await club.after(30)
    part = (await club.seen(fan, held))["instalments"]["parts"][1]
    assert (part["state"], part["reason"]) == ("to_pay", "no_card")
    assert (await club.emails())[-1] == "instalment_failed"


async def test_an_open_page_is_not_charged_beside_and_a_charge_has_no_page(club: Club) -> None:
    fan = await club.system.fan()
    held, _ = await club.begun(fan)
    path = f"/api/subscriptions/{held['id']}/payment"
    club.clock.advance(30 * DAY)
    page = new_id()
    await fan.ask("POST", path, {"payment_id": str(page), "instalment": 2})
    await club.run()
    assert len(club.provider.charged) == 1
    club.clock.advance(timedelta(minutes=31))
    await club.payments.reconcile(club.system.db)
    club.provider.loses_answers = True
    await club.run()
    answer = await fan.ask("POST", path, {"payment_id": str(new_id()), "instalment": 2})
    assert (answer.status_code, answer.json()["code"]) == (409, "instalment_charging")
    club.provider.loses_answers = False
    await club.run()
    assert await club.states(fan, held) == ["paid", "paid", "planned"]
    assert len(club.provider.charged) == 2


async def test_terms_that_changed_since_do_not_stop_a_later_part(club: Club, conn: Connection) -> None:
    fan = await club.system.fan()
    first = await terms(conn, "Un.")
    held, method_id = await club.held(fan, await club.sold()), new_id()
    assert (await club.agree(fan, held, 3, method_id)).json()["code"] == "terms_not_accepted"
    await club.agree(fan, held, 3, method_id, terms=first)
    await club.save_card(method_id)
    await club.run()
    await terms(conn, "Deux.", 1)
    await club.after(30)
    assert await club.states(fan, held) == ["paid", "paid", "planned"]
    rows = await club.system.rows("select version_id from ticketing.accepted_terms")
    assert [str(row["version_id"]) for row in rows] == [first] * 6


async def test_a_package_that_was_divided_is_paid_whole_at_the_same_moment_as_another(club: Club) -> None:
    package, fan, other = await club.sold(), await club.system.fan(), await club.system.fan("other@example.org")
    divided, whole = await club.held(fan, package), await club.held(other, package)
    assert (await club.agree(fan, divided, 3)).status_code == 200
    payment_ids = new_id(), new_id()
    answers = await asyncio.gather(club.pay(fan, divided, payment_ids[0]), club.pay(other, whole, payment_ids[1]))
    assert [answer.status_code for answer in answers] == [200, 200]
    for payment_id in payment_ids:
        assert club.provider.started[payment_id].amount_cents == 3 * PART
        await club.system.news(payment_id)
    assert await club.orders(fan, divided) == await club.orders(other, whole) == ["paid"] * 6
    assert (await club.seen(fan, divided))["instalments"] is None


async def test_only_what_the_package_offers_is_agreed_to(club: Club) -> None:
    fan, other = await club.system.fan(), await club.system.fan("other@example.org")
    held = await club.held(fan, await club.sold())
    for parts in (4, 6):
        assert (await club.agree(fan, held, parts)).json()["code"] == "instalments_not_offered"
    assert (await club.agree(fan, held, 3, consents=False)).json()["code"] == "consent_required"
    assert (await club.agree(other, held)).status_code == 404
    page = await other.ask(
        "POST", f"/api/subscriptions/{held['id']}/payment", {"payment_id": str(new_id()), "instalment": 1}
    )
    assert page.status_code == 404
    plain = await club.held(fan, await club.sold(instalments_max=1))
    assert plain["choices"] == []
    assert (await club.agree(fan, plain, 2)).json()["code"] == "instalments_not_offered"


async def test_the_office_counts_parts_and_lists_those_who_have_not_paid(club: Club) -> None:
    fan, other = await club.system.fan(), await club.system.fan("other@example.org")
    package = await club.sold()
    _, method_id = await club.begun(fan, package)
    await club.bought(other, package)
    club.provider.declines[method_id] = "card_declined"
    await club.after(30)
    await club.after(3)
    office = await club.office()
    (line,) = (await office.ask("GET", "/api/office/packages")).json()
    assert (line["planned"], line["to_pay"]) == (1, 1)
    path = f"/api/office/packages/{package.id}/subscriptions"
    assert len((await office.ask("GET", path)).json()["subscriptions"]) == 2
    (unpaid,) = (await office.ask("GET", f"{path}?unpaid=true")).json()["subscriptions"]
    assert unpaid["email"] == "fan@example.org"
    assert [part["state"] for part in unpaid["instalments"]] == ["paid", "to_pay", "planned"]


async def test_the_card_of_the_operator_is_not_charged_for_an_organiser_with_an_own_account(club: Club) -> None:
    """Before the agreement it is not offered; an account that comes later lets the buyer pay by page."""
    fan, other = await club.system.fan(), await club.system.fan("other@example.org")
    package = await club.sold()
    held, _ = await club.begun(fan, package)
    async with club.system.db.transaction() as conn:
        await conn.execute(
            "insert into payments.account (organiser_id, ref, begun_by, begun_at, may_charge, may_pay_out) "
            "values ($1, 'acct_1', $2, $3, true, true)",
            club.system.organiser_id,
            new_id(),
            club.clock.now(),
        )
    later = await club.held(other, package)
    assert later["choices"] == []
    assert (await club.agree(other, later)).json()["code"] == "instalments_not_offered"
    await club.after(30)
    part = (await club.seen(fan, held))["instalments"]["parts"][1]
    assert (part["state"], part["reason"]) == ("to_pay", "organisers_account")
    assert len(club.provider.charged) == 1

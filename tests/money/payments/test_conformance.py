"""One suite for every payment provider: what Virage relies on, over HTTP, with signed webhooks."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import aiohttp
import pytest
from aiohttp import web
from msgspec.structs import replace

from tests.money.payments import stripe_standin
from tests.money.payments.conftest import KEY, WEBHOOK_SECRET, SandboxProcess
from tests.money.payments.stripe_standin import StripeStandin
from virage.money.payments.accounts.rules import AccountReport, DirectCharge, NewAccount
from virage.money.payments.payouts import BalanceEntry, EntryKind
from virage.money.payments.provider import PaymentProvider
from virage.money.payments.readers import NewReader, ReaderPayment, ReaderRefusal, ReaderStatus
from virage.money.payments.rules import (
    Charge,
    DisputeNotice,
    DisputeState,
    DueEvidence,
    DueRefund,
    EvidenceFields,
    EvidenceState,
    HostedPage,
    NewSavedCard,
    Outcome,
    PaymentIntent,
    PaymentRefusal,
    PaymentState,
    Reference,
    RefundState,
)
from virage.money.payments.sandbox_provider import SandboxProvider
from virage.money.payments.stripe_provider import StripeProvider
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.problems import granted
from virage_sandbox import signatures
from virage_sandbox.cards import Card, Iban

DEBITS: Final[dict[str, dict[str, str]]] = {
    "sandbox": {"pays": Iban.PAYS, "refuses": Iban.REFUSES},
    "stripe": {"pays": stripe_standin.PAYS, "refuses": stripe_standin.REFUSES},
}
EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)
Delivery = tuple[Mapping[str, str], bytes]
CARDS: Final[dict[str, dict[str, str]]] = {
    "sandbox": {
        "accepted": Card.ACCEPTED,
        "declined": Card.DECLINED,
        "challenged": Card.CHALLENGE,
        "later_challenged": Card.CHALLENGE,
        "disputed": Card.DISPUTED,
    },
    "stripe": {
        "accepted": stripe_standin.ACCEPTED,
        "declined": stripe_standin.DECLINED,
        "challenged": stripe_standin.CHALLENGED,
        "later_challenged": stripe_standin.CHALLENGED,
        "disputed": stripe_standin.DISPUTED,
    },
}


class Inbox:
    """The address of the webhooks: keeps every delivery as it came."""

    def __init__(self) -> None:
        self.url = ""
        self._came: asyncio.Queue[Delivery] = asyncio.Queue()

    async def take(self, request: web.Request) -> web.Response:
        await self._came.put((request.headers, await request.read()))
        return web.Response(status=204)

    async def next(self) -> Delivery:
        async with asyncio.timeout(20):
            return await self._came.get()


class Bank:
    """A provider with its hosted pages and webhooks."""

    def __init__(  # noqa: PLR0917 - the parts of a provider
        self,
        name: str,
        provider: PaymentProvider,
        inbox: Inbox,
        buyer: aiohttp.ClientSession,
        sign: Callable[[bytes, float], Mapping[str, str]],
        end_debits: Callable[[], None] = lambda: None,
        complete_account: Callable[[str], None] = lambda _: None,
        at_reader: Callable[[str, str | None], None] = lambda _reader, _decline: None,
    ) -> None:
        self.name = name
        self.complete_account = complete_account
        self.end_debits = end_debits
        self.at_reader = at_reader
        self.provider = provider
        self.inbox = inbox
        self.sign = sign
        self._buyer = buyer

    async def open(self, asked: PaymentIntent) -> HostedPage:
        (page,) = await self.provider.create([asked])
        assert isinstance(page, HostedPage)
        return page

    async def pay(self, page: HostedPage, card: str = "accepted", code: str | None = None) -> str:
        body = {"card": CARDS[self.name][card]} | ({} if code is None else {"code": code})
        async with self._buyer.post(page.payment_url, json=body) as answer:
            state: str = (await answer.json())["state"]
            return state

    async def debit(self, page: HostedPage, account: str = "pays") -> str | None:
        """Authorise a debit; the sandbox ends it by itself, and the stand-in when it is told to."""
        async with self._buyer.post(page.payment_url, json={"iban": DEBITS[self.name][account]}) as answer:
            state: str | None = (await answer.json()).get("state")
            return state

    async def news(self, wanted: UUID) -> Outcome:
        """The first outcome of a payment or card that webhooks bring."""
        while True:
            said = await self.provider.read_webhook(*await self.inbox.next())
            assert not isinstance(said, Refused), said
            for outcome in said:
                if isinstance(outcome, Outcome) and outcome.payment_id == wanted:
                    return outcome

    async def dispute_news(self, wanted: UUID) -> DisputeNotice:
        """The next state of the dispute of a payment that webhooks bring."""
        while True:
            said = await self.provider.read_webhook(*await self.inbox.next())
            assert not isinstance(said, Refused), said
            for notice in said:
                if isinstance(notice, DisputeNotice) and notice.payment_id == wanted:
                    return notice

    async def captured(self, asked: PaymentIntent) -> Reference:
        """A paid payment, as the refund job knows it."""
        page = await self.open(asked)
        assert await self.pay(page) == "captured"
        outcome = await self.news(asked.payment_id)
        assert outcome.state is PaymentState.CAPTURED
        account = None if asked.direct is None else asked.direct.account
        assert outcome.account == account
        return Reference(asked.payment_id, outcome.provider_ref or page.provider_ref, account)

    async def account(self) -> str:
        """An account of an organiser that may charge."""
        report = granted(await self.provider.open_account(NewAccount(new_id(), "Promoter", datetime.now(UTC))))
        if not report.may_charge:
            self.complete_account(report.ref)
        (ready,) = await self.provider.accounts([report.ref])
        assert (ready.may_charge, ready.may_pay_out) == (True, True)
        return report.ref

    async def entries(self, account: str | None) -> list[BalanceEntry]:
        """The entries of all payouts of an account, without the payouts themselves, oldest first."""
        payouts = [one async for page in self.provider.payouts(EVER, account) for one in page]
        assert {one.account for one in payouts} <= {account}
        found = [
            entry
            for payout in payouts
            async for page in self.provider.payout_entries(payout.id, account=account)
            for entry in page
        ]
        return sorted((one for one in found if one.kind is not EntryKind.PAYOUT), key=lambda one: (one.kind, one.id))

    async def reader(self, code: str = "simulated-wpe") -> ReaderStatus:
        """A registered card reader; the one of the sandbox takes a card by itself."""
        place, *_ = await self.provider.readers.locations()
        made = await self.provider.readers.register(NewReader(new_id(), code, "Bar", place.id))
        assert isinstance(made, ReaderStatus), made
        return made

    async def hand_over(self, reader: ReaderStatus, cents: int = 900) -> Outcome:
        """A payment that waits for a card at a reader."""
        outcome = await self.provider.readers.pay(ReaderPayment(new_id(), reader.ref, cents))
        assert isinstance(outcome, Outcome), outcome
        assert (outcome.state, outcome.amount_cents) == (PaymentState.PENDING, cents)
        return outcome

    def present(self, reader: ReaderStatus, decline: str | None = None) -> None:
        """Present a card; the reader of the sandbox needs none."""
        if self.name == "stripe":
            self.at_reader(reader.ref, decline)

    async def saved(self, card: str = "accepted") -> Reference:
        """A saved card."""
        id_ = new_id()
        (page,) = await self.provider.keep([NewSavedCard(id_, new_id(), "https://club.example/wallet")])
        assert isinstance(page, HostedPage)
        assert await self.pay(page, card, stripe_standin.CODE) == "captured"
        outcome = await self.news(id_)
        assert (outcome.state, outcome.amount_cents) == (PaymentState.CAPTURED, 0)
        assert outcome.label is not None
        assert CARDS[self.name][card][-4:] in outcome.label
        return Reference(id_, outcome.provider_ref)


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    made = Inbox()
    app = web.Application()
    app.router.add_post("/webhooks", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks"
    yield made
    await runner.cleanup()


@pytest.fixture
async def standin(inbox: Inbox) -> AsyncIterator[StripeStandin]:
    made = StripeStandin(inbox.url)
    await made.start()
    yield made
    await made.stop()


def of_stripe(standin: StripeStandin, **changes: Any) -> StripeProvider:
    settings: dict[str, Any] = {
        "key": stripe_standin.KEY,
        "webhook_secrets": [stripe_standin.WEBHOOK_SECRET],
        "currency": "EUR",
        "merchant": "Club",
        "methods": ["card"],
        "sepa_debit": True,
        "api_url": standin.url,
    } | changes
    return StripeProvider(settings.pop("key"), settings.pop("webhook_secrets"), **settings)


@pytest.fixture(params=["sandbox", "stripe"])
async def bank(
    request: pytest.FixtureRequest,
    inbox: Inbox,
    buyer: aiohttp.ClientSession,
    make_sandbox: Callable[[str], SandboxProcess],
    standin: StripeStandin,
) -> AsyncIterator[Bank]:
    if request.param == "sandbox":
        process = make_sandbox(inbox.url)
        await process.ready()
        provider: PaymentProvider = SandboxProvider(process.url, KEY, WEBHOOK_SECRET, "EUR")

        def sign(body: bytes, at: float) -> Mapping[str, str]:
            return {signatures.HEADER: signatures.sign(WEBHOOK_SECRET, body, int(at))}
    else:
        provider = of_stripe(standin)

        def sign(body: bytes, at: float) -> Mapping[str, str]:
            return {"stripe-signature": stripe_standin.signature(body, stripe_standin.WEBHOOK_SECRET, at)}

    standin.readers.add_location()
    ways = (standin.end_debits, standin.complete_account, standin.readers.present)
    yield Bank(request.param, provider, inbox, buyer, sign, *ways)
    await provider.close()


Start = Callable[..., PaymentIntent]


def due(of: Reference, cents: int, **changes: Any) -> DueRefund:
    refund = DueRefund(new_id(), of.payment_id, cents, 0, of.provider_ref, account=of.account)
    return replace(refund, **{"created_at": datetime.now(UTC), **changes})


async def test_a_paid_page_is_captured_and_its_webhook_says_so(bank: Bank, start: Start) -> None:
    asked = start()
    paid = await bank.captured(asked)
    (outcome,) = await bank.provider.fetch([paid])
    assert (outcome.state, outcome.amount_cents, outcome.is_foreign) == (PaymentState.CAPTURED, 5000, False)


async def test_a_lookup_names_the_card_that_paid_always_the_same_and_never_by_its_number(
    bank: Bank, start: Start
) -> None:
    first, second, debited = start(), start(), start(allows_debit=True)
    paid = [await bank.captured(first), await bank.captured(second)]
    challenged = await bank.open(other := start())
    await bank.pay(challenged, "challenged")
    assert await bank.pay(challenged, "challenged", stripe_standin.CODE) == "captured"
    outcome = await bank.news(other.payment_id)
    await bank.debit(debit := await bank.open(debited))
    bank.end_debits()
    while (outcome_of_debit := await bank.news(debited.payment_id)).state is not PaymentState.CAPTURED:
        pass
    saved = await bank.saved()
    (charged,) = await bank.provider.charge([Charge(new_id(), saved.payment_id, 100, saved.provider_ref)])
    references = [
        *paid,
        Reference(charged.payment_id, charged.provider_ref),
        Reference(other.payment_id, outcome.provider_ref or challenged.provider_ref),
        Reference(debited.payment_id, outcome_of_debit.provider_ref or debit.provider_ref),
    ]
    one, two, later, another, none = [outcome.card_ref for outcome in await bank.provider.fetch(references)]
    assert one == two == later
    assert one is not None
    assert another not in (None, one)
    assert none is None, "a debit has no card"
    assert CARDS[bank.name]["accepted"] not in one


async def test_a_repeated_request_opens_the_same_page(bank: Bank, start: Start) -> None:
    asked = start()
    assert await bank.open(asked) == await bank.open(asked)


async def test_a_payment_id_with_another_amount_is_refused(bank: Bank, start: Start) -> None:
    asked = start()
    await bank.open(asked)
    (refused,) = await bank.provider.create([replace(asked, amount_cents=1)])
    assert isinstance(refused, Refused)
    assert refused.reason is PaymentRefusal.PAYMENT_ID_TAKEN


async def test_a_declined_card_captures_nothing(bank: Bank, start: Start) -> None:
    asked = start()
    page = await bank.open(asked)
    assert await bank.pay(page, "declined") == "declined"
    found = await bank.provider.fetch([Reference(asked.payment_id, page.provider_ref)])
    assert PaymentState.CAPTURED not in {outcome.state for outcome in found}


async def test_a_challenged_card_is_captured_by_its_code(bank: Bank, start: Start) -> None:
    asked = start()
    page = await bank.open(asked)
    assert await bank.pay(page, "challenged") == "challenged"
    (outcome,) = await bank.provider.fetch([Reference(asked.payment_id, page.provider_ref)])
    assert outcome.state is PaymentState.PENDING
    assert await bank.pay(page, "challenged", stripe_standin.CODE) == "captured"
    assert (await bank.news(asked.payment_id)).state is PaymentState.CAPTURED


async def test_a_cancelled_page_cannot_be_paid(bank: Bank, start: Start) -> None:
    asked = start()
    page = await bank.open(asked)
    reference = Reference(asked.payment_id, page.provider_ref)
    (outcome,) = await bank.provider.cancel([reference])
    assert outcome.state is PaymentState.EXPIRED
    assert await bank.pay(page) != "captured"
    (outcome,) = await bank.provider.fetch([reference])
    assert outcome.state is PaymentState.EXPIRED


async def test_a_paid_page_that_is_cancelled_stays_captured(bank: Bank, start: Start) -> None:
    asked = start()
    page = await bank.open(asked)
    await bank.pay(page)
    (outcome,) = await bank.provider.cancel([Reference(asked.payment_id, page.provider_ref)])
    assert (outcome.state, outcome.amount_cents) == (PaymentState.CAPTURED, 5000)


@pytest.mark.parametrize(("account", "state"), [("pays", PaymentState.CAPTURED), ("refuses", PaymentState.DECLINED)])
async def test_a_debit_is_processed_until_the_bank_pays_or_refuses_it(
    bank: Bank, start: Start, account: str, state: PaymentState
) -> None:
    asked = start(allows_debit=True)
    page = await bank.open(asked)
    reference = Reference(asked.payment_id, page.provider_ref)
    assert await bank.debit(page, account) == "processing"
    under_way = await bank.news(asked.payment_id)
    assert (under_way.state, under_way.amount_cents) == (PaymentState.PROCESSING, 5000)
    bank.end_debits()
    ended = await bank.news(asked.payment_id)
    assert (ended.state, ended.amount_cents, ended.is_foreign) == (state, 5000, False)
    assert ended.reason == (None if state is PaymentState.CAPTURED else "insufficient_funds")
    (looked_up,) = await bank.provider.fetch([reference])
    assert (looked_up.state, looked_up.amount_cents, looked_up.reason) == (state, 5000, ended.reason)


async def test_a_debit_under_way_is_neither_cancelled_nor_authorised_again(bank: Bank, start: Start) -> None:
    asked = start(allows_debit=True)
    page = await bank.open(asked)
    await bank.debit(page, "pays")
    (outcome,) = await bank.provider.cancel([Reference(asked.payment_id, page.provider_ref)])
    assert outcome.state in {PaymentState.PROCESSING, PaymentState.CAPTURED}  # the sandbox's banks are fast
    assert await bank.debit(page, "refuses") != "declined"
    assert await bank.pay(page) != "declined"
    bank.end_debits()
    while (ended := await bank.news(asked.payment_id)).state is PaymentState.PROCESSING:
        pass
    assert (ended.state, ended.amount_cents) == (PaymentState.CAPTURED, 5000)


async def test_a_settled_debit_is_refunded(bank: Bank, start: Start) -> None:
    asked = start(allows_debit=True)
    page = await bank.open(asked)
    await bank.debit(page)
    bank.end_debits()
    while (ended := await bank.news(asked.payment_id)).state is PaymentState.PROCESSING:
        pass
    reference = Reference(asked.payment_id, ended.provider_ref or page.provider_ref)
    (answer,) = await bank.provider.refund([due(reference, 5000)])
    assert answer.state is RefundState.DONE


async def test_a_page_whose_payment_allows_no_debit_offers_none(bank: Bank, start: Start) -> None:
    asked = start()
    page = await bank.open(asked)
    assert await bank.debit(page) != "processing"
    assert await bank.pay(page) == "captured"


async def test_an_unknown_payment_is_left_out_of_the_answers_and_is_cancelled(bank: Bank) -> None:
    reference = Reference(new_id(), None)
    assert await bank.provider.fetch([reference]) == []
    (outcome,) = await bank.provider.cancel([reference])
    assert outcome.state is PaymentState.EXPIRED


async def test_many_payments_are_opened_and_looked_up_in_their_order(bank: Bank, start: Start) -> None:
    asked = [start(amount_cents=100 + number) for number in range(20)]
    pages = await bank.provider.create(asked)
    assert [page.payment_id for page in pages if isinstance(page, HostedPage)] == [one.payment_id for one in asked]
    references = [Reference(page.payment_id, page.provider_ref) for page in pages if isinstance(page, HostedPage)]
    found = {outcome.payment_id: outcome.amount_cents for outcome in await bank.provider.fetch(references)}
    assert found == {one.payment_id: one.amount_cents for one in asked}


async def test_a_refund_in_two_parts_is_done_and_never_more_than_was_captured(bank: Bank, start: Start) -> None:
    paid = await bank.captured(start())
    first, second, third = due(paid, 2000), due(paid, 3000), due(paid, 1)
    for refund in (first, second):
        (answer,) = await bank.provider.refund([refund])
        assert (answer.refund_id, answer.state) == (refund.id, RefundState.DONE)
    (answer,) = await bank.provider.refund([third])
    assert answer.state is not RefundState.DONE
    assert answer.reason


async def test_a_repeated_refund_is_paid_once(bank: Bank, start: Start) -> None:
    paid = await bank.captured(start())
    refund = due(paid, 4000)
    for attempts in (0, 0, 1, 2):
        (answer,) = await bank.provider.refund([replace(refund, attempts=attempts)])
        assert answer.state is RefundState.DONE
    (answer,) = await bank.provider.refund([due(paid, 1000)])
    assert answer.state is RefundState.DONE


PDF: Final = b"%PDF-1.7 of the tests"


def evidence(notice: DisputeNotice, **changes: Any) -> DueEvidence:
    due = DueEvidence(
        new_id(),
        PDF,
        EvidenceFields("Two tickets were bought, and both were used.", "Léa Martin", "lea@example.org"),
        dispute_id=new_id(),
        payment_id=notice.payment_id,
        dispute_ref=notice.provider_ref,
        attempts=0,
    )
    return replace(due, **changes)


async def disputed(bank: Bank, asked: PaymentIntent) -> DisputeNotice:
    assert await bank.pay(await bank.open(asked), "disputed") == "captured"
    return await bank.dispute_news(asked.payment_id)


async def test_a_dispute_is_told_by_a_webhook_and_its_evidence_is_taken_once(bank: Bank, start: Start) -> None:
    asked = start()
    notice = await disputed(bank, asked)
    assert (notice.state, notice.amount_cents, notice.is_inquiry) == (DisputeState.NEEDS_RESPONSE, 5000, False)
    assert notice.due_at is not None
    assert notice.due_at > notice.opened_at
    due = evidence(notice)
    for attempts in (0, 0, 1):
        answer = await bank.provider.send_evidence(replace(due, attempts=attempts))
        assert answer.state is EvidenceState.SENT
    changed = await bank.dispute_news(asked.payment_id)
    assert (changed.provider_ref, changed.state) == (notice.provider_ref, DisputeState.UNDER_REVIEW)
    other = await bank.provider.send_evidence(evidence(notice))
    assert other.state is EvidenceState.FAILED
    assert other.reason


async def test_evidence_of_a_dispute_that_does_not_exist_fails(bank: Bank, start: Start) -> None:
    notice = await disputed(bank, start())
    answer = await bank.provider.send_evidence(evidence(notice, dispute_ref="dp_none"))
    assert answer.state is EvidenceState.FAILED
    assert answer.reason


async def test_a_forged_an_old_and_a_changed_delivery_are_refused(bank: Bank, start: Start) -> None:
    asked = start()
    await bank.pay(await bank.open(asked))
    headers, body = await bank.inbox.next()
    refused = Refused(PaymentRefusal.SIGNATURE_INVALID)
    assert await bank.provider.read_webhook({}, body) == refused
    assert await bank.provider.read_webhook(headers, body + b" ") == refused
    assert await bank.provider.read_webhook(bank.sign(body, time.time() - 3600), body) == refused
    assert not isinstance(await bank.provider.read_webhook(headers, body), Refused)


async def test_a_signed_delivery_that_is_no_json_is_invalid(bank: Bank) -> None:
    answer = await bank.provider.read_webhook(bank.sign(b"{", time.time()), b"{")
    assert answer == Refused(PaymentRefusal.DELIVERY_INVALID)


async def test_a_saved_card_is_charged_and_a_repeated_charge_captures_once(bank: Bank) -> None:
    card = await bank.saved()
    charge = Charge(new_id(), card.payment_id, 2500, card.provider_ref)
    first, again = await bank.provider.charge([charge]), await bank.provider.charge([charge])
    assert first == again
    assert (first[0].state, first[0].amount_cents) == (PaymentState.CAPTURED, 2500)
    reference = Reference(charge.payment_id, first[0].provider_ref)
    assert (await bank.news(charge.payment_id)).state is PaymentState.CAPTURED
    (found,) = await bank.provider.fetch([reference])
    assert (found.state, found.amount_cents) == (PaymentState.CAPTURED, 2500)
    (answer,) = await bank.provider.refund([due(reference, 2500)])
    assert answer.state is RefundState.DONE


async def test_a_saved_card_whose_bank_wants_the_customer_is_declined_with_that_reason(bank: Bank) -> None:
    card = await bank.saved("later_challenged")
    (outcome,) = await bank.provider.charge([Charge(new_id(), card.payment_id, 2500, card.provider_ref)])
    assert (outcome.state, outcome.reason) == (PaymentState.DECLINED, "authentication_required")


async def test_a_saved_card_that_is_confirmed_on_a_page_is_charged_again(bank: Bank, start: Start) -> None:
    card = await bank.saved("later_challenged")
    (declined,) = await bank.provider.charge([Charge(new_id(), card.payment_id, 2500, card.provider_ref)])
    asked = start(amount_cents=2500, card=card)
    page = await bank.open(asked)
    assert await bank.pay(page, "later_challenged", stripe_standin.CODE) == "captured"
    assert (await bank.news(asked.payment_id)).state is PaymentState.CAPTURED
    (charged,) = await bank.provider.charge([Charge(new_id(), card.payment_id, 1000, card.provider_ref)])
    assert (declined.reason, charged.state) == ("authentication_required", PaymentState.CAPTURED)
    (again,) = await bank.provider.fetch([Reference(declined.payment_id, declined.provider_ref)])
    assert again.state is PaymentState.DECLINED


async def test_a_forgotten_card_is_not_charged_and_is_forgotten_once(bank: Bank) -> None:
    card = await bank.saved()
    for _ in range(2):
        await bank.provider.forget([card])
    (outcome,) = await bank.provider.charge([Charge(new_id(), card.payment_id, 2500, card.provider_ref)])
    assert outcome.state is PaymentState.DECLINED


async def test_an_abandoned_page_for_a_card_ends(bank: Bank) -> None:
    id_ = new_id()
    (page,) = await bank.provider.keep([NewSavedCard(id_, new_id(), "https://club.example/wallet")])
    assert isinstance(page, HostedPage)
    (outcome,) = await bank.provider.cancel([Reference(id_, page.provider_ref)])
    assert (outcome.state, outcome.amount_cents) == (PaymentState.EXPIRED, 0)


async def test_an_account_is_opened_once_and_its_form_leads_back(bank: Bank, buyer: aiohttp.ClientSession) -> None:
    new = NewAccount(new_id(), "Promoter", datetime.now(UTC))
    first, again = granted(await bank.provider.open_account(new)), granted(await bank.provider.open_account(new))
    assert first.ref == again.ref
    other = granted(await bank.provider.open_account(replace(new, organiser_id=new_id())))
    assert other.ref != first.ref
    replacing = granted(await bank.provider.open_account(replace(new, begun_at=new.begun_at + timedelta(seconds=1))))
    assert replacing.ref not in {first.ref, other.ref}
    url = await bank.provider.onboarding_url(first.ref, "https://club.example/again", "https://club.example/back")
    if bank.name == "stripe":
        assert not first.may_charge
        async with buyer.post(url, allow_redirects=False) as answer:
            assert answer.headers["location"] == "https://club.example/back"
        async with buyer.get(url) as answer:
            assert answer.status == 410
        said = await bank.provider.read_webhook(*await bank.inbox.next())
        assert not isinstance(said, Refused)
        assert [one.ref for one in said if isinstance(one, AccountReport) and one.may_charge] == [first.ref]
    else:
        assert url == "https://club.example/back"


async def test_an_organisers_account_takes_the_money_and_the_operator_the_fee(
    bank: Bank, start: Start, standin: StripeStandin
) -> None:
    account = await bank.account()
    asked = start(direct=DirectCharge(account, 350, "Promoter"))
    paid = await bank.captured(asked)
    refund = due(paid, 2000, returns_fee=True)
    (answer,) = await bank.provider.refund([refund])
    assert (answer.state, answer.account) == (RefundState.DONE, account)
    (kept,) = await bank.provider.refund([due(paid, 1000)])
    assert kept.state is RefundState.DONE
    (report,) = await bank.provider.accounts([account])
    if bank.name == "stripe":
        for owner in (account, None):
            standin.connect.balances[owner].pay_out()
    charge, *refunds = await bank.entries(account)
    assert (charge.kind, charge.amount_cents, charge.payment_id) == (EntryKind.CHARGE, 5000, paid.payment_id)
    assert sorted((one.kind.value, one.amount_cents, one.fee_cents) for one in refunds) == [
        ("refund", -2000, -140),
        ("refund", -1000, 0),
    ]
    fee, returned = await bank.entries(None)
    assert (fee.kind, fee.amount_cents, fee.payment_id) == (EntryKind.APPLICATION_FEE, 350, paid.payment_id)
    assert (returned.kind, returned.amount_cents) == (EntryKind.APPLICATION_FEE_RETURNED, -140)
    assert {one.account for one in (charge, *refunds, fee, returned)} == {account}
    assert {one.payment_id for one in (fee, returned)} == {paid.payment_id}
    net = sum(one.net_cents for one in (charge, *refunds))
    assert (report.available_cents or 0) + (report.pending_cents or 0) == net


async def test_a_payment_is_found_only_on_its_own_account(bank: Bank, start: Start) -> None:
    account = await bank.account()
    asked = start(direct=DirectCharge(account, 0, "Promoter"))
    page = await bank.open(asked)
    (open_page,) = await bank.provider.fetch([Reference(asked.payment_id, page.provider_ref, account)])
    assert (open_page.state, open_page.account) == (PaymentState.PENDING, account)
    (ended,) = await bank.provider.cancel([Reference(asked.payment_id, page.provider_ref, account)])
    assert (ended.state, ended.account) == (PaymentState.EXPIRED, account)
    elsewhere = await bank.provider.fetch([Reference(asked.payment_id, page.provider_ref)])
    assert {one.account for one in elsewhere} <= {account}


async def test_a_dispute_of_an_organisers_payment_names_its_account(bank: Bank, start: Start) -> None:
    account = await bank.account()
    asked = start(direct=DirectCharge(account, 100, "Promoter"))
    page = await bank.open(asked)
    assert await bank.pay(page, "disputed") == "captured"
    notice = await bank.dispute_news(asked.payment_id)
    assert notice.account == account
    due = DueEvidence(
        id=new_id(),
        pdf=b"%PDF-1.7 evidence",
        fields=EvidenceFields("The tickets were scanned."),
        dispute_id=new_id(),
        payment_id=asked.payment_id,
        dispute_ref=notice.provider_ref,
        attempts=0,
        account=account,
    )
    assert (await bank.provider.send_evidence(due)).state is EvidenceState.SENT


async def test_a_card_at_a_reader_is_captured_and_its_webhook_says_so(bank: Bank) -> None:
    reader = await bank.reader()
    waiting = await bank.hand_over(reader)
    bank.present(reader)
    outcome = await bank.news(waiting.payment_id)
    assert (outcome.state, outcome.amount_cents, outcome.is_foreign) == (PaymentState.CAPTURED, 900, False)
    reference = Reference(waiting.payment_id, outcome.provider_ref or waiting.provider_ref)
    for known in (reference, Reference(waiting.payment_id, waiting.provider_ref)):
        (looked_up,) = await bank.provider.fetch([known])
        assert (looked_up.state, looked_up.amount_cents) == (PaymentState.CAPTURED, 900)
    (part,) = await bank.provider.refund([due(reference, 400)])
    (rest,) = await bank.provider.refund([due(reference, 500)])
    assert {part.state, rest.state} == {RefundState.DONE}


async def test_a_card_that_is_declined_at_a_reader_captures_nothing(bank: Bank) -> None:
    reader = await bank.reader()
    waiting = await bank.hand_over(reader, 955)
    bank.present(reader, "incorrect_pin")
    outcome = await bank.news(waiting.payment_id)
    assert (outcome.state, outcome.reason) == (PaymentState.DECLINED, "incorrect_pin")
    (cancelled,) = await bank.provider.cancel([Reference(waiting.payment_id, waiting.provider_ref, amount_cents=900)])
    assert cancelled.state in {PaymentState.DECLINED, PaymentState.EXPIRED}


async def test_a_payment_is_handed_to_a_reader_once(bank: Bank) -> None:
    reader = await bank.reader("simulated-waiting")
    waiting = await bank.hand_over(reader)
    again = await bank.provider.readers.pay(ReaderPayment(waiting.payment_id, reader.ref, 900))
    assert again == waiting
    refused = await bank.provider.readers.pay(ReaderPayment(waiting.payment_id, reader.ref, 800))
    assert isinstance(refused, Refused)
    assert refused.reason is PaymentRefusal.PAYMENT_ID_TAKEN


async def test_a_payment_that_is_cancelled_at_a_reader_can_not_be_paid(bank: Bank) -> None:
    reader = await bank.reader("simulated-waiting")
    waiting = await bank.hand_over(reader)
    reference = Reference(waiting.payment_id, waiting.provider_ref, amount_cents=900)
    assert [one.is_busy for one in await bank.provider.readers.states([reader.ref])] == [True]
    (outcome,) = await bank.provider.cancel([reference])
    assert outcome.state is PaymentState.EXPIRED
    (outcome,) = await bank.provider.fetch([reference])
    assert outcome.state is PaymentState.EXPIRED
    assert [one.is_busy for one in await bank.provider.readers.states([reader.ref])] == [False]


async def test_a_payment_that_was_captured_before_its_cancellation_stays_captured(bank: Bank) -> None:
    reader = await bank.reader()
    waiting = await bank.hand_over(reader)
    bank.present(reader)
    await bank.news(waiting.payment_id)
    (outcome,) = await bank.provider.cancel([Reference(waiting.payment_id, waiting.provider_ref, amount_cents=900)])
    assert (outcome.state, outcome.amount_cents) == (PaymentState.CAPTURED, 900)


async def test_a_reader_that_is_busy_or_offline_takes_no_payment(bank: Bank) -> None:
    busy, offline = await bank.reader("simulated-waiting"), await bank.reader("simulated-offline")
    await bank.hand_over(busy)
    for reader, reason in ((busy, ReaderRefusal.BUSY), (offline, ReaderRefusal.OFFLINE)):
        asked = ReaderPayment(new_id(), reader.ref, 900)
        refused = await bank.provider.readers.pay(asked)
        assert isinstance(refused, Refused)
        assert refused.reason is reason
        (outcome,) = await bank.provider.cancel([Reference(asked.payment_id, reader.ref, amount_cents=900)])
        assert outcome.state in {PaymentState.DECLINED, PaymentState.EXPIRED}


async def test_a_reader_with_a_wrong_code_or_place_is_not_registered(bank: Bank) -> None:
    place, *_ = await bank.provider.readers.locations()
    asked = NewReader(new_id(), "wrong-code", "Bar", place.id)
    for new, reason in (
        (asked, ReaderRefusal.CODE_INVALID),
        (replace(asked, id=new_id(), code="simulated-wpe", location_id="nowhere"), ReaderRefusal.LOCATION_UNKNOWN),
    ):
        refused = await bank.provider.readers.register(new)
        assert isinstance(refused, Refused)
        assert refused.reason is reason

"""Payouts of the providers: what was captured and refunded, page by page, to the cent."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
import stripe

from tests.money.payments.conftest import KEY, WEBHOOK_SECRET, SandboxProcess
from tests.money.payments.stripe_standin import StripeStandin
from tests.money.payments.test_conformance import Bank, Inbox, Start, bank, due, inbox, of_stripe, standin
from tests.money.payments.test_stripe import EXAMPLES
from virage.money.payments.payouts import BalanceEntry, EntryKind, Listing, PayoutState, ProviderPayout
from virage.money.payments.provider import NoProvider, PaymentProvider, Unreachable
from virage.money.payments.rules import Charge
from virage.money.payments.sandbox_provider import SandboxProvider
from virage.money.payments.stripe_calls import LISTED_MAX
from virage.platform.values.ids import new_id
from virage_sandbox import wire
from virage_sandbox.bank import Bank as SandboxBank
from virage_sandbox.cards import Card
from virage_sandbox.payouts import entries_of, payouts

__all__ = ["bank", "inbox", "standin"]  # fixtures of the conformance suite

EVER = datetime(2020, 1, 1, tzinfo=UTC)


async def listed(provider: PaymentProvider) -> list[ProviderPayout]:
    return [payout async for page in provider.payouts(EVER) for payout in page]


async def entries(provider: PaymentProvider, payout: str, after: str | None = None) -> list[BalanceEntry]:
    return [entry async for page in provider.payout_entries(payout, after) for entry in page]


async def test_a_payout_lists_each_capture_and_refund_under_our_ids(
    bank: Bank, standin: StripeStandin, start: Start
) -> None:
    paid = await bank.captured(start())
    refund = due(paid, 2000)
    await bank.provider.refund([refund])
    if bank.name == "stripe":
        standin.balance.pay_out()
    (payout,) = await listed(bank.provider)
    found = [one for one in await entries(bank.provider, payout.id) if one.kind is not EntryKind.PAYOUT]
    charge, refunded = sorted(found, key=lambda one: one.kind)
    assert (charge.kind, charge.amount_cents, charge.payment_id) == (EntryKind.CHARGE, 5000, paid.payment_id)
    assert (refunded.kind, refunded.amount_cents, refunded.refund_id) == (EntryKind.REFUND, -2000, refund.id)
    assert sum(one.net_cents for one in found) == payout.amount_cents
    assert all(one.net_cents == one.amount_cents - one.fee_cents for one in found)
    assert {one.currency for one in found} == {payout.currency} == {"EUR"}


async def test_a_charged_card_is_listed_under_our_payment_id(bank: Bank, standin: StripeStandin) -> None:
    card = await bank.saved()
    charge = Charge(new_id(), card.payment_id, 2500, card.provider_ref)
    await bank.provider.charge([charge])
    if bank.name == "stripe":
        standin.balance.pay_out()
    (payout,) = await listed(bank.provider)
    found = await entries(bank.provider, payout.id)
    assert [one.payment_id for one in found if one.kind is EntryKind.CHARGE] == [charge.payment_id]


async def test_payouts_before_the_asked_time_are_left_out(bank: Bank, standin: StripeStandin, start: Start) -> None:
    await bank.captured(start())
    standin.balance.pay_out()
    later = datetime.now(UTC) + timedelta(days=2)
    assert [payout async for page in bank.provider.payouts(later) for payout in page] == []


async def test_a_long_list_goes_on_after_a_given_entry(standin: StripeStandin) -> None:
    ids = [new_id() for _ in range(2 * LISTED_MAX + 5)]
    for number, id_ in enumerate(ids):
        standin.balance.charge(id_, 100 + number)
    payout = standin.balance.pay_out()
    provider = of_stripe(standin)
    pages = [page async for page in provider.payout_entries(payout["id"])]
    assert [len(page) for page in pages] == [LISTED_MAX, LISTED_MAX, 6]
    rest = await entries(provider, payout["id"], pages[0][-1].id)
    assert rest == [entry for page in pages[1:] for entry in page]
    await provider.close()


async def test_a_provider_that_goes_away_between_pages_is_unreachable(standin: StripeStandin) -> None:
    for _ in range(LISTED_MAX + 1):
        standin.balance.charge(new_id(), 500)
    payout = standin.balance.pay_out()
    provider = of_stripe(standin)
    standin.balance.away_after = 1
    pages = provider.payout_entries(payout["id"])
    assert len(await anext(pages)) == LISTED_MAX
    with pytest.raises(Unreachable):
        await anext(pages)
    await provider.close()


async def test_each_kind_of_balance_transaction_has_its_kind(standin: StripeStandin) -> None:
    balance = standin.balance
    balance.fail_debit(balance.charge(new_id(), 5000))
    for category in ("refund", "refund_failure", "dispute", "dispute_reversal", "fee", "other_adjustment", "topup"):
        balance.add(category, -100, fee=10)
    balance.fail(balance.pay_out())
    second = balance.pay_out()
    provider = of_stripe(standin)
    latest, failed = await listed(provider)
    assert (latest.state, failed.state, failed.failure) == (PayoutState.PAID, PayoutState.FAILED, "account_closed")
    assert [one.kind for one in reversed(await entries(provider, failed.id))] == [
        EntryKind.CHARGE,
        EntryKind.CHARGE_FAILURE,
        EntryKind.REFUND,
        EntryKind.REFUND_FAILURE,
        EntryKind.DISPUTE,
        EntryKind.DISPUTE_REVERSAL,
        EntryKind.FEE,
        EntryKind.ADJUSTMENT,
        EntryKind.OTHER,
        EntryKind.PAYOUT,
    ]
    back = next(one for one in await entries(provider, second["id"]) if one.kind is EntryKind.PAYOUT_FAILURE)
    assert (back.amount_cents, back.source_ref) == (failed.amount_cents, failed.id)
    await provider.close()


@pytest.mark.parametrize(
    ("status", "listing"),
    [("completed", Listing.READY), ("in_progress", Listing.LATER), ("not_applicable", Listing.NEVER)],
)
async def test_a_payout_says_whether_its_entries_can_be_listed(
    standin: StripeStandin, status: str, listing: Listing
) -> None:
    standin.balance.pay_out(reconciliation_status=status)
    provider = of_stripe(standin)
    (payout,) = await listed(provider)
    assert payout.listing is listing
    await provider.close()


async def test_a_key_that_may_not_read_payouts_is_a_defect(standin: StripeStandin) -> None:
    url = "https://club.example/hook"
    endpoint = {
        "id": "we_1",
        "object": "webhook_endpoint",
        "url": url,
        "status": "enabled",
        "enabled_events": ["*"],
        "application": None,
    }
    standin.endpoints = [endpoint]
    provider = of_stripe(standin)
    assert await provider.defects(url) == []
    standin.not_permitted = frozenset({"payouts", "balance_transactions"})
    assert [line.partition("read ")[2].partition(";")[0] for line in await provider.defects(url)] == [
        "Payouts",
        "Balance transactions",
    ]
    await provider.close()


def test_the_stand_in_shows_the_fields_that_stripe_has(standin: StripeStandin) -> None:
    examples = json.loads(EXAMPLES.read_bytes())["resources"] if EXAMPLES.exists() else {}
    payout = standin.balance.pay_out()
    transaction = standin.balance.of_payout[payout["id"]][0]
    for shown, typed in ((payout, stripe.Payout), (transaction, stripe.BalanceTransaction)):
        assert shown.keys() <= typed.__annotations__.keys()
        example = examples.get(shown["object"], shown)
        assert shown.keys() - example.keys() <= {"reconciliation_status"}
        values = {name: value for name, value in shown.items() if value is not None and name != "source"}
        assert all(isinstance(example.get(name), type(value) | None) for name, value in values.items())


async def test_without_a_provider_there_are_no_payouts() -> None:
    assert await listed(NoProvider()) == []


def test_the_sandbox_pays_out_one_day_and_currency_at_a_time() -> None:
    bank, day = SandboxBank(), datetime(2026, 5, 9, 23, tzinfo=UTC)
    for hours, currency in ((0, "EUR"), (0, "CHF"), (2, "EUR")):
        payment = wire.NewPayment(new_id(), 10_000, "https://club.example", currency=currency)
        bank.open(payment)
        bank.pay(bank.accounts[payment.id], Card.ACCEPTED, (day + timedelta(hours=hours)).timestamp())
    now = day + timedelta(hours=3)
    found = payouts(bank, EVER, now)
    assert [(one.id, one.amount_cents, one.complete) for one in found] == [
        ("po_2026-05-09_CHF", 9835, True),
        ("po_2026-05-09_EUR", 9835, True),
        ("po_2026-05-10_EUR", 9835, False),
    ]
    assert [len(entries_of(bank, one.id)) for one in found] == [1, 1, 1]


async def test_payouts_of_the_sandbox_survive_its_restart(
    make_sandbox: Callable[[str], SandboxProcess], inbox: Inbox, buyer: aiohttp.ClientSession, start: Start
) -> None:
    process = make_sandbox(inbox.url)
    await process.ready()
    provider = SandboxProvider(process.url, KEY, WEBHOOK_SECRET, "EUR")
    paid = await Bank("sandbox", provider, inbox, buyer, lambda *_: {}).captured(start())
    await provider.refund([due(paid, 100)])
    before = await listed(provider)
    seen = await entries(provider, before[0].id)
    process.end()
    process.start()
    await process.ready()
    assert await listed(provider) == before
    assert await entries(provider, before[0].id) == seen
    assert len(seen) == 2
    assert abs(seen[0].created_at.timestamp() - time.time()) < 3600
    await provider.close()

"""Payouts that match, and every way in which they do not."""

import asyncio
import os
import signal
import sys
from datetime import timedelta

import pytest

from tests.money.payments.stripe_standin import KEY
from tests.money.settlement.conftest import Office
from virage.money.payments.types import EntryKind, PayoutState
from virage.money.settlement.acts import reconciling
from virage.money.settlement.rules.items import ItemKind, Resolution
from virage.money.settlement.rules.matching import MISSING_AFTER, Totals, Verdict
from virage.platform.data.database import Database

LATE = MISSING_AFTER + timedelta(hours=1)


async def test_a_payout_of_charges_refunds_and_fees_is_explained_to_the_cent(office: Office) -> None:
    first, _ = await office.sell(5000, 2000)
    refund = await office.refund(first, 1500)
    office.refund_entry(refund, -1500)
    office.balance.add("fee", -300)
    office.balance.pay_out()
    await office.reconcile()
    payout = await office.payout()
    assert payout.totals == Totals(4, 7000, 100 + 55 + 300, 1500, 0, 0, 5045, 0)
    assert payout.amount_cents == 5045
    assert await office.items() == []


async def test_what_card_readers_took_is_told_apart(office: Office) -> None:
    at_reader, _ = await office.sell(5000, 2000)
    async with office.db.connection() as conn:
        await conn.execute("update payments.payment set purpose = 'card_reader' where id = $1", at_reader)
    refund = await office.refund(at_reader, 1500)
    office.refund_entry(refund, -1500)
    office.balance.pay_out()
    await office.reconcile()
    totals = (await office.payout()).totals
    assert totals is not None
    assert (totals.gross_cents, totals.refund_cents, totals.reader_cents) == (7000, 1500, 3500)


async def test_the_next_run_changes_nothing(office: Office) -> None:
    await office.sell(5000)
    office.balance.pay_out()
    await office.reconcile()
    before = await office.payouts(), await office.entries((await office.payout()).id)
    await office.reconcile()
    assert (await office.payouts(), await office.entries(before[0][0].id)) == before


async def test_before_the_first_payment_the_provider_is_not_asked(office: Office) -> None:
    await office.reconcile()
    assert office.standin.calls == 0


async def test_a_charge_that_the_payout_lacks_is_unexplained_and_listed(office: Office) -> None:
    await office.sell(5000, 2000)
    payout = office.balance.pay_out()
    lost = office.balance.of_payout[payout["id"]].pop()
    await office.reconcile()
    found = (await office.payout()).totals
    assert found is not None
    assert found.unexplained_cents == lost["net"]
    assert await office.kinds() == ["payout_differs"]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"amount": 4999, "net": 4899}, "amount_differs"),
        ({"currency": "usd"}, "currency_differs"),
        ({"net": 4901}, "net_differs"),
    ],
)
async def test_a_charge_of_another_amount_or_currency_is_listed(
    office: Office, change: dict[str, int], kind: str
) -> None:
    (paid,) = await office.sell(5000)
    office.balance.pending[0] |= change
    office.balance.pay_out()
    await office.reconcile()
    (item,) = await office.items()
    assert (item.kind, item.payment_id) == (kind, paid)
    assert item.expected_cents == 5000


async def test_an_entry_without_a_payment_of_ours_is_listed(office: Office) -> None:
    await office.capture(1000)
    office.balance.add("charge", 700, {"metadata": {}})
    office.balance.pay_out()
    await office.reconcile()
    (item,) = await office.items()
    assert (item.kind, item.amount_cents, item.expected_cents) == (ItemKind.PAYMENT_UNKNOWN, 700, None)


async def test_a_dispute_finds_its_payment_by_an_earlier_charge(office: Office) -> None:
    await office.sell(5000)
    intent = office.balance.pending[0]["source"]["payment_intent"]
    office.balance.pay_out()
    office.clock.advance(timedelta(days=1))
    office.balance.add("dispute", -5000, {"payment_intent": intent}, fee=1500)
    office.balance.pay_out()
    await office.reconcile()
    assert await office.items() == []
    assert [payout.totals.dispute_cents for payout in await office.payouts() if payout.totals] == [5000, 0]


async def test_a_payout_that_fails_is_listed_until_its_money_comes_back(office: Office) -> None:
    await office.sell(5000)
    payout = office.balance.pay_out()
    await office.reconcile()
    office.balance.fail(payout)
    await office.reconcile()
    assert (await office.payout()).state is PayoutState.FAILED
    assert await office.kinds() == ["payout_failed"]
    office.clock.advance(timedelta(days=1))
    office.balance.pay_out()
    await office.reconcile()
    assert await office.items() == []
    (back,) = await office.resolved()
    assert (back.kind, back.resolution, back.resolved_by) == (ItemKind.PAYOUT_FAILED, Resolution.LATER, None)
    latest = (await office.payouts())[0]
    assert back.matched_to in {one.entry.id for one in await office.entries(latest.id)}
    assert latest.totals is not None
    assert latest.totals.other_cents == latest.amount_cents


async def test_entries_in_another_order_and_twice_give_the_same_result(office: Office) -> None:
    await office.sell(5000, 2000, 300)
    payout = office.balance.pay_out()
    listed = office.balance.of_payout[payout["id"]]
    office.balance.of_payout[payout["id"]] = [*listed[::-1], listed[0]]
    await office.reconcile()
    found = await office.payout()
    assert found.totals is not None
    assert (found.totals.entries, found.totals.unexplained_cents) == (3, 0)
    assert await office.items() == []


async def test_a_provider_that_goes_away_between_pages_is_continued_later(office: Office) -> None:
    await office.sell(*[500 + number for number in range(250)])
    office.balance.pay_out()
    office.balance.away_after = 2  # the list of payouts, and one page of entries
    await office.reconcile()
    payout = await office.payout()
    assert len(await office.entries(payout.id)) == 100
    assert payout.totals is None
    office.balance.away_after, office.balance.pages = None, 0
    await office.reconcile()
    assert office.balance.pages == 2
    payout = await office.payout()
    assert payout.totals is not None
    assert (payout.totals.entries, payout.totals.unexplained_cents) == (250, 0)


async def test_nothing_is_missing_while_the_provider_is_away(office: Office) -> None:
    await office.capture(5000)
    office.standin.away = True
    office.clock.advance(LATE)
    await office.reconcile()
    assert await office.items() == []


async def test_a_killed_job_is_continued_without_doubled_entries(office: Office, database_url: str) -> None:
    await office.sell(*[500 + number for number in range(950)])
    office.balance.pay_out()
    office.standin.latency_s = 0.05
    program = (
        "import asyncio, sys\n"
        "from virage.money.payments.stripe_provider import StripeProvider\n"
        "from virage.money.settlement.jobs import SettlementJob\n"
        "from virage.platform.data.database import Database\n"
        "from virage.platform.values.clock import Clock\n"
        "async def main(url, api, key):\n"
        "    provider = StripeProvider(key, [], currency='EUR', merchant='', methods=[], api_url=api)\n"
        "    await SettlementJob(Clock(), provider, 'EUR').reconcile(await Database.open(url))\n"
        "asyncio.run(main(*sys.argv[1:]))\n"
    )
    arguments = ["-c", program, database_url, office.standin.url, KEY]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments)
    async with asyncio.timeout(60):
        while office.balance.pages < 4:  # noqa: ASYNC110 - another process is observed from outside
            await asyncio.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    office.standin.latency_s = 0.0
    payout = await office.payout()
    assert 0 < len(await office.entries(payout.id)) < 950
    assert payout.totals is None
    await office.reconcile()
    payout = await office.payout()
    assert payout.totals is not None
    assert (payout.totals.entries, payout.totals.unexplained_cents) == (950, 0)
    assert await office.items() == []


async def test_a_comparison_that_stopped_after_a_page_is_continued(
    office: Office, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "PAGE", 2)
    await office.sell(100, 200, 300, 400, 500)
    office.balance.pay_out()
    await office.job.fetch(db)
    payout = await office.payout()
    async with db.transaction() as conn:
        assert await reconciling.match_page(conn, payout.id, "EUR", office.clock.now())
    assert [one.verdict for one in await office.entries(payout.id)].count(Verdict.MATCHED) == 2
    await office.reconcile()
    assert {one.verdict for one in await office.entries(payout.id)} == {Verdict.MATCHED}
    assert await office.items() == []


async def test_a_capture_and_a_refund_that_no_payout_names_are_missing_after_ten_days(office: Office) -> None:
    paid, _ = await office.sell(5000, 2000)
    refund = await office.refund(paid, 100)
    office.balance.pending.pop(0)
    office.balance.pay_out()
    office.clock.advance(MISSING_AFTER - timedelta(minutes=1))
    await office.reconcile()
    assert await office.items() == []
    office.clock.advance(timedelta(hours=1))
    await office.reconcile()
    assert {(item.kind, item.amount_cents, item.payment_id, item.refund_id) for item in await office.items()} == {
        (ItemKind.PAYMENT_MISSING, 5000, paid, None),
        (ItemKind.REFUND_MISSING, -100, paid, refund),
    }
    await office.reconcile()
    assert len(await office.items()) == 2


async def test_a_debit_is_missing_ten_days_after_its_money_came_and_not_after_its_page(office: Office) -> None:
    paid = await office.debit(5000, timedelta(days=9))
    office.clock.advance(timedelta(days=2))
    await office.reconcile()
    assert await office.items() == []
    office.clock.advance(LATE - timedelta(days=2))
    await office.reconcile()
    assert [(item.kind, item.payment_id) for item in await office.items()] == [(ItemKind.PAYMENT_MISSING, paid)]


async def test_a_debit_of_a_payout_is_matched_and_never_missing(office: Office) -> None:
    paid = await office.debit(5000, timedelta(days=9))
    office.balance.charge(paid, 5000)
    office.balance.pay_out()
    await office.reconcile()
    office.clock.advance(LATE)
    await office.reconcile()
    assert await office.items() == []


async def test_missing_payments_are_found_page_by_page(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "PAGE", 2)
    ids = await office.capture(100, 200, 300, 400, 500)
    office.clock.advance(LATE)
    await office.reconcile()
    assert {item.payment_id for item in await office.items()} == set(ids)


async def test_a_late_entry_closes_what_was_missing_and_says_so(office: Office) -> None:
    (paid,) = await office.capture(5000)
    office.clock.advance(LATE)
    await office.reconcile()
    assert await office.kinds() == ["payment_missing"]
    late = office.balance.charge(paid, 5000)
    office.balance.pay_out()
    await office.reconcile()
    assert await office.items() == []
    (item,) = await office.resolved()
    assert (item.resolution, item.matched_to) == (Resolution.LATER, late["id"])


async def test_an_entry_is_matched_later_once_what_it_names_is_known(office: Office) -> None:
    (paid,) = await office.sell(5000)
    payout = office.balance.pay_out()
    office.clock.advance(timedelta(days=1))
    office.balance.fail(payout)
    office.balance.payouts.remove(payout)  # not listed yet
    office.balance.pay_out()
    await office.reconcile()
    assert await office.kinds() == ["payout_unknown"]
    office.balance.payouts.insert(0, payout)
    await office.reconcile()
    assert await office.items() == []
    assert {item.kind for item in await office.resolved()} >= {ItemKind.PAYOUT_UNKNOWN}
    assert paid in {one.entry.payment_id for one in await office.entries((await office.payouts())[1].id)}


async def test_a_payout_made_by_hand_is_listed_because_its_entries_never_are(office: Office) -> None:
    await office.capture(5000)
    office.balance.add("fee", 100)
    office.balance.pay_out(reconciliation_status="not_applicable")
    await office.reconcile()
    assert await office.kinds() == ["payout_not_listed"]
    assert office.balance.pages == 0


async def test_an_entry_of_two_payouts_counts_in_the_first(office: Office) -> None:
    await office.sell(5000)
    first = office.balance.pay_out()
    office.clock.advance(timedelta(days=1))
    await office.sell(700)
    second = office.balance.pay_out()
    doubled = next(one for one in office.balance.of_payout[first["id"]] if one["type"] == "charge")
    office.balance.of_payout[second["id"]].append(doubled)
    second["amount"] += doubled["net"]
    await office.reconcile()
    (item,) = await office.items()
    assert (item.kind, item.amount_cents - (item.expected_cents or 0)) == (ItemKind.PAYOUT_DIFFERS, doubled["net"])


async def test_two_jobs_at_the_same_time_store_each_entry_once(office: Office) -> None:
    await office.sell(*[500 + number for number in range(150)])
    office.balance.pay_out()
    await asyncio.gather(office.reconcile(), office.reconcile())
    payout = await office.payout()
    assert payout.totals is not None
    assert (payout.totals.entries, payout.totals.unexplained_cents) == (150, 0)
    assert [one.entry.kind for one in await office.entries(payout.id)].count(EntryKind.CHARGE) == 150


async def test_a_debit_that_fails_after_it_had_settled_is_reconciled_to_the_cent(office: Office) -> None:
    debit = await office.debit(5000, timedelta(days=5))
    charge = office.balance.charge(debit, 5000)
    office.balance.pay_out()
    await office.reconcile()
    office.clock.advance(timedelta(days=2))
    office.balance.fail_debit(charge)
    await office.sell(9000)
    office.balance.pay_out()
    await office.reconcile()
    assert await office.items() == []
    totals = (await office.payouts())[0].totals
    assert totals is not None
    assert (totals.gross_cents, totals.dispute_cents, totals.unexplained_cents) == (9000, 5000, 0)
    office.balance.fail_debit(charge)
    office.balance.pay_out()
    await office.reconcile()
    assert await office.kinds() == ["named_twice"]

"""Payouts of organisers' accounts, and the application fees of their payments, to the cent."""

from datetime import UTC, date, datetime, timedelta

from tests.money.settlement.conftest import EVER, Office
from virage.control.books.rules.accounting import TicketRevenue, journal
from virage.money.payments import acts
from virage.money.payments.accounts import acts as account_acts
from virage.money.payments.accounts.rules import AccountReport, FeeRule
from virage.money.payments.rules import RefundRequest
from virage.money.payments.types import EntryKind
from virage.money.settlement import api as settlement
from virage.money.settlement.acts import items as item_acts
from virage.money.settlement.reads.views import payout_lines
from virage.money.settlement.rules.items import ItemKind, NewItem
from virage.money.settlement.rules.matching import MISSING_AFTER, Standing, Verdict
from virage.money.settlement.store import payouts as payout_store
from virage.platform.values.ids import new_id

LATE = MISSING_AFTER + timedelta(hours=1)
NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)


async def refund(office: Office, payment_id: object, cents: int) -> None:
    """A refund that the provider has done."""
    async with office.db.transaction() as conn:
        await acts.request_refund(conn, [RefundRequest(new_id(), payment_id, cents)], office.clock.now())  # type: ignore[arg-type]  # an id
    await office.refund_all()


async def test_the_payouts_of_operator_and_organisers_are_each_explained_to_the_cent(office: Office) -> None:
    (promoter, ref), (federation, other) = await office.seller(FeeRule(50, 100)), await office.seller(FeeRule(15))
    (own,) = await office.sell(7000)
    sold = await office.sell_for(promoter, 5000)
    dear = await office.sell_for(federation, 9000)
    await refund(office, sold, 1234)
    for owner in (ref, other, None):
        office.standin.connect.balances[owner].pay_out()
    await office.reconcile()
    assert await office.items() == []
    payouts = {payout.account: payout for payout in await office.payouts()}
    found = {owner: payout.totals for owner, payout in payouts.items()}
    assert all(totals is not None and totals.unexplained_cents == 0 for totals in found.values())
    promoters, federations, operators = found[ref], found[other], found[None]
    assert promoters is not None
    assert federations is not None
    assert operators is not None
    fee_back = 350 * 1234 // 5000
    assert (promoters.gross_cents, promoters.refund_cents, promoters.application_fee_cents) == (5000, 1234, 0)
    assert promoters.fee_cents == 100 + 350 - fee_back
    assert (federations.gross_cents, federations.fee_cents) == (9000, 160 + 135)
    assert (operators.gross_cents, operators.refund_cents) == (7000, 0)
    assert operators.application_fee_cents == 350 - fee_back + 135
    fees = [one for one in await office.entries(payouts[None].id) if one.entry.kind is EntryKind.APPLICATION_FEE]
    assert {(one.entry.payment_id, one.entry.account) for one in fees} == {(sold, ref), (dear, other)}
    assert {one.verdict for one in fees} == {Verdict.MATCHED}
    charges = [one.entry for one in await office.entries(payouts[ref].id) if one.entry.kind is EntryKind.CHARGE]
    assert [one.payment_id for one in charges] == [sold]
    assert own not in {sold, dear}


async def test_a_replaced_account_is_reconciled_further(office: Office) -> None:
    promoter, ref = await office.seller(FeeRule(50))
    sold = await office.sell_for(promoter, 5000)
    async with office.db.transaction() as conn:
        await account_acts.replace_account(conn, promoter, ref, new_id(), office.clock.now())
    await refund(office, sold, 1000)
    office.standin.connect.balances[ref].pay_out()
    office.balance.pay_out()
    await office.reconcile()
    assert await office.items() == []
    payout = next(one for one in await office.payouts() if one.account == ref)
    assert payout.totals is not None
    assert (payout.totals.gross_cents, payout.totals.refund_cents) == (5000, 1000)
    async with office.db.connection() as conn:
        assert [line.organiser for line in await payout_lines(conn, [payout.id])] == ["Promoter 50"]


async def test_an_account_that_does_not_answer_keeps_no_other_from_being_read(office: Office) -> None:
    (_, silent), (federation, other) = await office.seller(FeeRule()), await office.seller(FeeRule())
    await office.sell(7000)
    await office.sell_for(federation, 9000)
    for owner in (other, None):
        office.standin.connect.balances[owner].pay_out()
    office.standin.connect.disconnected.add(silent)
    await office.reconcile()
    assert {payout.account for payout in await office.payouts() if payout.totals is not None} == {None, other}


async def test_the_accounting_export_has_only_the_fee_of_what_organisers_sold(office: Office) -> None:
    (promoter, ref), (own,) = await office.seller(FeeRule(50, 100)), await office.sell(7000)
    sold = await office.sell_for(promoter, 5000)
    await refund(office, sold, 1234)
    for owner in (ref, None):
        office.standin.connect.balances[owner].pay_out()
    await office.reconcile()
    async with office.db.connection() as conn:
        payouts = await settlement.payouts_until(conn, date(2100, 1, 1))
    day = payouts[0].day
    made = journal((day, day), ([], []), TicketRevenue([], {}, {}), {}, codes={}, made_at=NOW, payouts=payouts)
    sums = {line.account_name: line.credit_cents - line.debit_cents for line in made.lines}
    fee, fees = 350 - 350 * 1234 // 5000, 7000 * 15 // 1000 + 25
    assert sums == {
        "provider_clearing": 7000,
        "organiser_fees": fee,
        "provider_fees": -fees,
        "bank": -(7000 + fee - fees),
    }
    assert own != sold


async def test_an_organisers_payout_needs_no_bank_line_of_the_operator(office: Office) -> None:
    promoter, ref = await office.seller(FeeRule(50))
    await office.sell_for(promoter, 5000)
    payout = office.standin.connect.balances[ref].pay_out()
    await office.reconcile()
    arrived = office.clock.now().date()
    await office.book((arrived, payout["amount"], f"STRIPE {payout['trace_id']['value']}"), (arrived + LATE, 1, "X"))
    async with office.db.connection() as conn:
        (line,) = await payout_lines(conn, [(await office.payout()).id])
    assert (line.standing, line.line, line.organiser) == (Standing.MATCHED, None, "Promoter 50")
    assert "payout_not_in_bank" not in await office.kinds()


async def test_an_organiser_who_charges_another_fee_or_names_anothers_payment_is_listed(office: Office) -> None:
    promoter, ref = await office.seller(FeeRule(50))
    sold = await office.sell_for(promoter, 5000)
    (own,) = await office.capture(7000)
    fee = next(one for one in office.standin.objects.values() if one["object"] == "application_fee")
    fee["amount"] = 200  # made without Virage
    theirs = office.standin.connect.balances[ref]
    theirs.charge(own, 7000)  # names a payment of the operator
    for owner in (ref, None):
        office.standin.connect.balances[owner].pay_out()
    await office.reconcile()
    assert await office.kinds() == ["amount_differs", "payment_unknown"]
    by_kind = {item.kind.value: item for item in await office.items()}
    assert (by_kind["amount_differs"].payment_id, by_kind["amount_differs"].expected_cents) == (sold, 250)
    assert by_kind["payment_unknown"].payment_id == own


async def test_what_an_organiser_earns_elsewhere_is_summed_in_its_payout_and_opens_no_item(office: Office) -> None:
    promoter, ref = await office.seller(FeeRule(50))
    sold = await office.sell_for(promoter, 5000)
    theirs = office.standin.connect.balances[ref]
    shop = {"payment_intent": "pi_shop", "metadata": {"payment_id": str(new_id())}}  # a key that other shops use too
    theirs.add("charge", 8000, shop, fee=145)
    theirs.add("refund", -3000, {"payment_intent": "pi_shop", "metadata": {"refund_id": str(new_id())}})
    theirs.add("dispute", -1000, {"payment_intent": "pi_shop"}, fee=2000)
    theirs.add("platform_earning", 70, {"metadata": {"page_of": ""}})  # the organiser is a platform of its own
    theirs.add("topup", 500)
    theirs.add("fee", -200)
    theirs.pay_out()
    office.balance.pay_out()
    await office.reconcile()
    assert await office.items() == []
    payout = next(one for one in await office.payouts() if one.account == ref)
    totals = payout.totals
    assert totals is not None
    assert totals.other_business_cents == 8000 - 145 - 3000 - 1000 - 2000 + 70 + 500
    assert (totals.gross_cents, totals.refund_cents, totals.dispute_cents, totals.other_cents) == (5000, 0, 0, 0)
    assert totals.fee_cents == 100 + 250 + 200
    assert (totals.net_cents, totals.unexplained_cents) == (payout.amount_cents, 0)
    entries = await office.entries(payout.id)
    assert {one.entry.payment_id for one in entries if one.verdict is Verdict.MATCHED} == {sold, None}
    assert sum(one.verdict is Verdict.OTHER_BUSINESS for one in entries) == 5
    async with office.db.connection() as conn:
        assert await payout_store.entries(conn, payout.id, None, (EVER, ""), 10, unmatched=True) == []


async def test_another_charge_of_an_organiser_cannot_stand_for_a_payment_that_its_payouts_lack(office: Office) -> None:
    promoter, ref = await office.seller(FeeRule())
    sold = await office.sell_for(promoter, 5000)
    theirs = office.standin.connect.balances[ref]
    theirs.collect()
    real = theirs.pending[0]
    real["source"]["metadata"] = {}  # the organiser removes our id from the charge,
    real |= {"amount": 4000, "net": 3900}  # of which less arrives than was captured,
    theirs.charge(sold, 5000)  # and makes another one with our id
    theirs.pay_out()
    office.clock.advance(LATE)
    await office.reconcile()
    assert await office.kinds() == ["amount_differs", "payment_missing", "payment_unknown"]
    assert {item.payment_id for item in await office.items()} == {sold}


async def test_a_refund_of_a_sale_that_an_organiser_makes_itself_is_listed_also_before_its_charge_is_paid_out(
    office: Office,
) -> None:
    promoter, ref = await office.seller(FeeRule())
    sold = await office.sell_for(promoter, 5000)
    theirs = office.standin.connect.balances[ref]
    theirs.collect()
    charge = theirs.pending.pop()  # it is pending for some days, and a refund is taken at once
    theirs.add("refund", -1000, {"payment_intent": charge["source"]["payment_intent"]})
    theirs.pay_out()
    await office.reconcile()
    (item,) = await office.items()
    assert (item.kind, item.payment_id) == (ItemKind.REFUND_UNKNOWN, sold)


async def test_another_refund_of_an_organiser_cannot_stand_for_one_that_its_payouts_lack(office: Office) -> None:
    promoter, ref = await office.seller(FeeRule())
    sold = await office.sell_for(promoter, 5000)
    await refund(office, sold, 1000)
    theirs = office.standin.connect.balances[ref]
    theirs.collect()
    real = theirs.pending.pop()
    forged = {"payment_intent": "pi_shop", "metadata": real["source"]["metadata"]}
    theirs.add("refund", -1000, forged)
    theirs.pay_out()
    office.clock.advance(LATE)
    await office.reconcile()
    assert await office.kinds() == ["refund_missing", "refund_unknown"]


async def test_entries_that_an_earlier_version_listed_become_other_business(office: Office) -> None:
    promoter, ref = await office.seller(FeeRule())
    await office.sell_for(promoter, 5000)
    theirs = office.standin.connect.balances[ref]
    theirs.add("charge", 8000, {"payment_intent": "pi_shop"})
    theirs.pay_out()
    await office.reconcile()
    (payout,) = await office.payouts()
    (other,) = [one.entry for one in await office.entries(payout.id) if one.verdict is Verdict.OTHER_BUSINESS]
    item = NewItem(f"entry:{other.id}", ItemKind.PAYMENT_UNKNOWN, 8000, "EUR", NOW, entry_id=other.id)
    async with office.db.transaction() as conn:
        await conn.execute("update settlement.entry set verdict = 'payment_unknown' where id = $1", other.id)
        await conn.execute("update settlement.payout set gross_cents = 13000, other_business_cents = 0")
        await item_acts.open_items(conn, [item], NOW)
    await office.reconcile()
    assert await office.items() == []
    totals = (await office.payout()).totals
    assert totals is not None
    assert (totals.gross_cents, totals.other_business_cents) == (5000, 8000)


async def test_an_application_fee_that_no_payout_names_is_missing_until_one_does(office: Office) -> None:
    promoter, ref = await office.seller(FeeRule(50))
    sold = await office.sell_for(promoter, 5000)
    office.standin.connect.balances[ref].pay_out()
    office.clock.advance(LATE)
    await office.reconcile()
    (missing,) = await office.items()
    assert (missing.kind.value, missing.amount_cents, missing.payment_id) == ("application_fee_missing", 250, sold)
    words = (
        "select kind from settlement.item union select key from settlement.item union select kind from settlement.entry"
    )
    async with office.db.connection() as conn:
        stored = {row["kind"] for row in await conn.fetch(words)}
    assert stored == {"share_missing", f"share_missing:{sold}", "charge", "payout"}  # words that are stored stay
    office.balance.pay_out()
    await office.reconcile()
    assert await office.items() == []
    async with office.db.connection() as conn:
        assert "share" in {row["kind"] for row in await conn.fetch(words)}


async def test_an_application_fee_of_an_account_that_is_disconnected_is_listed_and_others_go_on(office: Office) -> None:
    promoter, ref = await office.seller(FeeRule(50))
    await office.sell_for(promoter, 5000)
    await office.sell(7000)
    theirs = office.standin.connect.balances[ref]
    theirs.pay_out()
    theirs.away_after = 1  # its payout is known, and its entries are not
    await office.reconcile()
    office.standin.connect.disconnected.add(ref)
    async with office.db.transaction() as conn:
        gone = AccountReport(ref, may_charge=False, may_pay_out=False, disabled_reason="disconnected")
        await account_acts.record_accounts(conn, [gone], office.clock.now())
    office.balance.pay_out()
    await office.reconcile()
    payout = next(one for one in await office.payouts() if one.account is None)
    assert payout.totals is not None
    assert (payout.totals.unexplained_cents, payout.totals.application_fee_cents) == (0, 250)
    assert await office.kinds() == ["payment_unknown"]

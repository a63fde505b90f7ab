"""All books at once: whatever tills, kitchens, desks, the operator and bank cards do, all reports
agree.

One evening with every kind of money movement. Then the audit, the accountant's journal, the
closings, the sales figures, the shifts and the wallet balances are compared with each other, cent
by cent.
"""

from collections import Counter as Count
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from tests.conftest import FakeClock
from tests.matchday.food.orders.kitchen import LATE, Kitchen
from tests.matchday.food.till.bar import CAP_CENTS, ROUND, ROUND_CENTS, Bar, Fan, by_card, sent
from tests.matchday.food.till.test_virtual_card import a_fan, by_phone
from tests.money.fiscal.till import CASHIER, Till, beer, cup, fries, refund_of
from tests.money.wallet.funding.desks import employ, load_said, signed_load
from tests.money.wallet.ledger.books import books
from tests.zones import PARIS
from virage.control.books.acts import sales_statistics as figures
from virage.control.books.reads.accounting import journal_of
from virage.control.books.reads.sales import SalesFilter, sales
from virage.control.books.reads.shifts import shifts
from virage.control.books.reads.takings import till_mismatches
from virage.control.books.rules.accounting import Journal
from virage.control.books.rules.sales_statistics import SalesGrouping
from virage.demo.programme import done
from virage.matchday.food.orders.acts import kitchen
from virage.matchday.food.till.rules.booking import account_of
from virage.money.fiscal.acts.records import close
from virage.money.fiscal.rules.calendar import ends
from virage.money.fiscal.rules.closing import Closing, Period, PeriodKind
from virage.money.fiscal.rules.record import Kind, RefundOf, Tender, TenderKind, VerifiedRecord
from virage.money.payments import acts as payments
from virage.money.payments.handlers import Handlers
from virage.money.payments.rules import Outcome, PaymentIntent, PaymentState
from virage.money.wallet.accounts.rules.wallets import DeskTender
from virage.money.wallet.cards.rules.cards import Tap
from virage.money.wallet.cards.rules.sun import message_of, verify
from virage.money.wallet.funding.acts import bonus, desk
from virage.money.wallet.funding.acts import top_ups as wallets
from virage.money.wallet.funding.acts.desk import DeskRequest
from virage.money.wallet.funding.acts.top_up_money import TopUpMoney
from virage.money.wallet.funding.rules.bonus import BonusGrant
from virage.money.wallet.funding.rules.desk import BookedDeskTransaction, DeskLimits, drawer
from virage.money.wallet.funding.rules.top_ups import PURPOSE, Limits
from virage.money.wallet.ledger.store import balances
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

EVENING: Final = date(2026, 5, 9)
DAY: Final = timedelta(days=1)
MINUTE: Final = timedelta(minutes=1)
DESK: Final = DeskLimits(500, 15_000, 25_000, 15_000, 15_000, PARIS)
LIMITS: Final = Limits(500, 15_000, 25_000)
HANDLERS: Final = Handlers({PURPOSE: TopUpMoney(25_000)})


class Evening:
    """All money movements, and top-ups of wallets, added up by hand."""

    def __init__(self, bar: Bar, food: Kitchen, clock: FakeClock) -> None:
        self.bar = bar
        self.food = food
        self.clock = clock
        self.paid_in_at_desks: Count[str] = Count()
        self.tills: list[Till] = []

    async def upload(self, till: Till, kind: Kind = Kind.SALE, **said: Any) -> VerifiedRecord:
        written = till.write(kind, **said)
        (answer,) = await self.bar.send(till, sent(written, offline=True))
        assert answer.outcome == "booked", answer
        return written

    async def back(self, till: Till, of: RefundOf, kind: TenderKind, lines: Any) -> VerifiedRecord:
        """Upload an offline refund."""
        tenders = [Tender(kind, sum(line.cents for line in lines), None)]
        return await self.upload(till, Kind.REFUND, lines=lines, tenders=tenders, refund_of=of)

    async def fan(self, cents: int, bonus_cents: int = 0) -> Fan:
        """Return a fan with a topped-up card and bonus credit."""
        fan = await self.bar.fan(0)
        await self.desk(self.tills[0], fan, cents, DeskTender.CASH)
        await self.give(fan.wallet_id, bonus_cents)
        return fan

    async def give(self, wallet_id: UUID, cents: int) -> None:
        if cents:
            async with self.bar.db.transaction() as conn:
                (given,) = await bonus.give(
                    conn, [BonusGrant(new_id(), wallet_id, cents, "goodwill")], self.clock.now()
                )
            done(given)
            self.paid_in_at_desks["bonus"] += cents

    async def desk(self, till: Till, fan: Fan, cents: int, tender: DeskTender) -> None:
        """Top up a card at a desk, or pay out."""
        message = message_of(f"?{fan.tap()}")
        assert message is not None
        tap = Tap(new_id(), verify(message, self.bar.secrets.keys), pays=cents < 0)
        said = load_said(till.id, CASHIER, fan.wallet_id, cents, self.clock.now(), tender=tender)
        ask = DeskRequest(signed_load(till.signer, said), fan.card_id, tap)
        for _ in range(2):  # the response is lost, and the request is sent again
            async with self.bar.db.transaction() as conn:
                loaded = await desk.book_at_desk(conn, ask, DESK, cap_cents=CAP_CENTS, now=self.clock.now())
            assert isinstance(loaded, BookedDeskTransaction), loaded
        self.paid_in_at_desks[tender.value] += cents

    async def bank_card(self, owner_id: UUID, cents: int) -> None:
        """Top up a wallet by bank card."""
        wish, now = wallets.TopUpRequest(new_id(), new_id(), cents), self.clock.now()
        async with self.bar.db.transaction() as conn:
            start = await wallets.top_up(conn, owner_id, wish, limits=LIMITS, return_url="https://x", now=now)
        assert isinstance(start, PaymentIntent), start
        for _ in range(2):
            async with self.bar.db.transaction() as conn:
                await payments.settle(conn, [Outcome(wish.payment_id, PaymentState.CAPTURED, cents)], now, HANDLERS)
        self.paid_in_at_desks["clearing"] += cents

    async def pay_out(self, owner_id: UUID) -> None:
        """Pay out the balance to the bank cards."""
        async with self.bar.db.transaction() as conn:
            paid = await wallets.pay_out(conn, owner_id, new_id(), self.clock.now())
        assert isinstance(paid, wallets.PaidOut), paid
        self.paid_in_at_desks["clearing"] -= paid.cents


async def at_the_counter(evening: Evening) -> None:
    """All tenders, splits and tips; deposits; online and offline; losses; inconsistent records; refunds."""
    bar, (first, second) = evening.bar, evening.tills
    await evening.upload(first, Kind.SHIFT_OPENED)
    evening.clock.advance(MINUTE)
    fan, poor = await evening.fan(5_000, bonus_cents=500), await evening.fan(600)
    split = [*by_card(700, fan.tap()), Tender(TenderKind.CASH, 300, None), Tender(TenderKind.TERMINAL, 200, "slip")]
    sale, _ = await bar.sell_online(first, split, tip_cents=50)
    await bar.refund(first, sale, 450, TenderKind.CARD)
    await evening.upload(second, lines=ROUND, tenders=by_card(ROUND_CENTS, poor.tap()))  # 5.50 of it is not covered
    cash = await evening.upload(first, lines=[beer(2), cup(2)])
    await bar.refund(second, cash, 700, TenderKind.CASH)
    await evening.upload(first, lines=[fries(), cup(-3)])
    await evening.upload(first, Kind.REFUND, lines=[cup(-2)], tenders=[Tender(TenderKind.CASH, -200, None)])
    await evening.upload(first, Kind.TRAINING_SALE)
    # uploads: a wrong total, a tender with the wrong sign, money of an unknown order
    await evening.upload(second, lines=[beer()], tenders=[Tender(TenderKind.CASH, 640, None)])
    for cents in (-700, 700):
        await evening.upload(second, lines=[beer()], tenders=[Tender(TenderKind.WALLET, cents, "no order")])
    # a refund uploaded before its sale, and more of it than the sale brought
    unknown = first.write(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap()))
    await evening.back(second, refund_of(unknown), TenderKind.CARD, [beer(-1), fries(-1)])
    assert (await bar.send(first, sent(unknown, offline=True)))[0].outcome == "booked"
    await evening.back(second, refund_of(unknown), TenderKind.CARD, [fries(-1)])
    await evening.desk(first, fan, -1_000, DeskTender.CASH)
    await evening.desk(second, poor, 2_000, DeskTender.TERMINAL)
    await evening.desk(second, poor, -1_500, DeskTender.TERMINAL)
    first.at = evening.clock.now()
    await evening.upload(first, Kind.SHIFT_CLOSED)


async def by_phones(evening: Evening) -> None:
    """Bank-card top-ups, phone payments at tills, and payouts."""
    bar, (first, second) = evening.bar, evening.tills
    fan = await a_fan(bar, 0)
    await evening.give(fan.wallet_id, 400)
    await evening.bank_card(fan.id, 9_000)
    asked = by_phone(first, (fan, ROUND_CENTS))
    assert (await bar.send(first, sent(asked)))[0].outcome == "booked"
    first.keep(asked)
    await evening.back(second, refund_of(asked), TenderKind.VIRTUAL_CARD, [fries(-1)])
    offline_record = by_phone(second, (fan, ROUND_CENTS))
    assert (await bar.send(second, sent(second.keep(offline_record), offline=True)))[0].outcome == "booked"
    await evening.pay_out(fan.id)


async def from_the_seats(evening: Evening) -> None:
    """Orders that are waiting, cancelled, prepared, late, and refunded by kitchen, till and both."""
    food, (_, counter) = evening.food, evening.tills
    await food.open()
    orders = []
    for _ in range(6):
        person_id = new_id()
        await evening.bank_card(person_id, 2_000)
        async with food.db.connection() as conn:
            wallet_id = await conn.fetchval("select id from wallet_accounts.purse where owner_id = $1", person_id)
        await evening.give(wallet_id, 300)
        orders.append((await food.placed(person_id)).id)
    waits, declined, made, whole, part, both = orders
    done(await food.step("decline", declined))
    for order_id in (made, whole, part, both):
        done(await food.step("accept", order_id))
    done(await food.step("refund", whole))
    ((system,),) = await food.rows("select till_id from food_orders.kitchen")
    await evening.back(counter, RefundOf(system, part, "late"), TenderKind.CARD, [beer(-1, 500)])
    for kind in (TenderKind.CASH, TenderKind.CARD):  # uploaded, and more than the order cost
        await evening.back(counter, RefundOf(system, both, "late"), kind, [beer(-1, 600)])
    assert [row[0] for row in await food.rows("select state from food_orders.food_order where id = $1", waits)] == [
        "placed"
    ]
    evening.clock.advance(timedelta(hours=1))
    given = await food.act(kitchen.compensate, at_start=(LATE, 300), at_end=(100,))
    assert {order.id for order in given} == {made, part}, "a fully refunded order gets no compensation"
    evening.paid_in_at_desks["bonus"] += 300 + 100  # 5.00 of the 6.00 that one fan paid was refunded


@pytest.fixture
async def evening(bar: Bar, db: Database, clock: FakeClock, config: Config) -> Evening:
    """An evening with all kinds of money movements."""
    found = Evening(bar, Kitchen(db, clock, config), clock)
    found.tills = [await bar.till() for _ in range(2)]
    async with db.transaction() as conn:
        await employ(conn, CASHIER, Grant("cashier", "outlet", "01"))
    found.tills[1].outlet = "02"
    await at_the_counter(found)
    await by_phones(found)
    await from_the_seats(found)
    while True:
        async with db.transaction() as conn:
            if not await figures.project(conn):
                return found


async def closed(evening: Evening) -> list[Closing]:
    """The closings of the day of business, of outlets and tills."""
    period = Period(PeriodKind.DAY, EVENING)
    async with evening.bar.db.transaction() as conn:
        made = await close(conn, evening.food.vault, period, evening.clock.now() + DAY, until=ends(period, PARIS))
    assert isinstance(made, list), made
    return made


async def exported_journal(conn: Connection, evening: Evening) -> Journal:
    return await journal_of(conn, (EVENING, EVENING), {}, zone=PARIS, now=evening.clock.now(), language="fr")


def net(journal: Journal, *names: str) -> Count[tuple[Any, ...]]:
    """Return credits less debits, grouped by members of a line."""
    found: Count[tuple[Any, ...]] = Count()
    for line in journal.lines:
        found[tuple(getattr(line, name) for name in names)] += line.credit_cents - line.debit_cents
    return found


def by_rate(closings: Sequence[Closing]) -> dict[int, tuple[int, int]]:
    found: dict[int, tuple[int, int]] = {}
    for total in (total for closing in closings for total in closing.tally.totals):
        gross, vat = found.get(total.vat_permille, (0, 0))
        found[total.vat_permille] = (gross + total.gross_cents, vat + total.vat_cents)
    return found


async def paid_by_wallets(conn: Connection) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """Return net payments of wallets: as booked parts, and as ledger transfers."""
    rows = await conn.fetch(
        "select purse_id, bonus, sum(cents - loss_cents)::bigint as cents from food_till.booking "
        "where purse_id is not null group by purse_id, bonus"
    )
    remembered = {account_of(row["purse_id"], is_bonus=row["bonus"]).id: row["cents"] for row in rows}
    moved = await conn.fetch(
        "select account.id, sum(case when debit_id = account.id then cents else -cents end)::bigint as cents "
        "from wallet_ledger.transfer inner join wallet_ledger.account on account.id in (debit_id, credit_id) "
        "where account.kind in ('purse', 'bonus') and step in ('post', 'capture') "
        "and purpose in ('sale', 'refund', 'food_order') group by account.id"
    )
    return remembered, {row["id"]: row["cents"] for row in moved}


def closings_are_the_journal(outlets: Sequence[Closing], journal: Journal, kinds: Mapping[str, int]) -> None:
    """Check that closings, journal and ledger agree on sales, VAT, deposits and tips."""
    rates = by_rate(outlets)
    assert sum(gross for rate, (gross, _) in rates.items() if rate) == kinds["revenue"]
    assert {rate: vat for rate, (_, vat) in rates.items() if rate} == {
        rate: cents for (name, rate), cents in net(journal, "account_name", "vat_permille").items() if name == "vat"
    }
    sold = {
        (outlet, rate): cents
        for (name, outlet, rate), cents in net(journal, "account_name", "outlet", "vat_permille").items()
        if name == "sales"
    }
    assert sold == {
        (one.subject_id, total.vat_permille): total.gross_cents - total.vat_cents
        for one in outlets
        for total in one.tally.totals
        if total.vat_permille
    }
    assert rates[0][0] == kinds["deposits"]
    assert sum(one.tally.tip_cents for one in outlets) == kinds["tips"]


async def test_all_books_of_an_evening_agree(evening: Evening) -> None:
    db = evening.bar.db
    audit = await books(db)
    closings = await closed(evening)
    outlets, tills = ([one for one in closings if one.subject == subject] for subject in ("outlet", "till"))
    async with db.connection() as conn:
        assert await till_mismatches(conn) == []
        journal = await exported_journal(conn, evening)
        span = SalesFilter(evening.clock.now() - DAY, evening.clock.now() + DAY, None, None)
        views = {by: await sales(conn, by, span, evening.clock.now()) for by in SalesGrouping}
        (shift,) = await shifts(conn, span)
        by_bookings, by_transfers = await paid_by_wallets(conn)
    assert audit.clean

    # The accountant's journal equals the ledger, and each day balances.
    kinds = {kind: cents for kind, cents in audit.kinds.items() if kind != "revenue"}
    ledger = {"purses" if kind == "purse" else kind: cents for kind, cents in kinds.items()}
    amounts = {name: cents for (name,), cents in net(journal, "account_name").items()}
    assert {name: amounts.get(name, 0) for name in ledger} == ledger
    assert amounts["sales"] + amounts["vat"] == audit.kinds["revenue"]
    assert journal.debit_cents == journal.credit_cents
    assert {balance.account_name: balance.balance_cents for balance in journal.balances} == {
        **ledger,
        "deferred_tickets": 0,
        "ticket_clearing": 0,
    }

    rates = by_rate(outlets)
    assert rates == by_rate(tills)
    closings_are_the_journal(outlets, journal, audit.kinds)

    # The office sees the closed amounts, in every grouping.
    for view in views.values():
        assert view.pending_records == 0
        assert {one.vat_permille: (one.gross_cents, one.vat_cents) for one in view.rates} == rates
        assert view.total.gross_cents == sum(gross for gross, _ in rates.values())
    assert {row.key: row.gross_cents for row in views[SalesGrouping.OUTLET].rows} == {
        one.subject_id: sum(total.gross_cents for total in one.tally.totals) for one in outlets
    }

    # The uncovered amounts of the records add up to the losses of all tills.
    async with db.connection() as conn:
        lost = await conn.fetchval("select sum(cents)::bigint from food_till.loss")
    assert lost == -audit.kinds["loss"]

    # A drawer holds its float plus the balance of its account in the books.
    async with db.connection() as conn:
        account_id = drawer(evening.tills[0].id, DeskTender.CASH).id
        in_drawer = -(await balances(conn, [account_id]))[account_id].balance_cents
    assert shift.drawer.expected_cents == shift.drawer.float_cents + in_drawer

    # Every tender reached its account: drawers and terminals also with the takings of desks,
    # wallets with their top-ups.
    tenders: Count[str] = Count()
    for total in (total for one in outlets for total in one.tally.tenders):
        tenders[total.kind.value] += total.cents
    paid_in_at_desks = evening.paid_in_at_desks
    for kind in ("cash", "terminal"):
        assert -audit.kinds[kind] == tenders[kind] + paid_in_at_desks[kind]
    assert -audit.kinds["clearing"] == paid_in_at_desks["clearing"]
    assert -audit.kinds["grants"] == paid_in_at_desks["bonus"]
    spent = sum(paid_in_at_desks.values()) - audit.kinds["purse"] - audit.kinds["bonus"]
    assert by_bookings == by_transfers
    assert sum(by_bookings.values()) == spent

"""Accounting journal: balanced by day, equal to ledger, closings and ticket orders."""

import asyncio
import csv
from collections import Counter as Count
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tests.conftest import FakeClock
from tests.matchday.food.conftest import Counters
from tests.matchday.food.till.bar import Bar, by_card, sent
from tests.money.fiscal.till import NOW, beer, cup, fries
from tests.money.wallet.ledger.books import books
from tests.zones import NEW_YORK, PARIS
from virage.app.settings import read
from virage.cli import accounting as commands
from virage.control.books.reads.accounting import journal_of
from virage.control.books.rules.accounting import (
    CHART,
    DailySales,
    Journal,
    LedgerMovement,
    TicketRevenue,
    journal,
    journal_table,
)
from virage.control.books.settings import ACCOUNTS, BookSettings
from virage.identity.keys.rules.vault import KeyVault
from virage.money.fiscal.acts.records import close
from virage.money.fiscal.rules.calendar import begins, business_day, ends
from virage.money.fiscal.rules.closing import Closing, Period, PeriodKind
from virage.money.fiscal.rules.record import Kind, RefundOf, Tender, TenderKind, VatTotal
from virage.money.settlement.types import SettledPayout
from virage.platform.data.database import Database
from virage.platform.settings.config import Config, ConfigError
from virage.platform.values.money import EURO
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant
from virage.sale.ticketing.rules.books import TicketMoney

FIRST = date(2026, 5, 9)
DOOR = "/api/office/accounting"
EVENTS = [UUID(int=number) for number in range(3)]
on_days = st.integers(0, 9).map(lambda number: FIRST + timedelta(days=number))
tickets = st.builds(
    TicketMoney,
    st.sampled_from(EVENTS),
    st.just(NOW),
    st.booleans(),
    on_days,
    st.sampled_from([55, 200]),
    st.integers(-9_000, 90_000),
)
kinds = st.sampled_from(["purse", "bonus", "cash", "clearing", "tips", "unclaimed", "loss"])
sales = st.builds(
    DailySales,
    on_days,
    st.sampled_from(["01", None]),
    st.sampled_from([0, 100, 200]),
    st.integers(-9_000, 90_000),
    st.integers(-500, 500),
    st.integers(-500, 500),
)


spans = st.tuples(on_days, on_days).map(lambda days: (min(days), max(days)))


@given(st.lists(tickets), st.lists(sales), st.dictionaries(st.sampled_from(EVENTS), on_days), kinds, spans)
def test_each_day_balances_and_deferred_tickets_are_paid_and_not_earned(
    paid: list[TicketMoney], sold: list[DailySales], over: dict[UUID, date], kind: str, days: tuple[date, date]
) -> None:
    moved = [LedgerMovement(sale.day, kind, -sale.gross_cents) for sale in sold]
    inside = ([each for each in moved if _in(each, days)], [each for each in sold if _in(each, days)])
    known = TicketRevenue([each for each in paid if each.day <= days[1]], over, {})
    made = journal(days, inside, known, {}, codes={"vat": "4457"}, made_at=NOW)
    for day in {line.day for line in made.lines}:
        assert sum(line.debit_cents - line.credit_cents for line in made.lines if line.day == day) == 0
        assert _in(LedgerMovement(day, "", 0), days)
    assert all((line.debit_cents > 0) != (line.credit_cents > 0) for line in made.lines)
    assert {line.account for line in made.lines} <= {*CHART.values(), "4457"} - {"44571"}
    everything = journal((FIRST, days[1]), ([], []), known, {}, codes={}, made_at=NOW)
    for name in ("deferred_tickets", "ticket_clearing"):
        assert balance(everything)[name] == total(everything, name)
    rows = list(csv.DictReader(journal_table(made, EURO).decode().splitlines()))
    assert len(rows) == len(made.lines)


def _in(moved: Any, days: tuple[date, date]) -> bool:
    return bool(days[0] <= moved.day <= days[1])


def total(made: Journal, name: str) -> int:
    return sum(line.credit_cents - line.debit_cents for line in made.lines if line.account_name == name)


def balance(made: Journal) -> dict[str, int]:
    return {balance.account_name: balance.balance_cents for balance in made.balances}


async def two_days(bar: Bar, clock: FakeClock) -> None:
    """Two tills on two days: cash, card, a loss, a refund, a tip, a deposit, and an inconsistent sale."""
    till, other = await bar.till(), await bar.till()
    fan, poor = await bar.fan(6_000), await bar.fan(100)
    card, _ = await bar.sell_online(till, by_card(1_150, fan.tap()))
    await bar.sell_offline(other, by_card(1_150, poor.tap()))
    sold = till.write(lines=[beer(2), cup()], tip_cents=50)
    assert (await bar.send(till, sent(sold)))[0].outcome == "booked"
    clock.set(datetime(2026, 5, 10, 2, 59, tzinfo=UTC))  # still the first evening
    other.outlet = "02"
    wrong = other.write(lines=[beer()], totals=[VatTotal(200, 650, 108)], tenders=[Tender(TenderKind.CASH, 640, None)])
    assert (await bar.send(other, sent(wrong, offline=True)))[0].outcome == "booked"
    clock.set(datetime(2026, 5, 10, 3, tzinfo=UTC))
    later = other.write(lines=[fries(3)], tenders=[Tender(TenderKind.TERMINAL, 1_350, "slip")])
    assert (await bar.send(other, sent(later, offline=True)))[0].outcome == "booked"
    back = till.write(
        Kind.REFUND, lines=[beer(-1)], tenders=by_card(-700, "x"), refund_of=RefundOf(till.id, card.record.id, "asked")
    )
    assert (await bar.send(till, sent(back, offline=True)))[0].outcome == "booked"
    await bar.load(fan, 2_000)


async def export(counters: Counters, first: str, last: str) -> Any:
    answer = await counters.ask("finance", "GET", f"{DOOR}?from={first}&to={last}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def sums(exported: Any, *names: str) -> Count[tuple[Any, ...]]:
    found: Count[tuple[Any, ...]] = Count()
    for line in exported["lines"]:
        found[tuple(line[name] for name in names)] += line["credit_cents"] - line["debit_cents"]
    return found


async def test_the_journal_equals_the_ledger(bar: Bar, clock: FakeClock, counters: Counters) -> None:
    await two_days(bar, clock)
    exported = await export(counters, "2026-05-01", "2026-05-31")
    audit = await books(bar.db)
    assert audit.clean
    by_name = {name: cents for (name,), cents in sums(exported, "account_name").items()}
    names = {"purse": "purses"}
    ledger = {names.get(kind, kind): cents for kind, cents in audit.kinds.items() if kind != "revenue"}
    assert {name: by_name.get(name, 0) for name in ledger} == ledger
    of_tickets = {"ticket_clearing": 0, "deferred_tickets": 0}
    assert {line["account_name"]: line["balance_cents"] for line in exported["balances"]} == ledger | of_tickets
    assert by_name["sales"] + by_name["vat"] == audit.kinds["revenue"]
    assert set(sums(exported, "day").values()) == {0}
    assert exported["debit_cents"] == exported["credit_cents"] > 0
    assert sorted({line["day"] for line in exported["lines"]}) == ["2026-05-09", "2026-05-10"]
    first = await export(counters, "2026-05-09", "2026-05-09")
    assert first["lines"] == [line for line in exported["lines"] if line["day"] == "2026-05-09"]
    evening = {line["account_name"]: line["balance_cents"] for line in first["balances"]}
    assert evening["purses"] == by_name["purses"] - 700
    assert (await export(counters, "2020-05-09", "2020-05-09"))["lines"] == []


@pytest.mark.parametrize(
    ("zone", "changed"),
    [
        (PARIS, date(2026, 3, 29)),
        (PARIS, date(2026, 10, 25)),
        (NEW_YORK, date(2026, 3, 8)),
        (NEW_YORK, date(2026, 11, 1)),
    ],
)
async def test_no_accounting_day_is_lost_or_doubled_when_the_clocks_change(
    bar: Bar, clock: FakeClock, db: Database, zone: ZoneInfo, changed: date
) -> None:
    till = await bar.till()
    days = [changed + timedelta(days=day) for day in range(-2, 3)]
    ends_of_days = [begins(day, zone) for day in days[1:]]
    moments = sorted(end + timedelta(seconds=second) for end in ends_of_days for second in (-1, 0, 30_000))
    for moment in moments:
        clock.set(moment)
        till.at = moment
        assert (await bar.send(till, sent(till.write(lines=[beer()]), offline=True)))[0].outcome == "booked"
    async with db.connection() as conn:
        together = await journal_of(conn, (days[0], days[-1]), {}, zone=zone, now=clock.now(), language="fr")
        alone = [await journal_of(conn, (day, day), {}, zone=zone, now=clock.now(), language="fr") for day in days]
    assert [line for made in alone for line in made.lines] == together.lines
    sold = {day: made.debit_cents // 700 for day, made in zip(days, alone, strict=True)}
    assert sold == Count(business_day(moment, zone) for moment in moments)


async def test_sales_and_vat_of_a_day_equal_its_closing(
    bar: Bar, clock: FakeClock, counters: Counters, db: Database, vault: KeyVault
) -> None:
    await two_days(bar, clock)
    for day in (FIRST, FIRST + timedelta(days=1)):
        exported = await export(counters, day.isoformat(), day.isoformat())
        period = Period(PeriodKind.DAY, day)
        async with db.transaction() as conn:
            closings = await close(conn, vault, period, clock.now(), until=ends(period, PARIS))
        assert not isinstance(closings, Refused)
        outlets = [one for one in closings if one.subject == "outlet"]
        sold = {
            (outlet, rate): cents
            for (name, outlet, rate), cents in sums(exported, "account_name", "outlet", "vat_permille").items()
            if name == "sales"
        }
        vat = {
            rate: cents
            for (name, rate), cents in sums(exported, "account_name", "vat_permille").items()
            if name == "vat"
        }
        # A line of 7.00 that its record totals as 6.50 with a VAT of 1.08: goods by the line, VAT
        # by the record.
        disorder = 50 if day == FIRST else 0
        assert sum(sold.values()) - disorder == sum(net for one in outlets for _, net in taxed(one))
        assert vat == _vat(outlets)
        assert sold[("01", 200)] == dict(taxed(next(one for one in outlets if one.subject_id == "01")))[200]


def taxed(closing: Closing) -> list[tuple[int, int]]:
    return [(one.vat_permille, one.gross_cents - one.vat_cents) for one in closing.tally.totals if one.vat_permille]


def _vat(closings: list[Closing]) -> dict[int, int]:
    found: dict[int, int] = {}
    for one in (total for closing in closings for total in closing.tally.totals if total.vat_permille):
        found[one.vat_permille] = found.get(one.vat_permille, 0) + one.vat_cents
    return found


async def test_the_journal_needs_the_finance_role_of_the_deployment(counters: Counters) -> None:
    counters.knows("manager", Grant("finance", "outlet", "01"))
    for door in (DOOR, f"{DOOR}.csv"):
        for who in ("manager", "house", "club", "cashier", "fan"):
            answer = await counters.ask(who, "GET", f"{door}?from=2026-05-01&to=2026-05-31")
            assert answer.status_code == 403, (who, door)
        for query, status in (("from=2026-05-02&to=2026-05-01", 400), ("from=2026-05-02", 400), ("from=x&to=y", 400)):
            assert (await counters.ask("finance", "GET", f"{door}?{query}")).status_code == status
        answer = await counters.ask("finance", "GET", f"{door}?from=2020-05-02&to=2026-05-01")
        assert answer.json()["code"] == "period_too_long"


async def test_the_command_writes_the_same_as_the_api(
    bar: Bar, counters: Counters, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = await bar.till()
    assert (await bar.send(till, sent(till.write(lines=[beer(2), cup()]))))[0].outcome == "booked"
    await bar.fan(500)
    for name, value in (
        ("SECRET", config.secret),
        ("DATABASE_URL", config.database_url or ""),
        ("DEMO", "1"),
        ("ACCOUNT_CODES", "purses=4191FAN"),
    ):
        monkeypatch.setenv(f"VIRAGE_{name}", value)
    await asyncio.to_thread(commands.export, FIRST, FIRST, tmp_path / "may.csv")
    door = await counters.ask("finance", "GET", f"{DOOR}.csv?from={FIRST}&to={FIRST}")
    assert door.headers["content-type"].startswith("text/csv")
    assert (
        (tmp_path / "may.csv").read_bytes().decode()
        == door.text.replace(",4191,purses", ",4191FAN,purses")
        != door.text
    )


def test_accounts_are_configured_in_one_place_and_wrong_ones_are_reported() -> None:
    assert set(ACCOUNTS) == set(CHART)
    secret = {"VIRAGE_SECRET": "a secret of the tests, long enough", "VIRAGE_DEMO": "1"}
    assert read(secret | {"VIRAGE_ACCOUNT_CODES": "vat=4457, cash=53"}).of(BookSettings).account_codes == (
        ("vat", "4457"),
        ("cash", "53"),
    )
    for wrong in ("vat", "vat=", "vat=4 4", "beer=1", "vat=1,vat=2", "vat=1,,beer=2", "=1"):
        with pytest.raises(ConfigError, match="VIRAGE_ACCOUNT_CODES"):
            read(secret | {"VIRAGE_ACCOUNT_CODES": wrong})


def a_payout(day: date, is_paid: bool, parts: list[int], unexplained: int) -> SettledPayout:
    gross, fees, refunds, disputes, other = parts
    cents = gross - fees - refunds - disputes + other + unexplained
    return SettledPayout(day, is_paid, cents, gross, fees, refunds, disputes, other, unexplained)


cents = st.lists(st.integers(0, 900_000), min_size=5, max_size=5)
payouts = st.builds(a_payout, on_days, st.booleans(), cents, st.sampled_from([0, 0, -7]))


@given(st.lists(payouts, max_size=6))
def test_payouts_balance_each_day_and_only_what_arrived_is_on_the_bank(found: list[SettledPayout]) -> None:
    days = (FIRST, FIRST + timedelta(days=5))
    made = journal(days, ([], []), TicketRevenue([], {}, {}), {}, codes={}, made_at=NOW, payouts=found)
    assert made.debit_cents == made.credit_cents
    for day in {line.day for line in made.lines}:
        assert sum(line.credit_cents - line.debit_cents for line in made.lines if line.day == day) == 0
    shown = [payout for payout in found if days[0] <= payout.day <= days[1]]
    for name, cents in (
        ("bank", sum(payout.amount_cents for payout in shown if payout.is_paid)),
        ("provider_fees", sum(payout.fee_cents for payout in shown)),
    ):
        assert sum(line.debit_cents - line.credit_cents for line in made.lines if line.account_name == name) == cents


def test_what_card_readers_took_leaves_the_account_of_the_terminals() -> None:
    sold = LedgerMovement(FIRST, "terminal", -3_500)
    earned = DailySales(FIRST, "07", 200, 3_500, 583, 0)
    paid_out = SettledPayout(FIRST, True, 10_000, 10_000, 0, 0, 0, 0, 0, reader_cents=3_500)
    made = journal(
        (FIRST, FIRST),
        ([sold], [earned]),
        TicketRevenue([], {}, {}),
        {"terminal": -3_500},
        codes={},
        made_at=NOW,
        payouts=[paid_out],
    )
    sums: dict[str, int] = {}
    for line in made.lines:
        sums[line.account_name] = sums.get(line.account_name, 0) + line.credit_cents - line.debit_cents
    assert sums.get("terminal", 0) == 0
    assert (sums["provider_clearing"], sums["bank"]) == (6_500, -10_000)
    assert {one.account_name: one.balance_cents for one in made.balances}["terminal"] == 0


def test_a_failed_payout_is_in_suspense_until_it_comes_back() -> None:
    failed = SettledPayout(FIRST, False, 9_900, 10_000, 100, 0, 0, 0, 0)
    back = SettledPayout(FIRST, True, 9_900, 0, 0, 0, 0, 9_900, 0)
    made = journal(
        (FIRST, FIRST), ([], []), TicketRevenue([], {}, {}), {}, codes={}, made_at=NOW, payouts=[failed, back]
    )
    sums = {line.account_name: line.credit_cents - line.debit_cents for line in made.lines}
    assert sums == {"bank": -9_900, "provider_clearing": 10_000, "provider_fees": -100}

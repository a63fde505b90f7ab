import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from tests.money.fiscal.till import NOW, SUN, Till, append, beer, cup, fries
from virage.identity.keys.reads import issuer_keys
from virage.identity.keys.rules.vault import KeyVault
from virage.money.fiscal.acts.records import close
from virage.money.fiscal.rules.closing import (
    CLOSING_PURPOSE,
    FISCAL_KEY,
    NOT_A_PERIOD,
    Closing,
    Period,
    PeriodKind,
    Range,
    Subject,
    Tally,
    TenderTotal,
    add,
    read_closing,
    tally,
)
from virage.money.fiscal.rules.record import (
    GENESIS,
    FiscalRefusal,
    Kind,
    Tender,
    TenderKind,
    VatTotal,
    canonical,
    hash_of,
)
from virage.platform.data.database import Connection, Database
from virage.platform.values.refusals import Refused

SATURDAY = date(2026, 5, 9)


def day(on: date = SATURDAY) -> Period:
    return Period(PeriodKind.DAY, on)


def month(number: int) -> Period:
    return Period(PeriodKind.MONTH, date(2026, number, 1))


class Books:
    """Server side: appends records and closes periods."""

    def __init__(self, db: Database, vault: KeyVault) -> None:
        self.db = db
        self.vault = vault

    async def append(self, *tills: Till) -> None:
        async with self.db.transaction() as conn:
            await append(conn, [one for till in tills for one in till.written], NOW)

    async def try_to_close(self, period: Period) -> list[Closing] | Refused:
        async with self.db.transaction() as conn:
            return await close(conn, self.vault, period, NOW)

    async def close(self, period: Period) -> dict[Subject, Closing]:
        closings = await self.try_to_close(period)
        assert not isinstance(closings, Refused), closings
        return {closing.of: closing for closing in closings}


@pytest.fixture
def books(db: Database, vault: KeyVault) -> Books:
    return Books(db, vault)


def of(till: Till) -> Subject:
    return Subject("till", str(till.id))


def evening(till: Till) -> None:
    """One record of each kind."""
    till.write(Kind.SHIFT_OPENED)
    till.write()
    till.write(lines=[fries(2)], tip_cents=100, tenders=[Tender(TenderKind.CARD, 1000, SUN)])
    till.write(Kind.TRAINING_SALE)
    till.write(Kind.REFUND, lines=[beer(-1)])
    till.write(Kind.REPRINT)
    till.write(Kind.DAY_CLOSED)


# --- the sums -----------------------------------------------------------------------------------------------------


async def test_a_day_sums_its_records_by_rate_and_payment_method(books: Books) -> None:
    till = Till()
    evening(till)
    await books.append(till)
    closing = (await books.close(day()))[of(till)]
    assert closing.ranges == (Range(till.id, 1, 6),)
    assert closing.tally == Tally(
        records=6,
        totals=(VatTotal(0, 100, 0), VatTotal(100, 900, 82), VatTotal(200, 700, 116)),
        tenders=(TenderTotal(TenderKind.CARD, 1000), TenderTotal(TenderKind.CASH, 800)),
        tip_cents=100,
        total_cents=1700,
        absolute_cents=3100,
    )
    assert (closing.perpetual_cents, closing.perpetual_absolute_cents) == (1700, 3100)
    assert (closing.sequence, closing.previous, closing.first_part, closing.last_part) == (1, GENESIS, 0, 0)


async def test_an_outlet_sums_the_records_of_its_tills(books: Books) -> None:
    fixed, moving = Till(), Till()
    fixed.sells(3)
    moving.sells(2)
    moving.outlet = "02"
    moving.write(lines=[cup()])
    await books.append(fixed, moving)
    closings = await books.close(day())
    assert set(closings) == {of(fixed), of(moving), Subject("outlet", "01"), Subject("outlet", "02")}
    first, second = closings[Subject("outlet", "01")], closings[Subject("outlet", "02")]
    assert first.tally == add(tally(one.record) for one in [*fixed.written, *moving.written[:2]])
    assert second.tally == tally(moving.written[2].record)
    assert set(first.ranges) == {Range(fixed.id, 1, 3), Range(moving.id, 1, 2)}
    assert second.ranges == (Range(moving.id, 3, 3),)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 2000), st.booleans()), max_size=12), st.integers(0, 12))
def test_a_sum_of_sums_equals_the_sum_of_all_records(sales: Sequence[tuple[int, int, bool]], cut: int) -> None:
    till = Till()
    for quantity, unit, back in sales:
        till.write(Kind.REFUND if back else Kind.SALE, lines=[beer(-quantity if back else quantity, unit)])
    tallies = [tally(one.record) for one in till.written]
    assert add([add(tallies[:cut]), add(tallies[cut:])]) == add(tallies)
    assert add(tallies).total_cents == sum(one.record.total_cents for one in till.written)
    assert add(tallies).absolute_cents == sum(abs(one.record.total_cents) for one in till.written)


# --- the chain of closings ----------------------------------------------------------------------------------------


async def test_no_record_falls_between_two_days_and_grand_totals_never_reset(books: Books) -> None:
    till, other = Till(), Till()
    days = []
    for number in range(4):
        till.sells(number + 1)
        till.write(Kind.REFUND, lines=[beer(-1)])
        if number == 1:
            other.sells(1)
        await books.append(till, other)
        days.append((await books.close(day(SATURDAY + timedelta(days=number))))[of(till)])
    assert [one.sequence for one in days] == [1, 2, 3, 4]
    for before, after in pairwise(days):
        assert after.ranges[0].first == before.ranges[0].last + 1
        assert after.previous == hash_of(canonical(before))
        assert after.perpetual_cents == before.perpetual_cents + after.tally.total_cents
        assert after.perpetual_absolute_cents == before.perpetual_absolute_cents + after.tally.absolute_cents
    everything = add(tally(one.record) for one in till.written)
    assert (days[-1].perpetual_cents, days[-1].perpetual_absolute_cents) == (
        everything.total_cents,
        everything.absolute_cents,
    )


async def test_late_records_of_an_offline_till_are_in_the_next_day(books: Books) -> None:
    there, away = Till(), Till()
    there.sells(2)
    away.sells(3)
    await books.append(there)
    assert of(away) not in await books.close(day())
    await books.append(away)
    late = await books.close(day(SATURDAY + timedelta(days=1)))
    assert late[of(away)].ranges == (Range(away.id, 1, 3),)
    assert of(there) not in late
    outlet = late[Subject("outlet", "01")]
    assert (outlet.sequence, outlet.tally) == (2, late[of(away)].tally)


async def test_a_month_is_the_sum_of_its_days_and_a_year_of_its_months(books: Books) -> None:
    till = Till()
    days = []
    for on in (date(2026, 5, 30), date(2026, 5, 31), date(2026, 6, 1)):
        till.sells(2)
        await books.append(till)
        days.append((await books.close(day(on)))[of(till)])
    may, june = (await books.close(month(5)))[of(till)], (await books.close(month(6)))[of(till)]
    assert (may.first_part, may.last_part, june.first_part, june.last_part) == (1, 2, 3, 3)
    assert may.ranges == (Range(till.id, 1, 4),)
    assert may.tally == add(one.tally for one in days[:2])
    assert (may.perpetual_cents, june.perpetual_cents) == (days[1].perpetual_cents, days[2].perpetual_cents)
    year = await books.close(Period(PeriodKind.YEAR, date(2026, 1, 1)))
    assert (year[of(till)].tally, year[of(till)].first_part, year[of(till)].last_part) == (
        add([may.tally, june.tally]),
        1,
        2,
    )
    assert Subject("outlet", "01") in year


async def test_a_period_is_closed_once_and_none_before_it(books: Books) -> None:
    till = Till()
    till.sells(1)
    await books.append(till)
    await books.close(day())
    till.sells(1)
    await books.append(till)
    for on in (SATURDAY, SATURDAY - timedelta(days=3)):
        refusal = await books.try_to_close(day(on))
        assert refusal == Refused(FiscalRefusal.PERIOD_CLOSED, {"open_since": "2026-05-10"})
    await books.close(month(5))
    refusal = await books.try_to_close(day(SATURDAY + timedelta(days=5)))
    assert refusal == Refused(FiscalRefusal.PERIOD_CLOSED, {"open_since": "2026-06-01"})
    assert (await books.close(day(date(2026, 6, 1))))[of(till)].ranges == (Range(till.id, 2, 2),)


async def until_waiting(conn: Connection, task: "asyncio.Task[Any]") -> None:
    """Wait until the task has ended or waits for a lock."""
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    async with asyncio.timeout(10):
        while not task.done() and not await conn.fetchval(waiting):  # noqa: ASYNC110 - a lock reports no waiters
            await asyncio.sleep(0.01)


async def test_concurrent_closings_and_appends_wait_and_no_record_is_lost(books: Books, conn: Connection) -> None:
    till = Till()
    till.sells(3)
    await books.append(till)
    till.sells(2)
    async with books.db.transaction() as closing:
        assert not isinstance(await close(closing, books.vault, day(), NOW), Refused)
        appending = asyncio.create_task(books.append(till))
        await until_waiting(conn, appending)
    await appending
    late = await books.close(day(SATURDAY + timedelta(days=1)))
    assert late[of(till)].ranges == (Range(till.id, 4, 5),)


async def test_two_concurrent_closings_close_a_period_once(books: Books, conn: Connection) -> None:
    till = Till()
    till.sells(3)
    await books.append(till)
    async with books.db.transaction() as closing:
        assert not isinstance(await close(closing, books.vault, day(), NOW), Refused)
        second = asyncio.create_task(books.try_to_close(day()))
        await until_waiting(conn, second)
    assert isinstance(await second, Refused)


@pytest.mark.parametrize(
    "period", [Period(PeriodKind.MONTH, SATURDAY), Period(PeriodKind.YEAR, date(2026, 2, 1))], ids=["month", "year"]
)
async def test_a_month_and_a_year_begin_on_their_first_day(books: Books, period: Period) -> None:
    assert await books.try_to_close(period) == NOT_A_PERIOD


async def test_without_records_nothing_is_closed(books: Books, conn: Connection) -> None:
    till = Till()
    till.write(Kind.TRAINING_SALE)
    await books.append(till)
    assert await books.close(day()) == {}
    assert await books.close(month(5)) == {}
    assert await conn.fetchval("select count(*) from fiscal.closing") == 0


@pytest.mark.parametrize(
    ("period", "following"),
    [
        (day(date(2026, 12, 31)), date(2027, 1, 1)),
        (month(11), date(2026, 12, 1)),
        (month(12), date(2027, 1, 1)),
        (Period(PeriodKind.YEAR, date(2026, 1, 1)), date(2027, 1, 1)),
    ],
)
def test_a_period_ends_where_the_next_one_begins(period: Period, following: date) -> None:
    assert period.next_starts_on == following


# --- the signature ------------------------------------------------------------------------------------------------


async def test_a_closing_is_signed_by_the_server_over_its_canonical_bytes(books: Books, conn: Connection) -> None:
    till = Till()
    evening(till)
    await books.append(till)
    closings = await books.close(day())
    keys = (await issuer_keys(conn, [FISCAL_KEY]))[FISCAL_KEY]
    rows = await conn.fetch("select * from fiscal.closing")
    assert len(rows) == 2
    for row in rows:
        closing = read_closing(row["body"])
        assert closing is not None
        assert closings[closing.of] == closing
        assert row["kid"] == keys.kid
        Ed25519PublicKey.from_public_bytes(keys.public).verify(row["signature"], CLOSING_PURPOSE + row["body"])
    fact = await conn.fetchrow("select * from kernel.journal where what = 'period_closed'")
    assert fact is not None
    assert fact["data"] == {"period": "day", "starts_on": "2026-05-09", "closings": 2}

"""Sales statistics: equal to the records, however often they are rebuilt."""

import asyncio
from datetime import date, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tests.matchday.food.conftest import Counters
from tests.money.fiscal.till import BEER, CUP, NOW, Till, append, beer, cup, fries
from virage.control.books.acts import sales_statistics as acts
from virage.control.books.rules.sales_statistics import statistics_of
from virage.identity.keys.rules.vault import KeyVault
from virage.money.fiscal.acts.records import close
from virage.money.fiscal.rules.closing import Period, PeriodKind, tally
from virage.money.fiscal.rules.record import Kind, Line, Tender, TenderKind, VatTotal, VerifiedRecord
from virage.platform.data.database import Connection, Database
from virage.platform.values.ids import new_id
from virage.platform.values.languages import installed
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant

EVENT = new_id()
lines = st.builds(
    Line,
    st.sampled_from([BEER, CUP, EVENT]),
    st.just("Something"),
    st.integers(-3, 9).filter(bool),
    st.integers(0, 2_000),
    st.sampled_from([0, 55, 100, 200]),
    st.just([]),
    st.booleans(),
)
totals = st.builds(VatTotal, st.sampled_from([0, 55, 100, 200]), st.integers(-9_000, 9_000), st.integers(-900, 900))


@given(st.lists(lines, max_size=6), st.none() | st.lists(totals, max_size=4), st.sampled_from([Kind.SALE, Kind.REFUND]))
def test_statistics_of_a_record_sum_to_its_totals_even_if_inconsistent(
    sold: list[Line], said: list[VatTotal] | None, kind: Kind
) -> None:
    record = Till().record(kind, lines=sold, **({} if said is None else {"totals": said}))
    assert rates_of(statistics_of(record)) == rates_of(tally(record).totals)


def rates_of(parts: Any) -> dict[int, tuple[int, int]]:
    """Return totals by rate, without zero rates."""
    sums: dict[int, tuple[int, int]] = {}
    for part in parts:
        gross, vat = sums.get(part.vat_permille, (0, 0))
        sums[part.vat_permille] = (gross + part.gross_cents, vat + part.vat_cents)
    return {rate: both for rate, both in sums.items() if any(both)}


async def store_records(db: Database, written: list[VerifiedRecord]) -> None:
    async with db.transaction() as conn:
        outcomes = await append(conn, written, NOW)
    assert not any(isinstance(one, Refused) for one in outcomes)


async def keep_up(db: Database) -> int:
    count = 0
    while True:
        async with db.transaction() as conn:
            taken = await acts.project(conn)
        if not taken:
            return count
        count += taken


async def die_projecting(db: Database) -> None:
    async with db.transaction() as conn:
        assert await acts.project(conn)
        raise ZeroDivisionError


async def kept(conn: Connection) -> list[list[Any]]:
    tables = ("figure", "receipt_figure", "figures_head")
    return [await conn.fetch(f"select t::text from books.{table} t order by 1") for table in tables]


def an_evening() -> list[Till]:
    """Two tills with all kinds of records; one moves to another outlet."""
    tills = [Till(), Till()]
    for number, till in enumerate(tills):
        till.write(Kind.SHIFT_OPENED)
        for at in range(5):
            till.outlet = "02" if number and at > 2 else "01"
            till.write(lines=[beer(1 + at), fries(), cup()], event_id=EVENT if at % 2 else None)
            till.write(Kind.TRAINING_SALE)
        till.write(Kind.REFUND, lines=[fries(-1)], event_id=EVENT)
        till.write(lines=[beer()], tip_cents=50)
        till.write(lines=[beer()], totals=[VatTotal(200, 650, 108)], tenders=[Tender(TenderKind.CASH, 650, None)])
    return tills


async def test_rebuilt_statistics_are_the_same_and_sum_to_the_closings(
    db: Database, conn: Connection, vault: KeyVault
) -> None:
    tills = an_evening()
    for portion in range(
        0, len(tills[0].written), 4
    ):  # in many uploads, each projected by two workers at once, which may die before they commit
        await store_records(db, [one for till in tills for one in till.written[portion : portion + 4]])
        with pytest.raises(ZeroDivisionError):
            await die_projecting(db)
        await asyncio.gather(keep_up(db), keep_up(db))
    stood = await kept(conn)
    assert await keep_up(db) == 0
    async with db.transaction() as again:
        assert await acts.rebuild(again) == sum(1 for till in tills for one in till.written if not one.record.training)
    assert await kept(conn) == stood
    async with db.transaction() as closer:
        closings = await close(closer, vault, Period(PeriodKind.DAY, date(2026, 5, 9)), NOW)
    assert not isinstance(closings, Refused)
    for closing in closings:
        column = "outlet" if closing.subject == "outlet" else "device_id::text"
        rows = await conn.fetch(f"select * from books.figure where {column} = $1", closing.subject_id)
        assert rates_of(Row(row) for row in rows) == rates_of(closing.tally.totals)


class Row:
    def __init__(self, row: Any) -> None:
        self.vat_permille, self.gross_cents, self.vat_cents = row["vat_permille"], row["gross_cents"], row["vat_cents"]


async def test_the_office_sees_sales_by_outlet_product_till_and_minute(db: Database, counters: Counters) -> None:
    till, other = Till(), Till()
    other.outlet = "02"
    async with db.transaction() as conn:
        await till.pair(conn)
    till.write(lines=[beer(2), fries()], event_id=EVENT, tip_cents=100)
    till.write(Kind.REFUND, lines=[beer(-1)], event_id=EVENT)
    other.at += timedelta(minutes=5)
    other.write(lines=[beer(1)], event_id=EVENT)
    other.write(lines=[beer(9)])
    await store_records(db, [*till.written, *other.written])
    assert (await sales(counters, "finance", by="outlet"))["pending_records"] == 4
    await keep_up(db)
    seen = await sales(counters, "finance", by="outlet")
    assert [(row["key"], row["gross_cents"], row["sales"]) for row in seen["rows"]] == [("01", 1150, 1), ("02", 700, 1)]
    assert (seen["pending_records"], seen["total"]["gross_cents"], seen["total"]["tip_cents"]) == (0, 1850, 100)
    assert [(rate["vat_permille"], rate["gross_cents"]) for rate in seen["rates"]] == [(100, 450), (200, 1400)]
    assert seen["rows"][0]["refund_cents"] == 700
    by_product = (await sales(counters, "finance", by="product"))["rows"]
    assert [(row["key"], row["quantity"], row["sales"]) for row in by_product] == [
        (str(BEER), 2, None),
        (str(CUP), 1, None),
    ]
    by_till = (await sales(counters, "finance", by="till"))["rows"]
    assert [(row["key"], row["name"]) for row in by_till] == [
        (str(till.id), dict.fromkeys(installed(), "Till")),
        (str(other.id), None),
    ]
    minutes = [row["key"] for row in (await sales(counters, "finance", by="minute"))["rows"]]
    assert minutes == ["2026-05-09T18:00Z", "2026-05-09T18:05Z"]
    period = {"from": NOW.isoformat(), "to": (NOW + timedelta(hours=1)).isoformat()}
    assert (await sales(counters, "finance", by="outlet", event_id=None, **period))["total"]["quantity"] == 12
    nothing = await sales(counters, "finance", by="outlet", event_id=str(new_id()))
    assert (nothing["rows"], nothing["last_sale_at"]) == ([], None)


async def sales(counters: Counters, who: str, **asked: Any) -> Any:
    answer = await ask(counters, who, **({"event_id": str(EVENT)} | asked))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ask(counters: Counters, who: str, **asked: Any) -> Any:
    given_ = {name: value for name, value in asked.items() if value is not None}
    query = "&".join(f"{name}={str(value).replace('+', '%2B')}" for name, value in given_.items())
    return await counters.ask(who, "GET", f"/api/office/food/sales?{query}")


async def test_the_manager_of_a_concessionaire_sees_only_its_outlets(db: Database, counters: Counters) -> None:
    counters.knows("manager", Grant("finance", "outlet", "02"))
    till = Till()
    till.write(lines=[beer()], event_id=EVENT)
    till.outlet = "02"
    till.write(lines=[fries()], event_id=EVENT)
    await store_records(db, till.written)
    await keep_up(db)
    for by in ("outlet", "product", "till", "minute"):
        seen = await sales(counters, "manager", by=by)
        assert [row["gross_cents"] for row in seen["rows"]] == [450] == [rate["gross_cents"] for rate in seen["rates"]]
        assert seen["total"]["sales"] == 1
    assert (await sales(counters, "club", by="outlet"))["rows"] == []  # it programmes matches, and runs no outlet
    for stranger in ("cashier", "fan"):
        assert (await ask(counters, stranger, by="outlet", event_id=EVENT)).status_code == 403


BAD_PERIODS = (
    ("by=hour&event_id=01970000-0000-7000-8000-000000000000", 400),
    ("by=outlet&event_id=nothing", 400),
    ("by=outlet", 400),
    ("by=outlet&from=2026-05-09T18:00:00Z", 400),
    ("by=outlet&from=2026-05-09T18:00:00Z&to=2026-05-09T18:00:00Z", 400),
    ("by=outlet&from=0001-01-01T00:00:00%2B14:00&to=2026-05-09T18:00:00Z", 400),
    ("by=minute&from=2026-05-01T18:00:00Z&to=2026-05-09T18:00:00Z", 409),
    ("by=till&from=2024-05-01T18:00:00Z&to=2026-05-09T18:00:00Z", 409),
)


async def test_an_invalid_period_is_refused(counters: Counters) -> None:
    for asked, status in BAD_PERIODS:
        answer = await counters.ask("finance", "GET", f"/api/office/food/sales?{asked}")
        assert answer.status_code == status, (asked, answer.text)

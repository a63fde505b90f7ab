"""Shifts, cash drawers and tills."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.conftest import FakeClock
from tests.control.books.test_sales_statistics import store_records
from tests.matchday.food.conftest import Counters
from tests.matchday.food.orders.kitchen import Kitchen
from tests.money.fiscal.till import BEER, CASHIER, NOW, Till, beer, fries
from tests.money.wallet.ledger.books import loaded_wallet
from virage.control.books.reads.shifts import tills
from virage.money.fiscal.rules.record import Kind, RefundOf, Tender, TenderKind
from virage.money.wallet.accounts.rules.wallets import DeskTender
from virage.money.wallet.funding.rules.desk import DeskTransaction, transfer
from virage.money.wallet.ledger import acts as ledger
from virage.money.wallet.ledger.rules import Posted
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant, Principal

EVENT = new_id()
PERIOD = "from=2026-05-09T17:00:00Z&to=2026-05-09T23:00:00Z"


async def desk(db: Database, till: UUID, cents: int, minutes: float) -> None:
    """Top up a wallet in cash, or pay out."""
    async with db.transaction() as conn:
        wallet_id = await loaded_wallet(conn, 9_000)
        load = DeskTransaction(new_id(), till, wallet_id, new_id(), CASHIER, cents, DeskTender.CASH)
        (posted,) = await ledger.post(conn, [[transfer(load)]], NOW + timedelta(minutes=minutes))
    assert isinstance(posted, Posted)


def by(kind: TenderKind, cents: int) -> list[Tender]:
    return [Tender(kind, cents, "slip" if kind is not TenderKind.CASH else None)]


def a_shift(till: Till) -> None:
    """A shift: a float of 150.00; a sale in cash, one by terminal, one in both, a refund; 180.00
    counted, one more sale.
    """
    till.write(Kind.SHIFT_OPENED, event_id=EVENT)
    till.write(lines=[beer(2)], tenders=by(TenderKind.CASH, 1_400))
    till.write(lines=[fries()], tenders=by(TenderKind.TERMINAL, 450))
    till.write(
        lines=[beer()],
        tip_cents=100,
        tenders=[*by(TenderKind.CASH, 300), *by(TenderKind.CARD, 500)],
    )
    till.write(Kind.TRAINING_SALE)
    till.write(Kind.REFUND, lines=[beer(-1)], refund_of=RefundOf(till.id, BEER, "wrong_order"))
    till.write(Kind.SHIFT_COUNTED, cash_cents=18_000)
    till.write(lines=[beer()])


async def shifts(counters: Counters, who: str, query: str = PERIOD) -> Any:
    answer = await counters.ask(who, "GET", f"/api/office/food/shifts?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_expected_cash_is_float_and_sales_less_refunds_and_top_ups_less_payouts(
    db: Database, counters: Counters
) -> None:
    till = Till()
    async with db.transaction() as conn:
        await till.pair(conn)
    a_shift(till)
    await store_records(db, till.written)
    for cents, minutes in ((5_000, 1), (-2_000, 1.5), (700, -30)):  # the last one before the shift was opened
        await desk(db, till.id, cents, minutes)
    (shift,) = await shifts(counters, "finance")
    assert shift["drawer"] == {
        "float_cents": 15_000,
        "sales_cents": 1_400 + 300 + 700,
        "refund_cents": 700,
        "top_up_cents": 5_000,
        "payout_cents": 2_000,
        "expected_cents": 15_000 + 2_400 - 700 + 3_000,
        "counted_cents": 18_000,
        "difference_cents": 18_000 - (15_000 + 1_700 - 700 + 3_000),  # sales after the count are not in it
        "counted_at": "2026-05-09T18:02:20Z",
    }
    assert (shift["sales"], shift["refunds"], shift["total_cents"], shift["tip_cents"]) == (4, 1, 2_550, 100)
    assert {one["kind"]: one["cents"] for one in shift["tenders"]} == {"cash": 1_700, "card": 500, "terminal": 450}
    assert (shift["till_name"], shift["closed_at"], shift["ended_at"], shift["first"], shift["last"]) == (
        "Till",
        None,
        None,
        1,
        7,
    )


async def test_a_shift_ends_with_its_close_or_with_the_next_one(db: Database, counters: Counters) -> None:
    till, elsewhere = Till(), Till()
    elsewhere.outlet = "02"
    till.write(lines=[beer()])  # outside any shift
    a_shift(till)
    till.write(Kind.SHIFT_OPENED, cash_cents=100)
    till.write(lines=[fries()])
    till.write(Kind.SHIFT_CLOSED)
    till.write(lines=[fries()])
    elsewhere.write(Kind.SHIFT_OPENED)
    await store_records(db, [*till.written, *elsewhere.written])
    counters.knows("manager", Grant("finance", "outlet", "01"))
    second, first = await shifts(counters, "manager")
    assert (first["first"], first["last"], first["closed_at"]) == (2, 8, None)
    assert first["ended_at"] == second["opened_at"]
    assert (second["first"], second["last"], second["closed_at"]) == (9, 11, "2026-05-09T18:04:00Z")
    assert (second["total_cents"], second["drawer"]["counted_cents"], second["drawer"]["difference_cents"]) == (
        450,
        None,
        None,
    )
    assert [one["id"] for one in await shifts(counters, "manager", f"event_id={EVENT}")] == [first["id"]]
    assert len(await shifts(counters, "finance")) == 3
    assert await shifts(counters, "club") == []
    assert (await counters.ask("finance", "GET", "/api/office/food/shifts")).status_code == 400


async def test_tills_show_their_heads_and_open_shifts(db: Database, counters: Counters) -> None:
    till, idle = Till(), Till()
    async with db.transaction() as conn:
        await till.pair(conn)
        await idle.pair(conn)
    a_shift(till)
    await store_records(db, till.written)
    found = (await counters.ask("finance", "GET", "/api/office/food/tills")).json()
    seen = {one["id"]: one for one in found}
    mine, other = seen[str(till.id)], seen[str(idle.id)]
    assert (mine["head"]["number"], mine["head"]["hash"]) == (7, till.heads[False].hash)
    assert (mine["anchor"]["number"], mine["unclosed"], mine["outlets"]) == (7, 7, ["01"])
    assert mine["shift"]["drawer"]["expected_cents"] == 15_000 + 2_400 - 700
    assert (other["head"], other["anchor"], other["unclosed"], other["shift"]) == (None, None, 0, None)
    counters.knows("neighbour", Grant("finance", "outlet", "02"))
    assert (await counters.ask("neighbour", "GET", "/api/office/food/tills")).json() == []
    assert (await counters.ask("house", "GET", "/api/office/food/tills")).status_code == 403


async def test_the_office_distinguishes_order_ahead_tills(db: Database, clock: FakeClock, config: Config) -> None:
    counter, kitchen = Till(), Kitchen(db, clock, config)
    await kitchen.open("05")
    async with db.transaction() as conn:
        await counter.pair(conn)
    async with db.connection() as conn:
        found = await tills(conn, Principal("staff", new_id(), grants=(Grant("finance"),)))
    of_kitchen = [row["till_id"] for row in await kitchen.rows("select till_id from food_orders.kitchen")]
    assert {one.id: one.is_order_ahead for one in found} == {counter.id: False, of_kitchen[0]: True}

"""Stock: each movement is a fact, the level is their sum, and only a sale brings it below zero."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.matchday.food.menu.board import COFFEE, COLA, FRIES, HERE, HOT_DOG, HOUR, NOW, THERE
from virage.matchday.food.menu.acts import catalogue as catalogue_acts
from virage.matchday.food.menu.acts import stock as acts
from virage.matchday.food.menu.acts.stock import Sold
from virage.matchday.food.menu.reads import stock as reads
from virage.matchday.food.menu.rules.stock import (
    Key,
    Reason,
    StockAlarm,
    StockLevel,
    StockLine,
    StockMovement,
    StockRequest,
    alert_of,
    movements,
)
from virage.platform.data.database import Connection, Database
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

pytestmark = pytest.mark.usefixtures("board")
Moves = dict[UUID, int]


def a_document(kind: Any, moves: Moves, outlet: str = HERE, to_outlet: str | None = None) -> StockRequest:
    return StockRequest(new_id(), kind, outlet, [StockLine(*one) for one in moves.items()], to_outlet)


async def move(db: Database, request: StockRequest) -> list[StockMovement] | Refused:
    async with db.transaction() as conn:
        return await acts.record(conn, request, None, NOW)


async def sell(db: Database, *sales: Sold) -> None:
    async with db.transaction() as conn:
        await acts.record_sales(conn, sales)


def sold(moves: Moves, outlet: str = HERE) -> Sold:
    return Sold(new_id(), outlet, moves, NOW)


async def levels(conn: Connection) -> dict[Key, int]:
    """The levels, which are the sums of the movements."""
    rows = await conn.fetch("select outlet, product_id, level from food_menu.stock")
    kept = {(row["outlet"], row["product_id"]): row["level"] for row in rows}
    rows = await conn.fetch(
        "select outlet, product_id, sum(quantity)::int as level from food_menu.movement group by 1, 2"
    )
    sums = {(row["outlet"], row["product_id"]): row["level"] for row in rows}
    assert {key: level for key, level in kept.items() if key in sums or level} == sums
    return kept


async def test_deliveries_waste_and_counts_add_up(db: Database, conn: Connection) -> None:
    await move(db, a_document("delivery", {COLA.id: 100, FRIES.id: 40}))
    await sell(db, sold({COLA.id: 3}), sold({COLA.id: 2, FRIES.id: 1}))
    await move(db, a_document("waste", {FRIES.id: 4}))
    await move(db, a_document("transfer", {COLA.id: 20}, HERE, THERE))
    counted = await move(db, a_document("count", {COLA.id: 70, FRIES.id: 35}))
    assert [(one.product_id, one.quantity) for one in as_rows(counted)] == [(COLA.id, -5), (FRIES.id, 0)]
    assert await levels(conn) == {(HERE, COLA.id): 70, (HERE, FRIES.id): 35, (THERE, COLA.id): 20}


async def test_a_repeated_document_moves_nothing_and_gets_the_same_answer(db: Database, conn: Connection) -> None:
    request = a_document("delivery", {COLA.id: 10})
    first = await move(db, request)
    await sell(db, sold({COLA.id: 1}))
    assert await move(db, request) == first
    assert await levels(conn) == {(HERE, COLA.id): 9}
    other = await move(db, StockRequest(request.id, "waste", HERE, request.lines))
    assert isinstance(other, Refused)
    assert other.reason == Reason.ID_TAKEN


async def test_a_repeated_sale_moves_the_stock_once(db: Database, conn: Connection) -> None:
    one = sold({COLA.id: 2})
    await sell(db, one)
    await sell(db, one, sold({COLA.id: 1}))
    assert await levels(conn) == {(HERE, COLA.id): -3}


async def test_an_offline_sale_can_make_a_stock_negative_with_an_alert(db: Database, conn: Connection) -> None:
    await move(db, a_document("delivery", {COLA.id: 1, FRIES.id: 2}))
    async with db.transaction() as writing:
        await acts.set_thresholds(writing, HERE, {COLA.id: 5, FRIES.id: 0, HOT_DOG.id: 1}, None, NOW)
    await sell(db, sold({COLA.id: 2, FRIES.id: 2}))
    alerts = [(one.product_id, one.level, one.alarm) for one in await reads.alerts(conn, [HERE])]
    worst_first = [
        (COLA.id, -1, StockAlarm.BELOW_ZERO),
        (HOT_DOG.id, 0, StockAlarm.EMPTY),
        (FRIES.id, 0, StockAlarm.EMPTY),
    ]
    assert alerts == worst_first
    assert await reads.alerts(conn, [THERE]) == []


@pytest.mark.parametrize("kind", ["waste", "transfer"])
async def test_missing_stock_cannot_be_wasted_or_moved(kind: Any, db: Database, conn: Connection) -> None:
    await move(db, a_document("delivery", {COLA.id: 5, FRIES.id: 5}))
    before = await levels(conn)
    request = a_document(kind, {COLA.id: 5, FRIES.id: 6}, HERE, THERE if kind == "transfer" else None)
    refused = await move(db, request)
    assert refused == Refused(Reason.SHORT, {"product_id": FRIES.id, "level": 5})
    assert {key: level for key, level in (await levels(conn)).items() if level} == before
    assert await conn.fetchval("select count(*) from food_menu.stock_document") == 1


async def test_a_stock_transfer_is_one_movement_out_and_one_in(db: Database, conn: Connection) -> None:
    await move(db, a_document("delivery", {COLA.id: 5}))
    rows = as_rows(await move(db, a_document("transfer", {COLA.id: 5}, HERE, THERE)))
    assert sorted((row.outlet, row.quantity) for row in rows) == [(HERE, -5), (THERE, 5)]
    assert await levels(conn) == {(HERE, COLA.id): 0, (THERE, COLA.id): 5}


async def test_uncounted_products_have_no_stock(db: Database, conn: Connection) -> None:
    await sell(db, sold({COFFEE.id: 3, new_id(): 1}))
    assert await levels(conn) == {}
    refused = await move(db, a_document("delivery", {COFFEE.id: 3}))
    assert isinstance(refused, Refused)
    assert refused.data["errors"][0]["source"] == "lines.0.product_id"


async def test_discontinued_products_are_still_counted(db: Database, conn: Connection) -> None:
    await move(db, a_document("delivery", {FRIES.id: 5}))
    async with db.transaction() as writing:
        await catalogue_acts.remove_item(writing, FRIES.id, None, NOW)
    await move(db, a_document("waste", {FRIES.id: 5}))
    assert await levels(conn) == {(HERE, FRIES.id): 0}


@pytest.mark.parametrize(
    ("document", "source"),
    [
        (a_document("delivery", {COLA.id: 1}, "99"), "outlet"),
        (a_document("transfer", {COLA.id: 1}), "to_outlet"),
        (a_document("transfer", {COLA.id: 1}, HERE, HERE), "to_outlet"),
        (a_document("transfer", {COLA.id: 1}, HERE, "99"), "to_outlet"),
        (a_document("delivery", {COLA.id: 1}, HERE, THERE), "to_outlet"),
        (a_document("delivery", {COLA.id: 0}), "lines.0.quantity"),
        (a_document("delivery", {new_id(): 1}), "lines.0.product_id"),
        (StockRequest(new_id(), "count", HERE, [StockLine(COLA.id, 1), StockLine(COLA.id, 2)]), "lines"),
    ],
)
async def test_an_invalid_document_is_refused_with_its_field(
    document: StockRequest, source: str, db: Database, conn: Connection
) -> None:
    refused = await move(db, document)
    assert isinstance(refused, Refused)
    assert source in [error["source"] for error in refused.data["errors"]]
    assert await conn.fetchval("select count(*) from food_menu.movement") == 0


async def test_concurrent_sales_and_transfers_of_two_outlets_lose_no_stock(db: Database, conn: Connection) -> None:
    both_ways = [
        a_document("delivery", {COLA.id: 500, FRIES.id: 500}, HERE),
        a_document("delivery", {FRIES.id: 500, COLA.id: 500}, THERE),
    ]
    await asyncio.gather(*(move(db, request) for request in both_ways))
    sends = [
        a_document("transfer", {COLA.id: 1, FRIES.id: 1}, *((HERE, THERE) if number % 2 else (THERE, HERE)))
        for number in range(20)
    ]
    sales = [sold({FRIES.id: 1, COLA.id: 2}, (HERE, THERE)[number % 2]) for number in range(20)]
    outcomes = await asyncio.gather(*(move(db, request) for request in sends), *(sell(db, one) for one in sales))
    assert not [one for one in outcomes if isinstance(one, Refused)]
    assert await levels(conn) == {
        (HERE, COLA.id): 480,
        (THERE, COLA.id): 480,
        (HERE, FRIES.id): 490,
        (THERE, FRIES.id): 490,
    }


async def test_the_same_document_of_two_browsers_at_once_is_stored_once(db: Database, conn: Connection) -> None:
    request = a_document("delivery", {COLA.id: 7})
    answers = await asyncio.gather(*(move(db, request) for _ in range(5)))
    assert all(answer == answers[0] for answer in answers)
    assert await levels(conn) == {(HERE, COLA.id): 7}


async def test_stock_movements_are_paged(db: Database, conn: Connection) -> None:
    for at in (NOW, NOW + HOUR):
        async with db.transaction() as writing:
            await acts.record(writing, a_document("delivery", {COLA.id: 1}), None, at)
    assert [row.at for row in await reads.movements(conn, HERE, None)] == [NOW + HOUR, NOW]
    assert [row.at for row in await reads.movements(conn, HERE, NOW + HOUR)] == [NOW]


WISHES = st.lists(
    st.tuples(
        st.sampled_from(["delivery", "waste", "count", "transfer"]), st.integers(0, 50), st.sampled_from([HERE, THERE])
    ),
    max_size=12,
)


@given(WISHES)
def test_documents_never_make_a_level_negative_or_lose_a_piece(wanted: Sequence[tuple[Any, int, str]]) -> None:
    kept: dict[Key, int] = {}
    total = 0
    for kind, quantity, outlet in wanted:
        other = THERE if outlet == HERE else HERE
        there = kept.get((outlet, COLA.id), 0)
        moved = movements(a_document(kind, {COLA.id: quantity}, outlet, other if kind == "transfer" else None), kept)
        if isinstance(moved, Refused):
            assert quantity > there
            continue
        for one in moved:
            kept[one.outlet, one.product_id] = kept.get((one.outlet, one.product_id), 0) + one.quantity
        total += {"delivery": quantity, "waste": -quantity, "count": quantity - there, "transfer": 0}[kind]
        assert all(level >= 0 for level in kept.values())
        assert sum(kept.values()) == total


@pytest.mark.parametrize(
    ("level", "low_at", "alarm"),
    [
        (-1, None, StockAlarm.BELOW_ZERO),
        (-1, 5, StockAlarm.BELOW_ZERO),
        (0, 0, StockAlarm.EMPTY),
        (5, 5, StockAlarm.LOW),
        (6, 5, None),
        (0, None, None),
    ],
)
def test_a_level_is_an_alert_below_zero_or_at_its_threshold(level: int, low_at: int | None, alarm: Any) -> None:
    found = alert_of(StockLevel(HERE, COLA.id, level, low_at))
    assert (found.alarm if found else None) == alarm


def as_rows(outcome: list[StockMovement] | Refused) -> list[StockMovement]:
    assert isinstance(outcome, list)
    return outcome

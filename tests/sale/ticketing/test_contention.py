"""Many buyers, few places, several processes: the primary key decides, whatever each process has
cached.
"""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from tests.sale.ticketing.conftest import AREA, BLUE, System, a_pricing, block_seats
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.acts.paying import Pay, pay
from virage.sale.ticketing.routes.order_service import HoldCommand, OrderService
from virage.sale.ticketing.rules.pricing import AreaPricing
from virage.sale.ticketing.rules.terms import (
    BestSeats,
    Buyer,
    ChosenSeat,
    ChosenSeats,
    HoldRequest,
    OrderRow,
    Party,
    Reason,
    Seats,
    StandingPlaces,
    Tariff,
)


def ask(event_id: UUID, seats: Seats) -> HoldCommand:
    fan = new_id()
    return HoldCommand(HoldRequest(new_id(), event_id, seats), Buyer(new_id(), fan), fan)


async def hold_all(offices: list[OrderService], event_id: UUID, wishes: list[Seats]) -> list[OrderRow | Refused]:
    """Every request at once, distributed over the processes."""
    asks = (offices[number % len(offices)].hold(ask(event_id, seats)) for number, seats in enumerate(wishes))
    return await asyncio.gather(*asks)


def places(outcomes: list[OrderRow | Refused]) -> list[int]:
    return [place for outcome in outcomes if isinstance(outcome, OrderRow) for place in outcome.places]


async def claims(system: System) -> list[Any]:
    return await system.rows("select place, order_id from ticketing.claim")


async def test_only_one_of_many_concurrent_buyers_gets_a_seat(system: System, offices: list[OrderService]) -> None:
    seat = block_seats("103")[5]
    wish = ChosenSeats((ChosenSeat(seat, Tariff.FULL),))
    outcomes = await hold_all(offices, system.event_id, [wish] * 60)
    assert places(outcomes) == [seat]
    assert {o.reason for o in outcomes if isinstance(o, Refused)} == {Reason.PLACE_TAKEN}


async def test_an_order_gets_all_of_its_places_or_none(system: System, offices: list[OrderService]) -> None:
    """Overlapping requests: a buyer who loses one seat keeps none of the others."""
    first = block_seats("103")[0]
    wishes: list[Seats] = [
        ChosenSeats(tuple(ChosenSeat(first + offset + step, Tariff.FULL) for step in range(4))) for offset in range(40)
    ]
    outcomes = await hold_all(offices, system.event_id, wishes)
    held = places(outcomes)
    assert len(held) == len(set(held))
    assert all(len(o.places) == 4 for o in outcomes if isinstance(o, OrderRow))
    assert sorted(row["place"] for row in await claims(system)) == sorted(held)


async def test_a_block_sells_every_seat_exactly_once(system: System, offices: list[OrderService]) -> None:
    ordinary = sum(1 for seat in block_seats("103") if not system.is_reserved(seat))
    wishes: list[Seats] = [BestSeats(Party(full=1), category_id=BLUE) for _ in range(ordinary + 40)]
    outcomes = await hold_all(offices, system.event_id, wishes)
    held = places(outcomes)
    assert len(held) == len(set(held)) == ordinary
    assert {o.reason for o in outcomes if isinstance(o, Refused)} == {Reason.SOLD_OUT}


async def test_a_standing_area_never_exceeds_its_capacity(empty_system: System, offices: list[OrderService]) -> None:
    event_id = await empty_system.open(a_pricing(areas=[AreaPricing(AREA, BLUE, 100)]))
    wishes: list[Seats] = [StandingPlaces(AREA, Party(full=1 + number % 4)) for number in range(90)]
    outcomes = await hold_all(offices, event_id, wishes)
    held = places(outcomes)
    assert 97 <= len(held) <= 100
    assert len(held) == len(set(held))
    assert len(await claims(empty_system)) == len(held)


async def test_a_request_repeated_at_every_process_is_one_order(system: System, offices: list[OrderService]) -> None:
    one = ask(system.event_id, BestSeats(Party(full=3)))
    outcomes = await asyncio.gather(*(office.hold(one) for office in offices for _ in range(5)))
    orders = {outcome.id: outcome.places for outcome in outcomes if isinstance(outcome, OrderRow)}
    assert list(orders) == [one.request.id]
    assert len(await claims(system)) == 3


async def test_a_batch_that_fails_leaves_nothing_held(
    system: System, offices: list[OrderService], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("the journal is full")

    monkeypatch.setattr("virage.sale.ticketing.acts.holding.append", broken)
    with pytest.raises(RuntimeError, match="the journal is full"):
        await offices[0].hold(ask(system.event_id, BestSeats(Party(full=2))))
    assert await claims(system) == []
    monkeypatch.undo()
    outcomes = await hold_all(offices[:1], system.event_id, [BestSeats(Party(full=2))])
    assert Counter(type(outcome) for outcome in outcomes) == {OrderRow: 1}


async def test_baskets_of_two_browsers_paid_by_one_fan_in_one_batch_keep_the_limit(
    system: System, offices: list[OrderService], db: Database, clock: Clock
) -> None:
    fan, sessions = new_id(), [new_id(), new_id()]
    seats = BestSeats(Party(full=6), category_id=BLUE)
    held = []
    for session in sessions:
        order = await offices[0].hold(
            HoldCommand(HoldRequest(new_id(), system.event_id, seats), Buyer(session), session)
        )
        assert isinstance(order, OrderRow)
        held.append(order)
    pays = [
        Pay(order.id, new_id(), Buyer(session, fan, session), fan, "https://virage.local/")
        for order, session in zip(held, sessions, strict=True)
    ]
    async with db.transaction() as conn:
        outcomes = await pay(conn, pays, clock.now())
    assert [isinstance(outcome, Refused) for outcome in outcomes] == [False, True]
    assert isinstance(outcomes[1], Refused)
    assert outcomes[1].reason == Reason.LIMIT_REACHED

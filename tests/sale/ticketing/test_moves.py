"""An event moves to another version of its venue: every seat is renumbered, and nothing is sold twice meanwhile."""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from msgspec.structs import replace

from tests.conftest import FakeClock
from tests.sale.ticketing.conftest import BLUE, BLUE_BLOCK, GOLD_BLOCK, Box, System, block_seats
from tests.sale.ticketing.test_contention import ask
from tests.sale.ticketing.test_tickets import a_phone
from tests.sale.ticketing.venues import arena, arranged, seats_of
from tests.venues import install
from virage.demo.venues.drawing import stadium
from virage.platform.data.database import Connection, Database
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant
from virage.sale.ticketing.acts.moving import EventMoveResult, MovePreview, move_event, preview_move
from virage.sale.ticketing.routes.order_service import OrderService
from virage.sale.ticketing.rules.moving import GONE, new_places
from virage.sale.ticketing.rules.reseating import BestEqual, GiveBack, MoveChoice, Reseat
from virage.sale.ticketing.rules.terms import (
    BestSeats,
    ChosenSeat,
    ChosenSeats,
    OrderRow,
    Party,
    Reason,
    StandingPlaces,
    Tariff,
)
from virage.site.programme import api as programme
from virage.site.venue.acts import set_closed
from virage.site.venue.types import Venue

OLD = stadium()
LOST = (block_seats(GOLD_BLOCK)[0], block_seats(GOLD_BLOCK)[1])


def next_version(*gone: int, **changes: Any) -> Venue:
    """The next version of the stadium: without some seats, and with its blocks in another order."""
    seats = seats_of(OLD, *(block.code for block in reversed(OLD.blocks)))
    return arranged(OLD, seats[~np.isin(seats, gone)], **({"version": "next"} | changes))


@pytest.fixture
async def new(monkeypatch: pytest.MonkeyPatch, system: System) -> Venue:
    """The version to move to, which lacks the first two seats of the golden block."""
    venue = next_version(*LOST)
    await install(system.db, monkeypatch, OLD, venue, arena())
    return venue


async def preview(system: System, new: Venue) -> MovePreview:
    async with system.db.connection() as conn:
        event = await programme.event(conn, system.event_id)
        assert event is not None
        return await preview_move(conn, event, OLD, new)


async def move(
    system: System, new: Venue, choices: Mapping[UUID, MoveChoice] | None = None, pause: asyncio.Event | None = None
) -> EventMoveResult | Refused:
    """Move the event as the programme does: its version and its places change in one transaction."""

    async def act(conn: Connection) -> EventMoveResult | Refused:
        event = await programme.lock_for_move(conn, system.event_id, OLD.version, new.version, system.clock.now())
        assert not isinstance(event, Refused)
        outcome = await move_event(conn, event, OLD, new, choices or {}, None, system.clock.now())
        if isinstance(outcome, EventMoveResult):
            await programme.set_venue_version(conn, event, new.version, None, system.clock.now())
        if pause is not None:
            await pause.wait()
        return outcome

    return await system.db.transact(act)


async def hold_seats(box: Box, *seats: int) -> dict[str, Any]:
    places = [{"place": seat, "tariff": "full"} for seat in seats]
    answer = await box.hold({"kind": "chosen", "places": places})
    assert answer.status_code == 201, answer.text
    order: dict[str, Any] = answer.json()
    return order


async def bought_seats(system: System, box: Box, *seats: int) -> dict[str, Any]:
    order, payment_id = await hold_seats(box, *seats), new_id()
    assert (await box.pay(order["id"], payment_id)).status_code == 200
    await system.news(payment_id)
    paid: dict[str, Any] = (await box.ask("GET", f"/api/orders/{order['id']}")).json()
    assert paid["state"] == "paid"
    return paid


def labels(order: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(line["label"]["block"], line["label"]["row"], line["label"]["seat"]) for line in order["lines"]]


async def check(system: System) -> None:
    """The claims are exactly the places that are held or sold, and tickets agree with their orders."""
    orders = await system.rows("select * from ticketing.orders where event_id = $1", system.event_id)
    tickets = {row["id"]: row for row in await system.rows("select * from ticketing.ticket")}
    claims = await system.rows("select place, order_id from ticketing.claim where event_id = $1", system.event_id)
    wanted = Counter(
        (place, order["id"])
        for order in orders
        if order["state"] in ("held", "paying", "paid")
        for place, ticket_id in zip(order["places"], order["ticket_ids"], strict=True)
        if ticket_id not in tickets or tickets[ticket_id]["refund_id"] is None
    )
    assert Counter((claim["place"], claim["order_id"]) for claim in claims) == wanted
    assert max(Counter(place for place, _ in wanted).values(), default=1) == 1
    for order in orders:
        for place, ticket_id in zip(order["places"], order["ticket_ids"], strict=True):
            assert ticket_id not in tickets or tickets[ticket_id]["place"] == place
    passes = await system.rows("select subject, place, gate_group from passes.pass where revoked_at is null")
    for row in passes:
        assert row["place"] == tickets[row["subject"]]["place"]


async def test_every_order_keeps_its_seats_under_their_new_numbers(system: System, new: Venue) -> None:
    fan, guest = await system.fan(), system.browser()
    paid = await bought_seats(system, fan, block_seats(GOLD_BLOCK)[5], block_seats(GOLD_BLOCK)[6])
    held = await hold_seats(guest, block_seats(BLUE_BLOCK)[4])
    standing = (await guest.hold({"kind": "standing", "area": "PEL", "party": {"full": 2}})).json()
    assert (await preview(system, new)).affected == []
    assert await move(system, new) == EventMoveResult("next", 0, 0, 0)
    system.forget()
    for box, order in ((fan, paid), (guest, held), (guest, standing)):
        after = (await box.ask("GET", f"/api/orders/{order['id']}")).json()
        assert [line["label"] for line in after["lines"]] == [line["label"] for line in order["lines"]]
        assert [line["place"] for line in after["lines"]] == [
            int(new_places(OLD, new)[line["place"]]) for line in order["lines"]
        ]
    await check(system)
    offer = (await guest.ask("GET", f"/api/events/{system.event_id}/offer")).json()
    assert offer["venue_version"] == "next"
    taken = (await guest.ask("GET", f"/api/events/{system.event_id}/availability")).content
    for order in (paid, held):
        for line in order["lines"]:
            place = int(new_places(OLD, new)[line["place"]])
            assert not taken[place >> 3] >> (place & 7) & 1


async def test_a_signed_pass_stays_valid_for_the_same_seat_and_gate_group(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a seat that is reached through other gates needs a new pass, because the old one leads to the wrong gate."""
    fan = await system.fan()
    order = await bought_seats(system, fan, block_seats(GOLD_BLOCK)[5], block_seats(BLUE_BLOCK)[5])
    for line in order["lines"]:
        await fan.ask("POST", f"/api/tickets/{line['ticket_id']}/pass", {"key": a_phone()})
    moved_gate = next_version(*LOST)
    blocks = tuple(replace(b, gate_group="Z") if b.code == BLUE_BLOCK else b for b in moved_gate.blocks)
    other = replace(moved_gate, blocks=blocks)
    await install(system.db, monkeypatch, OLD, other)
    assert ((shown := await preview(system, other)).kept, shown.entrances) == (2, 1)
    assert isinstance(await move(system, other), EventMoveResult)
    rows = await system.rows("select subject, generation, gate_group, holder from passes.pass")
    after = {row["subject"]: row for row in rows}
    gold, blue = (after[UUID(line["ticket_id"])] for line in order["lines"])
    assert (gold["generation"], blue["generation"], blue["gate_group"]) == (0, 1, "Z")
    assert blue["holder"] is not None, "the phone keeps the pass and fetches its new text"
    await check(system)


async def test_affected_tickets_need_a_choice_and_a_refused_move_changes_nothing(system: System, new: Venue) -> None:
    fan = await system.fan()
    order = await bought_seats(system, fan, *LOST)
    shown = await preview(system, new)
    assert [(found.order_id, found.place, found.reason, found.held) for found in shown.affected] == [
        (UUID(order["id"]), place, "gone", False) for place in LOST
    ]
    assert [found.label.seat for found in shown.affected] == [line["label"]["seat"] for line in order["lines"]]
    assert shown.affected[0].order_code == order["code"]
    tables = ("ticketing.orders", "ticketing.claim", "ticketing.ticket", "passes.pass", "kernel.journal")
    before = [await system.rows(f"select * from {table} order by 1") for table in tables]
    refused = await move(system, new)
    assert isinstance(refused, Refused)
    assert (refused.reason, set(refused.data["tickets"])) == (
        Reason.TICKETS_AFFECTED,
        {UUID(line["ticket_id"]) for line in order["lines"]},
    )
    assert [await system.rows(f"select * from {table} order by 1") for table in tables] == before


async def test_the_office_sees_who_would_be_affected(system: System, new: Venue) -> None:
    order = await bought_seats(system, await system.fan(), LOST[0])
    office = await system.staff(Grant("programme"))
    path = f"/api/office/events/{system.event_id}/move"
    shown = (await office.ask("GET", path, params={"venue_version": new.version})).json()
    assert (shown["venue_version"], shown["kept"]) == ("next", 0)
    assert [(found["order_code"], found["reason"]) for found in shown["affected"]] == [(order["code"], "gone")]
    for unknown in ("no-such", arena().version):
        answer = await office.ask("GET", path, params={"venue_version": unknown})
        assert answer.status_code == 404
    stranger = await system.staff(Grant("box_office"), email="window@example.org")
    assert (await stranger.ask("GET", path, params={"venue_version": new.version})).status_code == 403


async def test_the_office_moves_an_event_with_a_choice_for_each_affected_ticket(system: System, new: Venue) -> None:
    order = await bought_seats(system, await system.fan(), LOST[0], block_seats(BLUE_BLOCK)[4])
    office = await system.staff(Grant("programme"))
    path, lost = f"/api/office/events/{system.event_id}/move", order["lines"][0]["ticket_id"]
    to_new = {"from_version": OLD.version, "venue_version": new.version}
    refused = await office.ask("POST", path, to_new)
    assert (refused.status_code, refused.json()["code"]) == (409, "tickets_affected")
    elsewhere = await office.ask("POST", path, to_new | {"venue_version": arena().version})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "unknown_venue")
    moved = await office.ask("POST", path, to_new | {"choices": {lost: {"kind": "best"}}})
    assert (moved.status_code, moved.json()) == (
        200,
        {"venue_version": "next", "reseated": 1, "refunded": 0, "released": 0},
    )
    again = await office.ask("POST", path, to_new | {"choices": {lost: {"kind": "refund"}}})
    assert (again.status_code, again.json()["code"]) == (409, "changed_meanwhile"), "the event is moved once"
    assert await system.rows("select 1 from ticketing.refund") == []
    offer = await office.ask("GET", f"/api/events/{system.event_id}/offer")
    assert offer.json()["venue_version"] == "next"
    stranger = await system.staff(Grant("box_office"), email="window@example.org")
    assert (await stranger.ask("POST", path, to_new)).status_code == 403
    await check(system)


async def test_the_preview_proposes_places_of_their_own_for_each_ticket_and_any_of_them_can_be_chosen(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first proposals of a party are adjacent, and so are its second ones; a basket gets none."""
    seats = block_seats(BLUE_BLOCK)
    first = await bought_seats(system, await system.fan(), seats[4], seats[5])
    second = await bought_seats(system, await system.fan("other@example.org"), seats[7])
    await hold_seats(system.browser(), seats[9])
    new = next_version(*seats[4:10])
    await install(system.db, monkeypatch, OLD, new, arena())
    shown = await preview(system, new)
    proposed = {str(found.ticket_id): found.proposals for found in shown.affected if not found.held}
    assert [len(found.proposals) for found in shown.affected if found.held] == [0]
    places = [proposal.place for proposals in proposed.values() for proposal in proposals]
    assert len(places) == len(set(places)) == 9, "three for each ticket, and none twice"
    pair = [proposed[line["ticket_id"]] for line in first["lines"]]
    for left, right in zip(*pair, strict=True):
        assert right.place - left.place == 1
        assert left.label.row == right.label.row
    chosen = {
        **{UUID(line["ticket_id"]): proposed[line["ticket_id"]][1].place for line in first["lines"]},
        UUID(second["lines"][0]["ticket_id"]): proposed[second["lines"][0]["ticket_id"]][0].place,
    }
    assert await move(system, new, {id_: Reseat(place) for id_, place in chosen.items()}) == EventMoveResult(
        "next", 3, 0, 1
    )
    seated = {row["id"]: row["place"] for row in await system.rows("select id, place from ticketing.ticket")}
    assert seated == chosen
    await check(system)


async def test_the_preview_names_the_refund_of_a_ticket_and_of_the_whole_order(system: System, new: Venue) -> None:
    order = await bought_seats(system, await system.fan(), *LOST, block_seats(GOLD_BLOCK)[5])
    for found in (await preview(system, new)).affected:
        assert (found.refund_cents, found.order_tickets, found.order_refund_cents) == (
            8150,
            3,
            order["total_cents"],
        )
    ids = [UUID(line["ticket_id"]) for line in order["lines"]]
    assert isinstance(await move(system, new, {ids[0]: GiveBack(), ids[1]: GiveBack()}), EventMoveResult)
    (refund,) = await system.rows("select amount_cents from ticketing.refund")
    assert refund["amount_cents"] == 2 * 8150


async def test_one_ticket_is_reseated_and_one_refunded(system: System, new: Venue) -> None:
    fan = await system.fan()
    order = await bought_seats(system, fan, *LOST)
    first, second = (UUID(line["ticket_id"]) for line in order["lines"])
    await fan.ask("POST", f"/api/tickets/{first}/pass", {"key": a_phone()})
    outcome = await move(system, new, {first: BestEqual(), second: GiveBack()})
    assert outcome == EventMoveResult("next", 1, 1, 0)
    system.forget()
    after = (await fan.ask("GET", f"/api/orders/{order['id']}")).json()
    assert (after["state"], after["refunded_cents"]) == ("paid", 8150)
    assert labels(after)[0][0] == GOLD_BLOCK
    assert labels(after)[0] != labels(order)[0]
    assert labels(after)[1] == labels(order)[1], "the refunded ticket shows the seat that it had"
    assert [line.get("refunded", False) for line in after["lines"]] == [False, True]
    await check(system)
    tickets = {ticket["id"]: ticket for ticket in (await fan.ask("GET", "/api/me/tickets")).json()}
    assert tickets[str(first)]["pass"]["generation"] == 1
    assert tickets[str(second)]["pass"]["revoked"]
    (refund,) = await system.rows("select amount_cents from payments.refund")
    assert refund["amount_cents"] == 8150
    kinds = [row["kind"] for row in await system.rows("select kind from people.letter order by id")]
    assert kinds == ["order_paid", "seats_changed"]


async def test_a_named_place_is_given_and_its_former_number_sold_to_nobody_else(system: System, new: Venue) -> None:
    fan = await system.fan()
    order = await bought_seats(system, fan, LOST[0])
    ticket_id = UUID(order["lines"][0]["ticket_id"])
    target = int(new_places(OLD, new)[block_seats(BLUE_BLOCK)[7]])
    assert isinstance(await move(system, new, {ticket_id: Reseat(target)}), EventMoveResult)
    system.forget()
    after = (await fan.ask("GET", f"/api/orders/{order['id']}")).json()
    assert after["lines"][0]["place"] == target
    late = await system.browser().hold({"kind": "chosen", "places": [{"place": target, "tariff": "full"}]})
    assert late.json()["code"] == "place_taken"
    await check(system)


async def test_nobody_is_moved_into_a_block_that_is_closed_for_the_event(system: System, new: Venue) -> None:
    order = await bought_seats(system, await system.fan(), LOST[0])
    ticket_id = UUID(order["lines"][0]["ticket_id"])
    (found,) = (await preview(system, new)).affected
    assert {proposal.label.block for proposal in found.proposals} == {GOLD_BLOCK}
    async with system.db.transaction() as conn:
        at = system.clock.now()
        assert await set_closed(conn, OLD, system.event_id, "block", GOLD_BLOCK, closed=True, who=None, now=at) is None
    (closed,) = (await preview(system, new)).affected
    assert GOLD_BLOCK not in {proposal.label.block for proposal in closed.proposals}
    outcome = await move(system, new, {ticket_id: Reseat(found.proposals[0].place)})
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.PLACE_TAKEN
    await check(system)


async def test_a_basket_on_a_lost_seat_is_released_and_its_late_payment_returned(system: System, new: Venue) -> None:
    fan = await system.fan()
    order, payment_id = await hold_seats(fan, LOST[0], block_seats(GOLD_BLOCK)[9]), new_id()
    assert (await fan.pay(order["id"], payment_id)).status_code == 200
    (found,) = (await preview(system, new)).affected
    assert found.held
    assert await move(system, new) == EventMoveResult("next", 0, 0, 1)
    system.forget()
    await system.news(payment_id)
    after = (await fan.ask("GET", f"/api/orders/{order['id']}")).json()
    assert (after["state"], after["returned_cents"]) == ("released", order["total_cents"])
    assert labels(after) == labels(order)
    await check(system)


async def test_a_late_payment_of_an_expired_order_buys_only_seats_that_are_still_there(
    system: System, new: Venue, clock: FakeClock
) -> None:
    fan, other = await system.fan(), await system.fan("other@example.org")
    lost, kept = await hold_seats(fan, LOST[1]), await hold_seats(other, block_seats(GOLD_BLOCK)[9])
    payments = {}
    for box, order in ((fan, lost), (other, kept)):
        payments[order["id"]] = new_id()
        assert (await box.pay(order["id"], payments[order["id"]])).status_code == 200
    clock.advance(timedelta(minutes=11))
    assert await system.order_service._sweep()  # noqa: SLF001 - expires the holds
    assert isinstance(await move(system, new), EventMoveResult)
    system.forget()
    for payment_id in payments.values():
        await system.news(payment_id)
    states = {
        row["id"]: (row["state"], row["returned_cents"])
        for row in await system.rows("select id, state, returned_cents from ticketing.orders")
    }
    assert states[UUID(lost["id"])] == ("expired", lost["total_cents"])
    assert states[UUID(kept["id"])] == ("paid", 0)
    await check(system)


async def test_a_process_with_the_former_version_in_memory_sells_no_wrong_seat(
    system: System, new: Venue, offices: list[OrderService]
) -> None:
    wish = ChosenSeats((ChosenSeat(block_seats(BLUE_BLOCK)[3], Tariff.FULL),))
    for office in offices:
        await office.sales.get(system.event_id)
        office.sales.close()  # hears of the move only from the database
    assert isinstance(await move(system, new), EventMoveResult)
    refused = await offices[0].hold(ask(system.event_id, wish))
    assert isinstance(refused, Refused)
    assert refused.reason == Reason.PLACE_TAKEN
    best = await offices[1].hold(ask(system.event_id, BestSeats(Party(full=2), category_id=BLUE)))
    assert isinstance(best, OrderRow)
    assert {new.label(place).block for place in best.places} == {BLUE_BLOCK}
    await check(system)


async def test_seats_of_a_former_map_are_refused(system: System, new: Venue) -> None:
    assert isinstance(await move(system, new), EventMoveResult)
    system.forget()
    seat = int(new_places(OLD, new)[block_seats(BLUE_BLOCK)[3]])
    places = [{"place": seat, "tariff": "full"}]
    browser = system.browser()
    outdated = await browser.hold({"kind": "chosen", "places": places, "venue_version": OLD.version})
    assert (outdated.status_code, outdated.json()["code"]) == (409, "place_taken")
    current = await browser.hold({"kind": "chosen", "places": places, "venue_version": "next"})
    assert current.status_code == 201


async def test_purchases_during_the_move_wait_and_no_seat_is_sold_twice(
    system: System, new: Venue, offices: list[OrderService]
) -> None:
    """Buyers at three processes hold seats while the event moves twice as many places under them."""
    fan = await system.fan()
    order = await bought_seats(system, fan, block_seats(BLUE_BLOCK)[4], LOST[0])
    lost = UUID(order["lines"][1]["ticket_id"])
    for office in offices:
        await office.sales.get(system.event_id)
    first = block_seats(BLUE_BLOCK)[0]
    wishes: list[Any] = []
    for number in range(60):
        wishes += [
            BestSeats(Party(full=1 + number % 3), category_id=BLUE),
            ChosenSeats((ChosenSeat(first + number, Tariff.FULL),)),
            StandingPlaces("PEL", Party(full=1)),
        ]

    async def hold_later(number: int, wish: Any) -> OrderRow | Refused:
        for _ in range(number % 40):
            await asyncio.sleep(0)
        return await offices[number % 3].hold(ask(system.event_id, wish))

    holds = [asyncio.create_task(hold_later(number, wish)) for number, wish in enumerate(wishes)]
    moving = asyncio.create_task(move(system, new, {lost: BestEqual()}))
    outcome, *_ = await asyncio.gather(moving, *holds)
    assert isinstance(outcome, EventMoveResult)
    await check(system)
    claims = await system.rows("select place from ticketing.claim")
    assert all(0 <= claim["place"] < new.places for claim in claims)
    assert any(isinstance(hold.result(), OrderRow) for hold in holds)


async def test_a_hold_that_began_before_the_move_is_moved_with_it(system: System, new: Venue, db: Database) -> None:
    """A hold and a move exclude each other: the one that comes second sees what the first one did."""
    release = asyncio.Event()
    box = await system.fan()
    moving = asyncio.create_task(move(system, new, pause=release))
    async with db.connection() as conn:
        waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        held = "select count(*) from pg_locks where locktype = 'advisory' and mode = 'ExclusiveLock' and granted"
        while not await conn.fetchval(held):  # noqa: ASYNC110 - only the database knows
            await asyncio.sleep(0)
        holding = asyncio.create_task(box.best(full=2))
        while not await conn.fetchval(waiting):  # noqa: ASYNC110 - only the database knows
            await asyncio.sleep(0)
    assert not holding.done()
    release.set()
    await moving
    order = await holding
    assert labels(order)[0][0] == GOLD_BLOCK
    await check(system)


async def test_the_journal_of_a_move_names_no_place_and_no_person(system: System, new: Venue) -> None:
    fan = await system.fan()
    order = await bought_seats(system, fan, *LOST)
    first, second = (UUID(line["ticket_id"]) for line in order["lines"])
    assert isinstance(await move(system, new, {first: BestEqual(), second: GiveBack()}), EventMoveResult)
    rows = await system.rows("select what, about, data from kernel.journal order by seq desc limit 12")
    facts = {row["what"]: row for row in rows}
    assert facts["event_version_changed"]["about"] == system.event_id
    assert facts["ticket_reseated"]["about"] == first
    for row in rows:
        assert "113" not in re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", str(row["data"])), "an id may have these digits"
    assert GONE not in [place for row in rows for place in row["data"].get("places", ())]

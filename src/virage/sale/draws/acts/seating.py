"""Winners get their seats: an order outside of the public sale, which holds them until the time to pay is over."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from virage.identity.people import api as people
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.draws.acts.waiting import give_back
from virage.sale.draws.rules.seating import seats_for
from virage.sale.draws.rules.terms import Draw, EntryRow
from virage.sale.draws.store import draws as store
from virage.sale.draws.store import entries as entries_store
from virage.sale.draws.store.entries import NewSeats
from virage.sale.ticketing import api as ticketing
from virage.sale.ticketing.api import Conflict, Hold, IsBanned
from virage.sale.ticketing.types import (
    Arrangement,
    Buyer,
    ChosenSeat,
    ChosenSeats,
    HoldRequest,
    OpenSale,
    OrderRow,
    SeatNeed,
)
from virage.site.programme import api as programme

SEATED_AT_ONCE: Final = 100
REVIEWED_AT_ONCE: Final = 100


async def seat_winners(
    conn: Connection, draw_id: UUID, sale: OpenSale, is_banned: IsBanned, now: datetime
) -> tuple[int, bool]:
    """Seat a batch of winners; return how many winners there were, and whether some places were taken meanwhile.

    Winners whom a ban matches wait for a supervisor, at most for the time to pay. Winners without a seat, because the
    quota was sold otherwise, are released. After a conflict or an exception, the caller loads the sale again.
    """
    draw = await store.lock_draw(conn, draw_id)
    if draw is None or draw.state != "drawn":
        return 0, False
    winners = await entries_store.to_seat(conn, draw_id, SEATED_AT_ONCE)
    return len(winners), await _seat(conn, draw, winners, sale, is_banned, now)


async def seat_reviewed(
    conn: Connection, draw_id: UUID, sale: OpenSale, is_banned: IsBanned, now: datetime
) -> tuple[int, bool]:
    """Seat winners whom a supervisor allowed, and release those who were not allowed in time; as `seat_winners`."""
    draw = await store.lock_draw(conn, draw_id)
    if draw is None or draw.state != "drawn":
        return 0, False
    waiting = await entries_store.entries_in(conn, draw_id, "review", 0, REVIEWED_AT_ONCE)
    late = [entry for entry in waiting if entry.pays_until is not None and entry.pays_until <= now]
    if late:
        await give_back(conn, draw, late, "not_possible", now)
        draw = (await store.draws(conn, [draw_id]))[draw_id]
    in_time = [entry for entry in waiting if entry not in late]
    return len(waiting), await _seat(conn, draw, in_time, sale, is_banned, now)


async def _seat(  # noqa: PLR0917 - the parts of one batch
    conn: Connection, draw: Draw, winners: Sequence[EntryRow], sale: OpenSale, is_banned: IsBanned, now: datetime
) -> bool:
    """Seat winners of a locked draw; return whether places of some were taken meanwhile, who are seated later."""
    event = await programme.event(conn, draw.event_id)
    persons = await people.persons_by_id(conn, [one.person_id for one in winners if one.person_id is not None])
    if event is None or not winners:
        return False
    pays_until = min(now + timedelta(hours=draw.pay_hours), event.starts_at)
    banned: list[UUID] = []
    gone: list[EntryRow] = []
    unseated: list[EntryRow] = []
    holds: dict[UUID, Hold] = {}
    unmet: dict[UUID, list[SeatNeed]] = {}
    proposed: list[int] = []
    for entry in winners:
        person = None if entry.person_id is None else persons.get(entry.person_id)
        if person is None or entry.category is None:
            gone.append(entry)
            continue
        if await is_banned(conn, event.id, entry.id, person, name=person.name or person.email, now=now):
            banned.append(entry.id)
            continue
        category_id = draw.quotas[entry.category].category_id
        found = seats_for(sale, category_id, entry.party, wheelchair=entry.wheelchair, needs=entry.needs)
        if found is None:
            unseated.append(entry)
            continue
        unmet[entry.id] = found.unmet
        proposed += sale.inventory.hold([seat.place for seat in found.seats])  # the next group gets others
        chosen = tuple(ChosenSeat(seat.place, seat.tariff) for seat in found.seats)
        request = HoldRequest(new_id(), event.id, ChosenSeats(chosen, sale.venue.version))
        holds[entry.id] = Hold(request, Buyer(None, person.id), person.id, sale, Arrangement(pays_until))
    sale.inventory.release(proposed)  # `hold` marks them itself
    outcomes = await ticketing.hold(conn, list(holds.values()), now) if holds else []
    held = [
        NewSeats(entry_id, outcome.id, new_id(), unmet[entry_id])
        for entry_id, outcome in zip(holds, outcomes, strict=True)
        if isinstance(outcome, OrderRow)
    ]
    await entries_store.review_entries(conn, banned, pays_until)
    await entries_store.hold_entries(conn, held, pays_until)
    facts = [Fact("draw_entry_seated", None, one.entry_id, {"draw": draw.id, "order": one.order_id}) for one in held]
    await append(conn, facts, now)
    if unseated:
        await give_back(conn, draw, unseated, "unseated", now, returns=False)
    if gone:
        await give_back(conn, (await store.draws(conn, [draw.id]))[draw.id], gone, "erased", now)
    by_id = {entry.id: entry for entry in winners}
    for entry_id, outcome in zip(holds, outcomes, strict=True):
        if isinstance(outcome, Refused):  # more tickets of the event than the limit, for instance
            draw = (await store.draws(conn, [draw.id]))[draw.id]
            await give_back(conn, draw, [by_id[entry_id]], outcome.reason, now)
    return any(isinstance(outcome, Conflict) for outcome in outcomes)

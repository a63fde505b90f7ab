"""Places that return go down the waiting order, in the order of the draw; every step is logged and published."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.sale.draws.rules.allocation import Room, offers
from virage.sale.draws.rules.files import NO_CATEGORY
from virage.sale.draws.rules.terms import Draw, EntryRow, LogEvent
from virage.sale.draws.store import draws as store
from virage.sale.draws.store import entries as entries_store

WAITING_AT_ONCE: Final = 5_000
ENDED: Final = ("paid", "released", "lost", "lapsed", "cancelled")


async def give_back(
    conn: Connection, draw: Draw, entries: Sequence[EntryRow], reason: str, now: datetime, *, returns: bool = True
) -> None:
    """Release what entries won of a locked draw, or take them out of its waiting order.

    `returns`: the places go back to their quota; they do not if their seats were sold otherwise.
    """
    events: list[tuple[LogEvent, str, int]] = []
    room = Room(draw.left_places, draw.left_spaces)
    for entry in entries:
        if entry.category is None:
            events.append(("left", entry.code, NO_CATEGORY))
        elif returns:
            room.take_back(entry.drawn(len(draw.quotas)), entry.category)
            events.append(("released", entry.code, entry.category))
        else:
            events.append(("unseated", entry.code, entry.category))
    await entries_store.set_states(conn, [entry.id for entry in entries], "released", reason)
    await store.set_left(conn, draw.id, room.places, room.spaces)
    await store.append_log(conn, draw.id, events, now)
    facts = [
        Fact("draw_entry_released", None, entry.id, {"draw": draw.id, "reason": reason, "returns": returns})
        for entry in entries
    ]
    await append(conn, facts, now)


async def offer(conn: Connection, draw_id: UUID, now: datetime) -> int:
    """Offer what is left of a draw to the waiting order; return how many entries won. Nothing after its end."""
    draw = await store.lock_draw(conn, draw_id)
    if draw is None or draw.state != "drawn" or draw.ends_at <= now:
        return 0
    room, after, quotas = Room(draw.left_places, draw.left_spaces), 0, len(draw.quotas)
    won: dict[UUID, int] = {}
    events: list[tuple[LogEvent, str, int]] = []
    while not room.is_empty:
        page = await entries_store.entries_in(conn, draw_id, "waiting", after, WAITING_AT_ONCE)
        if not page:
            break
        by_code = {entry.code: entry.id for entry in page}
        for drawn, category in offers([entry.drawn(quotas) for entry in page], room):
            won[by_code[drawn.code]] = category
            events.append(("offered", drawn.code, category))
        after = page[-1].number or 0
    if won:
        await entries_store.win(conn, won)
        await store.set_left(conn, draw_id, room.places, room.spaces)
        await store.append_log(conn, draw_id, events, now)
        facts = [
            Fact("draw_entry_offered", None, id_, {"draw": draw_id, "category": category})
            for id_, category in won.items()
        ]
        await append(conn, facts, now)
    return len(won)

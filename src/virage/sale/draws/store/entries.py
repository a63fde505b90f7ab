"""Entries of draws."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct, convert, to_builtins

from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.sale.draws.rules.files import DrawnEntry
from virage.sale.draws.rules.terms import WITHOUT_SEATS, EntryRow, EntryState, published
from virage.sale.draws.store.queries import queries
from virage.sale.ticketing.types import Party, SeatNeed


class NewSeats(Struct, frozen=True):
    """The order of an entry that gets its seats, its payment, and the needs that the seats lack."""

    entry_id: UUID
    order_id: UUID
    payment_id: UUID
    unmet: Sequence[SeatNeed]


class Applied(Struct, frozen=True):
    """An entry that just got its result; `person_id` is None if its person was erased."""

    id: UUID
    code: str
    person_id: UUID | None
    category: int | None


class StateCount(Struct, frozen=True):
    """The number of entries in a state, by category, and of their places."""

    state: EntryState
    category: int | None
    is_confirmed: bool
    entries: int
    places: int


class WishCount(Struct, frozen=True):
    """How many entries name the category of a quota at a position, from 1; category -1 is any."""

    category: int
    position: int
    entries: int


def _entry(row: Mapping[str, Any]) -> EntryRow:
    return EntryRow(**{**row, "party": convert(row["party"], Party)})


async def insert_entry(conn: Connection, entry: EntryRow) -> None:
    """Insert an entry of a locked draw."""
    await queries.insert_entry(
        conn, id=entry.id, draw_id=entry.draw_id, person_id=entry.person_id, code=entry.code, now=entry.entered_at,
        **_content(entry),
    )  # fmt: skip


async def change_entry(conn: Connection, entry: EntryRow) -> None:
    """Change what an entry of a locked draw asks for."""
    await queries.change_entry(conn, id=entry.id, **_content(entry))


def _content(entry: EntryRow) -> dict[str, Any]:
    return {
        "party": to_builtins(entry.party),
        "size": entry.party.size,
        "wheelchair": entry.wheelchair,
        "needs": entry.needs,
        "wishes": entry.wishes,
        "any_other": entry.any_other,
        "method_id": entry.method_id,
        "terms": entry.terms,
    }


async def set_charge_max(conn: Connection, id_: UUID, cents: Cents) -> None:
    """Store the highest amount that the person of an entry agrees to be charged, in a locked draw."""
    await queries.set_charge_max(conn, id=id_, cents=cents)


async def charge_maxima(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Cents]:
    """Return the highest amounts that the persons of entries agreed to be charged; earlier entries have none."""
    return {row["id"]: row["charge_max_cents"] async for row in queries.charge_maxima(conn, ids=ids)}


async def drop_entry(conn: Connection, id_: UUID) -> None:
    """Delete an entry before the entries are frozen."""
    await queries.drop_entry(conn, id=id_)


async def entries(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, EntryRow]:
    """Return entries by id."""
    return {row["id"]: _entry(row) async for row in queries.entries(conn, ids=ids)}


async def entry_of_person(conn: Connection, draw_id: UUID, person_id: UUID) -> EntryRow | None:
    """Return the entry of a person in a draw."""
    row = await queries.entry_of_person(conn, draw_id=draw_id, person_id=person_id)
    return None if row is None else _entry(row)


async def entries_of_person(conn: Connection, person_id: UUID) -> list[EntryRow]:
    """Return the entries of a person, the latest first."""
    return [_entry(row) async for row in queries.entries_of_person(conn, person_id=person_id)]


async def entries_in(conn: Connection, draw_id: UUID, state: EntryState, after: int, most: int) -> list[EntryRow]:
    """Return entries in a state by their number in the order of the draw, after a number."""
    rows = queries.entries_in(conn, draw_id=draw_id, state=state, after=after, most=most)
    return [_entry(row) async for row in rows]


async def to_seat(conn: Connection, draw_id: UUID, most: int) -> list[EntryRow]:
    """Return entries that wait for their seats: wheelchair spaces, then those with other needs, then the largest."""
    return [_entry(row) async for row in queries.to_seat(conn, draw_id=draw_id, most=most)]


async def unconfirmed(conn: Connection, draw_id: UUID, after: UUID, most: int) -> list[EntryRow]:
    """Return entries whose card is not saved yet, by id."""
    return [_entry(row) async for row in queries.unconfirmed(conn, draw_id=draw_id, after=after, most=most)]


async def confirm(conn: Connection, ids: Sequence[UUID], now: datetime) -> dict[UUID, UUID]:
    """Confirm entries whose card is saved; return the persons of those that were not, by entry."""
    return {row["id"]: row["person_id"] async for row in queries.confirm(conn, ids=ids, now=now)}


async def lapse(conn: Connection, draw_id: UUID) -> None:
    """End the entries without a saved card."""
    await queries.lapse(conn, draw_id=draw_id)


async def confirmed(conn: Connection, draw_id: UUID, quotas: int) -> list[DrawnEntry]:
    """Return the entries that take part, as they are published for a draw with this number of quotas."""
    return [
        published(
            row["code"],
            convert(row["party"], Party),
            row["wishes"],
            quotas,
            wheelchair=row["wheelchair"],
            any_other=row["any_other"],
        )
        async for row in queries.confirmed(conn, draw_id=draw_id)
    ]


async def count_confirmed(conn: Connection, draw_id: UUID) -> int:
    """Return the number of entries that take part."""
    return int(await queries.count_confirmed(conn, draw_id=draw_id))


async def count_all(conn: Connection, draw_id: UUID) -> int:
    """Return the number of entries whose card was saved, whatever became of them."""
    return int(await queries.count_all(conn, draw_id=draw_id))


async def apply_results(conn: Connection, draw_id: UUID, results: Sequence[tuple[int, str, int]]) -> list[Applied]:
    """Store number and category (-1: the waiting order) by code for entries without a result; return these."""
    rows = queries.apply_results(
        conn,
        draw_id=draw_id,
        codes=[code for _, code, _ in results],
        numbers=[number for number, _, _ in results],
        categories=[None if category < 0 else category for _, _, category in results],
    )
    return [Applied(**row) async for row in rows]


async def set_states(conn: Connection, ids: Sequence[UUID], state: EntryState, reason: str | None = None) -> None:
    """Store the state of entries of a locked draw; the needs of those that have ended without seats are emptied."""
    await queries.set_states(conn, ids=ids, state=state, reason=reason, forgets_needs=state in WITHOUT_SEATS)


async def hold_entries(conn: Connection, seats: Sequence[NewSeats], pays_until: datetime) -> None:
    """Store the orders of entries that have their seats, and the needs that these lack."""
    await queries.hold_entries(
        conn,
        ids=[one.entry_id for one in seats],
        order_ids=[one.order_id for one in seats],
        payment_ids=[one.payment_id for one in seats],
        unmet=[",".join(one.unmet) for one in seats],
        pays_until=pays_until,
    )


async def review_entries(conn: Connection, ids: Sequence[UUID], pays_until: datetime) -> None:
    """Store that the persons of entries are compared with the bans, at most until a moment."""
    await queries.review_entries(conn, ids=ids, pays_until=pays_until)


async def win(conn: Connection, won: Mapping[UUID, int]) -> None:
    """Store the category that entries of the waiting order are offered, by entry."""
    await queries.win(conn, ids=list(won.keys()), categories=list(won.values()))


async def forget_person(conn: Connection, ids: Sequence[UUID]) -> None:
    """Remove the person from entries, and what they needed."""
    await queries.forget_person(conn, ids=ids)


async def untold(conn: Connection, draw_id: UUID, states: Sequence[EntryState], most: int) -> list[EntryRow]:
    """Return entries in these states whose persons are not told of the end yet."""
    rows = queries.untold(conn, draw_id=draw_id, states=states, most=most)
    return [_entry(row) async for row in rows]


async def set_told(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Store that the persons of entries are told."""
    await queries.set_told(conn, ids=ids, now=now)


async def end_states(conn: Connection, draw_id: UUID, before: Sequence[EntryState], state: EntryState) -> None:
    """End all entries of a locked draw that are in one of these states; what they needed is emptied."""
    await queries.end_states(conn, draw_id=draw_id, from_states=before, state=state)


async def cards_to_forget(conn: Connection, draw_id: UUID, states: Sequence[EntryState], most: int) -> dict[UUID, UUID]:
    """Return saved cards that are no longer needed, by entry."""
    rows = queries.cards_to_forget(conn, draw_id=draw_id, states=states, most=most)
    return {row["id"]: row["method_id"] async for row in rows}


async def set_forgotten(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Store that the cards of entries are forgotten."""
    await queries.set_forgotten(conn, ids=ids, now=now)


async def forget_needs(conn: Connection, draw_id: UUID) -> None:
    """Empty what the entries of a locked draw needed."""
    await queries.forget_needs(conn, draw_id=draw_id)


async def has_unfinished(conn: Connection, draw_id: UUID) -> bool:
    """Return whether a card of a draw is not forgotten yet."""
    return bool(await queries.has_unfinished(conn, draw_id=draw_id))


async def has_unpaid(conn: Connection, draw_id: UUID) -> bool:
    """Return whether an entry of a draw has places that are not paid yet."""
    return bool(await queries.has_unpaid(conn, draw_id=draw_id))


async def count_by_state(conn: Connection, draw_id: UUID) -> list[StateCount]:
    """Return the number of entries by state and category."""
    return [StateCount(**row) async for row in queries.count_by_state(conn, draw_id=draw_id)]


async def count_wishes(conn: Connection, draw_id: UUID) -> dict[int, list[WishCount]]:
    """Return how many confirmed entries name each category, by position of its quota."""
    counts: dict[int, list[WishCount]] = defaultdict(list)
    async for row in queries.count_wishes(conn, draw_id=draw_id):
        count = WishCount(**row)
        counts[count.category].append(count)
    return counts


async def office_entries(conn: Connection, draw_id: UUID, after: tuple[int, str], most: int) -> list[EntryRow]:
    """Return entries in the order of the draw, or of their codes before it, after a number and a code."""
    rows = queries.office_entries(conn, draw_id=draw_id, after=after[0], after_code=after[1], most=most)
    return [_entry(row) async for row in rows]

"""Open, close, assign, annotate and resolve unmatched items."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from virage.money.payments import api as payments
from virage.money.settlement.rules.items import (
    Ending,
    Item,
    NewItem,
    Resolution,
    SettlementRefusal,
    check_resolution,
)
from virage.money.settlement.store import bank as bank_store
from virage.money.settlement.store import items as store
from virage.money.settlement.store import payouts as payout_store
from virage.money.settlement.store.items import Note
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.values.ids import id_of
from virage.platform.values.refusals import Refused


async def open_items(conn: Connection, items: Sequence[NewItem], now: datetime) -> None:
    """Open items, once per key."""
    if not items:
        return
    new = await store.insert_items(conn, items, now)
    facts = [
        Fact("settlement_item_opened", None, item.id, {"kind": item.kind.value, "cents": item.amount_cents})
        for item in items
        if item.id in new
    ]
    await journal.append(conn, facts, now)


async def close_items(conn: Connection, matches: Mapping[str, str], now: datetime) -> None:
    """Close the open items that a later match explains: by key, what each is matched to."""
    if not matches:
        return
    closed = await store.close_items(conn, matches, now)
    facts = [
        Fact("settlement_item_resolved", None, item.id, {"how": Resolution.LATER.value, "cents": item.amount_cents})
        for item in closed
    ]
    await journal.append(conn, facts, now)


async def assign(
    conn: Connection, item_id: UUID, assignee: UUID | None, who: UUID | None, now: datetime
) -> Item | Refused:
    """Assign an open item to a person, or to none."""
    item = await store.lock_item(conn, item_id)
    if item is None:
        return Refused(SettlementRefusal.NOT_FOUND)
    if item.resolution is not None:
        return Refused(SettlementRefusal.ITEM_RESOLVED, {"resolution": item.resolution.value})
    if item.assignee != assignee:
        await store.assign_item(conn, item_id, assignee)
        data = {} if assignee is None else {"assignee": str(assignee)}
        await journal.append(conn, [Fact("settlement_item_assigned", who, item_id, data)], now)
    return await _stored(conn, item_id)


async def add_note(conn: Connection, note: Note) -> Item | Refused:
    """Store a note on an item, open or resolved. Idempotent by its id."""
    item = await store.lock_item(conn, note.item_id)
    if item is None:
        return Refused(SettlementRefusal.NOT_FOUND)
    if not note.text.strip():
        return Refused(SettlementRefusal.NOTE_MISSING)
    await store.insert_note(conn, note)
    return item


async def resolve(conn: Connection, item_id: UUID, ending: Ending, who: UUID, now: datetime) -> Item | Refused:
    """Resolve an open item: matched by hand, explained or written off. The note stands beside the journal."""
    item = await store.lock_item(conn, item_id)
    if item is None:
        return Refused(SettlementRefusal.NOT_FOUND)
    refused = check_resolution(item, ending)
    if refused is not None:
        return refused
    if ending.matched_to is not None and not await _exists(conn, ending.matched_to):
        return Refused(SettlementRefusal.MATCH_INVALID, {"matched_to": ending.matched_to})
    if ending.note.strip():
        await store.insert_note(conn, Note(ending.note_id, item_id, who, now, ending.note.strip()))
    await store.resolve_item(conn, item_id, ending, who, now)
    data = {"how": ending.resolution.value, "cents": item.amount_cents}
    await journal.append(conn, [Fact("settlement_item_resolved", who, item_id, data)], now)
    return await _stored(conn, item_id)


async def _exists(conn: Connection, what: str) -> bool:
    """Return whether a payment, bank line, payout or entry has this id."""
    id_ = id_of(what)
    if id_ is not None:
        return await payments.payment(conn, id_) is not None or bool(await bank_store.lines(conn, [id_]))
    return bool(
        await payout_store.find_payouts(conn, what, None, 1) or await payout_store.find_entries(conn, what, None, 1)
    )


async def _stored(conn: Connection, item_id: UUID) -> Item:
    (item,) = await store.items(conn, [item_id])
    return item

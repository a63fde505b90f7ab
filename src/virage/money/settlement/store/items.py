"""Unmatched items and the notes on them."""

from collections.abc import AsyncIterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from virage.money.settlement.rules.items import Ending, Item, ItemKind, NewItem, Resolution
from virage.money.settlement.store.queries import queries
from virage.money.settlement.store.words import item_kind, stored
from virage.platform.data.database import Connection


class ClosedItem(Struct, frozen=True):
    """Item that a later match closed."""

    id: UUID
    kind: ItemKind
    amount_cents: int


class Note(Struct, frozen=True):
    """Note of a person on an item."""

    id: UUID
    item_id: UUID
    author: UUID
    written_at: datetime
    text: str


async def insert_items(conn: Connection, items: Sequence[NewItem], now: datetime) -> set[UUID]:
    """Store items; return the ids of the new ones."""
    rows = queries.insert_items(
        conn,
        ids=[item.id for item in items],
        keys=[item.key for item in items],
        kinds=[stored(item.kind) for item in items],
        amounts_cents=[item.amount_cents for item in items],
        expected_cents=[item.expected_cents for item in items],
        currencies=[item.currency for item in items],
        happened_ats=[item.happened_at for item in items],
        payout_ids=[item.payout_id for item in items],
        entry_ids=[item.entry_id for item in items],
        payment_ids=[item.payment_id for item in items],
        refund_ids=[item.refund_id for item in items],
        line_ids=[item.line_id for item in items],
        now=now,
    )
    return {row["id"] async for row in rows}


async def close_items(conn: Connection, matches: Mapping[str, str], now: datetime) -> list[ClosedItem]:
    """Close open items that a later match explains, by key with what they are matched to; return them."""
    rows = queries.close_items(conn, keys=list(matches), matches=list(matches.values()), now=now)
    return [ClosedItem(row["id"], item_kind(row["kind"]), row["amount_cents"]) async for row in rows]


async def lock_item(conn: Connection, item_id: UUID) -> Item | None:
    """Return an item, locked until the transaction ends."""
    row = await queries.lock_item(conn, id=item_id)
    return None if row is None else _item(row)


async def items(conn: Connection, ids: Sequence[UUID]) -> list[Item]:
    """Return items by id."""
    return await _items(queries.items(conn, ids=ids))


async def open_items(conn: Connection, most: int) -> list[Item]:
    """Return open items, the longest open first."""
    return await _items(queries.open_items(conn, most=most))


async def resolved_items(conn: Connection, before: datetime, most: int) -> list[Item]:
    """Return items resolved before a time, the latest first."""
    return await _items(queries.resolved_items(conn, before=before, most=most))


async def items_about(conn: Connection, payout_ids: Sequence[UUID], payment_ids: Sequence[UUID]) -> list[Item]:
    """Return the items about payouts or payments, oldest first."""
    return await _items(queries.items_about(conn, payout_ids=payout_ids, payment_ids=payment_ids))


async def find_items(conn: Connection, amount_cents: int, most: int) -> list[Item]:
    """Return items with an amount, latest first."""
    return await _items(queries.find_items(conn, amount_cents=amount_cents, most=most))


async def assign_item(conn: Connection, item_id: UUID, assignee: UUID | None) -> None:
    """Store who works on a locked item."""
    await queries.assign_item(conn, id=item_id, assignee=assignee)


async def resolve_item(conn: Connection, item_id: UUID, ending: Ending, by: UUID, now: datetime) -> None:
    """Store the end of a locked item."""
    await queries.resolve_item(
        conn, id=item_id, resolution=ending.resolution.value, matched_to=ending.matched_to, by=by, now=now
    )


async def insert_note(conn: Connection, note: Note) -> None:
    """Store a note; a known id is skipped."""
    await queries.insert_note(
        conn, id=note.id, item_id=note.item_id, author=note.author, now=note.written_at, text=note.text
    )


async def notes_of(conn: Connection, item_ids: Sequence[UUID]) -> list[Note]:
    """Return the notes on items, oldest first."""
    return [
        Note(row["id"], row["item_id"], row["author"], row["written_at"], row["text"])
        async for row in queries.notes_of(conn, item_ids=item_ids)
    ]


async def count_open(conn: Connection) -> int:
    """Return the number of open items."""
    found: int = await queries.count_open(conn)
    return found


async def _items(rows: AsyncIterable[Mapping[str, Any]]) -> list[Item]:
    return [_item(row) async for row in rows]


def _item(row: Mapping[str, Any]) -> Item:
    resolution = None if row["resolution"] is None else Resolution(row["resolution"])
    return Item(**{**row, "kind": item_kind(row["kind"]), "resolution": resolution})

"""Figures of what tills sold, and up to which records they reach."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from virage.control.books.rules.figures import By, Figure, Receipts
from virage.control.books.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.site.programme.types import Text


class Slice(NamedTuple):
    """Which figures: from a minute on and before another, of an event or of all, of some outlets or (None) of all."""

    since: datetime
    until: datetime
    event_id: UUID | None
    outlets: Sequence[str] | None


class StoredRecord(NamedTuple):
    """A record of a real chain in its bytes."""

    till: UUID
    number: int
    body: bytes


class Sums(NamedTuple):
    """What figures of one group come to."""

    quantity: int
    gross_cents: Cents
    vat_cents: Cents
    refund_cents: Cents


class Counts(NamedTuple):
    """How many receipts of one group there are, and their tips."""

    sales: int
    refunds: int
    tip_cents: Cents


class RateSums(NamedTuple):
    """What figures of one rate come to, and the minute of the last one."""

    vat_permille: int
    gross_cents: Cents
    vat_cents: Cents
    last_minute: datetime


async def chains_behind(conn: Connection, most: int) -> list[UUID]:
    """Tills with records that are not in the figures."""
    return [row["device_id"] async for row in queries.chains_behind(conn, most=most)]


async def lock_heads(conn: Connection, tills: Sequence[UUID]) -> dict[UUID, int]:
    """The number of the last record of each till that is in the figures, locked until the transaction ends."""
    return {row[0]: row[1] async for row in queries.lock_figures_heads(conn, device_ids=sorted(tills))}


async def records_after(conn: Connection, heads: Mapping[UUID, int], most: int) -> list[StoredRecord]:
    """Up to `most` records of each till that follow the last one in the figures, in order."""
    rows = queries.records_after(conn, device_ids=list(heads), numbers=list(heads.values()), most=most)
    return [StoredRecord(*row) async for row in rows]


async def add_figures(conn: Connection, figures: Sequence[Figure]) -> None:
    """Add figures, no two of them with the same key."""
    await queries.add_figures(
        conn,
        device_ids=[one.till for one in figures],
        outlets=[one.outlet for one in figures],
        event_ids=[one.event_id for one in figures],
        minutes=[one.minute for one in figures],
        product_ids=[one.product for one in figures],
        rates=[one.vat_permille for one in figures],
        quantities=[one.quantity for one in figures],
        grosses=[one.gross_cents for one in figures],
        vats=[one.vat_cents for one in figures],
        refunds=[one.refund_cents for one in figures],
    )


async def add_receipts(conn: Connection, receipts: Sequence[Receipts]) -> None:
    """Add how many sales and refunds there were, no two with the same key."""
    await queries.add_receipt_figures(
        conn,
        device_ids=[one.till for one in receipts],
        outlets=[one.outlet for one in receipts],
        event_ids=[one.event_id for one in receipts],
        minutes=[one.minute for one in receipts],
        sales=[one.sales for one in receipts],
        refunds=[one.refunds for one in receipts],
        tips=[one.tip_cents for one in receipts],
    )


async def move_heads(conn: Connection, heads: Mapping[UUID, int]) -> None:
    """Write up to where locked chains are in the figures."""
    await queries.move_figures_heads(conn, device_ids=list(heads), numbers=list(heads.values()))


async def empty(conn: Connection) -> None:
    """Forget all figures, while nobody adds to them."""
    await queries.keep_figures_still(conn)
    await queries.empty_figures(conn)


async def waiting(conn: Connection) -> int:
    """How many records of tills are not in the figures."""
    return int(await queries.records_waiting(conn))


async def event_span(conn: Connection, event_id: UUID) -> tuple[datetime, datetime] | None:
    """The first and the last minute in which something was sold at an event; None where nothing was."""
    row = await queries.event_span(conn, event_id=event_id)
    return None if row["first"] is None else (row["first"], row["last"])


async def sums_by(conn: Connection, by: By, wanted: Slice) -> dict[str, Sums]:
    """What figures come to, by the key of their group."""
    rows = queries.figures_by(conn, by=by.value, **_asked(wanted))
    return {_key(by, row["key"]): Sums(*tuple(row)[1:]) async for row in rows}


async def counts_by(conn: Connection, by: By, wanted: Slice) -> dict[str, Counts]:
    """How many receipts there are, by the key of their group; not by product."""
    rows = queries.receipts_by(conn, by=by.value, **_asked(wanted))
    return {_key(by, row["key"]): Counts(*tuple(row)[1:]) async for row in rows}


async def sums_by_rate(conn: Connection, wanted: Slice) -> list[RateSums]:
    """What figures come to by rate of VAT, the rates ascending."""
    return [RateSums(*row) async for row in queries.figures_by_rate(conn, **_asked(wanted))]


async def product_names(conn: Connection, product_ids: Sequence[UUID]) -> dict[UUID, Text]:
    """What products are called in the catalogue that named them last."""
    rows = queries.product_names(conn, product_ids=product_ids)
    return {row["item_id"]: msgspec.convert(row["name"], Text) async for row in rows}


def _key(by: By, key: str) -> str:
    """The key of a group as the office knows it: a minute by its beginning in UTC."""
    return f"{datetime.fromtimestamp(int(key), UTC):%Y-%m-%dT%H:%MZ}" if by is By.MINUTE else key


def _asked(wanted: Slice) -> dict[str, Any]:
    return {
        "since": wanted.since,
        "until": wanted.until,
        "event_id": wanted.event_id,
        "all_of_them": wanted.outlets is None,
        "outlets": list(wanted.outlets or ()),
    }

"""What is sold, as the office sees it: from the figures, within some outlets."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from virage.control.books.rules.figures import By, SalesRow, SalesView
from virage.control.books.store import figures as store
from virage.control.books.store.figures import Counts, Slice, Sums
from virage.identity.people import api as people
from virage.money.fiscal.types import VatTotal
from virage.platform.data.database import Connection
from virage.site.programme.types import Text

__all__ = ["Slice", "of_event", "sales"]

NEVER: Final = datetime(2000, 1, 1, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
NOTHING: Final = Sums(0, 0, 0, 0)
NO_RECEIPTS: Final = Counts(0, 0, 0)


async def sales(conn: Connection, by: By, wanted: Slice, now: datetime) -> SalesView:
    """Sales of a time or of an event, of some outlets or (None) of all. A row a group that sold something."""
    sums = await store.sums_by(conn, by, wanted)
    receipts = await store.counts_by(conn, By.OUTLET if by is By.PRODUCT else by, wanted)
    rates = await store.sums_by_rate(conn, wanted)
    counts: Mapping[str, Counts] = {} if by is By.PRODUCT else receipts
    names = await _names(conn, by, sums)
    keys = sorted(sums.keys() | counts.keys(), key=lambda key: (-sums.get(key, NOTHING).gross_cents, key))
    rows = [
        _row(key, names.get(key), sums.get(key, NOTHING), None if by is By.PRODUCT else counts.get(key, NO_RECEIPTS))
        for key in (sorted(keys) if by is By.MINUTE else keys)
    ]
    return SalesView(
        now=now,
        by=by,
        waiting=await store.waiting(conn),
        last_sale_at=max((rate.last_minute for rate in rates), default=None),
        total=_row("", None, _total(list(sums.values())), _count(receipts.values())),
        rates=[VatTotal(rate.vat_permille, rate.gross_cents, rate.vat_cents) for rate in rates],
        rows=rows,
    )


async def of_event(conn: Connection, event_id: UUID, outlets: Sequence[str] | None) -> Slice:
    """The figures of an event: all of them lie between its first and its last minute."""
    span = await store.event_span(conn, event_id)
    return (
        Slice(NEVER, NEVER, event_id, outlets) if span is None else Slice(span[0], span[1] + MINUTE, event_id, outlets)
    )


def _row(key: str, name: Text | None, sums: Sums, counts: Counts | None) -> SalesRow:
    return SalesRow(
        key,
        name,
        sums.quantity,
        sums.gross_cents,
        sums.vat_cents,
        sums.refund_cents,
        None if counts is None else counts.tip_cents,
        None if counts is None else counts.sales,
        None if counts is None else counts.refunds,
    )


def _total(sums: Collection[Sums]) -> Sums:
    return Sums(*(sum(column) for column in zip(NOTHING, *sums, strict=True)))


def _count(counts: Collection[Counts]) -> Counts:
    return Counts(*(sum(column) for column in zip(NO_RECEIPTS, *counts, strict=True)))


async def _names(conn: Connection, by: By, keys: Collection[str]) -> dict[str, Text]:
    if by is By.PRODUCT:
        found = await store.product_names(conn, [UUID(key) for key in keys if key])
        return {str(product): name for product, name in found.items()}
    if by is By.TILL:
        tills = await people.devices(conn, [UUID(key) for key in keys])
        return {str(till): Text(device.name, device.name) for till, device in tills.items()}
    return {}

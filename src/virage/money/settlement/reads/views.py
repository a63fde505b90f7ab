"""What the office reads of payouts, items and bank lines."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.people.api import names_by_id
from virage.money.payments import api as payments
from virage.money.payments.types import BalanceEntry, EntryKind, PayoutState
from virage.money.settlement.rules.items import Item, ItemKind, Resolution
from virage.money.settlement.rules.matching import Standing, Totals, Verdict, standing
from virage.money.settlement.store import bank as bank_store
from virage.money.settlement.store import items as item_store
from virage.money.settlement.store import payouts as store
from virage.money.settlement.store.bank import BankLine
from virage.money.settlement.store.payouts import Payout, StoredEntry
from virage.platform.data.database import Connection


class PayoutLine(Struct, frozen=True):
    """Payout with its composition, None until its entries are compared, and its bank line.

    `organiser` is whose account is paid out, None for the operator's own.
    """

    id: UUID
    ref: str
    amount_cents: int
    currency: str
    created_at: datetime
    arrives_on: date
    state: PayoutState
    standing: Standing
    totals: Totals | None
    open_items: int
    line: BankLine | None
    reference: str | None
    failure: str | None
    organiser: str | None


class EntryLine(Struct, frozen=True):
    """Entry of a payout. `payment_id` and `refund_id` are ours; `verdict` is None until the entry is compared."""

    id: str
    kind: EntryKind
    category: str
    amount_cents: int
    fee_cents: int
    net_cents: int
    currency: str
    created_at: datetime
    payment_id: UUID | None
    refund_id: UUID | None
    intent_ref: str | None
    verdict: Verdict | None
    payout_id: UUID


class NoteLine(Struct, frozen=True):
    """Note with the name of its author, empty if unknown."""

    id: UUID
    written_at: datetime
    author: str
    text: str


class ItemLine(Struct, frozen=True):
    """Unmatched item with the names of people: `None` if it is not assigned, empty for a person without a name."""

    id: UUID
    kind: ItemKind
    amount_cents: int
    expected_cents: int | None
    currency: str
    happened_at: datetime
    opened_at: datetime
    payout_id: UUID | None
    payout_ref: str | None
    entry_id: str | None
    payment_id: UUID | None
    refund_id: UUID | None
    line: BankLine | None
    assignee_id: UUID | None
    assignee: str | None
    resolution: Resolution | None
    resolved_at: datetime | None
    resolved_by: str | None
    matched_to: str | None
    notes: list[NoteLine]


def entry_line(stored: StoredEntry) -> EntryLine:
    """Return an entry for the office."""
    entry: BalanceEntry = stored.entry
    return EntryLine(
        entry.id,
        entry.kind,
        entry.category,
        entry.amount_cents,
        entry.fee_cents,
        entry.net_cents,
        entry.currency,
        entry.created_at,
        entry.payment_id,
        entry.refund_id,
        entry.intent_ref,
        stored.verdict,
        stored.payout_id,
    )


async def payout_lines(conn: Connection, ids: Sequence[UUID]) -> list[PayoutLine]:
    """Return payouts by id, in order."""
    found = await store.payouts(conn, ids)
    lines = await bank_store.lines(conn, [payout.line_id for payout in found.values() if payout.line_id is not None])
    refs = {payout.account for payout in found.values() if payout.account is not None}
    names = await payments.sellers(conn, sorted(refs)) if refs else {}
    return [_payout_line(found[id_], lines, names) for id_ in ids if id_ in found]


def _payout_line(payout: Payout, lines: dict[UUID, BankLine], names: Mapping[str, str]) -> PayoutLine:
    unexplained = None if payout.totals is None else payout.totals.unexplained_cents
    has_arrived = payout.line_id is not None or (payout.account is not None and payout.state is PayoutState.PAID)
    return PayoutLine(
        payout.id,
        payout.ref,
        payout.amount_cents,
        payout.currency,
        payout.created_at,
        payout.arrives_on,
        payout.state,
        standing(payout.state, payout.listing, unexplained, open_items=payout.open_items, has_arrived=has_arrived),
        payout.totals,
        payout.open_items,
        None if payout.line_id is None else lines.get(payout.line_id),
        payout.reference,
        payout.failure,
        None if payout.account is None else names.get(payout.account, payout.account),
    )


async def item_lines(conn: Connection, items: Sequence[Item]) -> list[ItemLine]:
    """Return items with notes and names, in order."""
    notes = await item_store.notes_of(conn, [item.id for item in items])
    lines = await bank_store.lines(conn, _known(item.line_id for item in items))
    payouts = await store.payouts(conn, _known(item.payout_id for item in items))
    people = _known([*(item.assignee for item in items), *(item.resolved_by for item in items)])
    names = await names_by_id(conn, [*people, *(note.author for note in notes)])
    by_item: dict[UUID, list[NoteLine]] = {}
    for note in notes:
        line = NoteLine(note.id, note.written_at, names.get(note.author, ""), note.text)
        by_item.setdefault(note.item_id, []).append(line)
    return [
        ItemLine(
            item.id,
            item.kind,
            item.amount_cents,
            item.expected_cents,
            item.currency,
            item.happened_at,
            item.opened_at,
            item.payout_id,
            payouts[item.payout_id].ref if item.payout_id in payouts else None,
            item.entry_id,
            item.payment_id,
            item.refund_id,
            None if item.line_id is None else lines.get(item.line_id),
            item.assignee,
            None if item.assignee is None else names.get(item.assignee, ""),
            item.resolution,
            item.resolved_at,
            None if item.resolved_by is None else names.get(item.resolved_by, ""),
            item.matched_to,
            by_item.get(item.id, []),
        )
        for item in items
    ]


def _known(ids: Iterable[UUID | None]) -> list[UUID]:
    return sorted({id_ for id_ in ids if id_ is not None})

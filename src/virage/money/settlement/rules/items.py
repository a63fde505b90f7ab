"""Unmatched items: what reconciliation could not explain, until a person or a later match resolves it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from virage.money.settlement.rules.matching import Verdict
from virage.platform.values.ids import named_id
from virage.platform.values.refusals import Refused


class SettlementRefusal(StrEnum):
    """Why an act of settlement is refused."""

    NOT_FOUND = "not_found"
    ITEM_RESOLVED = "item_resolved"
    NOTE_MISSING = "note_missing"
    STATEMENT_INVALID = "statement_invalid"
    MATCH_INVALID = "match_invalid"


class ItemKind(StrEnum):
    """What an item is about. The first ones are verdicts on an entry."""

    PAYMENT_UNKNOWN = "payment_unknown"
    REFUND_UNKNOWN = "refund_unknown"
    PAYOUT_UNKNOWN = "payout_unknown"
    AMOUNT_DIFFERS = "amount_differs"
    CURRENCY_DIFFERS = "currency_differs"
    NET_DIFFERS = "net_differs"
    NAMED_TWICE = "named_twice"
    NEEDS_EXPLANATION = "needs_explanation"
    PAYMENT_MISSING = "payment_missing"
    REFUND_MISSING = "refund_missing"
    APPLICATION_FEE_MISSING = "application_fee_missing"
    PAYOUT_DIFFERS = "payout_differs"
    PAYOUT_NOT_LISTED = "payout_not_listed"
    PAYOUT_FAILED = "payout_failed"
    PAYOUT_NOT_IN_BANK = "payout_not_in_bank"
    LINE_UNMATCHED = "line_unmatched"
    LINE_DIFFERS = "line_differs"


class Resolution(StrEnum):
    """How an item ended. `later` is a match that came by itself."""

    LATER = "later"
    MATCHED = "matched"
    EXPLAINED = "explained"
    WRITTEN_OFF = "written_off"


class NewItem(Struct, frozen=True):
    """Item to open, once per key. `happened_at` is when the money moved; `expected_cents` is None if unknown."""

    key: str
    kind: ItemKind
    amount_cents: int
    currency: str
    happened_at: datetime
    expected_cents: int | None = None
    payout_id: UUID | None = None
    entry_id: str | None = None
    payment_id: UUID | None = None
    refund_id: UUID | None = None
    line_id: UUID | None = None

    @property
    def id(self) -> UUID:
        """Id made from the key."""
        return named_id(NAMESPACE, self.key)


class Item(Struct, frozen=True):
    """Stored item. `matched_to` is what a match by hand or a later one names: a payment, a payout or a bank line."""

    id: UUID
    key: str
    kind: ItemKind
    amount_cents: int
    currency: str
    happened_at: datetime
    opened_at: datetime
    expected_cents: int | None = None
    payout_id: UUID | None = None
    entry_id: str | None = None
    payment_id: UUID | None = None
    refund_id: UUID | None = None
    line_id: UUID | None = None
    assignee: UUID | None = None
    resolution: Resolution | None = None
    resolved_at: datetime | None = None
    resolved_by: UUID | None = None
    matched_to: str | None = None


class Ending(Struct, frozen=True):
    """How a person resolves an item. `matched_to` names a payment, payout or bank line; the client makes `note_id`."""

    resolution: Resolution
    note_id: UUID
    note: str = ""
    matched_to: str | None = None


NAMESPACE = UUID("6b1f8d9e-3a52-5f0c-9d41-2f6a7c0e5b18")


def payout_id_of(ref: str) -> UUID:
    """Return our id of a payout, from the provider's."""
    return named_id(NAMESPACE, f"payout {ref}")


def kind_of(verdict: Verdict) -> ItemKind:
    """Return the kind of item that a verdict opens."""
    return ItemKind(verdict.value)


def check_resolution(item: Item, ending: Ending) -> Refused | None:
    """Return why an item cannot be resolved so: it is resolved, or the reason or the match is missing."""
    if item.resolution is not None:
        return Refused(SettlementRefusal.ITEM_RESOLVED, {"resolution": item.resolution.value})
    if ending.resolution is Resolution.LATER or (ending.resolution is Resolution.MATCHED and not ending.matched_to):
        return Refused(SettlementRefusal.MATCH_INVALID)
    if ending.resolution is not Resolution.MATCHED and not ending.note.strip():
        return Refused(SettlementRefusal.NOTE_MISSING)
    return None

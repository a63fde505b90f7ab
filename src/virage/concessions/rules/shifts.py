"""What should be in a drawer: a till's cash from the opening of a shift to its close, and what was counted."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.concessions.rules.fiscal.closing import TenderTotal
from virage.kernel.money import Cents


class Drawer(Struct, frozen=True):
    """The cash of a shift. `expected_cents` = float + sales - refunds + loads - payouts.

    `counted_cents` and `difference_cents` (counted less expected at that moment; below zero: cash is missing) are null
    until somebody counts; `counted_at` tells when. Amounts of refunds and payouts are above zero.
    """

    float_cents: Cents
    sales_cents: Cents
    refund_cents: Cents
    load_cents: Cents
    payout_cents: Cents
    expected_cents: Cents
    counted_cents: Cents | None
    difference_cents: Cents | None
    counted_at: datetime | None


class Shift(Struct, frozen=True):
    """A shift of a till, from the record that opened it to the one that closed it, by the till's clock.

    `id` is the record that opened it. What was sold with no shift open has no `opened_at`.
    `tenders` is what was taken less what was given back, by kind of money; `sales` and `refunds` count records.
    """

    id: UUID
    till: UUID
    till_name: str | None
    outlet: str
    event_id: UUID | None
    cashier: UUID
    cashier_name: str | None
    opened_at: datetime | None
    closed_at: datetime | None
    first: int
    last: int
    sales: int
    refunds: int
    total_cents: Cents
    tip_cents: Cents
    tenders: list[TenderTotal]
    drawer: Drawer


class TillHead(Struct, frozen=True):
    """The last record of a till's chain that the server has, and when it came."""

    number: int
    hash: str
    received_at: datetime


class TillAnchor(Struct, frozen=True):
    """The last anchor of a till's head."""

    sequence: int
    number: int
    at: datetime


class OfficeTill(Struct, frozen=True):
    """A till for the office. `unclosed` records are in no closing of a day yet; `shift` is the one that is open."""

    id: UUID
    name: str
    outlets: list[str]
    last_seen_at: datetime
    revoked_at: datetime | None
    head: TillHead | None
    anchor: TillAnchor | None
    unclosed: int
    shift: Shift | None

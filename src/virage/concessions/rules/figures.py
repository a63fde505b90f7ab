"""What tills sold, as figures: by outlet, till, product, minute and rate, read out of the records of the chain.

A record's lines say which products, its totals what each rate comes to. The VAT of a rate is shared out over its lines,
and what lines and totals of a record that does not add up differ by is a figure of no product: so the figures of a
rate always sum to the totals that closings are made of.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from virage.concessions.rules.fiscal.record import VatTotal
from virage.kernel.money import Cents
from virage.programme.rules import Text


class By(StrEnum):
    """What figures are grouped by."""

    OUTLET = "outlet"
    PRODUCT = "product"
    TILL = "till"
    MINUTE = "minute"


class SalesRow(Struct, frozen=True):
    """What one outlet, product, till or minute came to; `key` is its code, its id or its first moment in UTC.

    `gross_cents` and `vat_cents` are sales less refunds, `refund_cents` (above zero) what refunds gave back of it,
    `quantity` pieces sold less given back. `sales` and `refunds` count records, and are null by product, for a record
    has several. `name` is the product's, or the till's in both languages alike; null for a minute, and where nobody
    knows it. The key of a product is empty for what a record's lines do not explain of its totals.
    """

    key: str
    name: Text | None
    quantity: int
    gross_cents: Cents
    vat_cents: Cents
    refund_cents: Cents
    tip_cents: Cents | None
    sales: int | None
    refunds: int | None


class SalesView(Struct, frozen=True):
    """Sales of a period or an event. `waiting` records of tills are in the chain and not in the figures yet."""

    now: datetime
    by: By
    waiting: int
    last_sale_at: datetime | None
    total: SalesRow
    rates: list[VatTotal]
    rows: list[SalesRow]


class Figure(Struct, frozen=True):
    """What a till sold, or took back, of one product at one rate in one minute."""

    till: UUID
    outlet: str
    event_id: UUID | None
    minute: datetime
    product: UUID | None
    vat_permille: int
    quantity: int
    gross_cents: Cents
    vat_cents: Cents
    refund_cents: Cents

"""What is owed to a concessionaire: the closings of the days of their outlets, less the house's commission.

A statement is made of signed closings of days alone, so that whoever has the archives comes to the same. All money is
the house's until then: cards, drawers and terminals are. Cups are the house's too, for each outlet takes back those of
all others: what bears no VAT is no sale of the concessionaire's.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from virage.concessions.rules.concessionaires import Concessionaire
from virage.concessions.rules.fiscal.closing import TenderTotal
from virage.concessions.rules.fiscal.record import VatTotal
from virage.kernel.money import Cents


class Sums(Struct, frozen=True):
    """What closings come to, and what is owed for them.

    `sales_cents` less `refund_cents` is what all rates come to, VAT included; `deposit_cents` of it bears no VAT.
    `base_cents` is the rest without its VAT, and bears the commission. `payable_cents` is sales less refunds, less
    deposits, plus tips, less the commission and its VAT.
    """

    closings: int
    sales_cents: Cents
    refund_cents: Cents
    deposit_cents: Cents
    tip_cents: Cents
    base_cents: Cents
    commission_cents: Cents
    commission_vat_cents: Cents
    payable_cents: Cents
    rates: Sequence[VatTotal]
    tenders: Sequence[TenderTotal]


class StatementLine(Struct, frozen=True):
    """An outlet on the days on which it was run by the same terms; `closed` names the closings by day and hash."""

    terms_id: UUID
    outlet: str
    outlet_name: str
    starts_on: date
    ends_on: date
    commission_permille: int
    sums: Sums
    closed: Sequence[tuple[date, str]]


class Statement(Struct, frozen=True):
    """What is owed for some days, both named ones among them. Days after `closed_through` are not closed yet."""

    concessionaire: Concessionaire
    starts_on: date
    ends_on: date
    made_at: datetime
    closed_through: date | None
    lines: Sequence[StatementLine]
    total: Sums

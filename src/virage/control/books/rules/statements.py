"""Statement of a concessionaire: daily closings of its outlets, less the operator's commission.

Sales come from signed daily closings, so the archives give the same result. Losses of offline sales are listed
separately and borne as the terms say. The operator collects all payments. Deposits belong to the operator, because each
outlet takes back cups of all others; amounts without VAT are therefore not sales of the concessionaire.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from virage.control.books.rules.concessionaires import Bearer, Concessionaire, Terms
from virage.money.fiscal.types import Closing, TenderKind, TenderTotal, VatTotal, add
from virage.platform.values.money import PERMILLE, Cents


class StatementTotals(Struct, frozen=True):
    """Totals of closings, and the amount payable.

    `sales_cents` - `refund_cents` is the total of all rates, VAT included; `deposit_cents` of it has no VAT.
    `net_sales_cents` is the rest without VAT, the base of the commission. `lost_cents` are losses of offline sales,
    `borne_cents` the part borne by the concessionaire. `payable_cents` = sales - refunds - deposits + tips -
    commission - its VAT - `borne_cents`.
    """

    closings: int
    sales_cents: Cents
    refund_cents: Cents
    deposit_cents: Cents
    tip_cents: Cents
    net_sales_cents: Cents
    commission_cents: Cents
    commission_vat_cents: Cents
    lost_cents: Cents
    borne_cents: Cents
    payable_cents: Cents
    rates: Sequence[VatTotal]
    tenders: Sequence[TenderTotal]


class StatementLine(Struct, frozen=True):
    """Outlet on days with the same terms; `closed` lists the closings by day and hash."""

    terms_id: UUID
    outlet: str
    starts_on: date
    ends_on: date
    commission_permille: int
    loss_borne_by: Bearer
    sums: StatementTotals
    closed: Sequence[tuple[date, str]]


class Statement(Struct, frozen=True):
    """Statement of some days, inclusive. Days after `closed_through` are not closed yet."""

    concessionaire: Concessionaire
    starts_on: date
    ends_on: date
    made_at: datetime
    closed_through: date | None
    lines: Sequence[StatementLine]
    total: StatementTotals


class ClosedDay(NamedTuple):
    """Daily closing of an outlet, with its hash and its losses."""

    closing: Closing
    hash: str
    lost_cents: Cents


def statement(
    concessionaire: Concessionaire,
    days: tuple[date, date],
    closings: Sequence[ClosedDay],
    *,
    closed_through: date | None,
    made_at: datetime,
) -> Statement:
    """Return the statement of some days; closings outside of the terms are ignored."""
    lines = []
    for terms in sorted(concessionaire.terms, key=lambda terms: (terms.outlet, terms.starts_on)):
        part = (max(terms.starts_on, days[0]), min(terms.ends_on or days[1], days[1]))
        if part[0] <= part[1]:
            mine = [day for day in closings if _is_of(day.closing, terms.outlet, part)]
            lines.append(_line(terms, part, mine, concessionaire.commission_vat_permille))
    return Statement(
        concessionaire=concessionaire,
        starts_on=days[0],
        ends_on=days[1],
        made_at=made_at,
        closed_through=closed_through,
        lines=lines,
        total=sum_totals(line.sums for line in lines),
    )


def _is_of(closing: Closing, outlet: str, days: tuple[date, date]) -> bool:
    return closing.subject == "outlet" and closing.subject_id == outlet and days[0] <= closing.starts_on <= days[1]


def _line(terms: Terms, days: tuple[date, date], mine: Sequence[ClosedDay], vat_permille: int) -> StatementLine:
    closed = sorted((day.closing.starts_on, day.hash) for day in mine)
    return StatementLine(
        terms_id=terms.id,
        outlet=terms.outlet,
        starts_on=days[0],
        ends_on=days[1],
        commission_permille=terms.commission_permille,
        loss_borne_by=terms.loss_borne_by,
        sums=totals_of_closings(mine, terms, vat_permille),
        closed=closed,
    )


def totals_of_closings(closings: Sequence[ClosedDay], terms: Terms, vat_permille: int) -> StatementTotals:
    """Return the totals of one outlet's closings. The commission applies to all sales, paid or not."""
    taken = add(day.closing.tally for day in closings)
    taxed = [rate for rate in taken.totals if rate.vat_permille]
    deposit = sum(rate.gross_cents for rate in taken.totals if not rate.vat_permille)
    base = sum(rate.gross_cents - rate.vat_cents for rate in taxed)
    commission = _permille(base, terms.commission_permille)
    vat = _permille(commission, vat_permille)
    lost = sum(day.lost_cents for day in closings)
    borne = lost if terms.loss_borne_by == "concessionaire" else 0
    return StatementTotals(
        closings=len(closings),
        sales_cents=(taken.absolute_cents + taken.total_cents) // 2,
        refund_cents=(taken.absolute_cents - taken.total_cents) // 2,
        deposit_cents=deposit,
        tip_cents=taken.tip_cents,
        net_sales_cents=base,
        commission_cents=commission,
        commission_vat_cents=vat,
        lost_cents=lost,
        borne_cents=borne,
        payable_cents=taken.total_cents - deposit + taken.tip_cents - commission - vat - borne,
        rates=taken.totals,
        tenders=taken.tenders,
    )


def sum_totals(parts: Iterable[StatementTotals]) -> StatementTotals:
    """Return the sum of already rounded totals."""
    found = list(parts)
    rates: dict[int, tuple[Cents, Cents]] = {}
    tenders: dict[TenderKind, Cents] = {}
    for part in found:
        for rate in part.rates:
            gross, vat = rates.get(rate.vat_permille, (0, 0))
            rates[rate.vat_permille] = (gross + rate.gross_cents, vat + rate.vat_cents)
        for tender in part.tenders:
            tenders[tender.kind] = tenders.get(tender.kind, 0) + tender.cents
    return StatementTotals(
        closings=sum(part.closings for part in found),
        sales_cents=sum(part.sales_cents for part in found),
        refund_cents=sum(part.refund_cents for part in found),
        deposit_cents=sum(part.deposit_cents for part in found),
        tip_cents=sum(part.tip_cents for part in found),
        net_sales_cents=sum(part.net_sales_cents for part in found),
        commission_cents=sum(part.commission_cents for part in found),
        commission_vat_cents=sum(part.commission_vat_cents for part in found),
        lost_cents=sum(part.lost_cents for part in found),
        borne_cents=sum(part.borne_cents for part in found),
        payable_cents=sum(part.payable_cents for part in found),
        rates=[VatTotal(rate, *sums) for rate, sums in sorted(rates.items())],
        tenders=[TenderTotal(kind, cents) for kind, cents in sorted(tenders.items())],
    )


def _permille(cents: Cents, permille: int) -> Cents:
    """Return permille of an amount, rounded half away from zero."""
    part = (2 * abs(cents) * permille + PERMILLE) // (2 * PERMILLE)
    return part if cents >= 0 else -part

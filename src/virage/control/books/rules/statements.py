"""What is owed to a concessionaire: the closings of the days of their outlets, less the house's commission.

A statement is made of signed closings of days, so that whoever has the archives comes to the same sales. What nobody
paid of them, which a till without network told, stands beside them, and is borne by whom the terms say. All money is
the house's until then: cards, drawers and terminals are. Cups are the house's too, for each outlet takes back those of
all others: what bears no VAT is no sale of the concessionaire's.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from virage.control.books.rules.concessionaires import Bearer, Concessionaire, Terms
from virage.money.fiscal.types import Closing, TenderKind, TenderTotal, VatTotal, add
from virage.platform.values.money import PERMILLE, Cents


class Sums(Struct, frozen=True):
    """What closings come to, and what is owed for them.

    `sales_cents` less `refund_cents` is what all rates come to, VAT included; `deposit_cents` of it bears no VAT.
    `base_cents` is the rest without its VAT, and bears the commission. `lost_cents` is what nobody paid of it all,
    `borne_cents` what of that the concessionaire bears. `payable_cents` is sales less refunds, less deposits, plus
    tips, less the commission and its VAT, less what is borne.
    """

    closings: int
    sales_cents: Cents
    refund_cents: Cents
    deposit_cents: Cents
    tip_cents: Cents
    base_cents: Cents
    commission_cents: Cents
    commission_vat_cents: Cents
    lost_cents: Cents
    borne_cents: Cents
    payable_cents: Cents
    rates: Sequence[VatTotal]
    tenders: Sequence[TenderTotal]


class StatementLine(Struct, frozen=True):
    """An outlet on the days on which it was run by the same terms; `closed` names the closings by day and hash."""

    terms_id: UUID
    outlet: str
    starts_on: date
    ends_on: date
    commission_permille: int
    loss_borne_by: Bearer
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


class Closed(NamedTuple):
    """The closing of an outlet's day, with its hash, and what nobody paid of it."""

    closing: Closing
    hash: str
    lost_cents: Cents


def statement(
    concessionaire: Concessionaire,
    days: tuple[date, date],
    closings: Sequence[Closed],
    *,
    closed_through: date | None,
    made_at: datetime,
) -> Statement:
    """What is owed for some days by closings of days of outlets; those that nobody's terms name are left out."""
    lines = []
    for terms in sorted(concessionaire.terms, key=lambda one: (one.outlet, one.starts_on)):
        part = (max(terms.starts_on, days[0]), min(terms.ends_on or days[1], days[1]))
        if part[0] <= part[1]:
            mine = [one for one in closings if _is_of(one.closing, terms.outlet, part)]
            lines.append(_line(terms, part, mine, concessionaire.commission_vat_permille))
    return Statement(
        concessionaire=concessionaire,
        starts_on=days[0],
        ends_on=days[1],
        made_at=made_at,
        closed_through=closed_through,
        lines=lines,
        total=total_of(line.sums for line in lines),
    )


def _is_of(closing: Closing, outlet: str, days: tuple[date, date]) -> bool:
    return closing.subject == "outlet" and closing.subject_id == outlet and days[0] <= closing.starts_on <= days[1]


def _line(terms: Terms, days: tuple[date, date], mine: Sequence[Closed], vat_permille: int) -> StatementLine:
    closed = sorted((one.closing.starts_on, one.hash) for one in mine)
    return StatementLine(
        terms_id=terms.id,
        outlet=terms.outlet,
        starts_on=days[0],
        ends_on=days[1],
        commission_permille=terms.commission_permille,
        loss_borne_by=terms.loss_borne_by,
        sums=sums_of(mine, terms, vat_permille),
        closed=closed,
    )


def sums_of(closings: Sequence[Closed], terms: Terms, vat_permille: int) -> Sums:
    """What closings of one outlet come to under its terms, with the commission on all of it, paid or not."""
    taken = add(one.closing.tally for one in closings)
    taxed = [rate for rate in taken.totals if rate.vat_permille]
    deposit = sum(rate.gross_cents for rate in taken.totals if not rate.vat_permille)
    base = sum(rate.gross_cents - rate.vat_cents for rate in taxed)
    commission = _permille(base, terms.commission_permille)
    vat = _permille(commission, vat_permille)
    lost = sum(one.lost_cents for one in closings)
    borne = lost if terms.loss_borne_by == "concessionaire" else 0
    return Sums(
        closings=len(closings),
        sales_cents=(taken.absolute_cents + taken.total_cents) // 2,
        refund_cents=(taken.absolute_cents - taken.total_cents) // 2,
        deposit_cents=deposit,
        tip_cents=taken.tip_cents,
        base_cents=base,
        commission_cents=commission,
        commission_vat_cents=vat,
        lost_cents=lost,
        borne_cents=borne,
        payable_cents=taken.total_cents - deposit + taken.tip_cents - commission - vat - borne,
        rates=taken.totals,
        tenders=taken.tenders,
    )


def total_of(parts: Iterable[Sums]) -> Sums:
    """The sum of sums, each amount as it was rounded there."""
    found = list(parts)
    rates: dict[int, tuple[Cents, Cents]] = {}
    tenders: dict[TenderKind, Cents] = {}
    for one in found:
        for rate in one.rates:
            gross, vat = rates.get(rate.vat_permille, (0, 0))
            rates[rate.vat_permille] = (gross + rate.gross_cents, vat + rate.vat_cents)
        for tender in one.tenders:
            tenders[tender.kind] = tenders.get(tender.kind, 0) + tender.cents
    return Sums(
        closings=sum(one.closings for one in found),
        sales_cents=sum(one.sales_cents for one in found),
        refund_cents=sum(one.refund_cents for one in found),
        deposit_cents=sum(one.deposit_cents for one in found),
        tip_cents=sum(one.tip_cents for one in found),
        base_cents=sum(one.base_cents for one in found),
        commission_cents=sum(one.commission_cents for one in found),
        commission_vat_cents=sum(one.commission_vat_cents for one in found),
        lost_cents=sum(one.lost_cents for one in found),
        borne_cents=sum(one.borne_cents for one in found),
        payable_cents=sum(one.payable_cents for one in found),
        rates=[VatTotal(rate, *sums) for rate, sums in sorted(rates.items())],
        tenders=[TenderTotal(kind, cents) for kind, cents in sorted(tenders.items())],
    )


def _permille(cents: Cents, permille: int) -> Cents:
    """A part of an amount, rounded half away from zero."""
    part = (2 * abs(cents) * permille + PERMILLE) // (2 * PERMILLE)
    return part if cents >= 0 else -part

"""What a till's record does to the books: its tenders on one side, what was sold on the other.

All accounts of a till are its own, so that no two tills ever wait for the same row; purses alone are shared.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID, uuid5

from virage.concessions.rules.fiscal.record import PROVEN, REFUNDS, Record, TenderKind
from virage.kernel.money import Cents
from virage.wallet.rules.ledger import Account, Kind, Transfer, account, purse


class Reason(StrEnum):
    """Why a sale or a refund is not booked as it was asked for."""

    NOT_YOUR_OUTLET = "not_your_outlet"
    ASKED_BEHIND_OTHERS = "asked_behind_others"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    SALE_UNKNOWN = "sale_unknown"
    REFUND_EXCEEDS_SALE = "refund_exceeds_sale"
    CARD_NOT_ACCEPTED = "card_not_accepted"


class Part(NamedTuple):
    """A tender, or what one card has in it: whose money it is. Without a purse a card's money is nobody's.

    `counts` False: it went to nobody, so it gives nothing of its sale back.
    """

    tender: int
    cents: Cents
    purse_id: UUID | None = None
    card_id: UUID | None = None
    loss_cents: Cents = 0
    loss_reason: str | None = None
    counts: bool = True


class Booked(NamedTuple):
    """A part of a sale or of a refund as it is stored; `card_id` None: it was not paid by card."""

    record_id: UUID
    card_id: UUID | None
    cents: Cents
    loss_cents: Cents
    refund_of: UUID | None


def till_account(kind: Kind, till: UUID) -> Account:
    """An account that one till alone moves."""
    return account(kind, str(till))


def revenue(till: UUID, vat_permille: int) -> Account:
    """What a till sold at one rate of VAT, VAT included."""
    return account(Kind.REVENUE, f"{till}:{vat_permille}")


def cover(part: Part, available: dict[UUID, Cents], reason: str) -> Part:
    """A card's part of a sale that has happened: what its purse lacks is the house's loss. Takes from `available`."""
    if part.purse_id is None or part.cents <= 0:
        return part
    there = max(0, min(part.cents, available.get(part.purse_id, 0)))
    available[part.purse_id] = available.get(part.purse_id, 0) - there
    lost = part.cents - there
    return part._replace(loss_cents=lost, loss_reason=reason if lost else None)


def transfers(record: Record, parts: Sequence[Part]) -> list[Transfer]:
    """The transfers of a record, the same ids each time. What does not add up in it is the house's loss or gain."""
    signed: dict[Account, Cents] = {}

    def add(to: Account, cents: Cents) -> None:
        signed[to] = signed.get(to, 0) + cents

    for part in parts:
        payer = _payer(record, part)
        add(payer, part.loss_cents - part.cents)
        add(till_account(Kind.LOSS, record.till), -part.loss_cents)
    for line in record.lines:
        deposit = till_account(Kind.DEPOSITS, record.till)
        add(deposit if line.deposit else revenue(record.till, line.vat_permille), line.cents)
    add(till_account(Kind.TIPS, record.till), record.tip_cents)
    add(till_account(Kind.LOSS, record.till), -sum(signed.values()))
    purpose = "refund" if record.kind in REFUNDS else "sale"
    return [
        Transfer(uuid5(record.id, f"transfer {number}"), debit, credit, cents, purpose, record.id)
        for number, (debit, credit, cents) in enumerate(_matched(signed))
    ]


def _payer(record: Record, part: Part) -> Account:
    if part.purse_id is not None:
        return purse(part.purse_id)
    kind = record.tenders[part.tender].kind
    if kind is TenderKind.PURSE and part.counts:  # the order's money passes there (rules/order_money.py)
        return till_account(Kind.CLEARING, record.till)
    kinds = {TenderKind.CASH: Kind.CASH, TenderKind.TERMINAL: Kind.TERMINAL}
    return till_account(kinds.get(kind, Kind.LOSS), record.till)


def _matched(signed: Mapping[Account, Cents]) -> list[tuple[Account, Account, Cents]]:
    """Who gives how much to whom, so that each account moves by what is said; fewer transfers than accounts."""
    left = dict(signed)
    givers, takers = [one for one in left if left[one] < 0], [one for one in left if left[one] > 0]
    moves: list[tuple[Account, Account, Cents]] = []
    while givers and takers:
        debit, credit = givers[-1], takers[-1]
        cents = min(-left[debit], left[credit])
        moves.append((debit, credit, cents))
        left[debit] += cents
        left[credit] -= cents
        for side in (givers, takers):
            if not left[side[-1]]:
                side.pop()
    return moves


def booked_of(record: Record, parts: Sequence[Part]) -> list[Booked]:
    """What refunds must know of a record that is being booked."""
    sale = _sale_of(record)
    return [Booked(record.id, part.card_id, part.cents if part.counts else 0, part.loss_cents, sale) for part in parts]


def left_of(sale: UUID, booked: Sequence[Booked]) -> dict[UUID | None, Cents]:
    """What was really paid for a sale and not given back, by card; None has what was not paid by card."""
    left: dict[UUID | None, Cents] = {}
    for one in booked:
        if sale in (one.record_id, one.refund_of):
            left[one.card_id] = left.get(one.card_id, 0) + one.cents - one.loss_cents
    return left


def refund_parts(record: Record, booked: Sequence[Booked], purses: Mapping[UUID, UUID]) -> list[Part]:
    """A refund's parts: by card, onto the purses on which the cards now stand that paid, each at most what it paid.

    `purses` are those of the cards. What a refund gives beyond that goes to nobody.
    """
    sale = _sale_of(record)
    left = {} if sale is None else left_of(sale, booked)
    parts: list[Part] = []
    for at, tender in enumerate(record.tenders):
        if tender.kind not in PROVEN or tender.cents >= 0:
            parts.append(Part(at, tender.cents))
            continue
        wanted = -tender.cents
        for card_id in [one for one in left if one in purses]:
            given = max(0, min(wanted, left[card_id]))
            left[card_id] -= given
            wanted -= given
            if given and card_id is not None:
                parts.append(Part(at, -given, purses[card_id], card_id))
        if wanted:
            parts.append(Part(at, -wanted, counts=False))
    return parts


def refuse_refund(record: Record, booked: Sequence[Booked]) -> Reason | None:
    """Why a refund is more than its sale brought, less what went back before, or goes to a card that paid nothing."""
    sale = _sale_of(record)
    by_card = -sum(tender.cents for tender in record.tenders if tender.kind in PROVEN)
    if sale is None:
        return Reason.CARD_NOT_ACCEPTED if by_card else None
    if not any(one.record_id == sale for one in booked):
        return Reason.SALE_UNKNOWN
    left = left_of(sale, booked)
    if by_card and not any(left):
        return Reason.CARD_NOT_ACCEPTED
    asked = -sum(tender.cents for tender in record.tenders)
    of_cards = sum(cents for card_id, cents in left.items() if card_id is not None)
    return Reason.REFUND_EXCEEDS_SALE if asked > sum(left.values()) or by_card > of_cards else None


def _sale_of(record: Record) -> UUID | None:
    return None if record.refund_of is None else record.refund_of.record

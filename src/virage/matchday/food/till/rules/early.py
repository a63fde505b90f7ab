"""Refunds that tills uploaded before the sale that they refund: what they give and deviate from once it is booked."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.till.rules.booking import (
    Awaiting,
    Booked,
    Part,
    RecordKey,
    booked_of,
    key_of,
    payer_of,
    refund_parts,
    refuse_refund,
    sale_of,
    settle,
)
from virage.matchday.food.till.rules.deviations import Deviation, Reason
from virage.matchday.food.till.rules.refunds import Receipt, as_cash, judge_refund
from virage.money.fiscal.types import SALES, Record
from virage.money.wallet.ledger.types import Transfer
from virage.platform.values.money import Cents


class Settled(Struct, frozen=True):
    """A refund that awaited its sale, and the parts that it gives now."""

    refund: Awaiting
    parts: tuple[Part, ...]

    @property
    def booked(self) -> tuple[Booked, ...]:
        """What later refunds of the same sale must know of it."""
        return tuple(Booked(self.refund.key, payer_of(part), part.cents, 0, self.refund.of) for part in self.parts)


class Settlement(Struct, frozen=True):
    """What the early refunds of sales do once these are booked.

    `settled` are those that waited, `moved` their transfers; `noted` are deviations that only the sale shows.
    """

    settled: tuple[Settled, ...] = ()
    moved: tuple[Transfer, ...] = ()
    noted: tuple[tuple[Record, tuple[Deviation, ...]], ...] = ()

    def kept_of(self, sale: RecordKey) -> Cents:
        """Amount that tills kept for the refunds of a sale and that no wallet gets back."""
        return sum(
            one.refund.cents + sum(part.cents for part in one.parts) for one in self.settled if one.refund.of == sale
        )


class SettlementOfOne(Settlement, frozen=True):
    """The same for one sale; `refunds` are all its early refunds, in the order in which they were booked."""

    refunds: tuple[Record, ...] = ()


def receipts_from(records: Sequence[Record], wanted: frozenset[RecordKey]) -> dict[RecordKey, Receipt]:
    """Return the receipts of the wanted sales that are among the records, each with its refunds in their order."""
    sales = {key: one for one in records if one.kind in SALES and (key := key_of(one)) in wanted}
    refunds: dict[RecordKey, list[Record]] = {key: [] for key in sales}
    for one in records:
        of = sale_of(one)
        if of is not None and of in refunds:
            refunds[of].append(one)
    return {key: Receipt(sale, refunds[key]) for key, sale in sales.items()}


def settle_early(
    early: Sequence[Booked],
    awaiting: Sequence[Awaiting],
    receipts: Mapping[RecordKey, Receipt],
    booked: Sequence[Booked],
    purses: Mapping[UUID, UUID],
) -> Settlement:
    """Return what early refunds do now that their sales are among `booked`, as are their own parts (`early`).

    A refund is judged by what the refunds before it left of the sale: `receipts` hold them in the order of booking.
    A refund that waits gives what all early refunds left, also later ones: what a till gave by hand has left the house
    and must not go to a card as well. Among themselves they are settled in the order of upload.
    """
    sales = sorted({one.refund_of for one in early if one.refund_of is not None})
    noted = [judged for sale in sales if sale in receipts for judged in _deviations(receipts[sale], booked, purses)]
    settled: list[Settled] = []
    moved: list[Transfer] = []
    known = list(booked)
    for one in awaiting:
        receipt = receipts[one.of]
        parts, transfers = settle(one, known, purses, as_cash_cents=as_cash(receipt.sale, receipt.refunds))
        settled.append(Settled(one, tuple(parts)))
        moved += transfers
        known += settled[-1].booked
    return Settlement(tuple(settled), tuple(moved), tuple(noted))


def _deviations(
    receipt: Receipt, booked: Sequence[Booked], purses: Mapping[UUID, UUID]
) -> list[tuple[Record, tuple[Deviation, ...]]]:
    """The refunds of a receipt that deviate from their sale, each judged with those before it alone."""
    sale = key_of(receipt.sale)
    seen = [one for one in booked if one.key == sale]
    noted: list[tuple[Record, tuple[Deviation, ...]]] = []
    for number, refund in enumerate(receipt.refunds):
        found, parts = given(refund, Receipt(receipt.sale, receipt.refunds[:number]), seen, purses)
        seen += booked_of(refund, parts)
        if found:
            noted.append((refund, found))
    return noted


def given(
    refund: Record, receipt: Receipt | None, booked: Sequence[Booked], purses: Mapping[UUID, UUID]
) -> tuple[tuple[Deviation, ...], tuple[Part, ...]]:
    """Return how a refund deviates from its sale (receipt None: unknown), the amount first, and whose money it is."""
    as_cash_cents = as_cash_after(refund, receipt)
    found = () if receipt is None else tuple(judge_refund(refund, receipt))
    reason = refuse_refund(refund, booked, as_cash_cents=as_cash_cents)
    if reason is not None:
        found = (Deviation(Reason(reason)), *found)
    return found, tuple(refund_parts(refund, booked, purses, as_cash_cents=as_cash_cents))


def as_cash_after(refund: Record, receipt: Receipt | None) -> Cents:
    """What of a sale leaves the house as cash once this refund is booked too."""
    return 0 if receipt is None else as_cash(receipt.sale, [*receipt.refunds, refund])

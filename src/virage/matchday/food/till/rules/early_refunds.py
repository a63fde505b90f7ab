"""Refunds that were uploaded before their sale: settlement and deviations once the sale is booked."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.till.rules.booking import (
    BookedPart,
    Part,
    PendingRefund,
    RecordKey,
    booked_parts,
    key_of,
    payer_of,
    refund_parts,
    refund_refusal,
    sale_of,
    settle,
)
from virage.matchday.food.till.rules.deviations import Deviation, DeviationReason
from virage.matchday.food.till.rules.refunds import Receipt, cash_liability, refund_deviations
from virage.money.fiscal.types import SALES, Record
from virage.money.wallet.ledger.types import Transfer
from virage.platform.values.money import Cents


class Settled(Struct, frozen=True):
    """Refund that waited for its sale, with its parts."""

    refund: PendingRefund
    parts: tuple[Part, ...]

    @property
    def booked(self) -> tuple[BookedPart, ...]:
        """Parts as later refunds of the same sale need them."""
        return tuple(BookedPart(self.refund.key, payer_of(part), part.cents, 0, self.refund.of) for part in self.parts)


class Settlement(Struct, frozen=True):
    """Settlement of early refunds once their sales are booked.

    `settled` are the refunds that waited, `moved` their transfers; `noted` are deviations that only the sale reveals.
    """

    settled: tuple[Settled, ...] = ()
    moved: tuple[Transfer, ...] = ()
    noted: tuple[tuple[Record, tuple[Deviation, ...]], ...] = ()

    def withheld_for(self, sale: RecordKey) -> Cents:
        """Return the amount withheld by early refunds of a sale that no wallet gets back."""
        return sum(
            settled.refund.cents + sum(part.cents for part in settled.parts)
            for settled in self.settled
            if settled.refund.of == sale and not settled.refund.by_terminal
        )


class SaleSettlement(Settlement, frozen=True):
    """Settlement of one sale; `refunds` are its early refunds in the order of booking."""

    refunds: tuple[Record, ...] = ()


def receipts_from(records: Sequence[Record], wanted: frozenset[RecordKey]) -> dict[RecordKey, Receipt]:
    """Return the receipts of the wanted sales that are among the records, each with its refunds in their order."""
    sales = {key: record for record in records if record.kind in SALES and (key := key_of(record)) in wanted}
    refunds: dict[RecordKey, list[Record]] = {key: [] for key in sales}
    for record in records:
        of = sale_of(record)
        if of is not None and of in refunds:
            refunds[of].append(record)
    return {key: Receipt(sale, refunds[key]) for key, sale in sales.items()}


def settle_early(
    early: Sequence[BookedPart],
    pending_refunds: Sequence[PendingRefund],
    receipts: Mapping[RecordKey, Receipt],
    booked: Sequence[BookedPart],
    wallets: Mapping[UUID, UUID],
) -> Settlement:
    """Settle early refunds, now that their sales and their own parts (`early`) are among `booked`.

    A refund is compared with what earlier refunds left of the sale: `receipts` hold them in the order of booking.
    A waiting refund gets what all early refunds left, later ones included, because cash that a till paid out must not
    also go to a card. Waiting refunds are settled in the order of upload.
    """
    sales = sorted({part.refund_of for part in early if part.refund_of is not None})
    noted = [refund for sale in sales if sale in receipts for refund in _deviations(receipts[sale], booked, wallets)]
    settled: list[Settled] = []
    moved: list[Transfer] = []
    known = list(booked)
    for waiting in pending_refunds:
        earlier = sum(len(one.parts) for one in settled if one.refund.key == waiting.key)
        pending = waiting._replace(part=waiting.part + earlier)  # a refund may wait with several tenders
        receipt = receipts[pending.of]
        parts, transfers = settle(
            pending, known, wallets, cash_liability_cents=cash_liability(receipt.sale, receipt.refunds)
        )
        settled.append(Settled(pending, tuple(parts)))
        moved += transfers
        known += settled[-1].booked
    return Settlement(tuple(settled), tuple(moved), tuple(noted))


def _deviations(
    receipt: Receipt, booked: Sequence[BookedPart], wallets: Mapping[UUID, UUID]
) -> list[tuple[Record, tuple[Deviation, ...]]]:
    """Return the refunds of a receipt that deviate from their sale, each compared with the earlier ones only."""
    sale = key_of(receipt.sale)
    seen = [part for part in booked if part.key == sale]
    noted: list[tuple[Record, tuple[Deviation, ...]]] = []
    for number, refund in enumerate(receipt.refunds):
        found, parts = refund_outcome(refund, Receipt(receipt.sale, receipt.refunds[:number]), seen, wallets)
        seen += booked_parts(refund, parts)
        if found:
            noted.append((refund, found))
    return noted


def refund_outcome(
    refund: Record, receipt: Receipt | None, booked: Sequence[BookedPart], wallets: Mapping[UUID, UUID]
) -> tuple[tuple[Deviation, ...], tuple[Part, ...]]:
    """Return how a refund deviates from its sale (receipt None: unknown), the amount first, and whose money it is."""
    cash_liability_cents = cash_liability_after(refund, receipt)
    found = () if receipt is None else tuple(refund_deviations(refund, receipt))
    reason = refund_refusal(refund, booked, cash_liability_cents=cash_liability_cents)
    if reason is not None:
        found = (Deviation(DeviationReason(reason)), *found)
    return found, tuple(refund_parts(refund, booked, wallets, cash_liability_cents=cash_liability_cents))


def cash_liability_after(refund: Record, receipt: Receipt | None) -> Cents:
    """Return the part of a sale that can be paid out in cash once this refund is booked."""
    return 0 if receipt is None else cash_liability(receipt.sale, [*receipt.refunds, refund])

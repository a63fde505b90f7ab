"""Payment of uploaded records: which cards, wallets and bonus credit pay, who is refunded, and losses.

`acts/tendering.py` loads a batch and locks its rows, `decide` is pure, `acts/selling.py` writes.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.matchday.food.till.rules import booking as rules
from virage.matchday.food.till.rules.booking import BookedPart, Part, PendingRefund, RecordKey, sale_of
from virage.matchday.food.till.rules.deviations import Deviation, DeviationReason
from virage.matchday.food.till.rules.early_refunds import Settlement, cash_liability_after, refund_outcome, settle_early
from virage.matchday.food.till.rules.limits import OfflineTaking, RecordTaking, TillLimits, limit_deviations
from virage.matchday.food.till.rules.refunds import Receipt
from virage.money.card_readers.types import CardPayment, CardPaymentDefect, defect_of, is_reference
from virage.money.fiscal.types import PROVEN, Record, Tender, TenderKind, VerifiedRecord, check
from virage.money.wallet.cards.types import Challenge, Holder, Seen, Shown, Spend, Spent, Tap, TapTaken
from virage.money.wallet.cards.types import Reason as CardReason
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused


class UploadedRecord(Struct, frozen=True):
    """Uploaded record with the results of its checks.

    `offline`: an offline sale. `seen` is the verified card message of each tender, `confirmed` the result of a typed
    PIN (None: correct), both by the index of the tender. `deviations` are differences from the catalogue and the law.
    """

    written: VerifiedRecord
    offline: bool
    seen: Mapping[int, Seen | None]
    confirmed: Mapping[int, Refused | None] = {}
    deviations: tuple[Deviation, ...] = ()

    @property
    def record(self) -> Record:
        """The record itself."""
        return self.written.record


class Tendered(Struct, frozen=True):
    """Tenders of a sale after its cards are identified and before wallet balances are read.

    `spends` are requests against the cards' daily limits, `spent` the ones that were counted. `deviations` are payments
    at card readers that do not pay the sale.
    """

    parts: tuple[Part, ...]
    holder: Holder | None = None
    spends: tuple[Spend, ...] = ()
    spent: tuple[Spent, ...] = ()
    refused: Refused | None = None
    deviations: tuple[Deviation, ...] = ()


class Batch(Struct, frozen=True):
    """Data of records that are booked together, by index in the upload; all relevant rows are locked.

    `refused` are invalid online records, which are in neither `sales` nor `refunds`; both keep the order of upload.
    `booked` are parts of refunded sales; `early` and `pending_refunds` belong to refunds uploaded before the offline
    sales of this batch. `wallets` are wallets by paying card, `available` balances by account, `earlier_takings`
    earlier offline payments by till.
    """

    limits: TillLimits
    sales: Mapping[int, UploadedRecord]
    refunds: Mapping[int, UploadedRecord]
    refused: Mapping[int, Refused]
    tendered: Mapping[int, Tendered]
    booked: tuple[BookedPart, ...] = ()
    early: tuple[BookedPart, ...] = ()
    pending_refunds: tuple[PendingRefund, ...] = ()
    receipts: Mapping[RecordKey, Receipt] = {}
    wallets: Mapping[UUID, UUID] = {}
    available: Mapping[UUID, Cents] = {}
    earlier_takings: Mapping[UUID, Sequence[OfflineTaking]] = {}


class Outcome(Struct, frozen=True):
    """Decision about one record. `left_cents` is the balance left in the wallet; None if no wallet moves.

    `spent` are the amounts counted against daily limits, also where the record is refused.
    """

    parts: tuple[Part, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    left_cents: Cents | None = None
    holder: Holder | None = None
    spent: tuple[Spent, ...] = ()
    refused: Refused | None = None


class Decision(Struct, frozen=True):
    """What to write of a batch: outcomes by index, and the settlement of early refunds."""

    outcomes: Mapping[int, Outcome]
    early: Settlement


def decide(batch: Batch) -> Decision:
    """Decide which accounts each record moves, and which online records are refused."""
    sales, available = _pay(batch)
    # Offline sales are known to their refunds of the same upload: a till that was offline brings both at once. Online
    # sales are not: their till does not have the answer yet, so no refund can name them.
    offline = {at: sale for at, sale in batch.sales.items() if sale.offline}
    new = (part for at, sale in offline.items() for part in rules.booked_parts(sale.record, sales[at].parts))
    booked = [*batch.booked, *new]
    # Early refunds come after the sales, which determine what is refundable, and before the refunds of this batch,
    # which were uploaded later. Early refunds of a sale refunded in this batch are already in `batch.booked`.
    refunded = {sale for refund in batch.refunds.values() if (sale := sale_of(refund.record)) is not None}
    booked += [part for part in batch.early if part.refund_of not in refunded]
    early = settle_early(batch.early, batch.pending_refunds, batch.receipts, booked, batch.wallets)
    booked += [part for settled in early.settled for part in settled.booked]
    # Refunds after the sales: no sale of this batch is paid with what one of its refunds brings, because the ledger
    # posts both in the order of upload, where the refund may come second.
    refunds = _refund(batch, booked, available)
    outcomes = {at: Outcome(refused=refused) for at, refused in batch.refused.items()} | refunds | sales
    # Offline limits come last: they only add deviations, and count each till's payments in the order of its numbers.
    for at, found in _limit_deviations(batch).items():
        outcome = outcomes[at]
        outcomes[at] = Outcome(
            outcome.parts, (*outcome.deviations, *found), outcome.left_cents, outcome.holder, outcome.spent
        )
    return Decision(outcomes, early)


def _pay(batch: Batch) -> tuple[dict[int, Outcome], dict[UUID, Cents]]:
    """Charge sales to their payers and return the remaining balances: offline sales first, then online ones.

    Offline sales have already happened and cannot be refused. An online sale must not spend what they need, or the
    operator loses it. A refused online sale takes nothing.
    """
    outcomes: dict[int, Outcome] = {}
    available = dict(batch.available)
    for at in sorted(batch.sales, key=lambda at: not batch.sales[at].offline):
        sale, cards = batch.sales[at], batch.tendered[at]
        paid = cards.refused or rules.sale_parts(sale.record, cards.parts, available, has_happened=sale.offline)
        if isinstance(paid, Refused):
            outcomes[at] = Outcome(holder=cards.holder, spent=cards.spent, refused=paid)
            continue
        available |= rules.balances_after(paid, available)
        wallet_id = next((part.wallet_id for part in paid if part.wallet_id is not None), None)
        left_cents = None if wallet_id is None else rules.available_of(wallet_id, available)
        noted = (*sale.deviations, *cards.deviations) if sale.offline else ()
        outcomes[at] = Outcome(paid, noted, left_cents, cards.holder, cards.spent)
    return outcomes, available


def _refund(batch: Batch, booked: Iterable[BookedPart], available: Mapping[UUID, Cents]) -> dict[int, Outcome]:
    """Book refunds in the order of upload: each gets what earlier refunds left of its sale."""
    outcomes: dict[int, Outcome] = {}
    known, receipts, left = list(booked), dict(batch.receipts), dict(available)
    for at, upload in batch.refunds.items():
        refund, sale = upload.record, sale_of(upload.record)
        receipt = None if sale is None else receipts.get(sale)
        found, parts = refund_outcome(refund, receipt, known, batch.wallets)
        refused = None if upload.offline else _refusal(refund, receipt, known, found)
        if refused is not None:
            outcomes[at] = Outcome(refused=refused)
            continue
        left |= rules.balances_after(parts, left)
        wallet_id = next((part.wallet_id for part in reversed(parts) if part.wallet_id is not None), None)
        left_cents = None if wallet_id is None else rules.available_of(wallet_id, left)
        outcomes[at] = Outcome(parts, (*upload.deviations, *found) if upload.offline else found, left_cents)
        known += rules.booked_parts(refund, parts)
        if sale is not None and receipt is not None:
            receipts[sale] = Receipt(receipt.sale, [*receipt.refunds, refund])
    return outcomes


def _refusal(
    refund: Record, receipt: Receipt | None, booked: Sequence[BookedPart], found: Sequence[Deviation]
) -> Refused | None:
    """Return why an online refund is refused: its amount first, then its first deviation."""
    reason = rules.refund_refusal(refund, booked, cash_liability_cents=cash_liability_after(refund, receipt))
    if reason is not None:
        return Refused(reason)
    return _refused(found[0]) if found else None


def refusal_of(upload: UploadedRecord) -> Refused | None:
    """Return why an online record is refused before payment: wrong totals, or a deviation."""
    if upload.offline:
        return None
    defect = check(upload.record)
    if defect is not None or not upload.deviations:
        return defect
    return _refused(upload.deviations[0])


def _refused(found: Deviation) -> Refused:
    return Refused(found.reason, found.data if found.line is None else found.data | {"line": found.line})


def taps_of(sales: Mapping[int, UploadedRecord]) -> dict[tuple[int, int], Tap]:
    """Return the taps that pay sales, by the indexes of sale and tender."""
    return {
        (at, place): Tap(
            rules.tap_id_of(upload.written.hash, upload.record.till, place),
            upload.seen[place],
            upload.record.moment if upload.offline else None,
            pays=True,
        )
        for at, upload in sales.items()
        for place, paid in enumerate(upload.record.tenders)
        if paid.cents > 0 and place in upload.seen
    }


def proofs_of(sales: Mapping[int, UploadedRecord]) -> dict[tuple[int, int], Shown]:
    """Return the phone signatures that pay sales, by the indexes of sale and tender."""
    return {
        (at, place): Shown(
            Challenge(upload.record.at, paid.cents, upload.record.id, upload.record.outlet, upload.record.till),
            paid.proof or "",
            told=upload.offline,
        )
        for at, upload in sales.items()
        for place, paid in enumerate(upload.record.tenders)
        if paid.cents > 0 and place not in upload.seen and paid.kind is TenderKind.VIRTUAL_CARD
    }


def named_payments(sales: Mapping[int, UploadedRecord]) -> set[str]:
    """Return the payments at card readers that sales name, by reference."""
    return {paid.proof or "" for sale in sales.values() for paid in sale.record.tenders if _is_reader_payment(paid)}


def _is_reader_payment(paid: Tender) -> bool:
    return paid.kind is TenderKind.TERMINAL and paid.cents > 0 and is_reference(paid.proof)


def tender(
    sale: UploadedRecord,
    taken: Mapping[int, TapTaken | UUID | Refused],
    card_payments: Mapping[str, CardPayment],
) -> Tendered:
    """Return the tenders of a sale; `taken` has the accepted tap or the charged wallet of each by index.

    `card_payments` are the payments at card readers by reference. A card or a payment that does not pay makes a loss
    of an offline sale; an online sale is refused for its last one.
    """
    parts, spends, deviations = list[Part](), list[Spend](), list[Deviation]()
    holder: Holder | None = None
    refused: Refused | None = None
    for place, paid in enumerate(sale.record.tenders):
        outcome = taken.get(place)
        if _is_reader_payment(paid):
            part = _part_of_reader(sale.record, place, card_payments.get(paid.proof or ""), parts)
            if part.loss_reason is not None:
                deviations.append(Deviation(DeviationReason(part.loss_reason), data={"cents": paid.cents}))
                refused = refused if sale.offline else Refused(CardPaymentDefect(part.loss_reason))
            parts.append(part)
        elif paid.cents <= 0 or paid.kind not in PROVEN:  # an inconsistent offline record charges no card
            parts.append(Part(place, paid.cents))
        elif isinstance(outcome, TapTaken):
            parts.append(Part(place, paid.cents, outcome.wallet_id, outcome.card_id))
            holder = holder or outcome.holder
            pin = sale.confirmed.get(place)
            refused = pin or refused
            confirmed = place in sale.confirmed and pin is None
            spends.append(Spend(outcome.card_id, paid.cents, confirmed, has_happened=sale.offline))
        elif isinstance(outcome, UUID):
            parts.append(Part(place, paid.cents, outcome))
        else:
            refusal = outcome or Refused(CardReason.CARDS_OFF)
            refused = refused if sale.offline else refusal
            parts.append(Part(place, paid.cents, loss_cents=paid.cents, loss_reason=str(refusal.reason)))
    return Tendered(tuple(parts), holder, tuple(spends), (), refused, tuple(deviations))


def _part_of_reader(record: Record, place: int, payment: CardPayment | None, earlier: Sequence[Part]) -> Part:
    """Return the part of a payment at a card reader. It pays one tender, or it is a loss with the reason."""
    cents = record.tenders[place].cents
    defect = defect_of(payment, record.till, record.id, cents)
    if payment is not None and any(part.card_payment == payment.id for part in earlier):
        defect = CardPaymentDefect.WRONG
    if defect is None and payment is not None:
        return Part(place, cents, card_payment=payment.id)
    return Part(place, cents, loss_cents=cents, loss_reason=str(defect))


def count(tendered: Tendered, outcomes: Sequence[Spent | Refused]) -> Tendered:
    """Return the tenders of a sale with the results of counting its cards' spends, one per spend."""
    spent = tuple(outcome for outcome in outcomes if isinstance(outcome, Spent))
    refused = next((outcome for outcome in reversed(outcomes) if isinstance(outcome, Refused)), tendered.refused)
    return replace(tendered, spent=spent, refused=refused)


def refunded_tills(records: Collection[UploadedRecord]) -> set[UUID]:
    """Return the tills of sales with an offline refund; their chains are locked as well.

    Such a sale may be uploaded at the same moment; it is then booked before the refund, or with knowledge of it.
    """
    return {sale.till for upload in records if upload.offline and (sale := sale_of(upload.record)) is not None}


def offline_takings(
    sales: Mapping[int, UploadedRecord], refunds: Mapping[int, UploadedRecord], tendered: Mapping[int, Tendered]
) -> dict[UUID, dict[int, RecordTaking]]:
    """Return the offline card payments of these records, by till and by the index of each record."""
    took: dict[UUID, dict[int, RecordTaking]] = {}
    for at, upload in (*sales.items(), *refunds.items()):
        if not upload.offline:
            continue
        # An inconsistent refund whose tender brings money took it from no known card.
        parts = (
            tendered[at].parts if at in tendered else [Part(n, t.cents) for n, t in enumerate(upload.record.tenders)]
        )
        by_card: dict[UUID | None, Cents] = {}
        for part in parts:
            if is_wallet_payment(upload.record, part):
                by_card[part.card_id] = by_card.get(part.card_id, 0) + part.cents
        if by_card:
            took.setdefault(upload.record.till, {})[at] = RecordTaking(upload.record.moment, by_card)
    return took


def _limit_deviations(batch: Batch) -> dict[int, list[Deviation]]:
    """Return where offline records exceed the limits of their tills, by index.

    Each record counts those with smaller numbers, whatever their order in the upload.
    """
    records = {**batch.sales, **batch.refunds}
    found: dict[int, list[Deviation]] = {}
    for till, took in offline_takings(batch.sales, batch.refunds, batch.tendered).items():
        order = sorted(took, key=lambda at: records[at].record.number)
        taken = limit_deviations(batch.earlier_takings.get(till, ()), [took[at] for at in order], batch.limits)
        found |= {at: deviations for at, deviations in zip(order, taken, strict=True) if deviations}
    return found


def is_wallet_payment(record: Record, part: Part) -> bool:
    """Return whether a wallet pays a part, by club card or phone; in an offline record it was not authorised."""
    return record.tenders[part.tender].kind in PROVEN and part.cents > 0

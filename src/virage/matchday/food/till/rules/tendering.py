"""Who pays what tills sold, and who gets what they gave back: cards, purses, bonus credit, the house's loss.

`acts/tendering.py` loads a batch with its rows locked; `decide` reads it and changes nothing; `acts/selling.py` writes.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.till.rules import booking as rules
from virage.matchday.food.till.rules.booking import Awaiting, Booked, Part, RecordKey, sale_of
from virage.matchday.food.till.rules.deviations import Deviation
from virage.matchday.food.till.rules.early import Settlement, as_cash_after, given, settle_early
from virage.matchday.food.till.rules.limits import Alone, TillLimits, Took, beyond
from virage.matchday.food.till.rules.refunds import Receipt
from virage.money.fiscal.types import PROVEN, Record, TenderKind, Written, check
from virage.money.wallet.cards.types import Challenge, Holder, Seen, Shown, Spend, Spent, Tap, TapTaken
from virage.money.wallet.cards.types import Reason as CardReason
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused


class Sent(Struct, frozen=True):
    """A record that came from its till, and what was found out about it as it arrived.

    `seen` is what each tender's card proved, and `confirmed` what came of the PIN that was typed for it (None: it was
    right), both by the tender's place. `deviations` are what it says otherwise than the catalogue and the law.
    """

    written: Written
    told: bool
    seen: Mapping[int, Seen | None]
    confirmed: Mapping[int, Refused | None] = {}
    deviations: tuple[Deviation, ...] = ()

    @property
    def record(self) -> Record:
        """What it says."""
        return self.written.record


class Tendered(Struct, frozen=True):
    """The tenders of a sale once its cards are known, and before it is known what their wallets have.

    `spends` is what the cards are asked to spend today, and `spent` what of it was counted.
    """

    parts: tuple[Part, ...]
    holder: Holder | None = None
    spends: tuple[Spend, ...] = ()
    spent: tuple[Spent, ...] = ()
    refused: Refused | None = None


class Batch(Struct, frozen=True):
    """What is known of records that are booked together, by the place of each; all rows that matter are locked.

    `refused` are online records that are wrong by themselves; they are in neither `sales` nor `refunds`, which keep the
    order of upload. `booked` are the parts of the sales that are refunded, `early` and `awaiting` those of refunds that
    were uploaded before the offline sales of this batch. `purses` are those of the cards that paid, `available` the
    balances of wallets and of their bonus credit, `alone` what tills took offline before.
    """

    limits: TillLimits
    sales: Mapping[int, Sent]
    refunds: Mapping[int, Sent]
    refused: Mapping[int, Refused]
    tendered: Mapping[int, Tendered]
    booked: tuple[Booked, ...] = ()
    early: tuple[Booked, ...] = ()
    awaiting: tuple[Awaiting, ...] = ()
    receipts: Mapping[RecordKey, Receipt] = {}
    purses: Mapping[UUID, UUID] = {}
    available: Mapping[UUID, Cents] = {}
    alone: Mapping[UUID, Sequence[Alone]] = {}


class Outcome(Struct, frozen=True):
    """What becomes of one record. `left_cents` is what who pays or is paid has left; None: no wallet is moved.

    `spent` is what its cards were counted to have spent today, also where it is refused.
    """

    parts: tuple[Part, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    left_cents: Cents | None = None
    holder: Holder | None = None
    spent: tuple[Spent, ...] = ()
    refused: Refused | None = None


class Decision(Struct, frozen=True):
    """What is to be written of a batch: of each record by its place, and of refunds uploaded before their sale."""

    outcomes: Mapping[int, Outcome]
    early: Settlement


def decide(batch: Batch) -> Decision:
    """Decide whose money each record of a batch moves, and which online records are refused."""
    sales, available = _pay(batch)
    # Offline sales are known to their refunds of the same upload: a till that was offline brings both at once. Online
    # sales are not: their till does not have the answer yet, so no refund can name them.
    told = {at: one for at, one in batch.sales.items() if one.told}
    new = (one for at, sale in told.items() for one in rules.booked_of(sale.record, sales[at].parts))
    booked = [*batch.booked, *new]
    # Early refunds after the sales, which say what there is to give back; before the refunds of this batch, because
    # they were uploaded first. Those of a sale that this batch refunds too are among `batch.booked`: they count once.
    refunded = {sale for one in batch.refunds.values() if (sale := sale_of(one.record)) is not None}
    booked += [one for one in batch.early if one.refund_of not in refunded]
    early = settle_early(batch.early, batch.awaiting, batch.receipts, booked, batch.purses)
    booked += [part for one in early.settled for part in one.booked]
    # Refunds after the sales: no sale of this batch is paid with what one of its refunds brings, because the ledger
    # posts both in the order of upload, where the refund may come second.
    refunds = _refund(batch, booked, available)
    outcomes = {at: Outcome(refused=refused) for at, refused in batch.refused.items()} | refunds | sales
    # Offline limits last: they only note what was booked, and count what each till took in the order of its numbers.
    for at, found in _beyond_limits(batch).items():
        one = outcomes[at]
        outcomes[at] = Outcome(one.parts, (*one.deviations, *found), one.left_cents, one.holder, one.spent)
    return Decision(outcomes, early)


def _pay(batch: Batch) -> tuple[dict[int, Outcome], dict[UUID, Cents]]:
    """Take sales from who pays them, and return what is left: offline sales first, then online ones, by upload.

    Offline sales have already happened and cannot be refused: an online sale must not spend what they need, or the
    house loses it. An online sale that is refused takes nothing.
    """
    outcomes: dict[int, Outcome] = {}
    available = dict(batch.available)
    for at in sorted(batch.sales, key=lambda at: not batch.sales[at].told):
        sale, cards = batch.sales[at], batch.tendered[at]
        paid = cards.refused or rules.parts_of_sale(sale.record, cards.parts, available, has_happened=sale.told)
        if isinstance(paid, Refused):
            outcomes[at] = Outcome(holder=cards.holder, spent=cards.spent, refused=paid)
            continue
        available |= rules.after(paid, available)
        purse_id = next((part.purse_id for part in paid if part.purse_id is not None), None)
        left_cents = None if purse_id is None else rules.available_of(purse_id, available)
        noted = sale.deviations if sale.told else ()
        outcomes[at] = Outcome(paid, noted, left_cents, cards.holder, cards.spent)
    return outcomes, available


def _refund(batch: Batch, booked: Iterable[Booked], available: Mapping[UUID, Cents]) -> dict[int, Outcome]:
    """Give back what is refunded, in the order of upload: each refund gets what the ones before it left of its sale."""
    outcomes: dict[int, Outcome] = {}
    known, receipts, left = list(booked), dict(batch.receipts), dict(available)
    for at, one in batch.refunds.items():
        refund, sale = one.record, sale_of(one.record)
        receipt = None if sale is None else receipts.get(sale)
        found, parts = given(refund, receipt, known, batch.purses)
        refused = None if one.told else _refusal(refund, receipt, known, found)
        if refused is not None:
            outcomes[at] = Outcome(refused=refused)
            continue
        left |= rules.after(parts, left)
        purse_id = next((part.purse_id for part in reversed(parts) if part.purse_id is not None), None)
        left_cents = None if purse_id is None else rules.available_of(purse_id, left)
        outcomes[at] = Outcome(parts, (*one.deviations, *found) if one.told else found, left_cents)
        known += rules.booked_of(refund, parts)
        if sale is not None and receipt is not None:
            receipts[sale] = Receipt(receipt.sale, [*receipt.refunds, refund])
    return outcomes


def _refusal(
    refund: Record, receipt: Receipt | None, booked: Sequence[Booked], found: Sequence[Deviation]
) -> Refused | None:
    """Why an online refund is refused: for its money first, else for its first line that deviates."""
    reason = rules.refuse_refund(refund, booked, as_cash_cents=as_cash_after(refund, receipt))
    if reason is not None:
        return Refused(reason)
    return _of(found[0]) if found else None


def wrong(one: Sent) -> Refused | None:
    """Why an online record is refused whoever pays it: it does not add up, or deviates from catalogue and law."""
    if one.told:
        return None
    defect = check(one.record)
    if defect is not None or not one.deviations:
        return defect
    return _of(one.deviations[0])


def _of(found: Deviation) -> Refused:
    return Refused(found.reason, found.data if found.line is None else found.data | {"line": found.line})


def taps_of(sales: Mapping[int, Sent]) -> dict[tuple[int, int], Tap]:
    """The taps that pay sales, by the places of the sale and of its tender."""
    return {
        (at, place): Tap(
            rules.tap_id(one.written.hash, one.record.till, place),
            one.seen[place],
            one.record.moment if one.told else None,
            pays=True,
        )
        for at, one in sales.items()
        for place, paid in enumerate(one.record.tenders)
        if paid.cents > 0 and place in one.seen
    }


def proofs_of(sales: Mapping[int, Sent]) -> dict[tuple[int, int], Shown]:
    """What phones signed to pay sales, by the places of the sale and of its tender."""
    return {
        (at, place): Shown(
            Challenge(one.record.at, paid.cents, one.record.id, one.record.outlet, one.record.till),
            paid.proof or "",
            told=one.told,
        )
        for at, one in sales.items()
        for place, paid in enumerate(one.record.tenders)
        if paid.cents > 0 and place not in one.seen and paid.kind is TenderKind.VIRTUAL_CARD
    }


def tender(sale: Sent, taken: Mapping[int, TapTaken | UUID | Refused]) -> Tendered:
    """Return the tenders of a sale by what its cards proved, each by its place: a tap that was taken, or a purse.

    What a card does not pay of an offline sale is the house's loss; an online sale is refused for its last such card.
    """
    parts, spends = list[Part](), list[Spend]()
    holder: Holder | None = None
    refused: Refused | None = None
    for place, paid in enumerate(sale.record.tenders):
        outcome = taken.get(place)
        if paid.cents <= 0 or paid.kind not in PROVEN:  # told with its defect, it takes nobody's money
            parts.append(Part(place, paid.cents))
        elif isinstance(outcome, TapTaken):
            parts.append(Part(place, paid.cents, outcome.wallet_id, outcome.card_id))
            holder = holder or outcome.holder
            pin = sale.confirmed.get(place)
            refused = pin or refused
            confirmed = place in sale.confirmed and pin is None
            spends.append(Spend(outcome.card_id, paid.cents, confirmed, has_happened=sale.told))
        elif isinstance(outcome, UUID):
            parts.append(Part(place, paid.cents, outcome))
        else:
            refusal = outcome or Refused(CardReason.CARDS_OFF)
            refused = refused if sale.told else refusal
            parts.append(Part(place, paid.cents, loss_cents=paid.cents, loss_reason=str(refusal.reason)))
    return Tendered(tuple(parts), holder, tuple(spends), (), refused)


def count(tendered: Tendered, outcomes: Sequence[Spent | Refused]) -> Tendered:
    """Return the tenders of a sale with what came of counting what its cards spend; one outcome a spend."""
    spent = tuple(one for one in outcomes if isinstance(one, Spent))
    refused = next((one for one in reversed(outcomes) if isinstance(one, Refused)), tendered.refused)
    return Tendered(tendered.parts, tendered.holder, tendered.spends, spent, refused)


def beside(records: Collection[Sent]) -> set[UUID]:
    """Tills whose chains must stand still with the others: those of sales whose refund is told.

    Their sale may be on its way, and then it is booked either before the refund or knowing of it.
    """
    return {sale.till for one in records if one.told and (sale := sale_of(one.record)) is not None}


def took_alone(
    sales: Mapping[int, Sent], refunds: Mapping[int, Sent], tendered: Mapping[int, Tendered]
) -> dict[UUID, dict[int, Took]]:
    """Return what tills took from cards offline in these records, by till and by the place of each record."""
    took: dict[UUID, dict[int, Took]] = {}
    for at, one in (*sales.items(), *refunds.items()):
        if not one.told:
            continue
        # A refund whose tender brings money is uploaded with its defect: it took it from no card of ours.
        parts = tendered[at].parts if at in tendered else [Part(n, t.cents) for n, t in enumerate(one.record.tenders)]
        by_card: dict[UUID | None, Cents] = {}
        for part in parts:
            if is_alone(one.record, part):
                by_card[part.card_id] = by_card.get(part.card_id, 0) + part.cents
        if by_card:
            took.setdefault(one.record.till, {})[at] = Took(one.record.moment, by_card)
    return took


def _beyond_limits(batch: Batch) -> dict[int, list[Deviation]]:
    """What offline records took beyond the limits of their tills, by place.

    Each record of a till counts those with smaller numbers, whatever their order in the upload.
    """
    records = {**batch.sales, **batch.refunds}
    found: dict[int, list[Deviation]] = {}
    for till, took in took_alone(batch.sales, batch.refunds, batch.tendered).items():
        order = sorted(took, key=lambda at: records[at].record.number)
        taken = beyond(batch.alone.get(till, ()), [took[at] for at in order], batch.limits)
        found |= {at: deviations for at, deviations in zip(order, taken, strict=True) if deviations}
    return found


def is_alone(record: Record, part: Part) -> bool:
    """Whether a part was taken from a card; of an offline record: without having asked."""
    return record.tenders[part.tender].kind in PROVEN and part.cents > 0

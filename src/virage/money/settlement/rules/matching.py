"""Rules of reconciliation: match balance entries with our payments and refunds, to the cent."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct, field

from virage.money.payments.types import BalanceEntry, EntryKind, Listing, PayoutState

MISSING_AFTER: Final = timedelta(days=10)
"""A capture or refund that no payout names after so long is missing. Payouts of cards take up to seven days."""


APPLICATION_FEES: Final = frozenset({EntryKind.APPLICATION_FEE, EntryKind.APPLICATION_FEE_RETURNED})
"""Entries of the operator's balance about payments of organisers' accounts."""


class Verdict(StrEnum):
    """Result of the comparison of an entry with our payments. Each except the first two opens an item.

    `other_business`: an entry of an organiser's balance that is about no payment of ours.
    """

    MATCHED = "matched"
    OTHER_BUSINESS = "other_business"
    PAYMENT_UNKNOWN = "payment_unknown"
    REFUND_UNKNOWN = "refund_unknown"
    PAYOUT_UNKNOWN = "payout_unknown"
    AMOUNT_DIFFERS = "amount_differs"
    CURRENCY_DIFFERS = "currency_differs"
    NET_DIFFERS = "net_differs"
    NAMED_TWICE = "named_twice"
    NEEDS_EXPLANATION = "needs_explanation"


class KnownPayment(Struct, frozen=True):
    """Captured payment of ours in cents. `account` took the money, None for the operator's own.

    `application_fee_cents` is what the operator keeps of a payment that an organiser's account took, `intent_ref` the
    provider's id of the payment.
    """

    captured_cents: int
    account: str | None = None
    application_fee_cents: int = 0
    intent_ref: str | None = None


class KnownRefund(Struct, frozen=True):
    """Refund of ours: its payment and its amount in cents."""

    payment_id: UUID
    amount_cents: int


class KnownPayout(Struct, frozen=True):
    """Payout that an entry may name because it came back."""

    amount_cents: int
    state: PayoutState


class Ours(Struct, frozen=True):
    """What entries are compared with. Amounts are in cents of `currency`.

    `payments` are captured ones by id. `payment_by_intent` finds payments whose entry names only the provider's id.
    `charged` are the payments with a matched charge, `failed` those with a matched failure of it, `with_fee` those with
    a matched application fee; `refunds_out` counts the matched refunds less the matched failures, by refund id, and
    `returned` are the application fees given back, by payment id.
    """

    currency: str
    payments: Mapping[UUID, KnownPayment] = field(default_factory=dict)
    refunds: Mapping[UUID, KnownRefund] = field(default_factory=dict)
    payouts: Mapping[str, KnownPayout] = field(default_factory=dict)
    payment_by_intent: Mapping[str, UUID] = field(default_factory=dict)
    charged: Collection[UUID] = ()
    failed: Collection[UUID] = ()
    with_fee: Collection[UUID] = ()
    refunds_out: Mapping[UUID, int] = field(default_factory=dict)
    returned: Mapping[UUID, int] = field(default_factory=dict)


class Decision(Struct, frozen=True):
    """Verdict on an entry, with the payment and refund that it is about. `expected_cents` is None if unknown."""

    entry: BalanceEntry
    verdict: Verdict
    payment_id: UUID | None = None
    refund_id: UUID | None = None
    expected_cents: int | None = None


class _About(Struct, frozen=True):
    """What an entry is about: our payment and refund, if they are known."""

    payment_id: UUID | None
    refund: KnownRefund | None
    refund_id: UUID | None
    payment: KnownPayment | None


class _Seen(Struct):
    """What matched entries have named so far."""

    named: dict[EntryKind, set[UUID]]
    refunds_out: dict[UUID, int]
    returned: dict[UUID, int]

    def add(self, decision: Decision) -> None:
        """Count a matched entry."""
        kind, payment_id = decision.entry.kind, decision.payment_id
        if kind in self.named and payment_id is not None:
            self.named[kind].add(payment_id)
        if kind is EntryKind.APPLICATION_FEE_RETURNED and payment_id is not None:
            self.returned[payment_id] = self.returned.get(payment_id, 0) - decision.entry.amount_cents
        if decision.refund_id is not None and kind in (EntryKind.REFUND, EntryKind.REFUND_FAILURE):
            step = 1 if kind is EntryKind.REFUND else -1
            self.refunds_out[decision.refund_id] = self.refunds_out.get(decision.refund_id, 0) + step


def decide(entries: Iterable[BalanceEntry], ours: Ours) -> list[Decision]:
    """Return one decision per entry, oldest entry first, whatever the order of delivery.

    A refund may be sent again after it failed, so its entries are compared by their order: a refund, a failure, and so
    on.
    """
    named = {
        EntryKind.CHARGE: set(ours.charged),
        EntryKind.CHARGE_FAILURE: set(ours.failed),
        EntryKind.APPLICATION_FEE: set(ours.with_fee),
    }
    seen = _Seen(named, dict(ours.refunds_out), dict(ours.returned))
    decisions = []
    for entry in sorted(entries, key=lambda entry: (entry.created_at, entry.id)):
        about = _about(entry, ours)
        is_other = _is_other_business(entry, about, ours)
        found = Verdict.OTHER_BUSINESS if is_other else _expected(entry, about, ours, seen)
        expected, verdict = (found, Verdict.MATCHED) if isinstance(found, int) else (None, found)
        if entry.currency != ours.currency and not is_other:
            verdict = Verdict.CURRENCY_DIFFERS
        elif expected is not None and expected != entry.amount_cents:
            verdict = Verdict.AMOUNT_DIFFERS
        elif expected is not None and entry.net_cents != entry.amount_cents - entry.fee_cents:
            verdict = Verdict.NET_DIFFERS
        decision = Decision(entry, verdict, about.payment_id, about.refund_id, expected)
        if verdict is Verdict.MATCHED:
            seen.add(decision)
        decisions.append(decision)
    return decisions


def _about(entry: BalanceEntry, ours: Ours) -> _About:
    refund = None if entry.refund_id is None else ours.refunds.get(entry.refund_id)
    payment_id = entry.payment_id or ours.payment_by_intent.get(entry.intent_ref or "")
    if refund is not None:
        payment_id = refund.payment_id
    payment = None if payment_id is None else ours.payments.get(payment_id)
    if payment is None or payment.account != entry.account:
        return _About(payment_id, None, entry.refund_id, None)
    # An organiser can write our ids into any entry of its balance, but cannot choose the provider's id of a payment.
    if entry.account is not None and payment.intent_ref != entry.intent_ref:
        return _About(payment_id, None, entry.refund_id, None)
    return _About(payment_id, refund, entry.refund_id, payment)


def _is_other_business(entry: BalanceEntry, about: _About, ours: Ours) -> bool:
    """Return whether an entry of an organiser's balance is other business, and none of the provider's fees.

    An entry that names a payment we do not know is not: that payment may be lost.
    """
    if entry.account is None or entry.kind in APPLICATION_FEES or about.payment_id is not None:
        return False
    match entry.kind:
        case EntryKind.FEE | EntryKind.PAYOUT:
            return entry.currency != ours.currency
        case EntryKind.PAYOUT_FAILURE:
            return entry.source_ref not in ours.payouts
        case _:
            return True


def _expected(entry: BalanceEntry, about: _About, ours: Ours, seen: _Seen) -> int | Verdict:
    """Return the amount that an entry should have in cents, or why there is none."""
    match entry.kind:
        case EntryKind.CHARGE | EntryKind.CHARGE_FAILURE | EntryKind.APPLICATION_FEE if (
            about.payment_id in seen.named[entry.kind]
        ):
            return Verdict.NAMED_TWICE
        case (
            EntryKind.CHARGE
            | EntryKind.CHARGE_FAILURE
            | EntryKind.DISPUTE
            | EntryKind.DISPUTE_REVERSAL
            | EntryKind.APPLICATION_FEE
            | EntryKind.APPLICATION_FEE_RETURNED
        ):
            return _of_payment(entry, about, seen)
        case EntryKind.REFUND | EntryKind.REFUND_FAILURE:
            return _of_refund(entry, about, seen)
        case EntryKind.PAYOUT_FAILURE:
            payout = ours.payouts.get(entry.source_ref or "")
            came_back = payout is not None and payout.state in (PayoutState.FAILED, PayoutState.CANCELED)
            return payout.amount_cents if payout is not None and came_back else Verdict.PAYOUT_UNKNOWN
        case EntryKind.ADJUSTMENT | EntryKind.OTHER:
            return Verdict.NEEDS_EXPLANATION
        case EntryKind.FEE | EntryKind.PAYOUT:
            return entry.amount_cents  # a fee has no payment of ours; the payout itself is compared with its sum


def _of_payment(entry: BalanceEntry, about: _About, seen: _Seen) -> int | Verdict:
    """Return the amount of a charge or an application fee, and for other kinds the nearest possible one.

    A bank may dispute a part. Of an application fee at most what is left is given back: the provider computes the part
    of a refund, and does not say how it rounds.
    """
    payment, payment_id = about.payment, about.payment_id
    if payment is None or payment_id is None:
        return Verdict.PAYMENT_UNKNOWN
    amounts = {
        EntryKind.CHARGE: (payment.captured_cents, payment.captured_cents),
        EntryKind.CHARGE_FAILURE: (-payment.captured_cents, -payment.captured_cents),
        EntryKind.APPLICATION_FEE: (payment.application_fee_cents, payment.application_fee_cents),
        EntryKind.APPLICATION_FEE_RETURNED: (seen.returned.get(payment_id, 0) - payment.application_fee_cents, 0),
        EntryKind.DISPUTE: (-payment.captured_cents, 0),
        EntryKind.DISPUTE_REVERSAL: (0, payment.captured_cents),
    }
    low, high = amounts[entry.kind]
    return min(max(entry.amount_cents, low), high)


def _of_refund(entry: BalanceEntry, about: _About, seen: _Seen) -> int | Verdict:
    if about.refund is None or about.refund_id is None:
        return Verdict.REFUND_UNKNOWN
    out, cents = seen.refunds_out.get(about.refund_id, 0), about.refund.amount_cents
    if entry.kind is EntryKind.REFUND:
        return -cents if out == 0 else Verdict.NAMED_TWICE
    return cents if out == 1 else Verdict.NAMED_TWICE


class KindSum(Struct, frozen=True):
    """Sums of the entries of one kind, in cents. `reader_cents` is the part of the amount that card readers took.

    `count` and `net_cents` include entries of other business, `amount_cents` and `fee_cents` do not;
    `other_business_cents` is the net amount of other business.
    """

    count: int
    amount_cents: int
    fee_cents: int
    net_cents: int
    reader_cents: int = 0
    other_business_cents: int = 0


class Totals(Struct, frozen=True):
    """Composition of a payout in cents.

    gross - fees - refunds - disputes + application fees + other + other business = net.
    `dispute_cents` includes debits that failed after they had settled. `application_fee_cents` is what the operator
    keeps of payments that organisers' accounts took, less what was given back. `unexplained_cents` is the amount of the
    payout less the net of its entries, and must be 0. `reader_cents` is the part of gross less refunds that card
    readers took. `other_business_cents` is what an organiser's account took in for payments that are not ours, less its
    fees.
    """

    entries: int
    gross_cents: int
    fee_cents: int
    refund_cents: int
    dispute_cents: int
    other_cents: int
    net_cents: int
    unexplained_cents: int
    application_fee_cents: int = 0
    reader_cents: int = 0
    other_business_cents: int = 0


NOTHING: Final = KindSum(0, 0, 0, 0)


def totals(amount_cents: int, sums: Mapping[EntryKind, KindSum]) -> Totals:
    """Return the composition of a payout from the sums of its entries by kind. The payout itself is left out."""
    counted: dict[EntryKind, KindSum] = {kind: sums[kind] for kind in sums if kind is not EntryKind.PAYOUT}

    def of(*kinds: EntryKind) -> int:
        return sum(counted.get(kind, NOTHING).amount_cents for kind in kinds)

    net = sum(found.net_cents for found in counted.values())
    return Totals(
        sum(found.count for found in counted.values()),
        gross_cents=of(EntryKind.CHARGE),
        fee_cents=sum(found.fee_cents for found in counted.values()) - of(EntryKind.FEE),
        refund_cents=-of(EntryKind.REFUND, EntryKind.REFUND_FAILURE),
        dispute_cents=-of(EntryKind.DISPUTE, EntryKind.DISPUTE_REVERSAL, EntryKind.CHARGE_FAILURE),
        other_cents=of(EntryKind.ADJUSTMENT, EntryKind.OTHER, EntryKind.PAYOUT_FAILURE),
        net_cents=net,
        unexplained_cents=amount_cents - net,
        application_fee_cents=of(EntryKind.APPLICATION_FEE, EntryKind.APPLICATION_FEE_RETURNED),
        reader_cents=sum(
            counted.get(kind, NOTHING).reader_cents
            for kind in (EntryKind.CHARGE, EntryKind.REFUND, EntryKind.REFUND_FAILURE)
        ),
        other_business_cents=sum(found.other_business_cents for found in counted.values()),
    )


class SettledPayout(Struct, frozen=True):
    """Payout of the operator that arrived or failed on a day, with its composition in cents."""

    day: date
    is_paid: bool
    amount_cents: int
    gross_cents: int
    fee_cents: int
    refund_cents: int
    dispute_cents: int
    other_cents: int
    unexplained_cents: int
    application_fee_cents: int = 0
    reader_cents: int = 0


class Standing(StrEnum):
    """State of a payout for the office."""

    EXPECTED = "expected"
    PAID = "paid"
    MATCHED = "matched"
    DIFFERS = "differs"
    FAILED = "failed"


def standing(
    state: PayoutState, listing: Listing, unexplained_cents: int | None, *, open_items: int, has_arrived: bool
) -> Standing:
    """Return the state of a payout. It is matched with all entries, once it has arrived, and without open items.

    `has_arrived`: it has a bank line, or goes to the bank account of an organiser.
    """
    if state in (PayoutState.FAILED, PayoutState.CANCELED):
        return Standing.FAILED
    if open_items or unexplained_cents:
        return Standing.DIFFERS
    if has_arrived and (unexplained_cents == 0 or listing is Listing.NEVER):
        return Standing.MATCHED
    return Standing.PAID if state is PayoutState.PAID else Standing.EXPECTED

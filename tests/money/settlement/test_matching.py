"""Every cent of a payout is matched or listed, never both and never twice."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from virage.money.payments.types import BalanceEntry, EntryKind, Listing, PayoutState
from virage.money.settlement.rules.matching import (
    APPLICATION_FEES,
    Decision,
    KindSum,
    KnownPayment,
    KnownPayout,
    KnownRefund,
    Ours,
    Standing,
    Verdict,
    decide,
    standing,
    totals,
)

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
IDS = [UUID(int=number) for number in range(1, 6)]
PAID, REFUND = IDS[0], IDS[1]
OURS = Ours("EUR", payments={PAID: KnownPayment(5000)}, refunds={REFUND: KnownRefund(PAID, 2000)})


def entry(kind: EntryKind, cents: int, **changes: Any) -> BalanceEntry:
    made = BalanceEntry("txn_1", kind, kind.value, cents, 0, cents, "EUR", NOW)
    return replace(made, **changes)


def charge(cents: int = 5000, **changes: Any) -> BalanceEntry:
    money = {"payment_id": PAID, "fee_cents": 95, "net_cents": cents - 95}
    return entry(EntryKind.CHARGE, cents, **(money | changes))


def verdict(of: BalanceEntry, ours: Ours = OURS) -> Verdict:
    (decision,) = decide([of], ours)
    return decision.verdict


def test_a_charge_of_the_captured_amount_is_matched() -> None:
    assert decide([charge()], OURS) == [Decision(charge(), Verdict.MATCHED, PAID, None, 5000)]


def test_a_charge_that_names_only_the_providers_payment_is_matched_by_it() -> None:
    ours = replace(OURS, payment_by_intent={"pi_1": PAID})
    assert verdict(charge(payment_id=None, intent_ref="pi_1"), ours) is Verdict.MATCHED


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (charge(4999), Verdict.AMOUNT_DIFFERS),
        (charge(currency="USD"), Verdict.CURRENCY_DIFFERS),
        (charge(payment_id=IDS[4]), Verdict.PAYMENT_UNKNOWN),
        (charge(payment_id=None), Verdict.PAYMENT_UNKNOWN),
        (charge(net_cents=4999), Verdict.NET_DIFFERS),
        (entry(EntryKind.REFUND, -2000), Verdict.REFUND_UNKNOWN),
        (entry(EntryKind.REFUND, -2000, refund_id=REFUND), Verdict.MATCHED),
        (entry(EntryKind.REFUND, -1999, refund_id=REFUND), Verdict.AMOUNT_DIFFERS),
        (entry(EntryKind.REFUND_FAILURE, 2000, refund_id=REFUND), Verdict.NAMED_TWICE),
        (entry(EntryKind.DISPUTE, -5000, payment_id=PAID, fee_cents=1500, net_cents=-6500), Verdict.MATCHED),
        (entry(EntryKind.DISPUTE, -3000, payment_id=PAID), Verdict.MATCHED),
        (entry(EntryKind.DISPUTE, -5001, payment_id=PAID), Verdict.AMOUNT_DIFFERS),
        (entry(EntryKind.DISPUTE, 1, payment_id=PAID), Verdict.AMOUNT_DIFFERS),
        (entry(EntryKind.DISPUTE_REVERSAL, 5000, payment_id=PAID), Verdict.MATCHED),
        (entry(EntryKind.DISPUTE, -5000), Verdict.PAYMENT_UNKNOWN),
        (entry(EntryKind.CHARGE_FAILURE, -5000, payment_id=PAID), Verdict.MATCHED),
        (entry(EntryKind.CHARGE_FAILURE, -4999, payment_id=PAID), Verdict.AMOUNT_DIFFERS),
        (entry(EntryKind.CHARGE_FAILURE, -5000), Verdict.PAYMENT_UNKNOWN),
        (entry(EntryKind.FEE, -300), Verdict.MATCHED),
        (entry(EntryKind.ADJUSTMENT, -300), Verdict.NEEDS_EXPLANATION),
        (entry(EntryKind.OTHER, 10), Verdict.NEEDS_EXPLANATION),
        (entry(EntryKind.PAYOUT, -10), Verdict.MATCHED),
        (entry(EntryKind.PAYOUT_FAILURE, 900, source_ref="po_1"), Verdict.PAYOUT_UNKNOWN),
    ],
)
def test_an_entry_that_names_nothing_known_or_another_amount_is_unmatched(
    changed: BalanceEntry, expected: Verdict
) -> None:
    assert verdict(changed) is expected


@pytest.mark.parametrize(
    ("state", "expected"), [(PayoutState.FAILED, Verdict.MATCHED), (PayoutState.PAID, Verdict.PAYOUT_UNKNOWN)]
)
def test_only_a_payout_that_failed_comes_back(state: PayoutState, expected: Verdict) -> None:
    ours = replace(OURS, payouts={"po_1": KnownPayout(900, state)})
    assert verdict(entry(EntryKind.PAYOUT_FAILURE, 900, source_ref="po_1"), ours) is expected


def test_the_second_charge_of_a_payment_is_unmatched() -> None:
    second = charge(id="txn_2", created_at=NOW + timedelta(seconds=1))
    assert [one.verdict for one in decide([second, charge()], OURS)] == [Verdict.MATCHED, Verdict.NAMED_TWICE]
    assert verdict(charge(), replace(OURS, charged={PAID})) is Verdict.NAMED_TWICE


def test_a_debit_fails_once() -> None:
    first = entry(EntryKind.CHARGE_FAILURE, -5000, payment_id=PAID)
    second = replace(first, id="txn_2")
    assert [one.verdict for one in decide([second, first], OURS)] == [Verdict.MATCHED, Verdict.NAMED_TWICE]
    assert verdict(first, replace(OURS, failed={PAID})) is Verdict.NAMED_TWICE


def test_a_refund_that_fails_and_is_sent_again_is_matched_three_times() -> None:
    first = entry(EntryKind.REFUND, -2000, refund_id=REFUND)
    failed = replace(first, id="txn_2", kind=EntryKind.REFUND_FAILURE, amount_cents=2000, net_cents=2000)
    again = replace(first, id="txn_3")
    twice = replace(first, id="txn_4")
    assert [one.verdict for one in decide([again, first, twice, failed], OURS)] == [
        *[Verdict.MATCHED] * 3,
        Verdict.NAMED_TWICE,
    ]


SHARED = replace(OURS, payments={PAID: KnownPayment(5000, "acct_1", 300, "pi_1")})
THEIRS: dict[str, Any] = {"account": "acct_1", "intent_ref": "pi_1"}
ANOTHERS: dict[str, Any] = {"account": "acct_2", "intent_ref": "pi_1"}
FORGED: dict[str, Any] = {"account": "acct_1", "intent_ref": "pi_2"}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (charge(**THEIRS), Verdict.MATCHED),
        (charge(), Verdict.PAYMENT_UNKNOWN),
        (charge(**ANOTHERS), Verdict.PAYMENT_UNKNOWN),
        (charge(**FORGED), Verdict.PAYMENT_UNKNOWN),
        (entry(EntryKind.REFUND, -2000, refund_id=REFUND, **THEIRS), Verdict.MATCHED),
        (entry(EntryKind.REFUND, -2000, refund_id=REFUND, **ANOTHERS), Verdict.REFUND_UNKNOWN),
        (entry(EntryKind.REFUND, -2000, refund_id=REFUND, **FORGED), Verdict.REFUND_UNKNOWN),
        (entry(EntryKind.DISPUTE, -5000, payment_id=PAID, **THEIRS), Verdict.MATCHED),
        (entry(EntryKind.DISPUTE, -5000, payment_id=PAID, **FORGED), Verdict.PAYMENT_UNKNOWN),
        (entry(EntryKind.APPLICATION_FEE, 300, payment_id=PAID, **THEIRS), Verdict.MATCHED),
        (entry(EntryKind.APPLICATION_FEE, 299, payment_id=PAID, **THEIRS), Verdict.AMOUNT_DIFFERS),
        (entry(EntryKind.APPLICATION_FEE, 300, payment_id=PAID, **ANOTHERS), Verdict.PAYMENT_UNKNOWN),
        (entry(EntryKind.APPLICATION_FEE, 300, payment_id=PAID, **FORGED), Verdict.PAYMENT_UNKNOWN),
        (entry(EntryKind.APPLICATION_FEE_RETURNED, -120, payment_id=PAID, **THEIRS), Verdict.MATCHED),
        (entry(EntryKind.APPLICATION_FEE_RETURNED, -301, payment_id=PAID, **THEIRS), Verdict.AMOUNT_DIFFERS),
    ],
)
def test_an_entry_is_matched_only_with_a_payment_of_its_account_by_the_providers_id(
    changed: BalanceEntry, expected: Verdict
) -> None:
    assert verdict(changed, SHARED) is expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (charge(payment_id=None, **FORGED), Verdict.OTHER_BUSINESS),
        (charge(payment_id=None, currency="USD", **FORGED), Verdict.OTHER_BUSINESS),
        (charge(payment_id=None), Verdict.PAYMENT_UNKNOWN),  # in the operator's balance
        (charge(payment_id=IDS[4], **FORGED), Verdict.PAYMENT_UNKNOWN),  # a payment that may be lost
        (entry(EntryKind.REFUND, -2000, **FORGED), Verdict.OTHER_BUSINESS),
        (entry(EntryKind.REFUND, -2000, refund_id=IDS[4], **FORGED), Verdict.OTHER_BUSINESS),
        (entry(EntryKind.REFUND, -2000, payment_id=PAID, **THEIRS), Verdict.REFUND_UNKNOWN),
        (entry(EntryKind.DISPUTE, -900, **FORGED), Verdict.OTHER_BUSINESS),
        (entry(EntryKind.ADJUSTMENT, -900, account="acct_1"), Verdict.OTHER_BUSINESS),
        (entry(EntryKind.OTHER, -900, account="acct_1"), Verdict.OTHER_BUSINESS),
        (entry(EntryKind.OTHER, -900, payment_id=PAID, **THEIRS), Verdict.NEEDS_EXPLANATION),
        (entry(EntryKind.PAYOUT_FAILURE, 900, source_ref="po_1", account="acct_1"), Verdict.OTHER_BUSINESS),
        (entry(EntryKind.FEE, -200, account="acct_1"), Verdict.MATCHED),
        (entry(EntryKind.FEE, -200, account="acct_1", currency="USD"), Verdict.OTHER_BUSINESS),
        (entry(EntryKind.PAYOUT, -200, account="acct_1", currency="USD"), Verdict.OTHER_BUSINESS),
        (entry(EntryKind.APPLICATION_FEE, 300, account="acct_1"), Verdict.PAYMENT_UNKNOWN),  # in the operator's balance
    ],
)
def test_what_an_organiser_earns_elsewhere_is_other_business_unless_it_names_a_payment(
    changed: BalanceEntry, expected: Verdict
) -> None:
    assert verdict(changed, SHARED) is expected


def test_a_refund_of_a_payment_that_was_not_made_here_is_found_by_its_charge() -> None:
    ours = replace(SHARED, payment_by_intent={"pi_1": PAID})
    assert verdict(entry(EntryKind.REFUND, -2000, **THEIRS), ours) is Verdict.REFUND_UNKNOWN


def test_of_an_application_fee_no_more_is_given_back_than_it_was() -> None:
    first = entry(EntryKind.APPLICATION_FEE_RETURNED, -200, payment_id=PAID, **THEIRS)
    second = replace(first, id="txn_2", amount_cents=-100, net_cents=-100)
    third = replace(first, id="txn_3", amount_cents=-1, net_cents=-1)
    assert [one.verdict for one in decide([third, second, first], SHARED)] == [
        Verdict.MATCHED,
        Verdict.MATCHED,
        Verdict.AMOUNT_DIFFERS,
    ]


entries = st.lists(
    st.builds(
        lambda id_, kind, cents, fee, payment, refund, currency, minute, off, account, intent: BalanceEntry(
            id_,
            kind,
            kind.value,
            cents,
            fee,
            cents - fee + off,
            currency,
            NOW + timedelta(minutes=minute),
            payment_id=payment,
            refund_id=refund,
            intent_ref=intent,
            account=account,
        ),
        st.text("abcdef", min_size=4, max_size=8),
        st.sampled_from(EntryKind),
        st.sampled_from([1000, 2000, -1000, -2000, 300, -100, -200, 0]),
        st.integers(-5, 50),
        st.sampled_from([*IDS, None]),
        st.sampled_from([*IDS, None]),
        st.sampled_from(["EUR", "EUR", "EUR", "USD"]),
        st.integers(0, 5),
        st.sampled_from([0, 0, 0, 1]),
        st.sampled_from([None, None, "acct_1"]),
        st.sampled_from(["pi_1", "pi_1", "pi_2", None]),
    ),
    unique_by=lambda one: one.id,
    max_size=30,
)
known = st.builds(
    lambda captured, refunds: Ours(
        "EUR",
        payments={id_: KnownPayment(*payment) for id_, payment in captured.items()},
        refunds={id_: KnownRefund(*refund) for id_, refund in refunds.items()},
    ),
    st.dictionaries(
        st.sampled_from(IDS),
        st.sampled_from([(1000,), (2000,), (1000, "acct_1", 300, "pi_1"), (2000, "acct_1", 0, "pi_1")]),
    ),
    st.dictionaries(st.sampled_from(IDS), st.tuples(st.sampled_from(IDS), st.sampled_from([1000, 2000]))),
)


@given(entries, known, st.randoms(use_true_random=False))
def test_every_cent_is_matched_or_listed_whatever_the_order(
    given_: list[BalanceEntry], ours: Ours, random: Any
) -> None:
    decisions = decide(given_, ours)
    assert sorted(one.entry.id for one in decisions) == sorted(one.id for one in given_)
    matched = [one for one in decisions if one.verdict is Verdict.MATCHED]
    listed = [one for one in decisions if one.verdict is not Verdict.MATCHED]
    assert sum(one.entry.net_cents for one in [*matched, *listed]) == sum(one.net_cents for one in given_)
    charges = [one for one in matched if one.entry.kind is EntryKind.CHARGE]
    assert len({one.payment_id for one in charges}) == len(charges)
    for one in charges:
        assert one.payment_id is not None
        payment = ours.payments[one.payment_id]
        assert (one.entry.amount_cents, one.entry.account) == (payment.captured_cents, payment.account)
    for id_, payment in ours.payments.items():
        fees = [one.entry for one in matched if one.payment_id == id_ and one.entry.kind in APPLICATION_FEES]
        returned = -sum(one.amount_cents for one in fees if one.kind is EntryKind.APPLICATION_FEE_RETURNED)
        assert sum(one.kind is EntryKind.APPLICATION_FEE for one in fees) <= 1
        assert 0 <= returned <= payment.application_fee_cents
        assert {one.account for one in fees} <= {payment.account}
    for id_, refund in ours.refunds.items():
        of_it = [one.entry for one in matched if one.refund_id == id_]
        moved = [one for one in of_it if one.kind in (EntryKind.REFUND, EntryKind.REFUND_FAILURE)]
        assert sum(one.amount_cents for one in moved) in (0, -refund.amount_cents)
    assert all(one.entry.currency == "EUR" for one in matched)
    shuffled = list(given_)
    random.shuffle(shuffled)
    assert decide(shuffled, ours) == decisions


forged = st.lists(
    st.builds(
        lambda number, kind, cents, payment, refund: entry(
            kind,
            cents,
            id=f"forged_{number}",
            payment_id=payment,
            refund_id=refund,
            intent_ref="pi_2",
            account="acct_1",
        ),
        st.integers(),
        st.sampled_from(sorted(set(EntryKind) - APPLICATION_FEES - {EntryKind.PAYOUT})),
        st.sampled_from([1000, 2000, -1000, -2000]),
        st.sampled_from([*IDS, None]),
        st.sampled_from([*IDS, None]),
    ),
    unique_by=lambda one: one.id,
    max_size=10,
)


@given(entries, known, forged)
def test_what_an_organiser_writes_into_its_balance_changes_no_other_verdict(
    given_: list[BalanceEntry], ours: Ours, written: list[BalanceEntry]
) -> None:
    decisions = decide([*given_, *written], ours)
    assert [one for one in decisions if not one.entry.id.startswith("forged")] == decide(given_, ours)
    found = [one for one in decisions if one.entry.id.startswith("forged") and one.verdict is Verdict.MATCHED]
    assert {one.entry.kind for one in found} <= {EntryKind.FEE}


@given(entries, known, st.integers(1, 5))
def test_pages_of_a_payout_in_order_decide_like_the_whole(given_: list[BalanceEntry], ours: Ours, size: int) -> None:
    ordered = sorted(given_, key=lambda one: (one.created_at, one.id))
    named: set[UUID] = set()
    with_fee: set[UUID] = set()
    failed: set[UUID] = set()
    returned: dict[UUID, int] = {}
    out: dict[UUID, int] = {}
    decisions: list[Decision] = []
    for first in range(0, len(ordered), size):
        before = replace(ours, charged=named, failed=failed, with_fee=with_fee, refunds_out=out, returned=returned)
        page = decide(ordered[first : first + size], before)
        for one in page:
            if one.verdict is Verdict.MATCHED and one.entry.kind is EntryKind.CHARGE:
                named.add(one.payment_id or IDS[0])
            if one.verdict is Verdict.MATCHED and one.entry.kind is EntryKind.CHARGE_FAILURE:
                failed.add(one.payment_id or IDS[0])
            if one.verdict is Verdict.MATCHED and one.entry.kind is EntryKind.APPLICATION_FEE:
                with_fee.add(one.payment_id or IDS[0])
            if (
                one.verdict is Verdict.MATCHED
                and one.entry.kind is EntryKind.APPLICATION_FEE_RETURNED
                and one.payment_id
            ):
                returned[one.payment_id] = returned.get(one.payment_id, 0) - one.entry.amount_cents
            if one.verdict is Verdict.MATCHED and one.refund_id and one.entry.kind is EntryKind.REFUND:
                out[one.refund_id] = out.get(one.refund_id, 0) + 1
            if one.verdict is Verdict.MATCHED and one.refund_id and one.entry.kind is EntryKind.REFUND_FAILURE:
                out[one.refund_id] = out.get(one.refund_id, 0) - 1
        decisions += page
    assert decisions == decide(given_, ours)


@given(entries, known, st.integers(-5, 5))
def test_the_totals_of_a_payout_add_up_to_its_net(given_: list[BalanceEntry], ours: Ours, off: int) -> None:
    whole = [replace(one, net_cents=one.amount_cents - one.fee_cents) for one in given_]
    decisions = decide(whole, ours)
    sums = {}
    for kind in EntryKind:
        found = [one for one in decisions if one.entry.kind is kind]
        others = [one.entry for one in found if one.verdict is Verdict.OTHER_BUSINESS]
        counted = [one.entry for one in found if one.verdict is not Verdict.OTHER_BUSINESS]
        if found:
            sums[kind] = KindSum(
                len(found),
                sum(one.amount_cents for one in counted),
                sum(one.fee_cents for one in counted),
                sum(one.entry.net_cents for one in found),
                other_business_cents=sum(one.net_cents for one in others),
            )
    net = sum(one.net_cents for one in whole if one.kind is not EntryKind.PAYOUT)
    made = totals(net + off, sums)
    assert made.unexplained_cents == off
    parts = made.gross_cents - made.fee_cents - made.refund_cents - made.dispute_cents + made.application_fee_cents
    assert parts + made.other_cents + made.other_business_cents == made.net_cents == net


@pytest.mark.parametrize(
    ("state", "unexplained", "items", "has_line", "expected"),
    [
        (PayoutState.PENDING, None, 0, False, Standing.EXPECTED),
        (PayoutState.IN_TRANSIT, 0, 0, False, Standing.EXPECTED),
        (PayoutState.PAID, 0, 0, False, Standing.PAID),
        (PayoutState.PAID, 0, 0, True, Standing.MATCHED),
        (PayoutState.PAID, None, 0, True, Standing.PAID),
        (PayoutState.PAID, 1, 0, True, Standing.DIFFERS),
        (PayoutState.PAID, 0, 1, True, Standing.DIFFERS),
        (PayoutState.FAILED, 0, 1, False, Standing.FAILED),
        (PayoutState.CANCELED, None, 0, False, Standing.FAILED),
    ],
)
def test_a_payout_is_matched_with_all_its_entries_and_a_bank_line(
    state: PayoutState, unexplained: int | None, items: int, has_line: bool, expected: Standing
) -> None:
    assert standing(state, Listing.READY, unexplained, open_items=items, has_arrived=has_line) is expected

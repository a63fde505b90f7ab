"""Rules of organisers' accounts: the application fee, whether an account may charge, its state and its balance."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from virage.money.payments.accounts.rules import (
    DISCONNECTED,
    Account,
    AccountRefusal,
    AccountReport,
    AccountStanding,
    FeeRule,
    charge_on,
    fee_of,
    is_settled,
    standing,
    updated,
)
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)

fee_rules = st.builds(FeeRule, st.integers(0, 1000), st.integers(0, 5000), st.booleans())
amounts = st.integers(1, 100_000_000)


@given(fee_rules, amounts)
def test_a_fee_is_never_negative_and_never_above_the_amount(rule: FeeRule, amount: int) -> None:
    assert 0 <= fee_of(rule, amount) <= amount


@pytest.mark.parametrize(
    ("rule", "amount", "fee"),
    [
        (FeeRule(), 5000, 0),
        (FeeRule(50), 5000, 250),
        (FeeRule(50, 100), 5000, 350),
        (FeeRule(15), 1033, 15),  # 15.495 cents
        (FeeRule(15), 1034, 16),  # 15.51 cents
        (FeeRule(50), 10, 1),  # half a cent is rounded up
        (FeeRule(0, 100), 60, 60),
        (FeeRule(1000, 5), 60, 60),
    ],
)
def test_a_fee_is_a_percentage_of_the_amount_and_a_sum(rule: FeeRule, amount: int, fee: int) -> None:
    assert fee_of(rule, amount) == fee


account = Account(new_id(), "acct_1", NOW, FeeRule(50), may_charge=True, may_pay_out=True)


def test_a_payment_is_charged_on_an_account_that_may_charge() -> None:
    assert charge_on(account, 5000) == ("acct_1", 250, True)
    not_ready = Refused(AccountRefusal.SELLER_NOT_READY)
    assert charge_on(replace(account, may_charge=False), 5000) == not_ready
    assert charge_on(replace(account, ref=None), 5000) == not_ready


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, AccountStanding.READY),
        ({"ref": None}, AccountStanding.OPENING),
        ({"may_charge": False}, AccountStanding.INCOMPLETE),
        ({"may_pay_out": False}, AccountStanding.NO_PAYOUTS),
        ({"requirements": ("external_account",)}, AccountStanding.DUE),
        ({"may_charge": False, "disabled_reason": DISCONNECTED}, AccountStanding.DISCONNECTED),
        ({"replaced_at": NOW, "may_charge": False, "requirements": ("a",)}, AccountStanding.READY),
        ({"replaced_at": NOW, "may_charge": False, "may_pay_out": False}, AccountStanding.NO_PAYOUTS),
        ({"replaced_at": NOW, "disabled_reason": DISCONNECTED}, AccountStanding.DISCONNECTED),
    ],
)
def test_the_state_of_an_account_has_one_name(changes: dict[str, Any], expected: AccountStanding) -> None:
    assert standing(replace(account, **changes)) is expected


@pytest.mark.parametrize(
    ("available", "pending", "settled"), [(None, None, False), (0, 0, True), (500, -500, True), (0, 1, False)]
)
def test_an_account_is_settled_once_its_balance_is_zero(
    available: int | None, pending: int | None, settled: bool
) -> None:
    assert is_settled(replace(account, available_cents=available, pending_cents=pending)) is settled


def test_a_balance_is_negative_since_it_first_was_until_it_is_not() -> None:
    below = AccountReport("acct_1", may_charge=True, may_pay_out=True, available_cents=-300, pending_cents=299)
    first = updated(account, below, NOW)
    later = updated(first, replace(below, pending_cents=0), NOW + timedelta(days=1))
    unread = updated(later, replace(below, available_cents=None, pending_cents=None), NOW + timedelta(days=2))
    above = updated(unread, replace(below, pending_cents=300), NOW + timedelta(days=3))
    assert [one.negative_since for one in (first, later, unread, above)] == [NOW, NOW, NOW, None]
    assert unread.available_cents == -300

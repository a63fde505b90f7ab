"""The rules of points: lots, notices, tiers, what refunds take back, and what the office may set."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sale.points.conftest import ZONE, a_programme, a_rule, a_tier, name
from virage.money.wallet.ledger.rules import AccountKind
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.points.rules.checking import check_programme, check_reward
from virage.sale.points.rules.earning import (
    earned_by_cents,
    is_still_earned,
    multiplier,
    next_tier,
    taken_back,
    tier_at,
    transfer_of,
)
from virage.sale.points.rules.lots import (
    TOLD_BEFORE,
    Notice,
    due_at,
    due_notices,
    lapses_at,
    open_lots,
    still_told,
    upcoming,
)
from virage.sale.points.rules.rewards import may_redeem
from virage.sale.points.rules.terms import Basis, Movement, MovementKind, PointsRefusal, Reward

ACCOUNT, ORGANISER = new_id(), new_id()
START = datetime(2026, 1, 1, tzinfo=UTC)
LANGUAGES = ("fr", "en")


def moved(number: int, kind: MovementKind, points: int, source: UUID | None = None, **changes: Any) -> Movement:
    """A movement, a day after the one before."""
    content: dict[str, Any] = {"at": START + timedelta(days=number), "source": source or new_id()}
    if kind in {"earned", "taken_back"}:
        content |= {"rule_id": new_id(), "revision": 1, "rate": 1, "multiplier_permille": 1000}
    return Movement(id=new_id(), account_id=ACCOUNT, number=number, kind=kind, points=points, **(content | changes))


@st.composite
def histories(draw: st.DrawFn) -> list[Movement]:
    """What moves in an account: earned, redeemed, cancelled, refunded and lapsed, never below zero."""
    found: list[Movement] = []
    redeemed: list[Movement] = []
    balance = 0
    for number in range(1, draw(st.integers(1, 25)) + 1):
        kind: MovementKind = draw(st.sampled_from(["earned", "earned", "redeemed", "returned", "taken_back", "lapsed"]))
        if kind == "returned" and redeemed:
            spent = redeemed.pop(draw(st.integers(0, len(redeemed) - 1)))
            found.append(moved(number, "returned", -spent.points, spent.source))
        elif kind == "taken_back" and balance:
            earned = draw(st.sampled_from([one for one in found if one.kind == "earned"]))
            found.append(moved(number, "taken_back", -draw(st.integers(1, balance)), earned.source))
        elif kind in {"redeemed", "lapsed"} and balance:
            found.append(moved(number, kind, -draw(st.integers(1, balance))))
            if kind == "redeemed":
                redeemed.append(found[-1])
        else:
            found.append(moved(number, "earned", draw(st.integers(1, 200))))
        balance += found[-1].points
    return found


@given(histories())
def test_the_balance_is_the_sum_of_the_open_lots(history: Sequence[Movement]) -> None:
    lots = open_lots(history)
    assert sum(lot.points for lot in lots) == sum(one.points for one in history)
    assert all(lot.points > 0 for lot in lots)
    assert lots == sorted(lots), "the oldest first"
    earned = {one.number: one.points for one in history if one.kind == "earned"}
    assert all(lot.points <= earned[lot.number] for lot in lots), "no lot grows"


def test_the_oldest_points_are_redeemed_first_and_come_back_as_old_as_they_were() -> None:
    walk = new_id()
    history = [moved(1, "earned", 30), moved(2, "earned", 50), moved(3, "redeemed", -40, walk)]
    assert [(lot.number, lot.points) for lot in open_lots(history)] == [(2, 40)]
    back = [*history, moved(4, "returned", 40, walk)]
    assert [(lot.number, lot.points) for lot in open_lots(back)] == [(1, 30), (2, 50)]


def test_a_refund_takes_the_points_of_its_own_purchase_first() -> None:
    order = new_id()
    history = [moved(1, "earned", 30), moved(2, "earned", 50, order), moved(3, "taken_back", -60, order)]
    assert [(lot.number, lot.points) for lot in open_lots(history)] == [(1, 20)]


def test_points_lapse_at_the_end_of_the_month_after_their_months() -> None:
    earned = datetime(2026, 5, 9, 18, tzinfo=UTC)
    assert lapses_at(earned, 12, ZONE) == datetime(2027, 6, 1, tzinfo=ZONE)
    assert lapses_at(datetime(2026, 5, 31, 22, 30, tzinfo=UTC), 1, ZONE) == datetime(2026, 8, 1, tzinfo=ZONE), (
        "it is June in the zone"
    )
    assert lapses_at(datetime(2026, 12, 9, tzinfo=UTC), 12, ZONE) == datetime(2028, 1, 1, tzinfo=ZONE)


def test_people_are_told_of_points_that_lapse_within_31_days_and_once() -> None:
    lots = open_lots([moved(1, "earned", 120), moved(40, "earned", 30)])  # of January and of February
    lapses = datetime(2026, 3, 1, tzinfo=ZONE)
    assert due_notices(lots, [], 1, ZONE, lapses - timedelta(days=31, seconds=1)) == []
    (notice,) = due_notices(lots, [], 1, ZONE, lapses - timedelta(days=31))
    assert notice == Notice(lapses, 120)
    assert due_notices(lots, [notice], 1, ZONE, lapses - timedelta(days=31)) == []
    assert upcoming(lots, [notice], 1, ZONE) == [notice, Notice(datetime(2026, 4, 1, tzinfo=ZONE), 30)]
    assert due_notices(lots, [], None, ZONE, lapses) == []


def test_points_that_a_changed_programme_lets_lapse_have_30_days_more() -> None:
    lots = open_lots([moved(1, "earned", 120)])
    now = datetime(2026, 7, 10, tzinfo=UTC)
    assert due_notices(lots, [], 1, ZONE, now) == [Notice(datetime(2026, 9, 1, tzinfo=ZONE), 120)]


@given(histories(), st.integers(1, 24), st.integers(0, 900))
def test_no_point_lapses_that_was_not_announced_30_days_before(
    history: Sequence[Movement], months: int, day: int
) -> None:
    now, lots = START + timedelta(days=day), open_lots(history)
    told = due_notices(lots, [], months, ZONE, now)
    assert all(notice.lapses_at >= now + TOLD_BEFORE and notice.points > 0 for notice in told)
    assert sum(notice.points for notice in told) <= sum(lot.points for lot in lots)
    assert due_notices(lots, told, months, ZONE, now) == [], "nothing is announced twice"
    assert still_told(lots, told, months, ZONE) == told
    assert sum(one.points for one in upcoming(lots, told, months, ZONE)) == sum(lot.points for lot in lots)
    for notice in told:
        assert notice.points <= due_at(lots, months, ZONE, notice.lapses_at)


@given(st.integers(1, 50), st.integers(1000, 5000), st.lists(st.integers(0, 20_000), max_size=5), st.integers(0, 900))
def test_refunds_take_back_what_their_amount_earned_and_never_more_than_is_there(
    rate: int, permille: int, refunds: Sequence[int], available: int
) -> None:
    cents = 20_000
    first = rate * (cents // 100) * permille // 1000
    earned = moved(1, "earned", first, rate=rate, multiplier_permille=permille)
    history = [earned]
    for refunded in refunds:
        cents = max(0, cents - refunded)
        deserved = earned_by_cents(earned, cents, 100)
        back = taken_back(history, deserved, available)
        if back is None:
            continue
        assert 0 <= back.points <= available
        available -= back.points
        history.append(moved(2, "taken_back", -back.points, earned.source, written_off=back.written_off))
        assert deserved == rate * (cents // 100) * permille // 1000
        assert sum(one.points - one.written_off for one in history) == deserved
        assert taken_back(history, deserved, available) is None, "a repetition takes nothing"


def test_the_highest_tier_that_is_reached_counts() -> None:
    bronze, gold = a_tier(100), a_tier(400, multiplier_permille=1500)
    for tiers in ([bronze, gold], [gold, bronze]):
        assert (tier_at(tiers, 99), tier_at(tiers, 100), tier_at(tiers, 400)) == (None, bronze, gold)
        assert (next_tier(tiers, 99), next_tier(tiers, 100), next_tier(tiers, 400)) == (bronze, gold, None)
        assert (multiplier(tiers, 399), multiplier(tiers, 400)) == (1000, 1500)


@pytest.mark.parametrize(
    ("kind", "points", "debit", "credit"),
    [
        ("earned", 5, AccountKind.POINTS_ISSUED, AccountKind.POINTS),
        ("taken_back", -5, AccountKind.POINTS, AccountKind.POINTS_ISSUED),
        ("redeemed", -5, AccountKind.POINTS, AccountKind.POINTS_REDEEMED),
        ("returned", 5, AccountKind.POINTS_REDEEMED, AccountKind.POINTS),
        ("lapsed", -5, AccountKind.POINTS, AccountKind.POINTS_LAPSED),
    ],
)
def test_each_kind_of_movement_has_its_accounts(
    kind: MovementKind, points: int, debit: AccountKind, credit: AccountKind
) -> None:
    movement = moved(1, kind, points)
    transfer = transfer_of(movement, ORGANISER)
    assert (transfer.id, transfer.debit.kind, transfer.credit.kind, transfer.cents) == (movement.id, debit, credit, 5)


def test_points_that_an_entry_returns_come_from_those_that_are_issued() -> None:
    transfer = transfer_of(moved(1, "returned", 5, rule_id=new_id()), ORGANISER)
    assert (transfer.debit.kind, transfer.credit.kind) == (AccountKind.POINTS_ISSUED, AccountKind.POINTS)


def test_points_that_an_entry_returns_are_as_old_as_that_entry() -> None:
    first, back = moved(1, "earned", 10), moved(2, "taken_back", -10)
    again = moved(3, "returned", 10, rule_id=new_id())
    assert [(lot.earned_at, lot.points) for lot in open_lots([first, back, again])] == [(again.at, 10)]


@pytest.mark.parametrize(
    ("basis", "minutes", "still"),
    [
        ("entry", None, False),
        ("early_entry", None, False),
        ("entry", 5, True),
        ("early_entry", 0, False),
        ("early_entry", -1, True),
    ],
)
def test_an_entry_that_is_left_earns_by_the_bases_that_it_meets(basis: Basis, minutes: int | None, still: bool) -> None:
    entered_at = None if minutes is None else START + timedelta(minutes=minutes)
    assert is_still_earned(basis, entered_at, START) is still


def a_reward(**changes: Any) -> Reward:
    content: dict[str, Any] = {
        "id": new_id(),
        "organiser_id": ORGANISER,
        "revision": 1,
        "kind": "experience",
        "name": name("Pitch walk"),
        "price_points": 100,
        "stock": 3,
        "taken": 1,
        "limit_per_person": 2,
        "opens_at": START,
        "closes_at": START + timedelta(days=10),
    }
    return Reward(**(content | changes))


@pytest.mark.parametrize(
    ("changes", "given_", "reason"),
    [
        ({}, {}, None),
        ({"opens_at": START + timedelta(days=6)}, {}, PointsRefusal.REWARD_CLOSED),
        ({"closes_at": START + timedelta(days=5)}, {}, PointsRefusal.REWARD_CLOSED),
        ({"price_points": 101}, {}, PointsRefusal.PRICE_CHANGED),
        ({"asks_text": True}, {}, PointsRefusal.TEXT_MISSING),
        ({"asks_text": True}, {"text": "Allez !"}, None),
        ({}, {"redeemed": 2}, PointsRefusal.LIMIT),
        ({"limit_per_person": None}, {"redeemed": 2}, None),
        ({"taken": 3}, {}, PointsRefusal.SOLD_OUT),
        ({"stock": None, "taken": 3}, {}, None),
        ({}, {"available": 99}, PointsRefusal.TOO_FEW),
    ],
)
def test_a_reward_is_redeemed_for_its_price_while_there_is_one(
    changes: dict[str, Any], given_: dict[str, Any], reason: str | None
) -> None:
    known: dict[str, Any] = {"redeemed": 1, "available": 100, "text": None}
    refused = may_redeem(a_reward(**changes), 100, **(known | given_), now=START + timedelta(days=5))
    assert (None if refused is None else refused.reason) == reason


def faults(refused: Refused | None) -> set[str]:
    return set() if refused is None else {error["source"] for error in refused.data["errors"]}


def test_all_faults_of_a_programme_are_reported_at_once() -> None:
    rule, tier = a_rule("entry", 10, series_id=new_id()), a_tier(10)
    content = a_programme(name={"fr": "Points"}, rules=[rule, rule], tiers=[tier, tier])
    found = faults(check_programme(content, {new_id()}, LANGUAGES))
    assert found == {"name.en", "rules.0.series_id", "rules.1.series_id", "rules", "tiers"}
    assert check_programme(a_programme(), set(), LANGUAGES) is None


@pytest.mark.parametrize(
    ("changes", "source"),
    [
        ({"name": {"fr": "Tour"}}, "name.en"),
        ({"description": {"fr": "Tour"}}, "description"),
        ({"closes_at": START}, "closes_at"),
        ({"opens_at": datetime(1066, 1, 1, tzinfo=UTC)}, "opens_at"),
        ({"kind": "voucher"}, "voucher_cents"),
        ({"voucher_cents": 500}, "voucher_cents"),
        ({"kind": "upgrade", "asks_text": True}, "asks_text"),
        ({"stock": 0}, "stock"),
    ],
)
def test_each_fault_of_a_reward_is_named(changes: dict[str, Any], source: str) -> None:
    known = a_reward(kind=changes.get("kind", "experience"))
    assert faults(check_reward(a_reward(**changes), known, LANGUAGES)) == {source}
    assert check_reward(a_reward(), a_reward(), LANGUAGES) is None
    assert faults(check_reward(a_reward(), a_reward(kind="upgrade"), LANGUAGES)) == {"kind"}

"""The division of a subscription into instalments."""

from datetime import UTC, datetime, timedelta
from itertools import combinations
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from virage.sale.packages.rules.instalments import GRACE, MARGIN, Part, PartEvent, divide, part_id

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


@st.composite
def subscriptions(draw: st.DrawFn) -> list[PartEvent]:
    """The matches of a season in any order, some of them free or on the same day."""
    days = draw(st.lists(st.integers(1, 300), min_size=1, max_size=9))
    cents = draw(st.lists(st.sampled_from([0, 100, 2500, 2600, 9900]), min_size=len(days), max_size=len(days)))
    return [
        PartEvent(UUID(int=number), UUID(int=100 + number), NOW + timedelta(days=day), cost)
        for number, (day, cost) in enumerate(zip(days, cents, strict=True))
    ]


wanted = st.integers(1, 12)
days_between = st.integers(1, 60)


def squares(parts: list[Part]) -> int:
    return sum(part.cents * part.cents for part in parts)


@given(subscriptions(), wanted, days_between)
def test_every_match_is_in_one_part_in_the_order_of_their_starts(
    events: list[PartEvent], parts: int, days: int
) -> None:
    divided = divide(events, parts, days, NOW)
    listed = [event for part in divided for event in part.events]
    assert listed == sorted(events, key=lambda event: (event.starts_at, event.order_id))
    assert sum(part.cents for part in divided) == sum(event.cents for event in events)
    assert [part.number for part in divided] == list(range(1, len(divided) + 1))
    assert 1 <= len(divided) <= parts


@given(subscriptions(), wanted, days_between)
def test_a_part_is_paid_on_its_date_and_ends_a_margin_before_its_first_match(
    events: list[PartEvent], parts: int, days: int
) -> None:
    first, *others = divide(events, parts, days, NOW)
    assert (first.due_at, first.until) == (None, None)
    for number, part in enumerate(others, start=1):
        assert part.due_at == NOW + timedelta(days=days * number)
        assert part.until == part.due_at + GRACE
        assert part.until + MARGIN <= part.events[0].starts_at
        assert part.cents > 0
    assert first.cents > 0 or not others


@given(subscriptions(), wanted, days_between)
def test_no_other_division_has_more_parts_or_more_equal_ones(events: list[PartEvent], parts: int, days: int) -> None:
    ordered = sorted(events, key=lambda event: (event.starts_at, event.order_id))
    found = []
    for count in range(1, min(parts, len(ordered)) + 1):
        for cuts in combinations(range(1, len(ordered)), count - 1):
            groups = [ordered[a:b] for a, b in zip((0, *cuts), (*cuts, len(ordered)), strict=True)]
            costs = [sum(event.cents for event in group) for group in groups]
            in_time = all(
                NOW + timedelta(days=days * number) + GRACE + MARGIN <= group[0].starts_at
                for number, group in enumerate(groups)
                if number
            )
            if in_time and (all(costs) or count == 1):
                found.append((-count, sum(cost * cost for cost in costs)))
    divided = divide(events, parts, days, NOW)
    assert (-len(divided), squares(divided)) == min(found)


@given(subscriptions(), wanted, days_between, st.randoms(use_true_random=False))
def test_the_order_in_which_matches_are_named_changes_nothing(
    events: list[PartEvent], parts: int, days: int, random: Random
) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)
    assert divide(shuffled, parts, days, NOW) == divide(events, parts, days, NOW)


def test_a_match_a_second_before_the_margin_is_not_in_a_second_part() -> None:
    end = NOW + timedelta(days=30) + GRACE + MARGIN
    first = PartEvent(UUID(int=1), UUID(int=1), NOW + timedelta(days=2), 100)
    for starts_at, parts in ((end, 2), (end - timedelta(seconds=1), 1)):
        assert len(divide([first, PartEvent(UUID(int=2), UUID(int=2), starts_at, 100)], 2, 30, NOW)) == parts


def test_matches_that_are_near_make_fewer_parts() -> None:
    near = [PartEvent(UUID(int=n), UUID(int=n), NOW + timedelta(days=2 + n), 100) for n in range(6)]
    assert [len(part.events) for part in divide(near, 3, 30, NOW)] == [6]


def test_the_ids_of_parts_do_not_change_and_differ() -> None:
    assert part_id(UUID(int=1), 1) == part_id(UUID(int=1), 1)
    assert len({part_id(UUID(int=one), number) for one in (1, 2) for number in (1, 2)}) == 4

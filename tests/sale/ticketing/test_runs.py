from hypothesis import given
from hypothesis import strategies as st

from virage.sale.ticketing.rules.runs import bits, fits, flush, longest, starts_of, without_orphans

MASKS = st.integers(0, 2**20 - 1)
SIZES = st.integers(1, 9)


def runs(mask: int) -> list[int]:
    return [len(run) for run in f"{mask:b}".split("0") if run]


def test_three_free_seats_have_two_positions_for_a_pair() -> None:
    assert bits(starts_of(0b0111, 2)) == [0, 1]


def test_a_pair_in_three_free_seats_would_leave_a_single_seat() -> None:
    assert without_orphans(0b0111, 2) == 0


def test_a_pair_in_four_free_seats_takes_an_end() -> None:
    assert bits(without_orphans(0b1111, 2)) == [0, 2]


def test_a_single_fills_a_hole() -> None:
    assert bits(without_orphans(0b1011, 1)) == [3]


def test_a_party_prefers_the_end_of_a_run() -> None:
    mask = 0b1111111
    assert bits(flush(mask, 3, starts_of(mask, 3))) == [0, 4]


@given(MASKS, SIZES)
def test_every_proposed_position_is_free(mask: int, size: int) -> None:
    window = (1 << size) - 1
    assert all(mask >> start & window == window for start in bits(starts_of(mask, size)))


@given(MASKS, SIZES)
def test_a_position_without_orphans_adds_no_single_seat(mask: int, size: int) -> None:
    window = (1 << size) - 1
    for start in bits(without_orphans(mask, size)):
        assert runs(mask & ~(window << start)).count(1) <= runs(mask).count(1)


@given(MASKS)
def test_the_summary_of_a_segment_agrees_with_its_seats(mask: int) -> None:
    assert longest(mask) == min(9, max(runs(mask), default=0))
    assert all(bool(fits(mask) >> size & 1) == bool(without_orphans(mask, size)) for size in range(1, 10))

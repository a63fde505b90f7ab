from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virage.kernel.money import allocate, share_permille, vat_included

amounts = st.integers(-10_000_000, 10_000_000)
rates = st.sampled_from([0, 21, 55, 100, 200])
weights = st.lists(st.integers(0, 100_000), min_size=1, max_size=30).filter(any)


@pytest.mark.parametrize(
    ("gross", "rate", "vat"), [(12000, 200, 2000), (1055, 55, 55), (1100, 100, 100), (100, 55, 5), (0, 200, 0)]
)
def test_vat_is_what_the_gross_amount_contains(gross: int, rate: int, vat: int) -> None:
    assert vat_included(gross, rate) == vat


@given(amounts, rates)
def test_vat_is_rounded_half_up_to_the_cent(gross: int, rate: int) -> None:
    exact = Decimal(gross) * rate / (1000 + rate)
    assert vat_included(gross, rate) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(amounts, rates)
def test_a_refund_gives_back_the_vat_of_its_sale(gross: int, rate: int) -> None:
    assert vat_included(-gross, rate) == -vat_included(gross, rate)


@given(amounts, st.integers(-1000, 1000))
def test_a_share_is_rounded_half_up_to_the_cent(amount: int, rate: int) -> None:
    exact = Decimal(amount) * rate / 1000
    assert share_permille(amount, rate) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(amounts, weights)
def test_an_allocation_loses_no_cent(total: int, parts: list[int]) -> None:
    assert sum(allocate(total, parts)) == total


@given(amounts, weights)
def test_every_part_is_within_a_cent_of_its_share(total: int, parts: list[int]) -> None:
    for got, weight in zip(allocate(total, parts), parts, strict=True):
        assert abs(Decimal(got) - Decimal(total) * weight / sum(parts)) < 1


@given(amounts, weights)
def test_a_part_without_weight_gets_nothing(total: int, parts: list[int]) -> None:
    assert all(got == 0 for got, weight in zip(allocate(total, parts), parts, strict=True) if weight == 0)


def test_left_over_cents_go_to_the_largest_remainders_then_in_order() -> None:
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(10, [1, 2, 3]) == [2, 3, 5]


@pytest.mark.parametrize("parts", [[], [0, 0], [1, -1], [-1]])
def test_a_total_needs_something_to_be_allocated_to(parts: list[int]) -> None:
    with pytest.raises(ValueError, match="allocated"):
        allocate(100, parts)


def test_a_vat_rate_is_never_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        vat_included(100, -1)

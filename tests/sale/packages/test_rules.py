"""The pure rules of packages."""

from hypothesis import given
from hypothesis import strategies as st

from virage.sale.packages.rules.packages import discounted

prices = st.lists(st.integers(0, 100_000), min_size=1, max_size=9)
permille = st.integers(0, 1000)


@given(prices, permille, permille)
def test_a_discounted_price_is_within_half_a_cent_of_the_exact_one_and_never_above_the_full_one(
    full: list[int], first: int, second: int
) -> None:
    for price, reduced in zip(full, discounted(full, (first, second)), strict=True):
        exact = price * (1000 - first) * (1000 - second) / 1_000_000
        assert abs(reduced - exact) <= 0.5 + 1e-6
        assert 0 <= reduced <= price


def test_half_a_cent_is_rounded_up() -> None:
    assert discounted([5, 15], (500, 0)) == [3, 8]

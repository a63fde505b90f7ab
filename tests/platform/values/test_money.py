from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virage.platform.values.money import vat_included

amounts = st.integers(-10_000_000, 10_000_000)
rates = st.sampled_from([0, 21, 55, 100, 200])


@pytest.mark.parametrize(
    ("gross", "rate", "vat"), [(12000, 200, 2000), (1055, 55, 55), (1100, 100, 100), (100, 55, 5), (0, 200, 0)]
)
def test_vat_is_contained_in_the_gross_amount(gross: int, rate: int, vat: int) -> None:
    assert vat_included(gross, rate) == vat


@given(amounts, rates)
def test_vat_is_rounded_half_up_to_the_cent(gross: int, rate: int) -> None:
    exact = Decimal(gross) * rate / (1000 + rate)
    assert vat_included(gross, rate) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(amounts, rates)
def test_a_refund_has_the_vat_of_its_sale(gross: int, rate: int) -> None:
    assert vat_included(-gross, rate) == -vat_included(gross, rate)


def test_a_vat_rate_is_never_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        vat_included(100, -1)

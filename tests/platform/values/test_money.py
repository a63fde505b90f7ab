from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virage.platform.values.money import EURO, Currency, currency_of, vat_included

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


@pytest.mark.parametrize(
    ("code", "digits", "french", "english"),
    [
        ("EUR", 2, "1\u202f234\u202f567,50\xa0€", "€1,234,567.50"),
        ("JPY", 0, "123\u202f456\u202f750\xa0¥", "¥123,456,750"),
        ("USD", 2, "1\u202f234\u202f567,50\xa0$", "$1,234,567.50"),
        ("GBP", 2, "1\u202f234\u202f567,50\xa0£", "£1,234,567.50"),
        ("CHF", 2, "1\u202f234\u202f567,50\xa0CHF", "CHF1,234,567.50"),
    ],
)
def test_an_amount_is_written_with_the_decimals_and_the_sign_of_its_currency(
    code: str, digits: int, french: str, english: str
) -> None:
    currency = currency_of(code)
    assert currency == Currency(code, digits)
    assert (currency.format(123_456_750, "fr"), currency.format(123_456_750, "en_GB")) == (french, english)
    assert currency.format(-5, "en_GB") == f"-{currency.format(5, 'en_GB')}"


@given(amounts, st.sampled_from([EURO, Currency("JPY", 0)]))
def test_whole_units_keep_every_cent(cents: int, currency: Currency) -> None:
    assert currency.decimal(cents) * 10**currency.digits == cents
    assert len(f"{currency.decimal(cents):f}".partition(".")[2]) == currency.digits


@pytest.mark.parametrize(("code", "why"), [("KWD", "KWD has 3"), ("TND", "TND has 3")])
def test_a_currency_with_three_decimals_is_refused(code: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        currency_of(code)


@pytest.mark.parametrize("code", ["", "eur", "EURO", "XTS", "XAU", "FRF", "€"])
def test_a_currency_that_is_not_legal_tender_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        currency_of(code)

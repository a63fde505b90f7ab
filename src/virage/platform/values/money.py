"""Money: integer cents in the deployment's currency, VAT in permille."""

Cents = int

PERMILLE = 1000


def vat_included(gross: Cents, rate_permille: int) -> Cents:
    """The VAT contained in a gross amount, rounded half away from zero; rates are 55, 100 or 200 permille in France."""
    if rate_permille < 0:
        raise ValueError("A VAT rate is never negative.")
    divisor = PERMILLE + rate_permille
    vat = (2 * abs(gross) * rate_permille + divisor) // (2 * divisor)
    return vat if gross >= 0 else -vat

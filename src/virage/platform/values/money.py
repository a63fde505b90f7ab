"""Money: integer cents in the deployment's currency, VAT in permille."""

Cents = int

PERMILLE = 1000


def vat_included(gross: Cents, rate_permille: int) -> Cents:
    """Return the VAT contained in a gross amount in cents, rounded half away from zero. French rates: 55, 100, 200."""
    if rate_permille < 0:
        raise ValueError("A VAT rate is never negative.")
    divisor = PERMILLE + rate_permille
    vat = (2 * abs(gross) * rate_permille + divisor) // (2 * divisor)
    return vat if gross >= 0 else -vat

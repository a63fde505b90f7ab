"""Money: integer cents in the deployment's currency, VAT in permille, and nothing lost in a division."""

from collections.abc import Sequence

Cents = int

PERMILLE = 1000


def vat_included(gross: Cents, rate_permille: int) -> Cents:
    """The VAT contained in a gross amount, rounded half away from zero; rates are 55, 100 or 200 permille in France."""
    if rate_permille < 0:
        raise ValueError("A VAT rate is never negative.")
    vat = divide_half_up(abs(gross) * rate_permille, PERMILLE + rate_permille)
    return vat if gross >= 0 else -vat


def share_permille(amount: Cents, rate_permille: int) -> Cents:
    """That many permille of an amount, rounded half away from zero: a fee, a discount."""
    share = divide_half_up(abs(amount) * abs(rate_permille), PERMILLE)
    return share if (amount >= 0) == (rate_permille >= 0) else -share


def divide_half_up(dividend: int, divisor: int) -> int:
    """The quotient of two numbers that are not negative, rounded half up, in integers throughout."""
    return (2 * dividend + divisor) // (2 * divisor)


def allocate(total: Cents, weights: Sequence[int]) -> list[Cents]:
    """Split a total in proportion to weights, and lose no cent: the largest remainders get the cents left over.

    Equal remainders are served in order. Weights are not negative, and one at least is above zero.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("A total is allocated over weights that are not negative, one of them above zero.")
    sign = 1 if total >= 0 else -1
    quotients = [divmod(abs(total) * weight, whole) for weight in weights]
    left = abs(total) - sum(quotient for quotient, _ in quotients)
    served = set(sorted(range(len(weights)), key=lambda part: -quotients[part][1])[:left])
    return [sign * (quotient + (part in served)) for part, (quotient, _) in enumerate(quotients)]

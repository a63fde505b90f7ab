"""Memberships in the books: revenue on the day they begin, with VAT, less refunds."""

from datetime import date, timedelta

from tests.conftest import FakeClock
from tests.sale.membership.conftest import NEXT_TERM, Club
from tests.sale.ticketing.test_books import accounts, sums
from virage.platform.values.ids import new_id

JOINED, CANCELLED = date(2026, 5, 9), date(2026, 5, 10)


async def test_memberships_are_revenue_on_the_day_they_begin_and_refunds_are_booked_when_cancelled(
    club: Club, clock: FakeClock
) -> None:
    tier, fan = await club.tier(), await club.system.fan()
    begun = await club.joined(fan, tier)
    await club.joined(fan, await club.tier(price_cents=0, **NEXT_TERM))  # free: in no book
    _, late = await club.asked(await club.system.fan("late@example.org"), tier)
    await club.system.news(late, cents=1)  # returned: in no book either
    assert sums(await accounts(club.system, JOINED, JOINED)) == {
        "membership_clearing": -3000,
        "vat": 500,
        "memberships": 2500,
    }
    clock.advance(timedelta(days=1))
    office = await club.office()
    body = {"reason": "Asked", "refund_id": str(new_id())}
    answer = await office.ask("POST", f"/api/office/membership/{begun['id']}/cancel", body)
    assert answer.status_code == 200, answer.text
    journal = await accounts(club.system, CANCELLED, CANCELLED)
    assert sums(journal) == {"membership_clearing": 3000, "vat": -500, "memberships": -2500}
    standing = {one["account_name"]: one["balance_cents"] for one in journal["balances"]}
    assert standing["membership_clearing"] == 0

"""A renewal is paid in instalments, whose later parts are held beyond the end of the campaign."""

import pytest

from tests.conftest import FakeClock
from tests.sale.cards import CardProvider
from tests.sale.packages.test_instalments import Club as Instalments
from tests.sale.seasons.conftest import Club, places
from tests.sale.ticketing.conftest import System
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id


@pytest.fixture
def provider() -> CardProvider:
    return CardProvider()


async def test_a_renewal_paid_in_three_parts_keeps_its_seats_beyond_the_end_of_the_campaign(
    empty_system: System, config: Config, clock: FakeClock, provider: CardProvider
) -> None:
    club = Club(empty_system, clock)
    club.following = season = Instalments(empty_system, config, clock, provider)
    await club.open(6)
    club.package = await season.package(club.package.id, 1, is_open=False, instalments_max=3)
    fan, held = await club.holder("fan@example.org")
    await club.start(relocates_until=None)
    renewal = (await club.renewal(fan))["subscription"]
    total = renewal["total_cents"]
    method_id = new_id()
    answer = await season.agree(fan, renewal, 3, method_id)
    assert answer.status_code == 200, answer.text
    await season.save_card(method_id)
    await season.run()
    assert (await club.renewal(fan))["state"] == "paid"
    assert await season.orders(fan, renewal) == ["paid"] * 2 + ["held"] * 4
    await season.after(1)  # the campaign has ended
    await club.run()
    assert await season.orders(fan, renewal) == ["paid"] * 2 + ["held"] * 4
    await season.after(29)
    await season.after(30)
    assert await season.orders(fan, renewal) == ["paid"] * 6
    assert sum(provider.charged.values()) == total
    assert places(await season.seen(fan, renewal)) == places(held)

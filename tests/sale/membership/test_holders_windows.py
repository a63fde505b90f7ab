"""Windows for the holders of season tickets and packs."""

import pytest

from tests.sale.membership.conftest import Club
from tests.sale.membership.test_windows import MINUTE, code, hold
from tests.sale.packages.conftest import Season
from tests.sale.ticketing.conftest import GOLD, HOUR, System
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.membership.rules.terms import EventWindow
from virage.sale.packages.rules.terms import Package

NAME = {"fr": "Saison", "en": "Season", "de": "Saison"}


class Holders(Club):
    """A club with a package of two matches, beside a match whose public sale opens in an hour."""

    season: Season
    package: Package

    async def open(self) -> None:
        self.season = Season(self.system)
        await self.season.open(2)
        self.package = await self.season.package(name=NAME)
        await self.system.open(sale_opens_at=self.system.clock.now() + HOUR)


@pytest.fixture
async def club(empty_system: System) -> Holders:
    club = Holders(empty_system)
    await club.open()
    return club


async def test_a_holder_of_a_season_ticket_holds_in_their_window_and_others_are_told_of_it(club: Holders) -> None:
    now = club.system.clock.now()
    gold = await club.tier()
    assert await club.windows(
        EventWindow(now - MINUTE, 2, [], [club.package.id]), EventWindow(now + MINUTE, 4, [gold.id], [club.package.id])
    )
    holder, unpaid = await club.system.fan(), await club.system.fan("unpaid@example.org")
    await club.season.bought(holder, club.package)
    await club.season.held(unpaid, club.package)
    stranger = await club.system.fan("stranger@example.org")
    await club.season.bought(stranger, await club.season.package(name={"fr": "Autre", "en": "Other", "de": "Andere"}))
    assert (await hold(holder, 2)).status_code == 201
    assert code(await hold(holder, 1)) == "limit_reached"
    for other in (unpaid, stranger, club.system.browser()):
        refused = await hold(other)
        assert (refused.status_code, code(refused)) == (409, "sale_not_open")
        windows = refused.json()["data"]["windows"]
        names = [([one["en"] for one in found["tiers"]], [one["en"] for one in found["packages"]]) for found in windows]
        assert names == [([], ["Season"]), (["Gold"], ["Season"])]
        assert refused.json()["data"]["mine"] == []
    page = (await holder.ask("GET", f"/api/events/{club.system.event_id}/windows")).json()
    assert [(one["tiers"], [name["en"] for name in one["packages"]]) for one in page["mine"]] == [([], ["Season"])] * 2
    assert page["tickets_max"] == 2


async def test_a_season_ticket_whose_matches_are_all_refunded_opens_no_window(club: Holders) -> None:
    await club.windows(EventWindow(club.system.clock.now() - MINUTE, 2, [], [club.package.id]))
    holder = await club.system.fan()
    seats = {"kind": "best", "party": {"full": 1}, "category_id": str(GOLD)}
    await club.season.bought(holder, club.package, seats)
    holder = await club.system.fan()
    for match_id, status in zip(club.season.events, (201, 409), strict=True):
        await club.season.cancel(match_id)
        assert (await hold(holder)).status_code == status


async def test_a_window_is_for_a_tier_or_a_package_of_the_organiser(club: Holders) -> None:
    now = club.system.clock.now()
    for packages in ([], [new_id()], [club.package.id, club.package.id]):
        refused = await club.windows(EventWindow(now - MINUTE, 2, [], packages))
        assert isinstance(refused, Refused)
        assert refused.reason == "invalid_input"
    assert await club.windows(EventWindow(now - MINUTE, 2, [], [club.package.id])) == 1
    office = await club.office()
    stored = (await office.ask("GET", f"/api/office/events/{club.system.event_id}/windows")).json()
    assert stored["windows"][0]["package_ids"] == [str(club.package.id)]
    await club.system.rows("update packages.package set organiser_id = $1", new_id())
    refused = await club.windows(EventWindow(now - MINUTE, 3, [], [club.package.id]), revision=1)
    assert isinstance(refused, Refused)
    assert refused.reason == "invalid_input"

"""Joining and leaving, points that lapse, and the office's programme."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from tests.conftest import FakeClock
from tests.sale.points.conftest import ZONE, Club, a_programme, a_rule
from tests.sale.points.test_earning import present
from tests.sale.points.test_rewards import rich
from tests.sale.ticketing.conftest import Box, System
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.sale.points.acts.accounts import erased
from virage.sale.points.reads.fans import export

DAY = timedelta(days=1)
LAPSES = datetime(2027, 7, 1, tzinfo=ZONE)  # of points that the tests earn in May 2026 with 13 months


async def again(club: Club, at: datetime) -> Box:
    """The fan in another session, at a later time."""
    club.clock.set(at)
    return await club.system.fan()


async def test_joining_twice_is_one_account_and_leaving_lets_the_points_lapse(club: Club) -> None:
    fan = await rich(club)
    account_id = (await club.points(fan))["account"]["id"]
    assert await club.joined(fan) == UUID(account_id)
    for _ in range(2):
        answer = await fan.ask("POST", f"/api/points/accounts/{account_id}/close")
        assert (answer.status_code, answer.json()[0]["account"]) == (200, None)
    assert (await club.audit()).points == {"points": 0, "points_issued": -15, "points_lapsed": 15}
    await club.joined(fan)
    await club.earn()
    assert await club.balance(fan) == 0, "what was earned before does not come back"
    stranger = await club.fan("stranger@example.org")
    assert (await stranger.ask("POST", f"/api/points/accounts/{account_id}/close")).status_code == 404
    assert (await stranger.ask("GET", f"/api/points/accounts/{account_id}/movements")).status_code == 404


async def test_a_closed_programme_takes_no_new_people_and_keeps_the_others(club: Club) -> None:
    fan = await rich(club)
    await club.programme(1, is_open=False)
    stranger = await club.system.fan("stranger@example.org")
    body = {"id": str(new_id()), "organiser_id": str(club.organiser_id)}
    assert (await stranger.ask("POST", "/api/points/accounts", body)).json()["code"] == "points_closed"
    assert (await stranger.ask("GET", "/api/points")).json() == []
    assert await club.balance(fan) == 15


async def test_guests_read_the_rules_and_are_asked_to_sign_in_to_join(club: Club) -> None:
    guest = club.system.browser()
    (shown,) = (await guest.ask("GET", "/api/points")).json()
    assert ([rule["points"] for rule in shown["rules"]], shown["account"]) == ([10, 5, 1], None)
    body = {"id": str(new_id()), "organiser_id": str(club.organiser_id)}
    assert (await guest.ask("POST", "/api/points/accounts", body)).status_code == 401


async def test_people_are_told_once_30_days_before_and_then_the_points_lapse(club: Club) -> None:
    await club.programme(1, lapse_months=13)
    fan = await rich(club)
    (lapse,) = (await club.points(fan))["account"]["lapses"]
    assert (datetime.fromisoformat(lapse["lapses_at"]), lapse["points"]) == (LAPSES, 15)
    await again(club, LAPSES - 32 * DAY)
    await club.lapse()
    assert await club.letters() == []
    await again(club, LAPSES - 31 * DAY)
    for _ in range(2):
        await club.lapse()
    assert await club.letters() == ["points_lapse_soon"]
    fan = await again(club, LAPSES - timedelta(seconds=1))
    await club.lapse()
    assert await club.balance(fan) == 15
    fan = await again(club, LAPSES)
    for _ in range(2):
        await club.lapse()
    assert await club.balance(fan) == 0
    assert [(one["kind"], one["points"]) for one in (await club.movements(fan))[:1]] == [("lapsed", -15)]
    assert (await club.audit()).points == {"points": 0, "points_issued": -15, "points_lapsed": 15}
    assert await club.letters() == ["points_lapse_soon"]


async def test_points_that_were_spent_after_the_notice_do_not_lapse(club: Club) -> None:
    await club.programme(1, lapse_months=13)
    await rich(club)
    reward = await club.reward(closes_at=LAPSES + DAY)
    fan = await again(club, LAPSES - 31 * DAY)
    await club.lapse()
    assert (await club.redeem(fan, reward)).status_code == 200
    fan = await again(club, LAPSES)
    await club.lapse()
    assert await club.balance(fan) == 0
    assert (await club.audit()).points["points_lapsed"] == 5


async def test_nothing_lapses_that_was_not_told_even_when_the_programme_is_changed(club: Club) -> None:
    fan = await rich(club)
    fan = await again(club, LAPSES)
    await club.programme(1, lapse_months=1)
    await club.lapse()
    assert (await club.balance(fan), await club.letters()) == (15, ["points_lapse_soon"])
    fan = await again(club, datetime(2027, 8, 1, tzinfo=ZONE))
    await club.programme(2, lapse_months=None)
    await club.lapse()
    assert await club.balance(fan) == 15, "a programme that was changed back lets nothing lapse"


async def test_erasure_leaves_the_ledger_without_the_person(club: Club) -> None:
    fan = await rich(club)
    account_id = UUID((await club.points(fan))["account"]["id"])
    (row,) = await club.system.rows("select person_id from points.account where id = $1", account_id)
    async with club.system.db.transaction() as conn:
        (exported,) = await export(conn, row["person_id"])
        await erased(conn, row["person_id"], club.system.clock.now())
        assert await export(conn, row["person_id"]) == []
    assert (exported.id, sorted(one.points for one in exported.movements)) == (account_id, [5, 10])
    assert msgspec.to_builtins(exported.movements[0])["event"]["en"] == "Virage against Visitors"
    await club.lapse()
    assert (await club.audit()).points == {"points": 0, "points_issued": -15, "points_lapsed": 15}
    (row,) = await club.system.rows("select person_id, emptied_at from points.account where id = $1", account_id)
    assert (row["person_id"], row["emptied_at"]) == (None, club.system.clock.now())


async def test_the_office_sets_the_programme_at_the_revision_that_it_saw(system: System, clock: FakeClock) -> None:
    club = Club(system, clock)
    office = await club.office()
    path = f"/api/office/points/programmes/{club.organiser_id}"
    body = msgspec.to_builtins(a_programme()) | {"revision": 0}
    stored = await office.ask("PUT", path, body)
    assert (stored.status_code, stored.json()["revision"]) == (200, 1)
    assert (await office.ask("PUT", path, body)).json()["revision"] == 1, "the same content changes nothing"
    late = await office.ask("PUT", path, body | {"is_open": False})
    assert (late.status_code, late.json()["data"]) == (409, {"revision": 1})
    assert (await office.ask("PUT", path, body | {"is_open": False, "revision": 1})).json()["revision"] == 2
    facts = await system.rows("select who, data from kernel.journal where what = 'points_programme_set' order by seq")
    assert [fact["data"]["revision"] for fact in facts] == [1, 2]
    unnamed = await office.ask("PUT", path, body | {"name": {"fr": "Points"}, "revision": 2})
    assert (unnamed.status_code, unnamed.json()["data"]["errors"][0]["source"]) == (400, "name.en")


async def test_the_office_sees_totals_by_rule_and_the_people_who_take_part(club: Club) -> None:
    fan = await rich(club)
    assert (await club.redeem(fan, await club.reward())).status_code == 200
    await club.fan("other@example.org")
    (shown,) = (await (await club.office()).ask("GET", "/api/office/points")).json()
    totals = {(one["kind"], (one["rule"] or {}).get("en")): one["points"] for one in shown["totals"]}
    assert totals == {("earned", "entry 10"): 10, ("earned", "early_entry 5"): 5, ("redeemed", None): -10}
    assert (shown["people"], shown["open_redemptions"], shown["vouchers_are_bonus"]) == (2, 1, True)
    theirs = await club.system.staff(Grant("programme", "organiser", new_id()), email="their@example.org")
    assert (await theirs.ask("GET", "/api/office/points")).json() == []


async def test_movements_come_in_pages(club: Club) -> None:
    rules = [a_rule("entry", 1) for _ in range(25)] + [a_rule("early_entry", 1) for _ in range(5)]
    await club.programme(1, rules=rules)
    fan, ticket = await present(club)
    await club.enters(ticket)
    await club.earn()
    for _ in range(21):
        assert (await club.redeem(fan, await club.reward(price_points=1))).status_code == 200
    account_id = (await club.points(fan))["account"]["id"]
    path = f"/api/points/accounts/{account_id}/movements"
    first = (await fan.ask("GET", path)).json()
    last = first["movements"][-1]["number"]
    second = (await fan.ask("GET", f"{path}?before={last}")).json()
    numbers = [one["number"] for one in first["movements"] + second["movements"]]
    assert (numbers, first["more"], second["more"]) == (list(range(51, 0, -1)), True, False)

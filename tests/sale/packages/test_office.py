"""Packages at the office: set up, previewed, counted."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import msgspec

from tests.sale.packages.conftest import Season
from tests.sale.ticketing.conftest import Box
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant


def wish(season: Season, **changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(season.content(**changes)))
    return content | {"organiser_id": str(season.system.organiser_id), "revision": None}


async def put(office: Box, body: dict[str, Any], package_id: str | None = None) -> Any:
    return await office.ask("PUT", f"/api/office/packages/{package_id or new_id()}", body)


async def test_the_office_sees_prices_before_it_sets_a_package(season: Season) -> None:
    office = await season.office()
    preview = (await office.ask("POST", "/api/office/packages/preview", wish(season))).json()
    assert preview["offer"]["prices"][0]["from_cents"] == 38_400
    assert preview["view"]["state"] == "open"
    assert (await office.ask("GET", "/api/office/packages")).json() == []


async def test_the_preview_of_a_pack_of_one_match_has_prices_and_that_of_a_match_without_prices_none(
    season: Season,
) -> None:
    office = await season.office()
    one = wish(season, event_ids=season.events[:1])
    preview = (await office.ask("POST", "/api/office/packages/preview", one)).json()
    assert preview["offer"]["prices"][0]["from_cents"] == 12_800 // 2
    async with season.system.db.transaction() as conn:
        for table in ("area_category", "block_category", "category", "pricing"):
            await conn.execute(f"delete from ticketing.{table} where event_id = $1", season.events[1])
    season.forget()
    assert (await office.ask("POST", "/api/office/packages/preview", wish(season))).json()["offer"] is None


async def test_a_package_is_set_and_changed_at_its_revision(season: Season) -> None:
    office = await season.office()
    package_id = str(new_id())
    first = await put(office, wish(season), package_id)
    assert first.status_code == 200, first.text
    assert first.json()["revision"] == 1
    assert (await put(office, wish(season), package_id)).json()["revision"] == 1  # the same again
    outdated = await put(office, wish(season, discount_permille=300), package_id)
    assert (outdated.status_code, outdated.json()["code"]) == (409, "changed_meanwhile")
    changed = await put(office, wish(season, discount_permille=300) | {"revision": 1}, package_id)
    assert changed.json()["revision"] == 2
    facts = await season.system.rows("select what from kernel.journal where what = 'package_set'")
    assert len(facts) == 2


async def test_every_defect_of_the_form_is_named_at_once(season: Season) -> None:
    office = await season.office()
    now = season.system.clock.now()
    body = wish(
        season,
        name={"en": "Pack"},
        event_ids=[season.events[0], season.events[0]],
        closes_at=now - timedelta(days=2),
        choose_min=2,
    )
    answer = await put(office, body)
    assert answer.status_code == 400
    named = {error["source"] for error in answer.json()["data"]["errors"]}
    assert {"name.fr", "event_ids", "closes_at", "choose_min"} <= named


async def test_a_package_has_events_of_its_organiser_alone(season: Season) -> None:
    office = await season.office()
    unknown = await put(office, wish(season, event_ids=[season.events[0], new_id()]))
    assert (unknown.status_code, unknown.json()["code"]) == (409, "unknown_event")


async def test_the_office_counts_what_is_held_and_paid(season: Season) -> None:
    office, fan, other = await season.office(), await season.system.fan(), await season.system.fan("other@example.org")
    package = await season.package()
    await season.bought(fan, package)
    await season.held(other, package)
    (line,) = (await office.ask("GET", "/api/office/packages")).json()
    assert line["counts"] == {"held": 1, "paid": 1, "seats": 2, "cents": 6 * 2 * 6400}
    await season.cancel(season.events[0])
    (line,) = (await office.ask("GET", "/api/office/packages")).json()
    assert line["counts"]["cents"] == 5 * 2 * 6400
    found = (await office.ask("GET", f"/api/office/packages/{package.id}/subscriptions")).json()
    assert sorted(one["email"] for one in found["subscriptions"]) == ["fan@example.org", "other@example.org"]
    assert found["more"] is False


async def test_the_buyers_come_as_a_table_in_which_no_name_is_a_formula(season: Season) -> None:
    office, fan = await season.office(), await season.system.fan()
    package = await season.package()
    held = await season.bought(fan, package)
    await season.system.rows("update people.person set name = '=1+1' where email = 'fan@example.org'")
    answer = await office.ask("GET", f"/api/office/packages/{package.id}/subscriptions.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(StringIO(answer.text))
    order = held["events"][0]["order"]
    labels = [line["label"] for line in order["lines"]]
    assert row["seats"] == " | ".join(f"{label['block']} {label['row']} {label['seat']}" for label in labels)
    wanted = {"name": "'=1+1", "email": "fan@example.org", "state": "paid", "order_code": order["code"]}
    wanted |= {"events": "6", "other_seats": "0", "total": "768.00", "instalments": "0"}
    assert {name: row[name] for name in wanted} == wanted


async def test_the_office_of_another_club_neither_sees_nor_changes_a_package(season: Season) -> None:
    package = await season.package()
    grants = [Grant(role, "organiser", new_id()) for role in ("box_office", "programme")]
    stranger = await season.system.staff(*grants, email="stranger@example.org")
    assert (await stranger.ask("GET", f"/api/office/packages/{package.id}/subscriptions")).status_code == 404
    assert (await stranger.ask("GET", f"/api/office/packages/{package.id}/subscriptions.csv")).status_code == 404
    assert (await put(stranger, wish(season), str(package.id))).status_code == 403
    assert (await stranger.ask("POST", "/api/office/packages/preview", wish(season))).status_code == 403
    assert (await stranger.ask("GET", "/api/office/packages")).json() == []

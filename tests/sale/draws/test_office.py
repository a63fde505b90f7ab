"""The office sets up a draw, takes its steps, and reads its entries."""

from typing import Any

import pytest

from tests.sale.draws.conftest import BLUE, CLOSES, DRAWS, ENDS, GOLD, HOUR, NOW, Lottery
from virage.identity.people.types import Email, EmailKind
from virage.platform.values.ids import new_id
from virage.sale.draws.api import draw_email


async def test_a_draw_is_created_changed_at_its_revision_and_fixed_once_it_opens(lottery: Lottery) -> None:
    created = await lottery.set_up((GOLD, 4, 0))
    assert created.status_code == 200, created.text
    again = await lottery.set_up((GOLD, 4, 0))
    assert again.json()["draw"]["revision"] == 1, "the same content again changes nothing"
    assert (await lottery.set_up((GOLD, 6, 0))).json()["code"] == "changed_meanwhile"
    changed = await lottery.set_up((GOLD, 6, 0), revision=1)
    assert changed.json()["draw"]["quotas"][0]["places"] == 6
    assert (await lottery.step("open", revision=1)).json()["code"] == "changed_meanwhile"
    assert await lottery.public() is None, "a draft is not public"
    assert (await lottery.file("draw.json")).status_code == 404
    assert (await lottery.step("open")).status_code == 200
    assert (await lottery.step("open", revision=1)).status_code == 200, "a repeated step changes nothing"
    assert (await lottery.set_up((GOLD, 8, 0), revision=3)).json()["code"] == "draw_step_not_possible"


async def test_an_event_has_one_draw_until_it_is_cancelled(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 4, 0))
    first, lottery.draw_id = lottery.draw_id, new_id()
    assert (await lottery.set_up((GOLD, 4, 0))).json()["code"] == "id_reused"
    lottery.draw_id = first
    assert (await lottery.step("cancel")).status_code == 200
    lottery.draw_id = new_id()
    assert (await lottery.set_up((GOLD, 4, 0))).status_code == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"draws_at": (CLOSES - HOUR).isoformat()}, "invalid_input"),
        ({"ends_at": DRAWS.isoformat()}, "invalid_input"),
        ({"closes_at": (NOW + 49 * HOUR).isoformat(), "draws_at": (NOW + 50 * HOUR).isoformat()}, "draw_after_sale"),
        ({"ends_at": (NOW + 800 * HOUR).isoformat()}, "invalid_input"),
        ({"quotas": [{"category_id": str(new_id()), "places": 1}]}, "category_unknown"),
        ({"quotas": [{"category_id": str(GOLD), "places": 100_000}]}, "draw_quota_too_large"),
        ({"quotas": [{"category_id": str(GOLD)}, {"category_id": str(GOLD)}]}, "invalid_input"),
    ],
)
async def test_an_impossible_draw_is_refused(lottery: Lottery, changes: dict[str, Any], code: str) -> None:
    assert (await lottery.set_up((GOLD, 4, 0), **changes)).json()["code"] == code
    assert await lottery.system.rows("select 1 from draws.draw") == []


async def test_everything_that_is_free_is_counted_when_the_entries_are_frozen(lottery: Lottery) -> None:
    await lottery.opened((GOLD, None, None))
    before = (await lottery.seen_by_office())["categories"]
    free = next(one for one in before if one["category_id"] == str(GOLD))
    lottery.clock.advance(HOUR)
    await lottery.run()
    (quota,) = (await lottery.seen_by_office())["draw"]["quotas"]
    assert (quota["places"], quota["spaces"]) == (free["free_places"], free["free_spaces"])
    reserved = await lottery.system.rows("select 1 from ticketing.claim")
    assert reserved == []
    assert free["free_places"] > 0
    assert free["free_spaces"] > 0


async def test_the_office_sees_wishes_results_and_the_waiting_order(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 2, 0), (BLUE, 2, 0))
    await lottery.entered("one@example.org", [GOLD, BLUE])
    await lottery.entered("two@example.org", [GOLD])
    await lottery.entered("three@example.org", [GOLD], party={"full": 4}, any_other=True)
    await lottery.run()
    gold, blue = (await lottery.seen_by_office())["categories"][:2]
    assert [(wish["position"], wish["entries"]) for wish in gold["wishes"]] == [(1, 3)]
    assert [(wish["position"], wish["entries"]) for wish in blue["wishes"]] == [(2, 1)]
    lottery.clock.advance(2 * HOUR)
    await lottery.run()
    office = await lottery.office()
    seen = (await lottery.seen_by_office())["draw"]
    assert seen["states"]["waiting"] + seen["states"]["paid"] == 3
    listed = (await office.ask("GET", f"{lottery.office_path}/entries")).json()
    assert [entry["number"] for entry in listed["entries"]] == [1, 2, 3]
    assert listed["more"] is False
    rest = await office.ask("GET", f"{lottery.office_path}/entries?after=1&after_code={listed['entries'][0]['code']}")
    assert [entry["number"] for entry in rest.json()["entries"]] == [2, 3]
    table = await office.ask("GET", f"{lottery.office_path}/entries.csv")
    lines = table.text.splitlines()
    assert lines[0].startswith("number,code,state")
    assert len(lines) == 4
    assert "example.org" not in table.text


async def test_an_email_tells_the_times_of_the_venue_and_what_the_check_needs(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 2, 0))
    fan = await lottery.entered("fan@example.org")
    await lottery.drawn()
    ((entry_id,),) = await lottery.system.rows("select id from draws.entry")
    seen = await lottery.public(fan)
    for kind in (EmailKind.DRAW_ENTERED, EmailKind.DRAW_WON, EmailKind.DRAW_NOT_WON, EmailKind.DRAW_CANCELLED):
        email = Email(
            id=new_id(),
            kind=kind,
            subject_id=entry_id,
            about_id=entry_id,
            person_id=None,
            locale="en",
            to="fan@example.org",
            secret={},
            was_at=None,
            expires_at=None,
            blocked=False,
        )
        async with lottery.system.db.connection() as conn:
            content = await draw_email(conn, email)
        assert content is not None
        assert (content.values["code"], content.values["commitment"]) == (seen["mine"]["code"], seen["commitment"])
        assert content.values["zone"] == ""
        assert content.values["ends_at"] == ENDS
        assert content.values["ends_at"].utcoffset() != ENDS.utcoffset(), "Paris in May"
        assert content.values["cents"] == 16300

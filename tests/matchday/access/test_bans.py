"""Two files of bans: kept apart, ended automatically, matched at the gate, logged."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests.matchday.access.conftest import HOUR, MINUTE, NOW
from tests.matchday.access.test_accreditations import code
from tests.matchday.access.test_holders import sold
from virage.identity.people import acts as people
from virage.matchday.access.jobs import AccessJobs
from virage.matchday.access.rules.bans import plain_name
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

if TYPE_CHECKING:
    from tests.matchday.access.conftest import Evening, Ticket


async def banned(evening: "Evening", file: str = "club", **entry: Any) -> dict[str, Any]:
    """Add an entry as a supervisor, and let the job compare."""
    evening.knows("supervisor", Grant("supervisor"))
    request = {"id": str(new_id()), "expires_at": (evening.clock.now() + HOUR).isoformat()} | entry
    answer = await evening.ask("supervisor", "POST", f"/api/access/bans/{file}", request)
    assert answer.status_code == 200, answer.text
    await compared(evening)
    return request


async def compared(evening: "Evening") -> None:
    await AccessJobs(evening.db, evening.clock).match_bans()


async def a_ticket(evening: "Evening", holder: str | None = None) -> "Ticket":
    ticket = await evening.ticket()
    await sold(evening, ticket, email="buyer@example.org", buyer="Buyer First", holder=holder, code="ABCDEFGH")
    return ticket


async def scan_ticket(evening: "Evening", ticket: "Ticket") -> tuple[str, str | None]:
    device = evening.device()
    (answer,) = await evening.send(device, evening.scan(device, "ask", ticket))
    return answer["outcome"], answer.get("reason")


@pytest.mark.parametrize(
    "entry",
    [
        {"email": "Buyer@Example.org"},
        {"name": "FIRST Buyer"},
        {"name": "Gênéral-Holder Second"},
        {"email": "other@example.org", "name": "buyer first"},
    ],
)
async def test_a_ban_matches_tickets_by_address_or_either_name(night: "Evening", entry: Any) -> None:
    ticket = await a_ticket(night, holder="Second General Holder")
    other = await night.ticket()
    await banned(night, **entry)
    assert await scan_ticket(night, ticket) == ("refused", "call_supervisor")
    assert await scan_ticket(night, other) == ("admitted", None)


async def test_a_hit_at_a_gate_is_logged_and_shown_to_the_supervisor_with_its_file(night: "Evening") -> None:
    ticket = await a_ticket(night)
    ban = await banned(night, "national", name="Buyer First")
    await scan_ticket(night, ticket)
    answer = await night.ask("supervisor", "GET", f"/api/access/hits/{night.event_id}")
    (hit,) = answer.json()
    assert (hit["ban_id"], hit["file"], hit["gate"], hit["pass_number"]) == (ban["id"], "national", "A1", ticket.number)
    (fact,) = await night.rows("select about, data from kernel.journal where what = 'ban_met'")
    assert str(fact["about"]) == ban["id"]
    assert "Buyer" not in str(fact["data"])


@pytest.mark.parametrize("entry", [{"name": "Works BANNED"}, {"email": "works@example.org"}])
async def test_a_ban_matches_the_badge_of_an_accredited_person(night: "Evening", entry: Any) -> None:
    banned_badge = await a_badge(night, "Banned Works", "works@example.org")
    other_badge = await a_badge(night, "Someone Else", "else@example.org")
    await banned(night, **entry)
    device = night.device()
    for text, met in ((banned_badge, ("refused", "call_supervisor")), (other_badge, ("admitted", None))):
        (answer,) = await night.send(device, night.scan(device, "ask", code=text))
        assert (answer["outcome"], answer.get("reason")) == met
    (hit,) = (await night.ask("supervisor", "GET", f"/api/access/hits/{night.event_id}")).json()
    assert hit["gate"] == "A1"


async def test_a_ban_does_not_match_an_ended_badge(night: "Evening") -> None:
    await a_badge(night, "Banned Works", "works@example.org")
    (made,) = (await night.ask("supervisor", "GET", f"/api/access/accreditations?event_id={night.event_id}")).json()
    await night.ask("supervisor", "DELETE", f"/api/access/accreditations/{made['id']}")
    await banned(night, email="works@example.org")
    assert await night.rows("select * from access.flag") == []


async def test_changes_of_both_files_of_bans_need_a_recent_sign_in(night: "Evening") -> None:
    night.knows("supervisor", Grant("supervisor"))
    night.clock.advance(16 * MINUTE)
    request = {"id": str(new_id()), "expires_at": (night.clock.now() + HOUR).isoformat(), "name": "Example Person"}
    for method, path, body in (
        ("POST", "club", request),
        ("POST", "national/list", {"bans": [request]}),
        ("DELETE", f"club/{request['id']}", None),
    ):
        answer = await night.ask("supervisor", method, f"/api/access/bans/{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    assert await night.rows("select * from access.ban") == []


async def a_badge(evening: "Evening", name: str, email: str) -> str:
    """A contractor whom gate A1 accepts from now for an hour; the text of the code."""
    evening.knows("supervisor", Grant("supervisor"))
    word = {"opens_at": NOW.isoformat(), "closes_at": (NOW + HOUR).isoformat(), "gates": ["A1"]}
    await evening.ask("supervisor", "PUT", f"/api/access/events/{evening.event_id}/kinds/contractor", word)
    request = {
        "id": str(new_id()),
        "event_id": str(evening.event_id),
        "kind": "contractor",
        "name": name,
        "email": email,
    }
    made = (await evening.ask("supervisor", "POST", "/api/access/accreditations", request)).json()
    return await code(evening, made["id"])


async def test_a_list_of_bans_is_added_completely_or_with_every_error_not_at_all(night: "Evening") -> None:
    night.knows("supervisor", Grant("supervisor"))
    ends = (NOW + HOUR).isoformat()
    entries = [{"id": str(new_id()), "name": f"Entry {number}", "expires_at": ends} for number in range(300)]
    path = "/api/access/bans/national/list"
    wrong = [entries[0], entries[1] | {"name": "", "email": "invalid"}, entries[2] | {"expires_at": NOW.isoformat()}]
    refused = await night.ask("supervisor", "POST", path, {"bans": wrong})
    assert refused.json()["code"] == "invalid_input"
    errors = [(error["index"], error["source"]) for error in refused.json()["data"]["errors"]]
    assert errors == [(1, "email"), (2, "expires_at")]
    assert await night.rows("select 1 from access.ban") == []
    first, again = [await night.ask("supervisor", "POST", path, {"bans": entries}) for _ in range(2)]
    assert first.json() == again.json()
    assert [one["name"] for one in first.json()] == [entry["name"] for entry in entries]
    changed = await night.ask("supervisor", "POST", path, {"bans": [entries[0] | {"name": "Another"}]})
    assert (changed.json()["code"], changed.json()["data"]) == ("id_taken", {"ids": [entries[0]["id"]]})
    (row,) = await night.rows("select count(*) as n from access.ban")
    (facts,) = await night.rows("select count(*) as n from kernel.journal where what = 'ban_added'")
    assert (row["n"], facts["n"]) == (300, 300)


async def test_a_file_names_the_author_of_a_ban_until_their_erasure(night: "Evening") -> None:
    await banned(night, name="Un Nom")
    assert (await night.ask("supervisor", "GET", "/api/access/bans/club")).json()["added_by_names"] == {}
    async with night.db.transaction() as conn:
        head = await people.ensure_staff(conn, "head@example.org", "Head of security", [Grant("supervisor")], NOW)
        await conn.execute("update access.ban set added_by = $1", head)
    file = (await night.ask("supervisor", "GET", "/api/access/bans/club")).json()
    assert file["added_by_names"] == {file["bans"][0]["added_by"]: "Head of security"}


async def test_the_two_files_of_bans_are_separate(night: "Evening") -> None:
    national, club = await banned(night, "national", name="Un Nom"), await banned(night, "club", name="Un Autre")
    for file, entry in (("national", national), ("club", club)):
        answer = await night.ask("supervisor", "GET", f"/api/access/bans/{file}")
        assert [one["id"] for one in answer.json()["bans"]] == [entry["id"]]
    wrong = await night.ask("supervisor", "DELETE", f"/api/access/bans/club/{national['id']}")
    assert wrong.status_code == 404
    assert (await night.ask("supervisor", "GET", "/api/access/bans/other")).status_code == 404


@pytest.mark.parametrize("how", ["lifted", "over"])
async def test_an_ended_ban_admits_again_and_its_personal_data_is_erased(night: "Evening", how: str) -> None:
    ticket, device = await a_ticket(night), night.device()
    ban = await banned(night, email="buyer@example.org", name="Buyer First")
    await night.rows(
        "insert into access.ban_review (ban_id, subject, person_id, event_id, name, at) "
        "values ($1, $1, $1, $1, 'Buyer First', now())",
        UUID(ban["id"]),
    )
    assert await scan_ticket(night, ticket) == ("refused", "call_supervisor")
    if how == "lifted":
        lifted = await night.ask("supervisor", "DELETE", f"/api/access/bans/club/{ban['id']}")
        assert lifted.status_code == 204
    else:
        night.clock.advance(HOUR + MINUTE)
        (answer,) = await night.send(device, night.scan(device, "ask", ticket))
        assert answer["outcome"] == "admitted", "a ban ends without a job"
        await compared(night)
    (kept,) = await night.rows("select email, name, ended_at from access.ban")
    assert (kept["email"], kept["name"]) == (None, None)
    assert [row["name"] for row in await night.rows("select name from access.ban_review")] == [None]
    assert await night.rows("select 1 from access.flag") == []
    facts = await night.rows("select data from kernel.journal where what = 'pass_unflagged'")
    assert [fact["data"] for fact in facts] == [{"numbers": [ticket.number]}]


async def test_a_ban_matches_a_ticket_named_later_until_it_is_renamed(night: "Evening") -> None:
    ticket = await a_ticket(night)
    await banned(night, name="Holder Second")
    assert await night.rows("select 1 from access.flag") == []
    await night.rows("update ticketing.ticket set holder_name = 'Holder SECOND'")
    await compared(night)
    assert [row["pass_number"] for row in await night.rows("select * from access.flag")] == [ticket.number]
    await night.rows("update ticketing.ticket set holder_name = 'Buyer Third'")
    await compared(night)
    assert await night.rows("select 1 from access.flag") == []


async def test_devices_receive_flags_by_pass_number_only(night: "Evening") -> None:
    ticket, device = await a_ticket(night), night.device()
    version = (await night.ask(str(device.id), "POST", "/api/access/heartbeat", beat(night))).json()["changes"][
        "version"
    ]
    await banned(night, email="buyer@example.org")
    answer = await night.ask(str(device.id), "POST", "/api/access/heartbeat", beat(night, version))
    changes = answer.json()["changes"]
    assert (changes["flagged"], changes["reload"]) == ([ticket.number], False)
    assert "buyer" not in answer.text


def beat(evening: "Evening", version: str | None = None) -> dict[str, Any]:
    now = evening.clock.now().isoformat()
    return {"event_id": str(evening.event_id), "gate": "A1", "at": now} | ({"version": version} if version else {})


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"name": "  "},
        {"name": "a\u200bb"},
        {"email": "invalid"},
        {"name": "Un Nom", "expires_at": NOW.isoformat()},
        {"name": "Un Nom", "expires_at": (NOW + timedelta(days=9000)).isoformat()},
    ],
)
async def test_a_ban_needs_an_identity_and_an_end(night: "Evening", entry: dict[str, Any]) -> None:
    night.knows("supervisor", Grant("supervisor"))
    request = {"id": str(new_id()), "expires_at": (NOW + HOUR).isoformat()} | entry
    answer = await night.ask("supervisor", "POST", "/api/access/bans/club", request)
    assert answer.status_code == 400
    assert await night.rows("select 1 from access.ban") == []


async def test_only_supervisors_of_the_whole_venue_see_a_file_of_bans(night: "Evening") -> None:
    night.knows("steward", Grant("steward"))
    night.knows("gate", Grant("supervisor", "gate", "A"))
    for who, status in (("", 401), ("steward", 403), ("gate", 403), (str(night.device().id), 403)):
        assert (await night.ask(who, "GET", "/api/access/bans/club")).status_code == status


def test_names_are_compared_without_accents_case_marks_or_order() -> None:
    assert plain_name("LAST First-Given") == plain_name("first given last") == plain_name("Fírst-Given  Last")
    assert plain_name("First Last") != plain_name("Firsta Last")

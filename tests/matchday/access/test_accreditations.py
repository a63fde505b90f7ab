"""Staff, players and press enter with the same kind of pass as fans, by zone and time."""

import asyncio
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import pytest
from pypdf import PdfReader

from tests.matchday.access.conftest import HOUR, MINUTE, NOW
from virage.demo.venues.drawing import stadium
from virage.identity.passes.acts import PaperPass
from virage.identity.passes.rules.claims import is_gate_group
from virage.identity.people import acts as people
from virage.matchday.access.acts import accreditations as acts
from virage.matchday.access.jobs import AccessJobs
from virage.matchday.access.reads import accreditations as reads
from virage.matchday.access.rules.accreditations import GROUPS
from virage.matchday.access.rules.venue_state import GROUPS_MAX, label, zone_of
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

if TYPE_CHECKING:
    from tests.matchday.access.conftest import Evening

NAME = "Remarkable Photographer"
EMAIL = "photographer@example.org"
BASE = "/api/access/accreditations"


def request(night: "Evening", **changes: Any) -> dict[str, Any]:
    return {"id": str(new_id()), "event_id": str(night.event_id), "kind": "press", "name": NAME} | changes


@pytest.fixture
async def press_night(night: "Evening") -> "Evening":
    """The same evening: a supervisor has opened A1 to the press, from now for an hour."""
    night.knows("supervisor", Grant("supervisor"))
    event = f"/api/access/events/{night.event_id}"
    window = {"opens_at": NOW.isoformat(), "closes_at": (NOW + HOUR).isoformat()}
    for path, word in (("gates/A1", {"extra_groups": ["PRESS"]}), ("windows/PRESS", window)):
        assert (await night.ask("supervisor", "PUT", f"{event}/{path}", word)).status_code == 204
    return night


async def added(night: "Evening", **changes: Any) -> dict[str, Any]:
    answer = await night.ask("supervisor", "POST", BASE, request(night, **changes))
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def code(night: "Evening", id_: str) -> str:
    """The text of the badge's QR code."""
    async with night.db.transaction() as conn:
        printed = await acts.badge(conn, night.vault, UUID(id_), who=None, now=night.clock.now())
    assert isinstance(printed, PaperPass)
    return printed.text


async def scan_badge(night: "Evening", at: Any, text: str, kind: str = "ask") -> tuple[str, str | None]:
    (answer,) = await night.send(at, night.scan(at, kind, code=text))
    return answer["outcome"], answer.get("reason")


async def test_a_badge_enters_and_leaves_in_its_window_at_its_gates_until_it_is_revoked(press_night: "Evening") -> None:
    made = await added(press_night)
    text, a1, a2 = await code(press_night, made["id"]), press_night.device("A1"), press_night.device("C1")
    assert await scan_badge(press_night, a2, text) == ("refused", "wrong_gate")
    assert await scan_badge(press_night, a1, text) == ("admitted", None)
    assert await scan_badge(press_night, a1, text, "left") == ("noted", None)
    assert await scan_badge(press_night, a1, text) == ("admitted", None)
    press_night.clock.advance(HOUR)
    assert await scan_badge(press_night, a1, text) == ("refused", "not_now")
    press_night.clock.advance(-MINUTE)
    assert await scan_badge(press_night, a1, text) == ("admitted", None)
    assert (await press_night.ask("supervisor", "DELETE", f"{BASE}/{made['id']}")).status_code == 204
    assert await scan_badge(press_night, a1, text) == ("refused", "revoked")
    press_night.knows("supervisor", Grant("supervisor"))  # signed in again
    assert (await press_night.ask("supervisor", "GET", f"{BASE}/{made['id']}/badge")).json()["code"] == "pass_revoked"
    (listed,) = (await press_night.ask("supervisor", "GET", f"{BASE}?event_id={press_night.event_id}")).json()
    assert listed["revoked_at"] is not None
    assert await press_night.rows("select from access.duplicate") == []


async def test_accreditations_and_badges_need_a_recent_sign_in(press_night: "Evening") -> None:
    made = await added(press_night)
    press_night.clock.advance(16 * MINUTE)
    people = [{"id": str(new_id()), "kind": "press", "name": "Example Person"}]
    for method, path, body in (
        ("POST", BASE, request(press_night)),
        ("POST", f"{BASE}/list", {"event_id": str(press_night.event_id), "accreditations": people}),
        ("GET", f"{BASE}/{made['id']}/badge", None),
    ):
        answer = await press_night.ask("supervisor", method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    (row,) = await press_night.rows("select count(*) as n from access.accreditation")
    assert row["n"] == 1
    assert (await press_night.ask("supervisor", "DELETE", f"{BASE}/{made['id']}")).status_code == 204, (
        "ending an accreditation needs no recent sign-in"
    )


async def test_a_repeated_request_is_the_same_accreditation_and_other_content_is_refused(
    press_night: "Evening",
) -> None:
    asked = request(press_night, email=" Photographer@Example.org")
    first = await press_night.ask("supervisor", "POST", BASE, asked)
    again = await press_night.ask("supervisor", "POST", BASE, asked)
    assert first.json() == again.json()
    assert first.json()["email"] == EMAIL
    other = await press_night.ask("supervisor", "POST", BASE, asked | {"name": "Other Person"})
    ticket = await press_night.ticket()
    theirs = await press_night.ask("supervisor", "POST", BASE, request(press_night, id=str(ticket.subject)))
    assert [other.json()["code"], theirs.json()["code"]] == ["id_taken", "id_taken"]
    (row,) = await press_night.rows("select count(*) as n from access.accreditation")
    assert row["n"] == 1, "a refused action changes nothing"


@pytest.mark.parametrize("wrong", [{"name": "  "}, {"name": "x" * 101}, {"email": "invalid"}, {"kind": "king"}])
async def test_an_invalid_accreditation_is_refused_with_its_reason(
    press_night: "Evening", wrong: dict[str, str]
) -> None:
    answer = await press_night.ask("supervisor", "POST", BASE, request(press_night, **wrong))
    assert (answer.status_code, answer.json()["code"]) in ((400, "invalid_input"), (400, "invalid"))


async def test_the_badge_shows_name_kind_event_gates_and_time(press_night: "Evening") -> None:
    made = await added(press_night)
    answer: httpx.Response = await press_night.ask("supervisor", "GET", f"{BASE}/{made['id']}/badge")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    (sheet,) = PdfReader(BytesIO(answer.content)).pages
    words = " ".join(sheet.extract_text().split())
    for said in (NAME, "PRESSE", "Press", "Virage contre Visiteurs", "A1", "09/05 20:00", "09/05 21:00"):
        assert said in words, (said, words)


async def test_a_name_of_any_length_and_script_gets_a_badge_of_one_page(press_night: "Evening") -> None:
    for name in ("X" * 100, "王" * 100, "#strong[x] \\ $y$"):
        made = await added(press_night, name=name)
        answer = await press_night.ask("supervisor", "GET", f"{BASE}/{made['id']}/badge")
        assert answer.status_code == 200
        assert len(PdfReader(BytesIO(answer.content)).pages) == 1


async def test_every_kind_has_a_gate_group_that_no_venue_uses() -> None:
    groups = set(GROUPS.values())
    assert all(is_gate_group(group) for group in groups)
    assert len(groups) == len(GROUPS)
    assert not groups & {gate.group for gate in stadium().gates}
    assert label(stadium(), stadium().places) is None
    assert zone_of(stadium(), "A1", stadium().places) == next(one.stand for one in stadium().gates if one.code == "A1")


async def test_accreditations_do_not_count_as_sold_on_the_board(press_night: "Evening") -> None:
    await added(press_night)
    board = (await press_night.ask("supervisor", "GET", f"/api/access/board/{press_night.event_id}")).json()
    assert sum(zone["tickets"]["sold"] for zone in board["zones"]) == 0


async def test_the_journal_has_no_names_of_accredited_people(press_night: "Evening") -> None:
    made = await added(press_night, email=EMAIL)
    await press_night.ask("supervisor", "DELETE", f"{BASE}/{made['id']}")
    facts = await press_night.rows("select what, data::text as data from kernel.journal order by seq")
    assert {"accreditation_added", "accreditation_revoked", "pass_revoked"} <= {fact["what"] for fact in facts}
    assert not any(NAME in fact["data"] or EMAIL in fact["data"] for fact in facts)


async def test_an_export_lists_the_accreditation_and_erasure_revokes_its_badge(press_night: "Evening") -> None:
    made = await added(press_night, email=EMAIL)
    text = await code(press_night, made["id"])
    async with press_night.db.transaction() as conn:
        person_id = await people.ensure_fan(conn, EMAIL, None, NOW)
        (exported,) = (await reads.export(conn, person_id))["accreditations"]
        assert (exported["kind"], exported["name"]) == ("press", NAME)
        assert await acts.erased(conn, person_id, NOW) is None
    (row,) = await press_night.rows("select name, email, revoked_at from access.accreditation")
    assert tuple(row) == (None, None, NOW)
    assert await scan_badge(press_night, press_night.device("A1"), text) == ("refused", "revoked")


async def test_badges_are_printed_also_where_paper_tickets_are_forbidden(evening: "Evening") -> None:
    await evening.open(paper_accepted=False)
    evening.knows("supervisor", Grant("supervisor"))
    event = f"/api/access/events/{evening.event_id}"
    made = await added(evening)
    text, gate = await code(evening, made["id"]), evening.device("A1")
    assert await scan_badge(evening, gate, text) == ("refused", "paper_not_accepted"), "no window: an ordinary ticket"
    window = {"opens_at": NOW.isoformat(), "closes_at": (NOW + HOUR).isoformat()}
    assert (await evening.ask("supervisor", "PUT", f"{event}/windows/PRESS", window)).status_code == 204
    assert await scan_badge(evening, gate, text) == ("refused", "wrong_gate")
    await evening.ask("supervisor", "PUT", f"{event}/gates/A1", {"extra_groups": ["PRESS"]})
    assert await scan_badge(evening, gate, text) == ("admitted", None)


async def test_administrators_accredit_people_and_supervisors_of_one_gate_do_not(press_night: "Evening") -> None:
    press_night.knows("administrator", Grant("admin"))
    press_night.knows("at the gate", Grant("supervisor", "gate", "A"))
    assert (await press_night.ask("administrator", "POST", BASE, request(press_night))).status_code == 200
    assert (await press_night.ask("at the gate", "POST", BASE, request(press_night))).status_code == 403


async def test_a_list_is_added_once_completely_or_with_every_error_not_at_all(press_night: "Evening") -> None:
    people = [{"id": str(new_id()), "kind": "press", "name": f"Writer {number}"} for number in range(200)]
    body = {"event_id": str(press_night.event_id), "accreditations": people}
    wrong = [people[0], people[1] | {"name": " ", "email": "invalid"}, people[2], people[3] | {"name": "x" * 101}]
    refused = await press_night.ask("supervisor", "POST", f"{BASE}/list", body | {"accreditations": wrong})
    errors = [(error["index"], error["source"]) for error in refused.json()["data"]["errors"]]
    assert (refused.json()["code"], errors) == ("invalid_input", [(1, "name"), (1, "email"), (3, "name")])
    twice = await press_night.ask("supervisor", "POST", f"{BASE}/list", body | {"accreditations": [people[0]] * 2})
    assert twice.json()["code"] == "invalid_input"
    assert await press_night.rows("select from access.accreditation") == []
    first, again = [await press_night.ask("supervisor", "POST", f"{BASE}/list", body) for _ in range(2)]
    assert first.json() == again.json()
    assert [one["name"] for one in first.json()] == [one["name"] for one in people]
    assert len({one["pass_number"] for one in first.json()}) == len(people)
    assert await scan_badge(press_night, press_night.device("A1"), await code(press_night, people[7]["id"])) == (
        "admitted",
        None,
    )
    (row,) = await press_night.rows("select count(*) as n from passes.pass")
    assert row["n"] == len(people)


async def test_a_list_with_a_taken_id_adds_no_accreditation(press_night: "Evening") -> None:
    made, ticket = await added(press_night), await press_night.ticket()
    new = {"id": str(new_id()), "kind": "press", "name": "New Person"}
    for taken in (made["id"], str(ticket.subject)):
        people = [new, {"id": taken, "kind": "staff", "name": "Other Person"}]
        body = {"event_id": str(press_night.event_id), "accreditations": people}
        answer = await press_night.ask("supervisor", "POST", f"{BASE}/list", body)
        assert (answer.json()["code"], answer.json()["data"]) == ("id_taken", {"ids": [taken]})
    (row,) = await press_night.rows("select count(*) as n from access.accreditation")
    assert row["n"] == 1


async def test_window_and_gates_of_a_kind_are_set_together_and_keep_other_settings_of_the_gates(
    press_night: "Evening",
) -> None:
    event = f"/api/access/events/{press_night.event_id}"
    await press_night.ask("supervisor", "PUT", f"{event}/gates/A2", {"turnstile": True, "extra_groups": ["PLAYER"]})
    await press_night.ask(
        "supervisor", "PUT", f"{event}/gates/A1", {"closed": True, "extra_groups": ["PRESS", "WORKS"]}
    )
    await added(press_night)
    word = {"opens_at": NOW.isoformat(), "closes_at": (NOW + 2 * HOUR).isoformat(), "gates": ["A2", "C1"]}
    device = press_night.device("A2")
    beat = {"event_id": str(press_night.event_id), "gate": "A2", "at": NOW.isoformat()}
    version = (await press_night.ask(str(device.id), "POST", "/api/access/heartbeat", beat)).json()["changes"][
        "version"
    ]
    facts = "select what from kernel.journal where what in ('gate_changed', 'window_changed') order by seq"
    before = len(await press_night.rows(facts))
    said = await press_night.ask("supervisor", "PUT", f"{event}/kinds/press", word)
    assert said.status_code == 200, said.text
    assert await press_night.ask("supervisor", "PUT", f"{event}/kinds/press", word) is not None
    assert len(await press_night.rows(facts)) - before == 4, "A1, A2, C1 and the window, once"
    heard = await press_night.ask(str(device.id), "POST", "/api/access/heartbeat", beat | {"version": version})
    assert heard.json()["changes"]["reload"], "windows come with the pack"
    rows = await press_night.rows("select gate, turnstile, closed, extra_groups from access.gate order by gate")
    assert [tuple(row) for row in rows] == [
        ("A1", False, True, ["WORKS"]),
        ("A2", True, False, ["PLAYER", "PRESS"]),
        ("C1", False, False, ["PRESS"]),
    ]
    kinds = {one["kind"]: one for one in (await press_night.ask("supervisor", "GET", f"{event}/kinds")).json()}
    assert kinds["press"] == said.json()
    assert (kinds["press"]["group"], kinds["press"]["count"], kinds["press"]["gates"]) == ("PRESS", 1, ["A2", "C1"])
    assert (kinds["staff"]["count"], kinds["staff"]["opens_at"], kinds["staff"]["gates"]) == (0, None, [])


async def test_kinds_that_are_set_at_the_same_moment_are_both_stored(press_night: "Evening") -> None:
    event = f"/api/access/events/{press_night.event_id}"
    window = {"opens_at": NOW.isoformat(), "closes_at": (NOW + HOUR).isoformat()}
    gates = {"staff": ["B1", "B2", "C1"], "players": ["C1", "B2", "B1"], "contractor": ["B2"], "press": ["B1"]}
    answers = await asyncio.gather(
        *(
            press_night.ask("supervisor", "PUT", f"{event}/kinds/{kind}", window | {"gates": codes})
            for kind, codes in gates.items()
        )
    )
    assert [answer.status_code for answer in answers] == [200] * 4
    kinds = (await press_night.ask("supervisor", "GET", f"{event}/kinds")).json()
    assert {one["kind"]: one["gates"] for one in kinds} == {kind: sorted(codes) for kind, codes in gates.items()}


@pytest.mark.parametrize(
    ("kind", "changes", "code"),
    [
        ("kings", {}, "not_found"),
        ("press", {"gates": ["A1", "ZZ9"]}, "invalid_input"),
        ("press", {"closes_at": NOW.isoformat()}, "invalid_input"),
        ("press", {"opens_at": "0001-01-01T00:00:00Z"}, "invalid_input"),
    ],
)
async def test_an_invalid_window_or_gate_of_a_kind_changes_nothing(
    press_night: "Evening", kind: str, changes: Any, code: str
) -> None:
    event = f"/api/access/events/{press_night.event_id}"
    before = (await press_night.ask("supervisor", "GET", f"{event}/kinds")).json()
    word = {"opens_at": NOW.isoformat(), "closes_at": (NOW + 2 * HOUR).isoformat(), "gates": ["C1"]} | changes
    assert (await press_night.ask("supervisor", "PUT", f"{event}/kinds/{kind}", word)).json()["code"] == code
    assert (await press_night.ask("supervisor", "GET", f"{event}/kinds")).json() == before


async def test_names_of_accredited_people_are_erased_thirty_days_after_the_event(press_night: "Evening") -> None:
    made = await added(press_night, email=EMAIL)
    ends = NOW + 3 * HOUR
    jobs = AccessJobs(press_night.db, press_night.clock)
    press_night.clock.advance(ends + timedelta(days=30) - NOW - MINUTE)
    await jobs.forget()
    assert (await listed(press_night))[0]["name"] == NAME
    press_night.clock.advance(MINUTE)
    await jobs.forget()
    await jobs.forget()
    (kept,) = await listed(press_night)
    assert (kept["id"], kept["name"], kept["email"]) == (made["id"], None, None)
    press_night.knows("supervisor", Grant("supervisor"))  # signed in again
    badge = await press_night.ask("supervisor", "GET", f"{BASE}/{made['id']}/badge")
    assert badge.json()["code"] == "pass_expired", "no badge without a name"
    facts = await press_night.rows("select about, data from kernel.journal where what = 'accreditations_forgotten'")
    assert [(fact["about"], fact["data"]) for fact in facts] == [(press_night.event_id, {"count": 1})]


async def listed(night: "Evening") -> Any:
    return (await night.ask("supervisor", "GET", f"{BASE}?event_id={night.event_id}")).json()


async def test_a_gate_with_the_maximum_of_groups_takes_no_other_kind_and_can_be_closed(
    press_night: "Evening",
) -> None:
    event = f"/api/access/events/{press_night.event_id}"
    full = [f"X{number}" for number in range(GROUPS_MAX)]
    word = {"opens_at": NOW.isoformat(), "closes_at": (NOW + HOUR).isoformat(), "gates": ["A1", "C1"]}
    assert (await press_night.ask("supervisor", "PUT", f"{event}/gates/A1", {"extra_groups": full})).status_code == 204
    refused = await press_night.ask("supervisor", "PUT", f"{event}/kinds/staff", word)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input")
    kinds = (await press_night.ask("supervisor", "GET", f"{event}/kinds")).json()
    assert [(one["opens_at"], one["gates"]) for one in kinds if one["kind"] == "staff"] == [(None, [])]
    board = (await press_night.ask("supervisor", "GET", f"/api/access/board/{press_night.event_id}")).json()
    stands = next(gate for gate in board["gates"] if gate["code"] == "A1")
    closing = {"extra_groups": stands["extra_groups"], "closed": True}
    assert (await press_night.ask("supervisor", "PUT", f"{event}/gates/A1", closing)).status_code == 204

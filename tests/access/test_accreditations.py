"""Staff, players and press enter with the same pass as everybody, by zone and time."""

from io import BytesIO
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import pytest
from pypdf import PdfReader

from tests.access.conftest import HOUR, MINUTE, NOW
from virage.access.acts import accreditations as acts
from virage.access.reads import accreditations as reads
from virage.access.rules.accreditations import GROUPS
from virage.access.rules.ground import label, zone_of
from virage.kernel.guard import Grant
from virage.kernel.ids import new_id
from virage.passes.acts import Printed
from virage.passes.rules.claims import is_gate_group
from virage.people import acts as people
from virage.venue.rules import load_ground

if TYPE_CHECKING:
    from tests.access.conftest import Evening

NAME = "Remarkable Photographer"
EMAIL = "photographer@example.org"
BASE = "/api/access/accreditations"


def wish(night: "Evening", **changes: Any) -> dict[str, Any]:
    return {"id": str(new_id()), "event_id": str(night.event_id), "kind": "press", "name": NAME} | changes


@pytest.fixture
async def pressed(night: "Evening") -> "Evening":
    """The same evening: a supervisor has opened A1 to the press, from now for an hour."""
    night.knows("supervisor", Grant("supervisor"))
    event = f"/api/access/events/{night.event_id}"
    window = {"opens_at": NOW.isoformat(), "closes_at": (NOW + HOUR).isoformat()}
    for path, word in (("gates/A1", {"extra_groups": ["PRESS"]}), ("windows/PRESS", window)):
        assert (await night.ask("supervisor", "PUT", f"{event}/{path}", word)).status_code == 204
    return night


async def added(night: "Evening", **changes: Any) -> dict[str, Any]:
    answer = await night.ask("supervisor", "POST", BASE, wish(night, **changes))
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def code(night: "Evening", id_: str) -> str:
    """What the QR code of the badge says."""
    async with night.db.transaction() as conn:
        printed = await acts.badge(conn, night.vault, UUID(id_), who=None, now=night.clock.now())
    assert isinstance(printed, Printed)
    return printed.text


async def shown(night: "Evening", at: Any, text: str, kind: str = "ask") -> tuple[str, str | None]:
    (answer,) = await night.send(at, night.scan(at, kind, code=text))
    return answer["outcome"], answer.get("reason")


async def test_a_badge_comes_and_goes_within_its_time_and_at_its_gates_until_it_is_revoked(pressed: "Evening") -> None:
    made = await added(pressed)
    text, a1, a2 = await code(pressed, made["id"]), pressed.device("A1"), pressed.device("C1")
    assert await shown(pressed, a2, text) == ("refused", "wrong_gate")
    assert await shown(pressed, a1, text) == ("admitted", None)
    assert await shown(pressed, a1, text, "left") == ("noted", None)
    assert await shown(pressed, a1, text) == ("admitted", None)
    pressed.clock.advance(HOUR)
    assert await shown(pressed, a1, text) == ("refused", "not_now")
    pressed.clock.advance(-MINUTE)
    assert await shown(pressed, a1, text) == ("admitted", None)
    assert (await pressed.ask("supervisor", "DELETE", f"{BASE}/{made['id']}")).status_code == 204
    assert await shown(pressed, a1, text) == ("refused", "revoked")
    assert (await pressed.ask("supervisor", "GET", f"{BASE}/{made['id']}/badge")).json()["code"] == "pass_revoked"
    (listed,) = (await pressed.ask("supervisor", "GET", f"{BASE}?event_id={pressed.event_id}")).json()
    assert listed["revoked_at"] is not None
    assert await pressed.rows("select from access.duplicate") == []


async def test_the_same_wish_again_is_the_same_accreditation_and_another_one_has_another_id(
    pressed: "Evening",
) -> None:
    asked = wish(pressed, email=" Photographer@Example.org")
    first = await pressed.ask("supervisor", "POST", BASE, asked)
    again = await pressed.ask("supervisor", "POST", BASE, asked)
    assert first.json() == again.json()
    assert first.json()["email"] == EMAIL
    other = await pressed.ask("supervisor", "POST", BASE, asked | {"name": "Somebody else"})
    ticket = await pressed.ticket()
    theirs = await pressed.ask("supervisor", "POST", BASE, wish(pressed, id=str(ticket.subject)))
    assert [other.json()["code"], theirs.json()["code"]] == ["id_taken", "id_taken"]
    (row,) = await pressed.rows("select count(*) as n from access.accreditation")
    assert row["n"] == 1, "a refused action changes nothing"


@pytest.mark.parametrize("wrong", [{"name": "  "}, {"name": "x" * 101}, {"email": "nobody"}, {"kind": "king"}])
async def test_a_wish_that_makes_no_badge_says_why(pressed: "Evening", wrong: dict[str, str]) -> None:
    answer = await pressed.ask("supervisor", "POST", BASE, wish(pressed, **wrong))
    assert (answer.status_code, answer.json()["code"]) in ((400, "invalid_input"), (400, "invalid"))


async def test_the_badge_says_name_kind_event_gates_and_time(pressed: "Evening") -> None:
    made = await added(pressed)
    answer: httpx.Response = await pressed.ask("supervisor", "GET", f"{BASE}/{made['id']}/badge")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    (sheet,) = PdfReader(BytesIO(answer.content)).pages
    words = " ".join(sheet.extract_text().split())
    for said in (NAME, "PRESSE", "Press", "Virage contre Visiteurs", "A1", "09/05 20:00", "09/05 21:00"):
        assert said in words, (said, words)


async def test_a_name_of_any_length_and_script_gets_a_badge_of_one_page(pressed: "Evening") -> None:
    for name in ("X" * 100, "王" * 100, "#strong[x] \\ $y$"):
        made = await added(pressed, name=name)
        answer = await pressed.ask("supervisor", "GET", f"{BASE}/{made['id']}/badge")
        assert answer.status_code == 200
        assert len(PdfReader(BytesIO(answer.content)).pages) == 1


async def test_every_kind_has_a_group_that_a_pass_can_carry_and_no_ground_uses() -> None:
    groups = set(GROUPS.values())
    assert all(is_gate_group(group) for group in groups)
    assert len(groups) == len(GROUPS)
    assert not groups & {gate.group for gate in load_ground().gates}
    assert label(load_ground().places) is None
    assert zone_of("A1", load_ground().places) == next(one.stand for one in load_ground().gates if one.code == "A1")


async def test_accreditations_are_no_sold_tickets_on_the_board(pressed: "Evening") -> None:
    await added(pressed)
    board = (await pressed.ask("supervisor", "GET", f"/api/access/board/{pressed.event_id}")).json()
    assert sum(zone["by_ticket"]["sold"] for zone in board["zones"]) == 0


async def test_the_journal_names_nobody(pressed: "Evening") -> None:
    made = await added(pressed, email=EMAIL)
    await pressed.ask("supervisor", "DELETE", f"{BASE}/{made['id']}")
    facts = await pressed.rows("select what, data::text as data from kernel.journal order by seq")
    assert {"accreditation_added", "accreditation_revoked", "pass_revoked"} <= {fact["what"] for fact in facts}
    assert not any(NAME in fact["data"] or EMAIL in fact["data"] for fact in facts)


async def test_whoever_is_erased_is_exported_before_and_their_badge_ends(pressed: "Evening") -> None:
    made = await added(pressed, email=EMAIL)
    text = await code(pressed, made["id"])
    async with pressed.db.transaction() as conn:
        person_id = await people.ensure_fan(conn, EMAIL, None, NOW)
        (told,) = (await reads.export(conn, person_id))["accreditations"]
        assert (told["kind"], told["name"]) == ("press", NAME)
        assert await acts.erased(conn, person_id, NOW) is None
    (row,) = await pressed.rows("select name, email, revoked_at from access.accreditation")
    assert tuple(row) == (None, None, NOW)
    assert await shown(pressed, pressed.device("A1"), text) == ("refused", "revoked")


async def test_a_badge_is_paper_also_where_no_ticket_is(evening: "Evening") -> None:
    await evening.open(paper_accepted=False)
    evening.knows("supervisor", Grant("supervisor"))
    event = f"/api/access/events/{evening.event_id}"
    made = await added(evening)
    text, gate = await code(evening, made["id"]), evening.device("A1")
    assert await shown(evening, gate, text) == ("refused", "paper_not_accepted"), "no window: an ordinary ticket"
    window = {"opens_at": NOW.isoformat(), "closes_at": (NOW + HOUR).isoformat()}
    assert (await evening.ask("supervisor", "PUT", f"{event}/windows/PRESS", window)).status_code == 204
    assert await shown(evening, gate, text) == ("refused", "wrong_gate")
    await evening.ask("supervisor", "PUT", f"{event}/gates/A1", {"extra_groups": ["PRESS"]})
    assert await shown(evening, gate, text) == ("admitted", None)


async def test_an_administrator_may_and_whoever_supervises_one_gate_may_not(pressed: "Evening") -> None:
    pressed.knows("administrator", Grant("admin"))
    pressed.knows("at the gate", Grant("supervisor", "gate", "A"))
    assert (await pressed.ask("administrator", "POST", BASE, wish(pressed))).status_code == 200
    assert (await pressed.ask("at the gate", "POST", BASE, wish(pressed))).status_code == 403

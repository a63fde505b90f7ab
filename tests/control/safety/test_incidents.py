"""Incidents over HTTP: reported, changed and resolved, once each, and within their scope."""

import asyncio
from datetime import timedelta

import pytest

from tests.control.safety.conftest import ControlRoom
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

SEAT = {"by": "seat", "block": "203", "row": "1", "seat": "1"}


async def test_an_incident_is_reported_with_its_place_and_listed_by_priority(room: ControlRoom) -> None:
    flag = await room.reported(kind="flag", priority=3, text="Banner over the board", place=None)
    medical = await room.reported(place=SEAT)
    listed = await room.incidents()
    assert [one["id"] for one in listed] == [medical, flag]
    assert listed[0]["place"] == SEAT
    assert (listed[0]["text"], listed[0]["kind"]) == ("A man has collapsed", "medical")
    assert listed[0]["resolved_at"] is None


async def test_a_report_sent_twice_is_one_incident(room: ControlRoom) -> None:
    body = {"id": str(new_id()), "kind": "fight", "priority": 2, "text": "Two men at the bar"}
    path = f"events/{room.event}/incidents"
    first = await room.ask("POST", path, body)
    room.clock.advance(timedelta(minutes=1))
    assert (await room.ask("POST", path, body)).json() == first.json()
    other = await room.ask("POST", path, {**body, "text": "Three men at the bar"})
    assert (other.status_code, other.json()["code"]) == (409, "incident_id_taken")
    assert (await room.ask("POST", path, body, who=room.second)).json()["code"] == "incident_id_taken"
    assert len(await room.incidents()) == 1


async def test_a_report_from_an_offline_phone_keeps_its_time_unless_that_is_in_the_future(room: ControlRoom) -> None:
    now = room.clock.now()
    earlier = await room.reported(occurred_at=(now - timedelta(minutes=9)).isoformat())
    later = await room.reported(occurred_at=(now + timedelta(minutes=9)).isoformat())
    times = {one["id"]: (one["occurred_at"], one["reported_at"]) for one in await room.incidents()}
    stored = now.isoformat().replace("+00:00", "Z")
    assert times[earlier] == ((now - timedelta(minutes=9)).isoformat().replace("+00:00", "Z"), stored)
    assert times[later] == (stored, stored)


@pytest.mark.parametrize(
    "place",
    [
        {"by": "seat", "block": "203", "row": "1", "seat": "999"},
        {"by": "seat", "block": "203", "row": "no", "seat": "1"},
        {"by": "seat", "block": "no", "row": "1", "seat": "1"},
        {"by": "zone", "zone": "no"},
    ],
)
async def test_a_place_that_the_venue_does_not_have_is_refused(room: ControlRoom, place: dict[str, str]) -> None:
    answer = await room.report(place=place)
    assert (answer.status_code, answer.json()["code"]) == (409, "place_unknown")
    incident = await room.reported(place={"by": "map", "x_cm": 100, "y_cm": -250})
    assert (await room.change(incident, "placed", place=place)).json()["code"] == "place_unknown"
    assert len((await room.detail(incident))["entries"]) == 1


async def test_the_timeline_shows_each_change_with_its_author(room: ControlRoom) -> None:
    incident = await room.reported()
    assert (await room.change(incident, "noted", text="Team 4 is on the way")).status_code == 200
    assert (await room.change(incident, "prioritised", priority=2)).status_code == 200
    assert (await room.change(incident, "placed", place=SEAT)).status_code == 200
    assert (await room.change(incident, "resolved", text="Taken to hospital", who=room.second)).status_code == 200
    assert (await room.change(incident, "reopened", text="A second person is ill")).status_code == 200
    found = await room.detail(incident)
    assert [(one["kind"], one["text"]) for one in found["entries"]] == [
        ("incident_reported", "A man has collapsed"),
        ("incident_noted", "Team 4 is on the way"),
        ("incident_prioritised", None),
        ("incident_placed", None),
        ("incident_resolved", "Taken to hospital"),
        ("incident_reopened", "A second person is ill"),
    ]
    assert [one["number"] for one in found["entries"]] == [1, 2, 3, 4, 5, 6]
    assert found["entries"][4]["who"] != found["entries"][3]["who"]
    assert (found["incident"]["priority"], found["incident"]["place"]) == (2, SEAT)
    assert found["incident"]["resolved_at"] is None


async def test_of_two_controllers_who_resolve_at_once_one_is_refused(room: ControlRoom) -> None:
    incident = await room.reported()
    answers = await asyncio.gather(
        room.change(incident, "resolved"), room.change(incident, "resolved", who=room.second)
    )
    assert sorted(one.status_code for one in answers) == [200, 409]
    refused = next(one for one in answers if one.status_code == 409)
    assert refused.json()["code"] == "incident_resolved"
    found = await room.detail(incident)
    assert [one["kind"] for one in found["entries"]] == ["incident_reported", "incident_resolved"]


async def test_a_resolved_incident_takes_notes_and_nothing_else(room: ControlRoom) -> None:
    incident = await room.reported()
    assert (await room.change(incident, "reopened", text="Again")).json()["code"] == "incident_open"
    assert (await room.change(incident, "resolved")).status_code == 200
    assert (await room.change(incident, "prioritised", priority=1)).json()["code"] == "incident_resolved"
    assert (await room.change(incident, "noted", text="Report by the doctor")).status_code == 200


async def test_a_change_sent_twice_is_one_entry(room: ControlRoom) -> None:
    incident = await room.reported()
    body = {"id": str(new_id()), "kind": "resolved", "text": "Done"}
    first = await room.ask("POST", f"incidents/{incident}/entries", body)
    assert (await room.ask("POST", f"incidents/{incident}/entries", body)).json() == first.json()
    other = await room.reported()
    taken = await room.ask("POST", f"incidents/{other}/entries", body)
    assert (taken.status_code, taken.json()["code"]) == (409, "incident_id_taken")


async def test_reports_at_once_get_the_next_numbers_each(room: ControlRoom) -> None:
    await asyncio.gather(*(room.reported(text=f"Call {number}") for number in range(20)))
    details = [await room.detail(one["id"]) for one in await room.incidents()]
    assert sorted(one["entries"][0]["number"] for one in details) == list(range(1, 21))


async def test_a_controller_of_another_event_sees_and_changes_nothing(room: ControlRoom) -> None:
    incident = await room.reported()
    other = await room.world.signed_in("other@example.org", Grant("controller", "event", room.world.their_event))
    for method, path, body in [
        ("GET", f"events/{room.event}/incidents", None),
        ("GET", f"events/{room.event}/log", None),
        ("GET", f"incidents/{incident}", None),
        ("POST", f"incidents/{incident}/entries", {"id": str(new_id()), "kind": "resolved"}),
        ("POST", f"events/{room.event}/incidents", {"id": str(new_id()), "kind": "fire", "priority": 1}),
    ]:
        assert (await room.ask(method, path, body, who=other)).status_code == 404, path
    assert len((await room.detail(incident))["entries"]) == 1

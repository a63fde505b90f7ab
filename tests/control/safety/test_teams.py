"""Teams of an event: which is nearest, who takes which step, and how long each took."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app.conftest import BLOCK, SECRET
from tests.control.safety.conftest import ControlRoom
from virage.control.safety.acts.erasure import forget_teams_and_requests
from virage.control.safety.jobs import RetentionJob
from virage.control.safety.rules.incidents import MapPlace, SeatPlace, ZonePlace
from virage.control.safety.rules.teams import (
    NEXT_STEPS,
    Assignment,
    AssignmentState,
    LastIncident,
    PassReason,
    StepRequest,
    Team,
    TeamKind,
    TeamState,
    TeamStep,
    is_overdue,
    may_step,
    place_of_team,
    state_of_team,
    step_time,
    stepped,
)
from virage.control.safety.rules.verifying import LogReport, verify
from virage.control.safety.rules.walking import walking_s
from virage.control.safety.settings import SafetySettings
from virage.demo.venues.drawing import stadium
from virage.identity.keys.rules.vault import PURPOSE, KeyVault
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.site.venue.types import RouteOptions, route_table

NOON = datetime(2026, 5, 9, 12, tzinfo=UTC)
SEAT = {"by": "seat", "block": BLOCK, "row": "1", "seat": "1"}
STAND = next(block.stand for block in stadium().blocks if block.code == BLOCK)
OTHER_STAND = next(stand.code for stand in stadium().stands if stand.code != STAND)
TIMES = ("assigned_at", "accepted_at", "on_the_way_at", "arrived_at", "ended_at")


class Crew:
    """The teams of an event: what controllers do with them, and what their members do on their phones."""

    def __init__(self, room: ControlRoom) -> None:
        self.room = room

    async def create(self, code: str, *, who: dict[str, str] | None = None, **changes: Any) -> Any:
        body = {"id": str(new_id()), "code": code, "name": f"Team {code}", "kind": "medical", "members": []}
        return await self.room.ask("POST", f"events/{self.room.event}/teams", body | changes, who=who)

    async def created(self, code: str, **changes: Any) -> str:
        """Create a team; return its id."""
        answer = await self.create(code, **changes)
        assert answer.status_code == 200, answer.text
        found: str = next(one["id"] for one in answer.json() if one["code"] == code)
        return found

    async def listed(self) -> dict[str, Any]:
        """The teams by code."""
        return {one["code"]: one for one in (await self.room.ask("GET", f"events/{self.room.event}/teams")).json()}

    async def at(self, incident: str) -> Any:
        """The assignments of an incident, and the free teams."""
        return (await self.room.ask("GET", f"incidents/{incident}/teams")).json()

    async def assign(
        self, incident: str, team: str, *, seen: int = 0, who: dict[str, str] | None = None, **changes: Any
    ) -> Any:
        body = {"id": str(new_id()), "team_id": team, "teams_seen": seen} | changes
        return await self.room.ask("POST", f"incidents/{incident}/teams", body, who=who)

    async def assigned(self, incident: str, team: str, *, seen: int = 0) -> str:
        """Send a team; return the id of its assignment."""
        answer = await self.assign(incident, team, seen=seen)
        assert answer.status_code == 200, answer.text
        found: str = answer.json()["assignments"][-1]["id"]
        return found

    async def withdraw(self, assignment: str) -> Any:
        body = {"id": str(new_id()), "step": "withdrawn"}
        return await self.room.ask("POST", f"assignments/{assignment}/steps", body)

    async def member(self, email: str, *grants: Grant) -> dict[str, str]:
        """A member of the staff who has signed in."""
        return await self.room.world.signed_in(email, *(grants or (Grant("kitchen", "outlet", "01"),)))

    async def phone(self, who: dict[str, str], method: str, path: str, body: Any = None) -> Any:
        return await self.room.world.ask(who, method, f"/api/safety/{path}", body)

    async def duty(self, who: dict[str, str]) -> Any:
        return (await self.phone(who, "GET", f"events/{self.room.event}/duty")).json()

    async def step(self, who: dict[str, str], assignment: str, step: str, **changes: Any) -> Any:
        body = {"id": str(new_id()), "step": step} | changes
        return await self.phone(who, "POST", f"assignments/{assignment}/steps", body)


@pytest.fixture
def crew(room: ControlRoom) -> Crew:
    return Crew(room)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_free_teams_are_listed_by_fit_and_walking_time_and_those_without_a_place_come_last(crew: Crew) -> None:
    await crew.created("FAR", post=OTHER_STAND)
    await crew.created("UNKNOWN")
    await crew.created("NEAR", post=BLOCK)
    await crew.created("FIXERS", kind="technical", post=BLOCK)
    incident = await crew.room.reported(place=SEAT)
    found = (await crew.at(incident))["candidates"]
    assert [(one["code"], one["fits"]) for one in found] == [
        ("NEAR", True),
        ("FAR", True),
        ("UNKNOWN", True),
        ("FIXERS", False),
    ]
    near, far, unknown, _ = (one["walking_s"] for one in found)
    assert 0 < near < 60 < far
    assert unknown is None
    elsewhere = await crew.room.reported(place={"by": "zone", "zone": OTHER_STAND})
    assert [one["code"] for one in (await crew.at(elsewhere))["candidates"]][:2] == ["FAR", "NEAR"]
    nowhere = await crew.room.reported(place=None)
    assert {one["walking_s"] for one in (await crew.at(nowhere))["candidates"]} == {None}


async def test_a_team_is_near_its_last_incident_until_it_had_the_time_to_walk_back(crew: Crew) -> None:
    team = await crew.created("M1", post=OTHER_STAND)
    first, second = await crew.room.reported(place=SEAT), await crew.room.reported(place=SEAT)
    from_post = (await crew.at(second))["candidates"][0]["walking_s"]
    assignment = await crew.assigned(first, team)
    for step in ("accepted", "arrived", "released"):
        body = {"id": str(new_id()), "step": step}
        assert (await crew.room.ask("POST", f"assignments/{assignment}/steps", body)).status_code == 200
    (there,) = (await crew.at(second))["candidates"]
    assert there["place"] == SEAT
    assert there["walking_s"] < from_post
    crew.room.clock.advance(timedelta(seconds=from_post + 60))
    (back,) = (await crew.at(second))["candidates"]
    assert (back["place"], back["walking_s"]) == ({"by": "zone", "zone": OTHER_STAND}, from_post)


async def test_an_assignment_goes_to_the_phone_and_each_step_and_its_time_to_the_desk(crew: Crew) -> None:
    member = await crew.member("one@example.org")
    team = await crew.created("M1", members=["One@example.org"])
    incident = await crew.room.reported(place=SEAT)
    started = crew.room.clock.now()
    assignment = await crew.assigned(incident, team)
    shown = await crew.duty(member)
    assert shown["assignments"][0]["incident"]["place"] == SEAT
    assert (shown["assignments"][0]["assignment"]["state"], shown["teams"][0]["state"]) == ("assigned", "assigned")
    states = []
    for seconds, step in ((20, "accepted"), (25, "on_the_way"), (90, "arrived"), (300, "released")):
        crew.room.clock.advance(timedelta(seconds=seconds))
        assert (await crew.step(member, assignment, step)).status_code == 200
        states.append((await crew.listed())["M1"]["state"])
    assert states == ["assigned", "on_the_way", "at_the_place", "free"]
    (found,) = (await crew.at(incident))["assignments"]
    assert [(moment(found[time]) - started).total_seconds() for time in TIMES] == [0, 20, 45, 135, 435]
    assert (found["state"], found["ended_by"]) == ("over", "released")
    entries = (await crew.room.detail(incident))["entries"]
    assert [one["kind"] for one in entries] == [
        "incident_reported",
        "team_assigned",
        "team_accepted",
        "team_on_the_way",
        "team_arrived",
        "team_released",
    ]
    assert {one["data"]["team"] for one in entries[1:]} == {"M1"}
    assert (await crew.duty(member))["assignments"] == []


async def test_of_two_controllers_who_send_a_team_to_two_incidents_one_is_refused(crew: Crew) -> None:
    team = await crew.created("M1")
    first, second = await crew.room.reported(), await crew.room.reported()
    answers = await asyncio.gather(crew.assign(first, team), crew.assign(second, team, who=crew.room.second))
    assert sorted(one.status_code for one in answers) == [200, 409]
    assert next(one for one in answers if one.status_code == 409).json()["code"] == "team_busy"
    assert len((await crew.at(first))["assignments"] + (await crew.at(second))["assignments"]) == 1


async def test_of_two_controllers_who_send_different_teams_at_once_one_is_refused_and_may_then_add_a_second(
    crew: Crew,
) -> None:
    teams = [await crew.created("M1"), await crew.created("M2")]
    incident = await crew.room.reported()
    answers = await asyncio.gather(
        crew.assign(incident, teams[0]), crew.assign(incident, teams[1], who=crew.room.second)
    )
    assert sorted(one.status_code for one in answers) == [200, 409]
    refused = next(one for one in answers if one.status_code == 409)
    assert refused.json()["code"] == "teams_changed"
    assert len((await crew.at(incident))["assignments"]) == 1
    other = teams[answers.index(refused)]
    assert (await crew.assign(incident, other, seen=1)).status_code == 200


async def test_a_busy_team_is_taken_only_after_it_was_withdrawn_for_all_to_see(crew: Crew) -> None:
    team = await crew.created("M1")
    first, second = await crew.room.reported(), await crew.room.reported()
    assignment = await crew.assigned(first, team)
    assert (await crew.assign(second, team)).json()["code"] == "team_busy"
    assert [one["code"] for one in (await crew.at(second))["candidates"]] == []
    off_duty = {"id": str(new_id()), "name": "Team", "kind": "medical", "on_duty": False}
    assert (await crew.room.ask("POST", f"teams/{team}/changes", off_duty)).json()["code"] == "team_busy"
    assert (await crew.withdraw(assignment)).status_code == 200
    assert (await crew.room.detail(first))["entries"][-1]["kind"] == "team_withdrawn"
    assert (await crew.assign(second, team)).status_code == 200


async def test_requests_that_are_sent_twice_have_one_effect(crew: Crew) -> None:
    member = await crew.member("one@example.org")
    new: dict[str, Any] = {"id": str(new_id()), "members": ["one@example.org"]}
    team = await crew.created("M1", **new)
    again = await crew.create("M1", **new)
    assert (again.status_code, len(again.json())) == (200, 1)
    assert (await crew.create("M2", **new)).json()["code"] == "team_id_taken"
    assert (await crew.create("M1")).json()["code"] == "team_code_taken"
    change = {"id": str(new_id()), "name": "New name", "kind": "security", "on_duty": True}
    for _ in range(2):
        (changed,) = (await crew.room.ask("POST", f"teams/{team}/changes", change | {"members": new["members"]})).json()
        assert (changed["name"], changed["kind"]) == ("New name", "security")
    incident = await crew.room.reported()
    sent: dict[str, Any] = {"id": str(new_id())}
    assert (await crew.assign(incident, team, **sent)).status_code == 200
    assert (await crew.assign(incident, team, **sent)).status_code == 200
    assert (await crew.assign(incident, team, who=crew.room.second, **sent)).json()["code"] == "team_id_taken"
    assert len((await crew.at(incident))["assignments"]) == 1
    step: dict[str, Any] = {"id": str(new_id())}
    assert (await crew.step(member, sent["id"], "accepted", **step)).status_code == 200
    crew.room.clock.advance(timedelta(seconds=5))
    assert (await crew.step(member, sent["id"], "accepted", **step)).status_code == 200
    assert (await crew.step(member, sent["id"], "accepted")).json()["code"] == "assignment_moved_on"
    assert (await crew.step(member, sent["id"], "released", **step)).json()["code"] == "team_id_taken"
    assert len((await crew.room.detail(incident))["entries"]) == 3


async def test_a_team_passes_on_with_a_reason_and_the_next_one_is_sent(crew: Crew) -> None:
    member = await crew.member("one@example.org")
    teams = [await crew.created("M1", members=["one@example.org"]), await crew.created("M2")]
    incident = await crew.room.reported()
    assignment = await crew.assigned(incident, teams[0])
    assert (await crew.step(member, assignment, "passed_on")).status_code == 400
    assert (await crew.step(member, assignment, "accepted", reason="busy")).status_code == 400
    assert (await crew.step(member, assignment, "withdrawn")).status_code == 400
    assert (await crew.step(member, assignment, "passed_on", reason="too_far")).status_code == 200
    found = await crew.at(incident)
    assert (found["assignments"][0]["ended_by"], found["assignments"][0]["reason"]) == ("passed_on", "too_far")
    assert (await crew.room.detail(incident))["entries"][-1]["data"]["reason"] == "too_far"
    assert (await crew.step(member, assignment, "accepted")).json()["code"] == "assignment_moved_on"
    assert (await crew.assign(incident, teams[1], seen=1)).status_code == 200


async def test_an_assignment_is_overdue_after_a_minute_without_acceptance(crew: Crew) -> None:
    member = await crew.member("one@example.org")
    team = await crew.created("M1", members=["one@example.org"])
    assignment = await crew.assigned(await crew.room.reported(), team)
    crew.room.clock.advance(timedelta(seconds=59))
    assert (await crew.listed())["M1"]["assignment"]["overdue"] is False
    crew.room.clock.advance(timedelta(seconds=1))
    assert (await crew.listed())["M1"]["assignment"]["overdue"] is True
    assert (await crew.step(member, assignment, "accepted")).status_code == 200
    assert (await crew.listed())["M1"]["assignment"]["overdue"] is False


async def test_a_resolved_incident_releases_its_teams_and_takes_no_other(crew: Crew) -> None:
    team = await crew.created("M1")
    incident = await crew.room.reported()
    await crew.assigned(incident, team)
    assert (await crew.room.change(incident, "resolved")).status_code == 200
    found = await crew.at(incident)
    assert (found["assignments"][0]["ended_by"], found["candidates"]) == ("resolved", [])
    assert (await crew.listed())["M1"]["state"] == "free"
    assert (await crew.assign(incident, team, seen=1)).json()["code"] == "incident_resolved"


async def test_a_team_off_duty_is_neither_offered_nor_sent(crew: Crew) -> None:
    team = await crew.created("M1")
    change = {"id": str(new_id()), "name": "Team", "kind": "medical", "on_duty": False}
    (changed,) = (await crew.room.ask("POST", f"teams/{team}/changes", change)).json()
    assert changed["state"] == "off_duty"
    incident = await crew.room.reported()
    assert (await crew.at(incident))["candidates"] == []
    assert (await crew.assign(incident, team)).json()["code"] == "team_off_duty"


async def test_posts_and_members_must_exist(crew: Crew) -> None:
    await crew.room.world.signed_in("fan@example.org")
    assert (await crew.create("M1", post="no such zone")).json()["code"] == "place_unknown"
    for address in ("unknown@example.org", "fan@example.org", "no address"):
        assert (await crew.create("M1", members=[address])).json()["code"] == "member_unknown"
    team = await crew.created("M1")
    change = {"id": str(new_id()), "name": "Team", "kind": "medical", "on_duty": True}
    for wrong, code in (({"post": "no"}, "place_unknown"), ({"members": ["x@example.org"]}, "member_unknown")):
        assert (await crew.room.ask("POST", f"teams/{team}/changes", change | wrong)).json()["code"] == code


async def test_a_report_of_a_phone_keeps_its_time_and_its_author_adds_to_it(crew: Crew) -> None:
    steward = await crew.member("steward@example.org", Grant("steward", "gate", "A"))
    written_at = crew.room.clock.now() - timedelta(minutes=7)
    body: dict[str, Any] = {
        "id": str(new_id()),
        "kind": "fight",
        "priority": 1,
        "place": SEAT,
        "occurred_at": written_at.isoformat(),
    }
    path = f"events/{crew.room.event}/reports"
    assert [one["id"] for one in (await crew.phone(steward, "GET", "events")).json()][:1] == [str(crew.room.event)]
    for _ in range(2):
        (report,) = (await crew.phone(steward, "POST", path, body)).json()["reports"]
    assert moment(report["occurred_at"]) == written_at
    (listed,) = await crew.room.incidents()
    assert (listed["id"], listed["place"]) == (body["id"], SEAT)
    entries = f"reports/{body['id']}/entries"
    note = {"id": str(new_id()), "kind": "noted", "text": "Two men with red scarves"}
    assert (await crew.phone(steward, "POST", entries, note)).status_code == 200
    more = {"id": str(new_id()), "kind": "prioritised", "priority": 2}
    assert (await crew.phone(steward, "POST", entries, more)).json()["reports"][0]["priority"] == 2
    resolve = {"id": str(new_id()), "kind": "resolved"}
    assert (await crew.phone(steward, "POST", entries, resolve)).status_code == 400
    assert (await crew.room.detail(body["id"]))["entries"][1]["text"] == "Two men with red scarves"


async def test_a_step_without_network_keeps_its_time_between_the_last_step_and_now(crew: Crew) -> None:
    member = await crew.member("one@example.org")
    team = await crew.created("M1", members=["one@example.org"])
    incident = await crew.room.reported()
    assignment = await crew.assigned(incident, team)
    crew.room.clock.advance(timedelta(minutes=10))
    now = crew.room.clock.now()
    early = (now - timedelta(hours=1)).isoformat()
    assert (await crew.step(member, assignment, "accepted", occurred_at=early)).status_code == 200
    arrived = (now - timedelta(minutes=4)).isoformat()
    assert (await crew.step(member, assignment, "arrived", occurred_at=arrived)).status_code == 200
    late = (now + timedelta(hours=1)).isoformat()
    assert (await crew.step(member, assignment, "released", occurred_at=late)).status_code == 200
    (found,) = (await crew.at(incident))["assignments"]
    assert found["accepted_at"] == found["assigned_at"]
    assert (moment(found["arrived_at"]), moment(found["ended_at"])) == (now - timedelta(minutes=4), now)


async def test_a_steward_sees_and_changes_only_own_reports_and_assignments(crew: Crew) -> None:
    own = await crew.member("one@example.org")
    other = await crew.member("two@example.org")
    outside = await crew.member("three@example.org")
    theirs = await crew.member("four@example.org", Grant("steward", "event", crew.room.world.their_event))
    await crew.created("M2", members=["two@example.org"])
    team = await crew.created("M1", members=["one@example.org"])
    body: dict[str, Any] = {"id": str(new_id()), "kind": "fight", "priority": 1}
    assert (await crew.phone(own, "POST", f"events/{crew.room.event}/reports", body)).status_code == 200
    assignment = await crew.assigned(body["id"], team)
    note = {"id": str(new_id()), "kind": "noted", "text": "Not mine"}
    for stranger in (other, outside, theirs):
        assert (await crew.phone(stranger, "POST", f"reports/{body['id']}/entries", note)).status_code == 404
        assert (await crew.step(stranger, assignment, "accepted")).status_code == 404
    for stranger in (outside, theirs):
        assert (await crew.phone(stranger, "GET", f"events/{crew.room.event}/duty")).status_code == 404
        new = body | {"id": str(new_id())}
        assert (await crew.phone(stranger, "POST", f"events/{crew.room.event}/reports", new)).status_code == 404
        assert str(crew.room.event) not in [one["id"] for one in (await crew.phone(stranger, "GET", "events")).json()]
    seen = await crew.duty(other)
    assert ([one["code"] for one in seen["teams"]], seen["assignments"], seen["reports"]) == (["M2"], [], [])
    assert len((await crew.room.detail(body["id"]))["entries"]) == 2


async def test_a_controller_of_another_event_neither_sees_nor_sends_teams(crew: Crew) -> None:
    team = await crew.created("M1")
    incident = await crew.room.reported()
    assignment = await crew.assigned(incident, team)
    other = await crew.room.world.signed_in(
        "other@example.org", Grant("controller", "event", crew.room.world.their_event)
    )
    change = {"id": str(new_id()), "name": "Team", "kind": "medical", "on_duty": True}
    for method, path, body in [
        ("GET", f"events/{crew.room.event}/teams", None),
        ("POST", f"events/{crew.room.event}/teams", {"id": str(new_id()), "code": "X", "name": "X", "kind": "medical"}),
        ("POST", f"teams/{team}/changes", change),
        ("GET", f"incidents/{incident}/teams", None),
        ("POST", f"incidents/{incident}/teams", {"id": str(new_id()), "team_id": team, "teams_seen": 1}),
        ("POST", f"assignments/{assignment}/steps", {"id": str(new_id()), "step": "withdrawn"}),
    ]:
        assert (await crew.room.ask(method, path, body, who=other)).status_code == 404, path
    their_incident: dict[str, Any] = {"id": str(new_id()), "kind": "fire", "priority": 1}
    path = f"events/{crew.room.world.their_event}/incidents"
    assert (await crew.room.ask("POST", path, their_incident, who=other)).status_code == 200
    assert (await crew.assign(their_incident["id"], team, who=other)).status_code == 404
    assert (await crew.listed())["M1"]["assignment"]["state"] == "assigned"


async def test_the_log_holds_teams_and_steps_without_names_and_stays_intact(crew: Crew, tmp_path: Path) -> None:
    await crew.member("one@example.org")
    team = await crew.created("M1", name="Dr Schmidt and crew", members=["one@example.org"])
    await crew.withdraw(await crew.assigned(await crew.room.reported(), team))
    world = crew.room.world
    bodies = b"".join(row["body"] for row in await world.rows("select body from safety.record order by number"))
    assert b"Schmidt" not in bodies
    assert b"one@" not in bodies
    crew.room.clock.advance(timedelta(days=400))
    crew.room.first = await world.signed_in("first@example.org")
    vault = KeyVault(derive(SECRET, PURPOSE))
    await RetentionJob(world.db, world.clock, vault, SafetySettings(safety_text_days=365)).delete_old()
    (left,) = await world.rows("select members from safety.team")
    assert left["members"] == []
    report = verify((await crew.room.log(tmp_path / "log.jsonl")).read_bytes().splitlines())
    assert isinstance(report, LogReport)
    assert report.findings == ()


async def test_an_erased_person_is_taken_out_of_all_teams_and_the_others_stay(crew: Crew) -> None:
    for name in ("one", "two"):
        await crew.member(f"{name}@example.org")
    await crew.created("M1", members=["one@example.org", "two@example.org"])
    await crew.created("M2", members=["one@example.org"])
    world = crew.room.world
    (row,) = await world.rows("select id from people.person where email = 'one@example.org'")
    async with world.db.transaction() as conn:
        assert await forget_teams_and_requests(conn, row["id"], world.clock.now()) is None
    left = {code: [one["email"] for one in team["members"]] for code, team in (await crew.listed()).items()}
    assert left == {"M1": ["two@example.org"], "M2": []}


def test_walking_times_follow_the_graph_and_avoid_lifts_that_are_out_of_order() -> None:
    venue = stadium()
    table = route_table(venue, RouteOptions())
    seat = SeatPlace(BLOCK, "1", "1")
    own, stand, other = walking_s(table, [ZonePlace(BLOCK), ZonePlace(STAND), ZonePlace(OTHER_STAND)], seat)
    assert own is not None
    assert other is not None
    assert stand is not None
    assert own == stand < other, "a stand is as near as its nearest block"
    assert walking_s(table, [None, ZonePlace("no such zone")], seat) == [None, None]
    assert walking_s(table, [seat], None) == [None]
    corner = venue.blocks[0].code
    assert walking_s(table, [MapPlace(0, 0)], ZonePlace(corner))[0] is not None
    lift = venue.walk.lifts[0]
    (reached,) = walking_s(table, [ZonePlace(lift)], seat)
    assert reached is not None
    step_free = RouteOptions(step_free=True)
    upper = next(block.code for block in venue.blocks if block.stand == STAND and block.code.startswith("3"))
    (by_lift,) = walking_s(route_table(venue, step_free), [ZonePlace(BLOCK)], ZonePlace(upper))
    all_out = RouteOptions(step_free=True, closed=frozenset(venue.walk.lifts))
    (without,) = walking_s(route_table(venue, all_out), [ZonePlace(BLOCK)], ZonePlace(upper))
    assert (by_lift is not None, without) == (True, None)


TEAM = Team(
    id=new_id(), event_id=new_id(), code="M1", name="M1", kind=TeamKind.MEDICAL, post="203", on_duty=True, members=()
)
STEPS = st.lists(st.tuples(st.sampled_from(TeamStep), st.integers(-600, 600), st.integers(0, 600)), max_size=12)


@given(STEPS)
def test_any_steps_leave_an_assignment_whose_times_are_in_order_and_which_ends_once(
    steps: list[tuple[TeamStep, int, int]],
) -> None:
    assignment = Assignment(
        id=new_id(), event_id=TEAM.event_id, incident_id=new_id(), team_id=TEAM.id, assigned_at=NOON
    )
    now = NOON
    for step, offset_s, passed_s in steps:
        now += timedelta(seconds=passed_s)
        reason = PassReason.BUSY if step is TeamStep.PASSED_ON else None
        asked = StepRequest(id=new_id(), step=step, reason=reason, occurred_at=now + timedelta(seconds=offset_s))
        before = assignment
        if may_step(assignment, asked, is_controller=True) is None:
            assignment = stepped(assignment, asked, step_time(assignment, asked, now))
            assert assignment.state is not before.state, "each step moves the assignment on"
            assert before.state is not AssignmentState.OVER, "nothing follows the end"
        else:
            assert step not in NEXT_STEPS[before.state]
    taken = [at for at in (getattr(assignment, name) for name in TIMES) if at is not None]
    assert taken == sorted(taken)
    assert taken[-1] <= now
    assert (assignment.ended_at is None) == (assignment.ended_by is None)
    assert assignment.arrived_at is None or assignment.accepted_at is not None, "no team arrives without acceptance"
    is_over = assignment.state is AssignmentState.OVER
    assert (state_of_team(TEAM, None if is_over else assignment) is TeamState.FREE) == is_over
    assert not (is_overdue(assignment, 60, now) and assignment.accepted_at is not None)


def test_a_team_without_post_or_way_back_stays_at_its_last_incident() -> None:
    last = LastIncident(ZonePlace("101"), NOON)
    assert place_of_team(TEAM, last, 90, NOON + timedelta(seconds=89)) == last.place
    assert place_of_team(TEAM, last, 90, NOON + timedelta(seconds=90)) == ZonePlace("203")
    assert place_of_team(TEAM, last, None, NOON + timedelta(days=1)) == last.place
    assert place_of_team(TEAM, LastIncident(ZonePlace("101"), None), 0, NOON) == last.place
    assert place_of_team(TEAM, None, None, NOON) == ZonePlace("203")

"""Evacuation instructions by block: from the approved plan, sent to phones and stewards, and changed afterwards."""

import asyncio
import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.app.conftest import BLOCK
from tests.control.safety.conftest import STAND, Cameras, ControlRoom
from tests.site.venue.samples import small_document
from virage.control.safety.jobs import RetentionJob
from virage.control.safety.rules.instructions import Waiting, balanced, waiting_places
from virage.control.safety.settings import SafetySettings
from virage.control.safety.store import instructions as store
from virage.demo.venues.drawing import stadium, stadium_file
from virage.identity.keys.rules.vault import PURPOSE, KeyVault
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.site.venue.acts import import_file
from virage.site.venue.rules.build import build_venue
from virage.site.venue.rules.check import check
from virage.site.venue.rules.file import EvacuationPlan, RefugeFile, WayOutFile
from virage.site.venue.types import RouteOptions, Safety, route_table

SQL = Path(store.__file__).with_suffix(".sql")
PLACES = [block.code for block in stadium().blocks] + [area.code for area in stadium().areas]
GROUPS = list(dict.fromkeys(gate.group for gate in stadium().gates))
OTHER_BLOCK = next(block.code for block in stadium().blocks if block.stand != STAND)
ELSEWHERE = next(block.code for block in stadium().blocks if block.stand != STAND and block.code != OTHER_BLOCK)
"""A block whose only approved exit is the second one."""
FIRST, SECOND, THIRD = GROUPS[:3]


def plan(*ways: WayOutFile) -> EvacuationPlan:
    return EvacuationPlan("EP-7", "Demonstration", date(2025, 1, 1), "+33140506070", ways)


def demo_plan() -> EvacuationPlan:
    """All blocks leave by the third exit, or the first one; one block by the second exit only."""
    return plan(*(WayOutFile(place, (SECOND,) if place == ELSEWHERE else (THIRD, FIRST)) for place in PLACES))


EXITS = ["A", "B", "C", "D"]
PLANS = st.lists(st.lists(st.sampled_from(EXITS), min_size=1, unique=True), min_size=1, max_size=12).map(
    lambda ways: plan(*(WayOutFile(str(number), tuple(exits)) for number, exits in enumerate(ways)))
)


@given(PLANS, st.lists(st.integers(0, 5_000), min_size=12, max_size=12), st.sets(st.sampled_from(EXITS)), st.data())
def test_each_block_gets_an_open_exit_of_its_plan_and_the_last_exit_is_clear_no_later_than_with_the_preferred_ones(
    ways: EvacuationPlan, counts: list[int], closed: set[str], data: st.DataObject
) -> None:
    widths = {code: data.draw(st.sampled_from([1.2, 2.4, 6.0])) for code in EXITS}
    people = {way.place: counts[number] for number, way in enumerate(ways.ways)}
    found = balanced(ways, people, widths, closed)
    first: Counter[str] = Counter()
    chosen: Counter[str] = Counter()
    for way in ways.ways:
        is_open = [code for code in way.exits if code not in closed]
        assert found[way.place] in is_open if is_open else found[way.place] is None
        if is_open:
            first[is_open[0]] += people[way.place]
            chosen[found[way.place] or ""] += people[way.place]
    assert found.keys() == people.keys()
    assert chosen.total() == first.total(), "no person is lost or counted twice"
    assert max((chosen[code] / widths[code] for code in chosen), default=0) <= max(
        (first[code] / widths[code] for code in first), default=0
    )


def test_blocks_are_shared_out_over_their_approved_exits_by_people_and_width() -> None:
    ways = plan(*(WayOutFile(place, ("A", "B")) for place in "1234"), WayOutFile("5", ("A",)))
    people = {"1": 100, "2": 100, "3": 100, "4": 100, "5": 50}
    assert Counter(balanced(ways, people, {"A": 1.2, "B": 1.2}, set()).values()) == {"A": 3, "B": 2}
    assert Counter(balanced(ways, people, {"A": 1.2, "B": 4.8}, set()).values()) == {"A": 1, "B": 4}
    assert balanced(ways, people, {"A": 1.2, "B": 4.8}, {"A"})["5"] is None


def arena(*, stairs: bool = False, lift: bool = False, second_lift: bool = False) -> Any:
    """The walks of the arena without stairs and lifts; its block 101 is left by stairs, its lifts have a stop."""
    document = small_document()
    if stairs:
        document["walkways"]["edges"][5]["kind"] = "stairs"
    if lift:
        document["walkways"]["nodes"].append({"id": "lift-1:hall", "floor": "hall", "x_m": 2, "y_m": 26})
        document["walkways"]["edges"].append({"a": "n1", "b": "lift-1:hall"})
    if second_lift:
        document["amenities"].append({"code": "lift-2", "kind": "lift", "stand": "N", "x_m": 16, "y_m": 18})
        document["walkways"]["nodes"].append({"id": "lift-2:hall", "floor": "hall", "x_m": 16, "y_m": 18})
        document["walkways"]["edges"].append({"a": "block:102", "b": "lift-2:hall"})
    file, found = check(document, date(2026, 12, 1))
    assert file is not None
    assert found == []
    venue = build_venue(file)
    return route_table(venue, RouteOptions(step_free=True, closed=frozenset(venue.walk.lifts)))


NEAR, FAR = RefugeFile("NEAR", 14, 17, 4), RefugeFile("FAR", 5, 25, 8)


def test_the_refuge_of_a_block_is_the_nearest_by_the_walk_without_stairs() -> None:
    found = waiting_places(Safety(refuges=(FAR, NEAR)), arena(), set())
    assert found["102"] == Waiting(refuge="NEAR", refuge_places=4)
    assert found["101"] == Waiting(refuge="FAR", refuge_places=8)
    assert waiting_places(Safety(), arena(), set()) == {}


def test_a_lift_is_named_only_where_it_is_marked_in_order_and_reached_without_stairs() -> None:
    marked, unmarked = Safety(refuges=(NEAR,), evacuation_lifts=("lift-1",)), Safety(refuges=(NEAR,))
    assert {one.lift for one in waiting_places(marked, arena(lift=True), set()).values()} == {"lift-1"}
    assert {one.lift for one in waiting_places(unmarked, arena(lift=True), set()).values()} == {None}
    assert {one.lift for one in waiting_places(marked, arena(lift=True), {"lift-1"}).values()} == {None}
    by_stairs = waiting_places(marked, arena(lift=True, stairs=True), set())
    assert by_stairs["101"] == Waiting(refuge="NEAR", refuge_places=4), "straight, without a way"
    assert by_stairs["102"] == Waiting(lift="lift-1")


def test_of_two_evacuation_lifts_the_nearest_is_named() -> None:
    found = waiting_places(Safety(evacuation_lifts=("lift-1", "lift-2")), arena(lift=True, second_lift=True), set())
    assert (found["101"], found["102"]) == (Waiting(lift="lift-1"), Waiting(lift="lift-2"))


def texts(headline: str) -> dict[str, Any]:
    return {"en": {"headline": headline, "text": "Follow the stewards.", "screen": None, "speech": None}}


class Instructor:
    """The control room of an event whose venue has an approved plan, or none."""

    def __init__(self, room: ControlRoom) -> None:
        self.room = room
        self.path = f"events/{room.event}/instructions"

    async def approve(self, approved: EvacuationPlan) -> None:
        """Give the event a version of the venue with this plan."""
        file = replace(stadium_file(), safety=Safety(refuges=(RefugeFile("R1", 0, 90, 12),), evacuation_plan=approved))
        done: Any = await self.room.world.db.transact(import_file, file, None, self.room.clock.now())
        await self.room.world.rows(
            "update programme.event set ground_version = $1 where id = $2", done.version, self.room.event
        )

    async def preview(self, *closed: str) -> Any:
        answer = await self.room.ask("GET", f"{self.path}?closed={','.join(closed)}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def send(self, *closed: str, who: dict[str, str] | None = None, **changes: Any) -> Any:
        """Send what the preview shows, with the exit as headline."""
        shown = await self.preview(*closed)
        body = {
            "id": str(new_id()),
            "mode": "actual",
            "closed": closed,
            "minutes": 60,
            "groups": [
                {"zones": one["places"], "texts": texts(f"Exit {one['exit'] or 'none'}")} for one in shown["groups"]
            ],
            "stewards": texts(f"Closed: {' '.join(closed)}"),
            "replaces": next((one["id"] for one in shown["sent"] if one["mode"] == "actual"), None),
        }
        return await self.room.ask("POST", self.path, body | changes, who=who)

    async def sent(self, *closed: str, **changes: Any) -> Any:
        answer = await self.send(*closed, **changes)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def heard(self, place: str) -> list[tuple[str, str]]:
        """The headlines and kinds of the valid messages for a block."""
        answer = await self.room.world.ask({}, "GET", f"/api/broadcasts/{self.room.event}?place={place}")
        return [(one["texts"]["en"]["headline"], one["kind"]) for one in answer.json()]

    async def listed(self) -> Any:
        return (await self.room.ask("GET", f"events/{self.room.event}/broadcasts")).json()

    async def to_stewards(self) -> list[tuple[str, str]]:
        """The modes and headlines of the valid messages to stewards."""
        steward = await self.room.world.signed_in("st@example.org", Grant("steward", "event", self.room.event))
        found = (await self.room.world.ask(steward, "GET", f"/api/broadcasts/{self.room.event}/staff")).json()
        return [(one["mode"], one["texts"]["en"]["headline"]) for one in found]


async def crowd(cameras: Cameras) -> None:
    """Every stand has people, as cameras count them."""
    device = await cameras.room.world.device(*(gate.code for gate in stadium().gates))
    counts = [cameras.count("people", 3_000, zone=stand.code) for stand in stadium().stands]
    await cameras.sent(device, *counts)


@pytest.fixture
async def instructor(room: ControlRoom) -> Instructor:
    found = Instructor(room)
    await found.approve(demo_plan())
    return found


def group_of(shown: Any, place: str) -> Any:
    return next(one for one in shown["groups"] if place in one["places"])


async def test_without_an_approved_plan_no_exit_and_no_refuge_is_named(room: ControlRoom) -> None:
    shown = await Instructor(room).preview()
    (group,) = shown["groups"]
    assert (shown["plan"], group["exit"]) == (None, None)
    assert (group["lift"], group["refuge"], group["refuge_places"]) == (None, None, None)
    assert sorted(group["places"]) == sorted(PLACES)
    assert {one["people"] for one in shown["exits"]} == {0}


async def test_the_preview_shows_the_plan_and_sends_all_people_to_open_approved_exits(
    instructor: Instructor, cameras: Cameras
) -> None:
    await crowd(cameras)
    shown = await instructor.preview()
    assert shown["plan"] == {
        "reference": "EP-7",
        "approved_by": "Demonstration",
        "approved_on": "2025-01-01",
        "help_number": "+33140506070",
    }
    assert {(one["refuge"], one["refuge_places"]) for one in shown["groups"]} == {("R1", 12)}
    by_exit = {one["code"]: one for one in shown["exits"]}
    assert {code for code, one in by_exit.items() if one["people"]} == {FIRST, SECOND, THIRD}
    assert group_of(shown, ELSEWHERE)["exit"] == SECOND
    assert sum(one["people"] for one in by_exit.values()) == sum(one["people"] for one in shown["groups"])
    third = by_exit[THIRD]
    assert third["seconds"] == pytest.approx(60 * third["people"] / (third["width_m"] * 82), abs=1)
    assert sorted(place for one in shown["groups"] for place in one["places"]) == sorted(PLACES)


async def test_a_closed_exit_gets_no_person_and_a_block_without_another_one_is_told_to_wait(
    instructor: Instructor,
) -> None:
    shown = await instructor.preview(FIRST, SECOND)
    assert {one["exit"] for one in shown["groups"]} == {None, THIRD}
    assert next(one["places"] for one in shown["groups"] if one["exit"] is None) == [ELSEWHERE]
    assert {one["code"] for one in shown["exits"] if one["closed"]} == {FIRST, SECOND}
    assert {one["code"] for one in shown["exits"] if one["people"]} == {THIRD}


def test_the_instructions_read_and_store_nothing_about_a_person() -> None:
    """Their inputs are codes of places and counts; access needs of fans have no part in them."""
    assert set(re.findall(r"(?:from|into) (\w+\.\w+)", SQL.read_text())) == {"safety.instruction_set"}
    assert set(get_type_hints(balanced)) == {"plan", "people", "widths", "closed", "return"}
    assert set(get_type_hints(waiting_places)) == {"safety", "table", "broken", "return"}


async def test_each_block_hears_its_own_instruction_and_the_stewards_hear_all_in_one_message(
    instructor: Instructor, tmp_path: Path
) -> None:
    shown = await instructor.preview()
    await instructor.sent()
    for place in (BLOCK, OTHER_BLOCK, ELSEWHERE):
        assert await instructor.heard(place) == [(f"Exit {group_of(shown, place)['exit']}", "alert")]
    assert await instructor.to_stewards() == [("actual", "Closed: ")]
    listed = await instructor.listed()
    assert len(listed) == len(shown["groups"]) + 1
    assert {(one["severity"], one["response"]) for one in listed} == {("extreme", "evacuate")}
    kind, data = (await instructor.room.records(tmp_path))[0]
    assert (kind, data["plan"], data["closed"], data["groups"]) == (
        "instructions_sent",
        "EP-7",
        "",
        len(shown["groups"]),
    )


async def test_a_closed_exit_changes_only_the_messages_that_named_it(
    instructor: Instructor, cameras: Cameras, tmp_path: Path
) -> None:
    await crowd(cameras)
    first = await instructor.sent()
    before = {one["id"]: one for one in await instructor.listed()}
    await instructor.sent(FIRST)
    new = [one for one in await instructor.listed() if one["id"] not in before]
    replaced = {one["replaced_by"] for one in await instructor.listed() if one["id"] in before} - {None}
    assert {one["id"] for one in new if one["kind"] == "update"} == replaced
    assert await instructor.heard(ELSEWHERE) == [(f"Exit {SECOND}", "alert")], "it stays as it was"
    for place in PLACES:
        (only,) = await instructor.heard(place)
        assert only[0] == (f"Exit {SECOND}" if place == ELSEWHERE else f"Exit {THIRD}")
    assert await instructor.to_stewards() == [("actual", f"Closed: {FIRST}")]
    data = [data for kind, data in await instructor.room.records(tmp_path) if kind == "instructions_sent"][1]
    assert (data["closed"], data["replaces"]) == (FIRST, first["id"])
    await instructor.sent()
    shown = await instructor.preview()
    assert {one["exit"] for one in shown["groups"]} == {FIRST, SECOND, THIRD}
    for place in PLACES:
        assert [headline for headline, _ in await instructor.heard(place)] == [
            f"Exit {group_of(shown, place)['exit']}"
        ], "opened again, a message is divided between two exits"


async def test_a_message_whose_blocks_get_several_exits_is_divided_and_each_block_hears_one(
    instructor: Instructor, cameras: Cameras
) -> None:
    await crowd(cameras)
    await instructor.sent(FIRST)
    await instructor.sent()
    shown = await instructor.preview()
    assert {one["exit"] for one in shown["groups"]} == {FIRST, SECOND, THIRD}
    heard = {place: await instructor.heard(place) for place in PLACES}
    assert {place: [headline for headline, _ in found] for place, found in heard.items()} == {
        place: [f"Exit {group_of(shown, place)['exit']}"] for place in PLACES
    }
    assert {kind for found in heard.values() for _, kind in found} == {"alert", "update"}


async def test_a_message_that_says_the_same_is_sent_again_only_when_half_of_its_time_is_over(
    instructor: Instructor,
) -> None:
    await instructor.sent()
    count = len(await instructor.listed())
    await instructor.sent()
    assert len(await instructor.listed()) == count
    await instructor.room.wait(timedelta(minutes=31))
    await instructor.sent()
    assert len(await instructor.listed()) == 2 * count
    assert [kind for _, kind in await instructor.heard(BLOCK)] == ["update"]


async def test_a_repeated_request_sends_once_and_the_same_id_with_other_words_is_refused(
    instructor: Instructor,
) -> None:
    same = str(new_id())
    first = await instructor.sent(id=same)
    count = len(await instructor.listed())
    assert await instructor.sent(id=same, replaces=None) == first
    answer = await instructor.send(id=same, replaces=None, stewards=texts("Other"))
    assert (answer.status_code, answer.json()["code"]) == (409, "broadcast_id_taken")
    assert len(await instructor.listed()) == count


async def test_of_two_controllers_who_send_at_once_one_is_refused_and_nothing_of_it_is_sent(
    instructor: Instructor,
) -> None:
    answers = await asyncio.gather(
        instructor.send(stewards=texts("One"), replaces=None),
        instructor.send(who=instructor.room.second, stewards=texts("Two"), replaces=None),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused = next(answer.json()["code"] for answer in answers if answer.status_code == 409)
    assert refused == "instructions_replaced"
    assert len(await instructor.heard(BLOCK)) == 1
    assert len(await instructor.to_stewards()) == 1


async def test_an_exercise_reaches_the_stewards_alone_and_leaves_real_instructions_in_force(
    instructor: Instructor,
) -> None:
    await instructor.sent(mode="exercise")
    assert await instructor.heard(BLOCK) == []
    assert await instructor.to_stewards() == [("exercise", "Closed: ")]
    assert [one["audience"] for one in await instructor.listed()] == ["staff"]
    await instructor.sent(FIRST)
    assert len(await instructor.heard(BLOCK)) == 1
    assert ("actual", f"Closed: {FIRST}") in await instructor.to_stewards()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"closed": ["nowhere"]}, "place_unknown"),
        ({"groups": [{"zones": PLACES[1:], "texts": texts("Go")}]}, "instructions_incomplete"),
        ({"groups": [{"zones": [*PLACES, PLACES[0]], "texts": texts("Go")}]}, "instructions_incomplete"),
        ({"groups": [{"zones": [*PLACES, "'; --"], "texts": texts("Go")}]}, "instructions_incomplete"),
        ({"replaces": str(new_id())}, "instructions_replaced"),
    ],
)
async def test_wrong_exits_and_places_that_are_missing_double_or_unknown_are_refused_and_nothing_is_sent(
    instructor: Instructor, changes: dict[str, Any], code: str
) -> None:
    answer = await instructor.send(**changes)
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert await instructor.listed() == []
    assert (await instructor.preview())["sent"] == []


async def test_an_unknown_exit_of_the_preview_is_refused_with_its_name(instructor: Instructor) -> None:
    answer = await instructor.room.ask("GET", f"{instructor.path}?closed={FIRST},nowhere")
    assert (answer.status_code, answer.json()["data"]["places"]) == (409, ["nowhere"])


async def test_a_controller_of_another_event_finds_no_instructions_and_sends_none(instructor: Instructor) -> None:
    world = instructor.room.world
    other = await world.signed_in("other@example.org", Grant("controller", "event", new_id()))
    assert (await instructor.room.ask("GET", instructor.path, who=other)).status_code == 404
    assert (await instructor.send(who=other)).status_code == 404
    assert await instructor.listed() == []


async def test_the_texts_are_deleted_after_the_retention_period_and_the_log_stays_intact(
    instructor: Instructor, tmp_path: Path
) -> None:
    room = instructor.room
    await instructor.sent()
    job = RetentionJob(
        room.world.db,
        room.clock,
        KeyVault(derive("a secret of the tests, long enough", PURPOSE)),
        SafetySettings(safety_text_days=40),
    )
    await room.wait(timedelta(days=41))
    await job.delete_old()
    assert {one["texts"] for one in await instructor.listed()} == {None}
    assert b"Follow the stewards" not in (await room.log(tmp_path / "log.jsonl")).read_bytes()
    assert ("contents_deleted", {"through": len(await instructor.listed()) + 1}) in await room.records(tmp_path)

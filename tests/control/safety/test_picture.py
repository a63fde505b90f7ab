"""The picture of the venue: what gates, cameras and controllers know, with source and age, now and at past minutes."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.app.conftest import BLOCK
from tests.control.safety.conftest import GATE, STAND, Cameras, ControlRoom
from tests.listening import Subscription, messages_of, subscribe
from tests.matchday.access.conftest import MINUTE, NOW, SECOND, Evening
from virage.control.safety.jobs import PictureJob
from virage.control.safety.reads.pictures import VenuePictures
from virage.control.safety.rules.incidents import MapPlace, SeatPlace, ZonePlace
from virage.control.safety.rules.picture import (
    CrowdFigure,
    DensityClass,
    FigureSource,
    VenuePicture,
    areas_m2,
    density_of,
    zone_of,
)
from virage.control.safety.settings import SafetySettings
from virage.demo.venues.drawing import stadium
from virage.platform.values.ids import new_id
from virage.platform.web.guard import ANONYMOUS, Grant, Principal
from virage.platform.web.problems import Problem
from virage.site.programme import api as programme

HOUR = timedelta(hours=1)


async def taken(night: Evening) -> VenuePicture:
    """The picture of an evening at the gates."""
    async with night.db.connection() as conn:
        event = await programme.event(conn, night.event_id)
    assert event is not None
    return await VenuePictures(night.db, night.clock, SafetySettings()).now(event)


def gate_of(picture: VenuePicture, code: str = "A1") -> Any:
    return next(gate for gate in picture.gates if gate.code == code)


def zone(picture: VenuePicture, code: str) -> Any:
    return next(one for one in picture.zones if one.code == code)


async def beat(night: Evening, device: Any) -> None:
    body = {"event_id": str(night.event_id), "gate": device.gate, "at": night.clock.now().isoformat()}
    assert (await night.ask(str(device.id), "POST", "/api/access/heartbeat", body)).status_code == 200


async def test_scans_are_figures_of_the_venue_the_zone_and_the_gate_with_their_age(night: Evening) -> None:
    device = night.device()
    tickets = await night.tickets(6)
    await night.send(device, *(night.scan(device, "ask", ticket) for ticket in tickets))
    night.clock.advance(30 * SECOND)
    await night.send(device, night.scan(device, "left", tickets[0]))
    await night.send(device, night.scan(device, "pulse", lane="out", count=2))
    found = await taken(night)
    at = NOW + 30 * SECOND
    assert found.inside == [CrowdFigure(source=FigureSource.SCANS, value=3, at=at)]
    assert zone(found, "N").people == found.inside
    gate = gate_of(found)
    assert [(one.value, one.at) for one in (*gate.entered, *gate.left, gate.per_minute)] == [(6, at), (1, at), (1, at)]


async def test_a_gate_without_scans_is_measured_while_its_device_sends_heartbeats(night: Evening) -> None:
    device, other = night.device(), night.device("Q1")
    await beat(night, device)
    await beat(night, other)
    night.clock.advance(50 * SECOND)
    await beat(night, device)
    night.clock.advance(15 * SECOND)
    found = await taken(night)
    assert gate_of(found).entered == [CrowdFigure(source=FigureSource.SCANS, value=0, at=NOW + 50 * SECOND)]
    assert gate_of(found, "Q1").entered == [CrowdFigure(source=FigureSource.SCANS, value=None, at=NOW)]
    assert (found.devices, [(one.place, one.last_seen_at) for one in found.offline]) == (2, [("Q1", NOW)])
    assert (gate_of(found).devices_offline, gate_of(found, "Q1").devices_offline) == (0, 1)


async def test_a_figure_without_a_fresh_source_is_not_measured_and_keeps_the_time_of_the_last_one(
    night: Evening,
) -> None:
    device = night.device()
    await night.send(device, night.scan(device, "ask", await night.ticket()))
    night.clock.advance(60 * SECOND)
    assert (await taken(night)).inside[0].value == 1
    night.clock.advance(SECOND)
    found = await taken(night)
    for figure in (*found.inside, *zone(found, "N").people, gate_of(found).per_minute):
        assert (figure.value, figure.at) == (None, NOW)
    assert zone(found, "N").density is None
    assert zone(found, "S").people == [CrowdFigure(source=FigureSource.SCANS, value=None, at=None)]


async def test_an_estimated_queue_is_marked_and_stands_beside_the_counted_one(night: Evening) -> None:
    device = night.device()
    await night.send(device, night.scan(device, "pulse", lane="arrived", count=40))
    ramp = next(one.code for one in stadium().ramps if one.search_lanes is not None)
    await night.send(device, night.scan(device, "pulse", lane=f"arrived:{ramp}", count=500))
    found = await taken(night)
    assert [(one.value, one.is_estimate) for one in gate_of(found).queue] == [(40, False)]
    (line,) = found.ramps
    (estimate,) = line.queue
    assert (line.code, estimate.is_estimate) == (ramp, True)
    assert estimate.value is not None
    assert estimate.value > 0


async def test_incidents_are_counted_where_they_are_open(room: ControlRoom, cameras: Cameras) -> None:
    seat = {"by": "seat", "block": BLOCK, "row": "1", "seat": "1"}
    await room.reported(place=seat)
    resolved = await room.reported(place={"by": "zone", "zone": GATE})
    await room.reported(place={"by": "zone", "zone": STAND})
    await room.reported(place={"by": "map", "x_cm": 0, "y_cm": 0})
    before = await cameras.picture()
    assert (await room.change(resolved, "resolved")).status_code == 200
    found = await cameras.picture()
    for picture, expected in ((before, (3, 4, 1)), (found, (2, 3, 1))):
        zones = {one["code"]: one["incidents"] for one in picture["zones"]}
        assert (zones[STAND], picture["incidents"], picture["incidents_elsewhere"]) == expected
    assert found["log_number"] == before["log_number"] + 1


async def test_the_picture_of_each_minute_is_stored_and_found_by_its_time(room: ControlRoom, cameras: Cameras) -> None:
    world = room.world
    pictures = VenuePictures(world.db, world.clock, SafetySettings())
    job = PictureJob(world.db, world.clock, pictures)
    path = f"events/{room.event}/picture"
    await job.take()
    assert (await room.ask("GET", f"{path}?at={at(room.clock.now())}")).status_code == 404  # a day before the event
    await room.wait(21 * HOUR)
    began = room.clock.now()
    device = await world.device(GATE)
    for people in (100, 200):
        await cameras.sent(device, cameras.count("people", people))
        await job.take()
        await room.wait(MINUTE)
    for seconds, expected in ((0, 100), (59, 100), (60, 200), (3600, 200)):
        answer = await room.ask("GET", f"{path}?at={at(began + seconds * SECOND)}")
        assert answer.status_code == 200, answer.text
        line = next(one for one in answer.json()["zones"] if one["code"] == STAND)
        assert [one["value"] for one in line["people"] if one["source"] == "counters"] == [expected]
        assert answer.json()["begins_at"] == at(began)
    assert (await room.ask("GET", f"{path}?at={at(began - SECOND)}")).status_code == 404
    assert (await room.ask("GET", path)).json()["begins_at"] == at(began)
    await job.take()
    await room.wait(10 * HOUR)
    await job.take()  # three hours after the end, nothing more is stored
    assert len(await world.rows("select 1 from safety.picture where event_id = $1", room.event)) == 3


def at(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


async def test_a_controller_of_another_event_sees_no_picture(room: ControlRoom) -> None:
    other = await room.world.signed_in("other@example.org", Grant("controller", "event", room.world.their_event))
    for query in ("", f"?at={at(room.clock.now())}"):
        assert (await room.ask("GET", f"events/{room.event}/picture{query}", who=other)).status_code == 404
    for principal in (
        ANONYMOUS,
        Principal("staff", new_id(), new_id(), (Grant("controller", "event", room.world.their_event),)),
        Principal("staff", new_id(), new_id(), (Grant("supervisor", "event", room.event),)),
    ):
        with pytest.raises(Problem):
            await follow(room, principal)


async def follow(room: ControlRoom, principal: Principal) -> Subscription:
    app: Any = room.world.app
    return await subscribe(app.state.hub, principal, [f"control:{room.event}"], None)


async def until(stream: Subscription, is_wanted: Any) -> Any:
    """The first picture of a stream that is wanted."""
    async with asyncio.timeout(20):
        async for part in stream:
            for picture in messages_of(part):
                if is_wanted(picture):
                    return picture
    raise AssertionError("the stream has ended")


@pytest.fixture
def only_after_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The topic sends no picture without a fact."""
    monkeypatch.setattr("virage.control.safety.reads.pictures.SENT_EVERY_S", 3_600.0)


@pytest.mark.usefixtures("only_after_facts")
async def test_the_desk_hears_of_counts_and_incidents_over_its_stream(room: ControlRoom, cameras: Cameras) -> None:
    controller = Principal("staff", new_id(), new_id(), (Grant("controller", "event", room.event),))
    device = await room.world.device(GATE)
    stream = await follow(room, controller)

    def counted(picture: Any) -> list[int | None]:
        line = next(one for one in picture["zones"] if one["code"] == STAND)
        return [one["value"] for one in line["people"] if one["source"] == "counters"]

    assert (await until(stream, lambda _: True))["log_number"] == 0
    for people in (7, 8):
        await cameras.sent(device, cameras.count("people", people))
        await until(stream, lambda picture, people=people: counted(picture) == [people])
    await room.reported()
    found = await until(stream, lambda picture: picture["log_number"] == 1)
    assert found["incidents"] == 1
    await stream.aclose()


@pytest.mark.usefixtures("only_after_facts")
async def test_a_burst_of_counts_is_a_few_pictures_the_last_of_which_is_complete(
    room: ControlRoom, cameras: Cameras
) -> None:
    controller = Principal("staff", new_id(), new_id(), (Grant("controller", "event", room.event),))
    device = await room.world.device(GATE)
    stream = await follow(room, controller)
    await until(stream, lambda _: True)
    seen: list[Any] = []

    def complete(picture: Any) -> bool:
        line = next(one for one in picture["zones"] if one["code"] == STAND)
        seen.append([one["value"] for one in line["people"] if one["source"] == "counters"])
        return bool(seen[-1] == [100])

    await asyncio.gather(*(cameras.sent(device, cameras.count("in", 1)) for _ in range(100)))
    await until(stream, complete)
    assert len(seen) < 20
    await stream.aclose()


def counted(people: int | None, source: FigureSource = FigureSource.COUNTERS, *, is_estimate: bool = False) -> Any:
    return CrowdFigure(source=source, value=people, at=datetime(2027, 5, 1, tzinfo=UTC), is_estimate=is_estimate)


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        (0, DensityClass.LOW),
        (153, DensityClass.LOW),
        (154, DensityClass.BUSY),
        (356, DensityClass.BUSY),
        (357, DensityClass.DENSE),
        (469, DensityClass.DENSE),
        (470, DensityClass.CRITICAL),
    ],
)
def test_the_density_class_is_that_of_the_people_per_square_metre(people: int, expected: DensityClass) -> None:
    assert density_of([counted(people)], 100.0) is expected


def test_density_follows_cameras_before_scans_and_never_estimates() -> None:
    scans = counted(10, FigureSource.SCANS)
    assert density_of([scans, counted(500)], 100.0) is DensityClass.CRITICAL
    assert density_of([scans, counted(None)], 100.0) is DensityClass.LOW
    assert density_of([counted(500, is_estimate=True)], 100.0) is None
    assert density_of([counted(500)], None) is None


def test_areas_are_those_of_the_file_or_inside_the_outlines() -> None:
    venue = stadium()
    found = areas_m2(venue, {"bowl": 300.0, STAND: 5.0})
    assert (found["bowl"], found[STAND]) == (300.0, 5.0)
    others = [stand for stand in venue.stands if stand.code != STAND]
    assert all(0.3 * stand.seats < found[stand.code] < 2 * stand.seats for stand in others)


def test_a_place_is_in_the_stand_of_its_block_or_gate() -> None:
    venue = stadium()
    outlet = venue.outlets[0]
    assert zone_of(SeatPlace(BLOCK, "1", "1"), venue, venue.zones) == STAND
    assert zone_of(ZonePlace(GATE), venue, venue.zones) == STAND
    assert zone_of(ZonePlace(outlet.code), venue, venue.zones) == outlet.stand
    assert zone_of(ZonePlace("bowl"), venue, ["bowl"]) == "bowl"
    assert zone_of(MapPlace(0, 0), venue, venue.zones) is None
    assert zone_of(None, venue, venue.zones) is None

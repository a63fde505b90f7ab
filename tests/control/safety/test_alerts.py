"""Alerts of the control room: hysteresis, time, acknowledgement, escalation, restarts and clocks that jump."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.app.conftest import World
from tests.conftest import FakeClock, alive, prepare_database
from tests.control.safety.conftest import GATE, STAND, Cameras, ControlRoom
from tests.control.safety.test_entry import forecast
from virage.app.building import build
from virage.control.safety.acts.entry import keep_forecast
from virage.control.safety.jobs import AlertJob, PictureJob, RetentionJob
from virage.control.safety.reads.entry import EntryForecasts
from virage.control.safety.reads.pictures import VenuePictures
from virage.control.safety.rules.alerts import (
    Alert,
    AlertMeasure,
    Clear,
    Escalate,
    Raise,
    Reading,
    Threshold,
    Watched,
    default_thresholds,
    elapsed,
    evaluate,
    readings,
)
from virage.control.safety.rules.entry import GateOutlook
from virage.control.safety.rules.picture import CrowdFigure, FigureSource, RampPicture, VenuePicture, ZonePicture
from virage.control.safety.settings import SafetySettings
from virage.demo.venues.drawing import stadium
from virage.identity.keys.rules.vault import PURPOSE, KeyVault
from virage.platform.data.database import Database, Unavailable
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.settings.config import Config
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

SEATS = next(stand.seats for stand in stadium().stands if stand.code == STAND)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def threshold(**changes: Any) -> dict[str, Any]:
    """A full stand: raised after 10 s at its number of places, cleared after 10 s at 90 % of them."""
    usual = {
        "id": str(new_id()),
        "measure": "occupancy",
        "place": STAND,
        "raise_at": 100,
        "clear_at": 90,
        "raise_after_s": 10,
        "clear_after_s": 10,
        "priority": 1,
        "escalate_after_s": 60,
    }
    return usual | changes


class Desk:
    """The alerts of an event: its cameras, the job that evaluates, and what controllers do."""

    def __init__(self, room: ControlRoom) -> None:
        self.room = room
        self.cameras = Cameras(room)
        self.restart()

    def restart(self) -> None:
        """Evaluate by a new process from now on."""
        world, vault = self.room.world, KeyVault(derive("a secret of the tests, long enough", PURPOSE))
        pictures = VenuePictures(world.db, world.clock, SafetySettings())
        forecasts = EntryForecasts(world.db, world.clock, pictures)
        self.job = AlertJob(world.db, world.clock, vault, pictures, forecasts)

    async def open(self, *thresholds: dict[str, Any]) -> None:
        """An hour before the doors, with these thresholds and a camera in the stand."""
        await self.room.wait(21 * HOUR)
        self.room.second = await self.room.world.signed_in("second@example.org")
        self.device = await self.room.world.device(GATE)
        if thresholds:
            answer = await self.set(*thresholds)
            assert answer.status_code == 200, answer.text

    async def set(self, *thresholds: dict[str, Any], who: dict[str, str] | None = None, **changes: Any) -> Any:
        number = (await self.room.ask("GET", f"events/{self.room.event}/thresholds")).json()["number"]
        body = {"id": str(new_id()), "number": number, "thresholds": thresholds, **changes}
        return await self.room.ask("POST", f"events/{self.room.event}/thresholds", body, who=who)

    async def filled(self, percent: int) -> None:
        """The camera counts so many people in the stand."""
        await self.cameras.sent(self.device, self.cameras.count("people", SEATS * percent // 100 + 1))

    async def run(self, seconds: int) -> None:
        """Evaluate now, then every two seconds."""
        await self.job.watch()
        for _ in range(seconds // 2):
            self.room.clock.advance(2 * SECOND)
            await self.job.watch()

    async def listing(self) -> Any:
        answer = await self.room.ask("GET", f"events/{self.room.event}/alerts")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def alerts(self) -> list[Any]:
        found: list[Any] = (await self.listing())["alerts"]
        return found

    async def one(self) -> Any:
        (found,) = await self.alerts()
        return found

    async def raised(self) -> Any:
        """The alert of a full stand."""
        await self.filled(100)
        await self.run(10)
        return await self.one()

    async def change(self, alert: Any, kind: str, *, who: dict[str, str] | None = None, **fields: Any) -> Any:
        body = {"id": str(new_id()), "kind": kind, **fields}
        return await self.room.ask("POST", f"alerts/{alert['id']}/entries", body, who=who)

    async def kinds(self, tmp_path: Path) -> list[str]:
        """The kinds of the records in the log of the event."""
        return [kind for kind, _ in await self.room.records(tmp_path)]


@pytest.fixture
async def desk(room: ControlRoom) -> Desk:
    return Desk(room)


def code(answer: Any) -> str:
    assert answer.status_code == 409, answer.text
    found: str = answer.json()["code"]
    return found


async def test_an_alert_is_raised_after_its_time_acknowledged_and_cleared_after_its_time(desk: Desk) -> None:
    await desk.open(threshold())
    await desk.filled(100)
    await desk.run(8)
    assert await desk.alerts() == []
    await desk.run(2)
    alert = await desk.one()
    assert (alert["place"], alert["source"], alert["priority"], alert["value"]) == (STAND, "counters", 1, 100)
    answer = await desk.change(alert, "acknowledged", text="Team 4 looks")
    assert answer.status_code == 200, answer.text
    alert = await desk.one()
    assert (alert["acknowledged_by_name"], alert["note"]) == (None, "Team 4 looks")
    assert alert["acknowledged_at"] is not None
    await desk.filled(95)
    await desk.run(30)
    assert (await desk.one())["ended_at"] is None, "between the limits nothing changes"
    await desk.filled(80)
    await desk.run(8)
    assert (await desk.one())["ended_at"] is None
    await desk.run(2)
    assert (await desk.one())["ended_as"] == "cleared"


async def test_a_value_that_falls_below_the_limit_begins_its_time_anew(desk: Desk) -> None:
    await desk.open(threshold())
    for _ in range(3):
        await desk.filled(100)
        await desk.run(8)
        await desk.filled(99)
        await desk.run(0)
    assert await desk.alerts() == []


async def test_an_alert_that_is_not_acknowledged_escalates_once_and_each_step_is_in_the_log(
    desk: Desk, tmp_path: Path
) -> None:
    await desk.open(threshold(escalate_after_s=20))
    await desk.raised()
    await desk.run(18)
    assert (await desk.one())["level"] == 1
    await desk.run(20)
    alert = await desk.one()
    assert (alert["level"], alert["escalated_at"] is None) == (2, False)
    assert (await desk.change(alert, "acknowledged")).status_code == 200
    await desk.filled(10)
    await desk.run(10)
    steps = ["alert_raised", "alert_escalated", "alert_acknowledged", "alert_cleared"]
    assert await desk.kinds(tmp_path) == ["thresholds_set", *steps]


async def test_an_acknowledged_alert_does_not_escalate(desk: Desk) -> None:
    await desk.open(threshold(escalate_after_s=20))
    assert (await desk.change(await desk.raised(), "acknowledged")).status_code == 200
    await desk.run(40)
    assert (await desk.one())["level"] == 1


async def test_an_alert_whose_source_is_silent_does_not_clear_and_says_since_when(desk: Desk) -> None:
    await desk.open(threshold(escalate_after_s=3_600))
    await desk.raised()
    counted_at = datetime.fromisoformat((await desk.one())["measured_at"])
    await desk.run(80)
    alert = await desk.one()
    assert (alert["ended_at"], alert["value"]) == (None, None)
    assert datetime.fromisoformat(alert["measured_at"]) == counted_at
    await desk.filled(10)
    await desk.run(10)
    assert (await desk.one())["ended_as"] == "cleared"


async def test_a_silent_source_is_an_alert_of_its_own(desk: Desk) -> None:
    await desk.open(threshold(measure="zone_unmeasured", raise_at=30, clear_at=20, raise_after_s=4, clear_after_s=0))
    await desk.filled(10)
    await desk.run(32)
    assert await desk.alerts() == []
    await desk.run(4)
    assert (await desk.one())["value"] == 36
    await desk.filled(10)
    await desk.run(0)
    assert (await desk.one())["ended_as"] == "cleared"


async def test_growth_compares_with_the_picture_of_five_minutes_ago(desk: Desk) -> None:
    await desk.open(threshold(measure="zone_growth", raise_at=100, clear_at=50, raise_after_s=0))
    world = desk.room.world
    pictures = PictureJob(world.db, world.clock, VenuePictures(world.db, world.clock, SafetySettings()))
    await desk.cameras.sent(desk.device, desk.cameras.count("people", 1_000))
    await pictures.take()
    await desk.run(0)
    desk.room.clock.advance(5 * MINUTE)
    await desk.cameras.sent(desk.device, desk.cameras.count("people", 1_490))
    await desk.run(0)
    assert await desk.alerts() == []
    await desk.cameras.sent(desk.device, desk.cameras.count("people", 1_500))
    await desk.run(0)
    assert (await desk.one())["value"] == 100


async def test_queues_and_silent_sources_of_gates_raise_alerts(desk: Desk) -> None:
    at_gate = {"place": GATE, "raise_after_s": 0}
    await desk.open(
        threshold(measure="queue", raise_at=60, clear_at=40, **at_gate),
        threshold(measure="gate_unmeasured", raise_at=200, **at_gate),
    )
    await desk.cameras.sent(desk.device, desk.cameras.count("queue", 59, lane=GATE))
    await desk.run(0)
    assert await desk.alerts() == []
    await desk.cameras.sent(desk.device, desk.cameras.count("queue", 60, lane=GATE))
    await desk.run(0)
    assert (await desk.one())["measure"] == "queue"
    desk.room.clock.advance(201 * SECOND)
    await desk.run(0)
    assert sorted(one["measure"] for one in await desk.alerts()) == ["gate_unmeasured", "queue"]


async def test_a_forecast_queue_raises_an_alert(desk: Desk) -> None:
    await desk.open(threshold(measure="queue_forecast", place=GATE, raise_at=200, clear_at=150, raise_after_s=4))
    for waiting, expected in ((199, 0), (200, 1)):
        gates = [GateOutlook(GATE, waiting, 300, 11.0, is_counted=True)]
        async with desk.room.world.db.transaction() as conn:
            await keep_forecast(conn, forecast(desk.room.clock.now(), *gates, event_id=desk.room.event))
        await desk.run(6)
        assert len(await desk.alerts()) == expected
    assert (await desk.one())["source"] == "forecast"


async def test_without_thresholds_of_their_own_events_have_the_default_ones(desk: Desk) -> None:
    await desk.open()
    found = (await desk.room.ask("GET", f"events/{desk.room.event}/thresholds")).json()
    defaults = msgspec.to_builtins(default_thresholds(desk.room.event))
    assert (found["number"], found["thresholds"]) == (0, defaults)
    await desk.filled(2_000)
    await desk.run(30)
    raised = {(one["measure"], one["raise_at"]) for one in await desk.alerts()}
    assert raised == {("density", 470), ("density", 357), ("occupancy", 100)}


async def test_of_two_controllers_who_acknowledge_at_once_one_is_refused(desk: Desk) -> None:
    await desk.open(threshold())
    alert = await desk.raised()
    answers = await asyncio.gather(
        desk.change(alert, "acknowledged"), desk.change(alert, "acknowledged", who=desk.room.second)
    )
    refused, taken = sorted(answers, key=lambda answer: answer.status_code == 200)
    assert (taken.status_code, code(refused)) == (200, "alert_acknowledged")


async def test_an_acknowledgement_sent_twice_has_one_effect(desk: Desk, tmp_path: Path) -> None:
    await desk.open(threshold())
    alert, id_ = await desk.raised(), str(new_id())
    for _ in range(2):
        assert (await desk.change(alert, "acknowledged", id=id_, text="Seen")).status_code == 200
    assert code(await desk.change(alert, "acknowledged", id=id_, text="Another note")) == "alert_id_taken"
    assert (await desk.kinds(tmp_path)).count("alert_acknowledged") == 1


async def test_a_controller_closes_an_alert_with_a_reason_and_a_condition_that_holds_raises_another(desk: Desk) -> None:
    await desk.open(threshold())
    alert = await desk.raised()
    assert (await desk.change(alert, "closed")).status_code == 400
    assert (await desk.change(alert, "closed", text="The camera is broken")).status_code == 200
    assert code(await desk.change(alert, "acknowledged")) == "alert_ended"
    closed = await desk.one()
    assert (closed["ended_as"], closed["end_note"]) == ("closed", "The camera is broken")
    await desk.run(12)
    assert [one["ended_as"] for one in await desk.alerts()] == [None, "closed"]


async def test_an_incident_of_an_alert_is_linked_once_and_named_in_its_record(desk: Desk) -> None:
    await desk.open(threshold())
    alert = await desk.raised()
    incident = await desk.room.reported(kind="crowd", alert_id=alert["id"], place={"by": "zone", "zone": STAND})
    assert (await desk.one())["incident_id"] == incident
    assert (await desk.room.detail(incident))["entries"][0]["data"]["alert"] == alert["id"]
    refused = await desk.room.report(alert_id=alert["id"])
    assert (code(refused), refused.json()["data"]["incident"]) == ("alert_has_incident", incident)
    assert (await desk.room.report(alert_id=str(new_id()))).status_code == 404
    assert len(await desk.room.incidents()) == 1


async def test_a_controller_of_another_event_sees_and_changes_nothing(desk: Desk) -> None:
    await desk.open(threshold())
    alert, room = await desk.raised(), desk.room
    other = await room.world.signed_in("other@example.org", Grant("controller", "event", room.world.their_event))
    for path in ("alerts", "thresholds"):
        assert (await room.ask("GET", f"events/{room.event}/{path}", who=other)).status_code == 404
    assert (await desk.change(alert, "acknowledged", who=other)).status_code == 404
    assert (await desk.set(threshold(), who=other)).status_code == 404
    body = {"id": str(new_id()), "kind": "crowd", "priority": 1, "alert_id": alert["id"]}
    path = f"events/{room.world.their_event}/incidents"
    assert (await room.ask("POST", path, body, who=other)).status_code == 404
    assert ((await desk.one())["acknowledged_at"], (await desk.one())["incident_id"]) == (None, None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"clear_at": 100}, "threshold_invalid"),
        ({"place": "nowhere"}, "place_unknown"),
        ({"place": GATE}, "place_unknown"),
        ({"measure": "queue"}, "place_unknown"),
    ],
    ids=["clears where it is raised", "unknown place", "gate for a zone", "zone for a gate"],
)
async def test_thresholds_that_make_no_sense_are_refused_and_nothing_changes(
    desk: Desk, changes: dict[str, Any], expected: str
) -> None:
    await desk.open(threshold())
    wrong = threshold(**changes)
    refused = await desk.set(threshold(), wrong)
    assert (code(refused), refused.json()["data"]["threshold"]) == (expected, wrong["id"])
    found = (await desk.room.ask("GET", f"events/{desk.room.event}/thresholds")).json()
    assert len(found["thresholds"]) == 1


async def test_of_two_controllers_who_set_thresholds_at_once_one_is_refused(desk: Desk) -> None:
    await desk.open()
    first, second = threshold(), threshold(measure="density")
    answers = await asyncio.gather(desk.set(first, number=0), desk.set(second, number=0, who=desk.room.second))
    refused, taken = sorted(answers, key=lambda answer: answer.status_code == 200)
    assert (taken.status_code, code(refused)) == (200, "thresholds_changed")
    found = (await desk.room.ask("GET", f"events/{desk.room.event}/thresholds")).json()
    assert found["thresholds"] == taken.json()["thresholds"]


async def test_an_alert_without_its_threshold_is_closed_and_one_with_new_limits_stays(desk: Desk) -> None:
    kept, gone = threshold(), threshold(measure="density", raise_at=1, clear_at=0)
    await desk.open(kept, gone)
    await desk.filled(100)
    await desk.run(10)
    assert len(await desk.alerts()) == 2
    assert (await desk.set(kept | {"clear_at": 50})).status_code == 200
    ended = {one["measure"]: one["ended_as"] for one in await desk.alerts()}
    assert ended == {"occupancy": None, "density": "closed"}
    await desk.filled(80)
    await desk.run(20)
    assert {one["measure"]: one["ended_as"] for one in await desk.alerts()} == ended


async def test_evaluations_of_a_new_process_go_on_where_the_last_one_stopped(desk: Desk) -> None:
    await desk.open(threshold(escalate_after_s=20))
    await desk.filled(100)
    await desk.run(6)
    desk.restart()
    await desk.run(4)
    await desk.one()
    await desk.run(10)
    desk.restart()
    await desk.run(10)
    assert (await desk.one())["level"] == 2


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
async def test_a_clock_that_jumps_raises_escalates_and_clears_nothing(desk: Desk, jump: timedelta) -> None:
    await desk.open(threshold(escalate_after_s=20), threshold(raise_at=50, clear_at=40, raise_after_s=30))
    clock = desk.room.clock

    async def jumped() -> None:
        clock.advance(jump)
        await desk.room.wait(timedelta())
        await desk.job.watch()

    await desk.filled(60)
    await desk.run(4)
    await jumped()
    await desk.filled(60)
    await desk.run(4)
    assert await desk.alerts() == []
    alert = await desk.raised()
    await jumped()
    await desk.filled(100)
    await desk.run(4)
    assert (await desk.one())["level"] == 1
    await desk.filled(85)
    await desk.run(4)
    await jumped()
    assert (await desk.one())["ended_at"] is None
    assert alert["id"] == (await desk.one())["id"]


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
async def test_after_a_clock_has_jumped_alerts_are_raised_and_cleared_as_before(desk: Desk, jump: timedelta) -> None:
    await desk.open(threshold())
    await desk.run(2)
    desk.room.clock.advance(jump)
    await desk.room.wait(timedelta())
    await desk.raised()
    await desk.filled(10)
    await desk.run(10)
    assert (await desk.one())["ended_as"] == "cleared"


async def test_notes_are_deleted_after_the_retention_period_and_the_log_stays_intact(
    desk: Desk, tmp_path: Path
) -> None:
    await desk.open(threshold())
    assert (await desk.change(await desk.raised(), "acknowledged", text="Team 4 looks")).status_code == 200
    await desk.room.wait(timedelta(days=2))
    world, vault = desk.room.world, KeyVault(derive("a secret of the tests, long enough", PURPOSE))
    await RetentionJob(world.db, world.clock, vault, SafetySettings(safety_text_days=1)).delete_old()
    assert ((await desk.one())["note"], "alert_raised" in await desk.kinds(tmp_path)) == (None, True)


@pytest.fixture
async def own_database(config: Config) -> AsyncIterator[tuple[EmbeddedPostgres, Database, Config]]:
    """A cluster for one test, which stops and starts it."""
    with tempfile.TemporaryDirectory(prefix="virage-test-") as folder:
        postgres = EmbeddedPostgres(Path(folder) / "pg")
        await postgres.start()
        await prepare_database(postgres.url)
        database = await Database.open(postgres.url)
        yield postgres, database, msgspec.structs.replace(config, database_url=postgres.url)
        await database.close()
        await postgres.stop()


async def test_a_restart_of_the_database_loses_no_alert_and_raises_none_twice(
    own_database: tuple[EmbeddedPostgres, Database, Config], clock: FakeClock, tmp_path: Path
) -> None:
    postgres, db, config = own_database
    app = build(config, db, clock)
    world = World(app, db, clock)
    async with alive(app):
        await world.open()
        grant = Grant("controller", "event", world.event)
        first, second = [await world.signed_in(f"{name}@example.org", grant) for name in ("first", "second")]
        desk = Desk(ControlRoom(world, first, second))
        await desk.open(threshold(escalate_after_s=20), threshold(raise_at=90, clear_at=50, raise_after_s=20))
        alert = await desk.raised()
        await postgres.stop()
        with pytest.raises(Unavailable):
            await desk.job.watch()
        clock.advance(4 * MINUTE)
        await postgres.start()
        await desk.filled(100)
        await desk.run(0)
        assert (await desk.one())["id"] == alert["id"]
        await desk.run(6)
        assert len(await desk.alerts()) == 2, "the second threshold has held for 10 s before and 10 s after"
        await desk.run(10)
        assert [one["level"] for one in await desk.alerts()] == [2, 1]
        raised = [kind for kind in await desk.kinds(tmp_path) if kind != "thresholds_set"]
        assert raised == ["alert_raised", "alert_raised", "alert_escalated"]


LIMITS = Threshold(
    id=new_id(),
    measure=AlertMeasure.OCCUPANCY,
    raise_at=100,
    clear_at=90,
    raise_after_s=4,
    clear_after_s=6,
    priority=1,
    escalate_after_s=8,
)
NOW = datetime(2027, 5, 1, 20, tzinfo=UTC)
SOURCES = (FigureSource.SCANS, FigureSource.COUNTERS)
VALUES = st.one_of(st.none(), st.sampled_from((80, 90, 91, 99, 100, 120)))


class Model:
    """The open alerts of one threshold at one place, as the acts keep them."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self.watched: list[Watched] = []

    def take(self, found: list[Reading], passed: timedelta) -> list[Any]:
        self.watched, steps = evaluate([LIMITS], found, self.alerts, self.watched, passed=passed)
        for step in steps:
            match step:
                case Raise():
                    self.alerts.append(
                        Alert(
                            id=new_id(),
                            event_id=new_id(),
                            threshold_id=LIMITS.id,
                            measure=LIMITS.measure,
                            place=STAND,
                            source=step.reading.source,
                            priority=1,
                            raise_at=LIMITS.raise_at,
                            raised_value=step.value,
                            raised_at=NOW,
                        )
                    )
                case Clear():
                    self.alerts.remove(step.alert)
                case Escalate():
                    self.alerts = [replace(one, level=2) for one in self.alerts]
        return steps

    def restart(self) -> None:
        """Read again what was stored."""
        self.watched = msgspec.json.decode(msgspec.json.encode(self.watched), type=list[Watched])


def reading(source: FigureSource, value: int | None) -> Reading:
    return Reading(LIMITS.measure, STAND, source, value, NOW)


@given(st.lists(st.tuples(VALUES, VALUES, st.integers(-3_600, 3_600), st.booleans()), max_size=60))
def test_under_any_values_clocks_and_restarts_alerts_follow_their_limits_and_times(
    turns: list[tuple[int | None, int | None, int, bool]],
) -> None:
    model, now, before = Model(), NOW, None
    reached = left = waited = timedelta()
    since_reached = since_left = False
    for scans, counters, seconds, restarts in turns:
        now += timedelta(seconds=seconds)
        passed = elapsed(before, now, 1.0)
        assert timedelta() <= passed <= timedelta(seconds=5)
        before = now
        if restarts:
            model.restart()
        fresh = [value for value in (scans, counters) if value is not None]
        was = list(model.alerts)
        steps = model.take([reading(SOURCES[0], scans), reading(SOURCES[1], counters)], passed)
        assert len(model.alerts) <= 1
        if not was:
            is_reached = bool(fresh) and max(fresh) >= LIMITS.raise_at
            reached = reached + passed if is_reached and since_reached else timedelta()
            since_reached = is_reached
            is_due = is_reached and reached >= timedelta(seconds=LIMITS.raise_after_s)
            assert [type(step) for step in steps] == ([Raise] if is_due else [])
            left = waited = timedelta()
            since_left = False
            if is_due:
                since_reached = False
            continue
        (alert,) = was
        own = scans if alert.source is FigureSource.SCANS else counters
        is_left = own is not None and max(fresh) <= LIMITS.clear_at
        left = left + passed if is_left and since_left else timedelta()
        since_left = is_left
        waited += passed
        if is_left and left >= timedelta(seconds=LIMITS.clear_after_s):
            assert [type(step) for step in steps] == [Clear]
            reached, since_reached = timedelta(), False
        elif alert.level == 1 and waited >= timedelta(seconds=LIMITS.escalate_after_s):
            assert [type(step) for step in steps] == [Escalate]
        else:
            assert steps == []


@given(st.lists(st.sampled_from((91, 95, 99)), max_size=30), st.booleans())
def test_between_its_limits_an_alert_is_neither_raised_nor_cleared(values: list[int], is_open: bool) -> None:
    model = Model()
    for value in [100, 100] if is_open else []:
        model.take([reading(FigureSource.COUNTERS, value)], 5 * SECOND)
    for value in values:
        model.take([reading(FigureSource.COUNTERS, value)], 5 * SECOND)
        assert len(model.alerts) == is_open


def picture(figures: list[CrowdFigure], at: datetime = NOW) -> VenuePicture:
    """A picture of one zone of 200 m² with 400 places, and a ramp whose queue has the same figures."""
    zone = ZonePicture(code=STAND, kind="stand", capacity=400, area_m2=200.0, people=figures, density=None, incidents=0)
    return VenuePicture(
        event_id=new_id(),
        at=at,
        fresh_s=60,
        log_number=0,
        inside=[],
        zones=[zone],
        gates=[],
        ramps=[RampPicture("R1", figures)],
        devices=0,
        offline=[],
        incidents=0,
        incidents_elsewhere=0,
    )


def counted(value: int | None, *, is_estimate: bool = False, at: datetime | None = NOW) -> CrowdFigure:
    return CrowdFigure(source=FigureSource.COUNTERS, value=value, at=at, is_estimate=is_estimate)


def values(found: list[Reading]) -> dict[str, int | None]:
    return {one.measure.value: one.value for one in found}


def test_measures_are_read_from_the_counts_of_a_picture() -> None:
    before = picture([counted(700, at=NOW - 6 * MINUTE)], NOW - 6 * MINUTE)
    assert values(readings(picture([counted(1_000)]), before)) == {
        "density": 500,
        "occupancy": 250,
        "zone_growth": 50,
        "zone_unmeasured": 0,
        "queue": 1_000,
        "queue_growth": 50,
        "gate_unmeasured": 0,
    }


@pytest.mark.parametrize("minutes", [0, 4, 8, 60])
def test_growth_is_not_measured_without_the_picture_of_five_minutes_ago(minutes: int) -> None:
    before = picture([counted(0, at=NOW)], NOW - minutes * MINUTE)
    assert values(readings(picture([counted(1_000)]), before))["zone_growth"] is None
    assert values(readings(picture([counted(1_000)]), None))["zone_growth"] is None


def test_estimates_and_figures_without_a_source_are_no_readings() -> None:
    assert readings(picture([counted(9_000, is_estimate=True)]), None) == []
    assert readings(picture([counted(None, at=None)]), None) == []

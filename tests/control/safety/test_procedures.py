"""Emergency procedures over HTTP: two people, one alone, without network, steps, and what the log and the staff get."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app.conftest import BLOCK
from tests.control.safety.conftest import GATE, ControlRoom
from virage.control.safety.rules.procedures import (
    STEPS,
    BeginAlone,
    ConfirmProcedure,
    EndProcedure,
    Procedure,
    ProcedureEnd,
    ProcedureKind,
    ProcedureMode,
    RecordStep,
    StepOutcome,
    WithdrawProcedure,
    may_change,
)
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

TEXTS = {"en": {"headline": "Evacuation", "text": "Open your gate and help people out."}}
OVER = {"en": {"headline": "Evacuation over", "text": "Go back to your post."}}


class Procedures:
    """The emergency procedures of a control room, and what its two controllers do with them."""

    def __init__(self, room: ControlRoom) -> None:
        self.room = room

    async def request(self, *, who: dict[str, str] | None = None, **changes: Any) -> Any:
        body = {"id": str(new_id()), "kind": "evacuation", "mode": "actual", "staff_texts": TEXTS}
        return await self.room.ask("POST", f"events/{self.room.event}/procedures", body | changes, who=who)

    async def requested(self, **changes: Any) -> str:
        answer = await self.request(**changes)
        assert answer.status_code == 200, answer.text
        found: str = answer.json()["id"]
        return found

    async def change(self, procedure: str, kind: str, *, who: dict[str, str] | None = None, **fields: Any) -> Any:
        body = {"id": str(new_id()), "kind": kind} | fields
        return await self.room.ask("POST", f"procedures/{procedure}/entries", body, who=who)

    async def end(self, procedure: str, **fields: Any) -> Any:
        return await self.change(procedure, "ended", **{"ended_as": "completed", "staff_texts": OVER} | fields)

    async def found(self, procedure: str) -> Any:
        listed = await self.room.ask("GET", f"events/{self.room.event}/procedures")
        return next(one for one in listed.json()["procedures"] if one["id"] == procedure)

    async def staff_messages(self) -> list[Any]:
        listed: list[Any] = (await self.room.ask("GET", f"events/{self.room.event}/broadcasts")).json()
        return [one for one in listed if one["audience"] == "staff"]

    async def records(self, tmp_path: Path) -> list[tuple[str, dict[str, Any]]]:
        """The kinds and data of the procedure's records in the log."""
        found = await self.room.records(tmp_path)
        return [(kind, data) for kind, data in found if kind.startswith("procedure")]


@pytest.fixture
def procedures(room: ControlRoom) -> Procedures:
    return Procedures(room)


def code(answer: Any) -> str:
    found: str = answer.json()["code"]
    return found


async def test_an_evacuation_begins_when_a_second_person_confirms_it(procedures: Procedures) -> None:
    id_ = await procedures.requested(zones=[BLOCK], text="Smoke in the kitchen")
    waiting = await procedures.found(id_)
    assert (waiting["begun_at"], waiting["zones"], waiting["text"]) == (None, [BLOCK], "Smoke in the kitchen")
    assert await procedures.staff_messages() == []
    assert code(await procedures.change(id_, "confirmed")) == "second_person_needed"
    assert code(await procedures.change(id_, "step_recorded", step="exits_opened", outcome="done")) == (
        "procedure_not_begun"
    )
    assert (await procedures.change(id_, "confirmed", who=procedures.room.second)).status_code == 200
    begun = await procedures.found(id_)
    assert begun["begun_at"] is not None
    assert not begun["is_alone"]
    (message,) = await procedures.staff_messages()
    assert (message["mode"], message["severity"], message["response"]) == ("actual", "extreme", "evacuate")
    assert message["texts"] == {"en": {**TEXTS["en"], "screen": None, "speech": None}}


async def test_one_controller_begins_alone_with_a_reason_once_the_time_is_over(
    procedures: Procedures, tmp_path: Path
) -> None:
    id_ = await procedures.requested()
    early = await procedures.change(id_, "begun_alone", text="Second desk is empty")
    assert code(early) == "second_person_awaited"
    alone_from = datetime.fromisoformat((await procedures.found(id_))["alone_from"])
    assert datetime.fromisoformat(early.json()["data"]["until"]) == alone_from
    assert alone_from == procedures.room.clock.now() + timedelta(seconds=15)
    procedures.room.clock.advance(timedelta(seconds=15))
    assert (await procedures.change(id_, "begun_alone", text=" ")).status_code == 400
    assert (await procedures.change(id_, "begun_alone", text="Second desk is empty")).status_code == 200
    assert (await procedures.found(id_))["is_alone"]
    assert [kind for kind, _ in await procedures.records(tmp_path)] == ["procedure_requested", "procedure_begun_alone"]


async def test_an_evacuation_that_began_without_network_is_logged_with_both_times(
    procedures: Procedures, tmp_path: Path
) -> None:
    began = procedures.room.clock.now() - timedelta(minutes=4)
    id_ = await procedures.requested(offline={"begun_at": began.isoformat(), "reason": "Network is down"})
    found = await procedures.found(id_)
    assert (found["is_alone"], found["text"]) == (True, "Network is down")
    assert datetime.fromisoformat(found["begun_at"]) == began
    assert datetime.fromisoformat(found["requested_at"]) == procedures.room.clock.now()
    ((kind, data),) = await procedures.records(tmp_path)
    assert (kind, data["without_network"]) == ("procedure_requested", 1)
    assert data["occurred_at"].startswith(began.isoformat()[:19])
    assert len(await procedures.staff_messages()) == 1


async def test_a_start_without_network_joins_the_evacuation_that_is_open_and_both_are_in_the_log(
    procedures: Procedures, tmp_path: Path
) -> None:
    id_ = await procedures.requested()
    offline = {"begun_at": procedures.room.clock.now().isoformat(), "reason": "No connection"}
    body = {"id": str(new_id()), "offline": offline, "who": procedures.room.second}
    assert await procedures.requested(**body) == id_
    assert await procedures.requested(**body) == id_
    found = await procedures.found(id_)
    assert (found["is_alone"], found["begun_at"] is None) == (True, False)
    assert [kind for kind, _ in await procedures.records(tmp_path)] == ["procedure_requested"] * 2
    assert len(await procedures.staff_messages()) == 1


async def test_of_two_controllers_who_request_at_once_one_is_shown_the_other_request(procedures: Procedures) -> None:
    answers = await asyncio.gather(procedures.request(), procedures.request(who=procedures.room.second))
    assert sorted(one.status_code for one in answers) == [200, 409]
    refused = next(one for one in answers if one.status_code == 409)
    taken = next(one for one in answers if one.status_code == 200)
    assert (code(refused), refused.json()["data"]["procedure"]) == ("procedure_open", taken.json()["id"])


async def test_of_confirming_and_beginning_alone_at_once_one_counts(procedures: Procedures) -> None:
    id_ = await procedures.requested()
    procedures.room.clock.advance(timedelta(seconds=20))
    answers = await asyncio.gather(
        procedures.change(id_, "confirmed", who=procedures.room.second),
        procedures.change(id_, "begun_alone", text="No answer"),
    )
    assert sorted(one.status_code for one in answers) == [200, 409]
    assert len(await procedures.staff_messages()) == 1


async def test_a_request_and_a_change_sent_twice_have_one_effect(procedures: Procedures) -> None:
    body: dict[str, Any] = {"id": str(new_id()), "kind": "show_stop"}
    id_ = await procedures.requested(**body)
    first = await procedures.found(id_)
    procedures.room.clock.advance(timedelta(minutes=1))
    assert await procedures.requested(**body) == id_
    assert await procedures.found(id_) == first
    assert code(await procedures.request(**body, text="Another reason")) == "procedure_id_taken"
    step: dict[str, Any] = {"id": str(new_id()), "step": "match_stopped", "outcome": "done"}
    assert (await procedures.change(id_, "step_recorded", **step)).status_code == 200
    assert (await procedures.change(id_, "step_recorded", **step)).status_code == 200
    assert code(await procedures.change(id_, "step_recorded", **{**step, "outcome": "not_needed"})) == (
        "procedure_id_taken"
    )
    assert len(await procedures.staff_messages()) == 1


async def test_steps_are_timed_and_recorded_once(procedures: Procedures) -> None:
    id_ = await procedures.requested(kind="lockdown")
    now = procedures.room.clock.now()
    before, after = (now - timedelta(minutes=2)).isoformat(), (now + timedelta(minutes=2)).isoformat()
    first: dict[str, Any] = {"step": "rooms_locked", "outcome": "done", "occurred_at": before, "text": "All but room 4"}
    assert (await procedures.change(id_, "step_recorded", **first)).status_code == 200
    later: dict[str, Any] = {"step": "handed_over", "outcome": "not_needed", "occurred_at": after}
    assert (await procedures.change(id_, "step_recorded", **later)).status_code == 200
    again: dict[str, Any] = {"step": "rooms_locked", "outcome": "done"}
    assert code(await procedures.change(id_, "step_recorded", **again, who=procedures.room.second)) == "step_recorded"
    unknown: dict[str, Any] = {"step": "house_lights_on", "outcome": "done"}
    assert code(await procedures.change(id_, "step_recorded", **unknown)) == "step_unknown"
    steps = {one["step"]: one for one in (await procedures.found(id_))["steps"]}
    assert list(steps) == [step.code for step in STEPS[ProcedureKind.LOCKDOWN]]
    assert datetime.fromisoformat(steps["rooms_locked"]["occurred_at"]) == now - timedelta(minutes=2)
    assert steps["rooms_locked"]["text"] == "All but room 4"
    assert datetime.fromisoformat(steps["handed_over"]["occurred_at"]) == now
    assert (steps["handed_over"]["outcome"], steps["entry_stopped"]["outcome"]) == ("not_needed", None)


async def test_the_end_cancels_the_message_to_the_staff(procedures: Procedures) -> None:
    id_ = await procedures.requested(kind="severe_weather")
    assert (await procedures.end(id_, ended_as="stood_down", text="The storm has passed")).status_code == 200
    assert code(await procedures.end(id_)) == "procedure_ended"
    found = await procedures.found(id_)
    assert (found["ended_as"], found["ended_at"] is None) == ("stood_down", False)
    cancelled, sent = await procedures.staff_messages()
    assert (cancelled["kind"], sent["replaced_by"]) == ("cancel", cancelled["id"])


async def test_the_end_leaves_a_message_that_the_control_room_has_cancelled(procedures: Procedures) -> None:
    id_ = await procedures.requested(kind="severe_weather")
    (message,) = await procedures.staff_messages()
    cancel = {"id": str(new_id()), "kind": "cancel", "texts": OVER, "replaces": message["id"]}
    path = f"events/{procedures.room.event}/broadcasts"
    assert (await procedures.room.ask("POST", path, cancel)).status_code == 200
    assert (await procedures.end(id_)).status_code == 200
    assert len(await procedures.staff_messages()) == 2


async def test_a_request_is_withdrawn_before_it_begins_and_a_new_one_may_follow(procedures: Procedures) -> None:
    id_ = await procedures.requested()
    assert (await procedures.change(id_, "withdrawn", who=procedures.room.second)).status_code == 200
    assert code(await procedures.change(id_, "confirmed", who=procedures.room.second)) == "procedure_ended"
    assert (await procedures.found(id_))["ended_as"] == "withdrawn"
    assert await procedures.requested() != id_
    assert await procedures.staff_messages() == []


async def test_an_exercise_is_marked_in_message_and_log_and_does_not_stop_the_real_one(
    procedures: Procedures, tmp_path: Path
) -> None:
    exercise = await procedures.requested(kind="lockdown", mode="exercise")
    (message,) = await procedures.staff_messages()
    assert message["mode"] == "exercise"
    await procedures.requested(kind="lockdown")
    assert (await procedures.end(exercise)).status_code == 200
    records = await procedures.records(tmp_path)
    assert [(kind, data["mode"]) for kind, data in records] == [
        ("procedure_requested", "exercise"),
        ("procedure_requested", "actual"),
        ("procedure_ended", "exercise"),
    ]


async def test_the_log_names_the_devices_at_gates_that_are_offline_when_a_procedure_begins(
    procedures: Procedures, tmp_path: Path
) -> None:
    world = procedures.room.world
    devices = {}
    for name in ("silent", "working"):
        header = await world.device(GATE)
        devices[name] = (header, world.ids["device_id"])

    async def beat(name: str) -> None:
        body = {"event_id": str(world.event), "gate": GATE, "at": procedures.room.clock.now().isoformat()}
        answer = await world.ask(devices[name][0], "POST", "/api/access/heartbeat", body)
        assert answer.status_code == 200, answer.text

    await beat("silent")
    await beat("working")
    await procedures.requested(kind="show_stop")
    id_ = await procedures.requested()
    procedures.room.clock.advance(timedelta(seconds=21))
    await beat("working")
    assert (await procedures.change(id_, "confirmed", who=procedures.room.second)).status_code == 200
    await procedures.requested(kind="lockdown")
    records = await procedures.records(tmp_path)
    assert [(data["procedure"], data["devices"]) for kind, data in records if kind == "procedure_devices_offline"] == [
        ("evacuation", devices["silent"][1]),
        ("lockdown", devices["silent"][1]),
    ]


async def test_a_zone_that_the_venue_does_not_have_is_refused(procedures: Procedures) -> None:
    assert code(await procedures.request(zones=["nowhere"])) == "place_unknown"


async def test_a_controller_of_another_event_sees_and_changes_no_procedure(procedures: Procedures) -> None:
    id_ = await procedures.requested()
    world = procedures.room.world
    other = await world.signed_in("other@example.org", Grant("controller", "event", world.their_event))
    assert (await procedures.request(who=other)).status_code == 404
    assert (await procedures.change(id_, "confirmed", who=other)).status_code == 404
    assert (
        await procedures.room.ask("GET", f"events/{procedures.room.event}/procedures", who=other)
    ).status_code == 404
    assert (await procedures.found(id_))["begun_at"] is None


NOW = datetime.fromisoformat("2026-05-02T20:00:00+00:00")
FIRST, SECOND = new_id(), new_id()
CHANGES = (
    ConfirmProcedure(id=new_id()),
    BeginAlone(id=new_id(), text="No answer"),
    RecordStep(id=new_id(), step="exits_opened", outcome=StepOutcome.DONE),
    EndProcedure(id=new_id(), ended_as="completed", staff_texts={}),
    WithdrawProcedure(id=new_id()),
)


@given(st.booleans(), st.booleans(), st.sampled_from(CHANGES), st.sampled_from((FIRST, SECOND)), st.integers(0, 30))
def test_an_evacuation_begins_only_by_a_second_person_or_after_the_time(
    has_begun: bool, has_ended: bool, change: Any, who: Any, seconds: int
) -> None:
    procedure = Procedure(
        id=new_id(),
        event_id=new_id(),
        kind=ProcedureKind.EVACUATION,
        mode=ProcedureMode.ACTUAL,
        requested_by=FIRST,
        requested_at=NOW,
        requested_in=1,
        begun_at=NOW if has_begun else None,
        ended_at=NOW if has_ended else None,
        ended_as=ProcedureEnd.COMPLETED if has_ended else None,
    )
    refused = may_change(procedure, change, who, NOW + timedelta(seconds=seconds), timedelta(seconds=15))
    begins = isinstance(change, ConfirmProcedure) and who == SECOND
    begins = begins or (isinstance(change, BeginAlone) and seconds >= 15)
    allowed = begins or isinstance(change, WithdrawProcedure)
    if has_begun:
        allowed = isinstance(change, RecordStep | EndProcedure)
    assert (refused is None) == (allowed and not has_ended)

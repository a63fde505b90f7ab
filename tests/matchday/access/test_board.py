"""The supervisor's board: presence, flow, alarms, and queues."""

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.matchday.access.conftest import MINUTE, NOW, SECOND
from virage.demo.venues.drawing import stadium
from virage.identity.passes import acts as passes
from virage.matchday.access.reads.board import read_board
from virage.matchday.access.reads.inside import inside_since
from virage.matchday.access.rules.queues import SEARCHED_PER_MINUTE, Counts, gate_queues, queue, share
from virage.matchday.access.rules.venue_state import nearest_ramps
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

if TYPE_CHECKING:
    from tests.matchday.access.conftest import Evening


async def board(evening: "Evening") -> dict[str, Any]:
    evening.knows("supervisor", Grant("supervisor"))
    answer = await evening.ask("supervisor", "GET", f"/api/access/board/{evening.event_id}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def line(lines: list[dict[str, Any]], code: str) -> dict[str, Any]:
    return next(one for one in lines if one["code"] == code)


async def test_the_board_counts_people_inside_and_tickets_by_zone(night: "Evening") -> None:
    device, far = night.device(), night.device("Q1")
    tickets = await night.tickets(3)
    await night.tickets(2, "Q1")
    await night.send(device, *(night.scan(device, "ask", ticket) for ticket in tickets[:2]))
    found = await board(night)
    north, west = line(found["zones"], "N"), line(found["zones"], "O")
    assert (north["inside"], north["tickets"]) == (2, {"sold": 3, "entered": 2, "not_entered": 1})
    assert (west["inside"], west["tickets"]) == (0, {"sold": 2, "entered": 0, "not_entered": 2})
    assert (found["inside"], found["not_entered"]) == (2, 3)
    gate = line(found["gates"], "A1")
    assert (gate["entries"], gate["entries_per_minute"], gate["zone"]) == (2, 0.4, "N")
    await night.send(device, night.scan(device, "pulse", lane="out", count=1))
    await night.send(far, night.scan(far, "left", pass_number=tickets[0].number, at=NOW + SECOND))
    assert line((await board(night))["zones"], "N")["inside"] == 0


async def test_a_refunded_ticket_inside_still_counts_as_sold_and_entered(night: "Evening") -> None:
    device, tickets = night.device(), await night.tickets(3)
    await night.send(device, *(night.scan(device, "ask", ticket) for ticket in tickets[:2]))
    async with night.db.transaction() as conn:
        await passes.revoke(conn, [ticket.subject for ticket in tickets[1:]], NOW, None)
    north = line((await board(night))["zones"], "N")
    assert (north["inside"], north["tickets"]) == (2, {"sold": 2, "entered": 2, "not_entered": 0})
    async with night.db.connection() as conn:
        since = await inside_since(conn, night.event_id, [ticket.subject for ticket in tickets])
    assert since == dict.fromkeys((ticket.subject for ticket in tickets[:2]), NOW)


async def test_two_exit_scans_count_once_also_with_a_picture_of_the_code(night: "Evening") -> None:
    device, ticket = night.device(), await night.ticket()
    await night.send(device, night.scan(device, "ask", ticket))
    for seconds in (1, 20):
        at = NOW + seconds * SECOND
        body = night.scan(device, "left", pass_number=ticket.number, code=ticket.text, at=at)
        assert await night.send(device, body) == [
            {"number": body["number"], "outcome": "noted", "pass_number": ticket.number}
        ]
    found = await board(night)
    assert line(found["gates"], "A1")["exits"] == 1
    assert line(found["zones"], "N")["inside"] == 0


async def test_people_of_a_standing_area_are_counted_there(night: "Evening") -> None:
    area = stadium().areas[0]
    gate = next(gate for gate in stadium().gates if gate.group == area.gate_groups[0])
    ticket = await night.ticket(gate.code, place=area.first_place)
    device = night.device(gate.code)
    await night.send(device, night.scan(device, "ask", ticket))
    found = await board(night)
    assert line(found["zones"], area.code)["inside"] == 1
    assert line(found["zones"], gate.stand)["inside"] == 0


async def test_duplicates_are_on_the_board_with_both_scans_and_their_resolution(night: "Evening") -> None:
    here, there, ticket = night.device(), night.device("A2"), await night.ticket()
    first = night.scan(here, "passed", ticket, offline=True)
    second = night.scan(there, "passed", ticket, at=NOW + MINUTE, offline=True)
    await night.send(there, second)
    await night.send(here, first)
    found = await board(night)
    assert found["duplicates_open"] == 1
    (one,) = found["duplicates"]
    assert (one["pass_number"], one["place_label"]["gate_group"], one["resolved_at"]) == (ticket.number, "A", None)
    assert (one["first"]["device_id"], one["first"]["number"], one["first"]["gate"]) == (
        str(here.id),
        first["number"],
        "A1",
    )
    assert (one["second"]["device_id"], one["second"]["gate"]) == (str(there.id), "A2")
    await night.send(here, night.scan(here, "left", ticket, at=NOW + SECOND, offline=True))
    found = await board(night)
    assert found["duplicates_open"] == 0
    assert found["duplicates"][0]["resolved_at"] is not None


async def test_the_board_lists_refusals_overrides_and_forged_entries_but_no_training(night: "Evening") -> None:
    device, ticket, elsewhere = night.device(), await night.ticket(), await night.ticket("Q1")
    supervisor = await night.steward(Grant("supervisor"))
    await night.send(
        device,
        night.scan(device, "ask", elsewhere),
        night.scan(device, "ask", elsewhere, training=True),
        night.scan(device, "refused", ticket, reason="screenshot", offline=True),
        night.scan(device, "passed", pass_number=1, code="hello", offline=True),
        night.scan(device, "ask", elsewhere, override="checked_by_supervisor", person_id=supervisor),
    )
    found = await board(night)
    assert found["refusals"] == {"wrong_gate": 1, "screenshot": 1}
    assert line(found["gates"], "A1")["refused"] == 2
    alerts = {(one["reason"], one["override"]) for one in found["alerts"]}
    assert alerts == {("unreadable", None), (None, "checked_by_supervisor")}


async def test_the_board_shows_the_state_of_devices_and_silent_ones(night: "Evening") -> None:
    device = night.device()
    beat = {
        "event_id": str(night.event_id),
        "gate": "A1",
        "at": (NOW + 600 * SECOND).isoformat(),
        "backlog": 7,
        "battery_percent": 12,
    }
    assert (await night.ask(str(device.id), "POST", "/api/access/heartbeat", beat)).status_code == 200
    (one,) = (await board(night))["devices"]
    assert (one["id"], one["online"], one["backlog"], one["battery_percent"]) == (str(device.id), True, 7, 12)
    assert (one["clock_off_ms"], one["offline_since"]) == (600_000, None)
    night.clock.advance(MINUTE)
    (one,) = (await board(night))["devices"]
    assert (one["online"], one["offline_since"]) == (False, NOW.isoformat().replace("+00:00", "Z"))


async def test_a_correction_is_a_fact_and_a_repeated_one_counts_once(night: "Evening") -> None:
    night.knows("supervisor", Grant("supervisor"))
    path = f"/api/access/events/{night.event_id}/corrections"
    request = {"id": str(new_id()), "zone": "N", "people": -3, "reason": "counted at the rail"}
    for _ in range(2):
        assert (await night.ask("supervisor", "POST", path, request)).status_code == 200
    other = await night.ask("supervisor", "POST", path, request | {"people": 4})
    assert (other.status_code, other.json()["code"]) == (409, "id_taken")
    found = await board(night)
    assert (line(found["zones"], "N")["inside"], line(found["zones"], "N")["corrected"]) == (-3, -3)
    assert [one["reason"] for one in found["corrections"]] == ["counted at the rail"]
    facts = await night.rows("select data from kernel.journal where what = 'presence_corrected'")
    assert [fact["data"]["people"] for fact in facts] == [-3]


@pytest.mark.parametrize("changes", [{"zone": "X"}, {"people": 0}, {"reason": " "}, {"reason": "a\u200bb"}])
async def test_a_correction_needs_a_zone_a_count_and_a_reason(night: "Evening", changes: dict[str, Any]) -> None:
    night.knows("supervisor", Grant("supervisor"))
    request = {"id": str(new_id()), "zone": "N", "people": 2, "reason": "counted"} | changes
    answer = await night.ask("supervisor", "POST", f"/api/access/events/{night.event_id}/corrections", request)
    assert answer.status_code in (400, 404)
    assert await night.rows("select 1 from access.correction") == []


async def test_the_security_check_of_each_ramp_has_a_queue_and_the_faster_ramp_is_named(night: "Evening") -> None:
    device = night.device()
    await night.send(
        device,
        night.scan(device, "pulse", lane="arrived:N1", count=700, at=NOW - MINUTE),
        night.scan(device, "pulse", lane="arrived:N2", count=100, at=NOW - MINUTE),
    )
    found = await board(night)
    queues = {one["ramp"]: one for one in found["queues"]}
    assert queues["N1"]["waiting"] > queues["N2"]["waiting"]
    assert queues["N1"]["lanes"] == 10
    assert found["fastest_ramp"] == "N2"


async def test_an_unknown_ramp_has_no_queue_and_is_never_the_fastest(night: "Evening") -> None:
    device = night.device()
    lanes = ("arrived:N1", "arrived:Nowhere", "searched:Nowhere", "arrived:")
    await night.send(device, *(night.scan(device, "pulse", lane=lane, count=700, at=NOW - MINUTE) for lane in lanes))
    found = await board(night)
    assert ([one["ramp"] for one in found["queues"]], found["fastest_ramp"]) == (["N1"], "N1")


async def test_fans_are_directed_to_the_faster_ramp(night: "Evening") -> None:
    device = night.device()

    async def entrance() -> dict[str, Any]:
        found: dict[str, Any] = (await night.ask("", "GET", "/api/venue/route?place=100")).json()
        return found

    before = await entrance()
    assert before["delay_s"] == 0
    lane = f"arrived:{before['ramp'].removeprefix('ramp:')}"
    await night.send(device, night.scan(device, "pulse", lane=lane, count=9000, at=NOW - MINUTE))
    after = await entrance()
    assert after["ramp"] != before["ramp"]
    assert after["route"]["seconds"] > before["route"]["seconds"]


MINUTES = st.dictionaries(
    st.integers(0, 60).map(lambda ago: NOW - ago * MINUTE), st.integers(0, 500), min_size=1, max_size=20
)


@given(MINUTES, st.integers(1, 20))
def test_a_queue_is_empty_while_fewer_arrive_than_are_searched(arrived: dict[Any, int], lanes: int) -> None:
    few = {minute: min(count, round(lanes * SEARCHED_PER_MINUTE)) for minute, count in arrived.items() if minute < NOW}
    assert queue("N1", lanes, few, {}, NOW).waiting == 0


@given(MINUTES, MINUTES, st.integers(1, 20))
def test_a_queue_never_exceeds_the_arrivals(arrived: Any, searched: Any, lanes: int) -> None:
    none_searched: dict[datetime, int] = {}
    for served in (none_searched, searched):
        found = queue("N1", lanes, arrived, served, NOW)
        assert 0 <= found.waiting <= sum(arrived.values())
        rate = lanes * SEARCHED_PER_MINUTE
        assert abs(found.wait_s - 60 * found.waiting / rate) <= 30 / rate + 0.5


def test_a_queue_is_arrivals_minus_searched_people() -> None:
    arrived, searched = {NOW - 2 * MINUTE: 300, NOW - MINUTE: 200}, {NOW - MINUTE: 150, NOW: 50}
    found = queue("N1", 10, arrived, searched, NOW)
    assert (found.waiting, found.wait_s, found.is_measured) == (300, 180, True)
    by_rate = queue("N1", 10, arrived, {}, NOW + timedelta(seconds=30))
    assert (by_rate.waiting, by_rate.is_measured) == (250, False)


async def test_only_supervisors_see_the_board(night: "Evening") -> None:
    night.knows("steward", Grant("steward"))
    night.knows("gate", Grant("supervisor", "gate", "A"))
    path = f"/api/access/board/{night.event_id}"
    assert (await night.ask("", "GET", path)).status_code == 401
    assert (await night.ask("steward", "GET", path)).status_code == 403
    assert (await night.ask(str(night.device().id), "GET", path)).status_code == 403
    assert (await night.ask("gate", "GET", path)).status_code == 200


@given(MINUTES, MINUTES)
def test_the_queue_of_a_gate_is_arrivals_minus_entries(came: Any, entered: Any) -> None:
    found = gate_queues(Counts({"A1": came}, {}, {"A1": entered}), {"A1": "E1"}, {"A1": 2.0}, NOW)["A1"]
    assert found.is_measured
    assert max(0, sum(came.values()) - sum(entered.values())) <= found.waiting <= sum(came.values())
    assert found.wait_s == 30 * found.waiting


@given(MINUTES, MINUTES, MINUTES, st.lists(st.sampled_from([0.0, 0.2, 3.0, 40.0]), min_size=1, max_size=9))
def test_behind_a_security_check_no_person_is_lost_or_counted_twice(
    through: Any, entered: Any, came: Any, flow: list[float]
) -> None:
    sharing = {f"B{number}": speed for number, speed in enumerate(flow)}
    tied = dict.fromkeys([*sharing, "C1"], "E2") | {"D1": "O1"}
    found = gate_queues(Counts({"C1": came}, {"E2": through}, {"ramp:E2": entered}), tied, sharing, NOW)
    between = sum(found[gate].waiting for gate in sharing)
    left = sum(entered.values()) + sum(came.values())
    assert all(one.waiting >= 0 for one in found.values())
    assert max(0, sum(through.values()) - left) <= between <= sum(through.values())
    assert {one.is_measured for gate, one in found.items() if gate in sharing} == {False}
    assert "D1" not in found
    assert all(one.wait_s is None for gate, one in found.items() if sharing.get(gate) == 0 and one.waiting)


@given(st.integers(0, 60_000), st.dictionaries(st.text(max_size=3), st.floats(0, 100), min_size=1, max_size=30))
def test_shares_of_gates_sum_to_the_people_shared(people: int, flow: dict[str, float]) -> None:
    shares = share(people, flow)
    assert sum(shares.values()) == people
    assert all(one >= 0 for one in shares.values())


async def test_a_gate_has_a_measured_queue_an_estimated_one_behind_a_counted_check_or_none(
    night: "Evening",
) -> None:
    counted, shared, ticket = night.device("B2"), night.device("B3"), await night.ticket("B3")
    assert {nearest_ramps(stadium())[gate] for gate in ("B2", "B3", "B4")} == {nearest_ramps(stadium())["B2"]}
    ramp = nearest_ramps(stadium())["B2"]
    await night.send(
        counted,
        night.scan(counted, "pulse", lane=f"arrived:{ramp}", count=90, at=NOW - 2 * MINUTE),
        night.scan(counted, "pulse", lane=f"searched:{ramp}", count=60, at=NOW - MINUTE),
        night.scan(counted, "pulse", lane="arrived", count=20, at=NOW - MINUTE),
    )
    await night.send(shared, night.scan(shared, "ask", ticket))
    gates = (await board(night))["gates"]
    assert line(gates, "B2")["queue"] == {"waiting": 20, "wait_s": None, "is_measured": True}
    assert line(gates, "B3")["queue"] == {"waiting": 39, "wait_s": 11_700, "is_measured": False}
    assert line(gates, "B4")["queue"] == {"waiting": 0, "wait_s": 0, "is_measured": False}
    assert line(gates, "Q1")["queue"] is None


async def test_the_board_shows_the_staff_to_call(night: "Evening") -> None:
    steward = await night.steward(Grant("supervisor"))
    here, there, ticket = night.device(), night.device("A2"), await night.ticket()
    said = {"person_id": steward, "offline": True}
    await night.send(here, night.scan(here, "passed", ticket, **said))
    await night.send(there, night.scan(there, "passed", ticket, at=NOW + MINUTE, offline=True))
    await night.send(
        here, night.scan(here, "ask", await night.ticket("Q1"), override="a guide supervises_gate them", **said)
    )
    beat = {"event_id": str(night.event_id), "gate": "A1", "at": NOW.isoformat(), "person_id": str(steward)}
    assert (await night.ask(str(here.id), "POST", "/api/access/heartbeat", beat)).status_code == 200
    found = await board(night)
    (twice,), (special,), (device,) = found["duplicates"], found["alerts"], found["devices"]
    assert (twice["first"]["device_name"], twice["first"]["person_name"]) == ("Device A1", "Some Steward")
    assert (twice["second"]["device_name"], twice["second"]["person_name"]) == ("Device A2", None)
    assert (special["device_name"], special["person_name"]) == ("Device A1", "Some Steward")
    assert (device["name"], device["person_name"]) == ("Device A1", "Some Steward")
    await night.rows("update people.device set revoked_at = $1, revoked_by = $2", NOW, steward)
    assert (await board(night))["devices"] == []


async def test_the_state_of_a_gate_can_be_sent_back_unchanged_also_while_entry_is_stopped(night: "Evening") -> None:
    night.knows("supervisor", Grant("supervisor"))
    path = f"/api/access/events/{night.event_id}"
    word = {"turnstile": True, "closed": False, "extra_groups": ["PRESS"]}
    assert (await night.ask("supervisor", "PUT", f"{path}/gates/A1", word)).status_code == 204
    assert (await night.ask("supervisor", "PUT", f"{path}/venue", {"closed": True})).status_code == 204
    found = await board(night)
    gate = line(found["gates"], "A1")
    assert {name: gate[name] for name in word} == word
    assert found["closed"]


async def test_the_board_runs_as_many_queries_for_a_crowd_as_for_one(night: "Evening") -> None:
    counted: list[int] = []
    for round_ in range(2):
        queries: list[str] = []
        async with night.db.connection() as conn:
            await read_board(conn, night.event_id, stadium(), NOW)  # the driver learns the types once a connection
            with conn.query_logger(lambda record, queries=queries: queries.append(record.query)):
                await read_board(conn, night.event_id, stadium(), NOW)
                await asyncio.sleep(0)  # the driver calls its loggers in the next turn of the loop
        counted.append(len(queries))
        if round_ == 0:
            for gate in ("A1", "B1", "C1"):
                device = night.device(gate)
                people_ = await night.tickets(5, gate)
                await night.send(device, *(night.scan(device, "ask", one) for one in people_))
                await night.send(device, *(night.scan(device, "ask", one, override="a guide") for one in people_))
                await night.send(device, night.scan(device, "pulse", lane="arrived", count=9))
    assert counted[0] == counted[1] > 0


async def test_a_supervisor_of_a_group_of_gates_sees_the_board_and_closes_no_other_gate(night: "Evening") -> None:
    night.knows("group", Grant("supervisor", "gate", "A"))
    path = f"/api/access/events/{night.event_id}"
    assert (await night.ask("group", "PUT", f"{path}/gates/A1", {"closed": True})).status_code == 204
    assert (await night.ask("group", "PUT", f"{path}/gates/B1", {"closed": True})).status_code == 403
    assert (await night.ask("group", "PUT", f"{path}/venue", {"closed": True})).status_code == 403
    found = await board(night)
    assert [gate["code"] for gate in found["gates"] if gate["closed"]] == ["A1"]
    assert not found["closed"]

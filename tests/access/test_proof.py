"""What an upload proves: a stolen device makes nobody inside, and what it told can be withdrawn."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.access.conftest import HOUR, MINUTE, SECOND
from virage.access.acts.crossing import withdraw_scans
from virage.kernel.guard import Grant
from virage.kernel.ids import new_id
from virage.programme import acts as programme
from virage.programme.rules import NewEvent, Text

if TYPE_CHECKING:
    from tests.access.conftest import Evening

DAY = timedelta(days=1)
PRESENCE = "select state, entries, people from access.presence order by pass_number"


def said(answer: dict[str, Any]) -> tuple[str, str | None]:
    return answer["outcome"], answer.get("reason")


async def board(night: "Evening") -> dict[str, Any]:
    night.knows("supervisor", Grant("supervisor", "event", night.event_id))
    found: dict[str, Any] = (await night.ask("supervisor", "GET", f"/api/access/board/{night.event_id}")).json()
    return found


async def test_five_hundred_passages_without_proof_change_no_entry_and_lock_no_owner_out(night: "Evening") -> None:
    thief, gate, tickets = night.device(), night.device("A2"), await night.tickets(500)
    claimed = [night.scan(thief, "passed", pass_number=ticket.number) for ticket in tickets]
    answers = await night.send(thief, *claimed)
    assert {said(answer) for answer in answers} == {("noted", "unproved")}
    assert await night.rows("select 1 from passes.pass where entered_at is not null") == []
    assert {tuple(row) for row in await night.rows(PRESENCE)} == {(None, 0, 1)}
    (owner,) = await night.send(gate, night.scan(gate, "ask", tickets[0]))
    assert said(owner) == ("admitted", None)
    seen = await board(night)
    assert (seen["inside"], seen["admitted"]) == (501, 1)
    assert {one["reason"] for one in seen["special"]} == {"unproved"}


@pytest.mark.parametrize("kind", ["admitted", "passed"])
async def test_an_override_is_proof_and_a_claimed_admission_is_none(night: "Evening", kind: str) -> None:
    device, (overridden, claimed) = night.device(), await night.tickets(2)
    answers = await night.send(
        device,
        night.scan(device, kind, pass_number=overridden.number, override="no_phone"),
        night.scan(device, kind, pass_number=claimed.number),
    )
    assert [said(one) for one in answers] == [("noted", None), ("noted", "unproved")]
    assert [row["state"] for row in await night.rows(PRESENCE)] == ["inside" if kind == "passed" else "pending", None]


async def test_a_passage_counts_after_the_admission_that_waits_at_its_gate_and_nowhere_else(night: "Evening") -> None:
    await night.rows("insert into access.gate (event_id, gate, turnstile) values ($1, 'A1', true)", night.event_id)
    reader, turnstile, elsewhere = night.device(), night.device(), night.device("A2")
    waits, other = await night.tickets(2)
    await night.send(reader, *(night.scan(reader, "ask", ticket) for ticket in (waits, other)))
    night.clock.advance(5 * SECOND)
    (here,) = await night.send(turnstile, night.scan(turnstile, "passed", pass_number=waits.number))
    (there,) = await night.send(elsewhere, night.scan(elsewhere, "passed", pass_number=other.number))
    assert [said(here), said(there)] == [("noted", None), ("noted", "unproved")]
    assert [row["state"] for row in await night.rows(PRESENCE)] == ["inside", "pending"]


async def test_two_gates_that_let_one_ticket_in_count_two_people_and_one_admission(night: "Evening") -> None:
    here, there, ticket = night.device(), night.device("A2"), await night.ticket()
    await night.send(here, night.scan(here, "passed", ticket, offline=True))
    night.clock.advance(MINUTE)
    await night.send(there, night.scan(there, "passed", ticket, offline=True))
    zone = next(one for one in (await board(night))["zones"] if one["code"] == "N")
    assert (zone["inside"], zone["admitted"], zone["by_ticket"]["entered"]) == (2, 1, 1)
    await night.send(here, night.scan(here, "left", ticket, at=night.clock.now() + SECOND))
    assert (await board(night))["inside"] == 1


async def test_who_went_in_with_a_forged_code_is_a_body_and_no_admission(night: "Evening") -> None:
    device, ticket = night.device(), await night.ticket()
    await night.send(device, night.scan(device, "passed", code=ticket.text, offline=True))
    seen = await board(night)
    assert (seen["inside"], seen["admitted"]) == (1, 0)


async def other_event(night: "Evening", doors_in: timedelta) -> NewEvent:
    """A published event whose doors open in some time."""
    doors = night.clock.now() + doors_in
    new = NewEvent(
        id=new_id(),
        organiser_id=night.organiser_id,
        kind="match",
        title=Text("Un autre", "Another"),
        doors_at=doors,
        starts_at=doors + HOUR,
        ends_at=doors + 3 * HOUR,
        sale_opens_at=doors - 100 * DAY,
        sale_closes_at=doors,
    )
    async with night.db.transaction() as conn:
        await programme.create(conn, new, None, night.clock.now())
        await programme.publish(conn, new.id, None, night.clock.now())
    return new


@pytest.mark.parametrize(
    ("doors_in", "kind", "is_taken"),
    [
        (72 * DAY, "passed", False),
        (72 * DAY, "ask", False),
        (23 * HOUR, "passed", True),
        (-2 * DAY, "ask", False),
        (-2 * DAY, "passed", True),
        (-9 * DAY, "passed", False),
    ],
)
async def test_scans_are_taken_around_the_event_alone_by_the_servers_clock(
    night: "Evening", doors_in: timedelta, kind: str, is_taken: bool
) -> None:
    event, device = await other_event(night, max(doors_in, HOUR)), night.device()
    night.clock.advance(max(HOUR - doors_in, timedelta()))
    body = night.scan(device, kind, pass_number=0, event_id=event.id, at=event.doors_at)
    (answer,) = await night.send(device, body)
    assert (said(answer) != ("refused", "event_not_on")) is is_taken
    assert len(await night.rows("select 1 from access.scan")) == is_taken


async def test_training_is_answered_long_before_the_event(night: "Evening") -> None:
    event, device = await other_event(night, 30 * DAY), night.device()
    (answer,) = await night.send(device, night.scan(device, "ask", code="V1:", event_id=event.id, training=True))
    assert said(answer) == ("refused", "unreadable")


async def test_what_a_device_uploaded_is_withdrawn_since_a_time_and_everything_is_as_before(night: "Evening") -> None:
    thief, gate = night.device(), night.device("A2")
    early, stolen, double = await night.tickets(3)
    await night.send(thief, night.scan(thief, "passed", early, offline=True))
    await night.send(gate, night.scan(gate, "ask", double))
    night.clock.advance(MINUTE)
    since = night.clock.now()
    await night.send(
        thief,
        *(night.scan(thief, "passed", ticket, offline=True) for ticket in (stolen, double)),
        night.scan(thief, "passed", code="V1:", offline=True),
        night.scan(thief, "pulse", lane="out", count=40),
    )
    assert (await board(night))["inside"] == 5 - 40
    assert (await board(night))["duplicates_standing"] == 1
    async with night.db.transaction() as conn:
        await withdraw_scans(conn, thief.id, since, night.clock.now(), None)
    seen = await board(night)
    assert (seen["inside"], seen["admitted"], seen["duplicates_standing"], seen["special"]) == (2, 2, 0, [])
    assert [tuple(row) for row in await night.rows(PRESENCE)] == [("inside", 1, 1), (None, 0, 0), ("inside", 1, 1)]
    entered = await night.rows("select entered_at is not null as came from passes.pass order by number")
    assert [row["came"] for row in entered] == [True, False, True]
    (owner,) = await night.send(gate, night.scan(gate, "ask", stolen))
    assert said(owner) == ("admitted", None)
    (fact,) = await night.rows("select about, data from kernel.journal where what = 'scans_withdrawn'")
    assert fact["about"] == night.event_id
    assert fact["data"] == {"device_id": str(thief.id), "since": int(since.timestamp())}


async def test_gates_hear_that_scans_were_withdrawn(night: "Evening") -> None:
    thief, gate, ticket = night.device(), night.device("A2"), await night.ticket()
    beat = {"event_id": str(night.event_id), "gate": "A2", "at": night.clock.now().isoformat()}
    await night.send(thief, night.scan(thief, "passed", ticket, offline=True))
    first = (await night.ask(str(gate.id), "POST", "/api/access/heartbeat", beat)).json()["changes"]
    async with night.db.transaction() as conn:
        await withdraw_scans(conn, thief.id, night.clock.now() - MINUTE, night.clock.now(), None)
    heard = await night.ask(str(gate.id), "POST", "/api/access/heartbeat", beat | {"version": first["version"]})
    assert heard.json()["changes"]["reload"] is True

"""The proof in an upload: a stolen device cannot change the presence, and its uploads can be
withdrawn.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.matchday.access.conftest import HOUR, MINUTE, SECOND
from virage.identity.people.store.devices import lock_device
from virage.matchday.access.acts.scans import withdraw_scans
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant, Principal
from virage.site.programme import acts as programme
from virage.site.programme.rules import NewEvent

if TYPE_CHECKING:
    from tests.matchday.access.conftest import Evening

DAY = timedelta(days=1)
EVERYWHERE = Principal("staff", new_id(), new_id(), (Grant("supervisor"),))
PRESENCE = "select state, entries, people from access.presence order by pass_number"


def outcome_of(answer: dict[str, Any]) -> tuple[str, str | None]:
    return answer["outcome"], answer.get("reason")


async def board(night: "Evening") -> dict[str, Any]:
    night.knows("supervisor", Grant("supervisor", "event", night.event_id))
    found: dict[str, Any] = (await night.ask("supervisor", "GET", f"/api/access/board/{night.event_id}")).json()
    return found


async def test_five_hundred_passages_without_proof_change_no_entry_and_block_no_owner(night: "Evening") -> None:
    thief, gate, tickets = night.device(), night.device("A2"), await night.tickets(500)
    claimed = [night.scan(thief, "passed", pass_number=ticket.number) for ticket in tickets]
    answers = await night.send(thief, *claimed)
    assert {outcome_of(answer) for answer in answers} == {("noted", "unproved")}
    assert await night.rows("select 1 from passes.pass where entered_at is not null") == []
    assert {tuple(row) for row in await night.rows(PRESENCE)} == {(None, 0, 1)}
    (owner,) = await night.send(gate, night.scan(gate, "ask", tickets[0]))
    assert outcome_of(owner) == ("admitted", None)
    seen = await board(night)
    assert (seen["inside"], seen["admitted"]) == (501, 1)
    assert {one["reason"] for one in seen["alerts"]} == {"unproved"}


@pytest.mark.parametrize("kind", ["admitted", "passed"])
async def test_an_override_is_proof_and_a_claimed_admission_is_none(night: "Evening", kind: str) -> None:
    device, (overridden, claimed) = night.device(), await night.tickets(2)
    steward = await night.steward(Grant("steward", "gate", "A1"))
    answers = await night.send(
        device,
        night.scan(device, kind, pass_number=overridden.number, override="no_phone", person_id=steward),
        night.scan(device, kind, pass_number=claimed.number),
    )
    assert [outcome_of(one) for one in answers] == [("noted", None), ("noted", "unproved")]
    assert [row["state"] for row in await night.rows(PRESENCE)] == ["inside" if kind == "passed" else "pending", None]


async def test_a_passage_counts_only_after_a_pending_admission_at_its_gate(night: "Evening") -> None:
    await night.rows("insert into access.gate (event_id, gate, turnstile) values ($1, 'A1', true)", night.event_id)
    reader, turnstile, elsewhere = night.device(), night.device(), night.device("A2")
    waits, other = await night.tickets(2)
    await night.send(reader, *(night.scan(reader, "ask", ticket) for ticket in (waits, other)))
    night.clock.advance(5 * SECOND)
    (here,) = await night.send(turnstile, night.scan(turnstile, "passed", pass_number=waits.number))
    (there,) = await night.send(elsewhere, night.scan(elsewhere, "passed", pass_number=other.number))
    assert [outcome_of(here), outcome_of(there)] == [("noted", None), ("noted", "unproved")]
    assert [row["state"] for row in await night.rows(PRESENCE)] == ["inside", "pending"]


async def test_two_gates_that_admit_one_ticket_count_two_people_and_one_admission(night: "Evening") -> None:
    here, there, ticket = night.device(), night.device("A2"), await night.ticket()
    await night.send(here, night.scan(here, "passed", ticket, offline=True))
    night.clock.advance(MINUTE)
    await night.send(there, night.scan(there, "passed", ticket, offline=True))
    zone = next(one for one in (await board(night))["zones"] if one["code"] == "N")
    assert (zone["inside"], zone["admitted"], zone["tickets"]["entered"]) == (2, 1, 1)
    await night.send(here, night.scan(here, "left", ticket, at=night.clock.now() + SECOND))
    assert (await board(night))["inside"] == 1


async def test_an_entry_with_a_forged_code_counts_a_person_and_no_admission(night: "Evening") -> None:
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
        title={"fr": "Un autre", "en": "Another"},
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
async def test_scans_are_accepted_only_around_the_event_by_the_servers_clock(
    night: "Evening", doors_in: timedelta, kind: str, is_taken: bool
) -> None:
    event, device = await other_event(night, max(doors_in, HOUR)), night.device()
    night.clock.advance(max(HOUR - doors_in, timedelta()))
    body = night.scan(device, kind, pass_number=0, event_id=event.id, at=event.doors_at)
    (answer,) = await night.send(device, body)
    assert (outcome_of(answer) != ("refused", "event_not_on")) is is_taken
    assert len(await night.rows("select 1 from access.scan")) == is_taken


async def test_training_is_answered_long_before_the_event(night: "Evening") -> None:
    event, device = await other_event(night, 30 * DAY), night.device()
    (answer,) = await night.send(device, night.scan(device, "ask", code="V1:", event_id=event.id, training=True))
    assert outcome_of(answer) == ("refused", "unreadable")


async def test_uploads_of_a_device_since_a_time_are_withdrawn_and_the_state_is_restored(night: "Evening") -> None:
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
    assert (await board(night))["duplicates_open"] == 1
    async with night.db.transaction() as conn:
        await lock_device(conn, thief.id)
        assert await withdraw_scans(conn, EVERYWHERE, thief.id, since, night.clock.now()) is None
    seen = await board(night)
    assert (seen["inside"], seen["admitted"], seen["duplicates_open"], seen["alerts"]) == (2, 2, 0, [])
    assert [tuple(row) for row in await night.rows(PRESENCE)] == [("inside", 1, 1), (None, 0, 0), ("inside", 1, 1)]
    entered = await night.rows("select entered_at is not null as came from passes.pass order by number")
    assert [row["came"] for row in entered] == [True, False, True]
    (owner,) = await night.send(gate, night.scan(gate, "ask", stolen))
    assert outcome_of(owner) == ("admitted", None)
    (fact,) = await night.rows("select about, data from kernel.journal where what = 'scans_withdrawn'")
    assert fact["about"] == night.event_id
    told = {"device_id": str(thief.id), "since": int(since.timestamp()), "numbers": [stolen.number, double.number]}
    assert fact["data"] == told


async def test_gates_receive_withdrawn_scans(night: "Evening") -> None:
    thief, gate, ticket = night.device(), night.device("A2"), await night.ticket()
    beat = {"event_id": str(night.event_id), "gate": "A2", "at": night.clock.now().isoformat()}
    await night.send(thief, night.scan(thief, "passed", ticket, offline=True))
    first = (await night.ask(str(gate.id), "POST", "/api/access/heartbeat", beat)).json()["changes"]
    async with night.db.transaction() as conn:
        await lock_device(conn, thief.id)
        await withdraw_scans(conn, EVERYWHERE, thief.id, night.clock.now() - MINUTE, night.clock.now())
    heard = await night.ask(str(gate.id), "POST", "/api/access/heartbeat", beat | {"version": first["version"]})
    assert heard.json()["changes"]["reload"] is True


@pytest.mark.parametrize(
    ("off", "is_proved"),
    [(-24 * HOUR, True), (-26 * HOUR, False), (timedelta(), True), (14 * MINUTE, True), (16 * MINUTE, False)],
)
async def test_an_upload_proves_nothing_outside_the_active_time_of_its_gate(
    night: "Evening", off: timedelta, is_proved: bool
) -> None:
    device, ticket = night.device(), await night.ticket(not_before=night.clock.now() - 30 * DAY)
    (answer,) = await night.send(device, night.scan(device, "passed", ticket, at=night.clock.now() + off))
    assert outcome_of(answer) == ("noted", None if is_proved else "implausible_time")
    assert {tuple(row) for row in await night.rows(PRESENCE)} == {("inside", 1, 1) if is_proved else (None, 0, 1)}
    assert [one["reason"] for one in (await board(night))["alerts"]] == ([] if is_proved else ["implausible_time"])


async def test_an_upload_from_before_the_pairing_of_its_device_proves_nothing(night: "Evening") -> None:
    device, (early, overridden, late) = night.device(), await night.tickets(3)
    await night.paired()
    paired = night.clock.now() - 30 * MINUTE
    await night.rows("update people.device set paired_at = $1", paired)
    steward = await night.steward()
    answers = await night.send(
        device,
        night.scan(device, "passed", early, at=paired - 16 * MINUTE),
        night.scan(
            device, "passed", pass_number=overridden.number, at=paired - HOUR, override="no_phone", person_id=steward
        ),
        night.scan(device, "passed", late, at=paired),
    )
    assert [one.get("reason") for one in answers] == ["implausible_time", "implausible_time", None]


async def test_an_upload_of_a_time_after_the_gates_closed_proves_nothing(night: "Evening") -> None:
    device, (during, after) = night.device(), await night.tickets(2, expires_at=night.clock.now() + 30 * DAY)
    seen = night.clock.now()
    night.clock.advance(3 * DAY)
    answers = await night.send(
        device,
        night.scan(device, "passed", during, at=seen),
        night.scan(device, "passed", after, at=night.clock.now()),
    )
    assert [one.get("reason") for one in answers] == [None, "implausible_time"]


@pytest.mark.parametrize("case", ["no_code", "picture", "film", "no_steward"])
async def test_where_re_entry_is_allowed_an_exit_without_proof_allows_no_second_entry(
    evening: "Evening", case: str
) -> None:
    await evening.open(reentry=True)
    thief, gate, ticket = evening.device(), evening.device("A2"), await evening.ticket()
    await evening.send(gate, evening.scan(gate, "ask", ticket))
    evening.clock.advance(MINUTE)
    claims: dict[str, dict[str, Any]] = {
        "no_code": {},
        "picture": {"code": ticket.text},
        "film": {"code": ticket.code(evening.clock.now() - HOUR)},
        "no_steward": {"override": "broken_phone", "person_id": new_id()},
    }
    reasons = {"no_code": "unproved", "picture": "screenshot", "film": "out_of_date", "no_steward": "no_steward"}
    left = evening.scan(thief, "left", pass_number=ticket.number, **claims[case])
    assert outcome_of((await evening.send(thief, left))[0]) == ("noted", reasons[case])
    (again,) = await evening.send(gate, evening.scan(gate, "ask", ticket))
    assert outcome_of(again) == ("refused", "already_inside")
    (zone,) = [one for one in (await board(evening))["zones"] if one["code"] == "N"]
    assert zone["inside"] == 0
    alone = evening.scan(gate, "passed", ticket, at=evening.clock.now() + SECOND, offline=True)
    await evening.send(gate, alone)
    assert (await board(evening))["duplicates_open"] == 1


@pytest.mark.parametrize("case", ["code", "paper", "steward"])
async def test_where_re_entry_is_allowed_a_proven_exit_allows_a_second_entry(evening: "Evening", case: str) -> None:
    await evening.open(reentry=True)
    device, ticket, steward = evening.device(), await evening.ticket(), await evening.steward()
    text = await evening.printed(ticket) if case == "paper" else None
    shown = {"code": text} if text else {}
    await evening.send(device, evening.scan(device, "ask", ticket, **shown))
    evening.clock.advance(MINUTE)
    left = evening.scan(device, "left", ticket, **shown)
    if case == "steward":
        left = evening.scan(device, "left", pass_number=ticket.number, override="broken_phone", person_id=steward)
    assert outcome_of((await evening.send(device, left))[0]) == ("noted", None)
    evening.clock.advance(MINUTE)
    (back,) = await evening.send(device, evening.scan(device, "ask", ticket, **shown))
    assert outcome_of(back) == ("admitted", None)
    assert (await board(evening))["duplicates"] == []

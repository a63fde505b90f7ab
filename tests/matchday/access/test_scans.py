"""Scans through the real endpoint: decided, written once, and given the same response on
repetition.
"""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.matchday.access.conftest import NOW, Key, Ticket
from tests.matchday.access.test_board import board
from virage.identity.passes import acts as passes
from virage.identity.passes.acts import BindingRequest, BoundPass, Handover
from virage.identity.passes.rules.code import bytes_of, text_of
from virage.matchday.access.jobs import AccessJobs
from virage.matchday.access.routes.scan_service import BACKLOGS_MAX, SMALL_UPLOAD_MAX, WAITING_MAX
from virage.matchday.access.rules.active import CLOCK_MARGIN
from virage.matchday.access.rules.scans import SCAN_CHARS_MAX, SCANS_MAX
from virage.platform.web.guard import Grant

if TYPE_CHECKING:
    from tests.matchday.access.conftest import Evening

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
PRESENCE = "select state, gate, entries, zone from access.presence order by pass_number"


def outcome_of(answer: dict[str, Any]) -> tuple[str, str | None]:
    return answer["outcome"], answer.get("reason")


async def test_a_valid_pass_without_a_turnstile_is_inside_at_once(night: "Evening") -> None:
    device, ticket = night.device(), await night.ticket()
    (answer,) = await night.send(device, night.scan(device, "ask", ticket))
    assert outcome_of(answer) == ("admitted", None)
    assert answer["pass_number"] == ticket.number
    assert answer["place_label"]["gate_group"] == "A"
    assert [tuple(row) for row in await night.rows(PRESENCE)] == [("inside", "A1", 1, "N")]
    (entered,) = await night.rows("select entered_at from passes.pass")
    assert entered["entered_at"] == night.clock.now()


async def test_a_pass_admits_once_and_the_second_gate_names_time_and_gate_of_entry(night: "Evening") -> None:
    here, there, ticket = night.device(), night.device("A2"), await night.ticket()
    await night.send(here, night.scan(here, "ask", ticket))
    since = night.clock.now()
    night.clock.advance(10 * SECOND)
    (answer,) = await night.send(there, night.scan(there, "ask", ticket))
    assert outcome_of(answer) == ("refused", "already_inside")
    assert answer["data"] == {"since": since.isoformat().replace("+00:00", "Z"), "gate": "A1"}


async def test_a_repeated_scan_gets_its_first_answer_and_has_no_second_effect(night: "Evening") -> None:
    device, ticket = night.device(), await night.ticket()
    body = night.scan(device, "ask", ticket)
    first = await night.send(device, body)
    assert await night.send(device, body) == first
    assert await night.send(device, body, body) == first * 2
    assert len(await night.rows("select 1 from access.scan")) == 1
    assert len(await night.rows("select 1 from access.crossing")) == 1


async def test_each_invalid_pass_is_refused_with_its_reason(night: "Evening") -> None:
    device = night.device()
    good, stale, revoked, printed = await night.tickets(4)
    elsewhere = await night.ticket("Q1")
    await night.revoke(revoked)
    paper = await night.printed(printed)
    forged = bytearray(bytes_of(good.code()) or b"")
    forged[-1] ^= 1
    shown = {
        "revoked": revoked.code(),
        "superseded": printed.code(),
        "paper": paper,
        "wrong_gate": elsewhere.code(),
        "screenshot": good.text,
        "forged": text_of(bytes(forged)),
        "unreadable": "hello",
        "again": stale.code(night.clock.now() - 10 * MINUTE),
    }
    answers = await night.send(device, *(night.scan(device, "ask", code=code) for code in shown.values()))
    assert dict(zip(shown, map(outcome_of, answers), strict=True)) == {
        "paper": ("admitted", None),
        "again": ("again", None),
    } | {name: ("refused", name) for name in shown if name not in ("paper", "again")}
    assert len(await night.rows("select 1 from access.crossing")) == 1


async def test_a_phone_with_a_wrong_clock_is_admitted_with_its_second_code_and_a_picture_is_not(
    night: "Evening",
) -> None:
    device, ticket, copied = night.device(), await night.ticket(), await night.ticket()
    behind, picture = -10 * MINUTE, copied.code(night.clock.now() - 10 * MINUTE)
    for _ in range(2):
        code = ticket.code(night.clock.now() + behind)
        phone = await night.send(device, night.scan(device, "ask", code=code))
        still = await night.send(device, night.scan(device, "ask", code=picture))
        night.clock.advance(70 * SECOND)
    assert outcome_of(phone[0]) == ("admitted", None)
    assert phone[0]["clock_off_s"] == -600
    assert outcome_of(still[0]) == ("refused", "screenshot")


async def test_scans_not_signed_by_the_device_change_nothing(night: "Evening") -> None:
    device, other, ticket = night.device(), night.device("B1"), await night.ticket()
    body = night.scan(device, "ask", ticket)
    forged = night.signed(other, body)
    answer = await night.ask(str(device.id), "POST", "/api/access/scans", {"scans": [forged]})
    assert outcome_of(answer.json()["answers"][0]) == ("refused", "forged_scan")
    assert answer.json()["answers"][0]["number"] == body["number"]
    elsewhere = await night.send(device, night.scan(device, "ask", ticket, gate="B1"))
    assert outcome_of(elsewhere[0]) == ("refused", "not_your_gate")
    nowhere = await night.send(device, night.scan(device, "ask", ticket, event_id=device.id))
    assert outcome_of(nowhere[0]) == ("refused", "unknown_event")
    invisible = await night.send(device, night.scan(device, "ask", ticket, override="a\u202eb"))
    assert outcome_of(invisible[0]) == ("refused", "invalid_scan")
    for table in ("scan", "crossing", "presence"):
        assert await night.rows(f"select 1 from access.{table}") == []


async def test_unsent_scans_of_a_revoked_device_are_refused_and_its_fans_are_not_inside(
    night: "Evening",
) -> None:
    device, other, (unsent, later) = night.device(), night.device("A2"), await night.tickets(2)
    before = night.signed(device, night.scan(device, "passed", unsent, offline=True))
    night.end(device)
    after = night.signed(device, night.scan(device, "passed", later, offline=True))
    for scans in ([before], [after], [before, after]):
        answer = await night.ask(str(device.id), "POST", "/api/access/scans", {"scans": scans})
        assert answer.status_code == 401
    handed_on = await night.ask(str(other.id), "POST", "/api/access/scans", {"scans": [before, after]})
    assert [outcome_of(one) for one in handed_on.json()["answers"]] == [("refused", "forged_scan")] * 2
    for table in ("scan", "crossing", "presence"):
        assert await night.rows(f"select 1 from access.{table}") == []
    assert [outcome_of(one) for one in await night.send(other, night.scan(other, "ask", unsent))] == [
        ("admitted", None)
    ]


async def test_a_device_belongs_to_a_gate_a_group_or_the_whole_ground(night: "Evening") -> None:
    for grant in (Grant("gate", "gate", "A1"), Grant("gate", "gate", "A"), Grant("gate")):
        device, ticket = night.device("A1", grant), await night.ticket()
        assert outcome_of((await night.send(device, night.scan(device, "ask", ticket)))[0]) == ("admitted", None)


async def test_only_devices_can_send_scans(night: "Evening") -> None:
    night.knows("admin", Grant("admin"))
    assert (await night.ask("", "POST", "/api/access/scans", {"scans": []})).status_code == 401
    assert (await night.ask("admin", "POST", "/api/access/scans", {"scans": []})).status_code == 403


async def test_at_a_turnstile_admission_and_passage_are_two_steps(night: "Evening") -> None:
    await night.rows("insert into access.gate (event_id, gate, turnstile) values ($1, 'A1', true)", night.event_id)
    device, other, ticket = night.device(), night.device("A2"), await night.ticket()
    (answer,) = await night.send(device, night.scan(device, "ask", ticket))
    until = night.clock.now() + MINUTE
    assert answer["pending_until"] == until.isoformat().replace("+00:00", "Z")
    assert (await night.rows("select entered_at from passes.pass"))[0]["entered_at"] is None
    elsewhere = await night.send(other, night.scan(other, "ask", ticket))
    assert outcome_of(elsewhere[0]) == ("refused", "already_inside")
    await night.send(device, night.scan(device, "passed", pass_number=ticket.number))
    assert [tuple(row) for row in await night.rows(PRESENCE)] == [("inside", "A1", 1, "N")]
    assert (await night.rows("select entered_at from passes.pass"))[0]["entered_at"] is not None


@pytest.mark.parametrize("how", ["withdrawn", "waited"])
async def test_an_admission_without_passage_does_not_use_the_pass(night: "Evening", how: str) -> None:
    await night.rows("insert into access.gate (event_id, gate, turnstile) values ($1, 'A1', true)", night.event_id)
    device, other, ticket = night.device(), night.device("A2"), await night.ticket()
    await night.send(device, night.scan(device, "ask", ticket))
    if how == "withdrawn":
        night.clock.advance(SECOND)
        await night.send(device, night.scan(device, "withdrawn", pass_number=ticket.number))
    else:
        night.clock.advance(MINUTE)
    (answer,) = await night.send(other, night.scan(other, "ask", ticket))
    assert outcome_of(answer) == ("admitted", None)


async def test_training_scans_are_answered_like_real_ones_and_not_counted(night: "Evening") -> None:
    device, ticket = night.device(), await night.ticket()
    for _ in range(2):
        (answer,) = await night.send(device, night.scan(device, "ask", ticket, training=True))
        assert outcome_of(answer) == ("admitted", None)
    assert await night.rows("select 1 from access.presence") == []
    assert await night.rows("select 1 from access.crossing") == []
    assert await night.rows("select 1 from kernel.journal where what = 'passes_crossed'") == []
    await night.send(device, night.scan(device, "ask", ticket))
    (answer,) = await night.send(device, night.scan(device, "ask", ticket, training=True))
    assert outcome_of(answer) == ("refused", "already_inside")


@pytest.mark.parametrize(("said_why", "kept_why"), [("no_phone", "no_phone"), ("sent by Example Person", "other")])
async def test_an_override_admits_and_is_stored_as_a_code_with_its_person_and_never_as_free_text(
    night: "Evening", said_why: str, kept_why: str
) -> None:
    device, ticket = night.device(), await night.ticket(gate="Q1")
    steward = await night.steward(Grant("supervisor", "gate", "A"))
    body = night.scan(device, "ask", ticket, override=said_why, person_id=steward)
    assert outcome_of((await night.send(device, body))[0]) == ("admitted", None)
    (kept,) = await night.rows("select override, person_id from access.scan")
    assert tuple(kept) == (kept_why, steward)
    assert [row["state"] for row in await night.rows(PRESENCE)] == ["inside"]


async def test_an_offline_duplicate_names_both_scans_and_a_late_exit_explains_it(
    night: "Evening",
) -> None:
    here, there, ticket = night.device(), night.device("A2"), await night.ticket()
    first = night.scan(here, "passed", ticket, offline=True)
    left = night.scan(here, "left", ticket, at=night.clock.now() + MINUTE, offline=True)
    second = night.scan(there, "passed", ticket, at=night.clock.now() + 2 * MINUTE, offline=True)
    assert outcome_of((await night.send(there, second))[0]) == ("noted", None)
    await night.send(here, first)
    (found,) = await night.rows("select * from access.duplicate")
    assert (found["first_device_id"], found["first_number"]) == (here.id, first["number"])
    assert (found["second_device_id"], found["second_number"], found["gone_at"]) == (there.id, second["number"], None)
    await night.send(here, left)
    (found,) = await night.rows("select gone_at from access.duplicate")
    assert found["gone_at"] == night.clock.now()


async def test_a_gate_that_has_not_heard_of_a_transfer_admits_the_first_pass_and_both_scans_are_reported(
    night: "Evening",
) -> None:
    online, offline, ticket = night.device(), night.device("A2"), await night.ticket()
    receivers = Key()
    async with night.db.transaction() as conn:
        assert await passes.hand_over(conn, [Handover(ticket.subject)], night.clock.now()) is None
        (bound,) = await passes.bind(conn, night.vault, [BindingRequest(ticket.subject, receivers.jwk)], NOW)
    assert isinstance(bound, BoundPass)
    mine = Ticket(ticket.number, ticket.subject, receivers)
    mine.text = bound.text
    refused = night.scan(online, "ask", code=ticket.code(), training=True)
    assert outcome_of((await night.send(online, refused))[0]) == ("refused", "superseded"), (
        "the giver's pass is refused online"
    )
    givers = night.scan(offline, "passed", ticket, code=ticket.code(), offline=True)
    night.clock.advance(SECOND)
    receiver = night.scan(online, "ask", code=mine.code(night.clock.now()))
    assert outcome_of((await night.send(online, receiver))[0]) == ("admitted", None)
    assert outcome_of((await night.send(offline, givers))[0])[0] == "noted"
    (found,) = await night.rows("select * from access.duplicate")
    assert {found["first_device_id"], found["second_device_id"]} == {online.id, offline.id}


async def test_a_gate_that_has_not_heard_of_a_sale_admits_the_first_pass_and_both_scans_are_reported(
    night: "Evening",
) -> None:
    online, offline, sellers = night.device(), night.device("A2"), await night.ticket()
    (place,) = [row["place"] for row in await night.rows("select place from passes.pass")]
    await night.revoke(sellers)
    buyers = await night.ticket(place=place)
    refused = night.scan(online, "ask", code=sellers.code(), training=True)
    assert outcome_of((await night.send(online, refused))[0]) == ("refused", "revoked"), (
        "the seller's pass is refused online"
    )
    first = night.scan(offline, "passed", sellers, code=sellers.code(), offline=True)
    assert outcome_of((await night.send(offline, first))[0]) == ("noted", "revoked")
    (alert,) = (await board(night))["alerts"]
    assert (alert["reason"], alert["present"]) == ("revoked", None), "the place has one person yet"
    night.clock.advance(SECOND)
    second = night.scan(online, "ask", buyers, code=buyers.code(night.clock.now()))
    assert outcome_of((await night.send(online, second))[0]) == ("admitted", None), "the place is the buyer's"
    night.clock.advance(MINUTE)  # the board is read again
    (alert,) = (await board(night))["alerts"]
    assert (alert["device_id"], alert["gate"], alert["pass_number"]) == (str(offline.id), "A2", sellers.number)
    assert (alert["present"]["device_id"], alert["present"]["gate"]) == (str(online.id), "A1")
    assert alert["place_label"]["gate_group"], "the steward is sent to the seat"
    assert [row["state"] for row in await night.rows(PRESENCE)] == ["inside", "inside"]


async def test_a_forged_code_admitted_by_a_gate_is_no_entry_and_is_reported(night: "Evening") -> None:
    device, ticket = night.device(), await night.ticket()
    body = night.scan(device, "passed", pass_number=ticket.number, code=ticket.text, offline=True)
    assert outcome_of((await night.send(device, body))[0]) == ("noted", "screenshot")
    assert await night.rows("select 1 from access.crossing") == []
    (kept,) = await night.rows("select outcome, reason, offline from access.scan")
    assert tuple(kept) == ("noted", "screenshot", True)


async def test_a_request_with_a_lost_answer_is_no_duplicate_of_the_devices_decision(night: "Evening") -> None:
    device, ticket = night.device(), await night.ticket()
    await night.send(device, night.scan(device, "ask", ticket))
    night.clock.advance(SECOND)
    await night.send(device, night.scan(device, "passed", ticket, offline=True))
    assert [tuple(row) for row in await night.rows(PRESENCE)] == [("inside", "A1", 1, "N")]
    assert await night.rows("select 1 from access.duplicate") == []


async def test_a_device_that_was_offline_for_long_can_upload_the_maximum_number_of_scans(night: "Evening") -> None:
    device, tickets = night.device(), await night.tickets(SCANS_MAX)
    answers = await night.send(device, *(night.scan(device, "passed", one, offline=True) for one in tickets))
    assert {outcome_of(answer) for answer in answers} == {("noted", None)}
    assert len(await night.rows(PRESENCE)) == SCANS_MAX
    largest = [night.signed(device, night.scan(device, "pulse")) | {"body": "A" * SCAN_CHARS_MAX}] * SCANS_MAX
    answer = await night.ask(str(device.id), "POST", "/api/access/scans", {"scans": largest})
    assert answer.status_code == 200, answer.text


async def test_one_of_several_devices_that_ask_at_the_same_moment_admits(night: "Evening") -> None:
    devices = [night.device(f"A{number}") for number in range(1, 9)]
    tickets = await night.tickets(12)

    async def ask(ticket: Any, device: Any) -> str:
        (answer,) = await night.send(device, night.scan(device, "ask", ticket))
        outcome: str = answer["outcome"]
        return outcome

    outcomes = await asyncio.gather(*(ask(ticket, device) for ticket in tickets for device in devices))
    assert outcomes.count("admitted") == len(tickets)
    assert await night.rows("select 1 from access.duplicate") == []
    assert {row["entries"] for row in await night.rows(PRESENCE)} == {1}


async def test_an_unknown_pass_number_fails_no_other_scan_of_its_batch(night: "Evening") -> None:
    device, ticket = night.device(), await night.ticket()
    answers = await night.send(
        device,
        night.scan(device, "passed", pass_number=4_000_000_000),
        night.scan(device, "pulse", lane="ramp N1", count=4),
        night.scan(device, "ask", ticket),
    )
    assert [answer["outcome"] for answer in answers] == ["noted", "noted", "admitted"]
    (pulse,) = await night.rows("select lane, count from access.scan where kind = 'pulse'")
    assert tuple(pulse) == ("ramp N1", 4)


async def test_journal_facts_of_scans_have_numbers_only(night: "Evening") -> None:
    device, tickets = night.device(), await night.tickets(2)
    await night.send(device, *(night.scan(device, "ask", ticket) for ticket in tickets))
    (fact,) = await night.rows("select about, data from kernel.journal where what = 'passes_crossed'")
    assert fact["about"] == night.event_id
    assert fact["data"] == {
        "numbers": [ticket.number for ticket in tickets],
        "inside": [True, True],
        "gates": ["A1", "A1"],
        "since": [int(night.clock.now().timestamp())] * 2,
        "generations": [0, 0],
    }


async def test_a_job_expires_admissions_without_a_passage(night: "Evening") -> None:
    await night.rows("insert into access.gate (event_id, gate, turnstile) values ($1, 'A1', true)", night.event_id)
    device, (waits, went) = night.device(), await night.tickets(2)
    await night.send(
        device,
        night.scan(device, "passed", went, at=night.clock.now() - 2 * MINUTE),
        night.scan(device, "left", pass_number=went.number, at=night.clock.now() - MINUTE),
        night.scan(device, "ask", waits),
        night.scan(device, "ask", went, override="system_error", person_id=await night.steward()),
    )
    jobs = AccessJobs(night.db, night.clock)
    await jobs.expire_pending()
    assert [row["state"] for row in await night.rows(PRESENCE)] == ["pending", "pending"]
    night.clock.advance(MINUTE)
    await jobs.expire_pending()
    assert [(row["state"], row["entries"]) for row in await night.rows(PRESENCE)] == [(None, 0), ("outside", 1)]
    assert await night.rows("select 1 from access.presence where pending_until is not null") == []


async def test_a_picture_at_an_exit_blocks_no_later_entry(night: "Evening") -> None:
    here, other, ticket = night.device(), night.device(), await night.ticket()
    await night.send(other, night.scan(other, "left", pass_number=ticket.number, code=ticket.text, offline=True))
    night.clock.advance(MINUTE)
    (answer,) = await night.send(here, night.scan(here, "ask", ticket))
    assert answer["outcome"] == "admitted"


async def test_a_clock_of_the_next_century_does_not_override_other_scans(night: "Evening") -> None:
    here, thief, ticket = night.device(), night.device(), await night.ticket()
    await night.send(here, night.scan(here, "ask", ticket))
    late = night.clock.now().replace(year=2199)
    await night.send(thief, night.scan(thief, "left", pass_number=ticket.number, at=late, offline=True))
    (row,) = await night.rows("select state, since from access.presence")
    assert (row["state"], row["since"]) == ("outside", night.clock.now() + CLOCK_MARGIN)


async def test_with_too_many_large_uploads_another_is_refused_and_live_scans_are_answered(
    night: "Evening",
) -> None:
    device, tickets = night.device(), await night.tickets(SMALL_UPLOAD_MAX + 2)
    night.desk.backlogs_here = BACKLOGS_MAX
    backlog = [night.signed(device, night.scan(device, "passed", one, offline=True)) for one in tickets[1:]]
    answer = await night.ask(str(device.id), "POST", "/api/access/scans", {"scans": backlog})
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert await night.rows(PRESENCE) == []
    (asked,) = await night.send(device, night.scan(device, "ask", tickets[0]))
    assert asked["outcome"] == "admitted"
    night.desk.backlogs_here = 0
    answer = await night.ask(str(device.id), "POST", "/api/access/scans", {"scans": backlog})
    assert answer.status_code == 200
    assert (night.desk.backlogs_here, len(await night.rows(PRESENCE))) == (0, SMALL_UPLOAD_MAX + 2)


async def test_an_overloaded_server_makes_gates_decide_offline_and_stores_nothing(night: "Evening") -> None:
    device, ticket = night.device(), await night.ticket()
    scans = {"scans": [night.signed(device, night.scan(device, "ask", ticket))]}
    night.desk.waiting = WAITING_MAX
    answer = await night.ask(str(device.id), "POST", "/api/access/scans", scans)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert await night.rows("select 1 from access.scan") == []
    night.desk.waiting = 0
    answer = await night.ask(str(device.id), "POST", "/api/access/scans", scans)
    assert outcome_of(answer.json()["answers"][0]) == ("admitted", None)

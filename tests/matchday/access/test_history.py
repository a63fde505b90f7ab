"""Why a pass was refused: a supervisor searches it, and sees its scans."""

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.matchday.access.conftest import MINUTE
from tests.matchday.access.test_holders import sold
from virage.platform.web.guard import Grant

if TYPE_CHECKING:
    from tests.matchday.access.conftest import Evening


async def test_a_supervisor_sees_each_scan_of_a_pass_with_reason_and_author(night: "Evening") -> None:
    device, other, ticket = night.device(), night.device("B1"), await night.ticket()
    night.knows("supervisor", Grant("supervisor", "event", night.event_id))
    path = f"/api/access/events/{night.event_id}/passes/{ticket.number}"
    before_any_scan = (await night.ask("supervisor", "GET", path)).json()
    assert (before_any_scan["presence"], before_any_scan["scans"]) == (None, [])
    await night.send(other, night.scan(other, "ask", ticket))
    night.clock.advance(MINUTE)
    code = ticket.code(night.clock.now() - 5 * MINUTE)
    await night.send(device, night.scan(device, "passed", code=code, offline=True, time_trusted=False))
    found = (await night.ask("supervisor", "GET", path)).json()
    assert found["presence"]["state"] == "inside"
    lines = [
        (one["gate"], one["kind"], one["outcome"], one["reason"], one["time_trusted"], one["clock_off_s"])
        for one in found["scans"]
    ]
    assert lines == [
        ("A1", "passed", "noted", None, False, -300),
        ("B1", "ask", "refused", "wrong_gate", True, 0),
    ]


async def test_supervisors_find_a_pass_by_its_number_or_holder(night: "Evening") -> None:
    ticket = await night.ticket("Q1")
    await sold(night, ticket, email="buyer@example.org", buyer="Buyer First", holder="Holder Second", code="ABCDEFGH")
    night.knows("supervisor", Grant("supervisor", "gate", "A"))
    night.knows("steward", Grant("steward"))
    path = f"/api/access/events/{night.event_id}/passes"
    for wanted in (str(ticket.number), "holder", "buyer@example.org", "ABCD-EFGH"):
        found = (await night.ask("supervisor", "GET", f"{path}?q={wanted}")).json()
        assert [one["pass_number"] for one in found] == [ticket.number], wanted
    assert (await night.ask("supervisor", "GET", f"{path}?q=ab")).status_code == 400
    assert (await night.ask("supervisor", "GET", f"{path}?q=99999999999")).json() == []
    for number in (ticket.number + 1, 2**40, 10**30):
        assert (await night.ask("supervisor", "GET", f"{path}/{number}")).status_code == 404
    for who, status in (("steward", 403), ("", 401)):
        assert (await night.ask(who, "GET", f"{path}/{ticket.number}")).status_code == status
        assert (await night.ask(who, "GET", f"{path}?q=holder")).status_code == status


async def test_a_pass_waiting_at_another_turnstile_is_refused_with_its_deadline(night: "Evening") -> None:
    await night.rows("insert into access.gate (event_id, gate, turnstile) values ($1, 'A1', true)", night.event_id)
    device, other, ticket = night.device(), night.device("A2"), await night.ticket()
    await night.send(device, night.scan(device, "ask", ticket))
    until = night.clock.now() + timedelta(minutes=1)
    (answer,) = await night.send(other, night.scan(other, "ask", ticket))
    assert answer["data"]["pending_until"] == until.isoformat().replace("+00:00", "Z")

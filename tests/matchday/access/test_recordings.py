"""Recordings of moving codes over the real routes: the attacker's result, and what the owner and the
board see.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.matchday.access.conftest import MINUTE, SECOND
from virage.platform.web.guard import Grant

if TYPE_CHECKING:
    from tests.matchday.access.conftest import Device, Evening, Ticket

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def outcome_of(answer: dict[str, Any]) -> tuple[str, str | None]:
    return answer["outcome"], answer.get("reason")


async def show_recording(
    night: "Evening", device: "Device", ticket: "Ticket", ago: timedelta
) -> list[tuple[str, str | None]]:
    """Show a film of two codes half a minute apart, of some time ago, as the attacker does; return
    the lights.
    """
    lights = []
    for _ in range(2):
        code = ticket.code(night.clock.now() - ago)
        lights += [outcome_of(one) for one in await night.send(device, night.scan(device, "ask", code=code))]
        night.clock.advance(30 * SECOND)
    return lights


async def special(night: "Evening") -> list[tuple[str, str | None, int | None]]:
    """The alarms of the supervisor's board: (kind, reason, pass)."""
    night.knows("supervisor", Grant("supervisor", "event", night.event_id))
    board = (await night.ask("supervisor", "GET", f"/api/access/board/{night.event_id}")).json()
    return [(one["kind"], one["reason"], one["pass_number"]) for one in board["alerts"]]


@pytest.mark.parametrize("ago", [11 * MINUTE, HOUR, 19 * HOUR, DAY, 41 * HOUR])
async def test_a_recording_older_than_ten_minutes_is_refused_and_the_owner_enters(
    night: "Evening", ago: timedelta
) -> None:
    device, ticket = night.device(), await night.ticket()
    assert await show_recording(night, device, ticket, ago) == [("refused", "out_of_date")] * 2
    (owner,) = await night.send(device, night.scan(device, "ask", ticket))
    assert outcome_of(owner) == ("admitted", None)


async def test_codes_of_1970_are_refused(night: "Evening") -> None:
    device, ticket = night.device(), await night.ticket()
    since_1970 = timedelta(seconds=night.clock.now().timestamp())
    assert await show_recording(night, device, ticket, since_1970) == [("refused", "out_of_date")] * 2


@pytest.mark.parametrize("ago", [5 * MINUTE, 9 * MINUTE])
async def test_a_younger_recording_admits_once_and_the_owners_arrival_is_an_alert(
    night: "Evening", ago: timedelta
) -> None:
    device, other, ticket = night.device(), night.device("A2"), await night.ticket()
    assert await show_recording(night, device, ticket, ago) == [("again", None), ("admitted", None)]
    assert await special(night) == []
    assert (await show_recording(night, other, ticket, ago))[1] == ("refused", "already_inside")
    (owner,) = await night.send(other, night.scan(other, "ask", ticket))
    assert outcome_of(owner) == ("refused", "already_inside")
    assert ("ask", "already_inside", ticket.number) in await special(night)


async def test_an_owner_refused_offline_after_a_recording_is_an_alert(night: "Evening") -> None:
    device, ticket = night.device(), await night.ticket()
    code = ticket.code(night.clock.now() - 5 * MINUTE)
    await night.send(device, night.scan(device, "passed", code=code, offline=True))
    night.clock.advance(MINUTE)
    await night.send(device, night.scan(device, "refused", ticket, reason="already_inside", offline=True))
    assert await special(night) == [("refused", "already_inside", ticket.number)]


async def test_a_pass_scanned_twice_is_no_alert(night: "Evening") -> None:
    device, ticket = night.device(), await night.ticket()
    await night.send(device, night.scan(device, "ask", ticket))
    night.clock.advance(SECOND)
    assert outcome_of((await night.send(device, night.scan(device, "ask", ticket)))[0]) == ("refused", "already_inside")
    assert await special(night) == []


@pytest.mark.parametrize("trusted", [True, False])
async def test_an_old_recording_that_a_device_admitted_offline_admits_no_pass_and_is_an_alert(
    night: "Evening", trusted: bool
) -> None:
    device, other, ticket = night.device(), night.device("A2"), await night.ticket()
    code = ticket.code(night.clock.now() - HOUR)
    body = night.scan(device, "passed", code=code, offline=True, time_trusted=trusted)
    assert outcome_of((await night.send(device, body))[0]) == ("noted", "out_of_date")
    assert await special(night) == [("passed", "out_of_date", ticket.number)]
    assert (await night.rows("select entered_at from passes.pass"))[0]["entered_at"] is None
    assert [tuple(row) for row in await night.rows("select state, entries, people from access.presence")] == [
        (None, 0, 1)
    ]
    (owner,) = await night.send(other, night.scan(other, "ask", ticket))
    assert outcome_of(owner) == ("admitted", None)
    (kept,) = await night.rows("select time_trusted from access.scan where kind = 'passed'")
    assert kept["time_trusted"] is trusted


async def test_a_valid_code_admitted_without_trusted_time_is_an_entry(night: "Evening") -> None:
    device, ticket = night.device(), await night.ticket()
    body = night.scan(device, "passed", ticket, offline=True, time_trusted=False)
    assert outcome_of((await night.send(device, body))[0]) == ("noted", None)
    assert [row["entries"] for row in await night.rows("select entries from access.presence")] == [1]
    assert await special(night) == []

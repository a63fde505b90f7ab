"""Overrides need a steward of the gate, and a device may upload a limited number of them."""

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from virage.matchday.access.rules.overrides import OVERRIDES_MAX
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

if TYPE_CHECKING:
    from tests.matchday.access.conftest import Evening

STATES = "select state from access.presence order by pass_number"


def outcome_of(answer: dict[str, Any]) -> tuple[str, str | None]:
    return answer["outcome"], answer.get("reason")


async def board(night: "Evening") -> dict[str, Any]:
    night.knows("supervisor", Grant("supervisor", "event", night.event_id))
    found: dict[str, Any] = (await night.ask("supervisor", "GET", f"/api/access/board/{night.event_id}")).json()
    return found


async def override(night: "Evening", device: Any, ticket: Any, kind: str = "passed", **more: Any) -> Any:
    body = night.scan(device, kind, pass_number=ticket.number, override="no_phone", **more)
    return outcome_of((await night.send(device, body))[0])


@pytest.mark.parametrize(("kind", "outcome"), [("ask", "refused"), ("passed", "noted")])
async def test_an_override_without_a_steward_of_the_gate_is_refused(night: "Evening", kind: str, outcome: str) -> None:
    device, ticket = night.device(), await night.ticket()
    elsewhere = await night.steward(Grant("steward", "gate", "B"))
    fan = await night.steward(Grant("cashier"), email="cashier@example.org")
    for named in ({}, {"person_id": new_id()}, {"person_id": elsewhere}, {"person_id": fan}):
        assert await override(night, device, ticket, kind, **named) == (outcome, "no_steward")
    assert await night.rows("select 1 from access.presence where state is not null") == []
    here = await night.steward(Grant("steward", "gate", "A"))
    assert (await override(night, device, ticket, kind, person_id=here))[1] is None
    assert [row["state"] for row in await night.rows(STATES)] == ["inside"]


@pytest.mark.parametrize("scope", ["all", "organiser", "event", "group", "gate"])
async def test_a_role_for_the_gate_or_an_enclosing_scope_may_override(night: "Evening", scope: str) -> None:
    scopes = {
        "all": Grant("steward"),
        "organiser": Grant("steward", "organiser", night.organiser_id),
        "event": Grant("steward", "event", night.event_id),
        "group": Grant("steward", "gate", "A"),
        "gate": Grant("steward", "gate", "A1"),
    }
    steward = await night.steward(scopes[scope])
    assert await override(night, night.device(), await night.ticket(), person_id=steward) == ("noted", None)


@pytest.mark.parametrize("case", ["another_gate_group", "cancelled", "banned"])
async def test_a_pass_of_another_gate_requires_a_supervisor(night: "Evening", case: str) -> None:
    device, ticket = night.device(), await night.ticket("Q1" if case == "another_gate_group" else "A1")
    if case == "cancelled":
        await night.revoke(ticket)
    if case == "banned":
        await night.rows(
            """
            with ban as (
                insert into access.ban (id, file, name, added_at, expires_at)
                values ($1, 'club', 'x', $2, $2::timestamptz + interval '1 day') returning id, expires_at
            )
            insert into access.flag (event_id, pass_number, ban_id, flagged_at, expires_at)
            select $3, $4, id, $2, expires_at from ban
            """,
            new_id(),
            night.clock.now(),
            night.event_id,
            ticket.number,
        )
    steward = await night.steward()
    assert await override(night, device, ticket, person_id=steward) == ("noted", "needs_supervisor")
    assert [row["state"] for row in await night.rows(STATES)] == [None]
    supervisor = await night.steward(Grant("supervisor", "gate", "A1"), email="supervisor@example.org")
    assert await override(night, night.device(), ticket, person_id=supervisor) == ("noted", None)
    assert [row["state"] for row in await night.rows(STATES)] == ["inside"]


async def test_a_gate_opened_for_another_group_accepts_its_overrides(night: "Evening") -> None:
    await night.rows("insert into access.gate (event_id, gate, extra_groups) values ($1, 'A1', '{Q}')", night.event_id)
    steward = await night.steward()
    assert await override(night, night.device(), await night.ticket("Q1"), person_id=steward) == ("noted", None)


async def test_a_device_admits_a_limited_number_by_override_and_the_board_counts_them(night: "Evening") -> None:
    device, other, steward = night.device(), night.device("A2"), await night.steward()
    tickets = await night.tickets(OVERRIDES_MAX + 3)
    overrides = [
        night.scan(device, "passed", pass_number=one.number, override="no_phone", person_id=steward) for one in tickets
    ]
    answers = [
        *await night.send(device, *overrides[:OVERRIDES_MAX]),
        *await night.send(device, *overrides[:OVERRIDES_MAX]),
        *await night.send(device, *overrides[OVERRIDES_MAX:]),
    ]
    assert [outcome_of(one) for one in answers] == [("noted", None)] * (2 * OVERRIDES_MAX) + [
        ("noted", "too_many_overrides")
    ] * 3
    rehearsed = night.scan(device, "passed", tickets[0], override="no_phone", person_id=steward, training=True)
    await night.send(device, rehearsed)
    assert await override(night, other, tickets[-1], person_id=steward) == ("noted", None)
    seen = await board(night)
    assert (seen["inside"], seen["admitted"], seen["overrides_max"]) == (
        OVERRIDES_MAX + 4,
        OVERRIDES_MAX + 1,
        OVERRIDES_MAX,
    )
    assert [(one["device_id"], one["device_name"], one["gate"], one["overrides"]) for one in seen["overrides"]] == [
        (str(device.id), "Device A1", "A1", OVERRIDES_MAX + 3),
        (str(other.id), "Device A2", "A2", 1),
    ]


async def test_concurrent_uploads_of_a_device_do_not_exceed_the_limit_of_overrides(night: "Evening") -> None:
    device, steward = night.device(), await night.steward()
    tickets = await night.tickets(2 * OVERRIDES_MAX)
    bodies = [
        night.scan(device, "passed", pass_number=one.number, override="no_phone", person_id=steward) for one in tickets
    ]
    await night.paired()
    await asyncio.gather(*(night.send(device, *bodies[at : at + 20]) for at in range(0, len(bodies), 20)))
    (row,) = await night.rows("select count(*) filter (where state = 'inside') as inside from access.presence")
    assert row["inside"] == OVERRIDES_MAX


async def test_withdrawn_overrides_do_not_count(night: "Evening") -> None:
    steward, ticket, device = await night.steward(), await night.ticket(), night.device()
    await override(night, device, ticket, person_id=steward)
    await night.rows("update access.scan set withdrawn_at = $1", night.clock.now())
    assert (await board(night))["overrides"] == []

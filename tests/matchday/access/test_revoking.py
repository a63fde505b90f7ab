"""Withdrawing the scans of a revoked device: permissions, the selection of scans, and scans that
are being uploaded.
"""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import pytest

from tests.matchday.access.conftest import HOUR, MINUTE
from virage.identity.people import acts as people
from virage.identity.people.store.devices import lock_device
from virage.matchday.access.acts.scans import process_scans, withdraw_scans
from virage.matchday.access.rules.scans import Scan, VerifiedScan
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant, Principal
from virage.site.programme import acts as programme
from virage.site.programme.rules import NewEvent

if TYPE_CHECKING:
    from tests.matchday.access.conftest import Evening

INSIDE = "select pass_number from access.presence where state = 'inside' order by 1"
WAITING = "select exists(select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"


async def supervisor(night: "Evening", name: str, *grants: Grant) -> Principal:
    """A member of staff whose grants requests and acts know."""
    person_id = await night.steward(*grants, email=f"{name}@example.org")
    night.knows(name, *grants, person_id=person_id)
    return Principal("staff", person_id, new_id(), grants, night.clock.now())


async def revoke(night: "Evening", who: str, device_id: UUID, since: Any) -> httpx.Response:
    path = f"/api/access/devices/{device_id}/revocation"
    return await night.ask(who, "POST", path, {"withdraw_since": since.isoformat()})


async def test_scans_at_gates_that_the_supervisor_does_not_supervise_are_not_withdrawn(night: "Evening") -> None:
    device = night.device("A1", Grant("gate", "gate", "A1"), Grant("gate", "gate", "B1"))
    since, (here,), (there,) = night.clock.now(), await night.tickets(1), await night.tickets(1, "B1")
    await night.send(
        device, night.scan(device, "passed", here), night.scan(device, "passed", there, gate="B1", offline=True)
    )
    await supervisor(night, "one", Grant("supervisor", "gate", "A"))
    refused = await revoke(night, "one", device.id, since)
    assert (refused.status_code, refused.json()["code"], refused.json()["data"]["gates"]) == (
        403,
        "gates_not_supervised",
        ["B1"],
    )
    assert len(await night.rows(INSIDE)) == 2
    assert await night.rows("select 1 from people.device where revoked_at is not null") == []
    await supervisor(night, "both", Grant("supervisor", "gate", "A"), Grant("supervisor", "gate", "B1"))
    assert (await revoke(night, "both", device.id, since)).status_code == 204
    assert await night.rows(INSIDE) == []


@pytest.mark.parametrize("scope", ["all", "organiser", "event"])
async def test_a_supervisor_of_what_encloses_the_gates_withdraws_at_all_of_them(night: "Evening", scope: str) -> None:
    device, ticket, since = night.device(), await night.ticket(), night.clock.now()
    await night.send(device, night.scan(device, "passed", ticket))
    ids = {"all": None, "organiser": night.organiser_id, "event": night.event_id}
    actor = await supervisor(night, "whole", Grant("supervisor", scope, ids[scope]))
    async with night.db.transaction() as conn:
        await lock_device(conn, device.id)
        assert await withdraw_scans(conn, actor, device.id, since, night.clock.now()) is None
    assert await night.rows(INSIDE) == []


async def test_earlier_scans_and_scans_at_gates_of_others_are_kept(night: "Evening") -> None:
    device = night.device("A1", Grant("gate", "gate", "A1"), Grant("gate", "gate", "B1"))
    (here,), (there,) = await night.tickets(1), await night.tickets(1, "B1")
    await night.send(device, night.scan(device, "passed", there, gate="B1"))
    night.clock.advance(MINUTE)
    since = night.clock.now()
    await night.send(device, night.scan(device, "passed", here))
    await supervisor(night, "one", Grant("supervisor", "gate", "A1"))
    assert (await revoke(night, "one", device.id, since)).status_code == 204
    assert [row["pass_number"] for row in await night.rows(INSIDE)] == [there.number]


async def test_scans_of_a_past_event_are_not_withdrawn(night: "Evening") -> None:
    device, ticket, since = night.device(), await night.ticket(), night.clock.now()
    await night.send(device, night.scan(device, "passed", ticket))
    doors = night.clock.now() + timedelta(days=4)
    later = NewEvent(
        id=new_id(),
        organiser_id=night.organiser_id,
        kind="match",
        title={"fr": "Le suivant", "en": "The next one"},
        doors_at=doors,
        starts_at=doors + HOUR,
        ends_at=doors + 3 * HOUR,
        sale_opens_at=since - HOUR,
        sale_closes_at=doors,
    )
    async with night.db.transaction() as conn:
        await programme.create(conn, later, None, since)
        await programme.publish(conn, later.id, None, since)
    night.clock.advance(timedelta(days=4))
    await night.send(device, night.scan(device, "pulse", lane="out", count=3, event_id=later.id))
    await supervisor(night, "whole", Grant("supervisor"))
    assert (await revoke(night, "whole", device.id, since)).status_code == 204
    assert [row["pass_number"] for row in await night.rows(INSIDE)] == [ticket.number]
    withdrawn = await night.rows("select event_id from access.scan where withdrawn_at is not null")
    assert [row["event_id"] for row in withdrawn] == [later.id]


async def until_one_waits(night: "Evening", task: "asyncio.Task[Any]") -> None:
    """Until the task has ended or waits for a lock."""
    async with asyncio.timeout(10), night.db.connection() as conn:
        while not task.done() and not await conn.fetchval(WAITING):  # noqa: ASYNC110 - a lock is no event
            await asyncio.sleep(0.01)


def upload(night: "Evening", device: Any, number: int) -> VerifiedScan:
    scan = Scan(
        number=1,
        event_id=night.event_id,
        gate="A1",
        at=night.clock.now(),
        kind="passed",
        pass_number=number,
        override="no_phone",
        person_id=None,
    )
    return VerifiedScan(device.id, scan, None)


@pytest.mark.parametrize("first", ["upload", "revocation"])
async def test_an_upload_during_the_revocation_is_withdrawn_with_the_others_or_refused(
    night: "Evening", first: str
) -> None:
    device, ticket, now = night.device(), await night.ticket(), night.clock.now()
    actor = await supervisor(night, "whole", Grant("supervisor"))
    await night.paired()
    read = upload(night, device, ticket.number)

    async def send(conn: Connection) -> list[Any]:
        return [(answer.outcome, answer.reason) for answer in await process_scans(conn, [read], now)]

    async def end(conn: Connection) -> None:
        assert await people.revoke_device(conn, actor, device.id, now) is None
        assert await withdraw_scans(conn, actor, device.id, now, now) is None

    async def in_transaction(act: Any) -> Any:
        async with night.db.transaction() as conn:
            return await act(conn)

    mine, others = (send, end) if first == "upload" else (end, send)
    async with night.db.transaction() as conn:
        done = await mine(conn)
        waits = asyncio.create_task(in_transaction(others))
        await until_one_waits(night, waits)
        assert not waits.done()
    then = await waits
    kept = await night.rows("select withdrawn_at from access.scan")
    if first == "upload":
        assert done == [("noted", "no_steward")]
        assert [row["withdrawn_at"] for row in kept] == [now]
    else:
        assert then == [("refused", "device_revoked")]
        assert kept == []
    (left,) = [row["people"] for row in await night.rows("select people from access.presence")] or [0]
    assert left == 0

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.identity.people.pairing import SUPERVISOR, expect_device, listed, open_code, pair, paired
from virage.identity.people import acts, reads
from virage.identity.people.acts import PeopleAuthenticator
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.tokens import token_hash
from virage.platform.web.guard import Credential, Grant


@pytest.mark.parametrize(
    ("grant", "gates", "allowed"),
    [
        (Grant("supervisor", "gate", "A"), ["A"], True),
        (Grant("supervisor", "gate", "A"), ["A1", "A8"], True),
        (Grant("supervisor", "gate", "A"), ["A1", "B1"], False),
        (Grant("supervisor", "gate", "A1"), ["A1"], True),
        (Grant("supervisor", "gate", "A1"), ["A"], False),
        (Grant("supervisor", "gate", "A1"), ["A2"], False),
        (Grant("supervisor"), ["A", "B1"], True),
        (Grant("admin", "gate", "B"), ["B1"], True),
        (Grant("admin", "gate", "B"), ["A1"], False),
        (Grant("admin"), ["V"], True),
        (Grant("steward"), ["A1"], False),
    ],
)
async def test_a_supervisor_of_all_its_gates_pairs_a_device(
    client: httpx.AsyncClient, sign_in: Any, make_staff: Any, *, grant: Grant, gates: list[str], allowed: bool
) -> None:
    await make_staff(SUPERVISOR, [grant])
    await sign_in(client, SUPERVISOR)
    assert (await expect_device(client, posts=gates)).status_code == (201 if allowed else 403)


@pytest.fixture
async def neighbour(
    client: httpx.AsyncClient, app: Any, sign_in: Any, make_staff: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of the supervisor of gate group B."""
    await make_staff("neighbour@example.org", [Grant("supervisor", "gate", "B")])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://virage.local") as browser:
        await sign_in(browser, "neighbour@example.org")
        yield browser


async def test_a_supervisor_of_one_gate_sees_a_device_and_a_supervisor_of_all_moves_it(
    supervisor: httpx.AsyncClient, neighbour: httpx.AsyncClient, other: httpx.AsyncClient, make_staff: Any
) -> None:
    code = await open_code(supervisor)
    device = (await paired(other, code))["device_id"]
    assert await listed(neighbour) == []
    assert [(one["id"], one["may_change"]) for one in await listed(supervisor)] == [(device, True)]
    for browser, gates in ((supervisor, ["A", "B1"]), (neighbour, ["B1"])):
        answer = await browser.put(f"/api/office/devices/{device}", json={"name": "Mine", "posts": gates})
        assert answer.status_code == 403
    await make_staff(SUPERVISOR, [Grant("supervisor", "gate", "B")])
    moved = await supervisor.put(f"/api/office/devices/{device}", json={"name": "Both", "posts": ["B1", "A1"]})
    assert (moved.json()["name"], moved.json()["posts"]) == ("Both", ["A1", "B1"])
    assert (await other.get("/api/devices/me")).json()["posts"] == ["A1", "B1"]
    assert [(one["name"], one["may_change"]) for one in await listed(neighbour)] == [("Both", False)]
    assert (await neighbour.delete(f"/api/office/devices/{device}")).status_code == 204
    assert (await other.get("/api/devices/me")).status_code == 401


async def test_a_revoked_device_loses_access_at_once_and_stays_listed(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, conn: Connection, clock: Any
) -> None:
    device = (await paired(other, await open_code(supervisor)))["device_id"]
    for _ in range(2):
        assert (await supervisor.delete(f"/api/office/devices/{device}")).status_code == 204
        clock.advance(timedelta(minutes=1))
    assert (await other.get("/api/me")).json()["kind"] == "anonymous"
    (kept,) = await listed(supervisor)
    assert (kept["id"], kept["may_change"]) == (device, False)
    assert kept["revoked_at"] == "2026-05-09T18:00:00Z"
    stored = (await reads.devices(conn, [UUID(device)]))[UUID(device)]
    assert stored.revoked_at is not None
    answer = await supervisor.put(f"/api/office/devices/{device}", json={"name": "x", "posts": ["A"]})
    assert answer.json()["code"] == "device_revoked"
    facts = await conn.fetch("select what from kernel.journal where what = 'device_revoked'")
    assert len(facts) == 1


async def test_revoking_the_supervisor_role_drops_open_pairings(
    supervisor: httpx.AsyncClient,
    other: httpx.AsyncClient,
    *,
    make_staff: Any,
    db: Database,
    clock: Any,
    conn: Connection,
) -> None:
    code = await open_code(supervisor)
    admin = await make_staff("admin@example.org", [Grant("admin")])
    grant = await conn.fetchval("select id from people.role_grant where role = 'supervisor'")
    async with db.transaction() as writing:
        session = await acts.open_session(writing, admin, clock.now())
    (principal,) = await PeopleAuthenticator(db, clock)([Credential("cookie", token_hash(session.token))])
    assert principal is not None
    async with db.transaction() as writing:
        assert await acts.revoke_grant(writing, None, principal, grant, clock.now()) is None
    assert (await pair(other, code)).json()["code"] == "pairing_invalid"
    assert (await supervisor.get("/api/office/devices")).status_code == 403


# --- the principal ------------------------------------------------------------------------------------------------


async def test_a_device_is_a_principal_with_its_gates_and_a_cookie_is_not_its_token(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, db: Database, clock: Clock
) -> None:
    kept = await paired(other, await open_code(supervisor, posts=["A1", "A3"]))
    authenticator = PeopleAuthenticator(db, clock)
    hashed = token_hash(kept["token"])
    missing, device = await authenticator([Credential("cookie", hashed), Credential("bearer", hashed)])
    assert missing is None
    assert device is not None
    assert (device.kind, device.id, device.session_id) == ("device", UUID(kept["device_id"]), None)
    assert device.grants == (Grant("gate", "gate", "A1"), Grant("gate", "gate", "A3"))


async def test_a_device_has_none_of_its_supervisors_access(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient
) -> None:
    device = await paired(other, await open_code(supervisor))
    me = (await other.get("/api/me")).json()
    assert (me["kind"], me["id"], me["grants"], me["email"]) == ("device", device["device_id"], [], None)
    for answer in (
        await expect_device(other),
        await other.get("/api/office/devices"),
        await other.delete(f"/api/office/devices/{device['device_id']}"),
        await other.put("/api/me/pin", json={"pin": "482915"}),
        await other.get("/api/me/orders"),
        await other.patch("/api/me", json={"name": "I, device"}),
    ):
        assert answer.status_code == 403


async def test_last_seen_of_a_device_is_recorded_every_ten_minutes(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, db: Database, clock: Any
) -> None:
    kept = await paired(other, await open_code(supervisor))
    authenticator = PeopleAuthenticator(db, clock)
    seen = []
    for minutes in (9, 1, 1):
        clock.advance(timedelta(minutes=minutes))
        await authenticator([Credential("bearer", token_hash(kept["token"]))])
        await authenticator.settled()
        async with db.connection() as conn:
            seen.append(await conn.fetchval("select last_seen_at from people.device"))
    paired_at = seen[0]
    assert seen == [paired_at, paired_at + timedelta(minutes=10), paired_at + timedelta(minutes=10)]


async def test_the_journal_records_devices_by_ids_only(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, conn: Connection
) -> None:
    wish = {"id": str(new_id()), "name": "Unmistakable"}
    device = (await paired(other, await open_code(supervisor, **wish)))["device_id"]
    await supervisor.put(f"/api/office/devices/{device}", json={"name": "Unmistakable too", "posts": ["A1"]})
    await supervisor.delete(f"/api/office/devices/{device}")
    rows = await conn.fetch(
        "select what, about, data from kernel.journal where what like '%pair%' or what like 'device%'"
    )
    assert [row["what"] for row in rows] == ["pairing_opened", "device_paired", "device_changed", "device_revoked"]
    assert [str(row["about"]) for row in rows] == [wish["id"], device, device, device]
    assert "Unmistakable" not in str([dict(row) for row in rows])

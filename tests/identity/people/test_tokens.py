from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from virage.identity.people import acts
from virage.identity.people.acts import PeopleAuthenticator
from virage.platform.data.database import Connection, Database
from virage.platform.values.tokens import token_hash
from virage.platform.web.guard import Credential, Grant

CREATOR = "office@example.org"
FINANCE = {"role": "finance", "scope": "all", "scope_id": None}


async def create(browser: httpx.AsyncClient, clock: Any, *grants: dict[str, Any], **more: Any) -> httpx.Response:
    expires_at = (clock.now() + timedelta(days=30)).isoformat()
    body = {"name": "ERP", "grants": list(grants) or [FINANCE], "expires_at": expires_at} | more
    return await browser.post("/api/office/tokens", json=body)


@pytest.fixture
async def creator(client: httpx.AsyncClient, sign_in: Any, make_staff: Any) -> httpx.AsyncClient:
    """A browser with a fresh sign-in of a person with two roles."""
    await make_staff(CREATOR, [Grant("finance"), Grant("steward", "gate", "G12")])
    await sign_in(client, CREATOR)
    return client


@pytest.fixture
async def api_client(app: Any, creator: httpx.AsyncClient, clock: Any, other: httpx.AsyncClient) -> httpx.AsyncClient:
    """An API client with a token, and without cookies."""
    made = await create(creator, clock)
    assert made.status_code == 201, made.text
    other.headers["authorization"] = f"Bearer {made.json()['token']}"
    return other


async def test_an_api_client_does_what_its_token_allows(api_client: httpx.AsyncClient) -> None:
    me = (await api_client.get("/api/me")).json()
    assert (me["kind"], me["grants"], me["email"]) == ("api_client", [FINANCE], None)


async def test_the_token_is_shown_once_and_its_hash_is_kept(
    creator: httpx.AsyncClient, clock: Any, conn: Connection
) -> None:
    made = await create(creator, clock)
    token = made.json()["token"]
    assert made.headers["cache-control"] == "no-store"
    listed = await creator.get("/api/office/tokens")
    assert token not in listed.text
    assert [(entry["name"], entry["grants"], entry["last_used_at"]) for entry in listed.json()] == [
        ("ERP", [FINANCE], None)
    ]
    row = await conn.fetchrow("select * from people.program")
    assert row is not None
    assert row["token_hash"] == token_hash(token)
    assert token not in str(row)


@pytest.mark.parametrize(
    "grant",
    [
        {"role": "admin", "scope": "all"},
        {"role": "box_office", "scope": "all"},
        {"role": "steward", "scope": "all"},
    ],
)
async def test_a_token_cannot_exceed_its_creators_grants(
    creator: httpx.AsyncClient, clock: Any, grant: dict[str, Any]
) -> None:
    assert (await create(creator, clock, FINANCE, grant)).status_code == 403
    assert (await creator.get("/api/office/tokens")).json() == []


@pytest.mark.parametrize(
    "more",
    [
        {"name": ""},
        {"name": "a\x00b"},
        {"grants": []},
        {"grants": [FINANCE] * 21},
        {"grants": [{"role": "finance", "scope": "event", "scope_id": str(uuid4())}]},
        {"expires_at": "2026-05-09T17:00:00Z"},
        {"expires_at": "2027-06-09T17:00:00Z"},
        {"expires_at": "2026-06-09T17:00:00"},
        {"expires_at": "tomorrow"},
    ],
)
async def test_an_invalid_token_request_is_refused(
    creator: httpx.AsyncClient, clock: Any, more: dict[str, Any]
) -> None:
    assert (await create(creator, clock, **more)).status_code == 400


async def test_a_token_asks_for_a_recent_sign_in(creator: httpx.AsyncClient, clock: Any) -> None:
    clock.advance(timedelta(minutes=16))
    assert (await create(creator, clock)).json()["code"] == "step_up_required"


async def test_an_api_client_cannot_grant_access(api_client: httpx.AsyncClient, clock: Any) -> None:
    for answer in (
        await create(api_client, clock),
        await api_client.get("/api/office/tokens"),
        await api_client.get("/api/office/staff"),
        await api_client.patch("/api/me", json={"name": "I, API client"}),
        await api_client.delete("/api/me"),
    ):
        assert answer.status_code == 403


async def test_fans_cannot_create_api_clients(client: httpx.AsyncClient, sign_in: Any, clock: Any) -> None:
    await sign_in(client, "fan@example.org")
    assert (await create(client, clock)).status_code == 403
    assert (await client.get("/api/office/tokens")).status_code == 403


async def test_a_revoked_token_stops_working_at_once(
    api_client: httpx.AsyncClient, creator: httpx.AsyncClient, conn: Connection
) -> None:
    token = await conn.fetchval("select id from people.program")
    assert (await creator.delete(f"/api/office/tokens/{token}")).status_code == 204
    assert (await api_client.get("/api/me")).json()["kind"] == "anonymous"
    assert (await creator.delete(f"/api/office/tokens/{token}")).status_code == 404


async def test_a_token_expires(api_client: httpx.AsyncClient, clock: Any) -> None:
    clock.advance(timedelta(days=30))
    assert (await api_client.get("/api/me")).json()["kind"] == "anonymous"


async def test_revoking_a_creators_grant_revokes_their_tokens(
    api_client: httpx.AsyncClient, make_staff: Any, db: Database, conn: Connection, clock: Any
) -> None:
    admin = await make_staff("admin@example.org", [Grant("admin")])
    grants = {row["role"]: row["id"] for row in await conn.fetch("select role, id from people.role_grant")}

    async def revoke(grant: UUID) -> None:
        async with db.transaction() as writing:
            (principal,) = await PeopleAuthenticator(db, clock)([Credential("cookie", token_hash(session.token))])
            assert principal is not None
            assert await acts.revoke_grant(writing, None, principal, grant, clock.now()) is None

    async with db.transaction() as writing:
        session = await acts.open_session(writing, admin, clock.now())
    await revoke(grants["steward"])
    assert (await api_client.get("/api/me")).json()["kind"] == "api_client"
    await revoke(grants["finance"])
    assert (await api_client.get("/api/me")).json()["kind"] == "anonymous"


async def test_revoking_an_inviters_role_withdraws_their_invitations(
    client: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, make_staff: Any
) -> None:
    await make_staff(CREATOR, [Grant("admin")])
    await make_staff("admin@example.org", [Grant("admin")])
    await sign_in(client, CREATOR)
    await sign_in(other, "admin@example.org")
    wish = {"email": "steward@example.org", "role": "steward", "scope": "all"}
    assert (await client.post("/api/office/invitations", json=wish)).status_code == 201
    staff = (await other.get("/api/office/staff")).json()
    grant = next(given["id"] for given in staff["grants"] if given["email"] == CREATOR)
    assert len(staff["invitations"]) == 1
    await other.delete(f"/api/office/grants/{grant}")
    assert (await other.get("/api/office/staff")).json()["invitations"] == []


async def test_only_the_creator_and_a_full_administrator_list_and_revoke_a_token(
    api_client: httpx.AsyncClient, client: httpx.AsyncClient, sign_in: Any, make_staff: Any, conn: Connection
) -> None:
    token = await conn.fetchval("select id from people.program")
    await make_staff("colleague@example.org", [Grant("finance")])
    await sign_in(client, "colleague@example.org")
    assert (await client.get("/api/office/tokens")).json() == []
    assert (await client.delete(f"/api/office/tokens/{token}")).status_code == 403
    await make_staff("admin@example.org", [Grant("admin")])
    await sign_in(client, "admin@example.org")
    assert len((await client.get("/api/office/tokens")).json()) == 1
    assert (await client.delete(f"/api/office/tokens/{token}")).status_code == 204


async def test_last_use_of_a_token_is_recorded(
    creator: httpx.AsyncClient, db: Database, conn: Connection, clock: Any
) -> None:
    token = (await create(creator, clock)).json()["token"]
    authenticator = PeopleAuthenticator(db, clock)
    await authenticator([Credential("bearer", token_hash(token))])
    await authenticator.settled()
    assert await conn.fetchval("select last_used_at from people.program") == clock.now()

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from virage.identity.people import acts
from virage.identity.people.acts import PeopleAuthenticator
from virage.identity.people.rules.sign_in import NewGuest
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.tokens import new_token, token_hash
from virage.platform.web.guard import Credential, Grant

FAN = "fan@example.org"
OFFICE = "office@example.org"


@pytest.fixture
async def authenticator(db: Database, clock: Clock) -> PeopleAuthenticator:
    return PeopleAuthenticator(db, clock)


def cookie(token: str) -> Credential:
    return Credential("cookie", token_hash(token))


async def test_a_request_without_a_credential_is_anonymous(client: httpx.AsyncClient) -> None:
    me = (await client.get("/api/me")).json()
    assert me["kind"] == "anonymous"
    assert me["id"] is None


async def test_a_batch_of_credentials_gets_its_principals_in_order(
    authenticator: PeopleAuthenticator, db: Database, clock: Clock
) -> None:
    async with db.transaction() as conn:
        guest_token, guest_session = await acts.guest(conn, clock.now())
        fan = await acts.open_session(conn, await acts.ensure_fan(conn, FAN, None, clock.now()), clock.now())
        grants = [Grant("finance"), Grant("steward", "gate", "12"), Grant("programme", "event", uuid4())]
        person = await acts.ensure_staff(conn, OFFICE, None, grants, clock.now())
        staff = await acts.open_session(conn, person, clock.now())
    tokens = [new_token(), staff.token, guest_token, fan.token, staff.token]
    missing, first, guest, signed_in, second = await authenticator([cookie(token) for token in tokens])
    assert missing is None
    assert first is not None
    assert first == second
    assert (first.kind, first.id, first.session_id) == ("staff", person, staff.session_id)
    assert sorted(first.grants, key=str) == sorted(grants, key=str)
    assert guest is not None
    assert (guest.kind, guest.id, guest.session_id) == ("guest", None, guest_session)
    assert signed_in is not None
    assert (signed_in.kind, signed_in.id, signed_in.authenticated_at) == ("fan", fan.person_id, clock.now())


async def test_a_cookie_is_no_bearer_token(authenticator: PeopleAuthenticator, db: Database, clock: Clock) -> None:
    async with db.transaction() as conn:
        token, _ = await acts.guest(conn, clock.now())
    assert await authenticator([Credential("bearer", token_hash(token))]) == [None]


async def test_a_batch_is_one_statement(
    authenticator: PeopleAuthenticator, db: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with db.transaction() as conn:
        guests = [NewGuest(new_id(), new_token()) for _ in range(200)]
        await acts.open_guest_sessions(conn, guests, clock.now())
    taken = 0
    connection = db.connection

    def counted() -> Any:
        nonlocal taken
        taken += 1
        return connection()

    monkeypatch.setattr(db, "connection", counted)
    principals = await authenticator([cookie(guest.token) for guest in guests])
    assert [principal and principal.session_id for principal in principals] == [guest.session_id for guest in guests]
    assert taken == 1


@pytest.mark.parametrize(("grants", "days"), [([], 90.0), ([Grant("finance")], 0.5)])
async def test_a_used_session_is_extended_and_an_unused_one_expires(
    authenticator: PeopleAuthenticator, db: Database, clock: Any, grants: list[Grant], days: float
) -> None:
    async with db.transaction() as conn:
        person = await acts.ensure_staff(conn, FAN, None, grants, clock.now())
        opened = await acts.open_session(conn, person, clock.now())
    for _ in range(3):
        clock.advance(timedelta(days=days) - timedelta(seconds=1))
        (principal,) = await authenticator([cookie(opened.token)])
        assert principal is not None
        await authenticator.settled()
    clock.advance(timedelta(days=days))
    assert await authenticator([cookie(opened.token)]) == [None]


async def test_last_seen_of_a_session_is_written_every_ten_minutes(
    authenticator: PeopleAuthenticator, db: Database, conn: Connection, clock: Any
) -> None:
    token, _ = await acts.guest(conn, clock.now())

    async def seen() -> Any:
        await authenticator([cookie(token)])
        await authenticator.settled()
        return await conn.fetchval("select last_seen_at from people.session")

    begin = clock.now()
    clock.advance(timedelta(minutes=9))
    assert await seen() == begin
    clock.advance(timedelta(minutes=1))
    assert await seen() == clock.now()


async def test_signing_out_works_at_once(client: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any) -> None:
    await sign_in(client, FAN)
    other.cookies.set("__Host-virage", client.cookies["__Host-virage"], domain="virage.local")
    assert (await other.get("/api/me")).json()["kind"] == "fan"
    assert (await client.delete("/api/session")).status_code == 204
    assert "__Host-virage" not in client.cookies
    assert (await other.get("/api/me")).json()["kind"] == "anonymous"
    assert (await client.delete("/api/session")).status_code == 204


async def test_a_person_lists_their_sessions_and_ends_one(
    client: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any
) -> None:
    client.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
    await sign_in(client, FAN)
    await sign_in(other, FAN)
    sessions = (await client.get("/api/me/sessions")).json()
    assert {(session["device"], session["current"]) for session in sessions} == {("Firefox, Linux", True), ("", False)}
    elsewhere = next(session["id"] for session in sessions if not session["current"])
    assert (await client.delete(f"/api/me/sessions/{elsewhere}")).status_code == 204
    assert (await other.get("/api/me")).json()["kind"] == "anonymous"
    assert (await client.get("/api/me")).json()["kind"] == "fan"
    assert (await client.delete(f"/api/me/sessions/{elsewhere}")).status_code == 404


async def test_another_persons_session_cannot_be_ended(
    client: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any
) -> None:
    await sign_in(client, FAN)
    await sign_in(other, "fan2@example.org")
    session = (await client.get("/api/me/sessions")).json()[0]["id"]
    assert (await other.delete(f"/api/me/sessions/{session}")).status_code == 404
    assert (await client.get("/api/me")).json()["kind"] == "fan"


async def test_signing_out_everywhere_ends_all_sessions(
    client: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any
) -> None:
    await sign_in(client, FAN)
    await sign_in(other, FAN)
    assert (await other.delete("/api/me/sessions")).status_code == 204
    assert (await client.get("/api/me")).json()["kind"] == "anonymous"


async def test_a_person_changes_only_their_name_and_language(client: httpx.AsyncClient, sign_in: Any) -> None:
    await sign_in(client, FAN)
    changed = await client.patch("/api/me", json={"name": " New  Name ", "email": "other@example.org"})
    assert (changed.json()["name"], changed.json()["locale"]) == ("New Name", "en")
    assert (await client.patch("/api/me", json={"locale": "fr"})).json()["name"] == "New Name"
    assert (await client.patch("/api/me", json={"name": None})).json()["name"] is None
    me = (await client.get("/api/me")).json()
    assert (me["email"], me["name"], me["locale"]) == (FAN, None, "fr")
    for body in ({"name": "a\x00b"}, {"locale": "xx"}):
        assert (await client.patch("/api/me", json=body)).status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/me"),
        ("DELETE", "/api/me"),
        ("GET", "/api/me/sessions"),
        ("DELETE", "/api/me/sessions"),
        ("GET", "/api/me/export"),
        ("POST", "/api/invitations/accept"),
        ("GET", "/api/office/staff"),
        ("POST", "/api/office/invitations"),
        ("GET", "/api/office/tokens"),
        ("POST", "/api/office/tokens"),
    ],
)
async def test_guests_cannot_use_the_routes_of_an_account(
    client: httpx.AsyncClient, db: Database, clock: Clock, method: str, path: str
) -> None:
    async with db.transaction() as conn:
        token, _ = await acts.guest(conn, clock.now())
    client.cookies.set("__Host-virage", token, domain="virage.local")
    assert (await client.get("/api/me")).json()["kind"] == "guest"
    assert (await client.request(method, path, json={})).status_code == 401


async def test_expired_data_is_deleted(client: httpx.AsyncClient, db: Database, conn: Connection, clock: Any) -> None:
    await client.post("/api/sign-in/codes", json={"email": FAN})
    clock.advance(timedelta(days=8))
    async with db.transaction() as writing:
        await acts.tidy(writing, clock.now())
    for table in ("session", "sign_in_code", "pace", "letter"):
        assert await conn.fetchval(f"select count(*) from people.{table}") == 0

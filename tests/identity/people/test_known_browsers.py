"""Emails about sign-ins in new browsers, names of sessions, and ending the other ones."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.identity.people.authenticator import Authenticator
from tests.identity.people.test_passkeys import add, enter, facts, signed_out
from virage.identity.people import acts
from virage.platform.data.database import Connection, Database
from virage.platform.web.guard import Grant

FAN = "fan@example.org"
FIREFOX = {"user-agent": "Mozilla/5.0 (Android 14; Mobile; rv:121.0) Gecko/121.0 Firefox/121.0"}


async def told(emails: Any) -> list[str]:
    """The devices that emails about new sign-ins name."""
    return [email.secret["device"] for email in await emails.to(FAN) if email.kind == "new_device"]


async def test_an_email_tells_of_a_sign_in_in_a_new_browser_but_not_of_the_first(
    client: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, emails: Any
) -> None:
    await sign_in(client, FAN)
    assert await told(emails) == []
    other.headers.update(FIREFOX)
    await sign_in(other, FAN)
    assert await told(emails) == ["Firefox, Android"]


async def test_a_browser_is_new_once_also_after_signing_out(
    client: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, emails: Any, *, clock: Any
) -> None:
    await sign_in(client, FAN)
    await sign_in(other, FAN)
    for browser in (client, other):
        await signed_out(browser)
        clock.advance(timedelta(days=100))
        await sign_in(browser, FAN)
    assert await told(emails) == [""]


async def test_a_browser_that_another_person_uses_is_new_for_this_one(
    client: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, emails: Any
) -> None:
    await sign_in(client, FAN)
    await sign_in(other, "friend@example.org")
    await sign_in(other, FAN)
    assert len(await told(emails)) == 1


async def test_the_first_sign_in_of_invited_staff_is_of_no_new_device(
    client: httpx.AsyncClient, sign_in: Any, make_staff: Any, emails: Any
) -> None:
    await make_staff(FAN, [Grant("finance")])
    await sign_in(client, FAN)
    assert await told(emails) == []


async def test_a_sign_in_by_passkey_in_a_new_browser_is_told_too(
    client: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, emails: Any
) -> None:
    key = Authenticator()
    await sign_in(client, FAN)
    await add(client, key)
    other.headers.update(FIREFOX)
    assert (await enter(other, key)).status_code == 200
    assert await told(emails) == ["Firefox, Android"]


async def test_known_browsers_are_forgotten_with_their_cookie_and_with_the_person(
    client: httpx.AsyncClient, sign_in: Any, conn: Connection, db: Database, *, clock: Any
) -> None:
    await sign_in(client, FAN)
    assert await conn.fetchval("select count(*) from people.known_browser") == 1
    clock.advance(timedelta(days=400))
    async with db.transaction() as transaction:
        await acts.tidy(transaction, clock.now())
    assert await conn.fetchval("select count(*) from people.known_browser") == 0
    await sign_in(client, FAN)
    assert (await client.delete("/api/me")).status_code == 204
    assert await conn.fetchval("select count(*) from people.known_browser") == 0


async def test_a_session_has_the_name_that_its_person_gives_it(
    client: httpx.AsyncClient, sign_in: Any, conn: Connection
) -> None:
    client.headers.update(FIREFOX)
    await sign_in(client, FAN)
    (mine,) = (await client.get("/api/me/sessions")).json()
    assert (mine["name"], mine["device"], mine["current"]) == (None, "Firefox, Android", True)
    address = f"/api/me/sessions/{mine['id']}"
    assert (await client.patch(address, json={"name": " Kitchen  tablet "})).status_code == 204
    assert (await client.get("/api/me/sessions")).json()[0]["name"] == "Kitchen tablet"
    assert (await client.patch(address, json={"name": "\u202e"})).status_code == 400
    assert (await client.patch(address, json={"name": None})).status_code == 204
    assert (await client.get("/api/me/sessions")).json()[0]["name"] is None
    assert len(await facts(conn, "session_renamed")) == 2


async def test_all_other_sessions_end_and_this_one_stays(
    client: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, conn: Connection
) -> None:
    await sign_in(client, FAN)
    await sign_in(other, FAN)
    await sign_in(other, "friend@example.org")
    await sign_in(other, FAN)
    answer = await client.delete("/api/me/sessions", params={"keep_current": True})
    assert (answer.status_code, answer.headers.get("set-cookie")) == (204, None)
    assert (await client.get("/api/me")).json()["kind"] == "fan"
    assert (await other.get("/api/me")).json()["kind"] == "anonymous"
    assert [fact["sessions"] for fact in await facts(conn, "signed_out_everywhere")] == [1]


async def test_pins_are_limited_by_person_in_all_processes(
    client: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, make_staff: Any, *, clock: Any
) -> None:
    await make_staff(FAN, [Grant("cashier")])
    for browser in (client, other):  # each session has counts of its own in a process
        await sign_in(browser, FAN)
    for number in range(10):
        answer = await (client, other)[number % 2].put("/api/me/pin", json={"pin": "111111"})
        assert answer.json()["code"] == "pin_trivial"
    for browser in (client, other):
        refused = await browser.put("/api/me/pin", json={"pin": "482915"})
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    clock.advance(timedelta(hours=1, seconds=1))
    for browser in (client,):
        await sign_in(browser, FAN)
        assert (await browser.put("/api/me/pin", json={"pin": "482915"})).status_code == 204


@pytest.mark.parametrize("agent", ["", "curl/8.4"])
async def test_an_unknown_device_is_told_without_a_name(
    client: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, emails: Any, *, agent: str
) -> None:
    await sign_in(client, FAN)
    other.headers["user-agent"] = agent
    await sign_in(other, FAN)
    assert await told(emails) == [""]

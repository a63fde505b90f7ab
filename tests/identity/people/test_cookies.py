"""The cookies of sessions and of browsers that request codes, also where a browser keeps no secure
ones over http.
"""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from tests.conftest import alive
from tests.identity.people.test_sign_in import FAN, ask, enter
from virage.app.building import build
from virage.identity.people import acts
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock


@pytest.fixture
async def webkit(config: Config, db: Database, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that sends a secure cookie over https alone, as WebKit does, at a demo on
    localhost.
    """
    app = build(replace(config, public_url="http://localhost:8000"), db, clock)
    transport = httpx.ASGITransport(app=app)
    async with alive(app), httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as browser:
        yield browser


async def test_webkit_signs_in_and_out_at_a_demonstration_on_localhost(webkit: httpx.AsyncClient, emails: Any) -> None:
    await ask(webkit)
    answer = await enter(webkit, await emails.code(FAN))
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("virage=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    assert (await webkit.get("/api/me")).json()["kind"] == "fan"
    assert (await webkit.delete("/api/session")).status_code == 204
    assert (await webkit.get("/api/me")).json()["kind"] == "anonymous"
    assert "virage" not in webkit.cookies


async def test_a_browser_without_its_cookie_gets_cookie_missing_and_not_code_wrong(
    client: httpx.AsyncClient, emails: Any
) -> None:
    await ask(client)
    client.cookies.clear()
    answer = await enter(client, await emails.code(FAN))
    assert (answer.status_code, answer.json()["code"]) == (409, "cookie_missing")


async def test_a_plain_cookie_is_ignored_where_cookies_are_secure(client: httpx.AsyncClient, sign_in: Any) -> None:
    await sign_in(client, FAN)
    token = client.cookies["__Host-virage"]
    client.cookies.clear()
    assert (await client.get("/api/me", headers={"cookie": f"virage={token}"})).json()["kind"] == "anonymous"
    assert (await client.get("/api/me", headers={"cookie": f"__Host-virage={token}"})).json()["kind"] == "fan"


@pytest.mark.parametrize(
    ("demo", "public_url", "secure"),
    [
        (True, "http://localhost:8000", False),
        (True, "http://127.0.0.1:8000", False),
        (True, "http://[::1]:8000", False),
        (True, "https://localhost:8000", True),
        (True, "https://192.0.2.7:8443", True),
        (True, "http://virage.example", True),
        (True, "http://localhost.virage.example", True),
        (False, "http://localhost:8000", True),
        (False, "https://tickets.example", True),
    ],
)
def test_cookies_are_secure_everywhere_but_in_a_demonstration_at_http_on_this_machine(
    config: Config, public_url: str, *, demo: bool, secure: bool
) -> None:
    assert replace(config, demo=demo, public_url=public_url).secure_cookies is secure


async def test_a_guest_keeps_their_session_and_gets_a_new_token(
    client: httpx.AsyncClient,
    other: httpx.AsyncClient,
    *,
    emails: Any,
    conn: Connection,
    db: Database,
    clock: Clock,
) -> None:
    async with db.transaction() as opening:
        guest_token, _ = await acts.guest(opening, clock.now())
    client.cookies.set("__Host-virage", guest_token, domain="virage.local")
    await ask(client)
    guest_id = await conn.fetchval("select id from people.session")
    await enter(client, await emails.code(FAN))
    assert client.cookies["__Host-virage"] != guest_token
    row = await conn.fetchrow("select id, guest_session_id from people.session")
    assert row is not None
    assert (row["id"], row["guest_session_id"]) == (guest_id, guest_id)
    other.cookies.set("__Host-virage", guest_token, domain="virage.local")
    assert (await other.get("/api/me")).json()["kind"] == "anonymous"


async def test_the_cookie_is_for_this_host_only_and_for_no_script(client: httpx.AsyncClient, emails: Any) -> None:
    await ask(client)
    cookie = (await enter(client, await emails.code(FAN))).headers["set-cookie"].lower()
    assert cookie.startswith("__host-virage=")
    for attribute in ("secure", "httponly", "path=/", "samesite=lax"):
        assert attribute in cookie
    assert "domain=" not in cookie

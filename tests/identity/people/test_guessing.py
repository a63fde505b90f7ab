"""Attacks with sign-in codes: emails to others, and guesses."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from tests.identity.people.test_sign_in import FAN, ask, enter, wrong
from virage.app.metrics import Metrics
from virage.identity.people.reads import gauges
from virage.identity.people.routes.browsers import Browsers
from virage.identity.people.rules.secrets import people_keys
from virage.identity.people.store.emails import block
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.platform.web.http import Application
from virage.platform.web.limits import RATES, Rate
from virage.platform.web.problems import Problem
from virage.platform.web.routing import Request

STAFF = "staff@example.org"
NewBrowser = Callable[[], Any]


@pytest.fixture
def new_browser(app: Application, client: httpx.AsyncClient) -> NewBrowser:
    """A new browser."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="https://virage.local") as browser:
            yield browser

    return opened


async def flood(client: httpx.AsyncClient, count: int) -> set[tuple[int, bytes]]:
    """Request codes for so many strangers, from one client that keeps no cookie."""
    answers = set()
    for number in range(count):
        client.cookies.clear()
        answer = await ask(client, f"stranger{number}@example.org")
        answers.add((answer.status_code, answer.content))
    return answers


async def newest_is_due(conn: Connection) -> bool:
    """Whether the email that was written last may be sent now."""
    found: bool = await conn.fetchval("select execute_after <= now() from kernel.job order by id desc limit 1")
    return found


async def test_sign_in_emails_to_unknown_addresses_are_limited_by_a_budget(
    client: httpx.AsyncClient, sign_in: Any, emails: Any, conn: Connection
) -> None:
    await sign_in(client, FAN)
    known, sessions = await ask(client), await conn.fetchval("select count(*) from people.session")
    before = len(await emails.all())
    assert await flood(client, 300) == {(known.status_code, known.content)}
    assert len(await emails.all()) - before == 180, "the budget of a minute at once, two emails wait"
    assert await conn.fetchval("select count(*) from people.session") == sessions


async def test_emails_to_known_addresses_never_wait_for_the_budget(
    client: httpx.AsyncClient, sign_in: Any, emails: Any, conn: Connection
) -> None:
    await sign_in(client, FAN)
    client.cookies.clear()
    await flood(client, 200)
    before = len(await emails.to(FAN))
    await ask(client)
    assert len(await emails.to(FAN)) == before + 1
    assert await newest_is_due(conn)
    assert (await enter(client, await emails.code(FAN))).status_code == 200


async def test_a_delayed_code_is_valid_for_ten_minutes_from_sending(
    client: httpx.AsyncClient, emails: Any, conn: Connection, clock: Any
) -> None:
    await flood(client, 100)
    await ask(client)
    assert not await newest_is_due(conn)
    clock.advance(timedelta(minutes=10, seconds=30))
    assert (await enter(client, await emails.code(FAN))).status_code == 200


async def test_the_budget_is_refilled_each_minute(client: httpx.AsyncClient, emails: Any, clock: Any) -> None:
    await flood(client, 300)
    before = len(await emails.all())
    clock.advance(timedelta(minutes=1))
    await flood(client, 300)
    assert len(await emails.all()) - before == 60


async def test_metrics_count_waiting_and_unsent_emails(client: httpx.AsyncClient, db: Database, clock: Any) -> None:
    await flood(client, 200)
    text = (await Metrics({}, None, gauges(clock)).exposition(db)).decode()
    assert 'virage_newcomer_letters{what="unsent"} 19.0' in text
    assert 'virage_newcomer_letters{what="seconds_waiting"} 121.0' in text


@asynccontextmanager
async def browser_from(app: Application, host: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser whose requests come from an address."""
    transport = httpx.ASGITransport(app=app, client=(host, 1))
    async with httpx.AsyncClient(transport=transport, base_url="https://virage.local") as browser:
        yield browser


@pytest.mark.parametrize(
    "hosts",
    [
        ("203.0.114.1", "203.0.114.200", "203.0.115.1"),
        ("2a00:1450::1", "2a00:1450:0:ff::1", "2a00:1450:1::1"),
    ],
)
async def test_one_network_gets_at_most_half_of_the_budget(
    app: Application, emails: Any, hosts: tuple[str, str, str], clock: Any
) -> None:
    first, neighbour, other = hosts
    async with browser_from(app, first) as one, browser_from(app, neighbour) as beside, browser_from(app, other) as far:
        await flood(one, 150)
        await flood(beside, 150)
        assert len(await emails.all()) == 91, "half a minute at once, a whole minute waits, and the next one"
        await ask(far, "newcomer@example.org")
        assert len(await emails.to("newcomer@example.org")) == 1
        clock.advance(timedelta(minutes=1))
        before = len(await emails.all())
        await flood(one, 100)
        assert len(await emails.all()) - before == 30


async def free_at(conn: Connection) -> Any:
    return await conn.fetchval("select free_at from people.newcomer_budget")


async def test_a_request_without_an_email_uses_no_budget(
    client: httpx.AsyncClient, emails: Any, conn: Connection
) -> None:
    for _ in range(6):
        client.cookies.clear()
        await ask(client, "stranger@example.org")
    sent, before = len(await emails.all()), await free_at(conn)
    for _ in range(10):
        client.cookies.clear()
        assert (await ask(client, "stranger@example.org")).status_code == 202
    assert len(await emails.all()) == sent, "the open code is still valid"
    assert await free_at(conn) == before


async def test_a_blocked_address_uses_no_budget(
    client: httpx.AsyncClient, config: Config, conn: Connection, clock: Any
) -> None:
    keys = people_keys(config.secret)
    async with conn.transaction():
        await block(conn, keys, "gone@example.org", new_id(), reason="5.1.1", now=clock.now())
    before = await free_at(conn)
    assert (await ask(client, "gone@example.org")).status_code == 202
    assert await free_at(conn) == before


def asking_from(host: str, *forwarded: str) -> Request:
    """A request from an address, as its proxies forward it."""
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    scope: Any = {"type": "http", "client": (host, 1), "headers": headers}
    return Request(scope)


def test_the_network_of_an_address_is_the_prefix_of_one_customer(config: Config) -> None:
    browsers = Browsers(replace(config, edge_networks=("10.0.0.0/8",)))
    hosts = [("203.0.114.7",), ("2a00:1450:1:ff::1",), ("10.0.0.7", "203.0.115.9"), ("127.0.0.1",), ("10.0.0.7",)]
    found = [browsers.network(asking_from(*one)) for one in hosts]
    assert found == ["203.0.114.0/24", "2a00:1450:1::/48", "203.0.115.0/24", None, None]


def test_a_network_may_request_codes_for_a_whole_venue_and_affects_no_other(config: Config, monkeypatch: Any) -> None:
    monkeypatch.setitem(RATES, "network", replace(RATES["network"], per_s=0.001))  # none is refilled meanwhile
    browsers = Browsers(replace(config, edge_networks=("10.0.0.0/8",)))
    for host in ("203.0.114.1", "2a00:1450::1"):
        for _ in range(3000):
            browsers.admit(asking_from(host))
        with pytest.raises(Problem, match="rate_limited"):
            browsers.admit(asking_from(host))
    with pytest.raises(Problem, match="rate_limited"):
        browsers.admit(asking_from("2a00:1450::2"))
    with pytest.raises(Problem, match="rate_limited"):
        browsers.admit(asking_from("10.0.0.7", "203.0.114.1"))
    for host, *forwarded in (("203.0.114.2",), ("2a00:1450:0:1::1",), ("10.0.0.7", "203.0.114.3"), ("127.0.0.1",)):
        browsers.admit(asking_from(host, *forwarded))


@pytest.mark.parametrize("address", [FAN, "stranger@example.org"])
async def test_a_network_over_its_limit_is_refused_before_anything_is_stored(
    app: Application, client: httpx.AsyncClient, sign_in: Any, conn: Connection, monkeypatch: Any, *, address: str
) -> None:
    await sign_in(client, FAN)
    monkeypatch.setitem(RATES, "network", Rate(per_s=0.001, burst=1))
    transport = httpx.ASGITransport(app=app, client=("203.0.114.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="https://virage.local") as browser:
        assert (await ask(browser, address)).status_code == 202
        browser.cookies.clear()
        before = await conn.fetchval("select count(*) from people.pace")
        refused = await ask(browser, address)
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert await conn.fetchval("select count(*) from people.pace") == before


async def test_guesses_at_an_address_end_after_twenty_from_any_number_of_browsers(
    client: httpx.AsyncClient, new_browser: NewBrowser, emails: Any, clock: Any
) -> None:
    await ask(client)
    for _ in range(4):
        async with new_browser() as browser:
            await ask(browser)
            code = await emails.code(FAN)
            for _ in range(5):
                assert (await enter(browser, wrong(code))).json()["code"] == "code_wrong"
        clock.advance(timedelta(hours=1))
    async with new_browser() as browser:
        assert (await ask(browser)).json() == {"valid_seconds": 600}
        assert len((await emails.code(FAN)).replace(" ", "")) == 12
        assert (await enter(browser, "123456")).json()["code"] == "code_wrong"
    assert (await ask(client)).status_code == 202
    assert (await enter(client, await emails.code(FAN))).status_code == 200


async def test_a_short_code_that_was_sent_before_is_not_accepted_any_more(
    client: httpx.AsyncClient, new_browser: NewBrowser, emails: Any
) -> None:
    await ask(client)
    code = await emails.code(FAN)
    for _ in range(4):
        async with new_browser() as browser:
            await ask(browser)
            for _ in range(5):
                await enter(browser, wrong(code))
    assert (await enter(client, code)).json()["code"] == "code_wrong"


async def test_twenty_wrong_codes_are_forgotten_after_a_day(
    client: httpx.AsyncClient, new_browser: NewBrowser, emails: Any, clock: Any
) -> None:
    for _ in range(4):
        async with new_browser() as browser:
            await ask(browser)
            for _ in range(5):
                await enter(browser, "123456" if await emails.code(FAN) != "123456" else "654321")
    clock.advance(timedelta(hours=24))
    await ask(client)
    code = await emails.code(FAN)
    assert len(code) == 6
    assert (await enter(client, code)).status_code == 200


async def test_right_codes_do_not_count_as_guesses(new_browser: NewBrowser, emails: Any, clock: Any) -> None:
    for _ in range(25):
        async with new_browser() as browser:
            await ask(browser)
            code = await emails.code(FAN)
            assert len(code) == 6
            assert (await enter(browser, code)).status_code == 200
        clock.advance(timedelta(minutes=20))


async def test_staff_sign_in_with_twelve_digits_and_never_with_six(
    client: httpx.AsyncClient, make_staff: Any, emails: Any
) -> None:
    await make_staff(STAFF, [Grant("steward", "gate", "A")])
    assert (await ask(client, STAFF)).json() == {"valid_seconds": 600}
    code = await emails.code(STAFF)
    assert len(code.replace(" ", "")) == 12
    assert (await enter(client, code.replace(" ", "")[:6], STAFF)).json()["code"] == "code_wrong"
    assert (await enter(client, code, STAFF)).status_code == 200


async def test_new_staff_cannot_use_an_earlier_short_code(
    client: httpx.AsyncClient, make_staff: Any, emails: Any
) -> None:
    await ask(client)
    code = await emails.code(FAN)
    await make_staff(FAN, [Grant("finance")])
    assert (await enter(client, code)).json()["code"] == "code_wrong"


async def test_a_long_code_works_in_the_browser_that_asked_for_it(
    client: httpx.AsyncClient, new_browser: NewBrowser, make_staff: Any, emails: Any
) -> None:
    await make_staff(STAFF, [Grant("finance")])
    await ask(client, STAFF)
    code = await emails.code(STAFF)
    async with new_browser() as browser:
        await ask(browser, FAN)
        assert (await enter(browser, code, STAFF)).json()["code"] == "code_wrong"
    assert (await enter(client, code, STAFF)).status_code == 200


async def test_the_browser_cookie_cannot_be_forged(client: httpx.AsyncClient, emails: Any) -> None:
    await ask(client)
    given = client.cookies["__Host-virage-browser"]
    for made_up in ("", "x", given[:-4] + "AAA=", "é"):
        client.cookies.clear()
        answer = await client.post(
            "/api/sign-in",
            json={"email": FAN, "code": await emails.code(FAN)},
            headers={b"cookie": f"__Host-virage-browser={made_up}".encode()},
        )
        assert answer.json()["code"] == "cookie_missing"

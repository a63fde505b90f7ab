import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from virage.identity.people import acts
from virage.identity.people.rules.people_config import PeopleConfig
from virage.identity.people.rules.reasons import Reason
from virage.identity.people.rules.secrets import browser_of, new_browser
from virage.identity.people.rules.sign_in import SignedIn, SignInBrowser
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused

FAN = "fan@example.org"


async def ask(browser: httpx.AsyncClient, address: str = FAN, locale: str = "en") -> httpx.Response:
    return await browser.post("/api/sign-in/codes", json={"email": address, "locale": locale})


async def enter(browser: httpx.AsyncClient, code: str, address: str = FAN, **more: Any) -> httpx.Response:
    return await browser.post("/api/sign-in", json={"email": address, "code": code, **more})


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_a_new_person_joins_with_the_emailed_code(client: httpx.AsyncClient, emails: Any) -> None:
    assert (await ask(client, "Fan@Example.org")).json() == {"valid_seconds": 600}
    answer = await enter(client, await emails.code(FAN), name="  A  Fan ")
    assert answer.status_code == 200
    me = (await client.get("/api/me")).json()
    assert me == answer.json()
    assert (me["kind"], me["email"], me["name"], me["locale"], me["grants"]) == ("fan", FAN, "A Fan", "en", [])


async def test_the_code_is_emailed_in_the_requested_language(client: httpx.AsyncClient, emails: Any) -> None:
    await ask(client, locale="fr")
    assert (await emails.to(FAN))[0].locale == "fr"
    await enter(client, await emails.code(FAN))
    assert (await client.get("/api/me")).json()["locale"] == "fr"


async def test_an_address_that_exists_and_one_that_does_not_get_the_same_answer(
    client: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, emails: Any
) -> None:
    await sign_in(client, FAN)
    known, unknown = await ask(other), await ask(other, "unknown@example.org")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert len(await emails.to("unknown@example.org")) == 1
    refusals = [await enter(other, "000000", address) for address in (FAN, "unknown@example.org", "none@example.org")]
    assert {(answer.status_code, answer.json()["code"]) for answer in refusals} == {(409, "code_wrong")}


@pytest.mark.parametrize("address", ["", "fan", "fan@example.org\r\nBcc: all@example.org", "a@" + "b" * 9000])
async def test_an_invalid_address_gets_no_email(client: httpx.AsyncClient, emails: Any, address: str) -> None:
    for answer in (await ask(client, address), await enter(client, "123456", address)):
        assert answer.status_code == 400
        assert answer.json()["data"]["errors"][0]["source"] == "email"
    assert await emails.all() == []


@pytest.mark.parametrize(("address", "status"), [("not an address", 400), (FAN, 202)])
async def test_asking_for_a_code_opens_no_session(
    client: httpx.AsyncClient, conn: Connection, address: str, status: int
) -> None:
    assert (await ask(client, address)).status_code == status
    assert await conn.fetchval("select count(*) from people.session") == 0


async def test_a_code_may_be_typed_with_spaces(client: httpx.AsyncClient, emails: Any) -> None:
    await ask(client)
    code = await emails.code(FAN)
    assert (await enter(client, f" {code[:3]} {code[3:]} ")).status_code == 200


async def test_a_code_works_once(client: httpx.AsyncClient, emails: Any) -> None:
    await ask(client)
    code = await emails.code(FAN)
    assert (await enter(client, code)).status_code == 200
    assert (await enter(client, code)).json()["code"] == "code_wrong"


async def test_a_code_works_for_ten_minutes(client: httpx.AsyncClient, emails: Any, clock: Any) -> None:
    await ask(client)
    clock.advance(timedelta(minutes=10))
    assert (await enter(client, await emails.code(FAN))).json()["code"] == "code_wrong"
    await ask(client)
    clock.advance(timedelta(minutes=9, seconds=59))
    assert (await enter(client, await emails.code(FAN))).status_code == 200


async def test_a_new_code_invalidates_the_old_one(client: httpx.AsyncClient, emails: Any) -> None:
    await ask(client)
    old = await emails.code(FAN)
    await ask(client)
    new = await emails.code(FAN)
    if old != new:
        assert (await enter(client, old)).json()["code"] == "code_wrong"
    assert (await enter(client, new)).status_code == 200


async def test_five_wrong_tries_invalidate_a_code(client: httpx.AsyncClient, emails: Any) -> None:
    await ask(client)
    code = await emails.code(FAN)
    for _ in range(5):
        assert (await enter(client, wrong(code))).json()["code"] == "code_wrong"
    dead = await enter(client, code)
    assert (dead.status_code, dead.json()["code"]) == (429, "too_many_attempts")
    assert (await client.get("/api/me")).json()["kind"] == "anonymous"


async def test_the_fifth_try_may_be_the_right_one(client: httpx.AsyncClient, emails: Any) -> None:
    await ask(client)
    code = await emails.code(FAN)
    for _ in range(4):
        await enter(client, wrong(code))
    assert (await enter(client, code)).status_code == 200


async def test_tries_without_a_code_are_counted_like_tries_at_one(client: httpx.AsyncClient, clock: Any) -> None:
    await ask(client, "fan2@example.org")
    answers = [(await enter(client, "123456")).json()["code"] for _ in range(6)]
    assert answers == ["code_wrong"] * 5 + ["too_many_attempts"]
    clock.advance(timedelta(minutes=10))
    assert (await enter(client, "123456")).json()["code"] == "code_wrong"


async def try_codes(
    db: Database, head: PeopleConfig, clock: Clock, browser: UUID | None, codes: list[str]
) -> list[SignedIn | Refused]:
    assert browser is not None

    async def one(code: str) -> SignedIn | Refused:
        async with db.transaction() as conn:
            return await acts.sign_in(conn, head, FAN, code, clock.now(), browser=SignInBrowser(browser, None, ""))

    return await asyncio.gather(*(one(code) for code in codes))


async def test_tries_at_the_same_moment_are_all_counted(
    client: httpx.AsyncClient, emails: Any, db: Database, people_config: PeopleConfig, clock: Clock
) -> None:
    await ask(client)
    code = await emails.code(FAN)
    refused = await try_codes(db, people_config, clock, browser_in(client, people_config), [wrong(code)] * 12)
    reasons = [answer.reason for answer in refused if isinstance(answer, Refused)]
    assert sorted(reasons) == [Reason.CODE_WRONG] * 5 + [Reason.TOO_MANY_ATTEMPTS] * 7


async def test_the_right_code_at_the_same_moment_opens_one_session(
    client: httpx.AsyncClient, emails: Any, db: Database, people_config: PeopleConfig, clock: Clock
) -> None:
    await ask(client)
    codes = [await emails.code(FAN)] * 5
    answers = await try_codes(db, people_config, clock, browser_in(client, people_config), codes)
    assert sum(isinstance(answer, SignedIn) for answer in answers) == 1


def browser_in(client: httpx.AsyncClient, head: PeopleConfig) -> UUID | None:
    """The number that the browser stores after it requested a code."""
    return browser_of(head.keys, client.cookies["__Host-virage-browser"])


StrangersAsk = Callable[[int], Awaitable[None]]


@pytest.fixture
def strangers_ask(db: Database, people_config: PeopleConfig, clock: Clock) -> StrangersAsk:
    """Request codes for the fan's address so many times, each time as if from another device."""

    async def asks(times: int) -> None:
        for _ in range(times):
            async with db.transaction() as conn:
                asked = await acts.request_code(
                    conn, people_config, FAN, clock.now(), locale="en", browser=new_browser()
                )
                assert not isinstance(asked, Refused)

    return asks


async def test_an_address_gets_at_most_eleven_emails_an_hour_and_the_answer_is_the_same(
    strangers_ask: StrangersAsk, emails: Any, clock: Any
) -> None:
    await strangers_ask(8)
    assert len(await emails.to(FAN)) == 6
    for _ in range(59):
        clock.advance(timedelta(minutes=1))
        await strangers_ask(3)
    assert len(await emails.to(FAN)) == 11


@pytest.mark.parametrize("minutes", [0, 3, 9, 10, 14, 59])
async def test_requests_by_strangers_do_not_lock_out_the_owner(
    client: httpx.AsyncClient, strangers_ask: StrangersAsk, emails: Any, clock: Any, minutes: int
) -> None:
    await strangers_ask(8)
    for _ in range(minutes):
        clock.advance(timedelta(minutes=1))
        await strangers_ask(2)
    assert (await ask(client)).json() == {"valid_seconds": 600}
    clock.advance(timedelta(minutes=9, seconds=59))
    answer = await enter(client, await emails.open_code(FAN))
    assert answer.status_code == 200, answer.text
    assert answer.json()["email"] == FAN


async def test_an_open_code_works_once_for_twenty_minutes_and_at_its_own_address_alone(
    client: httpx.AsyncClient, other: httpx.AsyncClient, strangers_ask: StrangersAsk, emails: Any, clock: Any
) -> None:
    await strangers_ask(6)
    code = await emails.open_code(FAN)
    await ask(client)
    await ask(other)
    assert (await enter(client, code, "fan2@example.org")).json()["code"] == "code_wrong"
    assert (await enter(client, code)).status_code == 200
    assert (await enter(other, code)).json()["code"] == "code_wrong"
    clock.advance(timedelta(minutes=1))
    await strangers_ask(1)
    late = await emails.open_code(FAN)
    assert late != code
    clock.advance(timedelta(minutes=20))
    assert (await enter(other, late)).json()["code"] == "code_wrong"


async def test_a_browser_has_five_tries_of_its_own_at_an_open_code(
    client: httpx.AsyncClient, other: httpx.AsyncClient, strangers_ask: StrangersAsk, emails: Any
) -> None:
    await strangers_ask(6)
    code = await emails.open_code(FAN)
    await ask(other)
    for _ in range(5):
        assert (await enter(other, "123456789012")).json()["code"] == "code_wrong"
    assert (await enter(other, code)).json()["code"] == "too_many_attempts"
    await ask(client)
    assert (await enter(client, code)).status_code == 200


async def test_tries_at_short_codes_do_not_count_against_the_open_code(
    client: httpx.AsyncClient, strangers_ask: StrangersAsk, emails: Any
) -> None:
    short = []
    for _ in range(5):
        await strangers_ask(1)
        short.append(await emails.code(FAN))
    await strangers_ask(1)
    assert (await ask(client)).status_code == 202
    assert len(await emails.to(FAN)) == 6
    for code in short:
        assert (await enter(client, code)).json()["code"] == "code_wrong"
    assert (await enter(client, short[0])).json()["code"] == "too_many_attempts"
    assert (await enter(client, await emails.open_code(FAN))).status_code == 200


async def test_browsers_that_keep_no_cookie_use_up_no_try_and_leave_nothing_behind(
    client: httpx.AsyncClient, strangers_ask: StrangersAsk, emails: Any, conn: Connection
) -> None:
    await strangers_ask(6)
    before = await conn.fetchval("select count(*) from people.sign_in_code")
    for code in ["123456", "123456789012"] * 4:
        assert (await enter(client, code)).json()["code"] == "cookie_missing"
        assert (await enter(client, code, "unknown@example.org")).json()["code"] == "cookie_missing"
    assert await conn.fetchval("select count(*) from people.sign_in_code") == before
    assert (await enter(client, await emails.open_code(FAN))).status_code == 200


async def test_codes_asked_for_at_the_same_moment_keep_the_limit(strangers_ask: StrangersAsk, emails: Any) -> None:
    await asyncio.gather(*(strangers_ask(1) for _ in range(9)))
    assert len(await emails.to(FAN)) == 6


async def test_a_code_works_in_the_browser_that_asked_for_it(
    client: httpx.AsyncClient, other: httpx.AsyncClient, emails: Any
) -> None:
    await ask(client)
    code = await emails.code(FAN)
    assert (await enter(other, code)).json()["code"] == "cookie_missing"
    await ask(other, "fan2@example.org")
    assert (await enter(other, code)).json()["code"] == "code_wrong"
    assert (await enter(client, code)).status_code == 200


async def test_another_browser_cannot_use_up_the_tries_or_replace_the_code(
    client: httpx.AsyncClient, other: httpx.AsyncClient, emails: Any
) -> None:
    await ask(client)
    code = await emails.code(FAN)
    await ask(other)
    for number in range(7):
        await enter(other, f"{number:06}")
    assert (await enter(other, code)).status_code == 429
    assert (await enter(client, code)).status_code == 200


async def test_a_signed_in_owner_gets_a_code_despite_requests_by_others(
    client: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, emails: Any
) -> None:
    await sign_in(client, FAN)
    for _ in range(8):
        other.cookies.clear()
        await ask(other)
    before = len(await emails.to(FAN))
    assert (await ask(client)).status_code == 202
    assert len(await emails.to(FAN)) == before + 1
    assert (await enter(client, await emails.code(FAN))).status_code == 200
    assert (await ask(client, "fan2@example.org")).status_code == 202


async def test_a_browser_over_its_limit_is_refused(
    client: httpx.AsyncClient, other: httpx.AsyncClient, emails: Any
) -> None:
    answers = [(await ask(client)).status_code for _ in range(6)]
    assert answers == [202] * 5 + [429]
    assert (await ask(client, "fan2@example.org")).status_code == 202
    assert (await ask(other, "fan3@example.org")).status_code == 202


async def test_a_browser_may_request_twenty_codes_an_hour(client: httpx.AsyncClient) -> None:
    answers = [(await ask(client, f"fan{number}@example.org")).status_code for number in range(21)]
    assert answers == [202] * 20 + [429]


async def test_signing_in_again_confirms_the_session(client: httpx.AsyncClient, sign_in: Any, clock: Any) -> None:
    first = (await sign_in(client, FAN)).json()
    clock.advance(timedelta(minutes=20))
    again = (await sign_in(client, FAN)).json()
    assert again["id"] == first["id"]
    assert again["authenticated_at"] > first["authenticated_at"]
    assert len((await client.get("/api/me/sessions")).json()) == 1


async def test_another_person_in_the_same_browser_gets_a_new_session(
    client: httpx.AsyncClient, sign_in: Any, conn: Connection
) -> None:
    await sign_in(client, FAN)
    before = await conn.fetchval("select id from people.session")
    await sign_in(client, "fan2@example.org")
    after = await conn.fetch("select id, guest_session_id from people.session")
    assert len(after) == 1
    assert after[0]["id"] != before
    assert after[0]["guest_session_id"] is None


async def test_codes_tokens_and_emails_are_not_stored_in_plain_text(
    client: httpx.AsyncClient, emails: Any, conn: Connection
) -> None:
    await ask(client)
    code, browser = await emails.code(FAN), client.cookies["__Host-virage-browser"]
    await enter(client, wrong(code))
    await enter(client, code)
    token = client.cookies["__Host-virage"]
    await ask(client, "fan2@example.org")
    tables = [row[0] for row in await conn.fetch("select tablename from pg_tables where schemaname = 'people'")]
    everything = "\n".join(
        [str(row[0]) for table in tables for row in await conn.fetch(f'select t::text from people."{table}" as t')]
    )
    for secret in (code, token, browser, "fan2@example.org"):
        assert secret not in everything
        assert secret.encode().hex() not in everything


async def test_every_act_is_journalled_with_ids_only(client: httpx.AsyncClient, emails: Any, conn: Connection) -> None:
    await ask(client)
    await enter(client, await emails.code(FAN), name="A Fan")
    await client.patch("/api/me", json={"name": "Another Name"})
    await client.delete("/api/session")
    facts = await conn.fetch("select what, data::text as data from kernel.journal order by seq")
    assert [fact["what"] for fact in facts] == ["person_joined", "signed_in", "person_changed", "signed_out"]
    assert not any(word in str(fact) for fact in facts for word in ("Fan", "Name", "example"))


@pytest.mark.parametrize(
    "body", [{}, {"email": 1}, {"email": FAN, "code": None}, {"email": FAN, "code": "1", "name": "x" * 101}]
)
async def test_an_invalid_sign_in_is_refused(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert (await client.post("/api/sign-in", json=body)).status_code == 400

"""Recovery of staff accounts with a passkey: the delay of codes by email, recovery codes, and their
abuse.
"""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.identity.people.authenticator import Authenticator
from tests.identity.people.test_passkeys import add, enter, facts, signed_out
from virage.identity.people import acts
from virage.identity.people.rules.recovery import LETTERS, new_recovery_code, recovery_code_hash
from virage.identity.people.rules.secrets import people_keys
from virage.platform.data.database import Connection, Database
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.platform.web.limits import RATES, Rate

STAFF, FAN = "staff@example.org", "fan@example.org"
DAY = timedelta(hours=24)


@pytest.fixture
def key() -> Authenticator:
    return Authenticator()


@pytest.fixture
async def staff(client: httpx.AsyncClient, sign_in: Any, make_staff: Any, key: Authenticator) -> httpx.AsyncClient:
    """A browser of a member of the staff, signed in, with a passkey."""
    await make_staff(STAFF, [Grant("finance")])
    await sign_in(client, STAFF)
    await add(client, key)
    return client


async def by_code(browser: httpx.AsyncClient, emails: Any, address: str = STAFF) -> httpx.Response:
    """Request a code and enter it."""
    assert (await browser.post("/api/sign-in/codes", json={"email": address, "locale": "en"})).status_code == 202
    return await browser.post("/api/sign-in", json={"email": address, "code": await emails.code(address)})


async def by_recovery_code(browser: httpx.AsyncClient, code: str, address: str = STAFF) -> httpx.Response:
    await browser.post("/api/sign-in/passkey/options")  # the sign-in page sets the browser's cookie
    return await browser.post("/api/sign-in/recovery-code", json={"email": address, "code": code})


async def recovery_codes(browser: httpx.AsyncClient) -> list[str]:
    made = await browser.post("/api/me/recovery-codes")
    assert made.status_code == 201, made.text
    codes: list[str] = made.json()["codes"]
    return codes


async def letters(emails: Any) -> list[str]:
    return [email.kind for email in await emails.to(STAFF) if email.kind.startswith("recovery")]


async def test_a_code_by_email_lets_staff_with_a_passkey_in_after_a_day_and_once(
    staff: httpx.AsyncClient, other: httpx.AsyncClient, emails: Any, clock: Any, *, conn: Connection
) -> None:
    begun = await by_code(other, emails)
    assert (begun.status_code, begun.json()["code"]) == (409, "recovery_waits")
    assert begun.json()["data"]["ready_at"] == (clock.now() + DAY).isoformat()
    assert (await other.get("/api/me")).json()["kind"] == "anonymous"
    clock.advance(DAY - timedelta(seconds=1))
    assert (await by_code(other, emails)).json()["code"] == "recovery_waits"
    clock.advance(timedelta(seconds=1))
    assert (await by_code(other, emails)).status_code == 200
    assert (await other.get("/api/me")).json()["kind"] == "staff"
    await signed_out(other)
    assert (await by_code(other, emails)).json()["code"] == "recovery_waits"
    assert await letters(emails) == ["recovery_started", "recovery_used", "recovery_started"]
    assert len(await facts(conn, "recovery_begun")) == 2
    assert len(await facts(conn, "recovery_used")) == 1


async def test_the_sessions_of_the_person_announce_a_recovery_and_cancel_it(
    staff: httpx.AsyncClient, other: httpx.AsyncClient, emails: Any, clock: Any, *, conn: Connection
) -> None:
    assert (await staff.get("/api/me")).json()["recovery_ready_at"] is None
    await by_code(other, emails)
    ready_at = (await staff.get("/api/me")).json()["recovery_ready_at"]
    assert ready_at == (await staff.get("/api/me/recovery")).json()["ready_at"] is not None
    assert (await staff.delete("/api/me/recovery")).status_code == 204
    assert (await staff.get("/api/me")).json()["recovery_ready_at"] is None
    assert (await staff.delete("/api/me/recovery")).status_code == 404
    clock.advance(DAY)
    assert (await by_code(other, emails)).json()["code"] == "recovery_waits"  # a new request, which waits again
    assert len(await facts(conn, "recovery_cancelled")) == 1


async def test_the_link_in_the_email_cancels_a_recovery_once_and_without_a_sign_in(
    staff: httpx.AsyncClient, other: httpx.AsyncClient, emails: Any
) -> None:
    await by_code(other, emails)
    (email,) = [one for one in await emails.to(STAFF) if one.kind == "recovery_started"]
    assert email.secret["hours"] == "24"
    wrong = await other.post("/api/recoveries/cancel", json={"code": email.secret["code"] + "x"})
    assert wrong.status_code == 404
    assert (await staff.get("/api/me")).json()["recovery_ready_at"] is not None
    assert (await other.post("/api/recoveries/cancel", json={"code": email.secret["code"]})).status_code == 204
    assert (await staff.get("/api/me")).json()["recovery_ready_at"] is None
    assert (await other.post("/api/recoveries/cancel", json={"code": email.secret["code"]})).status_code == 404


async def test_repeated_requests_neither_restart_nor_shorten_the_delay(
    staff: httpx.AsyncClient, other: httpx.AsyncClient, emails: Any, clock: Any
) -> None:
    first = (await by_code(other, emails)).json()["data"]["ready_at"]
    for _ in range(3):
        clock.advance(timedelta(hours=2))
        assert (await by_code(other, emails)).json()["data"]["ready_at"] == first
    assert await letters(emails) == ["recovery_started"]
    clock.advance(timedelta(hours=18))
    assert (await by_code(other, emails)).status_code == 200


async def test_three_recoveries_a_day_begin_and_no_more(
    staff: httpx.AsyncClient, other: httpx.AsyncClient, emails: Any, clock: Any
) -> None:
    for _ in range(3):
        assert (await by_code(other, emails)).json()["code"] == "recovery_waits"
        assert (await staff.delete("/api/me/recovery")).status_code == 204
        clock.advance(timedelta(hours=2))
    refused = await by_code(other, emails)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert await letters(emails) == ["recovery_started"] * 3
    clock.advance(timedelta(hours=20))
    assert (await by_code(other, emails)).json()["code"] == "recovery_waits"


async def test_a_recovery_that_nobody_uses_in_three_days_begins_again(
    staff: httpx.AsyncClient, other: httpx.AsyncClient, emails: Any, clock: Any, *, db: Database
) -> None:
    await by_code(other, emails)
    clock.advance(DAY + timedelta(days=3))
    assert (await by_code(other, emails)).json()["code"] == "recovery_waits"
    clock.advance(timedelta(days=8))
    async with db.transaction() as conn:
        await acts.tidy(conn, clock.now())
        assert await conn.fetchval("select count(*) from people.recovery") == 0


async def test_a_used_code_of_a_waiting_recovery_is_used_up(
    staff: httpx.AsyncClient, other: httpx.AsyncClient, emails: Any
) -> None:
    await by_code(other, emails)
    code = [one for one in await emails.to(STAFF) if "code" in one.kind][-1].secret["code"]
    again = await other.post("/api/sign-in", json={"email": STAFF, "code": code})
    assert again.json()["code"] == "code_wrong"


async def test_a_passkey_signs_in_while_a_recovery_waits(
    staff: httpx.AsyncClient, other: httpx.AsyncClient, emails: Any, key: Authenticator
) -> None:
    await by_code(other, emails)
    assert (await enter(other, key)).status_code == 200


async def test_fans_and_staff_without_a_passkey_sign_in_by_code_at_once(
    client: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, make_staff: Any, *, emails: Any
) -> None:
    await sign_in(client, FAN)
    await add(client, Authenticator())
    assert (await by_code(other, emails, FAN)).status_code == 200
    await make_staff(STAFF, [Grant("finance")])
    assert (await by_code(other, emails)).status_code == 200


async def test_a_disabled_passkey_opens_no_shorter_way(
    staff: httpx.AsyncClient, other: httpx.AsyncClient, emails: Any, key: Authenticator
) -> None:
    assert (await enter(other, key, count=1)).json()["code"] == "passkey_disabled"
    assert (await by_code(other, emails)).json()["code"] == "recovery_waits"


async def test_each_of_ten_recovery_codes_signs_in_once_and_an_email_tells_of_it(
    staff: httpx.AsyncClient, other: httpx.AsyncClient, emails: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RATES, "write", Rate(per_s=1_000, burst=1_000))
    codes = await recovery_codes(staff)
    assert len(set(codes)) == 10
    typed = codes[0].lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert (await by_recovery_code(other, typed)).json()["kind"] == "staff"
    await signed_out(other)
    assert (await by_recovery_code(other, codes[0])).json()["code"] == "code_wrong"
    for code in codes[1:]:
        other.cookies.clear()
        assert (await by_recovery_code(other, code)).status_code == 200
    assert (await staff.get("/api/me/recovery")).json()["codes_left"] == 0
    used = [one.secret["left"] for one in await emails.to(STAFF) if one.kind == "recovery_code_used"]
    assert used == [str(left) for left in range(9, -1, -1)]


async def test_a_recovery_code_ends_a_recovery_that_waits(
    staff: httpx.AsyncClient, other: httpx.AsyncClient, emails: Any
) -> None:
    codes = await recovery_codes(staff)
    await by_code(other, emails)
    assert (await by_recovery_code(other, codes[0])).status_code == 200
    assert (await staff.get("/api/me")).json()["recovery_ready_at"] is None


async def test_new_recovery_codes_replace_the_old_ones(
    staff: httpx.AsyncClient, other: httpx.AsyncClient, emails: Any
) -> None:
    old, new = await recovery_codes(staff), await recovery_codes(staff)
    assert (await by_recovery_code(other, old[0])).json()["code"] == "code_wrong"
    assert (await by_recovery_code(other, new[0])).status_code == 200
    assert (await letters(emails)).count("recovery_codes_made") == 2


async def test_a_recovery_code_opens_its_own_account_alone(
    staff: httpx.AsyncClient, other: httpx.AsyncClient, make_staff: Any
) -> None:
    codes = await recovery_codes(staff)
    await make_staff("colleague@example.org", [Grant("finance")])
    for address in ("colleague@example.org", "nobody@example.org"):
        assert (await by_recovery_code(other, codes[0], address)).json()["code"] == "code_wrong"
    assert (await by_recovery_code(other, codes[0])).status_code == 200


async def test_recovery_codes_are_tried_ten_times_an_hour_in_a_browser(
    staff: httpx.AsyncClient, other: httpx.AsyncClient, clock: Any
) -> None:
    codes = await recovery_codes(staff)
    for _ in range(10):
        assert (await by_recovery_code(other, "0000-0000-0000-0000")).json()["code"] == "code_wrong"
    refused = await by_recovery_code(other, codes[0])
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_attempts")
    clock.advance(timedelta(hours=1, seconds=1))
    assert (await by_recovery_code(other, codes[0])).status_code == 200


async def test_recovery_codes_need_a_passkey_and_a_recent_sign_in(
    client: httpx.AsyncClient, sign_in: Any, make_staff: Any, clock: Any
) -> None:
    await make_staff(STAFF, [Grant("finance")])
    await sign_in(client, STAFF)
    assert (await client.post("/api/me/recovery-codes")).json()["code"] == "passkey_needed"
    await add(client, Authenticator())
    clock.advance(timedelta(minutes=16))
    assert (await client.post("/api/me/recovery-codes")).json()["code"] == "step_up_required"


async def test_no_table_holds_a_recovery_code(staff: httpx.AsyncClient, conn: Connection) -> None:
    codes = await recovery_codes(staff)
    stored = [bytes(row["code_hash"]) for row in await conn.fetch("select code_hash from people.recovery_code")]
    assert len(stored) == 10
    assert not any(code.replace("-", "").encode() in hash_ for hash_ in stored for code in codes)


async def test_erasure_forgets_recoveries_and_codes(
    staff: httpx.AsyncClient, other: httpx.AsyncClient, emails: Any, conn: Connection
) -> None:
    await recovery_codes(staff)
    await by_code(other, emails)
    await conn.execute("delete from people.role_grant")
    assert (await staff.delete("/api/me")).status_code == 204
    for table in ("recovery", "recovery_code", "passkey"):
        assert await conn.fetchval(f"select count(*) from people.{table}") == 0


@given(st.sampled_from(LETTERS), st.data())
def test_a_recovery_code_is_read_however_it_is_typed(letter: str, data: st.DataObject) -> None:
    keys, person_id, code = people_keys("a secret of the tests, long enough"), new_id(), new_recovery_code()
    assert len(code.replace("-", "")) == 16
    noise = data.draw(st.text(" -._", max_size=3))
    assert recovery_code_hash(keys, person_id, noise.join(code.lower())) == recovery_code_hash(keys, person_id, code)
    other = code[:-1] + letter
    assert (recovery_code_hash(keys, person_id, other) == recovery_code_hash(keys, person_id, code)) == (other == code)
    assert recovery_code_hash(keys, new_id(), code) != recovery_code_hash(keys, person_id, code)

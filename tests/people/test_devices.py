import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from virage.kernel.clock import Clock
from virage.kernel.database import Connection, Database
from virage.kernel.guard import Credential, Grant
from virage.kernel.ids import new_id
from virage.kernel.keys import Jwk, base64url
from virage.kernel.problems import Refused
from virage.kernel.security import token_hash
from virage.people import acts, jobs, reads
from virage.people.acts import PeopleAuthenticator
from virage.people.rules.devices import (
    ASKS_PER_HANDLE,
    HANDLE_SIGNS,
    MISSES_MAX,
    DeviceArrival,
    DevicePaired,
    PairingCode,
    new_pairing_code,
    read_code,
    tidy_gates,
)
from virage.people.rules.house import Letterhead

SUPERVISOR = "supervisor@example.org"
GROUPS = {"A1": "A", "A2": "A", "B1": "B"}


def ed25519() -> dict[str, str]:
    """The public key of a new device."""
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    return {"kty": "OKP", "crv": "Ed25519", "x": base64url(public)}


def p256() -> dict[str, str]:
    numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    x, y = numbers.x.to_bytes(32), numbers.y.to_bytes(32)
    return {"kty": "EC", "crv": "P-256", "x": base64url(x), "y": base64url(y)}


def wrong(code: str) -> str:
    """The same handle with another secret."""
    return code[:-1] + str((int(code[-1]) + 1) % 10)


@pytest.fixture
async def supervisor(client: httpx.AsyncClient, sign_in: Any, make_staff: Any) -> httpx.AsyncClient:
    """A browser in which the supervisor of gate group A has signed in."""
    await make_staff(SUPERVISOR, [Grant("supervisor", "gate", "A")])
    await sign_in(client, SUPERVISOR)
    return client


async def expect_device(browser: httpx.AsyncClient, **more: Any) -> httpx.Response:
    wish = {"id": str(new_id()), "name": "Lane 3", "kind": "lane", "gates": ["A"]} | more
    return await browser.post("/api/office/devices/pairings", json=wish)


async def open_code(browser: httpx.AsyncClient, **more: Any) -> str:
    answer = await expect_device(browser, **more)
    assert answer.status_code == 201, answer.text
    code: str = answer.json()["code"]
    return code


async def come(browser: httpx.AsyncClient, code: str, key: dict[str, str] | None = None) -> httpx.Response:
    return await browser.post("/api/devices/pair", json={"code": code, "key": key or ed25519()})


async def paired(browser: httpx.AsyncClient, code: str, key: dict[str, str] | None = None) -> dict[str, Any]:
    """What a device keeps, after it has come; from then on the browser is this device."""
    answer = await come(browser, code, key)
    assert answer.status_code == 200, answer.text
    kept: dict[str, Any] = answer.json()
    browser.headers["authorization"] = f"Bearer {kept['token']}"
    return kept


# --- the code -----------------------------------------------------------------------------------------------------


@given(st.text(HANDLE_SIGNS, min_size=4, max_size=4), st.text("0123456789", min_size=6, max_size=6))
def test_a_code_is_read_as_it_is_shown_and_as_people_type_it(handle: str, secret: str) -> None:
    code = PairingCode(handle, secret)
    for typed in (code.shown(), code.shown().lower(), f" {handle} {secret} ", handle + secret):
        assert read_code(typed) == code


@pytest.mark.parametrize(
    "typed", ["", "K7Q2", "K7Q2-48391", "K7Q2-4839170", "K7Q2-48391x", "O7Q2-483917", "K7Q2-٤٨٣٩١٧"]
)
def test_what_can_be_no_code_is_none(typed: str) -> None:
    assert read_code(typed) is None


def test_codes_are_drawn_from_all_signs_and_read_by_the_eye() -> None:
    codes = [new_pairing_code() for _ in range(500)]
    assert set("".join(code.handle for code in codes)) == set(HANDLE_SIGNS)
    assert not set("01OIL") & set(HANDLE_SIGNS)
    assert len({code.secret for code in codes}) > 480


# --- gates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "tidied"),
    [
        (["B1", "A1", "B1"], ["A1", "B1"]),
        (["A2", "A", "A1"], ["A"]),
        ([], None),
        (["A", "Z"], None),
        (["all"], None),
    ],
)
def test_gates_are_those_of_the_ground_each_once(wanted: Sequence[str], tidied: list[str] | None) -> None:
    assert tidy_gates(wanted, GROUPS) == tidied


# --- pairing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [ed25519(), p256()], ids=["Ed25519", "P-256"])
async def test_a_device_that_shows_its_code_gets_a_token_once(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, conn: Connection, key: dict[str, str]
) -> None:
    opened = await expect_device(supervisor, gates=["A2", "A1"])
    assert opened.headers["cache-control"] == "no-store"
    kept = await paired(other, opened.json()["code"], key)
    assert (kept["name"], kept["kind"], kept["gates"]) == ("Lane 3", "lane", ["A1", "A2"])
    mine = await other.get("/api/devices/me")
    assert mine.json() == {"id": kept["device_id"], "name": "Lane 3", "kind": "lane", "gates": ["A1", "A2"]}
    stored = await reads.devices(conn, [UUID(kept["device_id"])])
    (device,) = stored.values()
    assert device.public_key == Jwk(**key)
    assert (device.gates, device.revoked_at) == (["A1", "A2"], None)
    row = await conn.fetchrow("select * from people.device")
    assert row is not None
    assert row["token_hash"] == token_hash(kept["token"])
    assert kept["token"] not in str(row)


async def test_no_row_holds_the_code(supervisor: httpx.AsyncClient, conn: Connection) -> None:
    code = await open_code(supervisor)
    row = str(dict(await conn.fetchrow("select * from people.pairing") or {}))
    assert code[:4] in row
    assert code[5:].replace(" ", "") not in row


async def test_what_is_unknown_wrong_used_over_or_dead_gets_one_answer(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, clock: Any
) -> None:
    used, over, missed = [await open_code(supervisor) for _ in range(3)]
    await paired(other, used)
    del other.headers["authorization"]
    answers = [await come(other, wrong(missed)) for _ in range(MISSES_MAX)]
    answers += [await come(other, missed), await come(other, used), await come(other, "2222-000 000")]
    clock.advance(timedelta(minutes=10))
    answers.append(await come(other, over))
    assert {answer.status_code for answer in answers} == {409}
    assert {answer.json()["code"] for answer in answers} == {"pairing_invalid"}
    assert len({str(answer.json() | {"request_id": ""}) for answer in answers}) == 1
    assert len(await listed(supervisor)) == 1


async def test_the_fifth_miss_kills_a_code_and_the_fourth_does_not(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient
) -> None:
    alive, dead = await open_code(supervisor), await open_code(supervisor)
    for code, misses in ((alive, MISSES_MAX - 1), (dead, MISSES_MAX)):
        for _ in range(misses):
            await come(other, wrong(code))
    assert (await come(other, alive)).status_code == 200
    assert (await come(other, dead)).status_code == 409


async def try_at_once(
    db: Database, letterhead: Letterhead, clock: Clock, tries: Sequence[tuple[str, dict[str, str]]]
) -> list[DevicePaired | Refused]:
    async def attempt(code: str, key: dict[str, str]) -> DevicePaired | Refused:
        async with db.transaction() as conn:
            return await acts.pair(conn, letterhead.keys, DeviceArrival(code, Jwk(**key)), clock.now())

    return list(await asyncio.gather(*(attempt(code, key) for code, key in tries)))


async def test_tries_at_the_same_moment_are_all_counted(
    supervisor: httpx.AsyncClient, conn: Connection, db: Database, letterhead: Letterhead, clock: Clock
) -> None:
    code = await open_code(supervisor)
    answers = await try_at_once(db, letterhead, clock, [(wrong(code), ed25519())] * 12)
    assert all(isinstance(answer, Refused) for answer in answers)
    assert await conn.fetchval("select misses from people.pairing") == MISSES_MAX
    assert isinstance((await try_at_once(db, letterhead, clock, [(code, ed25519())]))[0], Refused)


async def test_of_devices_that_come_at_the_same_moment_one_is_let_in(
    supervisor: httpx.AsyncClient, conn: Connection, db: Database, letterhead: Letterhead, clock: Clock
) -> None:
    code = await open_code(supervisor)
    answers = await try_at_once(db, letterhead, clock, [(code, ed25519()) for _ in range(8)])
    assert sum(isinstance(answer, DevicePaired) for answer in answers) == 1
    assert await conn.fetchval("select count(*) from people.device") == 1


async def test_one_device_that_asks_twice_at_the_same_moment_is_one_device(
    supervisor: httpx.AsyncClient, conn: Connection, db: Database, letterhead: Letterhead, clock: Clock
) -> None:
    code, key = await open_code(supervisor), ed25519()
    answers = await try_at_once(db, letterhead, clock, [(code, key)] * 4)
    assert len({answer.device_id for answer in answers if isinstance(answer, DevicePaired)}) == 1
    assert all(isinstance(answer, DevicePaired) for answer in answers)
    assert await conn.fetchval("select count(*) from people.device") == 1


async def test_a_lost_answer_is_asked_for_again_with_the_same_key_and_a_fresh_token(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, clock: Any
) -> None:
    code, key = await open_code(supervisor), ed25519()
    lost = await paired(other, code, key)
    clock.advance(timedelta(minutes=9))
    del other.headers["authorization"]
    assert (await come(other, code, ed25519())).json()["code"] == "pairing_invalid"
    kept = await paired(other, code, key)
    assert kept["device_id"] == lost["device_id"]
    assert kept["token"] != lost["token"]
    assert (await other.get("/api/devices/me")).status_code == 200
    other.headers["authorization"] = f"Bearer {lost['token']}"
    assert (await other.get("/api/devices/me")).status_code == 401
    clock.advance(timedelta(minutes=1))
    del other.headers["authorization"]
    assert (await come(other, code, key)).json()["code"] == "pairing_invalid"


async def test_a_revoked_device_does_not_come_back_with_its_code(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient
) -> None:
    code, key = await open_code(supervisor), ed25519()
    kept = await paired(other, code, key)
    await supervisor.delete(f"/api/office/devices/{kept['device_id']}")
    assert (await come(other, code, key)).json()["code"] == "pairing_invalid"


async def test_whoever_hammers_at_one_handle_is_slowed_down_whether_it_waits_or_not(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, clock: Any
) -> None:
    code = await open_code(supervisor)
    for handle in (code[:4], "2222"):
        codes = [(await come(other, f"{handle}-{number:06}")).json()["code"] for number in range(ASKS_PER_HANDLE + 2)]
        assert codes == ["pairing_invalid"] * ASKS_PER_HANDLE + ["rate_limited"] * 2
    clock.advance(timedelta(hours=1))
    assert (await come(other, "2222-000 000")).json()["code"] == "pairing_invalid"


@pytest.mark.parametrize(
    "key",
    [
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
        {"kty": "OKP", "crv": "Ed25519", "x": base64url(bytes(32))},
        {"kty": "OKP", "crv": "P-256", "x": ed25519()["x"]},
        {"kty": "EC", "crv": "P-256", "x": p256()["x"], "y": p256()["y"]},
        {"kty": "RSA", "crv": "P-256", "x": "AAAA"},
    ],
)
async def test_a_key_that_proves_nothing_is_refused_and_the_code_still_works(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, key: dict[str, str]
) -> None:
    code = await open_code(supervisor)
    assert (await come(other, code, key)).status_code == 400
    assert (await come(other, code)).status_code == 200


async def test_the_same_wish_again_is_one_pairing_with_another_code(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, conn: Connection
) -> None:
    wish = {"id": str(new_id()), "name": "Phone 1"}
    lost, code = await open_code(supervisor, **wish), await open_code(supervisor, **wish)
    assert await conn.fetchval("select count(*) from people.pairing") == 1
    assert (await come(other, lost)).json()["code"] == "pairing_invalid"
    changed = await expect_device(supervisor, **wish | {"name": "Phone 2"})
    assert changed.json()["code"] == "id_taken"
    await paired(other, code)
    assert (await expect_device(supervisor, **wish)).json()["code"] == "id_taken"


@pytest.mark.parametrize(
    "more",
    [
        {"name": ""},
        {"name": "a\u202eb"},
        {"name": "x" * 101},
        {"kind": "tablet"},
        {"gates": []},
        {"gates": ["A", "Z9"]},
        {"gates": ["all"]},
        {"id": "1"},
    ],
)
async def test_a_pairing_without_sense_is_refused(
    supervisor: httpx.AsyncClient, conn: Connection, more: dict[str, Any]
) -> None:
    assert (await expect_device(supervisor, **more)).status_code == 400
    assert await conn.fetchval("select count(*) from people.pairing") == 0


async def test_codes_that_are_over_are_forgotten(
    supervisor: httpx.AsyncClient, conn: Connection, db: Database, config: Any, clock: Any
) -> None:
    await open_code(supervisor)
    clock.advance(timedelta(minutes=10))
    await jobs.PeopleJobs(db, config, clock).tidy()
    assert await conn.fetchval("select count(*) from people.pairing") == 0


# --- whose gates --------------------------------------------------------------------------------------------------


async def listed(browser: httpx.AsyncClient) -> list[dict[str, Any]]:
    answer = await browser.get("/api/office/devices")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


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
async def test_devices_are_paired_by_whoever_supervises_all_their_gates(
    client: httpx.AsyncClient, sign_in: Any, make_staff: Any, *, grant: Grant, gates: list[str], allowed: bool
) -> None:
    await make_staff(SUPERVISOR, [grant])
    await sign_in(client, SUPERVISOR)
    assert (await expect_device(client, gates=gates)).status_code == (201 if allowed else 403)


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


async def test_a_device_is_seen_where_it_works_and_moved_by_whoever_supervises_all_its_gates(
    supervisor: httpx.AsyncClient, neighbour: httpx.AsyncClient, other: httpx.AsyncClient, make_staff: Any
) -> None:
    code = await open_code(supervisor)
    device = (await paired(other, code))["device_id"]
    assert await listed(neighbour) == []
    assert [(one["id"], one["may_change"]) for one in await listed(supervisor)] == [(device, True)]
    for browser, gates in ((supervisor, ["A", "B1"]), (neighbour, ["B1"])):
        answer = await browser.put(f"/api/office/devices/{device}", json={"name": "Mine", "gates": gates})
        assert answer.status_code == 403
    await make_staff(SUPERVISOR, [Grant("supervisor", "gate", "B")])
    moved = await supervisor.put(f"/api/office/devices/{device}", json={"name": "Both", "gates": ["B1", "A1"]})
    assert (moved.json()["name"], moved.json()["gates"]) == ("Both", ["A1", "B1"])
    assert (await other.get("/api/devices/me")).json()["gates"] == ["A1", "B1"]
    assert [(one["name"], one["may_change"]) for one in await listed(neighbour)] == [("Both", False)]
    assert (await neighbour.delete(f"/api/office/devices/{device}")).status_code == 204
    assert (await other.get("/api/devices/me")).status_code == 401


async def test_a_revoked_device_is_dead_at_once_and_stays_for_the_record(
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
    answer = await supervisor.put(f"/api/office/devices/{device}", json={"name": "x", "gates": ["A"]})
    assert answer.json()["code"] == "device_revoked"
    facts = await conn.fetch("select what from kernel.journal where what = 'device_revoked'")
    assert len(facts) == 1


async def test_a_supervisor_who_loses_the_role_loses_the_codes_that_wait(
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
        assert await acts.revoke_grant(writing, principal, grant, clock.now()) is None
    assert (await come(other, code)).json()["code"] == "pairing_invalid"
    assert (await supervisor.get("/api/office/devices")).status_code == 403


# --- the principal ------------------------------------------------------------------------------------------------


async def test_a_device_is_a_principal_with_its_gates_and_a_cookie_is_not_its_token(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, db: Database, clock: Clock
) -> None:
    kept = await paired(other, await open_code(supervisor, gates=["A1", "A3"]))
    authenticator = PeopleAuthenticator(db, clock)
    hashed = token_hash(kept["token"])
    nobody, device = await authenticator([Credential("cookie", hashed), Credential("bearer", hashed)])
    assert nobody is None
    assert device is not None
    assert (device.kind, device.id, device.session_id) == ("device", UUID(kept["device_id"]), None)
    assert device.grants == (Grant("gate", "gate", "A1"), Grant("gate", "gate", "A3"))
    assert reads.device_gates(device) == {"A1", "A3"}


async def test_a_groups_device_works_at_all_its_gates(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, db: Database, clock: Clock
) -> None:
    kept = await paired(other, await open_code(supervisor, gates=["A"]))
    (device,) = await PeopleAuthenticator(db, clock)([Credential("bearer", token_hash(kept["token"]))])
    assert device is not None
    assert reads.device_gates(device) == {f"A{number}" for number in range(1, 9)}


async def test_a_device_opens_none_of_its_supervisors_doors(
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


async def test_when_a_device_was_last_seen_is_known_to_ten_minutes(
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


async def test_the_journal_tells_of_devices_by_ids_alone(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, conn: Connection
) -> None:
    wish = {"id": str(new_id()), "name": "Unmistakable"}
    device = (await paired(other, await open_code(supervisor, **wish)))["device_id"]
    await supervisor.put(f"/api/office/devices/{device}", json={"name": "Unmistakable too", "gates": ["A1"]})
    await supervisor.delete(f"/api/office/devices/{device}")
    rows = await conn.fetch(
        "select what, about, data from kernel.journal where what like '%pair%' or what like 'device%'"
    )
    assert [row["what"] for row in rows] == ["pairing_opened", "device_paired", "device_changed", "device_revoked"]
    assert [str(row["about"]) for row in rows] == [wish["id"], device, device, device]
    assert "Unmistakable" not in str([dict(row) for row in rows])

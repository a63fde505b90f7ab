import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.identity.people.pairing import ed25519, expect_device, listed, open_code, p256, pair, paired, wrong
from virage.identity.people import acts, jobs, reads
from virage.identity.people.rules.devices import (
    GATE,
    HANDLE_CHARACTERS,
    MISSES_MAX,
    REQUESTS_PER_HANDLE,
    DevicePairing,
    PairedDevice,
    PairingCode,
    Posts,
    new_pairing_code,
    normalise_posts,
    parse_code,
)
from virage.identity.people.rules.people_config import PeopleConfig
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import Jwk, base64url
from virage.platform.values.refusals import Refused
from virage.platform.values.tokens import token_hash

GROUPS = {"A1": "A", "A2": "A", "B1": "B"}


# --- the code -----------------------------------------------------------------------------------------------------


@given(st.text(HANDLE_CHARACTERS, min_size=4, max_size=4), st.text("0123456789", min_size=6, max_size=6))
def test_a_pairing_code_is_parsed_with_any_separators(handle: str, secret: str) -> None:
    code = PairingCode(handle, secret)
    for typed in (code.shown(), code.shown().lower(), f" {handle} {secret} ", handle + secret):
        assert parse_code(typed) == code


@pytest.mark.parametrize(
    "typed", ["", "K7Q2", "K7Q2-48391", "K7Q2-4839170", "K7Q2-48391x", "O7Q2-483917", "K7Q2-٤٨٣٩١٧"]
)
def test_an_invalid_pairing_code_is_not_parsed(typed: str) -> None:
    assert parse_code(typed) is None


def test_pairing_codes_use_all_unambiguous_characters() -> None:
    codes = [new_pairing_code() for _ in range(500)]
    assert set("".join(code.handle for code in codes)) == set(HANDLE_CHARACTERS)
    assert not set("01OIL") & set(HANDLE_CHARACTERS)
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
def test_gates_of_a_device_are_distinct_gates_of_the_venue(wanted: Sequence[str], tidied: list[str] | None) -> None:
    assert normalise_posts(wanted, Posts(GATE, GROUPS, {"": "main"})) == tidied


# --- pairing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [ed25519(), p256()], ids=["Ed25519", "P-256"])
async def test_a_device_that_shows_its_code_gets_a_token_once(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, conn: Connection, key: dict[str, str]
) -> None:
    opened = await expect_device(supervisor, posts=["A2", "A1"])
    assert opened.headers["cache-control"] == "no-store"
    kept = await paired(other, opened.json()["code"], key)
    assert (kept["name"], kept["kind"], kept["posts"]) == ("Lane 3", "lane", ["A1", "A2"])
    mine = await other.get("/api/devices/me")
    assert mine.json() == {"id": kept["device_id"], "name": "Lane 3", "kind": "lane", "posts": ["A1", "A2"]}
    stored = await reads.devices(conn, [UUID(kept["device_id"])])
    (device,) = stored.values()
    assert device.public_key == msgspec.convert(key, Jwk)
    assert (device.posts, device.revoked_at) == (["A1", "A2"], None)
    row = await conn.fetchrow("select * from people.device")
    assert row is not None
    assert row["token_hash"] == token_hash(kept["token"])
    assert kept["token"] not in str(row)


async def test_the_pairing_code_is_not_stored(supervisor: httpx.AsyncClient, conn: Connection) -> None:
    code = await open_code(supervisor)
    row = str(dict(await conn.fetchrow("select * from people.pairing") or {}))
    assert code[:4] in row
    assert code[5:].replace(" ", "") not in row


async def test_unknown_wrong_used_expired_and_blocked_codes_get_the_same_answer(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, clock: Any
) -> None:
    used, over, missed = [await open_code(supervisor) for _ in range(3)]
    await paired(other, used)
    del other.headers["authorization"]
    answers = [await pair(other, wrong(missed)) for _ in range(MISSES_MAX)]
    answers += [await pair(other, missed), await pair(other, used), await pair(other, "2222-000 000")]
    clock.advance(timedelta(minutes=10))
    answers.append(await pair(other, over))
    assert {answer.status_code for answer in answers} == {409}
    assert {answer.json()["code"] for answer in answers} == {"pairing_invalid"}
    assert len({str(answer.json() | {"request_id": ""}) for answer in answers}) == 1
    assert len(await listed(supervisor)) == 1


async def test_the_fifth_wrong_try_invalidates_a_pairing_code_and_the_fourth_does_not(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient
) -> None:
    alive, dead = await open_code(supervisor), await open_code(supervisor)
    for code, misses in ((alive, MISSES_MAX - 1), (dead, MISSES_MAX)):
        for _ in range(misses):
            await pair(other, wrong(code))
    assert (await pair(other, alive)).status_code == 200
    assert (await pair(other, dead)).status_code == 409


async def try_at_once(
    db: Database, people_config: PeopleConfig, clock: Clock, tries: Sequence[tuple[str, dict[str, str]]]
) -> list[PairedDevice | Refused]:
    async def attempt(code: str, key: dict[str, str]) -> PairedDevice | Refused:
        async with db.transaction() as conn:
            return await acts.pair(
                conn, people_config.keys, DevicePairing(code, msgspec.convert(key, Jwk)), clock.now()
            )

    return list(await asyncio.gather(*(attempt(code, key) for code, key in tries)))


async def test_tries_at_the_same_moment_are_all_counted(
    supervisor: httpx.AsyncClient, conn: Connection, db: Database, people_config: PeopleConfig, clock: Clock
) -> None:
    code = await open_code(supervisor)
    answers = await try_at_once(db, people_config, clock, [(wrong(code), ed25519())] * 12)
    assert all(isinstance(answer, Refused) for answer in answers)
    assert await conn.fetchval("select misses from people.pairing") == MISSES_MAX
    assert isinstance((await try_at_once(db, people_config, clock, [(code, ed25519())]))[0], Refused)


async def test_one_of_concurrent_devices_is_paired(
    supervisor: httpx.AsyncClient, conn: Connection, db: Database, people_config: PeopleConfig, clock: Clock
) -> None:
    code = await open_code(supervisor)
    answers = await try_at_once(db, people_config, clock, [(code, ed25519()) for _ in range(8)])
    assert sum(isinstance(answer, PairedDevice) for answer in answers) == 1
    assert await conn.fetchval("select count(*) from people.device") == 1


async def test_pairing_does_not_wait_for_a_change_of_its_supervisor(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, db: Database
) -> None:
    code = await open_code(supervisor)
    async with db.transaction() as conn:
        await conn.execute("select from people.person for update")
        assert (await pair(other, code)).status_code == 200


async def test_one_device_that_asks_twice_at_the_same_moment_is_one_device(
    supervisor: httpx.AsyncClient, conn: Connection, db: Database, people_config: PeopleConfig, clock: Clock
) -> None:
    code, key = await open_code(supervisor), ed25519()
    answers = await try_at_once(db, people_config, clock, [(code, key)] * 4)
    assert len({answer.device_id for answer in answers if isinstance(answer, PairedDevice)}) == 1
    assert all(isinstance(answer, PairedDevice) for answer in answers)
    assert await conn.fetchval("select count(*) from people.device") == 1


async def test_pairing_again_with_the_same_key_returns_a_new_token(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, clock: Any
) -> None:
    code, key = await open_code(supervisor), ed25519()
    lost = await paired(other, code, key)
    clock.advance(timedelta(minutes=9))
    del other.headers["authorization"]
    assert (await pair(other, code, ed25519())).json()["code"] == "pairing_invalid"
    kept = await paired(other, code, key)
    assert kept["device_id"] == lost["device_id"]
    assert kept["token"] != lost["token"]
    assert (await other.get("/api/devices/me")).status_code == 200
    other.headers["authorization"] = f"Bearer {lost['token']}"
    assert (await other.get("/api/devices/me")).status_code == 401
    clock.advance(timedelta(minutes=1))
    del other.headers["authorization"]
    assert (await pair(other, code, key)).json()["code"] == "pairing_invalid"


async def test_a_revoked_device_does_not_come_back_with_its_code(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient
) -> None:
    code, key = await open_code(supervisor), ed25519()
    kept = await paired(other, code, key)
    await supervisor.delete(f"/api/office/devices/{kept['device_id']}")
    assert (await pair(other, code, key)).json()["code"] == "pairing_invalid"


async def test_tries_at_one_handle_are_rate_limited_whether_it_exists_or_not(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, clock: Any
) -> None:
    code = await open_code(supervisor)
    for handle in (code[:4], "2222"):
        codes = [
            (await pair(other, f"{handle}-{number:06}")).json()["code"] for number in range(REQUESTS_PER_HANDLE + 2)
        ]
        assert codes == ["pairing_invalid"] * REQUESTS_PER_HANDLE + ["rate_limited"] * 2
    clock.advance(timedelta(hours=1))
    assert (await pair(other, "2222-000 000")).json()["code"] == "pairing_invalid"


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
async def test_a_weak_key_is_refused_and_the_pairing_code_still_works(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, key: dict[str, str]
) -> None:
    code = await open_code(supervisor)
    assert (await pair(other, code, key)).status_code == 400
    assert (await pair(other, code)).status_code == 200


async def test_the_same_pairing_request_again_gets_a_new_code(
    supervisor: httpx.AsyncClient, other: httpx.AsyncClient, conn: Connection
) -> None:
    wish = {"id": str(new_id()), "name": "Phone 1"}
    lost, code = await open_code(supervisor, **wish), await open_code(supervisor, **wish)
    assert await conn.fetchval("select count(*) from people.pairing") == 1
    assert (await pair(other, lost)).json()["code"] == "pairing_invalid"
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
        {"posts": []},
        {"posts": ["A", "Z9"]},
        {"posts": ["all"]},
        {"id": "1"},
    ],
)
async def test_an_invalid_pairing_request_is_refused(
    supervisor: httpx.AsyncClient, conn: Connection, more: dict[str, Any]
) -> None:
    assert (await expect_device(supervisor, **more)).status_code == 400
    assert await conn.fetchval("select count(*) from people.pairing") == 0


async def test_expired_pairings_are_deleted(
    supervisor: httpx.AsyncClient, conn: Connection, db: Database, config: Any, clock: Any
) -> None:
    await open_code(supervisor)
    clock.advance(timedelta(minutes=10))
    await jobs.PeopleJobs(db, config, clock, {}).tidy()
    assert await conn.fetchval("select count(*) from people.pairing") == 0


async def test_a_pairing_asks_for_a_recent_sign_in(supervisor: httpx.AsyncClient, clock: Any) -> None:
    clock.advance(timedelta(minutes=16))
    answer = await expect_device(supervisor)
    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")

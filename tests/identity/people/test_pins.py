import hashlib
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from virage.identity.people import acts, reads
from virage.identity.people.rules.devices import GATE
from virage.identity.people.rules.pins import ITERATIONS, PinVerifier, check_pin, verifier_of
from virage.platform.data.database import Connection, Database
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant
from virage.site.programme.acts import add_organiser, create
from virage.site.programme.rules import NewEvent, Organiser

STEWARD = "steward@example.org"
PIN = "482915"
CHEAP = PinVerifier(b"salt", 1, b"verifier")


@pytest.fixture
async def steward(client: httpx.AsyncClient, sign_in: Any, make_staff: Any) -> httpx.AsyncClient:
    """A browser with a fresh sign-in of a steward of gate group A."""
    await make_staff(STEWARD, [Grant("steward", "gate", "A")])
    await sign_in(client, STEWARD)
    return client


async def choose(browser: httpx.AsyncClient, pin: str) -> httpx.Response:
    return await browser.put("/api/me/pin", json={"pin": pin})


async def names(conn: Connection, *gates: str, **more: Any) -> list[str]:
    return sorted(entry.name for entry in await reads.roster(conn, GATE, gates, **more))


async def test_a_pin_is_stored_as_a_verifier_for_webcrypto(steward: httpx.AsyncClient, conn: Connection) -> None:
    assert (await choose(steward, PIN)).status_code == 204
    (entry,) = await reads.roster(conn, GATE, ["A1"])
    assert (entry.iterations, len(entry.salt), entry.name) == (600_000, 16, "steward")
    assert entry.verifier == hashlib.pbkdf2_hmac("sha256", PIN.encode(), entry.salt, entry.iterations, 32)
    row = await conn.fetchrow("select * from people.pin")
    assert PIN not in str(row)
    fact = await conn.fetchrow("select * from kernel.journal where what = 'pin_set'")
    assert fact is not None
    assert PIN not in str(fact)


async def test_the_same_pin_again_has_another_salt(steward: httpx.AsyncClient, conn: Connection) -> None:
    found = []
    for _ in range(2):
        await choose(steward, PIN)
        found += await reads.roster(conn, GATE, ["A"])
    assert len({entry.id for entry in found}) == 1
    assert len({entry.salt for entry in found}) == 2
    assert len({entry.verifier for entry in found}) == 2


async def test_a_pin_is_not_accepted_online(steward: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
    await choose(steward, PIN)
    await other.post("/api/sign-in/codes", json={"email": STEWARD})
    assert (await other.post("/api/sign-in", json={"email": STEWARD, "code": PIN})).json()["code"] == "code_wrong"
    other.headers["authorization"] = f"Bearer {PIN}"
    assert (await other.get("/api/me")).json()["kind"] == "anonymous"


@pytest.mark.parametrize("pin", ["", "48291", "4829150000000", "48291x", "٤٨٢٩١٥", "48 2915", "-48291"])
async def test_an_invalid_pin_is_refused(steward: httpx.AsyncClient, conn: Connection, pin: str) -> None:
    assert (await choose(steward, pin)).json()["code"] == "invalid_input"
    assert await conn.fetchval("select count(*) from people.pin") == 0


TRIVIAL: tuple[str, ...] = (
    "000000",
    "111111",
    "123456",
    "654321",
    "890123",
    "135791",
    "121212",
    "123123",
    "112233",
    "102030",
)
TRIVIAL += ("159753", "147258", "789456", "48294829", "100100100", "1234567890")


@pytest.mark.parametrize("pin", TRIVIAL)
def test_a_trivial_pin_is_refused(pin: str) -> None:
    refused = check_pin(pin)
    assert isinstance(refused, Refused)
    assert refused.reason == "pin_trivial"


@given(st.integers(0, 9), st.integers(0, 9), st.integers(6, 12))
def test_equal_steps_are_trivial_wherever_they_begin(start: int, step: int, length: int) -> None:
    assert check_pin("".join(str((start + step * at) % 10) for at in range(length))) is not None


def test_most_pins_may_be_chosen() -> None:
    assert sum(check_pin(f"{number:06}") is None for number in range(0, 1_000_000, 97)) > 0.97 * 10_310


async def test_the_answer_names_a_trivial_pin(steward: httpx.AsyncClient) -> None:
    answer = await choose(steward, "123456")
    assert (answer.status_code, answer.json()["code"]) == (400, "pin_trivial")


async def test_a_pin_asks_for_a_recent_sign_in(steward: httpx.AsyncClient, conn: Connection, clock: Any) -> None:
    clock.advance(timedelta(minutes=16))
    assert (await choose(steward, PIN)).json()["code"] == "step_up_required"
    assert await conn.fetchval("select count(*) from people.pin") == 0


async def test_fans_have_no_pin(client: httpx.AsyncClient, sign_in: Any) -> None:
    await sign_in(client, "fan@example.org")
    assert (await choose(client, PIN)).status_code == 403


def test_the_verifier_is_pbkdf2_with_the_stated_iterations() -> None:
    made = verifier_of(PIN, b"0123456789abcdef")
    assert made.iterations == ITERATIONS == 600_000
    assert made.verifier == hashlib.pbkdf2_hmac("sha256", b"482915", b"0123456789abcdef", 600_000, 32)


# --- the roster ---------------------------------------------------------------------------------------------------


@pytest.fixture
async def crew(db: Database, make_staff: Any, clock: Any) -> dict[str, Any]:
    """Staff of all kinds, each with a PIN, named after their role; two events of two organisers."""
    at = clock.now()
    ids: dict[str, Any] = {}
    async with db.transaction() as conn:
        for name in ("ours", "theirs"):
            organiser = await add_organiser(conn, Organiser(new_id(), name), None, at)
            assert not isinstance(organiser, Refused)
            ids[name] = new_id()
            ids[f"{name} organiser"] = organiser.id
            times = {"doors_at": at, "starts_at": at, "ends_at": at + timedelta(hours=2)}
            sale = {"sale_opens_at": at, "sale_closes_at": at}
            event = NewEvent(
                id=ids[name], organiser_id=organiser.id, kind="match", title={"fr": "M", "en": "M"}, **times, **sale
            )
            assert not isinstance(await create(conn, event, None, at), Refused)
    holding = {
        "steward.all": [Grant("steward")],
        "steward.a": [Grant("steward", "gate", "A")],
        "steward.a1": [Grant("steward", "gate", "A1")],
        "steward.b": [Grant("steward", "gate", "B")],
        "supervisor.a": [Grant("supervisor", "gate", "A"), Grant("steward", "gate", "A")],
        "steward.ours": [Grant("steward", "event", ids["ours"])],
        "steward.theirs": [Grant("steward", "event", ids["theirs"])],
        "supervisor.ours": [Grant("supervisor", "organiser", ids["ours organiser"])],
        "cashier": [Grant("cashier")],
        "admin": [Grant("admin")],
    }
    for name, grants in holding.items():
        ids[name] = await make_staff(f"{name}@example.org", grants)
        async with db.transaction() as conn:
            await acts.set_pin(conn, ids[name], CHEAP, clock.now())
    await make_staff("without.pin@example.org", [Grant("steward")])
    return ids


async def test_the_roster_names_stewards_and_supervisors_of_these_gates(crew: dict[str, Any], conn: Connection) -> None:
    everywhere = ["steward.all"]
    at_a = [*everywhere, "steward.a", "supervisor.a"]
    assert await names(conn, "A1") == sorted([*at_a, "steward.a1"])
    assert await names(conn, "A2") == sorted(at_a)
    assert await names(conn, "A") == sorted([*at_a, "steward.a1"])
    assert await names(conn, "B1", "A2") == sorted([*at_a, "steward.b"])
    assert await names(conn, "C") == everywhere
    assert {entry.name: entry.supervisor for entry in await reads.roster(conn, GATE, ["A2"])} == {
        "steward.all": False,
        "steward.a": False,
        "supervisor.a": True,
    }


async def test_the_roster_of_an_event_names_those_whose_role_is_for_it(crew: dict[str, Any], conn: Connection) -> None:
    ours = ["steward.all", "steward.ours", "supervisor.ours"]
    assert await names(conn, "C", event_id=crew["ours"]) == ours
    assert await names(conn, "C", event_id=crew["theirs"]) == ["steward.all", "steward.theirs"]


async def test_revoking_the_last_role_deletes_the_pin(
    crew: dict[str, Any], steward: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, conn: Connection
) -> None:
    await sign_in(other, "admin@example.org")
    grant = await conn.fetchval("select id from people.role_grant where person_id = $1", crew["steward.b"])
    assert "steward.b" in await names(conn, "B")
    assert (await other.delete(f"/api/office/grants/{grant}")).status_code == 204
    assert await names(conn, "B") == ["steward.all"]
    assert await conn.fetchval("select count(*) from people.pin where person_id = $1", crew["steward.b"]) == 0


async def test_pin_and_devices_are_exported_and_erased(
    steward: httpx.AsyncClient, db: Database, conn: Connection, clock: Any
) -> None:
    person = (await steward.get("/api/me")).json()["id"]
    await choose(steward, PIN)
    about = (await steward.get("/api/me/export")).json()
    assert about["pin_set_at"] == "2026-05-09T18:00:00Z"
    assert about["devices_paired"] == []
    (entry,) = await reads.roster(conn, GATE, ["A"])
    assert entry.verifier.hex() not in str(about)
    await conn.execute("delete from people.role_grant")
    assert (await steward.delete("/api/me")).status_code == 204
    assert await conn.fetchval("select count(*) from people.pin where person_id = $1", person) == 0

"""Tills: devices at outlets, paired by staff who are responsible for the money there."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.identity.people.pairing import expect_device, listed, open_code, pair, paired, wrong
from virage.identity.people import acts, reads
from virage.identity.people.acts import PeopleAuthenticator
from virage.identity.people.rules.devices import MISSES_MAX, OUTLET, DeviceKind
from virage.identity.people.rules.pins import PinVerifier
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.tokens import token_hash
from virage.platform.web.guard import Credential, Grant, Principal

MANAGER = "manager@example.org"
TILL = {"name": "Till 1", "kind": "till", "posts": ["02", "01"]}
CHEAP = PinVerifier(b"salt", 1, b"verifier")


@pytest.fixture
async def manager(client: httpx.AsyncClient, sign_in: Any, make_staff: Any) -> httpx.AsyncClient:
    """A browser of a person with the finance role at outlets 01 and 02."""
    await make_staff(MANAGER, [Grant("finance", "outlet", outlet) for outlet in ("01", "02")])
    await sign_in(client, MANAGER)
    return client


@pytest.mark.parametrize(
    ("grant", "posts", "allowed"),
    [
        (Grant("finance", "outlet", "01"), ["01"], True),
        (Grant("finance", "outlet", "01"), ["01", "02"], False),
        (Grant("finance"), ["01", "02"], True),
        (Grant("admin", "outlet", "02"), ["02"], True),
        (Grant("admin"), ["01"], True),
        (Grant("cashier", "outlet", "01"), ["01"], False),
        (Grant("cashier"), ["01"], False),
        (Grant("supervisor"), ["01"], False),
        (Grant("finance", "gate", "01"), ["01"], False),
    ],
)
async def test_finance_of_all_its_outlets_pairs_a_till(
    client: httpx.AsyncClient, sign_in: Any, make_staff: Any, *, grant: Grant, posts: list[str], allowed: bool
) -> None:
    await make_staff(MANAGER, [grant])
    await sign_in(client, MANAGER)
    answer = await expect_device(client, kind="till", posts=posts)
    assert answer.status_code == (201 if allowed else 403)


async def test_finance_cannot_pair_a_device_at_a_gate(client: httpx.AsyncClient, sign_in: Any, make_staff: Any) -> None:
    await make_staff(MANAGER, [Grant("finance")])
    await sign_in(client, MANAGER)
    assert (await expect_device(client, posts=["A"])).status_code == 403


async def test_the_finance_of_an_outlet_sees_no_event_order_or_staff(
    manager: httpx.AsyncClient, make_staff: Any
) -> None:
    await make_staff("steward@example.org", [Grant("steward")])
    assert (await manager.get("/api/office/events")).json() == []
    assert (await manager.get("/api/office/orders?q=example")).json() == []
    assert (await manager.get("/api/office/staff")).status_code == 403


@pytest.mark.parametrize("posts", [[], ["A1"], ["N1"], ["99"], ["01", "A"]])
async def test_a_till_is_paired_only_at_outlets_of_the_venue(
    manager: httpx.AsyncClient, conn: Connection, posts: list[str]
) -> None:
    assert (await expect_device(manager, kind="till", posts=posts)).status_code == 400
    assert await conn.fetchval("select count(*) from people.pairing") == 0


@pytest.mark.parametrize("kind", ["phone", "lane"])
async def test_a_gate_device_cannot_be_paired_at_an_outlet(supervisor: httpx.AsyncClient, kind: str) -> None:
    assert (await expect_device(supervisor, kind=kind, posts=["01"])).status_code == 400


async def test_a_till_is_paired_once_by_a_code_of_ten_minutes_and_five_tries(
    manager: httpx.AsyncClient, other: httpx.AsyncClient, clock: Any
) -> None:
    over, missed, used = [await open_code(manager, **TILL) for _ in range(3)]
    for _ in range(MISSES_MAX):
        await pair(other, wrong(missed))
    kept = await paired(other, used)
    assert (kept["name"], kept["kind"], kept["posts"]) == ("Till 1", "till", ["01", "02"])
    assert (await other.get("/api/devices/me")).json()["posts"] == ["01", "02"]
    del other.headers["authorization"]
    clock.advance(timedelta(minutes=10))
    for code in (over, missed, used):
        assert (await pair(other, code)).json()["code"] == "pairing_invalid"


async def principal_of(token: str, db: Database, clock: Clock) -> Principal:
    (till,) = await PeopleAuthenticator(db, clock)([Credential("bearer", token_hash(token))])
    assert till is not None
    return till


async def test_a_till_holds_the_role_till_at_its_outlets(
    manager: httpx.AsyncClient, other: httpx.AsyncClient, db: Database, clock: Clock
) -> None:
    kept = await paired(other, await open_code(manager, **TILL))
    till = await principal_of(kept["token"], db, clock)
    assert (till.kind, till.id) == ("device", UUID(kept["device_id"]))
    assert till.grants == (Grant("till", "outlet", "01"), Grant("till", "outlet", "02"))


async def test_a_till_cannot_use_the_gate_api(manager: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
    await paired(other, await open_code(manager, **TILL))
    event = "0196b000-0000-7000-8000-000000000001"
    beat = {"event_id": event, "gate": "A1", "at": "2026-05-09T18:00:00Z", "backlog": 0}
    for answer in (
        await other.post("/api/access/scans", json={"scans": [{"body": "e30", "signature": "AAAA"}]}),
        await other.post("/api/access/heartbeat", json=beat),
        await other.get(f"/api/access/pack/{event}"),
        await other.get(f"/api/access/holders/{event}?q=martin"),
    ):
        assert (answer.status_code, answer.json()["data"]) == (403, {"role": "gate"})


async def test_only_finance_of_its_outlets_sees_and_moves_a_till(
    manager: httpx.AsyncClient, other: httpx.AsyncClient, *, app: Any, sign_in: Any, make_staff: Any
) -> None:
    till = (await paired(other, await open_code(manager, **TILL)))["device_id"]
    assert [(one["id"], one["may_change"]) for one in await listed(manager)] == [(till, True)]
    await make_staff("gates@example.org", [Grant("supervisor")])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://virage.local") as browser:
        await sign_in(browser, "gates@example.org")
        assert await listed(browser) == []
        moved = await browser.put(f"/api/office/devices/{till}", json={"name": "Till 1", "posts": ["01"]})
        assert moved.status_code == 403
        assert (await browser.delete(f"/api/office/devices/{till}")).status_code == 403
    for posts, status in ((["03"], 403), (["A1"], 400), (["02"], 200)):
        answer = await manager.put(f"/api/office/devices/{till}", json={"name": "Till 1", "posts": posts})
        assert answer.status_code == status
    assert (await other.get("/api/devices/me")).json()["posts"] == ["02"]


async def test_a_revoked_till_loses_access_at_once(
    manager: httpx.AsyncClient, other: httpx.AsyncClient, conn: Connection
) -> None:
    till = (await paired(other, await open_code(manager, **TILL)))["device_id"]
    assert (await manager.delete(f"/api/office/devices/{till}")).status_code == 204
    assert (await other.get("/api/devices/me")).status_code == 401
    (kept,) = (await reads.devices(conn, [UUID(till)])).values()
    assert (kept.kind, kept.revoked_at is not None) == (DeviceKind.TILL, True)


async def test_revoking_finance_of_an_outlet_drops_open_pairings(
    manager: httpx.AsyncClient, other: httpx.AsyncClient, *, make_staff: Any, db: Database, clock: Any, conn: Connection
) -> None:
    code = await open_code(manager, **TILL)
    admin = await make_staff("admin@example.org", [Grant("admin")])
    boss = Principal("staff", admin, None, (Grant("admin"),), clock.now())
    grant = await conn.fetchval("select id from people.role_grant where role = 'finance' and scope_id = '02'")
    async with db.transaction() as writing:
        assert await acts.revoke_grant(writing, None, boss, grant, clock.now()) is None
    assert (await pair(other, code)).json()["code"] == "pairing_invalid"


async def test_the_roster_of_a_till_names_cashiers_and_finance_of_its_outlets(
    manager: httpx.AsyncClient, other: httpx.AsyncClient, *, make_staff: Any, db: Database, clock: Clock
) -> None:
    people = {}
    holding = {
        "cashier.01": Grant("cashier", "outlet", "01"),
        "cashier.03": Grant("cashier", "outlet", "03"),
        "cashier.all": Grant("cashier"),
        "finance.02": Grant("finance", "outlet", "02"),
        "steward.all": Grant("steward"),
        "supervisor.all": Grant("supervisor"),
    }
    for name, grant in holding.items():
        people[name] = person = await make_staff(f"{name}@example.org", [grant])
        async with db.transaction() as conn:
            await acts.set_pin(conn, person, CHEAP, clock.now())
    without = await make_staff("without.pin@example.org", [Grant("cashier")])
    kept = await paired(other, await open_code(manager, **TILL))
    till = await principal_of(kept["token"], db, clock)
    async with db.connection() as conn:
        found = {entry.name: entry.supervisor for entry in await reads.till_roster(conn, till)}
        at_three = {entry.name for entry in await reads.roster(conn, OUTLET, ["03"])}
        sellers = await reads.sellers(conn, clock.now())
        for person in (*people.values(), without, new_id()):
            for outlet in ("01", "02", "03"):
                asked = await reads.may_sell_at(conn, person, outlet, clock.now())
                assert sellers.may_sell(person, outlet) == asked, (person, outlet)
    assert found == {"cashier.01": False, "cashier.all": False, "finance.02": True}
    assert at_three == {"cashier.03", "cashier.all"}
    assert sellers.may_sell(people["finance.02"], "02")
    assert not sellers.may_sell(people["finance.02"], "03")

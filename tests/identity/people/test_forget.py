from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from virage.app import persons
from virage.app.emails import COMPOSERS
from virage.identity.people import acts, reads
from virage.identity.people.jobs.email_sender import EmailSender
from virage.identity.people.rules.emails import EmailJob
from virage.platform.data.database import Connection, Database
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant

FAN = "remarkable@example.org"
NAME = "Remarkable Name"


@pytest.fixture
def erased() -> Iterator[list[Any]]:
    """The erasure handlers of other domains, restored afterwards."""
    before = list(persons.PERSON_ERASED)
    yield persons.PERSON_ERASED
    persons.PERSON_ERASED[:] = before


@pytest.fixture
def exports() -> Iterator[dict[str, Any]]:
    before = dict(persons.PERSON_EXPORTS)
    yield persons.PERSON_EXPORTS
    persons.PERSON_EXPORTS.clear()
    persons.PERSON_EXPORTS.update(before)


async def everything(conn: Connection) -> str:
    """Every value of every table of every domain as text, binary columns decoded too."""
    tables = await conn.fetch(
        "select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
    )
    rows = [
        row
        for table in tables
        for row in await conn.fetch(f'select * from "{table["schemaname"]}"."{table["tablename"]}"')
    ]
    values = [value for row in rows for value in row.values()]
    return "\n".join(value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in values)


@pytest.fixture
async def fan(client: httpx.AsyncClient, emails: Any, db: Database, config: Any, clock: Any) -> httpx.AsyncClient:
    """A browser of a fan with data everywhere: emails sent and waiting, a name, an invitation."""
    for _ in range(2):
        await client.post("/api/sign-in/codes", json={"email": FAN})
    answer = await client.post("/api/sign-in", json={"email": FAN, "code": await emails.code(FAN), "name": NAME})
    assert answer.status_code == 200
    await EmailSender(db, config, clock, COMPOSERS)(EmailJob((await emails.ids())[0]))
    async with db.transaction() as conn:
        await acts.invite_first_admin(conn, FAN, clock.now())
    await client.post("/api/sign-in/codes", json={"email": FAN})
    return client


async def test_after_erasure_no_table_knows_the_address_or_the_name(
    fan: httpx.AsyncClient, other: httpx.AsyncClient, conn: Connection
) -> None:
    person = (await fan.get("/api/me")).json()["id"]
    await other.post("/api/sign-in/codes", json={"email": FAN})
    assert await conn.fetchval("select count(*) from people.sign_in_code") == 2
    before = await everything(conn)
    assert FAN in before
    assert NAME in before
    assert (await fan.delete("/api/me")).status_code == 204
    after = await everything(conn)
    waiting = await conn.fetch("select kind from people.letter where state = 'queued'")
    assert [row["kind"] for row in waiting] == ["account_erased"]
    for word in (FAN, FAN.partition("@")[0], NAME, "Remarkable"):
        assert word.lower() not in after.lower()
    assert await conn.fetchval("select count(*) from people.sign_in_code") == 0
    assert await reads.person(conn, UUID(person)) is None
    assert await reads.persons_by_id(conn, [UUID(person)]) == {}
    assert await conn.fetchval("select erased_at is not null from people.person where id = $1", UUID(person))


async def test_the_erasure_email_leaves_no_address_behind(
    fan: httpx.AsyncClient, db: Database, config: Any, clock: Any, *, conn: Connection, emails: Any
) -> None:
    await fan.delete("/api/me")
    (last,) = await emails.all()
    assert (last.kind, last.to) == ("account_erased", FAN)
    await EmailSender(db, config, clock, COMPOSERS)(EmailJob(last.id))
    assert await conn.fetchval("select recipient from people.mailbox where id = $1", last.id) == FAN
    kept = await conn.fetch("select 1 from people.letter where recipient is not null or address_key is not null")
    assert kept == []


async def test_erasure_invalidates_the_code_for_every_browser(
    fan: httpx.AsyncClient, other: httpx.AsyncClient, conn: Connection
) -> None:
    for _ in range(6):
        other.cookies.clear()
        await other.post("/api/sign-in/codes", json={"email": FAN})
    assert await conn.fetchval("select count(distinct expires_at) from people.sign_in_code") == 2
    assert (await fan.delete("/api/me")).status_code == 204
    assert await conn.fetchval("select count(*) from people.sign_in_code") == 0


async def test_an_erased_person_is_signed_out_and_may_join_as_a_new_person(
    fan: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any
) -> None:
    before = (await fan.get("/api/me")).json()["id"]
    await fan.delete("/api/me")
    assert (await fan.get("/api/me")).json()["kind"] == "anonymous"
    back = (await sign_in(other, FAN)).json()
    assert back["id"] != before
    assert back["name"] is None


async def test_erasing_asks_for_a_recent_sign_in(fan: httpx.AsyncClient, clock: Any) -> None:
    clock.advance(timedelta(minutes=16))
    assert (await fan.delete("/api/me")).json()["code"] == "step_up_required"
    assert (await fan.get("/api/me")).json()["name"] == NAME


async def test_staff_with_grants_cannot_be_erased(fan: httpx.AsyncClient, make_staff: Any) -> None:
    await make_staff(FAN, [Grant("steward")])
    assert (await fan.delete("/api/me")).json()["code"] == "holds_grants"
    assert (await fan.get("/api/me")).json()["name"] == NAME


async def test_other_domains_erase_in_the_same_transaction(
    fan: httpx.AsyncClient, erased: list[Any], conn: Connection
) -> None:
    async def forget(writing: Connection, person_id: UUID, now: Any) -> Refused | None:
        await writing.execute("delete from people.mailbox")
        assert (await reads.person(writing, person_id)) is not None
        return None

    async def refuse(writing: Connection, person_id: UUID, now: Any) -> Refused | None:
        return Refused("order_open")

    erased[:] = [forget, refuse]
    assert (await fan.delete("/api/me")).json()["code"] == "order_open"
    assert (await fan.get("/api/me")).json()["name"] == NAME
    assert await conn.fetchval("select count(*) from people.mailbox") == 1
    erased[:] = [forget]
    assert (await fan.delete("/api/me")).status_code == 204
    assert await conn.fetchval("select count(*) from people.mailbox") == 0


async def test_an_export_asks_for_a_recent_sign_in(fan: httpx.AsyncClient, clock: Any) -> None:
    clock.advance(timedelta(minutes=16))
    answer = await fan.get("/api/me/export")
    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")


async def test_an_export_holds_all_that_is_kept_by_domain(fan: httpx.AsyncClient, exports: dict[str, Any]) -> None:
    async def orders(conn: Connection, person_id: UUID) -> Any:
        return [{"fan": person_id}]

    exports["orders"] = orders
    answer = await fan.get("/api/me/export")
    about = answer.json()
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    assert (about["person"]["email"], about["person"]["name"]) == (FAN, NAME)
    assert len(about["sessions"]) == 1
    assert about["orders"] == [{"fan": about["person"]["id"]}]
    assert "token" not in "".join(about["sessions"][0])

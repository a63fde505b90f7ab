"""The office's endpoints for dead letters: an unscoped administrator lists, retries and discards
them.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import httpx
import pytest
from msgspec import Struct

from tests.conftest import alive
from virage.app.application import create_app
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs, enqueue, job_counts
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.tokens import token_hash
from virage.platform.web.guard import Credential, Grant, Principal

KNOWN = {
    token_hash("all"): Principal("api_client", new_id(), grants=(Grant("admin"),)),
    token_hash("one"): Principal("api_client", new_id(), grants=(Grant("admin", "organiser", new_id()),)),
    token_hash("other"): Principal("api_client", new_id(), grants=(Grant("finance"),)),
}
DOOR = "/api/office/dead-letters"
ALL = {"authorization": "Bearer all"}


class Parcel(Struct, frozen=True):
    number: int


async def asked(credentials: Sequence[Credential]) -> list[Principal | None]:
    return [KNOWN.get(shown.token_hash) for shown in credentials]


async def lose(parcel: Parcel) -> None:
    raise LookupError(f"unknown parcel {parcel.number}")


@pytest.fixture
async def office(config: Config, db: Database) -> AsyncIterator[httpx.AsyncClient]:
    """The platform alone, with two failed jobs."""
    async with db.transaction() as conn:
        await enqueue(conn, "parcel", [Parcel(7), Parcel(8)])
    jobs = Jobs()
    jobs.on("parcel", Parcel, lose, attempts_max=1)
    working = asyncio.create_task(jobs.run(db))
    async with asyncio.timeout(30), db.connection() as conn:
        while (await job_counts(conn))["failed"] < 2:  # noqa: ASYNC110 - the worker is observed from outside
            await asyncio.sleep(0.02)
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working
    app = create_app([], config=config, db=db, clock=Clock(), authenticator=asked)
    transport = httpx.ASGITransport(app=app)
    async with alive(app), httpx.AsyncClient(transport=transport, base_url="https://virage.local") as browser:
        yield browser


async def test_an_administrator_sees_what_failed_and_why(office: httpx.AsyncClient) -> None:
    letters = (await office.get(DOOR, headers=ALL)).json()
    assert sorted(letter["payload"]["number"] for letter in letters) == [7, 8]
    assert {letter["kind"] for letter in letters} == {"parcel"}
    assert all("unknown parcel" in letter["message"] for letter in letters)


async def test_requeued_jobs_are_queued_and_deleted_ones_are_gone(office: httpx.AsyncClient, db: Database) -> None:
    first, second = [letter["id"] for letter in (await office.get(DOOR, headers=ALL)).json()]
    assert (await office.post(f"{DOOR}/requeue", json={"ids": [first]}, headers=ALL)).json() == {"count": 1}
    assert (await office.post(f"{DOOR}/drop", json={"ids": [first, second]}, headers=ALL)).json() == {"count": 1}
    assert (await office.get(DOOR, headers=ALL)).json() == []
    async with db.connection() as conn:
        assert (await job_counts(conn))["queued"] == 1
        facts = await conn.fetch("select what, who, data from kernel.journal order by seq")
    administrator = KNOWN[token_hash("all")].id
    assert [(fact["what"], fact["who"], fact["data"]["jobs"]) for fact in facts] == [
        ("dead_letters_requeued", administrator, [first]),
        ("dead_letters_dropped", administrator, [second]),
    ]


@pytest.mark.parametrize("token", ["one", "other"])
async def test_other_roles_neither_see_nor_change_dead_letters(
    office: httpx.AsyncClient, db: Database, token: str
) -> None:
    shown = {"authorization": f"Bearer {token}"}
    assert (await office.get(DOOR, headers=shown)).status_code == 403
    for verb in ("requeue", "drop"):
        assert (await office.post(f"{DOOR}/{verb}", json={"ids": [1, 2]}, headers=shown)).status_code == 403
    async with db.connection() as conn:
        assert (await job_counts(conn))["failed"] == 2


async def test_a_request_without_ids_is_refused(office: httpx.AsyncClient) -> None:
    assert (await office.post(f"{DOOR}/requeue", json={"ids": []}, headers=ALL)).status_code == 400

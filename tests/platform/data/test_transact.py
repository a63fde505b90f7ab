"""One helper runs an act in a transaction: its outcome decides what is committed."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

import pytest

from virage.platform.data.database import Connection, Database
from virage.platform.values.refusals import Refused

Outcome = TypeVar("Outcome")
COAT = "create table public.coat (hook int)"


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """A database with one connection: the next user would see a transaction that was left open."""
    database = await Database.open(database_url, connections_max=1)
    yield database
    await database.close()


@pytest.fixture(autouse=True)
async def cloakroom(db: Database) -> None:
    """A table to write into."""
    async with db.connection() as conn:
        await conn.execute(COAT)


async def hooks(db: Database) -> list[int]:
    async with db.connection() as conn:
        return [row["hook"] for row in await conn.fetch("select hook from public.coat")]


async def hang(conn: Connection, hook: int, *, outcome: Outcome) -> Outcome:
    """An act that writes, whatever it returns then."""
    await conn.execute("insert into public.coat values ($1)", hook)
    return outcome


async def test_a_success_is_committed(db: Database) -> None:
    assert await db.transact(hang, 1, outcome="hung") == "hung"
    assert await hooks(db) == [1]


async def test_a_refusal_is_rolled_back(db: Database) -> None:
    full = Refused("full", {"hooks": 10})
    assert await db.transact(hang, 1, outcome=full) is full
    assert await hooks(db) == []


async def test_a_refusal_with_commit_is_committed(db: Database) -> None:
    counted = Refused("wrong_code", commit=True)
    assert await db.transact(hang, 1, outcome=counted) is counted
    assert await hooks(db) == [1]


async def test_a_list_with_a_refusal_is_committed(db: Database) -> None:
    outcomes = [1, Refused("full")]
    assert await db.transact(hang, 1, outcome=outcomes) == outcomes
    assert await hooks(db) == [1]


async def test_an_exception_is_rolled_back(db: Database) -> None:
    async def fail(conn: Connection) -> None:
        await hang(conn, 1, outcome=None)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await db.transact(fail)
    assert await hooks(db) == []


async def test_a_cancelled_act_is_rolled_back(db: Database) -> None:
    written, complaints = asyncio.Event(), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))

    async def wait(conn: Connection) -> None:
        await hang(conn, 1, outcome=None)
        written.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(db.transact(wait))
    await written.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await hooks(db) == []
    assert complaints == []  # the driver complains about an open transaction, and ends it itself


@pytest.mark.parametrize("outcome", [None, Refused("full"), Refused("wrong_code", commit=True)])
async def test_the_connection_is_returned_without_a_transaction(db: Database, outcome: Refused | None) -> None:
    await db.transact(hang, 1, outcome=outcome)
    async with db.connection() as conn:
        assert not conn.is_in_transaction()

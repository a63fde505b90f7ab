import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from virage.platform.data import journal
from virage.platform.data.database import Connection, Database, Unavailable
from virage.platform.data.journal import Entry, Fact, Tail, append, as_written, head, position_key, read_after
from virage.platform.values.ids import new_id

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
START = "0-0"


def a_fact(what: str = "coat_hung", **data: object) -> Fact:
    return Fact(what, None, new_id(), dict(data))


async def write(db: Database, *facts: Fact) -> None:
    async with db.transaction() as conn:
        await append(conn, facts, NOW)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the tail is observed from outside
            await asyncio.sleep(0.01)


async def test_a_fact_comes_back_as_it_was_written(conn: Connection) -> None:
    who, about = new_id(), new_id()
    await append(conn, [Fact("order_paid", who, about, {"total_cents": 4200, "places": [1, 2]})], NOW)
    [entry] = await read_after(conn, START)
    assert (entry.what, entry.who, entry.about, entry.at) == ("order_paid", who, about, NOW)
    assert entry.data == {"total_cents": 4200, "places": [1, 2]}


async def test_facts_of_one_act_keep_their_order(conn: Connection) -> None:
    await append(conn, [a_fact(n=n) for n in range(50)], NOW)
    assert [entry.data["n"] for entry in await read_after(conn, START)] == list(range(50))


async def test_appending_no_facts_runs_no_statement(conn: Connection) -> None:
    before = await head(conn)
    await append(conn, [], NOW)
    assert await head(conn) == before


async def test_a_rolled_back_act_leaves_no_fact(db: Database) -> None:
    async def write_and_fail() -> None:
        async with db.transaction() as conn:
            await append(conn, [a_fact()], NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write_and_fail()
    async with db.connection() as conn:
        assert await read_after(conn, START) == []


@pytest.mark.parametrize(
    "statement",
    ["update kernel.journal set what = 'x'", "delete from kernel.journal", "truncate kernel.journal"],
)
async def test_the_journal_is_append_only(conn: Connection, statement: str) -> None:
    await append(conn, [a_fact()], NOW)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await conn.execute(statement)
    assert len(await read_after(conn, START)) == 1


async def test_a_late_committer_is_waited_for_and_never_skipped(db: Database) -> None:
    async with db.transaction() as late:
        await append(late, [a_fact("late")], NOW)
        await write(db, a_fact("early"))
        async with db.connection() as reader:
            assert await read_after(reader, START) == []
            start = await head(reader)
    async with db.connection() as reader:
        assert [entry.what for entry in await read_after(reader, START)] == ["late", "early"]
        assert [entry.what for entry in await read_after(reader, start)] == ["late", "early"]


async def test_facts_of_a_transaction_arrive_together_and_can_be_sorted_by_writing(db: Database) -> None:
    async with db.transaction() as first:
        await append(first, [a_fact("begins")], NOW)
        await write(db, a_fact("taken"))
        await append(first, [a_fact("freed")], NOW)
    async with db.connection() as reader:
        entries = await read_after(reader, START)
    assert [entry.what for entry in entries] == ["begins", "freed", "taken"]
    assert [entry.what for entry in as_written(entries)] == ["begins", "taken", "freed"]


async def test_pages_follow_each_other_without_gap_or_repeat(db: Database) -> None:
    for n in range(7):
        await write(db, a_fact(n=3 * n), a_fact(n=3 * n + 1), a_fact(n=3 * n + 2))
    seen: list[Entry] = []
    async with db.connection() as conn:
        while page := await read_after(conn, seen[-1].position if seen else START, 4):
            seen += page
    assert [entry.data["n"] for entry in seen] == list(range(21))
    keys = [position_key(entry.position) for entry in seen]
    assert keys == sorted(keys)


async def test_no_call_of_a_tail_ends_within_a_transaction(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "PAGE", 2)
    monkeypatch.setattr(journal, "PAGES_A_CALL_MAX", 2)
    sizes = [3, 5, 1, 4]
    for size in sizes:
        await write(db, *[a_fact() for _ in range(size)])
    calls: list[list[str]] = []
    tail = Tail(db)
    tail.listen(lambda entries: calls.append([entry.position.partition("-")[0] for entry in entries]), START)
    await until(lambda: sum(len(call) for call in calls) >= sum(sizes))
    await tail.close()
    assert [len(call) for call in calls] == [8, 5]
    assert len({(xid, number) for number, call in enumerate(calls) for xid in call}) == len(sizes)


async def test_facts_written_after_head_have_later_positions(db: Database) -> None:
    await write(db, a_fact("before"))
    async with db.connection() as conn:
        position = await head(conn)
    await write(db, a_fact("after"))
    async with db.connection() as conn:
        assert [entry.what for entry in await read_after(conn, position)] == ["after"]


async def test_positions_are_numbers_and_not_texts(conn: Connection) -> None:
    add = "insert into kernel.journal (xid, at, what, about, data) values ($1::text::xid8, $2, $3, $4, '{}')"
    for xid in ("9", "10", "99", "100"):
        await conn.execute(add, xid, NOW, f"at_{xid}", new_id())
    entries = await read_after(conn, START)
    assert [entry.what for entry in entries] == ["at_9", "at_10", "at_99", "at_100"]


@pytest.mark.parametrize("text", ["", "12", "a-b", "1-", "-1", "1-2-3", "1--2", f"{1 << 64}-1", f"1-{1 << 63}", "१-१"])
def test_a_text_that_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no position"):
        position_key(text)


class Ear:
    """Records its messages."""

    def __init__(self) -> None:
        self.heard: list[Entry] = []

    def __call__(self, entries: Sequence[Entry]) -> None:
        self.heard += entries

    def numbers(self) -> list[int]:
        return [entry.data["n"] for entry in self.heard]


async def test_a_tail_sends_every_listener_all_entries_once_in_order(db: Database) -> None:
    tail, ears = Tail(db), [Ear(), Ear()]
    for ear in ears:
        tail.listen(ear, START)
    for n in range(20):
        await write(db, a_fact(n=n))
    await until(lambda: all(len(ear.heard) >= 20 for ear in ears))
    await tail.close()
    assert [ear.numbers() for ear in ears] == [list(range(20))] * 2


async def test_a_tail_polls_only_while_it_has_listeners(db: Database) -> None:
    tail, ear = Tail(db), Ear()
    assert tail.position is None
    end = tail.listen(ear, START)
    await until(lambda: tail.position is not None)
    end()
    await until(lambda: tail.position is None)
    await write(db, a_fact(n=1))
    tail.listen(ear, START)
    await until(lambda: ear.numbers() == [1])
    await tail.close()


async def test_a_later_listener_catches_up_from_its_position_while_others_continue(db: Database) -> None:
    tail, first, second = Tail(db), Ear(), Ear()
    tail.listen(first, START)
    for n in range(30):
        await write(db, a_fact(n=n))
    await until(lambda: len(first.heard) == 30)
    tail.listen(second, first.heard[9].position)
    await until(lambda: len(second.heard) == 20)
    await write(db, a_fact(n=30))
    await until(lambda: len(first.heard) == 31 and len(second.heard) == 21)
    await tail.close()
    assert first.numbers() == list(range(31))
    assert second.numbers() == list(range(10, 31))


async def test_a_listener_ahead_of_the_tail_gets_no_entry_twice(db: Database) -> None:
    tail, first, ahead = Tail(db), Ear(), Ear()
    tail.listen(first, START)
    await until(lambda: tail.position is not None)
    await write(db, a_fact(n=0))
    async with db.connection() as conn:
        tail.listen(ahead, await head(conn))
    await write(db, a_fact(n=1))
    await until(lambda: len(first.heard) == 2 and len(ahead.heard) == 1)
    await tail.close()
    assert ahead.numbers() == [1]


async def test_a_listener_that_fails_does_not_stop_the_others(db: Database) -> None:
    def fail(_entries: Sequence[Entry]) -> None:
        raise ZeroDivisionError

    tail, ear = Tail(db), Ear()
    tail.listen(fail, START)
    tail.listen(ear, START)
    await write(db, a_fact(n=1))
    await until(lambda: ear.numbers() == [1])
    await write(db, a_fact(n=2))
    await until(lambda: ear.numbers() == [1, 2])
    await tail.close()


async def test_a_tail_waits_while_the_database_is_unavailable(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    here, asked = db.connection, 0

    @asynccontextmanager
    async def away() -> AsyncIterator[Connection]:
        nonlocal asked
        asked += 1
        if asked <= 3:
            raise Unavailable
        async with here() as conn:
            yield conn

    monkeypatch.setattr(db, "connection", away)
    tail, ear = Tail(db), Ear()
    tail.listen(ear, START)
    await until(lambda: asked > 3)
    monkeypatch.undo()
    await write(db, a_fact(n=1))
    await until(lambda: ear.numbers() == [1])
    await tail.close()


async def test_a_tail_continues_after_all_connections_were_cut(db: Database) -> None:
    tail, ear = Tail(db), Ear()
    tail.listen(ear, START)
    await write(db, a_fact(n=1))
    await until(lambda: ear.numbers() == [1])
    connection = await asyncpg.connect(db.url)
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and usename = current_user and pid <> pg_backend_pid()"
    )
    await connection.close()
    await write_after_cut(db, a_fact(n=2))
    await until(lambda: ear.numbers() == [1, 2])
    await tail.close()


async def write_after_cut(db: Database, fact: Fact) -> None:
    """The pool may return dead connections here; the same act is retried, as by a caller."""
    for _ in range(20):
        with suppress(Unavailable):
            return await write(db, fact)
    raise AssertionError("The database did not come back.")


async def test_an_id_of_a_person_stays_an_id(conn: Connection) -> None:
    who = new_id()
    await append(conn, [Fact("signed_in", who, who)], NOW)
    [entry] = await read_after(conn, START)
    assert isinstance(entry.who, UUID)

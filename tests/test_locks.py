"""Rows are locked in one order: each query follows it, and a watch detects transactions that do
not.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from pglast import parse_sql

from tests.locking import CASCADES, NAMES_BY_KEY, Lock, Watch, locks_of, watch_of_domains
from tests.test_queries import QUERIES
from virage.app.domains import LOCK_EXCEPTIONS, LOCK_ORDER, LOCK_PLACES, LOCKED_UNDER, LockPlace, lock_order
from virage.identity.passes.store import lock_passes
from virage.platform.data.database import Connection, Database
from virage.platform.module import LockException, Module
from virage.sale.ticketing.store.orders import lock_orders

LOCKING_MIN = 330  # 339 of 677 queries at the first count


def names_and_locks() -> Iterator[tuple[str, str, tuple[Lock, ...]]]:
    for query in QUERIES:
        name = f"{query.domain}.{query.name}"
        yield name, query.sql, locks_of(name, query.sql)


WATCH = watch_of_domains()
LOCKS = {name: (sql, locks) for name, sql, locks in names_and_locks() if locks}
each_locking_query = pytest.mark.parametrize("name", LOCKS)


def test_every_query_is_checked() -> None:
    assert len({(query.domain, query.name) for query in QUERIES}) == len(QUERIES)
    assert len(LOCKS) >= LOCKING_MIN


@each_locking_query
def test_a_query_locks_in_the_order_of_locks(name: str) -> None:
    sql, locks = LOCKS[name]
    above = ""
    for lock in locks:
        table = WATCH.entry(lock.table, sql)
        assert table in LOCK_ORDER or table in LOCKED_UNDER, f"{table} has no place in the order of locks"
        if table not in LOCK_ORDER or name in LOCK_EXCEPTIONS or not lock.waits:
            continue
        assert not above or LOCK_ORDER[above] <= LOCK_ORDER[table], f"{table} is locked after {above}"
        above = table


def test_every_place_is_of_rows_that_some_query_locks() -> None:
    locked = {WATCH.entry(lock.table, sql) for sql, locks in LOCKS.values() for lock in locks}
    assert {*LOCK_ORDER, *LOCKED_UNDER} == locked


def test_every_exception_is_of_a_query_that_locks_and_its_guard_has_a_place() -> None:
    assert LOCK_EXCEPTIONS.keys() <= LOCKS.keys()
    assert {exception.under for exception in LOCK_EXCEPTIONS.values()} <= {None, *LOCK_ORDER}


async def test_foreign_keys_wait_only_for_ranked_rows(conn: Connection) -> None:
    """A new foreign key to a table whose rows are deleted, or a stronger lock of a named row, fails
    this test.
    """
    waited_for = {
        lock.table for _, locks in LOCKS.values() for lock in locks if lock.how in {"delete", "table"} or lock.keys_too
    }
    waited_for |= {"people.person"}  # an erasure deletes the address, which is unique
    keys = await conn.fetch(
        """
        select conrelid::regclass::text as child, confrelid::regclass::text as parent, confdeltype = 'c' as cascades
        from pg_constraint where contype = 'f'
        """
    )
    assert {key["child"]: key["parent"] for key in keys if key["parent"] in waited_for} == NAMES_BY_KEY
    assert {key["parent"]: key["child"] for key in keys if key["cascades"]} == CASCADES


def test_reserved_declarations_are_refused() -> None:
    one, other = Module("one", lock_ranks={"row": (), "late": ()}), Module("other", lock_ranks={"row": ("child",)})
    kernel, rest = LockPlace("kernel", ""), [LockPlace("one", ""), LockPlace("other", ""), LockPlace("one.late", "")]
    order, under = lock_order([one, other], [kernel, *rest])
    assert [table for table in order if not table.startswith("kernel.")] == ["one.row", "other.row", "one.late"]
    assert under == {"other.child": "other.row"}
    with pytest.raises(ValueError, match="Not placed once"):
        lock_order([one, other], [kernel, LockPlace("one", "")])
    with pytest.raises(ValueError, match="Not placed once"):
        lock_order([one, other], [kernel, *rest, LockPlace("one.late", "")])
    with pytest.raises(ValueError, match="Both ranked and under another"):
        lock_order([one, Module("other", lock_ranks={"row": ("child",), "child": ()})], [kernel, *rest])


def test_the_order_has_a_reason_for_each_place() -> None:
    assert all(place.why.endswith(".") for place in LOCK_PLACES)
    assert all(exception.reason.endswith(".") for exception in LOCK_EXCEPTIONS.values())


class Session:
    """A connection of which the watch sees only the transaction."""

    def __init__(self) -> None:
        self._top_xact: object | None = object()

    def commit(self) -> None:
        self._top_xact = object()


FIRST = "select from a.first where id = $1 for no key update"
LAST = "update a.last set n = 1 where id = $1"


@pytest.fixture
def watch() -> Watch:
    return Watch(
        places={"a.turn()": 0, "a.early where state is null": 1, "a.first": 2, "a.early": 3, "a.last": 4},
        under={"a.child": "a.first"},
        split={"a.early": "state is null"},
        exceptions={"new": LockException("New.", holds=False), "guarded": LockException("Guarded.", under="a.last")},
        keys={"a.first": [frozenset({"id"})], "a.last": [frozenset({"id"})], "a.early": [frozenset({"id"})]},
    )


@pytest.mark.parametrize(
    ("statements", "faults"),
    [
        ([FIRST, LAST], []),
        ([LAST, FIRST], ["q locks a.first after a.last (locked by q)"]),
        ([LAST, f"{FIRST} skip locked"], []),
        ([f"{LAST.replace('update a.last', 'update a.last')}", "select from a.first where id = $1"], []),
        ([LAST, "insert into a.first values (1)"], []),
        (
            [LAST, "insert into a.first values (1) on conflict do nothing"],
            ["q locks a.first after a.last (locked by q)"],
        ),
        ([FIRST, LAST, "update a.first set n = 2 where id = $1"], []),
        (["select pg_advisory_xact_lock($1)", FIRST], ["q locks q(), which has no place in the order of locks"]),
        (["update a.first set n = 1"], ["q locks several rows of a.first in no order"]),
        (["delete from a.first where id = any($1)"], ["q locks several rows of a.first in no order"]),
        (["select from a.first where n = 1 order by id for no key update"], []),
        (["with l as (select id from a.first order by id for update) delete from a.first using l where true"], []),
        (["update a.child set n = 1"], ["q locks a.child without a lock of a.first"]),
        ([FIRST, "update a.child set n = 1"], []),
        (
            [
                "update a.early set n = 1 where id = $1 and state is null",
                FIRST,
                "update a.early set n = 1 where id = $1",
            ],
            [],
        ),
        (["update a.early set n = 1 where id = $1", FIRST], ["q locks a.first after a.early (locked by q)"]),
        (["lock table a.last", FIRST], ["q locks a.first after a.last (locked by q)"]),
        (["update a.other set n = 1"], ["q locks a.other, which has no place in the order of locks"]),
    ],
)
def test_the_watch_sees_the_locks_of_a_transaction(watch: Watch, statements: list[str], faults: list[str]) -> None:
    session = Session()
    for sql in statements:
        watch.note(session, "q", sql)
    assert watch.faults == faults


def test_a_watch_begins_anew_with_each_transaction(watch: Watch) -> None:
    session = Session()
    watch.note(session, "q", LAST)
    session.commit()
    watch.note(session, "q", FIRST)
    session._top_xact = None  # noqa: SLF001 - without a transaction each statement is one
    watch.note(session, "q", LAST)
    watch.note(session, "q", FIRST)
    assert watch.faults == []


def test_the_watch_checks_the_declared_exceptions(watch: Watch) -> None:
    session = Session()
    watch.note(session, "guarded", FIRST)
    assert watch.faults == ["guarded locks a.first without a lock of a.last"]
    session.commit()
    watch.note(session, "new", LAST)  # the row is not visible to others: later locks may precede it
    watch.note(session, "q", FIRST)
    session.commit()
    watch.note(session, "q", LAST)
    watch.note(session, "guarded", FIRST)
    assert len(watch.faults) == 1


async def test_the_watch_of_all_tests_sees_two_statements_that_were_swapped(db: Database, lock_watch: Watch) -> None:
    async with db.transaction() as conn:
        await lock_orders(conn, [])
        await lock_passes(conn, [])
    assert lock_watch.faults == []
    async with db.transaction() as conn:
        await lock_passes(conn, [])
        await lock_orders(conn, [])
    assert lock_watch.faults == [
        "ticketing.lock_orders locks ticketing.orders after passes.pass (locked by passes.lock_passes)"
    ]
    lock_watch.faults.clear()


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select * from a.t, a.u where t.id = u.id for update of u", [("a.u", "select")]),
        ("select * from (select * from a.t for share) as s", [("a.t", "select")]),
        (
            "update a.t set n = 1 where id in (select id from a.u order by id for update)",
            [("a.u", "select"), ("a.t", "update")],
        ),
        (
            "delete from people.session where id = $1",
            [("people.session", "delete"), ("people.push_subscription", "delete")],
        ),
        ("insert into people.pin values (1)", [("people.person", "key")]),
        ("select order_row.* from ticketing.order_row for no key update", [("ticketing.orders", "select")]),
    ],
)
def test_the_locks_of_a_statement_are_read(sql: str, expected: list[tuple[str, str]]) -> None:
    assert parse_sql(sql)
    found: list[Any] = [(lock.table, lock.how) for lock in locks_of("a.q", sql)]
    assert found == expected

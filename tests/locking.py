"""The rows that a query locks, read from its text; and a watch over the order in which transactions
lock them.

The watch sees all statements that an `Adapter` runs in the process of the tests. It does not see
those of the queue's library, nor those of processes that a test starts.
"""

import functools
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import asyncpg
import pytest
from pglast import ast, parse_sql
from pglast.visitors import Visitor

from tests.test_queries import find_queries
from virage.app.domains import LOCK_EXCEPTIONS, LOCK_ORDER, LOCKED_UNDER
from virage.platform.data.sql import Adapter
from virage.platform.module import LockException

# A row of a view is a row of its table.
VIEWS: Final = {
    "draws.entry_row": "draws.entry",
    "ticketing.listing_row": "ticketing.listing",
    "membership.membership_row": "membership.membership",
    "ticketing.order_row": "ticketing.orders",
    "ticketing.transfer_row": "ticketing.transfer",
}
# A foreign key locks the row that it references (`for key share`). It waits for a transaction that
# deletes the row, changes a key of it or locks it `for update`. These are the referenced tables
# with such transactions; tests/test_locks.py compares them with the schema and with every query.
NAMES_BY_KEY: Final[Mapping[str, str]] = {
    "books.terms": "books.concessionaire",
    "food_menu.price": "food_menu.item",
    "people.mailbox_file": "people.mailbox",
    "people.pairing": "people.person",
    "people.known_browser": "people.person",
    "people.passkey": "people.person",
    "people.passkey_user": "people.person",
    "people.pin": "people.person",
    "people.program": "people.person",
    "people.recovery": "people.person",
    "people.recovery_code": "people.person",
    "people.push_subscription": "people.session",
    "safety.request_line": "safety.request",
    "people.role_grant": "people.person",
    "people.session": "people.person",
    "people.sso_account": "people.person",
    "replay.description_part": "replay.description",
    "replay.segment": "replay.track",
    "ticketing.area_category": "ticketing.category",
    "ticketing.block_category": "ticketing.category",
}
CASCADES: Final[Mapping[str, str]] = {
    "food_menu.item": "food_menu.price",
    "people.mailbox": "people.mailbox_file",
    "people.session": "people.push_subscription",
    "replay.description": "replay.description_part",
    "safety.request": "safety.request_line",
}


class Lock(NamedTuple):
    """A table of which a statement locks rows, or a turn (`schema.query()`).

    `how`: select, update, delete, upsert (on conflict do update), ignore (on conflict do nothing),
    key (of a foreign key), table or turn. `waits`: false for `skip locked`. `ordered`: several rows
    are locked in the order of their keys. `equals`: columns that are compared with one value; it is
    one row when these are a key. `keys_too`: a foreign key to the row waits for it.
    """

    table: str
    how: str
    waits: bool = True
    ordered: bool = False
    equals: frozenset[str] = frozenset()
    keys_too: bool = False


def _table(relation: Any) -> str:
    name = f"{relation.schemaname}.{relation.relname}"
    return VIEWS.get(name, name)


def _sources(nodes: Any) -> Iterator[Any]:
    """Return the tables of a `from`, with joins taken apart."""
    for node in nodes or ():
        if isinstance(node, ast.JoinExpr):
            yield from _sources((node.larg, node.rarg))
        else:
            yield node


def _is(node: Any, *kinds: type) -> bool:
    """Return whether a node is of a kind, without narrowing its type: pglast types every field as
    optional.
    """
    return isinstance(node, kinds)


def _conditions(where: Any) -> Iterator[Any]:
    if _is(where, ast.BoolExpr) and where.boolop.name == "AND_EXPR":
        for part in where.args:
            yield from _conditions(part)
    elif where is not None:
        yield where


def _is_value(node: Any) -> bool:
    return isinstance(node, ast.ParamRef | ast.A_Const) or (isinstance(node, ast.TypeCast) and _is_value(node.arg))


def _equals(where: Any) -> frozenset[str]:
    """Return the columns that a condition compares with one value."""
    found = set()
    for part in _conditions(where):
        if _is(part, ast.ColumnRef):
            found.add(part.fields[-1].sval)
        elif _is(part, ast.A_Expr) and part.kind.name == "AEXPR_OP" and part.name[-1].sval == "=":
            for column, value in ((part.lexpr, part.rexpr), (part.rexpr, part.lexpr)):
                if _is(column, ast.ColumnRef) and _is_value(value):
                    found.add(column.fields[-1].sval)
    return frozenset(found)


def _inner(where: Any) -> Iterator[Lock]:
    """Return the locks of the selects inside a condition."""
    for part in _conditions(where):
        if isinstance(part, ast.SubLink):
            yield from _locks(part.subselect)


def _selected(statement: Any) -> Iterator[Lock]:
    yield from _locks(statement.larg)
    yield from _locks(statement.rarg)
    sources = list(_sources(statement.fromClause))
    for source in sources:
        if isinstance(source, ast.RangeSubselect):
            yield from _locks(source.subquery)
    yield from _inner(statement.whereClause)
    for locking in statement.lockingClause or ():
        named = {relation.relname for relation in locking.lockedRels or ()}
        for source in sources:
            if isinstance(source, ast.RangeVar) and source.schemaname:
                alias = source.alias.aliasname if source.alias else source.relname
                if not named or alias in named:
                    waits = locking.waitPolicy.name == "LockWaitBlock"
                    yield Lock(
                        _table(source),
                        "select",
                        waits,
                        ordered=bool(statement.sortClause),
                        equals=_equals(statement.whereClause),
                        keys_too=locking.strength.name == "LCS_FORUPDATE",
                    )


def _inserted(statement: Any) -> Iterator[Lock]:
    yield from _locks(statement.selectStmt)
    table = _table(statement.relation)
    if table in NAMES_BY_KEY:
        yield Lock(NAMES_BY_KEY[table], "key", ordered=True)
    if statement.onConflictClause:
        source = statement.selectStmt
        one = len(source.valuesLists or ()) == 1 or not (source.fromClause or source.valuesLists)
        updates = statement.onConflictClause.action.name == "ONCONFLICT_UPDATE"
        yield Lock(table, "upsert" if updates else "ignore", ordered=one or bool(source.sortClause))


def _locks(statement: Any) -> Iterator[Lock]:
    clause = getattr(statement, "withClause", None)
    for expression in clause.ctes if clause else ():
        yield from _locks(expression.ctequery)
    if isinstance(statement, ast.SelectStmt):
        yield from _selected(statement)
    elif _is(statement, ast.LockStmt, ast.TruncateStmt):
        for relation in statement.relations:
            yield Lock(_table(relation), "table", ordered=True)
    elif isinstance(statement, ast.InsertStmt):
        yield from _inserted(statement)
    elif isinstance(statement, ast.UpdateStmt | ast.DeleteStmt):
        others = statement.fromClause if isinstance(statement, ast.UpdateStmt) else statement.usingClause
        for source in _sources(others):
            if isinstance(source, ast.RangeSubselect):
                yield from _locks(source.subquery)
        yield from _inner(statement.whereClause)
        table, equals = _table(statement.relation), _equals(statement.whereClause)
        yield Lock(table, "update" if isinstance(statement, ast.UpdateStmt) else "delete", equals=equals)
        if isinstance(statement, ast.DeleteStmt) and table in CASCADES:
            yield Lock(CASCADES[table], "delete", ordered=True)


class _Turns(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.taken = False

    def visit_FuncCall(self, _ancestors: Any, node: Any) -> None:  # noqa: N802 - pglast's name
        self.taken |= node.funcname[-1].sval == "pg_advisory_xact_lock"


@functools.cache
def locks_of(query: str, sql: str) -> tuple[Lock, ...]:
    """Return the locks of a statement, in the order of its text; `query` is `schema.name`."""
    tree = parse_sql(sql)
    turns = _Turns()
    turns(tree)
    turn = [Lock(f"{query}()", "turn", ordered=True)] if turns.taken else []
    return (*turn, *_locks(tree[0].stmt))


@dataclass
class Held:
    """The locks of a transaction so far: by table the query that took them, and the highest place."""

    transaction: object = None
    tables: dict[str, str] = field(default_factory=dict)
    highest: str | None = None

    def has(self, table: str) -> bool:
        """Return whether rows of a table are locked, in any of their states."""
        return table in self.tables or any(entry.startswith(f"{table} where ") for entry in self.tables)


@dataclass
class Watch:
    """The locks of transactions, checked against the order of locks.

    `places`: each table by its place in the order. `under`: tables whose rows change only under the
    lock of a row of another table. `split`: tables whose rows have two places, and the text in a
    statement that marks rows of the first. `exceptions`: queries that may lock later than their
    table's place. `keys`: the unique keys of each table.

    Rows are not distinguished: a second lock in a table counts as a row that is locked already. A
    statement without a transaction holds no other lock while it waits, so it needs no check.
    """

    places: Mapping[str, int]
    under: Mapping[str, str]
    split: Mapping[str, str]
    exceptions: Mapping[str, LockException]
    keys: Mapping[str, Sequence[frozenset[str]]] = field(default_factory=dict)
    names: Mapping[tuple[str, str], str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    seen: int = 0
    _held: "weakref.WeakKeyDictionary[Any, Held]" = field(default_factory=weakref.WeakKeyDictionary)

    def note(self, conn: Any, query_name: str, sql: str) -> None:
        """Check a statement before it runs."""
        name = self.names.get((query_name, sql), query_name)
        locks = locks_of(name, sql)
        if not locks:
            return
        self.seen += 1
        held = self._held_by(conn)
        for lock in locks:
            if not held.has(table := self.entry(lock.table, sql)):
                self._take(name, table, lock, held)

    def _take(self, name: str, table: str, lock: Lock, held: Held) -> None:
        if table in self.under:
            if not lock.waits:
                held.tables[table] = name
            else:
                self._ask_for(self.under[table], name, table, held)
            return
        if table not in self.places:
            self.faults.append(f"{name} locks {table}, which has no place in the order of locks")
            return
        exception = self.exceptions.get(name)
        if exception is not None and exception.under is not None:
            self._ask_for(exception.under, name, table, held)
        if exception is not None and not exception.holds:
            return
        if exception is None and lock.waits and held.transaction is not None:
            self._judge(name, table, lock, held)
        held.tables[table] = name
        if held.highest is None or self.places[table] > self.places[held.highest]:
            held.highest = table

    def _ask_for(self, guard: str, name: str, table: str, held: Held) -> None:
        if held.transaction is not None and not held.has(guard):
            self.faults.append(f"{name} locks {table} without a lock of {guard}")

    def entry(self, table: str, sql: str) -> str:
        """Return the name under which the locked rows of a statement are in the order."""
        state = self.split.get(table)
        return f"{table} where {state}" if state is not None and state in sql else table

    def _judge(self, name: str, table: str, lock: Lock, held: Held) -> None:
        if held.highest is not None and self.places[held.highest] > self.places[table]:
            after = f"{held.highest} (locked by {held.tables[held.highest]})"
            self.faults.append(f"{name} locks {table} after {after}")
        if not lock.ordered and not self.is_one(lock):
            self.faults.append(f"{name} locks several rows of {table} in no order")

    def is_one(self, lock: Lock) -> bool:
        """Return whether a lock is of one row: the compared columns are a key, or the table has no
        other row.
        """
        keys = self.keys.get(lock.table)
        return keys is None or any(key <= lock.equals for key in keys)

    def _held_by(self, conn: Any) -> Held:
        connection = getattr(conn, "_con", conn)  # a pool lends a wrapper
        transaction = connection._top_xact  # noqa: SLF001 - asyncpg offers no public way
        if transaction is None:
            return Held()
        held = self._held.get(connection)
        if held is None or held.transaction is not transaction:
            held = self._held[connection] = Held(transaction)
        return held


async def unique_keys(url: str) -> dict[str, list[frozenset[str]]]:
    """Return the unique keys of each table; of one with a single row, the empty key."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            """
            select i.indrelid::regclass::text as table, array_agg(a.attname::text) as columns,
                bool_and(a.atttypid = 'bool'::regtype) as single
            from pg_index as i join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
            where i.indisunique and i.indexprs is null
                and coalesce(pg_get_expr(i.indpred, i.indrelid) ~ 'IS (NOT )?NULL.$', true)
                and i.indrelid::regclass::text not like 'pg\\_%'
            group by i.indexrelid, i.indrelid
            """
        )
    finally:
        await connection.close()
    found: dict[str, list[frozenset[str]]] = {}
    for row in rows:
        found.setdefault(row["table"], []).append(frozenset() if row["single"] else frozenset(row["columns"]))
    return found


def watch_adapter(patch: pytest.MonkeyPatch, watch: Watch) -> None:
    """Attach a watch to every query of this process."""
    for method in ("select", "select_one", "select_value", "insert_returning", "insert_update_delete"):
        run = getattr(Adapter, method)

        @functools.wraps(run)
        def watched(self: Any, conn: Any, query_name: str, sql: str, *rest: Any, run: Any = run) -> Any:
            watch.note(conn, query_name, sql)
            return run(self, conn, query_name, sql, *rest)

        patch.setattr(Adapter, method, watched)


def watch_of_domains() -> Watch:
    """Return a watch with the declarations of the domains."""
    split = {table: state for table, _, state in (entry.partition(" where ") for entry in LOCK_ORDER) if state}
    names = {(query.name, query.sql): f"{query.domain}.{query.name}" for query in find_queries()}
    return Watch(LOCK_ORDER, LOCKED_UNDER, split, LOCK_EXCEPTIONS, names=names)

"""Every named query fits the migrated schema, uses only its own domain's tables, and gets the time
as a parameter.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import aiosql
import asyncpg
import pytest
from aiosql.types import SQLOperationType
from pglast import parse_sql
from pglast.visitors import Visitor, referenced_relations

import virage
from virage.platform.data.database import Connection
from virage.platform.data.sql import adapter

PACKAGE = Path(virage.__file__).parent
FILES_MIN = 55  # 60 at the first count: a listing with far fewer files is broken
LAYERS = [
    {"kernel"},
    {"venue"},
    {"programme", "pages"},
    {"people"},
    {"keys"},
    {"passes"},
    {"payments"},
    {"card_readers"},
    {"settlement"},
    {"wallet_ledger"},
    {"wallet_accounts"},
    {"wallet_cards"},
    {"wallet_funding", "fiscal"},
    {"ticketing"},
    {"packages"},
    {"membership"},
    {"points", "draws", "seasons"},
    {"access", "food_menu"},
    {"food_till"},
    {"food_orders"},
    {"live"},
    {"tracking", "replay"},
    {"books", "safety"},
]
PUBLISHED = "public_"  # views that a domain publishes for higher domains are named `public_...`
PUBLISHED_FUNCTIONS = {"kernel.xid", "kernel.horizon", "kernel.next_xid"}
# A cluster's transaction count is no position: another cluster starts again
# (docs/decisions/0047-positions-have-an-era.md).
CLUSTERS_OWN = re.compile(r"pg_(current_)?(xact|snapshot)|txid_")
NAMED = re.compile(r"^-- name: (\w+)", re.MULTILINE)
CLOCKS = {"now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday"}
# The queue's own times are those of the database, because its workers pick jobs by them.
OWN_CLOCK = {("kernel", name) for name in ("enqueue", "requeue", "forget_job_log", "forget_job_statistics")}


class Query(NamedTuple):
    domain: str
    name: str
    sql: str
    comment: str
    is_script: bool


def query_files() -> list[Path]:
    """Every SQL file of the package, except the migrations."""
    return sorted(file for file in PACKAGE.rglob("*.sql") if PACKAGE / "migrations" not in file.parents)


def schema_of(path: tuple[str, ...]) -> str:
    """The schema of a domain: its path without the area, `food_menu` for matchday/food/menu."""
    area, *below = path
    if area == "platform":
        return "kernel"
    schemas = set().union(*LAYERS)
    return next((name for name in ("_".join(below[:2]), below[0]) if name in schemas), below[0])


def find_queries() -> Iterator[Query]:
    for file in query_files():
        domain = schema_of(file.relative_to(PACKAGE).parts)
        loaded = aiosql.from_path(file, adapter, attribute=None)
        for name in loaded.available_queries:
            if name.endswith("_cursor"):
                continue
            query: Any = getattr(loaded, name)
            is_script = query.operation is SQLOperationType.SCRIPT
            yield Query(domain, name, query.sql, query.__doc__ or "", is_script)


QUERIES = list(find_queries())
each_query = pytest.mark.parametrize("query", QUERIES, ids=[f"{query.domain}.{query.name}" for query in QUERIES])


def test_a_name_stands_for_one_query_of_a_domain() -> None:
    """aiosql loads the files of a folder together, and the last query of a name replaces the others."""
    folders = Counter((file.parent, name) for file in query_files() for name in NAMED.findall(file.read_text()))
    assert [f"{folder.name}: {name}" for (folder, name), count in folders.items() if count > 1] == []


class _Uses(Visitor):
    """The functions, types and clocks of a statement."""

    def __init__(self) -> None:
        super().__init__()
        self.schemas: set[str] = set()
        self.clocks: set[str] = set()
        self.clusters_own: set[str] = set()

    def visit_FuncCall(self, _ancestors: Any, node: Any) -> None:  # noqa: N802 - pglast's name
        *schema, name = (part.sval for part in node.funcname)
        if ".".join((*schema, name)) not in PUBLISHED_FUNCTIONS:
            self.schemas.update(schema)
        if CLUSTERS_OWN.match(name):
            self.clusters_own.add(name)
        if name in CLOCKS:
            self.clocks.add(name)

    def visit_SQLValueFunction(self, _ancestors: Any, node: Any) -> None:  # noqa: N802 - pglast's name
        if node.op.name.startswith(("SVFOP_CURRENT_DATE", "SVFOP_CURRENT_TIME", "SVFOP_LOCALTIME")):
            self.clocks.add(node.op.name)

    def visit_TypeName(self, _ancestors: Any, node: Any) -> None:  # noqa: N802 - pglast's name
        self.schemas.update(part.sval for part in node.names[:-1])


def lower_domains(domain: str) -> set[str]:
    lower: set[str] = set()
    for layer in LAYERS:
        if domain in layer:
            return lower
        lower |= layer
    raise AssertionError(f"{domain} has no layer in tests/test_queries.py")


def trespasses(domain: str, sql: str) -> list[str]:
    """Objects that a query uses outside its own domain and the published views of lower domains."""
    lower = lower_domains(domain)
    found = []
    for relation in referenced_relations(sql):
        schema, _, name = relation.replace('"', "").rpartition(".")
        published = schema in lower and name.startswith(PUBLISHED)
        if schema != domain and not published:
            found.append(relation)
    uses = _Uses()
    uses(parse_sql(sql))
    return sorted(found) + sorted(uses.schemas - {domain, "pg_catalog"})


def clocks(sql: str) -> set[str]:
    uses = _Uses()
    uses(parse_sql(sql))
    return uses.clocks


def clusters_own(sql: str) -> set[str]:
    uses = _Uses()
    uses(parse_sql(sql))
    return uses.clusters_own


async def test_every_query_fits_the_migrated_schema(conn: Connection) -> None:
    unfit = {}
    for query in QUERIES:
        try:
            await conn.prepare(query.sql)
        except asyncpg.PostgresError as failure:
            unfit[f"{query.domain}.{query.name}"] = str(failure)
    assert unfit == {}


def test_every_query_of_every_file_is_checked() -> None:
    names = [name for file in query_files() for name in re.findall(r"^-- name: (\w+)", file.read_text(), re.MULTILINE)]
    assert len(query_files()) >= FILES_MIN
    assert sorted(query.name for query in QUERIES) == sorted(names)


@each_query
def test_query_is_one_statement(query: Query) -> None:
    assert not query.is_script
    assert len(parse_sql(query.sql)) == 1


@each_query
def test_query_keeps_to_its_own_domain(query: Query) -> None:
    assert trespasses(query.domain, query.sql) == []


@each_query
def test_query_gets_the_time_as_a_parameter(query: Query) -> None:
    if (query.domain, query.name) not in OWN_CLOCK:
        assert clocks(query.sql) == set()


@each_query
def test_query_uses_no_raw_transaction_ids(query: Query) -> None:
    assert clusters_own(query.sql) == set()


@each_query
def test_query_has_a_comment(query: Query) -> None:
    assert query.comment.strip()


def test_no_name_is_used_twice_in_a_domain() -> None:
    names = [(query.domain, query.name) for query in QUERIES]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize(
    ("domain", "sql"),
    [
        ("people", "select * from ticketing.orders"),
        ("ticketing", "select * from people.person"),
        ("ticketing", "with x as (delete from people.session returning id) select * from x"),
        ("ticketing", "insert into ticketing.claim select * from passes.pass"),
        ("ticketing", "select * from orders"),
        ("ticketing", "select people.secret(1)"),
        ("ticketing", "select 1 from ticketing.orders where exists (select from payments.payment)"),
        ("people", "select * from ticketing.public_sales"),
        ("passes", "select * from payments.public_payment"),
        ("ticketing", "select $1::people.role"),
        ("ticketing", "select kernel.refuse_change()"),
    ],
)
def test_a_query_in_a_neighbours_tables_is_caught(domain: str, sql: str) -> None:
    assert trespasses(domain, sql)


@pytest.mark.parametrize(
    ("domain", "sql"),
    [
        ("ticketing", "with x as (delete from ticketing.claim returning place) select * from x"),
        ("ticketing", "select * from people.public_person join ticketing.orders using (id)"),
        ("ticketing", "select count(*) from unnest($1::int[]) as place, pg_catalog.generate_series(1, 2)"),
        ("wallet_cards", "select kernel.horizon()::text from wallet_cards.card"),
        ("ticketing", "select ticketing.free($1) from ticketing.orders o, lateral (select o.id) p"),
    ],
)
def test_a_query_in_its_own_tables_and_published_views_is_let_through(domain: str, sql: str) -> None:
    assert trespasses(domain, sql) == []


@pytest.mark.parametrize("sql", ["select now()", "select current_timestamp", "select pg_catalog.clock_timestamp()"])
def test_a_query_that_looks_at_a_clock_is_caught(sql: str) -> None:
    assert clocks(sql)


@pytest.mark.parametrize(
    "sql",
    ["select pg_current_xact_id()", "select pg_snapshot_xmin(pg_current_snapshot())", "select txid_current()"],
)
def test_a_query_that_uses_raw_transaction_ids_is_found(sql: str) -> None:
    assert clusters_own(sql)

"""The check that migrations follow the rules of their phase and kind."""

import pytest

from checks.migrations import FOLDER, faults
from virage.platform.data.migrate import migration_of, migrations


def found(text: str) -> list[str]:
    return list(faults(migration_of("0199_planted", text)))


@pytest.mark.parametrize(
    "statement",
    [
        "alter table ticketing.orders drop column code",
        "alter table ticketing.orders drop constraint orders_pkey",
        "alter table ticketing.orders drop constraint orders_code_key, add constraint orders_code_key unique (code)",
        "alter table ticketing.orders rename column code to word",
        "alter table ticketing.orders rename to basket",
        "alter table ticketing.orders set schema sale",
        "alter table ticketing.orders alter column code set not null",
        "alter table ticketing.orders alter column code drop default",
        "alter table ticketing.orders alter column code type bigint",
        "alter table ticketing.orders add column note text not null",
        "alter table ticketing.orders add column note text unique",
        "alter table ticketing.orders add constraint orders_note_check check (code <> '') not valid",
        "alter table ticketing.orders add foreign key (event_id) references programme.event (id)",
        "create unique index orders_code on ticketing.orders (code)",
        "create index orders_code on ticketing.orders (code)",
        "create trigger frozen before update on ticketing.orders execute function kernel.refuse_change()",
        "update ticketing.orders set code = ''",
        "delete from ticketing.orders",
        "truncate ticketing.orders",
        "drop table ticketing.orders",
        "drop view ticketing.public_sales",
        "drop index ticketing.orders_code",
        "drop function kernel.xid()",
        "drop trigger frozen on ticketing.orders",
        "alter type kernel.job_status rename value 'failed' to 'dead'",
        "do $$ begin end $$",
    ],
)
def test_an_expand_file_that_drops_renames_or_tightens_is_refused_and_a_contract_file_may(statement: str) -> None:
    assert found(f"-- expand: planted.\n-- squawk-ignore all\n{statement};")
    assert found(f"-- contract: planted.\n{statement};") == []


@pytest.mark.parametrize(
    "statement",
    [
        "alter table ticketing.orders add column note text",
        "alter table ticketing.orders add column paid_cents integer not null default 0",
        "alter table ticketing.orders alter column code set default ''",
        "alter table ticketing.orders alter column code drop not null",
        "alter table people.role_grant drop constraint a_check, add constraint a_check check (role in ('a', 'b'))",
        "create table sale.note (n int); create index note_n on sale.note (n); update sale.note set n = 1",
        "create or replace view ticketing.public_sales as select 1 as one",
        "create trigger copies before insert on ticketing.orders for each row execute function ticketing.copy_note()",
        "insert into ticketing.orders default values",
    ],
)
def test_an_expand_file_that_adds_is_let_through(statement: str) -> None:
    assert found(f"-- expand: planted.\n{statement};") == []


@pytest.mark.parametrize(
    ("statement", "phases"),
    [
        ("create index concurrently if not exists a on b.c (d)", {"expand", "contract"}),
        ("create unique index concurrently if not exists a on b.c (d)", {"contract"}),
        ("drop index concurrently if exists b.a", {"contract"}),
        ("create index concurrently a on b.c (d)", set()),
        ("create index if not exists a on b.c (d)", set()),
        ("create index concurrently if not exists a on b.c (d) where d <> ';'", set()),
        ("alter table b.c add column d text", set()),
    ],
)
def test_a_concurrent_file_contains_only_repeatable_statements(statement: str, phases: set[str]) -> None:
    assert {
        phase for phase in ("expand", "contract") if not found(f"-- {phase}, concurrent: x\n{statement};")
    } == phases


@pytest.mark.parametrize(
    ("statement", "phases"),
    [
        ("update b.c set d = 1 where id in (select id from b.c where d is null limit 9)", {"expand", "contract"}),
        ("insert into b.c select id from b.d where not exists (select from b.c) limit 9", {"expand", "contract"}),
        ("delete from b.c where id in (select id from b.c limit 9)", {"contract"}),
        ("update b.c set d = 1 where d is null", set()),
        ("select 1 limit 9", set()),
        ("update b.c set d = 1 where id in (select 1 limit 9); select 1", set()),
    ],
)
def test_a_backfill_is_one_statement_with_a_limit(statement: str, phases: set[str]) -> None:
    assert {phase for phase in ("expand", "contract") if not found(f"-- {phase}, backfill: x\n{statement};")} == phases


@pytest.mark.parametrize(
    "text",
    [
        "select 1;",
        "-- Adds a note.\nselect 1;",
        "-- expand\nselect 1;",
        "-- shrink: x\n;",
        "-- baseline, backfill: x\n;",
    ],
)
def test_a_new_file_says_its_phase(text: str) -> None:
    with pytest.raises(ValueError, match="no phase"):
        migration_of("0199_planted", text)


@pytest.mark.parametrize(
    ("statements", "is_refused"),
    [
        (
            "create schema shop; create table shop.a (b int); create index c on shop.a (b)",
            False,
        ),
        ("create schema shop; create table shop.a (b int); comment on column shop.a.b is 'c'", False),
        ("create schema shop; create view shop.public_a as select 1 as b; insert into shop.a values (1)", False),
        ("create schema shop; alter table shop.a add constraint b check (true) not valid", False),
        ("create schema shop; alter table shop.a add constraint b check (true)", True),
        ("create schema shop; alter table shop.a add column b int", True),
        ("create schema shop; create table kernel.a (b int)", True),
        ("create schema shop; create index c on kernel.a (b)", True),
        ("create schema shop; drop table shop.a", True),
        ("create schema food", True),
        ("create table shop.a (b int)", True),
        ("", True),
    ],
)
def test_a_baseline_creates_one_schema(statements: str, is_refused: bool) -> None:
    assert bool(list(faults(migration_of("0199_shop", f"-- baseline: planted.\n{statements};")))) == is_refused


def test_every_migration_is_checked() -> None:
    assert {migration.name for migration in migrations(FOLDER)} == {path.stem for path in FOLDER.rglob("*.sql")}
    assert [fault for migration in migrations(FOLDER) for fault in faults(migration)] == []

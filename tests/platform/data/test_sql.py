from pathlib import Path

import pytest
from aiosql import SQLParseException

from virage.platform.data.database import Connection
from virage.platform.data.sql import find_queries, load

QUERIES = """
-- name: numbers(low, high)
-- Each of them; the word ":low" in a comment and '12:30' in a text are no parameters.
select n, '12:30' as half_past from generate_series(:low::int, :high::int) as n order by n + :low::int;

-- name: first(low)^
-- One row.
select :low::int as n, 2 as two;

-- name: nothing()^
-- No row.
select 1 where false;

-- name: total(numbers)$
-- One value.
select sum(n) from unnest(:numbers::int[]) as n;

-- name: make()!
-- A table.
create temporary table coat (hook int);

-- name: hang(hooks)!
-- How many.
insert into coat select unnest(:hooks::int[]);

-- name: hang_one(hook)<!
-- What was written.
insert into coat values (:hook) returning hook, hook + 1 as next;
"""


def a_room(folder: Path, name: str = "store.sql", text: str = QUERIES) -> str:
    """A module beside queries, as it passes `__file__`."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return str(folder / "store.py")


async def test_every_kind_of_query_answers_in_its_shape(conn: Connection, tmp_path: Path) -> None:
    sql = load(a_room(tmp_path))
    assert [row["n"] async for row in sql.numbers(conn, low=2, high=4)] == [2, 3, 4]
    assert tuple(await sql.first(conn, low=7)) == (7, 2)
    assert await sql.nothing(conn) is None
    assert await sql.total(conn, numbers=[1, 2, 3]) == 6
    assert await sql.make(conn) == 0
    assert await sql.hang(conn, hooks=[1, 2, 3]) == 3
    assert tuple(await sql.hang_one(conn, hook=4)) == (4, 5)


async def test_queries_can_be_split_into_a_folder(conn: Connection, tmp_path: Path) -> None:
    a_room(tmp_path, "store/one.sql", "-- name: one()$\n-- One.\nselect 1;\n")
    package_file = a_room(tmp_path, "store/two.sql", "-- name: two()$\n-- Two.\nselect 2;\n")
    for sql in (load(package_file), load(str(tmp_path / "store" / "__init__.py"))):
        assert (await sql.one(conn), await sql.two(conn)) == (1, 2)


def test_one_file_comes_before_a_folder(tmp_path: Path) -> None:
    a_room(tmp_path, "store.sql")
    (tmp_path / "store").mkdir()
    assert find_queries(tmp_path) == tmp_path / "store.sql"


def test_a_parameter_that_is_not_declared_is_refused_at_once(tmp_path: Path) -> None:
    package_file = a_room(tmp_path, text="-- name: sloppy()\n-- It forgot.\nselect :hook::int;\n")
    with pytest.raises(SQLParseException, match="hook"):
        load(package_file)


async def test_values_are_passed_by_name_only(conn: Connection, tmp_path: Path) -> None:
    sql = load(a_room(tmp_path))
    with pytest.raises(ValueError, match="positional"):
        await sql.first(conn, 7)
    with pytest.raises(KeyError):
        await sql.first(conn)

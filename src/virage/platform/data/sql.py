"""Named queries, loaded once from the `.sql` files of a package."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiosql
from aiosql.adapters.asyncpg import AsyncPGAdapter

from virage.platform.data.database import Connection


class Adapter(AsyncPGAdapter):
    """aiosql on asyncpg: a query is called with a connection, never with a pool."""

    is_aio_driver = False  # aiosql would wrap each query and each row in a coroutine

    def _values(self, query_name: str, parameters: Any) -> list[Any]:
        return [parameters[name] for name in self.var_sorted[query_name]]

    async def select(
        self, conn: Connection, query_name: str, sql: str, parameters: Any, _record_class: Any = None
    ) -> AsyncIterator[Any]:
        """Yield each row."""
        for row in await conn.fetch(sql, *self._values(query_name, parameters)):
            yield row

    async def select_one(
        self, conn: Connection, query_name: str, sql: str, parameters: Any, _record_class: Any = None
    ) -> Any:
        """Return the first row, or None (`^`)."""
        return await conn.fetchrow(sql, *self._values(query_name, parameters))

    async def select_value(self, conn: Connection, query_name: str, sql: str, parameters: Any) -> Any:
        """Return the first value of the first row, or None (`$`)."""
        return await conn.fetchval(sql, *self._values(query_name, parameters))

    async def insert_returning(self, conn: Connection, query_name: str, sql: str, parameters: Any) -> Any:
        """Return the row that a write returned, or None (`<!`)."""
        return await conn.fetchrow(sql, *self._values(query_name, parameters))

    async def insert_update_delete(self, conn: Connection, query_name: str, sql: str, parameters: Any) -> int:
        """Return the number of rows that a write affected (`!`)."""
        # execute() with arguments uses the cached prepared statement and returns the command tag
        tag = await conn.execute(sql, *self._values(query_name, parameters))
        count = tag.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0


def adapter() -> Any:
    """Return the adapter that aiosql runs queries with."""
    return Adapter()  # type: ignore[no-untyped-call]  # aiosql has no types


def load(package_file: str) -> Any:
    """Return the queries of `store.sql` or `store/*.sql` beside `package_file` (pass `__file__`).

    Each is called as `queries.name(conn, parameter=value)`: `async for` over rows; with `^` one row or None, with `$`
    one value, with `!` the number of affected rows, with `<!` the row that a write returned.
    """
    source = find_queries(Path(package_file).parent)
    return aiosql.from_path(source, adapter, attribute=None)


def find_queries(folder: Path) -> Path:
    """Return the queries of a package: `store.sql`, or the folder `store`."""
    single = folder / "store.sql"
    if single.exists():
        return single
    return folder if folder.name == "store" else folder / "store"

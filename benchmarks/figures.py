"""Sales figures of tills: how fast records become figures, and the time of a query beside reading
the records.

    python -m benchmarks.figures [--quick]

Tills at all outlets wrote an evening of two-line sales. The job processes them as in `virage work`.
Then the office queries by outlet, product, till and minute, and the same sums are computed from the
records directly.
"""

import itertools
import shutil
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from benchmarks import common
from tests.money.fiscal.till import Till, append
from virage.control.books.acts.sales_statistics import project
from virage.control.books.reads import sales as reads
from virage.control.books.rules.sales_statistics import SalesGrouping
from virage.demo.venues.drawing import stadium
from virage.money.fiscal.rules.record import Line
from virage.platform.data.database import Database
from virage.platform.data.migrate import migrate
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.values.ids import new_id

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
TILLS, SALES, QUICK_SALES, PRODUCTS, UPLOAD = 120, 500, 50, 25, 50
LOOKS = 5
DIRECT = """
select outlet, line ->> 'product', sum((line ->> 'quantity')::bigint * (line ->> 'unit_cents')::bigint)
from fiscal.record
cross join lateral jsonb_array_elements(convert_from(body, 'UTF8')::jsonb -> 'lines') as line
where event_id = $1 and not training and kind in ('sale', 'refund')
group by 1, 2
"""


async def sell(db: Database, event_id: UUID, sales: int) -> int:
    """Write the records of an evening; return their number."""
    outlets = itertools.cycle(outlet.code for outlet in stadium().outlets)
    products = itertools.cycle([new_id() for _ in range(PRODUCTS)])
    tills = [Till() for _ in range(TILLS)]
    for till, outlet in zip(tills, outlets, strict=False):
        till.outlet = outlet
    for _ in range(sales // UPLOAD):
        for till in tills:
            written = []
            for _ in range(UPLOAD):
                till.at -= timedelta(seconds=8)  # one sale every twelve seconds
                lines = [Line(next(products), "Beer", 1, 700, 200, [], deposit=False) for _ in range(2)]
                written.append(till.write(lines=lines, event_id=event_id))
            async with db.transaction() as conn:
                await append(conn, written, NOW)
    return TILLS * sales


async def taken_per_s(db: Database, records: int) -> float:
    """Records processed into figures a second."""
    began, taken = time.perf_counter(), 0
    while taken < records:
        async with db.transaction() as conn:
            taken += await project(conn)
    return taken / (time.perf_counter() - began)


async def best_ms(look: Callable[[], Awaitable[Any]]) -> float:
    """The fastest of some queries."""
    times = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        await look()
        times.append(time.perf_counter() - began)
    return round(min(times) * 1000, 1)


async def measure(sales: int) -> dict[str, Any]:
    """All figures, on an embedded database that is durable as in production."""
    folder = common.own_folder()
    postgres = EmbeddedPostgres(folder / "postgres")
    try:
        await postgres.start()
        await migrate(postgres.url)
        db = await Database.open(postgres.url)
        event_id = new_id()
        records = await sell(db, event_id, sales)
        per_s = await taken_per_s(db, records)
        looks = {}
        async with db.connection() as conn:
            await conn.execute("analyze")
            for by in SalesGrouping:

                async def look(by: SalesGrouping = by) -> None:
                    await reads.sales(conn, by, await reads.of_event(conn, event_id, None), NOW)

                looks[f"{by}_ms"] = await best_ms(look)
            direct = await best_ms(lambda: conn.fetch(DIRECT, event_id))
        await db.close()
    finally:
        await postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return {"records": records, "taken_per_s": round(per_s), **looks, "records_read_ms": direct}


def main() -> None:
    """Measure and print the result."""
    figures = common.run(measure(QUICK_SALES if common.quick() else SALES))
    common.tell({"benchmark": "figures", **figures, "machine": common.machine()})


if __name__ == "__main__":
    main()

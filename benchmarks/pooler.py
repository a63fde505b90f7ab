"""A sale through PgBouncer in transaction mode, and the same without it: orders a second, and their
ratio.

    python -m benchmarks.pooler [--quick]
"""

from typing import Any

from benchmarks import common
from benchmarks.onsale import Wanted, audit, crowd
from benchmarks.system import System, seed
from tests.pooler import pgbouncer
from virage.platform.host.postgres import EmbeddedPostgres

FANS, QUICK_FANS = 3600, 600
POOL_SIZE = 10


async def sale(system: System, fans: int, *, is_pooled: bool) -> dict[str, Any]:
    """All fans buy as fast as the server responds: orders, orders a second, refusals, and the
    result of an audit.
    """
    system.postgres = EmbeddedPostgres(system.folder / "postgres", tcp=True)  # a pooler has no account for a socket
    try:
        await system.start_database()
        event_id, categories, tokens = await seed(system.postgres.url, fans)
        async with pgbouncer(system.postgres.url, system.folder, pool_size=POOL_SIZE) as pooled:
            if is_pooled:
                system.env |= {"VIRAGE_DATABASE_URL": pooled, "VIRAGE_DATABASE_DIRECT_URL": system.postgres.url}
            await system.start_processes()
            wanted = Wanted(quick=True, workers=2, processes=1, concurrency=40, fans=fans)
            reports = await crowd(system, wanted, event_id, categories, mode="parties", tokens=tokens)
            found = await audit(system)
            complaints = system.errors()
            await system.stop_processes()
        orders = sum(len(report.order_ms) for report in reports)
        return {
            "orders": orders,
            "orders_per_s": round(orders / max(report.seconds for report in reports), 1),
            "refused": {code: count for report in reports for code, count in report.refused.items()},
            "complaints": complaints,
            **found,
        }
    finally:
        await system.stop()


def main() -> None:
    """Measure and print the result."""
    fans = QUICK_FANS if common.quick() else FANS
    direct = common.run(sale(System(workers=2), fans, is_pooled=False))
    pooled = common.run(sale(System(workers=2), fans, is_pooled=True))
    common.tell(
        {
            "benchmark": "pooler",
            "direct": direct,
            "pooled": pooled,
            "ratio": round(pooled["orders_per_s"] / direct["orders_per_s"], 3),
            "pool_size": POOL_SIZE,
            "machine": common.machine(),
        }
    )


if __name__ == "__main__":
    main()

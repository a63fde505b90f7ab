"""A sale by way of PgBouncer in transaction mode, and the same without it: no error, and as many purchases."""

from typing import Any

import pytest

from benchmarks.common import run
from benchmarks.house import House, seed
from benchmarks.onsale import Wanted, audit, crowd
from tests.faults.length import FULL
from tests.pooler import pgbouncer
from virage.platform.host.postgres import EmbeddedPostgres

FANS = 3600 if FULL else 600
POOL_SIZE = 10
SLOWER_AT_MOST = 2.0  # a busy machine sells more or less; where all wait for one connection it is far more


async def sold(house: House, *, is_pooled: bool) -> dict[str, Any]:
    """All fans buy, as fast as they are answered."""
    house.postgres = EmbeddedPostgres(house.folder / "postgres", tcp=True)  # a pooler has no account for a socket
    try:
        await house.start_database()
        event_id, categories, tokens = await seed(house.postgres.url, FANS)
        async with pgbouncer(house.postgres.url, house.folder, pool_size=POOL_SIZE) as pooled:
            if is_pooled:
                house.env |= {"VIRAGE_DATABASE_URL": pooled, "VIRAGE_DATABASE_DIRECT_URL": house.postgres.url}
            await house.start_processes()
            wanted = Wanted(quick=True, workers=2, processes=1, concurrency=40, fans=FANS)
            reports = await crowd(house, wanted, event_id, categories, mode="parties", tokens=tokens)
            found = await audit(house, event_id)
            complaints = house.errors()
            await house.stop_processes()
        orders = sum(len(report.order_ms) for report in reports)
        return {
            "orders": orders,
            "orders_per_s": round(orders / max(report.seconds for report in reports), 1),
            "refused": {code: count for report in reports for code, count in report.refused.items()},
            "complaints": complaints,
            **found,
        }
    finally:
        await house.stop()


@pytest.mark.filterwarnings("default")
def test_a_sale_behind_a_pooler_is_as_fast_and_without_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    direct = run(sold(House(workers=2), is_pooled=False))
    pooled = run(sold(House(workers=2), is_pooled=True))
    with capsys.disabled():
        print(f"\npooler: direct {direct}\npooler: pooled {pooled}")  # noqa: T201 - the counts are what the run is for
    for found in (direct, pooled):
        assert found["orders"] > 0.9 * FANS
        assert found["complaints"] == ""
        assert found["oversold"] == 0
        assert found["paid_without_ticket"] == 0
    assert pooled["orders_per_s"] * SLOWER_AT_MOST > direct["orders_per_s"]

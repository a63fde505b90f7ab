"""A payout of 60,000 charges: fetched from the stand-in for Stripe, and compared with our payments.

    python -m benchmarks.reconcile [--quick]

The stand-in runs in this process, so `fetch_s` includes its work for 600 pages. One payment of a hundred is refunded
in the same payout. `match_s` is the comparison of all entries, with the totals and the bank line. `memory_mb` is the
largest memory of the process, with the stand-in and its objects.
"""

import resource
import shutil
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from benchmarks import common
from tests.money.payments.stripe_standin import KEY, StripeStandin
from tests.money.settlement.conftest import Office
from virage.money.payments.stripe_provider import StripeProvider
from virage.platform.data.database import Database
from virage.platform.data.migrate import migrate
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.values.clock import Clock

CHARGES, QUICK_CHARGES = 60_000, 6_000
BATCH = 1_000
CENTS = 2_500
REFUNDED = 100
"""One of so many payments is refunded."""
KIB = 1 << 10


async def load(office: Office, charges: int) -> None:
    """Captured payments and refunds, with the entries of the provider's balance."""
    paid: list[UUID] = []
    for _ in range(0, charges, BATCH):
        paid += await office.sell(*[CENTS + number for number in range(BATCH)])
    for payment_id in paid[::REFUNDED]:
        refund = await office.refund(payment_id, 100)
        office.refund_entry(refund, -100)


async def reconciled(office: Office, charges: int) -> dict[str, Any]:
    """Fetch and compare one payout."""
    await load(office, charges)
    payout = office.balance.pay_out()
    began = time.perf_counter()
    await office.job.fetch(office.db)
    fetched = time.perf_counter()
    await office.job.match(office.db, is_complete=True)
    matched = time.perf_counter()
    imported = await office.book((datetime.now(UTC).date(), payout["amount"], payout["trace_id"]["value"]))
    found = await office.payout()
    totals = found.totals
    return {
        "charges": charges,
        "entries": None if totals is None else totals.entries,
        "fetch_s": round(fetched - began, 2),
        "match_s": round(matched - fetched, 2),
        "bank_s": round(time.perf_counter() - matched, 2),
        "unexplained_cents": None if totals is None else totals.unexplained_cents,
        "open_items": len(await office.items()),
        "bank_lines_matched": imported.matched,
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB, 1),
    }


async def measure(charges: int) -> dict[str, Any]:
    """One run on a temporary database, as durable as in production."""
    folder = common.own_folder()
    postgres = EmbeddedPostgres(folder / "postgres")
    standin = StripeStandin()
    try:
        await postgres.start()
        await migrate(postgres.url)
        db = await Database.open(postgres.url)
        await standin.start()
        provider = StripeProvider(KEY, [], currency="EUR", merchant="Club", methods=["card"], api_url=standin.url)
        result = await reconciled(Office(db, Clock(timedelta()), standin, provider), charges)
        await provider.close()
        await standin.stop()
        await db.close()
    finally:
        await postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return result


def main() -> None:
    """Measure and print the result."""
    figures = common.run(measure(QUICK_CHARGES if common.quick() else CHARGES))
    common.tell({"benchmark": "reconcile", **figures, "machine": common.machine()})


if __name__ == "__main__":
    main()

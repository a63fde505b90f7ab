"""Durable transfers a second through the batcher, in process, and one transfer per transaction
through asyncpg.

    python -m benchmarks.ledger [--quick]

Each of many payers sends its next transfer when the last one is confirmed: wallets pay at tills, so
no row is shared. The single one is the same guarded statement written by hand: debit the wallet if
it has the money, credit the till, insert the transfer. For both, the process is warmed up as a web
process is after its start. Half of the payers wait in a batch that is in flight, half for the next
one. `cpu_s_per_1000` is the CPU time of the process and the database together.
"""

import asyncio
import os
import random
import shutil
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from benchmarks import common
from virage.app.opening import settle
from virage.money.wallet.accounts.acts import open_wallets
from virage.money.wallet.funding.reads.audit import audit
from virage.money.wallet.ledger import acts as ledger
from virage.money.wallet.ledger import store as ledger_store
from virage.money.wallet.ledger.rules import (
    Account,
    AccountKind,
    Entry,
    Outcome,
    Posted,
    Transfer,
    account,
    wallet_account,
)
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database
from virage.platform.data.migrate import migrate
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.values.ids import new_id

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
WALLETS, TILLS, PAYERS, BATCH_MAX = 20_000, 300, 2_048, 1_024
SECONDS, QUICK_SECONDS = 10.0, 2.0
CENTS = 7
LOADED_CENTS = 1_000_000
SINGLE = """
with taken as (
    update wallet_ledger.account set balance_cents = balance_cents - $4
    where id = $2 and balance_cents - held_cents >= $4 returning id
), given as (
    update wallet_ledger.account set balance_cents = balance_cents + $4 from taken where account.id = $3
    returning account.id
)
insert into wallet_ledger.transfer (id, debit_id, credit_id, subject, purse_id, at, cents, step, purpose)
select $1, $2, $3, $2, $2, $5, $4, 'post', 'sale' from given
"""


async def load(db: Database, rng: random.Random) -> tuple[list[Account], list[Account]]:
    """Funded wallets, and tills."""
    ids = [new_id() for _ in range(WALLETS)]
    tills = [account(AccountKind.REVENUE, f"till {number}:200") for number in range(TILLS)]
    drawer = account(AccountKind.CASH, "desk")
    async with db.transaction() as conn:
        await ledger_store.open_accounts(conn, tills)
    for at in range(0, WALLETS, 1000):
        some = ids[at : at + 1000]
        async with db.transaction() as conn:
            await open_wallets(conn, dict.fromkeys(some), NOW)
            await ledger.post(
                conn,
                [[Transfer(new_id(), drawer, wallet_account(one), LOADED_CENTS, "top_up", one)] for one in some],
                NOW,
            )
    rng.shuffle(ids)
    return [wallet_account(one) for one in ids], tills


async def batched_per_s(db: Database, wallets: Sequence[Account], tills: Sequence[Account], seconds: float) -> float:
    """Transfers a second that the batcher confirmed."""

    async def act(entries: Sequence[Entry]) -> list[Outcome]:
        async with db.transaction() as conn:
            return await ledger.post(conn, entries, NOW)

    batcher: Batcher[Entry, Outcome] = Batcher(act, batch_max=BATCH_MAX)
    until, confirmed = time.perf_counter() + seconds, 0

    async def payer(number: int) -> None:
        nonlocal confirmed
        at = number
        while time.perf_counter() < until:
            mine = wallets[at % len(wallets)]
            answer = await batcher.submit([Transfer(new_id(), mine, tills[at % len(tills)], CENTS, "sale", mine.id)])
            assert isinstance(answer, Posted), answer
            confirmed += 1
            at += PAYERS

    began = time.perf_counter()
    await asyncio.gather(*(payer(number) for number in range(PAYERS)))
    return confirmed / (time.perf_counter() - began)


async def single_per_s(db: Database, wallets: Sequence[Account], tills: Sequence[Account], seconds: float) -> float:
    """The same transfer one a transaction, one after the other on one connection."""
    until, count = time.perf_counter() + seconds, 0
    began = time.perf_counter()
    async with db.connection() as conn:
        while time.perf_counter() < until:
            mine, till = wallets[count % len(wallets)], tills[count % len(tills)]
            done = await conn.execute(SINGLE, new_id(), mine.id, till.id, CENTS, NOW)
            assert done == "INSERT 0 1", done
            count += 1
    return count / (time.perf_counter() - began)


async def measure(seconds: float) -> dict[str, Any]:
    """All figures, on an embedded database that is durable as in production."""
    folder = common.own_folder()
    postgres = EmbeddedPostgres(folder / "postgres")
    try:
        await postgres.start()
        await migrate(postgres.url)
        plain = await common.commits_per_s(postgres.url)
        db = await Database.open(postgres.url)
        wallets, tills = await load(db, random.Random(7))
        settle()
        single = await single_per_s(db, wallets, tills, seconds / 2)
        spent = common.processor_s(os.getpid())
        batched = await batched_per_s(db, wallets, tills, seconds)
        spent = common.processor_s(os.getpid()) - spent
        async with db.transaction() as conn:
            books = await audit(conn)
        await db.close()
    finally:
        await postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
    assert books.sum_cents == 0, books
    assert not books.balance_mismatches, books
    return {
        "transfers_per_s": round(batched),
        "single_per_s": round(single),
        "ratio": round(batched / single, 1),
        "sum": books.sum_cents,
        "astray": len(books.balance_mismatches),
        "clients": PAYERS,
        "workers": 1,
        "batch_max": BATCH_MAX,
        "commits_per_s": round(plain),
        "cpu_s_per_1000": round(spent / (batched * seconds) * 1000, 4),
    }


def main() -> None:
    """Measure and print the result."""
    figures = common.run(measure(QUICK_SECONDS if common.quick() else SECONDS))
    common.tell({"benchmark": "ledger", **figures, "machine": common.machine()})


if __name__ == "__main__":
    main()

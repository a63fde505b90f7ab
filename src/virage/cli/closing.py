"""`virage fiscal close`, `archive` and `figures`: jobs of `virage work` on demand."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from virage.app.opening import clock_of, opened
from virage.cli.deployment import configuration_of_running, console, database, fail
from virage.control.books import api as books
from virage.identity.keys.api import open_vault
from virage.money.fiscal import api as fiscal
from virage.money.fiscal.api import Archives, ClosingJobs, archive
from virage.money.fiscal.types import Closing, Period, PeriodKind
from virage.platform.settings.config import Config
from virage.platform.values.refusals import Refused


def close(day: date | None) -> None:
    """Close the periods that have ended, or a day now, and print them."""
    with database(configuration_of_running()) as config:
        closed = asyncio.run(_close_due(config) if day is None else _close_day(config, day))
    for period, closings in closed:
        total = sum(closing.tally.total_cents for closing in closings if closing.subject == "till")
        amount = f"{config.currency.decimal(total):,f}"
        console.print(f"{period.kind.value} {period.starts_on}: {len(closings)} closings, tills {amount}")
    if not closed:
        console.print("Nothing to close.")


async def _close_due(config: Config) -> list[tuple[Period, list[Closing]]]:
    async with opened(config) as db:
        jobs = ClosingJobs(db, clock_of(config), open_vault(config), Archives(config.objects_at))
        return await jobs.close_due(db)


async def _close_day(config: Config, day: date) -> list[tuple[Period, list[Closing]]]:
    period = Period(PeriodKind.DAY, day)
    async with opened(config) as db:
        closings = await db.transact(fiscal.close_records, open_vault(config), period, clock_of(config).now())
    if isinstance(closings, Refused):
        raise fail(f"{day} is already closed: days are open from {closings.data['open_since']} on.")
    return [(period, closings)] if closings else []


def archive_tills(folder: Path, tills: Sequence[UUID], first: date | None, last: date | None) -> bool:
    """Write the archives to files and to the object store, and print their names. Return whether there were any."""
    with database(configuration_of_running()) as config:
        files = asyncio.run(_archive(config, folder, tills, first, last))
    for file in files:
        console.print(str(file), markup=False)
    if not files:
        console.print("Nothing to archive.")
    return bool(files)


async def _archive(
    config: Config, folder: Path, tills: Sequence[UUID], first: date | None, last: date | None
) -> list[Path]:
    kept, vault, now = Archives(config.objects_at), open_vault(config), clock_of(config).now()
    until = None if last is None else last + timedelta(days=1)
    files = []
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with opened(config) as db:
        async with db.connection() as conn:
            wanted = list(tills) or await fiscal.tills_with_records(conn)
        for till in wanted:
            async with db.transaction() as conn:
                made = await archive(conn, vault, till, since=first, until=until, now=now)
            if made is None:
                continue
            label = f"{made.header.first}-{made.header.last}"
            data = await kept.keep(till, label, made.gzip(db))
            file = folder / f"{till}-{label}.jsonl.gz"
            await asyncio.to_thread(file.write_bytes, data)
            files.append(file)
    return files


def rebuild_figures() -> None:
    """Rebuild the statistics in one transaction, and print the number of records."""
    with database(configuration_of_running()) as config:
        count = asyncio.run(_rebuild(config))
    console.print(f"Statistics of {count:,} records rebuilt.")


async def _rebuild(config: Config) -> int:
    async with opened(config) as db, db.transaction() as conn:
        return await books.rebuild_statistics(conn)

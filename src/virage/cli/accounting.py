"""`virage accounting export`: the accounting journal of a period."""

import asyncio
import sys
from datetime import date
from pathlib import Path

from virage.app.opening import clock_of, opened
from virage.cli.deployment import configuration_of_running, console, database, fail
from virage.control.books.api import journal_of
from virage.control.books.types import BookSettings, Journal, journal_table
from virage.platform.settings.config import Config


def export(first: date, last: date, into: Path | None) -> None:
    """Write the journal; into a file, also print its totals."""
    if last < first:
        raise fail("The last day must not be before the first.")
    with database(configuration_of_running()) as config:
        made = asyncio.run(_journal(config, (first, last)))
    if into is None:
        sys.stdout.buffer.write(journal_table(made, config.currency))
        sys.stdout.flush()
        return
    into.write_bytes(journal_table(made, config.currency))
    console.print(
        f"{into}: {len(made.lines):,} lines, {config.currency.decimal(made.debit_cents):,f} each side.", markup=False
    )


async def _journal(config: Config, days: tuple[date, date]) -> Journal:
    async with (
        opened(config) as db,
        db.connection() as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        return await journal_of(
            conn,
            days,
            dict(config.of(BookSettings).account_codes),
            zone=config.time_zone,
            now=clock_of(config).now(),
            language=config.club.locale,
        )

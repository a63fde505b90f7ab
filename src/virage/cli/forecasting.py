"""`virage safety backtest`: compare the forecasts of an event's entry with what came."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from rich.table import Table

from virage.app.opening import opened
from virage.cli.deployment import configuration_of_running, console, database
from virage.control.safety.api import backtested
from virage.control.safety.types import EntryCheck, summary
from virage.platform.settings.config import Config
from virage.site.programme import api as programme


def backtest(event_id: UUID) -> int:
    """Print each forecast with what came, and a summary. Return 0, or 1 if there is none to compare."""
    with database(configuration_of_running()) as config:
        checks = asyncio.run(_checks(config, event_id))
    found = summary(checks)
    if found is None:
        console.print(f"Event {event_id} has no stored pictures with which a forecast can be compared.")
        return 1
    table = Table("minutes after the doors", "people in ten minutes", "came", "all in by (95 %)", "all were in")
    for one in checks:
        band, latest = one.made.ahead, one.made.all_in_p95
        table.add_row(
            f"{one.minute:.0f}",
            f"{band.low:,} to {band.high:,}",
            f"{one.inside:,}" if one.is_in_band else f"[bold red]{one.inside:,}",
            "later" if latest is None else f"{one.minute + latest:.0f}",
            f"{one.minute + one.all_in:.0f}" if one.is_all_in_held else f"[bold red]{one.minute + one.all_in:.0f}",
        )
    console.print(table)
    queues = "none counted" if found.queues_held is None else f"{found.queues_held:.3f}"
    console.print(
        f"{found.outlooks} forecasts. In the band of 95 %: {found.in_band:.3f}; its mean width: "
        f"{found.band_width:.3f} of the people. All in by the 95th percentile: {found.all_in_held:.3f}. "
        f"Counted queues at or below theirs: {queues}.",
        highlight=False,
    )
    return 0


async def _checks(config: Config, event_id: UUID) -> Sequence[EntryCheck]:
    async with opened(config) as db, db.connection() as conn:
        event = await programme.event(conn, event_id)
        return [] if event is None else await backtested(conn, event)

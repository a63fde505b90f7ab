"""`virage migrate`: bring the database to the newest schema."""

import asyncio
import os

from virage.cli.house import configuration, console, database
from virage.platform.data import migrate as migrations
from virage.platform.data.database import Database


def migrate(*, contract: bool) -> None:
    """Apply what is missing and print its names, and the command for what waits until older programs have ended."""
    with database(configuration(os.environ), any_era=True) as config:
        applied, waiting = asyncio.run(_migrate(config.direct_url, contract=contract))
    console.print("\n".join(applied) or "Nothing to do.", markup=False)
    if waiting:
        names = ", ".join(waiting)
        console.print(f"When all older programs have ended: virage migrate --contract ({names})", markup=False)


async def _migrate(url: str, *, contract: bool) -> tuple[list[str], list[str]]:
    applied = await migrations.migrate(url, contract=contract)
    db = await Database.open(url)
    try:
        async with db.connection() as conn:
            return applied, await migrations.missing(conn, "contract")
    finally:
        await db.close()

"""`virage migrate`: migrate the database."""

import asyncio
import os

from virage.cli.deployment import configuration, console, database, fail
from virage.platform.data import migrate as migrations
from virage.platform.data.database import Database


def migrate(*, contract: bool) -> None:
    """Apply the missing migrations and print their names, and the command for the contract phase if it is due."""
    with database(configuration(os.environ), any_era=True) as config:
        try:
            applied, waiting = asyncio.run(_migrate(config.direct_url, contract=contract))
        except (migrations.MigrationChanged, migrations.UpgradeRequired) as error:
            raise fail(str(error)) from None
    console.print("\n".join(applied) or "Nothing to do.", markup=False)
    if waiting:
        names = ", ".join(waiting)
        console.print(
            f"When the previous version has ended everywhere: virage migrate --contract ({names})",
            markup=False,
            soft_wrap=True,
        )


async def _migrate(url: str, *, contract: bool) -> tuple[list[str], list[str]]:
    applied = await migrations.migrate(url, contract=contract)
    db = await Database.open(url)
    try:
        async with db.connection() as conn:
            return applied, await migrations.missing(conn, "contract")
    finally:
        await db.close()

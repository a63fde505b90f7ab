"""`virage wallet audit`: whether the books of the purses are right."""

import asyncio
import os

from rich.table import Table

from virage import matchday
from virage.cli.house import configuration, console, database
from virage.kernel.config import Config
from virage.wallet.reads.audit import Audit, audit


def audit_wallet() -> bool:
    """Print the audit as a table; return whether nothing is wrong."""
    with database(configuration(os.environ)) as config:
        found = asyncio.run(_audit(config))
    table = Table(show_header=False, highlight=False)
    for kind, cents in found.kinds.items():
        table.add_row(f"accounts of kind {kind}", _euros(cents))
    table.add_row("sum of all accounts", _euros(found.sum_cents))
    table.add_row("captured at the provider for purses", _euros(found.captured_cents))
    table.add_row("asked back from the provider", _euros(found.refund_cents))
    table.add_row("at the provider by the books", _euros(found.booked_cents))
    for one in found.astray:
        stands = f"{_euros(one.balance_cents)} and {_euros(one.held_cents)} held"
        told = f"{_euros(one.told_balance_cents)} and {_euros(one.told_held_cents)} held"
        table.add_row(f"account {one.id}", f"stands at {stands}; its transfers say {told}", style="bold red")
    table.add_row("verdict", "clean" if found.clean else "wrong", style="bold green" if found.clean else "bold red")
    console.print(table)
    return found.clean


async def _audit(config: Config) -> Audit:
    async with (
        matchday.opened(config) as db,
        db.connection() as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        return await audit(conn)


def _euros(cents: int) -> str:
    return f"{cents / 100:,.2f}"

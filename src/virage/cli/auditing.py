"""`virage wallet audit`: check the ledger of the wallets."""

import asyncio

from rich.table import Table

from virage.app.opening import opened
from virage.cli.deployment import configuration_of_running, console, database
from virage.control.books.api import TillMismatch, till_mismatches
from virage.money.wallet.funding.api import Audit, audit
from virage.platform.settings.config import Config


def audit_wallet() -> bool:
    """Print the audit as a table. Return whether it found no defect."""
    with database(configuration_of_running()) as config:
        found, tills = asyncio.run(_audit(config))
    clean = found.clean and not tills
    table = Table(show_header=False, highlight=False)
    for kind, cents in found.kinds.items():
        table.add_row(f"accounts of kind {kind}", _euros(cents))
    table.add_row("sum of all accounts", _euros(found.sum_cents))
    table.add_row("captured at the provider for wallets", _euros(found.captured_cents))
    table.add_row("asked back from the provider", _euros(found.refund_cents))
    table.add_row("at the provider by the books", _euros(found.booked_cents))
    table.add_row("given by the house", _euros(found.gifts_cents))
    table.add_row("given by the books", _euros(found.gifts_booked_cents))
    table.add_row("unclaimed, of people who were erased", _euros(found.unclaimed_cents))
    if found.unsigned_desk_transactions:
        table.add_row("loads of before tills signed them", str(found.unsigned_desk_transactions))
    for load in found.desk_mismatches:
        table.add_row(f"load {load.id}", f"is not what till {load.till_id} signed", style="bold red")
    for one in found.balance_mismatches:
        stands = f"{_euros(one.balance_cents)} and {_euros(one.held_cents)} held"
        told = f"{_euros(one.told_balance_cents)} and {_euros(one.told_held_cents)} held"
        table.add_row(f"account {one.id}", f"stands at {stands}; its transfers say {told}", style="bold red")
    for till in tills:
        said = f"took {_euros(till.booked_cents)}; its records and loads say {_euros(till.recorded_cents)}"
        table.add_row(f"{till.tender} of till {till.till}", said, style="bold red")
    table.add_row("verdict", "clean" if clean else "wrong", style="bold green" if clean else "bold red")
    console.print(table)
    return clean


async def _audit(config: Config) -> tuple[Audit, list[TillMismatch]]:
    async with (
        opened(config) as db,
        db.connection() as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        return await audit(conn), await till_mismatches(conn)


def _euros(cents: int) -> str:
    return f"{cents / 100:,.2f}"

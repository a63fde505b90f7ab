"""`virage wallet audit`: check the ledger of the wallets."""

import asyncio
from functools import partial

from rich.table import Table

from virage.app.opening import opened
from virage.cli.deployment import configuration_of_running, console, database
from virage.control.books.api import TillMismatch, till_mismatches
from virage.money.wallet.funding.api import Audit, audit
from virage.platform.settings.config import Config
from virage.platform.values.money import Cents, Currency


def audit_wallet() -> bool:
    """Print the audit as a table. Return whether it found no defect."""
    with database(configuration_of_running()) as config:
        found, tills = asyncio.run(_audit(config))
    shown = partial(_amount, config.currency)
    clean = found.clean and not tills
    table = Table(show_header=False, highlight=False)
    for kind, cents in found.kinds.items():
        table.add_row(f"accounts of kind {kind}", shown(cents))
    table.add_row("sum of all accounts", shown(found.sum_cents))
    for kind, points in found.points.items():
        table.add_row(f"accounts of kind {kind}, in points", f"{points:,}")
    if found.points:
        table.add_row("sum of all accounts of points", f"{found.points_sum:,}")
    table.add_row("captured at the provider for wallets", shown(found.captured_cents))
    table.add_row("refunds requested from the provider", shown(found.refund_cents))
    table.add_row("at the provider according to the ledger", shown(found.booked_cents))
    table.add_row("bonus granted", shown(found.gifts_cents))
    table.add_row("bonus granted according to the ledger", shown(found.gifts_booked_cents))
    table.add_row("proceeds of sold tickets", shown(found.proceeds_cents))
    table.add_row("proceeds of sold tickets according to the ledger", shown(found.proceeds_booked_cents))
    table.add_row("unclaimed money of deleted accounts", shown(found.unclaimed_cents))
    if found.unsigned_desk_transactions:
        table.add_row("desk transactions without a signature (0.1.0 and older)", str(found.unsigned_desk_transactions))
    for desk in found.desk_mismatches:
        table.add_row(f"desk transaction {desk.id}", f"differs from what till {desk.till_id} signed", style="bold red")
    for account in found.balance_mismatches:
        balance = f"{shown(account.balance_cents)} with {shown(account.held_cents)} held"
        expected = f"{shown(account.told_balance_cents)} with {shown(account.told_held_cents)} held"
        table.add_row(f"account {account.id}", f"balance {balance}; its transfers: {expected}", style="bold red")
    for till in tills:
        difference = f"booked {shown(till.booked_cents)}; its records: {shown(till.recorded_cents)}"
        table.add_row(f"{till.tender} of till {till.till}", difference, style="bold red")
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


def _amount(currency: Currency, cents: Cents) -> str:
    return f"{currency.decimal(cents):,f}"

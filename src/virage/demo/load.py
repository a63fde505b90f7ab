"""Load the demo into a migrated database: accounts, events, catalogue, and earlier sales."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from virage.demo.card_readers import load_card_readers
from virage.demo.concessionaires import load_concessionaires
from virage.demo.concessions import load_concessions
from virage.demo.crowd import Till, buy_for, fill
from virage.demo.kitchens import load_kitchens
from virage.demo.membership import load_membership
from virage.demo.packages import load_packages
from virage.demo.pages import load_pages
from virage.demo.people import CASHIER, FAN, load_people
from virage.demo.points import load_points
from virage.demo.programme import load_programme, planned
from virage.demo.teams import load_teams
from virage.demo.yesterday import load_yesterday
from virage.identity.keys.api import open_vault
from virage.money.payments.api import Handlers, SandboxProvider
from virage.money.payments.types import PaymentSettings
from virage.money.wallet.accounts.types import AccountSettings
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.sale.ticketing import api as ticketing

Report = Callable[[str], None]
Running = Callable[[], AbstractAsyncContextManager[None]]


async def load(config: Config, db: Database, clock: Clock, *, sandbox: Running, report: Report) -> None:
    """Load what is missing. `sandbox` runs the provider during the payments."""
    now = clock.now()
    plans = planned(now)
    async with db.transaction() as conn:  # in the order of locks
        await load_programme(conn, plans, now)
        await load_pages(conn, now)
        ids = await load_people(conn, now)
        await load_concessions(conn, plans[0], now)
        await load_kitchens(conn, open_vault(config), now)
        await load_concessionaires(conn, now)
        await load_teams(conn, plans[0], now)
    async with db.transaction() as conn:
        await load_membership(conn, now)
        await load_packages(conn, now)
    async with db.transaction() as conn:
        await load_points(conn, now)
    await load_yesterday(db, config, clock, ids[FAN.email], ids[CASHIER.email])
    settings = config.of(PaymentSettings)
    if settings.sandbox_url is None:
        return
    await db.transact(load_card_readers, now)
    provider = SandboxProvider(
        settings.sandbox_url, settings.sandbox_key, settings.sandbox_webhook_secret, config.currency.code
    )
    handlers = Handlers({ticketing.PURPOSE: ticketing.OrderMoney(config.of(AccountSettings).purse_cents_max)})
    till = Till(db, provider, handlers, config.public_url)
    try:
        async with sandbox():
            for plan in plans:
                orders = await fill(db, till, plan, now)
                if orders:
                    report(f"{plan.event.title['en']}: {orders} orders sold at the counter")
            await buy_for(db, till, plans[0], ids[FAN.email], now)
    finally:
        await provider.close()

"""The demo's board, people, tills and cards in a test's database, without the crowd of the venue."""

from virage.demo.concessions import load_concessions
from virage.demo.people import CASHIER, FAN, load_people
from virage.demo.programme import load_programme, planned
from virage.demo.yesterday import load_yesterday
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock


async def load_food(config: Config, db: Database, clock: Clock) -> None:
    """Load the missing parts of the demo's food and money."""
    now = clock.now()
    plans = planned(now)
    async with db.transaction() as conn:
        await load_programme(conn, plans, now)
        ids = await load_people(conn, now)
        await load_concessions(conn, plans[0], now)
    await load_yesterday(db, config, clock, ids[FAN.email], ids[CASHIER.email])

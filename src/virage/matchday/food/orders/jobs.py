"""Jobs of food orders: expire unaccepted orders, compensate late ones."""

from datetime import timedelta
from typing import Final

from virage.matchday.food.orders.acts import kitchen, ordering
from virage.matchday.food.orders.settings import FoodOrderSettings
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock

EXPIRE_EVERY_S: Final = 5.0
COMPENSATE_EVERY_S: Final = 15.0
AT_ONCE: Final = 200


class FoodJobs:
    """Periodic jobs of food orders."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._clock = clock
        self._late = timedelta(minutes=config.of(FoodOrderSettings).voucher_late_min)
        self._cents = config.of(FoodOrderSettings).voucher_cents

    def register(self, jobs: Jobs) -> None:
        """Register the jobs."""
        jobs.every_money(EXPIRE_EVERY_S, "concessions.expire_orders", self.expire)
        jobs.every_money(COMPENSATE_EVERY_S, "concessions.judge_promises", self.compensate)

    async def expire(self, db: Database) -> None:
        """Expire orders that waited too long; their holds are released."""
        while True:
            async with db.transaction() as conn:
                ended = await ordering.expire(conn, self._clock.now(), AT_ONCE)
            if len(ended) < AT_ONCE:
                return

    async def compensate(self, db: Database) -> None:
        """Grant the bonus for late orders."""
        while True:
            async with db.transaction() as conn:
                broken = await kitchen.compensate(conn, self._late, self._cents, self._clock.now(), AT_ONCE)
            if len(broken) < AT_ONCE:
                return

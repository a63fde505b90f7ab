"""What food by phone does by itself: orders that no kitchen accepted end, and broken promises are made good."""

from datetime import timedelta
from typing import Final

from virage.matchday.food.orders.acts import kitchen, ordering
from virage.matchday.food.orders.settings import FoodOrderSettings
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock

EXPIRE_EVERY_S: Final = 5.0
JUDGE_EVERY_S: Final = 15.0
AT_ONCE: Final = 200


class FoodJobs:
    """The jobs of orders by phone."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._clock = clock
        self._late = timedelta(minutes=config.of(FoodOrderSettings).voucher_late_min)
        self._cents = config.of(FoodOrderSettings).voucher_cents

    def register(self, jobs: Jobs) -> None:
        """Say what a worker can do."""
        jobs.every_money(EXPIRE_EVERY_S, "concessions.expire_orders", self.expire)
        jobs.every_money(JUDGE_EVERY_S, "concessions.judge_promises", self.judge)

    async def expire(self, db: Database) -> None:
        """End what waited too long for its kitchen: its money is free again."""
        while True:
            async with db.transaction() as conn:
                ended = await ordering.expire(conn, self._clock.now(), AT_ONCE)
            if len(ended) < AT_ONCE:
                return

    async def judge(self, db: Database) -> None:
        """Give what the house gives for promises that it broke."""
        while True:
            async with db.transaction() as conn:
                broken = await kitchen.judge(conn, self._late, self._cents, self._clock.now(), AT_ONCE)
            if len(broken) < AT_ONCE:
                return

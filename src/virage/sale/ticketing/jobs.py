"""Jobs of ticketing: expired holds, cancelled and moved events."""

from datetime import timedelta

from virage.identity.people.types import PeopleConfig
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs, enqueue
from virage.platform.values.clock import Clock
from virage.sale.ticketing.acts import emails, exchange, holding, paying, refunding, reminders, transfers, waiting
from virage.sale.ticketing.acts.emails import MOVED_JOB, EventMovedJob
from virage.sale.ticketing.acts.refunding import CANCEL_BATCH, CANCELLED_JOB, EventCancelledJob, WhoIsInside
from virage.sale.ticketing.reads.open_sales import load_sale
from virage.sale.ticketing.settings import ExchangeSettings, ReminderSettings

EXPIRE_EVERY_S = 2.0
EXPIRE_OLD_EVERY_S = 3600.0
EXPIRE_MAX = 500
SEATS_BACK_EVERY_S = 5.0
EXPIRE_TRANSFERS_EVERY_S = 60.0
END_LISTINGS_EVERY_S = 60.0
INVITE_EVERY_S = 60.0
TELL_WITHDRAWN_EVERY_S = 60.0
REMIND_EVERY_S = 600.0
LOOK_AGAIN = timedelta(minutes=1)


class TicketingJobs:
    """The jobs of ticketing."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def register(self, jobs: Jobs) -> None:
        """Say what a worker can do."""
        jobs.every(EXPIRE_EVERY_S, "ticketing.expire", self.expire)
        jobs.every(EXPIRE_OLD_EVERY_S, "ticketing.expire_old", self.expire_old)
        jobs.every(EXPIRE_TRANSFERS_EVERY_S, "ticketing.expire_transfers", self.expire_transfers)
        jobs.every(END_LISTINGS_EVERY_S, "ticketing.end_listings", self.end_listings)
        jobs.on(CANCELLED_JOB, EventCancelledJob, self.refund_cancelled)
        jobs.on(MOVED_JOB, EventMovedJob, self.notify_moved)

    async def expire(self) -> None:
        """Expire holds that are over, batch by batch."""
        await self._expire(everything=False)

    async def expire_old(self) -> None:
        """Expire holds of any age: after a long stop there may be old ones."""
        await self._expire(everything=True)

    async def _expire(self, *, everything: bool) -> None:
        while True:
            async with self._db.transaction() as conn:
                ended = await holding.expire(conn, self._clock.now(), EXPIRE_MAX, everything=everything)
            if len(ended) < EXPIRE_MAX:
                return

    async def expire_transfers(self) -> None:
        """End offers of tickets that were not accepted in time, batch by batch."""
        while True:
            async with self._db.transaction() as conn:
                ended = await transfers.expire(conn, self._clock.now())
            if ended < transfers.EXPIRED_AT_ONCE:
                return

    async def end_listings(self) -> None:
        """End the listings of the exchange that cannot be sold any more."""
        async with self._db.transaction() as conn:
            await exchange.end_over(conn, self._clock.now())

    async def refund_cancelled(self, gone: EventCancelledJob) -> None:
        """Refund the orders of a cancelled event, until none is left."""
        while True:
            async with self._db.transaction() as conn:
                count = await refunding.refund_cancelled_orders(conn, gone.event_id, self._clock.now())
            if count < CANCEL_BATCH:
                break
        if count:
            async with self._db.transaction() as conn:
                await enqueue(conn, CANCELLED_JOB, [gone], delay=LOOK_AGAIN)

    async def notify_moved(self, moved: EventMovedJob) -> None:
        """Email every ticket buyer of an event whose start has changed; places of debits are kept until the new one."""
        async with self._db.transaction() as conn:
            await paying.move_debits(conn, moved.event_id)
            await emails.notify_moved(conn, moved, self._clock.now())


class SeatReturns:
    """The job that frees the places of refunded tickets once their holders have left."""

    def __init__(self, db: Database, clock: Clock, who_is_inside: WhoIsInside) -> None:
        self._db = db
        self._clock = clock
        self._who_is_inside = who_is_inside

    def register(self, jobs: Jobs) -> None:
        """Say what a worker can do."""
        jobs.every(SEATS_BACK_EVERY_S, "ticketing.free_left_places", self.free)

    async def free(self) -> None:
        """Free the places of everyone who has left."""
        async with self._db.transaction() as conn:
            await refunding.free_left_places(conn, self._who_is_inside, self._clock.now())


class HolderEmails:
    """The jobs that tell holders of tickets and receivers of offers what they did not cause themselves."""

    def __init__(self, db: Database, clock: Clock, people_config: PeopleConfig, settings: ReminderSettings) -> None:
        self._db = db
        self._clock = clock
        self._people_config = people_config
        self._settings = settings

    def register(self, jobs: Jobs) -> None:
        """Say what a worker can do."""
        jobs.every(TELL_WITHDRAWN_EVERY_S, "ticketing.tell_withdrawn", self.tell_withdrawn)
        jobs.every(REMIND_EVERY_S, "ticketing.remind", self.remind)

    async def tell_withdrawn(self) -> None:
        """Queue the emails to the addresses of offers that a refund or an erasure ended."""
        async with self._db.transaction() as conn:
            await transfers.tell_withdrawn(conn, self._people_config, self._clock.now())

    async def remind(self) -> None:
        """Remind holders of missing names and of coming events, batch by batch."""
        while True:
            async with self._db.transaction() as conn:
                reminded = await reminders.remind(conn, self._settings, self._clock.now())
            if not reminded:
                break
        async with self._db.transaction() as conn:
            await reminders.forget_over(conn, self._clock.now())


class WaitingLists:
    """The job that tells those who wait for seats of an event when some are free or listed."""

    def __init__(self, db: Database, clock: Clock, settings: ExchangeSettings) -> None:
        self._db = db
        self._clock = clock
        self._settings = settings

    def register(self, jobs: Jobs) -> None:
        """Say what a worker can do."""
        jobs.every(INVITE_EVERY_S, "ticketing.invite", self.invite)

    async def invite(self) -> None:
        """Tell those who wait, event by event, and delete the lists of sales that are over."""
        async with self._db.transaction() as conn:
            event_ids = await waiting.events(conn, self._clock.now())
        for event_id in event_ids:
            async with self._db.transaction() as conn:
                sale = await load_sale(conn, event_id)
                if sale is not None:
                    await waiting.invite(conn, self._settings, sale, self._clock.now())

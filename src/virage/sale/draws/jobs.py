"""The job of draws: closes, freezes, draws, seats and charges by time, each step in small transactions."""

from collections.abc import Awaitable, Callable
from typing import Final, Literal
from uuid import UUID

from virage.money.payments import api as payments
from virage.money.payments.api import Handlers, PaymentProvider, settle_all
from virage.platform.data.database import Connection, Database
from virage.platform.data.queue import Jobs
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.sale.draws.acts import drawing, entering, paying, seating, setup, waiting
from virage.sale.draws.acts.entering import CardToForget
from virage.sale.draws.acts.setup import DrawKeys
from virage.sale.draws.rules.terms import Draw
from virage.sale.draws.store import draws as store
from virage.sale.ticketing import api as ticketing
from virage.sale.ticketing.api import IsBanned
from virage.sale.ticketing.types import OpenSale
from virage.site.programme import api as programme

EVERY_S: Final = 2.0
FIRST: Final = UUID(int=0)


class DrawJobs:
    """The job that looks after all draws; it runs in one process at a time, and may be killed at any moment."""

    def __init__(
        self,
        db: Database,
        config: Config,
        clock: Clock,
        keys: DrawKeys,
        *,
        provider: PaymentProvider,
        handlers: Handlers,
        is_banned: IsBanned,
    ) -> None:
        self._db = db
        self._clock = clock
        self._keys = keys
        self._provider = provider
        self._handlers = handlers
        self._is_banned = is_banned
        self._public_url = config.public_url

    def register(self, jobs: Jobs) -> None:
        """Say what a worker can do."""
        jobs.every_money(EVERY_S, "draws.run", self.run)
        jobs.on(entering.FORGET_JOB, CardToForget, self.forget_card)

    async def forget_card(self, card: CardToForget) -> None:
        """Forget the card of an erased entrant."""
        async with self._db.transaction() as conn:
            await entering.forget_card(conn, card, self._clock.now())

    async def run(self, db: Database) -> None:
        """Take every draw as far as it can go now."""
        async with db.connection() as conn:
            active = await store.active_draws(conn)
        for draw_id in active:
            await self.run_draw(db, draw_id)

    async def run_draw(self, db: Database, draw_id: UUID) -> None:
        """Take one draw as far as it can go now."""
        draw = await _read(db, draw_id)
        async with db.connection() as conn:
            event = await programme.event(conn, draw.event_id)
        if event is not None and event.state == "cancelled" and draw.state != "cancelled":
            await db.transact(setup.cancel_draw, draw_id, None, who=None, now=self._clock.now())
        elif draw.state == "open" and draw.closes_at <= self._clock.now():
            await self._confirm(db, draw_id)
            await db.transact(setup.close_draw, draw_id, None, who=None, now=self._clock.now())
        elif draw.state == "open":
            await self._confirm(db, draw_id)
        draw = await _read(db, draw_id)
        if draw.state == "closed" and draw.frozen_at is None:
            await self._confirm(db, draw_id)
            await drawing.freeze(db, draw_id, self._clock)
            draw = await _read(db, draw_id)
        named = draw.public_value_name is None or draw.public_value is not None
        if draw.state == "closed" and draw.frozen_at is not None and named and draw.draws_at <= self._clock.now():
            await drawing.make(db, self._keys, draw_id, None, who=None, clock=self._clock)
            draw = await _read(db, draw_id)
        if draw.state == "drawn":
            await self._carry_out(db, draw)
        if draw.state in ("drawn", "ended", "cancelled"):
            await _until_none(db, lambda conn: paying.tell_the_others(conn, draw_id, self._clock.now()))
            await _until_none(db, lambda conn: paying.forget_cards(conn, draw_id, self._clock.now()))
            async with db.transaction() as conn:
                await paying.end(conn, draw_id, self._clock.now())

    async def _confirm(self, db: Database, draw_id: UUID) -> None:
        after: UUID | None = FIRST
        while after is not None:
            async with db.transaction() as conn:
                after = await entering.confirm(conn, draw_id, after, self._clock.now())

    async def _carry_out(self, db: Database, draw: Draw) -> None:
        """Apply the results, seat and charge the winners, and offer what returns."""
        if draw.applied_at is None:
            await drawing.apply(db, draw.id, self._clock)
        await self.charge_and_follow(db, draw)
        async with db.transaction() as conn:
            await waiting.offer(conn, draw.id, self._clock.now())
        await self.seat(db, draw)
        await self.charge_and_follow(db, draw)

    async def seat(self, db: Database, draw: Draw) -> None:
        """Give all winners their seats. The sale is loaded once, and again after a conflict or a failure."""
        sale: OpenSale | None = None
        for act in (seating.seat_reviewed, seating.seat_winners):
            while True:
                async with db.connection() as conn:
                    sale = sale or await ticketing.load_sale(conn, draw.event_id)
                if sale is None:
                    return
                async with db.transaction() as conn:
                    count, conflict = await act(conn, draw.id, sale, self._is_banned, self._clock.now())
                if conflict:
                    sale = None
                if not count or act is seating.seat_reviewed:
                    break

    async def charge_and_follow(self, db: Database, draw: Draw) -> None:
        """Charge all seated winners, and settle what became of charges and orders."""
        url = f"{self._public_url}/events/{draw.event_id}/draw"
        await _until_none(db, lambda conn: paying.begin_charges(conn, draw.id, url, self._clock.now()))
        after: int | None = 0
        while after is not None:
            async with db.connection() as conn:
                charges, after = await paying.due_charges(conn, draw.id, after)
            outcomes = await payments.charge(db, self._provider, charges)
            if outcomes:
                await settle_all(db, self._clock, self._handlers, outcomes)
        states: tuple[Literal["charging", "to_pay"], ...] = ("charging", "to_pay")
        for state in states:
            after = 0
            while after is not None:
                async with db.transaction() as conn:
                    after = await paying.follow(conn, draw.id, state, after, self._clock.now())


async def _read(db: Database, draw_id: UUID) -> Draw:
    async with db.connection() as conn:
        return (await store.draws(conn, [draw_id]))[draw_id]


async def _until_none(db: Database, act: Callable[[Connection], Awaitable[int]]) -> None:
    """Run an act in one transaction after the other, until there is nothing left for it."""
    while True:
        async with db.transaction() as conn:
            if not await act(conn):
                return

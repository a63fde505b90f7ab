"""Checks of uploaded records against catalogue, law and cashier rights, outside the booking transaction.

Rules in force are cached for a second, catalogue versions for ever.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.identity.people import api as people
from virage.matchday.food.menu import api as menu
from virage.matchday.food.menu.api import Catalogues, Terms, events_by_venue, on_at, terms_at
from virage.matchday.food.menu.types import AlcoholPermit, is_version
from virage.matchday.food.till.rules.catalogue_check import clock_deviations, sale_deviations
from virage.matchday.food.till.rules.deviations import Deviation, DeviationReason
from virage.money.fiscal.types import Kind, Record
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.site.programme import api as programme
from virage.site.programme.types import Event
from virage.site.venue import api as venue
from virage.site.venue.types import Venue, owner_of

CACHE_S: Final = 1.0
LOOKBACK: Final = timedelta(days=2)
"""Age up to which cached rules apply; older records are checked with a read of their own."""


class _Rules(Struct, frozen=True):
    """Cached rules, valid between `since` and `until`."""

    in_force: str | None
    venues: tuple[Venue, ...]
    events: dict[str, tuple[Event, ...]]
    """Events by the code of their venue."""
    permits: tuple[AlcoholPermit, ...]
    since: datetime
    until: datetime
    sellers: people.Sellers
    allowed_sellers: dict[tuple[UUID, str, datetime], bool]
    """Whether a cashier was allowed to sell, by cashier, outlet and hour."""


class DeviationChecker:
    """Checks of one process, with its cache."""

    def __init__(self, db: Database, clock: Clock, catalogues: Catalogues, cache_s: float = CACHE_S) -> None:
        self._db = db
        self._clock = clock
        self._catalogues = catalogues
        self._cache_s = cache_s
        self._lock = asyncio.Lock()
        self._known: tuple[float, _Rules] | None = None

    async def deviations(self, record: Record, *, offline: bool) -> tuple[Deviation, ...]:
        """Return the deviations of a sale or refund: cashier, clock, catalogue, law.

        An online record must use the version in force, or the one of a second ago. A refund is limited by its sale,
        returned cups by their deposit. Before the first version is published nothing is checked.
        """
        if record.kind not in (Kind.SALE, Kind.REFUND):
            return ()
        known = await self._read()
        return (
            *await self._by_whom(known, record, offline=offline),
            *await self._goods(known, record, offline=offline),
        )

    async def _by_whom(self, known: _Rules, record: Record, *, offline: bool) -> Sequence[Deviation]:
        """Check the record's time, and that its cashier may sell at the outlet: at its hour if offline, else now."""
        off = clock_deviations(record.moment, self._clock.now(), offline=offline)
        if offline:
            hour = record.moment.replace(minute=0, second=0, microsecond=0)
            key = (record.cashier, record.outlet, hour)
            if key not in known.allowed_sellers:
                async with self._db.connection() as conn:
                    known.allowed_sellers[key] = await people.may_sell_at(conn, *key)
            may = known.allowed_sellers[key]
        else:
            may = known.sellers.may_sell(record.cashier, record.outlet)
        return off if may else [*off, Deviation(DeviationReason.CASHIER_NOT_HERE)]

    async def _goods(self, known: _Rules, record: Record, *, offline: bool) -> Sequence[Deviation]:
        """Check the lines against the catalogue and the law."""
        if record.kind is Kind.REFUND and record.refund_of is not None:
            return ()
        if not offline and known.in_force is not None and record.catalogue != known.in_force:
            known = await self._read(refresh=True)  # the till may have received a version before this process
        if known.in_force is None:
            return ()
        if not offline and record.catalogue != known.in_force:
            return (Deviation(DeviationReason.PRICE_CHANGED, data={"version": known.in_force}),)
        catalogue = self._catalogues.kept(record.catalogue)
        if catalogue is None and is_version(record.catalogue):
            async with self._db.connection() as conn:
                catalogue = (await self._catalogues.of(conn, [record.catalogue])).get(record.catalogue)
        if catalogue is None:
            return (Deviation(DeviationReason.CATALOGUE_UNKNOWN),)
        terms = await self._terms(known, record.outlet, record.moment)
        return sale_deviations(record, catalogue, terms.event, terms.permits)

    async def _terms(self, known: _Rules, outlet: str, moment: datetime) -> Terms:
        if known.since <= moment <= known.until:
            owner = owner_of(known.venues, outlet)
            event = None if owner is None else on_at(known.events.get(owner.code, ()), moment)
            return Terms(event, known.permits)
        async with self._db.connection() as conn:
            return await terms_at(conn, outlet, moment)

    async def _read(self, *, refresh: bool = False) -> _Rules:
        async with self._lock:
            if refresh or self._known is None or monotonic() >= self._known[0]:
                now = self._clock.now()
                since, until = now - LOOKBACK, now + LOOKBACK
                async with self._db.connection() as conn:
                    in_force = await menu.version_in_force(conn)
                    venues = await venue.venues(conn)
                    events = await events_by_venue(conn, await programme.upcoming(conn, since))
                    permits = await menu.permits_around(conn, since, until)
                    sellers = await people.sellers(conn, now)
                found = _Rules(in_force, tuple(venues), events, tuple(permits), since, until, sellers, {})
                self._known = (monotonic() + self._cache_s, found)
            return self._known[1]

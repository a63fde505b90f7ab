"""What records say, judged as they arrive: what decides is read once in a second, versions once.

Nothing of it is asked in the transaction that books.
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
from virage.matchday.food.menu.api import Catalogues, Terms, on_at, terms_at
from virage.matchday.food.menu.types import AlcoholPermit, is_version
from virage.matchday.food.till.rules.deviations import Deviation, Reason
from virage.matchday.food.till.rules.judging import judge, judge_clock
from virage.money.fiscal.types import Kind, Record
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.site.programme import api as programme
from virage.site.programme.types import Event

KEPT_S: Final = 1.0
BACK: Final = timedelta(days=2)
"""What is kept reaches so far back: a till that told of nothing for longer is judged by a read of its own."""


class _Known(Struct, frozen=True):
    """What decides between two moments."""

    in_force: str | None
    events: tuple[Event, ...]
    derogations: tuple[AlcoholPermit, ...]
    since: datetime
    until: datetime
    sellers: people.Sellers
    told_by: dict[tuple[UUID, str, datetime], bool]
    """Who might sell at an hour that has passed, by cashier, outlet and hour."""


class Judge:
    """The judge of one process."""

    def __init__(self, db: Database, clock: Clock, catalogues: Catalogues, kept_s: float = KEPT_S) -> None:
        self._db = db
        self._clock = clock
        self._catalogues = catalogues
        self._kept_s = kept_s
        self._one_at_a_time = asyncio.Lock()
        self._known: tuple[float, _Known] | None = None

    async def deviations(self, record: Record, *, told: bool) -> tuple[Deviation, ...]:
        """What a sale or a refund says otherwise than it should: by whom, when, what. An ask has the version in force.

        A refund of a sale is bounded by its sale; cups that come back by themselves, by their deposit alone.
        Before a first version is published there is nothing to judge by. A version that was in force a second ago
        is good.
        """
        if record.kind not in (Kind.SALE, Kind.REFUND):
            return ()
        known = await self._read()
        return (*await self._by_whom(known, record, told=told), *await self._goods(known, record, told=told))

    async def _by_whom(self, known: _Known, record: Record, *, told: bool) -> Sequence[Deviation]:
        """Whether it was written when it says, by somebody who may sell at its outlet at its hour; asked, now."""
        off = judge_clock(record.moment, self._clock.now(), told=told)
        if told:
            hour = record.moment.replace(minute=0, second=0, microsecond=0)
            key = (record.cashier, record.outlet, hour)
            if key not in known.told_by:
                async with self._db.connection() as conn:
                    known.told_by[key] = await people.may_sell_at(conn, *key)
            may = known.told_by[key]
        else:
            may = known.sellers.may_sell(record.cashier, record.outlet)
        return off if may else [*off, Deviation(Reason.CASHIER_NOT_HERE)]

    async def _goods(self, known: _Known, record: Record, *, told: bool) -> Sequence[Deviation]:
        """What lines say otherwise than the catalogue and the law."""
        if record.kind is Kind.REFUND and record.refund_of is not None:
            return ()
        if not told and known.in_force is not None and record.catalogue != known.in_force:
            known = await self._read(anew=True)  # the till may have heard of a version before this process
        if known.in_force is None:
            return ()
        if not told and record.catalogue != known.in_force:
            return (Deviation(Reason.PRICE_CHANGED, data={"version": known.in_force}),)
        catalogue = self._catalogues.kept(record.catalogue)
        if catalogue is None and is_version(record.catalogue):
            async with self._db.connection() as conn:
                catalogue = (await self._catalogues.of(conn, [record.catalogue])).get(record.catalogue)
        if catalogue is None:
            return (Deviation(Reason.CATALOGUE_UNKNOWN),)
        terms = await self._terms(known, record.moment)
        return judge(record, catalogue, terms.event, terms.permits)

    async def _terms(self, known: _Known, moment: datetime) -> Terms:
        if known.since <= moment <= known.until:
            return Terms(on_at(known.events, moment), known.derogations)
        async with self._db.connection() as conn:
            return await terms_at(conn, moment)

    async def _read(self, *, anew: bool = False) -> _Known:
        async with self._one_at_a_time:
            if anew or self._known is None or monotonic() >= self._known[0]:
                now = self._clock.now()
                since, until = now - BACK, now + BACK
                async with self._db.connection() as conn:
                    in_force = await menu.version_in_force(conn)
                    events = await programme.upcoming(conn, since)
                    derogations = await menu.permits_around(conn, since, until)
                    sellers = await people.sellers(conn, now)
                found = _Known(in_force, tuple(events), tuple(derogations), since, until, sellers, {})
                self._known = (monotonic() + self._kept_s, found)
            return self._known[1]

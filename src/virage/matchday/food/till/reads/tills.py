"""Packs of the tills: all that a till needs to work offline. Shared parts are cached for a few seconds."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from time import monotonic
from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from virage.identity.people import api as people
from virage.identity.people.types import RosterEntry
from virage.matchday.food.menu import api as menu
from virage.matchday.food.menu.api import Catalogues, OutletCatalogue, shown_at
from virage.matchday.food.menu.types import AlcoholPermit, zone_name
from virage.matchday.food.till.rules.limits import RefundReason, Seller, TillLimits
from virage.money.card_readers import api as card_readers
from virage.money.fiscal import api as fiscal
from virage.money.fiscal.types import Head
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal
from virage.site.programme import api as programme
from virage.site.programme.types import Event, Text
from virage.site.venue import api as venue
from virage.site.venue.types import Venue, owner_of

CACHE_S: Final = 3.0
LOOKAHEAD: Final = timedelta(hours=48)
"""Period whose events an offline till knows."""
ROSTERS_MAX: Final = 200
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class PackTill(Struct, frozen=True):
    """Identity of the till."""

    id: UUID
    name: str


class PackOutlet(Struct, frozen=True):
    """Outlet of the till with its catalogue; None before the first version is published.

    `stand` is the name of the stand, as fans see it.
    """

    code: str
    stand: str
    ring: int
    catalogue: OutletCatalogue | None


class PackEvent(Struct, frozen=True):
    """Event at the till's venue: it decides prices and alcohol from its doors until its end; of two the earlier one."""

    event_id: UUID
    organiser_id: UUID
    title: Text
    doors_at: datetime
    starts_at: datetime
    ends_at: datetime
    alcohol: bool


class PackCardReader(Struct, frozen=True):
    """Card reader whose payments the till can ask for."""

    id: UUID
    label: str


class TillPack(Struct, frozen=True, kw_only=True):
    """All that a till needs to start, sell, price, check alcohol rules and PINs, and print offline.

    `head` and `training_head` are the heads of its chains, for a till that lost its storage. `time_zone` is the IANA
    name of its venue's zone, in which it shows and prints times; absent for Europe/Paris. `card_reader` is absent for a
    till without one.
    """

    now: datetime
    till: PackTill
    outlets: tuple[PackOutlet, ...]
    events: tuple[PackEvent, ...] = field(name="evenings")
    permits: tuple[AlcoholPermit, ...] = field(name="derogations")
    roster: tuple[RosterEntry, ...]
    limits: TillLimits
    refund_reasons: tuple[RefundReason, ...]
    head: Head
    training_head: Head
    seller: Seller = field(name="house")
    time_zone: str | UnsetType = UNSET
    card_reader: PackCardReader | UnsetType = UNSET


class EncodedPack(Struct, frozen=True):
    """Pack as JSON; `tag` changes with its content, except its time and the heads of the chains."""

    tag: str
    body: bytes


class _Shared(Struct, frozen=True):
    """Content shared by all packs; events are by the code of their venue."""

    venues: tuple[Venue, ...]
    events: dict[str, tuple[Event, ...]]
    permits: tuple[AlcoholPermit, ...]
    catalogues: dict[str, OutletCatalogue]


class TillPacks:
    """Packs of one process, with a cache."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        catalogues: Catalogues,
        *,
        limits: TillLimits,
        seller: Seller,
        cache_s: float = CACHE_S,
    ) -> None:
        self._db = db
        self._clock = clock
        self._catalogues = catalogues
        self._limits = limits
        self._seller = seller
        self._cache_s = cache_s
        self._lock = asyncio.Lock()
        self._shared: tuple[float, _Shared] | None = None
        self._rosters: dict[tuple[str, ...], tuple[float, tuple[RosterEntry, ...]]] = {}

    async def of(self, till: Principal) -> EncodedPack | None:
        """Return the pack of a till; None if it is no longer paired."""
        async with self._db.connection() as conn:
            device = await people.my_device(conn, till)
            heads = {} if device is None else await fiscal.heads_of(conn, device.id)
            reader = None if device is None else await card_readers.reader_of_till(conn, device.id)
        if device is None:
            return None
        async with self._lock:
            shared = await self._read()
            ground = _venue_of(device.posts, shared.venues)
            events = shared.events.get(ground.code, ())
            roster = await self._roster(till, events)
        stands = {stand.code: stand.name for stand in ground.stands}
        own_outlets = [ground.outlet_by_code[code] for code in sorted(device.posts) if code in ground.outlet_by_code]
        content = TillPack(
            now=_NEVER,
            time_zone=zone_name(ground),
            till=PackTill(device.id, device.name),
            outlets=tuple(
                PackOutlet(outlet.code, stands[outlet.stand], outlet.ring, shared.catalogues.get(outlet.code))
                for outlet in own_outlets
            ),
            events=tuple(_pack_event(event) for event in events),
            permits=shared.permits,
            roster=roster,
            limits=self._limits,
            refund_reasons=tuple(RefundReason),
            head=Head(),
            training_head=Head(),
            seller=self._seller,
            card_reader=UNSET if reader is None else PackCardReader(reader.id, reader.label),
        )
        tag = sha256(msgspec.json.encode(content)).hexdigest()[:32]
        pack = msgspec.structs.replace(
            content,
            now=self._clock.now(),
            head=heads.get(False, Head()),
            training_head=heads.get(True, Head()),
        )
        return EncodedPack(tag, msgspec.json.encode(pack))

    async def _read(self) -> _Shared:
        if self._shared is None or monotonic() >= self._shared[0]:
            now = self._clock.now()
            async with self._db.connection() as conn:
                catalogue = await self._catalogues.in_force(conn)
                venues = await venue.venues(conn)
                soon = [event for event in await programme.upcoming(conn, now) if event.doors_at <= now + LOOKAHEAD]
                events = await menu.events_by_venue(conn, soon)
                permits = await menu.permits_around(conn, now, now + LOOKAHEAD)
            shown = {} if catalogue is None else _shown(self._shared, catalogue.version, tuple(venues))
            if catalogue is not None and not shown:
                shown = {code: shown_at(catalogue, code) for ground in venues for code in ground.outlet_by_code}
            found = _Shared(tuple(venues), events, tuple(permits), shown)
            self._shared = (monotonic() + self._cache_s, found)
        return self._shared[1]

    async def _roster(self, till: Principal, events: Sequence[Event]) -> tuple[RosterEntry, ...]:
        """Return who may sign in at tills of the same outlets."""
        key = tuple(sorted(str(grant.scope_id) for grant in till.grants))
        kept = self._rosters.get(key)
        if kept is None or monotonic() >= kept[0]:
            event_id = events[0].id if events else None
            async with self._db.connection() as conn:
                found = tuple(await people.till_roster(conn, till, event_id))
            if len(self._rosters) >= ROSTERS_MAX:
                self._rosters.clear()
            kept = self._rosters[key] = (monotonic() + self._cache_s, found)
        return kept[1]


def _venue_of(posts: Sequence[str], venues: Sequence[Venue]) -> Venue:
    """Return the venue of a till's outlets; the first venue for a till without a known outlet."""
    return next((owner for code in posts if (owner := owner_of(venues, code)) is not None), venues[0])


def _shown(kept: tuple[float, _Shared] | None, version: str, venues: tuple[Venue, ...]) -> dict[str, OutletCatalogue]:
    """Return the cached catalogues of outlets if they are of this version and of the same venues."""
    if kept is None or kept[1].venues != venues:
        return {}
    shown = kept[1].catalogues
    return shown if any(catalogue.version == version for catalogue in shown.values()) else {}


def _pack_event(event: Event) -> PackEvent:
    return PackEvent(
        event.id,
        event.organiser_id,
        event.title,
        event.doors_at,
        event.starts_at,
        event.ends_at,
        event.rules.alcohol,
    )

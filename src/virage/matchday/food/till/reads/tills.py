"""What a till needs to go on without network. What all tills share is read once in a few seconds."""

import asyncio
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from time import monotonic
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.identity.people import api as people
from virage.identity.people.types import RosterEntry
from virage.matchday.food.menu import api as menu
from virage.matchday.food.menu.api import Catalogues, OutletCatalogue, shown_at
from virage.matchday.food.menu.types import AlcoholPermit
from virage.matchday.food.till.rules.limits import House, RefundReason, TillLimits
from virage.money.fiscal import api as fiscal
from virage.money.fiscal.types import Head
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal
from virage.site.programme import api as programme
from virage.site.programme.types import Event, Text
from virage.site.venue.types import load_venue

KEPT_S: Final = 3.0
AHEAD: Final = timedelta(hours=48)
"""How far a till that loses its network today knows what is on."""
ROSTERS_MAX: Final = 200
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class PackTill(Struct, frozen=True):
    """Which till it is."""

    id: UUID
    name: str


class PackOutlet(Struct, frozen=True):
    """Where the till stands, and what is sold there; no catalogue before the first version is published.

    `stand` is what the stand is called, for a fan is told of the outlet by the same name.
    """

    code: str
    stand: str
    ring: int
    catalogue: OutletCatalogue | None


class Evening(Struct, frozen=True):
    """What is on: it counts for prices and alcohol from its doors until before its end; of two the earlier start."""

    event_id: UUID
    organiser_id: UUID
    title: Text
    doors_at: datetime
    starts_at: datetime
    ends_at: datetime
    alcohol: bool


class TillPack(Struct, frozen=True, kw_only=True):
    """All that a till needs to start, sell, price, judge alcohol, check PINs and print, alone.

    `head` and `training_head` are those of its own chains, for a till whose storage was lost.
    """

    now: datetime
    till: PackTill
    outlets: tuple[PackOutlet, ...]
    evenings: tuple[Evening, ...]
    derogations: tuple[AlcoholPermit, ...]
    roster: tuple[RosterEntry, ...]
    limits: TillLimits
    refund_reasons: tuple[RefundReason, ...]
    head: Head
    training_head: Head
    house: House


class Packed(Struct, frozen=True):
    """A pack as JSON; `tag` changes with everything in it but the time and the heads of the till's chains."""

    tag: str
    body: bytes


class _Shared(Struct, frozen=True):
    """What all packs have in common."""

    evenings: tuple[Event, ...]
    derogations: tuple[AlcoholPermit, ...]
    catalogues: dict[str, OutletCatalogue]


class TillPacks:
    """The packs of one process."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        catalogues: Catalogues,
        *,
        limits: TillLimits,
        house: House,
        kept_s: float = KEPT_S,
    ) -> None:
        self._db = db
        self._clock = clock
        self._catalogues = catalogues
        self._limits = limits
        self._house = house
        self._kept_s = kept_s
        self._one_at_a_time = asyncio.Lock()
        self._shared: tuple[float, _Shared] | None = None
        self._rosters: dict[tuple[str, ...], tuple[float, tuple[RosterEntry, ...]]] = {}

    async def of(self, till: Principal) -> Packed | None:
        """The pack of a till; None for one that is not paired any more."""
        async with self._one_at_a_time:
            shared = await self._read()
            roster = await self._roster(till, shared)
        async with self._db.connection() as conn:
            mine = await people.my_device(conn, till)
            heads = {} if mine is None else await fiscal.heads_of(conn, mine.id)
        if mine is None:
            return None
        ground = load_venue()
        places = {outlet.code: outlet for outlet in ground.outlets}
        stands = {stand.code: stand.name for stand in ground.stands}
        standing = [places[code] for code in sorted(mine.posts) if code in places]
        said = TillPack(
            now=_NEVER,
            till=PackTill(mine.id, mine.name),
            outlets=tuple(
                PackOutlet(one.code, stands[one.stand], one.ring, shared.catalogues.get(one.code)) for one in standing
            ),
            evenings=tuple(_evening(event) for event in shared.evenings),
            derogations=shared.derogations,
            roster=roster,
            limits=self._limits,
            refund_reasons=tuple(RefundReason),
            head=Head(),
            training_head=Head(),
            house=self._house,
        )
        tag = sha256(msgspec.json.encode(said)).hexdigest()[:32]
        pack = msgspec.structs.replace(
            said,
            now=self._clock.now(),
            head=heads.get(False, Head()),
            training_head=heads.get(True, Head()),
        )
        return Packed(tag, msgspec.json.encode(pack))

    async def _read(self) -> _Shared:
        if self._shared is None or monotonic() >= self._shared[0]:
            now = self._clock.now()
            async with self._db.connection() as conn:
                catalogue = await self._catalogues.in_force(conn)
                events = [one for one in await programme.upcoming(conn, now) if one.doors_at <= now + AHEAD]
                derogations = await menu.permits_around(conn, now, now + AHEAD)
            shown = {} if catalogue is None else _shown(self._shared, catalogue.version)
            if catalogue is not None and not shown:
                shown = {outlet.code: shown_at(catalogue, outlet.code) for outlet in load_venue().outlets}
            found = _Shared(tuple(events), tuple(derogations), shown)
            self._shared = (monotonic() + self._kept_s, found)
        return self._shared[1]

    async def _roster(self, till: Principal, shared: _Shared) -> tuple[RosterEntry, ...]:
        """Who may sign in at tills of the same outlets."""
        key = tuple(sorted(str(grant.scope_id) for grant in till.grants))
        kept = self._rosters.get(key)
        if kept is None or monotonic() >= kept[0]:
            event_id = shared.evenings[0].id if shared.evenings else None
            async with self._db.connection() as conn:
                found = tuple(await people.till_roster(conn, till, event_id))
            if len(self._rosters) >= ROSTERS_MAX:
                self._rosters.clear()
            kept = self._rosters[key] = (monotonic() + self._kept_s, found)
        return kept[1]


def _shown(kept: tuple[float, _Shared] | None, version: str) -> dict[str, OutletCatalogue]:
    """What outlets sell by a version, if it is the one that was read before."""
    shown = {} if kept is None else kept[1].catalogues
    return shown if any(one.version == version for one in shown.values()) else {}


def _evening(event: Event) -> Evening:
    return Evening(
        event.id,
        event.organiser_id,
        event.title,
        event.doors_at,
        event.starts_at,
        event.ends_at,
        event.rules.alcohol,
    )

"""The catalogue as tills, phones and the office see it."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.matchday.food.menu.rules.alcohol import AlcoholPermit
from virage.matchday.food.menu.rules.catalogue import (
    Catalogue,
    Deposit,
    Item,
    Menu,
    Price,
    Product,
    Window,
    content_of,
    has_outlet,
    in_order,
    version_of,
)
from virage.matchday.food.menu.rules.defects import CatalogueDefect, defects
from virage.matchday.food.menu.store import alcohol_permits as calendar
from virage.matchday.food.menu.store import catalogue as store
from virage.matchday.food.menu.store.catalogue import Publication
from virage.platform.data.database import Connection, Database
from virage.site.programme import api as programme
from virage.site.programme.types import Event
from virage.site.venue import api as venue
from virage.site.venue.types import owner_of

VERSIONS_KEPT = 16
PUBLICATIONS_MAX = 100


class WindowPrice(Struct, frozen=True):
    """Price of an item during a time window of the event."""

    window: Window
    cents: int


class OutletItem(Struct, frozen=True):
    """A product or menu at an outlet. The price of the first open window applies, otherwise `cents`."""

    item: Product | Menu
    cents: int
    prices: tuple[WindowPrice, ...]


class OutletCatalogue(Struct, frozen=True):
    """What an outlet sells by a version, in menu order, and all deposits."""

    version: str
    outlet: str
    items: tuple[OutletItem, ...]
    deposits: tuple[Deposit, ...]


class Tagged(Struct, frozen=True):
    """A JSON document with its ETag."""

    tag: str
    body: bytes


class DraftItem(Struct, frozen=True):
    """An item of the draft with its prices and revision."""

    item: Item
    prices: tuple[Price, ...]
    revision: int


class DraftView(Struct, frozen=True):
    """The draft for the office. `version` is its version if published, `in_force` the published version."""

    version: str
    in_force: str | None
    items: tuple[DraftItem, ...]
    defects: tuple[CatalogueDefect, ...]


class Terms(Struct, frozen=True):
    """The current event at an outlet's venue and all alcohol permits: they decide on alcohol and price windows."""

    event: Event | None
    permits: tuple[AlcoholPermit, ...]


class Catalogues:
    """Cache of published versions, which never change."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: dict[str, Catalogue] = {}
        self._shown: dict[tuple[str, str], Tagged] = {}

    async def of(self, conn: Connection, versions: Sequence[str]) -> dict[str, Catalogue]:
        """Return catalogues by version; unknown versions are left out."""
        missing = sorted(set(versions) - self._kept.keys())
        fresh = await store.catalogues(conn, missing) if missing else {}
        found = {version: self._kept[version] for version in set(versions) & self._kept.keys()} | fresh
        for version, catalogue in fresh.items():
            self._keep(version, catalogue)
        return found

    def kept(self, version: str) -> Catalogue | None:
        """Return a cached version, or None."""
        return self._kept.get(version)

    async def in_force(self, conn: Connection) -> Catalogue | None:
        """Return the published version; None before the first."""
        version = await store.version_in_force(conn)
        return None if version is None else (await self.of(conn, [version]))[version]

    async def shown(self, outlets: Sequence[str]) -> list[Tagged | None]:
        """Return the catalogue documents of outlets; None for an unknown outlet, or before the first version."""
        async with self._db.connection() as conn:
            catalogue, venues = await self.in_force(conn), await venue.venues(conn)
        return [
            self._document(catalogue, outlet) if catalogue is not None and has_outlet(venues, outlet) else None
            for outlet in outlets
        ]

    def _document(self, catalogue: Catalogue, outlet: str) -> Tagged:
        key = (catalogue.version, outlet)
        if key not in self._shown:
            body = msgspec.json.encode(shown_at(catalogue, outlet))
            # A newer release may encode the same version differently, so the body is part of the tag.
            self._shown[key] = Tagged(f"{catalogue.version}-{sha256(body).hexdigest()[:8]}", body)
        return self._shown[key]

    def _keep(self, version: str, catalogue: Catalogue) -> None:
        """Cache a version and evict the oldest with its documents."""
        self._kept[version] = catalogue
        while len(self._kept) > VERSIONS_KEPT:
            gone = next(iter(self._kept))
            del self._kept[gone]
            self._shown = {key: body for key, body in self._shown.items() if key[0] != gone}


def shown_at(catalogue: Catalogue, outlet: str) -> OutletCatalogue:
    """Return what an outlet sells with its prices, so that an offline till prices by the same rule (`list_price`)."""
    items = [item for item in catalogue.content.items if not isinstance(item, Deposit)]
    deposits = [item for item in catalogue.content.items if isinstance(item, Deposit)]
    shown = [_shown(item, catalogue.prices_of(item.id), outlet) for item in items if catalogue.sells(item, outlet)]
    return OutletCatalogue(catalogue.version, outlet, tuple(shown), tuple(deposits))


def _shown(item: Product | Menu, prices: Sequence[Price], outlet: str) -> OutletItem:
    """Return an item with its prices: windows of all outlets apply unless the outlet has its own standing price."""
    own = [price for price in prices if price.outlet == outlet]
    house = [price for price in prices if price.outlet is None]
    standing_here = [price.cents for price in own if price.window is None]
    cents = (standing_here or [price.cents for price in house if price.window is None])[0]
    said = own if standing_here else [*own, *house]
    windows = [WindowPrice(price.window, price.cents) for price in said if price.window is not None]
    return OutletItem(item, cents, tuple(windows))


async def draft_view(conn: Connection) -> DraftView:
    """Return the draft with its defects."""
    draft = await store.draft(conn)
    content = content_of(draft.items, draft.prices)
    return DraftView(
        version_of(content),
        await store.version_in_force(conn),
        tuple(
            DraftItem(item, content.prices.get(item.id, ()), draft.revisions[item.id]) for item in in_order(draft.items)
        ),
        tuple(defects(content)),
    )


async def publications(conn: Connection) -> list[Publication]:
    """Return the latest 100 publications."""
    return await store.publications(conn, PUBLICATIONS_MAX)


async def terms_at(conn: Connection, outlet: str, moment: datetime) -> Terms:
    """Return the event at an outlet's venue and the permits at a time, which may be past: sales are uploaded later.

    The event is a published one between its doors and its end; of two, the one that starts first.
    """
    around = await calendar.permits_around(conn, moment, moment)
    owner = owner_of(await venue.venues(conn), outlet)
    events = await events_by_venue(conn, await programme.upcoming(conn, moment))
    return Terms(None if owner is None else on_at(events.get(owner.code, ()), moment), tuple(around))


async def events_by_venue(conn: Connection, events: Sequence[Event]) -> dict[str, tuple[Event, ...]]:
    """Return events by the code of their venue, in the same order."""
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault((await venue.venue_at(conn, event.venue_version)).code, []).append(event)
    return {code: tuple(at_venue) for code, at_venue in found.items()}


def on_at(events: Sequence[Event], moment: datetime) -> Event | None:
    """Return the event at a time; `events` are those of a venue, published and sorted by their start."""
    return next((event for event in events if event.doors_at <= moment < event.ends_at), None)


async def alcohol_permits(conn: Connection, organiser_ids: Sequence[UUID] | None) -> list[AlcoholPermit]:
    """Return the permits of organisers (None: all), latest start first, 500 at most."""
    return await calendar.permits_of(conn, organiser_ids)


async def alcohol_permit(conn: Connection, permit_id: UUID) -> AlcoholPermit | None:
    """Return a permit, or None."""
    return await calendar.alcohol_permit(conn, permit_id)

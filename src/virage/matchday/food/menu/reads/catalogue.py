"""The catalogue as counters, phones and the office see it."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.matchday.food.menu.rules.alcohol import Derogation
from virage.matchday.food.menu.rules.catalogue import (
    Catalogue,
    Deposit,
    Item,
    Menu,
    Price,
    Product,
    Window,
    content_of,
    in_order,
    outlet_codes,
    version_of,
)
from virage.matchday.food.menu.rules.defects import CatalogueDefect, defects
from virage.matchday.food.menu.store import catalogue as store
from virage.matchday.food.menu.store import derogations as calendar
from virage.matchday.food.menu.store.catalogue import Publication
from virage.platform.data.database import Connection, Database
from virage.site.programme import api as programme
from virage.site.programme.types import Event

VERSIONS_KEPT = 16
PUBLICATIONS_MAX = 100


class OpenPrice(Struct, frozen=True):
    """What an item costs at the outlet while a window of the event is open."""

    window: Window
    cents: int


class Shown(Struct, frozen=True):
    """A product or menu at an outlet. `prices` of the first open window goes before `cents`, the standing price."""

    item: Product | Menu
    cents: int
    prices: tuple[OpenPrice, ...]


class OutletCatalogue(Struct, frozen=True):
    """What an outlet sells by a version, in the order of the board, and all deposits."""

    version: str
    outlet: str
    items: tuple[Shown, ...]
    deposits: tuple[Deposit, ...]


class Tagged(Struct, frozen=True):
    """A document as JSON, and what tells it from another one of its address."""

    tag: str
    body: bytes


class DraftItem(Struct, frozen=True):
    """An item of the draft, what is said of its price, and how often it was written."""

    item: Item
    prices: tuple[Price, ...]
    revision: int


class DraftView(Struct, frozen=True):
    """The draft for the office. `version` is the name that it would be published under, `in_force` what is sold now."""

    version: str
    in_force: str | None
    items: tuple[DraftItem, ...]
    defects: tuple[CatalogueDefect, ...]


class Terms(Struct, frozen=True):
    """What decides about alcohol and windows of prices at a moment: what is on, and the calendar around it."""

    event: Event | None
    derogations: tuple[Derogation, ...]


class Catalogues:
    """Published versions. One never changes, so each process keeps the last it was asked for."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: dict[str, Catalogue] = {}
        self._shown: dict[tuple[str, str], Tagged] = {}

    async def of(self, conn: Connection, versions: Sequence[str]) -> dict[str, Catalogue]:
        """Versions by their names; those that never were published are left out."""
        missing = sorted(set(versions) - self._kept.keys())
        fresh = await store.catalogues(conn, missing) if missing else {}
        found = {version: self._kept[version] for version in set(versions) & self._kept.keys()} | fresh
        for version, catalogue in fresh.items():
            self._keep(version, catalogue)
        return found

    def kept(self, version: str) -> Catalogue | None:
        """A version that this process has read, without asking anybody."""
        return self._kept.get(version)

    async def in_force(self, conn: Connection) -> Catalogue | None:
        """The version by which is sold now; None before the first."""
        version = await store.version_in_force(conn)
        return None if version is None else (await self.of(conn, [version]))[version]

    async def shown(self, outlets: Sequence[str]) -> list[Tagged | None]:
        """What each outlet sells now, for all who ask at once; None for no such outlet, or before the first version."""
        async with self._db.connection() as conn:
            catalogue = await self.in_force(conn)
        return [None if catalogue is None else self._document(catalogue, outlet) for outlet in outlets]

    def _document(self, catalogue: Catalogue, outlet: str) -> Tagged | None:
        if outlet not in outlet_codes():
            return None
        key = (catalogue.version, outlet)
        if key not in self._shown:
            body = msgspec.json.encode(shown_at(catalogue, outlet))
            # The same version is told in other words by a newer Virage, so the words count too.
            self._shown[key] = Tagged(f"{catalogue.version}-{sha256(body).hexdigest()[:8]}", body)
        return self._shown[key]

    def _keep(self, version: str, catalogue: Catalogue) -> None:
        """Keep a version, and let the oldest go with what was shown of it."""
        self._kept[version] = catalogue
        while len(self._kept) > VERSIONS_KEPT:
            gone = next(iter(self._kept))
            del self._kept[gone]
            self._shown = {key: body for key, body in self._shown.items() if key[0] != gone}


def shown_at(catalogue: Catalogue, outlet: str) -> OutletCatalogue:
    """What an outlet sells and for how much, so that a till without network prices by one rule (`list_price`)."""
    items = [item for item in catalogue.content.items if not isinstance(item, Deposit)]
    deposits = [item for item in catalogue.content.items if isinstance(item, Deposit)]
    shown = [_shown(item, catalogue.prices_of(item.id), outlet) for item in items if catalogue.sells(item, outlet)]
    return OutletCatalogue(catalogue.version, outlet, tuple(shown), tuple(deposits))


def _shown(item: Product | Menu, prices: Sequence[Price], outlet: str) -> Shown:
    """An item with the prices of its outlet: the house's windows count where the outlet has no standing price."""
    own = [price for price in prices if price.outlet == outlet]
    house = [price for price in prices if price.outlet is None]
    standing_here = [price.cents for price in own if price.window is None]
    cents = (standing_here or [price.cents for price in house if price.window is None])[0]
    said = own if standing_here else [*own, *house]
    windows = [OpenPrice(price.window, price.cents) for price in said if price.window is not None]
    return Shown(item, cents, tuple(windows))


async def draft_view(conn: Connection) -> DraftView:
    """The draft with what keeps it from being published."""
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
    """What came into force, the latest 100 first."""
    return await store.publications(conn, PUBLICATIONS_MAX)


async def terms_at(conn: Connection, moment: datetime) -> Terms:
    """What decides about a sale at a moment, also at one that has passed: a till alone sends its sales later.

    What is on is the published event between its doors and its end; of two, the one that starts first.
    """
    around = await calendar.derogations_around(conn, moment, moment)
    return Terms(on_at(await programme.upcoming(conn, moment), moment), tuple(around))


def on_at(events: Sequence[Event], moment: datetime) -> Event | None:
    """What is on at a moment of published events, which stand by their start."""
    return next((event for event in events if event.doors_at <= moment < event.ends_at), None)


async def derogations(conn: Connection, organiser_ids: Sequence[UUID] | None) -> list[Derogation]:
    """The calendar of some organisers, the latest 500 begins first; None asks for all."""
    return await calendar.derogations_of(conn, organiser_ids)


async def derogation(conn: Connection, derogation_id: UUID) -> Derogation | None:
    """One derogation."""
    return await calendar.derogation(conn, derogation_id)

"""The draft of the catalogue, its versions, and the pictures that they show."""

from collections.abc import AsyncIterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.matchday.food.menu.rules.catalogue import Catalogue, Content, Item, Price, Window, normal_prices
from virage.matchday.food.menu.store.queries import queries
from virage.platform.data.database import Connection


class Publication(Struct, frozen=True):
    """A version that came into force; numbers rise by one."""

    number: int
    id: UUID
    version: str
    published_at: datetime
    published_by: UUID | None


class Draft(Struct, frozen=True):
    """What the draft sells and costs, and how often each item was written."""

    items: list[Item]
    prices: dict[UUID, list[Price]]
    revisions: dict[UUID, int]


def _item(content: Any) -> Item:
    item: Item = msgspec.convert(content, Item)
    return item


def _price(row: Mapping[str, Any]) -> Price:
    window = None if row["from_min"] is None else Window(row["from_min"], row["until_min"])
    return Price(row["cents"], row["outlet"], window)


def _columns(prices: Sequence[Price]) -> dict[str, list[Any]]:
    return {
        "outlets": [price.outlet for price in prices],
        "from_mins": [None if price.window is None else price.window.from_min for price in prices],
        "until_mins": [None if price.window is None else price.window.until_min for price in prices],
        "cents": [price.cents for price in prices],
    }


async def _by_item(rows: AsyncIterable[Mapping[str, Any]]) -> dict[UUID, list[Price]]:
    found: dict[UUID, list[Price]] = {}
    async for row in rows:
        found.setdefault(row["item_id"], []).append(_price(row))
    return found


async def lock_draft(conn: Connection) -> None:
    """Keep the draft until the end of the transaction."""
    await queries.lock_draft(conn)


async def draft(conn: Connection) -> Draft:
    """The draft, in no order."""
    items, revisions = [], {}
    async for row in queries.draft_items(conn):
        items.append(_item(row["content"]))
        revisions[items[-1].id] = row["revision"]
    return Draft(items, await _by_item(queries.draft_prices(conn)), revisions)


async def draft_item(conn: Connection, item_id: UUID) -> tuple[Item, int] | None:
    """An item of the draft, and how often it was written."""
    row = await queries.draft_item(conn, id=item_id)
    return None if row is None else (_item(row["content"]), row["revision"])


async def stocked_products(conn: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these are products whose stock is counted."""
    return {row["id"] async for row in queries.stocked_products(conn, ids=list(ids))}


async def put_item(conn: Connection, item: Item, who: UUID | None, now: datetime) -> int:
    """Write an item of the draft; its revision."""
    return cast("int", await queries.put_item(conn, id=item.id, content=item, who=who, now=now))


async def delete_item(conn: Connection, item_id: UUID) -> bool:
    """Take an item out of the draft; whether it was there."""
    return bool(await queries.delete_item(conn, id=item_id))


async def put_prices(conn: Connection, item_id: UUID, prices: Sequence[Price]) -> None:
    """Replace what is said of an item's price."""
    await queries.clear_prices(conn, item_id=item_id)
    await queries.insert_prices(conn, item_id=item_id, **_columns(prices))


async def insert_version(conn: Connection, version: str, content: Content, now: datetime) -> None:
    """Write a version with its rows, unless it was published before."""
    if await queries.insert_version(conn, version=version, now=now) is None:
        return
    ids = [item.id for item in content.items]
    await queries.insert_version_items(conn, version=version, item_ids=ids, contents=list(content.items))
    said = [(item_id, price) for item_id, prices in content.prices.items() for price in prices]
    columns = _columns([price for _, price in said])
    await queries.insert_version_prices(conn, version=version, item_ids=[item_id for item_id, _ in said], **columns)


async def insert_publication(
    conn: Connection, publication_id: UUID, version: str, who: UUID | None, now: datetime
) -> Publication:
    """Put a version into force."""
    return Publication(*await queries.insert_publication(conn, id=publication_id, version=version, who=who, now=now))


async def publication(conn: Connection, publication_id: UUID) -> Publication | None:
    """A publication by its id."""
    row = await queries.publication(conn, id=publication_id)
    return None if row is None else Publication(*row)


async def publications(conn: Connection, most: int) -> list[Publication]:
    """What came into force, the latest first."""
    return [Publication(*row) async for row in queries.publications(conn, most=most)]


async def version_in_force(conn: Connection) -> str | None:
    """The version that came into force last; None before the first."""
    return cast("str | None", await queries.version_in_force(conn))


async def catalogues(conn: Connection, versions: Sequence[str]) -> dict[str, Catalogue]:
    """Published versions by their names; those that never were are left out."""
    wanted = list(versions)
    known = [row["version"] async for row in queries.known_versions(conn, versions=wanted)]
    items: dict[str, list[Item]] = {version: [] for version in known}
    prices: dict[str, dict[UUID, list[Price]]] = {version: {} for version in known}
    async for row in queries.version_items(conn, versions=known):
        items[row["version"]].append(_item(row["content"]))
    async for row in queries.version_prices(conn, versions=known):
        prices[row["version"]].setdefault(row["item_id"], []).append(_price(row))
    return {
        version: Catalogue(
            version, Content(tuple(items[version]), {key: normal_prices(said) for key, said in prices[version].items()})
        )
        for version in known
    }


async def insert_picture(conn: Connection, name: str, who: UUID | None, now: datetime) -> bool:
    """Note a picture that was stored; whether it is new."""
    return await queries.insert_picture(conn, name=name, who=who, now=now) is not None


async def knows_picture(conn: Connection, name: str) -> bool:
    """Whether a picture was stored."""
    return bool(await queries.knows_picture(conn, name=name))

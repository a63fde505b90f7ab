"""The doors of the catalogue: what an outlet sells, for everybody; and the draft, for those who write it."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.matchday.food.menu.acts import catalogue as acts
from virage.matchday.food.menu.acts.pictures import Pictures, media_type
from virage.matchday.food.menu.reads import catalogue as reads
from virage.matchday.food.menu.reads.catalogue import Catalogues, DraftView, OutletCatalogue, Tagged
from virage.matchday.food.menu.routes.roles import PRICERS, WRITERS
from virage.matchday.food.menu.rules.catalogue import PRICES_MAX, Content, Item, Price, Version, is_version
from virage.matchday.food.menu.rules.pictures import BYTES_MAX, NAME
from virage.matchday.food.menu.store.catalogue import Publication
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import invalid_input
from virage.platform.web.caching import FOR_EVER
from virage.platform.web.guard import Principal, fresh, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Request, Response, delete, get, mount, post, put
from virage.platform.web.scopes import over_the_house

OTHER_ID = invalid_input("item.id", "It is another item than the address names.")

CatalogueBoard = Batcher[str, Tagged | None]


class ItemWish(Struct, frozen=True, forbid_unknown_fields=True):
    """An item as it shall be; with `revision`, only if nobody wrote it since that one (0: only if it is new)."""

    item: Item
    revision: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None


class ItemWritten(Struct, frozen=True):
    """How often the item was written by now."""

    revision: int


class PricesWish(Struct, frozen=True, forbid_unknown_fields=True):
    """All that is said of an item's price."""

    prices: Annotated[list[Price], Meta(max_length=PRICES_MAX)]


class PublicationWish(Struct, frozen=True, forbid_unknown_fields=True):
    """Put the draft into force that was looked at. The asker makes `id`: sent twice, it is one publication."""

    id: UUID
    version: Version


class PictureName(Struct, frozen=True):
    """Under which name an item shows a picture that was uploaded."""

    picture: str


@get(
    "/catalogue/{outlet:str}",
    public=True,
    answer=Described(OutletCatalogue, description="What the outlet sells"),
)
async def get_catalogue(request: Request, outlet: str, catalogue_board: CatalogueBoard) -> Response[bytes]:
    """What an outlet sells by the version in force, with its prices, in every language. Its ETag is the version's."""
    found = await catalogue_board.submit(outlet)
    if found is None:
        raise Problem("not_found", {"outlet": outlet})
    headers = {"etag": f'"{found.tag}"', "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == f'"{found.tag}"':
        return Response(b"", status_code=304, headers=headers)
    return Response(found.body, media_type="application/json", headers=headers)


@get(
    "/pictures/{name:str}",
    public=True,
    answer=Described(bytes, description="The picture", media_type="image/webp"),
)
async def get_picture(name: str, pictures: Pictures) -> Response[bytes]:
    """A picture by the name that an item shows. It never changes, so it is kept for ever."""
    found = await pictures.get(name) if NAME.fullmatch(name) else None
    if found is None:
        raise Problem("not_found")
    return Response(found, media_type=media_type(name), headers={"cache-control": FOR_EVER})


@get("/draft", guards=[staff(*PRICERS)])
async def get_draft(db: Database, principal: Principal) -> DraftView:
    """The draft of the catalogue, and what keeps it from being published."""
    over_the_house(principal, PRICERS)
    async with db.connection() as conn:
        return await reads.draft_view(conn)


@put("/items/{item_id:uuid}", guards=[staff(*WRITERS)])
async def put_item(item_id: UUID, data: ItemWish, db: Database, clock: Clock, principal: Principal) -> ItemWritten:
    """Write a product, menu or deposit of the draft. The id is the caller's: the same again is the same item."""
    over_the_house(principal, WRITERS)
    if data.item.id != item_id:
        granted(OTHER_ID)
    outcome = await db.transact(acts.put_item, data.item, principal.id, clock.now(), revision=data.revision)
    return ItemWritten(granted(outcome))


@delete("/items/{item_id:uuid}", status_code=204, guards=[staff(*WRITERS)])
async def delete_item(item_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Take an item out of the draft. What was published stays."""
    over_the_house(principal, WRITERS)
    granted(await db.transact(acts.remove_item, item_id, principal.id, clock.now()))


@put("/items/{item_id:uuid}/prices", guards=[staff(*PRICERS)])
async def put_item_prices(
    item_id: UUID, data: PricesWish, db: Database, clock: Clock, principal: Principal
) -> list[Price]:
    """Say what an item of the draft costs: all of it each time. Needs a sign-in of the last 15 minutes."""
    over_the_house(principal, PRICERS)
    fresh(principal, clock.now())
    return list(granted(await db.transact(acts.set_prices, item_id, data.prices, principal.id, clock.now())))


@post("/publications", status_code=200, guards=[staff(*PRICERS)])
async def publish_catalogue(data: PublicationWish, db: Database, clock: Clock, principal: Principal) -> Publication:
    """Put the draft into force. Refused as `catalogue_incomplete` with its defects, and as `changed_meanwhile`.

    Needs a sign-in of the last 15 minutes.
    """
    over_the_house(principal, PRICERS)
    fresh(principal, clock.now())
    return granted(await db.transact(acts.publish, data.id, data.version, principal.id, clock.now()))


@get("/publications", guards=[staff(*PRICERS)])
async def list_publications(db: Database, principal: Principal) -> list[Publication]:
    """What came into force, the latest 100 first."""
    over_the_house(principal, PRICERS)
    async with db.connection() as conn:
        return await reads.publications(conn)


@get("/versions/{version:str}", guards=[staff(*PRICERS)])
async def get_version(version: str, db: Database, catalogues: Catalogues, principal: Principal) -> Content:
    """All of a published version: by it, a sale that names it is explained."""
    over_the_house(principal, PRICERS)
    if not is_version(version):
        raise Problem("not_found")
    async with db.connection() as conn:
        found = (await catalogues.of(conn, [version])).get(version)
    if found is None:
        raise Problem("not_found")
    return found.content


@post("/pictures", status_code=200, guards=[staff(*WRITERS)], body_bytes_max=BYTES_MAX)
async def upload_picture(
    request: Request, db: Database, clock: Clock, pictures: Pictures, principal: Principal
) -> PictureName:
    """Store a picture, the body: JPEG, PNG or WebP, 300 kB and 2,000 pixels a side at most. Its metadata is removed."""
    over_the_house(principal, WRITERS)
    name = granted(await pictures.keep(await request.body()))
    async with db.transaction() as conn:
        await acts.note_picture(conn, name, principal.id, clock.now())
    return PictureName(name)


public_router = mount("/api/concessions", [get_catalogue, get_picture])
office_router = mount(
    "/api/office/concessions",
    [
        get_draft,
        put_item,
        delete_item,
        put_item_prices,
        publish_catalogue,
        list_publications,
        get_version,
        upload_picture,
    ],
)

"""Routes of the catalogue: what an outlet sells (public), and its draft."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.matchday.food.menu.acts import catalogue as acts
from virage.matchday.food.menu.acts.pictures import Pictures, media_type
from virage.matchday.food.menu.reads import catalogue as reads
from virage.matchday.food.menu.reads.catalogue import Catalogues, DraftView, OutletCatalogue, Tagged
from virage.matchday.food.menu.routes.roles import CATALOGUE_EDITORS, PRICE_EDITORS
from virage.matchday.food.menu.rules.catalogue import PRICES_MAX, Content, Item, Price, Version, is_version
from virage.matchday.food.menu.rules.pictures import BYTES_MAX, NAME
from virage.matchday.food.menu.store.catalogue import Publication
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import invalid_input
from virage.platform.web.caching import FOR_EVER
from virage.platform.web.guard import Principal, fresh, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Request, Response, delete, get, mount, post, put
from virage.platform.web.scopes import over_the_house

OTHER_ID = invalid_input("item.id", "The id differs from the one in the path.")

CatalogueBoard = Batcher[str, Tagged | None]


class ItemUpdate(Struct, frozen=True, forbid_unknown_fields=True):
    """An item to store. With `revision`, only if that is the current one (0: only if the item is new)."""

    item: Item
    revision: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None


class ItemRevision(Struct, frozen=True):
    """Current revision of an item."""

    revision: int


class ItemPricesUpdate(Struct, frozen=True, forbid_unknown_fields=True):
    """All prices of an item."""

    prices: Annotated[list[Price], Meta(max_length=PRICES_MAX)]


class PublicationRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Publish the draft with this version. The client makes `id`; a repeated request is one publication."""

    id: UUID
    version: Version


class PictureName(Struct, frozen=True):
    """Name of an uploaded picture."""

    picture: str


@get(
    "/catalogue/{outlet:str}",
    public=True,
    answer=Described(OutletCatalogue, description="What the outlet sells"),
)
async def get_catalogue(request: Request, outlet: str, catalogue_board: CatalogueBoard) -> Response[bytes]:
    """Return what an outlet sells, with prices, in all languages. The ETag changes with the published version."""
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
    """Return a picture by name. Pictures are immutable and cached forever."""
    found = await pictures.get(name) if NAME.fullmatch(name) else None
    if found is None:
        raise Problem("not_found")
    return Response(found, media_type=media_type(name), headers={"cache-control": FOR_EVER})


@get("/draft", guards=[staff(*PRICE_EDITORS)])
async def get_draft(db: Database, principal: Principal) -> DraftView:
    """Return the draft of the catalogue and its defects."""
    over_the_house(principal, PRICE_EDITORS)
    async with db.connection() as conn:
        return await reads.draft_view(conn)


@put("/items/{item_id:uuid}", guards=[staff(*CATALOGUE_EDITORS)])
async def put_item(
    item_id: UUID, data: ItemUpdate, *, db: Database, clock: Clock, principal: Principal, config: Config
) -> ItemRevision:
    """Store a product, menu or deposit of the draft. The client makes the id."""
    over_the_house(principal, CATALOGUE_EDITORS)
    if data.item.id != item_id:
        granted(OTHER_ID)
    outcome = await db.transact(
        acts.put_item, data.item, principal.id, clock.now(), revision=data.revision, languages=config.languages
    )
    return ItemRevision(granted(outcome))


@delete("/items/{item_id:uuid}", status_code=204, guards=[staff(*CATALOGUE_EDITORS)])
async def delete_item(item_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Remove an item from the draft. Published versions keep it."""
    over_the_house(principal, CATALOGUE_EDITORS)
    granted(await db.transact(acts.remove_item, item_id, principal.id, clock.now()))


@put("/items/{item_id:uuid}/prices", guards=[staff(*PRICE_EDITORS)])
async def put_item_prices(
    item_id: UUID, data: ItemPricesUpdate, db: Database, clock: Clock, principal: Principal
) -> list[Price]:
    """Replace the prices of an item of the draft. Needs a sign-in of the last 15 minutes."""
    over_the_house(principal, PRICE_EDITORS)
    fresh(principal, clock.now())
    return list(granted(await db.transact(acts.set_prices, item_id, data.prices, principal.id, clock.now())))


@post("/publications", status_code=200, guards=[staff(*PRICE_EDITORS)])
async def publish_catalogue(data: PublicationRequest, db: Database, clock: Clock, principal: Principal) -> Publication:
    """Publish the draft. Refused as `catalogue_incomplete` with its defects, and as `changed_meanwhile`.

    Needs a sign-in of the last 15 minutes.
    """
    over_the_house(principal, PRICE_EDITORS)
    fresh(principal, clock.now())
    return granted(await db.transact(acts.publish, data.id, data.version, principal.id, clock.now()))


@get("/publications", guards=[staff(*PRICE_EDITORS)])
async def list_publications(db: Database, principal: Principal) -> list[Publication]:
    """Return the latest 100 publications."""
    over_the_house(principal, PRICE_EDITORS)
    async with db.connection() as conn:
        return await reads.publications(conn)


@get("/versions/{version:str}", guards=[staff(*PRICE_EDITORS)])
async def get_version(version: str, db: Database, catalogues: Catalogues, principal: Principal) -> Content:
    """Return the content of a published version, which explains the prices of a sale."""
    over_the_house(principal, PRICE_EDITORS)
    if not is_version(version):
        raise Problem("not_found")
    async with db.connection() as conn:
        found = (await catalogues.of(conn, [version])).get(version)
    if found is None:
        raise Problem("not_found")
    return found.content


@post("/pictures", status_code=200, guards=[staff(*CATALOGUE_EDITORS)], body_bytes_max=BYTES_MAX)
async def upload_picture(
    request: Request, db: Database, clock: Clock, pictures: Pictures, principal: Principal
) -> PictureName:
    """Store a picture, the body: JPEG, PNG or WebP, 300 kB and 2,000 pixels a side at most. Its metadata is removed."""
    over_the_house(principal, CATALOGUE_EDITORS)
    name = granted(await pictures.keep(await request.body()))
    async with db.transaction() as conn:
        await acts.note_picture(conn, name, principal.id, clock.now())
    return PictureName(name)


public_router = mount("/api/food", [get_catalogue])
picture_router = mount("/api/concessions", [get_picture])  # paired tills load pictures from this path
office_router = mount(
    "/api/office/food",
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

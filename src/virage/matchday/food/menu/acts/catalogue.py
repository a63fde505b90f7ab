"""Edit the draft item by item, and publish it as a whole. `who` is the person or API client, None for the system."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from virage.matchday.food.menu.rules.catalogue import (
    Deposit,
    Item,
    Price,
    content_of,
    normal,
    normal_prices,
    outlet_codes,
    version_of,
)
from virage.matchday.food.menu.rules.defects import check_item, check_prices, defects
from virage.matchday.food.menu.store import catalogue as store
from virage.matchday.food.menu.store.catalogue import Publication
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused, invalid_input
from virage.site.venue import api as venue

NO_PICTURE = invalid_input("picture", "There is no such picture: it is uploaded first.")
NO_PRICE = invalid_input("prices", "A deposit carries its own price, at every outlet the same.")


class Reason(StrEnum):
    """Reasons for refusing a change of the catalogue."""

    NOT_FOUND = "not_found"
    CHANGED = "changed_meanwhile"
    ID_TAKEN = "id_taken"
    INCOMPLETE = "catalogue_incomplete"


async def put_item(
    conn: Connection,
    item: Item,
    who: UUID | None,
    now: datetime,
    *,
    revision: int | None = None,
    languages: Sequence[str] = (),
) -> int | Refused:
    """Insert or update an item of the draft. Return its revision, from 1.

    With `revision`, only if it was not changed since (0: only if it is new). Storing the same content again changes
    nothing. Tills get it after the next publication. Its texts must stand in all `languages`.
    """
    refusal = check_item(item, outlet_codes(await venue.venues(conn)), languages)
    if refusal is not None:
        return refusal
    if not isinstance(item, Deposit) and item.picture is not None and not await store.knows_picture(conn, item.picture):
        return NO_PICTURE
    await store.lock_draft(conn)
    wanted = normal(item)
    known, written = await store.draft_item(conn, item.id) or (None, 0)
    if known == wanted:
        return written
    if revision is not None and revision != written:
        return Refused(Reason.CHANGED, {"revision": written})
    written = await store.put_item(conn, wanted, who, now)
    await append(conn, [Fact("item_changed", who, item.id, {"revision": written})], now)
    return written


async def remove_item(conn: Connection, item_id: UUID, who: UUID | None, now: datetime) -> Refused | None:
    """Take an item and its prices out of the draft. Versions that sell it stay as they are."""
    await store.lock_draft(conn)
    if not await store.delete_item(conn, item_id):
        return Refused(Reason.NOT_FOUND)
    await append(conn, [Fact("item_removed", who, item_id)], now)
    return None


async def set_prices(
    conn: Connection, item_id: UUID, prices: Sequence[Price], who: UUID | None, now: datetime
) -> tuple[Price, ...] | Refused:
    """Replace all that is said of the price of an item of the draft; prices in one order."""
    refusal = check_prices(prices, outlet_codes(await venue.venues(conn)))
    if refusal is not None:
        return refusal
    await store.lock_draft(conn)
    found = await store.draft_item(conn, item_id)
    if found is None:
        return Refused(Reason.NOT_FOUND)
    if isinstance(found[0], Deposit):
        return NO_PRICE
    said = normal_prices(prices)
    await store.put_prices(conn, item_id, said)
    await append(conn, [Fact("prices_changed", who, item_id, {"prices": len(said)})], now)
    return said


async def publish(
    conn: Connection, publication_id: UUID, version: str, who: UUID | None, now: datetime
) -> Publication | Refused:
    """Put the draft into force as it was looked at: `version` is the name that its content has.

    Refused as `changed_meanwhile` if it has another one by now, and as `catalogue_incomplete` with its defects. The
    version and its rows are written once and never change. The same id again answers the same publication.
    """
    await store.lock_draft(conn)
    known = await store.publication(conn, publication_id)
    if known is not None:
        return known if known.version == version else Refused(Reason.ID_TAKEN)
    draft = await store.draft(conn)
    content = content_of(draft.items, draft.prices)
    if version_of(content) != version:
        return Refused(Reason.CHANGED, {"version": version_of(content)})
    wrong = defects(content)
    if wrong:
        return Refused(Reason.INCOMPLETE, {"defects": wrong})
    await store.insert_version(conn, version, content, now)
    made = await store.insert_publication(conn, publication_id, version, who, now)
    fact = Fact("catalogue_published", who, publication_id, {"number": made.number, "version": version})
    await append(conn, [fact], now)
    return made


async def note_picture(conn: Connection, name: str, who: UUID | None, now: datetime) -> None:
    """Know a picture that stands in the object store, so that items may show it; its fact names half of its hash."""
    if await store.insert_picture(conn, name, who, now):
        await append(conn, [Fact("picture_added", who, UUID(name[:32]))], now)

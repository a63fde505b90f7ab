"""Routes of messages: sending them, reading them as phones, screens and programs do, and confirming them."""

from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Meta, Struct

from virage.control.safety.acts import broadcasts as acts
from virage.control.safety.reads import broadcasts as reads
from virage.control.safety.reads.broadcasts import BroadcastView, ScreenText, SentView
from virage.control.safety.receipts import Receipts
from virage.control.safety.routes.access import ROLE, event_of
from virage.control.safety.rules.broadcasts import BroadcastRequest
from virage.control.safety.rules.cap import ATOM_TYPE, CAP_TYPE, CapMessage, atom_feed, cap_document
from virage.control.safety.store.broadcasts import Receipt
from virage.identity.keys.types import KeyVault
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, require_fan, signed_in, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Response, get, post
from virage.site.programme.types import Event
from virage.site.venue import api as venues
from virage.site.venue.types import Venue

PUBLIC = "/api/broadcasts"
RESTRICTED = "/api/control/broadcasts"
SHORT = {"cache-control": "public, max-age=1"}
PRIVATE = {"cache-control": "no-store"}
FEED = Described(bytes, "Atom feed (RFC 4287) of CAP 1.2 documents", ATOM_TYPE)
DOCUMENT = Described(bytes, "CAP 1.2 document", CAP_TYPE)


class ReceiptRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A phone has shown a message and its reader has closed it. `place` is the block or standing area of the ticket."""

    place: Annotated[str, Meta(max_length=60)] | None = None


@get("/events/{event_id:uuid}/broadcasts", guards=[staff(ROLE)])
async def list_sent_broadcasts(event_id: UUID, *, db: Database, principal: Principal) -> list[SentView]:
    """Return the messages of an event with their receipts, at most 200, the latest first."""
    await event_of(db, event_id, principal)
    async with db.connection() as conn:
        return await reads.sent(conn, event_id)


@post("/events/{event_id:uuid}/broadcasts", status_code=200, guards=[staff(ROLE)])
async def send_broadcast(
    event_id: UUID, data: BroadcastRequest, *, db: Database, clock: Clock, vault: KeyVault, principal: Principal
) -> list[SentView]:
    """Send, update or cancel a message; return all of the event. A repeated request is one message.

    Refusals: `place_unknown`, `exercise_for_staff_only`, `broadcast_replaced`, `broadcast_id_taken`.
    """
    who = require_fan(principal)
    event = await event_of(db, event_id, principal)
    async with db.connection() as conn:
        venue = await venues.venue_at(conn, event.venue_version)
    granted(await db.transact(acts.send, venue, event_id, data, vault=vault, who=who, now=clock.now()))
    async with db.connection() as conn:
        return await reads.sent(conn, event_id)


@get("/{event_id:uuid}", public=True)
async def list_broadcasts(
    event_id: UUID, *, db: Database, clock: Clock, place: Annotated[str, Meta(max_length=60)] | None = None
) -> list[BroadcastView]:
    """Return the valid messages for the fans of a block or standing area, or for phones without a ticket."""
    async with db.connection() as conn:
        event, venue = await _public(conn, event_id)
        return await reads.for_place(conn, event, venue, place, clock.now())


@get("/{event_id:uuid}/staff", guards=[signed_in])
async def list_staff_broadcasts(
    event_id: UUID, *, db: Database, clock: Clock, principal: Principal
) -> list[BroadcastView]:
    """Return the valid messages for the caller's groups of the staff, an empty list without such a role."""
    async with db.connection() as conn:
        event, venue = await _public(conn, event_id)
        return await reads.for_staff(conn, event, venue, principal, clock.now())


@get("/{event_id:uuid}/screens", public=True)
async def list_screen_texts(event_id: UUID, *, db: Database, clock: Clock) -> list[ScreenText]:
    """Return what big screens show and speakers read out now."""
    async with db.connection() as conn:
        event, _ = await _public(conn, event_id)
        return await reads.on_screens(conn, event, clock.now())


@post("/{broadcast_id:uuid}/receipts", status_code=204, guards=[signed_in])
async def confirm_broadcast(
    broadcast_id: UUID, data: ReceiptRequest, *, receipts: Receipts, principal: Principal
) -> None:
    """Confirm a message; each account counts once. Unknown messages and those to the staff are ignored."""
    person_id = require_fan(principal)
    receiver = acts.receiver_of(broadcast_id, person_id)
    await receipts.confirm(Receipt(broadcast_id, receiver, data.place or ""))


@get("/feed.atom", public=True, answer=FEED)
async def get_public_feed(*, db: Database, clock: Clock, config: Config) -> Response[bytes]:
    """Return the feed of messages to fans that are meant (status Actual, scope Public), the latest 50."""
    async with db.connection() as conn:
        found = await reads.cap_messages(conn, is_public=True)
    address = config.public_url + PUBLIC
    feed = atom_feed(found, address, f"Virage, {_host(config)}", clock.now())
    return Response(feed, media_type=ATOM_TYPE, headers=SHORT)


@get("/{broadcast_id:uuid}/cap.xml", public=True, answer=DOCUMENT)
async def get_public_document(broadcast_id: UUID, *, db: Database, config: Config) -> Response[bytes]:
    """Return a message to fans as CAP 1.2."""
    return await _document(db, broadcast_id, config, is_public=True)


@get("/broadcasts/feed.atom", guards=[staff(ROLE)], answer=FEED)
async def get_restricted_feed(*, db: Database, clock: Clock, config: Config, principal: Principal) -> Response[bytes]:
    """Return the feed of exercises, tests and messages to the staff (scope Restricted), of the caller's events."""
    async with db.connection() as conn:
        found = [
            one
            for one in await reads.cap_messages(conn, is_public=False)
            if await reads.may_read(conn, one.broadcast, principal)
        ]
    feed = atom_feed(found, config.public_url + RESTRICTED, f"Virage, {_host(config)}, restricted", clock.now())
    return Response(feed, media_type=ATOM_TYPE, headers=PRIVATE)


@get("/broadcasts/{broadcast_id:uuid}/cap.xml", guards=[staff(ROLE)], answer=DOCUMENT)
async def get_restricted_document(
    broadcast_id: UUID, *, db: Database, config: Config, principal: Principal
) -> Response[bytes]:
    """Return an exercise, a test or a message to the staff as CAP 1.2."""
    async with db.connection() as conn:
        found = await reads.broadcast(conn, broadcast_id)
    if found is None:
        raise Problem("not_found")
    await event_of(db, found.event_id, principal)
    return await _document(db, broadcast_id, config, is_public=False)


async def _document(db: Database, broadcast_id: UUID, config: Config, *, is_public: bool) -> Response[bytes]:
    message: CapMessage | None = None
    async with db.connection() as conn:
        found = await reads.broadcast(conn, broadcast_id)
        if found is not None and found.is_public == is_public:
            message = await reads.cap_message(conn, found)
    if message is None:
        raise Problem("not_found")
    document = cap_document(message, _host(config), message.area)
    return Response(document, media_type=CAP_TYPE, headers=SHORT if is_public else PRIVATE)


async def _public(conn: Connection, event_id: UUID) -> tuple[Event, Venue]:
    found = await reads.event_and_venue(conn, event_id)
    if found is None:
        raise Problem("not_found")
    return found


def _host(config: Config) -> str:
    return urlsplit(config.public_url).hostname or "localhost"

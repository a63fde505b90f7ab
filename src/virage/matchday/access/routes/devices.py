"""Routes of the devices at the gates."""

import gzip
from base64 import b64encode
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from virage.identity.keys.api import sign_document
from virage.identity.keys.types import KeyVault
from virage.matchday.access.acts.devices import record_heartbeat
from virage.matchday.access.reads.changes import GateChanges, PackChanges
from virage.matchday.access.reads.holders import HolderMatch, find
from virage.matchday.access.reads.packs import Packs
from virage.matchday.access.routes.scan_service import ScanService
from virage.matchday.access.rules.active import is_active
from virage.matchday.access.rules.heartbeats import Heartbeat
from virage.matchday.access.rules.pack import PACK_PURPOSE, SignedPack
from virage.matchday.access.rules.scans import SCAN_CHARS_MAX, SCANS_MAX, ScanAnswer, ScanUpload
from virage.matchday.access.rules.venue_state import gates_of, is_at
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.jwk import base64url
from virage.platform.values.refusals import invalid_input
from virage.platform.web.guard import Principal, device_at
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Request, Response, get, mount, post
from virage.platform.web.static import takes_gzip
from virage.site.programme import api as programme
from virage.site.programme.types import Text
from virage.site.venue.api import venue_at
from virage.site.venue.api import venues as venues_of
from virage.site.venue.types import owner_of

AT_GATE = device_at("gate")
QUERY_CHARS_MIN = 3
ENVELOPE_BYTES = 200
"""Size of a scan in an upload besides its body: signature and member names."""


Version = (
    Annotated[str, Meta(max_length=50, description="The version that the device is at: the pack is no older")] | None
)


class ScanAnswers(Struct, frozen=True):
    """One answer per scan, in order; `now` is the server's clock, by which a device corrects its own."""

    now: datetime
    answers: list[ScanAnswer]


class DeviceEvent(Struct, frozen=True):
    """An event at which a device may work."""

    id: UUID
    title: Text
    starts_at: datetime
    venue: str


class DeviceEvents(Struct, frozen=True):
    """The events of a device; `now` is the server's clock."""

    now: datetime
    events: list[DeviceEvent]


class HeartbeatAnswer(Struct, frozen=True):
    """The answer to a heartbeat."""

    now: datetime
    changes: PackChanges


@post(
    "/scans",
    status_code=200,
    guards=[AT_GATE],
    rate="gate",
    body_bytes_max=SCANS_MAX * (SCAN_CHARS_MAX + ENVELOPE_BYTES),
)
async def post_scans(data: ScanUpload, gate_desk: ScanService, clock: Clock, principal: Principal) -> ScanAnswers:
    """Upload scans signed by the device. A repeated scan gets its first answer and has no second effect."""
    answers = await gate_desk.take(principal, data.scans)
    return ScanAnswers(clock.now(), answers)


@post("/heartbeat", status_code=200, guards=[AT_GATE], rate="gate")
async def post_heartbeat(
    data: Heartbeat,
    *,
    db: Database,
    gate_desk: ScanService,
    gate_news: GateChanges,
    clock: Clock,
    principal: Principal,
) -> HeartbeatAnswer:
    """Report the state of the device and receive changes since the version of its pack.

    403 at a gate where the device does not work: it was moved, and gets its events from `/api/access/events`.
    """
    venue = await gate_desk.venue(data.event_id)
    if principal.id is None or venue is None or not is_at(principal, venue, data.gate):
        raise Problem("forbidden", {"gate": data.gate})
    now = clock.now()
    granted(await db.transact(record_heartbeat, principal.id, data, now))
    changes = await gate_news.since(data.event_id, data.version, venue, gates_of(principal, venue))
    return HeartbeatAnswer(now, changes)


@get("/events", guards=[AT_GATE])
async def list_device_events(db: Database, clock: Clock, principal: Principal) -> DeviceEvents:
    """List the published events at the venue of the device that are not over, by start."""
    now = clock.now()
    async with db.connection() as conn:
        venues = await venues_of(conn)
        posts = [str(grant.scope_id) for grant in principal.grants]
        mine = {found.code for found in (owner_of(venues, post) for post in posts) if found is not None}
        listed = [(event, await venue_at(conn, event.venue_version)) for event in await programme.upcoming(conn, now)]
    return DeviceEvents(
        now,
        [
            DeviceEvent(event.id, event.title, event.starts_at, venue.name)
            for event, venue in listed
            if venue.code in mine
        ],
    )


@get(
    "/pack/{event_id:uuid}",
    guards=[AT_GATE],
    answer=Described(SignedPack, description="The pack of this device, signed by the event's key"),
)
async def get_pack(
    request: Request,
    event_id: UUID,
    *,
    db: Database,
    gate_packs: Packs,
    vault: KeyVault,
    clock: Clock,
    principal: Principal,
    since: Version = None,
) -> Response[bytes]:
    """Get the pack with which the device decides offline.

    404 for an event that is not active, and for one at another venue than the device.
    """
    pack = await gate_packs.of(event_id, principal, since)
    if pack is None:
        raise Problem("not_found")
    body = msgspec.json.encode(pack)
    async with db.transaction() as conn:
        kid, signature = await sign_document(conn, vault, event_id, PACK_PURPOSE + body, clock.now())
    sealed = msgspec.json.encode(SignedPack(b64encode(body).decode(), base64url(kid), base64url(signature)))
    headers = {"cache-control": "no-store", "vary": "accept-encoding"}
    if takes_gzip(request.headers.get("accept-encoding", "")):
        headers["content-encoding"] = "gzip"
        sealed = gzip.compress(sealed, 6, mtime=0)
    return Response(sealed, media_type="application/json", headers=headers)


Wanted = Annotated[
    str, Meta(min_length=QUERY_CHARS_MIN, max_length=100, description="A name, an address or an order code")
]


@get("/holders/{event_id:uuid}", guards=[AT_GATE], rate="costly")
async def find_holders(
    event_id: UUID, q: Wanted, db: Database, clock: Clock, principal: Principal
) -> list[HolderMatch]:
    """Find passes of a person without a phone; the steward checks their ID.

    Only while the event is active, and only passes of the device's gates. 404 for any other event.
    """
    wanted = " ".join(q.split())
    if len(wanted) < QUERY_CHARS_MIN:
        granted(invalid_input("q", "Three letters at least."))
    async with db.connection() as conn:
        event = await programme.event(conn, event_id)
        if event is None or event.state != "published" or not is_active(event, clock.now()):
            raise Problem("not_found")
        venue = await venue_at(conn, event.venue_version)
        return await find(conn, event_id, venue, gates_of(principal, venue), wanted)


router = mount("/api/access", [post_scans, post_heartbeat, list_device_events, get_pack, find_holders])

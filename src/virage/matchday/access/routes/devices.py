"""The doors of the devices at the gates."""

import gzip
from base64 import b64encode
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from virage.identity.keys.api import sign_document
from virage.identity.keys.types import KeyVault
from virage.matchday.access.acts.devices import hear
from virage.matchday.access.reads.holders import Found, find
from virage.matchday.access.reads.news import Changes, GateNews
from virage.matchday.access.reads.packs import Packs
from virage.matchday.access.routes.desk import GateDesk, is_at
from virage.matchday.access.rules.ground import gates
from virage.matchday.access.rules.on import is_on
from virage.matchday.access.rules.pack import PACK_PURPOSE, SealedPack
from virage.matchday.access.rules.scans import SCAN_CHARS_MAX, SCANS_MAX, Answer, Upload
from virage.matchday.access.rules.states import Heartbeat
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.jwk import base64url
from virage.platform.values.refusals import invalid_input
from virage.platform.web.guard import Principal, device_at
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Request, Response, get, mount, post
from virage.platform.web.static import takes_gzip
from virage.site.programme import api as programme

AT_GATE = device_at("gate")
WANTED_MIN = 3
ENVELOPE_BYTES = 200
"""What a scan needs in an upload besides its body: its signature, and the names of both."""


Version = (
    Annotated[str, Meta(max_length=50, description="The version that the device is at: the pack is no older")] | None
)


class Answers(Struct, frozen=True):
    """One answer a scan, in order; `now` is the server's clock, by which a device corrects its own."""

    now: datetime
    answers: list[Answer]


class Beat(Struct, frozen=True):
    """The answer to a heartbeat."""

    now: datetime
    changes: Changes


@post(
    "/scans",
    status_code=200,
    guards=[AT_GATE],
    rate="gate",
    body_bytes_max=SCANS_MAX * (SCAN_CHARS_MAX + ENVELOPE_BYTES),
)
async def post_scans(data: Upload, gate_desk: GateDesk, clock: Clock, principal: Principal) -> Answers:
    """Take scans, signed by the device. Sent again they get their first answers again, and have no second effect."""
    answers = await gate_desk.take(principal, data.scans)
    return Answers(clock.now(), answers)


@post("/heartbeat", status_code=200, guards=[AT_GATE], rate="gate")
async def post_heartbeat(
    data: Heartbeat, db: Database, gate_news: GateNews, clock: Clock, principal: Principal
) -> Beat:
    """Say how the device is, and hear what changed since the version of its pack."""
    if principal.id is None or not is_at(principal, data.gate):
        raise Problem("forbidden", {"gate": data.gate})
    now = clock.now()
    granted(await db.transact(hear, principal.id, data, now))
    codes = [code for code in gates() if is_at(principal, code)]
    return Beat(now, await gate_news.since(data.event_id, data.version, codes))


@get(
    "/pack/{event_id:uuid}",
    guards=[AT_GATE],
    answer=Described(SealedPack, description="The pack of this device, signed by the event's key"),
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
    """All that the device needs to decide alone. 404 for an event that is not on."""
    pack = await gate_packs.of(event_id, [code for code in gates() if is_at(principal, code)], since)
    if pack is None:
        raise Problem("not_found")
    body = msgspec.json.encode(pack)
    async with db.transaction() as conn:
        kid, signature = await sign_document(conn, vault, event_id, PACK_PURPOSE + body, clock.now())
    sealed = msgspec.json.encode(SealedPack(b64encode(body).decode(), base64url(kid), base64url(signature)))
    headers = {"cache-control": "no-store", "vary": "accept-encoding"}
    if takes_gzip(request.headers.get("accept-encoding", "")):
        headers["content-encoding"] = "gzip"
        sealed = gzip.compress(sealed, 6, mtime=0)
    return Response(sealed, media_type="application/json", headers=headers)


Wanted = Annotated[str, Meta(min_length=WANTED_MIN, max_length=100, description="A name, an address or an order code")]


@get("/holders/{event_id:uuid}", guards=[AT_GATE], rate="costly")
async def find_holders(event_id: UUID, q: Wanted, db: Database, clock: Clock, principal: Principal) -> list[Found]:
    """The passes of somebody without a phone; whoever finds them looks at a proof of identity.

    Only while the event is on, and only passes that enter by a gate of the device. 404 for any other event.
    """
    wanted = " ".join(q.split())
    if len(wanted) < WANTED_MIN:
        granted(invalid_input("q", "Three letters at least."))
    async with db.connection() as conn:
        event = await programme.event(conn, event_id)
        if event is None or event.state != "published" or not is_on(event, clock.now()):
            raise Problem("not_found")
        return await find(conn, event_id, [code for code in gates() if is_at(principal, code)], wanted)


router = mount("/api/access", [post_scans, post_heartbeat, get_pack, find_holders])

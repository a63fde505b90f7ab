"""The route of the log."""

from uuid import UUID

from virage.control.safety.reads import log as reads
from virage.control.safety.routes.access import ROLE, event_of
from virage.identity.keys import api as keys
from virage.identity.keys.types import KeyVault
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, staff
from virage.platform.web.routing import Described, Response, get

PRIVATE = {"cache-control": "no-store"}


@get(
    "/events/{event_id:uuid}/log",
    guards=[staff(ROLE)],
    rate="costly",
    answer=Described(bytes, description="The log", media_type="application/jsonl"),
)
async def get_log(
    event_id: UUID, *, db: Database, clock: Clock, vault: KeyVault, principal: Principal
) -> Response[bytes]:
    """Return the log of an event for `virage safety verify`: a signed header, then one line for each record."""
    await event_of(db, event_id, principal)
    async with db.transaction() as conn:
        key = (await keys.ensure_keys(conn, vault, [event_id], clock.now()))[event_id]
    async with db.connection() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        log = await reads.export(conn, vault, key, clock.now())
    headers = PRIVATE | {"content-disposition": f'attachment; filename="safety-{event_id}.jsonl"'}
    return Response(log, media_type="application/jsonl", headers=headers)

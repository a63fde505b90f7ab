"""Route of the public keys that verify passes."""

from typing import Final
from uuid import UUID

from virage.identity.keys import reads
from virage.identity.keys.reads import PassKeys
from virage.platform.data.database import Database
from virage.platform.web.problems import Problem
from virage.platform.web.routing import Response, get, mount

_A_DAY: Final = "public, max-age=86400"


@get("/{event_id:uuid}/pass-keys", public=True)
async def get_pass_keys(event_id: UUID, db: Database) -> Response[PassKeys]:
    """Get the public keys that verify the passes of an event. 404 before its first pass is signed."""
    async with db.connection() as conn:
        keys = await reads.published_keys(conn, event_id)
    if keys is None:
        raise Problem("not_found")
    return Response(keys, headers={"Cache-Control": _A_DAY})


router = mount("/api/events", [get_pass_keys])

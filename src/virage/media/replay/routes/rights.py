"""Routes of rights: the media desk reads them, a moderator sets them."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.media.replay.acts import rights as acts
from virage.media.replay.reads import viewers as reads
from virage.media.replay.rules.addresses import BASE
from virage.media.replay.rules.rights import Rights
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, staff
from virage.platform.web.problems import granted
from virage.platform.web.routing import get, mount, put
from virage.site.programme import api as programme


class RightsUpdate(Struct, frozen=True, forbid_unknown_fields=True):
    """The rights of an event's clips. `revision`: the one that they replace, 0 for the default."""

    rights: Rights
    revision: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0


class RightsRevision(Struct, frozen=True):
    """The revision of stored rights."""

    revision: int


@get("/events/{event_id:uuid}/rights", guards=[staff("moderator", "media_desk")])
async def get_rights(event_id: UUID, db: Database, principal: Principal) -> RightsUpdate:
    """Return the rights of an event's clips; by default everyone, everywhere, at any time."""
    async with db.connection() as conn:
        granted(await programme.event_within(conn, event_id, principal, "moderator", "media_desk"))
        return RightsUpdate(*await reads.rights_of(conn, event_id))


@put("/events/{event_id:uuid}/rights", guards=[staff("moderator")])
async def put_rights(
    event_id: UUID, data: RightsUpdate, db: Database, clock: Clock, principal: Principal
) -> RightsRevision:
    """Set the rights of an event's clips. They apply at once, also to running playback."""

    async def set_rights(conn: Connection) -> int | Refused:
        event = await programme.event_within(conn, event_id, principal, "moderator")
        if isinstance(event, Refused):
            return event
        return await acts.set_rights(conn, event_id, data.rights, principal.id, clock.now(), revision=data.revision)

    return RightsRevision(granted(await db.transact(set_rights)))


router = mount(BASE, [get_rights, put_rights])

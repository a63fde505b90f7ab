"""Setting the rights of clips in the caller's transaction."""

from datetime import datetime
from uuid import UUID

from virage.media.replay.rules.rights import RIGHTS_FACT, Reason, Rights, check
from virage.media.replay.store import rights as store
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused


async def set_rights(
    conn: Connection, event_id: UUID, rights: Rights, who: UUID | None, now: datetime, *, revision: int
) -> int | Refused:
    """Set the rights of an event's clips, in force at once, and return the new revision."""
    refused = check(rights)
    if refused is not None:
        return refused
    known, last = await store.rights(conn, event_id)
    if known == rights and last:
        return last
    if (next_ := await store.set_rights(conn, event_id, rights, revision)) is not None:
        await append(conn, [Fact(RIGHTS_FACT, who, event_id, {"revision": next_})], now)
        return next_
    return Refused(Reason.CHANGED, {"revision": last})

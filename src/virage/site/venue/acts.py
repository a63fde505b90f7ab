"""Commands of the venue: report and end outages of lifts."""

from datetime import datetime
from uuid import UUID

from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.site.venue import store
from virage.site.venue.rules.venue import owner_of


async def set_lift(conn: Connection, lift: str, who: UUID | None, now: datetime, *, working: bool) -> Refused | None:
    """Report a lift as out of order or working; repeating the current state changes nothing."""
    venue = owner_of(await store.venues(conn), lift)
    if venue is None or lift not in venue.walk.lifts:
        return Refused("not_found", {"lift": lift})
    if working:
        ended = await store.end_outage(conn, lift, who, now)
        if ended is not None:
            await append(conn, [Fact("lift_works_again", who, ended, {"lift": lift})], now)
        return None
    outage_id = new_id()
    if await store.report_outage(conn, outage_id, lift, who, now):
        await append(conn, [Fact("lift_out_of_order", who, outage_id, {"lift": lift})], now)
    return None

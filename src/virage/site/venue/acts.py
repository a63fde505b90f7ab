"""Commands of the venue: import versions, close parts for an event, and report and end outages of lifts."""

from datetime import datetime
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.site.venue import store
from virage.site.venue.rules.build import version_of
from virage.site.venue.rules.file import VenueFile, encode
from virage.site.venue.rules.venue import Venue, owner_of
from virage.site.venue.store import ClosedPart


class Imported(Struct, frozen=True):
    """The current version of a venue after an import; `changed` is False if it was current before."""

    venue_code: str
    version: str
    changed: bool


async def import_file(
    conn: Connection,
    file: VenueFile,
    who: UUID | None,
    now: datetime,
    *,
    based_on: str | UnsetType | None = UNSET,
) -> Imported | Refused:
    """Store a file without defects as the current version of its venue; events keep the version that they have.

    The file of an earlier version makes that one current again. `based_on` is the version that was edited, None for a
    new venue: if another one is current, the act refuses with `changed_meanwhile`. Without it any version is replaced.
    """
    await store.lock_imports(conn)
    row = await store.lock_venue(conn, file.code)
    current = None if row is None else row.current_version
    if based_on is not UNSET and based_on != current:
        return Refused("changed_meanwhile", {"version": current})
    if current is not None and await store.file_of(conn, current) == encode(file):
        return Imported(file.code, current, changed=False)
    prefix = row.prefix if row is not None else "" if not await store.venue_count(conn) else f"{file.code}."
    version = version_of(file, prefix)
    if row is None:
        await store.insert_venue(conn, file.code, prefix, version, now)
    if version not in {known.version for known in await store.versions(conn, file.code)}:
        await store.insert_version(conn, file, version, who, now, based_on=None if based_on is UNSET else based_on)
    await store.set_current(conn, file.code, version)
    await append(conn, [Fact("venue_imported", who, new_id(), {"venue": file.code, "version": version})], now)
    return Imported(file.code, version, changed=True)


async def set_closed(
    conn: Connection,
    venue: Venue,
    event_id: UUID,
    part: ClosedPart,
    code: str,
    *,
    closed: bool,
    who: UUID | None,
    now: datetime,
) -> Refused | None:
    """Close or reopen a block, a lift or an outlet for an event at a venue; repeating it changes nothing."""
    codes = {"block": venue.block_index, "lift": venue.walk.lifts, "outlet": venue.outlet_by_code}[part]
    if code not in codes:
        return Refused("not_found", {"part": part, "code": code})
    if closed:
        closure_id = new_id()
        if await store.insert_closure(conn, closure_id, event_id, part, code, who=who, now=now):
            data = {"closure_id": closure_id, "part": part, "code": code}
            await append(conn, [Fact("venue_part_closed", who, event_id, data)], now)
        return None
    ended = await store.end_closure(conn, event_id, part, code, who=who, now=now)
    if ended is not None:
        data = {"closure_id": ended, "part": part, "code": code}
        await append(conn, [Fact("venue_part_reopened", who, event_id, data)], now)
    return None


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

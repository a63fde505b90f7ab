"""Entries are added, end, and meet tickets. The journal knows them by their ids alone."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.access.rules.bans import YEARS_MAX, Ban, BanWish, File, Met, plain_name
from virage.access.store import bans as store
from virage.kernel.database import Connection
from virage.kernel.journal import Fact, append
from virage.kernel.problems import Refused, invalid_input
from virage.kernel.queue import enqueue
from virage.kernel.texts import shows_all
from virage.people.rules.addresses import normalise_address

MATCH_JOB: Final = "access.match_bans"


class MatchBans(Struct, frozen=True):
    """Compare the entries with the tickets of the events to come."""


async def add_ban(conn: Connection, file: File, wish: BanWish, *, who: UUID | None, now: datetime) -> Ban | Refused:
    """Add an entry to a file; the tickets that it meets are found right after, by a job."""
    email = None if wish.email is None else normalise_address(wish.email)
    name = None if wish.name is None else " ".join(wish.name.split())
    if (wish.email is not None and email is None) or (email is None and not name):
        return invalid_input("email", "An entry needs an e-mail address or a name.")
    if name is not None and (not shows_all(name) or not plain_name(name)):
        return invalid_input("name", "A name has letters, and nothing that cannot be seen.")
    if not now < wish.expires_at <= now + timedelta(days=366 * YEARS_MAX):
        return invalid_input("expires_at", f"An entry ends by itself, within {YEARS_MAX} years.")
    ban = Ban(wish.id, file, email, name or None, now, who, wish.expires_at)
    if not await store.insert_ban(conn, ban):
        known = await store.ban(conn, wish.id)
        same = known is not None and replace(known, added_at=now, added_by=who) == ban
        return known if known is not None and same else Refused("id_taken")
    await append(conn, [Fact("ban_added", who, ban.id, {"national": file == "national"})], now)
    await enqueue(conn, MATCH_JOB, [MatchBans()])
    return ban


async def lift_ban(conn: Connection, file: File, ban_id: UUID, *, who: UUID | None, now: datetime) -> Refused | None:
    """Lift an entry of a file: its words are erased, its flags fall."""
    ban = await store.ban(conn, ban_id)
    if ban is None or ban.file != file or not await store.end_bans(conn, [ban_id], now):
        return Refused("not_found")
    await append(conn, [Fact("ban_lifted", who, ban_id)], now)
    await _unflag(conn, await store.drop_flags_of(conn, [ban_id]), now)
    return None


async def end_over(conn: Connection, now: datetime) -> int:
    """End the entries whose time is over; how many there were."""
    ids = await store.over(conn, now)
    if ids:
        await store.end_bans(conn, ids, now)
        await append(conn, [Fact("ban_ended", None, ban_id) for ban_id in ids], now)
        await _unflag(conn, await store.drop_flags_of(conn, ids), now)
    return len(ids)


async def flag(conn: Connection, event_id: UUID, met: Met, now: datetime) -> None:
    """Make the flags of an event those that its tickets meet now, and tell the gates what changed.

    Flags of entries that were not compared stay: one was added meanwhile.
    """
    before = await store.flags_of_event(conn, event_id)
    new = sorted(met.flags - before)
    gone = sorted(one for one in before - met.flags if one[1] in met.considered)
    if new:
        await store.insert_flags(conn, event_id, new, now)
    if gone:
        await store.drop_flags(conn, event_id, gone)
    flagged_before = {number for number, _ in before}
    flagged = {number for number, _ in await store.flags_of_event(conn, event_id)} if new or gone else flagged_before
    await append(
        conn,
        [
            Fact(what, None, event_id, {"numbers": sorted(numbers)})
            for what, numbers in (
                ("pass_flagged", flagged - flagged_before),
                ("pass_unflagged", flagged_before - flagged),
            )
            if numbers
        ],
        now,
    )


async def _unflag(conn: Connection, passes: Iterable[tuple[UUID, int]], now: datetime) -> None:
    """Tell the gates which passes no entry meets any more."""
    by_event: dict[UUID, set[int]] = {}
    for event_id, number in passes:
        by_event.setdefault(event_id, set()).add(number)
    for event_id, numbers in sorted(by_event.items()):
        still = {number for number, _ in await store.flags_of_event(conn, event_id)}
        if numbers - still:
            await append(conn, [Fact("pass_unflagged", None, event_id, {"numbers": sorted(numbers - still)})], now)

"""Add bans, end them and match them with passes. The journal holds their ids only."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.identity.people.types import Person
from virage.matchday.access.rules.bans import (
    FILES,
    Ban,
    BanMatches,
    BanRequest,
    Bearer,
    File,
    NewReview,
    entry,
    matches,
    same,
    verdict,
)
from virage.matchday.access.store import bans as store
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.data.queue import enqueue
from virage.platform.values.refusals import Refused, all_or_none

MATCH_JOB: Final = "access.match_bans"


class MatchBans(Struct, frozen=True):
    """Job that compares the bans with the passes of upcoming events."""


async def add_bans(
    conn: Connection, file: File, requests: Sequence[BanRequest], *, who: UUID | None, now: datetime
) -> list[Ban] | Refused:
    """Add bans to a file: all or, with every reason, none. A job then finds the matching passes.

    A repeated request returns the same ban. Answers are in the order of the requests.
    """
    bans = all_or_none([entry(request, file, who, now) for request in requests])
    if isinstance(bans, Refused):
        return bans
    new = await store.insert_bans(conn, bans)
    known = await store.bans_by_id(conn, [ban.id for ban in bans])
    taken = [ban.id for ban in bans if ban.id not in known or not same(known[ban.id], ban)]
    if taken:
        return Refused("id_taken", {"ids": sorted(taken)})
    national = file == "national"
    await append(conn, [Fact("ban_added", who, ban.id, {"national": national}) for ban in bans if ban.id in new], now)
    await enqueue(conn, MATCH_JOB, [MatchBans()])
    return [known[ban.id] for ban in bans]


async def lift_ban(conn: Connection, file: File, ban_id: UUID, *, who: UUID | None, now: datetime) -> Refused | None:
    """Lift a ban of a file: erase its personal data and the names in its reviews, and remove its flags."""
    ban = (await store.bans_by_id(conn, [ban_id])).get(ban_id)
    if ban is None or ban.file != file:
        return Refused("not_found")
    await store.forget_reviewed_of(conn, [ban_id], now)
    if not await store.end_bans(conn, [ban_id], now):
        return Refused("not_found")
    await append(conn, [Fact("ban_lifted", who, ban_id)], now)
    await _unflag(conn, await store.drop_flags_of(conn, [ban_id]), now)
    return None


async def end_expired(conn: Connection, now: datetime) -> int:
    """End the bans whose last day is over, and return how many there were."""
    await store.forget_reviewed_of(conn, [], now)
    ids = await store.over(conn, now)
    if ids:
        await store.end_bans(conn, ids, now)
        await append(conn, [Fact("ban_ended", None, ban_id) for ban_id in ids], now)
        await _unflag(conn, await store.drop_flags_of(conn, ids), now)
    return len(ids)


async def is_banned(
    conn: Connection,
    event_id: UUID,
    subject: UUID,
    person: Person,
    *,
    name: str,
    now: datetime,
    ticket_ids: Sequence[UUID] = (),
    guest: bool = False,
) -> bool:
    """Return whether a ban stops a person, who gave `name`, from getting `subject`.

    A match is stored until a supervisor decides. Until they allow it, and while the ban is in force, it stops the
    person under every name: another spelling avoids neither the review nor what it decided. A review holds for the
    `ticket_ids` of a subject, also when they are part of another one. A `guest` is another person, who only has
    `name`: reviews of other names do not stop them.
    """
    held = await store.bans(conn, FILES, now)
    if not held:
        return False
    names = (name, person.name) if person.name else (name,)
    met = sorted(ban.id for ban, _ in matches(held, [Bearer(subject, person.email, names)]))
    reviews = await store.reviewed(conn, subject, ticket_ids, person.id)
    verdicts = {ban_id: verdict(of_ban, subject, ticket_ids) for ban_id, of_ban in reviews.items()}
    new = [ban_id for ban_id in met if verdicts.get(ban_id) is None]
    if new:
        review = NewReview(subject, tuple(ticket_ids), person.id, event_id, name)
        opened = sorted(await store.insert_reviews(conn, review, new, now))
        await append(conn, [Fact("ban_review_opened", None, subject, {"ban": ban_id}) for ban_id in opened], now)
        return True
    considered = met if guest else [ban.id for ban in held]
    return any(verdicts.get(ban_id) is False for ban_id in considered)


async def decide(
    conn: Connection, subject: UUID, person_id: UUID, *, allow: bool, who: UUID | None, now: datetime
) -> Refused | None:
    """Decide whether a person may get a subject despite the bans that they match. Refused with `not_found`."""
    if not await store.decide(conn, subject, person_id, allow=allow, who=who, now=now):
        return Refused("not_found")
    await append(conn, [Fact("ban_review_decided", who, subject, {"person": person_id, "allowed": allow})], now)
    return None


async def erased(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:  # noqa: ARG001 - the protocol's form
    """Erase the name that a person gave when they were compared with the bans."""
    await store.forget_reviewed(conn, person_id)
    return None


async def flag(conn: Connection, event_id: UUID, met: BanMatches, now: datetime) -> None:
    """Replace the flags of an event with its current matches, and append facts of what changed.

    Flags of bans that were not compared stay: such a ban was added meanwhile.
    """
    previous = await store.flags_of_event(conn, event_id)
    new = sorted(met.flags - previous)
    removed = sorted(flag_ for flag_ in previous - met.flags if flag_[1] in met.considered)
    if new:
        await store.insert_flags(conn, event_id, new, now)
    if removed:
        await store.drop_flags(conn, event_id, removed)
    flagged_before = {number for number, _ in previous}
    flagged = {number for number, _ in await store.flags_of_event(conn, event_id)} if new or removed else flagged_before
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
    """Append facts of the passes that no ban matches any more."""
    by_event: dict[UUID, set[int]] = {}
    for event_id, number in passes:
        by_event.setdefault(event_id, set()).add(number)
    for event_id, numbers in sorted(by_event.items()):
        still = {number for number, _ in await store.flags_of_event(conn, event_id)}
        if numbers - still:
            await append(conn, [Fact("pass_unflagged", None, event_id, {"numbers": sorted(numbers - still)})], now)

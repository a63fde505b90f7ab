"""Routes of the feed: public reads; publishing for the role match desk.

Each cacheable resource has one address: the event's id in lower case with hyphens, a page number without leading zeros.
Other spellings are not found, so that caches store a resource once.
"""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from virage.media.live.acts import publishing as acts
from virage.media.live.acts.publishing import EntriesPublished
from virage.media.live.reads import feed as reads
from virage.media.live.reads.feed import FeedPage, Feeds, MatchFeed, TeamsSheet
from virage.media.live.rules.entries import PAGE_ENTRIES, EntryRequest, FeedEntry, Teams
from virage.media.live.rules.feed import Reason
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refusal, Refused, refusal_of
from virage.platform.web.caching import FOR_A_SECOND, FOR_EVER
from virage.platform.web.guard import Principal, Role, staff
from virage.platform.web.openapi import REF
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Request, Response, get, mount, post, put
from virage.site.programme import api as programme
from virage.site.programme.types import Event

ROLE: Role = "match_desk"
TEAMS_ROLES: tuple[Role, ...] = (ROLE, "programme")
"""Roles that set line-ups: the match desk, and those who prepare the event in the office."""
ENTRIES_MAX = 100

FULL = {"cache-control": FOR_EVER}
GROWING = {"cache-control": FOR_A_SECOND}

PageNumber = Annotated[int, Meta(ge=1, le=10_000)]


class EntriesRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Entries to publish, in order."""

    entries: Annotated[list[EntryRequest], Meta(min_length=1, max_length=ENTRIES_MAX)]


class TeamsUpdate(Struct, frozen=True, forbid_unknown_fields=True):
    """Line-ups that replace those of `revision` (0: none yet)."""

    teams: Teams
    revision: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0


class TeamsRevision(Struct, frozen=True):
    """The revision of the stored line-ups."""

    revision: int


Outcome = FeedEntry | Refusal
OutcomeSchema = Annotated[
    Any, Meta(extra_json_schema={"anyOf": [{"$ref": REF.format(name=kind.__name__)} for kind in (FeedEntry, Refusal)]})
]
"""Schema of `Outcome` in the OpenAPI document: msgspec does not describe unions of untagged types."""


@get("/{event_id:uuid}", public=True, answer=Described(MatchFeed, description="The current state of the feed"))
async def get_live(event_id: UUID, feeds: Feeds, request: Request) -> Response[MatchFeed]:
    """Return the line-ups, the score, the clock, and the number of entries."""
    _require_canonical_path(f"/api/live/{event_id}", request)
    return Response(reads.match_feed_of(await _cached_feed(feeds, event_id)), headers=GROWING)


@get(
    "/{event_id:uuid}/pages/{page:int}",
    public=True,
    answer=Described(FeedPage, description="Entries in order"),
)
async def get_page(event_id: UUID, page: PageNumber, feeds: Feeds, request: Request) -> Response[bytes]:
    """Return 32 entries of the feed. A full page never changes and may be cached for ever."""
    _require_canonical_path(f"/api/live/{event_id}/pages/{page}", request)
    known = await _cached_feed(feeds, event_id)
    body = reads.feed_page_of(known, page)
    if body is None:
        raise Problem("not_found")
    headers = FULL if known.feed.head >= page * PAGE_ENTRIES else GROWING
    return Response(body, media_type="application/json", headers=headers)


@post(
    "/{event_id:uuid}/entries",
    status_code=200,
    guards=[staff(ROLE)],
    answer=Described(list[OutcomeSchema], "One entry, or one refusal, a request"),
)
async def publish_entries(
    event_id: UUID,
    data: EntriesRequest,
    *,
    db: Database,
    clock: Clock,
    principal: Principal,
    entries_published: Sequence[EntriesPublished],
) -> list[Outcome]:
    """Publish entries in order; the answer has one entry or one refusal for each."""
    if len({entry.id for entry in data.entries}) < len(data.entries):
        raise Problem("invalid_input", {"errors": [{"source": "entries", "message": "Each has an id of its own."}]})

    async def publish_all(conn: Connection) -> list[FeedEntry | Refused] | Refused:
        event = await programme.event_within(conn, event_id, principal, ROLE)
        if isinstance(event, Refused):
            return event
        if event.state != "published":
            return Refused(Reason.NOT_FOUND)
        return await acts.publish(conn, event_id, data.entries, principal.id, clock.now(), handlers=entries_published)

    outcomes = granted(await db.transact(publish_all))
    return [refusal_of(outcome) if isinstance(outcome, Refused) else outcome for outcome in outcomes]


@get("/{event_id:uuid}/teams", guards=[staff(*TEAMS_ROLES)])
async def get_teams(event_id: UUID, db: Database, principal: Principal) -> TeamsSheet:
    """Return the line-ups for editing, also those of a draft."""
    async with db.connection() as conn:
        return await reads.teams_sheet(conn, granted(await _event_for_teams(conn, event_id, principal)))


@put("/{event_id:uuid}/teams", guards=[staff(*TEAMS_ROLES)])
async def put_teams(
    event_id: UUID, data: TeamsUpdate, db: Database, clock: Clock, principal: Principal
) -> TeamsRevision:
    """Set the line-ups of both teams, before and during the match."""

    async def set_teams(conn: Connection) -> int | Refused:
        event = await _event_for_teams(conn, event_id, principal)
        if isinstance(event, Refused):
            return event
        return await acts.set_teams(conn, event_id, data.teams, principal.id, clock.now(), revision=data.revision)

    return TeamsRevision(granted(await db.transact(set_teams)))


async def _event_for_teams(conn: Connection, event_id: UUID, principal: Principal) -> Event | Refused:
    event = await programme.event_within(conn, event_id, principal, *TEAMS_ROLES)
    return Refused(Reason.NOT_FOUND) if isinstance(event, Event) and event.state == "cancelled" else event


def _require_canonical_path(path: str, request: Request) -> None:
    if request.scope["path"] != path:
        raise Problem(Reason.NOT_FOUND)


async def _cached_feed(feeds: Feeds, event_id: UUID) -> reads.CachedFeed:
    known = await feeds.at(event_id)
    if known is None:
        raise Problem(Reason.NOT_FOUND)
    return known


router = mount("/api/live", [get_live, get_page, publish_entries, get_teams, put_teams])

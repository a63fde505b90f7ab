"""Routes of match data sources: Common Data Format, counted actions, and public statistics."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.media.live.acts.publishing import EntriesPublished
from virage.media.live.routes.feed import ROLE
from virage.media.live.rules.feed import Reason
from virage.media.live.sources import acts
from virage.media.live.sources.acts import CdfImport
from virage.media.live.sources.reads import StatsBoard
from virage.media.live.sources.rules.cdf import BYTES_MAX, LINES_MAX, read_document
from virage.media.live.sources.rules.counting import COUNTS_MAX, CountedAction, MatchStatistics
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.caching import FOR_A_SECOND
from virage.platform.web.guard import Principal, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Request, Response, get, mount, post
from virage.site.programme import api as programme
from virage.site.programme.types import Event

LINES = ("application/x-ndjson", "application/jsonl", "application/jsonlines", "application/json-lines")


class CountsRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Counted actions of players."""

    counts: Annotated[list[CountedAction], Meta(min_length=1, max_length=COUNTS_MAX)]


class CountsResult(Struct, frozen=True):
    """Number of actions that were new or changed."""

    changed: int


@post("/{event_id:uuid}/cdf", status_code=200, guards=[staff(ROLE)], body_bytes_max=BYTES_MAX)
async def import_cdf(
    event_id: UUID,
    request: Request,
    *,
    db: Database,
    clock: Clock,
    principal: Principal,
    entries_published: Sequence[EntriesPublished],
) -> CdfImport:
    """Import Common Data Format documents: one JSON document, or JSON Lines (application/x-ndjson).

    Meta data and the match sheet set line-ups. Periods, goals, bookings and substitutions become entries; other actions
    are counted. Defective lines are reported by number with their reason and do not affect others.
    """
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    lines = [line for line in body.split(b"\n") if line.strip()] if kind in LINES else [body]
    if len(lines) > LINES_MAX:
        raise Problem("too_large")
    documents = [read_document(line, number) for number, line in enumerate(lines, 1)]

    async def take(conn: Connection) -> CdfImport | Refused:
        event = await _published_event(conn, event_id, principal)
        if isinstance(event, Refused):
            return event
        return await acts.import_documents(
            conn, event_id, documents, principal.id, clock.now(), handlers=entries_published
        )

    return granted(await db.transact(take))


@post("/{event_id:uuid}/counts", status_code=200, guards=[staff(ROLE)])
async def post_counts(
    event_id: UUID, data: CountsRequest, *, db: Database, clock: Clock, principal: Principal
) -> CountsResult:
    """Store counted actions; a repeated id replaces the earlier action."""

    async def count_all(conn: Connection) -> CountsResult | Refused:
        event = await _published_event(conn, event_id, principal)
        if isinstance(event, Refused):
            return event
        return CountsResult(await acts.save_counts(conn, event_id, data.counts, clock.now()))

    return granted(await db.transact(count_all))


@get(
    "/{event_id:uuid}/stats",
    public=True,
    answer=Described(MatchStatistics, description="The statistics that were published last"),
)
async def get_stats(event_id: UUID, stats_board: StatsBoard) -> Response[MatchStatistics]:
    """Return the statistics of both teams and of each player."""
    figures = await stats_board.at(event_id)
    if figures is None:
        raise Problem(Reason.NOT_FOUND)
    return Response(figures.statistics, headers={"cache-control": FOR_A_SECOND})


async def _published_event(conn: Connection, event_id: UUID, principal: Principal) -> Event | Refused:
    event = await programme.event_within(conn, event_id, principal, ROLE)
    return Refused(Reason.NOT_FOUND) if isinstance(event, Event) and event.state != "published" else event


router = mount("/api/live", [import_cdf, post_counts, get_stats])

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from virage.platform.data.database import Connection, Database
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.site.programme import acts, reads
from virage.site.programme.rules import Event, NewEvent, Organiser, Reason, Series, content_of

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
OFFICER = new_id()
Matches = Callable[..., NewEvent]


async def facts(conn: Connection, about: UUID) -> list[str]:
    rows = await conn.fetch("select what from kernel.journal where about = $1 order by seq", about)
    return [row["what"] for row in rows]


async def created(conn: Connection, new: NewEvent) -> Event:
    event = await acts.create(conn, new, OFFICER, NOW)
    assert isinstance(event, Event)
    return event


async def published(conn: Connection, new: NewEvent) -> Event:
    await created(conn, new)
    event = await acts.publish(conn, new.id, OFFICER, NOW)
    assert isinstance(event, Event)
    return event


async def test_a_new_event_is_a_draft_with_its_content(conn: Connection, club: Organiser, a_match: Matches) -> None:
    new = a_match(club.id)
    event = await created(conn, new)
    assert (event.state, event.revision) == ("draft", 1)
    assert content_of(event) == content_of(new)
    assert await reads.event(conn, new.id) == event
    assert await facts(conn, new.id) == ["event_created"]


async def test_a_repeated_request_is_the_same_event_even_after_an_amendment(
    conn: Connection, club: Organiser, a_match: Matches
) -> None:
    new = a_match(club.id)
    await created(conn, new)
    amended = await acts.amend(conn, new.id, a_match(club.id, kind="concert"), OFFICER, NOW)
    assert await acts.create(conn, new, OFFICER, NOW) == amended
    assert await facts(conn, new.id) == ["event_created", "event_amended"]


async def test_a_taken_id_with_other_content_changes_nothing(
    conn: Connection, club: Organiser, a_match: Matches
) -> None:
    new = a_match(club.id)
    event = await created(conn, new)
    other = msgspec.structs.replace(new, title={"fr": "Autre", "en": "Other"})
    assert await acts.create(conn, other, OFFICER, NOW) == Refused(Reason.ID_TAKEN)
    assert await reads.event(conn, new.id) == event


async def test_two_requests_with_one_id_at_once_make_one_event(
    db: Database, conn: Connection, club: Organiser, a_match: Matches
) -> None:
    new = a_match(club.id)

    async def once() -> Event | Refused:
        async with db.transaction() as own:
            return await acts.create(own, new, OFFICER, NOW)

    first, second = await asyncio.gather(once(), once())
    assert first == second
    assert await facts(conn, new.id) == ["event_created"]


async def test_an_event_needs_an_organiser_and_a_series_of_that_organiser(
    conn: Connection, club: Organiser, promoter: Organiser, a_match: Matches
) -> None:
    cup = Series(new_id(), club.id, {"fr": "Coupe", "en": "Cup"})
    assert await acts.add_series(conn, cup, OFFICER, NOW) == cup
    assert await acts.create(conn, a_match(new_id()), OFFICER, NOW) == Refused(Reason.UNKNOWN_ORGANISER)
    wrong = a_match(promoter.id, series_id=cup.id)
    assert await acts.create(conn, wrong, OFFICER, NOW) == Refused(Reason.UNKNOWN_SERIES)
    right = await created(conn, a_match(club.id, series_id=cup.id))
    assert right.series_title == cup.title


async def test_organisers_and_series_are_added_once(conn: Connection, club: Organiser, promoter: Organiser) -> None:
    cup = Series(new_id(), club.id, {"fr": "Coupe", "en": "Cup"})
    await acts.add_series(conn, cup, OFFICER, NOW)
    assert await acts.add_series(conn, cup, OFFICER, NOW) == cup
    stolen = Series(cup.id, promoter.id, cup.title)
    assert await acts.add_series(conn, stolen, OFFICER, NOW) == Refused(Reason.ID_TAKEN)
    assert await acts.add_organiser(conn, club, OFFICER, NOW) == club
    renamed = Organiser(club.id, "Another name")
    assert await acts.add_organiser(conn, renamed, OFFICER, NOW) == Refused(Reason.ID_TAKEN)
    assert await facts(conn, club.id) == ["organiser_added"]
    assert await facts(conn, cup.id) == ["series_added"]
    assert await reads.series(conn, [club.id]) == [cup]


async def board(db: Database, now: datetime) -> list[reads.EventSummary]:
    return msgspec.json.decode((await reads.boards(db, [now]))[0], type=reads.EventListing).events


async def test_a_published_event_is_on_the_board_until_it_ends_and_on_sale_while_its_sale_is_open(
    db: Database, conn: Connection, club: Organiser, a_match: Matches
) -> None:
    await created(conn, a_match(club.id))
    event = await published(conn, a_match(club.id))
    assert [(line.id, line.sale) for line in await board(db, NOW)] == [(event.id, "open")]
    assert [line.sale for line in await board(db, event.sale_closes_at)] == ["after"]
    assert await board(db, event.ends_at) == []


async def test_publishing_twice_is_publishing_once(conn: Connection, club: Organiser, a_match: Matches) -> None:
    event = await published(conn, a_match(club.id))
    assert await acts.publish(conn, event.id, OFFICER, NOW) == event
    assert await facts(conn, event.id) == ["event_created", "event_published"]


async def test_an_incomplete_event_is_not_published_and_stays_a_draft(
    conn: Connection, club: Organiser, a_match: Matches
) -> None:
    event = await created(conn, a_match(club.id, title={"fr": "Sans anglais", "en": ""}))
    refused = await acts.publish(conn, event.id, OFFICER, NOW, languages=("fr", "en"))
    assert refused == Refused(Reason.INCOMPLETE, {"defects": ["title_en_missing"], "languages": ["en"]})
    assert await reads.event(conn, event.id) == event


async def test_an_unchanged_amendment_changes_nothing(conn: Connection, club: Organiser, a_match: Matches) -> None:
    event = await created(conn, a_match(club.id))
    assert await acts.amend(conn, event.id, event, OFFICER, NOW, revision=7) == event
    assert await facts(conn, event.id) == ["event_created"]


async def test_of_two_amendments_of_one_revision_the_second_is_refused(
    conn: Connection, club: Organiser, a_match: Matches
) -> None:
    event = await created(conn, a_match(club.id))
    first, second = (content_of(a_match(club.id, kind=kind)) for kind in ("concert", "tour"))
    amended = await acts.amend(conn, event.id, first, OFFICER, NOW, revision=1)
    assert isinstance(amended, Event)
    assert (amended.kind, amended.revision) == ("concert", 2)
    refused = await acts.amend(conn, event.id, second, OFFICER, NOW, revision=1)
    assert refused == Refused(Reason.CHANGED, {"revision": 2})
    assert await reads.event(conn, event.id) == amended


async def test_cancelling_calls_the_handlers_once_in_the_same_transaction(
    db: Database, conn: Connection, club: Organiser, a_match: Matches
) -> None:
    event = await published(conn, a_match(club.id))
    handled: list[Event] = []

    async def hear(conn: Connection, event: Event, now: datetime) -> None:
        handled.append(event)

    for _ in range(2):
        async with db.transaction() as own:
            await acts.cancel(own, event.id, OFFICER, NOW, [hear])
    assert [(cancelled.id, cancelled.state) for cancelled in handled] == [(event.id, "cancelled")]
    assert await board(db, NOW) == []
    assert await facts(conn, event.id) == ["event_created", "event_published", "event_cancelled"]


async def test_a_cancellation_with_a_failing_handler_rolls_back(
    db: Database, conn: Connection, club: Organiser, a_match: Matches
) -> None:
    event = await published(conn, a_match(club.id))

    async def fail(conn: Connection, event: Event, now: datetime) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        async with db.transaction() as own:
            await acts.cancel(own, event.id, OFFICER, NOW, [fail])
    assert await reads.event(conn, event.id) == event


async def test_cancelling_a_draft_calls_no_handler(conn: Connection, club: Organiser, a_match: Matches) -> None:
    event = await created(conn, a_match(club.id))
    handled: list[Event] = []

    async def hear(conn: Connection, event: Event, now: datetime) -> None:
        handled.append(event)

    cancelled = await acts.cancel(conn, event.id, OFFICER, NOW, [hear])
    assert isinstance(cancelled, Event)
    assert cancelled.state == "cancelled"
    assert handled == []


async def test_an_unknown_event_is_not_found(conn: Connection, a_match: Matches) -> None:
    nothing = new_id()
    content = content_of(a_match(new_id()))
    assert await acts.amend(conn, nothing, content, OFFICER, NOW) == Refused(Reason.NOT_FOUND)
    assert await acts.publish(conn, nothing, OFFICER, NOW) == Refused(Reason.NOT_FOUND)
    assert await acts.cancel(conn, nothing, OFFICER, NOW) == Refused(Reason.NOT_FOUND)
    assert await reads.event(conn, nothing) is None


async def test_a_past_event_cannot_be_cancelled(conn: Connection, club: Organiser, a_match: Matches) -> None:
    event = await published(conn, a_match(club.id))
    later = event.ends_at + timedelta(seconds=1)
    assert await acts.cancel(conn, event.id, OFFICER, later) == Refused(Reason.OVER)
    assert await reads.event(conn, event.id) == event

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from virage.platform.data.database import Connection
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.site.programme import acts, reads
from virage.site.programme.rules import Event, NewEvent, Organiser, content_of

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
Matches = Callable[..., NewEvent]
Desk = Any  # the class in conftest.py, which tests cannot import


def wire(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


async def everything(conn: Connection) -> list[Any]:
    """All data that a refused request must not change."""
    tables = ("programme.event", "programme.series", "programme.organiser", "kernel.journal")
    return [await conn.fetch(f"select t::text from {table} t order by 1") for table in tables]


async def a_published_event(conn: Connection, new: NewEvent) -> Event:
    await acts.create(conn, new, None, NOW)
    event = await acts.publish(conn, new.id, None, NOW)
    assert isinstance(event, Event)
    return event


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_an_organiser_takes_an_event_from_draft_to_the_public(
    desk: Desk, club: Organiser, a_match: Matches
) -> None:
    new = a_match(club.id)
    draft = await desk.ask("club", "POST", "/api/office/events", wire(new))
    assert (draft.status_code, draft.json()["event"]["state"], draft.json()["defects"]) == (201, "draft", [])
    assert (await desk.ask("", "GET", "/api/events")).json()["events"] == []
    assert (await desk.ask("", "GET", f"/api/events/{new.id}")).status_code == 404

    published = await desk.ask("club", "POST", f"/api/office/events/{new.id}/publish")
    assert (published.status_code, published.json()["event"]["state"]) == (200, "published")
    board = (await desk.ask("", "GET", "/api/events")).json()
    assert [(line["id"], line["sale"]) for line in board["events"]] == [(str(new.id), "open")]
    assert board["now"] == "2026-05-09T18:00:00Z"
    event = (await desk.ask("", "GET", f"/api/events/{new.id}")).json()
    assert event["title"] == wire(new.title)
    assert event["rules"]["limit_per_buyer"] == 9
    assert event["starts_at"] == wire(new.starts_at)


async def test_a_repeated_creation_is_the_same_event_and_another_with_its_id_is_refused(
    desk: Desk, club: Organiser, a_match: Matches
) -> None:
    new = wire(a_match(club.id))
    first = await desk.ask("club", "POST", "/api/office/events", new)
    again = await desk.ask("club", "POST", "/api/office/events", new)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    other = await desk.ask("club", "POST", "/api/office/events", new | {"kind": "concert"})
    assert refused(other) == (409, "id_taken")


async def test_publishing_an_incomplete_event_lists_its_defects(desk: Desk, club: Organiser, a_match: Matches) -> None:
    new = a_match(club.id, title={"fr": "Finale", "en": ""})
    draft = await desk.ask("club", "POST", "/api/office/events", wire(new))
    assert draft.json()["defects"] == ["title_en_missing"]
    answer = await desk.ask("club", "POST", f"/api/office/events/{new.id}/publish")
    assert refused(answer) == (409, "event_incomplete")
    assert answer.json()["data"] == {"defects": ["title_en_missing"], "languages": ["en"]}


async def test_an_amendment_of_an_old_revision_is_refused(desk: Desk, club: Organiser, a_match: Matches) -> None:
    new = a_match(club.id)
    await desk.ask("club", "POST", "/api/office/events", wire(new))
    content = wire(content_of(a_match(club.id, subtitle={"fr": "Coupe", "en": "Cup"})))
    path = f"/api/office/events/{new.id}"
    amended = await desk.ask("club", "PUT", path, content | {"revision": 1})
    assert (amended.status_code, amended.json()["event"]["revision"]) == (200, 2)
    assert refused(await desk.ask("club", "PUT", path, content | {"kind": "tour", "revision": 1})) == (
        409,
        "changed_meanwhile",
    )
    assert (await desk.ask("club", "GET", path)).json() == amended.json()


async def test_a_cancelled_event_leaves_the_list(
    desk: Desk, conn: Connection, club: Organiser, a_match: Matches
) -> None:
    event = await a_published_event(conn, a_match(club.id))
    answer = await desk.ask("club", "POST", f"/api/office/events/{event.id}/cancel")
    assert answer.status_code == 200
    assert (await desk.ask("", "GET", "/api/events")).json()["events"] == []
    shown = (await desk.ask("", "GET", f"/api/events/{event.id}")).json()
    assert (shown["state"], shown["sale"]) == ("cancelled", "cancelled")
    assert [cancelled.id for cancelled in desk.cancelled] == [event.id]


async def test_cancelling_needs_a_recent_sign_in(
    desk: Desk, conn: Connection, club: Organiser, a_match: Matches
) -> None:
    event = await a_published_event(conn, a_match(club.id))
    desk.knows("tired", Grant("programme"), since=NOW - timedelta(minutes=16))
    before = await everything(conn)
    answer = await desk.ask("tired", "POST", f"/api/office/events/{event.id}/cancel")
    assert refused(answer) == (403, "step_up_required")
    assert await everything(conn) == before


async def test_a_past_event_leaves_the_list(
    desk: Desk, conn: Connection, club: Organiser, a_match: Matches, clock: Clock
) -> None:
    event = await a_published_event(conn, a_match(club.id))
    clock.set(event.ends_at)  # type: ignore[attr-defined]  # the tests' clock
    assert (await desk.ask("", "GET", "/api/events")).json()["events"] == []
    assert (await desk.ask("", "GET", f"/api/events/{event.id}")).json()["sale"] == "after"


async def test_events_are_listed_by_start(desk: Desk, conn: Connection, club: Organiser, a_match: Matches) -> None:
    late = await a_published_event(conn, a_match(club.id))
    early = await a_published_event(
        conn, a_match(club.id, doors_at=NOW, starts_at=NOW + timedelta(hours=1), sale_closes_at=NOW)
    )
    lines = (await desk.ask("", "GET", "/api/events")).json()["events"]
    assert [(line["id"], line["sale"]) for line in lines] == [(str(early.id), "after"), (str(late.id), "open")]


ACTS = [
    ("POST", "/api/office/events", "new"),
    ("PUT", "/api/office/events/{id}", "content"),
    ("POST", "/api/office/events/{id}/publish", None),
    ("POST", "/api/office/events/{id}/cancel", None),
    ("POST", "/api/office/organisers", "organiser"),
    ("POST", "/api/office/series", "series"),
]


@pytest.mark.parametrize(
    "denied",
    [
        ("", {401}),
        ("fan", {403}),
        ("cashier", {403}),
        ("finance", {403}),
        ("promoter", {403, 404}),
    ],
)
async def test_a_person_without_the_role_changes_nothing(
    denied: tuple[str, set[int]], desk: Desk, conn: Connection, club: Organiser, a_match: Matches
) -> None:
    who, answers = denied
    draft = a_match(club.id)
    await acts.create(conn, draft, None, NOW)
    before = await everything(conn)
    bodies = {
        "new": wire(a_match(club.id)),
        "content": wire(content_of(a_match(club.id, kind="concert"))),
        "organiser": {"id": str(new_id()), "name": "Example Organiser"},
        "series": {"id": str(new_id()), "organiser_id": str(club.id), "title": {"fr": "Coupe", "en": "Cup"}},
    }
    for method, path, body in ACTS:
        answer = await desk.ask(who, method, path.format(id=draft.id), bodies[body] if body else None)
        assert answer.status_code in answers, path
    assert await everything(conn) == before


async def test_each_organiser_sees_only_its_own_events(
    desk: Desk, conn: Connection, club: Organiser, promoter: Organiser, a_match: Matches
) -> None:
    ours, theirs = a_match(club.id), a_match(promoter.id)
    for new in (ours, theirs):
        await acts.create(conn, new, None, NOW)
    desk.knows("one event", Grant("programme", "event", theirs.id))
    expected: dict[str, set[UUID]] = {
        "all": {ours.id, theirs.id},
        "admin": {ours.id, theirs.id},
        "club": {ours.id},
        "finance": {ours.id},
        "promoter": {theirs.id},
        "one event": {theirs.id},
    }
    for who, ids in expected.items():
        seen = (await desk.ask(who, "GET", "/api/office/events")).json()
        assert {UUID(item["event"]["id"]) for item in seen} == ids, who
        for new in (ours, theirs):
            one = await desk.ask(who, "GET", f"/api/office/events/{new.id}")
            assert one.status_code == (200 if new.id in ids else 404), who


async def test_a_grant_for_one_event_covers_only_that_event(
    desk: Desk, conn: Connection, club: Organiser, a_match: Matches
) -> None:
    new = a_match(club.id)
    await acts.create(conn, new, None, NOW)
    desk.knows("one event", Grant("programme", "event", new.id))
    assert (await desk.ask("one event", "POST", f"/api/office/events/{new.id}/publish")).status_code == 200
    another = await desk.ask("one event", "POST", "/api/office/events", wire(a_match(club.id)))
    assert another.status_code == 403


async def test_organisers_and_series_are_limited_to_the_role(
    desk: Desk, conn: Connection, club: Organiser, promoter: Organiser
) -> None:
    federation = {"id": str(new_id()), "name": "The federation"}
    assert (await desk.ask("all", "POST", "/api/office/organisers", federation)).status_code == 201
    assert (await desk.ask("all", "POST", "/api/office/organisers", federation)).json() == federation
    assert (await desk.ask("club", "GET", "/api/office/organisers")).json() == [wire(club)]
    assert len((await desk.ask("all", "GET", "/api/office/organisers")).json()) == 3
    cup = {"id": str(new_id()), "organiser_id": str(club.id), "title": {"fr": "Coupe", "en": "Cup"}}
    assert (await desk.ask("club", "POST", "/api/office/series", cup)).json() == cup
    assert (await desk.ask("club", "GET", "/api/office/series")).json() == [cup]
    assert (await desk.ask("promoter", "GET", "/api/office/series")).json() == []


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "circus"},
        {"title": {"fr": "a\u0000b", "en": ""}},
        {"starts_at": "2026-05-09T21:00:00"},
        {"starts_at": "0001-01-01T00:00:00+14:00"},
        {"rules": {"limit_per_buyer": 0}},
        {"id": "no id"},
    ],
)
async def test_malformed_input_is_refused(
    change: dict[str, Any], desk: Desk, club: Organiser, a_match: Matches
) -> None:
    answer = await desk.ask("club", "POST", "/api/office/events", wire(a_match(club.id)) | change)
    assert refused(answer) == (400, "invalid")


async def test_concurrent_requests_cost_one_query(conn: Connection, club: Organiser, a_match: Matches) -> None:
    event = await a_published_event(conn, a_match(club.id))

    class OneConnection:
        asked = 0

        def connection(self) -> "OneConnection":
            self.asked += 1
            return self

        async def __aenter__(self) -> Connection:
            return conn

        async def __aexit__(self, *_: object) -> None:
            return None

    db: Any = OneConnection()
    bodies = await reads.boards(db, [NOW] * 100)
    found = await reads.public_events(db, [event.id, new_id(), event.id])
    assert len(set(bodies)) == 1
    assert [item and item.id for item in found] == [event.id, None, event.id]
    assert db.asked == 2

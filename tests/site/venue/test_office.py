"""Routes of the office: who manages which venue, files with and without defects, edits, and closures of an event."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from tests.site.venue.samples import seating_plan, small_document
from virage.app.application import create_app
from virage.demo.venues.drawing import stadium
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Credential, Grant, Principal
from virage.site.venue import reads
from virage.site.venue.routes import office, public

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)  # the time of the fixture `clock`
MANAGER = "venue_manager"


class Office:
    """The routes, requested as one of several people; `events` are venue versions by event."""

    def __init__(self, browser: httpx.AsyncClient) -> None:
        self.browser = browser
        self.principals: dict[bytes, Principal] = {}
        self.names: dict[UUID, str] = {}
        self.events: dict[UUID, str] = {}
        self.closed_gates: frozenset[str] = frozenset()

    def knows(self, name: str, *grants: Grant) -> None:
        who = new_id()
        self.principals[sha256(name.encode()).digest()] = Principal("staff", who, new_id(), grants, NOW)
        self.names[who] = name.title()

    async def ask(self, who: str, method: str, path: str, body: Any = None, **query: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else None if body is None else msgspec.json.encode(body)
        headers = {"authorization": f"Bearer {who}", "content-type": "application/json"}
        return await self.browser.request(
            method, f"/api/office{path}", content=content, headers=headers, params=query or None
        )

    async def importing(self, document: Any, who: str = "admin", **query: str) -> str:
        answer = await self.ask(who, "POST", "/venues", document, **query)
        assert answer.status_code == 201, answer.text
        version: str = answer.json()["version"]
        return version

    async def version_of(self, code: str) -> str:
        version: str = (await self.ask("admin", "GET", f"/venues/{code}")).json()["version"]
        return version


@pytest.fixture
async def desk(config: Config, db: Database, clock: Clock) -> AsyncIterator[Office]:
    made = Office(httpx.AsyncClient())

    async def authenticate(credentials: Sequence[Credential]) -> Sequence[Principal | None]:
        return [made.principals.get(credential.token_hash) for credential in credentials]

    async def queue_delays(_conn: Connection) -> Mapping[str, float]:
        return {}

    async def event_version(_conn: Connection, event_id: UUID) -> str | None:
        return made.events.get(event_id)

    async def closed_gates(_conn: Connection, _event_id: UUID) -> frozenset[str]:
        return made.closed_gates

    async def person_names(_conn: Connection, ids: Sequence[UUID]) -> Mapping[UUID, str]:
        return {person: made.names[person] for person in ids if person in made.names}

    app = create_app(
        [public.router, office.router],
        config=config,
        db=db,
        clock=clock,
        authenticator=authenticate,
        dependencies={
            "queue_delays": queue_delays,
            "event_version": event_version,
            "closed_gates": closed_gates,
            "person_names": person_names,
        },
    )
    transport = httpx.ASGITransport(app=app)
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="https://virage.local") as browser:
        made.browser = browser
        made.knows("admin", Grant("admin"))
        made.knows("manager", Grant(MANAGER))
        made.knows("arena", Grant(MANAGER, "venue", "arena"))
        made.knows("stadium", Grant(MANAGER, "venue", "stadium"))
        made.knows("cashier", Grant("cashier"))
        yield made


async def test_a_manager_sees_the_venues_of_the_grant(desk: Office) -> None:
    version = await desk.importing(small_document())
    listed = (await desk.ask("manager", "GET", "/venues")).json()
    assert [(venue["code"], venue["prefix"], venue["places"]) for venue in listed] == [
        ("stadium", "", 77_186),
        ("arena", "arena.", 108),
    ]
    assert [venue["code"] for venue in (await desk.ask("arena", "GET", "/venues")).json()] == ["arena"]
    detail = (await desk.ask("arena", "GET", "/venues/arena")).json()
    assert [(line["version"], line["number"], line["imported_by"]) for line in detail["versions"]] == [
        (version, 1, "Admin")
    ]
    assert detail["features"] == {
        "wheelchair": 1,
        "companion": 1,
        "easy_access": 0,
        "audio_description": 0,
        "hearing_loop": 0,
        "sign_language": 0,
        "guide_dog": 0,
        "quiet": 0,
    }


async def test_other_venues_and_other_roles_are_refused(desk: Office) -> None:
    version = await desk.importing(small_document())
    edits = {"based_on": version, "edits": [{"edit": "stand", "stand": "N", "name": "Nord"}]}
    for method, path, body in (
        ("GET", "/venues/arena", None),
        ("GET", f"/venues/arena/versions/{version}/file", None),
        ("GET", f"/venues/arena/differences?before={version}&after={version}", None),
        ("POST", f"/venues?based_on={version}", small_document()),
        ("POST", "/venues/arena/versions", edits),
    ):
        for who in ("stadium", "cashier"):
            assert (await desk.ask(who, method, path, body)).status_code == 403, (who, method, path)
    assert await desk.version_of("arena") == version


async def test_a_new_venue_needs_the_role_without_a_scope(desk: Office) -> None:
    for who in ("arena", "stadium"):
        assert (await desk.ask(who, "POST", "/venues", small_document())).status_code == 403
    assert (await desk.ask("manager", "POST", "/venues", small_document())).status_code == 201


async def test_the_file_of_a_version_is_what_was_imported(desk: Office) -> None:
    version = await desk.importing(small_document())
    answer = await desk.ask("arena", "GET", f"/venues/arena/versions/{version}/file")
    assert answer.headers["content-disposition"] == f'attachment; filename="arena-{version}.json"'
    assert (await desk.importing(answer.content, based_on=version)) == version
    assert (await desk.ask("arena", "GET", f"/venues/arena/versions/{stadium().version}/file")).status_code == 404


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
async def test_a_check_gives_the_summary_and_the_differences_and_stores_nothing(desk: Office, pack: Any) -> None:
    version = await desk.importing(small_document())
    changed = small_document() | {"name": "Arena 2"}
    check = (await desk.ask("arena", "POST", "/venues/check", pack(msgspec.json.encode(changed)))).json()
    assert check["summary"]["name"] == "Arena 2"
    assert (check["summary"]["seats"], check["summary"]["places"], check["summary"]["features"]["wheelchair"]) == (
        8,
        108,
        1,
    )
    assert check["current_version"] == version
    assert check["differences"] == [
        {
            "subject": "venue",
            "change": "changed",
            "details": [{"field": "name", "before": "Arena", "after": "Arena 2"}],
        }
    ]
    assert await desk.version_of("arena") == version


async def test_a_manager_of_another_venue_learns_nothing_about_this_one(desk: Office) -> None:
    await desk.importing(small_document())
    check = (await desk.ask("stadium", "POST", "/venues/check", small_document())).json()
    assert check["summary"]["seats"] == 8
    assert (check["current_version"], check["differences"]) == (None, None)


async def test_a_plan_with_defects_lists_all_of_them_and_is_mended_on_request(desk: Office) -> None:
    plan = seating_plan()
    seats = [seat for zone in plan["zones"] for row in zone["rows"] for seat in row["seats"]]
    for seat in seats[1:21]:
        seat["seat_guid"] = seats[0]["seat_guid"]
    query = {"code": "hall", "time_zone": "Europe/Paris"}
    check = (await desk.ask("manager", "POST", "/venues/check", plan, **query)).json()
    assert check["summary"] is None
    assert len(check["defects"]) == len(check["mends"]) == 20
    assert {line["code"] for line in check["defects"]} == {"duplicate_code"}
    assert check["defects"][0]["place"] == "zones[0].rows[0].seats[1].seat_guid"
    refused = await desk.ask("manager", "POST", "/venues", plan, **query)
    assert (refused.status_code, refused.json()["code"]) == (409, "venue_file_defects")
    assert refused.json()["data"]["defects"] == check["defects"]
    mended = await desk.ask("manager", "POST", "/venues/mend", plan, **query)
    assert await desk.importing(mended.content, **query)
    assert (await desk.ask("admin", "GET", "/venues/hall")).json()["seats"] == 36


@pytest.mark.parametrize("body", [b"", b"{", b"\x1f\x8b\x00", b"[1, 2]", b'"text"'])
async def test_bytes_that_are_no_file_are_a_defect(desk: Office, body: bytes) -> None:
    check = await desk.ask("manager", "POST", "/venues/check", body)
    assert check.status_code == 200
    assert len(check.json()["defects"]) >= 1
    for path in ("/venues", "/venues/mend"):
        assert (await desk.ask("manager", "POST", path, body)).status_code in {200, 409}, path


async def test_edits_make_a_new_version(desk: Office) -> None:
    version = await desk.importing(small_document())
    edits = [
        {
            "edit": "feature",
            "feature": "wheelchair",
            "present": True,
            "seats": [{"block": "101", "row": "1", "seats": ["1"]}],
        }
    ]
    saved = await desk.ask("arena", "POST", "/venues/arena/versions", {"based_on": version, "edits": edits})
    assert saved.status_code == 201
    after = saved.json()["version"]
    found = await desk.ask("arena", "GET", "/venues/arena/differences", before=version, after=after)
    assert found.json() == [
        {
            "subject": "block",
            "change": "changed",
            "code": "101",
            "details": [{"field": "wheelchair", "before": 1, "after": 2, "names": ["1 1"]}],
        }
    ]
    lines = (await desk.ask("arena", "GET", "/venues/arena")).json()["versions"]
    assert [(line["version"], line["based_on"], line["imported_by"]) for line in lines] == [
        (after, version, "Arena"),
        (version, None, "Admin"),
    ]


async def test_a_version_by_a_person_without_a_name_is_told_from_one_of_the_command_line(desk: Office) -> None:
    desk.names.clear()
    await desk.importing(small_document())
    for code, author in (("arena", ""), ("stadium", None)):
        lines = (await desk.ask("admin", "GET", f"/venues/{code}")).json()["versions"]
        assert [line["imported_by"] for line in lines] == [author]


@pytest.mark.parametrize(
    ("edit", "place", "code"),
    [
        ({"edit": "gate", "gate": "Z9", "group": "A"}, "edits[0].gate", "unknown_code"),
        ({"edit": "block_group", "blocks": ["101"], "gate_group": "Z"}, "blocks[0].gate_group", "group_without_gate"),
    ],
)
async def test_edits_with_a_defect_change_nothing(desk: Office, edit: dict[str, Any], place: str, code: str) -> None:
    version = await desk.importing(small_document())
    refused = await desk.ask("arena", "POST", "/venues/arena/versions", {"based_on": version, "edits": [edit]})
    assert refused.status_code == 409
    assert [(line["place"], line["code"]) for line in refused.json()["data"]["defects"]] == [(place, code)]
    assert await desk.version_of("arena") == version


async def test_of_two_people_who_edit_one_version_the_second_learns_who_was_first(desk: Office) -> None:
    base = await desk.importing(small_document())

    def stand(name: str) -> dict[str, Any]:
        return {"based_on": base, "edits": [{"edit": "stand", "stand": "N", "name": name}]}

    answers = await asyncio.gather(
        *(desk.ask(who, "POST", "/venues/arena/versions", stand(who)) for who in ("manager", "arena"))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    saved = next(answer for answer in answers if answer.status_code == 201)
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["code"] == "changed_meanwhile"
    assert refused.json()["data"] == {
        "version": saved.json()["version"],
        "number": 2,
        "imported_at": "2026-05-09T18:00:00Z",
        "imported_by": "Manager" if saved is answers[0] else "Arena",
    }
    again = stand("again") | {"based_on": refused.json()["data"]["version"]}
    assert (await desk.ask("arena", "POST", "/venues/arena/versions", again)).status_code == 201


async def test_an_import_of_an_older_base_is_refused(desk: Office) -> None:
    base = await desk.importing(small_document())
    await desk.importing(small_document() | {"name": "Mine"}, based_on=base)
    for query in ({"based_on": base}, {}):
        refused = await desk.ask("manager", "POST", "/venues", small_document() | {"name": "Yours"}, **query)
        assert (refused.status_code, refused.json()["code"]) == (409, "changed_meanwhile")


async def test_two_imports_of_one_new_venue_make_one_version(desk: Office) -> None:
    answers = await asyncio.gather(
        *(desk.ask("manager", "POST", "/venues", small_document() | {"name": name}) for name in ("Mine", "Yours"))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert len((await desk.ask("admin", "GET", "/venues/arena")).json()["versions"]) == 1


async def test_parts_are_closed_for_one_event_and_reopened(desk: Office, db: Database) -> None:
    event, other = new_id(), new_id()
    desk.events = {event: await desk.importing(small_document()), other: stadium().version}
    for _ in range(2):  # repeating it changes nothing
        for part, code in (("block", "102"), ("lift", "arena.lift-1"), ("outlet", "arena.01")):
            answer = await desk.ask("arena", "PUT", f"/events/{event}/closures/{part}/{code}", {"closed": True})
            assert answer.status_code == 204
    found = (await desk.ask("arena", "GET", f"/events/{event}/closures")).json()
    assert [(line["part"], line["code"], line["closed_by"]) for line in found["closures"]] == [
        ("block", "102", "Arena"),
        ("lift", "arena.lift-1", "Arena"),
        ("outlet", "arena.01", "Arena"),
    ]
    async with db.connection() as conn:
        assert await reads.closures(conn, event) == reads.Closures(
            frozenset({"102"}), frozenset({"arena.lift-1"}), frozenset({"arena.01"})
        )
        assert await reads.closures(conn, other) == reads.Closures(frozenset(), frozenset(), frozenset())
        rows = await conn.fetch("select what, data from kernel.journal where what like 'venue_part_%'")
        assert len(rows) == 3
    for _ in range(2):
        await desk.ask("arena", "PUT", f"/events/{event}/closures/block/102", {"closed": False})
    async with db.connection() as conn:
        assert (await reads.closures(conn, event)).blocks == frozenset()
        history = await conn.fetch("select closed_by, reopened_by from venue.closure where part = 'block'")
        assert len(history) == 1
        assert history[0]["reopened_by"] is not None


async def test_only_parts_of_the_events_venue_are_closed_by_its_manager(desk: Office) -> None:
    await desk.importing(small_document())
    event = new_id()
    desk.events = {event: stadium().version}
    path = f"/events/{event}/closures"
    assert (await desk.ask("arena", "PUT", f"{path}/block/203", {"closed": True})).status_code == 403
    assert (await desk.ask("arena", "GET", path)).status_code == 403
    for part in ("block/999", "outlet/arena.01", "lift/203"):
        assert (await desk.ask("stadium", "PUT", f"{path}/{part}", {"closed": True})).status_code == 404
    assert (await desk.ask("stadium", "PUT", f"{path}/seat/1", {"closed": True})).status_code == 400
    assert (await desk.ask("manager", "GET", f"/events/{new_id()}/closures")).status_code == 404


async def test_routes_to_an_event_avoid_what_is_closed_for_it(desk: Office) -> None:
    event, place = new_id(), 12_345
    desk.events = {event: stadium().version}

    async def route(path: str = "route", **query: Any) -> Any:
        answer = await desk.browser.get(f"/api/venue/{path}", params={"place": place} | query)
        return answer.json()

    usual = await route(event=event)
    assert usual == await route()
    desk.closed_gates = frozenset({usual["gate"].removeprefix("gate:")})
    other = await route(event=event)
    assert other["gate"] != usual["gate"]
    assert await route() == usual
    way_out = (await route("nearest", kind="exit"))["legs"][-1]["to"]
    desk.closed_gates = frozenset({way_out.removeprefix("gate:")})
    assert (await route("nearest", kind="exit", event=event))["legs"][-1]["to"] != way_out
    nearest = await route("nearest", kind="outlet", event=event)
    outlet = nearest["legs"][-1]["to"].removeprefix("outlet:")
    await desk.ask("stadium", "PUT", f"/events/{event}/closures/outlet/{outlet}", {"closed": True})
    assert (await route("nearest", kind="outlet", event=event))["legs"][-1]["to"] != f"outlet:{outlet}"
    assert await route("nearest", kind="outlet") == nearest
    assert (await route(event=new_id()))["code"] == "not_found"
    assert await route(event=event, version=stadium().version) == await route(event=event)
    assert (await route(event=event, version="000000000000"))["code"] == "not_found"

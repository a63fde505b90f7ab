"""The state that a gate's phone has before its server, and the server data that it rejects."""

import json
from datetime import UTC, datetime
from uuid import UUID

from playwright.sync_api import Route, expect

from tests.web.gate import Phone, light, tickets, type_code, until
from tests.web.office import in_database
from tests.web.system import Server, System
from tests.web.test_exit import PACK_STANDS
from tests.web.test_gate import begin, event, inside, phone, scans, server, title
from virage.identity.passes import acts as passes
from virage.identity.people.store import devices
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.values.jwk import bytes_of_base64url

__all__ = ["event", "phone", "server", "title"]

STORED_PACKS = """() => new Promise((resolve) => {
    indexedDB.open("virage-gate").onsuccess = ({ target: { result } }) => {
        result.transaction("pack").objectStore("pack").count().onsuccess = ({ target }) => resolve(target.result);
    };
})"""
SCANS = "**/api/access/scans"
SENT = "[data-backlog='0']"
REVOKED = """([sealed], number) => {
    const bits = atob(JSON.parse(atob(sealed.body)).bitmaps.revoked);
    return Boolean((bits.charCodeAt(number >> 3) >> (number & 7)) & 1);
}"""


def sent_kinds(route: Route) -> list[str]:
    """The kinds of the scans that the phone uploads."""
    sent = json.loads(route.request.post_data or "{}")["scans"]
    return [json.loads(bytes_of_base64url(scan["body"]) or b"{}")["kind"] for scan in sent]


def test_the_server_does_not_admit_again_what_the_phone_admitted_offline_and_has_not_uploaded(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    _, stop, start = server
    first, second = tickets(system, event, "N", 2)
    page = begin(phone, system, title)
    stop()
    expect(page.locator("[data-state=alone]")).to_be_visible()
    type_code(page, first.code())
    light(page, "good", "Valid")
    page.route(SCANS, lambda route: route.continue_() if sent_kinds(route) == ["ask"] else route.abort())
    start()
    expect(page.locator("[data-state=online]")).to_be_visible()
    type_code(page, second.code())
    light(page, "good", "Valid")
    assert ("ask", second.number, False) in scans(system, event), "the phone asks the server"
    type_code(page, first.code())
    light(page, "bad", "Already inside")
    page.unroute(SCANS)
    expect(page.locator(SENT)).to_be_attached()
    assert inside(system, event) == {first.number, second.number}


def test_an_older_pack_does_not_replace_a_newer_one(phone: Phone, system: System, event: UUID, title: str) -> None:
    (refunded,) = tickets(system, event, "N", 1)
    page = begin(phone, system, title)
    packs, beats = "**/api/access/pack/*", "**/api/access/heartbeat"
    (older,) = json.loads(page.evaluate(PACK_STANDS))

    async def revoke(conn: Connection) -> str:
        before = await journal.head(conn)
        await passes.revoke(conn, [refunded.subject], datetime.now(UTC))
        return before

    async def until_it_is_readable(conn: Connection) -> None:
        while "pass_revoked" not in {entry.what for entry in await journal.read_after(conn, before)}:
            pass

    def hear_once(route: Route) -> None:
        page.unroute(beats)
        page.route(beats, lambda later: later.abort())
        route.continue_()

    before = in_database(system, revoke)
    in_database(system, until_it_is_readable)
    page.reload()
    known = f"async (number) => ({REVOKED})(JSON.parse(await ({PACK_STANDS})()), number)"
    until(page, known, refunded.number)
    page.goto("about:blank")
    page.route(packs, lambda route: route.fulfill(json=older))
    page.route(beats, hear_once)
    page.route(SCANS, lambda route: route.abort())
    with page.expect_response(packs):
        page.goto("/staff/gate")
    expect(page.locator("[data-state=alone]")).to_be_visible()
    type_code(page, refunded.code())
    light(page, "bad", "Ticket cancelled")


def test_an_upload_refused_as_too_large_is_sent_in_parts(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    _, stop, start = server
    fans = tickets(system, event, "N", 3)
    page = begin(phone, system, title)
    stop()
    for fan in fans:
        type_code(page, fan.code())
        light(page, "good", "Valid")
    page.route(SCANS, lambda route: route.continue_() if len(sent_kinds(route)) == 1 else route.fulfill(status=413))
    start()
    expect(page.locator(SENT)).to_be_attached()
    assert inside(system, event) == {fan.number for fan in fans}


def test_a_phone_moved_while_it_was_offline_uploads_its_scans_and_shows_its_new_gates(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    _, stop, start = server
    (ticket,) = tickets(system, event, "N", 1)
    page = begin(phone, system, title)
    stop()
    expect(page.locator("[data-state=alone]")).to_be_visible()
    type_code(page, ticket.code())
    light(page, "good", "Valid")

    async def move(conn: Connection) -> None:
        now = datetime.now(UTC)
        newest = await conn.fetchval("select id from people.device order by paired_at desc limit 1")
        await devices.change_device(conn, newest, "Moved", ["B"], now)

    in_database(system, move)
    start()
    expect(page.get_by_role("heading", name="Gates B")).to_be_visible()
    expect(page.get_by_role("heading", name="Gates N")).to_have_count(0)
    assert inside(system, event) == {ticket.number}


def test_a_phone_whose_event_is_at_another_venue_forgets_it_and_chooses_again(
    phone: Phone, system: System, event: UUID, title: str
) -> None:
    tickets(system, event, "N", 1)
    page = begin(phone, system, title)
    other = {"id": "019e0e5c-0000-7000-8000-000000000002", "title": {"fr": "Concert", "en": "Concert"}}
    soon = datetime.now(UTC).isoformat()
    listed = [other | {"starts_at": soon, "venue": "The Arena"}]
    listed.append(listed[0] | {"id": "019e0e5c-0000-7000-8000-000000000003", "title": {"fr": "Match", "en": "Match"}})
    page.route("**/api/access/events", lambda route: route.fulfill(json={"now": soon, "events": listed}))
    page.route("**/api/access/pack/*", lambda route: route.fulfill(status=404, json={"code": "not_found"}))
    page.route("**/api/access/heartbeat", lambda route: route.fulfill(status=403, json={"code": "forbidden"}))
    expect(page.get_by_role("button", name="Concert")).to_be_visible()
    assert page.evaluate(STORED_PACKS) == 0

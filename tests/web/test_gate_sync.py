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
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.values.jwk import bytes_of_base64url

__all__ = ["event", "phone", "server", "title"]

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

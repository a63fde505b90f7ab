"""The gate as an exit, and a steward's difficult evening: no storage, no camera, two windows, a
revoked device.
"""

from datetime import UTC, datetime
from uuid import UUID

from playwright.sync_api import Page, expect

from tests.web.gate import Phone, in_menu, light, tickets, tonight, type_code, until
from tests.web.office import in_database
from tests.web.system import Server, System
from tests.web.test_gate import begin, event, inside, killed_and_back, phone, scans, server, title
from virage.platform.data.database import Connection
from virage.site.programme.rules import EventRules

__all__ = ["event", "phone", "server", "title"]

SENT = "[data-backlog='0']"


def set_direction(page: Page, way: str) -> None:
    """Make the gate an entrance or an exit, in the menu."""
    in_menu(page, way)
    page.get_by_role("dialog", name="My shift").get_by_role("button", name="Close").click()
    expect(page.locator(f"[data-direction={way.lower()}]")).to_be_attached()


def out_by_hand(system: System, event_id: UUID) -> int:
    """The number of exits without a code, as the server counts them."""

    async def ask(conn: Connection) -> int:
        found = await conn.fetchval(
            """
            select coalesce(sum(count), 0) from access.scan
            where event_id = $1 and kind = 'pulse' and lane = 'out' and not training
            """,
            event_id,
        )
        return int(found)

    return int(in_database(system, ask))


def test_an_exit_is_recorded_online_offline_and_after_a_restart_and_re_entry_is_refused(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    _, stop, start = server
    first, second, third = tickets(system, event, "N", 3)
    page = begin(phone, system, title)
    for ticket in (first, second):
        type_code(page, ticket.code())
        light(page, "good", "Valid")
    set_direction(page, "Exit")
    expect(page.get_by_text("Exit mode: each scan records a departure")).to_be_visible()
    type_code(page, first.code())
    light(page, "out", "No re-entry at this event")
    expect(page.locator(SENT)).to_be_attached()
    assert inside(system, event) == {second.number}

    stop()
    expect(page.locator("[data-state=alone]")).to_be_visible()
    type_code(page, second.code())
    light(page, "out", "Goodbye")
    page = killed_and_back(phone)
    expect(page.locator("[data-direction=exit]")).to_be_attached()
    type_code(page, second.code())
    light(page, "out", "Already left")
    type_code(page, third.code())
    light(page, "out", "No entry recorded")
    expect(page.locator("[data-count=left]")).to_have_text("3")
    page.get_by_role("button", name="Next").click()
    set_direction(page, "Entrance")
    type_code(page, second.code())
    light(page, "bad", "No re-entry")
    expect(page.locator("[data-light]")).to_contain_text("gate N1")
    start()
    expect(page.locator(SENT)).to_be_attached()
    assert inside(system, event) == set()
    assert [one for one in scans(system, event) if one[0] == "left"] == [
        ("left", first.number, False),
        ("left", second.number, True),
        ("left", second.number, True),
        ("left", third.number, True),
    ]


def test_an_exit_camera_records_a_code_once(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    _, stop, start = server
    (ticket,) = tickets(system, event, "N", 1)
    page = begin(phone, system, title)
    set_direction(page, "Exit")
    phone.close()
    phone.show(ticket.code())
    stop()
    page = phone.start()
    page.goto("/staff/gate")
    light(page, "out", "Goodbye")
    expect(page.locator("[data-light]")).to_have_count(0)
    start()
    expect(page.locator(SENT)).to_be_attached()
    assert scans(system, event)[0] == ("left", ticket.number, True)


def test_where_re_entry_is_allowed_the_exit_shows_it_and_the_entrance_admits(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    _, stop, _ = server
    back = tonight(system, f"{title} with a break", EventRules(reentry=True))
    (ticket,) = tickets(system, back, "N", 1)
    page = begin(phone, system, f"{title} with a break")
    stop()
    type_code(page, ticket.code())
    light(page, "good", "Valid")
    set_direction(page, "Exit")
    type_code(page, ticket.text)
    light(page, "out", "To re-enter later, they must show the live code on their phone now")
    page.get_by_role("button", name="Next").click()
    set_direction(page, "Entrance")
    type_code(page, ticket.code())
    light(page, "bad", "Already inside")
    page.get_by_role("button", name="Next").click()
    set_direction(page, "Exit")
    type_code(page, ticket.code())
    light(page, "out", "Re-entry allowed with the same ticket")
    page.get_by_role("button", name="Next").click()
    set_direction(page, "Entrance")
    type_code(page, ticket.code())
    light(page, "good", "Valid")


def test_an_exit_without_a_code_is_counted_manually_and_the_last_one_can_be_undone(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    page = begin(phone, system, title)
    set_direction(page, "Exit")
    type_code(page, "https://example.org/not-a-ticket")
    light(page, "again", "Not counted")
    page.locator("[data-light]").get_by_role("button", name="+1 without a code").click()
    expect(page.locator("[data-light]")).to_have_count(0)
    page.get_by_role("button", name="+1 without a code").click()
    expect(page.locator("[data-count=uncoded]")).to_have_text("2")
    page.get_by_role("button", name="Undo last").click()
    expect(page.locator("[data-count=uncoded]")).to_have_text("1")
    expect(page.locator(SENT)).to_be_attached()
    assert out_by_hand(system, event) == 1


def test_an_exit_in_training_is_not_counted(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    (ticket,) = tickets(system, event, "N", 1)
    page = begin(phone, system, title)
    type_code(page, ticket.code())
    light(page, "good", "Valid")
    set_direction(page, "Exit")
    in_menu(page, "Start training")
    type_code(page, ticket.code())
    light(page, "out", "Training")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="+1 without a code").click()
    expect(page.locator("[data-count=left]")).to_have_text("0")
    expect(page.locator("[data-count=uncoded]")).to_have_text("0")
    expect(page.locator(SENT)).to_be_attached()
    assert inside(system, event) == {ticket.number}
    assert out_by_hand(system, event) == 0


HOLD_THE_PACK = """(() => {
    const ask = globalThis.fetch;
    globalThis.released = new Promise((resolve) => (globalThis.release = resolve));
    globalThis.fetch = async (...given) => {
        const answer = await ask(...given);
        if (!(given[0].url ?? given[0]).endsWith("/pass-keys")) return answer;
        const body = await answer.arrayBuffer();
        globalThis.held = true;
        await globalThis.released;
        return new Response(body, answer);
    };
})()"""
PACK_STANDS = """() => new Promise((resolve) => {
    const opening = indexedDB.open("virage-gate");
    opening.onsuccess = () => {
        const asked = opening.result.transaction("pack").objectStore("pack").getAll();
        asked.onsuccess = () => {
            opening.result.close();
            resolve(JSON.stringify(asked.result.map((one) => one.sealed)));
        };
    };
})"""


def test_entries_during_the_download_of_a_new_pack_are_remembered(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    _, stop, _ = server
    (ticket,) = tickets(system, event, "N", 1)
    page = begin(phone, system, title)
    before = page.evaluate(PACK_STANDS)
    assert phone.context is not None
    phone.context.add_init_script(HOLD_THE_PACK)
    page.reload()
    page.wait_for_function("() => globalThis.held === true")
    type_code(page, ticket.code())
    light(page, "good", "Valid")
    page.get_by_role("button", name="Next").click()
    stop()
    page.evaluate("globalThis.release()")
    until(page, f"async (before) => (await ({PACK_STANDS})()) !== before", before)
    type_code(page, ticket.code())
    light(page, "bad", "Already inside")
    page = killed_and_back(phone)
    expect(page.locator("[data-direction]")).to_be_attached()
    type_code(page, ticket.code())
    light(page, "bad", "Already inside")


FULL = """() => {
    globalThis.kept = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = () => { throw new DOMException("no room", "QuotaExceededError"); };
}"""


def test_a_scan_that_cannot_be_stored_is_refused_and_the_steward_sees_what_to_do(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    _, stop, _ = server
    (ticket,) = tickets(system, event, "N", 1)
    page = begin(phone, system, title)
    stop()
    page.evaluate(FULL)
    type_code(page, ticket.code())
    light(page, "bad", "take another device")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("alert").filter(has_text="take another device")).to_be_visible()
    page.evaluate("() => { IDBObjectStore.prototype.put = globalThis.kept; }")
    type_code(page, ticket.code())
    light(page, "good", "Valid")


def test_a_hand_scanner_works_over_the_menu_and_in_the_search_field(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    first, second = tickets(system, event, "N", 2)
    page = begin(phone, system, title)
    page.get_by_role("button", name="Menu", exact=True).click()
    type_code(page, first.code())
    light(page, "good", "Valid")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Search").click()
    page.get_by_label("Seat, order code or name").focus()
    type_code(page, second.code())
    light(page, "good", "Valid")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(SENT)).to_be_attached()
    assert inside(system, event) == {first.number, second.number}


def test_a_disconnected_camera_is_reported_and_can_be_retried(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    page = begin(phone, system, title)
    expect(page.get_by_text("Point the camera at the code")).to_be_visible()
    page.evaluate("document.querySelector('video').srcObject.getTracks()[0].dispatchEvent(new Event('ended'))")
    expect(page.get_by_text("No camera found. Use a handheld scanner")).to_be_visible()
    page.get_by_role("button", name="Try the camera again").click()
    expect(page.get_by_text("Point the camera at the code")).to_be_visible()


def test_a_window_that_takes_over_knows_the_scans_of_the_other_one(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    _, stop, _ = server
    (ticket,) = tickets(system, event, "N", 1)
    page = begin(phone, system, title)
    assert phone.context is not None
    second = phone.context.new_page()
    second.goto("/staff/gate")
    expect(second.get_by_role("heading", name="The gate is open in another window")).to_be_visible()
    stop()
    type_code(page, ticket.code())
    light(page, "good", "Valid")
    second.get_by_role("button", name="Continue here").click()
    expect(second.locator("[data-direction]")).to_be_attached()
    expect(page.get_by_role("heading", name="The gate is open in another window")).to_be_visible()
    type_code(second, ticket.code())
    light(second, "bad", "Already inside")


def test_a_revoked_device_admits_no_pass_with_its_next_scan(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    (ticket,) = tickets(system, event, "N", 1)
    page = begin(phone, system, title)

    async def end(conn: Connection) -> None:
        await conn.execute(
            """
            update people.device set revoked_at = $1, revoked_by = paired_by
            where id = (select id from people.device order by paired_at desc limit 1)
            """,
            datetime.now(UTC),
        )

    in_database(system, end)
    type_code(page, ticket.code())
    expect(page.get_by_role("heading", name="This device has been revoked")).to_be_visible()
    assert inside(system, event) == set()
    assert not [one for one in scans(system, event) if one[0] == "passed"]

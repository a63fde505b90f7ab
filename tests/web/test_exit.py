"""The gate as an exit, and a steward's hard evening: no storage, no camera, two windows, a revoked device."""

from datetime import UTC, datetime
from uuid import UUID

from playwright.sync_api import Page, expect

from tests.web.gate import Phone, in_menu, light, tickets, tonight, type_code, until
from tests.web.house import House, Server
from tests.web.office import in_database
from tests.web.test_gate import begin, event, inside, killed_and_back, phone, scans, server, title
from virage.platform.data.database import Connection
from virage.site.programme.rules import EventRules

__all__ = ["event", "phone", "server", "title"]

SENT = "[data-backlog='0']"


def turn(page: Page, way: str) -> None:
    """Make the gate an entrance or an exit, in the menu."""
    in_menu(page, way)
    page.get_by_role("dialog", name="My shift").get_by_role("button", name="Close").click()
    expect(page.locator(f"[data-direction={way.lower()}]")).to_be_attached()


def out_by_hand(house: House, event_id: UUID) -> int:
    """How many left without a code, as the server counts them."""

    async def ask(conn: Connection) -> int:
        found = await conn.fetchval(
            """
            select coalesce(sum(count), 0) from access.scan
            where event_id = $1 and kind = 'pulse' and lane = 'out' and not training
            """,
            event_id,
        )
        return int(found)

    return int(in_database(house, ask))


def test_who_leaves_is_noted_online_alone_and_after_a_restart_and_does_not_come_back(
    phone: Phone, house: House, server: Server, event: UUID, title: str
) -> None:
    _, stop, start = server
    first, second, third = tickets(house, event, "N", 3)
    page = begin(phone, house, title)
    for ticket in (first, second):
        type_code(page, ticket.code())
        light(page, "good", "Come in")
    turn(page, "Exit")
    expect(page.get_by_text("Exit: whoever is scanned has left")).to_be_visible()
    type_code(page, first.code())
    light(page, "out", "No way back in at this event")
    expect(page.locator(SENT)).to_be_attached()
    assert inside(house, event) == {second.number}

    stop()
    expect(page.locator("[data-state=alone]")).to_be_visible()
    type_code(page, second.code())
    light(page, "out", "Goodbye")
    page = killed_and_back(phone)
    expect(page.locator("[data-direction=exit]")).to_be_attached()
    type_code(page, second.code())
    light(page, "out", "Has left before")
    type_code(page, third.code())
    light(page, "out", "Was not inside")
    expect(page.locator("[data-count=left]")).to_have_text("3")
    page.get_by_role("button", name="Next").click()
    turn(page, "Entrance")
    type_code(page, second.code())
    light(page, "bad", "No way back in")
    expect(page.locator("[data-light]")).to_contain_text("gate N1")
    start()
    expect(page.locator(SENT)).to_be_attached()
    assert inside(house, event) == set()
    assert [one for one in scans(house, event) if one[0] == "left"] == [
        ("left", first.number, False),
        ("left", second.number, True),
        ("left", second.number, True),
        ("left", third.number, True),
    ]


def test_a_code_before_the_camera_of_an_exit_is_noted_once(
    phone: Phone, house: House, server: Server, event: UUID, title: str
) -> None:
    _, stop, start = server
    (ticket,) = tickets(house, event, "N", 1)
    page = begin(phone, house, title)
    turn(page, "Exit")
    phone.close()
    phone.show(ticket.code())
    stop()
    page = phone.start()
    page.goto("/staff/gate")
    light(page, "out", "Goodbye")
    expect(page.locator("[data-light]")).to_have_count(0)
    start()
    expect(page.locator(SENT)).to_be_attached()
    assert scans(house, event)[0] == ("left", ticket.number, True)


def test_where_the_house_lets_people_back_in_an_exit_says_so_and_the_entrance_does(
    phone: Phone, house: House, server: Server, event: UUID, title: str
) -> None:
    _, stop, _ = server
    back = tonight(house, f"{title} with a break", EventRules(reentry=True))
    (ticket,) = tickets(house, back, "N", 1)
    page = begin(phone, house, f"{title} with a break")
    stop()
    type_code(page, ticket.code())
    light(page, "good", "Come in")
    turn(page, "Exit")
    type_code(page, ticket.text)
    light(page, "out", "To come back in, they must show the moving code here")
    page.get_by_role("button", name="Next").click()
    turn(page, "Entrance")
    type_code(page, ticket.code())
    light(page, "bad", "Already inside")
    page.get_by_role("button", name="Next").click()
    turn(page, "Exit")
    type_code(page, ticket.code())
    light(page, "out", "May come back in with the same ticket")
    page.get_by_role("button", name="Next").click()
    turn(page, "Entrance")
    type_code(page, ticket.code())
    light(page, "good", "Come in")


def test_who_leaves_without_a_code_is_counted_by_hand_and_the_last_may_be_taken_back(
    phone: Phone, house: House, server: Server, event: UUID, title: str
) -> None:
    page = begin(phone, house, title)
    turn(page, "Exit")
    type_code(page, "https://example.org/not-a-ticket")
    light(page, "again", "Nobody was counted")
    page.locator("[data-light]").get_by_role("button", name="+1 left without code").click()
    expect(page.locator("[data-light]")).to_have_count(0)
    page.get_by_role("button", name="+1 left without code").click()
    expect(page.locator("[data-count=uncoded]")).to_have_text("2")
    page.get_by_role("button", name="Undo last").click()
    expect(page.locator("[data-count=uncoded]")).to_have_text("1")
    expect(page.locator(SENT)).to_be_attached()
    assert out_by_hand(house, event) == 1


def test_an_exit_in_training_counts_nobody_out(
    phone: Phone, house: House, server: Server, event: UUID, title: str
) -> None:
    (ticket,) = tickets(house, event, "N", 1)
    page = begin(phone, house, title)
    type_code(page, ticket.code())
    light(page, "good", "Come in")
    turn(page, "Exit")
    in_menu(page, "Start training")
    type_code(page, ticket.code())
    light(page, "out", "Training")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="+1 left without code").click()
    expect(page.locator("[data-count=left]")).to_have_text("0")
    expect(page.locator("[data-count=uncoded]")).to_have_text("0")
    expect(page.locator(SENT)).to_be_attached()
    assert inside(house, event) == {ticket.number}
    assert out_by_hand(house, event) == 0


HOLD_THE_PACK = """(() => {
    const ask = globalThis.fetch;
    globalThis.released = new Promise((resolve) => (globalThis.release = resolve));
    globalThis.fetch = async (...given) => {
        const answer = await ask(...given);
        if (!String(given[0]).endsWith("/pass-keys")) return answer;
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


def test_who_came_in_while_a_new_pack_was_on_its_way_stays_known(
    phone: Phone, house: House, server: Server, event: UUID, title: str
) -> None:
    _, stop, _ = server
    (ticket,) = tickets(house, event, "N", 1)
    page = begin(phone, house, title)
    before = page.evaluate(PACK_STANDS)
    assert phone.context is not None
    phone.context.add_init_script(HOLD_THE_PACK)
    page.reload()
    page.wait_for_function("() => globalThis.held === true")
    type_code(page, ticket.code())
    light(page, "good", "Come in")
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


def test_where_a_scan_cannot_be_kept_no_light_turns_green_and_the_steward_is_told_what_to_do(
    phone: Phone, house: House, server: Server, event: UUID, title: str
) -> None:
    _, stop, _ = server
    (ticket,) = tickets(house, event, "N", 1)
    page = begin(phone, house, title)
    stop()
    page.evaluate(FULL)
    type_code(page, ticket.code())
    light(page, "bad", "take another device")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("alert").filter(has_text="take another device")).to_be_visible()
    page.evaluate("() => { IDBObjectStore.prototype.put = globalThis.kept; }")
    type_code(page, ticket.code())
    light(page, "good", "Come in")


def test_a_hand_scanner_is_heard_over_the_menu_and_in_the_search_field(
    phone: Phone, house: House, server: Server, event: UUID, title: str
) -> None:
    first, second = tickets(house, event, "N", 2)
    page = begin(phone, house, title)
    page.get_by_role("button", name="Menu", exact=True).click()
    type_code(page, first.code())
    light(page, "good", "Come in")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Search").click()
    page.get_by_label("Seat, order code or name").focus()
    type_code(page, second.code())
    light(page, "good", "Come in")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(SENT)).to_be_attached()
    assert inside(house, event) == {first.number, second.number}


def test_a_camera_that_is_taken_away_is_told_and_may_be_tried_again(
    phone: Phone, house: House, server: Server, event: UUID, title: str
) -> None:
    page = begin(phone, house, title)
    expect(page.get_by_text("Hold the code before the camera")).to_be_visible()
    page.evaluate("document.querySelector('video').srcObject.getTracks()[0].dispatchEvent(new Event('ended'))")
    expect(page.get_by_text("No camera: use a hand scanner")).to_be_visible()
    page.get_by_role("button", name="Try the camera again").click()
    expect(page.get_by_text("Hold the code before the camera")).to_be_visible()


def test_a_window_that_takes_over_knows_what_the_other_one_saw(
    phone: Phone, house: House, server: Server, event: UUID, title: str
) -> None:
    _, stop, _ = server
    (ticket,) = tickets(house, event, "N", 1)
    page = begin(phone, house, title)
    assert phone.context is not None
    second = phone.context.new_page()
    second.goto("/staff/gate")
    expect(second.get_by_role("heading", name="The gate is open in another window")).to_be_visible()
    stop()
    type_code(page, ticket.code())
    light(page, "good", "Come in")
    second.get_by_role("button", name="Go on here").click()
    expect(second.locator("[data-direction]")).to_be_attached()
    expect(page.get_by_role("heading", name="The gate is open in another window")).to_be_visible()
    type_code(second, ticket.code())
    light(second, "bad", "Already inside")


def test_a_device_that_is_revoked_lets_in_nobody_with_its_next_scan(
    phone: Phone, house: House, server: Server, event: UUID, title: str
) -> None:
    (ticket,) = tickets(house, event, "N", 1)
    page = begin(phone, house, title)

    async def end(conn: Connection) -> None:
        await conn.execute(
            """
            update people.device set revoked_at = $1, revoked_by = paired_by
            where id = (select id from people.device order by paired_at desc limit 1)
            """,
            datetime.now(UTC),
        )

    in_database(house, end)
    type_code(page, ticket.code())
    expect(page.get_by_role("heading", name="This device was ended")).to_be_visible()
    assert inside(house, event) == set()
    assert not [one for one in scans(house, event) if one[0] == "passed"]

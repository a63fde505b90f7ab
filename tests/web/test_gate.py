"""The gate on a steward's phone: a camera that sees real codes, online, offline, and after a kill."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.web.devices import with_pin
from tests.web.gate import (
    Phone,
    choose_gate,
    in_menu,
    kill,
    light,
    pair,
    settled,
    sign_in_by_pin,
    tickets,
    tonight,
    type_code,
)
from tests.web.office import in_database
from tests.web.oldest import OLDEST
from tests.web.system import Server, System, stoppable
from tests.web.test_access import SIZES, SMALL, found_by_axe
from tests.web.tour_gate import beginning, lights, prepared, tools
from virage.demo.venues.drawing import stadium
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id

STEWARD = "Some Steward"


@pytest.fixture
def server(system: System) -> Iterator[Server]:
    """A web process for one test: its address, and functions that stop it and start it again."""
    with stoppable(system) as server:
        yield server


@pytest.fixture
def phone(playwright: Playwright, tmp_path: Path, server: Server) -> Iterator[Phone]:
    phone = Phone(playwright, tmp_path, server[0])
    yield phone
    phone.close()


@pytest.fixture
def event(system: System, title: str) -> UUID:
    with_pin(system, "steward.at.gate@example.org", STEWARD, "steward")
    return tonight(system, title)


@pytest.fixture
def title() -> str:
    """The title of the event of this test."""
    return f"Match {new_id()}"


def scans(system: System, event_id: UUID) -> list[tuple[str, int | None, bool]]:
    """The server's scans of an event: kind, pass, whether the device was offline."""

    async def ask(conn: Connection) -> list[Any]:
        return await conn.fetch(
            "select kind, pass_number, offline from access.scan where event_id = $1 order by received_at, number",
            event_id,
        )

    return [tuple(row) for row in in_database(system, ask)]


def inside(system: System, event_id: UUID) -> set[int]:
    """The passes with the presence inside."""

    async def ask(conn: Connection) -> list[Any]:
        return await conn.fetch(
            "select pass_number from access.presence where event_id = $1 and state = 'inside'", event_id
        )

    return {row[0] for row in in_database(system, ask)}


def begin(phone: Phone, system: System, title: str) -> Page:
    """Pair the phone, sign in by PIN and choose gate N1, with everything stored for offline use."""
    return settle(phone.start(), system, title)


def settle(page: Page, system: System, title: str) -> Page:
    """The same in an open browser."""
    pair(page, system, ["N"], title)
    sign_in_by_pin(page, STEWARD)
    choose_gate(page, "N1")
    settled(page)
    return page


def killed_and_back(phone: Phone) -> Page:
    """The gate in a browser that was killed and started again."""
    kill(phone)
    page = phone.start()
    page.goto("/staff/gate")
    return page


def test_a_code_read_by_the_camera_is_admitted_online_offline_and_after_a_restart(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    _, stop, start = server
    first, second, third = tickets(system, event, "N", 3)
    phone.show(first.code())
    page = begin(phone, system, title)
    light(page, "good", "Valid")
    expect(page.locator("[data-alone=false]")).to_be_visible()
    assert inside(system, event) == {first.number}
    phone.close()

    phone.show(second.code())
    stop()
    page = phone.start()
    page.goto("/staff/gate")
    light(page, "good", "Valid")
    expect(page.locator("[data-alone=true]")).to_be_visible()
    expect(page.locator("[data-backlog='1']")).to_be_attached()
    phone.close()

    phone.show(third.code())
    page = phone.start()
    page.goto("/staff/gate")
    light(page, "good", "Valid")
    expect(page.locator("[data-backlog='2']")).to_be_attached()
    start()
    expect(page.locator("[data-backlog='0']")).to_be_attached()
    assert inside(system, event) == {first.number, second.number, third.number}
    assert [kind for kind, _, _ in scans(system, event)] == ["ask", "passed", "passed"]


def test_the_oldest_browser_reads_its_camera_and_admits_valid_passes_offline_and_online(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    _, stop, _ = server
    first, second = tickets(system, event, "N", 2)
    narrow = {"width": 360, "height": 740}
    phone.show(first.code())
    page = phone.start(viewport=narrow)
    assert phone.context is not None
    phone.context.add_init_script(OLDEST)
    settle(page, system, title)
    light(page, "good", "Valid")
    expect(page.locator("[data-alone=false]")).to_be_visible()
    assert inside(system, event) == {first.number}
    phone.close()

    phone.show(second.code())
    stop()
    page = phone.start(viewport=narrow)
    phone.context.add_init_script(OLDEST)
    page.goto("/staff/gate")
    light(page, "good", "Valid")
    expect(page.locator("[data-alone=true]")).to_be_visible()
    type_code(page, second.code()[:-1] + ("A" if second.code()[-1] != "A" else "B"))
    expect(page.locator("[data-light=bad]")).to_be_visible()


def test_a_browser_killed_between_result_and_upload_loses_no_scan(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    _, stop, start = server
    (ticket,) = tickets(system, event, "N", 1)
    page = begin(phone, system, title)
    stop()
    type_code(page, ticket.code())
    light(page, "good", "Valid")
    page = killed_and_back(phone)
    expect(page.locator("[data-backlog='1']")).to_be_attached()
    type_code(page, ticket.code())
    light(page, "bad", "Already inside")
    expect(page.locator("[data-light]")).to_contain_text("gate N1")
    start()
    expect(page.locator("[data-backlog='0']")).to_be_attached()
    assert scans(system, event) == [("passed", ticket.number, True), ("refused", ticket.number, True)]
    assert inside(system, event) == {ticket.number}


TEN_MINUTES_AHEAD = """(() => {
    globalThis.aheadMs = 600_000;
    globalThis.laterMs = 0;
    const passed = performance.now.bind(performance);
    performance.now = () => passed() + globalThis.laterMs;
    const Right = Date, ahead = () => Right.now() + globalThis.aheadMs + globalThis.laterMs;
    globalThis.Date = class extends Right {
        constructor(...given) { given.length ? super(...given) : super(ahead()); }
        static now() { return ahead(); }
    };
})()"""


def test_neither_the_devices_clock_nor_the_phones_blocks_a_valid_pass(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    _, stop, _ = server
    right, wrong = tickets(system, event, "N", 2)
    phone.start()
    assert phone.context is not None
    phone.context.add_init_script(TEN_MINUTES_AHEAD)
    page = settle(phone.context.pages[0], system, title)
    expect(page.get_by_text("Clock +600 s")).to_be_visible()
    stop()
    type_code(page, right.code())
    light(page, "good", "Valid")
    now = datetime.now(UTC)
    type_code(page, wrong.code(now - timedelta(minutes=9)))
    light(page, "again", "Wait for the next code")
    page.evaluate("globalThis.laterMs += 30_000")  # half a minute later
    type_code(page, wrong.code(now - timedelta(minutes=8.5)))
    light(page, "good", "clock is wrong")


def test_the_wrong_gate_shows_the_right_one_offline_in_french(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    _, stop, _ = server
    (elsewhere,) = tickets(system, event, "P", 1)
    page = begin(phone, system, title)
    in_menu(page, "Français")
    page.get_by_role("button", name="Fermer").click()
    stop()
    type_code(page, elsewhere.code())
    light(page, "bad", "Mauvaise porte")
    expect(page.locator("[data-light]")).to_contain_text("Porte P")
    expect(page.locator("[data-light]")).to_contain_text("face au terrain")


def test_a_fan_without_a_phone_is_found_by_seat_and_admitted_with_a_reason(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    _, stop, start = server
    (ticket,) = tickets(system, event, "N", 1)
    seat = stadium().label(ticket.place)
    page = begin(phone, system, title)
    expect(page.locator("html")).to_have_attribute("data-labels", "kept")
    stop()
    page.get_by_role("button", name="Search").click()
    dialog = page.get_by_role("dialog", name="Admit without a code")
    dialog.get_by_label("Seat, order code or name").fill(f"{seat.block} {seat.row} {seat.seat}")
    dialog.get_by_role("button", name="Search").click()
    dialog.get_by_role("button", name="Admit", exact=True).click()
    why = page.get_by_role("dialog", name="Admit anyway?")
    why.get_by_label("No phone, ID checked").check()
    why.get_by_role("button", name="Admit", exact=True).click()
    light(page, "good", "Admitted")
    start()
    expect(page.locator("[data-backlog='0']")).to_be_attached()
    assert inside(system, event) == {ticket.number}


def test_training_shows_results_and_stores_no_admission(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    _, stop, start = server
    (ticket,) = tickets(system, event, "N", 1)
    page = begin(phone, system, title)
    in_menu(page, "Start training")
    stop()
    for _ in range(2):
        type_code(page, ticket.code())
        light(page, "good", "Training")
        page.get_by_role("button", name="Next").click()
    expect(page.locator("[data-count=admitted]")).to_have_text("0")
    start()
    expect(page.locator("[data-backlog='0']")).to_be_attached()
    assert inside(system, event) == set()


@pytest.mark.parametrize("look", ["phone dark", "desk light"])
def test_axe_finds_nothing_on_any_screen_of_the_gate_and_every_target_is_large_enough(
    phone: Phone, system: System, server: Server, look: str
) -> None:
    size, theme = look.split()
    title = f"Virage FC {new_id()}"
    crowd = prepared(system, title)
    page = phone.start(viewport=SIZES[size], has_touch=size == "phone")
    assert phone.context is not None
    phone.context.add_init_script(f"localStorage.setItem('virage.gate.dark', '{str(theme == 'dark').lower()}')")
    found: dict[str, list[str]] = {}
    for screen in chain(beginning(page, system, title), lights(page, crowd), tools(page, phone, crowd)):
        faults = found_by_axe(page) + page.evaluate(SMALL)
        if faults:
            found[screen.name] = faults
    assert not found, "\n".join(f"{name}: {fault}" for name, faults in found.items() for fault in faults)


def test_wasm_runs_in_the_reader_only_and_a_fans_phone_stores_nothing_of_the_gate(
    system: System, browser: Browser
) -> None:
    page = browser.new_page(base_url=system.url, locale="en-GB", service_workers="allow")
    asked: list[Any] = []
    page.on("response", lambda answer: asked.append(answer))  # noqa: PLW0108 - it marks its handlers, a built-in takes no mark
    opened = page.goto("/")
    expect(page.locator("#first-event")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    kept = page.evaluate(
        """async () => {
            const names = await caches.keys();
            const lists = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
            return lists.flat().map((request) => request.url);
        }"""
    )
    assert kept
    assert not [url for url in kept if "wasm" in url or "worker" in url or "GatePage" in url]
    page.context.close()
    assert opened is not None
    assert "wasm" not in opened.headers["content-security-policy"]
    assert not [answer for answer in asked if "GatePage" in answer.url]

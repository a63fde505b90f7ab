"""A gate whose clock is wrong, a recording of a code, a torn code, and a steward of other gates, on a
steward's phone.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from tests.web.devices import with_pin
from tests.web.gate import Phone, Ticket, choose_gate, in_menu, light, pair, sign_in_by_pin, tickets, type_code
from tests.web.office import in_database
from tests.web.system import Server, System
from tests.web.test_gate import begin, event, inside, phone, scans, server, settle, title
from virage.platform.data.database import Connection

__all__ = ["event", "phone", "server", "title"]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SENT = "[data-backlog='0']"
UNVERIFIED = "[data-time=unverified]"
CLOCK_OFFSET = """(() => {
    const off = () => Number(localStorage.getItem("test.off") ?? 0);
    globalThis.laterMs = 0;
    const passed = performance.now.bind(performance);
    performance.now = () => passed() + globalThis.laterMs;
    const Right = Date, wrong = () => Right.now() + off() + globalThis.laterMs;
    globalThis.Date = class extends Right {
        constructor(...given) { given.length ? super(...given) : super(wrong()); }
        static now() { return wrong(); }
    };
})()"""


def with_clock_offset(phone: Phone) -> Page:
    """The phone's browser with a clock offset."""
    page = phone.start()
    assert phone.context is not None
    phone.context.add_init_script(CLOCK_OFFSET)
    return page


def set_clock(page: Page, off: timedelta) -> None:
    """Set the phone's clock offset from its next page on."""
    page.evaluate("(off) => localStorage.setItem('test.off', off)", off / timedelta(milliseconds=1))


class ShiftedClock:
    """The time at the gate, which a test advances without waiting."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._later = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._later

    def half_a_minute(self) -> None:
        self._later += timedelta(seconds=30)
        self._page.evaluate("globalThis.laterMs += 30_000")


def next_one(page: Page) -> None:
    page.get_by_role("button", name="Next").click()


@pytest.mark.parametrize("off", [-3 * HOUR, 3 * HOUR, 365 * DAY], ids=["3h behind", "3h ahead", "a year ahead"])
def test_every_valid_pass_enters_whatever_the_devices_clock_and_an_old_recording_is_reported(
    phone: Phone, system: System, server: Server, event: UUID, title: str, *, off: timedelta
) -> None:
    _, stop, start = server
    asked, alone, filmed, *crowd = tickets(system, event, "N", 8)
    page = with_clock_offset(phone)
    page.goto("/")
    set_clock(page, off)
    settle(page, system, title)
    expect(page.locator(UNVERIFIED)).to_have_count(0)
    type_code(page, asked.code())
    light(page, "good", "Valid")
    stop()
    type_code(page, alone.code())
    light(page, "good", "Valid")
    set_clock(page, -off)  # after the restart its stored offset is wrong by twice as much
    phone.close()

    page = with_clock_offset(phone)
    page.goto("/staff/gate")
    expect(page.locator(UNVERIFIED)).to_be_visible()
    expect(page.locator("[data-state=alone]")).to_be_visible()
    clock = ShiftedClock(page)
    enter_without_trusted_time(page, clock, crowd)
    show_old_recording(page, clock, filmed)
    expect(page.locator(UNVERIFIED)).to_be_visible()
    start()
    expect(page.locator(SENT)).to_be_attached()
    expect(page.locator(UNVERIFIED)).to_have_count(0)
    assert inside(system, event) == {one.number for one in (asked, alone, *crowd)}
    judged = in_database(system, lambda conn: scans_of(conn, event))
    passed = {(trusted, reason) for kind, trusted, reason, _ in judged if kind == "passed"}
    assert passed == {(True, None), (False, None), (False, "out_of_date")}
    assert max(abs(late) for *_, late in judged) < timedelta(minutes=5)
    type_code(page, filmed.code())
    light(page, "good", "Valid")


def enter_without_trusted_time(page: Page, clock: ShiftedClock, crowd: list[Ticket]) -> None:
    """Five valid passes at an offline device without trusted time: the fifth corrects its clock."""
    first, *more = crowd
    type_code(page, first.code(clock.now()))
    light(page, "again", "time is not verified")
    clock.half_a_minute()
    type_code(page, first.code(clock.now()))
    light(page, "good", "Valid")
    next_one(page)
    for one in more:
        type_code(page, one.code(clock.now()))
        light(page, "again", "Wait for the next code")
        next_one(page)
    clock.half_a_minute()
    for one in more:
        type_code(page, one.code(clock.now()))
        light(page, "good", "Valid")
        next_one(page)


def show_old_recording(page: Page, clock: ShiftedClock, filmed: Ticket) -> None:
    """Show a recording of a day ago to a device without trusted time: it cannot detect it, and admits
    it.
    """
    type_code(page, filmed.code(clock.now() - DAY))
    light(page, "again", "Wait for the next code")
    clock.half_a_minute()
    type_code(page, filmed.code(clock.now() - DAY))
    light(page, "good", "Valid")
    next_one(page)


async def scans_of(conn: Connection, event_id: UUID) -> list[tuple[str, bool, str | None, timedelta]]:
    """The scans of an event: kind, whether the time was trusted, the reason of a note, the
    difference from now.
    """
    rows = await conn.fetch(
        "select kind, time_trusted, reason, at - now() as late from access.scan where event_id = $1", event_id
    )
    return [tuple(row) for row in rows]


def test_a_recording_older_than_ten_minutes_is_refused_online_and_offline_and_the_owner_enters(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    _, stop, _ = server
    online, alone = tickets(system, event, "N", 2)
    page = begin(phone, system, title)
    type_code(page, online.code(datetime.now(UTC) - timedelta(minutes=11)))
    light(page, "bad", "Code out of date")
    type_code(page, online.code())
    light(page, "good", "Valid")
    stop()
    type_code(page, alone.code(datetime.now(UTC) - HOUR))
    light(page, "bad", "Code out of date")
    type_code(page, alone.code())
    light(page, "good", "Valid")
    expect(page.locator("[data-alone=true]")).to_be_visible()


def test_an_incomplete_code_asks_for_a_rescan_and_is_not_counted(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    (ticket,) = tickets(system, event, "N", 1)
    page = begin(phone, system, title)
    for torn in (ticket.code()[:200], ticket.code()[150:]):
        type_code(page, torn)
        light(page, "again", "Incomplete code")
        expect(page.get_by_role("button", name="Admit anyway")).to_have_count(0)
    next_one(page)
    in_menu(page, "Close")
    for count in ("admitted", "refused"):
        expect(page.locator(f"[data-count={count}]")).to_have_text("0")
    assert scans(system, event) == []


def test_a_steward_of_other_gates_can_choose_none_of_these(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    with_pin(system, "steward.of.n@example.org", "Steward of N", "steward", "gate", "N")
    page = phone.start()
    pair(page, system, ["N", "P"], title)
    sign_in_by_pin(page, "Steward of N")
    expect(page.get_by_text("You are assigned to N.")).to_be_visible()
    expect(page.get_by_role("button", name="P1", exact=False)).to_be_disabled()
    choose_gate(page, "N1")
    (elsewhere,) = tickets(system, event, "P", 1)
    type_code(page, elsewhere.code())
    light(page, "bad", "Wrong gate")
    expect(page.get_by_role("button", name="Admit anyway")).to_have_count(0)
    page.get_by_role("button", name="Next").click()
    (ticket,) = tickets(system, event, "N", 1)
    type_code(page, ticket.code())
    light(page, "good", "Valid")


def test_no_override_is_accepted_before_a_reason_is_chosen(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    with_pin(system, "supervisor.of.n@example.org", "Supervisor of N", "supervisor", "gate", "N")
    (elsewhere,) = tickets(system, event, "P", 1)
    page = phone.start()
    pair(page, system, ["N"], title)
    sign_in_by_pin(page, "Supervisor of N")
    choose_gate(page, "N1")
    type_code(page, elsewhere.code())
    light(page, "bad", "Wrong gate")
    page.get_by_role("button", name="Admit anyway").click()
    why = page.get_by_role("dialog", name="Admit anyway?")
    reasons = why.get_by_role("radio")
    expect(why.get_by_role("radio", checked=True)).to_have_count(0)
    sizes = [reasons.nth(index).bounding_box() for index in range(reasons.count())]
    assert len({(box["width"], box["height"]) for box in sizes if box}) == 1
    why.get_by_role("button", name="Admit", exact=True).click()
    expect(why.get_by_text("Choose a reason", exact=True)).to_be_visible()
    assert inside(system, event) == set()
    page.keyboard.press("Escape")
    expect(why).not_to_be_visible()
    page.get_by_role("button", name="Admit anyway").click()
    expect(why.get_by_text("Choose a reason", exact=True)).to_have_count(0)
    why.get_by_label("Checked by the supervisor").check()
    why.get_by_role("button", name="Admit", exact=True).click()
    light(page, "good", "Admitted")
    expect(page.locator(SENT)).to_be_attached()
    assert inside(system, event) == {elsewhere.number}

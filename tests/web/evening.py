"""A whole evening for one person: a running match on sale, a gate with a camera, a till, a kitchen,
a replay.
"""

import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol
from uuid import UUID

from msgspec.structs import replace
from playwright.sync_api import Browser, FloatRect, Locator, Page, ViewportSize, expect

from tests.web import tour_desk
from tests.web.conftest import CHROMIUM, FLAGS
from tests.web.evening_gate import Gate
from tests.web.food import kitchen, open_kitchen, untouched_outlet
from tests.web.gate import Phone
from tests.web.office import in_database
from tests.web.senses import FRENCH
from tests.web.steps import ACCEPTED, kick_off
from tests.web.system import READY_S, System, fresh
from tests.web.till import open_till, sold, tap_product
from virage.demo.prices import match_pricing
from virage.demo.programme import CLUB, done
from virage.demo.teams import TEAMS
from virage.media.live.acts import publishing as live
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.sale.ticketing.acts.pricing import set_pricing
from virage.site.programme import acts as programme
from virage.site.programme import reads as programme_reads
from virage.site.programme.rules import NewEvent, content_of

SETTLED = """
    select exists(
        select from replay.clip c join replay.segment s on s.camera = any(c.cameras) and s.at > c.to_at
        where c.event_id = $1
    )
"""
PAPER: ViewportSize = {"width": 840, "height": 1188}
CODE_ON_PAPER: FloatRect = {"x": 60, "y": 275, "width": 340, "height": 340}
POPCORN, COLA = "Salted popcorn", "Cola, 40 cl"
SOON, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
FILMED_S = 6
"""How long the camera sends before the goal; the clip goes on for eight seconds after it."""


def match_on_sale(system: System, title: str) -> UUID:
    """A match that began 20 minutes ago, with prices and teams; it is still on sale."""

    async def make(conn: Connection) -> UUID:
        now = datetime.now(UTC)
        event = NewEvent(
            id=new_id(),
            organiser_id=CLUB.id,
            kind="match",
            title={"fr": title.replace("Match of the evening", "Match du soir"), "en": title},
            doors_at=now - 80 * MINUTE,
            starts_at=now - 20 * MINUTE,
            ends_at=now + 4 * HOUR,
            sale_opens_at=now - 24 * HOUR,
            sale_closes_at=now + 2 * HOUR,
            venue_code="stadium",
        )
        done(await programme.create(conn, event, None, now))
        done(await set_pricing(conn, event.id, match_pricing(), None, now))
        done(await programme.publish(conn, event.id, None, now))
        done(await live.set_teams(conn, event.id, TEAMS, None, now, revision=0))
        return event.id

    return in_database(system, make)


def end_match(system: System, event_id: UUID) -> None:
    """End the match, so that later visitors of the system see other events."""

    async def end(conn: Connection) -> None:
        now = datetime.now(UTC)
        event = await programme_reads.event(conn, event_id)
        assert event is not None
        over = replace(content_of(event), ends_at=now + SOON, sale_closes_at=now)
        done(await programme.amend(conn, event_id, over, None, now))

    in_database(system, end)


class Evening:
    """One evening: a camera has filmed a goal that the match desk published, and all staff are at
    work.
    """

    def __init__(self, system: System, browser: Browser, steward: Phone) -> None:
        self.system = system
        self.title = fresh("Match of the evening")
        self.event = match_on_sale(system, self.title)
        self._browser = browser
        self._open = ExitStack()
        self.desk = self.page(DESK)
        tour_desk.at_the_desk(self.desk, system, self.event, self.title, "match_desk")
        self._film_goal()
        self.gate = Gate(steward, system, self.title)
        self.till = self.page(DESK)
        open_till(self.till, system, "Till of the evening")
        open_kitchen(system, outlet := untouched_outlet(system))
        self.outlet = outlet
        self.kitchen = self._open.enter_context(kitchen(browser, system, outlet, f"cook-{self.event}@example.org"))

    def _film_goal(self) -> None:
        kick_off(self.desk)
        with tour_desk.sending_camera(self.system, f"main-{self.event.hex[-6:]}", seconds=FILMED_S):
            self.tell_goal()
            end = time.monotonic() + READY_S
            while not in_database(self.system, lambda conn: conn.fetchval(SETTLED, self.event)):
                assert time.monotonic() < end, "the goal has no clip"

    def tell_goal(self) -> None:
        """Publish a goal of the club's number nine."""
        self.desk.get_by_role("button", name="Goal Virage FC").click()
        self.desk.locator("[data-player='9']").click()

    def page(self, size: ViewportSize = PHONE, **settings: Any) -> Page:
        """A page in a browser context of its own, in English."""
        wanted: dict[str, Any] = {"base_url": self.system.url, "locale": "en-GB", "viewport": size} | settings
        context = self._open.enter_context(self._browser.new_context(**wanted))
        return context.new_page()

    def sheet(self, file: Path) -> Page:
        """A file as it looks on paper: only the full Chromium shows PDF."""
        whole = self._browser.browser_type.launch(executable_path=CHROMIUM, args=FLAGS)
        self._open.callback(whole.close)
        page = whole.new_page(viewport=PAPER)
        page.goto(f"file://{file}#toolbar=0&navpanes=0&view=Fit")
        return page

    def serve(self, order: str, code: str) -> None:
        """The kitchen prepares an order and hands it over for its code."""
        ticket = self.kitchen.locator(f"[data-ticket='{order}']")
        for act in ("Accept", "Ready", "Hand over"):
            ticket.get_by_role("button", name=re.compile(f"^{act}, order")).click()
        self.kitchen.get_by_label("Code on the customer’s phone").fill(code)
        self.kitchen.get_by_role("button", name="Hand over", exact=True).click()
        expect(ticket).to_have_count(0)

    def letters(self, address: str, least: int) -> list[str]:
        """The emails to an address, the newest first, once there are so many."""
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            found = [one for one in self.system.get("/api/mailbox") if one["recipient"] == address]
            if len(found) >= least:
                return [f"{one['subject']} {one['body']}" for one in found]
            time.sleep(0.1)
        raise TimeoutError(f"not {least} letters to {address}")

    def close(self) -> None:
        """Close all browser contexts."""
        self._open.close()
        end_match(self.system, self.event)


class Hand(Protocol):
    """How a person operates a screen."""

    def press(self, target: Locator) -> None: ...
    def write(self, target: Locator, text: str) -> None: ...
    def tick(self, target: Locator) -> None: ...


class Finger:
    """With a finger, or a mouse."""

    def press(self, target: Locator) -> None:
        target.click()

    def write(self, target: Locator, text: str) -> None:
        target.fill(text)

    def tick(self, target: Locator) -> None:
        target.check()


@dataclass
class Person:
    """A person who spends an evening at the match, with their page."""

    evening: Evening
    page: Page
    address: str
    hand: Hand = field(default_factory=Finger)
    french: bool = False

    def says(self, words: str) -> str:
        """The same text in the language of the person."""
        return FRENCH[words] if self.french else words

    def press(self, words: str, role: Literal["button", "link"] = "button") -> None:
        self.hand.press(self.page.get_by_role(role, name=re.compile(f"^{re.escape(self.says(words))}")).first)

    def write(self, label: str, text: str) -> None:
        self.hand.write(self.page.get_by_label(self.says(label)), text)

    def reads(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", name=self.says(heading))).to_be_visible()


def choose_seats(person: Person) -> None:
    """Search one seat, or the given request, and reserve it."""
    person.press("Find")
    person.press("Reserve these seats")
    person.reads("Your basket")


def open_match(person: Person) -> None:
    person.page.goto(f"/events/{person.evening.event}")
    expect(person.page.get_by_role("button", name=person.says("Find"))).to_be_enabled()


def sign_in(person: Person) -> None:
    """Sign in for the first time: by a code from an email, and with a name."""
    come_back(person)
    person.write("Your name", "Test Holder")
    person.press("Save")


def come_back(person: Person) -> None:
    """Sign in by a code from an email."""
    system = person.evening.system
    earlier = system.last_code(person.address)
    person.write("Email address", person.address)
    person.press("Send me a code")
    person.write("Sign-in code", system.code_for(person.address, besides=earlier))
    person.press("Sign in")


def by_card(person: Person) -> None:
    """Pay on the page of the payment provider."""
    person.write("Card number", ACCEPTED)
    person.write("Expiry", "12/34")
    person.write("Security code", "123")
    person.press("Pay")


def buy(person: Person) -> None:
    """From the match to the ticket on the screen: one seat, paid by card."""
    open_match(person)
    person.press("One fewer: Adult")
    choose_seats(person)
    sign_in(person)
    pay(person)


def pay(person: Person) -> None:
    """Pay the basket of a signed-in fan and wait for the first ticket."""
    person.press("Pay")
    by_card(person)
    person.reads("See you at the stadium")
    person.press("Open my tickets", "link")
    person.press("Row", "link")


def enter(person: Person) -> None:
    """Show the entry code of the ticket on the screen to the gate, which admits it."""
    code = shown_code(person)
    gate = person.evening.gate
    gate.stand_at(group_of(person))
    gate.lets_in(code.screenshot)


def shown_code(person: Person) -> Locator:
    """The entry code, on this phone."""
    code = person.page.get_by_role("img", name=person.says("Entry code of this ticket"))
    here = person.page.get_by_role("button", name=person.says("Show the entry code on this phone"))
    expect(code.or_(here)).to_be_visible()
    if here.is_visible():
        person.hand.press(here)
    expect(code).to_be_visible()
    return code


def group_of(person: Person) -> str:
    """The gates on the ticket on the screen."""
    label = person.page.get_by_text(person.says("Gate"), exact=True)
    return label.locator("xpath=following-sibling::dd").inner_text()


def print_ticket(person: Person) -> Callable[[], bytes]:
    """Print the ticket on the screen; return the picture of the paper's code for a camera."""
    person.press("Print ticket")
    with person.page.expect_download() as saved:
        person.press("Get the printable ticket")
    file = person.evening.system.folder / f"{person.address}.pdf"
    saved.value.save_as(file)
    sheet = person.evening.sheet(file)
    return lambda: sheet.screenshot(clip=CODE_ON_PAPER)


def top_up(person: Person) -> None:
    """Top up the wallet by 20 euros by card."""
    person.page.goto("/wallet")
    person.hand.tick(person.page.get_by_role("radio", name=re.compile("20")))
    person.press("Top up")
    by_card(person)
    expect(person.page.locator("[data-balance]")).to_have_text(re.compile("20"))


def eat_at_till(evening: Evening, pay: Callable[[Page], None]) -> None:
    """Buy popcorn and a drink at the till."""
    evening.till.goto("/staff/till")  # from any screen
    for name in (POPCORN, COLA):
        tap_product(evening.till, name)
    pay(evening.till)
    sold(evening.till)


def eat_by_phone(person: Person) -> None:
    """Order popcorn and a drink from the seat, and collect them with the code."""
    person.page.goto(f"/food?event={person.evening.event}")
    stand = re.compile(rf"^\D*\b{person.evening.outlet}\b")
    person.hand.press(person.page.get_by_role("main").get_by_role("link", name=stand))
    for name in (POPCORN, COLA):
        person.press(f"Add {name}")
    person.press("Order and pay")
    code = person.page.get_by_role("img", name=re.compile(r"\d{4}$"))
    digits = (code.get_attribute("aria-label") or "")[-4:]
    person.evening.serve(person.page.url.rpartition("/")[2], digits)
    expect(person.page.get_by_text(person.says("Enjoy!")).first).to_be_visible()


def watch(person: Person) -> None:
    """Watch the replay of the goal on the live page of the match."""
    person.page.goto(f"/live/{person.evening.event}")
    person.press("Watch again")
    playing(person.page)


def playing(page: Page) -> None:
    """The replay is visible, and plays."""
    expect(page.locator("[data-state='playing']")).to_be_visible()
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.2")

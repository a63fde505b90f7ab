"""A whole evening for one person: a match on sale and under way, a gate with a camera, a till, a kitchen, a replay."""

import io
import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from tests.web import tour_desk
from tests.web.devices import with_pin
from tests.web.food import kitchen, opened, untouched_outlet
from tests.web.gate import FPS, GREY, HEIGHT, WIDTH, Phone, choose_gate, in_menu, pair, sign_in_by_pin
from tests.web.house import READY_S, House, fresh
from tests.web.office import in_database
from tests.web.steps import ACCEPTED, kick_off
from tests.web.till import open_till
from virage.concessions.acts import derogations
from virage.concessions.rules.alcohol import DerogationWish
from virage.demo.prices import match_pricing
from virage.demo.programme import CLUB, done
from virage.demo.teams import TEAMS
from virage.kernel.database import Connection
from virage.kernel.ids import new_id
from virage.live.acts import telling as live
from virage.programme import acts as programme
from virage.programme.rules import HouseRules, NewEvent, Text
from virage.ticketing.acts.pricing import set_pricing
from virage.venue.reads import load_ground

SLOW_MS = 60_000
SETTLED = """
    select exists(
        select from replay.clip c join replay.segment s on s.camera = any(c.cameras) and s.at > c.to_at where c.event_id = $1
    )
"""
POPCORN, COLA = "Salted popcorn", "Cola, 40 cl"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
STEWARD = "Steward of the evening"
FILMED_S = 6
"""How long the camera sends before the goal; the clip goes on for eight seconds after it."""

FRENCH: dict[str, str] = {}


def match_on_sale(house: House, title: str) -> UUID:
    """A match that began 20 minutes ago, with prices, teams and beer; its sale is still open."""

    async def make(conn: Connection) -> UUID:
        now = datetime.now(UTC)
        event = NewEvent(
            id=new_id(),
            organiser_id=CLUB.id,
            kind="match",
            title=Text(f"{title}, en direct", title),
            doors_at=now - 80 * MINUTE,
            starts_at=now - 20 * MINUTE,
            ends_at=now + 4 * HOUR,
            sale_opens_at=now - 24 * HOUR,
            sale_closes_at=now + 2 * HOUR,
            rules=HouseRules(alcohol=True),
        )
        done(await programme.create(conn, event, None, now))
        done(await set_pricing(conn, event.id, match_pricing(), None, now))
        done(await programme.publish(conn, event.id, None, now))
        done(await live.set_teams(conn, event.id, TEAMS, None, now, revision=0))
        wish = DerogationWish(new_id(), CLUB.id, event.doors_at, event.ends_at, "2026-1")
        done(await derogations.enter(conn, wish, None, now))
        return event.id

    return in_database(house, make)


class Gate:
    """A steward's phone that is paired with every gate; its camera sees what people hold before it."""

    def __init__(self, phone: Phone, house: House, title: str) -> None:
        with_pin(house, "steward.of.the.evening@example.org", STEWARD, "steward")
        self.phone = phone
        self._hold(None)
        self.page = phone.start()
        pair(self.page, house, sorted({block.gate_group for block in load_ground().blocks}), title)
        sign_in_by_pin(self.page, STEWARD)
        expect(self.page.get_by_role("heading", name="Which gate?")).to_be_visible()

    def _hold(self, picture: bytes | None) -> None:
        """Change what the camera sees; it plays the file while it is overwritten in place."""
        frame = np.full((HEIGHT, WIDTH), GREY, np.uint8)
        if picture is not None:
            shown = Image.open(io.BytesIO(picture)).convert("L")
            shown.thumbnail((WIDTH, HEIGHT))
            top, left = (HEIGHT - shown.height) // 2, (WIDTH - shown.width) // 2
            frame[top : top + shown.height, left : left + shown.width] = np.asarray(shown)
        one = b"FRAME\n" + frame.tobytes() + bytes([GREY]) * (WIDTH * HEIGHT // 2)
        with self.phone.video.open("r+b") as video:
            video.readline()
            video.write(one * FPS)

    def stand_at(self, group: str) -> None:
        """Stand at the first gate of a group."""
        if self.page.locator("[data-state]").is_visible():
            in_menu(self.page, "Change gate")
        choose_gate(self.page, f"{group}1")

    def sees(self, show: Callable[[], bytes]) -> Locator:
        """Hold something before the camera until the gate answers; its light."""
        light, end = self.page.locator("[data-light]"), time.monotonic() + READY_S
        self._hold(show())
        while not light.is_visible():
            assert time.monotonic() < end, "the gate sees nothing"
            self._hold(show())
        self._hold(None)
        return light

    def lets_in(self, show: Callable[[], bytes]) -> None:
        """Expect a yes to what is held before the camera."""
        light = self.sees(show)
        expect(light).to_have_attribute("data-light", "good")
        self.page.get_by_role("button", name="Next").click()
        expect(light).to_be_hidden()


class Evening:
    """The house on one evening: a camera has filmed a goal that the match desk told, and everybody is at work."""

    def __init__(self, house: House, browser: Browser, steward: Phone) -> None:
        self.house = house
        self.title = fresh("Match of the evening")
        self.event = match_on_sale(house, self.title)
        self._browser = browser
        self._open = ExitStack()
        self.desk = self.page(DESK)
        tour_desk.at_the_desk(self.desk, house, self.event, self.title, "match_desk")
        self._film_goal()
        self.gate = Gate(steward, house, self.title)
        self.till = self.page(DESK)
        open_till(self.till, house, "Till of the evening")
        opened(house, outlet := untouched_outlet(house))
        self.outlet = outlet
        self.kitchen = self._open.enter_context(kitchen(browser, house, outlet, f"cook-{self.event}@example.org"))

    def _film_goal(self) -> None:
        kick_off(self.desk)
        with tour_desk.sending(self.house, f"main-{self.event.hex[-6:]}", seconds=FILMED_S):
            self.tell_goal()
            end = time.monotonic() + READY_S
            while not in_database(self.house, lambda conn: conn.fetchval(SETTLED, self.event)):
                assert time.monotonic() < end, "the goal has no clip"

    def tell_goal(self) -> None:
        """The match desk tells a goal of the club's number nine."""
        self.desk.get_by_role("button", name="Goal Virage FC").click()
        self.desk.locator("[data-player='9']").click()

    def page(self, size: ViewportSize = PHONE, **settings: Any) -> Page:
        """A page in a browser of its own, in English."""
        wanted: dict[str, Any] = {"base_url": self.house.url, "locale": "en-GB", "viewport": size} | settings
        context = self._open.enter_context(self._browser.new_context(**wanted))
        context.set_default_timeout(SLOW_MS)
        return context.new_page()

    def serve(self, code: str) -> None:
        """The kitchen makes the one order that waits, and hands it over for its code."""
        for act in ("Accept", "Ready", "Hand over"):
            self.kitchen.get_by_role("button", name=re.compile(f"^{act}, order")).click()
        self.kitchen.get_by_label("Code on the fan’s phone").fill(code)
        self.kitchen.get_by_role("button", name="Hand over", exact=True).click()
        expect(self.kitchen.locator("[data-ticket]")).to_have_count(0)

    def close(self) -> None:
        self._open.close()


class Hand:
    """How somebody works a screen: with a finger."""

    def press(self, target: Locator) -> None:
        target.click()

    def write(self, target: Locator, text: str) -> None:
        target.fill(text)

    def tick(self, target: Locator) -> None:
        target.check()


@dataclass
class Person:
    """Somebody who spends an evening at the match, with the page that they look at."""

    evening: Evening
    page: Page
    address: str
    hand: Hand = field(default_factory=Hand)
    french: bool = False

    def says(self, words: str) -> str:
        """The same words in the language of the person."""
        return FRENCH[words] if self.french else words

    def press(self, words: str, role: Literal["button", "link"] = "button") -> None:
        self.hand.press(self.page.get_by_role(role, name=re.compile(f"^{re.escape(self.says(words))}")).first)

    def write(self, label: str, text: str) -> None:
        self.hand.write(self.page.get_by_label(self.says(label)), text)

    def reads(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", name=self.says(heading))).to_be_visible()


def choose_seats(person: Person) -> None:
    """Look for one seat, or what was asked for, and reserve it."""
    person.press("Find")
    person.press("Reserve these seats")
    person.reads("Your basket")


def open_match(person: Person) -> None:
    person.page.goto(f"/events/{person.evening.event}")
    expect(person.page.get_by_role("button", name=person.says("Find"))).to_be_enabled()


def sign_in(person: Person) -> None:
    """Sign in for the first time by a code from a letter."""
    person.write("Email address", person.address)
    person.press("Send me a code")
    person.write("Sign-in code", person.evening.house.code_for(person.address))
    person.press("Sign in")
    person.write("Your name", "Somebody Somewhere")
    person.press("Save")


def by_card(person: Person) -> None:
    """Pay on the page of the payment provider."""
    person.write("Card number", ACCEPTED)
    person.write("Expiry", "12/34")
    person.write("Security code", "123")
    person.press("Pay")


def buy(person: Person) -> None:
    """From the match to the ticket on the screen: one seat, paid by card."""
    open_match(person)
    person.press("One fewer: Full price")
    choose_seats(person)
    sign_in(person)
    pay(person)


def pay(person: Person) -> None:
    """From the basket of somebody who has signed in to the first ticket."""
    person.press("Pay")
    by_card(person)
    person.reads("See you at the stadium")
    person.press("Open my tickets", "link")
    person.press("Row", "link")


def enter(person: Person) -> None:
    """Show the entry code of the ticket on the screen to the gate, which says yes."""
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
    """The gates that the ticket on the screen names."""
    label = person.page.get_by_text(person.says("Gate"), exact=True)
    return label.locator("xpath=following-sibling::dd").inner_text()


def top_up(person: Person) -> None:
    """Put 20 euros into the wallet by card."""
    person.page.goto("/purse")
    person.hand.tick(person.page.get_by_role("radio", name=re.compile("20")))
    person.press("Top up")
    by_card(person)
    expect(person.page.locator("[data-balance]")).to_have_text(re.compile("20"))


def eat_by_phone(person: Person) -> None:
    """Order popcorn and a drink from the seat, and fetch them with the code."""
    person.page.goto(f"/food?event={person.evening.event}")
    person.hand.press(person.page.locator(f"[data-outlet='{person.evening.outlet}']").get_by_role("link"))
    for name in (POPCORN, COLA):
        person.press(f"Add {name}")
    person.press("Order and pay")
    code = person.page.locator("[data-pick-up]")
    expect(code).to_be_visible()
    person.evening.serve(code.inner_text())
    expect(person.page.get_by_text(person.says("Enjoy!")).first).to_be_visible()


def watch(person: Person) -> None:
    """See the goal again on the live page of the match."""
    person.page.goto(f"/live/{person.evening.event}")
    person.press("Watch again")
    playing(person.page)


def playing(page: Page) -> None:
    """The replay is on the screen, and moves."""
    expect(page.locator("[data-state='playing']")).to_be_visible(timeout=SLOW_MS)
    page.wait_for_function("document.querySelector('video').currentTime > 0.2", timeout=SLOW_MS)

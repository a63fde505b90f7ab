"""Steps of the staff in the office, by its screen texts."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import sign_in_with_form
from tests.web.system import READY_S, System
from virage.demo.programme import CLUB
from virage.identity.people import acts as people
from virage.platform.data.database import Connection, Database
from virage.platform.web.guard import Grant

Answer = TypeVar("Answer")

ENGLISH = "localStorage.setItem('virage.locale', '\"en\"')"
ADMIN = (Grant("admin"),)
CLUB_OFFICE = tuple(Grant(role, "organiser", CLUB.id) for role in ("programme", "box_office", "finance"))


def in_database(system: System, ask: Callable[[Connection], Awaitable[Answer]]) -> Answer:
    """The result of a database function, run in a thread, because the browser's event loop runs in
    this one.
    """

    async def asked() -> Answer:
        db = await Database.open(system.database_url, connections_max=1)
        try:
            async with db.transaction() as conn:
                return await ask(conn)
        finally:
            await db.close()

    with ThreadPoolExecutor(1) as aside:
        return aside.submit(asyncio.run, asked()).result()


def grant_roles(system: System, email: str, grants: tuple[Grant, ...], name: str = "Staff member") -> str:
    """Grant roles to an address; return the address."""
    in_database(system, lambda conn: people.ensure_staff(conn, email, name, grants, datetime.now(UTC)))
    return email


@contextmanager
def desk(browser: Browser, system: System, email: str, url: str | None = None, **settings: Any) -> Iterator[Page]:
    """A browser context in which a member of staff has signed in to the office, in English.

    `url` is that of another server than the system's.
    """
    wanted = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB"} | settings
    context = browser.new_context(base_url=url or system.url, reduced_motion="reduce", **wanted)
    context.add_init_script(ENGLISH)
    page = context.new_page()
    try:
        page.goto("/office")
        sign_in_with_form(page, system, email)
        expect(page.locator(".office .column")).to_be_visible()
        yield page
    finally:
        context.close()


def sign_in_long_ago(system: System, email: str) -> None:
    """Make the sessions of a person old enough for a step-up."""
    statement = """
        update people.session set authenticated_at = authenticated_at - interval '20 minutes'
        where person_id = (select id from people.person where email = $1)
    """
    in_database(system, lambda conn: conn.execute(statement, email))


def confirm_it_is_me(page: Page, system: System, email: str) -> None:
    """Enter a new code in the confirmation dialog."""
    dialog = page.get_by_role("dialog", name="Confirm it’s you")
    before = system.code_for(email)
    dialog.get_by_role("button", name="Send me a code").click()
    dialog.get_by_label("Sign-in code").fill(system.code_for(email, before))
    dialog.get_by_role("button", name="Sign in", exact=True).click()
    expect(dialog).not_to_be_visible()


def link_in_letter(system: System, email: str, *, containing: str = "", besides: str = "") -> str:
    """The first link in an email to an address, once it has been sent; another one than `besides`."""
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        for letter in system.get("/api/mailbox"):
            link = re.search(r"https?://\S+", letter["body"]) if letter["recipient"] == email else None
            if link is not None and containing in link[0] and link[0] != besides:
                return link[0]
        time.sleep(0.1)
    raise TimeoutError(f"no letter with a link to {email}")


def choose_the_stadium(page: Page) -> None:
    """Choose the venue of a new event."""
    page.get_by_label("Venue", exact=True).select_option("stadium")


def new_event(page: Page, title: str) -> str:
    """Create a draft of the club and open its prices; return its id."""
    page.get_by_role("link", name="New event").click()
    page.get_by_label("Title (Français)", exact=True).fill(f"{title} (fr)")
    page.get_by_label("Title (English)", exact=True).fill(title)
    choose_the_stadium(page)
    page.get_by_role("button", name="Create and set prices").click()
    expect(page.get_by_role("heading", name="Seating plan", exact=True)).to_be_visible()
    found = re.search(r"/office/events/([0-9a-f-]{36})/prices", page.url)
    assert found is not None
    return found[1]


def add_category(page: Page, number: int, prices: dict[str, str]) -> None:
    """Add a category with its prices; the brush paints it now."""
    page.get_by_role("button", name="Add category").click()
    fields = page.get_by_role("group", name=f"Category {number}")
    fields.get_by_label("Name (Français)", exact=True).fill(f"Catégorie {number}")
    for tariff, price in prices.items():
        fields.get_by_label(re.compile(f"^{tariff}")).fill(price)

"""Every screen of the office, in the order of one working day; and sales of the past to show."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from msgspec import Struct
from playwright.sync_api import Page, expect

from tests.web.office import add_category, choose_the_stadium, in_database
from tests.web.system import System
from tests.web.tour import Screen
from virage.platform.data.database import Connection
from virage.platform.data.queue import enqueue

ADMIN_EMAIL = "admin@example.org"
DAYS = 45
OPENING_RUSH, LAST_DAYS_RUSH = 6.0, 3.0
# How many more buyers come at an hour of the day than at four in the morning, when one does.
BY_HOUR = (3, 2, 1, 1, 1, 1, 2, 5, 9, 12, 14, 15, 19, 17, 13, 13, 14, 17, 22, 25, 26, 22, 13, 6)
ORDER = """
    select orders.id from ticketing.orders join people.person on person.id = orders.owner_id
    where orders.state = 'paid' and array_length(orders.places, 1) > 1
    order by person.name nulls last, orders.id limit 1
"""
SOLD = """
    select id from ticketing.orders where event_id = $1 and state = 'paid'
    and not exists (select from people.person where person.id = orders.owner_id) order by id
"""
MOVE = """
    update ticketing.orders set held_at = moved.at, paid_at = moved.at
    from unnest($1::uuid[], $2::timestamptz[]) as moved (id, at) where orders.id = moved.id
"""


class Nonsense(Struct, frozen=True):
    """No job of the kind "mail" looks like this."""

    nothing: str


async def spread_sales(conn: Connection) -> None:
    """Move the counter sales to the weeks before, as a crowd would have bought."""
    chance = Random(7)  # noqa: S311 - a crowd needs no secrecy
    now = datetime.now(UTC)
    hours = [now - timedelta(hours=back) for back in range(1, DAYS * 24)]
    weights = [
        BY_HOUR[hour.hour] * (1 + OPENING_RUSH * 0.6 ** (DAYS - age) + LAST_DAYS_RUSH * 0.75**age)
        for hour in hours
        for age in [(now - hour).days]
    ]
    for event in await conn.fetch("select distinct event_id from ticketing.orders"):
        found = await conn.fetch(SOLD, event["event_id"])
        await conn.execute(MOVE, [row["id"] for row in found], chance.choices(hours, weights, k=len(found)))


def prepare(page: Page, system: System) -> None:
    """Pending invitations, API clients, a failed job; the page is an administrator's."""
    in_database(system, lambda conn: enqueue(conn, "mail", [Nonsense("an email without a recipient")]))
    page.goto("/office/staff")
    for email, role in (("counter@example.org", "Box office"), ("accounts@example.org", "Finance")):
        page.get_by_label("Email address").fill(email)
        page.get_by_label("Role", exact=True).select_option(label=role)
        page.get_by_role("button", name="Send the invitation").click()
        expect(page.get_by_text(email, exact=True)).to_be_visible()
    page.goto("/office/api-clients")
    for name in ("Turnstiles, West stand", "Accounting"):
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_role("button", name="Create the token").click()
        page.get_by_role("button", name="I’ve saved it").click()
        expect(page.get_by_text(name, exact=True)).to_be_visible()


def screens(page: Page, system: System, order_id: str) -> Iterator[Screen]:
    """Every screen that an administrator can reach."""
    match = system.event("match")
    page.goto("/office")
    expect(page.get_by_role("link", name="The Night of Great Voices")).to_be_visible()
    page.wait_for_load_state("networkidle")
    yield Screen("home")
    page.goto(f"/office/events/{match}")
    expect(page.get_by_role("heading", name="By category")).to_be_visible()
    yield Screen("sales")
    yield Screen("sales-chart", "[aria-labelledby=over-time]")
    page.get_by_role("button", name="Cancel the event").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the event").click()
    yield Screen("cancelling", picture=False)
    page.goto(f"/office/events/{match}/details")
    expect(page.get_by_label("Title (English)", exact=True)).to_be_visible()
    yield Screen("event")
    page.goto("/office/events/new")
    create = page.get_by_role("button", name="Create and set prices")
    expect(create).to_be_visible()
    yield Screen("new-event")
    choose_the_stadium(page)
    page.get_by_label("Title (English)", exact=True).fill("An evening")
    create.click()
    expect(page.get_by_text("Enter a title (Français)")).to_be_visible()
    yield Screen("draft", picture=False)
    yield from _prices(page, system)
    yield from _entry(page, match)
    yield from _orders(page, order_id)
    yield from _people(page)


def _prices(page: Page, system: System) -> Iterator[Screen]:
    page.goto(f"/office/events/{system.event('match')}/prices")
    expect(page.locator("[data-block='104']")).to_be_visible()
    brushes = page.locator("[name=brush]").count()  # one of them takes blocks off sale
    add_category(page, brushes, {"Adult": "29", "Child": "12", "Concession": "22", "Accessible": "15"})
    page.locator("[data-block='104']").evaluate("block => block.scrollIntoView({ block: 'center' })")
    for index, code in enumerate(("119", "120", "121", "122")):
        box = page.locator(f"[data-block='{code}'] path").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=6)
        if index == 0:
            page.mouse.down()
    yield Screen("prices", "[aria-labelledby=map-title]")
    page.mouse.up()
    page.locator("summary").first.click()
    yield Screen("blocks", picture=False)
    page.get_by_label(re.compile("^Adult")).first.fill("")
    page.get_by_role("button", name="Save prices").click()
    expect(page.locator("#faults")).to_be_visible()
    yield Screen("prices-faults", picture=False)


def _entry(page: Page, event_id: str) -> Iterator[Screen]:
    page.goto(f"/office/events/{event_id}/accreditations")
    people = page.get_by_label("One per line")
    people.fill("First Writer; press; first@example.org\nSecond Player; players\nThird Painter; contractor")
    page.get_by_role("button", name="Add all").click()
    expect(page.get_by_text("Third Painter", exact=True).first).to_be_visible()
    people.fill("Fourth Writer; king\n; press")
    page.get_by_role("button", name="Add all").click()
    expect(page.get_by_text("Fix 2 errors first")).to_be_visible()
    yield Screen("accreditations")
    page.get_by_role("button", name="Change times and gates: Press").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    yield Screen("accreditation-kind")
    page.goto("/office/bans")
    page.get_by_label("One per line").fill("First Banned; ; 2031-05-31\nSecond Banned; second@example.org; 2030-12-31")
    page.get_by_role("button", name="Add all").click()
    expect(page.get_by_text("Second Banned", exact=True).first).to_be_visible()
    yield Screen("bans")


def _orders(page: Page, order_id: str) -> Iterator[Screen]:
    page.goto("/office/orders?q=Holder")
    expect(page.get_by_text("“Holder”")).to_be_visible()
    yield Screen("orders")
    page.goto(f"/office/orders/{order_id}")
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    yield Screen("order")
    page.get_by_role("button", name="Refund the whole order").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    yield Screen("refund")


def _people(page: Page) -> Iterator[Screen]:
    page.goto("/office/staff")
    expect(page.get_by_text("promoter@example.org")).to_be_visible()
    yield Screen("staff")
    page.goto("/office/api-clients")
    expect(page.get_by_label("Name", exact=True)).to_be_visible()
    yield Screen("api-clients")
    yield from _devices(page)
    page.goto("/office/emails")
    expect(page.get_by_role("list", name="Emails")).to_be_visible()
    yield Screen("emails")
    page.goto("/office/jobs")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    yield Screen("jobs")


def _devices(page: Page) -> Iterator[Screen]:
    page.goto("/office/devices")
    page.get_by_role("button", name="Show code").click()
    page.get_by_label("Individual gates of group").select_option("B")
    yield Screen("devices")
    page.get_by_label("Name", exact=True).fill("Lane A3")
    page.get_by_label("Group A").check()
    page.get_by_role("button", name="Show code").click()
    expect(page.locator("[data-code]")).to_be_visible()
    yield Screen("pairing-code")
    page.goto("/office/pin")
    page.get_by_role("button", name="Save PIN").click()
    yield Screen("pin")


def gates(page: Page, event_id: str) -> Iterator[Screen]:
    """The gates of a busy evening, as their supervisor sees them."""
    page.goto(f"/office/events/{event_id}/gates")
    expect(page.locator("[data-alarms=hit]")).to_be_visible()
    yield Screen("gates")
    yield Screen("gates-zones", "[data-alarms=device]")
    yield Screen("gates-list", "[data-ramp=S1]")
    page.get_by_role("button", name="Stop all entry").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    yield Screen("gates-no-entry")


def doors(page: Page) -> Iterator[Screen]:
    """The screens of the office without a sign-in."""
    page.goto("/office")
    expect(page.get_by_label("Email address")).to_be_visible()
    yield Screen("sign-in")
    page.goto("/office/invitation#a-code")
    expect(page.get_by_label("Email address")).to_be_visible()
    yield Screen("invitation")

"""Events at several venues in the office: the venue of a new event, and moving an event to the current version."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.site.venue.samples import small_document
from tests.web.conftest import sign_in_with_form
from tests.web.office import ADMIN, ENGLISH, desk, grant_roles, in_database
from tests.web.steps import ACCEPTED, find_two_seats, pay
from tests.web.system import READY_S, System, fresh
from tests.web.test_access import SMALL, found_by_axe
from tests.web.test_venue_office import PHONE, check_file, new_code
from virage.demo.programme import CLUB
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.sale.ticketing.acts.pricing import set_pricing
from virage.sale.ticketing.rules.pricing import PriceCategory, Pricing
from virage.sale.ticketing.rules.terms import Tariff
from virage.site.programme import api as programme
from virage.site.programme.types import NewEvent

BLOCKS = ("101", "102")
CATEGORY = new_id()
PRICES = {Tariff.FULL: 2000, Tariff.CHILD: 1000, Tariff.REDUCED: 1500, Tariff.ACCESS: 1000}


@pytest.fixture
def office(system: System, address: str) -> str:
    """An administrator, who manages every venue and event."""
    return grant_roles(system, f"moves-{address}", ADMIN, "Mona Mover")


def hall(code: str, name: str, *blocks: str, **more: Any) -> dict[str, Any]:
    """A hall with blocks of two rows of ten seats, side by side."""
    document = small_document(code)
    front = document["blocks"][0]
    rows = [
        {"name": row, "segments": [{"count": 10, "d_m": 5.0 + at, "t_m": -2.5, "pitch_m": 0.5}]}
        for at, row in enumerate(("1", "2"))
    ]
    document |= {
        "name": name,
        "areas": [],
        "blocks": [
            front | {"code": block, "rows": rows, "frame": {"x_m": 20.0 * at, "y_m": 10.0, "facing_deg": 90.0}}
            for at, block in enumerate(blocks)
        ],
    }
    for part in ("walkways", "hospitality"):
        document.pop(part, None)
    return document | more


def import_version(page: Page, document: dict[str, Any]) -> None:
    check_file(page, document)
    page.get_by_role("button", name=re.compile("^Import (the venue|as a new version)$")).click()
    expect(page.get_by_role("heading", name=document["name"], level=1)).to_be_visible()


def prices_of(*blocks: str) -> Pricing:
    """One category for these blocks."""
    names = {"fr": "Parterre", "en": "Stalls", "de": "Parkett"}
    return Pricing([PriceCategory(CATEGORY, names, "#14387f", PRICES)], dict.fromkeys(blocks, CATEGORY))


def put_on_sale(
    system: System,
    code: str,
    title: str,
    *blocks: str,
    starts_in: timedelta = timedelta(days=10),
    organiser_id: UUID = CLUB.id,
) -> str:
    """A published concert at a venue, with these blocks for sale and open doors two hours before it; return its id."""
    now = datetime.now(UTC).replace(microsecond=0)
    starts = now + starts_in
    content: dict[str, Any] = {
        "kind": "concert",
        "title": {"fr": title, "en": title, "de": title},
        "doors_at": starts - timedelta(hours=2),
        "starts_at": starts,
        "ends_at": starts + timedelta(hours=2),
        "sale_opens_at": now - timedelta(days=1),
        "sale_closes_at": starts,
        "venue_code": code,
    }
    new = NewEvent(id=new_id(), organiser_id=organiser_id, **content)

    async def put(conn: Connection) -> None:
        await programme.create(conn, new, None, now)
        await set_pricing(conn, new.id, prices_of(*blocks), None, now)
        published = await programme.publish(conn, new.id, None, now)
        assert getattr(published, "state", None) == "published", published

    in_database(system, put)
    return str(new.id)


@contextmanager
def buyer(browser: Browser, system: System, event_id: str, email: str) -> Iterator[tuple[Page, dict[str, Any]]]:
    """A fan who has bought two seats, and the order."""
    context = browser.new_context(base_url=system.url, reduced_motion="reduce")
    context.add_init_script(ENGLISH)
    try:
        page = context.new_page()
        page.goto(f"/events/{event_id}")
        find_two_seats(page)
        sign_in_with_form(page, system, email)
        pay(page, ACCEPTED)
        expect(page.get_by_role("heading", name="See you at the stadium")).to_be_visible()
        yield page, page.evaluate("fetch('/api/me/orders').then(answer => answer.json())")[0]
    finally:
        context.close()


def emails_to(system: System, address: str, subject: str) -> list[dict[str, Any]]:
    """The emails to an address whose subject begins so, once there is one."""
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        found = [
            message
            for message in system.get("/api/mailbox")
            if message["recipient"] == address and message["subject"].startswith(subject)
        ]
        if found:
            return found
        time.sleep(0.1)
    raise TimeoutError(f"no email to {address}")


def choice_of(page: Page, line: dict[str, Any]) -> Locator:
    """The choice of a ticket, by its former seat."""
    label = line["label"]
    seat = f"{label['stand']}, Block {label['block']}, Row {label['row']}, seat {label['seat']}"
    return page.get_by_label(f"New seat or refund for {seat}", exact=True)


def hold(page: Page, system: System, event_id: str, seats: list[str]) -> None:
    """Hold seats by their names, at the version that the event still has."""
    version = system.get(f"/api/events/{event_id}")["venue_version"]
    blocks = {block["code"]: block for block in system.get(f"/api/venue/{version}/geometry")["blocks"]}
    places = []
    for seat in seats:
        found = re.search(r"Block (\w+), Row (\d+), seat (\d+)", seat)
        assert found is not None
        block, row, number = found.groups()
        places.append({"place": blocks[block]["first_seat"] + 10 * (int(row) - 1) + int(number) - 1, "tariff": "full"})
    body = {"id": str(new_id()), "event_id": event_id, "seats": {"kind": "chosen", "places": places}}
    status = page.evaluate(
        """async body => {
            const headers = {"content-type": "application/json"};
            return (await fetch("/api/orders", {method: "POST", headers, body: JSON.stringify(body)})).status;
        }""",
        body,
    )
    assert status == 201


class Venue:
    """A hall of the test with a concert, whose first block is on sale."""

    def __init__(self, system: System, page: Page) -> None:
        self.code, self.name, self.title = new_code("m"), fresh("Moving Hall"), fresh("A concert")
        import_version(page, hall(self.code, self.name, *BLOCKS))
        self.event_id = put_on_sale(system, self.code, self.title, BLOCKS[0])
        self._system = system

    def sell(self, *blocks: str) -> None:
        """Put blocks on sale at one price."""
        prices, event_id = prices_of(*blocks), UUID(self.event_id)
        in_database(self._system, lambda conn: set_pricing(conn, event_id, prices, None, datetime.now(UTC)))

    def open_move(self, page: Page) -> None:
        page.goto(f"/office/events/{self.event_id}/move")
        expect(page.get_by_role("heading", name="Move to the current version")).to_be_visible()


def test_a_new_event_needs_a_venue_and_its_times_are_those_of_the_venue(
    browser: Browser, system: System, office: str
) -> None:
    code, name, title = new_code("n"), fresh("Harbour Hall"), fresh("A night on the harbour")
    with desk(browser, system, office, timezone_id="Europe/Paris") as page:
        import_version(page, hall(code, name, "101", time_zone="America/New_York"))
        page.goto("/office/events/new")
        for language in ("Français", "English"):
            page.get_by_label(f"Title ({language})", exact=True).fill(title)
        expect(page.get_by_text("Times in")).to_have_count(0)
        page.get_by_role("button", name="Create and set prices").click()
        venue = page.get_by_label("Venue", exact=True)
        expect(venue).to_have_accessible_description("Choose the venue")
        venue.select_option(label=name)
        expect(page.get_by_text("Times in New York")).to_be_visible()
        page.get_by_label("Kick-off").fill("2027-06-01T19:30")
        assert found_by_axe(page) + page.evaluate(SMALL) == []
        page.get_by_role("button", name="Create and set prices").click()
        expect(page.get_by_role("heading", name="Seating plan", exact=True)).to_be_visible()
        event_id = page.url.split("/")[-2]
        event = page.evaluate(f"fetch('/api/office/events/{event_id}').then(answer => answer.json())")["event"]
        assert (event["venue_code"], event["starts_at"]) == (code, "2027-06-01T23:30:00Z")
        page.get_by_role("link", name="Details").click()
        expect(page.get_by_label("Kick-off")).to_have_value("2027-06-01T19:30")
        expect(page.get_by_label("Venue", exact=True)).to_have_value(name)
        expect(page.get_by_label("Venue", exact=True)).not_to_be_editable()
        page.goto("/office")
        page.get_by_role("button", name="Drafts").click()
        line = page.get_by_role("listitem").filter(has_text=title)
        expect(line).to_contain_text("1 Jun 2027, 19:30")
        expect(line).to_contain_text(name)


def test_a_deployment_with_one_venue_asks_for_none(browser: Browser, system: System, office: str) -> None:
    with desk(browser, system, office, timezone_id="America/New_York") as page:
        page.route("**/api/venues", lambda route: route.fulfill(json=route.fetch().json()[:1]))
        page.goto("/office/events/new")
        expect(page.get_by_text("Times in Paris")).to_be_visible()
        expect(page.get_by_label("Venue", exact=True)).to_have_count(0)
        page.get_by_label("Title (English)", exact=True).fill(fresh("A home match"))
        with page.expect_request(lambda asked: asked.method == "POST" and asked.url.endswith("/office/events")) as sent:
            page.get_by_role("button", name="Create and set prices").click()
        assert (sent.value.post_data_json or {})["venue_code"] == "stadium"


def test_a_block_is_removed_and_its_buyers_get_other_seats_or_their_refund_by_choice(
    browser: Browser, system: System, office: str, address: str
) -> None:
    """Two couples lose their block: one keeps one seat and gets one refund, the other gets the second proposal."""
    with desk(browser, system, office) as page:
        venue = Venue(system, page)
        first, second = (buyer(browser, system, venue.event_id, f"{name}-{address}") for name in ("first", "second"))
        with first as (one, order), second as (two, other):
            gone, left = BLOCKS
            assert {line["label"]["block"] for line in order["lines"] + other["lines"]} == {gone}
            venue.sell(*BLOCKS)
            import_version(page, hall(venue.code, venue.name, left))
            page.goto(f"/office/events/{venue.event_id}")
            expect(page.get_by_text(f"{venue.name} has a newer version.")).to_be_visible()
            page.get_by_role("link", name="Move the event…").click()
            expect(page.get_by_role("heading", name="4 affected tickets")).to_be_visible()
            assert found_by_axe(page) + page.evaluate(SMALL) == []
            choice_of(page, order["lines"][1]).select_option(label="Refund €21.50")
            pair = page.get_by_role("listitem").filter(has_text=other["code"]).get_by_role("combobox")
            chosen = [select.locator("option").nth(1).inner_text() for select in pair.all()]
            for select in pair.all():
                select.select_option(index=1)
            summary = page.get_by_label("What the move does")
            expect(summary).to_contain_text("Tickets with a new seat3")
            page.get_by_role("button", name="Move the event").click()
            dialog = page.get_by_role("dialog", name="Move this event?")
            expect(dialog).to_contain_text("2 buyers are affected.")
            expect(dialog).to_contain_text("1 ticket is refunded: €21.50")
            assert found_by_axe(page) + page.evaluate(SMALL) == []
            dialog.get_by_role("button", name="Move the event").click()
            expect(page.get_by_text("3 tickets have new seats. 1 ticket was refunded: €21.50.")).to_be_visible()
            expect(page.get_by_text("2 buyers get an email.")).to_be_visible()
            one.goto(f"/orders/{order['id']}")
            expect(one.get_by_text(f"Block {left}").first).to_be_visible()
            after = one.evaluate(f"fetch('/api/orders/{order['id']}').then(answer => answer.json())")
            assert sorted(line.get("refunded", False) for line in after["lines"]) == [False, True]
            assert after["refunded_cents"] == 2150
            two.goto("/tickets")
            expect(two.get_by_text(f"Block {left}").first).to_be_visible()
            moved = two.evaluate(f"fetch('/api/orders/{other['id']}').then(answer => answer.json())")["lines"]
            seats = [f"Block {left}, Row {line['label']['row']}, seat {line['label']['seat']}" for line in moved]
            assert sorted(text.split(", ", 1)[1] for text in chosen) == sorted(seats)
        for name in ("first", "second"):
            (message,) = emails_to(system, f"{name}-{address}", "New seats")
            assert "→" in message["body"]


def test_of_two_people_who_move_an_event_the_second_is_told_and_changes_nothing(
    browser: Browser, system: System, office: str, address: str
) -> None:
    other = grant_roles(system, f"slow-{address}", ADMIN, "Otto Other")
    with desk(browser, system, office) as mine, desk(browser, system, other) as theirs:
        venue = Venue(system, mine)
        import_version(mine, hall(venue.code, venue.name, *BLOCKS, "103"))
        for page in (mine, theirs):
            venue.open_move(page)
            expect(page.get_by_text("All tickets keep their seats.")).to_be_visible()
        theirs.get_by_role("button", name="Move the event").click()
        asked = theirs.get_by_role("dialog", name="Move this event?")
        expect(asked).to_contain_text("No tickets change.")
        mine.get_by_role("button", name="Move the event").click()
        mine.get_by_role("dialog").get_by_role("button", name="Move the event").click()
        expect(mine.get_by_text("Every ticket keeps its seat.", exact=True)).to_be_visible()
        asked.get_by_role("button", name="Move the event").click()
        expect(theirs.get_by_text("Someone else moved this event")).to_be_visible()
        expect(theirs.get_by_text(f"This event uses the current version of {venue.name}.")).to_be_visible()
        assert found_by_axe(theirs) + theirs.evaluate(SMALL) == []


def test_a_venue_that_changes_meanwhile_is_shown_before_the_move(
    browser: Browser, system: System, office: str, address: str
) -> None:
    other = grant_roles(system, f"builder-{address}", ADMIN, "Bea Builder")
    with desk(browser, system, office) as page, desk(browser, system, other) as builder:
        venue = Venue(system, page)
        import_version(page, hall(venue.code, venue.name, *BLOCKS, "103"))
        venue.open_move(page)
        expect(page.get_by_text("All tickets keep their seats.")).to_be_visible()
        import_version(builder, hall(venue.code, venue.name, *BLOCKS, "104"))
        page.get_by_role("button", name="Move the event").click()
        expect(page.get_by_text("The venue was changed again")).to_be_visible()
        page.get_by_role("button", name="Move the event").click()
        page.get_by_role("dialog").get_by_role("button", name="Move the event").click()
        expect(page.get_by_text("The event was moved")).to_be_visible()


def test_a_seat_that_is_sold_before_the_confirmation_is_refused_in_plain_words_and_another_is_proposed(
    browser: Browser, system: System, office: str, address: str
) -> None:
    with desk(browser, system, office) as page:
        venue = Venue(system, page)
        with buyer(browser, system, venue.event_id, f"late-{address}"):
            _, left = BLOCKS
            venue.sell(*BLOCKS)
            import_version(page, hall(venue.code, venue.name, left))
            venue.open_move(page)
            expect(page.get_by_role("heading", name="2 affected tickets")).to_be_visible()
            before = page.locator(".screen").get_by_role("combobox").first.input_value()
            proposed = [
                select.locator("option").first.inner_text()
                for select in page.locator(".screen").get_by_role("combobox").all()
            ]
            page.get_by_role("button", name="Move the event").click()
            hold(page, system, venue.event_id, proposed)
            page.get_by_role("dialog").get_by_role("button", name="Move the event").click()
            expect(page.get_by_text("A chosen seat was just sold")).to_be_visible()
            expect(page.locator(".screen").get_by_role("combobox").first).not_to_have_value(before)
            page.get_by_role("button", name="Move the event").click()
            page.get_by_role("dialog").get_by_role("button", name="Move the event").click()
            expect(page.get_by_text("2 tickets have new seats.")).to_be_visible()


def many(count: int, proposed: int) -> dict[str, Any]:
    """A preview with so many affected tickets, two of each order, and so many proposals for each."""

    def label(block: str, number: int) -> dict[str, Any]:
        seat = {"block": block, "row": str(number // 20 + 1), "seat": str(number % 20 + 1)}
        return seat | {"stand": "North", "gate_group": "A", "area": None, "area_name": None}

    affected = [
        {
            "ticket_id": str(UUID(int=number)),
            "order_id": str(UUID(int=10**6 + number // 2)),
            "order_code": f"MANY{number // 2:04d}",
            "buyer_id": str(UUID(int=2 * 10**6 + number // 2)),
            "place": number,
            "label": label("113", number),
            "tariff": "full",
            "price_cents": 2000,
            "reason": "gone",
            "held": False,
            "proposals": [
                {"place": 10**4 + number + at * count, "label": label(f"{120 + at}", number)} for at in range(proposed)
            ],
            "refund_cents": 2150,
            "order_tickets": 2,
            "order_refund_cents": 4300,
        }
        for number in range(count)
    ]
    return {"kept": 41_000, "entrances": 1_200, "affected": affected}


def answer_with(page: Page, preview: dict[str, Any]) -> None:
    """Let the preview of a move be another one, of the versions that were asked for."""

    def answer(route: Route) -> None:
        if route.request.method == "GET":
            real = route.fetch().json()
            route.fulfill(json=real | preview)
        else:
            route.continue_()

    page.route("**/api/office/events/*/move*", answer)


def test_six_hundred_affected_tickets_are_shown_in_pages_found_and_chosen_at_once(
    browser: Browser, system: System, office: str
) -> None:
    with desk(browser, system, office) as page:
        venue = Venue(system, page)
        import_version(page, hall(venue.code, venue.name, *BLOCKS, "103"))
        answer_with(page, many(600, 3))
        venue.open_move(page)
        orders = page.get_by_role("list", name="600 affected tickets").locator("> li")
        expect(orders).to_have_count(20)
        page.get_by_role("button", name="Show 20 more orders").click()
        expect(orders).to_have_count(40)
        expect(page.get_by_text("40 of 300 orders")).to_be_visible()
        summary = page.get_by_label("What the move does")
        expect(summary).to_contain_text("Tickets with a new seat600")
        expect(page.get_by_text("1,200 tickets keep their seats and get another entrance.")).to_be_visible()
        page.get_by_role("button", name="Refund all").click()
        expect(summary).to_contain_text("Refunds in total€12,900.00")
        page.get_by_label("Find an order or a seat").fill("MANY-0250")
        expect(orders).to_have_count(1)
        orders.get_by_role("combobox").first.select_option(index=2)
        expect(summary).to_contain_text("Refunds in total€12,878.50")
        page.get_by_label("Find an order or a seat").fill("")
        page.get_by_role("button", name=re.compile("^New seat\\b.*1$")).click()
        expect(orders).to_have_count(1)
        page.get_by_role("button", name="Move the event").click()
        expect(page.get_by_role("dialog")).to_contain_text("300 buyers are affected.")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_move_without_a_suitable_seat_refunds_everybody_and_says_so_on_a_phone(
    browser: Browser, system: System, office: str, theme: Any
) -> None:
    settings = {"viewport": PHONE, "color_scheme": theme, "has_touch": True}
    with desk(browser, system, office, **settings) as page:
        venue = Venue(system, page)
        import_version(page, hall(venue.code, venue.name, *BLOCKS, "103"))
        answer_with(page, many(4, 0))
        venue.open_move(page)
        expect(page.get_by_text("No free seat is suitable")).to_be_visible()
        expect(page.get_by_role("button", name="New seats for all")).to_be_disabled()
        expect(page.get_by_label("What the move does")).to_contain_text("Tickets refunded4")
        expect(page.locator(".screen").get_by_role("combobox")).to_have_count(0)
        assert found_by_axe(page) + page.evaluate(SMALL) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_box_office_sees_no_move_and_cannot_open_its_page(
    browser: Browser, system: System, office: str, address: str
) -> None:
    window = grant_roles(system, f"window-{address}", (Grant("box_office", "organiser", CLUB.id),))
    with desk(browser, system, office) as page:
        venue = Venue(system, page)
        import_version(page, hall(venue.code, venue.name, *BLOCKS, "103"))
    with desk(browser, system, window) as page:
        page.goto(f"/office/events/{venue.event_id}")
        expect(page.get_by_role("heading", name=venue.title, level=1)).to_be_visible()
        expect(page.get_by_role("link", name="Move the event…")).to_have_count(0)
        venue.open_move(page)
        expect(page.get_by_text("You can view this event, but you can’t change it.")).to_be_visible()
        expect(page.get_by_role("button", name="Move the event")).to_have_count(0)

"""A kitchen and its fans by the texts of the screens: current events, cooks, wallets."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect

from tests.web.cards import load
from tests.web.conftest import sign_in_with_form
from tests.web.gate import tonight
from tests.web.office import ENGLISH, grant_roles, in_database
from tests.web.system import FAN, System
from virage.demo.concessions import WRITTEN, kitchens
from virage.demo.ids import demo_id
from virage.demo.programme import done
from virage.identity.keys.rules.vault import PURPOSE, KeyVault
from virage.matchday.food.menu.acts import alcohol_permits, stock
from virage.matchday.food.menu.rules.alcohol import AlcoholPermitRequest
from virage.matchday.food.menu.rules.catalogue import Station
from virage.matchday.food.menu.rules.stock import StockLine, StockRequest
from virage.matchday.food.orders.acts.kitchen import set_capacity
from virage.matchday.food.orders.rules.orders import KitchenCapacity
from virage.money.wallet.accounts.acts import ensure_wallet
from virage.platform.data.database import Connection
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.site.programme import acts as programme
from virage.site.programme import reads as programme_reads
from virage.site.programme.rules import content_of

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
STATIONS = {Station.BAR: 40, Station.GRILL: 20, Station.FRYER: 20, Station.COFFEE: 10, Station.COLD: 10}
FIRST_ON = "select min(starts_at) from programme.event where state = 'published' and doors_at <= $1 and ends_at > $1"

ALLOWED = """
    select count(*) > 0 from food_menu.derogation
    where organiser_id = $1 and withdrawn_at is null and starts_at <= $2 and ends_at > $2 + interval '2 hours'
"""
TOUCHED = """
    select outlet from food_orders.food_order
    union select outlet from books.figure
    union select outlet from food_menu.movement where kind <> 'delivery'
"""
NAMED = ("01", "02", "03", "04", "05", "08", "09", "10", "19", "20")
"""The outlets that tests and tours call by their number."""


def untouched_outlet(system: System) -> str:
    """An outlet with a grill and without orders, sales or stock counts, also from earlier tries."""
    rows = in_database(system, lambda conn: conn.fetch(TOUCHED))
    taken = {*NAMED, *(row["outlet"] for row in rows)}
    return next(code for code in kitchens() if code not in taken)


def on_now(system: System, title: str) -> UUID:
    """A running match with beer; of all running events it began first."""
    return _begun(system, tonight(system, title))


def demo_on_now(system: System) -> UUID:
    """The running match of the demo for which its fan has tickets, at any hour."""
    bought = """select event_id from ticketing.orders join people.person on person.id = owner_id
        where email = $1 and paid_at is not null order by held_at limit 1"""
    event_id = in_database(system, lambda conn: conn.fetchval(bought, FAN))
    return _begun(system, event_id)


def _begun(system: System, event_id: UUID) -> UUID:
    async def begin(conn: Connection) -> None:
        now = datetime.now(UTC)
        earliest = await conn.fetchval(FIRST_ON, now)
        starts_at = min([now - 20 * MINUTE, *([earliest - MINUTE] if earliest else [])])
        event = await programme_reads.event(conn, event_id)
        assert event is not None
        content = content_of(event)
        begun = replace(
            content,
            doors_at=starts_at - HOUR,
            starts_at=starts_at,
            ends_at=max(content.ends_at, now + 4 * HOUR),  # it may be on sale until then
            rules=replace(content.rules, alcohol=True),
        )
        done(await programme.amend(conn, event_id, begun, None, now))
        if not await conn.fetchval(ALLOWED, event.organiser_id, now):
            wish = AlcoholPermitRequest(new_id(), event.organiser_id, now - HOUR, now + 5 * HOUR, "2026-1")
            done(await alcohol_permits.enter(conn, wish, None, now))

    in_database(system, begin)
    return event_id


def open_kitchen(system: System, outlet: str, *, made: dict[Station, int] | None = None, **said: Any) -> None:
    """A kitchen sets its capacity and takes orders."""
    vault = KeyVault(derive(system.env["VIRAGE_SECRET"], PURPOSE))
    capacity = KitchenCapacity(STATIONS if made is None else made, **({"open": True} | said))

    async def state(conn: Connection) -> None:
        done(await set_capacity(conn, vault, outlet, capacity, who=None, now=datetime.now(UTC)))

    in_database(system, state)


def emptied(system: System, outlet: str, key: str) -> None:
    """Count the stock of a demo product at an outlet as zero."""
    product = demo_id(f"concessions {key}", WRITTEN)
    count = StockRequest(new_id(), "count", outlet, [StockLine(product, 0)])

    async def note(conn: Connection) -> None:
        done(await stock.record(conn, count, None, datetime.now(UTC)))

    in_database(system, note)


def filled(system: System, email: str, cents: int) -> None:
    """Credit the wallet of a signed-in fan."""

    async def fill(conn: Connection) -> None:
        now = datetime.now(UTC)
        person = await conn.fetchval("select id from people.person where email = $1", email)
        mine = (await ensure_wallet(conn, person, now)).id
        await load(conn, mine, cents)

    in_database(system, fill)


@contextmanager
def kitchen(browser: Browser, system: System, outlet: str, email: str, **settings: Any) -> Iterator[Page]:
    """A browser context in which a cook has signed in to the kitchen of an outlet, in English."""
    grant_roles(system, email, (Grant("kitchen", "outlet", outlet),), "Some Cook")
    wanted: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB"} | settings
    wanted = {"base_url": system.url, "reduced_motion": "reduce"} | wanted
    context = browser.new_context(**wanted)
    context.add_init_script(ENGLISH)
    page = context.new_page()
    try:
        page.goto("/staff/kitchen")
        enter_kitchen(page, system, email)
        yield page
    finally:
        context.close()


def enter_kitchen(page: Page, system: System, email: str) -> None:
    """Sign in on the kitchen's own screen."""
    earlier = system.last_code(email)
    page.get_by_label("Email address").fill(email)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Sign-in code").fill(system.code_for(email, besides=earlier))
    page.get_by_role("button", name="Sign in", exact=True).click()
    name = page.get_by_label("Your name")
    inside = page.locator("[data-link=live]").or_(page.get_by_role("heading", name="Choose an outlet"))
    expect(name.or_(inside).first).to_be_visible()
    if name.is_visible():
        name.fill("Some Cook")
        page.get_by_role("button", name="Save").click()
    expect(inside).to_be_visible()


def fan_at(page: Page, system: System, email: str, event_id: UUID, cents: int = 5000) -> None:
    """A fan with money in the wallet, at the list of outlets of an event."""
    page.goto("/sign-in?next=/food")
    sign_in_with_form(page, system, email)
    filled(system, email, cents)
    page.goto(f"/food?event={event_id}")
    expect(page.get_by_role("heading", name="Which food stand?")).to_be_visible()


def add(page: Page, *names: str) -> None:
    """Put products without choices into the basket."""
    for name in names:
        page.get_by_role("button", name=f"Add {name}", exact=True).click()


def orders(page: Page, event_id: UUID, outlet: str, *wished: dict[str, int], **more: Any) -> list[str]:
    """Place orders as the fan signed in on a page, by product name and quantity; return their ids."""
    catalogue = page.request.get(f"/api/food/catalogue/{outlet}").json()
    ids = {shown["item"]["name"]["en"]: shown["item"]["id"] for shown in catalogue["items"]}
    made = []
    for wish in wished:
        lines = [{"item_id": ids[name], "quantity": many} for name, many in wish.items()]
        body = {"id": str(new_id()), "event_id": str(event_id), "outlet": outlet, "version": catalogue["version"]}
        answer = page.request.post(
            "/api/food/orders", data=body | {"lines": lines} | more, headers={"origin": page.url.partition("/food")[0]}
        )
        assert answer.ok, answer.text()
        made.append(answer.json()["id"])
    return made


def order(page: Page) -> str:
    """Pay the basket, and open the order; return its pick-up code."""
    page.get_by_role("button", name="Order and pay").click()
    code = page.locator("[data-pick-up]")
    expect(code).to_be_visible()
    return code.inner_text()

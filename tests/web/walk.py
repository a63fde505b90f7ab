"""Every page of the web, by its address, as each kind of visitor opens it; and its faults."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, expect

from tests.web import tour_food, tour_live
from tests.web.cards import Till, new_card
from tests.web.draws import match_with_an_open_draw
from tests.web.food import filled, orders
from tests.web.gate import until
from tests.web.office import in_database
from tests.web.office_tour import ORDER
from tests.web.seasons import seasons_with_a_holder, start_campaign
from tests.web.steps import make_link
from tests.web.system import FAN, System
from tests.web.test_access import SMALL, found_by_axe
from tests.web.test_live_news import tell
from tests.web.test_settlement import seed
from virage.identity.people import acts as people
from virage.identity.people.rules.grants import RoleName
from virage.media.live.rules.entries import Goal, KickOff, Period, Side
from virage.platform.data.database import Connection
from virage.platform.web.security import LOOPBACK_COOKIE
from virage.site.pages.rules import PageKind

ADDRESSES = Path("src/virage/web/addresses.json")
NOWHERE = "/nowhere"
"""The one address that is not found on purpose."""
SHIFT_MAX = 0.1
# A phone in a full stadium, slow enough to show late layout shifts.
SLOW = {"offline": False, "latency": 80, "downloadThroughput": 400_000, "uploadThroughput": 100_000}
FRENCH_FIRST = "localStorage.setItem('virage.locale', sessionStorage.getItem('read in') ?? '\"fr\"')"
SIGNED_IN = """async () => {
    const { id, email, name, locale, kind } = await (await fetch("/api/me")).json();
    const person = { id, email, name, locale, staff: kind === "staff", passkey: false, sso: false };
    localStorage.setItem("virage.me", JSON.stringify(person));
}"""
# A page that is switched to English switches the account too, which other tests expect in French.
IN_FRENCH = """() => fetch("/api/me", {
    method: "PATCH", headers: { "content-type": "application/json" }, body: JSON.stringify({ locale: "fr" })
})"""
SHIFTS = """
    window.shifts = [];
    const named = ({ node }) => (node?.outerHTML ?? node?.parentElement?.outerHTML ?? "gone").slice(0, 110);
    new PerformanceObserver((list) => {
        for (const { value, hadRecentInput, sources } of list.getEntries())
            if (!hadRecentInput) shifts.push({ value, moved: sources.slice(0, 3).map(named) });
    }).observe({ type: "layout-shift", buffered: true });
"""


HOLD_PACKAGE = """async (id) => {
    const seats = { kind: "best", party: { full: 1 } };
    const body = JSON.stringify({ id: crypto.randomUUID(), seats });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`/api/packages/${id}/subscriptions`, { method: "POST", headers, body });
    return (await answer.json()).id;
}"""


class Evening(NamedTuple):
    """The data of the pages: a running match with a replay; the purchases of the demo's fan; a payout.

    `offer` is the path of an offer by link of the fan's last ticket, with its key.
    """

    match: UUID
    replay: str
    ticket: str
    offer: str
    order: str
    food: str
    card: str
    sold: str
    item: str
    version: str
    payout: str
    payment: str
    package: str
    subscription: str
    renewal: str
    drawn: UUID


class Watch:
    """Faults on a page: uncaught errors, errors of the console, failed responses and requests."""

    def __init__(self, page: Page, system: System) -> None:
        self.wrong: list[str] = []
        self._ours = system.url
        page.on("pageerror", self._thrown)
        page.on("console", self._said)
        page.on("response", self._answered)
        page.on("requestfailed", self._failed)

    def _thrown(self, error: Exception) -> None:
        self.wrong.append(f"uncaught: {error}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:  # its response is recorded below
            self.wrong.append(f"console: {message.text}")

    def _answered(self, answer: Response) -> None:
        if answer.status >= 400 and answer.url.startswith(self._ours):
            self.wrong.append(f"{answer.status} {answer.request.method} {answer.url.removeprefix(self._ours)}")

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # requests of a page that was left
            self.wrong.append(f"{request.failure}: {request.url.removeprefix(self._ours)}")

    def taken(self) -> list[str]:
        """The faults since the last call."""
        found, self.wrong = self.wrong, []
        return found


@contextmanager
def visiting(browser: Browser, system: System, email: str = "") -> Iterator[Page]:
    """A phone on a slow network, in French; signed in if an address is given."""
    context = browser.new_context(
        base_url=system.url,
        locale="fr-FR",
        viewport={"width": 390, "height": 844},
        has_touch=True,
        reduced_motion="reduce",
    )
    context.add_init_script(FRENCH_FIRST)
    context.add_init_script(SHIFTS)
    if email:
        context.add_cookies([{"name": LOOPBACK_COOKIE, "value": session_of(system, email), "url": system.url}])
    page = context.new_page()
    if email:
        keep_person(page)
    context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOW)
    try:
        yield page
        if email:
            page.evaluate(IN_FRENCH)
    finally:
        context.close()


def keep_person(page: Page) -> None:
    """Store the signed-in person in the browser, as a sign-in does: without it the pages of a fan ask for nothing."""
    page.goto("/")
    page.evaluate(SIGNED_IN)


def session_of(system: System, email: str) -> str:
    async def opened(conn: Connection) -> str:
        now = datetime.now(UTC)
        person = await people.ensure_fan(conn, email, None, now)
        return (await people.open_session(conn, person, now)).token

    return in_database(system, opened)


def prepared(browser: Browser, system: System) -> Evening:
    """An evening in the stadium with a feed, a filmed goal and a food order."""
    on_now = tour_food.evening(system)
    match = tour_live.match(system, "A match to walk through")
    tell(system, match, KickOff(Period.FIRST_HALF), Goal(Side.HOME, 9))
    filled(system, FAN, 5000)
    payout = seed(system, [6500, 1200], adjustment=-300)
    with visiting(browser, system, FAN) as page:
        page.goto("/food")

        def get(path: str) -> Any:
            return page.request.get(path).json()

        (food,) = orders(page, on_now, tour_food.BUSY, {"Salted popcorn": 1})
        tickets = [ticket["id"] for ticket in get("/api/me/tickets")]
        order = get("/api/me/orders")[0]["id"]
        start_campaign(system, seasons_with_a_holder(system, FAN))
        until(page, "async () => (await (await fetch('/api/renewals')).json()).length > 0")
        package = next(one["id"] for one in get("/api/packages") if one["kind"] == "pack")
        offered = [transfer["link"] for transfer in get("/api/transfers") if transfer["link"]]
        return Evening(
            match=match,
            replay=tour_live.filmed(system, match),
            ticket=tickets[0],
            offer=offered[0] if offered else make_link(page, tickets[-1:]),
            order=order,
            food=food,
            card=get("/api/me/cards")[0]["id"],
            sold=str(in_database(system, lambda conn: conn.fetchval(ORDER))),
            item=get(f"/api/food/catalogue/{tour_food.BUSY}")["items"][0]["item"]["id"],
            version=get("/api/pages/terms?language=en")["id"],
            payout=str(payout.payout),
            payment=str(payout.payment),
            package=package,
            subscription=page.evaluate(HOLD_PACKAGE, package),
            renewal=get("/api/renewals")[0]["id"],
            drawn=match_with_an_open_draw(system),
        )


def public_addresses(system: System, evening: Evening) -> list[str]:
    """The public addresses."""
    till = Till(system)
    return [
        "/",
        f"/events/{system.event('match')}",
        f"/events/{system.event('concert')}",
        f"/events/{system.event('match')}/exchange",
        f"/events/{evening.drawn}/draw",
        "/packages",
        f"/packages/{evening.package}",
        "/basket",
        "/orders",
        "/tickets",
        f"/tickets/{evening.ticket}",
        evening.offer,
        "/wallet",
        "/wallet/money-back",
        till.address(till.asks(650)),
        new_card(system, 1850).tap(),
        "/food",
        f"/food/{tour_food.BUSY}",
        f"/food/orders/{evening.food}",
        f"/live/{evening.match}",
        f"/help/{evening.match}",
        f"/r/{evening.replay}",
        *(f"/pages/{kind}" for kind in PageKind),
        f"/pages/versions/{evening.version}",
        "/sign-in",
        "/recovery",
        "/account",
        "/receipt",
        "/staff",
        "/staff/gate",
        "/staff/control",
        "/staff/safety",
        "/staff/till",
        "/staff/kitchen",
        "/staff/desk",
        "/staff/describe",
        f"/staff/describe/{evening.replay}",
        "/office",
        "/office/invitation",
        NOWHERE,
    ]


def fan_addresses(system: System, evening: Evening) -> list[str]:
    """The pages of a fan with a ticket, an order, money in the wallet and a card."""
    till = Till(system)
    return [
        "/",
        f"/events/{system.event('match')}",
        f"/events/{system.event('match')}/exchange",
        "/basket",
        "/orders",
        f"/orders/{evening.order}",
        "/tickets",
        f"/tickets/{evening.ticket}",
        evening.offer,
        "/wallet",
        "/wallet/automatic",
        "/wallet/cards/add",
        f"/wallet/cards/{evening.card}",
        "/wallet/money-back",
        "/membership",
        "/packages",
        f"/packages/{evening.package}",
        f"/subscriptions/{evening.subscription}",
        f"/renewals/{evening.renewal}",
        f"/events/{evening.drawn}/draw",
        "/points",
        "/wallet/phone",
        till.address(till.asks(650)),
        new_card(system, 1850).tap(),
        "/food",
        f"/food/{tour_food.BUSY}",
        f"/food/orders/{evening.food}",
        f"/live/{evening.match}",
        f"/help/{evening.match}",
        f"/r/{evening.replay}",
        "/account",
        "/staff",
    ]


def role_addresses(evening: Evening) -> dict[RoleName, list[str]]:
    """The pages of each role."""
    sales = ["/office", f"/office/events/{evening.match}"]
    pages = {
        RoleName.PROGRAMME: [
            "/office",
            f"/office/events/{evening.match}/details",
            f"/office/events/{evening.match}/teams",
            f"/office/events/{evening.match}/exchange",
        ],
        RoleName.BOX_OFFICE: [
            *sales,
            f"/office/events/{evening.match}/exchange",
            "/office/orders",
            f"/office/orders/{evening.sold}",
        ],
        RoleName.FINANCE: [*sales, "/office/food", "/office/food/cards", "/office/food/closings", "/staff/kitchen"],
        RoleName.STEWARD: [f"/staff/safety?event={evening.match}"],
        RoleName.SUPERVISOR: ["/office", f"/office/events/{evening.match}/gates", "/office/devices", "/office/bans"],
        RoleName.CONTROLLER: [f"/staff/control?event={evening.match}"],
        RoleName.KITCHEN: ["/staff/kitchen"],
        RoleName.MATCH_DESK: [f"/staff/desk?event={evening.match}"],
        RoleName.MEDIA_DESK: [f"/staff/desk?event={evening.match}"],
        RoleName.MODERATOR: [f"/staff/desk?event={evening.match}"],
        RoleName.DESCRIBER: [f"/staff/describe?event={evening.match}", f"/staff/describe/{evening.replay}"],
    }
    return {role: ["/staff", *pages.get(role, [])] for role in RoleName}


def office_addresses(evening: Evening) -> list[str]:
    """Every page of the office, for an administrator."""
    event = f"/office/events/{evening.match}"
    return [
        "/office",
        "/office/events/new",
        event,
        *(
            f"{event}/{part}"
            for part in ("details", "teams", "prices", "windows", "draw", "exchange", "gates", "accreditations")
        ),
        *(f"{event}/{part}" for part in ("closures", "move")),
        *("/office/venues", "/office/venues/arena", "/office/import-venue"),
        "/office/bans",
        "/office/food",
        f"/office/food/catalogue/{evening.item}",
        *(f"/office/food/{part}" for part in ("catalogue", "stock", "alcohol", "tills", "cards", "shifts")),
        *(f"/office/food/{part}" for part in ("concessionaires", "closings")),
        "/office/orders",
        f"/office/orders/{evening.sold}",
        "/office/members",
        "/office/packages",
        "/office/seasons",
        "/office/points",
        "/office/payments",
        "/office/payments/accounts",
        f"/office/payments/payouts/{evening.payout}",
        f"/office/payments/{evening.payment}",
        *(f"/office/{part}" for part in ("staff", "devices", "pin", "api-clients", "pages", "emails", "jobs")),
        "/office/invitation",
        "/staff/desk",
        "/staff/kitchen",
    ]


def faults_of(page: Page, watch: Watch, path: str, *, again: bool = True) -> Iterator[str]:
    """The faults of one page: failed requests, layout shifts, wrong sizes, axe findings.

    It is checked in French in the light theme and `again` in English in the dark one.
    """
    page.emulate_media(color_scheme="light")
    shown(page, path)
    yield from (f"{path} {fault}" for fault in jumped(page))
    yield from (f"{path} in French, light: {fault}" for fault in [*found_by_axe(page), *page.evaluate(SMALL)])
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        yield f"{path} in French: wider than the screen"
    if again:
        page.emulate_media(color_scheme="dark")
        in_english(page)
        yield from (f"{path} in English, dark: {fault}" for fault in found_by_axe(page))
    known = f"404 GET {path}" if path == NOWHERE else ""
    yield from (f"{path}: {wrong}" for wrong in watch.taken() if wrong != known)


def jumped(page: Page) -> list[str]:
    """Layout shifts since the last call, if they are more than a page may have."""
    shifts = page.evaluate("shifts.splice(0)")
    total = sum(shift["value"] for shift in shifts)
    return [f"jumps by {total:.3f}: {json.dumps(shifts)}"] if total >= SHIFT_MAX else []


def shown(page: Page, path: str = "") -> None:
    """Open or reload a page, and wait until all of it is there."""
    if path:
        page.goto(path)
    else:
        page.reload()
    expect(page.locator("h1").first).to_be_attached()
    page.wait_for_load_state("networkidle")


def in_english(page: Page) -> None:
    """Switch the page to English by its own button, or by the browser's language where it has none."""
    switch = page.locator("header .language")
    if switch.is_visible():
        switch.click()
    else:
        page.evaluate("""sessionStorage.setItem("read in", '"en"')""")
        shown(page)
        page.evaluate("sessionStorage.removeItem('read in')")
    expect(page.locator("html[lang=en]")).to_be_attached()


def unvisited(paths: Sequence[str]) -> list[str]:
    """The addresses of the web that match none of these paths."""
    apps = json.loads(ADDRESSES.read_text(encoding="utf-8"))
    patterns = [address for app in apps for address in app["addresses"]]
    shapes = {pattern: re.compile(re.sub(r":\w+", "[^/]+", pattern)) for pattern in patterns}
    places = [re.split("[?#]", path)[0] for path in paths]
    return [pattern for pattern, shape in shapes.items() if not any(map(shape.fullmatch, places))]

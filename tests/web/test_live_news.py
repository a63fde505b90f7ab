"""A fan's screen on a bad network: no entry is missed or repeated, and known entries stay readable."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from playwright.sync_api import BrowserContext, Page, expect

from tests.web import tour_live
from tests.web.office import ENGLISH, in_database
from tests.web.system import Process, System
from tests.web.test_access import SMALL, found_by_axe
from tests.web.test_food import registration_of
from virage.media.live.acts import publishing as live
from virage.media.live.rules.entries import (
    AddedTime,
    Booking,
    EntryRequest,
    EntryWithdrawal,
    FeedEntry,
    Goal,
    GoalLine,
    KickOff,
    MatchEvent,
    Period,
    RefereeSignal,
    Side,
    Substitution,
    VarReview,
    VenueUpdate,
)
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id

FAR_DOWN = 400  # pixels: the top of the page is not visible
NUMBERS = "() => [...document.querySelectorAll('[data-entry]')].map(line => Number(line.dataset.entry))"
SPOKEN = """() => {
    window.spoken = [];
    const region = document.querySelector("[data-spoken]");
    const everything = { subtree: true, childList: true, characterData: true };
    new MutationObserver(() => spoken.push(region.textContent)).observe(region, everything);
}"""


def tell(system: System, event: UUID, *contents: MatchEvent | EntryWithdrawal) -> None:
    """Publish entries of the match."""

    async def telling(conn: Connection) -> None:
        now = datetime.now(UTC)
        outcomes = await live.publish(conn, event, [EntryRequest(new_id(), now, one) for one in contents], None, now)
        assert all(isinstance(one, FeedEntry) for one in outcomes), outcomes

    in_database(system, telling)


def test_entries_missed_in_a_dead_zone_arrive_once_and_in_order(
    page: Page, system: System, own_server: tuple[str, Process], page_faults: list[str]
) -> None:
    url, process = own_server
    event = tour_live.match(system, "A match in a dead zone")
    page.add_init_script(ENGLISH)
    page.goto(f"{url}/live/{event}")
    tell(system, event, KickOff(Period.FIRST_HALF), Goal(Side.HOME, 9))
    expect(page.locator("[data-score]")).to_have_text("1–0")
    page.evaluate(SPOKEN)
    page.context.set_offline(True)
    system.stop(process)
    expect(page.get_by_text("You’re offline. Last updated")).to_be_visible()
    assert page.evaluate("() => { scrollTo(0, document.body.scrollHeight); return scrollY; }") > FAR_DOWN
    expect(page.get_by_text("You’re offline. Last updated")).to_be_in_viewport()
    extra: Sequence[AddedTime] = [AddedTime(minutes % 30 + 1) for minutes in range(80)]
    tell(system, event, Goal(Side.AWAY, 10), Booking(Side.AWAY, 4, "yellow"), Substitution(Side.HOME, 9, 12), *extra)
    pages: list[str] = []
    page.on("request", lambda asked: pages.append(asked.url.rpartition("/")[2]) if "/pages/" in asked.url else None)
    again = system.start("serve", system.env | {"VIRAGE_PORT": url.rpartition(":")[2], "VIRAGE_PUBLIC_URL": url})
    system.wait(url)
    page.context.set_offline(False)
    expect(page.locator("[data-entry='85']")).to_be_visible()
    assert page.evaluate(NUMBERS) == list(range(85, 0, -1))
    expect(page.locator("[data-score]")).to_have_text("1–1")
    assert {"1", "2"} <= set(pages), "entries omitted by the stream are read from pages"
    expect(page.locator("[data-shirt='home 9'] [data-mark]")).to_have_count(2)
    expect(page.locator("[data-shirt='home 12'] [data-mark='on']")).to_be_visible()
    expect(page.locator("[data-shirt='away 4'] [data-mark='yellow']")).to_be_visible()
    tell(system, event, Goal(Side.HOME, 12), VenueUpdate("gate", "A1", "closed"), VenueUpdate("gate", "A1", "open"))
    expect(page.locator("[data-score]")).to_have_text("2–1")
    page.get_by_text("Elsewhere in the venue (1)").click()
    expect(page.get_by_text("Gate A1 is open")).to_be_visible()
    tell(system, event, EntryWithdrawal(86))
    expect(page.locator("[data-score]")).to_have_text("1–1")
    page.wait_for_function("() => window.spoken.length === 3")
    assert page.evaluate("spoken") == [
        "Goal for Étoile du Nord. Virage FC 1, Étoile du Nord 1",
        "Goal for Virage FC. Virage FC 2, Étoile du Nord 1",
        "Goal disallowed: Virage FC. Virage FC 1, Étoile du Nord 1",
    ]
    assert page_faults == []
    system.stop(again)
    system.processes.remove(again)


def test_a_fan_chooses_notifications_for_a_match_and_for_all_matches(
    page: Page, system: System, sign_in: Callable[[Page, str], None], address: str, page_faults: list[str]
) -> None:
    event = tour_live.match(system, "A match with notifications")
    page.add_init_script(ENGLISH)
    page.goto(f"/events/{event}")
    page.get_by_role("link", name="Follow the match").click()
    page.get_by_role("link", name="Sign in to set alerts").click()
    sign_in(page, address)
    page.goto(f"/live/{event}")
    page.get_by_label("Goals", exact=True).check()
    expect(page.locator("[data-notifications='saved']")).to_be_attached()
    page.get_by_label("Goals, also during play").check()
    page.get_by_label("Wherever I’m watching").check()
    expect(page.locator("[data-notifications='saved']")).to_be_attached()
    expect(page.get_by_text("These settings apply to this match only.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Goals, also during play")).to_be_checked()
    expect(page.get_by_label("Wherever I’m watching")).to_be_checked()
    page.goto("/account")
    expect(page.get_by_label("Goals", exact=True)).not_to_be_checked()
    page.get_by_label("Replays", exact=True).check()
    expect(page.locator("[data-notifications='saved']")).to_be_attached()
    page.goto(f"/live/{event}")
    page.get_by_role("button", name="Use my settings for all matches").click()
    expect(page.get_by_label("Replays", exact=True)).to_be_checked()
    expect(page.get_by_label("Goals", exact=True)).not_to_be_checked()
    assert page_faults == []


def test_a_disallowed_goal_replaces_the_notification_of_its_goal_in_any_order(
    notifying: BrowserContext, system: System
) -> None:
    page = notifying.new_page()
    page.goto("/")
    session = notifying.new_cdp_session(page)
    registration = registration_of(session, page)
    event = str(new_id())

    known = "(await navigator.serviceWorker.ready).getNotifications()"
    shown = f"async () => (await {known}).map(n => [n.title, n.data.path])"

    def pushed(title: str, revision: int, *, until_shown: str) -> None:
        """Send a message until something is shown: a browser drops messages before its worker is
        stored.
        """
        news = {"kind": "live", "title": title, "body": "", "event": event, "tag": "goal", "revision": revision}
        message = {"origin": system.url, "registrationId": registration, "data": json.dumps(news | {"loud": True})}
        for _ in range(1_000):
            session.send("ServiceWorker.deliverPushMessage", message)
            page.evaluate("() => new Promise(requestAnimationFrame)")
            if page.evaluate(shown) == [[until_shown, f"/live/{event}"]]:
                return
        raise AssertionError(page.evaluate(shown))

    pushed("Goal", 2, until_shown="Goal")
    pushed("No goal", 3, until_shown="No goal")
    pushed("Goal", 2, until_shown="No goal")
    pushed("Seen again", 4, until_shown="Seen again")


def test_referee_signals_are_on_request_and_not_announced(page: Page, system: System, page_faults: list[str]) -> None:
    event = tour_live.match(system, "A match with whistles")
    page.add_init_script(ENGLISH)
    page.goto(f"/live/{event}")
    tell(system, event, KickOff(Period.FIRST_HALF), Goal(Side.HOME, 9))
    expect(page.locator("[data-score]")).to_have_text("1–0")
    page.evaluate(SPOKEN)
    signals: Sequence[RefereeSignal] = [RefereeSignal("whistle"), RefereeSignal("stopped"), RefereeSignal("resumed")]
    tell(system, event, *signals, GoalLine(Side.AWAY, is_goal=False), VarReview("penalty", "checking"))
    folded = page.get_by_text("Whistles and stoppages (3)", exact=True)
    expect(folded).to_be_visible()
    expect(page.get_by_text("Goal-line technology: ball not over the line")).to_be_visible()
    expect(page.locator("[data-entry]").get_by_text("VAR check: possible penalty")).to_be_visible()
    expect(page.get_by_text("Play stopped")).to_be_hidden()
    folded.click()
    expect(page.get_by_text("Play stopped")).to_be_visible()
    assert page.evaluate("spoken") == []
    assert found_by_axe(page) + page.evaluate(SMALL) == []
    assert page_faults == []

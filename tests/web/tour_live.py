"""The screens of a match feed, in the order of one evening: for pictures and for axe."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from playwright.sync_api import Page, expect

from tests.media.replay.takes import record_take
from tests.web.conftest import sign_in_with_form
from tests.web.gate import tonight
from tests.web.office import ENGLISH, grant_roles, in_database
from tests.web.steps import kick_off
from tests.web.system import System
from tests.web.tour import Screen
from virage.demo.teams import TEAMS
from virage.media.live.acts import publishing as live
from virage.media.replay.acts import clips
from virage.media.replay.footage import Footage
from virage.media.replay.rules.clips import Clip, ClipRequest
from virage.media.replay.rules.media import MediaVault
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

POSTER_SHOWN = "() => document.querySelector('[data-watch] img')?.naturalWidth > 0"
GOAL = "select max(number) from live.entry where event_id = $1 and told->>'kind' = 'goal'"
TITLE = "Virage FC v Étoile du Nord, live"


def match(system: System, title: str = TITLE) -> UUID:
    """A match with known teams."""
    event_id = tonight(system, title)

    async def set_teams(conn: Connection) -> None:
        await live.set_teams(conn, event_id, TEAMS, None, datetime.now(UTC), revision=0)

    in_database(system, set_teams)
    return event_id


def at_the_desk(page: Page, system: System, email: str, event: UUID) -> None:
    """A person at the match desk, who also describes its replays, signs in; in English."""
    page.add_init_script(ENGLISH)
    page.goto("/sign-in")
    sign_in_with_form(
        page,
        system,
        grant_roles(system, email, (Grant("match_desk", "event", event), Grant("describer", "event", event))),
    )


def filmed(system: System, event: UUID) -> str:
    """The id of a replay of the latest goal, filmed by a camera a while ago."""
    now = datetime.now(UTC)
    footage = Footage(str(Path(system.env["VIRAGE_VAR_DIR"]) / "objects"))
    take = record_take(f"north-{event.hex[-4:]}", now - timedelta(seconds=45), 22)

    async def mark(conn: Connection) -> str:
        await take.store_take(conn, footage, MediaVault([system.env["VIRAGE_SECRET"]]))
        goal = await conn.fetchval(GOAL, event)
        at = now - timedelta(seconds=44)
        wanted = ClipRequest(new_id(), at, at + timedelta(seconds=20), [take.camera], about=goal)
        clip = await clips.mark(conn, event, wanted, None, now)
        assert isinstance(clip, Clip)
        return str(clip.id)

    return in_database(system, mark)


def replays(fan: Page, desk: Page, system: System, event: UUID) -> Iterator[tuple[Page, Screen]]:
    """A replay of the goal: offered, open, shared, and described."""
    clip = filmed(system, event)
    fan.goto(f"/live/{event}")
    goal = fan.locator("[data-entry]").filter(has_text="Goal for Virage FC")
    expect(goal.get_by_role("button", name="Watch again")).to_be_visible()
    goal.scroll_into_view_if_needed()  # a poster is loaded when it is near
    fan.wait_for_function(POSTER_SHOWN)
    yield fan, Screen("live-replay", at="[aria-labelledby=timeline]")
    goal.get_by_role("button", name="Watch again").click()
    expect(fan.locator("[data-state=playing]")).to_be_visible()
    yield fan, Screen("live-playing", at=".watched")
    fan.goto(f"/r/{clip}")
    expect(fan.locator("[data-state=playing]")).to_be_visible()
    yield fan, Screen("replay")
    desk.goto(f"/staff/describe?event={event}")
    line = desk.locator(f"[data-describe='{clip}']")
    expect(line).to_contain_text("Goal for Virage FC")
    yield desk, Screen("describe-list")
    line.get_by_role("link", name="Describe: Goal").click()
    expect(desk.locator("[data-state=playing]")).to_be_visible()
    yield desk, Screen("describe")


def screens(fan: Page, desk: Page, event: UUID) -> Iterator[tuple[Page, Screen]]:
    """From before the kick-off to a corrected goal; `desk` is signed in at the match desk."""
    fan.goto(f"/live/{event}")
    expect(fan.get_by_text("Updates will appear here")).to_be_visible()
    yield fan, Screen("live-before")
    desk.goto("/staff/desk")
    desk.get_by_role("button", name=TITLE).last.click()
    expect(desk.get_by_role("button", name="Start: First half")).to_be_visible()
    yield desk, Screen("desk")
    kick_off(desk)
    desk.get_by_role("button", name="Goal Virage FC").click()
    yield desk, Screen("desk-goal")
    desk.locator("[data-player='9']").click()
    desk.get_by_role("button", name="Card for Étoile du Nord").click()
    desk.locator("[data-player='4']").click()
    desk.get_by_role("button", name="Substitution for Virage FC").click()
    desk.locator("[data-player='7']").click()
    desk.locator("[data-player='12']").click()
    desk.get_by_role("button", name="3 min", exact=True).click()
    desk.get_by_label("(Français)").fill("La mi-temps approche : les buvettes du nord sont calmes.")
    desk.get_by_label("(English)").fill("Half-time is near: the stands in the north are quiet.")
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(fan.get_by_text("Half-time is near")).to_be_visible()
    yield fan, Screen("live")
    yield desk, Screen("desk-published")

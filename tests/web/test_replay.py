"""The replay player in a real browser: late, interrupted and withdrawn video, and two angles."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, Playwright, Route, ViewportSize, expect

from tests.media.replay.takes import RecordedTake, record_take
from tests.web.conftest import FLAGS, SHELL, sign_in_with_form
from tests.web.gate import tonight
from tests.web.office import ENGLISH, grant_roles, in_database
from tests.web.system import System
from tests.web.test_access import SMALL, found_by_axe
from virage.demo.teams import TEAMS
from virage.media.live.acts import publishing as live
from virage.media.live.rules.entries import EntryRequest, Goal, KickOff, Period, Side
from virage.media.replay.acts import clips, rights
from virage.media.replay.acts.clips import on_feed_entries
from virage.media.replay.footage import Footage
from virage.media.replay.ingest.segmenter import Fragment
from virage.media.replay.reads import watching
from virage.media.replay.rules.media import Kind, MediaVault
from virage.media.replay.rules.rights import Audience, Rights
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

BEFORE_S = 14
PAUSE = "document.querySelector('video').pause()"
PAST = "seconds => document.querySelector('video').currentTime > seconds"
SAVES_DATA = "Object.defineProperty(navigator, 'connection', { value: { saveData: true } })"
PLAYER_FETCHED = "() => performance.getEntriesByType('resource').some(({ name }) => name.includes('/hls-'))"
# The clock in the shown picture, in milliseconds: the bits of its lowest stripe
# (replay/ingest/synthetic.py).
CLOCK = """video => {
  const canvas = new OffscreenCanvas(640, 360), paint = canvas.getContext('2d');
  paint.drawImage(video, 0, 0, 640, 360);
  const row = paint.getImageData(0, 352, 640, 1).data;
  let clock = 0;
  for (let bit = 0; bit < 44; bit += 1) if (row[4 * (14 * bit + 7) + 1] > 128) clock += 2 ** bit;
  return clock;
}"""


class Evening:
    """A match, and a goal published while cameras send."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.event = tonight(system, f"A goal to be seen again, {new_id()}")
        self.footage = Footage(str(Path(system.env["VIRAGE_VAR_DIR"]) / "objects"))
        self.vault = MediaVault([system.env["VIRAGE_SECRET"]])
        self.now = datetime.now(UTC)
        in_database(
            system, lambda conn: conn.execute("delete from replay.segment")
        )  # without this, clips would show cameras of earlier tests

    def take(
        self,
        camera: str,
        *,
        began_s: float = BEFORE_S,
        late: Callable[[Fragment], float] = lambda _: 0,
        only: Kind | None = None,
    ) -> RecordedTake:
        """Return a take that started some seconds before the goal. Each evening has its own cameras."""
        return record_take(
            f"{camera}-{self.event.hex[-8:]}", self.now - timedelta(seconds=began_s), 24, late=late, only=only
        )

    def store_take(self, take: RecordedTake, until_s: float = 1e9) -> None:
        in_database(self.system, lambda conn: take.store_take(conn, self.footage, self.vault, until_s=until_s))

    def goal(self) -> UUID:
        """Publish a goal and return the id of its clip."""
        requests = [
            EntryRequest(new_id(), self.now, content) for content in (KickOff(Period.FIRST_HALF), Goal(Side.HOME, 9))
        ]

        async def tell(conn: Connection) -> UUID:
            await live.set_teams(conn, self.event, TEAMS, None, self.now, revision=0)
            await live.publish(conn, self.event, requests, None, self.now, handlers=(on_feed_entries,))
            clip_id: UUID = await conn.fetchval("select id from replay.clip where event_id = $1", self.event)
            return clip_id

        return in_database(self.system, tell)

    def allow(self, allowed: Rights, revision: int = 0) -> None:
        set_ = rights.set_rights
        in_database(self.system, lambda conn: set_(conn, self.event, allowed, None, self.now, revision=revision))

    def withdraw(self, clip_id: UUID) -> None:
        async def withdraw(conn: Connection) -> None:
            clip = await watching.clip(conn, clip_id)
            assert clip is not None
            await clips.withdraw(conn, clip, None, datetime.now(UTC))

        in_database(self.system, withdraw)


@pytest.fixture
def evening(system: System) -> Evening:
    return Evening(system)


@pytest.fixture
def watch(page: Page, evening: Evening) -> Callable[[], None]:
    """Open the page of the match and play the replay of its goal."""
    page.add_init_script(ENGLISH)

    def open_it() -> None:
        page.goto(f"/live/{evening.event}")
        page.get_by_role("button", name="Watch again").click()

    return open_it


def playing(page: Page, past_s: float = 0.0) -> None:
    expect(page.locator("[data-state='playing']")).to_be_visible()
    page.wait_for_function(PAST, arg=past_s)


def test_segments_that_arrive_late_and_together_are_played_without_a_gap(
    page: Page, evening: Evening, watch: Callable[[], None]
) -> None:
    """A busy ingest records segments like this: each time is corrected by a later arrival with less
    delay.
    """
    take = evening.take("main", late=lambda part: max(0.0, 1.1 - part.at_s - part.duration_s + part.at_s % 1))
    evening.store_take(evening.take("main", began_s=BEFORE_S - 1, only=Kind.AUDIO), until_s=1)  # an interrupted take
    evening.store_take(take, until_s=2.5)
    evening.goal()
    page.add_init_script(SAVES_DATA)
    page.goto(f"/live/{evening.event}")
    expect(page.get_by_role("button", name="Watch again")).to_be_visible()
    assert not page.evaluate(PLAYER_FETCHED), "the player is loaded when a replay is opened"
    expect(page.locator("[data-watch] img")).to_have_count(0)
    assert "/hls-" not in page.request.get("/sw.js").text()
    watch()
    playing(page, 0.5)
    assert page.evaluate(PLAYER_FETCHED)
    evening.store_take(take)
    page.evaluate("document.querySelector('video').playbackRate = 4")
    playing(page, 12)


def test_a_player_retries_until_there_is_video_and_reports_if_there_is_none(
    page: Page, evening: Evening, watch: Callable[[], None]
) -> None:
    evening.store_take(evening.take("main"))
    evening.goal()
    answers: list[dict[str, Any]] = [{"body": "#EXTM3U\n"}, {"status": 503}, {"body": "#EXTM3U\n"}]

    def answer(route: Route) -> None:
        if answers:
            route.fulfill(**answers.pop())
        else:
            route.continue_()

    def nothing_ahead(route: Route) -> None:
        route.fulfill(json=route.fetch().json() | {"playlists": {}})

    page.route("**/start", nothing_ahead)
    page.route("**/main.m3u8", answer)
    watch()
    playing(page, 0.2)
    page.get_by_role("button", name="Close").click()
    answers += [{"body": "no playlist"}] * 100
    page.get_by_role("button", name="Watch again").click()
    expect(page.locator("[data-state='failed']")).to_contain_text("can’t be played right now")
    answers.clear()
    page.get_by_role("button", name="Try again").click()
    playing(page, 0.2)


def test_a_replay_that_failed_offline_plays_when_the_network_returns(
    page: Page, evening: Evening, watch: Callable[[], None]
) -> None:
    evening.store_take(evening.take("main"))
    evening.goal()
    watch()
    playing(page, 0.2)
    page.get_by_role("button", name="Close").click()
    page.context.set_offline(True)
    page.get_by_role("button", name="Watch again").click()
    expect(page.locator("[data-state='failed']")).to_be_visible()
    page.context.set_offline(False)
    playing(page, 0.2)


FETCHED = """() => performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)
  .filter((path) => path.startsWith('/api/replay/') && !path.endsWith('.jpg'))"""


def test_the_first_picture_needs_one_response_and_its_segments(
    page: Page, evening: Evening, watch: Callable[[], None]
) -> None:
    evening.now -= timedelta(seconds=20)  # the clip has settled
    evening.store_take(evening.take("main"))
    clip_id = evening.goal()
    watch()
    playing(page, 0.2)
    first, *rest = page.evaluate(FETCHED)
    assert first == f"/api/replay/clips/{clip_id}/start"
    assert {path.split("/")[3] for path in rest if not path.endswith(str(clip_id))} == {"keys", "objects"}
    assert len(rest) == len(set(rest)), "nothing is requested twice"


def test_the_audio_of_a_growing_clip_starts_with_its_video(
    page: Page, evening: Evening, watch: Callable[[], None]
) -> None:
    evening.store_take(evening.take("main", late=lambda part: 0.3 if part.kind is Kind.AUDIO else 0))
    clip_id = evening.goal()
    watch()
    playing(page, 1)
    sound = page.request.get(f"/api/replay/clips/{clip_id}/main-{evening.event.hex[-8:]}/audio.m3u8").text()
    segments = [line for line in sound.splitlines() if line.startswith("/api/")]
    heard = [path for path in page.evaluate(FETCHED) if path in segments]
    assert heard == segments[: len(heard)], "segments in order, from the first"


def test_a_link_to_a_missing_or_withdrawn_clip_is_explained(page: Page, evening: Evening) -> None:
    page.add_init_script(ENGLISH)
    page.goto(f"/r/{evening.event}")
    expect(page.locator("[data-state='missing']")).to_contain_text("This replay isn’t available")


def test_a_withdrawn_or_forbidden_clip_stops_on_the_screen(
    page: Page, evening: Evening, watch: Callable[[], None]
) -> None:
    evening.store_take(evening.take("main"))
    clip_id = evening.goal()
    watch()
    playing(page, 0.2)
    expect(page.locator("video")).to_be_focused()
    evening.allow(Rights(who=Audience.TICKET))
    expect(page.locator("[data-state='refused']")).to_contain_text("for ticket holders of this match")
    way_in = page.locator("[data-state='refused']").get_by_role("link", name="Sign in")
    expect(way_in).to_have_attribute("href", f"/sign-in?next=%2Flive%2F{evening.event}")
    dark = "() => { const video = document.querySelector('video'); return video.hidden && !video.videoWidth; }"
    page.wait_for_function(dark)
    evening.allow(Rights(), revision=1)
    page.get_by_role("button", name="Close").click()
    again = page.get_by_role("button", name="Watch again")
    expect(again).to_be_focused()
    again.click()
    playing(page, 0.2)
    evening.withdraw(clip_id)  # the feed may announce it before the player polls
    expect(page.locator("[data-state='gone']")).to_contain_text("no longer available")
    page.wait_for_function(dark)


def test_another_angle_starts_at_the_shown_instant(page: Page, evening: Evening, watch: Callable[[], None]) -> None:
    evening.store_take(evening.take("main"))
    evening.store_take(evening.take("side", began_s=BEFORE_S - 3.4))
    evening.goal()
    watch()
    playing(page, 6)
    page.evaluate(PAUSE)
    before, asked = page.locator("video").evaluate(CLOCK), page.evaluate("Date.now()")
    page.get_by_label("Cameras").select_option(f"side-{evening.event.hex[-8:]}")
    page.wait_for_function(PAST, arg=2)
    page.wait_for_function("() => document.querySelector('video').readyState > 2")
    after, ended = page.locator("video").evaluate(CLOCK), page.evaluate("Date.now()")
    assert -100 <= after - before <= ended - asked, "from the shown instant on"


PHONE: ViewportSize = {"width": 390, "height": 844}
MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
SAID = """() => [...document.querySelector('video').textTracks]
  .flatMap(({ mode, cues }) => mode === 'showing' ? [...cues] : [])"""
HEARD = "() => performance.getEntriesByType('resource').some(({name}) => name.endsWith('described-en.m3u8'))"


def test_a_describer_records_a_description_and_a_fan_enables_it_and_captions(
    playwright: Playwright, evening: Evening
) -> None:
    evening.now -= timedelta(seconds=20)  # the clip has settled
    evening.store_take(evening.take("main"))
    evening.allow(Rights(download=True))
    clip_id = evening.goal()
    system, email = evening.system, f"describer-{evening.event}@example.org"
    grant_roles(system, email, (Grant("describer", "event", evening.event),))
    browser = playwright.chromium.launch(executable_path=SHELL, args=[*FLAGS, *MICROPHONE])
    page = browser.new_page(base_url=system.url, locale="en-GB", viewport=PHONE, color_scheme="dark")
    page.add_init_script(ENGLISH)
    found: list[str] = []
    page.on("console", lambda line: found.append(line.text) if "Content Security Policy" in line.text else None)
    try:
        page.goto("/sign-in")
        sign_in_with_form(page, system, email)
        page.goto(f"/staff/describe?event={evening.event}")
        line = page.locator(f"[data-describe='{clip_id}']")
        expect(line).to_contain_text("Goal for Virage FC")
        expect(line).to_contain_text("Not described yet")
        found += found_by_axe(page) + page.evaluate(SMALL)
        line.get_by_role("link", name="Describe: Goal").click()
        playing(page, 0.2)
        page.get_by_role("button", name="English").last.click()
        page.get_by_role("button", name="Start recording").click()
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
        page.wait_for_function(PAST, arg=2)
        page.get_by_role("button", name="Stop").click()
        expect(page.locator("audio")).to_be_visible()
        found += found_by_axe(page) + page.evaluate(SMALL)
        page.get_by_role("button", name="Publish description").click()
        expect(page.get_by_text("The English description is now available")).to_be_visible()
        page.get_by_role("link", name="All replays").click()
        expect(line).to_contain_text("Described in English")
        page.goto(f"/r/{clip_id}")
        playing(page, 0.2)
        page.evaluate(PAUSE)  # without this, it would reach its end on a slow machine
        page.get_by_label("Audio description").select_option("English")
        page.wait_for_function(HEARD)
        page.get_by_label("Captions").select_option("English")
        page.evaluate("() => { const video = document.querySelector('video'); video.currentTime = 11; video.play(); }")
        page.wait_for_function(f"() => ({SAID})().some(({{text}}) => text.startsWith('Goal for Virage FC, 9'))")
        playing(page, 11.5)
        found += found_by_axe(page) + page.evaluate(SMALL)
        files = {"Download": f"{evening.event.hex[-8:]}.mp4", "Download with audio description (English)": "-en.mp4"}
        for link, ending in files.items():
            with page.expect_download() as kept:
                page.get_by_role("link", name=link, exact=True).click()
            assert kept.value.suggested_filename.endswith(ending)
    finally:
        browser.close()
    assert not found, "\n".join(found)

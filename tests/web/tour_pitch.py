"""The pitch on the fan's screen during a match: for pictures and for axe."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from playwright.sync_api import Page, expect

from tests.media.tracking.walks import game
from tests.web.office import in_database
from tests.web.system import System
from tests.web.tour import Screen
from virage.media.tracking import acts
from virage.media.tracking.rules.kicks import Kick
from virage.platform.data.database import Connection


def play(system: System, event: UUID, since_s: float, seconds: float) -> None:
    """Part of a match is tracked, with current times."""

    async def take(conn: Connection) -> None:
        now = datetime.now(UTC)
        await acts.add_frames(conn, event, game(seconds, since_s=since_s, at=now), now)

    in_database(system, take)


def kick(system: System, event: UUID, kmh: int) -> None:
    """Add a kick of the ball, so long after all tracking that its player is unknown."""
    in_database(system, lambda conn: acts.add_kicks(conn, event, [Kick(datetime(2026, 1, 1, tzinfo=UTC), "a", kmh)]))


def screens(page: Page, system: System, event: UUID) -> Iterator[Screen]:
    """All players in their places, then their distances."""
    play(system, event, 0, 30)
    kick(system, event, 97)
    page.goto(f"/live/{event}")
    pitch = page.locator("[data-pitch]")
    expect(pitch).to_be_visible()
    expect(pitch).to_contain_text("97 km/h")
    yield Screen("pitch", at="[data-pitch]")
    pitch.locator("summary").click()
    expect(pitch.get_by_role("table").first).to_be_visible()
    yield Screen("pitch-runs", at="[data-pitch] details")

"""The screens of the media desk while a camera sends: for pictures and for axe."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from playwright.sync_api import Page, expect

from tests.media.replay.camera import Camera
from tests.ports import free_ports
from tests.web.conftest import sign_in_with_form
from tests.web.office import ENGLISH, grant_roles, in_database
from tests.web.system import System
from tests.web.tour import Screen
from virage.media.replay.acts.desk import suggest
from virage.media.replay.rules.moments import Moment, MomentSource
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

SEEN = "select count(*) from replay.segment where camera = $1 and kind = 'video' and at > $2"
SHOWS = "[data-front][data-shows]"


@contextmanager
def sending_camera(system: System, name: str, seconds: int = 3) -> Iterator[None]:
    """A camera ingested by a process of its own, as in a venue, that was seen for a while."""
    (port,), began = free_ports(1), datetime.now(UTC)
    address = f"tcp://127.0.0.1:{port}?listen=1"
    process = system.start("ingest", system.env, "--camera", name, "--programme", "--url", address)
    camera = Camera(port)
    try:
        while in_database(system, lambda conn: conn.fetchval(SEEN, name, began)) < seconds:
            threading.Event().wait(0.2)
        yield
    finally:
        camera.pull()
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        system.processes.remove(process)


def at_the_desk(page: Page, system: System, event: UUID, title: str, *roles: str) -> None:
    """A person with these roles opens the desk of a match, in English."""
    page.add_init_script(ENGLISH)
    page.goto("/sign-in")
    email = f"{roles[0]}-{new_id()}@example.org"
    sign_in_with_form(page, system, grant_roles(system, email, tuple(Grant(role, "event", event) for role in roles)))
    page.goto("/staff/desk")
    page.get_by_role("button", name=title).last.click()


def suggested(system: System, event: UUID, ago_s: float, source: MomentSource = MomentSource.ROAR) -> None:
    """A moment suggested by the crowd."""
    now = datetime.now(UTC)
    moment = Moment(source, now - timedelta(seconds=ago_s), 93, "main" if source is MomentSource.ROAR else None)
    in_database(system, lambda conn: suggest(conn, event, moment, now))


def screens(page: Page, system: System, event: UUID) -> Iterator[Screen]:
    """The screens of a person who marks, releases and publishes: at work, and the settings; a
    camera sends.
    """
    suggested(system, event, 200)
    suggested(system, event, 2, MomentSource.TAPS)
    pictures = page.get_by_role("button", name="Replays", exact=True)
    if pictures.is_visible():
        pictures.click()
    expect(page.locator(SHOWS)).to_be_visible()
    expect(page.locator("[data-suggestion]")).to_have_count(2)
    page.keyboard.press("m")
    page.keyboard.press("Enter")
    expect(page.locator("[data-done=shown]")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("i")
    page.keyboard.press("l")
    page.keyboard.press("o")
    expect(page.locator("[data-clip=shown]").first).to_be_visible()
    yield Screen("media-desk")
    page.get_by_text("Who may watch").click()
    expect(page.get_by_role("button", name="Save")).to_be_enabled()
    yield Screen("media-desk-rights", picture=False)

"""Make the fan's browser with the code of the working copy, over the golden dump: `python -m tests.golden.make_fan`."""

import asyncio
import io
import tarfile
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from tests.golden.browser import launch, profile_files
from tests.golden.fan import EXPECTED, MAIL, STORAGE, Fan, all_rows, keep_rows, stored
from tests.golden.system import GoldenSystem, clock_shift, golden, restored, virage
from tests.web.conftest import sign_in_with_form
from virage.platform.host.postgres import EmbeddedPostgres

STARTED_S = 120
"""When the visit begins, after the moment of the dump."""
OUTLET, POPCORN = "02", "Salted popcorn"


def main() -> None:
    """Restore the dump, visit it as a fan, and store the browser and the new rows."""
    with TemporaryDirectory(prefix="virage-golden-") as temporary:
        folder = Path(temporary)
        postgres = EmbeddedPostgres(folder / "pg", durable=False)
        asyncio.run(postgres.start())
        try:
            url = asyncio.run(restored(postgres, "fan"))
            system = GoldenSystem(folder, url, clock_shift(timedelta(seconds=STARTED_S)))
            try:
                make(system, folder / "profile")
            finally:
                system.close()
        finally:
            asyncio.run(postgres.stop())


def make(system: GoldenSystem, profile: Path) -> None:
    """Visit, and store the browser and the rows."""
    assert virage(system.env, "migrate").returncode == 0
    before = asyncio.run(all_rows(system.database_url))
    system.open()
    with sync_playwright() as playwright:
        context = launch(playwright, profile, system.port, golden().made_at + timedelta(seconds=STARTED_S))
        found = visit(context, system)
        context.close()
    system.close()
    EXPECTED.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    keep_rows(before, asyncio.run(all_rows(system.database_url)))
    with tarfile.open(STORAGE, "w:xz", preset=9) as kept:
        for path in profile_files(profile):
            entry = tarfile.TarInfo(str(path.relative_to(profile)))
            entry.size = path.stat().st_size
            kept.addfile(entry, io.BytesIO(path.read_bytes()))


def visit(context: BrowserContext, system: GoldenSystem) -> Fan:
    """Sign in, keep a ticket, enable the phone to pay, choose a theme, fill a basket, follow a
    match; return the contents.
    """
    page = context.new_page()
    page.goto("/sign-in?next=/tickets")
    sign_in_with_form(page, system, MAIL)
    page.locator("a[href^='/tickets/']").first.click()
    page.get_by_role("button", name="Show the entry code on this phone").click()
    expect(page.get_by_role("img", name="Entry code of this ticket")).to_be_visible()
    ticket = page.url.rpartition("/")[2]
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")

    page.goto("/purse/phone")
    page.get_by_role("button", name="Set up this phone").click()
    expect(page.get_by_text("This phone is ready to pay")).to_be_visible()

    tickets = page.evaluate("fetch('/api/me/tickets').then((answer) => answer.json())")
    event = next(one["event"]["id"] for one in tickets if one["id"] == ticket)
    page.goto(f"/food?event={event}")
    page.goto(f"/food/{OUTLET}")
    page.get_by_role("button", name=f"Add {POPCORN}", exact=True).click()
    page.goto(f"/live/{event}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_timeout(3_000)
    hold(page, system)
    page.goto("/")
    page.get_by_role("radio", name="Dark").check(force=True)
    page.goto(f"/tickets/{ticket}")
    expect(page.get_by_role("img", name="Entry code of this ticket")).to_be_visible()
    page.wait_for_timeout(3_000)
    cookies = {str(found.get("name")): found.get("value") for found in context.cookies()}
    left = stored(page)
    person = msgspec.json.decode(left.local_storage["virage.me"])["id"]
    return msgspec.convert(
        {
            "person": person,
            "cookies": cookies,
            "event": event,
            "ticket": ticket,
            "stored": msgspec.to_builtins(left),
        },
        Fan,
    )


def hold(page: Page, system: GoldenSystem) -> None:
    """Reserve two seats and leave them in the basket."""
    page.goto(f"/events/{system.event('concert')}")
    page.get_by_role("button", name="Find 2 seats").click()
    page.get_by_role("button", name="Reserve these seats").click()
    expect(page.get_by_role("heading", name="Your basket")).to_be_visible()


if __name__ == "__main__":
    main()

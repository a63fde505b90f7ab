"""Make the golden set with the code of the working copy: `python -m tests.golden.make`."""

import asyncio
import subprocess
from datetime import datetime
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from uuid import UUID

import msgspec
from msgspec.structs import replace
from playwright.sync_api import Page, Playwright, expect, sync_playwright

from tests.golden.archives import contents
from tests.golden.browser import EXPECTED, Expected, launch, pack, unsent_at_gate, unsent_at_till
from tests.golden.counts import counted, inside, position
from tests.golden.system import DUMP, FOLDER, GOLDEN, Golden, GoldenSystem
from tests.web import gate, till
from tests.web.cards import Held, new_card
from tests.web.conftest import sign_in_with_form
from tests.web.devices import with_pin
from tests.web.office import grant_roles
from tests.web.system import Process
from virage.app.settings import read
from virage.cli.running import prepare
from virage.demo.programme import Planned, planned
from virage.demo.tills import POSTS
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.host.programs import programs
from virage.platform.web.guard import Grant

ARCHIVE = FOLDER / "archive.jsonl.gz"
ARCHIVED_TILL = POSTS[0].till_id
"""A till of the demonstration: it sold yesterday, and that day is closed."""
SOLD_PART = 0.25
"""How much of what the demonstration sells before it opens; all of it would be a dump of 5 MB."""
MATCH = "Golden match"
STEWARD = "Some Steward"
CHOCOLATE, CRISPS, COLA = "Hot chocolate", "Crisps, 45 g", "Cola, 40 cl"
SENT = "[data-backlog='0']"


def main() -> None:
    """Make the golden set and write it into this folder."""
    with TemporaryDirectory(prefix="virage-golden-") as temporary:
        folder = Path(temporary)
        postgres = EmbeddedPostgres(folder / "pg", durable=False)
        asyncio.run(postgres.start())
        system = GoldenSystem(folder, postgres.url)
        try:
            make(system, folder)
        finally:
            system.close()
            asyncio.run(postgres.stop())


def make(system: GoldenSystem, folder: Path) -> None:
    """Make everything that needs a running deployment; the dump is made when its processes have
    ended.
    """
    with patch.object(import_module("virage.demo.load"), "planned", planned_in_part):
        asyncio.run(prepare(read(system.env), system.env))
    system.start("sandbox", system.env)
    system.start("work", system.env)
    web = system.start_web()
    with sync_playwright() as playwright:
        download_archive(playwright, system, folder / "office")
        unsent = work(playwright, system, web, folder / "profile")
    system.close()
    pack(folder / "profile")
    before = asyncio.run(inside(system.database_url, unsent["event"]))
    admitted = [scan.pass_number for scan in unsent["gate"].scans if scan.kind == "passed"]
    write(EXPECTED, Expected(**unsent, inside_before=before, inside=sorted(before + admitted)))
    dump(system.database_url)


def planned_in_part(now: datetime) -> list[Planned]:
    """Return the demo's events with fewer places sold."""
    return [
        replace(plan, seated_share=plan.seated_share * SOLD_PART, standing_share=plan.standing_share * SOLD_PART)
        for plan in planned(now)
    ]


def dump(url: str) -> None:
    """Make the dump and note its contents."""
    found = asyncio.run(counted(url))
    made_at, transaction_id = asyncio.run(position(url))
    arguments = ["--format=custom", "--compress=gzip:level=9", "--no-owner", "--no-privileges", f"--file={DUMP}", url]
    subprocess.run([str(programs(None) / "pg_dump"), *arguments], check=True)  # noqa: S603 - a program of the wheel
    held = contents(ARCHIVE)
    write(GOLDEN, Golden(made_at, transaction_id, found.migrations, found.counts, found.tills, held))


def write(file: Path, value: Any) -> None:
    """Write a value as readable JSON."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def download_archive(playwright: Playwright, system: GoldenSystem, profile: Path) -> None:
    """Download the archive of a till as finance does in the office."""
    context = launch(playwright, profile, system.port)
    page = context.new_page()
    page.goto("/office")
    sign_in_with_form(page, system, grant_roles(system, "finance.of.golden@example.org", (Grant("finance"),)))
    expect(page.locator(".office .column")).to_be_visible()
    with page.expect_download() as downloading:
        page.evaluate("(address) => { location.href = address; }", archive_of(ARCHIVED_TILL))
    downloading.value.save_as(ARCHIVE)
    context.close()


def archive_of(till_id: UUID) -> str:
    """Return the address of a till's archive."""
    return f"/api/office/food/tills/{till_id}/archive"


def work(playwright: Playwright, system: GoldenSystem, web: Process, profile: Path) -> dict[str, Any]:
    """Scan and sell online, then offline; return the unsent data of the browser."""
    with_pin(system, "steward.at.gate@example.org", STEWARD, "steward")
    event = gate.tonight(system, MATCH)
    tickets = gate.tickets(system, event, "N", 6)
    (elsewhere,) = gate.tickets(system, event, "P", 1)
    card = new_card(system)
    context = launch(playwright, profile, system.port)
    context.add_init_script(gate.PATIENT)
    at_gate, at_till = context.new_page(), context.new_page()

    at_gate.bring_to_front()
    gate.pair(at_gate, system, ["N"], MATCH)
    gate.sign_in_by_pin(at_gate, STEWARD)
    gate.choose_gate(at_gate, "N1")
    for ticket in tickets[:3]:
        scan(at_gate, ticket.code(), "good", "Valid")
    gate.settled(at_gate)
    expect(at_gate.locator(SENT)).to_be_attached()

    at_till.bring_to_front()
    till.open_till(at_till, system, "Golden till")
    till.book_at_desk(at_till, card)
    sell_by_card(at_till, card)
    sell_by_cash(at_till, CHOCOLATE, COLA)
    gate.settled(at_till)
    expect(at_till.locator(SENT)).to_be_visible()

    system.stop(web)
    at_gate.bring_to_front()
    for ticket in tickets[3:]:
        scan(at_gate, ticket.code(), "good", "Valid")
    scan(at_gate, tickets[3].code(), "bad", "Already inside")
    scan(at_gate, elsewhere.code(), "bad", "Wrong gate")
    expect(at_gate.locator("[data-backlog='5']")).to_be_attached()

    at_till.bring_to_front()
    number = sell_by_cash(at_till, CHOCOLATE, CRISPS)
    sell_by_card(at_till, card)
    sell_by_terminal_with_tip(at_till)
    till.give_back(at_till, number, whole=True)
    till.sold(at_till)
    expect(at_till.locator("[data-backlog='4']")).to_be_visible()
    used = int(at_till.locator("[data-used]").get_attribute("data-used") or 0)
    unsent = {"event": event, "gate": unsent_at_gate(at_gate), "till": unsent_at_till(at_till), "used_cents": used}
    context.close()
    return unsent


def scan(page: Page, code: str, signal: str, word: str) -> None:
    """Scan a code by a keyboard-wedge scanner and expect its light."""
    gate.type_code(page, code)
    gate.light(page, signal, word)


def sell_by_card(page: Page, card: Held) -> None:
    """Sell for a contactless card."""
    till.tap_product(page, CHOCOLATE)
    till.tap_card(page, card)
    till.sold(page)


def sell_by_cash(page: Page, *products: str) -> int:
    """Sell for cash; return the number of the receipt."""
    for product in products:
        till.tap_product(page, product)
    till.by_cash(page)
    return till.sold(page)


def sell_by_terminal_with_tip(page: Page) -> None:
    """Sell for a bank card, with a tip of one euro."""
    till.tap_product(page, COLA)
    page.get_by_role("button", name="Pay €").click()
    pay = page.get_by_role("dialog", name="Pay")
    pay.get_by_role("button", name="€1", exact=True).click()
    pay.locator("[data-way=terminal]").click()
    pay.get_by_role("button", name="Payment accepted").click()
    till.sold(page)


if __name__ == "__main__":
    main()

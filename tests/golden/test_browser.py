"""A gate and a till with unsent scans and sales in their browser's storage upload each of them once."""

import asyncio
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect, sync_playwright

from tests.golden.archives import contents, records
from tests.golden.browser import SERVICE_WORKER, expected, launch, unpack, unsent_at_gate, unsent_at_till
from tests.golden.counts import StoredScan, counted, inside, stored_scans
from tests.golden.system import GoldenSystem, clock_shift, golden, restored_database, virage
from tests.web.patience import every_page_is_waited_for
from tests.web.till import by_cash, sign_in, sold, tap_product
from virage.platform.host.postgres import EmbeddedPostgres

__all__ = ["every_page_is_waited_for"]
pytestmark = pytest.mark.flaky(reruns=1)  # browser tests are retried once (docs/decisions/0037)
SENT = "[data-backlog='0']"
PRODUCT = "Hot chocolate"


@pytest.fixture
def system(cluster: EmbeddedPostgres, tmp_path: Path) -> Iterator[GoldenSystem]:
    """The golden deployment over the restored and migrated dump, its clock at the moment of the dump."""
    with restored_database(cluster) as url:
        system = GoldenSystem(tmp_path, url, clock_shift())
        try:
            assert virage(system.env, "migrate").returncode == 0
            system.open()
            yield system
        finally:
            system.close()


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """The browser profile with the stored data."""
    unpack(tmp_path / "profile")
    return tmp_path / "profile"


def upload_at_gate(context: BrowserContext, *, kept_app: bool) -> None:
    """Open the gate and wait until its screen shows an empty backlog."""
    page = context.new_page()
    opened = page.goto("/staff/gate")
    assert opened is not None
    assert opened.from_service_worker == kept_app
    expect(page.locator(SENT)).to_be_attached()
    left = unsent_at_gate(page)
    assert (left.device, left.scans) == (expected().gate.device, [])


def upload_at_till(context: BrowserContext, *, signed_in: bool) -> int:
    """Open the till, wait until its backlog is empty, and sell once more; return the number of that
    sale.
    """
    page = context.new_page()
    page.goto("/staff/till")
    if not signed_in:
        sign_in(page)
    expect(page.locator(SENT)).to_be_visible()
    expect(page.locator("[data-used]")).to_be_hidden()
    left = unsent_at_till(page)
    assert (left.device, left.records) == (expected().till.device, [])
    tap_product(page, PRODUCT)
    by_cash(page)
    number = sold(page)
    expect(page.locator(SENT)).to_be_visible()
    return number


# With its service worker the browser opens its stored app, without it today's app over the old
# storage.
@pytest.mark.parametrize(
    ("later", "kept_app"),
    [(timedelta(hours=1), False), (timedelta(days=365), True)],
    ids=["an hour later, app of today", "a year later, kept app"],
)
def test_every_unsent_scan_and_sale_arrives_once(
    system: GoldenSystem, profile: Path, tmp_path: Path, later: timedelta, *, kept_app: bool
) -> None:
    want = expected()
    assert (len(want.gate.scans), len(want.till.records)) == (5, 4)
    scans_before = asyncio.run(stored_scans(system.database_url, want.gate.device))
    assert asyncio.run(inside(system.database_url, want.event)) == want.inside_before
    if not kept_app:
        shutil.rmtree(profile / SERVICE_WORKER)

    with sync_playwright() as playwright:
        context = launch(playwright, profile, system.port, golden().made_at + later)
        upload_at_gate(context, kept_app=kept_app)
        last = upload_at_till(context, signed_in=later < timedelta(hours=16))
        context.close()

    unsent = [StoredScan(scan.number, scan.kind, scan.pass_number, scan.offline) for scan in want.gate.scans]
    assert asyncio.run(stored_scans(system.database_url, want.gate.device)) == scans_before + unsent
    assert asyncio.run(inside(system.database_url, want.event)) == want.inside

    archived = virage(system.env, "fiscal", "archive", str(tmp_path / "archives"), "--till", str(want.till.device))
    assert archived.returncode == 0, archived.stderr
    (file,) = (tmp_path / "archives").iterdir()
    verified = virage({}, "fiscal", "verify", str(file))
    assert verified.returncode == 0, verified.stdout
    held, kept = contents(file), records(file)
    numbers = [record["number"] for record in kept.values()]
    assert numbers == list(range(1, golden().tills[want.till.device] + len(want.till.records) + 2))
    assert (held.lines["record"], held.last, last) == (len(numbers), numbers[-1], numbers[-1])
    unsent_sales = {record.hash: str(record.id) for record in want.till.records}
    assert {digest: record["id"] for digest, record in kept.items() if digest in unsent_sales} == unsent_sales
    assert virage(system.env, "wallet", "audit").returncode == 0
    counts = asyncio.run(counted(system.database_url)).counts
    assert counts["sum of the ledger"] == 0
    assert counts["cents in wallets"] == golden().counts["cents in wallets"] - want.used_cents

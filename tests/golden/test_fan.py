"""A fan's browser of 0.1.0 opens today's app: the ticket, the keys and all stored data are still
there.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import pytest
import segno
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from tests.golden.archives import decoded
from tests.golden.browser import launch
from tests.golden.counts import issuer_keys
from tests.golden.fan import build_in, build_of, fan, give_cookies, give_rows, signed, stored, unpack_fan
from tests.golden.system import GoldenSystem, clock_shift, golden, restored_database, virage
from tests.ports import free_ports
from tests.web import http
from tests.web.cards import Till, shown_proof
from tests.web.office import in_database
from tests.web.patience import every_page_is_waited_for
from virage.identity.keys.rules.keys import HolderKey, IssuerKey
from virage.identity.passes.rules.code import bytes_of, rotating_code, step_at, text_of
from virage.identity.passes.rules.verification import Verified, verify
from virage.money.wallet.cards.acts.virtual_cards import charge
from virage.money.wallet.cards.rules.virtual_cards import Challenge, Shown
from virage.platform.data.database import Connection
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.values.refusals import Refused

__all__ = ["every_page_is_waited_for"]
pytestmark = pytest.mark.flaky(reruns=1)  # browser tests are retried once (docs/decisions/0037)
FAN = fan()
LATER = timedelta(hours=4, minutes=10)
"""From the dump to the hour when the doors of the fan's match are open."""
TICKET = f"/tickets/{FAN.ticket}"
CODE = "[data-code] path"
MASKS = range(8)
# Every page with stored data, and the text that it shows of it.
SHOWN = {
    "/": "html[data-theme='dark']",
    "/tickets": f"a[href='{TICKET}']",
    TICKET: CODE,
    "/wallet/phone": "text=· this one",
    "/food/02": "role=button[name='One more: Salted popcorn']",
    f"/live/{FAN.event}": "h1:has-text('Virage FC v Étoile du Nord')",
}


@pytest.fixture(scope="module")
def system(cluster: EmbeddedPostgres) -> Iterator[GoldenSystem]:
    """The golden deployment over the migrated dump with the rows of the fan's visit, its clock
    after the opening of the doors.
    """
    with restored_database(cluster) as url, TemporaryDirectory(prefix="virage-golden-") as folder:
        asyncio.run(give_rows(url))
        system = GoldenSystem(Path(folder), url, clock_shift(LATER))
        try:
            assert virage(system.env, "migrate").returncode == 0
            system.open()
            yield system
        finally:
            system.close()


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """The profile of the fan's browser."""
    unpack_fan(tmp_path / "profile")
    return tmp_path / "profile"


@contextmanager
def phone(profile: Path, port: int) -> Iterator[BrowserContext]:
    """The fan's browser with its session; its server is at a port of this machine."""
    with sync_playwright() as playwright:
        context = launch(playwright, profile, port, golden().made_at + LATER)
        give_cookies(context)
        yield context
        context.close()


def of_today(system: GoldenSystem) -> set[str]:
    """The scripts of the page that the server sends."""
    return build_in(http.get(f"{system.url}/").text)


def opened_by_the_kept_app(context: BrowserContext, system: GoldenSystem) -> Page:
    """Open the ticket: the browser shows its stored app, which is not today's."""
    page = context.new_page()
    answer = page.goto(TICKET)
    assert answer is not None
    assert answer.from_service_worker
    assert build_of(page).isdisjoint(of_today(system))
    expect(page.locator(CODE)).to_be_visible()
    return page


def opened_by_the_app_of_today(context: BrowserContext, system: GoldenSystem, address: str) -> Page:
    """Open a page: it comes from the new service worker."""
    page = context.new_page()
    answer = page.goto(address)
    assert answer is not None
    assert answer.from_service_worker
    assert build_of(page) == of_today(system)
    return page


def drawings(text: str) -> list[str]:
    """The possible drawings of a code, row by row: a path for each mask of the QR code."""
    found = []
    for mask in MASKS:
        rows = segno.make(text, error="m", mask=mask, boost_error=False, micro=False).matrix_iter(border=4)
        runs = []
        for y, row in enumerate(rows):
            dark = "".join("1" if module else "0" for module in row)
            runs += [f"M{m.start()} {y}h{len(m[0])}v1h-{len(m[0])}z" for m in re.finditer("1+", dark)]
        found.append("".join(runs))
    return found


def moment(page: Page) -> datetime:
    """The time of the browser's clock."""
    return datetime.fromisoformat(page.evaluate("new Date().toISOString()"))


def assert_the_code_admits(page: Page, system: GoldenSystem) -> None:
    """The code on the screen is signed with the stored key, and verifies by the key that the server
    stored.
    """
    kept = FAN.stored.kept[f"pass:{FAN.ticket}"]
    holder = HolderKey(decoded(FAN.stored.holder_keys[0]["public_jwk"]["x"]))
    cwt = bytes_of(kept["text"]) or b""
    now, qr_svg = moment(page), page.locator(CODE).get_attribute("d")
    for step in (step_at(now), step_at(now) - 1, step_at(now) + 1):  # on a busy machine the code is drawn or read late
        shown = text_of(rotating_code(cwt, step, holder, lambda message: signed(page, FAN.ticket, message)))
        if qr_svg in drawings(shown):
            break
    else:
        pytest.fail("the screen shows another code than the kept key signs")
    with ThreadPoolExecutor(1) as aside:  # the browser's event loop runs in this thread
        keys = aside.submit(asyncio.run, issuer_keys(system.database_url, FAN.event)).result()
    verdict = verify(shown, {kid: IssuerKey(FAN.event, kid, public) for kid, public in keys.items()}, now, FAN.event)
    assert isinstance(verdict, Verified), verdict
    assert (verdict.claims.number, verdict.paper) == (kept["number"], False)


def assert_the_phone_pays(page: Page, system: GoldenSystem) -> None:
    """A till sends a challenge to the phone, and today's server verifies the signature by the key
    that it stored then.
    """
    till = Till(system)
    challenge = till.asks(350, moment(page))
    page.goto(till.address(challenge))
    expect(page.get_by_role("button", name="Pay €3.50")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("button", name="Pay €3.50").click()
    expect(page.get_by_role("heading", name="Show this code at the till")).to_be_visible()
    paid = paid_by(system, challenge, shown_proof(page), moment(page))
    page.context.set_offline(False)
    assert not isinstance(paid, Refused), paid


def paid_by(system: GoldenSystem, challenge: Challenge, proof: str, now: datetime) -> UUID | Refused:
    """The wallet that a phone's proof verifies for."""

    async def verified(conn: Connection) -> UUID | Refused:
        (paid,) = await charge(conn, [Shown(challenge, proof)], now)
        return paid

    return in_database(system, verified)


def test_the_app_of_0_1_0_updates_itself_and_its_keys_still_sign(system: GoldenSystem, profile: Path) -> None:
    with phone(profile, system.port) as context:
        page = opened_by_the_kept_app(context, system)
        page.get_by_role("button", name="Reload").click()
        page.wait_for_function("of => document.querySelector(`script[src='${of}']`)", arg=min(of_today(system)))
        expect(page.locator(CODE)).to_be_visible()
        assert_the_code_admits(page, system)
        assert_the_phone_pays(page, system)
        left = stored(page)
        assert left.holder_keys == FAN.stored.holder_keys
        assert left.phone_keys == FAN.stored.phone_keys


def test_the_service_worker_of_0_1_0_opens_the_current_office_and_staff_pages(
    system: GoldenSystem, profile: Path
) -> None:
    with phone(profile, system.port) as context:
        page = opened_by_the_kept_app(context, system)
        for address in ("/office", "/staff"):
            answer = page.goto(address)
            assert answer is not None
            assert answer.from_service_worker
            assert build_of(page) == build_in(http.get(f"{system.url}{address}").text)
            assert build_of(page).isdisjoint(of_today(system))
            expect(page.get_by_label("Email address").or_(page.locator("main h1")).first).to_be_visible()


def test_after_a_restart_every_page_is_current_and_works_offline(system: GoldenSystem, profile: Path) -> None:
    with phone(profile, system.port) as context:
        page = opened_by_the_kept_app(context, system)
        expect(page.get_by_role("button", name="Reload")).to_be_visible()  # the new worker is installed and waits
    with phone(profile, system.port) as context:
        for address, place in SHOWN.items():
            page = opened_by_the_app_of_today(context, system, address)
            expect(page.locator(place).first).to_be_visible()
            page.close()
    (nothing,) = free_ports(1)
    with phone(profile, nothing) as context:
        page = opened_by_the_app_of_today(context, system, TICKET)
        expect(page.get_by_text("Works offline")).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_have_text("Virage FC v Étoile du Nord")
        assert_the_code_admits(page, system)
        left = stored(page)
        of_then = dict(FAN.stored.local_storage)
        del of_then["virage.basket"]  # its seats were released ten minutes after the visit, so the app forgets it
        left_now = dict(left.local_storage)
        later = {
            "virage.club": {
                "currency": {"code": "EUR", "digits": 2},
                "languages": ["fr", "en"],
                "time_zone": "Europe/Paris",
            },
            "virage.me": {"passkey": False, "sso": False, "recoveryReadyAt": None},
        }
        for name, fields in later.items():
            assert json.loads(left_now.pop(name)) == json.loads(of_then.pop(name)) | fields
        assert left_now == of_then
        assert left.kept.keys() >= FAN.stored.kept.keys()

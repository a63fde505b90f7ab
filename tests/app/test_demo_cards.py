"""A newcomer without a chip and a reader taps a demo card, which pays at a till."""

import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any
from uuid import UUID

import httpx
import pytest
from msgspec.structs import replace

from tests.app.conftest import SECRET, World
from tests.app.demonstration import load_food
from tests.identity.passes.make_vectors import Ed25519Phone
from tests.identity.people.test_mailbox import browser_at
from tests.money.fiscal.till import CASHIER, Till
from tests.money.wallet.funding.desks import employ
from virage.app.building import build
from virage.demo.cards import FANS_DAILY_CENTS, NOBODYS_CENTS
from virage.identity.people import acts as people
from virage.identity.people.acts import devices
from virage.identity.people.rules.devices import DeviceKind, OpenedPairing, PairingRequest
from virage.identity.people.rules.secrets import people_keys
from virage.money.fiscal.rules.record import Line, Tender, TenderKind
from virage.money.wallet.cards.rules.demo_cards import FANS, FRESH, NOBODYS
from virage.money.wallet.cards.settings import CardSettings
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import base64url
from virage.platform.web.guard import Grant, Principal
from virage.platform.web.http import Application

PATHS = ("/cards", f"/cards?tap={NOBODYS.hex()}", "/cards/style.css", "/cards/copy.js")
OUTLET = "01"


@pytest.fixture
def config(config: Config) -> Config:
    """The configuration of a demo for phones, served from this machine."""
    return replace(config, loopback_listener=True)


@pytest.fixture
async def here(app: Application, config: Config, db: Database, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    """A browser on the machine of a loaded demo."""
    await load_food(config, db, clock)
    async with browser_at(app, "http://localhost:8000") as browser:
        yield browser


async def tap(here: httpx.AsyncClient, uid: bytes) -> str:
    """The link that the page shows for a card, as a visitor copies it."""
    page = (await here.get(f"/cards?tap={uid.hex()}")).text
    found = re.search(r'<code id="address">([^<]+)</code>', page)
    assert found is not None, page
    return unescape(found.group(1))


def article(page: str, uid: bytes) -> str:
    found = re.search(rf'<article id="{uid.hex()}">.*?</article>', page, re.DOTALL)
    assert found is not None, page
    return found.group()


class Counter:
    """A newcomer's till: paired by a code, it makes online sales."""

    def __init__(self, app: Application, db: Database, clock: Clock) -> None:
        self._app = app
        self._db = db
        self._clock = clock

    async def open(self) -> None:
        signer = Ed25519Phone("a newcomer's till")
        async with self._db.transaction() as conn:
            now, grants = self._clock.now(), (Grant("finance"),)
            person = await people.ensure_staff(conn, "finance@example.org", None, grants, now)
            who = Principal("staff", person, new_id(), grants, now)
            wish = PairingRequest(new_id(), "A counter", DeviceKind.TILL, [OUTLET])
            opened = await devices.open_pairing(conn, people_keys(SECRET), who, wish, now)
            await employ(conn, CASHIER, Grant("cashier", "outlet", OUTLET))
        assert isinstance(opened, OpenedPairing), opened
        key = {name: value for name, value in signer.jwk().items() if name != "d"}
        async with browser_at(self._app, "http://localhost:8000") as browser:
            came = (await browser.post("/api/devices/pair", json={"code": opened.code, "key": key})).json()
            self.menu = (await browser.get(f"/api/food/catalogue/{OUTLET}")).json()
        self._token = came["token"]
        self._chain = Till(UUID(came["device_id"]), signer)

    async def sell(self, name: str, address: str) -> dict[str, Any]:
        """Request a sale paid by a card, by a pasted address; return the server's response."""
        shown = next(one for one in self.menu["items"] if one["item"]["name"]["en"] == name)
        item, cents = shown["item"], shown["cents"]
        line = Line(UUID(item["id"]), item["name"]["fr"], 1, cents, item["vat_permille"], [], deposit=False)
        paid = [Tender(TenderKind.CARD, cents, address.partition("?")[2])]
        written = self._chain.sign(self._chain.record(lines=[line], tenders=paid, catalogue=self.menu["version"]))
        sent = {"body": base64url(written.body), "signature": base64url(written.signature)}
        headers = {"authorization": f"Bearer {self._token}"}
        async with browser_at(self._app, "http://localhost:8000") as browser:
            answer = await browser.post("/api/till/records", json={"records": [sent]}, headers=headers)
        (said,) = answer.json()["answers"]
        if said["outcome"] == "booked":
            self._chain.keep(written)
        found: dict[str, Any] = said
        return found


async def test_a_tap_of_the_page_pays_at_a_till_once_and_the_next_one_pays_again(
    here: httpx.AsyncClient, app: Application, db: Database, clock: Clock
) -> None:
    counter = Counter(app, db, clock)
    await counter.open()
    address = await tap(here, NOBODYS)
    assert address.startswith("https://virage.local/tap?uid=")
    assert await tap(here, NOBODYS) == address, "an unused tap stays the next one"
    first = await counter.sell("Salted popcorn", address)
    assert (first["outcome"], first["available_cents"]) == ("booked", NOBODYS_CENTS - 400)
    assert (await counter.sell("Salted popcorn", address))["reason"] == "tap_replayed"
    again = await counter.sell("Salted popcorn", await tap(here, NOBODYS))
    assert (again["outcome"], again["available_cents"]) == ("booked", NOBODYS_CENTS - 800)
    assert "€32.00" in article((await here.get("/cards")).text, NOBODYS)


async def test_the_fresh_card_is_linked_by_its_tap_and_its_printed_code(here: httpx.AsyncClient, world: World) -> None:
    page = (await here.get("/cards")).text
    code = re.search(r"<code>([0-9A-Z]{5}-[0-9A-Z]{5})</code>", article(page, FRESH))
    assert code is not None
    query = (await tap(here, FRESH)).partition("?")[2]
    shown = dict(pair.split("=") for pair in query.split("&"))
    friend = await world.signed_in("friend@example.org")
    linked = await world.ask(friend, "POST", "/api/me/cards", {"tap": shown, "code": code.group(1)})
    assert linked.status_code == 200, linked.text
    assert "<dd>yes</dd>" in article((await here.get("/cards")).text, FRESH)


async def test_the_fans_card_is_among_their_cards_with_its_limit(here: httpx.AsyncClient, world: World) -> None:
    fan = await world.signed_in("fan@example.org")
    (mine,) = (await world.ask(fan, "GET", "/api/me/cards")).json()
    assert mine["daily_limit_cents"] == FANS_DAILY_CENTS
    assert "€25.00" in article((await here.get("/cards")).text, FANS)


async def test_the_page_has_both_languages_and_keeps_the_content_security_policy(here: httpx.AsyncClient) -> None:
    french = await here.get(f"/cards?tap={FANS.hex()}", headers={"accept-language": "fr-FR,fr;q=0.9"})
    assert '<html lang="fr">' in french.text
    assert "Présenter de nouveau" in french.text
    for accepted, language in (("en", "en"), ("de-AT", "de"), ("es", "en")):
        page = await here.get("/cards", headers={"accept-language": accepted})
        assert f'<html lang="{language}">' in page.text
    assert french.headers["cache-control"] == "no-store"
    for forbidden in ("<style", "style=", "onclick", "javascript:"):
        assert forbidden not in french.text
    assert re.findall(r"<script[^>]*>(.*?)</script>", french.text) == [""]
    assert (await here.get("/cards/style.css")).headers["content-type"].startswith("text/css")
    assert (await here.get("/cards/copy.js")).headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("path", PATHS)
async def test_the_cards_page_is_not_found_from_another_machine(app: Application, path: str) -> None:
    for address, peer in (("http://localhost", "192.0.2.7"), ("http://rebound.example", "127.0.0.1")):
        async with browser_at(app, address, peer) as elsewhere:
            assert (await elsewhere.get(path)).status_code == 404


@pytest.mark.parametrize("path", PATHS)
async def test_production_has_no_demo_cards(config: Config, db: Database, clock: Clock, path: str) -> None:
    production = replace(config, demo=False).having(CardSettings(card_key="00112233445566778899aabbccddeeff"))
    app = build(production, db, clock)
    async with browser_at(app, "http://localhost") as browser:
        assert (await browser.get(path)).status_code == 404

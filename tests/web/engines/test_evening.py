"""A fan's evening in WebKit and in Firefox: seats, tickets, food, the match, a replay, a ticket
offline.

Missing features of an engine are part of the evening: docs/browsers.md describes the fallbacks.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from tests.web.engines.browsers import Engine, Firefox, WebKit, display
from tests.web.engines.visitor import Visitor
from tests.web.food import demo_on_now, filled, open_kitchen, untouched_outlet
from tests.web.steps import ACCEPTED
from tests.web.system import System, stoppable
from tests.web.test_replay import Evening

CODE = "document.querySelector('[data-code] path')"
KEEP_LOADED = "performance.getEntriesByType('resource').some(({ name }) => name.includes('/assets/keep-'))"
KEEP = """
    const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
    const kept = await import(loaded.find((name) => name.includes("/assets/keep-")));
    const keep = Object.values(kept).find((value) => "put" in value);
"""
NO_ED25519 = """
    const generate = crypto.subtle.generateKey.bind(crypto.subtle);
    crypto.subtle.generateKey = async (algorithm, ...rest) => {
        if (algorithm === "Ed25519") throw new DOMException("", "NotSupportedError");
        return generate(algorithm, ...rest);
    };
"""
KEY_TYPES = """
    const opened = indexedDB.open("virage-passes");
    await new Promise((resolve) => (opened.onsuccess = resolve));
    const [store] = opened.result.objectStoreNames;
    const asked = opened.result.transaction(store).objectStore(store).getAll();
    await new Promise((resolve) => (asked.onsuccess = resolve));
    opened.result.close();
    return asked.result.map(({ public_jwk }) => public_jwk.kty).sort();
"""


@pytest.fixture(scope="module")
def x_display() -> Iterator[str]:
    with display() as name:
        yield name


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_fan_spends_the_evening_in_webkit(
    scheme: str, system: System, address: str, x_display: str, tmp_path: Path
) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    issued = trustme.CA().issue_cert("localhost")
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    https = ("--certificate", str(certificate), "--key", str(key)) if scheme == "https" else ()
    with stoppable(system, *https, scheme=scheme) as (url, stop, _):
        engine = WebKit(tmp_path / "profile", x_display, certificate if https else None)
        spend(engine, system, address, url, stop, tells=False)


def test_a_fan_spends_the_evening_in_firefox(system: System, address: str, tmp_path: Path) -> None:
    with stoppable(system) as (url, stop, _):
        spend(Firefox(tmp_path / "profile"), system, address, url, stop, tells=True)


def test_a_page_that_is_left_while_it_stores_does_not_block_the_next_one(
    system: System, x_display: str, tmp_path: Path
) -> None:
    engine = WebKit(tmp_path / "profile", x_display)
    fan = Visitor(engine, system.url)
    with engine:
        for _ in range(20):  # it blocked about every third time
            fan.visit("/tickets")
            fan.holds(KEEP_LOADED)
            fan.reads(KEEP + "(async () => { for (;;) await keep.put('engines', 'x'.repeat(100)); })();")
            fan.visit("/food")
            fan.holds(KEEP_LOADED)
            assert fan.reads(KEEP + "return keep.get('engines').then(() => true);")


def spend(engine: Engine, system: System, address: str, url: str, stop: Callable[[], None], *, tells: bool) -> None:
    """Spend the evening. `tells`: the engine shows notifications, so they are offered."""
    fan = Visitor(engine, url)
    with engine:
        buy(fan, system, address)
        assert fan.reads("return ['NDEFReader', 'BarcodeDetector'].filter((name) => name in window);") == []
        assert fan.reads("return 'PushManager' in window;") is tells
        fan.press("link", "Open my tickets")
        fan.press_at("a[href^='/tickets/']")
        fan.press("button", "Show the entry code on this phone")
        fan.holds(CODE)
        ticket = fan.reads("return location.pathname;")
        fan.press("link", "Next ticket")
        fan.reads(NO_ED25519)
        fan.press("button", "Show the entry code on this phone")
        fan.holds(CODE)
        assert fan.reads(KEY_TYPES) == ["EC", "OKP"], "without Ed25519 a ticket is bound to a key of P-256"
        order_food(fan, system, address)
        fan.holds("document.querySelector('[data-push]')?.dataset.push === args.push", push="ask" if tells else "none")
        fan.visit("/wallet/cards/add")
        fan.sees("This device can’t read cards.")
        watch_goal(fan, system)
        assert engine.complaints() == []
    stop()
    with engine:
        fan.visit(ticket)
        fan.holds(CODE)
        fan.sees("Works offline.")


def buy(fan: Visitor, system: System, address: str) -> None:
    """Two seats, from the map to the paid order, signing in for the first time."""
    fan.visit(f"/events/{system.event('match')}")
    fan.holds("document.querySelector('[data-block=\"104\"]')")
    fan.press("button", "Find 2 seats")
    fan.press("button", "Reserve these seats")
    fan.fill("Email address", address)
    fan.press("button", "Send me a code")
    fan.fill("Sign-in code", system.code_for(address))
    fan.press("button", "Sign in", exact=True)
    fan.fill("Your name", "Test Holder")
    fan.press("button", "Save")
    fan.sees(f"Your receipt will go to {address}")
    fan.press("button", "^Pay €")
    fan.fill("Card number", ACCEPTED)
    fan.fill("Expiry", "12/34")
    fan.fill("Security code", "123")
    fan.press_at("form button.pay")
    fan.sees("2 tickets are yours.")


def order_food(fan: Visitor, system: System, address: str) -> None:
    """A drink for the match that is on, paid from the wallet."""
    event, outlet = demo_on_now(system), untouched_outlet(system)
    open_kitchen(system, outlet)
    filled(system, address, 2000)
    fan.visit(f"/food/{outlet}?event={event}")
    fan.press("button", "Add Cola, 40 cl", exact=True)
    fan.press("button", "Order and pay")
    fan.holds("/^[0-9]{4}$/.test(document.querySelector('[data-pick-up]')?.innerText)")


def watch_goal(fan: Visitor, system: System) -> None:
    """The open page of a match receives a goal and plays its replay; its link goes to the
    clipboard.
    """
    evening = Evening(system)
    evening.store_take(evening.take("main"))
    fan.visit(f"/live/{evening.event}")
    fan.sees("Updates will appear here")
    evening.goal()
    fan.press("button", "Watch again")
    fan.holds("document.querySelector('[data-state=playing] video')?.currentTime > 1")
    assert fan.reads("return 'share' in navigator;") is False
    fan.press("button", "Share", exact=True)
    fan.sees("Link copied")

"""Devices in the office, in a real browser; an HTTP client stands for the device that is paired."""

import re
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Browser, Page, expect

from tests.web import http
from tests.web.office import desk, grant_roles, in_database
from tests.web.system import System, fresh
from virage.identity.people import reads
from virage.identity.people.rules.devices import GATE
from virage.platform.values.jwk import base64url
from virage.platform.web.guard import Grant

SUPERVISOR = (Grant("supervisor", "gate", "A"),)


class Device:
    """A lane reader: its own key, and the configuration from its pairing."""

    def __init__(self, system: System) -> None:
        self._url = system.url
        public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        self._key = {"kty": "OKP", "crv": "Ed25519", "x": base64url(public)}
        self._token = ""

    def pair(self, code: str) -> int:
        """Use a pairing code; return the status of the response."""
        answer = http.post(f"{self._url}/api/devices/pair", json={"code": code, "key": self._key})
        if answer.is_success:
            self._token = answer.json()["token"]
        return answer.status_code

    def me(self) -> httpx.Response:
        return http.get(f"{self._url}/api/devices/me", headers={"authorization": f"Bearer {self._token}"})


def shown_code(page: Page) -> str:
    code: str = page.locator("[data-code]").inner_text()
    return code


def expect_a_lane(page: Page, name: str) -> None:
    """Fill in the form, and show the code."""
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Device type").select_option("lane")
    page.get_by_label("Individual gates of group").select_option("A")
    page.get_by_label("Gate A3", exact=True).check()
    page.get_by_role("button", name="Show code").click()
    expect(page.get_by_role("dialog", name=f"Code for {name}")).to_be_visible()


def test_a_device_is_paired_from_the_page_moved_and_revoked(browser: Browser, system: System, address: str) -> None:
    lane, name, other = Device(system), fresh("Lane A3"), fresh("The whole of A")
    with desk(browser, system, grant_roles(system, f"pairs-{address}", SUPERVISOR)) as page:
        page.get_by_role("navigation", name="Office").get_by_role("link", name="Devices").click()
        expect(page.get_by_label("Group A")).to_be_visible()
        expect(page.get_by_label("Group B")).to_have_count(0)
        expect_a_lane(page, name)
        first = shown_code(page)
        expect(page.get_by_role("img", name="QR code of the pairing link")).to_be_visible()
        page.get_by_role("button", name="Show a new code").click()
        expect(page.locator("[data-code]")).not_to_have_text(first)
        assert lane.pair(first) == httpx.codes.CONFLICT
        assert lane.pair(shown_code(page)) == httpx.codes.OK
        expect(page.get_by_role("dialog", name=f"{name} is paired.")).to_be_visible()
        expect(page.get_by_role("button", name="Done")).to_be_focused()
        page.keyboard.press("Enter")
        row = page.get_by_role("listitem").filter(has_text=name)
        expect(row).to_contain_text(re.compile(r"Lane reader · Gates .*\bA3\b"))
        expect(row).to_contain_text("Active")
        page.get_by_role("button", name=f"Change {name}").click()
        change = page.get_by_role("dialog", name="Name and gates")
        change.get_by_label("Name", exact=True).fill(other)
        change.get_by_label("Group A").check()
        change.get_by_role("button", name="Save").click()
        expect(page.get_by_role("listitem").filter(has_text=other)).to_contain_text(re.compile(r"Gates .*\bA\b"))
        assert (lane.me().json()["name"], lane.me().json()["posts"]) == (other, ["A"])
        page.get_by_role("button", name=f"Revoke {other}").click()
        page.get_by_role("dialog", name="Revoke this device?").get_by_role("button", name="Revoke").click()
        expect(page.get_by_text("Device revoked.")).to_be_visible()
        assert lane.me().status_code == httpx.codes.UNAUTHORIZED
        page.get_by_text(re.compile(r"^\d+ revoked devices?$")).click()
        expect(page.get_by_role("listitem").filter(has_text=other)).to_contain_text("Revoked")


def test_a_device_is_paired_by_keyboard_alone(browser: Browser, system: System, address: str) -> None:
    phone = Device(system)
    with desk(browser, system, grant_roles(system, f"keys-{address}", SUPERVISOR)) as page:
        page.goto("/office/devices")
        page.get_by_label("Name", exact=True).focus()
        for key in ("P", "1", "Tab", "Tab", "Space", "Enter"):
            page.keyboard.press(key)
        expect(page.get_by_role("dialog", name="Code for P1")).to_be_visible()
        code = shown_code(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_label("Name", exact=True)).to_be_focused()
        assert phone.pair(code) == httpx.codes.OK
        assert phone.me().json()["kind"] == "phone"


def test_an_incomplete_form_and_an_expired_code_are_explained(browser: Browser, system: System, address: str) -> None:
    with desk(browser, system, grant_roles(system, f"late-{address}", SUPERVISOR)) as page:
        page.clock.install()
        page.goto("/office/devices")
        page.get_by_role("button", name="Show code").click()
        expect(page.get_by_text("Enter a name")).to_be_visible()
        expect(page.get_by_text("Choose at least one gate")).to_be_visible()
        expect(page.get_by_label("Name", exact=True)).to_be_focused()
        expect_a_lane(page, "Lane late")
        first = shown_code(page)
        page.clock.fast_forward("10:01")
        expect(page.get_by_text("This code has expired.")).to_be_visible()
        page.get_by_role("button", name="Show a new code").click()
        page.clock.fast_forward("00:01")
        assert first not in page.get_by_role("dialog").inner_text()


def test_the_page_is_shown_in_french(browser: Browser, system: System, address: str) -> None:
    with desk(browser, system, grant_roles(system, f"fr-{address}", SUPERVISOR)) as page:
        page.goto("/office/devices")
        page.get_by_role("button", name="Français").click()
        expect(page.get_by_role("heading", name="Appareils", level=1)).to_be_visible()
        expect(page.get_by_role("button", name="Afficher le code")).to_be_visible()
        expect(page.get_by_text("Superviseur des portes")).to_be_visible()


def test_a_steward_chooses_a_pin_that_the_gates_know(browser: Browser, system: System, address: str) -> None:
    name = fresh("A steward of gate A")
    email = grant_roles(system, f"pin-{address}", (Grant("steward", "gate", "A"),), name=name)

    async def roster(conn: Any) -> list[str]:
        return [entry.name for entry in await reads.roster(conn, GATE, ["A3"])]

    with desk(browser, system, email) as page:
        page.get_by_role("navigation", name="Office").get_by_role("link", name="My PIN").click()
        pin, again = page.get_by_label("New PIN"), page.get_by_label("Repeat the PIN")
        for written, repeated, said in (
            ("123456", "123456", "This PIN is too easy to guess"),
            ("48291", "48291", "Enter 6 to 12 digits"),
            ("482915", "482916", "The two PINs don’t match"),
        ):
            pin.fill(written)
            again.fill(repeated)
            page.get_by_role("button", name="Save PIN").click()
            expect(page.get_by_text(said)).to_be_visible()
        assert name not in in_database(system, roster)
        again.fill("482915")
        page.get_by_role("button", name="Save PIN").click()
        expect(page.get_by_text("PIN saved.")).to_be_visible()
        assert name in in_database(system, roster)

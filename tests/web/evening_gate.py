"""The gate of an evening: a steward's phone whose camera reads the codes held before it."""

import io
import time
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image
from playwright.sync_api import expect

from tests.web.devices import with_pin
from tests.web.gate import FPS, GREY, HEIGHT, WIDTH, Phone, choose_gate, in_menu, pair, sign_in_by_pin
from tests.web.system import READY_S, System
from virage.demo.venues.drawing import stadium

STEWARD = "Steward of the evening"

# Each light of the gate as it appears: a green light disappears after a moment.
WATCHING = """() => {
  window.lights = [];
  let turn = null;
  new MutationObserver(() => {
    const light = document.querySelector('[data-light]');
    if (!light || light.dataset.turn === turn) return;
    turn = light.dataset.turn;
    window.lights.push({ ...light.dataset, text: light.innerText });
  }).observe(document, { subtree: true, childList: true, attributes: true });
}"""


class Gate:
    """A steward's phone paired with every gate of the stadium, or with groups of another venue; its camera sees the
    codes held before it.
    """

    def __init__(self, phone: Phone, system: System, title: str, groups: Sequence[str] = ()) -> None:
        with_pin(system, "steward.of.the.evening@example.org", STEWARD, "steward")
        self._phone = phone
        self._hold(None)
        self._page = phone.start()
        self._page.add_init_script(f"({WATCHING})()")
        pair(self._page, system, list(groups) or sorted({block.gate_group for block in stadium().blocks}), title)
        sign_in_by_pin(self._page, STEWARD)
        expect(self._page.get_by_role("heading", name="Choose a gate")).to_be_visible()

    def _hold(self, picture: bytes | None) -> None:
        """Change the picture of the camera; it plays the file while it is overwritten in place."""
        frame = np.full((HEIGHT, WIDTH), GREY, np.uint8)
        if picture is not None:
            shown = Image.open(io.BytesIO(picture)).convert("L")
            shown.thumbnail((WIDTH, HEIGHT))
            top, left = (HEIGHT - shown.height) // 2, (WIDTH - shown.width) // 2
            frame[top : top + shown.height, left : left + shown.width] = np.asarray(shown)
        one = b"FRAME\n" + frame.tobytes() + bytes([GREY]) * (WIDTH * HEIGHT // 2)
        with self._phone.video.open("r+b") as video:
            video.readline()
            video.write(one * FPS)

    def stand_at(self, group: str) -> None:
        """Choose the first gate of a group, from any screen."""
        self._page.goto("/staff/gate")
        at_gate, which = self._page.locator("[data-state]"), self._page.get_by_role("heading", name="Choose a gate")
        expect(at_gate.or_(which)).to_be_visible()
        if at_gate.is_visible():
            in_menu(self._page, "Change gate")
        choose_gate(self._page, f"{group}1")

    def lets_in(self, show: Callable[[], bytes]) -> dict[str, str]:
        """Hold a code before the camera until the gate admits it; return its light."""
        self._page.evaluate("lights.length = 0")
        end = time.monotonic() + READY_S
        while not self._page.evaluate("lights.length"):
            assert time.monotonic() < end, "the camera of the gate reads no code"
            self._hold(show())
        self._hold(None)
        return self._answers("Valid")

    def finds(self, text: str) -> None:
        """Admit a person without a code, found by seat, order code or name, who is not inside yet."""
        self._page.evaluate("lights.length = 0")
        self._page.get_by_role("button", name="Search", exact=True).click()
        dialog = self._page.get_by_role("dialog", name="Admit without a code")
        dialog.get_by_label("Seat, order code or name").fill(text)
        dialog.get_by_role("button", name="Search").click()
        outside = dialog.get_by_role("listitem").filter(has_not_text="inside")
        outside.get_by_role("button", name="Admit", exact=True).click()
        why = self._page.get_by_role("dialog", name="Admit anyway?")
        why.get_by_label("Phone broken or out of battery, ID checked").check()
        why.get_by_role("button", name="Admit", exact=True).click()
        self._page.wait_for_function("() => lights.length")
        self._answers("Admitted")

    def _answers(self, word: str) -> dict[str, str]:
        """Expect a green light with a text, and clear it for the next person."""
        light: dict[str, str] = self._page.evaluate("lights[0]")
        assert light["light"] == "good", light
        assert word in light["text"], light
        self._page.evaluate("document.querySelector('[data-light]')?.click()")  # it may have disappeared already
        expect(self._page.locator("[data-light]")).to_be_hidden()
        return light

    def cut_off(self) -> None:
        """Cut the network."""
        self._page.context.set_offline(True)

    def reconnect(self) -> None:
        """Restore the network, and wait until the server has received everything."""
        self._page.context.set_offline(False)
        expect(self._page.locator("[data-backlog='0']")).to_be_attached()

"""Steps at a gate by its screen texts: passes, a camera that sees them, devices, stewards."""

import os
import signal
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import repeat
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.web.conftest import FLAGS, SHELL
from tests.web.devices import PIN, pairing_code
from tests.web.office import ENGLISH, in_database
from tests.web.patience import PATIENCE_S
from tests.web.system import System
from virage.demo.programme import done
from virage.demo.venues.drawing import stadium
from virage.identity.keys.rules.keys import HolderKey
from virage.identity.keys.rules.vault import PURPOSE, KeyVault
from virage.identity.passes import acts as passes
from virage.identity.passes.acts import BindingRequest, BoundPass, Issue, PaperPass, PrintRequest
from virage.identity.passes.rules.code import bytes_of, rotating_code, step_at, text_of
from virage.identity.people.rules.devices import DeviceKind, PairingRequest
from virage.platform.data.database import Connection
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import Jwk, base64url
from virage.site.programme import acts as programme
from virage.site.programme.rules import EventRules, NewEvent, Organiser

HOUR = timedelta(hours=1)
WIDTH, HEIGHT, FPS = 640, 480, 5
SHOWN_S = 30
GREY, WHITE, BLACK = 128, 235, 16
# A gate waits 400 ms for its server and then decides offline; a machine that runs other tests needs
# longer.
PATIENT = """
    const later = globalThis.setTimeout;
    globalThis.setTimeout = (act, ms, ...given) => later(act, ms === 400 ? 10_000 : ms, ...given);
"""


class Ticket(NamedTuple):
    """A pass: its signed text, its phone's key (none on paper), its event and gate group."""

    number: int
    text: str
    private: Ed25519PrivateKey | None
    place: int
    group: str
    subject: UUID

    def code(self, at: datetime | None = None) -> str:
        """The code that the phone, or the paper, shows at a moment."""
        if self.private is None:
            return self.text
        key, cwt = HolderKey(self.private.public_key().public_bytes_raw()), bytes_of(self.text) or b""
        return text_of(rotating_code(cwt, step_at(at or datetime.now(UTC)), key, self.private.sign))

    def forged(self) -> str:
        """The current code with one bit changed."""
        *rest, last = bytes_of(self.code()) or b""
        return text_of(bytes([*rest, last ^ 1]))


def tonight(system: System, title: str, rules: EventRules | None = None) -> UUID:
    """An event that begins in an hour."""

    async def make(conn: Connection) -> UUID:
        now = datetime.now(UTC)
        organiser = Organiser(new_id(), "The club")
        await programme.add_organiser(conn, organiser, None, now)
        event = NewEvent(
            id=new_id(),
            organiser_id=organiser.id,
            kind="match",
            title={"fr": f"{title} (fr)", "en": title},
            doors_at=now - HOUR,
            starts_at=now + HOUR,
            ends_at=now + 3 * HOUR,
            sale_opens_at=now - 24 * HOUR,
            sale_closes_at=now + HOUR,
            rules=rules or EventRules(),
            venue_code="stadium",
        )
        done(await programme.create(conn, event, None, now))
        done(await programme.publish(conn, event.id, None, now))
        return event.id

    return in_database(system, make)


def tickets(
    system: System, event_id: UUID, group: str, count: int, *, paper: bool = False, valid: timedelta = 5 * HOUR
) -> list[Ticket]:
    """Passes of an event for a gate group, each bound to a phone of its own or printed."""
    ground, vault = stadium(), KeyVault(derive(system.env["VIRAGE_SECRET"], PURPOSE))
    block = next(block for block in ground.blocks if block.gate_group == group)

    async def make(conn: Connection) -> list[Ticket]:
        now = datetime.now(UTC)
        taken = await conn.fetchval(
            "select count(*) from passes.pass where event_id = $1 and gate_group = $2", event_id, group
        )
        places = [block.first_seat + taken + index for index in range(count)]
        subjects, keys = [new_id() for _ in places], [Ed25519PrivateKey.generate() for _ in places]
        issues = [
            Issue(subject, event_id, place, group, now - HOUR, now + valid)
            for subject, place in zip(subjects, places, strict=True)
        ]
        await passes.issue(conn, issues, now)
        if paper:
            printed = await passes.print_paper(conn, vault, [PrintRequest(one, allowed=True) for one in subjects], now)
            return [
                Ticket(_printed(one).number, _printed(one).text, None, at, group, subject)
                for one, at, subject in zip(printed, places, subjects, strict=True)
            ]
        jwks = [Jwk("OKP", "Ed25519", base64url(key.public_key().public_bytes_raw())) for key in keys]
        bound = await passes.bind(
            conn, vault, [BindingRequest(*pair) for pair in zip(subjects, jwks, strict=True)], now
        )
        return [
            Ticket(_bound(one).number, _bound(one).text, key, at, group, subject)
            for one, key, at, subject in zip(bound, keys, places, subjects, strict=True)
        ]

    return in_database(system, make)


def _bound(one: Any) -> BoundPass:
    assert isinstance(one, BoundPass), one
    return one


def _printed(one: Any) -> PaperPass:
    assert isinstance(one, PaperPass), one
    return one


def gate_code(system: System, gates: list[str], name: str = "Phone 1") -> str:
    """A pairing code for these gates, created by a supervisor."""
    return pairing_code(system, "supervisor", PairingRequest(new_id(), name, DeviceKind.PHONE, gates))


def write_camera_video(path: Path, codes: Iterable[str]) -> Path:
    """A video of codes held before a camera, one after the other, each for a while; Chromium plays
    it in a loop.
    """
    with path.open("wb") as out:
        out.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FPS}:1 Ip A1:1 C420jpeg\n".encode())
        for code in codes:
            picture = b"FRAME\n" + _picture(code)
            out.writelines(repeat(picture, FPS))
    return path


def _picture(code: str) -> bytes:
    """One frame in YUV 4:2:0: a phone's white screen with the code, before a grey wall."""
    luma = np.full((HEIGHT, WIDTH), GREY, np.uint8)
    if code:
        rows = [list(row) for row in segno.make(code, error="m", boost_error=False).matrix_iter(border=4)]
        modules = np.array(rows, np.uint8)
        scale = (HEIGHT - 40) // len(rows)
        qr_svg = np.where(np.kron(modules, np.ones((scale, scale), np.uint8)), BLACK, WHITE)
        top, left = (HEIGHT - qr_svg.shape[0]) // 2, (WIDTH - qr_svg.shape[1]) // 2
        luma[top : top + qr_svg.shape[0], left : left + qr_svg.shape[1]] = qr_svg
    return luma.tobytes() + bytes([GREY]) * (WIDTH * HEIGHT // 2)


class Phone:
    """A steward's phone: a Chromium that keeps its data, and a camera that plays a film."""

    def __init__(self, playwright: Playwright, folder: Path, url: str) -> None:
        self._playwright = playwright
        self._url = url
        self.folder = folder
        self.video = folder / "camera.y4m"
        self.context: BrowserContext | None = None
        self.show("")

    def show(self, *codes: str) -> None:
        """Set the camera's film from the next start on."""
        write_camera_video(self.video, codes)

    def start(self, **settings: Any) -> Page:
        """Open the browser with its stored data."""
        wanted = {"viewport": {"width": 390, "height": 844}, "locale": "en-GB", "reduced_motion": "reduce"} | settings
        flags = [*FLAGS, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        self.context = self._playwright.chromium.launch_persistent_context(
            self.folder / "profile",
            executable_path=SHELL,
            args=[*flags, f"--use-file-for-fake-video-capture={self.video}"],
            base_url=self._url,
            **wanted,
        )
        self.context.add_init_script(ENGLISH)
        self.context.add_init_script(PATIENT)
        return self.context.pages[0] if self.context.pages else self.context.new_page()

    def close(self) -> None:
        """Shut the browser."""
        if self.context is not None:
            self.context.close()
            self.context = None


def kill(phone: Phone) -> None:
    """Kill the browser as an empty battery would: pages get no unload event."""
    profile = str(phone.folder / "profile")
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if f"--user-data-dir={profile}".encode() in command and not any(
            part.startswith(b"--type=") for part in command
        ):
            os.kill(int(entry.parent.name), signal.SIGKILL)
    phone.context = None


def pair(page: Page, system: System, gates: list[str], event: str) -> None:
    """Pair the phone with some gates of an event, by the link of a supervisor."""
    page.goto(f"/staff/gate?pair={gate_code(system, gates)}")
    page.get_by_role("button", name="Pair this device").click()
    who = page.get_by_role("heading", name="Start your shift")
    which = page.get_by_role("button", name=event)
    expect(who.or_(which).first).to_be_visible()
    if which.is_visible():
        which.click()
    expect(who).to_be_visible()


def sign_in_by_pin(page: Page, name: str) -> None:
    """Begin a shift without the server."""
    page.get_by_role("button", name="Sign in with PIN").click()
    page.get_by_label("Your name").select_option(label=name)
    page.get_by_label("Your PIN").fill(PIN)
    page.get_by_role("button", name="Start shift").click()


def choose_gate(page: Page, gate: str) -> None:
    """Choose a gate."""
    page.get_by_role("button", name=gate, exact=True).click()
    expect(page.locator("[data-state]")).to_be_visible()


def in_menu(page: Page, name: str) -> None:
    """Choose something in the menu of the gate."""
    page.get_by_role("button", name="Menu", exact=True).click()
    page.get_by_role("button", name=name).click()


def until(page: Page, asked: str, arg: Any = None) -> None:
    """Wait until an asynchronous function of the page returns true; `wait_for_function` takes any
    promise for true.
    """
    page.evaluate(
        f"""async (arg) => {{
            const end = performance.now() + {PATIENCE_S * 1000};
            while (!(await ({asked})(arg))) {{
                if (performance.now() > end) throw new Error("It did not come true.");
                await new Promise(requestAnimationFrame);
            }}
        }}""",
        arg,
    )


# The cache exists, empty, before its files are stored all at once.
KEPT = """async () => {
    const name = (await caches.keys()).find((name) => name.startsWith("gate-"));
    return name !== undefined && (await (await caches.open(name)).keys()).length > 0;
}"""


def settled(page: Page) -> None:
    """Wait until the gate's files are stored for offline use."""
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    until(page, KEPT)


def light(page: Page, signal: str, word: str) -> None:
    """Expect a light and its text; after `type_code`, not the light that was shown before."""
    before = page.evaluate("globalThis.shownBefore ?? ''")
    expect(page.locator(f"[data-light={signal}]:not([data-turn='{before}'])")).to_be_visible()
    expect(page.locator("[data-light] [role=alert]")).to_contain_text(word)


def type_code(page: Page, code: str) -> None:
    """A keyboard-wedge scanner: every key at once, then Enter, into the focused element.

    The time stamps are set here, so that a slow machine does not make it look like a person typing.
    """
    page.evaluate(
        """(code) => {
            globalThis.shownBefore = document.querySelector("[data-light]")?.dataset.turn;
            const at = document.activeElement ?? document.body;
            const timeStamp = { value: performance.now() };
            for (const key of [...code, "Enter"]) {
                const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
                Object.defineProperty(event, "timeStamp", timeStamp);
                if (at.dispatchEvent(event) && at instanceof HTMLInputElement && key !== "Enter") at.value += key;
            }
        }""",
        code,
    )

"""A Chromium at the golden origin, the stored part of its profile, and the unsent data of its
devices.
"""

import io
import tarfile
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec
from msgspec import Struct
from playwright.sync_api import BrowserContext, Page, Playwright

from tests.golden.system import FOLDER, HOST, ORIGIN
from tests.web.conftest import FLAGS, SHELL
from tests.web.office import ENGLISH

STORAGE = FOLDER / "browser.tar.gz"
EXPECTED = FOLDER / "expected.json"
SERVICE_WORKER = Path("Default", "Service Worker")
KEPT = (Path("Default", "IndexedDB"), Path("Default", "Local Storage"), SERVICE_WORKER)
NOT_DATA = {"LOG", "LOG.old", "LOCK"}
"""Files of LevelDB that a browser makes anew; LOG names the folder of the profile."""

READ_GATE = """async () => {
    const all = (store, key) => new Promise((resolve) => {
        const opening = indexedDB.open("virage-gate");
        opening.onsuccess = () => {
            const asked = opening.result.transaction(store).objectStore(store);
            const found = key === undefined ? asked.getAll() : asked.get(key);
            found.onsuccess = () => { opening.result.close(); resolve(found.result); };
        };
    });
    const decoded = ({ body }) => JSON.parse(atob(body.replaceAll("-", "+").replaceAll("_", "/")));
    return { device: (await all("device", "self")).device_id, scans: (await all("scan")).map(decoded) };
}"""
READ_TILL = """async () => {
    const all = (store, key) => new Promise((resolve) => {
        const opening = indexedDB.open("virage-till");
        opening.onsuccess = () => {
            const asked = opening.result.transaction(store).objectStore(store);
            const found = key === undefined ? asked.getAll() : asked.get(key);
            found.onsuccess = () => { opening.result.close(); resolve(found.result); };
        };
    });
    const waiting = (await all("waiting")).map(({ number }) => number);
    const records = (await all("record")).filter(({ row, number }) => row === "real" && waiting.includes(number));
    return {
        device: (await all("state", "self")).device_id,
        records: records.map(({ record, hash }) => ({ ...record, hash })),
    };
}"""


class UnsentScan(Struct, frozen=True):
    """A scan that only the gate's device has."""

    number: int
    kind: str
    pass_number: int | None = None
    offline: bool = False
    reason: str | None = None


class VatTotal(Struct, frozen=True):
    """The total of a record at one VAT rate."""

    vat_permille: int
    gross_cents: int


class Tender(Struct, frozen=True):
    """One tender of a sale."""

    kind: str
    cents: int


class UnsentRecord(Struct, frozen=True):
    """A record that only the till has; `hash` is the SHA-256 of its signed bytes."""

    number: int
    id: UUID
    hash: str
    kind: str
    totals: list[VatTotal]
    tenders: list[Tender]
    tip_cents: int


class UnsentAtGate(Struct, frozen=True):
    """The unsent data of the gate's device."""

    device: UUID
    scans: list[UnsentScan]


class UnsentAtTill(Struct, frozen=True):
    """The unsent data of the till."""

    device: UUID
    records: list[UnsentRecord]


class Expected(Struct, frozen=True):
    """The data that must be uploaded from the browser's storage.

    `inside_before` and `inside` are the passes inside the event without and with the unsent scans.
    `used_cents` are the offline payments by card, as on the till's screen.
    """

    event: UUID
    gate: UnsentAtGate
    inside_before: list[int]
    inside: list[int]
    till: UnsentAtTill
    used_cents: int


def expected() -> Expected:
    """Return the data that must be uploaded from the browser's storage."""
    return msgspec.json.decode(EXPECTED.read_bytes(), type=Expected)


def launch(playwright: Playwright, profile: Path, port: int, clock: datetime | None = None) -> BrowserContext:
    """Open a browser for which the golden origin is a port of this machine, its clock set to
    `clock`.
    """
    context = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=SHELL,
        args=[*FLAGS, f"--host-resolver-rules=MAP {HOST} 127.0.0.1:{port}"],
        base_url=ORIGIN,
        locale="en-GB",
        viewport={"width": 1440, "height": 900},
        reduced_motion="reduce",
    )
    context.add_init_script(ENGLISH)
    if clock is not None:
        context.clock.install(time=clock)
    return context


def unsent_at_gate(page: Page) -> UnsentAtGate:
    """Read the unsent data of the gate's device."""
    return msgspec.convert(page.evaluate(READ_GATE), UnsentAtGate)


def unsent_at_till(page: Page) -> UnsentAtTill:
    """Read the unsent data of the till."""
    return msgspec.convert(page.evaluate(READ_TILL), UnsentAtTill)


def profile_files(profile: Path) -> list[Path]:
    """Return the files to keep of the profile of a closed browser."""
    files = (path for folder in KEPT for path in (profile / folder).rglob("*") if path.is_file())
    return sorted(path for path in files if path.name not in NOT_DATA)


def pack(profile: Path) -> None:
    """Keep the storage of the profile of a closed browser."""
    with tarfile.open(STORAGE, "w:gz", compresslevel=9) as kept:
        for path in profile_files(profile):
            data = path.read_bytes()
            entry = tarfile.TarInfo(str(path.relative_to(profile)))
            entry.size = len(data)
            kept.addfile(entry, io.BytesIO(data))


def unpack(profile: Path) -> None:
    """Make a profile from the stored files."""
    with tarfile.open(STORAGE) as kept:
        kept.extractall(profile, filter="data")

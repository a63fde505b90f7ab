"""Staff at gates and tills, and pairing codes for their devices."""

from datetime import UTC, datetime
from secrets import token_bytes

from tests.web.office import in_database
from tests.web.system import System
from virage.identity.people import acts as people
from virage.identity.people.acts import devices, pins
from virage.identity.people.rules.devices import OpenedPairing, PairingRequest
from virage.identity.people.rules.pins import SALT_BYTES, PinVerifier, verifier_of
from virage.identity.people.rules.secrets import people_keys
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant, Principal

PIN = "480527"
ITERATIONS = 1_000
"""A verifier names its own count. The 600,000 of a chosen PIN take a quarter of a second, here and in the browser."""


def verifier(pin: str) -> PinVerifier:
    """What a PIN is checked against, quickly."""
    return verifier_of(pin, token_bytes(SALT_BYTES), ITERATIONS)


def with_pin(system: System, email: str, name: str, role: str, *scope: str) -> str:
    """Create a person with a role, everywhere or in a scope, and a PIN; return the address."""

    async def choose(conn: Connection) -> None:
        now = datetime.now(UTC)
        person = await people.ensure_staff(conn, email, name, (Grant(role, *scope),), now)
        await pins.set_pin(conn, person, verifier(PIN), now)

    in_database(system, choose)
    return email


def pairing_code(system: System, role: str, wish: PairingRequest) -> str:
    """Return the pairing code for a device, created by a person with this role."""

    async def open_(conn: Connection) -> str:
        now, grants = datetime.now(UTC), (Grant(role),)
        person = await people.ensure_staff(conn, f"{role}.of.devices@example.org", "Example Staff", grants, now)
        who = Principal("staff", person, new_id(), grants, now)
        opened = await devices.open_pairing(conn, people_keys(system.env["VIRAGE_SECRET"]), who, wish, now)
        assert isinstance(opened, OpenedPairing), opened
        return opened.code

    return in_database(system, open_)

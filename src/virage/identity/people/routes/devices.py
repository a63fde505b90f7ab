"""Devices at gates and outlets: the office expects, moves and revokes them; a device comes with its code."""

from uuid import UUID

from msgspec import Struct

from virage.identity.people import acts, reads
from virage.identity.people.rules.devices import (
    DevicePairing,
    DeviceUpdate,
    MyDevice,
    OfficeDevice,
    OpenedPairing,
    PairedDevice,
    PairingRequest,
    VenuePosts,
)
from virage.identity.people.rules.people_config import PeopleConfig
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web import guard
from virage.platform.web.guard import Principal, fresh, person_of_staff, require_fan
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Response, delete, get, post, put

LEADS = [person_of_staff, guard.staff("supervisor", "finance")]
PRIVATE = {"cache-control": "no-store"}


class NewPin(Struct, frozen=True, forbid_unknown_fields=True):
    """Digits that one alone knows."""

    pin: str


@post("/api/office/devices/pairings", status_code=201, guards=LEADS)
async def open_pairing(
    data: PairingRequest, db: Database, clock: Clock, people_config: PeopleConfig, principal: Principal
) -> Response[OpenedPairing]:
    """Expect a device at gates that I supervise, or a till at outlets whose finance I hold, all of one venue.

    The code is shown once, and works once within ten minutes. Asks for a sign-in of the last 15 minutes.
    """
    now = clock.now()
    fresh(principal, now)
    opened = granted(await db.transact(acts.open_pairing, people_config.keys, principal, data, now))
    return Response(opened, status_code=201, headers=PRIVATE)


@get("/api/office/posts", guards=[person_of_staff])
async def list_posts(db: Database) -> list[VenuePosts]:
    """The gates and outlets of every venue, at which roles and devices may be."""
    async with db.connection() as conn:
        return await reads.office_posts(conn)


@get("/api/office/devices", guards=LEADS)
async def list_devices(db: Database, principal: Principal) -> Response[list[OfficeDevice]]:
    """The devices at gates that I supervise and the tills at my outlets, with when they were last seen or revoked."""
    async with db.connection() as conn:
        return Response(await reads.office_devices(conn, principal), headers=PRIVATE)


@put("/api/office/devices/{device_id:uuid}", guards=LEADS)
async def change_device(
    device_id: UUID, data: DeviceUpdate, db: Database, clock: Clock, principal: Principal
) -> OfficeDevice:
    """Rename a device, or put it at other posts of its kind, also of another venue; I lead all of them, old and new."""

    async def change(conn: Connection) -> OfficeDevice | Refused | None:
        refusal = await acts.change_device(conn, principal, device_id, data, clock.now())
        return refusal or await reads.office_device(conn, principal, device_id)

    changed = granted(await db.transact(change))
    if changed is None:
        raise Problem("not_found")
    return changed


@delete("/api/office/devices/{device_id:uuid}", status_code=204, guards=LEADS)
async def revoke_device(device_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """End a device at once; I lead one of its posts. It stays in the list, for the record."""
    granted(await db.transact(acts.revoke_device, principal, device_id, clock.now()))


@post("/api/devices/pair", status_code=200, public=True, rate="sensitive")
async def pair_device(
    data: DevicePairing, db: Database, clock: Clock, people_config: PeopleConfig
) -> Response[PairedDevice]:
    """Pair a device by a code from the office and its public key. The token is returned only once.

    The same code with the same key again, within the ten minutes, is the same device with another token.
    """
    outcome = await db.transact(acts.pair, people_config.keys, data, clock.now())
    return Response(granted(outcome), headers=PRIVATE)


@get("/api/devices/me", guards=[guard.device])
async def read_my_device(db: Database, principal: Principal) -> Response[MyDevice]:
    """What I am called, and the posts at which I work now."""
    async with db.connection() as conn:
        mine = await reads.my_device(conn, principal)
    if mine is None:
        raise Problem("not_found")
    return Response(mine, headers=PRIVATE)


@put("/api/me/pin", status_code=204, guards=[person_of_staff])
async def set_my_pin(
    data: NewPin, db: Database, clock: Clock, people_config: PeopleConfig, principal: Principal
) -> None:
    """Choose the PIN with which I sign in on devices without network. Asks for a sign-in of the last 15 minutes."""
    person_id, now = require_fan(principal), clock.now()
    fresh(principal, now)
    granted(await db.transact(acts.limit_pins, people_config.keys, "pin", person_id, now))  # before the slow hash
    verifier = granted(await acts.new_verifier(data.pin))
    granted(await db.transact(acts.set_pin, person_id, verifier, now))


handlers = [
    open_pairing,
    list_posts,
    list_devices,
    change_device,
    revoke_device,
    pair_device,
    read_my_device,
    set_my_pin,
]

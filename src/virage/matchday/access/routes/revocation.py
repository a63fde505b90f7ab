"""Route that revokes a device and withdraws its uploads."""

from uuid import UUID

from msgspec import Struct

from virage.identity.people import api as people
from virage.matchday.access.acts.scans import withdraw_scans
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, fresh, person_of_staff, staff
from virage.platform.web.problems import granted
from virage.platform.web.routing import mount, post
from virage.site.programme.types import Instant


class RevocationRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Time since which uploads of the device no longer count, by the server's clock."""

    withdraw_since: Instant


@post("/{device_id:uuid}/revocation", status_code=204, guards=[person_of_staff, staff("supervisor")])
async def revoke_and_withdraw(
    device_id: UUID, data: RevocationRequest, *, db: Database, clock: Clock, principal: Principal
) -> None:
    """Revoke a device, and withdraw the scans that it uploaded since a time for active events.

    The caller must supervise every gate at which it scanned since; `gates_not_supervised` names the others and nothing
    changes. Presence is recomputed. Asks for a sign-in of the last 15 minutes.
    """
    now = clock.now()
    fresh(principal, now)

    async def revoke(conn: Connection) -> Refused | None:
        refusal = await people.revoke_device(conn, principal, device_id, now)
        return refusal or await withdraw_scans(conn, principal, device_id, data.withdraw_since, now)

    granted(await db.transact(revoke))


router = mount("/api/access/devices", [revoke_and_withdraw])

"""Recovery of staff accounts: recovery codes, and cancelling a recovery."""

from msgspec import Struct

from virage.identity.people import acts, reads
from virage.identity.people.reads import Me
from virage.identity.people.routes.browsers import Browsers
from virage.identity.people.routes.sign_in import entered
from virage.identity.people.rules.people_config import PeopleConfig
from virage.identity.people.rules.recovery import RecoveryCodes, RecoveryView
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, fresh, person_of_staff, require_fan, signed_in
from virage.platform.web.problems import granted
from virage.platform.web.routing import Request, Response, delete, get, post

PRIVATE = {"cache-control": "no-store"}


class RecoveryCode(Struct, frozen=True):
    """A recovery code of the account with this address."""

    email: str
    code: str


class CancelCode(Struct, frozen=True):
    """The code in the link of the email that announces a recovery."""

    code: str


@post("/api/sign-in/recovery-code", status_code=200, public=True)
async def sign_in_by_recovery_code(
    data: RecoveryCode,
    request: Request,
    *,
    db: Database,
    clock: Clock,
    config: Config,
    people_config: PeopleConfig,
    browsers: Browsers,
    principal: Principal,
) -> Response[Me]:
    """Sign in with a recovery code, in the browser that requested a code by email before. Each works once."""
    outcome = await db.transact(
        acts.sign_in_by_recovery_code,
        people_config,
        data.email,
        data.code,
        clock.now(),
        browser=browsers.signing_in(request, principal),
    )
    return await entered(granted(outcome), db, clock, config)


@get("/api/me/recovery", guards=[person_of_staff])
async def read_my_recovery(db: Database, clock: Clock, principal: Principal) -> Response[RecoveryView]:
    """My recovery that waits or is ready, and how many recovery codes I have left."""
    async with db.connection() as conn:
        found = await reads.recovery_of(conn, require_fan(principal), clock.now())
    return Response(found, headers=PRIVATE)


@delete("/api/me/recovery", status_code=204, guards=[signed_in])
async def cancel_my_recovery(db: Database, clock: Clock, principal: Principal) -> None:
    """Cancel my recovery: it can no longer be used to sign in. A new one waits 24 hours again."""
    granted(await db.transact(acts.cancel_recovery, require_fan(principal), clock.now()))


@post("/api/me/recovery-codes", status_code=201, guards=[person_of_staff])
async def make_my_recovery_codes(
    db: Database, clock: Clock, people_config: PeopleConfig, principal: Principal
) -> Response[RecoveryCodes]:
    """Make ten recovery codes, shown once; earlier ones no longer work. Asks for a sign-in of the last 15 minutes."""
    person_id, now = require_fan(principal), clock.now()
    fresh(principal, now)
    made = granted(await db.transact(acts.make_recovery_codes, people_config.keys, person_id, now))
    return Response(made, status_code=201, headers=PRIVATE)


@post("/api/recoveries/cancel", status_code=204, public=True)
async def cancel_recovery(data: CancelCode, db: Database, clock: Clock) -> None:
    """Cancel a recovery by the code in its email, without a sign-in."""
    granted(await db.transact(acts.cancel_recovery_by_email, data.code, clock.now()))


handlers = [
    sign_in_by_recovery_code,
    read_my_recovery,
    cancel_my_recovery,
    make_my_recovery_codes,
    cancel_recovery,
]

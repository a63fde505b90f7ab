"""The front door: a code by e-mail, in and out."""

from msgspec import Struct

from virage.identity.people import acts, reads
from virage.identity.people.acts import AddressProved
from virage.identity.people.reads import Me
from virage.identity.people.routes.browsers import Browsers
from virage.identity.people.rules.addresses import normalise_address
from virage.identity.people.rules.people_config import PeopleConfig
from virage.identity.people.rules.persons import Locale
from virage.identity.people.rules.reasons import NOT_AN_ADDRESS
from virage.identity.people.rules.secrets import new_browser
from virage.identity.people.rules.sign_in import CodeRequested, SignedIn
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.languages import best
from virage.platform.web.guard import Principal, principal_of
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Request, Response, delete, post
from virage.platform.web.security import ended_cookie


class CodeRequest(Struct, frozen=True):
    """Where to send a code, in which language; None: the deployment's default."""

    email: str
    locale: Locale | None = None


class SignInRequest(Struct, frozen=True):
    """A code and the address that it was sent to; who is new may say their name."""

    email: str
    code: str
    name: str | None = None


async def entered(opened: SignedIn, db: Database, clock: Clock, config: Config) -> Response[Me]:
    """Return the answer to a sign-in, with the cookie of its session."""
    async with db.connection() as conn:
        me = await reads.me_signed_in(conn, opened.person_id, clock.now())
    return Response(me, cookies=[acts.cookie_of(opened.token, secure=config.secure_cookies)])


@post("/api/sign-in/codes", status_code=202, public=True)
async def request_sign_in_code(
    data: CodeRequest,
    request: Request,
    *,
    db: Database,
    clock: Clock,
    people_config: PeopleConfig,
    browsers: Browsers,
    principal: Principal,
) -> Response[CodeRequested]:
    """Send a code for this browser. The answer is the same for every address.

    429 when the browser asks too often, or its network more often than a whole ground would.
    """
    if normalise_address(data.email) is None:  # before anything is counted
        raise Problem(NOT_AN_ADDRESS.reason, NOT_AN_ADDRESS.data)
    browsers.admit(request)
    browser = browsers.of(request) or new_browser()
    outcome = await db.transact(
        acts.request_code,
        people_config,
        data.email,
        clock.now(),
        locale=best(data.locale or "", people_config.locale),
        browser=browser,
        network=browsers.network(request),
        person_id=principal.id,
    )
    return Response(granted(outcome), cookies=[browsers.cookie(browser)])


@post("/api/sign-in", status_code=200, public=True)
async def sign_in(
    data: SignInRequest,
    request: Request,
    *,
    db: Database,
    clock: Clock,
    config: Config,
    people_config: PeopleConfig,
    browsers: Browsers,
    principal: Principal,
    address_proved: AddressProved,
) -> Response[Me]:
    """Sign in with a code, or confirm that it is you. The session's cookie changes; a basket held before stays.

    `cookie_missing` when the browser did not keep the cookie of its request for the code.
    """
    outcome = await db.transact(
        acts.sign_in,
        people_config,
        data.email,
        data.code,
        clock.now(),
        browser=browsers.signing_in(request, principal),
        name=data.name,
        proved=address_proved,
    )
    return await entered(granted(outcome), db, clock, config)


@delete("/api/session", status_code=204, public=True)
async def sign_out(request: Request, db: Database, clock: Clock, config: Config) -> Response[None]:
    """Sign out here; who is not signed in is signed out already."""
    principal = await principal_of(request.scope)
    if principal.session_id is not None:
        async with db.transaction() as conn:
            await acts.sign_out(conn, principal.session_id, principal.id, clock.now())
    return Response(None, status_code=204, cookies=[ended_cookie(secure=config.secure_cookies)])


handlers = [request_sign_in_code, sign_in, sign_out]

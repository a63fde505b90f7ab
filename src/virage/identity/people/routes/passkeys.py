"""Passkeys: signing in, confirming, and my own ones. A challenge is bound to the browser by its cookie."""

from uuid import UUID

from msgspec import Struct

from virage.identity.people import acts, reads
from virage.identity.people.reads import Me
from virage.identity.people.routes.browsers import Browsers
from virage.identity.people.routes.sign_in import entered
from virage.identity.people.rules.passkeys import (
    Asked,
    PasskeyView,
    Purpose,
)
from virage.identity.people.rules.people_config import PeopleConfig
from virage.identity.people.rules.secrets import new_browser
from virage.identity.people.rules.webauthn import (
    AssertionJson,
    CreationOptions,
    RegistrationJson,
    RequestOptions,
)
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, fresh, require_fan, signed_in
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Request, Response, delete, get, patch, post

PRIVATE = {"cache-control": "no-store"}


class RelatedOrigins(Struct, frozen=True):
    """The origins at which the passkeys of this RP ID serve (WebAuthn Level 3, 5.11)."""

    origins: list[str]


class NewPasskeyRequest(Struct, frozen=True):
    """What the authenticator made; without a name the passkey is called after the device."""

    credential: RegistrationJson
    name: str | None = None


class PasskeyAnswer(Struct, frozen=True):
    """What the authenticator signed."""

    credential: AssertionJson


class PasskeyName(Struct, frozen=True):
    """What I call a passkey."""

    name: str


@get("/.well-known/webauthn", public=True, documented=False)
async def read_related_origins(people_config: PeopleConfig) -> RelatedOrigins:
    """The addresses of this deployment at which its passkeys serve."""
    if people_config.relying_party is None:
        raise Problem("not_found")
    return RelatedOrigins(list(people_config.relying_party.origins))


@post("/api/sign-in/passkey/options", status_code=200, public=True)
async def start_passkey_sign_in(
    request: Request, clock: Clock, people_config: PeopleConfig, browsers: Browsers
) -> Response[RequestOptions]:
    """A challenge for a sign-in in this browser by any passkey, valid for 5 minutes and once. Nothing is stored."""
    browser = browsers.of(request) or new_browser()
    options = granted(acts.request_options(people_config, Asked(Purpose.SIGN_IN, browser), clock.now()))
    return Response(options, headers=PRIVATE, cookies=[browsers.cookie(browser)])


@post("/api/sign-in/passkey", status_code=200, public=True)
async def sign_in_by_passkey(
    data: PasskeyAnswer,
    request: Request,
    *,
    db: Database,
    clock: Clock,
    config: Config,
    people_config: PeopleConfig,
    browsers: Browsers,
    principal: Principal,
) -> Response[Me]:
    """Sign in by passkey. The session's cookie changes; a basket held before stays."""
    opened = await db.transact(
        acts.sign_in_by_passkey,
        people_config,
        data.credential,
        clock.now(),
        browser=browsers.signing_in(request, principal),
    )
    return await entered(granted(opened), db, clock, config)


@post("/api/me/confirmation/options", status_code=200, guards=[signed_in])
async def start_confirmation(
    request: Request,
    *,
    db: Database,
    clock: Clock,
    people_config: PeopleConfig,
    browsers: Browsers,
    principal: Principal,
) -> Response[RequestOptions]:
    """A challenge for one of my passkeys in this session, to confirm that it is me."""
    person_id = require_fan(principal)
    browser = browsers.of(request) or new_browser()
    asked = Asked(Purpose.CONFIRM, browser, principal.session_id)
    async with db.connection() as conn:
        options = await acts.confirmation_options(conn, people_config, person_id, asked, clock.now())
    return Response(granted(options), headers=PRIVATE, cookies=[browsers.cookie(browser)])


@post("/api/me/confirmation", status_code=200, guards=[signed_in])
async def confirm_by_passkey(
    data: PasskeyAnswer,
    request: Request,
    *,
    db: Database,
    clock: Clock,
    config: Config,
    people_config: PeopleConfig,
    browsers: Browsers,
    principal: Principal,
) -> Response[Me]:
    """Confirm by one of my passkeys that it is me: the session counts as signed in just now."""
    opened = await db.transact(
        acts.confirm,
        people_config,
        require_fan(principal),
        data.credential,
        clock.now(),
        browser=browsers.signing_in(request, principal),
    )
    return await entered(granted(opened), db, clock, config)


@get("/api/me/passkeys", guards=[signed_in])
async def list_my_passkeys(db: Database, principal: Principal) -> Response[list[PasskeyView]]:
    """My passkeys."""
    async with db.connection() as conn:
        return Response(await reads.passkeys_of(conn, require_fan(principal)), headers=PRIVATE)


@post("/api/me/passkeys/options", status_code=200, guards=[signed_in])
async def start_my_passkey(
    request: Request,
    *,
    db: Database,
    clock: Clock,
    people_config: PeopleConfig,
    browsers: Browsers,
    principal: Principal,
) -> Response[CreationOptions]:
    """What my browser makes a passkey with. Asks for a sign-in of the last 15 minutes."""
    person_id, now = require_fan(principal), clock.now()
    fresh(principal, now)
    browser = browsers.of(request) or new_browser()
    asked = Asked(Purpose.REGISTER, browser, principal.session_id)
    options = granted(await db.transact(acts.creation_options, people_config, person_id, asked, now))
    return Response(options, headers=PRIVATE, cookies=[browsers.cookie(browser)])


@post("/api/me/passkeys", guards=[signed_in])
async def add_my_passkey(
    data: NewPasskeyRequest,
    request: Request,
    *,
    db: Database,
    clock: Clock,
    people_config: PeopleConfig,
    browsers: Browsers,
    principal: Principal,
) -> PasskeyView:
    """Add a passkey of mine; an email tells of it. Asks for a sign-in of the last 15 minutes."""
    person_id, now = require_fan(principal), clock.now()
    fresh(principal, now)
    added = await db.transact(
        acts.add_passkey,
        people_config,
        person_id,
        data.credential,
        now,
        browser=browsers.signing_in(request, principal),
        name=data.name,
    )
    return granted(added)


@patch("/api/me/passkeys/{passkey_id:uuid}", status_code=204, guards=[signed_in])
async def rename_my_passkey(
    passkey_id: UUID, data: PasskeyName, db: Database, clock: Clock, principal: Principal
) -> None:
    """Call a passkey of mine otherwise."""
    granted(await db.transact(acts.rename_passkey, require_fan(principal), passkey_id, data.name, clock.now()))


@delete("/api/me/passkeys/{passkey_id:uuid}", guards=[signed_in])
async def remove_my_passkey(
    passkey_id: UUID, db: Database, clock: Clock, people_config: PeopleConfig, principal: Principal
) -> None:
    """Remove a passkey of mine; an email tells of it. Asks for a sign-in of the last 15 minutes."""
    person_id, now = require_fan(principal), clock.now()
    fresh(principal, now)
    granted(await db.transact(acts.remove_passkey, people_config.keys, person_id, passkey_id, now))


handlers = [
    read_related_origins,
    start_passkey_sign_in,
    sign_in_by_passkey,
    start_confirmation,
    confirm_by_passkey,
    list_my_passkeys,
    start_my_passkey,
    add_my_passkey,
    rename_my_passkey,
    remove_my_passkey,
]

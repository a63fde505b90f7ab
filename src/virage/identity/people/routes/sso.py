"""Single sign-on of the staff: to the OpenID provider and back, and the end of a sign-in there."""

from typing import Final
from urllib.parse import parse_qs

from msgspec import Struct

from virage.identity.people import acts
from virage.identity.people.openid_provider import CALLBACK_PATH, OpenIdProvider, ProviderAway, ProviderRefused
from virage.identity.people.routes.browsers import Browsers
from virage.identity.people.rules.openid import InvalidToken
from virage.identity.people.rules.people_config import PeopleConfig
from virage.identity.people.rules.reasons import Reason
from virage.identity.people.rules.secrets import new_browser
from virage.identity.people.rules.sso import (
    SsoAnswer,
    SsoRequest,
    new_state,
    nonce_of,
    page_of,
    request_of,
    verifier_of,
)
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal
from virage.platform.web.problems import Problem
from virage.platform.web.routing import Request, Response, get, post

START: Final = "/staff"
NO_STORE: Final = {"cache-control": "no-store"}
LOGOUT_BYTES_MAX: Final = 20_000


class SignInMethods(Struct, frozen=True):
    """`sso` is the name of the staff's identity provider; null without single sign-on."""

    sso: str | None


def _to(location: str, *cookies: str) -> Response[None]:
    return Response(None, status_code=303, headers=NO_STORE | {"location": location}, cookies=cookies)


def _back(page: str, result: str, *cookies: str) -> Response[None]:
    """Lead the browser back to a page, which reads the result in its fragment: "done" or the code of a problem."""
    return _to(f"{page.partition('#')[0]}#sign-in={result}", *cookies)


@get("/api/sign-in/methods", public=True)
async def list_sign_in_methods(people_config: PeopleConfig) -> Response[SignInMethods]:
    """How this deployment signs in, besides codes by email and passkeys."""
    sso = people_config.sso
    return Response(SignInMethods(None if sso is None else sso.name), headers={"cache-control": "public, max-age=300"})


@get("/api/sign-in/sso", status_code=303, public=True)
async def begin_sso(
    request: Request,
    clock: Clock,
    *,
    people_config: PeopleConfig,
    openid_provider: OpenIdProvider | None,
    browsers: Browsers,
    principal: Principal,
    to: str = START,
    confirm: bool = False,
) -> Response[None]:
    """Lead the browser to the OpenID provider, and from there back to the page `to`. Nothing is stored.

    `confirm`: the person who is signed in proves again who they are. A provider that is away leads back with
    `sso_unavailable`.
    """
    page = page_of(to) or START
    if openid_provider is None:
        raise Problem("not_found")
    browser = browsers.of(request) or new_browser()
    wish = SsoRequest(page, principal.id if confirm else None)
    state = new_state(people_config.keys, browser, wish, clock.now())
    try:
        url = await openid_provider.sign_in_url(
            state=state,
            nonce=nonce_of(people_config.keys, browser, state),
            verifier=verifier_of(people_config.keys, browser, state),
            confirms=confirm,
        )
    except ProviderAway as failure:
        log.warning("openid_provider_away", asked=str(failure))
        return _back(page, Reason.SSO_UNAVAILABLE)
    return _to(url, browsers.cookie(browser))


@get(CALLBACK_PATH, status_code=303, public=True, documented=False)
async def finish_sso(
    request: Request,
    db: Database,
    clock: Clock,
    config: Config,
    *,
    people_config: PeopleConfig,
    openid_provider: OpenIdProvider | None,
    browsers: Browsers,
    principal: Principal,
    state: str = "",
    code: str = "",
    error: str = "",
    iss: str | None = None,
) -> Response[None]:
    """Complete a sign-in at the provider, and redirect to its page. A state is valid once, in its browser."""
    browser, now = browsers.of(request), clock.now()
    if openid_provider is None:
        raise Problem("not_found")
    known = None if browser is None else request_of(people_config.keys, browser, state, now)
    if browser is None or known is None:
        return _back(START, Reason.COOKIE_MISSING if browser is None else Reason.CHALLENGE_INVALID)
    wish, end = known
    if not await db.transact(acts.use_state, state, end):
        return _back(wish.to, Reason.CHALLENGE_INVALID)
    try:
        proof = await openid_provider.signed_in(
            SsoAnswer(code, error, iss),
            verifier=verifier_of(people_config.keys, browser, state),
            nonce=nonce_of(people_config.keys, browser, state),
        )
    except ProviderAway as failure:
        log.warning("openid_provider_away", asked=str(failure))
        return _back(wish.to, Reason.SSO_UNAVAILABLE)
    except (ProviderRefused, InvalidToken) as failure:
        log.warning("sso_refused", why=str(failure))
        return _back(wish.to, Reason.SSO_REFUSED)
    outcome = await db.transact(
        acts.sign_in_by_sso,
        people_config,
        proof,
        clock.now(),
        browser=browsers.signing_in(request, principal),
        confirms=wish.confirms,
    )
    if isinstance(outcome, Refused):
        log.warning("sso_refused", why=outcome.reason, subject=proof.identity.subject)
        return _back(wish.to, outcome.reason)
    return _back(wish.to, "done", acts.cookie_of(outcome.token, secure=config.secure_cookies))


@post("/api/sign-in/sso/logout", status_code=200, body_bytes_max=LOGOUT_BYTES_MAX, public=True, documented=False)
async def end_sso(
    request: Request, db: Database, clock: Clock, openid_provider: OpenIdProvider | None
) -> Response[None]:
    """End the sessions of a sign-in that ended at the provider, which signs a logout token (Back-Channel Logout)."""
    if openid_provider is None:
        raise Problem("not_found")
    form = parse_qs((await request.body()).decode("latin-1"))
    try:
        logout = await openid_provider.logout(form.get("logout_token", [""])[0])
    except ProviderAway as failure:
        log.warning("openid_provider_away", asked=str(failure))
        raise Problem(Reason.SSO_UNAVAILABLE) from failure
    except InvalidToken as failure:
        log.warning("sso_logout_refused", why=str(failure))
        raise Problem(Reason.SSO_REFUSED) from failure
    await db.transact(acts.end_sso_sessions, openid_provider.sso, logout, clock.now())
    return Response(None, headers=NO_STORE)


handlers = [list_sign_in_methods, begin_sso, finish_sso, end_sso]

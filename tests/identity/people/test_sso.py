"""Single sign-on against a certified OpenID provider: signing in, roles of groups, checks, removal, logout."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from tests.conftest import FakeClock, alive
from tests.identity.people.authenticator import Authenticator
from tests.identity.people.test_passkeys import add, enter
from tests.identity.people.test_recovery import by_code
from tests.openid.server import BREAK_GLASS, DOMAIN, OpenIdServer, answer_of, openid_server
from virage.app.building import build
from virage.app.settings import read
from virage.identity.people.jobs.sso_checks import SsoChecks
from virage.identity.people.openid_provider import OpenIdProvider
from virage.identity.people.rules.people_config import people_config_of
from virage.identity.people.settings import PeopleSettings
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.web.guard import Grant
from virage.platform.web.http import Application

SITE = "https://virage.local"
ANNA = f"anna@{DOMAIN}"
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def server() -> Iterator[OpenIdServer]:
    with openid_server(SITE) as started:
        yield started


@pytest.fixture
def provider(server: OpenIdServer) -> OpenIdServer:
    """The provider with Anna, who is of the staff of the gates."""
    server.put("anna", "gate staff", "choir")
    return server


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime.now(UTC))  # the provider's clock stands on its own


@pytest.fixture
def config(config: Config, provider: OpenIdServer) -> Config:
    settings = {"VIRAGE_SECRET": config.secret, "VIRAGE_DEMO": "1", "VIRAGE_PUBLIC_URL": SITE}
    return config.having(read(settings | provider.variables).of(PeopleSettings))


@pytest.fixture
async def checks(db: Database, config: Config, clock: FakeClock) -> AsyncIterator[SsoChecks]:
    """What a worker asks the provider."""
    head = people_config_of(config)
    assert head.sso is not None
    asked = OpenIdProvider(head.sso, config.of(PeopleSettings).oidc_client_secret, SITE, clock)
    async with asked.lifespan():
        yield SsoChecks(db, head, asked, clock)


class Process:
    """The application with other settings, over the same database."""

    def __init__(self, db: Database, config: Config, clock: FakeClock) -> None:
        self._db = db
        self._config = config
        self.clock = clock

    @asynccontextmanager
    async def __call__(self, settings: PeopleSettings) -> AsyncIterator[httpx.AsyncClient]:
        """A browser of a web process."""
        app = build(self._config.having(settings), self._db, self.clock)
        async with alive(app), another(app) as browser:
            yield browser

    def checks(self, settings: PeopleSettings) -> SsoChecks:
        """What a worker asks the provider that these settings name."""
        head = people_config_of(self._config.having(settings))
        assert head.sso is not None
        return SsoChecks(
            self._db, head, OpenIdProvider(head.sso, settings.oidc_client_secret, SITE, self.clock), self.clock
        )


@pytest.fixture
def process(db: Database, config: Config, clock: FakeClock) -> Process:
    return Process(db, config, clock)


async def through(browser: httpx.AsyncClient, login: str, to: str = "/office", **wish: str) -> httpx.Response:
    """Sign in through the provider; the response that leads to the page."""
    begun = await browser.get("/api/sign-in/sso", params={"to": to, **wish})
    assert begun.status_code == 303, begun.text
    async with httpx.AsyncClient() as at_provider:
        return await browser.get(await answer_of(at_provider, begun.headers["location"], login, SITE))


async def me(browser: httpx.AsyncClient) -> Any:
    return (await browser.get("/api/me")).json()


async def roles(browser: httpx.AsyncClient) -> list[str]:
    return sorted(grant["role"] for grant in (await me(browser))["grants"])


def another(app: Application) -> httpx.AsyncClient:
    """Another browser."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=SITE)


async def facts(db: Database) -> set[str]:
    """What the journal tells."""
    async with db.connection() as conn:
        return {row["what"] for row in await conn.fetch("select distinct what from kernel.journal")}


async def later(clock: FakeClock, checks: SsoChecks, by: timedelta) -> None:
    """Time passes, with a check every minute."""
    for _ in range(int(by / MINUTE)):
        clock.advance(MINUTE)
        await checks.run()


async def test_staff_sign_in_with_the_roles_of_their_groups(client: httpx.AsyncClient, provider: OpenIdServer) -> None:
    assert (await client.get("/api/sign-in/methods")).json() == {"sso": "Club directory"}
    led = await through(client, "anna", "/office/orders?state=open")
    assert (led.status_code, led.headers["location"]) == (303, "/office/orders?state=open#sign-in=done")
    found = await me(client)
    assert (found["kind"], found["email"], found["name"], found["sso"]) == ("staff", ANNA, "Anna", True)
    assert found["grants"] == [{"role": "steward", "scope": "all", "scope_id": None}]


async def test_a_role_of_a_group_can_be_for_one_venue(client: httpx.AsyncClient, provider: OpenIdServer) -> None:
    provider.put("anna", "arena")
    await through(client, "anna")
    assert (await me(client))["grants"] == [{"role": "venue_manager", "scope": "venue", "scope_id": "arena"}]


async def test_an_answer_of_the_provider_serves_once_and_in_its_browser(
    client: httpx.AsyncClient, app: Application, provider: OpenIdServer
) -> None:
    begun = await client.get("/api/sign-in/sso", params={"to": "/office"})
    async with httpx.AsyncClient() as at_provider:
        answer = await answer_of(at_provider, begun.headers["location"], "anna", SITE)
    async with another(app) as thief:
        assert (await thief.get(answer)).headers["location"] == "/staff#sign-in=cookie_missing"
        await thief.get("/api/sign-in/sso")
        assert (await thief.get(answer)).headers["location"] == "/staff#sign-in=challenge_invalid"
        assert (await me(thief))["kind"] == "anonymous"
    assert (await client.get(answer)).headers["location"] == "/office#sign-in=done"
    client.cookies.delete("__Host-virage")
    assert (await client.get(answer)).headers["location"] == "/office#sign-in=challenge_invalid"
    assert (await me(client))["kind"] == "anonymous"


async def test_a_sign_in_that_is_cancelled_or_late_opens_nothing(
    client: httpx.AsyncClient, clock: FakeClock, provider: OpenIdServer
) -> None:
    begun = await client.get("/api/sign-in/sso", params={"to": "/office"})
    state = httpx.URL(begun.headers["location"]).params["state"]
    callback = "/api/sign-in/sso/callback"
    cancelled = await client.get(callback, params={"state": state, "error": "access_denied", "iss": provider.issuer})
    assert cancelled.headers["location"] == "/office#sign-in=sso_refused"
    begun = await client.get("/api/sign-in/sso", params={"to": "/office"})
    async with httpx.AsyncClient() as at_provider:
        answer = await answer_of(at_provider, begun.headers["location"], "anna", SITE)
    other = httpx.URL(answer).copy_set_param("iss", "https://other.example")
    assert (await client.get(str(other))).headers["location"] == "/office#sign-in=sso_refused"
    begun = await client.get("/api/sign-in/sso", params={"to": "/office"})
    async with httpx.AsyncClient() as at_provider:
        answer = await answer_of(at_provider, begun.headers["location"], "anna", SITE)
    clock.advance(timedelta(minutes=10))
    assert (await client.get(answer)).headers["location"] == "/staff#sign-in=challenge_invalid"
    assert (await me(client))["kind"] == "anonymous"


@pytest.mark.parametrize(
    "to", ["https://evil.example", "//evil.example", "/\\evil.example", "office", "/api/me", "/a b"]
)
async def test_a_sign_in_leads_to_pages_of_this_deployment_alone(
    client: httpx.AsyncClient, provider: OpenIdServer, to: str
) -> None:
    assert (await through(client, "anna", to)).headers["location"] == "/staff#sign-in=done"


@pytest.mark.parametrize(
    ("claims", "groups", "problem"),
    [
        ({"email": "anna@elsewhere.example"}, ["gate staff"], "sso_address"),
        ({"email_verified": False}, ["gate staff"], "sso_address"),
        ({"email": "no address"}, ["gate staff"], "sso_address"),
        ({"email": BREAK_GLASS}, ["office"], "sso_address"),
        ({}, ["choir"], "sso_no_role"),
        ({"groups": "gate staff"}, [], "sso_no_role"),
    ],
)
async def test_who_has_no_address_or_no_role_here_is_refused(
    client: httpx.AsyncClient, provider: OpenIdServer, claims: dict[str, Any], groups: list[str], problem: str
) -> None:
    provider.put("anna", *groups, **claims)
    assert (await through(client, "anna")).headers["location"] == f"/office#sign-in={problem}"
    assert (await me(client))["kind"] == "anonymous"


async def test_staff_who_had_an_account_keep_it_and_their_other_sessions_end(
    client: httpx.AsyncClient, app: Application, emails: Any, make_staff: Any, provider: OpenIdServer
) -> None:
    person_id = await make_staff(f"berta@{DOMAIN}", [Grant("kitchen")])
    provider.put("berta", "accounts")
    async with another(app) as other:
        assert (await by_code(other, emails, f"berta@{DOMAIN}")).json()["code"] == "sso_required"
    await through(client, "berta")
    found = await me(client)
    assert found["id"] == str(person_id)
    assert await roles(client) == ["finance", "kitchen"]


async def test_a_fan_s_sessions_end_when_they_join_the_staff(
    client: httpx.AsyncClient, app: Application, sign_in: Any, emails: Any, provider: OpenIdServer
) -> None:
    async with another(app) as at_home:
        assert (await sign_in(at_home, ANNA)).json()["kind"] == "fan"
        await through(client, "anna")
        assert (await me(at_home))["kind"] == "anonymous"
        assert (await by_code(at_home, emails, ANNA)).json()["code"] == "sso_required"


async def test_a_passkey_confirms_but_does_not_sign_in_without_the_provider(
    client: httpx.AsyncClient, app: Application, clock: FakeClock, provider: OpenIdServer
) -> None:
    key = Authenticator()
    await through(client, "anna")
    await add(client, key)
    codes = (await client.post("/api/me/recovery-codes")).json()["codes"]
    async with another(app) as other:
        assert (await enter(other, key)).json()["code"] == "sso_required"
        await other.post("/api/sign-in/passkey/options")
        by_code = await other.post("/api/sign-in/recovery-code", json={"email": ANNA, "code": codes[0]})
        assert by_code.json()["code"] == "sso_required"
    clock.advance(14 * MINUTE)
    options = (await client.post("/api/me/confirmation/options")).json()
    confirmed = await client.post("/api/me/confirmation", json={"credential": key.get(options)})
    assert confirmed.status_code == 200, confirmed.text


async def test_the_provider_confirms_the_person_who_is_signed_in(
    client: httpx.AsyncClient, clock: FakeClock, checks: SsoChecks, provider: OpenIdServer
) -> None:
    await through(client, "anna")
    await later(clock, checks, 20 * MINUTE)
    assert (await client.get("/api/me/export")).json()["code"] == "step_up_required"
    provider.put("berta", "gate staff")
    other = await through(client, "berta", "/account", confirm="true")
    assert other.headers["location"] == "/account#sign-in=sso_not_confirmed"
    assert (await me(client))["email"] == ANNA
    late = await through(client, "anna", "/account", confirm="true")  # the provider's clock says: 20 minutes ago
    assert late.headers["location"] == "/account#sign-in=sso_not_confirmed"
    clock.at = datetime.now(UTC)
    assert (await through(client, "anna", "/account", confirm="true")).headers["location"] == "/account#sign-in=done"
    assert (await client.get("/api/me/export")).status_code == 200


async def test_who_is_removed_at_the_provider_has_no_access_within_15_minutes(
    client: httpx.AsyncClient, clock: FakeClock, checks: SsoChecks, provider: OpenIdServer, db: Database
) -> None:
    provider.put("anna", "office")
    await through(client, "anna")
    made = await client.post(
        "/api/office/tokens",
        json={
            "name": "the till's export",
            "grants": [{"role": "admin", "scope": "all"}],
            "expires_at": (clock.now() + timedelta(days=1)).isoformat(),
        },
    )
    assert made.status_code == 201, made.text
    bearer = {"authorization": f"Bearer {made.json()['token']}"}
    await later(clock, checks, 30 * MINUTE)
    assert await roles(client) == ["admin"]
    provider.remove("anna")
    await later(clock, checks, 6 * MINUTE)
    assert (await me(client))["kind"] == "anonymous"
    assert (await client.get("/api/me", headers=bearer)).json()["kind"] == "anonymous"
    assert {"sso_access_ended", "grant_revoked", "signed_out_everywhere", "token_revoked"} <= await facts(db)
    provider.put("anna", "office")
    await through(client, "anna")
    assert await roles(client) == ["admin"]


async def test_roles_follow_the_groups_of_the_provider(
    client: httpx.AsyncClient, clock: FakeClock, checks: SsoChecks, provider: OpenIdServer
) -> None:
    await through(client, "anna")
    provider.put("anna", "accounts", "office")
    await later(clock, checks, 6 * MINUTE)
    assert await roles(client) == ["admin", "finance"]
    provider.put("anna", "accounts")
    await later(clock, checks, 6 * MINUTE)
    assert await roles(client) == ["finance"]
    provider.put("anna", "choir")
    await later(clock, checks, 6 * MINUTE)
    assert (await me(client))["kind"] == "anonymous"


async def test_the_office_cannot_take_a_role_of_a_group(client: httpx.AsyncClient, provider: OpenIdServer) -> None:
    provider.put("anna", "office")
    await through(client, "anna")
    (held,) = (await client.get("/api/office/staff")).json()["grants"]
    assert held["by_sso"] is True
    assert (await client.delete(f"/api/office/grants/{held['id']}")).json()["code"] == "grant_by_sso"


async def test_a_provider_that_is_away_ends_nothing_for_four_hours(
    client: httpx.AsyncClient, clock: FakeClock, checks: SsoChecks, provider: OpenIdServer
) -> None:
    await through(client, "anna")
    provider.stop()
    try:
        begun = await client.get("/api/sign-in/sso", params={"to": "/office"})
        assert begun.status_code == 303
        await later(clock, checks, timedelta(hours=3, minutes=50))
        assert await roles(client) == ["steward"]
        clock.advance(timedelta(minutes=61))
        fresh = await client.get("/api/sign-in/sso", params={"to": "/office"})
        assert fresh.headers["location"] == "/office#sign-in=sso_unavailable"
        await later(clock, checks, 20 * MINUTE)
        assert (await me(client))["kind"] == "anonymous"
    finally:
        provider.start(SITE)


async def test_without_a_worker_that_checks_sessions_end_within_15_minutes(
    client: httpx.AsyncClient, clock: FakeClock, provider: OpenIdServer
) -> None:
    await through(client, "anna")
    clock.advance(14 * MINUTE)
    assert (await me(client))["kind"] == "staff"
    clock.advance(MINUTE)
    assert (await me(client))["kind"] == "anonymous"
    clock.at = datetime.now(UTC)
    await through(client, "anna")
    assert (await me(client))["kind"] == "staff"


async def test_a_forged_logout_token_signs_nobody_out(client: httpx.AsyncClient, provider: OpenIdServer) -> None:
    await through(client, "anna")
    forged = await client.post("/api/sign-in/sso/logout", data={"logout_token": "e30.e30.x"})
    assert (forged.status_code, forged.json()["code"]) == (400, "sso_refused")
    assert (await me(client))["kind"] == "staff"


async def test_the_break_glass_account_signs_in_by_code_and_every_administrator_hears_of_it(
    client: httpx.AsyncClient, sign_in: Any, make_staff: Any, emails: Any, db: Database
) -> None:
    await make_staff(BREAK_GLASS, [Grant("admin")])
    await make_staff("owner@elsewhere.example", [Grant("admin")])
    assert (await sign_in(client, BREAK_GLASS)).json()["kind"] == "staff"
    told = [email.to for email in await emails.all() if email.kind == "break_glass_used"]
    assert sorted(told) == ["owner@elsewhere.example", BREAK_GLASS]
    assert "break_glass_used" in await facts(db)


async def test_a_break_glass_account_whose_recovery_waits_is_not_reported(
    client: httpx.AsyncClient, sign_in: Any, make_staff: Any, emails: Any, db: Database
) -> None:
    await make_staff(BREAK_GLASS, [Grant("admin")])
    await sign_in(client, BREAK_GLASS)
    await add(client, Authenticator())
    await client.delete("/api/session")
    assert (await by_code(client, emails, BREAK_GLASS)).json()["code"] == "recovery_waits"
    assert [email.kind for email in await emails.all()].count("break_glass_used") == 1


async def test_an_account_that_becomes_the_break_glass_account_needs_roles_of_the_office(
    client: httpx.AsyncClient, sign_in: Any, config: Config, process: Process, provider: OpenIdServer
) -> None:
    provider.put("anna", "office")
    await through(client, "anna")
    async with process(replace(config.of(PeopleSettings), oidc_break_glass=(ANNA,))) as browser:
        assert (await sign_in(browser, ANNA)).json()["kind"] == "fan"
        process.clock.advance(20 * MINUTE)
        assert (await me(browser))["kind"] == "fan"


async def test_a_change_of_the_provider_ends_every_access_and_without_one_the_office_takes_all_roles(
    client: httpx.AsyncClient, app: Application, config: Config, process: Process, provider: OpenIdServer
) -> None:
    provider.put("anna", "office")
    provider.put("berta", "accounts")
    await through(client, "anna")
    async with another(app) as other:
        await through(other, "berta")
    settings = config.of(PeopleSettings)
    async with process(replace(settings, oidc_issuer=None)) as browser:
        browser.cookies.update(client.cookies)
        held = {one["email"]: one for one in (await browser.get("/api/office/staff")).json()["grants"]}
        assert [one["by_sso"] for one in held.values()] == [False, False]
        gone = await browser.delete(f"/api/office/grants/{held[f'berta@{DOMAIN}']['id']}")
        assert gone.status_code == 204, gone.text
    process.clock.advance(6 * MINUTE)
    await process.checks(replace(settings, oidc_issuer="https://new.example")).run()
    assert (await me(client))["kind"] == "anonymous"


async def test_staff_of_other_domains_sign_in_by_code(client: httpx.AsyncClient, sign_in: Any, make_staff: Any) -> None:
    await make_staff("contractor@elsewhere.example", [Grant("steward")])
    assert (await sign_in(client, "contractor@elsewhere.example")).json()["kind"] == "staff"


async def test_an_invitation_is_accepted_through_the_provider_alone(
    client: httpx.AsyncClient, app: Application, sign_in: Any, emails: Any, provider: OpenIdServer
) -> None:
    berta = provider.put("berta", "choir")
    provider.put("anna", "office")
    await through(client, "anna")
    wish = {"email": berta, "role": "kitchen", "scope": "all"}
    assert (await client.post("/api/office/invitations", json=wish)).status_code == 201
    code = (await emails.to(berta))[-1].secret["code"]
    async with another(app) as other:
        assert (await sign_in(other, berta)).json()["kind"] == "fan"
        refused = await other.post("/api/invitations/accept", json={"code": code})
        assert refused.json()["code"] == "sso_required"
        await through(other, "berta")
        assert (await other.post("/api/invitations/accept", json={"code": code})).status_code == 200
        assert await roles(other) == ["kitchen"]

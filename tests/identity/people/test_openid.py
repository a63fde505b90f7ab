"""What an OpenID provider may get wrong: its tokens, its keys, its answers, its absence."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import FakeClock
from tests.identity.people.issuer import CLIENT, SECRET, Issuer, new_key, signed_with_public_key, unsigned
from virage.app.settings import read
from virage.identity.people.openid_provider import OpenIdProvider, ProviderAway, ProviderRefused
from virage.identity.people.rules.openid import InvalidToken
from virage.identity.people.rules.people_config import people_config_of, sso_of
from virage.identity.people.rules.secrets import people_keys
from virage.identity.people.rules.sso import (
    PATH_MAX,
    Sso,
    SsoAnswer,
    SsoRequest,
    challenge_of,
    new_state,
    nonce_of,
    page_of,
    request_of,
    role_of,
    verifier_of,
)
from virage.identity.people.settings import PeopleSettings
from virage.platform.settings.config import ConfigError
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
KEYS = people_keys("a secret of the tests, long enough")
ANSWER = SsoAnswer("the code", "", None)


@pytest.fixture
async def issuer(clock: FakeClock) -> AsyncIterator[Issuer]:
    async with Issuer(clock).listening() as listening:
        yield listening


@pytest.fixture
async def provider(issuer: Issuer, clock: FakeClock) -> AsyncIterator[OpenIdProvider]:
    sso = Sso(issuer.url, CLIENT, "Club", ("club.example",), (), "groups", (("gate staff", Grant("steward")),))
    made = OpenIdProvider(sso, SECRET, "https://virage.local", clock)
    async with made.lifespan():
        yield made


async def signed_in(provider: OpenIdProvider, issuer: Issuer) -> Any:
    issuer.nonce = issuer.nonce or "the nonce"
    return await provider.signed_in(ANSWER, verifier="the verifier", nonce="the nonce")


async def test_an_honest_provider_says_who_has_signed_in(provider: OpenIdProvider, issuer: Issuer) -> None:
    issuer.lies = {"auth_time": int(NOW.timestamp()) - 60, "sid": "s1"}
    proof = await signed_in(provider, issuer)
    assert (proof.identity.subject, proof.identity.email, proof.identity.groups) == (
        "anna",
        "anna@club.example",
        ("gate staff",),
    )
    assert proof.identity.authenticated_at == NOW - timedelta(minutes=1)
    assert (proof.identity.sid, proof.refresh_token) == ("s1", "r")


@pytest.mark.parametrize(
    ("lies", "why"),
    [
        ({"aud": "another"}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": [CLIENT, "another"]}, "azp"),
        ({"azp": "another"}, "azp"),
        ({"iss": "https://evil.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"exp": int(NOW.timestamp()) - 61}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"iat": int(NOW.timestamp()) + 61}, "iat"),
        ({"iat": True}, "iat"),
        ({"nonce": "of another sign-in"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
    ],
)
async def test_a_token_of_another_sign_in_client_or_time_is_refused(
    provider: OpenIdProvider, issuer: Issuer, lies: dict[str, Any], why: str
) -> None:
    issuer.lies = lies
    with pytest.raises(InvalidToken, match=f"^{why} "):
        await signed_in(provider, issuer)


async def test_several_audiences_are_accepted_with_this_client_as_authorized_party(
    provider: OpenIdProvider, issuer: Issuer
) -> None:
    issuer.lies = {"aud": [CLIENT, "another"], "azp": CLIENT}
    assert (await signed_in(provider, issuer)).identity.subject == "anna"


@pytest.mark.parametrize("forged", ["none", "public key", "another key", "damaged", "no token"])
async def test_a_token_that_the_provider_did_not_sign_is_refused(
    provider: OpenIdProvider, issuer: Issuer, monkeypatch: pytest.MonkeyPatch, forged: str
) -> None:
    claims = issuer.claims(nonce="the nonce")
    head, body, mark = issuer.signed(claims).split(".")
    tokens = {
        "none": unsigned(claims),
        "public key": signed_with_public_key(claims, issuer.key),
        "another key": issuer.signed(claims, new_key()),
        "damaged": ".".join((head, body, mark[:-4] + ("AAAA" if mark[-4:] != "AAAA" else "BBBB"))),
        "no token": "x",
    }
    monkeypatch.setattr(issuer, "id_token", lambda: tokens[forged])
    with pytest.raises(InvalidToken, match=r"^signature"):
        await signed_in(provider, issuer)


async def test_a_provider_may_change_its_keys_at_any_time(
    provider: OpenIdProvider, issuer: Issuer, clock: FakeClock
) -> None:
    await signed_in(provider, issuer)
    issuer.key = new_key()
    clock.advance(timedelta(seconds=10))
    assert (await signed_in(provider, issuer)).identity.subject == "anna"
    old = issuer.key
    issuer.key = new_key()
    clock.advance(timedelta(hours=1))
    await signed_in(provider, issuer)
    issuer.key = old
    with pytest.raises(InvalidToken):  # strangers cannot make us ask for the keys again and again
        await signed_in(provider, issuer)
    assert issuer.asked.count("/keys") == 3


async def test_userinfo_adds_what_the_token_leaves_out_and_must_be_about_the_same_person(
    provider: OpenIdProvider, issuer: Issuer
) -> None:
    issuer.lies = {"email": None, "groups": None}
    issuer.userinfo = {"sub": "anna", "email": "Anna@Club.example", "groups": ["accounts"]}
    proof = await signed_in(provider, issuer)
    assert (proof.identity.email, proof.identity.groups) == ("anna@club.example", ("accounts",))
    issuer.userinfo["sub"] = "berta"
    with pytest.raises(InvalidToken, match="another person"):
        await signed_in(provider, issuer)


async def test_a_refresh_is_about_the_same_person(provider: OpenIdProvider, issuer: Issuer) -> None:
    issuer.lies = {"nonce": None}
    assert (await provider.refreshed("anna", "r")).identity.groups == ("gate staff",)
    with pytest.raises(InvalidToken, match="sub is another person"):
        await provider.refreshed("berta", "r")


async def test_only_an_invalid_grant_ends_an_access(provider: OpenIdProvider, issuer: Issuer) -> None:
    await provider.metadata()
    issuer.refusal = {"error": "invalid_grant"}
    with pytest.raises(ProviderRefused):
        await provider.refreshed("anna", "r")
    issuer.refusal = {"error": "invalid_client"}
    with pytest.raises(ProviderAway, match="400 invalid_client"):
        await provider.refreshed("anna", "r")
    issuer.refusal = None
    for status in (302, 404, 429, 500, 503):
        issuer.failing = status
        with pytest.raises(ProviderAway, match=str(status)):
            await provider.refreshed("anna", "r")


async def test_metadata_of_another_issuer_are_refused_and_not_asked_for_by_everyone_who_waits(
    issuer: Issuer, clock: FakeClock, provider: OpenIdProvider
) -> None:
    real, issuer.url = issuer.url, "https://evil.example"
    with pytest.raises(ProviderAway, match=re.escape("its metadata are of https://evil.example")):
        await provider.metadata()
    with pytest.raises(ProviderAway, match="a moment ago"):
        await provider.metadata()
    issuer.url = real
    issuer.failing = 204
    clock.advance(timedelta(seconds=3))
    with pytest.raises(ProviderAway, match="204"):
        await provider.metadata()
    issuer.failing = 0
    clock.advance(timedelta(seconds=3))
    assert (await provider.metadata()).issuer == real


async def test_a_logout_token_says_whose_sessions_end(provider: OpenIdProvider, issuer: Issuer) -> None:
    assert (await provider.logout(issuer.logout_token(sid="s1"))).sid == "s1"
    assert (await provider.logout(issuer.logout_token())).subject == "anna"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"events": None}, "no logout token"),
        ({"events": {"other": {}}}, "no logout token"),
        ({"events": "backchannel-logout"}, "no logout token"),
        ({"nonce": "n"}, "no logout token"),
        ({"sub": None}, "missing"),
        ({"jti": None}, "missing"),
        ({"iat": int(NOW.timestamp()) - 601}, "too long ago"),
        ({"aud": "another"}, "aud"),
    ],
)
async def test_another_token_ends_no_session(
    provider: OpenIdProvider, issuer: Issuer, wrong: dict[str, Any], why: str
) -> None:
    with pytest.raises(InvalidToken, match=why):
        await provider.logout(issuer.logout_token(**wrong))


async def test_a_logout_token_signs_nobody_in(
    provider: OpenIdProvider, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issuer.logout_token(nonce="the nonce", email="anna@club.example")
    monkeypatch.setattr(issuer, "id_token", lambda: token)
    with pytest.raises(InvalidToken, match="logout"):
        await signed_in(provider, issuer)


def test_the_code_challenge_is_that_of_rfc_7636() -> None:
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@given(st.integers(0, 600_000), st.integers(0, 200))
def test_a_state_is_of_its_browser_for_ten_minutes_and_cannot_be_changed(age_ms: int, position: int) -> None:
    browser, wish = new_id(), SsoRequest("/office", new_id())
    state = new_state(KEYS, browser, wish, NOW)
    found = request_of(KEYS, browser, state, NOW + timedelta(milliseconds=age_ms))
    assert (found is None) == (age_ms >= 600_000)
    assert found is None or found == (wish, NOW + timedelta(minutes=10))
    assert request_of(KEYS, new_id(), state, NOW) is None
    at = position % len(state)
    other = "A" if state[at] != "A" else "B"
    assert request_of(KEYS, browser, state[:at] + other + state[at + 1 :], NOW) is None


def test_verifier_and_nonce_are_of_one_state_and_browser() -> None:
    browser = new_id()
    states = [new_state(KEYS, browser, SsoRequest("/office"), NOW) for _ in range(2)]
    values = {of(KEYS, one, state) for of in (verifier_of, nonce_of) for one in (browser, new_id()) for state in states}
    assert len(values) == 8
    assert {len(value) for value in values} == {43}


@given(st.text(max_size=60))
def test_a_page_is_a_path_of_this_deployment(text: str) -> None:
    page = page_of(text)
    if page is not None:
        address = httpx.URL("https://club.example").join(page)
        assert (address.host, address.scheme) == ("club.example", "https")
        assert not address.path.startswith("/api/")


def test_a_page_of_an_absurd_length_is_none() -> None:
    assert page_of("/" + "a" * (PATH_MAX - 1)) is not None
    assert page_of("/" + "a" * PATH_MAX) is None


@pytest.mark.parametrize(
    ("text", "grant"),
    [
        ("finance", Grant("finance")),
        ("steward@venue:arena", Grant("steward", "venue", "arena")),
        ("steward@gate:arena/N", Grant("steward", "gate", "arena/N")),
        ("owner", None),
        ("steward@venue", None),
        ("steward@all:arena", None),
        ("steward@event:next", None),
        ("", None),
    ],
)
def test_a_role_is_written_with_its_scope(text: str, grant: Grant | None) -> None:
    assert role_of(text) == grant


GOOD = {
    "VIRAGE_SECRET": "a secret of the tests, long enough",
    "VIRAGE_DEMO": "1",
    "VIRAGE_OIDC_ISSUER": "https://login.example.com/tenant/v2.0",
    "VIRAGE_OIDC_CLIENT_ID": "an id",
    "VIRAGE_OIDC_CLIENT_SECRET": "a secret",
    "VIRAGE_OIDC_DOMAINS": "Club.example, club.test",
    "VIRAGE_OIDC_ROLES": "a=b=finance, gates=steward@venue:arena",
    "VIRAGE_OIDC_BREAK_GLASS": "Reserve@Club.example",
}


def test_settings_say_who_decides_about_an_address_and_which_roles_a_group_has() -> None:
    sso = sso_of(read(GOOD).of(PeopleSettings))
    assert sso is not None
    assert [sso.owns(address) for address in ("a@club.example", "a@club.test", "a@sub.club.test", "a@other.test")] == [
        True,
        True,
        False,
        False,
    ]
    assert not sso.owns("reserve@club.example")
    assert sso.grants_of(["gates", "a=b", "gates", "choir"]) == [Grant("finance"), Grant("steward", "venue", "arena")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ISSUER", "http://login.example.com"),
        ("ISSUER", "https://login.example.com?x=1"),
        ("ISSUER", "https://login.microsoftonline.com/common/v2.0"),
        ("CLIENT_ID", ""),
        ("CLIENT_SECRET", ""),
        ("DOMAINS", ""),
        ("ROLES", ""),
        ("ROLES", "finance"),
        ("ROLES", "group=owner"),
        ("ROLES", "group=steward@event:next"),
        ("ROLES", "group=steward@all:arena"),
        ("BREAK_GLASS", ""),
        ("BREAK_GLASS", "reserve"),
        ("BREAK_GLASS", "reserve@club"),
    ],
)
def test_wrong_settings_are_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"VIRAGE_OIDC_{name}"):
        people_config_of(read(GOOD | {f"VIRAGE_OIDC_{name}": value}))

"""The OpenID provider of the staff: its metadata and keys, the exchange of codes, and refresh tokens.

Sources: OpenID Connect Discovery 1.0, RFC 6749 (4.1.3, 6), OpenID Connect Core 1.0 (5.3: userinfo).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from msgspec import Struct

from virage.identity.people.rules.openid import (
    Identity,
    InvalidToken,
    Logout,
    Proof,
    check_id_token,
    identity_of,
    logout_of,
    signed_claims,
)
from virage.identity.people.rules.sso import Sso, SsoAnswer, sign_in_url
from virage.platform.settings.origin import is_loopback
from virage.platform.values.clock import Clock

CALLBACK_PATH: Final = "/api/sign-in/sso/callback"
TIMEOUT: Final = aiohttp.ClientTimeout(total=10, connect=4)
ANSWER_BYTES_MAX: Final = 1_000_000
KEPT_FOR: Final = timedelta(hours=1)
ASKED_AGAIN_AFTER: Final = timedelta(seconds=3)
"""Pause after a failed request for the metadata, so that requests do not queue while the provider is unreachable."""
KEYS_ASKED_EVERY: Final = timedelta(seconds=10)
"""Pause between requests for the keys because of a token that none of them signed; anyone can send such tokens."""


class ProviderAway(Exception):
    """The provider does not answer, or answers nonsense."""


class ProviderRefused(Exception):
    """The provider does not accept a code or a refresh token: the person has no access, or no longer."""


class Metadata(Struct, frozen=True):
    """The fields of the provider's metadata that Virage uses (Discovery, 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class Tokens(Struct, frozen=True):
    """A token answer. Providers may leave out the ID token and the new refresh token of a refresh."""

    access_token: str
    id_token: str | None = None
    refresh_token: str | None = None


class OpenIdProvider:
    """The provider that the settings name. Metadata and keys are kept for an hour."""

    def __init__(self, sso: Sso, client_secret: str, public_url: str, clock: Clock) -> None:
        self.sso = sso
        self._client_secret = client_secret
        self._redirect_uri = public_url + CALLBACK_PATH
        self._clock = clock
        self._http: aiohttp.ClientSession | None = None
        self._metadata: tuple[Metadata, datetime] | None = None
        self._keys: tuple[KeySet, datetime] | None = None
        self._away_until = clock.now()
        self._asking = asyncio.Lock()

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Keep connections open until the process ends."""
        async with aiohttp.ClientSession(timeout=TIMEOUT) as self._http:
            yield

    async def sign_in_url(self, *, state: str, nonce: str, verifier: str, confirms: bool) -> str:
        """Return the address at which a person signs in. Raises ProviderAway."""
        metadata = await self.metadata()
        return sign_in_url(
            metadata.authorization_endpoint,
            self.sso,
            self._redirect_uri,
            state=state,
            nonce=nonce,
            verifier=verifier,
            confirms=confirms,
        )

    async def signed_in(self, answer: SsoAnswer, *, verifier: str, nonce: str) -> Proof:
        """Exchange the code of an authorization response for the person who signed in. A code is valid once.

        Raises ProviderAway, ProviderRefused, InvalidToken.
        """
        expected = (await self.metadata()).authorization_response_iss_parameter_supported
        if answer.iss != self.sso.issuer and (answer.iss is not None or expected):
            raise InvalidToken("the answer is of another issuer")
        if answer.error or not answer.code:
            raise ProviderRefused(answer.error or "there is no code")
        tokens = await self._tokens(
            grant_type="authorization_code", code=answer.code, redirect_uri=self._redirect_uri, code_verifier=verifier
        )
        if tokens.id_token is None:
            raise InvalidToken("there is no ID token")
        if tokens.refresh_token is None:
            raise InvalidToken("there is no refresh token: allow the scope offline_access")
        claims = await self._claims(tokens.id_token)
        check_id_token(claims, self.sso, self._clock.now(), nonce=nonce)
        return Proof(await self._identity(claims, tokens), tokens.refresh_token)

    async def refreshed(self, subject: str, refresh_token: str) -> Proof:
        """Return a person as the provider knows them now.

        Raises ProviderAway, InvalidToken, and ProviderRefused once the access has ended.
        """
        tokens = await self._tokens(grant_type="refresh_token", refresh_token=refresh_token)
        claims: Mapping[str, Any] = {"sub": subject}
        if tokens.id_token is None:
            if (await self.metadata()).userinfo_endpoint is None:
                raise ProviderAway("a refresh says nothing about the person")
        else:
            claims = await self._claims(tokens.id_token)
            check_id_token(claims, self.sso, self._clock.now(), nonce=None)
            if claims["sub"] != subject:
                raise InvalidToken("sub is another person")
        return Proof(await self._identity(claims, tokens), tokens.refresh_token or refresh_token)

    async def logout(self, token: str) -> Logout:
        """Return what a logout token ends. Raises ProviderAway, InvalidToken."""
        return logout_of(await self._claims(token), self.sso, self._clock.now())

    async def metadata(self) -> Metadata:
        """Return the provider's metadata. Raises ProviderAway."""
        async with self._asking:
            now = self._clock.now()
            if self._metadata is not None and now < self._metadata[1]:
                return self._metadata[0]
            if now < self._away_until:
                raise ProviderAway("it was away a moment ago")
            self._away_until = now + ASKED_AGAIN_AFTER
            address = f"{self.sso.issuer.rstrip('/')}/.well-known/openid-configuration"
            found: Metadata = _read(await self._get(address), Metadata)
            if found.issuer != self.sso.issuer:
                raise ProviderAway(f"its metadata are of {found.issuer}")
            endpoints = [found.authorization_endpoint, found.token_endpoint, found.jwks_uri]
            for endpoint in filter(None, [*endpoints, found.userinfo_endpoint]):
                _require_https(endpoint)
            self._metadata, self._away_until = (found, now + KEPT_FOR), now
            return found

    async def keys(self, *, fetched_after: datetime | None = None) -> KeySet:
        """Return the provider's keys, fetched after this moment, or within the last hour. Raises ProviderAway."""
        address = (await self.metadata()).jwks_uri
        async with self._asking:
            now = self._clock.now()
            oldest = now - KEPT_FOR if fetched_after is None else fetched_after
            if self._keys is None or self._keys[1] <= oldest:
                try:
                    found = KeySet.import_key_set(_read(await self._get(address), dict))
                except (JoseError, KeyError, TypeError, ValueError) as error:
                    raise ProviderAway(f"its keys: {error}") from error
                self._keys = found, now
                return found
            return self._keys[0]

    async def _claims(self, token: str) -> Mapping[str, Any]:
        """Return the claims of a signed token, with newly fetched keys if none of the known ones signed it."""
        try:
            return signed_claims(token, await self.keys())
        except InvalidToken:
            return signed_claims(token, await self.keys(fetched_after=self._clock.now() - KEYS_ASKED_EVERY))

    async def _identity(self, claims: Mapping[str, Any], tokens: Tokens) -> Identity:
        """Return an identity. Address and groups come from the userinfo endpoint if the ID token lacks one of them."""
        now = self._clock.now()
        endpoint = (await self.metadata()).userinfo_endpoint
        if endpoint is not None and not {"email", self.sso.groups_claim} <= claims.keys():
            more = _read(await self._get(endpoint, {"authorization": f"Bearer {tokens.access_token}"}), dict)
            if more.get("sub") != claims["sub"]:
                raise InvalidToken("userinfo is about another person")
            claims = {**more, **claims}
        return identity_of(claims, self.sso, now)

    async def _tokens(self, **form: str) -> Tokens:
        metadata = await self.metadata()
        headers, secret = {}, self._client_secret
        if "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            headers["authorization"] = aiohttp.encode_basic_auth(quote(self.sso.client_id, ""), quote(secret, ""))
        else:
            form |= {"client_id": self.sso.client_id, "client_secret": secret}
        tokens: Tokens = _read(await self._send("POST", metadata.token_endpoint, headers, form), Tokens)
        return tokens

    async def _get(self, address: str, headers: Mapping[str, str] | None = None) -> bytes:
        return await self._send("GET", address, headers or {}, None)

    async def _send(
        self, method: str, address: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> bytes:
        """Return the body of a successful answer. Redirections are not followed: the secret is for the provider."""
        if self._http is None:
            raise ProviderAway("the process is not ready")
        try:
            async with self._http.request(method, address, headers=headers, data=form, allow_redirects=False) as answer:
                body = b""
                async for part in answer.content.iter_any():
                    body += part
                    if len(body) > ANSWER_BYTES_MAX:
                        raise ProviderAway(f"{urlsplit(address).path}: more than {ANSWER_BYTES_MAX} bytes")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ProviderAway(f"{urlsplit(address).path}: {error or type(error).__name__}") from error
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise ProviderAway(f"{urlsplit(address).path}: {answer.status}")
        if answer.status != HTTPStatus.OK:
            raise _refusal(answer.status, body, address)
        return body


class _ErrorAnswer(Struct, frozen=True):
    error: str = ""
    error_description: str = ""


def _refusal(status: int, body: bytes, address: str) -> ProviderAway | ProviderRefused:
    """Return what an error answer means. Wrong client credentials say nothing about a person (RFC 6749, 5.2)."""
    try:
        answer = msgspec.json.decode(body, type=_ErrorAnswer)
    except msgspec.MsgspecError:
        answer = _ErrorAnswer()
    text = f"{urlsplit(address).path}: {status} {answer.error} {answer.error_description}".strip()
    return ProviderRefused(text) if answer.error == "invalid_grant" else ProviderAway(text)


def _read(body: bytes, type_: type[Any]) -> Any:
    try:
        return msgspec.json.decode(body, type=type_)
    except msgspec.MsgspecError as error:
        raise ProviderAway(f"its answer: {error}") from error


def _require_https(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise ProviderAway(f"{address} is no https address")

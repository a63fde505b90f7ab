"""An OpenID provider in the test's own process, which lies as it is told to."""

import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.conftest import FakeClock
from virage.identity.people.rules.openid import LOGOUT_EVENT

CLIENT, SECRET = "virage", "the secret of the client"


def new_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)


class Issuer:
    """`lies` replace claims of ID tokens, None leaves one out; `failing` answers every request with its status."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.url = ""
        self.key = new_key()
        self.lies: dict[str, Any] = {}
        self.userinfo: dict[str, Any] | None = None
        self.failing = 0
        self.refusal: dict[str, str] | None = None
        self.nonce = ""
        self.asked: list[str] = []

    def claims(self, **more: Any) -> dict[str, Any]:
        at = int(self._clock.now().timestamp())
        told = {"iss": self.url, "aud": CLIENT, "sub": "anna", "iat": at, "exp": at + 300, **more}
        return {name: value for name, value in (told | self.lies).items() if value is not None}

    def signed(self, claims: Mapping[str, Any], key: RSAKey | None = None) -> str:
        by = key or self.key
        return jwt.encode({"alg": "RS256", "kid": by.kid}, dict(claims), by)

    def id_token(self) -> str:
        person = {"email": "anna@club.example", "name": "Anna", "groups": ["gate staff"], "nonce": self.nonce}
        return self.signed(self.claims(**person))

    def logout_token(self, **more: Any) -> str:
        told = self.claims(jti=secrets.token_hex(8), events={LOGOUT_EVENT: {}}) | more
        return self.signed({name: value for name, value in told.items() if value is not None})

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if self.failing:
            return web.Response(status=self.failing)
        if request.path == "/.well-known/openid-configuration":
            endpoints = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/keys"}
            if self.userinfo is not None:
                endpoints["userinfo_endpoint"] = "/me"
            found = {name: self.url + path for name, path in endpoints.items()}
            return web.json_response({"issuer": self.url, **found})
        if request.path == "/keys":
            return web.json_response(KeySet([self.key]).as_dict())
        if request.path == "/me":
            return web.json_response(self.userinfo)
        if self.refusal is not None:
            return web.json_response(self.refusal, status=400)
        tokens = {"access_token": "a", "token_type": "Bearer", "id_token": self.id_token(), "refresh_token": "r"}
        return web.json_response(tokens)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Issuer"]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()


def unsigned(claims: Mapping[str, Any]) -> str:
    """A token of algorithm "none"."""
    return f"{_part({'alg': 'none'})}.{_part(claims)}."


def signed_with_public_key(claims: Mapping[str, Any], key: RSAKey) -> str:
    """A token whose HMAC secret is the provider's public key: algorithm confusion."""
    text = f"{_part({'alg': 'HS256', 'kid': key.kid})}.{_part(claims)}"
    return f"{text}.{_base64(hmac.digest(key.as_pem(private=False), text.encode(), 'sha256'))}"


def _part(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value).encode())


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()

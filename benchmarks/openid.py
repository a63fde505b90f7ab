"""An OpenID provider for `benchmarks.signin`, in a process of its own: `python -m benchmarks.openid PORT`.

It has no pages. A browser's part is played by the benchmark, which makes the code itself: the
nonce, the code challenge and the number of the person, as JSON in base64. It checks the verifier,
and signs ID tokens by ES256.
"""

import sys
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import msgspec
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from virage.identity.people.rules.sso import challenge_of

CLIENT, SECRET, DOMAIN, GROUP = "virage", "the secret of the client", "club.example", "gate staff"
LIFETIME_S = 600


def code_of(nonce: str, challenge: str, person: int) -> str:
    """Return the code of a sign-in."""
    return urlsafe_b64encode(msgspec.json.encode([nonce, challenge, person])).decode()


def variables(issuer: str) -> dict[str, str]:
    """Return the settings with which Virage uses it."""
    return {
        "VIRAGE_OIDC_ISSUER": issuer,
        "VIRAGE_OIDC_CLIENT_ID": CLIENT,
        "VIRAGE_OIDC_CLIENT_SECRET": SECRET,
        "VIRAGE_OIDC_DOMAINS": DOMAIN,
        "VIRAGE_OIDC_ROLES": f"{GROUP}=steward",
        "VIRAGE_OIDC_BREAK_GLASS": f"reserve@{DOMAIN}",
    }


def application(issuer: str) -> web.Application:
    """Return the provider."""
    key = ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True)
    metadata = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/auth",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/keys",
    }

    async def configuration(_: web.Request) -> web.Response:
        return web.json_response(metadata)

    async def keys(_: web.Request) -> web.Response:
        return web.json_response(KeySet([key]).as_dict())

    async def token(request: web.Request) -> web.Response:
        form = await request.post()
        nonce, challenge, person = msgspec.json.decode(urlsafe_b64decode(str(form["code"])))
        if challenge_of(str(form["code_verifier"])) != challenge:
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": issuer,
            "aud": CLIENT,
            "sub": str(person),
            "iat": now,
            "exp": now + LIFETIME_S,
            "auth_time": now,
            "nonce": nonce,
            "email": f"steward{person}@{DOMAIN}",
            "name": "A Steward",
            "groups": [GROUP],
        }
        id_token = jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)
        answer = {"access_token": "a", "token_type": "Bearer", "id_token": id_token, "refresh_token": "r"}
        return web.json_response(answer)

    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", configuration)
    app.router.add_get("/keys", keys)
    app.router.add_post("/token", token)
    return app


if __name__ == "__main__":
    port = int(sys.argv[1])
    web.run_app(application(f"http://127.0.0.1:{port}"), host="127.0.0.1", port=port, print=None)

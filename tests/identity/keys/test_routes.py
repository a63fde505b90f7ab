"""The public keys, over HTTP."""

from datetime import UTC, datetime

import httpx

from virage.identity.keys.acts import ensure_keys, open_vault
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import base64url

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)


async def test_keys_of_an_event_are_public_and_cacheable(
    client: httpx.AsyncClient, db: Database, config: Config
) -> None:
    event_id = new_id()
    async with db.transaction() as conn:
        keys = await ensure_keys(conn, open_vault(config), [event_id, new_id()], NOW)
    answer = await client.get(f"/api/events/{event_id}/pass-keys")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=86400"
    key = keys[event_id]
    assert answer.json() == {
        "event_id": str(event_id),
        "keys": [
            {
                "kid": base64url(key.kid),
                "x": base64url(key.public),
                "kty": "OKP",
                "crv": "Ed25519",
                "alg": "EdDSA",
                "use": "sig",
            }
        ],
    }


async def test_an_event_without_a_key_has_none_to_show(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/api/events/{new_id()}/pass-keys")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"

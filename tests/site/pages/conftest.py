"""Pages requested by the public and by administrators."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from hashlib import sha256
from typing import Any

import httpx
import pytest

from virage.app.application import create_app
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Credential, Grant, Principal
from virage.site.pages import routes

Ask = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def ask(config: Config, db: Database, clock: Clock) -> AsyncIterator[Ask]:
    """Send a request as an unscoped administrator, as one of a single event, as a fan, or
    anonymously.
    """
    principals = {
        "admin": Principal("staff", new_id(), new_id(), (Grant("admin"),)),
        "event": Principal("staff", new_id(), new_id(), (Grant("admin", "event", new_id()),)),
        "office": Principal("staff", new_id(), new_id(), (Grant("box_office"),)),
        "fan": Principal("fan", new_id(), new_id()),
    }
    by_token = {sha256(name.encode()).digest(): who for name, who in principals.items()}

    async def authenticate(credentials: Sequence[Credential]) -> Sequence[Principal | None]:
        return [by_token.get(credential.token_hash) for credential in credentials]

    routers = [routes.public_router, routes.office_router]
    app = create_app(routers, config=config, db=db, clock=clock, authenticator=authenticate)
    transport = httpx.ASGITransport(app=app)
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="https://virage.local") as browser:

        async def ask(who: str, method: str, path: str, body: Any = None) -> httpx.Response:
            headers = {"authorization": f"Bearer {who}"} if who else {}
            return await browser.request(method, path, json=body, headers=headers)

        yield ask

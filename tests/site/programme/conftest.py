"""An office with people of every scope, and events to work on."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
import pytest

from virage.app.application import create_app
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Credential, Grant, Principal
from virage.site.programme import acts, reads, routes
from virage.site.programme.rules import Event, NewEvent, Organiser

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)  # the time of the fixture `clock`
HOUR = timedelta(hours=1)


@pytest.fixture
def a_match() -> Callable[..., NewEvent]:
    """Make matches."""
    return complete_match


def complete_match(organiser_id: UUID, **changes: Any) -> NewEvent:
    """A complete match in a week, on sale now."""
    starts = NOW + timedelta(days=7)
    content: dict[str, Any] = {
        "kind": "match",
        "title": {"fr": "Virage contre Visiteurs", "en": "Virage against Visitors"},
        "doors_at": starts - 2 * HOUR,
        "starts_at": starts,
        "ends_at": starts + 2 * HOUR,
        "sale_opens_at": NOW - HOUR,
        "sale_closes_at": starts + HOUR,
    }
    return NewEvent(id=new_id(), organiser_id=organiser_id, **(content | changes))


class Desk:
    """The office's routes, requested as one of several people; `cancelled` collects the calls of
    the handlers above.
    """

    def __init__(self, browser: httpx.AsyncClient, principals: dict[bytes, Principal], cancelled: list[Event]) -> None:
        self.browser = browser
        self.principals = principals
        self.cancelled = cancelled

    def knows(self, name: str, *grants: Grant, kind: Any = "staff", since: datetime | None = NOW) -> None:
        who = Principal(kind, new_id(), new_id(), grants, since)
        self.principals[sha256(name.encode()).digest()] = who

    async def ask(self, who: str, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {who}"} if who else {}
        return await self.browser.request(method, path, json=body, headers=headers)


@pytest.fixture
async def club(conn: Connection) -> Organiser:
    organiser = Organiser(new_id(), "The club")
    await acts.add_organiser(conn, organiser, None, NOW)
    return organiser


@pytest.fixture
async def promoter(conn: Connection) -> Organiser:
    organiser = Organiser(new_id(), "A promoter")
    await acts.add_organiser(conn, organiser, None, NOW)
    return organiser


@pytest.fixture
async def desk(config: Config, db: Database, clock: Clock, club: Organiser, promoter: Organiser) -> AsyncIterator[Desk]:
    principals: dict[bytes, Principal] = {}
    cancelled: list[Event] = []

    async def authenticate(credentials: Sequence[Credential]) -> Sequence[Principal | None]:
        return [principals.get(credential.token_hash) for credential in credentials]

    async def hear(_conn: Connection, event: Event, _now: datetime) -> None:
        cancelled.append(event)

    handlers: list[Callable[..., Any]] = [hear]
    app = create_app(
        [routes.public_router, routes.office_router],
        config=config,
        db=db,
        clock=clock,
        authenticator=authenticate,
        dependencies={
            "event_board": routes.EventBoard(partial(reads.boards, db)),
            "event_finder": routes.EventFinder(partial(reads.public_events, db)),
            "event_cancelled": handlers,
            "event_moved": (),
        },
    )
    transport = httpx.ASGITransport(app=app)
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="https://virage.local") as browser:
        desk = Desk(browser, principals, cancelled)
        desk.knows("admin", Grant("admin"))
        desk.knows("all", Grant("programme"))
        desk.knows("club", Grant("programme", "organiser", club.id))
        desk.knows("promoter", Grant("programme", "organiser", promoter.id))
        desk.knows("cashier", Grant("cashier"))
        desk.knows("finance", Grant("finance", "organiser", club.id))
        desk.knows("fan", kind="fan")
        yield desk

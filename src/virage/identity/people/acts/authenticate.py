"""Authentication of cookies and bearer tokens: one query per batch of requests, without a write."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from virage.identity.people.rules.devices import DeviceKind, grants_at
from virage.identity.people.rules.grants import grant_stored
from virage.identity.people.rules.sign_in import SEEN_INTERVAL
from virage.identity.people.store import sessions
from virage.identity.people.store.scopes import posts_within
from virage.platform.data.database import Database, Unavailable
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Credential, Grant, Kind, Principal

NO_GRANTS: tuple[Grant, ...] = ()
SESSION, API_CLIENT, DEVICE = "session", "api_client", "device"


class PeopleAuthenticator:
    """Authenticator that reads credentials from the database, so that revocation takes effect at once.

    `issuer` is the OpenID provider of the staff: sessions of people whom it has not confirmed in time are not valid.

    The time of last use is stored at most every ten minutes per session, outside the request.
    """

    def __init__(self, db: Database, clock: Clock, issuer: str | None = None) -> None:
        self._db = db
        self._issuer = issuer
        self._clock = clock
        self._noting: set[asyncio.Task[None]] = set()

    async def __call__(self, credentials: Sequence[Credential]) -> Sequence[Principal | None]:
        """Return one principal or None per credential, in order."""
        cookies = [credential.token_hash for credential in credentials if credential.kind == "cookie"]
        bearers = [credential.token_hash for credential in credentials if credential.kind == "bearer"]
        now = self._clock.now()
        async with self._db.connection() as conn:
            rows = await sessions.look_up(conn, cookies, bearers, now, now - SEEN_INTERVAL, issuer=self._issuer)
            principals = [_principal(row) for row in rows]
            for position, principal in enumerate(principals):
                if posts := await posts_within(conn, principal.grants):
                    principals[position] = replace(principal, posts=posts)
        # a bearer's hash among the cookies finds nothing and the other way round: each table is asked for its own kind
        found = {
            ("cookie" if row[7] == SESSION else "bearer", row[0]): principal
            for row, principal in zip(rows, principals, strict=True)
        }
        stale: dict[str, list[UUID]] = {SESSION: [], API_CLIENT: [], DEVICE: []}
        for row in rows:
            if row[5]:
                stale[row[7]].append(row[1])
        if any(stale.values()):
            self._note(stale)
        return [found.get((credential.kind, credential.token_hash)) for credential in credentials]

    def _note(self, stale: Mapping[str, Sequence[UUID]]) -> None:
        task = asyncio.create_task(self._write(stale))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def _write(self, stale: Mapping[str, Sequence[UUID]]) -> None:
        now = self._clock.now()
        try:
            async with self._db.transaction() as conn:
                await sessions.touch_seen(
                    conn, stale[SESSION], stale[API_CLIENT], stale[DEVICE], now=now, seen_before=now - SEEN_INTERVAL
                )
        except Unavailable:
            log.warning("seen_not_noted", **{what: len(ids) for what, ids in stale.items()})

    async def settled(self) -> None:
        """Wait until pending times of last use are stored."""
        while self._noting:
            await asyncio.gather(*self._noting)

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Store pending times of last use before the server stops."""
        try:
            yield
        finally:
            await self.settled()


def _principal(row: Any) -> Principal:
    _, row_id, person_id, guest_session_id, authenticated_at, _, granted, what = row
    if what == DEVICE:
        return Principal("device", row_id, None, grants_at(DeviceKind(granted["kind"]), granted["posts"]))
    grants = NO_GRANTS if granted is None else tuple(grant_stored(*grant) for grant in granted)
    if what == API_CLIENT:
        return Principal("api_client", row_id, None, grants)
    if person_id is None:
        return Principal("guest", None, row_id)
    kind: Kind = "staff" if grants else "fan"
    return Principal(kind, person_id, row_id, grants, authenticated_at, guest_session_id)

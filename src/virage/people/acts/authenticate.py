"""Who is behind a cookie or a bearer token: on the way of every request, so one query a batch and no write."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from virage.kernel.clock import Clock
from virage.kernel.database import Database, Unavailable
from virage.kernel.guard import Credential, Grant, Kind, Principal
from virage.kernel.logs import log
from virage.people.rules.grants import grant_stored
from virage.people.rules.sign_in import SEEN_AFTER
from virage.people.store import sessions

NO_GRANTS: tuple[Grant, ...] = ()


class PeopleAuthenticator:
    """Look up credentials in the database each time, so that what is revoked is dead at once.

    Being seen is written down at most once in ten minutes a session, beside the requests and never in their way.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._noting: set[asyncio.Task[None]] = set()

    async def __call__(self, credentials: Sequence[Credential]) -> Sequence[Principal | None]:
        """One principal, or None, a credential and in its order."""
        cookies = [credential.token_hash for credential in credentials if credential.kind == "cookie"]
        bearers = [credential.token_hash for credential in credentials if credential.kind == "bearer"]
        now = self._clock.now()
        async with self._db.connection() as conn:
            rows = await sessions.look_up(conn, cookies, bearers, now, now - SEEN_AFTER)
        # a bearer's hash among the cookies finds nothing and the other way round: the statement looks in one table each
        found = {row[0]: _principal(row, is_program=False) for row in rows if not row[7]}
        programs = {row[0]: _principal(row, is_program=True) for row in rows if row[7]}
        stale = [row for row in rows if row[5]]
        if stale:
            self._note([row[1] for row in stale if not row[7]], [row[1] for row in stale if row[7]])
        return [(programs if c.kind == "bearer" else found).get(c.token_hash) for c in credentials]

    def _note(self, session_ids: Sequence[UUID], program_ids: Sequence[UUID]) -> None:
        task = asyncio.create_task(self._write(session_ids, program_ids))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def _write(self, session_ids: Sequence[UUID], program_ids: Sequence[UUID]) -> None:
        now = self._clock.now()
        try:
            async with self._db.transaction() as conn:
                await sessions.note_seen(conn, session_ids, program_ids, now, now - SEEN_AFTER)
        except Unavailable:
            log.warning("seen_not_noted", sessions=len(session_ids), programs=len(program_ids))

    async def settled(self) -> None:
        """Wait until what was seen is written down."""
        while self._noting:
            await asyncio.gather(*self._noting)

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Leave nothing half written when the server stops."""
        try:
            yield
        finally:
            await self.settled()


def _principal(row: Any, *, is_program: bool) -> Principal:
    _, row_id, person_id, guest_session_id, authenticated_at, _, granted, _ = row
    grants = NO_GRANTS if granted is None else tuple(grant_stored(*grant) for grant in granted)
    if is_program:
        return Principal("program", row_id, None, grants)
    if person_id is None:
        return Principal("guest", None, row_id)
    kind: Kind = "staff" if grants else "fan"
    return Principal(kind, person_id, row_id, grants, authenticated_at, guest_session_id)

"""Stored PIN verifiers."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.people.rules.devices import PostKind
from virage.identity.people.rules.pins import PinVerifier, RosterEntry
from virage.identity.people.store.queries import queries
from virage.platform.data.database import Connection


async def put_pin(conn: Connection, person_id: UUID, pin: PinVerifier, now: datetime) -> None:
    """Store or replace a person's PIN."""
    await queries.put_pin(
        conn, person_id=person_id, salt=pin.salt, iterations=pin.iterations, verifier=pin.verifier, now=now
    )


async def drop_pin(conn: Connection, person_id: UUID) -> bool:
    """Forget a person's PIN; False if there was none."""
    return bool(await queries.drop_pin(conn, person_id=person_id))


async def pin_set_at(conn: Connection, person_id: UUID) -> datetime | None:
    """Return when the person set their PIN."""
    since: datetime | None = await queries.pin_set_at(conn, person_id=person_id)
    return since


async def roster(
    conn: Connection,
    kind: PostKind,
    posts: Sequence[str],
    *,
    venues: Sequence[str],
    event_id: UUID | None,
    organiser_id: UUID | None,
) -> list[RosterEntry]:
    """Who may sign in by PIN at these posts, all spelled out: codes and letters of groups; `venues` are theirs."""
    rows = queries.roster(
        conn,
        worker=kind.worker,
        lead=kind.lead,
        scope=kind.scope,
        posts=posts,
        venues=venues,
        event_id=None if event_id is None else str(event_id),
        organiser_id=None if organiser_id is None else str(organiser_id),
    )
    return [RosterEntry(**row) async for row in rows]


async def scopes_of_workers(
    conn: Connection, kind: PostKind, person_id: UUID | None
) -> list[tuple[UUID, str, str | None]]:
    """Return where persons with a PIN work at or lead posts, as (person, scope, its id); one person, or all."""
    rows = queries.scopes_of_workers(conn, worker=kind.worker, lead=kind.lead, scope=kind.scope, person_id=person_id)
    return [(row["person_id"], row["scope"], row["scope_id"]) async for row in rows]

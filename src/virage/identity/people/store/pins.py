"""Stored PIN verifiers."""

from collections.abc import Mapping, Sequence
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
    conn: Connection, kind: PostKind, posts: Sequence[str], event_id: UUID | None, organiser_id: UUID | None
) -> list[RosterEntry]:
    """Who may sign in by PIN at these posts, all spelled out: codes and letters of groups."""
    rows = queries.roster(
        conn,
        worker=kind.worker,
        lead=kind.lead,
        scope=kind.scope,
        posts=posts,
        event_id=None if event_id is None else str(event_id),
        organiser_id=None if organiser_id is None else str(organiser_id),
    )
    return [RosterEntry(**row) async for row in rows]


async def works_at(
    conn: Connection, person_id: UUID, kind: PostKind, posts: Sequence[str], events: Mapping[UUID, UUID]
) -> bool:
    """Return whether a person may sign in by PIN at these posts; `events` has the organiser of each event."""
    return bool(
        await queries.works_at(
            conn,
            person_id=person_id,
            worker=kind.worker,
            lead=kind.lead,
            scope=kind.scope,
            posts=posts,
            event_ids=[str(id_) for id_ in events],
            organiser_ids=[str(id_) for id_ in set(events.values())],
        )
    )


async def posts_of_workers(
    conn: Connection, kind: PostKind, events: Mapping[UUID, UUID]
) -> list[tuple[UUID, str | None]]:
    """Who may sign in by PIN at which post, a row for each; None for every post. `events` names their organisers."""
    rows = queries.posts_of_workers(
        conn,
        worker=kind.worker,
        lead=kind.lead,
        scope=kind.scope,
        event_ids=[str(id_) for id_ in events],
        organiser_ids=[str(id_) for id_ in set(events.values())],
    )
    return [(row[0], row[1]) async for row in rows]

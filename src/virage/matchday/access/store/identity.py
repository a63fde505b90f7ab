"""The identity rules of events, and the outcomes of checks."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.matchday.access.rules.identity import IdentityContent, IdentityCounts, IdentityRule
from virage.matchday.access.store.queries import queries
from virage.platform.data.database import Connection


async def identity_rules(conn: Connection, event_ids: Sequence[UUID]) -> dict[UUID, IdentityRule]:
    """Return the rules of events; those without one are missing."""
    rows = queries.identity_rules(conn, event_ids=list(event_ids))
    return {row["event_id"]: IdentityRule(**dict(row)) async for row in rows}


async def lock_identity_rule(conn: Connection, event_id: UUID) -> IdentityRule | None:
    """Return the rule of an event, locked until the transaction ends."""
    row = await queries.lock_identity_rule(conn, event_id=event_id)
    return None if row is None else IdentityRule(**dict(row))


async def insert_identity_rule(
    conn: Connection, event_id: UUID, content: IdentityContent, secret: bytes, *, who: UUID | None, now: datetime
) -> bool:
    """Insert the first rule of an event; return whether it had none."""
    rows = queries.insert_identity_rule(
        conn,
        event_id=event_id,
        share_percent=content.share_percent,
        unnamed=content.unnamed,
        secret=secret,
        now=now,
        who=who,
    )
    return [row async for row in rows] != []


async def change_identity_rule(
    conn: Connection, event_id: UUID, content: IdentityContent, who: UUID | None, now: datetime
) -> None:
    """Change the locked rule of an event; its secret stays."""
    await queries.change_identity_rule(
        conn, event_id=event_id, share_percent=content.share_percent, unnamed=content.unnamed, now=now, who=who
    )


async def identity_counts(conn: Connection, event_id: UUID) -> IdentityCounts:
    """Return how many documents were to be checked at an event, and how many matched or did not."""
    return IdentityCounts(**dict(await queries.identity_counts(conn, event_id=event_id)))

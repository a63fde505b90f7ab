"""Push subscriptions of browsers."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from virage.identity.people.rules.push import SUBSCRIPTIONS_MAX, Subscriber
from virage.identity.people.store.queries import queries
from virage.platform.data.database import Connection


class PushTarget(NamedTuple):
    """A subscribed browser, with the language of its person."""

    id: UUID
    person_id: UUID
    locale: str


class Endpoint(Struct, frozen=True):
    """A subscription in the export of a person."""

    id: UUID
    endpoint: str
    subscribed_at: datetime


async def put_subscription(
    conn: Connection, subscription_id: UUID, session_id: UUID, subscriber: Subscriber, now: datetime
) -> bool:
    """Store a subscription. Return False for an id of another session, and for an ended session."""
    if await queries.keep_session(conn, session_id=session_id) is None:
        return False
    await queries.drop_endpoint(conn, endpoint=subscriber.endpoint, id=subscription_id)
    written = await queries.put_subscription(
        conn,
        id=subscription_id,
        session_id=session_id,
        endpoint=subscriber.endpoint,
        p256dh=subscriber.p256dh,
        auth=subscriber.auth,
        vapid=subscriber.vapid,
        now=now,
    )
    await queries.trim_subscriptions(conn, session_id=session_id, limit=SUBSCRIPTIONS_MAX)
    return written is not None


async def drop_subscription(conn: Connection, subscription_id: UUID, session_id: UUID) -> None:
    """Forget a subscription of a session."""
    await queries.drop_subscription(conn, id=subscription_id, session_id=session_id)


async def end_subscriptions(conn: Connection, subscription_ids: Sequence[UUID]) -> None:
    """Delete subscriptions that their push services report as ended."""
    await queries.end_subscriptions(conn, ids=list(subscription_ids))


async def subscribers(conn: Connection, subscription_ids: Sequence[UUID], now: datetime) -> dict[UUID, Subscriber]:
    """Return subscriptions by id; those of ended sessions are left out."""
    rows = queries.subscribers(conn, ids=list(subscription_ids), now=now)
    return {row["id"]: Subscriber(row["endpoint"], row["p256dh"], row["auth"], row["vapid"]) async for row in rows}


async def raise_revision(conn: Connection, topic: UUID, revision: int, expires_at: datetime) -> None:
    """Store the last revision sent for a topic; lower ones are not sent any more."""
    await queries.raise_revision(conn, topic=topic, revision=revision, expires_at=expires_at)


async def revision_of(conn: Connection, topic: UUID) -> int:
    """Return the last correcting revision of a topic; 0 without corrections."""
    return await queries.revision_of(conn, topic=topic) or 0


async def delete_expired_topics(conn: Connection, now: datetime) -> None:
    """Forget topics of which nothing is sent any more."""
    await queries.delete_expired_topics(conn, now=now)


async def subscriptions_of(conn: Connection, person_ids: Sequence[UUID], now: datetime) -> list[PushTarget]:
    """Return the subscriptions of persons."""
    rows = queries.subscriptions_of(conn, person_ids=list(person_ids), now=now)
    return [PushTarget(row["id"], row["person_id"], row["locale"]) async for row in rows]


async def endpoints_of(conn: Connection, person_id: UUID) -> list[Endpoint]:
    """Where a person asked to be told."""
    rows = queries.endpoints_of(conn, person_id=person_id)
    return [Endpoint(row["id"], row["endpoint"], row["subscribed_at"]) async for row in rows]

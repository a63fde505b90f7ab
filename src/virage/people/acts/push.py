"""A browser asks to be told, and a person is told wherever they asked for it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from virage.kernel.database import Connection
from virage.kernel.problems import Refused
from virage.kernel.queue import enqueue
from virage.people.rules.push import PushDue, PushMessage, Subscriber
from virage.people.rules.reasons import Reason
from virage.people.store import push as store

PUSH_KIND = "push"


async def subscribe(
    conn: Connection, subscription_id: UUID, session_id: UUID, subscriber: Subscriber, now: datetime
) -> Refused | None:
    """Tell a browser from now on, until its session ends. The same again is the same."""
    if not await store.put_subscription(conn, subscription_id, session_id, subscriber, now):
        return Refused(Reason.NOT_FOUND)
    return None


async def unsubscribe(conn: Connection, subscription_id: UUID, session_id: UUID) -> None:
    """Tell this browser nothing more."""
    await store.drop_subscription(conn, subscription_id, session_id)


async def tell(conn: Connection, messages: Sequence[PushMessage], now: datetime) -> None:
    """Tell persons in their browsers once the transaction commits, in their language."""
    by_person: dict[UUID, list[PushMessage]] = {}
    for message in messages:
        by_person.setdefault(message.person_id, []).append(message)
    due = [
        PushDue(reached.id, message.topic, _text(message, reached.locale), message.expires_at)
        for reached in await store.subscriptions_of(conn, list(by_person), now)
        for message in by_person[reached.person_id]
    ]
    await enqueue(conn, PUSH_KIND, due)


def _text(message: PushMessage, locale: str) -> str:
    """What the browser's service worker reads."""
    said = message.said["fr" if locale == "fr" else "en"]
    about = {"kind": message.kind, "title": said.title, "body": said.body, **message.data}
    return msgspec.json.encode(about).decode()

"""Push subscriptions of browsers, and push messages to persons."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from virage.identity.people.rules.push import BROWSERS_PER_JOB, PushJob, PushMessage, Subscriber
from virage.identity.people.rules.reasons import Reason
from virage.identity.people.store import push as store
from virage.platform.data.database import Connection
from virage.platform.data.queue import URGENT, enqueue
from virage.platform.values.localised import LanguageTag, widened
from virage.platform.values.refusals import Refused

PUSH_JOB: Final = "push"


async def subscribe(
    conn: Connection, subscription_id: UUID, session_id: UUID, subscriber: Subscriber, now: datetime
) -> Refused | None:
    """Subscribe a browser until its session ends; idempotent."""
    if not await store.put_subscription(conn, subscription_id, session_id, subscriber, now):
        return Refused(Reason.NOT_FOUND)
    return None


async def unsubscribe(conn: Connection, subscription_id: UUID, session_id: UUID) -> None:
    """Remove a browser's subscription."""
    await store.drop_subscription(conn, subscription_id, session_id)


async def notify(conn: Connection, message: PushMessage, now: datetime) -> None:
    """Enqueue a push message to persons in their languages, sent after the transaction commits."""
    if message.corrects:
        await store.raise_revision(conn, message.topic, message.revision, message.expires_at)
    reached: dict[LanguageTag, list[UUID]] = {}
    for browser in await store.subscriptions_of(conn, message.person_ids, now):
        reached.setdefault(_language(message, browser.locale), []).append(browser.id)
    due = [
        PushJob(
            browsers[first : first + BROWSERS_PER_JOB],
            message.topic,
            text,
            message.expires_at,
            message.urgency,
            message.revision,
        )
        for language, browsers in reached.items()
        for text in [_text(message, language)]
        for first in range(0, len(browsers), BROWSERS_PER_JOB)
    ]
    await enqueue(conn, PUSH_JOB, due, priority=URGENT if message.is_urgent else 0)


def _language(message: PushMessage, wanted: str) -> LanguageTag:
    """Return the language of a message for a browser: its own, a wider one, else the first."""
    return next((tag for tag in widened(wanted) if tag in message.said), next(iter(message.said)))


def _text(message: PushMessage, language: LanguageTag) -> str:
    """Return the JSON that the browser's service worker reads."""
    said = message.said[language]
    about = {"kind": message.kind, "title": said.title, "body": said.body, **message.data}
    return msgspec.json.encode(about).decode()

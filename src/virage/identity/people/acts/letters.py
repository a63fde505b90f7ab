"""Writing letters: stored with whatever they tell about, composed and sent by a job."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from virage.identity.people.rules.letters import (
    RESENDS_PER_HOUR,
    RESENDS_PER_MINUTE,
    URGENT,
    LetterDue,
    NewLetter,
)
from virage.identity.people.rules.reasons import Reason
from virage.identity.people.rules.secrets import Secrets
from virage.identity.people.store import letters as store
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.data.queue import enqueue
from virage.platform.mail.reports import Report
from virage.platform.values.refusals import Refused

URGENT_KIND = "mail"
LETTER_KIND = "letter"
_RECENTLY = ((timedelta(minutes=1), RESENDS_PER_MINUTE), (timedelta(hours=1), RESENDS_PER_HOUR))


async def write(
    conn: Connection,
    letters: Sequence[NewLetter],
    now: datetime,
    *,
    keys: Secrets | None = None,
    delay: timedelta = timedelta(0),
) -> list[UUID]:
    """Send letters `delay` after the transaction commits; the ids of the new ones. The queue carries their ids alone.

    `keys` are needed where a letter has a given recipient or a secret.
    """
    if not letters:
        return []
    written = await store.write(conn, keys, letters, now)
    await enqueue(conn, URGENT_KIND, [LetterDue(id_) for id_, kind in written if kind in URGENT], delay=delay)
    await enqueue(conn, LETTER_KIND, [LetterDue(id_) for id_, kind in written if kind not in URGENT], delay=delay)
    return [id_ for id_, _ in written]


async def resend(
    conn: Connection,
    about_id: UUID,
    letter_id: UUID | None,
    new_id: UUID,
    *,
    who: UUID | None,
    now: datetime,
    person_id: UUID | None = None,
) -> Refused | None:
    """Send a letter of an order again, to the order's person alone; `person_id`: only if that is them.

    `letter_id` None: the first letter of the order. One a minute and five an hour of an order. The same `new_id`
    again is the same letter.
    """
    await store.lock_letters_about(conn, about_id)
    known = await store.lock_letters_about(conn, about_id)  # with those that were written while the first waited
    if any(letter.id == new_id for letter in known):
        return None
    original = next((letter for letter in known if letter_id in (None, letter.id)), None)
    if original is None or original.person_id is None or person_id not in (None, original.person_id):
        return Refused(Reason.NOT_FOUND)
    for window, most in _RECENTLY:
        if sum(letter.queued_at > now - window for letter in known) >= most:
            return Refused(Reason.RATE_LIMITED)
    again = NewLetter(
        id=new_id,
        kind=original.kind,
        subject_id=original.subject_id,
        about_id=about_id,
        person_id=original.person_id,
        was_at=original.was_at,
        resend_of=original.id,
    )
    if not await write(conn, [again], now):
        return Refused(Reason.NOT_FOUND)
    await journal.append(conn, [Fact("letter_resent", who, about_id, {"letter": new_id})], now)
    return None


async def report(conn: Connection, keys: Sequence[Secrets], letter_id: UUID, what: Report, now: datetime) -> None:
    """Store what a mail server reported of a letter; an address that does not exist is not written to again."""
    news, to = await store.mark_reported(conn, keys, letter_id, what, now)
    if news and what.blocks and to is not None:
        await store.block(conn, keys[0], to, letter_id, reason=what.reason, now=now)


async def free_address(conn: Connection, letter_id: UUID, who: UUID | None, now: datetime) -> Refused | None:
    """Let the address of a letter that came back be written to again."""
    if not await store.free_address(conn, letter_id):
        return Refused(Reason.NOT_FOUND)
    await journal.append(conn, [Fact("address_freed", who, letter_id)], now)
    return None

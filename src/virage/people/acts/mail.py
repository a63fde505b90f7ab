"""Writing letters: stored sealed with whatever they tell about, sent by a job."""

from collections.abc import Sequence
from datetime import timedelta

from virage.kernel.database import Connection
from virage.kernel.ids import new_id
from virage.kernel.queue import enqueue
from virage.people.rules.mails import Mail, MailDue
from virage.people.rules.secrets import Secrets
from virage.people.store import mails as letters

MAIL_KIND = "mail"


async def post(conn: Connection, keys: Secrets, mails: Sequence[Mail], *, delay: timedelta = timedelta(0)) -> None:
    """Send letters once the transaction commits, or so much later. What the queue carries is their ids alone."""
    named = [(new_id(), mail) for mail in mails]
    await letters.put_letters(conn, keys, named)
    await enqueue(conn, MAIL_KIND, [MailDue(mail_id) for mail_id, _ in named], delay=delay)

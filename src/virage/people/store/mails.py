"""Letters on their way, and the demonstration's mailbox."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from virage.kernel.database import Connection
from virage.kernel.sealing import seal, unseal
from virage.people.rules.mails import Letter, Mail
from virage.people.rules.secrets import Secrets, address_key
from virage.people.store.queries import queries


async def put_letters(conn: Connection, keys: Secrets, mails: Sequence[tuple[UUID, Mail]]) -> None:
    """Store letters, each sealed under its id."""
    await queries.put_letters(
        conn,
        mail_ids=[mail_id for mail_id, _ in mails],
        address_keys=[address_key(keys, mail.to) for _, mail in mails],
        sealed=[seal(keys.mail, msgspec.json.encode(mail), mail_id.bytes) for mail_id, mail in mails],
        expiries=[mail.expires_at for _, mail in mails],
    )


async def letter(conn: Connection, keys: Sequence[Secrets], mail_id: UUID) -> Mail | None:
    """One letter that waits, opened with whichever of the keys sealed it; ValueError if none of them did."""
    sealed = await queries.letter(conn, mail_id=mail_id)
    if sealed is None:
        return None
    plain = unseal([key.mail for key in keys], sealed, mail_id.bytes)
    if plain is None:
        raise ValueError("No key opens this letter.")
    return msgspec.json.decode(plain, type=Mail)


async def drop_letter(conn: Connection, mail_id: UUID) -> None:
    """Forget a letter."""
    await queries.drop_letter(conn, mail_id=mail_id)


async def tidy_letters(conn: Connection, now: datetime) -> None:
    """Forget letters that came too late."""
    await queries.tidy_letters(conn, now=now)


async def deliver(conn: Connection, mail_id: UUID, mail: Mail, now: datetime) -> None:
    """Put a letter into the mailbox, once."""
    await queries.deliver(conn, mail_id=mail_id, recipient=mail.to, subject=mail.subject, body=mail.text, now=now)


async def mailbox(conn: Connection, most: int) -> list[Letter]:
    """The latest letters in the mailbox."""
    return [Letter(**row) async for row in queries.mailbox(conn, most=most)]

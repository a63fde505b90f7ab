"""Letters, the addresses that came back, and the demonstration's mailbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.identity.people.rules.letters import (
    LISTED_FOR,
    UNLISTED_FOR,
    BlockedAddress,
    Kind,
    Letter,
    LetterView,
    MailboxFile,
    MailboxLetter,
    NewLetter,
    State,
)
from virage.identity.people.rules.secrets import Secrets, address_key
from virage.identity.people.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.mail.messages import Attachment, Rendered
from virage.platform.mail.reports import Report
from virage.platform.values.sealing import seal, unseal

_SECRET = b" secret"


class Sent(Struct, frozen=True):
    """As much of a letter as sending it again needs."""

    id: UUID
    kind: Kind
    subject_id: UUID
    about_id: UUID
    person_id: UUID | None
    was_at: datetime | None
    queued_at: datetime


async def write(
    conn: Connection, keys: Secrets | None, letters: Sequence[NewLetter], now: datetime
) -> list[tuple[UUID, Kind]]:
    """Store letters; those that were not written before. `keys` seal given recipients and secrets."""
    recipients, address_keys, secrets = [], [], []
    for letter in letters:
        if keys is None and (letter.to is not None or letter.secret is not None):
            raise ValueError("A recipient or a secret is stored sealed: give the keys.")
        to, secret = letter.to, letter.secret
        recipients.append(None if to is None or keys is None else seal(keys.mail, to.encode(), letter.id.bytes))
        address_keys.append(None if to is None or keys is None else address_key(keys, to))
        secrets.append(
            None
            if secret is None or keys is None
            else seal(keys.mail, msgspec.json.encode(secret), letter.id.bytes + _SECRET)
        )
    rows = queries.write_letters(
        conn,
        ids=[letter.id for letter in letters],
        kinds=[letter.kind.value for letter in letters],
        subject_ids=[letter.subject_id for letter in letters],
        about_ids=[letter.about_id for letter in letters],
        person_ids=[letter.person_id for letter in letters],
        resends_of=[letter.resend_of for letter in letters],
        locales=[letter.locale for letter in letters],
        recipients=recipients,
        address_keys=address_keys,
        secrets=secrets,
        was_ats=[letter.was_at for letter in letters],
        expiries=[letter.expires_at for letter in letters],
        now=now,
    )
    return [(row["id"], Kind(row["kind"])) async for row in rows]


async def letter(conn: Connection, keys: Sequence[Secrets], letter_id: UUID) -> Letter | None:
    """One letter that waits, opened; None without one or without a recipient. ValueError if no key opens it."""
    row = await queries.letter(conn, letter_id=letter_id)
    if row is None:
        return None
    to = row["email"] or _opened(keys, row["recipient"], letter_id.bytes)
    if to is None:
        return None
    secret = _opened(keys, row["secret"], letter_id.bytes + _SECRET)
    return Letter(
        id=letter_id,
        kind=Kind(row["kind"]),
        subject_id=row["subject_id"],
        about_id=row["about_id"],
        person_id=row["person_id"],
        locale=row["locale"],
        to=to,
        secret={} if secret is None else msgspec.json.decode(secret, type=dict[str, str]),
        was_at=row["was_at"],
        expires_at=row["expires_at"],
        blocked=await is_blocked(conn, keys, to),
    )


def _opened(keys: Sequence[Secrets], sealed: bytes | None, name: bytes) -> str | None:
    if sealed is None:
        return None
    plain = unseal([key.mail for key in keys], sealed, name)
    if plain is None:
        raise ValueError("No key opens this letter.")
    return plain.decode()


async def mark_sent(
    conn: Connection, keys: Secrets, letter_id: UUID, to: str | None, *, state: State, reason: str | None, now: datetime
) -> None:
    """Say that a letter left, or will not. `to` is kept for reports about it; None: it is forgotten."""
    await queries.mark_sent(
        conn,
        letter_id=letter_id,
        state=state,
        reason=reason,
        recipient=None if to is None else seal(keys.mail, to.encode(), letter_id.bytes),
        address_key=None if to is None else address_key(keys, to),
        now=now,
    )


async def drop_letter(conn: Connection, letter_id: UUID) -> None:
    """Forget a letter that waits."""
    await queries.drop_letter(conn, letter_id=letter_id)


async def mark_reported(
    conn: Connection, keys: Sequence[Secrets], letter_id: UUID, report: Report, now: datetime
) -> tuple[bool, str | None]:
    """Store what was reported; whether it was news, and the letter's recipient if it is still known."""
    row = await queries.mark_reported(conn, letter_id=letter_id, state=report.state, reason=report.reason, now=now)
    if row is None:
        return False, None
    return True, _opened(keys, row["recipient"], letter_id.bytes) or row["email"]


async def block(conn: Connection, keys: Secrets, to: str, letter_id: UUID, *, reason: str, now: datetime) -> None:
    """Note that an address must not be written to again."""
    key = address_key(keys, to)
    sealed = seal(keys.mail, to.encode(), key)
    await queries.block(conn, address_key=key, recipient=sealed, letter_id=letter_id, reason=reason, now=now)


async def is_blocked(conn: Connection, keys: Sequence[Secrets], to: str) -> bool:
    """Whether letters to an address came back for good, so that none is sent any more."""
    return bool(await queries.is_blocked(conn, address_keys=[address_key(key, to) for key in keys]))


async def blocked(conn: Connection, keys: Sequence[Secrets], most: int) -> list[BlockedAddress]:
    """Addresses that came back, the latest first."""
    return [
        BlockedAddress(
            row["letter_id"], _opened(keys, row["recipient"], row["address_key"]) or "", row["reason"], row["since"]
        )
        async for row in queries.blocked(conn, most=most)
    ]


async def free_address(conn: Connection, letter_id: UUID) -> bool:
    """Let an address be written to again; whether it was blocked."""
    return await queries.free_address(conn, letter_id=letter_id) is not None


async def letters_about(
    conn: Connection, keys: Sequence[Secrets], about_id: UUID, person_id: UUID | None
) -> list[LetterView]:
    """The letters of an order, the latest first; to one person, if one is named."""
    rows = queries.letters_about(conn, about_id=about_id, person_id=person_id)
    return [_view(keys, row) async for row in rows]


async def letters(
    conn: Connection, keys: Sequence[Secrets], state: State | None, before: UUID | None, most: int
) -> list[LetterView]:
    """The latest letters."""
    return [_view(keys, row) async for row in queries.letters(conn, state=state, before=before, most=most)]


def _view(keys: Sequence[Secrets], row: Any) -> LetterView:
    to = _opened(keys, row["recipient"], row["id"].bytes) or (row["email"] if row["state"] == "queued" else None)
    return LetterView(
        id=row["id"],
        kind=Kind(row["kind"]),
        about_id=row["about_id"],
        to=to,
        state=row["state"],
        reason=row["reason"],
        queued_at=row["queued_at"],
        state_at=row["state_at"],
        resent=row["resent"],
    )


async def lock_letters_about(conn: Connection, about_id: UUID) -> list[Sent]:
    """The letters of an order, locked."""
    rows = queries.lock_letters_about(conn, about_id=about_id)
    return [Sent(**{**row, "kind": Kind(row["kind"])}) async for row in rows]


async def letters_of(conn: Connection, person_id: UUID) -> list[dict[str, Any]]:
    """What is kept of the letters to a person, the latest first."""
    return [dict(row) async for row in queries.letters_of(conn, person_id=person_id)]


async def tidy_letters(conn: Connection, now: datetime) -> None:
    """Forget letters that came too late, and those that are old."""
    await queries.tidy_letters(conn, now=now, unlisted_since=now - UNLISTED_FOR, listed_since=now - LISTED_FOR)


async def deliver(conn: Connection, letter_id: UUID, to: str, rendered: Rendered, now: datetime) -> None:
    """Put a letter into the demonstration's mailbox, once."""
    fresh = await queries.deliver(
        conn,
        letter_id=letter_id,
        recipient=to,
        subject=rendered.subject,
        body=rendered.text,
        html=rendered.html,
        now=now,
    )
    files = rendered.attachments
    if fresh is not None and files:
        await queries.deliver_files(
            conn,
            letter_id=letter_id,
            positions=list(range(len(files))),
            names=[file.name for file in files],
            media_types=[file.media_type for file in files],
            contents=[file.content for file in files],
        )


async def mailbox(conn: Connection, most: int) -> list[MailboxLetter]:
    """The latest letters in the mailbox."""
    return [
        MailboxLetter(**{**row, "files": [MailboxFile(at, name) for at, name in enumerate(row["files"])]})
        async for row in queries.mailbox(conn, most=most)
    ]


async def mailbox_html(conn: Connection, letter_id: UUID) -> str | None:
    """A letter of the mailbox as a mail program shows it."""
    html: str | None = await queries.mailbox_html(conn, letter_id=letter_id)
    return html


async def mailbox_file(conn: Connection, letter_id: UUID, position: int) -> Attachment | None:
    """A file of a letter in the mailbox."""
    row = await queries.mailbox_file(conn, letter_id=letter_id, position=position)
    return None if row is None else Attachment(**row)

"""Emails, the addresses that came back, and the demonstration's mailbox."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.identity.people.rules.emails import (
    LISTED_FOR,
    UNLISTED_FOR,
    BlockedAddress,
    Email,
    EmailKind,
    EmailView,
    MailboxEmail,
    MailboxFile,
    NewEmail,
    State,
)
from virage.identity.people.rules.secrets import PeopleKeys, address_key
from virage.identity.people.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.mail.messages import Attachment, Rendered
from virage.platform.mail.reports import Report
from virage.platform.values.sealing import seal, unseal

_SECRET = b" secret"


class Sent(Struct, frozen=True):
    """As much of an email as sending it again needs."""

    id: UUID
    kind: EmailKind
    subject_id: UUID
    about_id: UUID
    person_id: UUID | None
    was_at: datetime | None
    queued_at: datetime


class SentEmail(Struct, frozen=True):
    """An email that left, or will not. `kept` is its recipient, for reports about it; None: it is forgotten."""

    id: UUID
    kept: str | None
    state: State
    reason: str | None
    subject: str | None


async def write(
    conn: Connection, keys: PeopleKeys | None, emails: Sequence[NewEmail], now: datetime
) -> list[tuple[UUID, EmailKind]]:
    """Store emails; those that were not written before. `keys` seal given recipients and secrets."""
    recipients, address_keys, secrets = [], [], []
    for email in emails:
        if keys is None and (email.to is not None or email.secret is not None):
            raise ValueError("A recipient or a secret is stored sealed: give the keys.")
        to, secret = email.to, email.secret
        recipients.append(None if to is None or keys is None else seal(keys.mail, to.encode(), email.id.bytes))
        address_keys.append(None if to is None or keys is None else address_key(keys, to))
        secrets.append(
            None
            if secret is None or keys is None
            else seal(keys.mail, msgspec.json.encode(secret), email.id.bytes + _SECRET)
        )
    rows = queries.write_emails(
        conn,
        ids=[email.id for email in emails],
        kinds=[email.kind.value for email in emails],
        subject_ids=[email.subject_id for email in emails],
        about_ids=[email.about_id for email in emails],
        person_ids=[email.person_id for email in emails],
        resends_of=[email.resend_of for email in emails],
        locales=[email.locale for email in emails],
        recipients=recipients,
        address_keys=address_keys,
        secrets=secrets,
        was_ats=[email.was_at for email in emails],
        expiries=[email.expires_at for email in emails],
        now=now,
    )
    return [(row["id"], EmailKind(row["kind"])) async for row in rows]


async def waiting_emails(
    conn: Connection, keys: Sequence[PeopleKeys], email_ids: Collection[UUID]
) -> dict[UUID, Email]:
    """Emails that wait, opened, by id; those without a recipient are left out. ValueError if no key opens one."""
    rows = {row["id"]: row async for row in queries.waiting_emails(conn, email_ids=list(email_ids))}
    recipients = {id_: row["email"] or _opened(keys, row["recipient"], id_.bytes) for id_, row in rows.items()}
    blocked = await _blocked_among(conn, keys, {to for to in recipients.values() if to is not None})
    found = {}
    for id_, row in rows.items():
        to, secret = recipients[id_], _opened(keys, row["secret"], id_.bytes + _SECRET)
        if to is not None:
            found[id_] = Email(
                id=id_,
                kind=EmailKind(row["kind"]),
                subject_id=row["subject_id"],
                about_id=row["about_id"],
                person_id=row["person_id"],
                locale=row["locale"],
                to=to,
                secret={} if secret is None else msgspec.json.decode(secret, type=dict[str, str]),
                was_at=row["was_at"],
                expires_at=row["expires_at"],
                blocked=to in blocked,
            )
    return found


def _opened(keys: Sequence[PeopleKeys], sealed: bytes | None, name: bytes) -> str | None:
    if sealed is None:
        return None
    plain = unseal([key.mail for key in keys], sealed, name)
    if plain is None:
        raise ValueError("No key opens this email.")
    return plain.decode()


async def mark_sent(conn: Connection, keys: PeopleKeys, sent: Sequence[SentEmail], now: datetime) -> None:
    """Say that emails, each named once, left or will not."""
    await queries.mark_sent(
        conn,
        email_ids=[one.id for one in sent],
        states=[one.state for one in sent],
        reasons=[one.reason for one in sent],
        recipients=[None if one.kept is None else seal(keys.mail, one.kept.encode(), one.id.bytes) for one in sent],
        address_keys=[None if one.kept is None else address_key(keys, one.kept) for one in sent],
        subjects=[one.subject for one in sent],
        now=now,
    )


async def drop_email(conn: Connection, email_id: UUID) -> None:
    """Forget an email that waits."""
    await queries.drop_email(conn, email_id=email_id)


async def mark_reported(
    conn: Connection, keys: Sequence[PeopleKeys], email_id: UUID, report: Report, now: datetime
) -> tuple[bool, str | None]:
    """Store what was reported; whether it was news, and the email's recipient if it is still known."""
    row = await queries.mark_reported(conn, email_id=email_id, state=report.state, reason=report.reason, now=now)
    if row is None:
        return False, None
    return True, _opened(keys, row["recipient"], email_id.bytes) or row["email"]


async def block(conn: Connection, keys: PeopleKeys, to: str, email_id: UUID, *, reason: str, now: datetime) -> None:
    """Note that an address must not be written to again."""
    key = address_key(keys, to)
    sealed = seal(keys.mail, to.encode(), key)
    await queries.block(conn, address_key=key, recipient=sealed, email_id=email_id, reason=reason, now=now)


async def is_blocked(conn: Connection, keys: Sequence[PeopleKeys], to: str) -> bool:
    """Whether emails to an address came back for good, so that none is sent any more."""
    return to in await _blocked_among(conn, keys, [to])


async def _blocked_among(conn: Connection, keys: Sequence[PeopleKeys], addresses: Collection[str]) -> set[str]:
    """Those of these addresses to which emails came back for good, under any of their keys."""
    by_key = {address_key(key, to): to for to in addresses for key in keys}
    rows = queries.blocked_keys(conn, address_keys=list(by_key))
    return {by_key[row["address_key"]] async for row in rows}


async def blocked(conn: Connection, keys: Sequence[PeopleKeys], limit: int) -> list[BlockedAddress]:
    """Addresses that came back, the latest first."""
    return [
        BlockedAddress(
            row["letter_id"], _opened(keys, row["recipient"], row["address_key"]) or "", row["reason"], row["since"]
        )
        async for row in queries.blocked(conn, limit=limit)
    ]


async def unblock_address(conn: Connection, email_id: UUID) -> bool:
    """Let an address be written to again; whether it was blocked."""
    return await queries.unblock_address(conn, email_id=email_id) is not None


async def emails_about(
    conn: Connection, keys: Sequence[PeopleKeys], about_id: UUID, person_id: UUID | None
) -> list[EmailView]:
    """The emails of an order, the latest first; to one person, if one is named."""
    rows = queries.emails_about(conn, about_id=about_id, person_id=person_id)
    return [_view(keys, row) async for row in rows]


async def emails(
    conn: Connection, keys: Sequence[PeopleKeys], state: State | None, before: UUID | None, limit: int
) -> list[EmailView]:
    """The latest emails."""
    return [_view(keys, row) async for row in queries.emails(conn, state=state, before=before, limit=limit)]


def _view(keys: Sequence[PeopleKeys], row: Any) -> EmailView:
    to = _opened(keys, row["recipient"], row["id"].bytes) or (row["email"] if row["state"] == "queued" else None)
    return EmailView(
        id=row["id"],
        kind=EmailKind(row["kind"]),
        about_id=row["about_id"],
        to=to,
        state=row["state"],
        reason=row["reason"],
        queued_at=row["queued_at"],
        state_at=row["state_at"],
        resent=row["resent"],
        subject=row["subject"],
    )


async def lock_emails_about(conn: Connection, about_id: UUID) -> list[Sent]:
    """The emails of an order, locked."""
    rows = queries.lock_emails_about(conn, about_id=about_id)
    return [Sent(**{**row, "kind": EmailKind(row["kind"])}) async for row in rows]


async def emails_of(conn: Connection, person_id: UUID) -> list[dict[str, Any]]:
    """What is kept of the emails to a person, the latest first."""
    return [dict(row) async for row in queries.emails_of(conn, person_id=person_id)]


async def delete_old_emails(conn: Connection, now: datetime) -> None:
    """Forget emails that came too late, and those that are old."""
    await queries.delete_old_emails(conn, now=now, unlisted_since=now - UNLISTED_FOR, listed_since=now - LISTED_FOR)


async def deliver(conn: Connection, letters: Mapping[UUID, tuple[str, Rendered]], now: datetime) -> None:
    """Put emails, each with its recipient, into the demonstration's mailbox, once."""
    rows = queries.deliver(
        conn,
        email_ids=list(letters),
        recipients=[to for to, _ in letters.values()],
        subjects=[rendered.subject for _, rendered in letters.values()],
        bodies=[rendered.text for _, rendered in letters.values()],
        htmls=[rendered.html for _, rendered in letters.values()],
        now=now,
    )
    fresh = [row["id"] async for row in rows]
    files = [(id_, at, file) for id_ in fresh for at, file in enumerate(letters[id_][1].attachments)]
    if files:
        await queries.deliver_files(
            conn,
            email_ids=[id_ for id_, _, _ in files],
            positions=[at for _, at, _ in files],
            names=[file.name for _, _, file in files],
            media_types=[file.media_type for _, _, file in files],
            contents=[file.content for _, _, file in files],
        )


async def mailbox(conn: Connection, limit: int) -> list[MailboxEmail]:
    """The latest emails in the mailbox."""
    return [
        MailboxEmail(**{**row, "files": [MailboxFile(at, name) for at, name in enumerate(row["files"])]})
        async for row in queries.mailbox(conn, limit=limit)
    ]


async def mailbox_html(conn: Connection, email_id: UUID) -> str | None:
    """An email of the mailbox as a mail program shows it."""
    html: str | None = await queries.mailbox_html(conn, email_id=email_id)
    return html


async def mailbox_file(conn: Connection, email_id: UUID, position: int) -> Attachment | None:
    """A file of an email in the mailbox."""
    row = await queries.mailbox_file(conn, email_id=email_id, position=position)
    return None if row is None else Attachment(**row)

"""The job that sends one email: load its content, render it, hand it to the mail server, store its state."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from email.policy import SMTP
from uuid import UUID

from msgspec import Struct

from virage.identity.people.reads import EmailComposer
from virage.identity.people.rules.emails import FORGOTTEN, Email, EmailContent, EmailJob, EmailKind, State
from virage.identity.people.rules.emails.rendering import render
from virage.identity.people.rules.secrets import people_keys
from virage.identity.people.settings import PeopleSettings
from virage.identity.people.store import emails
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database
from virage.platform.host.background import in_background
from virage.platform.mail.messages import Rendered, Signer, compose, return_path, signed
from virage.platform.mail.reports import Report
from virage.platform.mail.sending import SmtpServer, send, smtp_server
from virage.platform.settings.config import Config
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock


class NoMailServer(Exception):
    """Neither VIRAGE_SMTP_URL nor a demonstration's mailbox is available."""


class _Ended(Struct, frozen=True):
    """An email that was sent, put into the mailbox (`delivered`), or refused for good; `subject` once it is known."""

    email: Email
    subject: str | None
    refused: Report | None = None
    delivered: Rendered | None = None

    @property
    def kept(self) -> str | None:
        """The recipient, for reports about the email; None if it is forgotten."""
        return None if self.email.kind in FORGOTTEN else self.email.to

    def as_sent(self) -> emails.SentEmail:
        """Return what is stored."""
        state: State = "sent" if self.delivered is None else "delivered"
        if self.refused is None:
            return emails.SentEmail(self.email.id, self.kept, state, None, self.subject)
        return emails.SentEmail(self.email.id, self.kept, self.refused.state, self.refused.reason, self.subject)


class EmailSender:
    """Sends one email a job: to the mail server, or into the mailbox of a demonstration that has none.

    Emails of jobs that run at the same time are read, and their ends stored, in batches.
    A server that is away or says "later" makes the job fail, which the queue tries again. Sent twice after a crash in
    between, an email keeps its Message-ID.
    """

    def __init__(
        self,
        db: Database,
        config: Config,
        clock: Clock,
        composers: Mapping[EmailKind, EmailComposer],
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self._db = db
        self._config = config
        self._clock = clock
        self._composers = composers
        self._tls_context = tls_context
        self._keys = [people_keys(secret) for secret in (config.secret, *config.secrets_previous)]
        self._reads: Batcher[UUID, Email | None] = Batcher(self._read_many)
        self._ended: Batcher[_Ended, None] = Batcher(self._end_many)
        self._settings = settings = config.of(PeopleSettings)
        self._server = None if settings.smtp_url is None else smtp_server(settings.smtp_url)
        self._signer = None
        if settings.dkim_key is not None:
            self._signer = Signer(settings.dkim_selector, settings.dkim_key.read_bytes())

    async def __call__(self, due: EmailJob) -> None:
        """Send the email unless it was sent, was erased, came too late, or its address does not exist."""
        email = await self._reads.submit(due.email_id)
        if email is None:
            return
        if email.expires_at is not None and email.expires_at <= self._clock.now():
            log.warning("letter_too_late", email=email.id, kind=email.kind)
            await self._drop(email)
        elif email.blocked:
            await self._ended.submit(_Ended(email, None, Report("bounced", "blocked")))
        elif self._server is not None:
            await self._send(self._server, email)
        elif self._config.demo:
            await self._deliver(email)
        else:
            raise NoMailServer("Set VIRAGE_SMTP_URL.")

    async def _send(self, server: SmtpServer, email: Email) -> None:
        settings = self._settings
        path = settings.mail_from
        if settings.bounce_domain is not None:
            path = return_path(self._keys[0].bounce, email.id, settings.bounce_domain)

        subject: str | None = None

        async def message() -> bytes | None:
            nonlocal subject
            content = await self._content(email)
            if content is None:
                return None
            rendered = await self._rendered(email, content)
            subject = rendered.subject
            return await self._message(email, rendered)

        outcome = await send(
            server,
            message,
            return_path=path,
            to=email.to,
            reports=settings.bounce_domain is not None,
            tls_context=self._tls_context,
        )
        if outcome == "dropped":
            await self._drop(email)
        else:
            await self._ended.submit(_Ended(email, subject, None if outcome == "sent" else outcome))

    async def _content(self, email: Email) -> EmailContent | None:
        async with self._db.connection() as conn:
            return await self._composers[email.kind](conn, email)

    async def _rendered(self, email: Email, content: EmailContent) -> Rendered:
        if content.receipt is None:
            return await asyncio.to_thread(render, email, content, self._config)
        return await in_background("receipts", render, email, content, self._config)

    async def _message(self, email: Email, rendered: Rendered) -> bytes:
        sender = self._settings.mail_from

        def written() -> bytes:
            message = compose(email, rendered, sender, self._config.club.name, self._clock.now())
            plain = message.as_bytes(policy=SMTP)
            return plain if self._signer is None else signed(plain, self._signer, sender)

        return await asyncio.to_thread(written)

    async def _deliver(self, email: Email) -> None:
        """Put an email into the demonstration's mailbox."""
        content = await self._content(email)
        if content is None:
            await self._drop(email)
            return
        rendered = await self._rendered(email, content)
        await self._ended.submit(_Ended(email, rendered.subject, delivered=rendered))

    async def _read_many(self, email_ids: Sequence[UUID]) -> list[Email | None]:
        async with self._db.connection() as conn:
            found = await emails.waiting_emails(conn, self._keys, email_ids)
        return [found.get(id_) for id_ in email_ids]

    async def _end_many(self, ended: Sequence[_Ended]) -> list[None]:
        """Store what became of emails; a job that ran twice at once ends its email once."""
        now, keys = self._clock.now(), self._keys[0]
        by_id = {one.email.id: one for one in ended}
        delivered = {id_: (one.email.to, one.delivered) for id_, one in by_id.items() if one.delivered is not None}
        async with self._db.transaction() as conn:
            if delivered:
                await emails.deliver(conn, delivered, now)
            await emails.mark_sent(conn, keys, [one.as_sent() for one in by_id.values()], now)
            for one in by_id.values():
                if one.refused is not None and one.refused.blocks and one.kept is not None:
                    await emails.block(conn, keys, one.kept, one.email.id, reason=one.refused.reason, now=now)
        for one in by_id.values():
            if one.refused is not None:
                log.warning("letter_undeliverable", email=one.email.id, reason=one.refused.reason)
        return [None for _ in ended]

    async def _drop(self, email: Email) -> None:
        async with self._db.transaction() as conn:
            await emails.drop_email(conn, email.id)

"""The job that sends one email: load its content, render it, hand it to the mail server, store its state."""

import asyncio
import ssl
from collections.abc import Mapping
from email.policy import SMTP

from virage.identity.people.reads import EmailComposer
from virage.identity.people.rules.emails import FORGOTTEN, Email, EmailContent, EmailJob, EmailKind, State
from virage.identity.people.rules.emails.rendering import render
from virage.identity.people.rules.secrets import people_keys
from virage.identity.people.settings import PeopleSettings
from virage.identity.people.store import emails
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


class EmailSender:
    """Sends one email a job: to the mail server, or into the mailbox of a demonstration that has none.

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
        self._settings = settings = config.of(PeopleSettings)
        self._server = None if settings.smtp_url is None else smtp_server(settings.smtp_url)
        self._signer = None
        if settings.dkim_key is not None:
            self._signer = Signer(settings.dkim_selector, settings.dkim_key.read_bytes())

    async def __call__(self, due: EmailJob) -> None:
        """Send the email unless it was sent, was erased, came too late, or its address does not exist."""
        async with self._db.connection() as conn:
            email = await emails.email(conn, self._keys, due.email_id)
        if email is None:
            return
        if email.expires_at is not None and email.expires_at <= self._clock.now():
            log.warning("letter_too_late", email=email.id, kind=email.kind)
            await self._drop(email)
        elif email.blocked:
            await self._mark(email, Report("bounced", "blocked"), None)
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
            await self._mark(email, None if outcome == "sent" else outcome, subject)

    async def _content(self, email: Email) -> EmailContent | None:
        async with self._db.connection() as conn:
            return await self._composers[email.kind](conn, email)

    async def _rendered(self, email: Email, content: EmailContent) -> Rendered:
        elsewhere = asyncio.to_thread if content.receipt is None else in_background
        return await elsewhere(render, email, content, self._config)

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
        now = self._clock.now()
        async with self._db.transaction() as conn:
            await emails.deliver(conn, email.id, email.to, rendered, now)
            kept = None if email.kind in FORGOTTEN else email.to
            await emails.mark_sent(
                conn,
                self._keys[0],
                email.id,
                kept,
                state="delivered",
                reason=None,
                subject=rendered.subject,
                now=now,
            )

    async def _mark(self, email: Email, refused: Report | None, subject: str | None) -> None:
        now, keys = self._clock.now(), self._keys[0]
        kept = None if email.kind in FORGOTTEN else email.to
        state: State = "sent" if refused is None else refused.state
        reason = None if refused is None else refused.reason
        if refused is not None:
            log.warning("letter_undeliverable", email=email.id, reason=reason)
        async with self._db.transaction() as conn:
            await emails.mark_sent(conn, keys, email.id, kept, state=state, reason=reason, subject=subject, now=now)
            if refused is not None and refused.blocks and kept is not None:
                await emails.block(conn, keys, kept, email.id, reason=refused.reason, now=now)

    async def _drop(self, email: Email) -> None:
        async with self._db.transaction() as conn:
            await emails.drop_email(conn, email.id)

"""Sending one letter: load what it tells, compose it, hand it to the mail server, say that it left."""

import asyncio
import ssl
from collections.abc import Mapping
from email.policy import SMTP

import aiosmtplib

from virage.identity.people.reads import LetterComposer
from virage.identity.people.rules.letters import FORGOTTEN, Content, Kind, Letter, LetterDue, State
from virage.identity.people.rules.letters.dress import render
from virage.identity.people.rules.letters.reports import Report, refusal
from virage.identity.people.rules.letters.wire import Signer, SmtpServer, compose, return_path, signed, smtp_server
from virage.identity.people.rules.secrets import secrets_of
from virage.identity.people.settings import PeopleSettings
from virage.identity.people.store import letters
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock

SMTP_TIMEOUT_S = 20.0
PERMANENT = 500  # RFC 5321, 4.2.1: from here on the same letter is refused for ever
NOTIFY = ["NOTIFY=SUCCESS,FAILURE"]  # RFC 3461


class NoMailServer(Exception):
    """There is neither VIRAGE_SMTP_URL nor a demonstration whose mailbox would do."""


class MailDelayed(Exception):
    """The mail server did not take a letter. Its own words stay out: they name the reader."""


class Postman:
    """Sends one letter a job: to the mail server, or into the mailbox of a demonstration that has none.

    A server that is away or says "later" makes the job fail, which the queue tries again. Sent twice after a crash in
    between, a letter keeps its Message-ID.
    """

    def __init__(
        self,
        db: Database,
        config: Config,
        clock: Clock,
        composers: Mapping[Kind, LetterComposer],
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self._db = db
        self._config = config
        self._clock = clock
        self._composers = composers
        self._tls_context = tls_context
        self._keys = [secrets_of(secret) for secret in (config.secret, *config.secrets_previous)]
        self._settings = settings = config.of(PeopleSettings)
        self._server = None if settings.smtp_url is None else smtp_server(settings.smtp_url)
        self._signer = None
        if settings.dkim_key is not None:
            self._signer = Signer(settings.dkim_selector, settings.dkim_key.read_bytes())

    async def __call__(self, due: LetterDue) -> None:
        """Send the letter unless it was sent, was erased, came too late, or its address does not exist."""
        async with self._db.connection() as conn:
            letter = await letters.letter(conn, self._keys, due.letter_id)
        if letter is None:
            return
        if letter.expires_at is not None and letter.expires_at <= self._clock.now():
            log.warning("letter_too_late", letter=letter.id, kind=letter.kind)
            await self._drop(letter)
        elif letter.blocked:
            await self._mark(letter, Report("bounced", "blocked"))
        elif self._server is not None:
            await self._send(self._server, letter)
        elif self._config.demo:
            await self._deliver(letter)
        else:
            raise NoMailServer("Set VIRAGE_SMTP_URL.")

    async def _send(self, server: SmtpServer, letter: Letter) -> None:
        """Reach the server before anything is composed: while it is away, letters cost nothing."""
        settings = self._settings
        path = settings.mail_from
        if settings.bounce_domain is not None:
            path = return_path(self._keys[0].bounce, letter.id, settings.bounce_domain)
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.use_tls,
            start_tls=server.start_tls,
            tls_context=self._tls_context,
            timeout=SMTP_TIMEOUT_S,
        )
        refused: Report | None = None
        try:
            async with client:
                content = await self._content(letter)
                if content is None:
                    await self._drop(letter)
                    return
                message = await asyncio.to_thread(self._message, letter, content)
                asks = settings.bounce_domain is not None and client.supports_extension("dsn")
                await client.sendmail(path, [letter.to], message, rcpt_options=NOTIFY if asks else None)
        except aiosmtplib.SMTPRecipientsRefused as failure:
            (recipient,) = failure.recipients
            refused = refusal(recipient.code, recipient.message)
            if refused is None:
                raise MailDelayed(str(recipient.code)) from None
        except aiosmtplib.SMTPDataError as failure:
            if failure.code < PERMANENT:
                raise MailDelayed(str(failure.code)) from None
            refused = Report("bounced", str(failure.code))
        except aiosmtplib.SMTPException as failure:
            raise MailDelayed(f"{type(failure).__name__} {getattr(failure, 'code', '')}".rstrip()) from None
        await self._mark(letter, refused)

    async def _content(self, letter: Letter) -> Content | None:
        async with self._db.connection() as conn:
            return await self._composers[letter.kind](conn, letter)

    def _message(self, letter: Letter, content: Content) -> bytes:
        rendered, sender = render(letter, content, self._config), self._settings.mail_from
        message = compose(letter, rendered, sender, self._config.club.name, self._clock.now())
        plain = message.as_bytes(policy=SMTP)
        return plain if self._signer is None else signed(plain, self._signer, sender)

    async def _deliver(self, letter: Letter) -> None:
        """Put a letter into the demonstration's mailbox."""
        content = await self._content(letter)
        if content is None:
            await self._drop(letter)
            return
        rendered = await asyncio.to_thread(render, letter, content, self._config)
        now = self._clock.now()
        async with self._db.transaction() as conn:
            await letters.deliver(conn, letter.id, letter.to, rendered, now)
            kept = None if letter.kind in FORGOTTEN else letter.to
            await letters.mark_sent(conn, self._keys[0], letter.id, kept, state="delivered", reason=None, now=now)

    async def _mark(self, letter: Letter, refused: Report | None) -> None:
        now, keys = self._clock.now(), self._keys[0]
        kept = None if letter.kind in FORGOTTEN else letter.to
        state: State = "sent" if refused is None else refused.state
        reason = None if refused is None else refused.reason
        if refused is not None:
            log.warning("letter_undeliverable", letter=letter.id, reason=reason)
        async with self._db.transaction() as conn:
            await letters.mark_sent(conn, keys, letter.id, kept, state=state, reason=reason, now=now)
            if refused is not None and refused.blocks and kept is not None:
                await letters.block(conn, keys, kept, letter.id, reason=refused.reason, now=now)

    async def _drop(self, letter: Letter) -> None:
        async with self._db.transaction() as conn:
            await letters.drop_letter(conn, letter.id)

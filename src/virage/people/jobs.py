"""Letters are sent here, and what is over is forgotten."""

import ssl
from email.message import EmailMessage

import aiosmtplib

from virage.kernel.clock import Clock
from virage.kernel.config import Config
from virage.kernel.database import Database
from virage.kernel.logs import log
from virage.kernel.queue import Jobs
from virage.people import acts
from virage.people.rules.mails import Mail, MailDue, SmtpServer, compose, smtp_server
from virage.people.rules.secrets import secrets_of
from virage.people.store import mails

SMTP_TIMEOUT_S = 20.0
TIDY_S = 600.0
PERMANENT = 500  # RFC 5321, 4.2.1: from here on the same letter is refused for ever


class NoMailServer(Exception):
    """There is neither VIRAGE_SMTP_URL nor a demonstration whose mailbox would do."""


class MailDelayed(Exception):
    """The mail server did not take a letter. Its own words stay out: they name the reader."""


class Postman:
    """Sends one letter a job: to the mail server, or into the mailbox of a demonstration that has none.

    A server that is away or says "later" makes the job fail, which the queue tries again. Sent twice after a crash in
    between, a letter keeps its Message-ID.
    """

    def __init__(self, db: Database, config: Config, clock: Clock, tls_context: ssl.SSLContext | None = None) -> None:
        self._db = db
        self._config = config
        self._clock = clock
        self._tls_context = tls_context
        self._keys = [secrets_of(secret) for secret in (config.secret, *config.secrets_previous)]
        self._server = None if config.smtp_url is None else smtp_server(config.smtp_url)

    async def __call__(self, due: MailDue) -> None:
        """Send the letter unless it was sent, was erased, or came too late."""
        async with self._db.connection() as conn:
            mail = await mails.letter(conn, self._keys, due.mail_id)
        if mail is None:
            return
        if mail.expires_at <= self._clock.now():
            log.warning("mail_too_late", mail=due.mail_id)
        elif self._server is not None:
            await self._send(self._server, due, mail)
        elif not self._config.demo:
            raise NoMailServer("Set VIRAGE_SMTP_URL.")
        async with self._db.transaction() as conn:
            if self._server is None and self._config.demo:
                await mails.deliver(conn, due.mail_id, mail, self._clock.now())
            await mails.drop_letter(conn, due.mail_id)

    async def _send(self, server: SmtpServer, due: MailDue, mail: Mail) -> None:
        message = compose(mail, due.mail_id, self._config.mail_from, self._config.club.name, self._clock.now())
        try:
            await self._hand_over(server, message)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            codes = [recipient.code for recipient in refused.recipients]
            if not all(code >= PERMANENT for code in codes):
                raise MailDelayed(str(codes)) from None
            log.warning("mail_undeliverable", mail=due.mail_id, codes=codes)
        except aiosmtplib.SMTPException as failure:
            raise MailDelayed(f"{type(failure).__name__} {getattr(failure, 'code', '')}".rstrip()) from None

    async def _hand_over(self, server: SmtpServer, message: EmailMessage) -> None:
        await aiosmtplib.send(
            message,
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.use_tls,
            start_tls=server.start_tls,
            tls_context=self._tls_context,
            timeout=SMTP_TIMEOUT_S,
        )


class PeopleJobs:
    """What people need done."""

    def __init__(self, db: Database, config: Config, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._postman = Postman(db, config, clock)

    def register(self, jobs: Jobs) -> None:
        """Say what a worker can do."""
        jobs.on(acts.MAIL_KIND, MailDue, self._postman)
        jobs.every(TIDY_S, "people.tidy", self.tidy)

    async def tidy(self) -> None:
        """Forget what is over."""
        async with self._db.transaction() as conn:
            await acts.tidy(conn, self._clock.now())

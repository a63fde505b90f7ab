"""Letters and push messages are sent here, and what is over is forgotten."""

import asyncio
import socket
import ssl
from email.message import EmailMessage
from typing import Final

import aiohttp
import aiosmtplib
from aiohttp.abc import AbstractResolver, ResolveResult

from virage.kernel.clock import Clock
from virage.kernel.config import Config
from virage.kernel.database import Database
from virage.kernel.logs import log
from virage.kernel.queue import Jobs
from virage.people import acts
from virage.people.acts.push import PUSH_KIND
from virage.people.rules.mails import Mail, MailDue, SmtpServer, compose, smtp_server
from virage.people.rules.push import PushDue, may_call, may_connect
from virage.people.rules.secrets import secrets_of
from virage.people.rules.webpush import Vapid, encrypt
from virage.people.store import mails
from virage.people.store import push as subscriptions

SMTP_TIMEOUT_S = 20.0
TIDY_S = 600.0
PUSH_TIMEOUT: Final = aiohttp.ClientTimeout(total=15, connect=5)
GONE: Final = frozenset({404, 410})  # RFC 8030, 7.3: the subscription is no more
TOO_MANY, CLIENT_ERROR, SERVER_ERROR = 429, 300, 500
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


class PushDelayed(Exception):
    """A push service did not take a message; it may later."""


class PublicAddresses(AbstractResolver):
    """Resolves names to public addresses alone: a name that stands for something in our own network does not exist.

    What it answers is what is connected to, so a name that changes its mind meanwhile changes nothing.
    """

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the public addresses of a host; OSError where it has none."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        results = [
            ResolveResult(
                hostname=host, host=str(address[0]), port=port, family=family_, proto=proto, flags=socket.AI_NUMERICHOST
            )
            for family_, _, proto, _, address in found
            if may_connect(str(address[0]), loopback=self._loopback)
        ]
        if not results:
            raise OSError(f"{host} has no public address.")
        return results

    async def close(self) -> None:
        """Nothing is kept."""


class Pusher:
    """Sends one message a job, to the push service that a browser named.

    A subscription that its service knows no more is forgotten; a service that is away or says "later" makes the job
    fail, which the queue tries again.
    """

    def __init__(self, db: Database, config: Config, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._contact = f"mailto:{config.mail_from}"
        self._loopback = config.push_to_loopback
        self._keys = {key.public: key for key in map(Vapid, (config.secret, *config.secrets_previous))}

    async def __call__(self, due: PushDue) -> None:
        """Send a message unless it came too late, or nobody wants it any more."""
        now = self._clock.now()
        async with self._db.connection() as conn:
            to = await subscriptions.subscription(conn, due.subscription_id, now)
        if to is None or due.expires_at <= now:
            return
        key = self._keys.get(to.vapid)
        if key is None or not may_call(to.endpoint, loopback=self._loopback):
            await self._end(due)
            return
        headers = {
            "authorization": key.header(to.endpoint, self._contact, now),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "topic": due.topic.hex,
            "ttl": str(int((due.expires_at - now).total_seconds())),
            "urgency": "high",
        }
        status = await self._post(to.endpoint, encrypt(due.text.encode(), to), headers)
        if status in GONE:
            await self._end(due)
        elif status == TOO_MANY or status >= SERVER_ERROR:
            raise PushDelayed(str(status))
        elif status >= CLIENT_ERROR:
            log.warning("push_refused", subscription=due.subscription_id, status=status)

    async def _post(self, endpoint: str, body: bytes, headers: dict[str, str]) -> int:
        """The status that a push service answers with; what it says besides is not read, nor does it lead elsewhere."""
        connector = aiohttp.TCPConnector(resolver=PublicAddresses(loopback=self._loopback), use_dns_cache=False)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=PUSH_TIMEOUT) as session,
                session.post(endpoint, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                return answer.status
        except (aiohttp.ClientError, TimeoutError) as failure:
            raise PushDelayed(type(failure).__name__) from None

    async def _end(self, due: PushDue) -> None:
        async with self._db.transaction() as conn:
            await subscriptions.end_subscription(conn, due.subscription_id)


class PeopleJobs:
    """What people need done."""

    def __init__(self, db: Database, config: Config, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._postman = Postman(db, config, clock)
        self._pusher = Pusher(db, config, clock)

    def register(self, jobs: Jobs) -> None:
        """Say what a worker can do."""
        jobs.on(acts.MAIL_KIND, MailDue, self._postman)
        jobs.on(PUSH_KIND, PushDue, self._pusher)
        jobs.every(TIDY_S, "people.tidy", self.tidy)

    async def tidy(self) -> None:
        """Forget what is over."""
        async with self._db.transaction() as conn:
            await acts.tidy(conn, self._clock.now())

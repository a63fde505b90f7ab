"""Jobs of people: sending emails and push messages, delivery reports, and deletion of expired data."""

import asyncio
import socket
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec.structs import replace

from virage.identity.people import acts
from virage.identity.people.acts.emails import EMAIL_JOB, URGENT_EMAIL_JOB
from virage.identity.people.acts.push import PUSH_JOB
from virage.identity.people.jobs.email_sender import EmailSender
from virage.identity.people.jobs.reports import report_listener
from virage.identity.people.jobs.sso_checks import CHECK_INTERVAL_S, SsoChecks
from virage.identity.people.openid_provider import OpenIdProvider
from virage.identity.people.reads import EmailComposer
from virage.identity.people.rules.emails import EmailJob, EmailKind
from virage.identity.people.rules.people_config import people_config_of
from virage.identity.people.rules.push import PushJob, Subscriber, may_call, may_connect
from virage.identity.people.rules.webpush import Vapid, encrypt
from virage.identity.people.settings import PeopleSettings
from virage.identity.people.store import push as subscriptions
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs, enqueue
from virage.platform.settings.config import Config
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock

EXPIRY_INTERVAL_S = 600.0
REPORTS_RESTART_S = 1.0
EMAIL_ATTEMPTS = 800  # with the pauses of the queue, two days: a mail server may be away for a night
EMAILS_AT_ONCE = 8
PUSH_TIMEOUT: Final = aiohttp.ClientTimeout(total=15, connect=5)
PUSH_CONNECTIONS: Final = 32
PUSH_LATER: Final = timedelta(seconds=2)
GONE: Final = frozenset({404, 410})  # RFC 8030, 7.3: the subscription has ended
TOO_MANY, CLIENT_ERROR, SERVER_ERROR = 429, 300, 500


class PushDelayed(Exception):
    """A push service answered with a temporary error."""


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
        """Nothing to close."""


class PushSender:
    """Sends one message to some browsers per job, through their push services.

    Subscriptions that their services report as ended are deleted. Browsers whose service is unavailable or throttles
    get another job; if no message could be sent, this job fails and is retried. A worker that dies may send some
    messages twice, with the same topic, so that a phone shows them once.
    """

    def __init__(self, db: Database, config: Config, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._contact = f"mailto:{config.of(PeopleSettings).mail_from}"
        self._loopback = config.of(PeopleSettings).push_to_loopback
        self._keys = {key.public: key for key in map(Vapid, (config.secret, *config.secrets_previous))}

    async def __call__(self, due: PushJob) -> None:
        """Send a message unless it has expired, was corrected meanwhile, or has no subscriptions left."""
        now = self._clock.now()
        async with self._db.connection() as conn:
            latest = await subscriptions.revision_of(conn, due.topic)
            to = await subscriptions.subscribers(conn, due.subscription_ids, now)
        if due.expires_at <= now or latest > due.revision:
            return
        ended = [
            id_
            for id_, one in to.items()
            if one.vapid not in self._keys or not may_call(one.endpoint, loopback=self._loopback)
        ]
        statuses = await self._send(due, {id_: one for id_, one in to.items() if id_ not in ended}, now)
        ended += [id_ for id_, status in statuses.items() if status in GONE]
        later = [
            id_ for id_, status in statuses.items() if status is None or status == TOO_MANY or status >= SERVER_ERROR
        ]
        for id_, status in statuses.items():
            if status is not None and CLIENT_ERROR <= status < SERVER_ERROR and status not in (TOO_MANY, *GONE):
                log.warning("push_refused", subscription=id_, status=status)
        async with self._db.transaction() as conn:
            if ended:
                await subscriptions.end_subscriptions(conn, ended)
            if later and len(later) < len(statuses):
                await enqueue(conn, PUSH_JOB, [replace(due, subscription_ids=later)], delay=PUSH_LATER)
        if later and len(later) == len(statuses):
            raise PushDelayed(f"{len(later)} browsers, {statuses[later[0]]}")

    async def _send(self, due: PushJob, to: Mapping[UUID, Subscriber], now: datetime) -> dict[UUID, int | None]:
        """What push services answered, by subscription; None where one is away."""
        tokens: dict[tuple[str, bytes], str] = {}
        common = {
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "topic": due.topic.hex,
            "ttl": str(int((due.expires_at - now).total_seconds())),
            "urgency": due.urgency,
        }

        async def send(session: aiohttp.ClientSession, one: Subscriber) -> int | None:
            url = urlsplit(one.endpoint)
            service = (f"{url.scheme}://{url.netloc}", one.vapid)
            if service not in tokens:
                tokens[service] = self._keys[one.vapid].header(one.endpoint, self._contact, now)
            headers = {"authorization": tokens[service], **common}
            async with turn:  # whose wait is no part of what a service is given: some may be slow on purpose
                return await _post(session, one.endpoint, encrypt(due.text.encode(), one), headers)

        turn = asyncio.Semaphore(PUSH_CONNECTIONS)
        connector = aiohttp.TCPConnector(resolver=PublicAddresses(loopback=self._loopback), limit=0)
        async with aiohttp.ClientSession(connector=connector, timeout=PUSH_TIMEOUT) as opened:
            answers = await asyncio.gather(*(send(opened, one) for one in to.values()))
        return dict(zip(to, answers, strict=True))


async def _post(session: aiohttp.ClientSession, endpoint: str, body: bytes, headers: dict[str, str]) -> int | None:
    """The status that a push service answers with; what it says besides is not read, nor does it lead elsewhere."""
    try:
        async with session.post(endpoint, data=body, headers=headers, allow_redirects=False) as answer:
            return answer.status
    except (aiohttp.ClientError, TimeoutError):
        return None


class PeopleJobs:
    """Background jobs of people."""

    def __init__(
        self,
        db: Database,
        config: Config,
        clock: Clock,
        composers: Mapping[EmailKind, EmailComposer],
        provider: OpenIdProvider | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._email_sender = EmailSender(db, config, clock, composers)
        self._push_sender = PushSender(db, config, clock)
        self._reports = report_listener(db, config, clock)
        self._sso_checks = None if provider is None else SsoChecks(db, people_config_of(config), provider, clock)

    def register(self, jobs: Jobs) -> None:
        """Register the jobs. Codes have a queue of their own."""
        jobs.on(URGENT_EMAIL_JOB, EmailJob, self._email_sender)
        jobs.on(EMAIL_JOB, EmailJob, self._email_sender, attempts_max=EMAIL_ATTEMPTS, at_once=EMAILS_AT_ONCE)
        jobs.on(PUSH_JOB, PushJob, self._push_sender)
        jobs.every(EXPIRY_INTERVAL_S, "people.tidy", self.tidy)
        if self._reports is not None:
            jobs.every(REPORTS_RESTART_S, "people.letter_reports", self._reports.run)
        if self._sso_checks is not None:
            jobs.every(CHECK_INTERVAL_S, "people.sso_checks", self._sso_checks.run)

    async def tidy(self) -> None:
        """Delete expired data."""
        async with self._db.transaction() as conn:
            await acts.tidy(conn, self._clock.now())
            await subscriptions.delete_expired_topics(conn, self._clock.now())

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from virage.app.emails import COMPOSERS
from virage.identity.people import jobs
from virage.identity.people.acts.emails import URGENT_EMAIL_JOB, write
from virage.identity.people.jobs.email_sender import EmailSender, NoMailServer
from virage.identity.people.rules.emails import EmailJob, EmailKind, NewEmail
from virage.identity.people.rules.secrets import people_keys
from virage.identity.people.settings import PeopleSettings
from virage.platform.data import queue
from virage.platform.data.database import Connection, Database
from virage.platform.data.queue import Jobs
from virage.platform.mail.messages import email_id_of
from virage.platform.mail.sending import MailDelayed
from virage.platform.values.ids import new_id

FAN = "fan@example.org"


class Inbox:
    """The emails that a real mail server received; `refusals` are sent to recipients first, one an
    email.
    """

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.refusals: list[str] = []
        self.options: list[list[str]] = []

    async def handle_RCPT(  # noqa: N802 - a hook of aiosmtpd
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.refusals:
            return self.refusals.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the same
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.envelopes.append(envelope)
        return "250 OK"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


async def serve(inbox: Inbox, context: ssl.SSLContext | None = None, **options: Any) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: SMTP(inbox, loop=loop, **options), "127.0.0.1", 0, ssl=context)


def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def port_of(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


@pytest.fixture
async def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def smtp(inbox: Inbox) -> AsyncIterator[int]:
    """The port of a plain mail server."""
    server = await serve(inbox)
    yield port_of(server)
    server.close()
    await server.wait_closed()


@pytest.fixture
async def due(client: httpx.AsyncClient, emails: Any) -> EmailJob:
    """An email with a code that is due."""
    await client.post("/api/sign-in/codes", json={"email": FAN, "locale": "fr"})
    return EmailJob((await emails.ids())[0])


def email_sender(db: Database, config: Any, clock: Any, url: str | None, **changes: Any) -> EmailSender:
    tls = changes.pop("tls", None)
    deployment = {name: changes.pop(name) for name in list(changes) if hasattr(config, name)}
    changed = msgspec.structs.replace(config, **deployment).having(PeopleSettings(smtp_url=url, **changes))
    return EmailSender(db, changed, clock, COMPOSERS, tls)


async def until(met: Callable[[], Awaitable[object]]) -> None:
    """Poll the database: it has no event to wait for."""
    async with asyncio.timeout(20):
        while not await met():  # noqa: ASYNC110 - a row is no event of this process
            await asyncio.sleep(0.01)


async def waiting(conn: Connection) -> int:
    count: int = await conn.fetchval("select count(*) from people.letter where state = 'queued'")
    return count


async def test_an_email_reaches_a_real_mail_server_and_its_code_is_dropped(
    due: EmailJob, db: Database, config: Any, clock: Any, *, smtp: int, inbox: Inbox, emails: Any, conn: Connection
) -> None:
    code = await emails.code(FAN)
    deliver = email_sender(db, config, clock, f"smtp://127.0.0.1:{smtp}")
    await deliver(due)
    (envelope,) = inbox.envelopes
    assert (envelope.rcpt_tos, envelope.mail_from) == ([FAN], config.of(PeopleSettings).mail_from)
    assert isinstance(envelope.content, bytes)
    assert code.encode() in envelope.content
    assert await waiting(conn) == 0
    sent = await conn.fetchrow("select state, secret from people.letter")
    assert sent is not None
    assert (sent["state"], sent["secret"]) == ("sent", None)
    await deliver(due)
    assert len(inbox.envelopes) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # aiosmtpd knows STARTTLS alone
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_an_email_with_a_password_is_sent_encrypted(
    due: EmailJob, db: Database, config: Any, clock: Any, *, inbox: Inbox, authority: trustme.CA, scheme: str
) -> None:
    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"club", b"pass/word"))

    context = server_context(authority)
    options: dict[str, Any] = {"authenticator": check, "auth_required": True, "auth_require_tls": scheme == "smtp"}
    if scheme == "smtp":
        server = await serve(inbox, tls_context=context, require_starttls=True, **options)
    else:
        server = await serve(inbox, context, **options)
    url = f"{scheme}://club:pass%2Fword@127.0.0.1:{port_of(server)}?starttls=1"
    await email_sender(db, config, clock, url, tls=client_context(authority))(due)
    server.close()
    await server.wait_closed()
    assert len(inbox.envelopes) == 1


async def test_nothing_is_sent_without_required_encryption(
    due: EmailJob, db: Database, config: Any, clock: Any, *, smtp: int, inbox: Inbox, conn: Connection
) -> None:
    with pytest.raises(MailDelayed):
        await email_sender(db, config, clock, f"smtp://127.0.0.1:{smtp}?starttls=1")(due)
    assert inbox.envelopes == []
    assert await waiting(conn) == 1


async def test_a_temporary_error_is_retried_by_the_queue(
    due: EmailJob, db: Database, config: Any, clock: Any, *, smtp: int, inbox: Inbox, conn: Connection
) -> None:
    inbox.refusals = ["450 come back later"]
    worker = Jobs(poll=timedelta(milliseconds=20))
    changed = config.having(PeopleSettings(smtp_url=f"smtp://127.0.0.1:{smtp}"))
    jobs.PeopleJobs(db, changed, clock, COMPOSERS).register(worker)
    working = asyncio.create_task(worker.run(db))

    async def gone() -> bool:
        return await waiting(conn) == 0

    await until(gone)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert inbox.refusals == []
    assert len(inbox.envelopes) == 1


async def test_an_undeliverable_email_becomes_a_failed_job_without_its_text(
    due: EmailJob, db: Database, config: Any, clock: Any, *, smtp: int, inbox: Inbox, conn: Connection
) -> None:
    inbox.refusals = ["450 come back later"] * 3
    worker = Jobs(poll=timedelta(milliseconds=20))
    deliver = email_sender(db, config, clock, f"smtp://127.0.0.1:{smtp}")
    worker.on(URGENT_EMAIL_JOB, EmailJob, deliver, attempts_max=1)
    working = asyncio.create_task(worker.run(db))

    await until(lambda: queue.dead_letters(conn))
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    dead = await queue.dead_letters(conn)
    assert dead[0].payload == {"letter_id": str(due.email_id)}
    assert FAN not in str(dead[0])


async def test_a_nonexistent_address_is_not_retried(
    due: EmailJob, db: Database, config: Any, clock: Any, *, smtp: int, inbox: Inbox, conn: Connection
) -> None:
    inbox.refusals = ["550 no such mailbox"]
    await email_sender(db, config, clock, f"smtp://127.0.0.1:{smtp}")(due)
    assert inbox.envelopes == []
    assert await waiting(conn) == 0


async def test_an_expired_code_is_not_sent(
    due: EmailJob, db: Database, config: Any, clock: Any, *, smtp: int, inbox: Inbox, conn: Connection
) -> None:
    clock.advance(timedelta(minutes=10))
    await email_sender(db, config, clock, f"smtp://127.0.0.1:{smtp}")(due)
    assert inbox.envelopes == []
    assert await waiting(conn) == 0


async def test_without_a_mail_server_only_a_demonstration_has_a_mailbox(
    due: EmailJob, db: Database, config: Any, clock: Any, conn: Connection
) -> None:
    with pytest.raises(NoMailServer):
        await email_sender(db, config, clock, None, demo=False)(due)
    assert await waiting(conn) == 1
    await email_sender(db, config, clock, None)(due)
    await email_sender(db, config, clock, None)(due)
    assert await conn.fetchval("select count(*) from people.mailbox") == 1


async def test_an_email_sealed_under_the_previous_secret_is_sent(
    due: EmailJob, db: Database, config: Any, clock: Any, conn: Connection
) -> None:
    new = "another secret of the tests, long enough"
    await email_sender(db, config, clock, None, secret=new, secrets_previous=(config.secret,))(due)
    assert await conn.fetchval("select recipient from people.mailbox") == FAN


async def test_other_domains_store_emails_in_their_own_transaction(
    db: Database, emails: Any, people_config: Any, clock: Any
) -> None:
    def email() -> NewEmail:
        id_ = new_id()
        return NewEmail(
            id=id_, kind=EmailKind.SIGN_IN_CODE, subject_id=id_, to=FAN, locale="en", secret={"code": "012345"}
        )

    async def change_ones_mind() -> None:
        async with db.transaction() as conn:
            await write(conn, [email()], clock.now(), keys=people_config.keys)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await change_ones_mind()
    assert await emails.all() == []
    async with db.transaction() as conn:
        await write(conn, [email(), email()], clock.now(), keys=people_config.keys)
    assert [one.secret for one in await emails.all()] == [{"code": "012345"}] * 2


async def test_an_email_has_its_return_path_a_signature_and_requests_delivery_reports(
    due: EmailJob, db: Database, config: Any, clock: Any, tmp_path: Path
) -> None:
    key = generate_private_key(65537, 2048)
    pem = tmp_path / "dkim.pem"
    pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))

    class WithDsn(Inbox):
        async def handle_EHLO(  # noqa: N802 - a hook of aiosmtpd
            self, _server: SMTP, session: Session, _envelope: Envelope, name: str, responses: list[str]
        ) -> list[str]:
            session.host_name = name
            return [responses[0], "250-DSN", *responses[1:]]

    inbox = WithDsn()

    class Reporting(SMTP):
        def _getparams(self, params: Sequence[str]) -> dict[str, str | bool] | None:
            inbox.options.append(list(params))
            return {}

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Reporting(inbox, loop=loop), "127.0.0.1", 0)
    domain = "bounce.example.org"
    settings = {"bounce_domain": domain, "dkim_key": pem, "dkim_selector": "mail"}
    await email_sender(db, config, clock, f"smtp://127.0.0.1:{port_of(server)}", **settings)(due)
    server.close()
    await server.wait_closed()
    (envelope,) = inbox.envelopes
    assert email_id_of([people_keys(config.secret).bounce], envelope.mail_from or "", domain) == due.email_id
    assert ["NOTIFY=SUCCESS,FAILURE"] in inbox.options
    assert isinstance(envelope.content, bytes)
    assert envelope.content.startswith(b"DKIM-Signature:")

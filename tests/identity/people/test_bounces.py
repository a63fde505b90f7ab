"""Bounce reports: received by LMTP, shown in the office; the address gets no email until it is
released.
"""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.platform.mail.reports import delivery_report
from tests.ports import free_ports
from virage.app.emails import COMPOSERS
from virage.identity.people.jobs.email_sender import EmailSender
from virage.identity.people.jobs.reports import report_listener
from virage.identity.people.rules.emails import EmailJob
from virage.identity.people.rules.secrets import people_keys
from virage.identity.people.settings import PeopleSettings
from virage.platform.data.database import Connection, Database
from virage.platform.mail.messages import return_path
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

FAN = "fan@example.org"
ADMIN = "admin@example.org"
DOMAIN = "bounce.example.org"


@pytest.fixture
async def lmtp(config: Config, db: Database, clock: Any) -> AsyncIterator[int]:
    """The port at which a worker receives reports."""
    (port,) = free_ports(1)
    wanted = config.having(PeopleSettings(bounce_domain=DOMAIN, bounce_listen=f"127.0.0.1:{port}"))
    listener = report_listener(db, wanted, clock)
    assert listener is not None
    listening = asyncio.create_task(listener.run())
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                break
    yield port
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


@pytest.fixture
async def sent(client: httpx.AsyncClient, emails: Any, db: Database, config: Config, clock: Any) -> UUID:
    """An email that was sent."""
    await client.post("/api/sign-in/codes", json={"email": FAN})
    (email_id,) = await emails.ids()
    await EmailSender(db, config, clock, COMPOSERS)(EmailJob(email_id))
    async with db.transaction() as conn:
        await conn.execute("update people.letter set state = 'sent'")
    return UUID(str(email_id))


def path_of(config: Config, email_id: UUID) -> str:
    return return_path(people_keys(config.secret).bounce, email_id, DOMAIN)


async def hand_in(port: int, to: str, content: bytes) -> int:
    """Deliver a report as a mail server does; return the code of its response."""

    def over() -> int:
        with smtplib.LMTP("127.0.0.1", port) as server:
            try:
                server.sendmail("<>", [to], content)
            except smtplib.SMTPRecipientsRefused as refused:
                return refused.recipients[to][0]
            return 250

    return await asyncio.to_thread(over)


async def test_a_nonexistent_address_is_blocked_until_the_office_unblocks_it(
    sent: UUID,
    lmtp: int,
    config: Config,
    *,
    db: Database,
    conn: Connection,
    clock: Any,
    emails: Any,
    other: Any,
    sign_in: Any,
    make_staff: Any,
    client: httpx.AsyncClient,
) -> None:
    assert await hand_in(lmtp, path_of(config, sent), delivery_report("failed", "5.1.1")) == 250
    await client.post("/api/sign-in/codes", json={"email": FAN})
    again = (await emails.ids())[0]
    deliver = EmailSender(db, config, clock, COMPOSERS)
    before = await conn.fetchval("select count(*) from people.mailbox")
    await deliver(EmailJob(again))
    assert await conn.fetchval("select count(*) from people.mailbox") == before
    await make_staff(ADMIN, [Grant("admin")])
    await sign_in(other, ADMIN)
    listed = (await other.get("/api/office/emails?only=bounced")).json()
    assert [(one["to"], one["reason"]) for one in listed] == [(FAN, "blocked"), (FAN, "5.1.1")]
    (blocked,) = (await other.get("/api/office/blocked-addresses")).json()
    assert (blocked["address"], blocked["reason"]) == (FAN, "5.1.1")
    free = f"/api/office/blocked-addresses/{blocked['email_id']}"
    assert (await client.delete(free)).status_code == 401
    assert (await other.delete(free)).status_code == 204
    assert (await other.delete(free)).status_code == 404
    await client.post("/api/sign-in/codes", json={"email": FAN})
    await deliver(EmailJob((await emails.to(FAN))[-1].id))
    assert await conn.fetchval("select count(*) from people.mailbox") == before + 1


@pytest.mark.parametrize(
    ("action", "status", "state"),
    [("delivered", "2.0.0", "delivered"), ("failed", "5.2.2", "bounced"), ("delayed", "4.4.1", "sent")],
)
async def test_a_delivery_report_updates_the_email_and_blocks_no_other_address(
    sent: UUID, lmtp: int, config: Config, *, conn: Connection, action: str, status: str, state: str
) -> None:
    for _ in range(2):
        assert await hand_in(lmtp, path_of(config, sent), delivery_report(action, status)) == 250
    assert await conn.fetchval("select state from people.letter where id = $1", sent) == state
    assert await conn.fetchval("select count(*) from people.blocked_address") == 0


async def test_a_bounce_is_final_and_a_delivered_email_may_still_bounce(
    sent: UUID, lmtp: int, config: Config, conn: Connection
) -> None:
    for action, status, state in (
        ("delivered", "2.0.0", "delivered"),
        ("failed", "5.1.1", "bounced"),
        ("delivered", "2.0.0", "bounced"),
    ):
        await hand_in(lmtp, path_of(config, sent), delivery_report(action, status))
        assert await conn.fetchval("select state from people.letter where id = $1", sent) == state


async def test_only_return_paths_of_our_own_emails_are_accepted(
    sent: UUID, lmtp: int, config: Config, conn: Connection
) -> None:
    own = path_of(config, sent)
    report = delivery_report("failed", "5.1.1")
    stranger = return_path(b"x" * 32, sent, DOMAIN)
    for to in (stranger, f"postmaster@{DOMAIN}", own.replace(DOMAIN, "example.org")):
        assert await hand_in(lmtp, to, report) == 550
    assert await hand_in(lmtp, path_of(config, new_id()), report) == 250, "the report of a deleted email is accepted"
    assert await hand_in(lmtp, own, b"Subject: I am away\r\n\r\nUntil Monday.\r\n") == 250
    assert await conn.fetchval("select state from people.letter where id = $1", sent) == "sent"


async def test_a_report_is_deferred_while_it_cannot_be_stored(
    sent: UUID, lmtp: int, config: Config, *, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr("virage.identity.people.acts.emails.report", away)
        with pytest.raises(smtplib.SMTPDataError, match="451"):
            await hand_in(lmtp, path_of(config, sent), delivery_report("failed", "5.1.1"))
    assert await hand_in(lmtp, path_of(config, sent), delivery_report("failed", "5.1.1")) == 250
    assert await conn.fetchval("select state from people.letter where id = $1", sent) == "bounced"


async def test_erasure_deletes_a_blocked_address(
    sent: UUID, lmtp: int, config: Config, *, conn: Connection, client: httpx.AsyncClient, sign_in: Any
) -> None:
    await hand_in(lmtp, path_of(config, sent), delivery_report("failed", "5.1.1"))
    await sign_in(client, FAN)
    assert await conn.fetchval("select count(*) from people.blocked_address") == 1
    assert (await client.delete("/api/me")).status_code == 204
    assert await conn.fetchval("select count(*) from people.blocked_address") == 0

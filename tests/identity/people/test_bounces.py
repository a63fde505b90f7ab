"""Reports about letters: taken in by LMTP, shown in the office, and addresses that are not written to until freed."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.platform.mail.reports import delivery_report
from tests.ports import free_ports
from virage.app.letters import COMPOSERS
from virage.identity.people.jobs.postman import Postman
from virage.identity.people.jobs.reports import report_listener
from virage.identity.people.rules.letters import LetterDue
from virage.identity.people.rules.secrets import secrets_of
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
    """The port at which a worker takes reports."""
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
async def sent(client: httpx.AsyncClient, letters: Any, db: Database, config: Config, clock: Any) -> UUID:
    """A letter that has left."""
    await client.post("/api/sign-in/codes", json={"email": FAN})
    (letter_id,) = await letters.ids()
    await Postman(db, config, clock, COMPOSERS)(LetterDue(letter_id))
    async with db.transaction() as conn:
        await conn.execute("update people.letter set state = 'sent'")
    return UUID(str(letter_id))


def path_of(config: Config, letter_id: UUID) -> str:
    return return_path(secrets_of(config.secret).bounce, letter_id, DOMAIN)


async def hand_in(port: int, to: str, content: bytes) -> int:
    """Hand a report over as a mail server does; the code of its answer."""

    def over() -> int:
        with smtplib.LMTP("127.0.0.1", port) as server:
            try:
                server.sendmail("<>", [to], content)
            except smtplib.SMTPRecipientsRefused as refused:
                return refused.recipients[to][0]
            return 250

    return await asyncio.to_thread(over)


async def test_an_address_that_does_not_exist_is_not_written_to_until_the_office_frees_it(
    sent: UUID,
    lmtp: int,
    config: Config,
    *,
    db: Database,
    conn: Connection,
    clock: Any,
    letters: Any,
    other: Any,
    sign_in: Any,
    make_staff: Any,
    client: httpx.AsyncClient,
) -> None:
    assert await hand_in(lmtp, path_of(config, sent), delivery_report("failed", "5.1.1")) == 250
    await client.post("/api/sign-in/codes", json={"email": FAN})
    again = (await letters.ids())[0]
    deliver = Postman(db, config, clock, COMPOSERS)
    before = await conn.fetchval("select count(*) from people.mailbox")
    await deliver(LetterDue(again))
    assert await conn.fetchval("select count(*) from people.mailbox") == before
    await make_staff(ADMIN, [Grant("admin")])
    await sign_in(other, ADMIN)
    listed = (await other.get("/api/office/letters?only=bounced")).json()
    assert [(one["to"], one["reason"]) for one in listed] == [(FAN, "blocked"), (FAN, "5.1.1")]
    (blocked,) = (await other.get("/api/office/blocked-addresses")).json()
    assert (blocked["address"], blocked["reason"]) == (FAN, "5.1.1")
    free = f"/api/office/blocked-addresses/{blocked['letter_id']}"
    assert (await client.delete(free)).status_code == 401
    assert (await other.delete(free)).status_code == 204
    assert (await other.delete(free)).status_code == 404
    await client.post("/api/sign-in/codes", json={"email": FAN})
    await deliver(LetterDue((await letters.to(FAN))[-1].id))
    assert await conn.fetchval("select count(*) from people.mailbox") == before + 1


@pytest.mark.parametrize(
    ("action", "status", "state"),
    [("delivered", "2.0.0", "delivered"), ("failed", "5.2.2", "bounced"), ("delayed", "4.4.1", "sent")],
)
async def test_a_report_moves_the_letter_and_blocks_nothing_else(
    sent: UUID, lmtp: int, config: Config, *, conn: Connection, action: str, status: str, state: str
) -> None:
    for _ in range(2):
        assert await hand_in(lmtp, path_of(config, sent), delivery_report(action, status)) == 250
    assert await conn.fetchval("select state from people.letter where id = $1", sent) == state
    assert await conn.fetchval("select count(*) from people.blocked_address") == 0


async def test_what_came_back_stays_so_and_what_was_delivered_may_still_come_back(
    sent: UUID, lmtp: int, config: Config, conn: Connection
) -> None:
    for action, status, state in (
        ("delivered", "2.0.0", "delivered"),
        ("failed", "5.1.1", "bounced"),
        ("delivered", "2.0.0", "bounced"),
    ):
        await hand_in(lmtp, path_of(config, sent), delivery_report(action, status))
        assert await conn.fetchval("select state from people.letter where id = $1", sent) == state


async def test_only_return_paths_of_our_own_letters_are_taken(
    sent: UUID, lmtp: int, config: Config, conn: Connection
) -> None:
    own = path_of(config, sent)
    report = delivery_report("failed", "5.1.1")
    stranger = return_path(b"x" * 32, sent, DOMAIN)
    for to in (stranger, f"postmaster@{DOMAIN}", own.replace(DOMAIN, "example.org")):
        assert await hand_in(lmtp, to, report) == 550
    assert await hand_in(lmtp, path_of(config, new_id()), report) == 250, "of a letter that was forgotten meanwhile"
    assert await hand_in(lmtp, own, b"Subject: I am away\r\n\r\nUntil Monday.\r\n") == 250
    assert await conn.fetchval("select state from people.letter where id = $1", sent) == "sent"


async def test_a_report_waits_at_its_mail_server_while_it_cannot_be_stored(
    sent: UUID, lmtp: int, config: Config, *, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr("virage.identity.people.acts.letters.report", away)
        with pytest.raises(smtplib.SMTPDataError, match="451"):
            await hand_in(lmtp, path_of(config, sent), delivery_report("failed", "5.1.1"))
    assert await hand_in(lmtp, path_of(config, sent), delivery_report("failed", "5.1.1")) == 250
    assert await conn.fetchval("select state from people.letter where id = $1", sent) == "bounced"


async def test_erasure_forgets_an_address_that_came_back(
    sent: UUID, lmtp: int, config: Config, *, conn: Connection, client: httpx.AsyncClient, sign_in: Any
) -> None:
    await hand_in(lmtp, path_of(config, sent), delivery_report("failed", "5.1.1"))
    await sign_in(client, FAN)
    assert await conn.fetchval("select count(*) from people.blocked_address") == 1
    assert (await client.delete("/api/me")).status_code == 204
    assert await conn.fetchval("select count(*) from people.blocked_address") == 0

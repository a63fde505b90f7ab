"""Emails while processes die: a real `virage work` under `kill -9`, a real mail server that is
slow, away or refuses.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.ports import free_ports
from virage.identity.people import acts as people
from virage.identity.people.acts.emails import write
from virage.identity.people.jobs import EMAIL_ATTEMPTS, EMAILS_AT_ONCE
from virage.identity.people.rules.emails import EmailKind, NewEmail
from virage.identity.people.rules.secrets import people_keys
from virage.platform.data.database import Connection, Database
from virage.platform.data.queue import pause_after
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id

WAIT_S = 120


class Server:
    """A mail server that stores what it received, and stops at a step for as long as the test
    needs.
    """

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.answers: dict[str, list[str]] = {}
        self.held: dict[str, list[str]] = {"RCPT": [], "DATA": []}
        self.holds: str | None = None
        self.go = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def open(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, loop=loop), "127.0.0.1", port)

    async def close(self) -> None:
        self.go.set()
        if self._server is not None:
            self._server.close()

    async def _hold(self, step: str, address: str) -> None:
        if self.holds == step and address.startswith("fan"):
            self.held[step].append(address)
            await self.go.wait()

    async def handle_RCPT(  # noqa: N802 - a hook of aiosmtpd
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        await self._hold("RCPT", address)
        if self.answers.get(address):
            return self.answers[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - the same
        self.taken.append(envelope)
        await self._hold("DATA", envelope.rcpt_tos[0])
        return "250 OK"

    def ids(self) -> list[str]:
        """The Message-IDs of all accepted messages."""
        contents = [envelope.content for envelope in self.taken]
        return [str(message_from_bytes(content)["message-id"]) for content in contents if isinstance(content, bytes)]


class Worker:
    """A `virage work` process."""

    def __init__(self, config: Config, port: int, folder: Path, **variables: str) -> None:
        self._folder = folder
        self._env = {name: value for name, value in os.environ.items() if not name.startswith("VIRAGE_")} | {
            "VIRAGE_SECRET": config.secret,
            "VIRAGE_DEMO": "1",
            "VIRAGE_DATABASE_URL": config.database_url or "",
            "VIRAGE_VAR_DIR": str(folder),
            "VIRAGE_SMTP_URL": f"smtp://127.0.0.1:{port}",
            **variables,
        }
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with (self._folder / "worker.txt").open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "virage.cli", "work", env=self._env, stdout=output, stderr=output
            )

    async def kill(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    yield server
    await server.close()


@pytest.fixture
async def worker(config: Config, port: int, tmp_path: Path) -> AsyncIterator[Worker]:
    worker = Worker(config, port, tmp_path)
    yield worker
    await worker.kill()


async def until(met: Callable[[], Awaitable[object]]) -> None:
    """Poll: other processes have no event to wait for."""
    async with asyncio.timeout(WAIT_S):
        while not await met():  # noqa: ASYNC110 - the docstring explains it
            await asyncio.sleep(0.05)


async def written(db: Database, clock: Clock, *addresses: str) -> None:
    """Emails to people, of a kind sent to many at once."""
    async with db.transaction() as conn:
        for address in addresses:
            person_id = await people.ensure_fan(conn, address, None, clock.now())
            email = NewEmail(id=new_id(), kind=EmailKind.TOP_UP_OFF, subject_id=person_id, person_id=person_id)
            await write(conn, [email], clock.now())


async def states(conn: Connection) -> dict[str, int]:
    rows = await conn.fetch("select state, count(*) as count from people.letter group by state")
    return {row["state"]: row["count"] for row in rows}


@pytest.mark.parametrize(("step", "copies"), [("RCPT", 1), ("DATA", 2)])
async def test_an_email_survives_a_killed_worker_with_one_message_id(
    step: str,
    copies: int,
    *,
    worker: Worker,
    server: Server,
    port: int,
    db: Database,
    conn: Connection,
) -> None:
    server.holds = step
    await server.open(port)
    await worker.start()
    await written(db, Clock(), "fan@example.org")

    async def held() -> bool:
        return bool(server.held[step])

    await until(held)
    await worker.kill()
    server.holds = None
    assert await states(conn) == {"queued": 1}
    await worker.start()

    async def sent() -> bool:
        return await states(conn) == {"sent": 1}

    await until(sent)
    assert len(server.ids()) == copies, "accepted, but the worker was killed before it stored that"
    assert len(set(server.ids())) == 1, "one Message-ID, so that mail clients show one email"


async def test_every_email_is_sent_after_an_hour_without_a_mail_server(
    worker: Worker, server: Server, port: int, db: Database, conn: Connection
) -> None:
    await worker.start()
    await written(db, Clock(), "fan1@example.org", "fan2@example.org")

    async def failed() -> bool:
        return bool(await conn.fetchval("select min(attempts) > 0 from kernel.job where entrypoint = 'letter'"))

    await until(failed)

    async def an_hour_later() -> bool:
        """Move both jobs to their 25th attempt; the server opens before the worker can take one of them."""
        async with conn.transaction():
            waiting = await conn.fetch(
                "select id from kernel.job where entrypoint = 'letter' and status = 'queued' for update"
            )
            if len(waiting) == 2:
                await conn.execute("update kernel.job set attempts = 24, execute_after = now()")
                await server.open(port)
            return len(waiting) == 2

    await until(an_hour_later)

    async def sent() -> bool:
        return await states(conn) == {"sent": 2}

    await until(sent)
    assert sorted(envelope.rcpt_tos[0] for envelope in server.taken) == ["fan1@example.org", "fan2@example.org"]


def test_emails_are_retried_for_more_than_a_day() -> None:
    assert sum((pause_after(attempt) for attempt in range(EMAIL_ATTEMPTS)), timedelta()) > timedelta(days=1)


async def test_permanent_errors_end_an_email_and_temporary_ones_do_not(
    worker: Worker, server: Server, port: int, db: Database, conn: Connection
) -> None:
    server.answers = {
        "gone@example.org": ["550 5.1.1 No such mailbox"],
        "full@example.org": ["552 5.2.2 Mailbox full"],
        "busy@example.org": ["451 4.3.0 Later", "451 4.3.0 Later"],
    }
    await server.open(port)
    await worker.start()
    await written(db, Clock(), "gone@example.org", "full@example.org", "busy@example.org", "well@example.org")

    async def ended() -> bool:
        return await states(conn) == {"sent": 2, "bounced": 2}

    await until(ended)
    assert sorted(envelope.rcpt_tos[0] for envelope in server.taken) == ["busy@example.org", "well@example.org"]
    reasons = await conn.fetch("select reason from people.letter where state = 'bounced' order by reason")
    assert [row["reason"] for row in reasons] == ["5.1.1", "5.2.2"]
    assert await conn.fetchval("select count(*) from people.blocked_address") == 1
    await written(db, Clock(), "gone@example.org")

    async def kept_back() -> bool:
        return await states(conn) == {"sent": 2, "bounced": 3}

    await until(kept_back)
    assert len(server.taken) == 2


async def test_many_emails_to_a_slow_server_delay_no_code(
    worker: Worker, server: Server, port: int, *, config: Config, db: Database, conn: Connection
) -> None:
    server.holds = "DATA"
    await server.open(port)
    await worker.start()
    await written(db, Clock(), *(f"fan{number}@example.org" for number in range(80)))

    async def busy() -> bool:
        return len(server.held["DATA"]) == EMAILS_AT_ONCE

    await until(busy)
    code = NewEmail(
        id=new_id(),
        kind=EmailKind.SIGN_IN_CODE,
        subject_id=new_id(),
        to="code@example.org",
        locale="fr",
        secret={"code": "012345"},
    )
    async with db.transaction() as writing:
        await write(writing, [code], Clock().now(), keys=people_keys(config.secret))

    async def came() -> bool:
        return any(envelope.rcpt_tos == ["code@example.org"] for envelope in server.taken)

    await until(came)
    assert len(server.held["DATA"]) == EMAILS_AT_ONCE
    server.go.set()

    async def sent() -> bool:
        return await states(conn) == {"sent": 81}

    await until(sent)
    assert len(set(server.ids())) == len(server.ids()) == 81

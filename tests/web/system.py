"""A whole deployment of real processes for browsers to visit: sandbox provider, jobs, web, the demo
in a database.
"""

import asyncio
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from msgspec.structs import replace

from tests.ports import free_ports
from tests.web import http
from tests.web.forker import Forked, forker
from virage.app.settings import read
from virage.demo.crowd import Till, fill
from virage.demo.programme import Planned, load_programme, planned
from virage.identity.people.rules.secrets import people_keys, rate_key
from virage.money.payments.handlers import Handlers
from virage.money.payments.sandbox_provider import SandboxProvider
from virage.money.payments.settings import PaymentSettings
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.sale.ticketing.acts import paying

READY_S = 120.0
TOMORROWS_SHARE = 0.1
CODE = re.compile(r"\b\d{4} \d{4} \d{4}\b|\b\d{6}\b")
FAN = "fan@example.org"
"""The demonstration's fan: the one address that many tests share."""
Process = subprocess.Popen[bytes] | Forked
Server = tuple[str, Callable[[], None], Callable[[], None]]


def fresh(name: str) -> str:
    """The name with a unique ending, also among earlier tries of a test."""
    return f"{name} {new_id().hex[-6:]}"


@cache
def tomorrow() -> list[Planned]:
    """The programme a day after the first call: it stays the same while tests run past the end of tonight's sale."""
    return planned(datetime.now(UTC) + timedelta(days=1))


class System:
    """Processes of one deployment over one database; `url` is its address for browsers."""

    def __init__(self, folder: Path, database_url: str, **variables: str) -> None:
        self.folder = folder
        self.port, sandbox_port = free_ports(2)
        self.url = f"http://localhost:{self.port}"
        self.sandbox_url = f"http://localhost:{sandbox_port}"
        self.database_url = database_url
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("VIRAGE_")} | {
            **variables,
            "VIRAGE_DEMO": "1",
            "VIRAGE_SECRET": secrets.token_urlsafe(32),
            "VIRAGE_SANDBOX_KEY": secrets.token_urlsafe(32),
            "VIRAGE_SANDBOX_WEBHOOK_SECRET": secrets.token_urlsafe(32),
            "VIRAGE_DATABASE_URL": database_url,
            "VIRAGE_VAR_DIR": str(folder),
            "VIRAGE_PORT": str(self.port),
            "VIRAGE_PUBLIC_URL": self.url,
            "VIRAGE_ASK_MS": "8000",  # on a busy machine responses are slow, and a till must not go offline
            "VIRAGE_SANDBOX_URL": self.sandbox_url,
            "VIRAGE_EXCHANGE_CARD_TICKETS_MAX": "1000",  # all fans of the tests pay with one card
            "VIRAGE_LOG_LEVEL": "warning",
        }
        self.processes: list[Process] = []

    def run(self) -> None:
        """Start everything, as `make run` does, and wait until it responds."""
        self.start("run", self.env)
        self.wait(self.url)
        asyncio.run(self._add_tomorrow())

    async def _add_tomorrow(self) -> None:
        """Add tomorrow's match, partly sold: at noon tonight's is too near, and the next would be a
        tournament's.
        """
        config, now = read(self.env), datetime.now(UTC)
        plans = tomorrow()
        settings = config.of(PaymentSettings)
        provider = SandboxProvider(
            self.sandbox_url, settings.sandbox_key, settings.sandbox_webhook_secret, config.currency.code
        )
        db = await Database.open(self.database_url)
        try:
            async with db.transaction() as conn:
                await load_programme(conn, plans, now)
            till = Till(db, provider, Handlers({paying.PURPOSE: paying.OrderMoney(25_000)}), self.url)
            await fill(db, till, replace(plans[0], seated_share=TOMORROWS_SHARE), now)
        finally:
            await provider.close()
            await db.close()

    def start(self, command: str, env: Mapping[str, str], *arguments: str) -> Process:
        """Start one command of `virage`; its output goes into a file of the folder."""
        with (self.folder / f"{command}.txt").open("ab") as words:
            process: Process
            if command in ("serve", "work", "sandbox"):
                process = forker().start([command, *arguments], env, self.folder, words)
            else:
                process = subprocess.Popen(  # noqa: S603 - our own command
                    [sys.executable, "-m", "virage.cli", command, *arguments],
                    env=env,
                    stdout=words,
                    stderr=words,
                    cwd=self.folder,
                )
        self.processes.append(process)
        return process

    def wait(self, url: str) -> None:
        """Wait until a web process responds."""
        end = time.monotonic() + READY_S
        while not _answers(f"{url}/readyz"):
            if time.monotonic() > end or any(process.poll() for process in self.processes):
                said = "".join(path.read_text(errors="replace")[-2000:] for path in self.folder.glob("*.txt"))
                raise TimeoutError(f"Virage does not answer: {said}")
            time.sleep(0.1)

    def stop(self, process: Process) -> None:
        """Stop one command and its processes."""
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(30)

    def close(self) -> None:
        """Stop everything."""
        for process in reversed(self.processes):
            self.stop(process)

    def get(self, path: str) -> Any:
        """The API's response to an anonymous request."""
        return http.get(self.url + path).raise_for_status().json()

    def event(self, kind: str) -> str:
        """The id of the stadium's first event of a kind that is not tonight, at any time of the day."""
        tomorrow = datetime.now(UTC) + timedelta(hours=12)
        return next(
            str(event["id"])
            for event in self.get("/api/events")["events"]
            if event["kind"] == kind
            and event["venue_code"] == "stadium"
            and datetime.fromisoformat(event["starts_at"]) > tomorrow
        )

    def forget_asks(self, email: str) -> None:
        """Reset the rate limit of sign-in codes for this address: tests ask more often than a fan
        may within an hour.
        """
        key = rate_key(people_keys(self.env["VIRAGE_SECRET"]), email)

        async def forget() -> None:
            connection = await asyncpg.connect(self.database_url)
            try:
                await connection.execute("delete from people.pace where key = $1", key)
            finally:
                await connection.close()

        with ThreadPoolExecutor(1) as aside:  # a browser's event loop may run in this thread
            aside.submit(asyncio.run, forget()).result()

    def code_for(self, email: str, besides: str = "", pattern: "re.Pattern[str]" = CODE) -> str:
        """The code in the latest email to an address, once an email has come whose code is not
        `besides`.
        """
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            code = self.last_code(email, pattern)
            if code and code != besides:
                return code
            time.sleep(0.1)
        raise TimeoutError(f"no letter to {email}")

    def last_code(self, email: str, pattern: "re.Pattern[str]" = CODE) -> str:
        """The code in the latest email to an address, empty before the first."""
        emails = [message for message in self.get("/api/mailbox") if message["recipient"] == email]
        codes = [found[0] for message in emails if (found := pattern.search(message["subject"] + message["body"]))]
        return codes[0] if codes else ""


@contextmanager
def stoppable(system: System, *arguments: str, scheme: str = "http", **limits: str) -> Iterator[Server]:
    """A web process for one test: its address, and functions that stop it and start it again."""
    (port,) = free_ports(1)
    url = f"{scheme}://localhost:{port}"
    running: list[Process] = []

    def start() -> None:
        own = limits | {"VIRAGE_PORT": str(port), "VIRAGE_PUBLIC_URL": url}
        running.append(system.start("serve", system.env | own, *arguments))
        system.wait(url)

    def stop() -> None:
        process = running.pop()
        system.stop(process)
        system.processes.remove(process)

    start()
    yield url, stop, start
    if running:
        stop()


def _answers(url: str) -> bool:
    try:
        # Any certificate is accepted: a test that serves HTTPS has its own authority.
        return httpx.get(url, timeout=2, verify=False).status_code == httpx.codes.OK  # noqa: S501 - nothing is sent
    except httpx.HTTPError:
        return False

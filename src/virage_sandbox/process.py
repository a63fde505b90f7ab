"""The sandbox process: its state read from its file, a server, and a task that delivers webhooks.

It logs structlog events; its caller configures where they go.
"""

import asyncio
import ipaddress
import signal
import sys
import time
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
import structlog
from aiohttp import web
from msgspec import Struct

from virage_sandbox import signatures
from virage_sandbox.api import Api
from virage_sandbox.appendfile import AppendFile
from virage_sandbox.bank import Bank, Delivered, Entry
from virage_sandbox.outbox import Outbox
from virage_sandbox.wire import Delivery, Event

WEBHOOK_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=2)
IDLE_S = 90.0
CONNECTIONS_WAITING_MAX = 2048

log: Any = structlog.get_logger()


class Settings(Struct, frozen=True):
    """Settings of a sandbox. `url` is its address for browsers and the merchant, where it listens.

    The merchant's requests are answered after `latency_s`. A bank pays or refuses a debit after `debit_s`, and a card
    reader takes a card after `reader_s`.
    """

    url: str
    key: str
    webhook_secret: str
    webhook_url: str
    folder: str
    merchant: str = "Virage"
    late_s: float = 5.0
    latency_s: float = 0.0
    debit_s: float = 30.0
    reader_s: float = 3.0


def run(settings: Settings) -> None:
    """Run one sandbox until SIGTERM or SIGINT."""
    _run_to_end(_serve(settings))


def _run_to_end(main: Coroutine[Any, Any, None]) -> None:
    if sys.platform == "win32":
        asyncio.run(main)
    else:
        import uvloop  # noqa: PLC0415 - it does not exist on Windows

        uvloop.run(main)


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    if sys.platform != "win32":  # event loops on Windows have no signal handlers: Ctrl-C ends the process
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
    bank = Bank(settings.late_s, settings.debit_s, settings.reader_s)
    file: AppendFile[Entry] = AppendFile(Path(settings.folder) / "payments.jsonl", msgspec.json.Decoder(Entry))
    for entry in file.read():
        bank.apply(entry)
    async with aiohttp.ClientSession(timeout=WEBHOOK_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()) as session:
        courier = Courier(settings, session, bank, file)
        outbox = Outbox(courier.deliver)
        for owed in list(bank.owed.values()):
            outbox.add(owed.event, owed.due_s, owed.copies)
        api = Api(
            bank,
            file,
            outbox,
            url=settings.url,
            key=settings.key,
            merchant=settings.merchant,
            latency_s=settings.latency_s,
        )
        server = web.ServerRunner(web.Server(api.handle, access_log=None, keepalive_timeout=IDLE_S))
        await server.setup()
        host, port = _listening(settings.url)
        await web.TCPSite(server, host, port, backlog=CONNECTIONS_WAITING_MAX).start()
        log.info("sandbox_ready", url=settings.url, payments=len(bank.accounts), owed=len(bank.owed))
        running = [asyncio.create_task(outbox.run()), asyncio.create_task(api.end_debits())]
        try:
            await asyncio.wait((asyncio.create_task(stop.wait()), *running), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in running:
                task.cancel()
            await server.cleanup()
            await file.append(())
            file.close()


class Courier:
    """Delivers signed webhooks to the merchant, and stores which events arrived."""

    def __init__(self, settings: Settings, session: aiohttp.ClientSession, bank: Bank, file: AppendFile[Entry]) -> None:
        self._settings = settings
        self._session = session
        self._bank = bank
        self._file = file

    async def deliver(self, events: Sequence[Event]) -> bool:
        """Return whether the merchant confirmed the delivery with a 2xx."""
        body = msgspec.json.encode(Delivery(list(events)))
        headers = {
            "content-type": "application/json",
            signatures.HEADER: signatures.sign(self._settings.webhook_secret, body, int(time.time())),
        }
        try:
            async with self._session.post(self._settings.webhook_url, data=body, headers=headers) as response:
                await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as failure:
            log.warning("sandbox_webhook_failed", events=len(events), failure=type(failure).__name__)
            return False
        if not response.ok:
            log.warning("sandbox_webhook_failed", events=len(events), status=response.status)
            return False
        delivered = Delivered([event.id for event in events])
        self._bank.apply(delivered)
        await self._file.append([delivered])
        return True


def _listening(url: str) -> tuple[str, int]:
    """Return where to listen for a URL: loopback for localhost, an IP address itself, else every interface."""
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if host == "localhost":
        return "127.0.0.1", port
    try:
        return str(ipaddress.ip_address(host)), port
    except ValueError:
        return "0.0.0.0", port  # noqa: S104 - a name may resolve to any interface

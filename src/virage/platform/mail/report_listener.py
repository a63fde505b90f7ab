"""Delivery reports about emails, taken in by LMTP (RFC 2033) from the mail server of the return paths' domain.

A report is answered once it is stored: while the database is away, the mail server keeps it and comes back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import UUID

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session

from virage.platform.data.database import ASYNCPG_ERRORS, Unavailable
from virage.platform.mail.messages import email_id_of
from virage.platform.mail.reports import Report, report_of
from virage.platform.settings.logs import log

_SIZE_MAX: Final = 1_000_000
_LATER: Final = "451 4.3.0 Try again later"


class ReportListener:
    """Listens for reports in one worker of all. `keys` are those of return paths; `store` keeps what was reported."""

    def __init__(
        self, keys: Sequence[bytes], store: Callable[[UUID, Report], Awaitable[None]], *, domain: str, listen: str
    ) -> None:
        self._keys = list(keys)
        self._store = store
        self._domain = domain
        self._host, _, port = listen.rpartition(":")
        self._port = int(port)

    async def run(self) -> None:
        """Listen until cancelled."""
        loop = asyncio.get_running_loop()

        def protocol() -> LMTP:
            return LMTP(self, loop=loop, hostname=self._domain, ident="Virage", data_size_limit=_SIZE_MAX)

        server = await loop.create_server(protocol, self._host, self._port)
        async with server:
            await server.serve_forever()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names its hooks so
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take return paths of our own emails, one a message: LMTP answers each recipient."""
        if email_id_of(self._keys, address, self._domain) is None:
            return "550 5.1.1 No such return path"
        if envelope.rcpt_tos:
            return "452 4.5.3 One recipient at a time"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - the same
        self, _server: Any, _session: Session, envelope: Envelope
    ) -> str:
        """Store a delivery report; other messages, such as absence notes, are ignored."""
        email_id = email_id_of(self._keys, envelope.rcpt_tos[0], self._domain)
        content = envelope.content
        report = report_of(content) if isinstance(content, bytes) else None
        if email_id is not None and report is not None:
            try:
                await self._store(email_id, report)
            except (OSError, TimeoutError, Unavailable, *ASYNCPG_ERRORS) as failure:
                log.warning("letter_report_delayed", email=email_id, exc_info=failure)
                return _LATER
        return "250 2.0.0 OK"

"""Handing a message to a mail server, and what its answer means."""

import ssl
from collections.abc import Awaitable, Callable
from typing import Final, Literal
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
from msgspec import Struct

from virage.platform.mail.reports import Report, refusal

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
DEFAULT_PORTS: Final = {"smtp": 587, "smtps": 465}
SMTP_TIMEOUT_S = 20.0
PERMANENT = 500  # RFC 5321, 4.2.1: from here on the same email is refused for ever
NOTIFY = ["NOTIFY=SUCCESS,FAILURE"]  # RFC 3461


class MailDelayed(Exception):
    """The mail server did not take an email. Its own words stay out: they name the reader."""


class SmtpServer(Struct, frozen=True):
    """A mail server out of its URL. `start_tls`: True requires it, None takes it where offered, False never."""

    host: str
    port: int
    use_tls: bool
    start_tls: bool | None
    username: str | None
    password: str | None


def smtp_server(url: str) -> SmtpServer:
    """The server that `smtp://user:password@host:port/?starttls=1` names; user and password may be percent-encoded.

    `smtps` speaks TLS from the first byte. Without `starttls` the connection is encrypted where the server offers
    it, and demanded where there is a password and another machine to send it to; `starttls=1` demands it always,
    `starttls=0` does without. Raises ValueError for any other URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError("A mail server's URL is smtp://host:port or smtps://host:port.")
    implicit = parts.scheme == "smtps"
    wish = parse_qs(parts.query).get("starttls", [""])[-1]
    start_tls = False if implicit else {"1": True, "0": False}.get(wish)
    if start_tls is None and parts.username is not None and parts.hostname not in LOOPBACK:
        start_tls = True
    return SmtpServer(
        host=parts.hostname,
        port=parts.port or DEFAULT_PORTS[parts.scheme],
        use_tls=implicit,
        start_tls=start_tls,
        username=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )


async def send(
    server: SmtpServer,
    message: Callable[[], Awaitable[bytes | None]],
    *,
    return_path: str,
    to: str,
    reports: bool,
    tls_context: ssl.SSLContext | None = None,
) -> Report | Literal["sent", "dropped"]:
    """Hand a message to a server; a report where it refuses for good, MailDelayed where it says "later" or is away.

    `message` is called once the server is reached: while it is away, messages cost nothing. Without a message (None)
    nothing is sent. `reports` asks for a report of the delivery, where the server knows how.
    """
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.username,
        password=server.password,
        use_tls=server.use_tls,
        start_tls=server.start_tls,
        tls_context=tls_context,
        timeout=SMTP_TIMEOUT_S,
    )
    try:
        async with client:
            content = await message()
            if content is None:
                return "dropped"
            asks = reports and client.supports_extension("dsn")
            await client.sendmail(return_path, [to], content, rcpt_options=NOTIFY if asks else None)
    except aiosmtplib.SMTPRecipientsRefused as failure:
        (recipient,) = failure.recipients
        refused = refusal(recipient.code, recipient.message)
        if refused is None:
            raise MailDelayed(str(recipient.code)) from None
        return refused
    except aiosmtplib.SMTPDataError as failure:
        if failure.code < PERMANENT:
            raise MailDelayed(str(failure.code)) from None
        return Report("bounced", str(failure.code))
    except aiosmtplib.SMTPException as failure:
        raise MailDelayed(f"{type(failure).__name__} {getattr(failure, 'code', '')}".rstrip()) from None
    return "sent"

"""Sending messages to a real mail server, and receiving reports; the package stores no email and no
person.
"""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from html import unescape
from uuid import UUID, uuid4

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.platform.mail.reports import delivery_report
from tests.ports import free_ports
from virage.platform.mail.messages import return_path
from virage.platform.mail.pages import Page, html_of, text_of
from virage.platform.mail.report_listener import ReportListener
from virage.platform.mail.reports import Report
from virage.platform.mail.sending import MailDelayed, SmtpServer, send

KEY = b"k" * 32
DOMAIN = "bounce.example.org"
PATH = "tickets@example.org"
FAN = "fan@example.org"


class Inbox:
    """The messages that a mail server received; `answer` is its response to each recipient."""

    def __init__(self) -> None:
        self.contents: list[bytes] = []
        self.answer = "250 OK"

    async def handle_RCPT(  # noqa: N802 - a hook of aiosmtpd
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(  # noqa: N802 - the same
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        self.contents.append(envelope.content)
        return "250 OK"


@pytest.fixture
async def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def server(inbox: Inbox) -> AsyncIterator[SmtpServer]:
    report_listener = await asyncio.get_running_loop().create_server(lambda: SMTP(inbox), "127.0.0.1", 0)
    port: int = report_listener.sockets[0].getsockname()[1]
    yield SmtpServer("127.0.0.1", port, use_tls=False, start_tls=False, username=None, password=None)
    report_listener.close()
    await report_listener.wait_closed()


async def sent(server: SmtpServer, content: bytes | None = b"Subject: x\r\n\r\nbody\r\n") -> object:
    async def message() -> bytes | None:
        return content

    return await send(server, message, return_path=PATH, to=FAN, reports=True)


async def test_a_server_accepts_rejects_or_defers_a_message(server: SmtpServer, inbox: Inbox) -> None:
    assert await sent(server) == "sent"
    assert [content.endswith(b"body\r\n") for content in inbox.contents] == [True]
    inbox.answer = "550 5.1.1 no such user"
    assert await sent(server) == Report("bounced", "5.1.1", blocks=True)
    inbox.answer = "451 4.3.0 fan@example.org later"
    with pytest.raises(MailDelayed, match=r"^451$"):
        await sent(server)


async def test_a_message_is_rendered_only_after_connecting(server: SmtpServer, inbox: Inbox) -> None:
    assert await sent(server, None) == "dropped"
    assert inbox.contents == []
    (closed,) = free_ports(1)
    away = SmtpServer("127.0.0.1", closed, use_tls=False, start_tls=False, username=None, password=None)

    async def message() -> bytes | None:
        pytest.fail("made for a server that is away")

    with pytest.raises(MailDelayed):
        await send(away, message, return_path=PATH, to=FAN, reports=False)


async def test_a_report_is_acknowledged_after_it_is_stored() -> None:
    (port,) = free_ports(1)
    stored: list[tuple[UUID, Report]] = []
    away = [True]

    async def store(email_id: UUID, report: Report) -> None:
        if away:
            away.clear()
            raise OSError
        stored.append((email_id, report))

    listener = ReportListener([KEY], store, domain=DOMAIN, listen=f"127.0.0.1:{port}")
    report_listener = asyncio.create_task(listener.run())
    email_id = uuid4()

    def hand_in() -> int:
        with smtplib.LMTP("127.0.0.1", port) as client:
            try:
                client.sendmail("<>", [return_path(KEY, email_id, DOMAIN)], delivery_report("failed", "5.1.1"))
            except smtplib.SMTPDataError as failure:
                return failure.smtp_code
            return 250

    async with asyncio.timeout(20):
        while True:
            try:
                codes = [await asyncio.to_thread(hand_in)]
                break
            except ConnectionRefusedError:
                await asyncio.sleep(0.01)
        codes.append(await asyncio.to_thread(hand_in))
    report_listener.cancel()
    await asyncio.gather(report_listener, return_exceptions=True)
    assert codes == [451, 250]
    assert stored == [(email_id, Report("bounced", "5.1.1", blocks=True))]


def test_an_email_page_is_complete_in_plain_text_and_escapes_markup() -> None:
    page = Page(
        lang="en",
        subject="Hello",
        title="<b>Title</b>",
        preview="",
        code="1234",
        paragraphs=["One.", "Two."],
        facts=[("Gate", "A")],
        rows=[("Beer", "7.00")],
        total=("Total", "7.00"),
        button="Open",
        link="https://tickets.example/orders",
        small=["Small."],
        automatic="Sent automatically.",
        club="Club",
        address="1 avenue",
        primary="#14387f",
        accent="#e0b040",
        on_primary="#ffffff",
    )
    html, text = html_of(page), text_of(page, lambda name, value: f"{name}: {value}")
    shown = unescape(html)
    assert "<b>Title</b>" not in html
    assert "<b>Title</b>" in shown
    for said in (
        "1234",
        "One.",
        "Two.",
        "Gate",
        "Beer",
        "Total",
        "Open",
        page.link,
        "Small.",
        page.automatic,
        "1 avenue",
    ):
        assert said in shown
        assert said in text

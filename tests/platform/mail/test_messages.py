"""Messages, return paths and bounce reports, without a server."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from tests.platform.mail.reports import delivery_report
from virage.platform.mail.messages import Rendered, compose, email_id_of, return_path
from virage.platform.mail.reports import Report, refusal, report_of
from virage.platform.mail.sending import smtp_server

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
KEYS = [b"k" * 32, b"o" * 32]


class Email(Struct, frozen=True):
    """The parts of an email that its message needs."""

    id: UUID
    to: str


@given(st.text(max_size=60), st.text(max_size=60))
def test_an_email_header_cannot_be_injected(to: str, subject: str) -> None:
    evil = Email(uuid4(), f"{to}\r\nBcc: all@example.org")
    with pytest.raises(ValueError, match=r"CR|LF|linefeed|[Ii]nvalid|header"):
        compose(evil, Rendered(f"{subject}\r\nBcc: all@example.org", "", ""), "tickets@example.org", "Club", NOW)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.org", ("mail.example.org", 587, False, None, None)),
        ("smtp://mail.example.org:25/?starttls=0", ("mail.example.org", 25, False, False, None)),
        ("smtp://mail.example.org?starttls=1", ("mail.example.org", 587, False, True, None)),
        ("smtps://mail.example.org", ("mail.example.org", 465, True, False, None)),
        ("smtp://club%40x:pa%2Fss@mail.example.org", ("mail.example.org", 587, False, True, "pa/ss")),
        ("smtp://club:pass@localhost:2525", ("localhost", 2525, False, None, "pass")),
    ],
)
def test_a_mail_server_is_parsed_from_its_url(url: str, expected: tuple[object, ...]) -> None:
    server = smtp_server(url)
    assert (server.host, server.port, server.use_tls, server.start_tls, server.password) == expected


@pytest.mark.parametrize("url", ["http://mail.example.org", "smtp://", "mail.example.org"])
def test_an_invalid_mail_server_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="smtp://"):
        smtp_server(url)


def test_a_return_path_names_its_email_and_cannot_be_forged() -> None:
    id_ = uuid4()
    path = return_path(KEYS[1], id_, "bounce.example.org")
    assert len(path.partition("@")[0]) <= 64
    assert email_id_of(KEYS, path, "bounce.example.org") == id_
    assert email_id_of(KEYS, path.upper(), "bounce.example.org") == id_
    assert email_id_of(KEYS[:1], path, "bounce.example.org") is None
    local = path.partition("@")[0]
    forged = f"{local[:-1]}{'0' if local[-1] != '0' else '1'}@bounce.example.org"
    for wrong in (forged, f"{local}@example.org", "", "b-x-y@bounce.example.org", f"b-{id_.hex}@bounce.example.org"):
        assert email_id_of(KEYS, wrong, "bounce.example.org") is None


@given(st.text(max_size=120))
def test_any_address_is_parsed_without_an_exception(address: str) -> None:
    assert email_id_of(KEYS, address, "bounce.example.org") is None


@pytest.mark.parametrize(
    ("action", "status", "report"),
    [
        ("failed", "5.1.1", Report("bounced", "5.1.1", blocks=True)),
        ("Failed", "5.2.1 (closed)", Report("bounced", "5.2.1", blocks=True)),
        ("failed", "5.2.2", Report("bounced", "5.2.2")),
        ("failed", "5.7.1", Report("bounced", "5.7.1")),
        ("failed", "4.4.7", Report("bounced", "4.4.7")),
        ("failed", "", Report("bounced", "5.0.0")),
        ("delivered", "2.0.0", Report("delivered", "2.0.0")),
        ("delayed", "4.4.1", None),
        ("relayed", "2.0.0", None),
    ],
)
def test_a_report_states_the_delivery_status(action: str, status: str, report: Report | None) -> None:
    assert report_of(delivery_report(action, status)) == report


@given(st.binary(max_size=400))
def test_a_message_that_is_not_a_report_is_ignored(content: bytes) -> None:
    assert report_of(content) is None


@pytest.mark.parametrize(
    ("code", "answer", "report"),
    [
        (450, "4.2.1 later", None),
        (550, "5.1.1 no such user", Report("bounced", "5.1.1", blocks=True)),
        (550, "no such mailbox", Report("bounced", "550", blocks=True)),
        (550, "5.7.1 you are on a list", Report("bounced", "5.7.1")),
        (552, "full", Report("bounced", "552")),
    ],
)
def test_a_refusal_blocks_an_address_only_if_it_does_not_exist(code: int, answer: str, report: Any) -> None:
    assert refusal(code, answer) == report

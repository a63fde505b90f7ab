"""How a letter travels: the message, its envelope, its signature, and the server that takes it."""

import hmac
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import dkim
from msgspec import Struct

from virage.identity.people.rules.letters import Letter, Rendered

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
DEFAULT_PORTS: Final = {"smtp": 587, "smtps": 465}
_MARK_BYTES: Final = 8
_SIGNED: Final = (b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type")


class SmtpServer(Struct, frozen=True):
    """A mail server out of its URL. `start_tls`: True requires it, None takes it where offered, False never."""

    host: str
    port: int
    use_tls: bool
    start_tls: bool | None
    username: str | None
    password: str | None


class Signer(Struct, frozen=True):
    """What letters are signed with by DKIM (RFC 6376): the selector in DNS, and a private RSA key in PEM."""

    selector: str
    key: bytes


def invitation_link(public_url: str, code: str) -> str:
    """Where an invitation is accepted. The code stands in the fragment, which no server's log ever sees."""
    return public_url + invitation_path(code)


def invitation_path(code: str) -> str:
    """The same below the public URL."""
    return f"/office/invitation#{code}"


def compose(letter: Letter, rendered: Rendered, sender: str, club: str, now: datetime) -> EmailMessage:
    """Return the letter as a message. Its id makes the Message-ID, so that a letter sent twice is shown once.

    Raises ValueError for an address or subject that would end its header.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=club, addr_spec=sender)
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = rendered.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{letter.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers
    message.set_content(rendered.text, cte="quoted-printable")
    message.add_alternative(rendered.html, subtype="html", cte="quoted-printable")
    for file in rendered.attachments:
        maintype, _, subtype = file.media_type.partition("/")
        message.add_attachment(file.content, maintype=maintype, subtype=subtype, filename=file.name)
    return message


def signed(message: bytes, signer: Signer, sender: str) -> bytes:
    """Return the message below its DKIM signature."""
    domain = sender.rpartition("@")[2].encode()
    header: bytes = dkim.sign(
        message, signer.selector.encode(), domain, signer.key, include_headers=list(_SIGNED), linesep=b"\r\n"
    )
    return header + message


def return_path(key: bytes, letter_id: UUID, domain: str) -> str:
    """Return the envelope sender of a letter (VERP): it names the letter, and cannot be made up."""
    return f"b-{letter_id.hex}-{_mark(key, letter_id)}@{domain}"


def letter_of(keys: list[bytes], address: str, domain: str) -> UUID | None:
    """Return the letter that a return path names; None for any other address."""
    local, _, host = address.rpartition("@")
    parts = local.lower().split("-")
    if host.lower() != domain.lower() or len(parts) != 3 or parts[0] != "b":  # noqa: PLR2004 - b, the id, its mark
        return None
    try:
        letter_id = UUID(hex=parts[1])
    except ValueError:
        return None
    known = any(hmac.compare_digest(_mark(key, letter_id).encode(), parts[2].encode()) for key in keys)
    return letter_id if known else None


def _mark(key: bytes, letter_id: UUID) -> str:
    return hmac.digest(key, letter_id.bytes, "sha256")[:_MARK_BYTES].hex()


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

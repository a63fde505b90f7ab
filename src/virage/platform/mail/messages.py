"""How an email travels: the message, its signature, and the return path that names it."""

import hmac
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final, Protocol
from uuid import UUID

import dkim
from msgspec import Struct

_MARK_BYTES: Final = 8
_SIGNED: Final = (b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type")


class Attachment(Struct, frozen=True):
    """A file that goes with an email."""

    name: str
    media_type: str
    content: bytes


class Rendered(Struct, frozen=True):
    """An email ready to be sent."""

    subject: str
    text: str
    html: str
    attachments: Sequence[Attachment] = ()


class Addressed(Protocol):
    """The id and the recipient of a message."""

    @property
    def id(self) -> UUID:
        """The same each time that it is sent."""
        ...

    @property
    def to(self) -> str:
        """The address."""
        ...


class Signer(Struct, frozen=True):
    """What emails are signed with by DKIM (RFC 6376): the selector in DNS, and a private RSA key in PEM."""

    selector: str
    key: bytes


def compose(email: Addressed, rendered: Rendered, sender: str, club: str, now: datetime) -> EmailMessage:
    """Return the email as a message. Its id makes the Message-ID, so that an email sent twice is shown once.

    Raises ValueError for an address or subject that would end its header.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=club, addr_spec=sender)
    message["To"] = Address(addr_spec=email.to)
    message["Subject"] = rendered.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{email.id}@{sender.rpartition('@')[2]}>"
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


def return_path(key: bytes, email_id: UUID, domain: str) -> str:
    """Return the envelope sender of an email (VERP): it names the email, and cannot be made up."""
    return f"b-{email_id.hex}-{_mark(key, email_id)}@{domain}"


def email_id_of(keys: list[bytes], address: str, domain: str) -> UUID | None:
    """Return the email that a return path names; None for any other address."""
    local, _, host = address.rpartition("@")
    parts = local.lower().split("-")
    if host.lower() != domain.lower() or len(parts) != 3 or parts[0] != "b":  # noqa: PLR2004 - b, the id, its mark
        return None
    try:
        email_id = UUID(hex=parts[1])
    except ValueError:
        return None
    known = any(hmac.compare_digest(_mark(key, email_id).encode(), parts[2].encode()) for key in keys)
    return email_id if known else None


def _mark(key: bytes, email_id: UUID) -> str:
    return hmac.digest(key, email_id.bytes, "sha256")[:_MARK_BYTES].hex()

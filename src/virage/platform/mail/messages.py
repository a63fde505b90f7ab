"""How a letter travels: the message, its signature, and the return path that names it."""

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
    """A file that goes with a letter."""

    name: str
    media_type: str
    content: bytes


class Rendered(Struct, frozen=True):
    """A letter ready to be sent."""

    subject: str
    text: str
    html: str
    attachments: Sequence[Attachment] = ()


class Addressed(Protocol):
    """What a message is made of: the id by which it is known, and whom it goes to."""

    @property
    def id(self) -> UUID:
        """The same each time that it is sent."""
        ...

    @property
    def to(self) -> str:
        """The address."""
        ...


class Signer(Struct, frozen=True):
    """What letters are signed with by DKIM (RFC 6376): the selector in DNS, and a private RSA key in PEM."""

    selector: str
    key: bytes


def compose(letter: Addressed, rendered: Rendered, sender: str, club: str, now: datetime) -> EmailMessage:
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

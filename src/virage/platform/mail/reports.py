"""What mail servers report about an email (RFC 3464), and what it means for its address."""

import re
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from typing import Final, Literal

from msgspec import Struct

_STATUS: Final = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_NO_SUCH_ADDRESS: Final = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"})
"""RFC 3463: the mailbox or its domain does not exist, has moved, or is closed. Full, too large and spam differ."""
_PERMANENT: Final = 500
_REFUSED_MAILBOX: Final = frozenset({550, 551, 553})


class Report(Struct, frozen=True):
    """What became of an email; `blocks`: its address must not be written to again."""

    state: Literal["delivered", "bounced"]
    reason: str
    blocks: bool = False


def report_of(content: bytes) -> Report | None:
    """Return what a delivery report says; None for a delay, or for a message that is no report."""
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - what the default policy makes
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload()
            for block in blocks if isinstance(blocks, list) else []:
                report = _of_recipient(block) if isinstance(block, Message) else None
                if report is not None:
                    return report
    return None


def refusal(code: int, answer: str) -> Report | None:
    """Return what it means that a server refused the recipient; None for a server that says "later"."""
    if code < _PERMANENT:
        return None
    found = _STATUS.search(answer)
    reason = found.group() if found else str(code)
    return Report("bounced", reason, _blocks(reason) if found else code in _REFUSED_MAILBOX)


def _of_recipient(block: Message) -> Report | None:
    action = str(block.get("Action", "")).strip().lower()
    found = _STATUS.search(str(block.get("Status", "")))
    status = found.group() if found else ""
    if action == "delivered":
        return Report("delivered", status)
    if action == "failed":
        return Report("bounced", status or "5.0.0", _blocks(status))
    return None


def _blocks(status: str) -> bool:
    return status in _NO_SUCH_ADDRESS

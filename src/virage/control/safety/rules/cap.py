"""Messages as CAP 1.2 (Common Alerting Protocol, OASIS standard of 1 July 2010) and their Atom feeds (RFC 4287)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID
from xml.etree import ElementTree as ET

from msgspec import Struct

from virage.control.safety.rules.broadcasts import (
    Broadcast,
    BroadcastKind,
    BroadcastMode,
    BroadcastText,
    BroadcastUrgency,
    ResponseType,
)

CAP: Final = "urn:oasis:names:tc:emergency:cap:1.2"
ATOM: Final = "http://www.w3.org/2005/Atom"
CAP_TYPE: Final = "application/cap+xml"
ATOM_TYPE: Final = "application/atom+xml"
RESTRICTION: Final = "Staff of the event only"
RESPONSES: Final[Mapping[ResponseType, str]] = {
    ResponseType.EVACUATE: "Evacuate",
    ResponseType.SHELTER: "Shelter",
    ResponseType.AVOID: "Avoid",
    ResponseType.EXECUTE: "Execute",
    ResponseType.MONITOR: "Monitor",
    ResponseType.ALL_CLEAR: "AllClear",
    ResponseType.NONE: "None",
}
KINDS: Final[Mapping[BroadcastKind, str]] = {
    BroadcastKind.ALERT: "Alert",
    BroadcastKind.UPDATE: "Update",
    BroadcastKind.CANCEL: "Cancel",
}


class CapMessage(Struct, frozen=True):
    """A message with what its document names: the ones that it replaces (the oldest first), and its area in words."""

    broadcast: Broadcast
    texts: Mapping[str, BroadcastText]
    replaces: Sequence[Broadcast]
    area: str


def cap_document(message: CapMessage, sender: str, sender_name: str) -> bytes:
    """Return the CAP document. `sender` is the host name of the deployment, without spaces, commas, `<` and `&`.

    A message to fans that is meant has the scope Public; any other one Restricted.
    """
    sent = message.broadcast
    ET.register_namespace("", CAP)
    alert = ET.Element(f"{{{CAP}}}alert")
    _add(alert, "identifier", identifier(sent.id))
    _add(alert, "sender", sender)
    _add(alert, "sent", _time(sent.sent_at))
    _add(alert, "status", {BroadcastMode.ACTUAL: "Actual", BroadcastMode.EXERCISE: "Exercise"}.get(sent.mode, "Test"))
    _add(alert, "msgType", KINDS[sent.kind])
    _add(alert, "scope", "Public" if sent.is_public else "Restricted")
    if not sent.is_public:
        _add(alert, "restriction", RESTRICTION)
    if sent.mode is BroadcastMode.EXERCISE:
        _add(alert, "note", "EXERCISE EXERCISE EXERCISE")
    if message.replaces:
        _add(alert, "references", " ".join(_reference(one, sender) for one in message.replaces))
    for language, text in sorted(message.texts.items()):
        info = ET.SubElement(alert, f"{{{CAP}}}info")
        _add(info, "language", language)
        _add(info, "category", sent.category.value.capitalize())
        _add(info, "event", text.headline)
        _add(info, "responseType", RESPONSES[sent.response])
        _add(info, "urgency", "Past" if sent.kind is BroadcastKind.CANCEL else sent.urgency.value.capitalize())
        _add(info, "severity", sent.severity.value.capitalize())
        _add(info, "certainty", "Observed" if sent.urgency is BroadcastUrgency.IMMEDIATE else "Likely")
        _add(info, "effective", _time(sent.sent_at))
        _add(info, "expires", _time(sent.expires_at))
        _add(info, "senderName", sender_name)
        _add(info, "headline", text.headline)
        _add(info, "description", text.text)
        _add(info, "instruction", text.speech or text.text)
        area = ET.SubElement(info, f"{{{CAP}}}area")
        _add(area, "areaDesc", message.area)
    return _bytes(alert)


def atom_feed(messages: Sequence[CapMessage], address: str, title: str, now: datetime) -> bytes:
    """Return the feed of messages, the latest first. `address` is that of the feed; the documents are beside it."""
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed")
    _add(feed, "id", f"{address}/feed.atom", ATOM)
    _add(feed, "title", title, ATOM)
    _add(feed, "updated", _time(max((one.broadcast.sent_at for one in messages), default=now)), ATOM)
    author = ET.SubElement(feed, f"{{{ATOM}}}author")
    _add(author, "name", title, ATOM)
    ET.SubElement(feed, f"{{{ATOM}}}link", {"rel": "self", "href": f"{address}/feed.atom", "type": ATOM_TYPE})
    for message in messages:
        sent, (_, text) = message.broadcast, min(message.texts.items())
        entry = ET.SubElement(feed, f"{{{ATOM}}}entry")
        _add(entry, "id", identifier(sent.id), ATOM)
        _add(entry, "title", text.headline, ATOM)
        _add(entry, "updated", _time(sent.sent_at), ATOM)
        _add(entry, "summary", text.text, ATOM)
        href = f"{address}/{sent.id}/cap.xml"
        ET.SubElement(entry, f"{{{ATOM}}}link", {"rel": "alternate", "href": href, "type": CAP_TYPE})
    return _bytes(feed)


def identifier(broadcast_id: UUID) -> str:
    """Return the identifier of a message."""
    return f"urn:uuid:{broadcast_id}"


def _reference(broadcast: Broadcast, sender: str) -> str:
    return f"{sender},{identifier(broadcast.id)},{_time(broadcast.sent_at)}"


def _time(at: datetime) -> str:
    """Return a time as CAP wants it: whole seconds, with an offset and never `Z`; UTC is `-00:00`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S-00:00")


def _add(parent: ET.Element, name: str, text: str, space: str = CAP) -> None:
    """Add an element. XML 1.0 has no control characters, so they become spaces."""
    ET.SubElement(parent, f"{{{space}}}{name}").text = "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def _bytes(root: ET.Element) -> bytes:
    text: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()

"""Messages as CAP 1.2, validated against the schema of OASIS and read by an independent library."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from defusedxml import ElementTree
from hypothesis import given, settings
from hypothesis import strategies as st

from virage.control.safety.rules.broadcasts import (
    Broadcast,
    BroadcastCategory,
    BroadcastKind,
    BroadcastMode,
    BroadcastSeverity,
    BroadcastText,
    BroadcastUrgency,
    ResponseType,
)
from virage.control.safety.rules.cap import ATOM, CapMessage, atom_feed, cap_document

LIBRARY = Path(__file__).with_name("cap")
NOW = datetime(2026, 5, 9, 18, 30, 15, 250_000, UTC)
HOST = "virage.example"
IN_ENGLISH = {"en": BroadcastText("Leave by exit B", "Walk to exit B < C & D.")}


def a_broadcast(number: int = 1, **changes: Any) -> Broadcast:
    fields: dict[str, Any] = {
        "id": UUID(int=number),
        "event_id": UUID(int=100),
        "number": number,
        "thread": UUID(int=1),
        "kind": BroadcastKind.ALERT,
        "mode": BroadcastMode.ACTUAL,
        "category": BroadcastCategory.SAFETY,
        "severity": BroadcastSeverity.EXTREME,
        "urgency": BroadcastUrgency.IMMEDIATE,
        "response": ResponseType.EVACUATE,
        "audience": "zones",
        "targets": ["N"],
        "sent_at": NOW,
        "expires_at": NOW + timedelta(minutes=30),
        "sent_by": UUID(int=7),
    }
    return Broadcast(**{**fields, **changes})


def read_by_library(*documents: bytes) -> list[Any]:
    """What the schema finds in documents, and what the library reads in them."""
    command = [LIBRARY / ".venv/bin/python", LIBRARY / "read.py"]
    asked = json.dumps([document.decode() for document in documents])
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - ours
    answer: list[Any] = json.loads(done.stdout)
    return answer


def document_of(broadcast: Broadcast, texts: dict[str, BroadcastText] | None = None, *replaced: Broadcast) -> bytes:
    return cap_document(CapMessage(broadcast, texts or IN_ENGLISH, replaced, "The arena, N"), HOST, "The arena")


def test_every_kind_and_mode_is_valid_and_read_as_it_was_sent() -> None:
    first = a_broadcast()
    update = a_broadcast(2, kind=BroadcastKind.UPDATE, severity=BroadcastSeverity.SEVERE)
    cancel = a_broadcast(3, kind=BroadcastKind.CANCEL, response=ResponseType.ALL_CLEAR)
    exercise = a_broadcast(4, mode=BroadcastMode.EXERCISE, audience="staff", targets=["stewards"])
    test = a_broadcast(5, mode=BroadcastMode.TEST, audience="staff", targets=["stewards"])
    read = read_by_library(
        document_of(first),
        document_of(update, None, first),
        document_of(cancel, None, first, update),
        document_of(exercise),
        document_of(test),
    )
    assert [one["defects"] for one in read] == [[]] * 5
    alerts = [one["alerts"][0] for one in read]
    assert [(one["cap_status"], one["cap_message_type"], one["cap_scope"]) for one in alerts] == [
        ("Actual", "Alert", "Public"),
        ("Actual", "Update", "Public"),
        ("Actual", "Cancel", "Public"),
        ("Exercise", "Alert", "Restricted"),
        ("Test", "Alert", "Restricted"),
    ]
    assert alerts[0]["cap_id"] == "urn:uuid:00000000-0000-0000-0000-000000000001"
    assert alerts[0]["cap_sent"] == "2026-05-09T18:30:15-00:00"
    assert alerts[1]["cap_references"] == f"{HOST},{alerts[0]['cap_id']},{alerts[0]['cap_sent']}"
    assert alerts[2]["cap_references"].split(" ") == [
        f"{HOST},urn:uuid:{UUID(int=number)},2026-05-09T18:30:15-00:00" for number in (1, 2)
    ]
    (info,) = alerts[0]["cap_info"]
    assert (info["cap_headline"], info["cap_description"]) == ("Leave by exit B", "Walk to exit B < C & D.")
    assert (info["cap_urgency"], info["cap_severity"], info["cap_response_type"]) == (
        "Immediate",
        "Extreme",
        "Evacuate",
    )
    assert info["cap_expires"] == "2026-05-09T19:00:15-00:00"
    assert alerts[2]["cap_info"][0]["cap_urgency"] == "Past"
    assert alerts[3]["cap_note"] == "EXERCISE EXERCISE EXERCISE"


def test_each_language_and_each_word_of_cap_is_valid() -> None:
    texts = {language: BroadcastText("Titre", "Texte", speech="Veuillez sortir") for language in ("fr", "en", "de")}
    documents = [
        document_of(a_broadcast(category=category, severity=severity, urgency=urgency, response=response), texts)
        for category in BroadcastCategory
        for severity in BroadcastSeverity
        for urgency in BroadcastUrgency
        for response in ResponseType
    ]
    read = read_by_library(*documents)
    assert {str(one["defects"]) for one in read} == {"[]"}
    infos = read[0]["alerts"][0]["cap_info"]
    assert [info["cap_language"] for info in infos] == ["de", "en", "fr"]
    assert {info["cap_instruction"] for info in infos} == {"Veuillez sortir"}


@settings(max_examples=30, deadline=None)
@given(text=st.text(min_size=1, max_size=60))
def test_any_text_gives_a_document_that_an_xml_parser_reads(text: str) -> None:
    alert = ElementTree.fromstring(document_of(a_broadcast(), {"en": BroadcastText(text, text)}))
    assert alert.tag.endswith("alert")


def test_the_feed_lists_documents_beside_it_the_latest_first() -> None:
    second = a_broadcast(2, sent_at=NOW + timedelta(minutes=1))
    messages = [CapMessage(one, IN_ENGLISH, (), "The arena") for one in (second, a_broadcast())]
    feed = ElementTree.fromstring(atom_feed(messages, "https://virage.example/api/broadcasts", "Virage", NOW))
    space = {"a": ATOM}
    links = [link.attrib["href"] for link in feed.findall("a:entry/a:link", space)]
    assert links == [f"https://virage.example/api/broadcasts/{UUID(int=number)}/cap.xml" for number in (2, 1)]
    assert feed.findtext("a:updated", namespaces=space) == "2026-05-09T18:31:15-00:00"
    assert feed.findtext("a:entry/a:title", namespaces=space) == "Leave by exit B"

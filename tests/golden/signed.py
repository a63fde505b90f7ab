"""Bytes signed by a device or by the server, from the golden set."""

import json
from base64 import b64decode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.golden.archives import decoded
from tests.golden.renames_exchange import Translator
from tests.golden.requests_client import Replay
from tests.golden.requests_log import Exchange
from tests.golden.system import FOLDER

FILE = FOLDER / "signed.json"
ADDED = ("venue", "venue_version")
"""Fields of the events in a gate's pack that 0.1.0 did not have; its gates ignore them."""


async def packs(replay: Replay, recording: Sequence[Exchange], translator: Translator | None = None) -> dict[str, str]:
    """Return the whole responses to the pack requests of a gate and of a till; no value was
    generated before them.
    """
    found = {}
    for kind, prefix in (("gate", "/api/access/pack/"), ("till", "/api/till/pack")):
        asked = next(one for one in recording if one.path.startswith(prefix) and one.status == 200)
        who = {"gate": "lane", "till": "till"}[kind]
        exchange = Exchange(who, 0.0, "GET", asked.path)
        answer = await replay.ask(translator.exchange(exchange) if translator else exchange)
        assert answer.status_code == 200, f"{asked.path}: {answer.status_code}"
        found[kind] = answer.text
    return found


def event_key(event: UUID) -> Ed25519PrivateKey:
    """Return the key that the replay gives an event (requests_system.py)."""
    return Ed25519PrivateKey.from_private_bytes(sha256(b"golden " + event.bytes).digest())


def content(answer: str) -> dict[str, Any]:
    """Return a pack without the position of the journal, which counts later migrations, and without what was added.

    Raise AssertionError when a sealed pack is not signed by its event's key.
    """
    document: dict[str, Any] = json.loads(answer)
    if "body" not in document:
        return document
    body = b64decode(document.pop("body"))
    pack = json.loads(body)
    key = event_key(UUID(pack["event"]["id"]))
    assert key.sign(b"virage:pack:v1\0" + body) == decoded(document.pop("signature"))
    del pack["version"]
    for event in (pack["event"], *pack["others"]):
        for name in ADDED:
            event.pop(name, None)
    return document | {"body": pack}

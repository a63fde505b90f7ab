"""The published files of a draw, byte by byte (docs/draws.md), and the order of the entries.

Each file is JSON Lines in ASCII: a header, then one line per entry or event, every line ended by a line feed. The
bytes are hashed and checked by others, so a change is a new version of the format.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

ENTRIES_FORMAT: Final = "virage-draw-entries/1"
RESULTS_FORMAT: Final = "virage-draw-results/1"
LOG_FORMAT: Final = "virage-draw-log/1"
ORDER_TAG: Final = b"virage draw order 1\n"
SEED_BYTES: Final = 32
NO_CATEGORY: Final = -1


class Quota(Struct, frozen=True):
    """What a draw offers of a category: ordinary places, and wheelchair spaces, each with its companion seat."""

    category_id: UUID
    places: int
    spaces: int


class DrawnEntry(Struct, frozen=True, array_like=True):
    """An entry as it is published. `wishes` are positions of quotas, the preferred one first."""

    code: str
    places: int
    spaces: int
    wishes: list[int]


class FrozenDraw(Struct, frozen=True):
    """What is fixed before the seed is revealed; `public_value_name` says which public value is mixed in, if any."""

    draw_id: UUID
    event_id: UUID
    commitment: bytes
    closes_at: datetime
    quotas: list[Quota]
    public_value_name: str | None


def entries_file(draw: FrozenDraw, entries: Iterable[DrawnEntry]) -> bytes:
    """Return the entries file: the terms of the draw, then the entries by code."""
    header = {
        "closes_at": f"{draw.closes_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "commitment": draw.commitment.hex(),
        "draw": str(draw.draw_id),
        "event": str(draw.event_id),
        "format": ENTRIES_FORMAT,
        "public_value_name": draw.public_value_name,
        "quotas": [[str(quota.category_id), quota.places, quota.spaces] for quota in draw.quotas],
    }
    lines = [msgspec.json.encode(entry) + b"\n" for entry in sorted(entries, key=lambda entry: entry.code)]
    return b"".join([_header(header), *lines])


def read_entries(raw: bytes) -> list[DrawnEntry]:
    """Return the entries of an entries file, by code."""
    _, *lines = raw.splitlines()
    decoder = msgspec.json.Decoder(DrawnEntry)
    return [decoder.decode(line) for line in lines]


def results_file(
    draw_id: UUID, entries_sha256: bytes, seed: bytes, public_value: str | None, drawn: Iterable[tuple[str, int]]
) -> bytes:
    """Return the results file: the revealed values, then code and category of each entry in the order of the draw.

    A category is the position of its quota, -1 for an entry in the waiting order.
    """
    header = {
        "draw": str(draw_id),
        "entries_sha256": entries_sha256.hex(),
        "format": RESULTS_FORMAT,
        "public_value": public_value,
        "seed": seed.hex(),
    }
    return b"".join([_header(header), *(msgspec.json.encode(line) + b"\n" for line in drawn)])


def read_results(raw: bytes) -> list[tuple[str, int]]:
    """Return code and category of each entry of a results file, in the order of the draw."""
    _, *lines = raw.splitlines()
    decoder = msgspec.json.Decoder(tuple[str, int])
    return [decoder.decode(line) for line in lines]


def log_file(draw_id: UUID, events: Iterable[tuple[int, str, str, int]]) -> bytes:
    """Return the log file: number, kind, code and category of what happened after the draw."""
    header = {"draw": str(draw_id), "format": LOG_FORMAT}
    return b"".join([_header(header), *(msgspec.json.encode(event) + b"\n" for event in events)])


def in_order(entries: Sequence[DrawnEntry], seed: bytes, public_value: str | None, digest: bytes) -> list[DrawnEntry]:
    """Return the entries in the order of the draw; `digest` is the SHA-256 of the entries file.

    The key of an entry is the SHA-256 of the tag, the seed, the length of the public value as four bytes (big endian),
    the public value in UTF-8, the digest and the code. Without a public value, its length is zero.
    """
    value = (public_value or "").encode()
    before = ORDER_TAG + seed + len(value).to_bytes(4, "big") + value + digest
    return sorted(entries, key=lambda entry: (sha256(before + entry.code.encode()).digest(), entry.code))


def _header(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode() + b"\n"

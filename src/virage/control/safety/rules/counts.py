"""Counts of cameras and counters: how many people are in a zone, pass into or out of it, or wait at a gate or ramp."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from virage.control.safety.rules.incidents import Code
from virage.platform.values.refusals import Refused, invalid_inputs
from virage.site.programme.types import Instant

COUNTS_MAX: Final = 500


class CountKind(StrEnum):
    """What a count is: a level (`people` in a zone, `queue` at a gate or ramp) or people since the count before it."""

    PEOPLE = "people"
    IN = "in"
    OUT = "out"
    QUEUE = "queue"


LEVELS: Final = (CountKind.PEOPLE, CountKind.QUEUE)
OF_ZONES, OF_LANES = (CountKind.PEOPLE, CountKind.IN, CountKind.OUT), (CountKind.IN, CountKind.OUT, CountKind.QUEUE)


class CountReading(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A count. `id` is made by the device: a repeated count has no second effect.

    `zone` is a stand, a standing area or a safety zone of the venue file, for `people`, `in` and `out`; `lane` is a
    gate or a ramp, for `queue`, `in` and `out`. A time after the server's counts as now.
    """

    id: UUID
    zone: Code | None = None
    lane: Code | None = None
    kind: CountKind
    value: Annotated[int, Meta(ge=0, le=1_000_000)]
    at: Instant


class CountUpload(Struct, frozen=True, forbid_unknown_fields=True):
    """Counts of one device at one event."""

    event_id: UUID
    counts: Annotated[list[CountReading], Meta(min_length=1, max_length=COUNTS_MAX)]


class StoredCount(Struct, frozen=True, kw_only=True):
    """A count as it is stored, with its event and device."""

    id: UUID
    event_id: UUID
    device_id: UUID
    is_lane: bool
    place: str
    kind: CountKind
    value: int
    at: datetime


class Counter(Struct, frozen=True, kw_only=True):
    """The last state of one kind of count of a device at a place: a level, or a sum; `at` is its last count's time."""

    event_id: UUID
    device_id: UUID
    is_lane: bool
    place: str
    kind: CountKind
    value: int
    at: datetime


def readings(upload: CountUpload, device_id: UUID, now: datetime) -> list[StoredCount] | Refused:
    """Return the counts of an upload as they are stored.

    Refusal: `invalid_input` for a count without a place, with two, or of a kind that its place does not have.
    """
    wrong = [
        (f"counts/{at}", "Give a zone for people, in or out, or a lane for queue, in or out.")
        for at, count in enumerate(upload.counts)
        if (count.zone is None) == (count.lane is None)
        or count.kind not in (OF_ZONES if count.lane is None else OF_LANES)
    ]
    if wrong:
        return invalid_inputs(wrong)
    return [
        StoredCount(
            id=count.id,
            event_id=upload.event_id,
            device_id=device_id,
            is_lane=count.lane is not None,
            place=count.lane or count.zone or "",
            kind=count.kind,
            value=count.value,
            at=min(count.at, now),
        )
        for count in upload.counts
    ]


def counters_of(counts: Iterable[StoredCount]) -> list[Counter]:
    """Return counts added up as counters, in the order of their keys: the latest level, the sum of the others."""
    found: dict[tuple[UUID, UUID, bool, str, str], Counter] = {}
    for count in counts:
        key = (count.event_id, count.device_id, count.is_lane, count.place, count.kind.value)
        known = found.get(key)
        latest = known is None or count.at >= known.at
        if count.kind in LEVELS:
            value = count.value if known is None or latest else known.value
        else:
            value = count.value + (0 if known is None else known.value)
        found[key] = Counter(
            event_id=count.event_id,
            device_id=count.device_id,
            is_lane=count.is_lane,
            place=count.place,
            kind=count.kind,
            value=value,
            at=count.at if known is None or latest else known.at,
        )
    return [found[key] for key in sorted(found)]


def unknown_places(counts: Sequence[StoredCount], zones: Iterable[str], lanes: Iterable[str]) -> list[str]:
    """Return the places of counts that the venue does not have, each once, in order."""
    known = {(False, code) for code in zones} | {(True, code) for code in lanes}
    return sorted({count.place for count in counts if (count.is_lane, count.place) not in known})

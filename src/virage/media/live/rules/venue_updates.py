"""News of gates and outlets, out of what is seen of them again and again.

A queue is `busy` from a quarter of an hour on, and is so until it is below half of that. What changed must stand for a
moment before it is told: closing and opening half a minute, crowds two. In any minute no more than a few entries are
told, closings first; what has changed back meanwhile is never told.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from msgspec import Struct

from virage.media.live.rules.entries import VenueUpdate
from virage.site.venue.types import Place, Reading

MINUTE: Final = timedelta(minutes=1)
BUSY_FROM_S: Final = 15 * 60
BUSY_UNTIL_S: Final = 7 * 60
STABLE_FOR: Final = {
    "open": timedelta(seconds=30),
    "closed": timedelta(seconds=30),
    "sold_out": timedelta(seconds=30),
    "busy": timedelta(minutes=2),
}
ENTRIES_PER_MINUTE_MAX: Final = 4
PRIORITY: Final = ("closed", "sold_out", "busy", "open")

State = Literal["open", "closed", "busy", "sold_out"]


class Observation(Struct, frozen=True):
    """How a place was seen last, since when, and what of it was told last."""

    state: State
    since: datetime
    published: State


def observe(before: Observation | None, reading: Reading, now: datetime) -> Observation:
    """How a place is seen after one more look. An outlet that was never open is no news; a gate is expected to be."""
    state = _state(before, reading)
    if before is None:
        return Observation(state, now, "open" if reading.place.place == "gate" else state)
    return before if before.state == state else Observation(state, now, before.published)


def _state(before: Observation | None, reading: Reading) -> State:
    if reading.state != "open" or reading.wait_s is None:
        return reading.state
    was_busy = before is not None and before.state == "busy"
    return "busy" if reading.wait_s >= (BUSY_UNTIL_S if was_busy else BUSY_FROM_S) else "open"


def due_updates(places: Mapping[Place, Observation], lately: Sequence[datetime], now: datetime) -> list[VenueUpdate]:
    """What is to be told, most urgent first; `lately`: when news of the ground was told in the last minutes."""
    left = ENTRIES_PER_MINUTE_MAX - sum(now - at < MINUTE for at in lately)
    due = [
        (PRIORITY.index(one.state), one.since, place)
        for place, one in places.items()
        if one.state != one.published and now - one.since >= STABLE_FOR[one.state]
    ]
    return [VenueUpdate(place.place, place.code, places[place].state) for _, _, place in sorted(due)[: max(left, 0)]]

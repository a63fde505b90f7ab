"""Changes of gates and outlets that are published, derived from periodic readings.

A queue is `busy` from 15 minutes of waiting time until it is below 7. A change must be stable before it is published:
opening and closing for 30 seconds, a queue for two minutes. The number of entries per minute is limited, closures
first; a reverted change is not published.
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
    """The last state of a place, since when, and the state that was published last."""

    state: State
    since: datetime
    published: State


def observe(previous: Observation | None, reading: Reading, now: datetime) -> Observation:
    """Return a place's observation after a reading. An outlet that starts closed is not published; a gate is."""
    state = _state(previous, reading)
    if previous is None:
        return Observation(state, now, "open" if reading.place.place == "gate" else state)
    return previous if previous.state == state else Observation(state, now, previous.published)


def _state(previous: Observation | None, reading: Reading) -> State:
    if reading.state != "open" or reading.wait_s is None:
        return reading.state
    was_busy = previous is not None and previous.state == "busy"
    return "busy" if reading.wait_s >= (BUSY_UNTIL_S if was_busy else BUSY_FROM_S) else "open"


def due_updates(places: Mapping[Place, Observation], lately: Sequence[datetime], now: datetime) -> list[VenueUpdate]:
    """Return the updates to publish, most urgent first; `lately`: times of recently published updates."""
    left = ENTRIES_PER_MINUTE_MAX - sum(now - at < MINUTE for at in lately)
    due = [
        (PRIORITY.index(observation.state), observation.since, place)
        for place, observation in places.items()
        if observation.state != observation.published and now - observation.since >= STABLE_FOR[observation.state]
    ]
    return [VenueUpdate(place.place, place.code, places[place].state) for _, _, place in sorted(due)[: max(left, 0)]]

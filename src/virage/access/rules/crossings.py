"""What crossed, put in order: the same presence and the same duplicates, however often and in whatever order it comes.

A crossing is a fact of one device. Gates without network learn of each other late, so the truth about a pass is
computed from all its crossings by the time of the devices that saw them, and never from the order of arrival.
One device is one place and remembers whom it let in. Two entries of one pass at one device are therefore one: the
device asked, the answer was lost on its way, and the device decided alone.

              admitted                    passed
    outside ───────────▶ pending ──────────────────────▶ inside
       ▲                    │ no passage within the time    │
       └────────────────────┘                               │
       └────────────────────────────────────────────────────┘  left
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct

from virage.access.rules.decision import Presence

PASSAGE_WITHIN = timedelta(seconds=60)
"""How long an admitted bearer has to pass a gate that tells passages apart; then they are outside again."""

Step = Literal["admitted", "passed", "withdrawn", "left"]


class Crossing(Struct, frozen=True, order=True):
    """One step of one pass at one gate, as one device saw it; `number` counts the device's own scans.

    A gate without a turnstile writes `passed` at once; "admitted" waits for the passage that the next fact tells.
    """

    at: datetime
    device_id: UUID
    number: int
    step: Step
    gate: str


class Duplicate(Struct, frozen=True, order=True):
    """A pass that let two in: the first crossing, and the second without an exit between them."""

    first: Crossing
    second: Crossing


class Course(Struct, frozen=True):
    """What the crossings of a pass say: where its bearer is, and what was let in twice."""

    presence: Presence | None
    entries: int
    duplicates: tuple[Duplicate, ...]


def course(crossings: Iterable[Crossing], now: datetime | None = None) -> Course:
    """Fold the crossings of one pass, in any order, each once or more often.

    With `now`, an admission whose time to pass is over counts no more.
    """
    inside: Crossing | None = None
    pending: Crossing | None = None
    last: Presence | None = None
    entries, duplicates = 0, []
    let_in_by: set[UUID] = set()  # since the last exit: a device that asked in vain and then let in alone let one in
    for crossing in sorted(set(crossings)):
        if crossing.step == "left":
            if inside is not None:  # a picture of a code at an exit must keep nobody out who has not come yet
                last = Presence("outside", crossing.at, crossing.gate)
            inside, pending = None, None
            let_in_by.clear()
            continue
        if crossing.step == "withdrawn":
            pending = None if pending is not None and pending.device_id == crossing.device_id else pending
            continue
        if crossing.step == "admitted":
            pending = crossing
            continue
        pending = None
        if crossing.device_id in let_in_by:
            continue
        let_in_by.add(crossing.device_id)
        if inside is None:
            inside, last = crossing, Presence("inside", crossing.at, crossing.gate)
        else:
            duplicates.append(Duplicate(inside, crossing))
        entries += 1
    over = pending is not None and now is not None and now >= pending.at + PASSAGE_WITHIN
    if pending is not None and inside is None and not over:
        return Course(
            Presence("pending", pending.at, pending.gate, pending.at + PASSAGE_WITHIN), entries, tuple(duplicates)
        )
    return Course(last, entries, tuple(duplicates))

"""Presence and duplicates of a pass, computed from all its crossings in any order of arrival.

A crossing is a fact of one device. Offline gates learn of each other late, so the state of a pass is computed from all
its crossings by device time, never from the order of arrival. A device remembers its admissions, so two entries
of a pass at one device are one: the answer of the server was lost, and the device decided offline.

A steward whose check of an identity document fails takes an entry back (`mismatched`): the pass is where it was before.

An entry without proof (no code, no override, no pending admission at its gate) is a person inside, but no admission of
the pass: it changes neither presence nor entries.

              admitted                    passed
    outside ───────────▶ pending ──────────────────────▶ inside
       ▲                    │ no passage within the time    │
       └────────────────────┘                               │
       └────────────────────────────────────────────────────┘  left
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct, field

from virage.matchday.access.rules.decision import Presence

PASSAGE_WITHIN = timedelta(seconds=60)
"""Time to pass a turnstile after admission; afterwards the bearer counts as outside again."""
CLOCKS_APART = timedelta(seconds=5)
"""Tolerated difference of the clocks of turnstile and server."""

Step = Literal["admitted", "passed", "withdrawn", "left", "mismatched"]


class Crossing(Struct, frozen=True, order=True):
    """A step of a pass at a gate, recorded by a device; `number` is the device's own count of scans.

    A gate without a turnstile records `passed` at once; `admitted` waits for the passage. `proved`: the code proves the
    pass, or a steward overrode. An exit needs proof only where re-entry is allowed; otherwise it is stored as proved.
    """

    at: datetime
    device_id: UUID
    number: int
    step: Step
    gate: str
    proved: bool = True


class Duplicate(Struct, frozen=True, order=True):
    """A pass that was admitted twice: two entries without an exit between them."""

    first: Crossing
    second: Crossing


class CrossingResult(Struct, frozen=True):
    """State of a pass by its crossings: presence, entries and duplicates.

    `people` entered with the pass and did not leave, duplicates and unproved entries included; the last one by
    `people_gate`. `unproved` are entries without proof. `entered_at` is the first entry.
    """

    presence: Presence | None
    entries: int
    duplicates: tuple[Duplicate, ...]
    people: int = 0
    people_gate: str | None = None
    unproved: tuple[Crossing, ...] = ()
    entered_at: datetime | None = None


def fold_crossings(crossings: Iterable[Crossing], now: datetime | None = None) -> CrossingResult:
    """Return the result of the crossings of one pass, in any order; repeated crossings count once.

    With `now`, an admission whose time to pass is over no longer counts.
    """
    fold = _CrossingFold()
    ordered = sorted(set(crossings), key=_moment)
    taken_back = _taken_back(ordered)
    for crossing in ordered:
        if crossing in taken_back or crossing.step == "mismatched":
            continue
        if crossing.step == "left":
            fold.leave(crossing)
        elif crossing.step == "withdrawn":
            if fold.pending is not None and fold.pending.device_id == crossing.device_id:
                fold.pending = None
        elif crossing.step == "passed":
            fold.enter(crossing)
        elif crossing.proved:
            fold.pending = crossing
        else:
            fold.unproved.append(crossing)
    pending, last = fold.pending, fold.last
    over = pending is not None and now is not None and now >= pending.at + PASSAGE_WITHIN
    if pending is not None and fold.inside is None and not over:
        last = Presence("pending", pending.at, pending.gate, pending.at + PASSAGE_WITHIN)
    return CrossingResult(
        last,
        fold.entries,
        tuple(fold.duplicates),
        fold.people,
        fold.people_gate,
        tuple(fold.unproved),
        fold.entered_at,
    )


class _CrossingFold(Struct):
    """State of a pass while its crossings are folded."""

    inside: Crossing | None = None
    pending: Crossing | None = None
    last: Presence | None = None
    entries: int = 0
    entered_at: datetime | None = None
    duplicates: list[Duplicate] = field(default_factory=list)
    people: int = 0
    people_gate: str | None = None
    unproved: list[Crossing] = field(default_factory=list)
    let_in_by: set[UUID] = field(default_factory=set)
    """Devices that admitted since the last exit: a lost answer and a decision alone are one admission."""
    claimed_by: set[UUID] = field(default_factory=set)
    """Devices that recorded an entry without proof since the last exit."""

    def leave(self, crossing: Crossing) -> None:
        """Record an exit.

        An unproved exit leaves the pass inside where re-entry needs proof: a photo of a code must not let another
        person in.
        """
        if crossing.proved:
            if self.inside is not None:
                self.last = Presence("outside", crossing.at, crossing.gate)
            self.inside, self.pending = None, None
        self.people = max(0, self.people - 1)
        self.let_in_by.clear()
        self.claimed_by.clear()

    def enter(self, crossing: Crossing) -> None:
        """Record an entry; without proof it counts a person, not the pass."""
        if not crossing.proved and not _follows(crossing, self.pending):
            if crossing.device_id not in self.let_in_by | self.claimed_by:
                self.claimed_by.add(crossing.device_id)
                self.unproved.append(crossing)
                self.people, self.people_gate = self.people + 1, crossing.gate
            return
        self.pending = None
        if crossing.device_id in self.let_in_by:
            return
        self.let_in_by.add(crossing.device_id)
        if self.inside is None:
            self.inside, self.last = crossing, Presence("inside", crossing.at, crossing.gate)
        else:
            self.duplicates.append(Duplicate(self.inside, crossing))
        self.entries += 1
        self.entered_at = self.entered_at or crossing.at
        self.people, self.people_gate = self.people + 1, crossing.gate


def _taken_back(ordered: Sequence[Crossing]) -> set[Crossing]:
    """Return the entries that mismatches take back, of crossings in the order of their times.

    A mismatch is about the last entry before it at its device and gate, by the device's own count: the server's clock
    dates an entry that the server decided. Entries of a device without an exit between them are one.
    """
    found: set[Crossing] = set()
    for mismatch in ordered:
        if mismatch.step != "mismatched":
            continue
        entries = {
            place: crossing
            for place, crossing in enumerate(ordered)
            if crossing.step in ("admitted", "passed")
            and (crossing.device_id, crossing.gate) == (mismatch.device_id, mismatch.gate)
            and crossing.number < mismatch.number
        }
        if not entries:
            continue
        last = max(entries, key=lambda place: entries[place].number)
        exits = [place for place, crossing in enumerate(ordered) if crossing.step == "left"]
        start = max((place for place in exits if place < last), default=-1)
        end = min((place for place in exits if place > last), default=len(ordered))
        found.update(crossing for place, crossing in entries.items() if start < place < end)
    return found


def _moment(crossing: Crossing) -> tuple[datetime, Crossing]:
    """Return the time at which a crossing counts: a turnstile's passage follows its admission."""
    is_signal = crossing.step == "passed" and not crossing.proved
    return crossing.at + (CLOCKS_APART if is_signal else timedelta()), crossing


def _follows(passage: Crossing, pending: Crossing | None) -> bool:
    """Return whether a turnstile's passage belongs to the pending admission at its gate."""
    return pending is not None and pending.gate == passage.gate and passage.at < pending.at + PASSAGE_WITHIN

"""What crossed, put in order: the same presence and the same duplicates, however often and in whatever order it comes.

A crossing is a fact of one device. Gates without network learn of each other late, so the truth about a pass is
computed from all its crossings by the time of the devices that saw them, and never from the order of arrival.
One device is one place and remembers whom it let in. Two entries of one pass at one device are therefore one: the
device asked, the answer was lost on its way, and the device decided alone.

A passage that nothing proves (no code of the pass, no override, no pending admission at its gate) is a person who went
in, but no admission of the pass: it changes neither presence nor entries.

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

from msgspec import Struct, field

from virage.matchday.access.rules.decision import Presence

PASSAGE_WITHIN = timedelta(seconds=60)
"""How long an admitted bearer has to pass a gate that tells passages apart; then they are outside again."""
CLOCKS_APART = timedelta(seconds=5)
"""How much earlier than its admission a passage may seem to be: turnstile and server have a clock each."""

Step = Literal["admitted", "passed", "withdrawn", "left"]


class Crossing(Struct, frozen=True, order=True):
    """One step of one pass at one gate, as one device saw it; `number` counts the device's own scans.

    A gate without a turnstile writes `passed` at once; "admitted" waits for the passage that the next fact tells.
    `proved`: the code proves the pass, or a steward overrode. An exit needs proof only where the house lets people back
    in; without re-entry each exit is stored as proved.
    """

    at: datetime
    device_id: UUID
    number: int
    step: Step
    gate: str
    proved: bool = True


class Duplicate(Struct, frozen=True, order=True):
    """A pass that let two in: the first crossing, and the second without an exit between them."""

    first: Crossing
    second: Crossing


class Course(Struct, frozen=True):
    """What the crossings of a pass say: where its bearer is, and what was let in twice.

    `people` went in with the pass and did not leave, doubles and unproved passages included; the last by `people_gate`.
    `unproved` are the crossings that admitted nobody, for nothing proves them.
    """

    presence: Presence | None
    entries: int
    duplicates: tuple[Duplicate, ...]
    people: int = 0
    people_gate: str | None = None
    unproved: tuple[Crossing, ...] = ()


def course(crossings: Iterable[Crossing], now: datetime | None = None) -> Course:
    """Fold the crossings of one pass, in any order, each once or more often.

    With `now`, an admission whose time to pass is over counts no more.
    """
    fold = _Fold()
    for crossing in sorted(set(crossings), key=_moment):
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
    return Course(last, fold.entries, tuple(fold.duplicates), fold.people, fold.people_gate, tuple(fold.unproved))


class _Fold(Struct):
    """What the crossings of a pass say up to one of them."""

    inside: Crossing | None = None
    pending: Crossing | None = None
    last: Presence | None = None
    entries: int = 0
    duplicates: list[Duplicate] = field(default_factory=list)
    people: int = 0
    people_gate: str | None = None
    unproved: list[Crossing] = field(default_factory=list)
    let_in_by: set[UUID] = field(default_factory=set)
    """Since the last exit: a device that asked in vain and then let in alone let one in."""
    claimed_by: set[UUID] = field(default_factory=set)
    """Since the last exit: devices that told a passage without proof."""

    def leave(self, crossing: Crossing) -> None:
        """Somebody left. A picture of a code at an exit must keep nobody out who has not come yet.

        Without the proof that re-entry asks for, the pass stays inside: nobody else comes in with it.
        """
        if crossing.proved:
            if self.inside is not None:
                self.last = Presence("outside", crossing.at, crossing.gate)
            self.inside, self.pending = None, None
        self.people = max(0, self.people - 1)
        self.let_in_by.clear()
        self.claimed_by.clear()

    def enter(self, crossing: Crossing) -> None:
        """Somebody went in: by the pass where something proves it."""
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
        self.people, self.people_gate = self.people + 1, crossing.gate


def _moment(crossing: Crossing) -> tuple[datetime, Crossing]:
    """When a crossing counts: a turnstile's passage after the admission that it follows."""
    is_signal = crossing.step == "passed" and not crossing.proved
    return crossing.at + (CLOCKS_APART if is_signal else timedelta()), crossing


def _follows(passage: Crossing, pending: Crossing | None) -> bool:
    """Whether a turnstile's passage is that of the bearer who was admitted at its gate."""
    return pending is not None and pending.gate == passage.gate and passage.at < pending.at + PASSAGE_WITHIN

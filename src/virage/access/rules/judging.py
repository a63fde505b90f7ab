"""Scans judged one after the other, each on what the one before has left: a batch that is loaded and locked."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct, field
from msgspec.structs import replace

from virage.access.rules.crossings import PASSAGE_WITHIN, Course, Crossing, course
from virage.access.rules.decision import (
    OF_DOUBT,
    Again,
    Decision,
    Known,
    Presence,
    Reason,
    Refused,
    Stale,
    Terms,
    decide,
)
from virage.access.rules.ground import NOTHING_SAID, GroundState, label, post_of, zone_of
from virage.access.rules.hints import data_of
from virage.access.rules.scans import STEP_OF, Answer, Read
from virage.passes.rules.verdict import Unverified

PassKey = tuple[UUID, int]
AHEAD_MAX: Final = timedelta(minutes=15)
"""How far a device's clock may be ahead: one of the next century would have the last word about a pass for good."""


class Stored(Struct, frozen=True):
    """A pass's row of presence, as it is before the batch or after it."""

    presence: Presence | None = None
    generation: int = 0
    entries: int = 0
    steps: int = 0
    stale: Stale | None = None


class Issued(Struct, frozen=True):
    """What the issuer says of a pass now."""

    place: int
    gate_group: str
    generation: int = 0
    revoked: bool = False


class Held(Struct):
    """What is known of one pass while a batch is judged; it changes with every scan."""

    stored: Stored
    issued: Issued | None = None
    bans: tuple[UUID, ...] = ()
    crossings: list[Crossing] = field(default_factory=list)
    added: list[Crossing] = field(default_factory=list)
    generation: int = 0
    stale: Stale | None = None
    presence: Presence | None = None

    def known(self) -> Known:
        """What decisions ask of the pass."""
        issued = self.issued
        return Known(
            generation=max(self.generation, 0 if issued is None else issued.generation),
            revoked=issued is None or issued.revoked,
            flagged=bool(self.bans),
            presence=self.presence,
        )

    def fold(self, now: datetime, windows: Mapping[str, Any]) -> Course:
        """What the crossings of the pass say now. An accreditation comes and goes: nothing of it is let in twice."""
        found = course(self.crossings, now)
        comes_and_goes = self.issued is not None and self.issued.gate_group in windows
        return Course(found.presence, found.entries, ()) if comes_and_goes else found


class Setting(Struct, frozen=True):
    """An event and its ground while a batch is judged."""

    state: GroundState
    terms: Terms


class Judged(Struct, frozen=True):
    """What becomes of a scan: its answer, its crossing, the bans that it met, the code to compare the next one with."""

    answer: Answer
    crossing: Crossing | None = None
    bans: tuple[UUID, ...] = ()
    stale: Stale | None = None


def judge(read: Read, setting: Setting, held: Held | None, now: datetime) -> Judged:
    """Judge one scan, and let its pass know; `held` is None where the scan is about no pass."""
    scan = read.scan
    judged = _asked(read, setting, held, now) if scan.kind == "ask" else _told(read, held, now)
    if held is not None and not scan.training:
        _remember(read, held, judged, now)
    return judged


def _asked(read: Read, setting: Setting, held: Held | None, now: datetime) -> Judged:
    """The server decides about a code. A steward who overrides it says why, and it is the steward's word."""
    scan = read.scan
    answer = Answer(scan.number, "refused", pass_number=read.pass_number)
    bans: tuple[UUID, ...] = ()
    if held is not None and held.issued is not None:
        answer, bans = replace(answer, place_label=label(held.issued.place)), held.bans
    decision = _decision(read, setting, held, now)
    if isinstance(decision, Refused):
        data = decision.data
        if decision.reason is Reason.WRONG_GATE:
            data = data_of(scan.gate, data["group"])
        return Judged(replace(answer, reason=decision.reason.value, data=data), bans=bans)
    if isinstance(decision, Again):
        return Judged(replace(answer, outcome="again"), bans=bans, stale=decision.stale)
    turnstile = setting.state.gates.get(scan.gate, NOTHING_SAID).turnstile
    answer = replace(
        answer,
        outcome="admitted",
        identity_check=decision is not None and decision.identity_check,
        clock_off_s=0 if decision is None else decision.clock_off_s,
        pending_until=now + PASSAGE_WITHIN if turnstile else None,
    )
    return Judged(
        answer, Crossing(now, read.device_id, scan.number, "admitted" if turnstile else "passed", scan.gate), bans
    )


def _decision(read: Read, setting: Setting, held: Held | None, now: datetime) -> Decision | None:
    """What the rules decide, None where a steward decided otherwise about a pass that was issued."""
    scan = read.scan
    if scan.override is not None and held is not None and held.issued is not None:
        return None
    if read.verdict is None:
        return Refused(Reason.UNREADABLE)
    place = None if held is None or held.issued is None else held.issued.place
    post = post_of(scan.gate, setting.state, setting.terms, zone_of(scan.gate, place))
    known = Known() if held is None else held.known()
    return decide(read.verdict, post, known, now, None if held is None else held.stale)


def _told(read: Read, held: Held | None, now: datetime) -> Judged:
    """The device decided, or a turnstile or a counter tells what it saw: it is noted, and true.

    What a forged code let in is nobody's entry; the supervisor sees it.
    """
    scan = read.scan
    answer = Answer(number=scan.number, outcome="noted", pass_number=None if held is None else read.pass_number)
    step = STEP_OF.get(scan.kind)
    if step is not None and read.is_forged and scan.override is None and isinstance(read.verdict, Unverified):
        return Judged(replace(answer, reason=OF_DOUBT[read.verdict.reason]))
    if held is None or held.issued is None:
        return Judged(answer)
    if step is None:
        return Judged(answer, bans=held.bans)
    at = min(scan.at, now + AHEAD_MAX)
    return Judged(answer, Crossing(at, read.device_id, scan.number, step, scan.gate), held.bans)


def _remember(read: Read, held: Held, judged: Judged, now: datetime) -> None:
    claims = None if read.verdict is None else read.verdict.claims
    seen = read.scan.generation if claims is None else claims.generation
    crossed = judged.crossing is not None and judged.crossing.step in ("admitted", "passed")
    if crossed and seen is not None and held.issued is not None:
        held.generation = max(held.generation, min(seen, held.issued.generation))
    if judged.stale is not None:
        held.stale = judged.stale
    if judged.crossing is not None:
        held.crossings.append(judged.crossing)
        held.added.append(judged.crossing)
        held.presence = course(held.crossings, now).presence

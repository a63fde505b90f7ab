"""Scans judged one after the other, each on what the one before has left: a batch that is loaded and locked."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct, field
from msgspec.structs import replace

from virage.identity.passes.types import STEP_SECONDS, Doubt, Unverified, step_at
from virage.matchday.access.rules.crossings import PASSAGE_WITHIN, Course, Crossing, course
from virage.matchday.access.rules.decision import (
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
    is_far,
)
from virage.matchday.access.rules.ground import NOTHING_SAID, GroundState, label, post_of, zone_of
from virage.matchday.access.rules.hints import data_of
from virage.matchday.access.rules.on import CLOCK_MARGIN, is_plausible
from virage.matchday.access.rules.overrides import OverrideDoubt, override_doubt
from virage.matchday.access.rules.scans import STEP_OF, Answer, Read
from virage.platform.web.guard import Grant
from virage.site.programme.types import Event

PassKey = tuple[UUID, int]
UNPROVED: Final = "unproved"
"""Why an upload admits no pass: it carries no code, nobody overrode, and no admission at its gate was pending."""
IMPLAUSIBLE_TIME: Final = "implausible_time"
"""Why an upload proves nothing: its device cannot have seen it at the time that it tells."""


class Stored(Struct, frozen=True):
    """A pass's row of presence, as it is before the batch or after it."""

    presence: Presence | None = None
    generation: int = 0
    entries: int = 0
    steps: int = 0
    stale: Stale | None = None
    people: int = 0


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
        if self.issued is None or self.issued.gate_group not in windows:
            return found
        return replace(found, duplicates=(), people=min(found.people, 1))


class Setting(Struct, frozen=True):
    """An event and its ground while a batch is judged; the event is None where nothing is asked of it."""

    state: GroundState
    terms: Terms
    event: Event | None = None


class Sender(Struct):
    """The device of a scan: since when it is paired, how many overrides it sent for the event, and whose they may be.

    `overrides` changes with every scan of a batch.
    """

    paired_at: datetime
    overrides: int = 0
    grants: Mapping[UUID, Sequence[Grant]] = {}


class Judged(Struct, frozen=True):
    """What becomes of a scan: its answer, its crossing, the bans that it met, the code to compare the next one with."""

    answer: Answer
    crossing: Crossing | None = None
    bans: tuple[UUID, ...] = ()
    stale: Stale | None = None


def judge(read: Read, setting: Setting, held: Held | None, sender: Sender, now: datetime) -> Judged:
    """Judge one scan, and let its pass know; `held` is None where the scan is about no pass."""
    scan = read.scan
    judge_kind = _asked if scan.kind == "ask" else _told
    judged = judge_kind(read, setting, held, sender, now)
    if not scan.training:
        if scan.override is not None:
            sender.overrides += 1
        if held is not None:
            _remember(read, held, judged, now)
    return judged


def _asked(read: Read, setting: Setting, held: Held | None, sender: Sender, now: datetime) -> Judged:
    """The server decides about a code. A steward who overrides it says why, and it is the steward's word."""
    scan = read.scan
    answer = Answer(scan.number, "refused", pass_number=read.pass_number)
    bans: tuple[UUID, ...] = ()
    if held is not None and held.issued is not None:
        answer, bans = replace(answer, place_label=label(held.issued.place)), held.bans
    decision: Decision | None
    if scan.override is not None and held is not None and held.issued is not None:
        doubt = _override_doubt(read, setting, held, held.issued, sender)
        if doubt is not None:
            return Judged(replace(answer, reason=doubt.value), bans=bans)
        decision = None
    else:
        decision = _decision(read, setting, held, now)
    if isinstance(decision, Refused):
        data = decision.data
        if decision.reason is Reason.WRONG_GATE:
            data = data_of(scan.gate, data["group"])
        presence = None if held is None else held.presence
        if decision.reason is Reason.ALREADY_INSIDE and presence is not None and presence.state == "pending":
            data = data | {"pending_until": presence.pending_until}
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


def _override_doubt(read: Read, setting: Setting, held: Held, issued: Issued, sender: Sender) -> OverrideDoubt | None:
    scan = read.scan
    grants = () if scan.person_id is None else sender.grants.get(scan.person_id, ())
    return override_doubt(
        scan,
        setting.event,
        setting.state,
        grants,
        gate_group=issued.gate_group,
        barred=issued.revoked or bool(held.bans),
        overrides=sender.overrides,
    )


def _decision(read: Read, setting: Setting, held: Held | None, now: datetime) -> Decision:
    """What the rules decide about a code."""
    scan = read.scan
    if read.verdict is None:
        return Refused(Reason.UNREADABLE)
    place = None if held is None or held.issued is None else held.issued.place
    post = post_of(scan.gate, setting.state, setting.terms, zone_of(scan.gate, place))
    known = Known() if held is None else held.known()
    return decide(read.verdict, post, known, now, None if held is None else held.stale)


def _told(read: Read, setting: Setting, held: Held | None, sender: Sender, now: datetime) -> Judged:
    """The device decided, or a turnstile or a counter tells what it saw: it is noted.

    An entry counts for its pass only where something proves it; else a body went in, and the supervisor sees why. An
    exit lets its pass in again only with the same proof.
    """
    scan = read.scan
    answer = Answer(number=scan.number, outcome="noted", pass_number=None if held is None else read.pass_number)
    step = STEP_OF.get(scan.kind)
    if step is None:
        return Judged(answer, bans=() if held is None or held.issued is None else held.bans)
    doubt = _doubt(read) if scan.override is None else None
    if doubt is not None and read.is_forged:
        return Judged(replace(answer, reason=doubt))
    if held is None or held.issued is None:
        return Judged(answer if scan.code is not None else replace(answer, reason=UNPROVED))
    if scan.override is not None:
        doubt = _override_doubt(read, setting, held, held.issued, sender)
    event = None if scan.training else setting.event
    if event is not None and not is_plausible(scan.at, event, sender.paired_at, now):
        doubt = IMPLAUSIBLE_TIME
    needs_proof = _lets_in_again(setting, held.issued) if step == "left" else step != "withdrawn"
    proved = not needs_proof or (doubt is None and (scan.override is not None or scan.code is not None))
    at = min(scan.at, now + CLOCK_MARGIN)
    crossing = Crossing(at, read.device_id, scan.number, step, scan.gate, proved)
    if step in ("left", "withdrawn"):
        return Judged(answer if proved else replace(answer, reason=doubt or UNPROVED), crossing, held.bans)
    if doubt is None and crossing in course([*held.crossings, crossing]).unproved:
        doubt = UNPROVED
    answer = replace(answer, reason=doubt, clock_off_s=0 if doubt else _clock_off_s(read))
    return Judged(answer, crossing, held.bans)


def _lets_in_again(setting: Setting, issued: Issued) -> bool:
    """Whether the exit of a pass lets it in again. Accreditations come and go without one."""
    return setting.terms.reentry and issued.gate_group not in setting.state.windows


def _doubt(read: Read) -> str | None:
    """Why the code of an upload does not prove its pass; None where it does, or where there is no code."""
    verdict = read.verdict
    if not isinstance(verdict, Unverified):
        return None
    if verdict.reason is not Doubt.STALE_STEP:
        return OF_DOUBT[verdict.reason].value
    return Reason.OUT_OF_DATE.value if verdict.step is None or is_far(verdict.step, read.scan.at) else None


def _clock_off_s(read: Read) -> int:
    """By how much the code that a device took is from the device's time, 0 within the window."""
    verdict = read.verdict
    if not isinstance(verdict, Unverified) or verdict.step is None:
        return 0
    return (verdict.step - step_at(read.scan.at)) * STEP_SECONDS


def _remember(read: Read, held: Held, judged: Judged, now: datetime) -> None:
    claims = None if read.verdict is None else read.verdict.claims
    seen = read.scan.generation if claims is None else claims.generation
    crossing = judged.crossing
    crossed = crossing is not None and crossing.step in ("admitted", "passed") and crossing.proved
    if crossed and seen is not None and held.issued is not None:
        held.generation = max(held.generation, min(seen, held.issued.generation))
    if judged.stale is not None:
        held.stale = judged.stale
    if judged.crossing is not None:
        held.crossings.append(judged.crossing)
        held.added.append(judged.crossing)
        held.presence = course(held.crossings, now).presence

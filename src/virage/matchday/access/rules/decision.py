"""The admission decision for a verified code at a gate; web/src/features/access/gate/decide.ts decides the same.

`verify` of passes comes first. Both functions are pure; docs/vectors/access.json tests both implementations.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from virage.identity.passes.types import STEP_SECONDS, Claims, Unverified, VerificationFailure, Verified, step_at

STALE_KEPT = timedelta(minutes=3)
"""How long a gate keeps a code outside its time window, to compare the next one with it."""
STEP_SLACK = 1.1
"""Tolerated drift, in steps of 30 s, between two codes and the time that passed: each code is shown at any moment of
its step, and takes up to three seconds from the screen to the decision."""
SAME_STEP_MAX = 2
"""Steps after which an unchanged code is a screenshot."""
STEP_APART_MIN = 0.5
"""Least distance in steps of two codes of a phone: two pictures are shown at once, two codes never are."""
STEPS_BEHIND_MAX = 20
"""Steps (10 minutes) by which a code may be behind the trusted time: an older one was recorded."""
STEPS_AHEAD_MAX = 21
"""Steps by which a code may be ahead: one more, as the phone's next code may arrive meanwhile."""


class RefusalReason(StrEnum):
    """Reason of a refusal at the gate, in the order of the checks."""

    NO_ENTRY = "no_entry"
    UNREADABLE = "unreadable"
    FORGED = "forged"
    OTHER_EVENT = "other_event"
    TOO_EARLY = "too_early"
    EXPIRED = "expired"
    SCREENSHOT = "screenshot"
    OUT_OF_DATE = "out_of_date"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    CALL_SUPERVISOR = "call_supervisor"
    ALREADY_INSIDE = "already_inside"
    NO_REENTRY = "no_reentry"
    PAPER_NOT_ACCEPTED = "paper_not_accepted"
    UNNAMED = "unnamed"
    WRONG_GATE = "wrong_gate"
    NOT_NOW = "not_now"
    ZONE_FULL = "zone_full"


class EntryTerms(Struct, frozen=True):
    """Entry rules of an event."""

    reentry: bool = False
    paper_accepted: bool = True
    paper_identity_check: bool = False


class NameTerms(Struct, frozen=True):
    """What the event's identity rule says of tickets without a name; `due_at` is None while names are optional."""

    due_at: datetime | None
    unnamed_to_desk: bool


class GateContext(Struct, frozen=True):
    """The gate of a decision: code, accepted gate groups and state.

    `zone` is where it leads. `windows` are those of accreditations by group: their passes have no seat and re-enter as
    often as they like within a window. `names` is None for an event without an identity rule.
    """

    gate: str
    groups: frozenset[str]
    zone: str
    terms: EntryTerms = EntryTerms()
    closed: bool = False
    zone_full: bool = False
    windows: Mapping[str, "Window"] = {}
    names: NameTerms | None = None


class Window(Struct, frozen=True):
    """Time window in which the passes of an accreditation may cross."""

    opens_at: datetime
    closes_at: datetime


class Presence(Struct, frozen=True):
    """Presence of a pass: state, time and gate; `pending` (admitted, not yet passed) expires."""

    state: Literal["pending", "inside", "outside"]
    since: datetime
    gate: str
    pending_until: datetime | None = None


class PassStatus(Struct, frozen=True):
    """What a gate knows of a pass; `generation` is the highest that it has seen.

    `identity_check`: the event's identity rule selects the pass. `unnamed`: its ticket carries no name.
    """

    generation: int = 0
    revoked: bool = False
    flagged: bool = False
    presence: Presence | None = None
    identity_check: bool = False
    unnamed: bool = False


class StaleCode(Struct, frozen=True):
    """A code outside its time window that this gate saw before: its step, and when it was shown."""

    step: int
    at: datetime


class Admitted(Struct, frozen=True, tag="admitted"):
    """The bearer may pass. `clock_off_s` is the error of the phone's clock, 0 within the window."""

    claims: Claims
    paper: bool = False
    identity_check: bool = False
    clock_off_s: int = 0


class RescanRequired(Struct, frozen=True, tag="again"):
    """The code is outside its time window. Scan the next one; `stale` is the code to compare it with."""

    claims: Claims
    stale: StaleCode


class Refused(Struct, frozen=True, tag="refused"):
    """The bearer may not pass. `data` holds other times or gates, or since when and where the pass is inside."""

    reason: RefusalReason
    claims: Claims | None = None
    data: dict[str, Any] = {}


Decision = Admitted | RescanRequired | Refused

REASON_OF_FAILURE: dict[VerificationFailure, RefusalReason] = {
    VerificationFailure.MALFORMED: RefusalReason.UNREADABLE,
    VerificationFailure.UNKNOWN_KEY: RefusalReason.FORGED,
    VerificationFailure.BAD_SIGNATURE: RefusalReason.FORGED,
    VerificationFailure.WRONG_EVENT: RefusalReason.OTHER_EVENT,
    VerificationFailure.NOT_YET_VALID: RefusalReason.TOO_EARLY,
    VerificationFailure.EXPIRED: RefusalReason.EXPIRED,
    VerificationFailure.HOLDER_SIGNATURE_MISSING: RefusalReason.SCREENSHOT,
    VerificationFailure.BAD_HOLDER_SIGNATURE: RefusalReason.FORGED,
}


def decide(
    verdict: Verified | Unverified,
    context: GateContext,
    known: PassStatus,
    now: datetime,
    previous: StaleCode | None = None,
    *,
    trusted: bool = True,
) -> Decision:
    """Return the decision about one code at one gate; `previous` is the last stale code of the pass at this gate.

    `trusted`: `now` is the server's time. A device without trusted time skips the checks of the time: the server does
    them on upload.
    """
    if context.closed:
        return Refused(RefusalReason.NO_ENTRY, verdict.claims)
    if isinstance(verdict, Verified):
        return _decided(verdict, context, known, now, trusted)
    if verdict.reason is not VerificationFailure.STALE_STEP or verdict.claims is None or verdict.step is None:
        return Refused(REASON_OF_FAILURE[verdict.reason], verdict.claims, _when(verdict))
    previous = None if previous is None or now - previous.at > STALE_KEPT else previous
    shown = compare(previous, verdict.step, now)
    too_far = trusted and is_far(verdict.step, now)
    if shown == "again" and not (too_far and previous is None):
        return RescanRequired(verdict.claims, previous or StaleCode(verdict.step, now))
    if shown == "still" or too_far:
        return Refused(RefusalReason.SCREENSHOT if shown == "still" else RefusalReason.OUT_OF_DATE, verdict.claims)
    decided = _decided(Verified(verdict.claims, paper=False, step=verdict.step), context, known, now, trusted)
    off_s = (verdict.step - step_at(now)) * STEP_SECONDS
    return replace(decided, clock_off_s=off_s) if isinstance(decided, Admitted) else decided


def is_far(step: int, now: datetime) -> bool:
    """Return whether a code is more than 10 minutes from `now`. Phones sign by the server's time, so theirs is not."""
    return not -STEPS_BEHIND_MAX <= step - step_at(now) <= STEPS_AHEAD_MAX


def compare(previous: StaleCode | None, step: int, now: datetime) -> Literal["again", "still", "moves"]:
    """Return what a stale code shows beside the previous one: not enough, a still picture, or a live phone.

    A picture never advances. A phone with a wrong clock makes a new code every 30 s.
    """
    if previous is None:
        return "again"
    passed = (now - previous.at).total_seconds() / STEP_SECONDS
    if step == previous.step:
        return "still" if passed > SAME_STEP_MAX else "again"
    if step < previous.step or abs(step - previous.step - passed) > STEP_SLACK:
        return "still"
    return "again" if passed < STEP_APART_MIN else "moves"


def _when(verdict: Unverified) -> dict[str, Any]:
    if verdict.reason is VerificationFailure.NOT_YET_VALID and verdict.claims is not None:
        return {"opens_at": verdict.claims.not_before}
    return {}


def _decided(
    proven: Verified, context: GateContext, known: PassStatus, now: datetime, trusted: bool
) -> Admitted | Refused:
    refused = _of_the_pass(proven, context, known, now, trusted) or _of_the_gate(proven.claims, context, now, trusted)
    is_accreditation = proven.claims.gate_group in context.windows
    identity_check = proven.paper and context.terms.paper_identity_check
    identity_check = identity_check or (known.identity_check and not is_accreditation)
    return refused or Admitted(proven.claims, proven.paper, identity_check)


def lacks_name(names: NameTerms | None, known: PassStatus, now: datetime, *, trusted: bool = True) -> bool:
    """Return whether a ticket carries no name although names are due. Without trusted time they never are."""
    return known.unnamed and trusted and names is not None and names.due_at is not None and now >= names.due_at


def _of_the_pass(
    proven: Verified, context: GateContext, known: PassStatus, now: datetime, trusted: bool
) -> Refused | None:
    """Return the refusal that the status of the pass causes."""
    claims = proven.claims
    reason = None
    if known.revoked:
        reason = RefusalReason.REVOKED
    elif claims.generation < known.generation:
        reason = RefusalReason.SUPERSEDED
    elif known.flagged:
        reason = RefusalReason.CALL_SUPERVISOR
    elif claims.gate_group in context.windows:
        return None  # an accreditation comes and goes, and its badge is paper at every event
    elif known.presence is not None:
        reason = _of_the_presence(known.presence, context, now)
        if reason is not None:
            return Refused(reason, claims, {"since": known.presence.since, "gate": known.presence.gate})
    if reason is None and proven.paper and not context.terms.paper_accepted:
        reason = RefusalReason.PAPER_NOT_ACCEPTED
    to_desk = context.names is not None and context.names.unnamed_to_desk
    if reason is None and to_desk and lacks_name(context.names, known, now, trusted=trusted):
        reason = RefusalReason.UNNAMED
    return None if reason is None else Refused(reason, claims)


def _of_the_presence(presence: Presence, context: GateContext, now: datetime) -> RefusalReason | None:
    """Return the refusal that presence causes; a pending bearer may show the code again at the same gate."""
    if presence.state == "outside":
        return None if context.terms.reentry else RefusalReason.NO_REENTRY
    if presence.state == "inside":
        return RefusalReason.ALREADY_INSIDE
    over = presence.pending_until is not None and now >= presence.pending_until
    return None if over or presence.gate == context.gate else RefusalReason.ALREADY_INSIDE


def _of_the_gate(claims: Claims, context: GateContext, now: datetime, trusted: bool) -> Refused | None:
    """Return the refusal that gate, window or zone cause."""
    if claims.gate_group not in context.groups:
        return Refused(RefusalReason.WRONG_GATE, claims, {"group": claims.gate_group})
    window = context.windows.get(claims.gate_group)
    if trusted and window is not None and not window.opens_at <= now < window.closes_at:
        return Refused(RefusalReason.NOT_NOW, claims, {"opens_at": window.opens_at, "closes_at": window.closes_at})
    return Refused(RefusalReason.ZONE_FULL, claims) if context.zone_full else None

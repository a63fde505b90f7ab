"""May the bearer of this code cross here and now? The same answer here and in web/src/access/decide.ts.

A gate asks `verify` of passes first: is this code what it says. This page asks what the gate, the event and the ground
say of the pass. Both are pure; the vectors of docs/vectors/access.json hold them together.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from virage.identity.passes.types import STEP_SECONDS, Claims, Doubt, Unverified, Verified, step_at

STALE_KEPT = timedelta(minutes=3)
"""How long a gate remembers a code out of its time window, to compare the next one with."""
STEP_SLACK = 1.1
"""By how many half minutes two codes may drift from the time that passed between them: one, for each is seen at any
moment of its half minute, and three seconds for its way from the phone's screen to who decides."""
SAME_STEP_MAX = 2
"""After how many half minutes a code that has not changed is a picture."""
STEP_APART_MIN = 0.5
"""How many half minutes lie at least between them: two pictures are shown in one moment, two codes never are."""
STEPS_BEHIND_MAX = 20
"""How many half minutes a code may be behind the trusted time, ten minutes: an older one is a film or a picture."""
STEPS_AHEAD_MAX = 21
"""How many it may be ahead: one more, for nobody films what comes, and a phone's next code may come on the way."""


class Reason(StrEnum):
    """Why a bearer does not cross, in the order in which it is asked. Each has its advice in the steward's language."""

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
    WRONG_GATE = "wrong_gate"
    NOT_NOW = "not_now"
    ZONE_FULL = "zone_full"


class Terms(Struct, frozen=True):
    """What the house rules say at the gate."""

    reentry: bool = False
    paper_accepted: bool = True
    paper_identity_check: bool = False


class Post(Struct, frozen=True):
    """The gate that asks: its code, the gate groups that it takes, and how things stand in the ground.

    `zone` is where it leads. `windows` are the accreditations by group: their passes, bound to no seat, come and go as
    often as they like within a time.
    """

    gate: str
    groups: frozenset[str]
    zone: str
    terms: Terms = Terms()
    closed: bool = False
    zone_full: bool = False
    windows: Mapping[str, "Window"] = {}


class Window(Struct, frozen=True):
    """When the passes of an accreditation may cross."""

    opens_at: datetime
    closes_at: datetime


class Presence(Struct, frozen=True):
    """Where the bearer of a pass is, since when, and by which gate; `pending` (admitted, not passed) ends by itself."""

    state: Literal["pending", "inside", "outside"]
    since: datetime
    gate: str
    pending_until: datetime | None = None


class Known(Struct, frozen=True):
    """What the one who decides knows of a pass: the highest generation it has seen, and where its bearer is."""

    generation: int = 0
    revoked: bool = False
    flagged: bool = False
    presence: Presence | None = None


class Stale(Struct, frozen=True):
    """A code out of its time window that this gate saw before: its step, and when it was shown."""

    step: int
    at: datetime


class Admitted(Struct, frozen=True, tag="admitted"):
    """The bearer may pass. `clock_off_s` says by how much the phone's clock is wrong, 0 within the window."""

    claims: Claims
    paper: bool = False
    identity_check: bool = False
    clock_off_s: int = 0


class Again(Struct, frozen=True, tag="again"):
    """Amber: the code is out of its time window. Scan once more when it has changed; `stale` is what to remember."""

    claims: Claims
    stale: Stale


class Refused(Struct, frozen=True, tag="refused"):
    """The bearer does not pass. `data` says where or when else, or since when and by which gate they are inside."""

    reason: Reason
    claims: Claims | None = None
    data: dict[str, Any] = {}


Decision = Admitted | Again | Refused

OF_DOUBT: dict[Doubt, Reason] = {
    Doubt.MALFORMED: Reason.UNREADABLE,
    Doubt.UNKNOWN_KEY: Reason.FORGED,
    Doubt.BAD_SIGNATURE: Reason.FORGED,
    Doubt.WRONG_EVENT: Reason.OTHER_EVENT,
    Doubt.NOT_YET_VALID: Reason.TOO_EARLY,
    Doubt.EXPIRED: Reason.EXPIRED,
    Doubt.HOLDER_SIGNATURE_MISSING: Reason.SCREENSHOT,
    Doubt.BAD_HOLDER_SIGNATURE: Reason.FORGED,
}


def decide(
    verdict: Verified | Unverified,
    post: Post,
    known: Known,
    now: datetime,
    before: Stale | None = None,
    *,
    trusted: bool = True,
) -> Decision:
    """Decide about one code at one gate. `before` is the last code out of its window that this gate saw of the pass.

    `trusted` says whether `now` is the server's time. A device that lost it refuses nobody for the time alone: the
    server judges the distance of its admissions when they are uploaded.
    """
    if post.closed:
        return Refused(Reason.NO_ENTRY, verdict.claims)
    if isinstance(verdict, Verified):
        return _decided(verdict, post, known, now, trusted)
    if verdict.reason is not Doubt.STALE_STEP or verdict.claims is None or verdict.step is None:
        return Refused(OF_DOUBT[verdict.reason], verdict.claims, _when(verdict))
    before = None if before is None or now - before.at > STALE_KEPT else before
    shown = compare(before, verdict.step, now)
    too_far = trusted and is_far(verdict.step, now)
    if shown == "again" and not (too_far and before is None):
        return Again(verdict.claims, before or Stale(verdict.step, now))
    if shown == "still" or too_far:
        return Refused(Reason.SCREENSHOT if shown == "still" else Reason.OUT_OF_DATE, verdict.claims)
    decided = _decided(Verified(verdict.claims, paper=False, step=verdict.step), post, known, now, trusted)
    off_s = (verdict.step - step_at(now)) * STEP_SECONDS
    return replace(decided, clock_off_s=off_s) if isinstance(decided, Admitted) else decided


def is_far(step: int, now: datetime) -> bool:
    """Whether a code is more than ten minutes from `now`: no clock of a good phone is, for it signs by the server's."""
    return not -STEPS_BEHIND_MAX <= step - step_at(now) <= STEPS_AHEAD_MAX


def compare(before: Stale | None, step: int, now: datetime) -> Literal["again", "still", "moves"]:
    """What a code out of its window shows beside the one before: nothing yet, a still picture, or a phone that signs.

    A picture of a code never advances. A phone with a wrong clock makes a new code every half minute, as fast as ours.
    """
    if before is None:
        return "again"
    passed = (now - before.at).total_seconds() / STEP_SECONDS
    if step == before.step:
        return "still" if passed > SAME_STEP_MAX else "again"
    if step < before.step or abs(step - before.step - passed) > STEP_SLACK:
        return "still"
    return "again" if passed < STEP_APART_MIN else "moves"


def _when(verdict: Unverified) -> dict[str, Any]:
    if verdict.reason is Doubt.NOT_YET_VALID and verdict.claims is not None:
        return {"opens_at": verdict.claims.not_before}
    return {}


def _decided(proven: Verified, post: Post, known: Known, now: datetime, trusted: bool) -> Admitted | Refused:
    refused = _of_the_pass(proven, post, known, now) or _of_the_gate(proven.claims, post, now, trusted)
    identity_check = proven.paper and post.terms.paper_identity_check
    return refused or Admitted(proven.claims, proven.paper, identity_check)


def _of_the_pass(proven: Verified, post: Post, known: Known, now: datetime) -> Refused | None:
    """What is known of this very pass."""
    claims = proven.claims
    reason = None
    if known.revoked:
        reason = Reason.REVOKED
    elif claims.generation < known.generation:
        reason = Reason.SUPERSEDED
    elif known.flagged:
        reason = Reason.CALL_SUPERVISOR
    elif claims.gate_group in post.windows:
        return None  # an accreditation comes and goes, and its badge is paper at every event
    elif known.presence is not None:
        reason = _of_the_presence(known.presence, post, now)
        if reason is not None:
            return Refused(reason, claims, {"since": known.presence.since, "gate": known.presence.gate})
    if reason is None and proven.paper and not post.terms.paper_accepted:
        reason = Reason.PAPER_NOT_ACCEPTED
    return None if reason is None else Refused(reason, claims)


def _of_the_presence(presence: Presence, post: Post, now: datetime) -> Reason | None:
    """Whoever is admitted and has not passed yet may show the same code again at the same gate."""
    if presence.state == "outside":
        return None if post.terms.reentry else Reason.NO_REENTRY
    if presence.state == "inside":
        return Reason.ALREADY_INSIDE
    over = presence.pending_until is not None and now >= presence.pending_until
    return None if over or presence.gate == post.gate else Reason.ALREADY_INSIDE


def _of_the_gate(claims: Claims, post: Post, now: datetime, trusted: bool) -> Refused | None:
    """Whether such a pass enters here, now."""
    if claims.gate_group not in post.groups:
        return Refused(Reason.WRONG_GATE, claims, {"group": claims.gate_group})
    window = post.windows.get(claims.gate_group)
    if trusted and window is not None and not window.opens_at <= now < window.closes_at:
        return Refused(Reason.NOT_NOW, claims, {"opens_at": window.opens_at, "closes_at": window.closes_at})
    return Refused(Reason.ZONE_FULL, claims) if post.zone_full else None

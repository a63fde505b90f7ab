"""Evaluation of the scans of a batch in order, each on the result of the previous ones."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct, field
from msgspec.structs import replace

from virage.identity.passes.types import STEP_SECONDS, Unverified, VerificationFailure, step_at
from virage.matchday.access.rules.active import CLOCK_MARGIN, is_plausible
from virage.matchday.access.rules.crossings import PASSAGE_WITHIN, Crossing, CrossingResult, fold_crossings
from virage.matchday.access.rules.decision import (
    REASON_OF_FAILURE,
    Decision,
    EntryTerms,
    NameTerms,
    PassStatus,
    Presence,
    RefusalReason,
    Refused,
    RescanRequired,
    StaleCode,
    decide,
    is_far,
    lacks_name,
)
from virage.matchday.access.rules.hints import wrong_gate_data
from virage.matchday.access.rules.identity import IdentityRule
from virage.matchday.access.rules.overrides import OverrideRefusal, override_refusal
from virage.matchday.access.rules.scans import STEP_OF, ScanAnswer, VerifiedScan
from virage.matchday.access.rules.venue_state import DEFAULT_GATE_STATE, VenueState, gate_context, label, zone_of
from virage.platform.web.guard import Grant
from virage.site.programme.types import Event
from virage.site.venue.types import Venue

PassKey = tuple[UUID, int]
UNPROVED: Final = "unproved"
"""Reason of an upload that admits no pass: no code, no override and no pending admission at its gate."""
IMPLAUSIBLE_TIME: Final = "implausible_time"
"""Reason of an upload that proves nothing: the device cannot have seen it at its stated time."""


class StoredPresence(Struct, frozen=True):
    """Presence row of a pass, before or after a batch."""

    presence: Presence | None = None
    generation: int = 0
    entries: int = 0
    steps: int = 0
    stale: StaleCode | None = None
    people: int = 0


class IssuedPass(Struct, frozen=True):
    """Current state of a pass at its issuer."""

    place: int
    gate_group: str
    generation: int = 0
    revoked: bool = False


class PassRecord(Struct):
    """What is known of a pass during a batch; each scan updates it."""

    stored: StoredPresence
    issued: IssuedPass | None = None
    bans: tuple[UUID, ...] = ()
    crossings: list[Crossing] = field(default_factory=list)
    added: list[Crossing] = field(default_factory=list)
    generation: int = 0
    stale: StaleCode | None = None
    presence: Presence | None = None
    identity_check: bool = False
    unnamed: bool = False

    def known(self) -> PassStatus:
        """Return the status that decisions need."""
        issued = self.issued
        return PassStatus(
            generation=max(self.generation, 0 if issued is None else issued.generation),
            revoked=issued is None or issued.revoked,
            flagged=bool(self.bans),
            presence=self.presence,
            identity_check=self.identity_check,
            unnamed=self.unnamed,
        )

    def fold(self, now: datetime, windows: Mapping[str, Any]) -> CrossingResult:
        """Return the result of the crossings. Accreditations re-enter freely and have no duplicates."""
        found = fold_crossings(self.crossings, now)
        if self.issued is None or self.issued.gate_group not in windows:
            return found
        return replace(found, duplicates=(), people=min(found.people, 1))


class EventContext(Struct, frozen=True):
    """Event, venue and its state of a batch; `event` is None where it is not needed.

    `identity` is the rule that gates apply, None without one.
    """

    venue: Venue
    state: VenueState
    terms: EntryTerms
    event: Event | None = None
    identity: IdentityRule | None = None

    @property
    def names(self) -> NameTerms | None:
        """What the identity rule says of tickets without a name."""
        if self.identity is None or self.event is None:
            return None
        return NameTerms(self.event.names_due_at, self.identity.unnamed == "desk")


class DeviceContext(Struct):
    """The device of a scan: pairing time, overrides sent for the event, and grants of stewards by person.

    `overrides` grows with every scan of a batch.
    """

    paired_at: datetime
    overrides: int = 0
    grants: Mapping[UUID, Sequence[Grant]] = {}


class Evaluation(Struct, frozen=True):
    """Result of a scan: answer, crossing, matched bans, and the stale code to compare the next one with."""

    answer: ScanAnswer
    crossing: Crossing | None = None
    bans: tuple[UUID, ...] = ()
    stale: StaleCode | None = None


def evaluate(
    verified: VerifiedScan, context: EventContext, record: PassRecord | None, device: DeviceContext, now: datetime
) -> Evaluation:
    """Evaluate one scan and update its pass; `record` is None if the scan is about no pass."""
    scan = verified.scan
    evaluate_kind = _decide_online if scan.kind == "ask" else _record_uploaded
    evaluation = evaluate_kind(verified, context, record, device, now)
    if not scan.training:
        if scan.override is not None:
            device.overrides += 1
        if record is not None:
            _remember(verified, record, evaluation, now)
    return evaluation


def _decide_online(
    verified: VerifiedScan, context: EventContext, record: PassRecord | None, device: DeviceContext, now: datetime
) -> Evaluation:
    """Decide about a code at the server. A steward's override with its reason replaces the decision."""
    scan = verified.scan
    answer = ScanAnswer(scan.number, "refused", pass_number=verified.pass_number)
    bans: tuple[UUID, ...] = ()
    if record is not None and record.issued is not None:
        answer, bans = replace(answer, place_label=label(context.venue, record.issued.place)), record.bans
    decision: Decision | None
    if scan.override is not None and record is not None and record.issued is not None:
        refusal = _override_refusal(verified, context, record, record.issued, device)
        if refusal is not None:
            return Evaluation(replace(answer, reason=refusal.value), bans=bans)
        decision = None
    else:
        decision = _decision(verified, context, record, now)
    if isinstance(decision, Refused):
        data = decision.data
        if decision.reason is RefusalReason.WRONG_GATE:
            data = wrong_gate_data(context.venue, scan.gate, data["group"])
        presence = None if record is None else record.presence
        if decision.reason is RefusalReason.ALREADY_INSIDE and presence is not None and presence.state == "pending":
            data = data | {"pending_until": presence.pending_until}
        return Evaluation(replace(answer, reason=decision.reason.value, data=data), bans=bans)
    if isinstance(decision, RescanRequired):
        return Evaluation(replace(answer, outcome="again"), bans=bans, stale=decision.stale)
    turnstile = context.state.gates.get(scan.gate, DEFAULT_GATE_STATE).turnstile
    answer = replace(
        answer,
        outcome="admitted",
        identity_check=decision is not None and decision.identity_check,
        clock_off_s=0 if decision is None else decision.clock_off_s,
        pending_until=now + PASSAGE_WITHIN if turnstile else None,
        unnamed=decision is not None and record is not None and lacks_name(context.names, record.known(), now),
    )
    return Evaluation(
        answer, Crossing(now, verified.device_id, scan.number, "admitted" if turnstile else "passed", scan.gate), bans
    )


def _override_refusal(
    verified: VerifiedScan, context: EventContext, record: PassRecord, issued: IssuedPass, device: DeviceContext
) -> OverrideRefusal | None:
    scan = verified.scan
    grants = () if scan.person_id is None else device.grants.get(scan.person_id, ())
    return override_refusal(
        scan,
        context.event,
        context.venue,
        context.state,
        grants,
        gate_group=issued.gate_group,
        barred=issued.revoked or bool(record.bans),
        overrides=device.overrides,
    )


def _decision(verified: VerifiedScan, context: EventContext, record: PassRecord | None, now: datetime) -> Decision:
    """Return the decision of the rules about a code."""
    scan = verified.scan
    if verified.verdict is None:
        return Refused(RefusalReason.UNREADABLE)
    place = None if record is None or record.issued is None else record.issued.place
    at_gate = gate_context(
        context.venue,
        scan.gate,
        context.state,
        context.terms,
        zone_of(context.venue, scan.gate, place),
        names=context.names,
    )
    known = PassStatus() if record is None else record.known()
    return decide(verified.verdict, at_gate, known, now, None if record is None else record.stale)


def _record_uploaded(
    verified: VerifiedScan, context: EventContext, record: PassRecord | None, device: DeviceContext, now: datetime
) -> Evaluation:
    """Record what a device decided, or what a turnstile or counter saw.

    An entry counts for its pass only with proof; without, a person is inside and the board shows the reason. An exit
    allows re-entry only with the same proof.
    """
    scan = verified.scan
    answer = ScanAnswer(
        number=scan.number, outcome="noted", pass_number=None if record is None else verified.pass_number
    )
    step = STEP_OF.get(scan.kind)
    if step is None:
        return Evaluation(answer, bans=() if record is None or record.issued is None else record.bans)
    refusal = _proof_refusal(verified) if scan.override is None else None
    if refusal is not None and verified.is_forged:
        return Evaluation(replace(answer, reason=refusal))
    if record is None or record.issued is None:
        return Evaluation(answer if scan.code is not None else replace(answer, reason=UNPROVED))
    if scan.override is not None:
        refusal = _override_refusal(verified, context, record, record.issued, device)
    event = None if scan.training else context.event
    if event is not None and not is_plausible(scan.at, event, device.paired_at, now):
        refusal = IMPLAUSIBLE_TIME
    ends = step in ("withdrawn", "mismatched")
    needs_proof = _lets_in_again(context, record.issued) if step == "left" else not ends
    proved = not needs_proof or (refusal is None and (scan.override is not None or scan.code is not None))
    at = min(scan.at, now + CLOCK_MARGIN)
    crossing = Crossing(at, verified.device_id, scan.number, step, scan.gate, proved)
    if step == "left" or ends:
        return Evaluation(answer if proved else replace(answer, reason=refusal or UNPROVED), crossing, record.bans)
    if refusal is None and crossing in fold_crossings([*record.crossings, crossing]).unproved:
        refusal = UNPROVED
    if refusal is None and record.issued.revoked and scan.override is None:
        refusal = RefusalReason.REVOKED.value  # the gate had not heard: the person is inside, and the board reports it
    is_checked = (
        scan.override is None and record.identity_check and record.issued.gate_group not in context.state.windows
    )
    answer = replace(
        answer, reason=refusal, identity_check=is_checked, clock_off_s=0 if refusal else _clock_off_s(verified)
    )
    return Evaluation(answer, crossing, record.bans)


def _lets_in_again(context: EventContext, issued: IssuedPass) -> bool:
    """Return whether an exit allows re-entry. Accreditations re-enter without an exit."""
    return context.terms.reentry and issued.gate_group not in context.state.windows


def _proof_refusal(verified: VerifiedScan) -> str | None:
    """Return why the code of an upload does not prove its pass; None if it does, or without a code."""
    verdict = verified.verdict
    if not isinstance(verdict, Unverified):
        return None
    if verdict.reason is not VerificationFailure.STALE_STEP:
        return REASON_OF_FAILURE[verdict.reason].value
    return RefusalReason.OUT_OF_DATE.value if verdict.step is None or is_far(verdict.step, verified.scan.at) else None


def _clock_off_s(verified: VerifiedScan) -> int:
    """Return the distance of an uploaded code from the device's time in seconds, 0 within the window."""
    verdict = verified.verdict
    if not isinstance(verdict, Unverified) or verdict.step is None:
        return 0
    return (verdict.step - step_at(verified.scan.at)) * STEP_SECONDS


def _remember(verified: VerifiedScan, record: PassRecord, evaluation: Evaluation, now: datetime) -> None:
    claims = None if verified.verdict is None else verified.verdict.claims
    seen = verified.scan.generation if claims is None else claims.generation
    crossing = evaluation.crossing
    crossed = crossing is not None and crossing.step in ("admitted", "passed") and crossing.proved
    if crossed and seen is not None and record.issued is not None:
        record.generation = max(record.generation, min(seen, record.issued.generation))
    if evaluation.stale is not None:
        record.stale = evaluation.stale
    if evaluation.crossing is not None:
        record.crossings.append(evaluation.crossing)
        record.added.append(evaluation.crossing)
        record.presence = fold_crossings(record.crossings, now).presence

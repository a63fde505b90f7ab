"""The gate's rules: decisions, and the sum of crossings."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from virage.demo.venues.drawing import stadium
from virage.identity.passes.rules.claims import Claims
from virage.identity.passes.rules.code import step_at
from virage.identity.passes.rules.verification import Unverified, VerificationFailure, Verified
from virage.matchday.access.rules.decision import (
    Admitted,
    EntryTerms,
    GateContext,
    PassStatus,
    Presence,
    RefusalReason,
    Refused,
    RescanRequired,
    StaleCode,
    Window,
    decide,
)
from virage.matchday.access.rules.evaluation import (
    DeviceContext,
    EventContext,
    IssuedPass,
    PassRecord,
    StoredPresence,
    evaluate,
)
from virage.matchday.access.rules.scans import Scan, VerifiedScan
from virage.matchday.access.rules.venue_state import VenueState
from virage.platform.web.guard import Grant

NOW = datetime(2026, 5, 9, 18, 20, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
CLAIMS = Claims(b"\0" * 6, 7, 1, 4711, "C", NOW - timedelta(hours=2), NOW + timedelta(hours=6), None)
POST = GateContext("C3", frozenset({"C", "D"}), "N")
INSIDE = Presence("inside", NOW - 10 * MINUTE, "C1")
GONE = Presence("outside", NOW - 10 * MINUTE, "C1")


def shown(claims: Claims = CLAIMS, *, paper: bool = False) -> Verified:
    return Verified(claims, paper, None if paper else step_at(NOW))


def reason(decision: Any) -> RefusalReason:
    assert isinstance(decision, Refused)
    return decision.reason


def test_a_valid_pass_at_its_gate_is_admitted() -> None:
    assert decide(shown(), POST, PassStatus(generation=1), NOW) == Admitted(CLAIMS)


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (PassStatus(revoked=True), RefusalReason.REVOKED),
        (PassStatus(generation=2), RefusalReason.SUPERSEDED),
        (PassStatus(flagged=True), RefusalReason.CALL_SUPERVISOR),
        (PassStatus(presence=INSIDE), RefusalReason.ALREADY_INSIDE),
        (PassStatus(presence=GONE), RefusalReason.NO_REENTRY),
    ],
)
def test_a_pass_is_refused_for_its_known_status(known: PassStatus, why: RefusalReason) -> None:
    assert reason(decide(shown(), POST, known, NOW)) is why


def test_a_gate_that_saw_a_newer_generation_refuses_the_older_one() -> None:
    assert reason(decide(shown(), POST, PassStatus(generation=2), NOW)) is RefusalReason.SUPERSEDED
    assert isinstance(decide(shown(replace(CLAIMS, generation=3)), POST, PassStatus(generation=2), NOW), Admitted)


def test_a_refusal_of_a_pass_inside_names_time_and_gate_of_entry() -> None:
    refused = decide(shown(), POST, PassStatus(presence=INSIDE), NOW)
    assert isinstance(refused, Refused)
    assert refused.data == {"since": INSIDE.since, "gate": "C1"}


def test_re_entry_follows_the_event_rules() -> None:
    open_system = replace(POST, terms=EntryTerms(reentry=True))
    assert isinstance(decide(shown(), open_system, PassStatus(presence=GONE), NOW), Admitted)
    assert reason(decide(shown(), open_system, PassStatus(presence=INSIDE), NOW)) is RefusalReason.ALREADY_INSIDE


def test_a_pending_admission_does_not_use_the_pass() -> None:
    waiting = Presence("pending", NOW, "C3", NOW + MINUTE)
    assert isinstance(decide(shown(), POST, PassStatus(presence=waiting), NOW + 30 * SECOND), Admitted)
    elsewhere = replace(POST, gate="C4")
    assert (
        reason(decide(shown(), elsewhere, PassStatus(presence=waiting), NOW + 30 * SECOND))
        is RefusalReason.ALREADY_INSIDE
    )
    assert isinstance(decide(shown(), elsewhere, PassStatus(presence=waiting), NOW + MINUTE), Admitted)


def test_a_refusal_at_a_wrong_gate_names_the_right_group() -> None:
    refused = decide(shown(replace(CLAIMS, gate_group="Q")), POST, PassStatus(), NOW)
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.data) == (RefusalReason.WRONG_GATE, {"group": "Q"})


def test_paper_follows_the_event_rules() -> None:
    no_paper = replace(POST, terms=EntryTerms(paper_accepted=False))
    assert reason(decide(shown(paper=True), no_paper, PassStatus(), NOW)) is RefusalReason.PAPER_NOT_ACCEPTED
    checked = replace(POST, terms=EntryTerms(paper_identity_check=True))
    assert decide(shown(paper=True), checked, PassStatus(), NOW) == Admitted(CLAIMS, paper=True, identity_check=True)
    assert decide(shown(), checked, PassStatus(), NOW) == Admitted(CLAIMS)


def test_a_full_zone_and_a_closed_venue_admit_no_pass() -> None:
    assert reason(decide(shown(), replace(POST, zone_full=True), PassStatus(), NOW)) is RefusalReason.ZONE_FULL
    assert reason(decide(shown(), replace(POST, closed=True), PassStatus(), NOW)) is RefusalReason.NO_ENTRY
    assert (
        reason(decide(Unverified(VerificationFailure.MALFORMED), replace(POST, closed=True), PassStatus(), NOW))
        is RefusalReason.NO_ENTRY
    )


def test_an_accreditation_enters_and_leaves_within_its_hours() -> None:
    press = replace(CLAIMS, gate_group="PRESS")
    window = Window(NOW - MINUTE, NOW + MINUTE)
    post = replace(POST, groups=frozenset({"C", "PRESS"}), windows={"PRESS": window})
    for presence in (None, INSIDE, GONE):
        assert isinstance(decide(shown(press), post, PassStatus(presence=presence), NOW), Admitted)
    no_paper = replace(post, terms=EntryTerms(paper_accepted=False))
    assert isinstance(decide(shown(press, paper=True), no_paper, PassStatus(), NOW), Admitted), (
        "badges are printed at every event"
    )
    late = decide(shown(press), post, PassStatus(), NOW + MINUTE)
    assert isinstance(late, Refused)
    assert (late.reason, late.data) == (
        RefusalReason.NOT_NOW,
        {"opens_at": window.opens_at, "closes_at": window.closes_at},
    )


@pytest.mark.parametrize(
    "doubt", [doubt for doubt in VerificationFailure if doubt is not VerificationFailure.STALE_STEP]
)
def test_every_verification_failure_is_a_refusal_with_advice(doubt: VerificationFailure) -> None:
    assert isinstance(decide(Unverified(doubt, CLAIMS), POST, PassStatus(), NOW), Refused)


NEAR = st.integers(-15, 15).filter(lambda off: abs(off) > 3)
"""By how many half minutes a phone's clock is wrong and its codes are still taken, whatever the test adds."""
FAR = st.integers(-40_000, 40_000).filter(lambda off: not -20 <= off <= 21)


def stale(step: int) -> Unverified:
    return Unverified(VerificationFailure.STALE_STEP, CLAIMS, step)


@given(NEAR, st.integers(1, 4), st.integers(-10, 10))
def test_two_codes_that_advance_with_time_admit_a_phone_with_a_wrong_clock(off: int, later: int, jitter: int) -> None:
    first = step_at(NOW) + off
    amber = decide(stale(first), POST, PassStatus(), NOW)
    assert isinstance(amber, RescanRequired)
    then = NOW + timedelta(seconds=30 * later + jitter)
    second = decide(stale(first + later), POST, PassStatus(), then, amber.stale)
    assert isinstance(second, Admitted)
    assert abs(second.clock_off_s - 30 * off) <= 30


@given(NEAR, st.integers(61, 179))
def test_a_picture_of_a_code_is_never_admitted(off: int, seconds: int) -> None:
    step = step_at(NOW) + off
    amber = decide(stale(step), POST, PassStatus(), NOW)
    assert isinstance(amber, RescanRequired)
    again = decide(stale(step), POST, PassStatus(), NOW + timedelta(seconds=seconds), amber.stale)
    assert reason(again) is RefusalReason.SCREENSHOT


@given(NEAR, st.integers(0, 14))
def test_two_pictures_at_the_same_moment_are_not_admitted(off: int, seconds: int) -> None:
    step = step_at(NOW) + off
    then = NOW + timedelta(seconds=seconds)
    found = decide(
        Unverified(VerificationFailure.STALE_STEP, CLAIMS, step + 1), POST, PassStatus(), then, StaleCode(step, NOW)
    )
    assert found == RescanRequired(CLAIMS, StaleCode(step, NOW))


@given(NEAR, st.lists(st.integers(1, 20), min_size=4, max_size=8))
def test_a_picture_shown_repeatedly_is_refused_as_a_screenshot(off: int, pauses: list[int]) -> None:
    step, now, before = step_at(NOW) + off, NOW, None
    while now - NOW <= timedelta(seconds=60):
        amber = decide(stale(step), POST, PassStatus(), now, before)
        assert isinstance(amber, RescanRequired)
        before, now = amber.stale, now + timedelta(seconds=pauses[0])
        pauses = [*pauses[1:], pauses[0]]
    assert reason(decide(stale(step), POST, PassStatus(), now, before)) is RefusalReason.SCREENSHOT


@given(NEAR, st.lists(st.floats(0, 400), min_size=1, max_size=12))
def test_one_picture_is_never_admitted_whenever_and_however_often_it_is_shown(off: int, pauses: list[float]) -> None:
    step, now, before = step_at(NOW) + off, NOW, None
    for pause in pauses:
        found = decide(stale(step), POST, PassStatus(), now, before)
        assert not isinstance(found, Admitted)
        before = found.stale if isinstance(found, RescanRequired) else before
        now += timedelta(seconds=pause)


@given(NEAR, st.floats(0, 29.9), st.lists(st.floats(0, 2), min_size=2))
def test_a_reader_that_reads_each_code_once_admits_a_phone_with_a_wrong_clock_with_the_third_code(
    off: int, first_at: float, late: list[float]
) -> None:
    """A fixed reader uploads each code once: the first at any moment of its half minute, then each
    as it appears.
    """
    begun = NOW - timedelta(seconds=NOW.timestamp() % 30)
    before, found = None, None
    for turn, seconds in enumerate([first_at, 30 + late[0], 60 + late[1]]):
        now = begun + timedelta(seconds=seconds)
        found = decide(stale(step_at(begun) + off + turn), POST, PassStatus(), now, before)
        assert not isinstance(found, Refused)
        if isinstance(found, Admitted):
            break
        before = found.stale
    assert isinstance(found, Admitted)


@given(NEAR, st.floats(0, 2.5), st.integers(1, 3))
def test_a_code_delayed_by_seconds_is_not_taken_for_a_screenshot(off: int, late: float, later: int) -> None:
    begun = NOW - timedelta(seconds=NOW.timestamp() % 30)
    step, seen = step_at(begun) + off, begun + timedelta(seconds=29.9 + late)  # the last moment of its half minute
    amber = decide(stale(step), POST, PassStatus(), seen)
    assert isinstance(amber, RescanRequired)
    found = decide(stale(step + later), POST, PassStatus(), begun + timedelta(seconds=30 * later), amber.stale)
    assert isinstance(found, RescanRequired if later == 1 else Admitted)


@given(st.integers(2, 4000), st.integers(5, 50), st.integers(1, 100))
def test_codes_that_advance_faster_than_time_are_refused(off: int, steps: int, seconds: int) -> None:
    step = step_at(NOW) + off
    found = decide(stale(step + steps), POST, PassStatus(), NOW + timedelta(seconds=seconds), StaleCode(step, NOW))
    assert reason(found) is RefusalReason.SCREENSHOT


def test_a_code_that_was_seen_long_ago_proves_nothing() -> None:
    step = step_at(NOW) - 20
    later = NOW + timedelta(minutes=10)
    assert isinstance(decide(stale(step + 20), POST, PassStatus(), later, StaleCode(step, NOW)), RescanRequired)


@given(FAR, st.floats(15, 40))
def test_both_codes_of_a_recording_of_another_time_are_refused(off: int, later: float) -> None:
    step = step_at(NOW) + off
    assert reason(decide(stale(step), POST, PassStatus(), NOW)) is RefusalReason.OUT_OF_DATE
    then = NOW + timedelta(seconds=later)
    found = decide(stale(step_at(then) + off), POST, PassStatus(), then, StaleCode(step, NOW))
    assert not isinstance(found, Admitted)


@pytest.mark.parametrize("step", [0, 1])
def test_the_first_steps_of_1970_are_refused_though_they_advance(step: int) -> None:
    before = StaleCode(0, NOW - 30 * SECOND)
    assert reason(decide(stale(step), POST, PassStatus(), NOW)) is RefusalReason.OUT_OF_DATE
    assert not isinstance(decide(stale(step), POST, PassStatus(), NOW, before), Admitted)


@pytest.mark.parametrize(
    ("filmed_ago", "trusted", "lights"),
    [
        (timedelta(), True, ["admitted"]),
        (5 * MINUTE, True, ["again", "admitted"]),
        (9 * MINUTE, True, ["again", "admitted"]),
        (11 * MINUTE, True, ["out_of_date", "out_of_date"]),
        (timedelta(hours=1), True, ["out_of_date", "out_of_date"]),
        (timedelta(days=1), True, ["out_of_date", "out_of_date"]),
        (timedelta(), False, ["admitted"]),
        *((ago, False, ["again", "admitted"]) for ago in (5 * MINUTE, 9 * MINUTE, 11 * MINUTE)),
        *((ago, False, ["again", "admitted"]) for ago in (timedelta(hours=1), timedelta(days=1))),
    ],
)
def test_a_recording_of_two_codes_is_judged_by_its_age_with_trusted_time(
    filmed_ago: timedelta, trusted: bool, lights: list[str]
) -> None:
    shown_lights, before = [], None
    for turn in range(len(lights)):
        now = NOW + 30 * turn * SECOND
        step = step_at(now - filmed_ago)
        verdict = stale(step) if filmed_ago else Verified(CLAIMS, False, step)
        found = decide(verdict, POST, PassStatus(), now, before, trusted=trusted)
        before = found.stale if isinstance(found, RescanRequired) else before
        shown_lights.append(str(found.reason) if isinstance(found, Refused) else type(found).__struct_config__.tag)
    assert shown_lights == lights


def test_a_device_without_trusted_time_refuses_no_accreditation_for_its_hours() -> None:
    press = replace(CLAIMS, gate_group="PRESS")
    window = Window(NOW - MINUTE, NOW + MINUTE)
    post = replace(POST, groups=frozenset({"C", "PRESS"}), windows={"PRESS": window})
    late = NOW + timedelta(days=365)
    assert reason(decide(shown(press), post, PassStatus(), late)) is RefusalReason.NOT_NOW
    assert isinstance(decide(shown(press), post, PassStatus(), late, trusted=False), Admitted)


@given(st.integers(0, 23), st.lists(st.tuples(st.integers(0, 23), st.sampled_from(["passed", "admitted"]))))
def test_no_upload_lowers_a_generation_or_raises_it_above_the_issued_one(
    issued: int, seen: list[tuple[int, Any]]
) -> None:
    held = PassRecord(StoredPresence(), IssuedPass(CLAIMS.place, CLAIMS.gate_group, issued))
    sender = DeviceContext(NOW, grants={UUID(int=3): [Grant("steward")]})
    for number, (generation, kind) in enumerate(seen, 1):
        before = held.known().generation
        scan = Scan(
            number=number,
            event_id=UUID(int=1),
            gate="C1",
            at=NOW,
            kind=kind,
            pass_number=CLAIMS.number,
            generation=generation,
            override="no_phone",
            person_id=UUID(int=3),
        )
        evaluate(
            VerifiedScan(UUID(int=2), scan, None),
            EventContext(stadium(), VenueState(), EntryTerms()),
            held,
            sender,
            NOW,
        )
        assert issued >= held.generation == max(min(one, issued) for one, _ in seen[:number])
        assert held.known().generation >= before
        older = shown(replace(CLAIMS, generation=issued - 1)) if issued else None
        assert older is None or reason(decide(older, POST, held.known(), NOW)) is RefusalReason.SUPERSEDED

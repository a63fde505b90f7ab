"""The sum of a pass's crossings: its presence, duplicates, and the number of people inside."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from virage.matchday.access.rules.crossings import PASSAGE_WITHIN, Crossing, Step, fold_crossings
from virage.matchday.access.rules.decision import Presence

NOW = datetime(2026, 5, 9, 18, 20, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
DEVICES = [UUID(int=number) for number in range(1, 4)]
STEPS: list[Step] = ["admitted", "passed", "withdrawn", "left", "mismatched"]


def crossing(step: Step, minute: int, device: int = 0, number: int = 0, *, proved: bool = True) -> Crossing:
    return Crossing(NOW + minute * MINUTE, DEVICES[device], number or minute, step, f"C{device + 1}", proved)


@given(
    st.lists(
        st.builds(
            crossing,
            st.sampled_from(STEPS),
            st.integers(0, 20),
            st.integers(0, 2),
            st.integers(1, 9),
            proved=st.booleans(),
        ),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_order_and_repetition_of_scans_change_nothing(crossings: list[Crossing], chance: random.Random) -> None:
    shuffled = [*crossings, *crossings[:3]]
    chance.shuffle(shuffled)
    assert fold_crossings(shuffled) == fold_crossings(crossings)


@given(
    st.lists(st.builds(crossing, st.sampled_from(STEPS), st.integers(0, 20), st.integers(0, 1)), max_size=10),
    st.sampled_from(["admitted", "passed"]),
    st.integers(0, 20),
    st.integers(-5, 5),
)
def test_an_entry_that_a_mismatch_takes_back_changes_nothing(
    crossings: list[Crossing], step: Step, minute: int, later: int
) -> None:
    entry, mismatch = crossing(step, minute, 2, 50), crossing("mismatched", minute + later, 2, 51)
    assert fold_crossings([*crossings, entry, mismatch]) == fold_crossings(crossings)


def test_a_mismatch_takes_back_the_last_entry_of_its_device_and_gate_alone() -> None:
    first, left, again = crossing("passed", 0, 0, 1), crossing("left", 10, 1), crossing("passed", 20, 0, 2)
    found = fold_crossings([first, left, again, crossing("mismatched", 21, 0, 3)])
    assert (found.presence, found.entries) == (Presence("outside", left.at, "C2"), 1)
    elsewhere = fold_crossings([first, crossing("mismatched", 1, 1, 9)])
    assert (elsewhere.presence, elsewhere.people) == (Presence("inside", first.at, "C1"), 1)
    other_gate = replace(crossing("mismatched", 1, 0, 2), gate="C9")
    assert fold_crossings([first, other_gate]) == fold_crossings([first])
    later = crossing("passed", 3, 0, 7)
    assert fold_crossings([first, crossing("mismatched", 1, 0, 2), later]).presence == Presence(
        "inside", later.at, "C1"
    )


def test_a_mismatch_takes_back_both_entries_of_a_lost_answer() -> None:
    asked, alone = crossing("passed", 1, 0, 5), crossing("passed", 0, 0, 6)
    found = fold_crossings([asked, alone, crossing("mismatched", 0, 0, 7)])
    assert (found.presence, found.entries, found.people) == (None, 0, 0)


def test_a_mismatch_explains_a_duplicate() -> None:
    here, there = crossing("passed", 0, 0, 1), crossing("passed", 5, 1, 1)
    assert len(fold_crossings([here, there]).duplicates) == 1
    found = fold_crossings([here, there, crossing("mismatched", 1, 0, 2)])
    assert (found.duplicates, found.presence) == ((), Presence("inside", there.at, "C2"))


def test_a_duplicate_of_two_gates_names_both_scans() -> None:
    first, second, third = crossing("passed", 0), crossing("passed", 5, 1), crossing("passed", 7, 2)
    found = fold_crossings([third, first, second])
    assert [(one.first, one.second) for one in found.duplicates] == [(first, second), (first, third)]
    assert found.entries == 3
    assert found.presence == Presence("inside", first.at, "C1")


def test_an_exit_between_two_admissions_makes_two_entries() -> None:
    found = fold_crossings([crossing("passed", 0), crossing("left", 3, 1), crossing("passed", 5, 2)])
    assert found.duplicates == ()
    assert found.presence == Presence("inside", NOW + 5 * MINUTE, "C3")


def test_an_admission_without_a_passage_expires_after_a_minute() -> None:
    admitted = crossing("admitted", 0)
    found = fold_crossings([admitted])
    assert found.presence == Presence("pending", admitted.at, "C1", admitted.at + PASSAGE_WITHIN)
    assert found.entries == 0
    assert fold_crossings([admitted, crossing("withdrawn", 0, 0, 5)]).presence is None
    assert fold_crossings([admitted, crossing("passed", 0, 0, 5)]).presence == Presence("inside", admitted.at, "C1")


UNPROVED = {"proved": False}


def test_an_unproven_passage_counts_a_person_and_no_entry_of_the_pass() -> None:
    found = fold_crossings([replace(crossing("passed", 0), **UNPROVED)])
    assert (found.presence, found.entries, found.duplicates) == (None, 0, ())
    assert (found.people, found.people_gate, len(found.unproved)) == (1, "C1", 1)
    owner = crossing("passed", 5, 1)
    both = fold_crossings([replace(crossing("passed", 0), **UNPROVED), owner])
    assert (both.presence, both.entries, both.people) == (Presence("inside", owner.at, "C2"), 1, 2)


def test_a_device_that_claimed_a_passage_admits_the_owner_once() -> None:
    found = fold_crossings([replace(crossing("passed", 0), **UNPROVED), crossing("passed", 5)])
    assert (found.entries, found.people) == (1, 2)
    after = fold_crossings([crossing("passed", 0), replace(crossing("passed", 5), **UNPROVED)])
    assert (after.entries, after.people, after.unproved) == (1, 1, ())


@pytest.mark.parametrize("seconds", [-4, 0, 20, 59])
def test_a_turnstiles_passage_follows_the_admission_at_its_gate(seconds: int) -> None:
    admitted = crossing("admitted", 0)
    signal = Crossing(admitted.at + seconds * SECOND, DEVICES[1], 1, "passed", "C1", proved=False)
    assert fold_crossings([admitted, signal]).entries == 1
    assert fold_crossings([admitted, replace(signal, gate="C2")]).entries == 0
    assert fold_crossings([replace(admitted, proved=False), signal]).entries == 0


def test_a_turnstiles_passage_long_after_the_admission_proves_nothing() -> None:
    admitted = crossing("admitted", 0)
    signal = Crossing(admitted.at + PASSAGE_WITHIN, DEVICES[1], 1, "passed", "C1", proved=False)
    assert fold_crossings([admitted, signal]).entries == 0
    assert fold_crossings([admitted, crossing("withdrawn", 0, 0, 5), replace(signal, at=NOW + SECOND)]).entries == 0


def test_two_people_with_one_pass_count_as_two_until_they_leave() -> None:
    twice = [crossing("passed", 0), crossing("passed", 5, 1)]
    assert fold_crossings(twice).people == 2
    assert fold_crossings([*twice, crossing("left", 9)]).people == 1
    assert fold_crossings([*twice, crossing("left", 9), crossing("left", 10, 1)]).people == 0
    assert fold_crossings([crossing("left", 1), crossing("passed", 5)]).people == 1


def test_a_person_who_left_is_outside() -> None:
    assert fold_crossings([crossing("passed", 0), crossing("left", 9)]).presence == Presence(
        "outside", NOW + 9 * MINUTE, "C1"
    )


def test_a_device_that_admits_a_pass_twice_admits_one_person() -> None:
    asked, alone, elsewhere = crossing("passed", 0), crossing("passed", 0, 0, 5), crossing("passed", 1, 1)
    found = fold_crossings([asked, alone])
    assert (found.entries, found.duplicates) == (1, ())
    assert [(one.first, one.second) for one in fold_crossings([alone, elsewhere, asked]).duplicates] == [
        (asked, elsewhere)
    ]


def test_a_request_and_its_offline_decision_are_one_admission_of_a_duplicate() -> None:
    first, asked, alone = crossing("passed", 0), crossing("passed", 1, 1), crossing("passed", 1, 1, 5)
    found = fold_crossings([first, asked, alone])
    assert found.entries == 2
    assert [(one.first, one.second) for one in found.duplicates] == [(first, asked)]
    back = fold_crossings([first, asked, crossing("left", 5), crossing("passed", 9, 1)])
    assert back.entries == 3


def test_an_expired_admission_does_not_change_presence() -> None:
    admitted, late = crossing("admitted", 0), NOW + PASSAGE_WITHIN
    assert fold_crossings([admitted], late).presence is None
    assert fold_crossings([crossing("passed", -20), crossing("left", -9), admitted], late).presence == Presence(
        "outside", NOW - 9 * MINUTE, "C1"
    )
    assert fold_crossings([admitted, crossing("passed", 0, 0, 5)], late).presence == Presence("inside", NOW, "C1")

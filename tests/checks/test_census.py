"""The census reports each test, query, route and the like that disappears without an explanation."""

from collections import Counter

import pytest

from checks import census

FOUND = Counter({f"{kind} number {number}": 1 for kind, least in census.LEAST.items() for number in range(least)})
SELLS = "test it_sells"


def faults(found: Counter[str], base: Counter[str], *changes: str) -> list[str]:
    """Return the faults where the last commit had everything that 0.1.0 had."""
    return census.faults(found, base, base, changes)


def test_an_unchanged_code_base_has_no_faults() -> None:
    assert faults(FOUND, FOUND) == []


def test_each_line_that_disappears_needs_an_explanation_of_its_own() -> None:
    before = FOUND + Counter({SELLS: 2})
    missing = f"not explained in checks/census-changes.txt: {SELLS}"
    assert faults(FOUND, before) == [missing, missing]
    assert faults(FOUND, before, f"{SELLS}: nothing is sold") == [missing]
    assert faults(FOUND, before, f"{SELLS}: nothing is sold", f"{SELLS}: nor given") == []


def test_a_line_lost_from_the_census_itself_is_still_missed() -> None:
    base = FOUND + Counter({SELLS: 1})
    assert census.faults(FOUND, base, FOUND, []) == [f"not explained in checks/census-changes.txt: {SELLS}"]


def test_a_line_added_since_the_base_may_not_disappear_either() -> None:
    known = FOUND + Counter({SELLS: 1})
    assert census.faults(FOUND, FOUND, known, []) == [f"not explained in checks/census-changes.txt: {SELLS}"]


def test_a_renamed_line_must_be_found_under_its_new_name_and_once_for_each() -> None:
    before = FOUND + Counter({SELLS: 1, "test it_is_sold": 1})
    renamed = (f"{SELLS} -> it_sells_once", "test it_is_sold -> it_sells_once")
    absent = "checks/census-changes.txt: not in the code: test it_sells_once"
    assert faults(FOUND, before, *renamed) == [absent, absent]
    assert faults(FOUND + Counter({"test it_sells_once": 1}), before, *renamed) == [absent]
    assert faults(FOUND + Counter({"test it_sells_once": 2}), before, *renamed) == []


@pytest.mark.parametrize("change", [SELLS, f"{SELLS}: ", ": a reason"])
def test_an_explanation_has_a_new_name_or_a_reason(change: str) -> None:
    (fault, *_) = faults(FOUND, FOUND + Counter({SELLS: 1}), change)
    assert fault == f"checks/census-changes.txt: neither a new name nor a reason: {change}"


def test_what_is_still_in_the_code_needs_no_explanation() -> None:
    there = FOUND + Counter({SELLS: 1})
    assert faults(there, there, f"{SELLS}: gone") == [f"checks/census-changes.txt: still in the code: {SELLS}"]


@pytest.mark.parametrize("kind", census.LEAST)
def test_a_reader_that_finds_too_few_is_reported(kind: str) -> None:
    fewer = Counter({line: number for line, number in FOUND.items() if census.kind_of(line) != kind})
    assert faults(fewer, fewer) == [f"only 0 of kind {kind} were found"]


def test_a_kind_with_two_words_is_not_parsed_as_a_shorter_one() -> None:
    assert census.kind_of("web test the pack tells where") == "web test"

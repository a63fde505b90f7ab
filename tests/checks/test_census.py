"""The census reports each test, query, route and the like that disappears without a reason."""

from collections import Counter

import pytest

from checks import census

FOUND = Counter({f"{kind} number {number}": 1 for kind, least in census.LEAST.items() for number in range(least)})


def test_an_unchanged_code_base_has_no_faults() -> None:
    assert census.faults(FOUND, FOUND, Counter()) == []


def test_each_line_that_disappears_needs_a_reason_of_its_own() -> None:
    known = FOUND + Counter({"test it_sells": 2})
    reasons = Counter({"test it_sells": 1})
    missing = "removed without a reason in checks/census-removed.txt: test it_sells"
    assert census.faults(FOUND, known, reasons) == [missing]
    assert census.faults(FOUND, known, reasons + reasons) == []


@pytest.mark.parametrize("kind", census.LEAST)
def test_a_reader_that_finds_too_few_is_reported(kind: str) -> None:
    fewer = Counter({line: number for line, number in FOUND.items() if census.kind_of(line) != kind})
    assert census.faults(fewer, fewer, Counter()) == [f"only 0 of kind {kind} were found"]


def test_a_kind_of_two_words_is_not_read_as_the_shorter_kind() -> None:
    assert census.kind_of("web test the pack tells where") == "web test"

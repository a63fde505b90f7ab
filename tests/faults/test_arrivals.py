"""An evening of arrivals through a dead server: a small run of benchmarks/arrivals.py."""

import pytest

from benchmarks.arrivals import evening_of
from benchmarks.common import run

FANS = 400


@pytest.mark.filterwarnings("default")
def test_every_fan_is_admitted_once_through_an_outage_and_every_duplicate_is_reported(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = run(evening_of(FANS))
    with capsys.disabled():
        print(f"\narrivals: {found}")  # noqa: T201 - the counts are what the run is for
    assert found["offline_decisions"] > FANS // 5, "the gates decided offline"
    assert found["refused_valid"] == 0
    assert (found["twice"], found["lost"], found["phantoms"]) == (0, 0, 0)
    assert found["duplicates_planted"] == found["duplicates_found"] > 0
    assert found["phone_wrong_let_in"] > 0 < found["device_wrong_let_in"]
    assert found["both_wrong_let_in"] > 0
    assert found["stolen_refused"] > 1
    assert found["stolen_let_in_unknown"] == 3, "unsent scans of a revoked device are lost"
    assert found["wrong"] == 0, found

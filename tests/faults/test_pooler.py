"""A sale through PgBouncer in transaction mode, which lends ten connections to two web processes
and the workers.
"""

import pytest

from benchmarks.common import run
from benchmarks.pooler import sale
from benchmarks.system import System
from tests.faults.length import FULL

FANS = 3600 if FULL else 600


@pytest.mark.filterwarnings("default")
def test_a_sale_through_a_pooler_sells_the_seats_without_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(sale(System(workers=2), FANS, is_pooled=True))
    with capsys.disabled():
        print(f"\npooler: {found}")  # noqa: T201 - the counts are what the run is for
    assert found["orders"] > 0.9 * FANS
    assert found["complaints"] == ""
    assert found["oversold"] == 0
    assert found["paid_without_ticket"] == 0

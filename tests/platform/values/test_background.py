import os
import sys
import threading

import pytest

from virage.platform.values.background import NICENESS, in_background


def seen(added: int) -> tuple[int, int]:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id()), added + 1


async def test_what_may_wait_runs_behind_everybody_else() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    lowered = NICENESS if sys.platform == "linux" else before  # only Linux knows the priority of a single thread
    assert await in_background(seen, added=1) == (lowered, 2)
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


async def test_what_it_raises_is_raised_to_who_waits() -> None:
    def fail() -> None:
        raise LookupError("no font")

    with pytest.raises(LookupError, match="no font"):
        await in_background(fail)

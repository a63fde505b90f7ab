"""Slow computation in a process of low priority."""

import asyncio
import os
import signal
import subprocess
import sys
from concurrent.futures.process import BrokenProcessPool

import psutil
import pytest

from virage.platform.host.background import NICENESS, in_background

PARENT = """
import asyncio, os
from virage.platform.host.background import in_background

async def main():
    print(await in_background("test", os.getpid), flush=True)
    await asyncio.sleep(600)

if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_calls_run_in_one_other_process_of_low_priority() -> None:
    first, second, niceness = await asyncio.gather(
        in_background("test", os.getpid),
        in_background("test", os.getpid),
        in_background("test", os.getpriority, os.PRIO_PROCESS, 0),
    )

    assert first == second != os.getpid()
    assert niceness - os.getpriority(os.PRIO_PROCESS, 0) == NICENESS


async def test_each_lane_has_a_process_of_its_own() -> None:
    first, second = await asyncio.gather(in_background("first", os.getpid), in_background("second", os.getpid))

    assert first != second


async def test_an_exception_of_a_call_reaches_its_caller() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        await in_background("test", int, "twelve")


async def test_a_killed_process_fails_its_calls_and_the_next_call_starts_another_one() -> None:
    process = await in_background("test", os.getpid)

    with pytest.raises(BrokenProcessPool):
        await in_background("test", os.kill, process, signal.SIGKILL)

    assert await in_background("test", os.getpid) != process


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL])
def test_the_process_ends_when_its_parent_is_killed(by: signal.Signals) -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:  # noqa: S603 - ours
        assert parent.stdout is not None
        background = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(by)

    background.wait(30)

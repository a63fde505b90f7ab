"""Slow work that may wait, as letters and their papers: in threads that get the processor after everybody else.

A sale, its database and its jobs of money go on at full speed beside it; it comes to its end once they leave time.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

NICENESS = 10

Given = ParamSpec("Given")
Result = TypeVar("Result")


def _step_back() -> None:
    """Lower the priority of this thread, and of those that it starts. Only Linux knows one of a single thread."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


_threads = ThreadPoolExecutor(os.cpu_count(), "background", initializer=_step_back)


async def in_background(function: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs) -> Result:
    """Return what a function returns that takes its time and holds nothing that others wait for."""
    return await asyncio.get_running_loop().run_in_executor(_threads, lambda: function(*args, **kwargs))

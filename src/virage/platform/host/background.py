"""Processes of low priority for slow computation whose result may be late."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Final, ParamSpec, TypeVar

from virage.platform.host.supervise import be_parent, die_with_parent

P = ParamSpec("P")
T = TypeVar("T")

NICENESS: Final = 10


_processes: Final[dict[str, ProcessPoolExecutor]] = {}


async def in_background(lane: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what `call` returns in the background process of a lane: one for each kind of work.

    A process starts at first use and runs one call at a time: a sale with thousands of receipts to print keeps the
    processor for its buyers, and no receipt delays a forecast. The call, its arguments and its result are pickled.
    Raises BrokenProcessPool when the process was killed; the next call starts another one.
    """
    if lane not in _processes:
        be_parent()
        context = multiprocessing.get_context("spawn")  # a fork would copy threads' locks
        _processes[lane] = ProcessPoolExecutor(1, context, _begin)
    process = _processes[lane]
    try:
        return await asyncio.wrap_future(process.submit(call, *args, **kwargs))
    except BrokenProcessPool:
        if _processes.get(lane) is process:
            del _processes[lane]
        raise


def _begin() -> None:
    die_with_parent(at_once=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends this process
    if os.name == "posix":
        os.nice(NICENESS)

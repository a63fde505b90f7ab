"""One process of low priority for slow computation whose result may be minutes late."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from typing import Final, ParamSpec, TypeVar

from virage.platform.host.supervise import be_parent, die_with_parent

P = ParamSpec("P")
T = TypeVar("T")

NICENESS: Final = 10


async def in_background(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what `call` returns in the background process, which starts at first use and runs one call at a time.

    A sale with thousands of receipts to print keeps the processor for its buyers. The call, its arguments and its
    result are pickled. Raises BrokenProcessPool when the process was killed; the next call starts another one.
    """
    try:
        running = _process().submit(call, *args, **kwargs)
        return await asyncio.wrap_future(running)
    except BrokenProcessPool:
        _process.cache_clear()
        raise


@cache
def _process() -> ProcessPoolExecutor:
    be_parent()
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin)  # a fork would copy threads' locks


def _begin() -> None:
    die_with_parent(at_once=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends this process
    if os.name == "posix":
        os.nice(NICENESS)

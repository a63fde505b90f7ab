"""Waits that end at their deadlines, all with one timer."""

import asyncio

import pytest

from virage.platform.values import deadlines
from virage.platform.values.deadlines import deadlines_of


async def test_only_waits_past_their_deadline_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "SWEEP_S", 0.001)
    loop = asyncio.get_running_loop()
    ours, ended = deadlines_of(loop), asyncio.Event()

    async def short() -> None:
        async with asyncio.timeout(None) as wait:
            ours.set(wait, loop.time())
            await asyncio.Event().wait()

    async def long() -> str:
        async with asyncio.timeout(None) as wait:
            ours.set(wait, loop.time() + 60)
            await ended.wait()
            ours.end(wait)
        return "whole"

    other = asyncio.create_task(long())
    for _ in range(2):  # the timer is set again for a request that comes after its end
        with pytest.raises(TimeoutError):
            await short()
    ended.set()
    assert await other == "whole"

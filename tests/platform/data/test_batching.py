import asyncio
from collections.abc import Sequence

import pytest
from asyncpg import UniqueViolationError
from hypothesis import given, settings
from hypothesis import strategies as st

from virage.platform.data import batching
from virage.platform.data.batching import CALLERS_AT_ONCE, TRIES_MAX, Batcher, Overloaded
from virage.platform.data.database import Contended, Unavailable


class Bad(Exception):
    pass


class Act:
    """Doubles; refuses whole batches with a negative number; waits at its gate; records its
    arguments.
    """

    def __init__(self, *, is_open: bool = True, failure: type[Exception] = Bad) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.failure = failure
        if is_open:
            self.gate.set()

    async def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        await self.gate.wait()
        if min(items) < 0:
            raise self.failure(items)
        return [2 * item for item in items]


async def settle() -> None:
    """Run all tasks that are ready."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_an_idle_batcher_answers_at_once() -> None:
    act = Act()
    assert await Batcher(act).submit(21) == 42
    assert act.batches == [[21]]


async def test_items_that_arrive_during_a_batch_form_the_next_one() -> None:
    act = Act(is_open=False)
    batcher = Batcher(act)
    answers = [asyncio.create_task(batcher.submit(1))]
    await settle()
    answers += [asyncio.create_task(batcher.submit(item)) for item in (2, 3, 4)]
    await settle()
    act.gate.set()
    assert await asyncio.gather(*answers) == [2, 4, 6, 8]
    assert act.batches == [[1], [2, 3, 4]]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-20, 1000), max_size=60), st.integers(1, 9))
def test_every_caller_gets_its_own_answer_and_a_bad_item_fails_alone(items: list[int], batch_max: int) -> None:
    async def run() -> list[int | BaseException]:
        batcher = Batcher(Act(), batch_max=batch_max)
        return await asyncio.gather(*(batcher.submit(item) for item in items), return_exceptions=True)

    for item, answer in zip(items, asyncio.run(run()), strict=True):
        assert isinstance(answer, Bad) if item < 0 else answer == 2 * item


async def test_no_batch_is_larger_than_allowed() -> None:
    act = Act()
    batcher = Batcher(act, batch_max=10)
    await asyncio.gather(*(batcher.submit(item) for item in range(35)))
    assert [len(batch) for batch in act.batches] == [10, 10, 10, 5]


async def test_the_next_batch_starts_before_all_callers_of_the_last_one_continue() -> None:
    act, gone_on = Act(), 0
    waiting_at_each_batch: list[int] = []

    async def noting(items: Sequence[int]) -> list[int]:
        for _ in range(3):  # turns of the loop until the database has responded
            await asyncio.sleep(0)
        waiting_at_each_batch.append(gone_on)
        return await act(items)

    batcher = Batcher(noting, batch_max=4 * CALLERS_AT_ONCE)

    async def caller(item: int) -> None:
        nonlocal gone_on
        assert await batcher.submit(item) == 2 * item
        gone_on += 1

    await asyncio.gather(*(caller(item) for item in range(8 * CALLERS_AT_ONCE)))
    assert gone_on == 8 * CALLERS_AT_ONCE
    assert [len(batch) for batch in act.batches] == [4 * CALLERS_AT_ONCE] * 2
    assert waiting_at_each_batch[1] < 4 * CALLERS_AT_ONCE


async def test_an_item_cancelled_before_its_batch_is_skipped() -> None:
    act = Act(is_open=False)
    batcher = Batcher(act)
    callers = [asyncio.create_task(batcher.submit(1))]
    await settle()
    callers += [asyncio.create_task(batcher.submit(item)) for item in (2, 3)]
    await settle()
    callers[1].cancel()
    act.gate.set()
    assert list(await asyncio.gather(callers[0], callers[2])) == [2, 6]
    assert act.batches == [[1], [3]]


async def test_a_cancelled_caller_does_not_affect_the_others() -> None:
    act = Act(is_open=False)
    batcher = Batcher(act)
    callers = [asyncio.create_task(batcher.submit(item)) for item in (1, 2)]
    await settle()
    callers[0].cancel()
    act.gate.set()
    assert await callers[1] == 4


async def test_a_full_queue_refuses_and_is_open_again_afterwards() -> None:
    act = Act(is_open=False)
    batcher = Batcher(act, queue_max=2)
    callers = [asyncio.create_task(batcher.submit(0))]
    await settle()
    callers += [asyncio.create_task(batcher.submit(item)) for item in (1, 2)]
    await settle()
    assert batcher.queued == 2
    with pytest.raises(Overloaded):
        await batcher.submit(3)
    act.gate.set()
    assert await asyncio.gather(*callers) == [0, 2, 4]
    assert await batcher.submit(3) == 6


async def test_items_are_not_retried_singly_while_the_database_is_unavailable() -> None:
    act = Act(failure=Unavailable)
    batcher = Batcher(act)
    answers = await asyncio.gather(*(batcher.submit(item) for item in (-1, 2, 3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable] * 3
    assert len(act.batches) == 1


async def test_items_of_a_deadlocked_batch_are_retried_singly() -> None:
    act = Act(failure=Contended)
    batcher = Batcher(act)
    answers = await asyncio.gather(*(batcher.submit(item) for item in (-1, 2)), return_exceptions=True)
    assert isinstance(answers[0], Contended)
    assert answers[1] == 4


async def test_a_wrong_number_of_answers_fails_all_callers() -> None:
    async def miscount(items: Sequence[int]) -> list[int]:
        return [0] * (len(items) + 1)

    batcher = Batcher(miscount)
    answers = await asyncio.gather(batcher.submit(1), batcher.submit(2), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ValueError] * 2


async def test_a_hanging_batch_does_not_block_the_next_one_and_is_answered_at_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batching, "OVERDUE_S", 0.05)
    hangs = asyncio.Event()

    async def act(items: Sequence[int]) -> list[int]:
        if 1 in items:
            await hangs.wait()
        return [2 * item for item in items]

    batcher = Batcher(act)
    hanging = asyncio.create_task(batcher.submit(1))
    await settle()
    async with asyncio.timeout(30):
        assert await batcher.submit(2) == 4
        assert not hanging.done()
        assert await asyncio.gather(*(batcher.submit(item) for item in range(3, 9))) == [6, 8, 10, 12, 14, 16]
        hangs.set()
        assert await hanging == 2
    assert await batcher.submit(9) == 18


async def test_when_all_batches_hang_callers_fail_in_time_and_few_batches_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batching, "OVERDUE_S", 0.05)
    act = Act(is_open=False)
    batcher = Batcher(act, batch_max=1)
    async with asyncio.timeout(30):
        callers = [asyncio.create_task(batcher.submit(item)) for item in range(10)]
        sent_away = await asyncio.gather(*callers[batching.OVERDUE_MAX + 1 :], return_exceptions=True)
        assert {type(answer) for answer in sent_away} == {Unavailable}
        assert act.batches == [[0], [1], [2], [3]]
        act.gate.set()
        assert await asyncio.gather(*callers[: batching.OVERDUE_MAX + 1]) == [0, 2, 4, 6]
        assert await batcher.submit(21) == 42


async def test_no_second_batch_starts_beside_one_that_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "OVERDUE_S", 0.2)
    at_once, at_once_max = 0, 0

    async def act(items: Sequence[int]) -> list[int]:
        nonlocal at_once, at_once_max
        at_once += 1
        at_once_max = max(at_once_max, at_once)
        await asyncio.sleep(0.02)
        at_once -= 1
        return [2 * item for item in items]

    batcher = Batcher(act, batch_max=1)
    await asyncio.gather(*(batcher.submit(item) for item in range(30)))
    assert at_once_max == 1


async def test_items_and_batches_are_counted() -> None:
    batcher = Batcher(Act(), batch_max=4)
    await asyncio.gather(*(batcher.submit(item) for item in range(10)))
    assert (batcher.items, batcher.batches, batcher.largest, batcher.queued) == (10, 3, 4, 0)


async def test_a_batch_is_run_again_when_another_process_stores_its_ids() -> None:
    batches: list[list[int]] = []

    async def act(items: Sequence[int]) -> list[int]:
        batches.append(list(items))
        if len(batches) < TRIES_MAX:
            raise UniqueViolationError("another process was first")
        return [2 * item for item in items]

    batcher = Batcher(act)
    assert await asyncio.gather(*(batcher.submit(item) for item in (1, 2))) == [2, 4]
    assert batches == [[1, 2]] * TRIES_MAX


async def test_an_id_that_stays_taken_fails_only_its_caller() -> None:
    async def act(items: Sequence[int]) -> list[int]:
        if 3 in items:
            raise UniqueViolationError("taken by something else")
        return [2 * item for item in items]

    batcher = Batcher(act, batch_max=8)
    answers = await asyncio.gather(*(batcher.submit(item) for item in (1, 2, 3, 4)), return_exceptions=True)
    assert [answer if isinstance(answer, int) else type(answer) for answer in answers] == [
        2,
        4,
        UniqueViolationError,
        8,
    ]

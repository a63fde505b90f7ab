import pytest
from msgspec import Struct

from virage.platform.data import queue
from virage.platform.data.queue import Jobs, pause_after


class Coat(Struct, frozen=True):
    hook: int


def test_pauses_grow_and_stay_below_five_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "PAUSE_FIRST_S", 1.0)
    for attempts in range(40):
        full = min(2**attempts, 300)
        assert full / 2 <= pause_after(attempts).total_seconds() <= full


def test_a_kind_and_a_singleton_are_registered_once() -> None:
    async def turn() -> None:
        turns.append(1)

    async def hang(coat: Coat) -> None:
        turns.append(coat.hook)

    turns: list[int] = []
    jobs = Jobs()
    jobs.on("coat", Coat, hang)
    jobs.every(1, "turner", turn)
    with pytest.raises(ValueError, match="handler already"):
        jobs.on("coat", Coat, hang)
    with pytest.raises(ValueError, match="exists already"):
        jobs.every(1, "turner", turn)
    assert jobs.kinds == {"coat"}
    assert turns == []

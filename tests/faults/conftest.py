"""What is killed here writes to a real disk."""

import tempfile

import pytest

from tests.scratch import on_disk


@pytest.fixture(autouse=True)
def _unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system of the benchmarks first measures its disk for two seconds: here nobody asks how fast it is."""

    async def unmeasured(_url: str) -> float:
        return 0.0

    monkeypatch.setattr("benchmarks.system.commits_per_s", unmeasured)


@pytest.fixture(autouse=True)
def _on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    tmp_path_factory.getbasetemp()  # it has its place from now on, whichever test is the first
    monkeypatch.setenv("TMPDIR", on_disk())
    monkeypatch.setattr(tempfile, "tempdir", on_disk())


@pytest.fixture(autouse=True)
def _locks_in_order() -> None:
    """The order of locks is not judged here: this process prepares, alone, what the programs under test use."""

"""Processes killed here write to a real disk."""

import tempfile

import pytest

from tests.scratch import on_disk


@pytest.fixture(autouse=True)
def _unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the disk measurement that a system of the benchmarks starts with: it takes two seconds."""

    async def unmeasured(_url: str) -> float:
        return 0.0

    monkeypatch.setattr("benchmarks.system.commits_per_s", unmeasured)


@pytest.fixture(autouse=True)
def _on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    tmp_path_factory.getbasetemp()  # fixes the base folder before TMPDIR changes
    monkeypatch.setenv("TMPDIR", on_disk())
    monkeypatch.setattr(tempfile, "tempdir", on_disk())


@pytest.fixture(autouse=True)
def _locks_in_order() -> None:
    """The order of locks is not checked here: this process only prepares data for the programs
    under test.
    """

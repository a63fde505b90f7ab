"""What is killed here writes to a real disk."""

import tempfile

import pytest

from tests.scratch import on_disk


@pytest.fixture(autouse=True)
def _on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", on_disk())
    monkeypatch.setattr(tempfile, "tempdir", on_disk())

from pathlib import Path

import pytest

from virage.platform.host import logfile
from virage.platform.host.logfile import open_log


def test_a_log_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "log" / "web.log"
    with open_log(path) as file:
        file.write(b"one\n")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with open_log(path) as file:
        file.write(b"two\n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_log_that_is_too_large_is_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfile, "LOG_BYTES_MAX", 3)
    path = tmp_path / "web.log"
    for line in (b"one\n", b"two\n"):
        with open_log(path) as file:
            file.write(line)
    assert path.read_bytes() == b"two\n"
    assert (tmp_path / "web.log.1").read_bytes() == b"one\n"
    assert (tmp_path / "web.log.1").stat().st_mode & 0o777 == 0o600

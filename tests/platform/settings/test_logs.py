import os
import subprocess
import sys

import msgspec
import pytest

from virage.app.web import Web
from virage.platform.settings import logs
from virage.platform.settings.config import ConfigError

FAILS = """
import asyncpg
from virage.platform.settings import logs

def store(address):
    failure = asyncpg.UniqueViolationError("duplicate key")
    failure.detail = f"Key (email)=({address}) already exists."
    assert address in str(failure)
    raise failure

logs.configure("info", "web")
try:
    store("fan@example.org")
except asyncpg.UniqueViolationError as failure:
    logs.log.error("unexpected", exc_info=failure)
"""

GROUP = """
import asyncio
import logging
import asyncpg
from virage.platform.settings import logs

async def store(address):
    failure = asyncpg.UniqueViolationError("duplicate key")
    failure.detail = f"Key (email)=({address}) already exists."
    failure.add_note(address)
    raise failure

async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(store("fan@example.org"))

logs.configure("info", "work")
try:
    asyncio.run(main())
except* asyncpg.UniqueViolationError as failures:
    logging.getLogger("a.library").exception("cannot store %s:\\nfan@example.org", 7, exc_info=failures)
logging.getLogger("a.library").info("below the level")
"""


SERVER = """
from granian.log import LogLevels, configure_logging, logger
from virage.platform.settings import logs

logs.configure("info", "web")
configure_logging(LogLevels.warning, logs.of_server("warning"))
logger.info("Spawning worker-1")
try:
    raise LookupError("no database\\nfan@example.org")
except LookupError as failure:
    logger.error("ASGI lifespan startup failed", exc_info=failure)
"""

DURING = """
from virage.platform.settings import logs

logs.configure("info", "work")
logs.request_id.set("the-request-1")
logs.log.info("done", seats=2)
logs.log.debug("below the level")
"""


def logged_by(program: str) -> list[dict[str, object]]:
    lines = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout  # noqa: S603 - ours
    return [msgspec.json.decode(line) for line in lines.splitlines()]


def test_every_line_names_its_process_and_its_request() -> None:
    (line,) = logged_by(DURING)
    assert (line["event"], line["process"], line["request_id"], line["seats"]) == ("done", "work", "the-request-1", 2)


def test_a_failure_is_logged_with_its_place_and_without_personal_data() -> None:
    line = subprocess.run([sys.executable, "-c", FAILS], capture_output=True, check=True).stdout  # noqa: S603 - our own
    exception = msgspec.json.decode(line)["exception"][0]
    assert (exception["exc_type"], exception["exc_value"]) == ("UniqueViolationError", "duplicate key")
    assert [frame["name"] for frame in exception["frames"]] == ["<module>", "store"]
    assert b"example.org" not in line


def test_log_records_of_libraries_have_no_personal_data() -> None:
    done = subprocess.run([sys.executable, "-c", GROUP], capture_output=True, check=True)  # noqa: S603 - our own
    [line] = done.stdout.splitlines()
    event = msgspec.json.decode(line)
    assert (event["event"], event["level"], event["library"]) == ("cannot store 7:", "error", "a.library")
    [[inner]] = event["exception"][0]["exceptions"]
    assert inner["exc_value"] == "duplicate key"
    assert b"example.org" not in line
    assert done.stderr == b""


def test_a_failed_start_is_logged_by_the_server_as_one_line() -> None:
    (line,) = logged_by(SERVER)
    assert (line["event"], line["level"], line["process"]) == ("ASGI lifespan startup failed", "error", "web")
    assert "no database" in str(line["exception"])
    assert "example.org" not in str(line)


async def test_a_worker_that_cannot_start_logs_it_once_without_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "configure", lambda _level, _process: None)
    monkeypatch.setattr(os, "environ", {})
    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    with pytest.raises(ConfigError):
        await Web()({"type": "lifespan"}, None, send)
    assert sent == [{"type": "lifespan.startup.failed"}]

import subprocess
import sys

import msgspec

FAILS = """
import asyncpg
from virage.kernel import logs

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


def test_a_failure_is_told_with_its_place_and_without_anybodys_data() -> None:
    line = subprocess.run([sys.executable, "-c", FAILS], capture_output=True, check=True).stdout  # noqa: S603 - our own
    told = msgspec.json.decode(line)["exception"][0]
    assert (told["exc_type"], told["exc_value"]) == ("UniqueViolationError", "duplicate key")
    assert [frame["name"] for frame in told["frames"]] == ["<module>", "store"]
    assert b"example.org" not in line

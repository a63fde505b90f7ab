"""Real matches, played from their files into the system under test."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.samples import match_file
from tests.web.office import in_database
from tests.web.system import System
from virage.identity.people import acts as people
from virage.identity.people.acts import TokenRequest
from virage.identity.people.rules.grants import GrantRequest, RoleName, ScopeName
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant, Principal
from virage.platform.web.problems import granted

EVENTS = [str(match_file(f"statsbomb_15986_{kind}.json")) for kind in ("event", "lineup")]
A_MINUTE = "hawkeye_2_46.football.samples"
TRACKING = [str(match_file(name)) for name in (f"{A_MINUTE}.ball", f"{A_MINUTE}.centroids", "hawkeye_meta.json")]


def key_of(system: System) -> str:
    """The key of an API client that may publish every match."""

    async def make(conn: Connection) -> str:
        now = datetime.now(UTC)
        admin = await people.ensure_staff(conn, "keys@example.org", None, (Grant("admin"),), now)
        who = Principal("staff", admin, new_id(), (Grant("admin"),), now)
        wish = TokenRequest("match data", [GrantRequest(RoleName.MATCH_DESK, ScopeName.ALL)], now + timedelta(hours=1))
        return granted(await people.create_token(conn, who, wish, now)).token

    return in_database(system, make)


@contextmanager
def played(system: System, files: list[str], event: UUID, *how: str) -> Iterator[None]:
    """A match file played by a process of its own."""
    env = system.env | {"VIRAGE_MATCH_KEY": key_of(system)}
    process = system.start("match", env, *files, "--event", str(event), "--url", system.url, *how)
    try:
        yield
        assert process.wait(60) == 0, (system.folder / "match.txt").read_text()
    finally:
        system.stop(process)
        system.processes.remove(process)

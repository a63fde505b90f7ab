"""A published match and its control room, over the whole application."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.app.conftest import BLOCK, World
from tests.conftest import FakeClock, alive
from tests.matchday.access.conftest import evening, night  # noqa: F401 - fixtures of evenings at the gates
from virage.control.safety.rules.verifying import verify
from virage.demo.venues.drawing import stadium
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import bytes_of_base64url
from virage.platform.web.guard import Grant
from virage.platform.web.http import Application

STAND = next(block.stand for block in stadium().blocks if block.code == BLOCK)
GATE = next(gate.code for gate in stadium().gates if gate.stand == STAND)


class ControlRoom:
    """The control room of an event, and what its controllers do."""

    def __init__(self, world: World, first: dict[str, str], second: dict[str, str]) -> None:
        self.world = world
        self.clock: Any = world.clock
        self.first, self.second = first, second
        self.event = world.event

    async def wait(self, time: timedelta) -> None:
        """Let time pass, and sign the first controller in again."""
        self.clock.advance(time)
        self.first = await self.world.signed_in("first@example.org")

    async def ask(self, method: str, path: str, body: Any = None, *, who: dict[str, str] | None = None) -> Any:
        return await self.world.ask(self.first if who is None else who, method, f"/api/control/{path}", body)

    async def report(self, **changes: Any) -> Any:
        """Report an incident; return its answer."""
        body = {"id": str(new_id()), "kind": "medical", "priority": 1, "text": "A man has collapsed", **changes}
        return await self.ask("POST", f"events/{self.event}/incidents", body)

    async def reported(self, **changes: Any) -> str:
        """Report an incident; return its id."""
        answer = await self.report(**changes)
        assert answer.status_code == 200, answer.text
        found: str = answer.json()["incident"]["id"]
        return found

    async def change(self, incident: str, kind: str, *, who: dict[str, str] | None = None, **fields: Any) -> Any:
        body = {"id": str(new_id()), "kind": kind, **fields}
        return await self.ask("POST", f"incidents/{incident}/entries", body, who=who)

    async def detail(self, incident: str) -> Any:
        return (await self.ask("GET", f"incidents/{incident}")).json()

    async def incidents(self) -> Any:
        return (await self.ask("GET", f"events/{self.event}/incidents")).json()

    async def log(self, file: Path) -> Path:
        """Write the exported log to a file."""
        answer = await self.ask("GET", f"events/{self.event}/log")
        assert answer.status_code == 200, answer.text
        file.write_bytes(answer.content)
        return file

    async def records(self, folder: Path) -> list[tuple[str, dict[str, Any]]]:
        """The kinds and data of the records in the exported log, which is intact."""
        lines = (await self.log(folder / "log.jsonl")).read_bytes().splitlines()
        assert verify(lines).findings == ()
        found = [json.loads(bytes_of_base64url(json.loads(line)["body"]) or "") for line in lines[1:]]
        return [(one["kind"], one["data"]) for one in found]


@pytest.fixture
async def room(app: Application, db: Database, clock: FakeClock) -> AsyncIterator[ControlRoom]:
    world = World(app, db, clock)
    async with alive(app):
        await world.open()
        grant = Grant("controller", "event", world.event)
        yield ControlRoom(
            world,
            await world.signed_in("first@example.org", grant),
            await world.signed_in("second@example.org", grant),
        )


class Cameras:
    """Cameras and counters that are paired at a gate, and the picture that they make."""

    def __init__(self, room: ControlRoom) -> None:
        self.room = room

    def count(self, kind: str, value: int, *, ago_s: float = 0, **place: Any) -> dict[str, Any]:
        """A count of the stand, or of another place."""
        at = self.room.clock.now() - timedelta(seconds=ago_s)
        where = place or {"zone": STAND}
        return {"id": str(new_id()), "kind": kind, "value": value, "at": at.isoformat(), **where}

    async def send(self, who: dict[str, str], *counts: dict[str, Any], event: Any = None) -> Any:
        body = {"event_id": str(event or self.room.event), "counts": counts}
        return await self.room.ask("POST", "counts", body, who=who)

    async def sent(self, who: dict[str, str], *counts: dict[str, Any]) -> None:
        answer = await self.send(who, *counts)
        assert answer.status_code == 204, answer.text

    async def picture(self) -> Any:
        answer = await self.room.ask("GET", f"events/{self.room.event}/picture")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def people(self, zone: str = STAND) -> list[int | None]:
        """What cameras and counters count in a zone."""
        found = next(one for one in (await self.picture())["zones"] if one["code"] == zone)
        return [one["value"] for one in found["people"] if one["source"] == "counters"]

    async def at_gate(self, name: str) -> list[int | None]:
        found = next(one for one in (await self.picture())["gates"] if one["code"] == GATE)
        return [one["value"] for one in found[name] if one["source"] == "counters"]


@pytest.fixture
def cameras(room: ControlRoom) -> Cameras:
    return Cameras(room)

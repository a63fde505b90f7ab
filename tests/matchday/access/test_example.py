"""The lane reader of examples/, as its maker would run it: a process of its own, against a whole
system.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.evening import Evening, Fan, seed
from benchmarks.system import System
from virage.demo.venues.drawing import stadium
from virage.identity.keys.rules.keys import HolderKey
from virage.identity.passes.rules.code import bytes_of, rotating_code, step_at, text_of
from virage.identity.people import acts as people
from virage.identity.people.acts import devices
from virage.identity.people.rules.devices import DeviceKind, OpenedPairing, PairingRequest
from virage.identity.people.rules.secrets import people_keys
from virage.matchday.access.acts import venue_state as ground
from virage.matchday.access.rules.venue_state import GateState
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant, Principal

PROGRAM = Path(__file__).parents[3] / "examples" / "lane_reader.py"
FANS, GATE = 80, "A1"

pytestmark = pytest.mark.filterwarnings("default")


class Lane:
    """The example's command line, in a folder of its own."""

    def __init__(self, system: System, folder: Path) -> None:
        self.system = system
        self.folder = folder
        self.evening: Evening
        self.db: Database
        self.running: list[Process] = []

    async def process(self, *words: str) -> Process:
        command = (sys.executable, str(PROGRAM), "--folder", str(self.folder), *words)
        made = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
        self.running.append(made)
        return made

    async def said(self, *words: str) -> str:
        """Run it to its end; return its output."""
        out, err = await (await self.process(*words)).communicate()
        return (out + err).decode()

    async def read(self, *words: str) -> Process:
        return await self.process("read", *self.where, *(words or ("--when-offline", "shut")))

    @property
    def where(self) -> tuple[str, ...]:
        return ("--event", self.evening.event_id, "--gate", GATE)

    async def pair(self) -> str:
        """Create a pairing code for a lane at our gate, as the office does, and pair it."""
        grant, now = Grant("supervisor"), datetime.now(UTC)
        async with self.db.transaction() as conn:
            who = await people.ensure_staff(conn, "lanes@example.org", None, (grant,), now)
            opened = await devices.open_pairing(
                conn,
                people_keys(self.system.env["VIRAGE_SECRET"]),
                Principal("staff", who, new_id(), (grant,), now),
                PairingRequest(new_id(), "Lane 1", DeviceKind.LANE, [GATE]),
                now,
            )
        assert isinstance(opened, OpenedPairing)
        return await self.said("pair", "--server", self.system.url, opened.code)

    async def turnstile(self) -> None:
        """Configure a turnstile at our gate."""
        async with self.db.transaction() as conn:
            state, event_id = GateState(turnstile=True), UUID(self.evening.event_id)
            await ground.set_gate(conn, event_id, stadium(), GATE, state, who=None, now=datetime.now(UTC))

    def fans(self) -> list[Fan]:
        """Fans of this gate."""
        return [fan for fan in self.evening.fans if fan.group == stadium().gate_by_code[GATE].group]

    async def rows(self, query: str) -> list[Any]:
        async with self.db.connection() as conn:
            return await conn.fetch(query, self.device_id)

    @property
    def device_id(self) -> UUID:
        return UUID(json.loads((self.folder / "pairing.json").read_bytes())["device_id"])

    def number(self) -> int:
        return int((self.folder / "number").read_bytes())

    def unsent(self) -> int:
        return len(list((self.folder / "unsent").glob("*.json")))


@pytest.fixture
async def lane(tmp_path: Path) -> AsyncIterator[Lane]:
    system = System(workers=1, durable=False)
    made = Lane(system, tmp_path / "lane1")
    try:
        await system.start_database()
        made.evening = await seed(system, FANS, 1)
        await system.start_processes()
        made.db = await Database.open(system.postgres.url, connections_max=1)
        try:
            yield made
        finally:
            for process in made.running:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
            await made.db.close()
    finally:
        await system.stop()


def shown(fan: Fan) -> str:
    """The code that a phone shows now."""
    key = Ed25519PrivateKey.from_private_bytes(fan.private)
    cwt = bytes_of(fan.text)
    assert cwt is not None
    public = HolderKey(key.public_key().public_bytes_raw())
    return text_of(rotating_code(cwt, step_at(datetime.now(UTC)), public, key.sign))


async def light(process: Process, code: str) -> str:
    """Scan a code; return the output line."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(code.encode() + b"\n")
    return (await process.stdout.readline()).decode().strip()


async def decided(process: Process, fan: Fan) -> str:
    """Show a code until the server decides, as on a slow machine; a turnstile stays closed
    meanwhile.
    """
    said = "RED offline"
    while said.startswith("RED offline"):
        said = await light(process, shown(fan))
    return said


async def end(process: Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    assert await process.wait() == 0


async def test_a_lane_pairs_admits_a_real_code_once_and_reports_its_passages_and_pulses(lane: Lane) -> None:
    assert "Paired as Lane 1 at A1" in await lane.pair()
    assert {name: (lane.folder / name).stat().st_mode & 0o777 for name in ("key", "pairing.json")} == {
        "key": 0o600,
        "pairing.json": 0o600,
    }
    await lane.turnstile()
    fan, reader = lane.fans()[0], await lane.read()
    assert await decided(reader, fan) == f"GREEN admitted pass={fan.number} waits for the passage"
    assert "told" in await lane.said("signal", *lane.where, "--withdrawn", str(fan.number))
    assert (await decided(reader, fan)).startswith("GREEN"), "a fan who turned back can enter again"
    assert "told" in await lane.said("signal", *lane.where, "--passed", str(fan.number))
    assert (await decided(reader, fan)).startswith(f"RED already_inside pass={fan.number}")
    assert "told" in await lane.said("signal", *lane.where, "--pulse", "arrived:N1=4")
    await end(reader)
    stored = await lane.rows(
        "select kind, lane, count from access.scan where device_id = $1 and not offline and kind <> 'ask'"
        " order by number"
    )
    assert [tuple(row) for row in stored] == [("withdrawn", None, 1), ("passed", None, 1), ("pulse", "arrived:N1", 4)]


async def test_a_kill_repeats_no_number(lane: Lane) -> None:
    await lane.pair()
    await lane.turnstile()
    before = 0
    for fan in lane.fans()[:3]:
        reader = await lane.read()
        said = await decided(reader, fan)
        assert f"pass={fan.number} " in said, "a number that was used before would get the answer of another pass"
        assert lane.number() > before
        before = lane.number()
        reader.kill()
        await reader.wait()


async def test_without_the_server_the_default_of_the_gate_applies_and_scans_are_sent_later(lane: Lane) -> None:
    await lane.pair()
    kept = json.loads((lane.folder / "pairing.json").read_bytes())
    (lane.folder / "pairing.json").write_text(json.dumps(kept | {"server": "http://127.0.0.1:9"}))
    first, second = lane.fans()[:2]
    reader = await lane.read("--when-offline", "open")
    assert (await light(reader, shown(first))).startswith("GREEN offline")
    reader.kill()
    await reader.wait()
    reader = await lane.read("--when-offline", "shut")
    assert (await light(reader, shown(second))).startswith("RED offline")
    await end(reader)
    assert lane.unsent() == 2, "unanswered scans survive a kill and an exit"
    (lane.folder / "pairing.json").write_text(json.dumps(kept))
    await end(await lane.read())
    assert lane.unsent() == 0
    (crossed,) = await lane.rows(
        "select scan.pass_number, presence.state from access.scan join access.presence using (event_id, pass_number)"
        " where device_id = $1 and state is not null"
    )
    assert tuple(crossed) == (first.number, "inside")

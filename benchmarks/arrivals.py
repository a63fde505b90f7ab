"""A whole evening at the gates while the server is killed: 59,186 people, 160 devices, and what became of each.

`python -m benchmarks.arrivals [--quick] [--fans N]`. The crowd of benchmarks/crowd.py comes to devices that are whole
clients of docs/gate.md (benchmarks/device.py); the processes are those of production, on a durable database. At -80
minutes one process of the web hangs for a second, at -60 some gates lose their cable, at -55 a device is stolen and
revoked, at -50 passes are refunded, at -40 the web, the worker and the database are killed with SIGKILL, and at -10
all of them come back. Afterwards each light that was shown is compared with what the server knows.

**What time is here.** The minutes of the evening only say who comes before whom: a minute is over when everybody of it
has been at the gate, as fast as the machine allows. Clocks are something else: the server's, the devices' and the
phones' are one, sped up six times (`VIRAGE_CLOCK_SPEED`, which production refuses), so that a code lives five seconds
instead of thirty, and a clock that is wrong by ten minutes is wrong by as many codes as in life. Codes are made and
signed when they are shown. What is a matter of networks and machines stays as it is: 400 ms for the server, ten seconds
alone after one time-out, a heartbeat each five seconds. So the gates see in two minutes what they see in two hours.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from benchmarks.common import machine, run, tell
from benchmarks.crowd import BACK, BAD, CLOSE, CUT, HANG, KILL, OPEN, REVOKE, STOLEN, WRONG_S, Crowd, Visit
from benchmarks.device import BEAT_EVERY_S, UNAUTHORIZED, Device, Light
from benchmarks.evening import Evening, forged, seed
from benchmarks.house import House
from benchmarks.wire import Client
from virage.kernel.clock import Clock
from virage.kernel.database import Database
from virage.passes import acts as passes
from virage.passes.rules.code import STEP_SECONDS

FANS, QUICK_FANS = 59_186, 4_000
BAD_SHARE = 200
SPEED = 6
MINUTE_S = 0.2
"""No minute is shorter: devices must have time to speak with the server, however few people come."""
AT_ONCE = 48
"""How many people are served at the same moment: more wait longer for one machine than a gate waits."""
SHOWN_MAX, SAME_AGAIN_S = 15, 8.0
OK, NO_CONTENT = 200, 204
HANG_S = 1.0
SECOND = timedelta(seconds=1)
CLOCK_OFF_MAX = 15 * SECOND


class Seen(Struct):
    """A light that was shown: at which of the visit's gates, by which device, and whose clocks were right."""

    visit: Visit
    turn: int
    device: Device
    light: Light
    phone_right: bool
    device_right: bool


class Arrivals:
    """The evening on its way."""

    def __init__(self, house: House, evening: Evening, clock: Clock, seed: int = 3) -> None:
        self.house, self.evening, self.clock = house, evening, clock
        self.crowd = Crowd(evening, seed)
        self._chance = random.Random(seed)
        self.devices: dict[str, Device] = {}
        for turn, lane in enumerate(evening.lanes):
            off = {1: WRONG_S, 2: -WRONG_S}.get(turn % 10, 0)
            self.devices[lane.gate] = Device(lane, evening.event_id, house.url, clock, off * SECOND)
        self.stolen = self.devices[next(lane.gate for lane in evening.lanes[7:] if lane.gate not in self.crowd.cut)]
        self.seen: list[Seen] = []
        mine = [one for one in self.crowd.visits if one.kind == "good" and one.fan.group == self.stolen.lane.group]
        self.lost_with_device = [visit.fan for visit in mine[:3]]
        self.robbed = [visit.fan for visit in mine[3:] if visit.minute > STOLEN][:20]
        self.visits = [one for one in self.crowd.visits if one.fan not in self.lost_with_device]
        self.thief_told = 0
        for visit in self.visits:  # whose device is stolen sends people to another gate, each time the same
            free = [
                gate for gate in self.crowd.gates_of(visit.fan, 6) if gate not in (*visit.gates, self.stolen.lane.gate)
            ]
            visit.gates = [free[0] if gate == self.stolen.lane.gate else gate for gate in visit.gates]
        self.sync_s = 0.0
        self.away_s = 0.0
        self._later: dict[int, list[tuple[Visit, int]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._killed_at = 0.0

    # --- the evening -----------------------------------------------------------------------------------------------

    async def evening_passes(self) -> None:
        """From the first minute to the last, until every device has told all that it knows."""
        await asyncio.gather(*(device.fetch_pack() for device in self.devices.values()))
        await asyncio.gather(*(device.beat() for device in self.devices.values()))
        lives = [asyncio.create_task(self._live(device)) for device in self.devices.values()]
        coming: dict[int, list[Visit]] = {}
        for visit in self.visits:
            coming.setdefault(visit.minute, []).append(visit)
        for minute in range(OPEN, CLOSE + 1):
            began = time.monotonic()
            await self._happen(minute)
            shown = [self._come(visit, 0) for visit in coming.get(minute, [])]
            shown += [self._come(visit, turn) for visit, turn in self._later.pop(minute, [])]
            await asyncio.gather(*shown)
            if minute % 10 == 0:
                print(f"{minute:4} min: {len(self.seen)} lights, {self._alone()} decided alone", file=sys.stderr)
            await asyncio.sleep(max(0.0, began + MINUTE_S - time.monotonic()))
        await self._settle()
        for life in lives:
            life.cancel()
        await asyncio.gather(*(device.flush() for device in self.devices.values() if not device.revoked))
        assert not await self.stolen.flush()
        for device in self.devices.values():
            device.close()

    def _alone(self) -> int:
        return sum(device.decided_alone for device in self.devices.values())

    async def _live(self, device: Device) -> None:
        await asyncio.sleep(self._chance.uniform(0, BEAT_EVERY_S))
        await device.live()

    async def _happen(self, minute: int) -> None:
        """What befalls the evening in this minute."""
        if minute == HANG:
            self._start(self._hang())
        elif minute == CUT:
            for gate in self.crowd.cut:
                self.devices[gate].has_network = False
        elif minute == STOLEN:
            await self._steal()
        elif minute == REVOKE:
            await self._refund()
        elif minute == KILL:
            await self._kill()
        elif minute == BACK:
            await self._come_back()

    def _start(self, what: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(what)
        self._tasks.add(task)

    async def _settle(self) -> None:
        """Wait for those who still stand at the gates."""
        while self._tasks:
            done, self._tasks = self._tasks, set()
            await asyncio.gather(*done)

    # --- at the gates ----------------------------------------------------------------------------------------------

    async def _come(self, visit: Visit, turn: int) -> None:
        """Show the code at one of the visit's gates; whoever is told to show the next one does, a little later."""
        device = self._device(visit, turn)
        if visit.kind == "picture":
            self._start(self._show_picture(visit, device))
            return
        light = await self._show(visit, device, turn)
        if turn + 1 < len(visit.gates):
            if visit.kind == "wrong_gate":
                await self._come(visit, turn + 1)
            else:
                at = min(CLOSE, visit.minute + visit.later * (turn + 1))
                self._later.setdefault(at, []).append((visit, turn + 1))
        if light.signal == "again":
            self._start(self._insist(visit, device, turn))

    def _device(self, visit: Visit, turn: int) -> Device:
        """The device of a gate. A picture is not shown where the clock jumps: ten minutes late, it would be fresh."""
        found = self.devices[visit.gates[turn]]
        while found is self.stolen or (visit.kind == "picture" and found.lane.gate in self.crowd.jumping):
            found = self.devices[self.crowd.gates_of(visit.fan)[0]]
        return found

    async def _show(self, visit: Visit, device: Device, turn: int = 0, picture: str = "") -> Light:
        def code() -> str:
            made = picture or visit.fan.code(self.clock.now() + visit.off_s * SECOND)
            return forged(made) if visit.kind == "forged" else made

        async with self._places:
            device_right = abs(device.now() - self.clock.now()) < CLOCK_OFF_MAX
            light = await device.scan(code)
        self.seen.append(Seen(visit, turn, device, light, not visit.off_s, device_right))
        return light

    async def _insist(self, visit: Visit, device: Device, turn: int) -> None:
        """Stay before the reader, which reads each new code, and the same one each eight seconds, until it is over."""
        for _ in range(SHOWN_MAX):
            phone = self.clock.now() + visit.off_s * SECOND
            await asyncio.sleep(min(SAME_AGAIN_S, STEP_SECONDS - phone.timestamp() % STEP_SECONDS + 0.5) / SPEED)
            if (await self._show(visit, device, turn)).signal != "again":
                return

    async def _show_picture(self, visit: Visit, device: Device) -> None:
        """A picture that is ten minutes old, shown again and again; then the owner comes, who is as welcome as any."""
        code = visit.fan.code(self.clock.now() - WRONG_S * SECOND)
        thief = Visit("picture", visit.fan, visit.minute, [device.lane.gate])
        for _ in range(SHOWN_MAX):
            if (await self._show(thief, device, picture=code)).signal == "bad":
                break
            await asyncio.sleep(1.25 * STEP_SECONDS / SPEED)
        owner = Visit("good", visit.fan, visit.minute, visit.gates)
        await self._come(owner, 0)

    # --- what befalls it -------------------------------------------------------------------------------------------

    async def _hang(self) -> None:
        """One process of the web answers nobody for a second: gates decide alone, and what they asked comes late."""
        pid = self.house.workers_of_web()[0]
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(HANG_S)
        os.kill(pid, signal.SIGCONT)

    async def _steal(self) -> None:
        """A device is taken away, lets people in where there is no network, and is revoked before it could tell.

        Whoever holds it goes on: people are let in who come by another gate later, and all of it is sent.
        """
        device = self.stolen
        device.has_network = False
        for fan in self.lost_with_device:
            self.thief_told += 1
            assert (await device.scan(lambda fan=fan: fan.code(self.clock.now()))).signal == "good"
        client = Client(self.house.url)
        path = f"/api/office/devices/{device.lane.device_id}"
        answer = await client.ask(
            b"DELETE", path.encode(), b"cookie: __Host-virage=%b\r\n" % self.evening.supervisor.encode()
        )
        client.close()
        assert answer.status == NO_CONTENT, answer.body
        device.has_network = True
        for fan in self.robbed:
            now = self.clock.now()
            device.keep("passed", now, code=fan.code(now), pass_number=fan.number, generation=0)
            self.thief_told += 1
        assert not await device.flush()
        assert (await device.scan(lambda: self.robbed[0].code(self.clock.now()))).reason == "device_revoked"

    async def _refund(self) -> None:
        db = await Database.open(self.house.postgres.url, connections_max=1)
        async with db.transaction() as conn:
            await passes.revoke(conn, [UUID(fan.subject) for fan in self.crowd.refunded], self.clock.now())
        await db.close()
        # Gates with network have heard of it after one heartbeat; one that is alone now asks nobody.
        await asyncio.gather(*(device.beat() for device in self.devices.values() if not device.revoked))

    async def _kill(self) -> None:
        await self.house.crash()
        self._killed_at = time.monotonic()
        for gate in self.crowd.jumping:
            self.devices[gate].clock_off += self._chance.choice([-WRONG_S, WRONG_S]) * SECOND

    async def _come_back(self) -> None:
        """All is started again, when those who came in the dark hour with a wrong clock have shown their codes."""
        await self._settle()
        await self.house.start_again()
        self.away_s = time.monotonic() - self._killed_at
        for gate in self.crowd.cut:
            self.devices[gate].has_network = True
        self._start(self._sync())

    async def _sync(self) -> None:
        """Until the server knows all that the gates saw while it was away; people go on coming meanwhile."""
        began = time.monotonic()
        backlogs = [(device, device.last_number) for device in self.devices.values() if not device.revoked]
        while any(min(device.unsent, default=last + 1) <= last for device, last in backlogs):  # noqa: ASYNC110 - it counts
            await asyncio.sleep(0.05)
        self.sync_s = time.monotonic() - began


# --- what the server knows -------------------------------------------------------------------------------------------


class Told(Struct):
    """What the server knows afterwards, as its tables and the supervisor's board have it."""

    entries: dict[int, int]
    inside: set[int]
    pairs: dict[int, list[tuple[str, str]]]
    thief_scans: int
    board: dict[str, Any]


async def told(house: House, evening: Evening, thief: Device) -> Told:
    """Ask the database and the board."""
    db = await Database.open(house.postgres.url, connections_max=1)
    async with db.connection() as conn:
        rows = await conn.fetch("select pass_number, state, entries from access.presence where state is not null")
        pairs: dict[int, list[tuple[str, str]]] = {}
        for row in await conn.fetch("select * from access.duplicate where gone_at is null"):
            both = (str(row["first_device_id"]), str(row["second_device_id"]))
            pairs.setdefault(row["pass_number"], []).append(both)
        scans = await conn.fetchval(
            "select count(*) from access.scan where device_id = $1 and number > $2",
            UUID(thief.lane.device_id),
            thief.last_number - thief_numbers(thief),
        )
    await db.close()
    client = Client(house.url)
    cookie = b"cookie: __Host-virage=%b\r\n" % evening.supervisor.encode()
    answer = await client.ask(b"GET", f"/api/access/board/{evening.event_id}".encode(), cookie)
    client.close()
    assert answer.status == OK, answer.body
    return Told(
        entries={row["pass_number"]: row["entries"] for row in rows},
        inside={row["pass_number"] for row in rows if row["state"] == "inside"},
        pairs=pairs,
        thief_scans=int(scans),
        board=msgspec.json.decode(answer.body),
    )


def thief_numbers(thief: Device) -> int:
    """How many scans the stolen device could not send: they are the last that it numbered."""
    return len(thief.unsent)


def compared(evening: Arrivals, known: Told) -> dict[str, Any]:
    """What the lights said, beside what the server knows. What must be nothing is in `faults`."""
    good = [one for one in evening.seen if one.light.signal == "good"]
    let_in: dict[int, list[str]] = {}
    for one in good:
        devices = let_in.setdefault(one.visit.fan.number, [])
        if one.device.lane.device_id not in devices:
            devices.append(one.device.lane.device_id)
    doubles = {number: devices for number, devices in let_in.items() if len(devices) > 1}
    several = {visit.fan.number for visit in evening.visits if len(visit.gates) > 1}
    planted = {visit.fan.number for visit in evening.visits if visit.kind == "twice"}
    told_twice = {
        number: pairs
        for number, pairs in known.pairs.items()
        if {device for pair in pairs for device in pair} == set(doubles.get(number, ()))
        and len(pairs) == len(doubles[number]) - 1
    }
    entered = {number: len(devices) for number, devices in let_in.items()}
    unknowing = {one.visit.fan.number for one in good if one.visit.kind == "refunded"}
    faults = {
        "refused_valid": len(refused_valid(evening, set(let_in))),
        "amber_with_right_clocks": sum(
            one.light.signal == "again" and one.phone_right and one.device_right and one.visit.kind != "picture"
            for one in evening.seen
        ),
        "let_in_bad": sum(is_bad(one) for one in good),
        "twice": sum(n > entered.get(number, 0) for number, n in known.entries.items()),
        "lost": sum(known.entries.get(number, 0) < n or number not in known.inside for number, n in entered.items()),
        "phantoms": len(known.inside - set(let_in)),
        "not_let_in_twice": len(planted - set(doubles)),
        "duplicates_lost": len(set(doubles) - set(told_twice)),
        "duplicates_more": len(set(known.pairs) - set(doubles)) + len(set(doubles) - several),
        "board_inside": abs(known.board["inside"] - len(let_in)),
        "board_duplicates": abs(known.board["duplicates_standing"] - sum(len(one) - 1 for one in doubles.values())),
        "thief_scans": known.thief_scans,
        "uploads_refused": sum(len(device.refused) for device in evening.devices.values()),
    }
    lights = Counter(f"{one.visit.kind} {one.light.signal}" for one in evening.seen)
    print(dict(sorted(lights.items())), file=sys.stderr)
    return {
        "arrivals": len({visit.fan.number for visit in evening.visits}) + len(evening.lost_with_device),
        "devices": len(evening.devices),
        "lights": len(evening.seen),
        "offline_decisions": sum(device.decided_alone for device in evening.devices.values()),
        "let_in": len(let_in),
        "duplicates_planted": sum(len(one) - 1 for one in doubles.values()),
        "duplicates_found": sum(map(len, told_twice.values())),
        "phone_wrong_let_in": sum(not one.phone_right and one.device_right for one in good),
        "device_wrong_let_in": sum(one.phone_right and not one.device_right for one in good),
        "both_wrong_let_in": sum(not one.phone_right and not one.device_right for one in good),
        "stolen_refused": evening.stolen.statuses[UNAUTHORIZED],
        "refunded_let_in_unknowing": len(unknowing),
        "stolen_told": evening.thief_told,
        "stolen_let_in_unknown": len({fan.number for fan in evening.lost_with_device} - known.inside),
        **faults,
        "wrong": sum(faults.values()),
        "away_s": round(evening.away_s, 1),
        "sync_s": round(evening.sync_s, 1),
    }


def refused_valid(evening: Arrivals, let_in: set[int]) -> set[int]:
    """Whose pass is good and who was not let in where they came first, or saw a red light there."""
    good = {visit.fan.number for visit in evening.visits if visit.kind not in (*BAD, "refunded")}
    refused = {
        one.visit.fan.number
        for one in evening.seen
        if one.light.signal == "bad"
        and one.turn == (1 if one.visit.kind == "wrong_gate" else 0)
        and one.visit.kind not in (*BAD, "refunded", "picture")
    }
    return (good - let_in) | refused


def is_bad(one: Seen) -> bool:
    """Whether a green light was shown to what any gate knows to be bad, or that this gate must have known of."""
    kind = one.visit.kind
    if kind == "refunded":  # a gate without network cannot know
        return one.device.lane.gate not in one.visit.gates or not one.light.alone
    return kind in (*BAD, "picture") or (kind in ("again_here", "wrong_gate") and one.turn == int(kind == "again_here"))


async def evening_of(fans: int) -> dict[str, Any]:
    """The whole run with so many people; the figures and what must be nothing."""
    began = time.monotonic()
    house = House(workers=2)
    try:
        await house.start_database()
        evening = await seed(house, fans, max(4, fans // BAD_SHARE))
        origin = datetime.now(UTC)
        house.env |= {"VIRAGE_CLOCK_SPEED": str(SPEED), "VIRAGE_CLOCK_ORIGIN": origin.isoformat()}
        await house.start_processes()
        seeded = time.monotonic()
        arrivals = Arrivals(house, evening, Clock(speed=SPEED, origin=origin))
        await arrivals.evening_passes()
        passed = time.monotonic()
        found = compared(arrivals, await told(house, evening, arrivals.stolen))
        print(house.errors() or "no complaints", file=sys.stderr)
    finally:
        await house.stop()
    return found | {"seed_s": round(seeded - began, 1), "evening_s": round(passed - seeded, 1)}


def main() -> None:
    """Print the line; fail where anything is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.arrivals")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--fans", type=int)
    asked = parser.parse_args()
    line = run(evening_of(asked.fans or (QUICK_FANS if asked.quick else FANS)))
    tell({"benchmark": "arrivals", **line, "machine": machine()})
    if line["wrong"]:
        sys.exit("The server does not know what the gates saw, or a gate was wrong.")


if __name__ == "__main__":
    main()

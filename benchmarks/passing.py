"""An evening at the gates: people come, the server is killed and restarted; benchmarks/arrivals.py
checks the result.
"""

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import Coroutine
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from msgspec import Struct

from benchmarks.crowd import BACK, CLOSE, CUT, HANG, KILL, OPEN, REVOKE, STOLEN, WRONG_S, Crowd, Visit
from benchmarks.device import BEAT_EVERY_S, Device, Light
from benchmarks.evening import Evening, forged
from benchmarks.system import System
from benchmarks.wire import Client
from virage.identity.passes import acts as passes
from virage.identity.passes.rules.code import STEP_SECONDS
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock

SPEED = 6
MINUTE_S = 0.15
"""No minute is shorter: devices must have time to speak with the server, however few people come."""
AT_ONCE = 48
"""How many people are served at the same moment: more wait longer for one machine than a gate waits."""
SHOWN_MAX, SAME_AGAIN_S = 15, 8.0
NO_CONTENT = 204
HANG_S, SYNC_MAX_S = 1.0, 90.0
SECOND = timedelta(seconds=1)
CLOCK_OFF_MAX = 15 * SECOND


class Seen(Struct):
    """A light that was shown: when, at which of the visit's gates, by which device, and whose
    clocks were right.
    """

    at: datetime
    visit: Visit
    turn: int
    device: Device
    light: Light
    phone_right: bool
    device_right: bool


class Arrivals:
    """The running evening."""

    def __init__(self, system: System, evening: Evening, clock: Clock, seed: int = 3) -> None:
        self.system, self.evening, self.clock = system, evening, clock
        self.crowd = Crowd(evening, seed)
        self._chance = random.Random(seed)
        self.devices: dict[str, Device] = {}
        for turn, lane in enumerate(evening.lanes):
            off = {1: WRONG_S, 2: -WRONG_S}.get(turn % 10, 0)
            self.devices[lane.gate] = Device(lane, evening.event_id, system.url, clock, off * SECOND)
        self.stolen = self.devices[next(lane.gate for lane in evening.lanes[7:] if lane.gate not in self.crowd.cut)]
        self.seen: list[Seen] = []
        mine = [one for one in self.crowd.visits if one.kind == "good" and one.fan.group == self.stolen.lane.group]
        self.lost_with_device = [visit.fan for visit in mine[:3]]
        self.robbed = [visit.fan for visit in mine[3:] if visit.minute > STOLEN][:20]
        self.visits = [one for one in self.crowd.visits if one.fan not in self.lost_with_device]
        self.thief_admitted = 0
        for visit in self.visits:  # a stolen device sends people to another gate, each time the same
            beside = next(gate for gate in self.crowd.gates_beside(self.stolen.lane) if gate not in visit.gates)
            visit.gates = [beside if gate == self.stolen.lane.gate else gate for gate in visit.gates]
        self.sync_s = 0.0
        self.away_s = 0.0
        self._later: dict[int, list[tuple[Visit, int]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._killed_at = 0.0
        self._minute = OPEN

    # --- the evening -----------------------------------------------------------------------------------------------

    async def evening_passes(self) -> None:
        """Run from the first minute to the last, until every device has uploaded its log."""
        await asyncio.gather(*(device.fetch_pack() for device in self.devices.values()))
        await asyncio.gather(*(device.beat() for device in self.devices.values()))
        lives = [asyncio.create_task(self._live(device)) for device in self.devices.values()]
        coming: dict[int, list[Visit]] = {}
        for visit in self.visits:
            coming.setdefault(visit.minute, []).append(visit)
        for minute in range(OPEN, CLOSE + 1):
            began, self._minute = time.monotonic(), minute
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
        """The faults of this minute."""
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
        """Wait for the people who are still at the gates."""
        while self._tasks:
            done, self._tasks = self._tasks, set()
            await asyncio.gather(*done)

    # --- at the gates ----------------------------------------------------------------------------------------------

    async def _come(self, visit: Visit, turn: int) -> None:
        """Show the code at one of the visit's gates; a person sent to the next gate shows it there
        a little later.
        """
        device = self._device(visit, turn)
        if visit.kind == "picture":
            self._start(self._show_picture(visit, device))
            return
        light = await self._show(visit, device, turn)
        if light.signal == "again":
            self._start(self._insist(visit, device, turn))
        else:
            await self._go_on(visit, turn)

    async def _go_on(self, visit: Visit, turn: int) -> None:
        """Go to the next gate of the visit, now or when it is time."""
        at = min(CLOSE, visit.minute + visit.later * (turn + 1))
        if turn + 1 == len(visit.gates):
            return
        if at <= self._minute:
            await self._come(visit, turn + 1)
        else:
            self._later.setdefault(at, []).append((visit, turn + 1))

    def _device(self, visit: Visit, turn: int) -> Device:
        """The device of a gate. A picture is not shown where the clock jumps: nine minutes late, it
        would be valid.
        """
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
        self.seen.append(Seen(self.clock.now(), visit, turn, device, light, not visit.off_s, device_right))
        return light

    async def _insist(self, visit: Visit, device: Device, turn: int) -> None:
        """Stay before the reader, which reads each new code, and the same one every eight seconds,
        until the end.
        """
        for _ in range(SHOWN_MAX):
            phone = self.clock.now() + visit.off_s * SECOND
            await asyncio.sleep(min(SAME_AGAIN_S, STEP_SECONDS - phone.timestamp() % STEP_SECONDS + 0.5) / SPEED)
            if (await self._show(visit, device, turn)).signal != "again":
                break
        await self._go_on(visit, turn)

    async def _show_picture(self, visit: Visit, device: Device) -> None:
        """Show a picture that is nine minutes old, repeatedly; then the owner comes and must be
        admitted.
        """
        code = visit.fan.code(self.clock.now() - WRONG_S * SECOND)
        thief = Visit("picture", visit.fan, visit.minute, [device.lane.gate])
        for _ in range(SHOWN_MAX):
            if (await self._show(thief, device, picture=code)).signal == "bad":
                break
            await asyncio.sleep(1.25 * STEP_SECONDS / SPEED)
        owner = Visit("good", visit.fan, visit.minute, visit.gates)
        await self._come(owner, 0)

    # --- its faults ------------------------------------------------------------------------------------------------

    async def _hang(self) -> None:
        """One web process hangs for a second: gates decide offline, and their requests arrive late."""
        pid = self.system.workers_of_web()[0]
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(HANG_S)
        os.kill(pid, signal.SIGCONT)

    async def _steal(self) -> None:
        """A device is stolen, admits people where there is no network, and is revoked before it can
        upload.

        The thief goes on: people are admitted who come to another gate later, and everything is
        uploaded.
        """
        device = self.stolen
        device.has_network = False
        for fan in self.lost_with_device:
            self.thief_admitted += 1
            assert (await device.scan(partial(fan.code, self.clock.now()))).signal == "good"
        client = Client(self.system.url)
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
            self.thief_admitted += 1
        assert not await device.flush()
        assert (await device.scan(lambda: self.robbed[0].code(self.clock.now()))).reason == "device_revoked"

    async def _refund(self) -> None:
        db = await Database.open(self.system.postgres.url, connections_max=1)
        async with db.transaction() as conn:
            await passes.revoke(conn, [UUID(fan.subject) for fan in self.crowd.refunded], self.clock.now())
        await db.close()
        # Gates with network have received it after one heartbeat; an offline gate sends no request.
        await asyncio.gather(*(device.beat() for device in self.devices.values() if not device.revoked))

    async def _kill(self) -> None:
        await self.system.crash()
        self._killed_at = time.monotonic()
        for gate in self.crowd.jumping:
            self.devices[gate].restart(self._chance.choice([-WRONG_S, WRONG_S]) * SECOND)

    async def _come_back(self) -> None:
        """Restart everything, once the people with a wrong clock have shown their codes in the
        outage.
        """
        await self._settle()
        await self.system.start_again()
        self.away_s = time.monotonic() - self._killed_at
        for gate in self.crowd.cut:
            self.devices[gate].has_network = True
            self.devices[gate].loses_an_answer = True  # so that they repeat scans that the server has
        self._start(self._sync())

    async def _sync(self) -> None:
        """Upload until the server has all offline scans of the gates; people go on coming
        meanwhile.
        """
        began = time.monotonic()
        backlogs = [(device, device.last_number) for device in self.devices.values() if not device.revoked]
        while any(min(device.unsent, default=last + 1) <= last for device, last in backlogs):
            if time.monotonic() - began > SYNC_MAX_S:
                break  # missing scans are detected afterwards
            await asyncio.sleep(0.05)
        self.sync_s = time.monotonic() - began

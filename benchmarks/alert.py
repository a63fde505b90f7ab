"""Latency of a message of the control room while a goal is published: from the controller's request
until each phone of its zones has it.

    python -m benchmarks.alert [--quick]

Phones in the blocks of four stands follow the messages to their block and the match over one
stream of server-sent events each, signed in. A controller sends a message to three of the stands.
The match desk publishes a goal at the same moment, and another one as soon as the message is
stored. A phone of the fourth stand must not get the message, and no phone may get the second goal
before it. It overtakes the first goal at the phones to which that has not been written yet. Phones,
servers and database share the machine.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec

from benchmarks.common import machine, percentile, quick, run, tell
from benchmarks.control import controller_of
from benchmarks.fanout import desk_of, opened, phones_of
from benchmarks.phones import ADDRESSES, Plan, Report
from benchmarks.system import System, seed
from benchmarks.wire import Client
from virage.demo.venues.drawing import stadium
from virage.platform.values.ids import new_id

PHONES, QUICK_PHONES = 15_000, 600
ZONES = 3
ELSEWHERE = 0.1
"""Phones of the stand that the message is not for, as a part of the others."""
WORKERS = 2
KICK_OFF, FIRST_GOAL, SECOND_GOAL, LAST = 1, 2, 3, 4
"""Numbers of the entries."""
GOAL = {"kind": "goal", "side": "home"}
LAST_AFTER_S = 3.0
PATIENCE_S = 60.0
TEXTS = {
    "fr": {"headline": "Évacuez la tribune", "text": "Sortez par la sortie la plus proche. Suivez les stadiers."},
    "en": {"headline": "Leave the stand", "text": "Leave by the nearest exit. Follow the stewards."},
}


class Desks:
    """The match desk and the control room of an event."""

    def __init__(self, system: System, event: UUID, match_desk: bytes, controller: bytes) -> None:
        self._match, self._control = Client(system.url), Client(system.url)
        self._event = event
        self._match_desk, self._controller = match_desk, controller

    async def publish(self, content: dict[str, Any]) -> None:
        """Publish an entry of the match."""
        entry = {"id": str(new_id()), "at": datetime.now(UTC).isoformat(), "content": content}
        body = msgspec.json.encode({"entries": [entry]})
        answer = await self._match.ask(b"POST", b"/api/live/%b/entries" % self._path, self._match_desk, body)
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"An entry was refused: {answer.status} {answer.body!r}")

    async def alert(self, zones: list[str]) -> None:
        """Send a message to zones."""
        message = {
            "id": str(new_id()),
            "kind": "alert",
            "mode": "actual",
            "audience": {"to": "zones", "zones": zones},
            "category": "safety",
            "severity": "extreme",
            "urgency": "immediate",
            "response": "evacuate",
            "texts": TEXTS,
            "minutes": 30,
        }
        path = b"/api/control/events/%b/broadcasts" % self._path
        answer = await self._control.ask(b"POST", path, self._controller, msgspec.json.encode(message))
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"The message was refused: {answer.status} {answer.body!r}")

    @property
    def _path(self) -> bytes:
        return str(self._event).encode()


def plans_of(system: System, event: UUID, tokens: list[str], phones: int) -> list[Plan]:
    """A process of phones for each stand, spread over its blocks; the last one is that elsewhere."""
    plans = []
    for number, stand in enumerate(stadium().stands[: ZONES + 1]):
        first = number * phones // ZONES
        blocks = [block.code for block in stadium().blocks if block.stand == stand.code]
        plans.append(
            Plan(
                host="127.0.0.1",
                port=system.port,
                paths=[f"/api/stream?topics=broadcast:{event}/{block},live:{event}" for block in blocks],
                headers=[f"cookie: __Host-virage={token}\r\n" for token in tokens[first : first + phones // ZONES]],
                begins=KICK_OFF,
                until=LAST,
                signal=str(system.folder / f"listening-{number}"),
                first_address=2 + ADDRESSES * number,
                cut_after=LAST,
                cut=0.0,
                patience_s=PATIENCE_S,
            )
        )
    return plans


async def alerted(system: System, phones: int) -> tuple[float, list[Report]]:
    """When the message was sent, in Unix seconds, and what the phones of each stand report."""
    await system.start_database()
    event, _, tokens = await seed(system.postgres.url, phones + round(ELSEWHERE * phones))
    controller = b"cookie: __Host-virage=%b\r\n" % (await controller_of(system)).encode()
    desks = Desks(system, event, await desk_of(system), controller)
    await system.start_processes()
    await desks.publish({"kind": "kick_off", "period": "first_half"})
    plans = plans_of(system, event, tokens, phones)
    following = asyncio.create_task(phones_of(system.folder, plans))
    await opened([system.folder / f"listening-{number}" for number in range(len(plans))], following)
    zones = [stand.code for stand in stadium().stands[:ZONES]]
    began = time.time()
    first = asyncio.create_task(desks.publish(GOAL))
    await desks.alert(zones)
    await first
    await desks.publish(GOAL)
    await asyncio.sleep(LAST_AFTER_S)
    await desks.publish({"kind": "added_time", "minutes": 3})  # a phone that has it ends
    return began, await following


async def measure(phones: int) -> dict[str, Any]:
    """All figures."""
    system = System(WORKERS)
    try:
        began, reports = await alerted(system, phones)
        print(system.errors() or "no complaints", file=sys.stderr)
    finally:
        await system.stop()
    *inside, elsewhere = reports
    alerts = [alert for report in inside for alert in report.alerts]
    late = [1000 * (at - began) for at, _ in alerts]
    return {
        "phones": phones,
        "received": len(late),
        "wrong_zone": len(elsewhere.alerts),
        "p50_ms": round(percentile(late, 0.5), 1),
        "p99_ms": round(percentile(late, 0.99), 1),
        "behind_goal": sum(had >= SECOND_GOAL for _, had in alerts),
        "overtook_goal": sum(had < FIRST_GOAL for _, had in alerts),
        "workers": WORKERS,
    }


def main() -> None:
    """Measure and print the result."""
    found = run(measure(QUICK_PHONES if quick() else PHONES))
    tell({"benchmark": "alert", **found, "machine": machine()})
    if found["received"] < found["phones"] or found["wrong_zone"] or found["behind_goal"]:
        sys.exit("A message was lost, in the wrong zone, or late.")


if __name__ == "__main__":
    main()

"""A whole evening at the gates while the server is killed: 59,186 people and 160 devices.

`python -m benchmarks.arrivals [--quick] [--fans N]`. The crowd of benchmarks/crowd.py comes to
devices that are complete clients of docs/gate.md (benchmarks/device.py). The processes are those of
production, on a durable database. At -80 minutes one web process hangs for a second, at -60 some
gates lose their network, at -55 a device is stolen and revoked, at -50 passes are refunded. At -40
the web, the worker and the database are killed with SIGKILL, and at -10 all of them restart.
Afterwards each light that was shown is compared with the server's records.

**Time.** The minutes of the evening only order the arrivals: a minute ends when all its people have
been at the gate, as fast as the machine allows. The clocks of the server, the devices and the
phones run six times faster (`VIRAGE_CLOCK_SPEED`, which production refuses). A code therefore lives
five seconds instead of thirty, and a clock that is nine minutes wrong is wrong by as many codes as
in production. Codes are made and signed when they are shown. Network times are not scaled: 400 ms
for the server, ten seconds offline after a time-out, a heartbeat every five seconds. The gates see
in two minutes what they see in two hours.
"""

import argparse
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from benchmarks.common import machine, run, tell
from benchmarks.crowd import BAD
from benchmarks.device import UNAUTHORIZED, Device
from benchmarks.evening import Evening, seed
from benchmarks.passing import SPEED, Arrivals, Seen
from benchmarks.system import System
from benchmarks.wire import Client
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock

FANS, QUICK_FANS = 59_186, 4_000
BAD_SHARE = 200
OK = 200
EXPLAINED_MAX = 20


# --- the server's records ---------------------------------------------------------------------------------------------


Scan = tuple[str, int]
"""A device and its number of a scan."""


class ServerRecords(Struct):
    """The server's records after the run: its tables and the supervisor's board."""

    entries: dict[int, int]
    inside: set[int]
    pairs: dict[int, list[tuple[Scan, Scan]]]
    thief_scans: int
    board: dict[str, Any]


async def server_records(system: System, evening: Evening, thief: Device) -> ServerRecords:
    """Read the database and the board."""
    db = await Database.open(system.postgres.url, connections_max=1)
    async with db.connection() as conn:
        rows = await conn.fetch("select pass_number, state, entries from access.presence where state is not null")
        pairs: dict[int, list[tuple[Scan, Scan]]] = {}
        for row in await conn.fetch("select * from access.duplicate where gone_at is null"):
            first = (str(row["first_device_id"]), row["first_number"])
            second = (str(row["second_device_id"]), row["second_number"])
            pairs.setdefault(row["pass_number"], []).append((first, second))
        scans = await conn.fetchval(
            "select count(*) from access.scan where device_id = $1 and number > $2",
            UUID(thief.lane.device_id),
            thief.last_number - len(thief.unsent),  # the last scans are the unsent ones
        )
    await db.close()
    client = Client(system.url)
    cookie = b"cookie: __Host-virage=%b\r\n" % evening.supervisor.encode()
    answer = await client.ask(b"GET", f"/api/access/board/{evening.event_id}".encode(), cookie)
    client.close()
    assert answer.status == OK, answer.body
    return ServerRecords(
        entries={row["pass_number"]: row["entries"] for row in rows},
        inside={row["pass_number"] for row in rows if row["state"] == "inside"},
        pairs=pairs,
        thief_scans=int(scans),
        board=msgspec.json.decode(answer.body),
    )


def of_passes(evening: Arrivals, stored: ServerRecords) -> tuple[dict[str, set[int]], dict[int, dict[str, set[int]]]]:
    """The passes of each fault, and the scans that admitted each pass."""
    good = [one for one in evening.seen if one.light.signal == "good"]
    let_in: dict[int, dict[str, set[int]]] = {}
    for one in good:
        scans = let_in.setdefault(one.visit.fan.number, {}).setdefault(one.device.lane.device_id, set())
        scans |= {one.light.scan, one.light.asked}
    doubles = {number for number, devices in let_in.items() if len(devices) > 1}
    several = {visit.fan.number for visit in evening.visits if len(visit.gates) > 1}
    planted = {visit.fan.number for visit in evening.visits if visit.kind == "twice"}
    entered = {number: len(devices) for number, devices in let_in.items()}
    return {
        "refused_valid": refused_valid(evening, set(let_in)),
        "amber_with_right_clocks": {
            one.visit.fan.number
            for one in evening.seen
            if one.light.signal == "again" and one.phone_right and one.device_right and one.visit.kind != "picture"
        },
        "let_in_bad": {one.visit.fan.number for one in good if is_bad(one, evening.crowd.cut)},
        "twice": {number for number, n in stored.entries.items() if n > entered.get(number, 0)},
        "lost": {n for n, count in entered.items() if stored.entries.get(n, 0) < count or n not in stored.inside},
        "phantoms": stored.inside - set(let_in),
        "not_let_in_twice": planted - doubles,
        "duplicates_lost": {n for n in doubles if not are_reported(let_in[n], stored.pairs.get(n, []))},
        "duplicates_more": (set(stored.pairs) - doubles) | (doubles - several),
    }, let_in


def are_reported(devices: dict[str, set[int]], pairs: list[tuple[Scan, Scan]]) -> bool:
    """Whether the server reports one scan of each device: the same first scan beside each of the
    others.
    """
    scans = [*{first for first, _ in pairs}, *(second for _, second in pairs)]
    if len(pairs) != len(devices) - 1 or {device for device, _ in scans} != set(devices):
        return False
    return len(scans) == len(devices) and all(number in devices[device] for device, number in scans)


def compared(evening: Arrivals, stored: ServerRecords) -> tuple[dict[str, Any], set[int]]:
    """Compare the lights with the server's records. The counts that must be zero add up to `wrong`."""
    wrong, let_in = of_passes(evening, stored)
    doubles = {number: devices for number, devices in let_in.items() if len(devices) > 1}
    planted = sum(len(devices) - 1 for devices in doubles.values())
    faults = {name: len(numbers) for name, numbers in wrong.items()} | {
        "board_inside": abs(stored.board["admitted"] - len(let_in)),
        "board_duplicates": abs(stored.board["duplicates_open"] - planted),
        "thief_scans": stored.thief_scans,
        "uploads_refused": sum(len(device.refused) for device in evening.devices.values()),
    }
    lights = Counter(f"{one.visit.kind} {one.light.signal}" for one in evening.seen)
    print(dict(sorted(lights.items())), file=sys.stderr)
    good = [one for one in evening.seen if one.light.signal == "good"]
    return {
        "arrivals": len({visit.fan.number for visit in evening.visits}) + len(evening.lost_with_device),
        "devices": len(evening.devices),
        "lights": len(evening.seen),
        "offline_decisions": sum(device.decided_alone for device in evening.devices.values()),
        "let_in": len(let_in),
        "duplicates_planted": planted,
        "duplicates_found": sum(len(stored.pairs[n]) for n in doubles if n not in wrong["duplicates_lost"]),
        "phone_wrong_let_in": sum(not one.phone_right and one.device_right for one in good),
        "device_wrong_let_in": sum(one.phone_right and not one.device_right for one in good),
        "both_wrong_let_in": sum(not one.phone_right and not one.device_right for one in good),
        "stolen_refused": evening.stolen.statuses[UNAUTHORIZED],
        "refunded_let_in_unknowing": len({one.visit.fan.number for one in good if one.visit.kind == "refunded"}),
        "stolen_told": evening.thief_admitted,
        "stolen_let_in_unknown": len({fan.number for fan in evening.lost_with_device} - stored.inside),
        **faults,
        "wrong": sum(faults.values()),
        "away_s": round(evening.away_s, 1),
        "sync_s": round(evening.sync_s, 1),
    }, set().union(*wrong.values())


async def explain(system: System, evening: Arrivals, numbers: set[int]) -> None:
    """The history of some passes: each light, and each scan of the server, by time."""
    db = await Database.open(system.postgres.url, connections_max=1)
    for number in sorted(numbers)[:EXPLAINED_MAX]:
        lines = [
            f"{one.at:%H:%M:%S.%f} light {one.visit.kind} {one.turn} phone {one.visit.off_s} at {one.device.lane.gate}"
            f" clock_right={one.device_right} {one.light}"
            for one in evening.seen
            if one.visit.fan.number == number
        ]
        async with db.connection() as conn:
            rows = await conn.fetch("select * from access.scan where pass_number = $1", number)
            said = await conn.fetchrow("select * from access.presence where pass_number = $1", number)
        lines += [
            f"{row['received_at']:%H:%M:%S.%f} scan {row['gate']} {row['number']} {row['kind']} at {row['at']:%H:%M:%S}"
            f" {row['outcome']} {row['reason']} {row['answer']}"
            for row in rows
        ]
        print(f"pass {number}: {said}", *sorted(lines), sep="\n  ", file=sys.stderr)
    await db.close()


def refused_valid(evening: Arrivals, let_in: set[int]) -> set[int]:
    """Valid passes that were refused at their first gate, or that got a red light there."""
    good = {visit.fan.number for visit in evening.visits if visit.kind not in (*BAD, "refunded")}
    refused = {
        one.visit.fan.number
        for one in evening.seen
        if one.light.signal == "bad"
        and one.turn == (1 if one.visit.kind == "wrong_gate" else 0)
        and one.visit.kind not in (*BAD, "refunded", "picture")
    }
    return (good - let_in) | refused


def is_bad(one: Seen, cut: list[str]) -> bool:
    """Whether a green light was shown for a pass that this gate must have known to be invalid."""
    kind = one.visit.kind
    if kind == "refunded":  # a gate without network cannot have received the refund
        return one.device.lane.gate not in cut or not one.light.alone
    return kind in (*BAD, "picture") or (kind in ("again_here", "wrong_gate") and one.turn == int(kind == "again_here"))


async def evening_of(fans: int) -> dict[str, Any]:
    """Run the whole evening with so many people; return the figures and the counts that must be
    zero.
    """
    began = time.monotonic()
    system = System(workers=2)
    try:
        await system.start_database()
        evening = await seed(system, fans, max(4, fans // BAD_SHARE))
        origin = datetime.now(UTC)
        system.env |= {"VIRAGE_CLOCK_SPEED": str(SPEED), "VIRAGE_CLOCK_ORIGIN": origin.isoformat()}
        await system.start_processes()
        seeded = time.monotonic()
        arrivals = Arrivals(system, evening, Clock(speed=SPEED, origin=origin))
        await arrivals.evening_passes()
        passed = time.monotonic()
        found, wrong = compared(arrivals, await server_records(system, evening, arrivals.stolen))
        await explain(system, arrivals, wrong)
        print(system.errors() or "no complaints", file=sys.stderr)
    finally:
        await system.stop()
    return found | {"seed_s": round(seeded - began, 1), "evening_s": round(passed - seeded, 1)}


def main() -> None:
    """Print the line; fail on any fault."""
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

"""A process of lanes: each sends one code after the other and compares each response with the
expected one.

`python -m benchmarks.scanners PLAN REPORT` reads its plan from a JSON file and writes its report
into another. All codes are made and signed before the first is shown, because the run is short. A
code is valid from half a minute before its time to half a minute after it.
"""

import asyncio
import itertools
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import msgspec
from msgspec import Struct
from nacl.signing import SigningKey

from benchmarks.common import run
from benchmarks.device import signed
from benchmarks.evening import Evening, Fan, Lane, forged
from benchmarks.system import PLAIN_ROWS
from benchmarks.wire import Answer, Client, Gone
from virage.identity.passes.rules.code import STEP_SECONDS

OK, SERVER_ERROR = 200, 500
STALE_STEPS = 20
STEP = timedelta(seconds=STEP_SECONDS)
GOOD_OF = 10
RETRY_S = 0.05
SHARES = ("again", "forged", "revoked", "stale", "superseded", "paper", "wrong_gate")
"""What one scan in ten is, in turn: a pass that is inside already, and six kinds of bad ones."""


class Plan(Struct):
    """The plan of a process of lanes. `mode`: "closed", "open" (`per_s` scans a second) or "plain"
    for `seconds`.
    """

    mode: str
    url: str
    evening: Evening
    concurrency: int
    seed: int
    first_number: int = 1
    per_s: float = 0.0
    seconds: float = 0.0


class Report(Struct):
    """The report. `wrong` counts unexpected responses, by kind and response."""

    seconds: float = 0.0
    ms: list[float] = []
    answers: dict[str, int] = {}
    wrong: dict[str, int] = {}
    retries: int = 0
    admitted: list[tuple[str, int, int]] = []
    """Admissions answered to devices: (device, number of the scan, number of the pass)."""


class Shown(Struct):
    """A prepared request and its expected outcome and reason."""

    kind: str
    headers: bytes
    body: bytes
    expected: tuple[str, str | None]
    fan: int
    device_id: str
    after: int | None = None
    """The request whose response this one waits for: a person is admitted before they are inside."""


EXPECTED: dict[str, tuple[str, str | None]] = {
    "good": ("admitted", None),
    "paper": ("admitted", None),
    "again": ("refused", "already_inside"),
    "forged": ("refused", "forged"),
    "revoked": ("refused", "revoked"),
    "stale": ("again", None),
    "superseded": ("refused", "superseded"),
    "wrong_gate": ("refused", "wrong_gate"),
}


class Lanes:
    """The devices of a plan, which sign and number their requests."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._random = random.Random(plan.seed)
        self._numbers = {lane.device_id: itertools.count(plan.first_number) for lane in plan.evening.lanes}
        self._keys = {lane.device_id: SigningKey(lane.private) for lane in plan.evening.lanes}
        self._by_group: dict[str, list[Lane]] = {}
        for lane in plan.evening.lanes:
            self._by_group.setdefault(lane.group, []).append(lane)
        self._shown_at = datetime.now(UTC) + STEP

    def shown(self) -> list[Shown]:
        """Every scan of the plan, one in ten of them bad, in the order in which they are shown."""
        evening = self._plan.evening
        bad = {"revoked": iter(evening.revoked), "superseded": iter(evening.superseded), "paper": iter(evening.papers)}
        made: list[Shown] = []
        kinds = itertools.cycle(SHARES)
        for fan in evening.fans:
            kind = next(kinds) if len(made) % GOOD_OF == 0 else "good"
            other = next(bad[kind], None) if kind in bad else fan
            if kind == "again":
                made += [self._ask("good", fan), self._ask("again", fan, after=len(made))]
            elif other is None:
                made.append(self._ask("good", fan))
            else:
                made.append(self._ask(kind, other))
        return made

    def _ask(self, kind: str, fan: Fan, after: int | None = None) -> Shown:
        group = fan.group
        if kind == "wrong_gate":
            group = self._random.choice([name for name in self._by_group if name != fan.group])
        lane = self._random.choice(self._by_group[group])
        body = msgspec.json.encode(
            {
                "number": next(self._numbers[lane.device_id]),
                "event_id": self._plan.evening.event_id,
                "gate": lane.gate,
                "at": datetime.now(UTC),
                "kind": "ask",
                "code": self._code(kind, fan),
                "offline": False,
                "training": False,
            }
        )
        upload = {"scans": [signed(self._keys[lane.device_id], body)]}
        return Shown(
            kind,
            b"authorization: Bearer %b\r\n" % lane.token.encode(),
            msgspec.json.encode(upload),
            EXPECTED[kind],
            fan.number,
            lane.device_id,
            after,
        )

    def _code(self, kind: str, fan: Fan) -> str:
        stale = STALE_STEPS * STEP if kind == "stale" else timedelta()
        code = fan.code(self._shown_at - stale)
        return forged(code) if kind == "forged" else code


class Running:
    """The running scans of a plan."""

    def __init__(self, plan: Plan, shown: list[Shown]) -> None:
        self.report = Report()
        self._client = Client(plan.url)
        self._shown = shown
        self._answered = [asyncio.Event() for _ in shown]
        self._plan = plan

    async def closed(self) -> None:
        """A fixed number at once, each after its last response."""
        waiting = iter(range(len(self._shown)))
        began = time.perf_counter()
        await asyncio.gather(*(self._lane(waiting) for _ in range(self._plan.concurrency)))
        self.report.seconds = time.perf_counter() - began

    async def _lane(self, waiting: Iterator[int]) -> None:
        for at in waiting:
            await self._scan(at, time.perf_counter())

    async def open(self) -> None:
        """A fixed rate, whether the server keeps up or not; the latency counts from the due time."""
        began = time.perf_counter() + 0.2
        tasks = []
        for at in range(len(self._shown)):
            due = began + at / self._plan.per_s
            pause = due - time.perf_counter()
            if pause > 0:
                await asyncio.sleep(pause)
            tasks.append(asyncio.create_task(self._scan(at, due)))
        await asyncio.gather(*tasks)
        self.report.seconds = time.perf_counter() - began

    async def _scan(self, at: int, began: float) -> None:
        shown = self._shown[at]
        if shown.after is not None and not self._answered[shown.after].is_set():
            await self._answered[shown.after].wait()
            began = time.perf_counter()
        answer = await self._ask(shown)
        self.report.ms.append(1000 * (time.perf_counter() - began))
        self._answered[at].set()
        said = msgspec.json.decode(answer.body)["answers"][0] if answer.status == OK else {"outcome": answer.status}
        found = (said["outcome"], said.get("reason"))
        counts = Counter(self.report.answers)
        counts[shown.kind] += 1
        self.report.answers = counts
        if found != shown.expected:
            self.report.wrong = Counter(self.report.wrong) + Counter({f"{shown.kind}: {found[0]} {found[1]}": 1})
        if found[0] == "admitted":
            self.report.admitted.append((shown.device_id, said["number"], shown.fan))

    async def _ask(self, shown: Shown) -> Answer:
        """Send until there is a response: the number makes one scan of it."""
        while True:
            try:
                answer = await self._client.ask(b"POST", b"/api/access/scans", shown.headers, shown.body)
                if answer.status < SERVER_ERROR:
                    return answer
            except (Gone, OSError):
                pass  # sent again
            self.report.retries += 1
            await asyncio.sleep(RETRY_S)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


async def plain(plan: Plan) -> Report:
    """The load on the bare application, as fast as it responds."""
    client, chance, report = Client(plan.url), random.Random(plan.seed), Report()
    ends = time.perf_counter() + plan.seconds

    async def asker() -> None:
        while (began := time.perf_counter()) < ends:
            answer = await client.ask(b"POST", b"/%d" % chance.randrange(PLAIN_ROWS), body=b"")
            assert answer.status == HTTPStatus.OK, answer.body
            report.ms.append(1000 * (time.perf_counter() - began))

    began = time.perf_counter()
    await asyncio.gather(*(asker() for _ in range(plan.concurrency)))
    report.seconds = time.perf_counter() - began
    client.close()
    return report


async def work(plan: Plan) -> Report:
    """Execute the plan."""
    if plan.mode == "plain":
        return await plain(plan)
    running = Running(plan, Lanes(plan).shown())
    await (running.closed() if plan.mode == "closed" else running.open())
    running.close()
    return running.report


if __name__ == "__main__":
    source, target = (Path(name) for name in sys.argv[1:])
    target.write_bytes(msgspec.json.encode(run(work(msgspec.json.decode(source.read_bytes(), type=Plan)))))

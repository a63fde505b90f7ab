"""A process of tills: each sends one sale after the other, and continues only after a response.

`python -m benchmarks.selling PLAN REPORT` reads its plan from a JSON file and writes its report
into another.
"""

import asyncio
import random
import sys
import time
from collections import deque
from http import HTTPStatus
from pathlib import Path

import msgspec
from msgspec import Struct

from benchmarks.common import run
from benchmarks.counter import Bar, Sale, sales
from benchmarks.system import PLAIN_ROWS
from benchmarks.wire import Answer, Client, Gone

OK, SERVER_ERROR = 200, 500
RETRY_S = 0.05


class Plan(Struct):
    """The plan of the tills: "closed", "open" (`per_s` sales a second), or "plain" for `seconds`."""

    mode: str
    url: str
    bar: Bar
    count: int = 0
    per_s: float = 0.0
    seconds: float = 0.0


class Report(Struct):
    """The report; `acknowledged` are the records answered with 2xx and booked, `errors` all other
    responses.
    """

    seconds: float = 0.0
    ms: list[float] = []
    acknowledged: list[str] = []
    errors: list[str] = []
    retries: int = 0


class Running:
    """The running sales of a plan."""

    def __init__(self, url: str, ready: list[Sale]) -> None:
        self.report = Report()
        self._client = Client(url)
        self._queues: dict[int, deque[tuple[int, Sale]]] = {}
        for at, sale in enumerate(ready):
            self._queues.setdefault(sale.seller, deque()).append((at, sale))

    async def send(self, per_s: float = 0.0) -> None:
        """Each till after its last response; with `per_s` each sale has a due time, from which the
        latency counts.
        """
        began = time.perf_counter() + 0.2
        await asyncio.gather(*(self._till(queue, began, per_s) for queue in self._queues.values()))
        self.report.seconds = time.perf_counter() - began
        self._client.close()

    async def _till(self, queue: deque[tuple[int, Sale]], began: float, per_s: float) -> None:
        while queue:
            at, sale = queue.popleft()
            due = began + at / per_s if per_s else time.perf_counter()
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            answer = await self._ask(sale)
            self.report.ms.append(1000 * (time.perf_counter() - due))
            said = msgspec.json.decode(answer.body)
            outcome = said["answers"][0]["outcome"] if answer.status == OK else f"{answer.status}"
            if outcome in ("booked", "known"):
                self.report.acknowledged.append(sale.record_id)
            else:
                self.report.errors.append(answer.body.decode())

    async def _ask(self, sale: Sale) -> Answer:
        """Send the same bytes until there is a response: the number makes one sale of them."""
        while True:
            try:
                answer = await self._client.ask(b"POST", b"/api/till/records", sale.headers, sale.body)
                if answer.status < SERVER_ERROR:
                    return answer
            except (Gone, OSError):
                pass  # sent again
            self.report.retries += 1
            await asyncio.sleep(RETRY_S)


async def plain(plan: Plan) -> Report:
    """The load on the bare application, with as many clients as there are tills."""
    client, chance, report = Client(plan.url), random.Random(1), Report()
    ends = time.perf_counter() + plan.seconds

    async def asker() -> None:
        while (began := time.perf_counter()) < ends:
            answer = await client.ask(b"POST", b"/%d" % chance.randrange(PLAIN_ROWS), body=b"")
            assert answer.status == HTTPStatus.OK, answer.body
            report.ms.append(1000 * (time.perf_counter() - began))

    began = time.perf_counter()
    await asyncio.gather(*(asker() for _ in plan.bar.sellers))
    report.seconds = time.perf_counter() - began
    client.close()
    return report


async def work(plan: Plan) -> Report:
    """Execute the plan."""
    if plan.mode == "plain":
        return await plain(plan)
    running = Running(plan.url, sales(plan.bar, plan.count))
    await running.send(plan.per_s)
    return running.report


if __name__ == "__main__":
    source, target = (Path(name) for name in sys.argv[1:])
    target.write_bytes(msgspec.json.encode(run(work(msgspec.json.decode(source.read_bytes(), type=Plan)))))
